"""The forecaster's recipe: next actions by cross entropy, poses by reprojection, and by a critic against a bank.

L = λ_a · CE + λ_p · ‖X − X̂‖² + λ_adv · L_adv (the paper's equation 1), L_adv = −E[C(fake)]; the critic is trained in
turn on L_C = E[C(fake)] − E[C(real)], kept Lipschitz by clipping or by a penalty. Whole data sets lie in memory as
tensors. The run's folder gets best and last checkpoints, config.json, split.json and metrics.csv.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from core import configs, origins
from core.datasets.action_sequences import Examples, counted, examples_of
from core.datasets.pose_bank import PoseBank, find_bank, shared_with
from core.datasets.steps import ReadTracks
from core.errors import RunError
from core.evaluation.baselines import actions_of, plain_of
from core.evaluation.batches import Batch, WindowTensors
from core.models import checkpoints
from core.models.baselines.counting import FOLDS, CountingTable
from core.models.checkpoints import Header
from core.models.forecaster import Forecaster
from core.models.pose_critic import Critic
from core.models.rows import Piece
from core.models.step_times import Instants, added_up, usual
from core.project.annotations import Project
from core.runs import Done, Events, Made, Note, TrainForecaster
from core.training import bad_batch, chance, distributed, forking, loop, precision, running, samples
from core.training.attempt import Attempt
from core.training.chance import Rewind
from core.training.distributed import Workers
from core.training.environment import Account
from core.training.forecaster_losses import gradient_norm
from core.training.forecaster_steps import PLACES, ForecasterSteps
from core.training.forecaster_validation import Best, average_error_px, calibrated, figures_of
from core.training.made_poses import MadePoses
from core.training.shares import Division

Array = ndarray[Any, np.dtype[np.float32]]

UNJUDGED = 10.0
"""More than scores differ by."""
RELATED = ("steps", "report_every", "validate_every", "device", "samples", "optimiser.parts")
"""Knobs in which a run that is gone on with may differ from what it was."""


def train_forecaster(
    spec: TrainForecaster,
    project: Project,
    read_tracks: ReadTracks,
    folder: Path,
    bank: PoseBank | None = None,
    *,
    examples: Examples | None = None,
    drive: loop.Drive = loop.train,
) -> Events:
    """Train on the project, or go on with the run that lies in `folder`; with its config's bank unless one is given.

    `examples` are the project's as this config sees them, where somebody has read them already; `drive` takes the
    steps.
    """
    config = spec.config
    if examples is None:
        examples = examples_of(project, read_tracks, config.data, config.seed)
    for note in examples.notes:
        yield Note(note)
    examples.require_something_to_learn()
    if bank is None and (config.losses.adversarial > 0 or config.network.start_at_mean_pose):
        bank = find_bank(config.data.bank, Path(spec.project), config.data.joint_map)
        yield Note(f"Pose bank: {len(bank):,} poses, {bank.source}")
        shared = shared_with(bank, project)
        if shared:
            yield Note(
                f"The pose bank holds people of {counted(len(shared), 'clip')} of this project, {shared[0]} for one: "
                "3D figures are then better than they would be on strangers"
            )
    folder.mkdir(parents=True, exist_ok=True)
    distributed.own_card()
    with (
        distributed.joined(running.device_of(config.device), folder) as (workers, own),
        running.settled(config),
    ):

        def begun() -> tuple[ForecasterRecipe, int]:
            recipe = ForecasterRecipe(spec, project.name, examples, bank, own, workers)
            return recipe, recipe.take_up()

        recipe, done = begun()
        if done:
            yield Note(f"Going on after step {done} of {config.steps}")
        if recipe.doubt:
            yield Note(recipe.doubt)
        yield Note(recipe.told())
        steps = drive(
            recipe,
            done=done,
            steps=config.steps,
            report_every=config.report_every,
            validate_every=config.validate_every,
        )
        attempt = Attempt(spec, own, recipe.account(done), done=done, steps=config.steps, split=examples.parts)
        lost = yield from attempt.through(recipe.division.announced(recipe.snapshots.told(steps)))
        if lost is not None:
            recipe, done = begun()
            bad = yield from loop.first_bad_step(recipe, lost, done=done, steps=config.steps)
            raise bad_batch.said(own, lost, bad, seed=config.seed)
    best = folder / "best.safetensors"
    yield Made("best checkpoint", str(best))
    yield Done(recipe.summary(), (str(best),))


class ForecasterRecipe:
    """Generator, critic, their optimisers and the one stream of random numbers; a `loop.Recipe`."""

    def __init__(
        self,
        spec: TrainForecaster,
        project: str,
        examples: Examples,
        bank: PoseBank | None,
        folder: Path,
        workers: Workers | None = None,
    ) -> None:
        config, words = spec.config, examples.vocabulary
        self._weights = _weights(config.losses)
        self._config, self._preset, self._project = config, spec.preset, project
        self._begin_at, self._parent, self.doubt = spec.begin_at, "", ""
        self._examples, self._folder = examples, folder
        self._fingerprint = examples.fingerprint(
            times=config.data.seen_times or config.losses.times > 0, by_step=config.network.memory == "recurrent"
        )
        self._device = running.device_of(config.device)
        self._random = torch.Generator(self._device).manual_seed(config.seed)
        with torch.random.fork_rng(devices=[]):  # weights are drawn from torch's own stream; leave that as it was
            torch.manual_seed(config.seed)
            self._model = Forecaster.of(config, actions=len(words.actions), objects=len(words.objects))
            self._critic = Critic(config.critic)
        self._plain = plain_of(examples, config.data.future_steps)
        self._begin(bank)
        self._model.to(self._device)
        self._critic.to(self._device)
        for each in (self._model, self._critic):
            precision.prepare(each, self._device, config.precision, config.compiled)
        self._optimiser = _adam(self._model, config.optimiser)
        self._critic_optimiser = _adam(self._critic, config.optimiser, config.critic.learning_rate)
        folds = FOLDS if config.network.counting else 0
        count = len(words.actions)
        self._train = WindowTensors.of(examples.windows["train"], count, self._device, folds=folds)
        self._validation = examples.windows["validation"].complete()
        self._measured = WindowTensors.of(self._validation, count, self._device)
        self._bank = None if bank is None else torch.from_numpy(bank.poses_m).to(self._device)
        self._average_px = average_error_px(self._plain, self._validation)
        self._made = MadePoses(folder, config.keep_made, config.steps)
        self.division, self._measuring = Division(workers, config.optimiser.parts), Division()
        self.steps = ForecasterSteps(config, self._model, self._critic, self._bank, self._random, self._device)
        self._drawn: Batch | None = None
        self._best, self._step = Best(), 0
        self.snapshots = samples.Snapshots(folder, config.validate_every)
        self._shown = samples.ForecastShown(examples, config.samples, config.seed, self._device)

    def _begin(self, bank: PoseBank | None) -> None:
        """What the network says before it has learned anything."""
        config = self._config
        if config.network.start_at_mean_pose and bank is not None:
            self._model.start_at(torch.from_numpy(bank.mean_m()))
        if self._model.memory is not None:
            self._model.memory.usual.copy_(self._plain.average)
        if config.losses.times > 0:
            self._model.start_times_at(usual(torch.from_numpy(self._examples.windows["train"].next_times[:, 0])))
        if config.network.counting:
            words, ngram = self._examples.vocabulary, self._plain.ngram
            sequences = [actions_of(each, words) for each in self._examples.sequences["train"]]
            self._model.counting = CountingTable.counted(sequences, ngram.order, ngram.smoothing, len(words.actions))

    # ---- what the loop asks ----

    def take_step(self, *, look: bool) -> dict[str, Tensor]:
        """One step of the generator, after the critic's own. Nothing here waits for the device."""
        workers = self.division.workers
        workers.go_on()
        measured: dict[str, Tensor] = {}
        with workers.together():
            if self._has_critic:
                for _ in range(self._config.critic.steps):
                    measured["critic"] = self._teach_critic(look=look)
            measured |= self._teach_generator(look=look)
            self._step += 1
            self._descend()
        self._keep_made()
        return measured

    def weights(self) -> Iterator[Tensor]:
        """What a step changes."""
        yield from self._model.parameters()
        yield from self._critic.parameters()
        for each in (self._optimiser, self._critic_optimiser):
            yield from checkpoints.optimiser_tensors(each, "").values()

    @property
    def drawn(self) -> Batch | None:
        """The whole batch of the generator's last step."""
        return self._drawn

    def _teach_generator(self, *, look: bool) -> dict[str, Tensor]:
        """Its gradients, and what was measured."""
        rows = self._config.optimiser.batch
        batch = self._drawn = self._train.draw(rows, self._random)
        division, steps, judged = self.division, self.steps, self._has_critic

        def begin() -> None:
            self._optimiser.zero_grad(set_to_none=True)

        def one(piece: Piece | None) -> dict[str, Tensor]:
            of_it = batch if piece is None else batch[piece.slice]
            # What a whole batch divides by is counted again only where it is cut.
            counts = ({}, {}) if piece is None else steps.counts(batch)
            terms, latent, right = steps.generator_terms(of_it, judged=judged, counts=counts)
            weighted = {name: self._weights[name] * term for name, term in terms.items()}
            loss = torch.stack(tuple(weighted.values())).sum()
            measured = {"loss": loss.detach()}
            if look:
                measured |= {f"loss/{name}": term.detach() for name, term in terms.items()}
                measured |= {f"gradient/{name}": self._pull(name, term, latent) for name, term in weighted.items()}
                if "action" in weighted:
                    measured["train/top1"] = right
            loss.backward()
            return measured

        said = division.take(rows, one, self._rewind, begin)
        division.add_gradients(self._model.parameters())
        return division.told(said, of_all=look)

    def _teach_critic(self, *, look: bool) -> Tensor:
        """One step of the critic; how far apart it holds real and forecast poses."""
        config, rows = self._config.critic, self._config.optimiser.batch
        batch = self._train.draw(rows, self._random)

        def begin() -> None:
            self._critic_optimiser.zero_grad(set_to_none=True)

        def one(piece: Piece | None) -> dict[str, Tensor]:
            loss, apart = self.steps.critic_loss(batch if piece is None else batch[piece.slice])
            loss.backward()
            return {"critic": apart.detach()}

        said = self.division.take(rows, one, self._rewind, begin)
        self.division.add_gradients(self._critic.parameters())
        self._critic_optimiser.step()
        if config.kind == "clip":
            with torch.no_grad():
                for weights in self._critic.parameters():
                    weights.clamp_(-config.clip, config.clip)
        return self.division.told(said, of_all=look)["critic"]

    def _rewind(self) -> Rewind:
        return chance.remembered(self._random)

    def _pull(self, name: str, weighted: Tensor, latent: Tensor) -> Tensor:
        """How hard a term pulls at z; the critic, as the pose decoder feels it, before its `reach`."""
        reach = self._config.critic.reach if name == "adversarial" else 1.0
        return gradient_norm(weighted, latent) / (reach or 1.0)

    @property
    def _has_critic(self) -> bool:
        """Whether the step that is taken next is judged by the critic."""
        config = self._config
        return config.losses.adversarial > 0 and self._step >= config.critic.joins_at * config.steps

    def _descend(self) -> None:
        config = self._config.optimiser
        for group in self._optimiser.param_groups:
            group["lr"] = running.rate(config, self._step, self._config.steps)
        if config.clip_gradient > 0:
            torch.nn.utils.clip_grad_norm_(self._model.parameters(), config.clip_gradient)
        self._optimiser.step()

    def validate(self, step: int) -> dict[str, float]:
        """Roll out on the validation part; the best so far is kept. Without one, the newest is the best."""
        if not self.division.workers.leads:
            return {}
        rolled = self._rolled_out()
        figures = {} if rolled is None else figures_of(self._validation, self._config.losses, self._average_px, *rolled)
        score = figures.get("validation/score", -math.inf if figures else math.inf)
        if self._config.losses.adversarial > 0 and self._step <= self._config.critic.joins_at * self._config.steps > 0:
            score -= UNJUDGED  # poses that no critic has seen yet are kept only until there are others
        if self._best.score is None or score >= self._best.score:
            self._best = Best(score, figures)
            if rolled is not None and self._config.losses.action > 0:
                self._best = calibrated(self._best, self._validation, rolled[0])
            checkpoints.save(self._folder / "best.safetensors", self._header(step), self._kept_weights())
        if len(self._shown) and self.snapshots.is_due(step, is_last=step == self._config.steps):
            self.snapshots.keep(self._shown.of(self._model, step))
        return figures

    def save(self, step: int) -> None:
        """Everything that going on bit for bit needs."""
        if not self.division.workers.leads:
            return
        critic = {f"critic.{name}": each for name, each in self._critic.state_dict().items()}
        tensors = {
            **self._kept_weights(),
            **critic,
            **checkpoints.optimiser_tensors(self._optimiser, "optimiser.model"),
            **checkpoints.optimiser_tensors(self._critic_optimiser, "optimiser.critic"),
            "random": self._random.get_state(),
        }
        checkpoints.save(self._folder / "last.safetensors", self._header(step), tensors)

    # ---- beginning and going on ----

    def take_up(self) -> int:
        """How many steps the run in the folder has behind it; its state is taken up. A new one says what it is."""
        path = self._folder / "last.safetensors"
        if not path.is_file():
            running.put_down(self._folder, self._config, self._examples.parts)
            self._made.take_back(0)
            self.snapshots.take_back(0)
            return self._begin_elsewhere() if self._begin_at else 0
        kept = checkpoints.load(path)
        same = kept.header.data_fingerprint == self._fingerprint
        running.require_the_same(self._folder, kept.header.config, self._config, RELATED, same_data=same)
        self._parent = kept.header.parent
        self.doubt = running.moved(kept.header.config, self._config)
        self._take(kept)
        header = kept.header
        self._best = Best(header.best_score, header.figures, header.temperatures, header.calibration_error)
        self._step = header.step
        self._made.take_back(header.step)
        self.snapshots.take_back(header.step)
        return header.step

    def _take(self, kept: checkpoints.Checkpoint[Header]) -> None:
        """Weights, and of a last checkpoint the rest as well."""
        self._model.load_state_dict(kept.part("model"))
        if not kept.part("critic"):
            return
        self._critic.load_state_dict(kept.part("critic"))
        checkpoints.restore_optimiser(self._optimiser, kept.part("optimiser.model"))
        checkpoints.restore_optimiser(self._critic_optimiser, kept.part("optimiser.critic"))
        if kept.header.config.seed == self._config.seed:
            chance.take_up(self._random, kept.tensors["random"], seed=self._config.seed, step=kept.header.step)

    def _begin_elsewhere(self) -> int:
        """Take up another run's state at its step; settings of the same network may differ, and data of its labels."""
        kept = checkpoints.load(checkpoints.find(Path(self._begin_at), prefer="last"))
        header, words = kept.header, self._examples.vocabulary
        with forking.fitting(header, self._config, ("network.",), self._config.steps):
            forking.require_labels((*words.actions, *words.objects), (*header.actions, *header.objects))
            self._take(kept)
        self._step, self._parent = header.step, forking.parent_of(kept.path, header)
        return header.step

    def account(self, done: int) -> Account:
        """Where it is trained, from now on; DiskFullError where there is no room for what it keeps."""
        weights = [*self._model.parameters(), *self._critic.parameters()]
        running.require_room(self._folder, self._model.parameters(), [*weights, *weights, *weights])
        return Account(
            self._folder, self._device, done=done, fingerprint=self._fingerprint, parts=self._examples.parts,
            windows=len(self._train),
        )  # fmt: skip

    def told(self) -> str:
        """What is about to be trained, in a sentence."""
        count = sum(each.numel() for each in self._model.parameters())
        words = self._examples.vocabulary
        return (
            f"{counted(len(self._train), 'window')}, {counted(len(words.actions), 'action')}, "
            f"{counted(len(words.objects), 'object')}; "
            f"a generator of {count:,} numbers on {self._device.type}"
        )

    def summary(self) -> str:
        """How good the best checkpoint is, in a sentence."""
        figures = self._best.figures
        if "validation/top1" not in figures:
            return "Trained; nothing was set aside to validate on"
        error_px = figures.get("validation/mpjpe_px")  # none where nobody is seen, as in a log of actions
        error = f"2D error {error_px:.1f} px" if error_px is not None else "no 2D error: nobody was seen"
        return f"Validation: top-1 {100 * figures['validation/top1']:.1f} %, {error}"

    def _keep_made(self) -> None:
        count = self._made.due(self._step)
        if count and self.division.workers.leads:
            random = torch.Generator(self._device).manual_seed(self._config.seed * 10_000_019 + self._step)
            with torch.no_grad():
                windows = count if self._model.memory is None else -(-count // PLACES)
                poses_m = self.steps.made_poses(self._train.draw(windows, random), random, None)
                self._made.keep(self._step, poses_m[:count])

    # ---- measuring and keeping ----

    def _rolled_out(self) -> tuple[Array, Array, Instants | None] | None:
        """Logits, seen poses and times of the validation windows; None where there are none."""
        if not len(self._validation):
            return None
        whole, ahead = self._measured.whole, self._validation.next_actions.shape[1]

        @torch.no_grad()
        def one(piece: Piece | None) -> tuple[Tensor, Tensor, Instants | None]:
            of_it = whole if piece is None else whole[piece.slice]
            steps = self._model.roll_out(of_it.past, of_it.views, ahead)
            times = [each.times for each, _ in steps if each.times is not None]
            logits, seen = (
                torch.stack(each, dim=1).cpu()
                for each in zip(*((one.logits, pose) for one, pose in steps), strict=True)
            )
            return logits, seen, added_up(times) if times else None

        parts = self._measuring.take(len(whole), one, self._rewind)
        logits, seen = (
            torch.cat([each for each, _, _ in parts]).numpy(),
            torch.cat([each for _, each, _ in parts]).numpy(),
        )
        return logits, seen, Instants.joined([each for _, _, each in parts if each is not None])

    def _kept_weights(self) -> dict[str, Tensor]:
        return {
            **{f"model.{name}": each for name, each in self._model.state_dict().items()},
            **self._plain.tensors(),
        }

    def _header(self, step: int) -> Header:
        best = self._best
        return Header(
            made_by=origins.made_by(),
            parent=self._parent,
            config=self._config,
            preset=self._preset,
            actions=self._examples.vocabulary.actions,
            objects=self._examples.vocabulary.objects,
            project=self._project,
            data_fingerprint=self._fingerprint,
            split=self._examples.parts,
            step=step,
            best_score=None if best.score is None or math.isinf(best.score) else best.score,
            figures=best.figures,
            facts=self._plain.facts(),
            temperatures=best.temperatures,
            calibration_error=best.calibration_error,
        )


def _weights(losses: configs.ForecasterLosses) -> dict[str, float]:
    """Of the terms that weigh anything."""
    every = {
        "action": losses.action,
        "pose2d": losses.pose2d,
        "adversarial": losses.adversarial,
        "times": losses.times,
        "objects": losses.objects,
    }
    weights = {name: weight for name, weight in every.items() if weight > 0}
    if not weights:
        raise RunError("Every loss has weight 0: there is nothing to learn.", hint="Give one of them a weight.")
    return weights


def _adam(model: torch.nn.Module, config: configs.ForecasterOptimiser, own_rate: float = 0.0) -> torch.optim.Adam:
    rate = own_rate or config.learning_rate
    return torch.optim.Adam(model.parameters(), lr=rate, weight_decay=config.weight_decay, fused=True)

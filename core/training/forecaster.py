"""The forecaster's recipe: next actions by cross entropy, poses by reprojection, and by a critic against a bank.

L = λ_a · CE + λ_p · ‖X − X̂‖² + λ_adv · L_adv (the paper's equation 1), L_adv = −E[C(fake)]; the critic is trained in
turn on L_C = E[C(fake)] − E[C(real)], kept Lipschitz by clipping or by a penalty. Whole data sets lie in memory as
tensors. The run's folder gets best and last checkpoints, config.json, split.json and metrics.csv.
"""

import math
from collections.abc import Generator
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
from core.geometry.differentiable import see, turn
from core.models import checkpoints
from core.models.baselines.counting import FOLDS, CountingTable
from core.models.checkpoints import Header
from core.models.forecaster import Forecaster, Next, Read, newest, see_each
from core.models.pose_critic import Critic
from core.models.step_times import Instants, Times, added_up, usual
from core.project.annotations import Project
from core.runs import Done, Events, Made, Note, TrainForecaster
from core.training import loop, precision, running, samples
from core.training.forecaster_inner import within_windows
from core.training.forecaster_losses import (
    action_loss,
    critic_loss,
    gradient_norm,
    gradient_penalty,
    nearest,
    objects_loss,
    pose2d_loss,
    times_loss,
)
from core.training.forecaster_validation import Best, average_error_px, calibrated, figures_of
from core.training.made_poses import MadePoses

Array = ndarray[Any, np.dtype[np.float32]]

UNJUDGED = 10.0
"""More than scores differ by."""
PLACES = 8
"""Poses for the critic from one window where a memory reads it whole."""
RELATED = ("steps", "report_every", "validate_every", "device", "samples")
"""Knobs in which a run that is gone on with may differ from what it was."""


def train_forecaster(
    spec: TrainForecaster,
    project: Project,
    read_tracks: ReadTracks,
    folder: Path,
    bank: PoseBank | None = None,
    *,
    examples: Examples | None = None,
) -> Events:
    """Train on the project, or go on with the run that lies in `folder`; with its config's bank unless one is given.

    `examples` are the project's as this config sees them, where somebody has read them already.
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
    with running.threads(config.threads):
        recipe = ForecasterRecipe(spec, project.name, examples, bank, folder)
        done = recipe.take_up()
        if done:
            yield Note(f"Going on after step {done} of {config.steps}")
        yield Note(recipe.told())
        steps = loop.train(
            recipe,
            done=done,
            steps=config.steps,
            report_every=config.report_every,
            validate_every=config.validate_every,
        )
        yield from running.written_down(recipe.snapshots.told(steps), folder / "metrics.csv", done)
    best = folder / "best.safetensors"
    yield Made("best checkpoint", str(best))
    yield Done(recipe.summary(), (str(best),))


class ForecasterRecipe:
    """Generator, critic, their optimisers and the one stream of random numbers; a `loop.Recipe`."""

    def __init__(
        self, spec: TrainForecaster, project: str, examples: Examples, bank: PoseBank | None, folder: Path
    ) -> None:
        config, words = spec.config, examples.vocabulary
        self._weights = _weights(config.losses)
        self._config, self._preset, self._project = config, spec.preset, project
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
        losses = self._config.losses
        measured: dict[str, Tensor] = {}
        if self._has_critic:
            for _ in range(self._config.critic.steps):
                measured["critic"] = self._teach_critic()
        batch = self._train.draw(self._config.optimiser.batch, self._random)
        terms, latent, right = self._terms(batch)
        weighted = {name: self._weights[name] * term for name, term in terms.items()}
        loss = torch.stack(tuple(weighted.values())).sum()
        if look:
            measured |= {"loss": loss, **{f"loss/{name}": term for name, term in terms.items()}}
            measured |= {f"gradient/{name}": self._pull(name, term, latent) for name, term in weighted.items()}
            if losses.action > 0:
                measured["train/top1"] = right
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._step += 1
        self._descend()
        self._keep_made()
        return measured

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
            return 0
        kept = checkpoints.load(path)
        same = kept.header.data_fingerprint == self._fingerprint
        running.require_the_same(self._folder, kept.header.config, self._config, RELATED, same_data=same)
        self._model.load_state_dict(kept.part("model"))
        self._critic.load_state_dict(kept.part("critic"))
        checkpoints.restore_optimiser(self._optimiser, kept.part("optimiser.model"))
        checkpoints.restore_optimiser(self._critic_optimiser, kept.part("optimiser.critic"))
        self._random.set_state(kept.tensors["random"])
        header = kept.header
        self._best = Best(header.best_score, header.figures, header.temperatures, header.calibration_error)
        self._step = header.step
        self._made.take_back(header.step)
        self.snapshots.take_back(header.step)
        return header.step

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

    # ---- a step ----

    def _terms(self, batch: Batch) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Raw losses of those that weigh anything, the first latent, and the share of right next actions."""
        weights, losses = self._weights, self._config.losses
        whole = None if self._model.memory is None else self._model.read_every(batch.past, self._random)
        steps = list(self._unrolled(batch, None if whole is None else newest(*whole)))
        ahead = len(steps)
        logits = torch.stack([step.logits for step, _ in steps], dim=1)
        truth = batch.next_actions[:, :ahead]
        terms: dict[str, Tensor] = {}
        if "action" in weights:
            terms["action"] = action_loss(logits, truth, losses.label_smoothing)
        if "pose2d" in weights:
            seen = torch.stack([seen for _, seen in steps], dim=1)
            poses, visible = batch.next_poses[:, :ahead], batch.next_visible[:, :ahead]
            terms["pose2d"] = pose2d_loss(seen, poses, visible, batch.scale_px, losses)
        if self._has_critic:
            joints_m = self._asked_of_critic([step for step, _ in steps])
            terms["adversarial"] = -self._critic(self._as_critic_sees(joints_m)).mean()
        if "times" in weights:
            said = [step.times for step, _ in steps if step.times is not None]
            times = Times(*(torch.stack([getattr(each, name) for each in said], 1) for name in ("middle", "log_scale")))
            terms["times"] = times_loss(times, batch.next_times[:, :ahead])
        if "objects" in weights:
            objects = torch.stack([step.objects for step, _ in steps if step.objects is not None], dim=1)
            terms["objects"] = objects_loss(objects, batch.next_objects[:, :ahead], truth >= 0)
        if whole is not None:
            inside = within_windows(self._model, batch, *whole, losses)
            if self._has_critic:
                every, lengths = whole
                every = every._replace(latent=self._reaching(every.latent))
                joints_m = self._poses_inside(every, lengths, self._random, self._drawn_noise(len(lengths) * PLACES))
                inside["adversarial"] = -self._critic(self._as_critic_sees(joints_m)).mean()
            for name, inner in inside.items():
                terms[name] = terms[name] + inner
        right = (logits[:, 0].argmax(-1) == truth[:, 0]).float().mean()
        return terms, steps[0][0].latent, right

    def _asked_of_critic(self, steps: list[Next]) -> Tensor:
        """Of the steps ahead, the poses that the critic is asked about.

        It learned from next steps, so it is asked about those; of several draws, about any one. A memory goes farther
        astray with every step it only foresaw: there it is asked about all of them.
        """
        asked = steps[:1] if self._model.memory is None else steps
        if self._config.critic.reach < 1:
            poses_m = [
                self._model.pose(self._reaching(step.latent), step.action, self._drawn_noise(len(step.latent)))
                for step in asked
            ]
        else:
            poses_m = [step.joints_m if step.joints_m.dim() == 3 else step.joints_m[:, 0] for step in asked]
        return torch.cat(poses_m)

    def _reaching(self, latent: Tensor) -> Tensor:
        """The same latents; what the critic teaches goes through to them by its `reach`."""
        reach = self._config.critic.reach
        return latent if reach == 1 else reach * latent + (1 - reach) * latent.detach()

    def _unrolled(self, batch: Batch, read: Read | None = None) -> Generator[tuple[Next, Tensor]]:
        """The steps ahead and, of each, the pose as it is seen that the 2D loss teaches.

        `read` is what was made of the past already, where it was. Decoders are told the action that came; what is fed
        back is the likeliest one, as in use. Of several draws the one nearest to what came is taught, and the first,
        which is any, is fed back.
        """
        draws = self._config.losses.best_of if self._model.noise else 1
        past = batch.past
        for at in range(min(self._config.unroll, batch.steps)):
            noise = self._drawn_noise(len(past), *((draws,) if draws > 1 else ()))
            read = read or self._model.encode(past, self._random)
            step = self._model.decode(read, action=batch.next_actions[:, at], noise=noise)
            read = None
            if draws > 1:
                seen = see_each(step.joints_m, batch.views)
                best = nearest(seen, batch.next_poses[:, at], batch.next_visible[:, at])
                yield step, torch.take_along_dim(seen, best[:, None, None, None], dim=1)[:, 0]
                seen = seen[:, 0]
            else:
                seen = see(step.joints_m, batch.views)
                yield step, seen
            past = step.pushed_into(past, step.logits.argmax(-1), seen)

    def _drawn_noise(self, *shape: int) -> Tensor | None:
        if not self._model.noise:
            return None
        return torch.randn(*shape, self._model.noise, generator=self._random, device=self._device)

    def _teach_critic(self) -> Tensor:
        """One step of the critic; how far apart it holds real and forecast poses."""
        assert self._bank is not None
        config, count = self._config.critic, self._config.optimiser.batch
        batch = self._train.draw(count, self._random)
        if self._model.memory is not None:
            count *= PLACES
        with torch.no_grad():
            fake = self._made_poses(batch, self._random, self._drawn_noise(count))
        chosen = torch.randint(len(self._bank), (count,), generator=self._random, device=self._device)
        real, fake = self._turned_about(self._bank[chosen]) * self._critic.per_metre, self._as_critic_sees(fake)
        loss, apart = critic_loss(*self._critic(torch.cat((real, fake))).split(count))
        if config.kind == "gradient_penalty":
            loss = loss + config.penalty * gradient_penalty(self._critic, real, fake, self._random)
        self._critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._critic_optimiser.step()
        if config.kind == "clip":
            with torch.no_grad():
                for weights in self._critic.parameters():
                    weights.clamp_(-config.clip, config.clip)
        return apart.detach()

    def _made_poses(self, batch: Batch, random: torch.Generator | None, noise: Tensor | None) -> Tensor:
        """Next poses alone; what the action decoder says is asked only where poses follow it and nobody knows."""
        if self._model.memory is not None:
            return self._poses_inside(*self._model.read_every(batch.past, random), random, noise)
        if self._model.told:
            return self._model(batch.past, random, action=batch.next_actions[:, 0], noise=noise).joints_m
        return self._model.pose(self._model.encode(batch.past, random).latent, batch.next_actions[:, 0], noise)

    def _poses_inside(
        self, every: Read, lengths: Tensor, random: torch.Generator | None, noise: Tensor | None
    ) -> Tensor:
        """Next poses at `PLACES` of each window's seen steps, drawn at random: a memory reads them all anyhow."""
        count = len(lengths)
        share = torch.rand(count, PLACES, generator=random or self._random, device=self._device)
        place, rows = (share * lengths[:, None]).long(), torch.arange(count, device=self._device)[:, None]
        counted = None if every.counted is None else every.counted[rows, place].flatten(0, 1)
        latent = every.latent[rows, place].flatten(0, 1)
        return self._model.pose(latent, self._model.logits(latent, counted).argmax(-1), noise)

    def _as_critic_sees(self, forecast_m: Tensor) -> Tensor:
        if self._config.critic.turn_forecasts:
            forecast_m = self._turned_about(forecast_m)
        return forecast_m * self._critic.per_metre

    def _turned_about(self, joints_m: Tensor) -> Tensor:
        # A bank knows no heading: each pose is turned about the vertical by an angle of its own.
        angle = torch.rand(len(joints_m), generator=self._random, device=self._device)
        return turn(joints_m, 2 * torch.pi * angle)

    def _keep_made(self) -> None:
        count = self._made.due(self._step)
        if count:
            random = torch.Generator(self._device).manual_seed(self._config.seed * 10_000_019 + self._step)
            with torch.no_grad():
                windows = count if self._model.memory is None else -(-count // PLACES)
                poses_m = self._made_poses(self._train.draw(windows, random), random, None)
                self._made.keep(self._step, poses_m[:count])

    # ---- measuring and keeping ----

    def _rolled_out(self) -> tuple[Array, Array, Instants | None] | None:
        """Logits, seen poses and times of the validation windows; None where there are none."""
        if not len(self._validation):
            return None
        whole, ahead = self._measured.whole, self._validation.next_actions.shape[1]
        with torch.no_grad():
            steps = self._model.roll_out(whole.past, whole.views, ahead)
        logits = torch.stack([each.logits for each, _ in steps], dim=1).cpu().numpy()
        seen = torch.stack([seen for _, seen in steps], dim=1).cpu().numpy()
        times = [each.times for each, _ in steps if each.times is not None]
        return logits, seen, added_up(times) if times else None

    def _kept_weights(self) -> dict[str, Tensor]:
        return {
            **{f"model.{name}": each for name, each in self._model.state_dict().items()},
            **self._plain.tensors(),
        }

    def _header(self, step: int) -> Header:
        best = self._best
        return Header(
            made_by=origins.made_by(),
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

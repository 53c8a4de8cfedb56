"""The forecaster's recipe: next actions by cross entropy, poses by reprojection, and by a critic against a bank.

L = λ_a · CE + λ_p · ‖X − X̂‖² + λ_adv · L_adv (the paper's equation 1), L_adv = −E[C(fake)]; the critic is trained in
turn on L_C = E[C(fake)] − E[C(real)], kept Lipschitz by clipping or by a penalty. Whole data sets lie in memory as
tensors. The run's folder gets best and last checkpoints, config.json, split.json and metrics.csv.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core import configs
from core.datasets.action_sequences import Examples, Windows, counted, examples_of
from core.datasets.pose_bank import PoseBank, find_bank, shared_with
from core.datasets.steps import ReadTracks
from core.evaluation.baselines import plain_of
from core.evaluation.batches import Batch, WindowTensors
from core.evaluation.metrics import accuracy, error_2d
from core.geometry.differentiable import turn
from core.models import checkpoints
from core.models.baselines.plain import Plain
from core.models.checkpoints import Header
from core.models.forecaster import Critic, Forecaster
from core.project.annotations import Project
from core.runs import Done, Events, Made, Note, TrainForecaster
from core.training import loop, running
from core.training.forecaster_losses import (
    action_loss,
    critic_loss,
    gradient_norm,
    gradient_penalty,
    pose2d_loss,
)

RELATED = ("steps", "report_every", "validate_every", "device")
"""Knobs in which a run that is gone on with may differ from what it was."""


def train_forecaster(
    spec: TrainForecaster, project: Project, read_tracks: ReadTracks, folder: Path, bank: PoseBank | None = None
) -> Events:
    """Train on the project, or go on with the run that lies in `folder`; with its config's bank unless one is given."""
    config = spec.config
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
        yield from running.written_down(steps, folder / "metrics.csv", done)
    best = folder / "best.safetensors"
    yield Made("best checkpoint", str(best))
    yield Done(recipe.summary(), (str(best),))


class ForecasterRecipe:
    """Generator, critic, their optimisers and the one stream of random numbers; a `loop.Recipe`."""

    def __init__(
        self, spec: TrainForecaster, project: str, examples: Examples, bank: PoseBank | None, folder: Path
    ) -> None:
        config, words = spec.config, examples.vocabulary
        self._config, self._preset, self._project = config, spec.preset, project
        self._examples, self._folder = examples, folder
        self._device = running.device_of(config.device)
        self._random = torch.Generator(self._device).manual_seed(config.seed)
        with torch.random.fork_rng(devices=[]):  # weights are drawn from torch's own stream; leave that as it was
            torch.manual_seed(config.seed)
            self._model = Forecaster(
                config.network,
                past_steps=config.data.past_steps,
                actions=len(words.actions),
                objects=len(words.objects),
            ).to(self._device)
            self._critic = Critic(config.critic).to(self._device)
        if config.network.start_at_mean_pose and bank is not None:
            self._model.start_at(torch.from_numpy(bank.mean_m()).to(self._device))
        self._optimiser = _adam(self._model, config.optimiser)
        self._critic_optimiser = _adam(self._critic, config.optimiser)
        self._train = WindowTensors.of(examples.windows["train"], len(words.actions), self._device)
        self._validation = examples.windows["validation"].complete()
        self._bank = None if bank is None else torch.from_numpy(bank.poses_m).to(self._device)
        self._plain = plain_of(examples, config.data.future_steps)
        self._average_px = _average_error_px(self._plain, self._validation)
        self._best: tuple[float | None, dict[str, float]] = (None, {})

    # ---- what the loop asks ----

    def take_step(self, *, look: bool) -> dict[str, Tensor]:
        """One step of the generator, after the critic's own."""
        losses = self._config.losses
        measured: dict[str, Tensor] = {}
        if losses.adversarial > 0:
            for _ in range(self._config.critic.steps):
                measured["critic"] = self._teach_critic()
        batch = self._train.draw(self._config.optimiser.batch, self._random)
        terms, latent, right = self._terms(batch)
        weights = {"action": losses.action, "pose2d": losses.pose2d, "adversarial": losses.adversarial}
        weighted = {name: weights[name] * term for name, term in terms.items()}
        loss = torch.stack(tuple(weighted.values())).sum()
        if look:
            measured |= {"loss": loss, **{f"loss/{name}": term for name, term in terms.items()}, "train/top1": right}
            measured |= {f"gradient/{name}": gradient_norm(term, latent) for name, term in weighted.items()}
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._optimiser.step()
        return measured

    def validate(self, step: int) -> dict[str, float]:
        """Roll out on the validation part; the best so far is kept. Without one, the newest is the best."""
        figures = self._figures()
        score = figures.get("validation/score", -math.inf if figures else math.inf)
        best = self._best[0]
        if best is None or score >= best:
            self._best = (score, figures)
            checkpoints.save(self._folder / "best.safetensors", self._header(step), self._kept_weights())
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
            return 0
        kept = checkpoints.load(path)
        self._require_the_same(kept.header)
        self._model.load_state_dict(kept.part("model"))
        self._critic.load_state_dict(kept.part("critic"))
        checkpoints.restore_optimiser(self._optimiser, kept.part("optimiser.model"))
        checkpoints.restore_optimiser(self._critic_optimiser, kept.part("optimiser.critic"))
        self._random.set_state(kept.tensors["random"])
        self._best = (kept.header.best_score, kept.header.figures)
        return kept.header.step

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
        figures = self._best[1]
        if "validation/top1" not in figures:
            return "Trained; nothing was set aside to validate on"
        error_px = figures.get("validation/mpjpe_px")  # none where nobody is seen, as in a log of actions
        error = f"2D error {error_px:.1f} px" if error_px is not None else "no 2D error: nobody was seen"
        return f"Validation: top-1 {100 * figures['validation/top1']:.1f} %, {error}"

    def _require_the_same(self, header: Header) -> None:
        same = header.data_fingerprint == self._examples.fingerprint()
        running.require_the_same(self._folder, header.config, self._config, RELATED, same_data=same)

    # ---- a step ----

    def _terms(self, batch: Batch) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Raw losses, the first latent, and the share of right next actions."""
        losses = self._config.losses
        steps = self._model.roll_out(batch.past, batch.views, min(self._config.unroll, batch.steps), self._random)
        logits = torch.stack([each.logits for each, _ in steps], dim=1)
        seen = torch.stack([seen for _, seen in steps], dim=1)
        ahead = logits.shape[1]
        terms = {
            "action": action_loss(logits, batch.next_actions[:, :ahead], losses.label_smoothing),
            "pose2d": pose2d_loss(
                seen, batch.next_poses[:, :ahead], batch.next_visible[:, :ahead], batch.scale_px, losses
            ),
        }
        if losses.adversarial > 0:
            # The critic learned from next steps, so it is asked about those.
            terms["adversarial"] = -self._critic(self._as_critic_sees(steps[0][0].joints_m)).mean()
        right = (logits[:, 0].argmax(-1) == batch.next_actions[:, 0]).float().mean()
        return terms, steps[0][0].latent, right

    def _teach_critic(self) -> Tensor:
        """One step of the critic; how far apart it holds real and forecast poses."""
        assert self._bank is not None
        config, count = self._config.critic, self._config.optimiser.batch
        batch = self._train.draw(count, self._random)
        with torch.no_grad():
            fake = self._model(batch.past, self._random).joints_m
        chosen = torch.randint(len(self._bank), (count,), generator=self._random, device=self._device)
        real, fake = self._turned_about(self._bank[chosen]) * self._critic.per_metre, self._as_critic_sees(fake)
        loss, apart = critic_loss(self._critic(real), self._critic(fake))
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

    def _as_critic_sees(self, forecast_m: Tensor) -> Tensor:
        if self._config.critic.turn_forecasts:
            forecast_m = self._turned_about(forecast_m)
        return forecast_m * self._critic.per_metre

    def _turned_about(self, joints_m: Tensor) -> Tensor:
        # A bank knows no heading: each pose is turned about the vertical by an angle of its own.
        angle = torch.rand(len(joints_m), generator=self._random, device=self._device)
        return turn(joints_m, 2 * torch.pi * angle)

    # ---- measuring and keeping ----

    def _figures(self) -> dict[str, float]:
        windows = self._validation
        if not len(windows):
            return {}
        tensors = WindowTensors.of(windows, len(self._examples.vocabulary.actions), self._device)
        with torch.no_grad():
            steps = self._model.roll_out(tensors.whole.past, tensors.whole.views, windows.next_actions.shape[1])
        scores = torch.stack([each.logits for each, _ in steps], dim=1).cpu().numpy()
        seen = torch.stack([seen for _, seen in steps], dim=1).cpu().numpy()
        right = accuracy(scores, windows.next_actions, windows.sequence)
        error = error_2d(seen, windows.next_poses, windows.next_visible, windows.scale_px, windows.torso_px)
        top1 = float(right.top1.mean())
        # Actions and poses in one number: right actions, less the pose error against that of an average pose.
        score = top1 - (error.px / self._average_px if math.isfinite(error.px) else 0.0)
        figures = {
            "validation/top1": top1,
            "validation/top5": float(right.top5.mean()),
            "validation/mpjpe_px": error.px,
            "validation/score": score,
        }
        return {name: value for name, value in figures.items() if math.isfinite(value)}

    def _kept_weights(self) -> dict[str, Tensor]:
        return {
            **{f"model.{name}": each for name, each in self._model.state_dict().items()},
            **self._plain.tensors(),
        }

    def _header(self, step: int) -> Header:
        score, figures = self._best
        return Header(
            made_by="Posecast",
            config=self._config,
            preset=self._preset,
            actions=self._examples.vocabulary.actions,
            objects=self._examples.vocabulary.objects,
            project=self._project,
            data_fingerprint=self._examples.fingerprint(),
            split=self._examples.parts,
            step=step,
            best_score=None if score is None or math.isinf(score) else score,
            figures=figures,
            facts=self._plain.facts(),
        )


def _average_error_px(plain: Plain, windows: Windows) -> float:
    if not len(windows):
        return math.nan
    average = np.broadcast_to(plain.average.numpy(), windows.next_poses.shape)
    return error_2d(average, windows.next_poses, windows.next_visible, windows.scale_px, windows.torso_px).px


def _adam(model: torch.nn.Module, config: configs.ForecasterOptimiser) -> torch.optim.Adam:
    return torch.optim.Adam(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)

"""What a training shows of itself while it runs: a few examples, chosen once, seen again at validations.

Examples are of the validation part, or of the training part where nothing was set aside; never of the test part. They
are chosen by the run's seed, and whatever is drawn for them comes from streams of their own, so a run with samples
takes the steps of one without. Of the validations those are shown that fall on a grid, which grows twice as wide
whenever it would hold more than `MOST`: what lies in the folder depends on the step alone, and a run that was stopped
ends with the same files. Letters as in `core.run_samples`.
"""

from collections import deque
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from core import run_samples
from core.bodies.skeletons import SMPL_24, SMPLX_55
from core.datasets.action_sequences import Examples, Windows
from core.datasets.motion_features import Cuts, FeatureBatch, FeatureWindows
from core.evaluation.batches import WindowTensors
from core.geometry.differentiable import matrices_of_6d, orthonormal_6d
from core.geometry.rotations import rotation_vectors
from core.launched import leads
from core.models.forecaster import Forecaster
from core.models.motion_vqvae import MotionTensors
from core.models.posegpt import PoseGpt
from core.models.sampling import Draw, sample, uniforms
from core.posegpt_configs import PoseGpt as PoseGptConfig
from core.run_samples import NOT_KNOWN, ForecastSamples, MotionKind, MotionSamples, Samples
from core.runs import Event, Events, Made, Metric

MOST = 24
"""Snapshots of one stage that are kept."""
AHEAD = 5
"""Steps of a forecast that are shown, at most."""
LIKELIEST = 3
FRAMES = 64
"""Of a motion, at most: two seconds."""
PAST_SHARE = 0.375
"""Of a motion that is gone on from."""
_STREAM = 0x5A
"""Tells the choice of examples from whatever else the seed draws."""


class Snapshots:
    """The folder of a run, a stage at a time. `offset` is the step before the stage's first, as the curves count."""

    def __init__(self, run: Path, every: int) -> None:
        self._run, self._every, self._writes = run, every, leads()
        self._fresh: list[Path] = []

    def is_due(self, step: int, *, is_last: bool) -> bool:
        """Whether the validation after this step of a stage is shown."""
        return self._writes and (is_last or self._is_kept(step, step))

    def keep(self, samples: Samples, offset: int = 0) -> None:
        """Write a snapshot, and let go of those that its grid leaves out."""
        self._fresh.append(run_samples.write(self._run, samples))
        now = samples.step - offset
        for each in run_samples.listed(self._run):
            step = each.step - offset
            if 0 < step < now and not self._is_kept(step, now):
                each.path.unlink(missing_ok=True)

    def take_back(self, done: int) -> None:
        """Forget what was shown after step `done` of the run."""
        for each in run_samples.listed(self._run) if self._writes else ():
            if each.step > done:
                each.path.unlink(missing_ok=True)

    def told(self, events: Events) -> Events:
        """The same events; a snapshot is announced when the figures of its step are told."""
        for event in events:
            yield event
            if not isinstance(event, Metric):
                yield from self._news()
        yield from self._news()

    def _news(self) -> list[Event]:
        said: list[Event] = [Made("samples", str(path)) for path in self._fresh if path.is_file()]
        self._fresh.clear()
        return said

    def _is_kept(self, step: int, now: int) -> bool:
        """Whether a validation stands on the grid that holds after step `now`; the first one always does."""
        wide = 1
        while now // self._every > wide * (MOST - 2):
            wide *= 2
        return step == self._every or step % (wide * self._every) == 0


# ---- forecasts ------------------------------------------------------------------------------------------------------


class ForecastShown:
    """A few moments of the validation part, with what a forecaster says of them."""

    def __init__(self, examples: Examples, count: int, seed: int, device: torch.device) -> None:
        part = "validation" if len(examples.windows["validation"]) else "train"
        windows = examples.windows[part]
        chosen = _moments(windows, count, seed)
        self._windows, self._part, self._words = windows[chosen], part, examples.vocabulary.actions
        self._names = tuple(examples.sequences[part][each].clip.name for each in self._windows.sequence.tolist())
        self._tensors = WindowTensors.of(self._windows, len(self._words), device)

    def __len__(self) -> int:
        return len(self._names)

    @torch.no_grad()
    def of(self, model: Forecaster, step: int) -> ForecastSamples:
        """What the model as it is foresees. It is asked as at a validation: nothing is dropped, nothing drawn."""
        windows, whole = self._windows, self._tensors.whole
        ahead = min(windows.next_actions.shape[1], AHEAD)
        rolled = model.roll_out(whole.past, whole.views, ahead)
        chance = torch.stack([each.logits for each, _ in rolled], dim=1).float().softmax(-1)
        best = chance.argsort(dim=-1, descending=True, stable=True)[..., :LIKELIEST]
        true = windows.next_actions[:, :ahead]
        said = chance.cpu().numpy()
        of_truth = np.take_along_axis(said, np.maximum(true, 0)[..., None], axis=-1)[..., 0]
        return ForecastSamples(
            step=step,
            part=self._part,
            names=self._names,
            actions=self._words,
            frames=windows.next_frames[:, 0],
            seen_actions=windows.seen_actions,
            seen=windows.seen_poses[:, -1],
            seen_visible=windows.seen_visible[:, -1],
            true_actions=true,
            true=windows.next_poses[:, :ahead],
            true_visible=windows.next_visible[:, :ahead],
            best=best.cpu().numpy(),
            chance=chance.gather(-1, best).cpu().numpy(),
            true_chance=np.where(true == NOT_KNOWN, np.nan, of_truth).astype(np.float32),
            joints_m=_numbers(torch.stack([each.joints_m for each, _ in rolled], dim=1)),
            joints=_numbers(torch.stack([seen for _, seen in rolled], dim=1)),
            scale_px=windows.scale_px.astype(np.float32),
        )


def _moments(windows: Windows, count: int, seed: int) -> Int[ndarray, " E"]:
    """Windows whose next step is known and seen first, then those with a past and a future, different actions first."""
    order = np.random.default_rng([seed, _STREAM]).permutation(len(windows))
    seen, came = windows.seen_real.sum(-1)[order], windows.next_count[order]
    unseen = ~np.logical_and(windows.seen_visible[:, -1].any(-1), windows.next_visible[:, 0].any(-1))[order]
    unknown = windows.next_actions[order, 0] == NOT_KNOWN
    short = np.logical_or(came < min(AHEAD, windows.next_actions.shape[1]), seen < min(3, windows.seen_real.shape[1]))
    turn = _turns(windows.next_actions[order, 0].tolist())
    return order[np.lexsort((np.arange(len(order)), turn, short, np.logical_or(unseen, unknown)))][:count]


def _turns(kinds: Sequence[object]) -> Int[ndarray, " n"]:
    """Of each the number of those of its kind before it: sorted by it, all kinds come before any comes again."""
    counts: dict[object, int] = {}
    turns = []
    for each in kinds:
        turns.append(counts.get(each, 0))
        counts[each] = turns[-1] + 1
    return np.array(turns, int)


# ---- motions --------------------------------------------------------------------------------------------------------


class MotionShown:
    """A few windows of the validation part, with what an auto-encoder or a GPT makes of them."""

    def __init__(
        self, held_out: FeatureWindows, train: FeatureWindows, config: PoseGptConfig, device: torch.device
    ) -> None:
        self._part, windows = ("validation", held_out) if len(held_out) else ("train", train)
        self._seed, self._factor = config.seed, config.autoencoder.downsampling
        # Chance is of float64, which Apple's cards do not know: there a copy of the model is looked at elsewhere.
        self._device = torch.device("cpu") if device.type == "mps" else device
        self._goes_on = config.autoencoder.causality != "offline"  # else no code is of a past alone
        cuts = _windows(windows, config.samples, config.seed, self._factor)
        self._batch: FeatureBatch = windows.batch(cuts)
        self._classes = train.classes
        self._names = tuple(windows.pieces[each].labelled.name for each in cuts.piece.tolist())
        self._motion = MotionTensors(*(self._put(each) for each in (self._batch.rotations_6d, self._batch.path_m)))

    def __len__(self) -> int:
        return len(self._names)

    def show(self, snapshots: Snapshots, model: PoseGpt, stage: str, step: int, before: int, last: int) -> None:
        """Keep what a stage makes of them after one of its steps, where that is due. `before` it, others were taken."""
        if snapshots.is_due(step, is_last=step == last):
            kind: MotionKind = "reconstructed" if stage == "autoencoder" else "generated"
            snapshots.keep(self.of(model, before + step, kind), before)

    @torch.no_grad()
    def of(self, model: PoseGpt, step: int, kind: MotionKind) -> MotionSamples:
        """The windows through codes and back, or motion for their actions; every other one goes on from its past."""
        if next(model.parameters()).device.type != self._device.type:
            model = deepcopy(model).to(self._device)
        learning = [each for each in model.modules() if each.training]
        model.eval()
        frames = self._batch.path_m.shape[1]
        past = np.zeros(len(self), np.int64)
        if kind == "reconstructed":
            made = model.autoencoder(self._motion, None).motion
        else:
            if self._goes_on:
                past[1::2] = round(frames * PAST_SHARE) // self._factor * self._factor
            made = self._generated(model, frames, past)
        for each in learning:  # each part its own way: a frozen auto-encoder stays as it is
            each.training = True
        true, true_path_m = _as_vectors(self._motion)
        vectors, path_m = _as_vectors(made)
        return MotionSamples(
            step=step,
            part=self._part,
            kind=kind,
            names=self._names,
            actions=tuple(self._said(each) for each in self._batch.labels),
            skeleton=(SMPL_24 if true.shape[2] == len(SMPL_24) else SMPLX_55).name,
            true=true,
            true_path_m=true_path_m,
            made=vectors[:, :frames],
            made_path_m=path_m[:, :frames],
            past=past,
        )

    def _generated(self, model: PoseGpt, frames: int, past: Int[ndarray, " E"]) -> MotionTensors:
        """The same numbers of chance at every step, so that what changes is the model's doing alone."""
        codes = model.autoencoder.encode(self._motion, None)
        tokens = codes.shape[1]
        chance = uniforms(self._seed, len(self), tokens, model.gpt.books).to(self._device)
        labels, told = self._put(self._batch.labels), torch.full((len(self),), frames, device=self._device)
        for given in sorted(set(past.tolist())):
            rows = torch.from_numpy(np.flatnonzero(past == given)).to(self._device)
            kept = given // self._factor
            pieces = sample(
                model.gpt, labels[rows], told[rows], tokens - kept, chance[rows, kept:], Draw(), past=codes[rows, :kept]
            )
            drawn = deque(pieces, maxlen=1).pop()
            codes[rows] = torch.cat([codes[rows, :kept], drawn.to(codes.dtype)], dim=1)
        return model.autoencoder.decode(codes)

    def _said(self, labels: Float[ndarray, " A"]) -> str:
        return " + ".join(self._classes[each] for each in np.flatnonzero(labels)) or "?"

    def _put(self, array: ndarray) -> Tensor:
        return torch.from_numpy(array).to(self._device)


def _windows(windows: FeatureWindows, count: int, seed: int, factor: int) -> Cuts:
    """The middles of long stretches, of different actions first, all of one length."""
    every = windows.in_order()
    order = np.random.default_rng([seed, _STREAM]).permutation(len(every))
    short = every.frames[order] < min(FRAMES, int(every.frames.max()))
    turn = _turns([windows.pieces[each].classes for each in every.piece[order].tolist()])
    chosen = every[order[np.lexsort((np.arange(len(order)), turn, short))][:count]]
    frames = min(int(chosen.frames.min()), max(FRAMES // factor, 1) * factor)
    start = chosen.start + (chosen.frames - frames) // 2
    none = np.zeros(len(chosen))
    return Cuts(chosen.piece, start, np.full(len(chosen), frames), np.zeros(len(chosen), bool), none, none, none)


def _as_vectors(motion: MotionTensors) -> tuple[Float[ndarray, "E F J 3"], Float[ndarray, "E F 3"]]:
    rotations = matrices_of_6d(orthonormal_6d(motion.rotations_6d.float())).cpu().numpy()
    return rotation_vectors(rotations).astype(np.float32), _numbers(motion.path_m)


def _numbers(tensor: Tensor) -> ndarray:
    return tensor.float().cpu().numpy()

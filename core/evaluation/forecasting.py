"""A trained run as something to ask: what comes next in this clip, seen from this frame?

The answer is a plain value (core.forecasts) with its doubts in words. A run knows its own vocabulary: labels are
matched by name, and what it does not know counts as nothing and is said. Beside every run stand the plain
forecasters it carries (`plain_forecasts`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float
from msgspec.structs import replace
from torch import Tensor

from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterData
from core.datasets.action_sequences import Vocabulary, windows_at
from core.datasets.steps import ReadTracks
from core.errors import FormatError
from core.evaluation.asked import Ahead, Asked, ClipMemory, Drawn, Moment
from core.evaluation.batches import Batch, WindowTensors
from core.evaluation.doubts import listed
from core.evaluation.plain_forecasts import PlainPredictor, at_most
from core.evaluation.usual_times import Usual
from core.forecasts import Forecast
from core.forecasts import Plain as PlainKind
from core.models import checkpoints
from core.models.baselines.plain import Plain
from core.models.checkpoints import Checkpoint, Header
from core.models.forecaster import Forecaster
from core.models.step_times import Times
from core.project.annotations import Project

__all__ = ["ClipMemory", "PlainPredictor", "Predictor", "TrainedPredictor", "load_run"]

AT_ONCE = 8
"""So many futures are drawn together."""
_ANEW = "Copy it again, or train."
_OTHER_RUN = "Choose another run, or train one."


class Predictor(Protocol):
    """What can be asked for the next steps of a clip."""

    @property
    def name(self) -> str:
        """What made the forecast, as people call it."""
        ...

    @property
    def header(self) -> Header:
        """Of the run whose words it speaks."""
        ...

    @property
    def has_depth(self) -> bool:
        """Whether its poses stand in space, or are flat pictures."""
        ...

    def forecast(
        self,
        project: Project,
        read_tracks: ReadTracks,
        clip_id: str,
        at_frame: int,
        steps: int | None = None,
        actor: str = "",
        *,
        futures: int = 0,
        seed: int = 0,
        memory: ClipMemory | None = None,
    ) -> Forecast:
        """The next `steps` (the run's own number without it) of a clip's person as seen from `at_frame`.

        With several people and no `actor`, whoever acted last. So many `futures` besides; number k of a `seed` is the
        same however many are asked for. ProjectError where nothing was marked before.
        """
        ...

    def ahead(self, moments: Sequence[Moment], data: ForecasterData) -> Ahead:
        """What it foresees at each of these moments, `data.future_steps` far."""
        ...


@dataclass(frozen=True)
class TrainedPredictor:
    """A forecaster from a checkpoint."""

    name: str
    header: Header
    model: Forecaster
    plain: Plain

    has_depth = True

    @cached_property
    def usual(self) -> Usual | None:
        """The usual times of its training clips; None in a checkpoint that carries none."""
        times = self.plain.times
        return None if times is None else Usual(self.header.actions, times.numpy())

    @property
    def has_times(self) -> bool:
        """Whether it learned when steps come."""
        return self.header.config.losses.times > 0

    def beside(self, kind: PlainKind = "counting") -> PlainPredictor:
        """A plain forecaster that learned from the same clips."""
        return PlainPredictor(kind or "counting", self.header, self.plain, self.usual)

    def forecast(
        self,
        project: Project,
        read_tracks: ReadTracks,
        clip_id: str,
        at_frame: int,
        steps: int | None = None,
        actor: str = "",
        *,
        futures: int = 0,
        seed: int = 0,
        memory: ClipMemory | None = None,
    ) -> Forecast:
        """As `Predictor` says."""
        asked = Asked.of(
            self.header, project, read_tracks, clip_id, at_frame, steps, actor, usual=self.usual, memory=memory
        )
        drawn = self._drawn(asked, at_most(futures), seed) if futures else None
        said = asked.answered(self.name, self.ahead([asked.moment], asked.data), drawn=drawn)
        return replace(said, calibration_error=self.header.calibration_error)

    def ahead(self, moments: Sequence[Moment], data: ForecasterData) -> Ahead:
        """As `Predictor` says; probabilities are calibrated where the run was."""
        batch = self._batch(moments, data)
        with torch.no_grad():
            steps = self.model.roll_out(batch.past, batch.views, data.future_steps)
            logits = torch.stack([each.logits for each, _ in steps], dim=1)
            times = [each.times for each, _ in steps if each.times is not None]
            return Ahead(
                probabilities=self._confidence(logits).numpy(),
                joints_m=torch.stack([each.joints_m for each, _ in steps], dim=1).numpy(),
                seen=torch.stack([seen for _, seen in steps], dim=1).numpy(),
                times=torch.stack([_spans(each) for each in times], dim=1).numpy() if times else None,
            )

    def _drawn(self, asked: Asked, futures: int, seed: int) -> Drawn:
        batch = self._batch([asked.moment], asked.data)
        random = torch.Generator().manual_seed(seed % 2**63)
        # Always as many at once: what a product of matrices is rounded to depends on how many rows it has.
        with torch.no_grad():
            drawn = [
                self.model.sample(
                    batch.past, batch.views, asked.data.future_steps, AT_ONCE, random, self.header.temperatures
                )
                for _ in range(0, futures, AT_ONCE)
            ]
            times = [_spans(each.times)[0] for each in drawn if each.times is not None]
            return Drawn(
                actions=torch.cat([each.actions[0] for each in drawn])[:futures].numpy(),
                probabilities=torch.cat([self._confidence(each.logits[0]) for each in drawn])[:futures].numpy(),
                joints_m=torch.cat([each.joints_m[0] for each in drawn])[:futures].numpy(),
                times=torch.cat(times)[:futures].numpy() if times else None,
            )

    def _batch(self, moments: Sequence[Moment], data: ForecasterData) -> Batch:
        words = Vocabulary(self.header.actions, self.header.objects)
        windows = windows_at([(each.sequence, each.seen) for each in moments], words, data)
        return WindowTensors.of(windows, len(words.actions), torch.device("cpu")).whole

    def _confidence(self, logits: Tensor) -> Tensor:
        """Probabilities from logits (…, M, A); a step beyond those that were calibrated has the last temperature."""
        known = self.header.temperatures
        if known:
            steps = np.minimum(np.arange(logits.shape[-2]), len(known) - 1)
            logits = logits / torch.tensor([known[at] for at in steps], dtype=logits.dtype)[:, None]
        return logits.softmax(-1)


def load_run(path: Path) -> TrainedPredictor:
    """The best checkpoint of a run's folder, or a checkpoint file; FormatError or RunError in words otherwise."""
    kept = checkpoints.load(checkpoints.find(path))
    header = kept.header
    model = Forecaster.of(header.config, actions=len(header.actions), objects=len(header.objects))
    _require_joints(kept, model)
    try:
        model.load_state_dict(kept.part("model"))
        plain = Plain.kept(kept.part("baseline"), header.facts, len(header.actions))
    except (RuntimeError, KeyError, ValueError, IndexError, TypeError) as error:
        raise FormatError(kept.path, f"its weights do not fit its own header ({_short(error)})", hint=_ANEW) from None
    return TrainedPredictor(path.stem if path.is_file() else path.name, header, model.eval(), plain)


def _require_joints(kept: Checkpoint[Header], model: Forecaster) -> None:
    """FormatError where the checkpoint foresees other joints than those that are drawn and measured here."""
    ours, theirs = UPPER_BODY_9.joints, kept.header.joints
    if theirs != ours:
        others = [each for each in theirs if each not in ours] or [each for each in ours if each not in theirs]
        which = f": {listed(others)}" if others else ", in another order"
        raise FormatError(
            kept.path, f"it foresees {len(theirs)} joints and not the {len(ours)} known here{which}", hint=_OTHER_RUN
        )
    said = [name for name in model.state_dict() if name.startswith("decode_pose.")][-1]  # the last layer's bias
    weights = kept.part("model").get(said)
    if weights is not None and len(weights) != 3 * len(ours):
        raise FormatError(
            kept.path, f"it foresees {len(weights) / 3:g} joints and not the {len(ours)} known here", hint=_OTHER_RUN
        )


def _short(error: Exception) -> str:
    """The first thing that does not fit; torch lists all of them."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[1] if len(lines) > 1 else lines[0] if lines else type(error).__name__).rstrip(". ")


def _spans(times: Times) -> Float[Tensor, "*batch 3 3"]:
    """Span × quantile."""
    return torch.stack((times.low_s, times.median_s, times.high_s), dim=-1)

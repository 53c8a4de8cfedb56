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
from numpy import ndarray
from torch import Tensor

from core.configs import ForecasterData
from core.datasets.action_sequences import Vocabulary, stacked, window_at
from core.datasets.steps import ReadTracks
from core.errors import FormatError
from core.evaluation.asked import Ahead, Asked, ClipMemory, Moment
from core.evaluation.batches import WindowTensors
from core.evaluation.plain_forecasts import PlainPredictor
from core.evaluation.usual_times import Usual
from core.forecasts import Forecast
from core.forecasts import Plain as PlainKind
from core.models import checkpoints
from core.models.baselines.plain import Plain
from core.models.checkpoints import Header
from core.models.forecaster import Forecaster
from core.models.step_times import Times
from core.project.annotations import Project

__all__ = ["ClipMemory", "PlainPredictor", "Predictor", "TrainedPredictor", "load_run"]


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
        return asked.answered(self.name, self.ahead([asked.moment], asked.data))

    def ahead(self, moments: Sequence[Moment], data: ForecasterData) -> Ahead:
        """As `Predictor` says; probabilities are calibrated where the run was."""
        words = Vocabulary(self.header.actions, self.header.objects)
        rows = [window_at(each.sequence, each.seen, words, data) for each in moments]
        batch = WindowTensors.of(stacked(rows, words, data), len(words.actions), torch.device("cpu")).whole
        with torch.no_grad():
            steps = self.model.roll_out(batch.past, batch.views, data.future_steps)
            logits = torch.stack([each.logits for each, _ in steps], dim=1)
            return Ahead(
                probabilities=self._confidence(logits).numpy(),
                joints_m=torch.stack([each.joints_m for each, _ in steps], dim=1).numpy(),
                seen=torch.stack([seen for _, seen in steps], dim=1).numpy(),
                times=_spans([each.times for each, _ in steps]),
            )

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
    try:
        model.load_state_dict(kept.part("model"))
        plain = Plain.kept(kept.part("baseline"), header.facts, len(header.actions))
    except (RuntimeError, KeyError, ValueError, IndexError, TypeError) as error:
        raise FormatError(kept.path, f"its weights do not fit its own header ({error})") from None
    return TrainedPredictor(path.stem if path.is_file() else path.name, header, model.eval(), plain)


def _spans(ahead: Sequence[Times | None]) -> Float[ndarray, "W M 3 3"] | None:
    """Span × quantile of each step; None of a run that foresees no times."""
    said = [each for each in ahead if each is not None]
    if not said:
        return None
    return torch.stack([torch.stack((each.low_s, each.median_s, each.high_s), dim=-1) for each in said], dim=1).numpy()

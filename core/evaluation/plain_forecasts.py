"""The two plain forecasters that every run carries: actions by counting, and the last step again.

Neither knows depth: their poses are as the camera sees them (metres at the neck's depth) and are drawn flat, facing
the camera.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterData
from core.datasets.action_sequences import Vocabulary, windows_at
from core.datasets.steps import ReadTracks, View
from core.errors import RunError
from core.evaluation.asked import MOST_FUTURES, Ahead, Asked, ClipMemory, Drawn, Moment
from core.evaluation.baselines import actions_of
from core.evaluation.usual_times import Usual
from core.forecasts import Forecast
from core.forecasts import Plain as PlainKind
from core.models.baselines.constant import zero_velocity
from core.models.baselines.plain import Plain
from core.models.checkpoints import Header
from core.project.annotations import Project

NECK = UPPER_BODY_9["neck"]
_FLAT = {
    "counting": "The average pose has no depth: it is drawn flat, facing the camera.",
    "repeating": "The last pose was seen without depth: it is drawn flat, facing the camera.",
}


@dataclass(frozen=True)
class PlainPredictor:
    """A plain forecaster beside a run, which lends it its words and how far it looks back and ahead."""

    kind: PlainKind
    header: Header
    plain: Plain
    usual: Usual | None = None

    has_depth = False

    @property
    def name(self) -> str:
        if self.kind == "repeating":
            return "last action, last pose"
        return f"n-gram of order {self.plain.ngram.order}, average pose"

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
        ahead = self.ahead([asked.moment], asked.data)
        doubts, drawn = [_FLAT[self.kind]], None
        if futures and self.kind == "repeating":
            doubts.append("It knows one future only.")
        elif futures:
            drawn = self._drawn(asked, ahead, futures, seed)
        return asked.answered(self.name, ahead, *doubts, drawn=drawn)

    def ahead(self, moments: Sequence[Moment], data: ForecasterData) -> Ahead:
        """As `Predictor` says."""
        words = Vocabulary(self.header.actions, self.header.objects)
        steps = data.future_steps
        done = {id(each.sequence): actions_of(each.sequence, words) for each in moments}
        histories = [done[id(each.sequence)][: each.seen] for each in moments]
        if self.kind == "repeating":
            windows = windows_at([(each.sequence, each.seen) for each in moments], words, data)
            poses, visible = torch.from_numpy(windows.seen_poses), torch.from_numpy(windows.seen_visible)
            seen = zero_velocity(poses, visible, self.plain.average, steps).numpy()
            probabilities = np.stack([self._again(each, steps) for each in histories])
        else:
            probabilities = self.plain.probabilities(histories, steps).numpy()
            seen = np.broadcast_to(self.plain.average.numpy(), (len(moments), steps, *self.plain.average.shape))
        flat_m = np.stack([flat(pose, each.sequence.view) for pose, each in zip(seen, moments, strict=True)])
        return Ahead(probabilities, flat_m, seen, knows_doubt=self.kind != "repeating")

    def _again(self, history: tuple[int, ...], steps: int) -> Float[ndarray, "M A"]:
        """The last known action with all confidence: repeating knows no doubt. Where none is known, the likeliest."""
        known = [action for action in history if action >= 0]
        action = known[-1] if known else int(self.plain.ngram.probabilities(()).argmax())
        certain = np.zeros((steps, self.plain.ngram.actions))
        certain[:, action] = 1.0
        return certain

    def _drawn(self, asked: Asked, ahead: Ahead, futures: int, seed: int) -> Drawn:
        history = actions_of(asked.moment.sequence, Vocabulary(self.header.actions, self.header.objects))
        history = history[: asked.moment.seen]
        actions, chances = [], []
        for number in range(at_most(futures)):
            random = np.random.default_rng((seed, number))
            so_far, rows = history, []
            for _ in range(asked.data.future_steps):
                rows.append(self.plain.ngram.probabilities(so_far))
                so_far = (*so_far, int(random.choice(len(rows[-1]), p=rows[-1] / rows[-1].sum())))
            actions.append(so_far[len(history) :])
            chances.append(rows)
        joints_m = np.broadcast_to(ahead.joints_m[0], (len(actions), *ahead.joints_m[0].shape))
        return Drawn(np.array(actions), np.array(chances), joints_m)


def at_most(futures: int) -> int:
    """So many futures; RunError in words where that is too many to look at or none."""
    if not 0 <= futures <= MOST_FUTURES:
        raise RunError(f"{futures} futures are not to be had.", hint=f"Ask for 1 to {MOST_FUTURES}.")
    return futures


def flat(poses: Float[ndarray, "*batch 9 2"], view: View) -> Float[ndarray, "*batch 9 3"]:
    """Seen poses as levelled joints in the plane through the neck that faces the camera."""
    in_camera = np.concatenate([poses, np.zeros((*poses.shape[:-1], 1), poses.dtype)], axis=-1)
    return (in_camera - in_camera[..., NECK : NECK + 1, :]) @ view.tilt  # R̃ᵀ from the left

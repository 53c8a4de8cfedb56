"""A trained run as something to ask: what comes next in this clip, seen from this frame?

The answer is a plain value (core.forecasts) with its doubts in words. A run knows its own vocabulary: labels are
matched by name, and what it does not know counts as nothing and is said. Beside every run stands the plain
forecaster it carries: actions by counting, the average pose.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float
from msgspec.structs import replace
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterData
from core.datasets.action_sequences import Vocabulary, counted, poses_around, stacked, window_at
from core.datasets.steps import ReadTracks, SeenPose, Step, View, clip_sequences
from core.datasets.steps import Sequence as Steps
from core.errors import FormatError, ProjectError
from core.evaluation.baselines import actions_of
from core.evaluation.batches import WindowTensors
from core.forecasts import Forecast, ForecastStep
from core.forecasts import Plain as PlainKind
from core.geometry.cameras import distort, undistort
from core.models import checkpoints
from core.models.baselines.plain import Plain
from core.models.checkpoints import Header
from core.models.forecaster import Forecaster
from core.project.annotations import Project

NAMED = 5
"""How many of the likeliest actions a forecast names."""
NECK = UPPER_BODY_9["neck"]


class Predictor(Protocol):
    """What can be asked for the next steps of a clip."""

    @property
    def name(self) -> str:
        """What made the forecast, as people call it."""
        ...

    def forecast(
        self,
        project: Project,
        read_tracks: ReadTracks,
        clip_id: str,
        at_frame: int,
        steps: int | None = None,
        actor: str = "",
    ) -> Forecast:
        """The next `steps` (the run's own number without it) of a clip's person as seen from `at_frame`.

        With several people and no `actor`, whoever acted last. ProjectError where nothing was marked before.
        """
        ...


@dataclass(frozen=True)
class TrainedPredictor:
    """A forecaster from a checkpoint."""

    name: str
    header: Header
    model: Forecaster
    plain: Plain

    def beside(self, kind: PlainKind = "counting") -> "PlainPredictor":
        """The plain forecaster that learned from the same clips."""
        return PlainPredictor(f"n-gram of order {self.plain.ngram.order}, average pose", self.header, self.plain)

    def forecast(
        self,
        project: Project,
        read_tracks: ReadTracks,
        clip_id: str,
        at_frame: int,
        steps: int | None = None,
        actor: str = "",
    ) -> Forecast:
        """As `Predictor` says."""
        asked = _Asked.of(self.header, project, read_tracks, clip_id, at_frame, steps, actor)
        window = stacked([window_at(asked.sequence, asked.seen, asked.words, asked.data)], asked.words, asked.data)
        batch = WindowTensors.of(window, len(asked.words.actions), torch.device("cpu")).whole
        with torch.no_grad():
            ahead = self.model.roll_out(batch.past, batch.views, asked.data.future_steps)
        probabilities = torch.stack([step.logits.softmax(-1)[0] for step, _ in ahead]).numpy()
        joints_m = torch.stack([step.joints_m[0] for step, _ in ahead]).numpy()
        return asked.answered(self.name, probabilities, joints_m)


@dataclass(frozen=True)
class PlainPredictor:
    """Actions by counting; the average pose, which has no depth and is drawn flat, facing the camera."""

    name: str
    header: Header
    plain: Plain

    def forecast(
        self,
        project: Project,
        read_tracks: ReadTracks,
        clip_id: str,
        at_frame: int,
        steps: int | None = None,
        actor: str = "",
    ) -> Forecast:
        """As `Predictor` says."""
        asked = _Asked.of(self.header, project, read_tracks, clip_id, at_frame, steps, actor)
        history = actions_of(asked.sequence, asked.words)[: asked.seen]
        probabilities = self.plain.ngram.roll_out(history, asked.data.future_steps)
        flat_m = _flat(self.plain.average.numpy(), asked.view)
        joints_m = np.broadcast_to(flat_m, (asked.data.future_steps, *flat_m.shape))
        return asked.answered(
            self.name, probabilities, joints_m, "The average pose has no depth: it is drawn flat, facing the camera."
        )


def load_run(path: Path) -> TrainedPredictor:
    """The best checkpoint of a run's folder, or a checkpoint file; FormatError or RunError in words otherwise."""
    kept = checkpoints.load(checkpoints.find(path))
    header = kept.header
    model = Forecaster(
        header.config.network,
        past_steps=header.config.data.past_steps,
        actions=len(header.actions),
        objects=len(header.objects),
    )
    try:
        model.load_state_dict(kept.part("model"))
        plain = Plain.kept(kept.part("baseline"), header.facts, len(header.actions))
    except (RuntimeError, KeyError, ValueError, IndexError, TypeError) as error:
        raise FormatError(kept.path, f"its weights do not fit its own header ({error})") from None
    return TrainedPredictor(path.stem if path.is_file() else path.name, header, model.eval(), plain)


@dataclass(frozen=True)
class _Asked:
    """One question: the sequence it is about, how much of it was seen, and in which words it is put."""

    sequence: Steps
    seen: int
    at_frame: int
    words: Vocabulary
    data: ForecasterData
    doubts: tuple[str, ...]

    @property
    def view(self) -> View:
        return self.sequence.view

    @classmethod
    def of(
        cls,
        header: Header,
        project: Project,
        read_tracks: ReadTracks,
        clip_id: str,
        at_frame: int,
        steps: int | None,
        actor: str,
    ) -> "_Asked":
        if clip_id not in project.clips:
            raise ProjectError(f"This project has no clip {clip_id}.")
        clip = project.clips[clip_id]
        trained = header.config.data
        data = replace(trained, future_steps=steps or trained.future_steps, shuffle_seen_poses=False)
        everybody = clip_sequences(project, clip, read_tracks, data, header.config.seed)
        acted = [each for each in everybody if each.seen_by(at_frame) and (not actor or each.actor == actor)]
        if not acted:
            raise ProjectError(
                f"No step of {clip.name} has been seen by frame {at_frame}.",
                hint="A step counts from its characteristic pose on: mark one, or look from a later moment.",
            )
        sequence = max(acted, key=lambda each: each.steps[each.seen_by(at_frame) - 1].frame)
        words = Vocabulary(header.actions, header.objects)
        seen = sequence.seen_by(at_frame)
        return cls(
            sequence, seen, at_frame, words, data, tuple(_doubts(sequence, seen, at_frame, words, data, trained))
        )

    def answered(
        self,
        model: str,
        probabilities: Float[ndarray, "M A"],
        joints_m: Float[ndarray, "M 9 3"],
        *doubts: str,
    ) -> Forecast:
        """The answer as a value, with the truth beside it where the future is marked."""
        past, came, frames = poses_around(self.sequence, self.seen, self.data)
        following = self.sequence.steps[self.seen : self.seen + self.data.future_steps]
        looked_at = self.sequence.steps[: self.seen][-self.data.past_steps :]
        necks = [pose.neck_px for pose in past if np.isfinite(pose.neck_px).all()]
        joints_px = self.view.in_picture(joints_m, necks[-1] if necks else self.view.camera.centre_px)
        steps = tuple(
            self._step(
                probabilities[at],
                joints_m[at],
                joints_px[at],
                following[at] if at < len(following) else None,
                (came[at], frames[at]) if at < len(came) else None,
            )
            for at in range(self.data.future_steps)
        )
        return Forecast(
            model=model,
            clip_id=self.sequence.clip.id,
            at_frame=self.at_frame,
            seen_frames=tuple(step.frame for step in looked_at),
            seen_actions=tuple(step.action for step in looked_at),
            steps=steps,
            camera_estimated=self.view.camera.estimated,
            doubts=(*self.doubts, *doubts),
        )

    def _step(
        self,
        probabilities: Float[ndarray, " A"],
        joints_m: Float[ndarray, "9 3"],
        joints_px: Float[ndarray, "9 2"],
        really: Step | None,
        came: tuple[SeenPose, int] | None,
    ) -> ForecastStep:
        order = np.argsort(-probabilities, kind="stable")[:NAMED]
        best = tuple((self.words.actions[at], float(probabilities[at])) for at in order)
        step = ForecastStep(
            action=best[0][0],
            confidence=best[0][1],
            best=best,
            joints_m=_triples(joints_m),
            joints_px=_pairs(joints_px),
            truth_action=None if really is None else really.action,
        )
        if came is None:
            return step
        pose, frame = came
        step = replace(step, truth_frame=frame)
        if not pose.visible.any():
            return step
        straight = pose.neck_px + pose.joints * self.view.scale_px
        off_px = np.linalg.norm(self._neck_centred_px(joints_px) - pose.joints * self.view.scale_px, axis=-1)
        counted = pose.visible & (np.arange(len(pose.visible)) != NECK)
        return replace(
            step,
            truth_px=_pairs(distort(straight, self.view.camera)),
            truth_seen=tuple(bool(each) for each in pose.visible),
            error_px=float(off_px[counted].mean()) if counted.any() else None,
        )

    def _neck_centred_px(self, joints_px: Float[ndarray, "9 2"]) -> Float[ndarray, "9 2"]:
        straight = undistort(joints_px, self.view.camera)
        return straight - straight[NECK]


def _doubts(
    sequence: Steps, seen: int, at_frame: int, words: Vocabulary, data: ForecasterData, trained: ForecasterData
) -> Sequence[str]:
    """What makes this forecast less sure than usual, as plain sentences."""
    steps = sequence.steps[:seen]
    looked_at = steps[-data.past_steps :]
    actions = sorted({step.action for step in looked_at} - set(words.actions))
    objects = sorted({each for step in steps for each in step.objects} - set(words.objects)) if data.objects else []
    unmarked = sum(
        segment.end_frame <= at_frame and sequence.clip.pose_of(segment.id) is None
        for segment in sequence.clip.segments
        if segment.actor == sequence.actor
    )
    said = []
    if sequence.track.poses is None:
        said.append("This clip has no 2D poses: the forecast goes by actions and objects alone.")
    elif not looked_at[-1].pose.visible.any():
        said.append("The person was not found in the last step's frame.")
    if sequence.view.camera.estimated:
        said.append("The camera is estimated: sizes and depths are guesses.")
    if len(looked_at) < data.past_steps:
        said.append(f"Short past: {len(looked_at)} of the {data.past_steps} steps it can look back on.")
    if actions:
        said.append(f"It does not know {_listed(actions)}; such steps count by their pose alone.")
    if objects:
        said.append(f"It does not know the {'object' if len(objects) == 1 else 'objects'} {_listed(objects)}.")
    if unmarked and data.poses == "characteristic":
        said.append(f"Not counted for want of a characteristic pose: {counted(unmarked, 'earlier segment')}.")
    if data.future_steps > trained.future_steps:
        said.append(f"It was chosen for {trained.future_steps} steps ahead; later ones were never measured.")
    return said


def _flat(pose: Float[ndarray, "9 2"], view: View) -> Float[ndarray, "9 3"]:
    """A seen pose as levelled joints in the plane through the neck that faces the camera."""
    in_camera = np.concatenate([pose, np.zeros((len(pose), 1))], axis=-1)
    return (in_camera - in_camera[NECK]) @ view.tilt  # R̃ᵀ from the left


def _listed(words: Sequence[str]) -> str:
    shown = ", ".join(words[:4])
    return f"{shown} and {len(words) - 4} more" if len(words) > 4 else shown


def _triples(points: ndarray) -> tuple[tuple[float, float, float], ...]:
    return tuple((float(x), float(y), float(z)) for x, y, z in points)


def _pairs(points: ndarray) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in points)

"""A question about a moment of a clip, made ready for whoever forecasts, and the answer put into words and pixels.

A *moment* is a sequence and how many of its steps have been seen. Whoever forecasts answers many moments at once with
an `Ahead`; one moment's share of it becomes a `Forecast`. What does not change from question to question, the steps
of a clip that nobody edited, stays in a `ClipMemory`.

Letters: W moments, M steps ahead, A actions, F futures; (3, 3) is span × quantile as in `usual_times`. Probabilities
follow the vocabulary of the run asked; joints are levelled, metres, neck at the origin; `seen` is what the camera sees
of them, metres at the neck's depth.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from msgspec.structs import replace
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterData
from core.datasets.action_sequences import Vocabulary, poses_around
from core.datasets.steps import Pixels, ReadTracks, SeenPose, Step, clip_sequences
from core.datasets.steps import Sequence as Steps
from core.errors import ProjectError, RunError
from core.evaluation.doubts import doubts_about, refuse_foreign_words
from core.evaluation.usual_times import Spans, Usual, on_the_clock, spans_of, usual_times
from core.forecasts import Forecast, ForecastStep, Future, StepTime
from core.geometry.cameras import distort, undistort
from core.models.checkpoints import Header
from core.motion import Poses2d
from core.project.annotations import Clip, Project

NAMED = 5
"""How many of the likeliest actions a forecast names."""
MOST_STEPS = 50
"""No run is made for more; what lies farther ahead was never measured at all."""
MOST_FUTURES = 64
_WENT_ASTRAY = "Its weights or its clip's 2D poses went astray: choose another run, or train it again."
NECK = UPPER_BODY_9["neck"]


@dataclass(frozen=True)
class Moment:
    """A sequence of which `seen` steps have been seen."""

    sequence: Steps
    seen: int


@dataclass(frozen=True)
class Ahead:
    """What is foreseen at each of W moments."""

    probabilities: Float[ndarray, "W M A"]
    joints_m: Float[ndarray, "W M 9 3"]
    seen: Float[ndarray, "W M 9 2"]
    times: Float[ndarray, "W M 3 3"] | None = None  # where the run learned when steps come
    knows_doubt: bool = True  # False: its probabilities are no confidence


@dataclass(frozen=True)
class Drawn:
    """Several futures of one moment: as `Ahead`, with the actions that were drawn."""

    actions: Int[ndarray, "F M"]
    probabilities: Float[ndarray, "F M A"]
    joints_m: Float[ndarray, "F M 9 3"]
    times: Float[ndarray, "F M 3 3"] | None = None


@dataclass
class ClipMemory:
    """The sequences and usual times of clips that did not change since they were asked about; the latest few.

    Projects are values: what is the same object did not change. Tracks are never changed under their name.
    """

    most: int = 256  # each holds two files open
    _sequences: OrderedDict[tuple[str, str, int], tuple[tuple[object, ...], list[Steps]]] = field(
        default_factory=OrderedDict
    )
    _pixels: OrderedDict[tuple[str, int], Pixels] = field(default_factory=OrderedDict)
    _spans: dict[str, tuple[tuple[object, ...], tuple[tuple[str, ...], Spans]]] = field(default_factory=dict)
    _usual: tuple[tuple[object, ...], Usual] | None = None

    def sequences(
        self, project: Project, clip: Clip, read_tracks: ReadTracks, data: ForecasterData, seed: int
    ) -> list[Steps]:
        """As `clip_sequences`, read anew only where something changed."""
        place = (clip.id, data.poses, seed if data.poses == "random" else 0)
        made_of = (clip, project.labels, project.cameras.get(clip.camera))
        kept = self._sequences.get(place)
        if kept is None or not _same(kept[0], made_of):
            read = _named(read_tracks)
            kept = (made_of, clip_sequences(project, clip, read, data, seed, remembered=self._read))
            self._sequences[place] = kept
        self._sequences.move_to_end(place)
        while len(self._sequences) > self.most:
            self._sequences.popitem(last=False)
        return kept[1]

    def _read(self, clip: Clip, person: int) -> Pixels:
        place = (clip.tracks, person)
        pixels = self._pixels.setdefault(place, {})
        self._pixels.move_to_end(place)
        while len(self._pixels) > self.most:
            self._pixels.popitem(last=False)
        return pixels

    def usual(self, project: Project, about: Moment, data: ForecasterData) -> Usual:
        """The usual times in a project's clips but the one asked about, whose future nobody may look at.

        Where it is the only one, its steps that have been seen.
        """
        clip = about.sequence.clip
        made_of = (project.clips, project.labels, clip)
        if self._usual is not None and _same(self._usual[0], made_of):
            return self._usual[1]
        told = [self._spans_in(project, each, data) for each in project.clips.values() if each.id != clip.id]
        names = tuple(sorted({name for each, _ in told for name in each}))
        usual = Usual(names, usual_times(told, names))
        if usual.is_known:
            self._usual = (made_of, usual)
            return usual
        own, spans = spans_of(about.sequence)
        return Usual((), usual_times([(own[: about.seen], spans[: about.seen])], ()))

    def _spans_in(self, project: Project, clip: Clip, data: ForecasterData) -> tuple[tuple[str, ...], Spans]:
        made_of = (clip, project.labels)
        kept = self._spans.get(clip.id)
        if kept is None or not _same(kept[0], made_of):
            # How anybody stands does not matter here, so no tracks are read.
            told = [spans_of(each) for each in clip_sequences(project, replace(clip, tracks=""), _nobody, data)]
            names = tuple(name for each, _ in told for name in each)
            kept = (made_of, (names, np.concatenate([np.zeros((0, 3)), *(spans for _, spans in told)])))
            self._spans[clip.id] = kept
        return kept[1]


def _named(read_tracks: ReadTracks) -> ReadTracks:
    """The same reading, its refusal in words that name the clip."""

    def read(clip: Clip) -> Poses2d:
        try:
            return read_tracks(clip)
        except ProjectError as error:
            words = f"The 2D poses of {clip.name} are not beside the project."
            raise ProjectError(words, hint="Extract its 2D poses again, or import them.") from error

    return read


def _nobody(clip: Clip) -> Poses2d:
    raise ProjectError(f"{clip.name} has no tracks")


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


@dataclass(frozen=True)
class Asked:
    """One question: the moment it is about, in which words it is put, and what makes the answer doubtful."""

    moment: Moment
    at_frame: int
    words: Vocabulary
    data: ForecasterData
    usual: Usual
    doubts: tuple[str, ...]

    @classmethod
    def of(
        cls,
        header: Header,
        project: Project,
        read_tracks: ReadTracks,
        clip_id: str,
        at_frame: int,
        steps: int | None = None,
        actor: str = "",
        *,
        usual: Usual | None = None,
        memory: ClipMemory | None = None,
    ) -> "Asked":
        """`usual` is what the run carries; without it the project's own clips tell. ProjectError or RunError in words
        where the question has no answer.
        """
        memory = memory or ClipMemory()
        clip = _clip(project, clip_id, at_frame)
        trained = header.config.data
        if steps is not None and not 1 <= steps <= MOST_STEPS:
            raise RunError(f"No run looks {steps} steps ahead.", hint=f"Ask for 1 to {MOST_STEPS}.")
        data = replace(trained, future_steps=steps or trained.future_steps, shuffle_seen_poses=False)
        words = Vocabulary(header.actions, header.objects)
        refuse_foreign_words(project, words)
        everybody = memory.sequences(project, clip, read_tracks, data, header.config.seed)
        acted = [each for each in everybody if each.seen_by(at_frame) and (not actor or each.actor == actor)]
        if not acted:
            raise ProjectError(
                f"No step of {clip.name} has been seen by frame {at_frame}.",
                hint="A step counts from its characteristic pose on: mark one, or look from a later moment.",
            )
        sequence = max(acted, key=lambda each: each.steps[each.seen_by(at_frame) - 1].frame)
        seen = sequence.seen_by(at_frame)
        if usual is None or not usual.is_known:
            usual = memory.usual(project, Moment(sequence, seen), data)
        doubts = doubts_about(project, sequence, seen, at_frame, words, data, trained)
        return cls(Moment(sequence, seen), at_frame, words, data, usual, tuple(doubts))

    def answered(self, model: str, ahead: Ahead, *doubts: str, drawn: Drawn | None = None) -> Forecast:
        """The first moment of `ahead` as a value, with the truth beside it where the future is marked."""
        sequence, view = self.moment.sequence, self.moment.sequence.view
        looked_at = sequence.steps[: self.moment.seen][-self.data.past_steps :]
        times = None if ahead.times is None else ahead.times[0]
        if not (np.isfinite(ahead.probabilities).all() and np.isfinite(ahead.joints_m).all()):
            raise RunError(f"{model} answers with what is no number.", hint=_WENT_ASTRAY)
        steps = self._steps(ahead.probabilities[0], ahead.joints_m[0], times)
        return Forecast(
            model=model,
            clip_id=sequence.clip.id,
            at_frame=self.at_frame,
            seen_frames=tuple(step.frame for step in looked_at),
            seen_actions=tuple(step.action for step in looked_at),
            steps=tuple(each if ahead.knows_doubt else replace(each, knows_doubt=False, best=()) for each in steps),
            camera_estimated=view.camera.estimated,
            doubts=(*self.doubts, *doubts),
            futures=() if drawn is None else tuple(self._future(drawn, at) for at in range(len(drawn.actions))),
        )

    def _future(self, drawn: Drawn, at: int) -> Future:
        chosen = drawn.actions[at]
        likelihood = float(np.prod(np.take_along_axis(drawn.probabilities[at], chosen[:, None], axis=-1)))
        times = None if drawn.times is None else drawn.times[at]
        return Future(
            likelihood=likelihood, steps=self._steps(drawn.probabilities[at], drawn.joints_m[at], times, chosen)
        )

    def _steps(
        self,
        probabilities: Float[ndarray, "M A"],
        joints_m: Float[ndarray, "M 9 3"],
        times: Float[ndarray, "M 3 3"] | None,
        chosen: Int[ndarray, " M"] | None = None,
    ) -> tuple[ForecastStep, ...]:
        sequence, seen, view = self.moment.sequence, self.moment.seen, self.moment.sequence.view
        past, came, frames = poses_around(sequence, seen, self.data)
        following = sequence.steps[seen : seen + self.data.future_steps]
        necks = [pose.neck_px for pose in past if np.isfinite(pose.neck_px).all()]
        joints_px = view.in_picture(joints_m, necks[-1] if necks else view.camera.centre_px)
        actions = probabilities.argmax(-1) if chosen is None else chosen
        clock = self._clock(actions, times)
        return tuple(
            self._step(
                int(actions[at]),
                probabilities[at],
                joints_m[at],
                joints_px[at],
                clock[at] if clock else None,
                following[at] if at < len(following) else None,
                (came[at], frames[at]) if at < len(came) else None,
            )
            for at in range(len(probabilities))
        )

    def _clock(self, actions: Int[ndarray, " M"], times: Float[ndarray, "M 3 3"] | None) -> tuple[StepTime, ...]:
        sequence = self.moment.sequence
        rate_hz = sequence.clip.video.rate_hz
        if not np.isfinite(rate_hz) or rate_hz <= 0:
            return ()
        worn_s = (self.at_frame - sequence.steps[self.moment.seen - 1].frame) / rate_hz
        if times is not None:
            return on_the_clock(times, worn_s, is_usual=False)
        if not self.usual.is_known:
            return ()
        usual = np.stack([self.usual.of(self.words.actions[at]) for at in actions])
        return on_the_clock(usual, worn_s, is_usual=True)

    def _step(
        self,
        action: int,
        probabilities: Float[ndarray, " A"],
        joints_m: Float[ndarray, "9 3"],
        joints_px: Float[ndarray, "9 2"],
        time: StepTime | None,
        really: Step | None,
        came: tuple[SeenPose, int] | None,
    ) -> ForecastStep:
        order = np.argsort(-probabilities, kind="stable")[:NAMED]
        step = ForecastStep(
            action=self.words.actions[action],
            confidence=float(probabilities[action]),
            best=tuple((self.words.actions[at], float(probabilities[at])) for at in order),
            joints_m=_triples(joints_m),
            joints_px=_pairs(joints_px),
            truth_action=None if really is None else really.action,
            time=time,
        )
        if came is None:
            return step
        pose, frame = came
        step = replace(step, truth_frame=frame)
        if not pose.visible.any():
            return step
        view = self.moment.sequence.view
        true_px = pose.joints * view.scale_px
        straight = undistort(joints_px, view.camera)
        off_px = np.linalg.norm(straight - straight[NECK] - true_px, axis=-1)
        counted = counted_joints(pose.visible)
        return replace(
            step,
            truth_px=_pairs(distort(pose.neck_px + true_px, view.camera)),
            truth_seen=tuple(bool(each) for each in pose.visible),
            error_px=float(off_px[counted].mean()) if counted.any() else None,
        )


def counted_joints(visible: Bool[ndarray, "*batch 9"]) -> Bool[ndarray, "*batch 9"]:
    """Which joints an error is the mean of: the visible ones but the neck, which is the origin."""
    return visible & (np.arange(visible.shape[-1]) != NECK)


def _clip(project: Project, clip_id: str, at_frame: int) -> Clip:
    if clip_id not in project.clips:
        raise ProjectError(f"This project has no clip {clip_id}.", hint="It may have been taken out meanwhile.")
    clip = project.clips[clip_id]
    if not 0 <= at_frame < max(clip.video.frame_count, 1):
        raise ProjectError(
            f"{clip.name} has no frame {at_frame}: it has {clip.video.frame_count}, counted from 0.",
            hint="Look from a moment within it.",
        )
    return clip


def _triples(points: ndarray) -> tuple[tuple[float, float, float], ...]:
    return tuple((x, y, z) for x, y, z in points.tolist())


def _pairs(points: ndarray) -> tuple[tuple[float, float], ...]:
    return tuple((x, y) for x, y in points.tolist())

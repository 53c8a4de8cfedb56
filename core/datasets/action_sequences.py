"""What was seen and done so far → what came next: the windows a forecaster learns from and is measured on.

A *window* stands at a step of a sequence: the last N steps up to it, oldest first and padded on the left, and up to M
that followed. Nothing in its inputs comes from a later step: no pose, no action, no object, no neck.
A step has three *times*, seconds: from the instant of the step before to its own (0 for the first of a sequence), from
its segment's start to its instant, and from there to the segment's end; NaN where there is no step or no rate. The end
of a segment that still goes on at the last seen instant has not been seen: NaN in the inputs too.
Letters: W windows, N past steps, M future steps, O objects; poses as in `datasets.steps`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import msgspec
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.configs import ForecasterData
from core.datasets.catalog import Parts, fingerprint, parts_of
from core.datasets.steps import JOINTS, UNSEEN, ReadTracks, SeenPose, Step, View, clip_sequences
from core.datasets.steps import Sequence as Steps
from core.errors import RunError
from core.project.annotations import Project
from core.wording import counted

UNKNOWN = -1
"""Number of an action that is not in the vocabulary, and of a step that is not there."""
TIMES = 3
"""Times of a step: since the step before, from its segment's start, to its segment's end."""
_TIMES = ("seen_times", "next_times")
_BY_STEP = ("seen_objects", "earlier_objects", "next_objects", "seen_rays")


class Vocabulary(msgspec.Struct, frozen=True):
    """The words a forecaster knows; an action's or object's number is its place here."""

    actions: tuple[str, ...]
    objects: tuple[str, ...]

    def action(self, name: str) -> int:
        return self.actions.index(name) if name in self.actions else UNKNOWN

    def involved(self, names: Iterable[str]) -> Bool[ndarray, " objects"]:
        """Multi-hot; unknown objects leave no mark."""
        return np.isin(np.array(self.objects, dtype=object), list(names)).astype(bool)


@dataclass(frozen=True)
class Windows:
    """Windows as arrays, one row each, in the order of their sequences."""

    sequence: Int[ndarray, " W"]  # which sequence a window belongs to
    seen_count: Int[ndarray, " W"]  # how many of the sequence's steps had been seen
    seen_actions: Int[ndarray, "W N"]  # UNKNOWN where padded
    seen_poses: Float[ndarray, "W N 9 2"]
    seen_visible: Bool[ndarray, "W N 9"]
    seen_real: Bool[ndarray, "W N"]  # False where padded
    objects: Bool[ndarray, "W O"]
    next_actions: Int[ndarray, "W M"]  # UNKNOWN where the sequence had ended
    next_poses: Float[ndarray, "W M 9 2"]
    next_visible: Bool[ndarray, "W M 9"]
    next_frames: Int[ndarray, "W M"]
    next_count: Int[ndarray, " W"]  # how many of the M really followed
    tilt: Float[ndarray, "W 3 3"]
    ray: Float[ndarray, "W 2"]  # of the last seen neck
    depth_m: Float[ndarray, " W"]
    scale_px: Float[ndarray, "W 2"]
    torso_px: Float[ndarray, " W"]
    seen_times: Float[ndarray, "W N 3"]  # seconds, NaN where not known
    next_times: Float[ndarray, "W M 3"]
    seen_objects: Bool[ndarray, "W N O"]  # of each step itself
    earlier_objects: Bool[ndarray, "W O"]  # of the steps before the N
    next_objects: Bool[ndarray, "W M O"]
    seen_rays: Float[ndarray, "W N 2"]  # of the last neck seen at each step

    def __len__(self) -> int:
        return len(self.sequence)

    def __getitem__(self, chosen: ndarray | slice) -> "Windows":
        return Windows(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})

    def complete(self) -> "Windows":
        """Those all of whose M following steps are known: what is measured."""
        return self[self.next_count == self.next_actions.shape[1]]

    def arrays(self) -> dict[str, ndarray]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class Examples:
    """A project as a forecaster learns from it."""

    vocabulary: Vocabulary
    parts: Parts
    sequences: dict[str, list[Steps]]  # by part
    windows: dict[str, Windows]  # by part
    notes: tuple[str, ...]

    def require_something_to_learn(self) -> None:
        """RunError where no window could teach anything."""
        if not len(self.windows["train"]):
            raise RunError(
                "No clip to learn from has two steps.",
                hint="A step is a segment with its characteristic pose (C on the Annotate page): mark two in a clip.",
            )

    def fingerprint(self, *, times: bool = False, by_step: bool = False) -> str:
        """Of everything training and choosing look at; the test part may grow without changing it.

        Without `times` those are not looked at, and moving a segment's end is no change; without `by_step` neither is
        which step involved which object.
        """
        left_out = (() if times else _TIMES) + (() if by_step else _BY_STEP)
        arrays = {
            f"{part}.{name}": array
            for part in ("train", "validation")
            for name, array in self.windows[part].arrays().items()
            if name not in left_out
        }
        return fingerprint(arrays, (*self.vocabulary.actions, "", *self.vocabulary.objects))


def examples_of(
    project: Project,
    read_tracks: ReadTracks,
    data: ForecasterData,
    seed: int = 0,
    *,
    vocabulary: Vocabulary | None = None,
    parts: Parts | None = None,
) -> Examples:
    """The project's steps and windows, with its own split and words unless others are given."""
    clips = sorted((clip for clip in project.clips.values() if clip.segments), key=lambda clip: clip.id)
    if not clips:
        raise RunError("No segments are marked.", hint="Mark what is done in some clips on the Annotate page first.")
    told: tuple[str, ...] = ()
    if parts is None:
        parts, sentence = parts_of(project, clips, data.split)
        told = (sentence,)
    sequences = {
        part: [each for clip in ids for each in clip_sequences(project, project.clips[clip], read_tracks, data, seed)]
        for part, ids in parts.items()
    }
    words = vocabulary or vocabulary_of(sequences["train"])
    windows = {part: windows_of(each, words, data) for part, each in sequences.items()}
    if data.shuffle_seen_poses:
        windows = {part: _shuffled(each, seed) for part, each in windows.items()}
    return Examples(words, parts, sequences, windows, (*told, *_notes(sequences)))


def _shuffled(windows: Windows, seed: int) -> Windows:
    """A control: every seen pose changes places with that of a random other step; padding stays."""
    real = windows.seen_real
    order = np.random.default_rng(seed).permutation(int(real.sum()))
    poses, visible = windows.seen_poses.copy(), windows.seen_visible.copy()
    poses[real], visible[real] = poses[real][order], visible[real][order]
    return replace(windows, seen_poses=poses, seen_visible=visible)


def vocabulary_of(sequences: Sequence[Steps]) -> Vocabulary:
    """The actions and objects of these sequences by name; those of held-out clips must not be needed to know it."""
    steps = [step for sequence in sequences for step in sequence.steps]
    return Vocabulary(
        actions=tuple(sorted({step.action for step in steps})),
        objects=tuple(sorted({each for step in steps for each in step.objects})),
    )


def windows_of(sequences: Sequence[Steps], vocabulary: Vocabulary, data: ForecasterData) -> Windows:
    """Every window with at least one seen and one following step."""
    rows = [
        window_at(sequence, count, vocabulary, data, number)
        for number, sequence in enumerate(sequences)
        for count in range(1, len(sequence.steps))
    ]
    return stacked(rows, vocabulary, data)


def stacked(rows: Sequence[dict[str, ndarray]], vocabulary: Vocabulary, data: ForecasterData) -> Windows:
    """Rows as `window_at` makes them, one below the other; also where there are none."""
    if rows:
        return Windows(**{name: np.stack([row[name] for row in rows]) for name in rows[0]})
    n, m, o = data.past_steps, data.future_steps, len(vocabulary.objects)
    shapes: dict[str, tuple[tuple[int, ...], type]] = {
        "sequence": ((), np.int64), "seen_count": ((), np.int64), "seen_actions": ((n,), np.int64),
        "seen_poses": ((n, JOINTS, 2), np.float32), "seen_visible": ((n, JOINTS), np.bool_),
        "seen_real": ((n,), np.bool_), "objects": ((o,), np.bool_), "next_actions": ((m,), np.int64),
        "next_poses": ((m, JOINTS, 2), np.float32), "next_visible": ((m, JOINTS), np.bool_),
        "next_frames": ((m,), np.int64), "next_count": ((), np.int64), "tilt": ((3, 3), np.float32),
        "ray": ((2,), np.float32), "depth_m": ((), np.float32), "scale_px": ((2,), np.float32),
        "torso_px": ((), np.float32), "seen_times": ((n, TIMES), np.float32), "next_times": ((m, TIMES), np.float32),
        "seen_objects": ((n, o), np.bool_), "earlier_objects": ((o,), np.bool_), "next_objects": ((m, o), np.bool_),
        "seen_rays": ((n, 2), np.float32),
    }  # fmt: skip
    return Windows(**{name: np.zeros((0, *shape), kind) for name, (shape, kind) in shapes.items()})


def window_at(
    sequence: Steps, count: int, vocabulary: Vocabulary, data: ForecasterData, number: int = 0
) -> dict[str, ndarray]:
    """The window of a sequence of which `count` steps have been seen, as one row of `Windows`."""
    seen, following = sequence.steps[:count], sequence.steps[count : count + data.future_steps]
    inputs = seen[-data.past_steps :]
    past_poses, next_poses, next_frames = poses_around(sequence, count, data)
    objects = vocabulary.involved(each for step in seen for each in step.objects)
    necks = [pose.neck_px for pose in past_poses if np.isfinite(pose.neck_px).all()]
    view = sequence.view
    pad, rest = data.past_steps - len(inputs), data.future_steps - len(following)
    past = [UNSEEN] * (data.past_steps - len(past_poses)) + past_poses
    ahead = next_poses + [UNSEEN] * (data.future_steps - len(next_poses))
    return {
        "sequence": np.array(number),
        "seen_count": np.array(count),
        "seen_actions": np.array([UNKNOWN] * pad + [vocabulary.action(step.action) for step in inputs]),
        "seen_poses": np.stack([pose.joints for pose in past]),
        "seen_visible": np.stack([pose.visible for pose in past]),
        "seen_real": np.array([False] * pad + [True] * len(inputs)),
        "objects": objects if data.objects else np.zeros_like(objects),
        "next_actions": np.array([vocabulary.action(step.action) for step in following] + [UNKNOWN] * rest),
        "next_poses": np.stack([pose.joints for pose in ahead]),
        "next_visible": np.stack([pose.visible for pose in ahead]),
        "next_frames": np.array(next_frames + [UNKNOWN] * (data.future_steps - len(next_frames))),
        "next_count": np.array(len(following)),
        "tilt": view.tilt.astype(np.float32),
        "ray": view.ray(necks[-1] if necks else UNSEEN.neck_px).astype(np.float32),
        "depth_m": np.array(view.depth_m, np.float32),
        "scale_px": view.scale_px.astype(np.float32),
        "torso_px": np.array(view.torso_px, np.float32),
        "seen_times": _times(sequence, count - len(inputs), len(inputs), now=seen[-1].frame, pad=pad),
        "next_times": _times(sequence, count, data.future_steps),
        "seen_objects": _objects(inputs, vocabulary, data, before=pad),
        "earlier_objects": np.asarray(_objects(seen[: -len(inputs)], vocabulary, data).any(0)),
        "next_objects": _objects(following, vocabulary, data, behind=rest),
        "seen_rays": _rays(past, necks, view),
    }


def _objects(
    steps: Sequence[Step], vocabulary: Vocabulary, data: ForecasterData, *, before: int = 0, behind: int = 0
) -> Bool[ndarray, "N O"]:
    """What each step involves, between rows of nothing."""
    rows = np.zeros((before + len(steps) + behind, len(vocabulary.objects)), bool)
    if data.objects:
        for row, step in enumerate(steps, start=before):
            rows[row] = _involved(vocabulary, step.objects)
    return rows


@lru_cache(4096)
def _involved(vocabulary: Vocabulary, objects: tuple[str, ...]) -> Bool[ndarray, " O"]:
    return vocabulary.involved(objects)


def _rays(past: Sequence[SeenPose], necks: Sequence[ndarray], view: View) -> Float[ndarray, "N 2"]:
    """At each step, where the last neck seen by then lies at depth 1; before the first one, that one's place."""
    here = necks[0] if necks else UNSEEN.neck_px
    rows = []
    for pose in past:
        if np.isfinite(pose.neck_px).all():
            here = pose.neck_px
        rows.append(view.ray(here))
    return np.stack(rows).astype(np.float32)


def _times(sequence: Steps, first: int, count: int, *, now: int | None = None, pad: int = 0) -> Float[ndarray, "N 3"]:
    """Times of `count` steps from the `first` on, after `pad` rows of nothing; as they were known in frame `now`."""
    rate_hz = sequence.clip.video.rate_hz
    times = np.full((pad + count, TIMES), np.nan, np.float32)
    for row, at in enumerate(range(first, min(first + count, len(sequence.steps))), start=pad):
        step, before = sequence.steps[at], sequence.steps[max(at - 1, 0)]
        times[row] = (step.frame - before.frame, step.frame - step.start_frame, step.end_frame - step.frame)
        if now is not None and step.end_frame > now:
            times[row, -1] = np.nan
    return np.maximum(times, 0) / rate_hz if rate_hz > 0 else np.full_like(times, np.nan)


def poses_around(sequence: Steps, count: int, data: ForecasterData) -> tuple[list[SeenPose], list[SeenPose], list[int]]:
    """Seen and following poses (those past the end left out), and the frames of the following."""
    if data.poses != "uncoupled":
        seen, following = sequence.steps[:count], sequence.steps[count : count + data.future_steps]
        return (
            [step.pose for step in seen[-data.past_steps :]],
            [step.pose for step in following],
            [step.frame for step in following],
        )
    now, every = sequence.steps[count - 1].frame, data.uncoupled_every_s * sequence.clip.video.rate_hz
    before = [now - round(every * back) for back in range(data.past_steps)]
    after = [now + round(every * ahead) for ahead in range(1, data.future_steps + 1)]
    after = [frame for frame in after if frame < sequence.clip.video.frame_count]
    at = sequence.track.at
    return [at(frame) for frame in reversed(before) if frame >= 0], [at(frame) for frame in after], after


def _notes(sequences: dict[str, list[Steps]]) -> list[str]:
    """What a person should know of the data before they trust a figure."""
    everything = [each for part in sequences.values() for each in part]
    steps = [step for each in everything for step in each.steps]
    unmarked = sum(each.unmarked for each in everything)
    blind = sum(not step.pose.visible.any() for step in steps)
    estimated = len({each.clip.id for each in everything if each.view.camera.estimated})
    clips = len({each.clip.id for each in everything})
    notes = [f"{counted(len(steps), 'step')} in {counted(len(everything), 'sequence')} of {counted(clips, 'clip')}"]
    if unmarked:
        notes.append(f"Left out for want of a characteristic pose: {counted(unmarked, 'segment')}")
    unseen = sum(each.drafts for each in everything)
    if unseen:
        notes.append(f"Left out as drafts of a model that nobody has looked at: {counted(unseen, 'segment')}")
    drafts = sum(step.is_draft for step in steps)
    if drafts:
        notes.append(f"Nobody chose {drafts} of the characteristic poses yet: they are drafts")
    if blind:
        notes.append(f"Nobody was seen in {counted(blind, 'step')}: they teach actions only")
    if estimated:
        notes.append(f"The camera of {counted(estimated, 'clip')} is estimated: 3D sizes there are guesses")
    return notes

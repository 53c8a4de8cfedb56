"""What was seen and done so far → what came next: the windows a forecaster learns from and is measured on.

A *window* stands at a step of a sequence: the last N steps up to it, oldest first and padded on the left, and up to M
that followed. Nothing in its inputs comes from a later step: no pose, no action, no object, no neck.
A step has three *times*, seconds: from the instant of the step before to its own (0 for the first of a sequence), from
its segment's start to its instant, and from there to the segment's end; NaN where there is no step or no rate. The end
of a segment that still goes on at the last seen instant has not been seen: NaN in the inputs too.
Letters: W windows, N past steps, M future steps, O objects; poses as in `datasets.steps`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import msgspec
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.configs import ForecasterData
from core.datasets.catalog import Parts, fingerprint, parts_of
from core.datasets.steps import JOINTS, UNSEEN, ReadTracks, SeenPose, View, clip_sequences
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
                hint="A step is a segment with its characteristic pose (C on the Annotate page): mark two in a clip. "
                "Where segments are to be enough, set data.poses=middle.",
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
    found = [
        _windows_at(sequence, np.arange(1, len(sequence.steps)), vocabulary, data, number)
        for number, sequence in enumerate(sequences)
        if len(sequence.steps) > 1
    ]
    if not found:
        return stacked([], vocabulary, data)
    return Windows(**{name: np.concatenate([each[name] for each in found]) for name in found[0]})


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
    one = _windows_at(sequence, np.array([count]), vocabulary, data, number)
    return {name: each[0] for name, each in one.items()}


def windows_at(moments: Sequence[tuple[Steps, int]], vocabulary: Vocabulary, data: ForecasterData) -> Windows:
    """The windows of these sequences of which so many steps have been seen, in this order.

    Moments of one sequence that follow each other share the work.
    """
    runs = [(steps, [seen for _, seen in run]) for steps, run in _by_sequence(moments)]
    found = [
        _windows_at(steps, np.array(counts), vocabulary, data, number) for number, (steps, counts) in enumerate(runs)
    ]
    if not found:
        return stacked([], vocabulary, data)
    return Windows(**{name: np.concatenate([each[name] for each in found]) for name in found[0]})


def _by_sequence(moments: Sequence[tuple[Steps, int]]) -> Iterator[tuple[Steps, list[tuple[Steps, int]]]]:
    for _, run in groupby(moments, key=lambda each: id(each[0])):
        together = list(run)
        yield together[0][0], together


def _windows_at(
    sequence: Steps, counts: Int[ndarray, " W"], vocabulary: Vocabulary, data: ForecasterData, number: int
) -> dict[str, ndarray]:
    """The windows of one sequence of which so many steps have been seen."""
    steps, view, windows = sequence.steps, sequence.view, len(counts)
    past = counts[:, None] + np.arange(-data.past_steps, 0)
    ahead = counts[:, None] + np.arange(data.future_steps)
    nothing = len(steps)  # the row behind the last step
    past, ahead = np.where(past >= 0, past, nothing), np.minimum(ahead, nothing)
    actions = np.array([*(vocabulary.action(step.action) for step in steps), UNKNOWN])
    involved = np.zeros((nothing + 1, len(vocabulary.objects)), bool)
    if data.objects:
        for row, step in enumerate(steps):
            involved[row] = _involved(vocabulary, step.objects)
    so_far = np.concatenate((np.zeros_like(involved[:1]), np.logical_or.accumulate(involved[:-1])))  # by count
    times, ends = _times(sequence), np.array([*(step.end_frame for step in steps), 0])
    seen_times = times[past]
    now = np.array([step.frame for step in steps])[counts - 1]
    seen_times[ends[past] > now[:, None], -1] = np.nan
    poses = _poses_at(sequence, counts, data, past, ahead)
    rays = _rays(poses.necks_px, view)

    def same(value: ndarray | float) -> ndarray:
        return np.repeat(np.asarray(value, np.float32)[None], windows, 0)

    return {
        "sequence": np.full(windows, number),
        "seen_count": counts.astype(np.int64),
        "seen_actions": actions[past],
        "seen_poses": poses.seen,
        "seen_visible": poses.seen_visible,
        "seen_real": past < nothing,
        "objects": so_far[counts],
        "next_actions": actions[ahead],
        "next_poses": poses.following,
        "next_visible": poses.following_visible,
        "next_frames": poses.frames,
        "next_count": (ahead < nothing).sum(1),
        "tilt": same(view.tilt),
        "ray": rays[:, -1],
        "depth_m": same(view.depth_m),
        "scale_px": same(view.scale_px),
        "torso_px": same(view.torso_px),
        "seen_times": seen_times,
        "next_times": times[ahead],
        "seen_objects": involved[past],
        "earlier_objects": so_far[np.maximum(counts - data.past_steps, 0)],
        "next_objects": involved[ahead],
        "seen_rays": rays,
    }


@lru_cache(4096)
def _involved(vocabulary: Vocabulary, objects: tuple[str, ...]) -> Bool[ndarray, " O"]:
    return vocabulary.involved(objects)


class _Poses(NamedTuple):
    """What windows of one sequence look like, and where the necks of the seen poses were (NaN where not seen)."""

    seen: Float[ndarray, "W N 9 2"]
    seen_visible: Bool[ndarray, "W N 9"]
    necks_px: Float[ndarray, "W N 2"]
    following: Float[ndarray, "W M 9 2"]
    following_visible: Bool[ndarray, "W M 9"]
    frames: Int[ndarray, "W M"]


def _poses_at(
    sequence: Steps,
    counts: Int[ndarray, " W"],
    data: ForecasterData,
    past: Int[ndarray, "W N"],
    ahead: Int[ndarray, "W M"],
) -> _Poses:
    """`past` and `ahead` are places in the sequence's steps; poses that are bound to none are looked up one by one."""
    if data.poses != "uncoupled":
        every = [*(step.pose for step in sequence.steps), UNSEEN]
        frames = np.array([*(step.frame for step in sequence.steps), UNKNOWN])[ahead]
    else:
        every, rows = [UNSEEN], []
        for count in counts:
            seen, following, later = poses_around(sequence, int(count), data)
            rows.append((len(every), len(seen), len(following), later))
            every += [*seen, *following]
        past, ahead = np.zeros_like(past), np.zeros_like(ahead)
        frames = np.full_like(ahead, UNKNOWN)
        for row, (first, seen_count, following_count, later) in enumerate(rows):
            past[row, past.shape[1] - seen_count :] = first + np.arange(seen_count)
            ahead[row, :following_count] = first + seen_count + np.arange(following_count)
            frames[row, :following_count] = later
    joints = np.stack([pose.joints for pose in every])
    visible = np.stack([pose.visible for pose in every])
    necks = np.stack([pose.neck_px for pose in every])
    return _Poses(joints[past], visible[past], necks[past], joints[ahead], visible[ahead], frames)


def _rays(necks_px: Float[ndarray, "W N 2"], view: View) -> Float[ndarray, "W N 2"]:
    """At each step, where the last neck seen by then lies at depth 1; before the first one, that one's place."""
    seen = np.asarray(np.isfinite(necks_px).all(-1))
    last = np.maximum.accumulate(np.where(seen, np.arange(seen.shape[1]), -1), axis=1)
    last = np.where(last < 0, seen.argmax(1)[:, None], last)
    rays = (necks_px - view.camera.centre_px) / view.camera.focal_px
    rays = np.where(seen[..., None], rays, 0.0)  # straight ahead for a neck never seen
    return np.take_along_axis(rays, last[..., None], axis=1).astype(np.float32)


def _times(sequence: Steps) -> Float[ndarray, "S 3"]:
    """Times of every step, and a row of nothing."""
    rate_hz, steps = sequence.clip.video.rate_hz, sequence.steps
    times = np.full((len(steps) + 1, TIMES), np.nan, np.float32)
    if rate_hz > 0:
        for row, step in enumerate(steps):
            before = steps[max(row - 1, 0)]
            times[row] = (step.frame - before.frame, step.frame - step.start_frame, step.end_frame - step.frame)
    return np.maximum(times, 0) / rate_hz if rate_hz > 0 else times


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

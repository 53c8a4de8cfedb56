"""Makes a timeline's contents anew at each edit, at the cost of what changed.

A clip is a value, so what an edit left alone is the very same object before and after: what both states begin and end
with is kept, and only the stretch between is read again. Whatever else differs (another clip, other labels, other
people, a change all over the clip) makes everything anew. The result is always what `contents_of` would make.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray

from core.project.annotations import CharacteristicPose, Clip, Project, Segment
from core.project.labelling import ranges
from studio.widgets.clip_time import ClipTime
from studio.widgets.timeline_contents import (
    PoseMarks,
    SegmentTrack,
    TimelineContents,
    bounds_of,
    contents_of,
    gaps_between,
    is_unseen,
    least_gap,
    merged_marks,
    people_of,
    rows_of_overlaps,
)

MOST_CHANGED = 400
"""What changes more at once is read as a whole."""
_CHUNK = 512


@dataclass(frozen=True, eq=False)
class _Change:
    """Where two tuples differ: both begin with the same `first` items and end with the same ones."""

    first: int
    old: tuple
    new: tuple

    def spliced(self, whole: ndarray, part: Sequence) -> ndarray:
        """An array of the old state with the new part in place of the old."""
        tail = whole[self.first + len(self.old) :]
        return np.concatenate([whole[: self.first], np.asarray(part, dtype=whole.dtype), tail])


@dataclass(frozen=True, eq=False)
class _State:
    """A clip as arrays: by segment, in the clip's order, and by pose."""

    clip: Clip
    project: Project
    people: int
    poseless: frozenset[str]
    contents: TimelineContents
    starts: Int[ndarray, " segments"]
    ends: Int[ndarray, " segments"]
    labels: Int[ndarray, " segments"]
    ids: ndarray
    """Of strings, as objects."""
    whose: Int[ndarray, " segments"]
    drafts: Bool[ndarray, " segments"]
    lacks: Bool[ndarray, " segments"]
    pose_segments: ndarray
    """Of strings, as objects."""
    pose_frames: Int[ndarray, " poses"]
    pose_labels: Int[ndarray, " poses"]
    pose_drafts: Bool[ndarray, " poses"]


class ContentsMaker:
    """Remembers the last state; `of` gives the contents of another."""

    def __init__(self) -> None:
        self._was: _State | None = None
        self._posed: dict[str, CharacteristicPose] = {}
        self._known: dict[str, Segment] = {}

    def of(self, project: Project, clip: Clip, time: ClipTime, *, people: int = 1) -> TimelineContents:
        """What `contents_of` makes of the clip."""
        was = self._was
        if was is not None and was.contents.time is time and self._is_like(was, project, clip, people):
            segments = change(was.clip.segments, clip.segments)
            poses = change(was.clip.poses, clip.poses)
            if len(segments.old) + len(segments.new) + len(poses.old) + len(poses.new) <= MOST_CHANGED:
                made = self._changed(was, clip, segments, poses)
                if made is not None:
                    self._was = replace(made, project=project)
                    return self._was.contents
        return self._anew(project, clip, time, people)

    @staticmethod
    def _is_like(was: _State, project: Project, clip: Clip, people: int) -> bool:
        """Whether only segments and poses may differ."""
        same = was.people == people and was.project.labels is project.labels and was.clip.id == clip.id
        return same and was.clip.actors == clip.actors and was.clip.performer == clip.performer

    def _anew(self, project: Project, clip: Clip, time: ClipTime, people: int) -> TimelineContents:
        contents = contents_of(project, clip, time, people=people)
        self._posed = {each.segment: each for each in clip.poses}
        self._known = {each.id: each for each in clip.segments}
        _, whose = people_of(clip, people)
        numbers = {track.actor: at for at, track in enumerate(contents.tracks)}
        order = np.array([numbers[each] for each in whose], dtype=np.int64)
        count, poseless = len(clip.segments), ranges(project)
        starts, ends, labels = (np.zeros(count, dtype=np.int64) for _ in range(3))
        drafts = np.zeros(count, dtype=bool)
        for number, track in enumerate(contents.tracks):
            at = order == number
            starts[at], ends[at], labels[at], drafts[at] = track.starts, track.ends, track.labels, track.drafts
        lacks = [each.id not in self._posed and each.action not in poseless for each in clip.segments]
        marks = contents.poses
        there = ~marks.missing
        self._was = None
        if all(each.segment in self._known for each in clip.poses):
            self._was = _State(
                clip, project, people, poseless, contents, starts, ends, labels,
                np.array(list(self._known), dtype=object), order, drafts, np.array(lacks, dtype=bool),
                np.array([each.segment for each in clip.poses], dtype=object), marks.frames[there],
                marks.labels[there], marks.drafts[there],
            )  # fmt: skip
        return contents

    def _changed(self, was: _State, clip: Clip, segments: _Change, poses: _Change) -> _State | None:
        """The next state, or None where it is easier to read everything."""
        contents = was.contents
        numbers = {track.actor: at for at, track in enumerate(contents.tracks)}
        alone = clip.actors[0].id if len(clip.actors) == 1 and was.people < 2 else ""
        actors = [each.actor or alone for each in segments.new]
        if any(each not in numbers for each in actors):
            return None
        for each in poses.old:
            self._posed.pop(each.segment, None)
        self._posed |= {each.segment: each for each in poses.new}
        for each in segments.old:
            self._known.pop(each.id, None)
        self._known |= {each.id: each for each in segments.new}
        known = {each.id: at for at, each in enumerate(was.project.actions())}
        words = [known.get(each.action, len(known)) for each in segments.new]
        whose = segments.spliced(was.whose, [numbers[each] for each in actors])
        strangers = [at for at, each in enumerate(contents.tracks) if not _is_listed(clip, each)]
        if len(strangers) > 1 or (len(contents.tracks) > 1 and any(not (whose == at).any() for at in strangers)):
            return None  # who stands in no list has a track only while they have segments
        state = replace(
            was,
            clip=clip,
            starts=segments.spliced(was.starts, [each.start_frame for each in segments.new]),
            ends=segments.spliced(was.ends, [each.end_frame for each in segments.new]),
            labels=segments.spliced(was.labels, words),
            ids=segments.spliced(was.ids, [each.id for each in segments.new]),
            whose=whose,
            drafts=segments.spliced(was.drafts, [False] * len(segments.new)),
            lacks=segments.spliced(was.lacks, [False] * len(segments.new)),
        )
        self._look_again(state, segments, poses)
        labels = self._pose_labels(state, was, segments, poses)
        if labels is None:
            return None
        frames = poses.spliced(was.pose_frames, [each.frame for each in poses.new])
        drafts = poses.spliced(was.pose_drafts, [each.is_draft for each in poses.new])
        state = replace(
            state,
            pose_segments=poses.spliced(was.pose_segments, [each.segment for each in poses.new]),
            pose_frames=frames,
            pose_drafts=drafts,
            pose_labels=labels,
        )
        tracks = tuple(self._track(state, was, segments, at, each) for at, each in enumerate(contents.tracks))
        marks = self._marks(state, was)
        gaps = gaps_between(state.starts, state.ends, least_gap(contents.time))
        return replace(state, contents=replace(contents, tracks=tracks, poses=marks, gaps=gaps))

    def _look_again(self, state: _State, segments: _Change, poses: _Change) -> None:
        """Whether the changed segments, and those whose poses changed, are drafts and lack a pose."""
        places = list(range(segments.first, segments.first + len(segments.new)))
        inside = {each.id for each in segments.new}
        others = {each.segment for each in (*poses.old, *poses.new)} - inside
        places += [self._place(state, each) for each in others if each in self._known]
        for at in places:
            segment = state.clip.segments[at]
            pose = self._posed.get(segment.id)
            state.drafts[at] = segment.is_draft or (pose is not None and is_unseen(pose))
            state.lacks[at] = pose is None and segment.action not in state.poseless

    def _pose_labels(
        self, state: _State, was: _State, segments: _Change, poses: _Change
    ) -> Int[ndarray, " poses"] | None:
        """The label of each pose's segment, read again where either changed; None where one has no segment."""
        gone = {each.id for each in segments.old} - {each.id for each in segments.new}
        if any(each in self._posed for each in gone):
            return None
        if any(each.segment not in self._known for each in poses.new):
            return None
        words = [int(state.labels[self._place(state, each.segment)]) for each in poses.new]
        labels = poses.spliced(was.pose_labels, words)
        actions = {each.id: each.action for each in segments.old}
        renamed = {each.id for each in segments.new if actions.get(each.id) != each.action} & self._posed.keys()
        if renamed:
            for at, each in enumerate(state.clip.poses):
                if each.segment in renamed:
                    labels[at] = state.labels[self._place(state, each.segment)]
        return labels

    def _place(self, state: _State, segment_id: str) -> int:
        """Where a segment stands in the clip: segments come by start."""
        at = int(np.searchsorted(state.starts, self._known[segment_id].start_frame))
        while state.clip.segments[at].id != segment_id:
            at += 1
        return at

    def _marks(self, state: _State, was: _State) -> PoseMarks:
        """The poses there are and those that are missing."""
        same = state.clip.poses is was.clip.poses
        if same and not state.lacks.any() and not was.lacks.any():
            return replace(was.contents.poses, labels=state.pose_labels)
        at = np.nonzero(state.lacks)[0]
        middles = (state.starts[at] + state.ends[at]) // 2
        return merged_marks(
            state.pose_segments,
            state.pose_frames, state.pose_labels, state.pose_drafts, state.ids[at], middles, state.labels[at],
        )  # fmt: skip

    @staticmethod
    def _track(state: _State, was: _State, segments: _Change, number: int, track: SegmentTrack) -> SegmentTrack:
        """One person's track; what did not change about it is kept."""
        before = was.whose == number
        first = int(np.count_nonzero(before[: segments.first]))
        gone = int(np.count_nonzero(before[segments.first : segments.first + len(segments.old)]))
        here = state.whose[segments.first : segments.first + len(segments.new)] == number
        ids = [each.id for each, mine in zip(segments.new, here.tolist(), strict=True) if mine]
        mine = slice(None) if len(was.contents.tracks) == 1 else np.nonzero(state.whose == number)[0]
        drafts = state.drafts[mine]
        if not gone and not ids:
            return track if np.array_equal(drafts, track.drafts) else replace(track, drafts=drafts)
        starts, ends = state.starts[mine], state.ends[mine]
        rows = _rows(track, starts, ends, first, gone, len(ids))
        names = (*track.ids[:first], *ids, *track.ids[first + gone :])
        return replace(track, ids=names, starts=starts, ends=ends, labels=state.labels[mine], rows=rows, drafts=drafts)


def _rows(
    track: SegmentTrack,
    starts: Int[ndarray, " segments"],
    ends: Int[ndarray, " segments"],
    first: int,
    gone: int,
    come: int,
) -> Int[ndarray, " segments"]:
    """The rows of overlaps, found again from the last bound before what changed to the first common one behind it."""
    bounds, old = bounds_of(starts, ends), bounds_of(track.starts, track.ends)
    if bounds.all():
        return np.zeros(len(starts), dtype=np.int64)
    heads = np.nonzero(bounds[: first + 1])[0]
    low = int(heads[-1]) if len(heads) else 0
    tail = min(len(starts) - first - come, len(track.starts) - first - gone)
    common = bounds[len(starts) - tail :] & old[len(old) - tail :]
    behind = np.nonzero(common)[0]
    kept = tail - int(behind[0]) if len(behind) else 0
    high = len(starts) - kept
    middle = rows_of_overlaps(starts[low:high], ends[low:high])
    return np.concatenate([track.rows[:low], middle, track.rows[len(track.rows) - kept :]])


def change(old: tuple, new: tuple) -> _Change:
    """Where two tuples of values differ."""
    shorter = min(len(old), len(new))
    first = _common(old, new, shorter)
    last = _common_behind(old, new, shorter - first)
    return _Change(first, old[first : len(old) - last], new[first : len(new) - last])


def _common(old: tuple, new: tuple, most: int) -> int:
    """How many items both begin with; slices are compared at once, items that are the same one are not looked into."""
    at = 0
    while at < most and old[at : min(at + _CHUNK, most)] == new[at : min(at + _CHUNK, most)]:
        at = min(at + _CHUNK, most)
    while at < most and old[at] == new[at]:
        at += 1
    return at


def _common_behind(old: tuple, new: tuple, most: int) -> int:
    at, one, other = 0, len(old), len(new)
    while at < most:
        step = min(_CHUNK, most - at)
        if old[one - at - step : one - at] != new[other - at - step : other - at]:
            break
        at += step
    while at < most and old[one - at - 1] == new[other - at - 1]:
        at += 1
    return at


def _is_listed(clip: Clip, track: SegmentTrack) -> bool:
    return any(each.id == track.actor for each in clip.actors)

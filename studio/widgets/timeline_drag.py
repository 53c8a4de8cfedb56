"""What a drag on the timeline does, as values: the segments and poses it would change, and what it snaps to.

A drag begins on an item, has an outcome for every frame the pointer reaches, and is either given back or becomes one
edit. Nothing here knows a widget. Frames count from 0, ends are exclusive.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from studio.widgets.timeline_contents import TimelineContents

Span = tuple[str, int, int]
"""A segment's id, its start and its end."""


@dataclass(frozen=True)
class DragOutcome:
    """What would be true if the pointer let go now."""

    spans: tuple[Span, ...] = ()
    pose: tuple[str, int] | None = None
    frame: int = 0
    """The frame the picture shows meanwhile: the one at the moved end."""
    snapped: int | None = None
    copies: bool = False
    """The segments stay where they are, and `spans` are others like them."""
    behind: "Behind | None" = None
    """What a ripple would move beside `spans`."""
    by: int = 0
    """By how many frames."""


@dataclass(frozen=True, eq=False)
class Behind:
    """Everything of one person from a frame on: `segments` of their track, and `marks` among the poses."""

    track: int
    segments: Bool[ndarray, " segments"]
    marks: Bool[ndarray, " poses"]

    @property
    def count(self) -> int:
        return int(self.segments.sum())


@dataclass(frozen=True)
class EndDrag:
    """One end of a segment; an end it shares with a neighbour takes the neighbour along, unless `alone`."""

    segment: str
    end: Literal["start", "end"]
    alone: bool = False

    def outcome(self, contents: TimelineContents, frame: int) -> DragOutcome:
        span = contents.segment_at(self.segment)
        if span is None:
            return DragOutcome(frame=frame)
        start, end = span
        neighbour = None if self.alone else _sharing(contents, self.segment, self.end)
        low, high = 0, contents.time.frame_count
        if self.end == "start":
            high = end - 1
            low = neighbour[1] + 1 if neighbour else low
            frame = max(low, min(frame, high))
            spans = [(self.segment, frame, end)]
            if neighbour:
                spans.append((neighbour[0], neighbour[1], frame))
            return DragOutcome(tuple(spans), frame=frame)
        low = start + 1
        high = neighbour[2] - 1 if neighbour else high
        frame = max(low, min(frame, high))
        spans = [(self.segment, start, frame)]
        if neighbour:
            spans.append((neighbour[0], frame, neighbour[2]))
        return DragOutcome(tuple(spans), frame=min(frame, contents.time.frame_count - 1))


@dataclass(frozen=True)
class MoveDrag:
    """Whole segments, all by the same number of frames; `grip` is the frame the pointer took hold of."""

    segments: tuple[str, ...]
    grip: int

    def outcome(self, contents: TimelineContents, frame: int) -> DragOutcome:
        spans, first, last = _block(contents, self.segments)
        if not spans:
            return DragOutcome(frame=frame)
        by = max(-first, min(frame - self.grip, contents.time.frame_count - last))
        return DragOutcome(
            tuple((name, start + by, end + by) for name, start, end in spans), frame=contents.time.clamp(first + by)
        )


@dataclass(frozen=True)
class CopyDrag(MoveDrag):
    """Copies of whole segments, while they stay."""

    def outcome(self, contents: TimelineContents, frame: int) -> DragOutcome:
        return replace(super().outcome(contents, frame), copies=True)


@dataclass(frozen=True, eq=False)
class RippleDrag:
    """One end of a segment, and everything of that person behind it as far; taken by its start, the segment too."""

    segment: str
    end: Literal["start", "end"]
    behind: Behind
    was: int
    low: int
    high: int
    """How far the end may go so that everything stays in the clip."""

    def outcome(self, contents: TimelineContents, frame: int) -> DragOutcome:
        span = contents.segment_at(self.segment)
        if span is None:
            return DragOutcome(frame=frame)
        frame = max(self.low, min(frame, self.high))
        by = frame - self.was
        start, end = (span[0] + by, span[1] + by) if self.end == "start" else (span[0], frame)
        shown = contents.time.clamp(frame)
        return DragOutcome(((self.segment, start, end),), frame=shown, behind=self.behind, by=by)


def ripple_drag(contents: TimelineContents, segment: str, end: Literal["start", "end"]) -> RippleDrag | None:
    """A ripple of this end; None where the segment is gone."""
    place = contents.place_of(segment)
    if place is None:
        return None
    track = contents.tracks[place[0]]
    start, stop = int(track.starts[place[1]]), int(track.ends[place[1]])
    was = start if end == "start" else stop
    segments = track.starts >= was
    segments[place[1]] = end == "start"
    moved = {track.ids[at] for at in np.nonzero(segments)[0].tolist()}
    marks = np.array([each in moved for each in contents.poses.segments], dtype=bool)
    last = int(max(track.ends[segments].max(initial=0), was))
    high = was + max(contents.time.frame_count - last, 0)
    poses = contents.poses.frames[marks & ~contents.poses.missing]
    first = min(int(track.starts[segments].min(initial=was)), int(poses.min(initial=was)))
    low = start + 1 if end == "end" else was - first
    if end == "end":
        low = max(low, was - first)
    return RippleDrag(segment, end, Behind(place[0], segments, marks), was, low, high)


@dataclass(frozen=True)
class PoseDrag:
    """A characteristic pose along time."""

    segment: str

    def outcome(self, contents: TimelineContents, frame: int) -> DragOutcome:
        frame = contents.time.clamp(frame)
        return DragOutcome(pose=(self.segment, frame), frame=frame)


Drag = EndDrag | MoveDrag | RippleDrag | PoseDrag


def snap_targets(contents: TimelineContents, playhead: int, leave_out: Iterable[str]) -> list[int]:
    """Frames a drag is drawn to: ends of the other segments, poses, the playhead, the clip's own ends."""
    out = set(leave_out)
    found = [np.array([0, contents.time.frame_count, playhead], dtype=np.int64)]
    for track in contents.tracks:
        others = np.ones(len(track.ids), dtype=bool)
        others[[at for each in out if (at := track.place(each)) is not None]] = False
        found += [track.starts[others], track.ends[others]]
    marks = contents.poses
    there = ~marks.missing
    there[[at for each in out if (at := marks.place(each)) is not None]] = False
    found.append(marks.frames[there])
    return np.unique(np.concatenate(found)).tolist()


def snap(frame: float, targets: Sequence[int], reach: float) -> int | None:
    """The target (they come in order) nearest to `frame` within `reach` frames, or None."""
    at = bisect_left(targets, frame)
    nearest = min(targets[max(at - 1, 0) : at + 1], key=lambda each: abs(each - frame), default=None)
    return nearest if nearest is not None and abs(nearest - frame) <= reach else None


def dragged(drag: Drag, contents: TimelineContents, frame: float, targets: Sequence[int], reach: float) -> DragOutcome:
    """The outcome of `drag` with the pointer at `frame`, drawn to a target that is near."""
    plain = drag.outcome(contents, round(frame))
    candidates: list[tuple[float, int, int]] = []  # distance, target, pointer frame that lands on it
    if isinstance(drag, MoveDrag):
        # Either end of the block may land on a target.
        spans, first, last = _block(contents, drag.segments)
        if spans:
            for edge in (first, last):
                found = snap(edge + frame - drag.grip, targets, reach)
                if found is not None:
                    candidates.append((abs(edge + frame - drag.grip - found), found, found - edge + drag.grip))
    else:
        found = snap(frame, targets, reach)
        if found is not None:
            candidates.append((abs(frame - found), found, found))
    if not candidates:
        return plain
    _, target, at = min(candidates)
    caught = drag.outcome(contents, at)
    lands = {each for _, start, end in caught.spans for each in (start, end)} | (
        {caught.pose[1]} if caught.pose else set()
    )
    return replace(caught, snapped=target) if target in lands else plain


@lru_cache(1)
def _block(contents: TimelineContents, segments: tuple[str, ...]) -> tuple[tuple[Span, ...], int, int]:
    """The spans of these segments, where the first begins and the last ends; kept while they are dragged."""
    spans = tuple((each, *span) for each in segments if (span := contents.segment_at(each)) is not None)
    return spans, min((each[1] for each in spans), default=0), max((each[2] for each in spans), default=0)


def held(drag: Drag) -> tuple[str, ...]:
    """The segments a drag took hold of."""
    return drag.segments if isinstance(drag, MoveDrag) else (drag.segment,)


def _sharing(contents: TimelineContents, segment: str, end: Literal["start", "end"]) -> Span | None:
    """The neighbour on the same track that ends where this one starts, or starts where it ends."""
    place = contents.place_of(segment)
    if place is None:
        return None
    track = contents.tracks[place[0]]
    edge = track.starts[place[1]] if end == "start" else track.ends[place[1]]
    others = track.ends == edge if end == "start" else track.starts == edge
    for at in others.nonzero()[0].tolist():
        if track.ids[at] != segment:
            return track.ids[at], int(track.starts[at]), int(track.ends[at])
    return None

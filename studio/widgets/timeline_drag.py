"""What a drag on the timeline does, as values: the segments and poses it would change, and what it snaps to.

A drag begins on an item, has an outcome for every frame the pointer reaches, and is either given back or becomes one
edit. Nothing here knows a widget. Frames count from 0, ends are exclusive.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

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
        spans = [(each, *span) for each in self.segments if (span := contents.segment_at(each)) is not None]
        if not spans:
            return DragOutcome(frame=frame)
        first, last = min(each[1] for each in spans), max(each[2] for each in spans)
        by = max(-first, min(frame - self.grip, contents.time.frame_count - last))
        return DragOutcome(
            tuple((name, start + by, end + by) for name, start, end in spans), frame=contents.time.clamp(first + by)
        )


@dataclass(frozen=True)
class PoseDrag:
    """A characteristic pose along time."""

    segment: str

    def outcome(self, contents: TimelineContents, frame: int) -> DragOutcome:
        frame = contents.time.clamp(frame)
        return DragOutcome(pose=(self.segment, frame), frame=frame)


Drag = EndDrag | MoveDrag | PoseDrag


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
        spans = [span for each in drag.segments if (span := contents.segment_at(each)) is not None]
        if spans:
            for edge in (min(each[0] for each in spans), max(each[1] for each in spans)):
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
    return DragOutcome(caught.spans, caught.pose, caught.frame, target) if target in lands else plain


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

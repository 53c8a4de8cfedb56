"""Where a row of the timeline shows something else than before, as stretches along x. Functions of values; no painting.

An edit changes a segment and its pose; saying where costs less than painting everything that lies beside them. None
is the answer where a row has too much in it, or everything moved: then it is painted as a whole.
"""

from studio.widgets import painting
from studio.widgets.timeline_axis import Axis
from studio.widgets.timeline_contents import PoseMarks, SegmentTrack, Span

MOST = 2000
"""A row with more in it is painted as a whole."""
SLACK = 3.0
"""How far a segment is painted beyond its ends."""
REACH = 12.0
"""The same of a pose's diamond on either side."""
Stretches = list[tuple[float, float]]


def of_segments(
    axis: Axis,
    before: SegmentTrack,
    after: SegmentTrack,
    chosen: tuple[frozenset[str], frozenset[str]],
    gaps: tuple[tuple[Span, ...], tuple[Span, ...]],
) -> Stretches | None:
    """Of one person's segments; which are chosen, and the gaps shown among them, before and after."""
    if before.row_count != after.row_count or max(len(before.ids), len(after.ids)) > MOST:
        return None
    spans = [each[1:3] for each in _segments_of(before) ^ _segments_of(after)] if before is not after else []
    for segment in chosen[0] ^ chosen[1]:
        for track in (before, after):
            at = track.place(segment)
            if at is not None:
                spans.append((int(track.starts[at]), int(track.ends[at])))
    spans += set(gaps[0]) ^ set(gaps[1])
    return [(axis.x(start) - SLACK, axis.x(end) + SLACK) for start, end in spans]


def _segments_of(track: SegmentTrack) -> set[tuple[str, int, int, int, int, bool]]:
    arrays = (track.starts, track.ends, track.labels, track.rows, track.drafts)
    return set(zip(track.ids, *(each.tolist() for each in arrays), strict=True))


def of_poses(
    axis: Axis, before: PoseMarks, after: PoseMarks, chosen: tuple[frozenset[str], frozenset[str]], words: str
) -> Stretches | None:
    """Of the poses. A missing one says `words` where the next leaves room: a change reaches from mark to mark."""
    if max(len(before.segments), len(after.segments)) > MOST:
        return None
    wide, stretches = painting.words_width(words, 10.5) + 2 * REACH, []
    other = {each[0] for each in _poses_of(before) ^ _poses_of(after)} | (chosen[0] ^ chosen[1])
    for marks in (before, after):
        frames = marks.frames.tolist()
        for at, segment in enumerate(marks.segments):
            if segment in other:
                left = axis.x(frames[max(at - 1, 0)])
                right = max(axis.x(frames[min(at + 1, len(frames) - 1)]), axis.x(frames[at]) + wide)
                stretches.append((left - REACH, right + REACH))
    # What one state lacks can reach further in the other: both are painted from mark to mark of either.
    return stretches


def _poses_of(marks: PoseMarks) -> set[tuple[str, int, int, bool, bool]]:
    arrays = (marks.frames, marks.labels, marks.missing, marks.drafts)
    return set(zip(marks.segments, *(each.tolist() for each in arrays), strict=True))

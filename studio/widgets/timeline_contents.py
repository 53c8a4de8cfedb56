"""What a timeline shows of one clip, as arrays that are quick to paint and to search, and where it lies on the screen.

`TimelineContents` is a value made anew from the project at each change. Frames count from 0, ends are exclusive, and
frame f takes the stretch from x(f) to x(f + 1). Positions on the screen are in the widget's own pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.motion import SEEN, Poses2d
from core.project.annotations import Clip, Project, Segment
from core.project.edits import BACKGROUND
from core.project.provenance import run_of
from studio.widgets.clip_time import ClipTime

UNKNOWN_COLOUR = "#6B707B"
ACTOR_NOT_SAID = "Actor not said"
GAP_S = 0.2
"""A shorter stretch without a segment is no gap anybody would fill."""
Span = tuple[int, int]


@dataclass(frozen=True)
class LabelLook:
    """How a label appears: its word, its key, its colour, and its place in the list (which decides the hatch)."""

    name: str
    key: str
    colour: str
    place: int


@dataclass(frozen=True, eq=False)
class SegmentTrack:
    """The segments of one person, by start frame. `rows` is 1 where a segment overlaps one before it."""

    name: str
    actor: str
    places: dict[str, int]
    """Segment id → its place in this track. The ids stand in the order of the arrays."""
    ids: tuple[str, ...]
    starts: Int[ndarray, " segments"]
    ends: Int[ndarray, " segments"]
    labels: Int[ndarray, " segments"]
    rows: Int[ndarray, " segments"]
    drafts: Bool[ndarray, " segments"]
    """A model foresaw it or its pose, and nobody has looked at it since."""

    @property
    def row_count(self) -> int:
        return int(self.rows.max()) + 1 if len(self.rows) else 1


@dataclass(frozen=True, eq=False)
class PoseMarks:
    """The characteristic poses, by frame; `missing` marks the places where a segment still lacks one."""

    segments: tuple[str, ...] = ()
    frames: Int[ndarray, " poses"] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    labels: Int[ndarray, " poses"] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    missing: Bool[ndarray, " poses"] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    drafts: Bool[ndarray, " poses"] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """Nobody chose it yet."""

    def frame_of(self, segment: str) -> int | None:
        """Where a segment's pose is; None where it is missing."""
        if segment not in self.segments:
            return None
        at = self.segments.index(segment)
        return None if self.missing[at] else int(self.frames[at])


@dataclass(frozen=True, eq=False)
class TimelineContents:
    """Everything painted, but for the playhead, the selection and what is being dragged."""

    time: ClipTime
    labels: tuple[LabelLook, ...] = ()
    tracks: tuple[SegmentTrack, ...] = ()
    poses: PoseMarks = field(default_factory=PoseMarks)
    confidence: Float[ndarray, " frames"] | None = None
    gaps: tuple[Span, ...] = ()
    """Stretches between the first and the last segment that nothing covers, start and end."""
    video_ends: int | None = None
    """How many frames the video has where that is less than was marked."""

    def place_of(self, segment_id: str) -> tuple[int, int] | None:
        """A segment's track and its place there, or None where it is not here."""
        for number, track in enumerate(self.tracks):
            at = track.places.get(segment_id)
            if at is not None:
                return number, at
        return None

    def segment_at(self, segment_id: str) -> tuple[int, int] | None:
        """Start and end of a segment, or None where it is not here."""
        place = self.place_of(segment_id)
        if place is None:
            return None
        track = self.tracks[place[0]]
        return int(track.starts[place[1]]), int(track.ends[place[1]])


def contents_of(
    project: Project,
    clip: Clip,
    time: ClipTime,
    confidence: Float[ndarray, " frames"] | None = None,
    *,
    people: int = 1,
) -> TimelineContents:
    """What a timeline shows of `clip`; `people` are seen in it. One person's segments need not say whose they are."""
    actions = project.actions()
    looks = [LabelLook(each.name, each.key, each.colour, place) for place, each in enumerate(actions)]
    known = {each.id: place for place, each in enumerate(actions)}
    # A label that is gone from the vocabulary still has its segments; they are shown, and named as what they are.
    looks.append(LabelLook("no label", "", UNKNOWN_COLOUR, 0))
    unknown = len(actions)
    alone = clip.actors[0].id if len(clip.actors) == 1 and people < 2 else ""
    by_actor: dict[str, list[Segment]] = {each.id: [] for each in clip.actors}
    for segment in clip.segments:
        by_actor.setdefault(segment.actor or alone, []).append(segment)
    if not by_actor:
        by_actor[""] = []
    names = {"": ACTOR_NOT_SAID if clip.actors else clip.performer or "Actions"}
    names |= {each.id: each.name for each in clip.actors}
    unseen = {each.id for each in clip.segments if each.is_draft} | {
        each.segment for each in clip.poses if each.is_draft and run_of(each.made.source)
    }
    tracks = tuple(
        _track(names.get(actor, ACTOR_NOT_SAID), actor, segments, known, unknown, unseen)
        for actor, segments in by_actor.items()
    )
    poses = _pose_marks(clip, known, unknown, poseless_actions(project))
    gaps = gaps_of(clip, max(2, round(GAP_S * time.rate_hz)))
    return TimelineContents(time, tuple(looks), tracks, poses, confidence, gaps)


def poseless_actions(project: Project) -> frozenset[str]:
    """The labels whose segments need no characteristic pose: background and unusable."""
    return frozenset(each.id for each in project.actions() if each.name in BACKGROUND)


def gaps_of(clip: Clip, least: int) -> tuple[Span, ...]:
    """Stretches of at least `least` frames between the first and the last segment that no segment covers."""
    if len(clip.segments) < 2:
        return ()
    starts = np.array([each.start_frame for each in clip.segments], dtype=np.int64)
    ends = np.array([each.end_frame for each in clip.segments], dtype=np.int64)
    reached = np.maximum.accumulate(ends)[:-1]
    at = np.nonzero(starts[1:] - reached >= least)[0]
    return tuple(zip(reached[at].tolist(), starts[at + 1].tolist(), strict=True))


def _pose_marks(clip: Clip, known: dict[str, int], unknown: int, poseless: frozenset[str]) -> PoseMarks:
    actions = {each.id: known.get(each.action, unknown) for each in clip.segments}
    posed = [each for each in clip.poses if each.segment in actions]
    segments = [each.segment for each in posed]
    frames = [each.frame for each in posed]
    if len(posed) < len(clip.segments):
        has = set(segments)
        lacking = [each for each in clip.segments if each.id not in has and each.action not in poseless]
        segments += [each.id for each in lacking]
        frames += [(each.start_frame + each.end_frame) // 2 for each in lacking]
    at_frames = np.array(frames, dtype=np.int64)
    labels = np.array([actions[each] for each in segments], dtype=np.int64)
    missing = np.arange(len(segments)) >= len(posed)
    drafts = np.array([each.is_draft for each in posed] + [False] * (len(segments) - len(posed)), dtype=bool)
    if len(posed) < len(segments):  # poses come by frame, what is missing among them
        order = np.argsort(at_frames, kind="stable")
        segments = [segments[at] for at in order.tolist()]
        at_frames, labels, missing, drafts = at_frames[order], labels[order], missing[order], drafts[order]
    return PoseMarks(tuple(segments), at_frames, labels, missing, drafts)


def _track(
    name: str, actor: str, segments: list[Segment], known: dict[str, int], unknown: int, unseen: set[str]
) -> SegmentTrack:
    count = len(segments)
    starts = np.array([each.start_frame for each in segments], dtype=np.int64)
    ends = np.array([each.end_frame for each in segments], dtype=np.int64)
    labels = np.array([known.get(each.action, unknown) for each in segments], dtype=np.int64)
    ids = tuple([each.id for each in segments])
    drafts = np.array([each in unseen for each in ids], dtype=bool)
    places = dict(zip(ids, range(count), strict=True))
    return SegmentTrack(name, actor, places, ids, starts, ends, labels, half_rows(starts, ends), drafts)


def half_rows(starts: Int[ndarray, " segments"], ends: Int[ndarray, " segments"]) -> Int[ndarray, " segments"]:
    """0 for a segment that starts after all before it in the upper row have ended, else 1. Segments come by start."""
    rows = np.zeros(len(starts), dtype=np.int64)
    if len(starts) < 2 or bool((starts[1:] >= np.maximum.accumulate(ends)[:-1]).all()):
        return rows
    upper_ends = -1
    for at, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if start >= upper_ends:
            upper_ends = end
        else:
            rows[at] = 1
    return rows


def confidence_of(poses: Poses2d, track: int = 0) -> Float[ndarray, " frames"]:
    """How sure the 2D joints of one person are, frame by frame: the mean over the joints that are ever seen."""
    if not len(poses) or not 0 <= track < poses.people:
        return np.zeros(len(poses), dtype=np.float32)
    values = np.asarray(poses.confidence[:, track], dtype=np.float32)
    ever = (values >= SEEN).any(axis=0)
    return values[:, ever].mean(axis=1) if ever.any() else np.zeros(len(values), dtype=np.float32)


# ---- where it lies on the screen ------------------------------------------------------------------------------------

MOST_PX_PER_FRAME = 8.0


@dataclass(frozen=True)
class Axis:
    """Frames along x: `first` lies at `left`, and `px_per_frame` says how wide each is."""

    frame_count: int
    left: float
    width: float
    first: float = 0.0
    px_per_frame: float = 1.0

    def x(self, frame: float) -> float:
        return self.left + (frame - self.first) * self.px_per_frame

    def frame(self, x: float) -> float:
        return self.first + (x - self.left) / self.px_per_frame

    @property
    def last(self) -> float:
        """Where the view ends."""
        return self.first + self.width / self.px_per_frame

    @property
    def whole(self) -> float:
        """Pixels a frame has when the whole clip is in view."""
        return self.width / max(self.frame_count, 1)

    def kept_inside(self) -> "Axis":
        """The same view, within the limits of zoom and never past the clip's ends."""
        scale = min(max(self.px_per_frame, self.whole), max(MOST_PX_PER_FRAME, self.whole))
        room = self.frame_count - self.width / scale
        return replace(self, px_per_frame=scale, first=min(max(self.first, 0.0), max(room, 0.0)))

    def zoomed(self, factor: float, x: float) -> "Axis":
        """Closer by `factor`; the frame under `x` stays there."""
        anchor = self.frame(x)
        scale = min(max(self.px_per_frame * factor, self.whole), max(MOST_PX_PER_FRAME, self.whole))
        return replace(self, px_per_frame=scale, first=anchor - (x - self.left) / scale).kept_inside()

    @property
    def closeness(self) -> float:
        """0 with the whole clip in view, 1 as close as it gets; even steps look even."""
        most = max(MOST_PX_PER_FRAME, self.whole)
        return math.log(self.px_per_frame / self.whole) / math.log(most / self.whole) if most > self.whole else 0.0

    def at_closeness(self, share: float, x: float) -> "Axis":
        """The other way round; the frame under `x` stays there."""
        most = max(MOST_PX_PER_FRAME, self.whole)
        return self.zoomed(self.whole * (most / self.whole) ** share / self.px_per_frame, x)

    def panned(self, px: float) -> "Axis":
        return replace(self, first=self.first + px / self.px_per_frame).kept_inside()

    def showing(self, start: float, end: float) -> "Axis":
        """From `start` to `end`, or as near as the limits allow."""
        scale = self.width / max(end - start, 1e-6)
        return replace(self, first=start, px_per_frame=scale).kept_inside()


RowKind = Literal["frames", "segments", "poses", "confidence", "forecast"]


@dataclass(frozen=True)
class Row:
    """One row of the timeline: what it shows, its name, and where it lies. `track` counts the tracks, or the lanes."""

    kind: RowKind
    name: str
    top: float
    height: float
    track: int = -1


RULER, FOOT, GAP = 24.0, 22.0, 3.0
FUTURE_PX = 5.0
"""How high one of several futures lies under the likeliest."""
_HEIGHTS = {"frames": 38.0, "segments": 30.0, "poses": 24.0, "confidence": 18.0, "forecast": 26.0}


def rows_of(
    contents: TimelineContents, height: float, *, with_frames: bool, lanes: Sequence[tuple[str, int]] = ()
) -> tuple[Row, ...]:
    """The rows from top to bottom, spread over a widget `height` pixels high; what does not fit is left out.

    `lanes` are the forecasts' names and how many futures each shows. In a low widget the frames and the 2D confidence
    fold away first.
    """
    wished = _wished(contents, with_frames, lanes)
    room = height - RULER - FOOT - GAP
    for foldable in ("frames", "confidence"):
        if sum(each[2] * 0.95 + GAP for each in wished) > room:
            wished = [each for each in wished if each[0] != foldable]
    needed = sum(each[2] for each in wished)
    scale = max(0.74, min(1.5, (room - len(wished) * GAP) / max(needed, 1.0)))
    rows, top = [], RULER + GAP
    for kind, name, wish, track in wished:
        high = wish * scale
        if top + high > height - FOOT + 0.5:
            break
        rows.append(Row(kind, name, top, high, track))
        top += high + GAP
    return tuple(rows)


def wished_height(contents: TimelineContents, *, with_frames: bool, lanes: Sequence[tuple[str, int]]) -> float:
    """How high a widget must be to show every row at its usual height."""
    return RULER + FOOT + GAP + sum(each[2] + GAP for each in _wished(contents, with_frames, lanes))


def _wished(
    contents: TimelineContents, with_frames: bool, lanes: Sequence[tuple[str, int]]
) -> list[tuple[RowKind, str, float, int]]:
    """Kind, name, usual height and number of every row there could be."""
    wished: list[tuple[RowKind, str, float, int]] = []
    if with_frames:
        wished.append(("frames", "Frames", _HEIGHTS["frames"], -1))
    for at, track in enumerate(contents.tracks):
        wished.append(("segments", track.name, 44.0 if track.row_count > 1 else _HEIGHTS["segments"], at))
    wished.append(("poses", "Poses", _HEIGHTS["poses"], -1))
    if contents.confidence is not None:
        wished.append(("confidence", "2D confidence", _HEIGHTS["confidence"], -1))
    for at, (name, futures) in enumerate(lanes):
        wished.append(("forecast", name, _HEIGHTS["forecast"] + FUTURE_PX * futures, at))
    return wished

"""What a timeline shows of one clip, as arrays that are quick to paint and to search.

`TimelineContents` is a value made from the project; frames count from 0, ends are exclusive. Where it lies on the
screen is in `timeline_axis`.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

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
class SuggestionMarks:
    """Frames that look characteristic for a segment, by frame; an empty one keeps its row on the timeline."""

    segments: tuple[str, ...] = ()
    frames: Int[ndarray, " suggestions"] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    scores: Float[ndarray, " suggestions"] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    """0 … 1: how strong each dot is."""
    words: tuple[str, ...] = ()
    """Of each, its reasons: "arms far out, hands slow"."""
    current: int = -1
    """Which one the keys would accept."""


@dataclass(frozen=True, eq=False)
class TimelineContents:
    """Everything painted, but for the playhead, the selection and what is being dragged."""

    time: ClipTime
    labels: tuple[LabelLook, ...] = ()
    tracks: tuple[SegmentTrack, ...] = ()
    poses: PoseMarks = field(default_factory=PoseMarks)
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
    return TimelineContents(time, tuple(looks), tracks, poses, gaps)


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

"""What a timeline shows of one clip, as arrays that are quick to paint and to search.

`TimelineContents` is a value made from the project; frames count from 0, ends are exclusive. Where it lies on the
screen is in `timeline_axis`.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.project.annotations import CharacteristicPose, Clip, Project
from core.project.labelling import is_range, ranges
from core.project.provenance import run_of
from studio.commands import label_key
from studio.widgets.clip_time import ClipTime
from studio.words import say

UNKNOWN_COLOUR = "#6B707B"
HATCHED = 12
"""The first place in a list of labels that is hatched: what a stretch that nothing is learned from looks like."""
ACTOR_NOT_SAID = "Actor not said"
GAP_S = 0.2
"""A shorter stretch without a segment is no gap anybody would fill."""
Span = tuple[int, int]
_FEW = 32


@dataclass(frozen=True)
class LabelLook:
    """How a label appears: its word, its key, its colour, and its place in the list (which decides the hatch)."""

    name: str
    key: str
    colour: str
    place: int


@dataclass(frozen=True, eq=False)
class SegmentTrack:
    """The segments of one person, by start frame. `rows` counts how many rows down one stands where others overlap."""

    name: str
    actor: str
    ids: tuple[str, ...]
    starts: Int[ndarray, " segments"]
    ends: Int[ndarray, " segments"]
    labels: Int[ndarray, " segments"]
    rows: Int[ndarray, " segments"]
    drafts: Bool[ndarray, " segments"]
    """A model foresaw it or its pose, and nobody has looked at it since."""

    @cached_property
    def row_count(self) -> int:
        return int(self.rows.max()) + 1 if len(self.rows) else 1

    @cached_property
    def places(self) -> dict[str, int]:
        """Segment id → its place in this track."""
        return dict(zip(self.ids, range(len(self.ids)), strict=True))

    def place(self, segment_id: str) -> int | None:
        """A segment's place in this track, or None where it is not here."""
        if "places" in self.__dict__ or len(self._asked) > _FEW:
            return self.places.get(segment_id)
        if segment_id not in self._asked:
            self._asked[segment_id] = self.ids.index(segment_id) if segment_id in self.ids else None
        return self._asked[segment_id]

    @cached_property
    def _asked(self) -> dict[str, int | None]:
        """Of what was asked for so far: a table of all is only worth its while for many questions."""
        return {}


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
        at = self.place(segment)
        return None if at is None or self.missing[at] else int(self.frames[at])

    def place(self, segment: str) -> int | None:
        """The place of a segment's mark, or None where it has none."""
        return self.segments.index(segment) if segment in self.segments else None


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
            at = track.place(segment_id)
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

    def here(self, segment_ids: frozenset[str]) -> frozenset[str]:
        """Those of these segments that are here."""
        if len(segment_ids) <= _FEW:
            return frozenset(each for each in segment_ids if self.place_of(each) is not None)
        return frozenset().union(*(segment_ids & track.places.keys() for track in self.tracks))

    @property
    def overlapping(self) -> int:
        """How many segments lie over another one of the same person."""
        return sum(int((each.rows > 0).sum()) for each in self.tracks)


def contents_of(project: Project, clip: Clip, time: ClipTime, *, people: int = 1) -> TimelineContents:
    """What a timeline shows of `clip`; `people` are seen in it. One person's segments need not say whose they are."""
    actions = project.actions()
    looks = [
        LabelLook(each.name, label_key(each.key), each.colour, HATCHED if is_range(each) else place)
        for place, each in enumerate(actions)
    ]
    known = {each.id: place for place, each in enumerate(actions)}
    # A label that is gone from the vocabulary still has its segments; they are shown, and named as what they are.
    looks.append(LabelLook(say("no label"), "", UNKNOWN_COLOUR, 0))
    unknown = len(actions)
    words = np.array([known.get(each.action, unknown) for each in clip.segments], dtype=np.int64)
    starts = np.array([each.start_frame for each in clip.segments], dtype=np.int64)
    ends = np.array([each.end_frame for each in clip.segments], dtype=np.int64)
    unseen = {each.segment for each in clip.poses if is_unseen(each)}
    drafts = np.array([each.is_draft or each.id in unseen for each in clip.segments], dtype=bool)
    people_here, whose = people_of(clip, people)
    tracks = []
    for actor, name in people_here.items():
        mine = np.array([each == actor for each in whose], dtype=bool)
        at = np.nonzero(mine)[0]
        ids = tuple([clip.segments[place].id for place in at.tolist()])
        rows = rows_of_overlaps(starts[at], ends[at])
        tracks.append(SegmentTrack(name, actor, ids, starts[at], ends[at], words[at], rows, drafts[at]))
    poses = _pose_marks(clip, words, ranges(project))
    gaps = gaps_between(starts, ends, least_gap(time))
    return TimelineContents(time, tuple(looks), tuple(tracks), poses, gaps)


def people_of(clip: Clip, people: int) -> tuple[dict[str, str], list[str]]:
    """Whom the clip has a track for, id to name, and whose each segment is."""
    alone = clip.actors[0].id if len(clip.actors) == 1 and people < 2 else ""
    whose = [each.actor or alone for each in clip.segments]
    names = {each.id: each.name for each in clip.actors}
    nobody = say(ACTOR_NOT_SAID) if clip.actors else clip.performer or say("Actions")
    for actor in dict.fromkeys(whose):
        names.setdefault(actor, say(ACTOR_NOT_SAID) if actor else nobody)
    return names or {"": nobody}, whose


def is_unseen(pose: CharacteristicPose) -> bool:
    """Whether a model foresaw the pose and nobody has looked at it since."""
    return pose.is_draft and bool(run_of(pose.made.source))


def least_gap(time: ClipTime) -> int:
    """In frames."""
    return max(2, round(GAP_S * time.rate_hz))


def gaps_between(starts: Int[ndarray, " segments"], ends: Int[ndarray, " segments"], least: int) -> tuple[Span, ...]:
    """Stretches of at least `least` frames between the first and the last segment that no segment covers."""
    if len(starts) < 2:
        return ()
    reached = np.maximum.accumulate(ends)[:-1]
    at = np.nonzero(starts[1:] - reached >= least)[0]
    return tuple(zip(reached[at].tolist(), starts[at + 1].tolist(), strict=True))


def _pose_marks(clip: Clip, words: Int[ndarray, " segments"], poseless: frozenset[str]) -> PoseMarks:
    places = {each.id: at for at, each in enumerate(clip.segments)}
    posed = [each for each in clip.poses if each.segment in places]
    has = {each.segment for each in posed}
    lacking = [each for each in clip.segments if each.id not in has and each.action not in poseless]
    return merged_marks(
        np.array([each.segment for each in posed], dtype=object),
        np.array([each.frame for each in posed], dtype=np.int64),
        words[np.array([places[each.segment] for each in posed], dtype=np.int64)],
        np.array([each.is_draft for each in posed], dtype=bool),
        np.array([each.id for each in lacking], dtype=object),
        np.array([(each.start_frame + each.end_frame) // 2 for each in lacking], dtype=np.int64),
        words[np.array([places[each.id] for each in lacking], dtype=np.int64)],
    )


def merged_marks(
    segments: ndarray,
    frames: Int[ndarray, " poses"],
    labels: Int[ndarray, " poses"],
    drafts: Bool[ndarray, " poses"],
    lacking: ndarray,
    middles: Int[ndarray, " lacking"],
    words: Int[ndarray, " lacking"],
) -> PoseMarks:
    """The poses there are, by frame, and among them the middles of the segments that lack one; ids as objects."""
    missing, none = np.zeros(len(frames), dtype=bool), np.zeros(len(lacking), dtype=bool)
    if not len(lacking):
        return PoseMarks(tuple(segments.tolist()), frames, labels, missing, drafts)
    at_frames = np.concatenate([frames, middles])
    order = np.argsort(at_frames, kind="stable")
    return PoseMarks(
        tuple(np.concatenate([segments, lacking])[order].tolist()),
        at_frames[order],
        np.concatenate([labels, words])[order],
        np.concatenate([missing, ~none])[order],
        np.concatenate([drafts, none])[order],
    )


def bounds_of(starts: Int[ndarray, " segments"], ends: Int[ndarray, " segments"]) -> Bool[ndarray, " segments"]:
    """Where a segment begins that lies over none of those before it. Segments come by start."""
    bounds = np.ones(len(starts), dtype=bool)
    if len(starts):
        bounds[1:] = starts[1:] >= np.maximum.accumulate(ends)[:-1]
    return bounds


def rows_of_overlaps(starts: Int[ndarray, " segments"], ends: Int[ndarray, " segments"]) -> Int[ndarray, " segments"]:
    """For each the uppermost row in which all before it have ended, so that none hides another."""
    rows = np.zeros(len(starts), dtype=np.int64)
    bounds = bounds_of(starts, ends)
    if bounds.all():
        return rows
    heads = np.nonzero(bounds)[0]
    sizes = np.diff(np.append(heads, len(starts)))
    for head, size in zip(heads[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        reached: list[int] = []
        for at in range(head, head + size):
            start, end = int(starts[at]), int(ends[at])
            row = next((row for row, each in enumerate(reached) if each <= start), len(reached))
            reached[row : row + 1] = [end]
            rows[at] = row
    return rows

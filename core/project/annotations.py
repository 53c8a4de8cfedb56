"""What a project holds: clips, labels, segments, characteristic poses, cameras and what was made from them.

Everything is a frozen value; an edit makes a new Project that shares what did not change, so what changed is
found by identity. Frames count from 0 in presentation order of the original video; ends are exclusive. Every row has
a random 128-bit id (two copies of a project can be merged) and says who made it.

Values refuse what cannot be shown (an end before its start). What is merely odd (overlapping segments, a pose
outside its segment or past the video's end) is kept and listed by `core.project.check`.
"""

import getpass
import secrets
from bisect import insort
from datetime import UTC, datetime
from typing import Literal, Self

import msgspec

BY_HAND = "by hand"
PARTS = ("train", "validation", "test")
"""Of a split: what a model learns from, is chosen on, and is measured on."""
DRAFT = "draft"
"""How the source of a characteristic pose begins that stands in until somebody chooses one."""


VISIBLE, OCCLUDED, ABSENT = 1.0, 0.6, 0.0
"""Confidence of a joint that somebody looked at: in the picture; there but hidden (its place is known); not there."""


def new_id() -> str:
    """128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)


def person() -> str:
    """Who sits here, for the provenance of edits."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "somebody"


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a row, when (UTC, ISO 8601), and how: by hand, or by which model or import."""

    author: str
    at: str
    source: str = BY_HAND

    @classmethod
    def now(cls, author: str, source: str = BY_HAND) -> Self:
        return cls(author=author, at=datetime.now(UTC).isoformat(timespec="milliseconds"), source=source)


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A word of the vocabulary: an action or an object. `key` is a shortcut such as `3` or `Alt+3`, or empty.

    `learned_as` is the name of the cluster that models learn an action as; empty where they leave it out (background).
    """

    id: str
    name: str
    kind: Literal["action", "object"]
    colour: str  # #RRGGBB
    key: str = ""
    learned_as: str | None = None  # None: by its own name
    made: Provenance

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a label needs a name")

    @property
    def learned_name(self) -> str:
        """What models call it; empty where they leave it out."""
        return self.name if self.learned_as is None else self.learned_as


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """A person in a clip; `track` is their column in the clip's 2D tracks, or None while nobody matched it."""

    id: str
    name: str
    track: int | None = None
    made: Provenance


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One action, a label id, on frames `start_frame` … `end_frame` - 1 of its clip."""

    id: str
    action: str
    start_frame: int
    end_frame: int
    objects: tuple[str, ...] = ()  # label ids
    actor: str = ""  # actor id, or empty where the clip has one person
    made: Provenance

    @property
    def is_draft(self) -> bool:
        """Whether a model foresaw it and nobody has looked at it since; any change by hand makes it somebody's."""
        return self.made.source.startswith(DRAFT)

    def __post_init__(self) -> None:
        if not 0 <= self.start_frame < self.end_frame:
            raise ValueError(f"a segment runs forward in time: {self.start_frame} to {self.end_frame}")


class FrameIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What a frame looked like when it was marked: its timestamp in the file and 32 × 18 luma means, 8 bit, hex."""

    pts: int
    luma: str = ""


class CharacteristicPose(msgspec.Struct, frozen=True, kw_only=True):
    """The instant in which a segment's action is most recognisable.

    `joint_edits` moves single joints (names of UPPER_BODY_9) by hand: joint → (x px, y px, confidence); a person's
    confidence is one of VISIBLE, OCCLUDED, ABSENT.
    """

    id: str
    segment: str
    frame: int
    identity: FrameIdentity
    joint_edits: dict[str, tuple[float, float, float]] = {}
    made: Provenance

    def __post_init__(self) -> None:
        if self.frame < 0:
            raise ValueError(f"a frame counts from 0: {self.frame}")

    @property
    def is_draft(self) -> bool:
        """Whether nobody chose it yet. Setting it again, where it stands or elsewhere, makes it somebody's choice."""
        return self.made.source.startswith(DRAFT)


def segment_order(segment: Segment) -> tuple[int, int, str]:
    """Segments of a clip stand by start, then end, then id."""
    return segment.start_frame, segment.end_frame, segment.id


def pose_order(pose: CharacteristicPose) -> tuple[int, str]:
    """Characteristic poses of a clip stand by frame, then id."""
    return pose.frame, pose.id


class VideoFile(msgspec.Struct, frozen=True, kw_only=True):
    """The video of a clip: where it is and how to know it again. `path` is relative where it lies in the project."""

    path: str
    frame_count: int
    width: int
    height: int
    rate_hz: float  # mean frames a second; times come from the file's timestamps
    duration_s: float
    size_bytes: int
    fingerprint: str  # core.video.file_fingerprint: size, head, tail and packet index


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """One video (or, in the demo without video, its frames' count alone) and what was marked on it."""

    id: str
    name: str
    video: VideoFile
    performer: str = ""  # who is filmed, where splits must keep people apart
    camera: str = ""  # camera id, or empty: estimated
    tracks: str = ""  # name of the 2D tracks beside the project, or empty
    actors: tuple[Actor, ...] = ()
    segments: tuple[Segment, ...] = ()  # by start frame, then end frame, then id
    poses: tuple[CharacteristicPose, ...] = ()  # by frame, then id
    made: Provenance

    def pose_of(self, segment_id: str) -> CharacteristicPose | None:
        return next((pose for pose in self.poses if pose.segment == segment_id), None)

    def segment(self, segment_id: str) -> Segment | None:
        return next((each for each in self.segments if each.id == segment_id), None)

    def with_segment(self, segment: Segment) -> Self:
        """This clip with `segment` added, or in place of the one with its id."""
        ordered = [each for each in self.segments if each.id != segment.id]
        insort(ordered, segment, key=segment_order)
        return msgspec.structs.replace(self, segments=tuple(ordered))

    def without_segment(self, segment_id: str) -> Self:
        """This clip without the segment and without its pose."""
        return msgspec.structs.replace(
            self,
            segments=tuple(each for each in self.segments if each.id != segment_id),
            poses=tuple(each for each in self.poses if each.segment != segment_id),
        )

    def with_pose(self, pose: CharacteristicPose) -> Self:
        """This clip with `pose` as the one of its segment."""
        ordered = [each for each in self.poses if each.id != pose.id and each.segment != pose.segment]
        insort(ordered, pose, key=pose_order)
        return msgspec.structs.replace(self, poses=tuple(ordered))

    def without_pose(self, segment_id: str) -> Self:
        return msgspec.structs.replace(self, poses=tuple(each for each in self.poses if each.segment != segment_id))


class CameraRow(msgspec.Struct, frozen=True, kw_only=True):
    """A calibrated camera; the numbers of core.geometry.cameras.Camera, row by row.

    `how` says how it was found: "points", "chessboard", "people", "imported Human3.6M cameras", or nothing; `error_px`
    is the mean reprojection error, where it is known.
    """

    id: str
    name: str
    rotation: tuple[tuple[float, float, float], ...]
    translation_m: tuple[float, float, float]
    focal_px: tuple[float, float]
    centre_px: tuple[float, float]
    width: int
    height: int
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    estimated: bool = False
    how: str = ""
    error_px: float | None = None
    made: Provenance


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Which clips a model learns from, is chosen on, and is measured on: part (one of PARTS) → clip ids."""

    id: str
    name: str
    parts: dict[str, tuple[str, ...]]
    made: Provenance


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something the project knows of but does not hold: a data set, a motion, a run, a kept generation."""

    id: str
    kind: Literal["dataset", "motion", "run", "generation"]
    name: str
    path: str
    facts: dict[str, str] = {}
    made: Provenance


class Clustering(msgspec.Struct, frozen=True, kw_only=True):
    """A named way to group the actions for models: label id → the name it is learned by (empty: left out).

    A label it does not name is learned by its own name. A project may keep several; the one in use stands in its
    labels' `learned_as`, which hold where the two differ.
    """

    id: str
    name: str
    learned: dict[str, str] = {}
    in_use: bool = False
    made: Provenance

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a clustering needs a name")


class SuggestionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said to a frame that was suggested as a segment's characteristic pose.

    `reasons` are the scores it was suggested with, reason → 0 … 1 (names of core.suggesting.reasons); they are what
    later suggestions of this project are weighed by. `position` is its place among the suggestions of its segment.
    """

    id: str
    clip: str
    segment: str
    frame: int
    accepted: bool
    reasons: dict[str, float] = {}
    position: int = 0
    made: Provenance

    def __post_init__(self) -> None:
        if self.frame < 0:
            raise ValueError(f"a frame counts from 0: {self.frame}")


class MergedCopy(msgspec.Struct, frozen=True, kw_only=True):
    """Another person's copy that was merged into this one, up to the journal row `row` of theirs.

    `same` names rows that both had made of one thing: their id → the id it has here. A later merge begins after `row`.
    """

    row: str
    whose: str
    at: str  # UTC, ISO 8601
    same: dict[str, str] = {}


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A whole project in memory. Dicts are by id and are never changed in place."""

    id: str
    name: str
    labels: dict[str, Label] = {}
    clips: dict[str, Clip] = {}
    cameras: dict[str, CameraRow] = {}
    splits: dict[str, Split] = {}
    items: dict[str, Item] = {}
    clusterings: dict[str, Clustering] = {}
    answers: dict[str, SuggestionAnswer] = {}
    merged: tuple[MergedCopy, ...] = ()

    def with_clip(self, clip: Clip) -> Self:
        return msgspec.structs.replace(self, clips={**self.clips, clip.id: clip})

    def without_clip(self, clip_id: str) -> Self:
        return msgspec.structs.replace(self, clips={key: each for key, each in self.clips.items() if key != clip_id})

    def with_label(self, label: Label) -> Self:
        return msgspec.structs.replace(self, labels={**self.labels, label.id: label})

    def with_camera(self, camera: CameraRow) -> Self:
        return msgspec.structs.replace(self, cameras={**self.cameras, camera.id: camera})

    def with_split(self, split: Split) -> Self:
        return msgspec.structs.replace(self, splits={**self.splits, split.id: split})

    def with_item(self, item: Item) -> Self:
        return msgspec.structs.replace(self, items={**self.items, item.id: item})

    def with_clustering(self, clustering: Clustering) -> Self:
        return msgspec.structs.replace(self, clusterings={**self.clusterings, clustering.id: clustering})

    def with_answer(self, answer: SuggestionAnswer) -> Self:
        return msgspec.structs.replace(self, answers={**self.answers, answer.id: answer})

    def actions(self) -> tuple[Label, ...]:
        """The action labels, in the order they were made."""
        return tuple(each for each in self.labels.values() if each.kind == "action")

    def objects(self) -> tuple[Label, ...]:
        return tuple(each for each in self.labels.values() if each.kind == "object")

    def label_named(self, name: str, kind: str) -> Label | None:
        return next((each for each in self.labels.values() if each.name == name and each.kind == kind), None)

    def label_learned_as(self, name: str) -> Label | None:
        """The action that models call so: the one of that name, else the first of that cluster."""
        of_cluster = (each for each in self.actions() if each.learned_name == name)
        return self.label_named(name, "action") or next(of_cluster, None)


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two states of a project, found by identity."""

    name: bool
    labels: frozenset[str]
    clips: frozenset[str]
    cameras: frozenset[str]
    splits: frozenset[str]
    items: frozenset[str]
    clusterings: frozenset[str] = frozenset()
    answers: frozenset[str] = frozenset()

    @classmethod
    def between(cls, before: Project, after: Project) -> Self:
        def moved(old: dict, new: dict) -> frozenset[str]:
            if old is new:
                return frozenset()
            return frozenset(key for key in old.keys() | new.keys() if old.get(key) is not new.get(key))

        return cls(
            name=before.name != after.name,
            labels=moved(before.labels, after.labels),
            clips=moved(before.clips, after.clips),
            cameras=moved(before.cameras, after.cameras),
            splits=moved(before.splits, after.splits),
            items=moved(before.items, after.items),
            clusterings=moved(before.clusterings, after.clusterings),
            answers=moved(before.answers, after.answers),
        )

    def __bool__(self) -> bool:
        tables = (self.labels, self.clips, self.cameras, self.splits, self.items, self.clusterings, self.answers)
        return self.name or any(tables)

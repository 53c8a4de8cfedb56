"""What every data set of annotated videos becomes before it meets a project: clips by name, and what is done on them.

Each format settles its own counting and says here either frames (0-based, end exclusive) or seconds from the start of
the video; seconds become frames where the video's own timestamps are known. Nothing here opens a video.
"""

import hashlib
from dataclasses import dataclass, field, replace

from core.formats.cameras import NamedCamera


@dataclass(frozen=True)
class ForeignSegment:
    """One action. Both frames or both seconds are given (of both, frames count); its characteristic pose likewise."""

    action: str
    start_frame: int | None = None
    end_frame: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    objects: tuple[str, ...] = ()
    actor: str = ""
    pose_frame: int | None = None
    pose_s: float | None = None
    pose_source: str = field(default="", repr=False)
    """How its pose came about, where that is told; no part of the fingerprint."""
    source: str = field(default="", repr=False)
    """How the segment itself did, where a forecast had a share in it; no part of the fingerprint either."""


@dataclass(frozen=True)
class ForeignClip:
    """One video and its segments. `videos` are the places, below the data set's folder, where its video may lie.

    `poses` is the folder or file of its 2D poses, and `camera` the name of its camera, where the data set brings them.
    """

    name: str
    segments: tuple[ForeignSegment, ...]
    rate_hz: float | None = None
    frame_count: int | None = None
    width: int | None = None
    height: int | None = None
    performer: str = ""
    videos: tuple[str, ...] = ()
    poses: str = ""
    camera: str = ""


@dataclass(frozen=True)
class Annotations:
    """All of a data set. `splits`: name → part ("train", "validation", "test") → names of clips.

    `learned_as` maps an action to the name models learn it by; empty: it is left out (background).
    """

    clips: tuple[ForeignClip, ...]
    licence: str = ""
    splits: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    cameras: tuple[NamedCamera, ...] = ()
    learned_as: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What the files left open and what was taken for granted, one sentence each."""

    @property
    def fingerprint(self) -> str:
        """The same for the same clips with the same segments, in whatever order and from wherever they came."""
        bare = (replace(each, videos=(), poses="", camera="") for each in self.clips)
        return hashlib.sha256("\n".join(sorted(map(repr, bare))).encode()).hexdigest()[:12]

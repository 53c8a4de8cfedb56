"""Whose clip a foreign name means, where its video may lie, and which of its frames is shown at a time.

A name means a clip by the clip's video, by its name or by its video's name, with or without a video's ending.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.formats.annotated import ForeignClip
from core.project.annotations import Clip, Project
from core.project.store import ProjectStore

VIDEO_ENDINGS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".mts")


@dataclass
class Clock:
    """Frames of a clip: how many, at what rate, and when each is shown where that is known."""

    count: int | None
    rate_hz: float
    times_s: Float[ndarray, " frames"] | None = None

    def frame(self, seconds: float) -> int:
        """The frame whose start is nearest; past the video's end the count goes on at its rate."""
        if self.times_s is None or not len(self.times_s):
            return math.floor(seconds * self.rate_hz + 0.5)
        last = len(self.times_s) - 1
        if seconds > self.times_s[last]:
            return last + math.floor((seconds - self.times_s[last]) * self.rate_hz + 0.5)
        after = int(np.searchsorted(self.times_s, seconds))
        return after - 1 if after and seconds - self.times_s[after - 1] < self.times_s[after] - seconds else after


class Names:
    """Which clips a foreign name may mean: by the video, by name, by name without ending, by the video's name."""

    def __init__(self, store: ProjectStore, project: Project) -> None:
        self._ids: set[str] = set()
        self._videos: dict[Path, list[str]] = {}
        self._by_name: tuple[dict[str, list[str]], ...] = ({}, {}, {})
        for clip in project.clips.values():
            self.add(clip, store)

    def add(self, clip: Clip, store: ProjectStore) -> None:
        self._ids.add(clip.id)
        exact, plain, videos = self._by_name
        exact.setdefault(clip.name, []).append(clip.id)
        plain.setdefault(without_ending(clip.name), []).append(clip.id)
        if clip.video.path:
            self._videos.setdefault(store.video_path(clip).resolve(), []).append(clip.id)
            videos.setdefault(without_ending(Path(clip.video.path).name), []).append(clip.id)

    def of(self, name: str, video: Path | None) -> list[str]:
        if video is not None and video.resolve() in self._videos:
            return self._videos[video.resolve()]
        name = name.strip()
        keys = (name, without_ending(name), without_ending(name))
        by_id = [name] if name in self._ids else []
        return next((names[key] for names, key in zip(self._by_name, keys, strict=True) if key in names), by_id)


def without_ending(name: str) -> str:
    """A clip's name without a video's ending, if it has one."""
    return next((name[: -len(end)] for end in VIDEO_ENDINGS if name.lower().endswith(end)), name)


def places(foreign: ForeignClip, root: Path) -> Iterator[Path]:
    """Where below `root` its video may lie."""
    for each in foreign.videos:
        yield root / each
        yield root / Path(each).name
    plain = without_ending(foreign.name)
    for name in dict.fromkeys((foreign.name, plain, Path(plain).name)):
        for end in ("", *VIDEO_ENDINGS, *(each.upper() for each in VIDEO_ENDINGS)):
            yield root / (name + end)

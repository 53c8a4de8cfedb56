"""Looking for videos that are no longer where they were: by what the file is, then by what its frames look like.

A file of the same size and fingerprint is the same file under any name. One with as many frames, whose marked frames
look as they did (`same_frame`), is the same video encoded anew or copied by another program. One of the same name and
length without marks to compare is offered too, and `Found.compared` is 0 then. Hidden files and folders are passed
over, links are not followed, and a folder nobody may read holds nothing for us.
"""

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.errors import CoreError
from core.video.frames import Video, open_video
from core.video.identity import frame_luma, same_frame

SUFFIXES = (".mp4", ".mov", ".mkv", ".avi", ".ts", ".m2ts", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")
MOST_FILES = 20_000
"""Videos listed at most: who points at a whole disk gets an answer all the same."""
_DEEPEST = 8
_MOST_COMPARED = 12
_MOST_OPENED = 400
"""Files of other names that are opened to count their frames, for those found by nothing else."""


class Wanted(NamedTuple):
    """A video that is looked for, and how to know it. `marks` are frame numbers with their `frame_luma`."""

    key: str
    name: str  # of the file
    size_bytes: int
    fingerprint: str
    frame_count: int
    marks: tuple[tuple[int, str], ...] = ()


class Found(NamedTuple):
    """Where one of them is. `compared` marked frames look the same; not counted where it is the same file."""

    key: str
    path: Path
    is_same_file: bool
    compared: int = 0


class Looking(NamedTuple):
    """How far it is: videos seen so far, and the folder that is being looked through."""

    files: int
    folder: Path


def look_for(wanted: Sequence[Wanted], folders: Iterable[Path]) -> Generator[Looking, None, list[Found]]:
    """Look through folders and those inside them, the first ones first; returns what was found, each once.

    Closing the generator stops the search.
    """
    files: list[Path] = []
    for folder in dict.fromkeys(folders):
        for path in _videos_below(folder):
            files.append(path)
            if len(files) % 50 == 1:
                yield Looking(len(files), path.parent)
            if len(files) >= MOST_FILES:
                break
    files = list(dict.fromkeys(files))
    missing = {each.key: each for each in wanted}
    found: list[Found] = []
    taken: set[Path] = set()
    for same_file in (True, False):
        opened = 0
        for path in sorted(files, key=lambda path: not _is_named(path, missing.values())):
            if not missing:
                break
            likely = _likely(path, missing.values(), same_file=same_file)
            if not likely or path in taken:
                continue
            if not same_file and not _is_named(path, likely):
                opened += 1
                if opened > _MOST_OPENED:
                    continue
            yield Looking(len(files), path.parent)
            match = _matching(path, likely, same_file=same_file)
            if match is not None:
                del missing[match.key]
                found.append(match)
                taken.add(path)
    return found


def _videos_below(folder: Path) -> Generator[Path]:
    for here, inside, names in os.walk(folder):
        depth = len(Path(here).relative_to(folder).parts)
        inside[:] = sorted(each for each in inside if not each.startswith(".") and depth < _DEEPEST)
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield Path(here) / name


def _is_named(path: Path, wanted: Iterable[Wanted]) -> bool:
    stem = path.stem.casefold()
    return any(Path(each.name).stem.casefold() == stem for each in wanted)


def _likely(path: Path, wanted: Iterable[Wanted], *, same_file: bool) -> list[Wanted]:
    """Which of them the file may be, as far as can be told without opening it."""
    if not same_file:
        stem = path.stem.casefold()
        return [each for each in wanted if each.marks or Path(each.name).stem.casefold() == stem]
    with suppress(OSError):
        size = path.stat().st_size
        return [each for each in wanted if each.size_bytes == size]
    return []


def _matching(path: Path, likely: list[Wanted], *, same_file: bool) -> Found | None:
    with suppress(CoreError, OSError), open_video(path) as video:
        if same_file:
            return next((Found(each.key, path, True) for each in likely if each.fingerprint == video.fingerprint), None)
        for each in likely:
            if each.frame_count == len(video) and (compared := _alike(video, each)) is not None:
                return Found(each.key, path, False, compared)
    return None


def _alike(video: Video, wanted: Wanted) -> int | None:
    """How many marked frames look the same; None where one does not. Several of its frames may look alike by chance."""
    marks = [mark for mark in wanted.marks if mark[1] and mark[0] < len(video)]
    if len(marks) > _MOST_COMPARED:
        marks = [marks[at] for at in np.linspace(0, len(marks) - 1, _MOST_COMPARED).round().astype(int)]
    for frame, luma in marks:
        if not same_frame(frame_luma(video.frame(frame)), luma):
            return None
    if not marks and Path(wanted.name).stem.casefold() != video.path.stem.casefold():
        return None
    return len(marks)

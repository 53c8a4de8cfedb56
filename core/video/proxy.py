"""Light copies of videos that are slow to seek, for scrubbing alone; the identity of frames stays the original's.

A file is slow when its worst seek takes more than SLOW_MS and decodes more than MUCH_PIXELS: the last frame of its
longest stretch between keyframes, from the wish to the picture. A person notices about 100 ms; what is left is the way
to the screen. It is measured twice and the better time counts. The pixels (a stretch of 30 frames of 1080p, of 270
frames of 640 × 360) keep a machine that is busy with something else from copying what is light already.

A copy is H.264 with a keyframe every GOP frames and a longer side of at most LONGEST_PX, upright. It holds one frame
for each frame of the original, whatever their times: **frame n of the copy is frame n of the original**. Beside it
lies a table of the original's time stamps (in its stream's ticks) and of the frames that could not be decoded, which
the copy fills with the picture before and never shows. A copy is used only where that table is the file's own.

Copies lie in the person's cache folder (`platformdirs`; POSECAST_LIGHT_COPIES names another) under the original's
fingerprint, so a file that moved keeps its copy. Together they take at most LIMIT_BYTES, those not used for longest
go first, and SPARE_BYTES of the disk are left to others. Any of them may be deleted at any time.
"""

import os
import shutil
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import platformdirs
from av.video.frame import VideoFrame
from jaxtyping import Int, UInt8
from numpy import ndarray

from core.errors import CoreError, FileError, FormatError
from core.runs import Done, Event, Events, Made, Note, Progress
from core.video.frames import Video, open_video
from core.video.writing import VideoWriter
from core.whole_files import refused, whole_file
from core.wording import counted

SLOW_MS = 80.0
MUCH_PIXELS = 60e6
GOP = 8
LONGEST_PX = 960
LIMIT_BYTES = 8 * 2**30
SPARE_BYTES = 2 * 2**30
_CRF = 23
_FRAME_BYTES = 24_000
"""What a frame of a copy takes where the camera moves: for the look at the disk before it is made."""
_STALE_S = 24 * 3600.0

Rgb = UInt8[ndarray, "height width 3"]


class SeekCost(NamedTuple):
    """How long the worst seek takes, and over how many frames it leads."""

    longest_gop: int
    worst_ms: float
    pixels: int  # of one frame

    @property
    def is_slow(self) -> bool:
        return self.worst_ms > SLOW_MS and self.longest_gop * self.pixels > MUCH_PIXELS


class Kept(NamedTuple):
    """What all copies take together."""

    copies: int
    size_bytes: int


def seek_cost(path: Path) -> SeekCost:
    """Measure the worst seek of a file. FileError and FormatError as of `open_video`."""
    return min((_one_seek(path) for _ in range(2)), key=lambda each: each.worst_ms)


def _one_seek(path: Path) -> SeekCost:
    with open_video(path) as video:  # opened anew each time: what was decoded before would be at hand
        keys = video.keyframes()
        ends = np.append(keys[1:], len(video))
        at = int(np.argmax(ends - keys))
        began = time.perf_counter()
        with suppress(FormatError):  # damaged there; what could be decoded took its time
            video.scaled(int(ends[at]) - 1, LONGEST_PX)
        return SeekCost(int(ends[at] - keys[at]), 1000 * (time.perf_counter() - began), video.width * video.height)


def copies_folder() -> Path:
    """Where copies lie on this machine."""
    chosen = os.environ.get("POSECAST_LIGHT_COPIES", "")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("posecast", appauthor=False)) / "light-copies"


def kept(folder: Path) -> Kept:
    """How many copies there are, and what they take."""
    sizes = [size for _, size, _ in _entries(folder)]
    return Kept(len(sizes), sum(sizes))


def lacks_room(folder: Path, frame_count: int) -> str:
    """Why no copy of so many frames can be kept there; empty where one can."""
    above = folder
    while not above.exists() and above != above.parent:
        above = above.parent
    if not os.access(above, os.W_OK):
        return f"{folder} may not be written to"
    try:
        free = shutil.disk_usage(above).free
    except OSError as error:
        return f"{folder}: {error.strerror}"
    if free < SPARE_BYTES + frame_count * _FRAME_BYTES:
        return f"the disk has {free / 2**30:.1f} GB left"
    return ""


class Proxy:
    """The light copy of one open video; a context manager. Used by one thread at a time."""

    def __init__(self, copy: Video, lost: frozenset[int]) -> None:
        self._copy, self._lost = copy, lost
        self.width, self.height = copy.width, copy.height

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._copy.close()

    def holds(self, number: int) -> bool:
        """Whether the frame's picture is the frame's; False where the original could not be decoded."""
        return 0 <= number < len(self._copy) and number not in self._lost

    def scaled(self, number: int, longest: int) -> Rgb:
        """The frame of that number, small. FormatError where the copy is damaged or does not hold it."""
        if not self.holds(number):
            raise FormatError(self._copy.path, f"frame {number} is not in the light copy")
        return self._copy.scaled(number, longest)

    def thumbnail(self, number: int, height: int) -> Rgb:
        """The frame of that number, `height` pixels high."""
        if not self.holds(number):
            raise FormatError(self._copy.path, f"frame {number} is not in the light copy")
        return self._copy.thumbnail(number, height)


def proxy_of(video: Video, folder: Path) -> Proxy | None:
    """The copy of this video, where there is a whole one that belongs to it."""
    film, table = _places(folder, video.fingerprint)
    if not (film.exists() and table.exists()):
        return None
    try:
        pts, lost = _read_table(table)
        copy = open_video(film)
    except (CoreError, OSError, ValueError, KeyError):
        return None  # cut short or written by another version: it is made anew
    if len(copy) != len(pts) or not np.array_equal(pts, video.all_pts()):
        copy.close()
        return None
    with suppress(OSError):  # a cache that can only be read is used all the same
        os.utime(table)
    return Proxy(copy, frozenset(lost.tolist()))


def make_proxy(source: Path, folder: Path) -> Events:
    """Make the copy of a video; one that is there is left alone. Closing the generator leaves nothing behind."""
    with open_video(source) as video:
        there = proxy_of(video, folder)
        if there is not None:
            there.close()
            yield Done("its light copy is there already")
            return
        why_not = lacks_room(folder, len(video))
        if why_not:
            raise FileError(source, f"{why_not}; no light copy was made", hint="Scrubbing reads the original.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(folder, error) from error
        width, height = _size(video.width, video.height)
        film, table = _places(folder, video.fingerprint)
        yield Note(f"A light copy of {source.name}: {counted(len(video), 'frame')}, {width} × {height}")
        # A name of its own: another process may be making the same copy.
        writing = film.with_name(f"{film.stem}.{os.getpid()}.mp4")
        try:
            lost = yield from _write(video, writing, width, height)
            size_mb = writing.stat().st_size / 1e6
            writing.replace(film)
        except FileError as error:  # of a file nobody knows by its name
            why_not = str(error).partition(": ")[2]
            raise FileError(source, f"{why_not}; no light copy was made", hint=error.hint) from error
        except OSError as error:
            raise refused(folder, error) from error
        finally:
            with suppress(OSError):
                writing.unlink(missing_ok=True)
        with whole_file(table) as beside:
            np.savez(beside, pts=video.all_pts(), lost=np.array(lost, dtype=np.int64))
        gone = make_room(folder, keep=film.stem)
        yield Made("light copy", str(film))
        went = f"; {counted(gone, 'older copy', 'older copies')} went" if gone else ""
        yield Done(f"{counted(len(video), 'frame')}, {size_mb:.1f} MB{went}", (str(film),))


def make_room(folder: Path, keep: str = "", limit_bytes: int | None = None) -> int:
    """Delete the copies not used for longest until all together are within the limit; how many went."""
    limit = LIMIT_BYTES if limit_bytes is None else limit_bytes
    for left in folder.glob(".*.part.*"):  # of a process that was killed
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_S:
                left.unlink()
    entries = sorted(_entries(folder))
    total, gone = sum(size for _, size, _ in entries), 0
    for _, size, name in entries:
        if total <= limit:
            break
        if name == keep:
            continue
        for path in _places(folder, name):
            with suppress(OSError):  # in use elsewhere: it goes next time
                path.unlink(missing_ok=True)
        total -= size
        gone += 1
    return gone


def _write(video: Video, path: Path, width: int, height: int) -> Generator[Event, None, list[int]]:
    """Every frame in turn; returns the numbers of those that could not be decoded."""
    lost: list[int] = []
    picture = VideoFrame(width, height, "yuv420p")
    said_s = time.monotonic()
    rate_hz = float(np.clip(video.rate_hz, 1.0, 240.0))
    with VideoWriter(path, rate_hz, width, height, _CRF, GOP, preset="ultrafast", reordered=False) as out:
        for number in range(len(video)):
            try:
                picture = video.planes(number, width, height)
            except FormatError:
                lost.append(number)
            out.add_planes(picture)
            if time.monotonic() - said_s > 0.25:
                said_s = time.monotonic()
                if shutil.disk_usage(path.parent).free < SPARE_BYTES // 2:
                    raise FileError(
                        path, "the disk is nearly full", hint="Free some space. Nothing half-made was left."
                    )
                yield Progress(number + 1, len(video), "frame")
    return lost


def _places(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.mp4", folder / f"{name}.npz"


def _entries(folder: Path) -> Iterator[tuple[float, int, str]]:
    """When each whole copy was used last (seconds since 1970), its bytes and its name."""
    for table in folder.glob("*.npz"):
        film = table.with_suffix(".mp4")
        with suppress(OSError):
            yield table.stat().st_mtime, table.stat().st_size + film.stat().st_size, table.stem


def _read_table(path: Path) -> tuple[Int[ndarray, " frames"], Int[ndarray, " lost"]]:
    with np.load(path, allow_pickle=False) as table:
        return table["pts"], table["lost"]


def _size(width: int, height: int) -> tuple[int, int]:
    """Even, and small enough; no larger than the original."""
    scale = min(1.0, LONGEST_PX / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)

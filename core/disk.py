"""Room on the disk that a run writes to: asked before it begins, and a little kept for its last words.

A full disk is met with whatever is written next. What is complete stays (files appear whole or not at all); the words
that say so need a few bytes themselves, which are kept ready.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from core.errors import DiskFullError
from core.wording import shown

RESERVE_BYTES = 64 * 1024
SLACK_BYTES = 8 * 2**20
"""For curves, events and reports."""
HINT = "Free some space, then resume: it goes on from its last checkpoint."


def free_bytes(folder: Path) -> int | None:
    """What is left for us where a folder lies or is to lie; None where the system does not say."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def require_room(folder: Path, needed_bytes: int, what: str) -> None:
    """DiskFullError where `what` does not fit; says how much is needed and how much there is."""
    free = free_bytes(folder)
    if free is not None and free < needed_bytes:
        raise DiskFullError(
            f"{what} in {shown(folder.name)} needs {in_megabytes(needed_bytes)} on the disk, "
            f"and {in_megabytes(free)} are free.",
            hint="Free some space, or choose a folder on another disk.",
        )


class Reserve:
    """A little room that is taken while there is some, and given back for a run's last words.

    It is a file without a name: nobody sees it, and it ends with its process, however that ends.
    """

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] | None = None
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (open until it is given back)
            self._file.write(bytes(RESERVE_BYTES))
            self._file.flush()
        except OSError:  # the run will find out by itself
            self.give_back()

    def give_back(self) -> None:
        """There is so much more room from now on."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None


def take_room(file: Path) -> None:
    """Take the whole size of a file that is mapped into memory: a full disk met later would end the process."""
    if hasattr(os, "posix_fallocate"):
        with file.open("r+b") as opened:
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)


def full(folder: Path) -> DiskFullError:
    """What a person is told when a write met a full disk."""
    free = free_bytes(folder)
    left = "" if free is None else f" ({in_megabytes(free)} are free)"
    return DiskFullError(
        f"The disk that holds {shown(folder.name)} is full{left}. What was kept before is whole.", hint=HINT
    )


def in_megabytes(count: int) -> str:
    """Rounded up, so that nobody frees too little."""
    return f"{max(-(-count // 10**6), 0):,} MB" if count >= 10**6 else f"{max(-(-count // 1000), 0):,} kB"

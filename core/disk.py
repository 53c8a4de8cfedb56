"""Room on the disk that a run writes to: asked before it begins, and a little kept for its last words.

A full disk is met with whatever is written next. What is complete stays (files appear whole or not at all); the words
that say so need a few bytes themselves, which lie ready in the run's folder.
"""

import shutil
from contextlib import suppress
from pathlib import Path

from core.errors import DiskFullError
from core.wording import shown

RESERVE_BYTES = 64 * 1024
SLACK_BYTES = 8 * 2**20
"""For curves, events and reports."""
_RESERVE = ".room"
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


def keep_reserve(folder: Path) -> None:
    """Take a little room while there is some; where there is none, the run will find out by itself."""
    with suppress(OSError):
        (folder / _RESERVE).write_bytes(bytes(RESERVE_BYTES))


def let_go_of_reserve(folder: Path) -> None:
    """Give it back: for the last words, or because the run is over."""
    with suppress(OSError):
        (folder / _RESERVE).unlink(missing_ok=True)


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

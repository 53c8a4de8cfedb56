"""Files that appear at their place when they are complete, or not at all.

    with whole_file(path) as beside:
        beside.write_bytes(...)          # or whatever writes files by name

What is written lies beside its place under a hidden name with the same ending. Leaving the block in good order moves
it there; an error, a stop or an interrupt takes it away again and leaves an older file of that name as it was.
"""

import errno
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from core import origins
from core.errors import FileError

_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_LONGEST_BYTES = 180
"""Of the 255 that systems take; the rest is for numbers and endings."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_HINTS = {
    errno.ENOSPC: ("the disk is full", "Free some space, or choose another place. Nothing half-written was left."),
    errno.EDQUOT: ("the disk is full", "Free some space, or choose another place. Nothing half-written was left."),
    errno.EFBIG: ("the file grows larger than may be here", "Choose another place, or make it smaller."),
    errno.EACCES: ("it may not be written there", "Choose a folder that may be written to."),
    errno.EPERM: ("it may not be written there", "Choose a folder that may be written to."),
    errno.EROFS: ("it may not be written there", "Choose a folder that may be written to."),
    errno.ENAMETOOLONG: ("its name is too long", "Choose a shorter name."),
}


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """A place to write to that becomes `path`. FileError says why that cannot be."""
    if not path.parent.is_dir():
        raise FileError(path, f"there is no folder {path.parent}", hint="Make it first, or choose another.")
    if path.is_dir():
        raise FileError(path, "is a folder", hint="Name a file.")
    beside = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield beside
        beside.replace(path)
        origins.wrote(path)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def as_file_name(name: str, otherwise: str = "clip") -> str:
    """A name as a file or a folder may have it on any system, `otherwise` where nothing of it can stay."""
    short = _UNFIT.sub("_", name).encode("utf-8", "replace")[:_LONGEST_BYTES].decode("utf-8", "ignore")
    return short.strip(". ") or otherwise


def free_file_name(name: str, taken: set[str], otherwise: str = "clip") -> str:
    """`as_file_name`, with a number behind it where another has it, capitals or not; from now on it is taken."""
    plain = as_file_name(name, otherwise)
    found, number = plain, 1
    while found.casefold() in taken:
        number += 1
        found = f"{plain} {number}"
    taken.add(found.casefold())
    return found


def has_words(error: OSError) -> bool:
    """Whether it is the place's fault, which a person can mend."""
    return (error.errno or 0) in _HINTS


def refused(path: Path, error: Exception) -> FileError:
    """What the system (or who wrote for us) said about writing `path`, in words."""
    why = getattr(error, "strerror", None) or error
    words, hint = _HINTS.get(
        getattr(error, "errno", None) or 0, (f"could not be written ({why})", "Choose another place.")
    )
    found = FileError(path, words, hint=hint)
    if is_full(error):
        found.reason = "disk-full"
    return found


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, says that there is no room left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return True
        error = error.__cause__
    return False

"""Locks of the operating system on small files: they end with the process that holds them, however it ends.

    lock = FileLock.taken(path)      # None where somebody has it; never waits
    lock.release()

The file itself stays. A lock is not inherited by a process started with its files closed, which is the rule here.
"""

import os
import sys
from pathlib import Path
from typing import BinaryIO, Self

LOCKED_BYTE = 1 << 30  # far behind any text: where locks bind, the text stays readable


class FileLock:
    """A held lock. Made by `taken`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @classmethod
    def taken(cls, path: Path) -> Self | None:
        """The lock; None where somebody holds it. OSError where the file cannot be made."""
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        if lock(file):
            return cls(file)
        file.close()
        return None

    def release(self) -> None:
        """Let the next one in."""
        self._file.close()


def lock(file: BinaryIO) -> bool:
    """Whether the lock on the open file is ours now. Never waits."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    finally:
        file.seek(0)
    return True

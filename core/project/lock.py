"""Who may write a project: one process at a time, told to everybody else in words.

The lock is the operating system's, on a small file beside the project, so it ends with the process that holds it,
however that ends. The file says who holds it and since when, for the others to read.
"""

import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from core.file_locks import lock


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """The process that holds a lock."""

    author: str
    host: str
    pid: int
    since: str  # UTC, ISO 8601

    def in_words(self) -> str:
        """For the one who has to wait, in their own time zone."""
        since = datetime.fromisoformat(self.since).astimezone()
        today = since.date() == datetime.now(UTC).astimezone().date()
        when = since.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
        elsewhere = "" if self.host == socket.gethostname() else f" on {self.host}"
        return f"{self.author}{elsewhere} is editing this project since {when}"


class ProjectLock:
    """A held lock. Made by `taken`."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file

    @classmethod
    def taken(cls, path: Path, author: str) -> Self | Holder | None:
        """The lock, or who holds it; None where somebody does but has not said who yet.

        OSError where the file cannot be made (read-only media) or its disk knows no locks.
        """
        while True:
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
            if not lock(file):
                try:
                    return msgspec.json.decode(file.read(4096), type=Holder)
                except (msgspec.DecodeError, OSError):
                    return None
                finally:
                    file.close()
            # The one before us may have removed the file between our opening and our locking it.
            try:
                ours = os.path.samestat(path.stat(), os.fstat(file.fileno()))
            except FileNotFoundError:
                ours = False
            if ours:
                break
            file.close()
        holder = Holder(
            author=author,
            host=socket.gethostname(),
            pid=os.getpid(),
            since=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        file.truncate(0)
        file.write(msgspec.json.encode(holder))
        file.flush()
        return cls(path, file)

    def release(self) -> None:
        """Let the next one in."""
        if sys.platform == "win32":  # an open file cannot be removed there
            self._file.close()
            self._path.unlink(missing_ok=True)
        else:
            self._path.unlink(missing_ok=True)
            self._file.close()

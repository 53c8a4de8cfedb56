"""A disk with so many bytes free: what is written beyond them is refused, also in the middle of a file."""

import errno
import io
import os
from pathlib import Path


class SmallDisk:
    """Every file that is opened for writing below a folder takes of the same room; `room` None is endless."""

    def __init__(self, monkeypatch, folder: Path, room: int | None = None) -> None:
        self.folder, self.room, self.written = folder, room, 0
        self._open = io.open
        monkeypatch.setattr(io, "open", self.open)

    def open(self, file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, **rest):
        is_here = isinstance(file, str | os.PathLike) and Path(file).is_relative_to(self.folder)
        if not is_here or not set(mode) & set("wax+"):
            return self._open(file, mode, buffering, encoding, errors, newline, **rest)
        raw = _Limited(os.fspath(file), mode.replace("b", "").replace("t", ""), self)
        if buffering == 0:
            return raw
        binary = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return binary
        return io.TextIOWrapper(binary, encoding or "utf-8", errors, newline, line_buffering=buffering == 1)


class _Limited(io.FileIO):
    def __init__(self, path: str, mode: str, disk: SmallDisk) -> None:
        super().__init__(path, mode)
        self._disk = disk

    def write(self, content) -> int:
        content, disk = bytes(content), self._disk
        if disk.room is not None:
            left = disk.room - disk.written
            if left <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.name))
            content = content[:left]
        count = super().write(content) or 0
        disk.written += count
        return count

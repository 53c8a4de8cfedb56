"""Files that are on the disk when the call returns, whole or not at all."""

import os
import sys
from pathlib import Path


def write_down(path: Path, content: bytes) -> None:
    """Write a file that nobody reads before it is renamed or its folder is."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def put_down(path: Path, content: bytes) -> None:
    """The whole of a file in its place, or nothing: what a full disk took of it is taken away again."""
    beside = path.with_name(f".{path.name}.new")
    try:
        write_down(beside, content)
        move_into_place(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def move_into_place(beside: Path, path: Path) -> None:
    """Give what was written beside its name, over an older file of that name; the name itself is on the disk too."""
    beside.replace(path)
    if sys.platform != "win32":  # which has no handles for folders, and journals names by itself
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

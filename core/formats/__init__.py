"""The table of foreign formats: one file for each, one row here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.formats import marks, openpose


@dataclass(frozen=True)
class Format:
    """A kind of file or folder: what it holds, how it is recognised by content, read and written."""

    name: str
    holds: Literal["2D poses", "marks"]
    endings: tuple[str, ...]
    sniff: Callable[[Path], bool]
    read: Callable[..., Any]
    write: Callable[[Any, Path], None] | None = None


FORMATS = (
    Format("OpenPose JSON", "2D poses", ("",), openpose.is_openpose, openpose.read, openpose.write),
    Format("Marks CSV", "marks", (".csv", ".tsv"), marks.is_csv, marks.read_csv, marks.write_csv),
    Format("Marks JSON", "marks", (".json",), marks.is_json, marks.read_json, marks.write_json),
)

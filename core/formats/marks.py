"""What was marked on clips as a table: one row a segment, with its characteristic pose. CSV and JSON, both ways.

CSV columns, in any order, UTF-8, comma or semicolon or tab:
    clip, actor, action, objects (separated by |), start_frame, end_frame (exclusive), start_s, end_s,
    pose_frame, pose_s, made_by, source, pose_source (how the pose came about: a draft is nobody's choice yet)
Frames count from 0 in presentation order. `start_s`, `end_s` and `pose_s` are for people; reading goes by frames.
JSON: {"posecast_marks": 1, "segments": [{the same names}]}; objects are a list there, absent values null.
"""

import csv
import io
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from core.errors import FileError, FormatError
from core.formats.delimited import as_cell, of_cell

VERSION = 1
REQUIRED = ("clip", "action", "start_frame", "end_frame")

MOST_BYTES = 200_000_000
_LONGEST_HEADER = 4096

Frame = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
"""What no video reaches is a slip of the table, not a frame."""
Seconds = Annotated[float, Meta(ge=-(2.0**31), lt=2.0**31)]


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One segment of one clip, by names."""

    clip: str
    action: str
    start_frame: Frame
    end_frame: Frame
    start_s: Seconds | None = None
    end_s: Seconds | None = None
    objects: tuple[str, ...] = ()
    actor: str = ""
    pose_frame: Frame | None = None
    pose_s: Seconds | None = None
    made_by: str = ""
    source: str = ""
    pose_source: str = ""


class _Marks(msgspec.Struct, frozen=True):
    posecast_marks: int
    segments: tuple[Mark, ...]


def is_csv(path: Path) -> bool:
    """Whether the first line of the file names our columns."""
    if path.suffix.lower() not in (".csv", ".tsv") or not path.is_file():
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return set(REQUIRED) <= {each.strip().strip('"') for each in _split_header(file.readline(_LONGEST_HEADER))}


def is_json(path: Path) -> bool:
    """Whether the file begins as ours do."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        return b'"posecast_marks"' in file.read(200)


def read_csv(path: Path) -> list[Mark]:
    """The rows of a table; FormatError names the line and the column that is wrong."""
    try:
        text = _bytes_of(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError(path, "it is not UTF-8 text", hint="Save the table as CSV in UTF-8.") from None
    first = text.partition("\n")[0]
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(first))
    try:
        columns, rows = table.fieldnames or (), list(table)
    except csv.Error as error:
        hint = "A quotation mark may be missing."
        raise FormatError(path, f"line {table.line_num + 1}: {error}", hint=hint) from None
    lacking = [name for name in REQUIRED if name not in columns]
    if lacking:
        raise FormatError(path, f"no column {lacking[0]!r}", hint=f"Needed: {', '.join(REQUIRED)}.")
    marks = []
    for number, row in enumerate(rows, start=2):
        given = {
            name: of_cell(value.strip()) for name, value in row.items() if name in Mark.__struct_fields__ and value
        }
        fields = {**given, "objects": [each for each in given.get("objects", "").split("|") if each]}
        try:
            marks.append(msgspec.convert(fields, Mark, strict=False))
        except msgspec.ValidationError as error:
            hint = "Frames are whole numbers, and every row needs clip, action, start_frame and end_frame."
            raise FormatError(path, f"line {number}: {error}", hint=hint) from None
    return marks


def read_json(path: Path) -> list[Mark]:
    """The segments of a file; FormatError names the field that is wrong."""
    try:
        content = msgspec.json.decode(_bytes_of(path), type=_Marks)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(path, str(error), hint="Export it again, or mend that field.") from None
    if content.posecast_marks > VERSION:
        raise FormatError(path, f"written by a later version (format {content.posecast_marks})")
    return list(content.segments)


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FormatError(path, f"more than {MOST_BYTES // 10**6} MB of marks", hint="Split it into several.")
        return path.read_bytes()
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Choose a file that can be.") from None


def write_csv(marks: list[Mark], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, Mark.__struct_fields__, lineterminator="\n")
        table.writeheader()
        for mark in marks:
            row = {**msgspec.structs.asdict(mark), "objects": "|".join(mark.objects)}
            table.writerow({name: as_cell(value) if isinstance(value, str) else value for name, value in row.items()})


def write_json(marks: list[Mark], path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(_Marks(VERSION, tuple(marks))), indent=1))


def _delimiter(header: str) -> str:
    return max((",", ";", "\t"), key=header.count)


def _split_header(line: str) -> list[str]:
    return line.rstrip("\r\n").split(_delimiter(line))

"""Tables of characteristic poses, in both forms of the data set characteristic3dposes, kept byte for byte.

    sampleid;frameidx                      GRAB: frames at 120 a second, counted from the first contact with the object
    sample-id;start;action;comment         Human3.6M: frames at 50 a second, counted from 0; one row a recording

A table is its lines, as they stand in the file with their own line ends, blanks and comments, and the rows that were
read from them. An edited row rewrites its own fields and nothing else; `write` gives back every other byte. Columns
may come in any order, with others between them, separated by semicolon, comma or tab. There are no quotation marks in
these files: where the comment is the last column, all that follows belongs to it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from core.errors import FileError, FormatError
from core.whole_files import whole_file

Form = Literal["GRAB", "Human3.6M"]

COLUMNS: dict[Form, tuple[str, ...]] = {
    "GRAB": ("sampleid", "frameidx"),
    "Human3.6M": ("sample-id", "start", "action", "comment"),
}
MEANING: dict[str, str] = {
    "sampleid": "the recording, as subject-object-intent-take",
    "frameidx": "the frame of the characteristic pose, 120 a second, counted from the first contact with the object",
    "sample-id": "the recording, as subject-action",
    "start": "the first frame that is looked at, 50 a second",
    "action": "the frame of the characteristic pose, 50 a second",
    "comment": "what its maker remarked",
}
RATES_HZ: dict[Form, float] = {"GRAB": 120.0, "Human3.6M": 50.0}
MOST_BYTES = 50_000_000
MOST_FRAMES = 2**31
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_HINT = "Needed: sampleid;frameidx or sample-id;start;action."


@dataclass(frozen=True)
class KeyposeRow:
    """One characteristic pose. `start` is None in GRAB's form, which has no such column. Lines count from 1."""

    sample: str
    frame: int
    start: int | None = None
    comment: str = ""
    line: int = 0

    def __post_init__(self) -> None:
        for name, value in (("the frame", self.frame), ("the start", self.start)):
            if value is not None and not 0 <= value < MOST_FRAMES:
                raise ValueError(f"{name} is {value}, which no recording has")
        if not self.sample or self.sample != self.sample.strip():
            raise ValueError("a characteristic pose is of a recording, and this one has no name")
        if any(end in self.sample + self.comment for end in "\r\n"):
            raise ValueError("a row is one line")


@dataclass(frozen=True)
class KeyposeTable:
    """A file's lines and the rows among them. `separator` and `columns` are those of its first line."""

    form: Form
    lines: tuple[str, ...]
    rows: tuple[KeyposeRow, ...]
    separator: str = ";"
    columns: tuple[str, ...] = ()

    @property
    def rate_hz(self) -> float:
        return RATES_HZ[self.form]

    @property
    def raw(self) -> bytes:
        """The file, byte for byte."""
        return "".join(self.lines).encode()

    def edited(self, row: KeyposeRow) -> "KeyposeTable":
        """With another row in the place of the one on its line; no other line changes."""
        at = next((at for at, each in enumerate(self.rows) if each.line == row.line), None)
        if at is None:
            raise ValueError(f"there is no characteristic pose on line {row.line}")
        before = self.rows[at]
        line = self.lines[row.line - 1]
        text = line.rstrip("\r\n")
        fields = text.split(self.separator, len(self.columns) - 1)
        for column, old, new in zip(
            COLUMNS[self.form], _values(self.form, before), _values(self.form, row), strict=True
        ):
            if new == old:
                continue
            if column not in self.columns:
                raise ValueError(f"this table has no column {column!r}")
            place = self.columns.index(column)
            if self.separator in new and place < len(self.columns) - 1:
                raise ValueError(f"{column} may not hold {self.separator!r}, which separates the columns")
            fields += [""] * (place + 1 - len(fields))
            padded = fields[place]
            fields[place] = padded.replace(padded.strip(), new) if padded.strip() else new
        changed = self.separator.join(fields) + line[len(text) :]
        lines = (*self.lines[: row.line - 1], changed, *self.lines[row.line :])
        return replace(self, lines=lines, rows=(*self.rows[:at], row, *self.rows[at + 1 :]))


def made(form: Form, rows: Iterable[KeyposeRow]) -> KeyposeTable:
    """A table of one's own in one of the two forms, in its makers' order of columns."""
    kept = []
    lines = [";".join(COLUMNS[form]) + "\n"]
    for number, row in enumerate(rows, start=2):
        values = _values(form, row)
        if any(";" in each for each in values[:-1] if each) or (form == "GRAB" and ";" in values[-1]):
            raise ValueError(f"{row.sample} may not hold ;, which separates the columns")
        lines.append(";".join(values) + "\n")
        kept.append(replace(row, line=number, start=None if form == "GRAB" else row.start or 0))
    return KeyposeTable(form, tuple(lines), tuple(kept), ";", COLUMNS[form])


def is_keyposes(path: Path) -> bool:
    """Whether the first line of the file names the columns of either form."""
    if path.suffix.lower() not in (".csv", ".tsv", ".txt") or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            first = file.readline(4096).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return False
    return _form(_columns(first.rstrip("\r\n"))[1]) is not None


def read(path: Path) -> KeyposeTable:
    """The table; FormatError names the line that is wrong."""
    lines = _lines_of(path)
    separator, columns = _columns(lines[0].rstrip("\r\n").removeprefix("\ufeff") if lines else "")
    form = _form(columns)
    if form is None:
        raise FormatError(path, "line 1: it names no columns of characteristic poses", hint=_HINT)
    if len(set(columns)) < len(columns):
        twice = next(each for each in columns if columns.count(each) > 1)
        raise FormatError(path, f"line 1: the column {twice!r} stands there twice", hint=_HINT)
    rows: list[KeyposeRow] = []
    seen: dict[tuple[str, int], int] = {}
    for number, line in enumerate(lines[1:], start=2):
        text = line.rstrip("\r\n")
        if not text.strip():
            continue
        row = _row(path, number, form, dict(zip(columns, text.split(separator, len(columns) - 1), strict=False)))
        first = seen.setdefault((row.sample, row.frame), number)
        if first != number:
            raise FormatError(
                path,
                f"line {number}: {row.sample} at frame {row.frame} stands there again, first on line {first}",
                hint="Take one of the two lines out.",
            )
        rows.append(row)
    return KeyposeTable(form, lines, tuple(rows), separator, columns)


def write(table: KeyposeTable, path: Path) -> None:
    """The lines as they are."""
    with whole_file(path) as beside:
        beside.write_bytes(table.raw)


def _lines_of(path: Path) -> tuple[str, ...]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FormatError(path, "it is too large for a table of characteristic poses")
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Choose a file that can be.") from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        number = raw[: error.start].count(b"\n") + 1
        raise FormatError(path, f"line {number}: it is not UTF-8 text", hint="Save the table in UTF-8.") from None
    return tuple(_LINES.findall(text))


def _columns(first: str) -> tuple[str, tuple[str, ...]]:
    separator = max((";", ",", "\t"), key=first.count)
    return separator, tuple(each.strip() for each in first.split(separator))


def _form(columns: tuple[str, ...]) -> Form | None:
    if {"sampleid", "frameidx"} <= set(columns):
        return "GRAB"
    return "Human3.6M" if {"sample-id", "start", "action"} <= set(columns) else None


def _row(path: Path, number: int, form: Form, fields: dict[str, str]) -> KeyposeRow:
    frames: dict[str, int] = {}
    for column in COLUMNS[form][1:3]:
        said = fields.get(column)
        if said is None:
            raise FormatError(path, f"line {number}: no {column!r}", hint=f"{column}: {MEANING[column]}.")
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", said.strip()):
            raise FormatError(path, f"line {number}: {column} is {said.strip()[:40]!r}, not a frame", hint=_WHOLE)
        frames[column] = int(said)
    try:
        if form == "GRAB":
            return KeyposeRow(fields["sampleid"].strip(), frames["frameidx"], line=number)
        comment = fields.get("comment", "").strip()
        return KeyposeRow(fields["sample-id"].strip(), frames["action"], frames["start"], comment, line=number)
    except (KeyError, ValueError) as error:
        raise FormatError(path, f"line {number}: {error}", hint=_WHOLE) from None


_WHOLE = "Frames are whole numbers from 0 on, and every row names its recording."


def _values(form: Form, row: KeyposeRow) -> tuple[str, ...]:
    if form == "GRAB":
        return (row.sample, str(row.frame))
    return (row.sample, str(row.start or 0), str(row.frame), row.comment)

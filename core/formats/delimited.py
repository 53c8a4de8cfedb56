"""Tables of others as text: which encoding, which separator, which line each row stands on.

UTF-8 and UTF-16 are told by their marks or by what they hold; what is neither is taken for Windows Latin-1, which is
said. Rows keep the line they begin on, for messages. Nothing is guessed about what columns mean.

A spreadsheet takes a cell that begins with = + - or @ for a formula and works it out. Words of a data set are words:
what is written here has an apostrophe before such a cell (`as_cell`), and loses it when it is read again (`of_cell`).
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import FileError, FormatError

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "latin-1": "cp1252"}
MOST_BYTES = 1 << 29
_FIRST_BYTES = 1 << 16
_FORMULA = re.compile(r"'*[=+\-@]")


@dataclass(frozen=True)
class Row:
    """The cells of a row, without blanks around them, and the line it begins on, from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """All rows of a file that are not empty."""

    rows: tuple[Row, ...]
    delimiter: str
    encoding: str
    notes: tuple[str, ...] = ()


def as_cell(text: str) -> str:
    """A word as a cell that no spreadsheet works out; `of_cell` gives it back."""
    return f"'{text}" if _FORMULA.match(text) else text


def of_cell(cell: str) -> str:
    """The word that `as_cell` wrote."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def read_table(path: Path, *, encoding: str = "", delimiter: str = "") -> Table:
    """The whole table; FormatError names the line that is wrong."""
    text, found, notes = text_of(path, encoding)
    separator = delimiter or delimiter_of(text.splitlines()[:50])
    return Table(tuple(_rows(path, text, separator)), separator, found, notes)


def first_rows(path: Path, count: int = 40) -> list[Row]:
    """The first rows of what may be a table, cheaply; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(_FIRST_BYTES)
        text, _, _ = _decoded(path, start[: len(start) - len(start) % 2], "", part=True)
        lines = text.splitlines()[: count + 1]
        if len(start) == _FIRST_BYTES and len(lines) <= count:
            lines = lines[:-1]
        return list(_rows(path, "\n".join(lines), delimiter_of(lines)))[:count]
    except (OSError, FileError):
        return []


def text_of(path: Path, encoding: str = "") -> tuple[str, str, tuple[str, ...]]:
    """The file's text, its encoding, and what had to be guessed."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FormatError(path, f"a table of more than {MOST_BYTES >> 20} MB", hint="Split it into several.")
        content = path.read_bytes()
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Choose a file that can be.") from None
    return _decoded(path, content, encoding)


def delimiter_of(lines: Sequence[str]) -> str:
    """What separates cells: the sign that stands in most of the lines, then the most often."""
    lines = [line for line in lines if line.strip()] or [""]
    return max(
        DELIMITERS, key=lambda sign: (sum(sign in line for line in lines), sum(line.count(sign) for line in lines))
    )


def numpys_complaint(said: str, row: str, first: int) -> str:
    """What NumPy said of a table of numbers, in our words: which `row` (frame or line), counted from `first`."""
    found = re.search(r"row (\d+)", said)
    # Of rows that are longer or shorter it counts from 1, of all others from 0.
    is_length = "column" in said and "convert" not in said
    where = f"{row} {int(found[1]) + first - is_length}: " if found else ""
    word = re.search(r"could not convert string '(.*)' to float64", said)
    if word:
        return f"{where}{word[1][:40]!r} is no number"
    return f"{where}it has another number of columns than the first" if is_length else f"{where}{said[:120]}"


def _decoded(path: Path, content: bytes, encoding: str, *, part: bool = False) -> tuple[str, str, tuple[str, ...]]:
    if encoding and encoding.lower() not in ENCODINGS:
        raise FormatError(path, f"{encoding!r} is no encoding known here", hint=f"Known: {', '.join(ENCODINGS)}.")
    if encoding:
        try:
            return content.decode(ENCODINGS[encoding.lower()]), encoding.lower(), ()
        except UnicodeError:
            raise FormatError(path, f"it is not {encoding} text", hint=f"Try {', '.join(ENCODINGS)}.") from None
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return content.decode("utf-16"), "utf-16", ()
        if content[:200].count(0) > len(content[:200]) // 4:
            kind = "utf-16-le" if content[1:200:2].count(0) > content[0:200:2].count(0) else "utf-16-be"
            return content.decode(kind), "utf-16", ("taken for UTF-16 without a mark",)
    except UnicodeError:
        raise FormatError(path, "it is not UTF-16 text, as it seems to be", hint="Save it as UTF-8.") from None
    try:
        return content.decode("utf-8-sig"), "utf-8", ()
    except UnicodeDecodeError as error:
        if part and error.start > len(content) - 4:
            return content[: error.start].decode("utf-8-sig"), "utf-8", ()
    if b"\0" in content:
        raise FormatError(path, "it is no text", hint="Save the table as CSV in UTF-8.")
    return content.decode("cp1252", "replace"), "latin-1", ("it is not UTF-8 text; taken for Windows Latin-1",)


def _rows(path: Path, text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(line, tuple(cell.strip() for cell in cells))
            line = reader.line_num + 1
    except csv.Error as error:
        hint = "A quotation mark may be missing."
        raise FormatError(path, f"line {line}: {error}", hint=hint) from None

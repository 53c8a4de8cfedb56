"""Tables of clusters: which name models learn an action by.

    # lines before the header that begin with # are for people
    action,learned_as
    cut dice,cut
    enter,                  an empty second column leaves the action out

UTF-8; comma, semicolon or tab. Shipped tables lie in resources/clusters.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import resources
from core.errors import FileError, FormatError
from core.formats.delimited import as_cell, of_cell

COLUMNS = ("action", "learned_as")
_MOST_BYTES = 10_000_000
_LONGEST = 500
_HINT = "Its header is action,learned_as; an empty second column leaves an action out."


def shipped() -> dict[str, Path]:
    """The tables that come with the program, by name."""
    return {each.stem: each for each in sorted(resources.path("clusters").glob("*.csv"))}


def read(path: Path) -> dict[str, str]:
    """Action → the name it is learned by, in the order of the table."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FormatError(path, "it is too large for a table of clusters", hint=_HINT)
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Check the path.") from None
    except UnicodeDecodeError:
        raise FormatError(path, "it is no text in UTF-8", hint=_HINT) from None
    lines = text.splitlines(keepends=True)
    above = next((at for at, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    header = lines[above] if above < len(lines) else ""
    separator = max((",", ";", "\t"), key=header.count)
    if tuple(each.strip().strip('"') for each in header.strip().split(separator)) != COLUMNS:
        raise FormatError(path, f"line {above + 1} is not the header action{separator}learned_as", hint=_HINT)
    rows = csv.reader(io.StringIO("".join(lines[above + 1 :])), delimiter=separator, strict=True)
    clusters: dict[str, str] = {}
    try:
        for row in rows:
            number = above + 1 + rows.line_num
            if not any(each.strip() for each in row):
                continue
            if len(row) != len(COLUMNS) or not row[0].strip() or max(map(len, row)) > _LONGEST:
                raise FormatError(path, f"line {number} is no action with its cluster", hint=_HINT)
            action, learned = (of_cell(each.strip()) for each in row)
            if action in clusters:
                raise FormatError(path, f"line {number} names {action!r} again", hint="Keep one line an action.")
            clusters[action] = learned
    except csv.Error as error:
        raise FormatError(path, f"line {above + 1 + rows.line_num}: {error}", hint=_HINT) from None
    return clusters


def as_text(clusters: Mapping[str, str]) -> str:
    """The table of `clusters`, as `read` takes it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(as_cell, each) for each in clusters.items())
    return out.getvalue()

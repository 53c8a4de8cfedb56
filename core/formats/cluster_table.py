"""Tables of clusters: which name models learn an action by.

    # lines before the header that begin with # are for people
    action,learned_as
    cut dice,cut
    enter,                  an empty second column leaves the action out

UTF-8; comma, semicolon or tab. Shipped tables lie in resources/clusters. Several mappings with their names are a .json
file: {"posecast_clusters": 1, "mappings": [{"name": "coarse", "learned_as": {"cut dice": "cut"}, "in_use": true}]}.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

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


# ---- several mappings, each with its name -------------------------------------------------------------------------


class NamedClusters(msgspec.Struct, frozen=True):
    """A mapping with its name: action → the name it is learned by, every action said."""

    name: str
    learned_as: dict[str, str]
    in_use: bool = False


class _NamedFile(msgspec.Struct, frozen=True, kw_only=True):
    posecast_clusters: int
    mappings: tuple[NamedClusters, ...]


def read_named(path: Path) -> tuple[NamedClusters, ...]:
    """The mappings of a .json file; of a table the one it holds, by the file's name."""
    if path.suffix.lower() != ".json":
        return (NamedClusters(name=path.stem, learned_as=read(path)),)
    hint = 'It begins with {"posecast_clusters": 1, "mappings": [{"name": …, "learned_as": {…}}]}.'
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FormatError(path, "it is too large for clusters", hint=hint)
        found = msgspec.json.decode(path.read_bytes(), type=_NamedFile)
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Check the path.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(path, f"it holds no clusters ({error})", hint=hint) from None
    if found.posecast_clusters != 1:
        made_by = f"clusters of format {found.posecast_clusters}"
        raise FormatError(path, f"it holds {made_by}, and this Posecast reads 1", hint="Update Posecast.")
    if not found.mappings or any(not each.name.strip() for each in found.mappings):
        raise FormatError(path, "it holds no mapping with a name", hint=hint)
    return found.mappings


def pick(mappings: tuple[NamedClusters, ...], name: str = "") -> tuple[NamedClusters, tuple[NamedClusters, ...]]:
    """Of a file's mappings the one of this name, else the one that is in use, else the first; and the others."""
    of_name = (each for each in mappings if each.name == name)
    taken = next(of_name, None) or next((each for each in mappings if each.in_use), mappings[0])
    return taken, tuple(each for each in mappings if each is not taken)


def write_named(path: Path, mappings: Iterable[NamedClusters]) -> None:
    """All mappings of a project, as `read_named` takes them."""
    content = msgspec.json.encode(_NamedFile(posecast_clusters=1, mappings=tuple(mappings)))
    _write(path, msgspec.json.format(content, indent=1).decode() + "\n")


def write(path: Path, clusters: Mapping[str, str]) -> None:
    """One mapping as a table."""
    _write(path, as_text(clusters))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = f"could not be written ({error.strerror})"
        raise FileError(path, why, hint="Choose a folder that is there and can be written to.") from None

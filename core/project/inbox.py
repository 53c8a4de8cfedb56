"""Results that commands leave for whoever has the project open: one file each under `inbox/`, taken in one by one.

A patch is an edit that was not made yet: its label, author and changed rows. Its id becomes the journal row's, so it
is taken in once even where the program dies between the two. One that cannot be taken in is moved to
`inbox/set-aside/` with the reason beside it, and is never lost.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from core.errors import ProjectError, TooNewError
from core.project.annotations import new_id
from core.project.durable import move_into_place, write_down
from core.project.rows import TABLES, RowChange, value_of

FORMAT = 2  # 2: a label says what models learn it as


class Patch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An edit to be made by the one who may."""

    format: int = FORMAT
    project: str
    id: str
    author: str
    at: str
    label: str
    source: str
    changes: tuple[RowChange, ...]


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """A patch that could not be taken in."""

    path: Path
    reason: str


def leave(folder: Path, patch: Patch) -> Path:
    """Put a patch into the inbox, whole or not at all. Names sort by the time they were left."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    path = folder / "inbox" / f"{stamp}-{patch.id[:8]}.json"
    beside = path.with_name(f".{path.name}.{new_id()[:8]}")
    try:
        path.parent.mkdir(exist_ok=True)
        write_down(beside, msgspec.json.encode(patch))
        move_into_place(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ProjectError(
            f"the result could not be left for the open studio: {error.strerror or error}",
            hint="Close the studio, or free space on the disk, then try again.",
        ) from error
    return path


def waiting(folder: Path) -> list[Path]:
    """The patches that were left, oldest first."""
    return sorted(path for path in (folder / "inbox").glob("*.json") if not path.name.startswith("."))


def read(path: Path, project_id: str) -> Patch:
    """A patch meant for this project, its rows such as the project can hold; ValueError says what is odd."""
    try:
        patch = msgspec.json.decode(path.read_bytes(), type=Patch)
        for change in patch.changes:
            if change.table not in TABLES:
                raise ValueError(f"it speaks of a table {change.table}, which this version does not know")
            if change.after is not None and value_of(change.table, change.after.body).id != change.id:
                raise ValueError(f"a row of {change.table} stands under another id than its own")
    except (msgspec.DecodeError, msgspec.ValidationError, OSError) as error:
        raise ValueError(f"it cannot be read: {error}") from None
    if patch.format > FORMAT:
        raise TooNewError(path, "left by a newer Posecast", hint="Update Posecast.")
    if patch.project != project_id:
        raise ValueError("it was made for another project")
    return patch


def set_aside(path: Path, reason: str) -> None:
    """Keep a patch out of the way, with the reason."""
    place = path.parent / "set-aside"
    try:
        place.mkdir(exist_ok=True)
        (place / (path.stem + ".reason.txt")).write_text(reason + "\n", encoding="utf-8")
        path.replace(place / path.name)
    except OSError as error:
        raise ProjectError(
            f"{path.name} could not be set aside: {error.strerror or error}", hint="Move it out of the inbox by hand."
        ) from error


def those_set_aside(folder: Path) -> list[SetAside]:
    """What could not be taken in so far."""
    found = []
    for path in sorted((folder / "inbox" / "set-aside").glob("*.json")):
        try:
            reason = path.with_suffix(".reason.txt").read_text(encoding="utf-8").strip()
        except OSError:
            reason = "no reason was kept"
        found.append(SetAside(path=path, reason=reason))
    return found

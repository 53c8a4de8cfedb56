"""The one history of a project: what each edit changed, by whom, and what can be undone and redone. Pure.

Rows are only ever added. An undo is a row that makes the inverse changes and names the row it `undoes`; a redo is a
row that undoes the undo. Which steps can be taken back follows from the rows alone, so it survives a restart.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from core.project.rows import Key, Row, RowChange


class JournalRow(msgspec.Struct, frozen=True, kw_only=True):
    """One edit. `sequence` counts from 1 in this project; `id` stays the same wherever the row is copied."""

    sequence: int
    id: str
    author: str
    at: str  # UTC, ISO 8601
    label: str
    source: str
    undoes: str = ""  # id of a row, or empty
    changes: tuple[RowChange, ...]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A journal row as a person reads it, without its changes."""

    sequence: int
    id: str
    author: str
    at: str
    label: str
    source: str
    undoes: str = ""
    kind: Literal["edit", "undo", "redo"] = "edit"


MAKER = "Posecast"
"""Who made what no person did."""


class Steps:
    """What can be undone and redone, from the rows seen so far.

    The first row makes the project and is not a step; nor is what the program itself made before anybody edited (a
    demo): undo ends there. An undo takes the last step from one stack to the other; an
    ordinary edit forgets what could be redone.
    """

    def __init__(self) -> None:
        self.undo: list[Entry] = []
        self.redo: list[Entry] = []

    def follow(self, entry: Entry) -> Entry:
        """Take in the next row; it comes back with its kind."""
        if entry.sequence == 1 or (entry.author == MAKER and not self.undo and not self.redo):
            return entry
        if entry.undoes and self.undo and self.undo[-1].id == entry.undoes:
            self.undo.pop()
            entry = msgspec.structs.replace(entry, kind="undo")
            self.redo.append(entry)
        elif entry.undoes and self.redo and self.redo[-1].id == entry.undoes:
            self.redo.pop()
            entry = msgspec.structs.replace(entry, kind="redo")
            self.undo.append(entry)
        else:
            self.undo.append(entry)
            self.redo.clear()
        return entry


def inverse(changes: Iterable[RowChange]) -> tuple[RowChange, ...]:
    """The changes that take `changes` back."""
    return tuple(RowChange(table=each.table, id=each.id, before=each.after, after=each.before) for each in changes)


class StaleError(Exception):
    """Changes no longer fit what they were made from; the text says where."""


def rebased(changes: Iterable[RowChange], present: Callable[[Key], Row | None]) -> tuple[RowChange, ...]:
    """Changes made from an older state, as changes of the present one.

    A row that moved on in other fields than the ones changed keeps both; StaleError where the same field, or the
    whole row, went two ways. What already stands is left out.
    """
    fitted: list[RowChange] = []
    for change in changes:
        now = present((change.table, change.id))
        if now == change.after:
            continue
        if now != change.before:
            if now is None or change.before is None or change.after is None:
                raise StaleError(f"a row of {change.table} was added or removed meanwhile ({change.id})")
            change = RowChange(
                table=change.table, id=change.id, before=now, after=_merged(change.before, change.after, now, change)
            )
        fitted.append(change)
    return tuple(fitted)


def _merged(before: Row, after: Row, now: Row, change: RowChange) -> Row:
    old, new, present = (_fields(row) for row in (before, after, now))
    merged = dict(present)
    for field in old.keys() | new.keys():
        if old.get(field) == new.get(field):
            continue
        if present.get(field) not in (old.get(field), new.get(field)):
            raise StaleError(f"{field} of a row of {change.table} was changed meanwhile ({change.id})")
        merged[field] = new.get(field)
    clip, place = merged.pop("row clip"), merged.pop("row place")
    body = {field: merged[field] for field in [*present, *new] if field in merged}
    return Row(clip=clip, place=place, body=msgspec.Raw(msgspec.json.encode(body)))


def _fields(row: Row) -> dict[str, Any]:
    return {**msgspec.json.decode(row.body), "row clip": row.clip, "row place": row.place}

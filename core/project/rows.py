"""A project as rows, and what differs between two projects as changed rows. Pure: values in, values out.

A row is a table, an id, the clip it belongs to (or empty), its place among its kind, and a JSON body. Segments and
characteristic poses stand in the order of their frames, so their place is always 0; everything else keeps the order
in which it was added, also after a deletion is undone. Unknown fields of a body are ignored and missing ones get
their defaults: a field with a default can be added to a value without a new format.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from msgspec.structs import replace

from core.errors import ProjectError
from core.project.annotations import (
    Actor,
    CameraRow,
    CharacteristicPose,
    Clip,
    Clustering,
    Item,
    Label,
    MergedCopy,
    Project,
    Segment,
    Split,
    SuggestionAnswer,
    pose_order,
    segment_order,
)


class Meta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the project says about itself."""

    id: str
    name: str
    merged: tuple[MergedCopy, ...] = ()


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Where a row stands and what it says."""

    clip: str = ""
    place: int = 0
    body: msgspec.Raw


class RowChange(msgspec.Struct, frozen=True, kw_only=True):
    """One row before and after an edit; None where it did not exist."""

    table: str
    id: str
    before: Row | None
    after: Row | None


DICT_TABLES: dict[str, type] = {
    "labels": Label,
    "clips": Clip,
    "cameras": CameraRow,
    "splits": Split,
    "items": Item,
    "clusterings": Clustering,
    "answers": SuggestionAnswer,
}
CHILD_TABLES: dict[str, type] = {"actors": Actor, "segments": Segment, "poses": CharacteristicPose}
TABLES: dict[str, type] = {"meta": Meta, **DICT_TABLES, **CHILD_TABLES}

Key = tuple[str, str]
"""Table and id."""

_STRETCH = 1024
_FEW = 16
_FRAME_ORDERS: dict[str, Callable[[Any], Any]] = {"segments": segment_order, "poses": pose_order}
Places = Mapping[Key, int]

_DECODERS = {table: msgspec.json.Decoder(kind) for table, kind in TABLES.items()}
_NO_CHILDREN: dict[str, Any] = {"actors": (), "segments": (), "poses": ()}


def value_of(table: str, body: msgspec.Raw | bytes | str) -> Any:
    """The value a row's body stands for; msgspec.ValidationError or DecodeError where it stands for none."""
    return _DECODERS[table].decode(body)


def body_of(value: Any) -> msgspec.Raw:
    """The JSON of a value; a clip's without its actors, segments and poses, which are rows of their own."""
    if isinstance(value, Clip):
        fields = msgspec.to_builtins(replace(value, **_NO_CHILDREN))
        for child in _NO_CHILDREN:
            del fields[child]
        return msgspec.Raw(msgspec.json.encode(fields))
    return msgspec.Raw(msgspec.json.encode(value))


# ---- two projects to the rows that differ ----


def rows_that_differ(before: Project | None, after: Project, places: Places) -> tuple[RowChange, ...]:
    """What turns `before` into `after`; `places` are those of the rows of `before`.

    Found by identity first, so that the cost follows what was touched. ProjectError where two rows have one id.
    """
    gone: dict[Key, Row] = {}
    come: dict[Key, Row] = {}

    def leave(table: str, value: Any, clip: str = "") -> None:
        gone[table, value.id] = Row(clip=clip, place=places.get((table, value.id), 0), body=body_of(value))

    def enter(table: str, value: Any, clip: str = "", place: int = 0) -> None:
        if (table, value.id) in come:
            raise ProjectError(f"two rows of {table} have the id {value.id}", hint="Give new rows ids from new_id().")
        come[table, value.id] = Row(clip=clip, place=place, body=body_of(value))

    if before is None:
        before = Project(id=after.id, name="")
        enter("meta", _meta_of(after))
    elif _meta_of(before) != _meta_of(after):
        leave("meta", _meta_of(before))
        enter("meta", _meta_of(after))

    for table in DICT_TABLES:
        old, new = getattr(before, table), getattr(after, table)
        if old is new:
            continue
        stands = _places_in_order(table, list(new), places)
        for key in [*old, *(key for key in new if key not in old)]:
            was, now = old.get(key), new.get(key)
            moved = now is not None and stands[key] != places.get((table, key))
            if was is now and not moved:
                continue
            if now is not None and now.id != key:
                raise ProjectError(f"{table}: {key} holds the row {now.id}", hint="A row stands under its own id.")
            if table == "clips":
                _compare_children(was, now, leave, enter, places)
                if not moved and was and now and replace(was, **_NO_CHILDREN) == replace(now, **_NO_CHILDREN):
                    continue
            elif not moved and was == now:
                continue
            if was is not None:
                leave(table, was)
            if now is not None:
                enter(table, now, place=stands[key])

    return tuple(
        RowChange(table=key[0], id=key[1], before=gone.get(key), after=come.get(key))
        for key in [*gone, *(key for key in come if key not in gone)]
        if gone.get(key) != come.get(key)
    )


def _meta_of(project: Project) -> Meta:
    return Meta(id=project.id, name=project.name, merged=project.merged)


def _compare_children(was: Clip | None, now: Clip | None, leave: Any, enter: Any, places: Places) -> None:
    for table in CHILD_TABLES:
        old: tuple[Any, ...] = getattr(was, table) if was else ()
        new: tuple[Any, ...] = getattr(now, table) if now else ()
        if old is new:
            continue
        if table == "actors":  # few, and their order is part of what is kept
            stands = _places_in_order(table, [each.id for each in new], places)
            left, entered = old, new
        else:
            stands = {}
            left, entered = _not_shared(old, new)
        for each in left:
            leave(table, each, was.id if was else "")
        for each in entered:
            enter(table, each, now.id if now else "", stands.get(each.id, 0))


def _not_shared(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
    """What stands in only one of the two, by identity."""
    head, tail = _shared_ends(old, new)
    left, entered = old[head : len(old) - tail], new[head : len(new) - tail]
    stayed = {id(each) for each in left} & {id(each) for each in entered}
    return [each for each in left if id(each) not in stayed], [each for each in entered if id(each) not in stayed]


def _shared_ends(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[int, int]:
    """How many equal values the two have at their beginning and, of the rest, at their end."""
    shorter = min(len(old), len(new))
    head = _first_difference(shorter, lambda start, end: old[start:end] == new[start:end])
    behind, before = len(old), len(new)
    tail = _first_difference(
        shorter - head, lambda start, end: old[behind - end : behind - start] == new[before - end : before - start]
    )
    return head, tail


def _first_difference(length: int, same: Callable[[int, int], bool]) -> int:
    """The first place that is not the same, or `length`. Stretches are compared whole: identity makes that cheap."""
    for start in range(0, length, _STRETCH):
        end = min(start + _STRETCH, length)
        if not same(start, end):
            return next(at for at in range(start, end) if not same(at, at + 1))
    return length


def _places_in_order(table: str, keys: Sequence[str], places: Places) -> dict[str, int]:
    """A place for each key, rising along `keys`; those that already rise stay where they are."""
    highest = max(places.values(), default=0)
    known = [places[table, key] for key in keys if (table, key) in places]
    new_ones_last = all((table, key) in places for key in keys[: len(known)])
    if new_ones_last and all(left < right for left, right in pairwise(known)):
        fresh = range(highest + 1, highest + 1 + len(keys) - len(known))
        return dict(zip(keys, [*known, *fresh], strict=True))
    return {key: highest + 1 + at for at, key in enumerate(keys)}


# ---- rows to projects ----


def places_after(places: Places, changes: Iterable[RowChange]) -> dict[Key, int]:
    """The places once `changes` are made."""
    moved = dict(places)
    for change in changes:
        if change.after is None:
            moved.pop((change.table, change.id), None)
        elif change.after.place:
            moved[change.table, change.id] = change.after.place
    return moved


def with_rows(project: Project, changes: Iterable[RowChange], places: Places) -> Project:
    """`project` once `changes` are made, sharing whatever they do not touch; `places` are those afterwards."""
    tables: dict[str, dict[str, Any]] = {}
    children: dict[str, list[RowChange]] = {}
    about = _meta_of(project)
    for change in changes:
        if change.table == "meta":
            if change.after is not None:
                about = value_of("meta", change.after.body)
        elif change.table in CHILD_TABLES:
            for clip in {row.clip for row in (change.before, change.after) if row is not None}:
                children.setdefault(clip, []).append(change)
        else:
            rows = tables.setdefault(change.table, dict(getattr(project, change.table)))
            if change.after is None:
                rows.pop(change.id, None)
                continue
            value = value_of(change.table, change.after.body)
            present = rows.get(change.id)
            if isinstance(present, Clip):
                value = replace(value, actors=present.actors, segments=present.segments, poses=present.poses)
            rows[change.id] = value
    if children:
        clips = tables.setdefault("clips", dict(project.clips))
        for clip_id, touched in children.items():
            if clip_id in clips:
                clips[clip_id] = _with_children(clips[clip_id], touched, places)
    for table, rows in tables.items():
        standing = [places.get((table, key), 0) for key in rows]
        if any(left > right for left, right in pairwise(standing)):
            tables[table] = {key: rows[key] for _, key in sorted(zip(standing, rows, strict=True))}
    return replace(project, id=about.id, name=about.name, merged=about.merged, **tables)


def _with_children(clip: Clip, changes: list[RowChange], places: Places) -> Clip:
    for table in CHILD_TABLES:
        touched = {change.id: change.after for change in changes if change.table == table}
        if not touched:
            continue
        kept = [each for each in getattr(clip, table) if each.id not in touched]
        added = [value_of(table, row.body) for row in touched.values() if row is not None and row.clip == clip.id]
        if table in _FRAME_ORDERS and len(added) < _FEW:
            for each in added:
                insort(kept, each, key=_FRAME_ORDERS[table])
            clip = replace(clip, **{table: tuple(kept)})
        else:
            clip = replace(clip, **{table: in_order(table, [*kept, *added], places)})
    return clip


def in_order(table: str, values: Iterable[Any], places: Places) -> tuple[Any, ...]:
    """A clip's actors, segments or poses as they stand in it."""
    if table in _FRAME_ORDERS:
        return tuple(sorted(values, key=_FRAME_ORDERS[table]))
    return tuple(sorted(values, key=lambda each: places.get((table, each.id), 0)))


def with_frames_in_order(before: Project, after: Project) -> Project:
    """`after` with each touched clip's segments and poses by frame, however they were put in."""
    if before.clips is after.clips:
        return after
    clips: dict[str, Clip] = {}
    for key, clip in after.clips.items():
        was = before.clips.get(key)
        if was is clip:
            continue
        for table, key_of in _FRAME_ORDERS.items():
            values = getattr(clip, table)
            # What was there is in order, so only where the two part can be out of it.
            head, tail = _shared_ends(getattr(was, table), values) if was is not None else (0, 0)
            keys = [key_of(each) for each in values[max(head - 1, 0) : len(values) - tail + 1]]
            if any(left > right for left, right in pairwise(keys)):
                clip = replace(clip, **{table: tuple(sorted(values, key=key_of))})
        if clip is not after.clips[key]:
            clips[key] = clip
    return replace(after, clips={**after.clips, **clips}) if clips else after

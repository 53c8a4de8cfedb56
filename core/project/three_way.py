"""Two people's states of one project, merged over the state both began from. Pure: projects in, projects out.

    plan = planned(base, mine, theirs)
    plan.taken        what they alone changed (or what fits beside what I changed): taken as it is
    plan.conflicts    what went two ways; somebody decides each
    plan.result({"segments:…": "theirs", …})    the merged project

Rows are compared by id, field by field. A segment and its characteristic pose go together: a pose is known by its
segment, since a segment has one, so that two poses set on one segment are a conflict like any other. A row that one
side deleted and the other changed (or hung something new on) is one conflict with everything on it.
Nothing is dropped: what a merge needs and a side deleted comes back (`core.project.merge_repairs`), and said so.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from core.project.annotations import Clip, Project, segment_order
from core.project.rows import DICT_TABLES, Key, Meta, in_order

Choice = Literal["mine", "theirs", "both"]
Decisions = Mapping[str, Choice]
Kind = Literal["changed", "deleted here", "deleted there", "two poses", "both marked"]

Held = tuple[str, Any]
"""The clip a row belongs to (or empty), and its value; a clip's without its children."""
Flat = dict[Key, Held]
"""Every row. A pose stands under its segment's id."""

_ALONE: dict[str, Any] = {"actors": (), "segments": (), "poses": ()}
_APART = ("id", "made")
"""Fields that follow from the others."""
_TOGETHER: dict[str, tuple[tuple[str, ...], ...]] = {
    "cameras": (
        ("rotation", "translation_m", "focal_px", "centre_px", "width", "height", "distortion", "estimated"),
        ("how", "error_px"),
    ),
}
"""Fields that mean something only together."""
_BY_KEY = ("joint_edits", "facts", "learned")
"""Fields that hold many things, each of which may be changed alone."""
_POSE = ("frame", "identity", "joint_edits")


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """What went two ways. `keys` are the rows a decision moves; `fields` only these of them, or empty for whole rows.

    `id` stays the same while the three states do. `base`, `mine` and `theirs` are the rows on each side that has them.
    """

    id: str
    kind: Kind
    clip: str
    keys: tuple[Key, ...]
    fields: tuple[str, ...] = ()
    base: tuple[Any, ...] = ()
    mine: tuple[Any, ...] = ()
    theirs: tuple[Any, ...] = ()

    @property
    def choices(self) -> tuple[Choice, ...]:
        return ("mine", "theirs", "both") if self.kind == "both marked" else ("mine", "theirs")


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it will be, because they changed it; None where they took it away. `was` is how it is here."""

    key: Key
    was: Held | None
    now: Held | None

    @property
    def how(self) -> Literal["added", "changed", "removed"]:
        if self.now is None:
            return "removed"
        return "added" if self.was is None else "changed"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A merge that waits for its decisions."""

    base: Project
    mine: Project
    theirs: Project
    taken: tuple[Taken, ...]
    conflicts: tuple[Conflict, ...]
    kept: tuple[Key, ...] = ()
    """Rows where what they changed is left out because it is about their machine: where a video lies."""

    def result(self, decisions: Decisions) -> Project:
        """Mine with what was taken and decided; ids and references as they come (see merge_repairs).

        A conflict without a decision stays as here.
        """
        now: Flat = {}
        for each in self.taken:
            if each.now is not None:
                now[each.key] = each.now
        gone = {each.key for each in self.taken if each.now is None}
        theirs = _Lazy(self.theirs)
        mine = _Lazy(self.mine)
        for conflict in self.conflicts:
            choice = decisions.get(conflict.id, "mine")
            if choice == "mine" and conflict.kind != "both marked":
                continue
            for key in conflict.keys:
                held, here = theirs.flat.get(key), now.get(key) or mine.flat.get(key)
                if conflict.fields and held is not None and here is not None:
                    fields = {name: getattr(held[1], name) for name in conflict.fields}
                    made = {} if not hasattr(held[1], "made") else {"made": held[1].made}
                    now[key] = (held[0], replace(here[1], **fields, **made))
                elif conflict.kind == "both marked":
                    if held is not None and choice != "mine":
                        now[key] = held
                    elif held is None and choice == "theirs":
                        gone.add(key)
                        now.pop(key, None)
                elif held is None:
                    gone.add(key)
                    now.pop(key, None)
                else:
                    now[key] = held
        return _with(self.mine, now, gone - now.keys())


def planned(base: Project, mine: Project, theirs: Project) -> Plan:
    """What merging `theirs` into `mine` takes, and what has to be decided; `base` is what both began from."""
    return _Planning(flat(base), flat(mine), flat(theirs)).plan(base, mine, theirs)


def flat(project: Project) -> Flat:
    """Every row of a project by its key."""
    rows: Flat = {("meta", ""): ("", Meta(id=project.id, name=project.name))}
    for table in DICT_TABLES:
        if table != "clips":
            rows.update(((table, key), ("", value)) for key, value in getattr(project, table).items())
    for clip in project.clips.values():
        rows["clips", clip.id] = ("", replace(clip, **_ALONE))
        rows.update((("actors", each.id), (clip.id, each)) for each in clip.actors)
        rows.update((("segments", each.id), (clip.id, each)) for each in clip.segments)
        for pose in clip.poses:
            key = ("poses", pose.segment)
            rows[key if key not in rows else ("poses", f"{pose.segment} {pose.id}")] = (clip.id, pose)
    return rows


class _Lazy:
    """A project's rows, made when they are first asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._flat: Flat | None = None

    @property
    def flat(self) -> Flat:
        if self._flat is None:
            self._flat = flat(self._project)
        return self._flat


class _Planning:
    """One comparison of three states."""

    def __init__(self, base: Flat, mine: Flat, theirs: Flat) -> None:
        self.base, self.mine, self.theirs = base, mine, theirs
        self.done: set[Key] = set()
        self.taken: list[Taken] = []
        self.conflicts: list[Conflict] = []
        self.kept: list[Key] = []

    def plan(self, base: Project, mine: Project, theirs: Project) -> Plan:
        self._deletions("clips")
        self._deletions("segments")
        self._marked_by_both()
        for key in dict.fromkeys([*self.theirs, *(key for key in self.base if key not in self.theirs)]):
            if key not in self.done:
                self._row(key)
        return Plan(
            base=base,
            mine=mine,
            theirs=theirs,
            taken=tuple(self.taken),
            conflicts=tuple(self.conflicts),
            kept=tuple(self.kept),
        )

    # ---- rows that others hang on ----

    def _deletions(self, table: str) -> None:
        """Clips or segments that one side deleted while the other changed them or what hangs on them."""
        gone = [key for key in self.base if key[0] == table and key not in self.done]
        gone = [key for key in gone if (key in self.mine) != (key in self.theirs)]
        if not gone:
            return
        hanging = self._hanging(table)
        for key in gone:
            there = key not in self.theirs
            other = self.mine if there else self.theirs
            rows = [key, *sorted(hanging.get(key[1], ()))]
            if any(other.get(each) != self.base.get(each) for each in rows if each not in self.done):
                self._conflict("deleted there" if there else "deleted here", key, rows)

    def _hanging(self, table: str) -> dict[str, set[Key]]:
        """The rows of all three sides under the clip or the segment that they belong to."""
        found: dict[str, set[Key]] = {}
        for side in (self.base, self.mine, self.theirs):
            for key, (clip, value) in side.items():
                if table == "clips" and clip:
                    found.setdefault(clip, set()).add(key)
                elif table == "segments" and key[0] == "poses":
                    found.setdefault(value.segment, set()).add(key)
        return found

    def _marked_by_both(self) -> None:
        """Segments of one person that each side made anew and that overlap in time."""
        mine = self._new_segments(self.mine, self.theirs)
        theirs = self._new_segments(self.theirs, self.mine)
        for place in mine.keys() & theirs.keys():
            for group in groups_that_overlap(mine[place], theirs[place]):
                keys = [(table, each.id) for each in group for table in ("segments", "poses")]
                rows = [key for key in keys if key in self.mine or key in self.theirs]
                self._conflict("both marked", ("segments", group[0].id), rows, clip=place[0])

    def _new_segments(self, side: Flat, other: Flat) -> dict[tuple[str, str], list[Any]]:
        found: dict[tuple[str, str], list[Any]] = {}
        for key, (clip, value) in side.items():
            if key[0] == "segments" and key not in self.base and key not in other and key not in self.done:
                found.setdefault((clip, value.actor), []).append(value)
        return found

    # ---- one row ----

    def _row(self, key: Key) -> None:
        base, mine, theirs = self.base.get(key), self.mine.get(key), self.theirs.get(key)
        if theirs in (base, mine) or (key[0] in DICT_TABLES and _says_the_same(theirs, mine)):
            return
        if mine == base:
            self._take(key, mine, theirs)
        elif mine is None or theirs is None:
            self._conflict("deleted here" if mine is None else "deleted there", key, [key])
        else:
            self._fields(key, base, mine, theirs)

    def _take(self, key: Key, mine: Held | None, theirs: Held | None) -> None:
        if mine is not None and theirs is not None and isinstance(mine[1], Clip):
            theirs = (theirs[0], self._with_own_path(key, mine[1], theirs[1]))
            if theirs == mine:
                return
        self.taken.append(Taken(key=key, was=mine, now=theirs))

    def _with_own_path(self, key: Key, mine: Clip, theirs: Clip) -> Clip:
        """Where a video lies is each one's own, as long as it is the same video."""
        if theirs.video == mine.video or theirs.video.fingerprint != mine.video.fingerprint:
            return theirs
        self.kept.append(key)
        return replace(theirs, video=mine.video)

    def _fields(self, key: Key, base: Held | None, mine: Held, theirs: Held) -> None:
        own, others = mine[1], theirs[1]
        if isinstance(own, Clip):
            others = self._with_own_path(key, own, others)
        was = base[1] if base is not None else None
        merged: dict[str, Any] = {}
        clashes: list[tuple[str, ...]] = []
        for group in _groups(key[0], own, others):
            if _of(others, group) in (_of(was, group), _of(own, group)):
                continue
            if _of(own, group) == _of(was, group):
                merged.update(zip(group, _of(others, group) or (), strict=True))
                continue
            both = _by_key(group, was, own, others)
            if both is None:
                clashes.append(group)
            else:
                merged.update(both)
        if key[0] == "segments":
            clashes = _ends_that_fit(own, others, merged, clashes)
        if hasattr(own, "made"):
            merged["made"] = _later(own, others) if merged else own.made
        now = replace(own, **merged)
        if now != own:
            self.taken.append(Taken(key=key, was=mine, now=(mine[0], now)))
        kind: Kind = "two poses" if key[0] == "poses" and "frame" in {n for g in clashes for n in g} else "changed"
        for fields in clashes:
            self._conflict(kind, key, [key], fields)

    def _conflict(
        self, kind: Kind, key: Key, rows: Iterable[Key], fields: tuple[str, ...] = (), clip: str | None = None
    ) -> None:
        keys = tuple(each for each in rows if each not in self.done)
        self.done.update(() if fields else keys)
        sides = [tuple(side[each][1] for each in keys if each in side) for side in (self.base, self.mine, self.theirs)]
        if clip is None:
            held = next(side[key] for side in (self.mine, self.theirs, self.base) if key in side)
            clip = key[1] if key[0] == "clips" else held[0]
        self.conflicts.append(
            Conflict(
                id=":".join((*key, *fields[:1])),
                kind=kind,
                clip=clip,
                keys=keys,
                fields=fields,
                base=sides[0],
                mine=sides[1],
                theirs=sides[2],
            )
        )


def _says_the_same(one: Held | None, other: Held | None) -> bool:
    """Whether two rows differ in nothing but who made them."""
    if one is None or other is None or not hasattr(one[1], "made"):
        return False
    return replace(one[1], made=other[1].made) == other[1]


def _groups(table: str, own: Any, others: Any) -> list[tuple[str, ...]]:
    """The fields of a row, those together that cannot be changed alone."""
    together: list[tuple[str, ...]] = list(_TOGETHER.get(table, ()))
    if table == "poses":
        # Joints moved by hand belong to the frame they were moved on.
        together = [("joint_edits",)] if own.frame == others.frame else [_POSE]
    inside = {name for group in together for name in group} | set(_APART)
    if table == "poses":
        inside |= set(_POSE)
    return together + [(name,) for name in own.__struct_fields__ if name not in inside]


def _of(value: Any, group: tuple[str, ...]) -> tuple[Any, ...] | None:
    return None if value is None else tuple(getattr(value, name) for name in group)


def _by_key(group: tuple[str, ...], was: Any, own: Any, others: Any) -> dict[str, Any] | None:
    """A field of many things where each thing was changed by one side at most; None where one went two ways."""
    if group == ("parts",):
        parts = _split_parts(was, own, others)
        return None if parts is None else {"parts": parts}
    if len(group) != 1 or group[0] not in _BY_KEY:
        return None
    if group[0] == "joint_edits" and was is not None and was.frame != own.frame:
        was = None
    merged = _merged_dicts(getattr(was, group[0], {}), getattr(own, group[0]), getattr(others, group[0]))
    return None if merged is None else {group[0]: merged}


def _merged_dicts(was: Mapping[str, Any], own: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any] | None:
    merged = dict(own)
    for name in others.keys() | was.keys():
        old, here, there = was.get(name), own.get(name), others.get(name)
        if there in (old, here):
            continue
        if here != old:
            return None
        if there is None:
            merged.pop(name, None)
        else:
            merged[name] = there
    return merged


def _split_parts(was: Any, own: Any, others: Any) -> dict[str, tuple[str, ...]] | None:
    """A split is clip → part: each clip may be given a part by one side."""

    def part_of(split: Any) -> dict[str, str]:
        return {} if split is None else {clip: part for part, clips in split.parts.items() for clip in clips}

    merged = _merged_dicts(part_of(was), part_of(own), part_of(others))
    if merged is None:
        return None
    names = dict.fromkeys([*own.parts, *others.parts])
    order = dict.fromkeys(clip for side in (own, others) for clips in side.parts.values() for clip in clips)
    return {part: tuple(clip for clip in order if merged.get(clip) == part) for part in names}


def _ends_that_fit(
    own: Any, others: Any, merged: dict[str, Any], clashes: list[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """Both ends as one question where each alone could leave a segment that ends before it starts."""
    ends = ("start_frame", "end_frame")
    open_ends = [name for name in ends if (name,) in clashes]
    starts = {merged.get("start_frame", own.start_frame)} | ({others.start_frame} if ends[0] in open_ends else set())
    stops = {merged.get("end_frame", own.end_frame)} | ({others.end_frame} if ends[1] in open_ends else set())
    if max(starts) < min(stops):
        return clashes
    for name in ends:
        merged.pop(name, None)
    return [ends, *(group for group in clashes if group[0] not in ends)]


def _later(own: Any, others: Any) -> Any:
    return max(own.made, others.made, key=lambda made: made.at)


def groups_that_overlap(mine: Iterable[Any], theirs: Iterable[Any]) -> list[list[Any]]:
    """Segments of both sides that mark the same stretch, as few together as have to be decided together.

    Two belong together that share more than half of the shorter one. What overlaps less, as neighbours do whose
    common end was set a little differently, is a question of its own only where nothing else asks about it.
    """
    mine = sorted(mine, key=segment_order)
    group_of: dict[str, list[Any]] = {}
    weak: list[tuple[Any, Any]] = []
    first = 0
    longest = max((_length(each) for each in mine), default=0)
    for their in sorted(theirs, key=segment_order):
        while first < len(mine) and mine[first].start_frame + longest <= their.start_frame:
            first += 1
        for own in mine[first:]:
            if own.start_frame >= their.end_frame:
                break
            shared = min(own.end_frame, their.end_frame) - max(own.start_frame, their.start_frame)
            if 2 * shared > min(_length(own), _length(their)):
                _join(group_of, their, own)
            elif shared > 0:
                weak.append((their, own))
    asked = set(group_of)
    for their, own in weak:
        if their.id not in asked or own.id not in asked:
            _join(group_of, their, own)
    found = {id(group): group for group in group_of.values()}
    return [sorted(group, key=segment_order) for group in found.values()]


def _length(segment: Any) -> int:
    return segment.end_frame - segment.start_frame


def _join(group_of: dict[str, list[Any]], one: Any, other: Any) -> None:
    left, right = group_of.get(one.id, [one]), group_of.get(other.id, [other])
    whole = left if left is right else [*left, *right]
    group_of.update((each.id, whole) for each in whole)


def _with(project: Project, now: Flat, gone: Iterable[Key]) -> Project:
    """`project` with these rows in place and those gone, sharing all the rest."""
    tables: dict[str, dict[str, Any]] = {}
    children: dict[str, dict[str, dict[str, Any]]] = {}  # clip → table → id under `Flat` → value or None
    where = {}

    def rows_of(table: str) -> dict[str, Any]:
        return tables.setdefault(table, dict(getattr(project, table)))

    gone = list(gone)
    if any(key[0] in _ALONE for key in gone):
        where = {key: clip for key, (clip, _) in flat(project).items() if key[0] in _ALONE}
    for table, row_id in gone:
        if table in _ALONE:
            children.setdefault(where.get((table, row_id), ""), {}).setdefault(table, {})[row_id] = None
        else:
            rows_of(table).pop(row_id, None)
    for (table, row_id), (clip, value) in now.items():
        if table == "meta":
            project = replace(project, name=value.name)
        elif table in _ALONE:
            children.setdefault(clip, {}).setdefault(table, {})[row_id] = value
        elif table == "clips":
            present = rows_of(table).get(row_id)
            inside = {name: getattr(present, name) for name in _ALONE} if present is not None else {}
            rows_of(table)[row_id] = replace(value, **inside)
        else:
            rows_of(table)[row_id] = value
    for clip_id, of_tables in children.items():
        clips = rows_of("clips")
        if clip_id in clips:
            clips[clip_id] = _with_children(clips[clip_id], of_tables)
    return replace(project, **tables)


def _with_children(clip: Clip, of_tables: dict[str, dict[str, Any]]) -> Clip:
    for table, rows in of_tables.items():
        kept = []
        rows = dict(rows)
        with_pose: set[str] = set()
        for each in getattr(clip, table):
            key = each.id
            if table == "poses":
                key = each.segment if each.segment not in with_pose else f"{each.segment} {each.id}"
                with_pose.add(each.segment)
            if key not in rows:
                kept.append(each)
            elif table == "actors" and rows[key] is not None:
                kept.append(rows.pop(key))  # their order is part of what is kept
        kept += [value for value in rows.values() if value is not None]
        clip = replace(clip, **{table: tuple(kept) if table == "actors" else in_order(table, kept, {})})
    return clip

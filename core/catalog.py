"""What a project has to work with: its clips, and the data sets beside it, in figures. No torch, no arrays read.

    catalog = catalog_of(store.project, store.folder)
    catalog.sets[0].recordings, catalog.sets[0].seconds, catalog.sets[0].fingerprint

A data set belongs to the project while one of its items names its folder; what lies in the folder stays when the item
is taken out, so that undo can bring it back. Figures come from a set's index and are kept until the index grows.
"""

import hashlib
from pathlib import Path

import msgspec

from core.errors import CoreError, FormatError, ProjectError
from core.project import annotated_sets
from core.project.annotations import Item, Project
from core.project.motion_sets import IndexLine, MotionRow, MotionSet, SetFacts
from core.project.pose_banks import FILE, glimpse

DATASETS = "datasets"


class ClipsEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The clips of a project, all together."""

    clips: int
    with_video: int
    seconds: float
    segments: int
    poses: int
    with_tracks: int
    performers: int
    splits: tuple[str, ...]


class SetEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A data set. `problem` says why its folder cannot be read; the figures are zero then.

    Of annotated videos `recordings` are the clips it is about, and `segments` are theirs.
    """

    key: str
    name: str
    item: str  # id of the item that names it
    holds: str = ""
    format: str = ""
    source: str = ""
    licence: str = ""
    made_at: str = ""
    files: int = 0
    left_out: int = 0
    recordings: int = 0
    seconds: float = 0.0
    with_body: int = 0
    labelled: int = 0
    labels: int = 0  # different ones
    segments: int = 0
    with_video: int = 0
    poses: int = 0  # of a pose bank; characteristic poses of annotated videos
    size_bytes: int = 0
    fingerprint: str = ""
    splits: dict[str, dict[str, int]] = {}
    problem: str = ""


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a project has, in the order it came."""

    clips: ClipsEntry
    sets: tuple[SetEntry, ...]


def catalog_of(project: Project, folder: Path) -> Catalog:
    """What the project in `folder` has."""
    items = [each for each in project.items.values() if key_of(each)]
    return Catalog(clips=_clips(project), sets=tuple(entry_of(each, folder, project) for each in items))


def key_of(item: Item) -> str:
    """The key of the data set that an item names; empty where it names none. With a `/` its content is clips."""
    if annotated_sets.is_annotated(item):
        return item.path
    place, _, key = item.path.partition("/")
    return key if item.kind == "dataset" and place == DATASETS and "/" not in key else ""


def entry_of(item: Item, folder: Path, project: Project) -> SetEntry:
    """One data set of the project in `folder` in figures."""
    key = key_of(item)
    if annotated_sets.is_annotated(item):
        return _of_clips(item, project)
    place = folder / DATASETS / key
    try:
        return msgspec.structs.replace(_figures(place), name=item.name, item=item.id)
    except (CoreError, OSError) as error:
        holds, format_name = item.facts.get("holds", ""), item.facts.get("format", "")
        return SetEntry(key=key, name=item.name, item=item.id, problem=str(error), holds=holds, format=format_name)


def find_set(project: Project, name: str) -> Item:
    """The data set a person means by its name or its key."""
    items = [each for each in project.items.values() if key_of(each)]
    found = [each for each in items if key_of(each) == name] or [each for each in items if each.name == name]
    found = found or [each for each in items if each.name.lower() == name.lower()]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{each.name} ({key_of(each)})" for each in items) or "none yet"
    raise ProjectError(
        f"There are several data sets called {name!r}." if found else f"There is no data set {name!r}.",
        hint=f"Data sets of this project: {names}.",
    )


def left_out(folder: Path, key: str) -> tuple[IndexLine, ...]:
    """The files of a set that could not be read, with reasons."""
    return tuple(line for line in MotionSet(folder / DATASETS / key).lines() if line.left_out)


# ---- how ----


def _clips(project: Project) -> ClipsEntry:
    clips = project.clips.values()
    return ClipsEntry(
        clips=len(clips),
        with_video=sum(bool(each.video.path) for each in clips),
        seconds=sum(each.video.duration_s for each in clips),
        segments=sum(len(each.segments) for each in clips),
        poses=sum(len(each.poses) for each in clips),
        with_tracks=sum(bool(each.tracks) for each in clips),
        performers=len({each.performer for each in clips if each.performer}),
        splits=tuple(each.name for each in project.splits.values()),
    )


def _of_clips(item: Item, project: Project) -> SetEntry:
    """As the clips it is about stand now."""
    clips = annotated_sets.clips_of(project, item)
    ids, facts = {each.id for each in clips}, item.facts
    splits = {
        each.name: {part: len(ids.intersection(named)) for part, named in each.parts.items()}
        for each in project.splits.values()
    }
    return SetEntry(
        key=key_of(item),
        name=item.name,
        item=item.id,
        holds=annotated_sets.HOLDS,
        format=facts.get("format", ""),
        source=facts.get("source", ""),
        licence=facts.get("licence", ""),
        made_at=item.made.at,
        files=int(facts.get("files", "1")),
        left_out=int(facts.get("left out", "0")),
        recordings=len(clips),
        seconds=sum(each.video.duration_s for each in clips),
        labelled=sum(bool(each.segments) for each in clips),
        labels=len({segment.action for each in clips for segment in each.segments}),
        segments=sum(len(each.segments) for each in clips),
        with_video=sum(bool(each.video.path) for each in clips),
        poses=sum(len(each.poses) for each in clips),
        fingerprint=facts.get("fingerprint", ""),
        splits={name: parts for name, parts in splits.items() if any(parts.values())},
    )


_kept: dict[Path, tuple[tuple[int, ...], SetEntry]] = {}


def _figures(place: Path) -> SetEntry:
    """From the index, or as they were counted when it was as long and as old."""
    stamp = tuple(_stamp(place / name) for name in ("set.json", "index.jsonl", "splits", FILE))
    kept = _kept.get(place)
    if kept is not None and kept[0] == stamp:
        return kept[1]
    entry = _counted(MotionSet(place))
    _kept[place] = (stamp, entry)
    return entry


def _stamp(path: Path) -> int:
    try:
        about = path.stat()
    except OSError:
        return 0
    return hash((about.st_size, about.st_mtime_ns))


def _counted(the_set: MotionSet) -> SetEntry:
    facts: SetFacts = the_set.facts
    lines = the_set.lines()
    rows = [row for line in lines for row in line.motions]
    named = [{label for each in row.stretches for label in each.labels} for row in rows]
    return SetEntry(
        key=facts.key,
        name=facts.name,
        item="",
        holds=facts.holds,
        format=facts.format,
        source=facts.source,
        licence=facts.licence,
        made_at=facts.made_at,
        files=len(lines),
        left_out=sum(bool(line.left_out) for line in lines),
        recordings=len(rows),
        seconds=sum(row.duration_s for row in rows),
        with_body=sum(bool(row.body) for row in rows),
        labelled=sum(map(bool, named)),
        labels=len(set().union(*named)),
        poses=_poses_in(the_set.folder / FILE),
        size_bytes=sum(each.stat().st_size for each in the_set.folder.rglob("*") if each.is_file()),
        fingerprint=fingerprint_of(rows),
        splits={
            name: {part: len(names) for part, names in split.parts.items()} for name, split in the_set.splits().items()
        },
    )


def fingerprint_of(rows: list[MotionRow]) -> str:
    """The same for the same recordings with the same labels, in whatever order and from wherever they came."""
    if not rows:
        return ""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda each: each.name):
        labels = msgspec.json.encode(row.stretches)
        digest.update(f"{row.name}\n{row.file}\n{row.frames}\n".encode() + labels + b"\n")
    return digest.hexdigest()[:12]


def _poses_in(bank: Path) -> int:
    """How many poses a bank has; none where there is no bank that can be read."""
    try:
        return glimpse(bank, 1).poses if bank.is_file() else 0
    except FormatError:
        return 0

"""Carries out an import: whatever lies at the source comes into the project, and what cannot is listed with reasons.

    for event in carry_out(ImportData(project=..., out=..., source="AMASS/CMU")):
        ...

Recorded motion becomes a data set beside the project (`core.project.motion_sets`), file by file, in a process of its
own (`core.apart`): an import can be stopped at any file and killed at any moment, and goes on where it was. What is
done is known by its size, time and content, so importing twice changes nothing and a changed file is taken again; what
was left out is tried again. Everything else becomes rows of the project, in one edit. The project is written through
the store: where a studio has it open, it takes the edit in.
"""

import hashlib
import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from core.apart import Reading, Refused, TakeMotion, Taken, Worker
from core.errors import CoreError, FormatError, ProjectError, RunError
from core.formats import Format
from core.project import edits, inbox
from core.project.annotations import Project
from core.project.motion_sets import IndexLine, MotionRow, MotionSet, SetFacts, as_key, folder_of
from core.project.rows import value_of
from core.project.store import ProjectStore
from core.recognition import Recognised, files_below, is_packed, unpacked, what_is
from core.runs import Done, Events, ImportData, Metric, Note, Progress
from core.wording import counted

_MOST_NOTES = 20
_SAY_EVERY_S = 0.25
_EDGE_BYTES = 65_536
_OPTIONS_HOLD = ("motion", "motion labels")


def carry_out(spec: ImportData) -> Events:
    """The events of an import; closing the generator stops it, and what came in stays."""
    source = Path(spec.source)
    with ProjectStore.open(Path(spec.project), spec.author, mode="read"):
        pass  # a project that cannot be opened is refused before anything is looked at
    if not is_packed(source):
        yield Progress(0, 1, f"Looking at {source.name}")
        yield from _import(spec, what_is(source, spec.format), source)
        return
    yield Progress(0, 1, f"Unpacking {source.name}")
    with unpacked(source, Path(spec.out)) as folder:
        yield from _import(spec, what_is(folder, spec.format), folder)


def _import(spec: ImportData, found: Recognised, root: Path) -> Events:
    unknown = sorted(set(spec.options) - set(found.format.options))
    if unknown:
        known = ", ".join(found.format.options) or "none"
        raise ProjectError(f"{found.format.name} has no option {unknown[0]!r}", hint=f"Its options: {known}.")
    if found.format.holds in _OPTIONS_HOLD:
        yield from import_motion(spec, found, root)
        return
    yield from _import_rows(spec, found)


# ---- rows of the project --------------------------------------------------------------------------------------------


def _import_rows(spec: ImportData, found: Recognised) -> Events:
    from core import exchange

    says = []
    for number, path in enumerate(found.files):
        yield Progress(number, len(found.files), f"{found.format.name}: {path.name}")
        with ProjectStore.open(Path(spec.project), spec.author, mode="command") as store:
            clip = store.project.clips.get(spec.clip_id)
            if spec.clip_id and clip is None:
                raise ProjectError("The clip these belong to is gone.", hint="Choose another.")
            says.append(exchange.take_in(found.format, path, store, clip, spec.author, spec.options).says)
    yield Progress(len(found.files), len(found.files))
    yield Done("\n".join(says))


# ---- recorded motion ------------------------------------------------------------------------------------------------


def import_motion(spec: ImportData, found: Recognised, root: Path) -> Events:
    """Take recorded motion (or labels of it) into its data set. `root` is the folder below which files have names."""
    the_set = _set_for(spec, found.format)
    known = {line.source: line for line in the_set.lines()}
    names = {row.name: line.source for line in known.values() for row in line.motions}
    there = _is_in_project(spec, the_set.facts.key)
    fresh, refused = 0, 0
    clock = _Clock(len(found.files))
    try:
        with Worker() as worker:
            for number, path in enumerate(found.files):
                name = path.relative_to(root).as_posix() if path != root else path.name
                stamp = stamp_of(path)
                line = known.get(name)
                if line is None or line.stamp != stamp or line.left_out:
                    line = yield from _one_file(spec, found.format, the_set, worker, path, name, stamp, clock)
                    line = msgspec.structs.replace(line, motions=_under_own_names(line, names))
                    if line != known.get(name):
                        fresh += 1
                        the_set.append(line)
                    known[name] = line
                if line.left_out:
                    refused += 1
                    yield Metric(number + 1, "left out", refused)
                    if refused <= _MOST_NOTES:
                        yield Note(f"Left out: {name}: {line.left_out}")
                if line.motions and not there:
                    _put_into_project(spec, the_set.facts)
                    there = True
                if clock.is_time(number + 1):
                    yield from clock.said(number + 1, f"{found.format.name}: {name}")
    finally:
        if not any(line.motions for line in known.values()) and not there:
            shutil.rmtree(the_set.folder, ignore_errors=True)
    yield Progress(len(found.files), len(found.files), found.format.name)
    taken = [known[name] for name in known if known[name].motions]
    if not taken:
        raise RunError(_nothing_in(found, list(known.values())), hint=_first_hint(list(known.values())))
    yield Done(_summary(the_set.facts, found, taken, refused, fresh), (str(the_set.folder),))


def _one_file(
    spec: ImportData, known: Format, into: MotionSet, worker: Worker, path: Path, name: str, stamp: str, clock: "_Clock"
) -> Generator[Progress | Metric, None, IndexLine]:
    """What comes of one file. Progress is said while it takes time."""
    below = name.rpartition("/")[0]
    task = TakeMotion(
        path=str(path), format=known.name, into=str(into.folder), below=below, options=spec.options,
        rate_hz=spec.rate_hz, fit_bodies=spec.fit_bodies,
    )  # fmt: skip
    doing = ""
    with closing(worker.read(task)) as answers:
        for answer in answers:
            match answer:
                case Reading(words):
                    doing = words or doing
                    if clock.is_time(None):
                        yield from clock.said(None, doing or f"{known.name}: {name}")
                case Taken(motions):
                    return IndexLine(source=name, stamp=stamp, motions=motions)
                case Refused(reason, hint, details):
                    reason = reason.removeprefix(f"{path.name}: ")
                    return IndexLine(source=name, stamp=stamp, left_out=reason, hint=details or hint)
    raise AssertionError("a reading ends with a word")


def _under_own_names(line: IndexLine, names: dict[str, str]) -> tuple[MotionRow, ...]:
    """The recordings of a file under names that no other file of the set has."""
    rows = []
    for row in line.motions:
        free = (row.name, *(f"{row.name} {number}" for number in range(2, len(names) + 3)))
        mine = next(each for each in free if names.get(each, line.source) == line.source and each not in
                    {other.name for other in rows})  # fmt: skip
        names[mine] = line.source
        rows.append(row if mine == row.name else msgspec.structs.replace(row, name=mine))
    return tuple(rows)


class _Clock:
    """When to speak, and how long it will take at the pace of the files that were read."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._began = self._said_at = time.monotonic()

    def is_time(self, done: int | None) -> bool:
        self._done = self._done if done is None else done
        return time.monotonic() - self._said_at > _SAY_EVERY_S

    def said(self, done: int | None, doing: str) -> Iterator[Progress | Metric]:
        self._said_at = time.monotonic()
        yield Progress(self._done, self._total, doing)
        if done and done < self._total:
            yield Metric(done, "seconds left", round((self._said_at - self._began) / done * (self._total - done), 1))


def stamp_of(path: Path) -> str:
    """By what a file (or everything in a folder) is known again: its size, when it was changed, its two ends."""
    digest = hashlib.sha256()
    try:
        if path.is_dir():
            size = 0
            for each in files_below(path):
                about = each.stat()
                size += about.st_size
                digest.update(f"{each.relative_to(path).as_posix()} {about.st_size} {about.st_mtime_ns}\n".encode())
            return f"{size}-{digest.hexdigest()[:24]}"
        about = path.stat()
        with path.open("rb") as file:
            digest.update(file.read(_EDGE_BYTES))
            if about.st_size > _EDGE_BYTES:
                file.seek(max(about.st_size - _EDGE_BYTES, _EDGE_BYTES))
                digest.update(file.read(_EDGE_BYTES))
    except OSError as error:
        return f"unread ({error.strerror})"  # reading it says why
    return f"{about.st_size}-{about.st_mtime_ns}-{digest.hexdigest()[:16]}"


# ---- the set and the project ----------------------------------------------------------------------------------------


def _set_for(spec: ImportData, known: Format) -> MotionSet:
    """The set this source was taken into before, by the same wishes; otherwise a new one."""
    project = Path(spec.project)
    name = spec.name.strip() or _name_of(Path(spec.source))
    options = dict(spec.options) | ({"fit bodies": "yes"} if spec.fit_bodies else {})
    facts = SetFacts(
        key=as_key(name), name=name, holds="motion" if known.holds == "motion" else "labels", format=known.name,
        source=spec.source, licence=known.licence, rate_hz=spec.rate_hz, options=options,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"), made_by=spec.author,
    )  # fmt: skip
    for each in sets_of(project):
        there = each.facts
        wished = (there.source, there.format, there.rate_hz, there.options)
        if wished == (facts.source, facts.format, facts.rate_hz, facts.options) and spec.name in ("", there.name):
            return each
    number = 1
    while folder_of(project, facts.key).exists():
        number += 1
        facts = msgspec.structs.replace(facts, key=f"{as_key(name)[:56].rstrip('-')}-{number}")
    return MotionSet.create(project, facts)


def sets_of(project_folder: Path) -> Iterator[MotionSet]:
    """The sets beside a project that can be read; a damaged one stands in nobody's way."""
    for facts in sorted((project_folder / "datasets").glob("*/set.json")):
        try:
            yield MotionSet(facts.parent)
        except FormatError:
            continue


def _name_of(source: Path) -> str:
    name = source.name.removesuffix(source.suffix) if source.is_file() else source.name
    return name or "data"


def _is_in_project(spec: ImportData, key: str) -> bool:
    """Whether the project knows the set, or will once its studio takes in what waits."""
    folder = Path(spec.project)
    path = f"datasets/{key}"
    with ProjectStore.open(folder, spec.author, mode="read") as store:
        project = store.project
    return item_of(project, path) or any(_brings(patch, project.id, path) for patch in inbox.waiting(folder))


def item_of(project: Project, path: str) -> bool:
    return any(each.kind == "dataset" and each.path == path for each in project.items.values())


def _brings(patch: Path, project_id: str, path: str) -> bool:
    try:
        changes = inbox.read(patch, project_id).changes
        values = (value_of(each.table, each.after.body) for each in changes if each.table == "items" and each.after)
        return any(getattr(each, "path", "") == path for each in values)
    except (ValueError, CoreError):
        return False


def _put_into_project(spec: ImportData, facts: SetFacts) -> None:
    """One edit that can be undone; the recordings stay beside the project."""
    with ProjectStore.open(Path(spec.project), spec.author, mode="command") as store:
        project, _ = edits.add_item(
            store.project, "dataset", facts.name, f"datasets/{facts.key}", author=spec.author,
            facts={"format": facts.format, "holds": facts.holds}, source=facts.format,
        )  # fmt: skip
        store.edit(project, f"Import {facts.name}", source=facts.format)


# ---- in words -------------------------------------------------------------------------------------------------------


def _summary(facts: SetFacts, found: Recognised, taken: Sequence[IndexLine], refused: int, fresh: int) -> str:
    rows = [row for line in taken for row in line.motions]
    hours = sum(row.duration_s for row in rows) / 3600
    length = f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.1f} min"
    held = f"{facts.name}: {counted(len(rows), 'recording')}, {length}."
    if not fresh:
        return f"{held} Everything was in already; nothing has changed."
    if not found.is_many:
        return held
    files = counted(len(found.files) - refused, "file")
    is_in = "is" if len(found.files) - refused == 1 else "are"
    left = f", {refused} {'was' if refused == 1 else 'were'} left out" if refused else ""
    return f"{files} {is_in} in{left}. {held}"


def _nothing_in(found: Recognised, lines: Sequence[IndexLine]) -> str:
    if len(lines) == 1:
        return f"{found.files[0].name}: {lines[0].left_out}"
    first = next(line for line in lines if line.left_out)
    return f"None of {counted(len(lines), 'file')} could be read. {first.source}: {first.left_out}"


def _first_hint(lines: Sequence[IndexLine]) -> str:
    return next((line.hint for line in lines if line.hint and "\n" not in line.hint), "")

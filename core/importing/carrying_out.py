"""Carries out an import: whatever lies at the source comes into the project, and what cannot is listed with reasons.

    for event in carry_out(ImportData(project=..., out=..., source="AMASS/CMU")):
        ...

Recorded motion and labels of it become a data set beside the project, file by file (`core.importing.motion`): that can
be stopped at any file and killed at any moment, goes on where it was, and changes nothing the second time. A table of
characteristic poses is kept byte for byte. Everything else becomes rows of the project, in one edit a file, or one
edit for a folder of annotations.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.errors import CoreError, FileError, ProjectError, RunError
from core.exchanged import Report
from core.formats.annotated import Annotations
from core.importing import exchange, poses2d
from core.importing.annotations import Origin, take_annotations
from core.importing.motion import import_motion
from core.importing.recognition import Recognised, is_packed, unpacked, what_is
from core.importing.sets import is_in_project, put_into_project, set_for, stamp_of
from core.project.annotations import Clip, person
from core.project.durable import put_down
from core.project.motion_sets import IndexLine, SetFacts
from core.project.store import ProjectStore
from core.runs import Done, Events, ImportData, Note, Progress
from core.wording import counted


def carry_out(spec: ImportData) -> Events:
    """The events of an import; closing the generator stops it, and what came in stays."""
    spec = msgspec.structs.replace(spec, author=spec.author or person())
    source = Path(spec.source)
    with ProjectStore.open(Path(spec.project), spec.author, mode="read") as store:
        if spec.clip_id and spec.clip_id not in store.project.clips:
            raise ProjectError("The clip these belong to is gone.", hint="Choose another.")
    if not is_packed(source):
        yield Progress(0, 1, f"Looking at {source.name}")
        yield from _import(spec, what_is(source, spec.format, spec.only), source)
        return
    yield Progress(0, 1, f"Unpacking {source.name}")
    with unpacked(source, Path(spec.out)) as folder:
        yield from _import(spec, what_is(folder, spec.format, spec.only), folder)


def _import(spec: ImportData, found: Recognised, root: Path) -> Events:
    options = (*found.format.options, *(poses2d.OPTIONS if found.format.holds == "2D poses" else ()))
    unknown = sorted(set(spec.options) - set(options))
    if unknown:
        known = ", ".join(options) or "none"
        raise ProjectError(f"{found.format.name} has no option {unknown[0]!r}", hint=f"Its options: {known}.")
    if found.passed_over:
        of_what = "other" if spec.format else "unknown"
        yield Note(f"{counted(found.passed_over, 'file')} of {of_what} formats passed over.")
    for folder in found.locked:
        yield Note(f"Left out: the folder {folder.name} cannot be looked into.")
    match found.format.holds:
        case "motion" | "motion labels":
            yield from import_motion(spec, found, root)
        case "characteristic poses":
            yield from _import_tables(spec, found, root)
        case "annotations":
            yield from _import_annotations(spec, found)
        case _:
            yield from _import_rows(spec, found)


# ---- rows of the project --------------------------------------------------------------------------------------------


def _import_rows(spec: ImportData, found: Recognised) -> Events:
    """2D poses, marks and cameras: one edit a file."""
    reports: list[Report] = []
    refused: list[CoreError] = []
    for number, path in enumerate(found.files):
        yield Progress(number, len(found.files), f"{found.format.name}: {path.name}")
        try:
            with ProjectStore.open(Path(spec.project), spec.author, mode="command") as store:
                clip = store.project.clips.get(spec.clip_id)
                reports.append(exchange.take_in(found.format, path, store, clip, spec.author, spec.options))
        except CoreError as error:
            if not found.is_many:
                raise
            refused.append(error)
            yield Note(f"Left out: {error}")
    yield Progress(len(found.files), len(found.files), found.format.name)
    if not reports:
        raise RunError(f"None of {counted(len(refused), 'file')} could be read. {refused[0]}", hint=refused[0].hint)
    left = [f"{counted(len(refused), 'file')} left out."] if refused else []
    yield Done("\n".join([*(each.says for each in reports), *left]))


def _import_annotations(spec: ImportData, found: Recognised) -> Events:
    """All of a data set, or of a folder of files, as one edit."""
    read: list[Annotations] = []
    refused: list[CoreError] = []
    for number, path in enumerate(found.files):
        yield Progress(number, len(found.files), f"{found.format.name}: {path.name}")
        try:
            read.append(exchange.annotations_of(found.format, path, spec.options))
        except CoreError as error:
            if not found.is_many:
                raise
            refused.append(error)
            yield Note(f"Left out: {error}")
    if not read:
        raise RunError(f"None of {counted(len(refused), 'file')} could be read. {refused[0]}", hint=refused[0].hint)
    folder = found.source if found.source.is_dir() else found.source.parent
    with ProjectStore.open(Path(spec.project), spec.author, mode="command") as store:
        clip: Clip | None = store.project.clips.get(spec.clip_id)
        report = take_annotations(
            together(read), store, source=found.format.name, author=spec.author, folder=folder, clip=clip,
            label=f"Import {Path(spec.source).name}",
            origin=Origin(Path(spec.source), len(found.files), spec.name, spec.options),
        )  # fmt: skip
    yield Progress(len(found.files), len(found.files), found.format.name)
    left = [f"{counted(len(refused), 'file')} left out: {refused[0]}"] if refused else []
    yield Done("\n".join([report.says, *left]))


def together(read: Sequence[Annotations]) -> Annotations:
    """Annotations of several files as those of one data set: what is said once of all is kept once."""
    splits: dict[str, dict[str, tuple[str, ...]]] = {}
    for each in read:
        for name, parts in each.splits.items():
            for part, clips in parts.items():
                before = splits.setdefault(name, {}).get(part, ())
                splits[name][part] = tuple(dict.fromkeys((*before, *clips)))
    return dataclasses.replace(
        read[0],
        clips=tuple(clip for each in read for clip in each.clips),
        splits=splits,
        cameras=tuple({camera.name: camera for each in read for camera in each.cameras}.values()),
        learned_as={action: name for each in read for action, name in each.learned_as.items()},
        notes=tuple(dict.fromkeys(note for each in read for note in each.notes)),
    )


# ---- tables of characteristic poses ---------------------------------------------------------------------------------


def _import_tables(spec: ImportData, found: Recognised, root: Path) -> Events:
    """Each table as a file of the set, byte for byte; it is read first, so that a damaged one stays outside."""
    the_set = set_for(spec, found.format)
    known = {line.source: line for line in the_set.lines()}
    rows, fresh = 0, 0
    refused: list[CoreError] = []
    for number, path in enumerate(found.files):
        yield Progress(number, len(found.files), f"{found.format.name}: {path.name}")
        name = path.relative_to(root).as_posix() if path != root else path.name
        line = IndexLine(source=name, stamp=stamp_of(path))
        try:
            table = found.format.read(path, **spec.options)
            rows += len(table.rows)
            if line != known.get(name):
                fresh += 1
                kept = the_set.folder / "tables" / name
                kept.parent.mkdir(parents=True, exist_ok=True)
                put_down(kept, table.raw)
                the_set.append(line)
        except OSError as error:
            raise FileError(path, f"cannot be kept ({error.strerror})", hint="Free space on the disk.") from error
        except CoreError as error:
            refused.append(error)
            if not found.is_many:
                the_set.discard_if_empty()
                raise
            yield Note(f"Left out: {error}")
    if len(refused) == len(found.files):
        the_set.discard_if_empty()
        raise RunError(f"None of {counted(len(refused), 'file')} could be read. {refused[0]}", hint=refused[0].hint)
    facts: SetFacts = the_set.facts
    if not is_in_project(spec, facts.key):
        put_into_project(spec, facts)
    yield Progress(len(found.files), len(found.files), found.format.name)
    says = f"{facts.name}: {counted(rows, 'characteristic pose')}."
    left = f" {counted(len(refused), 'file')} left out: {refused[0]}" if refused else ""
    again = "" if fresh else " Everything was in already; nothing has changed."
    yield Done(says + again + left, (str(the_set.folder),))

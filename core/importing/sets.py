"""The data set that a source was taken into: found again by the same wishes, or made; and the project told of it.

The folder of a set lies beside the project whatever the project says; an item of the project names it. The project is
written through the store, in one edit: where a studio has it open, the edit waits in its inbox and is not made twice.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from core.errors import CoreError
from core.formats import Format
from core.importing.recognition import files_below
from core.project import edits, inbox
from core.project.annotations import Project
from core.project.motion_sets import MotionSet, SetFacts, as_key, folder_of, motion_sets, name_after
from core.project.rows import value_of
from core.project.store import ProjectStore
from core.runs import ImportData

_EDGE_BYTES = 65_536
_HELD: dict[str, Literal["motion", "labels", "characteristic poses"]] = {
    "motion": "motion", "motion labels": "labels", "characteristic poses": "characteristic poses"
}  # fmt: skip


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


def set_for(spec: ImportData, known: Format) -> MotionSet:
    """The set this source was taken into before, by the same wishes; otherwise a new one."""
    project = Path(spec.project)
    name = spec.name.strip() or name_after(Path(spec.source))
    options = dict(spec.options) | ({"fit bodies": "yes"} if spec.fit_bodies else {})
    facts = SetFacts(
        key=as_key(name), name=name, holds=_HELD[known.holds], format=known.name,
        source=spec.source, licence=known.licence, rate_hz=spec.rate_hz, options=options,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"), made_by=spec.author,
    )  # fmt: skip
    for each in motion_sets(project):
        there = each.facts
        wished = (there.source, there.format, there.rate_hz, there.options)
        if wished == (facts.source, facts.format, facts.rate_hz, facts.options) and spec.name in ("", there.name):
            return each
    number = 1
    while folder_of(project, facts.key).exists():
        number += 1
        facts = msgspec.structs.replace(facts, key=f"{as_key(name)[:56].rstrip('-')}-{number}")
    return MotionSet.create(project, facts)


def is_in_project(spec: ImportData, key: str) -> bool:
    """Whether the project knows the set, or will once its studio takes in what waits."""
    folder = Path(spec.project)
    path = f"datasets/{key}"
    with ProjectStore.open(folder, spec.author, mode="read") as store:
        project = store.project
    return _is_item_of(project, path) or any(_brings(patch, project.id, path) for patch in inbox.waiting(folder))


def _is_item_of(project: Project, path: str) -> bool:
    return any(each.kind == "dataset" and each.path == path for each in project.items.values())


def _brings(patch: Path, project_id: str, path: str) -> bool:
    try:
        changes = inbox.read(patch, project_id).changes
        values = (value_of(each.table, each.after.body) for each in changes if each.table == "items" and each.after)
        return any(getattr(each, "path", "") == path for each in values)
    except (ValueError, CoreError):
        return False


def put_into_project(spec: ImportData, facts: SetFacts) -> None:
    """One edit that can be undone; the recordings stay beside the project."""
    with ProjectStore.open(Path(spec.project), spec.author, mode="command") as store:
        project, _ = edits.add_item(
            store.project, "dataset", facts.name, f"datasets/{facts.key}", author=spec.author,
            facts={"format": facts.format, "holds": facts.holds}, source=facts.format,
        )  # fmt: skip
        store.edit(project, f"Import {facts.name}", source=facts.format)

"""Data sets of annotated videos as a project knows them: an item that says where they came from and which clips they
are about. Their segments are the project's own rows; nothing of them lies beside it.

    project = noted(project, Source(...), clip_ids, author=author)     # the same again changes nothing
    clips_of(project, item)                                            # those that are still there
    only(project, clip_ids)                                            # the project as if it held these alone

An item's path is `clips/<key>`, which is also the key that it is known by: no data set with a folder has a `/` in its.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from core.project.annotations import Clip, Item, Project
from core.project.edits import add_item
from core.project.motion_sets import as_key

PLACE = "clips/"
HOLDS = "annotations"
_MOST_REASONS = 200


@dataclass(frozen=True)
class Source:
    """What was taken in. `path` is the file or folder as a person named it, whole; `fingerprint` is of its content."""

    path: str
    format: str
    name: str
    licence: str = ""
    fingerprint: str = ""
    files: int = 1
    options: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def noted(project: Project, source: Source, clip_ids: Iterable[str], *, author: str) -> Project:
    """The project with an item for this source, or with the one it has brought up to date."""
    there = next((each for each in project.items.values() if _is_from(each, source)), None)
    if there is None:
        ids = tuple(dict.fromkeys(clip_ids))
        if not ids:
            return project
        path = _free_path(project, source.name)
        facts = _facts(source, ids)
        return add_item(
            project, "dataset", source.name, path, author=author, facts=facts, source=source.format
        )[0]  # fmt: skip
    ids = tuple(dict.fromkeys((*(clip.id for clip in clips_of(project, there)), *clip_ids)))
    known = there.facts.get("fingerprint"), set(there.facts.get("clips", "").split())
    if known == (source.fingerprint, set(ids)):
        return project
    return project.with_item(msgspec.structs.replace(there, facts=_facts(source, ids)))


def is_annotated(item: Item) -> bool:
    """Whether it is a data set whose content is clips of the project."""
    return item.kind == "dataset" and item.path.startswith(PLACE)


def clips_of(project: Project, item: Item) -> tuple[Clip, ...]:
    """The clips it is about, without those that were taken out since."""
    return tuple(project.clips[each] for each in item.facts.get("clips", "").split() if each in project.clips)


def left_out_of(item: Item) -> tuple[str, ...]:
    """Why parts of it did not come in, each once."""
    return tuple(filter(None, item.facts.get("reasons", "").split("\n")))


def only(project: Project, clip_ids: Collection[str]) -> Project:
    """The project as if it held these clips alone, with the splits that name one of them."""
    kept = {each: project.clips[each] for each in clip_ids}
    splits = {
        key: each
        for key, each in project.splits.items()
        if any(clip in kept for part in each.parts.values() for clip in part)
    }
    return msgspec.structs.replace(project, clips=kept, splits=splits)


def _is_from(item: Item, source: Source) -> bool:
    return is_annotated(item) and (item.facts.get("format"), item.facts.get("source")) == (source.format, source.path)


def _facts(source: Source, ids: tuple[str, ...]) -> dict[str, str]:
    reasons = list(dict.fromkeys(" ".join(each.split()) for each in source.left_out))
    more = [f"and {len(reasons) - _MOST_REASONS} more"] if len(reasons) > _MOST_REASONS else []
    facts = {
        "format": source.format, "holds": HOLDS, "source": source.path, "licence": source.licence,
        "fingerprint": source.fingerprint, "files": str(source.files), "left out": str(len(source.left_out) or ""),
        "reasons": "\n".join([*reasons[:_MOST_REASONS], *more]), "clips": " ".join(ids),
        "options": ", ".join(f"{name}={value}" for name, value in source.options.items()),
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value}


def _free_path(project: Project, name: str) -> str:
    """A path that no item of the project has."""
    key = as_key(name)
    taken, number, path = {each.path for each in project.items.values()}, 1, PLACE + key
    while path in taken:
        number += 1
        path = f"{PLACE}{key}-{number}"
    return path

"""Rows that two people made of one thing, each under an id of their own. Pure.

    offered = offered_labels(mine, theirs)             labels of one name: probably one label, and a person says
    certain = found(base, mine, theirs, offered)       one video, one person in it, one stretch with the same words
    theirs = renamed(theirs, {**certain, **offered})

Only rows that nobody has in common are looked at: a row with the same id is the same row already.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import asdict, replace

from core.project.annotations import Clip, Project

Same = Mapping[str, str]
"""Their id → the id it has here."""

_DICTS_BY_ID = ("cameras", "splits", "items", "clusterings")


def found(base: Project, mine: Project, theirs: Project, labels: Same) -> dict[str, str]:
    """What is the same beyond doubt; `labels` are those of theirs that were found to be mine."""
    same: dict[str, str] = {}
    same.update(_pairs(_new(theirs.clips, base.clips, mine.clips), _new(mine.clips, base.clips, theirs.clips), _video))
    for table in _DICTS_BY_ID:
        was, here, there = (getattr(each, table) for each in (base, mine, theirs))
        same.update(_pairs(_new(there, was, here), _new(here, was, there), _content))
    for clip in theirs.clips.values():
        own = mine.clips.get(same.get(clip.id, clip.id))
        if own is not None:
            same.update(_inside(base.clips.get(clip.id), own, clip, labels))
    return same


def offered_labels(mine: Project, theirs: Project) -> dict[str, str]:
    """Labels that the two made each for themselves and gave one name."""
    here = {(each.kind, each.name): each.id for each in mine.labels.values() if each.id not in theirs.labels}
    return {
        each.id: here[each.kind, each.name]
        for each in theirs.labels.values()
        if each.id not in mine.labels and (each.kind, each.name) in here
    }


def known(mine: Project, theirs: Project) -> dict[str, str]:
    """What earlier merges, on either side, found to be the same: any id of a thing → the one it has here.

    Each side keeps the ids it has; only what it does not have is called by another's id.
    """
    kin: dict[str, set[str]] = {}
    for copy in (*mine.merged, *theirs.merged):
        for one, other in copy.same.items():
            whole = kin.get(one, {one}) | kin.get(other, {other})
            kin.update((each, whole) for each in whole)
    here = ids_of(mine)
    same: dict[str, str] = {}
    for each in sorted(kin):
        whole = kin[each]
        own = min((other for other in whole if other in here), default=min(whole))
        if each != own:
            same[each] = own
    return same


def ids_of(project: Project) -> set[str]:
    """The ids of every row that can be the same as another."""
    rows = {*project.labels, *project.clips, *project.cameras, *project.splits, *project.items, *project.clusterings}
    for clip in project.clips.values():
        rows |= {each.id for each in (*clip.actors, *clip.segments)}
    return rows


def renamed(project: Project, same: Same) -> Project:
    """`project` with its rows called by these ids, wherever they are named. What has such a row already keeps both."""
    if not same:
        return project
    present = ids_of(project)
    to: dict[str, str] = {}
    called: set[str] = set()
    for old, new in same.items():
        # Of two rows that are one to somebody else the first gets the id: as one row, one of them would be gone.
        if old in present and new not in present and new not in called:
            to[old] = new
            called.add(new)
    if not to:
        return project

    def name(row_id: str) -> str:
        return to.get(row_id, row_id)

    def rows(table: Mapping[str, Any], **change: Callable[[Any], Any]) -> dict[str, Any]:
        made = (
            replace(each, id=name(key), **{field: of(each) for field, of in change.items()})
            for key, each in table.items()
        )
        return {each.id: each for each in made}

    def of_clip(clip: Clip) -> dict[str, Any]:
        return {
            "actors": tuple(replace(each, id=name(each.id)) for each in clip.actors),
            "segments": tuple(
                replace(
                    each,
                    id=name(each.id),
                    action=name(each.action),
                    objects=tuple(map(name, each.objects)),
                    actor=name(each.actor),
                )
                for each in clip.segments
            ),
            "poses": tuple(replace(each, segment=name(each.segment)) for each in clip.poses),
        }

    clips = {
        name(key): replace(clip, id=name(key), camera=name(clip.camera), **of_clip(clip))
        for key, clip in project.clips.items()
    }
    return replace(
        project,
        labels=rows(project.labels),
        clips=clips,
        cameras=rows(project.cameras),
        splits=rows(
            project.splits,
            parts=lambda split: {part: tuple(map(name, clips)) for part, clips in split.parts.items()},
        ),
        items=rows(project.items),
        clusterings=rows(
            project.clusterings,
            learned=lambda each: {name(label): learned for label, learned in each.learned.items()},
        ),
        answers=rows(project.answers, clip=lambda each: name(each.clip), segment=lambda each: name(each.segment)),
    )


def _new(side: Mapping[str, Any], *others: Mapping[str, Any]) -> list[Any]:
    return [each for key, each in side.items() if not any(key in other for other in others)]


def _pairs(theirs: Iterable[Any], mine: Iterable[Any], what: Callable[[Any], object]) -> dict[str, str]:
    """Their id → mine, where `what` of both is the same (None is like nothing); each row once."""
    here: dict[object, list[str]] = {}
    for each in mine:
        if (key := what(each)) is not None:
            here.setdefault(key, []).append(each.id)
    same: dict[str, str] = {}
    for each in theirs:
        if waiting := here.get(what(each)):
            same[each.id] = waiting.pop(0)
    return same


def _video(clip: Clip) -> object:
    return (clip.video.fingerprint, clip.video.size_bytes) if clip.video.fingerprint else None


def _content(row: Any) -> object:
    return repr({name: value for name, value in asdict(row).items() if name not in ("id", "made")})


def _inside(base: Clip | None, mine: Clip, theirs: Clip, labels: Same) -> dict[str, str]:
    """People and segments that both added to one clip alike."""

    def new(side: Clip, other: Clip, table: str) -> list[Any]:
        there = {each.id for clip in (base, other) if clip is not None for each in getattr(clip, table)}
        return [each for each in getattr(side, table) if each.id not in there]

    people = new(theirs, mine, "actors"), new(mine, theirs, "actors")
    same = _pairs(*people, lambda each: each.track)
    left = [each for each in people[0] if each.id not in same], [e for e in people[1] if e.id not in same.values()]
    same.update(_pairs(*left, lambda each: each.name))

    def stretch(segment: Any) -> object:
        return (
            labels.get(segment.action, segment.action),
            segment.start_frame,
            segment.end_frame,
            frozenset(labels.get(each, each) for each in segment.objects),
            same.get(segment.actor, segment.actor),
        )

    same.update(_pairs(new(theirs, mine, "segments"), new(mine, theirs, "segments"), stretch))
    return same

"""Whose segments are locked, in which clips, and why an edit may not be made because of it.

A lock is a row of the timeline that somebody locked (`studio.widgets.timeline_axis.PERSON` and an actor's id); it is
kept with how the rows are arranged (`studio.display`), as "clip id/row". It holds in every clip and on every page.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from core.project.annotations import Clip, Project
from studio.display import Display
from studio.widgets.timeline_axis import PERSON
from studio.widgets.timeline_maker import change
from studio.widgets.timeline_words import locked_words


def locked_rows(display: Display) -> dict[str, frozenset[str]]:
    """The rows that are locked, by their keys, of every clip that has any."""
    locked: dict[str, frozenset[str]] = {}
    for kept in display.kept_rows("locked"):
        clip_id, is_of_clip, key = kept.partition("/")
        if is_of_clip:
            locked[clip_id] = locked.get(clip_id, frozenset()) | {key}
    return locked


def why_locked(
    display: Display, before: Project, after: Project, here: str = "", names: Mapping[str, str] | None = None
) -> str:
    """Why an edit may not be made: it changes a segment or a pose of somebody who is locked, in whichever clip.

    `names` are those of the rows of the clip `here`, whose timeline is in front.
    """
    if before.clips is after.clips:
        return ""
    for clip_id, locked in locked_rows(display).items():
        old, new = before.clips.get(clip_id), after.clips.get(clip_id)
        if old is None or new is None or old is new:
            continue
        rows = names if names is not None and clip_id == here else None
        key = _touched_and_locked(old, new, locked, with_nobody=rows is not None and PERSON in rows)
        if key:
            people = rows if rows is not None else {PERSON + each.id: each.name for each in old.actors}
            return locked_words(people.get(key, ""), "" if rows is not None else old.name)
    return ""


def _touched_and_locked(old: Clip, new: Clip, locked: frozenset[str], *, with_nobody: bool) -> str:
    """The row of somebody locked of whom a segment or a pose differs, or nothing. `with_nobody`: who has none is apart.

    Otherwise what names nobody in a clip of one person is theirs.
    """
    segments, poses = change(old.segments, new.segments), change(old.poses, new.poses)
    one, other = (_by_id(part) for part in (segments.old, segments.new))
    touched = {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
    was, now = (_by_id(part) for part in (poses.old, poses.new))
    touched |= {(was.get(key) or now[key]).segment for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
    if not touched:
        return ""
    alone = new.actors[0].id if len(new.actors) == 1 and not with_nobody else ""
    for clip in (old, new):
        for segment in clip.segments:
            if segment.id in touched:
                mine = {PERSON + segment.actor, PERSON + (segment.actor or alone)} & locked
                if mine:
                    return max(mine)
    return ""


def _by_id(items: Iterable[Any]) -> dict[str, Any]:
    return {each.id: each for each in items}

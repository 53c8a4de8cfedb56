"""Finding clips, and places in them, by words: `reach, pose missing`.

Words stand apart by commas. Each one is a word of what the table says of a clip (its name, state, performer, part of
the split), or an action or object that is marked on it, or `pose missing`. Where words speak of segments, the segments
that fit all of them are the places, in the order of time.
"""

from dataclasses import dataclass

from core.project.annotations import Clip, Project, Segment
from core.project.edits import BACKGROUND

MISSING = ("pose missing", "missing pose", "without pose", "no pose")


@dataclass(frozen=True)
class Place:
    """A segment that fits."""

    clip_id: str
    segment_id: str
    frame: int


def fits(project: Project, clip: Clip, query: str, said: str) -> tuple[bool, list[Place]]:
    """Whether the clip fits, and where. `said` is what the table says of it."""
    words = [each.strip() for each in query.casefold().split(",") if each.strip()]
    said = said.casefold()
    missing = any(word in MISSING for word in words)
    wanted: list[set[str]] = []
    for word in words:
        if word in MISSING:
            continue
        for piece in [word] if _labels(project, word) else word.split():
            labels = _labels(project, piece)
            if piece in said and not (piece == word and labels):
                continue
            if not labels:
                return False, []
            wanted.append(labels)
    if not missing and not wanted:
        return True, []
    posed = {pose.segment for pose in clip.poses}
    without = {label.id for label in project.actions() if label.name in BACKGROUND}
    places = [
        Place(clip.id, each.id, each.start_frame)
        for each in clip.segments
        if all(_has(each, labels) for labels in wanted)
        and not (missing and (each.id in posed or each.action in without))
    ]
    return bool(places), places


def _labels(project: Project, word: str) -> set[str]:
    """The labels of this name; else those that begin so, or have a word that does."""
    named = {label.id for label in project.labels.values() if label.name.casefold() == word}
    if named or len(word) < 2:
        return named
    return {
        label.id
        for label in project.labels.values()
        if label.name.casefold().startswith(word)
        or any(each.startswith(word) for each in label.name.casefold().split())
    }


def _has(segment: Segment, labels: set[str]) -> bool:
    return segment.action in labels or not labels.isdisjoint(segment.objects)

"""Finding clips, and places in them, by words: `reach, pose missing`.

Words stand apart by commas. Each one is a word of what the table says of a clip (its name, state, performer, part of
the split), or an action or object that is marked on it, or `pose missing`. Where words speak of segments, the segments
that fit all of them are the places, in the order of time.
"""

from typing import NamedTuple

from core.project.annotations import Clip, Project
from core.project.edits import BACKGROUND

MISSING = ("pose missing", "missing pose", "without pose", "no pose")


class Place(NamedTuple):
    """A segment that fits."""

    clip_id: str
    segment_id: str
    frame: int


class _Piece(NamedTuple):
    words: str
    labels: frozenset[str]
    is_label: bool  # words that name a label as a whole speak of segments, whatever the table says


class Query:
    """Words that are looked for in the clips of a project."""

    def __init__(self, project: Project, words: str) -> None:
        asked = [each.strip() for each in words.casefold().split(",") if each.strip()]
        self._wants_missing = any(word in MISSING for word in asked)
        self._pieces: list[_Piece] = []
        for word in asked:
            if word in MISSING:
                continue
            whole = _labels(project, word)
            for piece in [word] if whole else word.split():
                labels = whole if piece == word else _labels(project, piece)
                self._pieces.append(_Piece(piece, labels, piece == word and bool(labels)))
        self._without = {label.id for label in project.actions() if label.name in BACKGROUND}

    def fits(self, clip: Clip, said: str) -> tuple[bool, list[Place]]:
        """Whether the clip fits, and where. `said` is what the table says of it, in small letters."""
        wanted: list[frozenset[str]] = []
        for piece in self._pieces:
            if piece.words in said and not piece.is_label:
                continue
            if not piece.labels:
                return False, []
            wanted.append(piece.labels)
        if not self._wants_missing and not wanted:
            return True, []
        found = list(clip.segments)
        for labels in wanted:
            found = [
                each
                for each in found
                if each.action in labels or (each.objects and not labels.isdisjoint(each.objects))
            ]
        if self._wants_missing:
            posed, without = {pose.segment for pose in clip.poses}, self._without
            found = [each for each in found if each.id not in posed and each.action not in without]
        return bool(found), [Place(clip.id, each.id, each.start_frame) for each in found]


def _labels(project: Project, word: str) -> frozenset[str]:
    """The labels of this name; else those that begin so, or have a word that does."""
    named = frozenset(label.id for label in project.labels.values() if label.name.casefold() == word)
    if named or len(word) < 2:
        return named
    return frozenset(
        label.id
        for label in project.labels.values()
        if label.name.casefold().startswith(word)
        or any(each.startswith(word) for each in label.name.casefold().split())
    )

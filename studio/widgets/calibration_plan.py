"""What a person has measured and marked: a simple room, places of their own, and where each is in the picture. No Qt.

Values; each change makes another one, so that undo inside the window is a list of them. The room is
`core.geometry.rooms.Room`: metres, y up, the back left corner of the floor at the origin. A mark's key is the name of
its point; pixels are those of the original video.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.geometry.rooms import Box, Opening, Room

Pixel = tuple[float, float]
Place = tuple[float, float, float]
USUAL = Room(4.0, 5.0, 2.5, (Box("table", 1.0, 1.5, 1.6, 0.8, 0.75),), (Opening("door", "back", 2.6, 0.9, 2.0),))
"""A room of ordinary sizes to start from."""


@dataclass(frozen=True)
class Points:
    """The room, places that somebody measured beside it, and the marks in the order they were made."""

    room: Room = USUAL
    own: Mapping[str, Place] = field(default_factory=dict)
    marks: Mapping[str, Pixel] = field(default_factory=dict)

    def places(self) -> dict[str, Place]:
        """Every place that can be marked, by name."""
        return {**self.room.points_m(), **self.own}

    def edges(self) -> list[tuple[Place, Place]]:
        """The room's lines."""
        places = self.room.points_m()
        return [(places[one], places[other]) for one, other in self.room.edges()]

    def pairs(self) -> tuple[tuple[str, ...], Float[ndarray, "points 2"], Float[ndarray, "points 3"]]:
        """Names, pixels and places of what is marked."""
        places = self.places()
        return (
            tuple(self.marks),
            np.array(list(self.marks.values()), float).reshape(-1, 2),
            np.array([places[name] for name in self.marks], float).reshape(-1, 3),
        )

    def numbers(self) -> dict[str, int]:
        """Marks are numbered from 1 in the order they were made."""
        return {name: at for at, name in enumerate(self.marks, start=1)}

    # ---- changes ----

    def marked(self, name: str, pixel: Pixel) -> "Points":
        """A place is seen at `pixel`."""
        return replace(self, marks={**self.marks, name: pixel})

    def unmarked(self, name: str) -> "Points":
        return replace(self, marks={each: pixel for each, pixel in self.marks.items() if each != name})

    def with_room(self, room: Room, renamed: tuple[str, str] | None = None) -> "Points":
        """Another room; marks follow a thing that was `renamed`, those of a thing that is gone go with it."""
        old, new = renamed or ("", "")
        return self._kept(replace(self, room=room), f"{old}, ", f"{new}, ")

    def with_own(self, own: Mapping[str, Place], renamed: tuple[str, str] | None = None) -> "Points":
        """Other places of one's own."""
        return self._kept(replace(self, own=own), *(renamed or ("", "")))

    def _kept(self, after: "Points", old: str, new: str) -> "Points":
        """The marks whose places are still there, or are there under a name that begins with `new`, not `old`."""
        there = after.places()
        marks: dict[str, Pixel] = {}
        for name, pixel in self.marks.items():
            moved = new + name.removeprefix(old) if old and name.startswith(old) else ""
            if (now := moved if moved in there else name) in there:
                marks[now] = pixel
        return replace(after, marks=marks)


@dataclass(frozen=True)
class History:
    """What was, what is, and what was taken back, each with the words of the step that led there."""

    now: Points = field(default_factory=Points)
    before: tuple[tuple[str, Points], ...] = ()
    after: tuple[tuple[str, Points], ...] = ()

    def step(self, points: Points, words: str) -> "History":
        """One step on."""
        return self if points == self.now else History(points, (*self.before, (words, self.now)))

    def undone(self) -> "History":
        if not self.before:
            return self
        words, points = self.before[-1]
        return History(points, self.before[:-1], (*self.after, (words, self.now)))

    def redone(self) -> "History":
        if not self.after:
            return self
        words, points = self.after[-1]
        return History(points, (*self.before, (words, self.now)), self.after[:-1])


class Histories:
    """The history of every clip that was worked on, one of them in hand."""

    def __init__(self) -> None:
        self._of: dict[str, History] = {}
        self._clip_id = ""

    def take(self, clip_id: str) -> None:
        """Work on another clip."""
        self._clip_id = clip_id

    @property
    def history(self) -> History:
        return self._of.get(self._clip_id, History())

    @property
    def now(self) -> Points:
        return self.history.now

    def step(self, points: Points, words: str) -> None:
        self._of[self._clip_id] = self.history.step(points, words)

    def undo(self) -> None:
        self._of[self._clip_id] = self.history.undone()

    def redo(self) -> None:
        self._of[self._clip_id] = self.history.redone()

"""A simple room with named points, for calibration by pairing them with pixels: floor, walls, boxes and openings.

Metres, the project's world: y up, the floor at y = 0. Somebody who looks at the back wall has x = 0 at the left wall,
growing to the right, and z = 0 at the back wall, growing towards them. Boxes stand for worktops, tables and
cupboards, openings for doors, windows and pictures on a wall.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.geometry.cameras import Camera, eye_m

Wall = Literal["back", "left", "right"]
Edge = tuple[str, str]
"""Two names of points that a straight line joins."""

MOST_M = 200.0


def _check(what: str, value: float, *, may_be_zero: bool = False) -> None:
    if not np.isfinite(value) or value > MOST_M or value < 0 or (value == 0 and not may_be_zero):
        raise ValueError(f"{what} cannot be {value:g} m")


@dataclass(frozen=True)
class Box:
    """A table, a worktop, a cupboard: its left side `x_m` from the left wall, its back `z_m` from the back wall."""

    name: str
    x_m: float
    z_m: float
    width_m: float
    depth_m: float
    height_m: float
    bottom_m: float = 0.0

    def __post_init__(self) -> None:
        for what in ("width", "depth", "height"):
            _check(f"the {what} of {self.name}", getattr(self, f"{what}_m"))
        for what, value in (("place", self.x_m), ("place", self.z_m)):
            if not np.isfinite(value) or abs(value) > MOST_M:
                raise ValueError(f"the {what} of {self.name} cannot be {value:g} m")
        _check(f"the bottom of {self.name}", self.bottom_m, may_be_zero=True)

    def points_m(self) -> dict[str, tuple[float, float, float]]:
        return {
            f"{self.name}, {level} {row} {side}": (x, y, z)
            for level, y in (("bottom", self.bottom_m), ("top", self.bottom_m + self.height_m))
            for row, z in (("back", self.z_m), ("front", self.z_m + self.depth_m))
            for side, x in (("left", self.x_m), ("right", self.x_m + self.width_m))
        }

    def edges(self) -> tuple[Edge, ...]:
        return _box_edges(*(f"{self.name}, {level}" for level in ("bottom", "top")))


@dataclass(frozen=True)
class Opening:
    """A door, window or picture on a wall, its left side `offset_m` from the wall's left end as seen from inside."""

    name: str
    wall: Wall
    offset_m: float
    width_m: float
    height_m: float
    bottom_m: float = 0.0

    def __post_init__(self) -> None:
        for what in ("width", "height"):
            _check(f"the {what} of {self.name}", getattr(self, f"{what}_m"))
        _check(f"the place of {self.name}", self.offset_m, may_be_zero=True)
        _check(f"the bottom of {self.name}", self.bottom_m, may_be_zero=True)


@dataclass(frozen=True)
class Room:
    """Floor, walls and what stands in it."""

    width_m: float
    depth_m: float
    height_m: float
    boxes: tuple[Box, ...] = ()
    openings: tuple[Opening, ...] = ()

    def __post_init__(self) -> None:
        for what in ("width", "depth", "height"):
            _check(f"the room's {what}", getattr(self, f"{what}_m"))
        names = [each.name for each in (*self.boxes, *self.openings)]
        twice = next((name for name in names if names.count(name) > 1 or name in ("floor", "ceiling")), None)
        if twice is not None:
            raise ValueError(f'two things in the room are called "{twice}"')

    def points_m(self) -> dict[str, tuple[float, float, float]]:
        """Every named point, world metres."""
        points: dict[str, tuple[float, float, float]] = {
            f"{level}, {row} {side}": (x, y, z)
            for level, y in (("floor", 0.0), ("ceiling", self.height_m))
            for row, z in (("back", 0.0), ("front", self.depth_m))
            for side, x in (("left", 0.0), ("right", self.width_m))
        }
        for box in self.boxes:
            points |= box.points_m()
        for opening in self.openings:
            for level, y in (("bottom", opening.bottom_m), ("top", opening.bottom_m + opening.height_m)):
                for side, along in (("left", opening.offset_m), ("right", opening.offset_m + opening.width_m)):
                    points[f"{opening.name}, {level} {side}"] = self._on_wall(opening.wall, along, y)
        return points

    def edges(self) -> tuple[Edge, ...]:
        """Which points a straight line joins: what is drawn of the room."""
        edges = [*_box_edges("floor,", "ceiling,")]
        for box in self.boxes:
            edges += box.edges()
        for opening in self.openings:
            corners = [f"{opening.name}, {each}" for each in ("bottom left", "top left", "top right", "bottom right")]
            edges += [(corners[at], corners[(at + 1) % 4]) for at in range(4)]
        return tuple(edges)

    def place_of(self, names: tuple[str, ...]) -> Float[ndarray, "points 3"]:
        """The world places of these points; KeyError for a name that is not there."""
        points = self.points_m()
        return np.array([points[name] for name in names], float).reshape(-1, 3)

    def doubts(self, camera: Camera) -> tuple[str, ...]:
        """What is odd about a camera found in this room, in words."""
        x, y, z = eye_m(camera)
        doubts = []
        if y < 0:
            doubts.append(f"The camera would stand {-y:.2f} m under the floor: are points swapped?")
        elif y > self.height_m + 0.3:
            doubts.append(f"The camera would stand {y - self.height_m:.2f} m above the ceiling: is the height right?")
        if z < 0:
            doubts.append(f"The camera would stand {-z:.2f} m behind the back wall: are left and right swapped?")
        elif not -0.3 < x < self.width_m + 0.3:
            side = "left" if x < 0 else "right"
            doubts.append(f"The camera would stand outside the {side} wall: are the sizes right?")
        return tuple(doubts)

    def _on_wall(self, wall: Wall, along_m: float, y_m: float) -> tuple[float, float, float]:
        if wall == "back":
            return along_m, y_m, 0.0
        # As seen from inside, the left wall's left end is at the front, the right wall's at the back.
        return (0.0, y_m, self.depth_m - along_m) if wall == "left" else (self.width_m, y_m, along_m)


def _box_edges(below: str, above: str) -> tuple[Edge, ...]:
    ring = ("back left", "back right", "front right", "front left")
    edges = [(f"{level} {ring[at]}", f"{level} {ring[(at + 1) % 4]}") for level in (below, above) for at in range(4)]
    return (*edges, *((f"{below} {corner}", f"{above} {corner}") for corner in ring))

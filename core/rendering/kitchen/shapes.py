"""Coloured solids that a kitchen is built of: boxes, turned shapes, balls, pipes, panels. Numpy only; metres, y up.

A `Shape` has its own vertices for every flat face, so edges stay sharp, and shared ones where it is round. `joined`
makes one shape of many that have the same finish and no texture.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy import ndarray

from core.rendering.offscreen import Finish, rgb

MATT = Finish(ambient=0.29, diffuse=0.74, specular=0.06, shine=12)
SATIN = Finish(ambient=0.27, diffuse=0.74, specular=0.22, shine=28)
STEEL = Finish(ambient=0.22, diffuse=0.66, specular=0.60, shine=34)
GLOSS = Finish(ambient=0.20, diffuse=0.72, specular=0.45, shine=60)

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Shape:
    """A triangle mesh with normals and one colour a vertex, or a texture."""

    vertices_m: Float[ndarray, "vertices 3"]
    normals: Float[ndarray, "vertices 3"]
    faces: Int[ndarray, "faces 3"]
    colours: UInt8[ndarray, "vertices 3"]
    finish: Finish = MATT
    uv: Float[ndarray, "vertices 2"] | None = None
    texture: UInt8[ndarray, "rows columns 3"] | None = None

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Shape":
        return replace(self, vertices_m=self.vertices_m + np.array([x, y, z]))

    def turned(self, rotation: Float[ndarray, "3 3"]) -> "Shape":
        """About the origin."""
        return replace(self, vertices_m=self.vertices_m @ rotation.T, normals=self.normals @ rotation.T)

    def facing(self, direction: Point) -> "Shape":
        """Only the faces that look that way: thin slivers at the sides would flicker in a picture."""
        kept = self.normals[self.faces[:, 0]] @ np.array(direction) > 0.5
        return replace(self, faces=self.faces[kept])

    def mirrored_x(self) -> "Shape":
        """Left and right exchanged."""
        flip = np.array([-1.0, 1.0, 1.0])
        return replace(self, vertices_m=self.vertices_m * flip, normals=self.normals * flip, faces=self.faces[:, ::-1])


def box(low: Point, high: Point, colour: str, *, finish: Finish = MATT) -> Shape:
    """From one corner to the opposite one."""
    middle, half = (np.array(low) + np.array(high)) / 2, (np.array(high) - np.array(low)) / 2
    vertices, normals = [], []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            out, aside, across = sign * np.eye(3)[axis], np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
            corners = [out - aside - across, out + aside - across, out + aside + across, out - aside + across]
            vertices += [middle + half * corner for corner in corners]
            normals += [out] * 4
    quad = np.array([[0, 1, 2], [0, 2, 3]])
    faces = np.concatenate([4 * side + (quad if side % 2 else quad[:, ::-1]) for side in range(6)])
    return _shape(np.array(vertices), np.array(normals), faces, colour, finish)


def turned_shape(
    profile: Sequence[tuple[float, float]], colour: str, *, finish: Finish = MATT, sides: int = 32, crease: float = 0.7
) -> Shape:
    """A profile of (radius, height) points from the bottom up, turned about the y axis.

    Where the profile bends by more than `crease` radians an edge stays sharp. A profile may come back down inside:
    that makes bowls and pots.
    """
    points = np.array(profile, float)
    directions = np.diff(points, axis=0)
    outwards = np.stack([directions[:, 1], -directions[:, 0]], -1)
    outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-9)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    around = np.stack([np.sin(turn), np.cos(turn)], -1)
    vertices, normals, faces = [], [], []
    count = len(directions)
    for at in range(count):
        ends = []
        for end, neighbour in ((at, at - 1), (at + 1, at + 1)):
            out = outwards[at]
            if 0 <= neighbour < count and float(out @ outwards[neighbour]) > np.cos(crease):
                out = out + outwards[neighbour]
                out = out / np.linalg.norm(out)
            ends.append((points[end], out))
        start = 2 * sides * at
        for (radius, height), (aside, up) in ends:
            vertices.append(np.stack([radius * around[:, 0], np.full(sides, height), radius * around[:, 1]], -1))
            normals.append(np.stack([aside * around[:, 0], np.full(sides, up), aside * around[:, 1]], -1))
        here = start + np.arange(sides)
        beside = start + (np.arange(sides) + 1) % sides
        faces += [np.stack([here, beside, beside + sides], -1), np.stack([here, beside + sides, here + sides], -1)]
    return _shape(np.concatenate(vertices), np.concatenate(normals), np.concatenate(faces), colour, finish)


def ball(
    radii: Point, colour: str, *, finish: Finish = MATT, at: Point = (0.0, 0.0, 0.0), boxy: float = 1.0, rings: int = 14
) -> Shape:
    """An ellipsoid; `boxy` below 1 swells its corners, as a loaf's."""
    polar = np.linspace(0, np.pi, rings + 1)[:, None]
    turn = np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)[None]
    unit = np.stack([np.sin(polar) * np.sin(turn), -np.cos(polar) + 0 * turn, np.sin(polar) * np.cos(turn)], -1)
    swollen = np.sign(unit) * np.abs(unit) ** boxy
    normals = swollen / np.array(radii)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    columns = 2 * rings
    grid = np.arange((rings + 1) * columns).reshape(rings + 1, columns)
    here, beside = grid[:-1], np.roll(grid, -1, 1)[:-1]
    above, both = grid[1:], np.roll(grid, -1, 1)[1:]
    faces = np.concatenate([np.stack([here, beside, both], -1), np.stack([here, both, above], -1)]).reshape(-1, 3)
    vertices = swollen.reshape(-1, 3) * np.array(radii) + np.array(at)
    return _shape(vertices, normals.reshape(-1, 3), faces, colour, finish)


def pipe(
    path: Sequence[Point] | Float[ndarray, "points 3"],
    radius_m: float,
    colour: str,
    *,
    finish: Finish = SATIN,
    sides: int = 12,
    smooth: bool = False,
) -> Shape:
    """A round rod along a path, closed at both ends; `smooth` runs a curve through the points."""
    points = np.array(path, float)
    if smooth:
        from scipy.interpolate import CubicSpline

        along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
        points = CubicSpline(along, points)(np.linspace(0, along[-1], 6 * len(points)))
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    aside = np.cross(tangents[0], [0.0, 0, 1.0] if abs(tangents[0, 2]) < 0.8 else [1.0, 0, 0])
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    rings = []
    for tangent in tangents:  # carried along the path, so that it does not twist
        aside = aside - (aside @ tangent) * tangent
        aside = aside / np.linalg.norm(aside)
        rings.append(np.cos(turn)[:, None] * aside + np.sin(turn)[:, None] * np.cross(tangent, aside))
    ring = np.array(rings)
    wall = points[:, None] + radius_m * ring
    ends = [wall[0], wall[-1]]
    vertices = np.concatenate([wall.reshape(-1, 3), *ends])
    caps = [np.tile(-tangents[0], (sides, 1)), np.tile(tangents[-1], (sides, 1))]
    normals = np.concatenate([ring.reshape(-1, 3), *caps])
    grid = np.arange(len(points) * sides).reshape(len(points), sides)
    here, beside = grid[:-1], np.roll(grid, -1, 1)[:-1]
    ahead, both = grid[1:], np.roll(grid, -1, 1)[1:]
    faces = [np.stack([here, beside, both], -1).reshape(-1, 3), np.stack([here, both, ahead], -1).reshape(-1, 3)]
    fan = np.stack([np.zeros(sides - 2, int), np.arange(1, sides - 1), np.arange(2, sides)], -1)
    faces += [fan[:, ::-1] + grid.size, fan + grid.size + sides]
    return _shape(vertices, normals, np.concatenate(faces), colour, finish)


def sheet(
    points_m: Float[ndarray, "rows columns 3"], colours: Int[ndarray, "rows columns 3"], *, finish: Finish = MATT
) -> Shape:
    """Cloth: a bent rectangle, seen from both sides."""
    rows, columns, _ = points_m.shape
    normals = np.cross(np.gradient(points_m, axis=0), np.gradient(points_m, axis=1))
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    at = np.arange(rows * columns).reshape(rows, columns)
    here, right, below, both = at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]
    faces = np.concatenate([np.stack([here, below, right], -1), np.stack([right, below, both], -1)]).reshape(-1, 3)
    paint = colours.reshape(-1, 3).astype(np.uint8)
    return Shape(points_m.reshape(-1, 3), normals.reshape(-1, 3), faces, paint, finish)


def panel(
    corner: Point,
    along: Point,
    up: Point,
    texture: UInt8[ndarray, "rows columns 3"],
    *,
    repeat: tuple[float, float] = (1.0, 1.0),
    finish: Finish = MATT,
) -> Shape:
    """A textured rectangle from `corner`, its sides `along` and `up`; it faces along × up."""
    start, across, rise = np.array(corner), np.array(along), np.array(up)
    vertices = np.array([start, start + across, start + across + rise, start + rise])
    out = np.cross(across, rise)
    normals = np.tile(out / np.linalg.norm(out), (4, 1))
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * np.array(repeat)
    shape = _shape(vertices, normals, np.array([[0, 1, 2], [0, 2, 3]]), "#ffffff", finish)
    return replace(shape, uv=uv, texture=texture)


def joined(shapes: Iterable[Shape]) -> list[Shape]:
    """As few shapes as draw the same: one for each finish, textured ones alone."""
    textured, plain = [], {}
    for shape in shapes:
        if shape.texture is not None:
            textured.append(shape)
        else:
            plain.setdefault(shape.finish, []).append(shape)
    return [_join(same) for same in plain.values()] + textured


def _join(shapes: list[Shape]) -> Shape:
    starts = np.cumsum([0, *(len(shape.vertices_m) for shape in shapes)])
    return Shape(
        np.concatenate([shape.vertices_m for shape in shapes]),
        np.concatenate([shape.normals for shape in shapes]),
        np.concatenate([shape.faces + start for shape, start in zip(shapes, starts, strict=False)]),
        np.concatenate([shape.colours for shape in shapes]),
        shapes[0].finish,
    )


def _shape(vertices: ndarray, normals: ndarray, faces: ndarray, colour: str, finish: Finish) -> Shape:
    return Shape(vertices, normals, faces, np.full((len(vertices), 3), rgb(colour), np.uint8), finish)

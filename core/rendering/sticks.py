"""Skeletons and trails as meshes: bones as tubes, joints as balls, one mesh a skeleton. Metres; numpy only.

A prediction's bones are dashed: short pieces with gaps, the same length on every bone.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from numpy import ndarray

from core.bodies.skeletons import Skeleton
from core.rendering.contents import SideColours
from core.rendering.offscreen import rgb

BONE_RADIUS_M, JOINT_RADIUS_M = 0.013, 0.024
DASH_M, GAP_M = 0.055, 0.035
TRAIL_RADIUS_M = 0.009
_ROUND = 14


@dataclass(frozen=True)
class Solid:
    """A coloured triangle mesh with its normals."""

    vertices_m: Float[ndarray, "vertices 3"]
    normals: Float[ndarray, "vertices 3"]
    faces: Int[ndarray, "faces 3"]
    colours: UInt8[ndarray, "vertices 3"]


def skeleton_solid(
    joints_m: Float[ndarray, "joints 3"],
    skeleton: Skeleton,
    colours: SideColours,
    *,
    bones: str | None = None,
    dashed: bool = False,
    seen: Bool[ndarray, " joints"] | None = None,
    thickness: float = 1.0,
) -> Solid:
    """Joints in the colour of their side; bones in one colour, or in that of their lower end's side."""
    shown = np.isfinite(joints_m.sum(-1))
    if seen is not None:
        shown = shown & seen
    starts, ends, of_bone = [], [], []
    for parent, child in skeleton.bones:
        if shown[parent] and shown[child]:
            whole = [(joints_m[parent], joints_m[child])]
            for start, end in _dashes(*whole[0]) if dashed else whole:
                starts.append(start)
                ends.append(end)
                of_bone.append(rgb(bones or colours.of(skeleton.sides[child])))
    there = np.flatnonzero(shown)
    size = [JOINT_RADIUS_M * (1.5 if skeleton.joints[joint] in ("head", "nose") else 1.0) for joint in there]
    of_joint = [rgb(colours.of(skeleton.sides[joint])) for joint in there]
    return _together(
        _tubes(np.reshape(starts, (-1, 3)), np.reshape(ends, (-1, 3)), BONE_RADIUS_M * thickness, of_bone),
        _balls(joints_m[there], np.array(size) * thickness, of_joint),
    )


def trail_solid(points_m: Float[ndarray, "points 3"], colour: str, thickness: float = 1.0) -> Solid:
    """A thread along a path, hair-thin where it begins and as thick as `TRAIL_RADIUS_M` at its newest end."""
    points = points_m[np.isfinite(points_m).all(-1)]
    if len(points) < 2:
        return _together()
    gone = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    kept = np.r_[True, np.diff(gone) > 1e-6]
    points, gone = points[kept], gone[kept]
    if len(points) < 2:
        return _together()
    radius = TRAIL_RADIUS_M * thickness * (0.15 + 0.85 * gone / gone[-1])
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
    # One ring's direction is carried on to the next, so that the tube does not twist.
    asides = np.empty_like(points)
    aside = np.cross(along[0], [1.0, 0, 0] if abs(along[0, 0]) < 0.8 else [0, 1.0, 0])
    for at, direction in enumerate(along):
        aside = aside - direction * (aside @ direction)
        aside /= max(float(np.linalg.norm(aside)), 1e-12)
        asides[at] = aside
    across = np.cross(along, asides)
    rings = _CIRCLE[:, 0, None] * asides[:, None] + _CIRCLE[:, 1, None] * across[:, None]
    places = points[:, None] + radius[:, None, None] * rings
    at = np.arange(len(points) * _ROUND).reshape(len(points), _ROUND)
    here, beside = at[:-1], np.roll(at, -1, 1)[:-1]
    ahead, both = at[1:], np.roll(at, -1, 1)[1:]
    faces = np.concatenate([np.stack([here, beside, ahead], -1), np.stack([beside, both, ahead], -1)]).reshape(-1, 3)
    thread = Solid(
        places.reshape(-1, 3), rings.reshape(-1, 3), faces, np.full((places.size // 3, 3), rgb(colour), np.uint8)
    )
    return _together(thread, _balls(points[-1:], radius[-1:], [rgb(colour)]))


def _together(*parts: Solid) -> Solid:
    """One solid of several; none is an empty one."""
    starts = np.cumsum([0, *(len(part.vertices_m) for part in parts)])
    places, nothing = np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int64)
    return Solid(
        vertices_m=np.concatenate([places, *(part.vertices_m for part in parts)], dtype=np.float32),
        normals=np.concatenate([places, *(part.normals for part in parts)], dtype=np.float32),
        faces=np.concatenate([nothing, *(part.faces + at for part, at in zip(parts, starts, strict=False))]),
        colours=np.concatenate([nothing.astype(np.uint8), *(part.colours for part in parts)]),
    )


def _dashes(start: ndarray, end: ndarray) -> list[tuple[ndarray, ndarray]]:
    """Pieces that begin and end with a dash, whole gaps between them."""
    length = float(np.linalg.norm(end - start))
    count = max(2, round((length + GAP_M) / (DASH_M + GAP_M)))
    share = DASH_M / (count * DASH_M + (count - 1) * GAP_M)
    at = np.linspace(0, 1 - share, count)
    return [(start + (end - start) * from_, start + (end - start) * (from_ + share)) for from_ in at]


def _tubes(
    starts_m: Float[ndarray, "tubes 3"],
    ends_m: Float[ndarray, "tubes 3"],
    radius_m: float,
    colours: list[tuple[int, int, int]],
) -> Solid:
    """Tubes with flat ends."""
    along = ends_m - starts_m
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    leaning = np.where(np.abs(along[:, :1]) < 0.8, [[1.0, 0, 0]], [[0, 1.0, 0]])
    aside = np.cross(along, leaning)
    aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-9)
    across = np.cross(along, aside)
    rings = _CIRCLE[:, :1] * aside[:, None] + _CIRCLE[:, 1:] * across[:, None]
    caps = np.broadcast_to(along[:, None], rings.shape)
    first, last = starts_m[:, None] + radius_m * rings, ends_m[:, None] + radius_m * rings
    return _copies(
        np.concatenate([first, last, first, last], axis=1),
        np.concatenate([rings, rings, -caps, caps], axis=1),
        _TUBE_FACES,
        colours,
    )


def _balls(
    centres_m: Float[ndarray, "balls 3"], radii_m: Float[ndarray, " balls"], colours: list[tuple[int, int, int]]
) -> Solid:
    places = centres_m[:, None] + radii_m[:, None, None] * _BALL_POINTS
    return _copies(places, np.broadcast_to(_BALL_POINTS, places.shape), _BALL_FACES, colours)


def _copies(
    places_m: Float[ndarray, "copies points 3"],
    normals: Float[ndarray, "copies points 3"],
    faces: Int[ndarray, "faces 3"],
    colours: list[tuple[int, int, int]],
) -> Solid:
    """Many of one shape, each in its colour."""
    copies, points, _ = places_m.shape
    return Solid(
        vertices_m=places_m.reshape(-1, 3),
        normals=normals.reshape(-1, 3),
        faces=(faces[None] + points * np.arange(copies)[:, None, None]).reshape(-1, 3),
        colours=np.repeat(np.reshape(colours, (-1, 3)).astype(np.uint8), points, axis=0),
    )


def _ball(rings: int, around: int) -> tuple[ndarray, ndarray]:
    polar = np.linspace(0, np.pi, rings + 1)[:, None]
    turn = np.linspace(0, 2 * np.pi, around, endpoint=False)[None]
    points = np.stack(
        [np.sin(polar) * np.cos(turn), np.cos(polar) + 0 * turn, -np.sin(polar) * np.sin(turn)], -1
    ).reshape(-1, 3)
    at = np.arange((rings + 1) * around).reshape(rings + 1, around)
    here, beside = at[:-1], np.roll(at, -1, 1)[:-1]
    below, both = at[1:], np.roll(at, -1, 1)[1:]
    faces = np.concatenate([np.stack([here, below, beside], -1), np.stack([beside, below, both], -1)])
    return points, faces.reshape(-1, 3)


def _tube_faces() -> ndarray:
    here = np.arange(_ROUND)
    beside = np.roll(here, -1)
    wall = [np.stack([here, beside, here + _ROUND], -1), np.stack([beside, beside + _ROUND, here + _ROUND], -1)]
    fan = np.stack([np.zeros(_ROUND - 2, int), here[1:-1], here[2:]], -1)
    return np.concatenate([*wall, fan[:, ::-1] + 2 * _ROUND, fan + 3 * _ROUND])


_TURNS = np.linspace(0, 2 * np.pi, _ROUND, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURNS), np.sin(_TURNS)], -1)
_TUBE_FACES = _tube_faces()
_BALL_POINTS, _BALL_FACES = _ball(10, 16)

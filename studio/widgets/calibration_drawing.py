"""What a camera sees of a floor and of straight edges, as lines of pixels. No Qt.

World metres, y up, the floor at y = 0. Pixels are those of the camera's own picture, lens distortion included, from
the centre of its top left one. A line is cut where it leaves what the lens model holds for, so nothing folds back.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.geometry.cameras import Camera, distort, eye_m, is_same_shape, on_floor_m, pinhole, resized, to_camera

Line = Float[ndarray, "points 2"]

_NEAREST = 0.02
_BEYOND = 0.75
"""How far outside the picture a line is followed, in shares of its diagonal from the middle."""
_PIECES = 24
GRID_M = 1.0
_REACH_M = 8
_NEARBY_M = 10.0


def sized(camera: Camera, width: int, height: int) -> Camera | None:
    """The same lens for pictures of another size; None where they are of another shape."""
    return resized(camera, width, height) if is_same_shape((camera.width, camera.height), (width, height)) else None


def seen_lines(camera: Camera, places_m: Float[ndarray, "corners 3"]) -> list[Line]:
    """A line through places in space as the camera draws it: pieces, since a part may lie behind it or far outside."""
    shares = np.linspace(0, 1, _PIECES, endpoint=False)[:, None]
    stretches = [a + shares * (b - a) for a, b in itertools.pairwise(places_m)]
    dense = np.concatenate([*stretches, places_m[-1:]])
    return _cut(camera, to_camera(dense, camera))


def floor_grid(camera: Camera, width_m: float = 0.0, depth_m: float = 0.0) -> list[Line]:
    """Lines of one metre on the floor: over a room of that size, or round the place the camera looks at."""
    if width_m > 0 and depth_m > 0:
        lowest, highest = np.zeros(2), np.array([width_m, depth_m])
    else:
        middle = np.round(_looked_at(camera))
        lowest, highest = middle - _REACH_M, middle + _REACH_M
    lines: list[Line] = []
    for axis in (0, 1):
        for at in _metres(lowest[axis], highest[axis]):
            ends = np.zeros((2, 3))
            ends[:, 2 * axis] = at
            ends[:, 2 - 2 * axis] = lowest[1 - axis], highest[1 - axis]
            lines += seen_lines(camera, ends)
    return lines


def horizon(camera: Camera) -> list[Line]:
    """Where floor and sky would meet: every level direction, infinitely far away."""
    around = np.linspace(0, 2 * np.pi, 181)
    far = np.stack([np.sin(around), np.zeros_like(around), np.cos(around)], axis=-1) @ camera.rotation.T
    return _cut(camera, far)


def _looked_at(camera: Camera) -> Float[ndarray, " 2"]:
    """The middle of what is seen of the floor nearby; where there is none, a place ahead."""
    here = eye_m(camera)[[0, 2]]
    pixels = np.array([[camera.centre_px[0], camera.height * share] for share in (0.6, 0.75, 0.9)])
    places = on_floor_m(pixels, camera)[:, [0, 2]]
    near = np.linalg.norm(places - here, axis=-1) < _NEARBY_M
    if near.any():
        return places[near].mean(0)
    ahead = camera.rotation[2][[0, 2]]
    return here + _REACH_M / 2 * ahead / max(float(np.linalg.norm(ahead)), 1e-6)


def _metres(lowest: float, highest: float) -> Sequence[float]:
    inside = np.arange(np.ceil(lowest / GRID_M), np.floor(highest / GRID_M) + 1) * GRID_M
    return [float(each) for each in np.unique([lowest, *inside, highest])]


def _held(camera: Camera, in_camera: Float[ndarray, "places 3"]) -> ndarray:
    """Which places lie before the camera and where the lens model still means something."""
    straight = pinhole(in_camera, camera)
    middle = np.array([camera.width / 2, camera.height / 2])
    reach = (0.5 + _BEYOND) * np.hypot(camera.width, camera.height)
    return (in_camera[:, 2] > _NEAREST) & (np.linalg.norm(straight - middle, axis=-1) < reach)


def _cut(camera: Camera, in_camera: Float[ndarray, "places 3"]) -> list[Line]:
    held = _held(camera, in_camera)
    pixels = distort(pinhole(in_camera, camera), camera)
    breaks = np.flatnonzero(np.diff(held.astype(int))) + 1
    return [
        part for part, kept in zip(np.split(pixels, breaks), np.split(held, breaks), strict=True)
        if kept[0] and len(part) > 1
    ]  # fmt: skip

"""Human3.6M's cameras: a pickle of (subject, camera id) → R, T, f, c, k, p, w, h.

The world of the file is z up; T is where the camera stands, in metres or in millimetres (its size tells). R is kept
by some makers as world to camera, by others as camera to world; these cameras all stand level and look into the room,
which tells. Human3.6M bends rays by x·(p₁y + p₂x) + p₂r² where OpenCV has 2p₁xy + p₂(r² + 2x²): with halves of p and
two thin-prism coefficients both are the same to the last digit.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from core.errors import FormatError
from core.formats.cameras import NamedCamera, camera_from, pickled
from core.formats.pickled import beginning_of
from core.geometry.cameras import Z_UP_TO_Y_UP
from core.geometry.rotations import unit

_NEEDED = ("R", "T", "f", "c", "k", "p")
_MIDDLE_M = np.array([0.0, 0.0, 1.0])  # of the room, in the file's axes
_SIZES = {"54138969": (1000, 1002), "55011271": (1000, 1000), "58860488": (1000, 1000), "60457274": (1000, 1002)}


def is_human36m(path: Path) -> bool:
    """Whether this is a pickle with Human3.6M's four cameras in it."""
    if path.suffix.lower() not in (".pkl", ".pickle") or not path.is_file():
        return False
    start = beginning_of(path)
    return start[:1] in (b"\x80", b"(") and sum(camera.encode() in start for camera in _SIZES) >= 2


def read(path: Path) -> tuple[NamedCamera, ...]:
    """The cameras of a file, named `S1 54138969`."""
    held = pickled(path)
    if not isinstance(held, dict):
        raise FormatError(path, "it does not hold cameras by subject and id")
    found = []
    for key, facts in held.items():
        for subject, camera, row in _rows(key, facts):
            found.append(_camera(path, f"{subject} {camera}".strip(), camera, row))
    if not found:
        raise FormatError(path, "there is no camera in it")
    return tuple(found)


def _rows(key: Any, facts: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """(subject, camera, facts), also where cameras lie in a dictionary for each subject."""
    if isinstance(facts, dict) and all(isinstance(each, dict) for each in facts.values()):
        return [(str(key), str(camera), row) for camera, row in facts.items()]
    subject, camera = key if isinstance(key, tuple) and len(key) == 2 else ("", key)
    return [(str(subject), str(camera), facts)]


def _camera(path: Path, name: str, camera: str, facts: Any) -> NamedCamera:
    lacking = [each for each in _NEEDED if not isinstance(facts, dict) or each not in facts]
    if lacking:
        raise FormatError(path, f"{name}: no {lacking[0]} in it", hint=f"Needed: {', '.join(_NEEDED)}.")
    try:
        rotation = np.asarray(facts["R"], float).reshape(3, 3)
        place, focal, centre = (np.asarray(facts[each], float).ravel() for each in ("T", "f", "c"))
        k1, k2, k3 = np.asarray(facts["k"], float).ravel()
        p1, p2 = np.asarray(facts["p"], float).ravel()
        fx, fy = focal
        cx, cy = centre
    except (TypeError, ValueError):
        raise FormatError(path, f"{name}: its numbers are not Human3.6M's") from None
    size = (facts.get("w"), facts.get("h")) if "w" in facts and "h" in facts else _SIZES.get(camera)
    if size is None:
        raise FormatError(path, f"{name}: the size of its pictures is not told", hint="Needed: w and h.")
    if place.shape != (3,) or not np.isfinite(place).all():
        raise FormatError(path, f"{name}: its place is not three numbers")
    place_m = place / 1000 if np.abs(place).max() > 100 else place
    rotation = _world_to_camera(path, name, rotation, place_m)
    return NamedCamera(
        name,
        camera_from(
            path,
            name,
            matrix=[[fx, 0, cx], [0, fy, cy], [0, 0, 1]],
            distortion=[k1, k2, p1 / 2, p2 / 2, k3, 0, 0, 0, p2 / 2, 0, p1 / 2, 0],
            size=size,
            rotation=rotation,
            translation_m=-rotation @ place_m,
            turn=Z_UP_TO_Y_UP,
        ),
    )


def _world_to_camera(path: Path, name: str, rotation: ndarray, place_m: ndarray) -> ndarray:
    """R or its inverse: the one with which the camera stands upright, does not lean and looks to the room's middle."""
    inwards = unit(_MIDDLE_M - place_m)
    fits = [each for each in (rotation, rotation.T) if each[1, 2] < -0.5 and each[2] @ inwards > 0.5]
    if not fits:
        raise FormatError(path, f"{name}: it looks neither way into the room", hint="Is R a rotation, and T the place?")
    return min(fits, key=lambda each: abs(each[0, 2]) + 1 - each[2] @ inwards)

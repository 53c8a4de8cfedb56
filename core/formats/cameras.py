"""What every file of cameras becomes: named cameras in our axes and units, and the checks they share.

World: metres, y up. Camera: x right, y down, z forward, X_cam = R · X_world + t; pixels count from the centre of the
top left one, as OpenCV counts them. Each format settles its own axes and units and says in `notes` what its file left
open and what was taken for granted.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.errors import FormatError
from core.formats.pickled import bytes_of as bytes_up_to
from core.formats.pickled import from_pickle
from core.geometry.cameras import DISTORTIONS, Camera

MOST_BYTES = 8_000_000
"""No file of cameras is larger."""
_MOST_VALUES = 100_000
Size = tuple[int, int]
"""A picture's width and height."""

_FARTHEST_M = 1e5
_MOST_DISTORTION = 1e4
_TILTED = 14  # coefficients of a lens before a tilted sensor, which `Camera` has not


@dataclass(frozen=True)
class NamedCamera:
    """A camera of a file. `placed` is False where the file tells its lens only."""

    name: str
    camera: Camera
    notes: tuple[str, ...] = ()
    placed: bool = True


def camera_from(
    path: Path,
    name: str,
    *,
    matrix: Any,
    distortion: Any,
    size: Any,
    rotation: Any = None,
    translation_m: Any = None,
    turn: Float[ndarray, "3 3"] | None = None,
) -> Camera:
    """A camera of a file, checked. `turn` takes the file's world axes to ours; without a pose it stands level."""
    k = _array(path, name, "its matrix", matrix, (3, 3))
    width, height = (round(float(each)) for each in _array(path, name, "its picture size", size, (2,)))
    if not (16 <= width <= 32768 and 16 <= height <= 32768):
        raise FormatError(path, f"{name}: a picture of {width} × {height} cannot be")
    focal = np.array([k[0, 0], k[1, 1]])
    if not (0.05 * max(width, height) < focal.min() and focal.max() < 100 * max(width, height)):
        raise FormatError(
            path, f"{name}: a focal length of {focal[0]:g}, {focal[1]:g} px fits no picture of {width} × {height}"
        )
    if abs(k[0, 1]) > 1e-3 * focal[0] or np.abs(k[[1, 2, 2], [0, 0, 1]]).max() > 1e-6 or abs(k[2, 2] - 1) > 1e-6:
        raise FormatError(path, f"{name}: its matrix is not [fx 0 cx; 0 fy cy; 0 0 1]", hint="Skew is not kept.")
    centre = np.array([k[0, 2], k[1, 2]])
    if np.abs(centre).max() > 100 * max(width, height):
        raise FormatError(
            path, f"{name}: a centre at {centre[0]:g}, {centre[1]:g} px fits no picture of {width} × {height}"
        )
    place_m = np.zeros(3) if translation_m is None else _array(path, name, "its translation", translation_m, (3,))
    if np.abs(place_m).max() > _FARTHEST_M:
        raise FormatError(
            path, f"{name}: it stands {np.abs(place_m).max() / 1000:,.0f} km away", hint="Check its unit."
        )
    return Camera(
        rotation=np.diag([1.0, -1.0, -1.0]) if rotation is None else _rotation(path, name, rotation, turn),
        translation_m=place_m,
        focal_px=focal,
        centre_px=centre,
        width=width,
        height=height,
        distortion=_distortion(path, name, distortion),
    )


def _array(path: Path, name: str, what: str, value: Any, shape: tuple[int, ...]) -> ndarray:
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        raise FormatError(path, f"{name}: {what} is no table of numbers") from None
    if array.size != int(np.prod(shape)):
        raise FormatError(path, f"{name}: {what} has {array.size} numbers, not {int(np.prod(shape))}")
    if not np.isfinite(array).all():
        raise FormatError(path, f"{name}: {what} has a number that is none")
    return array.reshape(shape).copy()


def _rotation(path: Path, name: str, value: Any, turn: ndarray | None) -> ndarray:
    matrix = _array(path, name, "its rotation", value, (3, 3))
    if np.abs(matrix @ matrix.T - np.eye(3)).max() > 5e-3:
        raise FormatError(path, f"{name}: its rotation is none: its rows are not at right angles")
    if np.linalg.det(matrix) < 0:
        raise FormatError(path, f"{name}: its rotation mirrors left and right")
    left, _, right = np.linalg.svd(matrix)  # printed digits leave it a little off
    return (left @ right) if turn is None else (left @ right) @ turn.T


def _distortion(path: Path, name: str, value: Any) -> ndarray:
    try:
        lens = np.asarray([] if value is None else value, float).ravel()
    except (TypeError, ValueError):
        raise FormatError(path, f"{name}: its distortion is no row of numbers") from None
    if not np.isfinite(lens).all():
        raise FormatError(path, f"{name}: its distortion has a number that is none")
    if (np.abs(lens) > _MOST_DISTORTION).any():
        raise FormatError(path, f"{name}: its distortion has {lens[np.abs(lens).argmax()]:g}, which no lens has")
    if len(lens) == _TILTED and not lens[12:].any():
        lens = lens[:12]
    if len(lens) == _TILTED:
        raise FormatError(path, f"{name}: its sensor is tilted, which is not supported", hint="Calibrate without it.")
    lens = np.pad(lens, (0, max(5 - len(lens), 0)))
    if len(lens) not in DISTORTIONS:
        raise FormatError(
            path, f"{name}: a lens of {len(lens)} coefficients is not known", hint="Known: 4, 5, 8 and 12, as OpenCV's."
        )
    return lens


def without_pose(named: NamedCamera) -> NamedCamera:
    """Its lens alone, standing level at the origin."""
    level = replace(named.camera, rotation=np.diag([1.0, -1.0, -1.0]), translation_m=np.zeros(3))
    return replace(named, camera=level, placed=False)


# ---- reading bytes ----


def bytes_of(path: Path) -> bytes:
    """The whole of a small file, or FileError."""
    return bytes_up_to(path, MOST_BYTES)


def pickled(path: Path) -> Any:
    """What a pickle holds, in plain values and arrays; nothing in it is run."""
    return from_pickle(path, whose="camera", most_bytes=MOST_BYTES, most_values=_MOST_VALUES)

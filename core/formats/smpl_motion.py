"""What all archives of SMPL's rotations have in common: from their columns and their world to a `Motion` in ours.

Their files hold axis times angle a joint (radians), the root's place `trans` (metres) and no bones. SMPL's body turns
about its pelvis, which does not stand at the origin of the body: the pelvis is at PELVIS_M + trans. So a world is
turned about the pelvis; `trans` alone turned would carry the person a quarter of a metre aside. A `Motion` has its
pelvis at the built-in reference body's, so that people stand on their floor whatever family a file is of.
PELVIS_M are the published means of the families; shapes move it by a centimetre or two.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import SMPL_24, SMPLH_52, SMPLX_55, Skeleton
from core.errors import FormatError
from core.geometry.rotations import matrices, rotation_vectors
from core.motion import Motion
from core.recordings import reference_joints_m

PELVIS_M = {
    SMPL_24: np.array([-0.0018, -0.2233, 0.0282]),
    SMPLH_52: np.array([-0.0018, -0.2233, 0.0282]),
    SMPLX_55: np.array([0.0031, -0.3514, 0.0120]),
}
Y_UP = np.eye(3)
MOST_FRAMES = 500_000
"""More than an hour at 120 frames a second."""
MOST_HZ = 1000.0
_FURTHEST_M = 10_000.0
_MOST_TURNS_RAD = 1000.0
_AT_ONCE = 4096


def motion_of(
    path: Path,
    skeleton: Skeleton,
    rate_hz: float,
    vectors: Float[ndarray, "frames joints 3"],
    translation_m: Float[ndarray, "frames 3"],
    *,
    turn: Float[ndarray, "3 3"] = Y_UP,
    pelvis_m: Float[ndarray, " 3"] | None = None,
    where: str = "",
) -> Motion:
    """The motion in our world, checked. `turn` takes the file's world to ours; `where` names the part of the file."""
    check_numbers(path, f"{where}poses", vectors, _MOST_TURNS_RAD)
    check_numbers(path, f"{where}trans", translation_m, _FURTHEST_M)
    rotations = np.empty((*vectors.shape, 3), np.float32)
    for start in range(0, len(vectors), _AT_ONCE):  # in pieces: on the way they are in double precision
        piece = slice(start, start + _AT_ONCE)
        turned = matrices(np.array(vectors[piece], float))
        turned[:, 0] = turn @ turned[:, 0]
        rotations[piece] = turned
    pelvis_m = PELVIS_M[skeleton] if pelvis_m is None else pelvis_m
    placed_m = (np.asarray(translation_m, float) + pelvis_m) @ turn.T - reference_joints_m()[0]
    return Motion(skeleton, rate_hz, rotations, placed_m)


def columns_of(motion: Motion, turn: Float[ndarray, "3 3"] = Y_UP) -> tuple[ndarray, ndarray]:
    """A motion's rotation vectors (frames, 3 × joints) and `trans` in a file's world: the inverse of `motion_of`."""
    rotations = np.array(motion.rotations, float)
    rotations[:, 0] = turn.T @ rotations[:, 0]
    placed_m = (np.asarray(motion.translation_m, float) + reference_joints_m()[0]) @ turn - PELVIS_M[motion.skeleton]
    return rotation_vectors(rotations).reshape(len(motion), -1), placed_m


# ---- at the door ----


def table(path: Path, name: str, value: Any, columns: Sequence[int]) -> Float[ndarray, "frames columns"]:
    """An array of the file with a row a frame and one of the numbers of columns; FormatError where it is none."""
    if not isinstance(value, ndarray) or value.dtype.kind not in "iuf":
        raise FormatError(path, f"{name} is no table of numbers")
    if value.ndim != 2 or value.shape[1] not in columns:
        known = " or ".join(str(each) for each in columns)
        raise FormatError(path, f"{name} is {_sides(value)}, not frames × {known}")
    check_length(path, name, len(value))
    return value


def check_length(path: Path, name: str, frames: int) -> None:
    """FormatError where a recording has no frame, or more than there can be."""
    if frames < 1:
        raise FormatError(path, f"{name} has no frame")
    if frames > MOST_FRAMES:
        raise FormatError(path, f"{name} has {frames:,} frames; at most {MOST_FRAMES:,} are read in one recording")


def check_numbers(path: Path, name: str, values: Float[ndarray, "frames ..."], most: float) -> None:
    """FormatError naming the first frame with a number that is none, or is beyond what can be."""
    is_bad = ~(np.abs(values) <= most)  # also of what is not a number
    if is_bad.any():
        frame = int(np.flatnonzero(is_bad.reshape(len(values), -1).any(axis=1))[0])
        worst = values[frame][is_bad[frame]].ravel()[0]
        raise FormatError(path, f"{name}, frame {frame}: {worst:g} cannot be", hint="The file may be damaged.")


def rate_of(path: Path, name: str, value: Any) -> float:
    """Frames a second: 1 to 1000."""
    rate_hz = number_of(value)
    if not 1.0 <= rate_hz <= MOST_HZ:
        raise FormatError(path, f"{name} says {_short(value)} frames a second", hint=f"1 to {MOST_HZ:g} can be read.")
    return rate_hz


def number_of(value: Any) -> float:
    """A number as files have it: alone, or in an array of one; not a number where it is none."""
    if isinstance(value, ndarray) and value.size == 1 and value.dtype.kind in "iuf":
        value = value.reshape(-1)[0].item()
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")
    except OverflowError:
        return float("inf")


def text_of(value: Any) -> str:
    """Text as files have it: a string, bytes, an array of one of them, a number as a name."""
    if isinstance(value, ndarray):
        if value.size != 1:
            return ""
        value = value.reshape(-1)[0].item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip("\x00 ")
    return str(value).strip("\x00 ") if isinstance(value, str | int) else ""


def gender_of(value: Any) -> str:
    """`female`, `male`, or `neutral` for whatever else is written."""
    gender = text_of(value).lower()
    return gender if gender in ("female", "male") else "neutral"


def betas_of(path: Path, value: Any) -> tuple[float, ...]:
    """Shape coefficients, any number; of one row a frame the first."""
    if value is None:
        return ()
    if not isinstance(value, ndarray) or value.dtype.kind not in "iuf" or value.ndim > 2 or 0 in value.shape:
        raise FormatError(path, "betas are no row of numbers")
    row = value[0] if value.ndim == 2 else value.reshape(-1)
    if len(row) > 400:
        raise FormatError(path, f"betas are {len(row)}, and no body has so many")
    check_numbers(path, "betas", row[None], 1000.0)
    return tuple(float(each) for each in row)


def _sides(value: ndarray) -> str:
    return " × ".join(str(side) for side in value.shape) or "one number"


def _short(value: Any) -> str:
    return " ".join(str(value).split())[:40]

"""Joints of other makers' skeletons as RECORDED_27 in our world: which joint is which, how long a metre is, what is up.

    joints_m = as_recorded(places_m, HUMAN36M_32)        # by name; what a skeleton has not is NaN
    told = settled(path, joints, unit="", up="")         # metres, y up, and a sentence for each thing taken for granted

Files of bare joints say neither their unit nor their axes. The unit is told from the size of a person, who is between
0.9 and 2.4 m long from head to foot along the bones; what is up from where heads are over feet (or hips) on average,
which holds for everybody who mostly stands or sits. Both can be given instead.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import BODY_25, HUMAN36M_17, RECORDED_27, SMPL_22, SMPL_24, Skeleton
from core.errors import FormatError
from core.geometry.cameras import Z_UP_TO_Y_UP
from core.geometry.rotations import about_x, about_z

FARTHEST_M = 1e4
"""Nobody was recorded farther away than that."""
UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254}
AXES = ("y", "z", "x", "-y", "-z", "-x")
SLOWEST_HZ, FASTEST_HZ = 0.5, 5000.0
_SHORTEST_M, _LONGEST_M = 0.9, 2.4
_LEANING = 0.5
"""A world's up is taken from people only where heads are at least so much over their feet, as a cosine."""

# All joints of Human3.6M's recordings in their order, by what each stands for; `_again` doubles another's place.
HUMAN36M_32 = Skeleton(
    "Human3.6M 32",
    (
        "pelvis", "right_hip", "right_knee", "right_ankle", "right_foot", "right_toe_end",
        "left_hip", "left_knee", "left_ankle", "left_foot", "left_toe_end",
        "pelvis_again", "spine", "neck", "nose", "head",
        "neck_to_left", "left_shoulder", "left_elbow", "left_wrist", "left_wrist_again", "left_thumb", "left_hand",
        "left_hand_again",
        "neck_to_right", "right_shoulder", "right_elbow", "right_wrist", "right_wrist_again", "right_thumb",
        "right_hand", "right_hand_again",
    ),
    (-1, 0, 1, 2, 3, 4, 0, 6, 7, 8, 9, 0, 11, 12, 13, 14, 12, 16, 17, 18, 19, 20, 19, 22, 12, 24, 25, 26, 27, 28, 27,
     30),
)  # fmt: skip

_HUMAN36M = {"spine2": "spine", "head": "nose"}  # the joint that turns the head; 17-joint files call it the nose
_OTHERWISE: dict[str, dict[str, str]] = {
    HUMAN36M_32.name: _HUMAN36M,
    HUMAN36M_17.name: _HUMAN36M,
    BODY_25.name: {"pelvis": "mid_hip"},
}
"""Of which joint each of ours is taken where names differ."""


def as_recorded(
    joints: Float[ndarray, "frames joints 3"], skeleton: Skeleton, also: dict[str, str] | None = None
) -> Float[ndarray, "frames 27 3"]:
    """The same places as RECORDED_27. `also` says whose place one of ours takes, by names."""
    taken = {**_OTHERWISE.get(skeleton.name, {}), **(also or {})}
    recorded = np.full((len(joints), len(RECORDED_27), 3), np.nan, joints.dtype)
    for at, joint in enumerate(RECORDED_27.joints):
        source = taken.get(joint, joint)
        if source in skeleton.joints:
            recorded[:, at] = joints[:, skeleton[source]]
    return recorded


@dataclass(frozen=True)
class Settled:
    """Places in metres, y up, and what was taken for granted."""

    joints_m: Float[ndarray, "frames 27 3"]
    notes: tuple[str, ...]


def settled(
    path: Path, joints: Float[ndarray, "frames 27 3"], *, unit: str = "", up: str = "", place: str = ""
) -> Settled:
    """Metres and y up. FormatError where neither the options nor the people tell; `place` says where in the file."""
    if unit and unit not in UNITS:
        raise FormatError(path, f"there is no unit {unit!r}", hint=f"Known: {', '.join(UNITS)}.")
    if up and up not in AXES:
        raise FormatError(path, f"there is no axis {up!r}", hint=f"Known: {', '.join(AXES)}.")
    notes = []
    if not unit:
        unit = _unit_of(path, joints, place)
        notes.append(f"The unit is not told; by the size of the person it is {unit}.")
    joints_m = joints.astype(np.float64) * UNITS[unit]
    known = joints_m[np.isfinite(joints_m)]
    if known.size and np.abs(known).max() > FARTHEST_M:
        frame = int(np.argmax(np.nan_to_num(np.abs(joints_m)).max((1, 2)) > FARTHEST_M))
        raise FormatError(path, f"{place}frame {frame}: a joint is more than {FARTHEST_M / 1000:.0f} km away")
    if not up:
        up, sure = up_of(joints_m)
        notes.append(
            f"What is up is not told; by how the person stands it is {up}."
            if sure
            else "What is up is not told, and the person does not stand; y is taken for it."
        )
    return Settled((joints_m @ turn_to_y_up(up).T).astype(np.float32), tuple(notes))


def up_of(joints_m: Float[ndarray, "frames 27 3"]) -> tuple[str, bool]:
    """The axis heads are over feet along, such as `z` or `-y`, and whether it is plain; y where it is not."""
    heads = _mean_of(joints_m, ("head", "nose", "neck", "left_shoulder", "right_shoulder"))
    for below in (("left_ankle", "right_ankle", "left_foot", "right_foot"), ("pelvis", "left_hip", "right_hip")):
        upwards = heads - _mean_of(joints_m, below)
        upwards = upwards[np.isfinite(upwards.sum(-1))]
        if len(upwards):
            mean = upwards.mean(0)
            mean = mean / max(float(np.linalg.norm(mean)), 1e-9) * min(1.0, _steady(upwards))
            axis = int(np.argmax(np.abs(mean)))
            if abs(mean[axis]) > _LEANING:
                return ("" if mean[axis] > 0 else "-") + "xyz"[axis], True
    return "y", False


def turn_to_y_up(up: str) -> Float[ndarray, "3 3"]:
    """The rotation that takes an axis upwards; no mirror."""
    quarter = np.pi / 2
    turns = {
        "y": np.eye(3), "z": Z_UP_TO_Y_UP, "x": about_z(quarter),
        "-y": about_x(np.pi), "-z": about_x(quarter), "-x": about_z(-quarter),
    }  # fmt: skip
    return np.rint(turns[up])


def _steady(upwards: Float[ndarray, "frames 3"]) -> float:
    """How much the directions agree: 1 where all are the same."""
    directions = upwards / np.maximum(np.linalg.norm(upwards, axis=1, keepdims=True), 1e-9)
    return float(np.linalg.norm(directions.mean(0)))


def _mean_of(joints_m: ndarray, names: tuple[str, ...]) -> Float[ndarray, "frames 3"]:
    """Over those of the joints that are known there; NaN where none is."""
    picked = joints_m[:, [RECORDED_27[name] for name in names]]
    known = np.isfinite(picked.sum(-1))
    total = np.where(known[..., None], picked, 0.0).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / known.sum(1)[:, None]


_LENGTHS = (
    (("left_ankle", "left_knee"), ("right_ankle", "right_knee"), 0.246),
    (("left_knee", "left_hip"), ("right_knee", "right_hip"), 0.245),
    (("left_shoulder", "left_elbow"), ("right_shoulder", "right_elbow"), 0.186),
    (("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"), 0.146),
)
"""Bones on both sides, and their share of a person's height (Winter, Biomechanics, after Drillis and Contini)."""


def height_of(joints: Float[ndarray, "frames 27 3"]) -> float | None:
    """How tall somebody with these arms and legs is, in the joints' unit; None where no such bone is known."""
    heights = []
    for *sides, share in _LENGTHS:
        for one, other in sides:
            lengths = np.linalg.norm(joints[:, RECORDED_27[one]] - joints[:, RECORDED_27[other]], axis=-1)
            if np.isfinite(lengths).any():
                heights.append(float(np.nanmedian(lengths)) / share)
    return float(np.median(heights)) if heights else None


def _unit_of(path: Path, joints: Float[ndarray, "frames 27 3"], place: str) -> str:
    height = height_of(joints)
    if height is None:
        raise FormatError(
            path, f"{place}it has neither arms nor legs, by which its unit could be told", hint="Give unit=m, cm or mm."
        )
    fitting = [unit for unit in ("m", "cm", "mm") if _SHORTEST_M <= height * UNITS[unit] <= _LONGEST_M]
    if not fitting:
        raise FormatError(
            path, f"{place}somebody {height:g} tall is a person in no unit", hint="Give unit=m, cm, mm or inch."
        )
    return fitting[0]


BY_COUNT: dict[int, Skeleton] = {
    22: SMPL_22,
    24: SMPL_24,
    17: HUMAN36M_17,
    25: BODY_25,
    27: RECORDED_27,
    32: HUMAN36M_32,
}
"""Skeletons told by their number of joints, where a file does not name them."""


def told_rate(path: Path, rate_hz: float | str | None) -> float | None:
    """A rate somebody gave, as a number; None where nobody did."""
    if rate_hz is None or rate_hz == "":
        return None
    try:
        told = float(rate_hz)
    except ValueError:
        told = np.nan
    if not SLOWEST_HZ <= told <= FASTEST_HZ:
        raise FormatError(path, f"{rate_hz!r} is no rate of motion", hint="Give frames a second, such as rate_hz=30.")
    return told

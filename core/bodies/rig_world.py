"""From a file's world to ours: metres, y up, and left on the person's left, found out from the skeleton itself.

Neither unit nor axes stand in most files of motion. Limbs of people differ little in length, so one unit at most makes
a person of a rig; which way is up is where heads are above ankles; whose toes point backwards is seen in a mirror.
Everything that is decided so is said. No torch.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.rig_names import chain
from core.bodies.rig_rest import rest_of, template
from core.bodies.rigs import PlacedRig, Rig, RigMotion, placed
from core.bodies.skeletons import SMPL_24
from core.errors import CoreError

UNITS_M = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048, "cmu": 0.0254 / 0.45}
"""Lengths of a file's unit. `cmu`: inches by 0.45, as Carnegie Mellon's skeletons are written."""
SMALLEST, TALLEST = 0.72, 1.32
"""Of the average: who is smaller or taller is of another unit (of those above at most one fits)."""
UPS = ("y", "z", "x", "-y", "-z", "-x")
_LIMBS = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
_SURELY_UP = 0.55


def in_our_world(
    motion: RigMotion, parts: Mapping[str, int], *, unit: str = "", up: str = ""
) -> tuple[RigMotion, tuple[str, ...]]:
    """The motion in metres and y up, and what was decided, a sentence each. Options say what is not to be guessed."""
    scale, said_unit = _scale(motion, parts, unit)
    sized = replace(
        motion,
        rig=replace(
            motion.rig,
            offsets=motion.rig.offsets * scale,
            tips={joint: tip * scale for joint, tip in motion.rig.tips.items()},
        ),
        root=motion.root * scale,
        sliding={joint: places * scale for joint, places in motion.sliding.items()},
    )
    where = placed(sized)
    axis, said_up = _up(where, parts, up)
    turn = _turn_up(axis)
    turned = sized.rotations.copy()
    turned[:, 0] = turn @ turned[:, 0]
    upright = replace(sized, rotations=turned, root=sized.root @ turn.T)
    where = PlacedRig(turn @ where.rotations, where.places @ turn.T)
    if _in_a_mirror(where, parts):
        said = ("Toes point backwards: the file's world is a mirror of ours, and is mirrored back.",)
        return _mirrored(upright), (*said_unit, *said_up, *said)
    return upright, (*said_unit, *said_up)


def with_whole_chest(motion: RigMotion, parts: Mapping[str, int]) -> tuple[RigMotion, tuple[str, ...]]:
    """The chest's bone put back where a writer dropped it, and what is to be said of it.

    Files converted from Carnegie Mellon's archive often have neck and collar bones at the chest's lower end, which
    makes everybody 12 cm too short. The bone below is as long and points the same way, within half a centimetre.
    """
    rig, chest = motion.rig, parts["chest"]
    spine = chain(rig, parts["pelvis"], chest)
    above = [joint for joint in rig.children(chest) if joint not in motion.sliding]
    least = 1e-6 * float(np.abs(rig.offsets).max())
    if len(spine) < 2 or len(above) < 3 or rest_of(rig, parts) is None or np.abs(rig.offsets[above]).max() > least:
        return motion, ()
    offsets = rig.offsets.copy()
    offsets[above] = rig.offsets[chest]
    whole = replace(rig, offsets=offsets)
    off = [abs(np.log(_trunk_to_legs(each, parts) / _average_trunk_to_legs())) for each in (rig, whole)]
    if off[1] >= off[0]:
        return motion, ()
    said = "The chest's bone has no length in it; it is given that of the bone below."
    return replace(motion, rig=whole), (said,)


def size_of(motion: RigMotion, parts: Mapping[str, int]) -> float:
    """The limbs' length, in limbs of an average person a unit of the file."""
    return _limbs(motion.rig.offsets, motion.rig.parents, parts) / _average_limbs_m()


def _scale(motion: RigMotion, parts: Mapping[str, int], unit: str) -> tuple[float, tuple[str, ...]]:
    if unit:
        if unit not in UNITS_M:
            raise CoreError(f"{unit!r} is no unit", hint=f"Units are {', '.join(UNITS_M)}.")
        return UNITS_M[unit], ()
    size = size_of(motion, parts)
    if not 1e-9 < size < 1e9:
        raise CoreError("its limbs have no length", hint="The skeleton's offsets are missing; export it again.")
    fits = [name for name, length_m in UNITS_M.items() if SMALLEST < size * length_m < TALLEST]
    if not fits:
        return 1 / size, (
            "In no usual unit the skeleton is as tall as a person; it is taken for one of average height.",
        )
    # Of two that fit (none of those above do) the nearer to the average.
    best = min(fits, key=lambda name: abs(np.log(size * UNITS_M[name])))
    words = {"cmu": "inches by 0.45, as of Carnegie Mellon's skeletons", "in": "inches", "ft": "feet"}
    if best == "m":
        return 1.0, ()
    return UNITS_M[best], (f"Lengths are taken for {words.get(best, best)}, by the skeleton's height.",)


def _limbs(offsets: Float[ndarray, "joints 3"], parents: tuple[int, ...], parts: Mapping[str, int]) -> float:
    total = 0.0
    for side in ("left", "right"):
        for upper, lower in _LIMBS:
            joint, above = parts[f"{side}_{lower}"], parts[f"{side}_{upper}"]
            while joint not in (above, -1):
                total += float(np.linalg.norm(offsets[joint]))
                joint = parents[joint]
    return total


@lru_cache(maxsize=1)
def _average_limbs_m() -> float:
    place = dict(zip(SMPL_24.joints, template()[0], strict=True))
    steps = [place[f"{side}_{b}"] - place[f"{side}_{a}"] for side in ("left", "right") for a, b in _LIMBS]
    return float(np.linalg.norm(steps, axis=-1).sum())


def _trunk_to_legs(rig: Rig, parts: Mapping[str, int]) -> float:
    rest = rig.at_rest()
    place = {part: rest[joint] for part, joint in parts.items()}
    return _height_of_trunk(place) / max(float(np.linalg.norm(place["left_hip"] - place["left_ankle"])), 1e-9)


def _height_of_trunk(place: Mapping[str, ndarray]) -> float:
    trunk = place["left_shoulder"] + place["right_shoulder"] - place["left_hip"] - place["right_hip"]
    return max(float(np.linalg.norm(trunk / 2)), 1e-9)


@lru_cache(maxsize=1)
def _average_trunk_to_legs() -> float:
    place = dict(zip(SMPL_24.joints, template()[0], strict=True))
    return _height_of_trunk(place) / float(np.linalg.norm(place["left_hip"] - place["left_ankle"]))


def _up(where: PlacedRig, parts: Mapping[str, int], told: str) -> tuple[str, tuple[str, ...]]:
    if told:
        if told not in UPS:
            raise CoreError(f"{told!r} is no axis", hint=f"Up is one of {', '.join(UPS)}.")
        return told, ()
    top = where.places[:, parts.get("neck", parts["left_shoulder"])]
    ankles = (where.places[:, parts["left_ankle"]] + where.places[:, parts["right_ankle"]]) / 2
    steps = top - ankles
    mean = steps.mean(0) / max(float(np.linalg.norm(steps, axis=-1).max()), 1e-9)
    at = int(np.abs(mean).argmax())
    if abs(mean[at]) < _SURELY_UP and (abs(mean[1]) >= 0.8 * abs(mean[at]) or abs(mean[at]) < 0.3):
        return "y", ("Nobody stands upright in it; y is taken to be up.",)
    axis = ("-" if mean[at] < 0 else "") + "xyz"[at]
    return axis, (
        () if axis == "y" else (f"{axis.removeprefix('-')} points {'down' if mean[at] < 0 else 'up'} in it.",)
    )


def _turn_up(axis: str) -> Float[ndarray, "3 3"]:
    """The smallest turn that takes the axis to y."""
    turns = {
        "y": np.eye(3),
        "-y": np.diag([1.0, -1.0, -1.0]),
        "z": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
        "-z": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
        "x": np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]),
        "-x": np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]),
    }
    return turns[axis]


def _in_a_mirror(where: PlacedRig, parts: Mapping[str, int]) -> bool:
    """Feet point to where hips, seen with left on the left, have their back."""
    if "left_foot" not in parts or "right_foot" not in parts:
        return False
    place = {part: where.places[:, at] for part, at in parts.items()}
    across = place["left_hip"] - place["right_hip"]
    trunk = (place["left_shoulder"] + place["right_shoulder"] - place["left_hip"] - place["right_hip"]) / 2
    ahead = np.cross(across, trunk)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-9)
    agreeing = []
    for side in ("left", "right"):
        toes = place[f"{side}_foot"] - place[f"{side}_ankle"]
        toes /= np.maximum(np.linalg.norm(toes, axis=-1, keepdims=True), 1e-9)
        agreeing.append((toes * ahead).sum(-1))
    return float(np.median(agreeing)) < -0.3


def _mirrored(motion: RigMotion) -> RigMotion:
    """Every x the other way round."""
    flip = np.array([-1.0, 1.0, 1.0])
    rig = replace(
        motion.rig,
        offsets=motion.rig.offsets * flip,
        tips={joint: tip * flip for joint, tip in motion.rig.tips.items()},
    )
    return replace(
        motion,
        rig=rig,
        rotations=motion.rotations * np.outer(flip, flip),
        root=motion.root * flip,
        sliding={joint: places * flip for joint, places in motion.sliding.items()},
    )

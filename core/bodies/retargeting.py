"""Any named skeleton's motion on a body of SMPL's form: local rotations, root, and the person's own joints.

    parts = parts_of(motion.rig)
    motion, notes = in_our_world(motion, parts)
    found = retargeted(motion, parts)

Rotations come from the rig's own, by one constant turn a joint (`rig_rest`), so that what bends bends by as much and no
noise is added. The body is the average one, its hips over or under those of the rig so that its feet are as high: the
person's own bone lengths are in the joints, not in a shape. Where that misses the directions of the rig's limbs by
much, the body is fitted to their places instead. Metres, y up. No torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies import library
from core.bodies.fitting import fit_joints
from core.bodies.kinematics import place_joints
from core.bodies.rig_manners import lifted, nose_from, with_turning_forearms
from core.bodies.rig_names import SIDES
from core.bodies.rig_places import recorded_places
from core.bodies.rig_rest import BODY, frames_of, template
from core.bodies.rigs import PlacedRig, RigMotion, placed
from core.bodies.skeletons import RECORDED_27, SMPL_24, SMPLX_55
from core.geometry.rotations import inverse, unit

COMPARED = tuple(
    f"{side}_{joint}" for side in SIDES for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
)
"""Joints that every rig has, by which a body is compared with it."""
_HIPS = [COMPARED.index("left_hip"), COMPARED.index("right_hip")]
_MISSES_RAD = np.radians(20)


@dataclass(frozen=True)
class Retargeted:
    """SMPL's 24 local rotations and the rest.

    `error_m` is the mean distance of the limbs' joints from those of the rig made as large as the body (most of it is
    that rigs put hips and shoulders elsewhere), `error_rad` the mean angle between the directions of limbs, hips,
    shoulders and trunk.
    """

    rotations: Float[ndarray, "frames 24 3 3"]
    translation_m: Float[ndarray, "frames 3"]
    joints_m: Float[ndarray, "frames 27 3"]
    error_m: float
    error_rad: float
    notes: tuple[str, ...] = ()


def retargeted(motion: RigMotion, parts: Mapping[str, int]) -> Retargeted:
    """`motion` is in our world (`rig_world.in_our_world`)."""
    where = placed(motion)
    frames = with_turning_forearms(frames_of(motion.rig, where, parts))
    rotations = frames.copy()
    for joint, parent in enumerate(SMPL_24.parents):
        if parent >= 0:
            rotations[:, joint] = inverse(frames[:, parent]) @ frames[:, joint]
    rest_m = template()[0]
    hips = [SMPL_24["left_hip"], SMPL_24["right_hip"]]
    to_hips_m = rest_m[hips].mean(0) - rest_m[0]
    middle_m = where.places[:, [parts["left_hip"], parts["right_hip"]]].mean(1)
    translation_m = middle_m - frames[:, 0] @ to_hips_m - rest_m[0]
    place_m = {part: where.places[:, joint] for part, joint in parts.items()}
    translation_m += lifted(rotations, translation_m, place_m)
    joints_m = recorded_places(motion.rig, where, parts)
    _add_to_head_and_hands(joints_m, frames, where, parts, motion)
    found = _compared(Retargeted(rotations, translation_m, joints_m, 0.0, 0.0), where, parts)
    return _fitted(found, motion, where, parts) if found.error_rad > _MISSES_RAD else found


def _compared(found: Retargeted, where: PlacedRig, parts: Mapping[str, int]) -> Retargeted:
    """With how far off it is."""
    some = np.unique(np.linspace(0, len(found.rotations) - 1, 200).astype(int))
    placed_m = place_joints(found.rotations[some], found.translation_m[some], template()[0], SMPL_24.parents).places_m
    body_m = placed_m[:, [SMPL_24[joint] for joint in COMPARED]]
    rig_m = where.places[some][:, [parts[joint] for joint in COMPARED]]
    angles = np.arccos(np.clip((_directions(body_m) * _directions(rig_m)).sum(-1), -1, 1))
    # From the middle of the hips, the rig as large as the body.
    about = [(each - each[:, _HIPS].mean(1, keepdims=True)) for each in (body_m, rig_m)]
    scale = np.linalg.norm(_limbs(about[0]), axis=-1).mean() / np.linalg.norm(_limbs(about[1]), axis=-1).mean()
    error_m = float(np.linalg.norm(about[0] - scale * about[1], axis=-1).mean())
    return replace(found, error_m=error_m, error_rad=float(angles.mean()))


def _directions(joints_m: Float[ndarray, "frames joints 3"]) -> Float[ndarray, "frames directions 3"]:
    """Of limbs, hips, shoulders and trunk; `joints_m` in the order of COMPARED."""
    left, right = joints_m[:, : len(COMPARED) // 2], joints_m[:, len(COMPARED) // 2 :]
    trunk = (left + right)[:, 3:4] - (left + right)[:, 0:1]
    return unit(np.concatenate([_limbs(joints_m), (left - right)[:, [0, 3]], trunk], axis=1))


def _limbs(joints_m: Float[ndarray, "frames joints 3"]) -> Float[ndarray, "frames bones 3"]:
    upper = [first + at for first in (0, len(COMPARED) // 2) for at in (0, 1, 3, 4)]
    return joints_m[:, [at + 1 for at in upper]] - joints_m[:, upper]


def _add_to_head_and_hands(
    joints_m: Float[ndarray, "frames 27 3"],
    frames: Float[ndarray, "frames 24 3 3"],
    where: PlacedRig,
    parts: Mapping[str, int],
    motion: RigMotion,
) -> None:
    """Nose and finger tips as the average body has them beyond head and wrist, where the rig turns these."""
    top = parts.get("head", parts.get("neck"))
    if top is not None:
        offset_m = nose_from(top, frames, where, parts, motion)
        joints_m[:, RECORDED_27["nose"]] = where.places[:, top] + frames[:, SMPL_24["head"]] @ offset_m
    for side in SIDES:
        tip = f"{side}_fingertip"
        wrist = parts[f"{side}_wrist"]
        turns = motion.rotations[:, wrist]
        if tip in parts or np.abs(turns - np.eye(3)).max() < 1e-6:
            continue
        joints_m[:, RECORDED_27[tip]] = where.places[:, wrist] + frames[:, SMPL_24[f"{side}_wrist"]] @ _finger_tip(side)


@lru_cache
def _finger_tip(side: str) -> Float[ndarray, " 3"]:
    """From the wrist to the last joint of the index finger, the hand flat."""
    body = library.body("built-in/smplx/neutral")
    rest_m = np.asarray(body.model.regressor @ body.model.template_m, float)
    return rest_m[SMPLX_55[f"{side}_index3"]] - rest_m[SMPLX_55[f"{side}_wrist"]]


def _fitted(found: Retargeted, motion: RigMotion, where: PlacedRig, parts: Mapping[str, int]) -> Retargeted:
    """The body fitted to the places instead, where it comes nearer; all frames, smoothly."""
    fit = fit_joints(library.body(BODY), found.joints_m[:, : len(SMPL_24)], SMPL_24, rate_hz=motion.rate_hz)
    if fit is None or not fit.fitted.all():
        return found
    other = _compared(replace(found, rotations=fit.rotations, translation_m=fit.translation_m), where, parts)
    if other.error_rad > 0.7 * found.error_rad:
        return found
    said = "Names and rest pose do not tell how its joints are turned; the body is fitted to their places."
    return replace(other, notes=(said,))

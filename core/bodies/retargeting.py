"""Any named skeleton's motion on a body of SMPL's form: local rotations, root, shape, and the person's own joints.

    parts = parts_of(motion.rig)
    motion, notes = in_our_world(motion, parts)
    found = retargeted(motion, parts)

Rotations come from the rig's own, by one constant turn a joint (`rig_rest`), so that what bends bends by as much and no
noise is added; the shape has the rig's bone lengths as far as people have them; the root stands so that the hips'
middles meet. Where that misses the rig's joints by much, the body is fitted to their places instead. Metres, y up. No
torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies import library
from core.bodies.fitting import fit_joints
from core.bodies.fitting_landmarks import landmarks_of
from core.bodies.kinematics import place_joints
from core.bodies.rig_names import SIDES
from core.bodies.rig_places import recorded_places
from core.bodies.rig_rest import BODY, frames_of, template
from core.bodies.rigs import PlacedRig, RigMotion, placed
from core.bodies.skeletons import RECORDED_27, SMPL_24, SMPLX_55, UPPER_BODY_9
from core.geometry.rotations import inverse, unit

_LIMBS = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
_LIMBS_M, _OTHERS_M = 0.02, 0.04
_MOST_SHAPE = 3.0
COMPARED = tuple(
    f"{side}_{joint}" for side in SIDES for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
)
"""Joints that every rig has, by which a body is compared with it."""
_MISSES_RAD = np.radians(20)


@dataclass(frozen=True)
class Retargeted:
    """SMPL's 24 local rotations and the rest.

    `error_m` is the mean distance of the limbs' joints from the rig's (most of it is that rigs put hips and shoulders
    elsewhere), `error_rad` the mean angle between the directions of limbs, hips, shoulders and trunk.
    """

    rotations: Float[ndarray, "frames 24 3 3"]
    translation_m: Float[ndarray, "frames 3"]
    betas: Float[ndarray, " shapes"]
    joints_m: Float[ndarray, "frames 27 3"]
    error_m: float
    error_rad: float
    notes: tuple[str, ...] = ()


def retargeted(motion: RigMotion, parts: Mapping[str, int]) -> Retargeted:
    """`motion` is in our world (`rig_world.in_our_world`)."""
    where = placed(motion)
    frames = frames_of(motion.rig, where, parts)
    rotations = frames.copy()
    for joint, parent in enumerate(SMPL_24.parents):
        if parent >= 0:
            rotations[:, joint] = inverse(frames[:, parent]) @ frames[:, joint]
    betas = _shape(where, parts)
    rest_m = rest_joints(betas)
    hips = [SMPL_24["left_hip"], SMPL_24["right_hip"]]
    to_hips_m = rest_m[hips].mean(0) - rest_m[0]
    middle_m = where.places[:, [parts["left_hip"], parts["right_hip"]]].mean(1)
    translation_m = middle_m - frames[:, 0] @ to_hips_m - rest_m[0]
    joints_m = recorded_places(motion.rig, where, parts)
    _add_to_head_and_hands(joints_m, frames, where, parts, motion)
    found = _compared(Retargeted(rotations, translation_m, betas, joints_m, 0.0, 0.0), where, parts)
    return _fitted(found, motion, where, parts) if found.error_rad > _MISSES_RAD else found


def rest_joints(betas: Float[ndarray, " shapes"]) -> Float[ndarray, "24 3"]:
    """SMPL's joints of this shape at rest."""
    mean_m, shapes_m = template()
    return mean_m + shapes_m[..., : len(betas)] @ betas


def _shape(where: PlacedRig, parts: Mapping[str, int]) -> Float[ndarray, " shapes"]:
    """The likeliest shape with these bones: limbs rather exactly, trunk and widths roughly (rigs differ in them)."""
    mean_m, shapes_m = template()
    betas = np.zeros(shapes_m.shape[-1])
    pairs = [(f"{side}_{upper}", f"{side}_{lower}", _LIMBS_M) for side in SIDES for upper, lower in _LIMBS]
    pairs += [(f"left_{part}", f"right_{part}", _OTHERS_M) for part in ("hip", "shoulder")]
    pairs += [(f"{side}_hip", f"{side}_shoulder", _OTHERS_M) for side in SIDES]
    lengths = [
        np.quantile(np.linalg.norm(where.places[:, parts[one]] - where.places[:, parts[other]], axis=-1), 0.75)
        for one, other, _ in pairs
    ]
    spreads = np.array([spread for _, _, spread in pairs])
    one, other = [SMPL_24[pair[0]] for pair in pairs], [SMPL_24[pair[1]] for pair in pairs]
    for _ in range(4):
        rest_m = mean_m + shapes_m @ betas
        steps = rest_m[one] - rest_m[other]
        now = np.linalg.norm(steps, axis=-1)
        slopes = np.einsum("pi,pis->ps", steps / now[:, None], shapes_m[one] - shapes_m[other])
        wanted = (np.array(lengths) - now + slopes @ betas) / spreads
        weighted = slopes / spreads[:, None]
        betas = np.linalg.solve(weighted.T @ weighted + np.eye(len(betas)), weighted.T @ wanted)
    return np.clip(betas, -_MOST_SHAPE, _MOST_SHAPE)


def _compared(found: Retargeted, where: PlacedRig, parts: Mapping[str, int]) -> Retargeted:
    """With how far off it is."""
    some = np.unique(np.linspace(0, len(found.rotations) - 1, 200).astype(int))
    placed_m = place_joints(
        found.rotations[some], found.translation_m[some], rest_joints(found.betas), SMPL_24.parents
    ).places_m
    body_m = placed_m[:, [SMPL_24[joint] for joint in COMPARED]]
    rig_m = where.places[some][:, [parts[joint] for joint in COMPARED]]
    angles = np.arccos(np.clip((_directions(body_m) * _directions(rig_m)).sum(-1), -1, 1))
    error_m = float(np.linalg.norm(body_m - rig_m, axis=-1).mean())
    return replace(found, error_m=error_m, error_rad=float(angles.mean()))


def _directions(joints_m: Float[ndarray, "frames joints 3"]) -> Float[ndarray, "frames directions 3"]:
    """Of limbs, hips, shoulders and trunk; `joints_m` in the order of COMPARED."""
    left, right = joints_m[:, : len(COMPARED) // 2], joints_m[:, len(COMPARED) // 2 :]
    steps = [*(side[:, [1, 2, 4, 5]] - side[:, [0, 1, 3, 4]] for side in (left, right)), (left - right)[:, [0, 3]]]
    trunk = (left + right)[:, 3:4] - (left + right)[:, 0:1]
    return unit(np.concatenate([*steps, trunk], axis=1))


def _add_to_head_and_hands(
    joints_m: Float[ndarray, "frames 27 3"],
    frames: Float[ndarray, "frames 24 3 3"],
    where: PlacedRig,
    parts: Mapping[str, int],
    motion: RigMotion,
) -> None:
    """Nose and finger tips as the average body has them beyond head and wrist, where the rig turns these."""
    body = library.body(BODY)
    found = landmarks_of(body, UPPER_BODY_9)
    nose = int(np.flatnonzero(found.mix[UPPER_BODY_9["head"]])[0])
    head = parts.get("head")
    if head is not None:
        joints_m[:, RECORDED_27["nose"]] = where.places[:, head] + frames[:, SMPL_24["head"]] @ found.offsets_m[nose]
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
    other = replace(
        found, rotations=fit.rotations, translation_m=fit.translation_m, betas=fit.betas[: template()[1].shape[-1]]
    )
    other = _compared(other, where, parts)
    if other.error_rad > 0.7 * found.error_rad:
        return found
    said = "Names and rest pose do not tell how its joints are turned; the body is fitted to their places."
    return replace(other, notes=(said,))

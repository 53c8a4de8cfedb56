"""What makes a body of average size look right on a skeleton of other proportions.

    translation_m = translation_m + lifted(...)        # feet on the ground the person's are on
    frames = with_turning_forearms(frames)             # a wrist is not wrung
    offset_m = nose_from(...)                          # where the nose is, seen from the joint that turns the head

None of it moves a joint's direction: shoulders, elbows, wrists, hips, knees and ankles point where the rig's do.
Metres, y up. No torch.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial.transform import Rotation

from core.bodies import library
from core.bodies.fitting_landmarks import landmarks_of
from core.bodies.kinematics import place_joints
from core.bodies.rig_names import SIDES
from core.bodies.rig_rest import BODY, rest_of, template
from core.bodies.rig_world import size_of
from core.bodies.rigs import PlacedRig, RigMotion
from core.bodies.skeletons import SMPL_24, UPPER_BODY_9
from core.geometry.rotations import inverse, turned

_ANKLE_OVER_SOLE_M = 0.077
"""Of the average body, barefoot."""
_LOWEST_ANKLE_M = 0.03
_UPRIGHT_M = 0.3
_HINGE_RAD = np.radians(1.0)
_WRUNG_RAD = np.radians(15.0)


def lifted(
    rotations: Float[ndarray, "frames 24 3 3"],
    translation_m: Float[ndarray, "frames 3"],
    place_m: Mapping[str, Float[ndarray, "frames 3"]],
) -> Float[ndarray, "frames 3"]:
    """How far up the body goes so that its lower foot is as high as the person's, whose legs are longer or shorter.

    `place_m` are the person's hips, ankles and, where they are known, toes. Nobody is lifted whose feet are not under
    their hips.
    """
    part = "foot" if all(f"{side}_foot" in place_m for side in SIDES) else "ankle"
    placed_m = place_joints(rotations, translation_m, template()[0], SMPL_24.parents).places_m
    body_m, sole_m = placed_m[:, [SMPL_24[f"{side}_{part}"] for side in SIDES], 1].min(1), 0.0
    rig_m = np.min([place_m[f"{side}_{part}"][:, 1] for side in SIDES], axis=0)
    hips_m = np.mean([place_m[f"{side}_hip"][:, 1] for side in SIDES], axis=0)
    if part == "ankle":
        # Ankles alone do not say how thick a foot is, but whose lowest is just over the floor stands on it.
        lowest_m = float(np.percentile(rig_m, 5))
        if 0 <= lowest_m < 2 * _ANKLE_OVER_SOLE_M:
            sole_m = _ANKLE_OVER_SOLE_M - float(np.clip(lowest_m, _LOWEST_ANKLE_M, _ANKLE_OVER_SOLE_M))
    found = np.zeros((len(translation_m), 3))
    found[:, 1] = (rig_m - body_m + sole_m) * np.clip((hips_m - rig_m) / _UPRIGHT_M, 0.0, 1.0)
    return found


def with_turning_forearms(frames: Float[ndarray, "frames 24 3 3"]) -> Float[ndarray, "frames 24 3 3"]:
    """Frames in which half of a hand's turn about the forearm is the forearm's.

    Many rigs have elbows that only bend and leave all turning to the wrist, where skin would be wrung like a cloth; a
    rig whose forearms turn is left as it is. No joint is moved by it.
    """
    found = frames.copy()
    rest_m = template()[0]
    for side in SIDES:
        upper, lower, hand = (SMPL_24[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist"))
        along = rest_m[hand] - rest_m[lower]
        along = along / np.linalg.norm(along)
        elbow = _turn_about(along, inverse(frames[:, upper]) @ frames[:, lower])
        wrist = _turn_about(along, inverse(frames[:, lower]) @ frames[:, hand])
        wrist -= 2 * np.pi * np.rint(np.median(wrist) / (2 * np.pi))
        if np.ptp(elbow) > _HINGE_RAD or np.abs(wrist).max() < _WRUNG_RAD:
            continue
        found[:, lower] = frames[:, lower] @ Rotation.from_rotvec(wrist[:, None] / 2 * along).as_matrix()
    return found


def _turn_about(axis: Float[ndarray, " 3"], rotations: Float[ndarray, "frames 3 3"]) -> Float[ndarray, " frames"]:
    """The part of each rotation that is about the axis, without leaps."""
    whole = Rotation.from_matrix(rotations).as_quat()
    return np.unwrap(2 * np.arctan2(whole[:, :3] @ axis, whole[:, 3]))


def nose_from(
    top: int,
    frames: Float[ndarray, "frames 24 3 3"],
    where: PlacedRig,
    parts: Mapping[str, int],
    motion: RigMotion,
) -> Float[ndarray, " 3"]:
    """The nose from the rig's joint `top`, in SMPL's axes of the head.

    Rigs turn heads about the base of the skull, the middle of it or the nape; a nose is as far above the shoulders, for
    a person of that size, as the average body's.
    """
    nose_m = size_of(motion, parts) * _nose_over_shoulders_m()
    rest = rest_of(motion.rig, parts)
    if rest is not None:
        place = motion.rig.at_rest()
        middle = (place[parts["left_shoulder"]] + place[parts["right_shoulder"]]) / 2
        above_m = rest.axes.T @ (place[top] - middle)
    else:
        middle = (where.places[:, parts["left_shoulder"]] + where.places[:, parts["right_shoulder"]]) / 2
        above_m = np.median(turned(inverse(frames[:, SMPL_24["spine3"]]), where.places[:, top] - middle), axis=0)
    offset_m = nose_m - above_m
    offset_m[0] = 0.0
    return offset_m


@lru_cache(maxsize=1)
def _nose_over_shoulders_m() -> Float[ndarray, " 3"]:
    """Of the average body at rest."""
    found = landmarks_of(library.body(BODY), UPPER_BODY_9)
    nose = int(np.flatnonzero(found.mix[UPPER_BODY_9["head"]])[0])
    rest_m = template()[0]
    shoulders = [SMPL_24[f"{side}_shoulder"] for side in SIDES]
    return rest_m[SMPL_24["head"]] + found.offsets_m[nose] - rest_m[shoulders].mean(0)

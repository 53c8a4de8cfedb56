"""Where the points that a 2D detector finds truly are: the 33 landmarks of BLAZEPOSE_33 on a posed SMPL body.

Shoulders, elbows, wrists, hips, knees and ankles are the body's joints. Nose, eyes, ears and mouth move with the head,
knuckles with the wrist, heels and toes with the foot; their offsets are those of the built-in body at rest (metres, x
to the person's left, y up, z ahead).
"""

import numpy as np
from numpy import ndarray

from core.bodies.skeletons import BLAZEPOSE_33, SMPL_24, UPPER_BODY_9, map_matrix

MOUTH_M = np.array([0.0, -0.022, 0.100])
"""From the head joint."""

_FACE = {
    "nose": (0.0, 0.004, 0.121),
    "eye_inner": (0.018, 0.043, 0.088),
    "eye": (0.031, 0.043, 0.086),
    "eye_outer": (0.045, 0.042, 0.078),
    "ear": (0.078, 0.015, 0.000),
    "mouth": (0.024, -0.022, 0.098),
}
_HAND = {"pinky": (0.090, 0.0, -0.030), "index": (0.100, 0.0, 0.022), "thumb": (0.060, -0.010, 0.055)}
_FOOT = {"heel": ("ankle", (0.0, -0.055, -0.045)), "foot_index": ("foot", (0.0, -0.012, 0.050))}


def _table() -> tuple[list[int], ndarray]:
    """For each landmark the joint it moves with, and its offset there."""
    joints, offsets = [], []
    for landmark in BLAZEPOSE_33.joints:
        side, _, part = landmark.partition("_")
        outward = {"left": 1.0, "right": -1.0}.get(side, 0.0)
        if part in SMPL_24.joints or landmark in SMPL_24.joints:
            joint, offset = landmark, (0.0, 0.0, 0.0)
        elif part in _HAND:
            joint, offset = f"{side}_wrist", _HAND[part]
        elif part in _FOOT:
            joint, offset = f"{side}_{_FOOT[part][0]}", _FOOT[part][1]
        else:
            joint, offset = "head", _FACE[part or landmark]
        joints.append(SMPL_24[joint])
        offsets.append((offset[0] * outward, offset[1], offset[2]))
    return joints, np.array(offsets)


_JOINTS, _OFFSETS_M = _table()
_TO_UPPER_BODY = map_matrix(BLAZEPOSE_33, UPPER_BODY_9)


def landmarks_of(joints_m: ndarray, world_rotations: ndarray) -> ndarray:
    """(T, 33, 3) from joints (T, 24, 3) and their world rotations (T, 24, 3, 3)."""
    return joints_m[:, _JOINTS] + (world_rotations[:, _JOINTS] @ _OFFSETS_M[..., None])[..., 0]


def upper_body_of(landmarks_m: ndarray) -> ndarray:
    """UPPER_BODY_9, (…, 9, 3): nose, mid-shoulders, shoulders, elbows, wrists, mid-hips, as in the 2D tracks."""
    return np.einsum("ts,...sd->...td", _TO_UPPER_BODY, landmarks_m)

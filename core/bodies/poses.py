"""One pose for bodies of different families: which joint of one stands for which joint of another. No torch.

SMPL has 24 joints: 22 of the body and a hand on each side. SMPL-H has the same 22 and fifteen of the fingers of each
hand (52); SMPL-X puts the jaw and the eyes between them (55). A pose says by the number of its joints whose it is; 22
are the body alone. What a pose does not say stays as in the rest body: flat hands, a closed mouth.

SMPL's hand turns all that lies beyond the knuckles, so on a body with fingers it turns the four knuckles, and the
other way round the hand takes the knuckle of the index finger, as the archives of motion do it.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import SMPL_24

BODY_JOINTS = 22
REST = -1  # no joint of the pose: stays as in the rest body

_SIDES = ("left", "right")
_FINGERS = tuple(f"{finger}{part}" for finger in ("index", "middle", "pinky", "ring", "thumb") for part in (1, 2, 3))
_BODY = SMPL_24.joints[:BODY_JOINTS]
_FACE = ("jaw", "left_eye", "right_eye")
_HANDS = tuple(f"{side}_{finger}" for side in _SIDES for finger in _FINGERS)
_NAMES = {
    22: _BODY,
    24: SMPL_24.joints,
    52: (*_BODY, *_HANDS),
    55: (*_BODY, *_FACE, *_HANDS),
}
_KNUCKLES = ("index1", "middle1", "pinky1", "ring1")


def joint_names(joints: int) -> tuple[str, ...]:
    """The joints of SMPL (24), SMPL-H (52), SMPL-X (55) or of the body alone (22), in their order."""
    if joints not in _NAMES:
        raise ValueError(f"no family has {joints} joints")
    return _NAMES[joints]


@lru_cache
def joint_sources(given: int, joints: int) -> tuple[int, ...]:
    """For each joint of a body with `joints`, which of a pose's `given` joints turns it; REST where none does."""
    if given == joints:
        return tuple(range(joints))
    if joints not in _NAMES or given > max(_NAMES) or (given > BODY_JOINTS and given not in _NAMES):
        raise ValueError(f"a pose of {given} joints says nothing to a body of {joints}")
    at = {name: place for place, name in enumerate(_NAMES[given] if given in _NAMES else _BODY[:given])}
    for side in _SIDES:
        hand, knuckles = f"{side}_hand", [f"{side}_{knuckle}" for knuckle in _KNUCKLES]
        if hand in at:
            at |= dict.fromkeys(knuckles, at[hand])
        elif knuckles[0] in at:
            at[hand] = at[knuckles[0]]
    return tuple(at.get(name, REST) for name in _NAMES[joints])


def pose_for(rotations: Float[ndarray, "*batch given 3 3"], joints: int) -> Float[ndarray, "*batch joints 3 3"]:
    """The pose as a body with so many joints takes it."""
    if rotations.shape[-3] == joints:
        return rotations
    sources = np.array(joint_sources(rotations.shape[-3], joints))
    posed = rotations[..., np.maximum(sources, 0), :, :]
    posed[..., sources == REST, :, :] = np.eye(3, dtype=rotations.dtype)
    return posed

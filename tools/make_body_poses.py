"""Poses for making and judging bodies: random ones within what people can do, and named ones for pictures and figures.

Used by the make_body tools only. A pose is local rotations from the T-pose, (J, 3, 3): x to the person's left, y up, z
forward. Angles are written in degrees for the left side; the right side mirrors them.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy import ndarray
from scipy.spatial.transform import Rotation

Range = tuple[float, float]
FINGER_NAMES = ("index", "middle", "ring", "pinky")

# Turns about y, z, x in this order, each with its lowest and highest angle.
REACHES: Mapping[str, tuple[Range, Range, Range]] = {
    "hip": ((-35, 35), (-15, 50), (-120, 30)),
    "knee": ((-8, 8), (-3, 3), (0, 145)),
    "ankle": ((-20, 20), (-15, 15), (-25, 40)),
    "foot": ((-5, 5), (-5, 5), (-40, 25)),
    "spine1": ((-20, 20), (-15, 15), (-12, 32)),
    "spine2": ((-20, 20), (-15, 15), (-12, 28)),
    "spine3": ((-20, 20), (-12, 12), (-12, 20)),
    "neck": ((-40, 40), (-20, 20), (-25, 30)),
    "head": ((-45, 45), (-20, 20), (-25, 25)),
    "collar": ((-25, 15), (-10, 35), (-10, 10)),
    "shoulder": ((-110, 40), (-90, 85), (-70, 70)),
    "elbow": ((-150, 0), (-4, 4), (-75, 75)),
    "wrist": ((-30, 30), (-70, 70), (-65, 65)),
    "hand": ((-8, 8), (-85, 20), (-5, 5)),
    "jaw": ((-6, 6), (-2, 2), (0, 32)),
    "eye": ((-28, 28), (-2, 2), (-22, 22)),
    "thumb1": ((-25, 45), (-30, 30), (-30, 30)),
    "thumb2": ((-10, 60), (-12, 12), (-12, 12)),
    "thumb3": ((-10, 75), (-8, 8), (-8, 8)),
    **{f"{finger}{bone}": ((-12, 12), (-95, 15), (-5, 5)) for finger in FINGER_NAMES for bone in (1, 2, 3)},
}


# Where limbs like to be; poses "nearer to rest" are nearer to this.
EASE: Mapping[str, tuple[float, float, float]] = {
    "shoulder": (-18, -50, 0), "elbow": (-35, 0, 0), "hip": (0, 3, -18), "knee": (0, 0, 18), "collar": (-3, 3, 0),
}  # fmt: skip


def turned(y: float = 0.0, z: float = 0.0, x: float = 0.0) -> ndarray:
    """By degrees about the fixed axes x, then z, then y: a limb twists, then rises, then swings."""
    return Rotation.from_euler("YZX", [y, z, x], degrees=True).as_matrix()


def mirrored(rotations: ndarray, mirror: Sequence[int]) -> ndarray:
    """The same pose in a looking-glass."""
    flip = np.array([-1.0, 1.0, 1.0])
    return flip[:, None] * rotations[..., list(mirror), :, :] * flip


def still(joints: Sequence[str]) -> ndarray:
    return np.tile(np.eye(3), (len(joints), 1, 1))


def plain_name(joint: str) -> tuple[str, float]:
    """A joint without its side, and 1 on the left or the middle, −1 on the right."""
    for side, sign in (("left_", 1.0), ("right_", -1.0)):
        if joint.startswith(side):
            return joint.removeprefix(side), sign
    return joint, 1.0


def within_reach(joint: str, rng: np.random.Generator, extent: float = 1.0) -> ndarray:
    """A random turn of one joint; `extent` below 1 keeps it nearer to where it likes to be."""
    name, sign = plain_name(joint)
    if name == "pelvis":
        return np.eye(3)
    easy = EASE.get(name, (0.0, 0.0, 0.0))
    y, z, x = (ease + extent * (rng.uniform(*ends) - ease) for ease, ends in zip(easy, REACHES[name], strict=True))
    return turned(sign * y, sign * z, x)


def random_poses(joints: Sequence[str], mirror: Sequence[int], pairs: int, seed: int) -> ndarray:
    """(2 pairs, J, 3, 3): half of them wild, half nearer to ease, each with its mirror image."""
    rng = np.random.default_rng(seed)
    extents = np.where(np.arange(pairs) % 2 == 0, 1.0, rng.uniform(0.2, 0.9, pairs))
    poses = np.array([[within_reach(joint, rng, extent) for joint in joints] for extent in extents])
    return np.concatenate([poses, mirrored(poses, mirror)])


def pose(joints: Sequence[str], turns: Mapping[str, tuple[float, float, float]]) -> ndarray:
    """From (y, z, x) degrees by joint: a name without a side means both, the right one mirrored."""
    rotations = still(joints)
    for at, joint in enumerate(joints):
        name, sign = plain_name(joint)
        if joint in turns or name in turns:
            y, z, x = turns.get(joint, turns.get(name, (0.0, 0.0, 0.0)))
            rotations[at] = turned(sign * y, sign * z, x)
    return rotations


_DOWN = {"collar": (0, -4, 0), "shoulder": (-6, -70, 0), "elbow": (-14, 0, 0)}
_FIST = {
    **{f"{finger}{bone}": (0, {1: -70, 2: -80, 3: -50}[bone], 0) for finger in FINGER_NAMES for bone in (1, 2, 3)},
    "thumb1": (30, 0, 5), "thumb2": (28, 0, 0), "thumb3": (35, 0, 0), "hand": (0, -70, 0),
}  # fmt: skip

NAMED: Mapping[str, Mapping[str, tuple[float, float, float]]] = {
    "T-pose": {},
    "standing": _DOWN,
    "arms up": {"collar": (0, 22, 0), "shoulder": (0, 62, 0)},
    "elbows 120": {"shoulder": (-10, -55, 0), "elbow": (-120, 0, 0)},
    "sitting": {**_DOWN, "hip": (0, 5, -90), "knee": (0, 0, 90), "shoulder": (-30, -55, 0), "elbow": (-60, 0, 0)},
    "squatting": {
        "hip": (8, 12, -112), "knee": (0, 0, 125), "ankle": (0, 0, -22), "spine1": (0, 0, 14), "spine2": (0, 0, 12),
        "collar": (-8, 0, 0), "shoulder": (-82, -8, 0), "elbow": (-20, 0, 0), "neck": (0, 0, -14),
    },
    "walking": {
        **_DOWN, "left_hip": (0, 0, -32), "left_knee": (0, 0, 12), "right_hip": (0, 0, 18), "right_knee": (0, 0, 32),
        "right_ankle": (0, 0, 14), "left_shoulder": (22, -68, 0), "right_shoulder": (-34, -66, 0), "spine2": (8, 0, 2),
    },
    "reaching": {
        **_DOWN, "spine1": (-8, 0, 14), "spine2": (-8, 0, 14), "spine3": (-6, 0, 8), "left_collar": (-18, 6, 0),
        "left_shoulder": (-72, 12, 0), "left_elbow": (-8, 0, 0), "neck": (0, 0, -12),
        "hip": (0, 0, -12), "knee": (0, 0, 14),
    },
    "looking back": {
        **_DOWN, "spine2": (14, 0, 0), "spine3": (14, 0, 0), "neck": (34, 0, 0), "head": (32, 0, 0),
        "elbow": (-80, 0, -60), "wrist": (0, 0, -30),
    },
    "kicking": {
        "shoulder": (10, -25, 0), "elbow": (-35, 0, 0), "left_hip": (0, 8, -82), "left_knee": (0, 0, 22),
        "left_ankle": (0, 0, 25), "right_hip": (0, 6, 8), "right_knee": (0, 0, 16), "spine1": (0, 0, 6),
    },
    "arms crossed": {
        "collar": (-14, -2, 0), "shoulder": (-52, -58, 28), "elbow": (-112, 0, -10), "wrist": (0, 0, 20),
    },
    "fists and open mouth": {**_DOWN, **_FIST, "elbow": (-110, 0, 0), "jaw": (0, 0, 24)},
    "one knee": {
        **_DOWN, "left_hip": (0, 4, -92), "left_knee": (0, 0, 96), "right_hip": (0, 4, 6), "right_knee": (0, 0, 92),
        "right_foot": (0, 0, -30),
    },
    # for figures only: one region each
    "forearms twisted": {"elbow": (0, 0, 45), "wrist": (0, 0, 45)},
    "head turned": {"neck": (35, 0, 0), "head": (35, 0, 0)},
    "knees 120": {"knee": (0, 0, 120)},
    "hips 90": {"hip": (0, 0, -90)},
    "mouth open": {"jaw": (0, 0, 24)},
}  # fmt: skip

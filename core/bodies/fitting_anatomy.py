"""How people's joints turn: what a fit may do to a body of SMPL's form, and what it does where nothing is known.

Root, hips and shoulders are *balls*, free rotations with a natural pose they like to return to. Every other joint turns
about up to three axes one after the other, each by an *angle* with limits that are never passed: so a knee or an elbow
cannot bend backwards, whatever is asked of it. Fingers, jaw and eyes stay as they rest: hands relaxed. Radians here,
degrees in the table; axes are those of the T-pose, x to the person's left, y up, z forward. A right joint mirrors the
left one.

The ranges are those of healthy adults, a little wider where SMPL spreads one joint over several. A limb counts as
straight up to `STRAIGHT` beyond the line through its bones.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from core.bodies.skeletons import SMPL_22, SMPL_24
from core.geometry.rotations import about_y, about_z

STRAIGHT = np.radians(3.0)
_FROM_STRAIGHT = -999.0

# joint: (axis, least, most, at rest, spread), degrees; the axes in the order they turn.
_Angle = tuple[str, float, float, float, float]
_MIDDLE: dict[str, tuple[_Angle, ...]] = {
    "spine1": (("+x", -18, 40, 0, 12), ("+z", -20, 20, 0, 8), ("+y", -20, 20, 0, 7)),
    "spine2": (("+x", -18, 40, 0, 12), ("+z", -20, 20, 0, 8), ("+y", -20, 20, 0, 7)),
    "spine3": (("+x", -18, 40, 0, 12), ("+z", -20, 20, 0, 8), ("+y", -25, 25, 0, 8)),
    "neck": (("+x", -40, 40, 0, 14), ("+z", -28, 28, 0, 12), ("+y", -40, 40, 0, 16)),
    "head": (("+x", -40, 40, 0, 14), ("+z", -28, 28, 0, 12), ("+y", -40, 40, 0, 16)),
}
_LEFT: dict[str, tuple[_Angle, ...]] = {
    "knee": (("+x", _FROM_STRAIGHT, 155, 2, 45), ("+z", -6, 6, 0, 3), ("+y", -30, 30, 0, 10)),
    "ankle": (("+x", -35, 60, 0, 18), ("+z", -30, 30, 0, 10), ("+y", -35, 35, 0, 12)),
    "foot": (("+x", -55, 35, 0, 12),),
    "collar": (("+z", -42, 50, -4, 12), ("-y", -35, 45, 0, 10)),
    "elbow": (("-y", _FROM_STRAIGHT, 152, 18, 50), ("+z", -6, 6, 0, 3), ("+x", -85, 85, 0, 30)),
    "wrist": (("+z", -75, 75, 0, 20), ("+y", -35, 35, 0, 10), ("+x", -12, 12, 0, 6)),
}
# joint: spread, degrees
_BALLS = {"pelvis": None, "left_hip": 45, "right_hip": 45, "left_shoulder": 65, "right_shoulder": 65}
_HANGING_DEG, _AHEAD_DEG = 68.0, 10.0  # how far below the T-pose, and how far in front of it, an arm hangs
_CURLED_DEG = {"smpl": 14.0, "smplh": 16.0, "smplx": 16.0}


@dataclass(frozen=True)
class Anatomy:
    """Columns of a fit: 3 of the translation, 3 a ball, 1 an angle. Joints are numbers of SMPL_22."""

    balls: Int[ndarray, " balls"]
    ball_rest: Float[ndarray, "balls 3 3"]
    ball_spread: Float[ndarray, " balls"]
    """Infinite for the root, which may lie any way."""
    joints: Int[ndarray, " angles"]
    axes: Float[ndarray, "angles 3"]
    least: Float[ndarray, " angles"]
    most: Float[ndarray, " angles"]
    rest: Float[ndarray, " angles"]
    spread: Float[ndarray, " angles"]
    hinges: Int[ndarray, "hinges 4"]
    """(angle, joint, joint before, joint after) of what bends one way only; its `least` is counted from straight."""

    @property
    def columns(self) -> int:
        return 3 + 3 * len(self.balls) + len(self.joints)

    def limits(
        self, rest_joints_m: Float[ndarray, "joints 3"]
    ) -> tuple[Float[ndarray, " angles"], Float[ndarray, " angles"]]:
        """Least and most of every angle for a person whose joints stand so in the T-pose."""
        least, most = self.least.copy(), self.most.copy()
        bent = self.bends(rest_joints_m)
        at = self.hinges[:, 0]
        least[at] = -bent - STRAIGHT
        most[at] -= bent
        return least, most

    def bends(self, rest_joints_m: Float[ndarray, "joints 3"]) -> Float[ndarray, " hinges"]:
        """How far knees and elbows are bent in the T-pose; negative where one bends the wrong way."""
        angle, joint, before, after = self.hinges.T
        upper_m, lower_m = rest_joints_m[joint] - rest_joints_m[before], rest_joints_m[after] - rest_joints_m[joint]
        return bend(upper_m, lower_m, self.axes[angle])


def bend(
    upper_m: Float[ndarray, "*batch 3"], lower_m: Float[ndarray, "*batch 3"], hinge: Float[ndarray, "*#batch 3"]
) -> Float[ndarray, "*batch"]:
    """The angle from one bone to the next about a hinge's axis, which is held square to the first."""
    along = (upper_m * hinge).sum(-1, keepdims=True) / np.maximum((upper_m**2).sum(-1, keepdims=True), 1e-12)
    axis = hinge - along * upper_m
    axis = axis / np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-9)
    return np.arctan2((np.cross(upper_m, lower_m) * axis).sum(-1), (upper_m * lower_m).sum(-1))


@lru_cache(maxsize=1)
def anatomy() -> Anatomy:
    """Of everybody."""
    rows: list[tuple[int, ndarray, float, float, float, float]] = []
    hinges = []
    for joint, name in enumerate(SMPL_22.joints):
        side, _, part = name.partition("_")
        angles = _MIDDLE.get(name) or _LEFT.get(part, ())
        for axis, least, most, rest, spread in angles:
            if least == _FROM_STRAIGHT:
                ends = {"knee": ("hip", "ankle"), "elbow": ("shoulder", "wrist")}[part]
                hinges.append((len(rows), joint, SMPL_22[f"{side}_{ends[0]}"], SMPL_22[f"{side}_{ends[1]}"]))
            rows.append((joint, _direction(axis, mirrored=side == "right"), *np.radians([least, most, rest, spread])))
    joints, axes, least, most, rest, spread = (np.array(column) for column in zip(*rows, strict=True))
    return Anatomy(
        np.array([SMPL_22[name] for name in _BALLS]),
        np.stack([_natural(name) for name in _BALLS]),
        np.array([np.inf if deg is None else np.radians(deg) for deg in _BALLS.values()]),
        joints, axes, least, most, rest, spread, np.array(hinges),
    )  # fmt: skip


def relaxed(joints: int, family: str) -> Float[ndarray, "joints 3 3"]:
    """Local rotations of what a fit never turns: fingers a little curled, jaw and eyes straight."""
    rotations = np.tile(np.eye(3), (joints, 1, 1))
    curl = np.radians(_CURLED_DEG[family])
    if family == "smpl":
        sides = {1.0: SMPL_24["left_hand"], -1.0: SMPL_24["right_hand"]}
        for outward, joint in sides.items():
            rotations[joint] = about_z(-outward * curl)
        return rotations
    first = 22 if family == "smplh" else 25
    for outward, start in ((1.0, first), (-1.0, first + 15)):
        rotations[start : start + 12] = about_z(-outward * curl)  # the thumb's three come last and stay
    return rotations


def _direction(axis: str, *, mirrored: bool) -> ndarray:
    direction = np.zeros(3)
    direction["xyz".index(axis[1])] = 1.0 if axis[0] == "+" else -1.0
    return direction * ([1, -1, -1] if mirrored else [1, 1, 1])


def _natural(ball: str) -> ndarray:
    if not ball.endswith("_shoulder"):
        return np.eye(3)
    outward = 1.0 if ball.startswith("left") else -1.0
    return about_y(-outward * np.radians(_AHEAD_DEG)) @ about_z(-outward * np.radians(_HANGING_DEG))

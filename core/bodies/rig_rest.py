"""How a foreign skeleton's joint frames stand to SMPL's: one constant turn a joint, found from rest pose and motion.

For a mapped joint SMPL's frame in the world is `rig frame @ turn`. A rest pose that stands like a person (T, A, arms
down, any axes) tells the turns of the trunk, and with bone directions those of the limbs. Many rest poses mean nothing
(every bone along x); then the motion tells them: in the frames where somebody stands straight, hips, shoulders, feet
and head are as in SMPL's own rest pose. Either way a limb's turn about itself comes from how it bends: knees and elbows
are hinges, seen in the places of three joints. No torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial.transform import Rotation

from core.bodies import library
from core.bodies.fitting_landmarks import joints_at_rest
from core.bodies.rig_names import SIDES, chain
from core.bodies.rigs import PlacedRig, Rig
from core.bodies.skeletons import SMPL_24
from core.geometry.rotations import frame_of, inverse, turned, unit

_SNAP = np.cos(np.radians(12))
_BENT = np.sin(np.radians(15)) ** 2
_ENOUGH_BENDING = 1.2
"""Sum of squared sines over the frames: such as ten frames of an elbow bent by 20 degrees."""
_AGREEING = 0.7
_SPREAD = np.radians(12)
_LYING_FLAT = np.cos(np.radians(50))
BODY = "built-in/smpl/neutral"


@lru_cache(maxsize=1)
def template() -> tuple[Float[ndarray, "24 3"], Float[ndarray, "24 3 shapes"]]:
    """SMPL's joints at rest, and how shapes move them."""
    return joints_at_rest(library.body(BODY))


@dataclass(frozen=True)
class Rest:
    """SMPL's axes (left, up, ahead) in the rig's rest pose: columns."""

    axes: Float[ndarray, "3 3"]


def rest_of(rig: Rig, parts: Mapping[str, int]) -> Rest | None:
    """None where the rest pose is not that of somebody standing."""
    place = dict(zip(parts, rig.at_rest()[list(parts.values())], strict=True))
    hips = place["left_hip"] - place["right_hip"]
    shoulders = place["left_shoulder"] - place["right_shoulder"]
    trunk = (place["left_shoulder"] + place["right_shoulder"] - place["left_hip"] - place["right_hip"]) / 2
    if min(np.linalg.norm(each) for each in (hips, shoulders, trunk)) < 1e-3:
        return None
    up, left = unit(trunk), unit(hips)
    ahead = np.cross(left, up)
    stands = abs(float(left @ up)) < 0.3 and float(unit(shoulders) @ left) > 0.7
    for side, outward in (("left", left), ("right", -left)):
        thigh, shank = (_step(place, side, *pair) for pair in (("hip", "knee"), ("knee", "ankle")))
        arm, forearm = (_step(place, side, *pair) for pair in (("shoulder", "elbow"), ("elbow", "wrist")))
        stands &= float(thigh @ up) < -0.75 and float(shank @ up) < -0.75
        stands &= float(arm @ outward) > -0.2 and float(arm @ up) < 0.5 and float(arm @ forearm) > 0.6
        if f"{side}_foot" in place:
            stands &= float(_step(place, side, "ankle", "foot") @ ahead) > 0.3
    if "head" in place:
        stands &= float((place["head"] - place["left_shoulder"]) @ up) > 0
    if not stands:
        return None
    axes = frame_of("x", left, "y", up)
    nearest = np.zeros((3, 3))
    nearest[np.abs(axes).argmax(0), range(3)] = np.sign(axes[np.abs(axes).argmax(0), range(3)])
    exact = np.linalg.det(nearest) > 0.5 and (axes * nearest).sum(0).min() > _SNAP
    return Rest(nearest if exact else axes)


def frames_of(rig: Rig, where: PlacedRig, parts: Mapping[str, int]) -> Float[ndarray, "frames 24 3 3"]:
    """Each of SMPL's 24 joint frames in the world, in every frame of the motion."""
    return _Turner(rig, where, parts).frames()


def _step(place: Mapping[str, ndarray], side: str, upper: str, lower: str) -> ndarray:
    return unit(place[f"{side}_{lower}"] - place[f"{side}_{upper}"])


class _Turner:
    """Works down the body; `smpl[part]` are frames in the world, over time."""

    def __init__(self, rig: Rig, where: PlacedRig, parts: Mapping[str, int]) -> None:
        self._rig, self._where, self._parts = rig, where, parts
        self._rest = rest_of(rig, parts)
        self._place = {part: where.places[:, joint] for part, joint in parts.items()}
        self._frame = {part: where.rotations[:, joint] for part, joint in parts.items()}
        self._template = dict(zip(SMPL_24.joints, template()[0], strict=True))
        self._standing = self._how_straight()
        self._smpl: dict[str, ndarray] = {}

    def frames(self) -> Float[ndarray, "frames 24 3 3"]:
        self._trunk()
        self._head()
        for side in SIDES:
            self._arm(side)
            self._leg(side)
        return np.stack([self._smpl[joint] for joint in SMPL_24.joints], axis=1)

    # ---- trunk and head ---------------------------------------------------------------------------------------------

    def _trunk(self) -> None:
        pelvis_now = self._seen_frame("hip")
        chest_now = self._seen_frame("shoulder")
        self._smpl["pelvis"] = self._as_rest_or(self._parts["pelvis"], pelvis_now)
        spine = chain(self._rig, self._parts["pelvis"], self._parts["chest"])
        chest = self._as_rest_or(spine[-1], chest_now) if spine else chest_now
        knots = [self._smpl["pelvis"]]
        for at, joint in enumerate(spine[:-1], 1):
            share = at / len(spine)
            knots.append(self._as_rest_or(joint, _between(self._smpl["pelvis"], chest, share)))
        knots.append(chest)
        for at in (1, 2, 3):
            self._smpl[f"spine{at}"] = _among(knots, (len(knots) - 1) * at / 3)

    def _head(self) -> None:
        chest = self._smpl["spine3"]
        top = self._parts.get("head", self._parts.get("neck", self._parts["chest"]))
        path = chain(self._rig, self._parts["chest"], top)
        knots = [chest, *(self._as_rest_or(joint, chest) for joint in path)]
        self._smpl["head"] = knots[-1]
        self._smpl["neck"] = _among(knots, (len(knots) - 1) / 2)

    def _seen_frame(self, part: str) -> ndarray:
        """SMPL's frame of pelvis or chest as the places of hips and shoulders show it."""
        now = self._across_and_up(part, self._place)
        return now @ self._across_and_up(part, self._template).T

    def _across_and_up(self, part: str, place: Mapping[str, ndarray]) -> ndarray:
        across = place[f"left_{part}"] - place[f"right_{part}"]
        trunk = place["left_shoulder"] + place["right_shoulder"] - place["left_hip"] - place["right_hip"]
        return frame_of("x", across, "y", trunk)

    def _as_rest_or(self, joint: int, usual: Float[ndarray, "frames 3 3"]) -> ndarray:
        """The joint's frame: as in SMPL's rest pose where the rig rests, else where somebody stands like `usual`."""
        rig = self._where.rotations[:, joint]
        if self._rest is not None:
            return rig @ self._rest.axes
        return rig @ _mean_turn(inverse(rig) @ usual, self._standing)

    def _how_straight(self) -> Float[ndarray, " frames"]:
        """From 0 to 1: how far each frame shows somebody standing upright, legs and trunk in line."""
        place = self._place
        trunk = unit(place["left_shoulder"] + place["right_shoulder"] - place["left_hip"] - place["right_hip"])
        weights = np.exp(-((1 - trunk[:, 1]) / 0.1))
        for side in SIDES:
            thigh = unit(place[f"{side}_knee"] - place[f"{side}_hip"])
            weights = weights * np.exp(-(1 + (thigh * trunk).sum(-1)) / 0.15)
        return weights + 1e-6

    # ---- limbs ------------------------------------------------------------------------------------------------------

    def _arm(self, side: str) -> None:
        chest = self._smpl["spine3"]
        collar = self._parts.get(f"{side}_collar")
        self._smpl[f"{side}_collar"] = chest if collar is None else self._as_rest_or(collar, chest)
        ahead = np.array([0.0, 0.0, 1.0])
        self._bone(side, ("shoulder", "elbow", "wrist"), chest, ahead, upper=True)
        self._bone(side, ("shoulder", "elbow", "wrist"), self._smpl[f"{side}_shoulder"], ahead, upper=False)
        self._hand(side)

    def _leg(self, side: str) -> None:
        back = np.array([0.0, 0.0, -1.0])
        self._bone(side, ("hip", "knee", "ankle"), self._smpl["pelvis"], back, upper=True)
        self._bone(side, ("hip", "knee", "ankle"), self._smpl[f"{side}_hip"], back, upper=False)
        self._foot(side)

    def _bone(
        self,
        side: str,
        joints: tuple[str, str, str],
        above: Float[ndarray, "frames 3 3"],
        bends: Float[ndarray, " 3"],
        *,
        upper: bool,
    ) -> None:
        """One of the two bones of a limb: its direction exactly, its turn about itself by the hinge between them."""
        top, hinge, end = (f"{side}_{joint}" for joint in joints)
        start, stop = (top, hinge) if upper else (hinge, end)
        own = unit(self._template[stop] - self._template[start])
        own_hinge = unit(np.cross(own, bends))
        frame = self._frame[start]
        along = unit(turned(inverse(frame), self._place[stop] - self._place[start]).mean(0))
        first, second = (unit(self._place[b] - self._place[a]) for a, b in ((top, hinge), (hinge, end)))
        across = np.cross(first, second)
        bent = (across**2).sum(-1)
        weights = np.where(bent > _BENT, bent, 0.0)
        seen = turned(inverse(frame), unit(across))
        mean = (weights[:, None] * seen).sum(0) / max(float(weights.sum()), 1e-9)
        if weights.sum() > _ENOUGH_BENDING and np.linalg.norm(mean) > _AGREEING:
            axis = mean
        elif self._rest is not None:
            axis = _least_turn(self._rest.axes @ own, along) @ self._rest.axes @ own_hinge
        else:
            carried = _least_turn(turned(above, own), turned(frame, along)) @ above
            axis = turned(inverse(frame), turned(carried, own_hinge)).mean(0)
        to_rig = frame_of("x", along, "y", axis) @ frame_of("x", own, "y", own_hinge).T
        self._smpl[start] = frame @ to_rig

    def _hand(self, side: str) -> None:
        """By where knuckles and thumb are; else as it rests; else in line with the forearm."""
        part = f"{side}_wrist"
        forearm, frame = self._smpl[f"{side}_elbow"], self._frame[part]
        own = unit(self._template[f"{side}_hand"] - self._template[part])
        ahead = np.array([0.0, 0.0, 1.0])
        along, thumb = self._direction(part, f"{side}_hand"), self._thumb(side)
        if along is not None and thumb is not None and abs(float(along @ thumb)) < 0.97:
            to_rig = frame_of("x", along, "y", thumb) @ frame_of("x", own, "y", ahead).T
        elif self._rest is not None:
            along = self._direction(f"{side}_elbow", part) if along is None else along
            assert along is not None
            to_rig = _least_turn(self._rest.axes @ own, along) @ self._rest.axes
        else:
            to_rig = _mean_turn(inverse(frame) @ forearm, np.ones(len(frame)))
        self._smpl[part] = frame @ to_rig
        self._smpl[f"{side}_hand"] = self._smpl[part]

    def _thumb(self, side: str) -> ndarray | None:
        """Where the thumb's side of the hand is, from the wrist."""
        index, pinky = (self._direction(f"{side}_wrist", f"{side}_{finger}") for finger in ("index", "pinky"))
        if index is not None and pinky is not None and float(np.linalg.norm(index - pinky)) > 0.1:
            return unit(index - pinky)
        return self._direction(f"{side}_wrist", f"{side}_thumb")

    def _direction(self, start: str, stop: str) -> ndarray | None:
        """From one joint to another in the first one's axes, at rest; of a joint in the same place, to its tip."""
        if stop not in self._parts or start not in self._parts:
            return None
        steps = [self._rig.offsets[joint] for joint in chain(self._rig, self._parts[start], self._parts[stop])]
        step = np.sum(steps, axis=0) if steps else np.zeros(3)
        if np.linalg.norm(step) < 1e-3:
            step = self._rig.tips.get(self._parts[stop], step)
        return unit(step) if np.linalg.norm(step) > 1e-3 else None

    def _foot(self, side: str) -> None:
        """Flat on the ground where it rests, or where it stands lowest."""
        part, toes = f"{side}_ankle", f"{side}_foot"
        frame = self._frame[part]
        own = self._template[toes] - self._template[part]
        lowest = np.zeros(len(frame))
        if toes not in self._parts:
            to_rig = self._resting_foot(side, None, own)
            if to_rig is None:
                to_rig = _mean_turn(inverse(frame) @ self._smpl[f"{side}_knee"], self._standing)
        else:
            to_rig = self._resting_foot(side, self._direction(part, toes), own)
            step = self._place[toes] - self._place[part]
            lowest = np.where(self._stands_flat(part, toes), self._standing, 0.0) + 1e-9
            if to_rig is None:
                flat = frame_of("y", np.array([0.0, 1.0, 0.0]), "z", step)
                level = frame_of("y", np.array([0.0, 1.0, 0.0]), "z", own)
                to_rig = _mean_turn(inverse(frame) @ flat @ level.T, lowest)
        self._smpl[part] = frame @ to_rig
        self._smpl[toes] = self._smpl[part]
        if toes in self._parts:
            bent = self._frame[toes]
            straight = to_rig if self._rest is not None else _mean_turn(inverse(bent) @ self._smpl[part], lowest)
            self._smpl[toes] = bent @ straight

    def _stands_flat(self, ankle: str, toes: str) -> ndarray:
        """The frames with the foot on the ground, and of those the ones with the heel lowest: not on tiptoe."""
        heel, both = self._place[ankle][:, 1], self._place[ankle][:, 1] + self._place[toes][:, 1]
        down = both <= np.quantile(both, 0.3) + 1e-6
        return down & (heel <= np.quantile(heel[down], 0.3) + 1e-6)

    def _resting_foot(self, side: str, toes: ndarray | None, own: ndarray) -> ndarray | None:
        """From the rest pose, the toes' heading taken out; None where it does not stand flat there."""
        if self._rest is None:
            return None
        shank = self._direction(f"{side}_knee", f"{side}_ankle")
        if shank is not None:
            there = self._rest.axes.T @ shank
            usual = self._template[f"{side}_ankle"] - self._template[f"{side}_knee"]
            spread = float(np.arctan2(there[0], -there[1]) - np.arctan2(usual[0], -usual[1]))
            # Nobody's soles lie flat with legs so far apart: feet are as they are with the leg upright.
            if abs(spread) > _SPREAD:
                roll = self._rest.axes @ Rotation.from_rotvec([0.0, 0.0, spread]).as_matrix()
                return self._headed(roll, toes, own)
        return self._headed(self._rest.axes, toes, own)

    def _headed(self, axes: ndarray, toes: ndarray | None, own: ndarray) -> ndarray | None:
        if toes is None:
            return axes
        there = axes.T @ toes
        if np.hypot(there[0], there[2]) < _LYING_FLAT:
            return None
        heading = np.arctan2(there[0], there[2]) - np.arctan2(own[0], own[2])
        return axes @ Rotation.from_rotvec([0.0, heading, 0.0]).as_matrix()


# ---- turns ----------------------------------------------------------------------------------------------------------


def _mean_turn(turns: Float[ndarray, "frames 3 3"], weights: Float[ndarray, " frames"]) -> Float[ndarray, "3 3"]:
    total = np.einsum("f,fij->ij", weights / weights.sum(), turns)
    left, _, right = np.linalg.svd(total)
    return left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right


def _least_turn(start: Float[ndarray, "*#batch 3"], stop: Float[ndarray, "*#batch 3"]) -> Float[ndarray, "... 3 3"]:
    """The smallest rotation that takes one unit direction to the other."""
    start, stop = np.broadcast_arrays(start, stop)
    middle = start + stop
    # Opposite directions: half a turn about anything across.
    anything = np.cross(start, np.eye(3)[np.abs(start).argmin(-1)])
    opposite = np.linalg.norm(middle, axis=-1, keepdims=True) < 1e-6
    middle = np.where(opposite, anything, middle)
    middle = unit(middle)
    half = 2 * middle[..., :, None] * middle[..., None, :] - np.eye(3)
    first = 2 * start[..., :, None] * start[..., None, :] - np.eye(3)
    turn = half @ first
    return np.where(opposite[..., None], half, turn)


def _between(first: ndarray, second: ndarray, share: float) -> ndarray:
    """A share of the way from one frame to the other, over time."""
    step = Rotation.from_matrix(inverse(first) @ second).as_rotvec() * share
    return first @ Rotation.from_rotvec(step).as_matrix()


def _among(knots: list[ndarray], at: float) -> ndarray:
    low = min(int(at + 1e-9), len(knots) - 1)
    share = at - low
    return knots[low] if share < 1e-6 else _between(knots[low], knots[low + 1], share)

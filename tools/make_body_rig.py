"""How the joints of an SMPL-form body move MakeHuman's 104 bones: the deformation that the built-in bodies learn.

Used by make_body.py only. A bone turns with the joint that owns it, about that joint, so that joints stay where SMPL's
kinematics puts them. What a single joint cannot do, the rig's spare bones do: half a shoulder's turn goes to the bone
over it, and a twist winds up along the two halves of a limb and the three of the neck.

Skinning is mostly by turning each vertex about a centre of its own: a bent limb keeps its volume, where linear
blending lets it collapse, and a raised shoulder does not bulge as it does with dual quaternions. Letters: V vertices, B
bones, J joints, N people. Metres, y up. `rest` is the rig's own pose, before the T-pose.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from scipy.spatial.transform import Rotation

from core.bodies.kinematics import place_joints

BONES_A_VERTEX = 9
ABOUT_CENTRES = 2 / 3
ALIKE = 0.1
"""How far apart the weights of two vertices may be that share a centre."""
JAW = "jaw"
"""The one bone that the rig of 104 has not; it hinges before the ears."""
JAW_TO_EYES = 0.2
"""Where: so far from the head's joint towards the eyes."""
FINGERS = {1: "thumb", 2: "index", 3: "middle", 4: "ring", 5: "pinky"}

# Which joint moves the skin of a rig bone: by the bone's name without its side.
TRUNK_OWNER = {"root": "pelvis", "pelvis": "pelvis", "spine05": "pelvis", "spine04": "pelvis", "spine03": "spine1",
               "spine02": "spine2", "spine01": "spine3"}  # fmt: skip
LIMB_OWNER = (
    ("upperleg", "hip"), ("lowerleg", "knee"), ("foot", "ankle"), ("toe", "foot"), ("clavicle", "collar"),
    ("shoulder", "shoulder"), ("upperarm", "shoulder"), ("lowerarm", "elbow"), ("wrist", "wrist"),
    ("metacarpal", "wrist"),
)  # fmt: skip
# Where a joint is: the mean of these bones' heads, `.S` standing for the side.
TRUNK_HEADS = {"pelvis": ("root", "spine04"), "spine1": ("spine03",), "spine2": ("spine02",), "spine3": ("spine01",),
               "neck": ("neck01",), "head": ("head",), JAW: (JAW,)}  # fmt: skip
LIMB_HEADS = {
    "hip": ("upperleg01",), "knee": ("lowerleg01",), "ankle": ("foot",), "foot": ("toe2-1", "toe3-1", "toe4-1"),
    "collar": ("clavicle",), "shoulder": ("upperarm01",), "elbow": ("lowerarm01",), "wrist": ("wrist",),
    "hand": ("finger2-1", "finger3-1", "finger4-1", "finger5-1"), "eye": ("eye",),
    **{f"{name}{bone}": (f"finger{finger}-{bone}",) for finger, name in FINGERS.items() for bone in (1, 2, 3)},
}  # fmt: skip


class Spread(NamedTuple):
    """How much of a joint's own twist, and of the next joint's, a bone takes."""

    own: float
    next: float


SPREADS = {
    "upperarm01": Spread(0.5, 0.0), "upperarm02": Spread(1.0, 0.0),
    "lowerarm01": Spread(0.4, 0.2), "lowerarm02": Spread(0.8, 0.6),
    "upperleg01": Spread(0.5, 0.0), "upperleg02": Spread(1.0, 0.0),
    "lowerleg01": Spread(0.6, 0.2), "lowerleg02": Spread(1.0, 0.5),
    "neck01": Spread(0.35, 0.0), "neck02": Spread(0.7, 0.15), "neck03": Spread(1.0, 0.4),
}  # fmt: skip
HALF_SHOULDER = "shoulder01"
NEXT = {"shoulder": "elbow", "elbow": "wrist", "hip": "knee", "knee": "ankle", "neck": "head"}
"""Along which bone a joint's twist runs."""


@dataclass(frozen=True)
class Rig:
    """The bones of the source as the joints of a skeleton drive them."""

    joints: tuple[str, ...]
    parents: tuple[int, ...]
    bones: tuple[str, ...]

    def owner(self, bone: str) -> int:
        """The joint that moves the skin of `bone`."""
        side, name = _sided(bone)
        if name in TRUNK_OWNER:
            return self.joints.index(TRUNK_OWNER[name])
        if name.startswith("finger"):
            finger, part = name.removeprefix("finger").split("-")
            fine = f"{side}{FINGERS[int(finger)]}{part}"
            return self.joints.index(fine if fine in self.joints else f"{side}hand")
        for start, joint in LIMB_OWNER:
            if name.startswith(start):
                wanted = side + joint
                return self.joints.index(wanted)
        if side + name in self.joints:  # the eyes and the jaw, where the skeleton has them
            return self.joints.index(side + name)
        return self.joints.index("neck" if name.startswith("neck") else "head")

    def owners(self) -> ndarray:
        return np.array([self.owner(bone) for bone in self.bones])

    def joints_of(self, heads_m: ndarray) -> ndarray:
        """(…, B, 3) bone heads → (…, J, 3)."""
        matrix = np.zeros((len(self.joints), len(self.bones)))
        for joint in self.joints:
            side = next((side for side in ("left_", "right_") if joint.startswith(side)), "")
            letter = {"left_": ".L", "right_": ".R", "": ""}[side]
            named = LIMB_HEADS.get(joint.removeprefix(side), ()) if side else TRUNK_HEADS.get(joint, ())
            for head in named:
                matrix[self.joints.index(joint), self.bones.index(head + letter)] = 1 / len(named)
        return np.einsum("jb,...bd->...jd", matrix, heads_m)

    def merged(self, bone_weights: ndarray) -> ndarray:
        """(V, B) → (V, J): each bone's weight to its owner."""
        weights = np.zeros((len(bone_weights), len(self.joints)))
        np.add.at(weights.T, self.owners(), bone_weights.T)
        return weights

    def bone_motions(self, turned: ndarray, rest_m: ndarray, placed_m: ndarray) -> tuple[ndarray, ndarray]:
        """From each joint's turn since the rest (J, 3, 3) and its places before and after: rotations and offsets of
        the bones, (B, 3, 3) and (B, 3).
        """
        motions = turned[self.owners()]
        for at, bone in enumerate(self.bones):
            side, name = _sided(bone)
            joint = int(self.owner(bone))
            parent = self.parents[joint]
            if name == HALF_SHOULDER:
                motions[at] = turned[parent] @ _power(turned[parent].T @ turned[joint], 0.5)
            elif name in SPREADS:
                spread = SPREADS[name]
                follower = self.joints.index(side + NEXT[self.joints[joint].removeprefix(side)])
                axis = rest_m[follower] - rest_m[joint]
                swing, twist = swing_and_twist(turned[parent].T @ turned[joint], axis)
                next_twist = swing_and_twist((turned[joint].T @ turned[follower]).T, axis)[1].T
                motions[at] = turned[parent] @ swing @ _power(twist, spread.own) @ _power(next_twist, spread.next)
        pivots = self.owners()
        return motions, placed_m[pivots] - np.einsum("bij,bj->bi", motions, rest_m[pivots])


def _sided(bone: str) -> tuple[str, str]:
    side = {".L": "left_", ".R": "right_"}.get(bone[-2:], "")
    return side, bone[:-2] if side else bone


def _power(rotation: ndarray, share: float) -> ndarray:
    return Rotation.from_rotvec(share * Rotation.from_matrix(rotation).as_rotvec()).as_matrix()


def swing_and_twist(rotation: ndarray, axis: ndarray) -> tuple[ndarray, ndarray]:
    """`rotation` = swing @ twist, where the twist turns about `axis`."""
    axis = axis / np.linalg.norm(axis)
    quaternion = Rotation.from_matrix(rotation).as_quat()
    along = axis * (quaternion[:3] @ axis)
    if quaternion[3] ** 2 + along @ along < 1e-12:  # half a turn across the axis: all of it is swing
        return rotation, np.eye(3)
    twist = Rotation.from_quat([*along, quaternion[3]]).as_matrix()
    return rotation @ twist.T, twist


class Skin:
    """A mesh on bones, posed in the ways that are compared; `reference` is the one the built-in bodies learn.

    What the bones turn a vertex about (Le and Hodgins, 2016) is the mean of the vertices whose bones are alike: a
    matrix, so that every person's centres follow from their vertices.
    """

    def __init__(self, rest_m: ndarray, faces: ndarray, bone_weights: ndarray) -> None:
        self._bones = np.argsort(-bone_weights, 1)[:, :BONES_A_VERTEX]
        kept = np.take_along_axis(bone_weights, self._bones, 1)
        self._weights = kept / kept.sum(1, keepdims=True)
        self._dense = np.zeros_like(bone_weights)
        np.put_along_axis(self._dense, self._bones, self._weights, 1)
        self._centres = _centres(self._dense, _areas(rest_m, faces))

    def centres_of(self, people_m: ndarray) -> ndarray:
        """(N, V, 3): what the bones turn the vertices (N, V, 3) of each person about."""
        columns = people_m.transpose(1, 0, 2).reshape(people_m.shape[1], -1).astype(np.float32)
        return (self._centres @ columns).reshape(-1, len(people_m), 3).transpose(1, 0, 2).astype(float)

    def linear(self, vertices_m: ndarray, rotations: ndarray, offsets_m: ndarray) -> ndarray:
        """MakeHuman's own: by the mean of the bones' motions."""
        carriers = np.concatenate([rotations, offsets_m[..., None]], -1).reshape(-1, 12)
        blended = (self._dense @ carriers).reshape(-1, 3, 4)
        return (blended[..., :3] @ vertices_m[..., None])[..., 0] + blended[..., 3]

    def about_centres(self, vertices_m: ndarray, centres_m: ndarray, rotations: ndarray, offsets_m: ndarray) -> ndarray:
        """Turned by the mean quaternion about the centre, which moves linearly."""
        quaternions = Rotation.from_matrix(rotations).as_quat()
        mixed = Rotation.from_quat(np.sum(self._shares(quaternions) * quaternions[self._bones], 1))
        return mixed.apply(vertices_m - centres_m) + self.linear(centres_m, rotations, offsets_m)

    def dual_quaternions(self, vertices_m: ndarray, rotations: ndarray, offsets_m: ndarray) -> ndarray:
        """By the mean screw motion (Kavan and others, 2007)."""
        real = Rotation.from_matrix(rotations).as_quat()
        dual = 0.5 * _product(np.concatenate([offsets_m, np.zeros((len(offsets_m), 1))], 1), real)
        shares = self._shares(real)
        real_mix, dual_mix = (np.sum(shares * each[self._bones], 1) for each in (real, dual))
        size = np.linalg.norm(real_mix, axis=1, keepdims=True)
        real_mix, dual_mix = real_mix / size, dual_mix / size
        moved_by = 2 * _product(dual_mix, real_mix * [-1, -1, -1, 1])[:, :3]
        return Rotation.from_quat(real_mix).apply(vertices_m) + moved_by

    def reference(self, vertices_m: ndarray, centres_m: ndarray, rotations: ndarray, offsets_m: ndarray) -> ndarray:
        """Mostly about centres, for a bent limb keeps its volume so; a share of linear takes the edge off shoulders."""
        turned = self.about_centres(vertices_m, centres_m, rotations, offsets_m)
        return ABOUT_CENTRES * turned + (1 - ABOUT_CENTRES) * self.linear(vertices_m, rotations, offsets_m)

    def _shares(self, quaternions: ndarray) -> ndarray:
        """(V, bones, 1): a quaternion and its negative are one turn; take the one near that of the first bone."""
        signs = np.where(quaternions @ quaternions.T >= 0, 1.0, -1.0)[self._bones[:, :1], self._bones]
        return (self._weights * signs)[..., None]


def _areas(vertices_m: ndarray, faces: ndarray) -> ndarray:
    """(V,) a third of the triangles at each vertex."""
    a, b, c = (vertices_m[faces[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    return np.bincount(faces.ravel(), np.repeat(area, 3), len(vertices_m))


def _centres(weights: ndarray, areas: ndarray) -> ndarray:
    """(V, V): rows that average the vertices with like weights. A vertex of one bone is its own: any centre will do."""
    alike = np.zeros((len(weights), len(weights)), np.float32)
    for first in range(weights.shape[1]):
        for second in range(first):
            both = np.flatnonzero((weights[:, first] > 1e-3) & (weights[:, second] > 1e-3))
            if len(both):
                a, b = weights[both, first], weights[both, second]
                apart = (np.outer(a, b) - np.outer(b, a)) / ALIKE
                alike[np.ix_(both, both)] += np.outer(a * b, a * b * areas[both]) * np.exp(-(apart**2))
    total = alike.sum(1)
    alone = total < 1e-14
    alike[alone] = 0
    alike[alone, np.flatnonzero(alone)] = total[alone] = 1
    return alike / total[:, None]


def _product(first: ndarray, second: ndarray) -> ndarray:
    """Of quaternions (…, 4), the scalar last."""
    a, b = first[..., :3], second[..., :3]
    s, t = first[..., 3:], second[..., 3:]
    return np.concatenate([s * b + t * a + np.cross(a, b), s * t - np.sum(a * b, -1, keepdims=True)], -1)


def turn_onto(source: ndarray, target: ndarray, share: float = 1.0) -> ndarray:
    """The shortest rotation from one direction to another, or a share of it."""
    source, target = source / np.linalg.norm(source), target / np.linalg.norm(target)
    across = np.cross(source, target)
    sine = float(np.linalg.norm(across))
    angle = share * float(np.arctan2(sine, source @ target))
    return Rotation.from_rotvec(across / max(sine, 1e-12) * angle).as_matrix()


@dataclass(frozen=True)
class Jaw:
    """The mouth opening that MakeHuman's face unit draws, as a turn about a hinge and what remains of it.

    `weights` (V,) how far a vertex goes with the jaw; `beyond_m` (V, 3) what full opening adds to that turn.
    """

    angle: float
    weights: ndarray
    beyond_m: ndarray

    @classmethod
    def of(cls, rest_m: ndarray, opening_m: ndarray, hinge_m: ndarray) -> "Jaw":
        """About a hinge along x; the angle is the one that carries the lower jaw best."""
        size = np.linalg.norm(opening_m, axis=1)
        lower = size > 0.7 * size.max()
        from_hinge, moved = (rest_m - hinge_m)[lower, 1:], opening_m[lower, 1:]
        about = np.stack([-from_hinge[:, 1], from_hinge[:, 0]], 1)
        angle = float(np.sum(about * moved) / np.sum(about**2))
        turn = Rotation.from_rotvec([angle, 0, 0]).as_matrix()
        rigid = (rest_m - hinge_m) @ (turn - np.eye(3)).T
        along = np.einsum("vd,vd->v", opening_m, rigid) / np.maximum(np.einsum("vd,vd->v", rigid, rigid), 1e-12)
        weights = np.where(size > 1e-5, np.clip(along, 0, 1), 0)
        return cls(angle, weights, opening_m - weights[:, None] * rigid)

    def share(self, rotation: ndarray) -> float:
        """How much of the full opening a turn of the jaw is."""
        return float(np.clip(np.sin(Rotation.from_matrix(rotation).as_rotvec()[0]) / np.sin(self.angle), 0, 1.5))


def t_pose_turns(rig: Rig, rest_m: ndarray) -> ndarray:
    """(J, 3, 3): how each joint turns from the rest to the T-pose: arms along x, legs straight down, feet as before."""
    at = {joint: index for index, joint in enumerate(rig.joints)}
    turned = np.tile(np.eye(3), (len(at), 1, 1))
    knuckles = "hand" if "left_hand" in at else "middle1"
    for side, sign in (("left_", 1.0), ("right_", -1.0)):
        collar, shoulder, elbow, wrist, hand, hip, knee, ankle = (
            at[side + joint] for joint in ("collar", "shoulder", "elbow", "wrist", knuckles, "hip", "knee", "ankle")
        )
        outwards = np.array([sign, 0.0, 0.0])
        upper_arm = rest_m[elbow] - rest_m[shoulder]
        turned[collar] = turn_onto(upper_arm, outwards, share=0.2)  # a girdle follows a raised arm a little
        turned[shoulder] = turn_onto(upper_arm, outwards)
        for before, here, after in ((shoulder, elbow, wrist), (elbow, wrist, hand)):
            bone = turned[before] @ (rest_m[after] - rest_m[here])
            turned[here] = turn_onto(bone, outwards) @ turned[before]
        leg = rest_m[ankle] - rest_m[hip]
        length = np.linalg.norm(leg)
        turned[hip] = turned[knee] = turn_onto(leg, np.array([sign * 0.025 * length, -length, 0.4 * leg[2]]))
    for joint, parent in enumerate(rig.parents):  # fingers go with the wrist
        if parent >= 0 and rig.joints[parent].split("_")[-1].startswith(("wrist", *FINGERS.values())):
            turned[joint] = turned[parent]
    return turned


class Person:
    """One person of the source: in the T-pose, and in any pose of the joints."""

    def __init__(
        self,
        rig: Rig,
        skin: Skin,
        vertices_m: ndarray,
        rest_m: ndarray,
        centres_m: ndarray,
        jaw: Jaw | None = None,
    ) -> None:
        self._rig, self._skin, self._jaw = rig, skin, jaw
        self._vertices_m, self._rest_m, self._centres_m = vertices_m, rest_m, centres_m
        self._turns = t_pose_turns(rig, rest_m)
        self.joints_m = np.zeros_like(rest_m)  # the T-pose's, the pelvis at the origin
        for joint, parent in enumerate(rig.parents):
            if parent >= 0:
                bone = self._turns[parent] @ (rest_m[joint] - rest_m[parent])
                self.joints_m[joint] = self.joints_m[parent] + bone

    def posed(self, rotations: ndarray | None = None, way: str = "reference") -> ndarray:
        """(V, 3) with the joints turned locally by `rotations` (J, 3, 3) from the T-pose, the pelvis at the origin."""
        turns = np.tile(np.eye(3), (len(self.joints_m), 1, 1)) if rotations is None else rotations
        placed = place_joints(turns, np.zeros(3), self.joints_m, self._rig.parents)
        motions = self._rig.bone_motions(placed.rotations @ self._turns, self._rest_m, placed.places_m)
        vertices_m = self._vertices_m
        if self._jaw is not None:
            vertices_m = vertices_m + self._jaw.beyond_m * self._jaw.share(turns[self._rig.joints.index("jaw")])
        if way in ("reference", "about_centres"):
            return getattr(self._skin, way)(vertices_m, self._centres_m, *motions)
        return getattr(self._skin, way)(vertices_m, *motions)

"""Motions with their actions as plain arrays: what real windows and samples are judged as. No torch.

Rotations are the first two columns of each local rotation matrix, one after the other; the path is SMPL's translation,
metres, y up; 30 frames a second. Frames behind a motion's last repeat it. Letters: N motions, F frames, J joints,
A actions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.bodies.kinematics import place_joints
from core.bodies.skeletons import SKELETONS
from core.recordings import reference_joints_m

BODIES = {24: "SMPL 24", 52: "SMPL-H 52", 55: "SMPL-X 55"}
_AT_ONCE = 256


@dataclass(frozen=True)
class Motions:
    """So many motions, each as long as `frames` says."""

    rotations_6d: Float[ndarray, "N F J 6"]
    path_m: Float[ndarray, "N F 3"]
    frames: Int[ndarray, " N"]
    labels: Bool[ndarray, "N A"]

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, chosen: slice | Sequence[int] | ndarray) -> Self:
        """Some of them."""
        at = np.arange(len(self))[chosen]
        return type(self)(self.rotations_6d[at], self.path_m[at], self.frames[at], self.labels[at])

    @property
    def real(self) -> Bool[ndarray, "N F"]:
        return np.arange(self.path_m.shape[1]) < self.frames[:, None]

    @cached_property
    def joints_m(self) -> Float[ndarray, "N F J 3"]:
        """Where the joints are on the body that figures are measured on, which is nobody's own."""
        parts = [
            joints_m(self.rotations_6d[at : at + _AT_ONCE], self.path_m[at : at + _AT_ONCE])
            for at in range(0, len(self), _AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((*self.rotations_6d.shape[:3], 3), np.float32)

    def as_long_as(self, frames: int) -> Self:
        """Arrays of at least so many frames: the last one is repeated."""
        held = np.minimum(np.arange(max(frames, self.path_m.shape[1])), self.frames[:, None] - 1)
        rows = np.arange(len(self))[:, None]
        return type(self)(self.rotations_6d[rows, held], self.path_m[rows, held], self.frames, self.labels)


def together(parts: Sequence[Motions]) -> Motions:
    """All of them in one row, in arrays as long as the longest."""
    longest = max(part.path_m.shape[1] for part in parts)
    equal = [part.as_long_as(longest) for part in parts]
    return Motions(
        np.concatenate([each.rotations_6d for each in equal]),
        np.concatenate([each.path_m for each in equal]),
        np.concatenate([each.frames for each in equal]),
        np.concatenate([each.labels for each in equal]),
    )


def joints_m(
    rotations_6d: Float[ndarray, "*batch J 6"], path_m: Float[ndarray, "*batch 3"]
) -> Float[ndarray, "*batch J 3"]:
    """Joints of the built-in body in these poses."""
    joints = rotations_6d.shape[-2]
    skeleton = SKELETONS[BODIES[joints]]
    rest_m = reference_joints_m()[joint_order(joints)].astype(np.float32)
    return place_joints(as_matrices(rotations_6d), path_m, rest_m, skeleton.parents).places_m.astype(np.float32)


def joint_order(joints: int) -> list[int]:
    """Which of SMPL-X's 55 joints a body of so many has, as the reference body knows them."""
    whole, own = SKELETONS["SMPL-X 55"], SKELETONS[BODIES[joints]]
    stands_for = {"left_hand": "left_middle1", "right_hand": "right_middle1"}
    return [whole[stands_for.get(name, name)] for name in own.joints]


def as_matrices(rotations_6d: Float[ndarray, "*batch 6"]) -> Float[ndarray, "*batch 3 3"]:
    """Rotation matrices of two columns each, made upright and of length one (Gram-Schmidt)."""
    first, second = rotations_6d[..., :3], rotations_6d[..., 3:]
    x = first / np.maximum(np.linalg.norm(first, axis=-1, keepdims=True), 1e-8)
    y = second - (x * second).sum(-1, keepdims=True) * x
    y = y / np.maximum(np.linalg.norm(y, axis=-1, keepdims=True), 1e-8)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def as_6d(matrices: Float[ndarray, "*batch 3 3"]) -> Float[ndarray, "*batch 6"]:
    """The first two columns, one after the other."""
    return np.concatenate([matrices[..., 0], matrices[..., 1]], axis=-1)

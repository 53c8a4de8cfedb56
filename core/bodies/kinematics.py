"""Rotations to joint positions. Numpy, no torch.

A pose is one local rotation a joint (its frame in its parent's) and the root's translation, as SMPL has it: the root
joint stands at its place in the rest body plus `translation_m`. Metres; parents come before their children.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray


class PlacedJoints(NamedTuple):
    """Every joint's frame in the world."""

    rotations: Float[ndarray, "*batch joints 3 3"]
    places_m: Float[ndarray, "*batch joints 3"]


def place_joints(
    rotations: Float[ndarray, "*batch joints 3 3"],
    translation_m: Float[ndarray, "*batch 3"],
    rest_joints_m: Float[ndarray, "joints 3"],
    parents: Sequence[int],
) -> PlacedJoints:
    """Where each joint is and how it is turned, along the tree from the root."""
    bones_m = rest_joints_m.copy()
    bones_m[1:] -= rest_joints_m[list(parents[1:])]
    turned = np.empty_like(rotations)
    places_m = np.empty(rotations.shape[:-1], dtype=np.result_type(rotations, rest_joints_m))
    for joint, parent in enumerate(parents):
        if parent < 0:
            turned[..., joint, :, :] = rotations[..., joint, :, :]
            places_m[..., joint, :] = rest_joints_m[joint] + translation_m
        else:
            np.matmul(turned[..., parent, :, :], rotations[..., joint, :, :], out=turned[..., joint, :, :])
            places_m[..., joint, :] = places_m[..., parent, :] + turned[..., parent, :, :] @ bones_m[joint]
    return PlacedJoints(turned, places_m)

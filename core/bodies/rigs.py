"""Skeletons of other programs: joints of any names, in the world and the unit of the file that brought them.

A rig's joint stands at `offsets` from its parent, in the parent's axes, when nothing is turned; that pose is the rest
pose, and whether it means anything (a T-pose, or every bone along one axis) is for `retargeting` to find out. A joint's
frame is its local rotation after its parent's. Parents come before their children. No torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True)
class Rig:
    """A tree of named joints. `parents[j]` is -1 at the root; `tips` are the free ends of bones, by their joint."""

    joints: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Float[ndarray, "joints 3"]
    tips: dict[int, Float[ndarray, " 3"]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.joints)

    def path_to(self, joint: int) -> tuple[int, ...]:
        """From the root down to the joint."""
        path = [joint]
        while self.parents[path[-1]] >= 0:
            path.append(self.parents[path[-1]])
        return tuple(reversed(path))

    def children(self, joint: int) -> tuple[int, ...]:
        return tuple(child for child, parent in enumerate(self.parents) if parent == joint)

    def at_rest(self) -> Float[ndarray, "joints 3"]:
        """Where the joints are when nothing is turned, the root at the origin."""
        places = np.zeros((len(self), 3))
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                places[joint] = places[parent] + self.offsets[joint]
        return places


@dataclass(frozen=True)
class RigMotion:
    """A rig moving: local rotations, the root's places, and the places in their parents of joints that slide."""

    rig: Rig
    rate_hz: float
    rotations: Float[ndarray, "frames joints 3 3"]
    root: Float[ndarray, "frames 3"]
    sliding: dict[int, Float[ndarray, "frames 3"]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.root)

    def pruned(self, wanted: Sequence[int]) -> "tuple[RigMotion, dict[int, int]]":
        """Only these joints and what they hang on, and where each of the old ones went."""
        kept = sorted({above for joint in wanted for above in self.rig.path_to(joint)})
        went = {joint: at for at, joint in enumerate(kept)}
        parents = tuple(went[self.rig.parents[joint]] if self.rig.parents[joint] >= 0 else -1 for joint in kept)
        rig = Rig(
            tuple(self.rig.joints[joint] for joint in kept),
            parents,
            self.rig.offsets[kept],
            {went[joint]: tip for joint, tip in self.rig.tips.items() if joint in went},
        )
        sliding = {went[joint]: places for joint, places in self.sliding.items() if joint in went}
        return replace(self, rig=rig, rotations=self.rotations[:, kept], sliding=sliding), went


@dataclass(frozen=True)
class PlacedRig:
    """Every joint's frame in the world of the file."""

    rotations: Float[ndarray, "frames joints 3 3"]
    places: Float[ndarray, "frames joints 3"]


def placed(motion: RigMotion) -> PlacedRig:
    """Where each joint is and how it is turned."""
    turned = np.empty_like(motion.rotations)
    places = np.empty(motion.rotations.shape[:-1])
    for joint, parent in enumerate(motion.rig.parents):
        if parent < 0:
            turned[:, joint] = motion.rotations[:, joint]
            places[:, joint] = motion.root
            continue
        np.matmul(turned[:, parent], motion.rotations[:, joint], out=turned[:, joint])
        bone = motion.sliding.get(joint)
        step = (
            turned[:, parent] @ motion.rig.offsets[joint]
            if bone is None
            else (turned[:, parent] @ bone[..., None])[..., 0]
        )
        places[:, joint] = places[:, parent] + step
    return PlacedRig(turned, places)

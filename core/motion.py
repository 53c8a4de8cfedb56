"""Poses over time, as arrays that know their skeleton and their rate. Frames come first. No torch.

`Poses2d` is what was seen of each person in a video, pixels of the original from the centre of the top left one.
`Motion` is a body in space, metres, y up.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.bodies.skeletons import Skeleton, map_matrix

SEEN = 0.3
"""From this confidence on a joint counts as visible, for drawing, for training and for errors alike."""


@dataclass(frozen=True)
class Poses2d:
    """2D joints of `people` tracks over all frames of a clip; one track is one person throughout.

    A person out of the picture, or a joint not found, has confidence 0 there (its position means nothing).
    Arrays may be memory-mapped and are never changed.
    """

    skeleton: Skeleton
    joints_px: Float[ndarray, "frames people joints 2"]
    confidence: Float[ndarray, "frames people joints"]

    def __len__(self) -> int:
        return self.joints_px.shape[0]

    @property
    def people(self) -> int:
        return self.joints_px.shape[1]

    def seen(self) -> Bool[ndarray, "frames people joints"]:
        return self.confidence >= SEEN

    def as_skeleton(self, target: Skeleton) -> "Poses2d":
        """The same people with another skeleton's joints; a built joint is as sure as its least sure source."""
        if target == self.skeleton:
            return self
        matrix = map_matrix(self.skeleton, target)
        joints_px = np.einsum("ts,fpsd->fptd", matrix, self.joints_px, optimize=True).astype(np.float32)
        least = np.stack(
            [
                self.confidence[..., row > 0].min(-1) if row.any() else np.zeros(self.confidence.shape[:2])
                for row in matrix
            ],
            axis=-1,
        )
        return Poses2d(target, joints_px, least.astype(np.float32))


@dataclass(frozen=True)
class Motion:
    """A body moving: local joint rotations and the root's place, y up, right-handed, metres."""

    skeleton: Skeleton
    rate_hz: float
    rotations: Float[ndarray, "frames joints 3 3"]
    translation_m: Float[ndarray, "frames 3"]

    def __len__(self) -> int:
        return self.rotations.shape[0]

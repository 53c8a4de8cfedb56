"""What human upper bodies look like, read off a bank of real poses, and how much of a forecast lies outside.

*Bones*: the eight lengths of UPPER_BODY_9. A bone is off where it is shorter than 0.5 % or longer than 99.5 % of the
bank's, so about one of a hundred real bones is off too. *Left and right*: a pair (neck to shoulder, upper arm, forearm)
is uneven where its lengths differ, over their mean, by more than 99 % of the bank's pairs do, and by 10 % at least.

*Joints*: angles in degrees, each limited to the bank's range from 0.1 to 99.9 %, widened by `MARGIN_DEG` on both
sides. Of the trunk nine joints show an axis (hip to neck) and a front (across both to the line of the shoulders); its
twist against the hips cannot be seen, one hip joint having no direction. Twelve angles:

    each elbow       forearm out of the upper arm's line: 0 stretched
    each upper arm   against the trunk's downward axis (0 hanging, 180 straight up); how far it points to the front
                     (behind the back: negative); how far outward (across the chest: negative)
    head             against the trunk's axis, to the front and to the left
    shoulders        between the two of them as seen from the neck; their line against the trunk's axis

Whether a whole body stands or lies is no matter of joints and not judged here. A bone without length has no angle, and
the pose counts as past its limits. Letters: P poses.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from numpy.typing import ArrayLike

from core.bodies.skeletons import UPPER_BODY_9

MARGIN_DEG = 10.0
LEAST_UNEVEN = 0.1
"""Left and right may differ so much of their mean whatever the bank says: simulated bodies are even throughout."""
_BONE_PERCENTILES = (0.5, 99.5)
_UNEVEN_PERCENTILE = 99.0
_ANGLE_PERCENTILES = (0.1, 99.9)
_AT = {name: UPPER_BODY_9[name] for name in UPPER_BODY_9.joints}
_PAIRS = tuple(
    ((_AT[f"left_{end}"], _AT[start.format("left")]), (_AT[f"right_{end}"], _AT[start.format("right")]))
    for start, end in (("neck", "shoulder"), ("{}_shoulder", "elbow"), ("{}_elbow", "hand"))
)

ANGLES = (
    *(f"{side} {what}" for side in ("left", "right") for what in (
        "elbow", "upper arm against the trunk", "upper arm to the front", "upper arm outward")),
    "head to the front", "head to the left", "between the shoulders", "shoulders against the trunk",
)  # fmt: skip


@dataclass(frozen=True)
class BodyLimits:
    """The ranges of a bank; see the module."""

    bones_m: Float[ndarray, "8 2"]
    uneven: Float[ndarray, " 3"]
    angles_deg: Float[ndarray, "12 2"]

    @classmethod
    def of(cls, poses_m: Float[ndarray, "P 9 3"]) -> Self:
        """Of real poses, in any heading."""
        angles = angles_deg(poses_m)
        low, high = np.nanpercentile(angles, _ANGLE_PERCENTILES, axis=0)
        return cls(
            np.percentile(bone_lengths_m(poses_m), _BONE_PERCENTILES, axis=0).T,
            np.maximum(np.percentile(_unevenness(poses_m), _UNEVEN_PERCENTILE, axis=0), LEAST_UNEVEN),
            np.stack([low - MARGIN_DEG, high + MARGIN_DEG], axis=-1),
        )

    def bones_off(self, poses_m: Float[ndarray, "*poses 9 3"]) -> float:
        """The share of bones, of all poses together, that are too short or too long."""
        lengths_m = bone_lengths_m(poses_m.reshape(-1, *poses_m.shape[-2:]))
        low, high = self.bones_m.T
        return _share((lengths_m < low) | (lengths_m > high))

    def bones_uneven(self, poses_m: Float[ndarray, "*poses 9 3"]) -> float:
        """The share of left and right pairs that differ too much."""
        return _share(_unevenness(poses_m.reshape(-1, *poses_m.shape[-2:])) > self.uneven)

    def limits_off(self, poses_m: Float[ndarray, "*poses 9 3"]) -> float:
        """The share of poses with at least one joint past its limit."""
        return _share(self.past(poses_m.reshape(-1, *poses_m.shape[-2:])).any(-1))

    def past(self, poses_m: Float[ndarray, "P 9 3"]) -> Bool[ndarray, "P 12"]:
        """Which of `ANGLES` are outside their range."""
        angles = angles_deg(poses_m)
        low, high = self.angles_deg.T
        return ~((angles >= low) & (angles <= high))  # so that no angle is none within


def bone_lengths_m(poses_m: Float[ndarray, "P 9 3"]) -> Float[ndarray, "P 8"]:
    parents, children = zip(*UPPER_BODY_9.bones, strict=True)
    return np.linalg.norm(poses_m[:, list(children)] - poses_m[:, list(parents)], axis=-1)


def angles_deg(poses_m: Float[ndarray, "P 9 3"]) -> Float[ndarray, "P 12"]:
    """`ANGLES` of each pose; NaN where a bone has no length."""
    at = {name: poses_m[:, joint].astype(np.float64) for name, joint in _AT.items()}
    with np.errstate(invalid="ignore", divide="ignore"):
        axis = _unit(at["neck"] - at["hip"])
        across = at["left_shoulder"] - at["right_shoulder"]
        left = _unit(across - _dot(across, axis)[:, None] * axis)
        front = np.cross(left, axis)
        columns = []
        for side, outward in (("left", left), ("right", -left)):
            upper = _unit(at[f"{side}_elbow"] - at[f"{side}_shoulder"])
            fore = _unit(at[f"{side}_hand"] - at[f"{side}_elbow"])
            columns += [_between(upper, fore), _between(upper, -axis), _towards(upper, front), _towards(upper, outward)]
        head = _unit(at["head"] - at["neck"])
        columns += [_bent(head, axis, front), _bent(head, axis, left)]
        shoulders = [_unit(at[f"{side}_shoulder"] - at["neck"]) for side in ("left", "right")]
        columns += [_between(*shoulders), _between(_unit(across), axis)]
    return np.stack(columns, axis=-1)


def _unevenness(poses_m: Float[ndarray, "P 9 3"]) -> Float[ndarray, "P 3"]:
    """How much left and right differ, over their mean; 2 where both have no length, which is no body's."""
    lengths_m = np.array(
        [[np.linalg.norm(poses_m[:, end] - poses_m[:, start], axis=-1) for end, start in pair] for pair in _PAIRS]
    )
    mean_m = lengths_m.mean(1)
    differ_m = np.abs(lengths_m[:, 0] - lengths_m[:, 1])
    return np.where(mean_m > 0, differ_m / np.where(mean_m > 0, mean_m, 1.0), 2.0).T


def _dot(a: Float[ndarray, "P 3"], b: Float[ndarray, "P 3"]) -> Float[ndarray, " P"]:
    return (a * b).sum(-1)


def _unit(vectors: Float[ndarray, "P 3"]) -> Float[ndarray, "P 3"]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _between(a: Float[ndarray, "P 3"], b: Float[ndarray, "P 3"]) -> Float[ndarray, " P"]:
    return np.degrees(np.arccos(np.clip(_dot(a, b), -1.0, 1.0)))


def _towards(vector: Float[ndarray, "P 3"], direction: Float[ndarray, "P 3"]) -> Float[ndarray, " P"]:
    """Degrees out of the plane that `direction` stands on."""
    return np.degrees(np.arcsin(np.clip(_dot(vector, direction), -1.0, 1.0)))


def _bent(vector: Float[ndarray, "P 3"], axis: Float[ndarray, "P 3"], way: Float[ndarray, "P 3"]) -> ndarray:
    """Degrees out of `axis` towards `way`, up to 180 on either side."""
    return np.degrees(np.arctan2(_dot(vector, way), _dot(vector, axis)))


def _share(found: ArrayLike) -> float:
    found = np.asarray(found)
    return float(found.mean()) if found.size else float("nan")

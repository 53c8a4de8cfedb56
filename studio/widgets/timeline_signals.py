"""What is measured of one person over a clip, as curves that are quick to read at any zoom. No Qt.

A pyramid (`MinMax`) keeps the least and the greatest value of every 4, 16, 64 … frames, so that a column of pixels is
read from a few numbers however long the clip is. Hand speed is the path of the hand's joint in the picture, in lengths
of the torso a second (the clip's median distance from neck to hip), so that it does not depend on how far away somebody
stands; where a hand or its neighbour in time is not seen there is none (NaN). Metres would need the depth of the hand,
which a picture does not tell, whatever is known of the camera.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.motion import SEEN, Poses2d
from studio.widgets.clip_time import ClipTime

TORSO_UNIT = "torso lengths/s"
_BASE = 4
_SMOOTH = 3
_FASTEST = 0.995
"""The scale ends at this share of all speeds: single wild jumps of a detector would flatten the rest."""


class MinMax:
    """Least and greatest of blocks of 1, 4, 16 … frames; where nothing is known (NaN) a block has what the rest has."""

    def __init__(self, values: Float[ndarray, " frames"]) -> None:
        self._levels: list[tuple[Float[ndarray, " blocks"], Float[ndarray, " blocks"]]] = [(values, values)]
        low, high = values, values
        while len(low) > _BASE:
            blocks = math.ceil(len(low) / _BASE)
            pad = blocks * _BASE - len(low)
            low = np.fmin.reduce(np.pad(low, (0, pad), constant_values=np.nan).reshape(blocks, _BASE), axis=1)
            high = np.fmax.reduce(np.pad(high, (0, pad), constant_values=np.nan).reshape(blocks, _BASE), axis=1)
            self._levels.append((low, high))

    def __len__(self) -> int:
        return len(self._levels[0][0])

    @property
    def values(self) -> Float[ndarray, " frames"]:
        """Frame by frame."""
        return self._levels[0][0]

    def at(self, frame: int) -> float | None:
        """The value of one frame, or None where nothing is known."""
        value = float(self._levels[0][0][frame])
        return value if math.isfinite(value) else None

    def columns(self, edges: Float[ndarray, " edges"]) -> tuple[Float[ndarray, " columns"], Float[ndarray, " columns"]]:
        """Least and greatest between each two edges, in frames; edges ascend evenly and begin inside the curve."""
        each = (edges[-1] - edges[0]) / max(len(edges) - 1, 1)
        level = min(max(int(math.log(max(each, 1.0), _BASE)), 0), len(self._levels) - 1)
        low, high = self._levels[level]
        begin = np.minimum((edges[:-1] / _BASE**level).astype(np.int64), len(low) - 1)
        end = min(max(math.ceil(edges[-1] / _BASE**level), int(begin[-1]) + 1), len(low))
        return np.fmin.reduceat(low[:end], begin), np.fmax.reduceat(high[:end], begin)


@dataclass(frozen=True, eq=False)
class HandSpeed:
    """Left and right hand of one person over a clip, and what it is measured in."""

    values: Float[ndarray, "frames 2"]
    unit: str = TORSO_UNIT

    def __post_init__(self) -> None:
        known = self.values[np.isfinite(self.values)]
        object.__setattr__(self, "top", float(np.quantile(known, _FASTEST)) if len(known) else 0.0)
        object.__setattr__(self, "hands", tuple(MinMax(np.asarray(self.values[:, hand])) for hand in (0, 1)))

    top: float = 0.0
    """The speed at the row's upper edge."""
    hands: tuple[MinMax, ...] = ()


def hand_speed(poses: Poses2d, track: int, time: ClipTime) -> HandSpeed | None:
    """How fast one person's hands move; None where neither is ever seen moving or no torso says how large they are."""
    if len(poses) < 2 or not 0 <= track < poses.people:
        return None
    upper = Poses2d(
        poses.skeleton,
        np.asarray(poses.joints_px[:, track : track + 1]),
        np.asarray(poses.confidence[:, track : track + 1]),
    ).as_skeleton(UPPER_BODY_9)
    joints, sure = upper.joints_px[:, 0], upper.confidence[:, 0]
    at = {name: place for place, name in enumerate(UPPER_BODY_9.joints)}
    length = torso_px(joints, sure)
    if length is None:
        return None
    seconds = time.times_s if time.times_s is not None and len(time.times_s) == len(poses) else None
    seconds = np.arange(len(poses)) / max(time.rate_hz, 1e-6) if seconds is None else seconds
    steps = np.maximum(np.diff(seconds), 1e-6)
    speeds = np.full((len(poses), 2), np.nan, dtype=np.float32)
    for hand, name in enumerate(("left_hand", "right_hand")):
        seen = sure[:, at[name]] >= SEEN
        path = np.linalg.norm(np.diff(joints[:, at[name]], axis=0), axis=1) / steps / length
        path[~(seen[1:] & seen[:-1])] = np.nan
        speeds[1:, hand] = _smoothed(path)
    return HandSpeed(speeds) if np.isfinite(speeds).any() else None


def torso_px(joints: Float[ndarray, "frames 9 2"], sure: Float[ndarray, "frames 9"]) -> float | None:
    """The median length of the torso over the frames that show it: the pixels a person is measured in."""
    at = {name: place for place, name in enumerate(UPPER_BODY_9.joints)}
    neck, hip = at["neck"], at["hip"]
    seen = (sure[:, neck] >= SEEN) & (sure[:, hip] >= SEEN)
    if not seen.any():
        return None
    lengths = np.linalg.norm(joints[seen, neck] - joints[seen, hip], axis=1)
    length = float(np.median(lengths))
    return length if length > 1.0 else None


def _smoothed(values: Float[ndarray, " steps"]) -> Float[ndarray, " steps"]:
    """The median of three neighbours where all are known: a detector's single jump is no movement."""
    if len(values) < _SMOOTH:
        return values
    made = values.copy()
    made[1:-1] = np.median(np.stack([values[:-2], values[1:-1], values[2:]]), axis=0)
    return np.where(np.isfinite(made), made, values)


def confidence_of(poses: Poses2d, track: int = 0) -> Float[ndarray, " frames"]:
    """How sure the joints that a pose is made of are, frame by frame: the mean over those of the nine ever seen.

    Legs behind a counter, where a detector guesses in every frame, say nothing of the poses that are marked.
    """
    if not len(poses) or not 0 <= track < poses.people:
        return np.zeros(len(poses), dtype=np.float32)
    one = slice(track, track + 1)
    person = Poses2d(poses.skeleton, np.asarray(poses.joints_px[:, one]), np.asarray(poses.confidence[:, one]))
    values = np.asarray(person.as_skeleton(UPPER_BODY_9).confidence[:, 0], dtype=np.float32)
    ever = (values >= SEEN).any(axis=0)
    return values[:, ever].mean(axis=1) if ever.any() else np.zeros(len(values), dtype=np.float32)

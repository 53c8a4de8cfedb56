"""How smooth motion is, whether its feet slip, and whether it is copied: figures that need no classifier. No torch.

Copying: every second of a motion is compared with every second of the motion that was learned from, as joints seen
from the place and heading of the root at its beginning. A motion's distance is the mean over its seconds of the mean
joint distance to the nearest. How near motions nobody learned from come is the measure: a model that has understood
comes as near as those, one that copies comes nearer.

World metres, y up, 30 frames a second. Letters: N motions, F frames, J joints, S seconds of motion, E numbers a second.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from core.bodies.skeletons import SKELETONS
from core.evaluation.labelled_motions import BODIES, Motions, as_matrices
from core.generation.feet import foot_skating_m_s
from core.geometry.rotations import nearest_heading
from core.motion import Motion
from core.recordings import KEPT_HZ

RATE_HZ = KEPT_HZ
SECOND = 32
"""Frames that are compared as one stretch."""
_EVERY = 4  # of them are looked at: a joint moves little in an eighth of a second
_APART = 2  # frames between the beginnings of what was learned from; a sample may then begin one frame beside it
MOST_LEARNED = 20_000
"""Seconds of learned motion that are looked through, drawn evenly where there are more."""
_AT_ONCE = 512
_BODY = 22  # joints that all bodies have


def peak_jerk_m_s3(joints_m: Float[ndarray, "F J 3"], rate_hz: float = RATE_HZ) -> float:
    """The greatest third derivative of any joint's place; 0 of fewer than four frames."""
    if len(joints_m) < 4:
        return 0.0
    jerk = np.linalg.norm(np.diff(joints_m.astype(float), n=3, axis=0), axis=-1) * rate_hz**3
    return float(jerk.max())


def peak_jerks_m_s3(motions: Motions) -> Float[ndarray, " N"]:
    """Of each motion, over its own frames."""
    joints_m = motions.joints_m
    return np.array([peak_jerk_m_s3(joints_m[at, :frames, :_BODY]) for at, frames in enumerate(motions.frames)])


def foot_skatings_m_s(motions: Motions) -> Float[ndarray, " N"]:
    """Of each motion, as it is, its feet not put right."""
    joints = motions.rotations_6d.shape[2]
    skeleton = SKELETONS[BODIES[joints]]
    return np.array(
        [
            foot_skating_m_s(
                Motion(skeleton, RATE_HZ, as_matrices(motions.rotations_6d[at, :frames]), motions.path_m[at, :frames])
            )
            for at, frames in enumerate(motions.frames)
        ]
    )


# ---- copying --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Learned:
    """Every second of what was learned from, and of which motion it is."""

    seconds: Float[ndarray, "S E"]
    of: Int[ndarray, " S"]

    @classmethod
    def of_motions(cls, motions: Motions, *, seed: int = 0) -> Self:
        """Seconds that begin `_APART` frames after each other."""
        seconds, of = _seconds(motions, _APART)
        if len(seconds) > MOST_LEARNED:
            kept = np.sort(np.random.default_rng((seed, 59)).permutation(len(seconds))[:MOST_LEARNED])
            seconds, of = seconds[kept], of[kept]
        return cls(seconds, of)

    def nearest_mm(self, motions: Motions) -> tuple[Float[ndarray, " N"], Int[ndarray, " N"]]:
        """How far each motion is from what was learned, and which motion of that has its nearest second.

        Motions shorter than a second are compared as if they held still at their end.
        """
        seconds, of = _seconds(motions, SECOND)
        best_mm, which = np.empty(len(seconds)), np.empty(len(seconds), int)
        squares = (self.seconds**2).sum(1)
        for at in range(0, len(seconds), _AT_ONCE):
            part = seconds[at : at + _AT_ONCE]
            found = (squares - 2.0 * part @ self.seconds.T).argmin(1)
            apart = (part - self.seconds[found]).reshape(len(part), -1, 3)
            best_mm[at : at + len(part)] = 1000.0 * np.linalg.norm(apart, axis=-1).mean(1)
            which[at : at + len(part)] = self.of[found]
        mean_mm = np.bincount(of, best_mm, len(motions)) / np.maximum(np.bincount(of, minlength=len(motions)), 1)
        nearest = np.zeros(len(motions), int)
        for motion in range(len(motions)):
            own = np.flatnonzero(of == motion)
            nearest[motion] = which[own[best_mm[own].argmin()]]
        return mean_mm, nearest


def nearer_share(samples_mm: Float[ndarray, " N"], held_out_mm: Float[ndarray, " M"]) -> float:
    """How often a sample is nearer to what was learned than a held-out motion is: a half where neither is, 1 of copies.

    Over all pairs; a tie counts half.
    """
    order = np.sort(held_out_mm)
    farther = len(order) - np.searchsorted(order, samples_mm, side="right")
    ties = np.searchsorted(order, samples_mm, side="right") - np.searchsorted(order, samples_mm, side="left")
    return float(((farther + 0.5 * ties) / len(order)).mean())


def _seconds(motions: Motions, apart: int) -> tuple[Float[ndarray, "S E"], Int[ndarray, " S"]]:
    """Stretches of a second, from the root's place and heading at their beginning, and whose each is."""
    motions = motions.as_long_as(SECOND)
    starts = [np.arange(0, max(int(frames) - SECOND, 0) + 1, apart) for frames in motions.frames]
    of = np.repeat(np.arange(len(motions)), [len(each) for each in starts])
    start = np.concatenate(starts) if starts else np.zeros(0, int)
    looked_at = np.arange(0, SECOND, _EVERY)
    joints_m, made = motions.joints_m, np.empty((len(of), len(looked_at) * _BODY * 3), np.float32)
    for at in range(0, len(of), _AT_ONCE):
        rows, begin = of[at : at + _AT_ONCE], start[at : at + _AT_ONCE]
        here = joints_m[rows[:, None], begin[:, None] + looked_at, :_BODY]
        heading = nearest_heading(as_matrices(motions.rotations_6d[rows, begin, 0]))
        cos, sin = np.cos(heading)[:, None, None], np.sin(heading)[:, None, None]
        x, z = here[..., 0] - here[:, :1, :1, 0], here[..., 2] - here[:, :1, :1, 2]
        level = np.stack([cos * x - sin * z, here[..., 1], sin * x + cos * z], axis=-1)
        made[at : at + len(rows)] = level.reshape(len(rows), -1)
    return made, of

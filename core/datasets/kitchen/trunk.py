"""The trunk of a cook: six numbers a frame that bring the shoulders within comfortable reach of what the hands do.

The six are shift to the side and ahead (m), drop (m), pitch, roll and twist (rad), in the frame of the base: the spot
on the floor under the pelvis and its heading. They are solved by damped Gauss-Newton at 10 Hz, all frames at once, and
smoothed without delay; that low-pass alone makes the slow trunk that starts before the quick hand.
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.cooks import Cook, Figure
from core.datasets.kitchen.script import BOTH
from core.datasets.kitchen.signals import low_pass
from core.geometry.rotations import about_x, about_y, about_z, turned

SHIFT_X, SHIFT_Z, DROP, PITCH, ROLL, TWIST = range(6)
SPINE = ("spine1", "spine2", "spine3")
# How the three angles are shared among pelvis and spine.
_PITCH_SHARE = (0.42, 0.18, 0.22, 0.18)
_ROLL_SHARE = (0.15, 0.28, 0.30, 0.27)
_TWIST_SHARE = (0.30, 0.20, 0.25, 0.25)
_HIPS_BACK_M = 0.20
"""Hips go back by this times the sine of the pitch, or people would fall over."""
_ROUNDS = 6
_SIGMA = np.array([0.05, 0.04, 0.03, np.radians(16), np.radians(8), np.radians(11)])
"""How far each number likes to leave its prior; the drop's depends on how low the hands work."""
_STIFFNESS = 0.35
_MOST = np.array([0.12, 0.12, 0.42, np.radians(75), np.radians(24), np.radians(48)])
_LEAST = np.array([-0.12, -0.10, 0.0, np.radians(-10), np.radians(-24), np.radians(-48)])


@dataclass
class Trunk:
    """Pelvis and spine 1 … 3 in the world, `rotations[k]` and `places_m[k]`, and their local rotations."""

    rotations: list[ndarray]
    places_m: list[ndarray]
    local: list[ndarray]

    @property
    def chest(self) -> ndarray:
        return self.rotations[-1]

    def place_of(self, figure: Figure, joint: str) -> ndarray:
        """A joint that hangs rigidly from the chest."""
        offset = figure.joint(joint) - figure.joint("spine3")
        return self.places_m[-1] + turned(self.chest, np.broadcast_to(offset, self.places_m[-1].shape))

    def shoulder(self, figure: Figure, side: str, collar: ndarray | None = None) -> ndarray:
        """Where a shoulder is; `collar` is the clavicle's local rotation."""
        bone = figure.joint(f"{side}_shoulder") - figure.joint(f"{side}_collar")
        rotation = self.chest if collar is None else self.chest @ collar
        start = self.place_of(figure, f"{side}_collar")
        return start + turned(rotation, np.broadcast_to(bone, start.shape))


SIDES = ("left", "right")


def posed(numbers: ndarray, yaw_rad: ndarray, base_m: ndarray, figure: Figure, lowered_m: ndarray) -> Trunk:
    """The trunk of six numbers a frame, (T, 6); `lowered_m` is how far the pelvis hangs below its resting height."""
    shift_x, shift_z, drop, pitch, roll, twist = numbers.T
    base = about_y(yaw_rad)
    height = figure.joint("pelvis")[1] - lowered_m - drop
    pelvis = turned(base, np.stack([shift_x, height, shift_z - _HIPS_BACK_M * np.sin(pitch)], axis=1))
    pelvis[:, 0] += base_m[:, 0]
    pelvis[:, 2] += base_m[:, 1]

    def part(number: int) -> ndarray:
        return (
            about_y(twist * _TWIST_SHARE[number])
            @ about_z(roll * _ROLL_SHARE[number])
            @ about_x(pitch * _PITCH_SHARE[number])
        )

    rotations, places = [base @ part(0)], [pelvis]
    local, parent = [rotations[0]], "pelvis"
    for number, joint in enumerate(SPINE, start=1):
        places.append(places[-1] + rotations[-1] @ (figure.joint(joint) - figure.joint(parent)))
        local.append(part(number))
        rotations.append(rotations[-1] @ local[-1])
        parent = joint
    return Trunk(rotations, places, local)


def solve_trunk(
    goals_m: ndarray,
    weights: ndarray,
    yaw_rad: ndarray,
    base_m: ndarray,
    prior: ndarray,
    lowered_m: ndarray,
    cook: Cook,
    figure: Figure,
    rate_hz: float,
) -> ndarray:
    """The six numbers over time, (T, 6). `goals_m` (2, T, 3) are grip points, `weights` (2, T) how much they pull."""
    frames = len(yaw_rad)
    every = max(1, round(rate_hz / 10))
    at = np.arange(0, frames, every)
    if at[-1] != frames - 1:
        at = np.append(at, frames - 1)
    goals, pull, yaw, base, lowered = goals_m[:, at], weights[:, at], yaw_rad[at], base_m[at], lowered_m[at]
    wanted = prior[at]
    with_hand_m = figure.arm_m * 1.16
    dear = np.tile(_STIFFNESS / _SIGMA, (len(at), 1))
    lowest = np.where(pull > 0.5, goals[:, :, 1], 2.0).min(0)
    dear[:, DROP] = _STIFFNESS / np.interp(lowest, [0.45, 0.80], [0.16, 0.018])  # knees bend for low things only

    def residuals(numbers: ndarray) -> ndarray:
        trunk = posed(numbers, yaw, base, figure, lowered)
        parts: list[ndarray] = []
        for hand in BOTH:
            shoulder = trunk.shoulder(figure, SIDES[hand])
            distance = np.linalg.norm(goals[hand] - shoulder, axis=1) / with_hand_m
            parts.append(pull[hand] * np.maximum(distance - cook.reach, 0) * 16)
            parts.append(pull[hand] * np.maximum(0.40 - distance, 0) * 6)
            # Low goals bring the shoulder down: nobody reaches straight down beside a straight back.
            above = shoulder[:, 1] - goals[hand][:, 1] - 0.80 * figure.arm_m - 0.15
            parts.append(pull[hand] * np.maximum(above, 0) * 3.5)
        parts.append(np.minimum(numbers[:, DROP] + 0.01, 0) * 200)  # nobody floats
        parts.extend(((numbers - wanted) * dear).T)
        return np.stack(parts, axis=1)

    numbers, nudge = wanted.copy(), 1e-4
    for _ in range(_ROUNDS):
        now = residuals(numbers)
        slopes = np.empty((*now.shape, 6))
        for column in range(6):
            nudged = numbers.copy()
            nudged[:, column] += nudge
            slopes[..., column] = (residuals(nudged) - now) / nudge
        curvature = slopes.transpose(0, 2, 1) @ slopes + 1e-3 * np.eye(6)
        downhill = (slopes * now[..., None]).sum(1)
        step = np.linalg.solve(curvature, downhill[..., None])[..., 0]
        numbers = numbers - np.clip(step, -0.35, 0.35)
    numbers = np.clip(numbers, _LEAST, _MOST)
    full = np.stack([np.interp(np.arange(frames), at, column) for column in numbers.T], axis=1)
    return low_pass(full, 1.35 * cook.speed**0.5, rate_hz)


def lower_to_reach_ankles(trunk: Trunk, ankles_m: ndarray, figure: Figure, rate_hz: float) -> None:
    """Lets the pelvis down where a planted ankle would be out of reach. Changes the trunk's places."""
    leg_m = figure.bone_m("left_hip", "left_knee") + figure.bone_m("left_knee", "left_ankle")
    needed = np.zeros(len(trunk.places_m[0]))
    for hand, side in enumerate(SIDES):
        hip = hip_of(trunk, figure, side)
        flat = np.hypot(hip[:, 0] - ankles_m[hand, :, 0], hip[:, 2] - ankles_m[hand, :, 2])
        highest = ankles_m[hand, :, 1] + np.sqrt(np.maximum((0.997 * leg_m) ** 2 - flat**2, 0.01))
        needed = np.maximum(needed, hip[:, 1] - highest)
    frames = int(0.12 * rate_hz)
    padded = np.pad(needed, frames, mode="edge")
    wide = np.lib.stride_tricks.sliding_window_view(padded, 2 * frames + 1).max(1)
    lowered = np.maximum(np.maximum(low_pass(wide, 4, rate_hz), needed), 0)
    for place in trunk.places_m:
        place[:, 1] -= lowered


def hip_of(trunk: Trunk, figure: Figure, side: str) -> ndarray:
    return trunk.places_m[0] + trunk.rotations[0] @ (figure.joint(f"{side}_hip") - figure.joint("pelvis"))

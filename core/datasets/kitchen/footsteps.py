"""Where the feet are: each is either exactly still or swinging.

A foot moves over the floor only in the middle of its swing, while its height uses all of it, so nothing skates. Walks
begin with the foot on the side one goes to. The pelvis leans a little over the foot that stands.
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.cooks import Cook, Figure
from core.datasets.kitchen.script import BOTH, LEFT, RIGHT, STEP_S, Walk, side_of
from core.datasets.kitchen.signals import low_pass, minimum_jerk

TOES_OUT_RAD = np.radians(9)
LEAN_OVER_FOOT_M = 0.028


@dataclass
class Feet:
    """Ankles (2, T, 3), headings (2, T), pitch of raised heels (2, T); how far the pelvis leans, x and z (T, 2)."""

    ankles_m: ndarray
    yaw_rad: ndarray
    heel_pitch_rad: ndarray
    pelvis_lean_m: ndarray


def footsteps(
    time_s: ndarray, start: tuple[float, float, float], walks: list[Walk], cook: Cook, figure: Figure, rate_hz: float
) -> Feet:
    """The feet of a cook who stands at `start` (x, z, yaw) and then walks."""
    frames = len(time_s)
    ankles, yaw, pitch = np.zeros((2, frames, 3)), np.zeros((2, frames)), np.zeros((2, frames))
    lean = np.zeros((frames, 2))
    ankles[:, :, 1] = figure.joint("left_ankle")[1]
    prints = [_footprint(start, foot, cook.stance_m) for foot in BOTH]
    for foot in BOTH:
        (ankles[foot, :, 0], ankles[foot, :, 2]), yaw[foot] = prints[foot][0], prints[foot][1]
    before = start
    for walk in walks:
        after = (walk.x_m, walk.z_m, walk.yaw_rad)
        way = np.array(after) - np.array(before)
        to_the_left = way[0] * np.cos(before[2]) - way[1] * np.sin(before[2])
        foot = LEFT if to_the_left + 0.25 * way[2] > 0 else RIGHT
        steps = max(2, round((walk.duration_s * cook.speed**0.8 - 0.20) / STEP_S))
        pace = walk.duration_s / (steps + 0.25)
        swing = pace * 1.18
        for number in range(steps):
            lifts = walk.start_s - 0.06 + number * pace
            # The last two steps close up; earlier ones are as far along as the body will be when they land.
            share = 1.0 if number >= steps - 2 else min(1.0, (number + 1.35) / steps)
            along = float(minimum_jerk(np.array(share), 0.0, 1.0))
            there = (before[0] + along * way[0], before[1] + along * way[1], before[2] + along * way[2])
            landing = _footprint(there, foot, cook.stance_m)
            moved, turn = landing[0] - prints[foot][0], landing[1] - prints[foot][1]
            over_floor = minimum_jerk(time_s, lifts + 0.12 * swing, 0.76 * swing)
            phase = np.clip((time_s - lifts) / swing, 0, 1)
            arc = 16 * (phase * (1 - phase)) ** 2
            far = float(np.linalg.norm(moved))
            ankles[foot, :, 0] += moved[0] * over_floor
            ankles[foot, :, 2] += moved[1] * over_floor
            ankles[foot, :, 1] += (0.035 + 0.05 * min(1.0, far / 0.5)) * arc
            yaw[foot] += turn * over_floor
            pitch[foot] += 0.32 * arc * min(1.0, far / 0.3)
            over_other = -side_of(foot) * LEAN_OVER_FOOT_M * np.array([np.cos(there[2]), -np.sin(there[2])])
            lean += arc[:, None] * over_other
            prints[foot] = landing
            foot = RIGHT - foot
        before = after
    return Feet(ankles, yaw, pitch, low_pass(lean, 2.5, rate_hz))


def _footprint(standing: tuple[float, float, float], foot: int, stance_m: float) -> tuple[ndarray, float]:
    """Where a foot stands (x, z) and its heading, under a pelvis at x, z, yaw."""
    x, z, yaw = standing
    left, ahead = np.array([np.cos(yaw), -np.sin(yaw)]), np.array([np.sin(yaw), np.cos(yaw)])
    side = side_of(foot)
    return np.array([x, z]) + side * stance_m * left - 0.03 * ahead, yaw + side * TOES_OUT_RAD

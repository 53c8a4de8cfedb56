"""Arms, hands, neck, head and legs of a cook whose trunk is known: two-link inverse kinematics, all frames at once.

Each function returns local rotations by joint name. Arms keep their elbow where people's elbows are: down, a little out
and back, in the frame of the chest; that direction was fitted on recorded gestures (half of the elbows within 11°).
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from core.datasets.kitchen.cooks import Cook, Figure
from core.datasets.kitchen.footsteps import Feet
from core.datasets.kitchen.script import BOTH, side_of
from core.datasets.kitchen.signals import low_pass, smooth_step, widened
from core.datasets.kitchen.trunk import SIDES, Trunk, hip_of
from core.datasets.kitchen.world import WORKTOP_M
from core.geometry.rotations import (
    about_x,
    about_y,
    about_z,
    frame_of,
    inverse,
    matrices,
    soft_limit,
    turned,
    twist_and_swing,
    unit,
)

_SOFT_FROM, _SOFT_TO, _NEAREST = 0.88, 0.975, 0.30
"""Shares of the arm's length between which a distance saturates: no elbow gets straighter than 26°."""
_TWIST_LIMIT, _SIDEWAYS_LIMIT, _BEND_LIMIT = np.radians([88, 62, 28])


@dataclass
class HandGoal:
    """What one hand is to do: grip point (T, 3), palm and finger directions (T, 3), and (T,) shares from 0 to 1."""

    goal_m: ndarray
    palm: ndarray
    fingers: ndarray
    follow: ndarray
    curl: ndarray
    weight: ndarray


def collar_rotations(trunk: Trunk, goals: tuple[HandGoal, HandGoal], figure: Figure, rate_hz: float) -> list[ndarray]:
    """Clavicles rise for high goals, come forward for far ones, and hang a little when the arm does."""
    collars: list[ndarray] = []
    for hand in BOTH:
        goal, side = goals[hand], side_of(hand)
        from_shoulder = turned(inverse(trunk.chest), goal.goal_m - trunk.shoulder(figure, SIDES[hand]))
        height = from_shoulder[:, 1] / figure.arm_m
        far = np.linalg.norm(from_shoulder, axis=1) / figure.arm_m
        raised = np.radians(24) * smooth_step(height + 0.15) * goal.weight
        raised -= np.radians(9) * (1 - smooth_step((height + 0.75) / 0.9))
        ahead = smooth_step((far - 0.75) / 0.35) * smooth_step(from_shoulder[:, 2] / (0.5 * figure.arm_m))
        forward = np.radians(14) * ahead * goal.weight
        raised, forward = low_pass(raised, 2.5, rate_hz), low_pass(forward, 2.5, rate_hz)
        collars.append(about_z(side * raised) @ about_y(-side * forward))
    return collars


def arm_rotations(
    trunk: Trunk, collar: ndarray, hand: int, goal: HandGoal, cook: Cook, figure: Figure, rate_hz: float
) -> dict[str, ndarray]:
    """Shoulder, elbow, wrist and hand of one side."""
    side, name = side_of(hand), SIDES[hand]
    shoulder = trunk.shoulder(figure, name, collar)
    hint = low_pass(_elbow_hint(trunk, goal.weight, side, cook), 3.5, rate_hz)
    elbow, wrist, bend = _reach(shoulder, goal, hint, figure, rounds=3)
    for _ in range(3):
        dip = _forearm_in_worktop(elbow, wrist, goal.goal_m)
        if dip.max() < 0.004:
            break
        dip = low_pass(widened(dip, 3), 5, rate_hz).clip(0)
        up_and_out = np.broadcast_to([side * 0.6, 0.8, 0.0], hint.shape)
        hint = hint + dip[:, None] * 3.5 * turned(trunk.rotations[0], up_and_out)
        elbow, wrist, bend = _reach(shoulder, goal, hint, figure, rounds=2)

    upper, fore = unit(elbow - shoulder), unit(wrist - elbow)
    hinge = (bend * upper).sum(1, keepdims=True) * upper - bend  # the forearm leans away from the elbow's offset
    upper_frame = frame_of("x", side * upper, "z", hinge)
    flexion = np.arccos(np.clip((upper * fore).sum(1), -1, 1))
    bending = about_y(-side * flexion)
    fingers = _finger_direction(fore, goal)
    hand_frame = frame_of("x", side * fingers, "y", -goal.palm)
    twist, swing = twist_and_swing(inverse(upper_frame @ bending) @ hand_frame)
    twist = low_pass(soft_limit(twist, float(_TWIST_LIMIT)), 4, rate_hz)
    limits = (float(_BEND_LIMIT), float(_SIDEWAYS_LIMIT))
    swing = np.stack(
        [np.zeros_like(twist), soft_limit(swing[:, 1], limits[0]), soft_limit(swing[:, 2], limits[1])], axis=1
    )
    return {
        f"{name}_shoulder": inverse(trunk.chest @ collar) @ upper_frame,
        f"{name}_elbow": bending @ about_x(0.6 * twist),  # the forearm turns over half of it
        f"{name}_wrist": about_x(0.4 * twist) @ matrices(low_pass(swing, 6, rate_hz)),
        f"{name}_hand": about_z(-side * goal.curl * np.radians(38)),
    }


def _elbow_hint(trunk: Trunk, weight: ndarray, side: int, cook: Cook) -> ndarray:
    """Which way the elbow goes. A hanging arm's is behind the body, not out."""
    busy = np.clip(weight * 1.1 - 0.1, 0, 1)
    out = side * (0.5 + cook.elbow_flare_deg / 35.0) * (0.25 + 0.75 * busy)
    hint = np.stack([out, np.full_like(out, -1.0), -0.3 - 0.7 * (1 - busy)], axis=1)
    return turned(trunk.chest, hint)


def _finger_direction(fore: ndarray, goal: HandGoal) -> ndarray:
    """Fingers follow the forearm with some of what was asked for."""
    follow = goal.follow[:, None]
    return unit(fore * (1 - follow) + goal.fingers * follow)


def _reach(
    shoulder: ndarray, goal: HandGoal, hint: ndarray, figure: Figure, rounds: int
) -> tuple[ndarray, ndarray, ndarray]:
    """Elbow, wrist and the elbow's side so that the grip point, not the wrist, meets the goal."""
    fore = unit(goal.goal_m - shoulder)
    elbow = wrist = bend = fore
    for _ in range(rounds):
        fingers = _finger_direction(fore, goal)
        elbow, wrist, bend = _two_links(shoulder, goal.goal_m - fingers * figure.grip_m, hint, figure)
        fore = unit(wrist - elbow)
    return elbow, wrist, bend


def _two_links(
    shoulder: ndarray, wrist_goal: ndarray, hint: ndarray, figure: Figure
) -> tuple[ndarray, ndarray, ndarray]:
    upper_m, fore_m, whole_m = figure.upper_arm_m, figure.forearm_m, figure.arm_m
    way = wrist_goal - shoulder
    far = np.linalg.norm(way, axis=1, keepdims=True)
    towards = way / np.maximum(far, 1e-6)
    soft, most = _SOFT_FROM * whole_m, _SOFT_TO * whole_m
    saturated = soft + (most - soft) * (1 - np.exp(-(np.maximum(far, soft) - soft) / (most - soft)))
    distance = np.maximum(np.where(far > soft, saturated, far), _NEAREST * whole_m)
    along = (distance**2 + upper_m**2 - fore_m**2) / (2 * distance)
    aside = np.sqrt(np.maximum(upper_m**2 - along**2, 1e-6))
    bend = unit(hint - (hint * towards).sum(1, keepdims=True) * towards)
    return shoulder + towards * along + bend * aside, shoulder + towards * distance, bend


def _forearm_in_worktop(elbow: ndarray, wrist: ndarray, goal_m: ndarray) -> ndarray:
    """How deep, in metres, a forearm would dip into the island while its hand works above it."""
    middle, near_wrist = elbow * 0.55 + wrist * 0.45, elbow * 0.25 + wrist * 0.75
    over = (np.abs(middle[:, 0]) < 1.42) & (near_wrist[:, 2] > -0.04) & (near_wrist[:, 2] < 0.68)
    middle_y = np.where(middle[:, 2] > -0.05, middle[:, 1], np.inf)
    dip = np.maximum(WORKTOP_M + 0.045 - middle_y, WORKTOP_M + 0.04 - near_wrist[:, 1])
    return dip.clip(0) * over * (goal_m[:, 1] > WORKTOP_M - 0.04)


def head_rotations(trunk: Trunk, gaze_m: ndarray, cook: Cook, figure: Figure, rate_hz: float) -> dict[str, ndarray]:
    """Neck and head turn most of the way to what is looked at; the eyes do the rest."""
    towards = turned(inverse(trunk.chest), gaze_m - trunk.place_of(figure, "head"))
    aside = np.clip(np.arctan2(towards[:, 0], np.maximum(towards[:, 2], 0.02)), -1.15, 1.15)
    up = np.clip(np.arctan2(towards[:, 1], np.hypot(towards[:, 0], towards[:, 2])), -0.95, 0.60)
    aside, up = low_pass(0.80 * aside, 2.2, rate_hz), low_pass(0.60 * up, 2.2, rate_hz) + np.radians(3)
    return {
        "neck": about_y(0.42 * aside) @ about_x(-0.38 * up),
        "head": about_y(0.58 * aside) @ about_x(-0.62 * up) @ about_z(cook.head_tilt_rad + 0.05 * aside),
    }


def leg_rotations(trunk: Trunk, feet: Feet, foot: int, figure: Figure) -> dict[str, ndarray]:
    """Hip, knee, ankle and toes of one side, the ankle where its foot stands."""
    name = SIDES[foot]
    hip, ankle = hip_of(trunk, figure, name), feet.ankles_m[foot]
    thigh = figure.joint(f"{name}_knee") - figure.joint(f"{name}_hip")
    shin = figure.joint(f"{name}_ankle") - figure.joint(f"{name}_knee")
    thigh_m, shin_m = float(np.linalg.norm(thigh)), float(np.linalg.norm(shin))
    way = ankle - hip
    distance = np.minimum(np.linalg.norm(way, axis=1, keepdims=True), 0.995 * (thigh_m + shin_m))
    down, yaw = unit(way), feet.yaw_rad[foot]
    ahead = np.stack([np.sin(yaw), np.zeros_like(yaw), np.cos(yaw)], axis=1)
    bend = unit(ahead - (ahead * down).sum(1, keepdims=True) * down)
    along = (distance**2 + thigh_m**2 - shin_m**2) / (2 * distance)
    knee = hip + down * along + bend * np.sqrt(np.maximum(thigh_m**2 - along**2, 1e-8))
    upper = _bone_frame(thigh, knee - hip, bend)
    lower = _bone_frame(shin, hip + down * distance - knee, bend)
    pitch = feet.heel_pitch_rad[foot]
    return {
        f"{name}_hip": inverse(trunk.rotations[0]) @ upper,
        f"{name}_knee": inverse(upper) @ lower,
        f"{name}_ankle": inverse(lower) @ about_y(yaw) @ about_x(pitch),
        f"{name}_foot": about_x(-np.clip(pitch, 0, 0.5)),
    }


def _bone_frame(resting: ndarray, along: ndarray, bend: ndarray) -> ndarray:
    """Turns a resting bone onto `along`, its knee axis in the plane of `bend`."""
    rest = frame_of("y", unit(resting), "z", np.array([0.0, 0.0, 1.0]))
    return frame_of("y", unit(along), "z", bend) @ rest.T

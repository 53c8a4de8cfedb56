"""A script becomes a moving body: tracks over time, then trunk, arms, head and legs. Numpy only.

`animate` takes values and returns values; the generator it is given makes the small unrest that everybody has (tremor,
sway, breath, a wandering gaze). The result is SMPL's: 24 local rotations a frame and where the pelvis is moved to.
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from core.bodies.kinematics import place_joints
from core.bodies.skeletons import SMPL_24
from core.datasets.kitchen.cooks import Cook, Figure
from core.datasets.kitchen.footsteps import Feet, footsteps
from core.datasets.kitchen.limbs import HandGoal, arm_rotations, collar_rotations, head_rotations, leg_rotations
from core.datasets.kitchen.script import BOTH, Frame, Movement, Script
from core.datasets.kitchen.signals import band_noise, bump, envelope, low_pass, minimum_jerk, widened
from core.datasets.kitchen.trunk import (
    PITCH,
    ROLL,
    SIDES,
    SPINE,
    TWIST,
    Trunk,
    lower_to_reach_ankles,
    posed,
    solve_trunk,
)
from core.geometry.rotations import about_y, inverse, turned, unit

_KNEES_NEVER_LOCKED_M = 0.005
_ON_TIPTOE_M = 0.075


@dataclass
class Animation:
    """Local rotations (T, 24, 3, 3); world rotations and joints (T, 24, …); the pelvis' translation from its place in
    the standing figure (T, 3); and what the solver was asked for: grip goals (2, T, 3).
    """

    rotations: ndarray
    translation_m: ndarray
    world_rotations: ndarray
    joints_m: ndarray
    goals_m: ndarray
    yaw_rad: ndarray


@dataclass
class _Base:
    """The spot under the pelvis: x and z (T, 2) and heading (T,)."""

    place_m: ndarray
    yaw_rad: ndarray

    def in_world(self, point: ndarray, frame: Frame) -> ndarray:
        if frame == "world":
            return np.broadcast_to(point, (len(self.yaw_rad), 3))
        there = self.direction(point, frame).copy()
        there[:, 0] += self.place_m[:, 0]
        there[:, 2] += self.place_m[:, 1]
        return there

    def direction(self, vector: ndarray, frame: Frame) -> ndarray:
        if frame == "world":
            return np.broadcast_to(vector, (len(self.yaw_rad), 3))
        return about_y(self.yaw_rad) @ vector

    def from_world(self, points: ndarray) -> ndarray:
        shifted = points.copy()
        shifted[:, 0] -= self.place_m[:, 0]
        shifted[:, 2] -= self.place_m[:, 1]
        return turned(inverse(about_y(self.yaw_rad)), shifted)


def animate(
    script: Script, figure: Figure, cook: Cook, frames: int, rate_hz: float, rng: np.random.Generator
) -> Animation:
    """The body over `frames` frames."""
    time_s = np.arange(frames) / rate_hz
    base = _base_over_time(script, time_s)
    feet = footsteps(time_s, script.start, script.walks, cook, figure, rate_hz)
    goals = tuple(_hand_over_time(script, hand, base, time_s, rate_hz, rng) for hand in BOTH)
    gaze = _gaze_over_time(script, base, time_s, rate_hz, rng)
    prior = _trunk_prior(script, base, gaze, time_s, rate_hz)
    tiptoe = _tiptoe(goals, base, figure, rate_hz)
    feet.ankles_m[:, :, 1] += tiptoe
    feet.heel_pitch_rad += tiptoe / 0.13
    sway = 0.01 * band_noise(rng, frames, 2, 0.08, 0.6, rate_hz)
    return _pose(goals, base, feet, gaze, prior, tiptoe, sway, cook, figure, rate_hz)


# ---- tracks over time -----------------------------------------------------------------------------------------------


def _base_over_time(script: Script, time_s: ndarray) -> _Base:
    before = np.array(script.start)
    track = np.tile(before, (len(time_s), 1))
    for walk in script.walks:
        after = np.array([walk.x_m, walk.z_m, walk.yaw_rad])
        track += (after - before) * minimum_jerk(time_s, walk.start_s, walk.duration_s)[:, None]
        before = after
    return _Base(track[:, :2].copy(), track[:, 2].copy())


def _hand_over_time(
    script: Script, hand: int, base: _Base, time_s: ndarray, rate_hz: float, rng: np.random.Generator
) -> HandGoal:
    """Sub-movements add up, each as the step from its forerunner's goal to its own."""
    frames, movements = len(time_s), script.hands[hand]
    place, palm, fingers, shares = (part.copy() for part in _asked(movements[0], base))
    before = _asked(movements[0], base)
    for movement in movements[1:]:
        if movement.start_s > time_s[-1]:
            break
        after = _asked(movement, base)
        blend = minimum_jerk(time_s, movement.start_s, movement.duration_s)[:, None]
        for track, was, becomes in zip((place, palm, fingers, shares), before, after, strict=True):
            track += (becomes - was) * blend
        place[:, 1] += movement.arc_m * bump(time_s, movement.start_s, movement.duration_s)
        before = after
    for cycle in script.cycles[hand]:
        first, last = max(0, int(cycle.start_s * rate_hz)), min(frames, int(cycle.end_s * rate_hz) + 2)
        if last > first:
            during = time_s[first:last]
            strength = envelope(during, cycle.start_s, cycle.end_s, cycle.ramp_s)
            place[first:last] += cycle.offset(during) * strength[:, None]
    place += 0.004 * band_noise(rng, frames, 3, 0.3, 2.0, rate_hz)
    place += 0.0008 * band_noise(rng, frames, 3, 6.0, min(11.0, 0.45 * rate_hz), rate_hz)
    follow, curl, weight = np.clip(shares, 0, 1).T
    return HandGoal(place, unit(palm), unit(fingers), follow, curl, weight)


def _asked(movement: Movement, base: _Base) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    grip, frame = movement.grip, movement.frame
    shares = np.broadcast_to([grip.follow, grip.curl, movement.weight], (len(base.yaw_rad), 3))
    palm, fingers = unit(grip.palm), unit(grip.fingers)
    return base.in_world(movement.goal_m, frame), base.direction(palm, frame), base.direction(fingers, frame), shares


def _gaze_over_time(script: Script, base: _Base, time_s: ndarray, rate_hz: float, rng: np.random.Generator) -> ndarray:
    """The point looked at jumps quickly from thing to thing and wanders a little."""
    glances = sorted(script.glances, key=lambda each: each.at_s)
    before = base.in_world(glances[0].target_m, glances[0].frame)
    gaze = before.copy()
    for glance in glances[1:]:
        after = base.in_world(glance.target_m, glance.frame)
        gaze += (after - before) * minimum_jerk(time_s, glance.at_s, 0.34)[:, None]
        before = after
    return gaze + 0.10 * band_noise(rng, len(time_s), 3, 0.05, 0.5, rate_hz)


def _trunk_prior(script: Script, base: _Base, gaze: ndarray, time_s: ndarray, rate_hz: float) -> ndarray:
    """The trunk as it were if no hand pulled: upright, breathing, leaning into work, turned to what it sees."""
    prior = np.zeros((len(time_s), 6))
    prior[:, PITCH] = np.radians(3) + np.radians(0.4) * np.sin(2 * np.pi * 0.24 * time_s)
    for lean in script.leans:
        strength = envelope(time_s, lean.start_s, lean.end_s, 0.5)
        rhythm = lean.rhythm(time_s) if lean.rhythm else 0.0
        prior[:, PITCH] += strength * (lean.pitch_rad + rhythm)
        prior[:, ROLL] += strength * lean.roll_rad
        prior[:, TWIST] += strength * lean.twist_rad
    seen = base.from_world(gaze)
    prior[:, TWIST] += 0.14 * np.clip(np.arctan2(seen[:, 0], seen[:, 2]), -1.2, 1.2)
    return low_pass(prior, 1.5, rate_hz)


def _tiptoe(goals: tuple[HandGoal, ...], base: _Base, figure: Figure, rate_hz: float) -> ndarray:
    """How far the heels rise for what is high, only while standing."""
    comfortable = figure.joint("left_shoulder")[1] + 0.62 * 0.49 * figure.height_m / 1.75
    rise = np.zeros(len(base.yaw_rad))
    for goal in goals:
        high = np.clip((goal.goal_m[:, 1] - comfortable) / 0.20, 0, 1)
        rise = np.maximum(rise, high * _ON_TIPTOE_M * (goal.weight > 0.5))
    rise = low_pass(rise, 1.6, rate_hz).clip(0)
    standing = np.maximum(0, 1 - 30 * np.abs(np.gradient(base.place_m, axis=0)).sum(1))
    return low_pass(rise * standing, 2.0, rate_hz).clip(0)


# ---- the body -------------------------------------------------------------------------------------------------------


def _pose(
    goals: tuple[HandGoal, ...],
    base: _Base,
    feet: Feet,
    gaze: ndarray,
    prior: ndarray,
    tiptoe: ndarray,
    sway: ndarray,
    cook: Cook,
    figure: Figure,
    rate_hz: float,
) -> Animation:
    frames = len(base.yaw_rad)
    base_m = base.place_m + sway + feet.pelvis_lean_m
    lowered = _KNEES_NEVER_LOCKED_M + cook.stoop_m - tiptoe
    places = np.stack([goal.goal_m for goal in goals])
    weights = np.stack([goal.weight for goal in goals])
    numbers = solve_trunk(places, weights, base.yaw_rad, base_m, prior, lowered, cook, figure, rate_hz)
    trunk = posed(numbers, base.yaw_rad, base_m, figure, lowered)
    lower_to_reach_ankles(trunk, feet.ankles_m, figure, rate_hz)
    upright = posed(np.zeros_like(numbers), base.yaw_rad, base_m, figure, lowered + tiptoe)
    left, right = (
        _hung_from_shoulder(goal, trunk, upright, SIDES[hand], figure, rate_hz) for hand, goal in enumerate(goals)
    )

    local: dict[str, ndarray] = {"pelvis": trunk.rotations[0], **dict(zip(SPINE, trunk.local[1:], strict=True))}
    collars = collar_rotations(trunk, (left, right), figure, rate_hz)
    for hand, goal in enumerate((left, right)):
        local[f"{SIDES[hand]}_collar"] = collars[hand]
        local |= arm_rotations(trunk, collars[hand], hand, goal, cook, figure, rate_hz)
        local |= leg_rotations(trunk, feet, hand, figure)
    local |= head_rotations(trunk, gaze, cook, figure, rate_hz)

    rotations = np.stack([np.broadcast_to(local[name], (frames, 3, 3)) for name in SMPL_24.joints], axis=1)
    translation = trunk.places_m[0] - figure.joint("pelvis")
    world, joints = place_joints(rotations, translation, figure.joints_m, SMPL_24.parents)
    return Animation(rotations, translation, world, joints, np.stack([left.goal_m, right.goal_m]), base.yaw_rad)


def _hung_from_shoulder(
    goal: HandGoal, trunk: Trunk, upright: Trunk, side: str, figure: Figure, rate_hz: float
) -> HandGoal:
    """A hand with nothing to do hangs from the shoulder, so it goes where the trunk goes, and stays on the cook's side
    of the worktop's edge.
    """
    idle = 0.9 * (1 - np.clip((goal.weight - 0.1) / 0.9, 0, 1))
    moved = low_pass(trunk.shoulder(figure, side) - upright.shoulder(figure, side), 2.0, rate_hz)
    place = goal.goal_m + idle[:, None] * moved
    at_island = (goal.weight < 0.3) & (np.abs(place[:, 0]) < 1.46) & (place[:, 1] < 0.97)
    too_far = np.where(at_island, np.clip(place[:, 2] + 0.06, 0, 0.4), 0.0)
    place[:, 2] -= low_pass(widened(too_far, 4), 3, rate_hz).clip(0)
    return HandGoal(place, goal.palm, goal.fingers, goal.follow, goal.curl, goal.weight)

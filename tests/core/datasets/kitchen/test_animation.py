"""Simulated people move as people do."""

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from core.bodies.skeletons import SMPL_24
from core.datasets.kitchen.script import side_of
from core.datasets.kitchen.signals import minimum_jerk
from core.datasets.kitchen.trunk import SIDES
from core.datasets.kitchen.world import WORKTOP_M
from core.geometry.rotations import unit


def joint(each, name: str) -> np.ndarray:
    return each.joints_m[:, SMPL_24[name]]


def bend_deg(each, first: str, middle: str, last: str) -> np.ndarray:
    upper, lower = joint(each, middle) - joint(each, first), joint(each, last) - joint(each, middle)
    return np.degrees(np.arccos(np.clip((unit(upper) * unit(lower)).sum(-1), -1, 1)))


def grip(each, hand: int) -> np.ndarray:
    wrist = SMPL_24[f"{SIDES[hand]}_wrist"]
    along = each.animation.world_rotations[:, wrist, :, 0] * side_of(hand)
    return each.joints_m[:, wrist] + along * each.figure.grip_m


def test_that_bones_keep_their_length(clips):
    for each in clips[:3]:
        for child, parent in enumerate(SMPL_24.parents):
            if parent >= 0:
                length = np.linalg.norm(each.joints_m[:, child] - each.joints_m[:, parent], axis=1)
                assert np.ptp(length) < 1e-9


def test_that_rotations_are_rotations(clips):
    rotations = clips[0].motion.rotations.reshape(-1, 3, 3)
    np.testing.assert_allclose(
        rotations @ rotations.transpose(0, 2, 1), np.tile(np.eye(3), (len(rotations), 1, 1)), atol=1e-9
    )
    assert np.linalg.det(rotations).min() > 0


def test_that_elbows_never_lock_and_knees_rarely_bend_far(clips):
    elbows = np.concatenate(
        [bend_deg(each, f"{s}_shoulder", f"{s}_elbow", f"{s}_wrist") for each in clips for s in SIDES]
    )
    knees = np.concatenate([bend_deg(each, f"{s}_hip", f"{s}_knee", f"{s}_ankle") for each in clips for s in SIDES])
    assert elbows.min() > 20
    assert elbows.max() < 155
    assert np.median(knees) < 40


def test_that_standing_feet_do_not_skate(clips):
    speeds = []
    for each in clips:
        resting = each.figure.joint("left_ankle")[1]
        for side in SIDES:
            ankle = joint(each, f"{side}_ankle")
            speed = np.linalg.norm(np.diff(ankle[:, [0, 2]], axis=0), axis=1) * each.motion.rate_hz
            speeds.append(speed[ankle[1:, 1] < resting + 0.012])
    assert np.percentile(np.concatenate(speeds), 99) < 0.01


def test_that_hands_stay_out_of_the_worktop(clips):
    inside, frames = 0, 0
    for each in clips:
        sink = each.kitchen.sink_x_m
        for hand in (0, 1):
            at = grip(each, hand)
            over = (np.abs(at[:, 0]) < 1.4) & (at[:, 2] > 0) & (at[:, 2] < 0.66)
            over &= ~((np.abs(at[:, 0] - sink) < 0.235) & (at[:, 2] > 0.105) & (at[:, 2] < 0.455))
            inside += (over & (at[:, 1] < WORKTOP_M + 0.012 - 0.005)).sum()
            frames += len(at)
    assert inside / frames < 0.005


def test_that_nobody_stands_in_the_island(clips):
    for each in clips:
        facing = np.cos(each.animation.yaw_rad) > 0.8
        assert (joint(each, "pelvis")[facing, 2] + 0.10 < 0).all()


def test_that_hands_are_where_they_are_meant_to_be_at_the_instant(clips):
    misses = []
    for each in clips:
        for label in each.script.labels:
            frame = round(label.instant_s * each.motion.rate_hz)
            if frame < len(each):
                goals = each.animation.goals_m[:, frame]
                misses.append(max(np.linalg.norm(grip(each, hand)[frame] - goals[hand]) for hand in (0, 1)))
    assert np.median(misses) < 0.015
    assert np.percentile(misses, 95) < 0.05


def test_that_hands_move_as_fast_and_as_smoothly_as_people_s(clips):
    """Bounds around recorded gestures (guide, respond): median 0.10, 95 % 1.03 m/s; jerk 95 % 60 m/s³."""
    smooth = butter(2, 9.0, fs=30.0, output="sos")
    speeds, jerks = [], []
    for each in clips:
        for side in SIDES:
            path = sosfiltfilt(smooth, joint(each, f"{side}_wrist") - joint(each, "pelvis"), axis=0)
            velocity = np.gradient(path, 1 / 30, axis=0)
            jerk = np.gradient(np.gradient(velocity, 1 / 30, axis=0), 1 / 30, axis=0)
            speeds.append(np.linalg.norm(velocity, axis=1)[6:-6])
            jerks.append(np.linalg.norm(jerk, axis=1)[6:-6])
    speed, jerk = np.concatenate(speeds), np.concatenate(jerks)
    assert 0.08 < np.median(speed) < 0.4
    assert 0.6 < np.percentile(speed, 95) < 1.6
    assert np.percentile(jerk, 95) < 120


def test_that_nothing_jumps(clips):
    for each in clips:
        moved_m = np.linalg.norm(np.diff(each.joints_m, axis=0), axis=-1)
        feet = [SMPL_24[f"{side}_{part}"] for side in SIDES for part in ("knee", "ankle", "foot")]
        assert np.delete(moved_m, feet, axis=1).max() < 0.2  # 6 m/s
        assert moved_m[:, feet].max() < 0.26


def test_that_people_wait_and_look_now_and_then(clips):
    unlabelled = [1 - sum(s.end_frame - s.start_frame for s in each.segments) / len(each) for each in clips]
    assert 0.05 < np.mean(unlabelled) < 0.4


def test_that_a_minimum_jerk_step_goes_from_rest_to_rest():
    time_s = np.linspace(0, 1, 1001)
    way = minimum_jerk(time_s, 0.0, 1.0)
    speed = np.gradient(way, time_s)
    assert way[0] == 0
    assert way[-1] == pytest.approx(1)
    assert speed.max() == pytest.approx(1.875, rel=1e-3)
    assert abs(speed[0]) < 1e-3

"""Poses met exactly by bending a motion around their frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bodies.skeletons import SMPL_24
from core.generation.anchors import bound
from core.generation.blending import LEAST_S, bumps, distance_m, facing, rise
from core.generation.blending import blended as blended_onto
from core.generation.feet import foot_skating_m_s, soles_m
from core.generation.upper_body import UPPER, heading_between, nine_of, places_m
from core.generations import Anchor, rows
from core.geometry.rotations import about_x, about_y, about_z, matrices, rotation_vectors, turned
from core.motion import Motion
from tests.core.generation.made_motion import strolling

LEGS = [at for at, name in enumerate(SMPL_24.joints) if name.split("_")[-1] in ("hip", "knee", "ankle", "foot")]


def a_pose(seed: int, size: float = 0.35):
    random = np.random.default_rng(seed)
    return matrices(random.normal(size=(24, 3)) * size)


def whole(seed: int, at_s: float, size: float = 0.35) -> Anchor:
    return Anchor(at_s=at_s, rotation_vectors=rows(rotation_vectors(a_pose(seed, size))), name=f"pose {seed}")


def nine(seed: int, at_s: float, turn: float = 0.0, scale: float = 1.0) -> Anchor:
    joints_m = scale * nine_of(a_pose(seed)) @ about_y(turn).T + [1.0, 2.0, 3.0]
    return Anchor(at_s=at_s, joints_m=rows(joints_m), name=f"upper body {seed}")


def farthest_mm(given_m, wanted_m):
    given, wanted = given_m - given_m.mean(0), wanted_m - wanted_m.mean(0)
    return 1000 * np.linalg.norm(turned(heading_between(given, wanted), given) - wanted, axis=-1).max()


def peak_jerk(motion: Motion) -> float:
    places = places_m(motion.rotations) + motion.translation_m[:, None]
    return float(np.linalg.norm(np.diff(places, 3, axis=0), axis=-1).max() * motion.rate_hz**3)


@given(st.floats(0, 1))
def test_that_a_rise_and_its_mirror_image_add_up_to_one(share):
    assert rise(share) + rise(1 - share) == pytest.approx(1.0)


def test_that_a_rise_starts_and_ends_without_a_jump_in_its_first_three_derivatives():
    x = np.linspace(-0.5, 1.5, 4001)
    step = x[1] - x[0]
    curve = rise(x)
    for _ in range(3):
        curve = np.gradient(curve, step)
        assert np.abs(np.diff(curve)).max() < 0.6  # of values up to 52.5


@given(st.lists(st.integers(0, 99), min_size=1, max_size=5, unique=True), st.booleans())
def test_that_a_pose_counts_fully_in_its_own_frame_and_not_at_all_in_those_of_others(at, has_past):
    at = sorted(at)
    shares = bumps(100, at, [20.0] * len(at), has_past=has_past)
    np.testing.assert_allclose(shares[:, at], np.eye(len(at)), atol=1e-12)
    assert shares.min() >= 0
    assert shares.sum(0).max() <= 1 + 1e-9


def test_that_between_two_near_poses_one_goes_over_into_the_other():
    shares = bumps(100, [40, 50], [30.0, 30.0])
    np.testing.assert_allclose(shares[:, 40:51].sum(0), 1.0)


@pytest.mark.parametrize("has_past", [False, True])
@pytest.mark.parametrize(
    "anchors",
    [
        (whole(1, 1.0),),
        (nine(2, 1.0, turn=2.0, scale=1.3),),
        (whole(1, 0.6), nine(2, 1.0), whole(3, 1.5)),
        (nine(4, 1.0), nine(5, 31 / 30)),  # one frame after the other
        (whole(6, 0.3), whole(7, 2.0)),
    ],
)
def test_that_every_pose_is_met_within_a_thousandth_of_a_millimetre(anchors, has_past):
    motion = strolling(60)
    targets = bound(anchors, 60, 24, has_past=has_past)
    met, off_mm = blended_onto(motion, targets, has_past=has_past)
    assert len(met) == 60
    for target, off in zip(targets, off_mm, strict=True):
        pose = met.rotations[target.frame]
        if target.nine_m is None:
            assert farthest_mm(places_m(pose), places_m(target.rotations)) < 1e-3
        else:
            assert farthest_mm(nine_of(pose), target.nine_m) < 1e-3
        assert off == pytest.approx(1000 * float(distance_m(motion.rotations[target.frame], target)))
        assert off > 10


def test_that_a_motion_keeps_its_heading_where_a_pose_looks_elsewhere():
    motion = strolling(60)
    pose = np.array(motion.rotations[30])
    pose[0] = about_y(2.5) @ pose[0]
    anchor = Anchor(at_s=1.0, rotation_vectors=rows(rotation_vectors(pose)))
    met, off_mm = blended_onto(motion, bound((anchor,), 60, 24))
    assert off_mm[0] < 0.01
    np.testing.assert_allclose(met.rotations, motion.rotations, atol=1e-4)
    np.testing.assert_allclose(met.translation_m, motion.translation_m, atol=1e-4)


def test_that_far_from_a_pose_no_joint_turns_and_without_one_nothing_changes():
    motion = strolling(150)
    met, _ = blended_onto(motion, bound((whole(1, 2.5),), 150, 24))
    reach = round(1.2 * 30)
    outside = np.r_[0 : 75 - reach, 75 + reach : 150]
    np.testing.assert_array_equal(met.rotations[outside], motion.rotations[outside])
    same, off_mm = blended_onto(motion, ())
    assert same is motion
    assert off_mm == ()


def test_that_after_a_past_the_first_frame_follows_it_without_a_jump():
    motion = strolling(60)
    met, _ = blended_onto(motion, bound((whole(1, 0.5),), 60, 24, has_past=True), has_past=True)
    first = rotation_vectors(np.swapaxes(motion.rotations[0], -1, -2) @ met.rotations[0])
    assert np.abs(first).max() < 1e-3
    np.testing.assert_allclose(met.translation_m[0], motion.translation_m[0], atol=0.01)


def test_that_nine_joints_leave_the_legs_as_the_motion_has_them():
    motion = strolling(90)
    met, _ = blended_onto(motion, bound((nine(2, 1.5),), 90, 24))
    below = [joint for joint in LEGS if "hip" not in SMPL_24.joints[joint]]
    np.testing.assert_array_equal(met.rotations[:, below], motion.rotations[:, below])
    # The pelvis tilts; thighs, and with them all below, keep their directions in the world, in every frame.
    for hip in ("left_hip", "right_hip"):
        was = motion.rotations[:, 0] @ motion.rotations[:, SMPL_24[hip]]
        now = met.rotations[:, 0] @ met.rotations[:, SMPL_24[hip]]
        np.testing.assert_allclose(now, was, atol=1e-5)
    untouched = [joint for joint in range(24) if joint not in (0, 1, 2, *UPPER)]
    np.testing.assert_array_equal(met.rotations[:, untouched], motion.rotations[:, untouched])


def test_that_nine_joints_of_a_larger_body_elsewhere_are_the_same_pose():
    motion = strolling(60)
    plain, _ = blended_onto(motion, bound((nine(2, 1.0),), 60, 24))
    other, _ = blended_onto(motion, bound((nine(2, 1.0, turn=1.1, scale=1.4),), 60, 24))
    np.testing.assert_allclose(other.rotations, plain.rotations, atol=2e-3)


def test_that_a_pose_is_faced_the_way_that_is_nearest():
    root = about_y(0.4) @ about_x(0.2)
    turned_away = about_y(2.0) @ root
    np.testing.assert_allclose(facing(turned_away, root), root, atol=1e-9)
    for angle in np.linspace(-3, 3, 13):
        other = about_y(angle) @ about_z(0.5)
        assert np.trace(facing(about_z(0.5), root) @ root.T) >= np.trace(other @ root.T) - 1e-9


def standing_still(frames: int) -> Motion:
    rotations = np.tile(np.eye(3), (frames, 24, 1, 1))
    path_m = np.tile([0.0, 0.95, 0.0], (frames, 1))
    low = soles_m(rotations, path_m)[..., 1].min()
    return Motion(SMPL_24, 30.0, rotations, path_m - [0.0, low, 0.0])


def test_that_who_stands_and_leans_neither_slips_nor_leaves_the_ground():
    motion = standing_still(120)
    pose = np.tile(np.eye(3), (24, 1, 1))
    pose[0] = about_x(0.3)
    pose[[1, 2]] = about_x(-0.6)
    pose[[4, 5]] = about_x(0.6)
    pose[[7, 8]] = about_x(-0.3)
    met, off_mm = blended_onto(
        motion, bound((Anchor(at_s=2.0, rotation_vectors=rows(rotation_vectors(pose))),), 120, 24)
    )
    assert off_mm[0] > 40
    assert foot_skating_m_s(met, 0.0) < 0.05
    assert np.abs(soles_m(met.rotations, met.translation_m)[..., 1].min(-1)).max() < 0.02


def test_that_a_bend_adds_a_fraction_of_the_jerk_of_people_and_hardly_any_slipping():
    """Peaks of recorded people are at 1,330 m/s³ mostly and at 3,480 in one of twenty (Bandai-Namco, measured)."""
    motions = [strolling(120, seed=seed) for seed in range(16)]
    slips = np.percentile([foot_skating_m_s(each) for each in motions], 95)
    for seed, motion in enumerate(motions):
        pose = strolling(120, seed=seed + 50).rotations[60]  # of somebody else, so two or three decimetres away
        anchor = Anchor(at_s=2.0, rotation_vectors=rows(rotation_vectors(pose)))
        met, off_mm = blended_onto(motion, bound((anchor,), 120, 24))
        assert off_mm[0] > 100
        assert peak_jerk(met) < peak_jerk(motion) + 400
        assert foot_skating_m_s(met) < 1.5 * slips


def test_that_poses_out_of_order_are_a_mistake_of_the_caller():
    motion = strolling(60)
    targets = bound((whole(1, 0.5), whole(2, 1.0)), 60, 24)
    with pytest.raises(ValueError, match="poses at frames"):
        blended_onto(motion, targets[::-1])
    assert LEAST_S * 30 > 1

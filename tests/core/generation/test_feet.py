"""Feet: where soles are, what slipping is, and heights put right smoothly."""

import numpy as np
import pytest

from core.bodies.skeletons import SMPL_24
from core.generation.feet import REACH, fading, foot_skating_m_s, ground_of, off_ground_m, soles_m
from core.generations import unpacked
from core.geometry.rotations import about_x, about_y
from core.motion import Motion
from core.recordings import reference_body, reference_joints_m
from tests.core.generation.made_model import wandering

STANDING_M = -float(np.asarray(reference_body().model.template_m)[:, 1].min())


def standing(frames=60, height_m=STANDING_M) -> tuple[np.ndarray, np.ndarray]:
    """The rest body, its soles on the ground."""
    rotations = np.broadcast_to(np.eye(3), (1, frames, 24, 3, 3)).copy()
    path_m = np.zeros((1, frames, 3))
    path_m[..., 1] = height_m
    return rotations, path_m


def motion(rotations, path_m) -> Motion:
    return Motion(SMPL_24, 30.0, rotations[0], path_m[0])


def test_that_the_soles_of_the_rest_body_are_where_its_skin_ends():
    soles = soles_m(*standing(1))[0, 0]
    assert soles.shape == (6, 3)
    np.testing.assert_allclose(soles[:, 1], 0.0, atol=2e-3)
    assert (soles[:3, 0] > 0.05).all()
    assert (soles[3:, 0] < -0.05).all()
    assert soles[0, 2] < soles[1, 2] < soles[2, 2]


def test_that_soles_turn_and_move_with_the_body():
    given = unpacked(wandering(20))
    by, off_m = about_y(0.8), np.array([1.0, 0.2, -3.0])
    rotations = np.asarray(given.rotations, float).copy()
    path_m = np.asarray(given.translation_m, float)
    before = soles_m(rotations, path_m)
    rotations[:, 0] = by @ rotations[:, 0]
    rest_m = reference_joints_m()[0]
    after = soles_m(rotations, (path_m + rest_m) @ by.T + off_m - rest_m)
    np.testing.assert_allclose(after, before @ by.T + off_m, atol=1e-9)


def test_that_a_standing_body_does_not_slip_and_a_sliding_one_slips_as_fast_as_it_slides():
    rotations, path_m = standing()
    assert foot_skating_m_s(motion(rotations, path_m), 0.0) == 0.0
    path_m[0, :, 2] = 0.4 / 30 * np.arange(60)
    assert foot_skating_m_s(motion(rotations, path_m)) == pytest.approx(0.4, rel=1e-6)
    path_m[..., 1] += 1.0
    assert foot_skating_m_s(motion(rotations, path_m), 0.0) == 0.0  # in the air nothing bears weight
    assert foot_skating_m_s(motion(rotations, path_m)) == pytest.approx(0.4, rel=1e-6)  # on a ground of its own


def test_that_a_foot_that_swings_low_while_the_other_stands_is_no_slip():
    rotations, path_m = standing()
    rotations[0, :, SMPL_24["left_hip"]] = about_x(0.05 * np.sin(np.arange(60)))
    assert np.abs(np.diff(soles_m(rotations, path_m)[0, :, :3, 2], axis=0)).max() * 30 > 1.0
    assert foot_skating_m_s(motion(rotations, path_m), 0.0) == 0.0


def test_that_feet_beside_the_ground_are_put_on_it():
    for off_m in (0.04, -0.07):
        rotations, path_m = standing(height_m=STANDING_M + off_m)
        path_m[..., 1] -= off_ground_m(rotations, path_m)
        assert abs(ground_of(soles_m(rotations, path_m)[0])) < 4e-3


def test_that_a_leap_stays_a_leap():
    rotations, path_m = standing(90)
    leap_m = np.maximum(0.0, 0.6 - 0.004 * (np.arange(90) - 45.0) ** 2)
    path_m[0, :, 1] += leap_m
    left_m = path_m[0, :, 1] - off_ground_m(rotations, path_m)[0] - STANDING_M
    assert left_m.max() > 0.55
    np.testing.assert_allclose(left_m[:25], 0.0, atol=5e-3)


def test_that_a_correction_is_smooth_and_starts_from_nothing_after_what_is_fixed():
    rotations, path_m = standing(80)
    path_m[0, 30:, 1] += 0.05
    off_m = off_ground_m(rotations, path_m, fixed=30)[0]
    assert not off_m[:30].any()
    assert np.abs(np.diff(off_m)).max() < 0.012
    assert off_m[-20] == pytest.approx(0.05, abs=3e-3)


def test_that_no_frame_knows_what_comes_more_than_its_reach_later():
    given = unpacked(wandering(70))
    rotations, path_m = np.asarray(given.rotations)[None], np.asarray(given.translation_m, float)[None]
    whole = off_ground_m(rotations, path_m)
    for end in (30, 55):
        cut = off_ground_m(rotations[:, :end], path_m[:, :end])
        np.testing.assert_allclose(cut[:, : end - REACH - 1], whole[:, : end - REACH - 1], atol=1e-12)


def test_that_a_tilted_foot_stands_on_its_toes():
    rotations, path_m = standing(1)
    for name in ("left_ankle", "right_ankle"):
        rotations[:, :, SMPL_24[name]] = about_x(0.6)
    lowest = soles_m(rotations, path_m)[0, 0, :, 1]
    assert lowest[2] < lowest[1] < lowest[0]


def test_that_a_difference_is_let_go_from_all_to_none_without_a_kink():
    left = fading(np.arange(-2, 13))
    assert (left[:3] == 1).all()
    assert (left[12:] < 1e-12).all()
    assert (np.diff(left) <= 0).all()
    assert np.abs(np.diff(left, 2)).max() < 0.06

"""Pinhole cameras and the levelled frame."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.geometry.cameras import (
    Z_UP_TO_Y_UP,
    distort,
    estimated_camera,
    eye_m,
    level_points,
    levelling,
    neck_place_m,
    on_floor_m,
    pinhole,
    project,
    rays,
    resized,
    roll_deg,
    tilt_deg,
    to_camera,
    undistort,
)
from core.geometry.rotations import about_x, about_y, about_z
from core.opencv import cv2
from tests.core.made_up_project import REST, tilted_camera

LENS = np.array([-0.25, 0.08, 0.001, -0.002, -0.01])
NECK = 1


def _standing_somewhere(seed):
    return REST + np.random.default_rng(seed).uniform(-0.3, 0.3, 3) + [0, 1.4, 0]


def test_that_a_bent_lens_shows_points_where_opencv_does():
    camera = replace(tilted_camera(25), distortion=LENS)
    turn, _ = cv2.Rodrigues(camera.rotation)
    points_m = _standing_somewhere(0)
    theirs, _ = cv2.projectPoints(points_m, turn, camera.translation_m, camera.matrix(), LENS)
    np.testing.assert_allclose(project(points_m, camera), theirs[:, 0], atol=1e-6)


@given(u=st.floats(0, 639), v=st.floats(0, 359))
def test_that_straightening_undoes_bending(u, v):
    camera = replace(tilted_camera(), distortion=LENS)
    np.testing.assert_allclose(distort(undistort(np.array([u, v]), camera), camera), [u, v], atol=1e-3)


@given(share=st.floats(0.2, 5), seed=st.integers(0, 99))
def test_that_moving_a_point_along_its_ray_leaves_its_pixel(share, seed):
    camera = tilted_camera(15, 40)
    point = to_camera(_standing_somewhere(seed), camera)
    np.testing.assert_allclose(pinhole(share * point, camera), pinhole(point, camera), atol=1e-6)


@given(u=st.floats(0, 639), v=st.floats(0, 359), depth=st.floats(0.5, 20))
def test_that_a_neck_stands_at_its_depth_behind_its_pixel(u, v, depth):
    camera = tilted_camera(30)
    place_m = neck_place_m(np.array([u, v]), depth, camera)
    assert place_m[2] == pytest.approx(depth)
    np.testing.assert_allclose(pinhole(place_m, camera), [u, v], atol=1e-6)


@given(tilt=st.floats(-80, 80), roll=st.floats(-80, 80), heading=st.floats(-180, 180), seed=st.integers(0, 99))
def test_that_tilt_and_roll_change_no_levelled_pose_and_heads_stay_above_hips(tilt, roll, heading, seed):
    level = tilted_camera(0, heading)
    leaning = replace(level, rotation=about_z(np.deg2rad(roll)) @ about_x(np.deg2rad(tilt)) @ level.rotation)
    person = _standing_somewhere(seed)
    ours = level_points(person, NECK, leaning)
    np.testing.assert_allclose(ours, level_points(person, NECK, level), atol=1e-9)
    np.testing.assert_allclose(ours[:, 1], person[:, 1] - person[NECK, 1], atol=1e-9)
    assert (ours[NECK] == 0).all()


@given(tilt=st.floats(-80, 80), turn=st.floats(-3, 3))
def test_that_a_cameras_heading_is_no_part_of_its_levelling(tilt, turn):
    camera = tilted_camera(tilt)
    np.testing.assert_allclose(
        levelling(replace(camera, rotation=camera.rotation @ about_y(turn))), levelling(camera), atol=1e-9
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_that_a_camera_that_looks_straight_down_or_up_is_levelled_as_one_that_nearly_does(sign):
    level = tilted_camera(0, 35)
    straight, nearly = (
        replace(level, rotation=about_x(sign * np.deg2rad(angle)) @ level.rotation) for angle in (90, 89.99)
    )
    assert straight.rotation[2] == pytest.approx([0, -sign, 0], abs=1e-9)
    np.testing.assert_allclose(levelling(straight), levelling(nearly), atol=1e-3)
    person = _standing_somewhere(1)
    np.testing.assert_allclose(level_points(person, NECK, straight), level_points(person, NECK, level), atol=1e-9)


def test_that_an_estimated_camera_is_level_and_says_that_it_is_estimated():
    camera = estimated_camera(1920, 1080)
    np.testing.assert_array_equal(levelling(camera), np.diag([1.0, -1.0, -1.0]))
    assert camera.focal_px.tolist() == [1.2 * 1920] * 2
    assert camera.estimated


def test_that_a_point_behind_the_camera_lands_far_outside_and_not_at_infinity():
    camera = tilted_camera(0)
    pixel = pinhole(np.array([0.1, 0.0, -5.0]), camera)
    assert np.isfinite(pixel).all()
    assert pixel[0] > 10 * camera.width


COEFFICIENTS = {
    4: [-0.25, 0.08, 0.001, -0.002],
    5: LENS,
    8: [-0.25, 0.08, 0.001, -0.002, -0.01, 0.03, -0.02, 0.004],
    12: [-0.2, 0.05, 0.001, -0.002, -0.01, 0.02, -0.01, 0.003, 0.002, -0.001, 0.0015, 0.0005],
}


@pytest.mark.parametrize("count", COEFFICIENTS)
def test_that_every_kind_of_lens_draws_points_where_opencv_does_within_a_millionth_of_a_pixel(count):
    lens = np.array(COEFFICIENTS[count], float)
    camera = replace(tilted_camera(25), distortion=lens)
    points_m = np.random.default_rng(count).uniform([-1, 0.2, -1.5], [1, 2.2, 0.5], (200, 3))
    turn, _ = cv2.Rodrigues(camera.rotation)
    theirs, _ = cv2.projectPoints(points_m, turn, camera.translation_m, camera.matrix(), lens)
    np.testing.assert_allclose(project(points_m, camera), theirs[:, 0], atol=1e-6)


@pytest.mark.parametrize("count", COEFFICIENTS)
def test_that_straightening_undoes_every_kind_of_lens_to_the_last_digits_of_a_pixel(count):
    camera = replace(tilted_camera(), distortion=np.array(COEFFICIENTS[count], float))
    pixels = np.stack(np.meshgrid(np.linspace(0, 639, 17), np.linspace(0, 359, 11)), -1)
    np.testing.assert_allclose(distort(undistort(pixels, camera), camera), pixels, atol=1e-8)


@given(u=st.floats(0, 639), v=st.floats(0, 359), reach=st.floats(0.3, 30), tilt=st.floats(-60, 60))
def test_that_a_point_on_a_pixels_ray_is_seen_at_that_pixel(u, v, reach, tilt):
    camera = replace(tilted_camera(tilt, 40), distortion=LENS)
    along = rays(np.array([u, v]), camera)
    assert np.linalg.norm(along) == pytest.approx(1)
    np.testing.assert_allclose(project(eye_m(camera) + reach * along, camera), [u, v], atol=1e-6)


@given(x=st.floats(-1, 1), z=st.floats(-2, 0.5), height=st.floats(0, 0.9))
def test_that_a_floor_point_is_found_again_from_its_pixel_and_the_sky_meets_no_floor(x, z, height):
    camera = replace(tilted_camera(30), distortion=LENS)
    place = np.array([x, height, z])
    np.testing.assert_allclose(on_floor_m(project(place, camera), camera, height), place, atol=1e-6)
    assert np.isnan(on_floor_m(np.array([320.0, -400.0]), camera)).all()


@given(tilt=st.floats(-70, 70), roll=st.floats(-80, 80), heading=st.floats(-180, 180))
def test_that_tilt_and_roll_are_those_the_camera_was_turned_by(tilt, roll, heading):
    level = tilted_camera(0, heading)
    camera = replace(level, rotation=about_z(np.deg2rad(roll)) @ about_x(np.deg2rad(tilt)) @ level.rotation)
    assert tilt_deg(camera) == pytest.approx(tilt, abs=1e-6)
    assert roll_deg(camera) == pytest.approx(roll, abs=1e-6)


def test_that_a_resized_video_shows_everything_at_the_same_share_of_the_picture():
    camera = replace(tilted_camera(20), distortion=LENS)
    points_m = _standing_somewhere(3)
    half = resized(camera, 320, 180)
    np.testing.assert_allclose(
        (project(points_m, half) + 0.5) / [320, 180], (project(points_m, camera) + 0.5) / [640, 360]
    )
    assert resized(camera, 640, 360) is camera


def test_that_z_up_is_turned_to_y_up_without_a_mirror():
    assert np.linalg.det(Z_UP_TO_Y_UP) == pytest.approx(1)
    np.testing.assert_array_equal(Z_UP_TO_Y_UP @ [0, 0, 1], [0, 1, 0])

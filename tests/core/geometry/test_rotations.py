"""Rotations in numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.geometry.rotations import (
    about_x,
    about_y,
    about_z,
    frame_of,
    inverse,
    matrices,
    nearest_heading,
    rotation_vectors,
    soft_limit,
    turned,
    twist_and_swing,
    unit,
    yaw_of,
)

ANGLES = st.floats(-3.1, 3.1)


def some_rotations(seed: int = 0, count: int = 50) -> np.ndarray:
    return Rotation.from_quat(np.random.default_rng(seed).normal(size=(count, 4))).as_matrix()


@pytest.mark.parametrize(("about", "axis"), [(about_x, "x"), (about_y, "y"), (about_z, "z")])
@given(angle=ANGLES)
def test_that_a_turn_about_an_axis_is_right_handed(about, axis, angle):
    np.testing.assert_allclose(about(angle), Rotation.from_euler(axis, angle).as_matrix(), atol=1e-12)


def test_that_a_positive_yaw_looks_to_the_left():
    assert turned(about_y(np.pi / 2), np.array([0.0, 0.0, 1.0])) == pytest.approx([1.0, 0.0, 0.0])


def test_that_no_turn_about_the_vertical_is_nearer_to_a_rotation_than_its_heading():
    rotations = some_rotations()
    own = about_y(nearest_heading(rotations))
    for off in (-1.0, -0.01, 0.01, 1.0):
        other = about_y(nearest_heading(rotations) + off)
        assert (np.linalg.norm(own - rotations, axis=(1, 2)) < np.linalg.norm(other - rotations, axis=(1, 2))).all()


def test_that_a_turn_about_the_vertical_is_its_own_heading():
    angle = np.linspace(-3.1, 3.1, 63)
    np.testing.assert_allclose(nearest_heading(about_y(angle).astype(np.float32)), angle, atol=1e-5)


def test_that_a_yaw_is_the_same_however_one_nods_and_rolls():
    angle, nod, roll = np.random.default_rng(1).uniform(-1.0, 1.0, (3, 200)) * [[3.1], [1.5], [3.1]]
    np.testing.assert_allclose(yaw_of(about_y(angle) @ about_x(nod) @ about_z(roll)), angle, atol=1e-9)


def test_that_rotation_vectors_and_matrices_are_each_other_s_inverse():
    rotations = some_rotations().reshape(10, 5, 3, 3)
    np.testing.assert_allclose(matrices(rotation_vectors(rotations)), rotations, atol=1e-12)


def test_that_turning_back_is_the_inverse():
    rotations = some_rotations()
    vectors = np.random.default_rng(1).normal(size=(50, 3))
    np.testing.assert_allclose(turned(inverse(rotations), turned(rotations, vectors)), vectors, atol=1e-12)


@given(seed=st.integers(0, 500), kept=st.sampled_from("xyz"), near=st.sampled_from("xyz"))
def test_that_a_frame_keeps_one_direction_and_leans_to_the_other(seed, kept, near):
    if kept == near:
        return
    first, second = np.random.default_rng(seed).normal(size=(2, 3))
    frame = frame_of(kept, first, near, second)
    np.testing.assert_allclose(frame.T @ frame, np.eye(3), atol=1e-9)
    assert np.linalg.det(frame) == pytest.approx(1.0)
    np.testing.assert_allclose(frame[:, "xyz".index(kept)], unit(first), atol=1e-9)
    assert frame[:, "xyz".index(near)] @ second >= -1e-9


def test_that_twist_and_swing_make_the_rotation_again():
    rotations = some_rotations(3)
    twist, swing = twist_and_swing(rotations)
    np.testing.assert_allclose(about_x(twist) @ matrices(swing), rotations, atol=1e-9)
    assert np.abs(swing[:, 0]).max() < 1e-9


@given(angle=st.floats(-20, 20), most=st.floats(0.1, 2))
def test_that_a_soft_limit_is_never_passed_and_leaves_small_angles(angle, most):
    limited = soft_limit(np.array([angle, 0.01 * most]), most)
    assert abs(limited[0]) <= most
    assert limited[1] == pytest.approx(0.01 * most, rel=1e-3)


@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-7, 1e-3, 1.0, 2.0, 3.0, np.pi - 1e-7, np.pi])
@pytest.mark.parametrize(("kind", "off"), [(np.float64, 1e-12), (np.float32, 1e-6)])
def test_that_rotation_vectors_are_as_long_as_the_angle_also_next_to_none_and_to_half_a_turn(angle, kind, off):
    axes = np.random.default_rng(0).normal(size=(500, 3))
    axes[:3] = np.eye(3)
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    turns = Rotation.from_rotvec(axes * angle).as_matrix()
    vectors = rotation_vectors(turns.astype(kind))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), angle, atol=max(off, 1e-6 * (angle > 3)))
    np.testing.assert_allclose(matrices(vectors), turns, atol=off)

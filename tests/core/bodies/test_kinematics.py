"""Rotations to joint places."""

import numpy as np
from scipy.spatial.transform import Rotation

from core.bodies.kinematics import place_joints

CHAIN = (-1, 0, 1, 2)
REST = np.array([[0.0, 1, 0], [1, 1, 0], [2, 1, 0], [3, 1, 0]])


def test_that_a_quarter_turn_in_the_middle_bends_the_chain_upwards():
    rotations = np.tile(np.eye(3), (4, 1, 1))
    rotations[1] = Rotation.from_euler("z", 90, degrees=True).as_matrix()
    placed = place_joints(rotations, np.array([0, 0, 5.0]), REST, CHAIN)
    np.testing.assert_allclose(placed.places_m, [[0, 1, 5], [1, 1, 5], [1, 2, 5], [1, 3, 5]], atol=1e-12)


def test_that_bones_keep_their_length_in_every_pose():
    rng = np.random.default_rng(0)
    rotations = Rotation.from_rotvec(rng.normal(0, 1, (200 * 4, 3))).as_matrix().reshape(200, 4, 3, 3)
    placed = place_joints(rotations, rng.normal(0, 1, (200, 3)), REST, CHAIN)
    np.testing.assert_allclose(np.linalg.norm(np.diff(placed.places_m, axis=1), axis=-1), 1, atol=1e-12)


def test_that_many_frames_at_once_are_the_frames_one_by_one():
    rng = np.random.default_rng(1)
    rotations = Rotation.from_rotvec(rng.normal(0, 1, (5 * 4, 3))).as_matrix().reshape(5, 4, 3, 3)
    translation = rng.normal(0, 1, (5, 3))
    together = place_joints(rotations, translation, REST, CHAIN)
    for frame in range(5):
        alone = place_joints(rotations[frame], translation[frame], REST, CHAIN)
        np.testing.assert_allclose(together.places_m[frame], alone.places_m, atol=1e-12)
        np.testing.assert_allclose(together.rotations[frame], alone.rotations, atol=1e-12)


def test_that_the_rest_joints_it_is_given_stay_as_they_were():
    before = REST.copy()
    place_joints(np.tile(np.eye(3), (4, 1, 1)), np.zeros(3), REST, CHAIN)
    np.testing.assert_array_equal(before, REST)

"""A motion put where somebody stands: place, heading and ground are theirs, its own course stays as it is."""

import numpy as np
import pytest

from core.bodies.library import DEFAULT_KEY, body
from core.geometry.rotations import about_x, about_y, matrices
from core.rendering.moving import MovingBody
from core.rendering.placing import starting_where


def walker(frames=5, seed=0, heading=0.0, place=(0.0, 0.0, 0.0), betas=()):
    random = np.random.default_rng(seed)
    rotations = matrices(0.2 * random.normal(size=(frames, 24, 3)))
    rotations[:, 0] = about_y(np.full(frames, heading)) @ about_x(np.full(frames, 0.1))
    steps = np.column_stack([np.zeros(frames), 0.01 * np.arange(frames), 0.1 * np.arange(frames)])
    return MovingBody(
        DEFAULT_KEY, np.array(betas, float), rotations, steps @ about_y(heading).T + np.asarray(place, float)
    )


@pytest.mark.parametrize("heading", [0.0, 1.2, np.pi, -2.5])
@pytest.mark.parametrize("betas", [(), (2.0, -1.0)])
def test_that_it_begins_where_they_stand_facing_their_way_on_their_ground(heading, betas):
    made = walker(seed=1, heading=0.7, place=(3.0, 0.2, -1.0))
    stands = walker(frames=2, seed=2, heading=heading, place=(-1.0, 0.9, 2.0), betas=betas)
    placed = starting_where(made, stands, 1)
    figure = body().shaped(np.array(betas, float))
    theirs = figure.pose(stands.rotations[1], stands.translation_m[1])
    own = figure.pose(placed.rotations[0], placed.translation_m[0])
    assert own[:, 1].min() == pytest.approx(theirs[:, 1].min(), abs=1e-4)
    np.testing.assert_allclose(placed.translation_m[0, [0, 2]], stands.translation_m[1, [0, 2]], atol=1e-5)
    np.testing.assert_allclose(placed.rotations[0, 0] @ [0, 0, 1], stands.rotations[1, 0] @ [0, 0, 1], atol=1e-5)
    np.testing.assert_array_equal(placed.betas, stands.betas)


def test_that_its_own_course_is_only_moved_and_turned():
    made, stands = walker(seed=1, heading=0.7), walker(frames=1, seed=2, heading=-1.0, place=(5.0, 0.0, 1.0))
    placed = starting_where(made, stands)
    steps, before = np.diff(placed.translation_m, axis=0), np.diff(made.translation_m, axis=0)
    np.testing.assert_allclose(np.linalg.norm(steps, axis=-1), np.linalg.norm(before, axis=-1), atol=1e-5)
    np.testing.assert_allclose(steps[:, 1], before[:, 1], atol=1e-5)
    np.testing.assert_allclose(placed.rotations[:, 1:], made.rotations[:, 1:], atol=1e-6)
    again = starting_where(placed, stands)
    np.testing.assert_allclose(again.translation_m, placed.translation_m, atol=1e-5)
    np.testing.assert_allclose(again.rotations, placed.rotations, atol=1e-5)

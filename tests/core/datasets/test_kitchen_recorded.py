"""Simulated cooks as recorded motion."""

import numpy as np
import pytest

from core.bodies.skeletons import SMPL_24
from core.datasets.kitchen.recorded import recordings
from core.recordings import joints_of

FEET = [SMPL_24["left_foot"], SMPL_24["right_foot"]]


@pytest.fixture(scope="module")
def recorded():
    return list(recordings(2, 20.0, 7))


def test_that_feet_stay_on_the_floor_on_the_average_body(recorded):
    for each in recorded:
        heights_m = joints_of(each.body)[:, FEET, 1]
        assert 0.015 < np.median(heights_m) < 0.04
        assert heights_m.min() > 0.0


def test_that_standing_feet_do_not_slide_more_than_the_cook_s_own(recorded):
    for each in recorded:
        feet_m = joints_of(each.body)[:, FEET]
        speed = np.linalg.norm(np.diff(feet_m[..., ::2], axis=0), axis=-1) * each.rate_hz
        assert np.median(speed) < 0.02


def test_that_stretches_are_the_cooks_actions_in_order_and_inside_the_recording(recorded):
    for each in recorded:
        assert each.stretches
        assert all(0 <= one.start_s < one.end_s <= each.duration_s + 1e-6 for one in each.stretches)
        assert [one.start_s for one in each.stretches] == sorted(one.start_s for one in each.stretches)


def test_that_the_same_seed_gives_the_same_motion_and_another_one_does_not(recorded):
    again, other = next(recordings(1, 20.0, 7)), next(recordings(1, 20.0, 8))
    np.testing.assert_array_equal(again.body.rotations, recorded[0].body.rotations)
    assert again.performer == recorded[0].performer
    assert np.abs(other.body.rotations - again.body.rotations).max() > 0.1

"""Bodies that nobody has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bodies.skeletons import UPPER_BODY_9
from core.datasets.pose_bank import parted, shipped_bank
from core.evaluation.body_limits import ANGLES, BodyLimits, angles_deg, bone_lengths_m
from tests.core.made_up_project import REST

AT = {name: UPPER_BODY_9[name] for name in UPPER_BODY_9.joints}
STRAIGHT = np.zeros((9, 3))
for _name, _place in {
    "head": (0, 0.2, 0), "hip": (0, -0.5, 0),
    "left_shoulder": (0.18, 0, 0), "left_elbow": (0.18, -0.3, 0), "left_hand": (0.18, -0.55, 0),
    "right_shoulder": (-0.18, 0, 0), "right_elbow": (-0.18, -0.3, 0), "right_hand": (-0.18, -0.55, 0),
}.items():  # fmt: skip
    STRAIGHT[AT[_name]] = _place
"""Upright, arms hanging, facing +z."""


@pytest.fixture(scope="module")
def parts():
    learned, held = parted(shipped_bank(), 0.7)
    return BodyLimits.of(learned.poses_m), held.poses_m


def angle(pose, name):
    return angles_deg(pose[None])[0, ANGLES.index(name)]


def moved(**places):
    pose = STRAIGHT.copy()
    for name, place in places.items():
        pose[AT[name]] = place
    return pose


def test_that_angles_are_what_their_names_say():
    assert angle(STRAIGHT, "left elbow") == pytest.approx(0)
    assert angle(moved(left_hand=(0.18, -0.3, 0.25)), "left elbow") == pytest.approx(90)
    assert angle(STRAIGHT, "right upper arm against the trunk") == pytest.approx(0)
    ahead = moved(right_elbow=(-0.18, 0, 0.3))
    assert angle(ahead, "right upper arm against the trunk") == pytest.approx(90)
    assert angle(ahead, "right upper arm to the front") == pytest.approx(90)
    behind = moved(right_elbow=(-0.18, 0, -0.3))
    assert angle(behind, "right upper arm to the front") == pytest.approx(-90)
    assert angle(moved(left_elbow=(0.48, 0, 0)), "left upper arm outward") == pytest.approx(90)
    assert angle(moved(right_elbow=(0.12, 0, 0)), "right upper arm outward") == pytest.approx(-90)
    assert angle(moved(head=(0, 0.1, 0.1)), "head to the front") == pytest.approx(45)
    assert angle(moved(head=(0.1, 0.1, 0)), "head to the left") == pytest.approx(45)
    assert angle(moved(head=(0, -0.2, 0)), "head to the front") == pytest.approx(180)
    assert angle(STRAIGHT, "between the shoulders") == pytest.approx(180)
    assert angle(STRAIGHT, "shoulders against the trunk") == pytest.approx(90)


@given(heading=st.floats(-np.pi, np.pi), lean=st.floats(-1.5, 1.5), seed=st.integers(0, 50))
def test_that_turning_the_whole_body_changes_no_angle_and_no_bone(heading, lean, seed):
    pose = REST + np.random.default_rng(seed).normal(0, 0.03, REST.shape)
    turn = np.array([[np.cos(heading), 0, np.sin(heading)], [0, 1, 0], [-np.sin(heading), 0, np.cos(heading)]])
    tip = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
    other = pose @ (turn @ tip).T
    np.testing.assert_allclose(angles_deg(other[None]), angles_deg(pose[None]), atol=1e-6)
    np.testing.assert_allclose(bone_lengths_m(other[None]), bone_lengths_m(pose[None]))


def test_that_real_people_are_within_and_more_noise_is_farther_out(parts):
    limits, held = parts
    random = np.random.default_rng(0)
    noisy = [held + random.normal(0, spread, held.shape) for spread in (0.0, 0.01, 0.03, 0.1)]
    for figure in (limits.bones_off, limits.limits_off):
        shares = [figure(each) for each in noisy]
        assert shares[0] < 0.05
        assert shares == sorted(shares)
        assert shares[-1] > 0.6
    assert limits.bones_uneven(held) == 0, "simulated bodies are even"
    assert limits.bones_uneven(noisy[-1]) > 0.5


def test_that_one_bone_of_eight_too_long_is_an_eighth(parts):
    limits, held = parts
    within = held[:1]
    assert limits.bones_off(within) == 0
    stretched = within.copy()
    stretched[:, AT["head"]] *= 2
    assert limits.bones_off(stretched) == pytest.approx(1 / 8)
    assert limits.limits_off(stretched) == 0, "a length is no angle"


def test_that_an_arm_twice_as_long_as_the_other_is_one_uneven_pair_of_three(parts):
    limits, held = parts
    uneven = held[:1].copy()
    wrist, elbow = AT["left_hand"], AT["left_elbow"]
    uneven[:, wrist] = 2 * uneven[:, wrist] - uneven[:, elbow]
    assert limits.bones_uneven(uneven) == pytest.approx(1 / 3)


def test_that_a_mirrored_elbow_and_a_head_between_the_knees_are_past_their_limits(parts):
    limits, held = parts
    bent = held[:1].copy()
    bent[:, AT["head"]] = bent[:, AT["hip"]] * 0.5
    assert limits.limits_off(bent) == 1


def test_that_a_body_shrunk_to_a_point_is_none(parts):
    limits, _ = parts
    nothing = np.zeros((4, 9, 3), np.float32)
    assert limits.bones_off(nothing) == limits.limits_off(nothing) == limits.bones_uneven(nothing) == 1


def test_that_windows_and_steps_count_as_poses_and_none_is_no_number(parts):
    limits, held = parts
    assert limits.limits_off(held[:6].reshape(2, 3, 9, 3)) == limits.limits_off(held[:6])
    assert np.isnan(limits.bones_off(held[:0]))

"""Nine joints of an upper body on the built-in body."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bodies.skeletons import UPPER_BODY_9
from core.errors import ProjectError
from core.generation.upper_body import heading_of, held_by, meet_nine, nine_of, on_body, rest_lengths_m
from core.geometry.rotations import about_y, matrices, turned, unit
from core.recordings import joints_of, reference_joints_m

PARENTS, CHILDREN = (list(each) for each in zip(*UPPER_BODY_9.bones, strict=True))


def pose(seed: int, size: float = 0.4):
    return matrices(np.random.default_rng(seed).normal(size=(24, 3)) * size)


def bones(nine_m):
    return nine_m[CHILDREN] - nine_m[PARENTS]


def test_that_arms_end_where_the_body_has_its_wrists():
    from core.bodies.skeletons import RECORDED_27, SMPL_24
    from core.motion import Motion

    rotations = pose(3)
    whole = joints_of(Motion(SMPL_24, 30.0, rotations[None], np.zeros((1, 3))))[0]
    nine_m = nine_of(rotations)
    for ours, theirs in (("left_hand", "left_wrist"), ("right_elbow", "right_elbow"), ("head", "nose")):
        np.testing.assert_allclose(nine_m[UPPER_BODY_9[ours]], whole[RECORDED_27[theirs]], atol=1e-4)
    assert len(reference_joints_m()) == 55


@given(st.integers(0, 1000), st.floats(0.5, 2.0), st.floats(-3, 3))
def test_that_joints_of_any_size_get_the_bones_of_the_body_and_keep_their_directions(seed, scale, turn):
    given_m = scale * nine_of(pose(seed)) @ about_y(turn).T + [3.0, -1.0, 0.5]
    ours_m = on_body(given_m)
    assert not ours_m[UPPER_BODY_9["neck"]].any()
    np.testing.assert_allclose(np.linalg.norm(bones(ours_m), axis=-1), rest_lengths_m()[CHILDREN], rtol=1e-6)
    np.testing.assert_allclose(unit(bones(ours_m)), unit(bones(given_m)), atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("joints", [24, 55])
def test_that_a_body_is_found_whose_bones_point_as_the_nine_joints_do(seed, joints):
    wanted_m = on_body(nine_of(pose(seed)))
    found = held_by(wanted_m, joints)
    assert found.shape == (joints, 3, 3)
    np.testing.assert_allclose(found @ np.swapaxes(found, -1, -2), np.broadcast_to(np.eye(3), found.shape), atol=1e-6)
    wanted, ways = unit(bones(wanted_m)), unit(bones(nine_of(found)))
    np.testing.assert_allclose(turned(heading_of(ways, wanted), ways), wanted, atol=1e-5)


def test_that_a_pose_which_points_that_way_is_left_alone():
    own = pose(4)
    np.testing.assert_allclose(meet_nine(own, on_body(nine_of(own))), own, atol=1e-7)


def test_that_two_joints_in_one_place_are_refused_by_name():
    joints_m = nine_of(pose(1))
    joints_m[UPPER_BODY_9["left_hand"]] = joints_m[UPPER_BODY_9["left_elbow"]]
    with pytest.raises(ProjectError, match="left_elbow and left_hand are in one place"):
        on_body(joints_m)

"""A pose of one family moves a body of another in the joints that both have."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse
from scipy.spatial.transform import Rotation

from core.bodies.model_files import import_model
from core.bodies.poses import BODY_JOINTS, REST, joint_names, joint_sources, pose_for
from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body
from tests.core.bodies.made_up_models import random_arrays


def turns(joints, seed=0):
    vectors = np.random.default_rng(seed).normal(0, 0.4, (joints, 3))
    return Rotation.from_rotvec(vectors).as_matrix().astype(np.float32)


def body_of(family, tmp_path):
    np.savez(tmp_path / f"{family}.npz", **random_arrays(family))
    return Body(import_model(tmp_path / f"{family}.npz"))


@pytest.mark.parametrize("joints", [22, 24, 52, 55])
def test_that_a_pose_of_the_bodys_own_joints_is_taken_as_it_is(joints):
    np.testing.assert_array_equal(pose_for(turns(joints), joints), turns(joints))


def test_that_the_22_joints_of_the_body_are_the_same_in_every_family():
    for joints in (24, 52, 55):
        assert joint_names(joints)[:BODY_JOINTS] == SMPL_24.joints[:BODY_JOINTS]
        assert joint_sources(22, joints) == (*range(22), *[REST] * (joints - 22))


def test_that_fingers_of_smplh_are_the_fingers_of_smplx_and_jaw_and_eyes_stay():
    posed = pose_for(turns(52), 55)
    np.testing.assert_array_equal(posed[25:], turns(52)[22:])
    np.testing.assert_array_equal(posed[22:25], np.tile(np.eye(3), (3, 1, 1)))
    np.testing.assert_array_equal(pose_for(pose_for(turns(52), 55), 52), turns(52))


def test_that_smpls_hand_turns_the_knuckles_of_its_own_side_and_not_the_thumb():
    for joints in (52, 55):
        sources = dict(zip(joint_names(joints), joint_sources(24, joints), strict=True))
        for side in ("left", "right"):
            hand = SMPL_24[f"{side}_hand"]
            for finger in ("index", "middle", "pinky", "ring"):
                assert sources[f"{side}_{finger}1"] == hand
            assert sources[f"{side}_thumb1"] == REST
        assert [each for each in sources.values() if each in (22, 23)] == [22] * 4 + [23] * 4


def test_that_a_pose_of_24_joints_survives_the_way_through_a_body_with_fingers():
    for joints in (52, 55):
        np.testing.assert_array_equal(pose_for(pose_for(turns(24), joints), 24), turns(24))


def test_that_fewer_joints_than_the_body_leave_the_rest_at_rest():
    posed = pose_for(turns(9), 24)
    np.testing.assert_array_equal(posed[:9], turns(9))
    np.testing.assert_array_equal(posed[9:], np.tile(np.eye(3), (15, 1, 1)))


@pytest.mark.parametrize(("given", "joints"), [(25, 24), (60, 55), (24, 30)])
def test_that_a_pose_of_no_family_is_refused(given, joints):
    with pytest.raises(ValueError, match="joints"):
        pose_for(turns(given), joints)


def test_that_many_poses_at_once_are_the_poses_one_by_one():
    many = np.stack([turns(24, seed) for seed in range(4)])
    for at, one in enumerate(pose_for(many, 55)):
        np.testing.assert_array_equal(one, pose_for(many[at], 55))


def test_that_the_pose_it_is_given_stays_as_it_was():
    pose = turns(24)
    pose_for(pose, 55)[...] = 0
    np.testing.assert_array_equal(pose, turns(24))


@pytest.mark.parametrize("family", ["smplh", "smplx"])
@pytest.mark.parametrize("given", [22, 24])
def test_that_a_body_with_fingers_takes_a_body_pose_as_if_its_own_were_given(family, given, tmp_path):
    figure = body_of(family, tmp_path).shaped(np.ones(10))
    whole = pose_for(turns(given), len(figure.parents))
    np.testing.assert_array_equal(figure.pose(turns(given), np.ones(3)), figure.pose(whole, np.ones(3)))
    np.testing.assert_array_equal(
        figure.place(turns(given), np.ones(3)).places_m, figure.place(whole, np.ones(3)).places_m
    )


@pytest.mark.parametrize("family", ["smpl", "smplx"])
@pytest.mark.parametrize("given", [22, 24])
def test_that_sparse_and_dense_correctives_give_the_same_body(family, given, tmp_path):
    dense = body_of(family, tmp_path)
    sparse = Body(replace(dense.model, correctives_m=scipy.sparse.csr_matrix(dense.model.correctives_m)))
    poses = turns(given), np.ones(3)
    np.testing.assert_allclose(dense.shaped().pose(*poses), sparse.shaped().pose(*poses), atol=1e-6)


def test_that_dense_correctives_are_the_plain_product_at_every_size(tmp_path):
    """They are cut into blocks; the sum must not notice."""
    body = body_of("smplx", tmp_path)
    for pose in (turns(55), pose_for(turns(22), 55), np.tile(np.eye(3, dtype=np.float32), (55, 1, 1))):
        features = (pose[1:] - np.eye(3)).reshape(-1)
        wanted_m = (body.model.correctives_m.astype(float) @ features).reshape(-1, 3)
        np.testing.assert_allclose(body._correctives.offsets_m(pose), wanted_m, atol=1e-7)


def test_that_an_expression_moves_the_face_and_the_joints_it_carries(tmp_path):
    np.savez(tmp_path / "SMPLX.npz", **random_arrays("smplx", shapes=20))
    body = Body(import_model(tmp_path / "SMPLX.npz"))
    weights = np.array([0.0, 2.0])
    vertices_m, joints_m = body.rest(np.zeros(10), weights)
    still_m, still_joints_m = body.rest()
    moved_m = 2 * body.model.expressions_m[..., 1]
    np.testing.assert_allclose(vertices_m - still_m, moved_m, atol=1e-6)
    np.testing.assert_allclose(joints_m - still_joints_m, body.model.regressor @ moved_m, atol=1e-6)
    # More coefficients than there are say nothing more.
    np.testing.assert_array_equal(body.rest(np.zeros(300), np.append(weights, np.zeros(98)))[0], vertices_m)

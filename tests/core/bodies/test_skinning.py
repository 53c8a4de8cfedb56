"""Bodies posed in numpy: equal to smplx, and to what rigid bodies must do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body, Figure, Normals

ELBOW = SMPL_24["left_elbow"]


def random_pose(seed, spread=0.4):
    rng = np.random.default_rng(seed)
    rotations = Rotation.from_rotvec(rng.normal(0, spread, (24, 3))).as_matrix()
    return rotations, rng.normal(0, 1, 3)


@pytest.fixture(scope="module")
def body():
    return Body.load()


@pytest.fixture
def figure(body):
    return body.shaped(np.random.default_rng(3).normal(0, 1, 10))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # smplx's own
def test_that_the_posed_body_is_the_one_smplx_makes(body, capsys):
    import smplx
    import torch
    from smplx.utils import Struct

    model = body.model
    arrays = {
        "v_template": model.template_m,
        "shapedirs": model.shapes_m,
        "posedirs": model.correctives_m.toarray().reshape(-1, 3, 207),
        "J_regressor": model.regressor,
        "weights": model.weights,
        "f": model.faces,
        "kintree_table": np.stack([np.array(model.parents), np.arange(24)]),
    }
    theirs = smplx.SMPL("", data_struct=Struct(**arrays))
    for seed in range(3):
        rng = np.random.default_rng(seed)
        betas, vectors, translation = rng.normal(0, 1, 10), rng.normal(0, 0.4, (24, 3)), rng.normal(0, 1, 3)
        as_tensor = lambda array: torch.tensor(array.reshape(1, -1), dtype=torch.float32)  # noqa: E731
        with torch.no_grad():
            wanted = theirs(
                betas=as_tensor(betas),
                global_orient=as_tensor(vectors[0]),
                body_pose=as_tensor(vectors[1:]),
                transl=as_tensor(translation),
            )
        figure = body.shaped(betas)
        rotations = Rotation.from_rotvec(vectors).as_matrix()
        np.testing.assert_allclose(figure.pose(rotations, translation), wanted.vertices[0], atol=1e-6)
        placed = figure.place(rotations, translation)
        np.testing.assert_allclose(placed.places_m, wanted.joints[0, :24], atol=1e-6)


def test_that_no_pose_is_the_rest_body(figure):
    still = np.tile(np.eye(3), (24, 1, 1))
    np.testing.assert_allclose(figure.pose(still, np.zeros(3)), figure.vertices_m, atol=1e-6)
    np.testing.assert_allclose(figure.place(still, np.zeros(3)).places_m, figure.joints_m, atol=1e-6)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_that_turning_the_root_turns_the_whole_body_about_its_pelvis(seed):
    figure = Body.load().shaped()
    rotations, translation = random_pose(seed)
    turn = Rotation.from_rotvec(np.random.default_rng(seed + 1).normal(0, 1, 3)).as_matrix()
    turned = rotations.copy()
    turned[0] = turn @ rotations[0]
    pelvis = figure.joints_m[0] + translation
    expected = (figure.pose(rotations, translation) - pelvis) @ turn.T + pelvis
    np.testing.assert_allclose(figure.pose(turned, translation), expected, atol=1e-5)


def test_that_bending_an_elbow_moves_the_forearm_and_nothing_else(figure):
    rotations = np.tile(np.eye(3), (24, 1, 1))
    rotations[ELBOW] = Rotation.from_euler("y", -90, degrees=True).as_matrix()
    moved_m = np.linalg.norm(figure.pose(rotations, np.zeros(3)) - figure.vertices_m, axis=1)
    below_elbow = Body.load().model.weights[:, [ELBOW, SMPL_24["left_wrist"], SMPL_24["left_hand"]]].sum(1)
    # Above the elbow only what its correctives fill in moves, a little, and nothing beyond the upper arm.
    assert moved_m[below_elbow == 0].max() < 0.006
    away_m = np.linalg.norm(figure.vertices_m - figure.joints_m[ELBOW], axis=1)
    assert moved_m[(below_elbow == 0) & (away_m > 0.3)].max() < 1e-6
    assert np.median(moved_m[below_elbow > 0.99]) > 0.2
    placed = figure.place(rotations, np.zeros(3)).places_m
    forearm = placed[SMPL_24["left_wrist"]] - placed[ELBOW]
    assert forearm[2] > 0.9 * np.linalg.norm(forearm)  # it points forward now


def test_that_the_built_in_body_stands_as_smpl_bodies_do(body):
    vertices, joints = body.rest()
    at = SMPL_24
    assert body.parents == SMPL_24.parents
    np.testing.assert_allclose(joints[at["pelvis"]], 0, atol=0.02)
    assert joints[at["left_wrist"], 0] > 0.5 > -0.5 > joints[at["right_wrist"], 0]  # x is the person's left
    assert joints[at["head"], 1] > joints[at["left_hip"], 1] > joints[at["left_ankle"], 1]  # y is up
    assert joints[at["left_foot"], 2] > joints[at["left_ankle"], 2] + 0.05  # z is forward
    assert 1.6 < np.ptp(vertices[:, 1]) < 1.8
    np.testing.assert_allclose(body.model.weights.sum(1), 1, atol=1e-5)
    assert (body.model.weights > 0).sum(1).max() <= 4


def test_that_the_body_is_as_wide_on_its_left_as_on_its_right(body):
    vertices, joints = body.rest()
    mirrored = joints[list(SMPL_24.mirror)] * [-1, 1, 1]
    np.testing.assert_allclose(joints, mirrored, atol=0.015)
    assert abs(vertices[:, 0].max() + vertices[:, 0].min()) < 0.02


def test_that_the_mesh_is_oriented_outwards(body):
    """The volume by the divergence theorem is that of a person, and positive."""
    vertices, _ = body.rest()
    a, b, c = (vertices[body.faces[:, corner]].astype(float) for corner in range(3))
    volume_l = 1000 * np.einsum("fd,fd->", a, np.cross(b, c)) / 6
    assert 45 < volume_l < 100


def test_that_normals_are_the_perpendiculars_of_a_ball():
    polar, around = np.meshgrid(np.linspace(0.1, np.pi - 0.1, 24), np.linspace(0, 2 * np.pi, 48, endpoint=False))
    points = np.stack([np.sin(polar) * np.cos(around), np.cos(polar), np.sin(polar) * np.sin(around)], -1)
    at = np.arange(24 * 48).reshape(48, 24)
    here, next_around = at[:, :-1], np.roll(at, -1, 0)[:, :-1]
    below, both = at[:, 1:], np.roll(at, -1, 0)[:, 1:]
    triangles = [(here, both, below), (here, next_around, both)]
    faces = np.concatenate([np.stack(triangle, -1).reshape(-1, 3) for triangle in triangles])
    ball = points.reshape(-1, 3).astype(np.float32)
    towards = np.einsum("vd,vd->v", Normals(faces, len(ball))(ball), ball)
    inside = np.abs(ball[:, 1]) < 0.9  # the caps are open
    assert np.abs(towards[inside]).min() > 0.999
    assert len(set(np.sign(towards[inside]))) == 1


def test_that_normals_turn_with_the_body(figure):
    normals = Normals(figure.faces, len(figure.vertices_m))
    rotations, translation = random_pose(1)
    turn = Rotation.from_euler("y", 70, degrees=True).as_matrix()
    turned = rotations.copy()
    turned[0] = turn @ rotations[0]
    np.testing.assert_allclose(
        normals(figure.pose(turned, translation)), normals(figure.pose(rotations, translation)) @ turn.T, atol=2e-3
    )


def test_that_weights_of_one_joint_make_a_rigid_thing():
    rng = np.random.default_rng(0)
    points = rng.normal(0, 1, (50, 3))
    weights = np.zeros((50, 24))
    weights[:, SMPL_24["head"]] = 1
    hat = Figure(points, Body.load().rest()[1], weights, np.zeros((0, 3), np.int32), SMPL_24.parents)
    posed = hat.pose(*random_pose(5))
    between = lambda cloud: np.linalg.norm(cloud[:, None] - cloud[None], axis=-1)  # noqa: E731
    np.testing.assert_allclose(between(posed), between(points), atol=1e-5)

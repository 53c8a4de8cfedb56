"""The torch twins say what the numpy cameras say."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bodies.skeletons import UPPER_BODY_9
from core.geometry.cameras import levelling, neck_place_m, pinhole, project_levelled
from core.geometry.differentiable import (
    Views,
    bone_products,
    matrices_of_6d,
    of_matrices_6d,
    orthonormal_6d,
    see,
    turn,
)
from core.geometry.rotations import matrices
from tests.core.made_up_project import REST, bank_poses, tilted_camera


def _seen_by_numpy(joints_m, camera, neck_px, depth_m):
    place_m = neck_place_m(neck_px, depth_m, camera)
    pixels = project_levelled(joints_m, place_m, camera) - pinhole(place_m, camera)
    return pixels / (camera.focal_px / depth_m)


@settings(deadline=None, max_examples=40)
@given(
    tilt=st.floats(-60, 60),
    u=st.floats(0, 640),
    v=st.floats(0, 360),
    depth=st.floats(1.0, 8.0),
    seed=st.integers(0, 99),
)
def test_that_a_pose_is_seen_alike_in_torch_and_in_numpy(tilt, u, v, depth, seed):
    camera, neck_px = tilted_camera(tilt), np.array([u, v])
    joints_m = bank_poses(3, seed).astype(np.float64)
    ray = (neck_px - camera.centre_px) / camera.focal_px
    views = Views(
        torch.from_numpy(levelling(camera)).expand(3, 3, 3),
        torch.from_numpy(ray).expand(3, 2),
        torch.full((3,), depth, dtype=torch.float64),
    )
    ours = see(torch.from_numpy(joints_m), views).numpy()
    np.testing.assert_allclose(ours, [_seen_by_numpy(each, camera, neck_px, depth) for each in joints_m], atol=1e-6)


def test_that_projection_passes_gradients_that_move_a_joint_towards_its_goal():
    views = Views(torch.eye(3)[None] * torch.tensor([1.0, -1.0, -1.0]), torch.zeros(1, 2), torch.tensor([2.5]))
    joints = torch.from_numpy(REST.astype(np.float32))[None].requires_grad_()
    goal = see(joints.detach() + torch.tensor([0.1, 0.0, 0.0]), views)
    (see(joints, views) - goal).square().sum().backward()
    assert joints.grad is not None
    assert (joints.grad[0, :, 0] < 0).all()  # further to the right


@given(heading=st.floats(-7, 7))
def test_that_turning_keeps_heights_and_bones(heading):
    joints = torch.from_numpy(bank_poses(2).astype(np.float64))
    turned = turn(joints, torch.full((2,), heading, dtype=torch.float64))
    torch.testing.assert_close(turned[..., 1], joints[..., 1])
    torch.testing.assert_close(
        bone_products(turned, UPPER_BODY_9.bones), bone_products(joints, UPPER_BODY_9.bones), atol=1e-9, rtol=0
    )


def test_that_a_quarter_turn_goes_from_ahead_to_the_left():
    ahead = torch.tensor([[[0.0, 0.0, 1.0]]])
    torch.testing.assert_close(
        turn(ahead, torch.tensor([torch.pi / 2])), torch.tensor([[[1.0, 0.0, 0.0]]]), atol=1e-6, rtol=0
    )


def test_that_psi_has_squared_bone_lengths_on_its_diagonal():
    joints = torch.from_numpy(bank_poses(4).astype(np.float64))
    psi = bone_products(joints, UPPER_BODY_9.bones)
    for at, (parent, child) in enumerate(UPPER_BODY_9.bones):
        lengths = (joints[:, child] - joints[:, parent]).square().sum(-1)
        torch.testing.assert_close(psi[:, at, at], lengths)
    assert psi.shape == (4, 8, 8)


def test_that_a_joint_behind_the_camera_lands_far_outside_and_not_at_infinity():
    views = Views(torch.eye(3)[None], torch.zeros(1, 2), torch.tensor([1.0]))
    seen = see(torch.tensor([[[0.1, 0.0, -5.0]]]), views)
    assert torch.isfinite(seen).all()
    assert seen[0, 0, 0] == pytest.approx(100.0, rel=1e-3)


def test_that_rotations_come_back_from_their_first_two_columns():
    turns = matrices(np.random.default_rng(0).normal(0, 2, (50, 3)))
    six = of_matrices_6d(torch.from_numpy(turns))
    np.testing.assert_array_equal(six[:, :3].numpy(), turns[:, :, 0])
    np.testing.assert_array_equal(six[:, 3:].numpy(), turns[:, :, 1])
    np.testing.assert_allclose(matrices_of_6d(six).numpy(), turns, atol=1e-12)
    np.testing.assert_allclose(matrices_of_6d(orthonormal_6d(six)).numpy(), turns, atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000))
def test_that_any_six_numbers_become_the_rotation_that_numpys_gram_and_schmidt_gives(seed):
    numbers = np.random.default_rng(seed).normal(0, 1, (20, 6))
    given_columns = np.stack([numbers[:, :3], numbers[:, 3:]], axis=-1)
    basis, upper = np.linalg.qr(given_columns)
    basis = basis * np.sign(np.diagonal(upper, axis1=1, axis2=2))[:, None]  # QR leaves the signs open
    expected = np.concatenate([basis, np.cross(basis[..., 0], basis[..., 1])[..., None]], axis=-1)
    ours = matrices_of_6d(orthonormal_6d(torch.from_numpy(numbers).float())).numpy()
    # Columns that are nearly parallel leave fewer digits.
    slack = 1e-6 / np.minimum(1, np.abs(np.diagonal(upper, axis1=1, axis2=2)).min(1))
    assert np.all(np.abs(ours - expected).max((1, 2)) < slack)


def test_that_six_zeros_give_numbers_and_a_gradient():
    numbers = torch.zeros(2, 6, requires_grad=True)
    matrices_of_6d(orthonormal_6d(numbers)).sum().backward()
    assert torch.isfinite(numbers.grad).all()

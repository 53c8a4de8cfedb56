"""Both classifiers hear nothing beyond a window's end, and one reads no heading out of a motion."""

import numpy as np
import pytest
import torch

from core.geometry.rotations import about_y
from core.models.action_classifier import build, joint_inputs, parameter_inputs

KINDS = ("transformer", "gru")


def made(kind, inputs=12, actions=5):
    torch.manual_seed(3)
    return build(kind, inputs, actions).eval()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frames", [1, 3, 4, 17, 29])
def test_that_what_lies_behind_a_windows_end_changes_nothing(kind, frames):
    model, x = made(kind), torch.randn(3, 30, 12)
    spoiled = x.clone()
    spoiled[:, frames:] = 1e3
    lengths = torch.full((3,), frames)
    with torch.no_grad():
        one, other, short = model(x, lengths), model(spoiled, lengths), model(x[:, :frames], lengths)
    assert torch.equal(one.logits, other.logits)
    assert torch.allclose(one.features, short.features, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_that_company_of_other_lengths_changes_nothing(kind):
    model, x, lengths = made(kind), torch.randn(4, 25, 12), torch.tensor([25, 7, 13, 20])
    with torch.no_grad():
        together = model(x, lengths).logits
        alone = torch.cat([model(x[at : at + 1], lengths[at : at + 1]).logits for at in range(4)])
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_that_the_order_of_frames_matters(kind):
    model, x, lengths = made(kind), torch.randn(2, 24, 12), torch.tensor([24, 24])
    with torch.no_grad():
        assert not torch.allclose(model(x, lengths).logits, model(x.flip(1), lengths).logits, atol=1e-3)


def some_motion(frames=20, joints=24):
    random = np.random.default_rng(5)
    matrices = np.linalg.qr(random.normal(size=(2, frames, joints, 3, 3)))[0]
    matrices *= np.sign(np.linalg.det(matrices))[..., None, None]
    return matrices, random.normal(size=(2, frames, 3))


def as_inputs(matrices, path_m):
    six = np.concatenate([matrices[..., 0], matrices[..., 1]], axis=-1)
    return parameter_inputs(torch.from_numpy(six), torch.from_numpy(path_m))


def test_that_turning_and_moving_a_whole_motion_over_the_ground_changes_no_input():
    matrices, path_m = some_motion()
    turn = about_y(1.1)
    turned = matrices.copy()
    turned[:, :, 0] = turn @ matrices[:, :, 0]
    moved = path_m @ turn.T + np.array([3.0, 0.0, -2.0])
    assert as_inputs(matrices, path_m).shape == (2, 20, 24 * 6 + 4)
    assert torch.allclose(as_inputs(turned, moved), as_inputs(matrices, path_m), atol=1e-6)


def test_that_steps_are_told_ahead_and_to_the_left_of_the_body():
    matrices = np.tile(np.eye(3), (1, 3, 24, 1, 1))
    matrices[:, :, 0] = about_y(np.pi / 2)  # heads along +x
    path_m = np.array([[[0.0, 1.0, 0.0], [0.02, 1.0, 0.0], [0.02, 1.0, -0.01]]])
    told = as_inputs(matrices, path_m)[0, :, -3:-1]  # to the left (x of a body that heads along z), ahead
    assert torch.allclose(told, torch.tensor([[0.0, 0.0], [0.0, 2.0], [1.0, 0.0]], dtype=told.dtype), atol=1e-6)


def test_that_joints_are_seen_from_where_the_root_was_at_first():
    joints_m = torch.randn(2, 6, 24, 3)
    inputs = joint_inputs(joints_m)
    assert torch.equal(inputs[:, 0, :3], torch.zeros(2, 3))
    assert torch.allclose(joint_inputs(joints_m + torch.tensor([1.0, 2.0, 3.0])), inputs, atol=1e-6)

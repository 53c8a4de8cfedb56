"""What a reconstruction is measured by: values by hand, padding that weighs nothing, gradients that pull it right."""

import numpy as np
import pytest
import torch

from core.bodies.surface import Surface
from core.geometry.differentiable import matrices_of_6d, of_matrices_6d
from core.geometry.rotations import matrices
from core.models.motion_vqvae import MotionTensors
from core.posegpt_configs import MotionLosses as Knobs
from core.training.motion_losses import MotionLosses, drawn_frames, masked_mean, pve_mm

JOINTS = 24
ALL = {"velocity": 1.0, "vertex_frames": 1.0, "vertex_share": 0.02}


def _motion(batch=2, frames=6, seed=0):
    rng = np.random.default_rng(seed)
    turns = matrices(rng.normal(0, 0.3, (batch, frames, JOINTS, 3)))
    return MotionTensors(
        of_matrices_6d(torch.tensor(turns)).float(), torch.tensor(rng.normal(0, 0.3, (batch, frames, 3))).float()
    )


def _row(motion, row, frames):
    return MotionTensors(motion.rotations_6d[row : row + 1, :frames], motion.path_m[row : row + 1, :frames])


@pytest.mark.parametrize("kind", ["l1", "l2"])
def test_that_terms_are_the_means_counted_by_hand(kind):
    made, true = _motion(), _motion(seed=1)
    losses = MotionLosses(Knobs(**ALL, parameter_kind=kind, vertex_kind=kind), "smpl")
    terms = losses(made, true)
    mean = (lambda each: each.abs().mean()) if kind == "l1" else (lambda each: each.square().mean() / 2)
    turns = matrices_of_6d(made.rotations_6d) - matrices_of_6d(true.rotations_6d)

    def points(motion):
        posed = losses.surface.vertices(matrices_of_6d(motion.rotations_6d).flatten(0, 1), motion.path_m.flatten(0, 1))
        return posed.unflatten(0, (2, 6))

    apart = points(made) - points(true)
    moved = apart[:, 1:] - apart[:, :-1]
    expected = {
        "rotations": mean(turns[:, :, 1:]), "root": mean(turns[:, :, 0]), "path": mean(made.path_m - true.path_m),
        "vertices": mean(apart), "velocity": mean(moved),
    }  # fmt: skip
    assert set(terms) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value, atol=1e-6, rtol=1e-4)


def test_that_vertices_seen_from_the_root_know_nothing_of_the_way():
    losses, true = MotionLosses(Knobs(**ALL, vertices_about="root"), "smpl"), _motion(seed=1)
    moved = MotionTensors(true.rotations_6d, true.path_m + torch.tensor([0.3, 0.1, -2.0]))
    assert losses(moved, true)["vertices"] < 1e-6
    bent = _motion()
    here = losses(MotionTensors(bent.rotations_6d, true.path_m), true)["vertices"]
    torch.testing.assert_close(losses(bent, true)["vertices"], here, atol=1e-6, rtol=1e-5)
    assert here > 0.01


def test_that_the_total_is_the_weighted_sum_and_what_weighs_nothing_is_not_computed():
    losses = MotionLosses(Knobs(rotations=2.0, root=0.0, path=3.0, vertices=0.0), "smpl")
    terms = losses(_motion(), _motion(seed=1))
    assert set(terms) == {"rotations", "path"}
    torch.testing.assert_close(losses.total(terms), 2 * terms["rotations"] + 3 * terms["path"])


@pytest.mark.parametrize("kind", ["l1", "l2"])
def test_that_padding_weighs_nothing_whatever_stands_in_it(kind):
    losses = MotionLosses(Knobs(**ALL, parameter_kind=kind, vertex_kind=kind), "smpl")
    made, true = _motion(), _motion(seed=1)
    real = torch.arange(6) < torch.tensor([[6], [4]])
    made.rotations_6d[1, 4:], made.path_m[1, 4:] = torch.nan, torch.nan
    padded = losses(made, true, real)
    apart = [losses(_row(made, 0, 6), _row(true, 0, 6)), losses(_row(made, 1, 4), _row(true, 1, 4))]
    for name, value in padded.items():
        first, second = (5, 3) if name == "velocity" else (6, 4)  # nothing is before a first frame
        mean = (first * apart[0][name] + second * apart[1][name]) / (first + second)
        torch.testing.assert_close(value, mean, atol=1e-6, rtol=1e-4)


def test_that_padding_gives_no_gradient_and_what_is_real_does():
    losses, true = MotionLosses(Knobs(**ALL), "smpl"), _motion(seed=1)
    made = _motion()
    made.rotations_6d.requires_grad_(), made.path_m.requires_grad_()
    losses.total(losses(made, true, torch.arange(6) < torch.tensor([[6], [4]]))).backward()
    for each in (made.rotations_6d.grad, made.path_m.grad):
        assert torch.all(each[1, 4:] == 0)
        assert torch.all(each[1, :4].flatten(1).norm(dim=1) > 0)


def test_that_a_window_of_one_frame_has_no_velocity():
    losses = MotionLosses(Knobs(**ALL), "smpl")
    terms = losses(_motion(frames=1), _motion(frames=1, seed=1))
    assert terms["velocity"] == 0
    assert terms["vertices"] > 0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.5, 1.0])
def test_that_frames_are_drawn_from_every_part_of_what_is_real_and_at_least_one(share):
    lengths = torch.tensor([64, 16, 5, 1])
    at, counted = drawn_frames(lengths, 64, share, torch.Generator().manual_seed(0))
    expected = torch.ceil(share * lengths).clamp_min(1)
    assert torch.equal(counted.sum(1), expected.long())
    assert torch.all(at < lengths[:, None])
    for row, count in enumerate(expected.long().tolist()):
        parts = torch.arange(count + 1) * lengths[row] / count
        assert torch.all(at[row, :count] >= parts[:-1].floor())
        assert torch.all(at[row, :count] < parts[1:])
    if share == 1.0:
        assert at[0].tolist() == list(range(64))
        assert at[2, :5].tolist() == list(range(5))


def test_that_the_drawn_frames_differ_from_step_to_step_and_not_from_run_to_run():
    lengths, random = torch.tensor([64] * 8), torch.Generator().manual_seed(0)
    first, second = (drawn_frames(lengths, 64, 0.1, random)[0] for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(first, drawn_frames(lengths, 64, 0.1, torch.Generator().manual_seed(0))[0])


def test_that_a_mean_of_nothing_is_nothing():
    assert masked_mean(torch.ones(2, 3), torch.zeros(2, dtype=torch.bool), "l1") == 0


def test_that_the_error_of_a_shifted_body_is_its_shift_over_real_frames():
    true = _motion()
    shifted = MotionTensors(true.rotations_6d, true.path_m.clone())
    shifted.path_m[0] += torch.tensor([0.0, 0.03, 0.04])
    shifted.path_m[1, 3:] += 100.0
    surface = Surface("smpl", vertex_share=0.05)
    real = torch.arange(6) < torch.tensor([[6], [3]])
    torch.testing.assert_close(pve_mm(surface, shifted, true, real), torch.tensor([50.0, 0.0]), atol=1e-2, rtol=0)
    assert pve_mm(surface, shifted, true)[1] > 1000

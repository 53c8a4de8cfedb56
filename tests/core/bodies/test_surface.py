"""The body's surface in few products: the joints and vertices that the whole model has, and spread parts of it."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from core.bodies import built_in
from core.bodies.parametric import ParametricBody
from core.bodies.surface import Surface, spread_vertices, vertex_distances_mm
from core.geometry.rotations import matrices

JOINTS = {"smpl": 24, "smplx": 55}
FAMILIES = pytest.mark.parametrize("family", ["smpl", "smplx"])


def _poses(family, count=4, size=0.4, seed=0):
    rng = np.random.default_rng(seed)
    turns = matrices(rng.normal(0, size, (count, JOINTS[family], 3)))
    return torch.tensor(turns).float(), torch.tensor(rng.normal(0, 1, (count, 3))).float()


def _posed(family, rotations, path_m):
    return ParametricBody(built_in.load(family, "neutral"))(torch.zeros(len(path_m), 1), rotations, path_m)


@FAMILIES
def test_that_joints_and_corrected_vertices_are_those_of_the_whole_model(family):
    rotations, path_m = _poses(family)
    surface, whole = Surface(family, correctives=True), _posed(family, rotations, path_m)
    torch.testing.assert_close(surface.joints(rotations, path_m), whole.joints_m, atol=1e-5, rtol=0)
    torch.testing.assert_close(surface.vertices(rotations, path_m), whole.vertices_m, atol=1e-5, rtol=0)


@FAMILIES
def test_that_correctives_move_vertices_by_millimetres_and_distances_by_less(family):
    one, other = _poses(family), _poses(family, seed=1)
    plain, exact = Surface(family), Surface(family, correctives=True)
    apart_mm = 1000 * (plain.vertices(*one) - exact.vertices(*one)).norm(dim=-1)
    assert 0.5 < apart_mm.mean() < 4
    assert apart_mm.max() < 60
    other = (one[0] @ _poses(family, size=0.1, seed=1)[0], one[1])
    ratio = vertex_distances_mm(plain, one, other) / vertex_distances_mm(exact, one, other)
    assert torch.all((ratio - 1).abs() < 0.01)


@FAMILIES
@pytest.mark.parametrize("correctives", [False, True])
def test_that_a_share_of_the_vertices_are_vertices_of_the_whole(family, correctives):
    pose = _poses(family)
    chosen = spread_vertices(built_in.load(family, "neutral"), 0.1)
    part = Surface(family, vertex_share=0.1, correctives=correctives).vertices(*pose)
    whole = Surface(family, correctives=correctives).vertices(*pose)
    torch.testing.assert_close(part, whole[:, chosen], atol=1e-6, rtol=0)


@FAMILIES
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 1.0])
def test_that_the_share_is_fixed_of_its_size_and_leaves_no_region_out(family, share):
    model = built_in.load(family, "neutral")
    chosen = spread_vertices(model, share)
    assert len(chosen) == len(set(chosen.tolist())) == round(share * len(model.template_m))
    assert np.array_equal(chosen, spread_vertices(model, share))
    # Nowhere is the nearest chosen one further than a few times what an even spread over two square metres would give.
    far_m = cKDTree(model.template_m[chosen]).query(model.template_m)[0].max()
    assert far_m < 5 * np.sqrt(2.0 / len(chosen) / np.pi)


def test_that_a_share_of_nothing_is_one_vertex():
    assert len(Surface("smpl", vertex_share=0.0).rest_m) == 1


@FAMILIES
def test_that_a_tenth_of_the_vertices_measures_as_all_do(family):
    one = _poses(family, count=8)
    other = (one[0] @ _poses(family, count=8, size=0.1, seed=2)[0], one[1] + 0.02)
    tenth, all_mm = (
        vertex_distances_mm(Surface(family, vertex_share=share), one, other).mean() for share in (0.1, 1.0)
    )
    assert tenth.item() == pytest.approx(all_mm.item(), rel=0.01)


def test_that_the_difference_of_two_carriers_spans_the_difference_of_the_surfaces():
    surface, one, other = Surface("smpl"), _poses("smpl"), _poses("smpl", seed=1)
    apart = surface.spanned(surface.carriers(*one) - surface.carriers(*other)).transpose(1, 2)
    torch.testing.assert_close(apart, surface.vertices(*one) - surface.vertices(*other), atol=1e-5, rtol=0)


def test_that_a_distance_is_the_mean_over_vertices_in_millimetres():
    surface, (rotations, path_m) = Surface("smpl"), _poses("smpl", count=70)  # more than are done at once
    far_mm = vertex_distances_mm(surface, (rotations, path_m), (rotations, path_m + torch.tensor([0.003, 0.0, 0.004])))
    torch.testing.assert_close(far_mm, torch.full((70,), 5.0), atol=1e-2, rtol=0)
    assert vertex_distances_mm(surface, (rotations[:0], path_m[:0]), (rotations[:0], path_m[:0])).shape == (0,)


def test_that_gradients_of_vertices_are_those_of_finite_differences():
    surface = Surface("smpl", vertex_share=0.002).double()
    rotations, path_m = (each.double().requires_grad_() for each in _poses("smpl", count=1))
    assert torch.autograd.gradcheck(surface.joints, (rotations, path_m), fast_mode=True)
    assert torch.autograd.gradcheck(surface.carriers, (rotations, path_m), fast_mode=True)

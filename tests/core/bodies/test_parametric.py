"""Bodies in torch, beside smplx's own layers and beside the numpy twin."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.bodies.model_files import import_model
from core.bodies.parametric import ParametricBody
from core.bodies.skinning import Body
from tests.core.bodies.made_up_models import JOINTS, random_arrays

FAMILIES = ("smpl", "smplh", "smplx")
EXTRA = {"nose": 0}  # smplx picks further joints by vertex number; a small mesh has no such numbers


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture
def model(family, tmp_path):
    np.savez(tmp_path / "model.npz", **random_arrays(family, shapes=20 if family == "smplx" else 10))
    return import_model(tmp_path / "model.npz")


def random_poses(joints, count=3, seed=0):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(0, 0.5, (count, joints, 3))
    return rng.normal(0, 1, (count, 10)), vectors, rng.normal(0, 1, (count, 3)), rng.normal(0, 1, (count, 10))


def matrices(vectors):
    return Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(*vectors.shape, 3)


def smplx_layer(family, arrays, tmp_path, monkeypatch):
    """smplx's own layer of these arrays in double precision, hands flat."""
    import smplx.body_models as layers

    monkeypatch.setattr(layers, "VERTEX_IDS", dict.fromkeys(("smplh", "smplx"), EXTRA))
    monkeypatch.setattr(layers.VertexJointSelector, "__init__", lambda self, **_: torch.nn.Module.__init__(self))
    monkeypatch.setattr(layers.VertexJointSelector, "forward", lambda self, vertices, joints: joints)
    named = {"dtype": torch.float64, "batch_size": 3}
    hands = {"use_pca": False, "flat_hand_mean": True}
    if family == "smpl":
        return layers.SMPL("", data_struct=SimpleNamespace(**arrays), **named)
    if family == "smplh":
        return layers.SMPLH("", data_struct=SimpleNamespace(**arrays), **named, **hands)
    np.savez(tmp_path / "SMPLX_NEUTRAL.npz", **arrays)
    return layers.SMPLX(str(tmp_path / "SMPLX_NEUTRAL.npz"), **named, **hands)


def posed_by_smplx(family, arrays, poses, tmp_path, monkeypatch):
    betas, vectors, translation_m, expression = (torch.tensor(each) for each in poses)
    flat = lambda first, last: vectors[:, first:last].reshape(3, -1)  # noqa: E731
    parts = {"global_orient": flat(0, 1)}
    if family == "smpl":
        parts |= {"body_pose": flat(1, 24)}
    elif family == "smplh":
        parts |= {"body_pose": flat(1, 22), "left_hand_pose": flat(22, 37), "right_hand_pose": flat(37, 52)}
    else:
        parts |= {"body_pose": flat(1, 22), "left_hand_pose": flat(25, 40), "right_hand_pose": flat(40, 55)}
        parts |= {"jaw_pose": flat(22, 23), "leye_pose": flat(23, 24), "reye_pose": flat(24, 25)}
        parts |= {"expression": expression}
    with torch.no_grad():
        posed = smplx_layer(family, arrays, tmp_path, monkeypatch)(betas=betas, transl=translation_m, **parts)
    return posed.vertices.numpy(), posed.joints[:, : JOINTS[family]].numpy()


@pytest.mark.filterwarnings("ignore")  # smplx's own
def test_that_every_family_is_posed_as_smplx_poses_it(family, model, tmp_path, monkeypatch, capsys):
    """Smplx works in double precision here, so that only our own rounding counts."""
    arrays = random_arrays(family, shapes=20 if family == "smplx" else 10)
    poses = random_poses(JOINTS[family])
    betas, vectors, translation_m, expression = poses
    vertices_m, joints_m = posed_by_smplx(family, arrays, poses, tmp_path, monkeypatch)
    body = Body(model)
    for at in range(3):
        figure = body.shaped(betas[at], expression[at])
        rotations = matrices(vectors[at])
        np.testing.assert_allclose(figure.pose(rotations, translation_m[at]), vertices_m[at], atol=1e-6)
        np.testing.assert_allclose(figure.place(rotations, translation_m[at]).places_m, joints_m[at], atol=1e-6)


def test_that_torch_and_numpy_pose_the_same_body(family, model):
    betas, vectors, translation_m, expression = random_poses(JOINTS[family], seed=1)
    as_tensor = lambda array: torch.tensor(array, dtype=torch.float32)  # noqa: E731
    posed = ParametricBody(model)(*map(as_tensor, (betas, matrices(vectors), translation_m, expression)))
    for at in range(3):
        figure = Body(model).shaped(betas[at], expression[at])
        rotations = matrices(vectors[at])
        np.testing.assert_allclose(posed.vertices_m[at], figure.pose(rotations, translation_m[at]), atol=2e-6)
        np.testing.assert_allclose(posed.joints_m[at], figure.place(rotations, translation_m[at]).places_m, atol=2e-6)


def test_that_gradients_are_the_slopes_of_the_vertices(model):
    """In double precision, against finite differences."""
    body = ParametricBody(model, dtype=torch.float64)
    betas, vectors, translation_m, _ = random_poses(len(model.parents), count=1)
    given = [torch.tensor(each, requires_grad=True) for each in (betas, matrices(vectors), translation_m)]
    pick = torch.tensor(np.random.default_rng(2).normal(0, 1, (1, len(model.template_m), 3)))
    value = lambda *each: (body(*each).vertices_m * pick).sum()  # noqa: E731
    slopes = torch.autograd.grad(value(*given), given)
    for at, slope in enumerate(slopes):
        direction = torch.randn(given[at].shape, dtype=torch.float64, generator=torch.Generator().manual_seed(at))
        step = 1e-6
        ahead = [each + step * direction if at == place else each for place, each in enumerate(given)]
        behind = [each - step * direction if at == place else each for place, each in enumerate(given)]
        measured = (value(*ahead) - value(*behind)) / (2 * step)
        torch.testing.assert_close((slope * direction).sum(), measured, rtol=1e-5, atol=1e-7)


def test_that_a_pose_of_24_joints_moves_a_body_with_fingers_as_in_numpy(model):
    betas, vectors, translation_m, _ = random_poses(24, seed=4)
    posed = ParametricBody(model)(
        *(torch.tensor(each, dtype=torch.float32) for each in (betas, matrices(vectors), translation_m))
    )
    figure = Body(model).shaped(betas[0])
    np.testing.assert_allclose(posed.vertices_m[0], figure.pose(matrices(vectors[0]), translation_m[0]), atol=2e-6)


def test_that_nothing_is_printed_and_nothing_is_trained(model, capfd):
    body = ParametricBody(model)
    assert capfd.readouterr() == ("", "")
    assert list(body.parameters()) == []

"""Bodies posed in torch, through smplx: many at once and with gradients, for training, fitting and measuring.

    posed = ParametricBody(library.body("built-in/smpl/neutral").model)(betas, rotations, translation_m)
    posed.vertices_m, posed.joints_m        # (B, V, 3), (B, J, 3)

It takes the arrays of a model that was read, so smplx never opens a file, and gives the 24, 52 or 55 joints of the
family; what smplx adds to them by the numbers of SMPL's own vertices means nothing on other meshes. Rotations are
matrices, local, as in `kinematics`; a pose of another family turns the joints that both have (`poses`). Its twin for
the screen, `skinning`, agrees to a micrometre. Metres, y up.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import smplx.lbs
import torch
from jaxtyping import Float
from torch import Tensor

from core.bodies.model_files import BodyModel
from core.bodies.poses import joint_sources

# Its signature names a tensor type of its own.
_lbs: Callable[..., Any] = smplx.lbs.lbs


class PosedBodies(NamedTuple):
    vertices_m: Float[Tensor, "batch vertices 3"]
    joints_m: Float[Tensor, "batch joints 3"]


class ParametricBody(torch.nn.Module):
    """A body model as a differentiable function of shape, pose and place. Nothing in it is trained."""

    template_m: Tensor
    shapes_m: Tensor
    expressions_m: Tensor
    correctives_m: Tensor
    regressor: Tensor
    weights: Tensor
    parents: Tensor

    def __init__(self, model: BodyModel, *, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.family = model.family
        none_m = np.zeros((len(model.template_m), 3, 0), np.float32)
        arrays = {
            "template_m": model.template_m,
            "shapes_m": model.shapes_m,
            "expressions_m": none_m if model.expressions_m is None else model.expressions_m,
            # smplx multiplies features by coordinates.
            "correctives_m": np.ascontiguousarray(model.dense_correctives_m.T),
            "regressor": model.regressor,
            "weights": model.weights,
        }
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(array, dtype=dtype), persistent=False)
        self.register_buffer("parents", torch.tensor(model.parents), persistent=False)

    def forward(
        self,
        betas: Float[Tensor, "batch shapes"],
        rotations: Float[Tensor, "batch given 3 3"],
        translation_m: Float[Tensor, "batch 3"],
        expression: Float[Tensor, "batch expressions"] | None = None,
    ) -> PosedBodies:
        """Missing coefficients are 0; more than the model has are ignored."""
        given = [(betas, self.shapes_m), *([(expression, self.expressions_m)] if expression is not None else [])]
        used = [(each[:, : basis.shape[2]], basis[..., : each.shape[1]]) for each, basis in given]
        vertices_m, joints_m = _lbs(
            torch.cat([each for each, _ in used], dim=1),
            _for_joints(rotations, len(self.parents)).contiguous(),
            self.template_m,
            torch.cat([basis for _, basis in used], dim=2),
            self.correctives_m,
            self.regressor,
            self.parents,
            self.weights,
            pose2rot=False,
        )
        return PosedBodies(vertices_m + translation_m[:, None], joints_m + translation_m[:, None])


def _for_joints(rotations: Float[Tensor, "batch given 3 3"], joints: int) -> Float[Tensor, "batch joints 3 3"]:
    sources = joint_sources(rotations.shape[1], joints)
    still = torch.eye(3, dtype=rotations.dtype, device=rotations.device).expand(len(rotations), 1, 3, 3)
    known = torch.cat([rotations, still], dim=1)  # poses.REST, −1, takes the last
    return known[:, torch.tensor(sources, device=rotations.device)]

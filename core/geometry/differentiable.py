"""Projection in torch: the twins of `geometry.cameras`, equal to it within 1e-6, for models and training.

A forecast pose lives in its clip's levelled frame (neck at the origin, metres, y up). Seen from the clip's camera and
divided by the pixels a metre has at the neck's depth, it becomes a *seen pose*: metres at that depth, x right, y down,
neck at the origin. In these units the focal length falls out and clips of different cameras look alike:

    X̂ / s = (d_xy − r · d_z) / (1 + d_z / z),   d = R̃ Ŷ,   r = K⁻¹ (u, v, 1) of the last seen neck,   s = f / z

Rotations as six numbers are the first two columns of their matrix, column 0 then column 1 (Zhou et al., On the
Continuity of Rotation Representations); any six become a rotation by Gram and Schmidt.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from core.geometry.cameras import NEAREST_M


@dataclass(frozen=True)
class Views:
    """How each pose of a batch is looked at: R̃ (`tilt`), the last seen neck's ray (x, y at depth 1), z (`depth_m`)."""

    tilt: Float[Tensor, "batch 3 3"]
    ray: Float[Tensor, "batch 2"]
    depth_m: Float[Tensor, " batch"]

    def __getitem__(self, chosen: Tensor | slice) -> "Views":
        return Views(self.tilt[chosen], self.ray[chosen], self.depth_m[chosen])


def see(joints_m: Float[Tensor, "batch joints 3"], views: Views) -> Float[Tensor, "batch joints 2"]:
    """Levelled poses as their cameras see them, in metres at the neck's depth.

    Depth is clamped as in `cameras.pinhole`, so a joint behind the camera lands far outside.
    """
    offset_m = joints_m @ views.tilt.transpose(-1, -2)
    depth_m = views.depth_m[:, None, None]
    joint_depth_m = (depth_m + offset_m[..., 2:]).clamp_min(NEAREST_M)
    place_m = views.ray[:, None, :] * depth_m
    return (place_m + offset_m[..., :2]) / joint_depth_m * depth_m - place_m


def turn(
    joints_m: Float[Tensor, "batch joints 3"], heading: Float[Tensor, " batch"]
) -> Float[Tensor, "batch joints 3"]:
    """Poses turned about the vertical by `heading` radians, from +z towards +x."""
    cos, sin = torch.cos(heading)[:, None], torch.sin(heading)[:, None]
    x, y, z = joints_m.unbind(-1)
    return torch.stack((cos * x + sin * z, y, cos * z - sin * x), dim=-1)


def bone_products(
    joints: Float[Tensor, "batch joints 3"], bones: tuple[tuple[int, int], ...]
) -> Float[Tensor, "batch bones bones"]:
    """Ψ = BᵀB: squared bone lengths on the diagonal, lengths and angles between bones off it."""
    parents, children = zip(*bones, strict=True)
    vectors = joints[:, list(children)] - joints[:, list(parents)]
    return vectors @ vectors.transpose(-1, -2)


def orthonormal_6d(numbers: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 6"]:
    """The rotation nearest to any six numbers by Gram and Schmidt: the first column's direction is kept."""
    first, second = numbers[..., :3], numbers[..., 3:]
    first = functional.normalize(first, dim=-1, eps=1e-8)
    second = functional.normalize(second - (first * second).sum(-1, keepdim=True) * first, dim=-1, eps=1e-8)
    return torch.cat([first, second], dim=-1)


def matrices_of_6d(orthonormal: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 3 3"]:
    """The matrices whose first two columns these are; use `orthonormal_6d` first on what a model said."""
    first, second = orthonormal[..., :3], orthonormal[..., 3:]
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)


def of_matrices_6d(rotations: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 6"]:
    """The first two columns of rotation matrices."""
    return torch.cat([rotations[..., 0], rotations[..., 1]], dim=-1)

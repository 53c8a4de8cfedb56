"""Joints and surface of the built-in body in torch, in few matrix products: for losses and for distances.

    surface = Surface("smpl", vertex_share=0.1)
    surface.joints(rotations, path_m)           # (M, J, 3)
    surface.vertices(rotations, path_m)         # (M, V, 3)
    vertex_distances_mm(surface, one, other)    # (M,)

The shape is fixed (betas 0), so rest joints are numbers and the tree is walked by its depth, all limbs at once. Without
correctives a vertex is linear in its joints' places and turns, and the whole surface one product of matrices; the same
product spans differences of two motions. With `correctives` vertices equal `parametric.ParametricBody` within 10 µm.
What they add is 2 mm on average in moderate poses and 28 mm at the most, but to both sides of a comparison: mean
distances with and without them differ by less than a hundredth. Metres, y up; a pose is local rotations and SMPL's
translation (see `kinematics`). M poses, J joints, V vertices.
"""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor, nn

from core.bodies import built_in
from core.bodies.model_files import BodyModel, Family

_CHUNK = 64
"""Poses whose corrected vertices are in memory at once: 50 MB of SMPL-X."""


class Surface(nn.Module):
    """The built-in neutral body of a family. Nothing in it is trained or saved.

    `vertex_share` keeps so much of the vertices, always the same and spread like all of them.
    """

    bones_m: Float[Tensor, "J 3"]
    rest_joints_m: Float[Tensor, "J 3"]
    rest_m: Float[Tensor, "V 3"]
    weights: Float[Tensor, "V J"]
    span: Float[Tensor, "J4 V"]
    correctives_m: Float[Tensor, "features V3"]

    def __init__(self, family: Family, *, vertex_share: float = 1.0, correctives: bool = False) -> None:
        super().__init__()
        model = built_in.load(family, "neutral")
        rest_joints_m = model.regressor @ model.template_m
        chosen = spread_vertices(model, vertex_share)
        rest_m, weights = model.template_m[chosen], model.weights[chosen]
        self._levels, self._order = _levels(model.parents)
        parents = np.array(model.parents)
        bones_m = rest_joints_m - np.where(parents[:, None] < 0, 0.0, rest_joints_m[parents])
        one = np.concatenate([rest_m, np.ones_like(rest_m[:, :1])], axis=1)
        # A vertex is Σ w (R v + o) over its joints: the w and w v stand in a fixed matrix, (joint, 4) by vertex.
        span = (weights[:, :, None] * one[:, None, :]).reshape(len(rest_m), -1).T
        arrays = {
            "bones_m": bones_m, "rest_joints_m": rest_joints_m, "rest_m": rest_m, "weights": weights, "span": span,
        }  # fmt: skip
        if correctives:
            rows = model.dense_correctives_m.reshape(len(model.template_m), 3, -1)[chosen]
            arrays["correctives_m"] = rows.reshape(3 * len(chosen), -1).T
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(np.ascontiguousarray(array, np.float32)), persistent=False)
        self._corrects = correctives

    # ---- where things are ----

    def placed(
        self, rotations: Float[Tensor, "M J 3 3"], path_m: Float[Tensor, "M 3"]
    ) -> tuple[Float[Tensor, "M J 3 3"], Float[Tensor, "M J 3"]]:
        """Every joint's frame and place in the world."""
        turns, places = [], []
        for joints, above in self._levels:
            own = rotations[:, joints]
            if above is None:
                turns.append(own)
                places.append(self.bones_m[joints] + path_m[:, None])
            else:
                parent = turns[-1][:, above]
                turns.append(parent @ own)
                places.append(places[-1][:, above] + (parent @ self.bones_m[joints][..., None])[..., 0])
        return torch.cat(turns, dim=1)[:, self._order], torch.cat(places, dim=1)[:, self._order]

    def joints(self, rotations: Float[Tensor, "M J 3 3"], path_m: Float[Tensor, "M 3"]) -> Float[Tensor, "M J 3"]:
        """Where the joints are."""
        return self.placed(rotations, path_m)[1]

    def carriers(self, rotations: Float[Tensor, "M J 3 3"], path_m: Float[Tensor, "M 3"]) -> Float[Tensor, "M 3 J4"]:
        """What carries points from the rest body to where they are: of every joint its turn and its offset, by axis."""
        turns, places_m = self.placed(rotations, path_m)
        offsets_m = places_m - (turns @ self.rest_joints_m[..., None])[..., 0]
        return torch.cat([turns, offsets_m[..., None]], dim=-1).transpose(1, 2).flatten(2)

    def spanned(self, carriers: Float[Tensor, "M 3 J4"]) -> Float[Tensor, "M 3 V"]:
        """Vertices without correctives, coordinates first; of a difference of carriers, how far vertices differ."""
        with torch.autocast(carriers.device.type, enabled=False):  # half digits would cost millimetres
            return carriers.float() @ self.span

    def vertices(self, rotations: Float[Tensor, "M J 3 3"], path_m: Float[Tensor, "M 3"]) -> Float[Tensor, "M V 3"]:
        """The surface, with correctives where it was made with them."""
        carriers = self.carriers(rotations, path_m)
        if not self._corrects:
            return self.spanned(carriers).transpose(1, 2)
        still = torch.eye(3, device=rotations.device, dtype=rotations.dtype)
        offsets_m = (rotations[:, 1:] - still).flatten(1) @ self.correctives_m
        form_m = self.rest_m + offsets_m.unflatten(1, (-1, 3))
        blended = self.weights @ carriers.unflatten(2, (-1, 4)).permute(0, 2, 1, 3).flatten(2)
        blended = blended.unflatten(2, (3, 4))
        return (blended[..., :3] * form_m[:, :, None]).sum(-1) + blended[..., 3]


@torch.no_grad()
def vertex_distances_mm(
    surface: Surface,
    one: tuple[Float[Tensor, "M J 3 3"], Float[Tensor, "M 3"]],
    other: tuple[Float[Tensor, "M J 3 3"], Float[Tensor, "M 3"]],
) -> Float[Tensor, " M"]:
    """Of each pose, how far its vertices lie from the other's on average. Poses are rotations and translation."""
    found = []
    for start in range(0, len(one[1]), _CHUNK):
        part = slice(start, start + _CHUNK)
        apart = surface.vertices(one[0][part], one[1][part]) - surface.vertices(other[0][part], other[1][part])
        found.append(1000 * torch.linalg.vector_norm(apart, dim=-1).mean(-1))
    return torch.cat(found) if found else one[1].new_zeros(0)


def spread_vertices(model: BodyModel, share: float) -> Int[ndarray, " V"]:
    """So much of a body's vertices, at least one, by steps along a curve that fills its space: none is left out."""
    every = len(model.template_m)
    count = min(max(round(share * every), 1), every)
    curve = np.argsort(_morton(model.template_m), kind="stable")
    return np.sort(curve[((np.arange(count) + 0.5) * every / count).astype(int)])


def _morton(points: Float[ndarray, "V 3"]) -> Int[ndarray, " V"]:
    """Places on a curve through a cube of 1,024 steps a side: the bits of the three coordinates, by turns."""
    low = points.min(0)
    cells = ((points - low) / np.ptp(points, axis=0).max() * 1023).astype(np.int64)
    found = np.zeros(len(points), np.int64)
    for bit in range(10):
        for axis in range(3):
            found |= ((cells[:, axis] >> bit) & 1) << (3 * bit + axis)
    return found


@lru_cache
def _levels(parents: tuple[int, ...]) -> tuple[tuple[tuple[Tensor, Tensor | None], ...], Tensor]:
    """The tree by depth: the joints of each, and where in the level above their parents are; and the way back."""
    depths: list[int] = []
    for parent in parents:
        depths.append(0 if parent < 0 else depths[parent] + 1)
    levels: list[tuple[Tensor, Tensor | None]] = []
    ordered: list[int] = []
    above: list[int] = []
    for depth in range(max(depths) + 1):
        joints = [joint for joint, each in enumerate(depths) if each == depth]
        placed = None if depth == 0 else torch.tensor([above.index(parents[joint]) for joint in joints])
        levels.append((torch.tensor(joints), placed))
        ordered += joints
        above = joints
    return tuple(levels), torch.tensor(np.argsort(ordered))

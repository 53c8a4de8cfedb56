"""What a reconstruction of motion is measured by: rotations, the root, its path, the body's surface, and its velocity.

All are means over real frames alone, so padding weighs nothing. `l1` is the mean absolute difference, `l2` half the
mean square (the likelihoods of a Laplacian and a Gaussian of width 1, as the authors' code has them). Rotations are
compared as matrices, paths and surfaces in metres, velocities in metres a frame.

Vertices cost most, so they are compared in a random share of each window's frames, one from each equal part of it, and
without correctives (see `core.bodies.surface`): how two bodies differ is then one product of matrices.
"""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.bodies.model_files import Family
from core.bodies.surface import Surface, vertex_distances_mm
from core.geometry.differentiable import matrices_of_6d
from core.models import rows
from core.models.motion_vqvae import MotionTensors
from core.posegpt_configs import MotionLosses as Knobs

Kind = Literal["l1", "l2"]


class MotionLosses(nn.Module):
    """The terms of a config."""

    def __init__(self, config: Knobs, family: Family) -> None:
        super().__init__()
        self._config = config
        self.surface = Surface(family, vertex_share=config.vertex_share)

    def forward(
        self,
        made: MotionTensors,
        true: MotionTensors,
        real: Bool[Tensor, "B F"] | None = None,
        random: torch.Generator | None = None,
    ) -> dict[str, Float[Tensor, ""]]:
        """Every term that weighs anything, without its weight. `random` chooses the frames with vertices."""
        config = self._config
        made_turns, true_turns = matrices_of_6d(made.rotations_6d), matrices_of_6d(true.rotations_6d)
        by, whole = config.parameter_kind, frames_of_all(true.path_m.shape[1], real)
        terms = {
            "rotations": masked_mean(made_turns[:, :, 1:] - true_turns[:, :, 1:], real, by, whole),
            "root": masked_mean(made_turns[:, :, 0] - true_turns[:, :, 0], real, by, whole),
            "path": masked_mean(made.path_m - true.path_m, real, by, whole),
        }
        terms = {name: term for name, term in terms.items() if self.weight(name) > 0}
        if config.vertices > 0 or config.velocity > 0:
            terms |= self._of_surface((made_turns, made.path_m), (true_turns, true.path_m), real, random)
        return terms

    def weight(self, term: str) -> float:
        """How much a term weighs."""
        return float(getattr(self._config, term))

    def total(self, terms: dict[str, Float[Tensor, ""]]) -> Float[Tensor, ""]:
        """Their weighted sum."""
        return torch.stack([self.weight(name) * term for name, term in terms.items()]).sum()

    def _of_surface(
        self,
        made: tuple[Float[Tensor, "B F J 3 3"], Float[Tensor, "B F 3"]],
        true: tuple[Float[Tensor, "B F J 3 3"], Float[Tensor, "B F 3"]],
        real: Bool[Tensor, "B F"] | None,
        random: torch.Generator | None,
    ) -> dict[str, Float[Tensor, ""]]:
        """Vertices and their velocity, in the frames that are drawn."""
        config, kind = self._config, self._config.vertex_kind
        batch, frames = true[1].shape[:2]
        piece, device = rows.here(), true[1].device
        # Of a piece of a batch, they are drawn for all of it, and counted there.
        if real is None:
            lengths = torch.full((batch if piece is None else piece.rows,), frames, device=device)
        else:
            lengths = real.sum(1) if piece is None or piece.lengths is None else piece.lengths
        at, counted = drawn_frames(lengths, frames, config.vertex_frames, random)
        moved = counted & (at > 0)  # nothing is before the first frame
        moved_of_all = counted_of_all = None
        if piece is not None:
            moved_of_all, counted_of_all = moved.sum(), counted.sum()
            at, counted, moved = piece.cut(at), piece.cut(counted), piece.cut(moved)
        terms = {}
        if config.velocity > 0:
            before, now = self._apart(made, true, torch.cat([(at - 1).clamp_min(0), at], dim=1)).chunk(2, dim=1)
            apart_m = self.surface.spanned((now - before).flatten(0, 1))
            terms["velocity"] = masked_mean(apart_m, moved.flatten(), kind, moved_of_all)
        else:
            now = self._apart(made, true, at)
        if config.vertices > 0:
            apart_m = self.surface.spanned(now.flatten(0, 1))
            if config.vertices_about == "root":
                of = torch.arange(batch, device=at.device)[:, None]
                apart_m = apart_m - (made[1] - true[1])[of, at].flatten(0, 1)[..., None]
            terms["vertices"] = masked_mean(apart_m, counted.flatten(), kind, counted_of_all)
        return terms

    def _apart(
        self,
        made: tuple[Float[Tensor, "B F J 3 3"], Float[Tensor, "B F 3"]],
        true: tuple[Float[Tensor, "B F J 3 3"], Float[Tensor, "B F 3"]],
        at: Tensor,
    ) -> Float[Tensor, "B n 3 J4"]:
        """By how much the carriers of the chosen frames differ. What is true needs no gradient."""
        of = torch.arange(len(at), device=at.device)[:, None]

        def carried(turns: Tensor, path_m: Tensor) -> Tensor:
            return self.surface.carriers(turns[of, at].flatten(0, 1), path_m[of, at].flatten(0, 1))

        with torch.no_grad():
            aim = carried(*true)
        return (carried(*made) - aim).unflatten(0, at.shape)


def frames_of_all(frames: int, real: Bool[Tensor, "B F"] | None) -> Tensor | None:
    """How many real frames the whole batch has that these windows are a piece of; None where they are all of it."""
    piece = rows.here()
    if piece is None:
        return None
    if real is None or piece.lengths is None:
        return torch.tensor(piece.rows * frames)
    return piece.lengths.sum()


def masked_mean(
    apart: Float[Tensor, "*shape"], counted: Tensor | None, kind: Kind, count: Tensor | None = None
) -> Float[Tensor, ""]:
    """Mean over what `counted`, of the first axes, says. The rest may be anything, even no number.

    With `count`, how many are counted in the whole batch that this is a piece of, its part of the mean over that.
    """
    if counted is not None:
        counted = counted.reshape(counted.shape + (1,) * (apart.dim() - counted.dim()))
        apart = torch.where(counted, apart, 0.0)
    if count is not None:
        of_each = apart.numel() / (apart.shape[:2].numel() if counted is None else counted.numel())
        added = apart.abs().sum() if kind == "l1" else 0.5 * apart.square().sum()
        return added / (count.clamp_min(1) * of_each)
    mean = apart.abs().mean() if kind == "l1" else 0.5 * apart.square().mean()
    return mean if counted is None else mean * (counted.numel() / counted.sum().clamp_min(1))


def drawn_frames(
    lengths: Tensor, frames: int, share: float, random: torch.Generator | None
) -> tuple[Tensor, Bool[Tensor, "B n"]]:
    """Frames of each window, at least one: one from anywhere in each of n equal parts; and which of the n are any."""
    most = max(int(-(-share * frames // 1)), 1)
    counts = torch.ceil(share * lengths).long().clamp(1, most)[:, None]
    part = torch.arange(most, device=lengths.device)
    within = torch.rand(len(lengths), most, generator=random, device=lengths.device)
    at = ((part + within) / counts * lengths[:, None]).long()
    return torch.minimum(at, lengths[:, None] - 1).clamp_min(0), part < counts


@torch.no_grad()
def pve_mm(
    surface: Surface, one: MotionTensors, other: MotionTensors, real: Bool[Tensor, "B F"] | None = None
) -> Float[Tensor, " B"]:
    """How far the vertices of two motions lie apart on average, of every window over its real frames."""
    flat = [(matrices_of_6d(each.rotations_6d).flatten(0, 1), each.path_m.flatten(0, 1)) for each in (one, other)]
    each_mm = vertex_distances_mm(surface, flat[0], flat[1]).view(one.path_m.shape[:2])
    if real is None:
        return each_mm.mean(1)
    return torch.where(real, each_mm, 0.0).sum(1) / real.sum(1).clamp_min(1)

"""The forecaster's losses, as the paper's section 4 has them, each by itself; and that of times, which is ours.

Each is a mean over the steps that have a say in it. `count` says how many those are where the rows are a piece of a
batch: of all of it, so that pieces add up. Letters: B batch, M steps unrolled, A actions, O objects. Poses are seen
poses, metres at the neck's depth.
"""

from collections.abc import Mapping
from math import log
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from core.configs import ForecasterLosses
from core.models.pose_critic import PER_UNIT
from core.models.rows import drawn, mean
from core.models.step_times import Times, logarithm


class Wanted(NamedTuple):
    """What came, which forecasts are measured against: of the data alone."""

    actions: Int[Tensor, "B M"]  # -1 where unknown, or nothing came
    poses: Float[Tensor, "B M 9 2"]
    visible: Bool[Tensor, "B M 9"]
    scale_px: Float[Tensor, "B 2"]
    times: Float[Tensor, "B M 3"] | None  # seconds, NaN where not known
    objects: Bool[Tensor, "B M O"] | None
    known: Bool[Tensor, "B M"]

    def counts(self) -> dict[str, Int[Tensor, ""]]:
        """How many have a say in each term."""
        counts = {
            "action": (self.actions >= 0).sum(),
            "pose2d": self.visible.any(-1).sum(),
            "objects": self.known.sum(),
        }
        return counts if self.times is None else {**counts, "times": self.times.isfinite().sum()}


Counts = Mapping[str, Int[Tensor, ""]]
"""By term; without one, of what is measured itself."""


def action_loss(
    logits: Float[Tensor, "B M A"],
    truth: Int[Tensor, "B M"],
    smoothing: float = 0.0,
    count: Int[Tensor, ""] | None = None,
) -> Float[Tensor, ""]:
    """Cross entropy; a step that is not there, or whose action is unknown (−1), has no say."""
    each = functional.cross_entropy(
        logits.flatten(0, 1), truth.flatten(), ignore_index=-1, reduction="sum", label_smoothing=smoothing
    )
    return each / ((truth >= 0).sum() if count is None else count).clamp_min(1)


def pose2d_loss(
    seen: Float[Tensor, "B M 9 2"],
    truth: Float[Tensor, "B M 9 2"],
    visible: Bool[Tensor, "B M 9"],
    scale_px: Float[Tensor, "B 2"],
    losses: ForecasterLosses,
    count: Int[Tensor, ""] | None = None,
) -> Float[Tensor, ""]:
    """Reprojection, summed over visible joints, in the unit and of the kind that `losses` names."""
    off = (seen - truth) * visible[..., None]
    off = off * (scale_px[:, None, None] if losses.pose2d_unit == "px" else PER_UNIT[losses.pose2d_unit])
    squared = off.square().sum(-1)
    # A distance has no gradient at 0; a thousandth of the unit is nothing to see.
    by_joint = squared if losses.pose2d_kind == "squared" else (squared + 1e-6).sqrt() * visible
    return by_joint.sum() / (visible.any(-1).sum() if count is None else count).clamp_min(1)


def times_loss(
    times: Times, truth_s: Float[Tensor, "*batch 3"], count: Int[Tensor, ""] | None = None
) -> Float[Tensor, ""]:
    """Negative log-likelihood of log(seconds + 0.1) under a Laplace density; unknown times (NaN) have no say."""
    known = truth_s.isfinite()
    off = (logarithm(truth_s.nan_to_num(0.0)) - times.middle).abs()
    each = off * (-times.log_scale).exp() + times.log_scale + log(2)
    return torch.where(known, each, 0.0).sum() / (known.sum() if count is None else count).clamp_min(1)


def nearest(
    seen: Float[Tensor, "B K 9 2"], truth: Float[Tensor, "B 9 2"], visible: Bool[Tensor, "B 9"]
) -> Int[Tensor, " B"]:
    """Which of K draws is seen nearest to what came; by squares, as all losses agree on what is nearest enough."""
    off = (seen - truth[:, None]).square().sum(-1) * visible[:, None]
    return off.sum(-1).argmin(-1)


def objects_loss(
    logits: Float[Tensor, "B M O"],
    truth: Bool[Tensor, "B M O"],
    known: Bool[Tensor, "B M"],
    count: Int[Tensor, ""] | None = None,
) -> Float[Tensor, ""]:
    """Binary cross entropy, summed over objects; of known steps."""
    each = functional.binary_cross_entropy_with_logits(logits, truth.to(logits.dtype), reduction="none").sum(-1)
    return (each * known).sum() / (known.sum() if count is None else count).clamp_min(1)


def critic_loss(real: Float[Tensor, " B"], fake: Float[Tensor, " B"]) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """L_C = E[C(fake)] − E[C(real)], and how far apart the two are."""
    apart = mean(real) - mean(fake)
    return -apart, apart


def gradient_penalty(
    critic: nn.Module, real: Float[Tensor, "B 9 3"], fake: Float[Tensor, "B 9 3"], random: torch.Generator
) -> Float[Tensor, ""]:
    """How far the critic's gradient is from length 1, between real and forecast poses (Gulrajani et al. 2017)."""
    share = drawn(torch.rand, len(real), 1, 1, generator=random, device=real.device)
    between = (share * real + (1 - share) * fake).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return mean((gradient.flatten(1).norm(dim=1) - 1).square())


def gradient_norm(term: Float[Tensor, ""], latent: Float[Tensor, "B Z"]) -> Float[Tensor, ""]:
    """How hard a weighted term pulls at the latent: a term far below the others silently does nothing."""
    (gradient,) = torch.autograd.grad(term, latent, retain_graph=True)
    return gradient.norm()

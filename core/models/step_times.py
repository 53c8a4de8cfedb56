"""When a next step comes and how long it takes, as a forecaster says it: three quantities, each with its doubt.

Quantities, in this order, seconds: from the instant of the step before to this one's, from the segment's start to the
instant, from the instant to the segment's end. log(seconds + 0.1) of each has a Laplace density: its middle is the
median, its scale the doubt. Beyond the paper, which foresees no times. Letters: B batch, M steps ahead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import torch
from jaxtyping import Float
from torch import Tensor

QUANTITIES = 3
LEAST_S = 0.1
"""Added before the logarithm: differences below a tenth of a second are nobody's care."""
LOG_SCALES = (-4.0, 2.0)
"""What a doubt may be at the least and the most: log of the Laplace scale."""
INSIDE = 0.8
"""The share of what may come that `low_s` and `high_s` hold."""

DRAWS = 251
"""So many draws of each step's time are added up; one more than a multiple of ten, for the middle and the limits."""
CHUNK = 2048
"""Rows whose draws lie in memory at once."""


@dataclass(frozen=True)
class Times:
    """The times of one step ahead; quantities as above, each by its density."""

    middle: Float[Tensor, "*batch 3"]  # of log(seconds + LEAST_S)
    log_scale: Float[Tensor, "*batch 3"]

    @classmethod
    def of(cls, said: Float[Tensor, "*batch 6"]) -> "Times":
        """From a decoder's numbers: three middles, three log-scales."""
        return cls(said[..., :QUANTITIES], said[..., QUANTITIES:].clamp(*LOG_SCALES))

    def with_steps(self) -> "Times":
        """Of one step ahead, as a row of steps."""
        return Times(self.middle[..., None, :], self.log_scale[..., None, :])

    @property
    def median_s(self) -> Float[Tensor, "*batch 3"]:
        return _seconds(self.middle)

    @property
    def low_s(self) -> Float[Tensor, "*batch 3"]:
        return _seconds(self.middle + log(1 - INSIDE) * self.log_scale.exp())

    @property
    def high_s(self) -> Float[Tensor, "*batch 3"]:
        return _seconds(self.middle - log(1 - INSIDE) * self.log_scale.exp())


@dataclass(frozen=True)
class Instants:
    """When the steps ahead have their instants, seconds after the last seen one's."""

    median_s: Float[Tensor, "*batch M"]
    low_s: Float[Tensor, "*batch M"]
    high_s: Float[Tensor, "*batch M"]

    @classmethod
    def joined(cls, parts: "Sequence[Instants]") -> "Instants | None":
        """One after the other; None of none."""
        if not parts:
            return None
        return cls(*(torch.cat([getattr(each, name) for each in parts]) for name in ("median_s", "low_s", "high_s")))


def logarithm(seconds: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """What the density is of."""
    return (seconds + LEAST_S).log()


def added_up(ahead: Sequence[Times]) -> Instants:
    """Times from step to step made times from now, by adding up draws of every step.

    Doubts of different steps are taken as independent. Sums of densities with a long tail have no formula, and adding
    medians would say too little: each step has the same even draws of its density, in an order of its own that is
    fixed, so the same forecast says the same every time. The first step keeps its own median and limits.
    """
    wanted = [round(share * (DRAWS - 1)) for share in ((1 - INSIDE) / 2, 0.5, (1 + INSIDE) / 2)]
    middle, scale = (
        torch.stack([getattr(each, name)[..., 0] for each in ahead], dim=-1) for name in ("middle", "log_scale")
    )
    even = _even_draws(len(ahead), middle)
    rows = middle.flatten(0, -2), scale.exp().flatten(0, -2)
    said = [
        _seconds(centre[:, None] + wide[:, None] * even).cumsum(-1).sort(dim=1).values[:, wanted]
        for centre, wide in zip(*(each.split(CHUNK) for each in rows), strict=True)
    ]
    low_s, median_s, high_s = torch.cat(said).unflatten(0, middle.shape[:-1]).unbind(-2)
    return Instants(median_s, low_s, high_s)


def usual(seconds: Float[Tensor, "any 3"]) -> Float[Tensor, " 6"]:
    """The numbers of a decoder that says the usual times whatever it sees; of rows that may be unknown (NaN)."""
    logs = logarithm(seconds) if len(seconds) else seconds.new_full((1, QUANTITIES), torch.nan)
    middle = torch.nanmedian(logs, dim=0).values.nan_to_num(0.0)
    scale = torch.nanmean((logs - middle).abs(), dim=0).nan_to_num(1.0)
    return torch.cat((middle, scale.clamp_min(1e-6).log().clamp(*LOG_SCALES)))


def _even_draws(steps: int, like: Tensor) -> Float[Tensor, "draws M"]:
    """Of a Laplace density of middle 0 and scale 1, evenly spread in probability; each step in an order of its own."""
    share = (torch.arange(DRAWS, dtype=torch.float64) + 0.5) / DRAWS - 0.5
    draws = -share.sign() * torch.log1p(-2 * share.abs())
    random = torch.Generator().manual_seed(0)
    orders = [torch.randperm(DRAWS, generator=random) for _ in range(steps)]
    return torch.stack([draws[order] for order in orders], dim=-1).to(like)


def _seconds(logs: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    return (logs.exp() - LEAST_S).clamp_min(0)

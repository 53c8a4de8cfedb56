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


@dataclass(frozen=True)
class Times:
    """The times of one step ahead; quantities as above, each by its density."""

    middle: Float[Tensor, "*batch 3"]  # of log(seconds + LEAST_S)
    log_scale: Float[Tensor, "*batch 3"]

    @classmethod
    def of(cls, said: Float[Tensor, "*batch 6"]) -> "Times":
        """From a decoder's numbers: three middles, three log-scales."""
        return cls(said[..., :QUANTITIES], said[..., QUANTITIES:].clamp(*LOG_SCALES))

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


def logarithm(seconds: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """What the density is of."""
    return (seconds + LEAST_S).log()


def added_up(ahead: Sequence[Times]) -> Instants:
    """Times from step to step made times from now.

    Medians are added. Doubts of different steps are taken as independent: distances of the limits from the median are
    added as squares, below and above by themselves, so the interval widens with the horizon, slower than its sum.
    """
    median_s, low_s, high_s = (
        torch.stack([getattr(each, name)[..., 0] for each in ahead], dim=-1) for name in ("median_s", "low_s", "high_s")
    )
    whole_s = median_s.cumsum(-1)
    return Instants(
        whole_s,
        (whole_s - (median_s - low_s).square().cumsum(-1).sqrt()).clamp_min(0),
        whole_s + (high_s - median_s).square().cumsum(-1).sqrt(),
    )


def usual(seconds: Float[Tensor, "any 3"]) -> Float[Tensor, " 6"]:
    """The numbers of a decoder that says the usual times whatever it sees; of rows that may be unknown (NaN)."""
    logs = logarithm(seconds) if len(seconds) else seconds.new_full((1, QUANTITIES), torch.nan)
    middle = torch.nanmedian(logs, dim=0).values.nan_to_num(0.0)
    scale = torch.nanmean((logs - middle).abs(), dim=0).nan_to_num(1.0)
    return torch.cat((middle, scale.clamp_min(1e-6).log().clamp(*LOG_SCALES)))


def _seconds(logs: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    return (logs.exp() - LEAST_S).clamp_min(0)

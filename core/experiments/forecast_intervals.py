"""How far one method stands from another over splits or seeds, and how sure that is.

Differences are paired: both methods were measured on the same split. The plain interval is a t interval over splits;
it takes splits for independent, which random splits of the same sequences are not. The corrected one has the variance
of Nadeau and Bengio ("Inference for the generalization error", Machine Learning 52, 2003, eq. 8): s² (1/K + n₂/n₁),
K splits, n₂ sequences measured on and n₁ learned from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

SURE = 0.95


@dataclass(frozen=True)
class Paired:
    """Mean difference and its two 95 % intervals; NaN bounds with fewer than two splits."""

    mean: float
    low: float
    high: float
    corrected_low: float
    corrected_high: float


def paired(ours: Sequence[float], theirs: Sequence[float], measured_by_learned: float) -> Paired:
    """Of `ours` minus `theirs`, split by split; `measured_by_learned` is n₂/n₁."""
    differences = np.asarray(ours, float) - np.asarray(theirs, float)
    mean, count = float(differences.mean()), len(differences)
    if count < 2:
        return Paired(mean, *[float("nan")] * 4)
    variance = float(differences.var(ddof=1))
    reach = float(stats.t.ppf((1 + SURE) / 2, count - 1))
    plain = reach * (variance / count) ** 0.5
    corrected = reach * (variance * (1 / count + measured_by_learned)) ** 0.5
    return Paired(mean, mean - plain, mean + plain, mean - corrected, mean + corrected)

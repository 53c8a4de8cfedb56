"""The numbers behind curves: smoothing, thinning, the range of an axis and its marks, and how figures are said."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from studio.words import say

Across = Literal["steps", "time", "share"]
"""What a curve is drawn over: steps, seconds at work, or percent of the run."""
_BLOCK = 13.8  # look-backs in a block: e to this power still leaves ten digits
_MANY, _SPIKE = 60, 0.5
_ENOUGH = 20_000  # values that tell where most of them lie


def smoothed(values: Float[ndarray, " points"], share: float) -> Float[ndarray, " points"]:
    """An average over the past, not pulled towards zero at its start.

    `share` is how much of the curve it looks back on (its square, an eighth of the curve at most), so that a curve of
    ten validations is not bent as one of a thousand steps is. What is no number is left out of the average.
    """
    look_back = share * share * len(values) / 8
    if look_back < 0.3:
        return values
    finite = np.isfinite(values)
    kept = values[finite]
    if not len(kept):
        return values
    line = _averaged(kept, look_back)
    at = np.cumsum(finite) - 1
    return np.where(at < 0, values, line[np.maximum(at, 0)])


def _averaged(values: ndarray, look_back: float) -> ndarray:
    """The exponential average with its bias taken out, block by block: sums within one are a cumulative sum."""
    decay = math.exp(-1 / look_back)
    size = max(1, min(int(_BLOCK * look_back), len(values)))
    count = -(-len(values) // size)
    blocks = np.zeros((count, size))
    blocks.reshape(-1)[: len(values)] = values
    powers = decay ** np.arange(size)
    sums = np.cumsum(blocks / powers, axis=1) * powers
    before, carried = 0.0, np.empty(count)
    whole = decay**size
    for at, end in enumerate(sums[:, -1].tolist()):
        carried[at] = before
        before = end + whole * before
    sums += carried[:, None] * (powers * decay)
    weights = -np.expm1(-np.arange(1, len(values) + 1) / look_back) / (1 - decay)
    line = sums.reshape(-1)[: len(values)] / weights
    return np.clip(line, values.min(), values.max())


def thinned(steps: ndarray, values: ndarray, pixels: int) -> tuple[ndarray, ndarray]:
    """At most four points a pixel, the smallest and largest among them, so that no peak gets lost."""
    if len(steps) <= 4 * pixels:
        return steps, values
    size = -(-len(steps) // (2 * pixels))
    count = -(-len(steps) // size)
    blocks = np.full((count, size), values[-1])
    blocks.reshape(-1)[: len(values)] = values
    starts = size * np.arange(count)
    kept = np.concatenate([starts + blocks.argmin(axis=1), starts + blocks.argmax(axis=1)])
    kept = np.unique(np.minimum(kept, len(values) - 1))
    return steps[kept], values[kept]


@dataclass(frozen=True)
class Range:
    """Of an axis. `over` and `under` are what lies outside, or None: a few wild figures must not flatten the rest."""

    low: float
    high: float
    over: float | None = None
    under: float | None = None


def robust_range(values: ndarray) -> Range:
    """What to show of these: all of them, but for spikes that are far from everything else."""
    values = values[np.isfinite(values)]
    if not len(values):
        return Range(0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if len(values) < _MANY:
        return Range(low, high)
    some = values[:: max(1, len(values) // _ENOUGH)]
    lower, upper = (float(each) for each in np.quantile(some, [0.005, 0.995]))
    reach = _SPIKE * (upper - lower)
    if upper <= lower:
        return Range(low, high)
    over = high if high > upper + reach else None
    under = low if low < lower - reach else None
    return Range(lower - reach * 0.1 if under is not None else low, upper if over is not None else high, over, under)


def ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Round numbers around the values, at most `most` + 1 of them."""
    if high - low < 1e-12:
        spread = abs(low) * 0.1 or 1.0
        low, high = low - spread / 2, high + spread / 2
    raw = (high - low) / max(most - 1, 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * each for each in (1, 2, 2.5, 5, 10) if size * each >= raw * 0.999)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return tuple(step * each for each in range(first, last + 1))


# ---- in words -------------------------------------------------------------------------------------------------------


def say_value(value: float) -> str:
    """Three figures that count."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size >= 1e5 or 0 < size < 1e-3:
        return f"{value:.1e}"
    return f"{value:.{3 if size < 1 else 2 if size < 10 else 1 if size < 100 else 0}f}"


def say_steps(step: float, last: float) -> str:
    """`0 k` … `40 k`, or plain numbers below two thousand."""
    if last < 2000:
        return f"{step:.0f}"
    return f"{step / 1000:g} k"


def marks_across(first: float, last: float, most: int, across: Across) -> tuple[float, ...]:
    """Where the axis below is marked: round numbers of the unit that `say_across` gives, none outside."""
    unit = 1.0 if across != "time" or last < 120 else 60.0 if last < 7200 else 3600.0
    spread = (last - first) * 1e-6
    found = (unit * each for each in ticks(first / unit, last / unit, most))
    return tuple(each for each in found if first - spread <= each <= last + spread)


def say_across(at: float, last: float, across: Across) -> str:
    """A mark of the axis below."""
    if across == "share":
        return f"{at:g} %"
    if across == "steps":
        return say_steps(at, last)
    if last < 120:
        return f"{at:g} s"
    return say("{count:g} min", count=at / 60) if last < 7200 else f"{at / 3600:g} h"


def say_place(at: float, across: Across) -> str:
    """Where the cursor stands."""
    if across == "share":
        return say("{share:.1f} % of the run", share=at)
    if across == "steps":
        return say("step {step:,}", step=round(at)).replace(",", "\u2009")
    minutes, seconds = divmod(round(at), 60)
    hours, minutes = divmod(minutes, 60)
    return say("{time} at work", time=f"{hours}:{minutes:02d}:{seconds:02d}")

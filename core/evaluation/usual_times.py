"""When steps come: the usual times of each action, and spans of several steps put end to end on one clock.

A step has three *spans*, in seconds: since the step before (from instant to instant), from its segment's start to its
instant, and from its instant to the segment's end. Of each span three quantiles are kept: 10, 50 and 90 %. A span that
has lasted already is worn: what is left of it is its distribution given that it is not over. For that a span between
its quantiles is taken to fall off to both sides as a Laplace distribution of the logarithm of its length plus
`LEAST_S`, as in `core.models.step_times`, with a width of its own on either side. Spans of steps ahead add up: medians
add, and as the spans are taken to be independent, the distances from the median to either end of 80 % add in squares.

Letters: S steps, M steps ahead; (3, 3) is span × quantile; rows are actions, and the last one all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.datasets.steps import Sequence as Steps
from core.forecasts import StepTime
from core.models.step_times import LEAST_S

QUANTILES = (0.1, 0.5, 0.9)
ENOUGH = 3
"""An action seen less often than this has the times of all."""
_SIDE = float(np.log(5))  # of a Laplace distribution 10 % lie farther than so many widths to one side
_SHARPEST = 1e-3
"""The least width, so that a span that was always the same can be worn."""

Spans = Float[ndarray, "S 3"]
"""Seconds; NaN where a span is not known, as the first step's."""
Times = Float[ndarray, "3 3"]


def spans_of(sequence: Steps) -> tuple[tuple[str, ...], Spans]:
    """The actions of a sequence and their spans; none where nobody knows how fast its frames are."""
    rate_hz = sequence.clip.video.rate_hz
    if not np.isfinite(rate_hz) or rate_hz <= 0:
        return (), np.zeros((0, 3))
    rows, before = [], float("nan")
    for step in sequence.steps:
        rows.append((step.frame - before, step.frame - step.start_frame, step.end_frame - step.frame))
        before = float(step.frame)
    spans = np.array(rows, float).reshape(-1, 3) / rate_hz
    return tuple(step.action for step in sequence.steps), np.maximum(spans, 0.0)


def usual_times(told: Iterable[tuple[tuple[str, ...], Spans]], actions: Sequence[str]) -> Float[ndarray, "rows 3 3"]:
    """Of each action, and in the last row of all, from what `spans_of` says; NaN throughout where that is nothing."""
    told = list(told)
    names = np.array([name for each, _ in told for name in each], dtype=object)
    spans = np.concatenate([each for _, each in told]) if told else np.zeros((0, 3))
    of_all = _quantiles(spans, np.full((3, 3), np.nan))
    if np.isnan(of_all[0]).any():  # a single step: one after the other, without a pause
        of_all[0] = of_all[1] + of_all[2]
    return np.stack([*(_quantiles(spans[names == action], of_all) for action in actions), of_all])


def _quantiles(spans: Spans, otherwise: Times) -> Times:
    rows = []
    for at in range(3):
        known = spans[np.isfinite(spans[:, at]), at]
        enough = len(known) >= (ENOUGH if np.isfinite(otherwise).any() else 1)
        rows.append(np.quantile(known, QUANTILES) if enough else otherwise[at])
    return np.stack(rows)


@dataclass(frozen=True)
class Usual:
    """The usual times of actions by name; what is not among them has those of all."""

    actions: tuple[str, ...]
    times: Float[ndarray, "rows 3 3"]

    @property
    def is_known(self) -> bool:
        return bool(np.isfinite(self.times[-1]).all())

    def of(self, action: str) -> Times:
        return self.times[self.actions.index(action) if action in self.actions else -1]


def on_the_clock(times: Float[ndarray, "M 3 3"], worn_s: float, *, is_usual: bool) -> tuple[StepTime, ...]:
    """Steps one after the other, in seconds after the moment asked about, `worn_s` after the last seen instant.

    One person does one thing at a time: where two segments would overlap they meet halfway between their instants.
    """
    said: list[StepTime] = []
    now_s = squares_low = squares_high = 0.0
    for at, (lead, before, after) in enumerate(times):
        low_s, median_s, high_s = _left_of(lead, worn_s) if at == 0 else map(float, lead)
        now_s += median_s
        squares_low += (median_s - low_s) ** 2
        squares_high += (high_s - median_s) ** 2
        said.append(
            StepTime(
                start_s=now_s - float(before[1]),
                pose_s=now_s,
                end_s=now_s + float(after[1]),
                low_s=max(now_s - squares_low**0.5, 0.0),
                high_s=now_s + squares_high**0.5,
                is_usual=is_usual,
            )
        )
    return _apart(said)


def _apart(said: Sequence[StepTime]) -> tuple[StepTime, ...]:
    starts, ends = [each.start_s for each in said], [each.end_s for each in said]
    for at in range(1, len(said)):
        if ends[at - 1] > starts[at]:
            meet = (ends[at - 1] + starts[at]) / 2
            ends[at - 1] = starts[at] = min(max(meet, said[at - 1].pose_s), said[at].pose_s)
    return tuple(
        StepTime(
            start_s=start, pose_s=each.pose_s, end_s=end, low_s=each.low_s, high_s=each.high_s, is_usual=each.is_usual
        )
        for each, start, end in zip(said, starts, ends, strict=True)
    )


def _left_of(span: Float[ndarray, " 3"], worn_s: float) -> tuple[float, float, float]:
    """The quantiles of what is left of a span of which `worn_s` are over."""
    if worn_s <= 0:
        return float(span[0]), float(span[1]), float(span[2])
    low, middle, high = np.log(np.maximum(span, 0.0) + LEAST_S)
    shorter, longer = max((middle - low) / _SIDE, _SHARPEST), max((high - middle) / _SIDE, _SHARPEST)
    worn = float(np.log(worn_s + LEAST_S)) - middle
    # How likely it is to last longer than it has; kept as a logarithm, for it may have lasted very long.
    lasting = np.log1p(-0.5 * np.exp(worn / shorter)) if worn < 0 else np.log(0.5) - worn / longer
    left = []
    for share in QUANTILES:
        surviving = lasting + np.log(1 - share)
        if surviving <= np.log(0.5):
            length = middle + longer * (np.log(0.5) - surviving)
        else:
            length = middle + shorter * np.log(2 * -np.expm1(surviving))
        left.append(max(float(np.exp(length)) - LEAST_S - worn_s, 0.0))
    return left[0], left[1], left[2]

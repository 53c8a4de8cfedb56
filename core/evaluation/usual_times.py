"""When steps come: the usual times of each action, and spans of several steps put end to end on one clock.

A step has three *spans*, in seconds: since the step before (from instant to instant), from its segment's start to its
instant, and from its instant to the segment's end. Of each span three quantiles are kept: 10, 50 and 90 %. A span that
has lasted already is worn: what is left of it is its distribution given that it is not over. For that a span between
its quantiles is taken to fall off to both sides as a Laplace distribution of the logarithm of its length plus
`LEAST_S`, as in `core.models.step_times`, with a width of its own on either side. Spans of steps ahead are taken to be
independent and are added up by draws: their sums have long tails and no formula.

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
DRAWS = 1005
"""Of each span, even in probability; with so many the 10, 50 and 90 % are draws themselves."""
_SIDE = float(np.log(5))  # of a Laplace distribution 10 % lie farther than so many widths to one side
_SHARPEST = 1e-3
"""The least width, so that a span that was always the same can be worn."""
_SHARES = (np.arange(DRAWS) + 0.5) / DRAWS
_AT = [round(share * DRAWS - 0.5) for share in QUANTILES]

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
    random, sums_s = np.random.default_rng(0), np.zeros(DRAWS)  # the same forecast says the same times
    for at, (lead, before, after) in enumerate(times):
        sums_s = sums_s + random.permutation(_lengths_s(lead, worn_s if at == 0 else 0.0))
        low_s, now_s, high_s = np.sort(sums_s)[_AT].tolist()
        said.append(
            StepTime(
                start_s=now_s - float(before[1]),
                pose_s=now_s,
                end_s=now_s + float(after[1]),
                low_s=low_s,
                high_s=high_s,
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


def _lengths_s(span: Float[ndarray, " 3"], worn_s: float) -> Float[ndarray, " draws"]:
    """What is left of a span of which `worn_s` are over: draws, the shortest first."""
    low, middle, high = np.log(np.maximum(span, 0.0) + LEAST_S)
    shorter, longer = (middle - low) / _SIDE, (high - middle) / _SIDE
    surviving = np.log1p(-_SHARES)
    if worn_s > 0:
        shorter, longer = max(shorter, _SHARPEST), max(longer, _SHARPEST)
        worn = float(np.log(worn_s + LEAST_S)) - middle
        # How likely it is to last longer than it has; kept as a logarithm, for it may have lasted very long.
        surviving += np.log1p(-0.5 * np.exp(worn / shorter)) if worn < 0 else np.log(0.5) - worn / longer
    late = longer * (np.log(0.5) - surviving)
    early = shorter * np.log(-2 * np.expm1(surviving))
    lengths_s = np.exp(middle + np.where(surviving <= np.log(0.5), late, early)) - LEAST_S - max(worn_s, 0.0)
    return np.maximum(lengths_s, 0.0)

"""The frames of a segment that look most characteristic, best first, each with why.

A frame's score is the mean of its reasons by their weights, times how sure its arms are; 0 … 1, comparable between
segments. Suggestions lie at least `APART_S` from each other: three of them are three different answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.motion import Poses2d
from core.suggesting.reasons import Reasons, Signals, measure, reasons_of
from core.suggesting.weights import START_WEIGHTS

APART_S = 0.2
COUNT = 3


@dataclass(frozen=True)
class Suggestion:
    """A frame that may be a segment's characteristic pose. `reasons`: name → 0 … 1; `side`: the busier hand."""

    frame: int
    score: float
    reasons: dict[str, float] = field(default_factory=dict)
    side: str = ""


def suggest(
    poses: Poses2d,
    track: int,
    start: int,
    end: int,
    rate_hz: float,
    weights: Mapping[str, float] | None = None,
    *,
    count: int = COUNT,
) -> tuple[Suggestion, ...]:
    """The best frames of `start` … `end` - 1, by `weights` or the start weights. Nothing where nobody is seen there."""
    return suggest_in(measure(poses, track, rate_hz), start, end, weights, count=count)


def suggest_in(
    signals: Signals,
    start: int,
    end: int,
    weights: Mapping[str, float] | None = None,
    *,
    count: int = COUNT,
    surprise: Float[ndarray, " frames"] | None = None,
) -> tuple[Suggestion, ...]:
    """As `suggest`, where a clip's signals are measured already: some tenths of a millisecond a segment."""
    reasons = reasons_of(signals, start, end, surprise)
    if not len(reasons.seen) or not reasons.seen.any():
        return ()
    scores = scores_of(reasons, START_WEIGHTS if weights is None else weights)
    apart = max(1, int(np.ceil(APART_S * signals.rate_hz - 1e-9)))
    free, chosen = scores.copy(), []
    while len(chosen) < count and np.isfinite(free).any():
        at = int(np.argmax(free))
        chosen.append(at)
        free[max(0, at - apart + 1) : at + apart] = -np.inf
    return tuple(
        Suggestion(
            frame=reasons.start + at,
            score=float(scores[at]),
            reasons={name: round(float(reasons.values[at, n]), 4) for n, name in enumerate(reasons.names)},
            side=reasons.side,
        )
        for at in chosen
    )


def scores_of(reasons: Reasons, weights: Mapping[str, float]) -> Float[ndarray, " frames"]:
    """0 … 1 a frame."""
    weighed = np.array([weights.get(name, 0.0) for name in reasons.names])
    total = weighed.sum()
    if total <= 0:
        weighed, total = np.ones(len(weighed)), float(max(len(weighed), 1))
    return (reasons.values @ weighed) / total * reasons.seen

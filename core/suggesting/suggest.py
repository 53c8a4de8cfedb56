"""The frames of a segment that look most characteristic, best first, each with why.

Reasons times weights make a frame's chance of being the one (a softmax over the segment, as the weights are learned).
The first suggestion is where the most chance lies within `NEAR_S`; each next one where the most of what is left does:
three suggestions are three different answers, never neighbours of one. They lie at least `APART_S` apart.
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
NEAR_S = 0.2
COUNT = 3


@dataclass(frozen=True)
class Suggestion:
    """A frame that may be a segment's characteristic pose.

    `score`: 0 … 1, the chance that the pose lies within `NEAR_S` of it and of none suggested before it, as the weights
    have learned it. `reasons`: name → 0 … 1. `side`: the busier hand, "left" or "right".
    """

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
    """As `suggest`, where a clip's signals are measured already: less than a millisecond a segment."""
    reasons = reasons_of(signals, start, end, surprise)
    if not len(reasons.seen) or not reasons.seen.any():
        return ()
    spoken = spoken_for(reasons, START_WEIGHTS if weights is None else weights)
    return tuple(
        Suggestion(frame=reasons.start + at, score=score, reasons=reasons.at(at), side=reasons.side)
        for at, score in chosen_of(spoken, signals.rate_hz, count)
    )


def spoken_for(reasons: Reasons, weights: Mapping[str, float]) -> Float[ndarray, " frames"]:
    """A frame's reasons by their weights; less where its arms are hardly seen."""
    weighed = np.array([weights.get(name, 0.0) for name in reasons.names])
    return reasons.values @ weighed * reasons.seen


def chosen_of(spoken: Float[ndarray, " frames"], rate_hz: float, count: int = COUNT) -> list[tuple[int, float]]:
    """Frames, the best first, each with the chance it adds within `NEAR_S`."""
    chance = np.exp(spoken - spoken.max())
    left = chance / chance.sum()
    tie = 1e-6 * left
    near = int(NEAR_S * rate_hz + 1e-9)
    apart = max(1, int(np.ceil(APART_S * rate_hz - 1e-9)))
    frames = np.arange(len(left))
    first, last = np.maximum(frames - near, 0), np.minimum(frames + near + 1, len(left))
    free = np.ones(len(left), dtype=bool)
    chosen: list[tuple[int, float]] = []
    while len(chosen) < count and free.any():
        up_to = np.concatenate([[0.0], np.cumsum(left)])
        around = up_to[last] - up_to[first]
        at = int(np.argmax(np.where(free, around + tie, -1.0)))
        chosen.append((at, float(np.clip(around[at], 0.0, 1.0))))
        left[max(0, at - near) : at + near + 1] = 0.0
        free[max(0, at - apart + 1) : at + apart] = False
    return chosen

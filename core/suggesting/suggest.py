"""The frames of a segment that look most characteristic, best first, each with why.

Reasons times weights make a frame's chance of being the one (a softmax over the segment, as the weights are learned).
The first suggestion is where the most chance lies within `NEAR_S`. The others are for when the reasons err: they are
chosen together, to cover the most of a chance in which the body counts `BODY_LEFT` and the usual place the more, a
normal of `PLACE_WIDTH` (both chosen on the kitchen's validation cooks); the more so, the less answers have taken from
the weight of the place. Three suggestions are three different answers,
never neighbours of one; they lie at least `APART_S` apart. What was skipped is ruled out, with all within `NEAR_S`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.motion import Poses2d
from core.suggesting.reasons import USUAL_PLACE, Reasons, Signals, measure, reasons_of
from core.suggesting.weights import START_WEIGHTS

APART_S = 0.2
NEAR_S = 0.2
COUNT = 3
BODY_LEFT, PLACE_WIDTH = 0.2, 0.15


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
    skipped: Sequence[int] = (),
) -> tuple[Suggestion, ...]:
    """As `suggest`, where a clip's signals are measured already: less than a millisecond a segment."""
    reasons = reasons_of(signals, start, end, surprise)
    if not len(reasons.seen) or not reasons.seen.any():
        return ()
    weights = START_WEIGHTS if weights is None else weights
    ruled_out = [each - reasons.start for each in skipped]
    return tuple(
        Suggestion(frame=reasons.start + at, score=score, reasons=reasons.at(at), side=reasons.side)
        for at, score in chosen_of(reasons, weights, signals.rate_hz, count, ruled_out)
    )


def spoken_for(reasons: Reasons, weights: Mapping[str, float]) -> Float[ndarray, " frames"]:
    """A frame's reasons by their weights; less where its arms are hardly seen."""
    weighed = np.array([weights.get(name, 0.0) for name in reasons.names])
    return reasons.values @ weighed * reasons.seen


def chosen_of(
    reasons: Reasons, weights: Mapping[str, float], rate_hz: float, count: int = COUNT, ruled_out: Sequence[int] = ()
) -> list[tuple[int, float]]:
    """Frames from the segment's start, the best first, each with the chance that it adds within `NEAR_S`."""
    spoken = spoken_for(reasons, weights)
    windows = _Windows(len(spoken), rate_hz)
    free = reasons.seen > 0
    for each in ruled_out:
        free = free & (np.abs(np.arange(len(spoken)) - each) > windows.near)
    if not free.any():
        return []
    chance = _chance(spoken, free)
    first = int(np.argmax(np.where(free, windows.around(chance) + 1e-6 * chance, -1.0)))
    others = windows.covering(_chance(_flattened(reasons, weights, spoken), free), free, first, count - 1)
    # The second and third in the order of what they add, in the chance itself.
    chosen, left = [], chance.copy()
    for at in (first, *sorted(others, key=lambda each: -windows.around(windows.without(chance, first))[each])):
        chosen.append((at, float(np.clip(windows.around(left)[at], 0.0, 1.0))))
        left = windows.without(left, at)
    return chosen


class _Windows:
    """Stretches of `NEAR_S` to either side of a frame, cut off at the segment's ends."""

    def __init__(self, length: int, rate_hz: float) -> None:
        self.near = int(NEAR_S * rate_hz + 1e-9)
        self.apart = max(1, int(np.ceil(APART_S * rate_hz - 1e-9)))
        self._frames = np.arange(length)
        self._first = np.maximum(self._frames - self.near, 0)
        self._last = np.minimum(self._frames + self.near + 1, length)

    def around(self, chance: ndarray) -> ndarray:
        """Of each frame, the chance within its window."""
        up_to = np.concatenate([[0.0], np.cumsum(chance)])
        return up_to[self._last] - up_to[self._first]

    def without(self, chance: ndarray, at: int) -> ndarray:
        """With nothing left in the window of a frame."""
        return np.where(np.abs(self._frames - at) <= self.near, 0.0, chance)

    def covering(self, chance: ndarray, free: ndarray, first: int, count: int) -> list[int]:
        """Up to `count` frames beside the first that cover the most: two at once where two windows have room."""
        left, free = self.without(chance, first), free & (np.abs(self._frames - first) >= self.apart)
        chosen: list[int] = []
        while len(chosen) < count and free.any():
            found = self._two(left, free) if count - len(chosen) >= 2 else []
            for at in found or [int(np.argmax(np.where(free, self.around(left) + 1e-6 * left, -1.0)))]:
                chosen.append(at)
                left, free = self.without(left, at), free & (np.abs(self._frames - at) >= self.apart)
        return chosen

    def _two(self, left: ndarray, free: ndarray) -> list[int]:
        """The two frames with windows of their own that together cover the most; nothing where none have room."""
        wide = 2 * self.near + 1
        alone = np.where(free, self.around(left), -1.0)
        if len(alone) <= wide:
            return []
        both = alone[wide:] + np.maximum.accumulate(alone)[: len(alone) - wide]
        later = int(np.argmax(both)) + wide
        sooner = int(np.argmax(alone[: later - wide + 1]))
        return [sooner, later] if min(alone[sooner], alone[later]) >= 0 else []


def _chance(spoken: ndarray, free: ndarray) -> ndarray:
    chance = np.where(free, np.exp(spoken - spoken[free].max()), 0.0)
    return chance / chance.sum()


def _flattened(reasons: Reasons, weights: Mapping[str, float], spoken: ndarray) -> ndarray:
    """What the second and third suggestion go by."""
    place = weights.get("place", 0.0)
    body = spoken
    if "place" in reasons.names:
        body = spoken - reasons.values[:, reasons.names.index("place")] * place * reasons.seen
    shares = (np.arange(len(spoken)) + 0.5) / len(spoken)
    held = min(place / START_WEIGHTS["place"], 1.0)  # of the place's weight, after the answers
    usual = -0.5 * ((shares - USUAL_PLACE) / PLACE_WIDTH) ** 2
    return (1 - held * (1 - BODY_LEFT)) * body + held * usual * reasons.seen

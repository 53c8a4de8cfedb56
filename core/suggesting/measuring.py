"""How often suggestions hit the poses that are known, beside plain choices. Pure, no torch.

A hit is a suggested frame within a tolerance of the known one, in seconds of the clip; top-1 counts the first
suggestion, top-3 any of three. Beside it stand: `random` (its expected value, exactly: frames drawn from the segment
without replacement), `middle` (top-1: the middle frame; top-3: the middles of three equal parts, the middle one
first), and `usual place` (no signal of the body: what the `place` reason alone suggests). Intervals: 95 % of 1,000
bootstrap draws over groups (cooks, or marks where there are too few people).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.suggesting.reasons import REASONS, Reasons
from core.suggesting.suggest import APART_S, COUNT, chosen_of
from core.suggesting.weights import START_WEIGHTS, Following, Weights

TOLERANCES_S = (0.1, 0.2, 0.4)
DRAWS = 1000
PLAIN = ("random", "middle", "usual place")
Hits = Float[ndarray, "cases tolerances two"]


@dataclass(frozen=True)
class Case:
    """A segment whose pose is known: its reasons, the frame from the segment's start, and what it belongs to."""

    reasons: Reasons
    frame: int
    rate_hz: float
    group: str
    action: str = ""

    def __len__(self) -> int:
        return len(self.reasons.seen)


@dataclass(frozen=True)
class Figure:
    """A share of hits, with the ends of its 95 % interval."""

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Simulated:
    """An answer that an annotator of known poses would give."""

    segment: str
    accepted: bool
    reasons: Mapping[str, float]


def only(*names: str) -> dict[str, float]:
    """The start weights of these reasons alone."""
    return {name: START_WEIGHTS[name] for name in names}


def without(name: str) -> dict[str, float]:
    """The start weights of all reasons but one."""
    return {each: weight for each, weight in START_WEIGHTS.items() if each != name}


def frames_of(case: Case, weights: Mapping[str, float], count: int = COUNT) -> list[int]:
    """What is suggested, as frames from the segment's start; nothing where nobody is seen."""
    if not case.reasons.seen.any():
        return []
    return [at for at, _ in chosen_of(case.reasons, weights, case.rate_hz, count)]


def hits_of(cases: Sequence[Case], weights: Mapping[str, float] | Weights) -> Hits:
    """1 where the known frame was hit, 0 where not: case × tolerance × (top-1, top-3)."""
    if isinstance(weights, Weights):
        return _hits(cases, [frames_of(each, weights.of(each.action)) for each in cases])
    return _hits(cases, [frames_of(each, weights) for each in cases])


def plain_hits(cases: Sequence[Case], how: str) -> Hits:
    """As `hits_of`, of one of `PLAIN`; for `random` what is to be expected."""
    if how == "usual place":
        return hits_of(cases, only("place"))
    if how == "middle":
        thirds = [[len(each) // 2, len(each) // 6, 5 * len(each) // 6] for each in cases]
        return _hits(cases, thirds)
    if how != "random":
        raise ValueError(how)
    expected = np.zeros((len(cases), len(TOLERANCES_S), 2))
    for row, case in enumerate(cases):
        for column, tolerance in enumerate(TOLERANCES_S):
            far = int(np.count_nonzero(np.abs(np.arange(len(case)) - case.frame) > tolerance * case.rate_hz + 1e-9))
            drawn = min(COUNT, len(case))
            missed = comb(far, drawn) / comb(len(case), drawn)
            expected[row, column] = 1 - far / len(case), 1 - missed
    return expected


def figure(hits: Float[ndarray, " cases"], groups: Sequence[str], seed: int = 0) -> Figure:
    """The share of hits, and how far it may be off: groups are drawn anew, with all of their cases."""
    by_group: dict[str, list[float]] = defaultdict(list)
    for group, hit in zip(groups, hits.tolist(), strict=True):
        by_group[group].append(hit)
    sums = np.array([sum(each) for each in by_group.values()])
    counts = np.array([len(each) for each in by_group.values()])
    drawn = np.random.default_rng(seed).integers(0, len(sums), size=(DRAWS, len(sums)))
    shares = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(shares, (2.5, 97.5))
    return Figure(float(hits.mean()), float(low), float(high))


def after_answers(cases: Sequence[Case], rng: np.random.Generator | None = None) -> Weights:
    """The weights after somebody who knows the poses has answered for these segments, in this order or a drawn one.

    Skipped until a suggestion lies within `APART_S` of the pose; where none does, the pose is set without.
    """
    following = Following()
    order = range(len(cases)) if rng is None else rng.permutation(len(cases)).tolist()
    for number in order:
        case = cases[number]
        for at in frames_of(case, following.of(case.action)):
            is_it = abs(at - case.frame) <= APART_S * case.rate_hz + 1e-9
            following.take(case.action, Simulated(str(number), is_it, case.reasons.at(at)))
            if is_it:
                break
        else:
            following.take(case.action, Simulated(str(number), accepted=True, reasons=case.reasons.at(case.frame)))
    return following.weights


def calibration(cases: Iterable[Case], weights: Mapping[str, float]) -> list[tuple[float, float, int]]:
    """Of the first suggestions, by tenths of their score: mean score, share within 0.2 s, how many."""
    scores, right = [], []
    for case in cases:
        if case.reasons.seen.any():
            at, score = chosen_of(case.reasons, weights, case.rate_hz, 1)[0]
            scores.append(score)
            right.append(abs(at - case.frame) <= 0.2 * case.rate_hz + 1e-9)
    tenth = np.minimum((np.array(scores) * 10).astype(int), 9)
    told = []
    for each in range(10):
        here = tenth == each
        if here.any():
            told.append((float(np.array(scores)[here].mean()), float(np.array(right)[here].mean()), int(here.sum())))
    return told


def usual_of(cases: Iterable[Case]) -> dict[str, float]:
    """Of each reason the mean over all frames."""
    sums, frames = defaultdict(float), 0
    for case in cases:
        frames += len(case)
        for column, name in enumerate(case.reasons.names):
            sums[name] += float(case.reasons.values[:, column].sum())
    return {name: sums[name] / max(frames, 1) for name in REASONS if name in sums}


def _hits(cases: Sequence[Case], frames: Sequence[Sequence[int]]) -> Hits:
    hits = np.zeros((len(cases), len(TOLERANCES_S), 2))
    for row, (case, suggested) in enumerate(zip(cases, frames, strict=True)):
        if len(suggested) == 0:
            continue
        off_s = np.abs(np.array(suggested) - case.frame) / case.rate_hz
        for column, tolerance in enumerate(TOLERANCES_S):
            near = off_s <= tolerance + 1e-9
            hits[row, column] = near[0], near[:COUNT].any()
    return hits

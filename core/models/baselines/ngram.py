"""The next action from the last few, by counting: the plain baseline that every action figure stands beside.

Counts of orders 0 … k are mixed from the lowest up: an order seen n times weighs n / (n + smoothing) against all below
it. Order and smoothing are chosen on validation sequences by how well they roll out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

ORDERS = (0, 1, 2, 3, 4)
SMOOTHINGS = (0.5, 1.0, 2.0, 4.0, 8.0)
UNTRIED = (1, 2.0)
"""Order and smoothing where there are too few sequences to choose any."""

Actions = tuple[int, ...]
"""The actions of a sequence as numbers; negative ones are unknown."""


@dataclass(frozen=True)
class Ngram:
    """Counts by context, shortest context first."""

    order: int
    smoothing: float
    actions: int
    counts: tuple[dict[Actions, Float[ndarray, " actions"]], ...]

    def probabilities(self, history: Actions) -> Float[ndarray, " actions"]:
        """Of each action to come next, after `history` (oldest first)."""
        mixed = np.full(self.actions, 1 / self.actions)
        for order, counts in enumerate(self.counts):
            if order > len(history):
                break
            here = counts.get(history[len(history) - order :])
            if here is None:
                break  # a longer context that ends in this one was not seen either
            weight = here.sum() / (here.sum() + self.smoothing)
            mixed = weight * here / here.sum() + (1 - weight) * mixed
        return mixed

    def roll_out(self, history: Actions, steps: int) -> Float[ndarray, "steps actions"]:
        """Probabilities of each of the next `steps`, every likeliest action becoming history."""
        rows = []
        for _ in range(steps):
            rows.append(self.probabilities(history))
            history = (*history, int(rows[-1].argmax()))[-max(self.order, 1) :]
        return np.stack(rows)

    def roll_outs(self, histories: Iterable[Actions], steps: int) -> Float[ndarray, "histories steps actions"]:
        """The same of many histories; those that end alike are rolled out once."""
        known: dict[Actions, ndarray] = {}
        rows = []
        for history in histories:
            end = history[-max(self.order, 1) :]
            if end not in known:
                known[end] = self.roll_out(end, steps)
            rows.append(known[end])
        return np.stack(rows) if rows else np.zeros((0, steps, self.actions))


def count(sequences: Sequence[Actions], order: int, smoothing: float, actions: int) -> Ngram:
    """An n-gram of the given order; unknown actions are neither counted nor part of a counted context."""
    tables: list[dict[Actions, ndarray]] = [{} for _ in range(order + 1)]
    for sequence in sequences:
        for at, action in enumerate(sequence):
            if action < 0:
                continue
            for length in range(min(order, at) + 1):
                context = sequence[at - length : at]
                if min(context, default=0) >= 0:
                    tables[length].setdefault(context, np.zeros(actions))[action] += 1
    return Ngram(order, smoothing, actions, tuple(tables))


def chosen(train: Sequence[Actions], validation: Sequence[Actions], actions: int, steps: int) -> Ngram:
    """The order and smoothing whose roll-out of `steps` is right most often on `validation`; the simpler one of equals.

    With nothing to validate on, each sequence in turn is left out of `train` and validated on.
    """
    scores = _scores(train, validation, actions, steps)
    order, smoothing = max(scores, key=lambda each: (scores[each], -each[0], -each[1]), default=UNTRIED)
    return count(train, order, smoothing, actions)


def of_every_order(
    train: Sequence[Actions], validation: Sequence[Actions], actions: int, steps: int
) -> tuple[Ngram, ...]:
    """An n-gram of each order in `ORDERS`, each with the smoothing that is best for it, chosen as `chosen` does."""
    scores = _scores(train, validation, actions, steps)
    best = {
        order: max(SMOOTHINGS, key=lambda each: (scores[order, each], -each)) if scores else UNTRIED[1]
        for order in ORDERS
    }
    return tuple(count(train, order, best[order], actions) for order in ORDERS)


def _scores(
    train: Sequence[Actions], validation: Sequence[Actions], actions: int, steps: int
) -> dict[tuple[int, float], float]:
    """How often each order and smoothing is right; empty with too few sequences to tell."""
    if validation:
        rounds = [(train, validation)]
    elif len(train) >= 3:
        rounds = [([*train[:out], *train[out + 1 :]], [train[out]]) for out in range(min(len(train), 10))]
    else:
        return {}
    scores: dict[tuple[int, float], float] = {}
    for order in ORDERS:
        for smoothing in SMOOTHINGS:
            right = [_rolled_top1(count(fit, order, smoothing, actions), held, steps) for fit, held in rounds]
            scores[order, smoothing] = round(float(np.mean(right)), 9)
    return scores


def _rolled_top1(ngram: Ngram, sequences: Sequence[Actions], steps: int) -> float:
    starts = [(each, start) for each in sequences for start in range(1, len(each) - steps + 1)]
    if not starts:
        return 0.0
    foreseen = ngram.roll_outs((each[:start] for each, start in starts), steps).argmax(-1)
    return float((foreseen == np.array([each[start : start + steps] for each, start in starts])).mean())

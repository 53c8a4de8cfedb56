"""The next action from the last few, by counting: the plain baseline that every action figure stands beside.

Counts of orders 0 … k are mixed from the lowest up: an order seen n times weighs n / (n + smoothing) against all below
it. Order and smoothing are chosen on validation sequences by how well they roll out.
"""

from collections.abc import Sequence
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
    if validation:
        rounds = [(train, validation)]
    elif len(train) >= 3:
        rounds = [([*train[:out], *train[out + 1 :]], [train[out]]) for out in range(min(len(train), 10))]
    else:
        return count(train, *UNTRIED, actions)
    scores = {
        (order, smoothing): float(
            np.mean([_rolled_top1(count(fit, order, smoothing, actions), held, steps) for fit, held in rounds])
        )
        for order in ORDERS
        for smoothing in SMOOTHINGS
    }
    order, smoothing = max(scores, key=lambda each: (round(scores[each], 9), -each[0], -each[1]))
    return count(train, order, smoothing, actions)


def _rolled_top1(ngram: Ngram, sequences: Sequence[Actions], steps: int) -> float:
    right = [
        int(likeliest) == really
        for sequence in sequences
        for start in range(1, len(sequence) - steps + 1)
        for likeliest, really in zip(
            ngram.roll_out(sequence[:start][-max(ngram.order, 1) :], steps).argmax(-1),
            sequence[start : start + steps],
            strict=True,
        )
    ]
    return float(np.mean(right)) if right else 0.0

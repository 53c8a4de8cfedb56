"""How much each reason counts: as it is learned before anybody answers, and as the answers of a project change it.

The start weights are learned on the simulated kitchen (`learn`): the chance that a frame is the characteristic pose is
a softmax over its segment of reasons times weights; its likelihood near the true frame is made large. They are never
negative, so a reason speaks for a frame or not at all, and never under `LEAST`, so every reason can be heard.

In a project each answer is a step of a logistic loss: an accepted frame beats each one that was skipped before it in
its segment, and a usual frame; a skipped one loses to a usual frame, a little. A step moves a weight towards what the
answer says and never the other way: whoever accepts frames that a reason prefers never lowers that reason's weight.
Steps are small and weights stay within bounds (three answers change the order little, thirty do); their sum is held
where it was learned, so answers decide which reasons count and not how sure all of them are. Answers about an action
also change that action's own weights. No torch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.optimize import minimize

from core.suggesting.reasons import REASONS

LEAST, MOST = 0.15, 8.0
START_WEIGHTS: dict[str, float] = {
    "arms": 0.15,
    "legs": 1.0,
    "still": 0.7,
    "turn": 0.15,
    "arrival": 0.15,
    "neutral": 1.4,
    "leaning": 3.42,
    "surprise": 1.0,
    "place": 3.98,
}
"""Learned by tools/measure_suggestions.py; `legs` and `surprise`, untold there, at the mean of the body's."""
USUAL: dict[str, float] = {
    "arms": 0.38,
    "legs": 0.38,
    "still": 0.44,
    "turn": 0.21,
    "arrival": 0.41,
    "neutral": 0.27,
    "leaning": 0.35,
    "surprise": 0.38,
    "place": 0.48,
}
"""Of each reason the mean over all frames of the segments the weights were learned on: a usual frame."""
STEP, USUAL_STEP, SKIP_STEP, OWN_SHARE = 0.3, 0.15, 0.02, 0.5
"""How far an answer moves the weights: beside what was skipped, beside a usual frame, for skipping; the action's share.

Chosen on the kitchen's validation cooks, for annotators who mean what the start weights do and for others.
"""
TARGET_S = 0.1
"""Standard deviation of what counts as the true frame while learning: an annotator's own doubt."""


class Answer(Protocol):
    """What is learned from; `core.project.annotations.SuggestionAnswer` is one."""

    @property
    def segment(self) -> str: ...

    @property
    def accepted(self) -> bool: ...

    @property
    def reasons(self) -> Mapping[str, float]: ...


@dataclass(frozen=True)
class Weights:
    """Of a project, as the answers moved them: for all actions, and for those that were answered about."""

    shared: dict[str, float]
    own: dict[str, dict[str, float]]
    answers: int = 0

    def of(self, action: str) -> dict[str, float]:
        """Reason → weight for segments of `action`, a label id; their sum as it was learned."""
        return levelled(self.own.get(action, self.shared))


class Following:
    """Weights that follow answers one by one."""

    def __init__(self, start: Mapping[str, float] | None = None) -> None:
        self._first = np.array([(START_WEIGHTS if start is None else start)[name] for name in REASONS])
        self._usual = np.array([USUAL[name] for name in REASONS])
        self._shared = np.zeros(len(REASONS))
        self._own: dict[str, ndarray] = {}
        self._skipped: dict[str, list[ndarray]] = {}
        self._count = 0

    def take(self, action: str, answer: Answer) -> None:
        """One more answer, about a segment of `action`."""
        self._count += 1
        self._own.setdefault(action, np.zeros(len(REASONS)))
        known = np.array([name in answer.reasons for name in REASONS])
        said = np.array([answer.reasons.get(name, 0.0) for name in REASONS])
        better = np.where(known, said - self._usual, 0.0)
        if not answer.accepted:
            self._step(action, -better, SKIP_STEP)
            self._skipped.setdefault(answer.segment, []).append(np.where(known, said, np.nan))
            return
        for rival in self._skipped.pop(answer.segment, []):
            self._step(action, np.nan_to_num(np.where(known, said - rival, 0.0)), STEP)
        self._step(action, better, USUAL_STEP)

    def _step(self, action: str, better: ndarray, size: float) -> None:
        own = self._own[action]
        stands = _bounded(self._first + self._shared + own) @ better
        step = size / (1 + np.exp(np.clip(stands, -30, 30))) * better
        # The sums stay within the bounds too, or a weight at its bound would be slow to leave it.
        self._shared = np.clip(self._shared + step, LEAST - self._first, MOST - self._first)
        self._own[action] = np.clip(own + OWN_SHARE * step, LEAST - MOST, MOST - LEAST)

    @property
    def weights(self) -> Weights:
        """As they are now."""
        return Weights(
            shared=self._moved(None),
            own={action: self._moved(own) for action, own in self._own.items()},
            answers=self._count,
        )

    def of(self, action: str) -> dict[str, float]:
        """As `weights.of`."""
        return levelled(self._moved(self._own.get(action)))

    def _moved(self, own: ndarray | None) -> dict[str, float]:
        return _named(_bounded(self._first + self._shared + (0.0 if own is None else own)))


def weights_after(answers: Iterable[tuple[str, Answer]], start: Mapping[str, float] | None = None) -> Weights:
    """The weights after these answers in their order, each with its segment's action."""
    following = Following(start)
    for action, answer in answers:
        following.take(action, answer)
    return following.weights


def levelled(weights: Mapping[str, float]) -> dict[str, float]:
    """The same shares, with the sum of the start weights."""
    scale = sum(START_WEIGHTS.values()) / max(sum(weights.values()), 1e-9)
    return {name: value * scale for name, value in weights.items()}


@dataclass(frozen=True)
class Example:
    """A segment whose characteristic pose is known: what is learned from. T frames."""

    values: Float[ndarray, "frames reasons"]
    seen: Float[ndarray, " frames"]
    frame: int
    rate_hz: float


def learn(examples: Sequence[Example], reasons: Sequence[str], *, shrink: float = 1.0) -> dict[str, float]:
    """Weights of `reasons` (the columns of the examples) that make the known frames likely; at least `LEAST`."""
    lengths = np.array([len(each.seen) for each in examples])
    rows = np.concatenate([each.values * each.seen[:, None] for each in examples]).astype(np.float64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    of = np.repeat(np.arange(len(examples)), lengths)
    near = np.concatenate(
        [
            np.exp(-0.5 * ((np.arange(len(each.seen)) - each.frame) / (TARGET_S * each.rate_hz)) ** 2)
            for each in examples
        ]
    )

    def loss(weights: ndarray) -> tuple[float, ndarray]:
        spoken = rows @ weights
        chance = np.exp(spoken - np.maximum.reduceat(spoken, starts)[of])
        whole = np.add.reduceat(chance, starts)
        right = np.add.reduceat(chance * near, starts) + 1e-12
        value = np.log(whole / right).sum() + 0.5 * shrink * (weights**2).sum()
        slope = rows.T @ (chance / whole[of] - chance * near / right[of]) + shrink * weights
        return value / len(examples), slope / len(examples)

    found = minimize(loss, np.ones(rows.shape[1]), jac=True, method="L-BFGS-B", bounds=[(LEAST, MOST)] * rows.shape[1])
    return {name: float(value) for name, value in zip(reasons, found.x, strict=True)}


def _bounded(weights: ndarray) -> ndarray:
    return np.clip(weights, LEAST, MOST)


def _named(weights: ndarray) -> dict[str, float]:
    return {name: float(value) for name, value in zip(REASONS, weights, strict=True)}

"""Suggests the frames in which a segment's action is most recognisable, says why, and learns from answers. No torch.

`measure` a person's tracks once a clip, `suggest_in` each segment; `weights_after` the answers of a project. How often
it is right, beside plain choices, stands in docs/results/suggestions.md.
"""

from core.suggesting.reasons import REASONS, Reasons, Signals, measure, reasons_of
from core.suggesting.suggest import COUNT, Suggestion, suggest, suggest_in
from core.suggesting.weights import START_WEIGHTS, Weights, weights_after

__all__ = [
    "COUNT",
    "REASONS",
    "START_WEIGHTS",
    "Reasons",
    "Signals",
    "Suggestion",
    "Weights",
    "measure",
    "reasons_of",
    "suggest",
    "suggest_in",
    "weights_after",
]

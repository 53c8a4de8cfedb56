"""Reasons of suggested poses in words: "Arms at their widest", "Right hand nearly still"."""

from collections.abc import Mapping

from core.suggesting import Suggestion
from studio.words import said

_WORDS = {
    "arms": "Arms at their widest",
    "legs": "Legs at their widest",
    "turn": "Direction changes here",
    "neutral": "Far from the neutral pose",
    "leaning": "Leaning in the most",
    "surprise": "Unlike what was foreseen",
    "place": "Where poses usually lie",
}
_OF_HAND = {
    ("still", "left"): "Left hand nearly still",
    ("still", "right"): "Right hand nearly still",
    ("arrival", "left"): "Left hand has just arrived",
    ("arrival", "right"): "Right hand has just arrived",
}
MOST = 4
_LEAST = 0.2
"""Under this a reason says nothing worth reading."""


def reason_words(reason: str, side: str = "right") -> str:
    """What a person reads for a reason."""
    return said(_OF_HAND.get((reason, side)) or _WORDS.get(reason, reason))


def spoken(suggestion: Suggestion, weights: Mapping[str, float]) -> list[tuple[str, float]]:
    """The reasons that count most for this frame, in words, with how strongly each holds (0 … 1)."""
    ordered = sorted(suggestion.reasons.items(), key=lambda each: -each[1] * weights.get(each[0], 0.0))
    told = [(reason_words(name, suggestion.side), value) for name, value in ordered if value >= _LEAST]
    return told[:MOST]

"""Suggests characteristic poses, and says why. No torch."""

from core.suggesting.suggest import Suggestion, suggest, suggest_in

__all__ = ["Suggestion", "suggest", "suggest_in"]

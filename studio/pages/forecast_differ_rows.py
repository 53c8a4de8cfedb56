"""Moments at which two runs differ, as rows in an order and with words: what the third tab of Forecast lists. No Qt.

A pair is (first, second), as in `core.forecasts.Difference`. A step counts where both foresaw one and one came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.forecasts import Difference

Order = Literal["apart", "first", "second", "time"]
"""How far apart; where the first is better, or the second; by clip and time."""
BINS = 40


@dataclass(frozen=True)
class Step:
    """One step as it came and as both foresaw it; empty where there is none."""

    came: str
    foreseen: tuple[str, str]

    def is_right(self, which: int) -> bool | None:
        """Whether that one said what came; None where one of the two is not known."""
        return self.foreseen[which] == self.came if self.came and self.foreseen[which] else None

    @property
    def is_split(self) -> bool:
        """Whether one is right and the other wrong."""
        return {self.is_right(0), self.is_right(1)} == {True, False}


@dataclass(frozen=True)
class Tally:
    """Steps of some moments: how many both foresaw and came, and who was right where the other was not."""

    steps: int
    only_first: int
    only_second: int


def key_of(moment: Difference) -> tuple[str, int]:
    """What tells a moment from all others."""
    return moment.clip_id, moment.at_frame


def steps_of(moment: Difference) -> list[Step]:
    """Step by step, as many as the longest of the three has."""
    first, second = moment.actions
    rows = max(len(first), len(second), len(moment.came))

    def at(names: Sequence[str], row: int) -> str:
        return names[row] if row < len(names) else ""

    return [Step(at(moment.came, row), (at(first, row), at(second, row))) for row in range(rows)]


def tally(moments: Sequence[Difference]) -> Tally:
    """Over all steps of these moments."""
    known = [
        step for moment in moments for step in steps_of(moment)
        if step.is_right(0) is not None and step.is_right(1) is not None
    ]  # fmt: skip
    split = [step.is_right(0) for step in known if step.is_split]
    return Tally(len(known), sum(bool(each) for each in split), sum(not each for each in split))


def actions_of(moments: Sequence[Difference]) -> list[str]:
    """Every action that came or was foreseen, by name."""
    found = {name for each in moments for names in (*each.actions, each.came) for name in names}
    return sorted(found, key=str.casefold)


def gain_px(moment: Difference) -> float | None:
    """By how many pixels the first one's poses are nearer; None where what came was not seen."""
    first, second = moment.error_px
    return second - first if first is not None and second is not None else None


def chosen_of(
    moments: Sequence[Difference], order: Order, *, action: str = "", only_split: bool = False
) -> list[Difference]:
    """Those that are asked for, in this order. With an action: it came, or one of the two foresaw it."""
    kept = [
        each for each in moments
        if (not action or any(action in names for names in (*each.actions, each.came)))
        and (not only_split or any(step.is_split for step in steps_of(each)))
    ]  # fmt: skip
    if order == "time":
        return sorted(kept, key=key_of)
    if order == "apart":
        return sorted(kept, key=lambda each: (-each.apart, key_of(each)))
    sign = 1 if order == "first" else -1

    def better(each: Difference) -> tuple:
        gain = gain_px(each)
        right = each.right[0] - each.right[1]
        return gain is None, -sign * (gain or 0.0), -sign * right, key_of(each)

    return sorted(kept, key=better)


def counts_by_apart(moments: Sequence[Difference]) -> list[int]:
    """How many are how far apart, in `BINS` equal steps from 0 to 1."""
    counts, _ = np.histogram([min(max(each.apart, 0.0), 1.0) for each in moments], bins=BINS, range=(0.0, 1.0))
    return [int(each) for each in counts]


def bin_of(moment: Difference) -> int:
    """In which of them a moment is."""
    return min(int(min(max(moment.apart, 0.0), 1.0) * BINS), BINS - 1)

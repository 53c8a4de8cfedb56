"""Edits of a story as values: durations, order, parts added and taken out, anchors moved in time. No Qt, no state.

A story is parts in line; second 0 is where its first part begins. Durations are whole frames. Anchors keep their times
while parts change round them, as far as the story still reaches.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from core.generations import RATE_HZ, Anchor, Part
from studio.words import listed, say

LEAST_S = 0.2
"""No part is shorter; what was shorter may stay so."""
MOST_S = 120.0
ADDED_S = 2.0


@dataclass(frozen=True)
class Story:
    """What is asked for, over time."""

    parts: tuple[Part, ...] = ()
    anchors: tuple[Anchor, ...] = ()

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts)

    def start_of(self, at: int) -> float:
        """When a part begins; for the number of parts, when the story ends."""
        return sum(part.seconds for part in self.parts[:at])

    def at(self, seconds: float) -> int:
        """The part of a time, held inside."""
        return next((at for at in range(len(self.parts)) if seconds < self.start_of(at + 1)), len(self.parts) - 1)

    def lasting(self, at: int, seconds: float, *, shared: bool = False) -> "Story":
        """Part `at` with another duration. The rest follows; with `shared` the next part gives or takes instead."""
        part = self.parts[at]
        least = min(LEAST_S, part.seconds)
        if shared and at + 1 < len(self.parts):
            both = part.seconds + self.parts[at + 1].seconds
            seconds = whole(min(max(seconds, least), both - min(LEAST_S, self.parts[at + 1].seconds)))
            following = replace(self.parts[at + 1], seconds=round(both - seconds, 6))
            return self._with((*self.parts[:at], replace(part, seconds=seconds), following, *self.parts[at + 2 :]))
        seconds = whole(min(max(seconds, least), max(MOST_S, part.seconds)))
        return self._with((*self.parts[:at], replace(part, seconds=seconds), *self.parts[at + 1 :]))

    def moved(self, at: int, to: int) -> "Story":
        """Part `at` as the `to`-th."""
        rest = [*self.parts[:at], *self.parts[at + 1 :]]
        rest.insert(min(max(to, 0), len(rest)), self.parts[at])
        return self._with(tuple(rest))

    def without(self, at: int) -> "Story":
        """Without a part; the last one stays."""
        return self if len(self.parts) < 2 else self._with((*self.parts[:at], *self.parts[at + 1 :]))

    def with_part(self, at: int, part: Part) -> "Story":
        """With a part put in before the `at`-th."""
        return self._with((*self.parts[:at], part, *self.parts[at:]))

    def with_anchor_at(self, at: int, seconds: float) -> "Story":
        """Anchor `at` at another time, on a frame of the motion."""
        moved = replace(self.anchors[at], at_s=self._inside(seconds))
        return Story(self.parts, (*self.anchors[:at], moved, *self.anchors[at + 1 :]))

    def without_anchor(self, at: int) -> "Story":
        return Story(self.parts, (*self.anchors[:at], *self.anchors[at + 1 :]))

    def _with(self, parts: tuple[Part, ...]) -> "Story":
        made = Story(parts, self.anchors)
        late = any(each.at_s > made._last_s + 1e-6 for each in self.anchors)
        return (
            Story(parts, tuple(replace(each, at_s=made._inside(each.at_s)) for each in self.anchors)) if late else made
        )

    @property
    def _last_s(self) -> float:
        """Of the last frame."""
        return max(round(self.seconds * RATE_HZ) - 1, 0) / RATE_HZ

    def _inside(self, seconds: float) -> float:
        return whole(min(max(seconds, 0.0), self._last_s))


def whole(seconds: float) -> float:
    """The nearest time that is a whole number of frames."""
    return round(round(seconds * RATE_HZ) / RATE_HZ, 6)


def spelled(part: Part) -> str:
    """What is done: "walk", "walk and wave"."""
    return listed(part.actions) if part.actions else say("any action")

"""Where a cooking session stands: places of things, both hands, open doors, what is done, and what is meant next.

A `State` copies cheaply, so whoever wants the true odds of the next step draws many continuations from copies. Hands
are "main" (the one that writes) and "other". A `Step` is what an annotator would mark, with what it means physically.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from core.datasets.kitchen.cooks import Habits
from core.datasets.kitchen.dishes import Dish, Task
from core.datasets.kitchen.world import SPOTS, VESSEL_PLACES, Kitchen, Point

HANDS = ("main", "other")
IN_HAND = "hand"
_ON_BOARD_M = ((0.0, 0.0), (-0.13, 0.02), (0.13, 0.02), (0.0, 0.17))
"""Where on the board things lie, aside and ahead of its middle; the first is used where there is room."""


def _distance(one: Point, other: Point) -> float:
    """No farther than 12 cm counts: from there on there is room enough."""
    return min(0.12, float(np.hypot(one[0] - other[0], one[2] - other[2])))


class Step(NamedTuple):
    """One labelled step: the action, its object, and where and with which hand ("main", "other", "both")."""

    verb: str
    thing: str
    place: str
    point_m: Point
    hand: str


class Whereabouts(NamedTuple):
    """Where a thing is; `container` is the door it is behind, if any."""

    place: str
    point_m: Point | None
    container: str | None


class Intent(NamedTuple):
    """Something the cook means to do: a planner, and what about. It becomes a step, or smaller intents."""

    plan: Callable[..., "Outcome"]
    about: tuple = ()


Outcome = Step | list[Intent]


@dataclass
class State:
    """Changed by `advance` only; `copy` before trying things out."""

    dish: Dish
    habits: Habits
    kitchen: Kitchen
    needs: dict[Task, tuple[Task, ...]]
    whereabouts: dict[str, Whereabouts]
    rng: np.random.Generator  # of the step that is being drawn
    holding: dict[str, str | None] = field(default_factory=lambda: {"main": None, "other": None})
    open_doors: set[str] = field(default_factory=set)
    intents: list[Intent] = field(default_factory=list)
    done: set[Task] = field(default_factory=set)
    lying: dict[str, str] = field(default_factory=dict)  # thing → place it was put down at
    last_thing: str = ""
    last_kind: str = ""
    steps: int = 0
    strayed_at: int = -1  # step at which the cook was last free to do something unplanned
    finishing: bool = False

    def copy(self) -> "State":
        return replace(
            self,
            whereabouts=dict(self.whereabouts),
            holding=dict(self.holding),
            open_doors=set(self.open_doors),
            intents=list(self.intents),
            done=set(self.done),
            lying=dict(self.lying),
        )

    # ---- questions

    def possible_tasks(self) -> list[Task]:
        """What could be done next: not done, with everything done that it needs."""
        return [
            task
            for task, needed in self.needs.items()
            if task not in self.done and all(each in self.done for each in needed)
        ]

    def hand_holding(self, thing: str) -> str | None:
        return next((hand for hand in HANDS if self.holding[hand] == thing), None)

    def held_things(self) -> list[str]:
        """In alphabetical order, each once: an order that does not depend on hashing."""
        return sorted({thing for thing in self.holding.values() if thing is not None})

    def full_hands(self) -> list[str]:
        return [hand for hand in HANDS if self.holding[hand] is not None]

    def free_hand(self, preferred: str) -> str | None:
        order = HANDS if preferred == "main" else HANDS[::-1]
        return next((hand for hand in order if self.holding[hand] is None), None)

    def holds_one_thing_in_both(self) -> bool:
        return self.holding["main"] is not None and self.holding["main"] == self.holding["other"]

    def point_of(self, place: str) -> Point:
        return self.kitchen.places[place]

    def free_spot(self) -> str:
        """A free place on the worktop, rather a handy one, and not where a vessel is still to stand."""
        taken = set(self.lying.values())
        wanted = {VESSEL_PLACES[task.thing] for task in self.needs if task.kind == "vessel" and task not in self.done}
        empty = [spot for spot in SPOTS if spot not in taken]
        free = [spot for spot in empty if spot not in wanted] or empty or list(SPOTS)
        weight = np.exp(-0.9 * np.arange(len(free)))
        return free[int(self.rng.choice(len(free), p=weight / weight.sum()))]

    def point_on_board(self, thing: str) -> Point:
        """Where on the board `thing` finds room beside what lies there."""
        x, y, z = self.point_of("middle")
        others = [
            where.point_m
            for other, where in self.whereabouts.items()
            if where.place == "middle" and where.point_m is not None and other not in (thing, "board")
        ]
        places = [(x + aside, y, z + ahead) for aside, ahead in _ON_BOARD_M]
        return max(places, key=lambda place: min([_distance(place, other) for other in others], default=1.0))

    def board_is_free(self) -> bool:
        return "middle" not in self.lying.values()

    # ---- the one way a step happens

    def step(self, verb: str, thing: str, place: str, point_m: Point | None, hand: str) -> Step:
        self.steps += 1
        x, y, z = self.point_of(place) if point_m is None else point_m
        return Step(verb, thing, place, (float(x), float(y), float(z)), hand)

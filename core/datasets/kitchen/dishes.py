"""What is cooked: dishes, what goes into them, and which task must be done before which.

A dish draws three to five ingredients. Each ingredient is a chain (gather, wash, peel, cut, add), the vessel is
another, and stirring, seasoning, tasting, plating and cleaning hang on both. That is where the long-range structure
comes from: what was taken decides what is washed, peeled and cut much later. Which of the possible tasks comes next is
the cook's affair (`grammar`).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.datasets.kitchen.cooks import Habits


class Task(NamedTuple):
    """One piece of work on one thing; `turn` tells repeated ones apart."""

    kind: str
    thing: str
    turn: int = 0


@dataclass(frozen=True)
class Dish:
    """`ingredients` maps each to the stages it goes through; shares are probabilities."""

    vessel: str
    ingredients: dict[str, str]
    needed: tuple[str, ...]
    counts: tuple[int, int]
    stirs: tuple[int, int] = (0, 0)
    seasonings: tuple[str, ...] = ()
    oil: float = 0.0
    taste: float = 0.0
    tosses: int = 0
    mixing_bowl: bool = False
    water: bool = False
    drained: bool = False
    floured: bool = False
    sauce: bool = False

    @property
    def on_hob(self) -> bool:
        return self.vessel in ("pan", "pot")


_SALT_AND_PEPPER = ("salt", "pepper")
DISHES: dict[str, Dish] = {
    "soup": Dish(
        "pot",
        {"onion": "peel cut", "carrot": "wash peel cut", "tomato": "wash cut", "potato": "wash peel cut",
         "rice": "pour"},
        ("onion",), (3, 4), (2, 4), _SALT_AND_PEPPER, oil=0.8, taste=0.9, water=True,
    ),
    "omelette": Dish(
        "pan",
        {"egg": "pour", "milk": "pour", "cheese": "grate", "onion": "peel cut", "tomato": "wash cut", "butter": "add"},
        ("egg", "butter"), (3, 5), (0, 1), _SALT_AND_PEPPER, oil=0.1, taste=0.1, tosses=2, mixing_bowl=True,
    ),
    "salad": Dish(
        "bowl",
        {
            "lettuce": "wash shake cut", "cucumber": "wash peel cut", "tomato": "wash cut", "carrot": "wash peel grate",
            "onion": "peel cut", "cheese": "cut",
        },
        ("lettuce",), (3, 5), (1, 2), _SALT_AND_PEPPER, oil=1.0, taste=0.5,
    ),
    "pasta": Dish(
        "pot",
        {"pasta": "pour", "cheese": "grate", "tomato": "wash cut", "onion": "peel cut"},
        ("pasta", "cheese"), (3, 4), (1, 3), ("salt",), oil=0.3, taste=1.0, water=True, drained=True,
    ),
    "pizza": Dish(
        "tray",
        {"dough": "knead", "tomato": "wash cut", "cheese": "grate", "onion": "peel cut"},
        ("dough", "cheese"), (3, 4), seasonings=_SALT_AND_PEPPER, oil=0.6, floured=True, sauce=True,
    ),
    "sandwich": Dish(
        "plate",
        {
            "bread": "cut", "butter": "spread", "cheese": "cut", "tomato": "wash cut", "lettuce": "wash shake add",
            "cucumber": "wash cut",
        },
        ("bread", "butter"), (4, 5), seasonings=_SALT_AND_PEPPER,
    ),
    "pancakes": Dish(
        "pan",
        {"flour": "pour", "milk": "pour", "egg": "pour", "butter": "add", "apple": "wash peel grate"},
        ("flour", "milk", "egg"), (3, 5), oil=0.5, taste=0.3, tosses=2, mixing_bowl=True,
    ),
    "mash": Dish(
        "pot",
        {"potato": "wash peel cut", "carrot": "wash peel cut", "milk": "pour", "butter": "add"},
        ("potato", "milk"), (3, 4), (2, 3), _SALT_AND_PEPPER, taste=0.8, water=True, drained=True,
    ),
    "stir-fry": Dish(
        "pan",
        {"carrot": "wash peel cut", "onion": "peel cut", "cucumber": "wash cut", "tomato": "wash cut", "rice": "pour"},
        ("carrot", "onion"), (3, 4), (2, 4), _SALT_AND_PEPPER, oil=1.0, taste=0.6, tosses=2,
    ),
    "bread": Dish(
        "tray",
        {"flour": "pour", "milk": "pour", "butter": "add", "dough": "knead"},
        ("flour", "dough"), (3, 4), seasonings=("salt",), oil=0.4, mixing_bowl=True, floured=True,
    ),
}  # fmt: skip
_INTO_THE_BOWL = ("egg", "milk", "flour")


def choose_ingredients(dish: Dish, habits: Habits, rng: np.random.Generator) -> tuple[str, ...]:
    """The needed ones and some of the others, rather those that this cook thinks of early."""
    optional = [name for name in dish.ingredients if name not in dish.needed]
    wanted = int(rng.integers(dish.counts[0], dish.counts[1] + 1)) - len(dish.needed)
    wanted = max(0, min(len(optional), wanted))
    liking = np.array([np.exp(-2.5 * habits.order.get(name, 0.5)) for name in optional])
    chosen = set(rng.choice(optional, wanted, replace=False, p=liking / liking.sum()).tolist()) if wanted else set()
    return tuple(name for name in dish.ingredients if name in dish.needed or name in chosen)


def tasks_of(
    dish: Dish, ingredients: tuple[str, ...], habits: Habits, rng: np.random.Generator
) -> dict[Task, tuple[Task, ...]]:
    """Every task of this cooking, and what must be done before it."""
    needs: dict[Task, tuple[Task, ...]] = {}
    vessel, bowl = dish.vessel, "bowl" if dish.mixing_bowl else None
    fetch, heat, oil, water = (Task(kind, vessel) for kind in ("vessel", "heat", "oil", "water"))
    knead = Task("knead", "dough")

    def known(*tasks: Task) -> tuple[Task, ...]:
        return tuple(task for task in tasks if task in needs)

    if vessel != "tray":
        needs[fetch] = ()
    if bowl:
        needs[Task("vessel", bowl)] = ()
    if dish.on_hob:
        needs[heat] = (fetch,)
    if rng.random() < dish.oil:
        needs[oil] = known(heat) or known(fetch)
    if dish.water:
        needs[water] = (fetch,)

    added: list[Task] = []
    for name in ingredients:
        stages = dish.ingredients[name].split()
        before = Task("gather", name)
        needs[before] = ()
        for stage in stages:
            if stage not in ("pour", "add", "spread"):
                needs[Task(stage, name)] = (before,)
                before = Task(stage, name)
        if name in ("bread", "dough"):  # they stay on the board: others are put onto them
            continue
        if stages[-1] == "spread":
            needs[Task("spread", name)] = (before, Task("cut", "bread"))
            added.append(Task("spread", name))
            continue
        last = Task("pour_in" if stages[-1] == "pour" else "add", name)
        into = bowl if bowl and name in _INTO_THE_BOWL else vessel
        ready = [knead] if into == "tray" else [Task("vessel", into)]
        if into == vessel:
            ready += known(oil) if dish.on_hob and oil in needs else known(heat)
        needs[last] = (before, *ready, *known(water))
        added.append(last)

    if dish.floured:
        if "flour" in ingredients:
            floured = tuple(task for task in added if task.kind == "pour_in")
        else:
            needs[Task("dust", "flour")] = ()
            floured = (Task("dust", "flour"),)
        needs[knead] = (*needs[knead], *floured)
    if dish.sauce:
        needs[Task("sauce", "dough")] = (knead,)
    first_in = added[:1]
    if bowl:
        needs[Task("whisk", bowl)] = tuple(task for task in added if task.thing in _INTO_THE_BOWL)
        if dish.on_hob:
            mixed = Task("pour_mix", bowl)
            needs[mixed] = (Task("whisk", bowl), heat, *known(oil), *known(Task("add", "butter")))
            first_in = [mixed]
    for turn in range(int(rng.integers(dish.stirs[0], dish.stirs[1] + 1))):
        after = added[min(turn, len(added) - 1)]
        needs[Task("stir", vessel, turn)] = (after, *(first_in if bowl and dish.on_hob else ()))
    for name in dish.seasonings:
        if rng.random() < 0.85:
            needs[Task("season", name)] = tuple(first_in if habits.season_late < 0.5 else added)
    for turn in range(dish.tosses):
        needs[Task("toss", vessel, turn)] = tuple(first_in)
    if rng.random() < dish.taste:
        needs[Task("taste", vessel)] = (*added, *(task for task in needs if task.kind == "season"))
    if dish.drained:
        cooked = [task for task in needs if task.kind in ("pour_in", "taste") or task == Task("stir", vessel, 0)]
        needs[Task("drain", vessel)] = tuple(task for task in cooked if task != Task("pour_in", "milk"))
    if dish.on_hob:
        needs[Task("plate", vessel)] = tuple(needs)
    if rng.random() < habits.tidy:
        needs[Task("clean", "knife")] = tuple(task for task in needs if task.kind in ("cut", "peel"))
    if rng.random() < 0.2 + 0.8 * habits.wipe:
        needs[Task("wipe", "cloth")] = tuple(added)
    return needs

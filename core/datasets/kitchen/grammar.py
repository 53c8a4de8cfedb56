"""Who cooks what in which order: `begin` a dish, then `advance` step by step.

The cook chooses among the tasks that are possible by a softmax over recipe order and habits; steps follow from the
state (`intents`); now and then they stray: look after the pan, wipe, move something. No step looks at a pose and no
pose looks at a later step: what a pose tells about the future it tells because places, homes and habits differ.

`advance` draws from the generator it is given; the same seed gives the same steps in every process.
"""

import numpy as np

from core.datasets.kitchen import intents
from core.datasets.kitchen.cooks import Habits
from core.datasets.kitchen.dishes import DISHES, Task, choose_ingredients, tasks_of
from core.datasets.kitchen.intents import GOES_HOME
from core.datasets.kitchen.state import Intent, State, Step, Whereabouts
from core.datasets.kitchen.world import SPOTS, THINGS, TOOLS, TWO_HANDED, VESSEL_PLACES, Kitchen

ACTIONS = (
    "take", "put", "open", "close", "wash", "peel", "cut", "grate", "add", "pour", "stir", "whisk", "season", "knead",
    "spread", "shake", "taste", "dry", "wipe", "turn_on",
)  # fmt: skip
"""Every action there is; labels write `turn_on` as "turn on"."""
OBJECTS = tuple(sorted({*THINGS, "fridge", "cupboard", "drawer", "hob", "counter", "hands"}))

_USUAL_MOMENT = {
    "gather": 0.0, "vessel": 0.2, "heat": 0.35, "oil": 0.4, "water": 0.3, "wash": 0.3, "shake": 0.35, "peel": 0.4,
    "cut": 0.5, "grate": 0.55, "knead": 0.5, "dust": 0.3, "sauce": 0.6, "spread": 0.6, "pour_in": 0.6, "add": 0.6,
    "stir": 0.7, "toss": 0.7, "whisk": 0.7, "pour_mix": 0.75, "season": 0.7, "taste": 0.9, "drain": 0.95,
    "clean": 1.1, "plate": 1.2, "wipe": 1.2,
}  # fmt: skip
_TOOL_OF = {"cut": "knife", "peel": "peeler", "stir": "spoon", "taste": "spoon"}
_ON_INGREDIENTS = ("wash", "peel", "cut", "grate", "add", "shake", "pour_in", "spread")


def begin(
    dish_name: str, habits: Habits, kitchen: Kitchen, rng: np.random.Generator, after: State | None = None
) -> State:
    """A cook before a dish. `after` another one, tools and vessels are where they were left."""
    dish = DISHES[dish_name]
    needs = tasks_of(dish, choose_ingredients(dish, habits, rng), habits, rng)
    where = {thing: Whereabouts(home.place, home.point_m, home.container) for thing, home in kitchen.homes.items()}
    state = State(dish, habits, kitchen, needs, where, rng)
    if after is not None:
        stays = TOOLS | set(VESSEL_PLACES) | set(GOES_HOME) | {"board", "colander", "glass"}
        where.update({thing: place for thing, place in after.whereabouts.items() if thing in stays})
        state.lying = {thing: place for thing, place in after.lying.items() if thing in stays}
        state.open_doors = set(after.open_doors)
    if rng.random() < 0.15 + 0.8 * habits.dry_hands:
        state.intents.append(Intent(intents.wash_hands))
    return state


def advance(state: State, rng: np.random.Generator) -> Step | None:
    """The next labelled step, or None when the dish is done. Changes `state`."""
    state.rng = rng
    while True:
        if not state.intents and not _choose_task(state):
            return None
        state.intents[:0] = _stray(state)
        intent = state.intents.pop(0)
        outcome = intent.plan(state, *intent.about)
        if isinstance(outcome, Step):
            return outcome
        state.intents[:0] = outcome


def sequence(
    dish_name: str, habits: Habits, kitchen: Kitchen, rng: np.random.Generator, most: int = 400
) -> tuple[list[Step], State]:
    """A whole session, and how the kitchen was left."""
    state = begin(dish_name, habits, kitchen, rng)
    steps: list[Step] = []
    while len(steps) < most and (step := advance(state, rng)) is not None:
        steps.append(step)
    return steps, state


def _choose_task(state: State) -> bool:
    """Sets out on a task; at the end doors are shut and hands emptied. False when there is nothing left to do."""
    tasks = state.possible_tasks()
    if not tasks:
        if state.open_doors:
            state.intents.append(Intent(intents.close_something))
            return True
        if not state.finishing and state.full_hands():
            state.finishing = True
            state.intents.append(Intent(intents.put_all_down))
            return True
        return False
    scores = np.array([_appeal(state, task) for task in tasks]) / state.habits.temperature
    odds = np.exp(scores - scores.max())
    task = tasks[int(state.rng.choice(len(tasks), p=odds / odds.sum()))]
    state.done.add(task)
    state.last_thing, state.last_kind = task.thing, task.kind
    state.intents.append(Intent(intents.carry_out, (task,)))
    return True


def _appeal(state: State, task: Task) -> float:
    """How much this cook would like to do `task` now."""
    habits, kind, thing = state.habits, task.kind, task.thing
    appeal = -3.0 * _USUAL_MOMENT[kind]
    lateness = habits.order.get(thing, 0.5)
    if kind == "gather":
        appeal += 5.0 * (habits.gather_first - 0.5) - 2.5 * lateness
        appeal += 2.0 * (state.whereabouts[thing].container in state.open_doors)
    if kind in _ON_INGREDIENTS:
        depth = habits.one_thing_to_the_end - 0.5
        appeal += 4.5 * depth * (thing == state.last_thing) - 4.5 * depth * (kind == state.last_kind) - 2.0 * lateness
    if kind in ("vessel", "heat", "oil", "water"):
        appeal += 5.0 * (habits.heat_first - 0.5)
    if kind == "season":
        appeal -= 2.0 * habits.season_late
    if kind in ("wipe", "clean"):
        appeal += 3.0 * (habits.tidy - 0.5)
    if state.hand_holding(thing):
        appeal += 1.5
    if kind in _TOOL_OF and state.holding["main"] == _TOOL_OF[kind]:
        appeal += 1.5
    return appeal


def _stray(state: State) -> list[Intent]:
    """Something unplanned, at most once a step: stir again, move a thing, wipe, wash hands."""
    if state.steps == state.strayed_at:
        return []
    state.strayed_at = state.steps
    habits, vessel = state.habits, state.dish.vessel
    heated = Task("heat", vessel) in state.done
    cooking = heated and any(task.kind in ("add", "pour_in", "pour_mix") for task in state.done)
    both_free = not state.full_hands()
    draw = state.rng.random()
    bound = 0.10 * habits.look_after_pan * cooking
    if draw < bound and not state.holds_one_thing_in_both():
        if vessel == "pan" and state.rng.random() >= 0.8:
            return [Intent(intents.put_all_down), Intent(intents.work, ("shake", vessel, VESSEL_PLACES[vessel]))]
        stir = Intent(intents.work, ("stir", vessel, VESSEL_PLACES[vessel]))
        return [Intent(intents.take_in_main_hand, ("spoon",)), stir]
    bound += 0.05 * habits.fuss
    if draw < bound and state.holding["main"] is None:
        return _move_something(state)
    bound += 0.03 * habits.fuss
    if draw < bound and both_free:
        where = ("spot_1", "spot_3", "middle")[int(state.rng.integers(3))]
        wipe = Intent(intents.work, ("wipe", "counter", where))
        return [Intent(intents.take, ("cloth",)), wipe, Intent(intents.put, ("cloth", "by_sink"))]
    bound += 0.03 * habits.dry_hands
    if draw < bound and both_free:
        return [Intent(intents.wash_hands)]
    return []


def _move_something(state: State) -> list[Intent]:
    loose = [
        thing
        for thing, place in state.lying.items()
        if place in SPOTS and thing not in TWO_HANDED and state.whereabouts[thing].place == place
    ]
    if not loose:
        return []
    return [Intent(intents.take, (loose[int(state.rng.integers(len(loose)))],)), Intent(intents.put_all_down)]

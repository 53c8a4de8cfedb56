"""Who cooks what in which order."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from core.datasets.kitchen.cooks import habits
from core.datasets.kitchen.dishes import DISHES, choose_ingredients, tasks_of
from core.datasets.kitchen.grammar import ACTIONS, OBJECTS, advance, begin, sequence
from core.datasets.kitchen.world import TWO_HANDED, kitchen

ROOM = kitchen(0)
NAMES = list(DISHES)


@pytest.fixture(scope="module")
def sessions():
    return [
        sequence(NAMES[number % 10], habits(number % 12), ROOM, np.random.default_rng(number))[0]
        for number in range(120)
    ]


def test_that_there_are_enough_actions_and_every_word_is_in_the_vocabulary(sessions):
    used = Counter(step.verb for steps in sessions for step in steps)
    assert len(used) >= 14
    assert set(used) == set(ACTIONS)
    assert {step.thing for steps in sessions for step in steps} <= set(OBJECTS)


def test_that_nothing_is_taken_out_of_a_shut_door(sessions):
    for steps in sessions:
        opened: set[str] = set()
        for step in steps:
            if step.verb == "open":
                assert step.place not in opened
                opened.add(step.place)
            elif step.verb == "close":
                opened.remove(step.place)
            elif step.verb == "take" and step.place in ROOM.doors:
                assert step.place in opened


def test_that_only_what_is_held_is_put_and_two_hands_hold_two_things(sessions):
    for steps in sessions:
        held: list[str] = []
        for step in steps:
            if step.verb == "take":
                held.append(step.thing)
                assert len(held) <= 2
                assert len(held) == 1 or not TWO_HANDED & set(held)
            elif step.verb == "put":
                held.remove(step.thing)


def test_that_a_thing_is_washed_peeled_and_cut_only_after_it_was_fetched(sessions):
    for steps in sessions:
        fetched = set()
        for step in steps:
            if step.verb == "take":
                fetched.add(step.thing)
            elif step.verb in ("peel", "cut", "grate"):
                assert step.thing in fetched


def test_that_what_was_taken_early_tells_what_is_done_much_later(sessions):
    cut, not_cut = 0, 0
    for steps in sessions:
        early = {step.thing for step in steps[: len(steps) // 2] if step.verb == "take"}
        late = {step.thing for step in steps[len(steps) // 2 :] if step.verb in ("cut", "peel", "grate", "add", "pour")}
        cut += len(late & early - {"knife", "peeler"})
        not_cut += len(late - early)
    assert cut > 2 * not_cut


def test_that_every_dish_can_be_finished():
    for number, dish in enumerate(NAMES):
        rng = np.random.default_rng(number)
        state = begin(dish, habits(number), ROOM, rng)
        while advance(state, rng) is not None:
            assert state.steps < 400
        assert not state.possible_tasks()
        assert not state.held_things()
        assert state.done >= set(state.needs)


@pytest.mark.parametrize("dish", NAMES)
def test_that_the_tasks_of_a_dish_wait_only_for_tasks_it_has(dish):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        ingredients = choose_ingredients(DISHES[dish], habits(seed), rng)
        assert set(DISHES[dish].needed) <= set(ingredients)
        needs = tasks_of(DISHES[dish], ingredients, habits(seed), rng)
        assert {each for needed in needs.values() for each in needed} <= set(needs)


def test_that_a_copy_of_the_state_goes_its_own_way():
    rng = np.random.default_rng(3)
    state = begin("soup", habits(3), ROOM, rng)
    for _ in range(10):
        advance(state, rng)
    before = (dict(state.whereabouts), list(state.intents), set(state.done), state.steps)
    other = state.copy()
    for _ in range(10):
        advance(other, np.random.default_rng(9))
    assert (state.whereabouts, state.intents, state.done, state.steps) == before


def test_that_people_differ_more_than_the_same_person_does():
    """Habits show: the same dish by one cook is more alike than by two."""

    def starts(seed: int, run: int) -> list[str]:
        steps, _ = sequence("soup", habits(seed), ROOM, np.random.default_rng([run, 5]))
        return [f"{step.verb} {step.thing}" for step in steps[:25]]

    def alike(one: list[str], other: list[str]) -> float:
        return len(set(one) & set(other)) / len(set(one) | set(other))

    own = [alike(starts(seed, 0), starts(seed, 1)) for seed in range(30)]
    others = [alike(starts(seed, 0), starts(seed + 1, 1)) for seed in range(30)]
    assert np.mean(own) > np.mean(others) + 0.03


def test_that_the_future_is_neither_a_chain_nor_certain():
    """Knowing the whole state says far more about the next action than the last four actions do."""
    runs = [(NAMES[number % 10], (number * 3 + number // 10) % 8, number) for number in range(120)]
    sessions = [sequence(dish, habits(who), ROOM, np.random.default_rng([n, 12]))[0] for dish, who, n in runs]
    counts: dict[tuple, Counter] = defaultdict(Counter)
    for steps in sessions[:100]:
        verbs = [step.verb for step in steps]
        for at in range(4, len(verbs)):
            for order in range(5):
                counts[tuple(verbs[at - order : at])][verbs[at]] += 1
    hits, total = 0, 0
    for steps in sessions[100:]:
        verbs = [step.verb for step in steps]
        for at in range(5, len(verbs)):
            known = next(tuple(verbs[at - o : at]) for o in (4, 3, 2, 1, 0) if tuple(verbs[at - o : at]) in counts)
            hits, total = hits + (counts[known].most_common(1)[0][0] == verbs[at]), total + 1
    chain = hits / total

    hits, total = 0, 0
    for dish, who, number in runs[100:]:
        rng = np.random.default_rng([number, 12])
        state = begin(dish, habits(who), ROOM, rng)
        for at in range(40):
            drawn: Counter = Counter()
            if at >= 5 and at % 4 == 0:
                for draw in range(12):
                    ahead = advance(state.copy(), np.random.default_rng([draw, at]))
                    drawn[ahead.verb if ahead else ""] += 1
            step = advance(state, rng)
            if step is None:
                break
            if drawn:
                hits, total = hits + (drawn.most_common(1)[0][0] == step.verb), total + 1
    knowing = hits / total
    assert 0.40 < chain < 0.65
    assert knowing - chain > 0.2
    assert knowing < 0.97

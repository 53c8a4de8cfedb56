"""The journal as a list of steps: where each stands, and how many undos or redos lead there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.project.history import History
from core.project.store import ProjectStore


def named(store):
    history = History()
    history.follow(store.journal)
    return history, {each.label: each for each in history.steps}


def states(store):
    history, steps = named(store)
    return {label: history.state(step) for label, step in steps.items()}


@pytest.fixture
def five(store, parts):
    """Five steps after the first row, A to E."""
    for name in "ABCDE":
        store.edit(store.project.with_label(parts.label(name)), name)
    return store


def test_that_each_edit_is_one_step_whatever_undo_and_redo_did_to_it(five):
    five.undo()
    five.undo()
    five.redo()
    assert states(five) == {"New project": "start", "A": "made", "B": "made", "C": "made", "D": "now", "E": "next"}
    history, steps = named(five)
    assert [each.label for each in history.steps] == ["New project", *"ABCDE"]
    assert history.since(steps["D"]).kind == "redo"
    assert history.since(steps["E"]).kind == "undo"
    assert history.since(steps["A"]) is None


def test_that_what_was_taken_back_before_another_edit_is_left_behind(five, parts):
    five.undo()
    five.undo()
    five.edit(five.project.with_label(parts.label("F")), "F")
    assert states(five) | {"New project": ""} == {
        "New project": "", "A": "made", "B": "made", "C": "made", "D": "left", "E": "left", "F": "now",
    }  # fmt: skip
    history, steps = named(five)
    assert history.way_to(steps["E"]) == 0


@settings(max_examples=60, deadline=None)
@given(script=st.lists(st.sampled_from(["edit", "undo", "redo"]), max_size=25), chosen=st.integers(0, 30))
def test_that_the_way_to_a_step_leads_there(tmp_path_factory, parts, script, chosen):
    with ProjectStore.create(tmp_path_factory.mktemp("h") / "kitchen", "Kitchen", "Ada") as store:
        history = History()
        history.follow(store.journal)
        for at, what in enumerate(script):
            if what == "edit":
                store.edit(replace(store.project, name=f"name {at}"), f"step {at}")
            else:
                (store.undo if what == "undo" else store.redo)()
            history.follow(store.journal)  # row by row, as a window does
        whole = History()
        whole.follow(store.journal)
        assert [whole.state(each) for each in whole.steps] == [history.state(each) for each in history.steps]
        step = history.steps[chosen % len(history.steps)]
        way, state = history.way_to(step), history.state(step)
        assert (way < 0) == (state == "made") or state == "start"
        assert (way > 0) == (state == "next")
        for _ in range(abs(way)):
            assert (store.undo if way < 0 else store.redo)() is not None
        history.follow(store.journal)
        if state in ("made", "next", "now"):
            assert history.now == step.id
            assert history.state(step) == "now"
        elif state == "start":
            assert store.undo_label is None

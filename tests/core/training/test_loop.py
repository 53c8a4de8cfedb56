"""The training loop: what is no number is never saved, whenever it comes; no point of a curve is lost or doubled."""

import math
from contextlib import closing

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.runs import Metric, Progress
from core.training import loop
from core.training.loop import NoNumberError

NAN, INFINITE = math.nan, math.inf


class Counting:
    """Its one weight is the number of its steps; at a bad step its loss or its weight is no number."""

    def __init__(self, *, bad_loss: int = 0, bad_weight: int = 0, wrong: float = NAN) -> None:
        self.weight = torch.zeros(3)
        self.count, self.validated, self.saved = 0, [], {}
        self.drawn = None
        self._bad_loss, self._bad_weight, self._wrong = bad_loss, bad_weight, wrong

    def take_step(self, *, look):
        self.count += 1
        self.drawn = torch.tensor([self.count]) if look else None
        self.weight += 1
        if self.count == self._bad_weight:
            self.weight[1] = self._wrong
        loss = torch.tensor(self._wrong if self.count == self._bad_loss else float(self.count))
        return {"loss": loss, "loss/part": loss} if look else {"loss": loss}

    def weights(self):
        return [self.weight]

    def validate(self, step):
        self.validated.append(step)
        return {"validation/score": float(step)}

    def save(self, step):
        self.saved[step] = self.weight.clone()


def steps_of(recipe, *, done=0, steps=24, report_every=5, validate_every=6):
    return loop.train(recipe, done=done, steps=steps, report_every=report_every, validate_every=validate_every)


def outcome(search):
    while True:
        try:
            assert isinstance(next(search), Progress)
        except StopIteration as end:
            return end.value


@settings(max_examples=60)
@given(
    bad=st.integers(1, 24), what=st.sampled_from(["bad_loss", "bad_weight"]),
    wrong=st.sampled_from([NAN, INFINITE, -INFINITE]), report_every=st.integers(1, 9), validate_every=st.integers(1, 9),
)  # fmt: skip
def test_that_no_step_that_is_no_number_is_ever_saved_or_validated(bad, what, wrong, report_every, validate_every):
    recipe = Counting(**{what: bad}, wrong=wrong)
    with pytest.raises(NoNumberError) as lost:
        list(steps_of(recipe, report_every=report_every, validate_every=validate_every))
    assert lost.value.good < bad <= lost.value.step < bad + report_every
    assert all(step < bad for step in (*recipe.saved, *recipe.validated))
    kept = [step for step in range(1, bad) if step % validate_every == 0]
    assert list(recipe.saved) == kept  # the last good one stays
    again = Counting(**{what: bad}, wrong=wrong)
    found = outcome(loop.first_bad_step(again, lost.value, done=0, steps=24))
    assert found is not None
    assert found.step == bad
    assert found.drawn.tolist() == [bad]
    assert found.name == ("loss/part" if what == "bad_loss" else loop.WEIGHTS)
    assert again.saved == {}


def test_that_what_does_not_happen_again_is_not_made_up():
    search = loop.first_bad_step(Counting(), NoNumberError(4, 7, "loss"), done=0, steps=24)
    assert outcome(search) is None


@given(stop_at=st.integers(0, 40), report_every=st.integers(1, 7), validate_every=st.integers(1, 7))
def test_that_wherever_it_is_stopped_no_point_is_lost_and_none_is_there_twice(stop_at, report_every, validate_every):
    every = {"report_every": report_every, "validate_every": validate_every}
    whole = [each for each in steps_of(Counting(), **every) if isinstance(each, Metric)]
    recipe, first = Counting(), []
    with closing(steps_of(recipe, **every)) as events:
        for at, event in enumerate(events):
            first.append(event)
            if at >= stop_at:
                break
    done = max(recipe.saved, default=0)
    again = Counting()
    again.count = done
    again.weight += done
    second = [each for each in steps_of(again, done=done, **every) if isinstance(each, Metric)]
    kept = [each for each in first if isinstance(each, Metric) and each.step <= done]
    assert kept + second == whole
    assert all(torch.equal(each, torch.full((3,), float(step))) for step, each in recipe.saved.items())


def test_that_a_stop_at_a_progress_keeps_that_very_step():
    recipe = Counting()
    with closing(steps_of(recipe, report_every=5, validate_every=100)) as events:
        for event in events:
            if isinstance(event, Progress):
                break
    assert list(recipe.saved) == [5]


def test_that_values_of_any_kind_are_fetched_as_they_are():
    third = torch.tensor(1 / 3, dtype=torch.float64)
    assert loop.fetched({"a": third, "b": torch.tensor(0.1), "c": torch.tensor(3)}) == {
        "a": 1 / 3, "b": float(torch.tensor(0.1)), "c": 3.0,
    }  # fmt: skip
    assert loop.fetched({}) == {}

"""A past read step by step: padding, what is remembered, and that nothing later is ever seen."""

from dataclasses import replace

import pytest
import torch

from core import configs
from core.geometry.differentiable import Views
from core.models.baselines.counting import CountingTable
from core.models.forecaster import Forecaster
from core.models.seen_past import Past, StepObjects

ACTIONS, OBJECTS, PAST, ROWS = 5, 3, 6, 7
NEAR = {"atol": 1e-5, "rtol": 1e-4}


def _model(*overrides):
    torch.manual_seed(0)
    base = ["memory=recurrent", "memory_layers=2", "pose_from_action=true", "noise=4", "counting=true", *overrides]
    config = configs.with_overrides(configs.smoke(), [f"network.{each}" for each in base])
    model = Forecaster(
        config.network, past_steps=PAST, actions=ACTIONS, objects=OBJECTS,
        seen_times=True, times=True, next_objects=True,
    )  # fmt: skip
    model.counting = CountingTable.counted([(0, 1, 2, 3, 4, 0, 1), (1, 3, 2, 0)], 3, 2.0, ACTIONS, folds=2)
    torch.nn.init.normal_(model.decode_action[-1].weight, std=0.1)  # it starts at nothing, which hides all else
    return model


def _past(lengths, count=PAST, seed=0):
    """Pasts whose last `lengths` steps are real; the same seed gives the same real steps, however many rows of none."""
    random = torch.Generator().manual_seed(seed)
    rows = len(lengths)
    actions = torch.randint(0, ACTIONS, (rows, PAST), generator=random)
    poses = torch.randn(rows, PAST, 9, 2, generator=random) * 0.2
    visible = torch.rand(rows, PAST, 9, generator=random) > 0.1
    objects = torch.rand(rows, PAST, OBJECTS, generator=random) > 0.6
    times = torch.rand(rows, PAST, 3, generator=random) * 5
    more = count - PAST
    actions = torch.nn.functional.pad(actions, (more, 0), value=-1)
    poses = torch.nn.functional.pad(poses, (0, 0, 0, 0, more, 0))
    visible = torch.nn.functional.pad(visible, (0, 0, more, 0))
    objects = torch.nn.functional.pad(objects, (0, 0, more, 0))
    times = torch.nn.functional.pad(times, (0, 0, more, 0), value=torch.nan)
    none = torch.arange(count) < count - lengths[:, None]
    return Past.of(
        torch.where(none, -1, actions), poses, visible & ~none[..., None], (objects & ~none[..., None]).any(1),
        ACTIONS, torch.where(none[..., None], torch.nan, times), None,
        StepObjects(objects & ~none[..., None], torch.zeros(rows, OBJECTS, dtype=torch.bool)), lengths,
    )  # fmt: skip


def _views(rows=ROWS):
    tilt = torch.diag(torch.tensor([1.0, -1.0, -1.0])).expand(rows, 3, 3)
    return Views(tilt, torch.zeros(rows, 2), torch.full((rows,), 2.5))


LENGTHS = torch.tensor([1, 2, 3, 4, 5, 6, 3])


def test_that_rows_of_no_step_change_nothing():
    model = _model()
    short, long = (model(_past(LENGTHS, count)) for count in (PAST, PAST + 5))
    torch.testing.assert_close(short.logits, long.logits, **NEAR)
    torch.testing.assert_close(short.joints_m, long.joints_m, **NEAR)
    torch.testing.assert_close(short.objects, long.objects, **NEAR)


def test_that_what_is_written_in_rows_of_no_step_is_never_read():
    model, past = _model(), _past(LENGTHS)
    none = torch.arange(PAST) < PAST - LENGTHS[:, None]
    spoilt = replace(past, poses=torch.where(none[..., None, None], 7.0, past.poses))
    assert torch.equal(model(spoilt).logits, model(past).logits)


@pytest.mark.parametrize("place", range(1, PAST))
def test_that_no_place_sees_what_came_after_it(place):
    model, lengths = _model(), torch.full((ROWS,), PAST)
    one, other = _past(lengths), _past(lengths, seed=1)

    def mixed(first, second):
        return torch.cat((first[:, :place], second[:, place:]), dim=1)

    assert one.by_step is not None
    assert other.by_step is not None
    later = replace(
        one,
        actions=mixed(one.actions, other.actions),
        poses=mixed(one.poses, other.poses),
        times=mixed(one.times, other.times),
        by_step=StepObjects(mixed(one.by_step.seen, other.by_step.seen), one.by_step.earlier),
    )
    (before, _), (after, _) = model.read_every(one), model.read_every(later)
    torch.testing.assert_close(before.latent[:, :place], after.latent[:, :place], **NEAR)
    torch.testing.assert_close(before.counted[:, :place], after.counted[:, :place], **NEAR)
    assert not torch.allclose(before.latent[:, place:], after.latent[:, place:])


def test_that_each_place_says_what_the_past_up_to_it_says():
    model, past = _model(), _past(torch.full((ROWS,), PAST))
    every, lengths = model.read_every(past)
    assert lengths.tolist() == [PAST] * ROWS
    for place in range(PAST):
        upto, moved = torch.full((ROWS,), place + 1), PAST - 1 - place
        real = (torch.arange(PAST) >= moved)[:, None]
        rolled = Past(
            torch.roll(past.actions, moved, dims=1) * real,
            torch.roll(past.poses, moved, dims=1) * real[..., None],
            past.objects,
            torch.where(real, torch.roll(past.times, moved, dims=1), torch.nan),
            by_step=StepObjects(torch.roll(past.by_step.seen, moved, dims=1) & real, past.by_step.earlier),
            lengths=upto,
        )
        read = model.encode(rolled)
        torch.testing.assert_close(read.latent, every.latent[:, place], **NEAR)
        torch.testing.assert_close(read.counted, every.counted[:, place], **NEAR)


def test_that_what_is_remembered_is_the_whole_past_read_again():
    model, past, views = _model(), _past(torch.tensor([1, 2, 3, 1, 2, 3, 1])), _views()
    step, seen = model.roll_out(past, views, 1)[0]
    remembered = step.pushed_into(past, step.action, seen)
    assert remembered.state is not None
    again = replace(remembered, state=None)
    torch.testing.assert_close(model(remembered).logits, model(again).logits, **NEAR)
    torch.testing.assert_close(model(remembered).joints_m, model(again).joints_m, **NEAR)


def test_that_more_is_remembered_than_the_window_holds():
    model, views = _model(), _views()
    full = _past(torch.full((ROWS,), PAST))
    other = replace(full, poses=torch.cat((full.poses[:, :1] + 0.5, full.poses[:, 1:]), dim=1))
    ends = [model.roll_out(each, views, 4)[-1][0] for each in (full, other)]
    assert not torch.allclose(ends[0].latent, ends[1].latent)


def test_that_foreseen_objects_are_fed_back_and_teach_nothing_through_it():
    model, past, views = _model(), _past(LENGTHS), _views()
    step, seen = model.roll_out(past, views, 1)[0]
    fed = step.pushed_into(past, step.action, seen)
    assert fed.by_step is not None
    assert step.objects is not None
    torch.testing.assert_close(fed.by_step.seen[:, -1], step.objects.sigmoid())
    assert not fed.by_step.seen.requires_grad
    assert torch.equal(fed.objects, torch.maximum(past.objects, step.objects.sigmoid()))
    assert fed.lengths.tolist() == (LENGTHS + 1).clamp_max(PAST).tolist()


def test_that_futures_of_a_memory_are_the_same_alone_and_begin_as_longer_ones():
    model, past, views = _model(), _past(LENGTHS), _views()

    def drawn(count, steps):
        return model.sample(past, views, steps, count, torch.Generator().manual_seed(3))

    eight, one, long = drawn(8, 3), drawn(1, 3), drawn(8, 4)
    assert torch.equal(eight.actions[:, :1], one.actions)
    torch.testing.assert_close(eight.joints_m[:, :1], one.joints_m, **NEAR)
    assert torch.equal(long.actions[:, :, :3], eight.actions)
    assert len({tuple(each) for each in eight.actions[0].tolist()}) > 1


def test_that_without_knowing_which_step_involved_what_it_forecasts_all_the_same():
    past = _past(LENGTHS)
    assert _model()(replace(past, by_step=None)).logits.isfinite().all()


def test_that_hidden_features_come_from_the_given_chance_alone():
    model, past = _model("dropout=0.5"), _past(LENGTHS)
    one, same, other = (model(past, torch.Generator().manual_seed(seed)).logits for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)

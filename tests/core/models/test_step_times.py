"""Times of steps ahead: what their density says, how they add up, and that the loss teaches it."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from core.models.step_times import INSIDE, LEAST_S, Times, added_up, logarithm, usual
from core.training.forecaster_losses import times_loss


def _times(seconds, scale=0.3):
    middle = logarithm(torch.tensor([seconds]))
    return Times(middle, torch.full_like(middle, math.log(scale)))


@given(st.lists(st.floats(0, 100), min_size=3, max_size=3), st.floats(0.03, 2.0))
def test_that_the_median_lies_within_its_limits_and_none_is_before_now(seconds, scale):
    times = _times(seconds, scale)
    assert ((times.low_s >= 0) & (times.low_s <= times.median_s) & (times.median_s <= times.high_s)).all()
    torch.testing.assert_close(times.median_s, torch.tensor([seconds]), atol=1e-3, rtol=1e-4)


def test_that_the_limits_hold_the_share_they_say():
    torch.manual_seed(0)
    times = Times(torch.zeros(1, 3) + 1.5, torch.zeros(1, 3) - 0.7)
    drawn = torch.distributions.Laplace(times.middle, times.log_scale.exp()).sample((4000,)).exp() - LEAST_S
    inside = ((drawn >= times.low_s) & (drawn <= times.high_s)).float().mean()
    assert abs(float(inside) - INSIDE) < 0.02


def test_that_the_interval_widens_with_the_horizon_slower_than_its_parts():
    steps = [_times([2.0, 1.0, 1.0]), _times([3.0, 1.0, 1.0]), _times([1.0, 0.5, 0.5])]
    when = added_up(steps)
    torch.testing.assert_close(when.median_s, torch.tensor([[2.0, 5.0, 6.0]]), atol=0.3, rtol=0)
    wide = when.high_s - when.low_s
    assert (wide.diff() > 0).all()
    alone = sum(float((each.high_s - each.low_s)[0, 0]) for each in steps)
    assert float(wide[0, -1]) < alone
    assert torch.equal(when.low_s, added_up(steps).low_s)  # the same forecast says the same every time


@given(st.floats(0.2, 60), st.floats(0.03, 1.5))
def test_that_the_first_step_keeps_its_own_median_and_limits(seconds, scale):
    step = _times([seconds, 1.0, 1.0], scale)
    when = added_up([step, _times([1.0, 1.0, 1.0])])
    torch.testing.assert_close(when.median_s[:, 0], step.median_s[:, 0], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(when.low_s[:, 0], step.low_s[:, 0], rtol=0.03, atol=0.02)
    torch.testing.assert_close(when.high_s[:, 0], step.high_s[:, 0], rtol=0.03, atol=0.02)


def test_that_added_times_hold_the_share_of_sums_they_say_however_many_rows():
    torch.manual_seed(2)
    steps = [Times(torch.full((3000, 3), 1.0), torch.full((3000, 3), -0.4)) for _ in range(4)]
    when = added_up(steps)
    assert when.median_s.shape == (3000, 4)
    drawn = [torch.distributions.Laplace(each.middle, each.log_scale.exp()).sample().exp() - LEAST_S for each in steps]
    came = torch.stack([each[:, 0].clamp_min(0) for each in drawn], dim=-1).cumsum(-1)
    inside = ((came >= when.low_s) & (came <= when.high_s)).float().mean(0)
    assert (inside - INSIDE).abs().max() < 0.04
    assert ((came < when.median_s).float().mean(0) - 0.5).abs().max() < 0.04


def test_that_the_loss_is_least_at_the_median_and_at_the_mean_distance_from_it():
    torch.manual_seed(1)
    came_s = torch.rand(999, 3) * 5
    best = Times.of(usual(came_s).expand(999, -1))
    least = times_loss(best, came_s)
    for middle, scale in ((0.2, 0.0), (-0.2, 0.0), (0.0, 0.3), (0.0, -0.3)):
        other = Times(best.middle + middle, best.log_scale + scale)
        assert times_loss(other, came_s) > least


def test_that_unknown_times_have_no_say_and_give_no_gradient_that_is_no_number():
    middle = torch.zeros(2, 3, requires_grad=True)
    came_s = torch.tensor([[1.0, torch.nan, 2.0], [torch.nan] * 3])
    loss = times_loss(Times(middle, torch.zeros(2, 3)), came_s)
    loss.backward()
    assert loss.isfinite()
    assert middle.grad is not None
    assert middle.grad.isfinite().all()
    assert (middle.grad != 0).tolist() == [[True, False, True], [False] * 3]
    assert times_loss(Times(middle, torch.zeros(2, 3)), torch.full((2, 3), torch.nan)).item() == 0


def test_that_the_usual_times_of_nothing_are_numbers():
    assert usual(torch.full((4, 3), torch.nan)).isfinite().all()
    assert usual(torch.zeros(0, 3)).isfinite().all()

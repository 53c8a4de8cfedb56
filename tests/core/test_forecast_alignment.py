"""Forecasts beside what came: by step, by time, by action; and their poses at any time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.forecast_alignment import (
    LINE_UPS,
    compared_with,
    errors_over_time,
    joint_errors_mm,
    joint_errors_px,
    lined_up,
    poses_over_time,
    step_at,
    what_came,
)
from core.forecasts import Forecast, ForecastStep, StepTime, doubts_of

RATE_HZ = 10.0
ACTIONS = ("take", "cut", "wash")


def pose(of: int) -> tuple[tuple[float, float], ...]:
    return tuple(map(tuple, 100 + 10 * np.random.default_rng(of).normal(size=(9, 2))))


def step(action: str, at_s: float | None, *, truth: str | None = None, truth_s: float | None = None, of: int = 0):
    time = (
        None if at_s is None else StepTime(start_s=at_s - 0.4, pose_s=at_s, end_s=at_s + 0.4, low_s=at_s, high_s=at_s)
    )
    return ForecastStep(
        action=action,
        confidence=0.5,
        best=((action, 0.5),),
        joints_m=tuple((x / 100, y / 100, 0.1) for x, y in pose(of)),
        joints_px=pose(of),
        truth_action=truth,
        truth_frame=None if truth_s is None else 100 + round(RATE_HZ * truth_s),
        truth_px=pose(of + 1) if truth is not None else None,
        truth_seen=(True,) * 9 if truth is not None else None,
        time=time,
    )


def forecast(*steps: ForecastStep, model: str = "one") -> Forecast:
    return Forecast(
        model=model, clip_id="c", at_frame=100, seen_frames=(), seen_actions=(), steps=steps, camera_estimated=False
    )


CAME = (("take", 1.0), ("cut", 3.0), ("wash", 6.0))


def foreseen(*said: tuple[str, float | None]) -> Forecast:
    """A forecast beside CAME."""
    return forecast(
        *(
            step(action, at_s, truth=CAME[at][0] if at < 3 else None, truth_s=CAME[at][1] if at < 3 else None, of=at)
            for at, (action, at_s) in enumerate(said)
        )
    )


def test_that_by_step_the_kth_row_holds_the_kth_step_of_each():
    short, long = foreseen(("cut", 1.0)), foreseen(("take", 1.0), ("cut", 2.0), ("cut", 3.0), ("wash", 4.0))
    lined = lined_up([short, long], "step", RATE_HZ)
    assert lined.cells == ((0, None, None, None), (0, 1, 2, 3))
    assert [row.seconds for row in lined.rows] == [1.0, 3.0, 6.0, None]
    assert lined.rows[3].truth is None
    assert lined.left_over == ((), ())


def test_that_by_time_a_row_holds_the_step_expected_nearest_to_it_and_the_rest_is_left_over():
    # Expected at 0.9, 1.4, 3.2 and 9 s; what came stands at 1, 3 and 6 s.
    said = foreseen(("take", 0.9), ("take", 1.4), ("cut", 3.2), ("wash", 9.0))
    lined = lined_up([said], "time", RATE_HZ)
    assert lined.cells == ((0, 2, 2),)
    assert lined.left_over == ((1, 3),)


def test_that_by_action_what_came_in_this_order_is_matched_and_the_rest_is_not_foreseen():
    said = foreseen(("cut", 1.0), ("take", 2.0), ("wash", 3.0))
    # Both "cut, wash" and "take, wash" are two long; the nearer in time wins: take is 1 s off, cut 2 s.
    assert lined_up([said], "action", RATE_HZ).cells == ((1, None, 2),)
    assert lined_up([said], "action", RATE_HZ).left_over == ((0,),)
    without_times = foreseen(("wash", None), ("take", None), ("cut", None))
    assert lined_up([without_times], "action", RATE_HZ).cells == ((1, 2, None),)


def test_that_where_nothing_is_marked_ahead_the_first_forecast_gives_the_rows():
    first, other = forecast(step("take", 1.0), step("cut", 4.0)), forecast(step("cut", 3.5), step("wash", 9.0))
    lined = lined_up([first, other], "time", RATE_HZ)
    assert not lined.knows_what_came
    assert [row.seconds for row in lined.rows] == [1.0, 4.0]
    assert lined.cells == ((0, 1), (0, 0))
    assert lined.left_over == ((), (1,))
    assert lined_up([], "time", RATE_HZ).rows == ()


def test_that_a_forecast_without_times_is_lined_up_by_number_instead_of_by_time():
    assert lined_up([foreseen(("take", None), ("cut", None))], "time", RATE_HZ).cells == ((0, 1),)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=7),
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.floats(0.1, 20)), min_size=1, max_size=7),
    st.sampled_from(LINE_UPS),
)
def test_that_every_step_stands_in_a_row_or_is_left_over_and_matches_keep_their_order(came, said, by):
    times = np.sort([at_s for _, at_s in said])
    steps = [
        step(
            action,
            float(times[at]),
            truth=came[at] if at < len(came) else None,
            truth_s=1.0 + 2 * at if at < len(came) else None,
        )
        for at, (action, _) in enumerate(said)
    ]
    made = forecast(*steps)
    lined = lined_up([made], by, RATE_HZ)
    (column,), (left,) = lined.cells, lined.left_over
    shown = [at for at in column if at is not None]
    assert sorted({*shown, *left}) == list(range(len(said)))
    assert not set(shown) & set(left)
    assert shown == sorted(shown)
    assert len(lined.rows) == (len(said) if by == "step" else min(len(came), len(said)))
    if by == "action":
        assert len(set(shown)) == len(shown)
        for row, at in zip(lined.rows, column, strict=True):
            assert at is None or steps[at].action == row.truth.truth_action
        assert len(shown) == longest_common([each.truth_action for each in what_came([made])], [a for a, _ in said])


def longest_common(one: list[str], other: list[str]) -> int:
    """By trying everything, shortest words first: a second way to the same number."""
    if not one or not other:
        return 0
    if one[0] == other[0]:
        return 1 + longest_common(one[1:], other[1:])
    return max(longest_common(one[1:], other), longest_common(one, other[1:]))


def test_that_a_step_beside_another_truth_is_measured_anew():
    said = foreseen(("take", 1.0), ("cut", 3.0))
    first, second = said.steps
    moved = compared_with(first, second)
    assert (moved.truth_action, moved.truth_frame) == ("cut", second.truth_frame)
    assert (moved.action, moved.joints_px) == (first.action, first.joints_px)
    said_px, true_px = np.array(first.joints_px), np.array(second.truth_px)
    off = np.linalg.norm((said_px - said_px[1]) - (true_px - true_px[1]), axis=-1)
    assert moved.error_px == pytest.approx(np.delete(off, 1).mean())
    assert compared_with(first, first) is first
    alone = compared_with(first, None)
    assert (alone.truth_action, alone.error_px, alone.error_mm) == (None, None, None)


def test_that_errors_leave_out_the_neck_and_what_is_not_seen():
    from msgspec.structs import replace

    (said,) = foreseen(("take", 1.0)).steps
    hidden = replace(said, truth_seen=(True, True, False, *(True,) * 6))
    assert np.flatnonzero(~np.isfinite(joint_errors_px(hidden))).tolist() == [1, 2]
    assert np.isnan(joint_errors_mm(said)).all()
    shifted = replace(said, truth_m=tuple((x + 1, y, z) for x, y, z in said.joints_m))
    assert np.nanmax(joint_errors_mm(shifted)) == pytest.approx(0, abs=1e-6), "neck on neck, a place is no error"


def test_that_a_pose_goes_evenly_from_instant_to_instant_and_holds_at_the_end():
    said = foreseen(("take", 1.0), ("cut", 3.0))
    keys = [np.array(each.joints_px) - np.array(each.joints_px)[1] for each in said.steps]
    at = poses_over_time(said, np.array([0.0, 1.0, 2.0, 3.0, 99.0]))
    np.testing.assert_allclose(at[[0, 1, 3, 4]], np.stack([keys[0], keys[0], keys[1], keys[1]]), atol=1e-3)
    np.testing.assert_allclose(at[2], (keys[0] + keys[1]) / 2, atol=1e-3)
    start = np.array(pose(77))
    from_start = poses_over_time(said, np.array([0.0, 0.5]), start)
    np.testing.assert_allclose(from_start[0], start - start[1], atol=1e-3)
    np.testing.assert_allclose(from_start[1], (start - start[1] + keys[0]) / 2, atol=1e-3)
    assert np.isnan(poses_over_time(foreseen(("take", None)), np.zeros(3))).all()


def test_that_errors_over_time_are_nothing_where_the_truth_is_what_was_said():
    said = foreseen(("take", 1.0), ("cut", 3.0))
    seconds = np.linspace(0, 4, 9)
    true_px = poses_over_time(said, seconds) + 55.0
    seen = np.ones((9, 9), bool)
    seen[4, 3] = seen[5, 1] = False  # a joint; the neck, without which nothing can be compared
    errors = errors_over_time(said, seconds, true_px, seen)
    assert errors.shape == (9, 9)
    assert np.nanmax(errors) == pytest.approx(0, abs=1e-9)
    assert np.isnan(errors[:, 1]).all()
    assert np.isnan(errors[4, 3])
    assert np.isnan(errors[5]).all()
    assert errors_over_time(said, seconds, true_px + [[[0.0, 0.0]]] * 9, seen)[0, 0] == pytest.approx(0)


def test_that_the_step_of_a_time_is_the_one_expected_nearest_to_it():
    said = foreseen(("take", 1.0), ("cut", 3.0))
    assert [step_at(said, seconds) for seconds in (0.0, 1.9, 2.1, 50.0)] == [0, 0, 1, 1]
    assert step_at(foreseen(("take", None)), 1.0) is None


def test_that_a_doubt_says_whose_it_is_unless_all_have_it():
    def one(*doubts: str) -> Forecast:
        return Forecast(
            model="m", clip_id="c", at_frame=0, seen_frames=(), seen_actions=(), steps=(), camera_estimated=False,
            doubts=doubts,
        )  # fmt: skip

    assert doubts_of([("a", one("Short.", "Flat."))]) == ["Short.", "Flat."]
    assert doubts_of([("a", one("Short.")), ("b", one("Short.", "Flat."))]) == ["Short.", "b: Flat."]
    many = [(name, one("Flat.")) for name in "abcde"]
    assert doubts_of([*many, ("f", one())]) == ["a, b, c and 2 more: Flat."]
    assert doubts_of([]) == []

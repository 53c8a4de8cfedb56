"""When steps come: spans put on one clock, worn by what is over, and the usual times of actions."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.configs import ForecasterData
from core.datasets.steps import clip_sequences
from core.evaluation.usual_times import ENOUGH, LEAST_S, Usual, on_the_clock, spans_of, usual_times
from tests.core.made_up_project import RATE, STEP, made_up

seconds = st.floats(0.0, 60.0)


@st.composite
def spans(draw, steps: int = 3):
    """Three spans with ordered quantiles, a few steps."""
    three = st.lists(st.lists(seconds, min_size=3, max_size=3), min_size=3, max_size=3)
    rows = draw(st.lists(three, min_size=1, max_size=steps))
    return np.sort(np.array(rows), axis=-1)


@pytest.fixture(scope="module")
def sequences():
    made = made_up(6, 8)
    clips = made.project.clips.values()
    return [each for clip in clips for each in clip_sequences(made.project, clip, made.read_tracks, ForecasterData())]


@given(spans(), st.floats(0.0, 500.0))
def test_that_steps_come_in_order_and_never_before_now(times, worn_s):
    said = on_the_clock(times, worn_s, is_usual=True)
    instants = [each.pose_s for each in said]
    assert instants == sorted(instants)
    assert instants[0] >= 0
    for each in said:
        assert 0 <= each.low_s <= each.pose_s + 1e-9 <= each.high_s + 2e-9
        assert each.start_s <= each.pose_s + 1e-9
        assert each.end_s >= each.pose_s - 1e-9
    for one, other in pairwise(said):
        assert one.end_s <= other.start_s + 1e-9


@given(spans(steps=1), st.floats(0.01, 200.0), st.floats(0.01, 200.0))
def test_that_the_longer_a_span_lasts_the_later_it_is_expected_to_end(times, one_s, more_s):
    first = on_the_clock(times, one_s, is_usual=True)[0]
    later = on_the_clock(times, one_s + more_s, is_usual=True)[0]
    assert one_s + first.pose_s <= one_s + more_s + later.pose_s + 1e-6
    assert one_s + first.high_s <= one_s + more_s + later.high_s + 1e-6


def test_that_what_is_left_of_a_span_is_its_distribution_given_that_it_lasts():
    low_s, median_s, high_s = 1.0, 3.0, 12.0
    random = np.random.default_rng(5)
    width = [np.log((median_s + LEAST_S) / (low_s + LEAST_S)), np.log((high_s + LEAST_S) / (median_s + LEAST_S))]
    drawn = random.exponential(1 / np.log(5), 400_000)
    side = random.integers(0, 2, len(drawn))
    lengths = np.exp(np.log(median_s + LEAST_S) + np.where(side, width[1], -width[0]) * drawn) - LEAST_S
    np.testing.assert_allclose(np.quantile(lengths, [0.1, 0.5, 0.9]), [low_s, median_s, high_s], rtol=0.02)
    span = np.array([[[low_s, median_s, high_s], [0, 0, 0], [0, 0, 0]]])
    for worn_s in (0.5, 2.0, 3.0, 8.0, 30.0):
        left = lengths[lengths > worn_s] - worn_s
        said = on_the_clock(span, worn_s, is_usual=True)[0]
        np.testing.assert_allclose(
            (said.low_s, said.pose_s, said.high_s), np.quantile(left, [0.1, 0.5, 0.9]), rtol=0.06
        )


def test_that_what_always_takes_the_same_time_adds_up_to_the_digit():
    said = on_the_clock(np.full((4, 3, 3), 2.5), 0.0, is_usual=False)
    assert [each.pose_s for each in said] == pytest.approx([2.5, 5.0, 7.5, 10.0])
    assert [each.high_s - each.low_s for each in said] == pytest.approx([0.0] * 4, abs=1e-9)
    assert not any(each.is_usual for each in said)


def test_that_the_first_step_has_the_quantiles_that_were_given():
    said = on_the_clock(np.array([[[1.0, 3.0, 12.0], [1.0] * 3, [2.0] * 3]]), 0.0, is_usual=True)[0]
    assert (said.low_s, said.pose_s, said.high_s) == pytest.approx((1.0, 3.0, 12.0))
    assert (said.start_s, said.end_s) == pytest.approx((2.0, 5.0))


def test_that_what_is_said_of_later_steps_holds_four_sums_of_five():
    lead = np.array([1.0, 3.0, 9.0])
    said = on_the_clock(np.tile(np.stack([lead, np.ones(3), np.ones(3)]), (5, 1, 1)), 0.0, is_usual=True)
    random = np.random.default_rng(2)
    logs = np.log(lead + LEAST_S)
    widths = np.where(random.integers(0, 2, (60_000, 5)), logs[2] - logs[1], logs[0] - logs[1])
    sums = (np.exp(logs[1] + widths * random.exponential(1 / np.log(5), (60_000, 5))) - LEAST_S).cumsum(-1)
    for at, each in enumerate(said):
        below, middle, above = ((sums[:, at] < limit).mean() for limit in (each.low_s, each.pose_s, each.high_s))
        assert below == pytest.approx(0.1, abs=0.02)
        assert middle == pytest.approx(0.5, abs=0.03)
        assert above == pytest.approx(0.9, abs=0.02)


def test_that_segments_that_would_overlap_meet_between_their_instants():
    times = np.array([[[1.0] * 3, [0.5] * 3, [4.0] * 3], [[1.0] * 3, [3.0] * 3, [0.5] * 3]])
    first, second = on_the_clock(times, 0.0, is_usual=True)
    assert first.end_s == second.start_s
    assert first.pose_s <= first.end_s <= second.pose_s


def test_that_spans_are_measured_between_instants_and_to_the_ends_of_segments(sequences):
    names, told = spans_of(sequences[0])
    assert names == tuple(step.action for step in sequences[0].steps)
    assert np.isnan(told[0, 0])
    np.testing.assert_allclose(told[1:, 0], STEP / RATE)
    np.testing.assert_allclose(told[:, 1:], STEP / RATE / 2)


def test_that_a_clip_whose_frames_have_no_rate_tells_no_times(sequences):
    clip = sequences[0].clip
    still = replace(clip, video=replace(clip.video, rate_hz=0.0))
    names, told = spans_of(type(sequences[0])(still, "", sequences[0].track, sequences[0].steps, 0))
    assert names == ()
    assert told.shape == (0, 3)


def test_that_rare_and_unknown_actions_have_the_times_of_all():
    told = [(("cut",) * ENOUGH + ("stir",), np.array([[1.0, 0.2, 0.3]] * ENOUGH + [[9.0, 2.0, 3.0]]))]
    times = usual_times(told, ("cut", "stir"))
    np.testing.assert_allclose(times[0], [[1.0] * 3, [0.2] * 3, [0.3] * 3])
    np.testing.assert_array_equal(times[1], times[2])
    usual = Usual(("cut", "stir"), times)
    np.testing.assert_array_equal(usual.of("fly"), times[-1])
    assert usual.is_known


def test_that_a_single_step_is_taken_to_follow_another_of_its_length():
    times = usual_times([(("cut",), np.array([[np.nan, 0.5, 1.5]]))], ())
    np.testing.assert_allclose(times[-1], [[2.0] * 3, [0.5] * 3, [1.5] * 3])
    assert not Usual((), usual_times([], ())).is_known

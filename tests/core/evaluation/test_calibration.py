"""Confidence that can be believed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from core.evaluation.calibration import ENOUGH, confidences, expected_calibration_error, temperatures


def drawn(windows, steps, actions, seed=0):
    """Logits, and truths drawn by the very probabilities they say."""
    random = np.random.default_rng(seed)
    logits = log_softmax(random.normal(0, 1.5, (windows, steps, actions)), axis=-1)
    chance = random.random((windows, steps, 1))
    truth = (np.exp(logits).cumsum(-1) < chance).sum(-1).clip(max=actions - 1)
    return logits, truth


@pytest.mark.parametrize("times", [0.25, 1.0, 4.0])
def test_that_the_temperature_found_undoes_the_one_put_in(times):
    logits, truth = drawn(6000, 2, 5)
    found = temperatures(logits * times, truth, np.arange(6000) // 3)
    assert found == pytest.approx([times, times], rel=0.1)
    before = expected_calibration_error(confidences(logits * times), truth)
    after = expected_calibration_error(confidences(logits * times, found), truth)
    assert after < 0.03
    assert times == 1.0 or after < before / 3


def test_that_each_step_has_its_own_and_short_ones_share():
    logits, truth = drawn(4000, 3, 4)
    logits[:, 1] *= 3
    truth[ENOUGH - 1 :, 2] = -1  # hardly anything known of the last
    found = temperatures(logits, truth, np.zeros(4000, int))
    assert found[0] == pytest.approx(1, rel=0.15)
    assert found[1] == pytest.approx(3, rel=0.15)
    assert found[0] < found[2] < found[1]


def test_that_nothing_to_learn_from_leaves_confidence_as_it_is():
    logits, truth = drawn(8, 2, 4)
    assert temperatures(logits, np.full_like(truth, -1), np.zeros(8, int)).tolist() == [1, 1]
    assert temperatures(logits[:0], truth[:0], np.zeros(0, int)).tolist() == [1, 1]


def test_that_a_long_sequence_weighs_no_more_than_a_short_one():
    logits, truth = drawn(400, 1, 4)
    sequence = np.repeat([0, 1], 200)
    logits[:200] *= 5  # one sequence is too sure, the other right
    often = np.concatenate([np.repeat(np.arange(200), 4), np.arange(200, 400)])
    one = temperatures(logits, truth, sequence)
    same = temperatures(logits[often], truth[often], sequence[often])
    assert same == pytest.approx(one, rel=1e-3)


@given(seed=st.integers(0, 99), temperature=st.floats(0.1, 10))
def test_that_temperatures_never_change_which_action_comes_first(seed, temperature):
    logits, _ = drawn(5, 3, 6, seed)
    sure = confidences(logits, (temperature,))
    assert sure.sum(-1) == pytest.approx(1)
    assert (sure.argmax(-1) == logits.argmax(-1)).all()


def test_that_steps_past_the_last_temperature_have_the_last_one():
    logits, _ = drawn(4, 3, 4)
    np.testing.assert_allclose(confidences(logits, (1.0, 2.0)), confidences(logits, (1.0, 2.0, 2.0)))


def test_that_the_error_is_the_distance_of_confidence_from_how_often_it_is_right():
    always = np.tile([0.8, 0.2], (100, 1))
    assert expected_calibration_error(always, np.zeros(100, int)) == pytest.approx(0.2)
    assert expected_calibration_error(always, np.repeat([0, 1], [80, 20])) == pytest.approx(0.0)
    assert expected_calibration_error(always, np.full(100, -1)) == pytest.approx(0.8), "what it has no word for"
    assert np.isnan(expected_calibration_error(always[:0], np.zeros(0, int)))


@given(seed=st.integers(0, 99), bins=st.integers(1, 30))
def test_that_more_bins_never_find_less_error_where_they_part_the_others(seed, bins):
    logits, truth = drawn(60, 1, 4, seed)
    sure = confidences(logits)
    coarse, fine = (expected_calibration_error(sure, truth, count) for count in (bins, 2 * bins))
    assert 0 <= coarse <= fine + 1e-12 <= 1 + 1e-12


def test_that_full_confidence_falls_into_the_last_bin():
    assert expected_calibration_error(np.eye(3), np.array([0, 1, 2])) == 0

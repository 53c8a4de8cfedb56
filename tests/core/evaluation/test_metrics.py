"""What figures mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.metrics import (
    accuracy,
    aligned,
    apart_mm,
    best_of_px,
    error_2d,
    hits,
    mpjpe_mm,
    over_sequences,
    pa_mpjpe_mm,
    time_error,
)
from tests.core.made_up_project import REST, bank_poses


def test_that_a_hit_is_among_the_k_best_and_an_unknown_action_is_none():
    scores = np.array([[[0.1, 0.5, 0.4], [0.2, 0.2, 0.6]]])
    assert hits(scores, np.array([[2, 0]]), 1).tolist() == [[False, False]]
    assert hits(scores, np.array([[2, 0]]), 2).tolist() == [[True, True]]  # of equals the lower number is better
    assert hits(scores, np.array([[-1, -1]]), 3).tolist() == [[False, False]]


def test_that_a_long_clip_counts_no_more_than_a_short_one():
    values = np.array([[1.0], [1.0], [1.0], [0.0]])
    assert over_sequences(values, np.array([0, 0, 0, 1]))[0] == 0.5


def test_that_five_guesses_are_never_worse_than_one():
    random = np.random.default_rng(0)
    scores, truth = random.random((30, 4, 9)), random.integers(0, 9, (30, 4))
    found = accuracy(scores, truth, np.repeat([0, 1, 2], 10))
    assert (found.top5 >= found.top1).all()
    assert found.top1.mean() == pytest.approx(1 / 9, abs=0.1)


def test_that_the_2d_error_is_in_pixels_over_visible_joints_without_the_neck():
    truth = np.zeros((2, 3, 9, 2))
    forecast = truth + np.array([0.03, 0.04])  # 5 cm off
    forecast[:, :, 1] = 9  # the neck is not counted
    visible = np.ones((2, 3, 9), bool)
    forecast[0, 1, 4], visible[0, 1, 4] = 7, False
    found = error_2d(forecast, truth, visible, np.full((2, 2), 200.0), np.full(2, 100.0))
    assert found.px == pytest.approx(10)
    assert found.torso == pytest.approx(0.1)
    assert found.px_by_step.tolist() == pytest.approx([10, 10, 10])
    assert found.px_by_joint.tolist() == pytest.approx([10] * 8)


def test_that_a_joint_never_seen_has_no_error_of_its_own():
    truth, visible = np.zeros((2, 3, 9, 2)), np.ones((2, 3, 9), bool)
    visible[..., 0] = False
    found = error_2d(truth + 0.1, truth, visible, np.full((2, 2), 100.0), np.full(2, 100.0))
    assert np.isnan(found.px_by_joint[0])
    assert np.isfinite(found.px_by_joint[1:]).all()


def test_that_the_best_of_one_future_is_the_2d_error_and_more_futures_are_never_worse():
    random = np.random.default_rng(0)
    truth, visible = random.normal(size=(5, 3, 9, 2)), random.random((5, 3, 9)) < 0.8
    scale_px, torso_px = np.full((5, 2), 50.0), np.full(5, 100.0)
    futures = truth[:, None] + random.normal(0, 0.1, (5, 6, 3, 9, 2))
    errors = [best_of_px(futures[:, :count], truth, visible, scale_px) for count in (1, 3, 6)]
    assert errors[0] == pytest.approx(error_2d(futures[:, 0], truth, visible, scale_px, torso_px).px)
    assert errors == sorted(errors, reverse=True)
    with_truth = np.concatenate([futures, truth[:, None]], axis=1)
    assert best_of_px(with_truth, truth, visible, scale_px) == 0
    assert np.isnan(best_of_px(futures, truth, np.zeros_like(visible), scale_px))


def test_that_one_future_is_taken_as_a_whole():
    # Two futures, each right in one step: neither is right, however the steps might be put together.
    truth, visible = np.zeros((1, 2, 9, 2)), np.ones((1, 2, 9), bool)
    futures = np.zeros((1, 2, 2, 9, 2))
    futures[0, 0, 1], futures[0, 1, 0] = [0.3, 0.4], [0.3, 0.4]
    assert best_of_px(futures, truth, visible, np.full((1, 2), 10.0)) == pytest.approx(2.5)


def test_that_futures_lie_as_far_apart_as_their_joints():
    futures_m = np.zeros((2, 3, 4, 9, 3))
    assert apart_mm(futures_m) == 0
    futures_m[:, 0, :, 1:, 1] = 0.3  # head stays, the neck does not count
    futures_m[:, 0, :, 1] = 0
    assert apart_mm(futures_m) == pytest.approx(300 * 7 / 8 * 2 / 3)  # two of three pairs differ
    assert np.isnan(apart_mm(futures_m[:, :1]))


def test_that_times_are_off_by_the_median_and_counted_within_their_interval():
    came = np.array([[2.0, 4.0, np.nan], [2.0, 5.0, 9.0]])
    said = np.array([[2.5, 4.0, 1.0], [1.0, 7.0, 9.0]])
    found = time_error(said, said - 0.6, said + 0.6, came)
    assert found.median_s == 0.5
    assert found.within == pytest.approx(3 / 5)
    assert np.isnan(time_error(said, said, said, np.full_like(came, np.nan)).median_s)


def test_that_an_error_over_nothing_is_no_number_and_no_warning():
    none = error_2d(
        np.zeros((1, 2, 9, 2)), np.zeros((1, 2, 9, 2)), np.zeros((1, 2, 9), bool), np.ones((1, 2)), np.ones(1)
    )
    assert np.isnan(none.px)


def test_that_the_3d_error_of_a_shift_counts_all_but_the_neck():
    shifted = REST + np.array([0.0, 0.05, 0.0]) * (np.arange(9) != 1)[:, None]
    assert mpjpe_mm(shifted[None], REST[None]) == pytest.approx(50)


@given(seed=st.integers(0, 999), scale=st.floats(0.3, 3), angle=st.floats(-3, 3), shift=st.floats(-2, 2))
def test_that_alignment_undoes_any_shift_turn_and_scale(seed, scale, angle, shift):
    pose = bank_poses(1, seed)[0].astype(np.float64)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    moved = scale * pose @ turn.T + shift
    assert pa_mpjpe_mm(moved[None], pose[None]) < 1e-6


def test_that_alignment_never_mirrors():
    mirrored = REST * [-1, 1, 1] + np.random.default_rng(0).normal(0, 0.05, (9, 3))
    assert pa_mpjpe_mm(REST[None], mirrored[None]) > 10
    u, _, vt = np.linalg.svd((aligned(REST, mirrored) - aligned(REST, mirrored).mean(0)).T @ (REST - REST.mean(0)))
    assert np.linalg.det(u @ vt) == pytest.approx(1)


@given(seed=st.integers(0, 99))
def test_that_alignment_never_makes_the_squares_worse(seed):
    one, other = bank_poses(2, seed).astype(np.float64)
    assert ((aligned(one, other) - other) ** 2).sum() <= (
        (one - one.mean(0) - other + other.mean(0)) ** 2
    ).sum() + 1e-12

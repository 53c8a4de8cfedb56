"""Distances between distributions against closed forms and scipy; ratios, ranks and likelihoods against their law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from core.errors import RunError
from core.evaluation.generation_metrics import (
    accuracy,
    accuracy_by_action,
    apart,
    diversity,
    frechet,
    frechet_of_normal,
    kernel_distance,
    likelihood,
    mean_average_precision,
    multimodality,
    narrowing,
    recognised,
    teaches,
)

seeds = st.integers(0, 10_000)


def some_features(seed, count=60, dimensions=5):
    random = np.random.default_rng(seed)
    return random.normal(size=(count, dimensions)) @ random.normal(size=(dimensions, dimensions))


@given(seeds, st.integers(1, 6))
def test_that_normal_distributions_along_the_same_axes_are_as_far_apart_as_the_closed_form_says(seed, dimensions):
    random = np.random.default_rng(seed)
    mean_a, mean_b = random.normal(size=(2, dimensions))
    deviation_a, deviation_b = random.uniform(0.1, 3.0, size=(2, dimensions))
    turn, _ = np.linalg.qr(random.normal(size=(dimensions, dimensions)))
    got = frechet_of_normal(
        mean_a, turn @ np.diag(deviation_a**2) @ turn.T, mean_b, turn @ np.diag(deviation_b**2) @ turn.T
    )
    expected = ((mean_a - mean_b) ** 2).sum() + ((deviation_a - deviation_b) ** 2).sum()
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(seeds)
def test_that_the_distance_is_the_one_by_scipys_root_of_the_product(seed):
    a, b = some_features(seed), some_features(seed + 1)
    covariance_a, covariance_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.real(sqrtm(covariance_a @ covariance_b))
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(covariance_a + covariance_b - 2 * root)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_that_fewer_motions_than_dimensions_still_give_a_distance_of_zero_to_themselves():
    few = np.random.default_rng(0).normal(size=(10, 64))
    assert frechet(few, few) == pytest.approx(0.0, abs=1e-6)
    assert frechet(few, few + 3.0) == pytest.approx(9.0 * 64, rel=1e-6)


@given(seeds)
def test_that_turning_both_sides_changes_no_distance_and_which_side_is_first_does_not_matter(seed):
    a, b = some_features(seed), some_features(seed + 7) + 1.0
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))
    assert frechet(a @ turn, b @ turn) == pytest.approx(frechet(a, b), rel=1e-7)
    assert frechet(b, a) == pytest.approx(frechet(a, b), rel=1e-7)
    assert kernel_distance(b, a) == pytest.approx(kernel_distance(a, b), rel=1e-9)


def test_that_the_kernel_distance_is_the_unbiased_sum_over_all_pairs():
    a, b = some_features(0, 7, 3), some_features(1, 5, 3)

    def kernel(x, y):
        return (x @ y / 3 + 1) ** 3

    within_a = np.mean([kernel(a[i], a[j]) for i in range(7) for j in range(7) if i != j])
    within_b = np.mean([kernel(b[i], b[j]) for i in range(5) for j in range(5) if i != j])
    between = np.mean([kernel(x, y) for x in a for y in b])
    assert kernel_distance(a, b) == pytest.approx(within_a + within_b - 2 * between)


def test_that_the_kernel_distance_of_one_distribution_from_itself_is_zero_on_average():
    random = np.random.default_rng(3)
    drawn = [kernel_distance(*random.normal(size=(2, 40, 4))) for _ in range(400)]
    assert abs(np.mean(drawn)) < 3 * np.std(drawn) / np.sqrt(400)
    assert min(drawn) < 0 < max(drawn)


def test_that_real_motion_is_given_beside_and_is_as_far_from_itself_as_samples_of_the_same_kind():
    random = np.random.default_rng(5)
    real, same, other = random.normal(size=(600, 8)), random.normal(size=(300, 8)), random.normal(1.0, 1.0, (300, 8))
    near, far = apart(same, real), apart(other, real)
    assert near.motions == far.motions == 300
    assert 0.5 < near.fid.mean / near.fid_of_real.mean < 2.0
    assert far.fid.mean == pytest.approx(8.0 + far.fid_of_real.mean, rel=0.15)
    assert abs(near.kid.mean) < 4 * max(near.kid_of_real.deviation, 0.01) < far.kid.mean


def test_that_few_motions_are_narrowed_to_what_they_can_tell_and_many_are_not():
    random = np.random.default_rng(1)
    few, real = random.normal(size=(200, 96)), random.normal(size=(400, 96))
    assert (apart(few, real, draws=1).dimensions, apart(few, real, draws=1).narrowed) == (32, True)
    assert apart(few[:50], real, draws=1).dimensions == 10
    many = random.normal(size=(2000, 40))
    assert (apart(many[:1000], many, draws=1).dimensions, apart(many[:1000], many, draws=1).narrowed) == (40, False)


def test_that_too_few_motions_are_refused_in_words():
    with pytest.raises(RunError, match="too few to compare"):
        apart(np.zeros((100, 3)), np.zeros((14, 3)))


def test_that_narrowing_keeps_the_directions_in_which_real_motion_differs():
    random = np.random.default_rng(2)
    wide = random.normal(size=(500, 6)) * np.array([9.0, 0.1, 7.0, 0.1, 0.1, 0.1])
    narrowed = narrowing(wide, 2)(wide)
    assert np.sort(narrowed.std(0)) == pytest.approx([7.0, 9.0], rel=0.1)


def test_that_diversity_of_two_places_is_their_distance_by_the_share_of_mixed_pairs():
    features = np.repeat([[0.0, 0.0], [3.0, 4.0]], 500, axis=0)
    assert diversity(features, pairs=4000) == pytest.approx(2.5, rel=0.05)
    labels = np.repeat([[True, False], [False, True]], 500, axis=0)
    assert multimodality(features, labels) == 0.0
    assert multimodality(features, np.ones((1000, 1), bool), pairs=4000) == pytest.approx(2.5, rel=0.05)


def test_that_every_action_counts_alike_in_multimodality():
    spread = np.concatenate([np.tile([[0.0], [2.0]], (2, 1)), np.zeros((96, 1))])
    labels = np.zeros((100, 3), bool)
    labels[:4, 0], labels[4:, 1] = True, True
    drawn = multimodality(spread, labels, pairs=3000)
    assert drawn == pytest.approx((2.0 * 2 / 3 + 0.0) / 2, rel=0.05)


def test_that_accuracy_takes_any_of_a_motions_own_actions():
    scores = np.array([[0.9, 0.5, 0.1], [0.1, 0.2, 0.7], [0.3, 0.2, 0.1]])
    labels = np.array([[True, True, False], [True, False, False], [False, True, False]])
    assert accuracy(scores, labels) == pytest.approx(1 / 3)
    assert accuracy(scores, labels, k=2) == pytest.approx(2 / 3)
    assert accuracy(scores, labels, k=3) == 1.0
    assert accuracy_by_action(scores, labels)[:2] == pytest.approx([0.5, 0.5])
    assert np.isnan(accuracy_by_action(scores, labels)[2])


def test_that_average_precision_is_that_of_a_ranking_worked_out_by_hand():
    scores = np.array([[4.0], [3.0], [2.0], [1.0]])
    labels = np.array([[True], [False], [True], [False]])
    assert mean_average_precision(scores, labels) == pytest.approx((1.0 + 2 / 3) / 2)
    assert mean_average_precision(np.zeros((4, 1)), labels) == pytest.approx(0.5)  # all equal: the share itself
    assert mean_average_precision(scores, np.concatenate([labels, labels * 0], 1)[:, :1]) == pytest.approx(5 / 6)


def test_that_the_two_ratios_are_named_by_what_they_measure():
    assert recognised(0.72, 0.9) == pytest.approx(0.8)
    assert teaches(0.45, 0.9) == pytest.approx(0.5)
    assert np.isnan(recognised(0.5, 0.0))


def test_that_codes_drawn_evenly_cost_the_logarithm_of_their_number():
    shape = (3, 10, 4)
    real = np.arange(10) < np.array([[10], [6], [1]])
    found = likelihood(np.full(shape, -np.log(256.0)), np.zeros(shape, bool), real, frames_a_token=4, dimensions=147)
    assert found.codes == 17 * 4
    assert found.bits_a_code == pytest.approx(8.0)
    assert found.bits_a_second == pytest.approx(8.0 * 4 * 30 / 4)
    assert found.bits_a_dimension == pytest.approx(8.0 * 4 / (4 * 147))
    assert found.right == 0.0


def test_that_padding_costs_no_bits():
    given_ = np.random.default_rng(0).normal(-3, 1, (4, 8, 2))
    real = np.arange(8) < np.array([[8], [5], [3], [2]])
    spoiled = np.where(real[..., None], given_, -1e6)
    words = {"frames_a_token": 2, "dimensions": 10}
    right = given_ > -3
    assert likelihood(given_, right, real, **words) == likelihood(
        spoiled, np.where(real[..., None], right, True), real, **words
    )

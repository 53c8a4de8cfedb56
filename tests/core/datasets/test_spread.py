"""Which of many points stand for all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.spread import BUCKET, buckets, even_shares, radii, turned


def _apart(points):
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))


@given(seed=st.integers(0, 99), count=st.integers(2, 60), quantile=st.floats(0.05, 0.95))
def test_that_points_of_a_radius_lie_so_far_apart_and_stand_for_all_others(seed, count, quantile):
    points = np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)
    found = radii(points, floor=0.0, first=seed % count)
    assert np.isinf(found).sum() == 1
    least = float(np.quantile(found[np.isfinite(found)], quantile))
    kept = found >= least
    apart = _apart(points)
    among = apart[np.ix_(kept, kept)] + np.eye(int(kept.sum())) * 1e9
    assert among.min(initial=np.inf) >= least * (1 - 1e-3)
    assert apart[:, kept].min(1).max() <= least * (1 + 1e-3)


def test_that_equal_points_have_no_radius_but_the_first():
    found = radii(np.ones((50, 24), np.float32), floor=0.005)
    assert (found >= 0.005).sum() == 1


@given(count=st.integers(1, 5000), most=st.integers(10, 400), seed=st.integers(0, 9))
@settings(max_examples=30)
def test_that_buckets_hold_every_point_once_and_neighbours_together(count, most, seed):
    points = np.random.default_rng(seed).normal(size=(count, 5)).astype(np.float32)
    found = buckets(points, most)
    assert sorted(np.concatenate(found).tolist()) == list(range(count))
    assert all(len(each) <= most for each in found)
    if len(found) > 8:
        inside = np.mean([points[each].var(0).mean() for each in found])
        assert inside < 0.9 * points.var(0).mean()


def test_that_turned_points_are_as_far_apart():
    points = np.random.default_rng(0).normal(size=(40, 24)).astype(np.float32)
    seen = turned(points, np.random.default_rng(1))
    assert np.abs(seen - points).max() > 0.1
    np.testing.assert_allclose(_apart(seen), _apart(points), atol=1e-5)


@pytest.mark.parametrize(
    ("there", "wanted", "shares"),
    [([100, 100], 50, [25, 25]), ([10, 100], 60, [10, 50]), ([10, 20], 90, [10, 20]), ([5, 1000, 40], 95, [5, 50, 40])],
)
def test_that_small_sets_give_all_and_large_ones_as_many_each(there, wanted, shares):
    assert even_shares(np.array(there), wanted).tolist() == shares


def test_that_no_product_is_so_large_that_linear_algebra_shares_it_out_among_threads(monkeypatch):
    points = np.random.default_rng(0).normal(size=(BUCKET, 24)).astype(np.float32)
    counted, product = [], np.matmul

    def matmul(left, right, **more):
        counted.append(left.shape[0] * left.shape[1] * right.shape[1])
        return product(left, right, **more)

    monkeypatch.setattr(np, "matmul", matmul)
    found = radii(points, floor=0.0)
    assert max(counted) <= 2**18  # OpenBLAS, beyond it: 4 times 2**16
    assert sum(counted) == BUCKET * 24 * BUCKET
    nearest = _apart(points) + np.diag(np.full(BUCKET, np.inf))
    assert np.nanmin(found) == pytest.approx(nearest.min(), rel=1e-3)

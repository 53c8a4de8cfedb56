"""Jerk against polynomials; copies are found, strangers are not, wherever they stand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.labelled_motions import Motions, as_6d, as_matrices, together
from core.evaluation.motion_quality import (
    SECOND,
    Learned,
    foot_skatings_m_s,
    nearer_share,
    peak_jerk_m_s3,
    peak_jerks_m_s3,
)
from core.geometry.rotations import about_y, matrices


def wandering(count, frames=64, seed=0):
    """Bodies that bend smoothly and walk, each its own way."""
    random = np.random.default_rng(seed)
    time = np.arange(frames) / 30
    waves = random.normal(size=(count, 24, 3, 2)) * 0.4
    phases = random.uniform(0, 2 * np.pi, size=(count, 24, 3, 2))
    vectors = sum(
        waves[:, None, ..., k] * np.sin((k + 1) * 2 * time[:, None, None] + phases[:, None, ..., k]) for k in range(2)
    )
    vectors[:, :, 0] *= 0.2
    speed = random.uniform(-1, 1, size=(count, 1))
    path = np.stack([speed * time, np.full((count, frames), 0.0), 0.5 * time + 0 * speed], axis=-1)
    labels = np.eye(3, dtype=bool)[np.arange(count) % 3]
    return Motions(as_6d(matrices(vectors)).astype(np.float32), path.astype(np.float32), np.full(count, frames), labels)


def elsewhere(motions, heading, move):
    turn = about_y(heading)
    rotations = as_matrices(motions.rotations_6d.astype(float))
    rotations[:, :, 0] = turn @ rotations[:, :, 0]
    from core.recordings import reference_joints_m

    rest_m = reference_joints_m()[0]
    path = (motions.path_m + rest_m) @ turn.T + move - rest_m
    return Motions(as_6d(rotations).astype(np.float32), path.astype(np.float32), motions.frames, motions.labels)


@given(st.floats(-20, 20), st.floats(-5, 5), st.integers(5, 40))
def test_that_a_cubic_has_the_jerk_of_its_third_derivative_and_a_parabola_none(cubic, square, frames):
    time = np.arange(frames) / 30
    joints_m = np.zeros((frames, 2, 3))
    joints_m[:, 1, 2] = square * time**2 + 0.3 * time
    assert peak_jerk_m_s3(joints_m) == pytest.approx(0.0, abs=1e-6)
    joints_m[:, 1, 2] += cubic * time**3
    assert peak_jerk_m_s3(joints_m) == pytest.approx(6 * abs(cubic), abs=1e-5)


def test_that_frames_behind_a_motions_end_have_no_jerk_and_three_frames_have_none():
    motions = wandering(3, 40)
    short = Motions(motions.rotations_6d, motions.path_m, np.array([40, 20, 3]), motions.labels)
    whole, cut = peak_jerks_m_s3(motions), peak_jerks_m_s3(short)
    assert cut[0] == whole[0]
    assert cut[1] == peak_jerks_m_s3(Motions(
        motions.rotations_6d[1:2, :20], motions.path_m[1:2, :20], np.array([20]), motions.labels[1:2]
    ))[0]  # fmt: skip
    assert cut[2] == 0.0


def test_that_a_body_that_is_pushed_over_the_ground_slips_as_fast_as_it_is_pushed():
    count, frames = 2, 30
    still = np.tile(as_6d(np.eye(3)), (count, frames, 24, 1)).astype(np.float32)
    path = np.zeros((count, frames, 3), np.float32)
    path[1, :, 2] = np.arange(frames) / 30 * 0.8
    slips = foot_skatings_m_s(Motions(still, path, np.full(count, frames), np.ones((count, 1), bool)))
    assert slips == pytest.approx([0.0, 0.8], abs=1e-3)


def test_that_a_copy_is_found_whatever_its_place_and_heading_and_a_stranger_is_far():
    known, strangers = wandering(6, seed=1), wandering(6, seed=2)
    learned = Learned.of_motions(known)
    same_mm, which = learned.nearest_mm(elsewhere(known, 2.0, np.array([4.0, 0.0, -3.0])))
    far_mm, _ = learned.nearest_mm(strangers)
    assert same_mm.max() < 0.1
    assert which.tolist() == list(range(6))
    assert far_mm.min() > 100 * max(same_mm.max(), 0.01)


def test_that_a_cut_out_of_a_known_motion_is_a_copy_whichever_frame_it_begins_at():
    known = wandering(4, 90, seed=3)
    learned = Learned.of_motions(known)
    cut = Motions(known.rotations_6d[:, 11:75], known.path_m[:, 11:75], np.full(4, 64), known.labels)
    strangers_mm, _ = learned.nearest_mm(wandering(4, 90, seed=4))
    assert learned.nearest_mm(cut)[0].max() < 0.15 * strangers_mm.min()


def test_that_how_often_samples_are_nearer_is_one_of_copies_and_a_half_of_the_same_kind():
    random = np.random.default_rng(0)
    held_out_mm = random.uniform(50, 100, 400)
    assert nearer_share(np.zeros(10), held_out_mm) == 1.0
    assert nearer_share(np.full(10, 200.0), held_out_mm) == 0.0
    assert nearer_share(held_out_mm, held_out_mm) == pytest.approx(0.5)
    assert nearer_share(random.uniform(50, 100, 400), held_out_mm) == pytest.approx(0.5, abs=0.06)


def test_that_a_motion_shorter_than_a_second_is_compared_too():
    known = wandering(3, 64, seed=5)
    short = Motions(known.rotations_6d[:, :20], known.path_m[:, :20], np.full(3, 20), known.labels)
    nearest_mm, _ = Learned.of_motions(together([known, short])).nearest_mm(short)
    assert SECOND > 20
    assert nearest_mm.max() < 0.1


def test_that_motions_of_unlike_length_are_put_together_with_their_last_frame_held():
    one, other = wandering(2, 30, seed=6), wandering(2, 50, seed=7)
    both = together([one, other])
    assert len(both) == 4
    assert np.array_equal(both.path_m[0, 30:], np.tile(one.path_m[0, 29], (20, 1)))
    assert np.array_equal(both.rotations_6d[2:], other.rotations_6d)
    assert both.real.sum(1).tolist() == [30, 30, 50, 50]

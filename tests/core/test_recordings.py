"""Recorded motion: at another rate, with joints made of a body's pose."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from core.bodies.fitting_landmarks import joints_at_rest, landmarks_of
from core.bodies.skeletons import RECORDED_27, SMPL_24, SMPLH_52, SMPLX_55, Skeleton
from core.geometry.rotations import matrices
from core.motion import Motion
from core.recordings import Recording, completed, joints_of, reference_body, resampled


def turning(rate_hz, frames, skeleton=SMPL_24):
    """A body that turns evenly about the vertical and walks straight ahead, half a metre a second."""
    time_s = np.arange(frames) / rate_hz
    vectors = np.zeros((frames, len(skeleton), 3))
    vectors[:, 0, 1] = 0.7 * time_s
    return Motion(skeleton, rate_hz, matrices(vectors), np.stack([0 * time_s, 0 * time_s, 0.5 * time_s], axis=-1))


@given(st.sampled_from([59.94, 60.0, 100.0, 120.0, 120.000046]), st.integers(1, 300))
def test_that_even_movement_is_the_same_at_any_rate(rate_hz, frames):
    kept = completed(Recording("turn", rate_hz, body=turning(rate_hz, frames)))
    even = turning(kept.rate_hz, len(kept))
    assert np.abs(kept.body.rotations - even.rotations).max() < 1e-6
    assert np.abs(kept.body.translation_m - even.translation_m).max() < 1e-6
    assert abs((len(kept) - 1) / kept.rate_hz - (frames - 1) / rate_hz) < 1 / kept.rate_hz


def test_that_a_slower_recording_keeps_its_rate():
    kept = completed(Recording("turn", 25.0, body=turning(25.0, 50)))
    assert (kept.rate_hz, len(kept)) == (25.0, 50)


def test_that_all_frames_can_be_kept():
    assert len(completed(Recording("turn", 120.0, body=turning(120.0, 50)), rate_hz=None)) == 50


@pytest.mark.parametrize("skeleton", [SMPL_24, SMPLH_52, SMPLX_55])
def test_that_a_resting_body_has_its_joints_where_a_person_has_them(skeleton):
    joints_m = joints_of(turning(30.0, 1, skeleton))[0]
    at = {name: joints_m[RECORDED_27[name]] for name in RECORDED_27.joints}
    assert at["left_wrist"][0] > 0.5
    assert at["right_wrist"][0] < -0.5
    assert at["nose"][2] > at["head"][2] + 0.05
    assert at["nose"][1] > at["neck"][1]
    assert at["head"][1] > at["pelvis"][1] > at["left_knee"][1] > at["left_ankle"][1]
    assert at["left_fingertip"][0] > at["left_hand"][0] > at["left_wrist"][0]


def test_that_what_is_not_known_spoils_nothing_beside_it():
    joints_m = np.zeros((5, 27, 3), np.float32)
    joints_m[:, :, 0] = np.arange(5)[:, None]
    joints_m[2, 3] = np.nan
    same = resampled(Recording("gap", 60.0, joints_m=joints_m), 30.0)
    np.testing.assert_array_equal(np.isnan(same.joints_m).nonzero()[:2], [[1, 1, 1], [3, 3, 3]])
    between = resampled(replace(same, rate_hz=30.0), 20.0).joints_m
    assert np.isfinite(np.delete(between, 3, axis=1)).all()


def test_that_recorded_joints_lie_where_a_fit_looks_for_them():
    body = reference_body()
    marks = landmarks_of(body, RECORDED_27)
    fitted = marks.mix @ (joints_at_rest(body)[0][marks.fixed_to] + marks.offsets_m)
    recorded = joints_of(turning(30.0, 1, SMPLX_55))[0]
    assert np.linalg.norm(fitted - recorded, axis=-1).max() < 0.004


@given(st.integers(0, 2**32 - 1), st.sampled_from([np.float32, np.float64]), st.sampled_from([0.01, 1.0, 3.0, np.pi]))
def test_that_turns_between_frames_are_those_of_scipy_whatever_their_size(seed, kind, angle):
    rng = np.random.default_rng(seed)
    first = Rotation.random(4, random_state=rng)
    axes = rng.normal(size=(4, 3))
    second = first * Rotation.from_rotvec(angle * (1 - 1e-3) * axes / np.linalg.norm(axes, axis=1, keepdims=True))
    rotations = np.stack([first.as_matrix(), second.as_matrix()]).astype(kind)
    body = Motion(Skeleton("four", ("a", "b", "c", "d"), (-1, 0, 1, 2)), 10.0, rotations, np.zeros((2, 3), kind))
    between = resampled(Recording("turn", 10.0, body=body), 40.0).body.rotations
    assert between.dtype == kind
    for joint in range(4):
        even = Slerp([0, 1], Rotation.from_matrix(rotations[:, joint]))(np.arange(5) / 4).as_matrix()
        np.testing.assert_allclose(between[:, joint], even, atol=1e-3 if kind is np.float32 and angle > 3 else 2e-6)


def test_that_a_recording_without_arrays_is_as_long_as_it_says():
    known = Recording("labels", 30.0, frames_elsewhere=75)
    assert (len(known), known.duration_s) == (75, 2.5)

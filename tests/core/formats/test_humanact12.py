"""HumanAct12: joints and ACTOR's pickle, turned upright out of their camera's axes."""

import os
import pickle

import numpy as np
import pytest

from core.bodies.skeletons import RECORDED_27
from core.errors import FormatError
from core.formats import humanact12
from core.formats.humanact12 import CLASSES
from core.recordings import completed
from tests.core.formats import made_humanact12


def at(joints_m, joint):
    return joints_m[:, RECORDED_27[joint]]


def stands_as_a_person(joints_m):
    """Head above pelvis above ankles, left at a person's own left, and a person's size."""
    up = at(joints_m, "head") - at(joints_m, "pelvis")
    assert up[:, 1].mean() > 0.3
    assert (at(joints_m, "pelvis") - at(joints_m, "left_ankle"))[:, 1].mean() > 0.3
    ahead = sum(at(joints_m, f"{side}_foot") - at(joints_m, f"{side}_ankle") for side in ("left", "right"))
    to_left = at(joints_m, "left_hip") - at(joints_m, "right_hip")
    assert (np.cross(up, ahead) * to_left).sum(-1).mean() > 0
    thigh = np.linalg.norm(at(joints_m, "left_knee") - at(joints_m, "left_hip"), axis=-1)
    assert 0.3 < thigh.mean() < 0.55


def test_that_a_sequence_says_its_class_and_its_person(tmp_path):
    (recording,) = humanact12.read(made_humanact12.make(tmp_path))
    (stretch,) = recording.stretches
    assert (stretch.labels, stretch.text) == (("lift dumbbell",), "A0601")
    assert (stretch.start_s, stretch.end_s) == (0.0, 12 / 20)
    assert (recording.name, recording.performer, recording.rate_hz) == (made_humanact12.NAME, "P01", 20.0)


def test_that_joints_are_turned_upright_and_it_says_so(tmp_path):
    (recording,) = humanact12.read(made_humanact12.make(tmp_path))
    stands_as_a_person(recording.joints_m)
    np.testing.assert_allclose(
        recording.joints_m[:, :24], made_humanact12.standing(12)[1] @ made_humanact12.HALF_TURN.T, atol=1e-7
    )
    assert "half a turn" in " ".join(recording.notes)


def test_that_joints_that_are_upright_stay_as_they_are(tmp_path):
    path = tmp_path / f"{made_humanact12.NAME}.npy"
    upright = made_humanact12.standing(12)[1] @ made_humanact12.HALF_TURN.T
    np.save(path, upright.astype(np.float32))
    (recording,) = humanact12.read(path)
    np.testing.assert_array_equal(recording.joints_m[:, :24], upright.astype(np.float32))
    assert "half a turn" not in " ".join(recording.notes)


def test_that_what_the_file_does_not_tell_is_not_guessed(tmp_path):
    (recording,) = humanact12.read(made_humanact12.make(tmp_path))
    assert np.isnan(recording.joints_m[:, 24:]).all()
    assert np.isfinite(recording.joints_m[:, :24]).all()


def test_that_actors_rotations_and_joints_are_of_one_person(tmp_path):
    path = made_humanact12.make_actors(tmp_path / "humanact12poses.pkl")
    recordings = list(humanact12.read(path))
    assert [each.name for each in recordings] == [f"humanact12poses/000{number}" for number in range(3)]
    assert [each.stretches[0].labels for each in recordings] == [(CLASSES[0],), (CLASSES[5],), (CLASSES[10],)]
    for recording in recordings:
        stands_as_a_person(recording.joints_m)
        from_rotations = completed(
            humanact12.Recording(recording.name, 20.0, body=recording.body), rate_hz=None
        ).joints_m
        np.testing.assert_allclose(from_rotations[:, :24], recording.joints_m[:, :24], atol=1e-4)
        assert len(recording.notes) == 2


def test_that_all_generated_sequences_of_its_authors_stand(shared_data):
    path = shared_data / "humanact12_classifier" / "generated_motion_joints500000.npy"
    assert humanact12.is_humanact12(path)
    recordings = list(humanact12.read(path))
    assert len(recordings) == 20
    assert len({each.name for each in recordings}) == 20
    for recording in recordings:
        assert recording.joints_m.shape == (60, 27, 3)
        stands_as_a_person(recording.joints_m)


def test_that_each_layout_is_known_and_other_arrays_are_not(tmp_path):
    assert humanact12.is_humanact12(made_humanact12.make(tmp_path))
    assert humanact12.is_humanact12(made_humanact12.make_actors(tmp_path / "a.pkl"))
    assert humanact12.is_humanact12(made_humanact12.make_generated(tmp_path / "generated.npy"))
    np.save(tmp_path / "joints.npy", np.zeros((5, 24, 3)))
    np.save(tmp_path / f"{made_humanact12.NAME}2.npy", np.zeros((5, 17, 3)))
    (tmp_path / "b.pkl").write_bytes(pickle.dumps({"poses": 1}))
    others = ["joints.npy", f"{made_humanact12.NAME}2.npy", "b.pkl", "nothing.npy"]
    assert not any(humanact12.is_humanact12(tmp_path / name) for name in others)


class Runs:
    def __reduce__(self):
        return os.system, ("true",)


def spoilt(frame):
    joints_m = made_humanact12.standing(12)[1].copy()
    joints_m[frame, 3, 1] = np.nan
    return joints_m


@pytest.mark.parametrize(
    ("held", "says"),
    [
        ({"poses": [], "joints3D": [], "y": []}, "not one for each"),
        ({"poses": [np.zeros((2, 72))], "joints3D": [np.zeros((2, 24, 3))]}, "0 y"),
        ({"poses": [np.zeros((2, 72))], "joints3D": [np.zeros((3, 24, 3))], "y": [1]}, "sequence 0: poses of 2"),
        ({"poses": [np.zeros((2, 71))], "joints3D": [np.zeros((2, 24, 3))], "y": [1]}, r"poses\[0\] is 2 × 71"),
        ({"poses": [np.zeros((2, 72))], "joints3D": [np.zeros((2, 24))], "y": [1]}, r"joints3D\[0\] is not"),
        ({"poses": [np.zeros((2, 72))], "joints3D": [np.zeros((2, 24, 3))], "y": [12]}, "class 13 is none"),
        ({"poses": [np.zeros((2, 72))], "joints3D": [np.zeros((2, 24, 3))], "y": ["walk"]}, r"y\[0\] is no number"),
        ({"poses": [np.full((2, 72), np.inf)], "joints3D": [np.zeros((2, 24, 3))], "y": [1]}, "sequence 0, poses"),
        ({"poses": Runs(), "joints3D": [], "y": []}, r"system, which no motion needs"),
        ([1, 2], "not one for each"),
    ],
)
def test_that_a_pickle_that_cannot_be_is_refused_with_its_place(tmp_path, held, says):
    path = tmp_path / "humanact12poses.pkl"
    path.write_bytes(pickle.dumps(held))
    with pytest.raises(FormatError, match=says):
        list(humanact12.read(path))


@pytest.mark.parametrize(
    ("joints_m", "says"),
    [
        (spoilt(7), "frame 7: nan"),
        (np.zeros((12, 24, 2)), "12 × 24 × 2"),
        (np.zeros((0, 24, 3)), "no frame"),
        (np.full((2, 24, 3), "x"), "no table of numbers"),
    ],
)
def test_that_joints_that_cannot_be_are_refused_with_their_place(tmp_path, joints_m, says):
    path = tmp_path / f"{made_humanact12.NAME}.npy"
    np.save(path, joints_m)
    with pytest.raises(FormatError, match=says):
        list(humanact12.read(path))

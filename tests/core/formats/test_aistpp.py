"""AIST++: dances upright in metres, labelled by the genre in their name."""

import pickle

import numpy as np
import pytest

from core.bodies.skeletons import RECORDED_27
from core.errors import FormatError
from core.formats import aistpp
from core.recordings import completed
from tests.core.formats import made_aistpp


def only(path):
    (recording,) = aistpp.read(path)
    return recording


def at(recording, joint):
    return completed(recording, rate_hz=None).joints_m[:, RECORDED_27[joint]]


def changed(path, **values):
    held = pickle.loads(path.read_bytes()) | values
    path.write_bytes(pickle.dumps({name: each for name, each in held.items() if each is not None}))
    return path


def test_that_places_are_divided_by_the_dancers_scale(tmp_path):
    recording = only(made_aistpp.make(tmp_path))
    pelvis = at(recording, "pelvis")
    np.testing.assert_allclose(pelvis[-1] - pelvis[0], [29 / 60, 0, 0], atol=1e-5)
    np.testing.assert_allclose(pelvis[:, 1], 1.2 - 0.2233, atol=1e-4)  # trans is of the body's origin, at the chest
    assert (at(recording, "head")[:, 1] > pelvis[:, 1] + 0.4).all()
    facing = at(recording, "nose") - at(recording, "head")
    assert facing[0, 2] > 0.05
    assert facing[-1, 0] > 0.05  # has turned to the left


def test_that_the_name_tells_genre_dancer_and_music(tmp_path):
    recording = only(made_aistpp.make(tmp_path))
    (stretch,) = recording.stretches
    assert stretch.labels == ("house",)
    assert "HO3" in stretch.text
    assert (recording.performer, recording.rate_hz, recording.duration_s) == ("d21", 60.0, 0.5)


def test_that_a_dance_under_another_name_has_no_label(tmp_path):
    path = made_aistpp.make(tmp_path)
    recording = only(path.rename(tmp_path / "dance.pkl"))
    assert (recording.performer, recording.stretches) == ("", ())


def test_that_a_real_dancer_dances_upright_on_one_level(shared_data):
    (path,) = (shared_data / "aistpp").glob("*.pkl")
    assert aistpp.is_aistpp(path)
    recording = only(path)
    assert (len(recording), recording.performer, recording.stretches[0].labels) == (720, "d04", ("break",))
    head, pelvis = at(recording, "head")[:, 1], at(recording, "pelvis")[:, 1]
    assert (head > pelvis + 0.3).all()
    lowest = np.minimum(at(recording, "left_foot")[:, 1], at(recording, "right_foot")[:, 1])
    assert (pelvis > lowest + 0.6).all()
    assert np.ptp(lowest) < 0.15
    ahead, up = at(recording, "left_foot") - at(recording, "left_ankle"), np.array([0.0, 1.0, 0.0])
    to_left = at(recording, "left_hip") - at(recording, "right_hip")
    assert (np.cross(up, ahead) * to_left).sum(-1).mean() > 0


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"smpl_trans": None}, "no smpl_trans"),
        ({"smpl_poses": np.zeros((30, 71))}, "30 × 71, not frames × 72"),
        ({"smpl_trans": np.zeros((29, 3))}, "30 frames, and smpl_trans 29"),
        ({"smpl_scaling": 0.0}, "smpl_scaling is 0"),
        ({"smpl_scaling": np.nan}, "smpl_scaling is nan"),
        ({"smpl_poses": np.full((30, 72), np.nan)}, "smpl_poses, frame 0: nan"),
    ],
)
def test_that_a_file_that_cannot_be_is_refused_with_its_place(tmp_path, values, says):
    with pytest.raises(FormatError, match=says):
        only(changed(made_aistpp.make(tmp_path), **values))


def test_that_a_missing_scale_is_said(tmp_path):
    assert "smpl_scaling" in " ".join(only(changed(made_aistpp.make(tmp_path), smpl_scaling=None)).notes)

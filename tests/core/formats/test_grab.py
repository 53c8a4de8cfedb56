"""GRAB: what its object arrays hold comes in without running them; people stand, labels say what they do."""

import csv
import os

import numpy as np
import pytest

from core.bodies.skeletons import RECORDED_27, SMPLX_55
from core.errors import FormatError
from core.formats import grab
from core.geometry.rotations import matrices
from core.recordings import completed
from tests.core.formats import made_amass, made_grab


def only(path):
    (recording,) = grab.read(path)
    return recording


def at(recording, joint):
    return completed(recording, rate_hz=None).joints_m[:, RECORDED_27[joint]]


def test_that_a_grasp_says_who_does_what_with_which_object(tmp_path):
    recording = only(made_grab.make(tmp_path))
    (stretch,) = recording.stretches
    assert (stretch.labels, stretch.text, stretch.end_s) == (("fly",), "fly: airplane", 48 / 120)
    assert (recording.name, recording.performer, recording.gender) == ("airplane_fly_1", "s1", "male")
    assert (recording.rate_hz, recording.body.skeleton) == (120.0, SMPLX_55)
    assert "subject_meshes/male/s1.ply" in " ".join(recording.notes)


def test_that_the_person_stands_upright_and_lifts_the_right_arm(tmp_path):
    recording = only(made_grab.make(tmp_path))
    np.testing.assert_allclose(at(recording, "pelvis"), np.tile([0.2, 0.9, -0.5], (48, 1)), atol=1e-5)
    assert (at(recording, "head")[:, 1] > 1.3).all()
    assert (at(recording, "left_ankle")[:, 1] < 0.2).all()
    rises = at(recording, "right_wrist")[-1, 1] - at(recording, "right_wrist")[0, 1]
    assert rises > 0.3
    assert abs(at(recording, "left_wrist")[-1, 1] - at(recording, "left_wrist")[0, 1]) < 1e-5
    assert (at(recording, "left_wrist") - at(recording, "right_wrist"))[-1, 0] > 0.4


def test_that_fullpose_gives_every_joint_of_the_hands(tmp_path):
    recording = only(made_grab.make(tmp_path))
    full = made_grab.parameters(48)["fullpose"].reshape(48, 55, 3)
    np.testing.assert_allclose(recording.body.rotations[:, 1:], matrices(full[:, 1:]), atol=1e-6)


def test_that_hands_given_by_coefficients_alone_stay_flat_and_it_says_so(tmp_path):
    params = made_grab.parameters(48)
    del params["fullpose"]
    del params["jaw_pose"]
    recording = only(made_grab.make_one(tmp_path / "a_b_1.npz", body={"params": params}))
    full = only(made_grab.make(tmp_path))
    np.testing.assert_array_equal(recording.body.rotations[:, :22], full.body.rotations[:, :22])
    np.testing.assert_allclose(recording.body.rotations[:, 25:], np.broadcast_to(np.eye(3), (48, 30, 3, 3)))
    assert "flat" in " ".join(recording.notes)


@pytest.mark.parametrize(
    ("subject", "stem", "sample"),
    [
        ("s1", "airplane_fly_1", "s1-airplane-fly-1"),
        ("s1", "mug_lift", "s1-mug-lift-1"),
        ("s6", "piggybank_lift_Retake", "s6-piggybank-lift-1"),
        ("s9", "wineglass_toast_1_Retake", "s9-wineglass-toast-1"),
        ("s6", "bowl_drink_1_Retake", "s6-bowl-drink-2"),
        ("s6", "stapler_staple_1_Retake", "s6-stapler-staple-3"),
    ],
)
def test_that_takes_are_called_as_tables_of_characteristic_poses_call_them(
    tmp_path, subject, stem, sample, shared_data
):
    assert grab.sample_of(subject, stem) == sample
    with (shared_data / "characteristic_poses" / "grab_charposes.csv").open(newline="") as file:
        known = {row[0] for row in csv.reader(file, delimiter=";") if row}
    assert sample in known
    notes = " ".join(only(made_grab.make_one(tmp_path / f"{stem}.npz", subject=subject)).notes)
    assert (sample in notes) == (stem.replace("_", "-") != sample.partition("-")[2])


class Runs:
    def __reduce__(self):
        return os.system, ("true",)


def spoilt(**params):
    return {"params": {**made_grab.parameters(48), **params}}


def with_nan(columns):
    values = np.zeros((48, columns))
    values[30, 2] = np.nan
    return values


def test_that_a_recording_without_an_intent_does_what_its_name_says(tmp_path):
    recording = only(made_grab.make_one(tmp_path / "mug_drink_2.npz", thing="mug", intent=None))
    assert (recording.stretches[0].labels, recording.stretches[0].text) == (("drink",), "drink: mug")
    nameless = only(made_grab.make_one(tmp_path / "take.npz", intent=None))
    assert nameless.stretches == ()


def test_that_the_names_of_all_recordings_say_29_actions(shared_data):
    with (shared_data / "characteristic_poses" / "grab_charposes.csv").open(newline="") as file:
        names = [row["sampleid"] for row in csv.DictReader(file, delimiter=";")]
    said = {grab.action_of(name) for name in names}
    assert len(said) == 29
    assert {"pass", "lift", "offhand", "drink", "takepicture"} <= said


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"body": Runs()}, "system, which no motion needs"),
        ({"body": None}, "no body"),
        ({"body": {"vtemp": "a"}}, "no params"),
        ({"body": spoilt(fullpose=np.zeros((48, 162)))}, r"fullpose is 48 × 162"),
        ({"body": spoilt(fullpose=with_nan(165))}, r"poses, frame 30: nan"),
        ({"body": spoilt(transl=with_nan(3))}, r"trans, frame 30: nan"),
        ({"body": spoilt(transl=np.zeros((47, 3)))}, "48 frames, and transl 47"),
        ({"body": spoilt(fullpose=None, global_orient=[1, 2])}, "global_orient is no table"),
        ({"body": spoilt(fullpose=None, left_hand_pose="x")}, "left_hand_pose is no table"),
        ({"framerate": 0}, "framerate says 0"),
        ({"framerate": [[1], [2, 3]]}, "framerate says"),
    ],
)
def test_that_a_file_that_cannot_be_is_refused_with_its_place(tmp_path, members, says):
    path = made_grab.make_one(tmp_path / "a_b_1.npz", **members)
    with pytest.raises(FormatError, match=says) as caught:
        only(path)
    assert path.name in str(caught.value)


def test_that_grab_and_amass_are_told_apart(tmp_path):
    from core.formats import amass

    ours, theirs = made_grab.make(tmp_path), made_amass.make(tmp_path)
    assert grab.is_grab(ours)
    assert not grab.is_grab(theirs)
    assert not amass.is_amass(ours)
    assert not grab.is_grab(tmp_path / "nothing.npz")

"""Human3.6M's joints in all their forms: upright in metres, whose and what is in the names."""

import numpy as np
import pytest

from core.bodies.skeletons import RECORDED_27
from core.errors import FormatError
from core.formats import human36m
from core.formats.human36m import HUMAN36M_32
from core.formats.recorded_joints import up_of
from tests.core.formats import made_human36m as made

KNOWN = ("pelvis", "left_hip", "right_knee", "left_ankle", "spine2", "neck", "left_wrist", "right_elbow", "left_foot")


def _expected_m() -> np.ndarray:
    """The made places in our world, by their maker's own numbers: x stays, z is up, y goes away."""
    places = made.places_mm() / 1000
    return np.stack([places[..., 0], places[..., 2], -places[..., 1]], axis=-1)


def test_that_the_makers_own_file_comes_in_metres_and_y_up(tmp_path):
    path = made.make(tmp_path)
    assert human36m.is_human36m(path)
    (recording,) = human36m.read(path)
    assert (recording.name, recording.rate_hz, recording.performer) == ("Directions 1", 50.0, "S1")
    assert (recording.stretches[0].labels, recording.stretches[0].end_s) == (("Directions",), made.FRAMES / 50)
    for joint in KNOWN:
        theirs = HUMAN36M_32[{"spine2": "spine"}.get(joint, joint)]
        np.testing.assert_allclose(recording.joints_m[:, RECORDED_27[joint]], _expected_m()[:, theirs], atol=1e-4)
    assert up_of(recording.joints_m) == ("y", True)
    assert np.isnan(recording.joints_m[:, RECORDED_27["left_collar"]]).all()


def test_that_the_left_hand_is_the_one_that_is_lifted(tmp_path):
    (recording,) = human36m.read(made.make(tmp_path))
    height = recording.joints_m[..., 1]
    assert height[-1, RECORDED_27["left_wrist"]] - height[0, RECORDED_27["left_wrist"]] == pytest.approx(0.28, abs=1e-4)
    assert height[-1, RECORDED_27["right_wrist"]] == pytest.approx(height[0, RECORDED_27["right_wrist"]], abs=1e-6)


def test_that_videopose3ds_archive_gives_every_recording_by_subject_and_action(tmp_path):
    path = made.make_videopose3d(tmp_path)
    assert human36m.is_human36m(path)
    recordings = list(human36m.read(path))
    assert [(each.name, each.performer, each.stretches[0].labels, len(each)) for each in recordings] == [
        ("S1/Directions 1", "S1", ("Directions",), 8),
        ("S9/WalkDog", "S9", ("WalkDog",), 5),
        ("S9/Walking 1", "S9", ("Walking",), 3),
    ]
    own = next(human36m.read(made.make(tmp_path)))
    np.testing.assert_allclose(recordings[0].joints_m, own.joints_m, atol=1e-4)


def test_that_pictures_in_even_steps_are_one_recording_each(tmp_path):
    path = made.make_pictures(tmp_path)
    assert human36m.is_human36m(path)
    recordings = list(human36m.read(path))
    assert [(each.name, len(each), each.rate_hz) for each in recordings] == [
        ("S5/Eating 1.54138969 000001", 4, 10.0),
        ("S5/Eating 1.54138969 000040", 3, 10.0),
        ("S5/Eating 1.54138969 000400", 1, 50.0),
    ]
    for each in recordings:
        assert up_of(each.joints_m) == ("y", True)
    # Turned into the camera's axes and back, nobody is mirrored: forearms hang as they were made.
    across = recordings[0].joints_m[0, RECORDED_27["left_hip"]] - recordings[0].joints_m[0, RECORDED_27["right_hip"]]
    ahead = recordings[0].joints_m[0, RECORDED_27["left_foot"]]
    assert np.isnan(ahead).all()
    np.testing.assert_allclose(across, [-0.2659, 0, 0], atol=1e-3)
    trunk = recordings[0].joints_m[0, RECORDED_27["neck"]] - recordings[0].joints_m[0, RECORDED_27["pelvis"]]
    np.testing.assert_allclose(trunk / np.linalg.norm(trunk), [0, 1, 0], atol=1e-3)


def test_that_the_sample_of_real_joints_is_made_like_people(shared_data):
    path = shared_data / "h36m_sample" / "test_h36m_body3d.npz"
    assert human36m.is_human36m(path)
    recordings = list(human36m.read(path))
    assert sorted({each.performer for each in recordings}) == ["S1", "S5", "S7", "S8"] or len(recordings) == 4
    for each in recordings:
        joints = each.joints_m[0]
        assert joints[RECORDED_27["head"], 1] > joints[RECORDED_27["pelvis"], 1] + 0.3, each.name
        thigh_m = np.linalg.norm(joints[RECORDED_27["left_hip"]] - joints[RECORDED_27["left_knee"]])
        assert 0.38 < thigh_m < 0.52, each.name


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda places: np.where(np.arange(8)[:, None, None] == 5, np.nan, places), "Pose, frame 5: a place"),
        (
            lambda places: np.where(np.arange(8)[:, None, None] == 3, 1e30, places),
            "frame 3: a joint is more than 10 km",
        ),
    ],
)
def test_that_a_frame_that_cannot_be_is_named(spoil, says, tmp_path):
    path = made.make(tmp_path, spoil(made.places_mm()))
    with pytest.raises(FormatError, match=r"^Directions 1\.cdf: ") as refused:
        list(human36m.read(path))
    assert says in str(refused.value)


def test_that_a_damaged_file_is_refused_by_name(tmp_path):
    path = made.make(tmp_path)
    whole = path.read_bytes()
    for cut in (20, 300, len(whole) // 2):
        path.write_bytes(whole[:cut])
        with pytest.raises(FormatError, match=r"^Directions 1\.cdf: "):
            list(human36m.read(path))


def test_that_angles_and_pixels_of_the_same_makers_are_refused(tmp_path):
    path = made.make(tmp_path)
    from cdflib import cdfwrite

    with cdfwrite.CDF(path, delete=True) as file:
        about = {"Variable": "Pose", "Data_Type": 44, "Num_Elements": 1, "Rec_Vary": True, "Var_Type": "zVariable",
                 "Dim_Sizes": [8, 78]}  # fmt: skip
        file.write_var(about, var_data=np.zeros((1, 8, 78), np.float32))
    with pytest.raises(FormatError, match="not 96 numbers a frame"):
        list(human36m.read(path))

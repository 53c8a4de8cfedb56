"""BVH files come in whoever wrote them: the same person, upright, in metres, whatever the file's habits."""

import json
import zipfile

import numpy as np
import pytest

from core.bodies.skeletons import RECORDED_27
from core.errors import FormatError
from core.formats import bvh
from tests.core.formats import made_bvh

KNOWN = [
    joint for joint in RECORDED_27.joints if joint.endswith(("hip", "knee", "ankle", "shoulder", "elbow", "wrist"))
]


def joints_m(path, **options):
    [recording] = bvh.read(path, **options)
    assert recording.joints_m is not None
    return recording.joints_m[:, [RECORDED_27[joint] for joint in KNOWN]]


@pytest.mark.parametrize("order", ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"])
def test_that_the_order_of_the_angles_makes_no_difference_to_the_person(tmp_path, order):
    usual = joints_m(made_bvh.write(tmp_path / "usual.bvh"))
    other = joints_m(made_bvh.write(tmp_path / "other.bvh", order=order))
    assert np.abs(other - usual).max() < 1e-5


@pytest.mark.parametrize("scale", [1.0, 0.01, 10.0, 1 / 2.54, 1 / 5.644444])
def test_that_the_unit_is_found_from_the_skeleton(tmp_path, scale):
    usual = joints_m(made_bvh.write(tmp_path / "usual.bvh"))
    other = joints_m(made_bvh.write(tmp_path / "other.bvh", scale=scale))
    assert np.abs(other - usual).max() < 1e-4


def test_that_a_unit_that_is_told_is_not_guessed(tmp_path):
    path = made_bvh.write(tmp_path / "giant.bvh", scale=10)
    assert np.allclose(joints_m(path, unit="cm"), 10 * joints_m(path), atol=1e-4)


def test_that_places_on_every_joint_stand_for_its_offset(tmp_path):
    usual = joints_m(made_bvh.write(tmp_path / "usual.bvh"))
    other = joints_m(made_bvh.write(tmp_path / "other.bvh", places_everywhere=True))
    assert np.abs(other - usual).max() < 1e-5


def test_that_a_file_without_motion_names_the_line_where_it_ends(tmp_path):
    path = made_bvh.make(tmp_path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(FormatError, match="line"):
        list(bvh.read(path))


def test_that_line_ends_tabs_and_decimal_commas_make_no_difference(tmp_path):
    usual = joints_m(made_bvh.make(tmp_path))
    windows = made_bvh.write(tmp_path / "windows.bvh", line_end="\r\n")
    text = windows.read_bytes().decode()
    head, motion = text.split("MOTION")
    (tmp_path / "odd.bvh").write_bytes(
        ("\ufeff" + head.replace(" ", " \t ") + "MOTION" + motion.replace(".", ",")).encode()
    )
    assert np.abs(joints_m(windows) - usual).max() < 1e-6
    assert np.abs(joints_m(tmp_path / "odd.bvh") - usual).max() < 1e-5


def test_that_scientific_numbers_and_wrapped_lines_are_read(tmp_path):
    path = made_bvh.make(tmp_path)
    usual = joints_m(path)
    head, _, motion = path.read_text().partition("Frame Time: 0.0333333\n")
    numbers = [f"{float(word):.9e}" for word in motion.split()]
    wrapped = "\n".join(" ".join(numbers[at : at + 5]) for at in range(0, len(numbers), 5))
    path.write_text(f"{head}Frame Time: 3.33333e-02\n{wrapped}\n")
    assert np.abs(joints_m(path) - usual).max() < 1e-5


def test_that_a_file_cut_short_gives_its_whole_frames_and_says_so(tmp_path):
    path = made_bvh.make(tmp_path)
    text = path.read_text()
    path.write_text(text[: text.rindex("\n", 0, -100) - 40])
    [recording] = bvh.read(path)
    assert len(recording) == made_bvh.FRAMES - 2
    assert recording.notes[0] == "The file says 24 frames and holds 22; all whole ones are read."


def test_that_a_promise_of_a_thousand_million_frames_costs_nothing(tmp_path):
    [recording] = bvh.read(made_bvh.write(tmp_path / "vast.bvh", frames=10**9))
    assert len(recording) == made_bvh.FRAMES


def test_that_motion_of_another_hierarchy_is_refused(tmp_path):
    path = made_bvh.make(tmp_path)
    path.write_text(path.read_text().replace("CHANNELS 3 Zrotation Xrotation Yrotation", "CHANNELS 1 Zrotation", 1))
    with pytest.raises(FormatError, match=r"69 numbers.*67 channels"):
        list(bvh.read(path))


def test_that_a_number_that_is_none_is_named_by_its_frame(tmp_path):
    path = made_bvh.make(tmp_path)
    lines = path.read_text().splitlines()
    lines[-3] = lines[-3].replace(" ", " nan ", 1).rsplit(" ", 1)[0]
    path.write_text("\n".join(lines))
    with pytest.raises(FormatError, match=r"frame 22: .*'nan'"):
        list(bvh.read(path))


@pytest.mark.parametrize(("said", "rate_hz"), [("0.0083333", 120), ("0.03333", 30), ("0.008342", 119.875), ("0", 30)])
def test_that_the_rate_is_what_the_frame_time_means(tmp_path, said, rate_hz):
    [recording] = bvh.read(made_bvh.write(tmp_path / "clip.bvh", frame_time=said))
    assert recording.rate_hz == pytest.approx(rate_hz, rel=1e-5)
    assert any("no time between" in note for note in recording.notes) == (said == "0")


def test_that_the_rest_pose_before_the_motion_is_left_out(tmp_path):
    path = made_bvh.make(tmp_path)
    usual = joints_m(path)
    head, frame_time, motion = path.read_text().partition("Frame Time: 0.0333333\n")
    rest = "0 95 0 " + " ".join(["0"] * (len(motion.splitlines()[0].split()) - 3))
    # Everything turns a little from the first frame on, as recorded people do.
    lines = [" ".join(f"{float(word) + 0.4:.4f}" for word in line.split()) for line in motion.splitlines()]
    path.write_text(head.replace("Frames: 24", "Frames: 25") + frame_time + "\n".join([rest, *lines]) + "\n")
    [recording] = bvh.read(path)
    assert len(recording) == len(usual)
    assert any("rest pose" in note for note in recording.notes)


def test_that_names_can_be_told_by_a_file(tmp_path):
    path = made_bvh.write(tmp_path / "odd.bvh", prefix="", rename={"LeftForeArm": "Alpha", "RightForeArm": "Beta"})
    with pytest.raises(FormatError, match="left elbow, right elbow"):
        list(bvh.read(path))
    names = tmp_path / "names.json"
    names.write_text(json.dumps({"Alpha": "left_elbow", "Beta": "right_elbow"}))
    assert np.abs(joints_m(path, names=str(names)) - joints_m(made_bvh.make(tmp_path))).max() < 1e-6


def test_that_all_of_bandai_namcos_clips_say_what_is_done_and_how(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "bandai_namco_1" / "bvh.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".bvh")]
        assert len(names) == 174
        for name in names[::29]:
            [recording] = bvh.read(tmp_path / archive.extract(name, tmp_path))
            _, action, style, _ = recording.name.split("_")
            [stretch] = recording.stretches
            assert (stretch.labels, stretch.text) == ((action,), style)
            assert stretch.end_s == pytest.approx(recording.duration_s)
            assert recording.body is not None
            assert recording.joints_m is not None
            upright = (
                recording.joints_m[:, RECORDED_27["head"], 1] - recording.joints_m[:, RECORDED_27["left_ankle"], 1]
            )
            assert np.median(upright) > 1.0
            knees = recording.body.rotations[:, [4, 5]]
            assert np.arctan2(knees[..., 2, 1], knees[..., 2, 2]).min() > -0.3

"""Exponential maps: joints where the collections' own rule puts them, people upright, wrong lines named."""

import zipfile

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.bodies.skeletons import RECORDED_27
from core.errors import FormatError
from core.formats import exponential_maps
from core.formats.exponential_maps import KINDS
from core.formats.recorded_joints import up_of
from core.recordings import joints_of
from tests.core.formats import made_exponential_maps as made

NAMES = {
    "pelvis": "Hips", "left_hip": "LeftUpLeg", "left_knee": "LeftLeg", "left_ankle": "LeftFoot",
    "right_foot": "RightToeBase", "left_shoulder": "LeftArm", "left_elbow": "LeftForeArm", "left_wrist": "LeftHand",
}  # fmt: skip


def _row_by_row(numbers, kind):
    """The rule as the collections state it: row vectors, each joint's rotation before its parent's."""
    turned, places = [], []
    for joint, parent in enumerate(kind.rig.parents):
        column = 3 + 3 * kind.joints[joint]
        turn = Rotation.from_rotvec(numbers[column : column + 3]).as_matrix()
        if parent < 0:
            turned.append(turn)
            places.append(numbers[:3] * kind.unit_m)
        else:
            turned.append(turn @ turned[parent])
            places.append(kind.rig.offsets[joint] @ turned[parent] + places[parent])
    return {name: places[kind.rig.joints.index(theirs)] for name, theirs in NAMES.items()}


def test_that_joints_stand_where_the_rule_of_rows_puts_them(tmp_path):
    recording = next(exponential_maps.read(made.make(tmp_path)))
    for frame in (0, made.FRAMES - 1):
        places_m = _row_by_row(made.cmu_numbers()[frame + 1], KINDS[117])
        found = {name: recording.joints_m[frame, RECORDED_27[name]] for name in NAMES}
        for name in ("pelvis", "left_hip", "left_knee", "left_ankle", "right_foot"):
            np.testing.assert_allclose(found[name], places_m[name], atol=1e-5, err_msg=name)
        for upper, lower in (("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist")):  # the chest is made whole
            np.testing.assert_allclose(found[lower] - found[upper], places_m[lower] - places_m[upper], atol=1e-5)


def _bends(joints_m, upper, middle, lower):
    """The angle between two bones, radians."""
    first, second = (
        joints_m[:, RECORDED_27[end]] - joints_m[:, RECORDED_27[start]]
        for start, end in ((upper, middle), (middle, lower))
    )
    cosine = (first * second).sum(-1) / np.linalg.norm(first, axis=-1) / np.linalg.norm(second, axis=-1)
    return np.arccos(np.clip(cosine, -1, 1))


def test_that_a_body_bends_as_the_joints_do(tmp_path):
    recording = next(exponential_maps.read(made.make(tmp_path)))
    of_body_m = joints_of(recording.body)
    for bones in (("left_hip", "left_knee", "left_ankle"), ("left_shoulder", "left_elbow", "left_wrist")):
        theirs, ours = _bends(recording.joints_m, *bones), _bends(of_body_m, *bones)
        assert np.ptp(theirs) > 0.8
        np.testing.assert_allclose(ours - ours[0], theirs - theirs[0], atol=0.1, err_msg=str(bones))


def test_that_the_makers_rest_pose_is_left_out_and_said(tmp_path):
    recording = next(exponential_maps.read(made.make(tmp_path)))
    assert len(recording) == made.FRAMES
    assert any("rest pose" in note for note in recording.notes)


def test_that_two_takes_joined_in_one_file_are_said_to_leap(tmp_path):
    numbers = made.cmu_numbers()
    whole, joined = tmp_path / "walking_1.txt", tmp_path / "walking_2.txt"
    np.savetxt(whole, numbers, delimiter=",", fmt="%.9f")
    numbers[1:6, 3:6] = [0.0, 0.5, 0.0]
    numbers[6:, 3:6] = [0.0, 2.0, 0.0]
    np.savetxt(joined, numbers, delimiter=",", fmt="%.9f")
    assert not [note for note in next(exponential_maps.read(whole)).notes if "leaps" in note]
    # The first line is the rest pose and left out.
    assert "The file's motion leaps at 0.04 s." in next(exponential_maps.read(joined)).notes


def test_that_names_tell_action_and_performer(tmp_path):
    cmu = next(exponential_maps.read(made.make(tmp_path)))
    h36m = next(exponential_maps.read(made.make_human36m(tmp_path)))
    assert (cmu.name, cmu.rate_hz, cmu.stretches[0].labels, cmu.performer) == ("walking_1", 120.0, ("walking",), "")
    assert (h36m.rate_hz, h36m.stretches[0].labels, h36m.performer) == (50.0, ("walkingdog",), "S1")
    assert h36m.stretches[0].end_s == pytest.approx(made.FRAMES / 50)


def test_that_somebody_of_human36m_stands_on_a_floor_of_ours_and_bends_their_own_left_knee(tmp_path):
    joints_m = next(exponential_maps.read(made.make_human36m(tmp_path))).joints_m
    assert up_of(joints_m) == ("y", True)
    assert 0.0 < joints_m[0, RECORDED_27["right_ankle"], 1] < 0.05
    first, last = joints_m[0], joints_m[-1]
    left, right = ([RECORDED_27[f"{side}_ankle"]] for side in ("left", "right"))
    assert (last[left, 1] - first[left, 1]).item() > 0.25
    assert abs(last[right, 1] - first[right, 1]).item() < 0.01
    # They face where their feet point, and walk there.
    ahead = first[RECORDED_27["left_foot"]] - first[RECORDED_27["left_ankle"]]
    assert ahead @ (last[RECORDED_27["pelvis"]] - first[RECORDED_27["pelvis"]]) > 0


def test_that_steps_from_frame_to_frame_are_summed(tmp_path):
    """Each step is in the axes of the frame before it, as shared files of Human3.6M have them."""
    numbers = np.zeros((40, 99))
    numbers[1:, 2], numbers[1:, 4] = 10.0, 0.05  # ahead by 1 cm, a little to one side
    path = tmp_path / "walking_1.txt"
    np.savetxt(path, numbers, delimiter=",")
    joints_m = next(exponential_maps.read(path)).joints_m
    pelvis_m = joints_m[:, RECORDED_27["pelvis"]]
    np.testing.assert_allclose(np.linalg.norm(np.diff(pelvis_m, axis=0), axis=1), 0.01, atol=1e-5)
    turned = joints_m[:, RECORDED_27["left_hip"]] - pelvis_m
    angle = np.arccos(turned[0] @ turned[-1] / (turned[0] @ turned[0]))
    assert angle == pytest.approx(39 * 0.05, abs=0.01)


def test_that_real_clips_stand_upright_on_the_floor_with_left_on_the_left(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "cmu_expmap" / "txt.zip") as archive:
        archive.extractall(tmp_path)
    files = sorted(tmp_path.rglob("*.txt"))
    assert len(files) == 39
    for file in files:
        assert exponential_maps.is_exponential_maps(file)
        (recording,) = exponential_maps.read(file)
        joints_m = recording.joints_m
        assert up_of(joints_m) == ("y", True), file.name
        feet_m = joints_m[:, [RECORDED_27["left_foot"], RECORDED_27["right_foot"]], 1]
        assert -0.12 < np.percentile(feet_m, 1) < 0.12, file.name
        ahead = np.cross(joints_m[:, RECORDED_27["left_hip"]] - joints_m[:, RECORDED_27["right_hip"]], [0, 1, 0])
        toes = sum(
            joints_m[:, RECORDED_27[f"{side}_foot"]] - joints_m[:, RECORDED_27[f"{side}_ankle"]]
            for side in ("left", "right")
        )
        assert ((toes * ahead).sum(-1) > 0).mean() > 0.9, file.name
        if recording.stretches[0].labels == ("walking",) and "walking_extra" not in file.parts:
            step = np.gradient(joints_m[:, 0], axis=0) * recording.rate_hz
            speed = (step * ahead).sum(-1) / np.linalg.norm(ahead, axis=-1)
            assert 0.7 < np.median(speed) < 1.9, f"{file.name}: nobody walks {np.median(speed):.2f} m/s"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: [*lines[:4], lines[4].replace("6.6,", "x,", 1), *lines[5:]], "frame 4: 'x' is no number"),
        (lambda lines: [*lines[:4], lines[4].rpartition(",")[0], *lines[5:]], "frame 4: it has another number"),
        (lambda lines: [*lines[:4], lines[4].rpartition(",")[0] + ",nan", *lines[5:]], "frame 4: a number"),
        (lambda lines: [*lines[:4], lines[4].rpartition(",")[0] + ",1e300", *lines[5:]], "frame 4: a number"),
        (lambda lines: [*lines[:4], "1e99," + lines[4].partition(",")[2], *lines[5:]], "the root is more than"),
        (lambda lines: [*lines[:4], lines[4] + "é", *lines[5:]], "line 5: it is no plain text"),
        (lambda lines: [lines[0] + ",0", *lines[1:]], "line 1: 118 columns"),
    ],
)
def test_that_a_wrong_line_is_named(change, says, tmp_path):
    path = made.make(tmp_path)
    path.write_text("\n".join(change(path.read_text().splitlines())), encoding="utf-8")
    with pytest.raises(FormatError, match=r"^walking_1\.txt: ") as refused:
        list(exponential_maps.read(path))
    assert says in str(refused.value)


def test_that_other_tables_are_not_taken_for_exponential_maps(tmp_path):
    (tmp_path / "table.csv").write_text("frame,time_s," + ",".join(f"j{at}" for at in range(115)) + "\n")
    (tmp_path / "short.txt").write_text(",".join("0" for _ in range(116)) + "\n")
    (tmp_path / "empty.txt").write_bytes(b"")
    assert not any(
        exponential_maps.is_exponential_maps(tmp_path / name) for name in ("table.csv", "short.txt", "empty.txt")
    )
    assert exponential_maps.is_exponential_maps(made.make(tmp_path))
    assert exponential_maps.is_exponential_maps(made.make_human36m(tmp_path))

"""Joint tables: what goes out comes in again, and other people's tables are read as they are meant."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.bodies.skeletons import BODY_25, RECORDED_27
from core.errors import FormatError
from core.formats import joint_tables, segment_tables
from core.formats.joint_names import recorded_joints_of
from core.recordings import Recording
from tests.core.formats import made_joint_tables as made

places = arrays.arrays(
    np.float32,
    st.tuples(st.integers(2, 5), st.just(27), st.just(3)),
    elements=st.floats(-100, 100, width=32) | st.just(float("nan")),
)


def _whole(joints: np.ndarray) -> np.ndarray:
    """A joint is known or it is not."""
    return np.where(np.isnan(joints).any(-1, keepdims=True), np.float32(np.nan), joints)


@settings(max_examples=40)
@given(joints=places, rate_hz=st.sampled_from((24.0, 25.0, 29.97, 30.0, 59.94, 120.0)) | st.floats(1, 480))
def test_that_a_table_reads_as_it_was_written(joints, rate_hz):
    given_ = Recording("name", rate_hz, joints_m=_whole(joints))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "name.csv"
        joint_tables.write_csv(given_, path)
        (read,) = joint_tables.read_csv(path)
    np.testing.assert_array_equal(read.joints_m, given_.joints_m)
    assert (read.name, read.notes) == ("name", ())
    assert read.rate_hz == pytest.approx(rate_hz, rel=1e-12)


@settings(max_examples=20)
@given(joints=places)
def test_that_an_array_reads_as_it_was_written(joints):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "name.npy"
        joint_tables.write_npy(Recording("name", 24.0, joints_m=_whole(joints)), path)
        (read,) = joint_tables.read_npy(path, rate_hz="24")
    np.testing.assert_array_equal(read.joints_m, _whole(joints))
    assert (read.rate_hz, read.notes) == (24.0, ())


def _csv(path: Path, header: str, places: np.ndarray, separator: str, decimal: str) -> Path:
    lines = [header] + [separator.join(f"{each:.5f}".replace(".", decimal) for each in row) for row in places]
    path.write_text("\n".join(lines) + "\n")
    return path


def _columns(names, spell, separator=","):
    return separator.join(spell(name, axis) for name in names for axis in "xyz")


PLAIN = [name for name in RECORDED_27.joints if not name.endswith(("fingertip", "collar"))]


@pytest.mark.parametrize(
    ("spell", "separator", "decimal"),
    [
        (lambda name, axis: f"{name}_{axis}", ",", "."),
        (lambda name, axis: f"{name}.{axis.upper()}", ";", ","),
        (lambda name, axis: f"{name}:{axis}", "\t", "."),
        (lambda name, axis: f"{axis.upper()}_{name}", ",", "."),
        (lambda name, axis: f'"{name.title().replace("_", "")} {axis.upper()}"', ";", "."),
        (lambda name, axis: f"{name} {axis} (m)", ",", "."),
        (lambda name, axis: "_".join(reversed(name.split("_"))) + "_" + axis, ",", "."),
    ],
)
def test_that_the_usual_spellings_of_columns_are_understood(spell, separator, decimal, tmp_path):
    joints_m = made.recording().joints_m
    assert joints_m is not None
    given_ = joints_m[:, [RECORDED_27[name] for name in PLAIN]].reshape(len(joints_m), -1)
    path = _csv(tmp_path / "t.csv", _columns(PLAIN, spell, separator), given_, separator, decimal)
    assert joint_tables.is_joint_csv(path)
    (read,) = joint_tables.read_csv(path, unit="m", up="y")
    assert read.joints_m is not None
    for name in PLAIN:
        np.testing.assert_allclose(
            read.joints_m[:, RECORDED_27[name]], joints_m[:, RECORDED_27[name]], atol=2e-5, err_msg=name
        )


@pytest.mark.parametrize("unit", ["m", "cm", "mm"])
@pytest.mark.parametrize("up", ["y", "z", "-y", "x"])
def test_that_unit_and_upward_axis_are_told_from_the_person_and_said(unit, up, tmp_path):
    joints_m = made.recording().joints_m
    assert joints_m is not None
    x, y, z = joints_m[..., 0], joints_m[..., 1], joints_m[..., 2]
    in_file = {"y": (x, y, z), "z": (x, -z, y), "-y": (x, -y, -z), "x": (y, -x, z)}[up]
    size = {"m": 1, "cm": 100, "mm": 1000}[unit]
    path = tmp_path / "a.npy"
    np.save(path, (np.stack(in_file, -1) * size).astype(np.float32)[:, :24])
    (read,) = joint_tables.read_npy(path)
    np.testing.assert_allclose(read.joints_m[:, :24], joints_m[:, :24], atol=1e-4)
    assert any(f"it is {unit}." in note for note in read.notes)
    assert any(f"it is {up}." in note for note in read.notes)


def test_that_the_made_samples_come_as_they_are_meant(tmp_path):
    truth = made.recording()
    table, array = made.make(tmp_path), made.make_npy(tmp_path)
    assert joint_tables.is_joint_csv(table)
    assert joint_tables.is_joint_npy(array)
    (from_table,) = joint_tables.read_csv(table)
    (from_array,) = joint_tables.read_npy(array)
    known = np.isfinite(from_table.joints_m)
    np.testing.assert_array_equal(from_table.joints_m[known], truth.joints_m[known])
    assert np.isnan(from_table.joints_m[4, RECORDED_27["right_hand"]]).all()
    np.testing.assert_allclose(from_array.joints_m[:, :22], truth.joints_m[:, :22], atol=1e-4)


def test_that_a_named_skeleton_gives_the_joints_their_meaning(tmp_path):
    places_m = np.zeros((3, 25, 3), np.float32)
    truth = made.recording().joints_m
    for joint in BODY_25.joints:
        if joint in RECORDED_27.joints:
            places_m[:, BODY_25[joint]] = truth[:3, RECORDED_27[joint]]
    np.save(tmp_path / "body.npy", places_m)
    (read,) = joint_tables.read_npy(tmp_path / "body.npy", skeleton="body_25", unit="m", up="y", rate_hz=30)
    np.testing.assert_array_equal(read.joints_m[:, RECORDED_27["left_knee"]], truth[:3, RECORDED_27["left_knee"]])
    with pytest.raises(FormatError, match="SMPL 24 has 24 joints, and these are 25"):
        list(joint_tables.read_npy(tmp_path / "body.npy", skeleton="SMPL 24"))


def test_that_a_foot_is_the_ankle_where_there_is_no_ankle_and_its_ball_where_there_is():
    assert recorded_joints_of(["LFoot", "LKnee"])["left_ankle"] == "LFoot"
    both = recorded_joints_of(["LeftFoot", "LeftAnkle"])
    assert (both["left_foot"], both["left_ankle"]) == ("LeftFoot", "LeftAnkle")
    assert recorded_joints_of(["r_hand"]) == {"right_wrist": "r_hand"}
    assert recorded_joints_of(["banana", "lkneecap"]) == {}


def _spoiled(text: str, line: int, column: int, value: str) -> str:
    lines = text.splitlines()
    cells = lines[line - 1].split(",")
    cells[column] = value
    lines[line - 1] = ",".join(cells)
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: _spoiled(text, 5, 10, "abc"), "line 5: 'abc' is no number"),
        (lambda text: _spoiled(text, 5, 10, "inf"), "line 5: a place in it is infinite"),
        (lambda text: _spoiled(text, 5, 1, "99"), "its time does not follow evenly"),
        (lambda text: "\n".join([*text.splitlines()[:4], "1,2,3"]), "line 5: it has another number of columns"),
        (lambda text: _spoiled(text, 6, 10, "1e30"), "frame 4: a joint is more than 10 km away"),
        (lambda text: text.splitlines()[0] + "\n", "there is no frame in it"),
        (lambda text: "a_x,a_y,a_z\n1,2,3\n", "line 1: too few columns are joints (found: a)"),
        (lambda text: text.replace("pelvis", "pelvis\xe9", 1).encode("latin-1"), "line 1: it is not UTF-8"),
    ],
)
def test_that_a_wrong_table_is_refused_by_its_line(spoil, says, tmp_path):
    path = made.make(tmp_path)
    spoiled = spoil(path.read_text())
    path.write_bytes(spoiled if isinstance(spoiled, bytes) else spoiled.encode())
    with pytest.raises(FormatError, match=r"^waving\.csv: ") as refused:
        list(joint_tables.read_csv(path))
    assert says in str(refused.value)


def test_that_tables_of_other_things_are_not_taken_for_joints(tmp_path):
    (tmp_path / "marks.csv").write_text("clip,action,start_frame,end_frame\na,b,1,2\n")
    (tmp_path / "segments.csv").write_text("action,start,end,matrix\ncut,1,2,3\n")
    np.save(tmp_path / "P01G01R01F0001T0064A0201.npy", np.zeros((4, 24, 3), np.float32))
    np.save(tmp_path / "pairs.npy", np.zeros((4, 24, 2), np.float32))
    for name in ("marks.csv", "segments.csv"):
        assert not joint_tables.is_joint_csv(tmp_path / name)
    for name in ("P01G01R01F0001T0064A0201.npy", "pairs.npy"):
        assert not joint_tables.is_joint_npy(tmp_path / name)
    assert not segment_tables.is_segment_table(made.make(tmp_path))


def test_that_a_recording_of_a_body_alone_goes_out_with_its_joints(tmp_path):
    full = made.recording()
    joint_tables.write_csv(replace(full, name="x"), tmp_path / "x.csv")
    header = (tmp_path / "x.csv").read_text().partition("\n")[0]
    assert header.startswith("frame,time_s,pelvis_x,pelvis_y,pelvis_z,left_hip_x")
    assert header.count(",") == 1 + 27 * 3

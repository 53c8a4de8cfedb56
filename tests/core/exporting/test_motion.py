"""Motion that came in goes out as files, and what went out comes in again the same."""

import json
import struct

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.errors import FileError, ProjectError
from core.exchanged import Report
from core.exporting.motion import hand_out_motion, motion_writers
from core.importing.carrying_out import carry_out
from core.importing.recognition import named
from core.project.motion_sets import IndexLine, MotionSet, SetFacts
from core.project.store import ProjectStore
from core.recordings import Recording, completed
from core.runs import ImportData
from tests.core.formats import made_amass, made_keypose_csv


@pytest.fixture
def project(tmp_path):
    """With one data set of two recordings."""
    folder = tmp_path / "Pilot"
    ProjectStore.create(folder, "Pilot", "Ines").close()
    source = tmp_path / "Walks"
    (source / "a").mkdir(parents=True)
    made_amass.make_smplh(source / "a" / "one_poses.npz", frames=60)
    made_amass.make_smplx(source / "a" / "two_stageii.npz", frames=80)
    take(folder, source)
    return folder


def take(project, source):
    for _ in carry_out(ImportData(project=str(project), out=str(project / "runs" / "x"), source=str(source))):
        pass


def handed_out(the_set, out, **wishes):
    *_, report = hand_out_motion(the_set, out, **wishes)
    assert isinstance(report, Report)
    return report


def ran(*words, code=0):
    result = CliRunner().invoke(app, [str(each) for each in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_that_what_goes_out_as_a_folder_comes_in_again_the_same(project, tmp_path):
    first = MotionSet(project / "datasets" / "walks")
    report = handed_out(first, tmp_path / "out", format="AMASS")
    assert report.taken == 2
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.npz")) == [
        "a/one.npz", "a/two.npz",
    ]  # fmt: skip
    take(project, tmp_path / "out")
    again = MotionSet(project / "datasets" / "out")
    assert list(again.rows) == list(first.rows)
    for name, row in again.rows.items():
        before, after = first.read(first.rows[name]), again.read(row)
        assert (after.rate_hz, after.gender, row.body) == (before.rate_hz, before.gender, first.rows[name].body)
        assert np.abs(after.joints_m - before.joints_m).max() < 1e-5
        assert np.abs(after.body.rotations - before.body.rotations).max() < 1e-5


@pytest.mark.parametrize("known", motion_writers(), ids=lambda each: each.name)
def test_that_every_format_of_motion_gives_the_joints_back(project, tmp_path, known):
    the_set = MotionSet(project / "datasets" / "walks")
    out = tmp_path / f"walk{known.endings[0]}"
    handed_out(the_set, out, motion="a/one", format=known.name)
    assert out.stat().st_size > 1000
    if known.name == "GLB":
        return
    (back,) = named(known.name).read(out)
    joints = completed(back, rate_hz=None).joints_m[:, :22]
    there = np.isfinite(joints)
    before = the_set.read(the_set.rows["a/one"]).joints_m[:, :22]
    assert there.mean() > 0.5
    assert np.abs(joints - before)[there].max() < 0.02


def test_that_motion_goes_out_as_glb_with_its_licence(project, tmp_path):
    the_set = MotionSet(project / "datasets" / "walks")
    ran("export", project, tmp_path / "walk.glb", "--set", "Walks", "--motion", "a/one")
    raw = (tmp_path / "walk.glb").read_bytes()
    magic, version, size, length = struct.unpack("<4sIII", raw[:16])
    assert (magic, version, size) == (b"glTF", 2, len(raw))
    told = json.loads(raw[20 : 20 + length])
    assert the_set.facts.licence in told["asset"]["copyright"]
    assert len(told["skins"]) == len(told["animations"]) == 1
    ran("export", project, tmp_path / "all", "--set", "Walks", "--format", "glb")
    assert [each.name for each in sorted((tmp_path / "all").rglob("*.glb"))] == ["one.glb", "two.glb"]


def test_that_a_file_that_is_there_stays_unless_it_may_be_replaced(project, tmp_path):
    the_set = MotionSet(project / "datasets" / "walks")
    out = tmp_path / "walk.npz"
    out.write_text("mine")
    with pytest.raises(FileError, match="is there already"):
        handed_out(the_set, out, motion="one")
    assert out.read_text() == "mine"
    handed_out(the_set, out, motion="one", replaces=True)
    assert out.read_bytes().startswith(b"PK")


def test_that_a_recording_of_a_strange_name_stays_in_the_folder(tmp_path):
    facts = SetFacts(key="odd", name="Odd", holds="motion", format="AMASS", source="somewhere")
    the_set = MotionSet.create(tmp_path, facts)
    rows = [
        the_set.store(Recording(name, 30.0, joints_m=np.full((5, 27, 3), number, np.float32)))
        for number, name in enumerate(("../../away", "/etc/walk", "a:b", "a?b"))
    ]
    the_set.append(IndexLine(source="x", stamp="1", motions=tuple(rows)))
    handed_out(MotionSet(the_set.folder), tmp_path / "out", format="Joint array")
    written = list(tmp_path.rglob("*.npy"))
    assert len(written) == 4
    assert all(path.is_relative_to(tmp_path / "out") for path in written)


def test_that_what_a_format_cannot_hold_is_left_out_with_the_reason(project, tmp_path):
    facts = SetFacts(key="odd", name="Odd", holds="motion", format="AMASS", source="somewhere")
    the_set = MotionSet.create(tmp_path, facts)
    known = MotionSet(project / "datasets" / "walks")
    walk = known.read(known.rows["a/one"])
    rows = (the_set.store(Recording("joints", 30.0, joints_m=walk.joints_m)), the_set.store(walk))
    the_set.append(IndexLine(source="x", stamp="1", motions=rows))
    report = handed_out(MotionSet(the_set.folder), tmp_path / "out", format="AMASS")
    assert report.taken == 1
    assert report.left_out[0].startswith("joints: ")


def test_that_the_command_writes_one_recording_or_all_and_names_what_there_is(project, tmp_path):
    assert "one.npz: a/one, 15 frames" in ran(
        "export", project, tmp_path / "one.npz", "--set", "Walks", "--motion", "one"
    )
    assert "is there already" in ran(
        "export", project, tmp_path / "one.npz", "--set", "Walks", "--motion", "one", code=1
    )
    said = json.loads(ran("export", project, tmp_path / "all", "--set", "walks", "--format", "AMASS", "--json"))
    assert said["taken"] == 2
    assert "AMASS (.npz)" in ran("export", project, tmp_path / "some", "--set", "Walks", code=1)
    assert "a/two" in ran("export", project, tmp_path / "x.npz", "--set", "Walks", "--motion", "three", code=1)
    assert "Walks (walks)" in ran("export", project, tmp_path / "x.npz", "--set", "Runs", code=1)


def test_that_a_table_of_characteristic_poses_goes_out_byte_for_byte(project, tmp_path):
    (tmp_path / "table").mkdir()
    table = made_keypose_csv.make_human36m(tmp_path / "table")
    take(project, table)
    ran("export", project, tmp_path / "again.csv", "--set", "h36m_charposes")
    assert (tmp_path / "again.csv").read_bytes() == table.read_bytes()


def test_that_labels_alone_are_no_motion(tmp_path):
    facts = SetFacts(key="labels", name="Labels", holds="labels", format="BABEL", source="somewhere")
    with pytest.raises(ProjectError, match="Labels holds no motion"):
        handed_out(MotionSet.create(tmp_path, facts), tmp_path / "out", format="AMASS")

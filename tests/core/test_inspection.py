"""`posecast inspect`: the facts are those of the made-up file, for every kind; data sets say what they lack."""

import subprocess
import sys
import zipfile

import pytest

from core.contact_sheets import contact_sheet
from core.errors import FormatError
from core.inspection import inspect
from core.project.motion_sets import IndexLine, MotionRow, MotionSet, SetFacts, StoredStretch
from tests.core.formats import (
    made_amass,
    made_human36m,
    made_ikea_asm,
    made_joint_tables,
    made_keypose_csv,
    made_mpii_cooking,
    made_openpose,
)
from tests.core.formats.samples import makers


def test_that_recordings_are_told_by_frames_rate_length_joints_body_and_labels(tmp_path):
    found = inspect(made_human36m.make_videopose3d(tmp_path))
    assert (found.kind, found.facts["holds"], found.facts["recordings"]) == ("Human3.6M joints", "motion", 3)
    assert found.facts["seconds"] == pytest.approx((8 + 5 + 3) / 50)
    assert found.facts["performers"] == "S1, S9"
    assert found.facts["labels"] == "Directions (1), WalkDog (1), Walking (1)"
    assert found.rows[1] == {
        "recording": "S9/WalkDog", "frames": 5, "rate Hz": 50.0, "seconds": 0.1, "joints": 21, "body": "–",
        "stretches": 1,
    }  # fmt: skip


def test_that_a_body_is_named_and_what_was_taken_for_granted_is_said(tmp_path):
    body = inspect(made_amass.make(tmp_path)).rows[0]
    assert body["body"] in ("SMPL-H 52", "SMPL-X 55")
    assert body["joints"] == "of the body"
    table = inspect(made_joint_tables.make_npy(tmp_path))
    notes = [str(value) for name, value in table.facts.items() if name.startswith("note")]
    assert any("mm" in note for note in notes)
    assert any("it is z" in note for note in notes)


def test_that_characteristic_poses_say_what_each_column_means(tmp_path):
    found = inspect(made_keypose_csv.make(tmp_path))
    assert found.facts["characteristic poses"] == 3
    assert found.facts["subjects"] == "s2 (2), s9 (1)"
    assert "first contact" in str(found.facts["column frameidx"])


def test_that_annotations_say_clips_actions_and_splits(tmp_path):
    found = inspect(made_ikea_asm.make(tmp_path))
    assert found.facts["clips"] == len(found.rows) > 0
    assert sum(int(row["segments"]) for row in found.rows) == found.facts["segments"]
    assert any(name.startswith("split ") for name in found.facts)


def test_that_2d_poses_say_who_is_seen_how_often(tmp_path):
    found = inspect(made_openpose.make(tmp_path))
    assert found.facts["frames"] == 5
    assert len(found.rows) == found.facts["people"]


def test_that_of_a_folder_with_damaged_files_the_reasons_are_said(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made_joint_tables.make(tmp_path / name)
    damaged = tmp_path / "b" / "waving.csv"
    lines = damaged.read_text().splitlines()
    damaged.write_text("\n".join([*lines[:3], "x" + lines[3][1:].replace("0.", "zero", 1), *lines[4:]]))
    found = inspect(tmp_path)
    assert (found.facts["files"], found.facts["recordings"]) == (2, 1)
    assert str(found.facts["not read 1"]).startswith("waving.csv: line 4: ")
    with pytest.raises(FormatError, match="line 4"):
        inspect(damaged)


def test_that_a_zip_is_what_is_in_it(tmp_path):
    table = made_keypose_csv.make(tmp_path)
    with zipfile.ZipFile(tmp_path / "table.zip", "w") as archive:
        archive.write(table, "inside/table.csv")
    packed, plain = inspect(tmp_path / "table.zip"), inspect(table)
    assert (packed.kind, packed.facts) == (plain.kind, plain.facts)
    assert packed.path == str(tmp_path / "table.zip")
    assert contact_sheet(tmp_path / "table.zip").shape == contact_sheet(table).shape


def test_that_a_data_set_says_what_is_in_it_and_what_was_left_out(tmp_path):
    facts = SetFacts(key="walks", name="Walks", holds="motion", format="BVH", source="walks", licence="CC BY 4.0")
    held = MotionSet.create(tmp_path, facts)
    row = MotionRow(
        name="a", file="", frames=60, rate_hz=30.0, stretches=(StoredStretch(0.0, 1.0, ("walk",)),), body="SMPL 24"
    )
    held.append(IndexLine(source="a.bvh", stamp="1", motions=(row,)))
    held.append(IndexLine(source="b.bvh", stamp="1", left_out="b.bvh: no MOTION"))
    found = inspect(held.folder)
    assert (found.kind, found.facts["recordings"], found.facts["seconds"]) == ("data set", 1, 2.0)
    assert found.facts["licence"] == "CC BY 4.0"
    assert found.facts["left out 1"] == "b.bvh: b.bvh: no MOTION"
    assert found.rows == ({"recording": "a", "frames": 60, "rate Hz": 30.0, "body": "SMPL 24"},)


@pytest.mark.slow
@pytest.mark.parametrize("name", makers())
def test_that_every_made_up_file_is_known_and_described(tmp_path, name):
    found = inspect(makers()[name](tmp_path))
    assert found.kind != "video"
    assert found.facts["holds"]
    assert len(found.facts) > 1


def test_that_what_native_code_reads_is_looked_at_in_a_process_of_its_own(tmp_path):
    source = made_mpii_cooking.make(tmp_path)
    script = (
        "import sys; from pathlib import Path; from core.inspection import inspect\n"
        "assert inspect(Path(sys.argv[1])).facts['clips']\n"
        "sys.exit('h5py' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(source)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

"""Data sets of recorded motion: what is stored comes back, and an import that was cut off goes on."""

import os
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from core.bodies.skeletons import SMPL_24
from core.errors import FileError, FormatError, ProjectError
from core.geometry.rotations import matrices
from core.motion import Motion
from core.project.motion_sets import (
    IndexLine,
    MotionSet,
    MotionSplit,
    SetFacts,
    as_key,
    folder_of,
    motion_sets,
    name_after,
)
from core.recordings import Recording, Stretch, completed

FACTS = SetFacts(key="clips", name="Clips", holds="motion", format="AMASS", source="somewhere")


@pytest.fixture
def recording():
    rng = np.random.default_rng(3)
    rotations = matrices(rng.normal(0, 0.4, (40, 24, 3)))
    body = Motion(SMPL_24, 30.0, rotations, rng.normal(0, 1, (40, 3)))
    return completed(Recording("a/walk", 30.0, body=body, betas=(0.5, -1.0), stretches=(Stretch(0.0, 1.0, ("walk",)),)))


@pytest.fixture
def clips(tmp_path):
    return MotionSet.create(tmp_path, FACTS)


def test_that_a_stored_recording_comes_back_as_it_was(clips, recording):
    clips.append(IndexLine(source="a/walk.npz", stamp="1", motions=(clips.store(recording),)))
    found = MotionSet(clips.folder)
    back = found.read(found.rows["a/walk"])
    assert back.body is not None
    assert np.abs(back.body.rotations - recording.body.rotations).max() < 1e-6
    assert np.abs(back.body.translation_m - recording.body.translation_m).max() < 1e-6
    np.testing.assert_array_equal(back.joints_m, recording.joints_m)
    assert (back.betas, back.stretches, back.rate_hz) == (recording.betas, recording.stretches, recording.rate_hz)


def test_that_the_same_recording_is_kept_once(clips, recording):
    assert clips.store(recording).file == clips.store(recording).file
    assert len(list((clips.folder / "motions").iterdir())) == 1


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_that_a_line_cut_off_by_a_crash_does_not_count_and_does_not_spoil_the_next(clips, recording, cut):
    row = clips.store(recording)
    for name in ("a", "b"):
        clips.append(IndexLine(source=name, stamp="1", motions=(row,)))
    index = clips.folder / "index.jsonl"
    index.write_bytes(index.read_bytes()[:-cut])
    assert [line.source for line in clips.lines()] == ["a"]
    clips.append(IndexLine(source="c", stamp="1", left_out="it is empty"))
    assert [line.source for line in clips.lines()] == ["a", "c"]


def test_that_the_last_word_on_a_file_holds(clips):
    clips.append(IndexLine(source="a", stamp="1", left_out="it was cut short"))
    clips.append(IndexLine(source="a", stamp="2"))
    assert [line.left_out for line in clips.lines()] == [""]


def test_that_a_damaged_line_is_named(clips):
    (clips.folder / "index.jsonl").write_bytes(b'{"source": 3}\n')
    with pytest.raises(FormatError, match="line 1"):
        clips.lines()


def test_that_a_damaged_recording_is_refused_in_words(clips, recording):
    row = clips.store(recording)
    clips.path_of(row).write_bytes(b"PK not an archive")
    with pytest.raises(FormatError, match="damaged"):
        clips.read(row)


def test_that_a_stored_split_is_never_changed(clips, recording):
    clips.append(IndexLine(source="a", stamp="1", motions=(clips.store(recording),)))
    found = MotionSet(clips.folder)
    split = MotionSplit(name="by-sequence", how="seed 0", parts={"train": ("a/walk",)})
    found.store_split(split)
    found.store_split(split)
    with pytest.raises(ProjectError, match="another split"):
        found.store_split(MotionSplit(name="by-sequence", how="seed 1", parts={"test": ("a/walk",)}))
    assert found.splits() == {"by-sequence": split}
    with pytest.raises(ProjectError, match="no recording"):
        found.store_split(MotionSplit(name="other", how="", parts={"train": ("nowhere",)}))


@pytest.mark.parametrize("key", ["../up", "", "a/b", ".", "UPPER"])
def test_that_a_key_stays_in_its_folder(tmp_path, key):
    with pytest.raises(ProjectError):
        folder_of(tmp_path, key)


def test_that_sets_are_listed_by_key(tmp_path, clips):
    assert [each.facts for each in motion_sets(tmp_path)] == [FACTS]
    assert as_key("Bandai-Namco 1 (BVH)") == "bandai-namco-1-bvh"
    assert as_key("…") == "set"


def test_that_a_damaged_set_stands_in_nobodys_way(tmp_path, clips):
    MotionSet.create(tmp_path, replace(FACTS, key="other")).folder.joinpath("set.json").write_text("{")
    assert [each.facts for each in motion_sets(tmp_path)] == [FACTS]


def test_that_a_recording_of_another_length_than_its_row_says_is_refused(clips, recording):
    row = clips.store(recording)
    for read in (clips.read, clips.read_joints):
        with pytest.raises(FormatError, match=f"not {row.frames + 1} frames"):
            read(replace(row, frames=row.frames + 1))


def test_that_a_split_that_cannot_be_kept_is_refused_in_words_and_leaves_nothing(clips, recording):
    clips.append(IndexLine(source="a", stamp="1", motions=(clips.store(recording),)))
    (clips.folder / "splits").write_text("a file where the folder should be")
    with pytest.raises(FileError, match="cannot be written"):
        MotionSet(clips.folder).store_split(MotionSplit(name="mine", how="", parts={"train": ("a/walk",)}))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("bandai_namco_1/bvh.zip", "bandai_namco_1 bvh"),
        ("babel/val.json.zip", "babel val"),
        ("ikea/no_na.xes.zip", "no_na"),
        ("openpose/0.zip", "openpose 0"),
        ("grab/grab_charposes.csv", "grab_charposes"),
        ("walks/05.06.2024 Rom.npz", "05.06.2024 Rom"),
        ("Übung/歩行の.bvh", "歩行の"),
    ],
)
def test_that_a_data_set_is_called_by_what_tells_it_from_others(source, name):
    assert name_after(Path(source)) == name


def test_that_a_folder_keeps_its_whole_name(tmp_path):
    (tmp_path / "AMASS.zip").mkdir()
    assert name_after(tmp_path / "AMASS.zip") == "AMASS.zip"


def test_that_what_was_left_half_written_long_ago_is_taken_away_and_nothing_else(clips, recording):
    row = clips.store(recording)
    old, young = clips.folder / "motions" / f".{row.file}.1234", clips.folder / "motions" / f".{row.file}.5678"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    os.utime(clips.path_of(row), (0, 0))
    clips.clear_away()
    assert {each.name for each in old.parent.iterdir()} == {young.name, f"{row.file}.npz"}

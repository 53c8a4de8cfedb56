"""Whatever lies at the source comes in whole or is listed with its reason, and an import can be ended at any moment."""

import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.catalog import catalog_of, find_set, key_of, left_out
from core.errors import CoreError, FileError, FormatError, ProjectError, RunError
from core.formats import FORMATS
from core.importing.carrying_out import carry_out
from core.project.items import remove_item
from core.project.motion_sets import MotionSet
from core.project.store import ProjectStore
from core.run_folder import RunFolder
from core.runner import record
from core.runs import Done, Failed, ImportData, Metric, Note, Progress
from tests.core.formats import made_amass, made_coco

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path):
    ProjectStore.create(tmp_path / "Pilot", "Pilot", "Ines").close()
    return tmp_path / "Pilot"


@pytest.fixture
def amass(tmp_path):
    """Six files in two folders, one of them cut short."""
    folder = tmp_path / "AMASS"
    for person in ("01", "02"):
        (folder / "CMU" / person).mkdir(parents=True)
        for take in (1, 2, 3):
            made_amass.make_smplh(folder / "CMU" / person / f"{person}_0{take}_poses.npz", frames=20 + 4 * take)
    bad = folder / "CMU" / "02" / "02_02_poses.npz"
    bad.write_bytes(bad.read_bytes()[:3000])
    (folder / "LICENSE.txt").write_text("as it came")
    return folder


def asked(project, source, **wishes):
    return ImportData(project=str(project), out=str(project / "runs" / "import"), source=str(source), **wishes)


def imported(project, source, **wishes):
    """Every event; the last is Done."""
    events = list(carry_out(asked(project, source, **wishes)))
    assert isinstance(events[-1], Done)
    return events


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def the_set(project):
    (folder,) = (project / "datasets").iterdir()
    return MotionSet(folder)


def items_of(project):
    with ProjectStore.open(project, "", mode="read") as store:
        return list(store.project.items.values())


def test_that_the_good_files_of_a_folder_are_in_and_the_bad_ones_listed_with_their_reasons(project, amass):
    events = imported(project, amass)
    assert events[-1].summary.startswith("5 files are in, 1 was left out. AMASS: 5 recordings")
    assert sorted(the_set(project).rows) == [
        "CMU/01/01_01",
        "CMU/01/01_02",
        "CMU/01/01_03",
        "CMU/02/02_01",
        "CMU/02/02_03",
    ]
    (bad,) = left_out(project, "amass")
    assert bad.source == "CMU/02/02_02_poses.npz"
    assert bad.left_out
    assert bad.hint
    assert any(isinstance(each, Note) and "02_02_poses.npz" in each.text for each in events)
    assert [each.value for each in events if isinstance(each, Metric) and each.name == "left out"] == [1]
    assert [(each.done, each.total) for each in events if isinstance(each, Progress)][-1] == (6, 6)


def test_that_importing_twice_changes_nothing(project, amass):
    imported(project, amass)
    before, items = contents(project / "datasets"), items_of(project)
    assert "nothing has changed" in imported(project, amass)[-1].summary
    assert contents(project / "datasets") == before
    assert items_of(project) == items


def test_that_a_file_that_changed_is_taken_again_and_the_others_are_not(project, amass):
    imported(project, amass)
    rows = the_set(project).rows
    made_amass.make_smplh(amass / "CMU" / "01" / "01_02_poses.npz", frames=80)
    made_amass.make_smplh(amass / "CMU" / "02" / "02_02_poses.npz", frames=60)
    imported(project, amass)
    after = the_set(project).rows
    assert {name for name in after if after[name] != rows.get(name)} == {"CMU/01/01_02", "CMU/02/02_02"}
    assert after["CMU/01/01_02"].frames == 20
    assert left_out(project, "amass") == ()


@pytest.mark.parametrize("files", [1, 3, 5])
def test_that_an_import_that_was_stopped_goes_on_and_ends_as_if_it_never_was(tmp_path, project, amass, files):
    with closing(carry_out(asked(project, amass))) as events:
        for _ in events:
            index = project / "datasets" / "amass" / "index.jsonl"
            if index.exists() and len(MotionSet(index.parent).lines()) >= files:
                break
    stopped = the_set(project).lines()
    assert len(items_of(project)) == 1
    imported(project, amass)
    assert the_set(project).lines()[: len(stopped)] == stopped
    whole = tmp_path / "Whole"
    ProjectStore.create(whole, "Whole", "Ines").close()
    imported(whole, amass)
    assert the_set(project).lines() == the_set(whole).lines()
    assert len(items_of(project)) == 1


@pytest.mark.slow
def test_that_an_import_that_was_killed_goes_on_and_leaves_no_process_behind(project, amass):
    for number in range(40):
        shutil.copy(amass / "CMU" / "01" / "01_01_poses.npz", amass / "CMU" / "01" / f"more_{number:02}_poses.npz")
    folder = RunFolder(project / "runs" / "import")
    folder.write_spec(asked(project, amass))
    process = subprocess.Popen(
        [sys.executable, "-m", "core.runner", str(folder.path)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    index = project / "datasets" / "amass" / "index.jsonl"
    while not index.exists() or index.read_bytes().count(b"\n") < 5:
        assert process.poll() is None
        time.sleep(0.01)
    children = children_of(process.pid)
    assert children
    process.send_signal(signal.SIGKILL)
    process.wait()
    known = len(the_set(project).lines())
    assert 5 <= known < 46
    wait_until(lambda: not any(is_alive(each) for each in children))
    imported(project, amass)
    assert len(the_set(project).lines()) == 46
    assert len(items_of(project)) == 1
    for row in the_set(project).rows.values():
        assert np.isfinite(the_set(project).read(row).joints_m).all()


def children_of(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children")
    if not found.exists():
        pytest.skip("this system does not list a process's children")
    return [int(each) for each in found.read_text().split()]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(is_so, limit_s=20.0):
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_that_a_folder_of_nothing_but_damaged_files_is_refused_and_leaves_nothing(project, tmp_path):
    folder = tmp_path / "Bad"
    folder.mkdir()
    made_amass.make_smplh(folder / "a_poses.npz")
    with np.load(folder / "a_poses.npz") as arrays:
        np.savez(folder / "a_poses.npz", **{**arrays, "trans": np.full(arrays["trans"].shape, np.nan)})
    with pytest.raises(RunError, match=r"a_poses\.npz: .*frame"):
        imported(project, folder)
    assert not any((project / "datasets").iterdir())
    assert items_of(project) == []


def test_that_an_import_is_one_edit_that_undo_takes_back_and_the_next_import_brings_again(project, amass):
    imported(project, amass)
    with ProjectStore.open(project, "Ines") as store:
        assert store.undo_label == "Import AMASS"
        store.undo()
        assert not store.project.items
    imported(project, amass)
    assert [each.path for each in items_of(project)] == ["datasets/amass"]


def test_that_an_open_studio_takes_the_data_set_in_once(project, amass):
    with ProjectStore.open(project, "Ines") as store:
        imported(project, amass)
        imported(project, amass)
        store.take_in_results()
        assert [each.name for each in store.project.items.values()] == ["AMASS"]


def test_that_chosen_files_of_a_folder_come_into_the_set_of_the_folder_and_once(project, amass):
    chosen = ("CMU/01/01_01_poses.npz", "CMU/02/02_02_poses.npz")
    assert imported(project, amass, only=chosen)[-1].summary.startswith("1 file is in, 1 was left out. AMASS: 1 rec")
    (there,) = (project / "datasets").iterdir()
    assert [line.source for line in MotionSet(there).lines()] == list(chosen)
    assert "nothing has changed" in imported(project, amass, only=chosen)[-1].summary
    imported(project, amass, only=("CMU/01/01_02_poses.npz",))
    assert [line.source for line in MotionSet(there).lines()] == [*chosen, "CMU/01/01_02_poses.npz"]
    assert "5 files are in, 1 was left out" in imported(project, amass)[-1].summary
    assert [each.name for each in (project / "datasets").iterdir()] == [there.name]
    assert len(MotionSet(there).rows) == 5


def test_that_another_rate_is_another_data_set(project, amass):
    imported(project, amass)
    imported(project, amass, rate_hz=None)
    found = {folder.name: MotionSet(folder) for folder in (project / "datasets").iterdir()}
    assert sorted(found) == ["amass", "amass-2"]
    assert {name: each.rows["CMU/01/01_01"].frames for name, each in found.items()} == {"amass": 6, "amass-2": 24}


def test_that_recordings_of_one_name_keep_apart(project, tmp_path):
    folder = tmp_path / "twins"
    folder.mkdir()
    made_amass.make_smplh(folder / "walk_poses.npz", frames=20)
    made_amass.make_smplx(folder / "walk_stageii.npz", frames=40)
    imported(project, folder)
    rows = the_set(project).rows
    assert {name: row.body for name, row in rows.items()} == {"walk": "SMPL-H 52", "walk 2": "SMPL-X 55"}
    imported(project, folder)
    assert the_set(project).rows == rows


def test_that_a_zip_comes_in_as_the_folder_it_holds_and_is_unpacked_nowhere_for_good(project, amass, tmp_path):
    packed = tmp_path / "AMASS.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(amass.rglob("*.npz")):
            archive.write(path, path.relative_to(amass))
    imported(project, packed)
    again = imported(project, packed)
    assert "nothing has changed" in again[-1].summary
    assert sorted(the_set(project).rows)[0] == "CMU/01/01_01"
    assert not list((project / "runs").rglob("*.npz"))


def test_that_a_place_that_takes_no_more_ends_the_import_and_no_file_is_blamed_for_it(project, amass, tmp_path):
    (amass / "CMU" / "02").rename(tmp_path / "02")
    imported(project, amass)
    motions, before = the_set(project).folder / "motions", the_set(project).lines()
    (tmp_path / "02").rename(amass / "CMU" / "02")
    motions.rename(motions.with_name("kept"))
    motions.write_bytes(b"no folder, as a full disk is none")
    with pytest.raises(RunError, match=r"CMU/02/02_01_poses\.npz could not be kept: cannot be written") as caught:
        imported(project, amass)
    assert "Free space" in caught.value.hint
    assert the_set(project).lines() == before
    motions.unlink()
    motions.with_name("kept").rename(motions)
    assert imported(project, amass)[-1].summary.startswith("5 files are in, 1 was left out")


def test_that_a_file_whose_name_a_terminal_would_obey_is_named_once_and_shown(project, amass):
    bad = amass / "CMU" / "02" / "02_02_poses.npz"
    bad.rename(bad.with_name("\x1b[2J_poses.npz"))
    imported(project, amass)
    (line,) = (each for each in the_set(project).lines() if each.left_out)
    assert line.source == "CMU/02/\\x1b[2J_poses.npz"
    assert line.left_out.startswith("it is no .npz that can be read")


def test_that_joints_alone_get_a_body_where_one_is_asked_for(project, tmp_path):
    folder = tmp_path / "joints"
    folder.mkdir()
    from core.recordings import completed

    made_amass.make_smplh(folder / "walk_poses.npz", frames=64)
    (known,) = (each for each in FORMATS if each.name == "AMASS")
    (recording,) = known.read(folder / "walk_poses.npz")
    joints = completed(recording).joints_m
    from core.importing.apart import with_body
    from core.recordings import Recording

    said = []
    fitted = with_body(Recording("walk", 30.0, joints_m=joints), said.append)
    assert fitted.body is not None
    assert np.linalg.norm(completed(fitted).joints_m[:, :22] - joints[:, :22], axis=-1).mean() < 0.03
    assert said
    assert "fitted to the joints" in fitted.notes[0]


def test_that_an_option_the_format_does_not_have_is_refused_with_those_it_has(project, amass):
    with pytest.raises(ProjectError, match="AMASS has no option 'colour'"):
        imported(project, amass, options={"colour": "red"})


def test_that_a_run_says_why_nothing_came_of_it(project, tmp_path):
    folder = RunFolder(project / "runs" / "import")
    folder.write_spec(asked(project, tmp_path / "nowhere"))
    last = list(record(folder))[-1]
    assert isinstance(last, Failed)
    assert "nowhere: there is no such file or folder" in last.message


def test_that_the_catalog_counts_what_is_in_and_the_fingerprint_knows_the_same_data_again(project, amass, tmp_path):
    imported(project, amass, name="Walks")
    with ProjectStore.open(project, "Ines") as store:
        (entry,) = catalog_of(store.project, store.folder).sets
        assert (entry.name, entry.format, entry.files, entry.left_out, entry.recordings) == ("Walks", "AMASS", 6, 1, 5)
        assert entry.seconds == pytest.approx(sum(row.duration_s for row in the_set(project).rows.values()))
        assert entry.with_body == 5
        assert entry.size_bytes > 5000
        assert entry.licence.startswith("AMASS")
        item = find_set(store.project, "walks")
        assert key_of(item) == "walks"
        store.edit(remove_item(store.project, item.id), "Take out Walks")
        assert catalog_of(store.project, store.folder).sets == ()
        store.undo()
        assert catalog_of(store.project, store.folder).sets == (entry,)
    other = tmp_path / "Other"
    ProjectStore.create(other, "Other", "Ines").close()
    copied = tmp_path / "copied"
    shutil.copytree(amass, copied)
    imported(other, copied)
    with ProjectStore.open(other, "", mode="read") as store:
        assert catalog_of(store.project, store.folder).sets[0].fingerprint == entry.fingerprint
        with pytest.raises(ProjectError, match="no data set 'Walks'"):
            find_set(store.project, "Walks")


def test_that_a_data_set_whose_folder_is_gone_is_listed_with_the_reason(project, amass):
    imported(project, amass)
    shutil.rmtree(project / "datasets" / "amass")
    with ProjectStore.open(project, "", mode="read") as store:
        (entry,) = catalog_of(store.project, store.folder).sets
    assert entry.problem
    assert entry.recordings == 0


def test_that_a_table_of_characteristic_poses_is_kept_byte_for_byte(project, tmp_path):
    from tests.core.formats import made_keypose_csv

    table = made_keypose_csv.make(tmp_path)
    assert "3 characteristic poses" in imported(project, table)[-1].summary
    assert "nothing has changed" in imported(project, table)[-1].summary
    kept = project / "datasets" / "charposes" / "tables" / "charposes.csv"
    assert kept.read_bytes() == table.read_bytes()
    assert [each.facts["holds"] for each in items_of(project)] == ["characteristic poses"]


def test_that_the_memory_of_the_one_who_imports_does_not_grow_with_the_files(project, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    made_amass.make_smplh(folder / "00_poses.npz")
    for number in range(1, 60):
        os.link(folder / "00_poses.npz", folder / f"{number:02}_poses.npz")
    held = []
    tracemalloc.start()
    try:
        with closing(carry_out(asked(project, folder))) as events:
            for _ in events:
                lines = project / "datasets" / "many" / "index.jsonl"
                count = lines.read_bytes().count(b"\n") if lines.exists() else 0
                held.append((count, tracemalloc.get_traced_memory()[0]))
    finally:
        tracemalloc.stop()
    early = max(size for count, size in held if count <= 20)
    late = max(size for count, size in held if count > 40)
    assert late < early + 300_000  # a line of the index is under 2 kB


def test_that_a_refusal_of_an_import_is_a_core_error_with_the_name_of_the_file(project, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing of the kind")
    with pytest.raises(FormatError, match=r"notes\.txt: its content is of no known format"):
        imported(project, tmp_path / "notes.txt")
    with pytest.raises(CoreError):
        imported(tmp_path / "nowhere", tmp_path / "notes.txt")


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="such names cannot be there")
def test_that_a_file_whose_name_is_no_utf_8_is_listed_and_the_others_are_in(project, amass):
    odd = Path(os.fsdecode(os.fsencode(amass / "CMU") + b"/caf\xe9_poses.npz"))
    shutil.copy(amass / "CMU" / "01" / "01_01_poses.npz", odd)
    imported(project, amass)
    (the_set,) = catalog_of(ProjectStore.open(project, "", mode="read").project, project).sets
    reasons = {each.source: each.left_out for each in left_out(project, the_set.key)}
    assert set(reasons) == {"CMU/02/02_02_poses.npz", "CMU/caf\\xe9_poses.npz"}
    assert "not UTF-8" in reasons["CMU/caf\\xe9_poses.npz"]
    assert the_set.recordings == 5
    with pytest.raises(FileError, match=r"^caf\\xe9_poses.npz: its name") as refusal:
        imported(project, odd)
    assert "Rename" in refusal.value.hint
    assert str(refusal.value).encode()


def test_that_files_that_are_all_refused_say_what_to_do(project, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a", "b"):
        made_coco.make(folder).rename(folder / f"{name}.json")
    with pytest.raises(RunError, match=r"None of 2 files could be read.*no size of a picture") as refusal:
        imported(project, folder, options={"size": "wide"})
    assert "size=1280x720" in refusal.value.hint

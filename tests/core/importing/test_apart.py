"""The process that reads for others: whatever a file does to it, the one who asked lives on and hears why."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.contact_sheets import contact_sheet
from core.errors import FormatError
from core.formats import FORMATS
from core.importing import apart
from core.importing.apart import Check, Reading, Refused, TakeMotion, Taken, Worker, read_annotations, reader_of
from core.inspection import inspect
from core.project.motion_sets import MotionSet, SetFacts
from core.recordings import Recording, Stretch
from tests.core.formats import made_amass, made_human36m, made_ikea_asm, made_ikea_asm_cameras, made_mpii_cooking

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes among files and limits of memory are POSIX")


@pytest.fixture
def worker():
    with Worker(limit_s=60) as worker:
        yield worker


def last(worker, task):
    (*_, said) = worker.read(task)
    return said


def a_format(name):
    (known,) = (each for each in FORMATS if each.name == name)
    return known


def test_that_a_file_is_read_stored_and_told_of_in_one_line(tmp_path, worker):
    facts = SetFacts(key="walks", name="Walks", holds="motion", format="AMASS", source="somewhere")
    the_set = MotionSet.create(tmp_path, facts)
    source = made_amass.make_smplh(tmp_path / "x_poses.npz")
    said = last(worker, TakeMotion(path=str(source), format="AMASS", into=str(the_set.folder), below="a/b"))
    assert isinstance(said, Taken)
    (row,) = said.motions
    assert (row.name, row.frames, row.rate_hz) == ("a/b/x", 10, 30.0)
    assert np.isfinite(the_set.read(row).joints_m).all()


def test_that_a_file_that_hangs_is_ended_and_the_next_one_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe_poses.npz")
    good = made_amass.make_smplh(tmp_path / "x_poses.npz")
    with Worker(limit_s=3) as worker:
        assert isinstance(last(worker, Check(path=str(good), format="AMASS")), Taken)
        before = worker.pid
        (*beats, said) = worker.read(Check(path=str(tmp_path / "pipe_poses.npz"), format="BVH"))
        assert isinstance(said, Refused)
        assert "took more than" in said.reason
        assert len(beats) >= 4
        assert all(isinstance(each, Reading) for each in beats)
        assert isinstance(last(worker, Check(path=str(good), format="AMASS")), Taken)
        assert worker.pid != before
        assert not Path(f"/proc/{before}").exists()


def test_that_a_process_that_dies_over_a_file_is_that_files_reason(tmp_path, worker):
    os.mkfifo(tmp_path / "pipe.bvh")
    good = made_amass.make_smplh(tmp_path / "x_poses.npz")
    heard = []
    for said in worker.read(Check(path=str(tmp_path / "pipe.bvh"), format="BVH")):
        heard.append(said)
        if len(heard) == 2:
            os.kill(worker.pid, signal.SIGSEGV)
    assert isinstance(heard[-1], Refused)
    assert "was ended (SIGSEGV)" in heard[-1].reason
    assert isinstance(last(worker, Check(path=str(good), format="AMASS")), Taken)


def test_that_a_hunger_for_memory_is_that_files_reason(tmp_path):
    great = tmp_path / "great_poses.npz"
    np.savez(
        great, poses=np.zeros((200_000, 156)), trans=np.zeros((200_000, 3)), betas=np.zeros(16),
        gender=np.array("male"), mocap_framerate=np.array(120.0),
    )  # fmt: skip
    with Worker(limit_s=60, limit_bytes=700 * 2**20) as worker:
        said = last(worker, Check(path=str(great), format="AMASS"))
        assert isinstance(said, Refused)
        assert "more than 0.7 GiB of memory" in said.reason or "a size that cannot be" in said.reason
        assert isinstance(last(worker, Check(path=str(made_amass.make(tmp_path)), format="AMASS")), Taken)


def test_that_a_fault_of_a_reader_is_told_with_where_it_was(tmp_path, worker):
    said = last(worker, Check(path=str(tmp_path / "x.npz"), format="AMASS", options={"colour": "red"}))
    assert isinstance(said, Refused)
    assert "TypeError" in said.reason
    assert "Traceback" in said.details


def test_that_a_reading_given_up_in_the_middle_answers_nothing_to_the_next(tmp_path, worker):
    os.mkfifo(tmp_path / "pipe.bvh")
    good = made_amass.make_smplh(tmp_path / "x_poses.npz")
    given_up = worker.read(Check(path=str(tmp_path / "pipe.bvh"), format="BVH"))
    assert isinstance(next(given_up), Reading)
    before = worker.pid
    given_up.close()
    assert worker.pid is None
    assert not Path(f"/proc/{before}").exists()
    assert isinstance(last(worker, Check(path=str(good), format="AMASS")), Taken)


def test_that_nobody_is_left_when_the_worker_is_closed(tmp_path):
    worker = Worker()
    last(worker, Check(path=str(made_amass.make(tmp_path)), format="AMASS"))
    pid = worker.pid
    threads = threading.active_count()
    worker.close()
    assert not Path(f"/proc/{pid}").exists()
    end = time.monotonic() + 10
    while threading.active_count() >= threads:
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("name", "make"), [("MPII Cooking 2", made_mpii_cooking.make), ("IKEA-ASM", made_ikea_asm.make)]
)
def test_that_annotations_read_apart_are_those_that_are_read_here(tmp_path, name, make):
    source = make(tmp_path)
    if name == "IKEA-ASM":
        made_ikea_asm_cameras.make(source)
    known = a_format(name)
    assert known.is_native
    apart, here = read_annotations(source, known, {}), known.read(source)
    assert (apart.clips, apart.splits, apart.learned_as, apart.notes) == (
        here.clips, here.splits, here.learned_as, here.notes,
    )  # fmt: skip
    assert bool(here.cameras) == (name == "IKEA-ASM")
    for one, two in zip(apart.cameras, here.cameras, strict=True):
        np.testing.assert_array_equal(one.camera.rotation, two.camera.rotation)
        np.testing.assert_array_equal(one.camera.focal_px, two.camera.focal_px)
        assert (one.name, one.placed, one.notes) == (two.name, two.placed, two.notes)


def test_that_annotations_that_cannot_be_read_are_refused_with_the_reason_and_the_name(tmp_path):
    made_mpii_cooking.make(tmp_path)
    (file,) = tmp_path.rglob("*.mat")
    file.write_bytes(file.read_bytes()[:4000])
    with pytest.raises(FormatError, match=file.name):
        read_annotations(file, a_format("MPII Cooking 2"), {})


@pytest.mark.parametrize(("field", "says"), [("name", "a name of 1001 letters"), ("text", "a label of 10001 letters")])
def test_that_names_that_only_damage_makes_so_long_are_refused(tmp_path, monkeypatch, field, says):
    from core.importing import apart

    stretch = Stretch(0.0, 1.0, ("walk",), "x" * 10_001 if field == "text" else "")
    given = Recording("x" * 1001 if field == "name" else "a", 30.0, stretches=(stretch,))
    monkeypatch.setattr(apart, "_format", lambda name: replace(a_format("BABEL"), read=lambda path: iter([given])))
    facts = SetFacts(key="walks", name="Walks", holds="labels", format="BABEL", source="somewhere")
    the_set = MotionSet.create(tmp_path, facts)
    task = TakeMotion(path=str(tmp_path / "train.json"), format="BABEL", into=str(the_set.folder))
    answer = apart._answer(task, lambda _: None, 0)
    assert isinstance(answer, Refused)
    assert answer.reason.startswith("train.json: ")
    assert says in answer.reason
    assert len(answer.reason) < 200


def test_that_recordings_that_native_code_reads_are_the_same_read_apart(tmp_path):
    known = a_format("Human3.6M joints")
    source = made_human36m.make(tmp_path)
    (here,) = known.read(source)
    assert here.joints_m is not None
    with reader_of(known) as read:
        first, second = list(read(source)), list(read(source))
    for (there,) in (first, second):
        assert there.joints_m is not None
        np.testing.assert_allclose(there.joints_m, here.joints_m)
        assert replace(there, joints_m=None) == replace(here, joints_m=None)


@pytest.mark.parametrize("look", [inspect, contact_sheet])
def test_that_whoever_looks_into_a_file_lives_on_when_native_code_dies_over_it(tmp_path, monkeypatch, look):
    source = made_human36m.make(tmp_path)
    known = a_format("Human3.6M joints")
    here = os.getpid()

    def read(_path):
        assert os.getpid() != here
        yield from ()

    monkeypatch.setattr("core.importing.recognition.FORMATS", (replace(known, read=read),))
    look(source)
    monkeypatch.setattr(apart, "_started", lambda *_: _dying())
    with pytest.raises(FormatError, match=r"Directions 1\.cdf.*was ended \(SIGSEGV\)"):
        look(source)


def _dying():
    command = [sys.executable, "-c", "import os; input(); os.kill(os.getpid(), 11)"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

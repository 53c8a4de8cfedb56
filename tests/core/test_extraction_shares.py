"""Many tasks extract the poses of one project: every clip once, whatever happens to the tasks."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core import extractions
from core.errors import ProjectError, RunError
from core.file_locks import FileLock
from core.footage import video_file
from core.given_specs import as_text
from core.project.annotations import Clip, Provenance, new_id
from core.project.database import Database
from core.project.store import ProjectStore
from core.runs import Done, ExtractPoses, MakeProxy, Note, ReproduceForecasts, Share
from core.shares import part_of, share_of, shared
from core.video import write_video

CLIPS = 12
TASK = """
import sys
import core.project.database as database
if {network}:
    database.is_on_network = lambda path: True
sys.argv[0] = "posecast"
from core.__main__ import main
main()
"""


def project_with_videos(folder: Path, clips: int = CLIPS) -> list[str]:
    """Clips of 3, 4, 5 … frames, so that no two have the same poses; their ids."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    with ProjectStore.create(folder, "Array", "test") as store:
        project = store.project
        for number in range(clips):
            path = folder / f"clip-{number:02d}.mp4"
            with write_video(path, 12.0, 64, 48) as film:
                for _ in range(number + 3):
                    film.add(random.integers(0, 255, (48, 64, 3), dtype=np.uint8))
            video = replace(video_file(path), path=path.name)
            project = project.with_clip(
                Clip(id=new_id(), name=path.stem, video=video, made=Provenance.now("test", "test"))
            )
        store.edit(project, "Add videos")
        return list(store.project.clips)


def extractions_in(folder: Path) -> Counter[str]:
    """How many edits gave poses to each clip."""
    with ProjectStore.open(folder, "test") as store:  # takes nothing in: what is in the inbox would be missing
        labels = Counter(entry.label for entry in store.journal if entry.source == "BlazePose")
        assert all(clip.tracks for clip in store.project.clips.values())
        lengths = {clip.name: len(store.tracks(clip.tracks)) for clip in store.project.clips.values()}
    assert lengths == {f"clip-{number:02d}": number + 3 for number in range(len(lengths))}
    return labels


def task(spec: Path, share: str, *, network: bool = False) -> "subprocess.Popen[str]":
    script = TASK.format(network=network)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(extractions.__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", script, "run", str(spec), "--share", share],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("network", [False, True], ids=["write-ahead log", "rollback journal"])
def test_that_each_clip_is_seen_once_though_a_task_is_killed_and_their_number_changes(tmp_path, network):
    folder = tmp_path / "project"
    project_with_videos(folder)
    spec = tmp_path / "poses.yaml"
    spec.write_text("type: extract-poses\nproject: project\nout: project/runs/poses\n")
    first = [task(spec, f"{number}/4", network=network) for number in range(4)]
    events = folder / "runs" / "poses-1-of-4" / "events.jsonl"
    while first[1].poll() is None and not (events.exists() and '"made"' in events.read_text()):
        time.sleep(0.01)
    first[1].send_signal(signal.SIGKILL)
    said = [each.communicate()[0] for each in first]
    assert [each.returncode for each in (first[0], *first[2:])] == [0, 0, 0], "\n".join(said)
    second = [task(spec, f"{number}/2", network=network) for number in range(2)]
    said = [each.communicate()[0] for each in second]
    assert [each.returncode for each in second] == [0, 0], "\n".join(said)
    labels = extractions_in(folder)
    assert labels == {f"Extract 2D poses of clip-{number:02d}": 1 for number in range(CLIPS)}
    assert not list((folder / "inbox").glob("*.json"))


def carried_out(spec: ExtractPoses) -> list[object]:
    return list(extractions.extract(spec))


def asked(folder: Path, number: int, of: int, clip_ids: tuple[str, ...] = ()) -> ExtractPoses:
    whole = ExtractPoses(project=str(folder), out=str(folder / "runs" / "poses"), clip_ids=clip_ids)
    made = shared(whole, number, of)
    assert isinstance(made, ExtractPoses)
    return made


def test_that_a_clip_another_task_has_in_work_is_waited_for_and_not_seen_again(tmp_path, monkeypatch):
    ids = project_with_videos(tmp_path / "p", 1)
    place = tmp_path / "p" / "runs" / "poses" / ids[0]
    place.mkdir(parents=True)
    other = FileLock.taken(place / "claim")
    assert other is not None
    waited: list[float] = []

    def meanwhile(seconds: float) -> None:
        waited.append(seconds)
        (place / "kept").write_text("by the other")
        other.release()

    monkeypatch.setattr(extractions.time, "sleep", meanwhile)
    events = carried_out(asked(tmp_path / "p", 0, 1))
    assert len(waited) == 1
    assert any(isinstance(each, Note) and "waiting" in each.text for each in events)
    assert isinstance(events[-1], Done)
    assert events[-1].summary.startswith("2D poses of 0 clips")


def test_that_poses_a_clip_got_meanwhile_are_left_alone(tmp_path, monkeypatch):
    ids = project_with_videos(tmp_path / "p", 2)
    spec = asked(tmp_path / "p", 0, 1)
    found = extractions.extract_clips

    def seen(clips, out, keep, *, most_people):
        """Somebody gives the clip other poses while it is being seen."""
        with ProjectStore.open(tmp_path / "p", "somebody") as store:
            other = extractions.set_tracks(store.project, clips[0][0].id, "f" * 32)
            store.edit(other, "By hand")
        yield from found(clips, out, keep, most_people=most_people)

    monkeypatch.setattr(extractions, "extract_clips", seen)
    carried_out(spec)
    with ProjectStore.open(tmp_path / "p", "test", mode="read") as store:
        assert {store.project.clips[each].tracks for each in ids} == {"f" * 32}


def test_that_what_is_asked_for_by_name_is_seen_anew_and_once(tmp_path):
    ids = project_with_videos(tmp_path / "p", 2)
    carried_out(ExtractPoses(project=str(tmp_path / "p"), out=str(tmp_path / "p/runs/all")))
    again = asked(tmp_path / "p", 0, 1, clip_ids=(ids[1],))
    assert carried_out(again)[-1].summary.startswith("2D poses of 1 clip,")
    assert carried_out(again)[-1].summary.startswith("2D poses of 0 clips")


def test_that_an_open_studio_is_left_its_results(tmp_path, monkeypatch):
    project_with_videos(tmp_path / "p", 3)
    monkeypatch.setattr(extractions, "PATIENCE_S", 0.2)
    opened: list[float] = []
    with ProjectStore.open(tmp_path / "p", "studio") as studio:
        monkeypatch.setattr(extractions.time, "sleep", lambda seconds: opened.append(seconds) or _sleep(0.05))
        carried_out(asked(tmp_path / "p", 0, 1))
        assert len(opened) < 12, "who sat through the first wait is not waited for again"
        assert len(studio.take_in_results()) == 3
    assert set(extractions_in(tmp_path / "p").values()) == {1}


_sleep = time.sleep


@pytest.mark.parametrize("is_let_go", [True, False], ids=["for a moment", "for good"])
def test_that_a_file_that_another_holds_is_tried_again_for_a_while(tmp_path, monkeypatch, is_let_go):
    project_with_videos(tmp_path / "p", 1)
    path = tmp_path / "p" / "project.sqlite"
    blocking = Database.open(path, "write")
    blocking._connection.execute("PRAGMA journal_mode=DELETE")
    blocking._connection.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr("core.project.database.sqlite3.connect", _hasty())
    monkeypatch.setattr(extractions, "PATIENCE_S", 20.0 if is_let_go else -1.0)
    tries: list[float] = []

    def let_go(seconds: float) -> None:
        tries.append(seconds)
        if len(tries) == 3:
            blocking._connection.execute("ROLLBACK")

    monkeypatch.setattr(extractions.time, "sleep", let_go)
    if is_let_go:
        assert extractions._patiently(lambda: _written(path)) == "written"
        assert len(tries) == 3
    else:
        with pytest.raises(ProjectError, match="another program holds"):
            extractions._patiently(lambda: _written(path))
        blocking._connection.execute("ROLLBACK")
    blocking.close()


def _hasty():
    """SQLite that gives up at once instead of after five seconds."""
    import sqlite3

    connect = sqlite3.connect
    return lambda *given, **named: connect(*given, **{**named, "timeout": 0.0})


def _written(path: Path) -> str:
    database = Database.open(path, "write")
    database.close()
    return "written"


# ---- whose part is what ----


@given(st.lists(st.integers(0, 5000), max_size=40), st.integers(1, 9))
def test_that_parts_are_all_of_it_nothing_twice_and_of_about_the_same_size(sizes, of):
    work = [(f"clip-{at}", float(size)) for at, size in enumerate(sizes)]
    parts = [part_of(work, Share(number=number, of=of, together="")) for number in range(of)]
    assert sorted(name for part in parts for name in part) == sorted(name for name, _ in work)
    assert parts == [part_of(work[::-1], Share(number=number, of=of, together="")) for number in range(of)]
    size_of = {name: max(size, 1.0) for name, size in work}
    loads = [sum(size_of[name] for name in part) for part in parts]
    assert max(loads) - min(loads) <= max(size_of.values(), default=0.0)


def test_that_a_share_is_said_in_words_or_by_slurm():
    assert share_of("3/12", {}) == (3, 12)
    slurm = {"SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "9", "SLURM_ARRAY_TASK_COUNT": "5"}
    stepped = {**slurm, "SLURM_ARRAY_TASK_STEP": "2"}
    assert [share_of("slurm", {**stepped, "SLURM_ARRAY_TASK_ID": str(each)}) for each in (1, 5, 9)] == [
        (0, 5),
        (2, 5),
        (4, 5),
    ]
    assert share_of(
        "slurm",
        dict.fromkeys(("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX"), "0")
        | {"SLURM_ARRAY_TASK_COUNT": "1"},
    ) == (0, 1)


@pytest.mark.parametrize("word", ["12/12", "-1/3", "1", "a/b", "0/0", "1/1000000", ""])
def test_that_what_is_no_share_is_refused_with_how_to_write_one(word):
    with pytest.raises(RunError) as refused:
        share_of(word, {})
    assert "0/12" in refused.value.hint


def test_that_an_array_with_gaps_is_refused_since_nobody_knows_who_is_who():
    gaps = {
        "SLURM_ARRAY_TASK_ID": "7",
        "SLURM_ARRAY_TASK_MIN": "1",
        "SLURM_ARRAY_TASK_MAX": "7",
        "SLURM_ARRAY_TASK_COUNT": "3",
    }
    with pytest.raises(RunError, match="gaps"):
        share_of("slurm", gaps)
    with pytest.raises(RunError, match="no task of a Slurm array"):
        share_of("slurm", {})


def test_that_tasks_have_run_folders_of_their_own_beside_what_they_do_together(tmp_path):
    spec = ReproduceForecasts(project="p", out=str(tmp_path / "runs/tables"), what=("table1",))
    names = [Path(shared(spec, number, 12).out).name for number in (0, 11)]
    assert names == ["tables-00-of-12", "tables-11-of-12"]
    assert shared(spec, 3, 4).share == Share(number=3, of=4, together=str(tmp_path / "runs/tables"))
    assert '"together"' in as_text(shared(spec, 3, 4))
    with pytest.raises(RunError, match="cannot be shared"):
        shared(MakeProxy(video="a.mp4", out="b"), 0, 2)

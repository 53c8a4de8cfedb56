"""Jobs: heard from their files, stopped through them, found again."""

import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel

from core.run_folder import RunFolder
from core.runs import Done, ExportBodies, Failed, MakeDemo, Metric, Note, Progress, Stopped
from studio.jobs import Job, Jobs
from studio.time_left import TimeLeft
from studio.widgets.job_card import JobCard


def a_run(path, *events) -> RunFolder:
    folder = RunFolder(path)
    folder.write_spec(MakeDemo(folder=str(path / "demo"), out=str(path)))
    for event in events:
        folder.append(event)
    return folder


@pytest.fixture
def jobs(qtbot):
    made = Jobs()
    yield made
    made.watch(None)


def run_here(folder: RunFolder, body: str) -> subprocess.Popen:
    """A real process that carries the run out by `body`, which sees `folder` and the events."""
    head = f"""
        import time
        from pathlib import Path
        from core.run_folder import RunFolder
        from core.runs import *
        folder = RunFolder(Path({str(folder.path)!r}))
        folder.claim()
    """
    code = textwrap.dedent(head) + textwrap.dedent(body)
    return subprocess.Popen([sys.executable, "-c", code], cwd=Path.cwd())


def test_that_a_run_that_ended_before_is_found_with_all_it_said(jobs, tmp_path, qtbot):
    metrics = [Metric(step, "loss", 1 / (step + 1)) for step in range(5)]
    a_run(tmp_path / "forecaster-01", Progress(5, 10), *metrics, Note("saved"), Done("top-1 0.5"))
    jobs.watch(tmp_path)
    qtbot.waitUntil(jobs.is_settled)
    (job,) = jobs.jobs()
    assert job.name == "forecaster-01"
    assert job.state == "done"
    assert job.metrics["loss"] == [(step, 1 / (step + 1)) for step in range(5)]
    assert job.share() == 0.5
    assert [line[10:] for line in job.log] == ["saved", "top-1 0.5"]


@pytest.mark.parametrize(("last", "state"), [(Done(), "done"), (Stopped(), "stopped"), (Failed("no"), "failed")])
def test_that_the_last_word_of_a_run_is_its_state(jobs, tmp_path, qtbot, last, state):
    a_run(tmp_path / "run-01", Done(), Progress(1, 2), last)
    jobs.watch(tmp_path)
    qtbot.waitUntil(jobs.is_settled)
    assert jobs.jobs()[0].state == state


def test_that_a_stopped_export_is_not_promised_to_go_on(jobs, tmp_path, qtbot):
    folder = a_run(tmp_path / "training-01", Progress(1, 2), Stopped())
    export = RunFolder(tmp_path / "export-01")
    export.write_spec(ExportBodies(shot="shot.npz", file=str(tmp_path / "a.mp4"), out=str(export.path), what="film"))
    export.append(Stopped())
    jobs.watch(tmp_path)
    qtbot.waitUntil(jobs.is_settled)
    said = {}
    for job in jobs.jobs():
        card = JobCard(job, jobs.line)
        qtbot.addWidget(card)
        said[job.name] = " ".join(label.text() for label in card.findChildren(QLabel))
    assert "it can go on from there" in said[folder.path.name]
    assert "nothing of it was kept" in said["export-01"]
    assert "go on" not in said["export-01"]


def test_that_figures_of_steps_done_again_after_a_resume_take_the_place_of_the_first(jobs, tmp_path, qtbot):
    first = [Metric(step, "loss", 1.0) for step in (10, 20, 30)]
    again = [Metric(step, "loss", 2.0) for step in (20, 30, 40)]
    a_run(tmp_path / "run-01", *first, Stopped(), *again)
    jobs.watch(tmp_path)
    qtbot.waitUntil(jobs.is_settled)
    assert jobs.jobs()[0].metrics["loss"] == [(10, 1.0), (20, 2.0), (30, 2.0), (40, 2.0)]


def test_that_a_living_run_is_heard_and_stops_when_it_is_asked_to(jobs, tmp_path, qtbot):
    folder = a_run(tmp_path / "run-01")
    process = run_here(
        folder,
        """
        step = 0
        while not folder.was_asked_to_stop():
            step += 1
            folder.append(Progress(step, 1000))
            time.sleep(0.01)
        folder.append(Stopped())
        """,
    )
    try:
        jobs.watch(tmp_path)
        (job,) = jobs.jobs()
        qtbot.waitUntil(lambda: job.state == "running" and job.progress is not None, timeout=30_000)
        with qtbot.waitSignal(job.ended, timeout=30_000) as told:
            job.stop()
            assert job.state == "stopping"
            process.wait(10)  # its zombie would look alive to nobody, but be sure
        assert told.args == [Stopped()]
        assert job.state == "stopped"
    finally:
        process.kill()
        process.wait()


def test_that_a_run_whose_process_is_killed_is_called_killed(jobs, tmp_path, qtbot):
    folder = a_run(tmp_path / "run-01")
    process = run_here(folder, "folder.append(Progress(1, 2))\ntime.sleep(60)")
    try:
        jobs.watch(tmp_path)
        (job,) = jobs.jobs()
        qtbot.waitUntil(lambda: job.progress is not None, timeout=30_000)
        with qtbot.waitSignal(job.ended, timeout=30_000) as told:
            process.kill()
            process.wait()
        assert told.args == [None]
        assert job.state == "killed"
    finally:
        process.kill()
        process.wait()


def test_that_a_run_somebody_else_starts_later_is_found(jobs, tmp_path, qtbot):
    jobs.watch(tmp_path)
    assert jobs.jobs() == []
    with qtbot.waitSignal(jobs.listed, timeout=30_000):
        a_run(tmp_path / "from-a-terminal", Done())
    qtbot.waitUntil(lambda: bool(jobs.jobs()) and jobs.jobs()[0].state == "done")


def test_that_the_window_goes_on_while_a_job_reports_thousands_of_events(jobs, tmp_path, qtbot):
    folder = a_run(tmp_path / "run-01")
    stamped = [
        msgspec.json.encode({"at": 1e9 + step / 100, "event": msgspec.to_builtins(Metric(step, "loss", 0.5))})
        for step in range(60_000)
    ]
    (folder.path / "events.jsonl").write_bytes(b"\n".join(stamped) + b"\n")
    ticks: list[int] = []
    heartbeat = QTimer()
    heartbeat.setInterval(0)
    heartbeat.timeout.connect(lambda: ticks.append(heard))
    heard = 0
    heartbeat.start()

    def count(_: object) -> None:
        nonlocal heard
        heard += 1

    jobs.watch(tmp_path)
    jobs.jobs()[0].reported.connect(count)
    qtbot.waitUntil(jobs.is_settled, timeout=20_000)
    heartbeat.stop()
    assert heard == 60_000
    assert len(ticks) > 20, "the events came in one go"


def test_that_a_half_written_line_waits_for_its_end(tmp_path, qtbot):
    folder = a_run(tmp_path / "run-01", Note("one"))
    job = Job(folder)
    path = folder.path / "events.jsonl"
    whole = path.read_bytes()
    second = whole.replace(b"one", b"two")
    path.write_bytes(whole + second[:7])
    while job.read():
        pass
    assert len(job.log) == 1
    path.write_bytes(whole + second)
    while job.read():
        pass
    assert [line[10:] for line in job.log] == ["one", "two"]


def test_that_time_left_is_said_once_it_is_stable_and_then_is_right():
    left = TimeLeft()
    said = []
    for second in range(11):
        left.add(100.0 + second, second, 60)
        said.append(left.seconds())
    assert said[1] is None
    assert said[10] == pytest.approx(50, rel=0.05)


def test_that_time_left_is_not_said_while_the_pace_jumps():
    left = TimeLeft()
    for second, done in enumerate((0, 1, 30, 31, 32, 60)):
        left.add(float(second), done, 1000)
    assert left.seconds() is None


def test_that_names_of_runs_count_up(jobs, tmp_path):
    jobs.watch(tmp_path)
    assert jobs.free_name("forecaster") == "forecaster-01"
    a_run(tmp_path / "forecaster-01")
    assert jobs.free_name("forecaster") == "forecaster-02"


@pytest.mark.slow
def test_that_a_job_goes_on_when_its_window_is_gone_and_is_found_again(tmp_path, qtbot):
    first = Jobs()
    first.watch(tmp_path / "runs")
    spec = MakeDemo(folder=str(tmp_path / "demo"), out="", clips=1, seconds=6, video=False)
    job = first.start(spec, first.free_name("make-demo"))
    assert job.spec is not None
    assert job.spec.out == str(tmp_path / "runs" / "make-demo-01")
    first.watch(None)

    second = Jobs()
    second.watch(tmp_path / "runs")
    (found,) = second.jobs()
    qtbot.waitUntil(lambda: second.is_settled() and not found.is_live, timeout=60_000)
    assert found.state == "done", [*found.log, found.folder.log_tail()]
    assert found.share() == 1.0
    assert (tmp_path / "demo" / "project.sqlite").exists()
    second.watch(None)

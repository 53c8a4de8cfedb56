"""Pausing: a training lets go of everything and goes on exactly; other work holds still; sleep counts for nothing."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from core import configs, line, line_turns, processes, runner
from core.asleep import LATE_S, Watch
from core.run_folder import RunFolder
from core.runs import (
    Done,
    Event,
    Failed,
    MakeDemo,
    Metric,
    Note,
    Paused,
    Progress,
    Slept,
    Stopped,
    TrainForecaster,
    WentOn,
)
from tests.core.project_on_disk import project_on_disk


@pytest.fixture(autouse=True)
def no_keeper(monkeypatch):
    monkeypatch.setattr(line, "wake", lambda: None)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "project"
    project_on_disk(folder, clips=8, steps=6)
    return folder


def training(project: Path, name: str, steps: int = 12) -> tuple[RunFolder, TrainForecaster]:
    words = [f"steps={steps}", "validate_every=6", "report_every=2", "losses.adversarial=0", "samples=0"]
    config = configs.with_overrides(configs.smoke(), words)
    run = RunFolder(project / "runs" / name)
    return run, TrainForecaster(project=str(project), out=str(run.path), config=config, preset="forecaster/smoke")


def in_turn(run: RunFolder, pause_at: int | None = None) -> list[Event]:
    """What the process of a job hears that takes its turn; it is told to pause when it says the step."""
    assert line_turns.take_turn(run)
    heard = []
    for event in runner.record(run, in_turn=True):
        heard.append(event)
        if isinstance(event, Progress) and event.done == pause_at:
            line.pause(run)
    return heard


def figures(run: RunFolder) -> dict[tuple[int, str], float]:
    stamped, _ = run.events()
    said = [each.event for each in stamped if isinstance(each.event, Metric)]
    points = {(each.step, each.name): each.value for each in said if each.name != "steps_per_s"}
    assert len(points) == sum(each.name != "steps_per_s" for each in said), "a point was said twice"
    return points


def test_that_a_training_that_paused_is_the_one_that_never_did_to_the_last_bit(project):
    straight, spec = training(project, "straight")
    line.ask(straight, spec)
    assert isinstance(in_turn(straight)[-1], Done)
    paused, spec = training(project, "paused")
    line.ask(paused, spec)
    for pause_at in (4, 8):
        heard = in_turn(paused, pause_at)
        assert heard[-1] == Paused()
        assert paused.state() == "paused"
        assert not paused.is_alive()
        line.go_on(paused)
        assert paused.state() == "waiting"
    assert isinstance(in_turn(paused)[-1], Done)
    assert paused.state() == "done"
    assert figures(paused) == figures(straight)
    assert len(figures(straight)) > 6
    weights = [(each.path / "last.safetensors").read_bytes() for each in (paused, straight)]
    assert _tensors(weights[0]) == _tensors(weights[1])


def _tensors(content: bytes) -> bytes:
    """Behind the header, whose words tell of folders and times."""
    return content[8 + int.from_bytes(content[:8], "little") :]


def test_that_a_paused_training_leaves_its_lane_to_the_next(project):
    first, spec = training(project, "first")
    line.ask(first, spec)
    second, spec = training(project, "second")
    line.ask(second, spec)
    assert in_turn(first, pause_at=2)[-1] == Paused()
    assert line_turns.take_turn(second)
    line.go_on(first)
    assert not line_turns.take_turn(first)
    assert line.waiting()[0].ahead == (second.path,)
    line_turns.leave(second)
    assert isinstance(in_turn(first)[-1], Done)


def test_that_a_training_in_a_terminal_pauses_in_its_process_and_waits_for_its_turn_to_go_on(project):
    run, spec = training(project, "terminal")
    run.write_spec(spec)
    other, its_spec = training(project, "other")
    states: list[str] = []

    def somebody():
        _until(lambda: run.state() == "paused")
        states.append(run.state())
        line.ask(other, its_spec)
        assert line_turns.take_turn(other), "its lane is free"
        line.go_on(run)
        _until(lambda: run.state() == "waiting")
        states.append(run.state())
        line_turns.leave(other)

    thread = threading.Thread(target=somebody)
    heard = []
    for event in runner.record(run):
        heard.append(event)
        if isinstance(event, Progress) and event.done == 4 and not thread.is_alive() and WentOn() not in heard:
            line.pause(run)
            thread.start()
    thread.join()
    assert states == ["paused", "waiting"]
    assert isinstance(heard[-1], Done)
    assert heard.index(Paused()) < heard.index(WentOn())
    assert run.state() == "done"


def _until(holds, seconds: float = 30) -> None:
    patience = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < patience
        time.sleep(0.01)


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """Work that cannot go on exactly: it says three notes, and what closes it."""
    closed: list[str] = []

    def carried_out(spec):
        try:
            for word in ("one", "two", "three"):
                yield Note(word)
        finally:
            closed.append("put in order")

    monkeypatch.setattr(runner, "carry_out", carried_out)
    monkeypatch.setattr(runner, "sealed", lambda spec, events: events)
    run = RunFolder(tmp_path / "runs" / "demo")
    line.ask(run, MakeDemo(folder=str(tmp_path / "demo"), out=str(run.path)))
    return run, closed


@pytest.mark.parametrize(
    ("then", "says"),
    [
        ("go_on", [Note("one"), Paused(), WentOn(), Note("two"), Note("three"), Done()]),
        ("stop", [Note("one"), Paused(), Stopped()]),
    ],
)
def test_that_other_work_holds_still_until_it_is_told(demo, then, says):
    run, closed = demo
    assert line_turns.take_turn(run)
    heard = []
    thread = threading.Thread(target=lambda: (_until(lambda: run.state() == "paused"), getattr(line, then)(run)))
    for event in runner.record(run, in_turn=True):
        heard.append(event)
        if event == Note("one"):
            line.pause(run)
            thread.start()
    thread.join()
    assert heard == says
    assert closed == ["put in order"]
    assert not run.is_alive()
    assert line.view() == []


def test_that_who_holds_still_and_is_killed_is_told_as_killed(demo):
    run, _ = demo
    run.hold_still()
    (run.path / "ticket.json").unlink()
    (run.path / "pid").write_bytes(msgspec.json.encode(processes.Process(1, "long ago", processes.host())))
    assert run.state() == "killed"


def test_that_words_are_heeded_between_steps_not_between_the_figures_of_one(tmp_path, monkeypatch):
    def carried_out(spec):
        for step in (1, 2):
            yield Metric(step, "loss", 1.0)
            yield Metric(step, "loss/action", 1.0)
            yield Progress(step, 2)

    monkeypatch.setattr(runner, "carry_out", carried_out)
    monkeypatch.setattr(runner, "sealed", lambda spec, events: events)
    run = RunFolder(tmp_path / "run")
    line.ask(run, MakeDemo(folder=str(tmp_path / "demo"), out=str(run.path)))
    assert line_turns.take_turn(run)
    heard = []
    for event in runner.record(run, in_turn=True):
        heard.append(event)
        if isinstance(event, Metric):
            line.stop(run)
    assert heard == [Metric(1, "loss", 1.0), Metric(1, "loss/action", 1.0), Progress(1, 2), Stopped()]


# ---- sleep ----------------------------------------------------------------------------------------------------------


def test_that_seconds_asleep_are_told_once_and_busy_ones_are_not():
    now, computed = [100.0], [0.0]
    watch = Watch(now=lambda: now[0], computed=lambda: computed[0])
    try:
        for gap, work, slept in ((1, 0, 0), (3600, 0.5, 3600), (60, 55, 0), (LATE_S - 0.1, 0, 0)):
            now[0] += gap
            computed[0] += work
            assert watch.slept_s() == pytest.approx(slept, abs=0.01)
        assert watch.slept_s() == 0.0
    finally:
        watch.end()
    assert "asleep" not in {each.name for each in threading.enumerate()}


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_that_a_stopped_process_counts_as_asleep(tmp_path):
    code = (
        "import time, core.asleep as a; a.LATE_S = 0.5; a.EVERY_S = 0.1\n"
        "w = a.Watch(); print('ready', flush=True); input(); print(w.slept_s()); w.end()"
    )
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGSTOP)
    began = time.monotonic()
    _until(lambda: time.monotonic() - began > 1.0)
    os.kill(process.pid, signal.SIGCONT)
    said, _ = process.communicate("\n")
    assert float(said) > 0.9


def test_that_a_run_says_how_long_it_was_asleep_before_what_comes_next(demo, monkeypatch):
    run, _ = demo
    slept = iter([0.0, 7200.0, 0.0, 0.0, 0.0])
    monkeypatch.setattr(Watch, "slept_s", lambda self: next(slept))
    assert line_turns.take_turn(run)
    list(runner.record(run, in_turn=True))
    assert [each.event for each in run.events()[0]] == [
        Note("one"), Slept(7200.0), Note("two"), Note("three"), Done(),
    ]  # fmt: skip


def test_that_a_folder_taken_away_while_it_runs_is_told_as_that(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.write_spec(MakeDemo(folder=str(tmp_path / "demo"), out=str(folder.path), clips=1, seconds=4, video=False))
    events = runner.record(folder)
    next(events)
    shutil.rmtree(folder.path)
    last = list(events)[-1]
    assert isinstance(last, Failed)
    assert "was taken away while it ran" in last.message
    assert "fault" not in last.hint

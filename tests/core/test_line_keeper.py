"""The keeper: starts what comes next, takes over what another started, sees who is killed, and ends when nobody is."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from core import line, line_files, line_keeper, line_turns, processes
from core.run_folder import RunFolder
from core.runs import Failed, MakeDemo
from tests.core import line_stand_in as stand_in

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are not there")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A folder for runs, whose work is the stand-ins'."""
    monkeypatch.setattr("core.processes.start_detached", stand_in.start_detached)
    return tmp_path / "runs"


def asked(runs: Path, name: str, seconds: float = 0.02, lane: str = "one") -> RunFolder:
    run = RunFolder(runs / name)
    line.ask(run, stand_in.spec(run.path, lane, seconds))
    return run


def until(holds, seconds: float = 30) -> None:
    patience = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < patience, line_files.log_file().read_text()
        time.sleep(0.02)


def keeper_lives() -> bool:
    right = line_turns.right_to_keep()  # alone with the line: one that is about to begin is not turned away
    if right is not None:
        right.release()
    return right is None


def test_that_a_queue_of_three_is_done_in_order_and_the_keeper_ends(runs):
    three = [asked(runs, name) for name in ("a", "b", "c")]
    until(lambda: all(each.state() == "done" for each in three) and not keeper_lives())
    assert stand_in.worked(runs) == [f"{word} {name}" for name in "abc" for word in ("begin", "end")]
    assert not list((line_files.line_folder() / "jobs").iterdir())
    for each in three:
        assert {file.name for file in each.path.iterdir()} == {"spec.json", "events.jsonl", "stdout.log"}


def test_that_there_is_one_keeper(runs):
    asked(runs, "a", seconds=3)
    until(keeper_lives)
    assert line_turns.right_to_keep() is None
    line.ensure_keeper()
    line.stop(RunFolder(runs / "a"))
    until(lambda: not keeper_lives())


@posix
def test_that_a_new_keeper_takes_over_what_the_killed_one_started(runs):
    first, second = asked(runs, "a", seconds=30), asked(runs, "b")
    until(lambda: first.state() == "running" and keeper_lives())
    until(killed_keeper)
    until(lambda: not keeper_lives())
    assert first.is_alive(), "jobs do not depend on the keeper"
    until(lambda: line.tend() or keeper_lives())
    assert second.state() == "waiting"
    line.stop(first)
    until(lambda: second.state() == "done" and not keeper_lives())
    assert stand_in.worked(runs) == ["begin a", "end a", "begin b", "end b"]


@posix
def test_that_nobody_begins_beside_a_run_whose_folder_was_taken_away_while_it_works(runs, tmp_path):
    first = asked(runs, "a", seconds=3)
    until(lambda: stand_in.worked(runs) == ["begin a"])
    process = first.process()
    assert process is not None
    until(lambda: f"at work, process {process.pid}" in line_files.log_file().read_text())
    second = asked(runs, "b")
    first.path.rename(tmp_path / "elsewhere")
    until(lambda: second.state() == "done" and not keeper_lives())
    assert stand_in.worked(runs) == ["begin a", "end a", "begin b", "end b"]


def killed_keeper() -> bool:
    for each in Path("/proc").glob("[0-9]*"):
        try:
            ours = os.environ["POSECAST_STATE"].encode() in (each / "environ").read_bytes()
            if ours and b"keeper" in (each / "cmdline").read_bytes().split(b"\0"):
                os.kill(int(each.name), signal.SIGKILL)
                return True
        except OSError:
            continue
    return False


@posix
def test_that_a_killed_run_is_told_with_its_signal_and_memory_and_nothing_of_it_is_left(runs):
    run = asked(runs, "a", seconds=60)
    until(lambda: run.state() == "running")
    (run.path / ".spec.json.1-1.new").write_text("half")
    process = run.process()
    assert process is not None
    until(lambda: f"at work, process {process.pid}" in line_files.log_file().read_text())
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: run.killed() is not None)
    killed = run.killed()
    assert run.state() == "killed"
    assert killed is not None
    assert (killed.signal, killed.memory_was_full, killed.stop_was_asked) == (signal.SIGKILL, False, False)
    assert killed.used_bytes > 1e6
    assert killed.free_bytes > 1e6
    until(lambda: not keeper_lives())
    assert not list(run.path.glob("*.new")) + list(run.path.glob(".*.new"))
    line.ask(run, stand_in.spec(run.path))
    assert run.killed() is None
    until(lambda: run.state() == "done" and not keeper_lives())


@posix
def test_that_what_a_killed_run_had_started_ends_with_it(runs, tmp_path):
    """A worker that outlives its leader would go on writing."""
    code = "import subprocess, sys, time; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    code += "print(c.pid, flush=True); time.sleep(60)"
    leader = processes.__dict__["_started_here"]
    before = len(leader)
    process = stand_in._detached(("-c", code), tmp_path / "log")
    until(lambda: (tmp_path / "log").read_text().strip())
    child = int((tmp_path / "log").read_text())
    ours = processes.Process(process.pid, processes.started(process.pid), processes.host())
    assert processes.started(child)
    process.kill()
    until(lambda: not processes.started(process.pid))
    processes.sweep(ours)
    until(lambda: not processes.started(child))
    assert len(leader) <= before


def test_that_a_run_that_cannot_begin_fails_in_words_after_three_tries(runs, monkeypatch):
    def broken(words, log, environment=None):
        """Its own keeper, but Python that ends at once."""
        with log.open("ab") as file:
            return subprocess.Popen([sys.executable, "-c", "raise SystemExit('no such room')"], stderr=file)

    monkeypatch.setattr(line, "wake", lambda: None)
    run = asked(runs, "a")
    monkeypatch.setattr("core.processes.start_detached", broken)
    keeper, right = line_keeper.Keeper(), line_turns.right_to_keep()
    assert right is not None
    monkeypatch.setattr(line_keeper, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(line_keeper, "AGAIN_AFTER_S", 0.02)
    keeper.keep(right)
    ending = run.ending()
    assert isinstance(ending, Failed)
    assert "could not begin" in ending.message
    assert ending.details.count("no such room") == line_keeper.MOST_STARTS
    assert run.state() == "failed"


def test_that_a_spec_that_cannot_be_read_fails_and_the_next_comes(tmp_path):
    """The real process of a job: it takes its turn, and says what is wrong."""
    run = RunFolder(tmp_path / "runs" / "a")
    line.ask(run, MakeDemo(folder=str(tmp_path / "demo"), out=str(run.path)))
    (run.path / "spec.json").write_text('{"type": "make-demo", "folder": 3}')
    until(lambda: run.state() == "failed")
    ending = run.ending()
    assert isinstance(ending, Failed)
    assert "$.folder" in ending.message
    until(lambda: not keeper_lives())


def test_that_the_keeper_looks_at_files_only_when_the_bell_rang(runs, monkeypatch):
    monkeypatch.setattr(line, "wake", lambda: None)
    asked(runs, "a")
    looks = []
    real = line_turns.looked
    monkeypatch.setattr(line_turns, "looked", lambda starting: looks.append(1) or real(starting))
    monkeypatch.setattr(line_keeper.Keeper, "_start", lambda self, folder, lane: None)
    keeper, right = line_keeper.Keeper(), line_turns.right_to_keep()
    assert right is not None
    for _ in range(5):
        assert keeper._goes_on(right)
    assert len(looks) == 1
    asked(runs, "b")
    for _ in range(5):
        assert keeper._goes_on(right)
    assert len(looks) == 2
    for each in ("a", "b"):
        line.take_out(RunFolder(runs / each))
    assert not keeper._goes_on(right)
    assert not keeper_lives(), "it lets go of the right while nobody can ask"


def test_that_the_keepers_log_never_grows_large(runs, monkeypatch):
    monkeypatch.setattr(line_keeper, "_MOST_LOG_BYTES", 2000)
    line_files.line_folder().mkdir(parents=True)
    for number in range(200):
        line_keeper.say(f"line {number}")
    text = line_files.log_file().read_text()
    assert len(text) < 2100
    assert text.endswith("line 199\n")


def test_that_a_keeper_outlives_a_line_that_was_held_for_long(runs, monkeypatch):
    monkeypatch.setattr(line, "wake", lambda: None)
    asked(runs, "a")
    right = line_turns.right_to_keep()
    assert right is not None
    tries = []

    def goes_on(self, right):
        tries.append(1)
        if len(tries) == 1:
            raise line_files.LineError("The line of jobs is held by another program.")
        return len(tries) < 3

    monkeypatch.setattr(line_keeper.Keeper, "_goes_on", goes_on)
    monkeypatch.setattr(line_keeper, "LOOK_AT_ALL_EVERY_S", 0.01)
    line_keeper.Keeper().keep(right)
    assert len(tries) == 3
    assert "held by another program" in line_files.log_file().read_text()
    line.take_out(RunFolder(runs / "a"))


def test_that_a_keeper_ends_with_the_folder_of_its_line(runs):
    right = line_turns.right_to_keep()
    assert right is not None
    jobs = line_files.line_folder() / "jobs"
    jobs.rename(jobs.with_name("elsewhere"))
    line_keeper.Keeper().keep(right)
    assert not jobs.exists()


@pytest.mark.parametrize(
    ("before", "after", "number", "says"),
    [(3, 4, None, True), (3, 4, signal.SIGKILL, True), (3, 4, signal.SIGTERM, False), (3, 3, signal.SIGKILL, False)],
)
@posix
def test_that_memory_is_only_blamed_where_the_system_says_so(runs, monkeypatch, before, after, number, says):
    run = RunFolder(runs / "a")
    run.write_spec(stand_in.spec(run.path))
    gone = subprocess.Popen([sys.executable, "-c", f"import os; os.kill(os.getpid(), {int(number or 9)})"])
    gone.wait()
    process = processes.Process(gone.pid, "1", processes.host(), time.time())
    (run.path / "pid").write_bytes(msgspec.json.encode(process))
    was = line_keeper._Working(run, process, gone if number else None, 1, 2, before)
    monkeypatch.setattr(line_keeper, "killed_for_memory", lambda: after)
    line_files.line_folder().mkdir(parents=True)
    line_keeper.Keeper()._put_down(was)
    killed = run.killed()
    assert killed is not None
    assert (killed.memory_was_full, killed.used_bytes, killed.free_bytes) == (says, 1, 2)


@posix
def test_that_killing_a_command_of_a_terminal_leaves_what_a_person_put_beside_it(tmp_path):
    """`posecast train … | tee log`: the shell gives both one group, and the log still wants its last lines."""
    shell = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], process_group=0)
    beside = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], process_group=shell.pid)
    try:
        command = processes.Process(shell.pid, processes.started(shell.pid), processes.host())
        processes.end(command, force=True)
        shell.wait()
        processes.sweep(command)
        assert beside.poll() is None
    finally:
        beside.kill()
        beside.wait()


@posix
def test_that_a_job_leaves_the_machine_to_whoever_sits_at_it(tmp_path, monkeypatch):
    """Lower priority, and a core fewer than there are for every library that shares work among threads."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    monkeypatch.delenv("POSECAST_NICE")
    run = RunFolder(tmp_path / "runs" / "a")
    run.write_spec(MakeDemo(folder=str(tmp_path / "demo"), out=str(run.path), clips=50, video=False))
    run.start()
    until(run.is_alive)
    process = run.process()
    assert process is not None
    environment = (Path("/proc") / str(process.pid) / "environ").read_bytes().decode().split("\0")
    assert f"OMP_NUM_THREADS={max(1, len(os.sched_getaffinity(0)) - 1)}" in environment
    assert "MKL_NUM_THREADS=7" in environment, "what a person has set stays"
    until(lambda: os.getpriority(os.PRIO_PROCESS, process.pid) >= processes.NICE)
    run.end(force=True)
    until(lambda: not run.is_alive())


def test_that_a_process_of_another_machine_is_judged_by_its_heartbeat_and_never_touched(tmp_path):
    run = RunFolder(tmp_path)
    run.write_spec(MakeDemo(folder="demo", out=str(tmp_path)))
    elsewhere = processes.Process(os.getpid(), "1", "another-machine", time.time())
    (tmp_path / "pid").write_bytes(msgspec.json.encode(elsewhere))
    assert run.state() == "running"
    run.end(force=True)
    processes.sweep(elsewhere)
    os.utime(tmp_path / "pid", (0, time.time() - 61))
    assert run.state() == "killed"
    run.beat()
    assert run.state() == "running"

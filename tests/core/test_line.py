"""The line: who waits, in which order, and that whoever asks and whoever is killed, every run is done exactly once."""

import os
import random
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import configs, lanes, line, line_files, line_turns
from core.errors import RunError
from core.lanes import Lane, lane_of
from core.run_folder import RunFolder
from core.runs import (
    BuildPoseBank,
    Done,
    EvaluateForecaster,
    ExportBodies,
    ExtractPoses,
    GenerateMotion,
    ImportData,
    MakeProxy,
    ReproduceForecasts,
    Stopped,
    TrainForecaster,
)
from tests.core import line_stand_in as stand_in


@pytest.fixture
def no_keeper(monkeypatch):
    """Nobody starts what waits."""
    monkeypatch.setattr(line, "wake", lambda: None)


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A function that makes an empty line, for each example anew."""
    count = 0

    def make() -> Path:
        nonlocal count
        count += 1
        monkeypatch.setenv("POSECAST_STATE", str(tmp_path / f"state-{count}"))
        (tmp_path / f"{count}").mkdir()
        return tmp_path / f"{count}"

    return make


def asked(folder: Path, name: str, priority: int = 0, lane: str = "one") -> RunFolder:
    run = RunFolder(folder / "runs" / name)
    line.ask(run, stand_in.spec(run.path, lane), priority=priority)
    return run


def order() -> list[str]:
    return [each.name for each in line.waiting()]


def train(device: str = "auto") -> TrainForecaster:
    return TrainForecaster(project="p", out="o", config=msgspec.structs.replace(configs.Forecaster(), device=device))


# ---- lanes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "lane"),
    [
        (ExtractPoses(project="p", out="o"), Lane("extraction")),
        (EvaluateForecaster(run="r", project="p", out="o"), Lane("measuring")),
        (ImportData(project="p", out="o", source="s"), Lane("data", "p")),
        (BuildPoseBank(project="p", out="o"), Lane("data", "p")),
        (ExportBodies(shot="s", file="f.png", out="o", what="picture"), Lane("export")),
        (GenerateMotion(file="f.npz", out="o"), Lane("export")),
        (MakeProxy(video="v", out="o"), Lane("copies")),
    ],
)
def test_that_each_kind_of_work_has_a_lane(spec, lane):
    assert lane_of(spec) == lane


@pytest.mark.parametrize(
    ("cards", "device", "where"),
    [
        ((), "auto", "processor"),
        ((), "cuda", "processor"),
        (("card-0",), "auto", "card"),
        (("card-0",), "cuda", "card"),
        (("card-0",), "cpu", "processor"),
    ],
)
def test_that_a_training_waits_for_what_it_trains_on(monkeypatch, cards, device, where):
    monkeypatch.setattr(lanes, "cards", lambda: cards)
    assert lane_of(train(device)) == Lane("training", where)
    table = ReproduceForecasts(project="p", out="o", what=("table1",), knobs=(f"device={device}",))
    assert lane_of(table) == Lane("training", where)


def test_that_two_cards_take_two_trainings_and_the_processor_a_third(fresh, no_keeper, monkeypatch):
    monkeypatch.setattr(lanes, "cards", lambda: ("card-GPU-a", "card-GPU-b"))
    folder = fresh()
    runs = [RunFolder(folder / "runs" / f"{each}") for each in "abcd"]
    for run, device in zip(runs, ("auto", "cuda", "auto", "cpu"), strict=True):
        line.ask(run, msgspec.structs.replace(train(device), out=str(run.path)))
    with line_turns.looked({}) as turn:
        assert [(run.path.name, lane.where) for run, lane in turn.next] == [
            ("a", "card-GPU-a"), ("b", "card-GPU-b"), ("d", "processor"),
        ]  # fmt: skip
    with line_turns.looked({runs[0].path: Lane("training", "card-GPU-a")}) as turn:
        assert [(run.path.name, lane.where) for run, lane in turn.next] == [("b", "card-GPU-b"), ("d", "processor")]
    assert line.waiting()[2].ahead == (runs[0].path, runs[1].path)
    assert lanes.environment(Lane("training", "card-GPU-b")) == {"CUDA_VISIBLE_DEVICES": "GPU-b"}


# ---- the order ------------------------------------------------------------------------------------------------------


def test_that_runs_come_by_priority_and_then_in_the_order_of_asking(fresh, no_keeper):
    folder = fresh()
    for name, priority in (("a", 0), ("b", -1), ("c", 1), ("d", 0)):
        asked(folder, name, priority)
    assert order() == ["c", "a", "d", "b"]
    assert [each.number for each in line.waiting()] == [1, 2, 3, 4]
    assert [each.name for each in line.waiting()[-1].ahead] == ["c", "a", "d"]
    assert {each.project for each in line.waiting()} == {folder}


@given(
    st.lists(
        st.tuples(st.sampled_from(["earlier", "later", "low", "usual", "high", "out", "ask"]), st.integers(0, 5)),
        max_size=12,
    )
)
def test_that_every_change_leaves_the_line_as_a_list_would_be(tmp_path_factory, changes):
    base = tmp_path_factory.mktemp("line")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSECAST_STATE", str(base / "state"))
        patch.setattr(line, "wake", lambda: None)
        patch.setattr(os, "fsync", lambda number: None)
        runs = {f"r{number}": asked(base, f"r{number}") for number in range(4)}
        expected = [(name, 0) for name in runs]
        for change, number in changes:
            name = f"r{number}"
            index = next((index for index, each in enumerate(expected) if each[0] == name), None)
            if change == "ask":
                if index is None:
                    runs[name] = asked(base, name)
                    expected.append((name, 0))
                    expected.sort(key=lambda each: -each[1])
                continue
            if index is None:
                continue
            match change:
                case "earlier" | "later":
                    getattr(line, change)(runs[name])
                    other = index + (-1 if change == "earlier" else 1)
                    if 0 <= other < len(expected):
                        priority = expected[other][1]
                        expected.insert(other, (expected.pop(index)[0], priority))
                case "out":
                    line.take_out(runs[name])
                    assert runs[name].state() == "stopped"
                    expected.pop(index)
                case _:
                    priority = {"low": line.LOW, "usual": 0, "high": line.HIGH}[change]
                    line.set_priority(runs[name], priority)
                    expected = [(each.name, each.priority) for each in line.waiting()]
                    assert dict(expected)[name] == priority
                    assert [each[1] for each in expected] == sorted((each[1] for each in expected), reverse=True)
            assert [(each.name, each.priority) for each in line.waiting()] == expected


def test_that_a_run_that_waits_or_works_is_not_asked_for_twice(fresh, no_keeper):
    folder = fresh()
    run = asked(folder, "a")
    with pytest.raises(RunError, match="already under way"):
        line.ask(run, stand_in.spec(run.path))
    assert line_turns.take_turn(run)
    with pytest.raises(RunError, match="already under way"):
        line.ask(run, stand_in.spec(run.path))
    line_turns.leave(run)


def test_that_a_folder_is_one_run_by_whatever_name_it_is_called(fresh, no_keeper):
    folder = fresh()
    asked(folder, "a")
    (folder / "link").symlink_to(folder / "runs")
    line.take_out(RunFolder(folder / "link" / "a"))
    assert order() == []
    assert RunFolder(folder / "runs" / "a").state() == "stopped"


def test_that_a_line_that_cannot_be_written_is_refused_in_words(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("POSECAST_STATE", str(tmp_path / "file"))
    with pytest.raises(RunError, match="cannot be written") as refused:
        asked(tmp_path, "a")
    assert "POSECAST_STATE" in refused.value.hint


# ---- turns ----------------------------------------------------------------------------------------------------------


def test_that_a_turn_is_taken_once_and_only_where_the_lane_is_free(fresh, no_keeper):
    folder = fresh()
    first, second, other = asked(folder, "a"), asked(folder, "b"), asked(folder, "c", lane="two")
    assert line_turns.take_turn(first)
    assert first.state() == "running"
    assert not line_turns.take_turn(first)
    assert not line_turns.take_turn(second)
    assert line_turns.take_turn(other)
    assert [each.path.name for each in (RunFolder(path) for path in line.waiting()[0].ahead)] == ["a"]
    first.append(Done())
    line_turns.leave(first)
    assert first.state() == "done"
    assert line_turns.take_turn(second)
    for each in (second, other):
        line_turns.leave(each)
    assert line.view() == []


def test_that_a_run_killed_between_its_name_and_its_ticket_waits_still(fresh, no_keeper, monkeypatch):
    run = asked(fresh(), "a")
    (run.path / "pid").write_text('{"pid": 1, "started": "long ago"}')
    assert run.state() == "waiting"
    with line_turns.looked({}) as turn:
        assert [each.path for each, _ in turn.next] == [run.path]


def test_that_asking_half_done_is_not_asking(fresh, no_keeper, monkeypatch):
    folder = fresh()
    run = RunFolder(folder / "runs" / "a")

    def power_cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(line_files, "write_ticket", power_cut)
        with pytest.raises(KeyboardInterrupt):
            line.ask(run, stand_in.spec(run.path))
    assert run.state() == "new"
    with line_turns.looked({}) as turn:
        assert not turn.next
    assert not list((line_files.line_folder() / "jobs").iterdir())
    line.ask(run, stand_in.spec(run.path))
    assert order() == ["a"]


def test_that_a_torn_ticket_still_waits_in_its_lane(fresh, no_keeper):
    run = asked(fresh(), "a")
    (run.path / "ticket.json").write_bytes(b'{"lane": ')
    assert [(each.name, each.lane) for each in line.waiting()] == [("a", Lane("data", "one"))]


def test_that_a_folder_that_is_gone_is_dropped_and_one_whose_disk_is_gone_waits(fresh, no_keeper):
    folder = fresh()
    run, away = asked(folder, "a"), asked(folder / "stick", "b")
    for each in run.path.iterdir():
        each.unlink()
    run.path.rmdir()
    (folder / "stick").rename(folder / "elsewhere")
    with line_turns.looked({}) as turn:
        assert (turn.next, turn.waiting, turn.vanished) == ([], 0, [run.path])
    assert order() == []
    (folder / "elsewhere").rename(folder / "stick")
    assert order() == ["b"]
    assert away.state() == "waiting"


def test_that_a_run_in_a_terminal_takes_its_lane_without_waiting_and_hears_who_is_there(fresh, no_keeper):
    folder = fresh()
    first = asked(folder, "a")
    assert line_turns.take_turn(first)
    terminal = RunFolder(folder / "out")
    terminal.write_spec(stand_in.spec(terminal.path))
    assert line_turns.step_in(terminal, terminal.spec()) == (first.path,)
    line_turns.leave(first)
    waits = asked(folder, "b")
    assert not line_turns.take_turn(waits)
    assert line.waiting()[0].ahead == (terminal.path,)
    line_turns.leave(terminal)
    assert line_turns.take_turn(waits)
    line_turns.leave(waits)


def test_that_a_run_that_begins_while_it_is_taken_out_goes_on(fresh, no_keeper, monkeypatch):
    run = asked(fresh(), "a")
    really = line_files.locked

    @contextmanager
    def a_moment_later():
        assert line_turns.take_turn(run)
        with really():
            yield

    with monkeypatch.context() as patched:
        patched.setattr(line, "locked", a_moment_later)
        line.take_out(run)
    assert (run.state(), run.told()) == ("running", "")
    line_turns.leave(run)


# ---- pauses ---------------------------------------------------------------------------------------------------------


def test_that_a_waiting_run_pauses_without_a_place_and_goes_on_at_the_end_of_the_line(fresh, no_keeper):
    folder = fresh()
    first = asked(folder, "a", priority=1)
    asked(folder, "b")
    line.pause(first)
    assert first.state() == "paused"
    assert order() == ["b"]
    assert {each.name: each.state for each in line.view()} == {"a": "paused", "b": "waiting"}
    line.go_on(first)
    assert order() == ["a", "b"], "its priority is still its own"
    assert first.told() == ""


def test_that_a_killed_run_that_was_asked_for_again_pauses_and_goes_on(fresh, no_keeper):
    run = asked(fresh(), "a")
    (run.path / "ticket.json").unlink()
    (run.path / "pid").write_text('{"pid": 1, "started": "long ago", "since": 1.0}')
    assert run.state() == "killed"
    line.ask(run, stand_in.spec(run.path))
    line.pause(run)
    assert run.state() == "paused"
    line.go_on(run)
    assert run.state() == "waiting"


def test_that_the_mark_of_a_pause_goes_with_the_run_that_was_killed_meanwhile(fresh, no_keeper):
    run = asked(fresh(), "a")
    (run.path / "ticket.json").unlink()
    (run.path / "pid").write_text('{"pid": 1, "started": "long ago", "since": 1.0}')
    run.hold_still()
    with line_turns.looked({}) as turn:
        assert (turn.next, turn.waiting) == ([], 0)
    assert run.state() == "killed"
    assert {each.name for each in run.path.iterdir()} == {"spec.json", "pid"}
    assert line.view() == []


def test_that_a_paused_run_without_a_process_stops_at_once(fresh, no_keeper):
    run = asked(fresh(), "a")
    assert line_turns.take_turn(run)
    line.pause(run)
    assert run.state() == "pausing"
    assert line_turns.lie_down(run)
    line_turns.leave(run)
    assert run.state() == "paused"
    assert not run.is_alive()
    line.stop(run)
    assert run.state() == "stopped"
    assert isinstance(run.ending(), Stopped)
    assert line.view() == []


def test_that_a_run_that_was_told_to_go_on_meanwhile_does_not_lie_down(fresh, no_keeper):
    run = asked(fresh(), "a")
    assert line_turns.take_turn(run)
    line.pause(run)
    line.go_on(run)
    assert not line_turns.lie_down(run)
    assert run.state() == "running"
    line_turns.leave(run)


def test_that_who_pauses_again_while_it_waits_stands_in_nobodys_way(fresh, no_keeper):
    folder = fresh()
    run = asked(folder, "a")
    assert line_turns.take_turn(run)
    line.pause(run)
    line_turns.let_go(run)
    line.go_on(run)
    line_turns.line_up(run)
    assert run.state() == "waiting"
    other = asked(folder, "b")
    line.pause(run)
    line_turns.let_go(run)
    assert run.state() == "paused"
    with line_turns.looked({}) as turn:
        assert [each.path for each, _ in turn.next] == [other.path]
    line_turns.leave(run)


def test_that_who_holds_still_keeps_its_lane_unless_it_let_go(fresh, no_keeper):
    folder = fresh()
    run, next_ = asked(folder, "a"), asked(folder, "b")
    assert line_turns.take_turn(run)
    line.pause(run)
    run.hold_still()
    assert run.state() == "paused"
    assert not line_turns.take_turn(next_)
    line_turns.let_go(run)
    line.go_on(run)  # told by somebody; the process asks for its turn itself
    line_turns.line_up(run)
    assert order() == ["b", "a"]
    assert not line_turns.take_turn(run), "others were asked for before"
    line.take_out(next_)
    assert line_turns.take_turn(run)
    assert run.state() == "running"
    line_turns.leave(run)


# ---- everybody at once ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_that_every_run_is_done_exactly_once_whoever_is_killed(fresh, seed, monkeypatch):
    """Askers ask from processes of their own while keepers are killed; of two lanes each does one thing at a time."""
    monkeypatch.setattr("core.processes.start_detached", stand_in.start_detached)
    chance, folder = random.Random(seed), fresh()
    runs = folder / "runs"
    names = [f"r{number:02d}" for number in range(12)]
    askers = []
    for number, name in enumerate(names):
        asker = stand_in.asker(runs / name, lane="ab"[number % 2])
        askers.append(asker)
        if number % 4 == 3:  # an asker killed at whatever moment either asked or did not
            time.sleep(chance.uniform(0.05, 0.4))
            asker.kill()
            _kill_keeper()
    for asker in askers:
        asker.wait()
    sure = {name for name, asker in zip(names, askers, strict=True) if asker.returncode == 0}
    _until(lambda: _tended() and all(RunFolder(runs / name).state() == "done" for name in sure) and not line.view())
    begun = [each.removeprefix("begin ") for each in stand_in.worked(runs) if each.startswith("begin")]
    assert len(begun) == len(set(begun)), "a run was started twice"
    assert sure <= set(begun)
    for name in set(names) - set(begun):
        assert RunFolder(runs / name).state() == "new"
    for lane in "ab":
        said = [each for each in stand_in.worked(runs) if names.index(each.split()[1]) % 2 == "ab".index(lane)]
        assert [each.split()[0] for each in said] == ["begin", "end"] * (len(said) // 2), "two at once in one lane"
    assert not list(runs.rglob("*.new"))


def _tended() -> bool:
    line.ensure_keeper()
    return True


def _kill_keeper() -> None:
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words = (each / "cmdline").read_bytes().split(b"\0")
            state = (each / "environ").read_bytes()
        except OSError:
            continue
        if b"keeper" in words and os.environ["POSECAST_STATE"].encode() in state:
            os.kill(int(each.name), signal.SIGKILL)


def _until(holds, seconds: float = 60) -> None:
    patience = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < patience, (line.view(), line_files.log_file().read_text())
        time.sleep(0.1)


if sys.platform != "linux":  # who is the keeper is read from /proc
    del test_that_every_run_is_done_exactly_once_whoever_is_killed

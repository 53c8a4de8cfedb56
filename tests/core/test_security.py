"""What comes from others is data: specs, run folders and checkpoints say things, and never do any. Nothing listens."""

import json
import os
import pickle
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import fields
from typer.testing import CliRunner

from core import configs, line, line_files, processes, runner
from core.__main__ import app
from core.errors import CoreError, FormatError
from core.models import checkpoints, humanact12_classifier
from core.run_about import about
from core.run_facts import environment_of
from core.run_folder import RunFolder
from core.runs import BuildPoseBank, Failed, MakeDemo, MakeProxy, Progress, Spec, Stopped, TrainForecaster
from core.training.environment import _command
from tests.core import line_stand_in as stand_in
from tests.core.project_on_disk import project_on_disk, trained_run

ROOT = Path(__file__).resolve().parents[2]
linux = pytest.mark.skipif(sys.platform != "linux", reason="whose process it is, is read from /proc")
posix = pytest.mark.skipif(sys.platform == "win32", reason="sessions and signals are not there")
cli = CliRunner()

HOSTILE = {
    "nothing": b"",
    "bytes": bytes(range(256)) * 4,
    "half": b'{"type": "make-demo", "folder": ',
    "deep": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep note": b'{"note": ' + b"[" * 100_000,
    "huge": b'{"pid": ' + b"9" * 5000 + b', "started": "x", "trial": ' + b"9" * 5000 + b"}",
    "endless": b'{"at": 1e99999, "pid": 1e400, "started": "", "asked_at": 1e308, "lane": {"kind": "data"}, "place": 1}',
    "far": b'{"at": 1e300, "event": {"type": "note", "text": "x"}}\n{"at": -5, "event": {"type": "done"}}\n',
    "no text": b'{"note": "\xff\xfe", "type": "\xff", "tags": ["\xc3("]}',
    "lone": b'{"note": "\\ud800", "folder": "\\ud800", "started": "\\ud800"}',
    "a zero": b'{"type": "make-proxy", "video": "a\\u0000b", "out": "c\\u0000d", "folder": "\\u0000"}',
    "types": b'{"type": 3, "pid": "1", "started": 7, "lane": "data", "place": [], "at": {}, "tags": {"a": 1}}',
    "a list": b"[1, 2, 3]",
    "reduce": b'{"__reduce__": ["os.system", ["touch marker"]], "type": "__reduce__", "py/object": "os.system"}',
    "a tag": b"!!python/object/apply:os.system ['touch marker']\n",
    "pickle": pickle.dumps({"type": "make-demo"}),
}
FILES = (
    *("spec.json", "ticket.json", "pid", "control", "about.json", "origin.json", "killed.json", "paused"),
    *("events.jsonl", "environment.json", "report.json", "config.json", "metrics.csv", "stdout.log"),
)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
    max_leaves=12,
)


def valid_run(tmp_path) -> RunFolder:
    run = RunFolder(tmp_path / "runs" / "a")
    run.write_spec(MakeDemo(folder=str(tmp_path / "demo"), out=str(run.path)))
    return run


def point_at(run: RunFolder) -> None:
    (line_files.line_folder() / "jobs").mkdir(parents=True, exist_ok=True)
    pointer = line_files.Pointer(folder=str(run.path), lane=line_files.Lane("data", "x"), asked_at=1.0)
    line_files.write_pointer(run, pointer)


def look_at_everything(run: RunFolder) -> None:
    """As a window, the line and the command line look: whatever lies there, an answer or words."""
    run.state(), run.process(), run.told(), run.killed(), run.ending(), run.events(), run.log_tail(), run.is_alive()
    about(run.path), environment_of(run.path)
    line.view()
    with suppress(CoreError):
        run.spec()
    for words in (["jobs", "log", str(run.path)], ["inspect", str(run.path), "--json"]):
        answered = cli.invoke(app, words)
        assert answered.exit_code in (0, 1), (words, answered.exception)
        assert answered.exception is None or isinstance(answered.exception, SystemExit), answered.exception
        assert "Traceback" not in answered.output


# ---- a run's files --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_that_whatever_lies_in_a_run_folder_is_looked_at_and_never_carried_out(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(line, "wake", lambda: None)
    for content in HOSTILE.values():
        run = valid_run(tmp_path)
        point_at(run)
        (run.path / name).write_bytes(content)
        look_at_everything(run)
        shutil.rmtree(run.path)
    run = valid_run(tmp_path)
    point_at(run)
    (run.path / name).unlink(missing_ok=True)
    (run.path / name).mkdir()
    look_at_everything(run)
    assert not (tmp_path / "marker").exists()


@given(st.binary(max_size=200) | PLAIN)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_that_any_spec_is_read_or_refused_in_words(tmp_path, given):
    run = RunFolder(tmp_path)
    content = given if isinstance(given, bytes) else json.dumps(given).encode()
    (tmp_path / "spec.json").write_bytes(content)
    with pytest.raises(CoreError):
        run.spec()


NASTY = ("", "/dev/null", "a" * 5000, "$(touch marker)")


def nasty(kind: object, value: str) -> object:
    """A value of the kind that a field of a spec has."""
    match kind:
        case _ if kind is str:
            return value
        case _ if kind in (int, float):
            return 10**15
        case _ if kind is bool:
            return True
        case _ if kind == tuple[str, ...]:
            return (value,)
        case _:
            return msgspec.NODEFAULT


@pytest.mark.slow
@pytest.mark.parametrize("kind", Spec.__args__, ids=lambda kind: kind.__name__)
def test_that_a_spec_of_nonsense_ends_in_words(tmp_path, monkeypatch, capfd, kind):
    """The process of a job, here: 1 and a sentence, for whatever places and numbers the spec names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(processes, "step_back", lambda: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for number, value in enumerate(NASTY):
        run = RunFolder(tmp_path / "runs" / f"{number}")
        values = {
            each.name: nasty(each.type, value)
            for each in fields(kind)
            if each.required or number % 2 or kind is MakeDemo
        }
        values = {name: each for name, each in values.items() if each is not msgspec.NODEFAULT}
        values |= {"out": str(run.path)}
        values |= {"config": {}} if "config" in kind.__struct_fields__ else {}
        if "what" in kind.__struct_fields__:
            values["what"] = "picture"
        run.path.mkdir(parents=True)
        (run.path / "spec.json").write_bytes(msgspec.json.encode({"type": kind.__struct_config__.tag, **values}))
        assert runner.main([str(run.path)]) == 1, (value, run.ending())
        ending = run.ending()
        if ending is not None:
            assert isinstance(ending, Failed)
            assert "fault of the program" not in ending.hint, ending
            assert ending.message
    assert "Traceback" not in capfd.readouterr().err
    assert not list(tmp_path.rglob("marker"))


def test_that_a_zero_character_in_a_spec_is_refused_before_anything_is_done(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.write_spec(MakeProxy(video="a\0b", out=str(run.path)))
    with pytest.raises(FormatError, match="zero character"):
        run.spec()


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch marker']",
        "type: !!python/name:os.system\nproject: p\nout: o",
        "type: extract-poses\nproject: &a [*a]\nout: o",
        "&a [*a, *a]",
        "x: " + "[" * 2000,
    ],
)
@pytest.mark.parametrize("command", ["run", "sweep"])
def test_that_yaml_with_more_than_plain_values_is_refused(tmp_path, monkeypatch, text, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(text)
    answered = cli.invoke(app, [command, "spec.yaml"])
    assert answered.exit_code == 1, answered.output
    assert isinstance(answered.exception, SystemExit), answered.exception
    assert not (tmp_path / "marker").exists()


def test_that_a_ticket_that_names_an_impossible_place_fails_in_words(tmp_path, monkeypatch):
    """The keeper gives up on that run alone, and goes on with the next."""
    monkeypatch.setattr("core.processes.start_detached", stand_in.start_detached)
    monkeypatch.setattr("core.line_keeper.AGAIN_AFTER_S", 0.02)
    monkeypatch.setattr("core.line_keeper.LOOK_EVERY_S", 0.01)
    from core import line_keeper, line_turns

    bad, good = RunFolder(tmp_path / "runs" / "bad"), RunFolder(tmp_path / "runs" / "good")
    with monkeypatch.context() as patch:
        patch.setattr(line, "wake", lambda: None)
        for run in (bad, good):
            line.ask(run, stand_in.spec(run.path))
    ticket = {"lane": {"kind": "training", "where": "card-\0"}, "place": 1, "asked_at": 1.0}
    (bad.path / "ticket.json").write_text(json.dumps(ticket))
    right = line_turns.right_to_keep()
    assert right is not None
    line_keeper.Keeper().keep(right)
    assert (bad.state(), good.state()) == ("failed", "done")


# ---- whose process it is --------------------------------------------------------------------------------------------


@pytest.fixture
def strangers():
    """A process of somebody else, and one whose session's first process is gone, by the number of that session."""
    alone = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    shell = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!"], stdout=subprocess.PIPE, start_new_session=True)
    member = int(shell.stdout.readline())
    shell.wait()
    shell.stdout.close()
    yield alone, shell.pid, member
    alone.kill()
    alone.wait()
    os.kill(member, signal.SIGKILL)


@posix
@pytest.mark.parametrize("force", [False, True])
def test_that_no_file_in_a_run_folder_makes_us_end_a_stranger(tmp_path, strangers, force):
    alone, session, member = strangers
    run = valid_run(tmp_path)
    for pid in (alone.pid, session, member, os.getpid(), os.getppid(), 1, 0, -1, -session):
        for started in ("", "1", "0@", processes.started(1)):
            for host in ("", processes.host()):
                written = {"pid": pid, "started": started, "host": host, "since": 1.0}
                if pid == 1 and started == processes.started(1):
                    continue
                (run.path / "pid").write_text(json.dumps(written))
                assert not run.is_alive()
                run.end(force=force)
                process = run.process()
                assert process is not None
                processes.sweep(process)
    assert alone.poll() is None
    assert processes.started(member)


# ---- weights of others ----------------------------------------------------------------------------------------------


class Touch:
    """What a malicious pickle does when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self):
        return os.system, (f"touch '{self._marker}'",)


def safetensors(header: object, content: bytes = b"", length: int | None = None) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + content


def one(start: int, end: int, shape: list[int]) -> dict[str, object]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}


@pytest.fixture
def hostile_weights(tmp_path):
    """Files that are called weights, and a marker that is there once one of them was carried out."""
    marker = tmp_path / "marker"
    folder = tmp_path / "weights"
    folder.mkdir()
    with (folder / "pickle.pt").open("wb") as file:
        pickle.dump({"model": Touch(marker)}, file)
    torch.save({"model": Touch(marker)}, folder / "saved.pt")
    torch.save({"model": {"linear1.weight": torch.zeros(2, 2)}}, folder / "shapes.pt")
    torch.save(torch.nn.Linear(2, 2), folder / "module.pt")
    shutil.copy(folder / "saved.pt", folder / "saved.safetensors")
    shutil.copy(folder / "pickle.pt", folder / "pickle.safetensors")
    made = {
        "long": safetensors({}, length=2**60),
        "minus": safetensors({}, length=2**64 - 1),
        "overlap": safetensors({"a": one(0, 8, [2]), "b": one(4, 12, [2])}, bytes(12)),
        "outside": safetensors({"a": one(0, 2**40, [2**38])}, bytes(8)),
        "backwards": safetensors({"a": one(8, 0, [2])}, bytes(8)),
        "product": safetensors({"a": one(0, 8, [2**40, 2**40])}, bytes(8)),
        "deep": safetensors({"__metadata__": {"posecast": "[" * 100_000}}),
        "mean": safetensors({"__metadata__": {"posecast": '{"version": {}, "kind": []}'}}),
        "kind": safetensors({"__metadata__": {"posecast": '{"kind": ["__reduce__"]}'}}),
        "bare": safetensors({"a": one(0, 8, [2])}, bytes(8)),
        "empty": b"",
    }
    for name, content in made.items():
        (folder / f"{name}.safetensors").write_bytes(content)
    return sorted(folder.iterdir()), marker


def test_that_weights_of_others_are_refused_in_words_and_run_nothing(hostile_weights):
    files, marker = hostile_weights
    for path in files:
        for load in (
            checkpoints.load,
            checkpoints.load_motion_model,
            checkpoints.read_header,
            humanact12_classifier.load,
        ):
            with pytest.raises(CoreError) as refused:
                load(path)
            assert refused.value.hint, path
        answered = cli.invoke(app, ["inspect", str(path)])
        assert isinstance(answered.exception, SystemExit | None), (path, answered.exception)
        assert "Traceback" not in answered.output
    assert not marker.exists()


def test_that_no_training_begins_at_weights_that_are_none(hostile_weights, tmp_path, monkeypatch):
    files, marker = hostile_weights
    project_on_disk(tmp_path / "project", clips=6, steps=6)
    monkeypatch.setattr(processes, "step_back", lambda: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    config = configs.with_overrides(configs.smoke(), ["steps=1", "device=cpu", "samples=0"])
    for number, path in enumerate(files):
        run = RunFolder(tmp_path / "project" / "runs" / f"{number}")
        run.write_spec(
            TrainForecaster(project=str(tmp_path / "project"), out=str(run.path), config=config, begin_at=str(path))
        )
        assert runner.main([str(run.path)]) == 1
        ending = run.ending()
        assert isinstance(ending, Failed)
        assert path.name in ending.message, ending
        assert "fault of the program" not in ending.hint, ending
    assert not marker.exists()


# ---- what leaves the machine ----------------------------------------------------------------------------------------


def test_that_a_run_keeps_no_secret_of_the_environment_and_no_home(tmp_path, monkeypatch):
    home = tmp_path / "home of ines"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SERVICE_TOKEN", "s3cr3t-of-the-environment")
    project_on_disk(home / "project", clips=6, steps=6)
    run = trained_run(home / "project", "forecaster-01", "steps=4", "validate_every=2", "samples=0")
    monkeypatch.setattr(sys, "argv", [str(home / "bin" / "posecast"), "run", str(run)])
    assert str(home) not in _command()
    for path in run.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"s3cr3t" not in content, path
            if path.name not in (
                "spec.json",
                "events.jsonl",
                "report.json",
                "report.md",
            ):  # say where it can be made again
                assert str(home).encode() not in content, path


# ---- runs of others -------------------------------------------------------------------------------------------------


def test_that_a_run_that_was_copied_opens_and_says_what_is_missing(tmp_path, monkeypatch):
    project_on_disk(tmp_path / "theirs", clips=6, steps=6)
    run = trained_run(tmp_path / "theirs", "forecaster-01", "steps=4", "validate_every=2", "samples=0")
    RunFolder(run).append(Stopped())
    mine = tmp_path / "elsewhere" / "copied"
    mine.parent.mkdir()
    shutil.copytree(run, mine)
    shutil.rmtree(tmp_path / "theirs")
    copied = RunFolder(mine)
    assert copied.state() == "stopped"
    answered = cli.invoke(app, ["inspect", str(mine)])
    assert answered.exit_code == 0, answered.output
    assert str(tmp_path / "theirs") in answered.output
    monkeypatch.setattr(processes, "step_back", lambda: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    line_files.unlink(mine / "pid")
    assert runner.main([str(mine)]) == 1
    ending = copied.ending()
    assert isinstance(ending, Failed)
    assert "theirs" in ending.message
    assert ending.hint
    assert not (tmp_path / "theirs").exists(), "a copy writes nothing where it came from"


def test_that_a_copy_of_a_project_goes_on_with_its_own_run(tmp_path):
    spec = BuildPoseBank(project=str(tmp_path / "a"), out=str(tmp_path / "a" / "runs" / "bank"))
    RunFolder(tmp_path / "a" / "runs" / "bank").write_spec(spec)
    project_on_disk(tmp_path / "b", clips=2, steps=4)
    shutil.copytree(tmp_path / "a" / "runs", tmp_path / "b" / "runs", dirs_exist_ok=True)
    shutil.copytree(tmp_path / "a" / "runs" / "bank", tmp_path / "alone")
    assert RunFolder(tmp_path / "a" / "runs" / "bank").spec() == spec
    here = RunFolder(tmp_path / "b" / "runs" / "bank").spec()
    assert (here.project, here.out) == (str(tmp_path / "b"), str(tmp_path / "b" / "runs" / "bank"))
    alone = RunFolder(tmp_path / "alone").spec()
    assert (alone.project, alone.out) == (str(tmp_path / "a"), str(tmp_path / "alone"))


# ---- ports ----------------------------------------------------------------------------------------------------------


def listening(pids: set[int]) -> list[tuple[int, str, int]]:
    """Who can be spoken to from outside: processes with a TCP socket that listens, or a UDP socket with an address."""
    found = []
    for pid in pids:
        try:
            sockets = psutil.Process(pid).net_connections("inet")
        except psutil.Error:
            continue
        found += [(pid, each.laddr.ip, each.laddr.port) for each in sockets
                  if each.status == psutil.CONN_LISTEN or (each.type == socket.SOCK_DGRAM and each.laddr)]  # fmt: skip
    return found


def of_ours() -> dict[int, str]:
    found = {}
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if os.environ["POSECAST_STATE"].encode() in (each / "environ").read_bytes():
                found[int(each.name)] = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def until(holds, seconds: float = 90) -> None:
    patience = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < patience, of_ours()
        time.sleep(0.1)


@linux
@pytest.mark.slow
def test_that_nothing_of_ours_listens_while_everything_is_at_work(tmp_path):
    """The studio, the keeper, a training and the warm process for forecasts, each looked at more than once."""
    project_on_disk(tmp_path / "project", clips=8, steps=8)
    config = configs.with_overrides(
        configs.smoke(), ["steps=1000000", "validate_every=100000", "device=cpu", "samples=0"]
    )
    run = RunFolder(tmp_path / "project" / "runs" / "forecaster-01")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}
    line.ask(run, TrainForecaster(project=str(tmp_path / "project"), out=str(run.path), config=config))

    def start(*words: str) -> "subprocess.Popen[bytes]":
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, *words], stdin=pipe, stdout=pipe, cwd=ROOT, env=environment)

    started = [start("-m", "studio", str(tmp_path / "project"), "--page", "train"), start("-m", "core.serving")]
    listens = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(flush=True); time.sleep(90)"
    ear = start("-c", listens)
    try:
        ear.stdout.readline()
        assert [each[0] for each in listening(set(of_ours()))] == [ear.pid], "one that listens would be seen"
        ear.kill()
        ear.wait()
        seen: set[str] = set()
        while not any(isinstance(each.event, Progress) for each in run.events()[0]):
            seen |= set(of_ours().values())
            assert listening(set(of_ours())) == []
            assert run.state() in ("waiting", "running"), run.log_tail()
            time.sleep(0.2)
        for _ in range(10):
            seen |= set(of_ours().values())
            assert listening(set(of_ours())) == []
            time.sleep(0.2)
        for what in ("core.runner", "core.line_keeper", "core.serving", "-m studio"):
            assert any(what in each for each in seen), (what, seen)
        assert all(each.poll() is None for each in started)
    finally:
        for each in (*started, ear):
            each.kill()
            each.wait()
            for pipe in (each.stdin, each.stdout):
                if pipe is not None:
                    pipe.close()
        line.stop(run)
        until(lambda: run.state() == "stopped")

"""`posecast run` and `posecast spec`: any spec, anywhere; told to end it ends in good order and goes on later."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from core import configs
from core.__main__ import app
from core.commands import running
from core.errors import CoreError, FormatError
from core.given_specs import as_text, command_of, read, training_spec, with_settings
from core.project.store import ProjectStore
from core.run_folder import RunFolder
from core.runs import EvaluateForecaster, ExtractPoses, Failed, MakeProxy, Spec, TrainForecaster, TrainPoseGpt
from tests.core.project_on_disk import project_on_disk
from tests.core.test_extraction_shares import extractions_in, project_with_videos

ROOT = Path(running.__file__).parents[2]
SCRIPTS = ROOT / "docs" / "slurm"
run = CliRunner().invoke


def small(project: Path, out: Path, *words: str) -> TrainForecaster:
    usual = ("steps=40", "validate_every=10", "report_every=5", "critic.psi_width=16", "samples=0")
    made = training_spec("forecaster/smoke", (*usual, *words), project, out)
    assert isinstance(made, TrainForecaster)
    return made


# ---- which spec is meant ----


def test_that_a_training_written_by_hand_is_the_one_the_command_line_makes(tmp_path):
    written = tmp_path / "wide.yaml"
    written.write_text(
        "type: train-forecaster\npreset: forecaster/small\nknobs: {optimiser.batch: 96, critic.psi: false}\n"
        "project: data/kitchen\nout: runs/wide\n"
    )
    words = ["optimiser.batch=96", "critic.psi=false"]
    made = training_spec("forecaster/small", words, tmp_path / "data/kitchen", tmp_path / "runs/wide")
    assert read(written) == made
    as_json = tmp_path / "wide.json"
    as_json.write_text(as_text(made))
    assert read(as_json) == made


@pytest.mark.parametrize("preset", [name for name in configs.PRESETS if "/smoke" in name and "gpt-" not in name])
def test_that_what_spec_prints_is_read_back_by_run(tmp_path, preset):
    said = run(app, ["spec", preset, "seed=7", "--project", str(tmp_path), "--out", str(tmp_path / "out")])
    assert said.exit_code == 0
    file = tmp_path / "spec-of-it.json"
    file.write_text(said.stdout)
    spec = read(file)
    assert isinstance(spec, TrainForecaster | TrainPoseGpt)
    assert (spec.preset, spec.config.seed, spec.out) == (preset, 7, str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("text", "line", "says", "helps"),
    [
        ("type: train-forcaster\n", 1, "no work called", "train-forecaster"),
        ("project: a\n", 1, "does not say what", "type:"),
        ("type: train-forecaster\nproject: a\n", 1, "preset or a config", "preset:"),
        ("type: train-forecaster\npreset: forecaster/tiny\nproject: a\n", 2, "no preset", "forecaster/small"),
        (
            "type: train-forecaster\npreset: forecaster/small\nproject: a\nknobs:\n  optimiser.batch: 0\n",
            5,
            "refused",
            "",
        ),
        ("type: train-forecaster\npreset: forecaster/small\nproject: a\nknobs: [1]\n", 4, "table", "knob: value"),
        ("type: extract-poses\nproject: a\nmost_poeple: 2\n", 3, "no most_poeple", "most_people"),
        ("type: extract-poses\nproject: a\nmost_people: many\n", 3, "most_people: expected", ""),
        ("type: extract-poses\nproject: a\nproject: b\n", 3, "twice", "Keep one"),
        ("type: extract-poses\nproject: !!python/object/apply:os.getcwd []\n", 2, "no plain value", "Only text"),
        ("type: extract-poses\nproject: &a x\nout: *a\n", 3, "repeats", "again"),
        ("type: extract-poses\nproject: [a\n", 3, "", ""),
        ("just words\n", 1, "table of names", "type:"),
    ],
)
def test_that_what_is_wrong_with_a_spec_is_said_with_its_line(tmp_path, text, line, says, helps):
    file = tmp_path / "it.yaml"
    file.write_text(text)
    with pytest.raises(FormatError) as refused:
        read(file)
    assert str(refused.value).startswith(f"it.yaml: line {line}: ")
    assert says in str(refused.value)
    assert helps in refused.value.hint
    said = run(app, ["run", str(file)])
    assert said.exit_code == 1
    assert "Traceback" not in said.output


def test_that_the_command_of_a_training_makes_the_same_run(tmp_path):
    words = ["optimiser.learning_rate=0.00012345678", "critic.psi=false", "data.split=a b", "steps=7"]
    spec = small(tmp_path / "p", tmp_path / "out", *words)
    command, verb, preset, *rest = shlex.split(command_of(spec))
    assert (command, verb, rest[-4:]) == ("posecast", "train", ["--project", spec.project, "--out", spec.out])
    assert training_spec(preset, rest[:-4], tmp_path / "p", tmp_path / "out") == spec


def test_that_settings_change_a_training_s_knobs_and_other_work_s_fields(tmp_path):
    training = small(tmp_path, tmp_path / "out")
    assert with_settings(training, ["optimiser.batch=12"]).config.optimiser.batch == 12
    poses = ExtractPoses(project="/a", out="/b")
    changed = with_settings(poses, ["most_people=2", "clip_ids=x,y"])
    assert changed == ExtractPoses(project="/a", out="/b", most_people=2, clip_ids=("x", "y"))
    for word in ("most_people=many", "nothing=1", "most_people", "share=1"):
        with pytest.raises(CoreError):
            with_settings(poses, [word])


def test_that_a_moved_run_folder_is_carried_out_where_it_is_now(tmp_path):
    before = ExtractPoses(project="/gone/kitchen", out="/gone/kitchen/runs/poses-01")
    (tmp_path / "project.sqlite").touch()
    folder = RunFolder(tmp_path / "runs" / "poses-01")
    folder.write_spec(before)
    moved = ExtractPoses(project=str(tmp_path), out=str(folder.path))
    assert read(folder.path) == moved
    assert read(folder.path / "spec.json") == moved


def test_that_a_shipped_checkpoint_may_be_named_and_an_unknown_one_is_refused(tmp_path):
    file = tmp_path / "it.yaml"
    file.write_text("type: evaluate-forecaster\nrun: nothing-of-the-kind\nproject: p\n")
    with pytest.raises(FormatError, match="line 2"):
        read(file)
    (tmp_path / "here").mkdir()
    file.write_text("type: evaluate-forecaster\nrun: here\nproject: p\nout: o\n")
    spec = read(file)
    assert isinstance(spec, EvaluateForecaster)
    assert spec.run == str(tmp_path / "here")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.yaml"], "no nowhere.yaml"),
        (["it.yaml"], "names no run folder"),
        (["it.yaml", "--out", "o", "--share", "0/2"], "cannot be shared"),
        (["it.yaml", "--out", "o", "--project", "p"], "about no project"),
    ],
)
def test_that_run_refuses_in_words(tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    Path("it.yaml").write_text("type: make-proxy\nvideo: a.mp4\n")
    said = run(app, ["run", *words])
    assert said.exit_code == 1
    assert says in said.output


# ---- carrying it out ----


def test_that_a_run_is_done_with_0_and_fails_with_1_and_status_says_so(tmp_path):
    spec = ExtractPoses(project=str(tmp_path / "p"), out=str(tmp_path / "p/runs/poses"))
    file = tmp_path / "it.json"
    file.write_text(as_text(spec))
    assert run(app, ["run", str(file)]).exit_code == 1  # there is no project
    assert run(app, ["run", str(file), "--status"]).exit_code == 1
    project_with_videos(tmp_path / "p", 1)
    done = run(app, ["run", str(file), "--json"])
    assert done.exit_code == 0
    assert msgspec.json.decode(done.stdout)["state"] == "done"
    assert run(app, ["run", spec.out, "--status"]).exit_code == 0
    assert run(app, ["run", spec.out]).exit_code == 0, "again: there is nothing left to do"
    assert set(extractions_in(tmp_path / "p").values()) == {1}


def test_that_a_person_s_stop_ends_with_3_and_stays(tmp_path, monkeypatch):
    spec = small(tmp_path, tmp_path / "out")
    file = tmp_path / "it.json"
    file.write_text(as_text(spec))
    monkeypatch.setattr("core.runner.carry_out", _steps_until(lambda: RunFolder(tmp_path / "out").ask_to_stop()))
    assert run(app, ["run", str(file)]).exit_code == running.STOPPED_BY_A_PERSON
    assert run(app, ["run", str(file), "--status"]).exit_code == running.STOPPED_BY_A_PERSON


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGINT"])
def test_that_a_signal_ends_a_run_between_two_steps_with_130(tmp_path, monkeypatch, name):
    if not hasattr(signal, name):
        pytest.skip("this system has no such signal")
    spec = small(tmp_path, tmp_path / "out")
    file = tmp_path / "it.json"
    file.write_text(as_text(spec))
    closed: list[str] = []

    def twice() -> None:  # a launcher passes on what the scheduler has sent to all
        for _ in range(2):
            os.kill(os.getpid(), getattr(signal, name))

    monkeypatch.setattr("core.runner.carry_out", _steps_until(twice, closed))
    before = signal.getsignal(getattr(signal, name))
    said = run(app, ["run", str(file)])
    assert (said.exit_code, closed) == (130, ["in good order"])
    assert "the same command goes on" in said.output
    assert run(app, ["run", str(file), "--status"]).exit_code == 130
    assert signal.getsignal(getattr(signal, name)) == before


def test_that_a_signal_to_a_run_that_a_person_paused_does_not_start_it_again(tmp_path, monkeypatch):
    spec = small(tmp_path, tmp_path / "out")
    file = tmp_path / "it.json"
    file.write_text(as_text(spec))

    def paused() -> None:
        RunFolder(tmp_path / "out").say("pause")
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("core.runner.carry_out", _steps_until(paused))
    assert run(app, ["run", str(file)]).exit_code == running.STOPPED_BY_A_PERSON


def test_that_to_torchrun_a_stopped_run_is_no_lost_worker_and_a_failed_one_is_not_begun_again(tmp_path, monkeypatch):
    out = tmp_path / "out"
    file = tmp_path / "it.json"
    file.write_text(as_text(small(tmp_path, out)))
    for name, value in (("TORCHELASTIC_RUN_ID", "x"), ("RANK", "0"), ("WORLD_SIZE", "2")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("core.runner.carry_out", _steps_until(lambda: RunFolder(out).ask_to_stop()))
    assert run(app, ["run", str(file)]).exit_code == 0
    assert run(app, ["run", str(file), "--status"]).exit_code == running.STOPPED_BY_A_PERSON
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    events = len(RunFolder(out).events()[0])
    assert run(app, ["run", str(file)]).exit_code == 0
    RunFolder(out).say("go on")
    RunFolder(out).append(Failed("No longer a number.", reason="not-a-number"))
    assert run(app, ["run", str(file)]).exit_code == 1
    assert len(RunFolder(out).events()[0]) == events + 1, "neither was begun again"


def _steps_until(happens, closed: list[str] | None = None):
    from core.runs import Progress

    def carry_out(spec: Spec):
        try:
            for step in range(1, 1000):
                yield Progress(step, 1000)
                if step == 3:
                    happens()
        finally:
            if closed is not None:
                closed.append("in good order")

    return carry_out


def test_that_a_run_on_a_machine_that_is_gone_is_waited_for(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path / "out")
    folder.write_spec(MakeProxy(video="a.mp4", out=str(folder.path)))
    folder.claim()
    plain = msgspec.json.decode((folder.path / "pid").read_bytes())
    (folder.path / "pid").write_bytes(msgspec.json.encode({**plain, "host": "another"}))
    assert folder.is_alive()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            os.utime(folder.path / "pid", (0, 0))

    monkeypatch.setattr(running.time, "sleep", sleep)
    running._wait_for_another_machine(folder)
    assert len(waits) == 3
    running._wait_for_another_machine(folder)
    assert len(waits) == 3, "a run that lives nowhere is not waited for"


# ---- under a scheduler ----

FAKE = {
    "posecast": f'exec "{sys.executable}" -m core "$@"',
    "torchrun": f'exec "{sys.executable}" -m torch.distributed.run "$@"',
    "srun": 'while [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"',
    "scontrol": 'if [ "$1" = show ]; then echo localhost; else echo "$@" >> "$SLURM_LOG"; fi',
}
"""What a cluster has: srun starts the step here, scontrol writes down what it was asked for."""


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    place = tmp_path / "bin"
    place.mkdir()
    for name, script in FAKE.items():
        file = place / name
        file.write_text(f"#!/bin/bash\n{script}\n")
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("SLURM_LOG", str(tmp_path / "asked"))
    return tmp_path


def batch(script: str, *words: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["bash", str(SCRIPTS / script), *words],
        env={**os.environ, "SLURM_JOB_ID": "77", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def requeued(folder: Path) -> list[str]:
    return (folder / "asked").read_text().splitlines() if (folder / "asked").exists() else []


def told_once_under_way(process: "subprocess.Popen[str]", out: Path, word: signal.Signals) -> str:
    """What the batch said, after all in it got the signal once the training has steps behind it."""
    said = len(_text(out / "events.jsonl"))
    while process.poll() is None and not ((out / "pid").exists() and "metric" in _text(out / "events.jsonl")[said:]):
        time.sleep(0.02)
    if process.poll() is None:
        pid = msgspec.json.decode((out / "pid").read_bytes())["pid"]
        os.kill(pid, word)
    return process.communicate()[0]


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("script", sorted(each.name for each in SCRIPTS.glob("*.sbatch")))
def test_that_a_script_is_sound_and_asks_for_its_signal(script):
    assert subprocess.run(["bash", "-n", str(SCRIPTS / script)], check=False).returncode == 0
    text = (SCRIPTS / script).read_text()
    assert re.search(r"^#SBATCH --signal=(USR1|TERM)@\d+$", text, re.MULTILINE)
    assert "scontrol requeue" in text
    refused = subprocess.run(["bash", str(SCRIPTS / script)], capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "Say which" in refused.stderr


@pytest.mark.slow
def test_that_a_training_at_its_time_limit_is_queued_again_and_goes_on(cluster):
    project_on_disk(cluster / "p", clips=4)
    out = cluster / "p/runs/one"
    (cluster / "one.json").write_text(as_text(small(cluster / "p", out, "steps=4000", "report_every=1")))
    first = batch("train.sbatch", str(cluster / "one.json"))
    said = told_once_under_way(first, out, signal.SIGUSR1)
    assert first.returncode == 130, said
    assert requeued(cluster) == ["requeue 77"]
    steps = len(RunFolder(out).events()[0])
    again = batch("train.sbatch", str(out))
    said = told_once_under_way(again, out, signal.SIGUSR1)
    assert again.returncode == 130, said
    assert len(RunFolder(out).events()[0]) > steps
    losses = [line.split(",")[0] for line in _text(out / "metrics.csv").splitlines() if line.split(",")[1] == "loss"]
    assert losses == [str(step) for step in range(1, len(losses) + 1)], "no step is missing, none is taken twice"
    RunFolder(out).say("stop")
    assert run(app, ["run", str(out), "--status"]).exit_code == running.STOPPED_BY_A_PERSON


@pytest.mark.slow
def test_that_a_training_of_two_workers_is_that_of_one(cluster):
    project_on_disk(cluster / "p", clips=4)
    outs = [cluster / f"p/runs/{name}" for name in ("alone", "together")]
    for out in outs:
        (cluster / f"{out.name}.json").write_text(as_text(small(cluster / "p", out, "steps=20")))
    nodes = {"SLURM_NNODES": "1", "SLURM_JOB_NODELIST": "here", "WORKERS_A_NODE": "2", "RENDEZVOUS_PORT": "0"}
    together = batch("train-nodes.sbatch", str(cluster / "together.json"), **nodes)
    assert run(app, ["run", str(cluster / "alone.json")]).exit_code == 0
    said = together.communicate()[0]
    assert together.returncode == 0, said
    curves = [[line.rsplit(",", 1) for line in _text(out / "metrics.csv").splitlines()[1:]] for out in outs]
    assert [name for name, _ in curves[0]] == [name for name, _ in curves[1]]
    values = [[float(value) for _, value in curve] for curve in curves]
    assert values[0] == pytest.approx(values[1], abs=1e-5, rel=1e-5)
    assert requeued(cluster) == []


@pytest.mark.slow
def test_that_an_array_sees_each_clip_once(cluster):
    project_with_videos(cluster / "p", 4)
    spec = cluster / "poses.yaml"
    spec.write_text("type: extract-poses\nproject: p\nout: p/runs/poses\n")
    array = {f"SLURM_ARRAY_TASK_{name}": value for name, value in (("MIN", "0"), ("MAX", "1"), ("COUNT", "2"))}
    tasks = [batch("poses.sbatch", str(spec), SLURM_ARRAY_TASK_ID=str(number), **array) for number in range(2)]
    said = [each.communicate()[0] for each in tasks]
    assert [each.returncode for each in tasks] == [0, 0], "\n".join(said)
    assert extractions_in(cluster / "p") == {f"Extract 2D poses of clip-{number:02d}": 1 for number in range(4)}
    with ProjectStore.open(cluster / "p", "test", mode="read") as store:
        assert len(store.project.clips) == 4


def test_that_a_broken_json_is_told_as_json(tmp_path):
    (tmp_path / "cut.json").write_text('{"type": "train-forecaster", "project": ')
    with pytest.raises(FormatError, match="no whole JSON"):
        read(tmp_path / "cut.json")

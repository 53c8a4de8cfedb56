"""`posecast jobs`: the line and a project's runs as a table, and words to a run."""

import msgspec
import pytest
from typer.testing import CliRunner

from core import line, line_turns
from core.__main__ import app
from core.commands.jobs import _seconds_left
from core.run_folder import RunFolder, Stamped
from core.runs import Done, MakeDemo, Note, Progress, Slept, TrainForecaster
from tests.core.project_on_disk import project_on_disk


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Three runs of one lane; the first has taken its turn."""
    monkeypatch.setattr(line, "wake", lambda: None)
    made = [RunFolder(tmp_path / "project" / "runs" / name) for name in ("a", "b", "c")]
    for each in made:
        line.ask(each, MakeDemo(folder="demo", out=str(each.path)))
    assert line_turns.take_turn(made[0])
    yield made
    line_turns.leave(made[0])


def said(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["jobs", *words])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def rows(*words: str) -> list[dict]:
    return msgspec.json.decode(said(*words, "--json"))


def test_that_the_line_is_a_table_of_who_works_and_who_waits_after_whom(runs):
    runs[0].append(Progress(3, 10))
    assert [(each["name"], each["state"], each["place"], each["after"]) for each in rows()] == [
        ("a", "running", 0, []), ("b", "waiting", 1, ["a"]), ("c", "waiting", 2, ["a", "b"]),
    ]  # fmt: skip
    text = said()
    assert "3 of 10" in text
    assert "make demo" in text
    assert "a and 1 more" in text


def test_that_a_machine_without_jobs_says_so(tmp_path):
    assert said() == "Nothing works or waits on this machine.\n"
    assert rows() == []


def test_that_the_line_is_moved_by_words(runs):
    assert said("earlier", "c") == "c comes as number 1.\n"
    assert said("priority", "b", "--to", "high") == "b has priority high.\n"
    assert [each["name"] for each in rows()] == ["a", "b", "c"]
    assert said("later", "b") == "b comes as number 2.\n"
    assert said("take-out", "b") == "b waits no longer.\n"
    assert runs[1].state() == "stopped"
    assert said("go-on", str(runs[1].path)) == "b goes on when its turn comes.\n"
    assert [each["name"] for each in rows()] == ["a", "c", "b"]


def test_that_a_run_hears_stop_pause_and_go_on(runs):
    assert said("pause", "a") == "a pauses.\n"
    assert runs[0].told() == "pause"
    assert said("go-on", "a") == "a goes on.\n"
    assert said("stop", "a") == "a is asked to stop.\n"
    assert runs[0].told() == "stop"
    assert said("pause", "c") == "c is paused.\n"
    assert said("go-on", "c") == "c goes on when its turn comes.\n"


def test_that_its_log_is_sentences_with_times(runs):
    runs[0].append(Note("twelve clips"))
    runs[0].append(Slept(7200))
    (runs[0].path / "stdout.log").write_text("a warning of a library\n")
    text = said("log", "a")
    assert "twelve clips" in text
    assert "asleep for 2.0 h" in text
    assert text.endswith("What it printed:\na warning of a library\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("stop", "nobody"), "Under way: a, b, c"),
        (("stop",), "posecast jobs stop RUN"),
        (("stopp", "a"), "Nearest: stop"),
        (("earlier", "a"), "does not wait"),
        (("priority", "b", "--to", "urgent"), "low, usual or high"),
        (("kill", "b"), "does not run"),
        (("nowhere",), "is no project"),
    ],
)
def test_that_what_cannot_be_is_refused_in_words(runs, words, says):
    assert says in said(*words, code=1)


def test_that_a_project_shows_all_its_runs(tmp_path, runs):
    project_on_disk(tmp_path / "other", clips=1, steps=2)
    ended = RunFolder(tmp_path / "other" / "runs" / "old")
    ended.write_spec(MakeDemo(folder="demo", out=str(ended.path)))
    ended.append(Done("ready"))
    assert [(each["name"], each["state"]) for each in rows(str(tmp_path / "other"))] == [("old", "done")]


def test_that_time_left_is_that_of_work_alone():
    said = [(100, Progress(0, 100)), (110, Progress(10, 100)), (3710, Slept(3600)), (3720, Progress(20, 100))]
    assert _seconds_left([Stamped(at, event) for at, event in said]) == pytest.approx(80)
    assert _seconds_left([Stamped(100, Progress(5, 100))]) is None


def test_that_a_training_can_be_put_into_the_line(tmp_path, monkeypatch):
    monkeypatch.setattr(line, "wake", lambda: None)
    project, run = tmp_path / "project", RunFolder(tmp_path / "project" / "runs" / "first")
    project_on_disk(project, clips=1, steps=2)
    words = ["train", "forecaster/smoke", "seed=3", "--project", str(project), "--out", str(run.path), "--in-line"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "waits for its turn" in result.output
    assert run.state() == "waiting"
    spec = run.spec()
    assert isinstance(spec, TrainForecaster)
    assert (spec.preset, spec.config.seed) == ("forecaster/smoke", 3)
    assert [each.lane.kind for each in line.waiting()] == ["training"]

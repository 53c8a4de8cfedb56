"""`posecast reproduce FILE`: what was made is made again, and what came out otherwise is told."""

import inspect
import json
import shutil
import typing
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from core import reproducing, runs, stamping
from core.__main__ import app
from core.commands.every import COMMANDS
from core.configs import PRESETS, with_overrides
from core.errors import FormatError, RunError
from core.generation import making
from core.generation.motion_model import MotionModel
from core.generation_words import parts_of
from core.generations import Recipe
from core.kept_motions import keep
from core.models import checkpoints
from core.models.checkpoints import save
from core.origins import Origin
from core.project.edits import rename_label
from core.project.store import ProjectStore
from core.reproducing import compared, find
from core.run_folder import RunFolder
from core.runner import record
from core.runs import Done, EvaluateForecaster, TrainForecaster
from tests.core.generation.made_model import made_config, made_header, made_whole
from tests.core.project_on_disk import project_on_disk


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "walks"
    config = made_config()
    save(folder / "best.safetensors", made_header(config), made_whole(config).tensors())
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A project, a run of a few steps on it, and that run's evaluation."""
    folder = tmp_path_factory.mktemp("trained")
    project = folder / "project"
    project_on_disk(project)
    words = ("steps=6", "validate_every=3", "report_every=2", "optimiser.batch=8")
    config = with_overrides(PRESETS["forecaster/smoke"](), words)
    run = folder / "run"
    where = {"project": str(project), "out": str(run)}
    carried(TrainForecaster(config=config, preset="forecaster/smoke", **where))
    carried(EvaluateForecaster(run=str(run), project=str(project), out=str(run / "evaluation-test")))
    return folder


def carried(spec):
    folder = RunFolder(Path(spec.out))
    folder.write_spec(spec)
    last = list(record(folder))[-1]
    assert isinstance(last, Done), last


def said(*words, code=0):
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == code, done.output
    return done


def reproduced(path, *words, code=0) -> dict:
    return json.loads(said("reproduce", path, *words, "--json", code=code).stdout)


@pytest.mark.parametrize("ending", ["npz", "bvh", "glb"])
def test_that_generated_motion_comes_out_the_same(model, tmp_path, ending):
    said("generate", model, "walk:1", "--seed", 5, "--samples", 2, "--out", tmp_path / f"walk.{ending}")
    found = reproduced(tmp_path / f"walk.{ending}")
    assert found["same"], found
    assert found["changed"] == []


def test_that_a_changed_checkpoint_is_named_and_other_motion_is_told(model, tmp_path):
    mine = tmp_path / "run"
    shutil.copytree(model, mine)
    said("generate", mine, "walk:1", "--out", tmp_path / "walk.npz")
    kept = checkpoints.load_motion_model(mine / "best.safetensors")
    save(mine / "best.safetensors", kept.header, {name: each * 1.5 for name, each in kept.tensors.items()})
    found = reproduced(tmp_path / "walk.npz", code=3)
    assert not found["same"]
    assert found["changed"] == ["The checkpoint run/best.safetensors has changed since."]


def test_that_a_run_trains_again_to_the_last_bit_and_so_does_its_report(trained, tmp_path):
    found = reproduced(trained / "run", "--out", tmp_path / "again")
    assert found["same"], found
    assert {each.partition(":")[0] for each in found["said"]} >= {"best.safetensors", "metrics.csv"}
    assert (tmp_path / "again" / "run" / "best.safetensors").is_file()
    for name in ("best.safetensors", "evaluation-test", "evaluation-test/report.json", "evaluation-test/report.md"):
        assert reproduced(trained / "run" / name)["same"], name


def test_that_a_report_that_somebody_changed_is_found_out(trained, tmp_path):
    copy = tmp_path / "evaluation-test"
    shutil.copytree(trained / "run" / "evaluation-test", copy)
    report = json.loads((copy / "report.json").read_bytes())
    report["rows"][0]["top1"] = 0.99
    (copy / "report.json").write_text(json.dumps(report))
    found = reproduced(copy / "report.json", code=3)
    assert "rows[0].top1 is" in found["said"][0]
    assert "and was 0.99" in found["said"][0]


def test_that_a_project_that_went_on_is_named_among_what_changed(trained, tmp_path):
    mine = tmp_path / "project"
    shutil.copytree(trained / "project", mine)
    with ProjectStore.open(mine, "Ines") as store:
        label = next(iter(store.project.labels.values()))
        store.edit(rename_label(store.project, label.id, "another name"), "Rename label")
        name = store.project.name
    found = reproduced(trained / "run", "--project", mine, code=3)
    assert f"The project {name} has changed since." in found["changed"]


def test_that_a_folder_of_a_command_comes_out_the_same_file_by_file(trained, tmp_path):
    said("statistics", trained / "project", "--out", tmp_path / "figures")
    found = reproduced(tmp_path / "figures")
    assert found["same"], found
    assert len(found["said"]) == len([each for each in (tmp_path / "figures").iterdir() if each.is_file()]) > 3


def test_that_what_says_nothing_of_its_origin_is_refused_in_words(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n")
    assert "does not say how it was made" in said("reproduce", tmp_path / "a.csv", code=1).stderr
    assert "There is no" in said("reproduce", tmp_path / "gone.csv", code=1).stderr
    assert "There is no 'table9'" in said("reproduce", "table9", "--project", tmp_path, code=1).stderr


# ---- an origin is data from anywhere --------------------------------------------------------------------------------


def refusal(tmp_path, origin: Origin) -> str:
    path = tmp_path / "theirs.csv"
    path.write_text("1,2\n")
    stamping.put(path, origin)
    with pytest.raises((RunError, FormatError)) as error:
        list(reproducing.reproduce(find(path), tmp_path / "again", COMMANDS))
    return str(error.value)


def test_that_commands_that_change_something_are_never_carried_out(tmp_path):
    project = tmp_path / "project"
    project_on_disk(project, clips=2)
    before = (project / "project.sqlite").read_bytes()
    for command in sorted(set(COMMANDS) - set(reproducing.COMMANDS)):
        origin = Origin(version="0.1.0", command=command, parameters={"project": str(project)})
        assert "not done again" in refusal(tmp_path, origin)
        shutil.rmtree(tmp_path / "again")
    assert (project / "project.sqlite").read_bytes() == before


def test_that_every_command_that_is_done_again_writes_only_where_it_is_told():
    read = {"project", "out", "source", "video", "past", "classifier_file"}
    for name in reproducing.COMMANDS:
        hints = typing.get_type_hints(inspect.unwrap(COMMANDS[name]))
        paths = {each for each, kind in hints.items() if "Path" in str(kind)}
        assert "out" in paths, name
        assert paths <= read | set(reproducing.WRITES_BESIDE), (name, paths)


def test_that_a_recipe_is_not_saved_where_an_origin_says(model, tmp_path):
    precious = tmp_path / "precious.json"
    said("generate", model, "walk:1", "--out", tmp_path / "walk.npz", "--save-recipe", precious)
    precious.write_text("mine")
    assert reproduced(tmp_path / "walk.npz")["same"]
    assert precious.read_text() == "mine"


def test_that_a_motion_kept_beside_a_project_is_made_again_from_its_recipe(model, tmp_path):
    recipe = Recipe(model=str(model), story=parts_of(["walk:1"]), samples=2)
    made = making.made(MotionModel.load(str(model)), recipe)
    store = ProjectStore.create(tmp_path / "project", "Kept", "Ines")
    for number in (0, 1):
        item = keep(store.folder, made.samples[number], recipe, number, f"walk {number}")
        found = reproduced(store.folder / item.path)
        assert found["same"], found
    store.close()


def test_that_jobs_that_write_into_projects_are_never_carried_out(tmp_path):
    spec = runs.ImportData(project=str(tmp_path), out=str(tmp_path / "run"), source=str(tmp_path / "x.bvh"))
    assert "not done again" in refusal(tmp_path, Origin(version="0.1.0", spec=msgspec.to_builtins(spec)))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"run": "x", "__class__": "y"}, "does not know"),
        ({"run": "x", "samples": "many"}, "does not fit"),
        ({"run": "x", "parts": 3}, "does not fit"),
    ],
)
def test_that_parameters_that_do_not_fit_are_refused_by_name(tmp_path, parameters, words):
    assert words in refusal(tmp_path, Origin(version="0.1.0", command="generate", parameters=parameters))


def test_that_a_spec_with_a_wrong_field_is_refused_by_name(tmp_path):
    spec = {"type": "train-forecaster", "project": "p", "out": "o", "config": {"steps": "many"}}
    assert "steps" in refusal(tmp_path, Origin(version="0.1.0", spec=spec))


def test_that_nothing_is_written_over(trained, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    assert "is not empty" in said("reproduce", trained / "run", "--out", tmp_path, code=1).stderr


# ---- comparing ------------------------------------------------------------------------------------------------------


def test_that_arrays_that_differ_say_where_and_by_how_much(tmp_path):
    one, other = np.zeros((3, 2), np.float32), np.zeros((3, 2), np.float32)
    other[1, 1] = 0.25
    np.savez(tmp_path / "a.npz", poses=one)
    np.savez(tmp_path / "b.npz", poses=other)
    np.savez(tmp_path / "c.npz", poses=one[:2])
    assert compared(tmp_path / "a.npz", tmp_path / "b.npz") == (False, "poses differs by 0.25 at most")
    assert compared(tmp_path / "a.npz", tmp_path / "a.npz") == (True, "the same to the last bit")
    assert compared(tmp_path / "a.npz", tmp_path / "c.npz") == (False, "poses is (2, 2) now, and was (3, 2)")


def test_that_reports_are_compared_by_their_figures_alone(tmp_path):
    value = {"rows": [{"top1": 0.5}], "seconds": 3.0, "device": "cpu"}
    (tmp_path / "a.json").write_text(json.dumps(value))
    (tmp_path / "b.json").write_text(json.dumps(value | {"seconds": 9.0}))
    (tmp_path / "c.json").write_text(json.dumps(value | {"rows": [{"top1": 0.4}]}))
    assert compared(tmp_path / "a.json", tmp_path / "b.json")[0]
    assert compared(tmp_path / "a.json", tmp_path / "c.json") == (False, "rows[0].top1 is 0.4 now, and was 0.5")


def test_that_another_version_is_said(trained, tmp_path, monkeypatch):
    origin = stamping.read(trained / "run")
    assert origin is not None
    copy = tmp_path / "run"
    shutil.copytree(trained / "run", copy)
    stamping.put(copy, replace(origin, version="0.0.1", environment={**origin.environment, "python": "2.7"}))
    found = reproduced(copy)
    assert any("made with Posecast 0.0.1" in each for each in found["said"])
    assert any(each.startswith("Then python 2.7, now") for each in found["said"])

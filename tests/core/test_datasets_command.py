"""`posecast prepare, bank, split, statistics`: what makes data ready to learn from."""

import json

import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.datasets.pose_bank import read_bank
from core.project.store import ProjectStore
from core.recordings import Stretch
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.formats import made_grab
from tests.core.project_on_disk import project_on_disk

WALK, RUN = Stretch(0, 2, ("walk",)), Stretch(2, 3, ("run",))


def _said(*words, fails=False):
    done = CliRunner().invoke(app, [str(each) for each in words])
    assert done.exit_code == (1 if fails else 0), done.output
    return done.output


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("command") / "project")
    motion_set(folder, "walks", [recorded(f"w{at}", at, WALK, RUN, performer=f"p{at % 4}") for at in range(10)])
    return folder


def test_that_a_bank_is_built_once_and_known_to_the_project(project):
    said = json.loads(_said("bank", project, "--poses", 50, "--name", "small", "--set", "WALKS", "--json"))
    assert len(read_bank(project / "datasets" / "small" / "bank.safetensors")) == 50
    assert "50 poses" in said["summary"]
    assert "nothing has changed" in _said("bank", project, "--poses", 50, "--name", "small")
    assert "another pose bank" in _said("bank", project, "--poses", 51, "--name", "small", fails=True)
    assert "small" in _said("sets", project)
    assert "no data set 'nowhere'" in _said("bank", project, "--set", "nowhere", fails=True)


def test_that_a_set_is_split_by_name_once(project):
    said = json.loads(_said("split", project, "--set", "walks", "--name", "people", "--by", "performer", "--json"))
    assert sum(said["parts"].values()) == 10
    assert "another split" in _said("split", project, "--set", "walks", "--name", "people", "--seed", 1, fails=True)
    told = _said("statistics", project, "--set", "walks", "--split", "people")
    assert "walk" in told
    assert "train" in told
    assert "no split 'other'" in _said("statistics", project, "--set", "walks", "--split", "other", fails=True)


def test_that_clips_are_split_in_one_edit_that_can_be_undone(tmp_path):
    folder = tmp_path / "clips"
    project_on_disk(folder, clips=6, steps=4)
    _said("split", folder, "--name", "mine", "--seed", 4)
    with ProjectStore.open(folder, "test") as store:
        assert "mine" in {each.name for each in store.project.splits.values()}
        assert store.undo_label == "Split mine"
        store.undo()
        assert "mine" not in {each.name for each in store.project.splits.values()}


def test_that_statistics_are_printed_for_machines_and_drawn_into_a_folder(project, tmp_path):
    said = json.loads(_said("statistics", project, "--set", "walks", "--out", tmp_path / "drawn", "--json"))
    assert [(each["name"], each["count"]) for each in said["actions"]] == [("run", 10), ("walk", 10)]
    assert said["follows"] == [{"before": "walk", "after": "run", "count": 10}]
    assert (tmp_path / "drawn" / "follows.png").is_file()


@pytest.mark.slow
def test_that_preparing_makes_the_project_and_goes_on_where_it_was(tmp_path):
    for subject in ("s1", "s2", "s10"):
        place = tmp_path / "GRAB" / subject
        place.mkdir(parents=True)
        made_grab.make_one(place / "mug_drink_1.npz", subject=subject, thing="mug", intent="drink", frames=120)
    first = _said("prepare", "grab", tmp_path / "GRAB", tmp_path / "project")
    assert "GRAB is ready: 1 window train, 1 window validation, 1 window test; 1 class." in first
    again = json.loads(_said("prepare", "grab", tmp_path / "GRAB", tmp_path / "project", "--json"))
    assert again["summary"] in first
    assert "not there" in _said("prepare", "grab", tmp_path / "nowhere", tmp_path / "project", fails=True)

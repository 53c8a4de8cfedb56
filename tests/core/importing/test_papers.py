"""What is refused before anything is made: another folder, and wishes that do not go with the data set."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.errors import RunError
from core.importing.papers import refuse
from core.importing.preparing_motion import prepare
from core.project.motion_sets import motion_sets
from core.project.store import ProjectStore
from core.runs import PrepareData
from tests.core.formats import made_amass, made_babel, made_grab, made_ikea_asm, made_mpii_cooking


def spec(dataset, source: Path, **wishes) -> PrepareData:
    return PrepareData(project="", out="", dataset=dataset, source=str(source), **wishes)


def refused(dataset, source: Path, **wishes) -> RunError:
    with pytest.raises(RunError) as error:
        refuse(spec(dataset, source, **wishes))
    return error.value


def fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture
def grab(tmp_path) -> Path:
    made = made_grab.make(fresh(tmp_path / "grab"))
    shutil.copy(made, made.with_name("airplane_fly_2.npz"))
    return tmp_path / "grab"


def test_that_the_right_folder_is_let_through(tmp_path, grab):
    assert refuse(spec("grab", grab)) is None
    assert refuse(spec("mpii-cooking-2", made_mpii_cooking.make(fresh(tmp_path / "mpii")))) is None
    assert refuse(spec("babel", made_babel.make(fresh(tmp_path / "babel")))) is None


def test_that_a_folder_of_another_data_set_is_named_for_what_it_is(tmp_path):
    made_amass.make(fresh(tmp_path / "amass"))
    error = refused("grab", tmp_path / "amass")
    assert "is not GRAB, but AMASS" in str(error)
    assert "s1 to s10" in error.hint


@pytest.mark.parametrize(("dataset", "made"), [("mpii-cooking-2", made_mpii_cooking), ("ikea-asm", made_ikea_asm)])
def test_that_a_folder_inside_the_data_set_says_where_the_whole_is(tmp_path, dataset, made):
    root = made.make(fresh(tmp_path / "set"))
    (root / "videos" / "more").mkdir(parents=True, exist_ok=True)
    assert refused(dataset, root / "videos").hint == f"It is in {root}."
    assert refused(dataset, root.parent).hint == f"It is in {root}."


def test_that_a_folder_of_nothing_known_says_what_should_be_in_it(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "attributesAnnotations" in refused("mpii-cooking-2", tmp_path / "empty").hint
    assert "is not there" in str(refused("babel", tmp_path / "absent"))


def test_that_wishes_that_do_not_go_with_the_data_set_are_refused_and_not_passed_over(tmp_path, grab):
    assert "brings its own motion" in str(refused("grab", grab, motion="x"))
    for wish, option in (("videos", "--videos"), ("poses", "--poses"), ("characteristic_poses", "--characteristic")):
        assert option in refused("grab", grab, **{wish: "x"}).hint
    assert "--draft-poses" in refused("grab", grab, draft_poses=True).hint
    root = made_mpii_cooking.make(fresh(tmp_path / "mpii"))
    assert "not motion" in str(refused("mpii-cooking-2", root, motion="x"))
    assert "no folder of videos" in str(refused("mpii-cooking-2", root, videos=str(root / "absent")))


def test_that_a_refused_command_makes_no_project(tmp_path, grab):
    said = CliRunner().invoke(app, ["prepare", "humanact12", str(grab), str(tmp_path / "project")])
    assert said.exit_code
    assert "is not HumanAct12, but GRAB" in said.output
    assert not (tmp_path / "project").exists()


def test_that_motion_that_is_not_amass_is_named_and_the_labels_stay(tmp_path, grab):
    project = tmp_path / "project"
    ProjectStore.create(project, "Test", "me").close()
    (tmp_path / "run").mkdir()
    wanted = PrepareData(
        project=str(project), out=str(tmp_path / "run"), dataset="babel", author="me",
        source=str(made_babel.make(fresh(tmp_path / "babel"))), motion=str(grab),
    )  # fmt: skip
    with pytest.raises(RunError, match="is not AMASS, but GRAB") as error:
        list(prepare(wanted))
    assert "stageii" in error.value.hint
    assert [each.facts.holds for each in motion_sets(project)] == ["labels"]

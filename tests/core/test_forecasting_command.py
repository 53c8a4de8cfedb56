"""Commands that compare forecasters: refusals in words, and a dozen raw videos of each data set to its tables."""

import json

import pytest
from typer.testing import CliRunner

from core import configs
from core.__main__ import app
from core.evaluation.pose_quality import Schedule
from core.experiments import forecast_tables
from core.project.store import ProjectStore
from tests.core.formats import made_ikea_asm, made_mpii_cooking
from tests.core.formats.made_mpii_cooking import FIRST, LASTS, RECIPE
from tests.core.project_on_disk import project_on_disk

TINY = (
    "steps=4", "validate_every=2", "report_every=2", "optimiser.batch=16", "network.action_width=8",
    "network.object_width=8", "network.pose_width=8", "network.latent=8", "critic.joint_width=8", "critic.psi_width=8",
    "critic.head_width=8", "unroll=1",
)  # fmt: skip


def posecast(*arguments):
    return CliRunner().invoke(app, [str(each) for each in arguments])


def said(*arguments):
    result = posecast(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made-up") / "project"
    project_on_disk(folder, 9, 7)
    return folder


def test_that_plain_methods_are_measured_without_a_training(place, tmp_path):
    page = said("baselines", place, "--out", tmp_path / "plain", "data.future_steps=3")
    assert "| zero velocity |" in page
    assert "Nothing was trained. Measured" in page
    assert "(chosen)" in page
    report = json.loads((tmp_path / "plain" / "report.json").read_text())
    assert report["steps_ahead"] == 3
    assert report["command"] == "posecast baselines PROJECT data.future_steps=3 --part test"
    again = json.loads(said("baselines", place, "--split", "by clip", "--json", "data.future_steps=3"))
    assert [row["method"] for row in again["rows"]] == [row["method"] for row in report["rows"]]
    assert all(row["kind"] != "run" for row in again["rows"])


def test_that_what_cannot_be_measured_or_reproduced_is_a_sentence(place, tmp_path):
    for arguments, word in (
        (("baselines", place, "--split", "nobody's"), "no split"),
        (("baselines", place, "data.future_steps=40"), "no clip with one step and 40 more"),
        (("baselines", place, "data.futur=4"), "futur"),
        (("reproduce", "table1", "--project", place, "--out", tmp_path / "x"), "forecaster/{table1"),
        (("reproduce", "forecaster/figure9", "--project", place, "--out", tmp_path / "x"), "forecaster/{table1"),
        (("reproduce", "forecaster/table2", "--row", "none", "--project", place, "--out", tmp_path / "x"), "uncoupled"),
        (("reproduce", "forecaster/table2", "--preset", "posegpt/small", "--project", place, "--out", tmp_path / "y"),
         "trains no forecaster"),
        (("evaluate", "kitchen-forecaster"), "--project FOLDER"),
        (("sequences", place, "--out", tmp_path / "z", "--method", "oracle"), "No method"),
        (("tables", "ikea-asm", tmp_path / "absent", tmp_path / "p"), "is not there"),
        (("tables", "ikea-asm", place, tmp_path / "p", "--preset", "posegpt/small"), "trains no forecaster"),
    ):  # fmt: skip
        result = posecast(*arguments)
        assert result.exit_code == 1, arguments
        assert word in result.output, result.output
        assert "Traceback" not in result.output
    assert not (tmp_path / "p").exists(), "refused before anything is made"


def test_that_methods_are_compared_on_actions_alone(place, tmp_path):
    arguments = (
        "sequences", place, "--out", tmp_path / "s", "--splits", 2, "--predict", 3, "--apart", "--method", "n-gram",
    )  # fmt: skip
    page = said(*arguments)
    assert "n-gram of order 2" in page
    assert "may stand in two parts" in page
    table = json.loads(said(*arguments, "--json"))
    assert table["key"] == "sequences"
    assert {len(row["figures"]["top1"]) for row in table["rows"]} == {2}


def test_that_clips_with_the_same_actions_are_split_together(tmp_path):
    folder = tmp_path / "project"
    project = project_on_disk(folder, 9, 3)
    with ProjectStore.open(folder, "test") as store:
        clips = list(project.clips.values())
        kinds = {}
        for clip in clips:
            kinds.setdefault(tuple(each.action for each in clip.segments), []).append(clip.id)
    alike = [ids for ids in kinds.values() if len(ids) > 1]
    assert alike, "three steps of four actions repeat"
    for seed in range(4):
        said("split", folder, "--name", f"together {seed}", "--together", "--seed", seed)
    with ProjectStore.open(folder, "test", mode="read") as store:
        drawn = [split for split in store.project.splits.values() if split.name.startswith("together")]
    assert len(drawn) == 4
    for split in drawn:
        for ids in alike:
            assert sum(any(each in part for each in ids) for part in split.parts.values()) == 1


# ---- from a raw folder to the tables ----


@pytest.fixture
def _quick(monkeypatch):
    own = configs.with_overrides(configs.preset("forecaster/recommended"), TINY)
    monkeypatch.setitem(configs.PRESETS, "forecaster/recommended", lambda: own)  # which TINY as knobs leaves as it is
    monkeypatch.setattr(forecast_tables, "KEPT_POSES", 400)
    monkeypatch.setattr(forecast_tables, "JUDGE", Schedule(steps=30, batch=32, width=16))


@pytest.mark.slow
@pytest.mark.usefixtures("_quick")
def test_that_a_dozen_raw_videos_of_cooking_become_tables_by_one_command(tmp_path):
    clips, rounds = made_mpii_cooking.TWELVE, 2
    root = made_mpii_cooking.make(
        tmp_path / "raw", clips=clips, rounds=rounds, videos=True, parts=made_mpii_cooking.PARTS_OF_TWELVE
    )
    frames = FIRST + LASTS * len(RECIPE) * rounds
    for clip in clips:
        made_ikea_asm.make_predictions(tmp_path / "poses" / f"{clip}-cam-002", frames, scale=64 / 1920)
    arguments = (
        "tables", "mpii-cooking-2", root, tmp_path / "project", *TINY, "--poses", tmp_path / "poses", "--draft-poses",
        "--preset", "forecaster/smoke", "--seeds", 1,
    )  # fmt: skip
    page = said(*arguments)
    for title in ("Table 1:", "Table 2:", "Table 3:", "Figure 3:"):
        assert title in page
    assert "N = 10, M = 10" in page
    assert "the test part: 6 windows of 3 clips" in page
    out = tmp_path / "project" / "runs" / "tables-mpii-cooking-2"
    first = json.loads((out / "table1.json").read_text())
    rows = {row["name"]: row for row in first["rows"]}
    assert len(rows["ours"]["by_step"]["top1"][0]) == 10
    assert rows["n-gram chosen on validation"]["figures"]["top1"][0] > 0.9, "what is done goes round a recipe"
    before = {path: path.stat().st_mtime_ns for path in out.glob("rows/*/best.safetensors")}
    assert len(before) == 9
    said(*arguments)
    assert before == {path: path.stat().st_mtime_ns for path in out.glob("rows/*/best.safetensors")}


@pytest.mark.slow
@pytest.mark.usefixtures("_quick")
def test_that_a_dozen_raw_assemblies_become_tables_by_one_command(tmp_path):
    root = made_ikea_asm.make(
        tmp_path / "raw", videos=True, predictions=True, names=made_ikea_asm.TWELVE, done=made_ikea_asm.DONE_BY_TWELVE
    )
    page = said(
        "tables", "ikea-asm", root, tmp_path / "project", *TINY, "--draft-poses", "--preset", "forecaster/smoke",
        "--seeds", 1, "--out", tmp_path / "tables",
    )  # fmt: skip
    for title in ("Table 1:", "Table 3:", "Table 4:", "Figure 3:"):
        assert title in page
    assert "N = 5, M = 5" in page
    rows = json.loads((tmp_path / "tables" / "table4.json").read_text())["rows"]
    assert [row["name"] for row in rows[:4]] == ["uncoupled", "middle", "random", "characteristic"]
    assert all("mpjpe_px" in row["figures"] for row in rows[:4])

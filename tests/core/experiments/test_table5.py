"""Table 5's three protocols on miniatures in their layout, by the very command, from the download to the row."""

import json

import msgspec
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.errors import RunError
from core.experiments.table5 import PAPER, config_of
from tests.core.formats import made_amass, made_babel, made_grab, made_humanact12

TINY = ("autoencoder_training.steps=3", "gpt_training.steps=3", "data.least_frames=16", "data.most_frames=32")


def carried_out(*words):
    done = CliRunner().invoke(app, ["table5", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def table_of(project, dataset):
    folder = project / "runs" / f"table5-{dataset}"
    return msgspec.json.decode((folder / "table5.json").read_bytes()), (folder / "table5.md").read_text("utf-8")


def command(dataset, source, project, *more):
    return (
        dataset, source, project, *TINY, "--preset", "posegpt/smoke", "--windows", 16, "--seeds", 1, *more,
    )  # fmt: skip


@pytest.mark.slow
def test_that_humanact12_ends_in_a_row_against_what_was_learned_and_goes_on_when_asked_again(tmp_path):
    source = tmp_path / "HumanAct12"
    source.mkdir()
    made_humanact12.make_folder(source)
    said = carried_out(*command("humanact12", source, tmp_path / "project")).output
    assert "% of the real motion that was learned right" in said
    assert "unseen" not in said
    table, page = table_of(tmp_path / "project", "humanact12")
    assert table["columns"][0] == "FID to train"
    assert all(cell not in ("–", "nan") for cell in table["ours"])
    assert "PoseGPT, as printed | 0.08 | 95.8" in page
    assert "16 windows a side, 1 seed, T is" in page
    weights = tmp_path / "project" / "runs" / "table5-humanact12" / "model" / "best.safetensors"
    before = weights.stat().st_mtime_ns
    carried_out(*command("humanact12", source, tmp_path / "project"))
    assert weights.stat().st_mtime_ns == before
    assert table_of(tmp_path / "project", "humanact12")[0] == table


@pytest.mark.slow
def test_that_grab_ends_in_a_row_on_the_subject_nobody_learned_from(tmp_path):
    for subject in ("s1", "s2", "s3", "s10"):
        place = tmp_path / "GRAB" / "grab" / subject
        place.mkdir(parents=True)
        for thing, intent in (("airplane", "fly"), ("mug", "drink")):
            path = place / f"{thing}_{intent}_1.npz"
            made_grab.make_one(path, subject=subject, thing=thing, intent=intent, frames=120)
    carried_out(*command("grab", tmp_path / "GRAB", tmp_path / "project"))
    table, page = table_of(tmp_path / "project", "grab")
    assert table["columns"] == ["FID to held out", "accuracy of S"]
    assert len(table["ours"]) == 2
    assert "PoseGPT, as printed | 5.1 | 0.86" in page
    report = (tmp_path / "project" / "runs" / "table5-grab" / "evaluation" / "report.md").read_text("utf-8")
    assert "the test part" in report


@pytest.mark.slow
def test_that_babel_ends_in_a_row_with_both_ratios_named_by_what_they_measure(tmp_path):
    release = tmp_path / "babel"
    release.mkdir()
    made_babel.make_release(release)
    # The miniature's recordings once more, so that both parts hold the same two actions.
    both = made_babel.annotation(
        made_babel.label("walk", ["walk"], 0.0, 2.0), made_babel.label("bend", ["bend"], 2.0, 4.0)
    )
    held = {"train": (1001, 1002), "val": (1003,)}
    for part, numbers in held.items():
        sequences = {str(number): made_babel.sequence(number, 4.0, seq_ann=both, frame_ann=both) for number in numbers}
        (release / f"{part}.json").write_text(json.dumps(sequences))
    motion = tmp_path / "AMASS"
    for path in made_babel.MOTIONS.values():
        place = motion / path.partition("/")[2]
        place.parent.mkdir(parents=True, exist_ok=True)
        made_amass.make_smplh(place, frames=600)
    carried_out(*command("babel", release, tmp_path / "project", "--motion", motion))
    table, page = table_of(tmp_path / "project", "babel")
    assert table["columns"] == ["first ratio (R_S)", "FID to held out", "second ratio (R_T)"]
    assert table["real"][0] == "1"
    assert "PoseGPT, as printed | 0.64 | 2.7 | 0.98" in page
    report = tmp_path / "project" / "runs" / "table5-babel" / "evaluation" / "report.md"
    assert "the validation part" in report.read_text("utf-8")


def test_that_the_paper_is_quoted_as_printed():
    assert dict(PAPER["humanact12"])["PoseGPT, as printed"] == ("0.08", "95.8", "6.85", "2.82")
    assert dict(PAPER["babel"])["PoseGPT, as printed"] == ("0.64", "2.7", "0.98")
    assert dict(PAPER["grab"])["PoseGPT, as printed"] == ("5.1", "0.86")


def test_that_a_preset_of_another_model_or_of_half_of_it_is_refused():
    with pytest.raises(RunError, match="no preset"):
        config_of("grab", "posegpt/huge", ())
    with pytest.raises(RunError, match="does not train a whole PoseGPT"):
        config_of("grab", "posegpt-gpt/small", ())
    assert config_of("grab", "posegpt/small", ("seed=3",)).data.body == "smplx"
    assert config_of("humanact12", "posegpt/small", ("seed=3",)).seed == 3


def test_that_a_folder_that_is_not_there_is_refused_in_words(tmp_path):
    done = CliRunner().invoke(app, ["table5", "grab", str(tmp_path / "none"), str(tmp_path / "project")])
    assert done.exit_code == 1
    assert "is not there" in done.output
    assert not (tmp_path / "project").exists()

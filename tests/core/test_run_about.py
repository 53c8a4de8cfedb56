"""What is said of a run is kept whole; a run that is taken away can be brought back as it was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import configs, run_about
from core.errors import RunError
from core.run_folder import RunFolder
from core.runs import Done, TrainForecaster


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "runs" / "forecaster-01")
    folder.write_spec(TrainForecaster(project="/p", out=str(folder.path), config=configs.smoke(), preset="x"))
    folder.append(Done("done"))
    (folder.path / "best.safetensors").write_bytes(b"weights")
    return folder.path


def contents(folder):
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.name != run_about.ABOUT}


def test_that_what_is_said_of_a_run_is_kept_and_each_change_leaves_the_rest(run):
    assert run_about.about(run) == run_about.RunAbout()
    run_about.say_about(run, note="bigger batch")
    run_about.say_about(run, tags=("paper", " slow  one ", "paper", ""))
    run_about.say_about(run, parent="forecaster-00", sweep="rates", trial=3)
    assert run_about.about(run) == run_about.RunAbout(
        note="bigger batch", tags=("paper", "slow one"), parent="forecaster-00", sweep="rates", trial=3
    )
    assert [each.name for each in run.iterdir() if each.name.endswith(".new")] == []


@given(st.text(max_size=200))
def test_that_tags_are_short_single_words_in_the_order_they_were_typed(words):
    tags = run_about.tags_of(words)
    assert len(set(tags)) == len(tags) <= 20
    assert all(tag and tag == " ".join(tag.split()) and "," not in tag and len(tag) <= 40 for tag in tags)
    assert run_about.tags_of(", ".join(tags)) == tags


@pytest.mark.parametrize("words", [b"", b"{", b"[1]", b'{"note": 3}', b"\xff\xfe"])
def test_that_a_file_that_says_nothing_sensible_is_nothing_said(run, words):
    (run / run_about.ABOUT).write_bytes(words)
    assert run_about.about(run) == run_about.RunAbout()


def test_that_a_later_version_may_say_more(run):
    (run / run_about.ABOUT).write_text(json.dumps({"note": "here", "mood": "fine"}))
    assert run_about.about(run).note == "here"


def test_that_a_run_that_is_taken_away_comes_back_as_it_was(run):
    before = contents(run)
    run_about.say_about(run, note="keep")
    gone = run_about.delete(run, now=1000.0)
    assert not run.exists()
    assert gone.parent == run.parent / ".deleted"
    (found,) = run_about.deleted_runs(run.parent)
    assert (found.path, found.name, found.at) == (gone, "forecaster-01", 1000.0)
    assert found.bytes == sum(each.stat().st_size for each in gone.iterdir())
    assert run_about.bring_back(gone) == run
    assert contents(run) == before
    assert run_about.about(run) == run_about.RunAbout(note="keep")


def test_that_names_taken_again_hinder_neither_taking_away_nor_bringing_back(run):
    first = run_about.delete(run, now=1.0)
    for content in (b"second", b"third"):
        run.mkdir()
        (run / "spec.json").write_bytes(content)
        second = run_about.delete(run, now=2.0)
        assert second != first
    run.mkdir()
    assert {each.name for each in run_about.deleted_runs(run.parent)} == {"forecaster-01"}
    back = run_about.bring_back(first)
    assert back != run
    assert (back / "best.safetensors").read_bytes() == b"weights"


@pytest.mark.parametrize("state", ["running", "paused", "waiting", "stopping"])
def test_that_a_run_under_way_is_not_taken_away(run, monkeypatch, state):
    monkeypatch.setattr(RunFolder, "state", lambda self: state)
    with pytest.raises(RunError, match="under way") as refused:
        run_about.delete(run)
    assert "Stop it first" in refused.value.hint
    assert run.exists()
    assert not (run.parent / ".deleted").exists()


def test_that_only_what_lies_long_enough_is_removed_for_good(run):
    old, new = run, run.with_name("forecaster-02")
    new.mkdir()
    (new / "stdout.log").write_bytes(b"12345")
    day = 86_400.0
    run_about.delete(old, now=10 * day)
    kept = run_about.delete(new, now=30 * day)
    sizes = {each.name: each.bytes for each in run_about.deleted_runs(run.parent)}
    freed = run_about.empty(run.parent, older_than_days=run_about.KEPT_DAYS, now=41 * day)
    assert freed == sizes["forecaster-01"] > 0
    assert [each.path for each in run_about.deleted_runs(run.parent)] == [kept]
    assert run_about.empty(run.parent, now=41 * day) == sizes["forecaster-02"]
    assert run_about.deleted_runs(run.parent) == []
    with pytest.raises(RunError, match="not there any more"):
        run_about.bring_back(kept)


def test_that_a_run_that_is_not_there_says_so(tmp_path):
    with pytest.raises(RunError, match="no run nothing"):
        run_about.delete(tmp_path / "nothing")

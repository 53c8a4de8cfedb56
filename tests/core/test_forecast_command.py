"""`posecast forecast`: what comes next in words and as JSON, beside other runs and plain forecasters."""

import json

import msgspec
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.forecasts import Forecast
from tests.core.project_on_disk import project_on_disk, trained_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project") / "made up"
    project_on_disk(folder, clips=8)
    trained_run(folder, "plain", "steps=20")
    trained_run(folder, "full", "steps=20", "network.memory=recurrent", "network.noise=4", "losses.times=1.0")
    return folder


def said(folder, *words, run="plain", at=10, code=0) -> str:
    asked = ["forecast", folder / "runs" / run, folder, "--clip", "clip-07", "--at", at, *words]
    done = CliRunner().invoke(app, list(map(str, asked)))
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.output


def test_that_a_forecast_is_told_with_its_times_and_its_doubts(folder):
    text = said(folder, at=5)
    assert "seen so far:" in text
    assert "usually in, s" in text
    assert "Not enough past: this run looks back 5 steps; 3 are marked before." in text
    assert "usually" not in said(folder, run="full")


def test_that_others_stand_below_in_the_order_given(folder):
    text = said(folder, "--with", "repeating", "--with", folder / "runs" / "full", "--with", "counting")
    places = [text.index(name) for name in ("\nplain", "\nlast action, last pose", "\nfull", "\nn-gram of order")]
    assert places == sorted(places)


def test_that_json_is_one_forecast_and_with_others_a_list(folder):
    alone = msgspec.json.decode(said(folder, "--json"), type=Forecast)
    several = json.loads(said(folder, "--with", "counting", "--steps", 2, "--json"))
    assert alone.model == "plain"
    assert all(step.time is not None for step in alone.steps)
    assert several[0]["model"] == "plain"
    assert [len(each["steps"]) for each in several] == [2, 2]


@pytest.mark.parametrize("run", ["plain", "full"])
def test_that_futures_of_a_seed_are_the_same_however_many(folder, run):
    def futures(*words):
        return msgspec.json.decode(said(folder, "--json", *words, run=run), type=Forecast).futures

    two, five = futures("--futures", 2, "--seed", 3), futures("--futures", 5, "--seed", 3)
    assert five[:2] == two
    assert futures("--futures", 2, "--seed", 4) != two
    assert futures() == ()
    assert " → " in said(folder, "--futures", 2, run=run)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--steps", 51), "looks 51 steps ahead"),
        (("--futures", 65), "65 futures are not to be had"),
        (("--with", "nobody"), "nobody"),
    ],
)
def test_that_what_cannot_be_asked_is_refused_in_words(folder, words, told):
    text = said(folder, *words, code=1)
    assert told in text
    assert "Traceback" not in text

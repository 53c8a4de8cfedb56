"""`posecast compare`: who is asked and in which colour, the moments that differ most, and refusals in words."""

import json
import shlex
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.commands import comparing
from core.errors import CoreError
from core.forecasts import Difference, Differences, Refusal, Refused
from core.project.store import ProjectStore
from tests.core.project_on_disk import project_on_disk, trained_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects") / "made up"
    project_on_disk(folder, film=True)
    trained_run(folder, "forecaster-01", "steps=5")
    return folder


def said(*words):
    found = CliRunner().invoke(app, ["compare", *map(str, words)])
    return found.exit_code, found.output


def test_that_a_moment_is_drawn_with_the_baselines_beside_the_run(folder, tmp_path):
    run = folder / "runs" / "forecaster-01"
    with ProjectStore.open(folder, "", mode="read") as store:
        clip = next(iter(store.project.clips.values()))
    out = tmp_path / "page.html"
    code, words = said(run, "counting", "repeating", "--project", folder, "--clip", clip.name, "--at", 8.0,
                       "--out", out, "--people", "joints", "--steps", 2, "--json")  # fmt: skip
    assert code == 0, words
    facts = json.loads(words)
    (moment,) = facts["moments"]
    assert facts["files"] == [str(out)]
    assert moment["frame"] == 80
    assert moment["command"] == shlex.join(
        ["posecast", "compare", str(run), "counting", "repeating", "--project", str(folder), "--clip", clip.id,
         "--at", "8", "--line-up", "step", "--over", "frame", "--people", "joints", "--steps", "2",
         "--out", str(out), "--replace"]
    )  # fmt: skip
    text = out.read_text(encoding="utf-8")
    assert "forecaster-01" in text
    assert "n-gram" in text


def test_that_the_moments_that_differ_most_become_a_page_each_with_their_place_said(folder, tmp_path):
    run = folder / "runs" / "forecaster-01"
    out = tmp_path / "pages.pdf"
    code, words = said(run, "counting", "--project", folder, "--moments", 2, "--out", out, "--people", "joints",
                       "--steps", 1, "--json")  # fmt: skip
    assert code == 0, words
    moments = json.loads(words)["moments"]
    assert len({(each["clip"], each["frame"]) for each in moments}) == 2
    assert out.read_bytes().count(b"/Type /Page ") == 2
    again = shlex.split(moments[1]["command"])
    assert again[again.index("--out") + 1] == str(tmp_path / "pages-2.pdf")  # the page of both stays
    code, words = said(*again[2:], "--json")
    assert code == 0, words
    (same,) = json.loads(words)["moments"]
    assert (same["clip"], same["frame"]) == (moments[1]["clip"], moments[1]["frame"])


def test_that_without_a_part_moments_are_sought_in_the_first_that_has_any(monkeypatch):
    class Here:
        def answer(self, asked):
            if asked.part == "test":
                return Refused(number=0, refusal=Refusal(message="The test part is empty."))
            found = Difference(
                clip_id="clip", at_frame=7, apart=0.5, actions=(("cut",), ("wash",)), came=("cut",), frames=(9,),
                right=(1, 0), poses_apart_mm=1.0, error_px=(None, None),
            )  # fmt: skip
            return Differences(number=0, measured=3, moments=(found,), part=asked.part)

    store = SimpleNamespace(folder="here")
    ((found, why),) = comparing._most_different(Here(), store, ["one", "other"], 1, None)
    assert found.at_frame == 7
    assert why == "Number 1 of 3 moments of the validation part by how far the first two are apart"
    with pytest.raises(CoreError, match="The test part is empty"):
        comparing._most_different(Here(), store, ["one", "other"], 1, "test")


@pytest.mark.parametrize(
    ("at", "moment"), [("1e6", "no moment 277:46:40.00."), ("-2.5", "no moment -0:02.50."), ("nan", "no moment nan.")]
)
def test_that_a_moment_outside_the_clip_is_spelled_as_a_time(folder, tmp_path, at, moment):
    with ProjectStore.open(folder, "", mode="read") as store:
        clip = next(iter(store.project.clips.values()))
    code, text = said(folder / "runs" / "forecaster-01", "--project", folder, "--clip", clip.id, f"--at={at}",
                      "--out", tmp_path / "a.png")  # fmt: skip
    assert code == 1
    assert moment in text


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("counting", "--moments", "2", "--out", "OUT/a.png"), "A baseline lies beside a run."),
        (("RUN", "--moments", "2", "--out", "OUT/a.png"), "One run differs from nobody."),
        (("RUN", "counting", "--out", "OUT/a.png"), "No moment is named."),
        (("RUN", "--clip", "x", "--moments", "2", "--out", "OUT/a.png"), "Either one moment or the most different"),
        (("RUN", "--clip", "nobody", "--at", "3", "--out", "OUT/a.png"), "There is no clip 'nobody'"),
        (("RUN", "--clip", "x", "--at", "3", "--out", "OUT/a.gif"), "not written as .gif"),
        (("nothing-there", "--clip", "x", "--at", "3", "--out", "OUT/a.png"), "nothing-there"),
    ],
)
def test_that_what_cannot_be_compared_is_refused_in_a_sentence(folder, tmp_path, words, reason):
    run = str(folder / "runs" / "forecaster-01")
    given = [each.replace("RUN", run).replace("OUT", str(tmp_path)) for each in words]
    code, text = said(*given, "--project", folder)
    assert code == 1
    assert reason in text
    assert "Traceback" not in text
    assert not list(tmp_path.iterdir())

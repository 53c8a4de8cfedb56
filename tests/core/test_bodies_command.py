"""`posecast bodies`: what there is, and a person's own files in and out."""

import json
import os
import pickle

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.bodies.library import DEFAULT_KEY
from tests.core.bodies.made_up_models import random_arrays


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("POSECAST_BODIES", str(tmp_path / "kept"))


@pytest.fixture
def file(tmp_path):
    np.savez(tmp_path / "SMPLH_FEMALE.npz", **random_arrays("smplh"))
    return tmp_path / "SMPLH_FEMALE.npz"


def run(*words, code=0):
    done = CliRunner().invoke(app, ["bodies", *map(str, words)])
    assert done.exit_code == code, done.output
    return done


def test_that_a_body_goes_in_is_listed_comes_out_and_is_forgotten(tmp_path, file):
    assert "SMPL-H, female" in run("add", file).stdout
    listed = json.loads(run("--json").stdout)
    assert listed[0]["key"] == DEFAULT_KEY
    assert listed[0]["is_built_in"]
    assert (listed[-1]["key"], listed[-1]["vertices"]) == ("yours/smplh/female", 60)
    assert "SMPL-H" in listed[-1]["terms"]
    assert "SMPL-H (MANO) licence" in run("export", "yours/smplh/female", tmp_path / "out.npz").stdout
    with np.load(tmp_path / "out.npz", allow_pickle=False) as archive:
        np.testing.assert_allclose(archive["v_template"], random_arrays("smplh")["v_template"], atol=1e-6)
    run("remove", "yours/smplh/female")
    assert len(json.loads(run("--json").stdout)) == len(listed) - 1


def test_that_one_bad_file_does_not_keep_out_the_good_one(tmp_path, file):
    class Bad:
        def __reduce__(self):
            return (os.system, ("true",))

    (tmp_path / "bad.pkl").write_bytes(pickle.dumps({"f": Bad()}))
    done = run("add", tmp_path / "bad.pkl", file)
    assert f"{os.system.__module__}.system" in done.stderr
    assert "1 body added" in done.stdout
    told = json.loads(run("add", tmp_path / "bad.pkl", "--json", code=1).stdout)
    assert told["added"] == []
    assert "Nothing of it was run" in told["refused"][0]["hint"]


def test_that_an_export_never_takes_the_place_of_a_file(tmp_path):
    (tmp_path / "out.npz").write_text("mine")
    assert "already" in run("export", DEFAULT_KEY, tmp_path / "out.npz", code=1).stderr
    assert (tmp_path / "out.npz").read_text() == "mine"
    assert ".npz" in run("export", DEFAULT_KEY, tmp_path / "out.obj", code=1).stderr
    assert "there is no folder" in run("export", DEFAULT_KEY, tmp_path / "no" / "out.npz", code=1).stderr


@pytest.mark.parametrize("words", [("remove", "yours/smpl/male"), ("remove", DEFAULT_KEY), ("export", "x", "x.npz")])
def test_that_what_cannot_be_is_refused_in_words(words):
    done = run(*words, code=1)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip()) > 20

"""A clip's person as a body: fitted through the clip's camera, taken out by the command line."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.bodies.skeletons import UPPER_BODY_9
from core.errors import ProjectError
from core.fitted_clips import FittedMotion, fit_clip, shot_of
from core.project.store import ProjectStore
from core.runs import Progress
from tests.core.project_on_disk import project_on_disk


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project") / "made up"
    project_on_disk(folder, clips=2, steps=2)
    return folder


@pytest.fixture
def store(folder):
    with ProjectStore.open(folder, "test", mode="read") as store:
        yield store


def run(*words, code=0):
    result = CliRunner().invoke(app, [str(each) for each in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_that_a_clips_person_becomes_a_body_that_its_camera_sees_where_they_were(store):
    clip = store.project.clips["clip-00"]
    *told, motion = fit_clip(store, clip, start=5, end=15)
    assert all(isinstance(each, Progress) for each in told)
    assert told[-1].done == told[-1].total == 10
    assert isinstance(motion, FittedMotion)
    assert len(motion) == 10
    assert motion.fitted.all()
    assert motion.mean_error_px < 12  # drawn people have nobody's proportions
    assert motion.ground_m == 0.0  # a calibrated camera knows the floor
    shot = shot_of(motion, store, clip)
    assert len(shot.scene) == 10
    assert shot.view is motion.camera
    assert shot.footage is None  # it has no video


def test_that_fitting_can_be_stopped_at_any_step(store):
    steps = fit_clip(store, store.project.clips["clip-00"], end=10)
    assert next(steps).done == 0
    steps.close()


@pytest.mark.parametrize(
    ("asked", "says"),
    [({"person": 3}, "no person 4"), ({"start": 9, "end": 9}, "no frames"), ({"start": 900}, "no frames")],
)
def test_that_what_is_not_there_is_refused_in_words(store, asked, says):
    with pytest.raises(ProjectError, match=says) as refused:
        list(fit_clip(store, store.project.clips["clip-00"], **asked))
    assert refused.value.hint


def test_that_the_command_writes_a_motion_that_says_whose_body_it_is(tmp_path, folder):
    out = tmp_path / "cook.npz"
    result = CliRunner().invoke(app, ["fit", str(folder), str(out), "--clip", "Clip 0", "--to", "0.9", "--json"])
    said = json.loads(result.stdout)
    assert said["fitted"] == said["frames"] == 10
    assert not said["camera_estimated"]
    with np.load(out) as motion:
        assert motion["poses"].shape == (10, 72)
        assert motion["trans"].shape == (10, 3)
        assert str(motion["body"]) == "built-in/smpl/neutral"
        assert str(motion["licence"]) == "CC0"
        assert float(motion["mocap_frame_rate"]) == 10.0
    assert "is there already" in run("fit", folder, out, "--clip", "Clip 0", "--to", 0.5, code=1)


def test_that_joints_in_a_file_are_fitted_and_odd_ones_refused(tmp_path):
    joints = np.zeros((2, 9, 3))
    joints[:] = [[0, 0.11, 0.12], [0, 0, 0], [-0.18, 0, 0], [-0.24, -0.25, 0.06], [-0.14, -0.3, 0.3],
                 [0.18, 0, 0], [0.24, -0.25, 0.06], [0.14, -0.3, 0.3], [0, -0.49, -0.03]]  # fmt: skip
    file, out = tmp_path / "joints.npz", tmp_path / "body.npz"
    np.savez(file, joints_m=joints)
    assert "2 of 2 frames fitted" in run("fit", file, out, "--skeleton", UPPER_BODY_9.name)
    assert "(2, 9, 3)" in run("fit", file, tmp_path / "no.npz", code=1)
    assert "no skeleton" in run("fit", file, tmp_path / "no.npz", "--skeleton", "octopus", code=1)
    np.savez(file, joints_m=np.full((2, 9, 3), np.nan))
    assert "too little" in run("fit", file, tmp_path / "no.npz", "--skeleton", UPPER_BODY_9.name, code=1)
    np.savez(file, joints_m=joints * 1000)
    assert "Give metres" in run("fit", file, tmp_path / "no.npz", "--skeleton", UPPER_BODY_9.name, code=1)
    for rate in ("often", 0.0, np.nan, [30, 30]):
        np.savez(file, joints_m=joints, rate_hz=rate)
        assert "rate_hz is" in run("fit", file, tmp_path / "no.npz", "--skeleton", UPPER_BODY_9.name, code=1)
    assert not (tmp_path / "no.npz").exists()
    file.write_bytes(b"PK\x03\x04 torn")
    assert "no file of plain arrays" in run("fit", file, tmp_path / "no.npz", code=1)
    assert "neither a motion" in run("fit", file, tmp_path / "no.txt", code=1)

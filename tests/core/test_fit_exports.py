"""What `posecast fit` writes: each ending, a turn, and refusals that come before the work."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from core.__main__ import app
from core.bodies.library import body, terms
from core.bodies.skeletons import SMPL_24


@pytest.fixture
def joints(tmp_path):
    """Two frames of the built-in body's own joints."""
    places_m = body().shaped().place(np.tile(np.eye(3), (24, 1, 1)), np.array([0, 1.2, 0])).places_m
    path = tmp_path / "joints.npz"
    np.savez(path, joints_m=np.stack([places_m, np.add(places_m, [0.02, 0, 0])]), rate_hz=25.0)
    return path


def fit(*words, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["fit", *map(str, words), "--skeleton", SMPL_24.name])
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize("name", ["a.npz", "a.glb", "a.obj", "a.ply", "a.png"])
def test_that_joints_become_a_file_of_each_kind_that_says_its_licence(tmp_path, joints, name):
    assert terms("CC0") in fit(joints, tmp_path / name)
    assert (tmp_path / name).stat().st_size > 1000


def test_that_a_transparent_picture_holds_the_body_and_nothing_about_it(tmp_path, joints):
    fit(joints, tmp_path / "a.png", "--transparent")
    with Image.open(tmp_path / "a.png") as picture:
        opaque = np.asarray(picture)[..., 3] / 255
    assert opaque[[0, -1]].max() == opaque[:, [0, -1]].max() == 0
    assert 0.03 < opaque.mean() < 0.5


def test_that_every_frame_becomes_a_mesh_in_a_folder(tmp_path, joints):
    fit(joints, tmp_path / "walk.ply", "--every-frame")
    assert sorted(each.suffix for each in (tmp_path / "walk").iterdir()) == [".ply", ".ply"]


@pytest.mark.slow
def test_that_a_turn_is_a_film_that_plays_for_ever(tmp_path, joints):
    fit(joints, tmp_path / "a.gif", "--turntable")
    with Image.open(tmp_path / "a.gif") as gif:
        assert (gif.n_frames, gif.info["loop"]) == (150, 0)


@pytest.mark.parametrize(
    ("name", "more", "why"),
    [
        ("joints.npz", (), "is there already"),
        ("a.glb", ("--turntable",), "a turntable is a film"),
        ("a.mp4", ("--transparent",), "only a picture"),
        ("a.glb", ("--every-frame",), "all frames anyhow"),
        ("none/a.glb", (), "there is no folder"),
        ("a.mp3", (), "neither a motion"),
    ],
)
def test_that_what_cannot_be_written_is_refused(tmp_path, joints, name, more, why):
    assert why in fit(joints, tmp_path / name, *more, code=1)

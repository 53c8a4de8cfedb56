"""Bodies over a clip from the command line and as a call: the frame, the panel, the words in the file."""

import av
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from core.__main__ import app
from core.bodies.library import DEFAULT_KEY, terms
from core.formats.provenance import Provenance
from core.geometry.cameras import estimated_camera
from core.picturing import render_clip
from core.project.store import ProjectStore
from core.rendering.moving import Footage, MovingBody, MovingScene, Shot
from tests.core.project_on_disk import project_on_disk

SAID = Provenance(terms("CC0"), "walk")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "project"
    project_on_disk(folder, clips=2, steps=3, film=True)
    return folder


def somebody(store: ProjectStore, frames: range, **more) -> Shot:
    """Red, in the middle, three metres away."""
    clip = next(iter(store.project.clips.values()))
    places_m = np.tile([0, 0, -5.0], (len(frames), 1))
    turns = np.tile(np.eye(3), (len(frames), 24, 1, 1))
    body = MovingBody(DEFAULT_KEY, np.zeros(10), turns, places_m, "#e02020")
    camera = estimated_camera(clip.video.width, clip.video.height)
    footage = Footage(store.video_path(clip), tuple(frames), camera)
    return Shot(MovingScene(clip.video.rate_hz, (body,)), footage=footage, shadows=False, **more)


def red(picture: np.ndarray) -> np.ndarray:
    return picture[..., 0].astype(int) > picture[..., 1].astype(int) + 80


def test_that_bodies_stand_over_the_frame_and_the_file_says_whose_they_are(tmp_path, project):
    with ProjectStore.open(project, "", mode="read") as store:
        clip = next(iter(store.project.clips.values()))
        count = render_clip(
            store, clip, tmp_path / "a.mp4", start_s=0.0, end_s=3 / clip.video.rate_hz,
            people=somebody(store, range(4)), said=SAID,
        )  # fmt: skip
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert terms("CC0").rstrip(".") in film.metadata["comment"]
        shown = [each.to_ndarray(format="rgb24") for each in film.decode(video=0)]
    assert count == len(shown) == 4
    assert all(red(each).mean() > 0.01 for each in shown)


def test_that_a_panel_beside_the_frame_leaves_the_frame_bare(tmp_path, project):
    with ProjectStore.open(project, "", mode="read") as store:
        clip = next(iter(store.project.clips.values()))
        render_clip(store, clip, tmp_path / "a.png", people=somebody(store, range(1), beside=True), said=SAID)
    with Image.open(tmp_path / "a.png") as opened:
        assert opened.text["Copyright"] == terms("CC0")
        picture = np.asarray(opened)
    assert picture.shape[1] > clip.video.width
    assert red(picture[:, clip.video.width :]).any()


@pytest.mark.slow
def test_that_the_command_fits_a_body_to_a_clip_and_says_whose_licence_holds(tmp_path, project):
    with ProjectStore.open(project, "", mode="read") as store:
        name = next(iter(store.project.clips.values())).name
    done = CliRunner().invoke(
        app, ["render", str(project), str(tmp_path / "a.png"), "--clip", name, "--bodies", "--beside"]
    )
    assert done.exit_code == 0, done.output
    assert terms("CC0") in done.output
    with Image.open(tmp_path / "a.png") as opened:
        assert opened.size[0] > opened.size[1]

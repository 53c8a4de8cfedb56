"""Bodies over the frames of a video and beside them, as films."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.bodies.library import DEFAULT_KEY
from core.formats.provenance import Provenance
from core.geometry.cameras import estimated_camera, project
from core.rendering.export import film, save_picture
from core.rendering.moving import Footage, MovingBody, MovingScene, Poser, Shot
from core.rendering.over_frame import FramePainter
from core.video import write_video

WIDTH, HEIGHT, FRAMES = 96, 72, 6
SAID = Provenance("Body: CC0", "Somebody")


@pytest.fixture
def video(tmp_path) -> Path:
    """Frames of one grey each, lighter and lighter, so that a picture tells which frame it is."""
    folder = tmp_path / "footage"
    folder.mkdir()
    with write_video(folder / "clip.mp4", 25, WIDTH, HEIGHT, crf=8) as out:
        for at in range(10):
            out.add(np.full((HEIGHT, WIDTH, 3), 20 + 20 * at, np.uint8))
    return folder / "clip.mp4"


def a_shot(video: Path, **more) -> Shot:
    """Somebody red who goes to the right of the picture, three metres before the camera; frames 2 … 7 of the video."""
    places_m = np.zeros((FRAMES, 3))
    places_m[:, 0] = np.linspace(-0.5, 0.5, FRAMES)
    places_m[:, 2] = -4.5
    turns = np.tile(np.eye(3), (FRAMES, 24, 1, 1))
    body = MovingBody(DEFAULT_KEY, np.zeros(10), turns, places_m, "#e02020")
    camera = estimated_camera(WIDTH, HEIGHT)
    return Shot(MovingScene(25.0, (body,)), footage=Footage(video, tuple(range(2, 8)), camera), shadows=False, **more)


def red(picture: np.ndarray) -> np.ndarray:
    """Where the body is."""
    colours = picture.astype(int)
    return colours[..., 0] > colours[..., 1] + 40


def test_that_a_body_stands_where_its_camera_sees_it_on_its_own_frame(video):
    shot = a_shot(video)
    poser = Poser(shot.scene)
    with FramePainter(shot, poser) as painter:
        for frame in (0, 3, 5):
            picture = painter.picture(frame)
            assert abs(int(picture[2, 2, 0]) - (20 + 20 * (frame + 2))) <= 3  # the video's frame, not another
            ((body,), _) = poser.at(frame)
            seen = project(body.vertices_m, shot.footage.camera)
            rows, columns = np.nonzero(red(picture))
            np.testing.assert_allclose(
                [columns.min(), columns.max(), rows.min(), rows.max()],
                [seen[:, 0].min(), seen[:, 0].max(), seen[:, 1].min(), seen[:, 1].max()], atol=2.5,
            )  # fmt: skip


def test_that_half_opaque_bodies_let_half_of_the_frame_through(video):
    def colour(opacity: float) -> np.ndarray:
        shot = a_shot(video, opacity=opacity)
        with FramePainter(shot, Poser(shot.scene)) as painter:
            return painter.picture(2)[36, 46].astype(float)

    np.testing.assert_allclose(colour(0.5), (colour(1.0) + colour(0.0)) / 2, atol=2)


def test_that_beside_the_frame_is_untouched_and_the_panel_as_wide_all_along(video):
    shot = a_shot(video, beside=True)
    with FramePainter(shot, Poser(shot.scene)) as painter:
        pictures = [painter.picture(frame) for frame in range(FRAMES)]
    assert len({each.shape for each in pictures}) == 1
    for frame, each in enumerate(pictures):
        assert np.ptp(each[:, :WIDTH].astype(int)) <= 6  # one grey, as the video is
        assert abs(int(each[5, 5, 0]) - (20 + 20 * (frame + 2))) <= 3
    middles = [np.nonzero(red(each))[1].mean() for each in pictures]
    assert np.ptp(middles) < 2.0  # who walks through the frame stays in the middle of the panel
    panel = pictures[0].shape[1] - WIDTH
    assert abs(np.mean(middles) - WIDTH - panel / 2) < 2.0
    assert panel % 2 == 0


def test_that_somebody_who_is_away_leaves_the_frame_as_it_was(video):
    shot = a_shot(video)
    body = replace(shot.scene.bodies[0], there=np.array([True, True, False, True, True, True]))
    shot = replace(shot, scene=replace(shot.scene, bodies=(body,)))
    with FramePainter(shot, Poser(shot.scene)) as painter:
        assert not red(painter.picture(2)).any()
        assert red(painter.picture(3)).any()


@pytest.mark.parametrize("beside", [False, True])
def test_that_a_film_over_the_frame_has_its_video_behind_it(tmp_path, video, beside):
    shot = a_shot(video, beside=beside)
    count = len(list(film(tmp_path / "a.mp4", shot, SAID, WIDTH, HEIGHT, over=True)))
    with av.open(str(tmp_path / "a.mp4")) as container:
        shown = [each.to_ndarray(format="rgb24") for each in container.decode(video=0)]
    assert count == len(shown) == FRAMES
    greys = [float(each[:4, :4].mean()) for each in shown]
    np.testing.assert_allclose(greys, [20 + 20 * at for at in range(2, 8)], atol=4)


def test_that_a_picture_over_the_frame_is_no_larger_than_asked(tmp_path, video):
    save_picture(tmp_path / "a.png", a_shot(video), SAID, 48, 40, over=True)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (48, 36)

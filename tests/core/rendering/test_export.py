"""Pictures and films of what a view shows."""

from contextlib import closing
from dataclasses import replace

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.bodies.library import DEFAULT_KEY
from core.bodies.skeletons import UPPER_BODY_9
from core.errors import FileError
from core.formats.provenance import Provenance
from core.geometry.cameras import estimated_camera
from core.rendering.contents import LIGHT
from core.rendering.export import (
    ShotPainter,
    film,
    save_picture,
    seen_whole,
    timing,
    turned,
    turning,
    turntable,
)
from core.rendering.moving import MovingBody, MovingScene, MovingSkeleton, Shot
from core.rendering.views import Orbit, to_pixels

SAID = Provenance("Body: CC0, free for any use", "Somebody walks")
SIZE = (96, 72)


def a_body(frames: int = 6, name: str = "") -> MovingBody:
    places_m = np.zeros((frames, 3))
    places_m[:, 0] = np.linspace(-0.3, 0.3, frames)
    places_m[:, 1] = 1.2
    return MovingBody(DEFAULT_KEY, np.zeros(10), np.tile(np.eye(3), (frames, 24, 1, 1)), places_m, "#4fc7cf", name)


def a_shot(frames: int = 6, rate_hz: float = 25.0, **more) -> Shot:
    return Shot(MovingScene(rate_hz, (a_body(frames),)), view=Orbit(focus_m=(0, 1.0, 0), distance_m=5.0), **more)


def frames_of(path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_that_a_transparent_picture_shows_the_body_and_nothing_else(tmp_path):
    shot = replace(a_shot(), shadows=False)
    save_picture(tmp_path / "a.png", shot, SAID, *SIZE, transparent=True)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "RGBA"
        assert picture.size == SIZE
        alpha = np.asarray(picture)[..., 3]
    inside, outside = to_pixels(shot.view, np.array([[-0.3, 1.0, 0.0], [1.5, 1.9, 0.0]]), *SIZE)[0].round().astype(int)
    assert alpha[inside[1], inside[0]] == 255
    assert alpha[outside[1], outside[0]] == 0
    assert 0.02 < (alpha > 128).mean() < 0.5


def test_that_a_picture_with_its_ground_has_no_transparency_and_the_shots_colours(tmp_path):
    save_picture(tmp_path / "a.png", replace(a_shot(), colours=LIGHT), SAID, *SIZE)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "RGB"
        assert picture.getpixel((2, 2)) == (0xDD, 0xDF, 0xE4)


def test_that_a_picture_says_whose_it_is_and_what_made_it(tmp_path):
    save_picture(tmp_path / "a.png", a_shot(), SAID, *SIZE)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.text["Copyright"] == SAID.terms
        assert picture.text["Title"] == "Somebody walks"
        assert picture.text["Software"].startswith("Posecast")


@pytest.mark.parametrize("ending", [".mp4", ".gif"])
def test_that_a_film_shows_every_frame_of_its_stretch(tmp_path, ending):
    events = list(film(tmp_path / f"a{ending}", a_shot(), SAID, *SIZE, start=1, end=5))
    assert [each.done for each in events] == [1, 2, 3, 4]
    shown = frames_of(tmp_path / f"a{ending}")
    assert len(shown) == 4
    with ShotPainter(a_shot(), *SIZE) as painter:
        for at, picture in enumerate(shown):
            drawn = painter.in_space(at + 1)[..., :3]
            assert np.abs(picture.astype(int) - drawn).mean() < 4
    middles = [np.argwhere(each[..., 1] > 90)[:, 1].mean() for each in shown]
    assert middles == sorted(middles)  # who goes to their left goes to the right of the picture


@pytest.mark.parametrize("ending", [".mp4", ".gif"])
def test_that_a_turntable_ends_where_it_begins(tmp_path, ending):
    count = len(list(turntable(tmp_path / f"a{ending}", a_shot(), SAID, *SIZE, seconds=0.8)))
    shown = [each.astype(int) for each in frames_of(tmp_path / f"a{ending}")]
    assert count == len(shown) == 20
    steps = [np.abs(shown[at] - shown[at - 1]).mean() for at in range(count)]  # the first is from the last frame
    assert steps[0] < 1.5 * max(steps[1:])
    assert np.abs(shown[10] - shown[0]).mean() > max(steps)  # in between it was elsewhere


@given(st.floats(-4, 4), st.floats(0, 1.4), st.integers(3, 200))
def test_that_the_view_after_a_whole_turn_is_the_first_one(yaw, pitch, count):
    around = Orbit(yaw=yaw, pitch=pitch)
    assert turned(around, count, count) == turned(around, 0, count) == around
    turns = [turned(around, at, count).yaw for at in range(count)]
    np.testing.assert_allclose(np.diff(turns), 2 * np.pi / count, atol=1e-9)


@given(st.integers(0, 500), st.floats(0.5, 2.0))
def test_that_everybody_stays_in_the_picture_all_the_way_round(seed, aspect):
    points_m = np.random.default_rng(seed).normal(size=(12, 3)) * [1.0, 0.6, 0.4] + [3, 1.5, -2]
    around = turning(Orbit(pitch=0.3, floor_m=None), points_m, aspect)
    for at in range(12):
        pixels, depth_m = to_pixels(turned(around, at, 12), points_m, round(400 * aspect), 400)
        assert (depth_m > 0).all()
        assert (pixels >= 0).all()
        assert (pixels <= [400 * aspect, 400]).all()


def test_that_a_turn_starts_from_where_a_camera_looked():
    points_m = np.array([[-0.5, 0, 4.0], [0.5, 1.7, 5.0]])
    camera = replace(estimated_camera(640, 360), translation_m=np.array([0, 1.0, 6.0]))
    around = turning(camera, points_m, 1.5)
    np.testing.assert_allclose(around.axes()[0], -camera.rotation[2], atol=1e-6)


@given(st.floats(0.2, 240), st.integers(0, 50), st.integers(1, 200))
def test_that_a_film_keeps_the_scenes_own_time(rate_hz, start, frames):
    film_hz, shown = timing(rate_hz, start, start + frames, 30.0)
    assert 0 < film_hz <= 30.0
    assert abs(len(shown) / film_hz - frames / rate_hz) <= max(1 / film_hz, 1 / rate_hz)
    assert shown[0] == start
    assert max(shown) < start + frames
    assert shown == sorted(shown)
    if rate_hz <= 10:
        assert len(shown) == 1 or len(set(shown)) >= min(frames, len(shown)) - 1  # each step is held, none left out


def test_that_a_view_that_follows_somebody_goes_along_in_a_film():
    shot = replace(a_shot(), grid=False, shadows=False)
    shot = replace(shot, view=shot.view.following(np.array([-0.3, 1.0, 0.0])))
    with ShotPainter(shot, *SIZE) as painter:
        first, last = (np.argwhere(painter.in_space(at)[..., 1] > 90)[:, 1].mean() for at in (0, 5))
    assert abs(first - last) < 1.0


def test_that_the_floor_is_under_the_lowest_foot_where_that_is_asked_for():
    shot = a_shot()
    with ShotPainter(shot, *SIZE) as painter:
        lowest_m = float(painter.contents(2).bodies[0].vertices_m[:, 1].min())
    high = replace(shot.scene, ground_m=lowest_m + 0.1, is_floor_under_feet=True)
    for scene, floor_m in ((high, lowest_m), (replace(high, ground_m=lowest_m - 0.2), lowest_m - 0.2)):
        with ShotPainter(replace(shot, scene=scene), *SIZE) as painter:
            assert painter.contents(2).ground_m == pytest.approx(floor_m)


def test_that_names_stand_above_heads_only_where_they_are_asked_for():
    named = MovingScene(25.0, (a_body(name="forecaster-08"),))
    shot = Shot(named, view=Orbit(focus_m=(0, 1.0, 0), distance_m=6.0))
    with ShotPainter(shot, *SIZE) as bare, ShotPainter(replace(shot, labels=True), *SIZE) as labelled:
        assert np.abs(bare.in_space(2).astype(int) - labelled.in_space(2)).max() > 60


def test_that_hands_and_feet_leave_trails_where_they_are_asked_for():
    with ShotPainter(a_shot(trails=True), *SIZE) as painter:
        assert len(painter.contents(0).trails) == 0
        trails = painter.contents(5).trails
    assert len(trails) == 4
    for each in trails:
        assert len(each.points_m) == 6
        assert each.points_m[0][0] < each.points_m[-1][0]


def test_that_a_skeleton_alone_makes_a_picture_too(tmp_path):
    joints_m = np.random.default_rng(0).normal(size=(1, 9, 3)) * 0.3 + [0, 1, 0]
    scene = MovingScene(1.0, (), (MovingSkeleton(joints_m, UPPER_BODY_9),))
    shot = Shot(scene, view=seen_whole(scene, 4 / 3))
    save_picture(tmp_path / "a.png", shot, SAID, *SIZE, transparent=True)
    with Image.open(tmp_path / "a.png") as picture:
        assert (np.asarray(picture)[..., 3] > 0).mean() > 0.01


@pytest.mark.parametrize("ending", [".mp4", ".gif"])
def test_that_stopping_a_film_leaves_the_older_one_and_nothing_else(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    path.write_bytes(b"an older film")
    with closing(film(path, a_shot(), SAID, *SIZE)) as events:
        next(events)
    assert path.read_bytes() == b"an older film"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "shot", "width", "more", "why"),
    [
        ("a.mp4", Shot(MovingScene(25.0)), 96, {}, "nobody to show"),
        ("a.mp4", a_shot(), 96, {"start": 3, "end": 3}, "no frames from 3 to 3"),
        ("a.mp4", a_shot(), 96, {"end": 7}, "no frames from 0 to 7"),
        ("a.mp4", a_shot(), 97, {}, "a video of 97 × 72 cannot be written"),
        ("a.gif", a_shot(), 2000, {}, "too large"),
        ("a.mp4", a_shot(), 4, {}, "cannot be drawn"),
        ("a.mp4", a_shot(), 96, {"over": True}, "no video behind"),
        ("a.avi", a_shot(), 96, {}, "does not end in .avi"),
        ("none/a.mp4", a_shot(), 96, {}, "there is no folder"),
        ("none/a.gif", a_shot(), 96, {}, "there is no folder"),
    ],
)
def test_that_a_film_that_cannot_be_is_refused_with_the_reason(tmp_path, name, shot, width, more, why):
    with pytest.raises(FileError, match=why) as refused:
        list(film(tmp_path / name, shot, SAID, width, 72, **more))
    assert refused.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seconds", [0.0, 1000.0])
def test_that_a_turn_of_no_use_is_refused(tmp_path, seconds):
    with pytest.raises(FileError, match="is no use"):
        list(turntable(tmp_path / "a.mp4", a_shot(), SAID, *SIZE, seconds=seconds))

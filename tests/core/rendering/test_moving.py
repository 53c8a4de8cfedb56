"""What a view shows over time, as a value and as a file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bodies.library import DEFAULT_KEY, body
from core.bodies.skeletons import UPPER_BODY_9
from core.errors import FileError, FormatError
from core.geometry.cameras import estimated_camera
from core.geometry.rotations import matrices
from core.rendering.contents import LIGHT
from core.rendering.moving import (
    Footage,
    MovingBody,
    MovingScene,
    MovingSkeleton,
    Poser,
    Shot,
    load_shot,
    save_shot,
)
from core.rendering.views import Orbit


def moving_body(frames: int = 4, seed: int = 0, **more) -> MovingBody:
    chance = np.random.default_rng(seed)
    return MovingBody(
        DEFAULT_KEY,
        chance.normal(size=3),
        matrices(0.3 * chance.normal(size=(frames, 24, 3))),
        chance.normal(size=(frames, 3)),
        **more,
    )


def moving_skeleton(frames: int = 4) -> MovingSkeleton:
    joints_m = np.random.default_rng(1).normal(size=(frames, 9, 3))
    joints_m[1, 3] = np.nan
    joints_m[2] = np.nan
    return MovingSkeleton(joints_m, UPPER_BODY_9, "#4fc7cf", dashed=True, name="run")


def a_shot(tmp_path) -> Shot:
    scene = MovingScene(
        25.0, (moving_body(there=np.array([True, False, True, True])),), (moving_skeleton(),), ground_m=None
    )
    footage = Footage(tmp_path / "clip.mp4", (3, 4, 5, 9), estimated_camera(64, 48))
    return Shot(scene, 2, Orbit(yaw=0.25), LIGHT, footage, opacity=0.6, beside=True, trails=True)


def same(one, other) -> bool:
    return repr(one) == repr(other)


def test_that_a_shot_comes_back_from_its_file_as_it_was(tmp_path):
    shot = a_shot(tmp_path)
    save_shot(shot, tmp_path / "shot.npz")
    back = load_shot(tmp_path / "shot.npz")
    for one, other in zip(back.scene.bodies, shot.scene.bodies, strict=True):
        for name in ("betas", "rotations", "translation_m", "there"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert (one.body, one.colour, one.name, one.opacity) == (other.body, other.colour, other.name, other.opacity)
    (one,), (other,) = back.scene.skeletons, shot.scene.skeletons
    np.testing.assert_array_equal(one.joints_m, other.joints_m)
    assert (one.skeleton, one.colour, one.dashed, one.name) == (UPPER_BODY_9, "#4fc7cf", True, "run")
    assert (back.view, back.colours, back.at) == (shot.view, shot.colours, shot.at)
    assert (back.opacity, back.beside, back.trails, back.labels) == (0.6, True, True, False)
    assert back.scene.ground_m is None
    assert back.scene.rate_hz == 25.0
    assert same(back.footage, shot.footage)


def test_that_a_view_through_a_camera_or_after_somebody_comes_back_too(tmp_path):
    scene = MovingScene(30.0, (moving_body(),))
    save_shot(Shot(scene, view=estimated_camera(640, 360)), tmp_path / "shot.npz")
    assert same(load_shot(tmp_path / "shot.npz").view, estimated_camera(640, 360))
    followed = Orbit().following(np.array([1.0, 0.9, 0.0]))
    save_shot(Shot(scene, view=followed), tmp_path / "shot.npz")
    assert load_shot(tmp_path / "shot.npz").view == followed


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"not an archive at all"])
def test_that_another_file_is_refused_as_a_shot_in_words(tmp_path, content):
    (tmp_path / "shot.npz").write_bytes(content)
    with pytest.raises(FormatError, match="does not hold what a view shows"):
        load_shot(tmp_path / "shot.npz")


def test_that_a_shot_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        load_shot(tmp_path / "shot.npz")


def test_that_a_scene_refuses_people_over_different_times():
    with pytest.raises(ValueError, match="different numbers of frames"):
        MovingScene(30.0, (moving_body(4),), (moving_skeleton(5),))
    with pytest.raises(ValueError, match="do not go together"):
        MovingBody(DEFAULT_KEY, np.zeros(3), np.zeros((4, 24, 3, 3)), np.zeros((3, 3)))


@given(st.integers(0, 9), st.integers(0, 9))
def test_that_a_stretch_holds_the_frames_between_its_ends(one, other):
    start, end = min(one, other), max(one, other)
    scene = MovingScene(30.0, (moving_body(10),))
    part = scene.stretch(start, end)
    assert len(part) == end - start
    np.testing.assert_array_equal(part.bodies[0].translation_m, scene.bodies[0].translation_m[start:end])


def test_that_people_stand_only_where_they_are_and_joints_only_where_they_are_known():
    here = np.array([True, False, True, True])
    scene = MovingScene(30.0, (moving_body(there=here),), (moving_skeleton(),))
    poser = Poser(scene, body)
    counts = [tuple(len(group) for group in poser.at(frame)) for frame in range(4)]
    assert counts == [(1, 1), (0, 1), (1, 0), (1, 1)]
    (_, (skeleton,)) = poser.at(1)
    assert list(np.flatnonzero(~skeleton.shown())) == [3]


def test_that_a_posed_body_is_the_one_its_figure_makes():
    moving = moving_body()
    ((posed,), _) = Poser(MovingScene(30.0, (moving,)), body).at(2)
    expected = body().shaped(moving.betas).pose(moving.rotations[2], moving.translation_m[2])
    np.testing.assert_array_equal(posed.vertices_m, expected)

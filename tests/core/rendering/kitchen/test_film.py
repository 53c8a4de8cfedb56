"""The kitchen filmed: what the picture shows is what the simulation did."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body
from core.geometry.cameras import Camera, project
from core.rendering.kitchen.film import film
from core.rendering.kitchen.script import CookLook, FilmDoor, FilmScript, FilmThing, Layout
from core.rendering.kitchen.stage import Stage
from core.video import open_video
from tests.core.rendering.golden import assert_looks_like

pytestmark = pytest.mark.slow  # a stage takes about half a second to set up

WIDTH, HEIGHT, FRAMES = 320, 180, 4
LOOK = CookLook(shirt="#ff00ff", apron=None)


def camera():
    place, towards = np.array([0.38, 1.98, 2.10]), np.array([0.0, 1.04, -0.45])
    forward = (towards - place) / np.linalg.norm(towards - place)
    right = np.cross(forward, [0, 1, 0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    focal = HEIGHT / 2 / np.tan(np.radians(21))
    return Camera(
        rotation=rotation,
        translation_m=-rotation @ place,
        focal_px=np.array([focal, focal]),
        centre_px=np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2]),
        width=WIDTH,
        height=HEIGHT,
        distortion=np.zeros(5),
    )


def still(place, rotation=None):
    turn = np.eye(3) if rotation is None else rotation
    return np.tile(np.array(place, float), (FRAMES, 1)), np.tile(turn, (FRAMES, 1, 1)), np.ones(FRAMES, bool)


@pytest.fixture
def script():
    vectors = np.zeros((24, 3))
    vectors[SMPL_24["left_shoulder"]] = [0, 0, -70]
    vectors[SMPL_24["right_shoulder"]] = [0, 0, 70]
    rotations = np.tile(Rotation.from_rotvec(vectors, degrees=True).as_matrix(), (FRAMES, 1, 1, 1))
    floor = -Body.load().rest()[0][:, 1].min()
    translation = np.stack([np.linspace(-0.3, 0.3, FRAMES), np.full(FRAMES, floor), np.full(FRAMES, -0.4)], -1)
    return FilmScript(Layout(), camera(), 30.0, np.zeros(10), rotations, translation, LOOK)


def of_shirt(picture):
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return (red > green + 40) & (blue > green + 40)


def frames_of(script):
    with Stage(script, WIDTH, HEIGHT) as stage:
        return [stage.frame(k) for k in range(FRAMES)]


def test_that_the_cook_is_drawn_where_their_joints_project(script):
    figure = Body.load().shaped(script.betas)
    for k, picture in enumerate(frames_of(script)):
        rows, columns = np.nonzero(of_shirt(picture))
        chest = figure.place(script.rotations[k], script.translation_m[k]).places_m[SMPL_24["spine3"]]
        at = project(chest, script.camera)
        assert abs(columns.mean() - at[0]) < 5
        assert rows.min() < at[1] < rows.max()


def test_that_frames_drawn_out_of_order_are_the_same_frames(script):
    in_order = frames_of(script)
    with Stage(script, WIDTH, HEIGHT) as stage:
        for k in (3, 0, 2):
            np.testing.assert_array_equal(stage.frame(k), in_order[k])


def test_that_the_island_hides_what_is_behind_it(script):
    """No shirt is seen below the worktop's near edge, though the body goes down to the floor."""
    picture = frames_of(script)[0]
    edge = project(np.array([[x, 0.90, 0.68] for x in (-0.6, 0.6)]), script.camera)[:, 1].max()
    assert of_shirt(picture).any()
    assert not of_shirt(picture)[int(edge) + 2 :].any()


def test_that_a_thing_before_the_cook_covers_them_and_one_behind_does_not(script):
    place = np.array([-0.3, 1.35, 0.1])
    turn = Rotation.from_euler("x", 90, degrees=True).as_matrix()  # the board stands up
    flat = FilmThing("board", "board", *still(place, turn))
    before = replace(script, things=(replace(flat, place_m=flat.place_m + np.arange(FRAMES)[:, None] * 1e-4),))
    away = flat.place_m - np.array([0, 0, 1.0])
    behind = replace(script, things=(replace(flat, place_m=away + np.arange(FRAMES)[:, None] * 1e-4),))
    alone, covered, free = (of_shirt(frames_of(each)[0]).sum() for each in (script, before, behind))
    assert covered < 0.9 * alone
    assert free == pytest.approx(alone, rel=0.02)


def test_that_still_things_and_moving_ones_are_drawn_in_the_same_place(script):
    place, turn, seen = still([0.3, 0.90, 0.3])
    resting = frames_of(replace(script, things=(FilmThing("tomato", "tomato", place, turn, seen),)))[1]
    gone = seen.copy()
    gone[-1] = False  # what ever changes is drawn each frame
    moving = frames_of(replace(script, things=(FilmThing("tomato", "tomato", place, turn, gone),)))

    column, row = np.round(project(np.array([0.3, 0.93, 0.3]), script.camera)).astype(int)

    def red(picture):
        picture = picture[row - 14 : row + 15, column - 14 : column + 15]
        part = np.argwhere(picture[..., 0].astype(int) > picture[..., 1:].max(-1) + 60)
        return np.concatenate([part.min(0), part.max(0)]) if len(part) else None

    np.testing.assert_allclose(red(resting), red(moving[1]), atol=1)
    assert red(moving[-1]) is None


def test_that_a_door_turns_about_its_hinge_as_told(script):
    hinge = (1.40, -1.02)
    opening = np.array([0.0, 0.0, -1.4, -1.4])
    door = FilmDoor("fridge", hinge, opening, np.zeros((FRAMES, 3)))
    pictures = frames_of(replace(script, doors={"fridge": door}, translation_m=script.translation_m * [0, 1, 1]))
    np.testing.assert_array_equal(pictures[0], pictures[1])
    shut, pivot = np.array([1.355, 1.1, -0.42]), np.array([hinge[0], 0, hinge[1]])
    turned = pivot + Rotation.from_euler("y", -1.4).as_matrix() @ (shut - pivot)
    for place, k in ((turned, 2), (shut, 0)):
        column, row = np.round(project(place, script.camera)).astype(int)
        patch = np.s_[row - 3 : row + 4, column - 3 : column + 4]
        other = pictures[0 if k == 2 else 2][patch].astype(int)
        assert np.abs(pictures[k][patch].astype(int) - other).max() > 25


def test_that_the_cooks_shadow_only_darkens_the_room(script):
    with Stage(script, WIDTH, HEIGHT) as stage:
        bare = stage._room.copy()
        near = stage.frame(0).astype(float)
        covered = stage._window.depth() < stage._room_depth - 1e-6
    seen = ~covered.reshape(HEIGHT, 2, WIDTH, 2).any(axis=(1, 3))
    difference = (near - bare)[seen]
    assert difference.max() <= 1
    assert difference.min() < -15


def test_that_a_film_is_a_video_of_its_frames(script, tmp_path):
    path = tmp_path / "cook.mp4"
    steps = list(film(script, path, WIDTH, HEIGHT))
    assert steps[-1].done == steps[-1].total == FRAMES
    wanted = frames_of(script)
    with open_video(path) as video:
        assert (len(video), video.width, video.height) == (FRAMES, WIDTH, HEIGHT)
        assert video.rate_hz == pytest.approx(30)
        for k in range(FRAMES):
            assert np.abs(video.frame(k).astype(int) - wanted[k]).mean() < 6


def test_that_a_film_that_is_stopped_leaves_no_file(script, tmp_path):
    with closing(film(script, tmp_path / "cook.mp4", WIDTH, HEIGHT)) as drawing:
        next(drawing)
    assert list(tmp_path.iterdir()) == []


def test_that_a_script_whose_tracks_differ_in_length_is_refused(script):
    place, turn, seen = still([0, 1, 0])
    with pytest.raises(ValueError, match="plate place has 3 frames, the film 4"):
        replace(script, things=(FilmThing("plate", "plate", place[:-1], turn, seen),))
    with pytest.raises(ValueError, match="no thing of this kind"):
        FilmThing("spaceship", "spaceship", place, turn, seen)
    with pytest.raises(ValueError, match="no door of this name"):
        FilmDoor("garage", (0, 0), np.zeros(FRAMES), np.zeros((FRAMES, 3)))


def test_that_the_kitchen_looks_as_it_did(script):
    things = tuple(
        FilmThing(kind, kind, *still([x, 0.90, z]))
        for kind, x, z in (("pot", 1.0, 0.26), ("carrot", 0.2, 0.3), ("bread", -0.2, 0.4), ("oil", 0.45, 0.45))
    )
    look = CookLook(hair="long", shirt="#3f6b4a", apron="#e8e2d4")
    with Stage(replace(script, things=things, look=look), WIDTH, HEIGHT) as stage:
        assert_looks_like(stage.frame(1), "kitchen")

"""The camera round a scene: numbers in, numbers out, never under the floor, never over the pole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.geometry.cameras import Camera
from core.rendering.offscreen import Finish, Mesh, Window
from core.rendering.views import FIELD, LOWEST_OVER_FLOOR_M, Orbit, aim, to_pixels

small = st.floats(-3, 3)


@given(st.lists(st.tuples(small, small), max_size=12))
def test_that_no_orbit_crosses_the_floor_or_the_pole(turns):
    view = Orbit()
    for yaw, pitch in turns:
        view = view.orbited(yaw, pitch)
        assert view.place_m()[1] >= LOWEST_OVER_FLOOR_M - 1e-9
        assert view.axes()[2][1] > 0  # the picture's up stays up


@given(small, small)
def test_that_orbiting_there_and_back_is_where_it_was(yaw, pitch):
    start = Orbit(pitch=0.3)
    if abs(0.3 + pitch * 0.1) < 1:
        back = start.orbited(yaw, pitch * 0.1).orbited(-yaw, -pitch * 0.1)
        np.testing.assert_allclose(back.place_m(), start.place_m(), atol=1e-6)


@given(st.floats(0.5, 2.0), st.floats(-0.5, 0.5), st.floats(-0.4, 0.4))
def test_that_zooming_keeps_the_point_under_the_pointer(factor, right, above):
    view = Orbit(floor_m=None)

    def under_pointer(view):
        towards, x, y = view.axes()
        ray = -towards + 2 * np.tan(FIELD / 2) * (right * x + above * y)
        return view.place_m() + ray * (view.distance_m)  # on the plane through the focus

    before = under_pointer(view)
    zoomed = view.zoomed(factor, (right, above))
    _, x, y = zoomed.axes()
    off = before - np.array(zoomed.focus_m)
    height = 2 * zoomed.distance_m * np.tan(FIELD / 2)
    np.testing.assert_allclose([off @ x / height, off @ y / height], [right, above], atol=1e-6)


@pytest.mark.parametrize("preset", ["front", "side", "top"])
@pytest.mark.parametrize("aspect", [0.6, 1.0, 2.2])
def test_that_framing_shows_every_point_and_wastes_little(preset, aspect):
    points = np.random.default_rng(0).normal(0, 1, (60, 3)) * [0.3, 0.8, 0.3] + [4, 1.2, -2]
    view = Orbit(floor_m=None).preset(preset).framing(points, aspect)
    towards, x, y = view.axes()
    off = points - view.place_m()
    depth = off @ -towards
    tall = np.tan(FIELD / 2) * depth
    shares = np.maximum(np.abs(off @ y) / tall, np.abs(off @ x) / (tall * aspect))
    assert shares.max() <= 1.0
    assert shares.max() > 0.75


def test_that_the_side_view_shows_the_persons_left():
    towards, right, _ = Orbit().preset("side").axes()
    np.testing.assert_allclose(towards, [np.cos(0.08), np.sin(0.08), 0], atol=1e-9)
    np.testing.assert_allclose(right, [0, 0, -1], atol=1e-9)  # they look to the picture's left


def test_that_looking_along_an_axis_points_it_at_the_viewer():
    for axis, direction in (("x", [1, 0, 0]), ("z", [0, 0, 1])):
        for negative in (False, True):
            towards = Orbit(floor_m=None).along(axis, negative).axes()[0]
            np.testing.assert_allclose(towards, np.array(direction) * (-1 if negative else 1), atol=1e-6)
    assert Orbit().along("y").axes()[0][1] > 0.99


@pytest.mark.parametrize("size", [(320, 180), (300, 300), (240, 360)])
def test_that_a_clips_camera_draws_a_point_where_it_projects(size):
    """VTK's picture of a small ball, through a tilted camera with an odd principal point, against `project`."""
    from core.geometry.cameras import project
    from core.rendering.sticks import _BALL_FACES, _BALL_POINTS

    tilt = 0.35
    rotation = np.array([[1, 0, 0], [0, -np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), -np.cos(tilt)]])
    camera = Camera(
        rotation=rotation,
        translation_m=-rotation @ np.array([0.3, 2.0, 3.0]),
        focal_px=np.array([210.0, 210.0]),
        centre_px=np.array([170.5, 84.0]),
        width=320,
        height=180,
        distortion=np.zeros(5),
    )
    point = np.array([0.6, 1.1, -0.4])
    window = Window(*size, "#000000")
    ball = _BALL_POINTS * 0.02
    window.add(Mesh(ball + point, _BALL_FACES, colours="#ffffff", finish=Finish(flat=True)))
    aim(window.renderer, camera, *size)
    window.draw()
    rows, columns = np.nonzero(window.picture()[..., 0] > 128)
    window.close()
    scale = min(size[0] / 320, size[1] / 180)
    wanted = (project(point, camera) - [159.5, 89.5]) * scale + (np.array(size) - 1) / 2
    np.testing.assert_allclose([columns.mean(), rows.mean()], wanted, atol=0.6)


@given(st.lists(st.tuples(small, small, small), min_size=1, max_size=6), small, small)
def test_that_following_keeps_the_person_where_they_are_in_the_picture(path, yaw, right):
    """Whatever was turned or panned meanwhile; heights are not followed."""
    start = np.array([0.3, 0.9, -0.4])
    view = Orbit(distance_m=5.0).following(start).orbited(yaw, 0.0).panned(0.1 * right, 0.0)
    before, _ = to_pixels(view, start[None], 400, 300)
    for x, _, z in path:
        view = view.following(np.array([x, 0.9, z]))
        after, _ = to_pixels(view, np.array([[x, 0.9, z]]), 400, 300)
        np.testing.assert_allclose(after, before, atol=1e-6)
    assert view.focus_m[1] == pytest.approx(Orbit().focus_m[1])


@pytest.mark.parametrize("perspective", [True, False])
def test_that_numbers_and_vtk_agree_where_a_point_is(perspective):
    from core.rendering.sticks import _BALL_FACES, _BALL_POINTS

    view = Orbit(yaw=0.5, pitch=0.4, distance_m=3.0, perspective=perspective)
    point = np.array([0.4, 1.3, 0.5])
    window = Window(320, 200, "#000000")
    window.add(Mesh(_BALL_POINTS * 0.03 + point, _BALL_FACES, colours="#ffffff", finish=Finish(flat=True)))
    aim(window.renderer, view, 320, 200)
    window.draw()
    rows, columns = np.nonzero(window.picture()[..., 0] > 128)
    window.close()
    (wanted,), _ = to_pixels(view, point[None], 320, 200)
    np.testing.assert_allclose([columns.mean(), rows.mean()], wanted, atol=0.6)

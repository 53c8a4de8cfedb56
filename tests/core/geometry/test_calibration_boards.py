"""A lens from rendered chessboards whose camera is known."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import CalibrationError
from core.geometry.calibration_boards import BoardCalibration, Looked, calibrate_chessboard, calibrate_views, find_board
from core.geometry.cameras import eye_m, project, tilt_deg
from tests.core.geometry.scenes import board_picture, board_views, camera_at

LENS = (-0.2, 0.06, 0.001, -0.0005)
BOARD = (9, 6)
SQUARE = 0.025


@pytest.fixture(scope="module")
def camera():
    return replace(camera_at(focal=520.0, size=(640, 360), lens=LENS), centre_px=np.array([325.0, 176.0]))


@pytest.fixture(scope="module")
def pictures(camera):
    return board_views(camera, 12)


@pytest.fixture(scope="module")
def views(pictures):
    found = [find_board(name, picture, BOARD) for name, picture in pictures]
    assert all(found)
    return found


def lying_on_the_floor(camera):
    """A board of the world's floor, seen from 45 cm above it, tilted down by 40 degrees."""
    stands = replace(camera, **_pose(tilt_deg=40.0, eye=(0.1, 0.45, 0.65)))
    axes = stands.rotation @ np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    return ("on the floor", board_picture(camera, axes, stands.translation_m, BOARD, SQUARE))


def _pose(**where):
    there = camera_at(heading_deg=0.0, **where)
    return {"rotation": there.rotation, "translation_m": there.translation_m}


def test_that_a_filmed_board_gives_the_lens_back_within_half_a_percent(camera, pictures):
    *looked, found = list(calibrate_chessboard(iter(pictures), BOARD, SQUARE))
    assert [each.looked for each in looked if isinstance(each, Looked)] == list(range(1, 13))
    assert isinstance(found, BoardCalibration)
    assert found.camera.focal_px == pytest.approx(camera.focal_px, rel=0.005)
    assert found.camera.centre_px == pytest.approx(camera.centre_px, abs=2.5)
    assert found.error_px < 0.25
    assert abs(found.camera.focal_px[0] - 520) < 4 * found.spread.focal_px + 0.5
    # What counts is where the lens draws things, not the single coefficients.
    corners = np.array([[x, y, 1.0] for x in (-0.5, 0, 0.5) for y in (-0.28, 0, 0.28)])
    straight = {"rotation": np.eye(3), "translation_m": np.zeros(3)}
    there = project(corners, replace(camera, **straight))
    np.testing.assert_allclose(project(corners, replace(found.camera, **straight)), there, atol=2.5)


def test_that_without_a_view_on_the_floor_only_the_lens_is_known(views):
    found = calibrate_views(views, BOARD, SQUARE, 640, 360)
    assert not found.placed
    assert found.camera.estimated
    assert any("Where the camera stands is not told" in each for each in found.words)


def test_that_a_view_on_the_floor_places_the_camera(camera, views):
    name, picture = lying_on_the_floor(camera)
    on_floor = find_board(name, picture, BOARD)
    found = calibrate_views([*views, on_floor], BOARD, SQUARE, 640, 360, lying=name)
    assert found.placed
    assert not found.camera.estimated
    assert eye_m(found.camera)[1] == pytest.approx(0.45, abs=0.01)
    assert tilt_deg(found.camera) == pytest.approx(40, abs=0.7)
    assert np.linalg.norm(eye_m(found.camera)) == pytest.approx(np.linalg.norm([0.1, 0.45, 0.65]), abs=0.16)
    assert found.camera.rotation[2, 2] < 0  # it looks along −z


def test_that_closing_the_search_ends_it(pictures):
    asked = []
    search = calibrate_chessboard((asked.append(name) or (name, picture) for name, picture in pictures), BOARD, SQUARE)
    next(search)
    search.close()
    assert asked == ["view 0"]


def test_that_boards_facing_the_camera_do_not_tell_the_focal_length(camera):
    facing = [
        (f"view {at}", board_picture(camera, np.eye(3), np.array([-0.1 + 0.05 * at, -0.06, 0.55])))
        for at in range(-2, 3)
    ]
    with pytest.raises(CalibrationError, match="do not tell the focal length"):
        list(calibrate_chessboard(facing, BOARD, SQUARE))


def test_that_one_view_many_times_is_one_view(views):
    with pytest.raises(CalibrationError, match="1 different side; at least 3"):
        calibrate_views([replace(views[0], name=f"frame {at}") for at in range(20)], BOARD, SQUARE, 640, 360)


def test_that_a_blurred_view_is_left_out(views):
    smeared = replace(views[3], edge_px=4 * views[3].edge_px, corners_px=views[3].corners_px + 3)
    found = calibrate_views([*views[:3], smeared, *views[4:]], BOARD, SQUARE, 640, 360)
    assert smeared.name not in [each.name for each in found.views]


def test_that_a_view_whose_corners_are_wrong_is_thrown_out(views):
    bent = replace(views[3], corners_px=views[3].corners_px + np.random.default_rng(0).normal(0, 6, (54, 2)))
    found = calibrate_views([*views[:3], bent, *views[4:]], BOARD, SQUARE, 640, 360)
    assert bent.name not in [each.name for each in found.views]
    assert found.error_px < 0.3


def test_that_pictures_without_the_board_say_what_was_looked_for():
    grey = np.full((360, 640, 3), 128, np.uint8)
    with pytest.raises(CalibrationError, match="found in 0 of 2 pictures") as refused:
        list(calibrate_chessboard([("a", grey), ("b", grey)], BOARD, SQUARE))
    assert "9 × 6" in refused.value.hint


def test_that_pictures_of_two_sizes_are_refused(pictures):
    with pytest.raises(CalibrationError, match="small is 320 × 180"):
        list(calibrate_chessboard([pictures[0], ("small", pictures[1][1][::2, ::2])], BOARD, SQUARE))


@pytest.mark.parametrize(("board", "square"), [((2, 6), 0.025), ((9, 60), 0.025), ((9, 6), 0.0), ((9, 6), 25.0)])
def test_that_a_board_that_cannot_be_is_refused(board, square):
    with pytest.raises(CalibrationError, match="cannot be"):
        list(calibrate_chessboard([], board, square))


def test_that_a_floor_view_without_the_board_is_refused_by_name(views):
    with pytest.raises(CalibrationError, match="not found in frame 7"):
        calibrate_views(views, BOARD, SQUARE, 640, 360, lying="frame 7")

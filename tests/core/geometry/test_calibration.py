"""Cameras from pairs of pixels and places, and what does not tell one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import CalibrationError
from core.geometry.calibration import calibrate_points
from core.geometry.cameras import eye_m, project, tilt_deg
from core.geometry.rooms import Box, Opening, Room
from tests.core.geometry.scenes import KITCHEN, camera_at, seen, seen_of

SIZE = (1920, 1080)
FLOOR = [(x, 0.0, z) for x in (0.5, 1.5, 2.5) for z in (0.2, 1.0, 1.8)]


def noisy(pixels, off_px=1.0, seed=0):
    return pixels + np.random.default_rng(seed).normal(0, off_px, pixels.shape)


@pytest.mark.parametrize("roll", [0, 25, -90])
@pytest.mark.parametrize("lens", [(), (-0.25, 0.08, 0.001, -0.002, -0.01)])
def test_that_exact_marks_give_back_the_very_camera_through_any_known_lens(roll, lens):
    camera = camera_at(roll_deg=roll, lens=lens, tilt_deg=20)
    pixels, places, _ = seen_of(camera)
    found = calibrate_points(pixels, places, *SIZE, camera=replace(camera, focal_px=np.array([1100.0, 1100.0])))
    assert found.error_px < 1e-4
    assert found.camera.focal_px == pytest.approx(camera.focal_px, rel=1e-5)
    np.testing.assert_allclose(eye_m(found.camera), eye_m(camera), atol=1e-4)
    np.testing.assert_allclose(found.camera.rotation, camera.rotation, atol=1e-5)


@given(
    focal=st.floats(900, 3500), tilt=st.floats(0, 35), heading=st.floats(-25, 25), height=st.floats(1.0, 2.2),
    seed=st.integers(0, 1000),
)  # fmt: skip
@settings(max_examples=25)
def test_that_a_persons_clicks_give_the_camera_within_four_of_the_spreads_that_are_said(
    focal, tilt, heading, height, seed
):
    camera = camera_at((1.5, height, 4.5), focal=focal, tilt_deg=tilt, heading_deg=heading)
    pixels, places, _ = seen_of(camera)
    if len(pixels) < 8:
        return
    try:
        found = calibrate_points(noisy(pixels, 0.7, seed), places, *SIZE)
    except CalibrationError as error:
        assert "focal length" in str(error) or "line" in str(error)  # noqa: PT017  (too narrow a view tells nothing)
        return
    off = abs(found.camera.focal_px[0] - focal), np.linalg.norm(eye_m(found.camera) - eye_m(camera))
    assert off[0] < 4 * found.spread.focal_px + 1
    assert off[1] < 4 * found.spread.place_m + 0.005
    assert abs(tilt_deg(found.camera) - tilt) < 4 * found.spread.tilt_deg + 0.05


def test_that_ten_marks_in_a_kitchen_tell_the_focal_length_to_2_percent_and_the_place_to_8_cm():
    camera = camera_at()
    pixels, places, _ = seen_of(camera)
    off = []
    for seed in range(20):
        found = calibrate_points(noisy(pixels, 1.0, seed), places, *SIZE)
        off.append((found.camera.focal_px[0] / 1500 - 1, np.linalg.norm(eye_m(found.camera) - eye_m(camera))))
    focal, place = np.sqrt(np.square(off).mean(0))
    assert focal < 0.02
    assert place < 0.08


@pytest.mark.slow
def test_that_the_spread_that_is_said_is_the_spread_there_is():
    camera = camera_at()
    pixels, places, _ = seen_of(camera)
    found = [calibrate_points(noisy(pixels, 0.8, seed), places, *SIZE) for seed in range(40)]
    for said, there in (
        ([each.spread.focal_px for each in found], [each.camera.focal_px[0] for each in found]),
        ([each.spread.height_m for each in found], [eye_m(each.camera)[1] for each in found]),
        ([each.spread.tilt_deg for each in found], [tilt_deg(each.camera) for each in found]),
    ):
        assert 0.7 < np.mean(said) / np.std(there) < 1.5


def test_that_four_marks_on_the_floor_are_enough_for_a_known_lens_and_the_focal_length_stays():
    camera = camera_at()
    pixels, places, _ = seen(camera, FLOOR)
    found = calibrate_points(pixels[[0, 2, 6, 8]], places[[0, 2, 6, 8]], *SIZE, camera=camera, refine_focal=False)
    np.testing.assert_allclose(eye_m(found.camera), eye_m(camera), atol=1e-3)
    assert found.camera.focal_px.tolist() == camera.focal_px.tolist()
    assert found.spread.focal_px == 0
    assert not found.camera.estimated


def test_that_a_slanted_floor_alone_tells_the_focal_length_with_its_spread():
    camera = camera_at(tilt_deg=25)
    pixels, places, _ = seen(camera, FLOOR)
    found = calibrate_points(noisy(pixels, 0.7), places, *SIZE)
    assert abs(found.camera.focal_px[0] - 1500) < 3 * found.spread.focal_px
    assert 3 < found.spread.focal_px < 100


def test_that_a_wall_seen_head_on_does_not_tell_the_focal_length():
    camera = camera_at((2.0, 1.2, 5.0), tilt_deg=0, heading_deg=0)
    wall = [(x, y, 0.0) for x in (1.0, 2.0, 3.0) for y in (0.5, 1.2, 2.0)]
    pixels, places, _ = seen(camera, wall)
    with pytest.raises(CalibrationError, match="one plane that is seen nearly head-on"):
        calibrate_points(noisy(pixels), places, *SIZE)
    known = calibrate_points(noisy(pixels), places, *SIZE, camera=camera, refine_focal=False)
    np.testing.assert_allclose(eye_m(known.camera), eye_m(camera), atol=0.15)


@given(count=st.integers(0, 5))
def test_that_too_few_marks_are_refused_with_how_many_are_needed(count):
    pixels, places, _ = seen_of(camera_at())
    with pytest.raises(CalibrationError, match=f"{count} of at least 6 points"):
        calibrate_points(pixels[:count], places[:count], *SIZE)


@given(
    start=st.tuples(*[st.floats(-1, 1)] * 3), step=st.tuples(*[st.floats(-1, 1)] * 3), count=st.integers(6, 12),
    beside=st.booleans(),
)  # fmt: skip
def test_that_points_on_one_line_are_refused_also_with_one_beside_it(start, step, count, beside):
    step = np.add(step, [1.5, 0, 0])
    places = np.array(start) + np.outer(np.linspace(0, 1, count), step)
    if beside:
        places[count // 2] += [0, 0.8, 0.3]
    pixels = np.random.default_rng(count).uniform(100, 900, (count, 2))
    with pytest.raises(CalibrationError, match="one line"):
        calibrate_points(pixels, places, *SIZE)


@pytest.mark.parametrize("what", ["place", "pixel"])
def test_that_the_same_point_twice_is_refused_by_name(what):
    pixels, places, names = seen_of(camera_at())
    places, pixels = places.copy(), pixels.copy()
    (places if what == "place" else pixels)[4] = (places if what == "place" else pixels)[1]
    with pytest.raises(CalibrationError, match=f"{names[1]} and {names[4]} have the same {what}"):
        calibrate_points(pixels, places, *SIZE, names=names)


@given(tilt=st.floats(5, 35), heading=st.floats(-25, 25), focal=st.floats(1000, 2500))
@settings(max_examples=6)
def test_that_swapped_sides_are_refused_as_a_mirror(tilt, heading, focal):
    camera = camera_at(tilt_deg=tilt, heading_deg=heading, focal=focal)
    pixels, places, _ = seen_of(camera)
    if len(pixels) < 8:
        return
    with pytest.raises(CalibrationError, match=r"mirror|focal length|No camera|line"):
        calibrate_points(pixels, places * [-1, 1, 1], *SIZE)


def test_that_a_mirrored_kitchen_is_called_a_mirror():
    pixels, places, _ = seen_of(camera_at())
    with pytest.raises(CalibrationError, match="seen as in a mirror"):
        calibrate_points(pixels, places * [-1, 1, 1], *SIZE)


def test_that_swapped_sides_on_a_floor_are_refused_though_a_camera_under_it_would_fit():
    camera = camera_at()
    pixels, places, _ = seen(camera, FLOOR)
    with pytest.raises(CalibrationError, match="from below"):
        calibrate_points(pixels, places * [-1, 1, 1], *SIZE)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e8, -1e200])
def test_that_places_nobody_measures_in_metres_are_refused(wrong):
    pixels, places, _ = seen_of(camera_at())
    places[2, 1] = wrong
    with pytest.raises(CalibrationError, match="missing, or it is farther"):
        calibrate_points(pixels, places, *SIZE)


def test_that_marks_on_one_line_of_the_picture_are_refused():
    pixels, places, _ = seen_of(camera_at())
    pixels[:, 1] = 500
    with pytest.raises(CalibrationError, match="edge-on"):
        calibrate_points(pixels, places, *SIZE)


def test_that_marks_given_to_the_wrong_points_fit_no_camera():
    pixels, places, _ = seen_of(camera_at())
    order = np.random.default_rng(0).permutation(len(pixels))
    with pytest.raises(CalibrationError, match="No camera sees these points so"):
        calibrate_points(pixels[order], places, *SIZE)


@pytest.mark.parametrize("wrong", range(8))
def test_that_one_wrong_mark_is_named(wrong):
    camera = camera_at(tilt_deg=20)
    pixels, places, names = seen_of(camera)
    pixels = noisy(pixels, 0.5)
    pixels[wrong] += [25, -20]
    found = calibrate_points(pixels, places, *SIZE, camera=camera, refine_focal=False, names=names)
    assert any(names[wrong].lower() in each.lower() and "does not fit" in each for each in found.warnings), (
        found.warnings
    )


@pytest.mark.parametrize(("off_px", "on_floor"), [(40, False), (40, True), (150, False), (150, True)])
def test_that_one_wrong_mark_is_named_also_where_no_lens_is_known_however_far_off_it_is(off_px, on_floor):
    camera = camera_at(tilt_deg=22)
    pixels, places, names = seen(camera, FLOOR, [f"mark {at}" for at in range(9)]) if on_floor else seen_of(camera)
    for wrong in (0, 7):
        marked = noisy(pixels, 0.5)
        marked[wrong] += np.array([0.8, 0.6]) * off_px
        try:
            said = calibrate_points(marked, places, *SIZE, names=names).warnings
        except CalibrationError as error:
            said = (str(error),)
        assert any(each.lower().startswith(f"{names[wrong]} does not fit".lower()) for each in said), said


def test_that_without_a_lens_and_without_seeking_one_the_result_is_an_estimate():
    pixels, places, _ = seen_of(camera_at())
    found = calibrate_points(pixels, places, *SIZE, refine_focal=False)
    assert found.camera.estimated
    assert any("usual lens" in each for each in found.warnings)


def test_that_a_lens_is_taken_to_pictures_of_another_size_but_not_of_another_shape():
    camera = camera_at()
    pixels, places, _ = seen_of(camera)
    half = calibrate_points((pixels + 0.5) / 2 - 0.5, places, 960, 540, camera=camera, refine_focal=False)
    assert half.camera.focal_px == pytest.approx([750, 750])
    assert half.error_px < 1e-6
    with pytest.raises(CalibrationError, match="1920 × 1080, not 1080 × 1080"):
        calibrate_points(pixels, places, 1080, 1080, camera=camera, refine_focal=False)


def test_that_the_error_is_what_the_found_camera_draws_off():
    pixels, places, _ = seen_of(camera_at())
    found = calibrate_points(noisy(pixels), places, *SIZE)
    off = np.linalg.norm(project(places, found.camera) - noisy(pixels), axis=1)
    np.testing.assert_allclose(found.errors_px, off)
    assert found.error_px == pytest.approx(off.mean())
    assert found.worst == int(off.argmax())


def test_that_a_room_names_its_corners_and_an_opening_keeps_its_left_as_seen_from_inside():
    points = KITCHEN.points_m()
    assert points["floor, back left"] == (0, 0, 0)
    assert points["ceiling, front right"] == (4, 2.5, 3)
    assert points["worktop, top front right"] == (2.5, 0.9, 0.6)
    assert points["door, bottom left"] == (0, 0, 2.0)  # the left wall's left end is at the front
    assert points["door, top right"] == (0, 2.0, pytest.approx(1.1))
    assert {each for edge in KITCHEN.edges() for each in edge} == set(points)
    assert len(KITCHEN.edges()) == 12 + 12 + 4


def test_that_a_room_doubts_a_camera_behind_its_wall_or_under_its_floor():
    assert KITCHEN.doubts(camera_at()) == ()
    assert "behind the back wall" in KITCHEN.doubts(camera_at((1.5, 1.5, -1)))[0]
    assert "under the floor" in KITCHEN.doubts(camera_at((1.5, -0.5, 4)))[0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Room(0.0, 3.0, 2.5),
        lambda: Room(4.0, float("nan"), 2.5),
        lambda: Room(4.0, 3.0, 2.5, (Box("table", 0.0, 0.0, 1.0, 1.0, -1.0),)),
        lambda: Room(4.0, 3.0, 2.5, (Box("door", 0.0, 0.0, 1.0, 1.0, 1.0),), (Opening("door", "back", 0.0, 1.0, 2.0),)),
    ],
)
def test_that_a_room_that_cannot_be_is_refused(make):
    with pytest.raises(ValueError, match=r"cannot be|two things"):
        make()

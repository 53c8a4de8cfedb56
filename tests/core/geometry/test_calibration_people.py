"""Estimates of cameras from upright people whose camera is known."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import CalibrationError
from core.geometry.calibration_people import Upright, calibrate_upright
from core.geometry.cameras import eye_m, roll_deg, tilt_deg
from tests.core.geometry.scenes import camera_at, upright_people

SIZE = (1920, 1080)


def seen_by(height_m, tilt, focal, near, far, **more):
    camera = camera_at((0, height_m, 0), tilt_deg=tilt, heading_deg=0, focal=focal)
    return upright_people(camera, near, far, **more)


@pytest.mark.parametrize(
    ("height_m", "tilt", "focal"), [(1.5, 8, 2304), (2.4, 22, 1400), (1.2, 2, 1800), (2.6, 25, 1700)]
)
def test_that_people_near_and_far_tell_height_and_tilt_within_the_spread_that_is_said(height_m, tilt, focal):
    found = calibrate_upright(seen_by(height_m, tilt, focal, 2.5, 9), *SIZE)
    assert abs(eye_m(found.camera)[1] - height_m) < 2.5 * found.spread.height_m
    assert found.spread.height_m < 0.12 * height_m
    assert abs(tilt_deg(found.camera) - tilt) < max(3 * found.spread.tilt_deg, 0.8) + 0.4 * abs(
        np.rad2deg(np.log(2304 / focal)) * np.deg2rad(tilt)
    )
    assert abs(roll_deg(found.camera)) < 1.5
    assert abs(np.log(found.camera.focal_px[0] / focal)) < 3 * found.spread.focal_px / found.camera.focal_px[0]


def test_that_the_result_is_labelled_an_estimate_with_what_it_takes_for_granted():
    found = calibrate_upright(seen_by(1.5, 8, 2304, 3, 9), *SIZE, height_m=1.8)
    assert found.camera.estimated
    assert found.how == "people"
    assert any("1.80 m, upright on a level floor" in each for each in found.warnings)


def test_that_taller_people_mean_a_higher_camera_in_proportion():
    people = seen_by(1.5, 8, 2304, 3, 9)
    small, tall = (eye_m(calibrate_upright(people, *SIZE, height_m=each).camera)[1] for each in (1.5, 1.8))
    assert tall / small == pytest.approx(1.2, rel=0.03)


def test_that_the_focal_length_stays_usual_where_people_do_not_tell_it():
    still = seen_by(1.5, 3, 1800, 5.5, 5.6, people=1)
    found = calibrate_upright(still, *SIZE)
    assert found.camera.focal_px[0] == pytest.approx(1.2 * 1920)
    assert any("focal length is a usual one" in each for each in found.warnings)
    assert found.spread.focal_px > 300
    assert found.spread.height_m > 0.2  # and of the height it says that it is hardly known


def test_that_standing_still_for_long_makes_the_answer_no_surer():
    people = seen_by(1.5, 5, 2304, 5.5, 5.55, people=1, sightings=30)
    long = [
        replace(each, ankles_px=np.tile(each.ankles_px, (20, 1)), head_px=np.tile(each.head_px, (20, 1)))
        for each in people
    ]
    once, often = (calibrate_upright(each, *SIZE).spread for each in (people, long))
    assert often.height_m > 0.85 * once.height_m


@pytest.mark.parametrize("count", [0, 1, 5])
def test_that_too_few_sightings_are_refused(count):
    person = seen_by(1.5, 8, 2304, 3, 9, people=1)[0]
    few = replace(person, ankles_px=person.ankles_px[:count], head_px=person.head_px[:count])
    with pytest.raises(CalibrationError, match="at least 6 sightings"):
        calibrate_upright([few], *SIZE)


@pytest.mark.parametrize("height_m", [0.0, 0.2, 17.0, float("nan")])
def test_that_a_height_nobody_has_is_refused(height_m):
    with pytest.raises(CalibrationError, match="Nobody is"):
        calibrate_upright(seen_by(1.5, 8, 2304, 3, 9), *SIZE, height_m=height_m)


@pytest.mark.parametrize(("sway_px", "doubtful"), [(0, False), (45, True)])
def test_that_people_who_bend_make_the_answer_doubtful_in_words(sway_px, doubtful):
    random = np.random.default_rng(0)
    people = [
        replace(each, head_px=each.head_px + random.normal(0, 1, each.head_px.shape) * [sway_px, sway_px / 4])
        for each in seen_by(1.6, 10, 2304, 3, 9)
    ]
    assert any("somebody bends" in each for each in calibrate_upright(people, *SIZE).warnings) == doubtful


def test_that_people_who_fit_no_camera_are_refused():
    random = np.random.default_rng(0)
    ankles = random.uniform([300, 500], [1600, 1000], (40, 2))
    heads = ankles - np.stack([random.uniform(-250, 250, 40), random.uniform(60, 420, 40)], 1)
    with pytest.raises(CalibrationError, match="fit no camera"):
        calibrate_upright([Upright(ankles, heads)], *SIZE)

"""Moments of a recording: everybody whole and seen from their front left, whatever the file's axes and joints."""

import numpy as np
import pytest

from core.bodies.skeletons import RECORDED_27
from core.recordings import Recording
from core.rendering.views import Orbit
from studio.widgets.moments import Moments, moments_of

pytestmark = pytest.mark.gui

PLACES = {"pelvis": (0, 1.0, 0), "left_hip": (0.1, 0.95, 0), "right_hip": (-0.1, 0.95, 0), "head": (0, 1.6, 0),
          "left_shoulder": (0.2, 1.4, 0), "left_elbow": (0.2, 1.1, 0), "left_wrist": (0.2, 0.9, 0),
          "left_fingertip": (0.2, 0.7, 0)}  # fmt: skip


def standing(turned_by=0.0) -> Recording:
    """Somebody of whom not every joint is known, who faces +z and is then turned about the upright."""
    joints_m = np.full((2, 27, 3), np.nan)
    turn = np.array([
        [np.cos(turned_by), 0, np.sin(turned_by)], [0, 1, 0], [-np.sin(turned_by), 0, np.cos(turned_by)]
    ])  # fmt: skip
    for name, place in PLACES.items():
        joints_m[:, RECORDED_27[name]] = turn @ np.array(place, float)
    return Recording(name="stand", rate_hz=30.0, joints_m=joints_m)


def test_that_bones_go_over_joints_that_are_not_known():
    (skeleton,) = moments_of(standing(), np.array([0]))[0].skeletons
    names = skeleton.skeleton.joints
    assert set(names) == set(PLACES)
    bones = {(names[parent], names[child]) for parent, child in skeleton.skeleton.bones}
    assert ("pelvis", "left_shoulder") in bones
    assert ("left_wrist", "left_fingertip") in bones
    assert len(bones) == len(PLACES) - 1
    assert np.isfinite(skeleton.joints_m).all()


@pytest.mark.parametrize("turned_by", [0.0, 1.0, np.pi, -2.0])
def test_that_people_are_seen_from_their_front_left_wherever_they_face(qtbot, turned_by):
    shown = Moments()
    qtbot.addWidget(shown)
    shown.show_recording(standing(turned_by))
    view = shown.view.view()
    assert isinstance(view, Orbit)
    eye = view.place_m() - view.focus_m
    front = np.array([np.sin(turned_by), 0, np.cos(turned_by)])
    left = np.array([np.cos(turned_by), 0, -np.sin(turned_by)])
    assert eye @ front > abs(eye @ left) > 0
    assert eye @ left > 0
    shown.shut()

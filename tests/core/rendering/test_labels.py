"""Words above heads: over the right person, apart from each other, in the picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bodies.skeletons import SMPL_24
from core.rendering.contents import Contents, SceneBody, SceneSkeleton, future, past
from core.rendering.labels import APART_PX, placed_labels
from core.rendering.overlay import write_labels
from core.rendering.views import Orbit, to_pixels

WIDTH, HEIGHT = 640, 480


def pillar(x, z=0.0, label="Ada"):
    """A body of eight points, 1.8 m high."""
    corners = np.array([[a, b, c] for a in (-0.2, 0.2) for b in (0, 1.8) for c in (-0.2, 0.2)])
    return SceneBody(corners + np.array([x, 0, z]), np.zeros((0, 3), int), "#4fc7cf", label=label)


def test_that_a_label_stands_over_the_head_it_names():
    view = Orbit(distance_m=8.0)
    (label,) = placed_labels(Contents(bodies=(pillar(0.7),)), view, WIDTH, HEIGHT)
    (top,), _ = to_pixels(view, np.array([[0.7, 1.8, 0.0]]), WIDTH, HEIGHT)
    assert label.text == "Ada"
    assert label.x == pytest.approx(top[0], abs=1)
    assert top[1] - 45 < label.y < top[1] - 12


def test_that_who_has_no_name_gets_no_label():
    assert placed_labels(Contents(bodies=(pillar(0, label=""),)), Orbit(), WIDTH, HEIGHT) == []


@given(st.lists(st.tuples(st.floats(-1.5, 1.5), st.floats(-3, 3)), min_size=2, max_size=7))
def test_that_labels_that_would_touch_stand_twenty_pixels_apart(places):
    bodies = tuple(pillar(x, z, f"person {at}") for at, (x, z) in enumerate(places))
    labels = placed_labels(Contents(bodies=bodies), Orbit(distance_m=9.0), WIDTH, HEIGHT, width_of=lambda _: 60)
    for at, one in enumerate(labels):
        for other in labels[at + 1 :]:
            assert abs(one.x - other.x) >= 60 or abs(one.y - other.y) >= APART_PX - 1e-6


def test_that_labels_keep_to_the_picture_when_heads_are_near_its_edge():
    view = Orbit(distance_m=2.0, focus_m=(0, 0.6, 0))  # the head is over the upper edge
    (label,) = placed_labels(Contents(bodies=(pillar(0.4),)), view, WIDTH, HEIGHT, width_of=lambda _: 80)
    assert 40 <= label.x <= WIDTH - 40
    assert label.y == APART_PX / 2


def test_that_nobody_behind_the_camera_is_named():
    assert placed_labels(Contents(bodies=(pillar(0, 30),)), Orbit(yaw=0, distance_m=4.0), WIDTH, HEIGHT) == []


def test_that_ghosts_are_paler_each_and_nameless():
    bodies = [pillar(x) for x in (0.0, 0.2, 0.4)]
    assert [ghost.opacity for ghost in past(bodies)] == [0.22, 0.12]
    assert {ghost.label for ghost in past(bodies)} == {""}
    ahead = future(SceneSkeleton(np.zeros((24, 3)), SMPL_24, label="Ada"))
    assert ahead.dashed
    assert ahead.opacity < 1


@pytest.mark.parametrize("channels", [3, 4])
def test_that_words_are_written_where_the_label_is_and_nowhere_else(channels):
    picture = np.zeros((HEIGHT, WIDTH, channels), np.uint8)
    labels = placed_labels(Contents(bodies=(pillar(0.0),)), Orbit(distance_m=8.0), WIDTH, HEIGHT)
    write_labels(picture, labels, "#e9eaed")
    rows, columns = np.nonzero(picture[..., :3].max(-1) > 100)
    assert abs(rows.mean() - labels[0].y) < 4
    assert abs(columns.mean() - labels[0].x) < 8
    assert np.ptp(columns) < 70
    if channels == 4:
        assert picture[0, 0, 3] == 0
        assert picture[rows, columns, 3].max() == 255

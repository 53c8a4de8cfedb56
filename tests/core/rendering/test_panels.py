"""Compared scenes in one window: each is what it would be alone, and none shows through to the next."""

import numpy as np
import pytest

from core.bodies.skinning import Body
from core.rendering.contents import DARK, LIGHT, Contents, SceneBody, past
from core.rendering.panels import GAP_PX, Panels
from core.rendering.scene import Scene
from core.rendering.views import Orbit
from tests.core.rendering.golden import assert_looks_like
from tests.core.rendering.mannequin import mannequin
from tests.core.rendering.test_scene import TEAL, standing

COLOURS = ("#4fc7cf", "#f2a65a", "#c58af9", "#c9ccd3")


def contents(colour, spread=70, x=0.0, **more):
    return Contents(bodies=(SceneBody(standing(spread, x)[0], Body.load().faces, colour, **more),))


def part(picture, box):
    return picture[box.top : box.top + box.height, box.left : box.left + box.width]


def assert_same(one, other):
    """But for a pixel here and there: where a pane lies in its window moves its edges by fractions of one."""
    off = np.abs(one.astype(int) - other).max(-1)
    assert (off <= 2).mean() > 0.995
    assert off.max() < 60


def test_that_each_panel_is_the_scene_it_would_be_alone():
    view = Orbit(yaw=0.4, distance_m=6.0)
    with Panels(322, 242, count=4, columns=2) as panels:
        for stage, colour in zip(panels.stages, COLOURS, strict=True):
            stage.show(contents(colour))
        panels.look(view)
        panels.stages[3].view = view.orbited(0.5, 0.1)  # unlinked
        picture = panels.picture()
        for at, (box, colour) in enumerate(zip(panels.boxes(), COLOURS, strict=True)):
            with Scene(box.width, box.height) as scene:
                scene.show(contents(colour))
                scene.view = view.orbited(0.5, 0.1) if at == 3 else view
                assert_same(part(picture, box), scene.picture())


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (3, 2), (5, 3)])
def test_that_panels_and_gaps_fill_the_picture_without_overlapping(count, columns):
    with Panels(301, 203, count=count, columns=columns) as panels:
        boxes = panels.boxes()
        covered = np.zeros((203, 301), int)
        for box in boxes:
            part(covered, box)[:] += 1
        assert covered.max() == 1
        assert len(boxes) == count
        rows = -(-count // columns)
        empty = rows * columns - count
        share = covered.mean()
        assert share > 1 - empty / (rows * columns) - (rows * GAP_PX / 203 + columns * GAP_PX / 301)
        picture = panels.picture(smooth=False)
        assert (picture[..., 3] == 255).all()


def test_that_ghosts_of_one_panel_leave_the_others_as_they_are():
    with Panels(322, 121, count=2, columns=2) as panels:
        panels.look(Orbit(distance_m=6.0))
        for stage in panels.stages:
            stage.show(contents(TEAL))
        before = panels.picture()
        ghosts = past([contents(TEAL, x=0.6).bodies[0], contents(TEAL, x=0.9).bodies[0]])
        panels.stages[1].show(Contents(bodies=(*ghosts, *contents(TEAL).bodies)))
        after = panels.picture()
        left, right = panels.boxes()
        assert_same(part(after, left), part(before, left))
        assert (np.abs(part(after, right).astype(int) - part(before, right)) > 4).any()


def test_that_panels_come_and_go_while_the_others_keep_their_scene():
    with Panels(322, 121, count=2, columns=2) as panels:
        panels.look(Orbit(distance_m=6.0))
        panels.stages[0].show(contents(TEAL))
        before = part(panels.picture(), panels.boxes()[0])
        panels.arrange(4, 2)
        assert panels.picture().shape == (121, 322, 4)
        panels.arrange(2, 2)
        np.testing.assert_array_equal(part(panels.picture(), panels.boxes()[0]), before)


def test_that_a_label_of_a_panel_stands_in_that_panel():
    with Panels(642, 241, count=2, columns=2) as panels:
        panels.look(Orbit(distance_m=6.0))
        for stage in panels.stages:
            stage.show(contents(TEAL, label="Ada"))
        (one,), (other,) = panels.labels()
        assert other.x - one.x == pytest.approx(panels.boxes()[1].left, abs=1.5)
        assert other.y == pytest.approx(one.y)


def test_that_framing_shows_everyone_of_every_panel():
    with Panels(322, 121, count=2, columns=2) as panels:
        panels.stages[0].show(contents(TEAL, x=-1.0))
        panels.stages[1].show(contents(TEAL, x=1.0))
        panels.frame_all()
        picture = panels.picture().astype(int)
        for box in panels.boxes():
            body = part(picture, box)
            assert ((body[..., 1] > body[..., 0] + 25)[:, 1:-1]).sum() > 150
            assert not (body[..., 1] > body[..., 0] + 25)[:, [0, -1]].any()


def test_that_no_panel_is_refused():
    with pytest.raises(ValueError, match="0 panels"):
        Panels(64, 64, count=0, columns=1)


@pytest.mark.parametrize(("name", "colours"), [("dark", DARK), ("light", LIGHT)])
def test_that_compared_panels_look_as_they_did(name, colours):
    with Panels(320, 240, count=4, columns=2, colours=colours) as panels:
        for at, (stage, colour) in enumerate(zip(panels.stages, COLOURS, strict=True)):
            stage.show(Contents((mannequin(colour, raised=0.3 * at),)))
        panels.frame_all()
        assert_looks_like(panels.picture()[..., :3], f"panels_{name}")

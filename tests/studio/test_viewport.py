"""The space view in the window: it shows what it is given, follows the hand, and never makes the window wait."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body
from core.geometry.cameras import estimated_camera
from core.rendering.contents import SceneBody, SceneSkeleton
from core.rendering.probe import gl_problem
from core.rendering.views import Orbit
from studio import theme
from studio.widgets import gizmo, scene_thread
from studio.widgets.viewport import Viewport

pytestmark = pytest.mark.gui
TEAL = "#4FC7CF"


@pytest.fixture(autouse=True)
def can_draw():
    problem = gl_problem()
    if problem is not None:
        pytest.skip(problem)


@pytest.fixture
def body():
    vertices, _ = Body.load().rest()
    return SceneBody(vertices - np.array([0, vertices[:, 1].min(), 0]), Body.load().faces, TEAL)


@pytest.fixture
def viewport(qtbot, body):
    widget = Viewport()
    qtbot.addWidget(widget)
    widget.resize(320, 240)
    widget.set_bodies([body])
    widget.show()
    qtbot.waitUntil(widget.is_settled, timeout=20_000)
    yield widget
    widget.close()


def picture(widget):
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return pixels[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def teal_share(widget):
    red, green, blue = (picture(widget)[..., channel].astype(int) for channel in range(3))
    return float(((green > red + 25) & (blue > red + 25)).mean())


def settled(qtbot, widget):
    qtbot.waitUntil(widget.is_settled, timeout=20_000)


def test_that_the_first_body_to_come_is_framed_and_seen(viewport):
    assert 0.04 < teal_share(viewport) < 0.6


def test_that_a_drag_turns_the_view_and_the_picture(qtbot, viewport):
    before, seen = viewport.view(), picture(viewport)
    told = []
    viewport.view_changed.connect(told.append)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(160, 120))
    QTest.mouseMove(viewport, QPoint(100, 120))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(100, 120))
    settled(qtbot, viewport)
    assert viewport.view().yaw > before.yaw
    assert viewport.view().focus_m == before.focus_m
    assert told
    assert told[-1] == viewport.view()
    assert (picture(viewport) != seen).any()


def test_that_shift_drag_pans_without_turning(qtbot, viewport):
    before = viewport.view()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, QPoint(160, 120))
    for x in (170, 190):
        send_move(viewport, QPointF(x, 120), Qt.KeyboardModifier.ShiftModifier)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(190, 120))
    assert (viewport.view().yaw, viewport.view().pitch) == (before.yaw, before.pitch)
    assert viewport.view().focus_m != before.focus_m
    settled(qtbot, viewport)


def send_move(widget, at, modifiers):
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    buttons = Qt.MouseButton.LeftButton
    event = QMouseEvent(QEvent.Type.MouseMove, at, widget.mapToGlobal(at), buttons, buttons, modifiers)
    QApplication.sendEvent(widget, event)


def test_that_the_wheel_goes_nearer_and_shows_more_body(qtbot, viewport):
    before, share = viewport.view().distance_m, teal_share(viewport)
    place = QPointF(160, 120)
    wheel = QWheelEvent(
        place, viewport.mapToGlobal(place), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, wheel)
    settled(qtbot, viewport)
    assert viewport.view().distance_m < before
    assert teal_share(viewport) > share


def test_that_a_click_on_an_axis_looks_along_it(qtbot, viewport):
    tips = {(axis, negative): at for axis, negative, at, _ in gizmo.tips(viewport.view(), viewport.width())}
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=tips["x", False].toPoint())
    np.testing.assert_allclose(viewport.view().axes()[0], [1, 0, 0], atol=0.05)
    settled(qtbot, viewport)


@pytest.mark.parametrize("name", ["front", "side", "top"])
def test_that_named_views_show_the_body_whole(qtbot, viewport, name):
    viewport.look(name)
    settled(qtbot, viewport)
    red, green, blue = (picture(viewport)[..., channel].astype(int) for channel in range(3))
    body = (green > red + 25) & (blue > red + 25)
    assert body.sum() > 300
    assert not body[[0, -1]].any()
    assert not body[:, [0, -1]].any()


def test_that_turning_leaves_the_clips_camera(qtbot, viewport):
    viewport.look_through(estimated_camera(640, 360))
    settled(qtbot, viewport)
    assert not isinstance(viewport.view(), Orbit)
    QTest.keyClick(viewport, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert isinstance(viewport.view(), Orbit)
    settled(qtbot, viewport)


def test_that_a_view_given_from_outside_is_not_announced(qtbot, viewport):
    told = []
    viewport.view_changed.connect(told.append)
    viewport.set_view(Orbit(yaw=1.0))
    settled(qtbot, viewport)
    assert told == []


def test_that_another_theme_is_another_ground(qtbot, viewport):
    before = picture(viewport)[2, 2]
    theme.apply(QApplication.instance(), theme.LIGHT)
    try:
        viewport.update()
        qtbot.waitUntil(lambda: (picture(viewport)[2, 2] > before + 100).all(), timeout=20_000)
    finally:
        theme.apply(QApplication.instance(), theme.DARK)


def test_that_skeletons_are_drawn_in_the_sides_colours(qtbot, viewport):
    joints = Body.load().rest()[1] + np.array([0, 0.95, 0])
    viewport.set_bodies([])
    viewport.set_skeletons([SceneSkeleton(joints, SMPL_24, thickness=2)])
    viewport.look("front")
    settled(qtbot, viewport)
    pixels = picture(viewport)[:200, :250].astype(int)  # not the axes' colours
    assert (pixels[..., 2] > pixels[..., 0] + 60).sum() > 20
    assert (pixels[..., 0] > pixels[..., 2] + 60).sum() > 20


def test_that_the_window_never_waits_for_a_picture(qtbot, viewport):
    """Turning a body drawn smoothly: the event loop goes on, the newest view is the one that is shown."""
    drawn = []
    viewport._thread.drawn.connect(lambda each: drawn.append(each.wish.columns[0].view))
    for step in range(60):
        viewport.set_view(Orbit(yaw=0.05 * step))
        QApplication.processEvents()
    settled(qtbot, viewport)
    assert len(drawn) < 60, "the window waited for each picture"
    assert viewport._asked.columns[0].view == Orbit(yaw=0.05 * 59)


def test_that_closing_ends_the_thread_and_showing_again_draws_again(qtbot, viewport):
    thread = viewport._thread._thread
    viewport.close()
    assert not thread.is_alive()
    viewport.show()
    settled(qtbot, viewport)
    assert teal_share(viewport) > 0.04


def test_that_a_viewport_that_is_dropped_ends_its_thread(qtbot, body):
    widget = Viewport()
    widget.resize(200, 150)
    widget.set_bodies([body])
    widget.show()
    qtbot.waitUntil(widget.is_settled, timeout=20_000)
    thread = widget._thread._thread
    widget.hide()
    widget.deleteLater()
    del widget
    qtbot.waitUntil(lambda: not thread.is_alive(), timeout=30_000)


def test_that_a_machine_without_3d_says_so_in_the_view(qtbot, monkeypatch, body):
    monkeypatch.setattr(scene_thread, "gl_problem", lambda: "no EGL here. apt install libegl1")
    widget = Viewport()
    qtbot.addWidget(widget)
    widget.resize(320, 240)
    widget.set_bodies([body])
    widget.show()
    qtbot.waitUntil(widget.is_settled, timeout=30_000)
    assert "apt install libegl1" in widget._problem
    widget.close()


def test_that_a_page_can_import_the_viewport_without_vtk():
    import subprocess
    import sys

    code = "import studio.widgets.viewport, sys; sys.exit(any(name in sys.modules for name in ('vtkmodules', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

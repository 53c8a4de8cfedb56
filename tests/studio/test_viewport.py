"""The space view in the window: it shows what it is given, follows the hand, and never makes the window wait."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body
from core.geometry.cameras import estimated_camera
from core.rendering.contents import SceneBody, SceneSkeleton
from core.rendering.probe import gl_problem
from core.rendering.views import Orbit, to_pixels
from studio import theme
from studio.widgets import gizmo, scene_thread
from studio.widgets.posed import Standing
from studio.widgets.scene_thread import Pace
from studio.widgets.scene_view import said
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
    put(widget, body)
    widget.show()
    qtbot.waitUntil(widget.is_settled, timeout=20_000)
    yield widget
    widget.close()


def put(widget, *bodies):
    """These bodies on the same floor."""
    widget.set_standing(Standing(bodies=bodies, ground_m=0.0))


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
    viewport.set_standing(Standing(skeletons=(SceneSkeleton(joints, SMPL_24, thickness=2),), ground_m=0.0))
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
    put(widget, body)
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
    put(widget, body)
    widget.show()
    qtbot.waitUntil(widget.is_settled, timeout=30_000)
    assert "apt install libegl1" in widget._problem
    widget.close()


def test_that_a_page_can_import_the_viewport_without_vtk():
    import subprocess
    import sys

    code = "import studio.widgets.viewport, sys; sys.exit(any(name in sys.modules for name in ('vtkmodules', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---- what a person can switch, and what is left out for speed ----


def test_that_a_body_named_in_the_view_has_its_label_above_its_head(qtbot, viewport, body):
    put(viewport, replace(body, label="Ada"))
    settled(qtbot, viewport)
    viewport.set_view(replace(viewport.view(), distance_m=8.0))
    settled(qtbot, viewport)
    ((label,),) = viewport._labels
    assert label.text == "Ada"
    head = body.vertices_m[[body.vertices_m[:, 1].argmax()]]
    ((x, y),), _ = to_pixels(viewport.view(), head, viewport.width(), viewport.height())
    assert y - 30 < label.y < y - 2
    assert abs(label.x - x) < 20


def test_that_two_labels_stay_twenty_pixels_apart(qtbot, viewport, body):
    behind = replace(body, vertices_m=body.vertices_m - np.array([0, 0, 0.4], np.float32), label="Ben")
    put(viewport, replace(body, label="Ada"), behind)
    viewport.look("front")
    settled(qtbot, viewport)
    ((first, second),) = viewport._labels
    assert abs(first.y - second.y) >= 20 or abs(first.x - second.x) > 40


def test_that_ghosts_are_drawn_and_can_be_switched_off(qtbot, viewport, body):
    before = picture(viewport)
    ghost = replace(body, vertices_m=body.vertices_m + np.array([0.5, 0, 0], np.float32), opacity=0.22)
    viewport.set_standing(replace(viewport.standing()[0], ghosts=(ghost,)))
    settled(qtbot, viewport)
    assert (picture(viewport) != before).any(axis=-1).sum() > 100
    viewport.set_looks(replace(viewport.looks, ghosts=False))
    settled(qtbot, viewport)
    assert (picture(viewport) != before).any(axis=-1).sum() < 20


def test_that_following_keeps_the_person_where_they_are_in_the_view(qtbot, viewport, body):
    viewport.follow(on=True)
    focus = np.array(viewport.view().focus_m)
    put(viewport, replace(body, vertices_m=body.vertices_m + np.array([2.0, 0, 1.0], np.float32)))
    np.testing.assert_allclose(np.array(viewport.view().focus_m) - focus, [2, 0, 1], atol=1e-4)
    viewport.follow(on=False)
    focus = np.array(viewport.view().focus_m)
    put(viewport, body)
    np.testing.assert_allclose(viewport.view().focus_m, focus)
    settled(qtbot, viewport)


def test_that_a_double_click_on_a_body_follows_it_and_beside_it_frames_all(qtbot, viewport):
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=QPoint(160, 120))
    assert viewport.looks.follows
    middle = np.array(viewport.view().focus_m)
    assert abs(middle[0]) < 0.2
    viewport.follow(on=False)
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=QPoint(4, 120))
    assert not viewport.looks.follows
    settled(qtbot, viewport)


def test_that_parallel_lines_stay_parallel_until_perspective_is_back(qtbot, viewport):
    assert viewport.is_in_perspective
    viewport.set_perspective(on=False)
    assert not viewport.view().perspective
    settled(qtbot, viewport)
    viewport.set_perspective(on=True)
    assert viewport.view().perspective
    settled(qtbot, viewport)


def test_that_linked_columns_turn_together_and_unlinked_ones_alone(qtbot, viewport, body):
    viewport.resize(600, 240)
    viewport.set_columns([Standing(bodies=(body,)), Standing(bodies=(replace(body, colour="#E887B6"),))])
    settled(qtbot, viewport)
    left, right = viewport.rect_of(0), viewport.rect_of(1)
    assert left.right() < right.left() < viewport.width() - 200
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=right.center().toPoint())
    QTest.mouseMove(viewport, right.center().toPoint() + QPoint(40, 0))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=right.center().toPoint())
    assert viewport._views[0] == viewport._views[1]
    viewport.linked = False
    before = viewport._views[0]
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=right.center().toPoint())
    QTest.mouseMove(viewport, right.center().toPoint() + QPoint(40, 0))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=right.center().toPoint())
    assert viewport._views[0] == before
    assert viewport._views[1] != before
    settled(qtbot, viewport)


def test_that_each_column_shows_its_own(qtbot, viewport, body):
    viewport.resize(600, 240)
    viewport.set_columns([Standing(bodies=(body,)), Standing(bodies=(replace(body, colour="#E887B6"),))])
    settled(qtbot, viewport)
    pixels = picture(viewport).astype(int)
    teal = (pixels[..., 1] > pixels[..., 0] + 25) & (pixels[..., 2] > pixels[..., 0] + 25)
    pink = (pixels[..., 0] > pixels[..., 1] + 25) & (pixels[..., 2] > pixels[..., 1] + 10)
    middle = pixels.shape[1] // 2
    assert teal[:, :middle].sum() > 500
    assert pink[60:, middle:].sum() > 500
    assert teal[60:, middle + 4 :].sum() < 30


def test_that_slow_pictures_leave_out_ghosts_then_shadows_then_smoothing():
    pace, seen = Pace(), []
    for _ in range(12):
        seen.append((pace.ghosts, pace.shadows, pace.smooths))
        pace.took(0.05)
    assert seen[0] == (True, True, True)
    assert list(dict.fromkeys(seen)) == [
        (True, True, True), (False, True, True), (False, False, True), (False, False, False),
    ]  # fmt: skip


def test_that_even_on_a_slow_machine_what_rests_is_smooth_and_whole(qtbot, viewport, body, monkeypatch):
    monkeypatch.setattr(Pace, "smooths", False)
    drawn = []
    viewport._thread.drawn.connect(drawn.append)
    viewport.set_standing(Standing(bodies=(body,)))
    settled(qtbot, viewport)
    qtbot.waitUntil(lambda: drawn[-1].smooth, timeout=20_000)  # the view may hear of a picture before the list does
    assert [each.smooth for each in drawn][-2:] == [False, True]
    assert not drawn[-1].simplified


def test_that_one_slow_picture_leaves_nothing_out_and_rest_brings_it_back():
    pace = Pace()
    for seconds in (0.05, 0.01, 0.05, 0.05, 0.01):
        pace.took(seconds)
    assert pace.level == 0
    for _ in range(3):
        pace.took(0.05)
    assert pace.level == 1
    pace.rested()
    assert pace.level == 0


def test_that_the_caption_says_when_something_is_left_out(qtbot, viewport):
    assert said("Ada, step 1", viewport._drawn) == "Ada, step 1"
    assert said("Ada, step 1", replace(viewport._drawn, simplified=True)) == "Ada, step 1, simplified"


def test_that_alt_arrows_turn_the_view_that_has_the_focus(qtbot, viewport):
    viewport.setFocus()
    before = viewport.view().yaw
    QTest.keyClick(viewport, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert viewport.view().yaw != before
    settled(qtbot, viewport)


def test_that_a_right_click_asks_for_the_menu(qtbot, viewport):
    with qtbot.waitSignal(viewport.menu_wanted):
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(20, 20), viewport.mapToGlobal(QPoint(20, 20)))
        QApplication.sendEvent(viewport, event)


@pytest.mark.slow
def test_that_twenty_rounds_of_opening_and_closing_leave_nothing_behind(qtbot, body):
    import ctypes
    import gc
    import threading

    memory_of = Path("/proc/self/statm")
    if not memory_of.exists():
        pytest.skip("this system does not tell a process's memory")
    # What was given back lies with the C library, in a heap for each thread that ever was: take that out of the sum.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)

    def memory() -> int:
        gc.collect()
        trim(0)
        return int(memory_of.read_text().split()[1]) * 4096

    def round_trip():
        widget = Viewport()
        qtbot.addWidget(widget)
        widget.resize(200, 150)
        widget.set_columns([Standing(bodies=(body,)), Standing(bodies=(body,))])
        widget.show()
        qtbot.waitUntil(widget.is_settled, timeout=30_000)
        widget.close()

    for _ in range(5):
        round_trip()
    threads, before = threading.active_count(), memory()
    for _ in range(20):
        round_trip()
    assert threading.active_count() <= threads
    assert memory() - before < 30e6


def test_that_the_window_is_shown_before_vtk_and_trimesh_are_loaded():
    import subprocess
    import sys

    code = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_LOGGING_RULES"] = "default.warning=false"
from PySide6.QtWidgets import QApplication
from pathlib import Path
from studio import settings
from studio.app import Studio
app = QApplication([])
kept = settings.load(Path("nowhere") / "settings.toml")
kept.keep_nothing()
studio = Studio(app, kept)
studio.window.show()
app.processEvents()
loaded = [name for name in ("vtkmodules", "trimesh", "torch", "pyvista") if name in sys.modules]
studio.window.close()
sys.exit(", ".join(loaded) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

"""For everyone: each control has a name and is reached by Tab, on the pages of annotating and in the windows they open;
label colours stay apart for eyes that see fewer colours."""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QListView,
    QMenu,
    QSlider,
    QTreeView,
    QWidget,
)

from core.project import edits
from core.project.annotations import FrameIdentity
from studio import theme
from studio.widgets.status_line import StatusLine
from tests.studio.conftest import make_video

CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QSlider, QListView, QTreeView)
WINDOWS = ("keys", "settings", "new-project", "about", "labels", "clusters", "merge-copy", "agreement")


def controls(root: QWidget) -> list[QWidget]:
    return [
        each
        for each in root.findChildren(QWidget)
        if isinstance(each, CONTROLS)
        and each.isVisible()
        and each.isEnabled()
        and not each.objectName().startswith("qt_")
    ]


def nameless(root: QWidget) -> list[str]:
    """Controls that say nothing to those who cannot see them."""
    return [
        f"{type(each).__name__} in {type(each.parentWidget()).__name__}"
        for each in controls(root)
        if not (each.accessibleName() or (isinstance(each, QAbstractButton) and (each.text() or each.toolTip())))
    ]


def walked(root: QWidget, first: QWidget) -> set[QWidget]:
    """What Tab reaches from `first`, once round."""
    seen: set[QWidget] = set()
    at = first.nextInFocusChain()
    while at is not None and at not in seen:
        seen.add(at)
        at = at.nextInFocusChain()
    return {each for each in seen if each.focusPolicy() & Qt.FocusPolicy.TabFocus and root.isAncestorOf(each)}


def unreached(root: QWidget) -> list[str]:
    """Controls that Tab never comes to; of buttons that exclude each other one is enough, arrows do the rest."""
    by_tab = walked(root, root)
    groups = {each.group() for each in by_tab if isinstance(each, QAbstractButton) and each.group() is not None}
    return [
        f"{type(each).__name__} {each.accessibleName() or getattr(each, 'text', str)()}"
        for each in controls(root)
        if each not in by_tab
        and not (isinstance(each, QAbstractButton) and each.group() is not None and each.group() in groups)
        and each.focusProxy() not in by_tab
        and each.focusPolicy() & Qt.FocusPolicy.TabFocus == Qt.FocusPolicy.NoFocus
    ]


@pytest.mark.parametrize("page", ["projects", "data", "annotate"])
def test_that_every_control_of_a_page_has_a_name_and_tab_reaches_it(open_studio, qtbot, page):
    shown = open_studio.window.show_page(page)
    qtbot.waitUntil(open_studio.window.is_settled, timeout=20_000)
    assert controls(shown)
    assert nameless(shown) == []
    assert unreached(shown) == []


@pytest.mark.parametrize("command", WINDOWS)
def test_that_every_window_is_named_reached_by_tab_and_closed_by_esc(open_studio, qtbot, command):
    open_studio.window.show_page("annotate")
    known = set(open_studio.window.findChildren(QWidget))
    action = open_studio.window.actions_table.action(command)
    if not action.isEnabled():
        pytest.skip("needs what an empty project does not have")
    if command == "merge-copy":
        pytest.skip("asks the system for a folder first")
    action.trigger()
    (made,) = [
        each for each in set(open_studio.window.findChildren(QWidget)) - known if each.isWindow() and each.isVisible()
    ]
    assert made.windowTitle()
    assert nameless(made) == []
    assert unreached(made) == []
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    QTest.keyClick(QApplication.focusWidget() or made, Qt.Key.Key_Escape)
    assert not made.isVisible()


def small(root: QWidget) -> list[str]:
    """Targets a pointer has trouble to meet: under 24 × 24 pixels."""
    return [
        f"{each.accessibleName() or getattr(each, 'text', str)()} {each.width()} × {each.height()}"
        for each in controls(root)
        if isinstance(each, QAbstractButton | QComboBox | QSlider) and min(each.width(), each.height()) < 24
    ]


@pytest.fixture
def working(open_studio, qtbot, tmp_path):
    """Annotate with a clip, two segments, a pose and the first segment chosen, so that its controls are there."""
    document = open_studio.document
    with qtbot.waitSignal(open_studio.adding.ended, timeout=20_000):
        open_studio.adding.add([make_video(tmp_path / "sink.mp4", frames=60)])
    (clip,) = document.project.clips.values()
    project, label = edits.add_label(document.project, "reach", "action", author="Ines K.")
    project, first = edits.mark_segment(project, clip.id, label.id, 0, 20, author="Ines K.")
    project, _ = edits.mark_segment(project, clip.id, label.id, 30, 50, author="Ines K.")
    project = edits.set_pose(project, clip.id, first.id, 10, FrameIdentity(pts=10), author="Ines K.")
    assert document.edit(project, "Mark reach")
    document.choose_clip(clip.id)
    document.seek(10)
    page = open_studio.window.show_page("annotate")
    page.timeline.choose(frozenset({first.id}))
    qtbot.waitUntil(page.is_settled, timeout=20_000)
    return open_studio


@pytest.mark.parametrize(
    "state", ["segment", "pose", "clip", "history", "edit-joints", "brightness", "find-segments", "settings", "keys"]
)
def test_that_at_work_every_control_is_named_reached_and_large_enough(working, qtbot, state):
    window = working.window
    page = window.page("annotate")
    if state in ("segment", "pose", "clip", "history"):
        page.inspector.tabs.setCurrentIndex(("segment", "pose", "clip", "history").index(state))
    else:
        window.actions_table.do(state)
    qtbot.wait(50)
    for root in [window, *(each for each in window.findChildren(QWidget) if each.isWindow() and each.isVisible())]:
        assert nameless(root) == []
        assert unreached(root) == []
        assert small(root) == []


def test_that_the_menu_mark_gives_the_chosen_segment_any_label_and_its_groups_stand_apart(working):
    window, document = working.window, working.document
    page = window.page("annotate")
    project, _ = edits.add_label(document.project, "wash", "action", author="Ines K.")
    assert document.edit(project, "Add wash")
    mark = next(each for each in window.findChildren(QMenu) if each.title() == "Mark")
    groups = "|".join("–" if each.isSeparator() else each.text() for each in mark.actions()).split("–")
    assert [group.strip("|").split("|")[0] for group in groups] == [
        "Start here", "Set characteristic pose", "Edit joints", "Add label…",
    ]  # fmt: skip
    labels = next(each.menu() for each in mark.actions() if each.text() == "Label")
    labels.aboutToShow.emit()
    assert [each.text() for each in labels.actions()] == ["reach\t1", "wash\t2"]
    labels.actions()[1].trigger()
    (chosen,) = page.timeline.chosen
    assert document.project.labels[document.clip.segment(chosen).action].name == "wash"
    document.choose_clip("")
    labels.aboutToShow.emit()
    assert [each.isEnabled() for each in labels.actions()] == [False]


def test_that_f6_goes_round_the_panels_of_annotate_and_the_focus_is_seen(open_studio, qtbot):
    page = open_studio.window.show_page("annotate")
    qtbot.waitUntil(open_studio.window.is_settled, timeout=20_000)
    page.view.setFocus()
    stops = []
    for _ in range(8):
        QTest.keyClick(QApplication.focusWidget() or open_studio.window, Qt.Key.Key_F6)
        stops.append(QApplication.focusWidget())
    assert len({id(each) for each in stops}) >= 3
    assert all(each is not None and each.isVisible() for each in stops)


# ---- colours for every eye -------------------------------------------------------------------------------------------

# Viénot, Brettel and Mollon 1999 (protan, deutan) and Brettel 1997 as one plane (tritan), on linear RGB.
_EYES = {
    "normal": np.eye(3),
    "protan": np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]),
    "deutan": np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]),
    "tritan": np.array([[1.01277, 0.13548, -0.14826], [-0.01243, 0.86812, 0.14431], [0.07589, 0.80500, 0.11911]]),
}


def _oklab(colours: list[str], eye: str) -> np.ndarray:
    coded = np.array([[int(each[at : at + 2], 16) / 255 for at in (1, 3, 5)] for each in colours])
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ _EYES[eye].T, 0, 1)
    cones = seen @ np.array(
        [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
         [0.0883024619, 0.2817188376, 0.6299787005]]
    ).T  # fmt: skip
    return np.cbrt(cones) @ np.array(
        [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
         [0.0259040371, 0.7827717662, -0.8086757660]]
    ).T  # fmt: skip


def _nearest(count: int, eye: str) -> float:
    places = _oklab(list(theme.LABELS[:count]), eye)
    return min(float(np.linalg.norm(places[a] - places[b])) for a, b in itertools.combinations(range(count), 2))


@pytest.mark.parametrize("eye", _EYES)
@pytest.mark.parametrize(("count", "floor"), [(8, 0.06), (12, 0.05)])
def test_that_label_colours_stay_apart_for_every_eye(eye, count, floor):
    assert _nearest(count, eye) >= floor


def test_that_past_twelve_a_hatch_helps_the_colour():
    by_hatch = {
        pattern: [at for at in range(12, 40) if theme.hatch(at) == pattern]
        for pattern in {theme.hatch(at) for at in range(12, 40)}
    }
    assert 0 not in by_hatch
    assert max(map(len, by_hatch.values())) <= 10


def test_that_what_the_line_at_the_foot_offers_is_large_enough(open_studio, qtbot):
    line = open_studio.window.show_page("train").window().findChild(StatusLine)
    qtbot.waitUntil(line.busy.isVisible, timeout=20_000)
    assert controls(line) == [line.busy]
    assert small(line) == []
    assert nameless(line) == []

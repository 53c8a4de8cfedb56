"""A clip annotated from nothing to the last pose without a mouse: key events only, sent to whatever has the focus.

What is counted: every press, those that move the playhead among them, from the moment the clip is in front. A segment
of thirty frames with its pose takes six: three jumps of ten frames, its label's key, G to what is missing, C there.
Marked with I, O, the label and C, it takes four and the presses that move the playhead.
"""

import sqlite3
from collections import Counter

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from core.project import edits
from core.project.store import ProjectStore
from core.video import write_video
from studio.widgets.search_list import SearchList
from tests.journeys.window import SOON_MS, launch, leave
from tests.studio.test_suggesting import walking_hands

pytestmark = [pytest.mark.gui, pytest.mark.slow]

Key, Modifier = Qt.Key, Qt.KeyboardModifier
PLAIN, CONTROL, SHIFT, ALT = (
    Modifier.NoModifier,
    Modifier.ControlModifier,
    Modifier.ShiftModifier,
    Modifier.AltModifier,
)
LABELS = ("reach", "wash", "cut")
MARKED = (1, 2, 3, 2, 1, 3, 2, 3, 1)  # the keys of the labels, in the order of the segments
LONG = 30


class Hands:
    """Presses keys and counts them."""

    def __init__(self, studio) -> None:
        self.studio, self.presses = studio, 0

    def press(self, key, modifiers=PLAIN, times=1):
        for _ in range(times):
            self.presses += 1
            QTest.keyClick(QApplication.focusWidget() or self.studio.window, key, modifiers)

    def write(self, words):
        QTest.keyClicks(QApplication.focusWidget(), words)


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "sink.mp4"
    with write_video(path, 25.0, 160, 90, 10) as out:
        for number in range(LONG * len(MARKED)):
            picture = np.full((90, 160, 3), 30 + number % 180, np.uint8)
            x = number * 2 % 130
            picture[30:60, x : x + 20] = (250, 80, 40)
            out.add(picture)
    return path


def back_in_front(qtbot, studio):
    """What the desktop does when a dialog closes; the one of the tests has no manager of windows."""
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow, timeout=SOON_MS)


def test_that_a_whole_clip_is_annotated_without_the_mouse(qtbot, qapp, tmp_path, video):
    studio = launch(qtbot, qapp, tmp_path)
    document, hands = studio.document, Hands(studio)

    # A project, from its name and folder.
    hands.press(Key.Key_N, CONTROL)
    qtbot.waitUntil(lambda: isinstance(QApplication.activeWindow(), QDialog), timeout=SOON_MS)
    hands.write("Sink")
    hands.press(Key.Key_Tab)
    hands.press(Key.Key_A, CONTROL)
    hands.write(str(tmp_path))
    hands.press(Key.Key_Return)
    assert document.folder == tmp_path / "Sink"
    back_in_front(qtbot, studio)

    # A video, by its path.
    hands.press(Key.Key_K, CONTROL)
    hands.write(str(video))
    with qtbot.waitSignal(studio.adding.ended, timeout=SOON_MS):
        hands.press(Key.Key_Return)
    assert [each.name for each in document.project.clips.values()] == ["sink.mp4"]
    back_in_front(qtbot, studio)

    # To the clip, by its name; then the words of the vocabulary.
    hands.press(Key.Key_K, CONTROL)
    hands.write("sink")
    assert studio.window.findChild(SearchList).found()[0].kind == "clip"
    hands.press(Key.Key_Return)
    page = studio.window.page("annotate")
    qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
    for name in LABELS:
        hands.press(Key.Key_L, CONTROL | SHIFT)
        hands.write(name)
        hands.press(Key.Key_Return)
    hands.press(Key.Key_Escape)
    assert [each.name for each in document.project.actions()] == list(LABELS)
    assert QApplication.focusWidget() is page.view

    # Nine segments: on to where each ends, and the key of its label.
    spent = Counter()
    hands.press(Key.Key_Home)
    for place, label in enumerate(MARKED):
        before = hands.presses
        last = place == len(MARKED) - 1
        hands.press(Key.Key_End) if last else hands.press(Key.Key_Right, CONTROL, times=LONG // 10)
        hands.press(Key(Key.Key_0 + label))
        spent[place] += hands.presses - before
    marked = [(each.start_frame, each.end_frame) for each in document.clip.segments]
    assert [start for start, _ in marked] == [LONG * place for place in range(len(MARKED))]
    assert [document.project.labels[each.action].name for each in document.clip.segments] == [
        LABELS[label - 1] for label in MARKED
    ]

    # Their poses: G goes to what is missing, C sets it there.
    hands.press(Key.Key_Home)
    for place in range(len(MARKED)):
        before = hands.presses
        hands.press(Key.Key_G)
        assert document.clip.segments[place].start_frame <= document.playhead < document.clip.segments[place].end_frame
        qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
        hands.press(Key.Key_C)
        qtbot.waitUntil(lambda many=place + 1: len(document.clip.poses) == many, timeout=SOON_MS)
        spent[place] += hands.presses - before
    assert all(document.clip.pose_of(each.id) is not None for each in document.clip.segments)
    assert max(spent.values()) <= 6, dict(spent)

    # Marked with I and O instead, four keys beside the walking: over the last one, which gives way.
    hands.press(Key.Key_Left, ALT)
    for _ in range(len(MARKED)):
        hands.press(Key.Key_Left, ALT)
    hands.press(Key.Key_Right, ALT, times=len(MARKED) - 1)
    hands.press(Key.Key_Delete)
    assert len(document.clip.segments) == len(MARKED) - 1
    hands.press(Key.Key_Home)
    hands.press(Key.Key_Right, CONTROL, times=LONG // 10 * (len(MARKED) - 1))
    marking = 0
    for keys, walk in (((Key.Key_I,), 2), ((Key.Key_O, Key.Key_1), 0), ((Key.Key_C,), 0)):
        for key in keys:
            hands.press(key)
            marking += 1
        hands.press(Key.Key_Right, CONTROL, times=walk)
        if Key.Key_1 in keys:
            hands.press(Key.Key_Left, CONTROL)
            qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
    qtbot.waitUntil(lambda: len(document.clip.poses) == len(MARKED), timeout=SOON_MS)
    assert marking == 4

    # Second thoughts: another label, a cut, the cut taken back by its name, a merge.
    hands.press(Key.Key_Left, ALT)
    chosen = next(iter(page.timeline.chosen))
    hands.press(Key.Key_2)
    assert document.project.labels[document.clip.segment(chosen).action].name == "wash"
    hands.press(Key.Key_Right, CONTROL)
    hands.press(Key.Key_X)
    assert len(document.clip.segments) == len(MARKED) + 1
    hands.press(Key.Key_Z, CONTROL)
    assert len(document.clip.segments) == len(MARKED)
    hands.press(Key.Key_Z, CONTROL | SHIFT)
    hands.press(Key.Key_X, SHIFT)
    assert len(document.clip.segments) == len(MARKED)
    told = document.project

    # Nothing asks to be saved: the window is closed by its key, and all of it is in the file.
    hands.press(Key.Key_Q, CONTROL)
    assert not studio.window.isVisible()
    leave(studio)
    with sqlite3.connect(tmp_path / "Sink" / "project.sqlite") as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store = ProjectStore.open(tmp_path / "Sink", author="Ines K.")
    try:
        assert store.project == told
    finally:
        store.close()


def test_that_poses_are_set_from_suggestions_with_two_keys_a_segment(qtbot, qapp, tmp_path, video):
    studio = launch(qtbot, qapp, tmp_path)
    document, hands = studio.document, Hands(studio)
    assert studio.projects.create(tmp_path / "Sink", "Sink")
    with qtbot.waitSignal(studio.adding.ended, timeout=SOON_MS):
        studio.adding.add([video])
    (clip,) = document.project.clips.values()
    project, _ = edits.add_label(document.project, "reach", "action", author="Ines K.")
    tracks = document.store.write_tracks(walking_hands(LONG * len(MARKED)))
    assert document.edit(edits.set_tracks(project, clip.id, tracks), "Extract 2D poses")

    hands.press(Key.Key_K, CONTROL)
    hands.write("sink")
    hands.press(Key.Key_Return)
    page = studio.window.page("annotate")
    qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
    for _ in range(3):
        hands.press(Key.Key_Right, CONTROL, times=LONG // 10)
        hands.press(Key.Key_1)
    qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
    hands.press(Key.Key_Home)

    hands.presses = 0
    for place in range(3):
        hands.press(Key.Key_U)
        qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
        segment = document.clip.segments[place]
        assert segment.start_frame <= document.playhead < segment.end_frame
        shown = document.playhead
        hands.press(Key.Key_Return)
        qtbot.waitUntil(lambda many=place + 1: len(document.clip.poses) == many, timeout=SOON_MS)
        assert document.clip.pose_of(segment.id).frame == shown
    assert hands.presses == 6
    assert len(document.project.answers) == 3

    # Each is one step: undone, the segment lacks its pose again, and U offers one.
    hands.press(Key.Key_Z, CONTROL)
    assert len(document.clip.poses) == 2
    assert len(document.project.answers) == 2
    hands.press(Key.Key_U)
    qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
    hands.press(Key.Key_Return)
    qtbot.waitUntil(lambda: len(document.clip.poses) == 3, timeout=SOON_MS)
    leave(studio)

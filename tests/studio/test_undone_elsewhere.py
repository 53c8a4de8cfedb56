"""An undo whose step is not on screen says what it was and leads there; one that is seen says nothing."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from core.project import edits
from core.project.store import ProjectStore
from tests.core.project.every_edit import FIRST, Desk, edited
from tests.journeys.window import launch, leave

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def studio(qtbot, qapp, tmp_path):
    """Two clips of joints alone; the last step of the project is a mark on the first, the second is in front."""
    with ProjectStore.create(tmp_path / "kitchen", "Kitchen", "Ada") as store:
        desk = Desk(1)
        for what in (*FIRST, "add clip"):
            store.edit(edited(store.project, what, desk), what)
        first = next(iter(store.project.clips))
        label = store.project.actions()[0]
        project, _ = edits.mark_segment(store.project, first, label.id, 20, 60, author="Ada")
        store.edit(project, "Mark reach")
    made = launch(qtbot, qapp, tmp_path)
    assert made.projects.open(tmp_path / "kitchen")
    made.window.show_page("annotate")
    made.document.choose_clip(list(made.document.project.clips)[1])
    made.window.focus_page()
    yield made
    leave(made)


def press(key):
    QTest.keyClick(QApplication.focusWidget(), key, CONTROL)


def said(studio) -> str:
    card = studio.window.notices.shown
    return "" if card is None else " ".join(each.text() for each in card.findChildren(QLabel))


def test_that_an_undo_in_another_clip_says_what_and_where_and_leads_there(studio):
    document = studio.document
    first = document.project.clips[next(iter(document.project.clips))]
    press(Qt.Key.Key_Z)
    assert "Undone: Mark reach" in said(studio)
    assert first.name in said(studio)
    card = studio.window.notices.shown
    next(each for each in card.findChildren(QAbstractButton) if each.text() == "Show").click()
    assert document.clip_id == first.id
    assert document.playhead == 20


def test_that_what_is_seen_is_not_said(studio):
    document = studio.document
    document.choose_clip(next(iter(document.project.clips)))
    press(Qt.Key.Key_Z)
    assert said(studio) == ""
    document.redo()
    assert said(studio) == ""


def test_that_an_edit_takes_back_what_was_said(studio):
    press(Qt.Key.Key_Z)
    assert said(studio)
    document = studio.document
    label = document.project.actions()[0]
    project, _ = edits.mark_segment(document.project, document.clip_id, label.id, 5, 9, author="Ada")
    assert document.edit(project, "Mark reach")
    assert said(studio) == ""

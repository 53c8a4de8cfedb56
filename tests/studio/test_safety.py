"""The window when its disk is full or may not be written: nothing is lost, and it says what is and what to do."""

import os

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from core.project.store import ProjectStore
from studio import stepping
from tests.core.project.every_edit import FIRST, Desk, edited
from tests.journeys.window import launch, leave

SOON_MS = 10_000


@pytest.fixture
def folder(tmp_path):
    """A project with two labels on keys, a clip of joints alone, and a few segments."""
    with ProjectStore.create(tmp_path / "kitchen", "Kitchen", "Ada") as store:
        desk = Desk(1)
        for what in FIRST:
            store.edit(edited(store.project, what, desk), what)
    return tmp_path / "kitchen"


@pytest.fixture
def studio(qtbot, qapp, tmp_path, folder):
    made = launch(qtbot, qapp, tmp_path)
    assert made.projects.open(folder)
    made.window.focus_page()
    yield made
    leave(made)


def room(studio, pages):
    """Let the project's file grow by so many pages from now on."""
    connection = studio.document.store._database._connection
    (now,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={now + pages}")


def fill(studio):
    """Rename the project, by long names and then by shorter ones, until the file has no room for a single one more."""
    document = studio.document
    room(studio, 0)
    for length in (900, 200, 1):
        names = (f"Kitchen {at} " + "x" * length for at in range(400))
        assert not all(document.edit(replace(document.project, name=name), "Rename") for name in names)


def press(key, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(QApplication.focusWidget(), key, modifiers)


def mark(studio, start, end):
    studio.document.seek(start)
    press(Qt.Key.Key_I)
    studio.document.seek(end)
    press(Qt.Key.Key_O)
    press(Qt.Key.Key_1)


def said(widget):
    return " ".join(each.text() for each in widget.findChildren(QLabel))


def button(widget, words):
    return next(each for each in widget.findChildren(QAbstractButton) if each.text() == words)


def status(studio):
    return studio.window._status._saved.text()


def test_that_a_full_disk_takes_the_edit_back_says_so_and_goes_on_once_there_is_room(studio, qtbot):
    document, page = studio.document, studio.window.page("annotate")
    fill(studio)
    kept, shown = document.project, page.timeline.scene.contents
    rows = len(document.store.journal)
    mark(studio, 700, 760)
    assert document.project is kept
    assert len(document.store.journal) == rows
    assert page.timeline.scene.contents is shown
    assert document.playhead == 760
    card = studio.window.notices.shown
    assert card.accessibleName() == "Not saved: the disk is full"
    assert "The last edit was taken back. Everything up to " in said(card)
    assert button(card, "Free space").isEnabled()
    assert status(studio) == "Not saved"
    button(card, "Try again").click()  # still full: the same again
    assert document.project is kept
    assert status(studio) == "Not saved"
    room(studio, 500)
    qtbot.waitUntil(lambda: studio.window.notices.shown is not None, timeout=SOON_MS)
    button(studio.window.notices.shown, "Try again").click()
    clip = document.clip
    (made,) = [each for each in clip.segments if (each.start_frame, each.end_frame) == (700, 760)]
    assert page.timeline.scene.contents.segment_at(made.id) == (700, 760)
    assert status(studio).startswith("Saved")
    assert document.undo_label.startswith("Mark ")


def test_that_a_dragged_end_and_an_undo_spring_back_on_a_full_disk(studio):
    document, page = studio.document, studio.window.page("annotate")
    segment = document.clip.segments[0]
    fill(studio)
    kept = document.project
    page.timeline.spans_moved.emit([(segment.id, segment.start_frame, segment.end_frame + 20)], "end")
    assert document.project is kept
    assert page.timeline.scene.contents.segment_at(segment.id) == (segment.start_frame, segment.end_frame)
    undo = document.undo_label
    press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.project is kept
    assert document.undo_label == undo
    document.stepping.many(-3)
    assert document.project is kept
    room(studio, 500)
    assert document.try_again()
    assert document.project is not kept
    assert not document.unsaved


def test_that_an_edit_that_was_refused_is_not_made_over_one_that_came_after(studio):
    document = studio.document
    fill(studio)
    mark(studio, 700, 760)
    room(studio, 500)
    mark(studio, 900, 960)
    kept = document.project
    assert not document.try_again()
    assert document.project is kept


def test_that_a_project_that_may_not_be_written_opens_for_reading_and_offers_no_edit(
    qtbot, qapp, tmp_path, folder, monkeypatch
):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    # A person who is root may write anywhere, so the question is answered for the test.
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    studio = launch(qtbot, qapp, tmp_path)
    try:
        assert studio.projects.open(folder)
        studio.window.focus_page()
        kept = studio.document.project
        notice = said(studio.window.notices.shown)
        assert "It lies where nothing can be written" in notice
        assert "copy its folder" in notice
        assert "as soon as it is free" not in notice, "nobody has it"
        mark(studio, 700, 760)
        press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert studio.document.project is kept
        assert status(studio) == "Open for reading"
        assert not studio.window.page("annotate").timeline.editable
        assert not studio.window.actions_table.action("undo").isEnabled()
        studio.window.actions_table.do("overview")
        overview = studio.window.page("data").overview
        qtbot.waitUntil(lambda: overview.is_settled and overview.overview is not None, timeout=SOON_MS)
        assert overview.overview.segments == sum(len(each.segments) for each in kept.clips.values())
    finally:
        leave(studio)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_that_many_steps_are_taken_back_in_one_go_while_the_window_stays_awake(studio, qtbot, monkeypatch):
    document = studio.document
    start, count = document.project, 400
    for at in range(count):
        document.edit(replace(document.project, name=f"Kitchen {at}"), f"Rename {at}")
    told = []
    monkeypatch.setattr(stepping, "MOMENT_S", 0.001)
    document.stepping.stepped.connect(lambda done, of: told.append((done, of)))
    document.stepping.many(-count)
    qtbot.waitUntil(lambda: told and told[-1] == (count, count), timeout=SOON_MS)
    assert document.project == start
    assert document.store.journal[-1].kind == "undo"
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 10  # the window had its turn in between
    document.stepping.many(count)
    qtbot.waitUntil(lambda: told[-1] == (count, count) and document.redo_label is None, timeout=SOON_MS)
    assert document.project.name == f"Kitchen {count - 1}"

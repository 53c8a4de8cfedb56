"""Notices keep to their size, however much there is to say."""

import pytest
from PySide6.QtCore import QPoint, QSize
from PySide6.QtWidgets import QPushButton, QSplitter

from studio.widgets.notices import KEEP_CLEAR, Notice, in_short

pytestmark = pytest.mark.gui


def test_that_a_notice_with_much_to_say_says_the_first_of_it_and_that_there_is_more(studio):
    lines = [f"Camera {number}: focal length 1144 px" for number in range(44)]
    studio.window.notices.show(Notice("cameras.pkl is in", "\n".join(lines)))
    card = studio.window.notices.shown
    assert card.height() < 260
    assert in_short("\n".join(lines)).splitlines()[-1] == "and 40 more lines"


def test_that_all_of_a_notice_has_the_room_it_needs(studio):
    studio.window.notices.show(Notice("Undone: delete cut", "This was in lunch.", "undo", "ok", "Show", lambda: None))
    card = studio.window.notices.shown
    (button,) = [each for each in card.findChildren(QPushButton) if each.text()]
    card.layout().activate()
    assert button.parentWidget().height() >= button.minimumSizeHint().height()


def test_that_few_words_stay_as_they_are():
    assert in_short("3 files are in.\n1 was left out.") == "3 files are in.\n1 was left out."
    assert len(in_short("long " * 500)) < 400


def test_that_good_news_gives_way_to_what_waits_and_an_error_does_not(studio):
    notices = studio.window.notices
    notices.show(Notice("first is in", stays_ms=10_000))
    assert notices._timer.interval() == 10_000
    notices.show(Notice("second is in", stays_ms=10_000))
    assert notices._timer.interval() < 3000
    notices.show(Notice("third could not be read", colour="danger", stays_ms=15_000))
    assert notices.shown.accessibleName() == "third could not be read"
    assert notices._timer.interval() == 15_000


def test_that_a_notice_never_lies_over_the_timeline_also_where_the_page_comes_or_changes_after_it(open_studio, qtbot):
    window = open_studio.window
    window.show_page("projects")
    window.notices.show(Notice("Open for reading", "Theo M. is editing this project.", stays_ms=60_000))
    card = window.notices.shown
    below = card.geometry().bottom()
    page = window.show_page("annotate")
    timeline = next(each for each in page.findChildren(QSplitter) if each.objectName() == "down").widget(1)
    assert timeline.property(KEEP_CLEAR)

    def is_clear():
        return card.geometry().bottom() < timeline.mapTo(window, QPoint()).y()

    qtbot.waitUntil(is_clear)
    assert card.geometry().bottom() < below
    page._down.setSizes([200, 700])
    qtbot.waitUntil(is_clear)
    window.resize(QSize(1500, 760))
    qtbot.waitUntil(is_clear)

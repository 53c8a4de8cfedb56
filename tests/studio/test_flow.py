"""Buttons in lines: whatever room there is and however long their words, each is wholly inside."""

import pytest
from PySide6.QtWidgets import QPushButton

from studio.widgets.flow import flow


@pytest.mark.parametrize("width", [120, 200, 330, 900])
def test_that_buttons_lie_side_by_side_and_go_to_further_lines_where_room_ends(qtbot, width):
    buttons = [QPushButton(words) for words in ("Show", "Pause", "Resume with a smaller step", "Log")]
    held = flow(*buttons, gap=6)
    qtbot.addWidget(held)
    buttons[1].hide()
    seen = [each for each in buttons if each is not buttons[1]]
    held.resize(max(width, held.minimumSizeHint().width()), held.heightForWidth(width))
    held.show()
    assert all(each.geometry().right() < held.width() for each in seen)
    assert all(each.width() >= each.minimumSizeHint().width() for each in seen)
    places = [each.geometry() for each in seen]
    assert not any(a.intersects(b) for at, a in enumerate(places) for b in places[at + 1 :])
    assert [(each.y(), each.x()) for each in places] == sorted((each.y(), each.x()) for each in places)
    assert len({each.y() for each in places}) == (
        1 if width >= held.sizeHint().width() else len({e.y() for e in places})
    )
    assert max(each.bottom() for each in places) < held.heightForWidth(held.width())


def test_that_it_needs_no_more_room_than_its_widest_button(qtbot):
    buttons = [QPushButton(words) for words in ("Show", "Resume with a smaller step")]
    held = flow(*buttons)
    qtbot.addWidget(held)
    assert held.minimumSizeHint().width() == buttons[1].sizeHint().width() < held.sizeHint().width()

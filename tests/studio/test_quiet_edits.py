"""An edit shows what it changed and leaves alone what it did not: nothing else flickers, nothing else is painted."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor, QImage, QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel

from core.bodies.skeletons import BODY_25
from core.project.edits import add_label
from studio.widgets.people_overlay import Person
from studio.widgets.suggestion_card import Bar, CardFacts, SuggestionCard
from studio.widgets.video_view import Headline, VideoView


def test_that_an_edit_does_not_offer_redo_even_for_a_moment(open_studio):
    redo, offered = open_studio.window.actions_table.action("redo"), []
    redo.enabledChanged.connect(offered.append)
    for name in ("reach", "take"):
        project, _ = add_label(open_studio.document.project, name, "action", author="Ines K.")
        open_studio.document.edit(project, f"Add {name}")
    assert offered == []
    open_studio.document.undo()
    assert offered == [True]


class _Regions(QObject):
    def __init__(self, of: VideoView) -> None:
        super().__init__()
        self.painted: list[int] = []
        of.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent) and isinstance(watched, VideoView):
            area = event.region().boundingRect()
            self.painted.append(area.width() * area.height())
        return False


@pytest.fixture
def view(qtbot):
    made = VideoView()
    qtbot.addWidget(made)
    made.resize(640, 360)
    made.show_video_size(1280, 720)
    image = QImage(1280, 720, QImage.Format.Format_RGB32)
    image.fill(QColor("#406080"))
    made.show_image(image)
    joints = np.random.default_rng(1).uniform(0, 700, (len(BODY_25), 2)).astype(np.float32)
    made.show_people((Person("Ada", BODY_25, joints, np.ones(len(BODY_25), np.float32), True, 0),))
    made.show()
    QApplication.processEvents()
    yield made
    made.close()


def test_that_a_headline_that_comes_or_goes_leaves_the_picture_beside_it_alone(view):
    regions = _Regions(view)
    for headline in (Headline("Characteristic pose of  cut", "#70F1A7"), Headline("Longer words", "#4FC7CF"), None):
        view.show_headline(headline)
        QApplication.processEvents()
    assert len(regions.painted) == 3
    assert max(regions.painted) < 0.1 * view.width() * view.height()


def test_that_another_suggestion_is_said_in_the_lines_that_are_there(qtbot):
    card = SuggestionCard()
    qtbot.addWidget(card)
    card.show_facts(CardFacts(1, 3, "0:02", 0.6, (("Hands still", 0.5), ("Arms far out", 0.25))), editable=True)
    lines = card.findChildren(Bar)
    card.show_facts(CardFacts(2, 3, "0:03", 0.4, (("Far from neutral", 1.0),)), editable=True)
    assert card.findChildren(Bar) == lines
    assert [each.isVisible() for each in lines] == [True, False]
    said = [each.text() for each in card.findChildren(QLabel) if each.isVisible()]
    assert "Far from neutral" in said
    assert "1.00" in said
    assert not {"Hands still", "Arms far out"} & set(said)
    card.show_facts(CardFacts(1, 3, "0:02", 0.6, (("Hands still", 0.5), ("Arms far out", 0.25))), editable=True)
    assert [each.isVisible() for each in lines] == [True, True]

"""Brightness and contrast change what is shown and nothing else; and a picture is come closer to by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QNativeGestureEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from core.bodies.skeletons import UPPER_BODY_9
from core.project import edits
from core.video import frame_luma, open_video
from studio.jobs import Jobs
from studio.pages.annotate import AnnotatePage
from studio.widgets.people_overlay import Person
from studio.widgets.picture_framing import Framing
from studio.widgets.picture_tone import PLAIN, Tone, table, toned
from tests.studio.stand_ins import FittingModels, display
from tests.studio.test_annotate import document, video  # noqa: F401 (fixtures)
from tests.studio.test_video_view import shade_of

PARTS = st.integers(-100, 100)


@given(st.builds(Tone, PARTS, PARTS, PARTS))
def test_that_what_is_brighter_stays_brighter_in_every_tone(tone):
    assert (np.diff(table(tone).astype(int)) >= 0).all()


@given(st.integers(0, 99))
def test_that_more_brightness_is_nowhere_darker_and_more_contrast_leaves_the_middle(amount):
    assert (table(Tone(brightness=amount + 1)) >= table(Tone(brightness=amount))).all()
    assert (table(Tone(gamma=amount + 1)) >= table(Tone(gamma=amount))).all()
    assert abs(int(table(Tone(contrast=amount))[127]) - 127) <= 2


def test_that_the_plain_tone_is_the_picture_itself_and_another_leaves_it_alone():
    image = QImage(7, 5, QImage.Format.Format_RGB32)
    image.fill(QColor(100, 50, 20))
    assert toned(image, PLAIN) is image
    brighter = toned(image, Tone(brightness=40))
    assert brighter.pixelColor(6, 4).getRgb()[:3] == tuple(
        int(table(Tone(brightness=40))[each]) for each in (100, 50, 20)
    )
    assert image.pixelColor(6, 4).getRgb()[:3] == (100, 50, 20)


def test_that_the_words_say_every_change():
    assert PLAIN.words() == ""
    assert Tone(20, -10, 5).words() == "brighter +20 · contrast −10 · dark parts +5"
    assert Tone(brightness=-30).words() == "darker −30"


@pytest.fixture
def page(qtbot, document):  # noqa: F811
    made = AnnotatePage(document, Jobs(), FittingModels(), display(document.folder.parent))
    qtbot.addWidget(made)
    made.resize(1500, 900)
    made.show()
    qtbot.waitUntil(made.is_settled, timeout=30_000)
    yield made
    made.close_page()
    made.close()


def test_that_the_card_changes_what_is_seen_says_so_and_leaves_identity_alone(page, document, qtbot):  # noqa: F811
    document.seek(10)
    qtbot.waitUntil(page.is_settled, timeout=30_000)
    before, project = shade_of(page.view.grab().toImage()), document.project
    page.commands()["brightness"]()
    (card,) = [part.card for part in page.parts._parts if hasattr(part, "card") and hasattr(part.card, "sliders")]
    assert card.isVisible()
    card.sliders["brightness"].setFocus()
    for _ in range(4):
        QTest.keyClick(card.sliders["brightness"], Qt.Key.Key_PageUp)
    assert page.view.tone.tone == Tone(brightness=40)
    assert "brighter +40" in page.view.accessibleDescription()
    assert page.back_out()
    assert not card.isVisible()
    assert shade_of(page.view.grab().toImage()) > before + 20
    assert shade_of(page.view.image) < before + 20, "the frame itself stays"
    said = []
    page.picture.identify(10, said.append)
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    with open_video(document.video_path(document.clip_id)) as opened:
        assert said[0].luma == frame_luma(opened.frame(10))
    assert document.project is project
    card.reset.click()
    assert page.view.tone.tone == PLAIN


def test_that_each_clip_keeps_its_own_tone_while_the_window_is_open(page, document, qtbot):  # noqa: F811
    first = document.clip_id
    clip = document.clip
    project, other = edits.add_clip(
        document.project, "clip_08", None, clip.video, author="Ines K.", folder=document.folder
    )
    assert document.edit(project, "Add clip_08")
    (toning,) = [part for part in page.parts._parts if hasattr(part, "_tones")]
    toning.card.chosen.emit(Tone(contrast=30))
    document.choose_clip(other.id)
    assert page.view.tone.tone == PLAIN
    document.choose_clip(first)
    assert page.view.tone.tone == Tone(contrast=30)


# ---- come closer ----


def test_that_zoom_and_place_stay_for_a_clip_of_the_same_size_and_not_for_another():
    framing = Framing(640, 360, 800, 500).zoomed(4.0, QPointF(600, 100))
    assert framing.of_video(640, 360) == framing
    assert framing.of_video(640, 480).zoom == 1.0


@given(st.floats(0, 500), st.floats(0, 250), st.floats(5, 140), st.floats(5, 110))
def test_that_a_person_come_close_to_is_seen_whole(x, y, wide, high):
    framing = Framing(640, 360, 800, 500).around(QRectF(x, y, wide, high))
    corners = framing.to_view(x, y), framing.to_view(x + wide, y + high)
    assert corners[0].x() >= -1e-6
    assert corners[0].y() >= -1e-6
    assert corners[1].x() <= 800 + 1e-6
    assert corners[1].y() <= 500 + 1e-6


def test_that_the_middle_button_drags_a_picture_that_is_close(page, qtbot):
    view = page.view
    view.zoom(4.0)
    before = view.framing
    QTest.mousePress(view, Qt.MouseButton.MiddleButton, pos=QPoint(200, 200))
    QTest.mouseMove(view, QPoint(160, 210))
    QTest.mouseRelease(view, Qt.MouseButton.MiddleButton, pos=QPoint(160, 210))
    assert view.framing.picture.left() == pytest.approx(before.picture.left() - 40)
    assert view.framing.zoom == before.zoom
    view.fit()
    assert view.framing.zoom == 1.0
    assert not [each for each in view.findChildren(QLabel) if "brighter" in each.text()]


def test_that_two_fingers_come_closer_to_what_lies_between_them(page):
    view, at = page.view, QPointF(300, 150)
    before = view.framing
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice(), 2, at, at, at, 0.5, QPointF()
    )
    QApplication.sendEvent(view, pinch)
    assert view.framing.zoom == pytest.approx(1.5)
    assert view.framing == before.zoomed(1.5, at)


def test_that_a_double_click_comes_close_to_a_person_and_another_shows_the_whole_picture(page, qtbot):
    view = page.view
    joints = np.array([[100 + 5 * each, 60 + 6 * each] for each in range(9)], np.float32)
    view.show_people((Person("Ada", UPPER_BODY_9, joints, np.ones(9), True, 0),))
    at = view.framing.to_view(120, 84).toPoint()
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=at)
    assert view.framing.zoom > 1.5
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=view.framing.to_view(120, 84).toPoint())
    assert view.framing.zoom == 1.0

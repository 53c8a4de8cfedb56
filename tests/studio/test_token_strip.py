"""Tokens over time: choosing and locking stretches by hand and by key, what is told, what stays, what can be read."""

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible

from studio import theme
from studio.widgets import token_paint
from studio.widgets.motion_line import MotionLine
from studio.widgets.motion_time import MotionTime
from tests.studio.made_samples import made_motion, made_sample


@pytest.fixture
def line(qtbot):
    made = MotionLine()
    qtbot.addWidget(made)
    made.resize(900, made.sizeHint().height())
    made.show()
    yield made
    made.close()


def at_token(line: MotionLine, token: int) -> QPoint:
    return line.strip.item_rect(token).center().toPoint()


def drag(qtbot, line: MotionLine, start: int, end: int) -> None:
    qtbot.mousePress(line.strip, Qt.MouseButton.LeftButton, pos=at_token(line, start))
    qtbot.mouseMove(line.strip, at_token(line, end))
    qtbot.mouseRelease(line.strip, Qt.MouseButton.LeftButton, pos=at_token(line, end))


def test_that_a_drag_chooses_a_stretch_either_way_and_a_lock_holds_its_codes(qtbot, line):
    sample = made_sample()
    line.show_sample(1, sample, codes=256)
    drag(qtbot, line, 4, 9)
    assert line.strip.chosen == (4, 10)
    line.toggle_lock()
    drag(qtbot, line, 15, 12)
    assert line.strip.chosen == (12, 16)
    line.toggle_lock()
    assert line.locked is not None
    assert line.locked.codes == sample.codes
    assert line.locked.keep == ((4, 10), (12, 16))


def test_that_locking_again_unlocks_and_part_of_a_lock_can_be_freed(line):
    line.show_sample(1, made_sample())
    line.strip.choose((4, 10))
    line.toggle_lock()
    line.strip.choose((6, 8))
    line.toggle_lock()
    assert line.strip.locks == ((4, 6), (8, 10))
    line.strip.choose((2, 12))
    line.toggle_lock()  # not all of it was locked: now it is
    assert line.strip.locks == ((2, 12),)
    line.toggle_lock()
    assert line.strip.locks == ()
    assert line.locked is None


def test_that_keys_choose_from_the_playhead_on_and_back(qtbot, line):
    line.show_sample(1, made_sample(factor=3))
    line.show_playhead(0.95)
    line.strip.setFocus()
    shift, alt = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(line.strip, Qt.Key.Key_Right, shift)
    assert line.strip.chosen == (9, 10)
    qtbot.keyClick(line.strip, Qt.Key.Key_Right, shift)
    qtbot.keyClick(line.strip, Qt.Key.Key_Right, shift)
    assert line.strip.chosen == (9, 12)
    for _ in range(4):
        qtbot.keyClick(line.strip, Qt.Key.Key_Left, shift)
    assert line.strip.chosen == (7, 10)
    qtbot.keyClick(line.strip, Qt.Key.Key_End, shift)
    assert line.strip.chosen == (9, 20)
    qtbot.keyClick(line.strip, Qt.Key.Key_Left, alt)
    assert line.strip.chosen == (8, 9)
    qtbot.keyClick(line.strip, Qt.Key.Key_Escape)
    assert line.strip.chosen is None


def test_that_escape_gives_a_drag_back(qtbot, line):
    line.show_sample(1, made_sample())
    line.strip.choose((1, 3))
    qtbot.mousePress(line.strip, Qt.MouseButton.LeftButton, pos=at_token(line, 6))
    qtbot.mouseMove(line.strip, at_token(line, 12))
    assert line.strip.chosen == (6, 13)
    qtbot.keyClick(line.strip, Qt.Key.Key_Escape)
    assert line.strip.chosen == (1, 3)
    qtbot.mouseMove(line.strip, at_token(line, 15))
    assert line.strip.chosen == (1, 3)


def test_that_resampling_is_wished_only_with_something_locked_and_something_free(qtbot, line):
    line.show_sample(1, made_sample())
    wishes = []
    line.resample_wanted.connect(wishes.append)
    line.ask_resample()
    assert not line.resample.isEnabled()
    line.strip.choose((0, 20))
    line.toggle_lock()
    line.ask_resample()
    assert not line.resample.isEnabled()
    line.strip.choose((3, 5))
    line.toggle_lock()
    assert line.resample.isEnabled()
    qtbot.mouseClick(line.resample, Qt.MouseButton.LeftButton)
    assert [each.keep for each in wishes] == [((0, 3), (5, 20))]
    line.set_can_resample(False)
    line.ask_resample()
    assert len(wishes) == 1


def test_that_locks_stay_while_the_rest_is_drawn_anew_and_go_with_their_codes(line):
    before = made_sample(seed=1)
    line.show_sample(1, before)
    for stretch in ((2, 5), (10, 13)):
        line.strip.choose(stretch)
        line.toggle_lock()
    told = []
    line.locks_changed.connect(lambda: told.append(line.strip.locks))
    other = made_sample(seed=2)
    kept = tuple(before.codes[at] if at in (2, 3, 4, 10, 11, 12) else code for at, code in enumerate(other.codes))
    partly = msgspec.structs.replace(other, codes=kept[:7], settled=0)
    line.show_sample(1, partly, frames=80)
    assert line.strip.locks == ((2, 5), (10, 13))
    assert line.locked is None  # the second stretch is not drawn yet
    assert not line.resample.isEnabled()
    line.show_sample(1, msgspec.structs.replace(other, codes=kept))
    assert line.strip.locks == ((2, 5), (10, 13))
    assert line.locked is not None
    assert told == []
    line.show_sample(1, other)
    assert line.strip.locks == ()
    assert told == [()]


def test_that_each_sample_has_its_own_locks(line):
    one, two = made_sample(seed=1), made_sample(seed=2)
    line.show_sample(1, one)
    line.strip.choose((2, 5))
    line.toggle_lock()
    line.show_sample(2, two)
    assert line.strip.locks == ()
    assert line.strip.chosen is None
    line.show_sample(1, one)
    assert line.strip.locks == ((2, 5),)


def test_that_the_ruler_seeks_and_is_held_inside(qtbot, line):
    line.show_sample(1, made_sample(tokens=15, factor=4), past_s=1.0)
    sought = []
    line.sought.connect(sought.append)
    strip = line.strip
    x = strip.item_rect(6).left()
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(x), 5))
    assert sought[-1] == pytest.approx(0.8, abs=0.01)
    qtbot.mouseMove(strip, QPoint(strip.width() - 1, 5))
    assert sought[-1] == pytest.approx(2.0)
    qtbot.mouseMove(strip, QPoint(0, 5))
    assert sought[-1] == 0.0
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(0, 5))


def test_that_tokens_and_story_stand_at_the_same_places(line):
    from core.generations import Part

    line.show_sample(1, made_sample(tokens=15, factor=4))
    line.show_story((Part(actions=("walk",), seconds=0.8), Part(actions=("sit",), seconds=1.2)))
    assert line.track.places().part(1).left() == pytest.approx(line.strip.item_rect(6).left())
    assert line.track.places().part(1).right() == pytest.approx(line.strip.item_rect(14).right())


def test_that_readers_hear_each_token_with_its_time_codes_and_state(line):
    sample = made_sample(tokens=10, books=2, factor=3, settled=15)
    line.show_sample(1, sample, codes=256)
    line.strip.choose((2, 4))
    line.toggle_lock()
    heard = QAccessible.queryAccessibleInterface(line.strip)
    assert heard.role() == QAccessible.Role.List
    assert heard.childCount() == 10
    first, second = sample.codes[2]
    name = heard.child(2).text(QAccessible.Text.Name)
    assert name == f"token 3 of 10, 0.20 to 0.30 s, codes {first}, {second}, locked"
    assert heard.child(8).text(QAccessible.Text.Name).endswith("still moves")
    assert heard.child(3).state().selected
    assert not heard.child(4).state().selected


def test_that_a_whole_motion_that_ends_within_a_token_moves_nowhere(line):
    sample = made_sample(tokens=10, factor=4, settled=38)
    cut = msgspec.structs.replace(sample, motion=made_motion(38))
    line.show_sample(1, cut)
    assert not any("still moves" in line.strip.item_words(at) for at in range(10))
    line.show_sample(1, msgspec.structs.replace(cut, settled=30))
    assert [at for at in range(10) if "still moves" in line.strip.item_words(at)] == [7, 8, 9]


@pytest.mark.parametrize("look", [theme.DARK, theme.LIGHT], ids=lambda look: look.name)
@pytest.mark.parametrize("books", [1, 2, 4, 8])
def test_that_every_code_can_be_read_on_its_tone(look, books):
    for book in range(books):
        for code in range(0, 512, 7):
            tone = token_paint.tone(look, book, books, round(code / 511, 3))
            assert theme.contrast(token_paint.ink_on(tone), tone) >= 4.5


@pytest.mark.parametrize(("tokens", "books", "factor"), [(75, 1, 4), (75, 8, 4), (150, 4, 2), (300, 2, 1), (3, 4, 8)])
def test_that_the_strip_paints_at_every_size_and_fits_its_books(line, tokens, books, factor):
    line.show_sample(1, made_sample(tokens, books, factor), codes=256, past_s=2.0)
    line.strip.choose((0, 2))
    line.toggle_lock()
    picture = line.strip.grab().toImage()
    ratio = picture.devicePixelRatio()
    rows = [token_paint.cell(line.strip.tokens, time_of(line), tokens - 1, book).center() for book in range(books)]
    assert rows[-1].y() < line.strip.height()
    seen = {picture.pixelColor(round((row.x()) * ratio), round((row.y() - 5) * ratio)).name() for row in rows}
    assert theme.now().panel not in seen


def time_of(line: MotionLine) -> MotionTime:
    tokens = line.strip.tokens
    assert tokens is not None
    past_s = min(2.0, 0.25 * tokens.total * tokens.token_s)
    return MotionTime.over(line.strip.width(), -past_s, tokens.total * tokens.token_s)


def test_that_numbers_are_written_only_where_they_fit(line):
    wide, narrow = MotionTime(0.0, 4.0, 60.0, 800.0), MotionTime(0.0, 10.0, 60.0, 500.0)
    assert token_paint.number_size(wide, 4 / 30, 256) == 10.0
    assert token_paint.number_size(narrow, 4 / 30, 256) is None
    assert line.strip.tokens is None

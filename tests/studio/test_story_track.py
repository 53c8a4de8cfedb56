"""The story: what drags and keys wish, that a mis-drag loses nothing, and the laws of its edits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from core.generations import Anchor, Part
from studio.widgets.motion_line import MotionLine
from studio.widgets.story_edits import LEAST_S, Story, whole
from studio.widgets.story_places import Hit
from studio.widgets.story_track import menu_of
from tests.studio.made_samples import made_sample

WALK, SIT, WAVE = (
    Part(actions=(name,), seconds=seconds) for name, seconds in (("walk", 2.0), ("sit", 1.0), ("wave", 1.5))
)
ANCHOR = Anchor(at_s=1.6, name="clip_03, kick")


@pytest.fixture
def line(qtbot):
    made = MotionLine()
    qtbot.addWidget(made)
    made.resize(960, made.sizeHint().height())
    made.show()
    made.show_story((WALK, SIT, WAVE), (ANCHOR,))
    yield made
    made.close()


@pytest.fixture
def wishes(line):
    told = []
    line.story_changed.connect(lambda parts, anchors: told.append(Story(parts, anchors)))
    return told


def press(line: MotionLine, place: QPointF) -> None:
    QTest.mousePress(line.track, Qt.MouseButton.LeftButton, pos=place.toPoint())


def move(line: MotionLine, place: QPointF) -> None:
    QTest.mouseMove(line.track, place.toPoint())


def let_go(line: MotionLine, place: QPointF) -> None:
    QTest.mouseRelease(line.track, Qt.MouseButton.LeftButton, pos=place.toPoint())


def end_of(line: MotionLine, at: int) -> QPointF:
    area = line.track.places().part(at)
    return QPointF(area.right() - 2, area.top() + 4)


def middle_of(line: MotionLine, at: int) -> QPointF:
    area = line.track.places().part(at)
    return QPointF(area.left() + 0.3 * area.width(), area.top() + 4)


def px_per_s(line: MotionLine) -> float:
    return line.track.places().part(0).width() / 2.0


def test_that_dragging_an_end_changes_one_duration_as_one_wish_on_release(line, wishes):
    start = end_of(line, 0)
    there = start + QPointF(0.52 * px_per_s(line), 0)
    press(line, start)
    move(line, start + QPointF(0.2 * px_per_s(line), 0))
    move(line, there)
    assert line.track.is_dragging
    assert wishes == []
    let_go(line, there)
    assert len(wishes) == 1
    assert [part.seconds for part in wishes[0].parts] == pytest.approx([2.5, 1.0, 1.5])
    assert wishes[0].anchors == (ANCHOR,)


def test_that_escape_and_a_press_without_a_move_change_nothing(line, wishes):
    start = end_of(line, 1)
    press(line, start)
    move(line, start + QPointF(80, 0))
    QTest.keyClick(line.track, Qt.Key.Key_Escape)
    let_go(line, start + QPointF(80, 0))
    press(line, start)
    let_go(line, start)
    assert wishes == []
    assert line.track.story == Story((WALK, SIT, WAVE), (ANCHOR,))


def test_that_a_part_is_dragged_to_another_place_and_stays_chosen(line, wishes):
    chosen = []
    line.part_chosen.connect(chosen.append)
    start, there = middle_of(line, 0), middle_of(line, 1)
    press(line, start)
    move(line, there)
    let_go(line, there)
    assert [part.actions[0] for part in wishes[-1].parts] == ["sit", "walk", "wave"]
    assert line.track.chosen == Hit("part", 1)
    assert chosen[-1] == 1
    assert len(wishes) == 1


def test_that_a_part_let_go_where_it_was_is_no_wish(line, wishes):
    start = middle_of(line, 1)
    press(line, start)
    move(line, start + QPointF(9, 0))
    let_go(line, start + QPointF(9, 0))
    assert wishes == []


def test_that_an_anchor_is_dragged_in_time_and_held_inside_the_story(line, wishes):
    diamond = line.track.item_rect(1).center()
    assert line.track.places().hit(diamond) == Hit("anchor", 0)
    there = diamond + QPointF(px_per_s(line), 0)
    press(line, diamond)
    move(line, there)
    let_go(line, there)
    assert wishes[-1].anchors[0].at_s == pytest.approx(2.6, abs=0.03)
    assert wishes[-1].anchors[0].name == "clip_03, kick"
    press(line, line.track.item_rect(2).center())
    move(line, QPointF(5000, 10))
    let_go(line, QPointF(5000, 10))
    assert wishes[-1].anchors[0].at_s == pytest.approx(4.5 - 1 / 30)


def test_that_keys_walk_change_reorder_and_take_out(qtbot, line, wishes):
    track = line.track
    track.setFocus()
    alt, shift = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(track, Qt.Key.Key_Right, alt)
    assert track.chosen == Hit("anchor", 0)  # it lies in the first part
    qtbot.keyClick(track, Qt.Key.Key_Right, shift)
    assert wishes[-1].anchors[0].at_s == pytest.approx(1.6 + 1 / 30, abs=1e-4)
    qtbot.keyClick(track, Qt.Key.Key_Right, alt)
    assert track.chosen == Hit("part", 1)
    qtbot.keyClick(track, Qt.Key.Key_Left, shift)
    assert wishes[-1].parts[1].seconds == pytest.approx(0.9)
    qtbot.keyClick(track, Qt.Key.Key_Right, alt | shift)
    assert [part.actions[0] for part in wishes[-1].parts] == ["walk", "wave", "sit"]
    assert track.chosen == Hit("part", 2)
    qtbot.keyClick(track, Qt.Key.Key_Delete)
    assert [part.actions[0] for part in wishes[-1].parts] == ["walk", "wave"]
    qtbot.keyClick(track, Qt.Key.Key_Delete)
    qtbot.keyClick(track, Qt.Key.Key_Delete)
    assert [part.actions[0] for part in wishes[-1].parts] == ["walk"]  # the last one stays


def test_that_adding_asks_which_action_and_takes_no_other_away(qtbot, line, wishes):
    asked = []
    line.rename_wanted.connect(asked.append)
    qtbot.mouseClick(line.track, Qt.MouseButton.LeftButton, pos=line.track.places().add().center().toPoint())
    assert wishes[-1].parts[:3] == (WALK, SIT, WAVE)
    assert len(wishes[-1].parts) == 4
    assert asked == [3]
    line.track.choose(Hit("add"))
    qtbot.keyClick(line.track, Qt.Key.Key_Return)
    assert len(wishes[-1].parts) == 5
    qtbot.mouseDClick(line.track, Qt.MouseButton.LeftButton, pos=middle_of(line, 1).toPoint())
    assert asked[-1] == 1


def test_that_the_axis_holds_still_under_a_drag(line, wishes):
    start = end_of(line, 2)
    before = line.track.places().part(0).right()
    press(line, start)
    move(line, start + QPointF(60, 0))
    line.show_sample(1, made_sample(tokens=60))  # an answer comes meanwhile
    assert line.track.places().part(0).right() == before
    let_go(line, start + QPointF(60, 0))
    assert len(wishes) == 1
    assert line.track.places().part(0).right() < before  # the axis takes in what was added


def test_that_a_story_changed_elsewhere_ends_a_drag(line, wishes):
    start = end_of(line, 0)
    press(line, start)
    move(line, start + QPointF(50, 0))
    line.show_story((SIT,), ())
    let_go(line, start + QPointF(50, 0))
    assert wishes == []
    assert line.track.story == Story((SIT,))


def test_that_nothing_can_be_changed_where_editing_is_off(qtbot, line, wishes):
    line.track.editable = False
    start = end_of(line, 0)
    press(line, start)
    move(line, start + QPointF(50, 0))
    let_go(line, start + QPointF(50, 0))
    qtbot.keyClick(line.track, Qt.Key.Key_Delete)
    assert wishes == []


def test_that_a_press_beside_the_parts_seeks(line):
    sought = []
    line.sought.connect(sought.append)
    area = line.track.places().part(1)
    press(line, QPointF(area.center().x(), 1))
    assert sought == [pytest.approx(2.5, abs=0.02)]
    let_go(line, QPointF(area.center().x(), 1))


def test_that_readers_hear_parts_poses_and_the_place_to_add_in_order_of_time(line):
    heard = QAccessible.queryAccessibleInterface(line.track)
    names = [heard.child(at).text(QAccessible.Text.Name) for at in range(heard.childCount())]
    assert names == [
        "walk, 0.00 to 2.00 s, part 1 of 3",
        "pose clip_03, kick, passed through at 1.60 s",
        "sit, 2.00 to 3.00 s, part 2 of 3",
        "wave, 3.00 to 4.50 s, part 3 of 3",
        "Add action",
    ]
    assert heard.child(0).state().selected


def test_that_the_menu_offers_what_can_be_done_with_the_chosen_one(line):
    line.track.choose(Hit("part", 0))
    menu = menu_of(line.track, line.track._hands)
    can = {each.text(): each.isEnabled() for each in menu.actions() if each.text()}
    assert can == {
        "Change action…": True, "Add action after it": True, "Move earlier": False, "Move later": True,
        "Take out": True,
    }  # fmt: skip
    menu.deleteLater()


@pytest.mark.parametrize("width", [420, 640, 1400])
def test_that_the_place_to_add_is_always_inside(line, width):
    line.resize(width, line.height())
    assert line.track.places().add().right() <= line.track.width()
    assert line.track.places().add().left() >= line.track.places().part(2).right()


def test_that_a_far_right_press_finds_no_part(line):
    assert line.track.places().hit(QPointF(line.track.width() + 40, 15)) is None
    assert line.track.places().hit(QPointF(QPoint(2, 15))) is None


# ---- laws of the edits ----

some_parts = st.builds(
    lambda name, frames: Part(actions=(name,), seconds=frames / 30), st.sampled_from("abc"), st.integers(6, 90)
)
stories = st.builds(
    lambda parts, times: Story(parts, tuple(Anchor(at_s=whole(each)) for each in times)),
    st.lists(some_parts, min_size=1, max_size=5).map(tuple),
    st.lists(st.floats(0, 0.16), max_size=3),
)  # fmt: skip


@given(stories, st.integers(0, 9), st.floats(-3, 9))
def test_that_a_shared_end_keeps_the_whole_as_long_and_an_own_end_keeps_the_others(story, at, seconds):
    at %= len(story.parts)
    own = story.lasting(at, seconds)
    assert [part for place, part in enumerate(own.parts) if place != at] == [
        part for place, part in enumerate(story.parts) if place != at
    ]
    assert own.parts[at].seconds >= LEAST_S - 1e-6
    if at + 1 < len(story.parts):
        shared = story.lasting(at, seconds, shared=True)
        assert shared.seconds == pytest.approx(story.seconds, abs=1e-4)
        assert all(part.seconds >= LEAST_S - 1e-4 for part in shared.parts)


@given(stories, st.integers(0, 9), st.integers(-2, 9))
def test_that_moving_a_part_loses_none_and_moving_it_back_restores_the_story(story, at, to):
    at %= len(story.parts)
    moved = story.moved(at, to)
    assert sorted(map(str, moved.parts)) == sorted(map(str, story.parts))
    there = min(max(to, 0), len(story.parts) - 1)
    assert moved.parts[there] == story.parts[at]
    assert moved.moved(there, at) == story


@given(stories, st.integers(0, 9))
def test_that_anchors_stay_inside_whatever_is_taken_out(story, at):
    smaller = story.without(at % len(story.parts))
    assert len(smaller.parts) == max(len(story.parts) - 1, 1)
    assert len(smaller.anchors) == len(story.anchors)
    assert all(0 <= each.at_s < smaller.seconds for each in smaller.anchors)

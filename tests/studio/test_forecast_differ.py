"""Where runs differ: moments in an order, counted, filtered, walked through, and shown in Compare.

A stand-in answers in this process after a turn of the event loop with moments whose differences are made up.
"""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible

from core.forecasts import Difference, Differences, Forecast, ForecastAnswer, ForecastStep, Refusal
from studio import forecasters, theme
from studio.document import Document
from studio.jobs import Jobs
from studio.pages import forecast_differ_rows as rows
from studio.pages.forecast_asking import Asking
from studio.pages.forecast_differ import DifferTab
from tests.core.project_on_disk import project_on_disk


def moment(clip="c", frame=10, apart=0.5, first=("take", "cut"), second=("take", "wash"), came=("take", "cut"),
           errors=(10.0, 12.0)) -> Difference:  # fmt: skip
    right = tuple(sum(one == true for one, true in zip(each, came, strict=False)) for each in (first, second))
    return Difference(
        clip_id=clip, at_frame=frame, apart=apart, actions=(first, second), came=came,
        frames=tuple(frame + 20 * at for at in range(len(came))), right=(right[0], right[1]),
        poses_apart_mm=100 * apart, error_px=errors,
    )  # fmt: skip


# ---- rows -----------------------------------------------------------------------------------------------------------


def test_that_each_order_puts_first_what_it_is_named_for():
    close, far = moment(frame=1, apart=0.1, errors=(5.0, 9.0)), moment(frame=9, apart=0.9, errors=(9.0, 5.0))
    unseen = moment(frame=5, apart=0.3, errors=(None, 4.0))
    every = [close, unseen, far]
    assert rows.chosen_of(every, "apart") == [far, unseen, close]
    assert rows.chosen_of(every, "time") == [close, unseen, far]
    assert rows.chosen_of(every, "first") == [close, far, unseen]  # what cannot be said stands last both ways
    assert rows.chosen_of(every, "second") == [far, close, unseen]


def test_that_the_counts_are_steps_where_exactly_one_is_right():
    both, one = moment(), moment(first=("cut", "wash", "stir"), second=("take", "wash", "stir"), came=("take", "cut"))
    assert rows.tally([both]) == rows.Tally(steps=2, only_first=1, only_second=0)
    assert rows.tally([both, one]) == rows.Tally(steps=4, only_first=1, only_second=1)


def test_that_swapping_the_two_swaps_the_counts():
    some = [moment(), moment(first=("cut", "wash"), second=("take", "cut")), moment(first=("stir",), second=("take",))]
    swapped = [replace(each, actions=each.actions[::-1]) for each in some]
    found, other = rows.tally(some), rows.tally(swapped)
    assert (found.steps, found.only_first, found.only_second) == (other.steps, other.only_second, other.only_first)


def test_that_an_action_keeps_moments_where_it_came_or_was_foreseen():
    came, said, neither = moment(came=("stir", "cut")), moment(second=("take", "stir")), moment()
    assert rows.chosen_of([came, said, neither], "apart", action="stir") == [came, said]
    same = moment(first=("take", "cut"), second=("take", "cut"))
    assert rows.chosen_of([same, neither], "apart", only_split=True) == [neither]


@pytest.mark.parametrize("apart", [0.0, 0.024, 0.025, 0.5, 0.999, 1.0])
def test_that_a_moment_is_in_the_bar_that_counts_it(apart):
    each = moment(apart=apart)
    counts = rows.counts_by_apart([each])
    assert counts[rows.bin_of(each)] == sum(counts) == 1


# ---- the tab --------------------------------------------------------------------------------------------------------


class Models(QObject):
    """Answers with what it was given; poses are two strokes."""

    answered, refused, described, compared = (
        Signal(int, object),
        Signal(int, object),
        Signal(int, object),
        Signal(int, object),
    )

    def __init__(self) -> None:
        super().__init__()
        self.moments: tuple[Difference, ...] = ()
        self.refuse_with: Refusal | None = None
        self.asked: list[tuple] = []
        self.forecasts_asked: list[tuple] = []
        self.is_waiting = False

    def warm_up(self) -> None: ...
    def forget_forecast(self) -> None: ...
    def forget_differences(self) -> None: ...

    def about(self, run) -> int:
        return 0

    def differences(self, project, of, part="test", most=5000) -> int:
        self.asked.append((of, part))
        number = len(self.asked)
        answer = self.refuse_with or Differences(
            number=number, moments=self.moments, measured=len(self.moments), part=part, notes=("Split 'Random'.",)
        )
        QTimer.singleShot(0, self, lambda: self.compared.emit(number, answer))
        return number

    def forecast(self, project, clip_id, at_frame, of, steps=None, **_) -> int:
        self.forecasts_asked.append((clip_id, at_frame, of))
        number = 500 + len(self.forecasts_asked)
        step = ForecastStep(
            action="take", confidence=0.5, best=(("take", 0.5),), joints_m=((0.0, 0.0, 0.0),) * 9,
            joints_px=tuple((300.0 + 10 * at, 100.0 + 5 * at) for at in range(9)), truth_action="take",
            truth_px=tuple((100.0 + 10 * at, 50.0 + 5 * at) for at in range(9)), truth_frame=at_frame + 20,
        )  # fmt: skip
        said = Forecast(model="m", clip_id=clip_id, at_frame=at_frame, seen_frames=(), seen_actions=(), steps=(step,),
                        camera_estimated=False)  # fmt: skip
        answers = tuple(ForecastAnswer(forecast=said) for _ in of)
        QTimer.singleShot(0, self, lambda: self.answered.emit(number, answers))
        return number


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects") / "made up"
    project_on_disk(folder, clips=2)
    return folder


@pytest.fixture
def studio(qtbot, qapp, folder, monkeypatch):
    monkeypatch.setattr(forecasters, "shipped_checkpoints", lambda _: {"one": folder, "two": folder / "other"})
    theme.apply(qapp, theme.DARK)
    document, jobs, models = Document("test"), Jobs(), Models()
    asking = Asking(document, jobs, models)
    tab = DifferTab(document, models, asking)
    qtbot.addWidget(tab)
    tab.resize(1330, 800)
    document.open(folder)
    clips = list(document.project.clips)
    models.moments = tuple(
        moment(clips[at % 2], 30 + at, apart=at / 60, first=("take", "cut" if at % 2 else "stir")) for at in range(60)
    )
    yield tab, models, document
    tab.close_tab()
    tab.close()
    document.close_project()


def shown(studio, qtbot):
    tab, _, _ = studio
    tab.show()
    tab.show_tab()
    qtbot.waitUntil(tab.is_settled)
    return tab


def test_that_the_first_two_are_measured_on_the_test_part_and_the_farthest_apart_stands_first(studio, qtbot):
    tab, models, _ = studio
    tab.show_tab()
    assert "Measuring one and n-gram on the test part" in tab._busy_words.text()
    shown(studio, qtbot)
    (of, part), *rest = models.asked
    assert part == "test"
    assert not rest
    assert [each.plain for each in of] == ["", "counting"]
    listed = [row.apart for row in tab.list.rows()]
    assert listed == sorted(listed, reverse=True)
    assert len(listed) == 60
    assert [row.apart_words for row in tab.list.rows()[:2]] == ["0.98 apart", "0.97 apart"], "what the order is by"
    assert "poses 98 mm apart" in tab.chosen._said.text()
    assert tab.counts.text() == "one right where n-gram is wrong: 30 of 120 steps; the other way: 0."
    assert tab._notes.text() == "Split 'Random'."


def test_that_a_pair_once_measured_is_shown_at_once_until_the_marks_change(studio, qtbot):
    tab, models, document = studio
    shown(studio, qtbot)
    repeating = next(at for at in range(tab.second.count()) if tab.second.itemData(at).plain == "repeating")
    before = tab.second.currentIndex()
    tab.second.setCurrentIndex(repeating)
    qtbot.waitUntil(tab.is_settled)
    tab.second.setCurrentIndex(before)
    assert tab._place.currentIndex() == 0  # at once
    assert len(models.asked) == 2
    assert not tab.again.isVisible()
    clip = next(iter(document.project.clips.values()))
    document.edit(document.project.with_clip(replace(clip, segments=clip.segments[1:])), "Delete a segment")
    assert tab.again.isVisible()
    assert tab.list.rows()  # what was measured stays until the person wants it anew
    tab.again.click()
    qtbot.waitUntil(tab.is_settled)
    assert len(models.asked) == 3
    assert not tab.again.isVisible()


def test_that_an_action_and_one_right_the_other_wrong_leave_what_they_say(studio, qtbot):
    tab, _, _ = shown(studio, qtbot), *studio[1:]
    tab.action.setCurrentText("stir")
    assert len(tab.list.rows()) == 30
    tab.only_split.setChecked(True)
    assert not tab.list.rows()
    assert tab._lists.currentIndex() == 1
    tab.action.setCurrentIndex(0)
    assert len(tab.list.rows()) == 30


def test_that_the_chosen_moment_shows_both_poses_neck_on_neck_with_what_came(studio, qtbot):
    tab, models, _ = studio
    shown(studio, qtbot)
    asked = models.forecasts_asked[-1]
    assert asked[:2] == tab.list.current_key()
    assert len(asked[2]) == 2
    true, first, second = tab.chosen._cells[0].cell().poses
    assert (true.dashed, first.dashed, second.dashed) == (False, True, True)
    assert true.joints_px[1] == first.joints_px[1] == second.joints_px[1]
    assert first.colour == tab.pair()[0].colour
    assert second.colour == tab.pair()[1].colour


def test_that_enter_seeks_and_n_walks_from_moment_to_moment(studio, qtbot):
    tab, _, _ = studio
    shown(studio, qtbot)
    sought = []
    tab.sought.connect(lambda *key: sought.append(key))
    tab.list.setFocus()
    qtbot.keyClick(tab.list, Qt.Key.Key_Return)
    first, second, third = (row.key for row in tab.list.rows()[:3])
    assert sought == [first]
    for by in (1, 1, -1):
        tab.walk(by)
    assert sought[1:] == [second, third, second]
    tab.list.choose(tab.list.rows()[9].key)
    tab.walk(1)  # a row chosen in the list and not yet looked at comes first
    assert sought[-1] == tab.list.rows()[9].key


def test_that_a_walk_before_anything_was_measured_says_nothing(studio):
    tab, _, _ = studio
    sought = []
    tab.sought.connect(lambda *key: sought.append(key))
    tab.walk(1)
    tab.walk(-1)
    assert sought == []


def test_that_a_click_on_a_bar_goes_to_one_of_its_moments(studio, qtbot):
    tab = shown(studio, qtbot)
    bar = 20
    place = tab.histogram.item_rect(bar).center().toPoint()
    qtbot.mouseClick(tab.histogram, Qt.MouseButton.LeftButton, pos=QPoint(place.x(), place.y()))
    chosen = next(each for each in tab.moments() if rows.key_of(each) == tab.list.current_key())
    assert rows.bin_of(chosen) == bar
    assert tab.histogram.is_item_chosen(bar)


def test_that_a_refusal_is_said_in_words_and_can_be_tried_again(studio, qtbot):
    tab, models, _ = studio
    models.refuse_with = Refusal(message="The project has no test part.", hint="Make a split.")
    shown(studio, qtbot)
    assert tab.state.words() == "These two cannot be compared"
    assert tab._place.currentIndex() == 1
    models.refuse_with = None
    tab.state.measures.emit()
    qtbot.waitUntil(tab.is_settled)
    assert tab._place.currentIndex() == 0


def test_that_one_run_against_itself_asks_nothing(studio, qtbot):
    tab, models, _ = studio
    shown(studio, qtbot)
    asked = len(models.asked)
    tab.second.setCurrentIndex(tab.first.currentIndex())
    assert tab.state.words() == "Choose two runs"
    assert len(models.asked) == asked


def test_that_five_thousand_rows_are_listed_and_only_those_in_view_are_painted(studio, qtbot, monkeypatch):
    tab, models, document = studio
    clip = next(iter(document.project.clips))
    models.moments = tuple(moment(clip, at, apart=at / 5000) for at in range(5000))
    shown(studio, qtbot)
    painted = []
    painter = tab.list.itemDelegate()
    draw = painter._draw
    monkeypatch.setattr(painter, "_draw", lambda *each: (painted.append(1), draw(*each)))
    tab.list.grab()
    assert tab.list.model().rowCount() == 5000
    assert 0 < len(painted) < 30


def test_that_rows_and_bars_are_read_aloud(studio, qtbot):
    tab = shown(studio, qtbot)
    index = tab.list.model().index(0, 0)
    words = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "1 and 1 of 2 right" in words or "2 and 1 of 2 right" in words
    bars = QAccessible.queryAccessibleInterface(tab.histogram)
    assert bars.childCount() == rows.BINS
    assert bars.child(0).text(QAccessible.Text.Name).endswith("from 0.00 to 0.03 apart")
    for each in (tab.first, tab.second, tab.part, tab.order, tab.action, tab.list, tab.histogram):
        assert each.accessibleName()

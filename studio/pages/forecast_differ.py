"""Where runs differ: the third tab of Forecast. Moments of a part of the split, sorted by how much two runs disagree.

The warm process measures the pair once and the answer is kept until the marks change. A click on "Show it in Compare",
Enter, or N from any tab goes to the moment there.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.forecasts import Difference, Differences, Forecaster, Refusal
from core.project.annotations import Changes, Project
from core.wording import sentences
from studio import theme
from studio.commands import tip
from studio.document import Document
from studio.forecasters import Known
from studio.models_client import ModelsClient
from studio.pages import forecast_differ_rows as rows
from studio.pages.forecast_asking import Asking
from studio.pages.forecast_differ_chosen import ChosenMoment
from studio.pages.forecast_differ_list import ApartHistogram, MomentList, ShownMoment, ShownStep
from studio.widgets import parts
from studio.widgets.clip_time import say_count, say_time
from studio.widgets.painting import Swatch
from studio.widgets.state_place import Said, StateCard
from studio.words import say

PARTS = ("test", "validation", "train")
_ORDERS: tuple[rows.Order, ...] = ("apart", "first", "second", "time")
_Key = tuple[str, str, str, str]


class DifferTab(QFrame):
    """Two runs at the top, their moments below, the chosen one at the right."""

    sought = Signal(str, int)
    """A clip and a frame of it: to be shown in Compare."""
    asks = Signal(str)
    """A command."""

    def __init__(self, document: Document, models: ModelsClient, asking: Asking) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._document, self._models, self._asking = document, models, asking
        self._answers: dict[_Key, Differences] = {}
        self._refusals: dict[_Key, Refusal] = {}
        self._stale: set[_Key] = set()
        self._shown: list[Difference] = []
        self._drawn: tuple | None = None
        self._number, self._asked_for = -1, ("", "", "", "")
        self._went_to: tuple[str, int] | None = None
        self._is_front = self._is_low = False
        self._lay_out()
        models.compared.connect(self._take)
        document.changed.connect(self._edited)
        document.closed.connect(self._forget_all)
        asking.changed.connect(self._follow_runs)

    # ---- the page's side ----

    def show_tab(self) -> None:
        """It is in front now: ask, where nothing is known yet."""
        self._is_front = True
        self._follow_runs()

    def hide_tab(self) -> None:
        """Another tab or page is in front. What is being measured goes on: it is worth keeping."""
        if not self._is_front:
            return
        self._is_front = False
        self.chosen.forget()
        if self.chosen.has_asked:
            self.chosen.has_asked = False
            self._asking.ask_soon()  # its question was pushed out by ours

    def walk(self, by: int) -> None:
        """On to the next moment of the list, or back, and there in Compare."""
        before = self.list.current_key()
        is_there = before is None or before in (self._went_to, (self._document.clip_id, self._asking.at_frame))
        key = before if by > 0 and not is_there else self.list.walk(by)
        self._go(key)

    def is_settled(self) -> bool:
        """Whether what is asked for is on screen."""
        return self._number < 0 and self.chosen.is_settled

    def close_tab(self) -> None:
        """End what is asked."""
        self._models.forget_differences()
        self.chosen.forget()
        self._number = -1

    # ---- layout ----

    def _lay_out(self) -> None:
        self.first, self.second = QComboBox(), QComboBox()
        self._swatches = Swatch("text3", 9, 4), Swatch("text3", 9, 4)
        for choice, words in ((self.first, self.tr("First run")), (self.second, self.tr("Second run"))):
            choice.setAccessibleName(words)
            choice.setMinimumWidth(theme.px(128))
            choice.currentIndexChanged.connect(lambda _: self._follow())
        self.part = QComboBox()
        self.part.addItems([self.tr("Test part"), self.tr("Validation part"), self.tr("Train part")])
        self.part.setAccessibleName(self.tr("Part of the split"))
        self.part.setMinimumWidth(theme.px(118))
        self.part.currentIndexChanged.connect(lambda _: self._follow())
        self.order = QComboBox()
        self.order.setAccessibleName(self.tr("Sort by"))
        self.order.setMinimumWidth(theme.px(150))
        self.order.currentIndexChanged.connect(lambda _: self._sort())
        self.action = QComboBox()
        self.action.setAccessibleName(self.tr("Only with the action"))
        self.action.setMinimumWidth(theme.px(110))
        self.action.currentIndexChanged.connect(lambda _: self._sort())
        self.only_split = QCheckBox(self.tr("One right, the other wrong"))
        self.only_split.toggled.connect(lambda _: self._sort())
        self.back = parts.tool("step_back", tip("previous-difference"))
        self.on = parts.tool("step", tip("next-difference"))
        self.back.clicked.connect(lambda: self.list.walk(-1))
        self.on.clicked.connect(lambda: self.list.walk(1))
        self.again = parts.button(self.tr("Measure again"), "refresh")
        self.again.clicked.connect(self._measure_again)
        against = parts.text(self.tr("against"), "caption")
        head = parts.row(
            self._swatches[0], self.first, against, self._swatches[1], self.second, self.part, None, self.again, gap=6
        )
        sort = parts.row(
            parts.text(self.tr("Sort by"), "caption"), self.order, self.action, self.only_split, None,
            self.back, self.on, gap=6,
        )  # fmt: skip
        self.counts, self._notes = parts.text("", "strong", wrap=True), parts.text("", "caption", wrap=True)
        self.histogram = ApartHistogram()
        self.histogram.chosen.connect(self._choose_bar)
        self.list = MomentList()
        self.list.chosen.connect(lambda _: self._show_chosen())
        self.list.opened.connect(self._go)
        self._empty = parts.text(self.tr("No moment is like that. Choose another action, or show all."), "label")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lists = QStackedWidget()
        self._lists.addWidget(self.list)
        self._lists.addWidget(self._empty)
        left = parts.col(self.counts, self._notes, self.histogram, sort, (self._lists, 1), gap=8)
        self.chosen = ChosenMoment(self._models)
        self.chosen.opened.connect(lambda: self._go(self.list.current_key()))
        found = QWidget()
        across = QHBoxLayout(found)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(10)
        across.addWidget(left, 1)
        across.addWidget(self.chosen)
        self.state = _States()
        self.state.asks.connect(self.asks)
        self.state.measures.connect(self._measure_again)
        self._busy_words = parts.text("", "label", wrap=True)
        self._busy_words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setFixedSize(theme.px(240), 4)
        busy = parts.col(None, parts.row(None, bar, None), self._busy_words, None, gap=10)
        self._place = QStackedWidget()
        for each in (found, self.state, busy):
            self._place.addWidget(each)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 10, 10, 10)
        box.setSpacing(8)
        parts.fill(box, (head, (self._place, 1)))

    def resizeEvent(self, event) -> None:  # noqa: ANN001 (Qt's)
        super().resizeEvent(event)
        self.chosen.setFixedWidth(theme.px(300 if self.width() < theme.px(1200) else 400))
        self._is_low = self.height() < theme.px(600)
        self.histogram.set_low(low=self._is_low)
        self._notes.setVisible(bool(self._notes.text()) and not self._is_low)

    # ---- who and what ----

    def pair(self) -> tuple[Known, Known] | None:
        """The two that are chosen, where they are two."""
        first, second = self.first.currentData(), self.second.currentData()
        return None if first is None or second is None or first.key == second.key else (first, second)

    def moments(self) -> list[Difference]:
        """What is listed now, in its order."""
        return self._shown

    def _follow_runs(self) -> None:
        """The runs there are, each with the baselines beside it; the two first compared are chosen until others are."""
        if not self._is_front or not self._document.is_open:
            return
        asking = self._asking
        known = [each for run in asking.known for each in (run, run.beside("counting"), run.beside("repeating"))]
        keys = [each.key for each in known]
        if keys != [self.first.itemData(at).key for at in range(self.first.count())]:
            wanted = [each.key for each in asking.compared if each.key in keys][:2]
            if len(wanted) < 2 and keys:
                wanted = [*wanted, *(key for key in keys if key not in wanted)][:2]
            for at, choice in enumerate((self.first, self.second)):
                before = choice.currentData()
                choice.blockSignals(True)
                choice.clear()
                for each in known:
                    choice.addItem(each.name if not each.plain else f"{each.name} ({_owner(known, each)})", each)
                stays = before.key if before is not None and before.key in keys else ""
                key = stays or (wanted[at] if at < len(wanted) else "")
                choice.setCurrentIndex(keys.index(key) if key in keys else -1)
                choice.blockSignals(False)
        self._follow()

    def _key(self) -> _Key:
        pair = self.pair()
        first, second = (pair[0].key, pair[1].key) if pair is not None else ("", "")
        folder = str(self._document.folder) if self._document.is_open else ""
        return folder, first, second, PARTS[self.part.currentIndex()]

    def _follow(self) -> None:
        """Show what is known of the pair; ask, where nothing is."""
        if not self._is_front or not self._document.is_open:
            return
        pair, key = self.pair(), self._key()
        for swatch, choice in zip(self._swatches, (self.first, self.second), strict=True):
            known = choice.currentData()
            swatch.show_colour(known.colour if known is not None else "text3")
        answer = self._answers.get(key)
        if pair is not None and key not in self._answers and key not in self._refusals and key != self._asked_for:
            self._ask(key, pair)
        is_asked = self._number >= 0 and key == self._asked_for
        self.again.setVisible(key in self._stale and not is_asked)
        if is_asked and answer is None:
            words = self.tr("Measuring {first} and {second} on the {part}. It goes on while you look elsewhere.")
            assert pair is not None
            part = self.part.currentText().lower()
            self._busy_words.setText(words.format(first=pair[0].name, second=pair[1].name, part=part))
            self._place.setCurrentIndex(2)
        elif self.state.say(_state(pair, self._refusals.get(key), answer, has_any=bool(self._asking.known))):
            self._place.setCurrentIndex(1)
        elif answer is not None and pair is not None:
            self._place.setCurrentIndex(0)
            self._show(answer, pair)

    # ---- asking ----

    def _ask(self, key: _Key, pair: tuple[Known, Known]) -> None:
        of = Forecaster(run=pair[0].run, plain=pair[0].plain), Forecaster(run=pair[1].run, plain=pair[1].plain)
        self._asked_for = key
        self._number = self._models.differences(self._document.folder, of, key[3])

    def _measure_again(self) -> None:
        pair, key = self.pair(), self._key()
        self._refusals.pop(key, None)
        if pair is not None:
            self._ask(key, pair)
        self._follow()

    def _take(self, number: int, answer: Differences | Refusal) -> None:
        if number != self._number:
            return
        key, self._number, self._asked_for = self._asked_for, -1, ("", "", "", "")
        self._stale.discard(key)
        if isinstance(answer, Refusal):
            self._refusals[key] = answer
            self._answers.pop(key, None)
        else:
            self._answers[key] = answer
            self._refusals.pop(key, None)
        self._drawn = None
        self._follow()

    def _edited(self, changes: Changes) -> None:
        if changes.clips or changes.labels or changes.splits or changes.cameras:
            self._stale |= set(self._answers)
            self._refusals.clear()
            self._follow()

    def _forget_all(self) -> None:
        self._models.forget_differences()
        self._answers, self._refusals, self._stale, self._shown, self._drawn = {}, {}, set(), [], None
        self._number, self._asked_for = -1, ("", "", "", "")
        for choice in (self.first, self.second):
            choice.blockSignals(True)
            choice.clear()
            choice.blockSignals(False)
        self._went_to = None
        self.list.show_moments([], ("text2", "text2"))
        self.chosen.clear()

    # ---- showing ----

    def _show(self, answer: Differences, pair: tuple[Known, Known]) -> None:
        drawn = (id(answer), pair[0].key, pair[1].key, theme.now().name)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        names = [pair[0].name, pair[1].name]
        _refill(self.order, [self.tr("How far apart"), *(self.tr("{run} nearer").format(run=each) for each in names),
                             self.tr("Clip and time")])  # fmt: skip
        _refill(self.action, [self.tr("Any action"), *rows.actions_of(answer.moments)])
        self.counts.setText(self.counted(answer, (names[0], names[1])))
        notes = list(answer.notes)
        if len(answer.moments) < answer.measured:
            listed, measured = say_count(len(answer.moments)), say_count(answer.measured)
            notes.insert(
                0, self.tr("Listed: the {listed} farthest apart of {all}.").format(listed=listed, all=measured)
            )
        self._notes.setText(" ".join(notes))
        self._notes.setVisible(bool(notes) and not self._is_low)
        self.counts.setToolTip(" ".join(notes))
        self._sort()

    def counted(self, answer: Differences, names: tuple[str, str]) -> str:
        """Who was right where the other was wrong, in words."""
        found = rows.tally(answer.moments)
        of, both = say_count(found.steps), self.tr("steps")
        if len(answer.moments) < answer.measured:
            both = self.tr("steps listed")
        return self.tr("{first} right where {second} is wrong: {one} of {of} {steps}; the other way: {other}.").format(
            first=names[0], second=names[1], one=say_count(found.only_first), of=of, steps=both,
            other=say_count(found.only_second),
        )  # fmt: skip

    def _sort(self) -> None:
        """The list anew, in the order and with the filters that are set."""
        answer, pair = self._answers.get(self._key()), self.pair()
        if answer is None or pair is None:
            return
        action = self.action.currentText() if self.action.currentIndex() > 0 else ""
        order = _ORDERS[max(self.order.currentIndex(), 0)]
        self._shown = rows.chosen_of(answer.moments, order, action=action, only_split=self.only_split.isChecked())
        self.list.show_moments(
            [_row(each, self._document.project) for each in self._shown], (pair[0].colour, pair[1].colour)
        )
        self._lists.setCurrentIndex(0 if self._shown else 1)
        self._show_chosen()

    def _current(self) -> Difference | None:
        key = self.list.current_key()
        return next((each for each in self._shown if rows.key_of(each) == key), None)

    def _show_chosen(self) -> None:
        moment, pair = self._current(), self.pair()
        self.histogram.show_counts(
            rows.counts_by_apart(self._shown) if self._shown else [], rows.bin_of(moment) if moment is not None else -1
        )
        if moment is None or pair is None or not self._document.is_open:
            self.chosen.clear()
            return
        row = _row(moment, self._document.project)
        at = next((at for at, each in enumerate(self._shown) if each is moment), 0) + 1
        lines = [
            self.tr("Number {at} of {all}; poses {apart:.0f} mm apart.").format(
                at=say_count(at), all=say_count(len(self._shown)), apart=moment.poses_apart_mm
            )
        ]
        for known, right, error in zip(pair, moment.right, row.errors, strict=True):
            words = self.tr("{run}: {right} of {all} right").format(run=known.name, right=right, all=len(moment.came))
            lines.append(say("{words}, {error} off.", words=words, error=error) if error else f"{words}.")
        if self._is_front:
            self.chosen.show_moment(self._document.folder, moment, pair, f"{row.clip}, {row.time}", "\n".join(lines))

    def _choose_bar(self, bar: int) -> None:
        found = next((each for each in self._shown if rows.bin_of(each) == bar), None)
        if found is not None:
            self.list.choose(rows.key_of(found))

    def _go(self, key: tuple[str, int] | None) -> None:
        if key is not None:
            self._went_to = key
            self.sought.emit(*key)


class _States(StateCard):
    """What stands in the way, and what to do."""

    asks = Signal(str)
    measures = Signal()

    def button(self, name: str, *, is_first: bool) -> QWidget:
        made = parts.button(
            {"page-train": self.tr("Train one"), "measure": self.tr("Try again")}[name],
            kind="primary" if is_first else "",
        )
        made.clicked.connect(self.measures if name == "measure" else lambda: self.asks.emit(name))
        return made


def _state(
    pair: tuple[Known, Known] | None, refusal: Refusal | None, answer: Differences | None, *, has_any: bool
) -> Said | None:
    """What stands in the way of a list; `has_any`: whether there is a forecaster."""
    if not has_any:
        words = say("Train one on the steps of this project.")
        return "forecast", say("No forecaster yet"), words, "", ("page-train",)
    if pair is None:
        return "forecast", say("Choose two runs"), say("A run differs from another, or from a baseline."), "", ()
    if refusal is not None:
        words = sentences(refusal.message, refusal.hint)
        return "warn", say("These two cannot be compared"), words, refusal.details, ("measure",)
    if answer is not None and not answer.moments:
        words = say("This part of the split has no moment that both can forecast.")
        return "info", say("No moments here"), " ".join([words, *answer.notes]), "", ()
    return None


def _row(moment: Difference, project: Project) -> ShownMoment:
    """A moment as the list shows it."""
    steps = rows.steps_of(moment)
    clip = project.clips.get(moment.clip_id)
    name = clip.name if clip is not None else moment.clip_id
    rate = clip.video.rate_hz if clip is not None else 1.0
    time = say_time(moment.at_frame / max(rate, 1e-6), 1)
    errors = tuple("" if each is None else f"{each:.1f} px" for each in moment.error_px)
    apart = say("{apart:.2f} apart", apart=moment.apart)
    poses = say("poses {apart:.0f} mm apart", apart=moment.poses_apart_mm)
    came = tuple(ShownStep(each.came, _colour_of(each.came, project)) for each in steps)
    first, second = (
        tuple(ShownStep(each.foreseen[at], _colour_of(each.foreseen[at], project), each.is_right(at)) for each in steps)
        for at in (0, 1)
    )
    right = say(
        "{first} and {second} of {count} right", first=moment.right[0], second=moment.right[1], count=len(moment.came)
    )
    said = say(
        "{name}, {time}: {right}, {apart} of 1, {poses}", name=name, time=time, right=right, apart=apart, poses=poses
    )
    return ShownMoment(rows.key_of(moment), name, time, came, (first, second), moment.apart, apart,
                       (errors[0], errors[1]), said)  # fmt: skip


def _colour_of(action: str, project: Project) -> str:
    label = project.label_learned_as(action) if action else None
    return label.colour if label is not None else theme.BACKGROUND_LABEL


def _owner(known: list[Known], plain: Known) -> str:
    """The run that a baseline lies beside."""
    return next(each.name for each in known if each.run == plain.run and not each.plain)


def _refill(choice: QComboBox, words: list[str]) -> None:
    """Other words, the same one chosen where it is still there."""
    before = choice.currentIndex(), choice.currentText()
    choice.blockSignals(True)
    choice.clear()
    choice.addItems(words)
    again = choice.findText(before[1])
    choice.setCurrentIndex(again if again >= 0 else 0)
    choice.blockSignals(False)

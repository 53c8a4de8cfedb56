"""The row over the Forecast page: which tab, how runs are lined up and shown, whose forecast, what is taken out."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QTabBar, QWidget

from core.forecast_alignment import LINE_UPS, LineUp
from studio.commands import tip
from studio.display import SHOWS, Display
from studio.pages.forecast_asking import FUTURES, Asking
from studio.pages.forecast_runs import RunChoice
from studio.widgets import parts
from studio.widgets.people_control import PeopleControl

AT_PLAYHEAD, COMPARE, DIFFER = range(3)
OVER_FRAME, WITHOUT_FRAME, IN_SPACE = range(3)


class ForecastHead(QWidget):
    """The controls; what belongs to another tab is out of sight."""

    changed = Signal()
    """Another tab, place or line-up."""
    exports = Signal()
    follows = Signal()
    """Let the moment follow the playhead again."""

    def __init__(self, asking: Asking, display: Display) -> None:
        super().__init__()
        self._asking, self._display = asking, display
        self.tabs = QTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(self.tr("What is shown"))
        for words in (self.tr("At the playhead"), self.tr("Compare"), self.tr("Where runs differ")):
            self.tabs.addTab(words)
        self.tabs.currentChanged.connect(lambda _: self.changed.emit())
        self.line_up = parts.segmented(
            self.tr("Time"), self.tr("Step"), self.tr("Action"), chosen=1, on_choice=lambda _: self.changed.emit()
        )
        self.line_up.setAccessibleName(self.tr("Line up by"))
        self.line_up.setToolTip(tip("line-up"))
        self.where = parts.segmented(
            self.tr("With frame"), self.tr("Without"), self.tr("In space"), on_choice=lambda _: self.changed.emit()
        )
        self.where.setAccessibleName(self.tr("Where runs are compared"))
        self.shows = parts.segmented(
            self.tr("Joints"),
            self.tr("Body"),
            self.tr("Both"),
            on_choice=lambda at: display.show("forecast", SHOWS[at]),
        )
        self.shows.setAccessibleName(self.tr("How people are shown"))
        self.futures = parts.segmented(
            "1", "4", "8", on_choice=lambda at: asking.ask_for_futures(FUTURES[at])
        )  # fmt: skip
        self.futures.setAccessibleName(self.tr("How many futures"))
        self.futures.setToolTip(self.tr("The likeliest future alone, or 4 or 8 others drawn by their likelihood"))
        self._line_up_words, self._shows_words = parts.text(self.tr("Line up by"), "label"), parts.text("", "label")
        self._shows_words.setText(self.tr("Show"))
        self._futures_words = parts.text(self.tr("Futures"), "label")
        self._more = parts.tool("more", self.tr("More of this page"))
        self._more.clicked.connect(self._open_more)
        self.people = PeopleControl(display, "forecast")
        self.held = parts.button(self.tr("Follow the playhead"), "pin")
        self.held.clicked.connect(self.follows)
        self.moment = parts.text("", "label")
        self.runs = RunChoice(asking)
        self.runs.adds.connect(lambda: self.tabs.setCurrentIndex(COMPARE))
        self.export = parts.button(self.tr("Export"), "export")
        self.export.setToolTip(tip("export"))
        self.export.clicked.connect(self.exports)
        self._is_narrow, self._is_very_narrow = False, False
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        parts.fill(
            box,
            (
                *(self.tabs, None, self.moment, self.held, self._line_up_words, self.line_up, self.where),
                *(self._futures_words, self.futures, self._shows_words, self.shows, self.people),
                *(self.runs, self.export, self._more),
            ),
        )
        display.changed.connect(self._follow_display)
        self._follow_display()

    @property
    def tab(self) -> int:
        return self.tabs.currentIndex()

    @property
    def by(self) -> LineUp:
        """How rows are lined up: by step, unless runs are compared otherwise."""
        return LINE_UPS[self.line_up.chosen] if self.tab == COMPARE else "step"

    @property
    def is_in_space(self) -> bool:
        return self.tab == COMPARE and self.where.chosen == IN_SPACE

    @property
    def is_without_frame(self) -> bool:
        return self.tab == COMPARE and self.where.chosen == WITHOUT_FRAME

    def next_line_up(self) -> None:
        """Time, step, action, and round again; in Compare, where it is seen."""
        if self.tab == COMPARE:
            self.line_up.choose((self.line_up.chosen + 1) % len(LINE_UPS))
        else:
            self.tabs.setCurrentIndex(COMPARE)
        self.changed.emit()

    def set_narrow(self, *, narrow: bool, very: bool) -> None:
        """In a narrow window captions go first, then what the "…" menu and keys do as well."""
        self._is_narrow, self._is_very_narrow = narrow, very
        self.show_state(words=self.moment.text())

    def show_state(self, *, words: str) -> None:
        """Only what belongs to the tab in front; `words` say from which moment it is, where that is held."""
        compares, plays = self.tab == COMPARE, self.tab == AT_PLAYHEAD
        narrow, very = self._is_narrow, self._is_very_narrow
        self._line_up_words.setVisible(compares and not narrow)
        self.line_up.setVisible(compares)
        self.where.setVisible(compares and not very)
        self._shows_words.setVisible(compares and not narrow)
        self.shows.setVisible(compares and not narrow)
        self.people.setVisible(plays or (compares and narrow and not very))
        self._futures_words.setVisible(plays and not narrow)
        self.futures.setVisible(plays and not very)
        self.futures.choose(FUTURES.index(self._asking.futures))
        self.export.setVisible(not very and self.tab != DIFFER)
        self._more.setVisible(very and self.tab != DIFFER)
        self.runs.setVisible(self.tab != DIFFER)
        self.runs.show_runs(is_comparing=compares)
        held = self._asking.is_held and self.tab != DIFFER
        self.held.setVisible(held and not very)
        self.moment.setText(words)
        self.moment.setVisible(held and not narrow)

    def _follow_display(self) -> None:
        self.shows.choose(SHOWS.index(self._display.shows("forecast")))

    def _open_more(self) -> None:
        """What a narrow window has no room for."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        choices = [self.shows] if self.tab == AT_PLAYHEAD else [self.where, self.shows]
        choices += [self.futures] if self.tab == AT_PLAYHEAD else []
        for each in choices:
            menu.addSection(each.accessibleName())
            for button in each.choices.buttons():
                action = menu.addAction(button.text(), button.click)
                action.setCheckable(True)
                action.setChecked(button.isChecked())
        menu.addSeparator()
        if self._asking.is_held:
            menu.addAction(self.held.text(), self.held.click)
        menu.addAction(self.tr("Export…"), self.export.click)
        menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

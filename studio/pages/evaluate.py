"""Evaluate: the reports of the project, their tables and curves, what was mixed up, and how each figure is made again.

The page reads what `Reports` has found and starts jobs; nothing is measured here. Runs keep the colours they have on
the other pages; what learned nothing is neutral.
"""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QWidget

from core.demo import shipped_checkpoints
from studio import theme
from studio.document import Document
from studio.forecasters import colour_places
from studio.jobs import Jobs
from studio.pages.evaluate_about import EvaluateAbout
from studio.pages.evaluate_asking import EvaluateAsking, measurable
from studio.pages.evaluate_figures import EvaluateFigures
from studio.pages.evaluate_list import EvaluateList
from studio.pages.evaluate_taking import EvaluateTaking
from studio.report_sheets import Sheet, SheetRow
from studio.reports import Reports
from studio.widgets import parts

_FOLLOW_MS, _LOOK_MS = 60, 4000
_FIRST_RUNS, _FIRST_PLAIN = 4, 2
_SHIPPED_PLACE = 5


class EvaluatePage(QWidget):
    """Reports at the left, table and curves in the middle, the chosen row at the right."""

    asks = Signal(str)
    says = Signal(str)

    def __init__(self, document: Document, jobs: Jobs, reports: Reports) -> None:
        super().__init__()
        self._document, self._jobs, self._reports = document, jobs, reports
        self._sheets: tuple[Sheet, ...] = ()
        self._chosen = ""
        self._picked = _Picked()
        self._is_together = self._can_join = False
        self.list, self.figures, self.about = EvaluateList(), EvaluateFigures(), EvaluateAbout()
        self.asking = EvaluateAsking(document, jobs, reports, self)
        self.taking = EvaluateTaking(self.figures, self)
        self._follow_soon = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._follow_soon.timeout.connect(self._follow)
        self._look = QTimer(self, interval=_LOOK_MS)  # reports that a terminal makes
        self._look.timeout.connect(reports.look_again)
        self._lay_out()
        self._connect()
        self.setFocusProxy(self.list.list)
        self._follow()

    def _lay_out(self) -> None:
        first = parts.button(self.tr("Evaluate…"), "evaluate", "primary", big=True)
        first.clicked.connect(lambda: self.asking.ask("evaluate"))
        train = parts.button(self.tr("Open Train"), "train", big=True)
        train.clicked.connect(lambda: self.asks.emit("page-train"))
        self._first, self._train = first, train
        words = self.tr("A report says how right a run foretells, beside plain methods. Measure a run to get one.")
        empty = parts.panel(None, parts.state_card("evaluate", self.tr("No reports yet"), words, first, train))
        reading = parts.panel(None, parts.state_card("refresh", self.tr("Looking for reports"), ""))
        self._middle = QStackedWidget()
        for each in (self.figures, empty, reading):
            self._middle.addWidget(each)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(6)
        across.addWidget(self.list)
        across.addWidget(self._middle, 1)
        across.addWidget(self.about)

    def _connect(self) -> None:
        self._reports.moved.connect(self._later)
        self._jobs.listed.connect(self._later)
        self._document.opened.connect(self._opened)
        self._document.closed.connect(self._opened)
        self.list.picked.connect(self._pick)
        self.list.opened.connect(self._go_in)
        self.list.searched.connect(self._searched)
        self.list.search.returnPressed.connect(self._take_found)
        self.list.wanted.connect(lambda what: self.asking.ask(what, _run_of(self.row)))
        self.figures.went.connect(self._went)
        self.figures.ticked.connect(self._tick)
        self.figures.opened.connect(lambda _: self.open_report())
        self.figures.menu_wanted.connect(self._show_menu)
        self.figures.together_wanted.connect(self._join)
        self.figures.changed.connect(self._show)
        self.figures.export.clicked.connect(self.taking.export)
        self.figures.offer_copies(
            (
                (self.tr("Table as Markdown"), lambda: self.taking.copy_table(as_csv=False)),
                (self.tr("Table as CSV"), lambda: self.taking.copy_table(as_csv=True)),
                (self.tr("Row as command"), self.copy_command),
            )
        )
        self.about.command_wanted.connect(self.copy_command)
        self.about.open_wanted.connect(self.open_report)
        self.taking.says.connect(self.says)
        self.asking.says.connect(self.says)

    def commands(self) -> dict[str, Callable[[], None]]:
        """What the page can do, by the names of the table of commands."""
        return {
            "find-report": self.list.seek,
            "open-report": self.open_report,
            "table-or-curves": self.figures.turn_view,
            "tick-row": lambda: self._tick(self._picked.row_id(self.sheet)),
            "evaluate-run": lambda: self.asking.ask("evaluate", _run_of(self.row)),
            "reproduce": lambda: self.asking.ask("reproduce"),
            "compare-sequences": lambda: self.asking.ask("sequences"),
            "copy-command": self.copy_command,
            "copy-table": lambda: self.taking.copy_table(as_csv=False),
            "export": self.taking.export,
            "save-picture": self.taking.save_picture,
        }

    def is_settled(self) -> bool:
        """Whether everything found is shown."""
        return not self._reports.is_busy and not self._follow_soon.isActive()

    @property
    def sheet(self) -> Sheet | None:
        """The chosen one."""
        return next((each for each in self._sheets if each.id == self._chosen), None)

    @property
    def row(self) -> SheetRow | None:
        """The row the person is at."""
        return self.sheet.row(self._picked.row_id(self.sheet)) if self.sheet is not None else None

    def show_report(self, sheet_id: str) -> None:
        """Go to a report, such as one that search found."""
        self._follow()
        self._pick(sheet_id)
        self.list.show_sheets(self._sheets, self._chosen)

    def copy_command(self) -> None:
        """The line that makes the chosen row again, to the clipboard."""
        self.taking.copy_command(self.row)

    def open_report(self) -> None:
        """The chosen row's report as a page."""
        self.taking.open_report(self.row)

    # ---- what the person does ----

    def _pick(self, sheet_id: str) -> None:
        if any(each.id == sheet_id for each in self._sheets):
            self._chosen = sheet_id
            self._show()

    def _go_in(self, sheet_id: str) -> None:
        self._pick(sheet_id)
        self.figures.table.setFocus()

    def _take_found(self) -> None:
        found = self.list.first_found()
        if found:
            self._go_in(found)
            self.list.show_sheets(self._sheets, self._chosen)

    def _searched(self, _words: str) -> None:
        found = self.list.first_found()
        shown = [line.id for line in self.list.list.lines()]
        if found and self._chosen not in shown:
            self._chosen = found
            self.list.show_sheets(self._sheets, self._chosen)
        self._show()

    def _went(self, row_id: str, _key: str) -> None:
        self._picked.go(self._chosen, row_id)
        self._show()

    def _tick(self, row_id: str) -> None:
        if row_id and self.sheet is not None:
            self._picked.tick(self.sheet, row_id)
            self._show()

    def _join(self, on: bool) -> None:
        if on != self._is_together:
            self._is_together = on
            self._picked.untick()
            self._follow()

    def _show_menu(self, row_id: str, key: str, at: QPoint) -> None:
        """What can be done with a row, and with the figure under the pointer."""
        row = self.sheet.row(row_id) if self.sheet is not None else None
        if row is None:
            return
        menu = QMenu(self)
        menu.addAction(self.tr("Copy as command  Ctrl+Shift+C"), lambda: self.taking.copy_command(row)).setEnabled(
            bool(row.command)
        )
        menu.addAction(self.tr("Open the report  Enter"), lambda: self.taking.open_report(row))
        is_ticked = self.sheet is not None and row_id in self._picked.ticks(self.sheet)
        menu.addAction(
            self.tr("Leave out of the curves" if is_ticked else "Draw in the curves"), lambda: self._tick(row_id)
        )
        if key:
            menu.addAction(self.tr("Sort by this figure"), lambda: self.figures.table.sort_by(key, 1))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    # ---- what happens ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._reports.look_again()
        self._look.start()
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow, low = self.width() < theme.px(1330), self.height() < theme.px(720)
        self.list.show_width(narrow=narrow)
        self.about.show_width(narrow=narrow)
        self.figures.show_room(is_low=low)

    def _opened(self) -> None:
        self._chosen = ""
        self._picked.forget()
        self._later()

    def _later(self) -> None:
        if not self._follow_soon.isActive() and self.isVisible():
            self._follow_soon.start()

    def _follow(self) -> None:
        """Show the reports as they stand."""
        self._can_join = self._reports.can_join
        self._sheets = self._reports.sheets(together=self._is_together)
        if self.sheet is None:
            readable = [each for each in self._sheets if not each.problem]
            self._chosen = (readable or list(self._sheets) or [Sheet("", "unread", "", "")])[0].id
        self.list.show_sheets(self._sheets, self._chosen)
        has_any = bool(self._sheets)
        self._middle.setCurrentIndex(0 if has_any else 1 if self._reports.has_looked else 2)
        self.about.setVisible(has_any)
        can_measure = self._document.is_open and bool(measurable(self._jobs))
        for button in (self._first, self.list.evaluate):
            button.setEnabled(can_measure)
        self._train.setVisible(not can_measure)
        self._show()

    def _show(self) -> None:
        """The chosen sheet and row everywhere."""
        sheet = self.sheet
        self.taking.sheet = sheet
        ticked = frozenset(self._picked.ticks(sheet)) if sheet is not None else frozenset[str]()
        colours = _colours(sheet, self._jobs)
        query = self.list.search.text()
        chosen = self._picked.row_id(self.sheet)
        self.figures.show_sheet(sheet, chosen, ticked, colours, query=query, can_join=self._can_join)
        drawn = [row for row in self.figures.in_order() if row.id in ticked or row.id == chosen]
        self.about.show_row(sheet, self.row, self.figures.column(), drawn, colours)


class _Picked:
    """Which row of each sheet the person is at, and which rows are drawn in its curves."""

    def __init__(self) -> None:
        self._rows: dict[str, str] = {}  # by sheet
        self._ticked: dict[str, set[str]] = {}

    def go(self, sheet_id: str, row_id: str) -> None:
        self._rows[sheet_id] = row_id

    def row_id(self, sheet: Sheet | None) -> str:
        """The row of a sheet that is chosen, or its first."""
        if sheet is None or not sheet.rows:
            return ""
        held = self._rows.get(sheet.id, "")
        return held if sheet.row(held) is not None else sheet.rows[0].id

    def tick(self, sheet: Sheet, row_id: str) -> None:
        """Draw a row in the curves, or do not any more."""
        self._ticked[sheet.id] = self.ticks(sheet) ^ {row_id}

    def ticks(self, sheet: Sheet) -> set[str]:
        """Until a person ticked any: the newest runs and the best plain methods, of those that have curves."""
        if sheet.id not in self._ticked:
            drawn = [row for row in sheet.rows if row.by_step or row.by_joint]
            runs = [row.id for row in drawn if row.kind == "run"][:_FIRST_RUNS]
            plain = [row for row in drawn if row.kind == "plain"]
            plain.sort(key=lambda row: ("chosen" not in row.name, -_first_figure(row)))
            kinds: dict[str, str] = {}  # the best of each: n-grams of other orders say the same again
            for row in plain:
                kinds.setdefault(row.name.partition(",")[0], row.id)
            self._ticked[sheet.id] = {*runs, *list(kinds.values())[:_FIRST_PLAIN]}
        return self._ticked[sheet.id]

    def untick(self) -> None:
        """What is drawn first again, on every sheet."""
        self._ticked.clear()

    def forget(self) -> None:
        """Of another project."""
        self._rows.clear()
        self._ticked.clear()


def _colours(sheet: Sheet | None, jobs: Jobs) -> dict[str, str]:
    """A run's is its own on every page; rows of a table, which are no runs of the project, go round all."""
    if sheet is None:
        return {}
    palette = theme.now().runs
    places = dict.fromkeys(shipped_checkpoints(), _SHIPPED_PLACE) | colour_places(jobs)
    runs = [row for row in sheet.rows if row.kind == "run"]
    return {row.id: palette[places.get(row.run, at) % len(palette)] for at, row in enumerate(runs)}


def _run_of(row: SheetRow | None) -> str:
    return row.run if row is not None else ""


def _first_figure(row: SheetRow) -> float:
    return row.values["top1"].mean if "top1" in row.values else 0.0

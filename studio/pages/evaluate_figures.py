"""The middle of the Evaluate page: the table of the chosen report, and its figures over the steps ahead or by joint."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QComboBox, QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.reports import Column
from studio import theme
from studio.report_sheets import JOINTS, Sheet, SheetRow, narrowed
from studio.report_words import head
from studio.widgets import parts
from studio.widgets.horizon_chart import HorizonChart, Line
from studio.widgets.joint_chart import Dots, JointChart
from studio.widgets.joint_words import joint_words
from studio.widgets.report_table import FigureCell, FigureHead, FigureRow, ReportTable
from studio.words import say

View = Literal["both", "table", "curves"]
VIEWS: tuple[View, ...] = ("both", "table", "curves")
_STEP_KEYS = ("top1", "top5", "mpjpe_px")


class EvaluateFigures(QWidget):
    """Shows a sheet; which rows are ticked and which one is chosen comes from the page."""

    went = Signal(str, str)
    ticked = Signal(str)
    opened = Signal(str)
    menu_wanted = Signal(str, str, QPoint)
    together_wanted = Signal(bool)
    changed = Signal()  # other columns or another order: what would be copied is another

    def __init__(self) -> None:
        super().__init__()
        self._sheet: Sheet | None = None
        self._query = ""
        self._hidden: dict[str, set[str]] = {}  # keys a person took out, by the kind of report
        self._colours: Mapping[str, str] = {}
        self._ticked: frozenset[str] = frozenset()
        self._chosen = ""
        self._is_low = False
        self.view: View = "both"
        self.table = ReportTable()
        self.table.went.connect(self.went)
        self.table.ticked.connect(self.ticked)
        self.table.opened.connect(self.opened)
        self.table.menu_wanted.connect(self.menu_wanted)
        self.table.sorted_by.connect(lambda *_: self.changed.emit())
        self.horizon, self.joints = HorizonChart(), JointChart()
        self._title = parts.Title()
        self._about = parts.Title()
        self._about.setProperty("role", "label")
        self._make_tools()
        self._lay_out()

    def _make_tools(self) -> None:
        self.views = parts.segmented(
            self.tr("Both"), self.tr("Table"), self.tr("Curves"), on_choice=lambda at: self.show_view(VIEWS[at])
        )
        self.views.setToolTip(self.tr("Table or curves  G"))
        self.together = parts.button(self.tr("Seeds together"), "layers", "quiet")
        self.together.setCheckable(True)
        self.together.setToolTip(self.tr("Runs that differ by their seed alone in one row, with their spread"))
        self.together.toggled.connect(self.together_wanted)
        self.columns = parts.button(self.tr("Columns"), "filter", "quiet")
        self._columns_menu = QMenu(self)
        self._columns_menu.setAccessibleName(self.tr("Columns"))
        self._columns_menu.aboutToShow.connect(self._fill_columns)
        self.columns.setMenu(self._columns_menu)
        self.take = parts.button(self.tr("Copy"), "copy", "quiet")
        self._take_menu = QMenu(self)
        self.take.setMenu(self._take_menu)
        self.export = parts.button(self.tr("Export…"), "export", "quiet")
        self.export.setToolTip(self.tr("The table as CSV or Markdown, the curve as a picture"))
        self.kind = parts.segmented(self.tr("By step"), self.tr("By joint"), on_choice=lambda _: self._show_curves())
        self.figure = QComboBox()
        self.figure.setAccessibleName(self.tr("Figure over the steps ahead"))
        self.figure.activated.connect(lambda _: self._show_curves())
        self._drawn = parts.text("", "chip")

    def _lay_out(self) -> None:
        head_row = parts.row((self._title, 1), self.views, gap=6)
        tools = parts.row(None, self.together, self.columns, self.take, self.export, gap=2)
        self._problem = parts.text("", "warn", wrap=True)
        self._table_panel = parts.panel(
            None, head_row, self._about, tools, self._problem, (self.table, 1), gap=4, margins=(14, 8, 10, 8)
        )
        self._table_panel.setAccessibleName(self.tr("Figures"))
        self._charts = QStackedWidget()
        self._charts.addWidget(self.horizon)
        self._charts.addWidget(self.joints)
        self._curves_panel = parts.panel(
            self.tr("Curves"), (self._charts, 1), tools=(self._drawn, 6, self.figure, 6, self.kind),
            margins=(12, 8, 14, 8),
        )  # fmt: skip
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setObjectName("evaluate-figures")
        self._split.setHandleWidth(6)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._table_panel)
        self._split.addWidget(self._curves_panel)
        self._split.setStretchFactor(0, 11)
        self._split.setStretchFactor(1, 9)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._split)

    def offer_copies(self, ways: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """What the Copy button lists."""
        for words, work in ways:
            self._take_menu.addAction(words, work)

    # ---- what is shown ----

    def show_sheet(
        self,
        sheet: Sheet | None,
        chosen: str,
        ticked: frozenset[str],
        colours: Mapping[str, str],
        *,
        query: str = "",
        can_join: bool = False,
    ) -> None:
        """This sheet; `colours` of the rows that are runs, by row."""
        self._sheet, self._chosen, self._ticked, self._colours, self._query = sheet, chosen, ticked, colours, query
        self._title.show_words(sheet.title if sheet is not None else "")
        about = sheet.about if sheet is not None else ""
        self._about.show_words(about)
        self._problem.setText(sheet.problem if sheet is not None else "")
        self._problem.setVisible(bool(self._problem.text()))
        self.together.setVisible(can_join)
        rows, columns = self.shown()
        for each in (self.columns, self.take, self.export):
            each.setEnabled(bool(rows))
        best = {column.key: sheet.best(column) for column in columns} if sheet is not None else {}
        self.table.show_rows(
            [_head(column) for column in columns],
            [
                FigureRow(
                    id=row.id,
                    name=row.name,
                    cells=tuple(_cell(row, column, is_best=row.id in best[column.key]) for column in columns),
                    colour=colours.get(row.id, ""),
                    is_ticked=row.id in ticked,
                    is_control=row.kind == "control",
                    warning=row.note if row.is_old else "",
                    tip=_tip(row),
                )
                for row in rows
            ],
        )
        self.table.choose(chosen, self.table.current_key())
        self._show_figures()
        self._show_curves()

    def shown(self) -> tuple[list[SheetRow], list[Column]]:
        """The rows that answer what is looked for, and the columns nobody took out."""
        if self._sheet is None:
            return [], []
        rows, columns = narrowed(self._sheet, self._query)
        hidden = self._hidden.get(self._sheet.protocol, set())
        return rows, [each for each in columns if each.key not in hidden]

    def in_order(self) -> list[SheetRow]:
        """The shown rows from top to bottom, as they are sorted."""
        by_id = {row.id: row for row in self.shown()[0]}
        return [by_id[each] for each in self.table.shown_ids()]

    def column(self) -> Column | None:
        """The figure the person is at; on the name, the first one."""
        columns, key = self.shown()[1], self.table.current_key()
        return next((each for each in columns if each.key == key), columns[0] if columns else None)

    def show_view(self, view: View) -> None:
        """Both, the table or the curves."""
        self.view = view
        self.views.choose(VIEWS.index(view))
        has_table, has_curves = view != "curves", view != "table"
        if self._is_low and view == "both":
            has_curves = False
        self.table.setVisible(has_table)
        self._curves_panel.setVisible(has_curves)
        self._table_panel.setMaximumHeight(16_777_215 if has_table else self._table_panel.minimumSizeHint().height())

    def turn_view(self) -> None:
        """From the table to the curves and back; with room for both, both come third."""
        turns: tuple[View, ...] = ("table", "curves") if self._is_low else VIEWS
        at = turns.index(self.view) if self.view in turns else 0
        self.show_view(turns[(at + 1) % len(turns)])
        place = self._chart if self.view == "curves" else self.table
        place.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_room(self, *, is_low: bool) -> None:
        """Whether there is room for one of both only."""
        self._is_low = is_low
        self.views.choices.button(0).setVisible(not is_low)
        self.show_view("table" if is_low and self.view == "both" else self.view)

    def curve_picture(self) -> QPixmap:
        """The chart as it stands, twice as fine."""
        chart = self._chart
        picture = QPixmap(chart.size() * 2)
        picture.setDevicePixelRatio(2)
        picture.fill(theme.now().panel)
        chart.render(picture)
        return picture

    # ---- how ----

    @property
    def _chart(self) -> HorizonChart | JointChart:
        return self.joints if self.kind.chosen == 1 else self.horizon

    def _fill_columns(self) -> None:
        self._columns_menu.clear()
        if self._sheet is None:
            return
        hidden = self._hidden.setdefault(self._sheet.protocol, set())
        for column in self._sheet.columns:
            action = self._columns_menu.addAction(_capital(head(column)))
            action.setCheckable(True)
            action.setChecked(column.key not in hidden)
            action.toggled.connect(lambda on, key=column.key: self._show_column(key, on=on))

    def _show_column(self, key: str, *, on: bool) -> None:
        assert self._sheet is not None
        hidden = self._hidden.setdefault(self._sheet.protocol, set())
        if on:
            hidden.discard(key)
        elif len(hidden & {each.key for each in self._sheet.columns}) + 1 < len(self._sheet.columns):
            hidden.add(key)  # one column stays
        self.changed.emit()

    def _show_figures(self) -> None:
        """Which figures there are over the steps ahead; the one that was looked at stays."""
        held = self.figure.currentData()
        rows = self._sheet.rows if self._sheet is not None else ()
        known = {column.key: column for column in (self._sheet.columns if self._sheet is not None else ())}
        keys = [key for key in dict.fromkeys((*_STEP_KEYS, *known)) if any(key in row.by_step for row in rows)]
        self.figure.blockSignals(True)
        self.figure.clear()
        for key in keys:
            column = known.get(key, Column(key=key, words=key))
            self.figure.addItem(_capital(head(column)), key)
        self.figure.setCurrentIndex(max(self.figure.findData(held), 0) if keys else -1)
        self.figure.blockSignals(False)
        self.figure.setEnabled(len(keys) > 1)
        self.figure.setMinimumContentsLength(12)

    def _show_curves(self) -> None:
        by_joint = self.kind.chosen == 1
        self._charts.setCurrentIndex(int(by_joint))
        self.figure.setVisible(not by_joint)
        drawn = [row for row in self.in_order() if row.id in self._ticked or row.id == self._chosen]
        self._drawn.setText(self.tr("{count} drawn").format(count=len(drawn)))
        self._drawn.setVisible(bool(drawn))
        if by_joint:
            self._show_joints(drawn)
            return
        key = self.figure.currentData()
        columns = self._sheet.columns if self._sheet is not None else ()
        column = next((each for each in columns if each.key == key), Column(key=key or "", words=""))
        scale = 100.0 if column.unit == "%" else 1.0
        lines = [
            Line(
                name=row.name,
                values=tuple(scale * value.mean for value in row.by_step[key]),
                spreads=_spreads(row, key, scale),
                colour=self._colours.get(row.id, ""),
                is_chosen=row.id == self._chosen,
            )
            for row in drawn
            if key in row.by_step
        ]
        has_any = self.figure.count() > 0
        nothing = self.tr("Tick a row to draw it here") if has_any else self.tr("This report has no figures by step")
        title = self.tr("{figure} over the steps ahead").format(figure=_capital(column.words)) if key else ""
        self.horizon.show_lines(title, lines, unit=column.unit, digits=column.digits, nothing=nothing)

    def _show_joints(self, drawn: Sequence[SheetRow]) -> None:
        dots = [
            Dots(
                name=row.name,
                values=tuple(None if value is None else value.mean for value in row.by_joint),
                colour=self._colours.get(row.id, ""),
                is_chosen=row.id == self._chosen,
            )
            for row in drawn
            if row.by_joint
        ]
        has_any = self._sheet is not None and any(row.by_joint for row in self._sheet.rows)
        nothing = self.tr("Tick a row to draw it here") if has_any else self.tr("This report has no errors by joint")
        words = [joint_words(name) for name in JOINTS]
        self.joints.show_dots(words, dots, unit="px", nothing=nothing)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _head(column: Column) -> FigureHead:
    ways = {"more": say("more is better"), "less": say("less is better"), "": say("for information")}
    title = _capital(head(column))
    return FigureHead(column.key, title, less=column.better == "less", tip=f"{title}: {ways[column.better]}")


def _cell(row: SheetRow, column: Column, *, is_best: bool) -> FigureCell:
    value, paper = row.values.get(column.key), row.paper.get(column.key, "")
    if value is None:
        return FigureCell(paper=paper)
    words, spread = value.said(column)
    return FigureCell(words, spread, paper, value.mean, is_best)


def _tip(row: SheetRow) -> str:
    preset = row.preset.removeprefix("forecaster/")
    said = [preset and say("preset {preset}", preset=preset), " ".join(row.settings), "" if row.is_old else row.note]
    return "\n".join(each for each in said if each)


def _spreads(row: SheetRow, key: str, scale: float) -> tuple[float | None, ...]:
    values = row.by_step[key]
    if all(value.spread is None for value in values):
        return ()
    return tuple(None if value.spread is None else scale * value.spread for value in values)

"""The table of runs: a tick compares one, its colour is the same in the curves, a small curve tells how it went.

It knows no page: rows are values, what the person does comes out as signals. Rows that did not change are not drawn
again, so that hundreds of runs cost no more than those that move. A note and tags are written in their own cells.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QHeaderView,
    QTableView,
    QWidget,
)

from studio import theme
from studio.widgets.run_column_fit import ColumnFit
from studio.widgets.run_columns import COLUMNS, KEYS, Kind, RunRow, ordered, title
from studio.widgets.run_paint import EDITED, ROW, RunPainter
from studio.words import say

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class RunFilter:
    """Which runs are listed: all words in what is said of them, and each choice where one is made."""

    words: str = ""
    state: str = ""
    tag: str = ""
    preset: str = ""

    @property
    def is_on(self) -> bool:
        return self != RunFilter()

    def takes(self, row: RunRow) -> bool:
        return (
            (not self.state or row.state_key == self.state)
            and (not self.tag or self.tag in row.tags)
            and (not self.preset or row.preset == self.preset)
            and (not self.words or row.answers(self.words))
        )


class _Rows(QAbstractTableModel):
    compared = Signal(str)
    edited = Signal(str, str, str)  # run, column, words

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[RunRow] = []
        self.kinds: frozenset[Kind] = frozenset({"forecaster"})

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self.rows[index.row()].kind == "baseline":
            return flags
        key = KEYS[index.column()]
        if key in EDITED:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if key == "run" else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return column.words(row)
        if role == Qt.ItemDataRole.EditRole:
            return row.note if column.key == "note" else column.words(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            words = column.words(row) if column.key in ("note", "tags", "data") else ""
            return words or row.tip or None
        if role == Qt.ItemDataRole.CheckStateRole and column.key == "run" and row.kind != "baseline":
            return Qt.CheckState.Checked if row.is_compared else Qt.CheckState.Unchecked
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.CheckStateRole:
            self.compared.emit(row.id)
            return True
        if role == Qt.ItemDataRole.EditRole and KEYS[index.column()] in EDITED:
            self.edited.emit(row.id, KEYS[index.column()], str(value))
            return True
        return False

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return title(COLUMNS[section], self.kinds)
        if role == Qt.ItemDataRole.ToolTipRole:
            return say("Sort by {column}", column=title(COLUMNS[section], self.kinds))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if COLUMNS[section].is_number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def take(self, rows: list[RunRow]) -> bool:
        """These rows in this order; whether the same runs stand in the same places, so that little is drawn anew."""
        before = self.rows
        same = [row.id for row in before] == [row.id for row in rows]
        if same:
            self.rows = rows
            differ = [at for at, (old, new) in enumerate(zip(before, rows, strict=True)) if old is not new]
            differ = [at for at in differ if before[at] != rows[at]]
            for at in differ:
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(COLUMNS) - 1))
        else:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
        return same


class RunsTable(QTableView):
    """Space or a click on the box compares, the arrows go from run to run, a click on a head sorts."""

    chosen = Signal(str)
    compared = Signal(str)
    """The box of this run was clicked: whoever listens decides, and shows the rows again."""
    edited = Signal(str, str, str)
    """Words were written into a cell: run, column ("note" or "tags"), words."""
    menu_wanted = Signal(str, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self._rows = _Rows()
        self._all: list[RunRow] = []
        self._later: list[RunRow] | None = None
        self._filter = RunFilter()
        self._sort: tuple[str, bool] = ("", True)
        self._is_following = False
        self.setModel(self._rows)
        self.setItemDelegate(RunPainter(self))
        self.setAccessibleName(self.tr("Runs"))
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.px(30))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(36)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda at: self.menu_wanted.emit("", header.mapToGlobal(at)))
        header.sectionClicked.connect(self._sort_by)
        self.columns = ColumnFit(self)
        """Which are shown, and how wide."""
        self.selectionModel().currentRowChanged.connect(self._went)
        self._rows.compared.connect(self.compared)
        self._rows.edited.connect(self.edited)
        self.doubleClicked.connect(self._edit_at)

    # ---- what is shown ----

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        """These runs; the chosen ones stay chosen. While somebody writes in a cell, nothing moves under them."""
        if self.state() == QAbstractItemView.State.EditingState:
            self._later = list(rows)
            return
        self._all = list(rows)
        self._refresh()

    def show_filter(self, wanted: RunFilter) -> None:
        """List only these."""
        if wanted != self._filter:
            self._filter = wanted
            self._refresh()

    def counts(self) -> tuple[int, int]:
        """How many are listed, and of how many."""
        return len(self._rows.rows), len(self._all)

    def shown_rows(self) -> list[RunRow]:
        """From top to bottom."""
        return self._rows.rows

    def _refresh(self) -> None:
        rows = [row for row in self._all if self._filter.takes(row)] if self._filter.is_on else self._all
        kinds = frozenset[Kind](row.kind for row in self._all) or frozenset[Kind]({"forecaster"})
        chosen, current, top = self.selected_ids(), self.chosen_id(), self.verticalScrollBar().value()
        self._is_following = True
        if not self._rows.take(ordered(rows, self._sort[0], is_up=self._sort[1])):
            self._select(chosen, current)
            self.verticalScrollBar().setValue(top)
        if kinds != self._rows.kinds:
            self._rows.kinds = kinds
            self._rows.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
        self._is_following = False
        self._fit()

    # ---- which is chosen ----

    def choose(self, run: str) -> None:
        """Go to a run without telling anybody."""
        if run == self.chosen_id():
            return
        following, self._is_following = self._is_following, True
        self._select({run}, run)
        self._is_following = following

    def chosen_id(self) -> str:
        index = self.currentIndex()
        return self._rows.rows[index.row()].id if index.isValid() and index.row() < len(self._rows.rows) else ""

    def selected_ids(self) -> list[str]:
        """Every run that is marked, from top to bottom; the chosen one among them."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._rows.rows[row].id for row in rows if row < len(self._rows.rows)]

    def _select(self, runs: Collection[str], current: str) -> None:
        model, flag = self.selectionModel(), QItemSelectionModel.SelectionFlag
        model.clear()
        for at, row in enumerate(self._rows.rows):
            if row.id == current:
                model.setCurrentIndex(self._rows.index(at, 0), flag.Select | flag.Rows)
            elif row.id in runs:
                model.select(self._rows.index(at, 0), flag.Select | flag.Rows)

    def _went(self, index: QModelIndex) -> None:
        if index.isValid() and not self._is_following:
            self.chosen.emit(self._rows.rows[index.row()].id)

    # ---- order ----

    def sort_by(self, key: str, *, is_up: bool = True) -> None:
        """By a column; without one newest first, as they come."""
        self._sort = (key, is_up)
        header = self.horizontalHeader()
        header.setSortIndicatorShown(bool(key))
        if key:
            way = Qt.SortOrder.AscendingOrder if is_up else Qt.SortOrder.DescendingOrder
            header.setSortIndicator(KEYS.index(key), way)
        self._refresh()

    def _sort_by(self, section: int) -> None:
        column = COLUMNS[section]
        key, is_up = self._sort
        if key != column.key:
            self.sort_by(column.key, is_up=not column.falls)
        elif is_up != column.falls:
            self.sort_by(column.key, is_up=column.falls)
        else:
            self.sort_by("")

    # ---- columns ----

    def _fit(self) -> None:
        """Each column as wide as it is, the name what is left."""
        self.columns.fit(self._all)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    # ---- what a person does ----

    def edit_cell(self, key: str) -> None:
        """Write into the chosen run's note or tags, in place."""
        index = self.currentIndex()
        if not index.isValid():
            return
        at = KEYS.index(key)
        cell = self._rows.index(index.row(), at)
        if not self._rows.flags(cell) & Qt.ItemFlag.ItemIsEditable:
            return
        self.columns.hold(key)
        self.scrollTo(cell)
        self.edit(cell)

    def _edit_at(self, index: QModelIndex) -> None:
        if KEYS[index.column()] in EDITED:
            self.edit_cell(KEYS[index.column()])

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        super().closeEditor(editor, QAbstractItemDelegate.EndEditHint.NoHint)
        del hint
        self.columns.hold("")
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        rows, self._later = self._later, None
        if rows is not None:
            self.show_rows(rows)
        else:
            self._fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if not index.isValid():
            return  # empty ground changes nothing
        super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(self.viewport().mapFromGlobal(event.globalPos()))
        if not index.isValid():
            return
        at = self.viewport().mapToGlobal(self.visualRect(index).bottomLeft()) if by_key else event.globalPos()
        self.menu_wanted.emit(self._rows.rows[index.row()].id, at)

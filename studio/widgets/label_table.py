"""What the windows on labels share: a table of labels that is edited in place, dragged into order and filtered.

It changes nothing itself: what is typed and where rows are dropped goes out by signals. `Edit` is how a window asks for
an edit: what to make of the project and the step's name; it gives back why it was refused, in words, or nothing.
"""

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from core.project.annotations import Project
from studio import theme
from studio.widgets.painting import hatched
from studio.words import say

Edit = Callable[[Callable[[Project], Project], str], str]
ID = int(Qt.ItemDataRole.UserRole)
_SAID = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
_TYPED = _SAID | Qt.ItemFlag.ItemIsEditable
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Cell(NamedTuple):
    """What stands in a place: words or a number; `dim` is said less loudly."""

    said: str | int
    is_editable: bool = False
    dim: bool = False


class Line(NamedTuple):
    """A label's row: its id, what is drawn before its name, and its cells."""

    id: str
    colour: str
    hatch: int
    cells: tuple[Cell, ...]


class LabelTable(QTableWidget):
    """Rows by label id. Showing them again keeps what is chosen, and the place."""

    typed = Signal(str, int, str)
    """A label, a column, and what was typed there."""
    moved = Signal(object, str)
    """Label ids, and the id of the label before which they were dropped; empty for the end."""
    nudged = Signal(int)
    """Alt+Up (-1) or Alt+Down (1)."""
    removed = Signal()
    """Del."""

    def __init__(
        self, name: str, columns: Sequence[tuple[str, int]], named: int, numbers: Collection[int], *, is_ordered: bool
    ) -> None:
        """`columns` are titles and widths at 100 % text, 0 for what is left; `named` is the one with the name."""
        super().__init__(0, len(columns))
        self._named = named
        self._lines: list[Line] = []
        self._typed_in: set[str] = set()  # rows that say what somebody typed, whatever becomes of it
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setFrameShape(QTableWidget.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.DoubleClicked)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setIconSize(QSize(13, 13))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.px(28))
        for at, (title, _) in enumerate(columns):
            head = QTableWidgetItem(title)
            side = Qt.AlignmentFlag.AlignRight if at in numbers else Qt.AlignmentFlag.AlignLeft
            head.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(at, head)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        for at, (_, width) in enumerate(columns):
            if width:
                self.setColumnWidth(at, max(theme.px(width), header.sectionSizeHint(at)))
            else:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
        if is_ordered:
            self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
            self.setDragDropOverwriteMode(False)
            self.setDropIndicatorShown(True)
        else:
            self.setSortingEnabled(True)
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.itemChanged.connect(self._changed)

    def show_lines(self, lines: Sequence[Line]) -> None:
        """These rows; what was chosen stays chosen. Of rows that are there already only what differs is made anew."""
        before, self._lines = self._lines, list(lines)
        if [each.id for each in before] == [each.id for each in lines]:
            rows = {self.id_at(row): row for row in range(self.rowCount())}
            differ = [now for was, now in zip(before, lines, strict=True) if now != was or now.id in self._typed_in]
            self._typed_in.clear()
            if not (self.isSortingEnabled() and differ):  # where it sorts, what differs may lie elsewhere
                self._show_changed(rows, differ)
                return
        chosen, current = set(self.chosen()), self.current()
        at = self.verticalScrollBar().value()
        sorting = self.isSortingEnabled()
        self.blockSignals(True)
        self.setSortingEnabled(False)
        self.clearSelection()
        self.setRowCount(len(lines))
        for row, line in enumerate(lines):
            for column, cell in enumerate(line.cells):
                self.setItem(row, column, self._item(line, column, cell))
        self.setSortingEnabled(sorting)
        model = self.selectionModel()
        for row in range(self.rowCount()):
            index = self.model().index(row, self._named)
            if self.id_at(row) in chosen:
                model.select(index, model.SelectionFlag.Select | model.SelectionFlag.Rows)
            if self.id_at(row) == current:
                model.setCurrentIndex(index, model.SelectionFlag.NoUpdate)
        self.blockSignals(False)
        self.verticalScrollBar().setValue(at)
        self.itemSelectionChanged.emit()

    def _show_changed(self, rows: dict[str, int], lines: Sequence[Line]) -> None:
        self.blockSignals(True)
        for line in lines:
            for column, cell in enumerate(line.cells):
                self.setItem(rows[line.id], column, self._item(line, column, cell))
        self.blockSignals(False)

    def chosen(self) -> list[str]:
        """The chosen labels, from top to bottom."""
        rows = sorted({each.row() for each in self.selectionModel().selectedRows()})
        return [self.id_at(row) for row in rows]

    def current(self) -> str:
        return self.id_at(self.currentRow()) if self.currentRow() >= 0 else ""

    def id_at(self, row: int) -> str:
        item = self.item(row, 0)
        return item.data(ID) if item is not None else ""

    def row_of(self, label_id: str) -> int:
        return next((row for row in range(self.rowCount()) if self.id_at(row) == label_id), -1)

    def choose(self, label_ids: Sequence[str]) -> None:
        """Choose these and go to the first."""
        self.clearSelection()
        model = self.selectionModel()
        for each in label_ids:
            row = self.row_of(each)
            if row >= 0:
                index = self.model().index(row, self._named)
                model.select(index, model.SelectionFlag.Select | model.SelectionFlag.Rows)
                if each == label_ids[0]:
                    model.setCurrentIndex(index, model.SelectionFlag.NoUpdate)
                    self.scrollTo(index)

    def type_in(self, label_id: str, column: int) -> None:
        """Type in a place."""
        row = self.row_of(label_id)
        item = self.item(row, column) if row >= 0 else None
        if item is not None:
            self.setCurrentItem(item)
            self.editItem(item)

    def _item(self, line: Line, column: int, cell: Cell) -> QTableWidgetItem:
        item = QTableWidgetItem()
        item.setData(Qt.ItemDataRole.DisplayRole, cell.said)
        item.setData(ID, line.id)
        item.setFlags(_TYPED if cell.is_editable else _SAID)
        if isinstance(cell.said, int):
            item.setTextAlignment(_RIGHT)
        if column == self._named:
            item.setIcon(swatch(line.colour, line.hatch))
        if cell.dim:
            item.setForeground(QColor(theme.now().text3))
        return item

    def _changed(self, item: QTableWidgetItem) -> None:
        self._typed_in.add(item.data(ID))
        self.typed.emit(item.data(ID), item.column(), item.text().strip())

    def dropEvent(self, event: QDropEvent) -> None:
        """The rows come to lie where whoever made the table puts them."""
        row = self.indexAt(event.position().toPoint()).row()
        below = self.dropIndicatorPosition() == QAbstractItemView.DropIndicatorPosition.BelowItem
        row = self.rowCount() if row < 0 else row + below
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        self.moved.emit(self.chosen(), self.id_at(row) if row < self.rowCount() else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in steps:
            self.nudged.emit(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Delete:
            self.removed.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()


@lru_cache(1024)
def swatch(colour: str, hatch: int = 0, size: int = 13) -> QIcon:
    """A label's colour with its hatch."""
    picture = QPixmap(size * 2, size * 2)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(1, 1, size - 2, size - 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(area, 3, 3)
    hatched(painter, area, theme.mix(colour, "#000000", 0.35), hatch)
    painter.end()
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)  # or a chosen row would tint it
    return icon


def filtered(words: str, *names: str) -> bool:
    """Whether every piece of what somebody typed stands in one of these."""
    said = " ".join(names).casefold()
    return all(piece in said for piece in words.casefold().split())


def count_words(count: int, one: str, several: str) -> str:
    """`1 segment` or `{count} segments`, in the person's language."""
    return say(one) if count == 1 else say(several, count=count)

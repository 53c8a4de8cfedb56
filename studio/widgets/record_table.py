"""A table of records that paints its own cells: words, numbers, meters, states, swatches and small pictures.

It knows no page: a row is an id and its cells, in the order of the columns. Setting rows keeps the selection and the
place by id, so that a table can follow a project that changes under it. Narrow tables hide columns of low rank.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from studio import theme
from studio.widgets.painting import draw_meter, put
from studio.words import said

_LEAST_STRETCH = 210
_MOST_COMPARED = 2000
_CELL = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """A column: its title, its width at 100 % text (0 takes what is left), and how soon it goes in a narrow table.

    The highest `rank` goes first; 0 never does.
    """

    title: str
    width: int = 0
    is_number: bool = False
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a place. `share` draws a meter before the words, `dot` a state's sign, `bars` bars behind.

    Colours are theme words or hex; bars are 0 to 1 high.
    """

    words: str = ""
    share: float | None = None
    colour: str = ""  # of the meter, the dot or the bars
    dot: bool = False
    strong: bool = False
    picture: QPixmap | None = None
    tip: str = ""
    bars: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A row."""

    id: str
    cells: tuple[Cell, ...]


class _Model(QAbstractTableModel):
    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = columns
        self.records: list[Record] = []

    def show(self, records: list[Record]) -> None:
        """Take new records; where the same rows stand in the same places, only what differs is painted anew."""
        before, self.records = self.records, records
        if [each.id for each in before] == [each.id for each in records]:
            pairs = enumerate(zip(before, records, strict=True))
            if len(records) > _MOST_COMPARED:  # only those in view are painted; comparing all of them takes longer
                spans = [(0, len(records) - 1)]
            else:
                spans = _runs([row for row, (old, new) in pairs if old is not new and old != new])
            for first, last in spans:
                self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
        else:
            self.records = before
            self.beginResetModel()
            self.records = records
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.records)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        cell = self.records[index.row()].cells[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell.words
            case Qt.ItemDataRole.ToolTipRole:
                return cell.tip or None
            case _ if role == _CELL:
                return cell
            case _:
                return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return said(self.columns[section].title)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.columns[section].is_number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class _Painter(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell: Cell = index.data(_CELL)
        look, area = theme.now(), QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(look.wash))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(look.hover))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), QColor(look.line))
        model = index.model()
        assert isinstance(model, _Model)
        _paint_cell(painter, area.adjusted(9, 0, -9, -1), cell, look, is_number=model.columns[index.column()].is_number)
        painter.restore()


def _paint_cell(painter: QPainter, area: QRectF, cell: Cell, look: theme.Theme, *, is_number: bool) -> None:
    left, baseline = area.left(), area.center().y() + theme.px(12) * 0.36
    colour = getattr(look, cell.colour, cell.colour) or look.text2
    if cell.picture is not None:
        picture = QRectF(left, area.top() + 3, (area.height() - 6) * 16 / 9, area.height() - 6)
        painter.drawPixmap(picture, cell.picture, QRectF(cell.picture.rect()))
        left = picture.right() + 8
    if cell.share is not None:
        words_at = theme.px(46) if cell.words else 0
        bar = QRectF(left, area.center().y() - 2.5, max(12.0, area.right() - left - words_at), 5)
        draw_meter(painter, bar, cell.share, colour, look.press)
        left = bar.right() + 8
    if cell.dot:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(QRectF(left, area.center().y() - 4, 8, 8))
        left += 14
    if cell.bars:
        wide = min(9.0, (area.width() * 0.6) / len(cell.bars))
        for at, share in enumerate(cell.bars):
            high = max(1.0, share * (area.height() - 10))
            bar = QRectF(area.right() - (len(cell.bars) - at) * wide, area.bottom() - 5 - high, max(wide - 2, 1), high)
            painter.fillRect(bar, QColor(colour if share else look.press))
        area = area.adjusted(0, 0, -len(cell.bars) * wide - 4, 0)
    ink, weight, size = (look.text, 600, 12) if cell.strong else (look.text2, 400, 11 if cell.share is not None else 12)
    if is_number:
        put(painter, area.right(), baseline, cell.words, ink, size, weight, align="right")
    else:
        put(painter, left, baseline, cell.words, ink, size, weight, width=area.right() - left)


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each stretch of rows that follow one another."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


class RecordTable(QTableView):
    """Rows that can be chosen, one or several; Enter or a double click opens one."""

    chosen = Signal(str)  # the id of the row the person went to
    opened = Signal(str)

    def __init__(self, columns: Sequence[Column], name: str, row_height: int = 34) -> None:
        super().__init__()
        self._columns, self._is_following = tuple(columns), False
        self._rows = _Model(columns)
        self.setModel(self._rows)
        self.setItemDelegate(_Painter(self))
        self.setAccessibleName(said(name))
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.px(row_height))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        for at, column in enumerate(columns):
            if column.width:
                self.setColumnWidth(at, theme.px(column.width))
            else:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().currentRowChanged.connect(self._went)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._rows.records[index.row()].id))

    def show_records(self, records: list[Record]) -> None:
        """Show these rows; what was chosen and still is there stays chosen."""
        chosen, current = set(self.chosen_ids()), self.current_id()
        self._is_following = True
        self._rows.show(records)
        if not self.selectionModel().hasSelection():
            flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
            again = QItemSelection()
            for first, last in _runs([row for row, record in enumerate(records) if record.id in chosen]):
                again.select(self._rows.index(first, 0), self._rows.index(last, 0))
            self.selectionModel().select(again, flags)
            row = next((row for row, record in enumerate(records) if record.id == current), None)
            if row is not None:
                self.selectionModel().setCurrentIndex(
                    self._rows.index(row, 0), QItemSelectionModel.SelectionFlag.NoUpdate
                )
        self._is_following = False

    def choose(self, record_id: str) -> None:
        """Choose a row without telling anybody."""
        row = next((at for at, each in enumerate(self._rows.records) if each.id == record_id), None)
        if row is None or self.current_id() == record_id:
            return
        self._is_following = True
        self.selectRow(row)
        self.scrollTo(self._rows.index(row, 0))
        self._is_following = False

    def chosen_ids(self) -> list[str]:
        """The rows that are chosen, from top to bottom."""
        ranges = self.selectionModel().selection()
        spans = [(ranges.at(each).top(), ranges.at(each).bottom()) for each in range(ranges.count())]
        rows = sorted({row for first, last in spans for row in range(first, last + 1)})
        return [self._rows.records[row].id for row in rows if row < len(self._rows.records)]

    def current_id(self) -> str:
        row = self.currentIndex().row()
        return self._rows.records[row].id if 0 <= row < len(self._rows.records) else ""

    def records(self) -> list[Record]:
        return self._rows.records

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.viewport().width() / theme.scale() - _LEAST_STRETCH
        needed = sum(column.width for column in self._columns)
        for at, column in sorted(enumerate(self._columns), key=lambda each: -each[1].rank):
            goes = column.rank > 0 and needed > room
            self.setColumnHidden(at, goes)
            needed -= column.width if goes else 0

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current_id():
            self.opened.emit(self.current_id())
            return
        super().keyPressEvent(event)

    def _went(self, current: QModelIndex, _before: QModelIndex) -> None:
        if not self._is_following and 0 <= current.row() < len(self._rows.records):
            self.chosen.emit(self._rows.records[current.row()].id)

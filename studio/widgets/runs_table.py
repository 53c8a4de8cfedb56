"""The table of runs: a tick compares one, its colour is the same in the curves, a small curve tells how it went.

It knows no page: rows are values, what the person does comes out as signals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from studio import icons, theme
from studio.widgets.painting import put
from studio.words import say

Index = QModelIndex | QPersistentModelIndex
_ROW = Qt.ItemDataRole.UserRole
_CHECK_PX = 15
# Title, width at 100 % text (0 takes what is left), whether numbers stand in it, hidden below this table width.
_COLUMNS = (
    ("Run", 0, False, 0),
    ("State", 112, False, 0),
    ("Loss", 104, False, 560),
    ("Preset", 112, False, 640),
    ("Started", 112, False, 700),
    ("Top-1", 76, True, 0),
    ("2D error, px", 96, True, 0),
)


@dataclass(frozen=True)
class RunRow:
    """One run as the table shows it. Colours are hex words."""

    id: str
    colour: str
    state: str
    state_colour: str
    is_compared: bool
    loss: tuple[float, ...] = ()
    top1: float | None = None
    error_px: float | None = None
    bits: float | None = None
    error_mm: float | None = None
    preset: str = ""
    started: str = ""
    tip: str = ""
    kind: Literal["forecaster", "motion"] = "forecaster"

    @property
    def is_of_motion(self) -> bool:
        """Whether a motion model is trained, and no forecaster."""
        return self.kind == "motion"

    @property
    def figures(self) -> tuple[str, str]:
        """How right it foretells, and how far it is off."""
        if self.is_of_motion:
            return _number(self.bits, 2), _number(self.error_mm, 1)
        return _number(self.top1, 3), _number(self.error_px, 1)


_HEADS = {
    frozenset({"forecaster"}): ("Top-1", "2D error, px"),
    frozenset({"motion"}): ("Bits", "Error, mm"),
    frozenset({"forecaster", "motion"}): ("Top-1, bits", "Error px, mm"),
}
"""What the two figures are called, by the kinds of runs there are."""


class _Rows(QAbstractTableModel):
    compared = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[RunRow] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_COLUMNS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == _ROW:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tip or None
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == 0:
            return Qt.CheckState.Checked if row.is_compared else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.id, row.state, "", row.preset, row.started, *row.figures)[index.column()]
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        del value
        if role == Qt.ItemDataRole.CheckStateRole:
            self.compared.emit(self.rows[index.row()].id)
            return True
        return False

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            kinds = frozenset(row.kind for row in self.rows) or frozenset({"forecaster"})
            return say((*(name for name, *_ in _COLUMNS[:-2]), *_HEADS[kinds])[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if _COLUMNS[section][2] else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class RunsTable(QTableView):
    """Rows of runs. Space or a click on the box compares, the arrows go from run to run."""

    chosen = Signal(str)
    compared = Signal(str)
    """The box of this run was clicked: whoever listens decides, and shows the rows again."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = _Rows()
        self._is_following = False
        self.setModel(self._rows)
        self.setItemDelegate(_Painter(self))
        self.setAccessibleName(self.tr("Runs"))
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.px(30))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        for at, (_, width, _, _) in enumerate(_COLUMNS):
            if width:
                self.setColumnWidth(at, theme.px(width))
            else:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().currentRowChanged.connect(self._went)
        self._rows.compared.connect(self.compared)

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        """These runs; the chosen one stays chosen."""
        before = [row.id for row in self._rows.rows]
        chosen = self.chosen_id()
        self._is_following = True
        if before == [row.id for row in rows]:
            self._rows.rows = list(rows)
            if rows:
                last = self._rows.index(len(rows) - 1, len(_COLUMNS) - 1)
                self._rows.dataChanged.emit(self._rows.index(0, 0), last)
                self._rows.headerDataChanged.emit(Qt.Orientation.Horizontal, len(_COLUMNS) - 2, len(_COLUMNS) - 1)
        else:
            self._rows.beginResetModel()
            self._rows.rows = list(rows)
            self._rows.endResetModel()
            self.choose(chosen)
        self._is_following = False

    def choose(self, run: str) -> None:
        """Go to a run without telling anybody."""
        at = next((at for at, row in enumerate(self._rows.rows) if row.id == run), None)
        if at is None:
            return
        following, self._is_following = self._is_following, True
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(self._rows.index(at, 0), flags)
        self._is_following = following

    def chosen_id(self) -> str:
        index = self.currentIndex()
        return self._rows.rows[index.row()].id if index.isValid() else ""

    def _went(self, index: QModelIndex) -> None:
        if index.isValid() and not self._is_following:
            self.chosen.emit(self._rows.rows[index.row()].id)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for at, (_, _, _, goes_below) in enumerate(_COLUMNS):
            self.setColumnHidden(at, self.width() < theme.px(goes_below))


class _Painter(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: RunRow = index.data(_ROW)
        look, area = theme.now(), QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(look.wash))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(look.hover))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), QColor(look.line))
        area = area.adjusted(6, 0, -8, -1)
        baseline = area.center().y() + theme.px(12) * 0.36
        match index.column():
            case 0:
                _draw_check(painter, check_box(area), look, is_on=row.is_compared)
                _dot(painter, area.left() + 31, area.center().y(), row.colour, 4.5)
                put(painter, area.left() + 44, baseline, row.id, look.text, 12, 600, width=area.width() - 44)
            case 1:
                _dot(painter, area.left() + 4, area.center().y(), row.state_colour, 4)
                put(painter, area.left() + 15, baseline, row.state, look.text2, 12, width=area.width() - 15)
            case 2:
                _draw_spark(painter, area.adjusted(0, 5, 0, -5), row.loss, row.colour)
            case column:
                words, is_number = str(index.data()), _COLUMNS[column][2]
                x = area.right() if is_number else area.left()
                align = "right" if is_number else "left"
                put(painter, x, baseline, words, look.text2, 12, align=align, width=area.width())
        painter.restore()

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        """A click on the box; a click beside it only goes to the run."""
        if index.column() == 0 and event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            area = QRectF(option.rect).adjusted(6, 0, -8, -1)  # pyright: ignore[reportAttributeAccessIssue]
            if check_box(area).adjusted(-5, -6, 5, 6).contains(event.position()):
                return model.setData(index, None, Qt.ItemDataRole.CheckStateRole)
        return False


def check_box(area: QRectF) -> QRectF:
    """Where the box of a row lies."""
    return QRectF(area.left() + 1, area.center().y() - _CHECK_PX / 2, _CHECK_PX, _CHECK_PX)


def _draw_check(painter: QPainter, area: QRectF, look: theme.Theme, *, is_on: bool) -> None:
    painter.setPen(QPen(QColor(look.fill if is_on else look.edge), 1))
    painter.setBrush(QColor(look.fill if is_on else look.field))
    painter.drawRoundedRect(area, 4, 4)
    if is_on:
        sign = icons.pixmap("check", "#FFFFFF", 12)
        painter.drawPixmap(area.topLeft() + QPointF(1.5, 1.5), sign)


def _dot(painter: QPainter, x: float, y: float, colour: str, radius: float) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(QPointF(x, y), radius, radius)


def _draw_spark(painter: QPainter, area: QRectF, values: tuple[float, ...], colour: str) -> None:
    if len(values) < 2:
        return
    low, high = min(values), max(values)
    path = QPainterPath()
    for at, value in enumerate(values):
        x = area.left() + area.width() * at / (len(values) - 1)
        y = area.bottom() - area.height() * ((value - low) / (high - low) if high > low else 0.5)
        if at:
            path.lineTo(x, y)
        else:
            path.moveTo(x, y)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colour), 1.5))
    painter.drawPath(path)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"

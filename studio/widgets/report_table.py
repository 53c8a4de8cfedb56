"""The table of a report: a row a method, a column a figure, ± its spread; the best of a column is bold, never coloured.

Where the paper prints a figure for a row, it stands small beside ours. Methods without training and bounds stand below
a line of their own. A tick draws a row in the curves, in the colour of its swatch. It knows no page: rows are values,
what the person does comes out as signals. Clicking a head sorts by that figure, best first; a third click gives the
table's own order back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from studio import icons, theme
from studio.widgets.painting import put, words_width
from studio.words import say

Index = QModelIndex | QPersistentModelIndex
_LEAF = int(Qt.ItemDataRole.UserRole)
_CHECK_PX, _NAME_LEAST, _PAD = 15, 150, 9
_SPREAD_SIZE = 10.5


@dataclass(frozen=True)
class FigureHead:
    """A column. `key` names it to whoever listens; `tip` says it in a sentence; `less` is whether small is good."""

    key: str
    title: str
    less: bool = False
    tip: str = ""


@dataclass(frozen=True)
class FigureCell:
    """A figure in words; `value` sorts it."""

    words: str = "–"
    spread: str = ""
    paper: str = ""
    value: float | None = None
    is_best: bool = False


@dataclass(frozen=True)
class FigureRow:
    """A method. Without a `colour` it is no run: it is drawn neutral, and stands below those that are."""

    id: str
    name: str
    cells: tuple[FigureCell, ...]
    colour: str = ""
    is_ticked: bool = False
    is_control: bool = False
    warning: str = ""
    tip: str = ""

    @property
    def rank(self) -> int:
        """Runs first, then plain methods, then bounds."""
        return 2 if self.is_control else 0 if self.colour else 1


class _Rows(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.heads: tuple[FigureHead, ...] = ()
        self.rows: list[FigureRow] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1 + len(self.heads)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == _LEAF:
            return row
        if index.column() == 0:
            if role == Qt.ItemDataRole.DisplayRole:
                return row.name
            if role == Qt.ItemDataRole.CheckStateRole:
                return Qt.CheckState.Checked if row.is_ticked else Qt.CheckState.Unchecked
            if role == Qt.ItemDataRole.ToolTipRole:
                return "\n".join(filter(None, (row.name, row.tip, row.warning)))
            if role == Qt.ItemDataRole.AccessibleDescriptionRole:
                return row.warning or row.tip or None
            return None
        cell, head = row.cells[index.column() - 1], self.heads[index.column() - 1]
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(filter(None, (cell.words, cell.spread)))
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return said_of(row, head, cell)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.tr("Method") if section == 0 else self.heads[section - 1].title
        if role == Qt.ItemDataRole.ToolTipRole and section:
            return self.heads[section - 1].tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


def said_of(row: FigureRow, head: FigureHead, cell: FigureCell) -> str:
    """A figure as a sentence."""
    words = f"{row.name}, {head.title}: {' '.join(filter(None, (cell.words, cell.spread)))}"
    words += say(", best of the column") if cell.is_best else ""
    return say("{words}; the paper's: {paper}", words=words, paper=cell.paper) if cell.paper else words


class ReportTable(QTableView):
    """Space or a click on the box ticks a row; Enter or a double click opens it; a right click asks for its menu."""

    went = Signal(str, str)  # row, and the figure the person is at (empty on the name)
    ticked = Signal(str)
    opened = Signal(str)
    menu_wanted = Signal(str, str, QPoint)
    sorted_by = Signal(str, int)  # figure, and 0 own order, 1 best first, 2 worst first

    def __init__(self) -> None:
        super().__init__()
        self._model = _Rows()
        self._all: tuple[FigureRow, ...] = ()
        self._sort: tuple[str, int] = ("", 0)
        self._is_following = False
        self.setModel(self._model)
        self.setItemDelegate(_Painter(self))
        self.setAccessibleName(self.tr("Figures"))
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.px(30))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(24)
        header.sectionClicked.connect(self._sort_by)
        self.selectionModel().currentChanged.connect(self._went)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._model.rows[index.row()].id))

    # ---- what is shown ----

    def show_rows(self, heads: Sequence[FigureHead], rows: Sequence[FigureRow]) -> None:
        """This table; the row and figure the person was at stay where they still are."""
        current, key = self.current_id(), self.current_key()
        self._all = tuple(rows)
        self._is_following = True
        self._model.beginResetModel()
        if tuple(heads) != self._model.heads:
            self._model.heads = tuple(heads)
            if self._sort[0] not in {each.key for each in heads}:
                self._sort = ("", 0)
        self._model.rows = self._ordered()
        self._model.endResetModel()
        self._fit()
        self._show_sort()
        self.choose(current, key)
        self._is_following = False

    def choose(self, row_id: str, key: str = "") -> None:
        """Go to a row (the first one without it) without telling anybody."""
        if not self._model.rows:
            return
        at = next((at for at, row in enumerate(self._model.rows) if row.id == row_id), 0)
        column = next((1 + at for at, head in enumerate(self._model.heads) if head.key == key), 0)
        was, self._is_following = self._is_following, True
        self.setCurrentIndex(self._model.index(at, column))
        self._is_following = was

    def current_id(self) -> str:
        row = self.currentIndex().row()
        return self._model.rows[row].id if 0 <= row < len(self._model.rows) else ""

    def current_key(self) -> str:
        """The figure the person is at; empty on the name."""
        column = self.currentIndex().column()
        return self._model.heads[column - 1].key if 0 < column <= len(self._model.heads) else ""

    def shown_ids(self) -> list[str]:
        """From top to bottom."""
        return [row.id for row in self._model.rows]

    def rows(self) -> list[FigureRow]:
        return self._model.rows

    # ---- order ----

    def sort_by(self, key: str, way: int) -> None:
        """0 the table's own order, 1 best first, 2 worst first."""
        self._sort = (key, way) if way else ("", 0)
        self.show_rows(self._model.heads, self._all)

    def _sort_by(self, section: int) -> None:
        key = self._model.heads[section - 1].key if section else ""
        way = (self._sort[1] + 1) % 3 if self._sort[0] == key else 1
        self.sort_by(key, way if section else 0)
        self.sorted_by.emit(*self._sort)

    def _ordered(self) -> list[FigureRow]:
        rows = sorted(self._all, key=lambda row: row.rank)
        key, way = self._sort
        at = next((at for at, head in enumerate(self._model.heads) if head.key == key), None)
        if at is None or not way:
            return rows
        sign = (1 if self._model.heads[at].less else -1) * (1 if way == 1 else -1)

        def place(row: FigureRow) -> tuple[int, int, float]:
            value = row.cells[at].value
            return (row.rank, 1, 0.0) if value is None else (row.rank, 0, sign * value)

        return sorted(rows, key=place)

    def _show_sort(self) -> None:
        header, (key, way) = self.horizontalHeader(), self._sort
        at = next((1 + at for at, head in enumerate(self._model.heads) if head.key == key), -1)
        header.setSortIndicatorShown(at > 0)
        if at > 0:
            is_up = self._model.heads[at - 1].less == (way == 1)
            header.setSortIndicator(at, Qt.SortOrder.AscendingOrder if is_up else Qt.SortOrder.DescendingOrder)

    # ---- sizes ----

    def _fit(self) -> None:
        """Figures take what they need, the name what is left and never less than it needs to be read."""
        header = self.horizontalHeader()
        needed = 0
        for at, head in enumerate(self._model.heads):
            cells = [row.cells[at] for row in self._model.rows]
            wide = max((_cell_width(cell) for cell in cells), default=0.0)
            size = round(max(wide, words_width(head.title, 12) + 14) + 2 * _PAD)
            header.setSectionResizeMode(at + 1, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(at + 1, size)
            needed += size
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        name = max((words_width(row.name, 12, 600) for row in self._model.rows), default=0.0) + theme.px(64)
        room = self.viewport().width() - needed
        self.setColumnWidth(0, round(max(min(name, theme.px(300)), theme.px(_NAME_LEAST), room)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(500), theme.px(36 + 30 * max(len(self._all), 4)))

    # ---- what a person does ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        left = self.visualRect(index).left()
        on_box = index.isValid() and index.column() == 0 and event.position().x() < left + _PAD + _CHECK_PX + 6
        if on_box and event.button() == Qt.MouseButton.LeftButton:
            self.ticked.emit(self._model.rows[index.row()].id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.current_id()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current:
            self.opened.emit(current)
        elif event.key() == Qt.Key.Key_Space and current:
            self.ticked.emit(current)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(self.viewport().mapFromGlobal(event.globalPos()))
        if not index.isValid():
            return
        self.setCurrentIndex(index)
        at = self.viewport().mapToGlobal(self.visualRect(index).bottomLeft()) if by_key else event.globalPos()
        self.menu_wanted.emit(self.current_id(), self.current_key(), at)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            bare = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            if bare and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                event.accept()
                return True
        return super().event(event)

    def _went(self, *_: QModelIndex) -> None:
        if not self._is_following and self.current_id():
            self.went.emit(self.current_id(), self.current_key())


def _cell_width(cell: FigureCell) -> float:
    wide = words_width(cell.words, 12, 600)
    if cell.spread:
        wide += words_width(cell.spread, _SPREAD_SIZE) + 5
    if cell.paper:
        wide += words_width(cell.paper, _SPREAD_SIZE) + words_width("paper ", 9) + 12
    return wide


class _Painter(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: FigureRow = index.data(_LEAF)
        look, area = theme.now(), QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        table = self.parent()
        assert isinstance(table, ReportTable)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(look.wash))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(look.hover))
        rows = table.rows()
        below = rows[index.row() + 1] if index.row() + 1 < len(rows) else None
        parts_here = below is not None and below.rank != row.rank
        ink = look.edge if parts_here else look.line
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), QColor(ink))
        if index.column() == 0:
            _paint_name(painter, area, row, look)
        else:
            _paint_figure(painter, area.adjusted(_PAD, 0, -_PAD, -1), row.cells[index.column() - 1], look)
        if table.hasFocus() and index == table.currentIndex():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(look.accent), 2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -2), 3, 3)
        painter.restore()


def _paint_name(painter: QPainter, area: QRectF, row: FigureRow, look: theme.Theme) -> None:
    middle, left = area.center().y(), area.left() + _PAD
    box = QRectF(left, middle - _CHECK_PX / 2, _CHECK_PX, _CHECK_PX)
    painter.setPen(QPen(QColor(look.fill if row.is_ticked else look.edge), 1.2))
    painter.setBrush(QColor(look.fill if row.is_ticked else look.field))
    painter.drawRoundedRect(box, 3.5, 3.5)
    if row.is_ticked:
        mark: QPixmap = icons.pixmap("check", "#FFFFFF", 12)
        painter.drawPixmap(box.adjusted(1.5, 1.5, -1.5, -1.5).toRect(), mark)
    swatch = QRectF(box.right() + 9, middle - 4.5, 9, 9)
    painter.setBrush(QColor(row.colour) if row.colour else Qt.BrushStyle.NoBrush)
    painter.setPen(Qt.PenStyle.NoPen if row.colour else QPen(QColor(look.text3), 1.4))
    painter.drawEllipse(swatch)
    x, baseline = swatch.right() + 8, middle + theme.px(12) * 0.36
    room = area.right() - x - 6 - (22 if row.warning else 0)
    ink = look.text3 if row.is_control else look.text
    used = put(painter, x, baseline, row.name, ink, 12, 600 if row.colour else 400, width=room)
    if row.warning:
        painter.drawPixmap(QRectF(x + used + 6, middle - 7, 14, 14).toRect(), icons.pixmap("warn", look.warn, 14))


def _paint_figure(painter: QPainter, area: QRectF, cell: FigureCell, look: theme.Theme) -> None:
    """Ours right-aligned; its spread and the paper's figure, smaller, at its right."""
    baseline, x = area.center().y() + theme.px(12) * 0.36, area.right()
    if cell.paper:
        x -= put(painter, x, baseline, cell.paper, look.text3, _SPREAD_SIZE, align="right")
        x -= put(painter, x - 4, baseline, say("paper"), look.text3, 9, align="right") + 12
    if cell.spread:
        x -= put(painter, x, baseline, cell.spread, look.text3, _SPREAD_SIZE, align="right") + 5
    ink = look.text if cell.is_best else look.text2
    put(painter, x, baseline, cell.words, ink, 12, 700 if cell.is_best else 400, align="right")

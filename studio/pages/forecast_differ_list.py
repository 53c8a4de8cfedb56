"""The moments at which two runs differ as a list of painted rows, and how far apart they are as a histogram.

A row has the clip and time, then three lines of chips one under the other (what came, the first run, the second), step
below step, and at the right how far apart the two are and how far off. Only the rows in view are painted, so that
thousands stay smooth. It knows no page.
"""

from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from studio import icons, theme
from studio.widgets.painted_items import expose
from studio.widgets.painting import Painted, draw_meter, put

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
_HIGH, _LINE = 78, 22
_WHERE, _RIGHT, _LEAST_CHIP = 168, 150, 46
_LOW_RIGHT = 96


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A chip: what, in which colour, and whether it is right; None where that cannot be said."""

    words: str
    colour: str
    is_right: bool | None = None


@dataclass(frozen=True, slots=True)
class ShownMoment:
    """A row."""

    key: tuple[str, int]
    clip: str
    time: str
    came: tuple[ShownStep, ...]
    foreseen: tuple[tuple[ShownStep, ...], tuple[ShownStep, ...]]
    apart: float
    apart_words: str  # such as "0.35 apart": what the list is sorted by
    errors: tuple[str, str]  # of each, such as "12.3 px"
    said: str  # all of it as one sentence


class _Model(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ShownMoment] = []

    def show(self, rows: list[ShownMoment]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == ROW:
            return row
        texts = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)
        return row.said if role in texts else None


class MomentList(QListView):
    """Rows that can be walked through; Enter or a click opens one."""

    chosen = Signal(object)
    """The key of the row that is the current one now."""
    opened = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._model = _Model()
        self.colours = ("text2", "text2")
        self.setModel(self._model)
        self.setItemDelegate(_RowPainter(self))
        self.setAccessibleName(self.tr("Moments, the farthest apart first"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.viewport().setAutoFillBackground(False)
        self.selectionModel().currentChanged.connect(self._went)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._model.rows[index.row()].key))

    def show_moments(self, rows: list[ShownMoment], colours: tuple[str, str]) -> None:
        """Show these rows; the current one stays it where it is still there, else the first becomes it."""
        before = self.current_key()
        self.colours = colours
        self._model.show(rows)
        if rows:
            self.choose(before if any(row.key == before for row in rows) else rows[0].key)

    def rows(self) -> list[ShownMoment]:
        return self._model.rows

    def current_key(self) -> tuple[str, int] | None:
        at = self.currentIndex().row()
        return self._model.rows[at].key if 0 <= at < len(self._model.rows) else None

    def choose(self, key: tuple[str, int] | None) -> None:
        """Make this row the current one, in view."""
        at = next((at for at, row in enumerate(self._model.rows) if row.key == key), None)
        if at is not None:
            self.setCurrentIndex(self._model.index(at))
            self.scrollTo(self._model.index(at))

    def walk(self, by: int) -> tuple[str, int] | None:
        """The row so many further on becomes the current one; its key, or None where the list ends."""
        at = self.currentIndex().row() + by
        if not 0 <= at < len(self._model.rows):
            return None
        self.choose(self._model.rows[at].key)
        return self.current_key()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current_key() is not None:
            self.opened.emit(self.current_key())
            return
        super().keyPressEvent(event)

    def _went(self, current: QModelIndex, _before: QModelIndex) -> None:
        if 0 <= current.row() < len(self._model.rows):
            self.chosen.emit(self._model.rows[current.row()].key)


class _RowPainter(QStyledItemDelegate):
    def __init__(self, of: MomentList) -> None:
        super().__init__(of)
        self._list = of

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        return QSize(0, theme.px(_HIGH))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: ShownMoment = index.data(ROW)
        look, area = theme.now(), QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(look.wash))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(look.hover))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), QColor(look.line))
        self._draw(painter, area.adjusted(10, 0, -10, -1), row, look)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(look.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -2), 4, 4)
        painter.restore()

    def _draw(self, painter: QPainter, area: QRectF, row: ShownMoment, look: theme.Theme) -> None:
        top, line = area.top() + theme.px(6), theme.px(_LINE)
        is_narrow = area.width() < theme.px(720)
        where, right = theme.px(96 if is_narrow else _WHERE), theme.px(_LOW_RIGHT if is_narrow else _RIGHT)
        middle = theme.px(12) * 0.36
        put(painter, area.left(), top + line / 2 + middle, row.time, look.text, 12, 600, width=where - 8)
        put(painter, area.left(), top + 1.5 * line + middle, row.clip, look.text3, 11, width=where - 8)
        left, room = area.left() + where, area.width() - where - right - 12
        lines = (row.came, *row.foreseen)
        colours = ("truth", *self._list.colours)
        columns = max((len(each) for each in lines), default=0)
        wide = room / max(columns, 1)
        shown = columns if wide >= theme.px(_LEAST_CHIP) else max(int(room / theme.px(_LEAST_CHIP)), 1)
        wide = min(room / max(shown, 1), theme.px(120))
        for at, (steps, colour) in enumerate(zip(lines, colours, strict=True)):
            y = top + at * line
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(look, colour, colour)))
            painter.drawRoundedRect(QRectF(left - 8, y + 3, 3, line - 6), 1.5, 1.5)
            for column, step in enumerate(steps[:shown]):
                _draw_chip(painter, QRectF(left + column * wide, y + 2, wide - 4, line - 4), step, look)
        edge = area.right()
        put(painter, edge, top + line / 2 + middle, row.apart_words, look.text, 11, 500, align="right", width=right)
        if not is_narrow:
            bar = QRectF(edge - right, top + line / 2 - 2.5, right - theme.px(92), 5)
            draw_meter(painter, bar, row.apart, look.accent, look.press)
        for at, words in enumerate(row.errors, start=1):
            put(painter, edge, top + (at + 0.5) * line + middle, words, look.text2, 11, align="right", width=right)


def _draw_chip(painter: QPainter, area: QRectF, step: ShownStep, look: theme.Theme) -> None:
    """A label's name on its colour, and ✓ or ✗ where that is known."""
    if not step.words:
        return
    # Some labels are too pale for a light ground alone.
    is_light = look.name == "light"
    painter.setPen(QPen(QColor(theme.mix(step.colour, "#000000", 0.25)), 1) if is_light else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(step.colour))
    painter.drawRoundedRect(area, 4, 4)
    mark = theme.px(13) if step.is_right is not None else 0
    put(painter, area.left() + 6, area.center().y() + theme.px(11) * 0.36, step.words, look.seg_ink, 11, 600,
        width=area.width() - 10 - mark)  # fmt: skip
    if step.is_right is not None:
        sign = icons.pixmap("check" if step.is_right else "close", look.seg_ink, 12)
        painter.drawPixmap(QPointF(area.right() - mark - 1, area.center().y() - 6), sign)


class ApartHistogram(Painted):
    """How many moments are how far apart; the current one is marked, a click goes to one of that bar."""

    chosen = Signal(int)
    """A bar."""

    def __init__(self) -> None:
        super().__init__(height=theme.px(64))
        self.setAccessibleName(self.tr("How far apart the moments are"))
        self._counts: list[int] = []
        self._marked = -1
        expose(self)

    def set_low(self, *, low: bool) -> None:
        """In a low window it makes room."""
        self.setFixedHeight(theme.px(40 if low else 64))

    def show_counts(self, counts: list[int], marked: int) -> None:
        """So many in each of equal steps from 0 to 1."""
        self._counts, self._marked = counts, marked
        self.update()

    def item_count(self) -> int:
        return len(self._counts)

    def item_words(self, at: int) -> str:
        low, high = at / len(self._counts), (at + 1) / len(self._counts)
        return self.tr("{count} moments from {low:.2f} to {high:.2f} apart").format(
            count=self._counts[at], low=low, high=high
        )

    def item_rect(self, at: int) -> QRectF:
        wide = self.width() / max(len(self._counts), 1)
        return QRectF(at * wide, 0, wide, self.height())

    def is_item_chosen(self, at: int) -> bool:
        return at == self._marked

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        foot = self.height() - theme.px(16)
        most = max(self._counts, default=0) or 1
        painter.fillRect(QRectF(0, foot, self.width(), 1), QColor(look.line))
        for at, count in enumerate(self._counts):
            area = self.item_rect(at)
            high = (foot - 4) * count / most
            if count:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(look.accent if at == self._marked else look.text3))
                painter.drawRoundedRect(
                    QRectF(area.left() + 1, foot - max(high, 2), area.width() - 2, max(high, 2)), 2, 2
                )
        base = self.height() - 3
        put(painter, 0, base, self.tr("the same"), look.text3, 11)
        put(painter, self.width(), base, self.tr("as different as can be"), look.text3, 11, align="right")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = int(event.position().x() / max(self.width(), 1) * len(self._counts))
        if 0 <= at < len(self._counts) and self._counts[at]:
            self.chosen.emit(at)

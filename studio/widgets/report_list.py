"""The list of reports, by protocol: headings that cannot be chosen, and below each its tables, newest first.

It knows no page: lines are values, what a person chose or opened comes out as signals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from studio import icons, theme
from studio.widgets.painting import draw_ground, put

_LINE = int(Qt.ItemDataRole.UserRole)
_AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class ReportLine:
    """A table to look at, or with `is_heading` the protocol that those below it follow."""

    id: str
    title: str
    words: str = ""
    is_heading: bool = False
    icon: str = "evaluate"
    colour: str = "text3"  # of the words: warn where something is wrong


class ReportList(QListWidget):
    """A line is chosen by click or arrow keys; Enter or a double click opens it."""

    picked = Signal(str)
    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Reports"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setItemDelegate(_Painter(self))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self._lines: tuple[ReportLine, ...] = ()
        self.currentItemChanged.connect(self._went)
        self.itemDoubleClicked.connect(lambda item: self._open(item))

    def show_lines(self, lines: Sequence[ReportLine], chosen: str) -> None:
        """These lines, one of them chosen. Nobody is told."""
        if tuple(lines) == self._lines and chosen == self.chosen_id():
            return
        self._lines = tuple(lines)
        self.blockSignals(True)
        while self.count() > len(lines):
            self.takeItem(self.count() - 1)
        while self.count() < len(lines):
            self.addItem(QListWidgetItem())
        self.setCurrentItem(None)  # pyright: ignore[reportArgumentType]
        for at, line in enumerate(lines):
            item = self.item(at)
            item.setData(_LINE, line)
            item.setText(f"{line.title}, {line.words}" if line.words else line.title)  # what a screen reader says
            item.setToolTip("" if line.is_heading else item.text())
            takes = Qt.ItemFlag.NoItemFlags if line.is_heading else Qt.ItemFlag.ItemIsSelectable
            item.setFlags(takes | Qt.ItemFlag.ItemIsEnabled if not line.is_heading else takes)
            if line.id == chosen and not line.is_heading:
                self.setCurrentItem(item)
        self.blockSignals(False)
        self.doItemsLayout()
        self.viewport().update()

    def lines(self) -> tuple[ReportLine, ...]:
        return self._lines

    def chosen_id(self) -> str:
        item = self.currentItem()
        return "" if item is None else item.data(_LINE).id

    def _went(self, now: QListWidgetItem | None) -> None:
        if now is not None:
            self.picked.emit(now.data(_LINE).id)

    def _open(self, item: QListWidgetItem) -> None:
        line: ReportLine = item.data(_LINE)
        if not line.is_heading:
            self.opened.emit(line.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self._open(item)
            return
        super().keyPressEvent(event)


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:
        del option
        line: ReportLine | None = index.data(_LINE)
        return QSize(60, theme.px(26 if line is not None and line.is_heading else 42))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        line: ReportLine = index.data(_LINE)
        look, area = theme.now(), QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if line.is_heading:
            put(painter, area.left() + 8, area.bottom() - theme.px(7), line.title, look.text3, 11, 600,
                width=area.width() - 16)  # fmt: skip
        else:
            _paint_line(painter, area.adjusted(0, 1, -1, -1), line, look, state)
        painter.restore()


def _paint_line(painter: QPainter, box: QRectF, line: ReportLine, look: theme.Theme, state: QStyle.StateFlag) -> None:
    is_chosen = draw_ground(painter, box, state)
    tint = look.accent if is_chosen else look.text2
    place = QRectF(box.left() + 10, box.center().y() - 8, 16, 16).toRect()
    painter.drawPixmap(place, icons.pixmap(line.icon, tint, 16))
    left, room, middle = box.left() + 36, box.width() - 44, box.center().y()
    put(painter, left, middle - theme.px(3), line.title, look.text, 12, 600, width=room)
    put(painter, left, middle + theme.px(12), line.words, getattr(look, line.colour), 11, width=room)

"""The list of what a project holds: an icon, a name, and a line of counts. A row is chosen by click or arrow keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from studio import icons, theme
from studio.widgets.painting import put

_ROW = int(Qt.ItemDataRole.UserRole)
_AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class CatalogRow:
    """A line of the catalog. `colour` is a word of the theme for the counts: warn where something is wrong."""

    id: str
    name: str
    words: str
    icon: str
    colour: str = "text3"


class CatalogList(QListWidget):
    """Says which row was chosen, opened, or asked about by a right click (or its key)."""

    picked = Signal(str)
    menu_wanted = Signal(str, QPoint)
    rename_wanted = Signal(str)
    remove_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Catalog"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setItemDelegate(_Painter(self))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self._rows: tuple[CatalogRow, ...] = ()
        self.currentItemChanged.connect(self._went)

    def show_rows(self, rows: Sequence[CatalogRow], chosen: str) -> None:
        """These lines, one of them chosen. Nobody is told."""
        if tuple(rows) == self._rows and chosen == self.chosen_id():
            return
        self._rows = tuple(rows)
        self.blockSignals(True)
        while self.count() > len(rows):
            self.takeItem(self.count() - 1)
        while self.count() < len(rows):
            self.addItem(QListWidgetItem())
        for at, row in enumerate(rows):
            item = self.item(at)
            item.setData(_ROW, row)
            item.setText(f"{row.name}, {row.words}" if row.words else row.name)  # what a screen reader says
            item.setToolTip(item.text())
            if row.id == chosen:
                self.setCurrentItem(item)
        self.blockSignals(False)
        self.viewport().update()

    def rows(self) -> tuple[CatalogRow, ...]:
        return self._rows

    def chosen_id(self) -> str:
        item = self.currentItem()
        return "" if item is None else item.data(_ROW).id

    def _went(self, now: QListWidgetItem | None) -> None:
        if now is not None:
            self.picked.emit(now.data(_ROW).id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        item = self.itemAt(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            item = self.currentItem()
        if item is not None:
            at = event.globalPos()
            if event.reason() == QContextMenuEvent.Reason.Keyboard:
                at = self.viewport().mapToGlobal(self.visualItemRect(item).bottomLeft())
            self.menu_wanted.emit(item.data(_ROW).id, at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2 and self.chosen_id():
            self.rename_wanted.emit(self.chosen_id())
        elif event.key() == Qt.Key.Key_Delete and self.chosen_id():
            self.remove_wanted.emit(self.chosen_id())
        else:
            super().keyPressEvent(event)


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:
        del option, index
        return QSize(60, theme.px(42))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        row: CatalogRow = index.data(_ROW)
        look, area = theme.now(), QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        box = area.adjusted(0, 1, -1, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if is_chosen:
            painter.setBrush(QColor(look.wash))
            painter.drawRoundedRect(box, theme.RADIUS["control"], theme.RADIUS["control"])
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(look.hover))
            painter.drawRoundedRect(box, theme.RADIUS["control"], theme.RADIUS["control"])
        if is_chosen and state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(look.accent), 2))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), theme.RADIUS["control"], theme.RADIUS["control"])
        side = 16
        tint = look.accent if is_chosen else look.text2
        painter.drawPixmap(
            QRectF(box.left() + 10, box.center().y() - side / 2, side, side).toRect(),
            icons.pixmap(row.icon, tint, side),
        )
        left, room = box.left() + 36, box.width() - 44
        middle = box.center().y()
        put(painter, left, middle - theme.px(3), row.name, look.text, 12, 600, width=room)
        put(painter, left, middle + theme.px(12), row.words, getattr(look, row.colour), 11, width=room)
        painter.restore()

"""The tray of kept motions: a picture, a name, seed and sample, the model. It knows no project and makes no motion.

A click shows one in the view; F2 renames in place; Del removes; the rest stands in the context menu. Below the list are
the ways out for what is shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QPainter, QPainterPath, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio import icons, theme
from studio.commands import shown
from studio.widgets import painting, parts
from studio.words import say

_ROW = int(Qt.ItemDataRole.UserRole)
_AnyIndex = QModelIndex | QPersistentModelIndex
_PICTURE, _SMALL_PICTURE = 48, 36
_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Delete, Qt.Key.Key_F2)


@dataclass(frozen=True)
class KeptRow:
    """A kept motion as it is listed."""

    id: str
    name: str  # "kick, 4.0 s"
    words: str  # "seed 1207, sample 1"
    model: str
    picture: QPixmap | None = None


class KeptTray(QFrame):
    """What was kept, newest first, and the ways out."""

    chosen = Signal(str)
    """Show this one."""
    remake_wanted = Signal(str)
    """Put its question back and make it again."""
    go_on_wanted = Signal(str)
    """Make motion that follows it."""
    rename_wanted = Signal(str, str)
    """Which one, and its name."""
    remove_wanted = Signal(str)
    export_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Kept"))
        self._rows: tuple[KeptRow, ...] = ()
        self._is_editable = True
        self._count = parts.text("0", "chip")
        self.list = _List()
        self.list.setAccessibleName(self.tr("Kept motions"))
        self.list.itemClicked.connect(lambda item: self.chosen.emit(_row_of(item).id))
        self.list.itemActivated.connect(lambda item: self.chosen.emit(_row_of(item).id))
        self.list.itemChanged.connect(self._renamed)
        self.list.menu_wanted.connect(lambda item, at: self.menu_of(_row_of(item)).popup(at))
        self.list.remove_wanted.connect(lambda item: self.remove_wanted.emit(_row_of(item).id))
        self._empty = parts.text(
            say("Nothing kept yet. {key} keeps the chosen sample.", key=shown("keep")), "caption", wrap=True
        )
        self._empty.setMinimumWidth(1)
        self.export = parts.button(self.tr("Export"), "export")
        self.export.setToolTip(f"{self.tr('Export what is shown')}  {shown('export')}")
        self.export.clicked.connect(self.export_wanted)
        self.copy = parts.button(self.tr("Copy command"), "copy")
        self.copy.setToolTip(f"{self.tr('Copy the command that makes what is shown')}  {shown('copy-command')}")
        self.copy.clicked.connect(self.copy_wanted)
        forms = parts.text(self.tr("npz (AMASS), BVH, GLB, MP4"), "caption", wrap=True)
        forms.setMinimumWidth(1)
        title = parts.row(parts.text(self.tr("Kept"), "title"), None, self._count)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 8, 10)
        box.setSpacing(8)
        self._ways = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._ways.setSpacing(6)
        parts.fill(self._ways, (self.export, self.copy, None))
        self._ground = parts.col(self._empty, None)
        parts.fill(box, (title, (self._ground, 1), (self.list, 1), parts.hair()))
        box.addLayout(self._ways)
        box.addWidget(forms)
        self.show_kept(())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Side by side where both fit, else one below the other: no word is cut.
        wide = self.export.sizeHint().width() + self.copy.sizeHint().width() + 26
        ways = QBoxLayout.Direction
        self._ways.setDirection(ways.LeftToRight if wide <= self.width() else ways.TopToBottom)

    def show_kept(self, rows: Iterable[KeptRow], chosen: str = "") -> None:
        """What is kept, as it is to be listed; the one that is shown in the view is marked."""
        rows = tuple(rows)
        same = tuple(each.id for each in rows) == tuple(each.id for each in self._rows)
        self._rows = rows
        self.list.blockSignals(True)
        if not same:
            self.list.clear()
            for _ in rows:
                self.list.addItem(QListWidgetItem())
        for at, each in enumerate(rows):
            item = self.list.item(at)
            item.setText(each.name)
            item.setData(_ROW, (each, each.id == chosen))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{each.name}, {each.words}, {each.model}")
            item.setToolTip(f"{each.name}\n{each.words}\n{each.model}")
            editable = Qt.ItemFlag.ItemIsEditable if self._is_editable else Qt.ItemFlag.NoItemFlags
            item.setFlags(Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | editable)
        self.list.blockSignals(False)
        self._count.setText(str(len(rows)))
        self._ground.setVisible(not rows)
        self.list.setVisible(bool(rows))
        self.list.viewport().update()

    def show_can(self, *, editing: bool, can_export: bool) -> None:
        """Whether the project can be edited, and whether there is anything to take out."""
        if editing != self._is_editable:
            self._is_editable = self.list.editable = editing
            chosen = next((row.id for row, on in map(self._data, range(self.list.count())) if on), "")
            self.show_kept(self._rows, chosen)
        self.export.setEnabled(can_export)
        self.copy.setEnabled(can_export)

    def start_renaming(self, key: str) -> None:
        """Ask for another name in place."""
        at = next((at for at, each in enumerate(self._rows) if each.id == key), None)
        if at is not None and self._is_editable:
            self.list.setCurrentRow(at)
            self.list.editItem(self.list.item(at))

    def menu_of(self, row: KeptRow) -> QMenu:
        """What can be done with one."""
        made = QMenu(self)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        made.addAction(self.tr("Show it"), partial(self.chosen.emit, row.id))
        made.addAction(self.tr("Make it again"), partial(self.remake_wanted.emit, row.id))
        made.addAction(self.tr("Go on from it"), partial(self.go_on_wanted.emit, row.id))
        made.addSeparator()
        made.addAction(self.tr("Export…"), partial(self._shown_and, row.id, self.export_wanted))
        made.addAction(self.tr("Copy as command"), partial(self._shown_and, row.id, self.copy_wanted))
        made.addSeparator()
        name = made.addAction(self.tr("Rename"), partial(self.start_renaming, row.id))
        out = made.addAction(self.tr("Remove"), partial(self.remove_wanted.emit, row.id))
        for each in (name, out):
            each.setEnabled(self._is_editable)
        return made

    def _shown_and(self, key: str, then) -> None:  # noqa: ANN001 (a bound signal)
        self.chosen.emit(key)
        then.emit()

    def _data(self, at: int) -> tuple[KeptRow, bool]:
        return self.list.item(at).data(_ROW)

    def _renamed(self, item: QListWidgetItem) -> None:
        row, name = _row_of(item), item.text().strip()
        if name and name != row.name:
            self.rename_wanted.emit(row.id, name)
        self.list.blockSignals(True)
        item.setText(next((each.name for each in self._rows if each.id == row.id), row.name))
        self.list.blockSignals(False)


def _row_of(item: QListWidgetItem) -> KeptRow:
    return item.data(_ROW)[0]


class _List(QListWidget):
    """The list with its own look and keys."""

    menu_wanted = Signal(object, object)
    remove_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.editable = True
        self.setItemDelegate(_RowPainter(self))
        self.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        item = self.currentItem() if by_key else self.itemAt(event.pos())
        if item is not None:
            corner = self.viewport().mapToGlobal(self.visualItemRect(item).bottomLeft())
            self.menu_wanted.emit(item, corner if by_key else event.globalPos())

    def event(self, event: QEvent) -> bool:
        # Keys the list is worked with are its own while it has the focus, though the page has them too.
        match event:
            case QKeyEvent() if event.type() == QEvent.Type.ShortcutOverride:
                if not event.modifiers() and event.key() in _KEYS and self.currentItem() is not None:
                    event.accept()
                    return True
            case _:
                pass
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() == Qt.Key.Key_Delete and item is not None:
            if self.editable:
                self.remove_wanted.emit(item)
        else:
            super().keyPressEvent(event)


class _RowPainter(QStyledItemDelegate):
    """Paints one: its picture, its name, how it was made."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:  # noqa: ARG002
        return QSize(80, theme.px(62))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        look = theme.now()
        row, shown = index.data(_ROW)
        area = QRectF(option.rect).adjusted(0, 1, -4, -1)  # pyright: ignore[reportAttributeAccessIssue]
        state = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing
            | QPainter.RenderHint.TextAntialiasing
            | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.setPen(Qt.PenStyle.NoPen)
        if shown or state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(look.wash if shown else look.hover))
            painter.drawRoundedRect(area, 5, 5)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(look.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 5, 5)
        picture = picture_rect(area)
        draw_picture(painter, picture, row.picture)
        left, wide = picture.right() + 8, area.right() - picture.right() - 14
        how, whose = lines_of(row, wide)
        lines = ((row.name, look.text, 12, 600), (how, look.text2, 11, 400), (whose, look.text2, 11, 400))
        for at, (words, ink, size, weight) in enumerate(lines):
            baseline = area.center().y() + (at - 1) * theme.px(17) + theme.px(size) * 0.36
            painting.put(painter, left, baseline, words, ink, size, weight, width=wide)
        painter.restore()

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _AnyIndex) -> None:  # noqa: ARG002
        area = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        left = picture_rect(area.adjusted(0, 1, -4, -1)).right() + 2
        editor.setGeometry(
            QRectF(left, area.top() + 3, area.right() - left - 6, theme.px(24)).toRect()
        )  # fmt: skip
        if isinstance(editor, QLineEdit):
            editor.setAccessibleName(self.tr("Name of the kept motion"))


def lines_of(row: KeptRow, width: float) -> tuple[str, str]:
    """How it was made and by which model, in two lines so wide: where the first is too long, its end goes below."""
    start, comma, end = row.words.rpartition(", ")
    if not comma or painting.words_width(row.words, 11) <= width:
        return row.words, row.model
    return start, f"{end}, {row.model}"


def picture_rect(area: QRectF) -> QRectF:
    """Where a row's picture stands."""
    side = min(area.height() - 8, theme.px(_PICTURE if area.width() >= theme.px(180) else _SMALL_PICTURE))
    return QRectF(area.left() + 5, area.center().y() - side / 2, side, side)


def draw_picture(painter: QPainter, area: QRectF, picture: QPixmap | None) -> None:
    """A motion's picture, filling a rounded square; the sign of motion while there is none."""
    look = theme.now()
    path = QPainterPath()
    path.addRoundedRect(area, 5, 5)
    painter.save()
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    painter.fillRect(area, QColor(look.canvas))
    if picture is not None and not picture.isNull():
        ratio = picture.devicePixelRatio()
        wide, high = picture.width() / ratio, picture.height() / ratio
        scale = max(area.width() / wide, area.height() / high)
        around = QRectF(0, 0, wide * scale, high * scale)
        around.moveCenter(area.center())
        painter.drawPixmap(around, picture, QRectF(picture.rect()))
    else:
        place = area.center()
        painter.drawPixmap(int(place.x()) - 8, int(place.y()) - 8, icons.pixmap("motion", look.text3, 16))
    painter.restore()

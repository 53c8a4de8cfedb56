"""The palette of labels: colour, name, how many in this clip, key. A click does what the label's key does."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QDropEvent, QFocusEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from core.project.edits import LABEL_COLOURS, LABEL_KEYS
from studio import theme
from studio.commands import BY_NAME, label_key, tip
from studio.widgets import painting, parts
from studio.widgets.label_menu import LabelMenu
from studio.widgets.search_list import rank
from studio.words import say

_ROW = int(Qt.ItemDataRole.UserRole)
KINDS = (("action", "Actions"), ("object", "Objects"), ("range", "Ranges"))
_REMEMBERED = 40
_STAYS = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
"""Its own menu, or another window: the field for a new label is not left."""
_AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class LabelRow:
    """A label as it is listed. `place` counts the labels of its kind and decides the hatch.

    `kind` is "range" for an action that nothing is learned from. A range that is not in the project yet has no id; it
    is made when it is first marked. `hint` is the key that marks it where it has none of its own.
    """

    id: str
    name: str
    kind: str
    colour: str
    key: str
    place: int
    count: int
    total: int = 0  # in all clips
    hint: str = ""


class LabelList(QFrame):
    """Labels of one kind at a time; found by typing, added and renamed in place."""

    picked = Signal(str)
    """Do with this label what its key does."""
    add_wanted = Signal(str, str)
    """A name and a kind."""
    rename_wanted = Signal(str, str)
    remove_wanted = Signal(str)
    colour_wanted = Signal(str, str)
    """A label and #RRGGBB."""
    key_wanted = Signal(str, str)
    """A label and its key, an empty word for none."""
    named = Signal(str)
    """Mark a range of this name, which the project does not have yet."""
    range_wanted = Signal(str)
    """A new kind of range, by its name."""
    moved = Signal(object, str)
    """Label ids, and the one before which they were dropped; empty for the end."""
    window_wanted = Signal()
    clusters_wanted = Signal()
    find_wanted = Signal(str)
    """Words to find in all clips."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(say("Labels"))
        self._rows: tuple[LabelRow, ...] = ()
        self._strong: frozenset[str] = frozenset()
        self._recent: list[str] = []  # picked last, the newest first
        self.only_used = parts.tool("filter", "Only labels of this clip", checkable=True)
        self.only_used.toggled.connect(self._refill)
        self.more = parts.tool("more", "More on labels")
        self.more.clicked.connect(self._open_more)
        self.search = parts.search("Find a label", command="find-label")
        self.search.textChanged.connect(self._refill)
        self.search.returnPressed.connect(self._pick_first)
        self.kinds = QTabBar()
        self.kinds.setExpanding(False)
        self.kinds.setAccessibleName(say("Kind of label"))
        for _, name in KINDS:
            self.kinds.addTab(say(name))
        self.kinds.currentChanged.connect(self._refill)
        self.list = _List()
        self.list.setAccessibleName(say("Labels"))
        self.list.itemActivated.connect(self._activated)
        self.list.itemClicked.connect(self._activated)
        self.list.itemChanged.connect(self._renamed)
        self.list.menu_wanted.connect(self._open_menu)
        self.list.dropped.connect(self._dropped)
        self._empty = parts.text("", "caption", wrap=True)
        self._name = QLineEdit()
        self._name.setPlaceholderText(say("Name, then Enter"))
        self._name.setObjectName("new label")
        self._name.setAccessibleName(say("Name of the new label"))
        self._name.hide()
        self._name.returnPressed.connect(self._add)
        for each in (self.search, self._name):
            each.installEventFilter(self)
        self.add = parts.button("Add label", "plus", "quiet")
        self.add.setToolTip(tip("add-label"))
        self.add.clicked.connect(self.start_adding)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 8, 8)
        box.setSpacing(8)
        title = parts.row(parts.text("Labels", "title"), None, self.only_used)
        foot = parts.row(self.add, None, self.more)
        parts.fill(box, (title, self.search, self.kinds, self._empty, (self.list, 1), self._name, foot))

    @property
    def kind(self) -> str:
        """The kind that is listed."""
        return KINDS[self.kinds.currentIndex()][0]

    def show_labels(self, rows: Iterable[LabelRow], strong: frozenset[str] = frozenset()) -> None:
        """The vocabulary, with counts; `strong` are those of what is chosen."""
        rows = tuple(rows)
        if (rows, strong) != (self._rows, self._strong):
            self._rows, self._strong = rows, strong
            self._refill()

    def set_editable(self, *, editable: bool) -> None:
        self.add.setEnabled(editable)
        if editable != self.list.editable:
            self.list.editable = editable
            self._refill()

    def start_finding(self) -> None:
        """Q."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def start_adding(self) -> None:
        """Ask for the name of a new label, in place."""
        self._name.clear()
        self._name.show()
        self._name.setFocus()

    def tell(self, words: str) -> None:
        """Why something was refused, where the labels stand."""
        self._empty.setText(words)
        self._empty.setVisible(bool(words))

    def _found(self) -> list[LabelRow]:
        """Those of the kind that fit what is typed: the best first, among equals those picked last."""
        of_kind = [each for each in self._rows if each.kind == self.kind]
        if self.only_used.isChecked():
            of_kind = [each for each in of_kind if each.count or each.id in self._strong]
        wanted = self.search.text().strip()
        if not wanted:
            return of_kind
        recent = {each: at for at, each in enumerate(self._recent)}
        ranked = [(rank(each.name, wanted), each) for each in of_kind]
        fitting = [(place, recent.get(each.id, len(recent)), each) for place, each in ranked if place is not None]
        return [each for _, _, each in sorted(fitting, key=lambda found: found[:2])]

    def _refill(self) -> None:
        of_kind = [each for each in self._rows if each.kind == self.kind]
        found = self._found()
        current = self.list.currentItem()
        current_id = current.data(_ROW)[0].id if current is not None else ""
        at = self.list.verticalScrollBar().value()
        is_whole = not self.search.text().strip() and not self.only_used.isChecked()
        self.list.setDragEnabled(self.list.editable and is_whole)
        self.list.blockSignals(True)
        self.list.clear()
        for each in found:
            item = QListWidgetItem(each.name)
            item.setData(_ROW, (each, each.id in self._strong))
            says = say(
                "{label}, {count} in this clip, {total} in all", label=each.name, count=each.count, total=each.total
            )
            key = label_key(each.key) if each.key else each.hint
            item.setData(
                Qt.ItemDataRole.AccessibleTextRole, say("{label}, key {key}", label=says, key=key) if key else says
            )
            item.setToolTip(says)
            if self.list.editable and each.id:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.list.addItem(item)
            if each.id and each.id == current_id:
                self.list.setCurrentItem(item)
        self.list.verticalScrollBar().setValue(at)
        self.list.blockSignals(False)
        missing = "No label like this yet." if of_kind else "No labels yet. Add the first one below."
        self._empty.setText(say(missing))
        self._empty.setVisible(not found)

    def _pick_first(self) -> None:
        if self.list.count() and self.search.text().strip():
            row, _ = self.list.item(0).data(_ROW)
            self.search.clear()
            self.search.clearFocus()
            self._pick(row)

    def _activated(self, item: QListWidgetItem) -> None:
        self._pick(item.data(_ROW)[0])

    def _pick(self, row: LabelRow) -> None:
        if not row.id:
            self.named.emit(row.name)
            return
        self._recent = [row.id, *(each for each in self._recent if each != row.id)][:_REMEMBERED]
        self.picked.emit(row.id)

    def _dropped(self, label_id: str, before: str) -> None:
        if label_id:
            self.moved.emit((label_id,), before)

    def _open_more(self) -> None:
        self.more_menu().popup(self.more.mapToGlobal(self.more.rect().topLeft()))

    def more_menu(self) -> QMenu:
        """The windows on labels."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(say(BY_NAME["labels"].words), self.window_wanted.emit)
        menu.addAction(say(BY_NAME["clusters"].words), self.clusters_wanted.emit)
        return menu

    def _renamed(self, item: QListWidgetItem) -> None:
        row = item.data(_ROW)[0]
        if item.text().strip() and item.text().strip() != row.name:
            self.rename_wanted.emit(row.id, item.text().strip())
        self._refill()

    def _add(self) -> None:
        name = self._name.text().strip()
        if name and self.kind == "range":
            self.range_wanted.emit(name)
        elif name:
            self.add_wanted.emit(name, self.kind)
        self._name.clear()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc leaves the search and shows all again; the field for a new label goes when it is left."""
        match event:
            case QKeyEvent() if watched is self.search and event.key() == Qt.Key.Key_Escape:
                self.search.clear()
            case QFocusEvent() if watched is self._name and event.lostFocus() and event.reason() not in _STAYS:
                self._name.hide()
        return False

    def _open_menu(self, item: QListWidgetItem) -> None:
        if item.data(_ROW)[0].id:
            self.menu_of(item).popup(self.list.viewport().mapToGlobal(self.list.visualItemRect(item).bottomLeft()))

    def menu_of(self, item: QListWidgetItem) -> LabelMenu:
        """What can be done with the label of a row."""
        row: LabelRow = item.data(_ROW)[0]
        holders = {each.key: each.name for each in self._rows if each.key and each.id != row.id}
        keys = {key: holders.get(key, "") for key in LABEL_KEYS}
        menu = LabelMenu(row.colour, row.key, LABEL_COLOURS, keys, self)
        menu.rename_wanted.connect(lambda: self.list.editItem(item))
        menu.colour_wanted.connect(partial(self.colour_wanted.emit, row.id))
        menu.key_wanted.connect(partial(self.key_wanted.emit, row.id))
        menu.remove_wanted.connect(partial(self.remove_wanted.emit, row.id))
        menu.find_wanted.connect(partial(self.find_wanted.emit, f'label: "{row.name}"'))
        menu.window_wanted.connect(self.window_wanted)
        return menu


class _List(QListWidget):
    """A list with the look of the palette."""

    menu_wanted = Signal(object)
    dropped = Signal(str, str)
    """A label, and the one before which it was dropped; empty for the end."""

    def __init__(self) -> None:
        super().__init__()
        self.editable = True
        self.setItemDelegate(_RowPainter(self))
        self.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setDragDropMode(QListWidget.DragDropMode.InternalMove)

    def dropEvent(self, event: QDropEvent) -> None:
        """The row comes to lie where the project puts it."""
        item = self.currentItem()
        row = self.indexAt(event.position().toPoint()).row()
        row = self.count() if row < 0 else row
        row += self.dropIndicatorPosition() == QListWidget.DropIndicatorPosition.BelowItem
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        before = self.item(row).data(_ROW)[0].id if row < self.count() else ""
        if item is not None and item.data(_ROW)[0].id != before:
            self.dropped.emit(item.data(_ROW)[0].id, before)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        item = self.currentItem() if by_key else self.itemAt(event.pos())
        if item is not None and self.editable:
            self.menu_wanted.emit(item)


class _RowPainter(QStyledItemDelegate):
    """Paints one label: swatch, name, count, key."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:  # noqa: ARG002
        return QSize(60, theme.px(27))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        look = theme.now()
        row, strong = index.data(_ROW)
        area = QRectF(option.rect).adjusted(0, 0.5, -4, -0.5)  # pyright: ignore[reportAttributeAccessIssue]
        state = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if strong:
            painter.setBrush(QColor(look.wash))
            painter.drawRoundedRect(area, 5, 5)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(look.hover))
            painter.drawRoundedRect(area, 5, 5)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(look.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 5, 5)
        swatch = QRectF(area.left() + 8, area.center().y() - 5.5, 11, 11)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(row.colour))
        painter.drawRoundedRect(swatch, 3, 3)
        hatch = 1 if row.kind == "range" else theme.hatch(row.place)
        painting.hatched(painter, swatch, theme.mix(row.colour, "#000000", 0.35), hatch)
        middle = area.center().y() + theme.px(12) * 0.36
        right = area.right() - 6
        if row.key or row.hint:
            shown = (label_key(row.key) if row.key else row.hint).replace("+", " ")
            wide = painting.words_width(shown, 10, 600) + 11
            box = QRectF(
                right - max(wide, theme.px(18)), area.center().y() - theme.px(9), max(wide, theme.px(18)), theme.px(18)
            )
            painter.setPen(QPen(QColor(look.line), 1))
            painter.setBrush(QColor(look.raised))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painting.put(painter, box.center().x(), middle - 0.5, shown, look.text2, 10, 600, align="centre")
            right = box.left()
        right -= 8
        painting.put(painter, right, middle, str(row.count), look.text3, 11, align="right")
        room = right - painting.words_width(str(row.count), 11) - 8 - swatch.right() - 9
        painting.put(painter, swatch.right() + 9, middle, row.name, look.text, 12, 600 if strong else 400, width=room)
        painter.restore()

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _AnyIndex) -> None:  # noqa: ARG002
        editor.setGeometry(option.rect.adjusted(20, 0, -4, 0))  # pyright: ignore[reportAttributeAccessIssue]

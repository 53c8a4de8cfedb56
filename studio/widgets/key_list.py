"""Every command below where it holds, with its keys: a list that is searched by words or by a key.

It shows a keymap and changes nothing. A row says its words, its keys and whether they are the person's own.
"""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
)

from studio import keymap as keys
from studio import theme
from studio.commands import COMMANDS, WHERE_WORDS, Command, shown_key, words_of
from studio.keymap import Keymap
from studio.widgets.painting import put, words_width
from studio.words import said

_NAME = Qt.ItemDataRole.UserRole
_KEYS = Qt.ItemDataRole.UserRole + 1
_CHANGED = Qt.ItemDataRole.UserRole + 2
_HELD = Qt.ItemDataRole.UserRole + 3
_AnyIndex = QModelIndex | QPersistentModelIndex


class KeyList(QTreeWidget):
    """The commands and their keys; one of them is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(said("Commands and their keys"))
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setItemsExpandable(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(False)
        self.setItemDelegate(_Row(self))
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.setMinimumHeight(theme.px(340))
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._groups: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []

    def show_keys(self, keymap: Keymap) -> None:
        """Every command below where it holds; none is chosen."""
        self.blockSignals(True)
        self.clear()
        self._rows.clear()
        self._groups.clear()
        for where, words in WHERE_WORDS.items():
            rows = {each.name: _row_of(each, keymap) for each in COMMANDS if each.where == where}
            if rows:
                group = QTreeWidgetItem([said(words)])
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
                group.addChildren(list(rows.values()))
                self.addTopLevelItem(group)
                group.setExpanded(True)
                self._rows |= rows
                self._groups.append((group, list(rows.values())))
        self.blockSignals(False)

    @property
    def chosen(self) -> str:
        """The command whose row is chosen, or empty."""
        item = self.currentItem()
        return str(item.data(0, _NAME) or "") if item is not None else ""

    def choose(self, name: str) -> None:
        self.setCurrentItem(self._rows[name])

    def listed(self) -> list[str]:
        """The commands that are found."""
        return [name for name, row in self._rows.items() if not row.isHidden()]

    def narrow(self, words: str, key: str) -> None:
        """Only rows with this key, or, without one, whose words or keys answer these words."""
        pieces = words.casefold().split()
        for group, rows in self._groups:
            for row in rows:
                row.setHidden(not _fits(row, group.text(0), pieces, key))
            group.setHidden(all(row.isHidden() for row in rows))
        listed = self.listed()
        if not listed:
            self.setCurrentIndex(QModelIndex())
        elif self.chosen not in listed:
            self.choose(listed[0])


def _row_of(command: Command, keymap: Keymap) -> QTreeWidgetItem:
    held = list(keymap.keys(command.name))
    once = list(dict.fromkeys(shown_key(each) for each in held))
    made = QTreeWidgetItem([words_of(command.name)])
    made.setData(0, _NAME, command.name)
    made.setData(0, _HELD, held)
    made.setData(0, _KEYS, once)
    made.setData(0, _CHANGED, command.name in keymap.changed)
    own = f", {said('changed')}" if command.name in keymap.changed else ""
    key = ", ".join(once) or said("no key")
    made.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{words_of(command.name)}, {key}{own}")
    return made


def _fits(row: QTreeWidgetItem, group: str, pieces: list[str], key: str) -> bool:
    if key:
        return bool(keys.twins(key) & set(row.data(0, _HELD)))
    known = " ".join((row.text(0), group, *row.data(0, _KEYS))).casefold()
    return all(piece in known for piece in pieces)


class _Row(QStyledItemDelegate):
    """A command: its words, and its keys as they stand on the keyboard; a bar where they are the person's own."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:  # noqa: ARG002
        return QSize(80, theme.px(30 if index.data(_NAME) else 34))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        look, area = theme.now(), QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        state = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = area.center().y() + theme.px(12) * 0.36
        words = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        if not index.data(_NAME):
            put(painter, area.left() + 4, middle + 3, words, look.text2, 12, 600)
            painter.restore()
            return
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.wash))
            painter.drawRoundedRect(area.adjusted(0, 1, -2, -1), 5, 5)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(look.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 2, -3, -2), 5, 5)
        if index.data(_CHANGED):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.accent))
            painter.drawRoundedRect(QRectF(area.left() + 2, area.top() + 7, 3, area.height() - 14), 1.5, 1.5)
        right = area.right() - 10
        for each in reversed(index.data(_KEYS)):
            wide = max(words_width(each, 11, 600) + 12, theme.px(20))
            box = QRectF(right - wide, area.center().y() - theme.px(9), wide, theme.px(18))
            painter.setPen(QPen(QColor(look.edge), 1))
            painter.setBrush(QColor(look.raised))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            put(painter, box.center().x(), middle - 0.5, each, look.text, 11, 600, align="centre")
            right = box.left() - 5
        put(painter, area.left() + 14, middle, words, look.text, 12, width=right - area.left() - 20)
        painter.restore()

"""Painted widgets for screen readers: a list of items, each said in one sentence, with its place on the screen.

A widget that paints its items offers what `ItemsWidget` asks for and calls `expose(self)` once.
"""

from functools import cache, partial
from typing import Any, Protocol, cast

from PySide6.QtCore import QObject, QPoint, QRect, QRectF
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor
from PySide6.QtWidgets import QAccessibleWidget, QWidget


class ItemsWidget(Protocol):
    """What a painted widget says of its items."""

    def item_count(self) -> int: ...
    def item_words(self, at: int) -> str: ...
    def item_rect(self, at: int) -> QRectF: ...
    def is_item_chosen(self, at: int) -> bool: ...


class ItemAccessible(QAccessibleInterface):
    """What all painted items say alike; `isValid` and the three below are each kind's own."""

    def __init__(self, parent: QAccessibleInterface, widget: QWidget) -> None:
        super().__init__()
        self._parent, self._widget = parent, widget

    def area(self) -> QRect:
        """Where it is in the widget; empty where it is gone."""
        raise NotImplementedError

    def words(self) -> str:
        """The sentence for it."""
        raise NotImplementedError

    def is_chosen(self) -> bool:
        raise NotImplementedError

    def object(self) -> QObject | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None

    def window(self) -> Any:
        return self._widget.window().windowHandle()

    def parent(self) -> QAccessibleInterface:
        return self._parent

    def childCount(self) -> int:
        return 0

    def child(self, index: int) -> QAccessibleInterface | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ARG002
        return None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ARG002
        return None

    def indexOfChild(self, child: QAccessibleInterface) -> int:  # noqa: ARG002
        return -1

    def rect(self) -> QRect:
        area = self.area()
        return QRect(self._widget.mapToGlobal(QPoint(area.left(), area.top())), area.size()) if self.isValid() else area

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def text(self, kind: QAccessible.Text) -> str:
        return self.words() if kind == QAccessible.Text.Name else ""

    def setText(self, kind: QAccessible.Text, text: str) -> None: ...

    def state(self) -> QAccessible.State:
        made = QAccessible.State()
        made.selectable = True  # pyright: ignore[reportAttributeAccessIssue]
        made.selected = self.is_chosen()  # pyright: ignore[reportAttributeAccessIssue]
        return made

    def foregroundColor(self) -> QColor:
        return QColor()

    def backgroundColor(self) -> QColor:
        return QColor()


class PaintedList(QAccessibleWidget):
    """The widget, as a list of its items."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, QAccessible.Role.List, widget.accessibleName())
        self._widget = widget
        self._items: dict[int, PaintedItem] = {}

    def childCount(self) -> int:
        return cast(ItemsWidget, self._widget).item_count()

    def child(self, index: int) -> QAccessibleInterface | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not 0 <= index < self.childCount():
            return None
        if index not in self._items:
            self._items[index] = PaintedItem(self, self._widget, index)
        return self._items[index]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return child.at if isinstance(child, PaintedItem) and child.isValid() else -1


class PaintedItem(ItemAccessible):
    """One item in words."""

    def __init__(self, parent: PaintedList, widget: QWidget, at: int) -> None:
        super().__init__(parent, widget)
        self.at = at

    @property
    def _items(self) -> ItemsWidget:
        return cast(ItemsWidget, self._widget)

    def isValid(self) -> bool:
        return self.at < self._items.item_count()

    def area(self) -> QRect:
        return self._items.item_rect(self.at).toRect() if self.isValid() else QRect()

    def words(self) -> str:
        return self._items.item_words(self.at) if self.isValid() else ""

    def is_chosen(self) -> bool:
        return self.isValid() and self._items.is_item_chosen(self.at)


_exposed: set[int] = set()
_made: dict[int, PaintedList] = {}


def expose(widget: QWidget) -> None:
    """Let screen readers hear the items of this widget."""
    _install()
    key = id(widget)
    _exposed.add(key)
    widget.destroyed.connect(partial(_forget, key))


def _factory(kind: str, thing: QObject | None) -> QAccessibleInterface | None:  # noqa: ARG001
    if isinstance(thing, QWidget) and id(thing) in _exposed:
        made = _made[id(thing)] = PaintedList(thing)  # Qt keeps no reference that Python knows of
        return made
    return None


def _forget(key: int, *_: object) -> None:
    _exposed.discard(key)
    _made.pop(key, None)


@cache
def _install() -> None:
    QAccessible.installFactory(_factory)

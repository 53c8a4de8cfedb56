"""A coach mark: a few words at the thing itself, with Next and Skip. It knows no page.

The keys stay with the page: the mark speaks of keys, so it must not take them. Tab reaches its buttons. While the thing
is not on the screen, neither is the mark.
"""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QVBoxLayout, QWidget

from studio import theme
from studio.widgets import parts
from studio.words import said, say

_GAP = 10
_STEPS = 12
"""So often it is moved up by a gap, over what has no buttons."""
_MOVES = (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Resize, QEvent.Type.Move)


class _Ring(QWidget):
    """A line round the thing; the pointer goes through it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.now().accent), 2))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 8, 8)
        painter.end()


class Coach(QObject):
    """Shows one mark at a time over `window`."""

    went_on = Signal()
    skipped = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._thing: QWidget | None = None
        self._ring = _Ring(window)
        self._ring.hide()
        self.card = QFrame(window)
        self.card.setObjectName("popup")
        self.card.setAccessibleName(said("Tour"))
        self.card.setFixedWidth(theme.px(320))
        self.card.hide()
        self._title, self._words = parts.text("", "title", wrap=True), parts.text("", "label", wrap=True)
        self._place_words = parts.text("", "caption")
        self._next = parts.button("Next", kind="primary")
        self._skip = parts.button("Skip the tour", kind="quiet")
        self._next.clicked.connect(self.went_on)
        self._skip.clicked.connect(self.skipped)
        box = QVBoxLayout(self.card)
        box.setContentsMargins(16, 12, 14, 12)
        box.setSpacing(6)
        parts.fill(
            box,
            (
                self._title,
                self._words,
                4,
                parts.row(self._place_words, None, self._skip, self._next, gap=6),
            ),
        )
        window.installEventFilter(self)

    def show_at(self, thing: QWidget, title: str, words: str, number: int, of: int) -> None:
        """Point at a thing of the window."""
        self._leave_thing()
        self._thing = thing
        thing.installEventFilter(self)
        self._title.setText(title)
        self._words.setText(words)
        self._place_words.setText(say("{number} of {count}", number=number, count=of))
        self._next.setText(said("Next") if number < of else said("Done"))
        self._skip.setVisible(number < of)
        self._follow()

    def hide(self) -> None:
        self._leave_thing()
        self._follow()

    def _leave_thing(self) -> None:
        if self._thing is not None:
            self._thing.removeEventFilter(self)
        self._thing = None

    def _follow(self) -> None:
        """Stand where the thing is, as long as it is on the screen."""
        is_there = self._thing is not None and self._thing.isVisibleTo(self._window)
        if is_there:
            self._place()
        for each in (self._ring, self.card):
            each.setVisible(is_there)
            each.raise_()

    def _place(self) -> None:
        """Beside the thing where there is room and no button: right, left, above, below; else inside it."""
        if self._thing is None:
            return
        self.card.layout().activate()  # pyright: ignore[reportOptionalMemberAccess]
        height = self.card.layout().heightForWidth(self.card.width())  # pyright: ignore[reportOptionalMemberAccess]
        self.card.setFixedHeight(height)
        around = QRect(self._thing.mapTo(self._window, QPoint()), self._thing.size()).adjusted(-3, -3, 3, 3)
        self._ring.setGeometry(around)
        room, card = self._window.rect().adjusted(8, 8, -8, -8), QRect(0, 0, self.card.width(), height)
        middle = around.center() - card.center()
        places = (
            QPoint(around.right() + _GAP, middle.y()),
            QPoint(around.left() - _GAP - card.width(), middle.y()),
            *(QPoint(middle.x(), around.top() - _GAP * up - height) for up in range(1, _STEPS + 1)),
            QPoint(middle.x(), around.bottom() + _GAP),
        )
        inside = QPoint(around.right() - card.width() - 2 * _GAP, around.top() + 2 * _GAP)
        fitting = [place for place in places if room.contains(card.translated(place))] or [inside]
        free = (place for place in fitting if not self._covers(card.translated(place)))
        self.card.move(next(free, fitting[0]))

    def _covers(self, area: QRect) -> bool:
        """Whether a button would lie under the mark."""
        return any(
            area.intersects(QRect(each.mapTo(self._window, QPoint()), each.size()))
            for each in self._window.findChildren(QAbstractButton)
            if each.isVisible() and each.window() is self._window and not self.card.isAncestorOf(each)
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._place()
        elif watched is self._thing and event.type() in _MOVES:
            self._follow()
        return False

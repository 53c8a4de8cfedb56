"""Short words at the bottom right of the window: one at a time, gone after a while, in nobody's way.

Whoever shows them says down to where they may reach, so that they never lie over a timeline.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from core.errors import CoreError
from studio import theme
from studio.widgets import parts

KEEP_CLEAR = "keep clear"
"""A property of a widget that no notice may lie over: what runs along the foot of a page, such as a timeline."""
_STAYS_MS = 6000
_ERROR_STAYS_MS = 15000


@dataclass(frozen=True)
class Notice:
    """A title, a sentence, and at most one thing to do about it."""

    title: str
    words: str = ""
    icon: str = "info"
    colour: str = "accent"
    action: str = ""
    on_action: Callable[[], None] | None = None
    stays_ms: int = _STAYS_MS


def of_error(error: CoreError) -> Notice:
    """What a person reads of an error they can act on."""
    title, stop, rest = str(error).partition(": ")
    words = f"{rest} {error.hint}".strip() if stop and len(title) < 60 else error.hint
    title = title if stop and len(title) < 60 else str(error)
    return Notice(title[0].upper() + title[1:], words, "warn", "danger", stays_ms=_ERROR_STAYS_MS)


class Notices(QObject):
    """Shows notices over `window`, in the order they came."""

    def __init__(self, window: QWidget, floor: Callable[[], int]) -> None:
        super().__init__(window)
        self._window, self._floor = window, floor
        self._waiting: deque[Notice] = deque()
        self._card: QFrame | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._next)
        window.installEventFilter(self)

    def show(self, notice: Notice) -> None:
        """Show it now, or after the one that is there."""
        if notice in self._waiting:
            return
        self._waiting.append(notice)
        if self._card is None:
            self._next()

    @property
    def shown(self) -> QWidget | None:
        return self._card

    def _next(self) -> None:
        self._timer.stop()
        if self._card is not None:
            self._card.deleteLater()
            self._card = None
        if not self._waiting:
            return
        notice = self._waiting.popleft()
        self._card = self._made(notice)
        self.place()
        self._card.show()
        self._card.raise_()
        self._timer.start(notice.stays_ms)

    def _made(self, notice: Notice) -> QFrame:
        card = QFrame(self._window)
        card.setObjectName("popup")
        card.setAccessibleName(notice.title)
        box = QVBoxLayout(card)
        box.setContentsMargins(14, 10, 8, 12)
        box.setSpacing(4)
        close = parts.tool("close", "Close this notice", size=14)
        close.clicked.connect(self._next)
        title = parts.text(notice.title, "strong", wrap=True)
        title.setMinimumWidth(1)
        box.addWidget(parts.row(parts.glyph(notice.icon, 16, notice.colour), (title, 1), close, gap=8))
        if notice.words:
            words = parts.text(notice.words, "label", wrap=True)
            box.addWidget(parts.row(24, (words, 1), 8, gap=0))
        if notice.action and notice.on_action is not None:
            button = parts.button(notice.action)
            button.clicked.connect(notice.on_action)
            button.clicked.connect(self._next)
            box.addWidget(parts.row(24, button, None, gap=0))
        card.setFixedWidth(theme.px(340))
        return card

    def place(self) -> None:
        """Lie where there is room now."""
        if self._card is None:
            return
        self._card.layout().activate()  # pyright: ignore[reportOptionalMemberAccess]
        self._card.setFixedHeight(self._card.layout().heightForWidth(self._card.width()))  # pyright: ignore[reportOptionalMemberAccess]
        foot = self._floor() - 12 - self._card.height()
        self._card.move(self._window.width() - self._card.width() - 16, max(foot, theme.px(theme.HEIGHT["top"]) + 8))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self.place()
        return False

"""Short words at the bottom right of the window: one at a time, gone after a while, in nobody's way.

Whoever shows them says down to where they may reach, so that they never lie over a timeline.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QFrame, QLabel, QProgressBar, QVBoxLayout, QWidget

from core.errors import CoreError, FileError
from studio import theme
from studio.widgets import parts
from studio.words import say

KEEP_CLEAR = "keep clear"
"""A property of a widget that no notice may lie over: what runs along the foot of a page, such as a timeline."""
ERROR = "danger"
"""The colour of a notice that something was refused or broke; it does not wait behind good news."""
_LONGEST_TITLE = 60
_STAYS_MS = 6000
_ERROR_STAYS_MS = 15000
_HURRIED_MS = 2500
"""So long good news stays where more of it waits: a minute later nobody wants it."""
_MOST_LINES, _MOST_SIGNS = 4, 360


@dataclass(frozen=True)
class Notice:
    """A title, a sentence, and one thing to do about it, seldom two.

    One with a bar says how far something is: it stays until it is withdrawn, and gives way to what others have to say.
    """

    title: str
    words: str = ""
    icon: str = "info"
    colour: str = "accent"
    action: str = ""
    on_action: Callable[[], None] | None = None
    stays_ms: int = _STAYS_MS
    has_bar: bool = False
    other_action: str = ""
    on_other: Callable[[], None] | None = None


def of_error(error: CoreError) -> Notice:
    """What a person reads of an error they can act on: what, then where it is so and what to do."""
    title, stop, rest = str(error).partition(": ")
    if not stop or len(title) > _LONGEST_TITLE:
        title, rest = str(error), ""
    if not isinstance(error, FileError):  # a file's name stays as it is written
        title = _sentence(title).removesuffix(".")
    words = " ".join(_sentence(each) for each in (rest, error.hint) if each)
    return Notice(title, words, "warn", ERROR, stays_ms=_ERROR_STAYS_MS)


def _sentence(words: str) -> str:
    whole = words[:1].upper() + words[1:]
    return whole if whole.endswith((".", "!", "?", ":", "…")) else f"{whole}."


def in_short(words: str, most: int = _MOST_LINES) -> str:
    """As much of long words as a card has room for, and that there is more."""
    lines = [line.strip() for line in words.strip().splitlines()]
    left = len(lines) - most
    if left > 0:
        more = say("and 1 more line") if left == 1 else say("and {count} more lines", count=left)
        lines = [*lines[:most], more]
    short = "\n".join(lines)
    return short if len(short) <= _MOST_SIGNS else f"{short[: _MOST_SIGNS - 1].rstrip()}…"


_MOVED = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show)


class Notices(QObject):
    """Shows notices over `window`, in the order they came; what it watches beside it is what they keep clear of."""

    def __init__(self, window: QWidget, floor: Callable[[], int]) -> None:
        super().__init__(window)
        self._window, self._floor = window, floor
        self._waiting: deque[Notice] = deque()
        self._card: QFrame | None = None
        self._now = Notice("")
        self._bar: QProgressBar | None = None
        self._bar_words: QLabel | None = None
        self._progress: dict[str, tuple[float | None, str]] = {}  # by title, of notices with a bar
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._next)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.place)
        window.installEventFilter(self)

    def show(self, notice: Notice) -> None:
        """Show it now, or after the one that is there."""
        if notice in self._waiting or (self._card is not None and notice == self._now):
            return
        if notice.colour == ERROR:
            self._waiting.insert(sum(each.colour == ERROR for each in self._waiting), notice)
        else:
            self._waiting.append(notice)
        if self._card is None or self._now.has_bar or (notice.colour == ERROR and self._now.colour != ERROR):
            self._make_way()
        elif self._now.colour != ERROR and self._timer.remainingTime() > _HURRIED_MS:
            self._timer.start(_HURRIED_MS)

    def withdraw(self, title: str) -> None:
        """What a notice says is so no more."""
        self._waiting = deque(each for each in self._waiting if each.title != title)
        self._progress.pop(title, None)
        if self._card is not None and self._now.title == title:
            self._next()

    def progress(self, title: str, share: float | None, words: str) -> None:
        """How far that is which a notice with a bar is about, 0 to 1; None while that is not known."""
        self._progress[title] = (share, words)
        if self._card is not None and self._now.title == title:
            self._show_progress()

    def _show_progress(self) -> None:
        if self._bar is None or self._bar_words is None:
            return
        share, words = self._progress.get(self._now.title, (None, ""))
        self._bar.setRange(0, 0 if share is None else 1000)
        self._bar.setValue(0 if share is None else round(1000 * share))
        self._bar_words.setText(words)

    @property
    def shown(self) -> QWidget | None:
        return self._card

    def _make_way(self) -> None:
        """On to the next; what is still going on comes back after the others."""
        if self._card is not None and self._now.has_bar:
            self._waiting.append(self._now)
        self._next()

    def _next(self) -> None:
        self._timer.stop()
        if self._card is not None:
            self._card.hide()
            self._card.deleteLater()
            self._card = self._bar = self._bar_words = None
        if not self._waiting:
            return
        notice = self._now = self._waiting.popleft()
        self._card = self._made(notice)
        self.place()
        self._card.show()
        self._card.raise_()
        if notice.has_bar:
            return
        is_hurried = bool(self._waiting) and notice.colour != ERROR
        self._timer.start(min(notice.stays_ms, _HURRIED_MS) if is_hurried else notice.stays_ms)

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
            words = parts.text(in_short(notice.words), "label", wrap=True)
            words.setMinimumWidth(1)
            words.setToolTip("" if words.text() == notice.words else notice.words)
            box.addWidget(parts.row(24, (words, 1), 8, gap=0))
        if notice.has_bar:
            self._bar, self._bar_words = QProgressBar(), parts.text("", "label")
            self._bar.setTextVisible(False)
            self._bar.setFixedHeight(5)
            self._bar.setAccessibleName(say("Progress: {title}", title=notice.title))
            self._bar_words.setMinimumWidth(1)
            box.addWidget(parts.row(24, parts.col(self._bar, self._bar_words, gap=4), 8, gap=0))
            self._show_progress()
        if notice.action and notice.on_action is not None:
            button = parts.button(notice.action)
            button.clicked.connect(self._next)  # first: what is done may have something new to say
            button.clicked.connect(notice.on_action)
            actions: list[parts.Item] = [24, button]
            if notice.other_action and notice.on_other is not None:
                other = parts.button(notice.other_action, "", "quiet")
                other.clicked.connect(notice.on_other)  # the other way on is still open
                actions += [6, other]
            box.addWidget(parts.row(*actions, None, gap=0))
        card.setFixedWidth(theme.px(340))
        return card

    def place(self) -> None:
        """Lie where there is room now."""
        if self._card is None:
            return
        self._card.layout().activate()  # pyright: ignore[reportOptionalMemberAccess]
        self._card.setFixedHeight(
            self._card.heightForWidth(self._card.width())
        )  # with its frame, as its layout has not
        foot = self._floor() - 12 - self._card.height()
        self._card.move(self._window.width() - self._card.width() - 16, max(foot, theme.px(theme.HEIGHT["top"]) + 8))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._card is not None and event.type() in _MOVED:
            self.place() if watched is self._window else self._later.start()
        return False

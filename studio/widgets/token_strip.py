"""The tokens a motion is made of, over time: rows are books, columns are tokens; stretches can be locked.

A token spans `frames_a_token` frames and holds one code of each book. Codes are shown as tones of their book and, where
there is room, as numbers. What still moves is hatched, what was there before is grey. A locked stretch stays when the
rest is drawn anew. Press on the ruler or drag there to seek; drag over tokens, or Shift with the arrows, chooses a
stretch. The strip changes no motion: it says what is wished.
"""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from core.generations import Locked, Sample
from studio import theme
from studio.widgets import token_paint
from studio.widgets.motion_time import RULER, MotionTime, draw_playhead, draw_ruler
from studio.widgets.notices import KEEP_CLEAR
from studio.widgets.painted_items import expose

Range = tuple[int, int]
_NEW_LOOK = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)
_MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -(1 << 20), Qt.Key.Key_End: 1 << 20}


@dataclass(frozen=True)
class Tokens:
    """What is shown: the codes, how many of a book's there are, and the time of a token."""

    number: int  # of the sample, from 1
    codes: tuple[tuple[int, ...], ...]  # tokens × books
    codes_a_book: int
    token_s: float
    settled_s: float  # what comes later still moves
    total: int  # tokens there will be; more than there are while they come in
    past: int = 0  # tokens before the first one

    @property
    def books(self) -> int:
        return len(self.codes[0]) if self.codes else 0


def tokens_of(number: int, sample: Sample, *, codes_a_book: int, total: int = 0, past_s: float = 0.0) -> Tokens:
    """A sample as the strip shows it; `total` where more tokens are to come."""
    token_s = sample.frames_a_token / sample.motion.rate_hz
    is_still = sample.settled >= sample.motion.frames  # the last token may reach beyond what was asked for
    return Tokens(
        number=number,
        codes=sample.codes,
        codes_a_book=codes_a_book,
        token_s=token_s,
        settled_s=len(sample.codes) * token_s if is_still else sample.settled / sample.motion.rate_hz,
        total=max(total, len(sample.codes)),
        past=int(past_s / token_s + 1e-6),
    )


class TokenStrip(QWidget):
    """One sample's tokens."""

    sought = Signal(float)
    """Seconds."""
    locks_changed = Signal()
    chosen_changed = Signal(object)
    """The chosen stretch (start, end), in tokens, or None."""
    resample_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setProperty(KEEP_CLEAR, True)
        self.setAccessibleName(self.tr("Tokens"))
        self._tokens: Tokens | None = None
        self._locks: dict[int, dict[int, tuple[int, ...]]] = {}  # by sample: the codes of locked tokens
        self._chosen: Range | None = None
        self._anchor = 0  # the token a stretch is chosen from
        self._press: Literal["", "scrub", "choose"] = ""
        self._before_press: Range | None = None
        self._time = MotionTime(0.0, 1.0, 0.0, 1.0)
        self._playhead_s = 0.0
        self._ground: QPixmap | None = None
        self._fit_height()
        expose(self)

    # ---- what is shown ----

    @property
    def tokens(self) -> Tokens | None:
        return self._tokens

    def show_tokens(self, tokens: Tokens | None) -> None:
        """Another sample, or more of the same. Locks whose codes changed are gone; those not drawn yet wait."""
        other = tokens is None or self._tokens is None or tokens.number != self._tokens.number
        before = self.locks
        books = self._tokens.books if self._tokens is not None else 0
        self._tokens = tokens
        if tokens is not None:
            self._drop_changed(tokens)
        if other or (self._chosen is not None and tokens is not None and self._chosen[1] > tokens.total):
            self.choose(None)
        if tokens is not None and tokens.books != books:
            self._fit_height()
        self._redraw()
        if self.locks != before:
            self.locks_changed.emit()

    def show_time(self, time: MotionTime) -> None:
        if time != self._time:
            self._time = time
            self._redraw()

    def show_playhead(self, seconds: float) -> None:
        if seconds != self._playhead_s:
            self._playhead_s = seconds
            self.update()

    # ---- choosing and locking ----

    @property
    def chosen(self) -> Range | None:
        """The chosen stretch of tokens."""
        return self._chosen

    @property
    def locks(self) -> tuple[Range, ...]:
        """Locked stretches of the sample that is shown, in order, each as long as it goes."""
        return _ranges(self._locked_tokens())

    @property
    def locked(self) -> Locked | None:
        """What stays when the rest is drawn anew; None while nothing is locked or not every locked token is there."""
        tokens, locks = self._tokens, self.locks
        if tokens is None or not locks or locks[-1][1] > len(tokens.codes):
            return None
        return Locked(codes=tokens.codes, keep=locks)

    @property
    def can_resample(self) -> bool:
        """Whether something is locked and something is not, and every token is there."""
        tokens = self._tokens
        if tokens is None or self.locked is None or len(tokens.codes) < tokens.total:
            return False
        return len(self._locked_tokens()) < tokens.total

    def choose(self, stretch: Range | None) -> None:
        """Choose a stretch of tokens."""
        if stretch is not None and self._tokens is not None:
            start, end = max(stretch[0], 0), min(stretch[1], len(self._tokens.codes))
            stretch = (start, end) if start < end else None
        if stretch != self._chosen:
            self._chosen = stretch
            self._redraw()
            self.chosen_changed.emit(stretch)

    def toggle_lock(self) -> None:
        """Lock the chosen stretch, or unlock it where all of it is; without one, the lock under the playhead."""
        tokens = self._tokens
        if tokens is None:
            return
        stretch = self._chosen or self._lock_at(self.token_at(self._playhead_s))
        if stretch is None:
            return
        locked = self._locks.setdefault(tokens.number, {})
        inside = range(*stretch)
        if all(at in locked for at in inside):
            for at in inside:
                del locked[at]
        else:
            locked.update((at, tokens.codes[at]) for at in inside)
        self._redraw()
        self.locks_changed.emit()

    def set_locks(self, stretches: tuple[Range, ...]) -> None:
        """Lock exactly these, such as when a kept motion's recipe comes back."""
        tokens = self._tokens
        if tokens is None:
            return
        there = range(len(tokens.codes))
        inside = {at for start, end in stretches for at in range(start, end) if at in there}
        self._locks[tokens.number] = {at: tokens.codes[at] for at in sorted(inside)}
        self._redraw()
        self.locks_changed.emit()

    def clear_locks(self) -> None:
        """Unlock everything."""
        had = self.locks
        self._locks.clear()
        self._redraw()
        if had:
            self.locks_changed.emit()

    def _locked_tokens(self) -> dict[int, tuple[int, ...]]:
        return self._locks.get(self._tokens.number, {}) if self._tokens is not None else {}

    def _lock_at(self, token: int) -> Range | None:
        return next((each for each in self.locks if each[0] <= token < each[1]), None)

    def _drop_changed(self, tokens: Tokens) -> None:
        locked = self._locks.get(tokens.number, {})
        for start, end in _ranges(locked):
            came = range(start, min(end, len(tokens.codes)))
            if end > tokens.total or any(locked[at] != tokens.codes[at] for at in came):
                for at in range(start, end):
                    del locked[at]

    # ---- places ----

    def token_at(self, seconds: float) -> int:
        """The token of a time, held inside."""
        tokens = self._tokens
        if tokens is None or not tokens.codes:
            return 0
        return min(max(int(seconds / tokens.token_s + 1e-9), 0), len(tokens.codes) - 1)

    def item_count(self) -> int:
        return len(self._tokens.codes) if self._tokens is not None else 0

    def item_rect(self, at: int) -> QRectF:
        assert self._tokens is not None
        left, right = (self._time.x(each * self._tokens.token_s) for each in (at, at + 1))
        return QRectF(left, theme.px(RULER), right - left, self.height() - theme.px(RULER))

    def item_words(self, at: int) -> str:
        tokens = self._tokens
        assert tokens is not None
        start, end = at * tokens.token_s, (at + 1) * tokens.token_s
        codes = ", ".join(str(each) for each in tokens.codes[at])
        words = self.tr("token {at} of {all}, {start} to {end} s, codes {codes}").format(
            at=at + 1, all=tokens.total, start=f"{start:.2f}", end=f"{end:.2f}", codes=codes
        )
        more = [self.tr("locked")] if self._lock_at(at) is not None else []
        more += [self.tr("still moves")] if end > tokens.settled_s + 1e-6 else []
        return ", ".join([words, *more])

    def is_item_chosen(self, at: int) -> bool:
        return self._chosen is not None and self._chosen[0] <= at < self._chosen[1]

    def _fit_height(self) -> None:
        books = self._tokens.books if self._tokens is not None else 4
        self.setFixedHeight(theme.px(RULER) + books * theme.px(token_paint.row_height(books)) + 4)

    def _redraw(self) -> None:
        self._ground = None
        self.update()

    # ---- hands on it ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if event.button() != Qt.MouseButton.LeftButton or self._tokens is None or place.x() < self._time.left - 4:
            return
        if place.y() < theme.px(RULER) or not self._tokens.codes:
            self._press = "scrub"
            self._seek(place)
            return
        self._press, self._before_press = "choose", self._chosen
        at = self.token_at(self._time.seconds(place.x()))
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._chosen is not None:
            self._reach_to(at)
        else:
            self._anchor = at
            self.choose(self._lock_at(at) or (at, at + 1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._press == "scrub":
            self._seek(place)
        elif self._press == "choose":
            self._drag_to(self.token_at(self._time.seconds(place.x())))
        else:
            over = place.y() < theme.px(RULER)
            self.setCursor(Qt.CursorShape.ArrowCursor if over else Qt.CursorShape.IBeamCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        self._press = ""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)
        if self._press == "choose":
            self.toggle_lock()

    def _drag_to(self, at: int) -> None:
        if at != self._anchor or self._chosen is None or self._lock_at(at) != self._chosen:
            self._reach_to(at)

    def _reach_to(self, at: int) -> None:
        self.choose((min(self._anchor, at), max(self._anchor, at) + 1))

    def _seek(self, place: QPointF) -> None:
        tokens = self._tokens
        if tokens is not None:
            seconds = self._time.seconds(place.x())
            self.sought.emit(min(max(seconds, 0.0), tokens.total * tokens.token_s))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        tokens, step = self._tokens, _MOVES.get(Qt.Key(event.key()))
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if tokens is None or not tokens.codes:
            super().keyPressEvent(event)
        elif step is not None and held == Qt.KeyboardModifier.ShiftModifier:
            self._extend(step, len(tokens.codes))
        elif step is not None and held == Qt.KeyboardModifier.AltModifier:
            self._walk(step, len(tokens.codes))
        elif event.key() == Qt.Key.Key_Escape and self._wants_escape():
            self._back_out()
        else:
            super().keyPressEvent(event)

    def _extend(self, step: int, count: int) -> None:
        """Move the end of the stretch that is not its anchor; begin at the playhead."""
        if self._chosen is None:
            self._anchor = self.token_at(self._playhead_s)
            self.choose((self._anchor, self._anchor + 1))
            return
        start, end = self._chosen
        if self._anchor not in (start, end - 1):
            self._anchor = start
        moving = end - 1 if self._anchor == start else start
        self._reach_to(min(max(moving + step, 0), count - 1))

    def _walk(self, step: int, count: int) -> None:
        """One token on or back."""
        at = self.token_at(self._playhead_s) if self._chosen is None else self._chosen[0 if step < 0 else 1] + step
        at -= 1 if self._chosen is not None and step > 0 else 0
        self._anchor = min(max(at, 0), count - 1)
        self.choose((self._anchor, self._anchor + 1))

    def _wants_escape(self) -> bool:
        return self._press == "choose" or self._chosen is not None

    def _back_out(self) -> None:
        """A drag is given back; without one nothing is chosen any more."""
        if self._press == "choose":
            self._press = ""
            self.choose(self._before_press)
        else:
            self.choose(None)

    def event(self, event: QEvent) -> bool:
        match event:
            case QKeyEvent() if event.type() == QEvent.Type.ShortcutOverride:
                held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
                mine = (Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier)
                moves = Qt.Key(event.key()) in _MOVES and held in mine
                if moves or (event.key() == Qt.Key.Key_Escape and self._wants_escape()):
                    event.accept()
                    return True
            case QHelpEvent():
                QToolTip.showText(event.globalPos(), self._said_at(QPointF(event.pos())), self)
                return True
            case QFocusEvent():
                self.update()
            case _ if event.type() in _NEW_LOOK:
                self._fit_height()
                self._redraw()
            case _:
                pass
        return super().event(event)

    def _said_at(self, place: QPointF) -> str:
        tokens = self._tokens
        if tokens is None or place.y() < theme.px(RULER):
            return ""
        at = int(self._time.seconds(place.x()) // tokens.token_s)
        if at < 0:
            return self.tr("What was there before, as tokens. It stays.") if at >= -tokens.past else ""
        return self.item_words(at) if at < len(tokens.codes) and place.x() >= self._time.left else ""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().popup(event.globalPos())

    def menu(self) -> QMenu:
        """What can be done with the stretch."""
        made = QMenu(self)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        stretch = self._chosen or self._lock_at(self.token_at(self._playhead_s))
        locked = stretch is not None and all(at in self._locked_tokens() for at in range(*stretch))
        words = self.tr("Unlock stretch") if locked else self.tr("Lock stretch")
        made.addAction(words, self.toggle_lock).setEnabled(stretch is not None)
        made.addAction(self.tr("Unlock all"), self.clear_locks).setEnabled(bool(self.locks))
        made.addSeparator()
        made.addAction(self.tr("Resample the rest"), self.resample_wanted.emit).setEnabled(self.can_resample)
        return made

    # ---- paint ----

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._redraw()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        ratio = self.devicePixelRatioF()
        if self._ground is None or self._ground.devicePixelRatio() != ratio:
            self._ground = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            self._ground.setDevicePixelRatio(ratio)
            self._ground.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._ground)
            painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
            token_paint.ground(painter, self._tokens, self._time, self.locks, self._chosen)
            painter.end()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.drawPixmap(0, 0, self._ground)
        draw_ruler(painter, self._time, theme.px(RULER), self._taken())
        if self._tokens is not None:
            draw_playhead(painter, self._time, self._playhead_s, self.height(), handle=True)
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(theme.now().accent))
        painter.end()

    def _taken(self) -> list[tuple[float, float]]:
        """Where no time can be written: under the signs of locks and the playhead's handle."""
        if self._tokens is None:
            return []
        signs = [token_paint.chip(self._tokens, self._time, each)[0] for each in self.locks]
        x = self._time.x(self._playhead_s)
        return [(each.left(), each.right()) for each in signs] + [(x - 6, x + 6)]


def _ranges(tokens: dict[int, tuple[int, ...]]) -> tuple[Range, ...]:
    """Tokens as stretches."""
    found: list[Range] = []
    for at in sorted(tokens):
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return tuple(found)

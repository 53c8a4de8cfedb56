"""The tokens a motion is made of, over time: rows are books, columns are tokens; stretches can be locked.

A token spans `frames_a_token` frames and holds one code of each book. Codes are shown as tones of their book and, where
there is room, as numbers. What still moves is hatched, what was there before is grey. A locked stretch stays when the
rest is drawn anew. Press on the ruler or drag there to seek; drag over tokens, or Shift with the arrows, chooses a
stretch. The strip changes no motion: it says what is wished.
"""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from core.generations import Locked
from studio import theme
from studio.widgets import token_paint
from studio.widgets.motion_time import RULER, MotionTime, draw_playhead, draw_ruler
from studio.widgets.notices import KEEP_CLEAR
from studio.widgets.painted_items import expose
from studio.widgets.token_choice import Range, TokenChoice, Tokens
from studio.widgets.token_hands import Hands, is_on_ruler

_NEW_LOOK = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)


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
        self.choice = TokenChoice()
        self.time = MotionTime(0.0, 1.0, 0.0, 1.0)
        self.playhead_s = 0.0
        self._hands = Hands(self)
        self._ground: QPixmap | None = None
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: menu_of(self).popup(self.mapToGlobal(at)))
        self._redraw(fits=True)
        expose(self)

    # ---- what is shown ----

    @property
    def tokens(self) -> Tokens | None:
        return self.choice.tokens

    def show_tokens(self, tokens: Tokens | None) -> None:
        """Another sample, or more of the same. Locks whose codes changed are gone; those not drawn yet wait."""
        locks, chosen = self.locks, self.chosen
        self.choice.show(tokens)
        self._redraw(fits=tokens is not None)
        if self.locks != locks:
            self.locks_changed.emit()
        if self.chosen != chosen:
            self.chosen_changed.emit(self.chosen)

    def show_time(self, time: MotionTime) -> None:
        if time != self.time:
            self.time = time
            self._redraw()

    def show_playhead(self, seconds: float) -> None:
        if seconds != self.playhead_s:
            self.playhead_s = seconds
            self.update()

    # ---- choosing and locking ----

    @property
    def chosen(self) -> Range | None:
        """The chosen stretch of tokens."""
        return self.choice.chosen

    @property
    def locks(self) -> tuple[Range, ...]:
        """Locked stretches of the sample that is shown."""
        return self.choice.locks

    @property
    def locked(self) -> Locked | None:
        """What stays when the rest is drawn anew."""
        return self.choice.locked

    def choose(self, stretch: Range | None) -> None:
        """Choose a stretch of tokens."""
        before = self.chosen
        self.choice.choose(stretch)
        self.chosen_otherwise(before)

    def chosen_otherwise(self, before: Range | None) -> None:
        """Something was chosen; `before` it was this."""
        if self.chosen != before:
            self._redraw()
            self.chosen_changed.emit(self.chosen)

    def toggle_lock(self) -> None:
        """Lock the chosen stretch, or unlock it where all of it is; without one, the lock under the playhead."""
        stretch = self.choice.stretch_at(self.choice.token_at(self.playhead_s))
        if stretch is not None:
            self.choice.toggle_lock(stretch)
            self._redraw()
            self.locks_changed.emit()

    def clear_locks(self) -> None:
        """Unlock everything."""
        had = self.locks
        self.choice.clear_locks()
        self._redraw()
        if had:
            self.locks_changed.emit()

    def seek(self, seconds: float) -> None:
        """Wish the playhead there, held inside."""
        if self.tokens is not None:
            self.sought.emit(min(max(seconds, 0.0), self.tokens.total * self.tokens.token_s))

    # ---- items ----

    def item_count(self) -> int:
        return len(self.tokens.codes) if self.tokens is not None else 0

    def item_rect(self, at: int) -> QRectF:
        assert self.tokens is not None
        left, right = (self.time.x(each * self.tokens.token_s) for each in (at, at + 1))
        return QRectF(left, theme.px(RULER), right - left, self.height() - theme.px(RULER))

    def item_words(self, at: int) -> str:
        tokens = self.tokens
        assert tokens is not None
        start, end = at * tokens.token_s, (at + 1) * tokens.token_s
        codes = ", ".join(str(each) for each in tokens.codes[at])
        words = self.tr("token {at} of {all}, {start} to {end} s, codes {codes}").format(
            at=at + 1, all=tokens.total, start=f"{start:.2f}", end=f"{end:.2f}", codes=codes
        )
        more = [self.tr("locked")] if self.choice.lock_at(at) is not None else []
        more += [self.tr("still moves")] if end > tokens.settled_s + 1e-6 else []
        return ", ".join([words, *more])

    def is_item_chosen(self, at: int) -> bool:
        return self.chosen is not None and self.chosen[0] <= at < self.chosen[1]

    # ---- events ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._hands.press(event.position(), event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hands.move(event.position())
        self.setCursor(self._hands.cursor(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        self._hands.release()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)
        if self._hands.is_choosing:
            self.toggle_lock()

    def event(self, event: QEvent) -> bool:
        match event:
            case QKeyEvent() if self._hands.has_use_for(event):
                if event.type() == QEvent.Type.KeyPress:
                    self._hands.key(event)
                event.accept()
                return True
            case QHelpEvent():
                QToolTip.showText(event.globalPos(), said_at(self, QPointF(event.pos())), self)
                return True
            case QFocusEvent():
                self.update()
            case _ if event.type() in _NEW_LOOK:
                self._redraw(fits=True)
            case _:
                pass
        return super().event(event)

    # ---- paint ----

    def _redraw(self, *, fits: bool = False) -> None:
        """Paint anew; where it `fits`, as high as there are books."""
        if fits:
            books = self.tokens.books if self.tokens is not None else 4
            self.setFixedHeight(theme.px(RULER) + books * theme.px(token_paint.row_height(books)) + 4)
        self._ground = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        if self._ground is None or self._ground.size() != size:
            self._ground = QPixmap(size)
            self._ground.setDevicePixelRatio(ratio)
            self._ground.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._ground)
            painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
            token_paint.ground(painter, self.tokens, self.time, self.locks, self.chosen)
            painter.end()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.drawPixmap(0, 0, self._ground)
        taken = token_paint.taken(self.tokens, self.time, self.locks, self.playhead_s)
        draw_ruler(painter, self.time, theme.px(RULER), taken)
        if self.tokens is not None:
            draw_playhead(painter, self.time, self.playhead_s, self.height(), handle=True)
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(theme.now().accent))
        painter.end()


def said_at(strip: TokenStrip, place: QPointF) -> str:
    """What a tooltip says there."""
    tokens = strip.tokens
    if tokens is None or is_on_ruler(place) or place.x() < strip.time.left:
        return ""
    at = int(strip.time.seconds(place.x()) // tokens.token_s)
    if at < 0:
        return strip.tr("What was there before, as tokens. It stays.") if at >= -tokens.past else ""
    return strip.item_words(at) if at < len(tokens.codes) else ""


def menu_of(strip: TokenStrip) -> QMenu:
    """What can be done with the stretch."""
    made, choice = QMenu(strip), strip.choice
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    stretch = choice.stretch_at(choice.token_at(strip.playhead_s))
    locked = stretch is not None and choice.is_locked(stretch)
    words = strip.tr("Unlock stretch") if locked else strip.tr("Lock stretch")
    made.addAction(words, strip.toggle_lock).setEnabled(stretch is not None)
    made.addAction(strip.tr("Unlock all"), strip.clear_locks).setEnabled(bool(strip.locks))
    made.addSeparator()
    made.addAction(strip.tr("Resample the rest"), strip.resample_wanted.emit).setEnabled(choice.can_resample)
    return made

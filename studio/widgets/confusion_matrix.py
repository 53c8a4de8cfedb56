"""Which action came where which was foreseen: a matrix, rows what came, columns what was foreseen. It knows no page.

One hue from dark to bright, by share of the row or by count; what was right is on the diagonal. The cell under the
pointer, or the one that arrow keys reach, is said in a sentence: "cut foreseen where peel came: 12 of 80". With many
actions cells keep a least size and the matrix grows larger than its place, which scrolls.
"""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip

from core.reports import Confusion
from studio import theme
from studio.widgets.painted_items import expose
from studio.widgets.painting import Painted, put, words_width
from studio.words import say

_TURNS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_LEAST_CELL, _MOST_CELL = 11, 34
_RIGHT, _SLANT = 0.5, 62.0  # how far slanted names reach past the last cell, by their length; degrees


@dataclass(frozen=True)
class Pair:
    """How often `foreseen` was said where `came` came, of how many times it came."""

    came: str
    foreseen: str
    times: int
    of: int

    @property
    def words(self) -> str:
        """As a sentence."""
        said = say("{foreseen} foreseen where {came} came", foreseen=self.foreseen, came=self.came)
        return (
            say("{said}: {times} of {of}", said=said, times=self.times, of=self.of)
            if self.came != self.foreseen
            else (say("{came} foreseen right: {times} of {of}", came=self.came, times=self.times, of=self.of))
        )


def most_confused(confusion: Confusion, most: int = 8) -> list[Pair]:
    """The pairs of different actions that were mixed up most often."""
    pairs = [
        Pair(came, foreseen, times, sum(confusion.counts[row]))
        for row, came in enumerate(confusion.actions)
        for foreseen, times in zip(confusion.actions, confusion.counts[row], strict=True)
        if foreseen != came and times
    ]
    return sorted(pairs, key=lambda each: (-each.times, each.came, each.foreseen))[:most]


class ConfusionMatrix(Painted):
    """Cells that can be gone to by arrow keys; `went` says the cell in words."""

    went = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Which action came where which was foreseen"))
        self._confusion: Confusion | None = None
        self._by_count = False
        self._room = 0
        self._at: tuple[int, int] | None = None
        expose(self)

    def show_confusion(self, confusion: Confusion | None) -> None:
        """The chosen cell stays where its actions still are; otherwise it is the pair mixed up most."""
        held = self.pair
        self._confusion = confusion
        self._at = None
        if confusion is not None and confusion.actions:
            names = list(confusion.actions)
            if held is not None and held.came in names and held.foreseen in names:
                self._at = names.index(held.came), names.index(held.foreseen)
            else:
                worst = most_confused(confusion, 1)
                self._at = (names.index(worst[0].came), names.index(worst[0].foreseen)) if worst else (0, 0)
        self._fit()
        self._tell()

    def show_counts(self, on: bool) -> None:
        """Coloured by count instead of by share of what came."""
        self._by_count = on
        self.update()

    def show_room(self, width: int) -> None:
        """How wide the place is; the matrix is larger where its cells would be too small."""
        self._room = width
        self._fit()

    def go_to(self, came: str, foreseen: str) -> None:
        """Choose a cell by its actions."""
        if self._confusion is not None and came in self._confusion.actions and foreseen in self._confusion.actions:
            self._at = self._confusion.actions.index(came), self._confusion.actions.index(foreseen)
            self._tell()

    @property
    def pair(self) -> Pair | None:
        """The chosen cell."""
        return None if self._at is None else self._pair(*self._at)

    def _pair(self, row: int, column: int) -> Pair:
        assert self._confusion is not None
        counts = self._confusion.counts[row]
        return Pair(self._confusion.actions[row], self._confusion.actions[column], counts[column], sum(counts))

    # ---- for screen readers ----

    def item_count(self) -> int:
        return 0 if self._confusion is None else len(self._confusion.actions) ** 2

    def item_words(self, at: int) -> str:
        return self._pair(*divmod(at, self._size)).words

    def item_rect(self, at: int) -> QRectF:
        return self._cell(*divmod(at, self._size))

    def is_item_chosen(self, at: int) -> bool:
        return self._at == divmod(at, self._size)

    # ---- places ----

    @property
    def _size(self) -> int:
        return 0 if self._confusion is None else len(self._confusion.actions)

    def _grid(self) -> tuple[float, float, float]:
        """Left and top of the cells, and the side of one."""
        names = () if self._confusion is None else self._confusion.actions
        left = min(theme.px(84), max((words_width(each, 10) for each in names), default=0.0) + 10)
        top = left * 0.88 + 8
        side = (self._room - left - left * _RIGHT) / max(self._size, 1)
        return left, top, min(max(side, theme.px(_LEAST_CELL)), theme.px(_MOST_CELL))

    def _cell(self, row: int, column: int) -> QRectF:
        left, top, side = self._grid()
        return QRectF(left + column * side + 0.5, top + row * side + 0.5, side - 1, side - 1)

    def _fit(self) -> None:
        left, top, side = self._grid()
        wide = round(left + side * self._size + left * _RIGHT)
        self.setMinimumWidth(wide if wide > self._room + 2 else 0)
        self.setFixedHeight(max(round(top + side * self._size + 4), theme.px(40)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(max(self.minimumWidth(), 60), self.height())

    # ---- drawing ----

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if self._confusion is None:
            return
        left, top, side = self._grid()
        has_numbers = words_width("888" if self._by_count else "88", 9) < side - 2
        most = max((count for row in self._confusion.counts for count in row), default=0) or 1
        for row, name in enumerate(self._confusion.actions):
            is_here = self._at is not None and row == self._at[0]
            ink, weight = (look.text, 600) if is_here else (look.text2, 400)
            put(painter, left - 6, top + (row + 0.5) * side + 4, name, ink, 10, weight, align="right", width=left - 8)
            painter.save()
            painter.translate(left + (row + 0.5) * side + 3, top - 6)
            painter.rotate(-_SLANT)
            is_below = self._at is not None and row == self._at[1]
            ink, weight = (look.text, 600) if is_below else (look.text2, 400)
            put(painter, 0, 0, name, ink, 10, weight, width=left * 0.95)
            painter.restore()
            whole = sum(self._confusion.counts[row]) or 1
            for column, count in enumerate(self._confusion.counts[row]):
                share = count / (most if self._by_count else whole)
                self._draw_cell(
                    painter,
                    look,
                    row,
                    column,
                    (str(count) if self._by_count else f"{100 * share:.0f}") if has_numbers and count else "",
                    share,
                )
        if self._at is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(look.accent if self.hasFocus() else look.text), 1.8))
            painter.drawRoundedRect(self._cell(*self._at), 2, 2)

    def _draw_cell(self, painter: QPainter, look: theme.Theme, row: int, column: int, said: str, share: float) -> None:
        cell = self._cell(row, column)
        low, high = (look.field, look.accent) if look.name == "dark" else ("#F0EEFA", look.fill)
        colour = theme.mix(low, high, min(1.0, share) ** 0.75)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(cell, 2, 2)
        if said and said != "0" and words_width(said, 9) < cell.width() - 1:
            ink = look.seg_ink if theme.contrast(colour, look.seg_ink) > 4.5 else "#FFFFFF"
            ink = ink if theme.contrast(colour, ink) > 4.5 else look.text
            put(painter, cell.center().x(), cell.center().y() + theme.px(9) * 0.36, said, ink, 9, 500, align="centre")
        if row == column:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(look.edge), 1))
            painter.drawRoundedRect(cell, 2, 2)

    # ---- what a person does ----

    def _cell_at(self, place: QPointF) -> tuple[int, int] | None:
        left, top, side = self._grid()
        column, row = int((place.x() - left) // side), int((place.y() - top) // side)
        return (row, column) if 0 <= row < self._size and 0 <= column < self._size else None

    def _tell(self) -> None:
        words = "" if self.pair is None else self.pair.words
        self.setAccessibleDescription(words)
        self.went.emit(words)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._cell_at(event.position())
        if at is not None:
            self._at = at
            self._tell()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._cell_at(event.position())
        self.went.emit(self._pair(*at).words if at is not None else "" if self.pair is None else self.pair.words)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.went.emit("" if self.pair is None else self.pair.words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turn = _TURNS.get(Qt.Key(event.key()))
        if turn is None or self._at is None:
            super().keyPressEvent(event)
            return
        last = self._size - 1
        self._at = min(max(self._at[0] + turn[0], 0), last), min(max(self._at[1] + turn[1], 0), last)
        place = self.parentWidget()
        while place is not None and not isinstance(place, QScrollArea):
            place = place.parentWidget()
        inner = place.widget() if isinstance(place, QScrollArea) else None
        if isinstance(place, QScrollArea) and inner is not None:
            middle = self._cell(*self._at).center().toPoint()
            inside = self.mapTo(inner, middle)
            place.ensureVisible(inside.x(), inside.y(), 40, 40)
        self._tell()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _TURNS:
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self._cell_at(QPointF(event.pos()))
            if at is not None:
                QToolTip.showText(event.globalPos(), self._pair(*at).words, self)
                return True
        return super().event(event)

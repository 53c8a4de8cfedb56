"""The seen past as a grey strip, and the steps ahead as cards: picture, action, likelihood, what else it might be.

They know no page: what they show is given as values, a click comes out as a signal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy

from studio import theme
from studio.widgets.painting import Painted, put
from studio.widgets.pose_picture import RADIUS, Cell, draw_cell

_GAP = 6.0
_LEAST_CARD_PX = 138
_HEAD, _LINE = 20, 15
_ALSO = 2


@dataclass(frozen=True)
class SeenStep:
    """One step of the past."""

    cell: Cell
    words: str
    frame: int


@dataclass(frozen=True)
class Likely:
    """An action and how likely it is, 0 to 1."""

    name: str
    share: float
    colour: str


@dataclass(frozen=True)
class StepCard:
    """One step ahead. `came` says in words what really came, where that is known."""

    when: str
    cell: Cell
    also: tuple[Likely, ...] = ()
    came: str = ""
    is_right: bool | None = None
    description: str = ""


class PastStrip(Painted):
    """What the forecaster looked at, oldest first; the playhead's red line at its end. A click seeks."""

    clicked = Signal(int)
    """The frame of a seen step."""

    def __init__(self) -> None:
        super().__init__(0, theme.px(56))
        self.setAccessibleName(self.tr("Seen steps"))
        self._steps: tuple[SeenStep, ...] = ()
        self._caption = ""
        self._is_pale = False

    def show_steps(self, steps: Sequence[SeenStep], caption: str, *, is_pale: bool = False) -> None:
        self._steps, self._caption, self._is_pale = tuple(steps), caption, is_pale
        self.setAccessibleDescription(", ".join(step.words for step in self._steps))
        self.update()

    def _areas(self) -> list[QRectF]:
        left = float(theme.px(58))
        count = max(1, len(self._steps))
        wide = min((self.width() - left - 6 - _GAP * (count - 1)) / count, self.height() * 2.6)
        return [QRectF(left + at * (wide + _GAP), 0, wide, self.height()) for at in range(len(self._steps))]

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        put(painter, 0, theme.px(15), self.tr("Seen"), look.text2, 12, 600)
        put(painter, 0, theme.px(31), self._caption, look.text3, 11, width=theme.px(54))
        painter.setOpacity(0.45 if self._is_pale else 1.0)
        areas = self._areas()
        for step, area in zip(self._steps, areas, strict=True):
            draw_cell(painter, area, step.cell, look)
            ink = "#E9EAED" if step.cell.still is not None else look.text2
            put(painter, area.left() + 8, area.bottom() - 7, step.words, ink, 10.5, 500, width=area.width() - 12)
        painter.setOpacity(1.0)
        if areas:
            painter.fillRect(QRectF(areas[-1].right() + 3, 0, 2, self.height()), QColor(look.playhead))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for step, area in zip(self._steps, self._areas(), strict=True):
            if area.contains(event.position()):
                self.clicked.emit(step.frame)


class CardStrip(Painted):
    """Cards side by side; one is chosen. Wider than its view it scrolls with whoever holds it."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(theme.px(_HEAD + 74 + _LINE * _ALSO + 4))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Steps ahead"))
        self._cards: tuple[StepCard, ...] = ()
        self._at = 0
        self._hover = -1
        self._is_pale = False

    def show_cards(self, cards: Sequence[StepCard], chosen: int, *, is_pale: bool = False) -> None:
        self._cards, self._at, self._is_pale = tuple(cards), chosen, is_pale
        self.setMinimumWidth(round(len(cards) * (_LEAST_CARD_PX + _GAP)))
        if 0 <= chosen < len(cards):
            self.setAccessibleDescription(cards[chosen].description)
        self.update()

    def area_of(self, at: int) -> QRectF:
        """Where a card lies."""
        count = max(1, len(self._cards))
        wide = (self.width() - _GAP * (count - 1)) / count
        return QRectF(at * (wide + _GAP), 0, wide, self.height())

    def picture_of(self, at: int) -> QRectF:
        """Where a card's picture lies."""
        area, head = self.area_of(at), theme.px(_HEAD)
        return QRectF(
            area.left(), area.top() + head, area.width(), area.height() - head - theme.px(_LINE) * _ALSO - 6
        )  # fmt: skip

    def sizeHint(self) -> QSize:
        return QSize(self.minimumWidth(), theme.px(190))

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        painter.setOpacity(0.45 if self._is_pale else 1.0)
        for at, card in enumerate(self._cards):
            self._draw_card(painter, look, at, card, self.area_of(at))
        painter.setOpacity(1.0)
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(look.accent))

    def _draw_card(self, painter: QPainter, look: theme.Theme, at: int, card: StepCard, area: QRectF) -> None:
        line = theme.px(_LINE)
        is_chosen = at == self._at
        baseline = area.top() + theme.px(14)
        x = area.left() + 2
        x += put(painter, x, baseline, f"{at + 1}", look.text if is_chosen else look.text2, 12, 600) + 7
        x += put(painter, x, baseline, card.when, look.text if is_chosen else look.text3, 11, 500)
        if card.came:
            ink = look.ok if card.is_right else look.danger if card.is_right is False else look.text3
            put(painter, area.right() - 2, baseline, card.came, ink, 11, 500, align="right",
                width=max(20.0, area.right() - x - 10))  # fmt: skip
        picture = self.picture_of(at)
        draw_cell(painter, picture, card.cell, look)
        if is_chosen or at == self._hover:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(look.accent if is_chosen else look.edge), 2.2 if is_chosen else 1.2))
            painter.drawRoundedRect(picture.adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        for row, likely in enumerate(card.also[:_ALSO]):
            y = picture.bottom() + 4 + row * line
            percent = f"{100 * likely.share:.0f} %"
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(likely.colour))
            painter.drawRoundedRect(QRectF(area.left() + 2, y + line / 2 - 3, 6, 6), 2, 2)
            put(painter, area.left() + 13, y + line * 0.75, likely.name, look.text2, 10.5, width=area.width() - 54)
            put(painter, area.right() - 2, y + line * 0.75, percent, look.text3, 10.5, align="right")

    def _card_at(self, place: QPointF) -> int:
        return next((at for at in range(len(self._cards)) if self.area_of(at).contains(place)), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._card_at(event.position())
        if at >= 0:
            self.chosen.emit(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._card_at(event.position())
        if at != self._hover:
            self._hover = at
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.update()
        super().leaveEvent(event)


class CellView(Painted):
    """One cell, large."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setMinimumSize(160, 90)
        self.setAccessibleName(name)
        self._cell = Cell()
        self._is_pale = False

    def show_cell(self, cell: Cell, *, is_pale: bool = False) -> None:
        self._cell, self._is_pale = cell, is_pale
        self.update()

    def cell(self) -> Cell:
        return self._cell

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        painter.setOpacity(0.45 if self._is_pale else 1.0)
        draw_cell(painter, QRectF(self.rect()), self._cell, look)


class LikelyBars(Painted):
    """The likeliest actions as bars, best first; the one that came is marked."""

    def __init__(self) -> None:
        super().__init__()
        self._likely: tuple[Likely, ...] = ()
        self._came = ""
        self._rows = 0
        self.set_rows(5)
        self.setAccessibleName(self.tr("Likeliest actions"))

    def set_rows(self, rows: int) -> None:
        """How many there is room for."""
        if rows != self._rows:
            self._rows = rows
            self.setFixedHeight(theme.px(22) * rows)

    def show_likely(self, likely: Sequence[Likely], came: str) -> None:
        self._likely, self._came = tuple(likely), came
        self.setAccessibleDescription(", ".join(f"{each.name} {100 * each.share:.0f} %" for each in likely))
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        high = theme.px(22)
        names = theme.px(96)
        room = self.width() - names - theme.px(46)
        for row, each in enumerate(self._likely[: self._rows]):
            y = row * high
            came = each.name == self._came
            put(painter, 0, y + high * 0.68, each.name, look.text if came else look.text2, 11, 600 if came else 400,
                width=names - 8)  # fmt: skip
            bar = QRectF(names, y + high / 2 - 4, max(2.0, room * each.share), 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.alpha(each.colour, 0.25))
            painter.drawRoundedRect(QRectF(names, y + high / 2 - 4, room, 8), 2.5, 2.5)
            painter.setBrush(QColor(each.colour))
            painter.drawRoundedRect(bar, 2.5, 2.5)
            put(painter, self.width(), y + high * 0.68, f"{100 * each.share:.0f} %", look.text2, 11, align="right")

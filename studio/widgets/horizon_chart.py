"""A figure over the steps ahead, as the paper's Fig. 3: a line a method, its spread over seeds as a band. No page here.

Runs are coloured and solid, methods without training neutral and dashed, each with its own dashes and its name at its
end, so that nobody needs colour to tell them apart. Hovering, or the arrow keys, read every line at a step; screen
readers hear the steps as a list.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from studio import theme
from studio.widgets.painted_items import expose
from studio.widgets.painting import Painted, put, words_width
from studio.words import say

_DASHES = ((5.0, 3.0), (1.5, 2.5), (8.0, 3.0, 1.5, 3.0), (3.0, 2.0), (10.0, 4.0), (1.5, 4.5))
_TURNS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_TAG = 10.5


@dataclass(frozen=True)
class Line:
    """A method over the steps: a value a step, and how far each scatters (None: nobody knows). No colour: neutral."""

    name: str
    values: tuple[float, ...]
    spreads: tuple[float | None, ...] = ()
    colour: str = ""
    is_chosen: bool = False


class HorizonChart(Painted):
    """One figure."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(theme.px(220), theme.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Over the steps ahead"))
        self._lines: tuple[Line, ...] = ()
        self._title, self._unit, self._digits, self._nothing = "", "", 1, ""
        self._at: int | None = None
        self._is_hovered = False
        expose(self)

    def show_lines(
        self, title: str, lines: Sequence[Line], *, unit: str = "", digits: int = 1, nothing: str = ""
    ) -> None:
        """These lines; values in `unit` as they are to be read. `nothing` says why there is none."""
        self._title, self._unit, self._digits, self._nothing = title, unit, digits, nothing
        self._lines = tuple(each for each in lines if each.values)
        if self._at is not None and self._at >= self.steps:
            self._at = None
        self.setAccessibleName(title or self.tr("Over the steps ahead"))
        self.setAccessibleDescription("; ".join(self.item_words(at) for at in range(self.steps)) or nothing)
        self.update()

    @property
    def steps(self) -> int:
        return max((len(each.values) for each in self._lines), default=0)

    def lines(self) -> tuple[Line, ...]:
        return self._lines

    # ---- for screen readers ----

    def item_count(self) -> int:
        return self.steps

    def item_words(self, at: int) -> str:
        """A step in one sentence."""
        said = [f"{each.name} {self._said(each, at)}" for each in self._lines if at < len(each.values)]
        return say("step {at}: {names}", at=at + 1, names=", ".join(said))

    def item_rect(self, at: int) -> QRectF:
        area = self._area()
        x = self._x(area, at)
        return QRectF(x - 12, area.top(), 24, area.height())

    def is_item_chosen(self, at: int) -> bool:
        return self._at == at

    def _said(self, line: Line, at: int) -> str:
        spread = line.spreads[at] if at < len(line.spreads) else None
        words = f"{line.values[at]:.{self._digits}f}"
        words += f" ± {spread:.{self._digits}f}" if spread is not None else ""
        return f"{words} {self._unit}".strip()

    # ---- drawing ----

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not self._lines:
            middle = QPointF(self.width() / 2, self.height() / 2)
            put(painter, middle.x(), middle.y(), self._nothing, look.text3, 11, align="centre", width=self.width() - 20)
            return
        area, (low, high, ticks) = self._area(), self._range()
        self._draw_grid(painter, look, area, low, high, ticks)
        styles = self._styles(look)
        order = sorted(range(len(self._lines)), key=lambda at: self._lines[at].is_chosen)
        for at in order:
            points = self._points(area, self._lines[at], low, high)
            _draw_line(painter, self._lines[at], points, styles[at], area.height() / (high - low), look)
        self._draw_names(painter, look, area, low, high, styles)
        if self._at is not None:
            self._draw_reading(painter, look, area, low, high, styles)
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(look.accent))

    def _area(self) -> QRectF:
        names = max((words_width(each.name, _TAG) for each in self._lines), default=0.0)
        right = min(names + 18, self.width() * 0.3)
        left = max((words_width(f"{tick:g}", 10) for tick in self._range()[2]), default=0.0) + 12
        top, foot = theme.px(10), theme.px(34)
        return QRectF(left, top, max(self.width() - left - right, 20), max(self.height() - top - foot, 20))

    def _range(self) -> tuple[float, float, list[float]]:
        values = [value for each in self._lines for value in each.values if math.isfinite(value)]
        reach = [
            value + sign * (spread or 0)
            for each in self._lines
            for value, spread in zip(each.values, each.spreads, strict=False)
            for sign in (-1, 1)
        ]
        values += [each for each in reach if math.isfinite(each)]
        return ticks_around(min(values, default=0.0), max(values, default=1.0), 5 if self.height() > 200 else 3)

    def _x(self, area: QRectF, at: int) -> float:
        return area.left() + 10 + (area.width() - 20) * (at / (self.steps - 1) if self.steps > 1 else 0.5)

    def _points(self, area: QRectF, line: Line, low: float, high: float) -> list[QPointF]:
        return [QPointF(self._x(area, at), _y(area, value, low, high)) for at, value in enumerate(line.values)]

    def _styles(self, look: theme.Theme) -> list[QPen]:
        made, plain = [], 0
        for line in self._lines:
            pen = QPen(QColor(line.colour or look.text3), 2.4 if line.is_chosen else 1.7)
            if not line.colour:
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
                pen.setDashPattern(list(_DASHES[plain % len(_DASHES)]))
                plain += 1
            made.append(pen)
        return made

    def _draw_grid(
        self, painter: QPainter, look: theme.Theme, area: QRectF, low: float, high: float, ticks: list[float]
    ) -> None:
        for tick in ticks:
            y = _y(area, tick, low, high)
            painter.setPen(QPen(QColor(look.line), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            put(painter, area.left() - 7, y + 4, f"{tick:g}", look.text3, 10, align="right")
        for at in range(self.steps):
            x = self._x(area, at)
            put(painter, x, area.bottom() + theme.px(14), str(at + 1), look.text3, 10, align="centre")
        words = self.tr("steps ahead")
        put(painter, area.center().x(), area.bottom() + theme.px(29), words, look.text3, 10, align="centre")

    def _draw_names(
        self, painter: QPainter, look: theme.Theme, area: QRectF, low: float, high: float, styles: Sequence[QPen]
    ) -> None:
        """At the lines' ends, moved apart where they would lie on each other."""
        ends = sorted((_y(area, each.values[-1], low, high), at) for at, each in enumerate(self._lines))
        gap, places = theme.px(13), [y for y, _ in ends]
        for at in range(1, len(places)):
            places[at] = max(places[at], places[at - 1] + gap)
        over = places[-1] - (area.bottom() + 4)
        if over > 0:
            places[-1] -= over
            for at in range(len(places) - 2, -1, -1):
                places[at] = min(places[at], places[at + 1] - gap)
        for place, (y, at) in zip(places, ends, strict=True):
            line, x = self._lines[at], self._x(area, len(self._lines[at].values) - 1)
            pen = QPen(styles[at].color(), 1)
            painter.setPen(pen)
            painter.drawLine(QPointF(x + 5, y), QPointF(area.right() + 4, place))
            ink = look.text if line.is_chosen else look.text2
            weight = 600 if line.is_chosen else 400
            left = area.right() + 7
            put(painter, left, place + 4, line.name, ink, _TAG, weight, width=self.width() - left - 2)

    def _draw_reading(
        self, painter: QPainter, look: theme.Theme, area: QRectF, low: float, high: float, styles: Sequence[QPen]
    ) -> None:
        assert self._at is not None
        at, x = self._at, self._x(area, self._at)
        painter.setPen(QPen(QColor(look.edge), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        read = [place for place, each in enumerate(self._lines) if at < len(each.values)]
        read.sort(key=lambda place: -self._lines[place].values[at])
        words = [f"{self._lines[place].name}  {self._said(self._lines[place], at)}" for place in read]
        words.insert(0, self.tr("step {number}").format(number=at + 1))
        wide = max(words_width(each, 10.5, 500) for each in words) + 30
        high_px = theme.px(15) * len(words) + 9
        left = x + 10 if x + 10 + wide < self.width() else x - 10 - wide
        top = max(2.0, min(area.top() + 4, self.height() - high_px - 2))
        painter.setPen(QPen(QColor(look.line), 1))
        painter.setBrush(QColor(look.raised))
        painter.drawRoundedRect(QRectF(left, top, wide, high_px), 5, 5)
        for line, said in enumerate(words):
            baseline = top + theme.px(15) * (line + 1)
            if line:
                place = read[line - 1]
                painter.setPen(styles[place])
                painter.drawLine(QPointF(left + 7, baseline - 4), QPointF(left + 18, baseline - 4))
                point = QPointF(x, _y(area, self._lines[place].values[at], low, high))
                painter.setPen(QPen(QColor(look.panel), 1.5))
                painter.setBrush(styles[place].color())
                painter.drawEllipse(point, 4, 4)
            put(painter, left + (22 if line else 8), baseline, said, look.text if line else look.text3, 10.5, 500)

    # ---- what a person does ----

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._lines:
            return
        area = self._area()
        inside = area.adjusted(-12, -8, 12, theme.px(30)).contains(event.position())
        self._is_hovered = inside
        nearest = min(range(self.steps), key=lambda at: abs(self._x(area, at) - event.position().x()))
        self._at = nearest if inside else None
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        if self._is_hovered:
            self._at, self._is_hovered = None, False
            self.update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turn = _TURNS.get(Qt.Key(event.key()))
        if turn is None or not self._lines:
            super().keyPressEvent(event)
            return
        first = 0 if turn > 0 else self.steps - 1
        self._at = first if self._at is None else min(max(self._at + turn, 0), self.steps - 1)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _TURNS:
            event.accept()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._at = None
        self.update()


def _y(area: QRectF, value: float, low: float, high: float) -> float:
    return area.bottom() - (value - low) / (high - low) * area.height()


def _draw_line(
    painter: QPainter, line: Line, points: Sequence[QPointF], pen: QPen, a_unit: float, look: theme.Theme
) -> None:
    """`a_unit` is how many pixels a unit is high."""
    if line.colour and any(line.spreads) and len(points) > 1:
        reach = [a_unit * (spread or 0.0) for spread in line.spreads]
        ends = list(zip(points, reach, strict=True))
        band = [QPointF(point.x(), point.y() - by) for point, by in ends]
        band += [QPointF(point.x(), point.y() + by) for point, by in reversed(ends)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.alpha(line.colour, 0.16))
        painter.drawPolygon(QPolygonF(band))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF(points))
    for point in points if line.colour else ():
        painter.setPen(QPen(QColor(look.panel), 1))
        painter.setBrush(QColor(line.colour))
        painter.drawEllipse(point, 3, 3)


def ticks_around(low: float, high: float, most: int) -> tuple[float, float, list[float]]:
    """Round numbers around the values: the lowest, the highest, and all of them."""
    if high - low < 1e-12:
        spread = abs(low) * 0.1 or 1.0
        low, high = low - spread / 2, high + spread / 2
    raw = (high - low) / max(most - 1, 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * each for each in (1, 2, 2.5, 5, 10) if size * each >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(step * each, 10) for each in range(first, last + 1)]
    return ticks[0], ticks[-1], ticks

"""Curves of figures over steps: several runs in one chart, smoothed or not, linear or logarithmic. It knows no page.

A run that is followed live shows its raw figures faint behind a solid smoothed line that ends in a dot; runs compared
with it are dashed. Long curves are drawn from the smallest and largest value of each pixel, so a hundred thousand
points cost no more than a thousand.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy

from studio import theme
from studio.widgets.painting import Painted, put, words_width
from studio.words import say

_FOOT, _TOP, _RIGHT = 20, 30, 10
_FEW = 120  # points that one path of dashes holds without slowing the painting
_THIN = "\u2009"


@dataclass(frozen=True, eq=False)
class Series:
    """One run's figures. `steps` ascend; `is_live` marks the one that is followed."""

    name: str
    colour: str
    steps: Float[ndarray, " points"]
    values: Float[ndarray, " points"]
    is_live: bool = False


class CurveChart(Painted):
    """One chart. Hovering reads the values at a step."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setMinimumSize(180, 96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName(title)
        self._title = title
        self._series: tuple[Series, ...] = ()
        self._smooth = 0.0
        self._lines: list[ndarray] = []
        self._is_log = False
        self._most_steps = 0.0
        self._pointer: QPointF | None = None

    def show_series(self, series: Sequence[Series], most_steps: float = 0.0) -> None:
        """These runs; the axis reaches at least to `most_steps`."""
        self._series = tuple(each for each in series if len(each.values))
        self._lines = [smoothed(each.values, self._smooth) for each in self._series]
        self._most_steps = most_steps
        last = "; ".join(
            f"{each.name} {say_value(float(each.values[-1]))}" for each in self._series if len(each.values)
        )
        self.setAccessibleDescription(last)
        self.update()

    def series(self) -> tuple[Series, ...]:
        return self._series

    def set_smoothing(self, share: float) -> None:
        """0 shows figures as they are; towards 1 each is averaged with ever more of the curve before it."""
        self._smooth = share
        self._lines = [smoothed(each.values, share) for each in self._series]
        self.update()

    def set_log(self, *, is_log: bool) -> None:
        """Logarithmic where all figures are above zero; charts with others stay linear and say so."""
        self._is_log = is_log
        self.update()

    # ---- drawing ----

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        drawn, smooth = list(self._series), self._lines
        can_log = bool(drawn) and all(float(each.values.min()) > 0 for each in drawn)
        takes_log = self._is_log and can_log
        used = put(painter, 0, theme.px(13), self._title, look.text, 12, 600)
        if self._is_log and drawn and not can_log:
            used += 8 + put(painter, used + 8, theme.px(13), self.tr("linear: not all above 0"), look.text3, 10)
        self._draw_legend(painter, look, drawn, used)
        if not drawn:
            middle = QPointF(self.width() / 2, self.height() / 2)
            put(painter, middle.x(), middle.y(), self.tr("Nothing measured"), look.text3, 11, align="centre")
            return
        axes = _Axes.around(self.rect().toRectF(), drawn, smooth, self._most_steps, is_log=takes_log)
        axes.draw_grid(painter, look)
        painter.save()
        painter.setClipRect(axes.area.adjusted(-6, -6, 6, 6))
        for each, line in reversed(list(zip(drawn, smooth, strict=True))):
            _draw_curve(painter, axes, each, line, look, has_raw=self._smooth > 0)
        painter.restore()
        if self._pointer is not None and axes.area.contains(self._pointer):
            self._draw_reading(painter, look, axes, drawn, smooth)

    def _draw_legend(self, painter: QPainter, look: theme.Theme, drawn: list[Series], used: float) -> None:
        words = [f"{each.name} {say_value(float(each.values[-1]))}" for each in drawn]
        widths = [words_width(each, 10.5) + 26 for each in words]
        while widths and sum(widths) > self.width() - 16 - used:
            widths.pop()  # the followed run stands first and is the last to go
        x = self.width() - 4.0 - sum(widths)
        for each, said, wide in zip(drawn, words, widths, strict=False):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(each.colour))
            painter.drawRoundedRect(QRectF(x + 12, theme.px(13) - 5.5, 9, 3), 1.5, 1.5)
            put(painter, x + wide, theme.px(13), said, look.text2, 10.5, align="right")
            x += wide

    def _draw_reading(
        self, painter: QPainter, look: theme.Theme, axes: "_Axes", drawn: list[Series], smooth: list[ndarray]
    ) -> None:
        assert self._pointer is not None
        step = axes.step_at(self._pointer.x())
        x = axes.point(step, axes.low).x()
        painter.setPen(QPen(QColor(look.edge), 1))
        painter.drawLine(QPointF(x, axes.area.top()), QPointF(x, axes.area.bottom()))
        lines = [(say("step {step:,}", step=round(step)).replace(",", _THIN), look.text3)]
        for each, line in zip(drawn, smooth, strict=True):
            if each.steps[0] <= step <= each.steps[-1]:
                value = float(np.interp(step, each.steps, line))
                lines.append((f"{each.name} {say_value(value)}", each.colour))
                painter.setPen(QPen(QColor(look.panel), 1.5))
                painter.setBrush(QColor(each.colour))
                painter.drawEllipse(axes.point(step, value), 3.5, 3.5)
        wide = max(words_width(words, 10.5, 500) for words, _ in lines) + 16
        high = theme.px(15) * len(lines) + 8
        left = x + 8 if x + 8 + wide < axes.area.right() else x - 8 - wide
        painter.setPen(QPen(QColor(look.line), 1))
        painter.setBrush(QColor(look.raised))
        painter.drawRoundedRect(QRectF(left, axes.area.top() + 4, wide, high), 5, 5)
        for at, (words, colour) in enumerate(lines):
            put(painter, left + 8, axes.area.top() + 4 + theme.px(15) * (at + 1), words, colour, 10.5, 500)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
        super().leaveEvent(event)


@dataclass(frozen=True)
class _Axes:
    """Where a step and a value lie in the chart. In a logarithmic chart `low` and `high` are powers of ten."""

    area: QRectF
    first: float
    last: float
    low: float
    high: float
    ticks: tuple[float, ...]
    is_log: bool

    @classmethod
    def around(
        cls, whole: QRectF, drawn: list[Series], smooth: list[ndarray], most_steps: float, *, is_log: bool
    ) -> "_Axes":
        values = np.concatenate([np.concatenate([each.values, line]) for each, line in zip(drawn, smooth, strict=True)])
        values = values[np.isfinite(values)]
        values = values if len(values) else np.array([0.0, 1.0])
        # A few wild first figures must not flatten everything after them.
        low, high = float(values.min()), float(np.quantile(values, 0.995) if len(values) > 200 else values.max())
        most = 5 if whole.height() > theme.px(150) else 3
        if is_log:
            low, high = math.log10(low), math.log10(max(high, low * 1.0001))
            ticks = _ticks(low, high, most)
        else:
            ticks = _ticks(low, high, most)
        low, high = ticks[0], ticks[-1]
        gutter = max(words_width(_said(each, is_log=is_log, span=high - low), 10) for each in ticks) + 10
        area = QRectF(
            gutter, theme.px(_TOP), whole.width() - gutter - _RIGHT, whole.height() - theme.px(_TOP) - theme.px(_FOOT)
        )
        last = max(most_steps, *(float(each.steps[-1]) for each in drawn))
        return cls(area, 0.0, max(last, 1.0), low, high, ticks, is_log)

    def point(self, step: float, value: float) -> QPointF:
        x, y = self.places(np.array([step]), np.array([value]))
        return QPointF(float(x[0]), float(y[0]))

    def places(self, steps: ndarray, values: ndarray) -> tuple[ndarray, ndarray]:
        """Where many points lie."""
        shown = np.log10(np.maximum(values, 1e-12)) if self.is_log else values
        return (
            self.area.left() + (steps - self.first) / (self.last - self.first) * self.area.width(),
            self.area.bottom() - (shown - self.low) / (self.high - self.low) * self.area.height(),
        )

    def step_at(self, x: float) -> float:
        return self.first + (x - self.area.left()) / self.area.width() * (self.last - self.first)

    def draw_grid(self, painter: QPainter, look: theme.Theme) -> None:
        for tick in self.ticks:
            y = self.area.bottom() - (tick - self.low) / (self.high - self.low) * self.area.height()
            painter.setPen(QPen(QColor(look.line), 1))
            painter.drawLine(QPointF(self.area.left(), y), QPointF(self.area.right(), y))
            said = _said(tick, is_log=self.is_log, span=self.high - self.low)
            put(painter, self.area.left() - 7, y + 4, said, look.text3, 10, align="right")
        count = 4 if self.area.width() > 260 else 2
        for at in range(count + 1):
            step = self.first + (self.last - self.first) * at / count
            align = "left" if at == 0 else "right" if at == count else "centre"
            x = self.area.left() + self.area.width() * at / count
            put(painter, x, self.area.bottom() + theme.px(15), say_steps(step, self.last), look.text3, 10, align=align)


def _draw_curve(
    painter: QPainter, axes: _Axes, series: Series, line: ndarray, look: theme.Theme, *, has_raw: bool
) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if has_raw and series.is_live and len(series.values) > 2:
        painter.setPen(QPen(theme.alpha(series.colour, 0.28), 1))
        _draw_line(painter, axes, series.steps, series.values, dashed=False)
    pen = QPen(QColor(series.colour), 1.9 if series.is_live else 1.4)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    _draw_line(painter, axes, series.steps, line, dashed=not series.is_live)
    if series.is_live or len(line) == 1:
        painter.setPen(QPen(QColor(look.panel), 2))
        painter.setBrush(QColor(series.colour))
        painter.drawEllipse(axes.point(float(series.steps[-1]), float(line[-1])), 4.5, 4.5)


def _draw_line(painter: QPainter, axes: _Axes, steps: ndarray, values: ndarray, *, dashed: bool) -> None:
    """Piece by piece: one long path that folds back and forth takes Qt a hundred times as long to paint."""
    kept = np.isfinite(values)
    steps, values = thinned(steps[kept], values[kept], max(2, int(axes.area.width())))
    x, y = (each.tolist() for each in axes.places(steps, values))
    points = [QPointF(*place) for place in zip(x, y, strict=True)]
    if len(points) == 1:
        painter.drawPoint(points[0])
    elif dashed and len(points) < _FEW:
        pen = painter.pen()
        painter.setPen(_dashed(pen))
        painter.drawPolyline(points)
        painter.setPen(pen)
    else:
        pieces = pairwise(points)
        dash, both = 5.0, 8.0
        painter.drawLines([QLineF(*ends) for ends in pieces if not dashed or ends[0].x() % both < dash])


def _dashed(pen: QPen) -> QPen:
    made = QPen(pen)
    made.setCapStyle(Qt.PenCapStyle.FlatCap)
    made.setDashPattern([3.2, 2.2])
    return made


# ---- numbers --------------------------------------------------------------------------------------------------------


def smoothed(values: Float[ndarray, " points"], share: float) -> Float[ndarray, " points"]:
    """An average over the past, not pulled towards zero at its start.

    `share` is how much of the curve it looks back on (its square, an eighth of the curve at most), so that a curve of
    ten validations is not bent as one of a thousand steps is.
    """
    look_back = share * share * len(values) / 8
    if look_back < 0.3:
        return values
    share = math.exp(-1 / look_back)
    out = np.empty(len(values))
    mean = weight = 0.0
    for at, value in enumerate(values.tolist()):
        if math.isfinite(value):
            mean = share * mean + (1 - share) * value
            weight = share * weight + (1 - share)
        out[at] = mean / weight if weight else value
    return out


def thinned(steps: ndarray, values: ndarray, pixels: int) -> tuple[ndarray, ndarray]:
    """At most four points a pixel, the smallest and largest among them, so that no peak gets lost."""
    if len(steps) <= 4 * pixels:
        return steps, values
    edges = np.linspace(0, len(steps), 2 * pixels + 1).astype(int)
    kept: list[int] = []
    for start, end in pairwise(edges.tolist()):
        part = values[start:end]
        kept += sorted({start + int(part.argmin()), start + int(part.argmax())})
    return steps[kept], values[kept]


def _ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Round numbers around the values, at most `most` + 1 of them."""
    if high - low < 1e-12:
        spread = abs(low) * 0.1 or 1.0
        low, high = low - spread / 2, high + spread / 2
    raw = (high - low) / max(most - 1, 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * each for each in (1, 2, 2.5, 5, 10) if size * each >= raw * 0.999)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return tuple(step * each for each in range(first, last + 1))


def _said(tick: float, *, is_log: bool, span: float) -> str:
    if is_log:
        return say_value(10.0**tick)
    digits = max(0, min(5, 2 - math.floor(math.log10(max(span, 1e-9))) - 1))
    return f"{tick:.{digits}f}" if tick or digits else "0"


def say_value(value: float) -> str:
    """Three figures that count."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size >= 1e5 or 0 < size < 1e-3:
        return f"{value:.1e}"
    return (
        f"{value:.3f}"
        if size < 1
        else f"{value:.2f}"
        if size < 10
        else f"{value:.1f}"
        if size < 100
        else f"{value:.0f}"
    )


def say_steps(step: float, last: float) -> str:
    """`0 k` … `40 k`, or plain numbers below two thousand."""
    if last < 2000:
        return f"{step:.0f}"
    return f"{step / 1000:.0f} k" if last >= 8000 or step % 1000 == 0 else f"{step / 1000:.1f} k"

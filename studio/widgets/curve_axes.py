"""Where a step and a value lie in a chart of curves, its grid, and how one curve is drawn in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio import theme
from studio.widgets.curve_numbers import (
    Across,
    Range,
    marks_across,
    robust_range,
    say_across,
    say_value,
    thinned,
    ticks,
)
from studio.widgets.painting import put, words_width
from studio.words import say

_FOOT, _TOP, _RIGHT = 20, 30, 10
_FEW = 120  # points that one path of dashes holds without slowing the painting


@dataclass(frozen=True, eq=False)
class Series:
    """One run's figures; `steps` ascend, in what the chart is drawn over. `is_live` marks the run that is followed."""

    name: str
    colour: str
    steps: Float[ndarray, " points"]
    values: Float[ndarray, " points"]
    is_live: bool = False


@dataclass(frozen=True)
class Axes:
    """Where a step and a value lie in the chart. In a logarithmic chart `low` and `high` are powers of ten."""

    area: QRectF
    first: float
    last: float
    low: float
    high: float
    ticks: tuple[float, ...]
    is_log: bool
    across: Across
    shown: Range

    @classmethod
    def around(
        cls,
        whole: QRectF,
        drawn: Sequence[Series],
        smooth: Sequence[ndarray],
        most: float,
        *,
        view: tuple[float, float] | None = None,
        across: Across = "steps",
        is_log: bool = False,
    ) -> "Axes":
        """The axes that hold these curves, or what of them lies in `view`."""
        last = max([most, 1e-9, *(float(each.steps[-1]) for each in drawn)])
        first, last = view or (0.0, last)
        parts = []
        for each, line in zip(drawn, smooth, strict=True):
            lies = slice(*np.searchsorted(each.steps, [first, np.nextafter(last, np.inf)]).tolist())
            parts += [each.values[lies]] if line is each.values else [each.values[lies], line[lies]]
        values = np.concatenate(parts) if parts else np.zeros(0)
        if is_log:
            values = np.log10(values[np.isfinite(values) & (values > 0)])
        shown = robust_range(values)
        marks = ticks(shown.low, shown.high, 5 if whole.height() > theme.px(150) else 3)
        low, high = marks[0], marks[-1]
        gutter = max(words_width(_said(each, is_log=is_log, span=high - low), 10) for each in marks) + 10
        area = QRectF(
            gutter, theme.px(_TOP), whole.width() - gutter - _RIGHT, whole.height() - theme.px(_TOP) - theme.px(_FOOT)
        )
        return cls(area, first, max(last, first + 1e-9), low, high, marks, is_log, across, shown)

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
        for step in marks_across(self.first, self.last, 5 if self.area.width() > 260 else 3, self.across):
            x = self.area.left() + (step - self.first) / (self.last - self.first) * self.area.width()
            near = theme.px(14)
            align = "left" if x < self.area.left() + near else "right" if x > self.area.right() - near else "centre"
            said = say_across(step, self.last, self.across)
            put(painter, x, self.area.bottom() + theme.px(15), said, look.text3, 10, align=align)
        for outside, y in ((self.shown.over, self.area.top() + 11), (self.shown.under, self.area.bottom() - 5)):
            if outside is not None:  # nothing is cut off in silence
                value = 10.0**outside if self.is_log else outside
                words = say("to {value}", value=say_value(value))
                put(painter, self.area.right(), y, words, look.text3, 10, align="right")


def draw_legend(
    painter: QPainter, look: theme.Theme, entries: Sequence[tuple[str, str]], width: float, used: float
) -> None:
    """Runs with their last figures at the right of the title, which takes `used`; the first is the last to go."""
    widths = [words_width(words, 10.5) + 26 for words, _ in entries]
    while widths and sum(widths) > width - 16 - used:
        widths.pop()
    x = width - 4.0 - sum(widths)
    for (words, colour), wide in zip(entries, widths, strict=False):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(QRectF(x + 12, theme.px(13) - 5.5, 9, 3), 1.5, 1.5)
        put(painter, x + wide, theme.px(13), words, look.text2, 10.5, align="right")
        x += wide


def draw_curve(
    painter: QPainter, axes: Axes, series: Series, line: ndarray, look: theme.Theme, *, has_raw: bool
) -> None:
    """A curve, solid where its run is followed; the figures themselves pale behind a smoothed one."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if has_raw and series.is_live and len(series.values) > 2:
        painter.setPen(QPen(theme.alpha(series.colour, 0.28), 1))
        _draw_line(painter, axes, series.steps, series.values, dashed=False)
    pen = QPen(QColor(series.colour), 1.9 if series.is_live else 1.4)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    _draw_line(painter, axes, series.steps, line, dashed=not series.is_live)
    if (series.is_live or len(line) == 1) and math.isfinite(line[-1]):
        painter.setPen(QPen(QColor(look.panel), 2))
        painter.setBrush(QColor(series.colour))
        painter.drawEllipse(axes.point(float(series.steps[-1]), float(line[-1])), 4.5, 4.5)


def draw_best(painter: QPainter, axes: Axes, series: Series, at: int, look: theme.Theme) -> None:
    """A ring round the best figure of a curve."""
    painter.setBrush(QColor(look.panel))
    painter.setPen(QPen(QColor(series.colour), 1.8))
    painter.drawEllipse(axes.point(float(series.steps[at]), float(series.values[at])), 4, 4)


def _draw_line(painter: QPainter, axes: Axes, steps: ndarray, values: ndarray, *, dashed: bool) -> None:
    """Piece by piece: one long path that folds back and forth takes Qt a hundred times as long to paint."""
    first, last = np.searchsorted(steps, [axes.first, axes.last])
    steps, values = (each[max(int(first) - 1, 0) : int(last) + 1] for each in (steps, values))
    kept = np.isfinite(values)
    fine = painter.device().devicePixelRatio()  # two points for each pixel of the screen: its smallest and its largest
    steps, values = thinned(steps[kept], values[kept], max(2, int(axes.area.width() * fine / 2)))
    x, y = axes.places(steps, values)
    far = axes.area.height() * 4  # a spike is drawn as one, not out to where numbers end
    y = np.clip(y, axes.area.top() - far, axes.area.bottom() + far)
    if len(x) == 1:
        painter.drawPoint(QPointF(float(x[0]), float(y[0])))
    elif dashed and len(x) < _FEW:
        pen = painter.pen()
        painter.setPen(_dashed(pen))
        painter.drawPolyline([QPointF(*place) for place in zip(x.tolist(), y.tolist(), strict=True)])
        painter.setPen(pen)
    else:
        pieces = np.stack([x[:-1], y[:-1], x[1:], y[1:]], axis=1)
        dash, both = 5.0, 8.0
        if dashed:
            pieces = pieces[pieces[:, 0] % both < dash]
        painter.drawLines([QLineF(*each) for each in pieces.tolist()])


def _dashed(pen: QPen) -> QPen:
    made = QPen(pen)
    made.setCapStyle(Qt.PenCapStyle.FlatCap)
    made.setDashPattern([3.2, 2.2])
    return made


def _said(tick: float, *, is_log: bool, span: float) -> str:
    if is_log:
        return say_value(10.0**tick)
    digits = max(0, min(5, 2 - math.floor(math.log10(max(span, 1e-9))) - 1))
    return f"{tick:.{digits}f}" if tick or digits else "0"

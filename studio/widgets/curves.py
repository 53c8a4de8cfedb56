"""A chart of curves: several runs over one figure, smoothed, linear or logarithmic. It knows no page.

A run that is followed live shows its raw figures faint behind a solid smoothed line that ends in a dot; runs compared
with it are dashed. Long curves are drawn from the smallest and largest value of each pixel, and only when they change:
a cursor that moves over a hundred thousand points costs no more than one over a hundred. A drag marks what to look at
closely, Ctrl and the wheel do so at the pointer, a double click shows the whole again; the arrows read along a curve.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy import ndarray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QSizePolicy

from studio import theme
from studio.widgets.curve_axes import Axes, Series, draw_best, draw_curve, draw_legend
from studio.widgets.curve_numbers import Across, say_place, say_value, smoothed
from studio.widgets.painting import Painted, put, words_width
from studio.words import say

__all__ = ["Best", "CurveChart", "Series"]
Best = Literal["", "low", "high"]
View = tuple[float, float] | None
_NOTCH, _LEAST_SPAN, _DRAG_PX = 1.25, 1e-3, 6


class CurveChart(Painted):
    """One chart. Hovering reads the values at a step; `best` says which end of the figure is the good one."""

    pointed = Signal(object)  # where the cursor stands, or None
    view_wanted = Signal(object)  # from where to where to show, or None for the whole

    def __init__(self, title: str, best: Best = "") -> None:
        super().__init__()
        self.setMinimumSize(180, 96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(title)
        self.title, self.best = title, best
        self._series: tuple[Series, ...] = ()
        self._smooth = 0.0
        self._lines: list[ndarray] = []
        self._is_log = False
        self._most = 0.0
        self._across: Across = "steps"
        self._view: View = None
        self._cursor: float | None = None
        self._pressed: QPointF | None = None
        self._band: tuple[float, float] | None = None
        self._ground: QPixmap | None = None
        self._axes: Axes | None = None

    # ---- what is shown ----

    def show_series(self, series: Sequence[Series], most: float = 0.0, across: Across = "steps") -> None:
        """These runs; the axis reaches at least to `most`."""
        shown = tuple(each for each in series if len(each.values))
        if (most, across) == (self._most, self._across) and _same(shown, self._series):
            return  # nothing is drawn anew
        known = {id(each.values): line for each, line in zip(self._series, self._lines, strict=True)}
        self._series = shown
        self._lines = [
            known[id(each.values)] if id(each.values) in known else smoothed(each.values, self._smooth)
            for each in self._series
        ]
        self._most, self._across = most, across
        self._anew()
        self.setAccessibleDescription(self.summary())

    def series(self) -> tuple[Series, ...]:
        return self._series

    def lines(self) -> list[ndarray]:
        """The smoothed values of each run."""
        return self._lines

    def best_at(self, series: Series) -> int | None:
        """Which of a run's figures is the best; None where nobody can say."""
        if not self.best or not np.isfinite(series.values).any():
            return None
        return int(np.nanargmin(series.values) if self.best == "low" else np.nanargmax(series.values))

    def summary(self) -> str:
        """The chart in words: of each run its last figure, and its best one."""
        parts = []
        for each in self._series:
            words = f"{each.name} {say_value(_last(each.values))}"
            at = self.best_at(each)
            if at is not None:
                place = say_place(float(each.steps[at]), self._across)
                words += say(", best {value} at {place}", value=say_value(float(each.values[at])), place=place)
            parts.append(words)
        return "; ".join(parts)

    def set_smoothing(self, share: float) -> None:
        """0 shows figures as they are; towards 1 each is averaged with ever more of the curve before it."""
        self._smooth = share
        self._lines = [smoothed(each.values, share) for each in self._series]
        self._anew()

    def set_log(self, *, is_log: bool) -> None:
        """Logarithmic where all figures are above zero; charts with others stay linear and say so."""
        self._is_log = is_log
        self._anew()

    def show_view(self, view: View) -> None:
        """From where to where; None the whole."""
        if view != self._view:
            self._view = view
            self._anew()

    def show_cursor(self, at: float | None) -> None:
        """Read the values here."""
        if at != self._cursor:
            self._cursor = at
            self.update()

    def _anew(self) -> None:
        self._ground = None
        self.update()

    # ---- drawing ----

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        ratio = self.devicePixelRatioF()
        if self._ground is None or self._ground.size() != self.size() * ratio:
            self._ground = QPixmap(self.size() * ratio)
            self._ground.setDevicePixelRatio(ratio)
            self._ground.fill(Qt.GlobalColor.transparent)
            on_it = QPainter(self._ground)
            on_it.setRenderHints(painter.renderHints())
            self._draw_ground(on_it, look)
            on_it.end()
        painter.drawPixmap(0, 0, self._ground)
        axes = self._axes
        if axes is not None and self._band is not None:
            left, right = sorted(axes.point(each, axes.low).x() for each in self._band)
            painter.fillRect(
                QRectF(left, axes.area.top(), right - left, axes.area.height()), theme.alpha(look.accent, 0.16)
            )
        if axes is not None and self._cursor is not None and axes.first <= self._cursor <= axes.last:
            self._draw_reading(painter, look, axes, self._cursor)
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(look.accent))

    def _draw_ground(self, painter: QPainter, look: theme.Theme) -> None:
        drawn, smooth = list(self._series), self._lines
        can_log = bool(drawn) and all(_least(each.values) > 0 for each in drawn)
        takes_log = self._is_log and can_log
        used = put(painter, 0, theme.px(13), self.title, look.text, 12, 600)
        if self._is_log and drawn and not can_log:
            used += 8 + put(painter, used + 8, theme.px(13), self.tr("linear: not all above 0"), look.text3, 10)
        draw_legend(painter, look, self._last_words(), self.width(), used)
        if not drawn:
            self._axes = None
            middle = QPointF(self.width() / 2, self.height() / 2)
            put(painter, middle.x(), middle.y(), self.tr("Nothing measured"), look.text3, 11, align="centre")
            return
        axes = self._axes = Axes.around(
            self.rect().toRectF(), drawn, smooth, self._most, view=self._view, across=self._across, is_log=takes_log
        )
        axes.draw_grid(painter, look)
        painter.save()
        painter.setClipRect(axes.area.adjusted(-6, -6, 6, 6))
        for each, line in reversed(list(zip(drawn, smooth, strict=True))):
            draw_curve(painter, axes, each, line, look, has_raw=self._smooth > 0)
        for each in drawn:
            at = self.best_at(each) if each.is_live else None
            if at is not None and axes.first <= each.steps[at] <= axes.last:
                draw_best(painter, axes, each, at, look)
        painter.restore()

    def _last_words(self) -> list[tuple[str, str]]:
        return [(f"{each.name} {say_value(_last(each.values))}", each.colour) for each in self._series]

    def _draw_reading(self, painter: QPainter, look: theme.Theme, axes: Axes, at: float) -> None:
        x = axes.point(at, axes.low).x()
        painter.setPen(QPen(QColor(look.edge), 1))
        painter.drawLine(QPointF(x, axes.area.top()), QPointF(x, axes.area.bottom()))
        lines = [(say_place(at, self._across), look.text3)]
        for each, value in self.values_at(at):
            lines.append((f"{each.name} {say_value(value)}", each.colour))
            painter.setPen(QPen(QColor(look.panel), 1.5))
            painter.setBrush(QColor(each.colour))
            place = axes.point(at, value)
            if axes.area.contains(place):
                painter.drawEllipse(place, 3.5, 3.5)
        wide = max(words_width(words, 10.5, 500) for words, _ in lines) + 16
        high = theme.px(15) * len(lines) + 8
        left = x + 8 if x + 8 + wide < axes.area.right() else x - 8 - wide
        painter.setPen(QPen(QColor(look.line), 1))
        painter.setBrush(QColor(look.raised))
        painter.drawRoundedRect(QRectF(left, axes.area.top() + 4, wide, high), 5, 5)
        for row, (words, colour) in enumerate(lines):
            put(painter, left + 8, axes.area.top() + 4 + theme.px(15) * (row + 1), words, colour, 10.5, 500)

    def values_at(self, at: float) -> list[tuple[Series, float]]:
        """What each run that reaches there has, between two figures in proportion."""
        found = []
        for each, line in zip(self._series, self._lines, strict=True):
            kept = np.isfinite(line)
            if kept.any() and each.steps[0] <= at <= each.steps[-1]:
                found.append((each, float(np.interp(at, each.steps[kept], line[kept]))))
        return found

    # ---- what a person does ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        inside = self._axes is not None and self._axes.area.contains(event.position())
        if event.button() == Qt.MouseButton.LeftButton and inside:
            self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        axes = self._axes
        if axes is None:
            return
        place = event.position()
        if self._pressed is not None and abs(place.x() - self._pressed.x()) > _DRAG_PX:
            ends = (min(max(each.x(), axes.area.left()), axes.area.right()) for each in (self._pressed, place))
            first, last = ends
            self._band = axes.step_at(first), axes.step_at(last)
            self.update()
        self.pointed.emit(axes.step_at(place.x()) if axes.area.contains(place) else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        band, self._band, self._pressed = self._band, None, None
        if band is not None and event.button() == Qt.MouseButton.LeftButton:
            self.view_wanted.emit((min(band), max(band)))
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        del event
        self.view_wanted.emit(None)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier or self._axes is None:
            event.ignore()  # the column of charts scrolls
            return
        self._zoom(_NOTCH ** (event.angleDelta().y() / 120), self._axes.step_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        axes = self._axes
        if axes is None:
            super().keyPressEvent(event)
            return
        here = self._cursor if self._cursor is not None else axes.last
        move = (axes.last - axes.first) / 50
        match event.key():
            case Qt.Key.Key_Left:
                self.pointed.emit(max(axes.first, here - move))
            case Qt.Key.Key_Right:
                self.pointed.emit(min(axes.last, here + move))
            case Qt.Key.Key_Home:
                self.pointed.emit(axes.first)
            case Qt.Key.Key_End:
                self.pointed.emit(axes.last)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._zoom(_NOTCH, here)
            case Qt.Key.Key_Minus:
                self._zoom(1 / _NOTCH, here)
            case Qt.Key.Key_0:
                self.view_wanted.emit(None)
            case _:
                super().keyPressEvent(event)
                return
        if self._cursor is not None:
            read = [f"{each.name} {say_value(value)}" for each, value in self.values_at(self._cursor)]
            self.setAccessibleDescription("; ".join((say_place(self._cursor, self._across), *read)))

    def _zoom(self, by: float, at: float) -> None:
        """Closer by a factor, what lies at `at` staying where it is; never beyond the whole."""
        axes = self._axes
        if axes is None:
            return
        whole = max([self._most, *(float(each.steps[-1]) for each in self._series)])
        first, last = at - (at - axes.first) / by, at + (axes.last - at) / by
        if last - first >= whole:
            self.view_wanted.emit(None)
        elif last - first > _LEAST_SPAN * whole:
            first = min(max(first, 0.0), whole - (last - first)) if last - first < whole else 0.0
            self.view_wanted.emit((first, first + (axes.last - axes.first) / by))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._anew()


def _same(these: Sequence[Series], those: Sequence[Series]) -> bool:
    """Whether both are the same runs with the very same arrays."""
    if len(these) != len(those):
        return False
    return all(
        (one.name, one.colour, one.is_live) == (other.name, other.colour, other.is_live)
        and one.values is other.values
        and one.steps is other.steps
        for one, other in zip(these, those, strict=True)
    )


def _last(values: ndarray) -> float:
    """The newest figure that is a number."""
    kept = values[np.isfinite(values)]
    return float(kept[-1]) if len(kept) else float("nan")


def _least(values: ndarray) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.min()) if len(kept) else 0.0

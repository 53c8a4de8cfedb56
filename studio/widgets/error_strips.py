"""Error over time as strips: a group a run, a row a joint, lightness is the error; where each step came, and the clock.

Errors are shares of what is the lightest of the ramp once `lightest` is reached; time is seconds from the left edge.
Press or drag anywhere seeks. It knows no page.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QToolTip

from studio import theme
from studio.widgets.painting import Painted, put, words_width
from studio.widgets.run_mark import draw_bar
from studio.words import say

_NAMES = 124
_FOOT = 20
_GAP = 5.0
_LEAST_GROUP_PX = 19


@dataclass(frozen=True, eq=False)
class StripRun:
    """A run's errors: joints in rows, instants in columns, evenly spread; NaN where nothing can be compared."""

    key: str
    name: str
    colour: str
    errors: Float[ndarray, "joints instants"]
    round: int = 0


@dataclass(frozen=True)
class Boundary:
    """When a step came, and which."""

    seconds: float
    words: str


@dataclass(frozen=True, eq=False)
class Strips:
    """All runs over the same stretch."""

    runs: tuple[StripRun, ...] = ()
    boundaries: tuple[Boundary, ...] = ()
    seconds: float = 0.0
    joints: tuple[str, ...] = ()
    lightest: float = 1.0


class ErrorStrips(Painted):
    """The strips; `sought` carries seconds."""

    sought = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Error over time, by joint"))
        self._strips = Strips()
        self._now_s: float | None = None
        self._pictures: dict[int, QImage] = {}
        self._look = ""

    def show_strips(self, strips: Strips) -> None:
        """Another moment, or other runs."""
        if strips is self._strips:
            return
        self._strips, self._pictures = strips, {}
        self.setFixedHeight(round(len(strips.runs) * (theme.px(_LEAST_GROUP_PX) + _GAP) + theme.px(_FOOT)))
        said = [
            say(
                "{name}: {errors:.0f} % of the torso in the mean",
                name=run.name,
                errors=100 * float(np.nanmean(run.errors)),
            )
            for run in strips.runs
        ]
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def show_clock(self, seconds: float | None) -> None:
        """Where the playhead is; None while it is elsewhere."""
        if seconds != self._now_s:
            self._now_s = seconds
            self.update()

    # ---- places ----

    def x_of(self, seconds: float) -> float:
        left = theme.px(_NAMES)
        return left + (self.width() - left) * seconds / max(self._strips.seconds, 1e-6)

    def seconds_at(self, x: float) -> float:
        left = theme.px(_NAMES)
        share = (x - left) / max(self.width() - left, 1)
        return min(max(share, 0.0), 1.0) * self._strips.seconds

    def area_of(self, run: int) -> QRectF:
        """Where a run's strip lies."""
        left, foot = theme.px(_NAMES), theme.px(_FOOT)
        count = max(1, len(self._strips.runs))
        high = (self.height() - foot - _GAP * count) / count
        return QRectF(left, run * (high + _GAP), self.width() - left, high)

    # ---- drawing ----

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if look.name != self._look:
            self._look, self._pictures = look.name, {}
        strips = self._strips
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for at, run in enumerate(strips.runs):
            area = self.area_of(at)
            draw_bar(painter, QRectF(0, area.top() + 1, 4, area.height() - 2), run.colour, run.round)
            put(painter, 12, area.center().y() + 4, run.name, look.text2, 11, 500, width=theme.px(_NAMES) - 22)
            painter.drawImage(area, self._picture(at, look))
        if not strips.runs:
            return
        bottom = self.area_of(len(strips.runs) - 1).bottom()
        taken = 0.0
        for boundary in strips.boundaries:
            x = self.x_of(boundary.seconds)
            painter.fillRect(QRectF(x - 0.75, 0, 1.5, bottom), QColor(look.panel))
            painter.fillRect(QRectF(x - 0.5, bottom, 1, 4), QColor(look.text3))
            wide = words_width(boundary.words, 10.5)
            left = min(x + 3, self.width() - wide)
            if left >= taken:
                put(painter, left, bottom + theme.px(14), boundary.words, look.text3, 10.5)
                taken = left + wide + 8
        if self._now_s is not None and 0 <= self._now_s <= strips.seconds:
            painter.fillRect(QRectF(self.x_of(self._now_s) - 0.8, 0, 1.6, bottom), QColor(look.playhead))

    def _picture(self, at: int, look: theme.Theme) -> QImage:
        if at not in self._pictures:
            self._pictures[at] = as_image(self._strips.runs[at].errors / self._strips.lightest, look)
        return self._pictures[at]

    # ---- hands ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._seek(event)

    def _seek(self, event: QMouseEvent) -> None:
        if self._strips.runs:
            self.sought.emit(self.seconds_at(event.position().x()))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            words = self.words_at(event.pos())
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def words_at(self, place: QPoint) -> str:
        """A run, a joint, a time and the error there; a run's name over its name."""
        for at, run in enumerate(self._strips.runs):
            area = self.area_of(at)
            if not area.top() <= place.y() <= area.bottom():
                continue
            if place.x() < area.left():
                return run.name
            joints, instants = run.errors.shape
            row = min(int((place.y() - area.top()) / max(area.height(), 1) * joints), joints - 1)
            seconds = self.seconds_at(place.x())
            column = min(int(seconds / max(self._strips.seconds, 1e-6) * instants), instants - 1)
            error = run.errors[row, column]
            said = say("{error:.0f} % of the torso", error=100 * error) if np.isfinite(error) else self.tr("not seen")
            return f"{run.name}, {self._strips.joints[row]}, {seconds:+.1f} s: {said}"
        return ""


def as_image(shares: Float[ndarray, "joints instants"], look: theme.Theme) -> QImage:
    """The ramp of errors, 0 to 1 and held beyond; what is not known is the panel."""
    stops = np.array([_rgb(colour) for colour in theme.RAMP[look.name]], float)
    known = np.isfinite(shares)
    place = np.clip(np.where(known, shares, 0.0), 0, 1) * (len(stops) - 1)
    colours = np.stack([np.interp(place, np.arange(len(stops)), stops[:, part]) for part in range(3)], axis=-1)
    colours[~known] = _rgb(look.panel)
    pixels = np.ascontiguousarray(colours.round().astype(np.uint8))
    high, wide, _ = pixels.shape
    return QImage(pixels.data, wide, high, 3 * wide, QImage.Format.Format_RGB888).copy()


class RampKey(Painted):
    """The ramp with words at its ends."""

    def __init__(self, low: str, high: str) -> None:
        self._ends, self._wide = (low, high), theme.px(64)
        super().__init__(round(words_width(low, 11) + words_width(high, 11) + self._wide + 14), theme.px(16))
        self.setAccessibleName(f"{low} … {high}")

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        low, high = self._ends
        used = put(painter, 0, theme.px(12), low, look.text3, 11)
        area = QRectF(used + 6, (self.height() - theme.px(8)) / 2, self._wide, theme.px(8))
        painter.drawImage(area, as_image(np.linspace(0, 1, 64)[None], look))
        put(painter, area.right() + 6, theme.px(12), high, look.text3, 11)


def _rgb(colour: str) -> tuple[int, int, int]:
    made = QColor(colour)
    return made.red(), made.green(), made.blue()

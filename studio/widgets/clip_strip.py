"""The whole clip as one strip to scrub on: segments, the moment that is forecast from, the steps ahead, the playhead.

Frames of the clip are given, places on the strip are computed; it knows no page. Press or drag to seek.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPolygonF

from studio import theme
from studio.widgets.notices import KEEP_CLEAR
from studio.widgets.painting import Painted, diamond

_SIDE = 8.0


@dataclass(frozen=True)
class Stretch:
    """A segment: frames `start` … `end` - 1."""

    start: int
    end: int
    colour: str


class ClipStrip(Painted):
    """One line of time."""

    sought = Signal(int)

    def __init__(self) -> None:
        super().__init__(0, theme.px(34))
        self.setMinimumWidth(120)
        self.setProperty(KEEP_CLEAR, True)
        self.setAccessibleName(self.tr("The clip in time"))
        self._frames = 0
        self._stretches: tuple[Stretch, ...] = ()
        self._steps: tuple[int, ...] = ()
        self._step_colour = "#FFFFFF"
        self._from = 0
        self._playhead = 0

    def show_clip(self, frames: int, stretches: Sequence[Stretch]) -> None:
        """Another clip, or the same with other segments."""
        self._frames, self._stretches = frames, tuple(stretches)
        self.update()

    def show_forecast(self, from_frame: int, steps: Sequence[int], colour: str) -> None:
        """Where it is seen from, and the frames at which the steps really came."""
        self._from, self._steps, self._step_colour = from_frame, tuple(steps), colour
        self.update()

    def show_playhead(self, frame: int) -> None:
        if frame != self._playhead:
            self._playhead = frame
            self.update()

    def x_of(self, frame: float) -> float:
        return _SIDE + (self.width() - 2 * _SIDE) * frame / max(self._frames - 1, 1)

    def frame_at(self, x: float) -> int:
        share = (x - _SIDE) / max(self.width() - 2 * _SIDE, 1)
        return round(min(max(share, 0.0), 1.0) * max(self._frames - 1, 0))

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        middle = self.height() / 2
        lane = QRectF(_SIDE, middle - 5, self.width() - 2 * _SIDE, 10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.press))
        painter.drawRoundedRect(lane, 3, 3)
        for each in self._stretches:
            left, right = self.x_of(each.start), self.x_of(each.end)
            seen = each.end <= self._from or each.start < self._from
            painter.setBrush(theme.alpha(each.colour, 0.9 if seen else 0.4))
            painter.drawRoundedRect(QRectF(left, lane.top(), max(1.5, right - left - 1), lane.height()), 2, 2)
        start = self.x_of(self._from)
        painter.setBrush(QColor(look.text))
        painter.drawRoundedRect(QRectF(start - 1, middle - 11, 2, 22), 1, 1)
        for frame in self._steps:
            diamond(painter, self.x_of(frame), middle, 5, self._step_colour, look.panel)
        x = self.x_of(self._playhead)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.playhead))
        painter.drawRect(QRectF(x - 0.8, 4, 1.6, self.height() - 8))
        painter.drawPolygon(
            QPolygonF((QPointF(x - 5, 0), QPointF(x + 5, 0), QPointF(x + 5, 4), QPointF(x, 9), QPointF(x - 5, 4)))
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._seek(event)

    def _seek(self, event: QMouseEvent) -> None:
        if self._frames:
            self.sought.emit(self.frame_at(event.position().x()))

"""The seconds of a motion that was made, as places on a line: the axis that tokens and story share.

Second 0 is the first new frame; what was there before it has negative times. All in logical pixels.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from studio import theme
from studio.widgets import painting

RULER = 20.0
"""Height of the ruler at 100 % text."""
_STEPS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


def head_px() -> int:
    """Room at the left for what a row is called."""
    return theme.px(58)


def tail_px(width: int) -> int:
    """Room at the right for what can be added."""
    return theme.px(98) if width >= theme.px(640) else theme.px(34)


@dataclass(frozen=True)
class MotionTime:
    """Seconds `start_s` to `end_s` over `width` pixels from `left` on."""

    start_s: float
    end_s: float
    left: float
    width: float

    @classmethod
    def over(cls, width: int, start_s: float, end_s: float) -> "MotionTime":
        """The axis of a widget that is so wide."""
        left = head_px()
        return cls(start_s, max(end_s, start_s + 0.1), left, max(width - left - tail_px(width), 1))

    @property
    def px_per_s(self) -> float:
        return self.width / (self.end_s - self.start_s)

    @property
    def right(self) -> float:
        return self.left + self.width

    def x(self, seconds: float) -> float:
        return self.left + (seconds - self.start_s) * self.px_per_s

    def seconds(self, x: float) -> float:
        return self.start_s + (x - self.left) / self.px_per_s


def draw_ruler(painter: QPainter, time: MotionTime, height: float, taken: Iterable[tuple[float, float]] = ()) -> None:
    """Written times as close as they can be read, each over its tick; none where something else stands (`taken`)."""
    look = theme.now()
    wide = theme.px(52)
    step = next((each for each in _STEPS_S if each * time.px_per_s >= wide), _STEPS_S[-1])
    digits = 1 if step < 1 else 0
    taken = tuple(taken)
    for at in range(math.ceil(time.start_s / step - 1e-9), math.floor(time.end_s / step + 1e-9) + 1):
        x = time.x(at * step)
        said = f"{at * step:.{digits}f} s"
        painter.setPen(QPen(QColor(look.edge), 1))
        painter.drawLine(QPointF(x, height - 4), QPointF(x, height - 1))
        end = x + 3 + painting.words_width(said, 10.5)
        if not any(first < end + 2 and x + 1 < last for first, last in taken):
            painting.put(painter, x + 3, height - 6, said, look.text3, 10.5)


def draw_playhead(painter: QPainter, time: MotionTime, seconds: float, height: float, *, handle: bool) -> None:
    """The one red line."""
    x = time.x(seconds)
    if not time.left - 1 <= x <= time.right + 1:
        return
    look = theme.now()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(look.playhead))
    painter.drawRect(QRectF(x - 0.8, 0, 1.6, height))
    if handle:
        painter.drawPolygon(
            QPolygonF((QPointF(x - 5, 0), QPointF(x + 5, 0), QPointF(x + 5, 4), QPointF(x, 9), QPointF(x - 5, 4)))
        )

"""The three axes in a corner of the space view: they show how the world lies, and a click looks along one."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from core.rendering.views import Orbit
from studio import theme

RADIUS, MARGIN = 26, 14
_REACH = 0.74
_HIT = 10
AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}
COLOURS = {"x": "#e5484d", "y": "#62a63f", "z": "#4a86e8"}
"""What every 3D program paints them in."""


def middle(width: int) -> QPointF:
    """Top right of a widget this wide."""
    return QPointF(width - MARGIN - RADIUS, MARGIN + RADIUS)


def tips(view: Orbit, width: int) -> list[tuple[str, bool, QPointF, float]]:
    """(axis, its negative end, place, nearness −1 … 1), the farthest first."""
    towards, right, up = view.axes()
    ends = []
    for axis, direction in AXES.items():
        for negative in (False, True):
            end = np.array(direction) * (-1 if negative else 1)
            offset = QPointF(float(end @ right), -float(end @ up)) * (RADIUS * _REACH)
            ends.append((axis, negative, middle(width) + offset, float(end @ towards)))
    return sorted(ends, key=lambda end: end[3])


def tip_at(view: Orbit, width: int, point: QPointF) -> tuple[str, bool] | None:
    """The axis end under the pointer, the nearest to the viewer first."""
    for axis, negative, at, _ in reversed(tips(view, width)):
        if (at - point).manhattanLength() <= _HIT:
            return axis, negative
    return None


def paint(painter: QPainter, view: Orbit, width: int) -> None:
    """Positive ends are full and named, negative ones hollow."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.alpha(theme.now().panel, 0.6))
    painter.drawEllipse(middle(width), RADIUS + 4, RADIUS + 4)
    painter.setFont(theme.font(9, 700))
    for axis, negative, at, near in tips(view, width):
        colour = QColor(COLOURS[axis])
        colour.setAlphaF(0.78 + 0.22 * near)
        if negative:
            painter.setPen(QPen(colour, 1.5))
            painter.setBrush(QColor(theme.now().panel))
            painter.drawEllipse(at, 4, 4)
            continue
        painter.setPen(QPen(colour, 2))
        painter.drawLine(middle(width), at)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(at, 6.5, 6.5)
        painter.setPen(QColor(theme.now().seg_ink))
        painter.drawText(QRectF(at.x() - 7, at.y() - 7, 14, 14), Qt.AlignmentFlag.AlignCenter, axis.upper())

"""Two pictures of a frame beside each other: as it was marked, and as it is now, as far as the stored means tell."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from studio import theme
from studio.widgets import painting
from studio.widgets.painting import Painted
from studio.words import say

ACROSS, DOWN = 32, 18
"""Cells of a frame's luma means; see core.video.frame_luma."""


def picture_of(luma: str) -> QImage:
    """The means as a small grey picture; empty where the words are none."""
    try:
        values = bytes.fromhex(luma)
    except ValueError:
        values = b""
    if len(values) != ACROSS * DOWN:
        return QImage()
    return QImage(values, ACROSS, DOWN, ACROSS, QImage.Format.Format_Grayscale8).copy()


class FramePair(Painted):
    """The stored means at the left, today's at the right."""

    def __init__(self, was: str, now: str) -> None:
        super().__init__(0, theme.px(98))
        self.setMinimumWidth(theme.px(270))
        self.setAccessibleName(say("The frame as it was marked, and as it is now"))
        self._pictures = ((say("As marked"), picture_of(was)), (say("Now"), picture_of(now)))

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        wide = (self.width() - 8) / 2
        high = wide * DOWN / ACROSS
        for place, (name, picture) in enumerate(self._pictures):
            x = place * (wide + 8)
            painter.fillRect(QRectF(x, 0, wide, high), QColor(look.canvas))
            if not picture.isNull():
                painter.drawImage(QRectF(x, 0, wide, high), picture)
            painting.put(painter, x, high + theme.px(14), name, look.text3, 11)

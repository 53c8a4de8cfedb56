"""A foreseen pose, faint over the frame of the Annotate page, while somebody points at its step in a lane.

Joints are UPPER_BODY_9 in pixels of the original video, where the forecast has them: at the neck that was seen last.
"""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from studio import theme
from studio.widgets import painting
from studio.widgets.picture_framing import Framing
from studio.widgets.pose_picture import DrawnPose, draw_pose

_FAINT = 0.7


class GhostPose:
    """One pose or none, with words on what it is; it asks its picture to paint when that changes."""

    def __init__(self, view: QWidget) -> None:
        self._view = view
        self.pose: DrawnPose | None = None
        self.words = ""

    def show(self, joints_px: tuple[tuple[float, float], ...], colour: str, words: str) -> None:
        """Dashed, in the colour of the run that foresees it."""
        self.pose, self.words = DrawnPose(joints_px, colour, dashed=True, opacity=_FAINT), words
        self._view.update()

    def clear(self) -> None:
        """Nobody points any more."""
        if self.pose is not None:
            self.pose, self.words = None, ""
            self._view.update()

    def paint(self, painter: QPainter, framing: Framing) -> None:
        """Over what is there, inside the picture."""
        if self.pose is None:
            return
        seen = framing.seen
        painter.save()
        painter.setClipRect(seen, Qt.ClipOperation.IntersectClip)
        places = [framing.to_view(x, y) for x, y in self.pose.joints_px]
        draw_pose(painter, self.pose, places, 2.4, on_video=True)
        painter.restore()
        area = QRectF(seen.left() + 10, seen.top() + 10, 0, theme.px(22))
        painting.chip(
            painter, area.left(), area.top(), self.words, theme.DARK.truth, "#B3101114", 11, pad=8, height=22,
            most=max(seen.width() - 20, 40.0),
        )  # fmt: skip

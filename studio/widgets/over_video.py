"""A frame of a video with a body over it, as large as there is room: what somebody would do from there on.

It shows what it is given. While a frame or a body is on its way, the one before stays.
"""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPixmap, QResizeEvent

from studio import theme
from studio.widgets import painting
from studio.widgets.cut_outs import CutOut
from studio.widgets.painting import Painted


class OverVideoView(Painted):
    """The picture."""

    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(240, 160)
        self.setAccessibleName(self.tr("The sample over the video"))
        self._frame: QPixmap | None = None
        self._size = (16, 9)
        self._cut: CutOut | None = None
        self._opacity = 1.0
        self._note = ""

    @property
    def scale(self) -> float:
        """Logical pixels for one of the video."""
        return min(self.width() / self._size[0], self.height() / self._size[1])

    def show_size(self, width: int, height: int) -> None:
        """Of the video; another one is shown from now on."""
        self._size, self._frame, self._cut = (max(width, 1), max(height, 1)), None, None
        self.update()

    def show_frame(self, frame: QPixmap | None, cut: CutOut | None, *, opacity: float = 1.0, note: str = "") -> None:
        """This frame and this body; None keeps the one before."""
        self._frame, self._cut = frame or self._frame, cut or self._cut
        self._opacity, self._note = opacity, note
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        painter.fillRect(QRectF(self.rect()), QColor(look.canvas))
        scale = self.scale
        area = QRectF(0, 0, self._size[0] * scale, self._size[1] * scale)
        area.moveCenter(QRectF(self.rect()).center())
        if self._frame is not None:
            painter.drawPixmap(area, self._frame, QRectF(self._frame.rect()))
        if self._cut is not None:
            painter.save()
            painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
            self._cut.paint(painter, area.left(), area.top(), scale, self._opacity)
            painter.restore()
        if self._note:
            painting.chip(
                painter, area.right() - 10, area.top() + 10, self._note, theme.DARK.truth, QColor(16, 17, 20, 179),
                pad=8, height=22, align="right", radius=5,
            )  # fmt: skip

"""The shaded body of one person over a picture, or beside it at the same size: what `VideoView` paints of it.

Beside, the view gives half its width to the picture; the body stands on plain ground in the other half, as high and as
large as in the picture. A body that belongs to another moment than the one shown is pale until its own is there.
"""

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter

from studio import theme
from studio.widgets import painting
from studio.widgets.cut_outs import CutOut
from studio.widgets.picture_framing import Framing

GAP = 6
PALE = 0.3
"""Of a body that is not yet the one of this frame."""


class BodyLayer(QObject):
    """One cut-out with how it is shown."""

    changed = Signal()
    moved = Signal()
    """It went in front of the picture, or beside it: the picture has another width."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cut: CutOut | None = None
        self.is_pale = False
        self.is_beside = False
        self.hides_joints = False
        self.note = ""
        self._opacity = 1.0

    def show(
        self, cut: CutOut | None, *, opacity: float = 1.0, is_pale: bool = False, hides_joints: bool = False,
        note: str = "",
    ) -> None:  # fmt: skip
        """This body, or none; `note` says what is only estimated, or why there is no body."""
        now = (cut, opacity, is_pale, hides_joints, note)
        if now == (self.cut, self._opacity, self.is_pale, self.hides_joints, self.note):
            return
        self.cut, self._opacity, self.is_pale, self.hides_joints, self.note = now
        self.changed.emit()

    def set_beside(self, *, on: bool) -> None:
        """Beside the picture instead of in front of it."""
        if on != self.is_beside:
            self.is_beside = on
            self.moved.emit()

    @property
    def covers_joints(self) -> bool:
        """Whether the body stands for its person, so that no joints are drawn."""
        return self.hides_joints and self.cut is not None and not self.is_pale and not self.is_beside

    def width_of_picture(self, width: int) -> int:
        """How much of a view this wide is the picture's."""
        return (width - GAP) // 2 if self.is_beside else width

    def paint(self, painter: QPainter, framing: Framing, view: QRectF) -> None:
        """Over the picture, or at its right."""
        if self.is_beside:
            room = QRectF(framing.view_width + GAP, 0, view.width() - framing.view_width - GAP, view.height())
            painter.fillRect(QRectF(framing.view_width, 0, GAP, view.height()), QColor(theme.now().window))
            painter.fillRect(room, QColor(theme.now().canvas))
        else:
            room = framing.seen
        if self.cut is not None:
            painter.save()
            painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
            picture = framing.picture
            left = picture.left() + (room.left() if self.is_beside else 0)
            opacity = 1.0 if self.is_beside else self._opacity
            self.cut.paint(painter, left, picture.top(), framing.scale, PALE if self.is_pale else opacity)
            painter.restore()
        if self.note:
            ground = theme.now().raised if self.is_beside else QColor(16, 17, 20, 179)
            ink = theme.now().text2 if self.is_beside else theme.DARK.truth
            painting.chip(painter, room.right() - 10, room.top() + 10, self.note, ink, ground, pad=8, height=22,
                          align="right", radius=5)  # fmt: skip

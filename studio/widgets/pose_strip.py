"""Some poses side by side, each in a cell of its own, seen from the front and a little above; a drag turns them all.

Poses are UPPER_BODY_9 in metres, neck at the origin, y up, facing +z: a person's left is at the viewer's right.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.bodies.skeletons import UPPER_BODY_9
from studio import theme
from studio.widgets.painting import put
from studio.widgets.pose_picture import DrawnPose, draw_pose

_CELL_PX = (150, 170)
_GAP_PX = 4
_PITCH = np.radians(12)
_START_YAW, _STEP_YAW = 25.0, 15.0
"""Degrees."""
_DEGREES_A_PX = 0.5


class PoseStrip(QWidget):
    """As many in a row as there is room for; the arrow keys turn them too."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Some of its poses"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip(self.tr("Drag to turn them"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._poses_m: Float[ndarray, "n 9 3"] = np.zeros((0, len(UPPER_BODY_9), 3))
        self._captions: tuple[str, ...] = ()
        self._yaw = _START_YAW
        self._held: QPointF | None = None

    def show_poses(self, poses_m: Float[ndarray, "n 9 3"], captions: Sequence[str] = ()) -> None:
        """These poses, each with a word under it."""
        self._poses_m = np.asarray(poses_m, float)
        self._captions = (*captions, *("" for _ in self._poses_m[len(captions) :]))
        self._yaw = _START_YAW
        self.updateGeometry()
        self.update()

    @property
    def yaw_degrees(self) -> float:
        """How far they are turned."""
        return self._yaw

    def sizeHint(self) -> QSize:
        return QSize(6 * theme.px(_CELL_PX[0]), 2 * theme.px(_CELL_PX[1]))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(200), theme.px(120))

    def cells(self) -> list[QRectF]:
        """Where each pose stands: the grid whose cells are nearest to the shape of a pose."""
        count, wide, high = len(self._poses_m), self.width(), self.height()
        if not count:
            return []
        wanted = _CELL_PX[0] / _CELL_PX[1]
        shapes = {columns: wide / columns / (high / -(-count // columns)) for columns in range(1, count + 1)}
        columns = min(shapes, key=lambda each: abs(np.log(shapes[each] / wanted)))
        rows = -(-count // columns)
        columns = -(-count // rows)
        side = QRectF(0, 0, wide / columns, high / rows)
        gap = _GAP_PX / 2
        return [
            side.translated(at % columns * side.width(), at // columns * side.height()).adjusted(gap, gap, -gap, -gap)
            for at in range(count)
        ]

    def seen_from_here(self) -> Float[ndarray, "n 9 2"]:
        """Metres to the right and down on the screen."""
        x, y, z = np.moveaxis(self._poses_m, -1, 0)
        cos, sin = np.cos(np.radians(self._yaw)), np.sin(np.radians(self._yaw))
        right, towards = cos * x + sin * z, cos * z - sin * x
        up = np.cos(_PITCH) * y - np.sin(_PITCH) * towards
        return np.stack([right, -up], axis=-1)

    def _scale(self, cell: QRectF, foot: float) -> tuple[float, float]:
        """Pixels a metre that hold in every turn, and how far below the cell's top the neck is."""
        reach = max(float(np.linalg.norm(self._poses_m[..., [0, 2]], axis=-1).max()), 0.1)
        tilt = reach * np.sin(_PITCH)
        top = float(self._poses_m[..., 1].max()) + tilt
        bottom = float(self._poses_m[..., 1].min()) - tilt
        room = cell.height() - foot - 16
        scale = min((cell.width() - 16) / (2 * reach), room / max(top - bottom, 0.1))
        return scale, 8 + top * scale + (room - (top - bottom) * scale) / 2

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter, look = QPainter(self), theme.now()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        foot = theme.px(16) if any(self._captions) else 0
        for cell, points, words in zip(self.cells(), self.seen_from_here(), self._captions, strict=True):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.canvas))
            painter.drawRoundedRect(cell, theme.RADIUS["control"], theme.RADIUS["control"])
            scale, neck = self._scale(cell, foot)
            places = [QPointF(cell.center().x() + scale * x, cell.top() + neck + scale * y) for x, y in points]
            pose = DrawnPose([(place.x(), place.y()) for place in places], look.centre)
            draw_pose(painter, pose, places, min(3.0, max(1.4, cell.height() / 60)), on_video=False)
            if words:
                put(painter, cell.center().x(), cell.bottom() - 6, words, look.text2, 11, align="centre",
                    width=cell.width() - 12)  # fmt: skip
        if self.hasFocus():
            painter.setPen(QColor(look.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawLine(0, 0, self.width(), 0)
            painter.drawLine(0, 1, self.width(), 1)

    # ---- turning ----

    def _turn(self, degrees: float) -> None:
        self._yaw = (self._yaw + degrees + 180) % 360 - 180
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            self._turn(_DEGREES_A_PX * (event.position().x() - self._held.x()))
            self._held = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        self._held = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turns = {Qt.Key.Key_Left: -_STEP_YAW, Qt.Key.Key_Right: _STEP_YAW}
        if event.key() in turns:
            self._turn(turns[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

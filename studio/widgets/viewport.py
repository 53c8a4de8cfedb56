"""The space view: bodies and skeletons in 3D, turned with mouse, wheel, fingers and keys.

Drawing is `scene_view`'s, on a thread of its own. World metres, y up.

    viewport.set_bodies([SceneBody(vertices_m, faces, colour)])
    viewport.look("side")            # front, side, top
    viewport.look_through(camera)    # as the clip's camera saw it
    viewport.orbit_freely()

Whoever holds it calls `shut()` when it closes; a viewport that is its own window does so by itself.
"""

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from core.geometry.cameras import Camera
from core.rendering.views import Orbit
from studio.widgets import gizmo
from studio.widgets.scene_view import SceneView

ORBIT_A_PIXEL = 0.0085
ORBIT_A_KEY = 0.12
ZOOM_A_NOTCH = 1.15
_TURNS = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
_DRAG_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)


class Viewport(SceneView):
    """Left drag orbits, middle or Shift+left drag pans, the wheel zooms to the pointer, a click on an axis looks along
    it, a double click frames all, Alt with the arrows turns.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._dragged_from: QPointF | None = None

    def look(self, name: str) -> None:
        """`front`, `side` or `top`, with everything in the picture."""
        self._move(self._orbit().preset(name))
        self.frame_all()

    def look_through(self, camera: Camera) -> None:
        """As the clip's camera saw it; turning it by hand goes back to orbiting."""
        self._move(camera)

    def orbit_freely(self) -> None:
        """Back from a clip's camera to a view that can be turned."""
        if not isinstance(self._view, Orbit):
            self._view = self._orbit()
            self.frame_all()

    # ---- hands on it ------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        end = gizmo.tip_at(self._orbit(), self.width(), event.position()) if self._image is not None else None
        if end is not None and event.button() == Qt.MouseButton.LeftButton and isinstance(self._view, Orbit):
            self._move(self._view.along(*end))
        elif event.button() in _DRAG_BUTTONS:
            self.orbit_freely()
            self._dragged_from = event.position()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is None:
            return
        way = event.position() - self._dragged_from
        self._dragged_from = event.position()
        pans = event.buttons() & Qt.MouseButton.MiddleButton or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        self._drag(way, pans=bool(pans))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        del event
        self.orbit_freely()
        self.frame_all()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.orbit_freely()
        fingers = event.pixelDelta()
        if not fingers.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase:  # a trackpad
            self._drag(QPointF(fingers), pans=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            self._zoom(ZOOM_A_NOTCH ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turn = _TURNS.get(Qt.Key(event.key()))
        if turn is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.orbit_freely()
            self._move(self._orbit().orbited(*(ORBIT_A_KEY * way for way in turn)))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.orbit_freely()
            self._zoom(1 + event.value(), event.position())
            return True
        return super().event(event)

    def _drag(self, way: QPointF, *, pans: bool) -> None:
        if pans:
            self._move(self._orbit().panned(way.x() / self.height(), -way.y() / self.height()))
        else:
            self._move(self._orbit().orbited(-way.x() * ORBIT_A_PIXEL, way.y() * ORBIT_A_PIXEL))

    def _zoom(self, factor: float, at: QPointF) -> None:
        right, above = (at.x() - self.width() / 2) / self.height(), (self.height() / 2 - at.y()) / self.height()
        self._move(self._orbit().zoomed(factor, (right, above)))

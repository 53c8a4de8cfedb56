"""The space view: bodies and skeletons in 3D, turned with mouse, wheel, fingers and keys.

Drawing is `scene_view`'s, on a thread of its own. World metres, y up.

    viewport.set_standing(Standing(bodies=(PosedBody(key, pose, colour),)))
    viewport.look("side")            # front, side, top
    viewport.look_through(camera)    # as the clip's camera saw it
    viewport.orbit_freely()

Whoever holds it calls `shut()` when it closes; a viewport that is its own window does so by itself.
"""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from core.geometry.cameras import Camera
from core.rendering.contents import SceneBody, SceneSkeleton
from core.rendering.views import Orbit, to_pixels
from studio.widgets import gizmo
from studio.widgets.scene_view import SceneView

ORBIT_A_PIXEL = 0.0085
ORBIT_A_KEY = 0.12
ZOOM_A_NOTCH = 1.15
_TURNS = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
_DRAG_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)


class Viewport(SceneView):
    """Left drag orbits, middle or Shift+left drag pans, the wheel zooms to the pointer, a click on an axis looks along
    it, a double click on somebody follows them and elsewhere frames all, Alt with the arrows turns.
    """

    menu_wanted = Signal(QPoint)
    """A context menu was asked for at this place of the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._dragged_from: QPointF | None = None
        self._dragged = 0

    def look(self, name: str) -> None:
        """`front`, `side` or `top`, with everything in the picture."""
        self._move(self._orbit().preset(name))
        self.frame_all()

    def look_through(self, camera: Camera) -> None:
        """As the clip's camera saw it; turning it by hand goes back to orbiting."""
        self._move(camera)

    def orbit_freely(self) -> None:
        """Back from a clip's camera to a view that can be turned."""
        if not isinstance(self._views[0], Orbit):
            self._views = [self._orbit()] * len(self._views)
            self.frame_all()

    @property
    def is_in_perspective(self) -> bool:
        view = self._views[0]
        return not isinstance(view, Orbit) or view.perspective

    def set_perspective(self, *, on: bool) -> None:
        """Perspective, or parallel lines that stay parallel."""
        self.orbit_freely()
        self._views = [replace(view, perspective=on) if isinstance(view, Orbit) else view for view in self._views]
        self.view_changed.emit(self._views[0])
        self._redraw()
        self.looks_changed.emit()

    def follow(self, *, on: bool, name: str = "") -> None:
        """Go with somebody (the first one without a name) as they move, or stay."""
        self.followed = name
        self.set_looks(replace(self.looks, follows=on))
        if on:
            self.set_columns(self._columns, self._captions)

    # ---- hands on it ------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._column_at(event.position())
        view, right = self._views[at], round(self.rect_of(at).right())
        end = gizmo.tip_at(self._orbit(at), right, event.position()) if self._drawn is not None else None
        if end is not None and event.button() == Qt.MouseButton.LeftButton and isinstance(view, Orbit):
            self._move(view.along(*end), at)
        elif event.button() in _DRAG_BUTTONS:
            self.orbit_freely()
            self._dragged_from, self._dragged = event.position(), at
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is None:
            return
        way = event.position() - self._dragged_from
        self._dragged_from = event.position()
        pans = event.buttons() & Qt.MouseButton.MiddleButton or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        self._drag(way, self._dragged, pans=bool(pans))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.orbit_freely()
        at = self._column_at(event.position())
        who = self._who_is_at(event.position(), at)
        if who is None:
            self.frame_all()
            return
        points = who.vertices_m if isinstance(who, SceneBody) else who.joints_m[who.shown()]
        middle = (points.min(0) + points.max(0)) / 2
        self._move(replace(self._orbit(at), focus_m=tuple(float(part) for part in middle), followed_m=None), at)
        self.follow(on=True, name=who.label)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.orbit_freely()
        at = self._column_at(event.position())
        fingers = event.pixelDelta()
        if not fingers.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase:  # a trackpad
            self._drag(QPointF(fingers), at, pans=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            self._zoom(ZOOM_A_NOTCH ** (event.angleDelta().y() / 120), event.position(), at)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turn = _TURNS.get(Qt.Key(event.key()))
        if turn is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.orbit_freely()
            self._move(self._orbit().orbited(*(ORBIT_A_KEY * way for way in turn)))
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
            if alt and Qt.Key(event.key()) in _TURNS:
                event.accept()  # while the view has the focus, Alt with the arrows turns it
                return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.orbit_freely()
            self._zoom(1 + event.value(), event.position(), self._column_at(event.position()))
            return True
        return super().event(event)

    def _column_at(self, place: QPointF) -> int:
        return next((at for at in range(len(self._columns)) if place.x() < self.rect_of(at).right()), 0)

    def _who_is_at(self, place: QPointF, at: int) -> SceneBody | SceneSkeleton | None:
        """The nearest one drawn under the pointer."""
        if self._drawn is None or at >= len(self._drawn.contents):
            return None
        room, inside = self.rect_of(at), self._drawn.contents[at]
        here = np.array([place.x() - room.left(), place.y()])
        found: list[tuple[float, SceneBody | SceneSkeleton]] = []
        people = [each for each in (*inside.bodies, *inside.skeletons) if each.opacity > 0.3]
        for each in people:
            points = each.vertices_m if isinstance(each, SceneBody) else each.joints_m[each.shown()]
            if not len(points):
                continue
            pixels, depths = to_pixels(self._views[at], points, round(room.width()), round(room.height()))
            near = np.linalg.norm(pixels - here, axis=1) < (6 if isinstance(each, SceneBody) else 14)
            if near.any():
                found.append((float(depths[near].min()), each))
        return min(found, key=lambda each: each[0])[1] if found else None

    def _drag(self, way: QPointF, at: int, *, pans: bool) -> None:
        if pans:
            self._move(self._orbit(at).panned(way.x() / self.height(), -way.y() / self.height()), at)
        else:
            self._move(self._orbit(at).orbited(-way.x() * ORBIT_A_PIXEL, way.y() * ORBIT_A_PIXEL), at)

    def _zoom(self, factor: float, place: QPointF, at: int) -> None:
        room = self.rect_of(at)
        right = (place.x() - room.center().x()) / self.height()
        above = (self.height() / 2 - place.y()) / self.height()
        self._move(self._orbit(at).zoomed(factor, (right, above)), at)

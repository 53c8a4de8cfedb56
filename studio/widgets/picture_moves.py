"""How a picture is come closer to and moved by hand: the wheel, two fingers, the middle button, a double-click.

The wheel steps one frame a notch, with Ctrl it zooms at the pointer, as two fingers do; the middle button drags. A
double-click on a person fills the view with them, another one, or one beside everybody, shows the whole picture again.
The view itself keeps its framing; nothing is drawn here.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from studio.widgets.picture_framing import Framing

_NOTCH_ZOOM = 1.25


class PictureMoves(QObject):
    """Watches `view`; `person_at` says where in the picture the person under a point is, if there is one."""

    stepped = Signal(int)
    """The wheel asked for so many frames on (or back)."""
    framed = Signal(object)
    """The Framing a person wants."""

    def __init__(
        self, view: QWidget, framing: Callable[[], Framing], person_at: Callable[[QPointF], QRectF | None]
    ) -> None:
        super().__init__(view)
        self._view, self._framing, self._person_at = view, framing, person_at
        self._pan: QPointF | None = None
        self._notches = 0.0
        view.grabGesture(Qt.GestureType.PinchGesture)
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002
        match event:
            case QWheelEvent():
                self._wheel(event)
                return True
            case QNativeGestureEvent() if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.framed.emit(self._framing().zoomed(1 + event.value(), event.position()))
                return True
            case QGestureEvent():
                return self._pinch(event)
            case QMouseEvent():
                return self._mouse(event)
            case _:
                return False

    def _wheel(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.framed.emit(self._framing().zoomed(_NOTCH_ZOOM**notches, event.position()))
        else:
            self._notches += notches  # a trackpad sends small parts of a notch
            whole = int(self._notches)
            if whole:
                self._notches -= whole
                self.stepped.emit(-whole)
        event.accept()

    def _pinch(self, event: QGestureEvent) -> bool:
        pinch = event.gesture(Qt.GestureType.PinchGesture)
        if not isinstance(pinch, QPinchGesture):
            return False
        middle = QPointF(self._view.mapFromGlobal(pinch.centerPoint().toPoint()))
        moved = pinch.centerPoint() - pinch.lastCenterPoint()
        self.framed.emit(self._framing().zoomed(pinch.scaleFactor(), middle).panned(moved))
        return True

    def _mouse(self, event: QMouseEvent) -> bool:
        kind, button = event.type(), event.button()
        if kind == QEvent.Type.MouseButtonPress and button == Qt.MouseButton.MiddleButton:
            self._pan = event.position()
            self._view.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif kind == QEvent.Type.MouseMove and self._pan is not None:
            self.framed.emit(self._framing().panned(event.position() - self._pan))
            self._pan = event.position()
        elif kind == QEvent.Type.MouseButtonRelease and button == Qt.MouseButton.MiddleButton:
            self._pan = None
            self._view.unsetCursor()
        elif kind == QEvent.Type.MouseButtonDblClick and button == Qt.MouseButton.LeftButton:
            self._to_person(event.position())
        else:
            return False
        return True

    def _to_person(self, at: QPointF) -> None:
        person, framing = self._person_at(at), self._framing()
        closer = framing.around(person) if person is not None else framing.whole()
        self.framed.emit(closer if closer != framing else framing.whole())

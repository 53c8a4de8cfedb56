"""The clip's frame with marks on it that can be set to a tenth of a pixel, and what a camera would draw there.

A mark is where a person saw a place; beside it stands where the camera found puts that place. Places are pixels of
the original video from the centre of its top left one. A magnifier follows whatever is being placed. Press and drag a
mark to move it (with Shift ten times slower), drag anywhere else to move the picture. Arrow keys move the chosen mark;
Enter puts the armed one in the middle of the view for them to move.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from studio import theme
from studio.widgets import painting
from studio.widgets.calibration_drawing import Line
from studio.widgets.video_view import VideoView

_GRIP_PX = 11.0
_DRAG_PX = 4.0
_FINE = 0.1
_LOUPE_PX, _LOUPE_ZOOM, _LOUPE_AWAY = 144, 10, 30
_FAR = 10.0
_CALM_MS = 1500
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_RIM = QColor(0, 0, 0, 170)
_STYLES = {
    "grid": ("#FFFFFF", 0.34, 1.0, False),
    "room": (theme.DARK.accent, 0.95, 1.8, False),
    "horizon": (theme.DARK.warn, 0.95, 1.6, True),
    "person": (theme.DARK.ok, 0.95, 1.8, False),
    "error": ("#FFFFFF", 0.95, 1.6, False),
}
"""Colour, opacity, width and whether dashed, over a picture: the same in both themes."""


@dataclass(frozen=True)
class Mark:
    """One place a person marked. `drawn_px` is where the camera found puts it."""

    key: str
    words: str
    number: int
    colour: str
    at_px: tuple[float, float]
    drawn_px: tuple[float, float] | None = None
    error_px: float | None = None
    is_fixed: bool = False
    """Only shown: it cannot be moved."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Lines of one kind over the picture: "grid", "room", "horizon", "person" or "error"."""

    kind: str
    lines: Sequence[Line]


class CalibrationPicture(VideoView):
    """A frame to mark places on."""

    placed = Signal(float, float)
    """The armed place was clicked here."""
    mark_chosen = Signal(str)
    """A mark's key, empty for none."""
    moving = Signal(str, float, float)
    """A mark is being dragged."""
    moved = Signal(str, float, float)
    """A mark was put down, or moved by a key."""
    remove_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Frame to calibrate on"))
        self._marks: tuple[Mark, ...] = ()
        self._chosen = ""
        self._armed: Mark | None = None
        self._drawn: tuple[Drawn, ...] = ()
        self._exaggeration = 1.0
        self._pressed: QPointF | None = None
        self._moves_picture = False
        self._dragged: Mark | None = None
        self._pointer: QPointF | None = None
        self._nudged = False
        self._calm = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._calm.timeout.connect(self._rest)

    # ---- what is shown ----

    def show_marks(self, marks: Sequence[Mark], chosen: str, armed: Mark | None) -> None:
        """All marks; the chosen one's key; and what the next click would place (its place does not matter)."""
        self._marks, self._chosen, self._armed = tuple(marks), chosen, armed
        self._nudged = self._nudged and bool(chosen)
        self._show_pointer()
        self.update()

    def show_drawn(self, *drawn: Drawn) -> None:
        """What a camera draws over the frame."""
        self._drawn = drawn
        self.update()

    def exaggerate(self, factor: float) -> None:
        """Draw errors this many times as long as they are."""
        self._exaggeration = factor
        self.update()

    def place_at(self, view: QPointF) -> tuple[float, float]:
        """Pixels of the video under a point of this widget."""
        picture, scale = self.framing.picture, self.framing.scale
        return (view.x() - picture.left()) / scale - 0.5, (view.y() - picture.top()) / scale - 0.5

    def chosen_mark(self) -> Mark | None:
        return next((each for each in self._marks if each.key == self._chosen), None)

    # ---- hands on it ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._nudged = False
        self._pressed = self._pointer = event.position()
        self._moves_picture = False
        self._dragged = self._mark_at(event.position())
        if self._dragged is not None:
            self.mark_chosen.emit(self._dragged.key)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        now = event.position()
        if self._pressed is None:
            self._pointer = now
            super().mouseMoveEvent(event)
            self._show_pointer()
            self.update()
            return
        before = self._pointer or self._pressed
        if self._dragged is not None:
            fine = _FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
            step = (now - before) * (fine / self.framing.scale)
            x, y = self._dragged.at_px
            self._dragged = replace(self._dragged, at_px=self._inside(x + step.x(), y + step.y()))
            self._moves_picture = True
            self.moving.emit(self._dragged.key, *self._dragged.at_px)
        elif self._moves_picture or (now - self._pressed).manhattanLength() > _DRAG_PX:
            self._moves_picture = True
            self._frame_as(self.framing.panned(now - before))
        self._pointer = now
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        pressed, dragged, moved = self._pressed, self._dragged, self._moves_picture
        self._pressed = self._dragged = None
        self._moves_picture = False
        if dragged is not None:
            if moved:
                self.moved.emit(dragged.key, *dragged.at_px)
        elif pressed is not None and not moved:
            if self._armed is not None and self.framing.seen.contains(event.position()):
                self.placed.emit(*self._inside(*self.place_at(event.position())))
            else:
                self.mark_chosen.emit("")
        self.update()

    def leaveEvent(self, event) -> None:  # noqa: ANN001 (Qt's type differs between versions)
        super().leaveEvent(event)
        self._pointer = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen = self.chosen_mark()
        way = _ARROWS.get(Qt.Key(event.key()))
        if chosen is not None and way is not None:
            step = _step_px(event.modifiers())
            x, y = chosen.at_px
            self._look_closely()
            self.moved.emit(chosen.key, *self._inside(x + way[0] * step, y + way[1] * step))
        elif chosen is not None and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wanted.emit(chosen.key)
        elif self._armed is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            middle = QPointF(self.width() / 2, self.height() / 2)
            self._look_closely()
            self.placed.emit(*self._inside(*self.place_at(middle)))
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1.25, self._focus_point())
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(1 / 1.25, self._focus_point())
        elif event.key() == Qt.Key.Key_F:
            self.fit()
        else:
            super().keyPressEvent(event)

    def _look_closely(self) -> None:
        """Keys move a mark: the magnifier stays on it, and goes when they rest."""
        self._nudged = True
        self._calm.start()

    def _rest(self) -> None:
        self._nudged = False
        self.update()

    def _focus_point(self) -> QPointF | None:
        chosen = self.chosen_mark()
        return None if chosen is None else self.framing.to_view(*chosen.at_px)

    def _mark_at(self, view: QPointF) -> Mark | None:
        """The mark under the pointer; the chosen one where several are."""
        free = [each for each in self._marks if not each.is_fixed]
        near = [(QLineF(view, self.framing.to_view(*each.at_px)).length(), each) for each in free]
        near = [(far, each) for far, each in near if far <= _GRIP_PX]
        return min(near, key=lambda pair: (pair[1].key != self._chosen, pair[0]))[1] if near else None

    def _inside(self, x: float, y: float) -> tuple[float, float]:
        wide, high = self.framing.video_width, self.framing.video_height
        return min(max(x, -0.5), wide - 0.5), min(max(y, -0.5), high - 0.5)

    def _show_pointer(self) -> None:
        if self._armed is not None:
            self.setCursor(Qt.CursorShape.CrossCursor)
        elif self._pointer is not None and self._mark_at(self._pointer) is not None:
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            self.unsetCursor()

    # ---- painting ----

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.save()
        painter.setClipRect(self.framing.seen)
        for each in self._drawn:
            self._paint_lines(painter, each)
        # The chosen one last, so that nothing lies over it.
        for mark in sorted(self._shown_marks(), key=lambda each: each.key == self._chosen):
            self._paint_mark(painter, mark)
        painter.restore()
        self._paint_words(painter)
        self._paint_loupe(painter)
        painter.end()

    def _shown_marks(self) -> tuple[Mark, ...]:
        dragged = self._dragged
        if dragged is None:
            return self._marks
        return tuple(replace(each, at_px=dragged.at_px) if each.key == dragged.key else each for each in self._marks)

    def _paint_lines(self, painter: QPainter, drawn: Drawn) -> None:
        colour, opacity, width, dashed = _STYLES[drawn.kind]
        picture, scale = self.framing.picture, self.framing.scale
        ink = theme.alpha(colour, opacity)
        polygons = [
            QPolygonF([QPointF(x, y) for x, y in (np.asarray(line) + 0.5) * scale + (picture.left(), picture.top())])
            for line in drawn.lines
        ]
        pens = [QPen(ink, width, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)]
        if width > 1:
            pens.insert(0, QPen(QColor(0, 0, 0, 120), width + 2))
        for pen in pens:
            painter.setPen(pen)
            for polygon in polygons:
                painter.drawPolyline(polygon)

    def _paint_mark(self, painter: QPainter, mark: Mark) -> None:
        at = self.framing.to_view(*mark.at_px)
        chosen = mark.key == self._chosen
        if mark.drawn_px is not None:
            found = self.framing.to_view(*mark.drawn_px)
            end = at + (found - at) * self._exaggeration
            for pen in (QPen(_RIM, 4.2), QPen(QColor(theme.DARK.danger), 2)):
                painter.setPen(pen)
                painter.drawLine(at, end)
            painter.setPen(QPen(_RIM, 3.4))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            box = QRectF(found.x() - 4.5, found.y() - 4.5, 9, 9)
            painter.drawRect(box)
            painter.setPen(QPen(QColor("#FFFFFF"), 1.4))
            painter.drawRect(box)
        radius = 8.0 if chosen else 6.0
        for pen in (QPen(_RIM, 4.4), QPen(QColor(mark.colour), 2.2)):
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, radius, radius)
            inner = radius - 3
            for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                painter.drawLine(at + QPointF(x, y) * inner, at + QPointF(x, y) * (radius + 3))
        dark = theme.DARK.seg_ink
        ink = dark if theme.contrast(dark, mark.colour) >= 4.5 else "#FFFFFF"
        words = f"{mark.number}  {mark.words}" if chosen else f"{mark.number}"
        wide = painting.words_width(words, 11, 650) + 10
        right = at.x() + radius + 5 + wide <= self.width()
        x = at.x() + radius + 5 if right else at.x() - radius - 5
        y, side = at.y() - theme.px(9) - 9, "left" if right else "right"
        painting.chip(painter, x, y, words, ink, mark.colour, 11, 650, pad=5, align=side)

    def _loupe_place(self) -> tuple[QPointF, tuple[float, float]] | None:
        """Where the magnifier looks: a point of this widget, and the same in the video."""
        if self._dragged is not None:
            return self.framing.to_view(*self._dragged.at_px), self._dragged.at_px
        chosen = self.chosen_mark()
        if self._nudged and chosen is not None:
            return self.framing.to_view(*chosen.at_px), chosen.at_px
        moves = self._pressed is not None and self._moves_picture
        pointer = self._pointer
        if self._armed is None or pointer is None or moves or not self.framing.seen.contains(pointer):
            return None
        return pointer, self.place_at(pointer)

    def _paint_loupe(self, painter: QPainter) -> None:
        looked = self._loupe_place()
        image = self.image
        if looked is None or image is None:
            return
        view, (x, y) = looked
        size = float(_LOUPE_PX)
        left, top = view.x() + _LOUPE_AWAY, view.y() + _LOUPE_AWAY
        if left + size > self.width() - 4:
            left = view.x() - _LOUPE_AWAY - size
        if top + size > self.height() - 4:
            top = view.y() - _LOUPE_AWAY - size
        area = QRectF(max(left, 4.0), max(top, 4.0), size, size)
        round_area = QPainterPath()
        round_area.addRoundedRect(area, theme.RADIUS["card"], theme.RADIUS["card"])
        zoom = max(float(_LOUPE_ZOOM), 2 * self.framing.scale)
        shown = size / zoom
        ratio = image.width() / self.framing.video_width
        source = QRectF((x + 0.5 - shown / 2) * ratio, (y + 0.5 - shown / 2) * ratio, shown * ratio, shown * ratio)
        painter.save()
        painter.setClipPath(round_area)
        painter.fillRect(area, QColor(theme.DARK.canvas))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        # Beyond the picture's edge Qt would squeeze what is left of the source into the whole magnifier.
        kept = source.intersected(QRectF(image.rect()))
        grown = size / source.width()
        painter.drawImage(
            QRectF(
                area.left() + (kept.left() - source.left()) * grown,
                area.top() + (kept.top() - source.top()) * grown,
                kept.width() * grown,
                kept.height() * grown,
            ),
            image,
            kept,
        )
        middle = area.center()
        for pen in (QPen(_RIM, 3), QPen(QColor("#FFFFFF"), 1)):
            painter.setPen(pen)
            for across, along in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                way = QPointF(across, along)
                painter.drawLine(middle + way * 5, middle + way * (size / 2))
        low = area.bottom() - theme.px(18) - 6
        painting.chip(painter, area.left() + 6, low, f"{x:.1f}, {y:.1f}", "#FFFFFF", "#B3101114", 11)
        painter.restore()
        painter.setPen(QPen(QColor(255, 255, 255, 200), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(round_area)


def _step_px(modifiers: Qt.KeyboardModifier) -> float:
    """How far an arrow key moves a mark."""
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return _FINE
    return _FAR if modifiers & Qt.KeyboardModifier.ControlModifier else 1.0

"""A room in space, drawn in parallel lines, on which a corner is chosen with the pointer or the arrow keys.

Metres, y up, as `calibration_plan` has them. Drag turns it, the wheel goes closer, a double click on its ground shows
all of it again; nothing on it can be moved: sizes are typed beside it.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy

from studio import theme
from studio.widgets import painting
from studio.widgets.calibration_plan import Place, Points

_GRIP_PX, _DRAG_PX = 13.0, 4.0
_TURN_A_PIXEL = 0.008
_ZOOM_A_NOTCH, _MOST_ZOOM = 1.25, 12.0
_LOWEST, _HIGHEST = 0.12, 1.45
_SIDE, _TOP, _FOOT = 22, 38, 18
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


@dataclass(frozen=True)
class Numbered:
    """How a corner that is marked in the picture is shown here."""

    number: int
    colour: str


class RoomDrawing(painting.Painted):
    """The room; `corner_chosen` tells the key of the corner somebody wants to mark."""

    corner_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(theme.px(220), theme.px(170))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Room: arrow keys go from corner to corner, Enter takes one"))
        self._points = Points()
        self._places = self._points.places()
        self._marked: Mapping[str, Numbered] = {}
        self._chosen = ""
        self._under = ""
        self._yaw, self._pitch = -0.5, 0.5
        self._pressed: QPointF | None = None
        self._turns = False
        self._last = QPointF()
        self._zoom, self._shift = 1.0, QPointF()

    def show_points(self, points: Points) -> None:
        """Another room, or other places in it."""
        self._points, self._places = points, points.places()
        self._under = self._under if self._under in self._places else ""
        self.update()

    def show_marked(self, marked: Mapping[str, Numbered], chosen: str) -> None:
        """Which corners are marked, by key, and which one is being worked on."""
        self._marked, self._chosen = marked, chosen
        self.setAccessibleDescription(chosen)
        self.update()

    def place_of(self, key: str) -> QPointF:
        """Where a corner is drawn."""
        return self._drawn([self._places[key]])[0]

    # ---- geometry ----

    def _drawn(self, places: Sequence[Place]) -> list[QPointF]:
        """Places in parallel projection, the whole room fitted into the widget."""
        flat = self._flat(places)
        whole = self._flat(list(self._places.values()))
        low, high = whole.min(0), whole.max(0)
        top, foot = theme.px(_TOP), theme.px(_FOOT)  # what is chosen is said above
        room = np.array([self.width() - 2 * _SIDE, self.height() - top - foot])
        scale = float(np.min(room / np.maximum(high - low, 1e-6)))
        middle = np.array([self.width() / 2, top + room[1] / 2])
        fitted = middle + scale * (flat - (low + high) / 2)
        closer = middle + self._zoom * (fitted - middle)
        return [QPointF(x, y) + self._shift for x, y in closer]

    def _flat(self, places: Sequence[Place]) -> np.ndarray:
        x, y, z = np.asarray(places, dtype=float).reshape(-1, 3).T
        across = x * np.cos(self._yaw) - z * np.sin(self._yaw)
        towards = x * np.sin(self._yaw) + z * np.cos(self._yaw)
        return np.stack([across, towards * np.sin(self._pitch) - y * np.cos(self._pitch)], axis=-1)

    def _at(self, point: QPointF) -> str:
        places = self._drawn(list(self._places.values()))
        near = [(QLineF(point, at).length(), name) for at, name in zip(places, self._places, strict=True)]
        far, key = min(near)
        return key if far <= _GRIP_PX else ""

    # ---- hands on it ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = self._last = event.position()
            self._turns = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        now = event.position()
        if self._pressed is None:
            under = self._at(now)
            if under != self._under:
                self._under = under
                self.setCursor(Qt.CursorShape.PointingHandCursor if under else Qt.CursorShape.ArrowCursor)
                self.update()
            return
        if self._turns or (now - self._pressed).manhattanLength() > _DRAG_PX:
            self._turns = True
            way = now - self._last
            self._yaw -= way.x() * _TURN_A_PIXEL
            self._pitch = min(max(self._pitch + way.y() * _TURN_A_PIXEL, _LOWEST), _HIGHEST)
            self.update()
        self._last = now

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        turned, self._pressed = self._turns, None
        key = self._at(event.position())
        if key and not turned:
            self.corner_chosen.emit(key)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Closer to what is under the pointer, for a small thing in a large room."""
        self._magnify(_ZOOM_A_NOTCH ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self._at(event.position()):
            self._magnify(0.0, event.position())

    def _magnify(self, factor: float, at: QPointF) -> None:
        before, self._zoom = self._zoom, min(max(self._zoom * factor, 1.0), _MOST_ZOOM)
        middle = QPointF(self.width() / 2, theme.px(_TOP) + (self.height() - theme.px(_TOP) - theme.px(_FOOT)) / 2)
        self._shift = at - middle - (at - middle - self._shift) * (self._zoom / before)
        if self._zoom == 1.0:
            self._shift = QPointF()
        self.update()

    def leaveEvent(self, event) -> None:  # noqa: ANN001 (Qt's type differs between versions)
        super().leaveEvent(event)
        self._under = ""
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = _ARROWS.get(Qt.Key(event.key()))
        if way is not None:
            self._under = self._neighbour(self._under or self._chosen or next(iter(self._places)), *way)
            self.setAccessibleDescription(self._under)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._under:
            self.corner_chosen.emit(self._under)
        else:
            super().keyPressEvent(event)

    def _neighbour(self, key: str, right: int, down: int) -> str:
        """The nearest corner that way, the straighter the better; the same where there is none."""
        here = self.place_of(key)
        best = (np.inf, key)
        for at, name in zip(self._drawn(list(self._places.values())), self._places, strict=True):
            step = at - here
            ahead = step.x() * right + step.y() * down
            aside = abs(step.x() * down) + abs(step.y() * right)
            if ahead > 1:
                best = min(best, (ahead + 2.5 * aside, name))
        return best[1]

    # ---- painting ----

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        ground = QPainterPath()
        ground.addRoundedRect(QRectF(self.rect()), theme.RADIUS["card"], theme.RADIUS["card"])
        painter.fillPath(ground, QColor(look.field))
        painter.setClipPath(ground)
        self._draw_floor(painter, look)
        self._draw_edges(painter, look)
        self._draw_sizes(painter, look)
        places = self._drawn(list(self._places.values()))
        # The ones that matter last, so that nothing lies over them.
        for name, at in sorted(zip(self._places, places, strict=True), key=lambda pair: self._weight(pair[0])):
            self._draw_corner(painter, look, name, at)
        said = self._under or self._chosen
        if said:
            x, y = self.width() / 2, 6
            painting.chip(painter, x, y, said, look.text, look.raised, 11.5, 600, pad=8, height=22, align="centre")
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(look.accent))

    def _weight(self, name: str) -> int:
        return 2 * (name in (self._chosen, self._under)) + (name in self._marked)

    def _draw_floor(self, painter: QPainter, look: theme.Theme) -> None:
        wide, deep = self._points.room.width_m, self._points.room.depth_m
        floor = [(0.0, 0.0, 0.0), (wide, 0.0, 0.0), (wide, 0.0, deep), (0.0, 0.0, deep)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.mix(look.field, look.text, 0.09)))
        painter.drawPolygon(QPolygonF(self._drawn(floor)))
        high = self._points.room.height_m
        painter.setBrush(QColor(theme.mix(look.field, look.text, 0.04)))
        for one, other in itertools.pairwise((*floor, floor[0])):
            middle = ((one[0] + other[0]) / 2, 0.0, (one[2] + other[2]) / 2)
            if self._is_behind(middle):
                wall = [one, other, (other[0], high, other[2]), (one[0], high, one[2])]
                painter.drawPolygon(QPolygonF(self._drawn(wall)))
        painter.setPen(QPen(QColor(look.line), 1))
        step = max(1, round(max(wide, deep) / 30))
        for x in range(step, int(np.ceil(wide)), step):
            painter.drawPolyline(QPolygonF(self._drawn([(x, 0.0, 0.0), (x, 0.0, deep)])))
        for z in range(step, int(np.ceil(deep)), step):
            painter.drawPolyline(QPolygonF(self._drawn([(0.0, 0.0, z), (wide, 0.0, z)])))

    def _draw_edges(self, painter: QPainter, look: theme.Theme) -> None:
        """The room's own edges before its middle are faint: one looks into it through them."""
        room, bounds = self._points.room, []
        for one, other in self._points.edges():
            is_wall = all(x in (0.0, room.width_m) and z in (0.0, room.depth_m) for x, _, z in (one, other))
            middle = ((one[0] + other[0]) / 2, 0.0, (one[2] + other[2]) / 2)
            faint = is_wall and max(one[1], other[1]) > 0 and not self._is_behind(middle)
            bounds.append((faint, one, other))
        for faint, one, other in sorted(bounds, key=lambda each: not each[0]):
            painter.setPen(QPen(QColor(look.line if faint else look.text3), 1.2 if faint else 1.5))
            painter.drawLine(*self._drawn((one, other)))

    def _is_behind(self, place: Place) -> bool:
        """Whether it is farther away than the middle of the room, as the room is turned now."""
        room = self._points.room
        x, z = place[0] - room.width_m / 2, place[2] - room.depth_m / 2
        return x * np.sin(self._yaw) + z * np.cos(self._yaw) < -1e-9

    def _draw_sizes(self, painter: QPainter, look: theme.Theme) -> None:
        room = self._points.room
        wide, deep, high = room.width_m, room.depth_m, room.height_m
        uprights = [(x, high / 2, z) for x in (0.0, wide) for z in (0.0, deep)]
        for words, place in (
            (f"{wide:g} m", (wide / 2, 0.0, deep)),
            (f"{deep:g} m", (wide, 0.0, deep / 2)),
            (f"{high:g} m", min(uprights, key=lambda place: self._drawn([place])[0].x())),
        ):
            at = self._drawn([place])[0]
            y = at.y() - theme.px(8)
            painting.chip(painter, at.x(), y, words, look.text2, look.field, 11, height=16, pad=4, align="centre")

    def _draw_corner(self, painter: QPainter, look: theme.Theme, name: str, at: QPointF) -> None:
        numbered = self._marked.get(name)
        chosen, under = name == self._chosen, name == self._under
        if chosen or under:
            painter.setPen(QPen(QColor(look.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 12, 12)
        if numbered is None:
            painter.setPen(QPen(QColor(look.text2), 1.6))
            painter.setBrush(QColor(look.panel))
            painter.drawEllipse(at, 4.5, 4.5)
            return
        painter.setPen(QPen(QColor(look.panel), 1.5))
        painter.setBrush(QColor(numbered.colour))
        painter.drawEllipse(at, 9, 9)
        ink = look.seg_ink if theme.contrast(look.seg_ink, numbered.colour) >= 4.5 else "#FFFFFF"
        painting.put(painter, at.x(), at.y() + 4, f"{numbered.number}", ink, 10.5, 700, align="centre")

"""The heads of a timeline's rows: their names, and what a person does with them: hide, lock, open a menu, reorder.

The eye, the lock and the menu of a row stand at its right while the pointer is over the head; a closed lock always
does. A press anywhere else on a head takes hold of the row: dragged, it goes between two others; let go where it was,
it opens the menu. Everything here can be done from the rows' menu too.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter

from studio import icons, theme
from studio.widgets import painting
from studio.widgets.timeline_axis import LANE, PERSON, RULER, Arrangement, Row
from studio.widgets.timeline_scene import Scene
from studio.words import say

HEAD_ICONS = {
    "frames": "video",
    "segments": "person",
    "poses": "diamond",
    "suggestions": "pin",
    "confidence": "skeleton",
    "speed": "train",
    "forecast": "forecast",
}
TOOL = 24.0
SLACK_PX = 4.0
Tool = Literal["eye", "lock", "more", ""]


def tools_of(row: Row) -> tuple[Tool, ...]:
    """What stands at the right of a head, from the right."""
    if row.kind == "forecast":
        return ()  # its whole head is a menu
    return ("more", "lock", "eye") if row.key.startswith(PERSON) else ("more", "eye")


def tool_rect(scene: Scene, row: Row, at: int) -> QRectF:
    """Where the tool number `at` from the right is pressed."""
    top = row.top + min(row.height / 2, 22.0) - TOOL / 2
    return QRectF(scene.head - 3 - TOOL * (at + 1), top, TOOL, TOOL)


def paint_head(painter: QPainter, scene: Scene, row: Row, *, strong: bool) -> None:
    """A row's name at the left, and its lock where it is closed."""
    look = theme.now()
    middle = row.top + min(row.height / 2, 22.0)
    if row.height >= 13:
        ink = look.accent if strong else look.text3
        painter.drawPixmap(QPointF(13, middle - 7), icons.pixmap(HEAD_ICONS[row.kind], ink, 14))
    size = min(11.5, max(9.5, row.height * 0.66))
    is_locked = row.key in scene.arrangement.locked
    room = scene.head - 40 - (18 if is_locked else 0)
    ink = look.text if strong else look.text2
    baseline = middle + theme.px(size) * 0.36
    painting.put(painter, 34, baseline, row.name, ink, size, 600 if strong else 400, width=room)
    if is_locked:
        painter.drawPixmap(QPointF(scene.head - 21, middle - 6), icons.pixmap("lock", look.warn, 12))


class HeadGround(Protocol):
    """The timeline, as its heads see it."""

    scene: Scene

    def arrange(self, arrangement: Arrangement) -> None: ...
    def update(self) -> None: ...


class Heads(QObject):
    """The heads of one timeline."""

    menu_wanted = Signal(str, QPoint)
    """For the row of this key, at a place on the screen."""
    lane_wanted = Signal(object, QPoint)
    """The same for a forecast lane, by the lane's own key."""

    def __init__(self, ground: HeadGround, parent: QObject) -> None:
        super().__init__(parent)
        self._ground = ground
        self._over: tuple[str, Tool] = ("", "")
        self._pressed: tuple[str, Tool, QPointF, QPoint] | None = None
        self._drop: int | None = None

    @property
    def is_down(self) -> bool:
        """Whether a head is pressed."""
        return self._pressed is not None

    def press(self, at: QPointF, on_screen: QPoint) -> bool:
        """Whether a press was one on a head."""
        row, tool = self._at(at)
        if row is None:
            return False
        self._pressed = (row.key, tool, at, on_screen)
        return True

    def move(self, at: QPointF) -> None:
        """The pointer goes over heads, or drags one."""
        if self._pressed is None:
            row, tool = self._at(at)
            over: tuple[str, Tool] = (row.key, tool) if row is not None else ("", "")
            if over != self._over:
                self._over = over
                self._ground.update()
            return
        if self._drop is not None or abs(at.y() - self._pressed[2].y()) > SLACK_PX:
            tops = [each.top + each.height / 2 for each in self._ground.scene.rows()]
            self._drop = sum(at.y() > each for each in tops)
            self._ground.update()

    def leave(self) -> None:
        if self._over != ("", ""):
            self._over = ("", "")
            self._ground.update()

    def give_back(self) -> None:
        """Esc: nothing is dragged."""
        self._pressed, self._drop = None, None
        self._ground.update()

    def release(self) -> None:
        """Let go: the row goes to its new place, or what was pressed is done."""
        pressed, drop = self._pressed, self._drop
        self._pressed, self._drop = None, None
        if pressed is None:
            return
        key, tool, _, on_screen = pressed
        arrangement = self._ground.scene.arrangement
        if drop is not None:
            self.put(key, drop)
        elif tool == "eye":
            self._ground.arrange(arrangement.hiding(key, on=True))
        elif tool == "lock":
            self._ground.arrange(arrangement.locking(key, on=key not in arrangement.locked))
        elif key.startswith(LANE):
            self.lane_wanted.emit(key.removeprefix(LANE), on_screen)
        else:
            self.menu_wanted.emit(key, on_screen)
        self._ground.update()

    def put(self, key: str, place: int) -> None:
        """A row before the one that now stands at `place` of those that are shown."""
        scene = self._ground.scene
        shown = [each.key for each in scene.rows()]
        if key not in shown:
            return
        before = next((each for each in shown[place:] if each != key), None)
        others = [each.key for each in scene.wishes(with_hidden=True) if each.key != key]
        if before is not None:
            at = others.index(before)
        else:
            last = [each for each in shown if each != key]
            at = others.index(last[-1]) + 1 if last else 0
        self._ground.arrange(reordered(scene.arrangement, [*others[:at], key, *others[at:]]))

    def step(self, key: str, by: int) -> None:
        """A row one place up or down."""
        shown = [each.key for each in self._ground.scene.rows()]
        if key in shown:
            at = shown.index(key)
            self.put(key, max(at - 1, 0) if by < 0 else at + 2)

    def _at(self, at: QPointF) -> tuple[Row | None, Tool]:
        """The row whose head lies at a point, and the tool there."""
        scene = self._ground.scene
        row = scene.row_at(at.y()) if 0 <= at.x() < scene.head else None
        if row is None:
            return None, ""
        for place, tool in enumerate(tools_of(row)):
            rect = tool_rect(scene, row, place)
            if rect.left() <= at.x() < rect.right():
                return row, tool
        return row, ""

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """What the pointer looks like over a head; None elsewhere."""
        row, tool = self._at(at)
        if row is None:
            return None
        return Qt.CursorShape.PointingHandCursor if tool or row.kind == "forecast" else Qt.CursorShape.ArrowCursor

    def said(self, at: QPointF) -> str:
        """What the tool at a point does, in words."""
        row, tool = self._at(at)
        if row is None or not tool:
            return ""
        is_locked = row.key in self._ground.scene.arrangement.locked
        if tool == "eye":
            return say("Hide {name}", name=row.name)
        if tool == "lock":
            return say("Unlock {name}" if is_locked else "Lock {name}", name=row.name)
        return say("Rows: {name}", name=row.name)

    def paint(self, painter: QPainter) -> None:
        """The tools of the head under the pointer, and where a dragged row would go."""
        look, scene = theme.now(), self._ground.scene
        key, over = self._over
        row = next((each for each in scene.rows() if each.key == key), None)
        painter.save()
        painter.setClipRect(QRectF(0, RULER, scene.width, scene.bottom - RULER), Qt.ClipOperation.IntersectClip)
        if row is not None and self._pressed is None:
            tools = tools_of(row)
            if tools:
                left = tool_rect(scene, row, len(tools) - 1).left()
                ground = QRectF(30, row.top, scene.head - 31, row.height + 1)
                painter.fillRect(ground, QColor(look.panel))
                middle = row.top + min(row.height / 2, 22.0)
                baseline = middle + theme.px(11.5) * 0.36
                painting.put(painter, 34, baseline, row.name, look.text, 11.5, 600, width=left - 36)
            for place, tool in enumerate(tools):
                self._paint_tool(painter, tool_rect(scene, row, place), tool, row, is_over=tool == over)
        if self._pressed is not None and self._drop is not None:
            rows = scene.rows()
            y = rows[self._drop].top - 1.5 if self._drop < len(rows) else rows[-1].bottom + 1.5
            painter.fillRect(QRectF(0, y - 1, scene.head, 2.5), QColor(look.accent))
            held = next((each for each in rows if each.key == self._pressed[0]), None)
            if held is not None:
                painter.fillRect(QRectF(0, held.top, scene.head - 1, held.height), theme.alpha(look.accent, 0.14))
        painter.restore()

    def _paint_tool(self, painter: QPainter, rect: QRectF, tool: Tool, row: Row, *, is_over: bool) -> None:
        look = theme.now()
        is_locked = row.key in self._ground.scene.arrangement.locked
        name = {"eye": "eye", "lock": "lock" if is_locked else "unlock", "more": "more", "": ""}[tool]
        if is_over:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.hover))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 4, 4)
        ink = look.warn if tool == "lock" and is_locked else look.text if is_over else look.text2
        painter.drawPixmap(QPointF(rect.center().x() - 7, rect.center().y() - 7), icons.pixmap(name, ink, 14))


def reordered(arrangement: Arrangement, keys: Sequence[str]) -> Arrangement:
    """The same rows shown and locked, in another order."""
    return Arrangement(tuple(keys), arrangement.hidden, arrangement.locked)

"""The story: actions with their durations in line, and the poses to pass through, on the time axis of the tokens.

Drag an end for another duration (Shift takes from the next part), drag a part to another place, drag a diamond in
time. A drag is one wish, told on release; Esc gives it back. With the keyboard, Alt and arrows walk over parts, poses
and "Add action"; Shift and arrows change a duration or a pose's time, Alt+Shift and arrows the order; F2 chooses
another action; Del takes out. What the story is stands in the recipe: the track shows it and says what is wished.
"""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QMenu, QToolTip

from core.generations import Anchor, Part
from studio import theme
from studio.widgets import story_paint
from studio.widgets.motion_time import MotionTime, draw_playhead
from studio.widgets.notices import KEEP_CLEAR
from studio.widgets.painted_items import expose
from studio.widgets.painting import Painted
from studio.widgets.story_edits import ADDED_S, Story, spelled, whole

Kind = Literal["part", "end", "anchor", "add"]
_GRIP_PX, _SLACK_PX = 6.0, 3.0
_STEP_S, _SNAP_S = 0.1, 0.1
_NEW_LOOK = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)
_SIDEWAYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


@dataclass(frozen=True)
class Hit:
    """Something of the track: which part, whose end, which anchor, or the place to add."""

    kind: Kind
    at: int = 0


@dataclass
class _Drag:
    hit: Hit
    from_place: QPointF
    moving: bool = False
    story: Story | None = None  # what it would become by now
    drop: int = 0  # before which part a dragged one would come


class StoryTrack(Painted):
    """One line of parts."""

    story_changed = Signal(object, object)
    """Parts and anchors as they are wished."""
    part_chosen = Signal(int)
    anchor_chosen = Signal(int)
    """-1 for none."""
    rename_wanted = Signal(int)
    sought = Signal(float)

    def __init__(self) -> None:
        super().__init__(0, theme.px(38))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setProperty(KEEP_CLEAR, True)
        self.setAccessibleName(self.tr("Story"))
        self.story = Story()
        self.editable = True
        self._chosen = Hit("part", 0)
        self._drag: _Drag | None = None
        self._time = MotionTime(0.0, 1.0, 0.0, 1.0)
        self._playhead_s = 0.0
        self._pictured: dict[str, int] = {}  # actions in the order of their colours
        expose(self)

    # ---- what is shown ----

    def show_story(self, parts: tuple[Part, ...], anchors: tuple[Anchor, ...], chosen: int = 0) -> None:
        """The story as it stands; a drag of something that is not there any more is forgotten."""
        story = Story(parts, anchors)
        if story != self.story:
            self._drag = None
            self.story = story
        for part in parts:
            self._pictured.setdefault(spelled(part), len(self._pictured))
        if self._chosen.kind == "part" or not self._is_there(self._chosen):
            self._chosen = Hit("part", min(max(chosen, 0), max(len(parts) - 1, 0)))
        self.update()

    def show_time(self, time: MotionTime) -> None:
        if self._drag is None or not self._drag.moving:  # the axis holds still under a drag
            self._time = time
            self.update()

    def show_playhead(self, seconds: float) -> None:
        if seconds != self._playhead_s:
            self._playhead_s = seconds
            self.update()

    @property
    def chosen(self) -> Hit:
        return self._chosen

    @property
    def is_dragging(self) -> bool:
        return self._drag is not None and self._drag.moving

    def choose(self, hit: Hit) -> None:
        """As if it had been clicked."""
        hit = Hit("part", hit.at) if hit.kind == "end" else hit
        if hit == self._chosen or not self._is_there(hit):
            return
        had_anchor = self._chosen.kind == "anchor"
        self._chosen = hit
        self.update()
        if hit.kind == "part":
            self.part_chosen.emit(hit.at)
        if hit.kind == "anchor" or had_anchor:
            self.anchor_chosen.emit(hit.at if hit.kind == "anchor" else -1)

    def _is_there(self, hit: Hit) -> bool:
        if hit.kind == "add":
            return self.editable
        return hit.at < len(self.story.anchors if hit.kind == "anchor" else self.story.parts)

    # ---- edits ----

    def add(self, after: int | None = None) -> None:
        """One more part, after the `after`-th or at the end; whoever listens asks which action."""
        story = self.story
        if not self.editable or not story.parts:
            return
        at = len(story.parts) if after is None else after + 1
        like = story.parts[at - 1]
        self._wish(story.with_part(at, Part(actions=like.actions, seconds=ADDED_S)))
        self._chosen = Hit("part", at)
        self.part_chosen.emit(at)
        self.rename_wanted.emit(at)
        self.update()

    def remove(self, hit: Hit | None = None) -> None:
        """Take out a part or an anchor; the last part stays."""
        hit = hit or self._chosen
        if not self.editable or not self._is_there(hit):
            return
        if hit.kind == "anchor":
            self._chosen = Hit("part", self.story.at(self.story.anchors[hit.at].at_s))
            self._wish(self.story.without_anchor(hit.at))
            self.anchor_chosen.emit(-1)
        elif hit.kind == "part" and len(self.story.parts) > 1:
            self._wish(self.story.without(hit.at))
            self._chosen = Hit("part", min(hit.at, len(self.story.parts) - 1))
            self.part_chosen.emit(self._chosen.at)
        self.update()

    def _wish(self, story: Story) -> None:
        if story != self.story:
            self.story = story
            self.update()
            self.story_changed.emit(story.parts, story.anchors)

    # ---- places ----

    def hit(self, place: QPointF) -> Hit | None:
        """What is there; diamonds lie over parts, ends over insides."""
        reach = theme.px(9)
        middle = self._lane().center().y()
        for at, each in enumerate(self.story.anchors):
            if abs(place.x() - self._time.x(each.at_s)) + abs(place.y() - middle) <= reach:
                return Hit("anchor", at)
        if self.editable and self.add_rect().contains(place):
            return Hit("add")
        for at in reversed(range(len(self.story.parts))):
            area = self.part_rect(at)
            inside = min(_GRIP_PX, area.width() / 3)
            if area.right() - inside <= place.x() <= area.right() + _GRIP_PX / 2 and self._is_in_lane(place):
                return Hit("end", at)
            if area.contains(place):
                return Hit("part", at)
        return None

    def part_rect(self, at: int) -> QRectF:
        lane, story = self._lane(), self._shown_story()
        left, right = self._time.x(story.start_of(at)), self._time.x(story.start_of(at + 1))
        return QRectF(left, lane.top(), right - left, lane.height())

    def add_rect(self) -> QRectF:
        """Where one more can be added: after the last part, inside the widget."""
        lane, width = self._lane(), story_paint.add_width(self.width())
        left = min(self._time.x(self._shown_story().seconds) + 5, self.width() - width - 1)
        return QRectF(left, lane.top(), width, lane.height())

    def _lane(self) -> QRectF:
        return QRectF(self._time.left, 6, self._time.width, self.height() - 10)

    def _is_in_lane(self, place: QPointF) -> bool:
        return self._lane().top() <= place.y() <= self._lane().bottom()

    def _shown_story(self) -> Story:
        """As a drag in hand would make it, but for a part being carried: that one stays till it is let go."""
        drag = self._drag
        if drag is None or drag.story is None or drag.hit.kind == "part":
            return self.story
        return drag.story

    # ---- hands on it ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        hit = self.hit(event.position())
        if hit is None:
            if self.story.parts and event.position().x() >= self._time.left:
                self.sought.emit(min(max(self._time.seconds(event.position().x()), 0.0), self.story.seconds))
            return
        if hit.kind == "add":
            self.add()
            return
        self.choose(hit)
        if self.editable:
            self._drag = _Drag(hit, event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        drag = self._drag
        if drag is None:
            self.setCursor(self._cursor(self.hit(event.position())))
            return
        if drag.moving or (event.position() - drag.from_place).manhattanLength() > _SLACK_PX:
            drag.moving = True
            self._drag_to(drag, event.position(), event.modifiers())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        drag, self._drag = self._drag, None
        if drag is None or not drag.moving or drag.story is None:
            return
        moved = drag.hit.kind == "part" and drag.story != self.story
        self._wish(drag.story)
        if moved:
            self._chosen = Hit("part", drag.drop)
            self.part_chosen.emit(drag.drop)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        hit = self.hit(event.position())
        if hit is not None and hit.kind in ("part", "end") and self.editable:
            self._drag = None
            self.choose(hit)
            self.rename_wanted.emit(hit.at)
        else:
            self.mousePressEvent(event)

    def _drag_to(self, drag: _Drag, place: QPointF, held: Qt.KeyboardModifier) -> None:
        at, way = drag.hit.at, (place.x() - drag.from_place.x()) / self._time.px_per_s
        free = bool(held & Qt.KeyboardModifier.AltModifier)
        match drag.hit.kind:
            case "end":
                shared = bool(held & Qt.KeyboardModifier.ShiftModifier)
                wanted = self.story.parts[at].seconds + way
                drag.story = self.story.lasting(at, wanted if free else _snapped(wanted), shared=shared)
            case "anchor":
                drag.story = self.story.with_anchor_at(at, self.story.anchors[at].at_s + way)
            case _:
                middle = self.story.start_of(at) + self.story.parts[at].seconds / 2 + way
                others = [each for each in range(len(self.story.parts)) if each != at]
                centres = [self.story.start_of(each) + self.story.parts[each].seconds / 2 for each in others]
                drag.drop = sum(centre < middle for centre in centres)
                drag.story = self.story.moved(at, drag.drop)

    def _cursor(self, hit: Hit | None) -> Qt.CursorShape:
        if hit is None or not self.editable:
            return Qt.CursorShape.ArrowCursor
        if hit.kind in ("end", "anchor"):
            return Qt.CursorShape.SizeHorCursor
        return Qt.CursorShape.PointingHandCursor if hit.kind == "add" else Qt.CursorShape.OpenHandCursor

    def event(self, event: QEvent) -> bool:
        match event:
            case QKeyEvent() if event.type() == QEvent.Type.ShortcutOverride:
                if self._has_use_for(event):
                    event.accept()
                    return True
            case QHelpEvent():
                hit = self.hit(QPointF(event.pos()))
                QToolTip.showText(event.globalPos(), "" if hit is None else self._said(hit), self)
                return True
            case QFocusEvent():
                self.update()
            case _ if event.type() in _NEW_LOOK:
                self.setFixedHeight(theme.px(38))
                self.update()
            case _:
                pass
        return super().event(event)

    def _has_use_for(self, event: QKeyEvent) -> bool:
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        match Qt.Key(event.key()):
            case Qt.Key.Key_Escape:
                return self._drag is not None
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                alt_shift = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
                return held in (Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier, alt_shift)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                return not held and self._chosen.kind == "add"
            case Qt.Key.Key_Delete | Qt.Key.Key_F2:
                return not held and self.editable
            case _:
                return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._has_use_for(event):
            super().keyPressEvent(event)
            return
        step = _SIDEWAYS.get(Qt.Key(event.key()), 0)
        held = event.modifiers()
        if event.key() == Qt.Key.Key_Escape:
            self._drag = None
            self.update()
        elif step and held & Qt.KeyboardModifier.AltModifier and held & Qt.KeyboardModifier.ShiftModifier:
            self._reorder(step)
        elif step and held & Qt.KeyboardModifier.AltModifier:
            self._walk(step)
        elif step:
            self._nudge(step)
        elif event.key() == Qt.Key.Key_Delete:
            self.remove()
        elif event.key() == Qt.Key.Key_F2 and self._chosen.kind == "part":
            self.rename_wanted.emit(self._chosen.at)
        elif self._chosen.kind == "add":
            self.add()

    def _walk(self, step: int) -> None:
        """To the item before or after."""
        items = self._items()
        at = items.index(self._chosen) if self._chosen in items else 0
        self.choose(items[min(max(at + step, 0), len(items) - 1)])

    def _nudge(self, step: int) -> None:
        if not self.editable:
            return
        at = self._chosen.at
        if self._chosen.kind == "part" and self.story.parts:
            self._wish(self.story.lasting(at, self.story.parts[at].seconds + step * _STEP_S))
        elif self._chosen.kind == "anchor":
            self._wish(self.story.with_anchor_at(at, self.story.anchors[at].at_s + step / 30))

    def _reorder(self, step: int) -> None:
        at = self._chosen.at
        if self.editable and self._chosen.kind == "part" and 0 <= at + step < len(self.story.parts):
            self._wish(self.story.moved(at, at + step))
            self._chosen = Hit("part", at + step)
            self.part_chosen.emit(at + step)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        hit = self._chosen if by_key else self.hit(QPointF(event.pos()))
        if hit is not None:
            self.choose(hit)
        self.menu().popup(event.globalPos())

    def menu(self) -> QMenu:
        """What can be done with the chosen one."""
        made, chosen = QMenu(self), self._chosen
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if chosen.kind == "part":
            made.addAction(self.tr("Change action…"), lambda: self.rename_wanted.emit(chosen.at))
            made.addAction(self.tr("Add action after it"), lambda: self.add(chosen.at))
            earlier = made.addAction(self.tr("Move earlier"), lambda: self._reorder(-1))
            later = made.addAction(self.tr("Move later"), lambda: self._reorder(1))
            earlier.setEnabled(chosen.at > 0)
            later.setEnabled(chosen.at + 1 < len(self.story.parts))
        made.addSeparator()
        out = made.addAction(self.tr("Take out"), lambda: self.remove(chosen))
        out.setEnabled(chosen.kind == "anchor" or (chosen.kind == "part" and len(self.story.parts) > 1))
        for each in made.actions():
            each.setEnabled(each.isEnabled() and self.editable)
        return made

    # ---- items, for the keyboard and for screen readers ----

    def _items(self) -> list[Hit]:
        """Parts and anchors by time, then the place to add."""
        found = [(self.story.start_of(at), 0, Hit("part", at)) for at in range(len(self.story.parts))]
        found += [(each.at_s, 1, Hit("anchor", at)) for at, each in enumerate(self.story.anchors)]
        found.sort(key=lambda each: each[:2])
        return [each[2] for each in found] + ([Hit("add")] if self.editable and found else [])

    def item_count(self) -> int:
        return len(self._items())

    def item_rect(self, at: int) -> QRectF:
        hit = self._items()[at]
        if hit.kind == "add":
            return self.add_rect()
        if hit.kind == "part":
            return self.part_rect(hit.at)
        x, lane = self._time.x(self.story.anchors[hit.at].at_s), self._lane()
        return QRectF(x - 8, lane.center().y() - 8, 16, 16)

    def item_words(self, at: int) -> str:
        return self._said(self._items()[at])

    def is_item_chosen(self, at: int) -> bool:
        return self._items()[at] == self._chosen

    def _said(self, hit: Hit) -> str:
        if hit.kind == "add":
            return self.tr("Add action")
        if hit.kind == "anchor":
            anchor = self.story.anchors[hit.at]
            return self.tr("pose {name}, passed through at {time} s").format(
                name=anchor.name or hit.at + 1, time=f"{anchor.at_s:.2f}"
            )
        start, part = self.story.start_of(hit.at), self.story.parts[hit.at]
        return self.tr("{name}, {start} to {end} s, part {at} of {all}").format(
            name=spelled(part), start=f"{start:.2f}", end=f"{start + part.seconds:.2f}", at=hit.at + 1,
            all=len(self.story.parts),
        )  # fmt: skip

    # ---- paint ----

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        lane, drag = self._lane(), self._drag
        story = self._shown_story()
        story_paint.head(painter, lane, self.tr("Story"))
        carried = drag.hit.at if drag is not None and drag.moving and drag.hit.kind == "part" else -1
        marks = [self._time.x(each.at_s) for each in story.anchors]
        taken = [(x - 8, x + 8) for x in marks]
        for at, part in enumerate(story.parts):
            chosen = self._chosen == Hit("part", at)
            colour = self._pictured.get(spelled(part), 0)
            pale = at == carried
            story_paint.part(painter, self.part_rect(at), part, colour, chosen=chosen, pale=pale, taken=taken)
        if self.editable and story.parts:
            story_paint.add(painter, self.add_rect(), self.tr("Add action"), chosen=self._chosen.kind == "add")
        for at, x in enumerate(marks):
            chosen = self._chosen == Hit("anchor", at)
            story_paint.anchor(painter, x, lane.center().y(), chosen=chosen)
        if story.parts:
            draw_playhead(painter, self._time, self._playhead_s, self.height(), handle=False)
        if drag is not None and drag.moving and drag.story is not None:
            self._draw_drag(painter, drag, lane)
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(look.accent))

    def _draw_drag(self, painter: QPainter, drag: _Drag, lane: QRectF) -> None:
        assert drag.story is not None
        at = drag.hit.at
        if drag.hit.kind == "part":
            # A line where the part would come, among the others as they stand now.
            place = drag.drop if drag.drop <= at else drag.drop + 1
            story_paint.drop(painter, self._time.x(self.story.start_of(place)), lane)
        elif drag.hit.kind == "end":
            x = self._time.x(drag.story.start_of(at + 1))
            story_paint.tag(painter, x, lane, f"{drag.story.parts[at].seconds:.2f} s", self.width())
        else:
            seconds = drag.story.anchors[at].at_s
            story_paint.tag(painter, self._time.x(seconds), lane, f"{seconds:.2f} s", self.width())


def _snapped(seconds: float) -> float:
    """To a tenth of a second, on a whole frame."""
    return whole(round(seconds / _SNAP_S) * _SNAP_S)

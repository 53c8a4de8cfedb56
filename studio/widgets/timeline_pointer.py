"""What the mouse does on a timeline: scrub, pan, choose, drag. One press at a time, from down to up.

The pointer knows the timeline it works on through `Target`, and tells it what was wished; it changes nothing itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from PySide6.QtCore import QPointF, QRectF, Qt

from studio.widgets.timeline_axis import RULER, Axis
from studio.widgets.timeline_contents import TimelineContents
from studio.widgets.timeline_drag import (
    CopyDrag,
    Drag,
    DragOutcome,
    EndDrag,
    MoveDrag,
    PoseDrag,
    RippleDrag,
    dragged,
    held,
    ripple_drag,
    snap_targets,
)
from studio.widgets.timeline_scene import Hit, Scene
from studio.widgets.timeline_words import said_of_lock

SNAP_PX, SLACK_PX = 8.0, 3.0
Part = Literal["scrub", "pan", "window", "window start", "window end", "drag", "locked", "box", ""]


class Target(Protocol):
    """The timeline, as its pointer sees it."""

    scene: Scene
    playhead: int
    snapping: bool
    editable: bool

    def set_axis(self, axis: Axis) -> None: ...
    def choose(self, segments: frozenset[str]) -> None: ...
    def show_outcome(self, outcome: DragOutcome | None) -> None: ...
    def tell(self, outcome: DragOutcome, drag: Drag) -> None: ...
    def show_scene(self, scene: Scene) -> None: ...


@dataclass
class _Press:
    at: QPointF
    part: Part = ""
    drag: Drag | None = None
    targets: tuple[int, ...] = ()
    now: QPointF | None = None
    moving: bool = False
    clicked: frozenset[str] | None = None
    """What is chosen where the press turns out to be a click."""
    base: frozenset[str] = frozenset()
    """What stays chosen beside what a box holds."""


class Pointer:
    """The state of one mouse over one timeline."""

    def __init__(
        self,
        target: Target,
        scrub_to: Callable[[int], None],
        go_to: Callable[[str], None],
        refuse: Callable[[str], None],
    ) -> None:
        self._target = target
        self._refuse = refuse  # why nothing can be dragged
        self._scrub_to = scrub_to  # a frame
        self._go_to = go_to  # a segment whose missing pose was pressed
        self._press: _Press | None = None
        self._anchor = ""

    @property
    def is_down(self) -> bool:
        return self._press is not None

    @property
    def is_dragging(self) -> bool:
        """Whether items are being dragged (a scrub or a pan is none)."""
        return self._press is not None and self._press.part == "drag" and self._press.moving

    @property
    def box(self) -> QRectF | None:
        """The box being drawn over empty ground."""
        press = self._press
        if press is None or press.part != "box" or press.now is None:
            return None
        return QRectF(press.at, press.now).normalized()

    def give_back(self) -> None:
        """Forget the press; a drag has not happened."""
        if self._press is not None:
            self._press = None
            self._target.show_outcome(None)

    def holds(self, contents: TimelineContents) -> bool:
        """Whether everything that is being dragged still exists."""
        drag = self._press.drag if self._press is not None else None
        if drag is None:
            return True
        return all(contents.place_of(each) is not None for each in held(drag))

    # ---- down, move, up ----

    def press(self, at: QPointF, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
        scene = self._target.scene
        press = _Press(at)
        if button == Qt.MouseButton.MiddleButton:
            press.part = "pan"
        elif button != Qt.MouseButton.LeftButton:
            return
        elif at.y() >= scene.bottom:
            press.part = scene.overview.part(at.x()) if at.x() >= scene.head else ""
            if press.part == "window" and not scene.overview.window.contains(at):
                axis = scene.axis
                self._target.set_axis(axis.panned(axis.x(scene.overview.frame(at.x())) - axis.left - axis.width / 2))
        elif at.x() < scene.head:
            return
        elif at.y() < RULER or scene.row_kind(at) == "frames":
            press.part = "scrub"
        else:
            self._press_on(press, scene.hit(at), modifiers)
        self._press = press
        if press.part == "scrub":
            self._scrub(at)

    def move(self, at: QPointF, *, free: bool) -> None:
        """The pointer is at `at`; `free` turns snapping off."""
        press, scene = self._press, self._target.scene
        if press is None:
            return
        far = press.moving or (at - press.at).manhattanLength() > SLACK_PX
        match press.part:
            case "scrub":
                self._scrub(at)
            case "pan":
                if scene.most_scroll > 0:
                    self._target.show_scene(scene.scrolled(press.at.y() - at.y()))
                self._target.set_axis(scene.axis.panned(press.at.x() - at.x()))
                press.at = at
            case "window":
                by = scene.overview.frame(at.x()) - scene.overview.frame(press.at.x())
                self._target.set_axis(scene.axis.panned(by * scene.axis.px_per_frame))
                press.at = at
            case "window start":
                last = scene.axis.last
                self._target.set_axis(scene.axis.showing(min(scene.overview.frame(at.x()), last - 2), last))
            case "window end":
                first = scene.axis.first
                self._target.set_axis(scene.axis.showing(first, max(scene.overview.frame(at.x()), first + 2)))
            case "drag" if far:
                self._drag_to(press, at, free=free)
            case "locked" if far and not press.moving:
                press.moving = True
                self._refuse(said_of_lock(scene, press.clicked or scene.chosen))
            case "box" if far:
                press.moving, press.now = True, at
                self._target.choose(press.base | _inside(scene, QRectF(press.at, at).normalized()))
                self._target.show_outcome(None)

    def release(self) -> None:
        press, scene = self._press, self._target.scene
        was_dragging = self.is_dragging
        self._press = None
        if press is None:
            return
        outcome = scene.outcome
        self._target.show_outcome(None)
        if was_dragging and outcome is not None and press.drag is not None:
            self._target.tell(outcome, press.drag)
        elif press.part == "box" and not press.moving:
            self._target.choose(press.base)
        elif press.clicked is not None and not press.moving:
            self._target.choose(press.clicked)

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        """What the pointer looks like over a place."""
        scene = self._target.scene
        if at.y() >= scene.bottom and at.x() >= scene.head:
            inside = scene.overview.part(at.x()) == "window"
            return Qt.CursorShape.OpenHandCursor if inside else Qt.CursorShape.SizeHorCursor
        if (
            (at.x() < scene.head and scene.lane_at(at) is not None)
            or scene.lane_item_at(at) is not None
            or scene.suggestion_at(at) is not None
        ):
            return Qt.CursorShape.PointingHandCursor
        hit = scene.hit(at)
        if hit is None or not self._target.editable or (hit.part != "missing" and scene.is_locked(hit.segment)):
            return Qt.CursorShape.ArrowCursor
        if hit.part == "missing":
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.ArrowCursor if hit.part == "inside" else Qt.CursorShape.SizeHorCursor

    # ---- parts ----

    def _scrub(self, at: QPointF) -> None:
        scene = self._target.scene
        self._scrub_to(scene.contents.time.clamp(int(scene.axis.frame(at.x()))))

    def _press_on(self, press: _Press, hit: Hit | None, modifiers: Qt.KeyboardModifier) -> None:
        target, scene = self._target, self._target.scene
        adds = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        to_here = bool(modifiers & Qt.KeyboardModifier.ShiftModifier) and self._anchor != ""
        if hit is None:
            press.part, press.base = "box", scene.chosen if adds else frozenset()
        elif hit.part == "missing":
            target.choose(frozenset({hit.segment}))
            self._go_to(hit.segment)
        elif hit.part in ("start", "end") and (adds or to_here):
            # A drag ripples or parts the two; a click does what it does elsewhere on a segment.
            press.clicked = scene.chosen ^ {hit.segment} if adds else self._up_to(hit.segment)
            self._take_hold(press, hit, modifiers)
        elif adds:
            target.choose(scene.chosen ^ {hit.segment})
        elif to_here and hit.part == "inside":
            target.choose(self._up_to(hit.segment))
        else:
            if hit.segment not in scene.chosen or hit.part != "inside":
                target.choose(frozenset({hit.segment}))
            press.clicked = frozenset({hit.segment})
            self._anchor = hit.segment
            self._take_hold(press, hit, modifiers)

    def _take_hold(self, press: _Press, hit: Hit, modifiers: Qt.KeyboardModifier) -> None:
        """Be ready to drag what was pressed, where it may be changed."""
        drag = self._drag_of(press, hit, modifiers) if self._target.editable else None
        if drag is not None:
            is_locked = any(self._target.scene.is_locked(each) for each in held(drag))
            press.part, press.drag = ("locked", None) if is_locked else ("drag", drag)

    def _drag_of(self, press: _Press, hit: Hit, modifiers: Qt.KeyboardModifier) -> Drag | None:
        if hit.part == "pose":
            return PoseDrag(hit.segment)
        scene = self._target.scene
        if hit.part == "inside":
            copies = bool(modifiers & Qt.KeyboardModifier.AltModifier)
            grip = round(scene.axis.frame(press.at.x()))
            return (CopyDrag if copies else MoveDrag)(tuple(sorted(scene.chosen)), grip)
        end: Literal["start", "end"] = "start" if hit.part == "start" else "end"
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            return ripple_drag(scene.contents, hit.segment, end)
        return EndDrag(hit.segment, end, bool(modifiers & Qt.KeyboardModifier.ShiftModifier))

    def _drag_to(self, press: _Press, at: QPointF, *, free: bool) -> None:
        if press.drag is None:
            return
        target, scene = self._target, self._target.scene
        if not press.moving:
            press.moving = True
            drag = press.drag
            out = () if isinstance(drag, PoseDrag | CopyDrag) else held(drag)
            if isinstance(drag, RippleDrag):  # what moves along is no target
                track = scene.contents.tracks[drag.behind.track]
                out = (*out, *(track.ids[at] for at in drag.behind.segments.nonzero()[0].tolist()))
            targets = snap_targets(scene.contents, target.playhead, out)
            if isinstance(drag, PoseDrag):
                # A pose snaps to its own segment's ends, not to where it was.
                was = scene.contents.poses.frame_of(drag.segment)
                targets = [each for each in targets if each != was or each == target.playhead]
            press.targets = tuple(targets)
        free = free and not isinstance(press.drag, CopyDrag)  # there the key says: copies
        reach = SNAP_PX / scene.axis.px_per_frame if target.snapping and not free else -1.0
        frame = scene.axis.frame(at.x()) - (0.5 if isinstance(press.drag, PoseDrag) else 0.0)
        target.show_outcome(dragged(press.drag, scene.contents, frame, press.targets, reach))

    def _up_to(self, segment: str) -> frozenset[str]:
        """Everything between the last click and this one, on one track."""
        contents = self._target.scene.contents
        here, there = contents.place_of(self._anchor), contents.place_of(segment)
        if here is None or there is None or here[0] != there[0]:
            return frozenset({segment})
        low, high = sorted((here[1], there[1]))
        return frozenset(contents.tracks[here[0]].ids[low : high + 1])


def _inside(scene: Scene, box: QRectF) -> frozenset[str]:
    found: set[str] = set()
    first, last = scene.axis.frame(box.left()), scene.axis.frame(box.right())
    for row in scene.rows():
        if row.kind == "segments" and row.top < box.bottom() and row.top + row.height > box.top():
            track = scene.contents.tracks[row.track]
            meets = ((track.ends > first) & (track.starts < last)).nonzero()[0]
            found.update(track.ids[at] for at in meets.tolist())
    return frozenset(found)

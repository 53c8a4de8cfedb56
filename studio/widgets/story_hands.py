"""What mouse and keys do on a story track: drag ends, parts and diamonds, walk, change, reorder. One press a time."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from studio.widgets.story_edits import Story, whole
from studio.widgets.story_places import Hit, StoryPlaces

_SLACK_PX = 3.0
_STEP_S, _SNAP_S, _FRAME_S = 0.1, 0.1, 1 / 30
_SIDEWAYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_SHIFT, _ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


@dataclass
class Drag:
    """Of one thing; `story` is what it would become by now."""

    hit: Hit
    from_place: QPointF
    moving: bool = False
    story: Story | None = None
    drop: int = 0  # before which of the other parts a carried one would come


class Target(Protocol):
    """The track, as hands see it."""

    story: Story
    editable: bool

    @property
    def chosen(self) -> Hit: ...
    def places(self) -> StoryPlaces: ...
    def choose(self, hit: Hit) -> None: ...
    def wish(self, story: Story, chosen: Hit | None = None) -> None: ...
    def add(self, after: int | None = None) -> None: ...
    def remove(self, hit: Hit | None = None) -> None: ...
    def rename(self, at: int) -> None: ...
    def seek(self, seconds: float) -> None: ...


class Hands:
    """The state of one mouse over one track."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.drag: Drag | None = None

    # ---- the mouse ----

    def press(self, place: QPointF) -> None:
        target, places = self._target, self._target.places()
        hit = places.hit(place)
        if hit is None:
            if target.story.parts and place.x() >= places.time.left:
                target.seek(places.time.seconds(place.x()))
        elif hit.kind == "add":
            target.add()
        else:
            target.choose(hit)
            if target.editable:
                self.drag = Drag(hit, place)

    def move(self, place: QPointF, held: Qt.KeyboardModifier) -> None:
        drag = self.drag
        if drag is not None and (drag.moving or (place - drag.from_place).manhattanLength() > _SLACK_PX):
            drag.moving = True
            self._drag_to(drag, place, held)

    def release(self) -> None:
        """What the drag came to is wished, once."""
        drag, self.drag = self.drag, None
        if drag is None or not drag.moving or drag.story is None:
            return
        carried = drag.hit.kind == "part" and drag.story != self._target.story
        self._target.wish(drag.story, Hit("part", drag.drop) if carried else None)

    def open(self, place: QPointF) -> None:
        """A double click chooses another action."""
        target = self._target
        hit = target.places().hit(place)
        if hit is not None and hit.kind in ("part", "end") and target.editable:
            self.drag = None
            target.choose(hit)
            target.rename(hit.at)
        else:
            self.press(place)

    def cursor(self, place: QPointF) -> Qt.CursorShape:
        hit = self._target.places().hit(place)
        if hit is None or not self._target.editable:
            return Qt.CursorShape.ArrowCursor
        if hit.kind in ("end", "anchor"):
            return Qt.CursorShape.SizeHorCursor
        return Qt.CursorShape.PointingHandCursor if hit.kind == "add" else Qt.CursorShape.OpenHandCursor

    def _drag_to(self, drag: Drag, place: QPointF, held: Qt.KeyboardModifier) -> None:
        story, at = self._target.story, drag.hit.at
        way = (place.x() - drag.from_place.x()) / self._target.places().time.px_per_s
        match drag.hit.kind:
            case "end":
                wanted = story.parts[at].seconds + way
                wanted = wanted if held & _ALT else whole(round(wanted / _SNAP_S) * _SNAP_S)
                drag.story = story.lasting(at, wanted, shared=bool(held & _SHIFT))
            case "anchor":
                drag.story = story.with_anchor_at(at, story.anchors[at].at_s + way)
            case _:
                middle = story.start_of(at) + story.parts[at].seconds / 2 + way
                others = [each for each in range(len(story.parts)) if each != at]
                drag.drop = sum(story.start_of(each) + story.parts[each].seconds / 2 < middle for each in others)
                drag.story = story.moved(at, drag.drop)

    # ---- keys ----

    def has_use_for(self, event: QKeyEvent) -> bool:
        """Whether the track does something with this key, before any shortcut of the window hears of it."""
        held, target = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier, self._target
        match Qt.Key(event.key()):
            case Qt.Key.Key_Escape:
                return self.drag is not None
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                return held in (_ALT, _SHIFT, _ALT | _SHIFT)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                return not held and target.chosen.kind == "add"
            case Qt.Key.Key_Delete | Qt.Key.Key_F2:
                return not held and target.editable
            case _:
                return False

    def key(self, event: QKeyEvent) -> None:
        """One of those keys."""
        target, held = self._target, event.modifiers()
        step = _SIDEWAYS.get(Qt.Key(event.key()), 0)
        if event.key() == Qt.Key.Key_Escape:
            self.drag = None
        elif step and held & _ALT and held & _SHIFT:
            self.reorder(step)
        elif step and held & _ALT:
            items = target.places().items()
            at = items.index(target.chosen) if target.chosen in items else 0
            target.choose(items[min(max(at + step, 0), len(items) - 1)])
        elif step:
            self._nudge(step)
        elif event.key() == Qt.Key.Key_Delete:
            target.remove()
        elif event.key() == Qt.Key.Key_F2 and target.chosen.kind == "part":
            target.rename(target.chosen.at)
        elif target.chosen.kind == "add":
            target.add()

    def reorder(self, step: int) -> None:
        """The chosen part before or after its neighbour."""
        target, at = self._target, self._target.chosen.at
        if target.editable and target.chosen.kind == "part" and 0 <= at + step < len(target.story.parts):
            target.wish(target.story.moved(at, at + step), Hit("part", at + step))

    def _nudge(self, step: int) -> None:
        target, story, at = self._target, self._target.story, self._target.chosen.at
        if not target.editable or not target.places().has(target.chosen):
            return
        if target.chosen.kind == "part":
            target.wish(story.lasting(at, story.parts[at].seconds + step * _STEP_S))
        elif target.chosen.kind == "anchor":
            target.wish(story.with_anchor_at(at, story.anchors[at].at_s + step * _FRAME_S))

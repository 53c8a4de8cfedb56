"""What a person does with the forecast lanes of a timeline: choose a foreseen segment, walk, open a menu, point at one.

It changes nothing itself: the timeline's page is told. A step that is chosen stays chosen while the lanes' answers come
and go, as long as its lane still shows it.
"""

from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Signal

from studio.widgets.forecast_lanes import Lane, LaneItem
from studio.widgets.timeline_scene import Scene


class LaneGround(Protocol):
    """The timeline, as its lanes see it."""

    scene: Scene

    def show_scene(self, scene: Scene) -> None: ...


class LaneHands(QObject):
    """The lanes of one timeline."""

    chosen = Signal(object)
    """A LaneItem was chosen by a click or a key, or None: nothing is any more."""
    pointed = Signal(object)
    """The pointer is over this LaneItem, or over none (None)."""
    used = Signal()
    """Enter: the chosen step is to be used."""
    menu_wanted = Signal(object, QPoint)
    """For a LaneItem or for a whole lane (its key), at a place on the screen."""

    def __init__(self, ground: LaneGround, parent: QObject) -> None:
        super().__init__(parent)
        self._ground = ground
        self._over: LaneItem | None = None

    @property
    def item(self) -> LaneItem | None:
        """The step that is chosen."""
        return self._ground.scene.lane_item

    def show(self, lanes: tuple[Lane, ...]) -> None:
        """Other lanes, or other answers in them."""
        scene = self._ground.scene
        if lanes == scene.lanes:
            return
        kept = scene.lane_item if _has(lanes, scene.lane_item) else None
        lost = scene.lane_item is not None and kept is None
        self._ground.show_scene(replace(scene, lanes=lanes, lane_item=kept))
        if lost:
            self.chosen.emit(None)

    def choose(self, item: LaneItem | None) -> None:
        """Choose a step of a lane, or none."""
        scene = self._ground.scene
        item = item if _has(scene.lanes, item) else None
        if item != scene.lane_item:
            self._ground.show_scene(replace(scene, lane_item=item))
            self.chosen.emit(item)

    def walk(self, along: int, across: int = 0) -> bool:
        """The next step (`along`) or the next lane (`across`); from nowhere, the first step. False: there is none."""
        lanes = [each for each in self._ground.scene.lanes if each.steps]
        if not lanes:
            return False
        item = self.item
        if item is None:
            self.choose((lanes[0].key, lanes[0].steps[0].at))
            return True
        row = next((at for at, each in enumerate(lanes) if each.key == item[0]), 0)
        lane = lanes[min(max(row + across, 0), len(lanes) - 1)]
        steps = [each.at for each in lane.steps]
        at = min(range(len(steps)), key=lambda each: abs(steps[each] - item[1]))
        self.choose((lane.key, steps[min(max(at + along, 0), len(steps) - 1)]))
        return True

    # ---- the pointer ----

    def press(self, at: QPointF, on_screen: QPoint) -> bool:
        """A click; whether it was one on a lane. On a lane's ground it chooses nothing."""
        scene = self._ground.scene
        lane = scene.lane_at(at)
        if lane is None:
            if at.y() < scene.bottom:  # the strip at the foot only shows another stretch
                self.choose(None)
            return False
        if at.x() < scene.head:
            self.menu_wanted.emit(lane.key, on_screen)
        else:
            self.choose(scene.lane_item_at(at))
        return True

    def key(self, key: Qt.Key, *, is_pressed: bool) -> bool:
        """Enter uses the chosen step and Esc lets go of it, before any shortcut hears of them; whether it was one."""
        if self.item is None or key not in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            return False
        if is_pressed and key == Qt.Key.Key_Escape:
            self.choose(None)
        elif is_pressed:
            self.used.emit()
        return True

    def menu(self, at: QPointF, on_screen: QPoint) -> bool:
        """A right-click; whether it was one on a lane."""
        scene = self._ground.scene
        lane = scene.lane_at(at)
        if lane is None:
            return False
        item = scene.lane_item_at(at)
        self.menu_wanted.emit(item if item is not None else lane.key, on_screen)
        return True

    def point(self, at: QPointF | None) -> None:
        """The pointer is here, or has left."""
        over = None if at is None else self._ground.scene.lane_item_at(at)
        if over != self._over:
            self._over = over
            self.pointed.emit(over)


def _has(lanes: tuple[Lane, ...], item: LaneItem | None) -> bool:
    return item is not None and any(each.key == item[0] and each.step(item[1]) is not None for each in lanes)

"""The timeline for screen readers: a list of segments, then of foreseen ones, each said in one sentence."""

from functools import cache, partial

from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget

from studio.widgets import timeline_words as words
from studio.widgets.forecast_lanes import LaneItem
from studio.widgets.painted_items import ItemAccessible
from studio.widgets.timeline import Timeline

MOST_ITEMS = 2000
"""A reader walks through a list one by one; a longer one would only be slow to ask about."""


class TimelineAccessible(QAccessibleWidget):
    """The widget, as a list of its segments and of what its forecast lanes foresee."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline, QAccessible.Role.List, "Timeline")
        self._timeline = timeline
        self._items: dict[str | LaneItem, SegmentAccessible | ForeseenAccessible] = {}

    def ids(self) -> list[str]:
        """The segments in the order of the tracks."""
        tracks = self._timeline.scene.contents.tracks
        return [each for track in tracks for each in track.ids][:MOST_ITEMS]

    def keys(self) -> list[str | LaneItem]:
        """The segments, then the foreseen ones, lane by lane."""
        return [*self.ids(), *((lane.key, step.at) for lane in self._timeline.scene.lanes for step in lane.steps)]

    def childCount(self) -> int:
        return len(self.keys())

    def child(self, index: int) -> QAccessibleInterface | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        keys = self.keys()
        if not 0 <= index < len(keys):
            return None
        key = keys[index]
        if key not in self._items:
            made = SegmentAccessible if isinstance(key, str) else ForeseenAccessible
            self._items[key] = made(self, self._timeline, key)  # pyright: ignore[reportArgumentType]
        return self._items[key]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        keys = self.keys()
        key = child.segment if isinstance(child, SegmentAccessible) else None
        key = child.item if isinstance(child, ForeseenAccessible) else key
        return keys.index(key) if key in keys else -1


class SegmentAccessible(ItemAccessible):
    """One segment in words."""

    def __init__(self, parent: TimelineAccessible, timeline: Timeline, segment: str) -> None:
        super().__init__(parent, timeline)
        self._list, self._timeline, self.segment = parent, timeline, segment

    def isValid(self) -> bool:
        return self._timeline.scene.contents.place_of(self.segment) is not None

    def area(self) -> QRect:
        return self._timeline.scene.segment_rect(self.segment).toRect()

    def words(self) -> str:
        scene, ids = self._timeline.scene, self._list.ids()
        posed = scene.contents.poses.frame_of(self.segment) is not None
        place = f"segment {ids.index(self.segment) + 1} of {len(ids)}" if self.segment in ids else ""
        return f"{words.said_of(scene, self.segment)}, {'has its pose' if posed else 'has no pose yet'}, {place}"

    def is_chosen(self) -> bool:
        return self.segment in self._timeline.chosen


class ForeseenAccessible(ItemAccessible):
    """One step of a forecast lane in words."""

    def __init__(self, parent: TimelineAccessible, timeline: Timeline, item: LaneItem) -> None:
        super().__init__(parent, timeline)
        self._timeline, self.item = timeline, item

    def isValid(self) -> bool:
        return any(each.key == self.item[0] and each.step(self.item[1]) for each in self._timeline.scene.lanes)

    def area(self) -> QRect:
        return self._timeline.scene.lane_item_rect(self.item).toRect()

    def words(self) -> str:
        scene = self._timeline.scene
        lane = next((each for each in scene.lanes if each.key == self.item[0]), None)
        return "" if lane is None else words.said_of_lane(scene, lane, self.item)

    def is_chosen(self) -> bool:
        return self._timeline.scene.lane_item == self.item


_made: dict[int, TimelineAccessible] = {}


def _factory(kind: str, thing: QObject | None) -> QAccessibleInterface | None:  # noqa: ARG001
    if isinstance(thing, Timeline):
        made = TimelineAccessible(thing)
        _made[id(thing)] = made  # Qt keeps no reference that Python knows of
        thing.destroyed.connect(partial(_forget, id(thing)))
        return made
    return None


def _forget(key: int, *_: object) -> None:
    _made.pop(key, None)


@cache
def install() -> None:
    """Let screen readers hear timelines; once is enough."""
    QAccessible.installFactory(_factory)

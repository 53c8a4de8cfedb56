"""The timeline for screen readers: segments, suggested frames, foreseen steps and curves, each in one sentence."""

from dataclasses import dataclass
from functools import cache, partial

from PySide6.QtCore import QObject, QRect, QRectF
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget

from studio.widgets import timeline_words as words
from studio.widgets.forecast_lanes import LaneItem
from studio.widgets.painted_items import ItemAccessible
from studio.widgets.timeline import Timeline
from studio.widgets.timeline_axis import Row
from studio.words import say

MOST_ITEMS = 2000
"""A reader walks through a list one by one; a longer one would only be slow to ask about."""


@dataclass(frozen=True)
class Suggested:
    """A suggested frame, by its place among them."""

    at: int


@dataclass(frozen=True)
class Curve:
    """A row that shows a curve, by its key."""

    row: str


Key = str | LaneItem | Suggested | Curve
"""A segment's id, a foreseen step, a suggested frame, or a curve."""


class TimelineAccessible(QAccessibleWidget):
    """The widget, as a list of its segments, of what is suggested and foreseen, and of its curves."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline, QAccessible.Role.List, "Timeline")
        self._timeline = timeline
        self._items: dict[Key, ItemAccessible] = {}

    def ids(self) -> list[str]:
        """The segments in the order of the tracks."""
        tracks = self._timeline.scene.contents.tracks
        return [each for track in tracks for each in track.ids][:MOST_ITEMS]

    def keys(self) -> list[Key]:
        """The segments, the suggestions, the foreseen steps lane by lane, and the curves."""
        scene = self._timeline.scene
        dots = 0 if scene.suggestions is None else min(len(scene.suggestions.frames), MOST_ITEMS)
        return [
            *self.ids(),
            *(Suggested(at) for at in range(dots)),
            *((lane.key, step.at) for lane in scene.lanes for step in lane.steps),
            *(Curve(row.key) for row in scene.rows() if row.kind in ("confidence", "speed")),
        ]

    def childCount(self) -> int:
        return len(self.keys())

    def child(self, index: int) -> QAccessibleInterface | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        keys = self.keys()
        if not 0 <= index < len(keys):
            return None
        key = keys[index]
        if key not in self._items:
            self._items[key] = self._made(key)
        return self._items[key]

    def _made(self, key: Key) -> ItemAccessible:
        match key:
            case str():
                return SegmentAccessible(self, self._timeline, key)
            case Suggested():
                return SuggestionAccessible(self, self._timeline, key)
            case Curve():
                return CurveAccessible(self, self._timeline, key)
            case _:
                return ForeseenAccessible(self, self._timeline, key)

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        keys = self.keys()
        key = next((key for key, made in self._items.items() if made is child), None)
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
        parts = [words.said_of(scene, self.segment), say("has its pose" if posed else "has no pose yet")]
        if self.segment in ids:
            parts.append(say("segment {number} of {count}", number=ids.index(self.segment) + 1, count=len(ids)))
        return ", ".join(parts)

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


class SuggestionAccessible(ItemAccessible):
    """One suggested frame in words."""

    def __init__(self, parent: TimelineAccessible, timeline: Timeline, key: Suggested) -> None:
        super().__init__(parent, timeline)
        self._timeline, self._at = timeline, key.at

    def isValid(self) -> bool:
        marks = self._timeline.scene.suggestions
        return marks is not None and self._at < len(marks.frames)

    def area(self) -> QRect:
        scene = self._timeline.scene
        row = next((each for each in scene.rows() if each.kind == "suggestions"), None)
        if row is None or scene.suggestions is None or not self.isValid():
            return QRect()
        x = scene.axis.x(int(scene.suggestions.frames[self._at]) + 0.5)
        return QRectF(x - row.height / 2, row.top, row.height, row.height).toRect()

    def words(self) -> str:
        return words.said_of_suggestion(self._timeline.scene, self._at)

    def is_chosen(self) -> bool:
        marks = self._timeline.scene.suggestions
        return marks is not None and marks.current == self._at


class CurveAccessible(ItemAccessible):
    """One curve in words: what it shows, and its value at the playhead."""

    def __init__(self, parent: TimelineAccessible, timeline: Timeline, key: Curve) -> None:
        super().__init__(parent, timeline)
        self._timeline, self._row = timeline, key.row

    def row(self) -> Row | None:
        """Where it stands now."""
        return next((each for each in self._timeline.scene.rows() if each.key == self._row), None)

    def isValid(self) -> bool:
        return self.row() is not None

    def area(self) -> QRect:
        row, scene = self.row(), self._timeline.scene
        return QRect() if row is None else QRectF(scene.head, row.top, scene.lane_width, row.height).toRect()

    def words(self) -> str:
        row, scene = self.row(), self._timeline.scene
        if row is None:
            return ""
        here = words.said_of_row(scene, row, self._timeline.playhead)
        return say("{row}; here {value}", row=words.said_of_head(scene, row), value=here)

    def is_chosen(self) -> bool:
        return False


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

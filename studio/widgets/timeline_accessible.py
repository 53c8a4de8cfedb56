"""The timeline for screen readers: a list of segments, each said in one sentence, chosen ones marked as such."""

from functools import cache, partial
from typing import Any

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor
from PySide6.QtWidgets import QAccessibleWidget

from studio.widgets.timeline import Timeline

MOST_ITEMS = 2000
"""A reader walks through a list one by one; a longer one would only be slow to ask about."""


class TimelineAccessible(QAccessibleWidget):
    """The widget, as a list of its segments."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline, QAccessible.Role.List, "Timeline")
        self._timeline = timeline
        self._items: dict[str, SegmentAccessible] = {}

    def ids(self) -> list[str]:
        """The segments in the order of the tracks."""
        tracks = self._timeline.scene.contents.tracks
        return [each for track in tracks for each in track.ids][:MOST_ITEMS]

    def childCount(self) -> int:
        return len(self.ids())

    def child(self, index: int) -> QAccessibleInterface | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        ids = self.ids()
        if not 0 <= index < len(ids):
            return None
        if ids[index] not in self._items:
            self._items[ids[index]] = SegmentAccessible(self, self._timeline, ids[index])
        return self._items[ids[index]]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        ids = self.ids()
        return ids.index(child.segment) if isinstance(child, SegmentAccessible) and child.segment in ids else -1


class SegmentAccessible(QAccessibleInterface):
    """One segment in words."""

    def __init__(self, parent: TimelineAccessible, timeline: Timeline, segment: str) -> None:
        super().__init__()
        self._parent, self._timeline, self.segment = parent, timeline, segment

    def isValid(self) -> bool:
        return self._timeline.scene.contents.place_of(self.segment) is not None

    def object(self) -> QObject | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None

    def window(self) -> Any:
        return self._timeline.window().windowHandle()

    def parent(self) -> QAccessibleInterface:
        return self._parent

    def childCount(self) -> int:
        return 0

    def child(self, index: int) -> QAccessibleInterface | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ARG002
        return None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ARG002
        return None

    def indexOfChild(self, child: QAccessibleInterface) -> int:  # noqa: ARG002
        return -1

    def rect(self) -> QRect:
        area = self._timeline.scene.segment_rect(self.segment).toRect()
        return QRect(self._timeline.mapToGlobal(QPoint(area.left(), area.top())), area.size())

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def text(self, kind: QAccessible.Text) -> str:
        if kind != QAccessible.Text.Name:
            return ""
        scene, ids = self._timeline.scene, self._parent.ids()
        posed = scene.contents.poses.frame_of(self.segment) is not None
        place = f"segment {ids.index(self.segment) + 1} of {len(ids)}" if self.segment in ids else ""
        return f"{scene.said_of(self.segment)}, {'has its pose' if posed else 'has no pose yet'}, {place}"

    def setText(self, kind: QAccessible.Text, text: str) -> None: ...

    def state(self) -> QAccessible.State:
        made = QAccessible.State()
        made.selectable = True  # pyright: ignore[reportAttributeAccessIssue]
        made.selected = self.segment in self._timeline.chosen  # pyright: ignore[reportAttributeAccessIssue]
        return made

    def foregroundColor(self) -> QColor:
        return QColor()

    def backgroundColor(self) -> QColor:
        return QColor()


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

"""Where the things of a story lie on its track, what they are called, and what lies under the pointer. No state.

Logical pixels of the track; times by its axis.
"""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication, QPointF, QRectF

from studio import theme
from studio.widgets import story_paint
from studio.widgets.motion_time import MotionTime
from studio.widgets.story_edits import Story, spelled

Kind = Literal["part", "end", "anchor", "add"]
_GRIP_PX = 6.0


@dataclass(frozen=True)
class Hit:
    """Something of the track: which part, whose end, which anchor, or the place to add."""

    kind: Kind
    at: int = 0


@dataclass(frozen=True)
class StoryPlaces:
    """A story on a track of some size."""

    story: Story
    time: MotionTime
    width: int
    height: int
    editable: bool = True

    @property
    def lane(self) -> QRectF:
        return QRectF(self.time.left, 6, self.time.width, self.height - 10)

    def part(self, at: int) -> QRectF:
        left, right = self.time.x(self.story.start_of(at)), self.time.x(self.story.start_of(at + 1))
        return QRectF(left, self.lane.top(), right - left, self.lane.height())

    def add(self) -> QRectF:
        """Where one more can be added: after the last part, inside the widget."""
        width = story_paint.add_width(self.width)
        left = min(self.time.x(self.story.seconds) + 5, self.width - width - 1)
        return QRectF(left, self.lane.top(), width, self.lane.height())

    def rect(self, hit: Hit) -> QRectF:
        """Of an item."""
        if hit.kind == "add":
            return self.add()
        if hit.kind != "anchor":
            return self.part(hit.at)
        return QRectF(self.time.x(self.story.anchors[hit.at].at_s) - 8, self.lane.center().y() - 8, 16, 16)

    def hit(self, place: QPointF) -> Hit | None:
        """What is there; diamonds lie over parts, ends over insides."""
        reach, lane = theme.px(9), self.lane
        for at, each in enumerate(self.story.anchors):
            if abs(place.x() - self.time.x(each.at_s)) + abs(place.y() - lane.center().y()) <= reach:
                return Hit("anchor", at)
        if self.editable and self.add().contains(place):
            return Hit("add")
        for at in reversed(range(len(self.story.parts))):
            area = self.part(at)
            inside = min(_GRIP_PX, area.width() / 3)
            is_at_end = area.right() - inside <= place.x() <= area.right() + _GRIP_PX / 2
            if is_at_end and lane.top() <= place.y() <= lane.bottom():
                return Hit("end", at)
            if area.contains(place):
                return Hit("part", at)
        return None

    def items(self) -> list[Hit]:
        """Parts and anchors by time, then the place to add."""
        story = self.story
        found = [(story.start_of(at), 0, Hit("part", at)) for at in range(len(story.parts))]
        found += [(each.at_s, 1, Hit("anchor", at)) for at, each in enumerate(story.anchors)]
        found.sort(key=lambda each: each[:2])
        return [each[2] for each in found] + ([Hit("add")] if self.editable and found else [])

    def has(self, hit: Hit) -> bool:
        """Whether there is such a thing."""
        if hit.kind == "add":
            return self.editable
        return hit.at < len(self.story.anchors if hit.kind == "anchor" else self.story.parts)

    def said(self, hit: Hit) -> str:
        """It in one sentence."""
        story = self.story
        if hit.kind == "add":
            return _tr("Add action")
        if hit.kind == "anchor":
            anchor = story.anchors[hit.at]
            return _tr("pose {name}, passed through at {time} s").format(
                name=anchor.name or hit.at + 1, time=f"{anchor.at_s:.2f}"
            )
        start, part = story.start_of(hit.at), story.parts[hit.at]
        return _tr("{name}, {start} to {end} s, part {at} of {all}").format(
            name=spelled(part), start=f"{start:.2f}", end=f"{start + part.seconds:.2f}", at=hit.at + 1,
            all=len(story.parts),
        )  # fmt: skip


def _tr(words: str) -> str:
    return QCoreApplication.translate("StoryTrack", words)

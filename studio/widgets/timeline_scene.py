"""What a timeline shows at one moment, as a value: it can be painted, and asked what lies where. No events.

Positions on the screen are the widget's own pixels; time is frames, ends exclusive.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPixmap

from studio import theme
from studio.widgets import lane_paint
from studio.widgets import timeline_curves as curves
from studio.widgets.clip_time import ClipTime
from studio.widgets.forecast_lanes import Lane, LaneItem
from studio.widgets.timeline_axis import (
    FOOT,
    GAP,
    RULER,
    Arrangement,
    Axis,
    Row,
    Wish,
    laid_out,
    wished_height,
    wishes_of,
)
from studio.widgets.timeline_contents import SuggestionMarks, TimelineContents
from studio.widgets.timeline_drag import DragOutcome
from studio.widgets.timeline_signals import HandSpeed, MinMax

HEAD = 136
EDGE_PX, NARROW_PX, MISS_PX, POSE_PX = 6.0, 18.0, 2.5, 9.0
_NOTHING = TimelineContents(ClipTime(0, 25.0))


@dataclass(frozen=True)
class Hit:
    """What lies under a point: "start", "end" or "inside" of a segment; its "pose", or where one is "missing"."""

    segment: str
    part: str


@dataclass(frozen=True)
class Scene:
    """A timeline `width` × `height` pixels large. Changing it makes another one."""

    contents: TimelineContents = _NOTHING
    axis: Axis = Axis(0, HEAD, 100)  # noqa: RUF009 - a frozen value
    width: int = 100
    height: int = 100
    chosen: frozenset[str] = frozenset()
    range: tuple[int | None, int | None] = (None, None)
    outcome: DragOutcome | None = None
    thumbnails: dict[int, QPixmap] = field(default_factory=dict)
    main_actor: str | None = None
    lanes: tuple[Lane, ...] = ()
    lane_item: LaneItem | None = None
    suggestions: SuggestionMarks | None = None
    confidence: MinMax | None = None
    speed: HandSpeed | None = None
    arrangement: Arrangement = Arrangement()  # noqa: RUF009 - a frozen value
    scroll: float = 0.0
    """How far the rows are moved up where they do not fit."""

    # ---- the view ----

    @property
    def head(self) -> int:
        """How wide the rows' names stand; they grow with the text."""
        return theme.px(HEAD)

    @property
    def lane_width(self) -> float:
        return max(self.width - self.head - 6, 1)

    @property
    def bottom(self) -> int:
        """Where the rows end and the overview begins."""
        return self.height - int(FOOT)

    def whole_axis(self) -> Axis:
        """The axis with the whole clip in view."""
        count = self.contents.time.frame_count
        return Axis(count, self.head, self.lane_width, 0.0, self.lane_width / max(count, 1))

    def sized(self, width: int, height: int, *, whole: bool) -> "Scene":
        """The same in a widget of another size; `whole` keeps the whole clip in view."""
        made = replace(self, width=width, height=height)
        axis = made.whole_axis() if whole else replace(self.axis, left=made.head, width=made.lane_width).kept_inside()
        return replace(made, axis=axis)

    def wishes(self, *, with_hidden: bool = False) -> list[Wish]:
        """Every row there is to show, in the person's order."""
        return wishes_of(
            self.contents,
            with_frames=bool(self.thumbnails),
            with_suggestions=self.suggestions is not None,
            with_confidence=self.confidence is not None,
            with_speed=self.speed is not None,
            lanes=[(each.key, each.name, len(each.futures)) for each in self.lanes],
            main_actor=self.main_actor,
            arrangement=self.arrangement,
            with_hidden=with_hidden,
        )

    @cached_property
    def _laid(self) -> tuple[tuple[Row, ...], float]:
        return laid_out(self.wishes(), self.height, self.scroll)

    def rows(self) -> tuple[Row, ...]:
        """What is shown from top to bottom; some may lie outside of what is in view."""
        return self._laid[0]

    @property
    def most_scroll(self) -> float:
        """How far the rows can be moved up; 0 where they fit."""
        return self._laid[1]

    def scrolled(self, by: float) -> "Scene":
        """The rows moved up by so many pixels, as far as they go."""
        return replace(self, scroll=min(max(min(self.scroll, self.most_scroll) + by, 0.0), self.most_scroll))

    def revealing(self, segment: str) -> "Scene":
        """The rows scrolled to where a segment is, unless some of it can be seen."""
        rect = self.segment_rect(segment)
        if rect.isNull() or self.most_scroll <= 0 or (rect.bottom() > RULER and rect.top() < self.bottom):
            return self
        above = rect.bottom() <= RULER
        return self.scrolled(rect.top() - RULER - GAP if above else rect.bottom() - self.bottom + GAP)

    def row_at(self, y: float) -> Row | None:
        """The row at a height of the widget."""
        if not RULER <= y < self.bottom:
            return None
        return next((each for each in self.rows() if each.top <= y < each.bottom), None)

    def wished_height(self) -> int:
        """How high the widget must be for every row to have its usual height."""
        return round(wished_height(self.wishes()))

    @property
    def is_whole(self) -> bool:
        """Whether the whole clip is in view."""
        return self.axis.px_per_frame <= self.axis.whole * 1.0001

    @property
    def main_track(self) -> int:
        """The track of the person the marks are about; the first where nobody is."""
        return next((at for at, each in enumerate(self.contents.tracks) if each.actor == self.main_actor), 0)

    # ---- finding things ----

    def hit(self, at: QPointF) -> Hit | None:
        """What lies at a point."""
        row = self.row_at(at.y())
        if row is None or at.x() < self.head:
            return None
        if row.kind == "poses":
            marks = self.contents.poses
            far = np.abs(self.axis.left + (marks.frames + 0.5 - self.axis.first) * self.axis.px_per_frame - at.x())
            if not len(far) or far.min() > POSE_PX:
                return None
            nearest = int(far.argmin())
            return Hit(marks.segments[nearest], "missing" if marks.missing[nearest] else "pose")
        if row.kind != "segments":
            return None
        track = self.contents.tracks[row.track]
        half = min(int((at.y() - row.top) // (row.height / track.row_count)), track.row_count - 1)
        reach = EDGE_PX / self.axis.px_per_frame / 3
        frame = self.axis.frame(at.x())
        near = ((track.starts <= frame + reach) & (track.ends >= frame - reach) & (track.rows == half)).nonzero()[0]
        best: tuple[float, Hit] | None = None
        for place in near.tolist():
            left, right = self.axis.x(int(track.starts[place])), self.axis.x(int(track.ends[place]))
            segment = track.ids[place]
            part = "inside"
            if right - left >= NARROW_PX or segment in self.chosen:
                grip = min(EDGE_PX, max((right - left) / 3, 2.0))
                if at.x() - left < grip and at.x() - left < right - at.x():
                    part = "start"
                elif right - at.x() < grip:
                    part = "end"
            outside = max(left - at.x(), at.x() - right, 0.0)
            # Of two that touch, the one under the pointer; of two that overlap, the chosen one.
            rank = outside - (0.5 if segment in self.chosen and outside == 0 else 0)
            if best is None or rank < best[0]:
                best = (rank, Hit(segment, part))
        return best[1] if best is not None and best[0] < MISS_PX else None

    def segment_rect(self, segment: str) -> QRectF:
        """Where a segment is drawn; empty where it is not in view."""
        place = self.contents.place_of(segment)
        row = (
            None
            if place is None
            else next((each for each in self.rows() if each.kind == "segments" and each.track == place[0]), None)
        )
        if place is None or row is None:
            return QRectF()
        track = self.contents.tracks[place[0]]
        high = row.height / track.row_count
        left, right = self.axis.x(int(track.starts[place[1]])), self.axis.x(int(track.ends[place[1]]))
        return QRectF(left, row.top + int(track.rows[place[1]]) * high, right - left, high)

    def lane_at(self, at: QPointF) -> Lane | None:
        """The forecast lane at a point, its head included."""
        row = self.row_at(at.y())
        return None if row is None or row.kind != "forecast" else self.lanes[row.track]

    def lane_item_at(self, at: QPointF) -> LaneItem | None:
        """The foreseen segment at a point; of several that overlap, the one that begins last."""
        lane = self.lane_at(at)
        if lane is None or at.x() < self.head:
            return None
        frame, slack = self.axis.frame(at.x()), MISS_PX / self.axis.px_per_frame
        under = [each for each in lane.steps if each.frames.start - slack <= frame < each.frames.end + slack]
        return (lane.key, max(under, key=lambda each: each.frames.start).at) if under else None

    def lane_item_rect(self, item: LaneItem) -> QRectF:
        """Where a foreseen segment is drawn; empty where it is not."""
        place = next((at for at, each in enumerate(self.lanes) if each.key == item[0]), -1)
        row = next((each for each in self.rows() if each.kind == "forecast" and each.track == place), None)
        step = None if place < 0 else self.lanes[place].step(item[1])
        if row is None or step is None:
            return QRectF()
        return lane_paint.step_rect(self.axis, row, self.lanes[place], step)

    def is_locked(self, segment: str) -> bool:
        """Whether a segment belongs to somebody who is locked."""
        place = self.contents.place_of(segment) if self.arrangement.locked else None
        return place is not None and self.arrangement.is_locked(self.contents.tracks[place[0]].actor)

    def row_kind(self, at: QPointF) -> str:
        """What the row at a point shows; empty between rows."""
        row = self.row_at(at.y())
        return "" if row is None else row.kind

    def suggestion_at(self, at: QPointF) -> int | None:
        """The suggested frame at a point, by its place among them."""
        if self.suggestions is None or at.x() < self.head or self.row_kind(at) != "suggestions":
            return None
        return curves.nearest(self.axis, self.suggestions, at.x())

    @property
    def overview(self) -> "Strip":
        """The strip at the foot that holds the whole clip."""
        rect = QRectF(self.head, self.height - FOOT, self.lane_width, FOOT)
        return Strip(rect, self.contents.time.frame_count, self.axis.first, self.axis.last)


@dataclass(frozen=True)
class Strip:
    """The whole clip in a strip, and the part of it, from frame `first` to `last`, that is in view above."""

    rect: QRectF
    frame_count: int
    first: float
    last: float

    @property
    def window(self) -> QRectF:
        """Where the part in view lies."""
        scale = self.rect.width() / max(self.frame_count, 1)
        left = self.rect.left() + self.first * scale
        right = min(self.rect.left() + self.last * scale, self.rect.right())
        return QRectF(left, self.rect.top() + 2.5, max(right - left, 6), self.rect.height() - 5)

    def frame(self, x: float) -> float:
        """The frame at `x`."""
        return (x - self.rect.left()) / self.rect.width() * self.frame_count

    def part(self, x: float) -> Literal["window start", "window end", "window"]:
        """What a press at `x` takes hold of: an end of the window, or the window."""
        window = self.window
        if window.width() > 18 and abs(x - window.left()) < 5:
            return "window start"
        if window.width() > 18 and abs(x - window.right()) < 5:
            return "window end"
        return "window"

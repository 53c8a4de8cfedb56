"""What a timeline shows at one moment, as a value: it can be painted, and asked what lies where. No events.

Positions on the screen are the widget's own pixels; time is frames, ends exclusive.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPixmap

from studio import theme
from studio.widgets import lane_paint, painting
from studio.widgets import timeline_curves as curves
from studio.widgets import timeline_paint as paint
from studio.widgets.clip_time import ClipTime, say_time
from studio.widgets.forecast_lanes import Lane, LaneItem, said_of
from studio.widgets.timeline_axis import (
    FOOT,
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

    def row_at(self, y: float) -> Row | None:
        """The row at a height of the widget."""
        if not RULER <= y < self.bottom:
            return None
        return next((each for each in self.rows() if each.top <= y < each.bottom), None)

    def wished_height(self) -> int:
        """How high the widget must be for every row to have its usual height."""
        return round(wished_height(self.wishes()))

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
        half = int((at.y() - row.top) // (row.height / track.row_count)) if track.row_count > 1 else 0
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
        row = None if place is None else next((each for each in self.rows() if each.track == place[0]), None)
        if place is None or row is None:
            return QRectF()
        track = self.contents.tracks[place[0]]
        high = row.height / track.row_count
        left, right = self.axis.x(int(track.starts[place[1]])), self.axis.x(int(track.ends[place[1]]))
        return QRectF(left, row.top + int(track.rows[place[1]]) * high, right - left, high)

    def said_of(self, segment: str) -> str:
        """An item in words: "reach, 0:50.70 to 0:53.60"."""
        place, span = self.contents.place_of(segment), self.contents.segment_at(segment)
        if place is None or span is None:
            return ""
        track, time = self.contents.tracks[place[0]], self.contents.time
        label = self.contents.labels[int(track.labels[place[1]])]
        draft = ", a draft" if track.drafts[place[1]] else ""
        return f"{label.name}, {say_time(time.seconds(span[0]))} to {say_time(time.seconds(span[1]))}{draft}"

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

    def said_of_lane(self, lane: Lane, item: LaneItem | None) -> str:
        """A lane, or one of its steps, in words."""
        step = None if item is None else lane.step(item[1])
        if step is not None:
            return said_of(lane, step, self.contents.time)
        return ". ".join(each for each in (lane.words, lane.hint) if each) or f"{lane.name}: choose runs and futures"

    def said_at(self, at: QPointF) -> str:
        """What lies at a point, in words; empty where nothing does."""
        lane = self.lane_at(at)
        if lane is not None:
            return self.said_of_lane(lane, self.lane_item_at(at))
        suggested = self.suggestion_at(at)
        if suggested is not None and self.suggestions is not None:
            return self.said_of_suggestion(suggested)
        hit = self.hit(at)
        return self.said_of(hit.segment) if hit is not None else ""

    def said_of_suggestion(self, at: int) -> str:
        """One suggested frame in words: "suggested pose of reach, 0:51.20, 81 %, arms far out"."""
        marks = self.suggestions
        if marks is None or not 0 <= at < len(marks.frames):
            return ""
        when = say_time(self.contents.time.seconds(int(marks.frames[at])))
        return f"suggested pose of {self.name_of(marks.segments[at])}, {when}, {curves.said_of(marks, at)}"

    def name_of(self, segment: str) -> str:
        """The word of a segment."""
        place = self.contents.place_of(segment)
        if place is None:
            return "segment"
        return self.contents.labels[int(self.contents.tracks[place[0]].labels[place[1]])].name

    def row_kind(self, at: QPointF) -> str:
        """What the row at a point shows; empty between rows."""
        row = self.row_at(at.y())
        return "" if row is None else row.kind

    def suggestion_at(self, at: QPointF) -> int | None:
        """The suggested frame at a point, by its place among them."""
        if self.suggestions is None or at.x() < self.head or self.row_kind(at) != "suggestions":
            return None
        return curves.nearest(self.axis, self.suggestions, at.x())

    def overview_rect(self) -> QRectF:
        """The strip at the foot that holds the whole clip."""
        return QRectF(self.head, self.height - FOOT, self.lane_width, FOOT)

    def overview_window(self) -> QRectF:
        """The part of the strip that is in view above."""
        rect = self.overview_rect()
        scale = rect.width() / max(self.contents.time.frame_count, 1)
        left = rect.left() + self.axis.first * scale
        right = min(rect.left() + self.axis.last * scale, rect.right())
        return QRectF(left, rect.top() + 2.5, max(right - left, 6), rect.height() - 5)

    def overview_frame(self, x: float) -> float:
        """The frame at `x` of the strip."""
        rect = self.overview_rect()
        return (x - rect.left()) / rect.width() * self.contents.time.frame_count

    def overview_part(self, x: float) -> Literal["window start", "window end", "window"]:
        """What a press at `x` of the strip takes hold of: an end of the window, or the window."""
        window = self.overview_window()
        if window.width() > 18 and abs(x - window.left()) < 5:
            return "window start"
        if window.width() > 18 and abs(x - window.right()) < 5:
            return "window end"
        return "window"

    # ---- painting ----

    def paint_ground(self, painter: QPainter) -> None:
        """What stays while the playhead moves: heads, segments, poses, confidence, veils."""
        look, contents, axis = theme.now(), self.contents, self.axis
        everything = QRectF(0, 0, self.width, self.height)
        _round(painter, everything)
        painter.fillRect(everything, QColor(look.panel))
        lane = QRectF(self.head, 0, self.width - self.head, self.bottom)
        moved = {name: (start, end) for name, start, end in self.outcome.spans} if self.outcome else {}
        painter.setPen(QColor(look.line))
        painter.drawLine(QPointF(0, RULER), QPointF(self.width, RULER))
        painter.save()
        painter.setClipRect(lane, Qt.ClipOperation.IntersectClip)
        self._paint_veils(painter, moved)
        painter.restore()
        main = self.main_actor
        if contents.tracks and main not in {each.actor for each in contents.tracks}:
            main = contents.tracks[0].actor
        for row in self.rows():
            track = contents.tracks[row.track] if row.kind == "segments" else None
            lane_shown = self.lanes[row.track] if row.kind == "forecast" else None
            if lane_shown is not None:
                lane_paint.head(painter, row, self.head, lane_shown)
            else:
                paint.head(painter, row, self.head, strong=track is not None and track.actor == main)
            painter.setPen(theme.alpha(look.line, 0.8))
            painter.drawLine(QPointF(0, row.top + row.height + 1.5), QPointF(self.width, row.top + row.height + 1.5))
            painter.save()
            painter.setClipRect(lane, Qt.ClipOperation.IntersectClip)
            if track is not None:
                if track.actor == main:
                    paint.gaps(painter, axis, row, contents.gaps)
                paint.segments(painter, axis, row, track, contents.labels, self.chosen, moved)
            elif row.kind == "poses":
                pose = self.outcome.pose if self.outcome else None
                paint.poses(painter, axis, row, contents.poses, contents.labels, self.chosen, pose)
            elif row.kind == "confidence" and self.confidence is not None:
                curves.confidence(painter, axis, row, self.confidence)
            elif row.kind == "speed" and self.speed is not None:
                curves.speed(painter, axis, row, self.speed)
            elif row.kind == "suggestions" and self.suggestions is not None:
                curves.suggestions(painter, axis, row, self.suggestions)
            elif lane_shown is not None:
                item = self.lane_item
                chosen = item[1] if item is not None and item[0] == lane_shown.key else None
                lane_paint.lane(painter, axis, row, lane_shown, contents.time, chosen, self.lane_width)
            elif row.kind == "frames":
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                ends = axis.frame_count if contents.video_ends is None else contents.video_ends
                paint.frames(painter, axis, row, self.thumbnails, ends)
            painter.restore()
        if contents.video_ends is not None:
            left = max(axis.x(contents.video_ends), axis.left)
            beyond = QRectF(left, RULER, self.width - left, self.bottom - RULER)
            painter.fillRect(beyond, theme.alpha(look.window, 0.45))
            painting.hatched(painter, beyond, look.edge, 1)
        painter.setPen(QColor(look.line))
        painter.drawLine(QPointF(self.head - 0.5, RULER), QPointF(self.head - 0.5, self.bottom))
        if contents.time.frame_count:
            paint.ruler(painter, axis, contents.time)
            paint.overview(painter, contents, self.overview_rect())

    def paint_moving(self, painter: QPainter, playhead: int, box: QRectF | None, *, focused: bool) -> None:
        """What moves over the ground: ruler, marks, playhead, what is being dragged, focus."""
        look, axis = theme.now(), self.axis
        _round(painter, QRectF(0, 0, self.width, self.height))
        if self.contents.time.frame_count:
            x = axis.x(playhead)
            is_in_view = axis.left - 1 <= x <= axis.left + axis.width + 1
            if is_in_view:
                paint.make_room_for_playhead(painter, axis, self.contents.time, x)
            paint.overview_window(painter, self.contents, self.overview_rect(), self.overview_window(), playhead)
            painter.save()
            painter.setClipRect(
                QRectF(self.head - 6, 0, self.width - self.head + 6, self.bottom), Qt.ClipOperation.IntersectClip
            )
            self._paint_marks(painter)
            if is_in_view:
                paint.playhead_line(painter, x, self.bottom)
            self._paint_drag(painter)
            if box is not None:
                painter.setPen(QColor(look.accent))
                painter.setBrush(theme.alpha(look.accent, 0.12))
                painter.drawRect(box)
            painter.restore()
        if focused:
            painter.fillRect(QRectF(0, 0, self.width, 2), QColor(look.accent))

    def _paint_veils(self, painter: QPainter, moved: dict[str, tuple[int, int]]) -> None:
        """Over all tracks: the stretches of what is chosen, and the one marked by I and O."""
        look = theme.now()
        stretches = []
        if len(self.chosen) <= 50:
            spans = [moved.get(each) or self.contents.segment_at(each) for each in self.chosen]
            stretches += [(span[0], span[1], 0.07) for span in spans if span is not None]
        start, end = self.range
        if start is not None and end is not None:
            stretches.append((start, end, 0.16))
        for first, last, strength in stretches:
            left, right = self.axis.x(first), self.axis.x(last)
            painter.fillRect(QRectF(left, RULER, right - left, self.bottom - RULER), theme.alpha(look.accent, strength))

    def _paint_marks(self, painter: QPainter) -> None:
        look = theme.now()
        for frame, said in zip(self.range, ("I", "O"), strict=True):
            if frame is not None:
                x = self.axis.x(frame)
                painter.fillRect(QRectF(x - 0.75, RULER, 1.5, self.bottom - RULER), QColor(look.accent))
                painting.chip(painter, x, 4, said, look.text, look.wash, 10.5, 600, height=16, align="centre")

    def _paint_drag(self, painter: QPainter) -> None:
        """Where a drag has been caught, and a tag with the times it would set."""
        outcome, time = self.outcome, self.contents.time
        if outcome is None:
            return
        look = theme.now()
        if outcome.snapped is not None:
            said = say_time(time.seconds(outcome.snapped))
            paint.snap_line(painter, self.axis.x(outcome.snapped), self.bottom, said)
        if outcome.spans:
            name, start, end = outcome.spans[0]
            below = self.segment_rect(name).bottom()
            said = f"{say_time(time.seconds(start))} – {say_time(time.seconds(end))}"
            x = self.axis.x((start + end) / 2)
        elif outcome.pose is not None:
            row = next((each for each in self.rows() if each.kind == "poses"), None)
            below = row.top + row.height if row is not None else RULER
            said = say_time(time.seconds(outcome.pose[1]))
            x = self.axis.x(outcome.pose[1] + 0.5)
        else:
            return
        wide = painting.words_width(said, 11, 600) + 16
        x = min(max(x, self.head + wide / 2 + 2), self.width - wide / 2 - 4)
        y = min(below + 3, self.bottom - theme.px(22))
        painting.chip(painter, x, y, said, look.text, look.raised, 11, 600, pad=8, height=20, align="centre")


def _round(painter: QPainter, area: QRectF) -> None:
    """Paint inside rounded corners alone."""
    path = QPainterPath()
    path.addRoundedRect(area, theme.RADIUS["card"], theme.RADIUS["card"])
    painter.setClipPath(path)

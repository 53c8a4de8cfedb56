"""Paints forecast lanes: heads in the run's colour, foreseen segments, cones, pins of their poses. Functions of values.

Prediction is dashed and coloured: the strength of a segment's ground is its confidence, said as a percentage at its
right; usual times (the action's, not this forecast's) are dotted and paler. Behind it a cone opens as the times get
less sure: its height is the width of the 80 % interval, as a share of the stretch foreseen so far. Several futures lie
below as thin strips. What is under 3 px is a line of its colour, under 24 px its key.

Segments and pins are drawn once and kept as small pictures, since a timeline that scrolls paints the same ones again
and again; one that is cut by the view's edges, or chosen, is drawn where it stands.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from studio import icons, theme
from studio.widgets import painting
from studio.widgets.clip_time import ClipTime, say_time
from studio.widgets.forecast_lanes import Lane, LaneStep, StepFrames
from studio.widgets.timeline_axis import FUTURE_PX, Axis, Row
from studio.words import say

DENSE_PX, NAMED_PX = 3.0, 24.0
PIN = 3.2
_PALE = 0.4
_ANYWHEN = StepFrames(0, 0, 1, 0.0, 1.0)
_BAR = 3.0
_KEPT_PX = 480
"""Longer segments are not kept: they would rarely be asked for twice."""


def bar_of(row: Row, lane: Lane) -> QRectF:
    """Where in its row the likeliest future lies: under its pins, over the strips of the others. No width."""
    below = min(len(lane.futures) * FUTURE_PX, row.height * 0.5)
    return QRectF(0, row.top + PIN, 0, max(row.height - PIN - 1 - below, 6))


def step_rect(axis: Axis, row: Row, lane: Lane, step: LaneStep) -> QRectF:
    """Where a foreseen segment is drawn; it is cut at the clip's end."""
    left, right = axis.x(step.frames.start), axis.x(min(step.frames.end, axis.frame_count))
    bar = bar_of(row, lane)
    return QRectF(left, bar.top(), max(right - left, 1), bar.height())


def head(painter: QPainter, row: Row, width: float, lane: Lane) -> None:
    """The row's name, in the run's colour at the edge; a click opens its menu."""
    look = theme.now()
    colour = look.runs[lane.run] if lane.key else look.edge
    painter.fillRect(QRectF(0, row.top + 1, _BAR, row.height - 2), QColor(colour))
    middle = row.top + min(row.height / 2, 22.0)
    painter.drawPixmap(QPointF(13, middle - 7), icons.pixmap("forecast", look.text3, 14))
    painter.drawPixmap(QPointF(width - 19, middle - 5), icons.pixmap("down", look.text3, 10))
    rect = QRectF(0, middle - 8, width, 16)
    painting.put(painter, 34, _baseline(rect, 11.5), lane.name, look.text2, 11.5, width=width - 58)


def lane(painter: QPainter, axis: Axis, row: Row, shown: Lane, time: ClipTime, chosen: int | None, room: float) -> None:
    """One lane's row; `chosen` is the step that is, `room` the width there is for its words."""
    if shown.is_pale:
        painter.setOpacity(_PALE)
    if shown.words:
        _words(painter, axis, row, shown, room)
    else:
        _cone(painter, axis, row, shown)
        for place, future in enumerate(shown.futures):
            _future(painter, axis, row, shown, place, future)
        rects = [step_rect(axis, row, shown, step) for step in shown.steps]
        for step, rect in zip(shown.steps, rects, strict=True):
            _segment(painter, axis, rect, step, chosen=step.at == chosen)
        for step, rect in zip(shown.steps, rects, strict=True):
            _pin(painter, axis, row, rect, step, chosen=step.at == chosen)
        _from_when(painter, axis, row, shown, time)
    painter.setOpacity(1.0)


def _cone(painter: QPainter, axis: Axis, row: Row, shown: Lane) -> None:
    """From the moment asked about on: how much wider the doubt about each pose's time is than the one before."""
    look = theme.now()
    middle, half = row.top + row.height / 2, row.height / 2
    upper, lower = [QPointF(axis.x(shown.at_frame), middle)], [QPointF(axis.x(shown.at_frame), middle)]
    widest = 0.0
    for step in shown.steps:
        ahead = max(step.frames.pose - shown.at_frame, 1)
        widest = max(widest, min((step.frames.high - step.frames.low) / max(ahead, 1), 1.0) * half)
        # Doubt adds up: the cone never closes again.
        x = min(axis.x(step.frames.pose), axis.x(axis.frame_count))
        upper.append(QPointF(x, middle - widest))
        lower.append(QPointF(x, middle + widest))
    if len(upper) < 2:
        return
    last = shown.steps[-1]
    x = axis.x(min(last.frames.end, axis.frame_count))
    upper.append(QPointF(x, middle - widest))
    lower.append(QPointF(x, middle + widest))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.alpha(look.runs[shown.run], 0.14))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # its edge is too pale to be seen as steps
    painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def _segment(painter: QPainter, axis: Axis, rect: QRectF, step: LaneStep, *, chosen: bool) -> None:
    look = theme.now()
    if rect.right() < axis.left or rect.left() > axis.left + axis.width:
        return
    colour = step.label.colour
    if rect.width() < DENSE_PX:
        painter.fillRect(rect, theme.alpha(colour, 0.3 + 0.6 * step.strength))
        return
    if not chosen and rect.width() <= _KEPT_PX and axis.left <= rect.left() and rect.right() <= axis.left + axis.width:
        ratio = painter.device().devicePixelRatio()
        kept = replace(step, at=0, frames=_ANYWHEN, confidence=round(step.confidence, 2))
        picture = _segment_picture(kept, round(rect.width()), round(rect.height()), look.name, theme.scale(), ratio)
        painter.drawPixmap(QPointF(round(rect.left()), round(rect.top())), picture)
    else:
        _draw_segment(painter, rect, rect.intersected(_in_view(axis, rect)), step, chosen=chosen)


@lru_cache(256)
def _segment_picture(step: LaneStep, width: int, height: int, name: str, scale: float, ratio: float) -> QPixmap:
    """A segment that nobody has chosen, of this size in the theme of this name."""
    assert (name, scale) == (theme.now().name, theme.scale())
    rect = QRectF(0, 0, width, height)
    with _picture(rect, ratio) as (picture, painter):
        _draw_segment(painter, rect, rect, step, chosen=False)
    return picture


@contextmanager
def _picture(area: QRectF, ratio: float) -> Generator[tuple[QPixmap, QPainter]]:
    """A see-through picture of this size to draw on."""
    made = QPixmap(ceil(area.width() * ratio), ceil(area.height() * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    try:
        yield made, painter
    finally:
        painter.end()


def _in_view(axis: Axis, rect: QRectF) -> QRectF:
    """The part of a row that is in view."""
    return QRectF(axis.left, rect.top(), axis.width, rect.height())


def _draw_segment(painter: QPainter, rect: QRectF, view: QRectF, step: LaneStep, *, chosen: bool) -> None:
    """In `rect`, its words and hatch in the part of it that is in view."""
    look = theme.now()
    rect, view = rect.adjusted(0.5, 0.5, -0.5, -0.5), view.adjusted(0.5, 0.5, -0.5, -0.5)
    ground, ink, outline = _colours(step.label.colour, round(step.strength, 2), step.is_usual, look.name)
    pen = QPen(QColor(outline), 1)
    pen.setDashPattern([1, 2] if step.is_usual else [4, 3])
    painter.setPen(pen)
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(rect, theme.RADIUS["mark"], theme.RADIUS["mark"])
    if theme.hatch(step.label.place):
        painting.hatched(painter, view, theme.mix(ground, look.panel, 0.4), theme.hatch(step.label.place))
    _name(painter, view, step, ink)
    if chosen:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor("#FFFFFF" if look.name == "dark" else look.text), 2))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS["mark"], theme.RADIUS["mark"])


@lru_cache(1024)
def _colours(label: str, confidence: float, is_usual: bool, name: str) -> tuple[str, str, str]:
    """Ground, ink and outline of a foreseen segment in the theme of this name."""
    look = theme.now()
    assert look.name == name
    share = (0.10 + 0.55 * confidence) * (0.6 if is_usual else 1.0)
    ground = theme.mix(look.panel, label, share)
    ink = max((look.text, look.seg_ink, "#FFFFFF"), key=lambda each: theme.contrast(each, ground))
    return ground, ink, _outline(label, name)


@lru_cache(256)
def _outline(label: str, name: str) -> str:
    return label if name == "dark" else theme.mix(label, "#000000", 0.25)


def _name(painter: QPainter, view: QRectF, step: LaneStep, ink: str) -> None:
    """Name and percentage where both fit, then the name, then the key."""
    size = min(11.0, max(9.0, view.height() * 0.5))
    room = view.width() - 12
    sure = step.sure
    wide = painting.words_width(sure, size) if sure else 0.0
    if view.width() < NAMED_PX or room < painting.words_width(step.label.name[:3], size, 600):
        if step.label.key and room + 6 > painting.words_width(step.label.key, size, 600):
            painting.put(painter, view.left() + 5, _baseline(view, size), step.label.key, ink, size, 600)
        return
    if sure and painting.words_width(step.label.name[:4], size, 600) + wide + 10 < room:
        painting.put(painter, view.right() - 6, _baseline(view, size), sure, ink, size, align="right")
        room -= wide + 8
    painting.put(painter, view.left() + 6, _baseline(view, size), step.label.name, ink, size, 600, width=room)


def _pin(painter: QPainter, axis: Axis, row: Row, rect: QRectF, step: LaneStep, *, chosen: bool) -> None:
    """The instant foreseen for the pose, a hollow diamond on the segment's upper edge; chosen, with its interval."""
    look = theme.now()
    if step.frames.pose >= axis.frame_count or rect.width() < 2 * PIN + 4:
        return
    x, y = axis.x(step.frames.pose + 0.5), row.top + PIN
    if chosen:
        painter.setPen(QPen(QColor(look.text), 1.2))
        left, right = axis.x(step.frames.low), axis.x(min(step.frames.high, axis.frame_count))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        for end in (left, right):
            painter.drawLine(QPointF(end, y - 3), QPointF(end, y + 3))
    if chosen:
        painting.diamond(painter, x, y, PIN, look.panel, look.text, width=1.4)
        return
    pin = _pin_picture(step.label.colour, look.name, painter.device().devicePixelRatio())
    painter.drawPixmap(QPointF(x - PIN - 2, y - PIN - 2), pin)


@lru_cache(128)
def _pin_picture(colour: str, name: str, ratio: float) -> QPixmap:
    """The pin of a step that nobody has chosen."""
    with _picture(QRectF(0, 0, 2 * PIN + 4, 2 * PIN + 4), ratio) as (picture, painter):
        painting.diamond(painter, PIN + 2, PIN + 2, PIN, theme.now().panel, _outline(colour, name), width=1.4)
    return picture


def _future(painter: QPainter, axis: Axis, row: Row, shown: Lane, place: int, steps: Sequence[LaneStep]) -> None:
    """One of several futures: a thin strip of its labels' colours."""
    bar = bar_of(row, shown)
    high = (row.top + row.height - bar.bottom()) / max(len(shown.futures), 1)
    top = bar.bottom() + place * high
    for step in steps:
        left, right = axis.x(step.frames.start), axis.x(min(step.frames.end, axis.frame_count))
        strip = QRectF(left, top + 1, max(right - left - 1, 1), max(high - 1, 1))
        painter.fillRect(strip, theme.alpha(step.label.colour, 0.25 + 0.4 * step.strength))


def _from_when(painter: QPainter, axis: Axis, row: Row, shown: Lane, time: ClipTime) -> None:
    """At the left of the moment: which one it is, and what to know of the times."""
    said = say("from {time}", time=say_time(time.seconds(shown.at_frame)))
    said += say(", usual times") if shown.is_usual else ""
    said += say(", held: Esc lets go") if shown.is_held else ""
    x = axis.x(shown.at_frame) - 9
    if x - painting.words_width(said, 10.5) > axis.left + 6:
        rect = QRectF(0, row.top, 10, row.height)
        painting.put(painter, x, _baseline(rect, 10.5), said, theme.now().text3, 10.5, align="right")


def _words(painter: QPainter, axis: Axis, row: Row, shown: Lane, room: float) -> None:
    """Why there is nothing to show, in the lane's own place."""
    look = theme.now()
    said = shown.words if not shown.hint else f"{shown.words}. {shown.hint}"
    rect = QRectF(0, row.top, 10, row.height)
    painting.put(painter, axis.left + 10, _baseline(rect, 11), said, look.text2, 11, width=room - 20)


def _baseline(rect: QRectF, size: float) -> float:
    return rect.center().y() + theme.px(size) * 0.36

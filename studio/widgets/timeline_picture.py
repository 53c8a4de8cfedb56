"""Paints a whole timeline: what stays while the playhead moves, and what moves over it. Functions of the scene."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPixmap

from studio import theme
from studio.widgets import lane_paint, painting
from studio.widgets import timeline_curves as curves
from studio.widgets import timeline_heads as heads
from studio.widgets import timeline_paint as paint
from studio.widgets.clip_time import say_time
from studio.widgets.timeline_axis import RULER, Axis, Row
from studio.widgets.timeline_contents import TimelineContents
from studio.widgets.timeline_scene import Scene

_BAR = 3.0


def paint_ground(painter: QPainter, scene: Scene) -> None:
    """What stays while the playhead moves: heads, segments, poses, curves, veils."""
    look, contents, axis = theme.now(), scene.contents, scene.axis
    everything = QRectF(0, 0, scene.width, scene.height)
    _round(painter, everything)
    painter.fillRect(everything, QColor(look.panel))
    lane = QRectF(scene.head, RULER, scene.width - scene.head, scene.bottom - RULER)
    painter.setPen(QColor(look.line))
    painter.drawLine(QPointF(0, RULER), QPointF(scene.width, RULER))
    painter.save()
    painter.setClipRect(lane, Qt.ClipOperation.IntersectClip)
    _veils(painter, scene)
    painter.restore()
    main = scene.main_track
    for row in scene.rows():
        if row.bottom <= RULER or row.top >= scene.bottom:
            continue
        painter.save()
        painter.setClipRect(QRectF(0, RULER, scene.width, scene.bottom - RULER), Qt.ClipOperation.IntersectClip)
        if row.kind == "forecast":
            lane_paint.head(painter, row, scene.head, scene.lanes[row.track])
        else:
            heads.paint_head(painter, scene, row, strong=row.kind == "segments" and row.track == main)
        painter.setPen(theme.alpha(look.line, 0.8))
        painter.drawLine(QPointF(0, row.bottom + 1.5), QPointF(scene.width, row.bottom + 1.5))
        painter.setClipRect(lane, Qt.ClipOperation.IntersectClip)
        _row(painter, scene, row, main)
        painter.restore()
    if contents.video_ends is not None:
        left = max(axis.x(contents.video_ends), axis.left)
        beyond = QRectF(left, RULER, scene.width - left, scene.bottom - RULER)
        painter.fillRect(beyond, theme.alpha(look.window, 0.45))
        painting.hatched(painter, beyond, look.edge, 1)
    painter.setPen(QColor(look.line))
    painter.drawLine(QPointF(scene.head - 0.5, RULER), QPointF(scene.head - 0.5, scene.bottom))
    if scene.most_scroll > 0:
        _scroll_mark(painter, scene)
    if contents.time.frame_count:
        paint.ruler(painter, axis, contents.time)
        _overview(painter, scene)


def _row(painter: QPainter, scene: Scene, row: Row, main: int) -> None:
    """What one row shows."""
    contents, axis, outcome = scene.contents, scene.axis, scene.outcome
    moved = {name: (start, end) for name, start, end in outcome.spans} if outcome and not outcome.copies else {}
    match row.kind:
        case "segments":
            if row.track == main:
                paint.gaps(painter, axis, row, contents.gaps)
            behind = outcome.behind if outcome and outcome.behind and outcome.behind.track == row.track else None
            shift = None if behind is None or outcome is None else (behind.segments, outcome.by)
            track = contents.tracks[row.track]
            paint.segments(painter, axis, row, track, contents.labels, scene.chosen, moved, shift)
            if outcome is not None and outcome.copies:
                paint.copies(painter, axis, row, track, contents.labels, outcome.spans)
            if scene.arrangement.is_locked(track.actor):
                veil = QRectF(axis.left, row.top, axis.width, row.height)
                painter.fillRect(veil, theme.alpha(theme.now().panel, 0.45))
        case "poses":
            pose = outcome.pose if outcome else None
            shift = None if outcome is None or outcome.behind is None else (outcome.behind.marks, outcome.by)
            paint.poses(painter, axis, row, contents.poses, contents.labels, scene.chosen, pose, shift)
        case "confidence" if scene.confidence is not None:
            _curve(painter, axis, row, scene.confidence, curves.confidence)
        case "speed" if scene.speed is not None:
            _curve(painter, axis, row, scene.speed, curves.speed)
        case "suggestions" if scene.suggestions is not None:
            curves.suggestions(painter, axis, row, scene.suggestions)
        case "forecast":
            lane, item = scene.lanes[row.track], scene.lane_item
            chosen = item[1] if item is not None and item[0] == lane.key else None
            lane_paint.lane(painter, axis, row, lane, contents.time, chosen, scene.lane_width)
        case "frames":
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            ends = axis.frame_count if contents.video_ends is None else contents.video_ends
            paint.frames(painter, axis, row, scene.thumbnails, ends)


_kept_curves: dict[str, tuple[object, tuple, QPixmap]] = {}


def _curve(
    painter: QPainter, axis: Axis, row: Row, shown: Any, draw: Callable[[QPainter, Axis, Row, Any], None]
) -> None:
    """A curve; kept as a picture, since it stays while segments are marked over it."""
    ratio = painter.device().devicePixelRatioF()
    like = (axis, row.height, ratio, theme.now().name, theme.scale())
    kept = _kept_curves.get(row.kind)
    if kept is None or kept[0] is not shown or kept[1] != like:
        picture = QPixmap(round((axis.left + axis.width) * ratio), round((row.height + 2) * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        inside = QPainter(picture)
        inside.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        draw(inside, axis, replace(row, top=1.0), shown)
        inside.end()
        kept = _kept_curves[row.kind] = (shown, like, picture)
    painter.drawPixmap(QPointF(0, row.top - 1), kept[2])


_kept_overview: list[tuple[TimelineContents, tuple, QPixmap]] = []


def _overview(painter: QPainter, scene: Scene) -> None:
    """The whole clip at the foot; kept as a picture, since it stays while the view above moves."""
    rect, ratio = scene.overview.rect, painter.device().devicePixelRatioF()
    like = (scene.width, scene.height, scene.head, ratio, theme.now().name, theme.scale())
    kept = next((each for each in _kept_overview if each[0] is scene.contents and each[1] == like), None)
    if kept is None:
        picture = QPixmap(round(scene.width * ratio), round((rect.height() + 1) * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(theme.now().panel))
        inside = QPainter(picture)
        inside.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        paint.overview(inside, scene.contents, rect.translated(0, -rect.top()))
        inside.end()
        kept = (scene.contents, like, picture)
        _kept_overview[:] = [kept]
    painter.drawPixmap(QPointF(0, rect.top()), kept[2])


def _scroll_mark(painter: QPainter, scene: Scene) -> None:
    """That there are more rows than fit, and which part of them is in view."""
    look = theme.now()
    groove = QRectF(scene.width - _BAR - 1, RULER + 2, _BAR, scene.bottom - RULER - 4)
    share = groove.height() / (groove.height() + scene.most_scroll)
    top = groove.top() + (groove.height() * (1 - share)) * min(scene.scroll / scene.most_scroll, 1.0)
    painter.setPen(Qt.PenStyle.NoPen)
    for area, ink in ((groove, look.press), (QRectF(groove.left(), top, _BAR, groove.height() * share), look.edge)):
        painter.setBrush(QColor(ink))
        painter.drawRoundedRect(area, _BAR / 2, _BAR / 2)


def paint_moving(painter: QPainter, scene: Scene, playhead: int, box: QRectF | None, *, focused: bool) -> None:
    """What moves over the ground: marks, playhead, what is being dragged, focus."""
    look, axis = theme.now(), scene.axis
    _round(painter, QRectF(0, 0, scene.width, scene.height))
    if scene.contents.time.frame_count:
        x = axis.x(playhead)
        is_in_view = axis.left - 1 <= x <= axis.left + axis.width + 1
        if is_in_view:
            paint.make_room_for_playhead(painter, axis, scene.contents.time, x)
        paint.overview_window(painter, scene.contents, scene.overview.rect, scene.overview.window, playhead)
        painter.save()
        left = scene.head - 6
        painter.setClipRect(QRectF(left, 0, scene.width - left, scene.bottom), Qt.ClipOperation.IntersectClip)
        _marks(painter, scene)
        if is_in_view:
            paint.playhead_line(painter, x, scene.bottom)
        _drag(painter, scene)
        if box is not None:
            painter.setPen(QColor(look.accent))
            painter.setBrush(theme.alpha(look.accent, 0.12))
            painter.drawRect(box)
        painter.restore()
    if focused:
        painter.fillRect(QRectF(0, 0, scene.width, 2), QColor(look.accent))


def _veils(painter: QPainter, scene: Scene) -> None:
    """Over all tracks: the stretches of what is chosen, and the one marked by I and O."""
    look, outcome = theme.now(), scene.outcome
    moved = {name: (start, end) for name, start, end in outcome.spans} if outcome else {}
    stretches = []
    if len(scene.chosen) <= 50:
        spans = [moved.get(each) or scene.contents.segment_at(each) for each in scene.chosen]
        stretches += [(span[0], span[1], 0.07) for span in spans if span is not None]
    start, end = scene.range
    if start is not None and end is not None:
        stretches.append((start, end, 0.16))
    for first, last, strength in stretches:
        left, right = scene.axis.x(first), scene.axis.x(last)
        veil = QRectF(left, RULER, right - left, scene.bottom - RULER)
        painter.fillRect(veil, theme.alpha(look.accent, strength))


def _marks(painter: QPainter, scene: Scene) -> None:
    look = theme.now()
    for frame, said in zip(scene.range, ("I", "O"), strict=True):
        if frame is not None:
            x = scene.axis.x(frame)
            painter.fillRect(QRectF(x - 0.75, RULER, 1.5, scene.bottom - RULER), QColor(look.accent))
            painting.chip(painter, x, 4, said, look.text, look.wash, 10.5, 600, height=16, align="centre")


def _drag(painter: QPainter, scene: Scene) -> None:
    """Where a drag has been caught, and a tag with the times it would set and what goes along."""
    outcome, time = scene.outcome, scene.contents.time
    if outcome is None:
        return
    look = theme.now()
    if outcome.snapped is not None:
        said = say_time(time.seconds(outcome.snapped))
        paint.snap_line(painter, scene.axis.x(outcome.snapped), scene.bottom, said)
    if outcome.spans:
        name, start, end = outcome.spans[0]
        below = scene.segment_rect(name).bottom()
        said = f"{say_time(time.seconds(start))} – {say_time(time.seconds(end))}{_along(scene)}"
        x = scene.axis.x((start + end) / 2)
    elif outcome.pose is not None:
        row = next((each for each in scene.rows() if each.kind == "poses"), None)
        below = row.bottom if row is not None else RULER
        said = say_time(time.seconds(outcome.pose[1]))
        x = scene.axis.x(outcome.pose[1] + 0.5)
    else:
        return
    wide = painting.words_width(said, 11, 600) + 16
    x = min(max(x, scene.head + wide / 2 + 2), scene.width - wide / 2 - 4)
    y = min(below + 3, scene.bottom - theme.px(22))
    painting.chip(painter, x, y, said, look.text, look.raised, 11, 600, pad=8, height=20, align="centre")


def _along(scene: Scene) -> str:
    """What else a drag does: copies, what follows, or a pose that would be left outside of its segment."""
    outcome = scene.outcome
    if outcome is None:
        return ""
    if outcome.copies:
        return ", a copy" if len(outcome.spans) == 1 else f", {len(outcome.spans)} copies"
    if outcome.behind is not None:
        more = outcome.behind.count
        return f", and {more} behind" if more else ""
    if len(outcome.spans) != 1:
        return ""
    name, start, end = outcome.spans[0]
    pose = scene.contents.poses.frame_of(name)
    return ", its pose outside" if pose is not None and not start <= pose < end else ""


def _round(painter: QPainter, area: QRectF) -> None:
    """Paint inside rounded corners alone."""
    path = QPainterPath()
    path.addRoundedRect(area, theme.RADIUS["card"], theme.RADIUS["card"])
    painter.setClipPath(path)

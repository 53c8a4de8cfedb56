"""Paints a whole timeline: what stays while the playhead moves, and what moves over it. Functions of the scene."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath

from studio import theme
from studio.widgets import lane_paint, painting
from studio.widgets import timeline_changes as changes
from studio.widgets import timeline_curves as curves
from studio.widgets import timeline_heads as heads
from studio.widgets import timeline_paint as paint
from studio.widgets.clip_time import say_time
from studio.widgets.timeline_axis import RULER, Row
from studio.widgets.timeline_drag import DragOutcome
from studio.widgets.timeline_scene import Scene
from studio.widgets.timeline_strips import Changed, Strips
from studio.words import say

_BAR = 3.0
_FEW = 50
"""So many chosen segments are compared one by one; more are the same as before only as the very same set."""
_MANY: frozenset[str] = frozenset()


def paint_ground(painter: QPainter, scene: Scene, strips: Strips | None = None) -> None:
    """What stays while the playhead moves: heads, segments, poses, curves, veils. `strips` are those painted before."""
    look, contents, axis = theme.now(), scene.contents, scene.axis
    strips = Strips() if strips is None else strips
    everything = QRectF(0, 0, scene.width, scene.height)
    painter.fillRect(everything, QColor(look.panel))
    lane = QRectF(scene.head, RULER, scene.width - scene.head, scene.bottom - RULER)
    painter.setPen(QColor(look.line))
    painter.drawLine(QPointF(0, RULER), QPointF(scene.width, RULER))
    painter.save()
    painter.setClipRect(lane)
    _veils(painter, scene)
    painter.restore()
    main, shown = scene.main_track, {"ruler", "overview"}
    for row in scene.rows():
        if row.bottom <= RULER or row.top >= scene.bottom:
            continue
        shown.add(row.key)
        painter.save()
        painter.setClipRect(QRectF(0, RULER, scene.width, scene.bottom - RULER))
        if row.kind == "forecast":
            lane_paint.head(painter, row, scene.head, scene.lanes[row.track])
        else:
            heads.paint_head(painter, scene, row, strong=row.kind == "segments" and row.track == main)
        painter.setPen(theme.alpha(look.line, 0.8))
        painter.drawLine(QPointF(0, row.bottom + 1.5), QPointF(scene.width, row.bottom + 1.5))
        painter.setClipRect(lane)
        _row(painter, scene, row, main, strips)
        painter.restore()
    strips.keep_only(shown)
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
        above, foot = QRectF(0, 0, scene.width, RULER), scene.overview.rect
        strips.paint(
            painter, "ruler", above, (contents.time,), (axis,), lambda inside: paint.ruler(inside, axis, contents.time)
        )
        whole = QRectF(0, foot.top(), scene.width, foot.height())
        things, facts = (contents.time, *contents.tracks), (foot, contents.labels)
        strips.paint(painter, "overview", whole, things, facts, lambda inside: paint.overview(inside, contents, foot))
    _cut_corners(painter, everything)


def _row(painter: QPainter, scene: Scene, row: Row, main: int, strips: Strips) -> None:
    """What one row shows."""
    contents, axis, outcome = scene.contents, scene.axis, scene.outcome
    area = QRectF(scene.head, row.top, scene.width - scene.head, row.height)
    things: tuple[object, ...] = ()
    facts: tuple[object, ...] = (axis,)
    changed: Changed | None = None
    match row.kind:
        case "segments":
            track = contents.tracks[row.track]
            drag = _on_track(scene, row.track)
            few = len(scene.chosen) <= _FEW
            chosen = frozenset(each for each in scene.chosen if track.place(each) is not None) if few else _MANY
            gaps = contents.gaps if row.track == main else ()
            things = track, drag, None if few else scene.chosen
            facts = (axis, contents.labels, scene.arrangement.is_locked(track.actor)), chosen, gaps

            def moved(was: tuple, knew: tuple) -> changes.Stretches | None:
                if drag or was[1] or was[2] or not few or knew[0] != facts[0]:
                    return None
                return changes.of_segments(axis, was[0], track, (knew[1], chosen), (knew[2], gaps))

            changed = moved

            def draw(inside: QPainter) -> None:
                _segments(inside, scene, row, gaps, drag)
        case "poses":
            drag = outcome if outcome and (outcome.pose or outcome.behind) else None
            few = len(scene.chosen) <= _FEW
            things = contents.poses, drag, None if few else scene.chosen
            facts = (axis, contents.labels), scene.chosen if few else _MANY

            def posed(was: tuple, knew: tuple) -> changes.Stretches | None:
                if drag or was[1] or was[2] or not few or knew[0] != facts[0]:
                    return None
                return changes.of_poses(axis, was[0], contents.poses, (knew[1], scene.chosen), paint.no_pose())

            changed = posed

            def draw(inside: QPainter) -> None:
                pose = drag.pose if drag else None
                shift = None if drag is None or drag.behind is None else (drag.behind.marks, drag.by)
                paint.poses(inside, axis, row, contents.poses, contents.labels, scene.chosen, pose, shift)
        case "confidence" if (curve := scene.confidence) is not None:
            things = (curve,)

            def draw(inside: QPainter) -> None:
                curves.confidence(inside, axis, row, curve)
        case "speed" if (speed := scene.speed) is not None:
            things = (speed,)

            def draw(inside: QPainter) -> None:
                curves.speed(inside, axis, row, speed)
        case "suggestions" if (marks := scene.suggestions) is not None:
            things = (marks,)

            def draw(inside: QPainter) -> None:
                curves.suggestions(inside, axis, row, marks)
        case "forecast":
            lane, item = scene.lanes[row.track], scene.lane_item
            chosen_step = item[1] if item is not None and item[0] == lane.key else None
            things, facts = (lane, contents.time), (axis, chosen_step, scene.lane_width)

            def draw(inside: QPainter) -> None:
                lane_paint.lane(inside, axis, row, lane, contents.time, chosen_step, scene.lane_width)
        case "frames":
            ends = axis.frame_count if contents.video_ends is None else contents.video_ends
            things, facts = (scene.thumbnails,), (axis, ends)

            def draw(inside: QPainter) -> None:
                inside.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                paint.frames(inside, axis, row, scene.thumbnails, ends)
        case _:
            return
    strips.paint(painter, row.key, area, things, facts, draw, changed)


def _on_track(scene: Scene, number: int) -> DragOutcome | None:
    """What is being dragged, where it moves anything of this track."""
    outcome = scene.outcome
    if outcome is None:
        return None
    track = scene.contents.tracks[number]
    pushes = outcome.behind is not None and outcome.behind.track == number
    return outcome if pushes or any(track.place(name) is not None for name, _, _ in outcome.spans) else None


def _segments(
    painter: QPainter, scene: Scene, row: Row, gaps: Sequence[tuple[int, int]], drag: DragOutcome | None
) -> None:
    """One person's segments, and where a drag would bring them."""
    contents, axis, track = scene.contents, scene.axis, scene.contents.tracks[row.track]
    moved = {name: (start, end) for name, start, end in drag.spans} if drag and not drag.copies else {}
    paint.gaps(painter, axis, row, gaps)
    behind = drag.behind if drag and drag.behind and drag.behind.track == row.track else None
    shift = None if behind is None or drag is None else (behind.segments, drag.by)
    paint.segments(painter, axis, row, track, contents.labels, scene.chosen, moved, shift)
    if drag is not None and drag.copies:
        paint.copies(painter, axis, row, track, contents.labels, drag.spans)
    if scene.arrangement.is_locked(track.actor):
        veil = QRectF(axis.left, row.top, axis.width, row.height)
        painter.fillRect(veil, theme.alpha(theme.now().panel, 0.45))


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
        painter.save()
        painter.setClipRect(QRectF(0, 0, scene.width, 2))
        painter.fillPath(_rounded(QRectF(0, 0, scene.width, scene.height)), QColor(look.accent))
        painter.restore()


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
        count = len(outcome.spans)
        return say(", a copy") if count == 1 else say(", {count} copies", count=count)
    if outcome.behind is not None:
        more = outcome.behind.count
        return say(", and {count} behind", count=more) if more else ""
    if len(outcome.spans) != 1:
        return ""
    name, start, end = outcome.spans[0]
    pose = scene.contents.poses.frame_of(name)
    return say(", its pose outside") if pose is not None and not start <= pose < end else ""


def _rounded(area: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(area, theme.RADIUS["card"], theme.RADIUS["card"])
    return path


def _cut_corners(painter: QPainter, area: QRectF) -> None:
    """Make the corners round at the end: all that is painted inside a round clip costs several times as much."""
    corners = _rounded(area)
    corners.addRect(area)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOut)
    painter.fillPath(corners, Qt.GlobalColor.black)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)

"""Paints a timeline: ruler, heads, segments, poses, confidence, overview. Functions of values; no state, no events.

What is too small to be seen one by one is gathered first: segments under 3 px become columns of colour, confidence
becomes one value a column. 50,000 segments paint as fast as fifty.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from studio import icons, theme
from studio.widgets import painting
from studio.widgets.clip_time import ClipTime, say_time
from studio.widgets.timeline_axis import RULER, Axis, Row
from studio.widgets.timeline_contents import LabelLook, PoseMarks, SegmentTrack, TimelineContents
from studio.words import say

DENSE_PX, NAMED_PX = 3.0, 24.0
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 4, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)


def ruler(painter: QPainter, axis: Axis, time: ClipTime) -> None:
    """Ticks at round times, wherever the video's own timestamps put them."""
    look = theme.now()
    big, small = _tick_steps(axis, time)
    begin, end = time.seconds(axis.first), time.seconds(min(axis.last, axis.frame_count))
    for ink, step, high in ((look.line, small, 4), (look.edge, big, 8)):
        painter.setPen(QPen(QColor(ink), 1))
        for at in range(math.ceil(begin / step), math.floor(end / step) + 1):
            x = axis.x(time.frame_between(at * step))
            painter.drawLine(QPointF(x, RULER - high), QPointF(x, RULER))
    for rect, said in ruler_labels(axis, time):
        painting.put(painter, rect.left(), RULER - 9, said, look.text3, 10.5)


def ruler_labels(axis: Axis, time: ClipTime) -> list[tuple[QRectF, str]]:
    """The written times and where they stand."""
    big, _ = _tick_steps(axis, time)
    begin, end = time.seconds(axis.first), time.seconds(min(axis.last, axis.frame_count))
    labels = []
    for at in range(math.ceil(begin / big), math.floor(end / big) + 1):
        x = axis.x(time.frame_between(at * big)) + 4
        said = say_time(at * big, 1 if big < 1 else 0)
        wide = painting.words_width(said, 10.5)
        is_free = not labels or x > labels[-1][0].right() + 6
        if is_free and x + wide < axis.left + axis.width:
            labels.append((QRectF(x, 1, wide, RULER - 9), said))
    return labels


def make_room_for_playhead(painter: QPainter, axis: Axis, time: ClipTime, x: float) -> None:
    """Take the written time away that the playhead's handle would cross."""
    for rect, _ in ruler_labels(axis, time):
        if rect.left() - 9 < x < rect.right() + 9:
            painter.fillRect(rect.adjusted(-1, 0, 2, -0.5), QColor(theme.now().panel))


def _tick_steps(axis: Axis, time: ClipTime) -> tuple[float, float]:
    """Seconds from one written tick to the next, and from one short tick to the next."""
    seconds = time.seconds(min(axis.last, axis.frame_count)) - time.seconds(axis.first)
    per_second = min(axis.width, (axis.frame_count - axis.first) * axis.px_per_frame) / max(seconds, 1e-6)
    wide = theme.px(64)
    big = next((each for each in _STEPS_S if each * per_second >= wide), _STEPS_S[-1])
    return big, big / (4 if big in (2, 4, 20, 120, 1200) else 5)


def segments(
    painter: QPainter,
    axis: Axis,
    row: Row,
    track: SegmentTrack,
    labels: Sequence[LabelLook],
    chosen: frozenset[str],
    moved: dict[str, tuple[int, int]],
    shift: tuple[Bool[ndarray, " segments"], int] | None = None,
) -> None:
    """One person's segments; `moved` and `shift` (which, by how much) say where dragged ones would come to lie."""
    if not len(track.ids):
        return
    starts, ends = track.starts, track.ends
    if moved or shift is not None:
        starts, ends = starts.copy(), ends.copy()
        if shift is not None:
            starts[shift[0]] += shift[1]
            ends[shift[0]] += shift[1]
        for each, span in moved.items():
            at = track.place(each)
            if at is not None:
                starts[at], ends[at] = span
    half = row.height / track.row_count
    seen = np.nonzero((ends > axis.first) & (starts < axis.last))[0]
    left = axis.left + (starts[seen] - axis.first) * axis.px_per_frame
    right = axis.left + (ends[seen] - axis.first) * axis.px_per_frame
    wide = right - left
    dense = wide < DENSE_PX
    for half_row in range(track.row_count):
        mine = dense & (track.rows[seen] == half_row)
        if mine.any():
            top = row.top + half_row * half
            colours = np.array([QColor(each.colour).rgb() for each in labels], dtype=np.uint32)
            density_bar(
                painter,
                QRectF(axis.left, top, axis.width, half - (1 if track.row_count > 1 else 0)),
                left[mine] - axis.left,
                right[mine] - axis.left,
                colours[track.labels[seen[mine]]],
            )
    within = _within(painter)
    single = ~dense & (right > within.left()) & (left < within.right())
    for at in np.nonzero(single)[0].tolist():
        which = int(seen[at])
        top = row.top + int(track.rows[which]) * half
        high = half - (1 if track.row_count > 1 else 0)
        rect = QRectF(left[at] + 0.5, top, wide[at] - 1, high)
        is_chosen, is_draft = track.ids[which] in chosen, bool(track.drafts[which])
        segment(painter, rect, labels[int(track.labels[which])], chosen=is_chosen, clip=axis, draft=is_draft)


def copies(
    painter: QPainter,
    axis: Axis,
    row: Row,
    track: SegmentTrack,
    labels: Sequence[LabelLook],
    spans: Sequence[tuple[str, int, int]],
) -> None:
    """Where copies that are being dragged would come to lie, over the segments that stay."""
    high = row.height / track.row_count
    painter.save()
    painter.setOpacity(0.8)
    for name, start, end in spans:
        at = track.place(name)
        if at is not None and end > axis.first and start < axis.last:
            rect = QRectF(
                axis.x(start) + 0.5, row.top + int(track.rows[at]) * high, axis.x(end) - axis.x(start) - 1, high
            )
            segment(painter, rect, labels[int(track.labels[at])], chosen=rect.width() >= DENSE_PX, clip=axis)
    painter.restore()


def gaps(painter: QPainter, axis: Axis, row: Row, stretches: Sequence[tuple[int, int]]) -> None:
    """Where nothing is marked between segments: dashed, and said where there is room."""
    look = theme.now()
    pen = QPen(QColor(look.edge), 1)
    pen.setDashPattern([3, 3])
    said = say("unlabelled")
    for start, end in stretches:
        left, right = max(axis.x(start), axis.left - 10), min(axis.x(end), axis.left + axis.width + 10)
        if right - left < 8:
            continue
        rect = QRectF(left + 1, row.top + 0.5, right - left - 2, row.height - 1)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, theme.RADIUS["mark"], theme.RADIUS["mark"])
        if painting.words_width(said, 10.5) < rect.width() - 8:
            painting.put(painter, rect.center().x(), _baseline(rect, 10.5), said, look.text3, 10.5, align="centre")


def segment(
    painter: QPainter, rect: QRectF, label: LabelLook, *, chosen: bool, clip: Axis, draft: bool = False
) -> None:
    """One segment: its colour, its hatch, its name or key, and the ring and grips when it is chosen.

    A draft that nobody has looked at is half as strong, dashed, and carries the sign of a forecast.
    """
    look = theme.now()
    radius = theme.RADIUS["mark"]
    ground = theme.mix(look.panel, label.colour, 0.5) if draft else label.colour
    rim = QPen(QColor(theme.mix(label.colour, "#000000", 0.25) if look.name == "light" else label.colour), 1)
    if draft:
        rim.setDashPattern([4, 3])
        rect = rect.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setPen(rim if draft or look.name == "light" else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(rect, radius, radius)
    # Only the part in view is hatched and written on: a long segment scrolls, its name stays.
    view = rect.intersected(QRectF(clip.left, rect.top(), clip.width, rect.height()))
    painting.hatched(painter, view, theme.mix(ground, "#000000", 0.16), theme.hatch(label.place))
    inset = 11 if chosen else 7
    ink = _ink_on(ground)
    if draft and view.width() >= 2 * NAMED_PX:
        place = QPointF(view.right() - (21 if chosen else 17), view.center().y() - 6)
        painter.drawPixmap(place, icons.pixmap("forecast", ink, 12))
        view = view.adjusted(0, 0, -18, 0)
    size = min(11.0, max(9.0, rect.height() * 0.5))
    room = view.width() - inset - 5
    said = said_on(label, view.width(), room, size)
    if said and room > 6:
        painting.put(painter, view.left() + inset, _baseline(view, size), said, ink, size, 600, width=room)
    if chosen:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor("#FFFFFF" if look.name == "dark" else look.text), 2))
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), radius, radius)
        if rect.width() >= 18:
            for x in (rect.left() + 4, rect.right() - 6):
                painter.fillRect(QRectF(x, rect.center().y() - 6, 2, 12), QColor(ink))


def said_on(label: LabelLook, width: float, room: float, size: float) -> str:
    """What a segment so wide says, with `room` for words: its name, its key, else as much of the name as can be read.

    Never three dots alone: two letters of a name stand before them, or the key stands there instead.
    """

    def fits(words: str) -> bool:
        return painting.words_width(words, size, 600) <= room

    if width >= NAMED_PX and (fits(label.name) or fits(f"{label.name[:2]}…")):
        return label.name
    return next((each for each in (label.key, label.name[:2], label.name[:1]) if each and fits(each)), "")


def density_bar(
    painter: QPainter,
    rect: QRectF,
    left: Float[ndarray, " segments"],
    right: Float[ndarray, " segments"],
    colours: Int[ndarray, " segments"],
) -> None:
    """Many small segments as columns of colour, stronger where more of the column is covered."""
    columns = max(int(rect.width()), 1)
    at = np.clip(left.astype(np.int64), 0, columns - 1)
    covered = np.bincount(at, weights=np.minimum(right, columns) - np.maximum(left, 0), minlength=columns)
    spill = np.clip(at + 1, 0, columns - 1)
    share = np.clip(
        np.maximum(covered, np.bincount(spill, weights=np.clip(right - at - 1, 0, 1), minlength=columns)), 0, 1
    )
    pixels = np.zeros(columns, dtype=np.uint32)
    pixels[spill] = colours & 0xFFFFFF
    pixels[at] = colours & 0xFFFFFF
    pixels |= (np.where(share > 0, 90 + 165 * share, 0)).astype(np.uint32) << 24
    image = QImage(pixels.tobytes(), columns, 1, columns * 4, QImage.Format.Format_ARGB32)
    painter.drawImage(rect, image)


def poses(
    painter: QPainter,
    axis: Axis,
    row: Row,
    marks: PoseMarks,
    labels: Sequence[LabelLook],
    chosen: frozenset[str],
    moved: tuple[str, int] | None,
    shift: tuple[Bool[ndarray, " poses"], int] | None = None,
) -> None:
    """A diamond for each pose, hollow and in words where a segment still lacks one; of a crowd, one every 3 px.

    `moved` is a pose that is dragged, `shift` says which go along with segments, and by how many frames.
    """
    look = theme.now()
    if shift is not None:
        frames = marks.frames + shift[0] * shift[1]
        order = np.argsort(frames, kind="stable")
        marks = PoseMarks(
            tuple([marks.segments[at] for at in order.tolist()]),
            *(each[order] for each in (frames, marks.labels, marks.missing, marks.drafts)),
        )
    slack = 20 / axis.px_per_frame
    low, high = np.searchsorted(marks.frames, (axis.first - slack, axis.last + slack)).tolist()
    xs = axis.left + (marks.frames[low:high] + 0.5 - axis.first) * axis.px_per_frame
    _, kept = np.unique(np.floor(xs / 3), return_index=True)
    if 0 < len(chosen) <= 50 or moved is not None:
        named = [at for at in range(high - low) if marks.segments[low + at] in chosen] if high - low < 5000 else []
        kept = np.union1d(kept, np.array(named, dtype=kept.dtype))
    places = [(float(xs[at]), low + at) for at in kept.tolist()]
    at = None if moved is None else marks.place(moved[0])
    if moved is not None and at is not None:
        places = sorted([each for each in places if each[1] != at] + [(axis.x(moved[1] + 0.5), at)])
    middle = row.top + row.height / 2
    radius = min(6.0, row.height / 2 - 2)
    lacking = no_pose()
    word = painting.words_width(lacking, 10.5)
    within = _within(painter)
    for place, (x, at) in enumerate(places):
        if x - 10 > within.right() or x + word + 24 < within.left():
            continue
        strong = marks.segments[at] in chosen
        if marks.missing[at]:
            heavy = 2 if strong else 1.4
            painting.diamond(painter, x, middle, radius + heavy - 1.4, look.warn, filled=False, width=heavy)
            room = (places[place + 1][0] if place + 1 < len(places) else axis.left + axis.width) - x - 22
            if word < room:
                rect = QRectF(x, row.top, 10, row.height)
                painting.put(painter, x + 11, _baseline(rect, 10.5), lacking, look.warn, 10.5)
            continue
        colour = labels[int(marks.labels[at])].colour
        if marks.drafts[at]:  # nobody chose it: hollow, as what is foreseen
            rim = ("#FFFFFF" if look.name == "dark" else look.text) if strong else colour
            painting.diamond(painter, x, middle, radius, rim, filled=False, width=2 if strong else 1.4)
            continue
        if strong:
            rim = "#FFFFFF" if look.name == "dark" else look.text
            painting.diamond(painter, x, middle, radius + 1.5, colour, rim, width=2)
        else:
            painting.diamond(painter, x, middle, radius, colour, theme.mix(colour, "#000000", 0.35), width=1.2)


def frames(painter: QPainter, axis: Axis, row: Row, thumbnails: dict[int, QPixmap], count: int) -> None:
    """The nearest thumbnail there is for each place of the strip; the video has `count` frames."""
    if not thumbnails:
        return
    known = np.array(sorted(thumbnails))
    first = next(iter(thumbnails.values()))
    wide = row.height * first.width() / max(first.height(), 1)
    places = math.ceil(axis.width / wide)
    for place in range(places):
        x = axis.left + place * wide
        wished = axis.frame(x + wide / 2)
        if wished >= count:
            break
        nearest = int(known[np.abs(known - wished).argmin()])
        pixmap = thumbnails[nearest]
        painter.drawPixmap(QRectF(x, row.top, wide - 1, row.height), pixmap, QRectF(pixmap.rect()))


def overview(painter: QPainter, contents: TimelineContents, rect: QRectF) -> None:
    """The whole clip in a strip."""
    look = theme.now()
    painter.fillRect(QRectF(0, rect.top() - 0.5, rect.right() + 20, rect.height() + 1), QColor(look.panel))
    said = say("Whole clip  {duration}", duration=say_time(contents.time.duration_s, 0))
    line = QRectF(0, rect.top(), rect.left(), rect.height())
    painting.put(painter, 13, _baseline(line, 10.5), said, look.text3, 10.5, width=rect.left() - 18)
    scale = rect.width() / max(contents.time.frame_count, 1)
    colours = np.array([QColor(each.colour).rgb() for each in contents.labels], dtype=np.uint32)
    tracks = [each for each in contents.tracks if len(each.ids)]
    high = 10 / max(len(tracks), 1)
    for place, track in enumerate(tracks):
        lane = QRectF(rect.left(), rect.top() + 6 + place * high, rect.width(), max(high - 1, 2))
        if _all_small(track, scale):
            ends = np.minimum(track.ends * scale, rect.width())
            density_bar(painter, lane, track.starts * scale, ends, colours[track.labels])
        else:
            _overview_blocks(painter, track, contents.labels, lane, scale)


def overview_window(painter: QPainter, contents: TimelineContents, rect: QRectF, window: QRectF, playhead: int) -> None:
    """What of the strip is in view, and the playhead in it."""
    look = theme.now()
    painter.setBrush(theme.alpha(look.text, 0.10))
    painter.setPen(QPen(QColor(look.text2), 1.2))
    painter.drawRoundedRect(window, 3, 3)
    x = rect.left() + playhead * rect.width() / max(contents.time.frame_count, 1)
    painter.fillRect(QRectF(x, rect.top() + 2, 1.5, rect.height() - 4), QColor(look.playhead))


def _all_small(track: SegmentTrack, scale: float) -> bool:
    return len(track.ids) > 2000 or float(((track.ends - track.starts) * scale).max()) < DENSE_PX


def _overview_blocks(
    painter: QPainter, track: SegmentTrack, labels: Sequence[LabelLook], lane: QRectF, scale: float
) -> None:
    for start, end, label in zip(track.starts.tolist(), track.ends.tolist(), track.labels.tolist(), strict=True):
        wide = max((end - start) * scale - 1, 1.5)
        block = QRectF(lane.left() + start * scale, lane.top(), wide, lane.height())
        painter.fillRect(block, theme.alpha(labels[label].colour, 0.8))


def playhead_line(painter: QPainter, x: float, bottom: float) -> None:
    """The one playhead, over the whole height."""
    ink = QColor(theme.now().playhead)
    painter.setPen(QPen(ink, 1.6))
    painter.drawLine(QPointF(x, 16), QPointF(x, bottom))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawPolygon([QPointF(x - 6, 5), QPointF(x + 6, 5), QPointF(x + 6, 13), QPointF(x, 19), QPointF(x - 6, 13)])


def snap_line(painter: QPainter, x: float, bottom: float, said: str) -> None:
    """Where a drag has been caught, and its time."""
    look = theme.now()
    pen = QPen(QColor(look.accent), 1)
    pen.setDashPattern([3, 3])
    painter.setPen(pen)
    painter.drawLine(QPointF(x, RULER), QPointF(x, bottom))
    painting.chip(painter, x, 2, said, look.accent, look.raised, 10.5, align="centre")


def no_pose() -> str:
    """What stands beside the place of a pose that is missing."""
    return say("no pose yet")


def _within(painter: QPainter) -> QRectF:
    """What is to be painted; nothing outside of it would be seen."""
    return painter.clipBoundingRect() if painter.hasClipping() else QRectF(-1e7, -1e7, 2e7, 2e7)


def _baseline(rect: QRectF, size: float) -> float:
    return rect.center().y() + theme.px(size) * 0.36


def _ink_on(colour: str) -> str:
    dark = theme.now().seg_ink
    return dark if theme.contrast(dark, colour) >= 4.5 else "#FFFFFF"

"""Paints a story: its parts with names and durations, anchors, what a drag would do. No state, no events."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from core.generations import Part
from studio import icons, theme
from studio.widgets import painting
from studio.widgets.motion_time import head_px, tail_px
from studio.widgets.story_edits import spelled


def add_width(width: int) -> float:
    """Of the place to add, in a track so wide."""
    return tail_px(width) - 8


def head(painter: QPainter, lane: QRectF, words: str) -> None:
    baseline = lane.center().y() + theme.px(12) * 0.36
    painting.put(painter, head_px() - 8, baseline, words, theme.now().text2, 12, 600, align="right")


def part(
    painter: QPainter,
    area: QRectF,
    shown: Part,
    colour: int,
    *,
    chosen: bool,
    pale: bool,
    taken: Sequence[tuple[float, float]] = (),
) -> None:
    """One part in the colour of its action, with its name and how long it takes; no words under what is `taken`."""
    look, radius = theme.now(), theme.RADIUS["mark"]
    label = theme.LABELS[colour % len(theme.LABELS)]
    area = area.adjusted(0.5, 0, -1.0, 0)
    painter.save()
    painter.setOpacity(0.4 if pale else 1.0)
    outline = QPen(QColor(theme.mix(label, "#000000", 0.25)), 1) if look.name == "light" else Qt.PenStyle.NoPen
    painter.setPen(outline)
    painter.setBrush(QColor(label))
    painter.drawRoundedRect(area, radius, radius)
    painting.hatched(painter, area, theme.mix(label, "#000000", 0.16), theme.hatch(colour))
    ink = max((look.seg_ink, "#FFFFFF"), key=lambda each: theme.contrast(each, label))
    baseline = area.center().y() + theme.px(11.5) * 0.36
    said = f"{shown.seconds:.1f} s"
    wide = painting.words_width(said, 11)
    right = area.right() - 9
    for first, last in sorted(taken, reverse=True):
        if first < right and last > right - wide - 4:
            right = min(right, first - 4)
    name = spelled(shown)
    left = area.left() + 9
    if right - wide - left >= min(painting.words_width(name, 11.5, 600), theme.px(40)) + 10:
        painting.put(painter, right, baseline, said, ink, 11, align="right")
        right -= wide + 8
    stops = [first - 4 for first, last in taken if first < right and last > left]
    room = min([right, *stops]) - left
    if room > theme.px(14):
        painting.put(painter, left, baseline, name, ink, 11.5, 600, width=room)
    if chosen:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor("#FFFFFF" if look.name == "dark" else look.text), 2))
        painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), radius, radius)
    painter.restore()


def add(painter: QPainter, area: QRectF, words: str, *, chosen: bool) -> None:
    """The place to add: dashed, its words where there is room, else a plus."""
    look, radius = theme.now(), theme.RADIUS["mark"]
    pen = QPen(QColor(look.accent if chosen else look.edge), 2 if chosen else 1)
    if not chosen:
        pen.setDashPattern([3, 3])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    if painting.words_width(words, 11.5) + 12 <= area.width():
        baseline = area.center().y() + theme.px(11.5) * 0.36
        painting.put(painter, area.center().x(), baseline, words, look.text2, 11.5, align="centre")
    else:
        place = area.center()
        painter.drawPixmap(int(place.x()) - 7, int(place.y()) - 7, icons.pixmap("plus", look.text2, 14))


def anchor(painter: QPainter, x: float, y: float, *, chosen: bool) -> None:
    """A pose to pass through. White with a dark rim: it lies over any label's colour."""
    look = theme.now()
    if chosen:
        painting.diamond(painter, x, y, 10, look.accent, look.panel, width=1.5)
    painting.diamond(painter, x, y, 6.5, "#FFFFFF", look.seg_ink, width=1.6)


def drop(painter: QPainter, x: float, lane: QRectF) -> None:
    """Where a carried part would come."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.now().accent))
    painter.drawRoundedRect(QRectF(x - 2, lane.top() - 4, 3, lane.height() + 8), 1.5, 1.5)


def tag(painter: QPainter, x: float, lane: QRectF, words: str, width: int) -> None:
    """What a drag has come to, beside the pointer."""
    look = theme.now()
    wide = painting.words_width(words, 11, 600) + 12
    left = min(max(x + 8, 0.0), width - wide)
    painting.chip(
        painter, left, lane.center().y() - 9 * theme.scale(), words, "#FFFFFF", look.fill, weight=600
    )  # fmt: skip

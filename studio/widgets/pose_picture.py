"""A part of a frame with poses, an action and what is known of it drawn over: the cell every forecast is shown in.

Poses are UPPER_BODY_9 in pixels of the original, from the centre of its top left one. What happened is solid and
neutral, a prediction is dashed and in its run's colour; both have a dark rim, and over a picture the dark theme's
colours hold in both themes. It knows no page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from core.bodies.skeletons import UPPER_BODY_9
from studio import icons, theme
from studio.widgets.cut_outs import CutOut
from studio.widgets.painting import chip, put, words_width

Points = Sequence[tuple[float, float]]
_RIGHT_INK, _WRONG_INK = "#7FE0AE", "#FF9A92"
RADIUS = 6.0
BESIDE_GAP = 6.0


@dataclass(frozen=True)
class DrawnPose:
    """Nine joints of a picture. `colour` is that of its bones."""

    joints_px: Points
    colour: str
    dashed: bool = False
    seen: Sequence[bool] | None = None
    opacity: float = 1.0


@dataclass(frozen=True)
class DrawnBody:
    """A shaded body over the picture."""

    cut: CutOut
    opacity: float = 1.0


@dataclass(frozen=True)
class Cell:
    """What one picture shows."""

    still: QPixmap | None = None
    video: tuple[int, int] = (16, 9)
    crop: QRectF | None = None  # the part that is shown, pixels of the original; the whole without it
    poses: tuple[DrawnPose, ...] = ()
    action: str = ""
    action_colour: str = theme.BACKGROUND_LABEL
    is_right: bool | None = None
    beside: str = ""  # after the action: a confidence
    corner: str = ""  # bottom right: an error
    foot: str = ""  # bottom left
    veil: float = 0.0  # how much darker the picture is made
    empty: str = ""  # what stands there in place of a picture
    fills: bool = False  # no ground beside the picture, even where that cuts a pose off
    bodies: tuple[DrawnBody, ...] = ()
    with_poses: bool = True  # whether joints are drawn; they tell the part that is shown all the same
    is_split: bool = False  # bodies stand on a ground of their own beside the picture
    note: str = ""  # what is only estimated, above `foot`

    def crop_in(self, aspect: float) -> QRectF:
        """The part of the original that a picture of this shape (width over height) shows."""
        wanted = self.crop if self.crop is not None and _is_finite(self.crop) else QRectF(0, 0, *self.video)
        crop = filling(wanted, aspect, self.video)
        if not self.fills and not all(_holds(crop, pose) for pose in self.poses):
            crop = fitted(wanted, aspect, self.video)
        return crop


def draw_cell(painter: QPainter, area: QRectF, cell: Cell, look: theme.Theme) -> None:
    """The picture, its bodies and poses, and the words over it; split, the bodies stand at the right of it."""
    if cell.is_split:
        left, right = halves(area)
        draw_cell(painter, left, replace(cell, bodies=(), is_split=False), look)
        _draw_beside(painter, right, cell, look)
        return
    painter.save()
    _clip_round(painter, area)
    painter.fillRect(area, QColor(theme.DARK.canvas if cell.still is not None else look.field))
    crop = cell.crop_in(area.width() / max(area.height(), 1))
    scale = area.width() / crop.width()
    if cell.still is not None:
        share = cell.still.width() / cell.video[0]
        source = QRectF(crop.x() * share, crop.y() * share, crop.width() * share, crop.height() * share)
        painter.drawPixmap(area, cell.still, source)
        if cell.veil:
            painter.fillRect(area, QColor(10, 11, 13, round(255 * cell.veil)))
    elif cell.empty:
        put(painter, area.center().x(), area.center().y() + 4, cell.empty, look.text3, 11, align="centre",
            width=area.width() - 16)  # fmt: skip
    _draw_people(painter, area, crop, scale, cell)
    _draw_words(painter, area, cell, look)
    painter.restore()


def halves(area: QRectF) -> tuple[QRectF, QRectF]:
    """Where the picture and what stands beside it lie in a split cell."""
    wide = (area.width() - BESIDE_GAP) / 2
    left = QRectF(area.left(), area.top(), wide, area.height())
    return left, left.translated(wide + BESIDE_GAP, 0)


def _draw_beside(painter: QPainter, area: QRectF, cell: Cell, look: theme.Theme) -> None:
    """The bodies alone, as large and as high as in the picture."""
    painter.save()
    _clip_round(painter, area)
    painter.fillRect(area, QColor(look.canvas))
    crop = cell.crop_in(area.width() / max(area.height(), 1))
    alone = replace(cell, still=None, poses=(), bodies=tuple(replace(each, opacity=1.0) for each in cell.bodies))
    _draw_people(painter, area, crop, area.width() / crop.width(), alone)
    painter.restore()


def _clip_round(painter: QPainter, area: QRectF) -> None:
    path = QPainterPath()
    path.addRoundedRect(area, RADIUS, RADIUS)
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)


def _draw_people(painter: QPainter, area: QRectF, crop: QRectF, scale: float, cell: Cell) -> None:
    for body in cell.bodies:
        body.cut.paint(painter, area.left() - crop.x() * scale, area.top() - crop.y() * scale, scale, body.opacity)
    for pose in cell.poses if cell.with_poses else ():
        places = [
            QPointF(area.left() + (x + 0.5 - crop.x()) * scale, area.top() + (y + 0.5 - crop.y()) * scale)
            for x, y in pose.joints_px
        ]
        draw_pose(painter, pose, places, min(3.2, max(1.6, area.height() / 85)), on_video=cell.still is not None)


def draw_pose(painter: QPainter, pose: DrawnPose, places: list[QPointF], width: float, *, on_video: bool) -> None:
    """Bones in the pose's colour, joints in that of their side."""
    look = theme.DARK if on_video else theme.now()
    sides = {"left": look.left, "right": look.right, "centre": look.centre}
    shown = [True] * len(places) if pose.seen is None else list(pose.seen)
    shown = [each and isfinite(at.x()) and isfinite(at.y()) for each, at in zip(shown, places, strict=True)]
    painter.save()
    painter.setOpacity(painter.opacity() * pose.opacity)
    for is_rim in (True, False) if on_video else (False,):
        pen = QPen(QColor(0, 0, 0, 150) if is_rim else QColor(pose.colour), width + 2.2 if is_rim else width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        if pose.dashed and not is_rim:
            pen.setDashPattern([2.0, 1.9])
        painter.setPen(pen)
        for parent, child in UPPER_BODY_9.bones:
            if shown[parent] and shown[child]:
                painter.drawLine(places[parent], places[child])
    for at, place in enumerate(places):
        if shown[at]:
            painter.setPen(QPen(QColor(0, 0, 0, 170), 1.0))
            painter.setBrush(QColor(sides[UPPER_BODY_9.sides[at]]))
            painter.drawEllipse(place, width * 1.15, width * 1.15)
    painter.restore()


def _draw_words(painter: QPainter, area: QRectF, cell: Cell, look: theme.Theme) -> None:
    ink = "#E9EAED" if cell.still is not None else look.text
    x, y = area.left() + 8, area.top() + 8
    if cell.action:
        beside = words_width(cell.beside, 11, 500) + 12 if cell.beside else 0.0
        most = area.width() - 16 - beside - (20 if cell.is_right is not None else 0)
        words = cell.action
        while len(words) > 2 and words_width(words, 11, 600) + 14 > most:
            words = words[:-2].rstrip() + "…"
        x += chip(painter, x, y, words, look.seg_ink, cell.action_colour, 11, 600, pad=7, height=20, radius=5) + 6
    if cell.is_right is not None:
        good, bad = (_RIGHT_INK, _WRONG_INK) if cell.still is not None else (look.ok, look.danger)
        _shaded(painter, x - 3, y, 20, cell)
        painter.drawPixmap(
            QPointF(x, y + theme.px(10) - 7),
            icons.pixmap("check" if cell.is_right else "close", good if cell.is_right else bad, 14),
        )
        x += 18
    if cell.beside:
        _shaded(painter, x - 3, y, words_width(cell.beside, 11, 500) + 8, cell)
        put(painter, x, y + theme.px(14), cell.beside, ink, 11, 500)
    ground = "#CC101114" if cell.still is not None else look.raised
    over = "#FFFFFF" if cell.still is not None else look.text2
    if cell.corner:
        foot = area.bottom() - 8 - 19 * theme.scale()
        chip(painter, area.right() - 8, foot, cell.corner, over, ground, 11, 600, pad=7, height=19, align="right")
    for line, words in enumerate(each for each in (cell.foot, cell.note) if each):
        foot = area.bottom() - 8 - (19 + 23 * line) * theme.scale()
        chip(painter, area.left() + 8, foot, words, over, ground, 11, 500, pad=7, height=19)


def _shaded(painter: QPainter, x: float, y: float, wide: float, cell: Cell) -> None:
    """A ground under words, where the picture or a body behind them may be as light or as dark as they are."""
    if cell.still is not None or cell.bodies:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#99101114") if cell.still is not None else theme.alpha(theme.now().field, 0.7))
        painter.drawRoundedRect(QRectF(x, y, wide, 20 * theme.scale()), 4, 4)


def _is_finite(area: QRectF) -> bool:
    """Painting a picture into a place that is no number ends the whole program."""
    return all(map(isfinite, area.getRect()))  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]


def _holds(crop: QRectF, pose: DrawnPose) -> bool:
    seen = pose.seen or (True,) * len(pose.joints_px)
    return all(crop.contains(x, y) for (x, y), is_seen in zip(pose.joints_px, seen, strict=True) if is_seen)


# ---- which part of the picture --------------------------------------------------------------------------------------


def fitted(crop: QRectF, aspect: float, video: tuple[int, int]) -> QRectF:
    """The crop made wider or higher to a cell's aspect, inside the frame as far as that goes."""
    wide, high = max(crop.width(), crop.height() * aspect), max(crop.height(), crop.width() / aspect)
    shrink = min(1.0, video[0] / wide, video[1] / high)
    if shrink < 1.0 and crop.width() <= wide * shrink and crop.height() <= high * shrink:
        wide, high = wide * shrink, high * shrink
    x, y = crop.center().x() - wide / 2, crop.center().y() - high / 2
    x = min(max(x, 0.0), video[0] - wide) if wide <= video[0] else (video[0] - wide) / 2
    y = min(max(y, 0.0), video[1] - high) if high <= video[1] else (video[1] - high) / 2
    return QRectF(x, y, wide, high)


def filling(crop: QRectF, aspect: float, video: tuple[int, int]) -> QRectF:
    """A part of the frame in a cell's shape, as large as the crop and round its middle, never beyond the frame."""
    wide = min(max(crop.width(), crop.height() * aspect), video[0], video[1] * aspect)
    high = wide / aspect
    x = min(max(crop.center().x() - wide / 2, 0.0), video[0] - wide)
    y = min(max(crop.center().y() - high / 2, 0.0), video[1] - high)
    return QRectF(x, y, wide, high)


def moved_to(pose: Points, joint: int, place: tuple[float, float]) -> Points:
    """The pose with one of its joints put elsewhere, the others along."""
    dx, dy = place[0] - pose[joint][0], place[1] - pose[joint][1]
    return [(x + dx, y + dy) for x, y in pose]

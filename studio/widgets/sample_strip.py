"""Small pictures side by side: what came, and what a model in training made of it at a few of its steps.

A tile holds a picture of a body or nine joints from their neck (metres, x right, y down), and words below. Moving the
pointer across a tile, or the arrow keys, go through time in all of them together; a click or Enter opens them large.
They know no page and no run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap

from studio import theme
from studio.widgets.painting import Painted, draw_field, put, words_width
from studio.widgets.pose_picture import DrawnPose, draw_pose

TILES = 4
MOMENTS = 9
"""Places in time that a pointer tells apart."""
_GAP, _PICTURE, _LINE = 6.0, 92, 15
_MARGIN = 0.05


@dataclass(frozen=True)
class SampleTile:
    """One picture. `colour` is that of its edge; `is_right` colours the first line of `words`."""

    caption: str
    colour: str = ""
    short: str = ""  # the caption where it has no room
    picture: QPixmap | None = None
    poses: tuple[DrawnPose, ...] = ()
    reach: tuple[float, float, float, float] = (-0.5, -0.5, 0.5, 0.8)  # left, top, right, bottom of all poses
    words: tuple[str, ...] = ()
    is_right: bool | None = None


def draw_poses(
    painter: QPainter, area: QRectF, poses: Sequence[DrawnPose], reach: tuple[float, float, float, float]
) -> None:
    """Poses in metres as large as their reach allows, all at the same scale."""
    left, top, right, bottom = reach
    wide, high = max(right - left, 0.3), max(bottom - top, 0.3)
    scale = min(area.width() / wide, area.height() / high) * (1 - 2 * _MARGIN)
    x0 = area.center().x() - scale * (left + right) / 2
    y0 = area.center().y() - scale * (top + bottom) / 2
    for pose in poses:
        places = [QPointF(x0 + scale * x, y0 + scale * y) for x, y in pose.joints_px]
        draw_pose(painter, pose, places, min(3.4, max(1.5, area.height() / 70)), on_video=False)


class SampleStrip(Painted):
    """Up to `TILES` pictures."""

    opened = Signal()
    scrubbed = Signal(int)
    """A place in time, 0 … MOMENTS − 1; −1: nobody points at one any more."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Samples while training"))
        self._tiles: tuple[SampleTile, ...] = ()
        self._lines = 1
        self._moment = -1
        self._fit()

    def show_tiles(self, tiles: Sequence[SampleTile]) -> None:
        self._tiles = tuple(tiles[:TILES])
        self._lines = 1 + max((len(each.words) for each in self._tiles), default=0)
        said = (", ".join((each.caption, *each.words)) for each in self._tiles)
        self.setAccessibleDescription("; ".join(said))
        self._fit()
        self.update()

    def tiles(self) -> tuple[SampleTile, ...]:
        """What is shown."""
        return self._tiles

    def _fit(self) -> None:
        self.setFixedHeight(theme.px(_PICTURE) + theme.px(_LINE) * self._lines + 4)

    def area_of(self, at: int) -> QRectF:
        """Where a tile's picture lies."""
        wide = (self.width() - _GAP * (TILES - 1)) / TILES
        return QRectF(at * (wide + _GAP), 0, wide, theme.px(_PICTURE)).adjusted(1, 1, -1, 0)

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        for at, tile in enumerate(self._tiles):
            area = self.area_of(at)
            painter.save()
            path = draw_field(painter, area)
            painter.setClipPath(path)
            if tile.picture is not None:
                _draw_picture(painter, area, tile.picture)
            draw_poses(painter, area, tile.poses, tile.reach)
            painter.restore()
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tile.colour or look.line), 1.4 if tile.colour else 1.0))
            painter.drawPath(path)
            inks = (look.text3, look.text2, look.text3)
            for line, words in enumerate((tile.caption, *tile.words)):
                ink, said = inks[min(line, 2)], words
                if line == 0 and tile.short and words_width(words, 10.5) > area.width():
                    said = tile.short
                if line == 1 and tile.is_right is not None:
                    ink, said = (look.ok, f"✓ {words}") if tile.is_right else (look.danger, f"✗ {words}")
                baseline = area.bottom() + theme.px(_LINE) * (line + 0.85)
                put(painter, area.left() + 1, baseline, said, ink, 10.5, 500 if line == 1 else 400, width=area.width())
        if self._moment >= 0 and self._tiles:
            share = self._moment / (MOMENTS - 1)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.playhead))
            for at in range(len(self._tiles)):
                area = self.area_of(at)
                painter.drawRect(QRectF(area.left() + share * (area.width() - 2), area.bottom() - 3, 2, 3))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(look.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def _scrub(self, moment: int) -> None:
        if moment != self._moment:
            self._moment = moment
            self.update()
            self.scrubbed.emit(moment)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        areas = (self.area_of(at) for at in range(len(self._tiles)))
        found = next((area for area in areas if area.left() <= place.x() <= area.right()), None)
        if found is not None:
            share = (place.x() - found.left()) / max(found.width(), 1.0)
            self._scrub(min(MOMENTS - 1, int(share * MOMENTS)))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._scrub(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if (
            event.button() == Qt.MouseButton.LeftButton
            and self._tiles
            and self.rect().contains(event.position().toPoint())
        ):
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if way is not None and self._tiles:
            self._scrub(max(0, min(MOMENTS - 1, self._moment + way)))
        elif Qt.Key(event.key()) in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._tiles:
            self.opened.emit()
        else:
            super().keyPressEvent(event)


def _draw_picture(painter: QPainter, area: QRectF, picture: QPixmap) -> None:
    """The middle of the picture, in the area's shape."""
    wide, high = float(picture.width()), float(picture.height())
    shape = area.width() / max(area.height(), 1.0)
    source_wide, source_high = min(wide, high * shape), min(high, wide / shape)
    source = QRectF((wide - source_wide) / 2, (high - source_high) / 2, source_wide, source_high)
    painter.drawPixmap(area, picture, source)

"""The two sides of a conflict: what each marked on one shared axis, and the picture of each one's pose."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from core.motion import SEEN
from studio import theme
from studio.widgets import painting
from studio.widgets.painting import Painted
from studio.widgets.people_overlay import Person, draw_person


@dataclass(frozen=True)
class Bar:
    """A segment with its label; `pose` is its characteristic pose's frame, or -1. Frames."""

    start: int
    end: int
    words: str
    colour: str
    pose: int = -1


def fit_into(window: QWidget, parent: QWidget | None, width: int, height: int) -> None:
    """As large as its words like it, and no larger than the window it belongs to."""
    wide, high = theme.px(width), theme.px(height)
    if parent is not None:
        wide, high = min(wide, parent.width() - 24), min(high, parent.height() - 24)
    window.resize(max(wide, window.minimumWidth()), high)


class SpanBars(Painted):
    """Rows of segments on one axis: as it was (pale), here, there. The chosen side has the ring."""

    def __init__(self) -> None:
        super().__init__(0, theme.px(96))
        self._rows: tuple[tuple[str, Sequence[Bar]], ...] = ()
        self._chosen: frozenset[int] = frozenset()
        self._ends = ("", "")

    def show_rows(
        self, rows: Sequence[tuple[str, Sequence[Bar]]], chosen: frozenset[int], ends: tuple[str, str], said: str
    ) -> None:
        """`rows` are a name and its segments, the first as it was; `ends` the times at the ends of the axis."""
        self._rows, self._chosen, self._ends = tuple(rows), chosen, ends
        self.setAccessibleName(said)
        self.setVisible(any(bars for _, bars in rows))
        self.update()

    @staticmethod
    def span(rows: Sequence[tuple[str, Sequence[Bar]]]) -> tuple[int, int]:
        """The frames at the ends of the axis."""
        bars = [bar for _, of_row in rows for bar in of_row]
        if not bars:
            return 0, 1
        frames = [frame for bar in bars for frame in (bar.start, bar.end, bar.pose) if frame >= 0]
        room = max(1, (max(frames) - min(frames)) // 12)
        return max(0, min(frames) - room), max(frames) + room

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        first, last = self.span(self._rows)
        left, wide = theme.px(64), self.width() - theme.px(64) - 2
        foot = theme.px(16)
        high = (self.height() - foot) / max(1, len(self._rows))

        def at(frame: float) -> float:
            return left + wide * (frame - first) / max(1, last - first)

        for number, (name, bars) in enumerate(self._rows):
            top = number * high + 2
            middle = top + high / 2
            painting.put(painter, 0, middle + 4, name, look.text2 if number else look.text3, 11, width=left - 6)
            painter.setPen(QPen(QColor(look.line), 1))
            painter.drawLine(QPointF(left, middle), QPointF(left + wide, middle))
            for bar in bars:
                area = QRectF(at(bar.start), top, max(2.0, at(bar.end) - at(bar.start)), high - 4)
                path = QPainterPath()
                path.addRoundedRect(area, 4, 4)
                painter.setOpacity(0.35 if number == 0 else 1.0)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.fillPath(path, QColor(bar.colour))
                painter.setPen(QPen(QColor(theme.mix(bar.colour, "#000000", 0.25)), 1))
                painter.drawPath(path)
                if number in self._chosen:
                    painter.setPen(QPen(QColor(look.text), 2))
                    painter.drawPath(path)
                painter.setOpacity(1.0)
                ink = look.seg_ink if number else look.text2
                painting.put(painter, area.left() + 6, middle + 4, bar.words, ink, 11, 500, width=area.width() - 12)
                if bar.pose >= 0:
                    painting.diamond(painter, at(bar.pose), middle, 6, ink, bar.colour, width=1.6)
        base = self.height() - 3
        painting.put(painter, left, base, self._ends[0], look.text3, 11)
        painting.put(painter, left + wide, base, self._ends[1], look.text3, 11, align="right")


class PoseShot(Painted):
    """A frame with the joints of its pose over it; the joints alone while, or where, there is no picture."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(theme.px(84))
        self._image: QImage | None = None
        self._size = (1, 1)
        self._person: Person | None = None

    def show_pose(self, person: Person | None, size: tuple[int, int], said: str) -> None:
        """`size` is the original video's, whose pixels the joints are in."""
        self._person, self._size, self._image = person, size, None
        self.setAccessibleName(said)
        self.update()

    def show_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        area = QRectF(self.rect())
        path = painting.draw_field(painter, area)
        painter.setClipPath(path)
        left, top, wide, high = 0.0, 0.0, float(self._size[0]), float(self._size[1])
        person = self._person
        if self._image is None and person is not None and (box := person.box()) is not None:
            left, top, right, bottom = box
            wide, high = max(right - left, 1.0), max(bottom - top, 1.0)
            left, top, wide, high = left - 0.1 * wide, top - 0.1 * high, 1.2 * wide, 1.2 * high
        scale = min(area.width() / wide, area.height() / high)
        corner = area.center() - QPointF(wide, high) * (scale / 2)
        if self._image is not None:
            painter.drawImage(QRectF(corner.x(), corner.y(), wide * scale, high * scale), self._image)
        if person is not None and (person.confidence >= SEEN).any():
            draw_person(
                painter,
                person,
                lambda x, y: QPointF(corner.x() + (x - left) * scale, corner.y() + (y - top) * scale),
                width=2.0,
            )
        elif self._image is None:
            painting.put(painter, area.center().x(), area.center().y(), "–", look.text3, 13, align="centre")
        painter.setPen(Qt.PenStyle.NoPen)

"""A run's colour as a mark: a bar, or a dot. Runs beyond the six colours get one again, hatched as labels past twelve
are; dots, too small for a hatch, become hollow. It knows no page.
"""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from studio import theme
from studio.widgets.painting import Painted, hatched, put, words_width

_KINDS = 3


def draw_bar(painter: QPainter, area: QRectF, colour: str, round_: int) -> None:
    """The bar at a run's name."""
    path = QPainterPath()
    path.addRoundedRect(area, 2, 2)
    painter.save()
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    painter.fillRect(area, QColor(colour))
    if round_:
        ground = theme.now().panel
        kind = 1 + (round_ - 1) % _KINDS
        hatched(painter, area, ground, kind)
        hatched(painter, area.translated(0, 1), ground, kind)  # a bar is thin: its hatch must be strong
    painter.restore()


def draw_dot(painter: QPainter, at: QPointF, radius: float, colour: str, round_: int) -> None:
    """A run's figure on a scale."""
    if round_:
        painter.setBrush(QColor(theme.now().panel))
        painter.setPen(QPen(QColor(colour), 2))
        painter.drawEllipse(at, radius - 1, radius - 1)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(at, radius, radius)


class RunKey(Painted):
    """Whose dot is whose, at the right of a title; names give way where there is no room."""

    def __init__(self) -> None:
        super().__init__(0, theme.px(16))
        self._runs: tuple[tuple[str, str, int], ...] = ()

    def show_runs(self, runs: Sequence[tuple[str, str, int]]) -> None:
        """(name, colour, round) of each."""
        self._runs = tuple(runs)
        self.setAccessibleName(", ".join(name for name, _, _ in runs))
        self.setToolTip(self.accessibleName())
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not self._runs:
            return
        most = self.width() / len(self._runs) - 20
        x = float(self.width())
        for name, colour, round_ in reversed(self._runs):
            wide = min(words_width(name, 11), most)
            put(painter, x - wide, theme.px(12), name, look.text2, 11, width=wide + 0.5)
            draw_dot(painter, QPointF(x - wide - 9, self.height() / 2), 4, colour, round_)
            x -= wide + 24

"""The body of a characteristic pose in space, small: from the front, from the side, and what may be doubted of it.

Front and side are the person's own: the side shows their left. World metres, y up; a body not turned looks along +z.
"""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QVBoxLayout

from core.fits import FitView
from core.geometry.rotations import matrices
from core.rendering.views import FIELD, Orbit
from studio import theme
from studio.widgets import parts
from studio.widgets.cut_outs import CutOut, CutWish
from studio.widgets.painting import Painted, draw_field, put
from studio.widgets.posed import PosedBody
from studio.words import say

_WIDE, _HIGH = 120, 150
_FROM_M = 3.9
"""So far away a standing person fills the height."""


@dataclass(frozen=True, eq=False)
class Lift:
    """A body fitted to the joints of a frame: what it looks like from the front and the side, and how well it fits."""

    frame: int
    front: CutOut | None
    side: CutOut | None
    error_px: float
    doubt: str


def sides_of(posed: PosedBody, ratio: float = 2.0) -> tuple[CutWish, CutWish]:
    """How to draw a body from its front and from its left, `ratio` device pixels for one of the card."""
    turn = matrices(np.array(posed.pose.rotations[0], float))
    ahead = turn @ np.array([0.0, 0.0, 1.0])
    yaw = float(np.arctan2(ahead[0], ahead[2]))
    focus = np.array(posed.pose.translation_m, float)
    front, side = (
        _view(Orbit(tuple(focus.tolist()), yaw + by, 0.06, _FROM_M, floor_m=None)) for by in (0.0, np.pi / 2)
    )
    return CutWish(posed, front, ratio), CutWish(posed, side, ratio)


def _view(orbit: Orbit) -> FitView:
    towards, right, up = orbit.axes()
    rotation = np.stack([right, -up, -towards])
    x, y, z = (-rotation @ orbit.place_m()).tolist()
    focal = _HIGH / 2 / float(np.tan(FIELD / 2))
    rows = tuple((float(a), float(b), float(c)) for a, b, c in rotation)
    return FitView(
        rotation=(rows[0], rows[1], rows[2]),
        translation_m=(x, y, z),
        focal_px=(focal, focal),
        centre_px=((_WIDE - 1) / 2, (_HIGH - 1) / 2),
        width=_WIDE,
        height=_HIGH,
    )


class LiftCard(QFrame):
    """Hidden until there is a body to show."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("well")
        self.setAccessibleName(say("Body in space"))
        self._front, self._side = _Side(say("front")), _Side(say("side"))
        self._words = parts.text("", "caption", wrap=True)
        self._words.setMinimumWidth(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 6, 6, 6)
        parts.fill(outer, (parts.row((self._front, 1), (self._side, 1), gap=6), self._words))
        self.hide()

    def show_lift(self, lift: Lift | None) -> None:
        """This body, or none."""
        self.setVisible(lift is not None)
        if lift is None:
            return
        self._front.show_cut(lift.front)
        self._side.show_cut(lift.side)
        fits = say("Meets its joints within {error} px", error=f"{lift.error_px:.1f}")
        self._words.setText(f"{fits}. {lift.doubt}")


class _Side(Painted):
    def __init__(self, words: str) -> None:
        super().__init__(0, _HIGH)
        self._words, self._cut = words, None
        self.setAccessibleName(words)

    def show_cut(self, cut: CutOut | None) -> None:
        if cut is not None or self._cut is None:
            self._cut = cut
            self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        path = draw_field(painter, area)
        painter.setPen(QPen(QColor(look.line), 1))
        painter.drawPath(path)
        painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
        if self._cut is not None:
            scale = area.height() / _HIGH
            left = area.center().x() - _WIDE * scale / 2
            self._cut.paint(painter, left, area.top(), scale, 1.0)
        put(painter, area.left() + 8, area.bottom() - 7, self._words, look.text3, 11)

"""Pictures of a timeline's rows, kept while what they show stays the same: an edit paints its own rows alone.

A strip is transparent where its row shows nothing, and begins at a whole pixel of the screen, so that it comes out as
if it had been painted in its place.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from studio import theme

ROOM = 2.0
"""How far a row may paint beyond its upper and lower edge."""


@dataclass(frozen=True, eq=False)
class _Strip:
    things: tuple[object, ...]
    facts: tuple[object, ...]
    picture: QPixmap
    at: QPointF

    def shows(self, things: tuple[object, ...], facts: tuple[object, ...]) -> bool:
        same = len(things) == len(self.things) and all(a is b for a, b in zip(things, self.things, strict=True))
        return same and facts == self.facts


class Strips:
    """The strips of one timeline, by row."""

    def __init__(self) -> None:
        self._kept: dict[str, _Strip] = {}

    def paint(
        self,
        painter: QPainter,
        key: str,
        area: QRectF,
        things: tuple[object, ...],
        facts: tuple[object, ...],
        draw: Callable[[QPainter], None],
    ) -> None:
        """Put a row into `area`; `draw` is asked where other `things` (the very same) or `facts` (equal) are shown.

        `draw` gets a painter whose positions are those of the timeline, clipped to the area's sides.
        """
        ratio = painter.device().devicePixelRatioF()
        facts = (*facts, area, ratio, theme.now().name, theme.scale())
        kept = self._kept.get(key)
        if kept is None or not kept.shows(things, facts):
            kept = self._kept[key] = _drawn(area, ratio, things, facts, draw)
        painter.drawPixmap(kept.at, kept.picture)

    def keep_only(self, keys: set[str]) -> None:
        """Let go of the strips of rows that are not shown any more."""
        for key in self._kept.keys() - keys:
            del self._kept[key]


def _drawn(
    area: QRectF, ratio: float, things: tuple[object, ...], facts: tuple[object, ...], draw: Callable[[QPainter], None]
) -> _Strip:
    left, top = math.floor(area.left() * ratio), math.floor((area.top() - ROOM) * ratio)
    right, bottom = math.ceil(area.right() * ratio), math.ceil((area.bottom() + ROOM) * ratio)
    picture = QPixmap(max(right - left, 1), max(bottom - top, 1))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    at = QPointF(left / ratio, top / ratio)
    painter = QPainter(picture)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.translate(-at)
    painter.setClipRect(area.adjusted(0, -ROOM, 0, ROOM))
    draw(painter)
    painter.end()
    return _Strip(things, facts, picture, at)

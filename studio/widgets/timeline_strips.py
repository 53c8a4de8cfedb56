"""Pictures of a timeline's rows, kept while what they show stays the same: an edit paints its own rows alone.

A strip is transparent where its row shows nothing, and begins at a whole pixel of the screen, so that it comes out as
if it had been painted in its place.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from studio import theme

ROOM = 2.0
"""How far a row may paint beyond its upper and lower edge."""


Stretches = Iterable[tuple[float, float]]
"""Left and right ends, in the timeline's own pixels."""
Changed = Callable[[tuple, tuple], Stretches | None]
"""Where a row that showed these things and facts now shows something else; None where that takes too long to say."""


@dataclass(frozen=True, eq=False)
class _Strip:
    things: tuple
    facts: tuple
    look: tuple
    picture: QPixmap
    at: QPointF

    def shows(self, things: tuple, facts: tuple) -> bool:
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
        things: tuple,
        facts: tuple,
        draw: Callable[[QPainter], None],
        changed: Changed | None = None,
    ) -> None:
        """Put a row into `area`; `draw` is asked where other `things` (the very same) or `facts` (equal) are shown.

        `draw` gets a painter whose positions are those of the timeline, clipped to what is to be painted: all of the
        row, or one after the other the stretches that `changed` tells.
        """
        ratio = painter.device().devicePixelRatioF()
        look = (area, ratio, theme.now().name, theme.scale())
        kept = self._kept.get(key)
        if kept is None or kept.look != look:
            kept = _drawn(things, facts, look, area, ratio, draw)
        elif not kept.shows(things, facts):
            stretches = None if changed is None else changed(kept.things, kept.facts)
            if stretches is None:
                kept = _drawn(things, facts, look, area, ratio, draw)
            else:
                _draw_again(kept, stretches, area, ratio, draw)
                kept = replace(kept, things=things, facts=facts)
        self._kept[key] = kept
        painter.drawPixmap(kept.at, kept.picture)

    def keep_only(self, keys: set[str]) -> None:
        """Let go of the strips of rows that are not shown any more."""
        for key in self._kept.keys() - keys:
            del self._kept[key]


def _drawn(
    things: tuple, facts: tuple, look: tuple, area: QRectF, ratio: float, draw: Callable[[QPainter], None]
) -> _Strip:
    left, top = math.floor(area.left() * ratio), math.floor((area.top() - ROOM) * ratio)
    right, bottom = math.ceil(area.right() * ratio), math.ceil((area.bottom() + ROOM) * ratio)
    picture = QPixmap(max(right - left, 1), max(bottom - top, 1))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    strip = _Strip(things, facts, look, picture, QPointF(left / ratio, top / ratio))
    painter = _on(strip)
    painter.setClipRect(area.adjusted(0, -ROOM, 0, ROOM))
    draw(painter)
    painter.end()
    return strip


def _draw_again(
    strip: _Strip, stretches: Stretches, area: QRectF, ratio: float, draw: Callable[[QPainter], None]
) -> None:
    """Paint these stretches anew, to whole pixels of the screen, so that they meet what is beside them."""
    painter = _on(strip)
    for left, right in _merged(stretches):
        low, high = math.floor(left * ratio) / ratio, math.ceil(right * ratio) / ratio
        part = QRectF(low, area.top() - ROOM, high - low, area.height() + 2 * ROOM).intersected(
            area.adjusted(0, -ROOM, 0, ROOM)
        )
        if part.isEmpty():
            continue
        painter.save()
        painter.setClipRect(part)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.fillRect(part.adjusted(-1, -1, 1, 1), Qt.GlobalColor.transparent)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        draw(painter)
        painter.restore()
    painter.end()


def _on(strip: _Strip) -> QPainter:
    painter = QPainter(strip.picture)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.translate(-strip.at)
    return painter


def _merged(stretches: Stretches) -> list[tuple[float, float]]:
    """Those that touch as one, from left to right."""
    merged: list[tuple[float, float]] = []
    for left, right in sorted(stretches):
        if merged and left <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged

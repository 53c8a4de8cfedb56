"""What widgets that paint themselves share: words, chips, diamonds, hatches, and small marks. They know no page.

Every function takes a painter and logical pixels; baselines and corners are those of QPainter. Colours are hex words.
"""

from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QStyle, QWidget

from studio import theme

Align = Literal["left", "right", "centre"]


def put(
    painter: QPainter,
    x: float,
    baseline: float,
    words: str,
    colour: str,
    size: float = 11,
    weight: int = 400,
    *,
    align: Align = "left",
    width: float | None = None,
    mono: bool = False,
) -> float:
    """Write words at a baseline, shortened to `width`; how wide they came out."""
    font, _ = _type(size, weight, mono, theme.scale())
    painter.setFont(font)
    wide = _width(words, size, weight, mono, theme.scale())
    if width is not None and wide > width:
        words, wide = _shortened(words, int(width), size, weight, mono, theme.scale())
    shift = {"left": 0.0, "right": -wide, "centre": -wide / 2}[align]
    painter.setPen(QColor(colour))
    painter.drawText(QPointF(x + shift, baseline), words)
    return wide


def words_width(words: str, size: float = 11, weight: int = 400) -> float:
    return _width(words, size, weight, False, theme.scale())


@lru_cache(8192)
def _width(words: str, size: float, weight: int, mono: bool, scale: float) -> float:
    """Measured once: a row asks for the same few words at every paint."""
    return _type(size, weight, mono, scale)[1].horizontalAdvance(words)


@lru_cache(8192)
def _shortened(words: str, width: int, size: float, weight: int, mono: bool, scale: float) -> tuple[str, float]:
    metrics = _type(size, weight, mono, scale)[1]
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, width)
    return shown, metrics.horizontalAdvance(shown)


@lru_cache(256)
def _type(size: float, weight: int, mono: bool, scale: float) -> tuple[QFont, QFontMetricsF]:
    """A font and its measures, made once at each text size: a table asks for them at every word it paints."""
    assert scale == theme.scale()
    font = theme.font(size, weight, mono)
    return font, QFontMetricsF(font)


def chip(
    painter: QPainter,
    x: float,
    y: float,
    words: str,
    ink: str,
    ground: str | QColor,
    size: float = 11,
    weight: int = 500,
    *,
    pad: float = 6,
    height: float = 18,
    align: Align = "left",
    radius: float = 4,
    most: float | None = None,
) -> float:
    """Words on a rounded ground with its top left corner (or right, or centre) at x, y; how wide it came out.

    Words for which `most` is too narrow are shortened.
    """
    height = height * theme.scale()
    wide = words_width(words, size, weight) + 2 * pad
    room = most - 2 * pad if most is not None and wide > most else None
    wide = wide if most is None else min(wide, most)
    x -= {"left": 0.0, "right": wide, "centre": wide / 2}[align]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(QRectF(x, y, wide, height), radius, radius)
    put(painter, x + pad, y + height / 2 + theme.px(size) * 0.36, words, ink, size, weight, width=room)
    return wide


def diamond(
    painter: QPainter,
    x: float,
    y: float,
    radius: float,
    colour: str,
    outline: str = "",
    *,
    filled: bool = True,
    width: float = 1.4,
) -> None:
    """The sign of a characteristic pose."""
    painter.setBrush(QColor(colour) if filled else Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(outline or colour), width))
    corners = (QPointF(x, y - radius), QPointF(x + radius, y), QPointF(x, y + radius), QPointF(x - radius, y))
    painter.drawPolygon(QPolygonF(corners))


def hatched(painter: QPainter, area: QRectF, colour: str, kind: int) -> None:
    """`theme.hatch`'s pattern over an area: 1 and 2 stripes, 3 dots."""
    if not kind:
        return
    painter.save()
    painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    if kind == 3:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        x, odd = area.left() + 3, False
        while x < area.right():
            y = area.top() + (5 if odd else 2.5)
            while y < area.bottom():
                painter.drawEllipse(QPointF(x, y), 1.1, 1.1)
                y += 5
            x, odd = x + 4.5, not odd
    else:
        painter.setPen(QPen(QColor(colour), 1.1))
        low, high = (area.bottom(), area.top()) if kind == 1 else (area.top(), area.bottom())
        x = area.left() - area.height()
        while x < area.right():
            painter.drawLine(QPointF(x, low), QPointF(x + area.height(), high))
            x += 6
    painter.restore()


class Painted(QWidget):
    """A widget that paints itself in `draw`, smoothly, from the theme in use."""

    def __init__(self, width: int = 0, height: int = 0) -> None:
        super().__init__()
        if width:
            self.setFixedWidth(width)
        if height:
            self.setFixedHeight(height)
        fixed, wide = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding
        self.setSizePolicy(fixed if width else wide, fixed if height else wide)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing
            | QPainter.RenderHint.TextAntialiasing
            | QPainter.RenderHint.SmoothPixmapTransform
        )
        self.draw(painter, theme.now())
        painter.end()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        raise NotImplementedError


class Swatch(Painted):
    """A small square of a label's colour, or a round one for a state. `colour` is a hex word or a theme word."""

    def __init__(self, colour: str, size: int = 10, radius: float = 3, kind: int = 0) -> None:
        super().__init__(size, size)
        self._colour, self._radius, self._kind = colour, radius, kind

    def show_colour(self, colour: str) -> None:
        self._colour = colour
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        colour = getattr(look, self._colour, self._colour)
        area = QRectF(0, 0, self.width(), self.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(area, self._radius, self._radius)
        hatched(painter, area, theme.mix(colour, "#000000", 0.3), self._kind)


def draw_field(painter: QPainter, area: QRectF) -> QPainterPath:
    """The dark rounded field that a picture of somebody stands in; its outline, to clip by."""
    path = QPainterPath()
    path.addRoundedRect(area, 6, 6)
    painter.fillPath(path, QColor(theme.now().canvas))
    return path


def draw_ground(painter: QPainter, box: QRectF, state: QStyle.StateFlag) -> bool:
    """What lies under a row of a list: chosen, under the pointer, with the keys. Whether it is chosen."""
    look, radius = theme.now(), theme.RADIUS["control"]
    is_chosen = bool(state & QStyle.StateFlag.State_Selected)
    painter.setPen(Qt.PenStyle.NoPen)
    if is_chosen or state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(QColor(look.wash if is_chosen else look.hover))
        painter.drawRoundedRect(box, radius, radius)
    if is_chosen and state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(look.accent), 2))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), radius, radius)
    return is_chosen


def draw_meter(painter: QPainter, area: QRectF, share: float, colour: str, ground: str) -> None:
    """A bar filled to `share`."""
    radius = area.height() / 2
    path = QPainterPath()
    path.addRoundedRect(area, radius, radius)
    painter.save()
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    painter.fillRect(area, QColor(ground))
    painter.fillRect(
        QRectF(area.left(), area.top(), area.width() * min(1.0, max(0.0, share)), area.height()), QColor(colour)
    )
    painter.restore()


class Meter(Painted):
    """A thin bar of how much there is, 0 to 1."""

    def __init__(self, share: float = 0.0, colour: str = "accent", *, width: int = 0, height: int = 5) -> None:
        super().__init__(width, height)
        self._share, self._colour = share, colour

    def show_share(self, share: float, colour: str = "") -> None:
        self._share, self._colour = share, colour or self._colour
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        colour = getattr(look, self._colour, self._colour)
        draw_meter(painter, QRectF(0, 0, self.width(), self.height()), self._share, colour, look.press)

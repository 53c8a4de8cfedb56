"""The studio's line icons: `resources/icons/*.svg`, tinted when they are drawn, so one source serves both themes.

Sizes are logical pixels (12, 14, 16, 20 in the design); `pixmap` draws at the screen's own ratio. Colours are hex
words of `theme.Theme`. An icon is added as a file on the 24-unit grid; nothing here changes.
"""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

import resources


@cache
def names() -> tuple[str, ...]:
    """Every icon there is."""
    return tuple(sorted(each.stem for each in resources.path("icons").glob("*.svg")))


@cache
def _source(name: str) -> str:
    return resources.path("icons", f"{name}.svg").read_text(encoding="utf-8")


def svg(name: str, colour: str, stroke: float = 1.75) -> str:
    """The icon's SVG text in `colour`, its lines `stroke` of 24 units wide."""
    return _source(name).replace("currentColor", colour).replace('stroke-width="1.75"', f'stroke-width="{stroke}"')


def pixmap(name: str, colour: str, size: int = 16, ratio: float | None = None) -> QPixmap:
    """The icon `size` logical pixels wide, sharp on a screen with `ratio` device pixels each."""
    return _drawn(name, colour, size, ratio or _ratio())


def _ratio() -> float:
    """Device pixels of the screen, so that icons are sharp on it; drawn finer where it has one a pixel."""
    screen = QGuiApplication.primaryScreen()
    least = screen.devicePixelRatio() if screen is not None else 1.0
    return least if least > 1 else 2.0


@cache
def _drawn(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    side = round(size * ratio)
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg(name, colour).encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, colour: str, size: int = 16, disabled: str = "", on: str = "") -> QIcon:
    """An icon for a button: its colour, and what it takes when disabled or switched on (empty: as always)."""
    return _of_button(name, colour, size, disabled, on, _ratio())


@cache
def _of_button(name: str, colour: str, size: int, disabled: str, on: str, ratio: float) -> QIcon:
    made = QIcon(_drawn(name, colour, size, ratio))
    if disabled:
        made.addPixmap(_drawn(name, disabled, size, ratio), QIcon.Mode.Disabled)
    if on:
        made.addPixmap(_drawn(name, on, size, ratio), QIcon.Mode.Normal, QIcon.State.On)
    return made


def swatch(colour: str, size: int = 12) -> QIcon:
    """A small square of a label's colour, for menus."""
    picture = QPixmap(size * 2, size * 2)
    picture.setDevicePixelRatio(2.0)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(QRectF(0, 0, size, size), 3, 3)
    painter.end()
    return QIcon(picture)

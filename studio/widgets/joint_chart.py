"""An error joint by joint: a line a joint, a dot a method, so that one sees where methods differ. No page here.

Runs are filled dots in their colour, methods without training hollow ones. A joint nobody saw has no dot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy

from studio import theme
from studio.widgets.horizon_chart import ticks_around
from studio.widgets.painted_items import expose
from studio.widgets.painting import Painted, put, words_width
from studio.words import say

_LINE_PX = 16
_BESIDE_PX = 28.0
"""From one name of the legend to the next, with the dot between them."""


@dataclass(frozen=True)
class Dots:
    """A method's value at every joint."""

    name: str
    values: tuple[float | None, ...]
    colour: str = ""
    is_chosen: bool = False


class JointChart(Painted):
    """From top to bottom as the joints are given."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(theme.px(220), theme.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Error by joint"))
        self._joints: tuple[str, ...] = ()
        self._dots: tuple[Dots, ...] = ()
        self._unit = self._nothing = ""
        expose(self)

    def show_dots(self, joints: Sequence[str], dots: Sequence[Dots], *, unit: str, nothing: str = "") -> None:
        """These methods; `nothing` says why there is none."""
        self._joints, self._unit, self._nothing = tuple(joints), unit, nothing
        self._dots = tuple(each for each in dots if any(value is not None for value in each.values))
        self.setAccessibleDescription("; ".join(self.item_words(at) for at in range(self.item_count())) or nothing)
        self.setToolTip("\n".join(self.item_words(at) for at in range(self.item_count())))
        self.update()

    def dots(self) -> tuple[Dots, ...]:
        return self._dots

    # ---- for screen readers ----

    def item_count(self) -> int:
        return len(self._joints) if self._dots else 0

    def item_words(self, at: int) -> str:
        """A joint in one sentence."""
        said = [
            f"{each.name} {value:.1f} {self._unit}" for each in self._dots if (value := each.values[at]) is not None
        ]
        return f"{self._joints[at]}: {', '.join(said) or say('never seen')}"

    def item_rect(self, at: int) -> QRectF:
        row = self._row_height()
        return QRectF(0, self._top() + at * row, self.width(), row)

    def is_item_chosen(self, at: int) -> bool:  # noqa: ARG002
        return False

    # ---- drawing ----

    def _row_height(self) -> float:
        return max(10.0, (self.height() - self._top() - theme.px(22)) / max(len(self._joints), 1))

    def _top(self) -> float:
        """Where the first joint's row begins, below the legend."""
        return float(theme.px(22 + _LINE_PX * (len(self.legend()) - 1)))

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not self._dots:
            middle = QPointF(self.width() / 2, self.height() / 2)
            put(painter, middle.x(), middle.y(), self._nothing, look.text3, 11, align="centre", width=self.width() - 20)
            return
        self._draw_legend(painter, look)
        held = [value for each in self._dots for value in each.values if value is not None]
        low, high, ticks = ticks_around(min(0.0, *held), max(held), 6)
        left = max(words_width(each, 10.5) for each in self._joints) + 14
        room, row, top = self.width() - left - 14, self._row_height(), self._top()
        foot = top + row * len(self._joints)
        for tick in ticks:
            x = left + room * (tick - low) / (high - low)
            painter.setPen(QPen(QColor(look.line), 1))
            painter.drawLine(QPointF(x, top), QPointF(x, foot))
            words = f"{tick:g} {self._unit}" if tick == ticks[-1] else f"{tick:g}"
            put(
                painter, x, foot + theme.px(14), words, look.text3, 10, align="right" if tick == ticks[-1] else "centre"
            )
        for at, joint in enumerate(self._joints):
            y = top + row * (at + 0.5)
            put(painter, left - 8, y + 4, joint, look.text2, 10.5, align="right")
            values = [(each, value) for each in self._dots if (value := each.values[at]) is not None]
            if not values:
                continue
            ends = [left + room * (value - low) / (high - low) for _, value in values]
            painter.setPen(QPen(QColor(look.press), 2))
            painter.drawLine(QPointF(min(ends), y), QPointF(max(ends), y))
            for (each, _), x in sorted(zip(values, ends, strict=True), key=lambda it: it[0][0].is_chosen):
                _draw_dot(painter, QPointF(x, y), each, look)

    def legend(self) -> list[list[Dots]]:
        """Who is whose dot, in as many lines as that needs."""
        lines: list[list[Dots]] = [[]]
        used = 0.0
        for each in self._dots:
            wide = words_width(each.name, 10.5) + _BESIDE_PX
            if lines[-1] and used + wide > self.width():
                lines.append([])
                used = 0.0
            lines[-1].append(each)
            used += wide
        return lines

    def _draw_legend(self, painter: QPainter, look: theme.Theme) -> None:
        for at, line in enumerate(self.legend()):
            foot = theme.px(13 + _LINE_PX * at)
            x = self.width() - 6.0
            for each in reversed(line):
                wide = min(words_width(each.name, 10.5), self.width() - _BESIDE_PX)
                put(painter, x - wide, foot, each.name, look.text2, 10.5, width=wide + 0.5)
                _draw_dot(painter, QPointF(x - wide - 9, foot - 4), each, look)
                x -= wide + _BESIDE_PX


def _draw_dot(painter: QPainter, at: QPointF, each: Dots, look: theme.Theme) -> None:
    radius = 5.0 if each.is_chosen else 4.0
    if each.colour:
        painter.setPen(QPen(QColor(look.panel), 1))
        painter.setBrush(QColor(each.colour))
    else:
        painter.setPen(QPen(QColor(look.text3), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(at, radius, radius)

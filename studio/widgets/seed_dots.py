"""How far seeds scatter: a line a method, a dot a seed, a stroke at their mean. It knows no page."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio import theme
from studio.widgets.horizon_chart import ticks_around
from studio.widgets.painted_items import expose
from studio.widgets.painting import Painted, put


@dataclass(frozen=True)
class Spread:
    """A method's value a seed, as it is read."""

    name: str
    values: tuple[float, ...]
    colour: str = ""
    is_chosen: bool = False


class SeedDots(Painted):
    """As high as it has lines."""

    def __init__(self) -> None:
        super().__init__(height=theme.px(60))
        self.setAccessibleName(self.tr("Spread over seeds"))
        self._spreads: tuple[Spread, ...] = ()
        self._unit, self._digits = "", 1
        expose(self)

    def show_spreads(self, spreads: Sequence[Spread], *, unit: str, digits: int) -> None:
        self._spreads = tuple(each for each in spreads if each.values)
        self._unit, self._digits = unit, digits
        self.setFixedHeight(theme.px(20 * max(len(self._spreads), 1) + 22))
        words = "\n".join(self.item_words(at) for at in range(self.item_count()))
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.update()

    def spreads(self) -> tuple[Spread, ...]:
        return self._spreads

    def sizeHint(self) -> QSize:
        return QSize(theme.px(200), self.height())

    # ---- for screen readers ----

    def item_count(self) -> int:
        return len(self._spreads)

    def item_words(self, at: int) -> str:
        each = self._spreads[at]
        return f"{each.name}: {', '.join(f'{value:.{self._digits}f}' for value in each.values)} {self._unit}".strip()

    def item_rect(self, at: int) -> QRectF:
        return QRectF(0, theme.px(20) * at, self.width(), theme.px(20))

    def is_item_chosen(self, at: int) -> bool:
        return self._spreads[at].is_chosen

    # ---- drawing ----

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not self._spreads:
            return
        values = [value for each in self._spreads for value in each.values]
        low, high, ticks = ticks_around(min(values), max(values), 4)
        names = min(theme.px(112), self.width() * 0.42)
        left, room = names + 10, self.width() - names - 24
        row, foot = theme.px(20), theme.px(20) * len(self._spreads)
        for tick in ticks:
            x = left + room * (tick - low) / (high - low)
            painter.setPen(QPen(QColor(look.line), 1))
            painter.drawLine(QPointF(x, 2), QPointF(x, foot))
            put(painter, x, foot + theme.px(14), f"{tick:g}", look.text3, 10, align="centre")
        for at, each in enumerate(self._spreads):
            y = row * (at + 0.5)
            ink, weight = (look.text, 600) if each.is_chosen else (look.text2, 400)
            put(painter, 0, y + 4, each.name, ink, 10.5, weight, width=names)
            places = [left + room * (value - low) / (high - low) for value in each.values]
            mean = sum(places) / len(places)
            painter.setPen(QPen(QColor(each.colour or look.text3), 2))
            painter.drawLine(QPointF(mean, y - 7), QPointF(mean, y + 7))
            for x in places:
                painter.setPen(QPen(QColor(look.panel), 1) if each.colour else QPen(QColor(look.text3), 1.2))
                painter.setBrush(theme.alpha(each.colour, 0.8) if each.colour else Qt.BrushStyle.NoBrush)
                painter.drawEllipse(QPointF(x, y), 3.6, 3.6)

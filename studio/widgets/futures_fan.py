"""Several futures as a fan of actions: a column a step, in it the actions of that step by their share, and a line for
each future from action to action. It knows no page.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPen

from studio import theme
from studio.widgets.painting import Painted, put
from studio.words import say

_CHIP = 20
_GAP = 4
MOST_A_STEP = 4
"""Actions of a step that have a chip of their own; the rest share one."""
OTHERS = "…"


@dataclass(frozen=True)
class FanStep:
    """One step of one future."""

    action: str
    colour: str


class FuturesFan(Painted):
    """The fan; a click chooses a step."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(0, theme.px(MOST_A_STEP * (_CHIP + _GAP)))
        self.setAccessibleName(self.tr("Several futures"))
        self._futures: tuple[tuple[FanStep, ...], ...] = ()
        self._at = 0
        self._is_pale = False

    def show_futures(self, futures: Sequence[Sequence[FanStep]], step: int, *, is_pale: bool = False) -> None:
        self._futures, self._at, self._is_pale = tuple(map(tuple, futures)), step, is_pale
        said = [
            say("step {at}: ", at=at + 1)
            + ", ".join(f"{name} {100 * share:.0f} %" for name, share, _ in shares_of(self._futures, at))
            for at in range(self._steps())
        ]
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def _steps(self) -> int:
        return max((len(future) for future in self._futures), default=0)

    def area_of(self, at: int) -> QRectF:
        """Where a step's column lies."""
        steps = max(1, self._steps())
        wide = (self.width() - 6 * (steps - 1)) / steps
        return QRectF(at * (wide + 6), 0, wide, self.height())

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        painter.setOpacity(0.45 if self._is_pale else 1.0)
        columns = [shares_of(self._futures, at) for at in range(self._steps())]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.alpha(look.text3, 0.45), 1.4))
        for future in self._futures:
            for at in range(len(future) - 1):
                start = self._chip(at, _place(columns[at], future[at].action))
                end = self._chip(at + 1, _place(columns[at + 1], future[at + 1].action))
                path = QPainterPath(QPointF(start.right(), start.center().y()))
                middle = (start.right() + end.left()) / 2
                path.cubicTo(middle, start.center().y(), middle, end.center().y(), end.left(), end.center().y())
                painter.drawPath(path)
        for at, column in enumerate(columns):
            for place, (name, share, colour) in enumerate(column):
                area = self._chip(at, place)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(look.raised))
                painter.drawRoundedRect(area, 4, 4)
                painter.setBrush(theme.alpha(colour, 0.55 if at == self._at else 0.35))
                painter.drawRoundedRect(QRectF(area.left(), area.top(), area.width() * share, area.height()), 4, 4)
                percent = f"{100 * share:.0f} %"
                baseline = area.center().y() + theme.px(4)
                used = put(painter, area.right() - 6, baseline, percent, look.text2, 10.5, align="right")
                put(painter, area.left() + 7, baseline, name, look.text, 10.5, 600 if at == self._at else 500,
                    width=max(8.0, area.width() - used - 20))  # fmt: skip
        painter.setOpacity(1.0)

    def _chip(self, at: int, place: int) -> QRectF:
        area, high = self.area_of(at), theme.px(_CHIP)
        inset = min(14.0, area.width() * 0.08)
        return QRectF(area.left() + inset, place * (high + _GAP), area.width() - 2 * inset, high)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for at in range(self._steps()):
            if self.area_of(at).contains(event.position()):
                self.chosen.emit(at)


def shares_of(futures: Sequence[Sequence[FanStep]], at: int) -> list[tuple[str, float, str]]:
    """The actions of a step with their shares of the futures and their colours, most frequent first."""
    steps = [future[at] for future in futures if at < len(future)]
    colours = {step.action: step.colour for step in steps}
    counted = sorted(Counter(step.action for step in steps).items(), key=lambda each: (-each[1], each[0]))
    found = [(action, count / len(steps), colours[action]) for action, count in counted]
    if len(found) <= MOST_A_STEP:
        return found
    kept, rest = found[: MOST_A_STEP - 1], found[MOST_A_STEP - 1 :]
    return [*kept, (OTHERS, sum(share for _, share, _ in rest), theme.BACKGROUND_LABEL)]


def _place(column: Sequence[tuple[str, float, str]], action: str) -> int:
    return next((at for at, (name, _, _) in enumerate(column) if name == action), len(column) - 1)

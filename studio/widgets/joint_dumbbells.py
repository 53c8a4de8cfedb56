"""Errors by joint as dumbbells: one line a joint, one dot a run, joined where there are two. It knows no page."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio import theme
from studio.widgets.painting import Painted, put
from studio.widgets.run_mark import draw_dot


@dataclass(frozen=True)
class JointErrors:
    """A run's error by joint; None where a joint is not seen."""

    name: str
    colour: str
    errors: tuple[float | None, ...]
    round: int = 0


class JointDumbbells(Painted):
    """How far off each joint is. The number at the right is the first run's."""

    def __init__(self, joints: Sequence[str]) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Error by joint"))
        self._joints = tuple(joints)
        self._runs: tuple[JointErrors, ...] = ()
        self._unit = "px"
        self.set_low(low=False)

    def set_low(self, *, low: bool) -> None:
        """In a low window lines stand closer."""
        self.setMinimumHeight(theme.px(14 if low else 18) * len(self._joints))

    def show_runs(self, runs: Sequence[JointErrors], unit: str) -> None:
        """These runs, in millimetres or pixels."""
        self._runs, self._unit = tuple(runs), unit
        said = [
            f"{joint}: " + ", ".join(f"{run.name} {_words(run.errors[row], unit)}" for run in self._runs)
            for row, joint in enumerate(self._joints)
        ]
        self.setAccessibleDescription("; ".join(said) if runs else "")
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not self._runs:
            put(painter, self.width() / 2, self.height() / 2, self.tr("What came is not known here"), look.text3, 11,
                align="centre")  # fmt: skip
            return
        most = max((error for run in self._runs for error in run.errors if error is not None), default=1.0) or 1.0
        high = self.height() / len(self._joints)
        names, right = theme.px(92), theme.px(40)
        room = self.width() - names - right - 14
        for row, joint in enumerate(self._joints):
            y = (row + 0.5) * high
            put(painter, names - 8, y + 4, joint, look.text2, 11, align="right")
            painter.setPen(QPen(QColor(look.line), 1))
            painter.drawLine(QPointF(names, y), QPointF(names + room + 8, y))
            places = [
                (names + 4 + room * error / most, run) for run in self._runs if (error := run.errors[row]) is not None
            ]
            if len(places) > 1:
                ends = [x for x, _ in places]
                painter.setPen(QPen(theme.alpha(look.text3, 0.8), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
                painter.drawLine(QPointF(min(ends), y), QPointF(max(ends), y))
            for x, run in reversed(places):
                draw_dot(painter, QPointF(x, y), 4.4, run.colour, run.round)
            words = _words(self._runs[0].errors[row], self._unit)
            put(painter, self.width() - 1, y + 4, words, look.text, 11, 500, align="right")


def _words(error: float | None, unit: str) -> str:
    return "–" if error is None else f"{error:.0f}" if unit == "mm" else f"{error:.1f}"

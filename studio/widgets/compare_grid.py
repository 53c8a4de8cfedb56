"""Several forecasts of one moment beside what really came: columns are runs, rows are steps. It knows no page.

Every cell shows the same part of the picture, so that poses can be compared at a glance. The row of the chosen step
is lit; a click chooses its step, and its column.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy

from studio import theme
from studio.widgets.painting import Painted, put
from studio.widgets.pose_picture import RADIUS, Cell, draw_cell

_GAP = 6.0
_HEAD = 46
_SIDE = 62
_LEAST_ROW_PX = 84


@dataclass(frozen=True)
class GridColumn:
    """A run (or what happened): its name, what it is, how it did, its colour, and a cell a step."""

    key: str
    name: str
    about: str
    score: str
    colour: str
    cells: tuple[Cell, ...]
    refusal: str = ""


class CompareGrid(Painted):
    """The grid; `chosen` carries the step and the column's key."""

    chosen = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Runs side by side"))
        self._columns: tuple[GridColumn, ...] = ()
        self._when: tuple[str, ...] = ()
        self._at, self._key = 0, ""
        self._is_pale = False

    def show_columns(
        self, columns: Sequence[GridColumn], when: Sequence[str], step: int, key: str, *, is_pale: bool = False
    ) -> None:
        """These columns, with the words of each row at its left."""
        self._columns, self._when = tuple(columns), tuple(when)
        self._at, self._key, self._is_pale = step, key, is_pale
        self.setMinimumHeight(round(theme.px(_HEAD) + len(when) * (_LEAST_ROW_PX + _GAP)))
        said = [f"{each.name}: " + ", ".join(cell.action or "–" for cell in each.cells) for each in columns]
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def area_of(self, row: int, column: int) -> QRectF:
        """Where a cell lies."""
        side, head = theme.px(_SIDE), theme.px(_HEAD)
        rows, columns = max(1, len(self._when)), max(1, len(self._columns))
        wide = (self.width() - side - _GAP * (columns - 1)) / columns
        high = (self.height() - head - _GAP * (rows - 1)) / rows
        return QRectF(side + column * (wide + _GAP), head + row * (high + _GAP), wide, high)

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        side = theme.px(_SIDE)
        painter.setOpacity(0.45 if self._is_pale else 1.0)
        for at, column in enumerate(self._columns):
            head = self.area_of(0, at)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(column.colour))
            painter.drawRoundedRect(QRectF(head.left(), 3, 4, theme.px(34)), 2, 2)
            put(painter, head.left() + 12, theme.px(15), column.name, look.text, 12, 600, width=head.width() - 16)
            used = put(painter, head.left() + 12, theme.px(32), column.about, look.text3, 11,
                       width=head.width() * 0.5)  # fmt: skip
            put(painter, head.right() - 2, theme.px(32), column.score, look.text2, 11, 500, align="right",
                width=max(10.0, head.width() - used - 24))  # fmt: skip
        for row, when in enumerate(self._when):
            area = self.area_of(row, 0)
            is_lit = row == self._at
            put(painter, side - 12, area.top() + theme.px(16), when, look.text if is_lit else look.text2, 12, 600,
                align="right")  # fmt: skip
            words = self.tr("step {number}").format(number=row + 1)
            put(painter, side - 12, area.top() + theme.px(32), words, look.text3, 11, align="right")
            if is_lit:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(look.playhead))
                painter.drawRoundedRect(QRectF(side - 6, area.top(), 2.5, area.height()), 1, 1)
            for at, column in enumerate(self._columns):
                self._draw_one(painter, look, row, at, column)
        painter.setOpacity(1.0)
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(look.accent))

    def _draw_one(self, painter: QPainter, look: theme.Theme, row: int, at: int, column: GridColumn) -> None:
        area = self.area_of(row, at)
        cell = column.cells[row] if row < len(column.cells) else Cell(empty=column.refusal or "–")
        draw_cell(painter, area, cell, look)
        if row == self._at:
            strong = column.key == self._key
            ring = QColor(look.accent) if strong else theme.alpha(look.text, 0.3)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(ring, 2.4 if strong else 1.2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), RADIUS, RADIUS)

    def _cell_at(self, place: QPointF) -> tuple[int, int] | None:
        for row in range(len(self._when)):
            for column in range(len(self._columns)):
                if self.area_of(row, column).contains(place):
                    return row, column
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._cell_at(event.position())
        if found is not None:
            self.chosen.emit(found[0], self._columns[found[1]].key)


@dataclass(frozen=True)
class JointErrors:
    """A run's error by joint, pixels; None where a joint is not seen."""

    name: str
    colour: str
    errors_px: tuple[float | None, ...]


class JointDumbbells(Painted):
    """How far off each joint is, one line a joint, one dot a run."""

    def __init__(self, joints: Sequence[str]) -> None:
        super().__init__()
        self.setMinimumHeight(theme.px(19) * len(joints))
        self.setAccessibleName(self.tr("Error by joint, pixels"))
        self._joints = tuple(joints)
        self._runs: tuple[JointErrors, ...] = ()

    def show_runs(self, runs: Sequence[JointErrors]) -> None:
        self._runs = tuple(runs)
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not self._runs:
            put(painter, self.width() / 2, self.height() / 2, self.tr("What came is not known here"), look.text3, 11,
                align="centre")  # fmt: skip
            return
        known = [error for run in self._runs for error in run.errors_px if error is not None]
        most = max(known, default=1.0) or 1.0
        high = self.height() / len(self._joints)
        names, right = theme.px(92), theme.px(40)
        room = self.width() - names - right - 14
        for row, joint in enumerate(self._joints):
            y = (row + 0.5) * high
            put(painter, names - 8, y + 4, joint, look.text2, 11, align="right")
            painter.setPen(QPen(QColor(look.line), 1))
            painter.drawLine(QPointF(names, y), QPointF(names + room + 8, y))
            places = [
                (names + 4 + room * error / most, run.colour)
                for run in self._runs
                if (error := run.errors_px[row]) is not None
            ]
            if len(places) > 1:
                ends = [x for x, _ in places]
                painter.setPen(QPen(theme.alpha(look.text3, 0.8), 2))
                painter.drawLine(QPointF(min(ends), y), QPointF(max(ends), y))
            painter.setPen(Qt.PenStyle.NoPen)
            for x, colour in reversed(places):
                painter.setBrush(QColor(colour))
                painter.drawEllipse(QPointF(x, y), 4.4, 4.4)
            first = self._runs[0].errors_px[row]
            words = "–" if first is None else f"{first:.1f}"
            put(painter, self.width() - 1, y + 4, words, look.text, 11, 500, align="right")

"""Small charts about labels: how often each action is marked, how long it lasts, and which follows which.

They are given `core.statistics` and know neither project nor data set.
"""

import math
from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QToolTip

from core.project.edits import LABEL_COLOURS
from core.statistics import ActionFacts, Bin, Statistics
from studio import theme
from studio.widgets.job_words import grouped
from studio.widgets.painting import Painted, put, words_width
from studio.words import say

_ROW_PX = 19
_LEAST_CELL, _LEAST_SIZE = 15, 8.5
"""A cell as high as its name; letters that can be read."""
_TURNS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class ActionBars(Painted):
    """A bar an action; the part that has its pose is bright, the rest pale. What there is no room for is counted."""

    def __init__(self) -> None:
        super().__init__()
        self._actions: list[ActionFacts] = []
        self._colours: dict[str, str] = {}
        self._knows_poses = True
        self._by_length = False
        self.setMinimumHeight(theme.px(120))
        self.setAccessibleName(self.tr("How often each action is marked"))

    def show_actions(self, actions: Sequence[ActionFacts], *, knows_poses: bool) -> None:
        """Without poses every bar is bright. An action without a colour takes one that is free."""
        self._actions, self._knows_poses = list(actions), knows_poses
        taken = {each.colour for each in actions if each.colour}
        free = [each for each in LABEL_COLOURS if each not in taken] or list(LABEL_COLOURS)
        without = [each.name for each in actions if not each.colour]
        self._colours = {each.name: each.colour for each in actions}
        self._colours |= {name: free[at % len(free)] for at, name in enumerate(without)}
        self._order()

    def show_length(self, on: bool) -> None:
        self._by_length = on
        self._order()

    def _order(self) -> None:
        """The longest bar first."""
        self._actions.sort(key=lambda each: (-self._value(each), each.name))
        self.setAccessibleDescription(", ".join(f"{each.name} {self._said(each)}" for each in self._actions))
        self.update()

    def _value(self, each: ActionFacts) -> float:
        return each.seconds if self._by_length else each.count

    def _said(self, each: ActionFacts) -> str:
        return span_words(each.seconds) if self._by_length else grouped(each.count)

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not self._actions:
            put(painter, 4, theme.px(20), self.tr("Nothing is marked yet"), look.text3, 11)
            return
        fitting = max(2, int(self.height() / theme.px(_ROW_PX)))
        rows = self._actions if len(self._actions) <= fitting else self._actions[: fitting - 1]
        hidden = len(self._actions) - len(rows)
        names = min(theme.px(110), self.width() * 0.4, max(words_width(each.name) for each in rows) + 4)
        numbers = max(words_width(self._said(each), 11, 600) for each in rows) + 10
        height = min(theme.px(24), self.height() / (len(rows) + (hidden > 0)))
        most = max(self._value(each) for each in rows) or 1
        room = max(self.width() - names - 8 - numbers, 2.0)
        for at, each in enumerate(rows):
            bar = QRectF(names + 8, at * height, max(2.0, room * self._value(each) / most), height)
            self._draw_row(painter, look, each, bar)
        if hidden:
            words = self.tr("and {count} more").format(count=hidden)
            put(painter, names + 8, len(rows) * height + height / 2 + 4, words, look.text3, 11)

    def _draw_row(self, painter: QPainter, look: theme.Theme, each: ActionFacts, bar: QRectF) -> None:
        baseline = bar.center().y() + theme.px(11) * 0.36
        put(painter, bar.left() - 8, baseline, each.name, look.text2, 11, align="right", width=bar.left() - 8)
        share = each.posed / each.count if self._knows_poses else 1.0
        colour = self._colours[each.name]
        whole = bar.adjusted(0, bar.height() * 0.2, 0, -bar.height() * 0.2)
        bright = QRectF(whole.left(), whole.top(), whole.width() * share, whole.height())
        painter.setPen(Qt.PenStyle.NoPen)
        for area, ink in ((whole, theme.alpha(colour, 0.30)), (bright, QColor(colour))):
            painter.setBrush(ink)
            painter.drawRoundedRect(area, 2.5, 2.5)
        ink, weight = (look.warn, 600) if share < 0.7 else (look.text3, 400)
        put(painter, bar.right() + 7, baseline, self._said(each), ink, 11, weight)


class DurationBars(Painted):
    """How many stretches last how long: a histogram over steps that double."""

    def __init__(self) -> None:
        super().__init__(0, theme.px(86))
        self._bins: tuple[tuple[str, int], ...] = ()
        self.setAccessibleName(self.tr("How long actions last"))

    def show_bins(self, bins: Sequence[Bin]) -> None:
        """The shortest first; empty ones at the ends are left out."""
        counted = [at for at, each in enumerate(bins) if each.count]
        held = bins[counted[0] : counted[-1] + 1] if counted else ()
        self._bins = tuple((_bin_words(each), each.count) for each in held)
        self.setAccessibleDescription(", ".join(f"{words} s: {count}" for words, count in self._bins))
        self.setToolTip("\n".join(f"{words} s: {grouped(count)}" for words, count in self._bins))
        self.update()

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not self._bins:
            put(painter, 4, theme.px(20), self.tr("Nothing is marked yet"), look.text3, 11)
            return
        most = max(count for _, count in self._bins)
        step = min(self.width() / len(self._bins), theme.px(72))
        floor, ceiling = self.height() - theme.px(17), theme.px(15)
        rises = _every([grouped(count) for _, count in self._bins], step)
        names = _every([words for words, _ in self._bins], step)
        for at, (words, count) in enumerate(self._bins):
            high = (floor - ceiling) * count / most
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.accent if count else look.press))
            painter.drawRoundedRect(QRectF(at * step + 2, floor - max(high, 2), step - 4, max(high, 2)), 2, 2)
            middle = at * step + step / 2
            for said, baseline, each in ((grouped(count), floor - high - 4, rises), (words, self.height() - 4, names)):
                if at % each == 0:
                    size = min(10.0, 10.0 * (step * each - 3) / words_width(said, 10))
                    half = words_width(said, size) / 2
                    inside = min(max(middle, half), self.width() - half)
                    put(painter, inside, baseline, said, look.text3, size, align="centre")


def _every(words: Sequence[str], step: float) -> int:
    """Each how many-th word there is room for in letters that can be read."""
    widest = max(words_width(each, _LEAST_SIZE) for each in words)
    return max(1, math.ceil((widest + 3) / step))


class TransitionMap(Painted):
    """Row to column: how often one action followed another. One hue, light to dark, with the number.

    As many of the most frequent actions are shown as their names have room. A cell is chosen by a click or with the
    arrow keys; `chosen` gives its row and column.
    """

    MOST = 10
    chosen = Signal(int, int)

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self._most = most
        self._names: list[str] = []
        self._counts: list[list[int]] = []
        self._sums: list[int] = []
        self._at: tuple[int, int] | None = None
        self._nothing = ""
        self.setMinimumHeight(theme.px(150))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Which action follows which"))

    def sizeHint(self) -> QSize:
        return QSize(theme.px(360), theme.px(360))

    def show_statistics(self, statistics: Statistics) -> None:
        """How often each of the most frequent actions was followed by each."""
        held = self.cell
        to_mark = self.tr("Mark two actions in a row to see what follows what")
        self._nothing = (
            to_mark if statistics.things == "clip" else self.tr("No recording holds one action after another")
        )
        self._names = [each.name for each in statistics.actions[: self._most]]
        self._counts = statistics.counts(self._names)
        sums = Counter[str]()
        for each in statistics.follows:  # also by what there is no room for
            sums[each.before] += each.count
        self._sums = [sums[name] for name in self._names]
        if held is not None and held[0] in self._names and held[1] in self._names:
            self._at = (self._names.index(held[0]), self._names.index(held[1]))
        else:
            self._at = self._strongest()
        self._tell()

    @property
    def cell(self) -> tuple[str, str, float, int] | None:
        """The chosen cell: from, to, its share, and how often anything followed."""
        if self._at is None:
            return None
        row, column = self._at
        return self._names[row], self._names[column], self._share(row, column), self._sums[row]

    def _share(self, row: int, column: int) -> float:
        return self._counts[row][column] / self._sums[row] if self._sums[row] else 0.0

    def _strongest(self) -> tuple[int, int] | None:
        places = [(row, column) for row in range(len(self._names)) for column in range(len(self._names))]
        return max(places, key=lambda at: self._counts[at[0]][at[1]], default=None) if any(self._sums) else None

    def _choose(self, row: int, column: int) -> None:
        self._at = (row, column)
        self._tell()
        self.chosen.emit(row, column)

    def _tell(self) -> None:
        cell = self.cell
        self.setAccessibleDescription("" if cell is None else follows_words(*cell))
        self.update()

    @property
    def shown(self) -> int:
        """How many actions there is room for."""
        return self._grid()[3]

    def _grid(self) -> tuple[float, float, float, int]:
        """Left and top of the cells, the side of one, and how many rows and columns there are."""
        most = min(theme.px(96), self.width() * 0.36)
        left = min(most, max((words_width(each, 10.5) for each in self._names), default=0) + 12)
        top = left * 0.72 + 6
        room = min(self.width() - left - left * 0.4, self.height() - top - 4)
        count = max(min(len(self._names), int(room / theme.px(_LEAST_CELL))), min(len(self._names), 2), 1)
        return left, top, min(room / count, theme.px(46)), count

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        if not any(self._sums):
            painter.setFont(theme.font(11))
            painter.setPen(QColor(look.text3))
            room = QRectF(4, theme.px(9), self.width() - 8, self.height() - theme.px(9))
            painter.drawText(room, Qt.TextFlag.TextWordWrap, self._nothing)
            return
        left, top, side, count = self._grid()
        for row, name in enumerate(self._names[:count]):
            baseline = top + row * side + side / 2 + 4
            put(painter, left - 8, baseline, name, look.text2, 10.5, align="right", width=left - 10)
            painter.save()
            painter.translate(left + row * side + side / 2 + 3, top - 8)
            painter.rotate(-45)
            room = (self.width() - left - row * side - side / 2 - 3) * 1.41  # along the slant, to the edge
            put(painter, 0, 0, name, look.text2, 10.5, width=min(left, room))
            painter.restore()
            for column in range(count):
                cell = QRectF(left + column * side + 1, top + row * side + 1, side - 2, side - 2)
                self._draw_cell(painter, look, cell, self._share(row, column))
        if self._at is not None and max(self._at) < count:
            row, column = self._at
            ring = look.accent if self.hasFocus() else look.text
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(ring), 1.6))
            painter.drawRoundedRect(
                QRectF(left + column * side + 1, top + row * side + 1, side - 2, side - 2), 2.5, 2.5
            )

    def _draw_cell(self, painter: QPainter, look: theme.Theme, cell: QRectF, share: float) -> None:
        low, high = (look.field, look.accent) if look.name == "dark" else ("#F3F2FB", look.fill)
        colour = theme.mix(low, high, min(1.0, share * 1.1))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(cell, 2.5, 2.5)
        if share >= 0.1 and cell.width() > theme.px(18):
            ink = look.seg_ink if theme.contrast(colour, look.seg_ink) > 4.5 else "#FFFFFF"
            said = f"{share * 100:.0f}"
            size = min(10.5, 10.5 * (cell.width() - 6) / words_width(said, 10.5, 500))
            put(
                painter,
                cell.center().x(),
                cell.center().y() + theme.px(size) * 0.36,
                said,
                ink,
                size,
                500,
                align="centre",
            )

    def _cell_at(self, place: QPointF) -> tuple[int, int] | None:
        if not any(self._sums):
            return None
        left, top, side, count = self._grid()
        column, row = int((place.x() - left) // side), int((place.y() - top) // side)
        inside = 0 <= row < count and 0 <= column < count
        return (row, column) if inside else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._cell_at(event.position())
        if at is not None:
            self._choose(*at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turn = _TURNS.get(Qt.Key(event.key()))
        if turn is None or self._at is None:
            super().keyPressEvent(event)
            return
        last = self.shown - 1
        self._choose(min(max(self._at[0] + turn[0], 0), last), min(max(self._at[1] + turn[1], 0), last))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _TURNS:
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self._cell_at(QPointF(event.pos()))
            if at is not None:
                row, column = at
                words = follows_words(self._names[row], self._names[column], self._share(row, column), self._sums[row])
                QToolTip.showText(event.globalPos(), words, self)
                return True
        return super().event(event)


def follows_words(before: str, after: str, share: float, times: int) -> str:
    """`reach › pick up 81 % of 351`."""
    return say(
        "{before} › {after} {share:.0%} of {times}", before=before, after=after, share=share, times=times
    ).replace("%", " %")


def span_words(seconds: float) -> str:
    """`48 s`, `12 min` or `3.1 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return say("{seconds:.0f} min", seconds=seconds / 60) if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _bin_words(each: Bin) -> str:
    if each.end_s is None:
        return f">{each.start_s:g}"
    return f"<{each.end_s:g}" if not each.start_s else f"{each.start_s:g}–{each.end_s:g}"

"""Where the cells of a comparison lie, and its scrollbars: what `CompareGrid` draws and asks what is under the pointer.

Logical pixels of the grid's widget. Columns keep a readable width and scroll under the first one, which is pinned; rows
scroll under the heads.
"""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtWidgets import QScrollBar, QWidget

from studio import theme

HEAD = 46
SIDE = 62
LEAST_ROW_PX = 84
LEAST_COLUMN_PX = 158
_GAP = 6.0
_BAR = 9


class GridPlaces:
    """The places of so many rows and columns in a widget, as it is scrolled now."""

    def __init__(self, grid: QWidget) -> None:
        self._grid = grid
        self._rows = self._columns = self._foot = 0
        self._across = QScrollBar(Qt.Orientation.Horizontal, grid)
        self._down = QScrollBar(Qt.Orientation.Vertical, grid)
        for bar, name in (
            (self._across, grid.tr("Runs, from side to side")),
            (self._down, grid.tr("Steps, up and down")),
        ):
            bar.setAccessibleName(name)
            bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            bar.valueChanged.connect(lambda _: grid.update())
            bar.hide()

    def lay_out(self, rows: int, columns: int, *, foot: int) -> None:
        """So many rows and columns, with `foot` pixels below them all."""
        self._rows, self._columns, self._foot = rows, columns, foot
        self.lay_out_again()

    def lay_out_again(self) -> None:
        """Scrollbars where there is more than fits; twice, since one takes room from the other."""
        grid = self._grid
        self._across.hide()
        self._down.hide()
        for _ in range(2):
            inside, (wide, high) = self.inside(), self._cell_size()
            rows, columns = max(1, self._rows), max(1, self._columns)
            _set(self._across, columns * (wide + _GAP) - _GAP - inside.width(), inside.width(), wide)
            _set(self._down, rows * (high + _GAP) - _GAP - inside.height(), inside.height(), high)
        first = self.area_of(0, 1).left() + self._across.value()
        self._across.setGeometry(round(first), grid.height() - _BAR, max(round(self.inside().right() - first), 1), _BAR)
        self._down.setGeometry(grid.width() - _BAR, theme.px(HEAD), _BAR, grid.height() - theme.px(HEAD))

    # ---- places ----

    def inside(self) -> QRectF:
        """Where cells can be seen, pinned ones too."""
        side, head = theme.px(SIDE), theme.px(HEAD)
        right = _BAR if not self._down.isHidden() else 0
        low = (_BAR if not self._across.isHidden() else 0) + self._foot
        return QRectF(side, head, max(self._grid.width() - side - right, 1), max(self._grid.height() - head - low, 1))

    def area_of(self, row: int, column: int) -> QRectF:
        """Where a cell lies; scrolled away, outside of what is seen."""
        inside, (wide, high) = self.inside(), self._cell_size()
        x = inside.left() + column * (wide + _GAP) - (self._across.value() if column else 0)
        y = inside.top() + row * (high + _GAP) - self._down.value()
        return QRectF(x, y, wide, high)

    def head_of(self, column: int) -> QRectF:
        """Where a column's name stands."""
        area = self.area_of(0, column)
        return QRectF(area.left(), 0, area.width(), theme.px(HEAD) - 4)

    def scrolled(self) -> QRectF:
        """Where columns that are not pinned can be seen, their heads too."""
        inside, (wide, _) = self.inside(), self._cell_size()
        left = inside.left() + wide + _GAP / 2
        return QRectF(left, 0, max(inside.right() - left, 0), self._grid.height())

    def gap_before(self, column: int) -> float:
        """The middle of the gap at a column's left."""
        return self.area_of(0, column).left() - _GAP / 2

    def _cell_size(self) -> tuple[float, float]:
        inside = self.inside()
        rows, columns = max(1, self._rows), max(1, self._columns)
        wide = (inside.width() - _GAP * (columns - 1)) / columns
        high = (inside.height() - _GAP * (rows - 1)) / rows
        return max(wide, theme.px(LEAST_COLUMN_PX)), max(high, LEAST_ROW_PX)

    # ---- what lies where ----

    def cell_at(self, place: QPointF) -> tuple[int, int] | None:
        """The row and the column of a cell."""
        if not self.inside().contains(place):
            return None
        for row in range(self._rows):
            for column in range(self._columns):
                if self.area_of(row, column).contains(place) and self._is_seen(column, place):
                    return row, column
        return None

    def head_at(self, place: QPointF) -> int | None:
        """The column of a head."""
        columns = range(self._columns)
        return next((at for at in columns if self.head_of(at).contains(place) and self._is_seen(at, place)), None)

    def gap_at(self, x: float) -> int:
        """The column before which something let go there would stand."""
        movable = range(1, self._columns + 1)
        return min(movable, key=lambda at: abs(self.gap_before(at) - x))

    def _is_seen(self, column: int, place: QPointF) -> bool:
        return not column or self.scrolled().contains(place)

    # ---- scrolling ----

    def scroll_to(self, row: int, column: int) -> None:
        """Scroll a cell into view."""
        area, inside, shown = self.area_of(row, column), self.inside(), self.scrolled()
        if column:
            if area.left() < shown.left():
                self._across.setValue(round(self._across.value() - (shown.left() - area.left()) - 3))
            elif area.right() > shown.right():
                self._across.setValue(round(self._across.value() + area.right() - shown.right()))
        if area.top() < inside.top():
            self._down.setValue(round(self._down.value() - (inside.top() - area.top())))
        elif area.bottom() > inside.bottom():
            self._down.setValue(round(self._down.value() + area.bottom() - inside.bottom()))

    def turn(self, by: int, *, sideways: bool) -> None:
        """As a wheel does, eighths of a degree."""
        bar = self._across if sideways else self._down
        bar.setValue(round(bar.value() - by / 120 * bar.singleStep()))


def _set(bar: QScrollBar, beyond: float, page: float, step: float) -> None:
    bar.setRange(0, max(0, round(beyond)))
    bar.setPageStep(round(page))
    bar.setSingleStep(round(step / 2))
    bar.setVisible(beyond > 0.5)

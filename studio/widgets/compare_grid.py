"""Several forecasts of one moment beside what really came: columns are runs, rows are steps. It knows no page.

Every cell shows the same part of the picture, so that poses can be compared at a glance. Columns keep a readable width
and scroll under the first one, which is pinned; rows scroll under the heads. The row of the chosen step is lit; a click
chooses its step and its column; a head dragged aside puts its run at another place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip

from studio import theme
from studio.widgets.compare_places import HEAD, LEAST_COLUMN_PX, LEAST_ROW_PX, SIDE, GridPlaces
from studio.widgets.painted_items import expose
from studio.widgets.painting import Painted, put
from studio.widgets.pose_picture import RADIUS, Cell, draw_cell
from studio.widgets.run_mark import draw_bar
from studio.words import say

_FOOT = 18


@dataclass(frozen=True)
class GridColumn:
    """A run (or what happened): its name, what it is, how it did, its colour, and a cell a row."""

    key: str
    name: str
    about: str
    score: str
    colour: str
    cells: tuple[Cell, ...]
    refusal: str = ""
    round: int = 0  # from 1 on the colour is another run's too, and hatched
    lit: tuple[int, ...] = ()  # the rows whose step is due now
    foot: str = ""  # what has no place in the rows
    tips: tuple[str, ...] = ()


class CompareGrid(Painted):
    """The grid; `chosen` carries the row and the column's key."""

    chosen = Signal(int, str)
    moved = Signal(str, int)
    """A column is to stand at this place among those that are not pinned."""
    menu_wanted = Signal(str, QPoint)
    """On a column's head; the place on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(theme.px(SIDE) + 2 * LEAST_COLUMN_PX, theme.px(HEAD) + LEAST_ROW_PX)
        self.setAccessibleName(self.tr("Runs side by side"))
        self._columns: tuple[GridColumn, ...] = ()
        self._when: tuple[str, ...] = ()
        self._numbers = ""
        self._at, self._key = 0, ""
        self._is_pale = False
        self._pressed: tuple[int, float] | None = None  # a head's column, and where
        self._drop: int | None = None
        self._places = GridPlaces(self)
        expose(self)

    def show_columns(
        self,
        columns: Sequence[GridColumn],
        when: Sequence[str],
        row: int,
        key: str,
        *,
        numbers: str = "step {number}",
        is_pale: bool = False,
    ) -> None:
        """These columns, with the words of each row at its left; `numbers` says what a row is."""
        is_elsewhere = (row, key) != (self._at, self._key)
        self._columns, self._when, self._numbers = tuple(columns), tuple(when), numbers
        self._at, self._key, self._is_pale = row, key, is_pale
        said = [f"{each.name}: " + ", ".join(cell.action or "–" for cell in each.cells) for each in columns]
        self.setAccessibleDescription("; ".join(said))
        self._places.lay_out(
            len(self._when), len(columns), foot=theme.px(_FOOT) if any(each.foot for each in columns) else 0
        )
        if is_elsewhere:
            self.show_cell(row, key)
        self.update()

    @property
    def columns(self) -> tuple[GridColumn, ...]:
        return self._columns

    # ---- places ----

    def area_of(self, row: int, column: int) -> QRectF:
        """Where a cell lies; scrolled away, outside of what is seen."""
        return self._places.area_of(row, column)

    def show_cell(self, row: int, key: str) -> None:
        """Scroll it into view."""
        self._places.scroll_to(row, next((at for at, each in enumerate(self._columns) if each.key == key), 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._places.lay_out_again()

    # ---- drawing ----

    def draw(self, painter: QPainter, look: theme.Theme) -> None:
        painter.setOpacity(0.45 if self._is_pale else 1.0)
        self._draw_side(painter, look)
        for at, column in enumerate(self._columns):
            painter.save()
            if at:
                painter.setClipRect(self._places.scrolled())
            self._draw_column(painter, look, at, column)
            painter.restore()
        if self._drop is not None:
            x = self._places.gap_before(self._drop)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.accent))
            painter.drawRoundedRect(QRectF(x - 1.5, 0, 3, self.height()), 1.5, 1.5)
        painter.setOpacity(1.0)
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), QColor(look.accent))

    def _draw_side(self, painter: QPainter, look: theme.Theme) -> None:
        side, inside = theme.px(SIDE), self._places.inside()
        painter.save()
        painter.setClipRect(QRectF(0, inside.top(), side, inside.height()))
        for row, when in enumerate(self._when):
            area = self.area_of(row, 0)
            is_lit = row == self._at
            put(painter, side - 12, area.top() + theme.px(16), when, look.text if is_lit else look.text2, 12, 600,
                align="right")  # fmt: skip
            words = self._numbers.format(number=row + 1)
            put(painter, side - 12, area.top() + theme.px(32), words, look.text3, 11, align="right")
            if is_lit:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(look.playhead))
                painter.drawRoundedRect(QRectF(side - 6, area.top(), 2.5, area.height()), 1, 1)
        painter.restore()

    def _draw_column(self, painter: QPainter, look: theme.Theme, at: int, column: GridColumn) -> None:
        head, inside = self._places.head_of(at), self._places.inside()
        draw_bar(painter, QRectF(head.left(), 3, 4, theme.px(34)), column.colour, column.round)
        ink = look.text if column.key == self._key or not at else look.text2
        put(painter, head.left() + 12, theme.px(15), column.name, ink, 12, 600, width=head.width() - 16)
        score = put(painter, head.right() - 2, theme.px(32), column.score, look.text2, 11, 500, align="right",
                    width=head.width() - 20)  # fmt: skip
        about = head.width() - score - 26
        if about > theme.px(24):
            put(painter, head.left() + 12, theme.px(32), column.about, look.text3, 11, width=about)
        if column.foot:
            y = inside.bottom() + theme.px(_FOOT) - 5
            put(painter, head.left() + 4, y, column.foot, look.text3, 10.5, width=head.width() - 6)
        painter.setClipRect(QRectF(head.left() - 2, inside.top(), head.width() + 4, inside.height()),
                            Qt.ClipOperation.IntersectClip)  # fmt: skip
        if column.refusal and not column.cells:
            self._draw_refusal(painter, look, self.area_of(0, at), column.refusal)
            return
        for row in range(len(self._when)):
            self._draw_one(painter, look, row, at, column)

    def _draw_refusal(self, painter: QPainter, look: theme.Theme, first: QRectF, words: str) -> None:
        """Why a run has no forecast here, once for all its rows."""
        last = self.area_of(max(len(self._when) - 1, 0), 0)
        area = QRectF(first.left(), first.top(), first.width(), last.bottom() - first.top())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.field))
        painter.drawRoundedRect(area, RADIUS, RADIUS)
        painter.setFont(theme.font(11))
        painter.setPen(QColor(look.text2))
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(area.adjusted(14, 20, -14, -14), flags, words)

    def _draw_one(self, painter: QPainter, look: theme.Theme, row: int, at: int, column: GridColumn) -> None:
        area = self.area_of(row, at)
        cell = column.cells[row] if row < len(column.cells) else Cell(empty="–")
        draw_cell(painter, area, cell, look)
        if row == self._at:
            strong = column.key == self._key
            ring = QColor(look.accent) if strong else theme.alpha(look.text, 0.3)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(ring, 2.4 if strong else 1.2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        if row in column.lit:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.playhead))
            painter.drawRoundedRect(QRectF(area.left() + 2, area.bottom() - 5, area.width() - 4, 3), 1.5, 1.5)

    # ---- hands ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found, head = self._places.cell_at(event.position()), self._places.head_at(event.position())
        if found is not None:
            self.chosen.emit(found[0], self._columns[found[1]].key)
        elif head is not None and event.button() == Qt.MouseButton.RightButton:
            self.menu_wanted.emit(self._columns[head].key, event.globalPosition().toPoint())
        elif head is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = head, event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        column, began = self._pressed
        far = abs(event.position().x() - began) >= QApplication.startDragDistance()
        if column and self._columns[column].cells and (far or self._drop is not None):
            self._drop = self._places.gap_at(event.position().x())
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        pressed, drop = self._pressed, self._drop
        self._pressed, self._drop = None, None
        self.unsetCursor()
        self.update()
        if pressed is None:
            return
        column = pressed[0]
        if drop is None:
            self.chosen.emit(self._at, self._columns[column].key)
        elif drop not in (column, column + 1):
            self.moved.emit(self._columns[column].key, drop - 1 - (drop > column))

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        sideways = turned.x() or (turned.y() if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0)
        self._places.turn(sideways or turned.y(), sideways=bool(sideways))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.words_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def words_at(self, place: QPointF) -> str:
        """All that is known of a head or a cell, where its words may be shortened."""
        head, found = self._places.head_at(place), self._places.cell_at(place)
        if head is not None:
            column = self._columns[head]
            lines = [column.name, column.about, column.score.replace("   ", ", "), column.refusal, column.foot]
            lines.append(self.tr("Its colour is another run's too: hatched here.") if column.round else "")
            return "\n".join(line for line in lines if line)
        if found is not None:
            row, at = found
            column = self._columns[at]
            return column.tips[row] if row < len(column.tips) else column.refusal
        return ""

    # ---- for screen readers ----

    def item_count(self) -> int:
        return len(self._when) * len(self._columns)

    def item_words(self, at: int) -> str:
        row, column = divmod(at, max(len(self._columns), 1))
        shown = self._columns[column]
        cell = shown.cells[row] if row < len(shown.cells) else Cell(empty=shown.refusal or "–")
        verdict = {None: "", True: say(", it came"), False: say(", something else came")}[cell.is_right]
        said = ", ".join(word for word in (cell.action or cell.empty, cell.beside, cell.corner) if word)
        return f"{shown.name}, {self._numbers.format(number=row + 1)} {self._when[row]}: {said}{verdict}"

    def item_rect(self, at: int) -> QRectF:
        return self.area_of(*divmod(at, max(len(self._columns), 1)))

    def is_item_chosen(self, at: int) -> bool:
        row, column = divmod(at, max(len(self._columns), 1))
        return row == self._at and self._columns[column].key == self._key

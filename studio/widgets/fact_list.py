"""Names and facts row by row, and steps that were done: what the inspector lists."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.widgets import parts


class FactList(QWidget):
    """Names and what is known, row by row, with what can be done below."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: tuple[tuple[str, str], ...] = ()
        self._filled: tuple[tuple[str, str], ...] = ()
        self._rows = parts.col(gap=7)
        self._actions = parts.col(gap=6)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        parts.fill(box, (self._rows, self._actions, None))

    def show_facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """A name and a fact a row; laid out when somebody looks."""
        self._facts = tuple(rows)
        if self.isVisible():
            self._fill()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fill()

    def _fill(self) -> None:
        if self._filled != self._facts:
            self._filled = self._facts
            fill_rows(self._rows, self._facts)

    def show_actions(self, *actions: QWidget) -> None:
        parts.refill(self._actions, [parts.row(each, None) for each in actions])


def fill_rows(place: QWidget, rows: Sequence[tuple[str, str]]) -> None:
    """Names at the left, facts at the right of them."""
    made = []
    for name, fact in rows:
        label = parts.text(name, "label")
        label.setFixedWidth(label.fontMetrics().horizontalAdvance("right shoulder") + 8)
        words = parts.text(fact, wrap=True)
        words.setMinimumWidth(1)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        made.append(parts.row(label, (words, 1)))
    parts.refill(place, made)

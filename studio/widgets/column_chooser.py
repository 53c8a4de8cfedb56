"""Which column of a table is what: a choice for each meaning, and the first rows with what is taken from them.

The preview follows every choice at once: a column that is used carries its meaning above it and stands out.
"""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.errors import CoreError
from core.formats.segment_tables import NONE, ROLES, UNITS, Columns, columns_of
from studio import theme
from studio.widgets import parts
from studio.words import say

_WORDS = {
    "clip": "Clip",
    "action": "Action",
    "start": "Start",
    "end": "End",
    "duration": "Duration",
    "actor": "Person",
    "objects": "Objects",
    "pose": "Characteristic pose",
}
_ROWS = 6


class ColumnChooser(QWidget):
    """`options` are what a reader of tables is told; only what a person chose is in them."""

    changed = Signal()

    def __init__(self, source: Path, columns: Columns) -> None:
        super().__init__()
        self._source, self._columns = source, columns
        self._said: dict[str, str] = {}
        self._roles: dict[str, QComboBox] = {}
        self._unit, self._first, self._end = QComboBox(), QComboBox(), QComboBox()
        self._place = QGridLayout()
        self._make_choices()
        self.preview = QTableWidget()
        self.preview.setAccessibleName(self.tr("The first rows of the table"))
        self.preview.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.preview.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.preview.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.preview.verticalHeader().hide()
        self.preview.setShowGrid(False)
        self.preview.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._notes = parts.text("", "caption", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        box.addLayout(self._place)
        box.addWidget(self.preview)
        box.addWidget(self._notes)
        self._show()

    @property
    def options(self) -> dict[str, str]:
        return dict(self._said)

    @property
    def has_clip(self) -> bool:
        """Whether a column says which clip a row belongs to."""
        return "clip" in self._columns.guess

    def lacking(self) -> str:
        """What must still be chosen, in words; empty where the table can be read."""
        guess = self._columns.guess
        for role in ("action", "start"):
            if role not in guess:
                return say("Choose the column of the {role}.", role=say(_WORDS[role]).lower())
        return "" if "end" in guess or "duration" in guess else say("Choose the column of the end, or of the duration.")

    def _make_choices(self) -> None:
        self._place.setHorizontalSpacing(10)
        self._place.setVerticalSpacing(6)
        for at, role in enumerate(ROLES):
            box = QComboBox()
            box.setAccessibleName(say(_WORDS[role]))
            box.addItem("–", NONE)
            for name in self._columns.header:
                box.addItem(name, name)
            box.activated.connect(lambda _, role=role: self._say(role, self._roles[role].currentData()))
            box.setMinimumWidth(theme.px(110))
            self._roles[role] = box
            self._put(at, _WORDS[role], box)
        for name in UNITS:
            self._unit.addItem({"time": "hh:mm:ss"}.get(name, name), name)
        for words, value in ((say("counted from 0"), "0"), (say("counted from 1"), "1")):
            self._first.addItem(words, value)
        for words, value in ((say("no longer part of it"), "no"), (say("still part of it"), "yes")):
            self._end.addItem(words, value)
        for at, (words, name, box) in enumerate(
            (
                (say("Numbers are"), "unit", self._unit),
                (say("Frames"), "first", self._first),
                (say("The end is"), "end_included", self._end),
            )
        ):
            box.setAccessibleName(words)
            box.activated.connect(lambda _, name=name, box=box: self._say(name, box.currentData()))
            self._put(len(ROLES) + at, words, box)

    def _put(self, at: int, words: str, box: QComboBox) -> None:
        """Three to a row, each under its words."""
        label = parts.text(words, "label")
        label.setBuddy(box)
        row, column = divmod(at, 4)
        self._place.addWidget(parts.col(label, box, gap=2), row, column)

    def _say(self, name: str, value: str) -> None:
        self._said[name] = value
        try:
            self._columns = columns_of(self._source, **self._said)
        except CoreError as error:
            self._notes.setText(f"{error} {error.hint}".strip())
            return
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        guess, header = self._columns.guess, self._columns.header
        for role, box in self._roles.items():
            box.setCurrentIndex(max(box.findData(guess.get(role, NONE)), 0))
        for name, box in (("unit", self._unit), ("first", self._first), ("end_included", self._end)):
            box.setCurrentIndex(max(box.findData(guess.get(name, "")), 0))
        in_frames = guess.get("unit") == "frames"
        self._first.setEnabled(in_frames)
        self._end.setEnabled(in_frames)
        meaning = {guess[role]: say(_WORDS[role]) for role in ROLES if role in guess}
        rows = self._columns.rows[:_ROWS]
        self.preview.setColumnCount(len(header))
        self.preview.setRowCount(len(rows))
        self.preview.setFixedHeight(theme.px(58 + 23 * len(rows)))  # with room for a bar below
        self.preview.setHorizontalHeaderLabels(
            [f"{meaning[name]}\n{name}" if name in meaning else f"\n{name}" for name in header]
        )
        look = theme.now()
        for at, cells in enumerate(rows):
            for column, name in enumerate(header):
                item = QTableWidgetItem(cells[column] if column < len(cells) else "")
                item.setForeground(QColor(look.text if name in meaning else look.text3))
                self.preview.setItem(at, column, item)
            self.preview.setRowHeight(at, theme.px(22))
        self.preview.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._notes.setText(" ".join(f"{each[:1].upper()}{each[1:].rstrip('.')}." for each in self._columns.notes))
        self._notes.setVisible(bool(self._columns.notes))

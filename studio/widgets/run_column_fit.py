"""Which columns of the table of runs are shown and how wide: those that fit, or those that a person chose."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QTableView

from studio import theme
from studio.widgets.run_columns import COLUMNS, KEYS, RunRow

_LEAST_NAME, _TIGHT_NAME = 150, 104


class ColumnFit(QObject):
    """Of one table. The name takes what is left; of columns that do not fit those of the highest rank go."""

    changed = Signal()

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        self._chosen: tuple[str, ...] = ()
        self._widths: dict[str, int] = {}  # that a person drew
        self._rows: Sequence[RunRow] = ()
        self._is_fitting = False
        self._held = ""
        table.horizontalHeader().sectionResized.connect(self._resized)

    def shown(self) -> tuple[str, ...]:
        """From left to right."""
        return tuple(key for at, key in enumerate(KEYS) if not self._table.isColumnHidden(at))

    def chosen(self) -> tuple[str, ...]:
        """Which the person chose; empty where those that fit are shown."""
        return self._chosen

    def choose(self, keys: Collection[str]) -> None:
        """Show these and the name, however wide that is; none: those that fit."""
        known = tuple(key for key in KEYS if key in keys)
        chosen = tuple(dict.fromkeys(("run", *known))) if known else ()
        if chosen != self._chosen:
            self._chosen = chosen
            self.fit(self._rows)
            self.changed.emit()

    def hold(self, key: str) -> None:
        """Show this one whatever room there is: somebody writes in it. Without one, as before."""
        if key != self._held:
            self._held = key
            self.fit(self._rows)

    def width(self, key: str) -> int:
        """In pixels; 0 for the name, unless a person drew it."""
        return self._widths.get(key) or theme.px(COLUMNS[KEYS.index(key)].width)

    def fit(self, rows: Sequence[RunRow]) -> None:
        """Lay the columns out for what these rows hold."""
        self._rows = rows
        if self._is_fitting:
            return  # a scrollbar that came or went while columns are laid: seen below
        self._is_fitting = True
        for _ in range(3):
            room = self._table.viewport().width()
            self._lay(room)
            if self._table.viewport().width() == room:
                break
        self._is_fitting = False

    def _lay(self, room: int) -> None:
        table, policy = self._table, Qt.ScrollBarPolicy
        wanted = self._wanted(room)
        table.setHorizontalScrollBarPolicy(policy.ScrollBarAsNeeded if self._chosen else policy.ScrollBarAlwaysOff)
        used = 0
        for at, column in enumerate(COLUMNS):
            is_hidden = column.key not in wanted
            if table.isColumnHidden(at) != is_hidden:
                table.setColumnHidden(at, is_hidden)
            if not is_hidden and column.width:
                wide = self.width(column.key)
                used += wide
                if table.columnWidth(at) != wide:
                    table.setColumnWidth(at, wide)
        least = _LEAST_NAME if self._chosen else _TIGHT_NAME
        name = max(self._widths.get("run", 0), theme.px(least), room - used)
        if table.columnWidth(0) != name:
            table.setColumnWidth(0, name)

    def _wanted(self, room: int) -> set[str]:
        if self._chosen:
            return {*self._chosen, self._held} - {""}
        full = {each.key for each in COLUMNS if not each.goes_empty or any(map(each.words, self._rows))}
        full |= {self._held} - {""}
        used = theme.px(_LEAST_NAME) + sum(self.width(each.key) for each in COLUMNS[1:] if each.key in full)
        for column in sorted(COLUMNS, key=lambda each: -each.rank):
            if used <= room or not column.rank:
                break
            if column.key in full and column.key != self._held:
                full.discard(column.key)
                used -= self.width(column.key)
        return {"run", self._held} if self._held and used > room else full

    def _resized(self, section: int, _before: int, width: int) -> None:
        if not self._is_fitting and width:
            self._widths[KEYS[section]] = width

"""What a row of the table of runs holds, and its columns: title, width, words, order. It draws nothing.

Widths are at 100 % text. Bytes are bytes, `took_s` seconds at work, `started_at` seconds since 1970. In a narrow table
the columns of the highest rank go first; those of rank 0 never go.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from studio.widgets.when import say_when
from studio.words import lasting, say

Kind = Literal["forecaster", "motion", "baseline"]


@dataclass(frozen=True)
class RunRow:
    """One run as the table shows it. Colours are hex words; `state_key` is the state a filter asks for."""

    id: str
    colour: str
    state: str
    state_colour: str
    is_compared: bool
    loss: tuple[float, ...] = ()
    top1: float | None = None
    error_px: float | None = None
    bits: float | None = None
    error_mm: float | None = None
    preset: str = ""
    changes: int = 0  # knobs that differ from the preset
    device: str = ""
    data: str = ""
    note: str = ""
    aside: str = ""  # stands pale where there is no note: what a trial changed
    tags: tuple[str, ...] = ()
    started_at: float = 0.0
    took_s: float | None = None
    memory: int | None = None
    tip: str = ""
    kind: Kind = "forecaster"
    state_key: str = ""

    @property
    def is_of_motion(self) -> bool:
        """Whether a motion model is trained, and no forecaster."""
        return self.kind == "motion"

    @property
    def right(self) -> float | None:
        """How right it foretells: top-1, or bits a code."""
        return self.bits if self.is_of_motion else self.top1

    @property
    def off(self) -> float | None:
        """How far it is off: pixels, or millimetres."""
        return self.error_mm if self.is_of_motion else self.error_px

    @property
    def preset_words(self) -> str:
        return f"{self.preset} +{self.changes}" if self.changes else self.preset

    def answers(self, words: str) -> bool:
        """Whether every word stands somewhere in what is said of it."""
        whole = " ".join((self.id, self.note, self.aside, self.preset, self.state, self.device, *self.tags)).casefold()
        return all(word in whole for word in words.casefold().split())


Key = str | float | None


@dataclass(frozen=True)
class Column:
    """One column. `sort` gives None for what stands last in every order."""

    key: str
    title: str
    width: int
    words: Callable[[RunRow], str]
    sort: Callable[[RunRow], Key]
    is_number: bool = False
    rank: int = 0
    falls: bool = False  # a first click on its head puts the largest on top
    goes_empty: bool = False  # hidden of itself while no run has anything in it


def _lower(words: str) -> Key:
    return words.casefold() or None


def _better(row: RunRow) -> Key:
    """Ascending from the best: a share is better large, bits are better small."""
    if row.right is None:
        return None
    return row.right if row.is_of_motion else -row.right


COLUMNS: tuple[Column, ...] = (
    Column("run", "Run", 0, lambda row: row.id, lambda row: _natural(row.id)),
    Column("state", "State", 112, lambda row: row.state, lambda row: _lower(row.state)),
    Column("loss", "Loss", 96, lambda _: "", lambda row: row.loss[-1] if row.loss else None, rank=2),
    Column("right", "Top-1", 68, lambda row: figure(row.right, 2 if row.is_of_motion else 3), _better, is_number=True),
    Column("off", "2D error, px", 90, lambda row: figure(row.off, 1), lambda row: row.off, is_number=True),
    Column("device", "On", 62, lambda row: row.device, lambda row: _lower(row.device), rank=6, goes_empty=True),
    Column("preset", "Preset", 118, lambda row: row.preset_words, lambda row: _lower(row.preset_words), rank=5),
    Column("tags", "Tags", 120, lambda row: ", ".join(row.tags), lambda row: _lower(", ".join(row.tags)),
           rank=7, goes_empty=True),
    Column("note", "Note", 130, lambda row: row.note or row.aside, lambda row: _lower(row.note or row.aside), rank=3),
    Column("started", "Started", 108, lambda row: say_when(row.started_at) if row.started_at else "",
           lambda row: row.started_at or None, rank=4, falls=True),
    Column("took", "Took", 66, lambda row: say_long(row.took_s), lambda row: row.took_s, is_number=True, rank=8,
           falls=True, goes_empty=True),
    Column("memory", "Memory", 72, lambda row: say_bytes(row.memory), lambda row: row.memory, is_number=True, rank=9,
           falls=True, goes_empty=True),
    Column("data", "Data", 150, lambda row: row.data, lambda row: _lower(row.data), rank=10, goes_empty=True),
)  # fmt: skip
KEYS = tuple(each.key for each in COLUMNS)

_HEADS: dict[frozenset[str], tuple[str, str]] = {
    frozenset({"forecaster"}): ("Top-1", "2D error, px"),
    frozenset({"motion"}): ("Bits", "Error, mm"),
    frozenset({"forecaster", "motion"}): ("Top-1, bits", "Error px, mm"),
}
"""What the two figures are called, by the kinds of runs there are."""


def title(column: Column, kinds: frozenset[str]) -> str:
    """What stands above a column of runs of these kinds."""
    if column.key in ("right", "off"):
        heads = _HEADS.get(kinds - {"baseline"}, _HEADS[frozenset({"forecaster"})])
        return say(heads[column.key == "off"])
    return say(column.title)


def figure(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def say_long(seconds: float | None) -> str:
    """`40 s`, `12 min`, `3.4 h`; empty where nobody knows."""
    return "" if seconds is None else lasting(seconds)


def say_bytes(count: int | None) -> str:
    """`740 MB`, `2.1 GB`; empty where nobody measured."""
    if count is None:
        return ""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 1):.0f} MB"


def ordered(rows: list[RunRow], key: str, *, is_up: bool) -> list[RunRow]:
    """By one column, what has nothing in it last, equal ones in the order they came; without a key as they came."""
    column = next((each for each in COLUMNS if each.key == key), None)
    if column is None:
        return rows
    keyed = [(column.sort(row), row) for row in rows]
    known = [(value, row) for value, row in keyed if value is not None]
    known.sort(key=lambda pair: pair[0], reverse=not is_up)
    return [row for _, row in known] + [row for value, row in keyed if value is None]


def _natural(name: str) -> str:
    """`run-10` after `run-9`."""
    head = name.rstrip("0123456789")
    number = name[len(head) :]
    return f"{head.casefold()}{number.zfill(12) if number else ''}"

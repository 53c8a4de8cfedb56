"""The journal as a person reads it: one step an edit, made or taken back, and how far back or forward each one is.

Pure. The journal's rows of undoing and redoing are not steps of their own; they say when and by whom a step was taken
back or made again. What can be taken back follows from `core.project.journal.Steps` alone.
"""

from collections.abc import Sequence
from typing import Literal

from core.project.journal import MAKER, Entry, Steps

State = Literal["start", "made", "now", "next", "left"]
"""start: before what can be taken back · made · now: the last one made · next: taken back, can be made again ·
left: taken back, and something else was done since."""


class History:
    """Follows a journal. `steps` are its edits, oldest first."""

    def __init__(self) -> None:
        self.steps: list[Entry] = []
        self._steps = Steps()
        self._seen = 0
        self._root: dict[str, str] = {}  # id of a row → id of the edit that it makes or takes back
        self._last: dict[str, Entry] = {}  # id of an edit → the row that took it back or made it again last
        self._starts: set[str] = set()
        self._redo: set[str] = set()

    def follow(self, journal: Sequence[Entry]) -> bool:
        """Take in the rows after those seen before; whether there were any."""
        new = journal[self._seen :]
        for entry in new:
            is_start = entry.sequence == 1 or (
                entry.author == MAKER and not self._steps.undo and not self._steps.redo and not entry.undoes
            )
            self._steps.follow(entry)
            if entry.kind == "edit":
                self._root[entry.id] = entry.id
                self.steps.append(entry)
                if is_start:
                    self._starts.add(entry.id)
            else:
                root = self._root[entry.id] = self._root.get(entry.undoes, entry.undoes)
                self._last[root] = entry
        self._seen += len(new)
        if new:
            self._redo = {self._root[each.id] for each in self._steps.redo}
        return bool(new)

    @property
    def now(self) -> str:
        """The id of the last edit that stands, or empty."""
        return self._root[self._steps.undo[-1].id] if self._steps.undo else ""

    def state(self, step: Entry) -> State:
        """Where an edit stands."""
        if step.id in self._starts:
            return "start"
        last = self._last.get(step.id)
        if last is None or last.kind != "undo":
            return "now" if step.id == self.now else "made"
        return "next" if step.id in self._redo else "left"

    def since(self, step: Entry) -> Entry | None:
        """The row that took it back or made it again last, where one did."""
        return self._last.get(step.id)

    def way_to(self, step: Entry) -> int:
        """How many steps to take back (negative) or make again so that this is the last one that stands; 0 for none.

        From the start everything is taken back. What was left behind cannot be reached.
        """
        match self.state(step):
            case "made":
                for count, each in enumerate(reversed(self._steps.undo)):
                    if self._root[each.id] == step.id:
                        return -count
            case "next":
                for count, each in enumerate(reversed(self._steps.redo), start=1):
                    if self._root[each.id] == step.id:
                        return count
            case "start":
                return -len(self._steps.undo)
            case _:
                pass
        return 0

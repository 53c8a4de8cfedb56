"""What was done to an open project: its edits in order, what each changed, and what can be undone and redone.

It reads the journal and writes nothing; whoever edits tells it of new rows by `follow`.
"""

from collections.abc import Callable

from core.project.database import Database
from core.project.journal import Entry, Steps
from core.project.rows import RowChange


class Past:
    """`database` gives the file that is open now: a reader may have to open it anew."""

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database
        self.entries: list[Entry] = []
        """All edits, oldest first, undos and redos among them."""
        self.steps = Steps()

    def follow(self, entries: list[Entry]) -> None:
        """Take in the next rows of the journal."""
        self.entries.extend(self.steps.follow(entry) for entry in entries)

    def state(self) -> str:
        """Tells what is in the project by now from any other state of it: how many edits, and which the newest is."""
        newest = self.entries[-1] if self.entries else None
        return f"{newest.sequence}:{newest.id}" if newest is not None else ""

    def changes_of(self, entry: Entry) -> tuple[RowChange, ...]:
        """What a step changed."""
        return self._database().changes_of(entry.sequence)

    def steps_about(self, clip_id: str, after: int = 0) -> list[int]:
        """The sequence numbers, above `after`, of the steps that touched this clip or anything marked on it."""
        return self._database().rows_about(clip_id, after)

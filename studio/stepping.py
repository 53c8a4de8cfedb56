"""Back and forward through the steps of the journal: one, or many with the window awake meanwhile.

Each step is an undo or a redo of the store, on the disk when it is made. Many are made in moments of `MOMENT_S`, after
each of which everybody is told at once of what changed.
"""

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import CoreError
from core.project.annotations import Changes
from core.project.store import ProjectStore

MOMENT_S = 0.04


class Stepping(QObject):
    """`store` gives that of the open project."""

    made = Signal(object)
    """core.project.annotations.Changes of the steps that were made."""
    refused = Signal(object, object)
    """The CoreError a step met, and what tries again: it returns whether it was made, False also where something
    else was done since."""
    stepped = Signal(int, int)
    """Of many steps: how many are made, how many there are; both alike at the end, reached or not."""

    def __init__(self, store: Callable[[], ProjectStore], parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._left = 0  # undos (negative) or redos that are still to be made
        self._of = 0
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._walk_on)

    def one(self, *, back: bool) -> bool:
        """One step; False where it was refused."""
        self.stop()
        store = self._store()
        before = store.project
        try:
            changes = store.undo() if back else store.redo()
        except CoreError as error:
            self.refused.emit(error, lambda: self._store().project is before and self.one(back=back))
            return False
        if changes is not None:
            self.made.emit(changes)
        return True

    def many(self, count: int) -> bool:
        """Undo (negative) or redo so many steps; False where the first moment met a refusal.

        Any other edit, or `stop`, ends it where it is. A refusal ends it too.
        """
        self.stop()
        self._left, self._of = count, abs(count)
        if not count:
            return True
        self._timer.start()
        return self._walk_on()

    def stop(self) -> None:
        """Leave it at the steps that are made."""
        if self._timer.isActive():
            self._timer.stop()
            self._left = 0
            self.stepped.emit(self._of, self._of)

    def _walk_on(self) -> bool:
        """As many steps as fit into a moment."""
        store, began = self._store(), perf_counter()
        before, forward = store.project, self._left > 0
        refusal: CoreError | None = None
        while self._left and perf_counter() - began < MOMENT_S:
            try:
                done = store.redo() if forward else store.undo()
            except CoreError as error:
                refusal = error
                break
            self._left = 0 if done is None else self._left + (-1 if forward else 1)
        left = self._left
        if not left or refusal is not None:
            self._timer.stop()
            self._left = 0
        if store.project is not before:
            self.made.emit(Changes.between(before, store.project))
        self.stepped.emit(self._of - abs(left) if self._left else self._of, self._of)
        if refusal is not None:
            self.refused.emit(refusal, lambda: self.many(left))
        return refusal is None

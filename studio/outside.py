"""What others do to the open project: results that commands and jobs leave for it, and edits of whoever is writing it.

Looked for every `LOOK_MS`: a writer takes results in, each as an edit that can be undone; a reader follows the writer,
and becomes one when that is gone. An error ends the looking, and is told.
"""

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import CoreError
from core.project.store import ProjectStore

LOOK_MS = 500


class Outside(QObject):
    """Watches one store at a time."""

    found = Signal(object)
    """core.project.annotations.Changes, once each."""
    became_writable = Signal()
    """Whoever was editing it is gone, and it is ours now."""
    refused = Signal(object)
    """The CoreError that was met."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._store: ProjectStore | None = None
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    def watch(self, store: ProjectStore) -> None:
        self._store = store
        self._timer.start()

    def stop(self) -> None:
        """Before the store is closed."""
        self._store = None
        self._timer.stop()

    def _look(self) -> None:
        store = self._store
        if store is None:
            return
        try:
            if store.read_only_reason is None:
                found = store.take_in_results()
            else:
                newer = store.reload_if_changed()
                found = [] if newer is None else [newer]
                if store.become_writer():
                    self.became_writable.emit()
        except CoreError as error:
            self._timer.stop()
            self.refused.emit(error)
            return
        for changes in found:
            self.found.emit(changes)

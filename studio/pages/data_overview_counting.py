"""When the overview of a project is counted, and where: in the window's thread, or beside it.

While somebody looks, it is counted anew after each edit: the clips an edit touched at once, many clips beside the
window's thread. Whatever is counted is said with the project it was counted of; what comes too late is dropped.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from core.overview import Overview, Overviewer
from core.project.annotations import Project
from studio.document import Document

AT_ONCE = 8
"""So many clips are counted again in the window's thread; more are counted beside it."""
_SOON_MS = 30
Later = Callable[[Callable[[], object], Callable[..., None]], None]
"""Does the first beside the window's thread, then calls the second with what it returned, in the window's."""


class Counting(QObject):
    """Follows the document while it is awake."""

    forgotten = Signal()
    """Another project is open: what was counted is of the one before."""
    counted = Signal(object, object)
    """A Project, and its Overview."""

    def __init__(self, document: Document, later: Later, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._later = document, later
        self._overviewer = Overviewer(document.store.tracks if document.is_open else None)
        self._counted_of: Project | None = None
        self._journal_length = 0
        self._is_awake = False
        self._is_counting = False
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self._count)
        document.opened.connect(self._forget)
        document.changed.connect(self._count_soon)

    @property
    def is_settled(self) -> bool:
        """Whether what was counted last is how the project stands, where somebody looks."""
        return not self._is_counting and not self._soon.isActive() and (not self._is_awake or self._is_current())

    def wake(self) -> None:
        """Somebody looks."""
        self._is_awake = True
        self._count()

    def sleep(self) -> None:
        """Nobody looks."""
        self._is_awake = False
        self._soon.stop()

    def _forget(self) -> None:
        self._overviewer = Overviewer(self._document.store.tracks)
        self._counted_of = None
        self._is_counting = False
        self.forgotten.emit()
        if self._is_awake:
            self._count()

    def _count_soon(self, *_: object) -> None:
        if self._is_awake and not self._soon.isActive():
            self._soon.start()

    def _is_current(self) -> bool:
        if not self._document.is_open:
            return True
        return self._counted_of is self._document.project and self._journal_length == len(self._document.store.journal)

    def _count(self) -> None:
        """As the project stands."""
        document = self._document
        if not document.is_open or self._is_counting or self._is_current():
            return
        project, journal, overviewer = document.project, document.store.journal, self._overviewer
        if overviewer.pending(project) > AT_ONCE:
            self._is_counting = True
            entries = tuple(journal)
            self._later(lambda: (overviewer, project, overviewer.of(project, entries), len(entries)), self._take)
        else:
            self._tell(project, overviewer.of(project, journal), len(journal))

    def _take(self, found: tuple[Overviewer, Project, Overview, int]) -> None:
        overviewer, project, overview, length = found
        if overviewer is not self._overviewer:
            return
        self._is_counting = False
        self._tell(project, overview, length)
        self._count_soon()

    def _tell(self, project: Project, overview: Overview, length: int) -> None:
        self._counted_of, self._journal_length = project, length
        self.counted.emit(project, overview)

"""The reports of the open project: found below its `runs`, read off the window's thread, read again when they change.

reports.entries()     what was found, newest first; one that cannot be read says why in `problem`
reports.sheets()      the same as tables to look at (`studio.report_sheets`), made in the same thread
reports.look_again()  look for new ones; `moved` says that there is something new
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from studio.document import Document
from studio.jobs import Job, Jobs
from studio.report_files import Found, Known, look
from studio.report_sheets import Sheet, sheets_of


@dataclass(frozen=True)
class Looked:
    """What one look has found. `joined` are the sheets with a row for runs that differ by their seed alone."""

    known: Known = field(default_factory=dict)
    entries: tuple[Found, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    joined: tuple[Sheet, ...] = ()
    can_join: bool = False


class Reports(QObject):
    """Follows a project's reports; reading never holds the window up."""

    moved = Signal()

    def __init__(self, document: Document, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._looked = Looked()
        self._is_reading = self._asked_again = False
        self._has_looked = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        document.opened.connect(self._forget)
        document.closed.connect(self._forget)
        jobs.listed.connect(self.look_again)
        jobs.ended.connect(self._ended)

    @property
    def is_busy(self) -> bool:
        return self._is_reading

    @property
    def has_looked(self) -> bool:
        """Whether the project's folder was read once, so that nothing found means there is nothing."""
        return self._has_looked

    def entries(self) -> tuple[Found, ...]:
        """Newest first."""
        return self._looked.entries

    def sheets(self, *, together: bool = False) -> tuple[Sheet, ...]:
        """In the order of their protocols; `together` with one row for runs that differ by their seed alone."""
        return self._looked.joined if together else self._looked.sheets

    @property
    def can_join(self) -> bool:
        """Whether there are runs that differ by their seed alone."""
        return self._looked.can_join

    def look_again(self) -> None:
        """Look for what is new; one look at a time."""
        if not self._document.is_open:
            return
        if self._is_reading:
            self._asked_again = True
            return
        self._is_reading = True
        folder = self._document.folder
        task = _Task(partial(look_on, folder / "runs", self._looked), folder)
        task.told.ready.connect(self._came)
        self._pool.start(task)

    def wait(self) -> None:
        """For a window that closes."""
        self._pool.clear()
        self._pool.waitForDone()

    def _came(self, folder: Path, found: object) -> None:
        self._is_reading = False
        is_ours = self._document.is_open and self._document.folder == folder
        if is_ours and isinstance(found, Looked):
            is_first, self._has_looked = not self._has_looked, True
            if is_first or found is not self._looked:
                self._looked = found
                self.moved.emit()
        if self._asked_again or (self._document.is_open and not is_ours):
            self._asked_again = False
            self.look_again()

    def _ended(self, _job: Job) -> None:
        self.look_again()

    def _forget(self) -> None:
        self._looked = Looked()
        self._has_looked = False
        self.moved.emit()
        self.look_again()


class _Told(QObject):
    ready = Signal(object, object)


class _Task(QRunnable):
    def __init__(self, work: Callable[[], object], folder: Path) -> None:
        super().__init__()
        self.told = _Told()
        self._work, self._folder = work, folder

    def run(self) -> None:
        found: object = None
        try:
            found = self._work()
        except OSError:  # the folder went away while it was read; the next look says what is there
            found = None
        with suppress(RuntimeError):  # the window is gone
            self.told.ready.emit(self._folder, found)


def look_on(runs: Path, before: Looked) -> Looked:
    """What lies below `runs` now, read and laid out as tables; `before` itself where nothing has changed."""
    known = look(runs, before.known)
    if known == before.known:
        return before
    entries = tuple(sorted((found for _, found in known.values()), key=lambda each: (-each.at_s, each.id)))
    recipes = [each.recipe for each in entries if each.recipe and not each.table]
    can_join = len(set(recipes)) < len(recipes)
    sheets = tuple(sheets_of(entries))
    joined = tuple(sheets_of(entries, together=True)) if can_join else sheets
    return Looked(known, entries, sheets, joined, can_join)

"""Runs that are taken away and brought back: Del, undo, and what lies there until it is removed for good.

Taking away is one rename into a folder beside the runs (`core.run_about`), so undo is one too. What has lain there for
thirty days is removed when the project is opened, on a thread of its own.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from core import run_about
from core.errors import CoreError
from core.run_about import DeletedRun
from core.run_folder import LIVE
from studio.document import Document
from studio.jobs import Jobs
from studio.widgets.beside import Beside
from studio.widgets.notices import Notice, of_error
from studio.widgets.parts import literal
from studio.widgets.run_columns import say_bytes
from studio.widgets.when import say_when
from studio.words import counted, listed, say

_NAMED = 3


class Deleting(QObject):
    """Whoever shows runs listens to `moved`; what is said goes out as notices."""

    moved = Signal()
    noticed = Signal(object)

    def __init__(self, document: Document, jobs: Jobs) -> None:
        super().__init__()
        self._document, self._jobs = document, jobs
        self._steps: list[tuple[Path, ...]] = []  # what each deletion took away, where it lies now
        self._old = Beside(self)
        self._sizes = Beside(self)
        self._sizes.refused.connect(self._refuse)
        self._old.refused.connect(self._refuse)

    def follow_project(self) -> None:
        """Another project is open: nothing of the one before can be undone here."""
        self._steps.clear()
        runs = self._jobs.runs
        if runs is not None and self._may_change():
            self._old.run(lambda: run_about.empty(runs, older_than_days=run_about.KEPT_DAYS), lambda _: None)

    @property
    def undo_label(self) -> str:
        """What undo would bring back; empty where there is nothing."""
        return _label(self._steps[-1]) if self._steps else ""

    def delete(self, names: Sequence[str]) -> None:
        """Take these runs away, as one step."""
        if not names:
            return
        if not self._may_change():
            self.noticed.emit(Notice(say("This project is open for reading"), "", "lock", "warn"))
            return
        live = [job.name for job in map(self._jobs.job, names) if job is not None and job.state in LIVE]
        if live:
            title = say("{names} is under way", names=live[0])
            if len(live) > 1:
                title = say("{names} are under way", names=_short(live))
            self.noticed.emit(Notice(title, say("Stop it first. Nothing was deleted."), "warn", "warn"))
            return
        gone: list[Path] = []
        for name in names:
            job = self._jobs.job(name)
            if job is None:
                continue
            try:
                gone.append(run_about.delete(job.folder.path, started_at=job.started_at or 0.0))
            except CoreError as error:
                self._refuse(error)
                break
            self._jobs.forget(name)
        if gone:
            self._steps.append(tuple(gone))
            words = say("It is kept for {days} days.", days=run_about.KEPT_DAYS)
            self.noticed.emit(
                Notice(say("Deleted: {names}", names=_short(_names(gone))), words, "trash", "accent", "Undo", self.undo)
            )
            self.moved.emit()

    def undo(self) -> None:
        """Bring back what was taken away last."""
        if self._steps:
            self._bring_back(self._steps.pop())

    def _bring_back(self, paths: Sequence[Path]) -> None:
        back = []
        for path in paths:
            try:
                back.append(run_about.bring_back(path))
            except CoreError as error:
                self._refuse(error)
        self._steps = [left for step in self._steps if (left := tuple(each for each in step if each not in paths))]
        if back:
            self._jobs.look_for_runs()
            names = _short([each.name for each in back])
            self.noticed.emit(Notice(say("Back again: {names}", names=names), "", "undo", "ok"))
        self.moved.emit()

    # ---- what lies there ----

    def fill_menu(self, menu: QMenu) -> None:
        """What was deleted, newest first, each to be brought back; and the way to be rid of all of it."""
        menu.clear()
        runs = self._jobs.runs
        if runs is None:
            return
        menu.addAction(say("Counting…")).setEnabled(False)
        self._sizes.run(lambda: run_about.deleted_runs(runs), lambda found: self._list(menu, found))

    def _list(self, menu: QMenu, found: list[DeletedRun]) -> None:
        menu.clear()
        if not found:
            menu.addAction(say("Nothing was deleted")).setEnabled(False)
            return
        may = self._may_change()
        for each in found[:20]:
            words = say("{name}, {when}, {size}", name=each.name, when=say_when(each.at), size=say_bytes(each.bytes))
            menu.addAction(literal(words), lambda path=each.path: self._bring_back((path,))).setEnabled(may)
        if len(found) > 20:
            menu.addAction(say("and {count} more", count=len(found) - 20)).setEnabled(False)
        menu.addSeparator()
        size = say_bytes(sum(each.bytes for each in found))
        runs = counted(len(found), "run")
        words = say("Remove {runs} for good, {size}", runs=runs, size=size)
        menu.addAction(words, self.empty).setEnabled(may)

    def empty(self) -> None:
        """Remove for good what was deleted, and say how much room that made."""
        runs = self._jobs.runs
        if runs is None or not self._may_change():
            return
        self._steps.clear()
        self.moved.emit()

        def told(freed: int) -> None:
            self.noticed.emit(Notice(say("{size} are free again", size=say_bytes(freed)), "", "trash", "ok"))

        work: Callable[[], object] = lambda: run_about.empty(runs)  # noqa: E731
        self._sizes.run(work, told)

    @property
    def is_busy(self) -> bool:
        return self._old.is_busy or self._sizes.is_busy

    def _may_change(self) -> bool:
        return self._document.is_open and self._document.read_only_reason is None

    def _refuse(self, error: CoreError) -> None:
        self.noticed.emit(of_error(error))


def _names(paths: Sequence[Path]) -> list[str]:
    return [path.name for path in paths]


def _short(names: Sequence[str]) -> str:
    """A few names, or how many there are."""
    return listed(names) if len(names) <= _NAMED else counted(len(names), "run")


def _label(paths: Sequence[Path]) -> str:
    return say("Delete {names}", names=_short(_names(paths)))

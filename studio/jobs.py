"""Jobs: runs in processes of their own. Asked for, heard, stopped, and found again by whoever opens the project later.

A job is a run folder under `<project>/runs`. The window only reads its files, a bounded piece at a time, so that a run
with a hundred thousand events, or a project with a thousand runs, costs a moment of each tick and never a pause; the
job itself goes on when the window closes.
"""

import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from core import line
from core.errors import RunError
from core.run_about import DELETED, deleted_starts
from core.run_folder import LIVE, RunFolder
from core.runs import BuildPoseBank, ImportData, PrepareData, Spec
from studio.job import PIECE_BYTES, Job, TrainSpec
from studio.job_line import JobLine
from studio.job_titles import PREPARED, Dataset
from studio.words import say

__all__ = ["PIECE_BYTES", "PREPARED", "DataSpec", "Dataset", "Job", "Jobs", "TrainSpec"]

DataSpec = ImportData | PrepareData | BuildPoseBank
"""What brings data into a project. One is done after the other: each reads what the one before has written."""
_TICK_MS = 200
_BACKLOG_TICK_MS = 15
_BUDGET_S = 0.008
_RESCAN_S = 1.0
_AT_ONCE = 40
"""So many runs are there as soon as a project is open; of more, the others follow within the next ticks."""
_LOOKED_AT = 25
"""So many runs that ended are looked at in a tick for whether somebody went on with them."""


class Jobs(QObject):
    """All runs of the open project, newest first."""

    listed = Signal()  # a job was asked for, found, or forgotten
    moved = Signal(object)  # the Job that has something new
    ended = Signal(object)  # the Job that ended while we watched

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.clip_name: Callable[[str], str] = lambda _: ""
        """The name of a clip by its id, for what is said of its jobs."""
        self.line = JobLine(self)
        self.line.label_of = self._label_of
        self._runs: Path | None = None
        self.gone: dict[str, float] = {}
        """Runs that were taken away and may come back, by when they were started: they keep their places."""
        self._jobs: dict[str, Job] = {}
        self._found: deque[str] = deque()  # folders of runs that have no Job yet
        self._unread: set[str] = set()
        self._unseen: set[str] = set()  # that went wrong, and nobody has looked since
        self._read_last = ""
        self._to_look_at: deque[str] = deque()  # runs that ended, in turn
        self._scanned_at = 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)

    @property
    def runs(self) -> Path | None:
        """The folder whose runs are followed."""
        return self._runs

    def watch(self, runs: Path | None) -> None:
        """Follow the runs in this folder; None forgets them (they go on)."""
        self._timer.stop()
        for job in self._jobs.values():
            job.deleteLater()
        self._jobs = {}
        self._unread = set()
        self._unseen.clear()
        self._found.clear()
        self._to_look_at.clear()
        self._runs = runs
        self._count_gone()
        if runs is not None:
            self._scan()
            self._take_found(_AT_ONCE)
            self._timer.start(_BACKLOG_TICK_MS)
        self.line.watch(runs)
        self.listed.emit()

    def jobs(self) -> list[Job]:
        """Newest first."""
        return sorted(self._jobs.values(), key=lambda job: (job.started_at or time.time(), job.name), reverse=True)

    def live(self) -> list[Job]:
        return [job for job in self.jobs() if job.is_live]

    def job(self, name: str) -> Job | None:
        return self._jobs.get(name)

    def free_name(self, stem: str) -> str:
        """A name no run here has yet, nor one that was taken away and may come back: `stem-01`, `stem-02` …"""
        number, name = 1, f"{stem}-01"
        while name in self._jobs or self._folder(name).exists() or self._folder(f"{DELETED}/{name}").exists():
            number += 1
            name = f"{stem}-{number:02d}"
        return name

    def start(self, spec: Spec, name: str, *, priority: int = line.USUAL) -> Job:
        """Have `spec` carried out in the run folder `name` when its turn comes; one that ended there goes on.

        The job waits until the line's keeper starts it, which is at once where its lane is free.
        """
        folder = RunFolder(self._folder(name))
        if folder.state() in LIVE:
            raise RunError(
                say("{name} is already under way", name=name), hint=say("Stop it first, or choose another name.")
            )
        line.ask(folder, msgspec.structs.replace(spec, out=str(folder.path)), priority=priority)
        job = self._jobs.get(name)
        if job is None:
            job = self._add(name)
        else:
            job.take_spec(self.clip_name)
        job.state = "waiting"
        self._unread.add(name)
        self._timer.start(_BACKLOG_TICK_MS)
        self.line.look()
        self.listed.emit()
        job.moved.emit(job)
        return job

    def look_for_runs(self) -> None:
        """See at once what somebody put there, or took away."""
        self._count_gone()
        self._scan()
        self._take_found(_AT_ONCE)
        self._timer.start(_BACKLOG_TICK_MS)
        self.listed.emit()

    def forget(self, name: str) -> None:
        """Its folder is gone from here."""
        job = self._jobs.pop(name, None)
        if job is not None:
            self._unread.discard(name)
            job.deleteLater()
            self._count_gone()
            self.listed.emit()

    def unseen(self) -> list[Job]:
        """Those that failed or were killed while nobody looked, newest first."""
        return [job for job in self.jobs() if job.name in self._unseen and job.state in ("failed", "killed")]

    def went_wrong(self, job: Job) -> None:
        """Remember it until somebody has seen it."""
        self._unseen.add(job.name)
        job.moved.emit(job)

    def see(self, name: str) -> None:
        """Somebody looks at this job."""
        job = self._jobs.get(name)
        if job is not None and name in self._unseen:
            self._unseen.discard(name)
            job.moved.emit(job)

    def see_all(self) -> None:
        """Somebody looks at the list of jobs."""
        for name in tuple(self._unseen):
            self.see(name)

    def _count_gone(self) -> None:
        self.gone = deleted_starts(self._runs) if self._runs is not None else {}

    def is_settled(self) -> bool:
        """Whether every run is there, and everything said so far has been read."""
        return not self._unread and not self._found

    def _label_of(self, name: str) -> str:
        job = self._jobs.get(name)
        return job.label if job is not None else ""

    def _folder(self, name: str) -> Path:
        if self._runs is None:
            raise RunError(say("no project is open"), hint=say("Open a project first; its runs are kept in it."))
        return self._runs / name

    def _add(self, name: str) -> Job:
        job = Job(RunFolder(self._folder(name)), self, self.line.tell)
        job.take_spec(self.clip_name)
        job.moved.connect(self.moved)
        self._jobs[name] = job
        return job

    # ---- a moment of each tick ----

    def _tick(self) -> None:
        until = time.perf_counter() + _BUDGET_S
        is_listed = time.monotonic() - self._scanned_at > _RESCAN_S and self._scan()
        is_listed |= self._take_found(_AT_ONCE, until)
        if is_listed:
            self.listed.emit()
        self._look_for_news(until)
        self._read_some(until)
        self._timer.setInterval(_TICK_MS if self.is_settled() else _BACKLOG_TICK_MS)

    def _scan(self) -> bool:
        """Find runs that others asked for, and those that were taken away; True where some were."""
        self._scanned_at = time.monotonic()
        if self._runs is None:
            return False
        try:
            with os.scandir(self._runs) as entries:
                names = {each.name for each in entries if not each.name.startswith(".")}
        except OSError:  # no run was ever made, or its disk is away
            return False
        known = {*self._jobs, *self._found}
        self._found.extend(sorted(name for name in names - known if (self._runs / name / "spec.json").exists()))
        gone = [name for name, job in self._jobs.items() if name not in names and not job.is_live]
        for name in gone:
            self._unread.discard(name)
            self._jobs.pop(name).deleteLater()
        return bool(gone)

    def _take_found(self, most: int, until: float = float("inf")) -> bool:
        """Make jobs of the runs that were found; True where there were some."""
        taken = 0
        while self._found and taken < most and time.perf_counter() < until:
            name = self._found.popleft()
            self._add(name)
            self._unread.add(name)
            taken += 1
        return taken > 0

    def _look_for_news(self, until: float) -> None:
        """Whether somebody goes on with a run that ended: a few of them, then the next few."""
        if not self._to_look_at:
            self._to_look_at.extend(self._jobs)
        for _ in range(min(_LOOKED_AT, len(self._to_look_at))):
            if time.perf_counter() > until:
                return
            name = self._to_look_at.popleft()
            job = self._jobs.get(name)
            if job is not None and not job.is_live and job.has_news():
                self._unread.add(name)

    def _read_some(self, until: float) -> None:
        """Read those that live or have news, in turn: who came last in the tick before, comes last again."""
        names = [name for name, job in self._jobs.items() if job.is_live or name in self._unread]
        if self._read_last in names:
            at = names.index(self._read_last) + 1
            names = names[at:] + names[:at]
        waiting = deque(names)
        while waiting and time.perf_counter() < until:
            name = waiting.popleft()
            job = self._jobs.get(name)
            if job is None:  # a listener closed the project
                return
            self._read_last = name
            was_live = job.is_live
            if job.read():
                self._unread.add(name)
                waiting.append(name)
            else:
                self._unread.discard(name)
            if was_live and not job.is_live:
                self.ended.emit(job)

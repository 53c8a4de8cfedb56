"""Jobs: runs in processes of their own. Started, heard, stopped, and found again by whoever opens the project later.

A job is a run folder under `<project>/runs`. The window only reads its files, a bounded piece at a time, so that a run
with a hundred thousand events costs a moment of each tick and never a pause; the job itself goes on when the window
closes. Seconds are those of the events' own stamps, so a job that was found has the same time left as one started here.
"""

import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import CoreError, RunError
from core.run_folder import LIVE, RunFolder, RunState, Stamped
from core.runs import (
    BuildPoseBank,
    CompareSequences,
    Done,
    Ending,
    EvaluateForecaster,
    EvaluatePoseGpt,
    ExportBodies,
    ExportComparison,
    ExtractPoses,
    Failed,
    ImportData,
    Made,
    MakeDemo,
    MakeProxy,
    Metric,
    Note,
    PrepareData,
    Progress,
    ReproduceForecasts,
    ReproduceTable,
    Spec,
    Stopped,
    TrainForecaster,
    TrainPoseGpt,
)
from studio.words import counted, say

Dataset = Literal["mpii-cooking-2", "ikea-asm", "babel", "grab", "humanact12"]
PREPARED: dict[Dataset, str] = {
    "mpii-cooking-2": "MPII Cooking 2",
    "ikea-asm": "IKEA-ASM",
    "babel": "BABEL",
    "grab": "GRAB",
    "humanact12": "HumanAct12",
}
"""What a person calls the data sets that can be prepared: the names of their formats."""
DataSpec = ImportData | PrepareData | BuildPoseBank
"""What brings data into a project. One is done after the other: each reads what the one before has written."""
_TICK_MS = 200
_BACKLOG_TICK_MS = 15
_BUDGET_S = 0.008
_PIECE_BYTES = 32 * 1024
_RESCAN_S = 1.0
_LOG_LINES = 2000


class TimeLeft:
    """How long a run will still take: said only once three looks in a row agree within 25 %."""

    _WINDOW_S = 30.0

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self._estimates: deque[tuple[float, float]] = deque(maxlen=4)  # when, seconds left

    def add(self, at_s: float, done: int, total: int) -> None:
        """The run stood at `done` of `total` at the moment `at_s`."""
        if self._seen and (done < self._seen[-1][1] or at_s < self._seen[-1][0]):
            self._seen.clear()  # it was started anew
            self._estimates.clear()
        self._seen.append((at_s, done))
        while len(self._seen) > 2 and at_s - self._seen[0][0] > self._WINDOW_S:
            self._seen.popleft()
        first_at, first_done = self._seen[0]
        if done <= first_done or at_s - first_at < 1.0:
            return
        if self._estimates and at_s - self._estimates[-1][0] < 0.5:
            return
        self._estimates.append((at_s, (total - done) * (at_s - first_at) / (done - first_done)))

    def seconds(self, now_s: float | None = None) -> float | None:
        """Seconds left as of `now_s` (default: the last report), or None while that is not known well enough."""
        if len(self._estimates) < 3:
            return None
        ends = [at + left for at, left in self._estimates]
        at, left = self._estimates[-1]
        if max(ends) - min(ends) > max(0.25 * left, 2.0):
            return None
        return max(0.0, left - ((now_s or at) - at))


class Job(QObject):
    """One run and what it has said so far."""

    reported = Signal(object)  # every event, core.runs.Event
    moved = Signal(object)  # this Job: once after each batch of events or a change of state
    ended = Signal(object)  # Done, Stopped or Failed; None where its process was killed

    def __init__(self, folder: RunFolder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.name = folder.path.name
        self.spec: Spec | None = None
        with suppress(CoreError):  # a later version's; its events can be read all the same
            self.spec = folder.spec()
        self.state: RunState = "new"
        self.progress: Progress | None = None
        self.metrics: dict[str, list[tuple[int, float]]] = {}
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        self.ending: Ending | None = None
        self.started_at: float | None = None  # seconds since 1970, of the first event
        self._time_left = TimeLeft()
        self._offset = 0
        self._stop_asked_at: float | None = None

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def title(self) -> str:
        """What it does, in words."""
        match self.spec:
            case ExtractPoses(clip_ids=ids):
                words = say("Extract 2D poses")
                return words if len(ids) < 2 else say("Extract 2D poses, {count} clips", count=len(ids))
            case TrainForecaster(preset=preset):
                return say("Train a forecaster") + (f", {preset.removeprefix('forecaster/')}" if preset else "")
            case EvaluateForecaster():
                return say("Evaluate")
            case TrainPoseGpt(preset=preset):
                return say("Train a motion model") + (f", {preset.partition('/')[2]}" if preset else "")
            case EvaluatePoseGpt():
                return say("Evaluate a motion model")
            case ReproduceForecasts(what=what):
                return say("Reproduce {names}", names=", ".join(what))
            case CompareSequences(splits=splits):
                return say("Compare sequences, {splits}", splits=counted(splits, "split"))
            case ReproduceTable(what=what):
                return say("Reproduce {what}", what=what)
            case MakeDemo():
                return say("Make a demo kitchen")
            case ExportBodies(file=file) | ExportComparison(file=file):
                return say("Export {name}", name=Path(file).name)
            case ImportData(source=source, name=name, only=only):
                name = name or Path(source).name
                files = counted(len(only), "file")
                return (
                    say("Import {files} of {name}", files=files, name=name) if only else say("Import {name}", name=name)
                )
            case PrepareData(dataset=dataset):
                return say("Prepare {name}", name=PREPARED[dataset])
            case BuildPoseBank(name=name):
                return say("Build the pose bank {name}", name=name)
            case MakeProxy(video=video):
                return say("Make a light copy of {name}", name=Path(video).name)
            case None:
                return say("Made with another version")

    def share(self) -> float | None:
        """How much is done, 0 to 1; None while it has not said."""
        if self.progress is None or self.progress.total <= 0:
            return None
        return min(1.0, self.progress.done / self.progress.total)

    def seconds_left(self) -> float | None:
        """Only while it runs, and only once the estimate is stable."""
        return self._time_left.seconds(time.time()) if self.state == "running" else None

    def stop(self) -> None:
        """Ask it to stop in good order. It is ended after a minute, killed ten seconds later."""
        self._stop_asked_at = time.monotonic()
        self.folder.ask_to_stop()
        if self.state == "running":
            self.state = "stopping"
            self.moved.emit(self)

    def read(self) -> bool:
        """Take in the next piece of what it said; True while there is more to read at once."""
        alive = self.folder.is_alive()
        stamped, offset = self.folder.events(self._offset, most_bytes=_PIECE_BYTES)
        before = self.state
        more = offset > self._offset
        self._offset = offset
        for each in stamped:
            self._hear(each)
        if alive:
            self.state = self.folder.doing()
            self._insist()
        elif not more:
            self.state = self._outcome()
        if stamped or self.state != before:
            self.moved.emit(self)
        if not self.is_live and before in LIVE:
            self.ended.emit(self.ending)
        return more

    def has_news(self) -> bool:
        """Whether somebody started it again, or it was cut off while it was being read."""
        return self.folder.events_size() > self._offset or self.folder.is_alive()

    def _hear(self, stamped: Stamped) -> None:
        event = stamped.event
        if self.started_at is None:
            self.started_at = stamped.at
        self.ending = None
        match event:
            case Progress():
                self.progress = event
                self._time_left.add(stamped.at, event.done, event.total)
            case Metric():
                points = self.metrics.setdefault(event.name, [])
                while points and points[-1][0] >= event.step:
                    points.pop()  # resumed from an earlier checkpoint
                points.append((event.step, event.value))
            case Note():
                self._write(stamped.at, event.text)
            case Made():
                self._write(stamped.at, f"made {event.what}: {Path(event.path).name}")
            case Done():
                self._write(stamped.at, event.summary or "done")
                self.ending = event
            case Stopped():
                self._write(stamped.at, "stopped; it can go on from here")
                self.ending = event
            case Failed():
                self._write(stamped.at, " ".join(filter(None, (event.message, event.hint))))
                self.ending = event
        self.reported.emit(event)

    def _write(self, at: float, words: str) -> None:
        self.log.append(f"{time.strftime('%H:%M:%S', time.localtime(at))}  {words}")

    def _outcome(self) -> RunState:
        match self.ending:
            case Done():
                return "done"
            case Stopped():
                return "stopped"
            case Failed():
                return "failed"
            case None:
                return "killed" if self.folder.was_started() else "new"

    def _insist(self) -> None:
        if self._stop_asked_at is None:
            return
        waited = time.monotonic() - self._stop_asked_at
        if waited > 60:
            self.folder.end(force=waited > 70)


class Jobs(QObject):
    """All runs of the open project, newest first."""

    listed = Signal()  # a job was started, found, or forgotten with its project
    moved = Signal(object)  # the Job that has something new
    ended = Signal(object)  # the Job that ended while we watched

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: Path | None = None
        self._jobs: dict[str, Job] = {}
        self._unread: set[str] = set()
        self._scanned_at = 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)

    def watch(self, runs: Path | None) -> None:
        """Follow the runs in this folder; None forgets them (they go on)."""
        self._timer.stop()
        for job in self._jobs.values():
            job.deleteLater()
        self._jobs = {}
        self._unread = set()
        self._runs = runs
        if runs is not None:
            self._scan()
            self._timer.start(_BACKLOG_TICK_MS)
        self.listed.emit()

    def jobs(self) -> list[Job]:
        """Newest first."""
        return sorted(self._jobs.values(), key=lambda job: (job.started_at or time.time(), job.name), reverse=True)

    def live(self) -> list[Job]:
        return [job for job in self.jobs() if job.is_live]

    def job(self, name: str) -> Job | None:
        return self._jobs.get(name)

    def free_name(self, stem: str) -> str:
        """A name no run here has yet: `stem-01`, `stem-02` …"""
        number = 1
        while f"{stem}-{number:02d}" in self._jobs or (self._folder(f"{stem}-{number:02d}")).exists():
            number += 1
        return f"{stem}-{number:02d}"

    def start(self, spec: Spec, name: str) -> Job:
        """Carry `spec` out in a process of its own, in the run folder `name`; one that ended there goes on."""
        folder = RunFolder(self._folder(name))
        if folder.state() in LIVE:
            raise RunError(
                say("{name} is already running", name=name), hint=say("Stop it first, or choose another name.")
            )
        folder.write_spec(msgspec.structs.replace(spec, out=str(folder.path)))
        folder.start()
        job = self._jobs.get(name)
        if job is None:
            job = self._add(folder)
        else:
            job.spec = folder.spec()
        job.state = "running"
        self._unread.add(name)
        self._timer.start(_BACKLOG_TICK_MS)
        self.listed.emit()
        job.moved.emit(job)
        return job

    def is_settled(self) -> bool:
        """Whether everything said so far has been read."""
        return not self._unread

    def _folder(self, name: str) -> Path:
        if self._runs is None:
            raise RunError(say("no project is open"), hint=say("Open a project first; its runs are kept in it."))
        return self._runs / name

    def _add(self, folder: RunFolder) -> Job:
        job = Job(folder, self)
        job.moved.connect(self.moved)
        self._jobs[job.name] = job
        return job

    def _scan(self) -> bool:
        """Find runs that others started; True where there are some."""
        self._scanned_at = time.monotonic()
        if self._runs is None or not self._runs.is_dir():
            return False
        found = sorted(each for each in self._runs.iterdir() if each.name not in self._jobs)
        new = [each for each in found if (each / "spec.json").exists()]
        for each in new:
            self._add(RunFolder(each))
            self._unread.add(each.name)
        for name, job in self._jobs.items():
            if not job.is_live and job.has_news():
                self._unread.add(name)
        return bool(new)

    def _tick(self) -> None:
        started = time.perf_counter()
        if time.monotonic() - self._scanned_at > _RESCAN_S and self._scan():
            self.listed.emit()
        waiting = deque(name for name in self._jobs if name in self._unread or self._jobs[name].is_live)
        while waiting and time.perf_counter() - started < _BUDGET_S:
            name = waiting.popleft()
            job = self._jobs.get(name)
            if job is None:  # a listener closed the project
                return
            was_live = job.is_live
            if job.read():
                self._unread.add(name)
                waiting.append(name)
            else:
                self._unread.discard(name)
            if was_live and not job.is_live:
                self.ended.emit(job)
        self._timer.setInterval(_BACKLOG_TICK_MS if self._unread else _TICK_MS)

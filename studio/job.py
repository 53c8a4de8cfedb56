"""One job: a run in a process of its own, as the window hears it from its files.

Seconds are those of the events' own stamps, so a job that was found has the same time left as one started here. What
a machine slept through, a pause and the time between a stop and a resume count neither for the time left nor for the
seconds at work.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core import line
from core.errors import CoreError
from core.run_folder import LIVE, RunFolder, RunState, Stamped
from core.runs import (
    Divided,
    Done,
    Ending,
    Event,
    Failed,
    Made,
    Metric,
    Note,
    Paused,
    Progress,
    Slept,
    Spec,
    Stopped,
    TrainForecaster,
    TrainPoseGpt,
    WentOn,
)
from studio.job_titles import title_of
from studio.time_left import TimeLeft
from studio.words import lasting, say

TrainSpec = TrainForecaster | TrainPoseGpt
Order = Callable[[RunFolder], None]
"""What a job can be told: a function of core.line."""
PIECE_BYTES = 32 * 1024
_LOG_LINES = 2000
_MOST_POINTS = 20_000


class Job(QObject):
    """One run and what it has said so far."""

    reported = Signal(object)  # every event, core.runs.Event
    moved = Signal(object)  # this Job: once after each batch of events or a change of state
    ended = Signal(object)  # Done, Stopped or Failed; None where its process was killed

    def __init__(
        self,
        folder: RunFolder,
        parent: QObject | None = None,
        tell: Callable[[Order, RunFolder], None] = lambda order, folder: order(folder),
    ) -> None:
        """`tell` passes an order on to the run, if it can without making the window wait."""
        super().__init__(parent)
        self.folder, self._tell = folder, tell
        self.name = folder.path.name
        self.spec: Spec | None = None
        self.title = title_of(None)
        self.take_spec()
        self.state: RunState = "new"
        self.progress: Progress | None = None
        self.metrics: dict[str, list[tuple[int, float]]] = {}
        self.worked: list[tuple[int, float]] = []
        """Steps and the seconds at work that they had taken by then."""
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        self.ending: Ending | None = None
        self.divided: Divided | None = None  # a batch did not fit, and is taken in parts since
        self.started_at: float | None = None  # seconds since 1970, of the first event
        self.last_at: float | None = None  # of the newest event
        self._time_left = TimeLeft()
        self._worked_s = 0.0
        self._idle_since: float | None = None
        self._offset = 0
        self._stop_asked_at: float | None = None

    @property
    def is_live(self) -> bool:
        """Whether it is under way: it waits, works, pauses or stops."""
        return self.state in LIVE

    @property
    def is_training(self) -> bool:
        return isinstance(self.spec, TrainSpec)

    @property
    def label(self) -> str:
        """What a person calls it: a training by its name, anything else by what it does."""
        return self.name if self.is_training or self.spec is None else self.title

    def take_spec(self, clip_name: Callable[[str], str] = lambda _: "") -> None:
        """Read what is to be done; `clip_name` knows clips by their ids."""
        with suppress(CoreError):  # a later version's; its events can be read all the same
            self.spec = self.folder.spec()
        self.title = title_of(self.spec, clip_name)

    def share(self) -> float | None:
        """How much is done, 0 to 1; None while it has not said."""
        if self.progress is None or self.progress.total <= 0:
            return None
        return min(1.0, self.progress.done / self.progress.total)

    def seconds_left(self) -> float | None:
        """Only while it runs, and only once the estimate is stable."""
        return self._time_left.seconds(time.time()) if self.state == "running" else None

    # ---- what it is told ----

    def stop(self) -> None:
        """Ask it to stop in good order. It is ended after a minute, killed ten seconds later. One that waits, waits no
        longer, and one that has let go of its process ends at once.
        """
        self._stop_asked_at = time.monotonic()
        self._order(line.stop, "stopping")

    def pause(self) -> None:
        """Ask it to hold still, letting go of what it can: a training saves, and leaves its device to the next."""
        self._order(line.pause, "pausing")

    def go_on(self) -> None:
        """After a pause; a training asks for its device again."""
        self._order(line.go_on, "waiting" if self.is_training else "running")

    def earlier(self) -> None:
        """Let it change places with the one that waits before it."""
        self._order(line.earlier, self.state)

    def later(self) -> None:
        """Let it change places with the one that waits after it."""
        self._order(line.later, self.state)

    def prefer(self, priority: int) -> None:
        """Say how much it matters against others that wait: line.LOW, line.USUAL or line.HIGH."""
        self._order(lambda folder: line.set_priority(folder, priority), self.state)

    def _order(self, order: Order, state: RunState) -> None:
        """Pass it on; until the files are read again the window shows what is meant."""
        if not self.is_live:
            return
        self._tell(order, self.folder)
        if self.state != state:
            self.state = state
            self.moved.emit(self)

    # ---- what it says ----

    def read(self) -> bool:
        """Take in the next piece of what it said; True while there is more to read at once."""
        waits = _waits(self.folder)  # before its process: a ticket goes only once there is one
        process = self.folder.process()
        alive = process is not None and self.folder.is_alive()
        stamped, offset = self.folder.events(self._offset, most_bytes=PIECE_BYTES)
        before = self.state
        more = offset > self._offset
        self._offset = offset
        for each in stamped:
            self._hear(each)
        if waits or alive or not more:
            self.state = self._now(waits=waits, alive=alive, since=process.since if process is not None else None)
        if alive:
            self._insist()
        if stamped or self.state != before:
            self.moved.emit(self)
        if not self.is_live and before in LIVE:
            self._stop_asked_at = None
            self.ended.emit(self.ending)
        return more

    def has_news(self) -> bool:
        """Whether somebody started it again, or it was cut off while it was being read."""
        return self.folder.events_size() > self._offset or _waits(self.folder) or self.folder.is_alive()

    def _hear(self, stamped: Stamped) -> None:
        at, event = stamped.at, stamped.event
        if self.started_at is None:
            self.started_at = at
        self._count_work(at, event)
        if isinstance(self.ending, Stopped | Failed):
            self.divided = None  # a new attempt, which finds out for itself
        self.ending = None
        match event:
            case Progress():
                self._take_progress(at, event)
            case Metric():
                points = self.metrics.setdefault(event.name, [])
                while points and points[-1][0] >= event.step:
                    points.pop()  # resumed from an earlier checkpoint
                points.append((event.step, event.value))
            case Divided():
                self.divided = event
            case Slept(seconds=seconds):
                self._time_left.lost(seconds)
            case Done() | Stopped() | Failed():
                self.ending = event
            case _:
                pass
        words = _log_words(event)
        if words:
            self.log.append(f"{time.strftime('%H:%M:%S', time.localtime(at))}  {words}")
        self.reported.emit(event)

    def _take_progress(self, at: float, event: Progress) -> None:
        self.progress = event
        self._time_left.add(at, event.done, event.total)
        while self.worked and self.worked[-1][0] >= event.done:
            self.worked.pop()
        if len(self.worked) >= _MOST_POINTS:
            del self.worked[::2]
        self.worked.append((event.done, self._worked_s))

    def _count_work(self, at: float, event: Event) -> None:
        """How long it worked by now: neither asleep, nor paused, nor between two attempts."""
        since, self.last_at = self.last_at, at
        if self._idle_since is not None:
            self._time_left.lost(max(0.0, at - self._idle_since))
        elif since is not None:
            slept = event.seconds if isinstance(event, Slept) else 0.0
            self._worked_s += max(0.0, at - since - slept)
        self._idle_since = at if isinstance(event, Paused | Done | Stopped | Failed) else None

    def _now(self, *, waits: bool, alive: bool, since: float | None) -> RunState:
        """Where it stands, as `RunFolder.state` says it, by what is known here; `since` when its process began."""
        if waits:
            return "waiting"
        if alive:
            return self.folder.doing()
        if since is None and (self.folder.path / "paused").exists():
            return "paused"
        if since is not None and (self.last_at is None or self.last_at < since):
            self.ending = None  # what it said last is of an earlier attempt
        match self.ending:
            case Done():
                return "done"
            case Stopped():
                return "stopped"
            case Failed():
                return "failed"
            case None:
                return "killed" if since is not None else "new"

    def _insist(self) -> None:
        if self._stop_asked_at is None:
            return
        waited = time.monotonic() - self._stop_asked_at
        if waited > 60:
            self.folder.end(force=waited > 70)


def _waits(folder: RunFolder) -> bool:
    return (folder.path / "ticket.json").exists()


def _log_words(event: Event) -> str:
    """A line of the log; empty for what the curves and the bar show."""
    match event:
        case Note(text=words):
            return words
        case Made(what=what, path=path):
            return "" if what == "samples" else say("made {what}: {name}", what=what, name=Path(path).name)
        case Paused():
            return say("paused")
        case WentOn():
            return say("goes on")
        case Slept(seconds=seconds):
            return say("the machine was asleep for {long}; that counts for nothing", long=lasting(seconds))
        case Divided(batch=batch, parts=parts):
            return say("the batch did not fit: going on with {batch} × {parts}", batch=batch, parts=parts)
        case Done(summary=summary):
            return summary or say("done")
        case Stopped():
            return say("stopped; it can go on from here")
        case Failed(message=message, hint=hint):
            return " ".join(filter(None, (message, hint)))
        case _:
            return ""

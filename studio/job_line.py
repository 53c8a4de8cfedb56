"""The line in which jobs wait for their turn, as the window sees it: of this project and of the others on this machine.

Files are read on a thread, once a second while a project is open, and at once after somebody changed the order; the
same look wakes the line's keeper where something waits and none lives.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal

from core import line
from core.errors import CoreError
from core.run_folder import RunFolder
from core.runs import TrainForecaster, TrainPoseGpt
from studio.job_titles import title_of
from studio.words import counted, say

_LOOK_MS = 1000


@dataclass(frozen=True)
class Before:
    """Somebody who is before a job in its lane."""

    label: str  # as people call it
    project: str = ""  # the name of its project, where that is another one
    folder: str = ""  # the name of its run

    @property
    def words(self) -> str:
        """Such as `forecaster-03 of Courtyard pilot`."""
        if not self.project:
            return self.label
        return say("{name} of {project}", name=self.label, project=self.project)


@dataclass(frozen=True)
class Turn:
    """Where a job that waits stands in the line."""

    number: int  # 1 is next in its lane
    lane: line.Lane
    priority: int
    before: tuple[Before, ...]  # who works in the lane, then who waits before it

    @property
    def words(self) -> str:
        """Such as `waits for the graphics card, after forecaster-08`."""
        place = place_words(self.lane)
        waits = say("waits for {place}", place=place) if place else say("waits for its turn")
        if not self.before:
            return say("begins in a moment")
        first, more = self.before[0].words, len(self.before) - 1
        if more:
            first = say("{name} and {more}", name=first, more=counted(more, "more job"))
        return say("{waits}, after {name}", waits=waits, name=first)


class JobLine(QObject):
    """Which jobs wait, and after what. Empty until the first look."""

    moved = Signal()
    refused = Signal(object)  # CoreError: an order could not be passed on

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: Path | None = None
        self.label_of: Callable[[str], str] = lambda _: ""
        """What a run of this project is called, by the name of its folder; empty where that is not known."""
        self._turns: dict[Path, Turn] = {}
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._looks = 0  # under way
        self._clock = QTimer(self, interval=_LOOK_MS)
        self._clock.timeout.connect(self.look)

    def watch(self, runs: Path | None) -> None:
        """Say what is ahead of the runs of this folder; None stops."""
        self._runs = None if runs is None else runs.resolve()
        self._turns = {}
        if runs is None:
            self._clock.stop()
            self._pool.waitForDone()  # an order that was given is passed on
        else:
            self._clock.start()
            self.look()

    def turn(self, folder: RunFolder) -> Turn | None:
        """Where this run stands; None where it does not wait, or nobody has looked yet."""
        return self._turns.get(folder.path.resolve())

    def look(self) -> None:
        """Look now; what was asked for before and has not begun falls away."""
        if self._runs is None or self._looks > 1:
            return
        self._looks += 1
        task = _Look(self._runs)
        task.told.seen.connect(self._take)
        self._pool.start(task)

    def tell(self, order: Callable[[RunFolder], None], folder: RunFolder) -> None:
        """Pass an order on to a run; the line is looked at once it is."""
        task = _Tell(order, folder)
        task.told.seen.connect(self._passed_on)
        self._pool.start(task)

    def _passed_on(self, refused: object) -> None:
        if refused is not None:
            self.refused.emit(refused)
        self.look()

    def _take(self, runs: Path, turns: dict[Path, Turn]) -> None:
        self._looks -= 1
        turns = {folder: replace(turn, before=tuple(map(self._named, turn.before))) for folder, turn in turns.items()}
        if runs == self._runs and turns != self._turns:
            self._turns = turns
            self.moved.emit()

    def _named(self, before: Before) -> Before:
        label = "" if before.project else self.label_of(before.folder)
        return replace(before, label=label) if label else before


class _Seen(QObject):
    seen = Signal(object, object)


class _PassedOn(QObject):
    seen = Signal(object)


class _Tell(QRunnable):
    def __init__(self, order: Callable[[RunFolder], None], folder: RunFolder) -> None:
        super().__init__()
        self._order, self._folder, self.told = order, folder, _PassedOn()

    def run(self) -> None:
        try:
            self._order(self._folder)
        except CoreError as error:
            self.told.seen.emit(error)
        except OSError as error:
            words = say("{folder} could not be written: {reason}", folder=self._folder.path, reason=error.strerror)
            self.told.seen.emit(CoreError(words, hint=say("Look whether its disk is there and has room.")))
        else:
            self.told.seen.emit(None)


class _Look(QRunnable):
    def __init__(self, runs: Path) -> None:
        super().__init__()
        self._runs, self.told = runs, _Seen()

    def run(self) -> None:
        turns: dict[Path, Turn] = {}
        try:
            line.tend()
            turns = turns_of(line.waiting(), self._runs)
        except (CoreError, OSError):  # the folder of the line is away for a moment
            pass
        finally:  # the next look comes only after this one has answered
            self.told.seen.emit(self._runs, turns)


def turns_of(places: list[line.Place], runs: Path) -> dict[Path, Turn]:
    """The turns of those that wait, by their folders; `runs` is the folder of the project's own."""
    labels: dict[Path, Before] = {}

    def before(folder: Path) -> Before:
        if folder not in labels:
            project = "" if folder.parent.resolve() == runs else _project_of(folder)
            labels[folder] = Before(_label(folder), project, folder.name)
        return labels[folder]

    return {
        each.folder.resolve(): Turn(each.number, each.lane, each.priority, tuple(map(before, each.ahead)))
        for each in places
    }


def _label(folder: Path) -> str:
    try:
        spec = RunFolder(folder).spec()
    except CoreError:
        return folder.name
    return folder.name if isinstance(spec, TrainForecaster | TrainPoseGpt) else title_of(spec)


def _project_of(folder: Path) -> str:
    return folder.parent.parent.name if folder.parent.name == "runs" else folder.parent.name


def place_words(lane: line.Lane) -> str:
    """What a job of this lane waits for; empty where it only waits for others of its kind."""
    if lane.kind != "training":
        return ""
    if lane.where == "processor":
        return say("the processor")
    number = lane.where.removeprefix("card").removeprefix("-")
    return say("graphics card {number}", number=number) if number else say("the graphics card")

"""The data sets of the open project as the studio shows them: read off the window's thread, and again when they grow.

    sets.entries()           what the catalog lists, in the order they came
    sets.contents(key)       its recordings, splits and what was left out; None while they are being read
    sets.ask(key, name)      one recording with its arrays; `recording_came` answers

A set of annotated videos is about clips of the project: its figures are made from the project at once, in memory.
A set is in the project while an item of the project names it: taking the item out is an edit, and undo brings it back.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal

from core.catalog import DATASETS, SetEntry, entry_of, key_of
from core.errors import CoreError
from core.formats import keypose_csv
from core.formats.keypose_csv import Form, KeyposeRow
from core.project.annotated_sets import is_annotated, left_out_of
from core.project.annotations import Changes, Item, Project
from core.project.motion_sets import IndexLine, MotionRow, MotionSet, MotionSplit, SetFacts
from core.project.pose_banks import FILE, Glimpse, glimpse
from core.recordings import Recording
from core.statistics import Statistics, of_set
from studio.document import Document
from studio.jobs import DataSpec, Job, Jobs
from studio.memory import settle

_LOOK_AGAIN_MS = 1500
MANY = 2000
"""So many recordings are kept from Python's search for forgotten objects."""


@dataclass(frozen=True)
class KeptTable:
    """A table of characteristic poses that is kept as it came. `name` is its path below the set's tables."""

    name: str
    form: Form
    rows: tuple[KeyposeRow, ...]


@dataclass(frozen=True)
class Contents:
    """What a set held when it was read. `problem` says in words why it could not be."""

    key: str
    entry: SetEntry
    facts: SetFacts | None = None
    rows: tuple[MotionRow, ...] = ()
    left_out: tuple[IndexLine, ...] = ()
    splits: tuple[MotionSplit, ...] = ()
    statistics: Statistics | None = None
    bank: Glimpse | None = None
    tables: tuple[KeptTable, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of the catalog."""

    item: Item
    key: str
    contents: Contents | None  # None while it is being read


class DataSets(QObject):
    """Reads what lies beside the project, one set after the other, in a thread."""

    moved = Signal()  # a set came, went, grew or was read
    recording_came = Signal(str, str, object)  # key, name, and the Recording or the CoreError instead of it

    def __init__(self, document: Document, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._known: dict[str, Contents] = {}
        self._of_clips: dict[str, tuple[Project, Contents]] = {}  # with the project that they were counted in
        self._stamps: dict[str, tuple[int, int]] = {}
        self._asked: set[str] = set()
        self._waiting = 0
        self._rest_ms = _LOOK_AGAIN_MS
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self.look_again)
        document.opened.connect(self._forget)
        document.closed.connect(self._forget)
        document.changed.connect(self._changed)
        jobs.moved.connect(self._job_moved)
        jobs.ended.connect(self._job_moved)

    @property
    def is_busy(self) -> bool:
        return self._waiting > 0 or self._again.isActive()

    def entries(self) -> list[Entry]:
        """The data sets of the project."""
        if not self._document.is_open:
            return []
        items = [each for each in self._document.project.items.values() if key_of(each)]
        return [Entry(each, key_of(each), self._contents(each)) for each in items]

    def contents(self, key: str) -> Contents | None:
        return next((entry.contents for entry in self.entries() if entry.key == key), None)

    def _contents(self, item: Item) -> Contents | None:
        if not is_annotated(item):
            return self._known.get(key_of(item))
        project = self._document.project
        counted = self._of_clips.get(item.id)
        if counted is None or counted[0] is not project:
            left_out = tuple(IndexLine(source="", stamp="", left_out=each) for each in left_out_of(item))
            entry = entry_of(item, self._document.folder, project)
            counted = project, Contents(key_of(item), entry, left_out=left_out)
            self._of_clips[item.id] = counted
        return counted[1]

    def annotated(self, key: str) -> Item | None:
        """The data set of annotated videos that has this key."""
        return next((entry.item for entry in self.entries() if entry.key == key and is_annotated(entry.item)), None)

    def folder(self, key: str) -> Path:
        return self._document.folder / DATASETS / key

    def ask(self, key: str, name: str) -> None:
        """Read a recording; the newest wish comes first, one that nobody waits for any more is not read."""
        contents = self._known.get(key)
        row = None if contents is None else next((each for each in contents.rows if each.name == name), None)
        if row is None:
            return
        folder = self.folder(key)

        def read() -> Recording | CoreError:
            try:
                return MotionSet(folder).read(row)
            except CoreError as error:
                return error
            except Exception as error:  # noqa: BLE001 (whatever it is, somebody waits for an answer)
                return CoreError(_fault(error))

        self._start(read, lambda found: self.recording_came.emit(key, name, found), priority=1)

    def look_again(self) -> None:
        """Read those that have grown since."""
        for entry in self.entries():
            if is_annotated(entry.item):
                continue
            stamp = _stamp(self.folder(entry.key))
            if entry.key not in self._asked and stamp != self._stamps.get(entry.key):
                self._stamps[entry.key] = stamp
                self._asked.add(entry.key)
                item, folder, project = entry.item, self._document.folder, self._document.project
                self._start(partial(_timed, item, folder, project), self._take)

    def later(self, work: Callable[[], object], take: Callable[..., None]) -> None:
        """Do something about a set off the window's thread; `take` gets what came of it, in the window's."""
        self._start(work, take)

    def wait(self) -> None:
        """For a window that closes."""
        self._pool.clear()
        self._pool.waitForDone()

    def _start(self, work: Callable[[], object], take: Callable[..., None], priority: int = 0) -> None:
        self._waiting += 1
        task = _Task(work, take, self._document.folder)
        task.told.ready.connect(self._came)
        self._pool.start(task, priority)

    def _came(self, take: Callable[..., None], folder: Path, found: object) -> None:
        self._waiting -= 1
        if isinstance(found, _Nothing):
            return
        if self._document.is_open and self._document.folder == folder:
            take(found)

    def _take(self, read: tuple[Contents, float]) -> None:
        found, took_s = read
        self._rest_ms = max(_LOOK_AGAIN_MS, round(10_000 * took_s))  # a set that grows long is read more rarely
        self._asked.discard(found.key)
        self._known[found.key] = found
        if len(found.rows) > MANY:
            settle()
        self.moved.emit()

    def _forget(self) -> None:
        self._known.clear()
        self._of_clips.clear()
        self._stamps.clear()
        self._asked.clear()
        self.look_again()
        self.moved.emit()

    def _changed(self, changes: Changes) -> None:
        if changes.items:
            self.look_again()
            self.moved.emit()

    def _job_moved(self, job: Job) -> None:
        if not isinstance(job.spec, DataSpec):
            return
        if not job.is_live:
            self._again.start(0)
        elif not self._again.isActive():
            self._again.start(self._rest_ms)


def read_contents(item: Item, project_folder: Path, project: Project) -> Contents:
    """A set as it stands on the disk, or in words why it cannot be read."""
    key = key_of(item)
    entry = SetEntry(key=key, name=item.name, item=item.id)
    try:
        entry = entry_of(item, project_folder, project)
        found = MotionSet(project_folder / DATASETS / key)
        left_out = tuple(line for line in found.lines() if line.left_out)
        rows, splits = tuple(found.rows.values()), tuple(found.splits().values())
        bank = glimpse(found.folder / FILE) if found.facts.holds == "pose bank" else None
        tables = _tables_in(found.folder / "tables") if found.facts.holds == "characteristic poses" else ()
        return Contents(key, entry, found.facts, rows, left_out, splits, of_set(found), bank, tables)
    except CoreError as error:
        return Contents(key, entry, problem=f"{error} {error.hint}".strip())
    except Exception as error:  # noqa: BLE001 (a set that is said to be read for ever helps nobody)
        problem = _fault(error)
        return Contents(key, replace(entry, problem=entry.problem or problem), problem=problem)


def _fault(error: Exception) -> str:
    return f"It cannot be read ({type(error).__name__}: {error}). This is a fault of the program."


def _tables_in(folder: Path) -> tuple[KeptTable, ...]:
    tables: list[KeptTable] = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and not each.name.startswith(".")):
        read = keypose_csv.read(path)
        tables.append(KeptTable(path.relative_to(folder).as_posix(), read.form, read.rows))
    return tuple(tables)


def _timed(item: Item, project_folder: Path, project: Project) -> tuple[Contents, float]:
    began = time.monotonic()
    return read_contents(item, project_folder, project), time.monotonic() - began


def _stamp(folder: Path) -> tuple[int, int]:
    """Changes whenever the set does: what is listed, how it is called, and its splits."""
    total, newest = 0, 0
    for name in ("set.json", "index.jsonl", "splits", FILE):
        try:
            facts = (folder / name).stat()
        except OSError:
            continue
        total += facts.st_size
        newest = max(newest, facts.st_mtime_ns)
    return total, newest


class _Nothing:
    """What came of work that broke off."""


class _Told(QObject):
    ready = Signal(object, object, object)


class _Task(QRunnable):
    def __init__(self, work: Callable[[], object], take: Callable[..., None], folder: Path) -> None:
        super().__init__()
        self._work, self._take, self._folder = work, take, folder
        self.told = _Told()

    def run(self) -> None:
        found: object = _Nothing()
        try:
            found = self._work()
        finally:
            self.told.ready.emit(self._take, self._folder, found)

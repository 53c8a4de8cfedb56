"""What a file or folder that somebody wants to import is: looked at off the window's thread, the newest wish alone.

looking.look(Path("AMASS"))      # `seen` answers with a Seen
"""

import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from core.errors import CoreError
from core.formats import FORMATS, segment_tables
from core.formats.segment_tables import Columns
from core.importing.poses2d import names_of
from core.importing.recognition import Recognised, claims, is_packed, named, what_is
from studio.video_files import SUFFIXES, videos_in

_TABLES = (".csv", ".tsv", ".txt")
_MOST_LOOKED_AT = 100_000
"""Files of a folder, for videos among them: a data set of frames as pictures holds millions."""


@dataclass(frozen=True)
class Seen:
    """What was found. `choices` are formats to choose from where the content alone does not tell."""

    source: Path
    only: tuple[str, ...] = ()  # of the folder `source`, these files alone
    asked: str = ""  # the format a person chose
    found: Recognised | None = None
    problem: CoreError | None = None
    choices: tuple[str, ...] = ()
    columns: Columns | None = None  # of a table whose columns a person may choose
    videos: int = 0
    has_videos: bool = False  # also in folders further below
    is_packed: bool = False
    pose_names: tuple[str, ...] = ()  # what the clip of these 2D poses may be called

    @property
    def can_be_imported(self) -> bool:
        return self.found is not None or self.is_packed


class Recognising(QObject):
    """Looks at one thing after the other."""

    seen = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._newest = 0
        self._answered = 0
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    @property
    def is_busy(self) -> bool:
        return self._answered != self._newest

    def look(self, source: Path, asked: str = "", only: tuple[str, ...] = ()) -> None:
        """Say what this is; with `asked`, what of it is of that format; with `only`, what these files of it are."""
        self._newest += 1
        self._pool.clear()
        task = _Task(self._newest, source, asked, only)
        task.told.ready.connect(self._take)
        self._pool.start(task)

    def wait(self) -> None:
        """For a window that closes."""
        self._pool.clear()
        self._pool.waitForDone()

    def _take(self, number: int, seen: Seen) -> None:
        if number == self._newest:
            self._answered = number
            self.seen.emit(seen)


def table_format() -> str:
    """What a table with columns to choose is called among the formats."""
    return next((each.name for each in FORMATS if each.read is segment_tables.read), "")


def look_at(source: Path, asked: str = "", only: tuple[str, ...] = ()) -> Seen:
    """What `source` is (or these files of it), or why that is not known and what it may be."""
    if only and claims(source):
        only = ()  # files of a folder that is one whole thing, such as all frames of OpenPose
    videos = len(videos_in([source])) if source.is_dir() and not only else 0
    if is_packed(source) and not asked:
        return Seen(source, is_packed=True, choices=tuple(each.name for each in FORMATS))
    try:
        found = what_is(source, asked, only)
    except CoreError as error:
        return _refused(source, asked, only, error, videos)
    table = found.files[0]  # of several with the same columns, the first shows them
    columns = _columns(table) if found.format.name == table_format() and (only or table == source) else None
    has_videos = videos > 0 or (found.format.holds == "annotations" and _holds_videos(found.source))
    names = _pose_names(found)
    return Seen(source, only, asked, found, columns=columns, videos=videos, has_videos=has_videos, pose_names=names)


def _pose_names(found: Recognised) -> tuple[str, ...]:
    """Of one clip's poses; several files name a clip each."""
    try:
        return names_of(found.format, found.files[0]) if found.format.holds == "2D poses" and not found.is_many else ()
    except CoreError:
        return ()  # reading them says why


def _holds_videos(place: Path) -> bool:
    """Whether a video lies in a folder (a file's: the one around it) or below, among as much as is looked at."""
    folder = place if place.is_dir() else place.parent
    looked_at = 0
    for _, _, names in os.walk(folder):
        if any(Path(each).suffix.lower() in SUFFIXES for each in names):
            return True
        looked_at += len(names)
        if looked_at > _MOST_LOOKED_AT:
            return False
    return False


def _refused(source: Path, asked: str, only: tuple[str, ...], error: CoreError, videos: int) -> Seen:
    if only:
        said = [each.name for each in FORMATS if each.name in str(error)]
        return Seen(source, only, asked, problem=error, choices=tuple(said or (each.name for each in FORMATS)))
    claimed = [each.name for each in claims(source)] if source.exists() else []
    said = [each.name for each in FORMATS if each.name in str(error)]  # it names those it cannot choose between
    choices = claimed if len(claimed) > 1 else said if len(said) > 1 else [each.name for each in FORMATS]
    if not source.exists():
        choices = []
    if source.is_file() and source.suffix.lower() in _TABLES and not claimed and table_format():
        columns = _columns(source)
        if columns is not None:
            found = Recognised(source, named(table_format()), (source,), source.stat().st_size)
            return Seen(source, (), table_format(), found, columns=columns, choices=tuple(choices))
    return Seen(source, (), asked, problem=error, choices=tuple(choices), videos=videos)


def _columns(source: Path) -> Columns | None:
    try:
        return segment_tables.columns_of(source)
    except CoreError:
        return None


class _Told(QObject):
    ready = Signal(int, object)


class _Task(QRunnable):
    def __init__(self, number: int, source: Path, asked: str, only: tuple[str, ...]) -> None:
        super().__init__()
        self._number, self._source, self._asked, self._only = number, source, asked, only
        self.told = _Told()

    def run(self) -> None:
        try:
            seen = look_at(self._source, self._asked, self._only)
        except OSError as error:
            seen = Seen(
                self._source, self._only, self._asked, problem=CoreError(f"{self._source.name}: {error.strerror}")
            )
        self.told.ready.emit(self._number, seen)

"""An open project: read it, edit it, undo, and find it all again after anything that may happen.

    DIR/project.sqlite   everything but arrays and videos (core.project.database)
    DIR/tracks/          2D poses (core.project.track_files)
    DIR/inbox/           results that commands left while somebody had it open (core.project.inbox)
    DIR/project.lock     who is editing it, while they are

One process edits; others read and follow. An edit is on the disk when `edit` returns, or it was not made at all and an
error says why. One thread.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import msgspec

from core import origins
from core.errors import CoreError, FormatError, NotSavedError, ProjectError, TooNewError
from core.motion import Poses2d
from core.project import inbox
from core.project.annotations import BY_HAND, Changes, Clip, Project, new_id
from core.project.database import FILE_NAME, Database, is_complete, look
from core.project.journal import Entry, JournalRow, StaleError, inverse, rebased
from core.project.lock import Holder, ProjectLock
from core.project.past import Past
from core.project.rows import (
    CHILD_TABLES,
    Key,
    Places,
    Row,
    RowChange,
    places_after,
    rows_that_differ,
    with_frames_in_order,
    with_rows,
)
from core.project.track_files import read_tracks, write_tracks

LOCK_NAME = "project.lock"
NOT_WRITABLE = "It lies where nothing can be written"
COPY_IT = "Copy its folder to where you may write, and open the copy."
CLOSE_THERE = "Close it there, then try again."
Mode = Literal["write", "read", "command"]
Loaded = tuple[Project, dict[Key, int], int]


class ProjectStore:
    """Made by `create` or `open`; use it as a context manager, or `close` it."""

    def __init__(self, folder: Path, author: str, database: Database, loaded: Loaded, lock: ProjectLock | None) -> None:
        self.folder = folder
        self.read_only_reason: str | None = None
        self.left_for: str | None = None
        """Who will take in this command's edits, where somebody has the project open; None where they are made."""
        self._author = author
        self._database = database
        self._lock = lock
        self._takes_in_at_the_end = False
        self._project, self._places, self._sequence = loaded
        self._last_saved_at: datetime | None = None
        self.past = Past(lambda: self._database)
        self._follow(database.entries(up_to=self._sequence))

    # ---- opening and closing ----

    @classmethod
    def create(cls, folder: Path, name: str, author: str) -> Self:
        """A new project in `folder`, which may hold other files but no project."""
        path = folder / FILE_NAME
        if path.exists():
            raise ProjectError(f"{folder} already holds a project", hint="Open it, or choose another folder.")
        project = Project(id=new_id(), name=name.strip() or folder.name)
        first = _journal_row(1, author, "New project", BY_HAND, rows_that_differ(None, project, {}))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            Database.make(path, first)
        except OSError as error:
            raise ProjectError(
                f"no project could be made in {folder}: {error.strerror}", hint="Choose another folder."
            ) from error
        return cls.open(folder, author)

    @classmethod
    def open(cls, folder: Path, author: str, *, mode: Mode = "write") -> Self:
        """The project in `folder`.

        `write` edits it, or only reads where somebody else does. `read` never writes. `command` edits it where
        nobody else does; otherwise its edits are left in the inbox of the one who has it open, and it sees what
        others left there before as if that were made already.
        """
        path = folder / FILE_NAME
        look(path)
        lock, reason = None, "It was opened for reading"
        if mode != "read":
            lock, reason = _try_to_lock(folder, author)
        try:
            database, loaded = looked_at(path, alone=lock is not None)
            if lock is not None:
                database.close()
                database = Database.open(path, "write")
                if database.last_sequence() != loaded[2]:
                    loaded = database.load()
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        store = cls(folder, author, database, loaded, lock)
        origins.used("project", store.project.name, store.past.state())
        if lock is None and mode == "command" and folder_can_be_written(folder):
            store.left_for = reason
            patches = _waiting_for(folder, store._project.id)
            store.reload_if_changed()  # what was taken in since is in the file by now
            patches = [each for each in patches if each.id not in {entry.id for entry in store.past.entries}]
            store._project, store._places = _with_patches(patches, store._database, store._project, store._places)
        elif lock is None:
            store.read_only_reason = reason
        elif mode == "command":
            store._takes_in_at_the_end = True
            store.take_in_results()
        return store

    def become_writer(self) -> bool:
        """Whether a store opened for reading edits from now on, because the one who did is gone.

        Not while there is something newer: take it in with `reload_if_changed`, then ask again.
        """
        if self._lock is not None or self.left_for is not None:
            return self._lock is not None
        lock, reason = _try_to_lock(self.folder, self._author)
        if lock is None:
            self.read_only_reason = reason
            return False
        try:
            database = Database.open(self.folder / FILE_NAME, "write")
        except BaseException:
            lock.release()
            raise
        if database.last_sequence() != self._sequence:
            database.close()
            lock.release()
            return False
        self._database.close()
        self._database, self._lock, self.read_only_reason = database, lock, None
        return True

    def close(self) -> None:
        """Let go of the file; everything was saved as it happened."""
        if self._takes_in_at_the_end:
            with suppress(CoreError):  # whatever keeps it from being taken in now, it waits on
                self.take_in_results()
        self._database.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # ---- reading ----

    @property
    def project(self) -> Project:
        return self._project

    @property
    def last_saved_at(self) -> datetime | None:
        """When the newest edit was on the disk, UTC."""
        return self._last_saved_at

    @property
    def undo_label(self) -> str | None:
        """What `undo` would take back."""
        return self.past.steps.undo[-1].label if self.past.steps.undo and self.read_only_reason is None else None

    @property
    def redo_label(self) -> str | None:
        """What `redo` would make again."""
        return self.past.steps.redo[-1].label if self.past.steps.redo and self.read_only_reason is None else None

    @property
    def journal(self) -> Sequence[Entry]:
        """All edits, oldest first, undos and redos among them. It grows as edits are made; nothing in it changes."""
        return self.past.entries

    def video_path(self, clip: Clip) -> Path:
        """Where the clip's video should be; the folder itself, so never a file, for a clip made without one."""
        return self.folder / clip.video.path

    def tracks(self, name: str) -> Poses2d:
        """2D tracks of this name, memory-mapped."""
        return read_tracks(self.folder, name)

    def reload_if_changed(self) -> Changes | None:
        """What others wrote since, now part of `project`; None where nothing did."""
        if not self._database.is_current():
            newer = opened_for_reading(self.folder / FILE_NAME)
            self._database.close()
            self._database = newer
        if self._database.last_sequence() == self._sequence:
            return None
        before = self._project
        entries = self._database.entries(after=self._sequence)
        for entry in entries:
            changes = self._database.changes_of(entry.sequence)
            self._places = places_after(self._places, changes)
            self._project = with_rows(self._project, changes, self._places)
            self._sequence = entry.sequence
        self._follow(entries)
        return Changes.between(before, self._project)

    # ---- writing ----

    def edit(self, after: Project, label: str, *, source: str = BY_HAND) -> Changes:
        """Make `after` the project, in one step that can be undone."""
        before = self._project
        after = with_frames_in_order(before, after)
        changes = rows_that_differ(before, after, self._places)
        if not changes:
            return Changes.between(before, before)
        if self.left_for is not None:
            now = datetime.now(UTC)
            inbox.leave(
                self.folder,
                inbox.Patch(
                    project=before.id,
                    id=new_id(),
                    author=self._author,
                    at=now.isoformat(timespec="milliseconds"),
                    label=label,
                    source=source,
                    changes=changes,
                ),
            )
            self._project, self._places = after, places_after(self._places, changes)
            return Changes.between(before, after)
        return self._commit(_journal_row(self._sequence + 1, self._author, label, source, changes), after)

    def undo(self) -> Changes | None:
        """Take the last edit back; None where there is none."""
        return self._take_back(self.past.steps.undo)

    def redo(self) -> Changes | None:
        """Make the edit again that was taken back last; None where there is none."""
        return self._take_back(self.past.steps.redo)

    def take_in_results(self) -> list[Changes]:
        """Make the edits that commands left, each one undoable. What does not fit is set aside with the reason."""
        self._must_write()
        taken = []
        for path in inbox.waiting(self.folder):
            try:
                patch = inbox.read(path, self._project.id)
                known = self._database.has_entry(patch.id)
                changes = () if known else rebased(patch.changes, self._database.row)
                if not changes:  # nothing is left of it to be made
                    path.unlink(missing_ok=True)
                    continue
                after = _made_in(self._project, changes, self._places)
            except _UNFIT as error:
                inbox.set_aside(path, str(error))
                continue
            row = JournalRow(
                sequence=self._sequence + 1,
                id=patch.id,
                author=patch.author,
                at=patch.at,
                label=patch.label,
                source=patch.source,
                changes=changes,
            )
            taken.append(self._commit(row, after))
            path.unlink(missing_ok=True)
        return taken

    def write_tracks(self, poses: Poses2d) -> str:
        """Put 2D tracks beside the project; the name to give to a clip."""
        if self.left_for is None:
            self._must_write()
        return write_tracks(self.folder, poses)

    # ---- inside ----

    def _take_back(self, steps: list[Entry]) -> Changes | None:
        self._must_write()
        if not steps:
            return None
        entry = steps[-1]
        changes = inverse(self._database.changes_of(entry.sequence))
        after = with_rows(self._project, changes, places_after(self._places, changes))
        row = _journal_row(self._sequence + 1, self._author, entry.label, BY_HAND, changes, undoes=entry.id)
        return self._commit(row, after)

    def _commit(self, row: JournalRow, after: Project) -> Changes:
        self._must_write()
        try:
            self._database.write(row)
        except ProjectError as error:
            safe = (
                f" Everything up to {self._last_saved_at.astimezone():%H:%M:%S} is safe." if self._last_saved_at else ""
            )
            raise NotSavedError(
                f"{error}. The last edit was taken back.{safe}",
                hint=error.hint,
                is_disk_full="the disk is full" in str(error),
            ) from error
        before, self._project = self._project, after
        self._places = places_after(self._places, row.changes)
        self._sequence = row.sequence
        self._follow([_entry_of(row)])
        self._last_saved_at = datetime.now(UTC)
        return Changes.between(before, after)

    def _must_write(self) -> None:
        if self._lock is None:
            reason = self.read_only_reason or self.left_for or "It is closed"
            raise ProjectError(reason, hint=COPY_IT if reason.startswith(NOT_WRITABLE) else CLOSE_THERE)

    def _follow(self, entries: list[Entry]) -> None:
        self.past.follow(entries)
        if entries:
            self._last_saved_at = datetime.fromisoformat(entries[-1].at)


_UNFIT = (StaleError, ValueError, msgspec.MsgspecError, TooNewError)
"""What a patch that cannot be made raises."""


def _waiting_for(folder: Path, project_id: str) -> list[inbox.Patch]:
    """What was left in the inbox, oldest first; what cannot be read is for whoever takes it in to say."""
    patches: list[inbox.Patch] = []
    for path in inbox.waiting(folder):
        with suppress(*_UNFIT):
            patches.append(inbox.read(path, project_id))
    return patches


def _with_patches(
    patches: Sequence[inbox.Patch], database: Database, project: Project, places: Places
) -> tuple[Project, Places]:
    """The project as it will be when these are made, so that nothing is left in the inbox twice."""
    rows: dict[Key, Row | None] = {}

    def present(key: Key) -> Row | None:
        return rows[key] if key in rows else database.row(key)

    for patch in patches:
        with suppress(*_UNFIT):  # whoever takes it in says what is wrong with it
            changes = rebased(patch.changes, present)
            project, places = _made_in(project, changes, places), places_after(places, changes)
            rows.update(((each.table, each.id), each.after) for each in changes)
    return project, places


def _made_in(project: Project, changes: Sequence[RowChange], places: Places) -> Project:
    """`project` with the changes of a patch. StaleError where one is about a clip that is gone."""
    after = with_rows(project, changes, places_after(places, changes))
    for each in changes:
        if each.table in CHILD_TABLES and each.after is not None and each.after.clip not in after.clips:
            raise StaleError(f"a row of {each.table} belongs to a clip that is gone ({each.after.clip})")
    return after


def _journal_row(
    sequence: int, author: str, label: str, source: str, changes: tuple[RowChange, ...], undoes: str = ""
) -> JournalRow:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return JournalRow(
        sequence=sequence, id=new_id(), author=author, at=at, label=label, source=source, undoes=undoes, changes=changes
    )


def _entry_of(row: JournalRow) -> Entry:
    return Entry(
        sequence=row.sequence,
        id=row.id,
        author=row.author,
        at=row.at,
        label=row.label,
        source=row.source,
        undoes=row.undoes,
    )


def _try_to_lock(folder: Path, author: str) -> tuple[ProjectLock | None, str]:
    """The lock, or why it is not ours."""
    if not folder_can_be_written(folder):
        return None, NOT_WRITABLE
    try:
        lock = ProjectLock.taken(folder / LOCK_NAME, author)
    except OSError as error:
        return None, f"{NOT_WRITABLE} ({error.strerror})"
    match lock:
        case ProjectLock():
            return lock, ""
        case Holder():
            return None, lock.in_words()
        case None:
            return None, "Somebody else is editing this project"


def folder_can_be_written(folder: Path) -> bool:
    """Whether this person may write both the folder and the project file in it."""
    return os.access(folder, os.W_OK) and os.access(folder / FILE_NAME, os.W_OK)


def looked_at(path: Path, *, alone: bool) -> tuple[Database, Loaded]:
    """The file opened for reading, found sound, and what it holds."""
    database = opened_for_reading(path)
    try:
        return database, _found_sound(database)
    except FormatError:
        if alone or (database.is_current() and not (path.parent / LOCK_NAME).exists()):
            raise
    # Somebody is writing: only a connection that takes part is sure to see a whole file.
    database = Database.open(path, "read")
    return database, _found_sound(database)


def _found_sound(database: Database) -> Loaded:
    """What the file holds; closed and refused where it is damaged."""
    try:
        database.quick_check()
        return database.load()
    except BaseException:
        database.close()
        raise


def opened_for_reading(path: Path) -> Database:
    frozen = is_complete(path) or not folder_can_be_written(path.parent)
    return Database.open(path, "frozen" if frozen else "read")

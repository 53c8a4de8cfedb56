"""The project's SQLite file: its tables, how it is opened without harming it, and how one edit is written.

    meta labels clips actors segments poses cameras splits items clusterings answers    id, clip, place, body (JSON)
    journal                                                                             one row an edit, its changes

A commit is on the disk when it returns (`synchronous=FULL`). Local disks use the write-ahead log, network disks a
rollback journal. A file is looked at before anything opens it for writing: one that is damaged, foreign or newer is
refused with nothing changed, not even beside it.
"""

import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec

from core.errors import CoreError, FormatError, ProjectError, TooNewError
from core.project.annotations import Project
from core.project.durable import move_into_place
from core.project.journal import Entry, JournalRow
from core.project.rows import DICT_TABLES, TABLES, Key, Row, RowChange, in_order, value_of

FORMAT = 3
"""What a file's rows mean. 2: a label says what models learn it as; one of format 1 is learned by its own name.
3: named clusterings and answers to suggestions, tables that an older file does not have.

A file keeps its number until something is written to it, so that looking at it leaves it to the program that made it.
"""
APPLICATION_ID = 0x506F7365  # "Pose"
FILE_NAME = "project.sqlite"

_SINCE_3 = ("clusterings", "answers")


def _table(name: str) -> str:
    columns = "id TEXT PRIMARY KEY, clip TEXT NOT NULL, place INTEGER NOT NULL, body TEXT NOT NULL"
    return f"CREATE TABLE {name} ({columns}) WITHOUT ROWID;"


_SCHEMA = "".join(_table(table) for table in TABLES) + (
    "CREATE TABLE journal (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, author TEXT NOT NULL,"
    " at TEXT NOT NULL, label TEXT NOT NULL, source TEXT NOT NULL, undoes TEXT NOT NULL, changes TEXT NOT NULL);"
)
_ENTRY_COLUMNS = "sequence, id, author, at, label, source, undoes"
_NETWORK_KINDS = (
    "nfs",
    "nfs4",
    "cifs",
    "smb",
    "smb2",
    "smb3",
    "smbfs",
    "afpfs",
    "webdav",
    "davfs",
    "9p",
    "afs",
    "lustre",
    "gpfs",
    "beegfs",
    "ceph",
    "panfs",
    "pvfs2",
    "wekafs",
)

Opening = Literal["write", "read", "frozen"]

_changes = msgspec.json.Decoder(tuple[RowChange, ...])


@contextmanager
def in_words(path: Path, failed: str) -> Iterator[None]:
    """SQLite's errors as ours: what `failed` ("Not saved"), why, and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None) or 0
        match code & 0xFF:
            case sqlite3.SQLITE_FULL:
                raise ProjectError(f"{failed}: the disk is full", hint="Free space on it, then try again.") from error
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                raise damaged(path, str(error)) from error
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                raise ProjectError(
                    f"{failed}: another program holds {path.name}", hint="Close that program, then try again."
                ) from error
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                raise ProjectError(
                    f"{failed}: {path} cannot be written", hint="Copy the project to a folder of your own."
                ) from error
            case sqlite3.SQLITE_IOERR:
                raise ProjectError(
                    f"{failed}: the disk reports an error ({error})", hint="Check the disk and its connection."
                ) from error
            case _ if any(sign in str(error) for sign in ("no such table", "no such column", "decode to UTF-8")):
                raise damaged(path, str(error).partition(" with text")[0]) from error
        raise
    except UnicodeDecodeError as error:  # not even what SQLite says of the damage can be read
        raise damaged(path, "it holds text that is none") from error


def damaged(path: Path, why: str) -> FormatError:
    return FormatError(
        path, f"the project file is damaged ({why}); nothing was changed", hint="Restore a backup of it."
    )


def look(path: Path) -> None:
    """Refuse a file that is missing, foreign, cut short or newer, from its first bytes alone."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        raise ProjectError(
            f"{path.parent} holds no project", hint=f"A project is a folder with a {FILE_NAME} in it."
        ) from None
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}", hint="Check its permissions.") from None
    if len(head) < 100 or head[:16] != b"SQLite format 3\0":
        raise damaged(path, "it does not begin like one")
    page_bytes = struct.unpack(">H", head[16:18])[0]
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    page_count, version, application = (struct.unpack(">I", head[at : at + 4])[0] for at in (28, 60, 68))
    if application != APPLICATION_ID:
        raise FormatError(path, "this is the database of another program; nothing was changed")
    if version > FORMAT:
        raise TooNewError(
            path,
            f"made with a newer Posecast (format {version}, this one reads up to {FORMAT}); nothing was changed",
            hint="Update Posecast, then open it again.",
        )
    if version < 1:
        raise damaged(path, "it has no format number")
    if size < page_count * page_bytes and not _has_content(_log_of(path)):
        raise damaged(path, "it was cut short")


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _stamp(path: Path) -> tuple[object, ...]:
    """What differs once somebody wrote to the file or to its log."""
    stats = [each.stat() if each.exists() else None for each in (path, _log_of(path))]
    return tuple((each.st_ino, each.st_size, each.st_mtime_ns) if each is not None else None for each in stats)


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def is_complete(path: Path) -> bool:
    """Whether the file alone holds everything: no log of a living or a killed process lies beside it."""
    return not any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))


class Database:
    """An open project file. One thread."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        copy: tempfile.TemporaryDirectory | None = None,
        frozen_at: tuple[object, ...] | None = None,
    ) -> None:
        self.path = path
        self._connection = connection
        self._copy = copy
        self._frozen_at = frozen_at

    @classmethod
    def make(cls, path: Path, first: JournalRow) -> None:
        """Put a new project down, whole or not at all."""
        beside = path.with_name(path.name + ".new")
        beside.unlink(missing_ok=True)
        with in_words(path, "No project was made"):
            connection = sqlite3.connect(beside, isolation_level=None)
            try:
                connection.executescript(
                    f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={FORMAT}; PRAGMA synchronous=FULL;"
                    f"BEGIN; {_SCHEMA} COMMIT;"
                )
                cls(beside, connection).write(first)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
            finally:
                connection.close()
        move_into_place(beside, path)

    @classmethod
    def open(cls, path: Path, opening: Opening) -> "Database":
        """`write` for the one who holds the lock, `read` beside a writer.

        `frozen` reads a file that nobody is writing just now, and leaves no trace beside it.
        """
        copy = None
        frozen_at = _stamp(path) if opening == "frozen" else None
        where = path
        if opening == "frozen" and _has_content(_log_of(path)):
            # The last edits stand in the log alone, and reading a log needs a file that can be written beside it.
            copy = tempfile.TemporaryDirectory(prefix="posecast-")
            for each in (path, _log_of(path)):
                shutil.copyfile(each, Path(copy.name) / each.name)
            where, opening = Path(copy.name) / path.name, "read"
        options = {"write": "mode=rw", "read": "mode=ro", "frozen": "mode=ro&immutable=1"}[opening]
        with in_words(path, "Not opened"):
            connection = sqlite3.connect(
                f"file:{quote(str(where.absolute()))}?{options}", uri=True, isolation_level=None, timeout=5.0
            )
            try:
                connection.execute("PRAGMA trusted_schema=OFF")
                if opening == "write":
                    connection.execute(f"PRAGMA journal_mode={'DELETE' if is_on_network(path) else 'WAL'}")
                    connection.execute("PRAGMA synchronous=FULL")
                    connection.execute("PRAGMA wal_autocheckpoint=1000")
                connection.execute("SELECT count(*) FROM meta").fetchone()
            except BaseException:
                connection.close()
                if copy is not None:
                    copy.cleanup()
                raise
        return cls(path, connection, copy, frozen_at)

    def is_current(self) -> bool:
        """Whether this connection sees what was written since; a frozen one has to be opened again."""
        return self._frozen_at is None or self._frozen_at == _stamp(self.path)

    def close(self) -> None:
        self._connection.close()
        if self._copy is not None:
            self._copy.cleanup()

    def copy_to(self, path: Path) -> None:
        """The file as it stands at this moment, beside whoever writes it, as a new one."""
        with in_words(path, "Not copied"), closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)

    def quick_check(self) -> None:
        """FormatError where SQLite finds the file's pages damaged."""
        self._say_what_is_wrong("PRAGMA quick_check(1)")

    def integrity_check(self) -> None:
        """As `quick_check`, and every index against its table."""
        self._say_what_is_wrong("PRAGMA integrity_check(1)")

    def _say_what_is_wrong(self, pragma: str) -> None:
        with in_words(self.path, "Not checked"):
            (said,) = self._connection.execute(pragma).fetchone()
        if said != "ok":
            raise damaged(self.path, said.splitlines()[-1])

    def rows(self) -> tuple[dict[str, list[tuple[str, str, int, str]]], int]:
        """Every row as id, clip, place, body, and the journal row they stand at, all of one moment."""
        with in_words(self.path, "Not read"):
            self._connection.execute("BEGIN")
            try:
                sequence = self.last_sequence()
                rows = {
                    table: self._connection.execute(f"SELECT id, clip, place, body FROM {table}").fetchall()
                    for table in self._tables()
                }
            finally:
                self._connection.execute("COMMIT")
        return rows, sequence

    def _tables(self) -> list[str]:
        """The tables that a file of its format has."""
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return [table for table in TABLES if version >= 3 or table not in _SINCE_3]

    def load(self) -> tuple[Project, dict[Key, int], int]:
        """The project, the places of its rows, and the journal row it stands at, all of one moment."""
        rows, sequence = self.rows()
        values: dict[str, dict[str, object]] = {}
        children: dict[tuple[str, str], list[object]] = {}
        places: dict[Key, int] = {}
        for table, found in rows.items():
            for row_id, clip, place, body in found:
                try:
                    value = value_of(table, body)
                except (msgspec.DecodeError, msgspec.ValidationError) as error:
                    raise damaged(self.path, f"row {row_id} of {table}: {error}") from None
                if place:
                    places[table, row_id] = place
                if table in ("actors", "segments", "poses"):
                    children.setdefault((clip, table), []).append(value)
                else:
                    values.setdefault(table, {})[row_id] = value
        for (clip, table), of_clip in children.items():
            if clip in values.get("clips", {}):
                parts = {table: in_order(table, of_clip, places)}
                values["clips"][clip] = msgspec.structs.replace(values["clips"][clip], **parts)  # pyright: ignore
        if len(values.get("meta", {})) != 1:
            raise damaged(self.path, "it does not say what it is called")
        (meta,) = values["meta"].values()
        tables = {
            table: dict(sorted(values.get(table, {}).items(), key=lambda item: places.get((table, item[0]), 0)))
            for table in DICT_TABLES
        }
        return Project(id=meta.id, name=meta.name, merged=meta.merged, **tables), places, sequence  # pyright: ignore

    def last_sequence(self) -> int:
        with in_words(self.path, "Not read"):
            (sequence,) = self._connection.execute("SELECT coalesce(max(sequence), 0) FROM journal").fetchone()
        return sequence

    def write(self, row: JournalRow) -> None:
        """Make the changes of `row` and add it to the journal, both or neither, on the disk when this returns."""
        execute = self._connection.execute
        with in_words(self.path, "Not saved"):
            execute("BEGIN IMMEDIATE")
            try:
                is_older = execute("PRAGMA user_version").fetchone()[0] < FORMAT
                if is_older:
                    for table in TABLES.keys() - self._tables():
                        execute(_table(table))
                    execute(f"PRAGMA user_version={FORMAT}")  # an older program would now lose what it cannot read
                # In the order they lie in: thousands of rows (a merge) then touch each page of the file once.
                for change in sorted(row.changes, key=lambda each: (each.table, each.id)):
                    if change.table not in TABLES:
                        raise CoreError(f"no table is called {change.table}")
                    if change.after is None:
                        execute(f"DELETE FROM {change.table} WHERE id = ?", (change.id,))
                    else:
                        after = change.after
                        execute(
                            f"INSERT INTO {change.table} VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
                            " SET clip = excluded.clip, place = excluded.place, body = excluded.body",
                            (change.id, after.clip, after.place, bytes(after.body).decode()),
                        )
                execute(
                    "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        row.sequence,
                        row.id,
                        row.author,
                        row.at,
                        row.label,
                        row.source,
                        row.undoes,
                        msgspec.json.encode(row.changes).decode(),
                    ),
                )
                execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    execute("ROLLBACK")
                raise
        if is_older:
            with suppress(sqlite3.Error):  # others look at the file's own first bytes, not at its log
                execute("PRAGMA wal_checkpoint(PASSIVE)")

    def row(self, key: Key) -> Row | None:
        """One row as it stands."""
        table, row_id = key
        with in_words(self.path, "Not read"):
            if table not in self._tables():
                return None
            found = self._connection.execute(
                f"SELECT clip, place, body FROM {table} WHERE id = ?", (row_id,)
            ).fetchone()
        if found is None:
            return None
        clip, place, body = found
        return Row(clip=clip, place=place, body=msgspec.Raw(body.encode()))

    def entries(self, after: int = 0, up_to: int = 2**62) -> list[Entry]:
        """The journal rows `after` + 1 to `up_to`, without their changes."""
        with in_words(self.path, "Not read"):
            found = self._connection.execute(
                f"SELECT {_ENTRY_COLUMNS} FROM journal WHERE sequence > ? AND sequence <= ? ORDER BY sequence",
                (after, up_to),
            ).fetchall()
        return [
            Entry(sequence=sequence, id=id_, author=author, at=at, label=label, source=source, undoes=undoes)
            for sequence, id_, author, at, label, source, undoes in found
        ]

    def changes_of(self, sequence: int) -> tuple[RowChange, ...]:
        """What one journal row changed."""
        with in_words(self.path, "Not read"):
            found = self._connection.execute("SELECT changes FROM journal WHERE sequence = ?", (sequence,)).fetchone()
        try:
            return _changes.decode(found[0])
        except (TypeError, msgspec.DecodeError, msgspec.ValidationError) as error:
            raise damaged(self.path, f"row {sequence} of its journal: {error}") from None

    def rows_about(self, text: str, after: int = 0) -> list[int]:
        """The journal rows after this one whose changes hold `text`, an id, anywhere."""
        with in_words(self.path, "Not read"):
            found = self._connection.execute(
                "SELECT sequence FROM journal WHERE sequence > ? AND instr(changes, ?) > 0", (after, text)
            ).fetchall()
        return [sequence for (sequence,) in found]

    def has_entry(self, entry_id: str) -> bool:
        """Whether the journal holds a row of this id."""
        with in_words(self.path, "Not read"):
            return self._connection.execute("SELECT 1 FROM journal WHERE id = ?", (entry_id,)).fetchone() is not None


def is_on_network(path: Path) -> bool:
    """Whether a file lies on another machine's disk, where the write-ahead log's shared memory does not hold."""
    path = path.resolve()
    if sys.platform == "win32":
        import ctypes

        return str(path).startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(path.anchor) == 4
    try:
        if sys.platform == "darwin":
            listed = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False).stdout
            mounts = [line.partition(" on ")[2].partition(" (") for line in listed.splitlines()]
            kinds = {place: rest.split(",")[0].rstrip(")") for place, _, rest in mounts}
        else:
            lines = Path("/proc/self/mounts").read_text().splitlines()
            kinds = {line.split()[1].replace("\\040", " "): line.split()[2] for line in lines}
    except OSError:
        return False
    holder = max((place for place in kinds if path.is_relative_to(place)), key=len, default="/")
    kind = kinds.get(holder, "")
    return kind in _NETWORK_KINDS or kind in ("fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.s3fs", "fuse.ceph")

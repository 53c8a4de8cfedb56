"""The files of the line (core.line), and who is found by them. Everything that changes them happens inside `locked`.

Every file is written whole or not at all, and in an order in which a process killed between two of them leaves a run
that is still found: the pointer before the ticket, the name of the process before the ticket goes.
"""

import hashlib
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from core import lanes, processes
from core.errors import CoreError, RunError
from core.file_locks import FileLock
from core.lanes import Lane, lane_of
from core.run_folder import Moment, RunFolder, RunState, decoded, write_whole
from core.whole_files import as_file_name

LOW, USUAL, HIGH = -1, 0, 1
_PATIENCE_S = 8.0
_GONE_AFTER_S = 90 * 24 * 3600.0


class LineError(RunError):
    """There is no line to be had here: its folder cannot be written, or somebody holds it."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A run's place in the line; among equal priorities the smaller number comes first."""

    lane: Lane
    priority: int = USUAL
    place: Annotated[
        int, msgspec.Meta(ge=0, le=2**63 - 1)
    ]  # nanoseconds since 1970 when it was asked for, or moved since
    asked_at: Moment


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is found: its folder, and the lane that it waits or works in."""

    folder: str
    lane: Lane
    asked_at: Moment
    priority: int = USUAL


@dataclass(frozen=True)
class Seen:
    """What one look found of a run."""

    folder: RunFolder
    lane: Lane
    state: RunState
    priority: int
    asked_at: float
    place: int
    is_away: bool  # the disk it lies on, or so it seems

    @property
    def turn(self) -> tuple[int, int, str]:
        """Smaller comes first."""
        return (-self.priority, self.place, str(self.folder.path))

    @property
    def works(self) -> bool:
        """Whether it occupies its lane."""
        match self.state:
            case "running" | "pausing" | "stopping":
                return True
            case "paused":
                return self.folder.is_alive() and not lets_go(self.folder)
            case _:
                return False


def turn_of(seen: Seen) -> tuple[int, int, str]:
    """Smaller comes first."""
    return seen.turn


def compete(one: Lane, other: Lane) -> bool:
    """Whether the work of two lanes can come to the same place."""
    return one == other or bool({*lanes.places(one)} & {*lanes.places(other)})


def look() -> list[Seen]:
    """Every run that somebody pointed at, as it is."""
    found = []
    with suppress(FileNotFoundError):
        for file in sorted((line_folder() / "jobs").iterdir()):
            if file.suffix != ".json":
                continue
            try:
                pointer = decoded(file.read_bytes(), Pointer)
            except FileNotFoundError:
                continue
            except (OSError, msgspec.DecodeError):  # no run can be found by it
                unlink(file)
                continue
            found.append(_seen(pointer))
    return found


def _seen(pointer: Pointer) -> Seen:
    folder = RunFolder(Path(pointer.folder))
    try:
        state = folder.state() if folder.path.parent.is_dir() else None
    except OSError:  # a disk that does not answer
        state = None
    if state is None:
        is_away = time.time() - pointer.asked_at < _GONE_AFTER_S
        return Seen(folder, pointer.lane, "new", pointer.priority, pointer.asked_at, 0, is_away)
    ticket = ticket_of(folder) if state == "waiting" else None
    if ticket is None:
        return Seen(folder, pointer.lane, state, pointer.priority, pointer.asked_at, 0, False)
    return Seen(folder, ticket.lane, state, ticket.priority, ticket.asked_at, ticket.place, False)


def queue(folder: RunFolder, lane: Lane, priority: int) -> None:
    """A ticket for the run. Killed in between, it is what it was before."""
    now = time.time_ns()
    newest = line_folder() / "newest"
    with suppress(OSError, ValueError):
        now = min(max(now, int(newest.read_text()) + 1), 2**62)
    try:
        newest.write_text(str(now))
        write_pointer(folder, Pointer(folder=str(folder.path), lane=lane, asked_at=now / 1e9, priority=priority))
        unlink(folder.path / "control")
        write_ticket(folder, Ticket(lane=lane, priority=priority, place=now, asked_at=now / 1e9))
        unlink(folder.path / "paused")
    except OSError as error:
        raise _refused(error) from error
    ring()


def assign(folder: RunFolder, lane: Lane) -> None:
    """Say where a run works."""
    pointer = pointer_of(folder)
    if pointer is not None:
        write_pointer(folder, msgspec.structs.replace(pointer, lane=lane))


def ticket_of(folder: RunFolder) -> Ticket | None:
    """The run's place in the line, where it waits."""
    path = folder.path / "ticket.json"
    try:
        return decoded(path.read_bytes(), Ticket)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (IsADirectoryError, msgspec.DecodeError):
        asked = path.stat().st_mtime_ns
        try:
            return Ticket(lane=lane_of(folder.spec()), place=asked, asked_at=asked / 1e9)
        except CoreError:  # neither is readable: its process will say so
            return Ticket(lane=Lane("copies"), place=asked, asked_at=asked / 1e9)


def priority_of(folder: RunFolder) -> int:
    """How much the run matters, as far as the line knows it."""
    pointer = pointer_of(folder)
    return pointer.priority if pointer is not None else USUAL


def pointer_of(folder: RunFolder) -> Pointer | None:
    """What the line holds of the run."""
    try:
        return decoded(pointer_file(folder).read_bytes(), Pointer)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def pointer_file(folder: RunFolder) -> Path:
    """One run folder, one file."""
    return line_folder() / "jobs" / f"{hashlib.sha256(str(folder.path).encode()).hexdigest()[:24]}.json"


def write_pointer(folder: RunFolder, pointer: Pointer) -> None:
    """Point at the run."""
    write_whole(pointer_file(folder), msgspec.json.encode(pointer))


def write_ticket(folder: RunFolder, ticket: Ticket) -> None:
    """From now on the run waits."""
    write_whole(folder.path / "ticket.json", msgspec.json.encode(ticket))


def is_mine(folder: RunFolder) -> bool:
    """Whether this very process carries the run out."""
    process = folder.process()
    return process is not None and process.pid == os.getpid() and folder.is_alive()


def lets_go(folder: RunFolder) -> bool:
    """Whether a run that pauses leaves its place at a device to others."""
    with suppress(OSError):
        return (folder.path / "paused").read_bytes() == b"let go"
    return False


def settled(folder: RunFolder) -> RunFolder:
    """The same folder by the one name under which the line knows it."""
    return RunFolder(folder.path.resolve())


def ring() -> None:
    """Say that something has changed."""
    with suppress(OSError):
        (line_folder() / "bell").write_bytes(os.urandom(8))


def unlink(path: Path) -> None:
    """Take a file away, where there is one and its disk lets us."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def line_folder() -> Path:
    """Where this machine's line is; a home shared by several has one for each."""
    return state_folder() / "line" / as_file_name(processes.host())


@contextmanager
def locked() -> Generator[None]:
    """Alone with the line. Its holders need milliseconds; RunError where that takes unheard-of long."""
    place = line_folder()
    try:
        (place / "jobs").mkdir(parents=True, exist_ok=True)
        waited = time.monotonic()
        while (lock := FileLock.taken(place / "lock")) is None:
            if time.monotonic() - waited > _PATIENCE_S:
                raise LineError(
                    "The line of jobs is held by another program.", hint="Close other Posecast programs, and try again."
                )
            time.sleep(0.005)
    except OSError as error:
        raise _refused(error) from error
    try:
        yield
    finally:
        lock.release()


def _refused(error: OSError) -> LineError:
    where = error.filename or line_folder()
    return LineError(
        f"The line of jobs cannot be written: {where}: {error.strerror or error}",
        hint="Check that the disk has room and the folder may be written; POSECAST_STATE names another.",
    )


def stamp() -> bytes:
    """Other bytes after each change of the line: whoever looks often need not look at everything."""
    with suppress(OSError):
        return (line_folder() / "bell").read_bytes()
    return b""


def log_file() -> Path:
    """Where the keeper writes what it did."""
    return line_folder() / "keeper.log"


def state_folder() -> Path:
    """What this person's machine remembers between programs."""
    chosen = os.environ.get("POSECAST_STATE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_state_dir("posecast", appauthor=False))

"""The line: who waits for which device, over all projects of whoever sits at this machine. Only files, no server.

    <state>/line/<machine>/lock           held while the line is changed; ends with its holder
    <state>/line/<machine>/jobs/*.json    one pointer for each run that waits, works or pauses: its folder and lane
    <state>/line/<machine>/bell           other bytes after each change
    <run folder>/ticket.json              there while the run waits: lane, priority, place

`<state>` is the person's own (platformdirs; POSECAST_STATE names another). Waiting costs no process: one light process,
the keeper (core.line_keeper), starts what comes next, and whoever looks at the line starts a keeper where none lives.
A run takes its own turn: its process removes its ticket after its name stands in `pid`, under the lock and only where
its lane is free. So whoever is killed at whatever moment, no run is started twice, none is forgotten, and no two
work in one lane. What is unreadable is read from the run's spec; a folder that is gone is dropped, one whose whole
place is gone (a disk that was taken out) waits.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core import processes
from core.errors import CoreError, RunError
from core.file_locks import FileLock
from core.lanes import Lane, lane_of
from core.line_files import HIGH as HIGH
from core.line_files import LOW as LOW
from core.line_files import (
    USUAL,
    Seen,
    compete,
    line_folder,
    locked,
    log_file,
    look,
    pointer_file,
    pointer_of,
    priority_of,
    queue,
    ring,
    settled,
    ticket_of,
    turn_of,
    unlink,
    write_pointer,
    write_ticket,
)
from core.line_files import stamp as stamp
from core.run_folder import LIVE, RunFolder, RunState
from core.runs import Spec, Stopped


@dataclass(frozen=True)
class Place:
    """A run that waits, works or pauses. `ahead`: who is at work in its lane, then who waits before it."""

    folder: Path
    lane: Lane
    state: RunState
    priority: int
    asked_at: float
    number: int = 0  # 1 comes next; 0 does not wait
    ahead: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def project(self) -> Path:
        """The project's folder, where the run lies in one."""
        return self.folder.parent.parent if self.folder.parent.name == "runs" else self.folder.parent


# ---- asking ---------------------------------------------------------------------------------------------------------


def ask(folder: RunFolder, spec: Spec, *, priority: int = USUAL) -> None:
    """Have the spec carried out in the folder when its turn comes; a run that ended there goes on.

    RunError where one is under way there, or where the folder or the line cannot be written.
    """
    folder = settled(folder)
    with locked():
        if folder.state() in LIVE:
            raise RunError(f"{folder.path.name} is already under way", hint="Stop it first, or choose another folder.")
        folder.write_spec(spec)
        queue(folder, lane_of(spec), priority)
    ensure_keeper()


def pause(folder: RunFolder) -> None:
    """Have a run pause. A training saves and lets go of everything, its lane included; other work holds still."""
    folder = settled(folder)
    with locked():
        match folder.state():
            case "waiting" if not folder.is_alive():
                folder.hold_still()
                for name in ("pid", "ticket.json"):  # its process of an earlier attempt, if any, is not this one's
                    unlink(folder.path / name)
            case "waiting" | "running":
                folder.say("pause")
        ring()


def go_on(folder: RunFolder) -> None:
    """Have a paused run go on; a training asks for its lane again."""
    folder = settled(folder)
    with locked():
        if folder.is_alive():
            folder.say("go on")
        elif folder.state() == "paused":
            queue(folder, lane_of(folder.spec()), priority_of(folder))
    ensure_keeper()


def stop(folder: RunFolder) -> None:
    """Have a run stop in good order; one that has no process stops here and now."""
    folder = settled(folder)
    with locked():
        if folder.is_alive():
            folder.ask_to_stop()
        elif folder.state() in ("waiting", "paused"):
            _end_here(folder)
        ring()


def take_out(folder: RunFolder) -> None:
    """Let a run wait no longer. It counts as stopped, and can be asked for again; one that has begun goes on."""
    folder = settled(folder)
    with locked():
        if folder.state() == "waiting" and folder.is_alive():
            folder.ask_to_stop()
        elif folder.state() == "waiting":
            _end_here(folder)
        ring()


def _end_here(folder: RunFolder) -> None:
    """A run without a process stops."""
    folder.append(Stopped())  # first: whatever happens now, it has not vanished
    for name in ("ticket.json", "paused", "pid"):
        unlink(folder.path / name)
    unlink(pointer_file(folder))


def earlier(folder: RunFolder) -> None:
    """Let a waiting run change places with the one before it."""
    _move(folder, -1)


def later(folder: RunFolder) -> None:
    """Let a waiting run change places with the one after it."""
    _move(folder, +1)


def set_priority(folder: RunFolder, priority: int) -> None:
    """Say how much a run matters: LOW, USUAL or HIGH. Who works is not disturbed."""
    folder = settled(folder)
    with locked():
        ticket = ticket_of(folder)
        if ticket is not None:
            write_ticket(folder, msgspec.structs.replace(ticket, priority=priority))
        pointer = pointer_of(folder)
        if pointer is not None:
            write_pointer(folder, msgspec.structs.replace(pointer, priority=priority))
        ring()


def _move(folder: RunFolder, by: int) -> None:
    folder = settled(folder)
    with locked():
        queue = sorted((each for each in look() if each.state == "waiting"), key=turn_of)
        us = next((each for each in queue if each.folder == folder), None)
        if us is None:
            return
        queue = [each for each in queue if compete(each.lane, us.lane)]
        index = queue.index(us)
        if not 0 <= index + by < len(queue):
            return
        priority = queue[index + by].priority
        queue.insert(index + by, queue.pop(index))
        places, least = [], 0
        kept = sorted(each.place for each in queue)
        for place in kept:
            least = max(place, least + 1)
            places.append(least)
        changed = []
        for each, place in zip(queue, places, strict=True):
            wanted = priority if each is us else each.priority
            if (each.place, each.priority) != (place, wanted):
                changed.append((each, place, wanted))
        for each, place, wanted in reversed(changed):  # from the end: at every moment some order, and all in it
            ticket = ticket_of(each.folder)
            if ticket is not None:
                write_ticket(each.folder, msgspec.structs.replace(ticket, place=place, priority=wanted))
        ring()


# ---- looking --------------------------------------------------------------------------------------------------------


def view() -> list[Place]:
    """Every run of this machine that works, pauses or waits: lane by lane, in the order of their turns."""
    seen = [each for each in look() if each.state in LIVE]
    shown = [_shown(each, 0, ()) for each in seen if each.state != "waiting"]
    for lane in {each.lane for each in seen if each.state == "waiting"}:
        rivals = {other for other in {each.lane for each in seen} if compete(other, lane)}
        mates = [each for each in seen if each.lane in rivals]
        working = tuple(each.folder.path for each in mates if each.works)
        queue = sorted((each for each in mates if each.state == "waiting"), key=turn_of)
        paths = tuple(each.folder.path for each in queue)
        shown += [
            _shown(each, number + 1, working + paths[:number]) for number, each in enumerate(queue) if each.lane == lane
        ]
    return sorted(shown, key=lambda each: (each.lane.kind, each.lane.where, each.number, each.asked_at))


def _shown(run: Seen, number: int, ahead: tuple[Path, ...]) -> Place:
    return Place(run.folder.path, run.lane, run.state, run.priority, run.asked_at, number, ahead)


def waiting() -> list[Place]:
    """Who waits, lane by lane, in order."""
    return [each for each in view() if each.state == "waiting"]


# ---- keeping the keeper alive ---------------------------------------------------------------------------------------


def ensure_keeper() -> None:
    """Start a keeper where somebody waits or works and none lives."""
    with locked():
        wake()


def tend() -> None:
    """`ensure_keeper` for those who come by several times a second: at most once a second, and never in the way."""
    now = time.monotonic()
    if now - _tended.get("at", -1.0) < 1.0:
        return
    _tended["at"] = now
    with suppress(CoreError, OSError):
        if not any((line_folder() / "jobs").glob("*.json")):
            return
        lock = FileLock.taken(line_folder() / "lock")
        if lock is not None:
            try:
                wake()
            finally:
                lock.release()


_tended: dict[str, float] = {}


def wake() -> None:
    """Start a keeper where somebody waits or works and none lives."""
    keeper = FileLock.taken(line_folder() / "keeper.lock")
    if keeper is None:
        return
    keeper.release()
    if any(each.state in LIVE and each.state != "paused" for each in look()):
        processes.start_detached(("-m", "core.line_keeper"), log_file())

"""Turns: what the line's keeper finds when it looks, and what a run's own process says to the line (core.line)."""

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core import lanes
from core.errors import RunError
from core.file_locks import FileLock
from core.lanes import Lane, lane_of
from core.line_files import (
    Pointer,
    assign,
    compete,
    is_mine,
    line_folder,
    locked,
    look,
    pointer_file,
    priority_of,
    queue,
    ring,
    settled,
    turn_of,
    unlink,
    write_pointer,
)
from core.run_folder import LIVE, RunFolder
from core.runs import Failed, Spec

NOT_NOW = 75  # how a run's process ends whose turn it was not


def exists() -> bool:
    """Whether there is a line at all; a keeper ends with it."""
    return (line_folder() / "jobs").is_dir()


def right_to_keep() -> FileLock | None:
    """The right to be the keeper; None where somebody is."""
    with locked():
        return FileLock.taken(line_folder() / "keeper.lock")


@dataclass
class Turn:
    """What a keeper finds when it looks: who comes next in each free lane, and who works."""

    next: list[tuple[RunFolder, Lane]]
    working: list[RunFolder]
    waiting: int  # of those whose place is there
    vanished: list[Path]  # whose folder somebody has taken away: they are dropped


@contextmanager
def looked(starting: Mapping[Path, Lane]) -> Generator[Turn]:
    """The line while nobody else can change it. `starting`: who was started, where, and has not taken its turn yet.

    What has ended is dropped on the way.
    """
    with locked():
        seen = look()
        ended = [each.folder for each in seen if each.state not in LIVE and not each.is_away]
        for folder in ended:
            unlink(folder.path / "paused")  # of one that was killed while it held still
            unlink(pointer_file(folder))
        busy = {*starting.values(), *(each.lane for each in seen if each.works)}
        waiting = sorted((e for e in seen if e.state == "waiting" and e.folder.path not in starting), key=turn_of)
        comes = []
        for each in waiting:
            free = [lane for lane in lanes.places(each.lane) if lane not in busy]
            if free:
                busy.add(free[0])
                if not each.folder.is_alive():  # one that lives takes its turn by itself
                    comes.append((each.folder, free[0]))
        alive = [each.folder for each in seen if each.state in LIVE and each.state != "waiting"]
        yield Turn(comes, alive, len(waiting), [each.path for each in ended if not each.path.is_dir()])


def give_up(folder: RunFolder, failed: Failed) -> None:
    """A run that cannot begin waits no longer."""
    with locked():
        folder.append(failed)
        for name in ("ticket.json", "paused", "pid"):
            unlink(folder.path / name)
        unlink(pointer_file(folder))
        ring()


# ---- the run itself: each is said by the process that carries it out ------------------------------------------------


def take_turn(folder: RunFolder, where: str = "") -> bool:
    """Take the run on: its ticket is used, and this process carries it out. False where that is not to be.

    `where` is the place that the keeper gave it; a process that waits by itself takes the first that is free.
    """
    folder = settled(folder)
    with locked():
        seen = look()
        us = next((each for each in seen if each.folder == folder and each.state == "waiting"), None)
        if us is None or (folder.is_alive() and not is_mine(folder)):
            return False
        others = [each for each in seen if each is not us]
        rivals = [each for each in others if each.state == "waiting" and compete(each.lane, us.lane)]
        if is_mine(folder) and any(each.turn < us.turn for each in rivals):
            return False
        busy = {each.lane for each in others if each.works}
        places = (Lane(us.lane.kind, where),) if where else lanes.places(us.lane)
        free = [each for each in places if each not in busy]
        if not free:
            return False
        assign(folder, free[0])
        folder.claim()
        for name in ("paused", "ticket.json"):
            unlink(folder.path / name)
        ring()
        return True


def step_in(folder: RunFolder, spec: Spec) -> tuple[Path, ...]:
    """Take the run on without a turn, as a command in a terminal does; who else is at work in its lane.

    RunError where another process works on it.
    """
    folder = settled(folder)
    with locked():
        if folder.is_alive() and not is_mine(folder):
            raise RunError(f"{folder.path} holds a run that is still going.", hint="Stop it, or choose another folder.")
        lane = lane_of(spec)
        lane = lanes.places(lane)[0]
        others = [each for each in look() if each.folder != folder and each.works and each.lane == lane]
        write_pointer(folder, Pointer(folder=str(folder.path), lane=lane, asked_at=time.time()))
        folder.claim()
        unlink(folder.path / "ticket.json")
        ring()
        return tuple(each.folder.path for each in others)


def line_up(folder: RunFolder) -> None:
    """Wait for a turn without ending: the process asks `take_turn` again and again."""
    folder = settled(folder)
    with locked():
        queue(folder, lane_of(folder.spec()), priority_of(folder))


def lie_down(folder: RunFolder) -> bool:
    """Pause without a process: from now on the run needs none. False where it was told otherwise meanwhile."""
    folder = settled(folder)
    with locked():
        if folder.told() != "pause":
            return False
        folder.hold_still()
        folder.release()
        ring()
        return True


def let_go(folder: RunFolder) -> None:
    """Pause in a process that lives on: the lane is free for others."""
    folder = settled(folder)
    with locked():
        folder.hold_still(lets_go=True)
        unlink(folder.path / "ticket.json")  # it may have waited meanwhile: a place in the line is let go of too
        ring()


def leave(folder: RunFolder) -> None:
    """The run has ended in this process, and said how."""
    folder = settled(folder)
    with locked():
        if is_mine(folder):  # otherwise it lay down, and may wait or work again
            for name in ("ticket.json", "paused"):
                unlink(folder.path / name)
            folder.release()
            unlink(pointer_file(folder))
        ring()

"""The keeper of the line: starts what comes next, and sees how what works ends. `python -m core.line_keeper`

One lives at a time, as long as anybody waits or works; nothing depends on it. It looks when the line's bell has
changed, when a run's process has ended, and every few seconds besides. What it holds in memory the files say as well,
but for how often a run failed to begin, and what memory each had a moment ago. No torch here.
"""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core import lanes, line_turns, processes
from core.errors import CoreError
from core.file_locks import FileLock
from core.lanes import Lane
from core.line_files import LineError, locked, log_file, stamp
from core.processes import Process
from core.run_folder import Killed, RunFolder, write_whole
from core.runs import Failed

LOOK_EVERY_S, LOOK_AT_ALL_EVERY_S, MEASURE_EVERY_S = 0.15, 3.0, 1.0
MOST_STARTS, AGAIN_AFTER_S = 3, 1.0
_MOST_LOG_BYTES = 256 * 1024


@dataclass
class _Working:
    """A run at work: its process, our child where we started it, and what was last seen of its memory."""

    folder: RunFolder
    process: Process
    child: "subprocess.Popen[bytes] | None" = None
    used_bytes: int = 0
    free_bytes: int = 0
    killed_for_memory: int = 0


class Keeper:
    """One keeper's life."""

    def __init__(self) -> None:
        self._children: dict[Path, subprocess.Popen[bytes]] = {}
        self._starting: dict[Path, Lane] = {}  # our children that have not taken their turn yet
        self._given: dict[Path, Lane] = {}  # to those that took their turn here
        self._failed_starts: dict[Path, int] = {}
        self._not_started: list[tuple[RunFolder, str]] = []  # and why, until we no longer hold the line
        self._tried_at: dict[Path, float] = {}  # of those that did not begin
        self._working: dict[Path, _Working] = {}
        self._rung = b""
        self._looked_at = self._measured_at = float("-inf")

    def keep(self, right: FileLock) -> None:
        """Until nobody waits or works."""
        while line_turns.exists():
            try:
                if not self._goes_on(right):
                    break
            except LineError as error:  # somebody held the line for long, or its disk was full: it may pass
                say(str(error))
                time.sleep(LOOK_AT_ALL_EVERY_S)
            time.sleep(LOOK_EVERY_S)
        right.release()

    def _goes_on(self, right: FileLock) -> bool:
        now = time.monotonic()
        if now - self._measured_at >= MEASURE_EVERY_S:
            self._measured_at = now
            for each in self._working.values():
                _measure(each)
        ended = self._see_who_ended() | self._see_who_began()
        again = any(now - each >= AGAIN_AFTER_S for each in self._tried_at.values())
        if not (ended or again) and stamp() == self._rung and now - self._looked_at < LOOK_AT_ALL_EVERY_S:
            return True
        self._looked_at = now
        with line_turns.looked({**self._starting, **self._left_behind()}) as turn:
            self._rung = stamp()
            for path in turn.vanished:
                say(f"{path} is gone, and waits no longer")
            for folder in turn.working:
                self._follow(folder)
            for folder, lane in turn.next:
                if now - self._tried_at.get(folder.path, float("-inf")) >= AGAIN_AFTER_S:
                    self._start(folder, lane)
            self._tried_at = {path: at for path, at in self._tried_at.items() if now - at < AGAIN_AFTER_S}
            if turn.waiting or self._working or self._starting:
                return True
            right.release()  # while nobody can ask: who asks next finds that nobody keeps the line
            return False

    def _start(self, folder: RunFolder, lane: Lane) -> None:
        words = ("--where", lane.where) if lane.kind == "training" else ("--in-turn",)
        try:
            child = folder.spawn(*words, environment=lanes.environment(lane))
        except (OSError, ValueError) as error:  # the second of a place that no system can name
            self._tried_at[folder.path] = time.monotonic()
            self._not_started.append((folder, str(getattr(error, "strerror", None) or error)))  # we hold the line here
            return
        self._children[folder.path] = child
        self._starting[folder.path] = lane
        say(f"started {folder.path} ({lane.kind} {lane.where}), process {child.pid}")

    def _see_who_began(self) -> bool:
        """Which of our children took their turn, or ended without."""
        news = False
        while self._not_started:
            folder, why = self._not_started.pop()
            self._failed(folder, f"its process could not be started: {why}")
        for path in list(self._starting):
            folder, child = RunFolder(path), self._children[path]
            began = not (path / "ticket.json").exists()
            if began:
                self._failed_starts.pop(path, None)
                self._given[path] = self._starting[path]
                self._follow(folder)
            elif child.poll() is not None:
                self._tried_at[path] = time.monotonic()
                if child.returncode != line_turns.NOT_NOW:
                    self._failed(folder, "its process ended before it began")
                del self._children[path]
            else:
                continue
            del self._starting[path]
            news = True
        return news

    def _left_behind(self) -> dict[Path, Lane]:
        """The lanes of runs that still work while their folders were taken away: nobody else begins there yet."""
        gone = [path for path in self._working if not path.is_dir()]
        return {path: self._given[path] for path in gone if path in self._given}

    def _failed(self, folder: RunFolder, why: str) -> None:
        """A run that cannot begin is tried again, and then fails in words instead of for ever."""
        count = self._failed_starts[folder.path] = self._failed_starts.get(folder.path, 0) + 1
        say(f"{folder.path} did not begin: {why}")
        if count >= MOST_STARTS:
            del self._failed_starts[folder.path]
            with suppress(CoreError, OSError):
                line_turns.give_up(
                    folder, Failed(f"The run could not begin: {why}.", "Its log says more.", folder.log_tail())
                )

    def _follow(self, folder: RunFolder) -> None:
        """From now on it is seen how the run ends, also where it has already."""
        process = folder.process()
        if folder.path in self._working or process is None or not processes.is_here(process):
            return
        child = self._children.get(folder.path)
        working = _Working(folder, process, child if child is not None and child.pid == process.pid else None)
        working.killed_for_memory = killed_for_memory()
        _measure(working)
        self._working[folder.path] = working
        say(f"{folder.path}: at work, process {process.pid}")

    def _see_who_ended(self) -> bool:
        gone = [each for each in self._working.values() if not processes.lives(each.process)]
        for each in gone:
            del self._working[each.folder.path]
            self._given.pop(each.folder.path, None)
            self._children.pop(each.folder.path, None)
            processes.sweep(each.process)
            with suppress(OSError):
                self._put_down(each)
        for path, child in list(self._children.items()):  # those whose turn was taken away before they took it
            if path not in self._starting and path not in self._working and child.poll() is not None:
                del self._children[path]
        return bool(gone)

    def _put_down(self, was: _Working) -> None:
        """How the run ended, where it did not say so itself."""
        with locked():  # nobody asks for it again meanwhile
            self._told_how(was)

    def _told_how(self, was: _Working) -> None:
        folder = was.folder
        if folder.process() not in (None, was.process):
            return
        for half in ("*.new", ".*.part*", ".*.stamped*"):
            for each in folder.path.glob(half):
                each.unlink(missing_ok=True)
        if folder.state() != "killed":
            say(f"{folder.path}: {folder.state()}")
            return
        code = was.child.poll() if was.child is not None else None
        number = -code if code is not None and code < 0 else None
        for_memory = killed_for_memory() > was.killed_for_memory and number in (None, signal.SIGKILL)
        killed = Killed(
            at=time.time(),
            signal=number,
            memory_was_full=for_memory,
            used_bytes=was.used_bytes,
            free_bytes=was.free_bytes,
            stop_was_asked=folder.was_asked_to_stop(),
        )
        write_whole(folder.path / "killed.json", msgspec.json.encode(killed))
        say(f"{folder.path}: killed, signal {number}, memory full {for_memory}")


def killed_for_memory() -> int:
    """How many processes the system has ended for want of memory: in our own group where there is one, else in all."""
    for path, name in (*_own_counts(), (Path("/proc/vmstat"), "oom_kill")):
        with suppress(OSError, ValueError):
            for row in path.read_text().splitlines():
                word, _, value = row.partition(" ")
                if word == name:
                    return int(value)
    return 0


def _own_counts() -> list[tuple[Path, str]]:
    try:
        rows = [row.split(":", 2) for row in Path("/proc/self/cgroup").read_text().splitlines()]
    except OSError:
        return []
    second = [Path("/sys/fs/cgroup") / row[2].lstrip("/") for row in rows if len(row) == 3 and row[1] == ""]
    first = [Path("/sys/fs/cgroup/memory") / row[2].lstrip("/") for row in rows if len(row) == 3 and row[1] == "memory"]
    within = [Path("/sys/fs/cgroup/memory")] if first else []  # a container sees its own group as the root
    return [
        *((each / "memory.events", "oom_kill") for each in second),
        *((each / "memory.oom_control", "oom_kill") for each in (*first, *within)),
    ]


def _measure(run: _Working) -> None:
    """What the run and what it started hold, and what the machine has left."""
    try:
        import psutil

        with suppress(psutil.Error):
            process = psutil.Process(run.process.pid)
            used = process.memory_info().rss
            for child in process.children(recursive=True):
                with suppress(psutil.Error):
                    used += child.memory_info().rss
            run.used_bytes = used or run.used_bytes  # one that has ended and not been taken leave of has none
        run.free_bytes = psutil.virtual_memory().available
    except ImportError:
        return


def say(text: str) -> None:
    """A line of the keeper's log, which never grows large."""
    path = log_file()
    with suppress(OSError):
        if path.exists() and path.stat().st_size > _MOST_LOG_BYTES:
            path.write_bytes(path.read_bytes()[-_MOST_LOG_BYTES // 4 :])
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}\n")


def main() -> int:
    """Be the keeper, where nobody is."""
    right = line_turns.right_to_keep()
    if right is None:
        return 0
    Keeper().keep(right)
    return 0


if __name__ == "__main__":
    sys.exit(main())

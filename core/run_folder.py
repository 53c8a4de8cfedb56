"""A run's own folder: what was asked, what it said, whether it lives, and what it is told.

    spec.json      what to do (core.runs.Spec)
    events.jsonl   what it reported, one stamped event a line
    stdout.log     whatever libraries print, and the traceback of a bug
    pid            the process and when it started, so that a number used again is not taken for ours
    control        the last word said to it: "stop", "pause" or "go on"
    paused         there while the process holds still, having let go of what it can
    ticket.json    there while it waits for its turn (core.line)

Only files: the run outlives whoever started it, and a window that opens later reads the same as one that was
there. A line of events is complete when it ends in a newline; readers leave a half-written one for later.
"""

import atexit
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from core.errors import FormatError, RunError
from core.runs import Done, Event, Failed, Spec, Stopped

# What `start_new_session` does elsewhere.
_DETACHED = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS if sys.platform == "win32" else 0

RunState = Literal[
    "new", "waiting", "running", "pausing", "paused", "stopping", "done", "stopped", "failed", "killed"
]  # fmt: skip
LIVE: tuple[RunState, ...] = ("waiting", "running", "pausing", "paused", "stopping")
"""What is under way: it was asked for, and neither ended nor was ended."""
Word = Literal["stop", "pause", "go on"]


class Stamped(msgspec.Struct, frozen=True):
    """An event and when it was said, seconds since 1970."""

    at: float
    event: Event


class _Process(msgspec.Struct, frozen=True):
    pid: int
    started: str


@dataclass(frozen=True)
class RunFolder:
    """The files of one run. Making this object touches nothing."""

    path: Path

    # ---- the side that asks ----

    def write_spec(self, spec: Spec) -> None:
        """Make the folder and put down what is to be done; an earlier ending is history then.

        RunError where nothing can be written there.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for name in ("control", "paused"):
                (self.path / name).unlink(missing_ok=True)
            _replace(self.path / "spec.json", msgspec.json.format(msgspec.json.encode(spec), indent=2))
        except OSError as error:
            raise RunError(
                f"{self.path} cannot be a run's folder: {error.strerror or error}", hint="Choose another folder."
            ) from error

    def start(self) -> int:
        """Carry the written spec out in a process of its own that outlives this one; its process id."""
        if self.is_alive():
            raise RunError(f"{self.path.name} is already running", hint="Stop it first, or choose another folder.")
        with (self.path / "stdout.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.runner", str(self.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                creationflags=_DETACHED,
            )
        _started_here.append(process)
        # The child writes its own pid file; ours closes the gap until it has imported what it needs.
        self._write_pid(process.pid)
        return process.pid

    def ask_to_stop(self) -> None:
        """Ask the run to stop in good order: it writes its last checkpoint first."""
        self.say("stop")

    def say(self, word: Word) -> None:
        """Tell the run something; what it was told before and has not heeded yet no longer holds."""
        _replace(self.path / "control", word.encode())

    def end(self, *, force: bool = False) -> None:
        """Terminate a run that does not listen, or kill it. Only ever the process that is ours."""
        process = self._process()
        if process is not None and _started(process.pid) == process.started:
            # Windows knows one way to end a process, which is as hard as killing.
            os.kill(process.pid, signal.SIGKILL if force and sys.platform != "win32" else signal.SIGTERM)

    # ---- the side that works ----

    def claim(self) -> None:
        """Say that the run lives in this process."""
        self._write_pid(os.getpid())

    def release(self) -> None:
        """Say that the run no longer lives in this process, which may go on with something else."""
        (self.path / "pid").unlink(missing_ok=True)

    def append(self, event: Event) -> None:
        """Report an event, whole or not at all."""
        line = msgspec.json.encode(Stamped(time.time(), event)) + b"\n"
        with (self.path / "events.jsonl").open("ab") as file:
            file.write(line)

    def was_asked_to_stop(self) -> bool:
        """Whether somebody asked for a stop since the spec was written."""
        return self.told() == "stop"

    def told(self) -> str:
        """The last word said to the run; empty where there is none."""
        try:
            return (self.path / "control").read_text()
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def hold_still(self) -> None:
        """Say that the run pauses."""
        (self.path / "paused").touch()

    def go_on(self) -> None:
        """Say that the run works again."""
        (self.path / "paused").unlink(missing_ok=True)

    # ---- both ----

    def spec(self) -> Spec:
        """What was asked for; FormatError names the field that is wrong."""
        path = self.path / "spec.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Spec)
        except FileNotFoundError:
            raise RunError(f"{self.path} holds no run", hint="A run folder has a spec.json in it.") from None
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise FormatError(path, str(error), hint="Mend that field, or start the run anew.") from None

    def events(self, offset: int = 0, *, most_bytes: int = -1) -> tuple[list[Stamped], int]:
        """Events from byte `offset` on, and the offset to go on from. A torn line is left for later.

        With `most_bytes` only about so much is read; the same offset again means that nothing whole is left.
        """
        try:
            with (self.path / "events.jsonl").open("rb") as file:
                file.seek(offset)
                data = file.read(most_bytes)
                if most_bytes > 0 and len(data) == most_bytes:
                    data += file.readline()
        except FileNotFoundError:
            return [], offset
        whole = data[: data.rfind(b"\n") + 1]
        stamped = []
        for line in whole.splitlines():
            try:
                stamped.append(msgspec.json.decode(line, type=Stamped))
            except (msgspec.DecodeError, msgspec.ValidationError):
                continue  # a later version's event, or a line a full disk tore
        return stamped, offset + len(whole)

    def events_size(self) -> int:
        """How many bytes of events there are by now."""
        try:
            return (self.path / "events.jsonl").stat().st_size
        except FileNotFoundError:
            return 0

    def ending(self) -> Done | Stopped | Failed | None:
        """How the newest attempt ended; None while it has not said so."""
        stamped, _ = self.events()
        if not stamped:
            return None
        last = stamped[-1].event
        return last if isinstance(last, Done | Stopped | Failed) else None

    def state(self) -> RunState:
        """Where the run stands, from its files and its process alone."""
        if not (self.path / "spec.json").exists():
            return "new"
        if self.is_alive():
            return self.doing()
        if (self.path / "ticket.json").exists():
            return "waiting"
        match self.ending():
            case Done():
                return "done"
            case Stopped():
                return "stopped"
            case Failed():
                return "failed"
            case None:
                return "killed" if self.was_started() else "new"

    def doing(self) -> RunState:
        """What a run whose process lives is about."""
        match self.told():
            case "stop":
                return "stopping"
            case "pause":
                return "paused" if (self.path / "paused").exists() else "pausing"
            case _:
                return "running"

    def is_alive(self) -> bool:
        """Whether the process that carries the run out lives."""
        process = self._process()
        return process is not None and bool(process.started) and _started(process.pid) == process.started

    def was_started(self) -> bool:
        """Whether a process ever took the run on."""
        return self._process() is not None

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of what the run printed."""
        try:
            text = (self.path / "stdout.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def _write_pid(self, pid: int) -> None:
        _replace(self.path / "pid", msgspec.json.encode(_Process(pid, _started(pid))))

    def _process(self) -> _Process | None:
        try:
            return msgspec.json.decode((self.path / "pid").read_bytes(), type=_Process)
        except (FileNotFoundError, msgspec.DecodeError):
            return None


_started_here: list[subprocess.Popen[bytes]] = []
"""Our children, kept so that one that ended is taken leave of instead of staying a zombie."""


@atexit.register
def _let_go() -> None:
    """Runs outlive whoever started them: that is meant, and no reason for a warning at our end."""
    for process in _started_here:
        process.returncode = process.returncode or 0


def _replace(path: Path, content: bytes) -> None:
    """Write all of it or none of it."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _started(pid: int) -> str:
    """When the process started, as its system says; empty where there is none (or it is a zombie)."""
    _started_here[:] = [each for each in _started_here if each.poll() is None]
    if sys.platform == "win32":
        return _started_on_windows(pid)
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] == "Z" else fields[19]
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _MAY_ASK, _STILL_RUNS = 0x1000, 259

    def _started_on_windows(pid: int) -> str:
        """The process's time of creation, in 100 ns since 1601; empty where none of that number runs."""
        kernel = ctypes.WinDLL("kernel32")
        kernel.OpenProcess.restype = wintypes.HANDLE
        process = wintypes.HANDLE(kernel.OpenProcess(_MAY_ASK, False, pid))
        if not process:
            return ""
        code, created, rest = wintypes.DWORD(), wintypes.FILETIME(), wintypes.FILETIME()
        known = kernel.GetExitCodeProcess(process, ctypes.byref(code)) and kernel.GetProcessTimes(
            process, ctypes.byref(created), *(ctypes.byref(rest) for _ in range(3))
        )
        kernel.CloseHandle(process)
        runs = known and code.value == _STILL_RUNS
        return str(created.dwHighDateTime << 32 | created.dwLowDateTime) if runs else ""

"""Processes as runs need them: whether one is still the one we mean, starting one that outlives us, ending all of it.

A process is told by its number, when its system says it was started, and the machine it lives on: a number used again,
also after a restart of the machine, is not taken for ours. psutil answers where there is no /proc.
"""

import atexit
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec

# What `start_new_session` does elsewhere.
_DETACHED = (
    subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    if sys.platform == "win32"
    else 0
)
NICE = 10
_MARK = "POSECAST_DETACHED"
"""In the environment of what was started detached, and so of all that it starts."""
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "OPENCV_FOR_THREADS_NUM", "VTK_SMP_MAX_THREADS",
)  # fmt: skip
"""What the libraries that share work among threads ask for their number, once, when they are loaded."""


class Process(msgspec.Struct, frozen=True):
    """A process: its number, when it was started in its system's words, and its machine ("": whoever asks)."""

    pid: int
    started: str
    host: str = ""
    since: float = 0.0  # when it took its run on, seconds since 1970


def host() -> str:
    """This machine's name."""
    return platform.node() or "localhost"


def is_here(process: Process) -> bool:
    """Whether the process is one of this machine."""
    return process.host in ("", host())


def lives(process: Process) -> bool:
    """Whether that very process of this machine lives."""
    return bool(process.started) and started(process.pid) == process.started


def started(pid: int) -> str:
    """When the process was started, as its system says; empty where there is none (or it is a zombie)."""
    _started_here[:] = [each for each in _started_here if each.poll() is None]
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else f"{fields[19]}{_boot()}"
    import psutil

    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return ""


@cache
def _boot() -> str:
    """Which start of the machine this is: numbers and times since the start repeat at the next."""
    with suppress(OSError):
        return "@" + Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    return ""


def threads_to_use() -> int:
    """One fewer than there are cores, so that whoever sits at the machine has one."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, cores - 1)


def start_detached(
    words: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start Python with these arguments, in a session of its own that outlives us; what it prints goes to `log`."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, **(environment or {}), _MARK: "1"},
            cwd=_home(),
            start_new_session=True,
            creationflags=_DETACHED,
        )
    _started_here.append(process)
    return process


def _home() -> Path | None:
    """Where a detached process stands: where Posecast is found, not on a disk that somebody may want to take out."""
    root = Path(__file__).resolve().parent.parent
    return Path(sys.prefix) if root.name in ("site-packages", "dist-packages") else root


def few_threads() -> dict[str, str]:
    """The environment in which libraries leave a core free; what somebody has set stays."""
    return {name: os.environ.get(name) or str(threads_to_use()) for name in _THREADS}


def step_back() -> None:
    """What nobody waits for leaves the machine to those who work at it.

    Tests, which wait for jobs on a machine that other tests keep busy, set POSECAST_NICE to 0.
    """
    with suppress(OSError, AttributeError, ValueError):  # on Windows it was started so
        wanted = int(os.environ.get("POSECAST_NICE") or NICE)
        os.nice(max(0, wanted - os.nice(0)))


def end(process: Process, *, force: bool = False) -> None:
    """Ask the process to end, or kill it with all that it started. Nothing else is ever touched.

    Only the process itself is asked: putting its children away is part of its good order.
    """
    if not is_here(process):
        return
    if not force or sys.platform == "win32":  # Windows knows one way to end a process, which is as hard as killing
        if lives(process):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
        return
    if not lives(process):
        sweep(process)  # what it left behind
        return
    for pid in (process.pid, *_children(process.pid), *_session(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def sweep(process: Process) -> None:
    """Kill what is left of the session that the process began and did not end with it.

    A number that leads a session is given to nobody else while the session has members. A command in a terminal leads
    none, so nothing that a person has put beside it is touched. What we did not start detached is left alone whatever
    is said of it: the name of a process comes from a file, which may be of another machine or of another year.
    """
    if sys.platform == "win32" or not is_here(process) or not process.started or started(process.pid):
        return
    for pid in filter(_is_ours, _session(process.pid)):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _session(leader: int) -> list[int]:
    """Who lives in the session that was begun by the process of that number, itself left out."""
    found = []
    for pid in _pids():
        with suppress(OSError):
            if pid != leader and os.getsid(pid) == leader:
                found.append(pid)
    return found


def _is_ours(pid: int) -> bool:
    if sys.platform == "linux":
        with suppress(OSError):
            return any(
                each.startswith(f"{_MARK}=".encode()) for each in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            )
        return False
    import psutil

    try:
        return _MARK in psutil.Process(pid).environ()
    except psutil.Error:
        return False


def _pids() -> list[int]:
    if sys.platform == "linux":
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (half the time)
    import psutil

    return psutil.pids()


def _children(pid: int) -> list[int]:
    try:
        import psutil
    except ImportError:
        return []
    try:
        return [each.pid for each in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


_started_here: "list[subprocess.Popen[bytes]]" = []
"""Our children, kept so that one that ended is taken leave of instead of staying a zombie."""


@atexit.register
def _let_go() -> None:
    """Runs outlive whoever started them: that is meant, and no reason for a warning at our end."""
    for process in _started_here:
        process.returncode = process.returncode or 0

"""A run's own folder: what was asked, what it said, whether it lives, and what it is told.

    spec.json      what to do (core.runs.Spec)
    events.jsonl   what it reported, one stamped event a line
    stdout.log     whatever libraries print, and the traceback of a bug
    pid            the process, its machine and when it started, so that a number used again is not taken for ours; it
                   is touched every few seconds, by which other machines see that the run lives
    control        the last word said to it: "stop", "pause" or "go on"
    paused         there while it holds still, having let go of what it can; a training then has no process
    ticket.json    there while it waits for its turn (core.line); it goes only after `pid` has come
    killed.json    how its process ended, where the system ended it (core.line_keeper)

Only files: the run outlives whoever started it, and a window that opens later reads the same as one that was
there. A line of events is complete when it ends in a newline; readers leave a half-written one for later.
"""

import errno
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar, cast

import msgspec

from core import processes
from core.errors import FormatError, RunError
from core.processes import Process
from core.runs import Done, Event, Failed, Spec, Stopped

RunState = Literal[
    "new", "waiting", "running", "pausing", "paused", "stopping", "done", "stopped", "failed", "killed"
]  # fmt: skip
LIVE: tuple[RunState, ...] = ("waiting", "running", "pausing", "paused", "stopping")
"""What is under way: it was asked for, and neither ended nor was ended."""
Word = Literal["stop", "pause", "go on"]
Moment = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
"""Seconds since 1970, of a year that calendars have."""
_NOT_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_T = TypeVar("_T")


class Stamped(msgspec.Struct, frozen=True):
    """An event and when it was said."""

    at: Moment
    event: Event


class Killed(msgspec.Struct, frozen=True, kw_only=True):
    """How a run's process ended that ended without a word. Bytes are those last seen, a second before or less."""

    at: Moment
    signal: int | None = None  # where it is known
    memory_was_full: bool = False  # only where the system says that it ended processes for that
    used_bytes: int = 0  # by the run and what it started
    free_bytes: int = 0  # on the machine
    stop_was_asked: bool = False


BEAT_S, BEAT_GONE_S = 5.0, 60.0
"""How often a run shows that it lives, and after how long without it another machine takes it for dead."""


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
            for name in ("control", "paused", "killed.json"):
                (self.path / name).unlink(missing_ok=True)
            for each in self.path.glob(".*.new"):  # of a writer that was killed
                each.unlink(missing_ok=True)
            write_whole(self.path / "spec.json", msgspec.json.format(msgspec.json.encode(spec), indent=2))
        except OSError as error:
            raise RunError(
                f"{self.path} cannot be a run's folder: {error.strerror or error}", hint="Choose another folder."
            ) from error

    def start(self) -> int:
        """Carry the written spec out in a process of its own that outlives this one; its process id."""
        if self.is_alive():
            raise RunError(f"{self.path.name} is already running", hint="Stop it first, or choose another folder.")
        process = self.spawn()
        # The child writes its own pid file; ours closes the gap until it has imported what it needs.
        pid = Process(process.pid, processes.started(process.pid), processes.host(), time.time())
        if pid.started:
            write_whole(self.path / "pid", msgspec.json.encode(pid))
        return process.pid

    def spawn(self, *words: str, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
        """The process that carries the run out, detached; core.runner knows the further `words`."""
        return processes.start_detached(
            ("-m", "core.runner", str(self.path.absolute()), *words),
            self.path / "stdout.log",
            {**processes.few_threads(), **(environment or {})},
        )

    def ask_to_stop(self) -> None:
        """Ask the run to stop in good order: it writes its last checkpoint first."""
        self.say("stop")

    def say(self, word: Word) -> None:
        """Tell the run something; what it was told before and has not heeded yet no longer holds."""
        write_whole(self.path / "control", word.encode())

    def end(self, *, force: bool = False) -> None:
        """Terminate a run that does not listen, or kill it and all that it started. Only ever what is ours."""
        if process := self.process():
            processes.end(process, force=force)

    # ---- the side that works ----

    def claim(self) -> None:
        """Say that the run lives in this process."""
        pid = os.getpid()
        us = Process(pid, processes.started(pid), processes.host(), time.time())
        write_whole(self.path / "pid", msgspec.json.encode(us))

    def beat(self) -> None:
        """Show other machines that the run lives."""
        with suppress(OSError):
            os.utime(self.path / "pid")

    def release(self) -> None:
        """Say that the run no longer lives in this process, which may go on with something else."""
        (self.path / "pid").unlink(missing_ok=True)

    def append(self, event: Event) -> None:
        """Report an event, whole or not at all."""
        line = msgspec.json.encode(Stamped(time.time(), event)) + b"\n"
        with (self.path / "events.jsonl").open("a+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            if size and file.read(1) != b"\n":  # torn by a writer that was killed
                line = b"\n" + line
            try:
                if file.write(line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path / "events.jsonl"))
            except OSError:
                with suppress(OSError):  # a full disk takes a part
                    os.ftruncate(file.fileno(), size)
                raise

    def was_asked_to_stop(self) -> bool:
        """Whether somebody asked for a stop since the spec was written."""
        return self.told() == "stop"

    def told(self) -> str:
        """The last word said to the run; empty where there is none."""
        try:
            return (self.path / "control").read_text(errors="replace")
        except _NOT_THERE:
            return ""

    def hold_still(self, *, lets_go: bool = False) -> None:
        """Say that the run pauses; whether, in a process that lives on, it let go of its place at a device."""
        (self.path / "paused").write_text("let go" if lets_go else "")

    def go_on(self) -> None:
        """Say that the run works again."""
        (self.path / "paused").unlink(missing_ok=True)

    # ---- both ----

    def spec(self) -> Spec:
        """What was asked for; FormatError names the field that is wrong. A run that was copied here is one of here."""
        path = self.path / "spec.json"
        try:
            return _at_home(self.path, decoded(path.read_bytes(), cast("type[Spec]", Spec)))
        except _NOT_THERE:
            raise RunError(f"{self.path} holds no run", hint="A run folder has a spec.json in it.") from None
        except msgspec.DecodeError as error:
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
        except _NOT_THERE:
            return [], offset
        whole = data[: data.rfind(b"\n") + 1]
        stamped = []
        for line in whole.splitlines():
            try:
                stamped.append(decoded(line, Stamped))
            except msgspec.DecodeError:
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
        last = _last(self)
        return last.event if last is not None and isinstance(last.event, Done | Stopped | Failed) else None

    def state(self) -> RunState:
        """Where the run stands, from its files and its process alone."""
        if not (self.path / "spec.json").exists():
            return "new"
        if (self.path / "ticket.json").exists():  # before the process: the ticket goes once there is one
            return "waiting"
        process = self.process()
        if process is not None and _lives(self, process):
            return self.doing()
        if process is None and (self.path / "paused").exists():
            return "paused"
        last = _last(self)
        if process is not None and last is not None and last.at < process.since:
            return "killed"  # what it said last is of an earlier attempt
        match last.event if last is not None else None:
            case Done():
                return "done"
            case Stopped():
                return "stopped"
            case Failed():
                return "failed"
            case _:
                return "killed" if process is not None else "new"

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
        process = self.process()
        return process is not None and _lives(self, process)

    def process(self) -> Process | None:
        """Who carries the run out, or did until it was killed."""
        try:
            return decoded((self.path / "pid").read_bytes(), Process)
        except (*_NOT_THERE, msgspec.DecodeError):
            return None

    def killed(self) -> Killed | None:
        """How the system ended it, where somebody saw."""
        try:
            return decoded((self.path / "killed.json").read_bytes(), Killed)
        except (OSError, msgspec.DecodeError):
            return None

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of what the run printed."""
        try:
            text = (self.path / "stdout.log").read_text(errors="replace")
        except _NOT_THERE:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def decoded(raw: bytes, kind: type[_T]) -> _T:
    """JSON that anybody may have written, as a value of that kind; msgspec.DecodeError whatever is wrong with it."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except RecursionError:
        raise msgspec.DecodeError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise msgspec.DecodeError("it is not text in UTF-8") from None


def _at_home(folder: Path, spec: Spec) -> Spec:
    """The spec of a run that was copied or moved, as it is here: never may it write where it came from.

    Its project is the one around it, where it was before and one is there. msgspec.DecodeError where the spec names
    what no system can.
    """
    values = msgspec.to_builtins(spec)
    if any("\0" in each for each in _texts(values)):
        raise msgspec.DecodeError("it names a place with a zero character in it")
    home, was = folder.absolute(), Path(spec.out)
    if was == home or was.resolve() == home.resolve():
        return spec
    changes = {"out": str(home)}
    around = home.parent.parent
    if values.get("project") == str(was.parent.parent) and (around / "project.sqlite").is_file():
        changes["project"] = str(around)
    return msgspec.structs.replace(spec, **changes)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


_TAIL_BYTES = 64 * 1024


def _lives(folder: RunFolder, process: Process) -> bool:
    if processes.is_here(process):
        return processes.lives(process)
    try:
        return time.time() - (folder.path / "pid").stat().st_mtime < BEAT_GONE_S
    except OSError:
        return False


def _last(folder: RunFolder) -> Stamped | None:
    """The last whole event; only the end of the file is read."""
    size = folder.events_size()
    for piece in (_TAIL_BYTES, size):
        start = max(0, size - piece)
        stamped, _ = folder.events(start)
        if stamped or start == 0:
            return stamped[-1] if stamped else None
    return None


def write_whole(path: Path, content: bytes) -> None:
    """Write all of it or none of it. Whoever else writes the same file has a place of their own beside it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise

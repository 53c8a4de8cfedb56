"""A process that reads foreign files one after another, so that none of them can harm the one that asked.

    with Worker() as worker:
        for said in worker.read(TakeMotion(path=..., format="AMASS", into=...)):   # Reading …, then Taken or Refused
            ...

The files may be hostile and their readers native code. The process has a limit of memory and of time for each file; a
crash, a hang or a hunger for memory becomes that file's reason, and the next file is read by a new process. Recordings
are completed and stored there (`core.project.motion_sets`), so that no arrays travel; what travels is a line of JSON.
When the one who asked ends, however that may be, the process ends too.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec
import numpy as np

from core.bodies.skeletons import SMPL_24
from core.errors import CoreError, FileError, FormatError
from core.formats import FORMATS, Format
from core.formats.annotated import Annotations
from core.motion import Motion
from core.project.motion_sets import MotionRow, MotionSet, SetFacts, row_of
from core.recordings import KEPT_HZ, Recording, completed
from core.wording import counted, shown

LIMIT_S = 120.0
"""How long the process may say nothing."""
LIMIT_BYTES = 4 * 2**30
_LONGEST_NAME = 1000  # letters
_LONGEST_LABEL = 10_000  # BABEL and Human3.6M say much of a stretch
_MOST_FILE_S = 4 * 3600.0
_BEAT_S = 0.5
_FITTED_BODY = "built-in/smpl/neutral"
_AGAIN = "The file may be damaged; fetch it again."

# ---- what is said ---------------------------------------------------------------------------------------------------


class TakeMotion(msgspec.Struct, frozen=True, kw_only=True, tag="take-motion"):
    """Read a file's recordings and store them in the set at `into`. `below` comes before their names."""

    path: str
    format: str
    into: str
    below: str = ""
    options: dict[str, str] = {}
    rate_hz: float | None = KEPT_HZ
    fit_bodies: bool = False
    one_by_one: bool = False
    """Whether each recording is said as soon as it is stored."""


class Check(msgspec.Struct, frozen=True, kw_only=True, tag="check"):
    """Read a file to its end and keep nothing of it."""

    path: str
    format: str
    options: dict[str, str] = {}


class ReadAnnotations(msgspec.Struct, frozen=True, kw_only=True, tag="read-annotations"):
    """Read a data set's annotations and say them."""

    path: str
    format: str
    options: dict[str, str] = {}


class Reading(msgspec.Struct, frozen=True, tag="reading"):
    """It is still at it. Without words nothing was heard for a moment. `stored` is a recording that can be had."""

    doing: str = ""
    stored: MotionRow | None = None


class Taken(msgspec.Struct, frozen=True, tag="taken"):
    """The file is read and what it holds is stored."""

    motions: tuple[MotionRow, ...] = ()


class Told(msgspec.Struct, frozen=True, tag="told"):
    """The annotations of a data set."""

    annotations: Annotations


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Why the file is left out; `details` is the traceback of a fault of ours. `is_the_place`: it is not the file that
    is wrong but where its recordings should go, such as a full disk, and the next one would fare no better.
    """

    reason: str
    hint: str = ""
    details: str = ""
    is_the_place: bool = False


Task = TakeMotion | ReadAnnotations | Check
Answer = Reading | Taken | Told | Refused


def read_annotations(path: Path, known: Format, options: Mapping[str, str], *, limit_s: float = LIMIT_S) -> Annotations:
    """What `known.read` gives, read in a process of its own. FormatError says why it gives nothing."""
    with Worker(limit_s=limit_s) as worker:
        for said in worker.read(ReadAnnotations(path=str(path), format=known.name, options=dict(options))):
            match said:
                case Told(annotations):
                    return annotations
                case Refused():
                    raise _refusal(path, said)
    raise AssertionError("a reading ends with a word")


@contextmanager
def reader_of(known: Format) -> Iterator[Callable[..., Generator[Recording, None, None]]]:
    """What reads files of recorded motion as `known.read` does: here, or where that is native code, in a process of
    its own, which stores what it reads for as long as the block.
    """
    if not known.is_native:
        yield partial(_recordings_here, known)
        return
    facts = SetFacts(key="read", name="Read", holds="motion", format=known.name, source="")
    with TemporaryDirectory(prefix="posecast-read-") as place, Worker() as worker:
        yield partial(_recordings_apart, known, MotionSet.create(Path(place), facts), worker)


def _recordings_here(known: Format, path: Path, **options: Any) -> Generator[Recording, None, None]:
    yield from known.read(path, **options)


def _recordings_apart(
    known: Format, into: MotionSet, worker: "Worker", path: Path, **options: Any
) -> Generator[Recording, None, None]:
    task = TakeMotion(
        path=str(path), format=known.name, into=str(into.folder), rate_hz=None, one_by_one=True,
        options={name: str(value) for name, value in options.items()},
    )  # fmt: skip
    with closing(worker.read(task)) as heard:
        for said in heard:
            if isinstance(said, Refused):
                raise _refusal(path, said)
            if isinstance(said, Reading) and said.stored is not None:
                yield into.read(said.stored)


def _refusal(path: Path, said: Refused) -> FormatError:
    return FormatError(path, said.reason.removeprefix(f"{shown(path.name)}: "), hint=said.hint)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value)} cannot be said")


def _numbers(_: Any, value: Any) -> np.ndarray:
    """The arrays of cameras."""
    return np.asarray(value, float)


# ---- the one who asks -----------------------------------------------------------------------------------------------


class Worker:
    """The process, started when it is first needed and again when it is gone. Used by one thread, one task a time."""

    def __init__(self, *, limit_s: float = LIMIT_S, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_s = limit_s
        self._limit_bytes = limit_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process that reads; None while there is none."""
        return None if self._process is None else self._process.pid

    def read(self, task: Task) -> Generator[Answer, None, None]:
        """What is said of a task, `Reading` at least twice a second; the last is Taken, Told or Refused.

        Closed before that, it ends the process: what that still says is no answer to the next task.
        """
        process = self._ready()
        is_through = False
        try:
            for answer in self._answers(process, task):
                is_through = not isinstance(answer, Reading)
                yield answer
        finally:
            if not is_through:
                self._end()

    def _answers(self, process: subprocess.Popen[bytes], task: Task) -> Iterator[Answer]:
        assert process.stdin is not None
        began = heard_at = time.monotonic()
        try:
            process.stdin.write(msgspec.json.encode(task) + b"\n")
            process.stdin.flush()
        except OSError:  # it is gone, and the queue says so
            pass
        while True:
            try:
                line = self._heard.get(timeout=_BEAT_S)
            except queue.Empty:
                now = time.monotonic()
                if now - heard_at > self._limit_s or now - began > _MOST_FILE_S:
                    self._end()
                    yield Refused(f"reading it took more than {now - began:.0f} s and was ended", _AGAIN)
                    return
                yield Reading()
                continue
            if not line:
                yield self._gone()
                return
            heard_at = time.monotonic()
            answer = msgspec.json.decode(line, type=Answer, dec_hook=_numbers)
            yield answer
            if not isinstance(answer, Reading):
                return

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._end()

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._heard = queue.SimpleQueue()
            self._process = _started(self._limit_s, self._limit_bytes)
            threading.Thread(target=_listen, args=(self._process, self._heard), daemon=True).start()
        return self._process

    def _gone(self) -> Refused:
        """The process ended by itself while it read."""
        assert self._process is not None
        code = self._process.wait()
        self._end()
        how = _signal_name(-code) if code < 0 else f"exit code {code}"
        return Refused(f"the process that read it was ended ({how})", _AGAIN)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        process.wait()


def _started(limit_s: float, limit_bytes: int) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # -P: a file beside the caller that is called numpy.py is not imported.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "core.importing.apart", str(limit_s), str(limit_bytes)],
        env={**os.environ, "PYTHONPATH": root, **one_thread},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _listen(process: subprocess.Popen[bytes], heard: "queue.SimpleQueue[bytes]") -> None:
    """Hand on the lines the process says; an empty one is its end."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.endswith(b"\n"):  # what it did not say to the end does not count
                heard.put(line)
    except (OSError, ValueError):  # closed by us
        pass
    heard.put(b"")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


# ---- the process that reads -----------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Carry out the tasks that come in, one a line, until nobody asks any more."""
    limit_s, limit_bytes = float(arguments[0]), int(arguments[1])
    _limit(limit_bytes)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the one who asked
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(sys.stdin.buffer, tasks), daemon=True).start()

    def say(answer: Answer) -> None:
        _set_alarm(limit_s)
        answers.write(msgspec.json.encode(answer, enc_hook=_plain) + b"\n")
        answers.flush()

    while True:
        line = tasks.get()
        _set_alarm(limit_s)
        say(_answer(msgspec.json.decode(line, type=Task), say, limit_bytes))
        _set_alarm(0)


def _hear(stream: BinaryIO, tasks: "queue.SimpleQueue[bytes]") -> None:
    for line in stream:
        tasks.put(line)
    os._exit(0)  # nobody is there any more, whatever the reader is doing


def _limit(limit_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has other means; the time is limited there too
        return
    for what, most in (("RLIMIT_AS", limit_bytes), ("RLIMIT_CORE", 0)):
        try:
            resource.setrlimit(getattr(resource, what), (most, most))
        except (AttributeError, OSError, ValueError):  # macOS does not know all of them
            continue


def _set_alarm(limit_s: float) -> None:
    """Where native code neither returns nor lets threads run, the system ends it, a little after we would."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, limit_s * 1.5 + 5 if limit_s else 0)


def _answer(task: Task, say: Callable[[Answer], None], limit_bytes: int) -> Answer:
    try:
        match task:
            case TakeMotion():
                return Taken(tuple(_taken(task, say)))
            case ReadAnnotations():
                return Told(_format(task.format).read(Path(task.path), **task.options))
            case Check():
                _checked(task)
                return Taken()
    except CoreError as error:
        return Refused(str(error), error.hint, is_the_place=_is_of_the_place(error, task))
    except MemoryError:
        return Refused(f"reading it needs more than {limit_bytes / 2**30:.1f} GiB of memory", _AGAIN)
    except Exception as error:  # noqa: BLE001 (the file's reason, with the traceback for whoever mends the reader)
        what = f"it could not be read ({type(error).__name__}: {error})"
        return Refused(what, "This is a fault of the program: it should say what is wrong.", traceback.format_exc())


def _is_of_the_place(error: CoreError, task: Task) -> bool:
    if not isinstance(task, TakeMotion) or not isinstance(error, FileError):
        return False
    return not isinstance(error, FormatError) and error.path.is_relative_to(task.into)


def _taken(task: TakeMotion, say: Callable[[Answer], None]) -> Iterator[MotionRow]:
    known = _format(task.format)
    into = MotionSet(Path(task.into))
    path = Path(task.path)
    found = False
    for recording in known.read(path, **task.options):
        found = True
        name = f"{task.below}/{recording.name}" if task.below else recording.name
        recording = replace(recording, name=name)
        _refuse_long_names(path, recording)
        if recording.joints_m is None and recording.body is None:
            yield _labels_of(recording)
            continue
        if not len(recording):
            raise FormatError(path, f"{recording.name} has no frame", hint="Leave it out, or fetch it again.")
        recording = completed(recording, rate_hz=task.rate_hz)
        if task.fit_bodies and recording.body is None:
            recording = with_body(recording, lambda frames: say(Reading(frames)))
        row = into.store(recording)
        yield row
        say(Reading(recording.name, row if task.one_by_one else None))
    if not found:
        raise FormatError(path, "it holds no recording", hint="Leave it out, or fetch it again.")


def _refuse_long_names(path: Path, recording: Recording) -> None:
    longest = max(len(recording.name), len(recording.performer))
    if longest > _LONGEST_NAME:
        raise FormatError(path, f"{recording.name[:40]}…: a name of {longest} letters", hint=_AGAIN)
    for each in recording.stretches:
        longest = max(map(len, (each.text, *each.labels)))
        if longest > _LONGEST_LABEL:
            raise FormatError(path, f"{recording.name}: a label of {longest} letters", hint=_AGAIN)


def _format(name: str) -> Format:
    (known,) = (each for each in FORMATS if each.name == name)
    return known


def _labels_of(recording: Recording) -> MotionRow:
    """What is said of a motion that lies elsewhere."""
    row = row_of(recording, "")
    return (
        row if row.frames else msgspec.structs.replace(row, frames=round(_end_s(recording) * KEPT_HZ), rate_hz=KEPT_HZ)
    )


def _end_s(recording: Recording) -> float:
    return max((each.end_s for each in recording.stretches), default=0.0)


def _checked(task: Check) -> None:
    known = _format(task.format)
    found: Any = known.read(Path(task.path), **task.options)
    if known.holds in ("motion", "motion labels"):
        for _ in found:
            pass


def with_body(recording: Recording, say: Callable[[str], None] = lambda _: None) -> Recording:
    """A body whose joints stand where the recording's do. Unchanged where too little of anybody is told."""
    from core.bodies import library
    from core.bodies.fitting import fitting_joints

    assert recording.joints_m is not None
    joints_m = recording.joints_m[:, : len(SMPL_24)]
    told = np.asarray(np.isfinite(joints_m).all(-1))
    fit = None
    for fit in fitting_joints(library.body(_FITTED_BODY), joints_m, SMPL_24, seen=told, rate_hz=recording.rate_hz):
        if isinstance(fit, int):
            say(f"{recording.name}: a body for {fit} of {counted(len(recording), 'frame')}")
    if fit is None or isinstance(fit, int) or not fit.fitted.any():
        return replace(recording, notes=(*recording.notes, "Too few joints are told for a body."))
    body = Motion(SMPL_24, recording.rate_hz, fit.rotations, fit.translation_m)
    error_mm = 1000 * float(fit.error[fit.fitted].mean())
    notes = (*recording.notes, f"The body was fitted to the joints, {error_mm:.0f} mm off on average.")
    return replace(recording, body=body, betas=tuple(float(each) for each in fit.betas), notes=notes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A window's heartbeat: how long its event loop is away between two beats, and what its thread did meanwhile.

A gap by the clock is the thread's own work, its wait for a core that others hold, and its wait for a lock or a disk.
Linux counts all three for each thread (seconds at work and in the run queue: /proc/thread-self/schedstat), so what the
window did can be told from what the machine did to it. Gaps are in milliseconds.
"""

import faulthandler
import re
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

BEAT_MS = 5
_NOTICED_MS = 60
_LOOK_S = 0.02
_DEEP, _SAID = 4, 3


@dataclass(frozen=True)
class Gap:
    """Between two beats; `doing` is what the window was last asked to do, `where` where the thread was found at it."""

    clock: float
    worked: float
    queued: float
    doing: str
    where: str = ""

    @property
    def held(self) -> float:
        """Neither at work nor waiting for a core: a lock, a disk, or what others computed under Python's lock."""
        return max(0.0, self.clock - self.worked - self.queued - BEAT_MS)


class Heartbeat(QObject):
    """Beats in the thread that makes it, from `start` until `stop`; `looks` finds out where long gaps were spent."""

    def __init__(self, parent: QObject | None = None, *, looks: bool = True) -> None:
        super().__init__(parent)
        self.gaps: list[Gap] = []
        self.doing = ""
        """Whoever drives the window says here what it is doing."""
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._thread, self._looks = threading.get_ident(), looks
        self._where: list[str] = []
        self._over = threading.Event()
        self._watch: threading.Thread | None = None

    def start(self) -> None:
        self.gaps.clear()
        self._last = _now()
        self._timer.start()
        if self._looks:
            self._over.clear()
            self._watch = threading.Thread(target=self._look, name="heartbeat", daemon=True)
            self._watch.start()

    def stop(self) -> None:
        self._timer.stop()
        self._over.set()
        if self._watch is not None:
            self._watch.join()

    def _beat(self) -> None:
        now = _now()
        clock, worked, queued = (1e3 * (one - other) for one, other in zip(now, self._last, strict=True))
        where, self._where = " | ".join([*dict.fromkeys(self._where)][:_SAID]), []
        self.gaps.append(Gap(clock, worked, queued, self.doing, where))
        self._last = now

    def _look(self) -> None:
        """faulthandler writes the stacks in one go: nothing moves on while it looks."""
        with tempfile.TemporaryFile("w+") as file:
            while not self._over.wait(_LOOK_S):
                if 1e3 * (time.perf_counter() - self._last[0]) > _NOTICED_MS:
                    file.seek(0)
                    file.truncate()
                    faulthandler.dump_traceback(file)
                    file.seek(0)
                    self._where.append(_stack_of(self._thread, file.read()))

    def longest(self) -> Gap:
        """By the thread's own work."""
        return max(self.gaps, key=lambda gap: gap.worked)

    def figures(self) -> dict[str, float]:
        """Of the gaps by the clock and by the thread's own work: the longest, p99, and how many over 100 ms."""
        told: dict[str, float] = {}
        for name in ("clock", "worked"):
            found = sorted(getattr(gap, name) for gap in self.gaps)
            words = "by the clock" if name == "clock" else "of the window's own work"
            told[f"longest gap {words}, ms"] = round(found[-1], 1)
            told[f"p99 of gaps {words}, ms"] = round(found[int(0.99 * (len(found) - 1))], 1)
            told[f"gaps over 100 ms {words}"] = sum(each > 100 for each in found)
        long = [gap for gap in self.gaps if gap.clock > 100]
        told["of the gaps over 100 ms by the clock, waiting for a core, ms"] = round(
            sum(each.queued for each in long), 1
        )
        told["of the gaps over 100 ms by the clock, waiting for a lock or a disk, ms"] = round(
            sum(each.held for each in long), 1
        )
        return told


def _now() -> tuple[float, float, float]:
    """The clock, this thread's seconds at work, and those it waited for a core (0 where the system does not say)."""
    queued = 0.0
    with suppress(OSError, ValueError, IndexError):
        queued = int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    return time.perf_counter(), time.thread_time(), queued


def _stack_of(thread: int, dumped: str) -> str:
    """Of one thread its innermost calls, as `file:line function < …`."""
    _, _, rest = dumped.partition(f"0x{thread:016x} (most recent call first):\n")
    calls = re.findall(r'File ".*?([^/"]+)\.py", line (\d+) in (\S+)', rest.partition("\n\n")[0])
    return " < ".join(f"{file}:{line} {name}" for file, line, name in calls[:_DEEP])

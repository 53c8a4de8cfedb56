"""Whether the process was held up: the machine asleep, or the process itself stopped; and a sign of life meanwhile.

A thread looks at the clock every second. Where it comes late by more than a few seconds, and the process has hardly
computed meanwhile, it was not at work: those seconds count for nothing in times left and durations. The clock goes on
while the machine sleeps (CLOCK_BOOTTIME on Linux, the wall's elsewhere).
"""

import sys
import threading
import time
from collections.abc import Callable

EVERY_S, LATE_S, BUSY = 1.0, 5.0, 0.2
"""How often it looks, from when on late is asleep, and the share of computing from which on it was only busy."""


def clock() -> float:
    """Seconds, those of a sleeping machine included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.time()


class Watch:
    """Looks from when it is made until `end`. `beat` is called about every five seconds."""

    def __init__(
        self,
        beat: Callable[[], None] = lambda: None,
        *,
        now: Callable[[], float] = clock,
        computed: Callable[[], float] = time.process_time,
    ) -> None:
        self._beat = beat
        self._now, self._computed = now, computed
        self._before = (now(), computed())
        self._slept_s = 0.0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="asleep", daemon=True)
        self._thread.start()

    def slept_s(self) -> float:
        """Seconds asleep since this was last asked; each is told once."""
        self.look()
        with self._lock:
            slept, self._slept_s = self._slept_s, 0.0
        return slept

    def look(self) -> None:
        """Compare the clocks, as the thread does."""
        with self._lock:
            now, computed = self._now(), self._computed()
            gone = now - self._before[0]
            if gone > LATE_S and computed - self._before[1] < BUSY * gone:
                self._slept_s += gone
            self._before = (now, computed)

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _go_on(self) -> None:
        beaten = self._now()
        while not self._over.wait(EVERY_S):
            self.look()
            if self._now() - beaten >= LATE_S:
                beaten = self._now()
                self._beat()

"""Plays a clip at its own times: which frame is due now. Frames that come too late are skipped, none is shown early.

The player keeps no frame of its own: it tells which one is due, and is told when somebody moved the playhead.
"""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from studio.widgets.clip_time import ClipTime

_TICK_MS = 8
FASTEST = 16.0


class Player(QObject):
    """Time running on, or back, at a speed; 0 stands still."""

    frame_due = Signal(int)
    changed = Signal()
    """It started, stopped, or runs at another speed."""

    def __init__(self, parent: QObject | None = None, now_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        super().__init__(parent)
        self._now_ns = now_ns
        self._time = ClipTime(0, 25.0)
        self._frame = 0
        self._began_s = 0.0
        self._restarted_ns = now_ns()
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.setTimerType(Qt.TimerType.PreciseTimer)
        self._tick.timeout.connect(self.follow)
        self._loop: tuple[int, int] | None = None
        self.speed = 0.0
        self.normal_speed = 1.0

    @property
    def is_playing(self) -> bool:
        return self.speed != 0

    def show_time(self, time: ClipTime) -> None:
        """Another clip, or better knowledge of this one's times."""
        self._time = time
        self._restart()

    def show_frame(self, frame: int) -> None:
        """The playhead is at `frame` now, whoever moved it."""
        if frame != self._frame:
            self._frame = frame
            self._restart()

    def loop(self, stretch: tuple[int, int] | None) -> None:
        """Play this stretch (its end exclusive) over and over; None plays on."""
        self._loop = stretch

    def set_normal_speed(self, speed: float) -> None:
        """How fast Space plays."""
        self.normal_speed = speed
        if self.is_playing:
            self.play(speed if self.speed > 0 else -speed)

    def play(self, speed: float) -> None:
        """Run at `speed` times the clip's own, backwards when negative; at most FASTEST either way."""
        speed = max(-FASTEST, min(speed, FASTEST))
        last = self._time.frame_count - 1
        if last <= 0:
            return
        if self._loop is None and ((speed > 0 and self._frame >= last) or (speed < 0 and self._frame <= 0)):
            self._frame = 0 if speed > 0 else last  # from the end on, play begins anew
            self.frame_due.emit(self._frame)
        self.speed = speed
        self._restart()
        self._tick.start()
        self.changed.emit()

    def stop(self) -> None:
        """Stand still at the frame that is shown."""
        if self.is_playing:
            self.speed = 0.0
            self._tick.stop()
            self.changed.emit()

    def toggle(self) -> None:
        """Space."""
        if self.is_playing:
            self.stop()
        else:
            self.play(self.normal_speed)

    def faster(self, direction: int) -> None:
        """L (1) and J (-1): forwards or backwards, twice as fast each time."""
        same = self.speed * direction > 0
        self.play(direction * (abs(self.speed) * 2 if same else 1.0))

    def _restart(self) -> None:
        self._began_s = self._time.seconds(self._frame)
        self._restarted_ns = self._now_ns()

    def follow(self) -> None:
        """Say which frame is due by now; called on every tick while it runs."""
        seconds = self._began_s + (self._now_ns() - self._restarted_ns) / 1e9 * self.speed
        first, end = self._loop or (0, self._time.frame_count)
        if self.speed > 0 and seconds >= self._time.seconds(end):
            self._turn(first)
        elif self.speed < 0 and seconds < self._time.seconds(first):
            self._turn(end - 1)
        else:
            self._go(self._time.frame_at(seconds))

    def _turn(self, to: int) -> None:
        """At the end: begin the stretch again, or stop at the clip's end."""
        if self._loop is None:
            self._go(self._time.frame_count - 1 if self.speed > 0 else 0)
            self.stop()
            return
        self._frame = to
        self._restart()
        self.frame_due.emit(to)

    def _go(self, frame: int) -> None:
        if frame != self._frame:
            self._frame = frame
            self.frame_due.emit(frame)

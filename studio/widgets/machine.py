"""What this machine is doing: looked at once a second on a thread, and only while somebody watches.

A look is a moment's reading of counters; what our jobs take of each device asks every process for its children, so
that is asked only where it is shown.
"""

from PySide6.QtCore import QObject, QTimer, Signal

from core.devices import Device, Watch
from core.preflight import at_work
from studio.widgets.beside import Beside

EVERY_MS = 1000


class Machine(QObject):
    """Its devices as of the last look. Nothing runs between `leave` and the next `watch`."""

    moved = Signal()

    def __init__(self, parent: QObject | None = None, *, with_jobs: bool = False) -> None:
        super().__init__(parent)
        self.devices: tuple[Device, ...] = ()
        self._with_jobs = with_jobs
        self._watch: Watch | None = None
        self._beside = Beside(self)
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self._look)

    @property
    def is_watched(self) -> bool:
        return self._timer.isActive()

    def watch(self) -> None:
        """Look from now on."""
        self._timer.start()
        self._look()

    def leave(self) -> None:
        """Nobody looks any more; the driver is let go."""
        self._timer.stop()
        self._beside.forget(wait=True)
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _look(self) -> None:
        if self._beside.is_busy:  # a driver may take its time at first
            return

        def look() -> tuple[Device, ...]:
            if self._watch is None:
                self._watch = Watch()
            return tuple(self._watch.look(at_work() if self._with_jobs else None))

        self._beside.run(look, self._take)

    def _take(self, found: tuple[Device, ...]) -> None:
        self.devices = found
        self.moved.emit()

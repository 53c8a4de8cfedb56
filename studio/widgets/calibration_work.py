"""Carries a calibration out off the window's thread: newest question first, stopped by closing it.

What is carried out is a function that yields as it goes (progress, findings); whatever it yields arrives by `came`,
what a person can act on by `refused`, and the end by `ended`. Late words of an earlier question are dropped.
"""

import threading
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError
from studio.widgets.departed import Departed, heard

Making = Callable[[], Iterator[object]]


class Work(QObject):
    """One question at a time."""

    came = Signal(object)
    refused = Signal(object)  # a CoreError
    ended = Signal()

    _told = Signal(object, str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: _Worker | None = None
        self._departed = Departed()
        self._told.connect(self._pass_on)

    def start(self, make: Making) -> None:
        """Begin with this; what was under way is let go and no longer heard."""
        self.stop()
        self._worker = _Worker(make, self._told.emit)
        self._worker.start()

    def stop(self, *, wait: bool = False) -> None:
        """Let go; with `wait`, return when every thread of this has ended."""
        worker, self._worker = self._worker, None
        self._departed.let_go(worker, wait=wait)

    @property
    def is_running(self) -> bool:
        return self._worker is not None

    def _pass_on(self, worker: object, kind: str, what: object) -> None:
        if worker is not self._worker:
            return
        match kind:
            case "came":
                self.came.emit(what)
            case "refused":
                self.refused.emit(what)
            case _:
                self._worker = None
                self.ended.emit()


class _Worker(threading.Thread):
    def __init__(self, make: Making, tell: Callable[["_Worker", str, object], None]) -> None:
        super().__init__(name="calibration", daemon=True)
        self._make, self._tell = make, tell
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        try:
            steps = self._make()
            for each in steps:
                if self._stopped.is_set():
                    break
                self._say("came", each)
            close = getattr(steps, "close", None)
            if close is not None:
                close()
        except CoreError as error:
            self._say("refused", error)
        finally:  # a fault of ours goes on from here to where the studio shows such faults
            self._say("ended", None)

    def _say(self, kind: str, what: object) -> None:
        if not self._stopped.is_set() and not heard(self._tell, self, kind, what):
            self._stopped.set()

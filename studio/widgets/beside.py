"""Work beside the window: one thing at a time on a thread of its own, its answer or its refusal by a signal.

For pure work on values that takes longer than a picture may wait: reading another project, comparing two. A newer
wish makes the answer of an older one fall away.
"""

import threading
from collections.abc import Callable
from contextlib import suppress

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError


class Beside(QObject):
    """`work` runs on a thread; `then` gets what it returned on the window's."""

    refused = Signal(object)
    """The CoreError that the work met."""
    _told = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._threads: list[threading.Thread] = []
        self._told.connect(self._answer)

    @property
    def is_busy(self) -> bool:
        return any(each.is_alive() for each in self._threads)

    def run(self, work: Callable[[], object], then: Callable[..., None]) -> None:
        """Start `work`; an answer to anything asked before no longer arrives."""
        self._number += 1
        thread = threading.Thread(target=self._carry_out, args=(self._number, work, then), daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def forget(self, *, wait: bool = False) -> None:
        """Want no answer any more; with `wait`, return when the work has ended."""
        self._number += 1
        for each in self._threads if wait else ():
            each.join()

    def _carry_out(self, number: int, work: Callable[[], object], then: Callable[..., None]) -> None:
        try:
            answer = work()
        except CoreError as error:
            answer = error
        except Exception as error:  # noqa: BLE001 - raised again on the window's thread, where bugs are shown
            answer = _Broken(error)
        with suppress(RuntimeError):  # the window is gone
            self._told.emit(number, then, answer)

    def _answer(self, number: int, then: Callable[..., None], answer: object) -> None:
        if isinstance(answer, _Broken):
            raise answer.error
        if number != self._number:
            return
        if isinstance(answer, CoreError):
            self.refused.emit(answer)
        else:
            then(answer)


class _Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

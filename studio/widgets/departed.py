"""Worker threads that were told to stop and may need a moment for it. No Qt.

A widget that reads another clip does not wait for the thread of the one before: it lets it go here. Only when the
widget itself ends does somebody wait, so that no thread outlives the window.
"""

from collections.abc import Callable
from typing import Protocol


class Stoppable(Protocol):
    """A thread that ends soon after `stop`."""

    def stop(self) -> None: ...
    def is_alive(self) -> bool: ...
    def join(self) -> None: ...


class Departed:
    """Those of one widget."""

    def __init__(self) -> None:
        self._threads: list[Stoppable] = []

    def let_go(self, thread: Stoppable | None, *, wait: bool) -> None:
        """Stop `thread`, if there is one; with `wait`, return only when every thread let go here has ended."""
        if thread is not None:
            thread.stop()
            self._threads.append(thread)
        self._threads = [each for each in self._threads if each.is_alive()]
        if wait:
            for each in self._threads:
                each.join()
            self._threads = []


def heard(tell: Callable[..., object], *what: object) -> bool:
    """Tell a widget something from a thread: False where its window is gone, and its signals with it."""
    try:
        tell(*what)
    except RuntimeError:
        return False
    return True

"""Looks for the videos of clips that moved, off the window's thread: one search at a time, the newest wish wins."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.video.looking import Found, Looking, Wanted, look_for
from studio.widgets.departed import Departed, heard


class VideoSearch(QObject):
    """`start` a search; it tells how far it is, and at the end what it found."""

    looking = Signal(object)
    """A Looking."""
    ended = Signal(object)
    """A list of Found, empty where there is nothing."""

    _told = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: _Worker | None = None
        self._departed = Departed()
        self._told.connect(self._pass_on)

    @property
    def is_running(self) -> bool:
        return self._worker is not None

    def start(self, clips: Sequence[tuple[Wanted, Path]], folders: Sequence[Path], *, first: str) -> None:
        """Look for the video of the clip `first`, and of every other one whose file is no longer at its place."""
        self.stop()
        self._worker = _Worker(tuple(clips), tuple(folders), first, self._told.emit)
        self._worker.start()

    def stop(self, *, wait: bool = False) -> None:
        """Forget the search; with `wait`, return when its thread has ended."""
        worker, self._worker = self._worker, None
        self._departed.let_go(worker, wait=wait)

    def _pass_on(self, worker: object, answer: object) -> None:
        if worker is not self._worker:
            return
        if isinstance(answer, Looking):
            self.looking.emit(answer)
        else:
            self._worker = None
            self.ended.emit(answer)


class _Worker(threading.Thread):
    def __init__(
        self,
        clips: tuple[tuple[Wanted, Path], ...],
        folders: tuple[Path, ...],
        first: str,
        tell: Callable[["_Worker", object], None],
    ) -> None:
        super().__init__(name="search for videos", daemon=True)
        self._clips, self._folders, self._first, self._tell = clips, folders, first, tell
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True

    def run(self) -> None:
        wanted = [each for each, place in self._clips if each.key == self._first or not place.exists()]
        here = {place for each, place in self._clips if each.key != self._first}
        found: list[Found] = []
        steps = look_for(wanted, self._folders)
        while not self._stopped:
            try:
                self._say(next(steps))
            except StopIteration as end:
                found = [each for each in end.value if each.path not in here]  # another clip's own
                self._say(found)
                return

    def _say(self, answer: object) -> None:
        if not self._stopped and not heard(self._tell, self, answer):
            self._stopped = True

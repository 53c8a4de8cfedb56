"""The tour: open the demo, mark one action, set its pose, forecast, generate. A mark at the thing itself each time.

It is offered at the first start and never again once skipped or done; then it comes only from Help. It stands beside
what it speaks of, takes neither the keys nor the clicks, and goes on by itself as soon as the step is done.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from studio.commands import shown
from studio.document import Document
from studio.main_window import MainWindow
from studio.pages.generate import GeneratePage
from studio.settings import Settings
from studio.widgets.coach import Coach
from studio.words import said, say


@dataclass(frozen=True)
class _Stop:
    page: str
    part: str  # an attribute of the page, or empty for the page itself
    title: str
    words: str


STOPS = (
    _Stop("projects", "first_way", "Open the demo", "A kitchen with its video, marks and a trained forecaster."),
    _Stop(
        "annotate",
        "timeline",
        "Mark one action",
        "Play with {play}. Press {start} where the action starts, {end} where it ends, then the key of its label.",
    ),
    _Stop(
        "annotate",
        "view",
        "Set its characteristic pose",
        "Step with {back} and {on} to the instant in which the action is most recognisable, and press {pose}.",
    ),
    _Stop(
        "forecast",
        "clock",
        "See what comes next",
        "The next actions with their poses, from the playhead on. Move the playhead with {back} and {on}.",
    ),
    _Stop("generate", "line", "Make motion", "Choose an action at the left and press {generate}."),
)
_KEYS = {
    "play": "play",
    "start": "mark-start",
    "end": "mark-end",
    "back": "step-back",
    "on": "step",
    "pose": "set-pose",
    "generate": "generate",
}
_LOOK_MS = 250


class Tour(QObject):
    """Walks from stop to stop through the pages."""

    def __init__(
        self, window: MainWindow, document: Document, settings: Settings, open_demo: Callable[[], object]
    ) -> None:
        super().__init__(window)
        self._window, self._document, self._settings, self._open_demo = window, document, settings, open_demo
        self._at = -1
        self._before: object = None  # what there was to count when the stop was reached
        self.coach = Coach(window)
        self.coach.went_on.connect(self._next)
        self.coach.skipped.connect(self.end)
        self._looks = QTimer(self, interval=_LOOK_MS)
        self._looks.timeout.connect(self._look)
        document.closed.connect(self._leave)

    @property
    def at(self) -> int:
        """Which of the stops is shown, from 0; -1 where none is."""
        return self._at

    def start(self) -> None:
        """Begin: at the demo, or with the second stop where a project is open."""
        self._go(1 if self._document.is_open else 0)

    def offer(self) -> None:
        """Begin where nobody has seen it yet; once it is on its way it is not begun anew."""
        if not self._settings.tour_seen and self._at < 0:
            self.start()

    def end(self) -> None:
        """Never again by itself."""
        self._leave()
        self._settings.tour_seen = True
        self._settings.save()

    def _leave(self) -> None:
        self._at = -1
        self._looks.stop()
        self.coach.hide()

    def _next(self) -> None:
        """By the button. The first step is done for whoever only wants to see."""
        if self._at == 0 and not self._document.is_open:
            self._open_demo()
            if not self._document.is_open:
                return  # refused, in words
        if self._at >= 0:
            self._go(self._at + 1)

    def _go(self, at: int) -> None:
        if at >= len(STOPS):
            self.end()
            return
        self._at = at
        page = self._window.show_page(STOPS[at].page)
        self._before = self._counted(page)
        self._looks.start()
        QTimer.singleShot(0, self, lambda: self._point(page, at))  # the page takes its sizes first

    def _point(self, page: QWidget, at: int) -> None:
        if at != self._at:
            return
        stop = STOPS[at]
        thing = getattr(page, stop.part) if stop.part else page
        words = say(stop.words, **{name: shown(command) or "?" for name, command in _KEYS.items()})
        self.coach.show_at(thing, said(stop.title), words, at + 1, len(STOPS))

    # ---- noticing ----

    def _counted(self, page: QWidget) -> object:
        """What grows or changes when the step is done."""
        document = self._document
        if self._at == 0:
            return document.is_open
        if not document.is_open:
            return None
        if self._at in (1, 2):
            clips = document.project.clips.values()
            return sum(len(each.segments) for each in clips), frozenset(
                (pose.segment, pose.frame) for each in clips for pose in each.poses
            )
        if self._at == 3:
            return document.clip_id, document.playhead
        return len(page.generating.shown) > 0 if isinstance(page, GeneratePage) else None

    def _look(self) -> None:
        """Go on as soon as the person has done it; a step that is undone counts from where it stands."""
        page = self._window.page(STOPS[self._at].page) if self._at >= 0 else None
        if page is None or (self._at > 0 and not page.isVisible()):
            return  # elsewhere, what changes is not this step
        now, before = self._counted(page), self._before
        if now == before:
            return
        if self._at == 1:
            assert isinstance(now, tuple)
            assert isinstance(before, tuple)
            done = now[0] > before[0]
        elif self._at == 2:
            assert isinstance(now, tuple)
            assert isinstance(before, tuple)
            done = bool(now[1] - before[1])
        elif self._at == len(STOPS) - 1:
            done = bool(now)
        else:
            done = True
        self._before = now
        if done:
            self._go(self._at + 1)

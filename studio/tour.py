"""The tour: the clips, mark an action, set its pose, train, forecast, generate. A mark at the thing itself each time.

It is offered once, when the demo is first opened; skipped or done, it comes only from Help.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from studio.document import Document
from studio.main_window import MainWindow
from studio.settings import Settings
from studio.widgets.coach import Coach


@dataclass(frozen=True)
class _Stop:
    page: str
    part: str  # an attribute of the page, or empty for the page itself
    title: str
    words: str


_STOPS = (
    _Stop(
        "data",
        "table",
        "The clips of the project",
        "How far each one is. A double click opens a clip in Annotate.",
    ),
    _Stop(
        "annotate",
        "timeline",
        "Mark an action",
        "Play with Space. Press I where the action starts, O where it ends, then the key of its label.",
    ),
    _Stop(
        "annotate",
        "view",
        "Set its characteristic pose",
        "Step to the instant in which the action is most recognisable, and press C.",
    ),
    _Stop(
        "train",
        "",
        "Train a forecaster",
        "Choose a preset and start. It goes on in the background, also when this window closes.",
    ),
    _Stop(
        "forecast",
        "",
        "See what comes next",
        "The next actions with their 3D poses from the playhead on, beside what really came.",
    ),
    _Stop(
        "generate",
        "line",
        "Make motion",
        "Choose an action and how long. Enter keeps a sample; lock tokens you like and press R for another rest.",
    ),
)


class Tour(QObject):
    """Walks from stop to stop through the pages."""

    def __init__(
        self, window: MainWindow, document: Document, settings: Settings, open_demo: Callable[[], object]
    ) -> None:
        super().__init__(window)
        self._window, self._document, self._settings, self._open_demo = window, document, settings, open_demo
        self._at = -1
        self.coach = Coach(window)
        self.coach.went_on.connect(self._go_on)
        self.coach.skipped.connect(self.end)
        document.closed.connect(self.coach.hide)

    def start(self) -> None:
        """Begin; without a project the demo is opened first."""
        if not self._document.is_open:
            self._open_demo()
        if self._document.is_open:
            self._at = -1
            self._go_on()

    def offer(self) -> None:
        """Begin where nobody has seen it yet."""
        if not self._settings.tour_seen and self._document.is_open:
            self.start()

    def end(self) -> None:
        """Never again by itself."""
        self.coach.hide()
        self._settings.tour_seen = True
        self._settings.save()

    def _go_on(self) -> None:
        self._at += 1
        if self._at >= len(_STOPS):
            self.end()
            return
        stop = _STOPS[self._at]
        page = self._window.show_page(stop.page)
        QTimer.singleShot(0, self, lambda: self._point(page, stop))  # the page takes its sizes first

    def _point(self, page: QWidget, stop: _Stop) -> None:
        thing = getattr(page, stop.part) if stop.part else page
        self.coach.show_at(thing, stop.title, stop.words, self._at + 1, len(_STOPS))

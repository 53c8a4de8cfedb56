"""How one page leads to a place on another: pages do not know each other, so whoever makes them asks here.

A place is a clip with perhaps a segment and a frame (0-based, of the original video), a label, a run, a report, or
something that was kept; ids are those of the project, and folders those of the run or the report.
"""

from PySide6.QtWidgets import QMenu

from core.forecasts import Forecast
from studio.document import Document
from studio.finding_places import FindingPlaces
from studio.main_window import MainWindow
from studio.pages.annotate import AnnotatePage
from studio.pages.data import DataPage
from studio.pages.evaluate import EvaluatePage
from studio.pages.forecast import ForecastPage
from studio.pages.generate import GeneratePage
from studio.pages.training import TrainingPage
from studio.words import say


class Ways:
    """Each brings its page to the front."""

    def __init__(self, window: MainWindow, document: Document, find: FindingPlaces) -> None:
        self._window, self._document, self._find = window, document, find
        self.labels = QMenu(say("Label"), window)
        """In the menu Mark, below where a stretch ends: what it is."""
        self.labels.aboutToShow.connect(self._list_labels)

    def show_overview(self) -> None:
        page = self._window.show_page("data")
        if isinstance(page, DataPage):
            page.show_overview()

    def show_history(self) -> None:
        page = self._window.show_page("annotate")
        if isinstance(page, AnnotatePage):
            page.panels.open_history()

    def go_to(self, clip: str, segment: str, frame: int) -> None:
        """Show a place of the project: its clip, its segment chosen, at its frame; -1 leaves the playhead there."""
        self._document.choose_clip(clip)
        page = self._window.show_page("annotate")
        if isinstance(page, AnnotatePage):
            page.timeline.choose(frozenset({segment} if segment else ()))
        if frame >= 0:
            self._document.seek(frame)

    def walk(self, words: str) -> None:
        """The first of the places these words find; the others stay listed."""
        self._find.show(words)
        self._find.handlers()["next-found"]()

    def show_label(self, label: str) -> None:
        page = self._window.show_page("annotate")
        if isinstance(page, AnnotatePage):
            page.labels.start_finding()
            page.labels.search.setText(self._document.project.labels[label].name)

    def _list_labels(self) -> None:
        """Every action there is, as long as a clip is in front."""
        page = self._window.page("annotate")
        self.labels.clear()
        if isinstance(page, AnnotatePage) and self._document.clip is not None:
            page.segments.fill_labels(self.labels)
        if self.labels.isEmpty():
            self.labels.addAction(say("No labels yet")).setEnabled(False)

    def forecast_with(self, run: str = "") -> None:
        """From where the playhead is, with a run or with the one that is chosen."""
        page = self._window.show_page("forecast")
        if isinstance(page, ForecastPage):
            page.asking.choose_run(run)

    def move(self, forecast: Forecast) -> None:
        """Motion for what was foreseen."""
        page = self._window.show_page("generate")
        if isinstance(page, GeneratePage):
            page.ahead.ask(forecast)

    def generate_with(self, run: str) -> None:
        page = self._window.show_page("generate")
        if isinstance(page, GeneratePage):
            page.models.choose(run)

    def show_report(self, sheet: str) -> None:
        page = self._window.show_page("evaluate")
        if isinstance(page, EvaluatePage):
            page.show_report(sheet)

    def show_run(self, name: str) -> None:
        page = self._window.show_page("train")
        if isinstance(page, TrainingPage):
            page.show_run(name)

    def show_kept(self, item: str) -> None:
        page = self._window.show_page("generate")
        if isinstance(page, GeneratePage):
            page.kept.show(item)

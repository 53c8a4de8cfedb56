"""Which forecasters have a lane on Annotate: what there is, what a person chose, and what is remembered of it.

Each forecaster is offered with the baseline beside it. At first the newest one and its baseline have lanes; a choice is
kept with the project (`Display.keep_lanes`) by the names of run folders, so that a project may move.
"""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio import forecasters
from studio.display import Display
from studio.document import Document
from studio.forecasters import Known
from studio.jobs import Jobs
from studio.widgets.forecast_lanes import MOST_LANES


class LaneRuns(QObject):
    """The forecasters there are, in the order they are offered, and those with a lane."""

    changed = Signal()

    def __init__(self, document: Document, jobs: Jobs, display: Display, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._display = document, jobs, display
        self.known: list[Known] = []
        self.shown: tuple[Known, ...] = ()
        for told in (jobs.listed, jobs.ended):
            told.connect(self.look)

    def choices(self) -> list[Known]:
        """Every forecaster there is, each followed by the baseline beside it."""
        return [each for known in self.known for each in (known, known.beside())]

    def choose(self, known: Known, *, on: bool) -> None:
        """Show this forecaster's lane, or do not; of too many the oldest choice goes."""
        others = [each for each in self.shown if each.key != known.key]
        wanted = [*others, known][-MOST_LANES:] if on else others
        order = {each.key: at for at, each in enumerate(self.choices())}
        self.shown = tuple(sorted(wanted, key=lambda each: order.get(each.key, len(order))))
        self._display.keep_lanes(_project_key(self._document), [_kept_key(each) for each in self.shown])
        self.changed.emit()

    def forget(self) -> None:
        """Another project: nothing is known of it yet."""
        self.known, self.shown = [], ()

    def look(self, *_: object) -> None:
        """Which forecasters there are; those of the last time again, or the newest and the baseline beside it."""
        found = forecasters.that_can_forecast(self._jobs) if self._document.is_open else []
        if found == self.known and (self.shown or not found):
            return
        self.known = found
        kept = self._display.kept_lanes(_project_key(self._document))
        choices = self.choices()
        if kept is None:
            self.shown = tuple(choices[:2])
        else:
            self.shown = tuple(each for each in choices if _kept_key(each) in kept)
        self.changed.emit()


def _project_key(document: Document) -> str:
    return str(document.folder.resolve()) if document.is_open else ""


def _kept_key(known: Known) -> str:
    """How a run is remembered: by its folder's name, so that a project may move."""
    name = known.run if known.is_shipped else Path(known.run).name
    return f"{name}#{known.plain}" if known.plain else name

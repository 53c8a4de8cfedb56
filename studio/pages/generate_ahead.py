"""A forecast as the question for motion: its actions one after the other, through the poses it expects.

Actions that the motion model has by another name, or does not have at all, are said. A model that has not yet told what
it knows is waited for.
"""

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError
from core.forecast_stories import ANY_OTHER, story_of, timings_of
from core.forecasts import Forecast
from core.generations import AboutMotionModel
from studio.document import Document
from studio.generating import Generating


class FromForecast(QObject):
    """The newest forecast that a person wants moved, until it is asked for."""

    says = Signal(str)

    def __init__(self, document: Document, generating: Generating, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._generating = document, generating
        self._wanted: Forecast | None = None
        generating.models.changed.connect(self._go_on)
        document.closed.connect(self._forget)

    @property
    def is_waiting(self) -> bool:
        return self._wanted is not None

    def ask(self, forecast: Forecast) -> None:
        """Ask for the motion of what is forecast."""
        self._wanted = forecast
        self._go_on()

    def _forget(self) -> None:
        self._wanted = None

    def _go_on(self) -> None:
        models = self._generating.models
        if self._wanted is None:
            return
        if models.chosen is None or models.refusal is not None:  # the page says so itself
            self._wanted = None
        elif models.about is not None:
            forecast, self._wanted = self._wanted, None
            self._ask(forecast, models.about)

    def _ask(self, forecast: Forecast, about: AboutMotionModel) -> None:
        known = [name for name, _ in about.actions]
        usual = max(about.actions, key=lambda each: each[1])[0]
        try:
            ahead = story_of(
                forecast,
                timings_of(self._document.project, without=forecast.clip_id),
                known,
                mapped={ANY_OTHER: usual},
            )
        except CoreError as error:
            self.says.emit(f"{error} {error.hint}".strip())
            return
        self._generating.question.begin_story(ahead.story, ahead.anchors)
        self._generating.generate()  # also where changes alone are not asked
        self.says.emit(" ".join(ahead.notes))

"""A question to forecasters as it stands: who was asked, and what they answered. Forecast and the lanes each have one.

The newest question counts: answers to an older one are dropped.
"""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.forecasts import ForecastAnswer, Forecaster, Refusal
from studio.forecasters import Known
from studio.models_client import ModelsClient


class ForecastQuestion(QObject):
    """Asked of several forecasters at once, at one moment of one clip."""

    answered = Signal()
    """By all of them, or refused as a whole."""

    def __init__(self, models: ModelsClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._models = models
        self.answers: dict[str, ForecastAnswer] = {}  # by a forecaster's key
        self.refusal: Refusal | None = None  # of the question as a whole
        self._asked: tuple[Known, ...] = ()
        self._number = -1
        models.answered.connect(self._take)
        models.refused.connect(self._take_refusal)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer to the newest question is still to come."""
        return self._number >= 0

    def ask(self, folder: Path, clip_id: str, at_frame: int, asked: tuple[Known, ...], *, futures: int) -> None:
        """Ask these; what was answered before stays until they have answered."""
        self._asked = asked
        of = tuple(Forecaster(run=known.run, plain=known.plain) for known in asked)
        self._number = self._models.forecast(folder, clip_id, at_frame, of, futures=futures)

    def refusal_of(self, known: Known) -> Refusal | None:
        """Why this one has no answer, where it said so."""
        answer = self.answers.get(known.key)
        return answer.refusal if answer is not None else None

    def forget(self) -> None:
        """What was answered is of something else now."""
        self.answers, self.refusal = {}, None

    def _take(self, number: int, answers: tuple[ForecastAnswer, ...]) -> None:
        if number == self._number:
            self._number = -1
            self.answers = {known.key: answer for known, answer in zip(self._asked, answers, strict=True)}
            self.refusal = None
            self.answered.emit()

    def _take_refusal(self, number: int, refusal: Refusal) -> None:
        if number == self._number:
            self._number = -1
            self.answers, self.refusal = {}, refusal
            self.answered.emit()

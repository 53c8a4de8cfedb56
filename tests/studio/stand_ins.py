"""Stand-ins of the tests: a warm process that fits bodies in this one, and how people are shown."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import CoreError
from core.fit_answers import answer_fit
from core.fits import AskFit
from core.forecasts import Refusal
from studio import settings as preferences
from studio.display import Display


class FittingModels(QObject):
    """Answers questions for bodies as the warm process does, after a turn of the event loop; the newest one counts."""

    fitted = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[AskFit] = []
        self.delay_ms = 0
        self.refuse_with: Refusal | None = None

    def warm_up(self) -> None: ...

    def forget_fit(self) -> None: ...

    def close(self) -> None: ...

    def fit(self, body, skeleton, poses, *, view=None, is_sequence=False, rate_hz=30.0, is_one_person=False) -> int:
        question = AskFit(
            number=1000 + len(self.asked), body=body, skeleton=skeleton, poses=poses, view=view,
            is_sequence=is_sequence, rate_hz=rate_hz, is_one_person=is_one_person,
        )  # fmt: skip
        self.asked.append(question)
        QTimer.singleShot(self.delay_ms, self, lambda: self._answer(question))
        return question.number

    def _answer(self, question: AskFit) -> None:
        if question is not self.asked[-1]:
            return
        if self.refuse_with is not None:
            self.fitted.emit(question.number, self.refuse_with)
            return
        try:
            self.fitted.emit(question.number, answer_fit(question))
        except CoreError as error:
            self.fitted.emit(question.number, Refusal(message=str(error), hint=error.hint))


def display(folder: Path) -> Display:
    """How people are shown, kept in a file of the test's own."""
    return Display(preferences.load(folder / "settings.toml"))

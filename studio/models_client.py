"""Asks the warm process (`core.serving`) and hears its answers, off the window's thread and without torch here.

The process starts with the first question (or `warm_up`) and stays. The newest question of a kind is the one that
counts: answers to older ones are dropped. A process that dies is started again once, quietly, with the question it
owes; when it dies again over the same one, that is said in words and the next question starts anew.
"""

import sys
from pathlib import Path

import msgspec
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from core.detections import AskDetect, Box, Detected
from core.fits import AskFit, Fitted, FitView, PoseToFit
from core.forecasts import (
    AboutRun,
    Answer,
    AskAbout,
    AskDifferences,
    AskForecast,
    Differences,
    Forecaster,
    Forecasts,
    Question,
    Refusal,
    Refused,
)
from core.generations import (
    AboutMotion,
    AskAboutMotionModel,
    AskGenerate,
    Generated,
    GeneratedSoFar,
    GenerationAnswer,
    GenerationQuestion,
    NotGenerated,
    Recipe,
)
from studio.warm_process import WarmProcess
from studio.words import say

_Asked = Question | GenerationQuestion
_Heard = Answer | GenerationAnswer
STOOD_STILL_MS = 40
"""A forecast is asked for so long after the playhead's last move, and drawn within a tenth of a second of that move."""


class ModelsClient(QObject):
    """One warm process and the questions it owes an answer to."""

    answered = Signal(int, object)
    """A forecast question's number and its answers (tuple of ForecastAnswer), in the order they were asked of."""
    described = Signal(int, object)
    """The number of a question about a run, and its About or Refusal."""
    refused = Signal(int, object)
    """A forecast question's number and the Refusal of the whole of it."""
    compared = Signal(int, object)
    """The number of a question for differences, and its Differences or Refusal."""
    fitted = Signal(int, object)
    """The number of a question for bodies, and its Fitted or Refusal."""
    detected = Signal(int, object)
    """The number of a question who is in a box, and its Detected or Refusal."""
    generating = Signal(int, object)
    """The number of a question for motion, and its GeneratedSoFar: more will come."""
    generated = Signal(int, object)
    """The number of a question for motion, and its Generated or NotGenerated: nothing more will come."""
    motion_model_described = Signal(int, object)
    """The number of a question about a motion model, and its AboutMotionModel or Refusal."""

    def __init__(self, parent: QObject | None = None, *, program: tuple[str, ...] = ()) -> None:
        super().__init__(parent)
        self._process = WarmProcess(program or (sys.executable, "-m", "core.serving"), self)
        self._process.heard.connect(self._hear)
        self._process.ended.connect(self._died)
        self._number = 0
        self._owed: dict[type, _Asked] = {}
        self._deaths = 0
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is on its way that what is shown waits for: differences take long and say so themselves."""
        return any(kind is not AskDifferences for kind in self._owed)

    def warm_up(self) -> None:
        """Start the process before the first question, so that the first answer does not wait for it."""
        if not self._process.is_there:
            self._process.start()
            for question in self._owed.values():
                self._write(question)

    def forecast(
        self,
        project: Path,
        clip_id: str,
        at_frame: int,
        of: tuple[Forecaster, ...],
        steps: int | None = None,
        *,
        futures: int = 0,
        seed: int = 0,
    ) -> int:
        """Ask what comes next; the question's number. An earlier forecast still owed is wanted no more."""
        return self._ask(
            AskForecast(
                number=self._next(),
                project=str(project),
                clip_id=clip_id,
                at_frame=at_frame,
                of=of,
                steps=steps,
                futures=futures,
                seed=seed,
            )
        )

    def differences(
        self, project: Path, of: tuple[Forecaster, Forecaster], part: str = "test", most: int = 5000
    ) -> int:
        """Ask where two differ most on a part of the first one's split; the question's number."""
        return self._ask(AskDifferences(number=self._next(), project=str(project), of=of, part=part, most=most))

    def detect(self, video: Path, frame: int, box: Box) -> int:
        """Ask who is in a box of a frame; the question's number. An earlier one still owed is wanted no more."""
        return self._ask(AskDetect(number=self._next(), video=str(video), frame=frame, box=box))

    def about(self, run: str) -> int:
        """Ask what a run knows; the question's number."""
        return self._ask(AskAbout(number=self._next(), run=run))

    def fit(
        self,
        body: str,
        skeleton: str,
        poses: tuple[PoseToFit, ...],
        *,
        view: FitView | None = None,
        is_sequence: bool = False,
        rate_hz: float = 30.0,
        is_one_person: bool = False,
    ) -> int:
        """Ask for a body in each pose; the question's number. Earlier fits still owed are wanted no more."""
        return self._ask(
            AskFit(
                number=self._next(),
                body=body,
                skeleton=skeleton,
                poses=poses,
                view=view,
                is_sequence=is_sequence,
                rate_hz=rate_hz,
                is_one_person=is_one_person,
            )
        )

    def generate(self, recipe: Recipe, *, streamed: bool = True) -> int:
        """Ask for motion; the question's number. What was asked for before is wanted no more."""
        return self._ask(AskGenerate(number=self._next(), recipe=recipe, streamed=streamed))

    def about_motion_model(self, run: str) -> int:
        """Ask what a motion model knows; the question's number."""
        return self._ask(AskAboutMotionModel(number=self._next(), run=run))

    def forget_generation(self) -> None:
        """Nobody waits for motion any more."""
        self._owed.pop(AskGenerate, None)

    def forget_fit(self) -> None:
        """Nobody waits for bodies any more."""
        self._owed.pop(AskFit, None)

    def forget_detection(self) -> None:
        """Nobody waits for who is in the box any more."""
        self._owed.pop(AskDetect, None)

    def forget_differences(self) -> None:
        """Nobody waits for differences any more."""
        self._owed.pop(AskDifferences, None)

    def forget_forecast(self) -> None:
        """Nobody waits for the forecast any more."""
        self._owed.pop(AskForecast, None)

    def close(self) -> None:
        """End the process; it starts again with the next question."""
        self._owed.clear()
        self._process.close()

    # ---- asking and hearing ----

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _ask(self, question: _Asked) -> int:
        self._owed[type(question)] = question
        if self._process.is_there:
            self._write(question)
        else:
            self.warm_up()
        return question.number

    def _write(self, question: _Asked) -> None:
        self._process.write(msgspec.json.encode(question))

    def _hear(self, line: bytes) -> None:
        try:
            answer = msgspec.json.decode(line, type=_Heard)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            self._process.last_words.append(f"unreadable answer: {error}")
            return
        self._deaths = 0
        self._pass_on(answer)

    def _pass_on(self, answer: _Heard) -> None:
        kind = next((kind for kind, owed in self._owed.items() if owed.number == answer.number), None)
        if kind is None:
            return  # somebody asked something newer since
        if isinstance(answer, GeneratedSoFar):
            self.generating.emit(answer.number, answer)
            return  # the rest is still owed
        del self._owed[kind]
        match answer:
            case Forecasts():
                self.answered.emit(answer.number, answer.answers)
            case Differences():
                self.compared.emit(answer.number, answer)
            case AboutRun():
                self.described.emit(answer.number, answer.about)
            case Fitted():
                self.fitted.emit(answer.number, answer)
            case Detected():
                self.detected.emit(answer.number, answer)
            case Generated() | NotGenerated():
                self.generated.emit(answer.number, answer)
            case AboutMotion():
                self.motion_model_described.emit(answer.number, answer.about)
            case Refused():
                self._refuse(kind, answer.number, answer.refusal)

    def _refuse(self, kind: type, number: int, refusal: Refusal) -> None:
        if kind is AskGenerate:
            self.generated.emit(number, NotGenerated(number=number, refusal=refusal))
            return
        told = {
            AskForecast: self.refused,
            AskDifferences: self.compared,
            AskFit: self.fitted,
            AskDetect: self.detected,
            AskAboutMotionModel: self.motion_model_described,
        }.get(kind, self.described)
        told.emit(number, refusal)

    def _died(self) -> None:
        if not self._owed:
            return
        self._deaths += 1
        if self._deaths <= 1:
            QTimer.singleShot(0, self, self._ask_again)
            return
        self._deaths = 0
        words = Refusal(
            message=say("The process that answers for the models ended twice over this."),
            hint=say("Choose another run or moment; its last words are in the details."),
            details="\n".join(self._process.last_words),
        )
        owed, self._owed = self._owed, {}
        for kind, question in owed.items():
            self._refuse(kind, question.number, words)

    def _ask_again(self) -> None:
        if self._owed:
            self.warm_up()

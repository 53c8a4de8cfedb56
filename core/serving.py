"""The warm process: it keeps models loaded and answers questions about clips, so that the window never waits for torch.

`python -m core.serving` reads one question a line from its standard input (JSON, a `Question` of `core.forecasts` or a
`GenerationQuestion`) and writes one answer a line, or several, where motion is said while it is made. Libraries print,
so the answers go to a private copy of standard output, and what is printed goes to standard error. While it works on a
question, newer ones of the same kind push out those that wait: the newest wins. Motion that is being made is left in
the middle when newer one is asked for. Forecasts, differences, fits, looks at a frame and motion have a thread each, so
that none waits for another; torch is imported with the first question that needs it. It ends when its input ends.
Projects are opened for reading only.
"""

import os
import sys
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from core.detections import AskDetect
from core.errors import CoreError
from core.fit_answers import answer_fit
from core.fits import AskFit
from core.forecasts import (
    AboutRun,
    Answer,
    AskAbout,
    AskDifferences,
    AskForecast,
    ForecastAnswer,
    Forecasts,
    Question,
    Refusal,
    Refused,
)
from core.generation.answering import Answering
from core.generation.asking import UnknownActionError
from core.generations import AskAboutMotionModel, AskGenerate, GenerationAnswer, GenerationQuestion, NotGenerated

if TYPE_CHECKING:
    from core.detection_answers import DetectionAnswers
    from core.forecast_answers import ForecastAnswers

Asked = Question | GenerationQuestion
Said = Answer | GenerationAnswer


class Answerer:
    """Answers questions one at a time; what it loaded stays loaded until its file changes."""

    def __init__(self) -> None:
        self._learned: ForecastAnswers | None = None
        self._looking: DetectionAnswers | None = None

    def answer(self, question: Question) -> Answer:
        """The answer, or why there is none; nothing a question says makes this raise."""
        try:
            match question:
                case AskForecast():
                    return self._forecasts(question)
                case AskDifferences():
                    return self._forecasters().differences(question)
                case AskAbout():
                    return AboutRun(number=question.number, about=self._forecasters().about(question.run))
                case AskFit():
                    return answer_fit(question)
                case AskDetect():
                    return self._detections().answer(question)
        except Exception as error:  # noqa: BLE001 (the process must live on; the person sees what happened)
            return Refused(number=question.number, refusal=refusal_of(error))

    def close(self) -> None:
        """Let go of the project and of the video."""
        if self._learned is not None:
            self._learned.close()
        if self._looking is not None:
            self._looking.close()

    def _forecasts(self, question: AskForecast) -> Forecasts:
        forecasters = self._forecasters()
        forecasters.require(question.project)
        said = []
        for each in question.of:
            try:
                said.append(ForecastAnswer(forecast=forecasters.forecast(question, each)))
            except Exception as error:  # noqa: BLE001 (the others may have an answer)
                said.append(ForecastAnswer(refusal=refusal_of(error)))
        return Forecasts(number=question.number, answers=tuple(said))

    def _detections(self) -> "DetectionAnswers":
        # Here, for its networks take a moment and most never ask.
        from core.detection_answers import DetectionAnswers

        if self._looking is None:
            self._looking = DetectionAnswers()
        return self._looking

    def _forecasters(self) -> "ForecastAnswers":
        # Here, for they bring torch: a fit is answered before it is there.
        from core.forecast_answers import ForecastAnswers

        if self._learned is None:
            self._learned = ForecastAnswers()
        return self._learned


def refusal_of(error: Exception) -> Refusal:
    """An error as words; a bug keeps its traceback as details."""
    if isinstance(error, CoreError):
        return Refusal(message=str(error), hint=error.hint)
    details = "".join(traceback.format_exception(error))
    sys.stderr.write(details)
    return Refusal(message=f"{type(error).__name__}: {error}", hint="This is a fault of the program.", details=details)


# ---- the process ----------------------------------------------------------------------------------------------------


class Inbox:
    """Questions that wait: the newest of each kind. Filled by a thread that reads, emptied by the one that answers."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[type, Asked] = OrderedDict()
        self._ended = False
        self._changed = threading.Condition()

    def put(self, question: Asked) -> None:
        with self._changed:
            self._waiting[type(question)] = question
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()

    def supersedes(self, kind: type) -> bool:
        """Whether a newer question of that kind waits, or nobody does."""
        with self._changed:
            return self._ended or kind in self._waiting

    def take(self) -> Asked | None:
        """The next question, once there is one; None when there will be none. What nobody waits for is dropped."""
        with self._changed:
            while not self._waiting and not self._ended:
                self._changed.wait()
            return None if self._ended else self._waiting.popitem(last=False)[1]


@dataclass(frozen=True)
class Inboxes:
    """Where questions wait for the thread that answers their kind."""

    forecasts: Inbox = field(default_factory=Inbox)
    differences: Inbox = field(default_factory=Inbox)
    fits: Inbox = field(default_factory=Inbox)
    looks: Inbox = field(default_factory=Inbox)
    motion: Inbox = field(default_factory=Inbox)

    def of(self, question: Asked) -> Inbox:
        match question:
            case AskFit():
                return self.fits
            case AskDetect():
                return self.looks
            case AskDifferences():
                return self.differences
            case AskGenerate() | AskAboutMotionModel():
                return self.motion
            case _:
                return self.forecasts

    def end(self) -> None:
        for each in (self.forecasts, self.differences, self.fits, self.looks, self.motion):
            each.end()


def read_questions(lines: BinaryIO, inboxes: Inboxes, refuse: Callable[[Refused], None]) -> None:
    """Every line is a question, or is refused in words."""
    for line in iter(lines.readline, b""):
        if not line.strip():
            continue
        try:
            question = _questions.decode(line)
            inboxes.of(question).put(question)
        except (msgspec.DecodeError, msgspec.ValidationError, ValueError) as error:
            words = Refusal(message=f"This is no question: {error}", hint="Studio and library are of two versions.")
            refuse(Refused(number=_number_in(line), refusal=words))
    inboxes.end()


_questions = msgspec.json.Decoder(Asked)


def _number_in(line: bytes) -> int:
    try:
        number = msgspec.json.decode(line)["number"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return -1
    return number if isinstance(number, int) else -1


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the questions end."""
    one_at_a_time = threading.Lock()

    def say(answer: Said) -> None:
        with one_at_a_time:
            answers.write(msgspec.json.encode(answer) + b"\n")
            answers.flush()

    def answer_all(inbox: Inbox) -> None:
        answerer = Answerer()
        try:
            while (question := inbox.take()) is not None:
                assert not isinstance(question, AskGenerate | AskAboutMotionModel)
                say(answerer.answer(question))
        except BrokenPipeError:
            pass  # whoever asked is gone
        finally:
            answerer.close()

    def make_motion(inbox: Inbox) -> None:
        answering = Answering()
        try:
            while (question := inbox.take()) is not None:
                assert isinstance(question, AskGenerate | AskAboutMotionModel)
                for answer in motion_answers(answering, question, inbox):
                    say(answer)
        except BrokenPipeError:
            pass

    inboxes = Inboxes()
    threads = [
        threading.Thread(target=answer_all, args=(inboxes.fits,), name="fits", daemon=True),
        threading.Thread(target=answer_all, args=(inboxes.looks,), name="looks", daemon=True),
        threading.Thread(target=answer_all, args=(inboxes.differences,), name="differences", daemon=True),
        threading.Thread(target=make_motion, args=(inboxes.motion,), name="motion", daemon=True),
    ]
    threading.Thread(target=read_questions, args=(questions, inboxes, say), name="questions", daemon=True).start()
    for thread in threads:
        thread.start()
    answer_all(inboxes.forecasts)
    for thread in threads:
        thread.join()


def motion_answers(answering: Answering, question: GenerationQuestion, inbox: Inbox) -> Iterator[Said]:
    """All answers to a question for motion, or why there are none; none after a newer one of its kind has come."""
    try:
        yield from answering.answers(question, partial(inbox.supersedes, type(question)))
    except Exception as error:  # noqa: BLE001 (the process must live on; the person sees what happened)
        refusal = refusal_of(error)
        if isinstance(question, AskGenerate):
            nearest = error.nearest if isinstance(error, UnknownActionError) else ()
            yield NotGenerated(number=question.number, refusal=refusal, nearest=nearest)
        else:
            yield Refused(number=question.number, refusal=refusal)


def main() -> None:
    """Keep standard output for answers alone, then serve."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()

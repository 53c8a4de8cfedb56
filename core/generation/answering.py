"""Answers of the warm process about motion: models that stay loaded, and motion said while it is made.

    answering = Answering()
    for said in answering.answers(question, superseded=lambda: newer_one_waits):
        send(said)

Torch comes with the first question. A question that nobody waits for any more is left in the middle. What cannot be
answered raises: errors of `core.errors`, an unknown action with its nearest names among them.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.demo import find_run
from core.generations import (
    AboutMotion,
    AboutMotionModel,
    AskAboutMotionModel,
    AskGenerate,
    Generated,
    GeneratedSoFar,
    GenerationAnswer,
    GenerationQuestion,
)
from core.recordings import reference_joints_m

if TYPE_CHECKING:
    from core.generation.motion_model import MotionModel

MOST_MODELS = 4


class Answering:
    """Answers one question at a time; a model stays loaded until its file changes or others took its place."""

    def __init__(self) -> None:
        self._models: OrderedDict[Path, tuple[int, MotionModel]] = OrderedDict()
        self._about: dict[Path, tuple[int, AboutMotionModel]] = {}

    def answers(
        self, question: GenerationQuestion, superseded: Callable[[], bool] = lambda: False
    ) -> Iterator[GenerationAnswer]:
        """All there is to say to a question, the whole answer last; nothing more once it is superseded."""
        match question:
            case AskGenerate():
                yield from self._made(question, superseded)
            case AskAboutMotionModel():
                yield AboutMotion(number=question.number, about=self._described(question.run))

    def _made(self, question: AskGenerate, superseded: Callable[[], bool]) -> Iterator[GenerationAnswer]:
        from core.generation.making import make

        begun = time.monotonic()
        for said in make(self._model(question.recipe.model), question.recipe, streamed=question.streamed):
            if superseded():
                return
            if said.done:
                seconds = time.monotonic() - begun
                yield Generated(number=question.number, samples=said.samples, seconds_taken=seconds, notes=said.notes)
            elif said.samples:
                yield GeneratedSoFar(number=question.number, samples=said.samples)

    def _described(self, run: str) -> AboutMotionModel:
        model = self._model(run)  # first: its file may have changed
        folder = find_run(run, "posegpt")
        written = self._models[folder][0]
        kept = self._about.get(folder)
        if kept is None or kept[0] != written:
            kept = self._about[folder] = (written, model.about())
        return kept[1]

    def _model(self, run: str) -> "MotionModel":
        # All that a first motion needs, so that it comes no later than the next.
        from core.generation import making  # noqa: F401
        from core.generation.motion_model import MotionModel
        from core.models import checkpoints

        reference_joints_m()
        folder = find_run(run, "posegpt")
        written = checkpoints.find(folder).stat().st_mtime_ns
        kept = self._models.get(folder)
        if kept is None or kept[0] != written:
            kept = self._models[folder] = (written, MotionModel.load(folder))
        self._models.move_to_end(folder)
        while len(self._models) > MOST_MODELS:
            self._models.popitem(last=False)
        return kept[1]

"""Stand-ins of the tests: a warm process that fits bodies and makes motion in this one, and how people are shown."""

from pathlib import Path

import numpy as np
from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Signal

from core.bodies.skeletons import SMPL_24
from core.errors import CoreError
from core.fit_answers import answer_fit
from core.fits import AskFit
from core.forecasts import Refusal
from core.generations import (
    AboutMotionModel,
    Generated,
    GeneratedSoFar,
    NotGenerated,
    Recipe,
    Sample,
    packed,
    unpacked,
)
from core.motion import Motion
from studio import settings as preferences
from studio.display import Display


class FittingModels(QObject):
    """Answers questions for bodies as the warm process does, after a turn of the event loop; the newest one counts."""

    fitted = Signal(int, object)
    answered = Signal(int, object)
    detected = Signal(int, object)
    refused = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[AskFit] = []
        self.delay_ms = 0
        self.refuse_with: Refusal | None = None

    def warm_up(self) -> None: ...

    def forget_fit(self) -> None: ...

    def forget_detection(self) -> None: ...

    def forget_forecast(self) -> None: ...

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


ACTIONS = (("walk", 30), ("run", 12), ("wave", 4), ("walk-left", 7))


class GeneratingModels(FittingModels):
    """Makes walks of the asked lengths, half of them first where they are streamed; the newest question counts."""

    generating = Signal(int, object)
    generated = Signal(int, object)
    motion_model_described = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.recipes: list[Recipe] = []
        self.refuse_motion_with: NotGenerated | None = None
        self.about_refusal: Refusal | None = None
        self.takes_a_past = True
        self.ms_a_token = 1.0
        self.rest_after_ms = 0
        self.is_waiting = False

    def about_motion_model(self, run) -> int:
        about = self.about_refusal or AboutMotionModel(
            name=Path(run).name, actions=ACTIONS, skeleton="SMPL 24", frames_a_token=4, books=2, codes=16,
            longest_s=4.0, takes_a_past=self.takes_a_past, project="made", sources=(), ms_a_token=self.ms_a_token,
        )  # fmt: skip
        QTimer.singleShot(0, self, lambda: self.motion_model_described.emit(77, about))
        return 77

    def generate(self, recipe, *, streamed=True) -> int:
        self.recipes.append(recipe)
        number = len(self.recipes)
        QTimer.singleShot(self.delay_ms, self, lambda: self._make(number, recipe, streamed=streamed))
        return number

    def forget_generation(self) -> None: ...

    def _make(self, number, recipe, *, streamed) -> None:
        if number != len(self.recipes):
            return
        if self.refuse_motion_with is not None:
            self.generated.emit(number, replace(self.refuse_motion_with, number=number))
            return
        whole = tuple(made_sample(recipe, at) for at in range(recipe.samples))
        if streamed:
            self.generating.emit(number, GeneratedSoFar(number=number, samples=tuple(map(half_of, whole))))
        done = Generated(number=number, samples=whole, seconds_taken=0.1, notes=("made for a test",))
        QTimer.singleShot(self.rest_after_ms, self, lambda: self._end(number, done))

    def _end(self, number, done) -> None:
        if number == len(self.recipes):
            self.generated.emit(number, done)


def made_sample(recipe: Recipe, at: int) -> Sample:
    """Someone who walks on along z, each sample a little faster than the one before."""
    frames = round(recipe.seconds * 30)
    turns = np.tile(np.eye(3, dtype=np.float32), (frames, 24, 1, 1))
    time_s = np.arange(frames) / 30
    path_m = np.stack([0 * time_s, 0.95 + 0 * time_s, (0.5 + 0.1 * at) * time_s], axis=-1)
    random = np.random.default_rng([recipe.seed, at])
    codes = tuple(tuple(int(code) for code in row) for row in random.integers(0, 16, (-(-frames // 4), 2)))
    return Sample(
        motion=packed(Motion(SMPL_24, 30.0, turns, path_m.astype(np.float32))), codes=codes, frames_a_token=4,
        settled=frames, likely=0.8 - 0.1 * at, doubts=("feet slip",) if at == 1 else (),
    )  # fmt: skip


def half_of(sample: Sample) -> Sample:
    """Its first half, of which a quarter has settled."""
    whole = unpacked(sample.motion)
    frames = len(whole) // 2
    part = Motion(whole.skeleton, whole.rate_hz, whole.rotations[:frames], whole.translation_m[:frames])
    return replace(sample, motion=packed(part), codes=sample.codes[: -(-frames // 4)], settled=frames // 2, likely=None)

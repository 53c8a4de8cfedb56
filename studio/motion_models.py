"""The motion models there are to ask: the open project's runs, newest first, and the ones that ship.

What a model knows is asked of the warm process when it is first chosen, and kept. How long an answer takes on this
machine is measured with every answer.
"""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from core.demo import shipped_checkpoints
from core.forecasts import Refusal
from core.generations import RATE_HZ, AboutMotionModel, Recipe
from core.runs import TrainPoseGpt
from studio.document import Document
from studio.jobs import Job, Jobs
from studio.models_client import ModelsClient
from studio.words import say

_SHARE_A_SAMPLE = 0.16
"""What another sample adds to the time of the first, until it was measured."""


@dataclass(frozen=True)
class MotionModelRun:
    """A motion model by the name people see. `run` is what the warm process is asked by: a folder or a shipped name."""

    name: str
    run: str
    is_shipped: bool = False

    @property
    def title(self) -> str:
        """For lists."""
        return say("{name} (shipped)", name=self.name) if self.is_shipped else self.name


def motion_runs(jobs: Jobs) -> list[Job]:
    """The project's trainings of motion models, oldest first."""
    found = [job for job in jobs.jobs() if isinstance(job.spec, TrainPoseGpt)]
    return sorted(found, key=lambda job: (job.started_at or float("inf"), job.name))


def that_can_generate(jobs: Jobs) -> list[MotionModelRun]:
    """Every motion model with a checkpoint."""
    own = [
        MotionModelRun(job.name, str(job.folder.path))
        for job in reversed(motion_runs(jobs))
        if (job.folder.path / "best.safetensors").is_file()
    ]
    return own + [MotionModelRun(name, name, is_shipped=True) for name in shipped_motion_models()]


def shipped_motion_models() -> list[str]:
    """The names of the motion models that ship."""
    return list(shipped_checkpoints("posegpt"))


class MotionModels(QObject):
    """Which there are, the chosen one, what it knows and how fast it is."""

    changed = Signal()
    """Others are there, another is chosen, or what it knows was learned."""

    def __init__(self, document: Document, jobs: Jobs, models: ModelsClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._models = document, jobs, models
        self.known: list[MotionModelRun] = []
        self.chosen: MotionModelRun | None = None
        self._abouts: dict[str, AboutMotionModel | Refusal] = {}
        self._asked: tuple[int, str] | None = None
        self._seconds_a_token: dict[str, float] = {}  # by run, as measured
        self._is_awake = False
        models.motion_model_described.connect(self._take)
        document.opened.connect(self._forget)
        document.closed.connect(self._forget)
        jobs.listed.connect(self.look)
        jobs.ended.connect(lambda _: self.look())

    @property
    def about(self) -> AboutMotionModel | None:
        """What the chosen one knows, once it has said so."""
        said = self._abouts.get(self.run)
        return said if isinstance(said, AboutMotionModel) else None

    @property
    def refusal(self) -> Refusal | None:
        """Why the chosen one cannot be asked."""
        said = self._abouts.get(self.run)
        return said if isinstance(said, Refusal) else None

    @property
    def run(self) -> str:
        """What the chosen one is asked by; empty where there is none."""
        return self.chosen.run if self.chosen is not None else ""

    @property
    def actions(self) -> tuple[tuple[str, int], ...]:
        """What the chosen one can do, with how many stretches it was learned from."""
        return self.about.actions if self.about is not None else ()

    @property
    def is_settled(self) -> bool:
        return self._asked is None

    def choose(self, run: str) -> bool:
        """Ask this one from now on; whether it is another than before."""
        found = next((each for each in self.known if each.run == run), None)
        if found is None or found == self.chosen:
            return False
        self.chosen = found
        self._ask()
        self.changed.emit()
        return True

    def wake(self) -> None:
        """Somebody looks: from now on models are asked what they know, those that refused once more."""
        self._is_awake = True
        self._abouts = {run: each for run, each in self._abouts.items() if isinstance(each, AboutMotionModel)}
        self.look()
        self._ask()

    def look(self) -> None:
        """Which there are now; the newest of the project is taken, or else what ships."""
        found = that_can_generate(self._jobs) if self._document.is_open else []
        if found == self.known:
            return
        self.known = found
        if self.chosen not in found:
            self.chosen = found[0] if found else None
            self._ask()
        self.changed.emit()

    def takes_s(self, recipe: Recipe) -> float | None:
        """How long the answer will take on this machine; None while nobody knows."""
        about = self.about
        if about is None:
            return None
        pace_s = self._seconds_a_token.get(self.run) or about.ms_a_token / 1000
        return pace_s * _work(recipe, about) if pace_s > 0 else None

    def measured(self, asked: Recipe, seconds: float) -> None:
        """An answer took so long."""
        if self.about is not None and asked.model == self.run and seconds > 0 and asked.story:
            self._seconds_a_token[self.run] = seconds / max(_work(asked, self.about), 1e-6)

    def _ask(self) -> None:
        if not self._is_awake or not self.run or self.run in self._abouts:
            return
        if self._asked is None or self._asked[1] != self.run:
            self._asked = self._models.about_motion_model(self.run), self.run

    def _take(self, number: int, said: AboutMotionModel | Refusal) -> None:
        if self._asked is None or number != self._asked[0]:
            return
        self._abouts[self._asked[1]] = said
        self._asked = None
        self._ask()
        self.changed.emit()

    def _forget(self) -> None:
        self.known, self.chosen, self._asked = [], None, None
        self._abouts.clear()
        self.look()
        self.changed.emit()


def _work(recipe: Recipe, about: AboutMotionModel) -> float:
    """How much there is to make, in tokens of one sample."""
    tokens = recipe.seconds * RATE_HZ / max(about.frames_a_token, 1)
    return tokens * (1 + _SHARE_A_SAMPLE * (recipe.samples - 1))

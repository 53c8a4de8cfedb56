"""The project's training runs, and which forecasters there are to ask and to compare: its own and the ones that ship.

A run keeps its colour on every page: those of the project go round four colours in the order they were started, what
ships has its own, and so have the baselines. Colours are theme colours, by their place in `theme.Theme.runs`; once they
went round, they come again hatched (`Known.round`), and the name beside them tells which is meant.
"""

from dataclasses import dataclass, replace

from core.demo import shipped_checkpoints
from core.forecasts import Plain
from core.runs import TrainForecaster, TrainPoseGpt
from studio import theme
from studio.jobs import Job, Jobs
from studio.words import said

_PROJECT_COLOURS = (0, 1, 3, 4)
_SHIPPED_COLOUR = 5
_PLAIN_COLOUR = 2
_PLAIN_WORDS: dict[Plain, tuple[str, str]] = {
    "counting": ("n-gram", "average pose"),
    "repeating": ("last action", "last pose"),
}
"""What a baseline is called: its actions, its poses."""
PLAINS = tuple(_PLAIN_WORDS)


@dataclass(frozen=True)
class Known:
    """A forecaster by the name people see. `run` is what the warm process is asked by: a folder, or a shipped name."""

    name: str
    run: str
    colour_at: int
    is_shipped: bool = False
    plain: Plain = ""
    preset: str = ""
    round: int = 0  # how often the colours had gone round before it: from 1 on its colour is hatched

    @property
    def key(self) -> str:
        """One word for it: a run and the counting beside it are two."""
        return f"{self.run}#{self.plain}" if self.plain else self.run

    @property
    def is_plain(self) -> bool:
        """Whether it is a baseline that a run carries."""
        return bool(self.plain)

    @property
    def colour(self) -> str:
        """As a hex word of the theme in use."""
        return theme.now().runs[self.colour_at]

    def beside(self, plain: Plain = "counting") -> "Known":
        """A baseline that learned from the same clips: counting, or the last step again."""
        name, poses = _PLAIN_WORDS[plain]
        round_ = PLAINS.index(plain)
        return replace(self, name=name, colour_at=_PLAIN_COLOUR, plain=plain, preset=said(poses), round=round_)


def training_runs(jobs: Jobs) -> list[Job]:
    """The project's training runs of both kinds of model, oldest first."""
    found = [job for job in jobs.jobs() if isinstance(job.spec, TrainForecaster | TrainPoseGpt)]
    return sorted(found, key=lambda job: (job.started_at or float("inf"), job.name))


def colour_places(jobs: Jobs) -> dict[str, int]:
    """Each training run's place among the theme's run colours, by its name."""
    return {name: _PROJECT_COLOURS[at % len(_PROJECT_COLOURS)] for name, at in _places(jobs).items()}


def _places(jobs: Jobs) -> dict[str, int]:
    """Each run's place in the order of their starts. A deleted one keeps its own, so that no other changes colour."""
    runs = training_runs(jobs)
    gone = sorted(started for started in jobs.gone.values() if started)
    places, before = {}, 0
    for at, job in enumerate(runs):
        while before < len(gone) and gone[before] < (job.started_at or float("inf")):
            before += 1
        places[job.name] = at + before
    return places


def that_can_forecast(jobs: Jobs) -> list[Known]:
    """Every forecaster with a checkpoint: the project's newest first, then what ships."""
    places = colour_places(jobs)
    rounds = {name: at // len(_PROJECT_COLOURS) for name, at in _places(jobs).items()}
    own = [
        Known(job.name, str(job.folder.path), places[job.name], preset=_preset(job), round=rounds[job.name])
        for job in reversed(training_runs(jobs))
        if isinstance(job.spec, TrainForecaster) and (job.folder.path / "best.safetensors").is_file()
    ]
    names = shipped_checkpoints("forecaster")
    shipped = [
        Known(name, name, _SHIPPED_COLOUR, is_shipped=True, preset="shipped", round=at) for at, name in enumerate(names)
    ]
    return own + shipped


def _preset(job: Job) -> str:
    return job.spec.preset.removeprefix("forecaster/") if isinstance(job.spec, TrainForecaster) else ""


def kept_figures(job: Job) -> tuple[int, dict[str, float]] | None:
    """What the run's kept checkpoint measured on validation, by the metric's last word, and at which step.

    The kept one is the best, not the last: of a forecaster by score (right actions and small errors in one number), of
    a motion model by its surface error while the auto-encoder is trained, then by bits.
    """
    if not isinstance(job.spec, TrainPoseGpt):
        return _best(job, "validation/score", 1) or _best(job, "validation/top1", 1)
    first, second = _best(job, "validation/pve_mm", -1), _best(job, "validation/bits", -1)
    if first is None or second is None:
        return first or second
    return second[0], {**first[1], **second[1]}


def _best(job: Job, metric: str, sign: int) -> tuple[int, dict[str, float]] | None:
    """All validation figures of the step at which this one was best; the first of equals."""
    points = job.metrics.get(metric)
    if not points:
        return None
    step = max(points, key=lambda point: (sign * point[1], -point[0]))[0]
    figures = {
        name.removeprefix("validation/"): value
        for name, points in job.metrics.items()
        if name.startswith("validation/")
        for at, value in points
        if at == step
    }
    return step, figures

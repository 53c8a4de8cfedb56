"""Train: ask for a run, watch it and others beside it, stop it, go on with it.

The page starts jobs and reads what `Jobs` has heard; nothing is trained here. What changed is shown a few times a
second at most, however much a run reports.
"""

from collections.abc import Callable

from msgspec.structs import replace
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from core import configs
from core.errors import CoreError
from core.runs import TrainForecaster, TrainPoseGpt
from studio import forecasters, theme
from studio.data_sets import DataSets
from studio.document import Document
from studio.jobs import Job, Jobs
from studio.pages.training_chosen import ChosenRun, LogPanel
from studio.pages.training_curves import Curves, model_of
from studio.pages.training_new_run import MODELS, NewRun
from studio.widgets import parts
from studio.widgets.job_words import STATE_WORDS
from studio.widgets.runs_table import RunRow, RunsTable
from studio.widgets.when import say_when

_FOLLOW_MS = 150
_SPARK_POINTS = 46
_FIRST_COMPARED = 3
TrainSpec = TrainForecaster | TrainPoseGpt


class TrainingPage(QWidget):
    """New run at the left, runs and curves in the middle, the chosen run at the right."""

    asks = Signal(str)
    says = Signal(str)
    forecast_wanted = Signal(str)  # the folder of the run to forecast with
    generate_wanted = Signal(str)  # the folder of the run to make motion with

    def __init__(self, document: Document, jobs: Jobs, sets: DataSets) -> None:
        super().__init__()
        self._document, self._jobs, self._sets = document, jobs, sets
        self._compared: set[str] = set()
        self._ever_listed: set[str] = set()
        self._chosen = ""
        self.new_run = NewRun()
        self.new_run.started.connect(self._start)
        self.table = RunsTable()
        self.table.chosen.connect(self._choose)
        self.table.compared.connect(self._compare)
        self.curves = Curves()
        self.chosen_run, self._log = ChosenRun(), LogPanel()
        self.chosen_run.resume_wanted.connect(self._resume)
        self.chosen_run.forecast_wanted.connect(lambda job: self.forecast_wanted.emit(str(job.folder.path)))
        self.chosen_run.generate_wanted.connect(self._generate)
        self.new_run.model_chosen.connect(self._follow_model)
        self._follow_soon = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._follow_soon.timeout.connect(self._follow)
        self._lay_out()
        jobs.listed.connect(self._listed)
        jobs.moved.connect(self._moved)
        document.opened.connect(self._opened)
        document.closed.connect(self._opened)
        document.changed.connect(lambda _: self._count())
        sets.moved.connect(self._count_sets)
        self._opened()

    def commands(self) -> dict[str, Callable[[], None]]:
        """What the page can do, by the names of the table of commands."""
        return {
            "start-training": self.new_run.begin,
            "stop-training": self._stop,
            "compare-run": lambda: self._compare(self.table.chosen_id()),
            "find-setting": self.new_run.find,
            "log-scale": self.curves.toggle_log,
            "fork-run": self._fork,
        }

    def is_settled(self) -> bool:
        """Whether everything heard is shown."""
        return self._jobs.is_settled() and not self._follow_soon.isActive() and not self._sets.is_busy

    def show_run(self, name: str) -> None:
        """Go to a run, such as one that search found."""
        self._choose(name)

    # ---- layout ----

    def _lay_out(self) -> None:
        self._compared_chip = parts.text("", "chip")
        self._fork_button = parts.button(self.tr("Fork"), "copy", "quiet")
        self._fork_button.setToolTip(self.tr("Start from this run's settings  Ctrl+D"))
        self._fork_button.clicked.connect(self._fork)
        smoke = parts.button(self.tr("Start smoke run"), "play", "primary")
        smoke.clicked.connect(self._start_smoke)
        self._smoke = smoke
        empty = parts.state_card(
            "train",
            self.tr("No runs yet"),
            self.tr("A first one takes a minute or two with the preset smoke."),
            smoke,
        )
        self._runs = QStackedWidget()
        self._runs.addWidget(self.table)
        self._runs.addWidget(empty)
        self._runs_panel = parts.panel(
            self.tr("Runs"),
            (self._runs, 1),
            tools=(self._compared_chip, self._fork_button),
            gap=6,
            margins=(12, 8, 8, 6),
        )
        middle = QWidget()
        down = QVBoxLayout(middle)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(6)
        down.addWidget(self._runs_panel)
        down.addWidget(self.curves, 1)
        self._right = parts.col(self.chosen_run, (self._log, 1), gap=6)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(6)
        across.addWidget(self.new_run)
        across.addWidget(middle, 1)
        across.addWidget(self._right)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow, low = self.width() < theme.px(1330), self.height() < theme.px(720)
        self.new_run.setFixedWidth(min(theme.px(276), 320) if narrow else theme.px(286))
        self._right.setFixedWidth(min(theme.px(260), 290) if narrow else theme.px(320))
        self._runs_panel.setFixedHeight(theme.px(206 if low else 276))
        self.curves.show_room(is_low=low)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()

    # ---- what the person does ----

    def _start(self, config: configs.Config, preset: str) -> None:
        where = {"project": str(self._document.folder.resolve()), "out": "", "preset": preset}
        if isinstance(config, configs.PoseGpt):
            named = self._jobs.job(config.autoencoder_run)
            if named is not None:
                config = replace(config, autoencoder_run=str(named.folder.path.resolve()))
            self._begin(TrainPoseGpt(config=config, **where), self._jobs.free_name("posegpt"))
        else:
            self._begin(TrainForecaster(config=config, **where), self._jobs.free_name("forecaster"))

    def _resume(self, job: Job) -> None:
        if job.spec is not None:
            self._begin(job.spec, job.name)

    def _begin(self, spec: object, name: str) -> None:
        assert isinstance(spec, TrainSpec)
        try:
            self._jobs.start(spec, name)
        except CoreError as error:
            self.says.emit(f"{error} {error.hint}".strip())
            return
        self._compared.add(name)
        self._ever_listed.add(name)
        self._choose(name)
        self.table.choose(name)

    def _start_smoke(self) -> None:
        self.new_run.choose_preset(f"{self.new_run.model}/smoke")
        self.new_run.begin()

    def _generate(self, job: Job) -> None:
        self.generate_wanted.emit(str(job.folder.path))
        self.asks.emit("page-generate")

    def _stop(self) -> None:
        job = self._jobs.job(self._chosen)
        if job is not None and job.state == "running":
            job.stop()

    def _fork(self) -> None:
        job = self._jobs.job(self._chosen)
        if job is not None and isinstance(job.spec, TrainSpec):
            self.new_run.show_config(job.spec.config, job.spec.preset)

    def _choose(self, name: str) -> None:
        self._chosen = name
        self._follow()

    def _compare(self, name: str) -> None:
        if name:
            self._compared ^= {name}
            self._follow()

    # ---- what happens ----

    def _opened(self) -> None:
        self._compared.clear()
        self._ever_listed.clear()
        self._chosen = ""
        self._is_new = True
        self._count()
        self._count_sets()
        self._follow()

    def _count_sets(self) -> None:
        """What of motion there is; a project of motion alone opens with the model that learns from it."""
        entries = self._sets.entries()
        self.new_run.show_sets(entries)
        counted = bool(entries) and all(each.contents is not None for each in entries)
        if self._is_new and counted:
            self._is_new = False
            for_forecaster, for_motion = (self.new_run.nothing_to_learn(model) for model in MODELS)
            if for_forecaster and not for_motion:
                self.new_run.choose_model("posegpt")
        self._smoke.setEnabled(self.new_run.start.isEnabled())

    def _follow_model(self) -> None:
        """Where there is no run to look at, the charts are those that a run of the chosen model would draw."""
        self._smoke.setEnabled(self.new_run.start.isEnabled())
        self._follow()

    def _count(self) -> None:
        self.new_run.show_project(self._document.project if self._document.is_open else None)
        self._smoke.setEnabled(self.new_run.start.isEnabled())

    def _listed(self) -> None:
        self._moved()

    def _moved(self, _job: object = None) -> None:
        if not self._follow_soon.isActive() and self.isVisible():
            self._follow_soon.start()

    def _follow(self) -> None:
        """Show the runs as they stand."""
        runs = forecasters.training_runs(self._jobs)
        newest_first = runs[::-1]
        names = [job.name for job in newest_first]
        new = [name for name in names if name not in self._ever_listed]
        room = max(0, _FIRST_COMPARED - len(self._compared))
        self._compared.update(new[:room])
        self._ever_listed.update(new)
        if self._chosen not in names:
            live = [job.name for job in newest_first if job.is_live]
            self._chosen = (live or names or [""])[0]
        places = forecasters.colour_places(self._jobs)
        colours = {name: theme.now().runs[place] for name, place in places.items()}
        self._runs.setCurrentIndex(0 if runs else 1)
        self.table.show_rows(
            [_row(job, colours[job.name], is_compared=job.name in self._compared) for job in newest_first]
        )
        self.table.choose(self._chosen)
        count = len(self._compared & set(names))
        self._compared_chip.setText(self.tr("{count} compared").format(count=count))
        self._compared_chip.setVisible(bool(runs))
        self._fork_button.setVisible(bool(runs))
        job = self._jobs.job(self._chosen)
        self.chosen_run.show_job(job, colours.get(self._chosen, "text3"))
        self._log.show_job(job)
        shown = [each for each in newest_first if each.name in self._compared or each.name == self._chosen]
        model = model_of(job) if job is not None else self.new_run.model
        self.curves.show_runs(model, shown, self._chosen, colours)


def _row(job: Job, colour: str, *, is_compared: bool) -> RunRow:
    words, state_colour = STATE_WORDS[job.state]
    share = job.share()
    if share is not None and job.state != "done":
        words = f"{words}  {100 * share:.0f} %"
    loss = [value for _, value in job.metrics.get("loss", [])]
    kept = (forecasters.kept_figures(job) or (0, {}))[1]
    every = max(1, len(loss) // _SPARK_POINTS)
    return RunRow(
        id=job.name,
        colour=colour,
        state=words,
        state_colour=getattr(theme.now(), state_colour),
        is_compared=is_compared,
        loss=tuple(loss[::every]),
        top1=kept.get("top1"),
        error_px=kept.get("mpjpe_px"),
        bits=kept.get("bits"),
        error_mm=kept.get("pve_mm"),
        kind="forecaster" if model_of(job) == "forecaster" else "motion",
        preset=job.spec.preset.removeprefix("forecaster/") if isinstance(job.spec, TrainSpec) else "",
        started=say_when(job.started_at) if job.started_at else "",
    )

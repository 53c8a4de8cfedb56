"""Train: ask for a run, watch it and others beside it, stop it, go on with it.

The page starts jobs and reads what `Jobs` has heard; nothing is trained here. What changed is shown a few times a
second at most, however much a run reports.
"""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core import configs
from core.errors import CoreError
from core.runs import TrainForecaster, TrainPoseGpt
from studio import forecasters, theme
from studio.data_sets import DataSets
from studio.document import Document
from studio.jobs import Job, Jobs
from studio.pages.training_chosen import ChosenRun
from studio.pages.training_compare import CompareRuns
from studio.pages.training_curves import Curves, model_of
from studio.pages.training_fork import ForkedFrom
from studio.pages.training_new_run import MODELS, NewRun
from studio.pages.training_next import NextInLine
from studio.pages.training_rows import RunRows
from studio.pages.training_runs import RunsPanel, room_for
from studio.pages.training_samples import SamplesPanel
from studio.pages.training_sheet import Told
from studio.widgets import parts
from studio.widgets.job_log import LogPanel

_FOLLOW_MS = 150
_FIRST_COMPARED = 3
TrainSpec = TrainForecaster | TrainPoseGpt


class TrainingPage(QWidget):
    """New run at the left, runs and curves in the middle, the chosen run at the right."""

    asks = Signal(str)
    says = Signal(str)
    forecast_wanted = Signal(str)  # the folder of the run to forecast with
    generate_wanted = Signal(str)  # the folder of the run to make motion with
    noticed = Signal(object)  # a Notice
    deed_wanted = Signal(object, str)  # a Job, and what is to be done with it (studio.job_deeds)
    offers_changed = Signal()

    def __init__(self, document: Document, jobs: Jobs, sets: DataSets) -> None:
        super().__init__()
        self._document, self._jobs, self._sets = document, jobs, sets
        self._compared: set[str] = set()
        self._ever_listed: set[str] = set()
        self._chosen = ""
        self._runs_of: Path | None = None
        self.new_run = NewRun()
        self.new_run.started.connect(self._start)
        self.new_run.sweep_wanted.connect(lambda: self.asks.emit("sweep"))
        self.forked = ForkedFrom(self.new_run)
        self.rows = RunRows()
        self.runs = RunsPanel(document, jobs, self.rows)
        self.runs.asks.connect(self.asks)
        self.runs.noticed.connect(self.noticed)
        self.runs.moved.connect(self._runs_moved)
        self.runs.smoke.clicked.connect(self._start_smoke)
        self.table = self.runs.table
        self.table.chosen.connect(self._choose)
        self.table.compared.connect(self._compare)
        self.curves = Curves()
        self.chosen_run, self.next_in_line, self._log = ChosenRun(jobs.line), NextInLine(jobs), LogPanel()
        self.samples = SamplesPanel()
        self.close_page = self.samples.shut
        self.next_in_line.chosen.connect(self.show_run)
        for each in (self.chosen_run, self.next_in_line):
            each.deed_wanted.connect(self.deed_wanted)
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
        undo = {"undo": self.runs.deleting.undo} if self.undo_label() else {}
        return {
            "start-training": self.new_run.begin,
            **self.chosen_run.commands(),
            **self.samples.commands(),
            "find-in-log": self._log.open_search,
            "compare-run": lambda: self._compare(*self.table.selected_ids()),
            "find-setting": self.new_run.find,
            "log-scale": self.curves.toggle_log,
            "fork-run": self._fork,
            "compare-settings": self._compare_settings,
            "filter-runs": self.runs.find_runs,
            "run-note": self.runs.write_note,
            "run-tags": self.runs.write_tags,
            "delete-run": self.runs.delete,
            **undo,
        }

    def undo_label(self) -> str:
        """What undo brings back here: a run that was deleted."""
        return self.runs.deleting.undo_label

    def back_out(self) -> bool:
        """Esc: out of what narrows the runs down."""
        return self._log.back_out() or self.runs.back_out() or self.curves.back_out()

    def is_settled(self) -> bool:
        """Whether everything heard is shown."""
        busy = self._follow_soon.isActive() or self._sets.is_busy or self.runs.deleting.is_busy
        return self._jobs.is_settled() and self.rows.is_settled and self.samples.is_settled() and not busy

    def show_run(self, name: str) -> None:
        """Go to a run, such as one that search found."""
        self._choose(name)

    # ---- layout ----

    def _lay_out(self) -> None:
        middle = QWidget()
        down = QVBoxLayout(middle)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(6)
        down.addWidget(self.runs)
        down.addWidget(self.curves, 1)
        about = parts.col(self.chosen_run, self.samples, self.next_in_line, (self._log, 1), gap=6)
        self._right = parts.scroll(about)  # in a low window nothing is cut
        column = about.layout()
        assert column is not None
        column.setContentsMargins(0, 0, 0, 0)
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
        self.runs.setFixedHeight(room_for(self.height()))
        self.runs.show_room(is_narrow=narrow)
        self.curves.show_room(is_low=low, is_narrow=narrow)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.rows.look_again()
        self._follow()

    # ---- what the person does ----

    def _start(self, config: configs.Config, preset: str) -> None:
        where = {"project": str(self._document.folder.resolve()), "out": "", "preset": preset}
        where["begin_at"] = self.forked.checkpoint()
        if isinstance(config, configs.PoseGpt):
            named = self._jobs.job(config.autoencoder_run)
            if named is not None:
                config = replace(config, autoencoder_run=str(named.folder.path.resolve()))
            self._begin(TrainPoseGpt(config=config, **where), self._jobs.free_name("posegpt"))
        else:
            self._begin(TrainForecaster(config=config, **where), self._jobs.free_name("forecaster"))

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
        self.runs.say_parent(name, self.forked.take())

    def _start_smoke(self) -> None:
        self.new_run.choose_preset(f"{self.new_run.model}/smoke")
        self.new_run.begin()

    def _generate(self, job: Job) -> None:
        self.generate_wanted.emit(str(job.folder.path))
        self.asks.emit("page-generate")

    def _fork(self) -> None:
        job = self._jobs.job(self._chosen)
        if job is not None and isinstance(job.spec, TrainSpec):
            self.new_run.show_config(job.spec.config, job.spec.preset)
            self.forked.show_parent(job)

    def _choose(self, name: str) -> None:
        self._chosen = name
        self._follow()

    def _compare_settings(self) -> None:
        """A window with the ticked runs and the chosen one beside each other: those that the curves show."""
        runs = forecasters.training_runs(self._jobs)[::-1]
        shown = [job for job in runs if job.name in self._compared or job.name == self._chosen]
        if len(shown) < 2:
            self.says.emit(self.tr("Tick two runs to compare."))
            return
        told = [Told(job, self.rows.about(job), self.rows.facts(job)) for job in shown]
        CompareRuns(told, _colours(self._jobs), self.window()).show()

    def _compare(self, *names: str) -> None:
        """Tick these, or untick them where all of them are."""
        wanted = {name for name in names if self._jobs.job(name) is not None}
        self._compared = self._compared - wanted if wanted <= self._compared else self._compared | wanted
        self._follow()

    # ---- what happens ----

    def _opened(self) -> None:
        self._compared.clear()
        self._ever_listed.clear()
        self._chosen = ""
        self._is_new = True
        self.rows.forget()
        self.forked.forget()
        self.curves.forget()
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
        self.runs.smoke.setEnabled(self.new_run.start.isEnabled())

    def _follow_model(self) -> None:
        """Where there is no run to look at, the charts are those that a run of the chosen model would draw."""
        self.runs.smoke.setEnabled(self.new_run.start.isEnabled())
        self._follow()

    def _count(self) -> None:
        is_open = self._document.is_open
        self.new_run.show_project(
            self._document.project if is_open else None, self._document.folder if is_open else None
        )
        self.runs.smoke.setEnabled(self.new_run.start.isEnabled())

    def _listed(self) -> None:
        """Runs came or went, perhaps all of them with their project."""
        if self._jobs.runs != self._runs_of:
            self._runs_of = self._jobs.runs
            self.runs.deleting.follow_project()
            self.offers_changed.emit()
        self._moved()

    def _runs_moved(self) -> None:
        self.offers_changed.emit()
        self._follow()

    def _moved(self, job: object = None) -> None:
        if isinstance(job, Job):
            self.rows.moved(job.name)
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
        colours = _colours(self._jobs)
        compared = self._compared & set(names)
        rows = self.rows.rows(newest_first, colours, compared)
        self.runs.show_rows(rows, self._chosen, len(compared))
        if not self.rows.is_settled:
            self._follow_soon.start()
        job = self._jobs.job(self._chosen)
        self.chosen_run.show_job(job, colours.get(self._chosen, "text3"))
        self.samples.show_job(job, colours.get(self._chosen, "text3"))
        self._log.show_job(job)
        shown = [each for each in newest_first if each.name in self._compared or each.name == self._chosen]
        model = model_of(job) if job is not None else self.new_run.model
        self.curves.show_runs(model, shown, self._chosen, colours)


def _colours(jobs: Jobs) -> dict[str, str]:
    """Each run's, as a hex word of the theme in use."""
    return {name: theme.now().runs[place] for name, place in forecasters.colour_places(jobs).items()}

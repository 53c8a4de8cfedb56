"""What a person wants measured becomes jobs, one after the other; how long that takes is told from earlier runs.

Two cores are shared by everything: of several runs the next is started when the one before has ended, as long as the
window is open; a form says so before it starts any.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from core import motion_reports
from core.demo import shipped_checkpoints
from core.errors import CoreError
from core.forecast_rows import OURS, config_of, distinct, lines_of
from core.lanes import lane_of
from core.reports import Report, Table
from core.runs import (
    CompareSequences,
    EvaluateForecaster,
    EvaluatePoseGpt,
    ReproduceForecasts,
    Spec,
    TrainForecaster,
    TrainPoseGpt,
)
from core.wording import spelled_length
from studio.document import Document
from studio.forecasters import training_runs
from studio.jobs import Jobs
from studio.reports import Reports
from studio.widgets.evaluate_dialog import EvaluateDialog, Measurable, What
from studio.words import counted, say


class EvaluateAsking(QObject):
    """Opens the forms and starts what they give."""

    says = Signal(str)

    def __init__(self, document: Document, jobs: Jobs, reports: Reports, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._jobs, self._reports, self._window = document, jobs, reports, window
        self.dialog: EvaluateDialog | None = None

    def ask(self, what: What, chosen: str = "") -> None:
        """Open the form; `chosen` is the run that is ticked first."""
        if not self._document.is_open:
            return
        project = str(self._document.folder.resolve())
        self.dialog = EvaluateDialog(what, project, measurable(self._jobs), chosen, self.estimate, self._window)
        self.dialog.wanted.connect(self.start)
        self.dialog.destroyed.connect(self._gone)
        self.dialog.show()

    def start(self, wanted: Sequence[tuple[Spec, str]]) -> None:
        """Ask for these: each a job that waits in line, also when the window closes."""
        at_work = {lane_of(job.spec) for job in self._jobs.live() if job.spec is not None}
        waiting = 0
        for spec, stem in wanted:
            try:
                self._jobs.start(spec, self._jobs.free_name(stem))
            except CoreError as error:
                self.says.emit(f"{error} {error.hint}".strip())
                return
            waiting += lane_of(spec) in at_work
            at_work.add(lane_of(spec))
        if waiting:
            words = self.tr("{count} for the one before, also when this window closes")
            self.says.emit(words.format(count=_waits(waiting)))

    def estimate(self, specs: Sequence[Spec]) -> str:
        """How long these take, in plain words, as far as earlier runs of this project tell."""
        first = specs[0]
        match first:
            case ReproduceForecasts():
                return self._of_tables(first)
            case CompareSequences():
                return self._of_sequences(first)
            case _:
                return self._of_evaluations(specs)

    # ---- estimates ----

    def _of_evaluations(self, specs: Sequence[Spec]) -> str:
        """By what measuring took before; forecasters and motion models apart."""
        seconds = 0.0
        for spec in specs:
            kind = Report if isinstance(spec, EvaluateForecaster) else motion_reports.Report
            took = [each.content.seconds for each in self._reports.entries() if isinstance(each.content, kind)]
            if not took:
                if kind is Report:
                    return self.tr("Nothing was measured here yet: often less than a minute a run.")
                return self.tr("No motion model was measured here yet; the job says how long is left.")
            per = took[0]
            if isinstance(spec, EvaluatePoseGpt):
                last = next(e.content for e in self._reports.entries() if isinstance(e.content, motion_reports.Report))
                per *= spec.seeds * spec.windows / max(len(last.seeds) * last.windows, 1)
            seconds += per
        runs = counted(len(specs), "run")
        return self.tr("{runs}, about {time}, by the last one here.").format(runs=runs, time=spelled_length(seconds))

    def _of_tables(self, spec: ReproduceForecasts) -> str:
        trainings = trainings_of(spec)
        if isinstance(trainings, str):
            return trainings
        words = self.tr("{count}: {rows} with {seeds}.").format(
            count=counted(trainings, "training"),
            rows=counted(trainings // spec.seeds, "row"),
            seeds=counted(spec.seeds, "seed"),
        )
        took = self._a_step()
        if took is None:
            return f"{words} " + self.tr("How long one takes is known after the first; it can be stopped and goes on.")
        preset, seconds = took
        config = config_of(OURS, spec.preset, spec.knobs, 0)
        time = spelled_length(trainings * seconds * config.steps)
        how = self.tr("About {time} by the step of {run}; it can be stopped and goes on.")
        return f"{words} " + how.format(time=time, run=preset)

    def _a_step(self) -> tuple[str, float] | None:
        """A done training of a forecaster and how long one of its steps took; the last one's."""
        for job in reversed(training_runs(self._jobs)):
            if isinstance(job.spec, TrainForecaster) and job.state == "done" and job.started_at is not None:
                try:
                    ended = (job.folder.path / "events.jsonl").stat().st_mtime
                except OSError:
                    continue
                return job.name, max(ended - job.started_at, 0.0) / max(job.spec.config.steps, 1)
        return None

    def _of_sequences(self, spec: CompareSequences) -> str:
        words = self.tr("{splits}; counting takes seconds, networks longer.").format(
            splits=counted(spec.splits, "split")
        )
        tables = [each.content for each in self._reports.entries() if isinstance(each.content, Table)]
        before = next((table for table in tables if "sequences" in table.key), None)
        seeds = median([len(row.seeds) for row in before.rows]) if before is not None and before.rows else 0
        took = sum(row.seconds or 0.0 for row in before.rows) if before is not None else 0.0
        if not seeds or not took:
            return f"{words} " + self.tr("The job says how long is left after its first.")
        time = spelled_length(took * spec.splits / seeds)
        return f"{words} " + self.tr("About {time} by the last one here.").format(time=time)

    def _gone(self) -> None:
        self.dialog = None


def _waits(count: int) -> str:
    return say("1 waits") if count == 1 else say("{count} wait", count=count)


def measurable(jobs: Jobs) -> list[Measurable]:
    """Every run with a checkpoint: the project's newest first, then what ships."""
    own = [
        Measurable(job.name, str(job.folder.path.resolve()), isinstance(job.spec, TrainPoseGpt))
        for job in reversed(training_runs(jobs))
        if (job.folder.path / "best.safetensors").is_file()
    ]
    shipped = [
        Measurable(name, str(Path(folder).resolve()), kind == "posegpt")
        for kind in ("forecaster", "posegpt")
        for name, folder in shipped_checkpoints(kind).items()
    ]
    return own + shipped


def trainings_of(spec: ReproduceForecasts) -> int | str:
    """How many runs are trained for these tables, each once though several show it; a sentence where that fails."""
    try:
        names = {OURS} | {line.run for what in spec.what for line in lines_of(what, spec.rows) if line.run}
        found = distinct({name: config_of(name, spec.preset, spec.knobs, 0) for name in sorted(names)})
    except CoreError as error:
        return f"{error} {error.hint}".strip()
    return len(set(found.values())) * spec.seeds

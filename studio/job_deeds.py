"""What a person does with a job, wherever its buttons stand: show it, pause it, go on with it, bring it forward.

A job's settings are part of it. So a smaller step is a run of its own that begins at the checkpoint of the one before,
with half its learning rates; its note says so.
"""

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject

from core import configs, run_about
from core.errors import CoreError
from studio.jobs import Job, Jobs, TrainSpec
from studio.main_window import MainWindow
from studio.widgets.job_log import LogWindow
from studio.widgets.job_troubles import Deed, last_validated
from studio.widgets.job_words import grouped
from studio.widgets.notices import of_error
from studio.words import say

LAST = "last.safetensors"


class JobDeeds(QObject):
    """Carries out what was wanted of a job; what is refused is said in a notice."""

    def __init__(self, jobs: Jobs, window: MainWindow, show_run: Callable[[str], object]) -> None:
        super().__init__(window)
        self._jobs, self._window, self._show_run = jobs, window, show_run
        self._begins_again: dict[str, TrainSpec] = {}  # once it has stopped
        jobs.ended.connect(self._ended)
        jobs.line.refused.connect(self._refuse)
        window.deed_wanted.connect(self.do)

    def do(self, job: Job, deed: Deed) -> None:
        """Carry it out."""
        orders: dict[Deed, Callable[[], object]] = {
            "show": lambda: self._show(job),
            "pause": job.pause,
            "go-on": job.go_on,
            "stop": job.stop,
            "earlier": job.earlier,
            "take-out": job.stop,
            "resume": lambda: self._resume(job),
            "smaller-step": lambda: self._smaller_step(job),
            "undivide": lambda: self._undivide(job),
            "log": lambda: self._show_log(job),
        }
        try:
            orders[deed]()
        except CoreError as error:
            self._refuse(error)

    def _show(self, job: Job) -> None:
        if job.is_training:
            self._show_run(job.name)
        else:
            self._window.show_jobs()

    def _show_log(self, job: Job) -> None:
        LogWindow(job, self._window).show()

    def _resume(self, job: Job) -> None:
        if job.spec is not None:
            self._jobs.start(job.spec, job.name)

    def _smaller_step(self, job: Job) -> None:
        """A run of its own from the last good checkpoint, with half the learning rates."""
        spec = job.spec
        if not isinstance(spec, TrainSpec):
            return
        name = self._jobs.free_name(_stem(job.name))
        config = with_smaller_steps(spec.config)
        last, kept = (job.folder.path / LAST).resolve(), last_validated(job)
        begin_at = str(last) if last.is_file() else spec.begin_at
        begun = self._jobs.start(msgspec.structs.replace(spec, config=config, begin_at=begin_at), name)
        words = say("As {name}, with half its learning rate.", name=job.name)
        if last.is_file() and kept is not None:
            step = grouped(kept)
            words = say("From {name} at step {step}, with half its learning rate.", name=job.name, step=step)
        run_about.say_about(begun.folder.path, note=words, parent=job.name)
        self._show_run(name)

    def _undivide(self, job: Job) -> None:
        """Back to the whole batch: stop in good order, then go on with it."""
        if isinstance(job.spec, TrainSpec):
            self._begins_again[job.name] = msgspec.structs.replace(job.spec, config=undivided(job.spec.config))
            job.stop()

    def _ended(self, job: Job) -> None:
        spec = self._begins_again.pop(job.name, None)
        if spec is None or job.state != "stopped":
            return
        try:
            self._jobs.start(spec, job.name)
        except CoreError as error:
            self._refuse(error)

    def _refuse(self, error: CoreError) -> None:
        self._window.notices.show(of_error(error))


def with_smaller_steps(config: configs.Config) -> configs.Config:
    """The same config with half of every learning rate."""
    rates = {name: value for name, value in configs.knobs(config).items() if name.endswith("learning_rate")}
    return configs.with_overrides(config, [f"{name}={value / 2!r}" for name, value in rates.items()])


def undivided(config: configs.Config) -> configs.Config:
    """The same config with every step's batch in one part."""
    names = [name for name in configs.knobs(config) if name.endswith(("optimiser.parts", "_training.parts"))]
    return configs.with_overrides(config, [f"{name}=1" for name in names])


def _stem(name: str) -> str:
    head, dash, number = name.rpartition("-")
    return head if dash and number.isdigit() else name

"""Sweeps from the window: the command, the window, their runs put into the line, and their table kept in step.

Files are written and read on a thread beside the window's; the runs are found by `Jobs` as any others are.
"""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from core import configs, preflight, sweep_runs
from core.errors import CoreError
from core.sweep_runs import Ranking, Started
from core.sweeps import Sweep
from studio.actions import Handlers
from studio.document import Document
from studio.jobs import Jobs
from studio.main_window import MainWindow
from studio.pages.training import TrainingPage
from studio.widgets.beside import Beside
from studio.widgets.notices import Notice
from studio.widgets.sweep_window import SweepWindow
from studio.words import say

_FOLLOW_MS = 700
_MOST_LOOKED_AT = 40
"""Of many runs so many, evenly, stand for all when their time is told."""


class Sweeping(QObject):
    """Knows the project's sweeps while its window is open."""

    def __init__(self, document: Document, jobs: Jobs, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._jobs, self._window = document, jobs, window
        self.dialog: SweepWindow | None = None
        self._shown = ""  # the sweep whose table is wanted
        self._starting, self._ranking = Beside(self), Beside(self)
        self._starting.refused.connect(self._refuse)
        self._ranking.refused.connect(self._refuse)
        self._follow_soon = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._follow_soon.timeout.connect(self._follow)
        jobs.moved.connect(self._moved)
        jobs.listed.connect(self._moved)
        document.closed.connect(self._close)

    def handlers(self) -> Handlers:
        return {"sweep": self.ask}

    def ask(self) -> SweepWindow | None:
        """Open the window on what the form of Train says now."""
        page = self._window.show_page("train")
        if not isinstance(page, TrainingPage):
            return None
        if self.dialog is not None:
            self.dialog.raise_()
            self.dialog.activateWindow()
            return self.dialog
        config = page.new_run.form.config()
        if config is None:
            self._window.notices.show(
                Notice(say("A setting needs a look"), say("Mend it in the form, then sweep."), "train", "warn")
            )
            return None
        names = {each.name for each in sweep_runs.kept(self._document.folder)}
        name = next(f"sweep-{number}" for number in range(1, len(names) + 2) if f"sweep-{number}" not in names)
        preset = page.new_run.preset.currentData()
        dialog = SweepWindow(config, preset, name, self._seconds, self._document.folder, self._window)
        dialog.start_wanted.connect(self.start)
        dialog.ranked.sweep_chosen.connect(self.show_table)
        dialog.ranked.run_wanted.connect(self._show_run)
        dialog.ranked.settings_wanted.connect(self._use)
        dialog.ranked.stop_wanted.connect(self.stop)
        dialog.ranked.go_on_wanted.connect(self.go_on)
        dialog.sides.choices.idClicked.connect(lambda _: self._follow())
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.show()
        self._follow()
        return dialog

    def start(self, sweep: Sweep) -> None:
        """Put its runs into the line, and show the table they will fill."""
        folder = self._document.folder

        def begun(started: Started) -> None:
            self._shown = sweep.name
            if self.dialog is not None:
                self.dialog.start.setEnabled(True)
                self.dialog.show_side(1)
            self._follow()
            self._window.notices.show(Notice(parts_of(sweep), f"{started.in_words()}.", "train"))

        if self.dialog is not None:
            self.dialog.start.setEnabled(False)
        self._starting.run(lambda: sweep_runs.start(sweep, folder), begun)

    def go_on(self) -> None:
        """What is missing or was stopped of the sweep that is shown."""
        sweep = self._sweep()
        if sweep is not None:
            self.start(sweep)

    def stop(self) -> None:
        """Stop what is under way of the sweep that is shown."""
        sweep, folder = self._sweep(), self._document.folder
        if sweep is not None:
            self._starting.run(lambda: sweep_runs.stop(sweep, folder), lambda _: self._follow())

    def show_table(self, name: str) -> None:
        """The table of another sweep."""
        self._shown = name
        self._follow()

    def is_settled(self) -> bool:
        """Whether the window shows how everything stands."""
        return not (self._starting.is_busy or self._ranking.is_busy or self._follow_soon.isActive())

    # ---- how ----

    def _sweep(self) -> Sweep | None:
        return next((each for each in sweep_runs.kept(self._document.folder) if each.name == self._shown), None)

    def _moved(self, _job: object = None) -> None:
        if self.dialog is not None and self.dialog.side == 1 and not self._follow_soon.isActive():
            self._follow_soon.start()

    def _follow(self) -> None:
        if self.dialog is None or not self._document.is_open:
            return
        folder, shown = self._document.folder, self._shown
        self._ranking.run(lambda: _ranked(folder, shown), self._show)

    def _show(self, found: tuple[Sweep | None, Ranking | None, tuple[str, ...]]) -> None:
        if self.dialog is not None:
            sweep = found[0]
            self._shown = sweep.name if sweep is not None else ""
            self.dialog.show_ranking(*found)

    def _seconds(self, trials: list[configs.Config]) -> float | None:
        """By what was measured when such runs were tried; None where one of them never was."""
        total, folder = 0.0, self._document.folder
        looked_at = trials[:: -(-len(trials) // _MOST_LOOKED_AT)]
        for config in looked_at:
            tried = preflight.kept(preflight.Asked.of(config, folder))
            if not isinstance(tried, preflight.Trial):
                return None
            total += preflight.estimate(config, tried).seconds
        return total * len(trials) / len(looked_at)

    def _show_run(self, name: str) -> None:
        page = self._window.show_page("train")
        if isinstance(page, TrainingPage):
            page.show_run(name)

    def _use(self, config: configs.Config, preset: str) -> None:
        page = self._window.show_page("train")
        if isinstance(page, TrainingPage):
            page.new_run.show_config(config, preset)

    def _refuse(self, error: CoreError) -> None:
        if self.dialog is not None:
            self.dialog.start.setEnabled(True)
            self.dialog.refuse(f"{error} {error.hint}".strip())

    def _forget(self, *_: object) -> None:
        self.dialog = None
        self._ranking.forget()

    def _close(self) -> None:
        self._shown = ""
        self._starting.forget(wait=True)
        self._ranking.forget(wait=True)
        if self.dialog is not None:
            self.dialog.close()


def parts_of(sweep: Sweep) -> str:
    """What a notice calls it."""
    return say("Sweep {name}", name=sweep.name)


def _ranked(folder: Path, wanted: str) -> tuple[Sweep | None, Ranking | None, tuple[str, ...]]:
    """The wanted sweep, or the newest, and how it stands; with the names of all."""
    sweeps = sweep_runs.kept(folder)
    if not sweeps:
        return None, None, ()
    sweep = next((each for each in sweeps if each.name == wanted), sweeps[-1])
    return sweep, sweep_runs.rank(sweep, folder), tuple(each.name for each in reversed(sweeps))

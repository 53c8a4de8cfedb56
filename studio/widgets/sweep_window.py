"""A sweep from the window: Search asks what varies and starts its runs, Table ranks them as they end. Not modal."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from core import configs, sweeps
from core.errors import CoreError
from core.sweep_runs import Ranking
from core.sweeps import Sweep
from core.whole_files import whole_file
from core.wording import sentences
from studio import theme
from studio.widgets import parts
from studio.widgets.dialogs import Dialog
from studio.widgets.sweep_form import SweepForm
from studio.widgets.sweep_table import SweepTable
from studio.words import counted, lasting, said, say

_COUNT_MS = 150
_YAML = "Sweeps (*.yaml *.yml)"
Seconds = Callable[[list[configs.Config]], float | None]
"""How long these runs take one after the other; None where nobody knows."""


class SweepWindow(Dialog):
    """The question and the answer in one window."""

    start_wanted = Signal(object)  # a Sweep without a project

    def __init__(
        self, config: configs.Config, preset: str, name: str, seconds: Seconds, folder: Path, parent: QWidget | None
    ) -> None:
        """`folder` is where files of sweeps are looked for first."""
        super().__init__("Sweep", parent, 640)
        self._seconds, self._folder = seconds, folder
        self.form = SweepForm(config, preset, name)
        self.ranked = SweepTable()
        self._sides = parts.FrontStack()
        self._will = parts.text("", "label", wrap=True)
        self._says = parts.text("", "warn", wrap=True)
        self.start = parts.button("Start", "play", "primary")
        self.start.clicked.connect(self._start)
        self.open_file = parts.button("Open YAML…", "folder", "quiet")
        self.open_file.clicked.connect(self._open)
        self.save_file = parts.button("Save as YAML…", "export", "quiet")
        self.save_file.clicked.connect(self._save)
        self.sides = parts.segmented("Search", "Table", on_choice=self.show_side)
        asked = parts.scroll(self.form)
        asked.setAccessibleName(said("What is tried"))
        asked.setMinimumHeight(theme.px(384))
        question = parts.col(
            (asked, 1),
            parts.hair(),
            self._will,
            self._says,
            parts.row(self.open_file, self.save_file, None, self.start, gap=6),
            gap=8,
        )
        for each in (question, self.ranked):
            self._sides.addWidget(each)
        title = self.box.takeAt(0)
        assert title is not None
        heading = title.widget()
        assert heading is not None
        self.box.addWidget(parts.row(heading, None, self.sides))
        self.box.addWidget(self._sides, 1)
        self.add_close()
        self._count_soon = QTimer(self, singleShot=True, interval=_COUNT_MS)
        self._count_soon.timeout.connect(self._count)
        self.form.changed.connect(self._count_soon.start)
        self._count()

    def show_side(self, at: int) -> None:
        """0 asks, 1 answers."""
        self.sides.choose(at)
        self._sides.setCurrentIndex(at)

    @property
    def side(self) -> int:
        """Which is in front."""
        return self._sides.currentIndex()

    def is_settled(self) -> bool:
        """Whether what was typed is counted."""
        return not self._count_soon.isActive()

    def show_ranking(self, sweep: Sweep | None, ranking: Ranking | None, names: tuple[str, ...]) -> None:
        """What the table says now."""
        self.ranked.show_ranking(sweep, ranking, names)

    def refuse(self, words: str) -> None:
        """Say why it cannot begin, or has not."""
        self._says.setText(words)
        self._says.setVisible(bool(words))

    # ---- how ----

    def _count(self) -> None:
        """How many runs it comes to, and about how long they take one after the other."""
        try:
            sweep = self.form.sweep()
            trials = sweeps.trials(sweep)
        except CoreError as error:
            words = said("A value needs a look.") if self.form.is_wrong() else sentences(str(error), error.hint)
            self._will.setText(words)
            self.start.setEnabled(False)
            self.save_file.setEnabled(False)
            self.start.setText(said("Start"))
            return
        self.refuse("")
        seeds = len(sweep.run_seeds())
        runs = counted(len(trials), "run")
        settings = counted(len(trials) // seeds, "setting")
        words = say("{runs}: {settings}, {seeds} each.", runs=runs, settings=settings, seeds=counted(seeds, "seed"))
        seconds = self._seconds([each.config for each in trials])
        if seconds is not None:
            words = f"{words} {say('About {time} one after the other.', time=lasting(seconds))}"
        self._will.setText(words)
        self.start.setText(say("Start {runs}", runs=runs))
        self.start.setEnabled(True)
        self.save_file.setEnabled(True)

    def _start(self) -> None:
        try:
            sweep = self.form.sweep()
        except CoreError as error:
            self.refuse(sentences(str(error), error.hint))
            return
        self.start_wanted.emit(sweep)

    def _open(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, said("Open a sweep"), str(self._folder), said(_YAML))
        if chosen:
            self.take_file(Path(chosen))

    def take_file(self, path: Path) -> None:
        """Show the sweep that a file describes, or say what is wrong with it."""
        try:
            self.form.show_sweep(sweeps.read(path))
        except CoreError as error:
            self.refuse(sentences(str(error), error.hint))

    def _save(self) -> None:
        suggested = str(self._folder / f"{self.form.name.text().strip()}.yaml")
        chosen, _ = QFileDialog.getSaveFileName(self, said("Save the sweep"), suggested, said(_YAML))
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, path: Path) -> None:
        """Write the sweep down as it stands."""
        try:
            with whole_file(path if path.suffix else path.with_suffix(".yaml")) as beside:
                beside.write_text(sweeps.as_yaml(self.form.sweep()), encoding="utf-8")
        except CoreError as error:
            self.refuse(sentences(str(error), error.hint))

"""The panel about the chosen run: how far it is, how to pause, stop or go on, what went wrong, and its best figures."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from core import configs
from core.runs import Done, TrainPoseGpt
from studio.commands import tip
from studio.forecasters import kept_figures
from studio.job_line import JobLine
from studio.jobs import Job, TrainSpec
from studio.widgets import parts
from studio.widgets.flow import flow
from studio.widgets.job_troubles import Deed, TroubleCard
from studio.widgets.job_words import STATE_WORDS, grouped, left_words, progress_words
from studio.widgets.painting import Swatch
from studio.words import say

_COMMANDS: dict[Deed, str] = {
    "stop": "stop-training",
    "pause": "pause-training",
    "go-on": "pause-training",
    "resume": "resume-training",
    "earlier": "earlier-run",
    "take-out": "take-out-run",
}
_FIGURES = (("Top-1", "top1", 3), ("Top-5", "top5", 3), ("2D error, px", "mpjpe_px", 1))
_FIGURES_OF_MOTION = (
    ("Surface error, mm", "pve_mm", 1), ("Bits a code", "bits", 2), ("Right next codes", "accuracy", 3),
)  # fmt: skip


class ChosenRun(QFrame):
    """One run and what can be done with it."""

    deed_wanted = Signal(object, str)  # the Job, a Deed
    forecast_wanted = Signal(object)
    generate_wanted = Signal(object)

    def __init__(self, line: JobLine) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("The chosen run"))
        self._line = line
        self._job: Job | None = None
        self._swatch = Swatch("text3", 9, 4)
        self._name = parts.text("", "title")
        self._name.setMinimumWidth(1)
        self._state = parts.text("", "chip")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._progress, self._left = parts.text("", "label", wrap=True), parts.text("", "strong")
        self._progress.setMinimumWidth(1)
        self.stop = self._button(self.tr("Stop"), "stop", "stop", "danger")
        self.pause = self._button(self.tr("Pause"), "pause", "pause")
        self.go_on = self._button(self.tr("Go on"), "play", "go-on")
        self.earlier = self._button(self.tr("Earlier"), "up", "earlier")
        self.take_out = self._button(self.tr("Take out"), "close", "take-out")
        self.resume = self._button(self.tr("Resume"), "play", "resume")
        self.trouble = TroubleCard()
        self.trouble.wanted.connect(self._want)
        self.forecast = parts.button(self.tr("Forecast with it"), "forecast")
        self.forecast.clicked.connect(lambda: self.forecast_wanted.emit(self._job))
        self.generate = parts.button(self.tr("Generate with it"), "generate")
        self.generate.clicked.connect(lambda: self.generate_wanted.emit(self._job))
        folder = parts.tool("folder", self.tr("Open the run's folder"))
        folder.clicked.connect(self._open_folder)
        copy = parts.tool("copy", tip("copy-command"))
        copy.clicked.connect(self.copy_command)
        self._words = parts.text("", "caption", wrap=True)
        self._figures = QWidget()
        grid = QGridLayout(self._figures)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        self._kept = parts.text("", "caption")
        grid.addWidget(self._kept, 0, 0, 1, 2)
        self._values: dict[str, tuple[QLabel, QLabel]] = {}
        for at, (title, name, _) in enumerate((*_FIGURES, *_FIGURES_OF_MOTION), start=1):
            self._values[name] = parts.text(title, "label"), parts.text("–", "strong")
            left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
            for column, (label, side) in enumerate(zip(self._values[name], (left, right), strict=True)):
                grid.addWidget(label, at, column, side)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 12)
        box.setSpacing(8)
        box.addWidget(parts.row(self._swatch, (self._name, 1), self._state, gap=6))
        box.addWidget(self._bar)
        self._far = parts.row((self._progress, 1), self._left)
        box.addWidget(self._far)
        self._tools = parts.row(folder, copy, gap=0)
        orders = (self.stop, self.pause, self.go_on, self.earlier, self.take_out, self.resume)
        self._orders = orders = (*orders, self.forecast, self.generate)
        self._row = parts.row((flow(*orders), 1), self._tools, gap=6)
        box.addWidget(self._row)
        box.addWidget(self.trouble)
        box.addWidget(self._words)
        box.addWidget(parts.hair())
        box.addWidget(self._figures)
        self._clock = QTimer(self, interval=1000)  # the time left counts down between two reports
        self._clock.timeout.connect(self._show_times)
        line.moved.connect(self._show_times)

    def _button(self, words: str, icon: str, deed: Deed, kind: str = "") -> parts.Button:
        made = parts.button(words, icon, kind)
        made.clicked.connect(lambda: self._want(deed))
        command = _COMMANDS.get(deed)
        if command:
            made.setToolTip(tip(command))
        return made

    def commands(self) -> dict[str, Callable[[], None]]:
        """What can be done with the chosen run, by the names of the table of commands; now or not."""
        return {
            "stop-training": lambda: self._press(self.stop, self.take_out),
            "pause-training": lambda: self._press(self.pause, self.go_on),
            "resume-training": lambda: self._press(self.resume),
            "earlier-run": lambda: self._press(self.earlier),
            "take-out-run": lambda: self._press(self.take_out),
            "copy-command": self.copy_command,
        }

    def _press(self, *buttons: parts.Button) -> None:
        """The first of them that can be pressed."""
        for each in buttons:
            if not each.isHidden() and each.isEnabled():
                each.click()
                return

    def _want(self, deed: str) -> None:
        if self._job is not None:
            self.deed_wanted.emit(self._job, deed)

    def show_job(self, job: Job | None, colour: str) -> None:
        """This run as it stands."""
        self._job = job
        self.setVisible(job is not None)
        if job is None:
            self._clock.stop()
            return
        if job.is_live and not self._clock.isActive():
            self._clock.start()
        elif not job.is_live:
            self._clock.stop()
        self._swatch.show_colour(colour)
        parts.elide(self._name, job.name, 170)
        words, state_colour = STATE_WORDS[job.state]
        self._state.setText(say(words))
        parts.set_role(self._state, {"danger": "danger", "warn": "warn", "ok": "ok"}.get(state_colour, "chip"))  # pyright: ignore[reportArgumentType]
        share = job.share()
        self._bar.setVisible(job.is_live and job.state != "waiting")
        self._bar.setRange(0, 0 if share is None and job.state != "paused" else 1000)
        self._bar.setValue(round(1000 * (share or 0.0)))
        self._show_times()
        self._show_orders(job)
        self.trouble.follow(job)
        has_checkpoint = (job.folder.path / "best.safetensors").is_file()
        of_motion = isinstance(job.spec, TrainPoseGpt)
        self.forecast.setVisible(has_checkpoint and not job.is_live and not of_motion)
        self.generate.setVisible(has_checkpoint and not job.is_live and bool(job.metrics.get("train/bits")))
        self._place_tools(beside=self._row if any(not each.isHidden() for each in self._orders) else self._far)
        self._words.setText(_words_about(job))
        self._words.setVisible(bool(self._words.text()))
        kept = kept_figures(job)
        words = self.tr("Kept checkpoint, step {step}")
        self._kept.setText(
            words.format(step=grouped(kept[0]))
            if kept
            else self.tr("Not validated yet" if job.is_live else "Not validated")
        )
        for figures, shown in ((_FIGURES, not of_motion), (_FIGURES_OF_MOTION, of_motion)):
            for _, name, digits in figures:
                value = kept[1].get(name) if kept else None
                title, label = self._values[name]
                label.setText("–" if value is None else f"{value:.{digits}f}")
                title.setVisible(shown)
                label.setVisible(shown)

    def _show_times(self) -> None:
        job = self._job
        if job is not None:
            self._progress.setText(progress_words(job, self._line.turn(job.folder)))
            self._left.setText(left_words(job.seconds_left()))

    def _show_orders(self, job: Job) -> None:
        """The buttons for what the run is about; those that hold something back are pale while it is heeded."""
        state = job.state
        at_work = state in ("running", "pausing", "stopping")
        self.stop.setVisible(at_work or state == "paused")
        self.stop.setEnabled(state != "stopping")
        self.pause.setVisible(at_work)
        self.pause.setEnabled(state == "running")
        self.go_on.setVisible(state == "paused")
        self.earlier.setVisible(state == "waiting")
        turn = self._line.turn(job.folder)
        self.earlier.setEnabled(turn is not None and turn.number > 1)
        self.take_out.setVisible(state == "waiting")
        # What failed or was killed says itself how to go on.
        self.resume.setVisible(state == "stopped")

    def _place_tools(self, *, beside: QWidget) -> None:
        """Folder and command stand at the end of the row of orders; where there are none, of the row above."""
        self._row.setVisible(beside is self._row)
        layout = beside.layout()
        if layout is not None and layout.indexOf(self._tools) < 0:
            layout.addWidget(self._tools)
            self._tools.show()

    def _open_folder(self) -> None:
        if self._job is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._job.folder.path)))

    def copy_command(self) -> None:
        if self._job is not None and isinstance(self._job.spec, TrainSpec):
            QGuiApplication.clipboard().setText(as_command(self._job.spec))


def as_command(spec: TrainSpec) -> str:
    """What would start the same run from a terminal."""
    usual_preset = "posegpt/small" if isinstance(spec, TrainPoseGpt) else "forecaster/recommended"
    preset = spec.preset if spec.preset in configs.PRESETS else usual_preset
    usual = configs.knobs(configs.preset(preset))
    changed = [f"{name}={value}" for name, value in configs.knobs(spec.config).items() if value != usual[name]]
    begin_at = ["--begin-at", spec.begin_at] if spec.begin_at else []
    words = ["posecast", "train", preset, *changed, "--project", spec.project, "--out", spec.out, *begin_at]
    return " ".join(f'"{word}"' if " " in word or not word else word for word in words)


def _words_about(job: Job) -> str:
    match job.state, job.ending:
        case "running", _:
            return say("Stop keeps the last checkpoint. The run goes on if you close the window.")
        case "waiting", _:
            return say("It begins by itself, also if you close the window.")
        case "paused", _:
            return say("Its device is free for others. It goes on exactly where it was.")
        case "stopped", _:
            return say("It can go on from its last checkpoint.")
        case "done", Done(summary=summary):
            return summary
        case _:
            return ""

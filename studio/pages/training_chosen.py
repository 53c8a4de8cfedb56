"""The panels about the chosen run: how far it is, how to stop it or go on, its best figures, and its log."""

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPlainTextEdit, QProgressBar, QVBoxLayout, QWidget

from core import configs
from core.runs import Done, Failed, TrainForecaster, TrainPoseGpt
from studio.forecasters import kept_figures
from studio.jobs import Job
from studio.widgets import parts
from studio.widgets.job_words import STATE_WORDS, grouped, left_words, progress_words
from studio.widgets.painting import Swatch
from studio.words import say

TrainSpec = TrainForecaster | TrainPoseGpt
_FIGURES = (("Top-1", "top1", 3), ("Top-5", "top5", 3), ("2D error, px", "mpjpe_px", 1))
_FIGURES_OF_MOTION = (
    ("Surface error, mm", "pve_mm", 1), ("Bits a code", "bits", 2), ("Right next codes", "accuracy", 3),
)  # fmt: skip


class ChosenRun(QFrame):
    """One run and what can be done with it."""

    resume_wanted = Signal(object)  # the Job
    forecast_wanted = Signal(object)
    generate_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("The chosen run"))
        self._job: Job | None = None
        self._swatch = Swatch("text3", 9, 4)
        self._name = parts.text("", "title")
        self._name.setMinimumWidth(1)
        self._state = parts.text("", "chip")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._progress, self._left = parts.text("", "label"), parts.text("", "strong")
        self.stop = parts.button(self.tr("Stop"), "stop", "danger")
        self.stop.clicked.connect(self._stop)
        self.resume = parts.button(self.tr("Resume"), "play")
        self.resume.clicked.connect(lambda: self.resume_wanted.emit(self._job))
        self.forecast = parts.button(self.tr("Forecast with it"), "forecast")
        self.forecast.clicked.connect(lambda: self.forecast_wanted.emit(self._job))
        self.generate = parts.button(self.tr("Generate with it"), "generate")
        self.generate.clicked.connect(lambda: self.generate_wanted.emit(self._job))
        folder = parts.tool("folder", self.tr("Open the run's folder"))
        folder.clicked.connect(self._open_folder)
        copy = parts.tool("copy", self.tr("Copy as command"))
        copy.clicked.connect(self._copy_command)
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
        box.addWidget(parts.row(self._progress, None, self._left))
        box.addWidget(parts.row(self.stop, self.resume, self.forecast, self.generate, None, folder, copy, gap=6))
        box.addWidget(self._words)
        box.addWidget(parts.hair())
        box.addWidget(self._figures)

    def show_job(self, job: Job | None, colour: str) -> None:
        """This run as it stands."""
        self._job = job
        self.setVisible(job is not None)
        if job is None:
            return
        self._swatch.show_colour(colour)
        parts.elide(self._name, job.name, 170)
        words, state_colour = STATE_WORDS[job.state]
        self._state.setText(words)
        parts.set_role(self._state, {"danger": "danger", "warn": "warn", "ok": "ok"}.get(state_colour, "chip"))  # pyright: ignore[reportArgumentType]
        share = job.share()
        self._bar.setVisible(job.is_live)
        self._bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self._bar.setValue(round(1000 * share))
        self._progress.setText(progress_words(job))
        self._left.setText(left_words(job.seconds_left()))
        self.stop.setVisible(job.is_live)
        self.stop.setEnabled(job.state == "running")
        self.resume.setVisible(job.state in ("stopped", "killed", "failed") and isinstance(job.spec, TrainSpec))
        has_checkpoint = (job.folder.path / "best.safetensors").is_file()
        of_motion = isinstance(job.spec, TrainPoseGpt)
        self.forecast.setVisible(has_checkpoint and not job.is_live and not of_motion)
        self.generate.setVisible(has_checkpoint and not job.is_live and bool(job.metrics.get("train/bits")))
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

    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _open_folder(self) -> None:
        if self._job is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._job.folder.path)))

    def _copy_command(self) -> None:
        if self._job is not None and isinstance(self._job.spec, TrainSpec):
            QGuiApplication.clipboard().setText(as_command(self._job.spec))


class LogPanel(QFrame):
    """The run's own sentences; it follows the end unless somebody scrolled up."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Log"))
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName(self.tr("Log"))
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._shown: tuple[str, ...] = ()
        copy = parts.tool("copy", self.tr("Copy the log"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._text.toPlainText()))
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 12)
        box.setSpacing(6)
        box.addWidget(parts.row(parts.text(self.tr("Log"), "title"), None, copy))
        box.addWidget(self._text, 1)

    def show_job(self, job: Job | None) -> None:
        """What the run has said so far, and what was printed last where the system ended it."""
        lines = tuple(job.log) if job is not None else ()
        if job is not None and job.state == "killed":
            lines += tuple(job.folder.log_tail(20).splitlines())
        if lines == self._shown:
            return
        bar = self._text.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        if self._shown and lines[: len(self._shown)] == self._shown:
            for line in lines[len(self._shown) :]:
                self._text.appendPlainText(line)
        else:
            self._text.setPlainText("\n".join(lines))
        self._shown = lines
        if at_end:
            self._text.moveCursor(QTextCursor.MoveOperation.End)
            self._text.moveCursor(QTextCursor.MoveOperation.StartOfLine)


def as_command(spec: TrainSpec) -> str:
    """What would start the same run from a terminal."""
    usual_preset = "posegpt/small" if isinstance(spec, TrainPoseGpt) else "forecaster/recommended"
    preset = spec.preset if spec.preset in configs.PRESETS else usual_preset
    usual = configs.knobs(configs.preset(preset))
    changed = [f"{name}={value}" for name, value in configs.knobs(spec.config).items() if value != usual[name]]
    words = ["posecast", "train", preset, *changed, "--project", spec.project, "--out", spec.out]
    return " ".join(f'"{word}"' if " " in word or not word else word for word in words)


def _words_about(job: Job) -> str:
    match job.state, job.ending:
        case "running", _:
            return say("Stop keeps the last checkpoint. The run goes on if you close the window.")
        case "stopping", _:
            return say("Stopping: writing the last checkpoint…")
        case "stopped", _:
            return say("It can go on from its last checkpoint.")
        case "killed", _:
            where = say("At step {done}. ", done=grouped(job.progress.done)) if job.progress else ""
            return say("{where}The last checkpoint is kept. Its last printed lines are in the log.", where=where)
        case "failed", Failed(message=message, hint=hint):
            return f"{message} {hint}".strip()
        case "done", Done(summary=summary):
            return summary
        case _:
            return ""

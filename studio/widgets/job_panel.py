"""The jobs of the project in a drawer at the right: what runs, how far it is, how to stop it, and how it ended."""

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QProgressBar, QVBoxLayout, QWidget

from core.runs import ExportBodies, Failed
from studio import theme
from studio.jobs import Job, Jobs
from studio.widgets import parts
from studio.widgets.job_words import STATE_WORDS, left_words, progress_words
from studio.words import say

WIDTH = 320


class JobCard(QFrame):
    """One job."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName(job.name)
        self._job = job
        self._state = parts.text("", "chip")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(say("Progress of {name}", name=job.name))
        self._progress, self._left = parts.text("", "label"), parts.text("", "strong")
        self._words = parts.text("", "caption", wrap=True)
        self._stop = parts.button("Stop", "stop", "danger")
        self._stop.clicked.connect(job.stop)
        folder = parts.tool("folder", "Open the run's folder")
        folder.clicked.connect(self._open_folder)
        name = parts.text(job.name, "strong")
        name.setMinimumWidth(1)
        self._log = parts.text("", "mono", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 10, 10)
        box.setSpacing(6)
        head = parts.row((name, 1), self._state, gap=6)
        box.addWidget(head)
        title = parts.text(job.title, "caption", wrap=True)
        title.setMinimumWidth(1)  # a file's name may be one long word
        title.setToolTip(job.title)
        box.addWidget(title)
        box.addWidget(self._bar)
        self._figures = parts.row(self._progress, None, self._left)
        box.addWidget(self._figures)
        box.addWidget(self._words)
        box.addWidget(self._log)
        box.addWidget(parts.row(self._stop, None, folder, gap=6))
        job.moved.connect(self.follow)
        self.follow()

    def follow(self, _job: Job | None = None) -> None:
        """Show the job as it stands."""
        job = self._job
        words, colour = STATE_WORDS[job.state]
        self._state.setText(words)
        parts.set_role(self._state, {"danger": "danger", "warn": "warn", "ok": "ok"}.get(colour, "chip"))  # pyright: ignore[reportArgumentType]
        share = job.share()
        self._bar.setVisible(job.is_live)
        self._bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self._bar.setValue(round(share * 1000))
        self._figures.setVisible(job.is_live)
        self._progress.setText(progress_words(job))
        self._left.setText(left_words(job.seconds_left()))
        self._stop.setVisible(job.is_live)
        self._stop.setEnabled(job.state == "running")
        self._stop.setText(say("Stopping") if job.state == "stopping" else say("Stop"))
        self._words.setText(_ending_words(job))
        self._words.setVisible(bool(self._words.text()))
        self._log.setText(job.log[-1] if job.log and job.is_live else "")
        self._log.setVisible(bool(self._log.text()))

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._job.folder.path)))


def _ending_words(job: Job) -> str:
    match job.state, job.ending:
        case ("failed", Failed(message=message, hint=hint)):
            return f"{message} {hint}".strip()
        case ("killed", _):
            return say("The system ended it. {value}", value=job.folder.log_tail(3)).strip()
        case ("stopped", _):
            if isinstance(job.spec, ExportBodies):
                return say("Stopped; nothing of it was kept. Export again to have it.")
            return say("Stopped in good order; it can go on from there.")
        case ("done", ending):
            return getattr(ending, "summary", "")
        case ("running", _):
            return say("It goes on when this window closes.")
        case _:
            return ""


class JobPanel(QFrame):
    """A drawer over the page, not modal."""

    closed_by_person = Signal()

    def __init__(self, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("drawer")
        self.setAccessibleName(say("Jobs"))
        self.setFixedWidth(theme.px(WIDTH))
        self._jobs = jobs
        close = parts.tool("close", "Close the jobs  Esc")
        close.clicked.connect(self.closed_by_person)
        self._list = parts.col(gap=8)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 8, 10)
        box.setSpacing(8)
        box.addWidget(parts.row(parts.text("Jobs", "title"), None, close))
        box.addWidget(parts.scroll(self._list), 1)
        jobs.listed.connect(self._relist)
        jobs.moved.connect(self._follow_order)
        jobs.ended.connect(self._relist)
        self._order: list[str] = []
        self._clock = QTimer(self)  # the time left counts down between two reports
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._follow)

    def _relist(self, _job: Job | None = None) -> None:
        """Cards are made while somebody sees them; what happened before is there when the drawer opens."""
        if self.isVisible():
            self._rebuild()

    def _rebuild(self) -> None:
        layout = self._list.layout()
        assert layout is not None
        while (item := layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        shown = self._shown()
        self._order = [job.name for job in shown]
        for job in shown:
            card = JobCard(job)
            layout.addWidget(card)
            card.show()
        if not shown:
            layout.addWidget(
                parts.text(
                    "No jobs yet. Extraction and training run here, and go on when the window closes.",
                    "label",
                    wrap=True,
                )
            )
        layout.addWidget(parts.col(None))

    def _shown(self) -> list[Job]:
        """Those that run, then those that ended, newest first."""
        jobs = self._jobs.jobs()
        return [job for job in jobs if job.is_live] + [job for job in jobs if not job.is_live][:30]

    def _follow_order(self, _job: Job) -> None:
        if self.isVisible() and [job.name for job in self._shown()] != self._order:
            self._rebuild()

    def _follow(self) -> None:
        for card in self._list.findChildren(JobCard):
            card.follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._rebuild()
        self._clock.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._clock.stop()

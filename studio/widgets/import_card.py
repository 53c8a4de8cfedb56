"""An import as a card: what comes in, how far it is, what was left out, Stop; then the outcome and its reasons."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QVBoxLayout

from core.runs import Done, Failed, ImportData
from studio import theme
from studio.job_line import Turn
from studio.jobs import Job
from studio.widgets import parts
from studio.widgets.job_words import grouped, left_words, progress_words


class ImportCard(QFrame):
    """Follows one job at a time; hidden while it has none."""

    reasons_wanted = Signal(object)  # the Job
    go_on_wanted = Signal(object)  # the Job, which was stopped
    put_away = Signal(object)
    log_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName(self.tr("Import"))
        self._job: Job | None = None
        self._left_out = 0
        self._turn: Turn | None = None
        self._title = parts.text("", "strong")
        self._title.setMinimumWidth(1)
        self._count = parts.text("", "caption")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress of the import"))
        self._bar.setFixedHeight(5)
        self._doing = parts.text("", "caption")
        self._doing.setMinimumWidth(1)
        self._warn = parts.text("", "warn")
        self._left = parts.text("", "caption")
        self._words = parts.text("", "label", wrap=True)
        self._words.setMinimumWidth(1)
        self.stop = parts.button(self.tr("Stop"), "stop")
        self.stop.clicked.connect(self._stop)
        self.reasons = parts.button(self.tr("Show reasons"))
        self.reasons.clicked.connect(lambda: self.reasons_wanted.emit(self._job))
        self.go_on = parts.button(self.tr("Go on"), "play")
        self.go_on.clicked.connect(lambda: self.go_on_wanted.emit(self._job))
        self.log = parts.button(self.tr("What it said"))
        self.log.setToolTip(self.tr("What came in, what was left out, and what is missing"))
        self.log.clicked.connect(lambda: self.log_wanted.emit(self._job))
        self.close_card = parts.tool("close", self.tr("Put this card away"), size=14)
        self.close_card.clicked.connect(lambda: self.put_away.emit(self._job))
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 8, 8)
        box.setSpacing(6)
        box.addWidget(parts.row((self._title, 1), self._count, self.close_card, gap=6))
        box.addWidget(self._bar)
        box.addWidget(self._doing)
        self._figures = parts.row(self._warn, None, self._left, gap=6)
        box.addWidget(self._figures)
        box.addWidget(self._words)
        box.addWidget(parts.row(self.stop, self.go_on, self.reasons, self.log, None, gap=6))
        self._clock = QTimer(self)  # the time left counts down between two reports
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._show)
        self.hide()

    @property
    def job(self) -> Job | None:
        return self._job

    def follow(self, job: Job | None, left_out: int = 0, turn: Turn | None = None) -> None:
        """Show this job as it stands, and its turn where it waits; how many files were left out is known to whoever
        reads its set.
        """
        self._job, self._left_out, self._turn = job, left_out, turn
        self.setVisible(job is not None)
        if job is not None and job.is_live:
            self._clock.start()
        else:
            self._clock.stop()
        self._show()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _show(self) -> None:
        job = self._job
        if job is None:
            return
        live, failed = job.is_live, job.state in ("failed", "killed")
        parts.elide(self._title, job.title, max(self._title.width(), theme.px(110)))
        progress, share = job.progress, job.share()
        of = self.tr("{done} of {total}")
        self._count.setText(
            of.format(done=grouped(progress.done), total=grouped(progress.total)) if live and progress else ""
        )
        self._bar.setVisible(live)
        self._bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self._bar.setValue(round(share * 1000))
        # An import's files say themselves what is done; the others go through several stages.
        staged = not isinstance(job.spec, ImportData)
        doing = progress.doing if progress is not None and job.state == "running" else progress_words(job, self._turn)
        parts.elide(self._doing, doing, max(self._doing.width(), theme.px(150)))
        self._doing.setVisible(live and (staged or job.state != "running"))
        self._figures.setVisible(live)
        one, many = self.tr("1 file left out"), self.tr("{count} files left out")
        out = self._left_out
        self._warn.setText("" if not out else one if out == 1 else many.format(count=grouped(out)))
        stopping = self.tr("Stopping")
        self._left.setText(stopping if job.state == "stopping" else left_words(job.seconds_left()))
        self.stop.setVisible(live)
        self.stop.setEnabled(job.state != "stopping")
        self._words.setText("" if live else self._outcome(job))
        self._words.setVisible(not live)
        parts.set_role(self._words, "danger" if failed else "label")
        self.go_on.setVisible(job.state in ("stopped", "killed"))
        self.reasons.setVisible(not live and out > 0)
        self.log.setVisible(staged and not live and bool(job.log))
        self.close_card.setVisible(not live)

    def _outcome(self, job: Job) -> str:
        match job.ending:
            case Done(summary=summary):
                return summary or self.tr("It is in.")
            case Failed(message=message, hint=hint):
                return f"{message} {hint}".strip()
            case _ if job.state == "killed":
                return self.tr("The system ended it. What came in so far is kept.")
            case _:
                return self.tr("Stopped. What came in so far is kept.")

"""What waits in line, in order: each job with what it waits for, brought forward or taken out.

Jobs that wait behind another project's are shown with its name; only this project's can be moved from here.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from studio.job_line import Turn
from studio.jobs import Job, Jobs
from studio.widgets import parts
from studio.widgets.job_words import progress_words
from studio.words import say

_MOST = 6
_IN_LINE = ("waiting", "paused")


class NextInLine(QFrame):
    """Those that wait or pause; hidden where there is none."""

    deed_wanted = Signal(object, str)  # the Job, a Deed
    chosen = Signal(str)  # the name of a training

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Next in line"))
        self._jobs = jobs
        self._rows = parts.col(gap=6)
        self._more = parts.text("", "caption")
        self._shown: list[tuple[str, str, str, int]] = []
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 8, 12)
        box.setSpacing(6)
        box.addWidget(parts.text(self.tr("Next in line"), "title"))
        box.addWidget(self._rows)
        box.addWidget(self._more)
        for told in (jobs.listed, jobs.ended, jobs.line.moved):
            told.connect(self.follow)
        jobs.moved.connect(self._job_moved)
        self.follow()

    def _job_moved(self, job: Job) -> None:
        if job.state in _IN_LINE or any(job.name == name for name, *_ in self._shown):
            self.follow()

    def follow(self, *_: object) -> None:
        """Show the line as it stands."""
        waiting = in_line(self._jobs)
        self.setVisible(bool(waiting))
        shown = [
            (job.name, job.label, progress_words(job, turn), turn.number if turn is not None else 0)
            for job, turn in waiting[:_MOST]
        ]
        if shown == self._shown:
            return
        self._shown = shown
        rows = [self._row(at, job, turn) for at, (job, turn) in enumerate(waiting[:_MOST], start=1)]
        parts.refill(self._rows, rows)
        more = len(waiting) - _MOST
        self._more.setText(say("and {count} more, under Jobs", count=more))
        self._more.setVisible(more > 0)

    def _row(self, at: int, job: Job, turn: Turn | None) -> QWidget:
        number = parts.text(str(at), "chip")
        name = parts.text("", "strong", wrap=True)
        name.setText(job.label)
        name.setMinimumWidth(1)
        name.setToolTip(job.label)
        words = parts.text(progress_words(job, turn), "caption", wrap=True)
        words.setMinimumWidth(1)
        tools: list[QWidget] = []
        if job.state == "paused":
            tools.append(self._tool("play", say("Go on with {name}", name=job.label), job, "go-on"))
        elif at > 1 and turn is not None and turn.number > 1:
            tools.append(self._tool("up", say("Earlier: {name}", name=job.label), job, "earlier"))
        tools.append(self._tool("close", say("Take out {name}", name=job.label), job, "take-out"))
        made = parts.row(number, (parts.col(name, words, gap=1), 1), *tools, gap=8)
        made.setAccessibleName(f"{at}, {job.label}, {words.text()}")
        return made

    def _tool(self, icon: str, words: str, job: Job, deed: str) -> QWidget:
        made = parts.tool(icon, words, size=14)
        made.clicked.connect(lambda: self.deed_wanted.emit(job, deed))
        return made


def in_line(jobs: Jobs) -> list[tuple[Job, Turn | None]]:
    """Jobs of the project that wait, in the order of their turns, then those that pause."""
    waiting = [(job, jobs.line.turn(job.folder)) for job in jobs.live() if job.state in _IN_LINE]
    return sorted(waiting, key=_order)


def _order(each: tuple[Job, Turn | None]) -> tuple[bool, int, str]:
    job, turn = each
    return job.state == "paused", turn.number if turn is not None else 10_000, job.name

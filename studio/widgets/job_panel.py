"""The jobs of the project in a drawer at the right: what runs, what waits in which order, and what ended.

A card has many parts, and there may be dozens: a few are made at a time, and kept for as long as their job is listed.
"""

from itertools import pairwise

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QVBoxLayout, QWidget

from studio import theme
from studio.commands import tip
from studio.job import Job
from studio.jobs import Jobs
from studio.widgets import parts
from studio.widgets.job_card import JobCard
from studio.words import said, say

WIDTH = 320
_MOST_ENDED = 30
_AT_ONCE = 4
"""So many cards are made in one go; the others follow within the next moments."""
_NEXT_MS = 10


class JobPanel(QFrame):
    """A drawer over the page, not modal."""

    closed_by_person = Signal()
    deed_wanted = Signal(object, str)  # a Job, a Deed of studio.widgets.job_troubles

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
        title = parts.text("Jobs", "title")
        title.setToolTip(tip("jobs"))
        box.addWidget(parts.row(title, None, close))
        box.addWidget(parts.scroll(self._list), 1)
        jobs.listed.connect(self._relist)
        jobs.moved.connect(self._relist)
        jobs.ended.connect(self._relist)
        jobs.line.moved.connect(self._line_moved)
        self._order: list[tuple[str, str]] = []
        self._cards: dict[str, tuple[Job, JobCard]] = {}
        self._heads: list[QWidget] = []  # what stands between the cards
        self._rest = QTimer(self, singleShot=True, interval=_NEXT_MS)
        self._rest.timeout.connect(self._rebuild)
        self._soon = QTimer(self, singleShot=True, interval=100)  # many move at once while a project is read
        self._soon.timeout.connect(self._rebuild_if_changed)
        self._clock = QTimer(self, interval=1000)  # the time left counts down between two reports
        self._clock.timeout.connect(self._follow)

    def _relist(self, _job: Job | None = None) -> None:
        """Cards are made while somebody sees them; what happened before is there when the drawer opens."""
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _line_moved(self) -> None:
        if self.isVisible():
            self._rebuild_if_changed()
            self._follow()

    def _rebuild_if_changed(self) -> None:
        if self.isVisible() and [(group, job.name) for group, job in self._shown()] != self._order:
            self._rebuild()

    def _rebuild(self) -> None:
        """The cards of the jobs as they are now, in their order: those there are, and a few new ones."""
        shown = self._shown()
        self._order = [(group, job.name) for group, job in shown]
        self._let_go({job.name: job for _, job in shown})
        widgets: list[QWidget] = []
        new, last = 0, ""
        for group, job in shown:
            if job.name not in self._cards:
                if new == _AT_ONCE:
                    self._rest.start()
                    break
                new += 1
                card = JobCard(job, self._jobs.line)
                card.deed_wanted.connect(self.deed_wanted)
                self._cards[job.name] = job, card
            if group != last:
                last = group
                widgets.append(self._head(parts.text(group, "strong")))
            widgets.append(self._cards[job.name][1])
        if not shown:
            empty = "No jobs yet. Extraction and training run here, and go on when the window closes."
            widgets.append(self._head(parts.text(empty, "label", wrap=True)))
        self._place(widgets)

    def _head(self, words: QWidget) -> QWidget:
        self._heads.append(words)
        return words

    def _let_go(self, shown: dict[str, Job]) -> None:
        """Of cards whose job is no longer listed, or is another one of that name, and of all heads."""
        gone = [name for name, (job, _) in self._cards.items() if shown.get(name) is not job]
        for each in (*(self._cards.pop(name)[1] for name in gone), *self._heads):
            each.hide()
            each.deleteLater()
        self._heads = []

    def _place(self, widgets: list[QWidget]) -> None:
        """One below the other; Tab goes through them in that order, however old they are."""
        box = self._list.layout()
        assert isinstance(box, QVBoxLayout)
        while box.takeAt(0) is not None:
            pass
        for each in widgets:
            box.addWidget(each)
            each.show()
        box.addStretch(1)
        stops = [button for each in widgets for button in each.findChildren(QAbstractButton)]
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _shown(self) -> list[tuple[str, Job]]:
        """Those at work, those that wait in the order of their turns, then those that ended, newest first."""
        jobs = self._jobs.jobs()
        turns = {job.name: self._jobs.line.turn(job.folder) for job in jobs if job.state == "waiting"}

        def turn_of(job: Job) -> tuple[int, str]:
            turn = turns[job.name]
            return (turn.number if turn is not None else 10_000), job.name

        waiting = sorted((job for job in jobs if job.state == "waiting"), key=turn_of)
        at_work = [job for job in jobs if job.is_live and job.state not in ("waiting", "paused")]
        at_work += [job for job in jobs if job.state == "paused"]
        ended = [job for job in jobs if not job.is_live][:_MOST_ENDED]
        groups = ((said("Running"), at_work), (said("Waiting"), waiting), (said("Ended"), ended))
        return [(group, job) for group, some in groups for job in some]

    def _follow(self) -> None:
        for _, card in self._cards.values():
            card.follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._rebuild()
        self._follow()
        self._jobs.see_all()
        self._clock.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._clock.stop()
        self._rest.stop()

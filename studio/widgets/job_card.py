"""One job as a card of the drawer: what it does, how far it is, what can be done with it, and how it ended."""

from functools import partial

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QMenu, QProgressBar, QVBoxLayout

from core.line import HIGH, LOW, USUAL
from core.runs import ExportBodies, ExportComparison
from studio.job import Job
from studio.job_line import JobLine
from studio.widgets import parts
from studio.widgets.flow import flow
from studio.widgets.job_troubles import DEEDS, Deed, TroubleCard
from studio.widgets.job_words import STATE_WORDS, left_words, outlives_words, progress_words, running_words
from studio.words import say

_PRIORITIES = ((HIGH, "Before others"), (USUAL, "In turn"), (LOW, "After others"))
_SHOWN: tuple[Deed, ...] = ("show", "pause", "go-on", "earlier", "stop", "take-out", "resume")


class JobCard(QFrame):
    """One job; follows it by itself."""

    deed_wanted = Signal(object, str)  # the Job, a Deed

    def __init__(self, job: Job, line: JobLine) -> None:
        super().__init__()
        self.setObjectName("card")
        self._job, self._line = job, line
        self._state = parts.text("", "chip")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(say("Progress of {name}", name=job.label))
        self._progress, self._left = parts.text("", "label", wrap=True), parts.text("", "strong")
        self._progress.setMinimumWidth(1)
        self._words = parts.text("", "caption", wrap=True)
        self._words.setMinimumWidth(1)
        self._trouble = TroubleCard(is_inside=True)
        self._trouble.wanted.connect(self._want)
        folder = parts.tool("folder", "Open the run's folder")
        folder.clicked.connect(self._open_folder)
        self._go = parts.tool("train", DEEDS["show"][0])  # where what went wrong brings its own row of buttons
        self._go.clicked.connect(lambda: self._want("show"))
        self._priority = parts.tool("more", "Priority")
        self._priority.clicked.connect(self._ask_priority)
        self._name = parts.text("", "strong", wrap=True)
        self._name.setMinimumWidth(1)  # a file's name may be one long word
        self._title = parts.text("", "caption", wrap=True)
        self._title.setMinimumWidth(1)
        self._log = parts.text("", "mono", wrap=True)
        self._log.setMinimumWidth(1)
        self._buttons: dict[Deed, parts.Button] = {}
        for deed in _SHOWN:
            words, icon = DEEDS[deed]
            self._buttons[deed] = parts.button(words, icon, "danger" if deed == "stop" else "")
            self._buttons[deed].clicked.connect(lambda _=False, deed=deed: self._want(deed))
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 10, 10)
        box.setSpacing(6)
        box.addWidget(parts.row((self._name, 1), self._state, gap=6))
        box.addWidget(parts.row((self._title, 1), self._priority, self._go, folder, gap=2))
        box.addWidget(self._bar)
        self._figures = parts.row((self._progress, 1), self._left)
        box.addWidget(self._figures)
        box.addWidget(self._trouble)
        box.addWidget(self._words)
        box.addWidget(self._log)
        self._orders = flow(*self._buttons.values())
        box.addWidget(self._orders)
        job.moved.connect(self.follow)
        self.follow()

    def button(self, deed: Deed) -> parts.Button:
        return self._buttons[deed]

    def follow(self, _job: Job | None = None) -> None:
        """Show the job as it stands."""
        job, turn = self._job, self._line.turn(self._job.folder)
        self.setAccessibleName(job.label)
        self.setAccessibleDescription(running_words(job, turn) if job.is_live else say(STATE_WORDS[job.state][0]))
        self._name.setText(job.label)
        self._title.setText(job.name if job.label == job.title else job.title)
        words, colour = STATE_WORDS[job.state]
        self._state.setText(say(words))
        parts.set_role(self._state, {"danger": "danger", "warn": "warn", "ok": "ok"}.get(colour, "chip"))  # pyright: ignore[reportArgumentType]
        share = job.share()
        self._bar.setVisible(job.is_live and (job.state != "waiting" or share is not None))
        self._bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self._bar.setValue(round(share * 1000))
        self._figures.setVisible(job.is_live)
        self._progress.setText(progress_words(job, turn))
        self._left.setText(left_words(job.seconds_left()))
        self._trouble.follow(job)
        self._words.setText(_words_about(job))
        self._words.setVisible(bool(self._words.text()))
        self._log.setText(job.log[-1] if job.log and job.state == "running" else "")
        self._log.setVisible(bool(self._log.text()))
        self._show_buttons(job)

    def _show_buttons(self, job: Job) -> None:
        state = job.state
        at_work = state in ("running", "pausing", "stopping")
        turn = self._line.turn(job.folder)
        shown: dict[Deed, bool] = {
            "show": job.is_training and not self._trouble.says_all,
            "pause": at_work,
            "go-on": state == "paused",
            "stop": at_work or state == "paused",
            "earlier": state == "waiting",
            "take-out": state == "waiting",
            "resume": state == "stopped" and not isinstance(job.spec, ExportBodies | ExportComparison),
        }
        for deed, is_shown in shown.items():
            self._buttons[deed].setVisible(is_shown)
        self._orders.setVisible(any(shown.values()))
        self._go.setVisible(job.is_training and not shown["show"])
        self._priority.setVisible(state == "waiting")
        self._buttons["pause"].setEnabled(state == "running")
        self._buttons["stop"].setEnabled(state != "stopping")
        self._buttons["earlier"].setEnabled(turn is not None and turn.number > 1)

    def priorities(self) -> QMenu:
        """How much it matters against others that wait."""
        menu, turn = QMenu(self), self._line.turn(self._job.folder)
        for priority, words in _PRIORITIES:
            action = menu.addAction(say(words), partial(self._job.prefer, priority))
            action.setCheckable(True)
            action.setChecked(turn is not None and turn.priority == priority)
        return menu

    def _ask_priority(self) -> None:
        self.priorities().popup(self._priority.mapToGlobal(self._priority.rect().bottomLeft()))

    def _want(self, deed: str) -> None:
        self.deed_wanted.emit(self._job, deed)

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._job.folder.path)))


def _words_about(job: Job) -> str:
    match job.state:
        case "stopped" if isinstance(job.spec, ExportBodies | ExportComparison):
            return say("Stopped; nothing of it was kept. Export again to have it.")
        case "stopped" if job.progress is None:
            return say("Taken out before it began.")
        case "stopped":
            return say("Stopped in good order; it can go on from there.")
        case "done":
            return str(getattr(job.ending, "summary", ""))
        case _:
            return outlives_words(job)

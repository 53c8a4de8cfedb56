"""What went otherwise than meant with a job: what is, what stayed safe, and what can be done about it. And the card.

A card says it wherever the job stands: in the drawer of jobs, beside the chosen run, in a notice. What a person wants
done comes back as the name of a deed; `studio.job_deeds` does it.
"""

import re
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from core.run_facts import BAD_BATCH, environment_of
from core.runs import ExportBodies, ExportComparison, Failed
from studio.job import Job
from studio.widgets import parts
from studio.widgets.flow import flow
from studio.widgets.job_words import grouped
from studio.words import said, say

Deed = Literal["show", "pause", "go-on", "stop", "earlier", "take-out", "resume", "smaller-step", "undivide", "log"]
DEEDS: dict[Deed, tuple[str, str]] = {
    "show": ("Show", ""),
    "pause": ("Pause", "pause"),
    "go-on": ("Go on", "play"),
    "stop": ("Stop", "stop"),
    "earlier": ("Earlier", "up"),
    "take-out": ("Take out", "close"),
    "resume": ("Resume", "play"),
    "smaller-step": ("Resume smaller step", "play"),
    "undivide": ("Undo", "undo"),
    "log": ("Log", ""),
}
"""Words and icon of a button."""
_LAST_LINES = 3
_NOT_A_NUMBER = re.compile(r"^(?P<what>.+?)(?:/.*)? is not a number at step (?P<step>[\d,]+)")


@dataclass(frozen=True)
class Trouble:
    """A title, a sentence, the last lines of the log where they help, and what can be done."""

    title: str
    words: str
    deeds: tuple[Deed, ...]
    lines: str = ""
    colour: str = "danger"


def trouble_of(job: Job, *, with_lines: bool = True) -> Trouble | None:
    """What is to be said of it, `with_lines` of its log read from its file; None where all is as meant."""
    match job.state, job.ending:
        case "killed", _:
            return _killed(job, with_lines=with_lines)
        case "failed", Failed() as failed:
            return _failed(job, failed)
        case (("running" | "pausing" | "paused"), _) if job.divided is not None:
            sizes = {"batch": grouped(job.divided.batch), "parts": grouped(job.divided.parts)}
            words = say("Going on with batch {batch} × {parts} steps: the same result, a little slower.", **sizes)
            return Trouble(_too_big(job), words, ("undivide",), colour="warn")
        case _:
            return None


def _killed(job: Job, *, with_lines: bool) -> Trouble:
    how = job.folder.killed()
    step = grouped(job.progress.done) if job.progress is not None else ""
    if how is not None and how.memory_was_full:
        where = say("At step {step}, memory was full.", step=step) if step else say("Memory was full.")
    else:
        where = say("At step {step}.", step=step) if step else ""
    lines = job.folder.log_tail(_LAST_LINES).strip() if with_lines else ""
    below = say("Last lines of its log below.") if lines else ""
    title = say("The system ended {name}", name=job.label)
    return Trouble(title, " ".join(filter(None, (where, _goes_on_from(job), below))), _onward(job), lines)


def _goes_on_from(job: Job) -> str:
    """What a resume finds of a training."""
    if not job.is_training:
        return ""
    kept = last_validated(job)
    if kept is None:
        return say("It had no checkpoint yet, and begins anew.")
    return say("It goes on from its last checkpoint, step {kept}.", kept=grouped(kept))


def _failed(job: Job, failed: Failed) -> Trouble:
    name = job.label
    match failed.reason:
        case "not-a-number":
            return _not_a_number(job, failed)
        case "out-of-memory":
            return Trouble(_too_big(job), _sentences(failed), _onward(job))
        case "disk-full":
            title = say("{name} stopped: the disk is full", name=name)
            return Trouble(title, _sentences(failed), _onward(job))
        case "worker-lost":
            title = say("{name} stopped: one of its processes ended", name=name)
            return Trouble(title, " ".join((_sentences(failed), _goes_on_from(job))), _onward(job))
        case _:
            return Trouble(say("{name} failed", name=name), _sentences(failed), _onward(job))


def _not_a_number(job: Job, failed: Failed) -> Trouble:
    found = _NOT_A_NUMBER.match(failed.message)
    if found is None:
        return Trouble(say("{name} failed", name=job.label), _sentences(failed), ("smaller-step", "log"))
    title = say("{name} stopped: {what} is not a number", name=job.label, what=found["what"])
    at = found["step"].replace(",", "\u2009")
    kept = last_validated(job)
    has_batch = (job.folder.path / BAD_BATCH).is_file()
    if kept is None:
        words = say("At step {step}, before its first checkpoint: a smaller step begins anew.", step=at)
        return Trouble(title, words, ("smaller-step", "log"))
    words = (
        say("At step {step}. The last good checkpoint ({kept}) and the batch are kept.", step=at, kept=grouped(kept))
        if has_batch
        else say("At step {step}. The last good checkpoint ({kept}) is kept.", step=at, kept=grouped(kept))
    )
    return Trouble(title, words, ("smaller-step", "log"))


def last_validated(job: Job) -> int | None:
    """The step of the newest validation, at which a training keeps a checkpoint; None before the first."""
    steps = [points[-1][0] for name, points in job.metrics.items() if name.startswith("validation/") and points]
    return max(steps, default=None)


def _too_big(job: Job) -> str:
    device = str(getattr(getattr(job.spec, "config", None), "device", ""))
    if device == "auto" and (found := environment_of(job.folder.path)) is not None:
        device = found.device
    return say("Too big for the memory") if device == "cpu" else say("Too big for the graphics card")


def _onward(job: Job) -> tuple[Deed, ...]:
    return ("log",) if isinstance(job.spec, ExportBodies | ExportComparison) else ("resume", "log")


def _sentences(failed: Failed) -> str:
    """Message and hint, each a whole sentence."""
    return " ".join(_sentence(each) for each in (failed.message, failed.hint) if each)


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?", ":", "…")) else f"{words}."


class TroubleCard(QFrame):
    """A trouble with its buttons; hidden while there is none."""

    wanted = Signal(str)  # a Deed

    def __init__(self, *, is_inside: bool = False) -> None:
        """`is_inside` another card, which has its own ground and margins."""
        super().__init__()
        if not is_inside:
            self.setObjectName("card")
        self._shown: Trouble | None = None
        self._followed: object = None
        self._is_over = False
        self._glyph = {each: parts.glyph("warn", 16, each) for each in ("danger", "warn")}
        self._title = parts.text("", "strong", wrap=True)
        self._title.setMinimumWidth(1)
        self._words = parts.text("", "label", wrap=True)
        self._words.setMinimumWidth(1)
        self._lines = parts.text("", "mono", wrap=True)
        self._lines.setMinimumWidth(1)
        self._buttons = {deed: parts.button(words, icon) for deed, (words, icon) in DEEDS.items()}
        for deed, button in self._buttons.items():
            button.clicked.connect(lambda _=False, deed=deed: self.wanted.emit(deed))
            button.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(*((0, 0, 0, 0) if is_inside else (10, 8, 10, 10)))
        box.setSpacing(5)
        box.addWidget(parts.row(*self._glyph.values(), (self._title, 1), gap=8))
        box.addWidget(self._words)
        box.addWidget(self._lines)
        box.addWidget(flow(*self._buttons.values()))
        self.hide()

    @property
    def says_all(self) -> bool:
        """Whether what can be done with a job that has ended is offered here."""
        return self._is_over and self._shown is not None

    def button(self, deed: Deed) -> parts.Button:
        return self._buttons[deed]

    def follow(self, job: Job) -> None:
        """Say what is to be said of this job now; its files are read only where it has moved since."""
        now = (job, job.state, job.ending, job.divided, job.last_at)
        if now != self._followed:
            self._followed = now
            self._is_over = not job.is_live
            self.show_trouble(trouble_of(job))

    def show_trouble(self, trouble: Trouble | None) -> None:
        """Say this, or nothing."""
        if trouble == self._shown:
            return
        self._shown = trouble
        self.setVisible(trouble is not None)
        if trouble is None:
            return
        self.setAccessibleName(trouble.title)
        self.setAccessibleDescription(trouble.words)
        for colour, glyph in self._glyph.items():
            glyph.setVisible(colour == trouble.colour)
        self._title.setText(trouble.title)
        self._words.setText(trouble.words)
        self._words.setVisible(bool(trouble.words))
        self._lines.setText(trouble.lines)
        self._lines.setVisible(bool(trouble.lines))
        for deed, button in self._buttons.items():
            button.setVisible(deed in trouble.deeds)


def deed_words(deed: Deed) -> str:
    """What its button says."""
    return said(DEEDS[deed][0])

"""Which run the form's settings were taken from, said above them, until a run was started or somebody forgets it.

A fork starts anew, or from the parent's last checkpoint: at its step, with its weights.
"""

from PySide6.QtWidgets import QCheckBox, QVBoxLayout

from studio.jobs import Job
from studio.pages.training_new_run import NewRun
from studio.widgets import parts
from studio.words import said, say

LAST = "last.safetensors"


class ForkedFrom:
    """A line in the panel of the new run."""

    def __init__(self, new_run: NewRun) -> None:
        self._parent: Job | None = None
        self._words = parts.text("", "caption")
        self._words.setMinimumWidth(1)
        close = parts.tool("close", "Forget where it was forked from", size=12)
        close.clicked.connect(self.forget)
        self.goes_on = QCheckBox(said("From its last checkpoint"))
        self._place = parts.col(parts.row((self._words, 1), close, gap=4), self.goes_on, gap=2)
        box = new_run.layout()
        assert isinstance(box, QVBoxLayout)
        box.insertWidget(1, self._place)
        self._place.hide()

    @property
    def parent(self) -> str:
        """The name of the run that was forked; empty without one."""
        return self._parent.name if self._parent is not None else ""

    def show_parent(self, job: Job) -> None:
        """The form holds this run's settings."""
        self._parent = job
        parts.elide(self._words, say("Forked from {name}", name=job.name), 200)
        self.goes_on.setChecked(False)
        self.goes_on.setEnabled((job.folder.path / LAST).is_file() and not job.is_live)
        self._place.show()

    def forget(self) -> None:
        """The form's settings are nobody's."""
        self._parent = None
        self._place.hide()

    def checkpoint(self) -> str:
        """Where a new run begins: the parent's last checkpoint, or empty to start anew."""
        goes_on = self._parent is not None and self.goes_on.isChecked() and self.goes_on.isEnabled()
        return str(self._parent.folder.path.resolve() / LAST) if goes_on and self._parent is not None else ""

    def take(self) -> str:
        """The name of the parent, of which nothing is known any more."""
        name = self.parent
        self.forget()
        return name

"""The vocabulary on the Annotate page: its windows, and what the list of labels asks for beyond a label's key."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError
from core.project.annotations import Project
from core.project.labelling import add_range, move_labels
from studio.actions import Handlers
from studio.document import Document
from studio.pages.annotate_marking import Marking
from studio.widgets.clusters_window import ClustersWindow
from studio.widgets.dialogs import Dialog
from studio.widgets.label_list import LabelList
from studio.widgets.labels_window import LabelsWindow
from studio.words import say


class Labelling(QObject):
    """A part of the page. Its windows are not modal: one works beside them, and they follow."""

    find_wanted = Signal(str)
    """Find these words in all clips."""

    def __init__(self, document: Document, labels: LabelList, marking: Marking) -> None:
        super().__init__(labels)
        self._document, self._labels, self._marking = document, labels, marking
        labels.named.connect(marking.named)
        self.labels: LabelsWindow | None = None
        self.clusters: ClustersWindow | None = None
        labels.window_wanted.connect(self.open_labels)
        labels.clusters_wanted.connect(self.open_clusters)
        labels.find_wanted.connect(self.find_wanted)
        labels.range_wanted.connect(self._add_range)
        labels.moved.connect(self._move)

    def commands(self) -> Handlers:
        return {"labels": self.open_labels, "clusters": self.open_clusters}

    def checked(self) -> dict[str, bool]:
        return {}

    def refresh(self) -> None:
        """The windows follow the document themselves."""

    @property
    def is_settled(self) -> bool:
        return True

    def close(self) -> None:
        for window in (self.labels, self.clusters):
            if window is not None:
                window.close()

    def open_labels(self) -> None:
        """The whole vocabulary."""
        if self.labels is None:
            self.labels = LabelsWindow(self._document, self.edit, self._labels.window())
            self.labels.find_wanted.connect(self.find_wanted)
            self.labels.clusters_wanted.connect(self.open_clusters)
            self.labels.destroyed.connect(self._forget_labels)
        _bring(self.labels)

    def open_clusters(self) -> None:
        """What models learn as one."""
        if self.clusters is None:
            self.clusters = ClustersWindow(self._document, self.edit, self._labels.window())
            self.clusters.find_wanted.connect(self.find_wanted)
            self.clusters.destroyed.connect(self._forget_clusters)
        _bring(self.clusters)

    def edit(self, change: Callable[[Project], Project], label: str) -> str:
        """One edit; why it was refused, or nothing. Where nothing changes nothing is made."""
        before = self._document.project
        try:
            after = change(before)
        except CoreError as error:
            return f"{error}. {error.hint}" if error.hint else f"{error}."
        if after is not before and (why_not := self._marking.why_not(before, after)):
            return f"{why_not}."
        if after is not before and not self._document.edit(after, label):
            return say("This could not be saved.")
        return ""

    def _add_range(self, name: str) -> None:
        author = self._document.author
        self._say(self.edit(lambda before: add_range(before, name, author=author)[0], f"Add label {name}"))

    def _move(self, label_ids: Sequence[str], before: str) -> None:
        name = self._document.project.labels[label_ids[0]].name
        self._say(self.edit(lambda project: move_labels(project, label_ids, before), f"Move label {name}"))

    def _say(self, refused: str) -> None:
        if refused:
            self._labels.tell(refused)

    def _forget_labels(self) -> None:
        self.labels = None

    def _forget_clusters(self) -> None:
        self.clusters = None


def _bring(window: Dialog) -> None:
    window.show()
    window.activateWindow()

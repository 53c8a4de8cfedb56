"""Says what an undo or a redo changed where nobody looks: another clip than the one in front, or beside another page.

Undo goes through the steps of the whole project, also of days ago, so the step that comes back is often not on screen.
Where it is, nothing is said.
"""

from functools import partial

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError
from core.project.annotations import Changes
from studio.document import Document
from studio.main_window import MainWindow
from studio.pages.annotate_history import place_of
from studio.widgets.notices import Notice
from studio.words import say


class UndoneElsewhere(QObject):
    """Follows the steps of one document."""

    place_wanted = Signal(str, str, int)
    """Show a clip, a segment (or none) and a frame (-1: as it was left)."""

    def __init__(self, document: Document, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._window = document, window
        self._title = ""
        document.changed.connect(self._follow)

    def _follow(self, changes: Changes) -> None:
        document = self._document
        if not changes.clips or document.read_only_reason is not None:
            return
        step = document.store.journal[-1]
        self._window.notices.withdraw(self._title)
        self._title = ""
        if step.kind == "edit" or self._is_seen(changes):
            return
        try:
            clip, segment, frame = place_of(document.store.past.changes_of(step))
        except CoreError as error:
            document.refused.emit(error)
            return
        known = document.project.clips.get(clip)
        if known is None:
            return
        undone = step.kind == "undo"
        self._title = say("Undone: {step}" if undone else "Made again: {step}", step=step.label)
        show = partial(self.place_wanted.emit, clip, segment if known.segment(segment) else "", frame)
        words = say("This was in {clip}.", clip=known.name)
        self._window.notices.show(Notice(self._title, words, "undo" if undone else "redo", "accent", "Show", show))

    def _is_seen(self, changes: Changes) -> bool:
        """Whether the page in front shows it: the list of clips, or the clip itself."""
        page = self._window.page_name
        return page == "data" or (page == "annotate" and self._document.clip_id in changes.clips)

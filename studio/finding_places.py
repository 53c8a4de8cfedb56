"""Finding segments in all clips: opens the drawer over whatever page is in front, and goes where its places lead."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from core.errors import CoreError, ProjectError
from core.project.labelling import relabel
from studio import theme
from studio.actions import Handlers
from studio.clip_search import Place
from studio.document import Document
from studio.main_window import MainWindow
from studio.pages.annotate import AnnotatePage
from studio.widgets.found_list import LEAST, WIDTH, FoundList


class FindingPlaces(QObject):
    """One drawer, made when it is first wanted; it keeps its words until the studio closes."""

    def __init__(self, document: Document, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._window = document, window
        self.list: FoundList | None = None
        window.installEventFilter(self)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._make_way)

    def handlers(self) -> Handlers:
        return {
            "find-segments": self.open,
            "next-found": partial(self._step, 1),
            "previous-found": partial(self._step, -1),
        }

    def open(self) -> None:
        """The drawer, its field ready to type in."""
        found = self._drawer()
        found.show()
        self._place()
        found.raise_()
        found.look()
        found.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        found.field.selectAll()

    def show(self, words: str) -> None:
        """The drawer with what these words find."""
        self._drawer().ask(words)
        self.open()

    def close(self) -> None:
        if self.list is not None and self.list.isVisible():
            self.list.hide()
            self._window.focus_page()

    def _make_way(self, _: QWidget | None, now: QWidget | None) -> None:
        """What the keys go to is not behind the drawer: the history, or a field of the inspector that Tab came to."""
        drawer = self.list
        if drawer is None or not drawer.isVisible() or now is None or now.window() is not self._window:
            return
        centre = now.mapTo(self._window, now.rect().center()) if now is not self._window else QPoint(-1, -1)
        if now is not drawer and not drawer.isAncestorOf(now) and drawer.geometry().contains(centre):
            drawer.hide()

    def _drawer(self) -> FoundList:
        if self.list is None:
            self.list = FoundList(self._document, self._window)
            self.list.place_wanted.connect(self._go)
            self.list.relabel_wanted.connect(self._relabel)
            self.list.choose_wanted.connect(self._choose)
            self.list.closed_by_person.connect(self.close)
        return self.list

    def _step(self, by: int) -> None:
        if self.list is None or not self.list.field.text().strip():
            self.open()
        else:
            self.list.look()
            self.list.step(by)

    def _go(self, place: Place) -> None:
        """Annotate, with the clip, the segment chosen, and the playhead at its pose or its start."""
        if place.clip_id not in self._document.project.clips:
            return
        was = self._window.focusWidget()
        page = self._window.show_page("annotate")
        self._document.choose_clip(place.clip_id)
        if isinstance(page, AnnotatePage):
            page.timeline.choose(frozenset({place.segment_id}))
        self._document.seek(place.frame)
        if self.list is not None and self.list.isVisible():
            self._place()
            self.list.raise_()
            if was is not None and self.list.isAncestorOf(was):
                was.setFocus()  # the walk goes on from the list

    def _relabel(self, label_id: str) -> None:
        if self.list is None:
            return
        found = self.list.found()
        places: dict[str, list[str]] = {}
        for each in found:
            places.setdefault(each.clip_id, []).append(each.segment_id)
        project = self._document.project
        try:
            after = relabel(project, places, label_id, author=self._document.author)
        except CoreError as error:
            self._document.refused.emit(error)
            return
        page = self._window.page("annotate")
        if isinstance(page, AnnotatePage) and (why_not := page.marking.why_not(project, after)):
            self._document.refused.emit(ProjectError(why_not))
            return
        if after is not project:
            what = "1 segment" if len(found) == 1 else f"{len(found)} segments"
            self._document.edit(after, f"Relabel {what} as {project.labels[label_id].name}")

    def _choose(self) -> None:
        if self.list is None:
            return
        here = frozenset(each.segment_id for each in self.list.found() if each.clip_id == self._document.clip_id)
        page = self._window.show_page("annotate")
        if isinstance(page, AnnotatePage):
            page.timeline.choose(here)

    def _place(self) -> None:
        """At the right of the page; on Annotate in the inspector's place, so that picture and timeline stay in view."""
        page = self._window.page(self._window.page_name)
        if self.list is None or page is None:
            return
        part = page.inspector if isinstance(page, AnnotatePage) and page.inspector.width() >= theme.px(LEAST) else page
        at = part.mapTo(self._window, QPoint())
        width = part.width() if part is not page else theme.px(WIDTH)
        self.list.setGeometry(QRect(at.x() + part.width() - width, at.y(), width, part.height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.list is not None and self.list.isVisible():
            QTimer.singleShot(0, self, self._place)  # once the page has its new size
        return super().eventFilter(watched, event)

"""The window: it places the bar, the rail, the page in front and the line at the foot, and fills the menus.

What can be done is in `Actions`; what a page shows is in the page. A page may offer `commands()` (name → function),
`checked()` (which of its toggles are on), `back_out()` (whether Esc left something), `is_settled()` for photographs, a
focus proxy for where the focus goes first, `asks` (a signal with the name of a command it wants carried out), `says` (a
signal with words for the line at the foot), and `close_page()` for threads it must end.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QStackedWidget,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from studio.actions import Actions, Handlers
from studio.document import Document
from studio.jobs import Jobs
from studio.settings import Settings
from studio.widgets.drop_veil import DropVeil
from studio.widgets.job_panel import JobPanel
from studio.widgets.notices import KEEP_CLEAR, Notices
from studio.widgets.panel_sizes import PanelSizes
from studio.widgets.panel_walk import walk_panels
from studio.widgets.rail import Place, Rail
from studio.widgets.search_list import Entry, SearchList
from studio.widgets.status_line import StatusLine
from studio.widgets.top_bar import TopBar
from studio.words import say

PAGES = (
    Place("page-projects", "Projects", "projects"),
    Place("page-data", "Data", "data"),
    Place("page-annotate", "Annotate", "annotate"),
    Place("page-train", "Train", "train"),
    Place("page-evaluate", "Evaluate", "evaluate"),
    Place("page-forecast", "Forecast", "forecast"),
    Place("page-generate", "Generate", "generate"),
)
FOOT = (Place("keys", "Keys", "keyboard"), Place("settings", "Settings", "settings"))
_NEEDS_PROJECT = "Open a project first"


class MainWindow(QWidget):
    """Everything around the pages. Pages are made when they are first shown, by the functions in `pages`."""

    dropped = Signal(object)  # the paths somebody dropped, list[Path]
    closing = Signal()
    deed_wanted = Signal(object, str)  # a Job, and what is to be done with it (studio.job_deeds)

    def __init__(
        self,
        document: Document,
        jobs: Jobs,
        settings: Settings,
        pages: dict[str, Callable[[], QWidget]],
        entries: Callable[[], list[Entry]],
        typed: Callable[[str], list[Entry]],
        version: str,
    ) -> None:
        super().__init__()
        self._document, self._settings, self._makers = document, settings, pages
        self._pages: dict[str, QWidget] = {}
        self._said: dict[str, str] = {}  # what each page has for the line at the foot
        self.page_name = ""
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle("Posecast")
        self.setAcceptDrops(True)
        self.actions_table = Actions(self, document)
        self._top = TopBar(document, jobs, self.actions_table.action("undo"), self.actions_table.action("redo"))
        self._rail = Rail(PAGES, FOOT)
        self._stack = _Stack()
        self._status = StatusLine(document, version)
        self._drawer = JobPanel(jobs, self)
        self._drawer.hide()
        self._search = SearchList(self._top.search, self, entries, typed)
        self.notices = Notices(self, self._notice_floor)
        self._sizes = PanelSizes(settings, self)
        self._veil = DropVeil(self)
        middle = QWidget()
        across = QHBoxLayout(middle)
        across.setContentsMargins(0, 0, 8, 0)
        across.setSpacing(0)
        across.addWidget(self._rail)
        across.addWidget(self._stack, 1)
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(0)
        down.addWidget(self._top)
        down.addWidget(middle, 1)
        down.addWidget(self._status)
        self._rail.wanted.connect(self.actions_table.do)
        self._top.jobs_wanted.connect(self.toggle_jobs)
        self._top.all_clips_wanted.connect(lambda: self.show_page("data"))
        self._drawer.closed_by_person.connect(self._drawer.hide)
        self._drawer.deed_wanted.connect(self.deed_wanted)
        document.opened.connect(self._follow)
        document.closed.connect(self._follow)

    # ---- pages ----

    def make_menus(self, handlers: Handlers, submenus: dict[str, QMenu]) -> None:
        """What the window can do, once whoever made it has put that together."""
        go = {f"page-{name}": lambda name=name: self.show_page(name) for name in self._makers}
        own: Handlers = {
            "search": self._search.open,
            "jobs": self.toggle_jobs,
            "devices": self._status.show_devices,
            "next-panel": lambda: self._walk_panels(1),
            "previous-panel": lambda: self._walk_panels(-1),
            "full-screen": self._toggle_full_screen,
            "reset-panels": lambda: self._sizes.reset(self.page_name, self._pages[self.page_name]),
        }
        self.actions_table.offer({**own, **go, **handlers})
        self.actions_table.make_menus(self._top.menus, submenus)
        self._follow()

    def show_page(self, name: str) -> QWidget:
        """Bring a page to the front."""
        page = self._page(name)
        if name != self.page_name:
            self._sizes.keep(self.page_name, self._pages.get(self.page_name))
            self.page_name = name
            self._stack.setCurrentWidget(page)
            self._status.say(self._said.get(name, ""))
            if self.isVisible():
                self.focus_page()  # or the bar at the top would take the keys
            self.notices.place()
        self._rail.show_page(f"page-{name}")
        self._offer(name, page)
        return page

    def focus_page(self) -> None:
        """Put the focus where the page in front wants it."""
        page = self._pages[self.page_name]
        (page.focusProxy() or page).setFocus(Qt.FocusReason.OtherFocusReason)

    def page(self, name: str) -> QWidget | None:
        """A page that has been shown before."""
        return self._pages.get(name)

    def is_settled(self) -> bool:
        """Whether the page in front shows what it has to show."""
        settled = getattr(self._pages.get(self.page_name), "is_settled", None)
        return settled is None or bool(settled())

    def _page(self, name: str) -> QWidget:
        if name not in self._pages:
            page = self._makers[name]()
            page.setObjectName(page.objectName() or f"page-{name}")
            self._pages[name] = page
            self._stack.addWidget(page)
            asks: Any = getattr(page, "asks", None)
            if asks is not None:
                asks.connect(self.actions_table.do)
            says: Any = getattr(page, "says", None)
            if says is not None:
                says.connect(lambda words, name=name: self._heard(name, words))
            offers_changed: Any = getattr(page, "offers_changed", None)
            if offers_changed is not None:
                offers_changed.connect(lambda name=name: self._offer_anew(name))
            self._sizes.restore(name, page)
        return self._pages[name]

    def _offer(self, name: str, page: QWidget) -> None:
        checked, undo_label = getattr(page, "checked", dict), getattr(page, "undo_label", str)
        self.actions_table.set_page(name, _offers(page, "commands"), checked, undo_label)

    def _offer_anew(self, name: str) -> None:
        """A page knows other commands than before: a mode of it began or ended."""
        if name == self.page_name:
            self._offer(name, self._pages[name])

    def _heard(self, name: str, words: str) -> None:
        self._said[name] = words
        if name == self.page_name:
            self._status.say(words)

    def _follow(self) -> None:
        """Which pages can be opened, and the window's title."""
        is_open = self._document.is_open
        for place in PAGES:
            name = place.name.removeprefix("page-")
            self._rail.enable(place.name, is_open or name == "projects", say(_NEEDS_PROJECT))
        self.setWindowTitle(f"{self._document.project.name} – Posecast" if is_open else "Posecast")
        if not is_open:
            self._drawer.hide()

    # ---- panels ----

    def toggle_jobs(self) -> None:
        """Open the drawer of jobs, or close it."""
        self._drawer.setVisible(not self._drawer.isVisible())
        self._place_drawer()
        self._drawer.raise_()

    def show_jobs(self) -> None:
        """The drawer of jobs, open."""
        if not self._drawer.isVisible():
            self.toggle_jobs()

    def _place_drawer(self) -> None:
        top, foot = self._top.height(), self._status.height()
        width = self._drawer.width()
        self._drawer.setGeometry(QRect(self.width() - width, top, width, self.height() - top - foot))

    def _notice_floor(self) -> int:
        """Down to where a notice may reach: the line at the foot, or what the page wants kept clear."""
        page = self._pages.get(self.page_name)
        clear = [] if page is None else [each for each in page.findChildren(QWidget) if each.property(KEEP_CLEAR)]
        for each in clear:
            each.installEventFilter(self.notices)  # it may be given its place, or another one, after this
        tops = [each.mapTo(self, QPoint()).y() for each in clear if each.isVisible()]
        return min([*tops, self._status.y()])

    def _walk_panels(self, step: int) -> None:
        """Move the focus to the next panel of the page, in reading order."""
        walk_panels(self._pages[self.page_name], step, by_column=True)

    def _toggle_full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    # ---- what comes from outside ----

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_drawer()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._back_out()
            return
        super().keyPressEvent(event)

    def _back_out(self) -> None:
        """Esc, one step at a time: out of a field, then what the page is in the middle of, the drawer, full screen.

        A page says what it left by `back_out`; the keys belong to it again after each step.
        """
        focus, page = self.focusWidget(), self._pages[self.page_name]
        back_out = getattr(page, "back_out", None)
        if isinstance(focus, QLineEdit | QAbstractSpinBox | QTextEdit | QPlainTextEdit):
            self.focus_page()
        elif back_out is not None and back_out():
            return
        elif self._drawer.isVisible():
            self._drawer.hide()
        elif focus is not None and focus is not (page.focusProxy() or page):
            self.focus_page()
        elif self.isFullScreen():
            self.showNormal()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            words = say("Drop to import") if self._document.is_open else say("Drop videos, or the folder of a project")
            self._veil.lift(say(words))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._veil.hide()
        event.acceptProposedAction()
        self.dropped.emit([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])

    def closeEvent(self, event: QCloseEvent) -> None:
        self._sizes.keep(self.page_name, self._pages.get(self.page_name))
        self._settings.save()
        for page in self._pages.values():
            end = getattr(page, "close_page", None)
            if end is not None:
                end()
        self.closing.emit()
        super().closeEvent(event)


class _Stack(QStackedWidget):
    """A page fits itself into the window; the window does not grow while the page finds out how large it is."""

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)


def _offers(page: QWidget, what: str) -> Handlers:
    found = getattr(page, what, None)
    return {} if found is None else found()

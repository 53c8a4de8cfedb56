"""The sizes of a page's panels: kept for each page and height of screen, folded by a double click, and reset."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from studio.settings import Settings
from studio.words import say

_LOW = 800


class PanelSizes(QObject):
    """Knows the splitters of the pages it was shown. Sizes are kept only where a person moved them."""

    def __init__(self, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._settings, self._window = settings, window
        self._first: dict[QSplitter, list[int]] = {}
        self._moved: set[QSplitter] = set()
        self._folded: dict[QSplitterHandle, list[int]] = {}

    def restore(self, page: str, widget: QWidget) -> None:
        """Give a page that was just made the sizes it had, and watch what a person does to them."""
        for key, splitter in self._keyed(page, widget):
            self._first[splitter] = splitter.sizes()
            sizes = self._settings.panels.get(key)
            if sizes is not None and len(sizes) == splitter.count():
                splitter.setSizes(sizes)
            splitter.splitterMoved.connect(self._note)
            for at in range(1, splitter.count()):
                handle = splitter.handle(at)
                handle.setToolTip(say("Drag to resize, double click to fold"))
                handle.installEventFilter(self)

    def keep(self, page: str, widget: QWidget | None) -> None:
        """Note the sizes a person chose."""
        for key, splitter in self._keyed(page, widget):
            if splitter in self._moved:
                self._settings.panels[key] = splitter.sizes()

    def reset(self, page: str, widget: QWidget | None) -> None:
        """As the page was made."""
        for key, splitter in self._keyed(page, widget):
            self._settings.panels.pop(key, None)
            self._moved.discard(splitter)
            splitter.setSizes(self._first[splitter])
        self._folded.clear()
        self._settings.save()

    def _keyed(self, page: str, widget: QWidget | None) -> list[tuple[str, QSplitter]]:
        found = widget.findChildren(QSplitter) if widget is not None else []
        height = "low" if self._window.height() < _LOW else "high"
        return [(f"{page}/{each.objectName() or at}/{height}", each) for at, each in enumerate(found)]

    def _note(self, *_: int) -> None:
        splitter = self.sender()
        if isinstance(splitter, QSplitter):
            self._moved.add(splitter)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick and isinstance(watched, QSplitterHandle):
            self._fold(watched)
            return True
        return False

    def _fold(self, handle: QSplitterHandle) -> None:
        """Fold the smaller neighbour of the handle, or give it back."""
        splitter = handle.splitter()
        at = next(each for each in range(1, splitter.count()) if splitter.handle(each) is handle)
        sizes = splitter.sizes()
        before = self._folded.pop(handle, None)
        if before is not None:
            splitter.setSizes(before)
        else:
            small, other = (at - 1, at) if sizes[at - 1] < sizes[at] else (at, at - 1)
            if not splitter.isCollapsible(small):
                return
            self._folded[handle] = list(sizes)
            sizes[other] += sizes[small]
            sizes[small] = 0
            splitter.setSizes(sizes)
        self._moved.add(splitter)
        handle.setCursor(
            Qt.CursorShape.SplitHCursor
            if splitter.orientation() == Qt.Orientation.Horizontal
            else Qt.CursorShape.SplitVCursor
        )

"""A part of a page in a window of its own, for a second screen: it goes on following, and comes back when that closes.

The part itself moves, so that nothing is drawn twice; a few words stand in its place meanwhile.
"""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QLabel, QLayout, QVBoxLayout, QWidget

from studio import theme
from studio.widgets import parts


class SentPart(QObject):
    """Sends one widget out of its layout and takes it back."""

    changed = Signal()

    def __init__(self, part: QWidget, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._part, self._title = part, title
        self._window: _SentWindow | None = None
        self._place: QWidget | None = None

    @property
    def is_out(self) -> bool:
        return self._window is not None

    def toggle(self) -> None:
        """Out, or back."""
        if self.is_out:
            self.take_back()
        else:
            self.send()

    def send(self) -> None:
        """Into a window of its own, on another screen where there is one."""
        home, main = self._part.parentWidget(), self._part.window()
        layout = home.layout() if home is not None else None
        if self.is_out or layout is None:
            return
        back = parts.button(self.tr("Bring it back"), "window")
        back.clicked.connect(self.take_back)
        words = self.tr("It follows there, and comes back when that window closes.")
        self._place = parts.state_card("window", self.tr("In a window of its own"), words, back)
        size = self._part.size()
        for sentence in self._place.findChildren(QLabel):
            if sentence.wordWrap():  # the place may be narrower than a page
                sentence.setFixedWidth(min(sentence.maximumWidth(), max(theme.px(120), size.width() - theme.px(24))))
        _swap(layout, self._part, self._place)
        self._window = window = _SentWindow(self._title)
        window.addActions(main.actions())  # the same keys hold there
        window.inside.addWidget(self._part)
        window.closed.connect(self.take_back)
        window.resize(max(size.width(), 640), max(size.height(), 400))
        others = [screen for screen in QGuiApplication.screens() if screen is not main.screen()]
        if others:
            window.move(others[0].availableGeometry().topLeft())
        self._place.show()
        window.show()
        self._part.show()
        self.changed.emit()

    def take_back(self) -> None:
        """Where it stood before."""
        window, place = self._window, self._place
        if window is None or place is None:
            return
        self._window, self._place = None, None
        home = place.parentWidget()
        layout = home.layout() if home is not None else None
        if layout is not None:
            _swap(layout, place, self._part)
        place.hide()
        place.deleteLater()
        self._part.show()
        window.blockSignals(True)
        window.close()
        window.deleteLater()
        self.changed.emit()


def _swap(layout: QLayout, old: QWidget, new: QWidget) -> None:
    """`new` in the place of `old`, with its stretch."""
    item = layout.replaceWidget(old, new)
    if item is not None:
        old.setParent(None)


class _SentWindow(QWidget):
    closed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(title)
        self.inside = QVBoxLayout(self)
        self.inside.setContentsMargins(0, 0, 0, 0)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()

"""The timeline's title row: its tools, why nothing happened, what is still missing, and how close it is."""

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QSlider, QWidget

from studio.commands import tip
from studio.widgets import parts
from studio.words import say


class Line(QLabel):
    """One line of words, shortened where there is no room; `text` stays whole."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setProperty("role", role)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter, area = QPainter(self), self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        where = int((self.alignment() | Qt.AlignmentFlag.AlignVCenter).value)
        self.style().drawItemText(painter, area, where, self.palette(), self.isEnabled(), shown, self.foregroundRole())
        painter.end()


class TimelineHead(QWidget):
    """Buttons for commands, by name; the page carries them out."""

    asked = Signal(str)
    zoomed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.snap = parts.tool("magnet", tip("snap"), on=True)
        cut = parts.tool("cut", tip("split"))
        self.lanes = parts.tool("forecast", tip("forecast-lanes"), checkable=True)
        self.said, self.missing = Line("label"), Line("warn")
        self.said.hide()
        self.missing.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.actor_menu = QMenu(self)
        self.actor = parts.button("", "person", "quiet")
        self.actor.setToolTip(tip("next-actor"))
        self.actor.setAccessibleName(say("Whose marks these are"))
        self.actor.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.actor.clicked.connect(self._open_actors)
        self.actor.hide()
        self.next = parts.button("Next", "right", "quiet")
        self.next.setToolTip(tip("next-missing"))
        self.next.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # after a click the keys still belong to the marks
        self._key = parts.key_of("next-missing")
        out, closer = parts.tool("minus", tip("zoom-out")), parts.tool("plus", tip("zoom-in"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 1000)
        self.slider.setFixedWidth(90)
        self.slider.setAccessibleName(say("Zoom of the timeline"))
        whole = parts.tool("fit", tip("zoom-all"))
        for button, name in (
            *((self.snap, "snap"), (cut, "split"), (self.lanes, "forecast-lanes"), (self.next, "next-missing")),
            *((out, "zoom-out"), (closer, "zoom-in"), (whole, "zoom-all")),
        ):
            button.clicked.connect(partial(self.asked.emit, name))
        self.slider.valueChanged.connect(lambda value: self.zoomed.emit(value / 1000))
        self._quiet = QTimer(self, singleShot=True, interval=6000)
        self._quiet.timeout.connect(lambda: self.say(""))
        box = QHBoxLayout(self)
        box.setContentsMargins(12, 4, 6, 0)
        box.setSpacing(4)
        title = parts.text("Timeline", "title")
        ends = (out, self.slider, closer, whole)
        said = ((self.said, 3), (self.missing, 2))
        parts.fill(box, (title, 8, self.snap, cut, self.lanes, self.actor, 8, *said, self.next, self._key))
        parts.fill(box, (parts.hair(vertical=True), *ends))

    def say(self, words: str) -> None:
        """Why nothing happened; gone after a while."""
        self.said.setText(words)
        self.said.setToolTip(words)
        self.said.setVisible(bool(words))  # what is missing has the whole line else
        if words:
            self._quiet.start()

    def show_missing(self, words: str, *, any_missing: bool) -> None:
        """What there is still to do."""
        self.missing.setText(words)
        self.missing.setToolTip(words)
        parts.set_role(self.missing, "warn" if any_missing else "caption")
        self.next.setEnabled(any_missing)

    def show_actor(self, name: str) -> None:
        """Whom new marks are about; nothing where there is one person."""
        self.actor.setVisible(bool(name))
        shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, 140)
        self.actor.setText(say("Actor: {name}  ▾", name=parts.literal(shown)))

    def _open_actors(self) -> None:
        self.actor_menu.popup(self.actor.mapToGlobal(self.actor.rect().bottomLeft()))

    def show_closeness(self, share: float) -> None:
        """Where the zoom stands, without asking for it again."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(share * 1000))
        self.slider.blockSignals(False)

    def set_narrow(self, *, narrow: bool) -> None:
        self._key.setVisible(not narrow)

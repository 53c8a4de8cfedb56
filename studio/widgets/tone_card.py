"""A small card over a picture's corner with the sliders of its tone; it changes the picture while it is open."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QSlider, QVBoxLayout, QWidget

from studio import theme
from studio.widgets import parts
from studio.widgets.picture_tone import MOST, PLAIN, Tone
from studio.words import say

_ROWS = (("brightness", "Brightness"), ("contrast", "Contrast"), ("gamma", "Dark parts"))


class ToneCard(QFrame):
    """Three sliders, a reset and a way out; at the lower right of `over`, above the words at its foot."""

    chosen = Signal(object)
    """A Tone."""
    closed = Signal()

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._tone = PLAIN
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(say("Brightness and contrast"))
        self.sliders: dict[str, QSlider] = {}
        self._values = {name: parts.text("", "label") for name, _ in _ROWS}
        box = QVBoxLayout(self)
        box.setContentsMargins(14, 12, 14, 12)
        box.setSpacing(8)
        box.addWidget(parts.text("Brightness and contrast", "strong"))
        for name, words in _ROWS:
            slider = self.sliders[name] = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(-MOST, MOST)
            slider.setPageStep(10)
            slider.setMinimumWidth(theme.px(140))
            slider.setAccessibleName(say(words))
            slider.valueChanged.connect(partial(self._slide, name))
            self._values[name].setMinimumWidth(theme.px(34))
            self._values[name].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            box.addWidget(parts.field(words, parts.row(slider, self._values[name], gap=8), width=86))
        stays = parts.text("Shown so on this screen alone; what is marked and learned stays.", "caption", wrap=True)
        stays.setMinimumWidth(theme.px(86 + 140 + 34))
        box.addWidget(stays)
        self.reset = parts.button("Reset", kind="quiet")
        self.reset.clicked.connect(partial(self.chosen.emit, PLAIN))
        close = parts.button("Close")
        close.clicked.connect(self.closed)
        box.addWidget(parts.row(self.reset, None, close, gap=6))
        over.installEventFilter(self)
        self.hide()

    def show_tone(self, tone: Tone) -> None:
        """The sliders where the picture's tone is."""
        self._tone = tone
        for name, slider in self.sliders.items():
            value = getattr(tone, name)
            slider.blockSignals(True)
            slider.setValue(value)
            slider.blockSignals(False)
            self._values[name].setText(f"{value:+d}".replace("-", "−") if value else "0")
        self.reset.setEnabled(not tone.is_plain)

    def open(self) -> None:
        """Show the card, the first slider ready for the keys."""
        self.show()
        self.raise_()
        self._place()
        self.sliders["brightness"].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._over:
            self._place()
        return False

    def _place(self) -> None:
        room = self._over.rect().adjusted(12, 12, -12, -theme.px(64))
        size = self.sizeHint().boundedTo(self._over.rect().size())
        self.resize(size)
        self.move(max(0, room.right() - size.width()), max(0, room.bottom() - size.height()))

    def _slide(self, name: str, value: int) -> None:
        self.chosen.emit(self._tone.changed(name, value))

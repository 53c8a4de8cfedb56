"""The one clock of all samples: play, the time, a groove to scrub on, loop and speed. What still moves is hatched."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QSlider

from core.generations import RATE_HZ
from studio import theme
from studio.actions import Handlers
from studio.commands import tip
from studio.generating import Generating
from studio.widgets import parts
from studio.widgets.clip_time import ClipTime
from studio.widgets.painting import hatched
from studio.widgets.player import Player
from studio.widgets.transport import SPEEDS

_SIDE = 8.0
_STEPS = {
    "step-back": -1, "step": 1, "step-back-10": -10, "step-10": 10, "step-back-100": -100, "step-100": 100,
}  # fmt: skip


class Groove(QSlider):
    """Frames from left to right: seen ones in the accent, those that still move hatched. Press or drag to seek."""

    sought = Signal(int)

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName(self.tr("Time"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(theme.px(26))
        self._settled = 0
        self._frames = 0

    def show_frames(self, frames: int, settled: int, frame: int) -> None:
        """How many there are, up to where they move no more, and which is shown."""
        self._frames, self._settled = frames, settled
        self.blockSignals(True)
        self.setRange(0, max(0, frames - 1))
        self.setValue(frame)
        self.blockSignals(False)
        self.setEnabled(frames > 1)
        still = self.tr("; still moving from {seconds} s on").format(seconds=f"{settled / RATE_HZ:.2f}")
        words = self.tr("{now} s of {all} s").format(now=f"{frame / RATE_HZ:.2f}", all=f"{frames / RATE_HZ:.2f}")
        self.setAccessibleDescription(words + (still if settled < frames else ""))
        self.update()

    def frame_at(self, x: float) -> int:
        """The frame under a place."""
        share = (x - _SIDE) / max(self.width() - 2 * _SIDE, 1.0)
        return round(max(0.0, min(1.0, share)) * self.maximum())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.sought.emit(self.frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(self.frame_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.maximum()}
        if step is not None:
            self.sought.emit(self.value() + step)
        elif Qt.Key(event.key()) in ends:
            self.sought.emit(ends[Qt.Key(event.key())])
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        look = theme.now()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, wide = self.height() / 2, self.width() - 2 * _SIDE
        groove = QRectF(_SIDE, middle - 2, wide, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.press))
        painter.drawRoundedRect(groove, 2, 2)
        if not self._frames:
            return
        knob = _SIDE + wide * self.value() / max(self.maximum(), 1)
        painter.setBrush(QColor(look.fill))
        painter.drawRoundedRect(QRectF(_SIDE, middle - 2, knob - _SIDE, 4), 2, 2)
        if self._settled < self._frames:
            start = _SIDE + wide * self._settled / self._frames
            hatched(painter, QRectF(start, middle - 6, _SIDE + wide - start, 12), look.warn, 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.accent if self.hasFocus() else look.text if self.isEnabled() else look.off))
        painter.drawEllipse(QRectF(knob - 6, middle - 6, 12, 12))


class GenerateClock(QFrame):
    """The row between the cards and the tokens."""

    asks = Signal(str)
    """A command, by name."""
    speed_chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Clock"))
        self.play = parts.tool("play", tip("play"), size=18)
        self.play.clicked.connect(lambda: self.asks.emit("play"))
        self.time = parts.text("0.00 s", "strong")
        self.time.setMinimumWidth(theme.px(52))
        self.groove = Groove()
        self.loop = parts.tool("loop", f"{self.tr('Loop')}  {tip('loop').split()[-1]}", on=True)
        self.speeds = parts.segmented(
            *(name for name, _ in SPEEDS[:2]), chosen=1, on_choice=lambda at: self.speed_chosen.emit(SPEEDS[at][1])
        )
        self.speeds.setAccessibleName(self.tr("Speed"))
        self.words = parts.text("", "caption")
        box = QHBoxLayout(self)
        box.setContentsMargins(8, 4, 8, 4)
        box.setSpacing(6)
        parts.fill(box, (self.play, self.time, (self.groove, 1), self.words, self.loop, self.speeds))

    def show_frames(self, frames: int, settled: int, frame: int) -> None:
        """See `Groove`."""
        self.time.setText(f"{frame / RATE_HZ:.2f} s")
        self.groove.show_frames(frames, settled, frame)
        self.play.setEnabled(frames > 1)
        self.words.setText(self.tr("still moving") if settled < frames else "")
        self.words.setVisible(settled < frames)

    def show_playing(self, *, playing: bool) -> None:
        self.play.show_icon("pause" if playing else "play")


class Playing(QObject):
    """Runs the clock of what was generated: by its row, by the keys of the clock, and by whoever scrubs elsewhere."""

    def __init__(self, generating: Generating, clock: GenerateClock) -> None:
        super().__init__(clock)
        self._generating, self._clock = generating, clock
        self.player = Player(self)
        self.player.frame_due.connect(generating.seek)
        self.player.changed.connect(lambda: clock.show_playing(playing=self.player.is_playing))
        clock.groove.sought.connect(self.scrub)
        clock.loop.toggled.connect(lambda _: self._loop())
        clock.speed_chosen.connect(self.player.set_normal_speed)
        generating.changed.connect(self.follow)
        generating.playhead_moved.connect(self._show)

    def handlers(self) -> Handlers:
        """The clock's commands."""
        made: dict[str, Callable[[], object]] = {
            "play": self.player.toggle,
            "play-stop": self.player.stop,
            "play-on": lambda: self.player.faster(1),
            "play-back": lambda: self.player.faster(-1),
            "to-start": lambda: self.scrub(0),
            "to-end": lambda: self.scrub(self._generating.frames - 1),
            "loop": self._clock.loop.toggle,
        }
        return made | {name: partial(self._step, by) for name, by in _STEPS.items()}

    def scrub(self, frame: int) -> None:
        """Stand still there."""
        self.player.stop()
        self._generating.seek(frame)

    def follow(self) -> None:
        """Another answer: the clock goes on from where it is."""
        self.player.show_time(ClipTime(self._generating.frames, RATE_HZ))
        self._loop()
        self._show(self._generating.frame)

    def _show(self, frame: int) -> None:
        self.player.show_frame(frame)
        self._clock.show_frames(self._generating.frames, self._generating.settled, frame)

    def _step(self, by: int) -> None:
        self.scrub(self._generating.frame + by)

    def _loop(self) -> None:
        frames = self._generating.frames
        self.player.loop((0, frames) if self._clock.loop.isChecked() and frames > 1 else None)

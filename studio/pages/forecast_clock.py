"""The time of the Forecast page: the row at its foot, and what plays.

In Compare it plays the future over and over: from the moment that is forecast from to the end of the last step, at half
speed, its own or double. Elsewhere it plays the clip.
"""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.project.annotations import Clip, Label
from studio import theme
from studio.commands import tip
from studio.widgets import parts
from studio.widgets.clip_strip import ClipStrip, Stretch
from studio.widgets.clip_time import ClipTime, say_time
from studio.widgets.player import Player

SPEEDS = (("½×", 0.5), ("1×", 1.0), ("2×", 2.0))


class Clock(QWidget):
    """Play, one frame on and back, the time, what is done now, the clip as a strip, loop and speed."""

    stepped = Signal(int)
    sought = Signal(int)
    starts = Signal()
    """The future is about to be played: the moment must be held."""

    def __init__(self) -> None:
        super().__init__()
        back, on = parts.tool("step_back", tip("step-back")), parts.tool("step", tip("step"))
        self.play = parts.tool("play", tip("play"), size=18)
        self.play.clicked.connect(self.toggle)
        back.clicked.connect(lambda: self.stepped.emit(-1))
        on.clicked.connect(lambda: self.stepped.emit(1))
        self.time = parts.text("", "strong")
        self.time.setMinimumWidth(theme.px(64))
        self.now = parts.text("", "chip")
        self.strip = ClipStrip()
        self.strip.sought.connect(self.sought)
        self.loop = parts.tool("loop", self.tr("Play the future over and over  Ctrl+L"), on=True)
        self.loop.toggled.connect(lambda _: self._set_loop())
        self.speeds = parts.Segmented(
            [name for name, _ in SPEEDS], 1, lambda at: self.player.set_normal_speed(SPEEDS[at][1])
        )
        self.speeds.setAccessibleName(self.tr("Speed"))
        self.player = Player(self)
        self.player.frame_due.connect(self.sought)
        self.player.changed.connect(lambda: self.play.show_icon("pause" if self.player.is_playing else "play"))
        self._clip: Clip | None = None
        self._future: tuple[int, int] | None = None
        self._frame = 0
        box = QHBoxLayout(self)
        box.setContentsMargins(4, 0, 4, 2)
        box.setSpacing(6)
        parts.fill(box, (self.play, back, on, self.time, self.now, (self.strip, 1), self.loop, self.speeds))

    # ---- what is played ----

    def set_comparing(self, *, on: bool) -> None:
        """Whether the future is what is played."""
        self.loop.setVisible(on)
        self.speeds.setVisible(on)
        self._set_loop()

    def show_future(self, frames: tuple[int, int] | None) -> None:
        """From the moment to the end of its last step (exclusive); None where there is no forecast."""
        if frames != self._future:
            self._future = frames
            self._set_loop()

    def toggle(self) -> None:
        """Space."""
        if not self.player.is_playing and self._loops is not None:
            self.starts.emit()
            first, end = self._loops
            if not first <= self._frame < end - 1:
                self.sought.emit(first)
        self.player.toggle()

    @property
    def _loops(self) -> tuple[int, int] | None:
        return self._future if not self.loop.isHidden() and self.loop.isChecked() else None

    def _set_loop(self) -> None:
        self.player.loop(self._loops)

    # ---- what is shown ----

    def show_clip(self, clip: Clip | None, labels: dict[str, Label]) -> None:
        """Its segments on the strip."""
        self.strip.setEnabled(clip is not None)
        if clip is None:
            self._clip = None
            self.strip.show_clip(0, ())
            return
        colours = {key: label.colour for key, label in labels.items()}
        self.strip.show_clip(
            clip.video.frame_count,
            [
                Stretch(each.start_frame, each.end_frame, colours.get(each.action, theme.BACKGROUND_LABEL))
                for each in clip.segments
            ],
        )
        if self._clip is None or clip.id != self._clip.id:
            self.player.show_time(time_of(clip))
        self._clip = clip

    def show_forecast(self, at_frame: int, came: Sequence[int], colour: str) -> None:
        """Where it is seen from, and where its steps came."""
        self.strip.show_forecast(at_frame, came, colour)

    def show_playhead(self, frame: int, ahead_s: float | None, doing: str) -> None:
        """At a frame of the clip; `ahead_s` after a held moment, where there is one; what is done there."""
        self._frame = frame
        self.player.show_frame(frame)
        self.strip.show_playhead(frame)
        if self._clip is not None:
            here = say_time(time_of(self._clip).seconds(frame), 1)
            self.time.setText(here if ahead_s is None else f"{ahead_s:+.1f} s")
        self.now.setText(doing or "–")
        self.now.adjustSize()


def time_of(clip: Clip) -> ClipTime:
    """How its frames lie in time."""
    return ClipTime(clip.video.frame_count, clip.video.rate_hz)

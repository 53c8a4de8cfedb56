"""A recording at a glance: moments of it side by side in one space view, each person in the middle of their column.

What can be seen at once: whether people stand upright, on the floor, in metres, and whether left is left (blue).
World metres, y up; a drag turns all moments together.
"""

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.bodies.skeletons import RECORDED_27
from core.recordings import Recording
from core.rendering.contents import SceneSkeleton
from core.rendering.moments import heading_of
from core.rendering.views import Orbit
from studio import theme
from studio.widgets import parts
from studio.widgets.clip_states import length_words
from studio.widgets.posed import Standing
from studio.widgets.viewport import Viewport

_COLUMN_PX = 128
_MOST, _FEWEST = 9, 3
_FRONT_LEFT, _PITCH = 0.5, 0.12  # radians


class Moments(QWidget):
    """Shows one recording; whoever holds it calls `shut()` when it closes."""

    def __init__(self) -> None:
        super().__init__()
        self.view = Viewport()
        self.view.setAccessibleName(self.tr("Moments of the recording"))
        self._words = parts.text("", "label", wrap=True)
        self._recording: Recording | None = None
        self._shown_columns = 0
        self._body = parts.col((self.view, 1), self._words, gap=4)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._body)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._fill)
        self.setMinimumHeight(theme.px(150))

    def show_recording(self, recording: Recording | None, words: str = "") -> None:
        """This recording, or in words why there is none."""
        self._recording = recording
        self.view.setVisible(recording is not None)
        self._words.setText(words)
        self._words.setVisible(bool(words))
        self._shown_columns = 0
        self._fill()
        if recording is not None:
            self.view.set_view(_from_the_front_left(recording))
            self.view.frame_all()

    def is_settled(self) -> bool:
        return self._recording is None or not self.view.isVisible() or self.view.is_settled()

    def shut(self) -> None:
        self.view.shut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._again.start(60)

    def _fill(self) -> None:
        recording = self._recording
        room = round(self.width() / theme.px(_COLUMN_PX))
        columns = min(max(_FEWEST, min(_MOST, room)), max(len(recording), 1)) if recording is not None else 0
        if recording is None or recording.joints_m is None or columns == self._shown_columns:
            return
        self._shown_columns = columns
        frames = np.round(np.linspace(0, len(recording) - 1, columns)).astype(int)
        standing = moments_of(recording, frames)
        captions = [f"{length_words(frame / recording.rate_hz)}" for frame in frames]
        if recording.duration_s < 20:
            captions = [f"{frame / recording.rate_hz:.1f} s" for frame in frames]
        self.view.set_columns(standing, captions)


def _from_the_front_left(recording: Recording) -> Orbit:
    """Of where the person faces first, so that every recording is seen alike, whatever its axes."""
    yaw = heading_of(np.asarray(recording.joints_m)) if recording.joints_m is not None and len(recording) else 0.0
    return Orbit(yaw=yaw + _FRONT_LEFT, pitch=_PITCH)


def moments_of(recording: Recording, frames: np.ndarray) -> tuple[Standing, ...]:
    """The person at these frames, each over the origin, all over the floor their feet meet in the recording."""
    assert recording.joints_m is not None
    joints_m = np.asarray(recording.joints_m, float)
    heights = joints_m[..., 1]
    floor_m = float(np.nanmin(heights)) if np.isfinite(heights).any() else 0.0
    known = np.asarray(np.isfinite(joints_m).all(-1).any(0))
    skeleton = RECORDED_27.of_known(known.tolist())
    made = []
    for frame in frames:
        now = joints_m[frame]
        there = np.isfinite(now).all(-1)
        middle = now[there].mean(0) if there.any() else np.zeros(3)
        moved = (now - [middle[0], floor_m, middle[2]])[known]
        made.append(Standing(skeletons=(SceneSkeleton(moved, skeleton),), ground_m=0.0))
    return tuple(made)

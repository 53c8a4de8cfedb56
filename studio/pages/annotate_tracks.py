"""The rows of Annotate's timeline: what is measured of the actor, which rows are shown, and how they are arranged.

Curves of a long clip take a while to measure, so they are made beside the window and shown when they are there. The
arrangement is the person's and stays for the next time; whose segments are locked is kept clip by clip.
"""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from core.motion import Poses2d
from studio.actions import Handlers
from studio.pages.annotate_picture import ClipPicture
from studio.widgets.clip_time import ClipTime
from studio.widgets.timeline import Timeline
from studio.widgets.timeline_signals import HandSpeed, MinMax, confidence_of, hand_speed

_ROWS = {
    "track-frames": "frames",
    "track-suggestions": "suggestions",
    "track-confidence": "confidence",
    "track-speed": "speed",
}


class Tracks(QObject):
    """Fills and arranges the rows; a part of the page."""

    def __init__(self, picture: ClipPicture, timeline: Timeline) -> None:
        super().__init__(timeline)
        self._picture, self._timeline = picture, timeline
        self._asked: tuple[Poses2d | None, int, ClipTime] | None = None
        self._waiting = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def commands(self) -> Handlers:
        return {name: partial(self._toggle, row) for name, row in _ROWS.items()}

    def checked(self) -> dict[str, bool]:
        hidden = self._timeline.scene.arrangement.hidden
        return {name: row not in hidden for name, row in _ROWS.items()}

    @property
    def is_settled(self) -> bool:
        return not self._waiting

    def refresh(self) -> None:
        """Measure the actor where it is another one, or their poses are."""
        picture = self._picture
        wished = (picture.tracks(), picture.actor_track(), picture.time)
        if self._asked is not None and all(old is new for old, new in zip(self._asked, wished, strict=True)):
            return
        self._asked = wished
        if wished[0] is None:
            self._waiting = False
            self._show(None, None)
            return
        self._waiting = True
        task = _Task(wished[0], wished[1], wished[2])
        task.told.ready.connect(self._take)
        self._pool.start(task)

    def close(self) -> None:
        self._pool.clear()
        self._pool.waitForDone()

    def _take(self, poses: object, track: int, time: object, made: tuple[MinMax, HandSpeed | None]) -> None:
        asked = self._asked
        if asked is not None and (asked[0] is poses and asked[1] == track and asked[2] is time):
            self._waiting = False
            self._show(*made)

    def _show(self, confidence: MinMax | None, speed: HandSpeed | None) -> None:
        self._timeline.show_scene(replace(self._timeline.scene, confidence=confidence, speed=speed))

    def _toggle(self, row: str) -> None:
        arrangement = self._timeline.scene.arrangement
        self._timeline.arrange(arrangement.hiding(row, on=row not in arrangement.hidden))


class _Told(QObject):
    ready = Signal(object, int, object, object)


class _Task(QRunnable):
    def __init__(self, poses: Poses2d, track: int, time: ClipTime) -> None:
        super().__init__()
        self._asked = (poses, track, time)
        self.told = _Told()

    def run(self) -> None:
        made = (MinMax(confidence_of(*self._asked[:2])), hand_speed(*self._asked))
        self.told.ready.emit(*self._asked, made)

"""Single frames of the open clip as small pictures, decoded off the window's thread and kept.

A page says which frames it wants to show; they come one after the other, those still wanted first. One thread owns
the video (core.video is used by one thread at a time).
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from core.errors import CoreError
from core.video import open_video
from studio.widgets.departed import Departed, heard

LONGEST_PX = 960
_KEPT = 96


class Stills(QObject):
    """`of` gives a frame's picture, or None while it is on its way; `came` says that there is a new one."""

    came = Signal(int)
    failed = Signal(str)
    """The clip cannot be read: why."""

    _told = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures: OrderedDict[int, QPixmap] = OrderedDict()
        self._greys: dict[int, QPixmap] = {}
        self._reader: _Reader | None = None
        self._departed = Departed()
        self._told.connect(self._take)

    def open(self, path: Path | None) -> None:
        """Another clip; None for one without a video."""
        self.close()
        self._pictures.clear()
        self._greys.clear()
        if path is not None:
            self._reader = _Reader(path, self._told.emit)
            self._reader.start()

    def close(self, *, wait: bool = False) -> None:
        """Let go of the video; with `wait`, return when its thread has ended."""
        reader, self._reader = self._reader, None
        self._departed.let_go(reader, wait=wait)

    def want(self, frames: Iterable[int]) -> None:
        """These frames, the most important first, instead of the ones wanted before."""
        if self._reader is not None:
            self._reader.want([frame for frame in dict.fromkeys(frames) if frame not in self._pictures])

    def of(self, frame: int, *, grey: bool = False) -> QPixmap | None:
        """The frame's picture, without its colours where wanted."""
        picture = self._pictures.get(frame)
        if picture is None or not grey:
            return picture
        if frame not in self._greys:
            self._greys[frame] = QPixmap.fromImage(picture.toImage().convertToFormat(QImage.Format.Format_Grayscale8))
        return self._greys[frame]

    @property
    def is_settled(self) -> bool:
        return self._reader is None or self._reader.is_settled()

    def _take(self, reader: object, frame: int | None, answer: object) -> None:
        if reader is not self._reader:
            return
        if isinstance(answer, CoreError):
            self.failed.emit(f"{answer} {answer.hint}".strip())
        elif isinstance(answer, QImage) and frame is not None:
            self._pictures[frame] = QPixmap.fromImage(answer)
            while len(self._pictures) > _KEPT:
                gone, _ = self._pictures.popitem(last=False)
                self._greys.pop(gone, None)
            self.came.emit(frame)


class _Reader(threading.Thread):
    """Owns the open video."""

    def __init__(self, path: Path, tell) -> None:  # noqa: ANN001 (a signal's emit)
        super().__init__(name=f"stills of {path.name}", daemon=True)
        self._path, self._tell = path, tell
        self._changed = threading.Condition()
        self._wanted: list[int] = []
        self._stopped = False
        self._busy = True

    def want(self, frames: list[int]) -> None:
        with self._changed:
            self._wanted = frames
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def is_settled(self) -> bool:
        with self._changed:
            return not self.is_alive() or (not self._busy and not self._wanted)

    def run(self) -> None:
        try:
            with open_video(self._path) as video:
                while (frame := self._next()) is not None:
                    if 0 <= frame < len(video):
                        self._show(frame, video.scaled(frame, LONGEST_PX))
        except CoreError as error:
            self._say(None, error)

    def _next(self) -> int | None:
        with self._changed:
            while not self._wanted and not self._stopped:
                self._busy = False
                self._changed.wait()
            self._busy = True
            return None if self._stopped else self._wanted.pop(0)

    def _show(self, frame: int, rgb) -> None:  # noqa: ANN001 (core.video's pictures)
        height, width = rgb.shape[:2]
        image = QImage(rgb.data, width, height, rgb.strides[0], QImage.Format.Format_RGB888)
        self._say(frame, image.convertToFormat(QImage.Format.Format_RGB32))

    def _say(self, frame: int | None, answer: object) -> None:
        if not self._stopped and not heard(self._tell, self, frame, answer):
            self._stopped = True

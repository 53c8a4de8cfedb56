"""One small picture of each clip, decoded off the window's thread and kept while the window is open."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal
from PySide6.QtGui import QImage, QPixmap

from core.errors import CoreError
from core.opencv import cv2
from core.video import open_video

WIDTH, HEIGHT = 96, 54


class Thumbnails(QObject):
    """`of` gives a clip's picture, or None while it is on its way; `came` says when it is there."""

    came = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures: dict[str, QPixmap] = {}
        self._asked: set[str] = set()
        self._on_the_way: set[str] = set()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    @property
    def is_settled(self) -> bool:
        return not self._on_the_way

    def of(self, clip_id: str, video: Path | None) -> QPixmap | None:
        """The clip's picture; asks for it where it is not there yet."""
        if clip_id not in self._asked and video is not None:
            self._asked.add(clip_id)
            self._on_the_way.add(clip_id)
            task = _Task(clip_id, video)
            task.told.ready.connect(self._take)
            self._pool.start(task)
        return self._pictures.get(clip_id)

    def forget(self, clip_id: str = "") -> None:
        """A clip has another video now; without an id, all clips are another project's."""
        if clip_id:
            self._asked.discard(clip_id)
            self._pictures.pop(clip_id, None)
            return
        self._pool.clear()
        self._asked.clear()
        self._on_the_way.clear()
        self._pictures.clear()

    def close(self) -> None:
        """Let the picture in hand be finished; no others."""
        self._pool.clear()
        self._pool.waitForDone()

    def _take(self, clip_id: str, image: QImage) -> None:
        self._on_the_way.discard(clip_id)
        if clip_id in self._asked and not image.isNull():
            self._pictures[clip_id] = QPixmap.fromImage(image)
            self.came.emit(clip_id)


class _Told(QObject):
    ready = Signal(str, QImage)


class _Task(QRunnable):
    def __init__(self, clip_id: str, video: Path) -> None:
        super().__init__()
        self._clip_id, self._video = clip_id, video
        self.told = _Told()

    def run(self) -> None:
        try:
            with open_video(self._video) as video:
                frame = video.frame(len(video) // 3)
        except (CoreError, OSError):
            self.told.ready.emit(self._clip_id, QImage())  # the page says in words that the video cannot be read
            return
        high, wide = frame.shape[:2]
        scale = max(WIDTH / wide, HEIGHT / high)
        small = cv2.resize(frame, (round(wide * scale), round(high * scale)), interpolation=cv2.INTER_AREA)
        top, left = (small.shape[0] - HEIGHT) // 2, (small.shape[1] - WIDTH) // 2
        picture = np.ascontiguousarray(small[top : top + HEIGHT, left : left + WIDTH])
        image = QImage(picture.data, WIDTH, HEIGHT, 3 * WIDTH, QImage.Format.Format_RGB888)
        self.told.ready.emit(self._clip_id, image.copy())

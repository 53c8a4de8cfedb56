"""Decodes a clip's frames off the window's thread: the newest wish wins, late answers are dropped.

One thread per open clip owns the video (core.video is used by one thread at a time). It serves, in this order, the
newest wish, frames to be identified, and frames that are likely to be wished next. Pictures it made are kept, up to
a fixed number of bytes, so that a step back or a loop costs nothing.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from core.errors import CoreError
from core.project.annotations import FrameIdentity
from core.video import Video, frame_luma, open_video
from studio.widgets.clip_time import ClipTime
from studio.widgets.departed import Departed

KEPT_BYTES = 160 * 2**20
AHEAD = 6
"""Frames decoded before they are wished for, while frames are wished in a row."""


@dataclass(frozen=True)
class Frame:
    """One decoded picture. `number` is its place in the clip."""

    number: int
    image: QImage


@dataclass(frozen=True)
class Idle:
    """Everything up to wish number `wishes` has been answered; None: and everything that will ever be wished."""

    wishes: int | None


@dataclass(frozen=True)
class _Damaged:
    number: int
    why: str


class FrameSource(QObject):
    """The frames of the clip that is shown. Everything is asked here and answered by a signal."""

    opened = Signal(object)
    """ClipTime of the clip: its frames are listed and can be wished for."""
    arrived = Signal(object)
    """A Frame: the newest there is."""
    identified = Signal(int, object)
    """A frame's number and its FrameIdentity, or None where the frame could not be read."""
    failed = Signal(str, str)
    """The clip cannot be read: what happened, and what to do."""
    frame_failed = Signal(int, str)
    """One frame cannot be read; the others may be whole."""

    _told = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader: _Reader | None = None
        self._departed = Departed()
        self._wishes = 0
        self._answered: int | None = 0
        self._told.connect(self._pass_on)

    def open(self, path: Path) -> None:
        """Read another clip; answers about the one before no longer arrive."""
        self.close()
        self._wishes, self._answered = 1, 0
        self._reader = _Reader(path, self._told.emit)
        self._reader.start()

    def close(self, *, wait: bool = False) -> None:
        """Let go of the clip; with `wait`, return only when every thread of this source has ended."""
        reader, self._reader = self._reader, None
        self._departed.let_go(reader, wait=wait)

    def is_open(self) -> bool:
        """Whether a clip is being read."""
        return self._reader is not None

    def want(self, frame: int, longest_px: int = 1 << 16) -> None:
        """Show `frame` as soon as possible; an earlier wish that was not answered is forgotten.

        A side longer than `longest_px` may be made smaller: what the screen cannot show is not carried there.
        """
        if self._reader is not None:
            self._wishes += 1
            self._reader.want(frame, longest_px, self._wishes)

    def identify(self, frame: int) -> None:
        """Find out what `frame` is (timestamp and luma means); answered by `identified`, each one."""
        if self._reader is None:
            self.identified.emit(frame, None)
        else:
            self._wishes += 1
            self._reader.identify(frame, self._wishes)

    def is_settled(self) -> bool:
        """Whether every wish has been answered."""
        return self._reader is None or self._answered is None or self._answered >= self._wishes

    def _pass_on(self, reader: object, answer: object) -> None:
        if reader is not self._reader:
            return
        match answer:
            case ClipTime():
                self.opened.emit(answer)
            case Frame():
                self.arrived.emit(answer)
            case (int() as number, identity):
                self.identified.emit(number, identity)
            case CoreError():
                self.failed.emit(str(answer), answer.hint)
            case _Damaged():
                self.frame_failed.emit(answer.number, answer.why)
            case Idle():
                self._answered = answer.wishes


class _Reader(threading.Thread):
    """The thread that owns one open video. `tell(self, answer)` carries answers to the window's thread."""

    def __init__(self, path: Path, tell: Callable[["_Reader", object], None]) -> None:
        super().__init__(name=f"frames of {path.name}", daemon=True)
        self._path = path
        self._tell = tell
        self._changed = threading.Condition()
        self._stopped = False
        self._wish: int | None = None
        self._wished_px = 1 << 16
        self._made_px = 0
        self._wishes = 1
        self._to_identify: deque[int] = deque()
        self._ahead: deque[int] = deque()
        self._last = -1
        self._kept: OrderedDict[int, Frame] = OrderedDict()
        self._kept_bytes = 0

    # ---- asked from the window's thread ----

    def want(self, frame: int, longest_px: int, wishes: int) -> None:
        with self._changed:
            self._wishes = wishes
            self._wish = frame
            self._wished_px = longest_px
            self._changed.notify()

    def identify(self, frame: int, wishes: int) -> None:
        with self._changed:
            self._wishes = wishes
            self._to_identify.append(frame)
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()

    # ---- the thread ----

    def run(self) -> None:
        try:
            with open_video(self._path) as video:
                times_s = np.array([video.time_s(at) for at in range(len(video))], dtype=np.float64)
                self._say(ClipTime(len(video), video.rate_hz, times_s))
                self._serve(video)
        except CoreError as error:
            self._say(error)
        finally:
            self._say(Idle(None))

    def _serve(self, video: Video) -> None:
        while True:
            with self._changed:
                if not (self._stopped or self._wish is not None or self._to_identify):
                    self._say(Idle(self._wishes))
                while not (self._stopped or self._wish is not None or self._to_identify or self._ahead):
                    self._changed.wait()
                if self._stopped:
                    return
                wish, self._wish = self._wish, None
                asked = self._to_identify.popleft() if wish is None and self._to_identify else None
                ahead = self._ahead.popleft() if wish is None and asked is None else None
            try:
                if wish is not None:
                    self._answer(video, wish)
                elif asked is not None:
                    self._say((asked, _identity(video, asked)))
                elif ahead is not None:
                    self._frame(video, ahead)
            except CoreError as error:
                if wish is not None:
                    self._say(_Damaged(wish, str(error)))
                if asked is not None:
                    self._say((asked, None))

    def _answer(self, video: Video, wish: int) -> None:
        wish = max(0, min(wish, len(video) - 1))
        self._say(self._frame(video, wish))
        step = wish - self._last
        self._last = wish
        self._ahead.clear()
        if 0 < abs(step) <= AHEAD:
            towards = range(wish + 1, wish + 1 + AHEAD) if step > 0 else range(wish - 1, wish - 1 - AHEAD, -1)
            self._ahead.extend(each for each in towards if 0 <= each < len(video))

    def _frame(self, video: Video, number: int) -> Frame:
        if self._made_px != self._wished_px:
            self._kept.clear()
            self._kept_bytes = 0
            self._made_px = self._wished_px
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        rgb = np.ascontiguousarray(video.scaled(number, self._made_px))
        height, width = rgb.shape[:2]
        # Turned into the screen's own format here, so that painting on the window's thread only copies.
        image = QImage(rgb.data, width, height, rgb.strides[0], QImage.Format.Format_RGB888)
        frame = Frame(number, image.convertToFormat(QImage.Format.Format_RGB32))
        self._kept[number] = frame
        self._kept_bytes += frame.image.sizeInBytes()
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= self._kept.popitem(last=False)[1].image.sizeInBytes()
        return frame

    def _say(self, answer: object) -> None:
        if not self._stopped:
            try:
                self._tell(self, answer)
            except RuntimeError:  # the window is gone, and its signals with it
                self._stopped = True


def _identity(video: Video, frame: int) -> FrameIdentity | None:
    if not 0 <= frame < len(video):
        return None
    return FrameIdentity(pts=video.pts(frame), luma=frame_luma(video.frame(frame)))

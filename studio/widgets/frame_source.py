"""Decodes a clip's frames off the window's thread: the newest wish wins, late answers are dropped.

One thread per open clip owns the video (core.video is used by one thread at a time). It serves, in this order, the
newest wish, frames to be identified, and frames that are likely to be wished next. Pictures it made are kept, up to
a fixed number of bytes, so that a step back or a loop costs nothing.

Where the clip has a light copy (core.video.proxy), the copy answers what the original would have to seek for; after
REST_S without another wish the original's own picture follows. What is played on from a sharp picture stays sharp as
long as decoding keeps up. Without a copy, playing backwards decodes the stretch before while the one at hand is shown.

What a frame is (`identify`) is always asked of the original, and always answered: an edit waits for it. A clip that is
left, or a window that closes, takes no question with it.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal
from PySide6.QtGui import QImage

from core.errors import CoreError, FileError
from core.project.annotations import FrameIdentity
from core.video import Video, frame_luma, open_video
from core.video.proxy import Proxy, copies_folder, proxy_of
from studio.widgets.clip_time import ClipTime
from studio.widgets.departed import Departed, heard
from studio.words import say

KEPT_BYTES = 160 * 2**20
Answer = Callable[[FrameIdentity | None], object]
"""Takes what a frame is; None where it could not be read."""
AHEAD = 6
"""Frames decoded before they are wished for, while frames are wished in a row."""
REST_S = 0.15
"""So long nothing is wished before the original's picture takes the place of the light copy's."""
_STRIDE = 2
"""So many frames on, the original is not left for its light copy: playing on stays sharp."""


@dataclass(frozen=True)
class Frame:
    """One decoded picture. `number` is its place in the clip; a light one is from the copy for scrubbing."""

    number: int
    image: QImage
    is_light: bool = False


@dataclass(frozen=True)
class Idle:
    """Everything up to wish number `wishes` has been answered; None: and everything that will ever be wished."""

    wishes: int | None


@dataclass(frozen=True)
class _Identified:
    number: int
    identity: FrameIdentity | None


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
        self._questions: dict[_Reader, deque[Answer]] = {}
        self._departed = Departed()
        self._with_copy = True
        self._wishes = 0
        self._answered: int | None = 0
        self._told.connect(self._pass_on)

    def open(self, path: Path) -> None:
        """Read another clip; answers about the one before no longer arrive."""
        self.close()
        self._wishes, self._answered = 1, 0
        self._reader = _Reader(path, self._told.emit, with_copy=self._with_copy)
        self._reader.start()

    def close(self, *, wait: bool = False) -> None:
        """Let go of the clip; what was asked about its frames is still answered.

        With `wait`, return only when that is done and every thread of this source has ended.
        """
        reader, self._reader = self._reader, None
        self._departed.let_go(reader, wait=wait)
        if wait:
            QCoreApplication.sendPostedEvents(self, QEvent.Type.MetaCall)  # the answers of those threads

    def use_light_copy(self, *, on: bool) -> None:
        """Take pictures from the clip's light copy, once it is there; from the original alone otherwise."""
        self._with_copy = on
        if self._reader is not None:
            self._reader.use_copy(on=on)

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

    def identify(self, frame: int, then: Answer | None = None) -> None:
        """Find out what `frame` is (timestamp and luma means).

        `then` is told whatever becomes of the clip; `identified` tells it while the clip is being read.
        """
        answer = then or (lambda _: None)
        self._wishes += 1
        if self._reader is not None and self._reader.identify(frame, self._wishes):
            self._questions.setdefault(self._reader, deque()).append(answer)
        else:  # nothing is read, or no longer
            self.identified.emit(frame, None)
            answer(None)

    @property
    def is_asked(self) -> bool:
        """Whether what a frame is has been asked and not been answered yet."""
        return bool(self._questions)

    def is_settled(self) -> bool:
        """Whether every wish has been answered."""
        is_done = self._reader is None or self._answered is None or self._answered >= self._wishes
        return is_done and not self.is_asked

    def _pass_on(self, reader: "_Reader", answer: object) -> None:
        if isinstance(answer, _Identified):
            self._pass_on_identity(reader, answer)
        if reader is not self._reader:
            return
        match answer:
            case ClipTime():
                self.opened.emit(answer)
            case Frame():
                self.arrived.emit(answer)
            case _Identified():
                self.identified.emit(answer.number, answer.identity)
            case CoreError():
                self.failed.emit(str(answer), answer.hint)
            case _Damaged():
                self.frame_failed.emit(answer.number, answer.why)
            case Idle():
                self._answered = answer.wishes

    def _pass_on_identity(self, reader: "_Reader", answer: "_Identified") -> None:
        """Answer the oldest question: each reader takes them in turn."""
        asked = self._questions[reader]
        then = asked.popleft()
        if not asked:
            del self._questions[reader]
        then(answer.identity)


class _Reader(threading.Thread):
    """The thread that owns one open video. `tell(self, answer)` carries answers to the window's thread."""

    def __init__(self, path: Path, tell: Callable[["_Reader", object], None], *, with_copy: bool) -> None:
        super().__init__(name=f"frames of {path.name}", daemon=True)
        self._path = path
        self._tell = tell
        self._changed = threading.Condition()
        self._stopped = self._has_ended = False
        self._is_heard = True  # the window is there
        self._wish: int | None = None
        self._wished_px = 1 << 16
        self._made_px = 0
        self._wishes = 1
        self._to_identify: deque[int] = deque()
        self._with_copy = with_copy
        self._look_for_copy = with_copy
        # What follows belongs to the thread.
        self._copy: Proxy | None = None
        self._ahead: deque[int] = deque()
        self._behind: Generator[None] | None = None  # on its way to the frames before those at hand
        self._last = -1
        self._stands = -2  # the frame the original gave last
        self._to_sharpen: int | None = None
        self._rests_at = 0.0
        self._kept: OrderedDict[int, Frame] = OrderedDict()
        self._kept_bytes = 0

    # ---- asked from the window's thread ----

    def want(self, frame: int, longest_px: int, wishes: int) -> None:
        with self._changed:
            self._wishes = wishes
            self._wish = frame
            self._wished_px = longest_px
            self._changed.notify()

    def identify(self, frame: int, wishes: int) -> bool:
        """Whether it will be answered: a thread that has ended answers nothing."""
        with self._changed:
            if not self._has_ended:
                self._wishes = wishes
                self._to_identify.append(frame)
                self._changed.notify()
            return not self._has_ended

    def use_copy(self, *, on: bool) -> None:
        with self._changed:
            self._with_copy, self._look_for_copy = on, True
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
                self._answer_questions(video)
        except CoreError as error:
            self._say(error)
        finally:
            with self._changed:
                self._has_ended = True
            while self._to_identify:
                self._say(_Identified(self._to_identify.popleft(), None))
            if self._copy is not None:
                self._copy.close()
            self._say(Idle(None))

    def _serve(self, video: Video) -> None:
        while True:
            with self._changed:
                self._wait()
                if self._stopped:
                    return
                look, self._look_for_copy = self._look_for_copy, False
                wish, self._wish = self._wish, None
                asked = self._to_identify.popleft() if wish is None and self._to_identify else None
            try:
                if look:
                    self._find_copy(video)
                if wish is not None:
                    self._answer(video, wish)
                elif asked is not None:
                    self._say(_Identified(asked, _identity(video, asked)))
                elif not look:
                    self._prepare(video)
            except CoreError as error:
                if asked is not None:
                    self._say(_Identified(asked, None))
                if not self._path.exists():
                    raise FileError(
                        self._path,
                        say("can no longer be reached"),
                        hint=say("Is the disk or the network it lies on connected?"),
                    ) from error
                self._ahead.clear()
                self._behind = None
                if wish is not None:
                    self._say(_Damaged(wish, str(error)))

    def _answer_questions(self, video: Video) -> None:
        """What was asked of a clip that nobody looks at any more."""
        while self._to_identify:
            asked, identity = self._to_identify.popleft(), None
            with suppress(CoreError):  # it cannot be read, which is the answer
                identity = _identity(video, asked)
            self._say(_Identified(asked, identity))

    def _is_asked(self) -> bool:
        return self._stopped or self._wish is not None or bool(self._to_identify) or self._look_for_copy

    def _wait(self) -> None:
        """Until there is something to do; say so where there is nothing."""
        if not self._is_asked() and self._to_sharpen is None:
            self._say(Idle(self._wishes))
        while not self._is_asked() and not self._ahead and self._behind is None:
            if self._to_sharpen is None:
                self._changed.wait()
                continue
            left_s = self._rests_at - time.monotonic()
            if left_s <= 0:
                return
            self._changed.wait(left_s)

    def _find_copy(self, video: Video) -> None:
        if self._copy is not None:
            self._copy.close()
        self._copy = None
        with suppress(CoreError):  # the file went away just now: the next wish says so
            self._copy = proxy_of(video, copies_folder()) if self._with_copy else None

    def _answer(self, video: Video, wish: int) -> None:
        wish = max(0, min(wish, len(video) - 1))
        step = wish - self._last
        self._last = wish
        self._ahead.clear()
        if self._behind is not None and not (step < 0 and video.is_cached(wish)):
            self._behind = None
        video.keep_for(going_back=step < 0)
        frame = self._frame(video, wish, light=self._is_far(video, wish))
        self._say(frame)
        self._to_sharpen = wish if frame.is_light else None
        self._rests_at = time.monotonic() + REST_S
        if 0 < abs(step) <= AHEAD:
            towards = range(wish + 1, wish + 1 + AHEAD) if step > 0 else range(wish - 1, wish - 1 - AHEAD, -1)
            self._ahead.extend(each for each in towards if 0 <= each < len(video))
            if step < 0 and self._copy is None and self._behind is None:
                self._behind = self._before(video, wish)

    def _is_far(self, video: Video, number: int) -> bool:
        """Whether the original would have to seek for a frame that the light copy holds."""
        at_hand = video.is_cached(number) or 0 <= number - self._stands <= _STRIDE
        return self._copy is not None and self._copy.holds(number) and not at_hand

    def _before(self, video: Video, number: int) -> Generator[None] | None:
        """On the way to the frames before those at hand, once only few of these are left."""
        first = number
        while first > 0 and video.is_cached(first - 1):
            first -= 1
        return video.approach(first - 1) if first > 0 and number - first < video.reach // 3 else None

    def _prepare(self, video: Video) -> None:
        """One piece of what nobody waits for yet, or the sharp picture somebody rests on."""
        if self._ahead:
            number = self._ahead.popleft()
            if self._behind is None or video.is_cached(number):
                self._frame(video, number, light=self._is_far(video, number))
        elif self._behind is not None:
            if next(self._behind, self) is self:
                self._behind = None
        elif self._to_sharpen is not None and time.monotonic() >= self._rests_at:
            self._sharpen(video, self._to_sharpen)

    def _sharpen(self, video: Video, number: int) -> None:
        """The original's picture in the place of the copy's; given up as soon as something else is asked."""
        for _ in video.approach(number):
            if self._is_asked():
                return
        self._to_sharpen = None
        frame = self._frame(video, number, light=False)
        if self._wish is None:
            self._say(frame)

    def _frame(self, video: Video, number: int, *, light: bool) -> Frame:
        if self._made_px != self._wished_px:
            self._kept.clear()
            self._kept_bytes = 0
            self._made_px = self._wished_px
        kept = self._kept.get(number)
        if kept is not None and (light or not kept.is_light):
            self._kept.move_to_end(number)
            return kept
        rgb = None
        if light and self._copy is not None:
            with suppress(CoreError):  # the copy is damaged there; the original is not
                rgb = self._copy.scaled(number, self._made_px)
        if rgb is None:
            rgb = video.scaled(number, self._made_px)
            self._stands, light = number, False
        rgb = np.ascontiguousarray(rgb)
        height, width = rgb.shape[:2]
        # Turned into the screen's own format here, so that painting on the window's thread only copies.
        image = QImage(rgb.data, width, height, rgb.strides[0], QImage.Format.Format_RGB888)
        frame = Frame(number, image.convertToFormat(QImage.Format.Format_RGB32), light)
        if kept is not None:
            self._kept_bytes -= kept.image.sizeInBytes()
        self._kept[number] = frame
        self._kept.move_to_end(number)
        self._kept_bytes += frame.image.sizeInBytes()
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= self._kept.popitem(last=False)[1].image.sizeInBytes()
        return frame

    def _say(self, answer: object) -> None:
        if (
            self._is_heard
            and (not self._stopped or isinstance(answer, _Identified))
            and not heard(self._tell, self, answer)
        ):
            self._stopped, self._is_heard = True, False


def _identity(video: Video, frame: int) -> FrameIdentity | None:
    if not 0 <= frame < len(video):
        return None
    return FrameIdentity(pts=video.pts(frame), luma=frame_luma(video.frame(frame)))

"""Is this still the video that was marked? Compares file and marked frames beside the window, and draws thumbnails.

A file is known by its fingerprint; a frame by the luma means and the timestamp stored with its pose. A copy that was
encoded anew has another fingerprint and the same frames; a swapped or re-cut one shows other frames, and that is said.
One thread, with a reader of its own, so that looking never waits for checking.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from core.errors import CoreError
from core.project.annotations import FrameIdentity, VideoFile
from core.video import Video, frame_luma, open_video, same_frame
from core.video.proxy import GOP, Proxy, copies_folder, proxy_of
from studio.widgets.departed import Departed, heard
from studio.widgets.frame_source import Idle

MOST_COMPARED = 200
"""Marked frames compared in a file that changed; of more, evenly spread ones."""
_SAMPLE_IN_SAME_FILE = 12


@dataclass(frozen=True)
class Verdict:
    """What the comparison found. `different` are the marked frames that look different, `late` those past the end."""

    is_same_file: bool
    frame_count: int
    compared: int
    different: tuple[int, ...] = ()
    late: tuple[int, ...] = ()
    now: tuple[str, ...] = ()
    """Luma of the first different frame, as it is now; empty where none differs."""


class IdentityCheck(QObject):
    """Checks one clip at a time; a check of another clip ends the one before."""

    found = Signal(object)
    """A Verdict."""
    thumbnail = Signal(int, object)
    """A frame's number and its small QImage."""

    _told = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: _Worker | None = None
        self._departed = Departed()
        self._wishes = 0
        self._answered: int | None = 0
        self._told.connect(self._pass_on)

    def start(
        self, path: Path, marked_as: VideoFile, marks: Sequence[tuple[int, FrameIdentity]], thumbnail_px: int
    ) -> None:
        """Compare the file at `path` with what was noted of it, then draw thumbnails `thumbnail_px` high."""
        self.stop()
        self._wishes, self._answered = 1, 0
        self._worker = _Worker(path, marked_as, tuple(marks), thumbnail_px, self._told.emit)
        self._worker.start()

    def stop(self, *, wait: bool = False) -> None:
        """Forget the check; with `wait`, return when its thread has ended."""
        worker, self._worker = self._worker, None
        self._departed.let_go(worker, wait=wait)

    def want_thumbnails(self, frames: Sequence[int]) -> None:
        """Draw the keyframes nearest to these next; an earlier wish is forgotten."""
        if self._worker is not None:
            self._wishes += 1
            self._worker.want(tuple(frames), self._wishes)

    def is_settled(self) -> bool:
        """Whether the verdict and every thumbnail that was wished for are there."""
        return self._worker is None or self._answered is None or self._answered >= self._wishes

    def _pass_on(self, worker: object, answer: object) -> None:
        if worker is not self._worker:
            return
        match answer:
            case Verdict():
                self.found.emit(answer)
            case (int() as frame, QImage() as image):
                self.thumbnail.emit(frame, image)
            case Idle():
                self._answered = answer.wishes


class _Worker(threading.Thread):
    def __init__(
        self,
        path: Path,
        marked_as: VideoFile,
        marks: tuple[tuple[int, FrameIdentity], ...],
        thumbnail_px: int,
        tell: Callable[["_Worker", object], None],
    ) -> None:
        super().__init__(name=f"check of {path.name}", daemon=True)
        self._path, self._marked_as, self._marks = path, marked_as, marks
        self._thumbnail_px, self._tell = thumbnail_px, tell
        self._changed = threading.Condition()
        self._stopped = False
        self._wishes = 1
        self._wanted: tuple[int, ...] = ()
        self._drawn: set[int] = set()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def want(self, frames: tuple[int, ...], wishes: int) -> None:
        with self._changed:
            self._wanted, self._wishes = frames, wishes
            self._changed.notify()

    def run(self) -> None:
        try:
            with open_video(self._path) as video:
                verdict = self._compare(video)
                if verdict is not None:
                    self._say(verdict)
                self._draw(video)
        except CoreError:
            pass  # the clip's own reader meets the same file, and says so
        finally:
            self._say(Idle(None))

    def _compare(self, video: Video) -> Verdict | None:
        is_same = video.fingerprint == self._marked_as.fingerprint
        late = tuple(sorted({frame for frame, _ in self._marks if frame >= len(video)}))
        inside = [(frame, identity) for frame, identity in self._marks if frame < len(video)]
        most = _SAMPLE_IN_SAME_FILE if is_same else MOST_COMPARED
        step = max(1, -(-len(inside) // most))
        different: list[int] = []
        now: tuple[str, ...] = ()
        for frame, identity in inside[::step]:
            if self._stopped:
                return None
            try:
                luma = frame_luma(video.frame(frame))
            except CoreError:
                luma = ""
            same = same_frame(luma, identity.luma) if identity.luma and luma else video.pts(frame) == identity.pts
            if not same:
                different.append(frame)
                now = now or (identity.luma, luma)
        return Verdict(is_same, len(video), len(inside[::step]), tuple(different), late, now)

    def _draw(self, video: Video) -> None:
        """Thumbnails: of keyframes, or of any eighth frame where there is a light copy."""
        with ExitStack() as opened:
            copy = proxy_of(video, copies_folder())
            self._draw_from(video, opened.enter_context(copy) if copy is not None else None)

    def _draw_from(self, video: Video, copy: Proxy | None) -> None:
        while True:
            with self._changed:
                if not self._wanted:
                    self._say(Idle(self._wishes))
                while not self._stopped and not self._wanted:
                    self._changed.wait()
                if self._stopped:
                    return
                frame, self._wanted = self._wanted[0], self._wanted[1:]
            if not 0 <= frame < len(video):
                continue
            with_copy = copy is not None and copy.holds(frame - frame % GOP)
            key = frame - frame % GOP if with_copy else video.keyframe_before(frame)
            if key in self._drawn:
                continue
            self._drawn.add(key)
            try:
                source = copy if copy is not None and with_copy else video
                rgb = np.ascontiguousarray(source.thumbnail(key, self._thumbnail_px))
            except CoreError:
                continue
            image = QImage(rgb.data, rgb.shape[1], rgb.shape[0], rgb.strides[0], QImage.Format.Format_RGB888)
            self._say((key, image.convertToFormat(QImage.Format.Format_RGB32)))

    def _say(self, answer: object) -> None:
        if not self._stopped and not heard(self._tell, self, answer):
            self._stopped = True

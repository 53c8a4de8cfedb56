"""Adding videos: their frames are listed in a thread of its own, then they become clips in one edit.

Files stay where they are; the project keeps their paths. What is no video is left out, with its reason.
"""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from core.errors import CoreError, ProjectError
from core.footage import video_file
from core.project.annotations import VideoFile
from core.project.edits import add_clip, set_video
from studio.document import Document
from studio.video_files import SUFFIXES, videos_in
from studio.words import say


class Adding(QObject):
    """Adds videos to the open project, one batch after the other."""

    moved = Signal(str)  # what is being read now, in words; empty when nothing is
    ended = Signal(int, object)  # how many clips came in, and the CoreErrors of those left out

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._waiting = 0

    @property
    def is_busy(self) -> bool:
        return self._waiting > 0

    def add(self, paths: Iterable[Path]) -> None:
        """Add these videos, and those in these folders."""
        videos = videos_in(paths)
        if not videos:
            self.ended.emit(
                0,
                [
                    ProjectError(
                        say("There is no video in it"), hint=say("Posecast reads {names}.", names=", ".join(SUFFIXES))
                    )
                ],
            )
            return
        self._waiting += 1
        self.moved.emit(_words(videos))
        reading = _Reading(videos)
        reading.told.ready.connect(self._take)
        self._pool.start(reading)

    def relink(self, clip_id: str, path: Path) -> None:
        """The clip's video is at `path` now. Nothing that was marked moves."""
        self._waiting += 1
        reading = _Reading([path.resolve()], clip_id)
        reading.told.ready.connect(self._take)
        self._pool.start(reading)

    def wait(self) -> None:
        """For a window that closes: let the file in hand be read to its end."""
        self._pool.clear()
        self._pool.waitForDone()

    def _take(self, clip_id: str, found: list[tuple[Path, VideoFile]], refused: list[CoreError]) -> None:
        self._waiting -= 1
        self.moved.emit("")
        if not self._document.is_open:
            return
        if clip_id:
            self._point(clip_id, found, refused)
        else:
            self._make_clips(found, refused)

    def _make_clips(self, found: list[tuple[Path, VideoFile]], refused: list[CoreError]) -> None:
        project, last = self._document.project, ""
        added: list[Path] = []
        for path, facts in found:
            try:
                project, clip = add_clip(
                    project, path.name, path, facts, author=self._document.author, folder=self._document.folder
                )
            except CoreError as error:
                refused.append(error)
            else:
                added.append(path)
                last = clip.id
        if added:
            label = f"Add {added[0].name}" if len(added) == 1 else f"Add {len(added)} videos"
            if not self._document.edit(project, label):
                return
            if not self._document.clip_id:
                self._document.choose_clip(last)
        self.ended.emit(len(added), refused)

    def _point(self, clip_id: str, found: list[tuple[Path, VideoFile]], refused: list[CoreError]) -> None:
        if clip_id not in self._document.project.clips:
            return
        for path, facts in found:
            clip = self._document.project.clips[clip_id]
            after = set_video(self._document.project, clip_id, path, facts, folder=self._document.folder)
            self._document.edit(after, f"Find {clip.name}")
        self.ended.emit(0, refused)


class _Told(QObject):
    ready = Signal(str, object, object)


class _Reading(QRunnable):
    """Reads what a project keeps of each file, off the window's thread."""

    def __init__(self, paths: list[Path], clip_id: str = "") -> None:
        super().__init__()
        self._paths, self._clip_id = paths, clip_id  # the clip whose video it is, or empty for new ones
        self.told = _Told()

    def run(self) -> None:
        found, refused = [], []
        for path in self._paths:
            try:
                found.append((path, video_file(path)))
            except CoreError as error:
                refused.append(error)
        self.told.ready.emit(self._clip_id, found, refused)


def _words(videos: list[Path]) -> str:
    return (
        say("Reading {name}", name=videos[0].name)
        if len(videos) == 1
        else say("Reading {count} videos", count=len(videos))
    )

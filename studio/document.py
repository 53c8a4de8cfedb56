"""The open project as the pages see it: read it, ask for an edit, undo, and watch what changed.

One selection and one clock for the whole window: the chosen clip, and the playhead, a frame of it (0-based, of the
original video). Pages keep no copy; a click, an undo, a colleague's edit and a finished job arrive by `changed`.
Every edit is on disk when `edit` returns; what the disk or another studio refuses comes by `refused`, in words.
"""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError, NotSavedError, ProjectError
from core.motion import Poses2d
from core.project.annotations import BY_HAND, Changes, Clip, Project
from core.project.store import ProjectStore
from studio.memory import long_lived
from studio.outside import Outside
from studio.stepping import Stepping
from studio.words import say


class Document(QObject):
    """Holds the one open project. Everything a page edits goes through here."""

    opened = Signal()
    closing = Signal()  # about to let go of the project: the last moment for edits
    closed = Signal()
    changed = Signal(object)  # core.project.annotations.Changes
    saved = Signal()
    refused = Signal(object)  # the CoreError an edit, an undo or a background read met
    became_writable = Signal()  # whoever was editing it is gone, and it is ours now
    clip_chosen = Signal(str)  # the clip's id, empty where none is chosen
    playhead_moved = Signal(int)

    def __init__(self, author: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.author = author
        self._store: ProjectStore | None = None
        self._clip_id = ""
        self._playheads: dict[str, int] = {}  # where each clip was left
        self._tracks: tuple[str, Poses2d] | None = None
        self.unsaved = ""  # why the last edit is not on the disk, until one is
        self._try_again: Callable[[], bool] | None = None
        self.stepping = Stepping(lambda: self.store, self)
        self.stepping.made.connect(self._follow)
        self.stepping.refused.connect(self._refuse)
        self._outside = Outside(self)
        self._outside.found.connect(self._follow)
        self._outside.refused.connect(self.refused)
        self._outside.became_writable.connect(self.became_writable)

    # ---- opening and closing ----

    def open(self, folder: Path) -> None:
        """Open a project for editing; for reading where another studio has it. Raises CoreError in words."""
        if self._store is not None and self._store.folder.resolve() == folder.resolve():
            self.close_project()  # or we would find ourselves editing it
        with long_lived():
            self._take(ProjectStore.open(folder, self.author))

    def create(self, folder: Path, name: str) -> None:
        """Make an empty project in `folder` and open it."""
        self._take(ProjectStore.create(folder, name, self.author))

    def close_project(self) -> None:
        """Let go of the project; nothing is left to save."""
        if self._store is None:
            return
        self.closing.emit()
        self._outside.stop()
        self.stepping.stop()
        store, self._store = self._store, None
        self._tracks = None
        self.unsaved, self._try_again = "", None
        self._playheads.clear()
        self._clip_id = ""
        store.close()
        self.clip_chosen.emit("")
        self.closed.emit()

    def _take(self, store: ProjectStore) -> None:
        self.close_project()
        self._store = store
        self.opened.emit()
        self.choose_clip(next(iter(store.project.clips), ""))
        self._outside.watch(store)

    # ---- reading ----

    @property
    def is_open(self) -> bool:
        return self._store is not None

    @property
    def store(self) -> ProjectStore:
        """The store of the open project; pages of a closed window do not ask."""
        if self._store is None:
            raise ProjectError(say("no project is open"), hint=say("Open a project first."))
        return self._store

    @property
    def project(self) -> Project:
        return self.store.project

    @property
    def folder(self) -> Path:
        return self.store.folder

    @property
    def read_only_reason(self) -> str | None:
        """Why nothing can be edited here, or None."""
        return None if self._store is None else self._store.read_only_reason

    def tracks(self, clip_id: str) -> Poses2d | None:
        """The clip's 2D tracks, memory-mapped; None where there are none."""
        name = self.project.clips[clip_id].tracks
        if not name:
            return None
        if self._tracks is None or self._tracks[0] != name:
            self._tracks = (name, self.store.tracks(name))
        return self._tracks[1]

    def video_path(self, clip_id: str) -> Path | None:
        """Where the clip's video should lie (it may have moved); None for a clip that was made without one."""
        clip = self.project.clips[clip_id]
        return self.store.video_path(clip) if clip.video.path else None

    # ---- one selection, one clock ----

    @property
    def clip_id(self) -> str:
        """The chosen clip, or empty."""
        return self._clip_id

    @property
    def clip(self) -> Clip | None:
        """The chosen clip as it stands now."""
        return self.project.clips.get(self._clip_id) if self._store is not None else None

    @property
    def playhead(self) -> int:
        """The frame of the chosen clip that everything shows."""
        return self._playheads.get(self._clip_id, 0)

    def choose_clip(self, clip_id: str) -> None:
        """Show a clip everywhere, where it was left; an empty id shows none."""
        if clip_id and clip_id not in self.project.clips:
            raise ProjectError(
                say("the project has no clip {clip_id}", clip_id=clip_id),
                hint=say("Choose one from the list of clips."),
            )
        if clip_id == self._clip_id:
            return
        self._clip_id = clip_id
        self.clip_chosen.emit(clip_id)
        self.playhead_moved.emit(self.playhead)

    def seek(self, frame: int) -> None:
        """Move the playhead, held inside the clip."""
        clip = self.clip
        if clip is None:
            return
        frame = max(0, min(int(frame), max(0, clip.video.frame_count - 1)))
        if frame != self.playhead:
            self._playheads[self._clip_id] = frame
            self.playhead_moved.emit(frame)

    # ---- editing ----

    def edit(self, after: Project, label: str, *, source: str = BY_HAND) -> bool:
        """Replace the project by an edited copy; `label` names the step ("Mark cut"). False where it was refused."""
        self.stepping.stop()
        before = self.project
        try:
            changes = self.store.edit(after, label, source=source)
        except CoreError as error:
            self._refuse(error, lambda: self.project is before and self.edit(after, label, source=source))
            return False
        self._follow(changes)
        return True

    def try_again(self) -> bool:
        """Make the edit that could not be written, unless something else was done since. Whether it is made."""
        again = self._try_again
        return again is not None and again()

    def _refuse(self, error: CoreError, again: Callable[[], bool]) -> None:
        """Tell why nothing was changed. Whoever drew the edit already shows again what is on the disk."""
        if isinstance(error, NotSavedError):
            self.unsaved, self._try_again = str(error), again
        self.refused.emit(error)
        self.changed.emit(Changes.between(self.project, self.project))

    def undo(self) -> None:
        """Take the last edit back; that is an edit too."""
        self.stepping.one(back=True)

    def redo(self) -> None:
        """Do again what was taken back."""
        self.stepping.one(back=False)

    @property
    def undo_label(self) -> str | None:
        """What undo would take back, or None."""
        return None if self._store is None else self._store.undo_label

    @property
    def redo_label(self) -> str | None:
        return None if self._store is None else self._store.redo_label

    def _follow(self, changes: Changes) -> None:
        """Tell everybody; a chosen clip that is gone is chosen no more."""
        self.unsaved, self._try_again = "", None
        if self._clip_id and self._clip_id not in self.project.clips:
            self._clip_id = next(iter(self.project.clips), "")
            self.clip_chosen.emit(self._clip_id)
            self.playhead_moved.emit(self.playhead)
        self.changed.emit(changes)
        self.saved.emit()

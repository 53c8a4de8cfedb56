"""Finding the videos of clips that moved: first where the project's other videos lie, then in a folder that is chosen.

What is found for other clips on the way is offered with it, as one undoable edit. What was noted of a video when it
was added stays with its clip, so a file that only looks like it is compared again when it is shown.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from core.project import edits
from core.project.annotations import Clip, Project
from core.video.looking import Found, Looking, Wanted
from core.wording import counted
from studio.document import Document
from studio.widgets import parts
from studio.widgets.clip_time import say_count
from studio.widgets.video_search import VideoSearch
from studio.words import say

Stage = Literal["moved", "looking", "found", "nowhere"]


class FindingVideos(QObject):
    """What the card over the picture says of a video that moved, and what its buttons do."""

    changed = Signal()
    """The card is another one."""
    put_off = Signal(str)
    """A clip's id."""

    def __init__(self, document: Document, over: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._over = document, over
        self._search = VideoSearch(self)
        self._search.looking.connect(self._looking)
        self._search.ended.connect(self._ended)
        self._clip = ""
        self._at: Looking | None = None
        self._found: list[Found] = []
        self.stage: Stage = "moved"

    @property
    def said(self) -> tuple[object, ...]:
        """What tells one card from another."""
        return (self._clip, self.stage, self._at, tuple(self._found))

    def show_clip(self, clip_id: str) -> None:
        """Another clip: its search has not begun."""
        if clip_id != self._clip:
            self._search.stop()
            self._clip = clip_id
            self._set("moved")

    def close(self) -> None:
        self._search.stop(wait=True)

    # ---- what is said ----

    def card(self, clip: Clip, path: Path, try_again: Callable[[], None]) -> QWidget:
        """The words and buttons for a clip whose video is not at `path`."""
        later = parts.button("Later", kind="quiet")
        later.clicked.connect(partial(self.put_off.emit, clip.id))
        if self.stage == "looking":
            stop = parts.button("Stop", "stop")
            stop.clicked.connect(self._stop)
            files = say_count(self._at.files) if self._at is not None else "0"
            words = say("{count} videos seen so far.", count=files)
            return parts.state_card("search", say("Looking for {name}", name=path.name), words, stop)
        if self.stage == "found" and (mine := self._mine()) is not None:
            return self._found_card(path, mine, later)
        choose = parts.button("Choose a file")
        choose.clicked.connect(self.choose_file)
        if self.stage == "nowhere":
            search = parts.button("Search a folder", "search", "primary")
            search.clicked.connect(self.choose_folder)
            words = say("No video looked through is the one that was marked. Its marks are safe in the project.")
            title = say("{name} was not found", name=path.name)
            return parts.state_card("warn", title, words, search, choose, later, colour="danger")
        find = parts.button("Find it", "search", "primary")
        find.clicked.connect(self.find)
        words = say("It is no longer in {folder}.", folder=path.parent) + " " + _safe_words(clip)
        actions = [find, choose, later]
        if not path.parent.exists():
            words = say("{folder} cannot be reached.", folder=path.parent) + " " + _safe_words(clip)
            again = parts.button("Try again", "refresh")
            again.clicked.connect(try_again)
            actions.insert(1, again)
        return parts.state_card("warn", say("{name} has moved", name=path.name), words, *actions, colour="danger")

    def _found_card(self, path: Path, mine: Found, later: QWidget) -> QWidget:
        # With nothing to tell them by but name and length, each of the others is asked for where it is missed.
        sure = [each for each in self._found if each is mine or each.is_same_file or each.compared]
        others = len(sure) - 1
        words = say("It is in {folder}.", folder=mine.path.parent)
        if mine.path.name != path.name:
            words = say("It is {file} in {folder}.", file=mine.path.name, folder=mine.path.parent)
        if not mine.is_same_file and mine.compared:
            words += " " + say("It is another copy; its {count} marked frames look the same.", count=mine.compared)
        elif not mine.is_same_file:
            words += " " + say("It is another copy of the same length; no marked frame could be compared.")
        use = parts.button(say("Use it"), "check", "" if others else "primary")
        use.clicked.connect(partial(self._use, [mine]))
        actions: list[QWidget] = [use, later]
        if others:
            words += " " + (
                say("Another clip's video is there too.")
                if others == 1
                else say("The videos of {count} other clips are there too.", count=others)
            )
            every = parts.button(say("Use all {count}", count=others + 1), "check", "primary")
            every.clicked.connect(partial(self._use, sure))
            actions.insert(0, every)
        return parts.state_card("video", say("{name} is found", name=path.name), words, *actions)

    # ---- what is done ----

    def find(self) -> None:
        """Look where the project's videos lie, and where this one lay."""
        document = self._document
        places = [path for each in document.project.clips if (path := document.video_path(each)) is not None]
        own = document.video_path(self._clip)
        above = list(own.parents)[:3] if own is not None else []
        lay = [each for each in above if each.is_dir() and each != each.parent][:1]
        self._start([*lay, *dict.fromkeys(each.parent for each in places), document.folder])

    def choose_folder(self) -> None:
        """Ask where to look."""
        chosen = QFileDialog.getExistingDirectory(self._over, say("Search a folder"), str(self._beginning()))
        if chosen:
            self._start([Path(chosen)])

    def choose_file(self) -> None:
        """Ask which file it is."""
        clip = self._document.project.clips[self._clip]
        name = say("Find {name}", name=Path(clip.video.path).name)
        chosen, _ = QFileDialog.getOpenFileName(self._over, name, str(self._beginning()))
        if chosen:
            self.use(Path(chosen))

    def use(self, path: Path) -> None:
        """Point the clip to this file, whatever it is: a swap is noticed when it is shown."""
        self._use([Found(self._clip, path, False)])

    def _start(self, folders: list[Path]) -> None:
        self._at, self._found = None, []
        clips = [
            (wanted_of(clip), path)
            for clip in self._document.project.clips.values()
            if (path := self._document.video_path(clip.id)) is not None
        ]
        self._search.start(clips, [each for each in dict.fromkeys(folders) if each.is_dir()], first=self._clip)
        self._set("looking")

    def _stop(self) -> None:
        self._search.stop()
        self._set("moved")

    def _looking(self, at: Looking) -> None:
        self._at = at
        self.changed.emit()

    def _ended(self, found: list[Found]) -> None:
        self._found = found
        self._set("found" if self._mine() is not None else "nowhere")

    def _mine(self) -> Found | None:
        return next((each for each in self._found if each.key == self._clip), None)

    def _use(self, found: list[Found]) -> None:
        project = pointed(self._document.project, found, self._document.folder)
        names = [project.clips[each.key].name for each in found]
        label = f"Find {names[0]}" if len(names) == 1 else f"Find {counted(len(names), 'video')}"
        if self._document.edit(project, label):
            self._found = []
            self._set("moved")

    def _beginning(self) -> Path:
        """The folder that a question begins in."""
        path = self._document.video_path(self._clip)
        return _nearest(path.parent) if path is not None else Path.home()

    def _set(self, stage: Stage) -> None:
        self.stage = stage
        self.changed.emit()


def wanted_of(clip: Clip) -> Wanted:
    """How to know a clip's video again."""
    marks = tuple((pose.frame, pose.identity.luma) for pose in clip.poses if pose.identity.luma)
    video = clip.video
    return Wanted(clip.id, Path(video.path).name, video.size_bytes, video.fingerprint, video.frame_count, marks)


def pointed(project: Project, found: list[Found], folder: Path) -> Project:
    """The project with its clips pointing to where their videos are. Nothing that was marked moves."""
    for each in found:
        clip = project.clips.get(each.key)
        if clip is not None:
            project = edits.set_video(project, each.key, each.path, clip.video, folder=folder)
    return project


def _nearest(folder: Path) -> Path:
    """The folder, or the first one above it that is there, but never a whole disk."""
    here = folder
    while not here.is_dir() and here != here.parent:
        here = here.parent
    return here if here != here.parent else Path.home()


def _safe_words(clip: Clip) -> str:
    count = len(clip.segments)
    if not count:
        return say("What is known of it stays in the project.")
    if count == 1:
        return say("Its segment is safe in the project.")
    return say("Its {count} segments are safe in the project.", count=say_count(count))

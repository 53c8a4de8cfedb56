"""Importing what a person names or drops: it is looked at, asked about where it must be, and taken in by a job.

The window never waits: looking is done in a thread, reading in a process. Imports run one after the other, each a job
that waits in line, also when the window closes.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject

from core.errors import CoreError
from core.importing.poses2d import clip_named
from core.project.motion_sets import as_key
from core.runs import BuildPoseBank, Done, Failed, ImportData, PrepareData
from studio.actions import Handlers
from studio.adding import Adding
from studio.document import Document
from studio.jobs import PREPARED, DataSpec, Job, Jobs
from studio.main_window import MainWindow
from studio.recognising import Recognising, Seen
from studio.video_files import is_of_videos
from studio.widgets.import_dialog import ImportDialog
from studio.widgets.notices import Notice, of_error
from studio.words import say


class Importing(QObject):
    """The command, the drop, the dialog, the jobs, and the words at their end."""

    def __init__(self, document: Document, jobs: Jobs, adding: Adding, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._jobs, self._adding, self._window = document, jobs, adding, window
        self.looking = Recognising(self)
        self.looking.seen.connect(self._show_seen)
        self._dialog: ImportDialog | None = None
        self._to_ask: deque[Pick] = deque()  # what was dropped together, and is not asked about yet
        self._dropped = 0  # how many they were
        document.closed.connect(self._forget)

    def handlers(self) -> Handlers:
        return {"import": self.ask}

    # ---- asking ----

    def ask(self, source: Path | None = None, only: tuple[str, ...] = (), place: str = "") -> ImportDialog:
        """Open the dialog, with a source (or these files of it) that is looked at at once where there is one.

        `place` says which it is of what was dropped together.
        """
        if self._dialog is None:
            clips = {clip.id: clip.name for clip in self._document.project.clips.values()}
            formats = {each.facts.get("format", "") for each in self._document.project.items.values()}
            dialog = ImportDialog(clips, self._document.clip_id, self._window, formats, self._clip_named)
            dialog.looked_for.connect(self.looking.look)
            dialog.wanted.connect(self._begin)
            dialog.videos_wanted.connect(lambda folder: self._adding.add([folder]))
            dialog.skipped.connect(self._ask_next)
            dialog.finished.connect(self._dialog_gone)
            self._dialog = dialog
        self._dialog.show()
        self._dialog.activateWindow()
        if source is not None:
            self._dialog.look_at(source, only, place)
        return self._dialog

    def _clip_named(self, names: tuple[str, ...]) -> str:
        try:
            clip = clip_named(self._document.project, names)
        except CoreError:
            return ""
        return clip.id if clip is not None else ""

    def take(self, paths: Sequence[Path]) -> None:
        """What was dropped: videos become clips; of the rest, files of one folder come in together, each folder apart.

        Every one of them is asked about; what is begun brings the next.
        """
        if self._document.read_only_reason is not None:
            refused = CoreError(self._document.read_only_reason, hint=self.tr("Import when the project is free."))
            self._window.notices.show(of_error(refused))
            return
        videos = [each for each in paths if is_of_videos(each)]
        others = [each for each in paths if each not in videos]
        if videos:
            self._adding.add(videos)
        if others:
            self._to_ask = deque(picks_of(others))
            self._dropped = len(self._to_ask)
            self._ask_next()

    def _ask_next(self) -> None:
        if self._to_ask:
            pick = self._to_ask.popleft()
            words = self.tr("{number} of {count}").format(number=self._dropped - len(self._to_ask), count=self._dropped)
            self.ask(pick.source, pick.only, words if self._dropped > 1 else "")
        elif self._dialog is not None:
            self._dialog.close()

    def _show_seen(self, seen: Seen) -> None:
        if self._dialog is not None:
            self._dialog.show_seen(seen)

    def _dialog_gone(self, _: int) -> None:
        self._dialog = None
        self._to_ask.clear()

    def _begin(self, wish: DataSpec) -> None:
        try:
            self.start(wish)
        except CoreError as error:
            if self._dialog is not None:
                self._dialog.refuse(f"{error} {error.hint}".strip())
            return
        self._ask_next()
        self._window.show_page("data")

    # ---- doing ----

    def start(self, wish: DataSpec) -> Job:
        """Ask for it; it waits while another brings data. CoreError where it cannot be."""
        document = self._document
        if document.read_only_reason is not None:
            raise CoreError(document.read_only_reason, hint=say("Import when the project is free."))
        spec = msgspec.structs.replace(wish, project=str(document.folder))
        if not isinstance(spec, BuildPoseBank):
            spec = msgspec.structs.replace(spec, author=document.author)
        waits = any(isinstance(job.spec, DataSpec) for job in self._jobs.live())
        job = self._jobs.start(spec, self._jobs.free_name(_run_of(spec)))
        if waits:
            words = self.tr("It begins after the one that runs, also when this window closes.")
            notice = Notice(self.tr("{name} waits").format(name=_name_of(spec)), words, "import")
            self._window.notices.show(replace(notice, action=say("Show"), on_action=self._window.show_jobs))
        return job

    def says(self, job: Job) -> Notice | None:
        """What to say of a job that brings data, once it ended; None of others, and where a person stopped it."""
        if not isinstance(job.spec, DataSpec):
            return None
        match job.ending:
            case Done(summary=summary):
                return Notice(_done_words(job.spec), summary, "check", "ok", stays_ms=10_000)
            case Failed(message=message, hint=hint):
                return of_error(CoreError(message, hint=hint))
            case None:
                words = self.tr("What came in so far is kept. Begin it again to go on.")
                return Notice(say("The system ended {name}", name=job.name), words, "warn", "danger", stays_ms=15_000)
            case _:
                return None

    def _forget(self) -> None:
        if self._dialog is not None:
            self._dialog.close()

    def wait(self) -> None:
        """For a window that closes."""
        self.looking.wait()


@dataclass(frozen=True)
class Pick:
    """What is asked about at one time: a file or folder, or some files of a folder."""

    source: Path
    only: tuple[str, ...] = ()


def picks_of(paths: Sequence[Path]) -> list[Pick]:
    """Files of one folder together; a folder, a .zip and a file that is alone in its folder each by itself."""
    picks: list[Pick] = []
    beside: dict[Path, list[Path]] = {}
    for path in dict.fromkeys(paths):
        if path.is_dir() or path.suffix.lower() == ".zip":
            picks.append(Pick(path))
        else:
            beside.setdefault(path.parent, []).append(path)
    for folder, files in beside.items():
        together = len(files) > 1
        picks.append(Pick(folder, tuple(each.name for each in files)) if together else Pick(files[0]))
    return picks


def _name_of(spec: DataSpec) -> str:
    match spec:
        case ImportData(name=name, source=source):
            return name or Path(source).name
        case PrepareData(dataset=dataset):
            return PREPARED[dataset]
        case BuildPoseBank(name=name):
            return name


def _run_of(spec: DataSpec) -> str:
    """What its run folder is called, but for the number."""
    match spec:
        case ImportData():
            return "import"
        case PrepareData(dataset=dataset):
            return f"prepare-{dataset}"
        case BuildPoseBank(name=name):
            return f"bank-{as_key(name)}"


def _done_words(spec: DataSpec) -> str:
    match spec:
        case ImportData():
            return say("{spec} is in", spec=_name_of(spec))
        case PrepareData():
            return say("{spec} is ready for training", spec=_name_of(spec))
        case BuildPoseBank():
            return say("The pose bank {spec} is built", spec=_name_of(spec))

"""Importing what a person names or drops: it is looked at, asked about where it must be, and taken in by a job.

The window never waits: looking is done in a thread, reading in a process. Imports run one after the other.
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject

from core.errors import CoreError
from core.runs import Done, Failed, ImportData
from studio.actions import Handlers
from studio.adding import Adding
from studio.document import Document
from studio.jobs import Job, Jobs
from studio.main_window import MainWindow
from studio.recognising import Recognising, Seen
from studio.video_files import is_of_videos
from studio.widgets.import_dialog import ImportDialog
from studio.widgets.notices import Notice, of_error


class Importing(QObject):
    """The command, the drop, the dialog, the jobs, and the words at their end."""

    def __init__(self, document: Document, jobs: Jobs, adding: Adding, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._jobs, self._adding, self._window = document, jobs, adding, window
        self.looking = Recognising(self)
        self.looking.seen.connect(self._show_seen)
        self._dialog: ImportDialog | None = None
        self._waiting: deque[ImportData] = deque()
        jobs.ended.connect(self._next)
        document.closed.connect(self._forget)

    def handlers(self) -> Handlers:
        return {"import": self.ask}

    # ---- asking ----

    def ask(self, source: Path | None = None) -> ImportDialog:
        """Open the dialog, with a source that is looked at at once where there is one."""
        if self._dialog is None:
            clips = {clip.id: clip.name for clip in self._document.project.clips.values()}
            dialog = ImportDialog(clips, self._document.clip_id, self._document.folder, self._window)
            dialog.looked_for.connect(self.looking.look)
            dialog.wanted.connect(self._begin)
            dialog.videos_wanted.connect(lambda folder: self._adding.add([folder]))
            dialog.finished.connect(self._dialog_gone)
            self._dialog = dialog
        self._dialog.show()
        self._dialog.activateWindow()
        if source is not None:
            self._dialog.look_at(source)
        return self._dialog

    def take(self, paths: Sequence[Path]) -> None:
        """What was dropped: videos become clips; of the rest, several files are the folder they lie in."""
        videos = [each for each in paths if is_of_videos(each)]
        others = [each for each in paths if each not in videos]
        if videos:
            self._adding.add(videos)
        if len(others) == 1:
            self.ask(others[0])
        elif others:
            folders = {each.parent for each in others}
            if len(folders) > 1:
                hint = "Drop the folder they lie in, or one after the other."
                self._window.notices.show(of_error(CoreError("These lie in several folders", hint=hint)))
            else:
                self.ask(folders.pop())

    def _show_seen(self, seen: Seen) -> None:
        if self._dialog is not None:
            self._dialog.show_seen(seen)

    def _dialog_gone(self, _: int) -> None:
        self._dialog = None

    def _begin(self, wish: ImportData) -> None:
        try:
            self.start(wish)
        except CoreError as error:
            if self._dialog is not None:
                self._dialog.refuse(f"{error} {error.hint}".strip())
            return
        if self._dialog is not None:
            self._dialog.close()
        self._window.show_page("data")

    # ---- doing ----

    def start(self, wish: ImportData) -> Job | None:
        """Begin the import, or keep it until the one that runs is done. CoreError where it cannot be."""
        document = self._document
        if document.read_only_reason is not None:
            raise CoreError(document.read_only_reason, hint="Import when the project is free.")
        spec = msgspec.structs.replace(wish, project=str(document.folder), author=document.author)
        if any(isinstance(job.spec, ImportData) for job in self._jobs.live()):
            self._waiting.append(spec)
            name = Path(spec.source).name
            self._window.notices.show(Notice(f"{name} waits", "It comes in after the import that runs.", "import"))
            return None
        return self._jobs.start(spec, self._jobs.free_name("import"))

    def says(self, job: Job) -> Notice | None:
        """What to say of an import that ended; None where it is no import, or was stopped by a person."""
        if not isinstance(job.spec, ImportData):
            return None
        match job.ending:
            case Done(summary=summary):
                return Notice(f"{job.title.removeprefix('Import ')} is in", summary, "check", "ok", stays_ms=10_000)
            case Failed(message=message, hint=hint):
                return of_error(CoreError(message, hint=hint))
            case None:
                words = "What came in so far is kept. Import it again to go on."
                return Notice(f"The system ended {job.name}", words, "warn", "danger", stays_ms=15_000)
            case _:
                return None

    def _next(self, ended: Job) -> None:
        if not isinstance(ended.spec, ImportData) or not self._waiting:
            return
        spec = self._waiting.popleft()
        try:
            self._jobs.start(spec, self._jobs.free_name("import"))
        except CoreError as error:
            self._window.notices.show(of_error(error))

    def _forget(self) -> None:
        self._waiting.clear()
        if self._dialog is not None:
            self._dialog.close()

    def wait(self) -> None:
        """For a window that closes."""
        self.looking.wait()

"""The light copy of the chosen clip, for scrubbing: whether the video needs one, the job that makes it, what is said.

A clip is measured a moment after it is shown, beside the window and once a session. One copy is made at a time, in a
job of its own; it goes on for a clip that was left. What was stopped by hand is not begun again in this session.
Nothing of a copy is known to the project: marks and their identity are about the original alone.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import CoreError
from core.runs import Failed, MakeProxy
from core.video import open_video
from core.video.proxy import SeekCost, copies_folder, lacks_room, proxy_of, seek_cost
from studio.actions import Handlers
from studio.display import Display
from studio.document import Document
from studio.jobs import Job, Jobs
from studio.pages.annotate_picture import ClipPicture
from studio.widgets.departed import Departed, heard
from studio.words import say

JOB = "light-copy"
"""One run folder for all of them: they follow each other, and leave the list of jobs short."""
_BREATH_MS = 800
"""So long the clip's own reading goes first."""


class LightCopies(QObject):
    """Has copies made where they help, and lets the picture take them."""

    _measured = Signal(object, object)

    def __init__(
        self, document: Document, jobs: Jobs, display: Display, picture: ClipPicture, parent: QObject | None = None
    ) -> None:
        super().__init__(parent or picture)
        self._document, self._jobs, self._display, self._picture = document, jobs, display, picture
        self._path: Path | None = None
        self._costs: dict[Path, SeekCost | str] = {}  # how slow, or why there can be no copy
        self._has_copy: set[Path] = set()
        self._given_up: set[Path] = set()
        self._worker: _Measure | None = None
        self._departed = Departed()
        self._breath = QTimer(self, singleShot=True, interval=_BREATH_MS)
        self._breath.timeout.connect(self._measure)
        self._measured.connect(self._take)
        for told in (jobs.listed, jobs.moved):
            told.connect(self._follow_job)
        jobs.ended.connect(self._job_ended)
        display.changed.connect(self._follow_choice)
        picture.words.copy_stopped.connect(self._stop)

    # ---- a part of the page ----

    def commands(self) -> Handlers:
        return {}

    def checked(self) -> dict[str, bool]:
        return {}

    def refresh(self) -> None:
        """Another clip may have come."""
        path = self._picture.readable_path
        if path != self._path:
            self._path = path
            self._let_go()
            self._breath.stop()
            self._follow_choice()

    @property
    def is_settled(self) -> bool:
        return True

    def close(self) -> None:
        """End the measuring; a job goes on by itself."""
        self._breath.stop()
        self._let_go(wait=True)

    # ---- whether it is needed ----

    @property
    def _is_wanted(self) -> bool:
        return self._display.has_light_copies and self._document.is_open

    def _follow_choice(self) -> None:
        self._picture.use_light_copy(on=self._display.has_light_copies)
        if self._path is not None and self._is_wanted:
            if self._path in self._costs:
                self._begin()
            elif self._worker is None:
                self._breath.start()
        elif not self._display.has_light_copies:
            self._breath.stop()
            self._stop()
        self._say()

    def _measure(self) -> None:
        if self._path is not None and self._worker is None:
            self._worker = _Measure(self._path, self._measured.emit)
            self._worker.start()

    def _take(self, worker: object, answer: object) -> None:
        if worker is not self._worker or self._worker is None:
            return
        path = self._worker.path
        self._let_go()
        if isinstance(answer, SeekCost | str):
            self._costs[path] = answer
            self._begin()
        elif answer is True:
            self._has_copy.add(path)
        self._say()

    def _let_go(self, *, wait: bool = False) -> None:
        worker, self._worker = self._worker, None
        self._departed.let_go(worker, wait=wait)

    # ---- the job ----

    def _begin(self) -> None:
        """Make the copy of the chosen clip, if it is slow, wanted, and none is being made."""
        path, cost = self._path, self._costs.get(self._path) if self._path is not None else None
        if path is None or not isinstance(cost, SeekCost) or not cost.is_slow or not self._is_wanted:
            return
        if path in self._has_copy or path in self._given_up or self._job() is not None:
            return
        if self._document.read_only_reason is not None:
            return  # its jobs are those of who is editing it
        try:
            self._jobs.start(MakeProxy(video=str(path), out=""), JOB)
        except CoreError as error:
            self._costs[path] = str(error)

    def _job(self) -> Job | None:
        job = self._jobs.job(JOB)
        return job if job is not None and job.is_live else None

    def _follow_job(self, *_: object) -> None:
        self._say()

    def _job_ended(self, job: Job) -> None:
        if not isinstance(job.spec, MakeProxy):
            return
        made = Path(job.spec.video)
        if job.state == "done":
            self._has_copy.add(made)
            if made == self._path:
                self._picture.use_light_copy(on=self._display.has_light_copies)
        else:
            self._given_up.add(made)
            if isinstance(job.ending, Failed):
                self._costs[made] = job.ending.message.partition(": ")[2] or job.ending.message
        self._begin()
        self._say()

    def _stop(self) -> None:
        job = self._job()
        if job is not None:
            job.stop()

    # ---- what is said ----

    def _say(self) -> None:
        """How far the copy of the clip that is shown is, or why there is none."""
        job, words = self._job(), self._picture.words
        spec = job.spec if job is not None else None
        if job is not None and isinstance(spec, MakeProxy) and self._path == Path(spec.video):
            words.show_copying(job.state, job.share() or 0.0)
        else:
            words.show_no_copying(self._hindrance() if self._is_wanted else "")

    def _hindrance(self) -> str:
        """Why the clip that is shown has no copy although one would help."""
        cost = self._costs.get(self._path) if self._path is not None else None
        if isinstance(cost, SeekCost):
            is_reading = (
                cost.is_slow and self._document.read_only_reason is not None and self._path not in self._has_copy
            )
            return say("the project is open for reading") if is_reading else ""
        return cost or ""


class _Measure(threading.Thread):
    """Says True where there is a copy, what the worst seek costs, or why a slow video can have no copy."""

    def __init__(self, path: Path, tell: Callable[["_Measure", object], None]) -> None:
        super().__init__(name=f"seeks of {path.name}", daemon=True)
        self.path, self._tell = path, tell
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True

    def run(self) -> None:
        try:
            answer = self._answer()
        except CoreError:
            answer = None  # the clip's own reader meets the same file, and says so
        if not self._stopped and not heard(self._tell, self, answer):
            self._stopped = True

    def _answer(self) -> SeekCost | str | bool:
        with open_video(self.path) as video:
            copy, count = proxy_of(video, copies_folder()), len(video)
        if copy is not None:
            copy.close()
            return True
        cost = seek_cost(self.path)
        return (lacks_room(copies_folder(), count) if cost.is_slow else "") or cost

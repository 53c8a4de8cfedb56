"""Two people on one project: choosing a copy, merging it as one edit, and how far two annotators agree.

Reading and comparing happen beside the window; the merge itself is an edit of the document like any other, so undo
takes it back whole. What it did is kept as words beside the project.
"""

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from core.annotators import joints_in
from core.bodies.skeletons import UPPER_BODY_9
from core.errors import CoreError
from core.project.annotations import CharacteristicPose, Project
from core.project.database import FILE_NAME
from core.project.merging import OpenedCopy, Outcome, bring_tracks, opened_copy, save_report
from core.project.three_way import Conflict, Decisions
from studio.actions import Handlers
from studio.document import Document
from studio.main_window import MainWindow
from studio.widgets.agreement_window import AgreementWindow
from studio.widgets.beside import Beside
from studio.widgets.dialogs import WordsDialog
from studio.widgets.frame_source import Frame, FrameSource
from studio.widgets.job_words import grouped
from studio.widgets.merge_window import SIDES, MergeWindow
from studio.widgets.notices import Notice, of_error
from studio.widgets.people_overlay import Person
from studio.words import say

_SHOT_PX = 640


class Merging(QObject):
    """Opens the two windows and carries out what they ask for."""

    place_wanted = Signal(str, str, int)
    """A clip, a segment (or empty) and a frame that somebody wants to see."""

    def __init__(self, document: Document, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._window = document, window
        self._beside = Beside(self)
        self._beside.refused.connect(self._refuse)
        self._agreeing = Beside(self)
        self._reading = ""
        self._folder = Path()
        self.merge_window: MergeWindow | None = None
        self.agreement_window: AgreementWindow | None = None
        self._sources: dict[str, FrameSource] = {}
        self._shown: dict[str, tuple[Path, int]] = {}
        document.closed.connect(self._close_windows)
        window.closing.connect(self.close)

    def handlers(self) -> Handlers:
        return {"merge-copy": self.choose_copy, "agreement": self.open_agreement}

    @property
    def is_settled(self) -> bool:
        """Whether everything that was asked for has been answered."""
        pictures = all(source.is_settled() for source in self._sources.values())
        measured = self.agreement_window is None or self.agreement_window.is_settled
        return not self._beside.is_busy and pictures and measured

    def close(self) -> None:
        """End what runs beside the window."""
        self._beside.forget(wait=True)
        self._agreeing.forget(wait=True)
        self._let_go(wait=True)

    # ---- merging ----

    def choose_copy(self) -> None:
        """Ask for the folder of the other person's copy."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, say("The folder of a colleague's copy"), str(self._document.folder.parent)
        )
        if chosen:
            self.open_copy(Path(chosen))

    def open_copy(self, folder: Path, *, same_labels: bool = True) -> None:
        """Compare a copy and show what merging it would do."""
        self._folder = folder.parent if folder.name == FILE_NAME else folder
        self._say_reading(say("Reading {folder}", folder=self._folder.name))
        mine, here = self._document.project, self._document.folder
        work = partial(opened_copy, self._folder, mine=mine, here=here, same_labels=same_labels)
        self._beside.run(work, self._compared)

    def _compared(self, copy: OpenedCopy) -> None:
        self._say_reading("")
        if copy.is_nothing_new and not copy.offered:
            if self.merge_window is not None:
                self.merge_window.close()
            words = say("Everything in {copy} is here already.", copy=copy.whose)
            self._window.notices.show(Notice("Nothing new to merge", words, "check", "ok"))
            return
        if self.merge_window is None:
            self.merge_window = window = MergeWindow(self._window)
            window.merge_wanted.connect(self._merge)
            window.again_wanted.connect(lambda same: self.open_copy(self._folder, same_labels=same))
            window.poses_wanted.connect(self._show_poses)
            window.finished.connect(self._merge_closed)
        self.merge_window.show_copy(copy)
        self.merge_window.show()

    def _merge(self, decisions: Decisions) -> None:
        window = self.merge_window
        copy = window.copy if window is not None else None
        if window is None or copy is None:
            return
        if copy.mine is not self._document.project:  # somebody edited meanwhile: look again, nothing decided is lost
            self.open_copy(self._folder, same_labels=copy.same_labels)
            return
        window.merge.setEnabled(False)
        window.merge.setText(say("Merging…"))

        def work() -> tuple[OpenedCopy, Outcome, str, Path]:
            outcome = bring_tracks(copy, copy.outcome(decisions))
            report = copy.report(decisions, outcome.notes)
            return copy, outcome, report, save_report(copy, report)  # first: no merge is without its report

        self._beside.run(work, self._take)

    def _take(self, made: tuple[OpenedCopy, Outcome, str, Path]) -> None:
        copy, outcome, report, kept = made
        if copy.mine is not self._document.project:
            kept.unlink(missing_ok=True)
            self.open_copy(self._folder, same_labels=copy.same_labels)
            return
        if not self._document.edit(outcome.project, copy.label, source=copy.source):
            kept.unlink(missing_ok=True)
            if self.merge_window is not None:
                self.merge_window.follow()
            return
        if self.merge_window is not None:
            self.merge_window.close()
        self._say_merged(copy, report, outcome.notes, kept)

    def _say_merged(self, copy: OpenedCopy, report: str, notes: tuple[str, ...], kept: Path) -> None:
        words = say(
            "{taken} taken, {decided} decided. The report is {file}.",
            taken=grouped(len(copy.plan.taken)),
            decided=grouped(len(copy.plan.conflicts)),
            file=f"{kept.parent.name}/{kept.name}",
        )
        words = " ".join((words, *notes[:2]))

        def show() -> None:
            WordsDialog("What the merge did", report, self._window).show()

        title = say("{copy} is merged", copy=copy.whose)
        self._window.notices.show(Notice(title, words, "check", "ok", "Show the report", show, stays_ms=15_000))

    def _merge_closed(self) -> None:
        self.merge_window = None
        self._let_go(wait=False)

    # ---- the pictures of two poses ----

    def _show_poses(self, conflict: Conflict) -> None:
        window = self.merge_window
        copy = window.copy if window is not None else None
        if window is None or copy is None:
            return
        self._shown.clear()
        for side, folder, project in zip(SIDES, (copy.here, copy.folder), (copy.mine, copy.plan.theirs), strict=True):
            pose = next((each for each in getattr(conflict, side) if isinstance(each, CharacteristicPose)), None)
            clip = project.clips.get(conflict.clip)
            if pose is None or clip is None:
                continue
            window.show_pose(side, _person(project, folder, conflict.clip, pose), (clip.video.width, clip.video.height))
            own = copy.mine.clips.get(conflict.clip, clip)
            places = [copy.here / own.video.path, folder / clip.video.path]
            path = next((each for each in places if clip.video.path and each.is_file()), None)
            if path is not None:
                self._want(side, path, pose.frame)

    def _want(self, side: str, path: Path, frame: int) -> None:
        source = self._sources.get(side)
        if source is None:
            source = self._sources[side] = FrameSource(self)
            source.arrived.connect(partial(self._arrived, side))
        before = source.property("path")
        if before != str(path) or not source.is_open():
            source.open(path)
            source.setProperty("path", str(path))
        self._shown[side] = (path, frame)
        source.want(frame, _SHOT_PX)

    def _arrived(self, side: str, frame: Frame) -> None:
        if self.merge_window is not None and self._shown.get(side, (Path(), -1))[1] == frame.number:
            self.merge_window.show_image(side, frame.image)

    def _let_go(self, *, wait: bool) -> None:
        for source in self._sources.values():
            source.close(wait=wait)

    # ---- agreement ----

    def open_agreement(self) -> None:
        """How far two annotators agree, in a window of its own."""
        if self.agreement_window is None:
            self.agreement_window = window = AgreementWindow(self._document, self._agreeing, self._window)
            window.place_wanted.connect(self.place_wanted)
            window.finished.connect(self._agreement_closed)
        self.agreement_window.show()
        self.agreement_window.activateWindow()

    def _agreement_closed(self) -> None:
        self.agreement_window = None
        self._agreeing.forget()

    # ---- words ----

    def _say_reading(self, words: str) -> None:
        if self._reading:
            self._window.notices.withdraw(self._reading)
        self._reading = words
        if words:
            self._window.notices.show(Notice(words, "", has_bar=True))

    def _refuse(self, error: CoreError) -> None:
        self._say_reading("")
        self._window.notices.show(of_error(error))
        if self.merge_window is not None:
            self.merge_window.follow()

    def _close_windows(self) -> None:
        self._beside.forget()
        self._say_reading("")
        for window in (self.merge_window, self.agreement_window):
            if window is not None:
                window.close()


def _person(project: Project, folder: Path, clip_id: str, pose: CharacteristicPose) -> Person | None:
    """The nine joints that stand for a pose."""
    clip = project.clips[clip_id]
    segment = clip.segment(pose.segment)
    places = joints_in(folder)(clip, segment, pose) if segment is not None else None
    if places is None:
        return None
    rows = np.array([places[name] for name in UPPER_BODY_9.joints], np.float32)
    return Person("", UPPER_BODY_9, rows[:, :2], rows[:, 2], is_actor=True)

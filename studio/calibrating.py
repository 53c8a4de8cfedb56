"""Calibrating a clip's camera: opens the window for it, and makes what was found there an edit of the project."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.errors import CoreError
from core.project import edits
from studio.actions import Handlers
from studio.document import Document
from studio.main_window import MainWindow
from studio.widgets.notices import Notice
from studio.words import say

if TYPE_CHECKING:
    from studio.widgets.calibration_ways import Found
    from studio.widgets.calibration_window import CalibrationWindow


class Calibrating(QObject):
    """One window, made when it is first wanted and kept with its marks until the studio closes."""

    def __init__(self, document: Document, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._window = document, window
        self.calibration: CalibrationWindow | None = None
        window.closing.connect(self.close)
        document.closed.connect(self.close)

    def handlers(self) -> Handlers:
        return {"calibrate-camera": self.open}

    def open(self) -> None:
        """Show the window for the chosen clip."""
        if self.calibration is None:
            # Here: a window that opens without it opens sooner.
            from studio.widgets.calibration_window import CalibrationWindow

            self.calibration = CalibrationWindow(self._document, self._window)
            self.calibration.use_wanted.connect(self._use)
            self.calibration.asks.connect(self._window.actions_table.do)
            self.calibration.estimate_wanted.connect(self._back_to_estimate)
        self.calibration.open_window()

    def close(self) -> None:
        """Let go of its video and threads."""
        if self.calibration is not None:
            self.calibration.close()

    def _use(self, found: "Found", clips: Sequence[str]) -> None:
        """The camera, and that these clips were filmed with it: one step."""
        try:
            project, row = edits.add_camera(
                self._document.project,
                found.name,
                found.camera,
                author=self._document.author,
                how=found.how,
                error_px=found.error_px,
                clip_ids=clips,
            )
        except CoreError as error:
            self._document.refused.emit(error)
            return
        if self._document.edit(project, "Calibrate camera"):
            whose = (
                self._document.project.clips[clips[0]].name
                if len(clips) == 1
                else say("{count} clips", count=len(clips))
            )
            words = self.tr("{name} is the camera of {clips}.").format(name=row.name, clips=whose)
            self._window.notices.show(Notice(self.tr("Camera calibrated"), words, "camera", "ok"))

    def _back_to_estimate(self) -> None:
        clip = self._document.clip
        if clip is not None and clip.camera:
            project = edits.set_camera(self._document.project, clip.id, "")
            self._document.edit(project, "Back to an estimated camera")

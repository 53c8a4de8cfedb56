"""A photograph of the window: it waits until the page in front shows what it has to show, then saves a PNG."""

import time
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from core.errors import FileError, MachineError
from studio.jobs import Jobs
from studio.main_window import MainWindow
from studio.words import say

_PATIENCE_S = 60.0
_CALM_S = 0.4  # it must stay settled for so long


def wait_until_settled(window: MainWindow, jobs: Jobs, patience_s: float = _PATIENCE_S) -> bool:
    """Let the window work until nothing is on its way; False where that took too long."""
    began = time.monotonic()
    calm_since: float | None = None
    wake = QTimer()
    wake.start(20)  # events to wait for, even where nothing else happens
    while time.monotonic() - began < patience_s:
        QApplication.processEvents()
        time.sleep(0.01)
        if not (window.is_settled() and jobs.is_settled()):
            calm_since = None
        elif calm_since is None:
            calm_since = time.monotonic()
        elif time.monotonic() - calm_since > _CALM_S:
            return True
    return False


def photograph(window: MainWindow, jobs: Jobs, file: Path) -> None:
    """Save the window as it stands once it is settled."""
    if not wait_until_settled(window, jobs):
        raise MachineError(
            say("The page did not come to rest within a minute."), hint=say("Try again when less is running.")
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            file,
            say("its folder cannot be made ({strerror})", strerror=error.strerror),
            hint=say("Choose another place."),
        ) from None
    if not window.grab().save(str(file)):
        raise FileError(
            file, say("the picture could not be written"), hint=say("End its name in .png and check the folder.")
        )
    QGuiApplication.processEvents()

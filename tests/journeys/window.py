"""The studio's window, opened and closed as a person does."""

from PySide6.QtCore import QCoreApplication, QEvent

from studio import settings as preferences
from studio.app import Studio

SOON_MS = 20_000


def launch(qtbot, qapp, folder):
    kept = preferences.load(folder / "settings.toml")
    kept.name = "Ines K."
    studio = Studio(qapp, kept)
    studio.window.resize(1600, 1000)
    studio.window.show()
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow, timeout=SOON_MS)
    return studio


def leave(studio):
    studio.window.close()
    studio.window.deleteLater()
    studio.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

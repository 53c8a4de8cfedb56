"""What the studio's tests share: a whole window on a project of its own, and small real videos."""

import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import av
import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from studio import settings as preferences
from studio.app import Studio


def make_video(path: Path, frames: int = 30, width: int = 64, height: int = 48, rate: int = 25) -> Path:
    """A small real video whose brightness rises."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            picture = np.full((height, width, 3), 20 + 6 * number % 200, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def video(tmp_path) -> Path:
    return make_video(tmp_path / "clip_01.mp4")


@pytest.fixture
def studio(qtbot, qapp, tmp_path):
    """A shown window without a project; its settings are its own."""
    kept = preferences.load(tmp_path / "settings" / "settings.toml")
    kept.name = "Ines K."
    made = Studio(qapp, kept)
    made.window.resize(1600, 1000)
    made.window.show()
    yield made
    made.window.close()
    made.window.deleteLater()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def open_studio(studio, tmp_path):
    """The same, with an empty project open."""
    assert studio.projects.create(tmp_path / "pilot", "Courtyard pilot")
    return studio


@pytest.fixture
def pseudo(qapp):
    """Every word of the program in a made-up language (tests.studio.made_up_language)."""
    from tests.studio.made_up_language import spoken

    with spoken() as made:
        yield made

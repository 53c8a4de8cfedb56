"""Suggested poses: from the key to the next suggestion on screen, and how long a long clip's suggestions take.

Milliseconds, off screen, on the demo with its video and all poses of a clip taken away: from the press of the key until
its card, dots, joints and playhead are painted (budget 50 ms), and until the frame's picture stands there too, by the
clock on the wall; own time is the processor time of the window's thread alone, for a machine that does other things.
A clip of 30,000 frames with 500 segments: measuring its person, and suggesting for all segments.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.bodies.skeletons import UPPER_BODY_9
from core.demo import open_demo
from core.motion import Poses2d
from core.project import edits
from core.suggesting import START_WEIGHTS, measure, suggest_in
from studio import settings as preferences
from studio.app import Studio

KEYS = 60
FRAMES, SEGMENT = 30_000, 60


def run() -> dict[str, float]:
    """Name → figure."""
    return {name: round(value, 2) for name, value in {**long_clip(), **from_key_to_paint()}.items()}


def long_clip() -> dict[str, float]:
    """Working out a clip of 1,000 s."""
    rng = np.random.default_rng(0)
    joints = np.cumsum(rng.normal(0, 1.5, (FRAMES, 1, 9, 2)), axis=0).astype(np.float32)
    poses = Poses2d(UPPER_BODY_9, joints, np.ones((FRAMES, 1, 9), np.float32))
    began = time.perf_counter()
    signals = measure(poses, 0, 30.0)
    measured = time.perf_counter()
    for start in range(0, FRAMES, SEGMENT):
        suggest_in(signals, start, start + SEGMENT, START_WEIGHTS)
    done = time.perf_counter()
    return {"measure_30000_frames_ms": 1000 * (measured - began), "suggest_500_segments_ms": 1000 * (done - measured)}


def from_key_to_paint() -> dict[str, float]:
    """U, again and again."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory() as place:
        kept = preferences.load(Path(place) / "settings.toml")
        kept.name = "bench"
        studio = Studio(app, kept)
        try:
            studio.window.resize(1600, 1000)
            studio.window.show()
            studio.document.open(open_demo(Path(place) / "demo"))
            document = studio.document
            clip = document.clip
            assert clip is not None
            project = document.project
            for each in clip.segments:
                project = edits.remove_pose(project, clip.id, each.id)
            document.edit(project, "Remove poses")
            studio.window.show_page("annotate")
            page = studio.window.page("annotate")
            wait(app, page.is_settled)
            painted, worked, pictured = [], [], []
            for number in range(KEYS):
                back = number % 40 >= 20  # there and back again
                began, busy = time.perf_counter(), time.thread_time()
                QTest.keyClick(page.view, Qt.Key.Key_U, _SHIFT if back else Qt.KeyboardModifier.NoModifier)
                app.processEvents()
                painted.append(1000 * (time.perf_counter() - began))
                worked.append(1000 * (time.thread_time() - busy))
                wait(app, lambda: page.picture.frame_shown == document.playhead)
                pictured.append(1000 * (time.perf_counter() - began))
                wait(app, page.is_settled)
        finally:
            studio.window.close()
            studio.window.deleteLater()
            studio.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return {
        **_spread("next_suggestion_painted", painted),
        **_spread("next_suggestion_own_time", worked),
        **_spread("next_suggestion_with_its_picture", pictured),
    }


_SHIFT = Qt.KeyboardModifier.ShiftModifier


def _spread(name: str, values: list[float]) -> dict[str, float]:
    return {f"{name}_p50_ms": statistics.median(values), f"{name}_p99_ms": float(np.percentile(values, 99))}


def wait(app: QApplication, is_done: Callable[[], bool], seconds: float = 30.0) -> None:
    """Let the window work until it is done."""
    until = time.perf_counter() + seconds
    while not is_done():
        if time.perf_counter() > until:
            raise TimeoutError("the page did not settle")
        app.processEvents()
        time.sleep(0.001)

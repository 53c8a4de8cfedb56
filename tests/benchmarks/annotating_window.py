"""Works in the studio's real window on a large project, off screen, and prints what that took as one JSON object.

    python -m tests.benchmarks.annotating_window first FOLDER [CLIP]     opens it: when is the first picture there?
    python -m tests.benchmarks.annotating_window edits FOLDER ROUNDS
    python -m tests.benchmarks.annotating_window walk FOLDER CLIPS

An edit is timed from the key until its commit has returned and everything it changed is painted; whoever edits sees
the frame first, so what was asked for before is on the screen by then. Beside the time on the clock stands what the
processor did meanwhile, threads included: that holds on a busy machine too.
"""

import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from core.project.annotations import new_id
from studio import settings as preferences
from studio.app import Studio
from studio.memory import take_short_turns
from studio.pages.annotate import AnnotatePage

NONE, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


def memory_mb() -> float:
    """What this process holds of the machine's memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def settled(studio: Studio) -> None:
    while not studio.window.is_settled():
        QApplication.processEvents()
        time.sleep(0.0005)


def annotating(studio: Studio, folder: Path) -> AnnotatePage:
    studio.document.open(folder)
    page = studio.window.show_page("annotate")
    studio.window.focus_page()
    assert isinstance(page, AnnotatePage)
    return page


def opened() -> tuple[QApplication, Studio]:
    app = QApplication(["bench"])
    take_short_turns()
    kept = preferences.load(Path(tempfile.mkdtemp()) / "settings.toml")
    kept.keep_nothing()
    studio = Studio(app, kept)
    studio.window.resize(1600, 1000)
    studio.window.show()
    studio.window.activateWindow()
    QTest.qWaitForWindowActive(studio.window)
    return app, studio


def first(folder: Path) -> dict[str, float]:
    """From the shown window, nothing open in it, to the first frame of the first clip with all its marks painted."""
    app, studio = opened()
    began, worked = time.perf_counter(), time.process_time()
    studio.document.open(folder)
    read = time.perf_counter()
    page = studio.window.show_page("annotate")
    assert isinstance(page, AnnotatePage)
    while page.view.image is None:
        app.processEvents()
    studio.window.repaint()
    seen, work = time.perf_counter(), time.process_time() - worked
    settled(studio)
    calm = time.perf_counter()
    studio.window.close()
    return {
        "reading it": 1e3 * (read - began), "first picture": 1e3 * (seen - began), "all settled": 1e3 * (calm - began),
        "of it processor": 1e3 * work, "memory": memory_mb(),
    }  # fmt: skip


class _Painted(QObject):
    """Counts what is painted anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint and isinstance(watched, QWidget)
        return False


def edits(folder: Path, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of each edit, by kind, by the clock and of the processor; with bare commits and bare repaints."""
    app, studio = opened()
    page, document, chance = annotating(studio, folder), studio.document, random.Random(3)
    settled(studio)
    bare = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=FULL")
    bare.execute("CREATE TABLE bare (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID")
    empty = QWidget()
    empty.resize(page.timeline.size())
    empty.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    empty.show()
    studio.window.activateWindow()
    QTest.qWaitForWindowActive(studio.window)
    times: dict[str, list[float]] = {"bare commit": [], "bare repaint": []}
    processor: dict[str, list[float]] = {}
    clips, painted = list(document.project.clips), _Painted()
    app.installEventFilter(painted)

    def press(name: str, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        settled(studio)
        app.processEvents()
        before, unpainted = len(document.store.journal), painted.count
        began, worked = time.perf_counter(), time.process_time()
        QTest.keyClick(QApplication.focusWidget() or page, key, modifiers)
        while len(document.store.journal) == before and time.perf_counter() - began < 5:
            app.processEvents()  # a pose waits for its frame to be known
        app.processEvents()
        times.setdefault(name, []).append(1e3 * (time.perf_counter() - began))
        processor.setdefault(name, []).append(1e3 * (time.process_time() - worked))
        assert len(document.store.journal) == before + 1, f"{name} edited nothing"
        assert painted.count > unpainted, f"{name} painted nothing"

    for at in range(rounds):
        if at % 25 == 0:
            document.choose_clip(chance.choice(clips))
            settled(studio)
        began = time.perf_counter()
        bare.execute("INSERT INTO bare VALUES (?, ?)", (new_id(), "x" * 400))
        times["bare commit"].append(1e3 * (time.perf_counter() - began))
        began = time.perf_counter()
        empty.repaint()
        times["bare repaint"].append(1e3 * (time.perf_counter() - began))
        clip = document.clip
        assert clip is not None
        start = chance.randrange(0, clip.video.frame_count - 60)
        document.seek(start)
        QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_I)
        document.seek(start + chance.randrange(8, 40))
        QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_O)
        press("mark", Qt.Key(Qt.Key.Key_1 + at % 9))
        (made,) = page.timeline.chosen
        segment = document.project.clips[clip.id].segment(made)
        assert segment is not None
        press("relabel", Qt.Key(Qt.Key.Key_1 + (at + 1) % 9))
        document.seek(segment.start_frame + 3)
        press("set pose", Qt.Key.Key_C)
        document.seek(segment.end_frame + 2)
        press("move end", Qt.Key.Key_E)
        press("undo", Qt.Key.Key_Z, CONTROL)
        press("undo", Qt.Key.Key_Z, CONTROL)
    bare.close()
    studio.window.close()
    return {"clock": times, "processor": processor}


def walk(folder: Path, count: int) -> dict[str, float]:
    """Memory with it open, and after so many clips have been shown and scrubbed in."""
    _, studio = opened()
    annotating(studio, folder)
    settled(studio)
    open_mb, began = memory_mb(), time.perf_counter()
    for clip in list(studio.document.project.clips)[:count]:
        studio.document.choose_clip(clip)
        for share in (0.3, 0.8):
            studio.document.seek(int(share * studio.document.project.clips[clip].video.frame_count))
            settled(studio)
    took = 1e3 * (time.perf_counter() - began) / count
    found = {"open": open_mb, "walked": memory_mb(), "a clip": took}
    studio.window.close()
    return found


def main() -> int:
    what, folder = sys.argv[1], Path(sys.argv[2])
    found = first(folder) if what == "first" else {"edits": edits, "walk": walk}[what](folder, int(sys.argv[3]))
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

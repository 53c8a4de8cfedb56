"""Works in the studio's real window while a training, an extraction and a film are made beside it, and prints JSON.

    python -m tests.benchmarks.busy_window window FOLDER SECONDS     FOLDER: the demo project, a copy that may change
    python -m tests.benchmarks.busy_window bare SECONDS              an event loop with nothing but the heartbeat

A person scrubs on Annotate, looks at the running training, opens the drawer of jobs and goes through the pages, first
with nothing else at work, then beside the three jobs. While they still work a bare event loop is measured in a process
of its own: what the machine itself leaves of anybody's time.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")

import numpy as np
from PySide6.QtCore import QEvent, QObject
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core import configs
from core.bodies.library import DEFAULT_KEY
from core.rendering.moving import MovingBody, MovingScene, Shot, save_shot
from core.runs import ExportBodies, ExtractPoses, TrainForecaster
from studio import settings as preferences
from studio.app import Studio
from studio.job import Job
from studio.memory import settle, take_short_turns
from studio.pages.annotate import AnnotatePage
from tests.heartbeat import Heartbeat

ROOT = Path(__file__).parents[2]
PAGES = ("data", "annotate", "evaluate", "forecast", "generate", "train")
MOVE_S, SCRUB_S, LOOK_S, PAGE_S = 1 / 60, 3.0, 1.5, 0.4
STARTS_S = 180


class _Shown(QObject):
    """Counts the pictures of the video that are painted, each once."""

    def __init__(self, page: AnnotatePage) -> None:
        super().__init__()
        self.count, self._view, self._last = 0, page.view, 0
        page.view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        del watched
        image = self._view.image if event.type() == QEvent.Type.Paint else None
        if image is not None and image.cacheKey() != self._last:
            self._last = image.cacheKey()
            self.count += 1
        return False


class Person:
    """Who sits at the window. `beat` knows what they do."""

    def __init__(self, app: QApplication, studio: Studio, beat: Heartbeat) -> None:
        self._app, self._studio, self._beat, self._chance = app, studio, beat, random.Random(5)
        self._pages = {name: self._see(name) for name in PAGES}
        page = self._pages["annotate"]
        assert isinstance(page, AnnotatePage)
        self._shown = _Shown(page)
        self.first_ms: dict[str, float]
        self.scrubbed_s, self.frames = 0.0, 0

    def _see(self, name: str) -> QObject:
        """A page for the first time, which builds it."""
        began = time.thread_time()
        page = self._studio.window.show_page(name)
        self.first_ms = getattr(self, "first_ms", {}) | {name: round(1e3 * (time.thread_time() - began), 1)}
        self.wait(1.0)
        return page

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let the window live; True as soon as `until` holds."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self._app.processEvents()
            if until():
                return True
            time.sleep(0.001)
        return until()

    def work(self, seconds: float) -> None:
        self.scrubbed_s, self.frames = 0.0, 0
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.scrub()
            self.do("looks at the training", lambda: self._studio.window.show_page("train"), LOOK_S)
            self.do("opens the jobs", self._studio.window.toggle_jobs, LOOK_S)
            self.do("closes the jobs", self._studio.window.toggle_jobs, PAGE_S)
            for name in PAGES:
                self.do(f"goes to {name}", lambda name=name: self._studio.window.show_page(name), PAGE_S)

    def do(self, words: str, deed: Callable[[], object], seconds: float) -> None:
        self._beat.doing = words
        deed()
        self.wait(seconds)

    def scrub(self) -> None:
        """Drag the playhead to and fro, sixty small moves a second."""
        document = self._studio.document
        self._beat.doing = "scrubs"
        self._studio.window.show_page("annotate")
        clip = document.clip
        assert clip is not None
        at, way, before = document.playhead, 1, self._shown.count
        began = time.perf_counter()
        while time.perf_counter() - began < SCRUB_S:
            step = self._chance.randrange(1, 5)
            way = -way if not 0 <= at + way * step < clip.video.frame_count else way
            at += way * step
            document.seek(at)
            self.wait(MOVE_S)
        self.scrubbed_s += time.perf_counter() - began
        self.frames += self._shown.count - before


def three_jobs(studio: Studio, folder: Path) -> list[Job]:
    chance = np.random.default_rng(5)
    turns = np.tile(np.eye(3), (25, 24, 1, 1))
    body = MovingBody(DEFAULT_KEY, chance.normal(size=10), turns, np.tile([0.0, 1.2, 0.0], (25, 1)), name="somebody")
    shot = folder.parent / "shot.npz"
    save_shot(Shot(MovingScene(25.0, (body,))), shot)
    config = configs.with_overrides(configs.recommended(), ["steps=100000"])
    project, (clip, *_) = str(folder), studio.document.project.clips
    film = str(folder.parent / "turn.mp4")
    start = studio.jobs.start
    return [
        start(TrainForecaster(project=project, out="", config=config, preset="forecaster/recommended"), "training"),
        start(ExtractPoses(project=project, out="", clip_ids=(clip,)), "extraction"),
        start(ExportBodies(shot=str(shot), file=film, out="", what="turntable", seconds=120.0), "film"),
    ]


def _are_at_work(jobs: Sequence[Job]) -> bool:
    return all(each.state == "running" and each.progress is not None for each in jobs)


def window(folder: Path, seconds: float) -> dict[str, object]:
    app = QApplication(["bench"])
    take_short_turns()
    kept = preferences.load(folder.parent / "settings.toml")
    kept.keep_nothing()
    studio = Studio(app, kept)
    studio.window.resize(1600, 1000)
    studio.window.show()
    QTest.qWaitForWindowExposed(studio.window)
    assert studio.projects.open(folder)
    beat = Heartbeat()
    person = Person(app, studio, beat)
    person.wait(60, studio.window.is_settled)
    settle()
    found: dict[str, object] = {"first": person.first_ms}
    jobs: list[Job] = []
    for phase in ("alone", "busy"):
        if phase == "busy":
            jobs = three_jobs(studio, folder)
            if not person.wait(STARTS_S, partial(_are_at_work, jobs)):
                raise RuntimeError(
                    "\n".join(f"{each.name} {each.state}: {each.ending} {each.folder.log_tail()}" for each in jobs)
                )
        beat.start()
        person.work(seconds)
        beat.stop()
        worst = sorted(beat.gaps, key=lambda gap: gap.clock, reverse=True)[:5]
        found[phase] = {
            **beat.figures(),
            "frames a second": round(person.frames / person.scrubbed_s, 1),
            "where": [
                f"{gap.clock:.0f} ms ({gap.worked:.0f} own, {gap.queued:.0f} for a core): {gap.doing}: {gap.where}"
                for gap in worst
            ],
        }
    found["still at work"] = sum(each.is_live for each in jobs)
    beside = [sys.executable, "-m", "tests.benchmarks.busy_window", "bare", str(seconds)]
    with subprocess.Popen(beside, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        person.wait(seconds + STARTS_S, lambda: process.poll() is not None)
        found["bare"] = json.loads(process.communicate()[0])
    for job in jobs:
        job.stop()
    person.wait(STARTS_S, lambda: not studio.jobs.live())
    studio.window.close()
    return found


def bare(seconds: float) -> dict[str, float]:
    app = QApplication(["bench"])
    beat = Heartbeat(looks=False)
    beat.start()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.processEvents()
        time.sleep(0.001)
    beat.stop()
    return beat.figures()


def main() -> int:
    what, *more = sys.argv[1:]
    found = bare(float(more[0])) if what == "bare" else window(Path(more[0]), float(more[1]))
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

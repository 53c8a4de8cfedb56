"""What the studio's window does for a large project, and how long it ever stands still, off screen.

Milliseconds of the window's own processor time (what other programs do to the machine is not in them); painting is the
best of several, the longest gap is the worst. Beside them the time an empty widget of the same
size takes in the same run, as the machine's own limit.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import msgspec
import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from core.project import edits
from core.project.annotations import Clip, Project, Provenance, Segment, VideoFile, new_id
from core.run_folder import RunFolder
from core.runs import MakeDemo, Metric
from studio import theme
from studio.jobs import Jobs
from studio.widgets import lane_paint
from studio.widgets.clip_time import ClipTime
from studio.widgets.curves import CurveChart, Series
from studio.widgets.forecast_lanes import Lane, LaneStep, StepFrames
from studio.widgets.timeline import Timeline
from studio.widgets.timeline_contents import LabelLook, TimelineContents, contents_of
from studio.widgets.timeline_strips import Strips

SEGMENTS = 50_000
POINTS = 100_000
EVENTS = 60_000
FRAMES_EACH = 20
LANES, STEPS = 4, 10


def run() -> dict[str, float]:
    """Name → figure."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    bare = QWidget()
    bare.resize(1400, 300)
    bare.show()
    figures = {"bare picture of an empty widget, ms": best_ms(bare.grab)}
    figures |= timeline_figures()
    figures |= lane_figures()
    figures |= curve_figures()
    with tempfile.TemporaryDirectory() as place:
        figures["longest gap while a job reports 60,000 events, ms"] = longest_gap_ms(app, Path(place))
    bare.close()
    return {name: round(value, 3) for name, value in figures.items()}


def best_ms(work: Callable[[], object], rounds: int = 7) -> float:
    """The least processor time of this thread."""
    taken = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return 1e3 * min(taken)


def long_clip() -> tuple[Project, Clip]:
    """One clip with SEGMENTS segments, one after the other."""
    made = Provenance.now("Ada")
    project = Project(id=new_id(), name="Large")
    project, cut = edits.label_for(project, "cut", "action", author="Ada")
    facts = VideoFile(
        path="", frame_count=SEGMENTS * FRAMES_EACH, width=640, height=360, rate_hz=25.0,
        duration_s=SEGMENTS * FRAMES_EACH / 25, size_bytes=0, fingerprint="",
    )  # fmt: skip
    segments = tuple(
        Segment(
            id=f"s{at}",
            action=cut.id,
            start_frame=at * FRAMES_EACH,
            end_frame=at * FRAMES_EACH + FRAMES_EACH - 1,
            made=made,
        )
        for at in range(SEGMENTS)
    )
    clip = Clip(id=new_id(), name="long", video=facts, segments=segments, made=made)
    return project.with_clip(clip), clip


def timeline_figures() -> dict[str, float]:
    """Taking 50,000 segments in, and painting all or some of them."""
    project, clip = long_clip()
    times = ClipTime(clip.video.frame_count, 25.0)
    figures = {"50,000 segments taken in, ms": best_ms(lambda: contents_of(project, clip, times), rounds=3)}
    timeline = Timeline()
    timeline.resize(1400, 300)
    timeline.show_contents(contents_of(project, clip, times))
    timeline.show()
    for words, stretch in (("all of it", None), ("two thirds", (0, 660_000)), ("a minute", (1000, 2500))):
        if stretch is not None:
            timeline.show_stretch(*stretch)

        def repaint() -> None:
            timeline._ground, timeline._strips = None, Strips()
            timeline.grab()

        figures[f"50,000 segments painted, {words}, ms"] = best_ms(repaint)
    timeline.close()
    return figures


def lane_figures() -> dict[str, float]:
    """Painting four forecasts of ten steps as lanes: the lanes by themselves, and the whole ground with them."""
    timeline = Timeline()
    timeline.resize(1400, 300)
    timeline.show_contents(TimelineContents(ClipTime(1800, 30.0)))
    steps = tuple(
        LaneStep(at, LabelLook(f"action {at}", "1", theme.LABELS[at], at), 0.9 - 0.08 * at,
                 StepFrames(100 + 160 * at, 190 + 160 * at, 260 + 160 * at, 150 + 160 * at, 250 + 170 * at))
        for at in range(STEPS)
    )  # fmt: skip
    timeline.lanes.show(tuple(Lane(f"run {run}", f"forecaster-0{run}", run, 100, steps) for run in range(LANES)))
    timeline.show()

    def ground() -> None:
        timeline._ground, timeline._strips = None, Strips()
        timeline.grab()

    scene = timeline.scene
    image = QImage(1400, 300, QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    rows = [row for row in scene.rows() if row.kind == "forecast"]
    assert len(rows) == LANES

    def lanes() -> None:
        for row, shown in zip(rows, scene.lanes, strict=True):
            lane_paint.lane(painter, scene.axis, row, shown, scene.contents.time, None, 1200.0)

    ground()
    lanes()
    found = {"4 lanes of 10 steps painted, ms": best_ms(lanes), "the timeline with them painted, ms": best_ms(ground)}
    painter.end()
    timeline.close()
    return found


def curve_figures() -> dict[str, float]:
    """Painting a curve of 100,000 points."""
    chart = CurveChart("Loss")
    chart.resize(600, 300)
    values = np.random.default_rng(0).random(POINTS) + 0.5
    chart.show_series([Series("01", "#4FC7CF", np.arange(float(POINTS)), values, is_live=True)])
    chart.grab()
    return {"100,000 points painted, ms": best_ms(chart.grab)}


def longest_gap_ms(app: QApplication, place: Path) -> float:
    """How long the event loop ever stood still while a run's events were read."""
    folder = RunFolder(place / "run-01")
    folder.write_spec(MakeDemo(folder=str(place / "demo"), out=str(folder.path)))
    lines = [
        msgspec.json.encode({"at": 1e9 + step / 100, "event": msgspec.to_builtins(Metric(step, "loss", 0.5))})
        for step in range(EVENTS)
    ]
    (folder.path / "events.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    ticks: list[float] = []
    heartbeat = QTimer()
    heartbeat.setInterval(0)
    heartbeat.timeout.connect(lambda: ticks.append(time.thread_time()))
    jobs = Jobs()
    heartbeat.start()
    jobs.watch(place)
    while not jobs.is_settled():
        app.processEvents()
    heartbeat.stop()
    jobs.watch(None)
    return 1e3 * float(np.diff(ticks).max())

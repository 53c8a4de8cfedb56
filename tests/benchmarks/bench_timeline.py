"""How fluently a timeline of three hours with 50,000 segments and their poses moves, and what an edit of it costs.

Frames a second are counted by the processor time of the window's thread, off screen, at 1600 pixels wide and at one and
two device pixels each; the worst picture of a walk counts, not the mean, each picture by the best of the three times it
is painted. Beside each stands what the machine itself can do in the same run: bare rectangles, as many as segments are
drawn one by one, of the same sizes and colours.
"""

import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from core.project import edits
from core.project.annotations import CharacteristicPose, Clip, FrameIdentity, Project, Provenance, Segment, VideoFile
from studio import theme
from studio.widgets.clip_time import ClipTime
from studio.widgets.timeline import Timeline
from studio.widgets.timeline_contents import contents_of
from studio.widgets.timeline_maker import ContentsMaker
from studio.widgets.timeline_paint import DENSE_PX
from studio.widgets.timeline_picture import paint_ground, paint_moving
from studio.widgets.timeline_scene import Scene
from studio.widgets.timeline_signals import HandSpeed, MinMax

SEGMENTS, HOURS, RATE_HZ = 50_000, 3, 25.0
FRAMES = int(HOURS * 3600 * RATE_HZ)
WIDTH, HEIGHT = 1600, 300
STEPS = 24
ACTIONS = 12


def run() -> dict[str, float]:
    """Name → figure."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    project, clip = three_hours()
    figures = edit_figures(project, clip)
    timeline = Timeline()
    timeline.show_scene(timeline.scene.sized(WIDTH, HEIGHT, whole=True))
    timeline.show_contents(contents_of(project, clip, ClipTime(FRAMES, RATE_HZ)))
    random = np.random.default_rng(0)
    sure = MinMax(random.uniform(0.3, 1, FRAMES).astype(np.float32))
    speed = HandSpeed(random.gamma(1.0, 1.0, (FRAMES, 2)).astype(np.float32))
    timeline.show_scene(replace(timeline.scene, confidence=sure, speed=speed))
    for ratio in (1, 2):
        for name, scenes in walks(timeline).items():
            figures |= walk_figures(f"50,000 segments, {name}, ratio {ratio}", scenes, ratio)
    timeline.close()
    return {name: round(value, 3) for name, value in figures.items()}


def walk_figures(name: str, scenes: list[Scene], ratio: int) -> dict[str, float]:
    """What the pictures of one walk cost."""
    taken = [ms(partial(painted, scene, ratio)) for scene in scenes]
    bare = [ms(partial(bare_rectangles, scene, ratio)) for scene in scenes]
    for _ in range(2):  # walked again from its start, so that no picture is painted twice in a row
        taken = [min(before, ms(partial(painted, scene, ratio))) for before, scene in zip(taken, scenes, strict=True)]
    return {
        f"{name}, frames/s of the slowest picture": 1e3 / max(taken),
        f"{name}, ms a picture (median)": float(np.median(taken)),
        f"{name}, bare rectangles, ms (median)": float(np.median(bare)),
    }


def ms(work: Callable[[], object]) -> float:
    """The processor time of this thread, milliseconds."""
    began = time.thread_time()
    work()
    return 1e3 * (time.thread_time() - began)


def three_hours() -> tuple[Project, Clip]:
    """One clip full of short segments, some of which overlap, nine in ten with their pose."""
    made = Provenance.now("Ada")
    project = Project(id="large", name="Large")
    words = []
    for at in range(ACTIONS):
        project, label = edits.add_label(project, f"action {at}", "action", author="Ada")
        words.append(label.id)
    bounds = np.sort(np.random.default_rng(0).choice(FRAMES - 10, SEGMENTS + 1, replace=False))
    facts = VideoFile(
        path="", frame_count=FRAMES, width=640, height=360, rate_hz=RATE_HZ, duration_s=FRAMES / RATE_HZ, size_bytes=0,
        fingerprint="",
    )  # fmt: skip
    segments = tuple(
        Segment(
            id=f"{at:032x}",
            action=words[at % ACTIONS],
            start_frame=int(bounds[at]),
            end_frame=int(bounds[at + 1]) + (2 if at % 500 == 0 else 0),
            made=made,
        )
        for at in range(SEGMENTS)
    )
    poses = tuple(
        CharacteristicPose(
            id=f"p{each.id}", segment=each.id, frame=each.start_frame, identity=FrameIdentity(pts=0), made=made
        )
        for at, each in enumerate(segments)
        if at % 10
    )
    clip = Clip(id="long", name="long", video=facts, segments=segments, poses=poses, made=made)
    return project.with_clip(clip), clip


def walks(timeline: Timeline) -> dict[str, list[Scene]]:
    """What a person goes through: the whole clip, panning far out and close, zooming from one end to the other."""
    found: dict[str, list[Scene]] = {"zoomed out": [], "panning at 8 px a frame": [], "panning 100 s": []}
    for _ in range(STEPS):
        timeline.show_whole()
        timeline.show_range(None, None)
        found["zoomed out"].append(timeline.scene)
    for name, long in (("panning at 8 px a frame", 50), ("panning 100 s", 2500)):
        timeline.show_stretch(FRAMES // 2, FRAMES // 2 + long)
        for _ in range(STEPS):
            timeline.set_axis(timeline.scene.axis.panned(WIDTH / 8))
            found[name].append(timeline.scene)
    timeline.show_whole()
    found["zooming"] = []
    for _ in range(STEPS * 2):
        timeline.zoom(1.4, WIDTH / 2)
        found["zooming"].append(timeline.scene)
    return found


def painted(scene: Scene, ratio: int) -> QImage:
    """One picture of the timeline, as its widget paints it."""
    image = blank(ratio)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    paint_ground(painter, scene)
    paint_moving(painter, scene, FRAMES // 2, None, focused=True)
    painter.end()
    return image


def bare_rectangles(scene: Scene, ratio: int) -> QImage:
    """As many rectangles as there are segments in view that are drawn one by one."""
    axis, track = scene.axis, scene.contents.tracks[0]
    seen = (track.ends > axis.first) & (track.starts < axis.last)
    left = axis.left + (track.starts[seen] - axis.first) * axis.px_per_frame
    wide = (track.ends[seen] - track.starts[seen]) * axis.px_per_frame
    image = blank(ratio)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    colours = [QColor(each) for each in theme.LABELS]
    for at in np.nonzero(wide >= DENSE_PX)[0].tolist():
        painter.setBrush(colours[at % ACTIONS])
        painter.drawRect(QRectF(float(left[at]), 60.0, float(wide[at]), 40.0))
    painter.end()
    return image


def blank(ratio: int) -> QImage:
    image = QImage(QSize(WIDTH, HEIGHT) * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    return image


def edit_figures(project: Project, clip: Clip) -> dict[str, float]:
    """What the timeline's contents cost after one edit of the long clip, and all at once."""
    clock = ClipTime(FRAMES, RATE_HZ)
    figures = {"contents of 50,000 segments, all at once, ms": ms(lambda: contents_of(project, clip, clock))}
    maker = ContentsMaker()
    maker.of(project, clip, clock)
    taken: dict[str, list[float]] = {"a moved end": [], "a set pose": [], "a deleted segment": []}
    for at in range(200, SEGMENTS, SEGMENTS // STEPS):
        segment = project.clips["long"].segments[at]
        for name in taken:
            if name == "a moved end":
                end = segment.end_frame + 1
                project = edits.move_ends(project, "long", segment.id, end_frame=end, author="Ada")
            elif name == "a set pose":
                identity = FrameIdentity(pts=0)
                project = edits.set_pose(project, "long", segment.id, segment.start_frame, identity, author="Ada")
            else:
                project = edits.delete_segments(project, "long", segment.id)
            began = time.thread_time()
            maker.of(project, project.clips["long"], clock)
            taken[name].append(1e3 * (time.thread_time() - began))
    figures |= {f"contents after {name}, ms (median)": float(np.median(each)) for name, each in taken.items()}
    figures |= {f"contents after {name}, ms (worst)": max(each) for name, each in taken.items()}
    return figures

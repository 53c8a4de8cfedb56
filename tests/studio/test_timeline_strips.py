"""What a timeline keeps painted: it looks as if all of it were painted anew, and an edit paints its own rows alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from studio import theme
from studio.widgets.clip_time import ClipTime
from studio.widgets.timeline_axis import Arrangement
from studio.widgets.timeline_contents import SuggestionMarks, contents_of
from studio.widgets.timeline_drag import DragOutcome
from studio.widgets.timeline_picture import paint_ground
from studio.widgets.timeline_scene import Scene
from studio.widgets.timeline_signals import HandSpeed, MinMax
from studio.widgets.timeline_strips import Strips
from tests.studio.test_timeline import a_project

FRAMES = 400
TIME = ClipTime(FRAMES, 25.0)
SPANS = [("a", 0, 10, 60, "Ada"), ("b", 1, 60, 120, "Ada"), ("c", 2, 150, 260, "Bo"), ("d", 0, 240, 330, "Bo")]


def contents(spans=SPANS, poses=(("a", 30), ("c", 200))):
    project, clip = a_project(spans, poses, FRAMES, ("Ada", "Bo"))
    return contents_of(project, clip, TIME, people=2)


def a_scene(**more) -> Scene:
    marks = SuggestionMarks(("b", "d"), np.array([80, 300]), np.array([0.4, 0.9], np.float32), ("still", "far out"), 1)
    values = np.abs(np.sin(np.arange(FRAMES * 2, dtype=np.float32) / 9)).reshape(FRAMES, 2)
    made = Scene(
        contents=contents(),
        main_actor="Ada",
        suggestions=marks,
        confidence=MinMax(values[:, 0]),
        speed=HandSpeed(values),
        **more,
    )
    return made.sized(700, 260, whole=True)


def painted(scene: Scene, strips: Strips | None, ratio: float) -> QImage:
    picture = QPixmap(round(scene.width * ratio), round(scene.height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    paint_ground(painter, scene, strips)
    painter.end()
    return picture.toImage()


def crowded(draw) -> tuple[list, list]:
    """Many segments of one person; few differ from one time to the next, and few lack their pose."""
    shorter = draw(st.sets(st.integers(0, 29), max_size=2))
    lacking = draw(st.sets(st.integers(0, 29), max_size=3))
    spans = [(f"s{at}", at % 3, at * 13, at * 13 + (5 if at in shorter else 12), "Ada") for at in range(30)]
    return spans, [(each[0], each[2] + 3) for at, each in enumerate(spans) if at not in lacking]


def changes(draw, scene: Scene) -> Scene:
    """Any one thing that can change on a timeline."""
    frame = draw(st.integers(1, 49))
    moved = [("a", 0, frame, 60, "Ada"), *SPANS[1:]]
    thumbnail = QPixmap(16, 9)
    thumbnail.fill(Qt.GlobalColor.darkCyan)
    ways = (
        lambda: replace(scene, contents=contents(moved)),
        lambda: replace(scene, contents=contents(SPANS[: 1 + frame % 4], ())),
        lambda: replace(scene, contents=contents(poses=(("b", 60 + frame),))),
        lambda: replace(scene, contents=contents(*crowded(draw))),
        lambda: replace(scene, contents=contents(*crowded(draw))),
        lambda: replace(scene, contents=replace(scene.contents, video_ends=300 + frame)),
        lambda: replace(scene, chosen=frozenset({"abcd"[frame % 4]})),
        lambda: replace(scene, chosen=frozenset()),
        lambda: replace(scene, range=(frame, 2 * frame)),
        lambda: replace(scene, axis=scene.axis.zoomed(1 + frame / 20, 300.0)),
        lambda: replace(scene, outcome=DragOutcome((("b", 60, 60 + frame),))),
        lambda: replace(scene, outcome=DragOutcome((("c", 150, 200 + frame),), copies=True)),
        lambda: replace(scene, outcome=DragOutcome(pose=("a", 10 + frame))),
        lambda: replace(scene, outcome=None),
        lambda: replace(scene, arrangement=Arrangement(locked=frozenset({"person:Ada"}))),
        lambda: replace(scene, arrangement=Arrangement(("poses", "person:Bo"), frozenset({"speed"}))),
        lambda: replace(scene, thumbnails={frame: thumbnail}),
        lambda: replace(scene, suggestions=None),
        lambda: scene.sized(600 + frame, 200 + frame, whole=False),
    )
    return draw(st.sampled_from(ways))()


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_that_what_was_kept_looks_as_if_it_had_been_painted_anew(qapp, ratio, data):
    strips, scene = Strips(), a_scene()
    painted(scene, strips, ratio)
    for _ in range(6):
        scene = changes(data.draw, scene)
        assert painted(scene, strips, ratio) == painted(scene, None, ratio)


def test_that_kept_rows_follow_the_theme_and_the_size_of_text(qapp):
    strips, scene = Strips(), a_scene()
    painted(scene, strips, 1.0)
    try:
        for look, percent in ((theme.LIGHT, 100), (theme.LIGHT, 130)):
            theme.apply(qapp, look, percent)
            assert painted(scene, strips, 1.0) == painted(scene, None, 1.0)
    finally:
        theme.apply(qapp, theme.DARK)
    assert painted(scene, strips, 1.0) == painted(scene, None, 1.0)


class _Counted(Strips):
    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[str] = []

        self.wide: dict[str, float] = {}

    def paint(self, painter, key, area, things, facts, draw, changed=None) -> None:
        def counted(inside: QPainter) -> None:
            self.drawn.append(key)
            self.wide[key] = self.wide.get(key, 0.0) + inside.clipBoundingRect().width()
            draw(inside)

        super().paint(painter, key, area, things, facts, counted, changed)


def drawn(strips: _Counted, scene: Scene) -> set[str]:
    strips.drawn.clear()
    strips.wide.clear()
    painted(scene, strips, 1.0)
    return set(strips.drawn)


def test_that_an_edit_paints_its_own_rows_alone(qapp):
    strips, scene = _Counted(), a_scene()
    everything = drawn(strips, scene)
    assert {"person:Ada", "person:Bo", "poses", "suggestions", "confidence", "speed", "ruler", "overview"} <= everything
    assert drawn(strips, scene) == set()
    ada, bo = scene.contents.tracks
    moved = replace(scene.contents, tracks=(contents([("a", 0, 10, 50, "Ada"), *SPANS[1:]]).tracks[0], bo))
    scene = replace(scene, contents=moved)
    assert drawn(strips, scene) == {"person:Ada", "overview"}
    scene = replace(scene, contents=replace(moved, poses=contents(poses=(("a", 40),)).poses))
    assert drawn(strips, scene) == {"poses"}
    assert drawn(strips, replace(scene, chosen=frozenset({"c"}))) == {"person:Bo", "poses"}
    assert ada is not scene.contents.tracks[0]


def test_that_an_edit_paints_the_stretch_it_changed_alone(qapp):
    many = [(f"s{at}", at % 3, at * 8, at * 8 + 7, "Ada") for at in range(50)]
    posed = [(each[0], each[2] + 3) for each in many if each[0] != "s20"]
    strips, scene = _Counted(), a_scene()
    scene = replace(scene, contents=contents(many, posed))
    drawn(strips, scene)
    shorter = [(*each[:3], each[3] - 4, each[4]) if each[0] == "s7" else each for each in many]
    after = contents(shorter, posed)
    scene = replace(scene, contents=replace(after, labels=scene.contents.labels))
    assert drawn(strips, scene) == {"person:Ada", "overview"}
    assert 0 < strips.wide["person:Ada"] < 8 * scene.axis.px_per_frame + 20
    scene = replace(scene, contents=replace(contents(shorter, [*posed, ("s20", 164)]), tracks=scene.contents.tracks))
    assert drawn(strips, scene) == {"poses"}
    assert 0 < strips.wide["poses"] < 200


def test_that_rows_that_went_away_are_let_go_of_and_a_strip_lies_where_its_row_is(qapp):
    strips = Strips()
    picture = QPixmap(60, 60)
    picture.fill(Qt.GlobalColor.white)
    painter = QPainter(picture)
    area = QRectF(10.25, 20.5, 30, 10)
    asked: list[int] = []

    def draw(inside: QPainter) -> None:
        asked.append(1)
        inside.fillRect(QRectF(0, 24, 60, 2), Qt.GlobalColor.black)

    for _ in range(2):
        strips.paint(painter, "row", area, (), (), draw)
    strips.keep_only(set())
    strips.paint(painter, "row", area, (), (), draw)
    painter.end()
    seen = picture.toImage()
    assert [y for y in range(60) if seen.pixelColor(25, y) != Qt.GlobalColor.white] == [24, 25]
    assert [x for x in range(60) if seen.pixelColor(x, 24).value() < 128] == list(range(10, 40))
    assert len(asked) == 2

"""The timeline: what lies where, what a drag does, and that it stays quick."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAccessible, QColor, QNativeGestureEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.bodies.skeletons import COCO_17, UPPER_BODY_9
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import (
    BY_HAND,
    Actor,
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Label,
    Project,
    Provenance,
    Segment,
    VideoFile,
)
from studio import theme
from studio.widgets import painting, timeline_accessible
from studio.widgets import timeline_paint as paint
from studio.widgets.clip_time import ClipTime, read_frame, say_time
from studio.widgets.forecast_lanes import Lane
from studio.widgets.timeline import Timeline
from studio.widgets.timeline_axis import FOOT, RULER, Arrangement, Axis, Wish
from studio.widgets.timeline_contents import LabelLook, SuggestionMarks, contents_of, gaps_between, rows_of_overlaps
from studio.widgets.timeline_drag import CopyDrag, EndDrag, MoveDrag, PoseDrag, dragged, ripple_drag, snap_targets
from studio.widgets.timeline_heads import tool_rect
from studio.widgets.timeline_maker import ContentsMaker
from studio.widgets.timeline_scene import HEAD
from studio.widgets.timeline_signals import HandSpeed, MinMax, confidence_of, hand_speed

BY = Provenance(author="Ines", at="2026-01-01T00:00:00+00:00")
NAMES = ("cut", "wash", "peel")


def a_project(spans, poses=(), frames=1000, actors=()) -> tuple[Project, Clip]:
    """Segments as (id, action's place, start, end[, actor]); poses as (segment, frame)."""
    labels = {
        name: Label(id=name, name=name, kind="action", colour=theme.LABELS[at], key=str(at + 1), made=BY)
        for at, name in enumerate(NAMES)
    }
    segments = [
        Segment(
            id=each[0], action=NAMES[each[1]], start_frame=each[2], end_frame=each[3], actor=(*each, "")[4], made=BY
        )
        for each in spans
    ]
    video = VideoFile(
        path="a.mp4",
        frame_count=frames,
        width=640,
        height=360,
        rate_hz=25.0,
        duration_s=frames / 25,
        size_bytes=1,
        fingerprint="",
    )
    clip = Clip(
        id="clip",
        name="a",
        video=video,
        made=BY,
        actors=tuple(Actor(id=each, name=each, made=BY) for each in actors),
        segments=tuple(sorted(segments, key=lambda each: (each.start_frame, each.end_frame, each.id))),
        poses=tuple(
            CharacteristicPose(id=f"pose {segment}", segment=segment, frame=at, identity=FrameIdentity(pts=at), made=BY)
            for segment, at in sorted(poses, key=lambda each: each[1])
        ),
    )
    return Project(id="p", name="P", labels=labels, clips={"clip": clip}), clip


@pytest.mark.parametrize("frames", [3, 7, 12, 24, 60])
def test_that_written_times_never_overlap_however_short_the_clip(qapp, frames):
    # The last frame of a file may come late: its times are the file's own.
    times = np.arange(frames) / 25.0
    times[-1] += 0.9
    time_of = ClipTime(frames, 25.0, times)
    labels = paint.ruler_labels(Axis(frames, 136, 1200, 0.0, 1200 / frames), time_of)
    assert labels
    assert all(one.right() < other.left() for (one, _), (other, _) in itertools.pairwise(labels))


def test_that_fifty_thousand_segments_are_taken_in(qapp):
    count = 50_000
    spans = [(f"s{at}", at % 3, at * 20, at * 20 + 20) for at in range(count)]
    project, clip = a_project(spans, [(f"s{at}", at * 20 + 5) for at in range(count)], frames=count * 20)
    made = contents_of(project, clip, ClipTime(count * 20, 25.0))
    assert made.segment_at("s49999") == (999_980, 1_000_000)
    assert not made.poses.missing.any()


def contents(spans, poses=(), frames=1000, actors=()):
    project, clip = a_project(spans, poses, frames, actors)
    return contents_of(project, clip, ClipTime(frames, 25.0))


# ---- frames and time ----


@given(st.lists(st.floats(0.01, 0.2), min_size=2, max_size=60), st.data())
def test_that_the_time_of_a_frame_leads_back_to_that_frame_at_any_rate(steps, data):
    times = np.concatenate([[0.0], np.cumsum(steps)])
    clock = ClipTime(len(times), len(times) / times[-1], times)
    frame = data.draw(st.integers(0, len(times) - 1))
    assert clock.frame_at(clock.seconds(frame)) == frame
    assert clock.nearest_frame(clock.seconds(frame)) == frame


@given(st.lists(st.floats(0.01, 0.2), min_size=2, max_size=30), st.floats(-5, 60))
def test_that_time_and_frame_are_each_others_inverse_even_past_the_videos_end(steps, frame):
    times = np.concatenate([[0.0], np.cumsum(steps)])
    clock = ClipTime(60, len(times) / times[-1], times)
    assert clock.frame_between(clock.seconds(frame)) == pytest.approx(frame, abs=1e-6)


@given(st.integers(0, 100_000))
def test_that_a_written_time_can_be_typed_in_again(frame):
    clock = ClipTime(200_000, 25.0)
    assert read_frame(say_time(clock.seconds(frame)), clock) == frame
    assert read_frame(f"#{frame}", clock) == frame


@pytest.mark.parametrize(
    ("seconds", "written"), [(0, "0:00.00"), (52.17, "0:52.17"), (59.999, "1:00.00"), (3849.5, "1:04:09.50")]
)
def test_that_times_are_written_as_people_write_them(seconds, written):
    assert say_time(seconds) == written


def test_that_words_which_are_no_time_are_refused():
    clock = ClipTime(100, 25.0)
    assert [read_frame(each, clock) for each in ("", "soon", "1:2:3:4", "#")] == [None] * 4


# ---- rows and the axis ----


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=40))
def test_that_segments_of_one_row_never_overlap_and_no_row_is_more_than_needed(spans):
    ordered = sorted((start, start + long) for start, long in spans)
    starts, ends = (np.array([each[at] for each in ordered], dtype=np.int64) for at in (0, 1))
    rows = rows_of_overlaps(starts, ends).tolist()
    for row in set(rows):
        mine = [span for span, at in zip(ordered, rows, strict=True) if at == row]
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(mine))
    deepest = max((sum(start <= at < end for start, end in ordered) for at, _ in ordered), default=0)
    assert max(rows, default=-1) + 1 == deepest


def test_that_a_gap_is_what_no_segment_covers_between_the_first_and_the_last():
    _, clip = a_project([("a", 0, 10, 50), ("b", 0, 20, 90), ("c", 1, 120, 150), ("d", 1, 151, 160)])
    starts, ends = (np.array([getattr(each, end) for each in clip.segments]) for end in ("start_frame", "end_frame"))
    assert gaps_between(starts, ends, 5) == ((90, 120),)


@given(st.floats(0.2, 5), st.floats(0, 800), st.floats(1.01, 3), st.booleans())
def test_that_zooming_keeps_the_frame_under_the_pointer_while_there_is_room(scale, x, factor, closer):
    axis = Axis(5000, HEAD, 800, 1500.0, scale).kept_inside()
    x += HEAD
    zoomed = axis.zoomed(factor if closer else 1 / factor, x)
    free = 0 < zoomed.first < 5000 - zoomed.width / zoomed.px_per_frame
    if free:
        assert zoomed.frame(x) == pytest.approx(axis.frame(x), abs=1e-6)
    assert zoomed.first >= 0
    assert zoomed.last <= 5000 + 1e-6 or zoomed.first == 0


# ---- made anew at the cost of what changed ----


def same(one, other) -> None:
    """Two contents that would be painted alike."""
    assert [each.actor for each in one.tracks] == [each.actor for each in other.tracks]
    for mine, its in zip(one.tracks, other.tracks, strict=True):
        assert (mine.name, mine.ids) == (its.name, its.ids)
        for name in ("starts", "ends", "labels", "rows", "drafts"):
            assert getattr(mine, name).tolist() == getattr(its, name).tolist(), name
    marks = [
        sorted(zip(each.frames.tolist(), each.segments, each.labels.tolist(), each.missing.tolist(), strict=True))
        for each in (one.poses, other.poses)
    ]
    assert marks[0] == marks[1]
    assert np.all(np.diff(one.poses.frames) >= 0)
    assert one.gaps == other.gaps
    assert one.labels == other.labels


@given(st.data())
def test_that_contents_changed_edit_by_edit_are_those_made_at_once(data):
    count = data.draw(st.integers(1, 30))
    people = data.draw(st.sampled_from([(), ("Ada",), ("Ada", "Tom")]))
    spans = [
        (
            f"s{at}",
            at % 3,
            at * 25 + data.draw(st.integers(0, 20)),
            at * 25 + 45 + 7 * (at % 4),
            *(people and (people[at % len(people)],)),
        )
        for at in range(count)
    ]
    project, clip = a_project(spans, [(f"s{at}", at * 25 + 30) for at in range(0, count, 2)], actors=people)
    maker, time = ContentsMaker(), ClipTime(1000, 25.0)
    same(maker.of(project, clip, time), contents_of(project, clip, time))
    for _ in range(data.draw(st.integers(1, 6))):
        clip = project.clips["clip"]
        if not clip.segments:
            break
        one = data.draw(st.sampled_from(clip.segments))
        match data.draw(st.sampled_from(["move", "delete", "label", "pose", "unpose", "mark", "actor", "split"])):
            case "move":
                start = data.draw(st.integers(0, 900))
                long = data.draw(st.integers(1, 300))
                project = edits.move_ends(project, "clip", one.id, start_frame=start, end_frame=start + long)
            case "delete":
                project = edits.delete_segments(project, "clip", one.id)
            case "label":
                project = edits.change_segment(project, "clip", one.id, action=data.draw(st.sampled_from(NAMES)))
            case "pose":
                at = data.draw(st.integers(0, 999))
                source = data.draw(st.sampled_from([BY_HAND, "draft: forecast by run"]))
                identity = FrameIdentity(pts=at)
                project = edits.set_pose(project, "clip", one.id, at, identity, author="Ines", source=source)
            case "unpose":
                project = edits.remove_pose(project, "clip", one.id)
            case "mark":
                start = data.draw(st.integers(0, 900))
                actor = data.draw(st.sampled_from(["", *people]))
                project, _ = edits.mark_segment(project, "clip", "cut", start, start + 9, author="Ines", actor=actor)
            case "actor":
                actor = data.draw(st.sampled_from(["", *people]))
                project = edits.change_segment(project, "clip", one.id, actor=actor)
            case "split" if one.end_frame - one.start_frame > 1:
                project, _ = edits.split_segment(project, "clip", one.id, one.start_frame + 1, author="Ines")
        same(maker.of(project, project.clips["clip"], time), contents_of(project, project.clips["clip"], time))


# ---- what a drag does ----


@given(st.integers(-50, 1100))
def test_that_a_shared_end_moves_both_neighbours_and_neither_vanishes(frame):
    both = contents([("a", 0, 100, 200), ("b", 1, 200, 300)])
    spans = {name: (start, end) for name, start, end in EndDrag("a", "end").outcome(both, frame).spans}
    assert spans["a"][1] == spans["b"][0]
    assert spans["a"][0] == 100
    assert spans["b"][1] == 300
    assert spans["a"][0] < spans["a"][1] < 300


def test_that_an_end_dragged_alone_leaves_its_neighbour():
    both = contents([("a", 0, 100, 200), ("b", 1, 200, 300)])
    assert EndDrag("a", "end", alone=True).outcome(both, 150).spans == (("a", 100, 150),)


@given(st.integers(-2000, 2000))
def test_that_moved_segments_keep_their_lengths_and_stay_in_the_clip(by):
    three = contents([("a", 0, 100, 200), ("b", 1, 300, 350), ("c", 2, 900, 1000)])
    spans = MoveDrag(("a", "b"), 150).outcome(three, 150 + by).spans
    assert [end - start for _, start, end in spans] == [100, 50]
    assert spans[1][1] - spans[0][1] == 200
    assert all(start >= 0 and end <= 1000 for _, start, end in spans)


def test_that_an_end_is_caught_by_a_pose_a_neighbour_and_the_playhead_but_not_from_afar():
    some = contents([("a", 0, 100, 200), ("b", 1, 300, 400)], [("b", 350)])
    targets = snap_targets(some, 250, ("a",))
    for wish, caught in ((248, 250), (303, 300), (347, 350)):
        outcome = dragged(EndDrag("a", "end"), some, wish, targets, 5)
        assert (outcome.spans[0][2], outcome.snapped) == (caught, caught)
    free = dragged(EndDrag("a", "end"), some, 270, targets, 5)
    assert (free.spans[0][2], free.snapped) == (270, None)


def test_that_either_end_of_a_moved_segment_may_be_caught():
    some = contents([("a", 0, 100, 200), ("b", 1, 300, 400)])
    targets = snap_targets(some, 0, ("a",))
    outcome = dragged(MoveDrag(("a",), 150), some, 150 + 97, targets, 5)
    assert outcome.spans == (("a", 200, 300),)
    assert outcome.snapped == 300


def test_that_a_pose_stays_inside_the_clip():
    some = contents([("a", 0, 100, 200)], [("a", 150)])
    assert PoseDrag("a").outcome(some, 5000).pose == ("a", 999)


# ---- the widget ----


@pytest.fixture
def timeline(qtbot):
    made = Timeline()
    made.resize(HEAD + 1000 + 6, 240)
    made.show_contents(contents([("a", 0, 100, 200), ("b", 1, 200, 300), ("c", 2, 500, 700)], [("a", 150)]))
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()


def at(timeline: Timeline, frame: float, kind: str = "segments") -> QPointF:
    row = next(each for each in timeline.scene.rows() if each.kind == kind)
    return QPointF(timeline.scene.axis.x(frame), row.top + row.height / 2)


def drag(timeline: Timeline, start: QPointF, end: QPointF, *, let_go=True, modifier=Qt.KeyboardModifier.NoModifier):
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(timeline, left, modifier, start.toPoint())
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(timeline, (start + (end - start) * share).toPoint())
        QApplication.processEvents()
    if let_go:
        QTest.mouseRelease(timeline, left, modifier, end.toPoint())


def test_that_a_drag_of_an_end_is_one_wish_on_release_and_shows_its_frame_meanwhile(timeline, qtbot):
    timeline.snapping = False
    told, previews = [], []
    timeline.spans_moved.connect(lambda spans, what: told.append((spans, what)))
    timeline.preview_wanted.connect(previews.append)
    drag(timeline, at(timeline, 698), at(timeline, 801))
    assert [what for _, what in told] == ["end"]
    ((name, start, end),) = told[0][0]
    assert (name, start) == ("c", 500)
    assert abs(end - 801) <= 2
    assert previews[-1] == -1
    assert max(previews) >= 795


def test_that_escape_gives_a_drag_back(timeline, qtbot):
    told = []
    timeline.spans_moved.connect(lambda *_: told.append(1))
    start = at(timeline, 600)
    drag(timeline, start, at(timeline, 800), let_go=False)
    assert timeline.pointer.is_dragging
    QTest.keyClick(timeline, Qt.Key.Key_Escape)
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start.toPoint())
    assert not told
    assert timeline.scene.outcome is None


def test_that_a_drag_snaps_to_another_segments_end(timeline):
    told = []
    timeline.spans_moved.connect(lambda spans, _: told.extend(spans))
    drag(timeline, at(timeline, 502), at(timeline, 305))
    assert told == [("c", 300, 700)]


def test_that_the_ruler_scrubs(timeline, qtbot):
    told = []
    timeline.playhead_wanted.connect(told.append)
    axis = timeline.scene.axis
    drag(timeline, QPointF(axis.x(100), RULER / 2), QPointF(axis.x(400), RULER / 2))
    assert told[0] in range(98, 103)
    assert told[-1] in range(398, 403)
    assert told == sorted(told)


def test_that_clicks_choose_add_and_clear(timeline):
    left, control = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
    QTest.mouseClick(timeline, left, pos=at(timeline, 150).toPoint())
    assert timeline.chosen == {"a"}
    QTest.mouseClick(timeline, left, control, at(timeline, 600).toPoint())
    assert timeline.chosen == {"a", "c"}
    QTest.mouseClick(timeline, left, pos=at(timeline, 400).toPoint())
    assert timeline.chosen == set()
    drag(timeline, at(timeline, 450), at(timeline, 180))
    assert timeline.chosen == {"a", "b"}


def test_that_a_pose_can_be_dragged_and_a_missing_one_is_gone_to(timeline, qtbot):
    moved, missing = [], []
    timeline.snapping = False
    timeline.pose_moved.connect(lambda *each: moved.append(each))
    timeline.missing_clicked.connect(missing.append)
    drag(timeline, at(timeline, 150.5, "poses"), at(timeline, 180.5, "poses"))
    assert [each[0] for each in moved] == ["a"]
    assert abs(moved[0][1] - 180) <= 1
    QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=at(timeline, 600.5, "poses").toPoint())
    assert missing == ["c"]


def test_that_nothing_can_be_dragged_in_a_project_open_for_reading(timeline):
    told = []
    timeline.spans_moved.connect(lambda *_: told.append(1))
    timeline.editable = False
    drag(timeline, at(timeline, 698), at(timeline, 801))
    assert not told
    assert timeline.chosen == {"c"}


def test_that_the_pointer_says_what_a_drag_would_do(timeline):
    for frame, shape in ((699, Qt.CursorShape.SizeHorCursor), (600, Qt.CursorShape.ArrowCursor)):
        QTest.mouseMove(timeline, at(timeline, frame).toPoint())
        QApplication.processEvents()
        assert timeline.pointer.cursor(at(timeline, frame)) == shape


def test_that_a_clip_that_changes_under_a_drag_takes_the_drag_away(timeline):
    drag(timeline, at(timeline, 600), at(timeline, 800), let_go=False)
    timeline.show_contents(contents([("a", 0, 100, 200)]))
    assert not timeline.pointer.is_down
    assert timeline.scene.outcome is None


def test_that_a_playing_view_turns_the_page_in_its_last_tenth_and_does_not_glide(timeline):
    timeline.show_stretch(100, 300)
    first = timeline.scene.axis.first
    axis = timeline.scene.axis
    timeline.show_playhead(int(axis.first + 0.8 * (axis.last - axis.first)), playing=True)
    assert timeline.scene.axis.first == first
    frame = int(axis.first + 0.95 * (axis.last - axis.first))
    timeline.show_playhead(frame, playing=True)
    turned = timeline.scene.axis
    assert turned.first > first
    assert (frame - turned.first) / (turned.last - turned.first) == pytest.approx(0.1, abs=0.01)


def test_that_the_playhead_is_the_only_red_line_and_stands_at_its_frame(timeline):
    timeline.show_playhead(350)
    picture = timeline.grab().toImage()
    red = QColor(theme.now().playhead)
    y = timeline.height() - int(FOOT) - 6
    found = [
        x
        for x in range(HEAD, picture.width())
        if QColor(picture.pixel(x, y)).lightness() and _close(picture, x, y, red)
    ]
    assert found
    assert abs(np.mean(found) - timeline.scene.axis.x(350)) <= 1.5


def _close(picture, x, y, colour) -> bool:
    seen = QColor(picture.pixel(x, y))
    apart = (seen.red() - colour.red(), seen.green() - colour.green(), seen.blue() - colour.blue())
    return max(abs(each) for each in apart) < 60


def test_that_a_screen_reader_hears_every_item_of_a_short_timeline(timeline):
    timeline_accessible.install()
    interface = QAccessible.queryAccessibleInterface(timeline)
    said = [interface.child(n).text(QAccessible.Text.Name) for n in range(interface.childCount())]
    assert said == [
        "cut, 0:04.00 to 0:08.00, has its pose, segment 1 of 3",
        "wash, 0:08.00 to 0:12.00, has no pose yet, segment 2 of 3",
        "peel, 0:20.00 to 0:28.00, has no pose yet, segment 3 of 3",
    ]


def test_that_a_screen_reader_hears_what_is_suggested_and_what_the_curves_say(timeline):
    timeline_accessible.install()
    timeline.resize(timeline.width(), 320)
    marks = SuggestionMarks(("a", "c"), np.array([120, 600]), np.array([0.81, 0.4]), ("arms far out", ""), 0)
    timeline.show_suggestions(marks)
    speeds = np.stack([np.full(1000, 1.25), np.full(1000, np.nan)], axis=1).astype(np.float32)
    timeline.show_scene(replace(timeline.scene, speed=HandSpeed(speeds)))
    interface = QAccessible.queryAccessibleInterface(timeline)
    said = [interface.child(n).text(QAccessible.Text.Name) for n in range(interface.childCount())]
    assert said[3:] == [
        "suggested pose of cut, 0:04.80, 81 %, arms far out",
        "suggested pose of peel, 0:24.00, 40 %",
        "Hand speed, left blue, right orange, up to 1.2 torso lengths/s; "
        "here left hand 1.2, right hand not seen torso lengths/s",
    ]
    assert all(interface.indexOfChild(interface.child(n)) == n for n in range(interface.childCount()))


# ---- drags that take others along ----


def test_that_a_drag_with_control_of_an_end_wishes_a_ripple_and_shows_what_comes_along(timeline):
    told = []
    timeline.snapping = False
    timeline.rippled.connect(lambda *each: told.append(each))
    control = Qt.KeyboardModifier.ControlModifier
    drag(timeline, at(timeline, 199), at(timeline, 250), let_go=False, modifier=control)
    outcome = timeline.scene.outcome
    assert outcome.behind.count == 2
    assert outcome.spans[0][:2] == ("a", 100)
    by = outcome.by
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, control, at(timeline, 250).toPoint())
    assert told == [("a", "end", 200 + by)]
    assert abs(by - 51) <= 2


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), min_size=1, max_size=8), st.data())
def test_that_a_ripple_drag_lands_on_frames_keeps_every_gap_behind_and_stays_in_the_clip(pieces, data):
    spans, reached = [], 0
    for number, (gap, long) in enumerate(pieces):
        spans.append((f"s{number}", number % 3, reached + gap, reached + gap + long))
        reached += gap + long
    some = contents(spans)
    segment = data.draw(st.sampled_from(spans))
    end = data.draw(st.sampled_from(("start", "end")))
    held = ripple_drag(some, segment[0], end)
    assert held is not None
    wish = data.draw(st.floats(-300, 1500))
    outcome = dragged(held, some, wish, [0, 1000], 4.0)
    assert isinstance(outcome.by, int)
    (name, start, stop) = outcome.spans[0]
    assert 0 <= start < stop <= 1000
    track = some.tracks[0]
    moved = track.ends[held.behind.segments] + outcome.by
    assert not len(moved) or int(moved.max()) <= 1000
    assert (stop - segment[3] if end == "end" else start - segment[2]) == outcome.by
    assert name == segment[0]


@given(st.data())
def test_that_every_drag_lands_on_frames_inside_the_clip(data):
    some = contents([("a", 0, 100, 200), ("b", 1, 200, 300), ("c", 2, 500, 700)], [("a", 150)])
    held = data.draw(
        st.sampled_from(
            [EndDrag("a", "end"), EndDrag("b", "start", alone=True), MoveDrag(("a", "c"), 150), PoseDrag("a"),
             CopyDrag(("b",), 210), ripple_drag(some, "b", "end"), ripple_drag(some, "a", "start")]
        )
    )  # fmt: skip
    outcome = dragged(
        held, some, data.draw(st.floats(-500, 1500)), snap_targets(some, 333, ()), data.draw(st.floats(0, 9))
    )
    for _, start, end in outcome.spans:
        assert isinstance(start, int)
        assert isinstance(end, int)
        assert 0 <= start < end <= 1000
    if outcome.pose is not None:
        assert 0 <= outcome.pose[1] < 1000
    assert 0 <= outcome.frame < 1000


def test_that_a_drag_with_alt_wishes_copies_and_leaves_the_segment_where_it_is(timeline):
    copies, moves = [], []
    timeline.snapping = False
    timeline.spans_copied.connect(copies.append)
    timeline.spans_moved.connect(lambda *each: moves.append(each))
    drag(timeline, at(timeline, 600), at(timeline, 850), modifier=Qt.KeyboardModifier.AltModifier)
    (((name, start, end),),) = copies
    assert (name, end - start) == ("c", 200)
    assert abs(start - 750) <= 2
    assert not moves


def test_that_a_click_on_an_end_with_control_adds_it_and_a_click_on_one_of_many_chooses_it_alone(timeline):
    left, control = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
    QTest.mouseClick(timeline, left, pos=at(timeline, 150).toPoint())
    QTest.mouseClick(timeline, left, control, at(timeline, 699).toPoint())
    assert timeline.chosen == {"a", "c"}
    QTest.mouseClick(timeline, left, pos=at(timeline, 600).toPoint())
    assert timeline.chosen == {"c"}


# ---- rows ----


def test_that_nobodys_segments_are_dragged_while_they_are_locked_and_it_is_said(timeline):
    told, refused = [], []
    timeline.spans_moved.connect(lambda *_: told.append(1))
    timeline.refused.connect(refused.append)
    timeline.arrange(timeline.scene.arrangement.locking("person:", on=True))
    drag(timeline, at(timeline, 600), at(timeline, 800))
    assert not told
    assert timeline.chosen == {"c"}
    assert refused == ["Actions is locked: open the lock at the left to change it"]
    timeline.arrange(timeline.scene.arrangement.locking("person:", on=False))
    drag(timeline, at(timeline, 600), at(timeline, 800))
    assert told


def test_that_a_head_that_is_dragged_puts_its_row_elsewhere_and_a_hidden_row_comes_back(timeline):
    def kinds():
        return [each.kind for each in timeline.scene.rows()]

    assert kinds() == ["segments", "poses"]
    rows = timeline.scene.rows()
    start, end = QPointF(50, rows[0].top + 10), QPointF(50, rows[1].bottom - 1)
    drag(timeline, start, end)
    assert kinds() == ["poses", "segments"]
    key = next(each.key for each in timeline.scene.rows() if each.kind == "poses")
    row = timeline.scene.rows()[0]
    eye = tool_rect(timeline.scene, row, 1).center()
    QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=eye.toPoint())
    assert kinds() == ["segments"]
    timeline.arrange(timeline.scene.arrangement.hiding(key, on=False))
    assert kinds() == ["poses", "segments"]


@given(st.permutations(["frames", "person:Ada", "poses", "suggestions", "confidence", "speed"]), st.data())
def test_that_a_row_nobody_placed_follows_the_one_it_usually_follows(order, data):
    known = data.draw(st.lists(st.sampled_from(order), unique=True))
    usual = ["frames", "person:Ada", "poses", "suggestions", "confidence", "speed"]
    wishes = [Wish("poses", each, each, 20.0) for each in usual]
    made = [each.key for each in Arrangement(order=tuple(known)).sorted(wishes)]
    assert sorted(made) == sorted(usual)
    assert [each for each in made if each in known] == known
    for each in set(usual) - set(known):
        before = usual.index(each) - 1
        if before >= 0:
            assert made.index(usual[before]) < made.index(each)


def test_that_rows_which_do_not_fit_are_scrolled_to_and_all_overlapping_segments_can_be_reached(timeline):
    many = [(f"s{number}", number % 3, 100 + 10 * number, 400) for number in range(6)]
    timeline.show_contents(contents(many))
    timeline.resize(timeline.width(), 150)
    assert timeline.scene.most_scroll > 0
    timeline.show_scene(timeline.scene.scrolled(10_000))
    assert timeline.scene.scroll == timeline.scene.most_scroll
    seen = set()
    for scroll in np.linspace(0, timeline.scene.most_scroll, 12):
        timeline.show_scene(replace(timeline.scene, scroll=float(scroll)))
        for y in range(int(RULER), timeline.scene.bottom):
            hit = timeline.scene.hit(QPointF(timeline.scene.axis.x(300), y))
            seen |= {hit.segment} if hit is not None and hit.part != "missing" else set()
    assert seen == {f"s{number}" for number in range(6)}


def test_that_a_segment_chosen_by_keys_is_scrolled_to_and_one_in_view_stays_where_it_is(timeline):
    many = [(f"s{number}", 0, 100, 400 + number) for number in range(12)]
    timeline.show_contents(contents(many))
    timeline.resize(timeline.width(), 150)
    places = {each: timeline.scene.segment_rect(each) for each, *_ in many}
    order = sorted(places, key=lambda each: places[each].top())
    for name in (order[-1], order[0], order[5]):
        timeline.choose(frozenset({name}))
        rect = timeline.scene.segment_rect(name)
        assert rect.top() >= RULER
        assert rect.bottom() <= timeline.scene.bottom
    scroll = timeline.scene.scroll
    timeline.choose(frozenset())
    timeline.choose(frozenset({order[5]}))
    assert timeline.scene.scroll == scroll


def test_that_a_segment_of_a_hidden_person_lies_nowhere_even_where_a_forecast_has_a_row(timeline):
    timeline.show_contents(contents([("s0", 0, 100, 400)]))
    timeline.show_scene(replace(timeline.scene, lanes=(Lane("run", "run", 0),)))
    key = next(each.key for each in timeline.scene.rows() if each.kind == "segments")
    assert not timeline.scene.segment_rect("s0").isNull()
    timeline.arrange(timeline.scene.arrangement.hiding(key, on=True))
    assert [each.kind for each in timeline.scene.rows() if each.track == 0] == ["forecast"]
    assert timeline.scene.segment_rect("s0").isNull()


def test_that_a_pinch_zooms_where_the_fingers_are(timeline):
    x = timeline.scene.axis.x(400)
    touchpad = QPointingDevice.primaryPointingDevice()
    kind = Qt.NativeGestureType.ZoomNativeGesture
    place = QPointF(x, 60)
    event = QNativeGestureEvent(kind, touchpad, 2, place, place, place, 0.5, QPointF())
    QApplication.sendEvent(timeline, event)
    axis = timeline.scene.axis
    assert axis.px_per_frame == pytest.approx(axis.whole * 1.5, rel=1e-3)
    assert axis.frame(x) == pytest.approx(400, abs=0.5)


# ---- curves ----


@given(
    st.lists(st.floats(0, 1, width=32) | st.just(float("nan")), min_size=1, max_size=300),
    st.floats(0.3, 80),
    st.integers(0, 200),
)
def test_that_a_pyramid_says_at_least_what_every_column_holds_and_nothing_that_is_not_there(values, each, first):
    curve = np.array(values, dtype=np.float32)
    edges = np.arange(min(first, len(curve) - 1), len(curve) + 1e-9, each)
    if len(edges) < 2:
        return
    low, high = MinMax(curve).columns(edges)
    for column, (start, stop) in enumerate(itertools.pairwise(edges)):
        inside = curve[int(start) : max(int(stop), int(start) + 1)]
        known = inside[np.isfinite(inside)]
        if len(known):
            assert low[column] <= known.min()
            assert high[column] >= known.max()
    finite = curve[np.isfinite(curve)]
    if len(finite):
        assert np.nanmin([finite.min(), *low[np.isfinite(low)]]) == finite.min()
        assert np.nanmax([finite.max(), *high[np.isfinite(high)]]) == finite.max()


def test_that_legs_nobody_sees_leave_the_joints_of_a_pose_as_sure_as_they_are():
    sure = np.ones((40, 2, len(COCO_17.joints)), dtype=np.float32)
    legs = [place for place, name in enumerate(COCO_17.joints) if name.endswith(("knee", "ankle"))]
    assert len(legs) == 4
    sure[:, :, legs] = 0.3
    arm = [place for place, name in enumerate(COCO_17.joints) if name.startswith("left_") and "wrist" in name]
    sure[10:20, 1, arm] = 0.1
    poses = Poses2d(COCO_17, np.zeros((*sure.shape, 2), dtype=np.float32), sure)
    np.testing.assert_allclose(confidence_of(poses, 0), 1.0)
    of_other = confidence_of(poses, 1)
    np.testing.assert_allclose(of_other[[*range(10), *range(20, 40)]], 1.0)
    np.testing.assert_allclose(of_other[10:20], (8 + 0.1) / 9, rtol=1e-5)


def test_that_a_hand_that_crosses_two_torsos_in_a_second_is_twice_as_fast_whatever_the_scale():
    frames, rate = 60, 20.0
    for scale in (40.0, 160.0):
        joints = np.zeros((frames, 1, len(UPPER_BODY_9.joints), 2), dtype=np.float32)
        at_joint = {name: place for place, name in enumerate(UPPER_BODY_9.joints)}
        joints[:, 0, at_joint["hip"], 1] = scale
        joints[:, 0, at_joint["left_hand"], 0] = np.arange(frames) * 2 * scale / rate
        sure = np.ones(joints.shape[:3], dtype=np.float32)
        sure[30:35, 0, at_joint["left_hand"]] = 0.0
        found = hand_speed(Poses2d(UPPER_BODY_9, joints, sure), 0, ClipTime(frames, rate))
        assert found is not None
        left, right = found.values[:, 0], found.values[:, 1]
        assert np.isnan(left[[0, *range(30, 36)]]).all()
        assert np.isfinite(left[1:30]).all()
        np.testing.assert_allclose(left[1:30], 2.0, rtol=1e-4)
        np.testing.assert_allclose(right[1:], 0.0, atol=1e-6)


@given(st.sampled_from(["wash", "iron", "mmm", "reach for the very large casserole", "x"]), st.floats(4, 200))
def test_that_no_segment_says_three_dots_alone_and_a_wide_one_says_its_name(qapp, name, width):
    for key in ("", "4", "Alt+4"):
        label = LabelLook(name, key, "#9AAA84", 2)
        room = width - 12
        said = paint.said_on(label, width, room, 11.0)
        assert said in {"", name, key, name[:2], name[:1]}
        wide = painting.words_width(said, 11.0, 600)
        if said and said != name:
            assert wide <= room  # whole, so nothing of it is left out
        if said == name and wide > room:
            assert painting.words_width(f"{name[:2]}…", 11.0, 600) <= room
        if width >= paint.NAMED_PX and painting.words_width(name, 11.0, 600) <= room:
            assert said == name
        if width < paint.NAMED_PX and key and painting.words_width(key, 11.0, 600) <= room:
            assert said == key

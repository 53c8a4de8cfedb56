"""The picture and where its frames come from: the right frame, soon, without ever stopping the window."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from core.bodies.skeletons import BLAZEPOSE_33, UPPER_BODY_9
from core.motion import Poses2d
from core.project.annotations import FrameIdentity, VideoFile
from core.video import frame_luma, open_video, same_frame, write_video
from core.video.proxy import make_proxy
from studio import theme
from studio.widgets.clip_time import ClipTime
from studio.widgets.frame_compare import picture_of
from studio.widgets.frame_source import FrameSource
from studio.widgets.identity_check import IdentityCheck
from studio.widgets.people_overlay import Person, people_at
from studio.widgets.picture_framing import Framing
from studio.widgets.player import Player
from studio.widgets.video_view import Headline, VideoView, _caption_rect


def a_video(path: Path, frames=60, width=320, height=180, shade=lambda number: 10 + 3 * number) -> Path:
    """Each frame is one grey of its own, with a white block that keeps it from being flat."""
    with write_video(path, 25.0, width, height, 12) as out:
        for number in range(frames):
            picture = np.full((height, width, 3), shade(number) % 240, np.uint8)
            picture[:20, :40] = 250
            out.add(picture)
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    return a_video(tmp_path_factory.mktemp("video") / "grey.mp4")


def shade_of(image: QImage) -> int:
    return QColor(image.pixel(image.width() // 2, image.height() // 2)).red()


@pytest.fixture
def source(qtbot):
    made = FrameSource()
    yield made
    made.close(wait=True)
    assert not [each for each in threading.enumerate() if each.name.startswith("frames of")]


# ---- frames ----


def test_that_every_frame_that_is_wished_for_comes_and_is_the_right_one(source, qtbot, video):
    with qtbot.waitSignal(source.opened, timeout=30_000) as told:
        source.open(video)
    clock: ClipTime = told.args[0]
    assert clock.frame_count == 60
    assert clock.seconds(25) == pytest.approx(1.0)
    for number in (0, 41, 7, 8, 59):
        with qtbot.waitSignal(source.arrived, timeout=30_000) as told:
            source.want(number)
        assert told.args[0].number == number
        assert abs(shade_of(told.args[0].image) - (10 + 3 * number)) <= 3


def test_that_the_newest_wish_wins_and_older_ones_are_dropped(source, qtbot, video):
    came = []
    source.arrived.connect(lambda frame: came.append(frame.number))
    source.open(video)
    for number in range(50):
        source.want(number)
    qtbot.waitUntil(lambda: bool(came) and came[-1] == 49, timeout=30_000)
    assert len(came) < 25
    assert came == sorted(came)


def test_that_frames_of_another_clip_no_longer_arrive(source, qtbot, video, tmp_path):
    other = a_video(tmp_path / "bright.mp4", 20, shade=lambda _: 200)
    came = []
    source.arrived.connect(lambda frame: came.append(shade_of(frame.image)))
    source.open(video)
    source.want(3)
    source.open(other)
    source.want(3)
    qtbot.waitUntil(lambda: source.is_settled() and bool(came), timeout=30_000)
    qtbot.wait(50)
    assert all(abs(each - 200) <= 3 for each in came)


def test_that_a_frame_is_made_no_larger_than_it_is_shown(source, qtbot, video):
    source.open(video)
    with qtbot.waitSignal(source.arrived, timeout=30_000) as told:
        source.want(5, 200)
    assert told.args[0].image.width() == 200
    with qtbot.waitSignal(source.arrived, timeout=30_000) as told:
        source.want(5, 4000)
    assert told.args[0].image.width() == 320


def test_that_a_file_that_is_no_video_is_said_in_words(source, qtbot, tmp_path):
    wrong = tmp_path / "notes.mp4"
    wrong.write_bytes(b"no video " * 200)
    with qtbot.waitSignal(source.failed, timeout=30_000) as told:
        source.open(wrong)
    assert "notes.mp4" in told.args[0]


def test_that_a_frame_is_identified_as_its_file_has_it(source, qtbot, video):
    source.open(video)
    with qtbot.waitSignal(source.identified, timeout=30_000) as told:
        source.identify(17)
    number, identity = told.args
    with open_video(video) as opened:
        assert (number, identity.pts) == (17, opened.pts(17))
        assert same_frame(identity.luma, frame_luma(opened.frame(17)))
    with qtbot.waitSignal(source.identified, timeout=30_000) as told:
        source.identify(4000)
    assert told.args == [4000, None]


@pytest.mark.slow
def test_that_scrubbing_through_a_large_video_never_stops_the_window(source, qtbot, shared_data):
    view = VideoView()
    qtbot.addWidget(view)
    view.resize(900, 500)
    view.show()
    source.arrived.connect(lambda frame: view.show_image(frame.image))
    gaps: list[float] = []
    last = time.thread_time()

    def beat():
        nonlocal last
        now = time.thread_time()
        gaps.append(now - last)
        last = now

    heart = QTimer(interval=4)
    heart.timeout.connect(beat)
    with qtbot.waitSignal(source.opened, timeout=20_000):
        source.open(shared_data / "videos" / "sports2d_demo.mp4")
    heart.start()
    last = time.thread_time()
    for number in np.random.default_rng(1).integers(0, 230, 60).tolist():
        source.want(number, view.wished_px)
        qtbot.wait(20)
    heart.stop()
    view.close()
    # What the window itself was busy with never lasts: processor time of its own thread, far from what a decoder takes.
    assert max(gaps) < 0.5


# ---- is it the same video ----


def facts_of(path: Path) -> VideoFile:
    with open_video(path) as opened:
        return VideoFile(**opened.facts()._asdict())


def identity_of(path: Path, frame: int) -> FrameIdentity:
    with open_video(path) as opened:
        return FrameIdentity(pts=opened.pts(frame), luma=frame_luma(opened.frame(frame)))


@pytest.fixture
def check(qtbot):
    made = IdentityCheck()
    yield made
    made.stop(wait=True)


def verdict_of(check, qtbot, path, noted, marks):
    with qtbot.waitSignal(check.found, timeout=30_000) as told:
        check.start(path, noted, marks, 40)
    return told.args[0]


def test_that_the_same_file_is_known_again(check, qtbot, video):
    verdict = verdict_of(check, qtbot, video, facts_of(video), [(9, identity_of(video, 9))])
    assert verdict.is_same_file
    assert (verdict.compared, verdict.different, verdict.late) == (1, (), ())


def test_that_a_copy_encoded_anew_has_the_same_frames(check, qtbot, video, tmp_path):
    copy = tmp_path / "copy.mp4"
    with open_video(video) as opened, write_video(copy, 25.0, 320, 180, 8) as out:
        for number in range(len(opened)):
            out.add(opened.frame(number))
    verdict = verdict_of(
        check, qtbot, copy, facts_of(video), [(9, identity_of(video, 9)), (30, identity_of(video, 30))]
    )
    assert not verdict.is_same_file
    assert (verdict.compared, verdict.different) == (2, ())


def test_that_a_swapped_video_is_noticed_by_its_frames_and_a_shorter_one_by_its_end(check, qtbot, video, tmp_path):
    swapped = a_video(tmp_path / "other.mp4", 20, shade=lambda number: 200 - 5 * number)
    marks = [(9, identity_of(video, 9)), (45, identity_of(video, 45))]
    verdict = verdict_of(check, qtbot, swapped, facts_of(video), marks)
    assert (verdict.frame_count, verdict.different, verdict.late) == (20, (9,), (45,))
    assert not picture_of(verdict.now[0]).isNull()


def test_that_with_a_light_copy_thumbnails_are_of_every_eighth_frame(check, qtbot, video, tmp_path, monkeypatch):
    monkeypatch.setenv("POSECAST_LIGHT_COPIES", str(tmp_path))
    list(make_proxy(video, tmp_path))
    came = {}
    check.thumbnail.connect(lambda frame, image: came.update({frame: shade_of(image)}))
    check.start(video, facts_of(video), [], 24)
    check.want_thumbnails([5, 30, 31, 55])
    qtbot.waitUntil(lambda: len(came) == 3 and check.is_settled(), timeout=30_000)
    assert sorted(came) == [0, 24, 48]
    assert all(abs(shade - (10 + 3 * frame)) <= 4 for frame, shade in came.items())


def test_that_thumbnails_are_small_pictures_of_keyframes(check, qtbot, video):
    verdict_of(check, qtbot, video, facts_of(video), [])
    with qtbot.waitSignal(check.thumbnail, timeout=30_000) as told:
        check.want_thumbnails([55])
    frame, image = told.args
    assert frame <= 55
    assert image.height() == 40
    assert abs(shade_of(image) - (10 + 3 * frame)) <= 4


# ---- the view ----


@given(
    st.integers(100, 2000),
    st.integers(80, 1200),
    st.floats(1.01, 6),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_that_zooming_in_keeps_what_is_under_the_pointer_and_never_shows_empty_ground(wide, high, factor, right, down):
    framing = Framing().of_video(1280, 720).in_view(wide, high)
    seen = framing.seen
    at = QPointF(seen.left() + right * seen.width(), seen.top() + down * seen.height())
    closer = framing.zoomed(factor, at)
    for side in ("width", "height"):
        room = getattr(closer, f"view_{side}")
        assert getattr(closer.seen, side)() == pytest.approx(min(room, getattr(closer.picture, side)()), abs=1e-6)

    def place(which, point):
        return ((point.x() - which.picture.left()) / which.scale, (point.y() - which.picture.top()) / which.scale)

    if closer.picture.width() >= wide and framing.picture.width() >= wide - 1e-9:
        assert place(closer, at)[0] == pytest.approx(place(framing, at)[0], abs=1e-6)
    if closer.picture.height() >= high and framing.picture.height() >= high - 1e-9:
        assert place(closer, at)[1] == pytest.approx(place(framing, at)[1], abs=1e-6)


@pytest.fixture
def view(qtbot):
    made = VideoView()
    qtbot.addWidget(made)
    made.resize(640, 360)
    made.show_video_size(1280, 720)
    image = QImage(1280, 720, QImage.Format.Format_RGB32)
    image.fill(QColor("#406080"))
    made.show_image(image)
    made.show()
    yield made
    made.close()


def wheel(view, notches, modifiers=Qt.KeyboardModifier.NoModifier):
    at = QPointF(view.width() / 2, view.height() / 2)
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def test_that_the_wheel_steps_a_frame_and_with_control_zooms(view):
    steps = []
    view.stepped.connect(steps.append)
    wheel(view, 1)
    wheel(view, -1)
    for _ in range(4):
        wheel(view, -0.25)
    assert steps == [-1, 1, 1]
    wheel(view, 2, Qt.KeyboardModifier.ControlModifier)
    assert view.framing.zoom == pytest.approx(1.25**2)
    assert steps == [-1, 1, 1]


def focused() -> QWidget:
    """Where typing goes."""
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def test_that_a_click_on_the_time_asks_for_one_and_escape_leaves_it(view, qtbot):
    typed = []
    view.time_typed.connect(typed.append)
    view.show_caption("0:01.00   frame 25")
    on_it = _caption_rect(view.framing, view._caption).center().toPoint()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=on_it)
    QTest.keyClicks(focused(), "0:02")
    QTest.keyClick(focused(), Qt.Key.Key_Return)
    assert typed == ["0:02"]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=on_it)
    QTest.keyClick(focused(), Qt.Key.Key_Escape)
    assert typed == ["0:02"]


def a_person(confidence=0.9, *, is_actor=True) -> Person:
    joints = np.array([[640 + 40 * (at % 3 - 1), 200 + 30 * at] for at in range(9)], dtype=np.float32)
    return Person("Ines", UPPER_BODY_9, joints, np.full(9, confidence, np.float32), is_actor, 0)


def test_that_joints_lie_where_the_video_has_them_in_the_colours_of_their_sides(view):
    person = a_person()
    view.show_people((person,))
    picture = view.grab().toImage()
    for joint, colour in (("left_hand", theme.DARK.left), ("right_hand", theme.DARK.right)):
        x, y = person.joints_px[UPPER_BODY_9[joint]].tolist()
        seen = QColor(picture.pixel(view.framing.to_view(x, y).toPoint()))
        wanted = QColor(colour)
        apart = (seen.red() - wanted.red(), seen.green() - wanted.green(), seen.blue() - wanted.blue())
        assert max(abs(each) for each in apart) < 12, joint


def test_that_a_doubtful_joint_is_hollow_and_one_not_seen_is_not_drawn(view):
    person = a_person(0.4)
    x, y = person.joints_px[UPPER_BODY_9["left_hand"]].tolist()
    place = view.framing.to_view(x, y).toPoint()
    view.show_people((person,))
    assert QColor(view.grab().toImage().pixel(place)).lightness() < 40
    view.show_people((a_person(0.1),))
    assert QColor(view.grab().toImage().pixel(place)).name() == "#406080"
    view.show_people((a_person(),), with_joints=False)
    assert QColor(view.grab().toImage().pixel(place)).name() == "#406080"


def test_that_people_who_are_not_there_in_a_frame_are_left_out():
    confidence = np.zeros((3, 2, 33), np.float32)
    confidence[1, 1] = 0.9
    poses = Poses2d(BLAZEPOSE_33, np.ones((3, 2, 33, 2), np.float32), confidence)
    assert people_at(poses, 0, {}, 0) == ()
    (person,) = people_at(poses, 1, {1: "Theo"}, 0)
    assert (person.name, person.is_actor, person.track) == ("Theo", False, 1)


def test_that_a_click_on_a_person_says_who(view):
    told = []
    view.person_clicked.connect(told.append)
    view.show_people((a_person(),))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.framing.to_view(640, 320).toPoint())
    assert told == [0]


def test_that_clicks_where_four_people_overlap_go_round_them_from_the_nearest_box(view):
    steps = np.random.default_rng(1).uniform(-1, 1, (9, 2))
    people = [
        Person("", UPPER_BODY_9, (np.array([640, 320]) + wide * steps).astype(np.float32), np.ones(9), False, track)
        for track, wide in enumerate((200.0, 60.0, 120.0, 30.0))
    ]
    told: list[int] = []
    view.person_clicked.connect(told.append)
    at = view.framing.to_view(640, 320).toPoint()
    for _ in range(5):
        actor = told[-1] if told else -1
        view.show_people(tuple(replace(each, is_actor=each.track == actor) for each in people))
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)
    assert told == [3, 1, 2, 0, 3]


def test_that_the_headline_stands_in_the_labels_colour(view):
    view.show_headline(Headline("Characteristic pose of  cut", "#70F1A7"))
    assert QColor(view.grab().toImage().pixel(14, 20)).name() == "#70f1a7"


def test_that_waiting_shows_nothing_at_first_and_then_dims_what_is_there(view, qtbot):
    def shade():
        return QColor(view.grab().toImage().pixel(320, 200)).name()

    view.wait_for_frame()
    qtbot.wait(100)
    assert shade() == "#406080"
    qtbot.wait(300)
    assert QColor(shade()).lightness() < QColor("#406080").lightness()
    view.show_image(view.image)
    assert shade() == "#406080"


def test_that_what_there_is_to_say_lies_inside_the_view_and_goes_away(view):
    view.state.say(QLabel("The video has moved"), corner=True)
    assert view.rect().contains(view.state.geometry())
    view.state.clear()
    assert view.state.isHidden()


# ---- playing ----


def test_that_playing_follows_the_videos_own_times_and_skips_what_is_late(qtbot):
    times = np.array([0.0, 0.02, 0.04, 0.14, 0.24, 0.26, 0.28, 0.38])
    player = Player()
    player.show_time(ClipTime(len(times), 25.0, times))
    came: list[tuple[float, int]] = []
    began = time.perf_counter()
    player.frame_due.connect(lambda frame: came.append((time.perf_counter() - began, frame)))
    player.play(1.0)
    qtbot.waitUntil(lambda: not player.is_playing, timeout=30_000)
    assert came[-1][1] == 7
    assert [frame for _, frame in came] == sorted({frame for _, frame in came})
    assert all(seconds >= times[frame] - 0.005 for seconds, frame in came)


def test_that_a_loop_begins_again_and_backwards_runs_back(qtbot):
    player = Player()
    player.show_time(ClipTime(100, 100.0))
    came = []
    player.frame_due.connect(came.append)
    player.loop((10, 20))
    player.show_frame(15)
    player.play(1.0)
    qtbot.waitUntil(lambda: came.count(10) >= 2, timeout=30_000)
    player.stop()
    assert set(came) <= set(range(10, 20))
    came.clear()
    player.loop(None)
    player.show_frame(30)
    player.faster(-1)
    player.faster(-1)
    assert player.speed == -2
    qtbot.waitUntil(lambda: not player.is_playing, timeout=30_000)
    assert came[-1] == 0
    assert came == sorted(came, reverse=True)

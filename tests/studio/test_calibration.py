"""Calibrating a camera in its window, by clicks and keys: what is found is the camera that made the picture."""

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QWidget

from core.bodies.skeletons import BLAZEPOSE_33
from core.footage import video_file
from core.formats import FORMATS
from core.geometry.cameras import Camera, estimated_camera, eye_m, project, tilt_deg
from core.motion import Poses2d
from core.opencv import cv2
from core.project import edits
from core.project.cameras import camera_of
from core.video import write_video
from studio import theme
from studio.document import Document
from studio.pages.forecast_panels import DoubtsPanel
from studio.widgets.calibration_drawing import floor_grid, horizon, seen_lines, sized
from studio.widgets.calibration_picture import Mark
from studio.widgets.calibration_plan import USUAL, History, Points
from studio.widgets.calibration_window import CalibrationWindow
from studio.widgets.calibration_work import Work

WIDTH, HEIGHT = 640, 360
SEEN = ("floor, back left", "floor, back right", "ceiling, back left", "ceiling, back right", "door, top left")
SEEN += ("door, top right", "table, top back left", "table, top front right", "table, bottom front left")


def standing(focal_px: float = 420.0, eye: tuple[float, float, float] = (1.7, 1.6, 6.4), down_deg: float = 9) -> Camera:
    """A camera in the room, looking at the back wall and a little to the right."""
    tilt = np.radians(down_deg)
    forward = np.array([0.1, -np.sin(tilt), -np.cos(tilt)])
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    made = estimated_camera(WIDTH, HEIGHT)
    return replace(
        made,
        rotation=rotation,
        translation_m=-rotation @ np.array(eye),
        focal_px=np.full(2, focal_px),
        estimated=False,
    )


TRUE = standing()


def film(path: Path, pictures: list[np.ndarray]) -> Path:
    with write_video(path, 25, pictures[0].shape[1], pictures[0].shape[0]) as written:
        for picture in pictures:
            written.add(picture)
    return path


def room_picture() -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    places = USUAL.points_m()
    for one, other in USUAL.edges():
        for line in seen_lines(TRUE, np.array([places[one], places[other]])):
            cv2.polylines(picture, [np.round(line).astype(np.int32)], False, (30, 30, 30), 1, cv2.LINE_AA)
    return picture


@pytest.fixture
def document(qtbot, qapp, tmp_path):
    theme.apply(qapp, theme.DARK)
    document = Document("Ines K.")
    document.create(tmp_path / "project", "Pilot")
    yield document
    document.close_project()


def add_clip(document: Document, video: Path, poses: Poses2d | None = None) -> str:
    project_now, clip = edits.add_clip(
        document.project, video.name, video, video_file(video), author="Ines K.", folder=document.folder
    )
    if poses is not None:
        project_now = edits.set_tracks(project_now, clip.id, document.store.write_tracks(poses))
    document.edit(project_now, "Add a clip")
    return clip.id


@pytest.fixture
def open_window(qtbot, document):
    """Opens the window on the document's clip; whatever was opened is closed."""
    opened = []

    def opened_on(clip_id: str) -> CalibrationWindow:
        document.choose_clip(clip_id)
        window = CalibrationWindow(document)
        opened.append(window)
        qtbot.addWidget(window)
        window.open_window()
        qtbot.waitUntil(window.is_settled, timeout=10_000)
        return window

    yield opened_on
    for each in opened:
        each.close()


@pytest.fixture
def window(document, open_window, tmp_path):
    """On a clip of a room filmed by TRUE."""
    return open_window(add_clip(document, film(tmp_path / "room.mp4", [room_picture()] * 4)))


def point_of(window: CalibrationWindow, pixel) -> QPoint:
    return window.picture.framing.to_view(*pixel).toPoint()


def click(widget: QWidget, at: QPointF | QPoint) -> None:
    point = at.toPoint() if isinstance(at, QPointF) else at
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=point)


def mark(window: CalibrationWindow, name: str) -> None:
    """Click a corner in the room, then where TRUE sees it."""
    places = window.points.points.places()
    click(window.points.room, window.points.room.place_of(name))
    assert window.points.marks()[1] == name
    (pixel,) = project(np.array([places[name]]), TRUE)
    click(window.picture, point_of(window, pixel))


def mark_all(window: CalibrationWindow, qtbot, names=SEEN) -> None:
    for name in names:
        mark(window, name)
    qtbot.waitUntil(window.is_settled, timeout=10_000)


# ---- points and a room ----


def test_that_clicking_corners_in_room_and_frame_finds_the_camera_that_filmed_it(window, document, qtbot):
    mark_all(window, qtbot)
    found = window.way.found()
    assert found is not None
    assert found.warnings == ()
    assert found.error_px < 1.0  # a click falls on a whole pixel of the screen
    np.testing.assert_allclose(found.camera.focal_px, TRUE.focal_px, rtol=0.03)
    np.testing.assert_allclose(eye_m(found.camera), eye_m(TRUE), atol=0.12)
    assert tilt_deg(found.camera) == pytest.approx(tilt_deg(TRUE), abs=1.0)


def test_that_using_the_camera_is_one_edit_that_undo_takes_back(window, document, qtbot):
    mark_all(window, qtbot)
    window.use_wanted.connect(lambda found, clips: use(document, found, clips))
    before = document.project
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    clip = document.clip
    assert not camera_of(document.project, clip).estimated
    np.testing.assert_allclose(camera_of(document.project, clip).focal_px, window.way.found().camera.focal_px)
    document.undo()
    assert document.project == before


def use(document: Document, found, clips) -> None:
    after, row = edits.add_camera(document.project, found.name, found.camera, author="Ines K.", how=found.how)
    for each in clips:
        after = edits.set_camera(after, each, row.id)
    document.edit(after, "Calibrate camera")


def test_that_too_few_corners_say_how_many_are_missing_and_corners_of_one_line_why_not(window, qtbot):
    mark_all(window, qtbot, SEEN[:4])
    assert window.way.found() is None
    assert "4 of at least 6" in window.foot.said.text()
    assert "2 more" in window.foot.below.text()
    assert not window.foot.use.isEnabled()
    line = tuple(f"along {at}" for at in range(6))
    own = {name: (0.5 * at, 0.0, 2.0) for at, name in enumerate(line)}
    window.points.sizes.changed.emit(window.points.points.with_own(own), "places")
    for name in SEEN[:4]:
        window.points.remove_mark(name)
    mark_all(window, qtbot, line)
    assert window.way.found() is None
    assert "one line" in window.foot.said.text()


def test_that_a_wrong_corner_is_named_and_dragging_it_right_makes_the_camera_right(window, qtbot):
    mark_all(window, qtbot)
    good_px = window.way.found().error_px
    wrong = SEEN[6]
    x, y = window.points.points.marks[wrong]
    window.points.move_mark(wrong, x + 15, y, done=True)
    qtbot.waitUntil(window.is_settled)
    assert "table, top back left does not fit" in window.foot.below.text().lower()
    start, end = point_of(window, (x + 15, y)), point_of(window, (x, y))
    QTest.mousePress(window.picture, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(window.picture, (start + end) / 2)
    QTest.mouseMove(window.picture, end)
    QTest.mouseRelease(window.picture, Qt.MouseButton.LeftButton, pos=end)
    qtbot.waitUntil(window.is_settled)
    assert window.way.found().error_px < good_px + 0.5
    assert window.way.found().warnings == ()


def test_that_keys_move_the_chosen_mark_by_a_pixel_or_a_tenth_and_undo_goes_back(window, qtbot):
    mark(window, SEEN[0])
    x, y = window.points.points.marks[SEEN[0]]
    QTest.keyClick(window.picture, Qt.Key.Key_Right)
    QTest.keyClick(window.picture, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    np.testing.assert_allclose(window.points.points.marks[SEEN[0]], (x + 1, y - 0.1))
    QTest.keyClick(window.picture, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_allclose(window.points.points.marks[SEEN[0]], (x + 1, y))
    QTest.keyClick(window.picture, Qt.Key.Key_Delete)
    assert SEEN[0] not in window.points.points.marks
    QTest.keyClick(window.picture, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.points.points.marks[SEEN[0]] == pytest.approx((x + 1, y))


def test_that_a_corner_is_marked_with_the_keyboard_alone(window):
    window.points.room.setFocus()
    QTest.keyClick(window.points.room, Qt.Key.Key_Right)
    name = window.points.room.accessibleDescription()
    assert name in window.points.points.places()
    QTest.keyClick(window.points.room, Qt.Key.Key_Return)
    assert window.points.marks()[1] == name
    assert window.picture.hasFocus()
    QTest.keyClick(window.picture, Qt.Key.Key_Return)
    assert window.points.points.marks[name] == pytest.approx(((WIDTH - 1) / 2, (HEIGHT - 1) / 2), abs=1)


def test_that_zooming_in_lets_a_click_fall_on_a_part_of_a_pixel(window):
    name = SEEN[0]
    click(window.points.room, window.points.room.place_of(name))
    pixel = (200.3, 150.6)
    window.picture.zoom(10, window.picture.framing.to_view(*pixel))
    click(window.picture, point_of(window, pixel))
    np.testing.assert_allclose(window.points.points.marks[name], pixel, atol=0.5 / window.picture.framing.scale + 1e-9)


def test_that_marks_follow_a_thing_that_is_renamed_and_go_with_one_that_is_taken_out(window):
    points = Points().marked("table, top back left", (10.0, 20.0)).marked("floor, back left", (5.0, 6.0))
    table = USUAL.boxes[0]
    renamed = points.with_room(replace(USUAL, boxes=(replace(table, name="bench"),)), ("table", "bench"))
    assert renamed.marks == {"bench, top back left": (10.0, 20.0), "floor, back left": (5.0, 6.0)}
    gone = points.with_room(replace(USUAL, boxes=()))
    assert gone.marks == {"floor, back left": (5.0, 6.0)}


def test_that_undoing_every_step_returns_the_very_first_points():
    first = History()
    history = first
    for at in range(5):
        history = history.step(history.now.marked(f"floor, back {'left' if at % 2 else 'right'}", (at, at)), "mark")
    steps = len(history.before)
    for _ in range(steps):
        history = history.undone()
    assert history.now == first.now
    for _ in range(steps):
        history = history.redone()
    assert history.now.marks["floor, back right"] == (4, 4)


def test_that_typing_a_size_moves_the_camera_with_it(window, qtbot):
    mark_all(window, qtbot)
    before = eye_m(window.way.found().camera)
    room = window.points.points.room
    doubled = replace(
        room,
        width_m=2 * room.width_m,
        depth_m=2 * room.depth_m,
        height_m=2 * room.height_m,
        boxes=tuple(
            replace(b, **{n: 2 * getattr(b, n) for n in ("x_m", "z_m", "width_m", "depth_m", "height_m")})
            for b in room.boxes
        ),
        openings=tuple(
            replace(o, **{n: 2 * getattr(o, n) for n in ("offset_m", "width_m", "height_m")}) for o in room.openings
        ),
    )
    form = window.points.sizes
    form.changed.emit(window.points.points.with_room(doubled), "everything twice as large")
    qtbot.waitUntil(window.is_settled)
    np.testing.assert_allclose(eye_m(window.way.found().camera), 2 * before, rtol=1e-3)


def test_that_a_number_typed_in_the_form_is_in_the_room(window):
    wide = next(e for e in window.findChildren(QAbstractSpinBox) if e.accessibleName() == "Room, wide")
    wide.setValue(7.25)
    assert window.points.points.room.width_m == 7.25
    window.points.undo()
    assert window.points.points.room.width_m == USUAL.width_m
    assert wide.value() == USUAL.width_m


# ---- chessboard ----

COLUMNS, ROWS, SQUARE_M, BOARD_FOCAL = 7, 5, 0.03, 520.0


def board_views(count: int) -> list[np.ndarray]:
    """A chessboard held before a lens of BOARD_FOCAL, leant and moved."""
    side = 40
    board = np.full(((ROWS + 3) * side, (COLUMNS + 3) * side), 255, np.uint8)
    for row in range(ROWS + 1):
        for column in range(COLUMNS + 1):
            if (row + column) % 2 == 0:
                board[(row + 1) * side : (row + 2) * side, (column + 1) * side : (column + 2) * side] = 20
    lens = np.array([[BOARD_FOCAL, 0, (WIDTH - 1) / 2], [0, BOARD_FOCAL, (HEIGHT - 1) / 2], [0, 0, 1]])
    to_metres = np.diag([SQUARE_M / side, SQUARE_M / side, 1.0])
    to_metres[:2, 2] = -np.array(board.shape[::-1]) / 2 * SQUARE_M / side
    random = np.random.default_rng(3)
    views = []
    for _ in range(count):
        turn = cv2.Rodrigues(random.uniform(-0.5, 0.5, 3) * [1, 1, 0.3])[0]
        shift = random.uniform([-0.1, -0.05, 0.4], [0.1, 0.05, 0.65])
        plane = lens @ np.column_stack([turn[:, 0], turn[:, 1], shift]) @ to_metres
        grey = cv2.warpPerspective(board, plane, (WIDTH, HEIGHT), flags=cv2.INTER_AREA, borderValue=110)
        views.append(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))
    return views


@pytest.fixture(scope="module")
def board_film(tmp_path_factory):
    return film(tmp_path_factory.mktemp("board") / "board.mp4", board_views(12))


def measure_board(window: CalibrationWindow) -> None:
    window.show_way(window.ways.index(window.board))
    window.board.columns.setValue(COLUMNS)
    window.board.rows.setValue(ROWS)
    window.board.square.setValue(1000 * SQUARE_M)


def test_that_a_chessboard_film_tells_the_lens_and_points_then_need_only_four(
    document, open_window, qtbot, board_film, tmp_path
):
    window = open_window(add_clip(document, film(tmp_path / "room.mp4", [room_picture()] * 2)))
    measure_board(window)
    window.board.look_through([board_film])
    click(window.board.look_button, QPoint(10, 10))
    qtbot.waitUntil(lambda: window.way.found() is not None, timeout=30_000)
    found = window.way.found()
    assert not found.placed
    assert found.camera.estimated  # where it stands is not known
    np.testing.assert_allclose(found.camera.focal_px, BOARD_FOCAL, rtol=0.02)
    assert window.way.picture() is not None  # the view that is chosen stands in place of the frame
    click(window.foot.on_points, QPoint(10, 10))
    assert window.way is window.points
    mark_all(window, qtbot, SEEN[:3] + SEEN[7:8])
    placed = window.way.found()
    assert placed is not None
    np.testing.assert_allclose(placed.camera.focal_px, found.camera.focal_px)
    assert not placed.camera.estimated


def test_that_stopping_keeps_the_views_found_so_far(document, open_window, qtbot, tmp_path):
    slow = film(tmp_path / "long.mp4", board_views(30))
    window = open_window(add_clip(document, slow))
    measure_board(window)
    click(window.board.look_button, QPoint(10, 10))
    qtbot.waitUntil(lambda: len(window.board._views) >= 5, timeout=20_000)
    assert window.board.look_button.text() == "Stop"
    click(window.board.look_button, QPoint(10, 10))
    kept = len(window.board._views)
    qtbot.waitUntil(window.is_settled, timeout=10_000)
    assert kept < 30
    assert len(window.board._views) == kept
    np.testing.assert_allclose(window.way.found().camera.focal_px, BOARD_FOCAL, rtol=0.05)


def test_that_a_film_without_a_board_says_so(window, qtbot):
    measure_board(window)
    click(window.board.look_button, QPoint(10, 10))
    qtbot.waitUntil(window.is_settled, timeout=10_000)
    assert window.way.found() is None
    assert "found in 0 of 4" in window.foot.said.text()


# ---- from people ----


def walker(frames: int = 40) -> Poses2d:
    """Somebody of 1.75 m who walks through TRUE's picture, upright, nearer and farther."""
    heights = {"nose": 0.93, "eye": 0.94, "ear": 0.93, "mouth": 0.91, "shoulder": 0.82, "elbow": 0.63, "wrist": 0.48}
    heights |= {"pinky": 0.45, "index": 0.45, "thumb": 0.46, "hip": 0.53, "knee": 0.285, "ankle": 0.045}
    heights |= {"heel": 0.02, "foot": 0.0}
    share = np.array(
        [heights[next(part for part in name.split("_") if part in heights)] for name in BLAZEPOSE_33.joints]
    )
    aside = np.array([{"left": 0.08, "right": -0.08, "centre": 0.0}[side] for side in BLAZEPOSE_33.sides])
    at = np.linspace(0, 1, frames)
    feet = np.stack([1.0 + 1.8 * at, 0 * at, 0.6 + 2.4 * np.abs(np.sin(4 * at))], axis=-1)
    joints = np.zeros((frames, 1, len(share), 3))
    joints[..., 0] = feet[:, None, None, 0] + aside
    joints[..., 1] = 1.75 * share
    joints[..., 2] = feet[:, None, None, 2]
    return Poses2d(BLAZEPOSE_33, project(joints, TRUE).astype(np.float32), np.ones(joints.shape[:3], np.float32))


def test_that_upright_people_give_an_estimate_that_is_called_one(document, open_window, qtbot, tmp_path):
    clip_id = add_clip(document, film(tmp_path / "walk.mp4", [room_picture()] * 40), walker())
    window = open_window(clip_id)
    window.show_way(window.ways.index(window.people))
    window.people.height_field.setValue(1.75)
    qtbot.waitUntil(lambda: window.way.found() is not None and window.is_settled(), timeout=10_000)
    found = window.way.found()
    assert found.camera.estimated
    assert window.foot.use.text() == "Use this estimate"
    assert "estimate" in window.foot.below.text().lower()
    assert eye_m(found.camera)[1] == pytest.approx(eye_m(TRUE)[1], abs=0.5)
    assert tilt_deg(found.camera) == pytest.approx(tilt_deg(TRUE), abs=5)
    kinds = {each.kind: each.lines for each in window.way.drawn()}
    assert len(kinds["person"]) >= 10  # rods where somebody stood


def test_that_a_clip_without_poses_offers_to_extract_them(window, qtbot):
    window.show_way(window.ways.index(window.people))
    asked = []
    window.asks.connect(asked.append)
    assert window.people._extract.isVisible()
    click(window.people._extract, QPoint(8, 8))
    assert asked == ["extract-poses"]


# ---- from a file ----


def test_that_a_camera_of_a_file_is_taken_for_its_clip_and_one_of_another_shape_is_not(
    document, open_window, qtbot, shared_data
):
    folder = shared_data / "pose2sim_calibrated"
    window = open_window(add_clip(document, folder / "videos" / "cam02.mp4"))
    window.show_way(window.ways.index(window.file))
    window.file.read(folder / "calibration" / "Calib.qca.txt")
    qtbot.waitUntil(lambda: window.way.found() is not None, timeout=10_000)
    found = window.way.found()
    assert found.name == "cam02"  # the clip is called so
    assert (found.camera.width, found.camera.height) == (document.clip.video.width, document.clip.video.height)
    assert 0.5 < eye_m(found.camera)[1] < 4
    window.file.read(shared_data / "h36m_sample" / "cameras.pkl")
    qtbot.waitUntil(window.is_settled, timeout=10_000)
    assert window.way.found() is None
    assert "another shape" in window.foot.said.text()


def test_that_a_file_that_holds_no_camera_is_refused_in_words(window, qtbot, tmp_path):
    stray = tmp_path / "notes.json"
    stray.write_text('{"shopping": ["milk"]}', encoding="utf-8")
    window.show_way(window.ways.index(window.file))
    window.file.read(stray)
    qtbot.waitUntil(window.is_settled, timeout=10_000)
    assert "no file of cameras" in window.foot.said.text()


def test_that_the_ways_words_name_every_format_of_cameras_there_is(window):
    for each in FORMATS:
        if each.holds == "cameras":
            assert each.name.removesuffix(" cameras") in window.file.sentence


# ---- the window ----


def test_that_a_calibrated_clip_shows_its_camera_and_can_go_back_to_an_estimate(window, document, qtbot):
    assert not window.foot.back.isVisible()
    after, row = edits.add_camera(document.project, "tripod", TRUE, author="x", how="points", error_px=0.42)
    document.edit(edits.set_camera(after, document.clip_id, row.id), "Calibrate camera")
    assert "tripod" in window.foot.said.text()
    assert "0.42 px" in window.foot.said.text()
    assert {each.kind for each in window.picture._drawn} == {"grid", "horizon"}
    asked = []
    window.estimate_wanted.connect(lambda: asked.append(True))
    assert window.foot.back.isVisible()
    click(window.foot.back, QPoint(8, 8))
    assert asked == [True]


def test_that_a_camera_can_be_for_every_clip_of_the_same_size(document, open_window, qtbot, tmp_path):
    clips = [add_clip(document, film(tmp_path / f"take{at}.mp4", [room_picture()])) for at in range(3)]
    other = np.zeros((240, 320, 3), np.uint8)
    add_clip(document, film(tmp_path / "other.mp4", [other]))
    window = open_window(clips[0])
    mark_all(window, qtbot)
    wanted = []
    window.use_wanted.connect(lambda _, whose: wanted.append(list(whose)))
    window.foot.whose.setCurrentIndex(1)
    click(window.foot.use, QPoint(10, 10))
    assert wanted == [clips]


def test_that_the_marks_of_each_clip_are_kept_while_another_is_shown_and_when_the_window_closes(
    document, open_window, qtbot, tmp_path
):
    clips = [add_clip(document, film(tmp_path / f"take{at}.mp4", [room_picture()])) for at in range(2)]
    window = open_window(clips[0])
    mark(window, SEEN[0])
    document.choose_clip(clips[1])
    assert not window.points.points.marks
    document.choose_clip(clips[0])
    assert list(window.points.points.marks) == [SEEN[0]]
    window.close()
    window.open_window()
    assert list(window.points.points.marks) == [SEEN[0]]


def test_that_a_project_open_for_reading_shows_everything_but_takes_nothing(window, qtbot, monkeypatch):
    mark_all(window, qtbot)
    assert window.foot.use.isEnabled()
    monkeypatch.setattr(Document, "read_only_reason", property(lambda _: "Somebody else is editing it"))
    window._follow_ways()
    assert not window.foot.use.isEnabled()
    assert window.foot.use.toolTip() == "Somebody else is editing it"


def test_that_every_control_has_a_name_and_f6_walks_the_three_panels(window, qtbot):
    for at in range(len(window.ways)):
        window.show_way(at)
        for each in window.findChildren(QWidget):
            if isinstance(each, QAbstractButton | QComboBox | QAbstractSpinBox) and each.isVisibleTo(window):
                name = each.accessibleName() or (each.text() if isinstance(each, QAbstractButton) else "")
                assert name, each
    window.show_way(0)
    mark_all(window, qtbot)  # so that the third has something to press
    window.picture.setFocus()
    seen = set()
    for _ in range(3):
        QTest.keyClick(window, Qt.Key.Key_F6)
        focus = window.focusWidget()
        seen.add(
            next(
                p.accessibleName()
                for p in window.findChildren(QWidget)
                if p.objectName() == "panel" and p.isAncestorOf(focus)
            )
        )
    assert seen == {"Frame", "How the camera is found", "The camera found"}


def test_that_closing_the_window_leaves_no_thread(document, open_window, qtbot, board_film, tmp_path):
    before = set(threading.enumerate())
    window = open_window(add_clip(document, board_film))
    measure_board(window)
    click(window.board.look_button, QPoint(10, 10))
    qtbot.waitUntil(lambda: window.board._looked > 0, timeout=10_000)
    window.close()
    assert set(threading.enumerate()) <= before


# ---- its parts ----


def test_that_only_the_newest_question_is_answered(qtbot):
    work, heard = Work(), []
    work.came.connect(heard.append)
    go = threading.Event()

    def slow():
        go.wait(5)
        yield "old"

    work.start(slow)
    work.start(lambda: iter(["new"]))
    qtbot.waitUntil(lambda: not work.is_running)
    go.set()
    work.stop(wait=True)
    qtbot.wait(20)
    assert heard == ["new"]


def test_that_the_grid_and_the_horizon_lie_where_the_camera_sees_floor_and_sky_meet():
    lines = floor_grid(TRUE, 4.0, 5.0)
    corner = project(np.array([[4.0, 0.0, 0.0]]), TRUE)[0]
    ends = np.concatenate([line[[0, -1]] for line in lines])
    assert np.linalg.norm(ends - corner, axis=-1).min() < 1e-6
    (level,) = horizon(TRUE)
    far = project(eye_m(TRUE) + 1e6 * np.array([[0.0, 0.0, -1.0]]), TRUE)[0]
    assert np.abs(np.interp(far[0], *level[np.argsort(level[:, 0])].T) - far[1]) < 0.01


def test_that_a_line_that_passes_behind_the_camera_is_cut_not_mirrored():
    here = eye_m(TRUE)
    line = here + np.array([[0.3, -0.4, 5.0], [0.3, -0.4, -5.0]])
    (seen,) = seen_lines(TRUE, line)
    assert np.all(np.diff(seen[:, 1]) < 0)  # from the picture's foot up towards the horizon, once
    behind = here + np.array([[0.0, 0.0, 2.0], [1.0, 0.0, 3.0]])
    assert seen_lines(TRUE, behind) == []


def test_that_a_lens_fits_pictures_of_its_shape_alone():
    half = sized(TRUE, WIDTH // 2, HEIGHT // 2)
    np.testing.assert_allclose(half.focal_px, TRUE.focal_px / 2)
    assert sized(TRUE, HEIGHT, WIDTH) is None


def test_that_a_mark_only_shown_cannot_be_dragged(window):
    fixed = Mark("first", "first", 1, "#FFFFFF", (100.0, 100.0), is_fixed=True)
    window.picture.show_marks((fixed,), "", None)
    assert window.picture._mark_at(window.picture.framing.to_view(100.0, 100.0)) is None


# ---- in the studio ----


def test_that_a_forecast_from_an_estimated_camera_leads_to_calibration_with_one_click(qtbot):
    panel = DoubtsPanel()
    qtbot.addWidget(panel)
    panel.show()
    asked = []
    panel.asks.connect(asked.append)

    def show(*, estimated: bool) -> None:
        forecast = SimpleNamespace(doubts=("The past is short.",), camera_estimated=estimated)
        known = SimpleNamespace(name="first", is_plain=False)
        panel.show_moment(SimpleNamespace(forecasts=[(known, forecast)]))  # pyright: ignore[reportArgumentType]

    show(estimated=False)
    assert not panel.calibrate.isVisible()
    show(estimated=True)
    click(panel.calibrate, QPoint(8, 8))
    assert asked == ["calibrate-camera"]


def test_that_a_camera_found_from_the_menu_is_the_clips_until_undone(open_studio, qtbot, tmp_path):
    studio, document = open_studio, open_studio.document
    assert not studio.window.actions_table.action("calibrate-camera").isEnabled()  # no clip yet
    document.choose_clip(add_clip(document, film(tmp_path / "room.mp4", [room_picture()])))
    studio.window.actions_table.do("calibrate-camera")
    window = studio.calibrating.calibration
    qtbot.waitUntil(window.is_settled, timeout=10_000)
    mark_all(window, qtbot)
    click(window.foot.use, QPoint(10, 10))
    row = document.project.cameras[document.clip.camera]
    assert (row.how, row.error_px) == ("points", pytest.approx(window.way.found().error_px))
    assert document.undo_label == "Calibrate camera"
    click(window.foot.back, QPoint(8, 8))
    assert not document.clip.camera
    document.undo()
    assert document.clip.camera == row.id
    document.undo()
    assert not document.clip.camera
    assert not document.project.cameras
    window.close()


def test_that_the_window_goes_when_its_project_does(open_studio, qtbot, tmp_path):
    studio, document = open_studio, open_studio.document
    document.choose_clip(add_clip(document, film(tmp_path / "room.mp4", [room_picture()])))
    studio.window.actions_table.do("calibrate-camera")
    assert studio.calibrating.calibration.isVisible()
    studio.projects.close_project()
    assert not studio.calibrating.calibration.isVisible()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_that_a_fault_while_calibrating_is_heard_and_ends_the_work(qtbot, monkeypatch):
    heard = []
    monkeypatch.setattr(threading, "excepthook", lambda args: heard.append(args.exc_type))
    work = Work()

    def broken():
        yield "so far"
        raise ZeroDivisionError

    work.start(broken)
    qtbot.waitUntil(lambda: not work.is_running)
    work.stop(wait=True)
    qtbot.waitUntil(lambda: heard == [ZeroDivisionError])


def test_that_the_clips_facts_in_annotate_lead_to_calibration(open_studio, qtbot, tmp_path):
    studio, document = open_studio, open_studio.document
    document.choose_clip(add_clip(document, film(tmp_path / "room.mp4", [room_picture()])))
    page = studio.window.show_page("annotate")
    page.inspector.tabs.setCurrentIndex(2)
    click(page.inspector.calibrate, page.inspector.calibrate.rect().center())
    assert studio.calibrating.calibration.isVisible()
    studio.calibrating.close()

"""Bodies over the frame and beside it: fitted in another process, cut out beside the window, never in anybody's way."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from core.bodies.kinematics import place_joints
from core.bodies.skeletons import BLAZEPOSE_33, SMPL_24
from core.bodies.skinning import Body
from core.fits import FittedPose, view_of
from core.forecasts import Refusal
from core.geometry.cameras import Camera, project
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import VideoFile
from core.rendering.probe import gl_problem
from core.video import open_video, write_video
from studio import fitted_bodies, theme
from studio.document import Document
from studio.fitted_bodies import FittedBodies, FitWish, pose_in_picture, pose_in_space
from studio.jobs import Jobs
from studio.pages.annotate import AnnotatePage
from studio.widgets.body_layer import BodyLayer
from studio.widgets.cut_outs import CutOut, CutOuts, CutWish
from studio.widgets.picture_framing import Framing
from studio.widgets.pose_picture import Cell, DrawnBody, DrawnPose, draw_cell, halves
from studio.widgets.posed import PosedBody, Poser
from tests.studio.stand_ins import FittingModels, display

pytestmark = pytest.mark.gui
KEY = "built-in/smpl/neutral"
FRAMES = 40
SEEN_JOINTS = {
    "nose": 15, "left_shoulder": 16, "right_shoulder": 17, "left_elbow": 18, "right_elbow": 19, "left_wrist": 20,
    "right_wrist": 21, "left_hip": 1, "right_hip": 2, "left_knee": 4, "right_knee": 5, "left_ankle": 7,
    "right_ankle": 8,
}  # fmt: skip
"""Joints of BlazePose and those of SMPL that stand for them."""
JOINTS_M = np.asarray(Body.load().rest()[1]) + np.array([0.0, 1.2, 0.0])


@pytest.fixture
def needs_gl():
    problem = gl_problem()
    if problem is not None:
        pytest.skip(problem)


def standing_pose(turn: float = 0.0) -> FittedPose:
    rotations = np.zeros((24, 3))
    rotations[0, 1] = turn
    return FittedPose(
        betas=(0.0,) * 10,
        rotations=tuple(tuple(map(float, each)) for each in rotations),
        translation_m=(0.0, 1.2, 0.0),
        error=0.0,
    )


def a_camera(k1: float = 0.0) -> Camera:
    """Four metres before the person, off the middle of a picture of 640 by 480."""
    return Camera(
        rotation=np.diag([1.0, -1.0, -1.0]),
        translation_m=np.array([0.3, 1.0, 4.0]),
        focal_px=np.array([700.0, 700.0]),
        centre_px=np.array([300.0, 250.0]),
        width=640,
        height=480,
        distortion=np.array([k1, 0.0, 0.0, 0.0, 0.0]),
    )


def cut_of(qtbot, wish: CutWish) -> CutOut:
    cuts = CutOuts()
    try:
        cuts.want([wish])
        qtbot.waitUntil(lambda: cuts.of(wish) is not None, timeout=30_000)
        found = cuts.of(wish)
        assert found is not None
        return found
    finally:
        cuts.close(wait=True)


def alpha_of(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., 3].copy()


def joints_of(pose: FittedPose) -> np.ndarray:
    body = Body.load()
    turns = np.stack([np.eye(3)] * 24)
    return place_joints(turns, np.array(pose.translation_m), body.rest()[1], body.parents).places_m


# ---- cut-outs ----


@pytest.mark.parametrize("k1", [0.0, -0.25])
@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_that_a_cut_out_lies_where_the_camera_sees_the_body(qtbot, needs_gl, k1, scale):
    camera = a_camera(k1)
    cut = cut_of(qtbot, CutWish(PosedBody(KEY, standing_pose(), "#4FC7CF"), view_of(camera), scale))
    alpha = alpha_of(cut.image)
    shares = np.array([cut.image.width(), cut.image.height()]) / [cut.area.width(), cut.area.height()]
    places = (project(joints_of(standing_pose()), camera) + 0.5 - [cut.area.x(), cut.area.y()]) * shares
    for x, y in places:
        assert alpha[int(y), int(x)] == 255
    assert alpha[0, 0] == 0
    assert alpha.max() == 255
    assert len(np.unique(alpha)) >= 5, "its edges are smooth"


def test_that_another_size_keeps_the_place_of_the_body(qtbot, needs_gl):
    posed, view = PosedBody(KEY, standing_pose(), "#4FC7CF"), view_of(a_camera())
    small, large = (cut_of(qtbot, CutWish(posed, view, scale)).area for scale in (0.5, 2.0))
    assert (small.center() - large.center()).manhattanLength() < 8


def test_that_a_body_stands_in_while_another_size_is_on_its_way(qtbot, needs_gl):
    cuts, posed, view = CutOuts(), PosedBody(KEY, standing_pose(), "#4FC7CF"), view_of(a_camera())
    first, second = CutWish(posed, view, 1.0), CutWish(posed, view, 2.0)
    cuts.want([first])
    qtbot.waitUntil(lambda: cuts.of(first) is not None, timeout=30_000)
    assert cuts.of(second) is cuts.of(first)
    cuts.close(wait=True)


def test_that_a_machine_without_3d_says_so_once(qtbot, monkeypatch):
    monkeypatch.setattr("studio.widgets.cut_outs.gl_problem", lambda: "no EGL here. apt install libegl1")
    cuts = CutOuts()
    with qtbot.waitSignal(cuts.failed, timeout=10_000) as said:
        cuts.want([CutWish(PosedBody(KEY, standing_pose(), "#4FC7CF"), view_of(a_camera()))])
    assert "apt install" in said.args[0]
    assert cuts.is_settled
    cuts.close(wait=True)


def test_that_the_thread_of_cut_outs_ends_with_its_page(qtbot, needs_gl):
    for _ in range(5):
        cuts = CutOuts()
        cuts.want([CutWish(PosedBody(KEY, standing_pose(), "#4FC7CF"), view_of(a_camera()), 0.25)])
        thread = cuts._drawer
        cuts.close(wait=True)
        assert not thread.is_alive()


def test_that_the_same_pose_is_the_same_mesh_and_a_moved_one_stands_beside_it():
    poser, here = Poser(), PosedBody(KEY, standing_pose(), "#4FC7CF")
    there = PosedBody(KEY, standing_pose(), "#4FC7CF", moved_m=(1.0, 0.0, 0.0))
    assert poser.mesh(here) is poser.mesh(PosedBody(KEY, standing_pose(), "#4FC7CF"))
    np.testing.assert_allclose(
        poser.mesh(there).vertices_m - poser.mesh(here).vertices_m,
        np.broadcast_to([1.0, 0.0, 0.0], poser.mesh(here).vertices_m.shape),
        atol=1e-6,
    )


# ---- cells ----


def painted(cell: Cell, width=300, height=200) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#000000"))
    painter = QPainter(image)
    draw_cell(painter, QRectF(0, 0, width, height), cell, theme.DARK)
    painter.end()
    return image


def red_cut(area: QRectF) -> CutOut:
    image = QImage(10, 10, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("#ff0000"))
    return CutOut(image, area)


def test_that_a_body_in_a_cell_lies_where_it_lies_in_the_video():
    cell = Cell(video=(300, 200), bodies=(DrawnBody(red_cut(QRectF(100, 50, 40, 80))),))
    image = painted(cell)
    assert QColor(image.pixel(120, 90)).red() > 240
    assert QColor(image.pixel(95, 90)).red() < 60
    assert QColor(image.pixel(145, 90)).red() < 60


def test_that_opacity_lets_the_picture_through():
    half = Cell(video=(300, 200), bodies=(DrawnBody(red_cut(QRectF(100, 50, 40, 80)), 0.5),))
    assert 100 < QColor(painted(half).pixel(120, 90)).red() < 160


def test_that_a_body_beside_the_picture_leaves_it_free():
    pose = DrawnPose([(120.0, 90.0)] * 9, "#ffffff")
    cell = Cell(
        video=(300, 200),
        crop=QRectF(80, 40, 80, 100),
        poses=(pose,),
        bodies=(DrawnBody(red_cut(QRectF(100, 50, 40, 80))),),
        is_split=True,
    )
    image = painted(cell)
    left, right = halves(QRectF(0, 0, 300, 200))
    reds = [[QColor(image.pixel(int(x), 100)).red() > 240 for x in np.arange(room.left() + 8, room.right() - 8, 4)]
            for room in (left, right)]  # fmt: skip
    assert not any(reds[0])
    assert any(reds[1])


def test_that_a_body_beside_the_view_gives_half_of_it_to_the_picture(qtbot):
    layer = BodyLayer()
    moved = []
    layer.moved.connect(lambda: moved.append(True))
    assert layer.width_of_picture(600) == 600
    layer.set_beside(on=True)
    assert moved
    assert layer.width_of_picture(600) == 297
    layer.show(red_cut(QRectF(10, 10, 20, 20)))
    image = QImage(600, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#000000"))
    painter = QPainter(image)
    framing = Framing().of_video(297, 200).in_view(297, 200)
    layer.paint(painter, framing, QRectF(0, 0, 600, 200))
    painter.end()
    assert QColor(image.pixel(20, 20)).red() < 60
    assert QColor(image.pixel(303 + 20, 20)).red() > 240
    assert framing.to_view(20, 20) == QPointF(20.5, 20.5)


# ---- fits ----


def wishes(count: int) -> list[FitWish]:
    return [FitWish(KEY, SMPL_24.name, pose_in_space(JOINTS_M + 0.01 * at)) for at in range(count)]


def test_that_poses_are_fitted_in_their_order_and_each_once(qtbot):
    models = FittingModels()
    fits = FittedBodies(models)
    wanted = wishes(fitted_bodies.LOT + 2)
    fits.want(wanted)
    assert models.asked[0].poses == tuple(each.pose for each in wanted[: fitted_bodies.LOT])
    qtbot.waitUntil(lambda: fits.is_settled, timeout=30_000)
    assert all(fits.of(each) is not None for each in wanted)
    asked = len(models.asked)
    fits.want(wanted)
    assert fits.is_settled
    assert len(models.asked) == asked


def test_that_a_newer_wish_does_not_wait_for_an_older_one(qtbot):
    models = FittingModels()
    models.delay_ms = 60_000
    fits = FittedBodies(models)
    old, new = wishes(2)
    fits.want([old])
    models.delay_ms = 0
    fits.want([new])
    qtbot.waitUntil(lambda: fits.of(new) is not None, timeout=30_000)
    assert fits.of(old) is None


def test_that_a_pose_with_too_little_seen_is_known_to_have_no_body(qtbot):
    fits = FittedBodies(FittingModels())
    seen = [False] * 24
    seen[3] = True
    wish = FitWish(KEY, SMPL_24.name, pose_in_space(JOINTS_M, seen))
    fits.want([wish])
    qtbot.waitUntil(lambda: fits.is_settled, timeout=30_000)
    assert fits.is_impossible(wish)
    assert fits.of(wish) is None


def test_that_a_refusal_is_kept_and_not_asked_for_over_and_over(qtbot):
    models = FittingModels()
    models.refuse_with = Refusal(message="There is no body 'yours/smpl/male'.")
    fits = FittedBodies(models)
    (wish,) = wishes(1)
    fits.want([wish])
    qtbot.waitUntil(lambda: fits.refusal is not None, timeout=30_000)
    assert fits.is_settled
    fits.want([wish])
    assert len(models.asked) == 1
    assert fits.is_settled, "nothing more will come"


# ---- Annotate ----


@pytest.fixture
def document(qtbot, tmp_path):
    """A small video of one person who moves to the right, as far as their tracks say."""
    made = Document("Ines K.")
    made.create(tmp_path / "kitchen", "Kitchen")
    path = tmp_path / "walk.mp4"
    with write_video(path, 20.0, 640, 480, 14) as out:
        for number in range(FRAMES):
            out.add(np.full((480, 640, 3), 30 + number, np.uint8))
    with open_video(path) as opened:
        facts = VideoFile(**opened.facts()._asdict())
    with_clip, clip = edits.add_clip(made.project, "walk", path, facts, author="Ines K.", folder=made.folder)
    assert made.edit(with_clip, "Add walk")
    made.choose_clip(clip.id)
    joints, confidence = np.zeros((FRAMES, 1, 33, 2)), np.zeros((FRAMES, 1, 33))
    at = {name: place for place, name in enumerate(BLAZEPOSE_33.joints)}
    seen_px = project(joints_of(standing_pose()), a_camera())
    for name, joint in SEEN_JOINTS.items():
        joints[:, 0, at[name]] = seen_px[joint] + np.arange(FRAMES)[:, None] * [2.0, 0.0]
        confidence[:-1, 0, at[name]] = 0.9
    confidence[-1, 0, :2] = 0.9  # of the last frame too little is seen
    name = made.store.write_tracks(Poses2d(BLAZEPOSE_33, joints, confidence))
    assert made.edit(edits.set_tracks(made.project, clip.id, name), "Extract 2D poses")
    yield made
    made.close_project()


@pytest.fixture
def studio(qtbot, document, needs_gl, tmp_path):
    models, shown = FittingModels(), display(tmp_path)
    made = AnnotatePage(document, Jobs(), models, shown)
    qtbot.addWidget(made)
    made.resize(1400, 900)
    made.show()
    qtbot.waitUntil(made.is_settled, timeout=30_000)
    yield made, models, shown
    made.close_page()
    made.close()


def settle(qtbot, page) -> None:
    qtbot.waitUntil(page.is_settled, timeout=60_000)


def test_that_d_shows_the_body_of_the_person_at_the_playhead(qtbot, studio):
    page, models, shown = studio
    assert page.view.body.cut is None
    assert models.asked == [], "joints alone need no body"
    page.commands()["shown-parts"]()
    assert shown.shows("annotate") == "body"
    settle(qtbot, page)
    cut = page.view.body.cut
    assert cut is not None
    assert not page.view.body.is_pale
    assert page.view.body.covers_joints
    person = page.view._people[0]
    box = person.box()
    assert cut.area.contains(QPointF((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
    assert "estimated" in page.view.body.note
    page.commands()["shown-parts"]()
    assert shown.shows("annotate") == "both"
    assert not page.view.body.covers_joints
    page.commands()["shown-parts"]()
    assert page.view.body.cut is None


def test_that_a_frame_with_nobody_in_it_says_so_where_a_body_is_wanted(qtbot, studio, document):
    page, _, shown = studio
    nobody = Poses2d(BLAZEPOSE_33, np.zeros((FRAMES, 0, 33, 2)), np.zeros((FRAMES, 0, 33)))
    name = document.store.write_tracks(nobody)
    assert document.edit(edits.set_tracks(document.project, document.clip_id, name), "Extract 2D poses")
    settle(qtbot, page)
    assert page.view.body.note == ""
    shown.show("annotate", "body")
    settle(qtbot, page)
    assert page.view.body.note == "No body here: nobody seen"
    assert document.edit(edits.set_tracks(document.project, document.clip_id, ""), "Take poses out")
    settle(qtbot, page)
    assert page.view.body.note == "No body: 2D poses come first"


def test_that_a_body_that_cannot_be_fitted_is_said_and_another_one_is_tried(qtbot, studio):
    page, models, shown = studio
    models.refuse_with = Refusal(message="There is no body 'yours/smpl/male'.")
    shown.show("annotate", "body")
    settle(qtbot, page)
    assert page.view.body.note == "There is no body 'yours/smpl/male'."
    models.refuse_with = None
    shown._settings.body = "built-in/smpl/male"
    shown.look_again()
    settle(qtbot, page)
    assert page.view.body.cut is not None


def test_that_the_body_before_stays_pale_until_the_new_one_is_there(qtbot, studio, document):
    page, models, shown = studio
    shown.show("annotate", "body")
    settle(qtbot, page)
    first = page.view.body.cut
    models.delay_ms = 300
    document.seek(10)
    qtbot.waitUntil(lambda: page.view.body.is_pale, timeout=30_000)
    assert page.view.body.cut is first
    assert not page.view.body.covers_joints, "the joints of this frame are known already"
    settle(qtbot, page)
    assert page.view.body.cut is not first
    assert not page.view.body.is_pale


def test_that_nothing_is_fitted_while_the_playhead_moves(qtbot, studio, document):
    page, models, shown = studio
    shown.show("annotate", "both")
    settle(qtbot, page)
    before = len(models.asked)
    for frame in range(1, 20):
        document.seek(frame)
        qtbot.wait(10)
    assert len(models.asked) - before <= 1  # a busy machine may rest by itself
    settle(qtbot, page)
    assert models.asked[-1].poses[0].joints == page.body.wish().pose.joints


def test_that_a_frame_seen_before_has_its_body_at_once(qtbot, studio, document):
    page, models, shown = studio
    shown.show("annotate", "body")
    for frame in (5, 0):
        document.seek(frame)
        settle(qtbot, page)
    asked = len(models.asked)
    document.seek(5)
    settle(qtbot, page)
    assert len(models.asked) == asked
    assert page.view.body.cut is not None


def test_that_a_person_hardly_seen_has_no_body_and_it_says_so(qtbot, studio, document):
    page, _, shown = studio
    shown.show("annotate", "body")
    document.seek(FRAMES - 1)
    settle(qtbot, page)
    assert page.view.body.cut is None
    assert page.view.body.note == fitted_bodies.TOO_LITTLE_SEEN


def test_that_beside_the_picture_the_picture_is_free(qtbot, studio):
    page, _, shown = studio
    shown.show("annotate", "both")
    settle(qtbot, page)
    whole = page.view.framing.view_width
    shown.set_beside(on=True)
    settle(qtbot, page)
    assert page.view.framing.view_width < whole / 2 + 1
    assert page.view.body.cut is not None


def test_that_choices_of_how_people_are_shown_stay_for_the_next_time(tmp_path, qapp):
    first = display(tmp_path)
    first.show("forecast", "body")
    first.set_opacity(0.4)
    first.set_beside(on=True)
    again = display(tmp_path)
    assert (again.shows("forecast"), again.shows("annotate")) == ("body", "joints")
    assert again.opacity == pytest.approx(0.4)
    assert again.is_beside


def test_that_what_is_shown_can_be_taken_out(qtbot, studio, document):
    page, _, shown = studio
    assert page.shown().shot is None
    assert "D" in page.shown().reason
    shown.show("annotate", "body")
    settle(qtbot, page)
    shot = page.shown().shot
    assert shot is not None
    assert shot.footage is not None
    assert shot.footage.frames == (document.playhead,)
    assert len(shot.scene.bodies) == 1


def test_that_the_picture_goes_to_a_window_and_comes_back(qtbot, studio, document):
    page, _, _ = studio
    page.commands()["send-picture"]()
    assert page.checked()["send-picture"]
    window = page.view.window()
    assert window is not page
    assert page.view.isVisible()
    document.seek(7)
    qtbot.waitUntil(lambda: "frame 7" in page.view.accessibleDescription(), timeout=30_000)
    window.close()
    assert page.view.window() is page.window()
    assert not page.checked()["send-picture"]
    assert page.view.isVisible()


def test_that_a_pose_in_the_picture_puts_nothing_where_nothing_was_seen():
    pose = pose_in_picture(np.array([[1.0, 2.0], [np.nan, np.nan]]), np.array([True, False]))
    assert pose.joints == ((1.0, 2.0), (0.0, 0.0))
    assert pose.seen == (True, False)

"""Joints of characteristic poses by hand, with a real mouse and real keys on a real small video."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.bodies.skeletons import BODY_25
from core.detections import Detected
from core.forecasts import Refusal
from core.motion import Poses2d
from core.project import edits, joints
from core.project.annotations import ABSENT, OCCLUDED, VISIBLE, FrameIdentity
from studio.document import Document
from studio.widgets.inspector import POSE
from tests.studio.stand_ins import FittingModels
from tests.studio.test_annotate import FRAMES, do, document, mark, page, video

__all__ = ["document", "page", "video"]  # fixtures
POSE_AT = 20
STANDING = {
    "nose": (160, 40), "neck": (160, 60), "right_shoulder": (140, 62), "right_elbow": (134, 90),
    "right_wrist": (132, 118), "left_shoulder": (180, 62), "left_elbow": (186, 90), "left_wrist": (188, 118),
    "mid_hip": (160, 120),
}  # fmt: skip


def somebody(document: Document) -> None:
    """One person who walks two pixels a frame; the detector never sees their left elbow."""
    at = np.zeros((FRAMES, 1, len(BODY_25), 2), np.float32)
    sure = np.zeros((FRAMES, 1, len(BODY_25)), np.float32)
    for name, place in STANDING.items():
        at[:, 0, BODY_25[name]] = place
        sure[:, 0, BODY_25[name]] = 0.0 if name == "left_elbow" else 0.75
    at[..., 0] += np.arange(FRAMES, dtype=np.float32)[:, None, None] - POSE_AT
    tracks = document.store.write_tracks(Poses2d(BODY_25, at, sure))
    assert document.edit(edits.set_tracks(document.project, document.clip_id, tracks), "Extract 2D poses")


@pytest.fixture
def segment(qtbot, page, document) -> str:
    """A segment from 10 to 30 with its pose at 20, chosen; nobody is seen yet."""
    made = mark(page, document, 10, 30)
    document.seek(POSE_AT)
    do(page, "set-pose")
    qtbot.waitUntil(lambda: bool(document.clip.poses), timeout=30_000)
    return made


@pytest.fixture
def hands(qtbot, page, document, segment):
    """The handles of that pose, with 2D poses."""
    somebody(document)
    do(page, "edit-joints")
    qtbot.waitUntil(lambda: page.view.hands.is_shown and page.is_settled(), timeout=30_000)
    return page.view.hands


def by_hand(document) -> dict:
    return dict(document.clip.poses[0].joint_edits)


def in_view(page, x: float, y: float) -> QPointF:
    return page.view.framing.to_view(x, y)


def mouse(page, kind, at: QPointF, button=Qt.MouseButton.LeftButton, held=Qt.KeyboardModifier.NoModifier) -> None:
    buttons = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
    own = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
    QApplication.sendEvent(page.view, QMouseEvent(kind, at, page.view.mapToGlobal(at), own, buttons, held))


def drag(page, start: QPointF, *stops: QPointF, held=Qt.KeyboardModifier.NoModifier) -> None:
    mouse(page, QEvent.Type.MouseButtonPress, start, held=held)
    for stop in stops:
        mouse(page, QEvent.Type.MouseMove, stop, held=held)
    mouse(page, QEvent.Type.MouseButtonRelease, stops[-1] if stops else start, held=held)


# ---- the mouse ----


@pytest.mark.parametrize("zoom", [1.0, 5.0])
def test_that_a_joint_is_dragged_to_a_fraction_of_a_pixel_at_any_zoom_in_one_step(page, document, hands, zoom):
    page.view.zoom(zoom, in_view(page, 132, 118))
    # Grabbed beside its middle it does not jump.
    grabbed, there = in_view(page, 132.6, 118.4), in_view(page, 140.1, 109.9)
    steps = len(document.store.journal)
    drag(page, grabbed, (grabbed + there) / 2, there)
    x, y, sure = by_hand(document)["right_hand"]
    assert (x, y) == pytest.approx((139.5, 109.5), abs=1e-6)
    assert sure == VISIBLE
    assert len(document.store.journal) == steps + 1
    assert document.undo_label == "Move right hand of cut"
    document.undo()
    assert by_hand(document) == {}
    document.redo()
    assert by_hand(document)["right_hand"][0] == x


def test_that_a_click_chooses_and_edits_nothing(page, document, hands):
    before = document.undo_label
    drag(page, in_view(page, 188, 118))
    assert hands.chosen == "left_hand"
    assert page.inspector.pose.joints.chosen() == "left_hand"
    assert document.undo_label == before


def test_that_esc_gives_a_dragged_joint_back_and_then_ends_the_mode(page, document, hands):
    mouse(page, QEvent.Type.MouseButtonPress, in_view(page, 132, 118))
    mouse(page, QEvent.Type.MouseMove, in_view(page, 100, 100))
    assert hands.going is not None
    assert page.back_out()
    mouse(page, QEvent.Type.MouseButtonRelease, in_view(page, 100, 100))
    assert by_hand(document) == {}
    assert page.posing.is_on
    assert page.back_out()
    assert not page.posing.is_on
    assert not hands.is_shown


def test_that_shift_keeps_a_drag_to_one_axis(page, document, hands):
    shift = Qt.KeyboardModifier.ShiftModifier
    drag(page, in_view(page, 132, 118), in_view(page, 150, 122), held=shift)
    assert by_hand(document)["right_hand"][:2] == pytest.approx((150, 118), abs=1e-6)


def test_that_a_joint_stays_in_the_picture(page, document, hands):
    drag(page, in_view(page, 132, 118), in_view(page, -80, 400))
    assert by_hand(document)["right_hand"][:2] == (0.0, 179.0)


def test_that_what_is_moved_is_seen_wherever_the_pose_is(page, document, hands, qtbot):
    drag(page, in_view(page, 132, 118), in_view(page, 90, 70))
    (person,) = page.view._people
    assert person.joints_px[BODY_25["right_wrist"]] == pytest.approx((90, 70))
    card = page.inspector.pose.card.figure._person
    assert card.joints_px[BODY_25["right_wrist"]] == pytest.approx((90, 70))
    words = page.inspector.pose.joints.item(joints.NAMES.index("right_hand")).text()
    assert words == "right hand, visible, moved 63.8 px"
    document.seek(POSE_AT + 1)
    qtbot.waitUntil(lambda: page.picture.frame_shown == POSE_AT + 1, timeout=30_000)
    assert page.view._people[0].joints_px[BODY_25["right_wrist"]] == pytest.approx((133, 118))
    assert not hands.is_shown  # the playhead is on no pose now


# ---- keys ----


def test_that_tab_walks_the_joints_and_shift_with_arrows_is_one_step_until_shift_is_let_go(page, document, hands):
    do(page, "next-joint")
    assert hands.chosen == "head"
    do(page, "previous-joint")
    assert hands.chosen == "hip"
    steps = len(document.store.journal)
    for name in ("joint-right", "joint-right", "joint-up"):
        do(page, name)
    assert hands.going.place == (162.0, 119.0)
    assert by_hand(document) == {}  # it is on its way, as under a mouse
    QTest.keyRelease(page.view, Qt.Key.Key_Shift)
    assert by_hand(document) == {"hip": (162.0, 119.0, VISIBLE)}
    assert len(document.store.journal) == steps + 1


def test_that_keys_that_rest_or_a_page_that_closes_write_what_is_on_its_way(page, document, hands, qtbot):
    hands.choose("head")
    do(page, "joint-left")
    qtbot.waitUntil(lambda: "head" in by_hand(document), timeout=5_000)
    do(page, "joint-left")
    page.posing.close()
    assert by_hand(document)["head"][0] == 158.0


def test_that_a_joint_on_its_way_arrives_before_the_playhead_leaves_its_pose(page, document, hands):
    hands.choose("neck")
    do(page, "joint-down", "joint-down")
    document.seek(POSE_AT + 7)
    assert by_hand(document) == {"neck": (160.0, 62.0, VISIBLE)}


def test_that_keys_of_joints_are_free_while_none_are_edited(page, document, segment):
    assert "next-joint" not in page.commands()
    do(page, "edit-joints")
    assert {"next-joint", "previous-joint", "joint-left", "joint-down"} <= set(page.commands())
    do(page, "edit-joints")
    assert "joint-left" not in page.commands()


def test_that_v_marks_a_joint_occluded_absent_and_visible_and_flags_survive_undo(page, document, hands):
    hands.choose("left_hand")
    seen = []
    for _ in range(3):
        do(page, "joint-state")
        seen.append(by_hand(document)["left_hand"])
    assert [sure for *_, sure in seen] == [OCCLUDED, ABSENT, VISIBLE]
    assert {place[:2] for place in seen} == {(188.0, 118.0)}
    assert document.undo_label == "Mark left hand of cut visible"
    document.undo()
    document.undo()
    assert by_hand(document)["left_hand"][2] == OCCLUDED
    document.redo()
    assert by_hand(document)["left_hand"][2] == ABSENT
    folder = document.folder
    document.close_project()
    document.open(folder)
    assert by_hand(document)["left_hand"] == (188.0, 118.0, ABSENT)


def test_that_p_beside_the_pose_goes_there_and_says_so(page, document, segment, qtbot):
    document.seek(25)
    do(page, "edit-joints")
    assert document.playhead == POSE_AT
    assert page.head.said.text() == "The characteristic pose of cut is here"
    assert page.inspector.tabs.currentIndex() == POSE


def test_that_p_without_a_pose_says_what_to_do(page, document):
    mark(page, document, 40, 60)
    do(page, "edit-joints")
    assert page.head.said.text() == "cut has no characteristic pose yet: C sets it at the playhead"
    assert not page.posing.is_on


# ---- copying, mirroring, going back ----


def test_that_a_pose_is_copied_from_the_frame_before(page, document, hands):
    do(page, "copy-pose")
    assert by_hand(document)["right_hand"] == (131.0, 118.0, 0.75)
    assert "left_elbow" not in by_hand(document)  # nobody saw it there either
    assert document.undo_label == "Copy pose of cut from frame 19"
    assert page.head.said.text() == "8 joints copied from frame 19"


def test_that_where_nobody_is_seen_the_nearest_other_pose_is_copied(page, document, segment, qtbot):
    other = mark(page, document, 40, 60)
    project = edits.set_pose(
        document.project, document.clip_id, other, 50, FrameIdentity(pts=50), author="Ines K."
    )  # fmt: skip
    placed = {"head": (30.0, 31.0, VISIBLE), "neck": (30.0, 50.0, OCCLUDED)}
    project = edits.set_joint_edits(project, document.clip_id, other, placed)
    document.edit(project, "Set pose of cut")
    page.timeline.choose(frozenset({segment}))
    do(page, "copy-pose")
    assert by_hand(document) == placed
    assert page.head.said.text() == "2 joints copied from the pose of cut, frame 50"


def test_that_mirroring_twice_is_as_before_and_a_reset_gives_the_detectors_joints_back(page, document, hands):
    drag(page, in_view(page, 132, 118), in_view(page, 90, 70))
    moved = by_hand(document)
    do(page, "mirror-pose")
    assert by_hand(document)["left_hand"] == moved["right_hand"]
    assert document.undo_label == "Mirror pose of cut"
    do(page, "mirror-pose")
    assert by_hand(document) == moved
    hands.choose("head")
    do(page, "joint-up")
    hands.settle()
    do(page, "reset-pose")
    assert by_hand(document) == moved
    assert document.undo_label == "Reset head of cut"
    hands.choose("")
    do(page, "reset-pose")
    assert by_hand(document) == {}
    assert document.undo_label == "Reset pose of cut"
    do(page, "reset-pose")
    assert page.head.said.text() == "This pose is the detector's already"


# ---- without a detector ----


def test_that_a_clip_without_2d_poses_gets_them_joint_by_joint_with_clicks(page, document, segment, qtbot):
    do(page, "edit-joints")
    hands = page.view.hands
    qtbot.waitUntil(lambda: hands.is_shown, timeout=30_000)
    assert all(each.is_guess for each in hands.joints)
    do(page, "next-joint")
    places = {name: (20.0 + 3 * at, 150.0 - 7 * at) for at, name in enumerate(joints.NAMES)}
    for name, place in places.items():
        assert hands.chosen == name
        at = in_view(page, *place)
        assert hands.at(at) in ("", name)  # no other guess lies there
        mouse(page, QEvent.Type.MouseButtonPress, at)
        mouse(page, QEvent.Type.MouseButtonRelease, at)
    assert {name: place[:2] for name, place in by_hand(document).items()} == {
        name: pytest.approx(place, abs=1e-6) for name, place in places.items()
    }
    assert page.view._people[0].track == 0  # whom no detector saw is on the picture


# ---- looking again ----


class Looking(FittingModels):
    """Answers at once what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list = []

    def detect(self, video, frame, box) -> int:
        self.boxes.append((frame, box))
        return len(self.boxes)


@pytest.fixture
def looking(page):
    """The page's detecting asks this one."""
    models = Looking()
    page.detecting._models = models
    models.detected.connect(page.detecting._take_answer)
    return models


FOUND = tuple((100.0 + at, 50.0 + at, 0.2 if at == 0 else 0.9) for at in range(9))


def press(page, key, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    """A key on the picture, whether a command wants it or not."""
    for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
        QApplication.sendEvent(page.view, QKeyEvent(kind, key, modifiers))


def test_that_a_pose_is_looked_for_in_a_drawn_box_and_taken_with_enter(page, document, hands, looking):
    do(page, "detect-again")
    left, top, right, bottom = hands.boxing.box
    assert left < 132
    assert right > 188
    assert top < 40
    assert bottom > 120
    drag(page, in_view(page, 80, 20), in_view(page, 200, 150))
    (frame, box) = looking.boxes[0]
    assert frame == POSE_AT
    assert box == pytest.approx((80, 20, 200, 150), abs=1e-6)
    looking.detected.emit(1, Detected(number=1, joints=FOUND, presence=0.9))
    assert by_hand(document) == {}
    assert [each.name for each in hands.proposal if not each.is_guess] == list(joints.NAMES[1:])
    assert hands.hint == "8 of 9 joints found: Enter takes them, Esc leaves the pose"
    press(page, Qt.Key.Key_Return)
    assert by_hand(document) == {name: FOUND[at] for at, name in enumerate(joints.NAMES) if at}
    assert document.undo_label == "Detect pose of cut again"
    assert hands.proposal == ()
    assert hands.boxing.box is None


def test_that_enter_looks_in_the_actors_box_and_esc_leaves_the_pose(page, document, hands, looking):
    do(page, "detect-again")
    box = hands.boxing.box
    press(page, Qt.Key.Key_Return)
    assert looking.boxes == [(POSE_AT, box)]
    looking.detected.emit(1, Detected(number=1, joints=FOUND, presence=0.9))
    assert page.back_out()
    assert (by_hand(document), hands.proposal, hands.hint) == ({}, (), "")
    assert page.posing.is_on


def test_that_keys_alone_move_the_box_and_change_its_size_inside_the_picture(page, document, hands, looking):
    do(page, "detect-again")
    left, top, right, bottom = hands.boxing.box
    video, at = document.clip.video, document.playhead
    step = video.width / 80
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Down):
        press(page, key)
    assert hands.boxing.box == pytest.approx((left + step, top + step, right + step, bottom + step))
    press(page, Qt.Key.Key_Up)
    press(page, Qt.Key.Key_Left)
    press(page, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    press(page, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert hands.boxing.box == pytest.approx((left, top, right - step, bottom - step))
    assert document.playhead == at, "arrows are the box's meanwhile"
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Up):
        for _ in range(100):
            press(page, key)
            press(page, key, Qt.KeyboardModifier.ShiftModifier)
    assert hands.boxing.box == pytest.approx((0, 0, 8, 8))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
        for _ in range(100):
            press(page, key, Qt.KeyboardModifier.ShiftModifier)
    assert hands.boxing.box == pytest.approx((0, 0, video.width - 1, video.height - 1))
    press(page, Qt.Key.Key_Return)
    assert looking.boxes == [(POSE_AT, hands.boxing.box)]
    press(page, Qt.Key.Key_Escape)
    page.back_out()
    assert hands.boxing.box is None


def test_that_nobody_in_the_box_and_a_refusal_are_said(page, document, hands, looking):
    do(page, "detect-again")
    press(page, Qt.Key.Key_Return)
    looking.detected.emit(1, Detected(number=1))
    assert hands.hint == "Nobody was found in this box: draw another, closer round the person"
    drag(page, in_view(page, 80, 20), in_view(page, 200, 150))
    refused = []
    document.refused.connect(refused.append)
    looking.detected.emit(2, Refusal(message="There is no frame 20.", hint="Choose another."))
    assert str(refused[0]) == "There is no frame 20."
    assert hands.boxing.box is None


def test_that_an_answer_for_a_pose_that_was_left_is_dropped(page, document, hands, looking):
    do(page, "detect-again")
    press(page, Qt.Key.Key_Return)
    document.seek(5)
    looking.detected.emit(1, Detected(number=1, joints=FOUND, presence=0.9))
    assert by_hand(document) == {}
    assert hands.proposal == ()


# ---- in space ----


def test_that_the_lift_shows_the_pose_as_a_body_with_the_joints_moved_by_hand(page, document, hands, qtbot):
    document.seek(3)
    do(page, "lift-pose")
    assert document.playhead == POSE_AT
    assert page.lifting.is_on
    qtbot.waitUntil(page.is_settled, timeout=30_000)
    before = page.body.wish()
    assert before.skeleton == BODY_25.name  # the legs count as well
    drag(page, in_view(page, 132, 118), in_view(page, 90, 70))
    after = page.body.wish()
    assert after.pose.joints[BODY_25["right_wrist"]] == pytest.approx((90, 70))
    assert [
        at for at, both in enumerate(zip(before.pose.joints, after.pose.joints, strict=True)) if len({*both}) > 1
    ] == [BODY_25["right_wrist"]]
    do(page, "lift-pose")
    assert not page.lifting.is_on

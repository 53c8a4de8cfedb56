"""Annotate, as a person uses it: keys and clicks on a real small video, and what the project holds afterwards."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QSlider

from core.bodies.skeletons import BLAZEPOSE_33
from core.motion import Poses2d
from core.project import edits
from core.project.annotations import FrameIdentity, Segment, VideoFile
from core.project.store import ProjectStore
from core.video import frame_luma, open_video, same_frame, write_video
from studio import theme
from studio.commands import BY_NAME
from studio.document import Document
from studio.jobs import Jobs
from studio.pages.annotate import AnnotatePage
from studio.widgets.label_menu import ColourGrid, LabelMenu
from tests.studio.stand_ins import FittingModels, display

FRAMES = 80


def a_video(path: Path, frames=FRAMES, shade=lambda number: 20 + 2 * number) -> Path:
    """A square that wanders over a ground that brightens: every frame looks different."""
    with write_video(path, 20.0, 320, 180, 14) as out:
        for number in range(frames):
            picture = np.full((180, 320, 3), shade(number) % 230, np.uint8)
            x = number * 3 % 280
            picture[60:120, x : x + 40] = (250, 80, 40)
            out.add(picture)
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    return a_video(tmp_path_factory.mktemp("video") / "clip_07.mp4")


@pytest.fixture
def document(qtbot, tmp_path, video):
    made = Document("Ines K.")
    made.create(tmp_path / "kitchen", "Kitchen")
    own = Path(shutil.copy(video, tmp_path / "clip_07.mp4"))
    with open_video(own) as opened:
        facts = VideoFile(**opened.facts()._asdict())
    project, clip = edits.add_clip(made.project, "clip_07", own, facts, author="Ines K.", folder=made.folder)
    for name in ("reach", "wash", "cut"):
        project, _ = edits.add_label(project, name, "action", author="Ines K.")
    project, _ = edits.add_label(project, "knife", "object", author="Ines K.")
    assert made.edit(project, "Add clip_07")
    made.choose_clip(clip.id)
    yield made
    made.close_project()


@pytest.fixture
def page(qtbot, document):
    made = AnnotatePage(document, Jobs(), FittingModels(), display(document.folder.parent))
    qtbot.addWidget(made)
    made.resize(1500, 900)
    made.show()
    qtbot.waitUntil(made.is_settled, timeout=30_000)
    yield made
    made.close_page()
    made.close()


def do(page, *names: str) -> None:
    """Carry out commands, as their keys do."""
    for name in names:
        page.commands()[name]()


def segments(document) -> list[tuple[str, int, int]]:
    project = document.project
    return [(project.labels[each.action].name, each.start_frame, each.end_frame) for each in document.clip.segments]


def mark(page, document, start: int, end: int, label: int = 3) -> str:
    """I, O and a label's key; the id of the segment that is there then."""
    before = {each.id for each in document.clip.segments}
    document.seek(start)
    do(page, "mark-start")
    document.seek(end)
    do(page, "mark-end", f"label-{label}")
    (made,) = {each.id for each in document.clip.segments} - before
    return made


# ---- segments ----


def test_that_i_o_and_a_labels_key_make_a_segment_that_undo_takes_away(page, document):
    made = mark(page, document, 10, 30)
    assert segments(document) == [("cut", 10, 30)]
    assert page.timeline.chosen == {made}
    assert document.undo_label == "Mark cut"
    document.undo()
    assert segments(document) == []
    assert page.timeline.scene.contents.tracks[0].ids == ()
    document.redo()
    assert segments(document) == [("cut", 10, 30)]


def test_that_a_number_alone_relabels_what_is_chosen(page, document):
    mark(page, document, 10, 30)
    do(page, "label-1")
    assert segments(document) == [("reach", 10, 30)]
    assert document.undo_label == "Relabel cut as reach"


def test_that_a_number_with_neither_cuts_from_the_segment_before_to_the_playhead(page, document):
    for frame, label in ((12, 1), (30, 2), (55, 3)):
        document.seek(frame)
        do(page, f"label-{label}")
    assert segments(document) == [("reach", 0, 12), ("wash", 12, 30), ("cut", 30, 55)]
    document.seek(FRAMES - 1)
    do(page, "label-1")
    assert segments(document)[-1] == ("reach", 55, FRAMES)


def test_that_cutting_inside_a_segment_is_refused_in_words(page, document):
    mark(page, document, 10, 30)
    page.timeline.choose(frozenset())
    document.seek(20)
    do(page, "label-1")
    assert segments(document) == [("cut", 10, 30)]
    assert "lies in cut" in page.head.said.text()


def test_that_an_end_before_its_start_is_refused_in_words(page, document):
    document.seek(30)
    do(page, "mark-start")
    document.seek(20)
    do(page, "mark-end", "label-1")
    assert segments(document) == []
    assert page.head.said.text()


def test_that_split_merge_delete_and_the_nearest_end_do_what_they_say(page, document):
    mark(page, document, 10, 40)
    document.seek(25)
    do(page, "split")
    assert segments(document) == [("cut", 10, 25), ("cut", 25, 40)]
    document.seek(28)
    do(page, "nearest-end")
    assert segments(document) == [("cut", 10, 28), ("cut", 28, 40)]
    assert document.undo_label == "Move start of cut"
    page.timeline.choose(frozenset({document.clip.segments[0].id}))
    do(page, "merge")
    assert segments(document) == [("cut", 10, 40)]
    do(page, "delete-segment")
    assert segments(document) == []
    for _ in range(4):
        document.undo()
    assert segments(document) == [("cut", 10, 40)]


def test_that_background_is_a_grey_label_made_when_it_is_first_used(page, document):
    document.seek(20)
    steps = len(document.store.journal)
    do(page, "background")
    assert segments(document) == [("background", 0, 20)]
    assert len(document.store.journal) == steps + 1, "one key is one step, label and all"
    label = document.project.label_named("background", "action")
    assert label.key == ""


def test_that_a_drag_on_the_timeline_is_one_step_of_history(page, document):
    mark(page, document, 10, 30)
    page.timeline.snapping = False
    steps = len(document.store.journal)
    scene = page.timeline.scene
    row = next(each for each in scene.rows() if each.kind == "segments")
    y = row.top + row.height / 2
    start, end = QPointF(scene.axis.x(30) - 2, y), QPointF(scene.axis.x(50) - 2, y)
    QTest.mousePress(page.timeline, Qt.MouseButton.LeftButton, pos=start.toPoint())
    for share in (0.2, 0.5, 0.8, 1.0):
        QTest.mouseMove(page.timeline, (start + (end - start) * share).toPoint())
        QApplication.processEvents()
    QTest.mouseRelease(page.timeline, Qt.MouseButton.LeftButton, pos=end.toPoint())
    assert segments(document) == [("cut", 10, 50)]
    assert len(document.store.journal) == steps + 1
    assert document.undo_label == "Move end of cut"


def test_that_an_objects_label_belongs_to_the_chosen_segment_and_counts(page, document):
    made = mark(page, document, 10, 30)
    knife = document.project.label_named("knife", "object")
    page.labels.picked.emit(knife.id)
    assert document.clip.segment(made).objects == (knife.id,)
    assert page.inspector.segment.objects.text() == "knife"
    page.labels.picked.emit(knife.id)
    assert document.clip.segment(made).objects == ()


# ---- characteristic poses ----


def test_that_c_stores_which_frame_it_is_and_what_it_looks_like(page, document, qtbot):
    made = mark(page, document, 10, 30)
    document.seek(17)
    do(page, "set-pose")
    qtbot.waitUntil(lambda: document.clip.pose_of(made) is not None, timeout=30_000)
    pose = document.clip.pose_of(made)
    with open_video(document.video_path(document.clip_id)) as opened:
        assert (pose.frame, pose.identity.pts) == (17, opened.pts(17))
        assert same_frame(pose.identity.luma, frame_luma(opened.frame(17)))
        assert not same_frame(pose.identity.luma, frame_luma(opened.frame(20)))
    assert document.undo_label == "Set pose of cut"
    assert page.view._headline.words == "Characteristic pose of  cut"
    document.seek(25)
    assert page.view._headline is None
    do(page, "set-pose")
    qtbot.waitUntil(lambda: document.clip.pose_of(made).frame == 25, timeout=30_000)
    assert document.undo_label == "Move pose of cut"
    do(page, "remove-pose")
    assert document.clip.pose_of(made) is None


def test_that_the_pose_belongs_to_the_frame_at_the_key_even_if_the_playhead_moves_on(page, document, qtbot):
    made = mark(page, document, 10, 30)
    document.seek(17)
    do(page, "set-pose")
    document.seek(29)
    qtbot.waitUntil(lambda: document.clip.pose_of(made) is not None, timeout=30_000)
    assert document.clip.pose_of(made).frame == 17


def test_that_c_outside_every_segment_says_so(page, document):
    document.seek(50)
    do(page, "set-pose")
    assert "in no segment" in page.head.said.text()


def test_that_what_is_missing_is_counted_and_walked_to(page, document, qtbot):
    mark(page, document, 5, 20)
    second = mark(page, document, 40, 60)
    assert page.head.missing.text() == "1 unlabelled stretch, 2 segments without a pose"
    document.seek(0)
    visited = []
    for _ in range(3):
        do(page, "next-missing")
        visited.append(document.playhead)
    assert visited == [12, 20, 50]
    assert page.timeline.chosen == {second}
    do(page, "next-missing")
    assert document.playhead == 12


# ---- in the whole window ----


def test_that_keys_of_the_window_mark_and_typing_in_a_field_does_not(open_studio, qtbot, video):
    document, window = open_studio.document, open_studio.window
    with open_video(video) as opened:
        facts = VideoFile(**opened.facts()._asdict())
    project, clip = edits.add_clip(document.project, "clip", video, facts, author="I", folder=document.folder)
    project, _ = edits.add_label(project, "reach", "action", author="I")
    assert document.edit(project, "Add clip")
    document.choose_clip(clip.id)
    page = window.show_page("annotate")
    window.activateWindow()
    qtbot.waitUntil(lambda: window.is_settled() and page.view.hasFocus(), timeout=30_000)

    def press(key, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(QApplication.focusWidget() or window, key, modifier)
        QApplication.processEvents()

    document.seek(10)
    press(Qt.Key.Key_I)
    for _ in range(3):
        press(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert document.playhead == 40
    press(Qt.Key.Key_O)
    press(Qt.Key.Key_1)
    assert segments(document) == [("reach", 10, 40)]
    press(Qt.Key.Key_Space)
    assert page.player.is_playing
    press(Qt.Key.Key_K)
    assert not page.player.is_playing
    press(Qt.Key.Key_Q)
    assert page.labels.search.hasFocus()
    QTest.keyClicks(page.labels.search, "xio1")
    assert page.labels.search.text() == "xio1"
    assert segments(document) == [("reach", 10, 40)]
    press(Qt.Key.Key_Escape)
    assert not page.labels.search.hasFocus()
    press(Qt.Key.Key_Delete)
    assert segments(document) == []
    press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert segments(document) == [("reach", 10, 40)]


# ---- moving ----


def test_that_the_keys_of_the_clock_move_the_playhead_inside_the_clip(page, document):
    document.seek(20)
    for name, frame in (
        *(("step", 21), ("step-back", 20), ("step-10", 30), ("step-back-10", 20)),
        *(("step-100", FRAMES - 1), ("to-start", 0), ("to-end", FRAMES - 1), ("step-back-100", 0)),
    ):
        do(page, name)
        assert document.playhead == frame, name


def test_that_the_picture_shows_the_frame_at_the_playhead(page, document, qtbot):
    for frame in (0, 33, 34, 70):
        document.seek(frame)
        qtbot.waitUntil(page.is_settled, timeout=30_000)
        image = page.view.image
        assert image is not None
        shade = QColor(image.pixel(image.width() - 4, image.height() - 4)).red()
        assert abs(shade - (20 + 2 * frame) % 230) <= 3
    assert "frame 70" in page.view._caption


def test_that_walking_chooses_segments_and_poses_in_turn(page, document, qtbot):
    first, second = mark(page, document, 5, 20), mark(page, document, 40, 60)
    document.seek(50)
    do(page, "set-pose")
    qtbot.waitUntil(lambda: document.clip.pose_of(second) is not None, timeout=30_000)
    page.timeline.choose(frozenset())
    document.seek(0)
    do(page, "next-segment")
    assert (document.playhead, page.timeline.chosen) == (5, {first})
    do(page, "next-segment")
    assert (document.playhead, page.timeline.chosen) == (40, {second})
    do(page, "previous-segment")
    assert document.playhead == 5
    do(page, "next-pose")
    assert document.playhead == 50


def test_that_a_typed_time_moves_the_playhead_and_nonsense_is_refused(page, document, qtbot):
    page.view.time_typed.emit("0:01.50")
    assert document.playhead == 30
    with qtbot.waitSignal(document.refused) as told:
        page.view.time_typed.emit("later")
    assert "later" in str(told.args[0])
    assert document.playhead == 30


def test_that_playing_moves_the_one_playhead_everything_follows(page, document, qtbot):
    do(page, "play")
    assert page.player.is_playing
    qtbot.waitUntil(lambda: document.playhead > 5, timeout=30_000)
    do(page, "play-stop")
    stopped = document.playhead
    qtbot.wait(80)
    assert document.playhead == stopped == page.timeline.playhead


# ---- the side panels ----


def test_that_typed_ends_move_a_segment_to_the_frames_they_mean(page, document, qtbot):
    made = mark(page, document, 10, 30)
    form = page.inspector.segment
    assert (form.start.text(), form.end.text()) == ("0:00.50", "0:01.50")
    form.end.setFocus()
    form.end.selectAll()
    QTest.keyClicks(form.end, "0:02.00")
    QTest.keyClick(form.end, Qt.Key.Key_Return)
    assert segments(document) == [("cut", 10, 40)]
    form.end.selectAll()
    QTest.keyClicks(form.end, "0:00.10")
    with qtbot.waitSignal(document.refused):
        QTest.keyClick(form.end, Qt.Key.Key_Return)
    assert segments(document) == [("cut", 10, 40)]
    assert document.clip.segment(made) is not None


def test_that_the_labels_show_keys_and_how_often_each_is_used(page, document):
    mark(page, document, 5, 20)
    mark(page, document, 30, 45)
    said = [page.labels.list.item(at).data(Qt.ItemDataRole.AccessibleTextRole) for at in range(3)]
    assert said[0] == "reach, 0 in this clip, 0 in all, key 1"
    assert said[2] == "cut, 2 in this clip, 2 in all, key 3"
    QTest.keyClicks(page.labels.search, "was")
    assert page.labels.list.count() == 1


def test_that_a_label_is_added_in_place_with_the_next_key_and_colour(page, document):
    do(page, "add-label")
    field = page.labels.findChild(QLineEdit, "new label")
    QTest.keyClicks(field, "peel")
    QTest.keyClick(field, Qt.Key.Key_Return)
    label = document.project.label_named("peel", "action")
    assert (label.key, label.colour) == ("4", theme.LABELS[3])
    document.seek(10)
    do(page, "label-4")
    assert segments(document) == [("peel", 0, 10)]


def test_that_a_key_without_a_label_says_how_to_add_one(page, document):
    do(page, "label-9")
    assert page.head.said.text() == "No label has the key 9 yet: Ctrl+Shift+L adds one"
    assert segments(document) == []


def test_that_esc_in_the_search_for_labels_shows_all_of_them_again(page, document):
    do(page, "find-label")
    QTest.keyClicks(page.labels.search, "zeppelin")
    assert page.labels.list.count() == 0
    QTest.keyClick(page.labels.search, Qt.Key.Key_Escape)
    assert page.labels.search.text() == ""
    assert page.labels.list.count() == 3


def test_that_the_field_for_a_new_label_goes_when_it_is_left(page, document):
    do(page, "add-label")
    field = page.labels.findChild(QLineEdit, "new label")
    assert field.isVisible()
    page.view.take_keys()
    assert not field.isVisible()
    assert len(document.project.actions()) == 3


def label_named(document, name):
    return next(each for each in document.project.labels.values() if each.name == name)


def label_menu(page, name) -> LabelMenu:
    """The menu on a label's row."""
    row = next(at for at in range(page.labels.list.count()) if page.labels.list.item(at).text() == name)
    return page.labels.menu_of(page.labels.list.item(row))


def test_that_a_label_takes_a_colour_of_its_menu_and_the_timeline_shows_it(page, document):
    made = mark(page, document, 10, 30)
    grid = label_menu(page, "cut").findChild(ColourGrid)
    assert grid is not None
    colours = grid.findChildren(QAbstractButton)
    assert len(colours) == 40
    colours[20].click()
    assert label_named(document, "cut").colour == theme.LABELS[20]
    contents = page.timeline.scene.contents
    place = contents.tracks[0].places[made]
    assert contents.labels[contents.tracks[0].labels[place]].colour == theme.LABELS[20]
    assert document.undo_label == "Recolour cut"


def test_that_a_key_given_to_a_label_is_taken_from_its_holder_in_one_step(page, document):
    keys = {each.text().split("\t")[0]: each for each in label_menu(page, "cut").keys.actions()}
    assert keys["1"].text() == "1\treach"
    keys["1"].trigger()
    assert (label_named(document, "cut").key, label_named(document, "reach").key) == ("1", "")
    assert document.undo_label == "Give cut the key 1"
    document.undo()
    assert (label_named(document, "cut").key, label_named(document, "reach").key) == ("3", "1")
    {each.text(): each for each in label_menu(page, "cut").keys.actions()}["None"].trigger()
    assert label_named(document, "cut").key == ""


def test_that_a_label_in_use_cannot_be_removed_and_the_reason_is_said(page, document, qtbot):
    mark(page, document, 5, 20)
    label = document.project.label_named("cut", "action")
    with qtbot.waitSignal(document.refused) as told:
        page.labels.remove_wanted.emit(label.id)
    assert "cut" in str(told.args[0])
    assert label.id in document.project.labels


def test_that_history_lists_what_was_done_newest_first_and_what_was_taken_back(page, document):
    mark(page, document, 5, 20)
    do(page, "delete-segment")
    document.undo()
    page.inspector.tabs.setCurrentIndex(3)
    steps = [(each.what, each.state) for each in page.inspector.history.rows()]
    assert steps[:3] == [("Delete cut", "next"), ("Mark cut", "now"), ("Add clip_07", "made")]


# ---- people ----


def with_people(document, people=2) -> None:
    """2D poses of some people, standing side by side."""
    joints = np.zeros((FRAMES, people, 33, 2), np.float32)
    for person in range(people):
        joints[:, person, :, 0] = 60 + 120 * person + np.arange(33) % 5 * 6
        joints[:, person, :, 1] = 30 + np.arange(33) * 4
    confidence = np.full((FRAMES, people, 33), 0.9, np.float32)
    confidence[40:, 0] = 0.1
    name = document.store.write_tracks(Poses2d(BLAZEPOSE_33, joints, confidence))
    assert document.edit(edits.set_tracks(document.project, document.clip_id, name), "Extract 2D poses")


def test_that_people_are_drawn_once_their_poses_are_there(page, document, qtbot):
    assert not page.view.state.isHidden()  # "No joints in this clip yet"
    with_people(document)
    qtbot.waitUntil(page.is_settled, timeout=30_000)
    assert page.view.state.isHidden()
    assert [each.is_actor for each in page.view._people] == [True, False]
    confidence = page.timeline.scene.confidence
    assert confidence.at(10) == pytest.approx(0.9)
    assert confidence.at(60) == pytest.approx(0.1)
    document.seek(60)
    qtbot.waitUntil(lambda: page.is_settled() and len(page.view._people) == 1, timeout=30_000)
    do(page, "show-joints")
    assert page.view._with_joints is False


def test_that_the_person_clicked_becomes_the_actor_of_what_is_chosen(page, document, qtbot):
    with_people(document)
    made = mark(page, document, 10, 30)
    page.view.person_clicked.emit(1)
    actor = next(each for each in document.clip.actors if each.track == 1)
    assert document.clip.segment(made).actor == actor.id
    assert page.picture.actor_track() == 1
    again = mark(page, document, 40, 50)
    assert document.clip.segment(again).actor == actor.id
    do(page, "next-actor")
    assert page.picture.actor_track() == 0
    page.timeline.choose(frozenset({made}))
    assert page.picture.actor_track() == 1
    assert page.timeline.scene.main_actor == actor.id


def test_that_who_the_actor_is_can_be_seen_and_chosen_where_there_are_several(page, document, qtbot):
    assert page.head.actor.isHidden()
    first, second = mark(page, document, 5, 20), mark(page, document, 20, 40)
    with_people(document)
    assert not page.head.actor.isHidden()
    assert "Person 1" in page.head.actor.text()
    page.timeline.choose(frozenset({first, second}))
    page.head.actor_menu.aboutToShow.emit()
    menu = page.head.actor_menu.actions()
    assert [each.text() for each in menu] == ["Person 1\tseen in 50 %", "Person 2\tseen in 100 %"]
    assert [each.isChecked() for each in menu] == [True, False]
    menu[1].trigger()
    assert "Person 2" in page.head.actor.text()
    (actor,) = document.clip.actors
    assert {each.actor for each in document.clip.segments} == {actor.id}
    assert document.undo_label == "Change actor of 2 segments"
    document.undo()
    assert {each.actor for each in document.clip.segments} == {""}


def test_that_the_segments_of_the_one_person_stand_in_one_row_said_or_not(page, document):
    made = mark(page, document, 5, 20)
    project, _ = edits.add_actor(document.project, document.clip_id, "Ada", author="I", track=0)
    document.edit(project, "Add Ada")
    (track,) = page.timeline.scene.contents.tracks
    assert (track.name, track.ids) == ("Ada", (made,))
    assert [page.inspector.segment.actor.itemText(at) for at in range(page.inspector.segment.actor.count())] == ["Ada"]
    with_people(document)
    assert [each.name for each in page.timeline.scene.contents.tracks] == ["Ada", "Actor not said"]


def test_that_background_lacks_no_pose(page, document):
    document.seek(20)
    do(page, "background")
    assert page.head.missing.text() == "Nothing is missing"
    assert not page.timeline.scene.contents.poses.missing.any()


def test_that_extracting_poses_asks_for_this_clip(page, document, monkeypatch):
    started = []
    monkeypatch.setattr(Jobs, "start", lambda _, spec, name: started.append((spec, name)))
    monkeypatch.setattr(Jobs, "free_name", lambda _, stem: f"{stem}-01")
    button = next(each for each in page.view.state.findChildren(QAbstractButton) if each.text() == "Extract 2D poses")
    button.click()
    ((spec, name),) = started
    assert (spec.clip_ids, name) == ((document.clip_id,), "poses-01")


# ---- the video is gone, another one, shorter ----


def state_words(page) -> str:
    return " ".join(each.text() for each in page.view.state.findChildren(QLabel) if not page.view.state.isHidden())


def reopened(qtbot, document) -> AnnotatePage:
    """The page as it is when the project is opened again."""
    made = AnnotatePage(document, Jobs(), FittingModels(), display(document.folder.parent))
    qtbot.addWidget(made)
    made.resize(1500, 900)
    made.show()
    qtbot.waitUntil(made.is_settled, timeout=30_000)
    return made


def marked_with_pose(document, frame=17) -> None:
    with open_video(document.video_path(document.clip_id)) as opened:
        identity = FrameIdentity(pts=opened.pts(frame), luma=frame_luma(opened.frame(frame)))
    project, segment = edits.mark_segment(
        document.project, document.clip_id, document.project.actions()[2].id, 10, 60, author="Ines K."
    )
    project = edits.set_pose(project, document.clip_id, segment.id, frame, identity, author="Ines K.")
    assert document.edit(project, "Mark cut")


def test_that_a_swapped_video_is_said_and_nothing_shifts(document, qtbot):
    marked_with_pose(document)
    before = document.clip
    a_video(document.video_path(document.clip_id), shade=lambda number: 220 - 2 * number)
    page = reopened(qtbot, document)
    assert "The video is not the one you marked" in state_words(page)
    assert "Frame 17 looks different" in state_words(page)
    assert document.clip is before
    next(each for each in page.view.state.findChildren(QAbstractButton) if each.text() == "Compare").click()
    assert "1 of 1 marked frames look different" in state_words(page)
    page.close_page()
    page.close()


def test_that_a_video_that_ends_early_is_said_and_the_marks_are_kept_and_hatched(document, qtbot):
    marked_with_pose(document)
    a_video(document.video_path(document.clip_id), frames=40)
    page = reopened(qtbot, document)
    assert "The video ends before the annotations" in state_words(page)
    assert "It has 40 frames; 1 segment lies after that" in state_words(page)
    assert page.timeline.scene.contents.video_ends == 40
    assert segments(document) == [("cut", 10, 60)]
    page.close_page()
    page.close()


def test_that_a_clip_whose_video_moved_can_be_read_and_found_again(document, qtbot, tmp_path):
    marked_with_pose(document)
    there = document.video_path(document.clip_id)
    moved = tmp_path / "elsewhere" / "clip_07.mp4"
    moved.parent.mkdir()
    there.rename(moved)
    page = reopened(qtbot, document)
    assert "clip_07.mp4 has moved" in state_words(page)
    assert "Its segment is safe in the project" in state_words(page)
    document.seek(30)
    assert page.timeline.playhead == 30
    with qtbot.waitSignal(document.refused) as told:
        do(page, "set-pose")
    assert "cannot be seen" in str(told.args[0])
    do(page, "split")
    assert segments(document) == [("cut", 10, 30), ("cut", 30, 60)]
    page.picture.words.finding.use(moved)
    qtbot.waitUntil(lambda: page.is_settled() and page.view.image is not None, timeout=30_000)
    assert "moved" not in state_words(page)
    assert document.undo_label == "Find clip_07"
    page.close_page()
    page.close()


def test_that_the_status_says_when_the_frames_were_verified(document, qtbot):
    marked_with_pose(document)
    page = AnnotatePage(document, Jobs(), FittingModels(), display(document.folder.parent))
    qtbot.addWidget(page)
    said = []
    page.says.connect(said.append)
    qtbot.waitUntil(lambda: "Frames verified" in said, timeout=30_000)
    page.close_page()


def test_that_another_clips_frame_is_never_shown_for_this_one(page, document, qtbot, tmp_path):
    other = a_video(tmp_path / "other.mp4", frames=30, shade=lambda _: 200)
    with open_video(other) as opened:
        facts = VideoFile(**opened.facts()._asdict())
    project, clip = edits.add_clip(document.project, "other", other, facts, author="I", folder=document.folder)
    document.edit(project, "Add other")
    document.choose_clip(clip.id)
    assert page.view.image is None
    qtbot.waitUntil(lambda: page.is_settled() and page.view.image is not None, timeout=30_000)
    image = page.view.image
    assert image is not None
    assert abs(QColor(image.pixel(image.width() - 4, 4)).red() - 200) <= 3


def test_that_a_clip_of_joints_alone_takes_marks_and_poses(page, document, qtbot):
    facts = VideoFile(
        path="", frame_count=100, width=640, height=360, rate_hz=25.0, duration_s=4.0, size_bytes=0, fingerprint=""
    )
    project, clip = edits.add_clip(document.project, "bare", None, facts, author="I", folder=document.folder)
    document.edit(project, "Add bare")
    document.choose_clip(clip.id)
    made = mark(page, document, 10, 30)
    document.seek(20)
    do(page, "set-pose")
    assert document.clip.pose_of(made).identity == FrameIdentity(pts=20)


def test_that_a_clip_without_video_says_so_on_a_dark_ground(page, document, qtbot):
    facts = VideoFile(
        path="", frame_count=100, width=640, height=360, rate_hz=25.0, duration_s=4.0, size_bytes=0, fingerprint=""
    )
    project, clip = edits.add_clip(document.project, "bare", None, facts, author="I", folder=document.folder)
    document.edit(project, "Add bare")
    assert page.view._note == ""
    document.choose_clip(clip.id)
    qtbot.waitUntil(page.is_settled, timeout=30_000)
    assert "no video" in page.view._note
    seen = page.view.framing.seen.center()
    assert QColor(page.view.grab().toImage().pixel(seen.toPoint())).name().upper() == theme.DARK.canvas


def test_that_nothing_of_a_clip_that_was_taken_out_stays_on_the_timeline(page, document):
    mark(page, document, 10, 20)
    assert document.edit(edits.remove_clip(document.project, document.clip_id), "Take out clip")
    assert document.clip is None
    contents = page.timeline.scene.contents
    assert (contents.tracks, contents.time.frame_count) == ((), 0)
    document.undo()
    document.choose_clip(next(iter(document.project.clips)))
    assert len(page.timeline.scene.contents.tracks[0].ids) == 1


def test_that_without_a_clip_the_page_says_where_clips_come_from(qtbot, tmp_path):
    empty = Document("Ines K.")
    empty.create(tmp_path / "empty", "Empty")
    page = reopened(qtbot, empty)
    asked = []
    page.asks.connect(asked.append)

    def ask(words):
        next(each for each in page.view.state.findChildren(QAbstractButton) if each.text() == words).click()

    assert "No clips yet" in state_words(page)
    ask("Add videos")
    nothing = VideoFile(
        path="", frame_count=9, width=64, height=48, rate_hz=25.0, duration_s=1.0, size_bytes=0, fingerprint=""
    )
    project, _ = edits.add_clip(empty.project, "one", None, nothing, author="Ines K.", folder=empty.folder)
    assert empty.edit(project, "Add one")
    page.picture.words.refresh()
    assert "Choose a clip" in state_words(page)
    ask("Open Data")
    assert asked == ["add-videos", "page-data"]
    page.close_page()
    page.close()
    empty.close_project()


def test_that_a_project_open_for_reading_shows_everything_and_refuses_edits_in_words(document, qtbot):
    marked_with_pose(document)
    reader = Document("Theo M.")
    ProjectStore.open(document.folder, "Theo M.", mode="read").close()
    reader.open(document.folder)
    assert reader.read_only_reason
    page = reopened(qtbot, reader)
    assert [len(each.ids) for each in page.timeline.scene.contents.tracks] == [1]
    assert not page.timeline.editable
    reader.seek(30)
    with qtbot.waitSignal(reader.refused):
        do(page, "split")
    assert segments(reader) == [("cut", 10, 60)]
    page.close_page()
    page.close()
    reader.close_project()


# ---- for everyone ----


def test_that_every_control_has_a_name_and_every_command_of_the_page_is_in_the_table(page, document):
    mark(page, document, 10, 30)
    for kind in (QAbstractButton, QLineEdit, QComboBox, QSlider):
        for each in page.findChildren(kind):
            named = each.accessibleName() or (each.text() if isinstance(each, QAbstractButton) else "")
            internal = each.objectName().startswith("qt_") or "QTabBar" in type(each.parent()).__name__
            assert named or internal, f"{type(each).__name__} in {type(each.parent()).__name__}"
    assert set(page.commands()) <= set(BY_NAME)


@pytest.mark.parametrize("size", [(1210, 640), (1530, 924)])
def test_that_at_the_smallest_size_and_largest_text_no_word_is_cut(qapp, document, qtbot, size):
    theme.apply(qapp, theme.DARK, 130)
    marked_with_pose(document)
    page = reopened(qtbot, document)
    page.resize(*size)
    page.timeline.choose(frozenset({document.clip.segments[0].id}))
    QApplication.processEvents()
    cut = [
        each.text()
        for each in page.findChildren(QAbstractButton)
        if each.isVisible() and each.text() and each.width() < each.fontMetrics().horizontalAdvance(each.text())
    ]
    for each in page.findChildren(QLabel):
        if each.isVisible() and each.text() and not each.wordWrap() and each is not page.head.said:
            room = each.contentsRect().width()
            if each.fontMetrics().horizontalAdvance(each.text()) > room + 1:
                cut.append(each.text())
    page.close_page()
    page.close()
    theme.apply(qapp, theme.DARK)
    assert not cut


@pytest.mark.slow
def test_that_an_edit_among_fifty_thousand_segments_is_on_screen(page, document, qtbot):
    count = 50_000
    facts = VideoFile(
        path="", frame_count=count * 20, width=640, height=360, rate_hz=25.0, duration_s=count * 0.8, size_bytes=0,
        fingerprint="",
    )  # fmt: skip
    project, clip = edits.add_clip(document.project, "long", None, facts, author="I", folder=document.folder)
    actions = [each.id for each in project.actions()]
    made = clip.made
    segments = tuple(
        Segment(id=f"s{at}", action=actions[at % 3], start_frame=at * 20, end_frame=at * 20 + 20, made=made)
        for at in range(count)
    )
    assert document.edit(project.with_clip(structs.replace(clip, segments=segments)), "Add long")
    document.choose_clip(clip.id)
    assert document.edit(edits.change_segment(document.project, clip.id, "s30", action=actions[2]), "Relabel")
    (track,) = page.timeline.scene.contents.tracks
    assert page.timeline.scene.contents.labels[track.labels[30]].name == "cut"

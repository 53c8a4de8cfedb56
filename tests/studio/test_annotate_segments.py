"""Many segments on the Annotate page: copied, pasted, rippled, nudged, locked; gaps filled; rows kept as they were."""

from typing import cast

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from core.project import edits
from core.video import frame_luma, open_video, same_frame
from studio.jobs import Jobs
from studio.models_client import ModelsClient
from studio.pages.annotate import AnnotatePage
from tests.studio.stand_ins import FittingModels
from tests.studio.test_annotate import do, mark, segments
from tests.studio.test_annotate import document as document
from tests.studio.test_annotate import page as page
from tests.studio.test_annotate import video as video


def posed(page, document, qtbot, segment: str, frame: int) -> None:
    """Give a segment its pose at a frame."""
    page.timeline.choose(frozenset({segment}))
    document.seek(frame)
    do(page, "set-pose")
    qtbot.waitUntil(lambda: document.clip.pose_of(segment) is not None, timeout=30_000)


def is_what_the_video_shows(document, pose) -> bool:
    with open_video(document.video_path(document.clip_id)) as opened:
        return pose.identity.pts == opened.pts(pose.frame) and same_frame(
            pose.identity.luma, frame_luma(opened.frame(pose.frame))
        )


def test_that_a_copy_is_pasted_with_its_pose_at_the_playhead_and_one_undo_takes_it_away(page, document, qtbot):
    made = mark(page, document, 10, 20)
    posed(page, document, qtbot, made, 14)
    page.timeline.choose(frozenset({made}))
    do(page, "copy-segments")
    document.seek(50)
    do(page, "paste-segments")
    qtbot.waitUntil(lambda: len(document.clip.segments) == 2, timeout=30_000)
    assert segments(document) == [("cut", 10, 20), ("cut", 50, 60)]
    assert document.undo_label == "Paste cut"
    (twin,) = page.timeline.chosen
    assert twin != made
    pose = document.clip.pose_of(twin)
    assert pose.frame == 54
    assert is_what_the_video_shows(document, pose)
    document.undo()
    assert segments(document) == [("cut", 10, 20)]


def test_that_a_paste_past_the_clips_end_and_one_of_nothing_are_refused_in_words(page, document, qtbot):
    made = mark(page, document, 10, 60)
    page.timeline.choose(frozenset({made}))
    do(page, "copy-segments")
    document.seek(50)
    with qtbot.waitSignal(document.refused) as told:
        do(page, "paste-segments")
    assert "20 frames past the clip's end" in str(told.args[0])
    QGuiApplication.clipboard().setText("a shopping list")
    do(page, "paste-segments")
    assert "no copied segments" in page.head.said.text()
    assert segments(document) == [("cut", 10, 60)]


def test_that_dragged_copies_keep_objects_and_are_one_step(page, document, qtbot):
    made = mark(page, document, 10, 20)
    knife = document.project.label_named("knife", "object")
    page.changing.set_objects(made, (knife.id,))
    page.timeline.spans_copied.emit(((made, 40, 50),))
    qtbot.waitUntil(lambda: len(document.clip.segments) == 2, timeout=30_000)
    assert [each.objects for each in document.clip.segments] == [(knife.id,), (knife.id,)]
    assert document.undo_label == "Copy cut"


def test_that_a_ripple_takes_what_follows_along_with_poses_that_are_known_by_their_new_frames(page, document, qtbot):
    first, second = mark(page, document, 10, 20), mark(page, document, 25, 35, label=2)
    posed(page, document, qtbot, second, 30)
    page.timeline.choose(frozenset({first}))
    document.seek(27)
    do(page, "ripple-end")
    qtbot.waitUntil(lambda: document.undo_label == "Ripple end of cut", timeout=30_000)
    assert segments(document) == [("cut", 10, 27), ("wash", 32, 42)]
    pose = document.clip.pose_of(second)
    assert pose.frame == 37
    assert is_what_the_video_shows(document, pose)
    document.undo()
    assert segments(document) == [("cut", 10, 20), ("wash", 25, 35)]
    assert document.clip.pose_of(second).frame == 30


def test_that_what_is_chosen_goes_a_frame_on_and_poses_stay_on_their_frames(page, document, qtbot):
    first, second = mark(page, document, 10, 20), mark(page, document, 70, 80)
    posed(page, document, qtbot, first, 15)
    page.timeline.choose(frozenset({first}))
    do(page, "segment-right", "segment-right")
    assert segments(document) == [("cut", 12, 22), ("cut", 70, 80)]
    assert document.clip.pose_of(first).frame == 15
    page.timeline.choose(frozenset({second}))
    do(page, "segment-right")
    assert page.head.said.text() == "The clip ends here"
    do(page, "all-segments", "segment-left")
    assert segments(document) == [("cut", 11, 21), ("cut", 69, 79)]
    assert document.undo_label == "Move 2 segments"


def test_that_the_next_unlabelled_stretch_is_filled_by_a_labels_key(page, document):
    mark(page, document, 10, 20)
    mark(page, document, 40, 50)
    document.seek(0)
    do(page, "next-gap")
    assert document.playhead == 20
    do(page, "label-2")
    assert segments(document) == [("cut", 10, 20), ("wash", 20, 40), ("cut", 40, 50)]
    do(page, "next-gap")
    assert page.head.said.text() == "No stretch is without a label"


def test_that_esc_takes_the_marked_stretch_away_before_what_is_chosen(page, document):
    mark(page, document, 10, 20)
    do(page, "mark-start")
    assert page.back_out()
    assert (page.marking.start, page.marking.end) == (None, None)


def test_that_nothing_of_a_locked_person_changes_by_any_key_and_it_is_said(page, document, qtbot):
    made = mark(page, document, 10, 20)
    posed(page, document, qtbot, made, 15)
    before = document.project
    page.timeline.arrange(page.timeline.scene.arrangement.locking("person:", on=True))
    for wished in ("delete-segment", "split", "label-1", "remove-pose", "set-pose", "segment-right", "nearest-end"):
        page.timeline.choose(frozenset({made}))
        document.seek(17)
        page.head.said.setText("")
        do(page, wished)
        qtbot.waitUntil(lambda: "is locked" in page.head.said.text(), timeout=30_000)
        assert document.project is before, wished
    page.timeline.arrange(page.timeline.scene.arrangement.locking("person:", on=False))
    do(page, "delete-segment")
    assert segments(document) == []


def test_that_a_person_locked_in_one_clip_is_free_in_another_and_stays_locked_for_the_next_time(page, document, qtbot):
    page.timeline.arrange(page.timeline.scene.arrangement.locking("person:", on=True))
    do(page, "track-frames")
    clip = document.clip
    project, other = edits.add_clip(
        document.project, "other", None, clip.video, author="Ines K.", folder=document.folder
    )
    document.edit(project, "Add other")
    document.choose_clip(other.id)
    assert not page.timeline.scene.arrangement.is_locked("")
    assert "frames" in page.timeline.scene.arrangement.hidden
    document.choose_clip(clip.id)
    assert page.timeline.scene.arrangement.is_locked("")
    qtbot.waitUntil(page.is_settled, timeout=30_000)
    again = AnnotatePage(document, Jobs(), cast(ModelsClient, FittingModels()), page._display)
    qtbot.addWidget(again)
    assert again.timeline.scene.arrangement == page.timeline.scene.arrangement
    again.close_page()


def test_that_a_merge_says_what_it_changed_beside_the_ends(page, document, qtbot):
    first = mark(page, document, 10, 20)
    mark(page, document, 30, 40, label=2)
    page.timeline.choose(frozenset({first}))
    do(page, "merge")
    assert segments(document) == [("cut", 10, 40)]
    assert page.head.said.text() == "Merged: the 0.50 s between them belong to it, wash became cut"


@pytest.fixture
def opened_menu(page, document, monkeypatch):
    """The segment menu, as it is opened over the timeline."""
    made = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, *_: made.append(menu))

    def opened() -> QMenu:
        page.segments.open_menu(page, page.mapToGlobal(page.rect().center()), page.commands(), page.tracks.fill_menu)
        return made[-1]

    return opened


def test_that_the_menu_relabels_and_names_what_a_merge_would_join(page, document, opened_menu):
    first = mark(page, document, 10, 20)
    mark(page, document, 30, 40, label=2)
    page.timeline.choose(frozenset({first}))
    menu = opened_menu()
    words = [each.text().split("\t")[0] for each in menu.actions()]
    assert "Merge with the next (wash, 0.50 s behind)" in words
    labels = menu.actions()[0].menu()
    next(each for each in labels.actions() if each.text().startswith("wash")).trigger()
    assert segments(document) == [("wash", 10, 20), ("wash", 30, 40)]
    rows = next(each for each in menu.actions() if each.text() == "Rows").menu()
    next(each for each in rows.actions() if each.text() == "Poses").trigger()
    assert "poses" not in [each.kind for each in page.timeline.scene.rows()]

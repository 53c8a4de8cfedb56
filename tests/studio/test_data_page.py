"""The Data page: clips, their states, and what their labels add up to."""

import shutil

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from core.bodies.skeletons import UPPER_BODY_9
from core.motion import Poses2d
from core.project.annotations import CharacteristicPose, FrameIdentity, Provenance, Segment, new_id
from core.project.edits import add_label, set_tracks
from core.runs import ExtractPoses
from studio.widgets.clip_states import clip_state, length_words
from studio.widgets.label_charts import action_counts, transitions

BY = Provenance(author="Ines", at="2026-01-01T00:00:00+00:00")


@pytest.fixture
def with_clip(open_studio, video, qtbot):
    """A studio on Data with one clip of 30 frames."""
    open_studio.adding.add([video])
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy)
    return open_studio


def mark(studio, *stretches, poses=()):
    """Mark (label, start, end) on the clip; those numbers in `poses` get theirs."""
    document = studio.document
    project, clip = document.project, document.clip
    for number, (name, start, end) in enumerate(stretches):
        known = project.label_named(name, "action")
        if known is None:
            project, known = add_label(project, name, "action", author="Ines")
        segment = Segment(id=new_id(), action=known.id, start_frame=start, end_frame=end, made=BY)
        clip = clip.with_segment(segment)
        if number in poses:
            identity = FrameIdentity(pts=0)
            clip = clip.with_pose(
                CharacteristicPose(id=new_id(), segment=segment.id, frame=start, identity=identity, made=BY)
            )
    document.edit(project.with_clip(clip), "Mark all")


def cells(studio, qtbot) -> dict[str, str]:
    page = studio.window.page("data")
    qtbot.waitUntil(page.is_settled)
    titles = [
        page.table.model().headerData(at, Qt.Orientation.Horizontal) for at in range(page.table.model().columnCount())
    ]
    return dict(zip(titles, (cell.words for cell in page.table.records()[0].cells), strict=True))


def test_that_without_clips_the_page_says_what_to_do(open_studio):
    page = open_studio.window.page("data")
    words = [each.text() for each in page.findChildren(QLabel) if each.isVisible()]
    assert "No clips yet" in words
    assert "Add videos, or drop them anywhere in this window." in words


def test_that_a_clip_shows_what_it_is_and_what_is_missing(with_clip, qtbot):
    mark(with_clip, ("cut", 0, 10), ("stir", 10, 20), poses=(0,))
    shown = cells(with_clip, qtbot)
    assert shown["Clip"] == "clip_01.mp4"
    assert shown["Size"] == "64 × 48"
    assert shown["Segments"] == "2"
    assert shown["Without pose"] == "1"
    assert shown["State"] == "Needs poses"
    assert shown["Marked"] == "67 %"
    assert shown["Camera"] == "estimated"


def test_that_tracks_of_a_clip_are_shown_as_complete(with_clip, qtbot):
    document = with_clip.document
    joints = len(UPPER_BODY_9.joints)
    poses = Poses2d(UPPER_BODY_9, np.zeros((30, 1, joints, 2), np.float32), np.ones((30, 1, joints), np.float32))
    document.edit(
        set_tracks(document.project, document.clip_id, document.store.write_tracks(poses)), "Extract 2D poses"
    )
    page = with_clip.window.page("data")
    qtbot.waitUntil(page.is_settled)
    assert page.table.records()[0].cells[3].share == 1.0
    assert document.tracks(document.clip_id).people == 1


def test_that_a_moved_video_is_said_and_found_again_with_its_segments(with_clip, video, tmp_path, qtbot):
    mark(with_clip, ("cut", 0, 10))
    page = with_clip.window.page("data")
    moved = tmp_path / "elsewhere" / "renamed.mp4"
    moved.parent.mkdir()
    shutil.move(video, moved)
    with_clip.window.show_page("projects")
    with_clip.window.show_page("data")
    assert cells(with_clip, qtbot)["State"] == "Video moved"
    words = " ".join(each.text() for each in page.findChildren(QLabel) if each.isVisible())
    assert "clip_01.mp4 has moved" in words
    assert "1 segment is safe" in words
    with_clip.adding.relink(with_clip.document.clip_id, moved)
    qtbot.waitUntil(lambda: not with_clip.adding.is_busy)
    assert cells(with_clip, qtbot)["State"] == "Needs poses"
    assert len(with_clip.document.clip.segments) == 1


def test_that_the_rows_thumbnail_is_a_picture_of_the_video(with_clip, qtbot):
    page = with_clip.window.page("data")
    qtbot.waitUntil(page.is_settled)
    picture = page.table.records()[0].cells[0].picture
    assert picture is not None
    colour = picture.toImage().pixelColor(40, 20)
    assert colour.red() == pytest.approx(20 + 6 * 10, abs=6)  # the tenth of thirty frames


def test_that_choosing_a_row_chooses_the_clip_everywhere(with_clip, tmp_path, video, qtbot):
    second = tmp_path / "clip_02.mp4"
    shutil.copy(video, second)
    with_clip.adding.add([second])
    qtbot.waitUntil(lambda: not with_clip.adding.is_busy)
    page, document = with_clip.window.page("data"), with_clip.document
    qtbot.waitUntil(page.is_settled)
    page.table.selectRow(1)
    assert document.clip.name == "clip_02.mp4"
    document.choose_clip(page.table.records()[0].id)
    assert page.table.current_id() == document.clip_id


def test_that_taking_a_clip_out_can_be_undone(with_clip, qtbot):
    page = with_clip.window.page("data")
    qtbot.waitUntil(page.is_settled)
    page.table.selectRow(0)
    page.take_out()
    assert with_clip.document.project.clips == {}
    with_clip.document.undo()
    assert len(with_clip.document.project.clips) == 1


def test_that_the_search_field_leaves_only_clips_that_fit(with_clip, tmp_path, video, qtbot):
    shutil.copy(video, tmp_path / "kitchen.mp4")
    with_clip.adding.add([tmp_path / "kitchen.mp4"])
    qtbot.waitUntil(lambda: not with_clip.adding.is_busy)
    page = with_clip.window.page("data")
    page._find.setText("kitch")
    assert [record.cells[0].words for record in page.table.records()] == ["kitchen.mp4"]


@pytest.mark.slow
def test_that_poses_are_extracted_by_a_job_and_arrive_in_the_project(with_clip, qtbot):
    page = with_clip.window.page("data")
    page.extract()
    (job,) = with_clip.jobs.jobs()
    assert isinstance(job.spec, ExtractPoses)
    assert job.spec.clip_ids == (with_clip.document.clip_id,)
    qtbot.waitUntil(lambda: not job.is_live, timeout=60_000)
    assert job.state == "done", list(job.log)
    qtbot.waitUntil(lambda: bool(with_clip.document.clip.tracks), timeout=30_000)
    assert len(with_clip.document.tracks(with_clip.document.clip_id)) == 30


def test_that_bars_count_segments_and_those_with_their_pose(with_clip):
    mark(with_clip, ("cut", 0, 10), ("stir", 10, 15), ("cut", 15, 25), poses=(0, 1))
    counts = {each.name: each for each in action_counts(with_clip.document.project)}
    assert (counts["cut"].segments, counts["cut"].posed) == (2, 1)
    assert counts["cut"].seconds == pytest.approx(20 / 25)
    assert (counts["stir"].segments, counts["stir"].posed) == (1, 1)


def test_that_every_row_of_what_follows_what_is_a_share_of_one(with_clip):
    mark(with_clip, ("a", 0, 5), ("b", 5, 10), ("a", 10, 15), ("c", 15, 20), ("a", 20, 25))
    shares = transitions(with_clip.document.project, ["a", "b", "c"])
    assert shares == [[0, 0.5, 0.5], [1, 0, 0], [1, 0, 0]]


def test_that_background_needs_no_pose_and_counts_as_marked(with_clip):
    mark(with_clip, ("background", 0, 30))
    state = clip_state(with_clip.document.project, with_clip.document.clip)
    assert (state.words, state.poses_missing, state.share_marked) == ("Done", 0, 1.0)
    assert action_counts(with_clip.document.project) == []


def test_that_overlapping_segments_do_not_count_twice(with_clip):
    mark(with_clip, ("a", 0, 20), ("b", 5, 15))
    assert clip_state(with_clip.document.project, with_clip.document.clip).share_marked == pytest.approx(20 / 30)


@pytest.mark.parametrize(("seconds", "words"), [(3, "0:03"), (143.4, "2:23"), (3729, "1:02:09")])
def test_that_lengths_read_like_clocks(seconds, words):
    assert length_words(seconds) == words

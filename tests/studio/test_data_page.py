"""The Data page: clips, their states, and what their labels add up to."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel

from core.bodies.skeletons import UPPER_BODY_9
from core.motion import Poses2d
from core.project.annotations import CharacteristicPose, FrameIdentity, Provenance, Segment, VideoFile, new_id
from core.project.edits import add_clip, add_label, set_tracks
from core.runs import ExtractPoses
from core.statistics import ActionFacts, Follows, Statistics, of_clips
from studio.widgets.clip_states import clip_state, length_words
from studio.widgets.label_charts import TransitionMap

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
        page.clips.table.model().headerData(at, Qt.Orientation.Horizontal)
        for at in range(page.clips.table.model().columnCount())
    ]
    return dict(zip(titles, (cell.words for cell in page.clips.table.records()[0].cells), strict=True))


def test_that_without_clips_the_page_says_what_to_do(open_studio):
    page = open_studio.window.page("data")
    words = [each.text() for each in page.findChildren(QLabel) if each.isVisible()]
    assert "No clips yet" in words
    assert "Add videos, or drop them anywhere in this window." in words


def test_that_a_clip_shows_what_it_is_and_what_is_missing(with_clip, qtbot):
    mark(with_clip, ("cut", 0, 10), ("stir", 10, 20), poses=(0,))
    shown = cells(with_clip, qtbot)
    assert shown["Clip"] == "clip_01.mp4"
    assert shown["Segments"] == "67 %"
    assert shown["Characteristic poses"] == "1"
    assert shown["State"] == "Needs poses"
    assert shown["By"] == "Ines"
    assert shown["Split"] == "–"
    assert shown["Camera"] == "estimated"
    segments, poses = with_clip.window.page("data").clips.table.records()[0].cells[3:5]
    assert (segments.tip, poses.tip) == ("2 segments", "1 segment without a pose")
    assert poses.share == 0.5


def test_that_tracks_of_a_clip_are_shown_as_complete(with_clip, qtbot):
    document = with_clip.document
    joints = len(UPPER_BODY_9.joints)
    poses = Poses2d(UPPER_BODY_9, np.zeros((30, 1, joints, 2), np.float32), np.ones((30, 1, joints), np.float32))
    document.edit(
        set_tracks(document.project, document.clip_id, document.store.write_tracks(poses)), "Extract 2D poses"
    )
    page = with_clip.window.page("data")
    qtbot.waitUntil(page.is_settled)
    assert page.clips.table.records()[0].cells[2].share == 1.0
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
    picture = page.clips.table.records()[0].cells[0].picture
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
    page.clips.table.selectRow(1)
    assert document.clip.name == "clip_02.mp4"
    document.choose_clip(page.clips.table.records()[0].id)
    assert page.clips.table.current_id() == document.clip_id


def test_that_taking_a_clip_out_can_be_undone(with_clip, qtbot):
    page = with_clip.window.page("data")
    qtbot.waitUntil(page.is_settled)
    page.clips.table.selectRow(0)
    page.clips.take_out()
    assert with_clip.document.project.clips == {}
    with_clip.document.undo()
    assert len(with_clip.document.project.clips) == 1


def test_that_the_search_field_leaves_only_clips_that_fit(with_clip, tmp_path, video, qtbot):
    shutil.copy(video, tmp_path / "kitchen.mp4")
    with_clip.adding.add([tmp_path / "kitchen.mp4"])
    qtbot.waitUntil(lambda: not with_clip.adding.is_busy)
    page = with_clip.window.page("data")
    page.clips.search.setText("kitch")
    assert [record.cells[0].words for record in page.clips.table.records()] == ["kitchen.mp4"]


def test_that_words_about_segments_find_places_and_the_walk_goes_through_them(with_clip, qtbot):
    mark(with_clip, ("reach", 0, 5), ("cut", 5, 10), ("reach", 12, 20), ("reach", 20, 25), poses=(0,))
    page, document = with_clip.window.page("data"), with_clip.document
    page.clips.search.setText("reach, pose missing")
    assert page.clips.matching.text() == "1 clip matches, 2 places"
    document.seek(29)
    walked = []
    for _ in range(3):
        with_clip.window.show_page("data")
        with_clip.window.actions_table.do("walk-through")
        assert with_clip.window.page_name == "annotate"
        walked.append(document.playhead)
    assert walked == [12, 20, 12]
    page.clips.search.setText("cut, pose missing, nobody")
    assert (page.clips.matching.text(), page.clips.table.records()) == ("No clip matches", [])


def test_that_a_new_split_is_stored_by_its_name_and_the_same_name_is_not_drawn_again(with_clip, tmp_path, video, qtbot):
    copies = [shutil.copy(video, tmp_path / f"more_{each}.mp4") for each in range(4)]
    with_clip.adding.add([Path(each) for each in copies])
    qtbot.waitUntil(lambda: not with_clip.adding.is_busy)
    page, document = with_clip.window.page("data"), with_clip.document
    page.clips.make_split("by-sequence", "sequence", 0)
    qtbot.waitUntil(page.is_settled)
    (split,) = document.project.splits.values()
    parts = {each: part for part, ids in split.parts.items() for each in ids}
    short = {"train": "train", "validation": "val", "test": "test"}
    assert [record.cells[7].words for record in page.clips.table.records()] == [
        short[parts[record.id]] for record in page.clips.table.records()
    ]
    assert page.clips.split.text() == "Split 60 / 20 / 20"
    refused = []
    document.refused.connect(refused.append)
    page.clips.make_split("by-sequence", "sequence", 1)
    drawn_again = list(document.project.splits.values())
    assert drawn_again == [split]
    assert "never changed" in refused[0].hint
    document.undo()
    qtbot.waitUntil(page.is_settled)
    assert page.clips.split.text() == "No split yet"


@pytest.mark.slow
def test_that_poses_are_extracted_by_a_job_and_arrive_in_the_project(with_clip, qtbot):
    page = with_clip.window.page("data")
    page.clips.extract()
    (job,) = with_clip.jobs.jobs()
    assert isinstance(job.spec, ExtractPoses)
    assert job.spec.clip_ids == (with_clip.document.clip_id,)
    qtbot.waitUntil(lambda: not job.is_live, timeout=60_000)
    assert job.state == "done", list(job.log)
    qtbot.waitUntil(lambda: bool(with_clip.document.clip.tracks), timeout=30_000)
    assert len(with_clip.document.tracks(with_clip.document.clip_id)) == 30


def test_that_bars_and_map_say_what_the_marks_add_up_to(with_clip, qtbot):
    mark(with_clip, ("cut", 0, 10), ("stir", 10, 15), ("cut", 15, 25), poses=(0, 1))
    page = with_clip.window.page("data")
    qtbot.waitUntil(page.is_settled)
    assert page.statistics.bars.accessibleDescription() == "cut 2, stir 1"
    page.statistics.bars.show_length(True)
    assert page.statistics.bars.accessibleDescription() == "cut 1 s, stir 0 s"
    assert page.statistics.map.cell == ("cut", "stir", 1.0, 1)


def test_that_a_cell_of_what_follows_what_is_chosen_by_click_and_by_key(with_clip, qtbot):
    mark(with_clip, ("a", 0, 5), ("b", 5, 10), ("a", 10, 15), ("c", 15, 20), ("a", 20, 25))
    page = with_clip.window.page("data")
    qtbot.waitUntil(page.is_settled)
    chart = page.statistics.map
    assert chart.cell == ("a", "b", 0.5, 2)
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert chart.cell == ("a", "c", 0.5, 2)
    left, top, side, _ = chart._grid()
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(round(left + side / 2), round(top + side * 1.5)))
    assert chart.cell == ("b", "a", 1.0, 1)
    assert any(each.text() == "b › a 100 % of 1" for each in page.findChildren(QLabel))


def test_that_background_needs_no_pose_and_counts_as_marked(with_clip):
    mark(with_clip, ("background", 0, 30))
    state = clip_state(with_clip.document.project, with_clip.document.clip)
    assert (state.words, state.poses_missing, state.share_marked) == ("Done", 0, 1.0)
    assert of_clips(with_clip.document.project).actions == ()


def test_that_overlapping_segments_do_not_count_twice(with_clip):
    mark(with_clip, ("a", 0, 20), ("b", 5, 15))
    assert clip_state(with_clip.document.project, with_clip.document.clip).share_marked == pytest.approx(20 / 30)


@pytest.mark.parametrize(("seconds", "words"), [(3, "0:03"), (143.4, "2:23"), (3729, "1:02:09")])
def test_that_lengths_read_like_clocks(seconds, words):
    assert length_words(seconds) == words


def test_that_figures_of_clips_follow_the_last_of_many_edits_without_holding_the_window(with_clip, qtbot):
    page = with_clip.window.page("data")
    qtbot.waitUntil(page.is_settled)
    for start in range(0, 25, 5):
        mark(with_clip, ("reach", start, start + 5))
    assert page.statistics.bars.isVisible()
    qtbot.waitUntil(page.is_settled)
    shown = page.statistics._statistics
    assert shown == of_clips(with_clip.document.project)
    assert shown.stretches == 5


def test_that_a_row_is_made_again_only_where_its_clip_has_changed(with_clip, video, qtbot):
    second = video.with_name("clip_02.mp4")
    shutil.copy(video, second)
    with_clip.adding.add([second])
    page = with_clip.window.page("data")
    qtbot.waitUntil(lambda: not with_clip.adding.is_busy and page.is_settled())
    page.clips.show_now()
    first, other = page.clips.table.records()
    with_clip.document.choose_clip(first.id)
    mark(with_clip, ("reach", 0, 5))
    page.clips.show_now()
    again, same = page.clips.table.records()
    assert again != first
    assert same is other


def test_that_clips_without_their_videos_are_not_said_to_be_video_or_looked_at(open_studio, qtbot):
    document = open_studio.document
    facts = VideoFile(
        path="", frame_count=100, width=640, height=360, rate_hz=25.0, duration_s=4.0, size_bytes=0, fingerprint=""
    )
    name = "Kallax_Shelf_Drawer/0027_white_table_02_01_2019_08_20_13_56"
    project, _ = add_clip(document.project, name, None, facts, author="Ines", folder=document.folder)
    document.edit(project, "Add a clip")
    page = open_studio.window.show_page("data")
    qtbot.waitUntil(page.is_settled)

    def words():
        return [each.text() for each in page.clips.findChildren(QLabel) if each.isVisible()]

    qtbot.waitUntil(lambda: "in all" in words())  # labels made just now are shown by the next event
    assert "of video" not in words()
    assert not page.clips.extract_button.isEnabled()
    assert page.clips.extract_button.toolTip() == "The clips without 2D poses have no video here"
    assert page.clips.table.records()[0].cells[0].tip.startswith(name)


def test_that_as_many_actions_are_in_the_map_as_their_names_have_room(qtbot):
    actions = [ActionFacts(name=f"attach part {at}", colour="", count=9, posed=0, seconds=9.0, shortest_s=1.0,
                           median_s=1.0, longest_s=1.0) for at in range(10)]  # fmt: skip
    follows = tuple(Follows(before=one.name, after=other.name, count=3) for one in actions for other in actions)
    shown = TransitionMap()
    qtbot.addWidget(shown)
    shown.show_statistics(
        Statistics(
            name="x", things="clip", items=1, labelled_items=1, seconds=9.0, labelled_s=9.0, stretches=90, posed=0,
            actions=tuple(actions), follows=follows, durations=(), lengths=(), split="", parts=(),
        )
    )  # fmt: skip
    shown.resize(360, 360)
    assert shown.shown == 10
    shown.resize(210, 170)
    _, top, side, count = shown._grid()
    assert 2 <= count < 10
    assert side >= 14
    assert top + side * count <= 170
    for _ in range(12):
        qtbot.keyClick(shown, Qt.Key.Key_Right)
    assert shown.cell is not None
    assert shown.cell[1] == f"attach part {count - 1}"
    assert not shown.grab().isNull()

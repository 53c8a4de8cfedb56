"""The overview and the history in the window: what they show stands in the project, and every row leads somewhere."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from core.project import edits
from core.project.annotations import BY_HAND, FrameIdentity
from core.project.store import ProjectStore
from tests.journeys.window import launch, leave
from tools.make_large_project import made

SOON_MS = 10_000
ENTER = Qt.Key.Key_Return


@pytest.fixture
def studio(qtbot, qapp, tmp_path):
    """A project of eight clips by four people, a few things missing and odd in it."""
    with ProjectStore.create(tmp_path / "kitchen", "Kitchen", "Ada") as store:
        project = made(clips=8, segments=180, poses=172, seed=5)
        store.edit(replace(project, id=store.project.id, name="Kitchen"), "Import")
    studio = launch(qtbot, qapp, tmp_path)
    assert studio.projects.open(tmp_path / "kitchen")
    yield studio
    leave(studio)


@pytest.fixture
def overview(studio, qtbot):
    studio.window.actions_table.do("overview")
    found = studio.window.page("data").overview
    qtbot.waitUntil(lambda: found.isVisible() and found.is_settled and found.overview is not None, timeout=SOON_MS)
    return found


def kinds(overview):
    return {row.id: row.cells[1].words for row in overview.kinds.records()}


def click_row(table, at):
    where = table.visualRect(table.model().index(at, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(40, where.y()))


# ---- the overview ----


def test_that_a_project_without_clips_leads_from_its_overview_to_where_they_are_added(qtbot, qapp, tmp_path):
    studio = launch(qtbot, qapp, tmp_path)
    try:
        assert studio.projects.create(tmp_path / "pilot", "Courtyard pilot")
        studio.window.actions_table.do("overview")
        page = studio.window.page("data")
        assert page.overview.isVisible()
        out = [each for each in page.overview.findChildren(QPushButton) if each.isVisible()]
        assert [each.text().strip() for each in out] == ["Show clips"]
        QTest.mouseClick(out[0], Qt.MouseButton.LeftButton)
        assert page.clips.isVisible()
        assert not page.overview.isVisible()
    finally:
        leave(studio)


def test_that_a_click_on_an_odd_place_leads_to_its_clip_segment_and_frame(studio, overview):
    overview.choose_kind("no pose")
    assert len(overview.places.records()) == 8 == int(kinds(overview)["no pose"])
    place = overview.overview.odd["no pose"][3]
    click_row(overview.places, 3)
    assert studio.window.page_name == "annotate"
    assert studio.document.clip_id == place.clip
    assert studio.document.playhead == place.frame
    assert studio.window.page("annotate").timeline.chosen == frozenset({place.segment})


def test_that_keys_alone_choose_a_kind_and_lead_to_a_place(studio, overview):
    overview.kinds.setFocus()
    while overview.kinds.current_id() != "no pose":
        QTest.keyClick(overview.kinds, Qt.Key.Key_Down)
    overview.places.setFocus()
    QTest.keyClick(overview.places, Qt.Key.Key_Down)
    QTest.keyClick(overview.places, Qt.Key.Key_Down)
    assert studio.window.page_name == "data"  # walking over rows goes nowhere yet
    wanted = overview.overview.odd["no pose"][int(overview.places.current_id())]
    QTest.keyClick(overview.places, ENTER)
    assert (studio.window.page_name, studio.document.clip_id) == ("annotate", wanted.clip)


def test_that_counts_follow_an_edit_an_undo_and_a_colleague_while_it_is_in_front(studio, overview, qtbot):
    document = studio.document
    before = kinds(overview)
    odd = overview.overview.odd["no pose"][0]
    after = edits.set_pose(
        document.project, odd.clip, odd.segment, odd.frame, FrameIdentity(pts=odd.frame), author="Jun"
    )
    document.edit(after, "Set pose", source=BY_HAND)
    qtbot.waitUntil(lambda: kinds(overview)["no pose"] == "7", timeout=SOON_MS)
    document.undo()
    qtbot.waitUntil(lambda: kinds(overview) == before, timeout=SOON_MS)


def test_that_the_clips_can_be_sorted_and_filtered_and_opened(studio, overview, qtbot):
    names = [row.cells[0].words for row in overview.clips.records()]
    overview._sort(0, of_clips=True)
    overview._sort(0, of_clips=True)
    assert [row.cells[0].words for row in overview.clips.records()] == sorted(names, reverse=True)
    overview._sort(0, of_clips=True)
    assert [row.cells[0].words for row in overview.clips.records()] == names
    overview.filter.setText("clip_004")
    assert [row.cells[0].words for row in overview.clips.records()] == ["clip_004"]
    click_row(overview.clips, 0)
    assert studio.document.clip.name == "clip_004"
    assert studio.window.page_name == "annotate"


def test_that_everything_marked_is_said_and_the_sheet_is_written(studio, overview, qtbot, tmp_path):
    document = studio.document
    (clip, *_) = document.project.clips.values()
    segment = clip.segments[0]
    whole = replace(
        segment, start_frame=0, end_frame=clip.video.frame_count, made=replace(segment.made, source=BY_HAND)
    )
    done = replace(clip, segments=(whole,), poses=()).with_pose(replace(clip.poses[0], segment=whole.id, frame=7))
    document.edit(replace(document.project, clips={done.id: done}), "Leave one")
    qtbot.waitUntil(lambda: overview.is_settled and overview.overview.is_complete, timeout=SOON_MS)
    assert overview._told.text() == "Everything is marked."
    overview.write_csv(tmp_path / "overview.csv")
    assert (tmp_path / "overview.csv").read_text().splitlines()[1].startswith("clip_001,60.00,1.0000,1,1,0,0,")


def test_that_walking_through_a_kind_lists_its_places_beside_annotate(studio, overview):
    overview.choose_kind("no pose")
    overview.walk_through()
    assert studio.window.page_name == "annotate"
    chosen = studio.window.page("annotate").timeline.chosen
    assert chosen <= {each.segment for each in overview.overview.odd["no pose"]}
    assert chosen


# ---- the history ----


@pytest.fixture
def history(studio):
    """Ten steps on the first clip, and one on the second."""
    document = studio.document
    first, second, *_ = document.project.clips
    for at in range(10):
        segment = document.project.clips[first].segments[at]
        document.edit(edits.delete_segments(document.project, first, segment.id), f"Delete {at}")
    segment = document.project.clips[second].segments[4]
    after = edits.move_ends(document.project, second, segment.id, end_frame=segment.end_frame + 3)
    document.edit(after, "Move end of wash")
    studio.window.actions_table.do("history")
    QApplication.processEvents()
    return studio.window.page("annotate").inspector.history


def states(history):
    return {row.what: row.state for row in history.rows()}


def test_that_enter_on_a_step_takes_back_what_came_after_it_and_forward_makes_it_again(studio, history, qtbot):
    document = studio.document
    last, rows = document.project, {row.what: row.id for row in history.rows()}
    assert history.view.hasFocus()
    history.choose(rows["Delete 3"])
    assert history.back.text() == "Back to here"
    QTest.keyClick(history.view, ENTER)
    qtbot.waitUntil(lambda: document.undo_label == "Delete 3", timeout=SOON_MS)
    assert states(history) | {"Import": "made"} == {
        "Import": "made", "New project": "start", "Move end of wash": "next",
        **{f"Delete {at}": "made" if at < 3 else "now" if at == 3 else "next" for at in range(10)},
    }  # fmt: skip
    assert [row.kind for row in document.store.journal[-7:]] == ["undo"] * 7
    history.choose(rows["Move end of wash"])
    assert history.back.text() == "Forward to here"
    history.back.click()
    qtbot.waitUntil(lambda: document.redo_label is None, timeout=SOON_MS)
    assert document.project == last
    assert states(history)["Move end of wash"] == "now"


def test_that_what_was_left_behind_says_so_and_cannot_be_reached(studio, history):
    document = studio.document
    document.undo()
    document.edit(replace(document.project, name="Galley"), "Rename")
    history.choose(next(row.id for row in history.rows() if row.what == "Move end of wash"))
    assert not history.back.isEnabled()
    assert "cannot be made again" in history._told.text()


def test_that_a_step_leads_to_its_place_and_the_list_can_be_narrowed(studio, history):
    document = studio.document
    first, second, *_ = document.project.clips
    history.choose(history.rows()[0].id)
    history.go.click()
    assert document.clip_id == second
    segment = document.project.clips[second].segments[4]
    assert studio.window.page("annotate").timeline.chosen == frozenset({segment.id})
    history.only_clip.setChecked(True)
    assert [row.what for row in history.rows()] == ["Move end of wash", "Import"]
    document.choose_clip(first)
    QApplication.processEvents()
    assert len(history.rows()) == 11
    history.only_clip.setChecked(False)
    history.field.setText("delete 7")
    assert [row.what for row in history.rows()] == ["Delete 7"]


def test_that_undo_is_named_in_the_menu_by_its_step(studio, history):
    assert studio.window.actions_table.action("undo").text() == "Undo: Move end of wash"
    studio.document.undo()
    assert studio.window.actions_table.action("redo").text() == "Redo: Move end of wash"

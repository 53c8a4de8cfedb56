"""Importing from the window: dropped or named, looked at, asked about where it must be, taken in by a job."""

import shutil

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent
from PySide6.QtWidgets import QLabel

from core.catalog import key_of
from core.project.annotations import VideoFile
from core.project.edits import add_clip
from core.runs import ImportData
from studio.widgets.dialogs import FindingsDialog
from tests.core.formats import made_amass, made_bvh

pytestmark = pytest.mark.gui


@pytest.fixture
def amass(tmp_path):
    """A folder of three whole motions and one that was cut off."""
    folder = tmp_path / "takes"
    (folder / "ada").mkdir(parents=True)
    for name in ("walk", "turn", "stop"):
        made_amass.make_smplh(folder / "ada" / f"{name}_poses.npz", frames=40 + len(name))
    whole = (folder / "ada" / "walk_poses.npz").read_bytes()
    (folder / "ada" / "cut_poses.npz").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture
def with_clips(open_studio):
    """A project with two clips that have no video."""
    document = open_studio.document
    project = document.project
    for name in ("first", "second"):
        facts = VideoFile(
            path="", frame_count=100, width=640, height=360, rate_hz=25.0, duration_s=4.0, size_bytes=0, fingerprint=""
        )
        project, _ = add_clip(project, name, None, facts, author="Ines", folder=document.folder)
    document.edit(project, "Add two clips")
    return open_studio


def dialog_for(studio, source, qtbot):
    """The dialog, once it knows what the source is."""
    dialog = studio.importing.ask(source)
    qtbot.waitUntil(lambda: not studio.importing.looking.is_busy)
    return dialog


def words_in(widget) -> str:
    return " ".join(each.text() for each in widget.findChildren(QLabel) if each.isVisibleTo(widget))


def finished(studio, qtbot, count=1):
    qtbot.waitUntil(
        lambda: len(studio.jobs.jobs()) == count and not studio.jobs.live() and studio.jobs.is_settled(),
        timeout=120_000,
    )
    return studio.jobs.jobs()[0]


@pytest.mark.slow
def test_that_a_dropped_folder_becomes_a_data_set_with_reasons_for_what_was_left_out(open_studio, amass, qtbot):
    open_studio.window.dropped.emit([str(amass)])
    qtbot.waitUntil(lambda: not open_studio.importing.looking.is_busy)
    dialog = open_studio.importing.ask()
    assert "AMASS, 4 files" in words_in(dialog)
    dialog.begin.click()
    job = finished(open_studio, qtbot)
    assert job.state == "done", list(job.log)
    page, document = open_studio.window.page("data"), open_studio.document
    qtbot.waitUntil(lambda: len(page.catalog.list.rows()) == 2 and page.is_settled(), timeout=10_000)
    row = page.catalog.list.rows()[1]
    assert (row.name, row.words) == ("takes", "3 motions, AMASS")
    assert page.catalog.card.isVisible()
    assert "3 files are in, 1 was left out" in words_in(page.catalog.card)
    page.catalog.card.reasons.click()
    reasons = open_studio.window.findChild(FindingsDialog)
    assert "ada/cut_poses.npz" in words_in(reasons)
    page.catalog.list.setCurrentRow(1)
    qtbot.waitUntil(lambda: len(page.set_view.table.records()) == 3, timeout=10_000)
    assert sorted(each.id for each in page.set_view.table.records()) == ["ada/stop", "ada/turn", "ada/walk"]
    document.undo()
    assert [each.id for each in page.catalog.list.rows()] == [""]
    assert page.catalog.chosen_key == ""
    document.redo()
    qtbot.waitUntil(lambda: [each.words for each in page.catalog.list.rows()[1:]] == ["3 motions, AMASS"])


@pytest.mark.slow
def test_that_an_import_stops_keeps_what_is_in_and_goes_on(open_studio, tmp_path, qtbot):
    folder = tmp_path / "many"
    folder.mkdir()
    first = made_amass.make_smplh(folder / "take_000_poses.npz", frames=400)
    for number in range(1, 250):
        shutil.copy(first, folder / f"take_{number:03d}_poses.npz")
    open_studio.importing.start(ImportData(project="", out="", source=str(folder)))
    page = open_studio.window.show_page("data")
    (job,) = open_studio.jobs.jobs()
    card = page.catalog.card
    qtbot.waitUntil(lambda: job.progress is not None and job.progress.done > 0, timeout=120_000)
    assert card.isVisible()
    assert card.stop.isVisible()
    assert "of 250" in words_in(card)
    card.stop.click()
    finished(open_studio, qtbot)
    assert job.state == "stopped"
    assert "What came in so far is kept" in words_in(card)
    so_far = len(list((open_studio.document.folder / "datasets" / "many" / "index.jsonl").read_bytes().splitlines()))
    assert 0 < so_far < 250
    card.go_on.click()
    finished(open_studio, qtbot)
    assert job.state == "done", list(job.log)
    qtbot.waitUntil(
        lambda: [each.words for each in page.catalog.list.rows()[1:]] == ["250 motions, AMASS"], timeout=9000
    )
    card.close_card.click()
    assert not card.isVisible()


def test_that_two_formats_in_a_folder_are_named_and_the_person_says_which(open_studio, tmp_path, qtbot):
    folder = tmp_path / "mixed"
    folder.mkdir()
    made_amass.make_smplh(folder / "walk_poses.npz")
    made_bvh.make(folder)
    dialog = dialog_for(open_studio, folder, qtbot)
    assert not dialog.begin.isEnabled()
    assert "Say what it is" in words_in(dialog)
    offered = [dialog.format.itemData(at) for at in range(dialog.format.count())]
    assert offered == ["", "AMASS", "BVH"]
    dialog.format.setCurrentIndex(2)
    dialog.format.activated.emit(2)
    qtbot.waitUntil(lambda: not open_studio.importing.looking.is_busy)
    assert dialog.begin.isEnabled()
    assert dialog.wish().format == "BVH"


def test_that_a_file_of_no_known_kind_is_refused_with_its_name(open_studio, tmp_path, qtbot):
    odd = tmp_path / "notes.bin"
    odd.write_bytes(b"\x00\x01nothing")
    dialog = dialog_for(open_studio, odd, qtbot)
    assert "notes.bin" in words_in(dialog)
    assert not dialog.begin.isEnabled()
    missing = dialog_for(open_studio, tmp_path / "gone", qtbot)
    assert "no such file or folder" in words_in(missing)


def test_that_the_columns_of_a_table_are_chosen_and_seen_at_once(with_clips, tmp_path, qtbot):
    table = tmp_path / "log.csv"
    table.write_text("what,when it began,till\nreach,1.5,2.5\ncut,2.5,9.0\n")
    dialog = dialog_for(with_clips, table, qtbot)
    chooser = dialog._chooser
    assert "Choose the column of the action" in words_in(dialog)
    assert not dialog.begin.isEnabled()

    def choose(role, column):
        box = chooser._roles[role]
        box.setCurrentIndex(box.findData(column))
        box.activated.emit(box.currentIndex())

    choose("action", "what")
    choose("start", "when it began")
    choose("end", "till")
    assert [chooser.preview.horizontalHeaderItem(at).text() for at in range(3)] == [
        "Action\nwhat",
        "Start\nwhen it began",
        "End\ntill",
    ]
    assert "choose the clip the rows belong to" in words_in(dialog)
    dialog.clip.setCurrentIndex(2)
    dialog.clip.activated.emit(2)
    assert dialog.begin.isEnabled()
    wish = dialog.wish()
    assert with_clips.document.project.clips[wish.clip_id].name == "second"
    assert (wish.options["action"], wish.options["start"], wish.options["end"]) == ("what", "when it began", "till")


def poses_of(folder, video):
    """A folder of OpenPose with one frame."""
    folder.mkdir()
    person = {"pose_keypoints_2d": np.ones(75).tolist()}
    content = msgspec.json.encode({"version": 1.3, "people": [person]})
    (folder / f"{video}_000000000000_keypoints.json").write_bytes(content)
    return folder


def test_that_2d_poses_belong_to_the_clip_they_name_or_to_a_new_one(with_clips, tmp_path, qtbot):
    document = with_clips.document
    document.choose_clip(next(iter(document.project.clips)))
    dialog = dialog_for(with_clips, poses_of(tmp_path / "output", "second"), qtbot)
    assert document.project.clips[dialog.wish().clip_id].name == "second"
    assert dialog.wish().options == {}
    dialog = dialog_for(with_clips, poses_of(tmp_path / "other", "third"), qtbot)
    assert dialog.clip.currentText() == "A new clip without a video"
    assert dialog.begin.isEnabled()
    assert (dialog.wish().clip_id, dialog.wish().options) == ("", {"new": "yes"})
    dialog.clip.setCurrentIndex(1)
    dialog.clip.activated.emit(1)
    assert document.project.clips[dialog.wish().clip_id].name == "first"
    dialog.clip.setCurrentIndex(0)
    dialog.clip.activated.emit(0)
    assert "Choose the clip they belong to" in words_in(dialog)
    table = tmp_path / "log.csv"
    table.write_text("what,when it began,till\nreach,1.5,2.5\n")
    assert dialog_for(with_clips, table, qtbot).clip.findText("A new clip without a video") < 0


@pytest.mark.slow
def test_that_2d_poses_come_into_a_project_without_a_clip(open_studio, tmp_path, qtbot):
    dialog = dialog_for(open_studio, poses_of(tmp_path / "output", "walk"), qtbot)
    assert dialog.clip.isVisibleTo(dialog)
    dialog.begin.click()
    job = finished(open_studio, qtbot)
    assert job.state == "done", list(job.log)
    qtbot.waitUntil(lambda: bool(open_studio.document.project.clips), timeout=5000)
    (clip,) = open_studio.document.project.clips.values()
    assert (clip.name, clip.video.frame_count, bool(clip.tracks)) == ("walk", 1, True)


def test_that_videos_that_are_dropped_become_clips_and_ask_nothing(open_studio, video, qtbot):
    open_studio.window.dropped.emit([str(video)])
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy)
    assert [clip.name for clip in open_studio.document.project.clips.values()] == ["clip_01.mp4"]
    assert open_studio.importing._dialog is None


def test_that_something_held_over_the_window_is_answered_where_it_may_fall(open_studio, qtbot):
    window = open_studio.window
    held = QMimeData()
    held.setUrls([QUrl.fromLocalFile("/somewhere")])
    copies, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    window.dragEnterEvent(QDragEnterEvent(QPoint(5, 5), copies, held, left, Qt.KeyboardModifier.NoModifier))
    assert window._veil.isVisible()
    assert window._veil.size() == window.size()
    window.dragLeaveEvent(QDragLeaveEvent())
    assert not window._veil.isVisible()


def test_that_a_project_that_is_open_for_reading_offers_no_import(open_studio, tmp_path, monkeypatch, qtbot):
    page = open_studio.window.show_page("data")
    assert page.catalog.import_button.isEnabled()
    monkeypatch.setattr(type(open_studio.document), "read_only_reason", property(lambda _: "Theo edits this project."))
    open_studio.window.actions_table.refresh()
    page.catalog.show_now()
    assert not page.catalog.import_button.isEnabled()
    assert not open_studio.window.actions_table.action("import").isEnabled()
    open_studio.window.dropped.emit([str(tmp_path)])
    assert open_studio.importing._dialog is None
    assert open_studio.window.notices.shown.accessibleName() == "Theo edits this project"


def test_that_a_data_set_is_renamed_and_taken_out_by_edits_that_can_be_undone(open_studio, amass, qtbot):
    from core.importing.carrying_out import carry_out  # in this process: what the job does is proved above

    document = open_studio.document
    spec = ImportData(project=str(document.folder), out=str(document.folder / "run"), source=str(amass), name="Takes")
    for _ in carry_out(spec):
        pass
    page = open_studio.window.show_page("data")
    qtbot.waitUntil(lambda: len(page.catalog.list.rows()) == 2 and page.is_settled(), timeout=10_000)
    (item,) = document.project.items.values()
    page.catalog.give_name(key_of(item), "Ada's takes")
    assert page.catalog.list.rows()[1].name == "Ada's takes"
    assert document.undo_label == "Rename Takes"
    page.catalog.take_out(key_of(item))
    assert len(page.catalog.list.rows()) == 1
    assert (document.folder / "datasets" / key_of(item) / "set.json").is_file()
    document.undo()
    document.undo()
    qtbot.waitUntil(page.is_settled)
    assert page.catalog.list.rows()[1].name == "Takes"
    menu = page.catalog.menu_of(key_of(item))
    assert {each.text(): each.isEnabled() for each in menu.actions() if each.text()} == {
        "Rename…": True,
        "Show in folder": True,
        "Reasons for what was left out…": True,
        "Licence and source…": True,
        "Take out": True,
    }

"""Exporting from the Data page: clips' marks and a data set's recordings, written beside the window."""

import threading

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QProgressBar, QToolButton

from core import reproducing, stamping
from core.commands.every import COMMANDS
from core.exchanged import Report
from core.formats import FORMATS, amass
from core.importing.carrying_out import carry_out
from core.project.annotations import VideoFile
from core.project.edits import add_clip, add_label, mark_segment
from core.runs import ImportData, Progress
from studio import exporting_data
from studio.widgets.export_data_dialog import ExportDataDialog
from studio.widgets.notices import Notice
from tests.core.formats import made_amass

pytestmark = pytest.mark.gui


@pytest.fixture
def with_marks(open_studio):
    """A project with one clip without a video and two segments on it."""
    document = open_studio.document
    facts = VideoFile(
        path="", frame_count=100, width=640, height=360, rate_hz=25.0, duration_s=4.0, size_bytes=0, fingerprint=""
    )
    project, clip = add_clip(document.project, "first", None, facts, author="Ines", folder=document.folder)
    for name, start in (("reach", 0), ("cut", 40)):
        project, label = add_label(project, name, "action", author="Ines")
        project, _ = mark_segment(project, clip.id, label.id, start, start + 30, author="Ines")
    document.edit(project, "Mark two")
    return open_studio


@pytest.fixture
def with_set(open_studio, tmp_path, qtbot):
    """A project with a data set of three motions, shown on the Data page."""
    folder = tmp_path / "takes"
    folder.mkdir()
    for number, name in enumerate(("walk", "turn", "stop")):
        made_amass.make_smplh(folder / f"{name}_poses.npz", frames=40 + number)
    document = open_studio.document
    for _ in carry_out(ImportData(project=str(document.folder), out=str(tmp_path / "run"), source=str(folder))):
        pass
    page = open_studio.window.show_page("data")
    qtbot.waitUntil(lambda: len(page.catalog.list.rows()) == 2 and page.is_settled(), timeout=10_000)
    page.show_set("takes")
    qtbot.waitUntil(lambda: len(page.set_view.table.records()) == 3 and page.is_settled(), timeout=20_000)
    return open_studio


def ask(studio) -> ExportDataDialog:
    studio.window.actions_table.do("export")
    return studio.window.findChild(ExportDataDialog)


def words_in(widget) -> str:
    return "" if widget is None else " ".join(each.text() for each in widget.findChildren(QLabel))


def take(dialog, format_name):
    at = next(at for at in range(dialog.way.count()) if dialog.way.itemData(at).format == format_name)
    dialog.way.setCurrentIndex(at)
    dialog.way.activated.emit(at)


def written(studio, dialog, qtbot):
    dialog.make.click()
    qtbot.waitUntil(lambda: not studio.exporting_data.is_busy, timeout=20_000)


def ended(work):
    """What the work yields, and at the end what it returns."""
    yield (yield from work)


def test_that_every_form_marks_can_take_is_offered_for_clips(with_marks):
    with_marks.window.show_page("data")
    dialog = ask(with_marks)
    offered = {dialog.way.itemData(at).format for at in range(dialog.way.count())}
    kinds = ("annotations", "marks", "2D poses", "characteristic poses")
    assert offered == {each.name for each in FORMATS if each.write is not None and each.holds in kinds}
    assert {"Marks CSV", "Marks JSON", "ELAN", "COCO keypoints", "Characteristic poses CSV", "Clip table"} <= offered


def test_that_segments_go_out_to_the_named_file_and_a_second_time_only_when_told_to_replace(
    with_marks, tmp_path, qtbot
):
    with_marks.window.show_page("data")
    dialog = ask(with_marks)
    take(dialog, "Marks CSV")
    file = tmp_path / "marks.csv"
    dialog.place.setText(str(file))
    written(with_marks, dialog, qtbot)
    text = file.read_text()
    assert "reach" in text
    assert "cut" in text
    assert with_marks.window.notices.shown.accessibleName() == "marks.csv is ready"
    assert (stamping.read(file).command, stamping.read(file).inputs[0].what) == ("export", "project")
    file.write_text("mine")
    again = with_marks.exporting_data.ask("", ())
    take(again, "Marks CSV")
    again.place.setText(str(file))
    again.make.click()
    assert (file.read_text(), again.make.text()) == ("mine", "Replace it")
    written(with_marks, again, qtbot)
    assert file.read_text() == text


def test_that_a_project_file_is_never_written_over_and_a_wrong_ending_is_said(with_marks, tmp_path):
    dialog = with_marks.exporting_data.ask("", ())
    take(dialog, "Marks JSON")
    dialog.place.setText(str(tmp_path / "marks.csv"))
    assert not dialog.make.isEnabled()
    assert "ends in .json" in dialog._says.text()
    dialog.place.setText(str(with_marks.document.folder / "project.sqlite"))
    assert not dialog.make.isEnabled()


def test_that_the_chosen_recording_goes_out_and_reads_back_as_it_was(with_set, tmp_path, qtbot):
    page = with_set.window.page("data")
    page.set_view.table.selectRow(0)
    name = page.set_view.table.current_id()
    dialog = ask(with_set)
    take(dialog, "AMASS")
    assert dialog.place.text().endswith(f"{name}.npz")
    dialog.place.setText(str(tmp_path / "one.npz"))
    written(with_set, dialog, qtbot)
    (back,) = amass.read(tmp_path / "one.npz")
    asked = reproducing.find(tmp_path / "one.npz")
    *_, outcome = ended(reproducing.reproduce(asked, tmp_path / "again", COMMANDS))
    assert outcome.same, outcome
    row = next(each for each in page.set_view.contents.rows if each.name == name)
    assert (len(back), back.rate_hz) == (row.frames, row.rate_hz)
    assert np.isfinite(back.body.translation_m).all()


def test_that_all_recordings_go_into_a_folder_under_their_own_names(with_set, tmp_path, qtbot):
    dialog = with_set.exporting_data.ask("takes", ("walk",))
    take(dialog, "AMASS")
    dialog.extent.choices.button(1).click()
    dialog.place.setText(str(tmp_path / "all"))
    written(with_set, dialog, qtbot)
    assert sorted(each.name for each in (tmp_path / "all").iterdir()) == ["stop.npz", "turn.npz", "walk.npz"]


def test_that_without_anything_to_export_the_page_says_so(open_studio):
    open_studio.window.show_page("data")
    assert ask(open_studio) is None
    assert open_studio.window.notices.shown.accessibleName() == "Nothing to export"


def test_that_a_long_export_shows_how_far_it_is_and_gives_way_to_other_news(with_set, tmp_path, monkeypatch, qtbot):
    gate = threading.Semaphore(0)

    def slowly(the_set, out, **_):
        for number in range(3):
            yield Progress(number, 40, "a recording")
            assert gate.acquire(timeout=20)
        yield Report(format="AMASS", says=f"{out.name}: 3 recordings as AMASS")

    monkeypatch.setattr(exporting_data, "hand_out_motion", slowly)
    monkeypatch.setattr(exporting_data, "_SAY_EVERY_S", -1.0)
    notices = with_set.window.notices
    dialog = ask(with_set)
    take(dialog, "AMASS")
    dialog.extent.choices.button(1).click()
    dialog.place.setText(str(tmp_path / "out"))
    dialog.make.click()
    gate.release()
    qtbot.waitUntil(lambda: "1 of 40" in words_in(notices.shown))
    (bar,) = notices.shown.findChildren(QProgressBar)
    assert (bar.maximum(), bar.value()) == (1000, 25)
    notices.show(Notice("Other news", "They stay for a moment.", stays_ms=200))
    assert "Other news" in words_in(notices.shown)
    gate.release()
    qtbot.waitUntil(lambda: "2 of 40" in words_in(notices.shown))  # back again, as far as it is by now
    gate.release()
    qtbot.waitUntil(lambda: not with_set.exporting_data.is_busy)
    assert "out is ready" in words_in(notices.shown)


def test_that_a_notice_with_a_bar_that_is_put_away_stays_away(open_studio):
    notices = open_studio.window.notices
    notices.show(Notice("Exporting", has_bar=True))
    assert notices.shown.findChildren(QProgressBar)[0].maximum() == 0  # nothing is known yet
    (close,) = (each for each in notices.shown.findChildren(QToolButton) if "Close" in each.accessibleName())
    close.click()
    notices.progress("Exporting", 0.5, "half")
    notices.show(Notice("Other news"))
    notices.withdraw("Other news")
    assert notices.shown is None

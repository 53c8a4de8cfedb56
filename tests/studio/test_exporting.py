"""Exporting from the window: what can be chosen, why what cannot, whose licence, asking before replacing, the run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
)

from core.bodies.library import DEFAULT_KEY, terms
from core.bodies.skeletons import UPPER_BODY_9
from core.exporting.bodies import NO_BODY
from core.geometry.cameras import estimated_camera
from core.rendering.moving import Footage, MovingBody, MovingScene, MovingSkeleton, Shot
from core.runs import ExportBodies
from studio import exporting as exporting_module
from studio.widgets.export_dialog import ExportDialog, Offer
from studio.widgets.shown import Shown, nothing


def bodies(frames: int = 12) -> tuple[MovingBody, ...]:
    places_m = np.tile([0, 1.2, 0.0], (frames, 1))
    turns = np.tile(np.eye(3), (frames, 24, 1, 1))
    return (MovingBody(DEFAULT_KEY, np.zeros(10), turns, places_m, name="forecaster-08"),)


def a_shot(frames: int = 12, footage: Path | None = None) -> Shot:
    scene = MovingScene(24.0, bodies(frames))
    behind = None if footage is None else Footage(footage, tuple(range(frames)), estimated_camera(64, 48))
    return Shot(scene, footage=behind)


JOINTS = Shot(MovingScene(1.0, (), (MovingSkeleton(np.zeros((1, 9, 3)), UPPER_BODY_9),)))


@pytest.fixture
def dialog(qtbot, tmp_path):
    """Makes dialogs and closes them."""
    made = []

    def make(shot: Shot, **more) -> ExportDialog:
        one = ExportDialog(Offer(shot, "kitchen_01 at 0-14.2", tmp_path, **more), None)
        one.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        qtbot.addWidget(one)
        one.show()
        made.append(one)
        return one

    yield make
    for each in made:
        each.close()


def choose(dialog: ExportDialog, *words: str) -> None:
    for each in words:
        (button,) = (one for one in dialog.findChildren(QToolButton) if one.text() == each and one.isVisible())
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def can(dialog: ExportDialog, words: str) -> bool:
    (button,) = (one for one in dialog.findChildren(QToolButton) if one.text() == words)
    return button.isEnabled()


def words_of(dialog: ExportDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def wish_of(qtbot, dialog: ExportDialog) -> ExportBodies:
    with qtbot.waitSignal(dialog.wanted) as told:
        QTest.mouseClick(dialog._make, Qt.MouseButton.LeftButton)
    return told.args[0]


def test_that_a_picture_a_film_a_turntable_and_a_body_are_asked_for_as_chosen(qtbot, dialog, tmp_path):
    open_one = dialog(a_shot())
    wish = wish_of(qtbot, open_one)
    assert (wish.what, wish.file) == ("picture", str(tmp_path / "kitchen_01 at 0-14.2.png"))
    choose(open_one, "Film")
    wish = wish_of(qtbot, open_one)
    assert (wish.what, Path(wish.file).suffix, wish.over_frame) == ("film", ".mp4", False)
    choose(open_one, "Turntable", "GIF")
    wish = wish_of(qtbot, open_one)
    assert (wish.what, Path(wish.file).suffix, wish.seconds) == ("turntable", ".gif", 6.0)
    assert max(wish.width, wish.height) <= 640
    choose(open_one, "Body")
    wish = wish_of(qtbot, open_one)
    assert (wish.what, Path(wish.file).suffix, wish.every_frame) == ("body", ".glb", False)


def test_that_the_licence_stands_there_before_anything_is_made(dialog):
    assert terms("CC0") in words_of(dialog(a_shot()))
    assert NO_BODY in words_of(dialog(JOINTS))


def test_that_what_makes_no_sense_cannot_be_chosen_and_says_why(dialog, tmp_path):
    alone = dialog(JOINTS)
    assert not can(alone, "Body")
    assert not can(alone, "Over the frame")
    assert "joints alone have no mesh" in words_of(alone)
    assert "no video lies behind" in words_of(alone)
    choose(alone, "Film")
    assert not can(alone, "This stretch")
    assert "only one moment is shown" in words_of(alone)
    whole = dialog(a_shot(footage=tmp_path / "clip.mp4"))
    assert all(can(whole, words) for words in ("Body", "Over the frame", "This stretch", "Every frame"))


def test_that_over_the_frame_takes_the_videos_own_size(qtbot, dialog, tmp_path):
    open_one = dialog(a_shot(footage=tmp_path / "clip.mp4"))
    choose(open_one, "Film", "Over the frame")
    wish = wish_of(qtbot, open_one)
    assert (wish.over_frame, wish.width, wish.height) == (True, 64, 48)
    choose(open_one, "Turntable")
    assert not wish_of(qtbot, open_one).over_frame  # nobody can go round a video


def test_that_a_transparent_picture_is_asked_for_only_in_space(qtbot, dialog, tmp_path):
    open_one = dialog(a_shot(footage=tmp_path / "clip.mp4"))
    open_one._transparent.setChecked(True)
    assert wish_of(qtbot, open_one).transparent
    choose(open_one, "Over the frame")
    assert not wish_of(qtbot, open_one).transparent


@pytest.mark.parametrize(
    ("name", "why"),
    [("", "Name the file"), ("walk.mp3", "ends in .png"), ("none/walk.png", "There is no folder"), (".", "Name")],
)
def test_that_a_name_that_cannot_be_is_said_and_not_exported(dialog, tmp_path, name, why):
    open_one = dialog(a_shot())
    open_one._file.setText(str(tmp_path / name) if name else "")
    assert why in words_of(open_one)
    assert not open_one._make.isEnabled()


def test_that_an_mp4_of_odd_size_and_a_huge_gif_are_refused_before_they_begin(dialog):
    open_one = dialog(a_shot())
    choose(open_one, "Film")
    open_one._width.setValue(641)
    assert "even numbers" in words_of(open_one)
    choose(open_one, "GIF")
    open_one._width.setValue(4000)
    assert "at most 1280 pixels" in words_of(open_one)
    assert not open_one._make.isEnabled()


def test_that_an_older_file_is_replaced_only_after_asking(qtbot, dialog, tmp_path):
    (tmp_path / "kitchen_01 at 0-14.2.png").write_bytes(b"mine")
    open_one = dialog(a_shot())
    with qtbot.assertNotEmitted(open_one.wanted):
        QTest.mouseClick(open_one._make, Qt.MouseButton.LeftButton)
    assert "is there already" in words_of(open_one)
    assert open_one._make.text() == "Replace it"
    QTest.mouseClick(open_one._keep, Qt.MouseButton.LeftButton)
    assert open_one._make.text() == "Export picture"
    QTest.mouseClick(open_one._make, Qt.MouseButton.LeftButton)
    assert wish_of(qtbot, open_one).replaces


def test_that_a_new_name_takes_the_question_back(dialog, tmp_path):
    (tmp_path / "kitchen_01 at 0-14.2.png").write_bytes(b"mine")
    open_one = dialog(a_shot())
    QTest.mouseClick(open_one._make, Qt.MouseButton.LeftButton)
    open_one._file.setText(str(tmp_path / "another.png"))
    assert open_one._make.text() == "Export picture"


def test_that_a_projects_own_video_is_never_offered_for_replacing(dialog, tmp_path):
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"a video")
    open_one = dialog(a_shot(footage=video), kept=(video.resolve(),))
    choose(open_one, "Film")
    open_one._file.setText(str(video))
    assert "belongs to this project" in words_of(open_one)
    assert not open_one._make.isEnabled()


def test_that_every_control_of_the_dialog_has_a_name(dialog):
    open_one = dialog(a_shot())
    for kind in (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit):
        for each in open_one.findChildren(kind):
            if each.objectName() == "qt_spinbox_lineedit":
                continue
            named = each.accessibleName() or (each.text() if isinstance(each, QAbstractButton) else "")
            assert named, each


# ---- the window -----------------------------------------------------------------------------------------------------


def test_that_a_page_without_people_says_so_instead_of_asking(open_studio):
    open_studio.window.actions_table.do("export")
    notice = open_studio.window.notices.shown
    assert notice is not None
    assert notice.accessibleName() == "Nothing to export"
    assert not open_studio.window.findChildren(ExportDialog)


def test_that_a_page_may_say_why_there_is_nothing(open_studio):
    page = open_studio.window.page(open_studio.window.page_name)
    page.shown = lambda: nothing("Nobody was seen at this moment.")
    assert open_studio.exporting.ask() is None
    shown = open_studio.window.notices.shown
    assert any(label.text() == "Nobody was seen at this moment." for label in shown.findChildren(QLabel))


def exported(qtbot, studio, name: str, shot: Shot, *presses: str) -> ExportBodies:
    """Go through the dialog; the run it begins."""
    page = studio.window.show_page("annotate")
    page.shown = lambda: Shown(shot, name)
    QTest.keyClick(studio.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = studio.window.findChildren(ExportDialog)
    choose(dialog, *presses)
    dialog._width.setValue(64)
    dialog._height.setValue(48)
    QTest.mouseClick(dialog._make, Qt.MouseButton.LeftButton)
    (job,) = studio.jobs.live()
    return job


@pytest.mark.slow
def test_that_an_export_is_a_job_whose_end_says_whose_licence_and_where_it_lies(qtbot, open_studio, monkeypatch):
    job = exported(qtbot, open_studio, "cook: at 0:14.2", a_shot(), "Body")
    folder = open_studio.document.folder / "exports"
    assert job.title == "Export cook_ at 0_14.2.glb"
    qtbot.waitUntil(lambda: job.state == "done", timeout=60_000)
    assert (folder / "cook_ at 0_14.2.glb").is_file()
    qtbot.waitUntil(lambda: (now := open_studio.window.notices.shown) is not None and "ready" in now.accessibleName())
    card = open_studio.window.notices.shown
    assert any(terms("CC0") in label.text() for label in card.findChildren(QLabel))
    opened = []
    monkeypatch.setattr(exporting_module.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    (button,) = (each for each in card.findChildren(QPushButton) if each.text() == "Show in folder")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert opened == [str(folder)]


@pytest.mark.slow
def test_that_a_stopped_export_leaves_no_file_and_says_nothing(qtbot, open_studio):
    shot = a_shot(600)
    job = exported(qtbot, open_studio, "long", replace(shot, scene=replace(shot.scene, rate_hz=25.0)), "Film")
    qtbot.waitUntil(lambda: job.progress is not None, timeout=60_000)
    job.stop()
    qtbot.waitUntil(lambda: not job.is_live, timeout=60_000)
    assert job.state == "stopped"
    assert not list((open_studio.document.folder / "exports").iterdir())
    QApplication.processEvents()
    assert open_studio.window.notices.shown is None

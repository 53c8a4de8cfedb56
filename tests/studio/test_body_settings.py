"""The bodies in the settings: a person's own files come in without the window waiting, and what is wrong is said."""

import os
import pickle
import sys

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QPushButton, QToolButton

from core.bodies import library
from studio import settings as preferences
from studio.body_files import BodyFiles
from studio.widgets.body_settings import BodySettings
from studio.widgets.dialogs import SettingsDialog
from tests.core.bodies.made_up_models import random_arrays, with_chumpy

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("POSECAST_BODIES", str(tmp_path / "kept"))


@pytest.fixture
def settings(tmp_path):
    return preferences.load(tmp_path / "settings" / "settings.toml")


@pytest.fixture
def dialog(qtbot, settings):
    made = SettingsDialog(settings, None)
    made.show()
    yield made
    if shiboken6.isValid(made):  # a dialog deletes itself when it is closed
        made.close()


@pytest.fixture
def male(tmp_path):
    (tmp_path / "SMPL_MALE.pkl").write_bytes(with_chumpy(random_arrays()))
    return tmp_path / "SMPL_MALE.pkl"


def words(dialog):
    return "\n".join(each.text() for each in dialog.findChildren(QLabel) if not each.isHidden())


def button(dialog, name):
    (found,) = [each for each in dialog.findChildren(QPushButton) if each.text().startswith(name)]
    return found


def add(qtbot, monkeypatch, dialog, *files):
    """As a person does it: the button, the files, the wait."""
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(each) for each in files], ""))
    reader = dialog.findChild(BodyFiles)
    with qtbot.waitSignal(reader.ended, timeout=30_000):
        button(dialog, "Add files").click()
        assert reader.is_busy
        assert not button(dialog, "Add files").isEnabled()


def choose(dialog, key):
    (box,) = [each for each in dialog.findChildren(QComboBox) if each.findData(key) >= 0]
    box.setCurrentIndex(box.findData(key))
    box.activated.emit(box.currentIndex())


def test_that_an_added_file_can_be_chosen_and_is_kept_as_the_choice(qtbot, monkeypatch, dialog, settings, male):
    assert "public domain" in words(dialog)
    add(qtbot, monkeypatch, dialog, male)
    assert "1 body added" in words(dialog)
    assert "SMPL licence, from SMPL_MALE.pkl" in words(dialog)
    with qtbot.waitSignal(dialog.changed):
        choose(dialog, "yours/smpl/male")
    assert preferences.load(settings.file).body == "yours/smpl/male"


def test_that_the_window_goes_on_while_a_file_is_read(qtbot, monkeypatch, dialog, male):
    beats = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(len(beats)))
    timer.start(5)
    add(qtbot, monkeypatch, dialog, male)
    timer.stop()
    assert len(beats) > 20  # reading takes a hundred times as long as one


def test_that_a_refused_file_is_said_in_place_with_what_to_do(qtbot, monkeypatch, dialog, tmp_path, male):
    class Bad:
        def __reduce__(self):
            return (os.system, ("true",))

    (tmp_path / "bad.pkl").write_bytes(pickle.dumps({"f": Bad()}))
    add(qtbot, monkeypatch, dialog, tmp_path / "bad.pkl", male)
    assert f"{os.system.__module__}.system" in words(dialog)
    assert "Nothing of it was run" in words(dialog)
    assert "1 body added" in words(dialog)  # the good one came in all the same


def test_that_a_removed_body_that_was_shown_gives_way_to_the_built_in_one(qtbot, settings, male):
    settings.body = library.add(male).key
    dialog = SettingsDialog(settings, None)
    dialog.show()
    (remove,) = [each for each in dialog.findChildren(QToolButton) if each.toolTip().startswith("Remove SMPL, male")]
    with qtbot.waitSignal(dialog.changed):
        remove.click()
    assert settings.body == library.DEFAULT_KEY
    assert male.exists()
    assert not any(not each.is_built_in for each in library.choices())
    dialog.close()


def test_that_a_chosen_body_that_is_gone_is_said_and_not_forgotten(qtbot, settings):
    settings.body = "yours/smplx/female"
    dialog = SettingsDialog(settings, None)
    dialog.show()
    (box,) = [each for each in dialog.findChildren(QComboBox) if each.findData(library.DEFAULT_KEY) >= 0]
    assert box.currentText() == "Not there any more"
    assert settings.body == "yours/smplx/female"
    dialog.close()


def test_that_closing_the_dialog_ends_the_reading(qtbot, monkeypatch, dialog, male):
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(male)], ""))
    reader = dialog.findChild(BodyFiles)
    button(dialog, "Add files").click()
    assert reader.is_busy
    process = reader._process
    dialog.reject()
    assert not reader.is_busy
    assert process.state() == process.ProcessState.NotRunning


def test_that_reading_can_be_given_up_and_started_again(qtbot, monkeypatch, dialog, male):
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(male)], ""))
    button(dialog, "Add files").click()
    button(dialog, "Stop").click()
    assert "Stopped" in words(dialog)
    add(qtbot, monkeypatch, dialog, male)
    assert "1 body added" in words(dialog)


@pytest.mark.parametrize(
    "program",
    [("no-such-program",), (sys.executable, "-c", "import sys; sys.exit('worn out')"), (sys.executable, "-c", "")],
)
def test_that_a_reader_that_fails_says_so(qtbot, settings, tmp_path, program):
    reader = BodyFiles(program=program)
    part = BodySettings(settings, reader)
    qtbot.addWidget(part)
    with qtbot.waitSignal(reader.ended, timeout=20_000) as told:
        reader.add([tmp_path / "x.pkl"])
    (refusal,) = told.args[0].refused
    assert "could not be read" in refusal.says
    assert "could not be read" in words(part)
    assert not reader.is_busy


def test_that_a_file_named_like_an_option_is_a_file(qtbot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(preferences.Path(preferences.__file__).parents[1]))
    np.savez(tmp_path / "--help.npz", **random_arrays())
    reader = BodyFiles()
    with qtbot.waitSignal(reader.ended, timeout=20_000) as told:
        reader.add([preferences.Path("--help.npz")])
    assert [each.key for each in told.args[0].added] == ["yours/smpl/neutral"]

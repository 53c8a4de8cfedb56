"""The whole story on a real video, through the real window: from a file on a disk to a forecast on the screen."""

import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

from core.run_folder import RunFolder
from tests.journeys.window import launch, leave

pytestmark = [pytest.mark.gui, pytest.mark.slow]

JOB_MS, SOON_MS = 120_000, 20_000
# What the person on the roof does in the video, by frame: label's key, start, end, characteristic instant.
SEEN = (
    (1, 0, 18, 9),  # stand
    (2, 18, 40, 30),  # raise arms
    (1, 40, 62, 52),
    (2, 62, 84, 74),
    (1, 84, 118, 100),
    (3, 118, 150, 138),  # climb down
)


def press(studio, key, *, control=False):
    modifiers = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(studio.window, key, modifiers)


def seek(studio, frame):
    """There by the keys a person has: ten frames at a time, then one by one."""
    while abs(frame - studio.document.playhead) >= 10:
        press(studio, Qt.Key.Key_Right if frame > studio.document.playhead else Qt.Key.Key_Left, control=True)
    while frame != studio.document.playhead:
        press(studio, Qt.Key.Key_Right if frame > studio.document.playhead else Qt.Key.Key_Left)


def add_label(page, name):
    """By the button under the list of labels and a name typed there."""
    next(each for each in page.findChildren(QAbstractButton) if "Add label" in each.text()).click()
    field = next(each for each in page.findChildren(QLineEdit) if each.accessibleName() == "Name of the new label")
    QTest.keyClicks(field, name)
    QTest.keyClick(field, Qt.Key.Key_Return)


def forecasters(studio):
    return [job for job in studio.jobs.jobs() if (job.folder.path / "best.safetensors").is_file()]


def shown(page):
    """The chosen run's answer, once it is the newest one asked for."""
    asking = page.asking
    return asking.forecasts([asking.chosen]) if asking.chosen is not None and asking.is_settled else []


def photograph(qtbot, studio, path):
    qtbot.waitUntil(studio.window.is_settled, timeout=SOON_MS)
    studio.window.grab().save(str(path))
    image = QImage(str(path))
    colours = {image.pixel(x, y) for x in range(0, image.width(), 23) for y in range(0, image.height(), 23)}
    assert len(colours) > 40, "the picture is all but empty"


def test_that_a_person_goes_from_a_video_to_a_forecast(qtbot, qapp, tmp_path, shared_data):
    shutil.copy(shared_data / "videos" / "sports2d_demo.mp4", tmp_path / "roof.mp4")
    studio = launch(qtbot, qapp, tmp_path)
    document = studio.document

    # A project, a video, its 2D poses.
    assert studio.projects.create(tmp_path / "Courtyard", "Courtyard")
    with qtbot.waitSignal(studio.adding.ended, timeout=SOON_MS):
        studio.adding.add([tmp_path / "roof.mp4"])
    (clip,) = document.project.clips.values()
    assert (clip.name, clip.video.frame_count) == ("roof.mp4", 230)
    press(studio, Qt.Key.Key_2, control=True)
    studio.window.actions_table.do("extract-poses")
    qtbot.waitUntil(lambda: bool(document.project.clips[clip.id].tracks), timeout=JOB_MS)
    assert document.tracks(clip.id).people >= 2
    photograph(qtbot, studio, tmp_path / "data.png")

    # Six segments with their characteristic poses, by keys alone.
    document.choose_clip(clip.id)
    press(studio, Qt.Key.Key_3, control=True)
    page = studio.window.page("annotate")
    qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
    for name in ("stand", "raise arms", "climb down"):
        add_label(page, name)
    for key, start, end, instant in SEEN:
        seek(studio, start)
        press(studio, Qt.Key.Key_I)
        seek(studio, end)
        press(studio, Qt.Key.Key_O)
        press(studio, Qt.Key(Qt.Key.Key_0 + key))
        seek(studio, instant)
        qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
        press(studio, Qt.Key.Key_C)
        qtbot.waitUntil(lambda at=instant: any(pose.frame == at for pose in document.clip.poses), timeout=SOON_MS)
    marked = [(each.action, each.start_frame, each.end_frame) for each in document.clip.segments]
    assert [(start, end) for _, start, end in marked] == [(start, end) for _, start, end, _ in SEEN]
    photograph(qtbot, studio, tmp_path / "annotate.png")
    before = document.project
    leave(studio)

    # Closed and opened again: all there.
    studio = launch(qtbot, qapp, tmp_path)
    document = studio.document
    studio.projects.open(tmp_path / "Courtyard")
    assert document.project == before
    assert document.undo_label
    document.choose_clip(clip.id)

    # Train the smoke preset in the background.
    press(studio, Qt.Key.Key_4, control=True)
    training = studio.window.page("train")
    presets = next(each for each in training.findChildren(QComboBox) if each.findText("smoke") >= 0)
    presets.setCurrentIndex(presets.findText("smoke"))
    press(studio, Qt.Key.Key_Return, control=True)
    qtbot.waitUntil(lambda: any(job.state == "done" for job in forecasters(studio)), timeout=JOB_MS)
    (run,) = forecasters(studio)
    assert (run.folder.path / "best.safetensors").is_file()
    assert run.metrics["loss"][-1][1] < run.metrics["loss"][0][1]
    photograph(qtbot, studio, tmp_path / "train.png")

    # And see what comes next.
    document.seek(90)
    press(studio, Qt.Key.Key_6, control=True)
    forecast = studio.window.page("forecast")
    runs = next(each for each in forecast.findChildren(QComboBox) if each.accessibleName() == "Run")
    qtbot.waitUntil(lambda: runs.findText(run.name) >= 0, timeout=SOON_MS)
    runs.setCurrentIndex(runs.findText(run.name))
    qtbot.waitUntil(lambda: [known.run for known, _ in shown(forecast)] == [str(run.folder.path)], timeout=JOB_MS)
    ((_, said),) = shown(forecast)
    assert (said.clip_id, said.at_frame) == (clip.id, 90)
    assert said.seen_actions == ("stand", "raise arms", "stand", "raise arms")
    assert {step.action for step in said.steps} <= {"stand", "raise arms", "climb down"}
    assert [step.truth_action for step in said.steps[:2]] == ["stand", "climb down"]
    assert said.camera_estimated
    photograph(qtbot, studio, tmp_path / "forecast.png")
    leave(studio)

    assert all(RunFolder(each).state() == "done" for each in (tmp_path / "Courtyard" / "runs").iterdir())

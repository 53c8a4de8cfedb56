"""Motion made, locked in part and drawn anew, kept, taken out, found again after a restart, and made again bit for bit.

Through the real window, the real warm process and the real command line; with a tiny model whose weights are drawn, and
with the one that ships, where one ships.
"""

import shlex
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit

from core import demo
from core.formats import generated_motion
from core.generations import unpacked
from core.geometry.rotations import matrices
from core.run_folder import RunFolder
from core.runs import Done, TrainPoseGpt
from studio.widgets.export_dialog import ExportDialog
from tests.journeys.window import launch, leave

pytestmark = [pytest.mark.gui, pytest.mark.slow]

JOB_MS, SOON_MS = 120_000, 30_000


def press(studio, key, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(studio.window, key, modifiers)


def generate_page(qtbot, studio):
    """The page in front, its first answer on screen."""
    press(studio, Qt.Key.Key_7, Qt.KeyboardModifier.ControlModifier)
    assert studio.window.page_name == "generate"
    page = studio.window.page("generate")
    qtbot.waitUntil(lambda: bool(page.generating.shown) and page.is_settled(), timeout=JOB_MS)
    return page


def drawn_weights(folder):
    """A run of the project whose model has learned nothing."""
    from core.models import checkpoints
    from tests.core.generation.made_model import made_config, made_header, made_whole

    config, out = made_config(), folder / "runs" / "motion-01"
    run = RunFolder(out)
    run.write_spec(TrainPoseGpt(project=str(folder), out=str(out), config=config))
    checkpoints.save(out / "best.safetensors", made_header(config), made_whole(config).tensors())
    run.append(Done(summary="drawn"))


def lock_a_stretch(page, start, end):
    strip = page.line.strip
    places = [strip.item_rect(at).center().toPoint() for at in (start, end - 1)]
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=places[0])
    QTest.mouseMove(strip, places[1])
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=places[1])
    assert strip.chosen == (start, end)


@pytest.mark.parametrize("model", ["drawn weights", "shipped"])
def test_that_a_motion_is_made_kept_taken_out_and_made_again_bit_for_bit(qtbot, qapp, tmp_path, model):
    if model == "shipped" and not demo.shipped_checkpoints("posegpt"):
        pytest.skip("no motion model ships with this checkout")
    folder = tmp_path / "courtyard"
    studio = launch(qtbot, qapp, tmp_path)
    try:
        assert studio.projects.create(folder, "Courtyard pilot")
        if model == "drawn weights":
            drawn_weights(folder)
            qtbot.waitUntil(lambda: len(studio.jobs.jobs()) == 1, timeout=SOON_MS)
        kept = make_and_keep(qtbot, studio)
        copied = copy_command(studio)
        take_out(qtbot, studio, kept, tmp_path / "out.npz")
    finally:
        leave(studio)
    the_command_makes_it_too(copied, kept, tmp_path)

    studio = launch(qtbot, qapp, tmp_path)
    try:
        studio.document.open(folder)
        make_again(qtbot, studio, kept)
    finally:
        leave(studio)


def make_and_keep(qtbot, studio):
    """Ask, choose, lock, resample the rest, keep; what was kept."""
    page = generate_page(qtbot, studio)
    assert len(page.generating.shown) == 4
    press(studio, Qt.Key.Key_2)
    assert page.generating.chosen == 1
    before = page.generating.now.sample
    lock_a_stretch(page, 2, 5)
    press(studio, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert page.line.strip.locks == ((2, 5),)
    press(studio, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: page.is_settled() and page.generating.now.asked.locked is not None, timeout=JOB_MS)
    shown = page.generating.now
    assert page.generating.chosen == 1
    assert shown.sample.codes[2:5] == before.codes[2:5]
    assert shown.sample.codes != before.codes
    assert page.line.strip.locks == ((2, 5),)
    page.setFocus()
    press(studio, Qt.Key.Key_Return)
    assert studio.document.undo_label.startswith("Keep ")
    assert page.tray.list.count() == 1
    assert page.cards.cards[1].facts.is_kept
    press(studio, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.tray.list.count() == 0
    press(studio, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert page.tray.list.count() == 1
    return shown


def copy_command(studio):
    QGuiApplication.clipboard().clear()
    press(studio, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    return QGuiApplication.clipboard().text()


def take_out(qtbot, studio, kept, file):
    """The chosen sample alone, as a motion file, by the dialog; read back it is what was shown."""
    page = studio.window.page("generate")
    while page.space.arrangement != "one":
        press(studio, Qt.Key.Key_S)
    qtbot.waitUntil(page.is_settled, timeout=SOON_MS)
    press(studio, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = studio.window.findChild(ExportDialog)
    assert dialog is not None
    dialog._kind.choices.button(2).click()
    form = next(each for each in dialog.findChildren(QComboBox) if each.findData(".npz") >= 0)
    form.setCurrentIndex(form.findData(".npz"))
    form.activated.emit(form.currentIndex())
    next(each for each in dialog.findChildren(QLineEdit) if each.accessibleName() == "File").setText(str(file))
    dialog._make.click()
    qtbot.waitUntil(file.is_file, timeout=JOB_MS)
    qtbot.waitUntil(studio.jobs.is_settled, timeout=JOB_MS)
    motion = unpacked(kept.sample.motion)
    with np.load(file, allow_pickle=False) as read:
        turns = matrices(read["poses"].reshape(len(motion), -1, 3).astype(float))
        np.testing.assert_allclose(turns[:, :24], motion.rotations, atol=1e-5)
        away_m = read["trans"] - motion.translation_m
        np.testing.assert_allclose(away_m, np.broadcast_to(away_m[0], away_m.shape), atol=1e-5)
        np.testing.assert_allclose(away_m[0, [0, 2]], 0, atol=1e-5)
        assert float(read["mocap_frame_rate"]) == 30.0


def the_command_makes_it_too(copied, kept, folder):
    words = shlex.split(copied)
    assert words[:2] == ["posecast", "generate"]
    words[words.index("--out") + 1] = str(folder / "again.npz")
    subprocess.run([sys.executable, "-m", "core", *words[1:]], check=True, timeout=120, capture_output=True)
    sample, _ = generated_motion.read(folder / f"again-{kept.number + 1}.npz")
    assert sample.codes == kept.sample.codes
    assert sample.motion == kept.sample.motion


def make_again(qtbot, studio, kept):
    """From the tray, in another window and another process."""
    page = generate_page(qtbot, studio)
    assert page.tray.list.count() == 1
    said = []
    page.kept.says.connect(said.append)
    menu = page.tray.menu_of(page.tray._rows[0])
    next(each for each in menu.actions() if each.text() == "Make it again").trigger()
    qtbot.waitUntil(lambda: bool(said), timeout=JOB_MS)
    assert said[0].endswith("made again, the same to the last bit.")
    now = page.generating.now
    assert now.asked == kept.asked
    assert now.sample.motion == kept.sample.motion
    assert page.question.recipe == kept.asked

"""Forecasts compared by eye, through the real window and the real warm process: three forecasters of the demo kitchen
beside what came, lined up three ways, scrubbed together, one step taken as a draft, and the figure made a file.
"""

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.demo import open_demo, shipped_checkpoints
from core.run_folder import RunFolder
from core.runs import Done
from studio.widgets.comparison_dialog import ComparisonDialog
from tests.journeys.window import SOON_MS, launch, leave

pytestmark = [pytest.mark.gui, pytest.mark.slow]
JOB_MS = 120_000
MOMENT_S = 30.0


def press(studio, key, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(studio.window, key, modifiers)


def settled(qtbot, page):
    qtbot.waitUntil(lambda: page._moment is not None and page.is_settled(), timeout=JOB_MS)
    return page._moment


def add_run(qtbot, studio, words):
    """By the menu of the button in the head."""
    page = studio.window.page("forecast")
    menu = page.head.runs.menu()
    next(each for each in menu.actions() if each.text().strip() == words).trigger()
    qtbot.waitUntil(lambda: page.asking.is_pale, timeout=SOON_MS)


def test_that_three_forecasters_are_compared_one_step_is_taken_and_the_figure_is_a_file(qtbot, qapp, tmp_path):
    if not shipped_checkpoints("forecaster"):
        pytest.skip("no forecaster ships")
    demo = open_demo(tmp_path / "Demo kitchen")
    studio = launch(qtbot, qapp, tmp_path)
    assert studio.projects.open(demo)
    document = studio.document
    document.seek(round(MOMENT_S * document.clip.video.rate_hz))
    moment_frame = document.playhead
    press(studio, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    page = studio.window.page("forecast")
    page.head.tabs.setCurrentIndex(1)
    settled(qtbot, page)

    # A third forecaster beside the run and counting.
    add_run(qtbot, studio, "last action, last pose")
    moment = settled(qtbot, page)
    assert [each.name.partition(" of")[0] for each in page.compared.grid.columns] == [
        "What came", page.asking.chosen.name, "n-gram", "last action",
    ]  # fmt: skip
    assert all(len(each.cells) == moment.rows() for each in page.compared.grid.columns)
    assert moment.lined.knows_what_came
    (last,) = {step.action for step in moment.forecasts[2][1].steps}
    assert last == moment.first.seen_actions[-1], "the last action again is the last action seen"

    # Lined up by action, by time and by step again, with the key.
    for by in ("action", "time", "step"):
        press(studio, Qt.Key.Key_A)
        assert settled(qtbot, page).lined.by == by

    # A click on the strips holds the moment and takes all along.
    strips = page.compared.panel.strips
    came = page._moment.lined.rows[1]
    place = QPoint(round(strips.x_of(came.seconds)), round(strips.area_of(0).center().y()))
    qtbot.mouseClick(strips, Qt.MouseButton.LeftButton, pos=place)
    assert page.asking.is_held
    assert abs(document.playhead - came.truth.truth_frame) <= 1
    assert page._row == 1
    settled(qtbot, page)

    # The chosen run's step as a draft, with the key; one undo takes it back.
    grid = page.compared.grid
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.area_of(1, 1).center().toPoint())
    segments = document.clip.segments
    with qtbot.waitSignal(page.accepting.accepted, timeout=SOON_MS) as accepted:
        press(studio, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    made = next(each for each in document.clip.segments if each.id == accepted.args[0][0])
    assert made.is_draft
    assert page.asking.chosen.name in made.made.source
    press(studio, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.clip.segments == segments
    settled(qtbot, page)

    # The figure, as a file, in a run of its own.
    press(studio, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = next(each for each in studio.window.findChildren(ComparisonDialog) if each.isVisible())
    wish = dialog.wish()
    assert (wish.line_up, wish.steps) == ("step", moment.rows())
    dialog._make.click()
    file = Path(wish.file)
    assert file.parent == demo / "exports"
    run = next(each for each in (demo / "runs").iterdir() if each.name.startswith("export"))
    qtbot.waitUntil(lambda: RunFolder(run).ending() is not None, timeout=JOB_MS)
    assert isinstance(RunFolder(run).ending(), Done)
    with Image.open(file) as picture:
        assert picture.width > 800
        assert len(picture.convert("RGB").resize((64, 64)).getcolors(4096) or ()) > 100
    assert moment_frame == page._moment.first.at_frame
    leave(studio)

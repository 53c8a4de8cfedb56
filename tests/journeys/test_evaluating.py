"""A run measured from the window: the form, the job, the report that appears, and the line that makes it again."""

import shlex

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from core.demo import open_demo
from core.reports import Report
from tests.journeys.window import launch, leave

pytestmark = [pytest.mark.gui, pytest.mark.slow]

JOB_MS, SOON_MS = 180_000, 20_000


def test_that_a_run_is_measured_and_its_report_appears_with_the_line_that_makes_it(qtbot, qapp, tmp_path):
    demo = tmp_path / "Demo kitchen"
    open_demo(demo)
    studio = launch(qtbot, qapp, tmp_path)
    studio.projects.open(demo)
    QTest.keyClick(studio.window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    page = studio.window.page("evaluate")
    qtbot.waitUntil(lambda: page.is_settled() and studio.reports.has_looked, timeout=SOON_MS)
    assert page.sheet is None

    # The form, by its key; the shipped forecaster is the one there is.
    QTest.keyClick(studio.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    dialog = page.asking.dialog
    names = [dialog.list.item(at).text() for at in range(dialog.list.count())]
    dialog.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    dialog.list.item(names.index("kitchen-forecaster")).setCheckState(Qt.CheckState.Checked)
    dialog.part.setCurrentIndex(dialog.part.findData("train"))
    dialog.start.click()
    qtbot.waitUntil(lambda: page.sheet is not None and bool(page.sheet.rows), timeout=JOB_MS)
    qtbot.waitUntil(studio.window.is_settled, timeout=SOON_MS)

    # The report is on the screen, as it lies on the disk.
    (found,) = studio.reports.entries()
    assert isinstance(found.content, Report)
    own = page.sheet.rows[0]
    assert own.name == "kitchen-forecaster"
    assert own.values["top1"].mean == found.content.row("kitchen-forecaster").top1
    assert {row.kind for row in page.sheet.rows} >= {"run", "plain"}
    assert page.figures.horizon.steps == found.content.steps_ahead

    # And the line that makes it again.
    studio.window.activateWindow()
    qtbot.waitUntil(studio.window.isActiveWindow, timeout=SOON_MS)
    page.figures.table.setFocus()
    QTest.keyClick(studio.window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    line = shlex.split(QGuiApplication.clipboard().text())
    assert line[:2] == ["posecast", "evaluate"]
    assert line[line.index("--split") + 1] == "train"
    assert line[line.index("--out") + 1] == str(found.path.parent)
    leave(studio)

"""Pose banks and tables of characteristic poses on the Data page: asked for, built, and seen for what they are."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QScrollArea

from core.bodies.skeletons import UPPER_BODY_9
from core.importing.carrying_out import carry_out
from core.project.motion_sets import folder_of
from core.project.pose_banks import FILE
from core.runs import BuildPoseBank, ImportData
from studio import theme
from studio.widgets.dialogs import WordsDialog
from studio.widgets.pose_strip import PoseStrip
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.formats import made_keypose_csv

pytestmark = pytest.mark.gui
NECK = UPPER_BODY_9["neck"]


def words_in(widget) -> str:
    return " ".join(each.text() for each in widget.findChildren(QLabel) if each.isVisibleTo(widget))


@pytest.fixture
def with_motion(studio, tmp_path, qtbot):
    """A project with two sets of motion, that the window has read."""
    folder = project_in(tmp_path / "pilot")
    motion_set(folder, "walks", [recorded(f"w/{at}", at) for at in range(4)])
    motion_set(folder, "dance", [recorded("d/0", 9)])
    assert studio.projects.open(folder)
    studio.window.show_page("data")
    sets = studio.sets
    qtbot.waitUntil(lambda: [each.contents is not None for each in sets.entries()] == [True, True], timeout=10_000)
    return studio


def test_that_without_motion_nothing_is_built_and_it_is_said_what_is_missing(open_studio):
    assert open_studio.banking.ask() is None
    assert "Import some first" in words_in(open_studio.window.notices.shown)


def test_that_the_menu_of_the_catalog_offers_a_bank(with_motion):
    page = with_motion.window.page("data")
    wanted = []
    page.asks.connect(wanted.append)
    words = {each.text(): each for each in page.catalog.add_menu.actions()}
    words["Build a pose bank…"].trigger()
    assert "build-bank" in wanted


def test_that_the_dialog_says_what_the_bank_will_hold(with_motion):
    dialog = with_motion.banking.ask()
    assert dialog.name.text() == "pose-bank"
    assert "up to 800\u2009000 poses of 15 s of motion, at most 86.4 MB" in words_in(dialog)
    assert "Comes under: for tests" in words_in(dialog)
    dialog.poses.setValue(1000)
    dialog.sets[1].click()
    assert "up to 1\u2009000 poses of 12 s of motion, at most 108 kB" in words_in(dialog)
    assert dialog.wish() == BuildPoseBank(project="", out="", name="pose-bank", sets=("walks",), poses=1000)
    dialog.name.setText("Walks")  # the key of a set that is there
    assert not dialog.make.isEnabled()
    assert "has a data set of this name already" in words_in(dialog)
    dialog.name.setText("mine")
    dialog.sets[0].click()
    assert "Choose at least one data set" in words_in(dialog)
    assert not dialog.make.isEnabled()


@pytest.mark.parametrize("percent", [100, 130])
def test_that_no_words_of_the_dialog_are_cut(with_motion, percent, monkeypatch, qapp, qtbot):
    monkeypatch.setattr(with_motion.settings, "text_size", percent)
    theme.apply(qapp, theme.DARK, percent)
    dialog = with_motion.banking.ask()
    dialog.name.setText("walks")
    qtbot.wait(20)
    for label in dialog.findChildren(QLabel):
        if label.isVisibleTo(dialog) and label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    (area,) = dialog.findChildren(QScrollArea)
    assert all(area.viewport().rect().contains(each.geometry()) for each in dialog.sets)
    dialog.close()
    theme.apply(qapp, theme.DARK, 100)


@pytest.mark.slow
def test_that_a_bank_is_built_by_a_job_and_seen_with_its_sources_and_some_poses(with_motion, qtbot):
    dialog = with_motion.banking.ask()
    dialog.name.setText("ours")
    dialog.poses.setValue(100)
    dialog.make.click()
    (job,) = with_motion.jobs.jobs()
    assert (job.name, job.title) == ("bank-ours-01", "Build the pose bank ours")
    page = with_motion.window.page("data")
    qtbot.waitUntil(lambda: job.state == "done" and with_motion.jobs.is_settled(), timeout=30_000)
    assert "ours: 100 poses" in words_in(page.catalog.card)
    page.catalog.card.log.click()
    assert with_motion.window.findChild(WordsDialog) is not None
    qtbot.waitUntil(lambda: with_motion.sets.contents("ours") is not None, timeout=10_000)
    page.catalog.choose("ours")
    qtbot.waitUntil(lambda: len(page.set_view.bank.sources.records()) == 2, timeout=10_000)
    view = page.set_view.bank
    assert view.isVisibleTo(with_motion.window)
    qtbot.waitUntil(lambda: words_in(view.sums).startswith("100 poses"))
    records = view.sources.records()
    assert sorted(each.cells[0].words for each in records) == ["DANCE", "WALKS"]
    assert sum(int(each.cells[1].words) for each in records) == 100
    assert len(view.poses.cells()) == 12
    assert all(each.isVisibleTo(view) for each in (view.poses, view.sources))
    (folder_of(with_motion.document.folder, "ours") / FILE).write_bytes(b"cut")
    with_motion.sets.look_again()
    qtbot.waitUntil(lambda: bool(with_motion.sets.contents("ours").problem), timeout=10_000)
    assert "This data set cannot be read" in words_in(page.set_view)


def test_that_poses_are_seen_from_the_front_and_turn_together(qtbot):
    poses_m = np.zeros((12, 9, 3))
    poses_m[:, UPPER_BODY_9["left_hand"]] = [0.6, 0.1, 0.0]
    poses_m[:, UPPER_BODY_9["right_hand"]] = [-0.6, -0.1, 0.3]
    strip = PoseStrip()
    qtbot.addWidget(strip)
    strip.resize(900, 300)
    strip.show_poses(poses_m, ["CMU"] * 12)
    seen = strip.seen_from_here()
    assert (seen[:, UPPER_BODY_9["left_hand"], 0] > 0.3).all()  # a person's left is at the viewer's right
    assert (seen[:, UPPER_BODY_9["left_hand"], 1] < 0).all()  # and what is higher is higher
    np.testing.assert_array_equal(seen[:, NECK], 0)
    cells = strip.cells()
    assert len(cells) == 12
    assert all(strip.rect().contains(each.toAlignedRect()) for each in cells)
    assert not any(a.intersects(b) for a in cells for b in cells if a is not b)
    before = strip.yaw_degrees
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    QTest.mouseMove(strip, QPoint(160, 100))
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(160, 100))
    assert strip.yaw_degrees != before
    strip.setFocus()
    turned = strip.yaw_degrees
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert strip.yaw_degrees == turned - 15


def test_that_the_rows_of_a_table_of_characteristic_poses_are_shown_and_found(open_studio, tmp_path, qtbot):
    document = open_studio.document
    page = open_studio.window.show_page("data")
    for make in (made_keypose_csv.make, made_keypose_csv.make_human36m):
        source = make(tmp_path)
        spec = ImportData(project=str(document.folder), out=str(document.folder / "run"), source=str(source))
        for _ in carry_out(spec):
            pass
    qtbot.waitUntil(lambda: len(page.catalog.list.rows()) == 3 and page.is_settled(), timeout=10_000)
    page.catalog.choose("charposes")
    view = page.set_view.keyposes
    assert [each.cells[0].words for each in view.table.records()] == [
        "s2-doorknob-use-2",
        "s2-toothbrush-lift-1",
        "s9-mouse-use-1",
    ]
    assert [each.words for each in view.table.records()[0].cells[1:4]] == ["212", "1.77", "–"]
    assert page.set_view.search is view.search
    view.search.setText("mouse")
    assert [each.cells[0].words for each in view.table.records()] == ["s9-mouse-use-1"]
    page.catalog.choose("h36m-charposes")
    assert view.table.records()
    assert all(each.cells[3].words != "–" for each in view.table.records())

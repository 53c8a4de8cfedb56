"""Every control of the Data page and of its dialogs says aloud what it is, whatever state the page is in."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QProgressBar,
    QScrollBar,
    QSplitterHandle,
    QWidget,
)

from core.datasets.bank_building import build
from core.importing.carrying_out import carry_out
from core.runs import BuildPoseBank, ImportData
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.formats import made_babel, made_bvh, made_keypose_csv, made_mpii_cooking
from tests.studio.conftest import make_video

pytestmark = pytest.mark.gui
_CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QProgressBar)


def controls_of(widget: QWidget) -> list[QWidget]:
    """What a person can act on or listen to, without the parts that Qt makes of one control."""
    found = []
    for each in widget.findChildren(QWidget):
        is_part = isinstance(
            each.parentWidget(), QComboBox | QAbstractSpinBox | QAbstractScrollArea
        ) and not isinstance(each.parentWidget().parentWidget(), QAbstractScrollArea)
        is_part = is_part or isinstance(each, QScrollBar | QSplitterHandle)
        is_control = isinstance(each, _CONTROLS) or each.focusPolicy() & Qt.FocusPolicy.TabFocus
        if is_control and not is_part and each.isVisibleTo(widget):
            found.append(each)
    return found


def nameless(widget: QWidget) -> list[str]:
    """Which of them say nothing."""
    silent = []
    for each in controls_of(widget):
        told = QAccessible.queryAccessibleInterface(each)
        if told is None or not told.text(QAccessible.Text.Name).strip():
            silent.append(f"{type(each).__name__} in {type(each.parentWidget()).__name__}")
    return silent


@pytest.fixture
def full(studio, tmp_path, qtbot):
    """A project with a clip, two sets of motion, labels, a bank, a table, and something that was left out."""
    folder = project_in(tmp_path / "pilot")
    motion_set(folder, "walks", [recorded(f"w/{at}", at, performer=f"p{at}") for at in range(3)])
    list(build(BuildPoseBank(project=str(folder), out=str(folder), poses=40)))
    (tmp_path / "babel").mkdir()
    for source in (made_keypose_csv.make(tmp_path), made_babel.make_release(tmp_path / "babel")):
        for _ in carry_out(ImportData(project=str(folder), out=str(folder / "run"), source=str(source))):
            pass
    (tmp_path / "takes").mkdir()
    made_bvh.make(tmp_path / "takes")
    (tmp_path / "takes" / "cut.bvh").write_text("HIERARCHY\nROOT")
    for _ in carry_out(ImportData(project=str(folder), out=str(folder / "run"), source=str(tmp_path / "takes"))):
        pass
    assert studio.projects.open(folder)
    studio.adding.add([make_video(tmp_path / "clip.mp4")])
    page = studio.window.show_page("data")
    qtbot.waitUntil(lambda: not studio.adding.is_busy and page.is_settled(), timeout=20_000)
    return studio


@pytest.mark.slow
def test_that_every_control_of_the_page_has_a_name_whatever_is_chosen(full, qtbot):
    page = full.window.page("data")
    keys = [each.id for each in page.catalog.list.rows()]
    assert len(keys) == 6
    seen = 0
    for key in keys:
        page.catalog.choose(key)
        qtbot.waitUntil(page.is_settled, timeout=20_000)
        QApplication.processEvents()
        assert nameless(page) == [], key
        seen += len(controls_of(page))
    assert seen > 40


def test_that_every_control_of_an_empty_page_has_a_name(open_studio):
    page = open_studio.window.show_page("data")
    QApplication.processEvents()
    assert nameless(page) == []
    assert len(controls_of(page)) > 4


@pytest.mark.slow
def test_that_every_control_of_the_dialogs_has_a_name(full, tmp_path, qtbot):
    page = full.window.page("data")
    (tmp_path / "MPII").mkdir()
    table = tmp_path / "own.csv"
    table.write_text("what,from,till\nreach,1.5,2.5\ncut,2.5,9.0\n")
    for source in (made_mpii_cooking.make(tmp_path / "MPII"), tmp_path / "babel", table, tmp_path / "gone"):
        dialog = full.importing.ask(source)
        qtbot.waitUntil(lambda: not full.importing.looking.is_busy)
        if dialog.prepare.isVisibleTo(dialog):
            dialog.prepare.choice.choices.button(1).click()
        assert nameless(dialog) == [], source.name
        assert len(controls_of(dialog)) >= 5
    dialog.close()
    bank = full.banking.ask()
    assert nameless(bank) == []
    bank.close()
    for key, chosen in (("", ()), ("walks", ("w/0", "w/1"))):
        export = full.exporting_data.ask(key, chosen)
        assert nameless(export) == []
        export.close()
    page.catalog.show_reasons("takes")
    page.catalog.show_licence("walks")
    page.catalog.choose("walks")
    qtbot.waitUntil(page.is_settled, timeout=20_000)
    shown = [each for each in QApplication.topLevelWidgets() if each.isVisible() and each is not full.window]
    assert len(shown) >= 2
    for each in shown:
        assert nameless(each) == [], each.windowTitle()

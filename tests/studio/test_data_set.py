"""A data set on the Data page: what is being made of it when the project closes is not waited for for ever."""

import threading

import pytest

from core.importing.carrying_out import carry_out
from core.runs import ImportData
from tests.core.formats import made_amass

pytestmark = pytest.mark.gui


def test_that_rows_being_made_while_the_project_closes_hold_up_nobody_afterwards(open_studio, tmp_path, qtbot):
    folder = tmp_path / "takes"
    folder.mkdir()
    made_amass.make_smplh(folder / "walk_poses.npz", frames=40)
    document = open_studio.document
    project = document.folder
    for _ in carry_out(ImportData(project=str(project), out=str(tmp_path / "run"), source=str(folder))):
        pass
    page = open_studio.window.show_page("data")
    qtbot.waitUntil(lambda: len(page.catalog.list.rows()) == 2 and page.is_settled(), timeout=10_000)
    gate = threading.Event()
    open_studio.sets.later(gate.wait, lambda _: None)  # rows are made after it, and the project closes before
    page.show_set("takes")
    assert not page.is_settled()
    document.close_project()
    gate.set()
    qtbot.waitUntil(lambda: not open_studio.sets.is_busy, timeout=10_000)
    document.open(project)
    page.show_set("takes")
    qtbot.waitUntil(lambda: len(page.set_view.table.records()) == 1 and page.is_settled(), timeout=10_000)


def test_that_a_set_that_breaks_the_reader_says_so_instead_of_being_read_for_ever(
    open_studio, tmp_path, qtbot, monkeypatch
):
    folder = tmp_path / "takes"
    folder.mkdir()
    made_amass.make_smplh(folder / "walk_poses.npz", frames=40)

    def broken(_set):
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr("studio.data_sets.of_set", broken)
    for _ in carry_out(
        ImportData(project=str(open_studio.document.folder), out=str(tmp_path / "run"), source=str(folder))
    ):
        pass
    open_studio.window.show_page("data")
    qtbot.waitUntil(lambda: open_studio.sets.contents("takes") is not None, timeout=10_000)
    assert "ZeroDivisionError: a fault" in open_studio.sets.contents("takes").problem
    with qtbot.capture_exceptions():
        open_studio.sets.later(lambda: broken(None), lambda _: None)  # what breaks off holds nothing up
        qtbot.waitUntil(lambda: not open_studio.sets.is_busy, timeout=10_000)

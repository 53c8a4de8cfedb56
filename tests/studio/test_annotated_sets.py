"""A data set of annotated videos on the Data page: in the catalog, and its clips alone where it is chosen."""

from typing import cast

import pytest
from PySide6.QtWidgets import QLabel, QPlainTextEdit

from core.catalog import key_of
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from core.importing.annotations import Origin, take_annotations
from core.project.items import remove_item
from core.project.store import ProjectStore
from studio.widgets.dialogs import FindingsDialog, WordsDialog

LOG, TABLE = ("one", "two"), ("three", "four", "five")


@pytest.fixture
def page(open_studio, video, qtbot, tmp_path):
    """A studio with a video of its own and two data sets of annotations."""
    open_studio.adding.add([video])
    qtbot.waitUntil(lambda: not open_studio.adding.is_busy)
    for names, action, place in ((LOG, "cut", "log.xes"), (TABLE, "wash", "table.csv")):
        segments = (ForeignSegment(action, 0, 10), ForeignSegment("idle", 9, 9))
        clips = tuple(ForeignClip(name, segments, rate_hz=10.0) for name in names)
        document = open_studio.document
        origin = Origin(tmp_path / place)
        store = cast(ProjectStore, _Store(document))
        take_annotations(
            Annotations(clips, licence="ours"), store, source="XES", author="Ines", folder=tmp_path, origin=origin
        )  # fmt: skip
    page = open_studio.window.page("data")
    qtbot.waitUntil(page.is_settled)
    return page


class _Store:
    """What taking annotations in asks of a project's store, done by the studio's document."""

    def __init__(self, document) -> None:
        self._document, self.folder = document, document.folder

    @property
    def project(self):
        return self._document.project

    def video_path(self, clip):
        return self._document.video_path(clip.id)

    def edit(self, project, label, *, source):
        self._document.edit(project, label, source=source)


def keys(page) -> list[str]:
    return [key_of(each) for each in page._document.project.items.values()]


def shown(page) -> set[str]:
    return {record.cells[0].words for record in page.clips.table.records()}


def test_that_the_catalog_says_how_many_clips_it_has_and_that_they_are_labels_only(page):
    words = {row.name: row.words for row in page.catalog.list.rows()}
    assert (words["log"], words["table"]) == ("2 clips, labels only", "3 clips, labels only")


def test_that_choosing_it_shows_its_clips_alone_and_what_they_add_up_to(page, qtbot):
    log, _ = keys(page)
    page.show_set(log)
    qtbot.waitUntil(page.is_settled)
    assert shown(page) == set(LOG)
    assert [each.name for each in page.statistics._statistics.actions] == ["cut"]
    page.show_set("")
    qtbot.waitUntil(page.is_settled)
    assert len(shown(page)) == 1 + len(LOG) + len(TABLE)
    assert {each.name for each in page.statistics._statistics.actions} == {"cut", "wash"}


def test_that_a_split_made_there_is_of_its_clips(page, qtbot):
    page.show_set(keys(page)[1])
    page.clips.make_split("mine", "sequence", 0)
    qtbot.waitUntil(page.is_settled)
    project = page._document.project
    (split,) = project.splits.values()
    assert {project.clips[each].name for part in split.parts.values() for each in part} == set(TABLE)


def test_that_its_terms_and_what_was_left_out_can_be_read(page, tmp_path):
    log, _ = keys(page)
    menu = page.catalog.menu_of(log)
    enabled = {action.text().rstrip("…"): action.isEnabled() for action in menu.actions() if action.text()}
    assert enabled["Licence and source"]
    assert enabled["Reasons for what was left out"]
    assert not enabled["Show in folder"]
    page.catalog.show_licence(log)
    (terms,) = page.window().findChildren(WordsDialog)
    words = terms.findChild(QPlainTextEdit).toPlainText()
    assert str(tmp_path / "log.xes") in words
    assert "Licence: ours" in words
    page.catalog.show_reasons(log)
    (reasons,) = page.window().findChildren(FindingsDialog)
    assert "it ends at 9" in " ".join(each.text() for each in reasons.findChildren(QLabel))


def test_that_a_set_taken_out_gives_way_to_all_clips(page, qtbot):
    log, _ = keys(page)
    page.show_set(log)
    document = page._document
    item = next(each for each in document.project.items.values() if key_of(each) == log)
    document.edit(remove_item(document.project, item.id), "Take out")
    qtbot.waitUntil(page.is_settled)
    assert page.catalog.chosen_key == ""
    assert len(shown(page)) == 1 + len(LOG) + len(TABLE)

"""Tables of records keep what was chosen, and paint anew only what differs."""

import gc
import sys

import pytest
from PySide6.QtCore import QItemSelectionModel

from studio.memory import long_lived, take_short_turns
from studio.widgets.record_table import Cell, Column, Record, RecordTable

pytestmark = pytest.mark.gui


@pytest.fixture
def table(qtbot):
    made = RecordTable((Column("Name"), Column("Count", 60)), "Takes")
    qtbot.addWidget(made)
    made.show_records([row(at) for at in range(40)])
    return made


def row(at, count=0) -> Record:
    return Record(f"take {at}", (Cell(f"take {at}"), Cell(str(count))))


def choose(table, *rows):
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for each in rows:
        table.selectionModel().select(table.model().index(each, 0), flags)


def test_that_what_was_chosen_stays_chosen_by_its_name_when_rows_come_and_go(table):
    choose(table, 3, 4, 5, 9, 30)
    assert table.chosen_ids() == ["take 3", "take 4", "take 5", "take 9", "take 30"]
    table.show_records([row(at) for at in range(4, 40)])
    assert table.chosen_ids() == ["take 4", "take 5", "take 9", "take 30"]
    table.show_records([row(at) for at in reversed(range(4, 40))])
    assert table.chosen_ids() == ["take 30", "take 9", "take 5", "take 4"]


def test_that_only_rows_that_differ_are_painted_anew_in_as_few_stretches_as_there_are(table):
    told = []
    table.model().dataChanged.connect(lambda first, last, *_: told.append((first.row(), last.row())))
    table.show_records([row(at, count=5 if at in (2, 3, 4, 20) else 0) for at in range(40)])
    assert told == [(2, 4), (20, 20)]


def test_that_what_lives_long_is_left_out_of_the_search_for_forgotten_objects():
    with long_lived():
        assert not gc.isenabled()
        kept = [[number] for number in range(100)]
    assert gc.isenabled()
    assert not any(each is kept[7] for each in gc.get_objects())


def test_that_threads_of_the_studio_take_turns_shorter_than_a_frame_of_the_window():
    before = sys.getswitchinterval()
    try:
        take_short_turns()
        assert sys.getswitchinterval() < 1 / 60 / 10
    finally:
        sys.setswitchinterval(before)

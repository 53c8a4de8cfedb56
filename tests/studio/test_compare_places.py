"""Where the cells of a comparison lie, and what lies under a place."""

import pytest
from PySide6.QtCore import QPointF

from studio.widgets.compare_grid import CompareGrid, GridColumn
from studio.widgets.pose_picture import Cell

ROWS = COLUMNS = 6


@pytest.fixture
def grid(qtbot):
    made = CompareGrid()
    qtbot.addWidget(made)
    made.resize(500, 400)
    columns = [
        GridColumn(str(at), f"run {at}", "", "", "#aa5500", tuple(Cell(empty="–") for _ in range(ROWS)))
        for at in range(COLUMNS)
    ]
    made.show_columns(columns, [f"{at} s" for at in range(ROWS)], 0, "0")
    return made


@pytest.mark.parametrize(("row", "column"), [(0, 0), (5, 5), (2, 3), (5, 1)])
def test_that_a_cell_that_is_gone_to_lies_wholly_in_view_and_is_found_by_its_place(grid, row, column):
    grid.show_cell(row, str(column))
    area = grid.area_of(row, column)
    assert grid._places.cell_at(area.center()) == (row, column)
    assert grid.rect().toRectF().contains(area)


def test_that_a_column_under_the_pinned_one_is_not_found_there(grid):
    grid.show_cell(0, "5")
    pinned = grid.area_of(0, 0)
    hidden = next(at for at in range(1, COLUMNS) if grid.area_of(0, at).intersects(pinned))
    place = grid.area_of(0, hidden).intersected(pinned).center()
    assert grid._places.cell_at(place) == (0, 0)
    assert grid._places.head_at(QPointF(pinned.center().x(), 8)) == 0

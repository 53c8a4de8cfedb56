"""Tables as pages and as sheets: nothing is lost on the way, and the best is marked only among what competes."""

import csv
from io import StringIO
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.report_tables import cell, csv_text, markdown
from core.reports import Column, Table, TableRow

PX = Column(key="mpjpe_px", words="2D error", unit="px", better="less")
TOP1 = Column(key="top1", words="top-1", unit="%", better="more")
VALUES = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5)


def _table(*rows: TableRow, columns=(PX, TOP1), **more) -> Table:
    return Table(key="t", title="A table", about="Of nothing.", columns=columns, rows=rows, **more)


def _cells(page: str, name: str) -> list[str]:
    line = next(line for line in page.splitlines() if line.startswith(f"| {name} |"))
    return [each.strip() for each in line.strip("|").split("|")][1:]


@given(VALUES)
def test_that_a_cell_is_the_mean_and_the_spread_over_seeds(values):
    text = cell(values, TOP1)
    mean, _, spread = text.partition(" ± ")
    assert float(mean) == pytest.approx(100 * fmean(values), abs=0.051)
    assert bool(spread) == (len(values) > 1)
    if spread:
        assert float(spread) == pytest.approx(100 * stdev(values), abs=0.051)


def test_that_the_best_of_a_column_is_bold_and_a_control_never_is():
    page = markdown(
        _table(
            TableRow(name="one", figures={"mpjpe_px": (5.0,), "top1": (0.4, 0.6)}),
            TableRow(name="two", figures={"mpjpe_px": (7.0,), "top1": (0.7,)}),
            TableRow(name="ceiling", kind="control", figures={"mpjpe_px": (0.0,), "top1": (1.0,)}),
        )
    )
    assert _cells(page, "one") == ["**5.0**", "50.0 ± 14.1"]
    assert _cells(page, "two") == ["7.0", "**70.0**"]
    assert _cells(page, "*ceiling*") == ["0.0", "100.0"]


def test_that_the_paper_stands_beside_and_what_nobody_measured_is_no_column():
    page = markdown(
        _table(
            TableRow(name="ours", figures={"top1": (0.5,)}, paper={"top1": "29 %"}, settings=("steps=3",), seeds=(0, 1),
                     command="posecast x", seconds=12.0),
            TableRow(name="theirs", kind="plain", paper={"top1": "20 %"}),
            facts={"data": "somewhere"}, notes=("A doubt.",),
        )
    )  # fmt: skip
    assert "2D error" not in page
    assert _cells(page, "ours") == ["**50.0**", "29 %"]
    assert _cells(page, "theirs") == ["–", "20 %"]
    assert "- ours: `posecast x`; seeds 0 to 1; 12 s of learning" in page
    assert "- Data: somewhere." in page
    assert "- A doubt." in page


def test_that_a_bar_in_a_name_ends_no_cell():
    page = markdown(_table(TableRow(name="a|b", figures={"top1": (0.5,)})))
    assert len(_cells(page, "a/b")) == 1


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4))
def test_that_a_sheet_holds_every_figure_of_every_seed(rows):
    table = _table(
        *(
            TableRow(
                name=f"row {at}", figures={"mpjpe_px": tuple(px), "top1": tuple(top)}, seeds=tuple(range(len(px))),
                by_step={"top1": tuple((each, each / 2) for each in top)},
            )
            for at, (px, top) in enumerate(rows)
        )
    )  # fmt: skip
    lines = list(csv.DictReader(StringIO(csv_text(table))))
    assert len(lines) == sum(len(px) + 3 * len(top) for px, top in rows)
    for at, (px, top) in enumerate(rows):
        mine = [each for each in lines if each["row"] == f"row {at}"]
        found = [float(each["value"]) for each in mine if each["figure"] == "mpjpe_px"]
        assert found == pytest.approx(px, rel=1e-4)
        second = [float(each["value"]) for each in mine if each["step"] == "2"]
        assert second == pytest.approx([each / 2 for each in top], rel=1e-4)

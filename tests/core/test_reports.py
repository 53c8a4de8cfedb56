"""Reports and tables as values and as pages."""

import os

import msgspec
import pytest

from core.errors import FormatError
from core.reports import FIGURES, JOINTS, Column, Report, Row, Table, TableRow, find_reports, read_report

OURS = Row(
    method="ours", kind="run", top1=0.571, top5=0.8, top1_by_step=(0.6, 0.542), mpjpe_px=23.44, pa_mpjpe_mm=91.6,
    mpjpe_px_by_joint=(1.0, None, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0), quality=0.25,
)  # fmt: skip
CEILING = Row(method="real poses, held out", kind="control", quality=0.93)


def report(*rows, **more):
    return Report(
        run="ours", preset="forecaster/smoke", project="Kitchen", part="test", steps_ahead=2, training_step=40, seed=3,
        clips=4, windows=20, data_fingerprint="0123456789abcdef", device="the processor", seconds=1.25, rows=rows,
        **more,
    )  # fmt: skip


def table(*rows):
    columns = (Column(key="top1", words="top-1", unit="%", better="more"), Column(key="px", words="2D", better="less"))
    return Table(key="table1", title="Table 1", about="", columns=columns, rows=rows)


def lines_of(page):
    return [line for line in page.splitlines() if line]


def test_that_a_page_shows_the_columns_that_somebody_fills_and_no_other():
    page = report(OURS, CEILING).markdown()
    head = next(line for line in lines_of(page) if line.startswith("| method"))
    assert head == "| method | top-1 | top-5 | 2D error px | aligned 3D error mm | 3D quality |"
    assert "| ours | 57.1 % | 80.0 % | 23.4 | 92 | 25.0 % |" in page
    assert "| *real poses, held out* | – | – | – | – | 93.0 % |" in page
    assert "bones" not in page


def test_that_every_line_of_a_table_has_as_many_cells_as_its_head():
    widths = []
    for line in report(OURS, CEILING, notes=("A note.",)).markdown().splitlines():
        if line.startswith("|"):
            widths.append(line.count("|"))
        elif widths:
            assert len(set(widths)) == 1
            widths = []


def test_that_steps_joints_command_licence_and_notes_stand_below():
    page = report(OURS, command="posecast evaluate ours", licences="our own", notes=("A note.",)).markdown()
    assert "| ours, top-1 | 60.0 % | 54.2 % |" in page
    assert f"| 2D error px by joint | {' | '.join(JOINTS)} |" in page
    assert "| ours | 1.0 | – | 3.0 |" in page
    assert "Made by `posecast evaluate ours`." in page
    assert "Data: our own." in page
    assert page.endswith("- A note.\n")


def test_that_a_name_with_a_bar_breaks_no_table():
    assert "| a/b | 50.0 % |" in report(Row(method="a|b", top1=0.5)).markdown()


def test_that_every_column_is_a_figure_of_a_row():
    assert {each.key for each in FIGURES} <= set(Row.__struct_fields__)
    assert len(JOINTS) == 8
    assert "neck" not in JOINTS


def test_that_a_mean_has_a_spread_from_two_values_on():
    row = TableRow(name="a", figures={"top1": (0.4, 0.6), "px": (3.0,)})
    assert row.mean("top1") == pytest.approx(0.5)
    assert row.spread("top1") == pytest.approx(0.1414, abs=1e-4)
    assert row.spread("px") is None
    assert row.mean("nothing") is row.spread("nothing") is None


def test_that_the_best_is_the_most_or_the_least_and_never_a_control():
    rows = (
        TableRow(name="a", figures={"top1": (0.4,), "px": (3.0,)}),
        TableRow(name="b", figures={"top1": (0.6,), "px": (9.0,)}),
        TableRow(name="truth", kind="control", figures={"top1": (1.0,), "px": (0.0,)}),
    )
    assert (table(*rows).best("top1"), table(*rows).best("px")) == ("b", "a")
    assert table(rows[-1]).best("px") == ""


def test_that_reports_and_tables_are_told_apart_and_the_newest_comes_first(tmp_path):

    written = {"a/report.json": report(OURS), "b/table1.json": table(TableRow(name="x"))}
    for at, (name, value) in enumerate(written.items()):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_bytes(msgspec.json.encode(value))
        os.utime(path, (at, at))
        assert read_report(path) == value
    assert [path.name for path in find_reports(tmp_path)] == ["table1.json", "report.json"]


def test_that_what_is_no_report_is_refused_in_words(tmp_path):
    for content in (b"{}", b"no json", b'{"columns": 3}'):
        (tmp_path / "report.json").write_bytes(content)
        with pytest.raises(FormatError, match="no report of a forecaster"):
            read_report(tmp_path / "report.json")
    with pytest.raises(FormatError, match="no report of a forecaster"):
        read_report(tmp_path / "missing.json")


def test_that_a_report_of_an_earlier_version_still_reads(tmp_path):
    old = msgspec.to_builtins(report(OURS))
    old["rows"] = [{"method": "ours", "top1": 0.5, "mpjpe_px_by_step": [1.0, 2.0]}]
    for name in ("command", "licences"):
        del old[name]
    (tmp_path / "report.json").write_bytes(msgspec.json.encode(old))
    assert read_report(tmp_path / "report.json").row("ours").mpjpe_px_by_step == (1.0, 2.0)

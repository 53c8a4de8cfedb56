"""The table of runs on Train: notes, tags, order, what is listed, comparing, forking, and deleting with undo."""

import csv
import time
from io import StringIO

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from core import configs, run_about
from core.run_facts import ENVIRONMENT, Attempt, Environment
from core.run_folder import RunFolder
from core.runs import Done, Progress, Stopped
from studio import forecasters
from studio.pages import training_rows
from studio.pages.training_compare import CompareRuns
from studio.widgets.run_columns import KEYS, RunRow, ordered
from studio.widgets.runs_table import RunFilter, RunsTable
from tests.studio.test_training_page import a_run, asked, folder, measured, settle, studio

__all__ = ["asked", "folder", "studio"]


@pytest.fixture
def three(studio, qtbot, tmp_path):
    """A page with three runs that are done, the newest chosen."""
    page, _, jobs = studio
    page.noticed_ones = []
    page.noticed.connect(page.noticed_ones.append)
    for number, knobs in enumerate(({"seed": 1}, {"seed": 2, "losses.pose2d": 0.5}, {"seed": 3}), start=1):
        spec = configs.with_overrides(configs.smoke(), [f"{name}={value}" for name, value in knobs.items()])
        run = a_run(tmp_path / f"forecaster-0{number}")
        run.write_spec(type(run.spec())(project="/p", out=str(run.path), config=spec, preset="forecaster/smoke"))
        for event in (*measured(number, (50, number / 10, number / 10, 30 - number)), Done("done")):
            run.append(event)
        time.sleep(0.002)
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    return page, jobs


def listed(page) -> list[str]:
    return [row.id for row in page.table.shown_rows()]


def write(page, qtbot, command: str, words: str, key=Qt.Key.Key_Return):
    page.commands()[command]()
    (field,) = [each for each in page.table.findChildren(QLineEdit) if each.isVisible()]
    field.setText(words)
    finish(page, qtbot, field, key)


def finish(page, qtbot, field, key=Qt.Key.Key_Return):
    qtbot.keyClick(field, key)
    qtbot.waitUntil(lambda: page.table.state() != page.table.State.EditingState)


# ---- notes, tags, order ----------------------------------------------------------------------------------------------


def test_that_a_note_is_written_in_its_cell_and_kept_beside_the_run(three, qtbot, tmp_path):
    page, jobs = three
    write(page, qtbot, "run-note", "  bigger   batch ")
    settle(qtbot, page, jobs)
    assert run_about.about(tmp_path / "forecaster-03").note == "bigger batch"
    assert page.table.shown_rows()[0].note == "bigger batch"
    write(page, qtbot, "run-note", "never", Qt.Key.Key_Escape)
    settle(qtbot, page, jobs)
    assert page.table.shown_rows()[0].note == "bigger batch"


def test_that_tags_are_written_and_narrow_the_runs_down(three, qtbot):
    page, jobs = three
    write(page, qtbot, "run-tags", "paper, slow, paper")
    settle(qtbot, page, jobs)
    assert page.table.shown_rows()[0].tags == ("paper", "slow")
    page.commands()["filter-runs"]()
    page.runs._tag.setCurrentIndex(page.runs._tag.findData("paper"))
    assert listed(page) == ["forecaster-03"]
    assert page.runs._listed.text() == "1 of 3"
    assert page.back_out()
    assert len(listed(page)) == 3


def test_that_rows_that_come_while_somebody_writes_wait_until_they_are_done(three, qtbot, tmp_path):
    page, jobs = three
    page.commands()["run-note"]()
    (field,) = [each for each in page.table.findChildren(QLineEdit) if each.isVisible()]
    a_run(tmp_path / "forecaster-04", Done("done"))
    jobs.look_for_runs()
    qtbot.waitUntil(lambda: jobs.job("forecaster-04") is not None and page.is_settled())
    assert field.isVisible()
    assert "forecaster-04" not in listed(page)
    field.setText("still here")
    finish(page, qtbot, field)
    settle(qtbot, page, jobs)
    assert "forecaster-04" in listed(page)
    assert run_about.about(tmp_path / "forecaster-03").note == "still here"


def test_that_a_note_from_another_window_is_seen_when_the_page_comes_to_the_front(three, qtbot, tmp_path):
    page, jobs = three
    page.hide()
    run_about.say_about(tmp_path / "forecaster-02", note="from elsewhere")
    page.show()
    settle(qtbot, page, jobs)
    assert page.table.shown_rows()[1].note == "from elsewhere"


def test_that_a_run_says_where_it_ran_and_what_it_took(three, qtbot, tmp_path):
    import msgspec

    page, jobs = three
    attempt = Attempt(started=1.0, seconds=3700.0, device="cuda", device_memory_peak_bytes=2_100_000_000)
    facts = Environment(made_by="x", data_fingerprint="9c41f2aa", parts={"train": 3}, windows=35, attempts=(attempt,))
    (tmp_path / "forecaster-03" / ENVIRONMENT).write_bytes(msgspec.json.encode(facts))
    page.rows.look_again()
    page._follow()
    settle(qtbot, page, jobs)
    model = page.table.model()
    said = {key: model.index(0, KEYS.index(key)).data() for key in ("device", "took", "memory", "data", "preset")}
    assert said == {
        "device": "CUDA", "took": "62 min", "memory": "2.1 GB", "data": "9c41f2 · 3 clips, 35 windows",
        "preset": "smoke +1",
    }  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_that_every_column_orders_and_leaves_what_is_empty_last(key):
    full = RunRow("b-2", "", "done", "", is_compared=False, loss=(1.0, 0.5), top1=0.4, error_px=3.0, preset="smoke",
                  device="CPU", data="1", note="n", tags=("t",), started_at=5.0, took_s=2.0, memory=3)  # fmt: skip
    empty = RunRow("", "", "", "", is_compared=False)
    for is_up in (True, False):
        assert ordered([empty, full], key, is_up=is_up)[0 if key != "run" or not is_up else -1] in (full, empty)
        if key != "run":
            assert ordered([empty, full], key, is_up=is_up) == [full, empty]


def test_that_heads_sort_best_first_then_the_other_way_then_not_at_all(three):
    page, _ = three
    at = KEYS.index("right")
    for wanted in (["03", "02", "01"], ["01", "02", "03"], ["03", "02", "01"]):
        page.table._sort_by(at)
        assert [name[-2:] for name in listed(page)] == wanted
    names = [RunRow(name, "", "", "", is_compared=False) for name in ("run-10", "run-9", "run-1")]
    assert [row.id for row in ordered(names, "run", is_up=True)] == ["run-1", "run-9", "run-10"]


def test_that_a_filter_takes_every_word_anywhere():
    row = RunRow(
        "forecaster-07", "", "done", "", is_compared=False, note="bigger batch", tags=("paper",), preset="small"
    )
    for words, found in (("batch 07", True), ("PAPER small", True), ("batch 08", False), ("", True)):
        assert RunFilter(words).takes(row) == found
    assert not RunFilter(state="running").takes(row)


def test_that_only_rows_that_changed_are_drawn_anew(qtbot):
    table = RunsTable()
    qtbot.addWidget(table)
    rows = [RunRow(f"r{at}", "#ffffff", "done", "#ffffff", is_compared=False) for at in range(500)]
    table.show_rows(rows)
    drawn, resets = [], []
    table.model().dataChanged.connect(lambda first, last, _: drawn.append((first.row(), last.row())))
    table.model().modelReset.connect(lambda: resets.append(None))
    table.show_rows(rows)
    changed = [*rows]
    changed[7] = RunRow("r7", "#ffffff", "running", "#ffffff", is_compared=True)
    table.show_rows(changed)
    assert drawn == [(7, 7)]
    assert resets == []


def test_that_a_row_is_made_again_only_when_its_run_says_something(three, qtbot, monkeypatch):
    page, jobs = three
    made = []
    of = training_rows.RunRows._row
    monkeypatch.setattr(training_rows.RunRows, "_row", lambda self, job: made.append(job.name) or of(self, job))
    page._follow()
    assert made == []
    jobs.moved.emit(jobs.job("forecaster-02"))
    qtbot.waitUntil(lambda: made == ["forecaster-02"])


def test_that_columns_go_where_there_is_no_room_and_stay_where_somebody_chose_them(three):
    page, _ = three
    page.table.resize(2000, 300)
    wide = page.table.columns.shown()
    page.table.resize(430, 300)
    narrow = page.table.columns.shown()
    assert {"run", "state", "right", "off"} <= set(narrow) < set(wide)
    page.table.columns.choose({"memory", "note"})
    assert page.table.columns.shown() == ("run", "note", "memory")
    page.table.columns.choose(())
    assert page.table.columns.shown() == narrow


# ---- deleting --------------------------------------------------------------------------------------------------------


def test_that_a_deleted_run_is_gone_everywhere_and_undo_brings_it_back(three, qtbot, tmp_path):
    page, jobs = three
    before = sorted(each.name for each in (tmp_path / "forecaster-03").iterdir())
    page.commands()["delete-run"]()
    settle(qtbot, page, jobs)
    assert listed(page) == ["forecaster-02", "forecaster-01"]
    assert jobs.job("forecaster-03") is None
    assert page.undo_label() == "Delete forecaster-03"
    assert page.noticed_ones[-1].title == "Deleted: forecaster-03"
    assert jobs.free_name("forecaster") == "forecaster-04"
    page.commands()["undo"]()
    settle(qtbot, page, jobs)
    assert listed(page)[0] == "forecaster-03"
    assert sorted(each.name for each in (tmp_path / "forecaster-03").iterdir() if each.name != "about.json") == before
    assert "undo" not in page.commands()


def test_that_no_other_run_changes_its_colour_when_one_is_deleted(three, qtbot):
    page, jobs = three
    before = forecasters.colour_places(jobs)
    page.table.choose("forecaster-01")
    page.commands()["delete-run"]()
    settle(qtbot, page, jobs)
    after = forecasters.colour_places(jobs)
    assert after == {name: place for name, place in before.items() if name != "forecaster-01"}
    page.commands()["undo"]()
    settle(qtbot, page, jobs)
    assert forecasters.colour_places(jobs) == before


def test_that_a_note_can_be_written_where_its_column_has_no_room(three, qtbot, tmp_path):
    page, jobs = three
    page.resize(1000, 700)
    page.table.setFixedWidth(330)
    qtbot.waitUntil(lambda: "note" not in page.table.columns.shown())
    write(page, qtbot, "run-note", "small")
    settle(qtbot, page, jobs)
    assert run_about.about(tmp_path / "forecaster-03").note == "small"
    assert "note" not in page.table.columns.shown()


def test_that_several_runs_are_deleted_and_brought_back_as_one_step(three, qtbot, tmp_path):
    page, jobs = three
    page.table.selectAll()
    page.commands()["delete-run"]()
    settle(qtbot, page, jobs)
    assert listed(page) == []
    assert page.curves.charts["loss"].series() == ()
    page.noticed_ones[-1].on_action()
    settle(qtbot, page, jobs)
    assert len(listed(page)) == 3


def test_that_a_live_run_is_refused_with_words_and_nothing_is_deleted(three, qtbot, tmp_path):
    page, jobs = three
    jobs.job("forecaster-02").state = "running"
    page.table.selectAll()
    page.commands()["delete-run"]()
    assert page.noticed_ones[-1].title == "forecaster-02 is under way"
    assert "Stop it first" in page.noticed_ones[-1].words
    assert len(list(tmp_path.glob("forecaster-0*"))) == 3


def test_that_what_was_deleted_is_listed_with_its_size_and_removed_for_good_when_asked(three, qtbot, tmp_path):
    from PySide6.QtWidgets import QMenu

    page, jobs = three
    page.commands()["delete-run"]()
    settle(qtbot, page, jobs)
    menu = QMenu(page)
    page.runs.deleting.fill_menu(menu)
    qtbot.waitUntil(lambda: any("for good" in each.text() for each in menu.actions()))
    assert menu.actions()[0].text().startswith("forecaster-03, ")
    menu.actions()[-1].trigger()
    qtbot.waitUntil(lambda: not page.runs.deleting.is_busy and "free again" in page.noticed_ones[-1].title)
    assert list((tmp_path / ".deleted").iterdir()) == []
    assert page.undo_label() == ""


def test_that_the_run_shown_on_forecast_is_let_go_of_when_it_is_deleted(three, qtbot, tmp_path):
    page, jobs = three
    (tmp_path / "forecaster-03" / "best.safetensors").write_bytes(b"weights")
    told = []
    jobs.listed.connect(lambda: told.append([known.name for known in forecasters.that_can_forecast(jobs)]))
    assert "forecaster-03" in [known.name for known in forecasters.that_can_forecast(jobs)]
    page.commands()["delete-run"]()
    assert told
    assert "forecaster-03" not in told[-1]


# ---- forking, comparing ----------------------------------------------------------------------------------------------


def test_that_a_fork_remembers_its_parent_and_may_begin_at_its_checkpoint(three, qtbot, tmp_path, asked):
    page, _ = three
    (tmp_path / "forecaster-03" / "last.safetensors").write_bytes(b"weights")
    page.commands()["fork-run"]()
    assert page.forked.parent == "forecaster-03"
    page.forked.goes_on.setChecked(True)
    page.new_run.begin()
    (run,) = asked
    assert run.spec().begin_at == str(tmp_path / "forecaster-03" / "last.safetensors")
    assert run_about.about(run.path).parent == "forecaster-03"
    page.new_run.begin()
    assert asked[-1].spec().begin_at == ""
    assert run_about.about(asked[-1].path).parent == ""


def test_that_comparing_shows_what_differs_with_the_better_figure_and_can_be_taken_along(three, qtbot):
    page, _ = three
    page.commands()["compare-settings"]()
    (window,) = [each for each in page.window().findChildren(CompareRuns) if each.isVisible()]
    rows = list(csv.reader(StringIO(window.sheet.csv(only_differing=True))))
    assert rows[0] == ["Part", "What", "Preset", "forecaster-03", "forecaster-02", "forecaster-01"]
    by_name = {row[1]: row[2:] for row in rows[1:]}
    assert by_name["seed"][1:] == ["3", "2", "1"]
    assert by_name["losses.pose2d"][2] == "0.5"
    assert "optimiser.learning_rate" not in by_name
    figures = {line.name: line for section in window.sheet.sections for line in section.lines}
    assert figures["top1"].best == frozenset({0})
    assert figures["mpjpe_px"].best == frozenset({0})
    assert figures["mpjpe_px"].title == "2D error, px"
    assert figures["top1"].title == "Top-1"
    few = window.table.rowCount()
    window.only.setChecked(False)
    assert window.table.rowCount() > few
    assert "losses.pose2d" in window.sheet.text(only_differing=True)
    assert {each.name for each in window.charts[0].series()} == {"forecaster-01", "forecaster-02", "forecaster-03"}
    window.close()


def test_that_one_run_alone_is_not_compared_and_that_is_said(three):
    page, _ = three
    said = []
    page.says.connect(said.append)
    page._compare("forecaster-03", "forecaster-02", "forecaster-01")
    page.commands()["compare-settings"]()
    assert said == ["Tick two runs to compare."]


# ---- curves ----------------------------------------------------------------------------------------------------------


def test_that_curves_go_over_time_at_work_and_the_share_of_the_run(three, qtbot):
    page, jobs = three
    job = jobs.job("forecaster-03")
    job.worked = [(10, 2.0), (150, 30.0)]
    page.curves.show_across("time")
    (series, *_) = [each for each in page.curves.charts["loss"].series() if each.name == "03"]
    assert series.steps[79] == pytest.approx(2 + 28 * 70 / 140)
    page.curves.show_across("share")
    (series, *_) = [each for each in page.curves.charts["loss"].series() if each.name == "03"]
    assert series.steps[-1] == pytest.approx(100)
    page.curves.show_across("steps")
    (series, *_) = [each for each in page.curves.charts["loss"].series() if each.name == "03"]
    assert series.steps[-1] == 150


def test_that_all_charts_read_and_show_the_same_stretch_until_esc(three):
    page, _ = three
    charts = list(page.curves.charts.values())
    charts[0].pointed.emit(20.0)
    charts[0].view_wanted.emit((10.0, 40.0))
    assert {each._cursor for each in charts} == {20.0}
    assert {each._view for each in charts} == {(10.0, 40.0)}
    assert page.back_out()
    assert {each._view for each in charts} == {None}
    assert not page.back_out()


def test_that_any_figure_that_was_measured_can_be_drawn(three):
    page, _ = three
    assert set(page.curves.figures()) >= {"loss", "validation/score", "critic"}
    page.curves.choose_charts(("validation/score",))
    assert list(page.curves.charts) == ["validation/score"]
    assert len(page.curves.charts["validation/score"].series()) == 3
    page.curves.choose_charts(())
    assert len(page.curves.charts) == 4


def test_that_what_is_drawn_goes_out_as_picture_and_as_table(three, tmp_path):
    page, _ = three
    page.curves.write(tmp_path / "out.png")
    assert (tmp_path / "out.png").stat().st_size > 1000
    page.curves.write(tmp_path / "out.csv")
    rows = list(csv.DictReader(StringIO((tmp_path / "out.csv").read_text())))
    loss = [row for row in rows if row["run"] == "forecaster-02" and row["figure"] == "loss"]
    assert len(loss) == 150
    assert [float(row["value"]) for row in loss[:2]] == [2.0, 1.0]


def test_that_a_run_that_went_on_from_an_earlier_step_has_no_zigzag(three):
    page, jobs = three
    job = jobs.job("forecaster-03")
    steps, _ = page.curves.points.of(job, "loss")
    assert page.curves.points.of(job, "loss")[0] is steps, "nothing changed, so it is the same array"
    job.metrics["loss"] = [*job.metrics["loss"][:100], (101, 7.0), (102, 6.0)]
    steps, values = page.curves.points.of(job, "loss")
    assert steps.tolist() == list(range(1, 103))
    assert values[-2:].tolist() == [7.0, 6.0]


def test_that_a_project_without_runs_says_what_to_do(studio):
    page, _, _ = studio
    assert page.runs._stack.currentIndex() == 1
    assert not page.runs.compare.isVisible()
    assert page.undo_label() == ""
    for name in ("delete-run", "run-note", "run-tags", "fork-run", "compare-settings", "compare-run"):
        page.commands()[name]()


def test_that_a_stopped_run_may_be_deleted(three, qtbot, tmp_path):
    page, jobs = three
    a_run(tmp_path / "forecaster-04", Progress(3, 150), Stopped())
    jobs.look_for_runs()
    settle(qtbot, page, jobs)
    page._choose("forecaster-04")
    page.commands()["delete-run"]()
    assert RunFolder(tmp_path / "forecaster-04").state() == "new"
    assert jobs.job("forecaster-04") is None


def test_that_columns_fit_beside_a_scrollbar_that_comes_with_more_runs(qtbot):
    """Laying columns out moves the scrollbar, which lays them out again: no width is taken for one that was drawn."""
    table = RunsTable()
    qtbot.addWidget(table)
    table.resize(430, 200)
    table.show()
    for count in (3, 30, 3, 40):
        table.show_rows(
            [RunRow(f"run-{at:02}", "#ffffff", "done", "#ffffff", is_compared=False) for at in range(count)]
        )
        qtbot.waitUntil(lambda: table.horizontalHeader().length() == table.viewport().width())
    assert table.columns.width("run") == 0

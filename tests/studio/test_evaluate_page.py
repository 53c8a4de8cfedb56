"""The Evaluate page: reports found and read aside, compared in one table, each figure with the line that makes it."""

import os
import shlex
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest

from core.reports import TableRow
from core.run_folder import RunFolder
from core.runs import CompareSequences, Done, EvaluateForecaster, ReproduceForecasts
from studio import finding, theme
from studio.commands import conflicts
from studio.document import Document
from studio.forecasters import colour_places
from studio.jobs import Jobs
from studio.pages.evaluate import EvaluatePage
from studio.pages.evaluate_asking import trainings_of
from studio.report_commands import as_command, command_of_row
from studio.report_files import Found, look
from studio.report_sheets import Value, sheets_of
from studio.reports import Reports, look_on
from studio.widgets.confusion_matrix import ConfusionMatrix, most_confused
from studio.widgets.joint_chart import Dots, JointChart
from tests.studio import made_reports as made


@pytest.fixture
def page(qtbot, qapp, tmp_path):
    """A page before a project whose runs hold what `made_reports.fill` puts there."""
    theme.apply(qapp, theme.DARK)
    document, jobs = Document("test"), Jobs()
    reports = Reports(document, jobs)
    shown = EvaluatePage(document, jobs, reports)
    qtbot.addWidget(shown)
    shown.resize(1500, 940)
    document.create(tmp_path / "kitchen", "Kitchen")
    made.fill(document.folder / "runs")
    jobs.watch(document.folder / "runs")
    shown.show()
    reports.look_again()
    qtbot.waitUntil(lambda: shown.is_settled() and len(reports.entries()) == 6 and jobs.is_settled())
    qtbot.waitUntil(shown.is_settled)
    yield shown
    shown.close()
    reports.wait()
    jobs.watch(None)
    document.close_project()


def sheet_of(page, protocol):
    return next(each for each in page._sheets if each.protocol == protocol)


def words(page, row, column):
    return page.figures.table.model().index(row, column).data()


def test_that_reports_are_listed_by_protocol_and_one_that_cannot_be_read_says_why(page):
    lines = page.list.list.lines()
    headings = [each.title for each in lines if each.is_heading]
    assert headings == ["Forecasters", "Tables and figures", "Motion models", "Cannot be read"]
    broken = lines[-1]
    assert broken.title == "forecaster-09"
    assert "no report of a forecaster" in broken.words
    page.show_report(broken.id)
    assert "no report of a forecaster" in page.figures._problem.text()
    assert not page.figures.export.isEnabled()


def test_that_runs_measured_on_the_same_windows_stand_in_one_table_with_the_plain_rows_once(page):
    sheet = page.sheet
    assert [row.name for row in sheet.rows if row.kind == "run"] == ["forecaster-03", "forecaster-02", "forecaster-01"]
    others = [row.name for row in sheet.rows if row.kind != "run"]
    assert others == [row.method for row in made.PLAIN]
    assert words(page, 0, 1) == "54.0"


def test_that_a_plain_row_that_came_out_otherwise_says_beside_which_run(page, qtbot):
    runs = page._document.folder / "runs"
    other = (made.row("zero velocity", 0.3, 40.0),)
    made.put(runs / "forecaster-04" / "report.json", made.report("forecaster-04", 4, plain=other))
    page._reports.look_again()
    qtbot.waitUntil(lambda: page.is_settled() and len(page._reports.entries()) == 7)
    page._follow()
    names = [row.name for row in page.sheet.rows if row.name.startswith("zero velocity")]
    assert len(names) == 2
    assert sum(", beside forecaster-" in name for name in names) == 1


def test_that_the_best_of_a_column_is_bold_and_a_bound_never_is(page):
    page.show_report(sheet_of(page, "tables").id)
    sheet = page.sheet
    best = {column.key: {sheet.row(each).name for each in sheet.best(column)} for column in sheet.columns}
    assert best == {"top1": {"action only"}, "mpjpe_px": {"2D only"}}
    cells = {row.name: row.cells for row in page.figures.table.rows()}
    assert [cell.is_best for cell in cells["seen poses shuffled"]] == [False, False]
    assert cells["all terms"][0].paper == "29 % / 29 %"
    assert cells["all terms"][0].spread.startswith("± ")


@pytest.mark.parametrize("better", ["more", "less"])
def test_that_rows_that_print_the_same_best_figure_are_all_bold(better):
    found = made.table()
    columns = tuple(made.Column(key=each.key, words=each.words, digits=0, better=better) for each in found.columns)
    values = {"top1": (5.04,)}, {"top1": (4.96,)}, {"top1": (9.0 if better == "less" else 1.0,)}
    rows = tuple(made.TableRow(name=str(at), figures=each) for at, each in enumerate(values))
    path = made.Path("table3.json")

    table = made.Table(key="table3", title="", about="", columns=columns[:1], rows=rows)
    (sheet,) = sheets_of([Found("t/table3.json", path, 0.0, table)])
    assert {sheet.row(each).name for each in sheet.best(sheet.columns[0])} == {"0", "1"}


def test_that_runs_differing_by_their_seed_alone_become_one_row_with_mean_and_spread(page, qtbot):
    assert not page.figures.together.isHidden()
    page.figures.together.click()
    runs = [row for row in page.sheet.rows if row.kind == "run"]
    assert [row.name for row in runs] == ["forecaster-03", "recommended, 2 seeds"]
    assert runs[1].values["top1"] == Value.of((0.52, 0.5))
    assert runs[1].seeds == (1, 0)
    assert len(runs[1].command.splitlines()) == 2
    counts = [each.content.row(each.content.run).confusion.counts for each in runs[1].reports]
    assert runs[1].confusion.counts[0][0] == sum(each[0][0] for each in counts)


def test_that_sorting_goes_best_first_then_worst_then_back_and_runs_stay_above(page):
    table = page.figures.table
    order = table.shown_ids()
    header = table.horizontalHeader()
    at = next(at for at, head in enumerate(table.model().heads, start=1) if head.key == "mpjpe_px")
    header.sectionClicked.emit(at)
    assert [words(page, row, 0) for row in range(3)] == ["forecaster-03", "forecaster-02", "forecaster-01"]
    header.sectionClicked.emit(at)
    assert [words(page, row, 0) for row in range(3)] == ["forecaster-01", "forecaster-02", "forecaster-03"]
    header.sectionClicked.emit(at)
    assert table.shown_ids() == order


def test_that_what_is_looked_for_narrows_the_list_and_the_table(page):
    page.list.search.setText("forecaster-02")
    assert [words(page, row, 0) for row in range(page.figures.table.model().rowCount())] == ["forecaster-02"]
    page.list.search.setText("top-5")
    assert [head.key for head in page.figures.table.model().heads] == ["top5"]
    assert page.figures.table.model().rowCount() == 7
    page.list.search.setText("nowhere to be found")
    assert "nowhere" in page.list._none.text()


def test_that_a_column_taken_out_is_neither_shown_nor_copied(page):
    page.figures._show_column("top5", on=False)
    assert "top5" not in [head.key for head in page.figures.table.model().heads]
    page.taking.copy_table(as_csv=True)
    assert "Top-5" not in QGuiApplication.clipboard().text()
    for column in page.sheet.columns:
        page.figures._show_column(column.key, on=False)
    assert page.figures.shown()[1], "one column stays"


def test_that_ticked_rows_are_drawn_runs_in_the_colour_they_have_on_other_pages(page):
    lines = {line.name: line for line in page.figures.horizon.lines()}
    palette, places = theme.now().runs, colour_places(page._jobs)
    for name in ("forecaster-01", "forecaster-02", "forecaster-03"):
        assert lines[name].colour == palette[places[name]]
    assert lines["n-gram, order 2 (chosen)"].colour == ""
    assert "n-gram, order 1" not in lines
    assert lines["forecaster-03"].values[0] == pytest.approx(54.0)
    row = next(row for row in page.sheet.rows if row.name == "forecaster-02")
    page._tick(row.id)
    assert "forecaster-02" not in {line.name for line in page.figures.horizon.lines()}
    page.figures.kind.choices.button(1).click()
    assert {each.name for each in page.figures.joints.dots()} >= {"forecaster-01", "forecaster-03"}


def test_that_seeds_stand_dot_by_dot_for_the_figure_one_is_at(page):
    page.show_report(sheet_of(page, "tables").id)
    spreads = {each.name: each.values for each in page.about.dots.spreads()}
    assert len(spreads["all terms"]) == 3
    assert "n-gram, order 2" not in spreads


def test_that_every_figure_of_a_report_copies_the_line_that_makes_it(page):
    runs = page._document.folder / "runs"
    page.copy_command()
    words_ = shlex.split(QGuiApplication.clipboard().text())
    assert words_[:3] == ["posecast", "evaluate", str(runs / "forecaster-03")]
    assert words_[words_.index("--split") + 1] == "test"
    for sheet in page._sheets:
        page.show_report(sheet.id)
        for row in sheet.rows:
            if row.name in ("n-gram, order 2", "seen poses shuffled") and sheet.protocol == "tables":
                continue  # the made-up table notes none for them
            if sheet.protocol != "motion":  # its run is not there any more
                assert row.command.startswith("posecast "), (sheet.title, row.name)


@pytest.mark.parametrize(
    "spec",
    [
        EvaluateForecaster(run="r 1", project="p", out="o", part="validation"),
        ReproduceForecasts(project="p", out="o", what=("table3",), rows=("action only",), knobs=("steps=10",), seeds=2),
        CompareSequences(project="p q", out="o", splits=3, twins_together=False, methods=("GRU",)),
    ],
)
def test_that_a_copied_line_is_one_the_command_line_takes_and_means_the_same(spec, monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from core.__main__ import app
    from core.commands import answers

    for name in ("p", "p q", "r 1", "o"):
        (tmp_path / name).mkdir()
    (tmp_path / "r 1" / "best.safetensors").write_bytes(b"-")
    monkeypatch.chdir(tmp_path)
    asked = []

    class Enough(Exception):
        pass

    def take(wanted, **_):
        asked.append(wanted)
        raise Enough

    for module in ("core.commands.learning", "core.commands.experiments", "core.commands.forecasting"):
        monkeypatch.setattr(f"{module}.run_to_the_end", take, raising=False)
    monkeypatch.setattr(answers, "run_to_the_end", take)
    line = shlex.split(as_command(spec))
    CliRunner().invoke(app, line[1:])
    (got,) = asked
    for name in spec.__struct_fields__:
        want = getattr(spec, name)
        want = str(tmp_path / want) if name in ("run", "project", "out") else want
        assert getattr(got, name) == want, name


def test_that_lines_printed_in_documents_are_copied_with_the_folders_of_this_machine(tmp_path):
    project = tmp_path / "My kitchen"
    asked = ReproduceForecasts(project=str(project), out=str(project / "runs" / "t"), what=("table1",))
    path = project / "runs" / "t" / "table-table1.json"
    row = TableRow(
        name="ours", command="posecast reproduce forecaster/table1 --project PROJECT --out FOLDER --row ours"
    )
    plain = TableRow(name="n-gram", kind="plain", command="posecast baselines PROJECT --part test")
    for spec in (asked, None):  # with what was asked beside it, and without
        found = Found(id="t/table-table1.json", path=path, at_s=0.0, spec=spec)
        words_ = shlex.split(command_of_row(found, row))
        assert words_[words_.index("--project") + 1] == str(project)
        assert words_[words_.index("--out") + 1] == str(path.parent)
        assert shlex.split(command_of_row(found, plain)) == ["posecast", "baselines", str(project), "--part", "test"]


def test_that_a_report_older_than_its_checkpoint_says_so(page, qtbot):
    runs = page._document.folder / "runs"
    checkpoint = runs / "forecaster-02" / "best.safetensors"
    later = checkpoint.stat().st_mtime + 60
    os.utime(checkpoint, (later, later))
    page._reports.look_again()
    qtbot.waitUntil(lambda: any(each.is_old for each in page._reports.entries()))
    page._follow()
    (old,) = [row for row in page.sheet.rows if row.is_old]
    assert old.name == "forecaster-02"
    assert "Older than its checkpoint" in old.note
    assert "older than its checkpoint" in page.list.list.lines()[1].words


def test_that_a_report_of_a_job_that_ended_appears_by_itself(page, qtbot):
    runs = page._document.folder / "runs"
    folder = RunFolder(runs / "evaluation-forecaster-01-validation-01")
    folder.write_spec(EvaluateForecaster(run=str(runs / "forecaster-01"), project="p", out=str(folder.path)))
    made.put(folder.path / "report.json", made.report("forecaster-01", part="validation"))
    folder.append(Done("done"))
    titles = lambda: [each.title for each in page._sheets]  # noqa: E731
    qtbot.waitUntil(lambda: "Validation part, 5 ahead" in titles(), timeout=8000)


def test_that_what_is_wanted_becomes_jobs_one_after_the_other(page, qtbot, monkeypatch):
    started = []
    monkeypatch.setattr("core.line.ask", lambda folder, spec, **_: started.append(spec))
    page.commands()["evaluate-run"]()
    dialog = page.asking.dialog
    for at in range(2):
        dialog.list.item(at).setCheckState(Qt.CheckState.Checked)
    assert dialog._takes.text().endswith("by the last one here.")
    said = []
    page.says.connect(said.append)
    dialog.start.click()
    count = len(started) - 1
    assert count >= 1
    assert said == [f"{count} wait{'s' * (count == 1)} for the one before, also when this window closes"]
    assert {type(each) for each in started} == {EvaluateForecaster}
    assert len({each.out for each in started}) == len(started)


def test_that_the_number_of_trainings_is_told_before_they_begin():
    one = ReproduceForecasts(project="p", out="o", what=("table3",), seeds=2)
    both = ReproduceForecasts(project="p", out="o", what=("table3", "table2"), seeds=2)
    assert trainings_of(one) % 2 == 0
    assert (
        trainings_of(one)
        < trainings_of(both)
        < trainings_of(one) + trainings_of(ReproduceForecasts(project="p", out="o", what=("table2",), seeds=2))
    ), "rows that tables share are trained once"
    wrong = ReproduceForecasts(project="p", out="o", what=("table3",), knobs=("steps=many",))
    assert isinstance(trainings_of(wrong), str)


@pytest.mark.parametrize("ending", [".csv", ".md", ".png"])
def test_that_table_and_curve_go_out_as_files(page, tmp_path, ending):
    page.show_report(sheet_of(page, "tables").id)
    file = tmp_path / f"out{ending}"
    page.taking.write(file)
    if ending == ".png":
        image = QImage(str(file))
        assert image.width() == 2 * page.figures.horizon.width()
    else:
        text = file.read_text(encoding="utf-8")
        assert "all terms" in text
        if ending == ".csv":
            assert text.count("all terms,run,top1,share,,") == 3, "seed by seed"
        else:
            assert "**" in text


def test_that_a_place_that_cannot_be_written_is_said_and_nothing_breaks(page, tmp_path):
    heard = []
    page.says.connect(heard.append)
    page.taking.write(tmp_path / "no such folder" / "out.md")
    assert heard[-1].startswith("out.md: there is no folder")


def test_that_a_confusion_is_said_in_words_under_pointer_and_keys(qtbot, qapp):
    theme.apply(qapp, theme.DARK)
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.show_room(300)
    heard = []
    matrix.went.connect(heard.append)
    counts = ((68, 12), (0, 5))
    matrix.show_confusion(made.Confusion(actions=("peel", "cut"), counts=counts))
    assert heard[-1] == "cut foreseen where peel came: 12 of 80"
    QTest.keyClick(matrix, Qt.Key.Key_Left)
    assert heard[-1] == "peel foreseen right: 68 of 80"
    assert matrix.item_words(1) == "cut foreseen where peel came: 12 of 80"
    assert [each.times for each in most_confused(made.Confusion(actions=("peel", "cut"), counts=counts))] == [12]


def test_that_a_matrix_of_many_actions_keeps_cells_that_can_be_hit(qtbot, qapp):
    theme.apply(qapp, theme.DARK)
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.show_room(300)
    matrix.show_confusion(made.confusion(0, tuple(f"action {at}" for at in range(60))))
    assert matrix.minimumWidth() > 300
    assert matrix.item_rect(0).width() >= 10


@pytest.mark.parametrize("width", [220, 320, 900])
def test_that_every_method_is_named_beside_its_dot_however_narrow_the_chart(qtbot, qapp, width):
    theme.apply(qapp, theme.DARK)
    chart = JointChart()
    qtbot.addWidget(chart)
    chart.resize(width, 300)
    dots = [Dots(f"forecaster-0{at} of a long name", (1.0 + at, 2.0), "#4FC7CF") for at in range(5)]
    chart.show_dots(("head", "hip"), dots, unit="px")
    lines = chart.legend()
    assert [each.name for line in lines for each in line] == [each.name for each in dots]
    assert len(lines) == 1 if width == 900 else len(lines) > 1
    assert chart.grab().width() == width
    first, last = chart.item_rect(0), chart.item_rect(1)
    assert first.top() >= 16 * len(lines)
    assert last.bottom() <= chart.height()


def test_that_no_report_yet_says_what_to_do(qtbot, qapp, tmp_path):
    theme.apply(qapp, theme.DARK)
    document, jobs = Document("test"), Jobs()
    reports = Reports(document, jobs)
    page = EvaluatePage(document, jobs, reports)
    qtbot.addWidget(page)
    document.create(tmp_path / "empty", "Empty")
    page.show()
    qtbot.waitUntil(lambda: page.is_settled() and reports.has_looked)
    assert page._middle.currentIndex() == 1
    assert page.about.isHidden()
    reports.wait()
    document.close_project()


def test_that_nothing_is_read_twice_and_a_thing_that_changed_is(tmp_path, monkeypatch):
    made.fill(tmp_path)
    first = look(tmp_path, {})
    again = look(tmp_path, first)
    assert all(again[key][1] is first[key][1] for key in first)
    path = tmp_path / "forecaster-01" / "evaluation-test" / "report.json"
    made.put(path, made.report("forecaster-01", top1=0.9))
    os.utime(path, (path.stat().st_mtime + 5,) * 2)
    third = look(tmp_path, again)
    changed = [key for key in third if third[key][1] is not again[key][1]]
    assert changed == ["forecaster-01/evaluation-test/report.json"]


def test_that_tables_to_look_at_are_made_beside_the_window_and_only_where_something_changed(page, qtbot, monkeypatch):
    threads = []
    monkeypatch.setattr(
        "studio.reports.sheets_of",
        lambda *_, **__: threads.append(threading.current_thread()) or [],
    )
    page._follow()
    assert page.sheet is not None
    assert finding.reports(page._reports, lambda _: None)
    before = page._reports._looked
    runs = page._document.folder / "runs"
    assert look_on(runs, before) is before
    assert threads == [], "showing and searching make no table"
    made.put(runs / "forecaster-09" / "evaluation-test" / "report.json", made.report("forecaster-09"))
    page._reports.look_again()
    qtbot.waitUntil(lambda: len(threads) > 0)
    assert threading.main_thread() not in threads


def test_that_keys_of_the_page_do_not_get_into_each_others_way(page):
    assert conflicts("evaluate") == []
    assert page.figures.view == "both"
    page.commands()["table-or-curves"]()
    assert page.figures.view == "table"
    assert page.figures._curves_panel.isHidden()
    page.commands()["table-or-curves"]()
    assert page.figures.table.isHidden()


def test_that_settings_are_taken_as_a_terminal_takes_them_and_refused_before_a_job_starts(page):
    page.commands()["reproduce"]()
    form = page.asking.dialog
    form.knobs.setText('"data.split=By cook" steps=10')
    form.preset.setCurrentText("forecaster/smoke")
    ((spec, _),) = form.specs()
    assert spec.knobs == ("data.split=By cook", "steps=10")
    assert spec.preset == "forecaster/smoke"
    assert form.start.isEnabled()
    form.knobs.setText("steps=many")
    assert not form.start.isEnabled()
    assert "steps=many is refused" in form._takes.text()
    form.close()
    page.commands()["compare-sequences"]()
    form = page.asking.dialog
    form.knobs.setText("network.droput=0.1")
    assert not form.start.isEnabled()
    assert "droput" in form._takes.text()
    form.knobs.setText("network.dropout=0.1 'optimiser.batch=1")  # a quote that is not closed yet
    assert form.start.isEnabled()
    form.close()

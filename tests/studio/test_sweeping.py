"""A sweep from the window: asked for in a form, started into the line, ranked in a table, taken over into the form."""

import csv

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel

from core import line, sweep_runs, sweeps
from core.run_folder import RunFolder
from core.runs import Done, Failed, TrainForecaster
from core.sweeps import Range
from studio.commands import BY_NAME
from studio.widgets.config_form import flat
from tests.core.project_on_disk import project_on_disk
from tests.studio.test_accessible import nameless, small, unreached

pytestmark = pytest.mark.gui
SOON_MS = 20_000


def words_in(widget) -> str:
    return " ".join(each.text() for each in widget.findChildren(QLabel) if each.isVisibleTo(widget))


@pytest.fixture
def asked(monkeypatch):
    """Who asked for what; nothing begins."""
    found: list[tuple[str, int]] = []

    def ask(folder: RunFolder, spec: TrainForecaster, *, priority: int = 0) -> None:
        folder.write_spec(spec)
        (folder.path / "ticket.json").write_text("{}")
        found.append((folder.path.name, priority))

    monkeypatch.setattr(line, "ask", ask)
    return found


@pytest.fixture
def on_train(studio, tmp_path, asked, qtbot):
    """A small project, Train in front."""
    project_on_disk(tmp_path / "p", clips=4)
    assert studio.projects.open(tmp_path / "p")
    page = studio.window.show_page("train")
    page.new_run.choose_preset("forecaster/smoke")
    yield studio
    qtbot.waitUntil(studio.sweeping.is_settled, timeout=SOON_MS)
    if studio.sweeping.dialog is not None:
        studio.sweeping.dialog.close()


@pytest.fixture
def window(on_train, qtbot):
    """The window of sweeps, opened by its command."""
    on_train.window.actions_table.do("sweep")
    dialog = on_train.sweeping.dialog
    assert dialog is not None
    qtbot.waitUntil(on_train.sweeping.is_settled, timeout=SOON_MS)
    return dialog


def vary(row, knob: str, values: str) -> None:
    row.knob.setCurrentIndex(row.knob.findData(knob))
    row.values.setText(values)


def counted(dialog, qtbot) -> str:
    qtbot.waitUntil(dialog.is_settled, timeout=SOON_MS)
    return dialog._will.text()


def ended(folder, name: str, event, **figures: float) -> None:
    run = RunFolder(folder / "runs" / name)
    (run.path / "ticket.json").unlink(missing_ok=True)
    with (run.path / "metrics.csv").open("w", newline="") as file:
        csv.writer(file).writerows([(10, f"validation/{key}", value) for key, value in figures.items()])
    run.append(event)


def test_that_train_has_a_command_for_it_with_a_key():
    assert BY_NAME["sweep"].where == "train"
    assert BY_NAME["sweep"].key


def test_that_it_starts_from_the_form_and_says_how_many_runs_it_will_be(on_train, qtbot):
    form = on_train.window.page("train").new_run.form
    form.fields["optimiser.batch"].editor.setText("32")
    on_train.window.actions_table.do("sweep")
    dialog = on_train.sweeping.dialog
    assert "forecaster/smoke, with optimiser.batch 32" in words_in(dialog.form)
    assert not dialog.start.isEnabled()
    assert "Choose a setting." in counted(dialog, qtbot)
    vary(dialog.form.rows()[0], "network.latent", "16; 32")
    vary(dialog.form.add(), "optimiser.learning_rate", "0.001, 0.01, 0.1")
    dialog.form.seeds.setValue(2)
    assert counted(dialog, qtbot).startswith("12 runs: 6 settings, 2 seeds each.")
    assert (dialog.start.text(), dialog.start.isEnabled()) == ("Start 12 runs", True)
    sweep = dialog.form.sweep()
    assert sweep.knobs == {"optimiser.batch": 32}
    assert sweep.grid == {"network.latent": (16, 32), "optimiser.learning_rate": (0.001, 0.01, 0.1)}


def test_that_three_settings_vary_at_most_and_one_can_be_taken_out(window):
    for _ in range(2):
        assert window.form._add.isVisibleTo(window)
        window.form.add()
    assert not window.form._add.isVisibleTo(window)
    window.form.rows()[1].gone.emit(window.form.rows()[1])
    assert len(window.form.rows()) == 2
    assert window.form._add.isVisibleTo(window)


@pytest.mark.parametrize(
    ("knob", "values", "says"),
    [
        ("network.latent", "16; 2", "At least 4"),
        ("network.latent", "16; many", "A whole number, such as 10"),
        ("network.dropout", "0.1; 1", "Less than 1.0"),
        ("network.memory", "flat; deep", "One of: flat, recurrent"),
        ("critic.psi", "on; perhaps", "on or off"),
        ("network.latent", "16 to 32", "A grid takes values one by one; a random search takes ranges."),
    ],
)
def test_that_a_wrong_value_is_said_under_its_field_and_nothing_can_start(window, qtbot, knob, values, says):
    row = window.form.rows()[0]
    vary(row, knob, values)
    assert counted(window, qtbot) == "A value needs a look."
    assert says in words_in(row)
    assert not window.start.isEnabled()


@pytest.mark.parametrize(
    ("knob", "typed", "meant"),
    [
        ("network.latent", "16 to 64", Range(low=16, high=64, log=True)),
        ("optimiser.learning_rate", "1e-4 – 1e-2", Range(low=1e-4, high=1e-2, log=True)),
        ("optimiser.learning_rate", "0.001…0.01", Range(low=0.001, high=0.01, log=True)),
        ("network.memory", "Flat; recurrent", ("flat", "recurrent")),
        ("critic.psi", "on; off", (True, False)),
    ],
)
def test_that_a_random_search_takes_ranges_and_lists(window, knob, typed, meant):
    window.form.way.choices.button(1).click()
    row = window.form.rows()[0]
    vary(row, knob, typed)
    row.log.setChecked(True)
    window.form.trials.setValue(2)
    sweep = window.form.sweep()
    assert (sweep.random, sweep.grid, sweep.trials) == ({knob: meant}, {}, 2)
    assert row.log.isVisibleTo(window) == isinstance(meant, Range)
    assert len(sweeps.trials(sweep)) == 2


def test_that_a_setting_is_found_by_typing_a_part_of_its_name(window):
    row = window.form.rows()[0]
    model = row.knob.completer().completionModel()
    row.knob.completer().setCompletionPrefix("learning rate")
    assert model.rowCount() == 2  # the generator's and the critic's
    row.knob.lineEdit().setText("Optimiser: Learning rate")
    row.knob.lineEdit().editingFinished.emit()
    assert row.name == "optimiser.learning_rate"


def test_that_a_sweep_goes_to_a_file_and_comes_back(window, tmp_path, monkeypatch, qtbot):
    vary(window.form.rows()[0], "network.latent", "16; 32")
    window.form.name.setText("widths")
    window.form.seeds.setValue(3)
    counted(window, qtbot)
    path = tmp_path / "widths.yaml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    before = window.form.sweep()
    window.save_file.click()
    assert sweeps.read(path) == before
    vary(window.form.rows()[0], "network.dropout", "0.1")
    window.form.name.setText("other")
    window.open_file.click()
    assert window.form.sweep() == before
    path.write_text("preset: forecaster/smoke\ngrid:\n  network.latent: [1]\n")
    window.open_file.click()
    assert "line 3: network.latent=1 is refused" in window._says.text()
    assert window.form.sweep() == before


def test_that_its_runs_wait_in_line_behind_others_and_the_table_fills_and_is_ranked(on_train, window, asked, qtbot):
    folder = on_train.document.folder
    vary(window.form.rows()[0], "network.latent", "16; 32; 64")
    window.form.name.setText("widths")
    counted(window, qtbot)
    window.start.click()
    qtbot.waitUntil(
        lambda: window.ranked.table is not None and len(window.ranked.table.records()) == 3, timeout=SOON_MS
    )
    assert asked == [(f"widths-0{number}", line.LOW) for number in (1, 2, 3)]
    assert window.side == 1
    assert [record.cells[0].words for record in window.ranked.table.records()] == ["–", "–", "–"]
    ended(folder, "widths-01", Done(), score=0.25)
    ended(folder, "widths-02", Done(), score=0.5)
    ended(folder, "widths-03", Failed("No longer a number.", reason="not-a-number"))
    shown = [("1", "32", "0.5", "done"), ("2", "16", "0.25", "done"), ("–", "64", "–", "failed")]
    qtbot.waitUntil(
        lambda: [tuple(cell.words for cell in each.cells) for each in window.ranked.table.records()] == shown,
        timeout=SOON_MS,
    )
    assert [each.cells[1].strong for each in window.ranked.table.records()] == [True, False, False]
    assert "2 of 3 runs done" in words_in(window.ranked)
    assert not window.ranked.stop.isVisibleTo(window)


def test_that_the_best_settings_are_taken_over_and_its_run_is_shown(on_train, window, qtbot):
    folder = on_train.document.folder
    vary(window.form.rows()[0], "network.latent", "16; 32")
    window.form.name.setText("widths")
    counted(window, qtbot)
    window.start.click()
    qtbot.waitUntil(lambda: window.ranked.table is not None and on_train.sweeping.is_settled(), timeout=SOON_MS)
    ended(folder, "widths-02", Done(), score=0.5)
    on_train.sweeping.show_table("widths")
    qtbot.waitUntil(lambda: window.ranked.table.records()[0].cells[0].words == "1", timeout=SOON_MS)
    window.ranked.table.choose("0")
    window.ranked.use.click()
    form = on_train.window.page("train").new_run.form
    assert flat(form.config())["network.latent"] == 32
    qtbot.waitUntil(lambda: on_train.jobs.job("widths-02") is not None, timeout=SOON_MS)
    window.ranked.show_run.click()
    page = on_train.window.page("train")
    assert page.table.chosen_id() == "widths-02"


def test_that_stop_and_go_on_reach_all_runs_of_the_sweep_that_is_shown(on_train, window, asked, monkeypatch, qtbot):
    stopped: list[str] = []
    monkeypatch.setattr(line, "stop", lambda folder: stopped.append(folder.path.name))
    vary(window.form.rows()[0], "network.latent", "16; 32")
    counted(window, qtbot)
    window.start.click()
    qtbot.waitUntil(lambda: window.ranked.stop.isVisibleTo(window), timeout=SOON_MS)
    window.ranked.stop.click()
    qtbot.waitUntil(lambda: stopped == ["sweep-1-02", "sweep-1-01"], timeout=SOON_MS)
    for name in stopped:
        (on_train.document.folder / "runs" / name / "ticket.json").unlink()
    on_train.sweeping.show_table("sweep-1")
    qtbot.waitUntil(lambda: window.ranked.go_on.isVisibleTo(window), timeout=SOON_MS)
    asked.clear()
    window.ranked.go_on.click()
    qtbot.waitUntil(lambda: [name for name, _ in asked] == ["sweep-1-01", "sweep-1-02"], timeout=SOON_MS)


def test_that_a_project_without_a_sweep_says_what_to_do_and_a_new_one_gets_a_free_name(on_train, window, qtbot):
    window.sides.choices.button(1).click()
    assert "No sweep yet" in words_in(window)
    sweep = sweeps.Sweep(name="sweep-1", preset="forecaster/smoke", grid={"unroll": (1, 2)})
    sweep_runs.keep(sweep, on_train.document.folder)
    window.close()
    qtbot.waitUntil(lambda: on_train.sweeping.dialog is None, timeout=SOON_MS)
    again = on_train.sweeping.ask()
    assert again.form.name.text() == "sweep-2"
    qtbot.waitUntil(lambda: again.ranked.which.count() == 1, timeout=SOON_MS)


def test_that_a_form_with_a_wrong_value_is_mended_first(on_train):
    on_train.window.page("train").new_run.form.fields["optimiser.batch"].editor.setText("0")
    assert on_train.sweeping.ask() is None
    assert "Mend it in the form" in words_in(on_train.window.notices.shown)


def test_that_closing_the_project_closes_its_window(on_train, window, qtbot):
    on_train.document.close_project()
    qtbot.waitUntil(lambda: on_train.sweeping.dialog is None, timeout=SOON_MS)


def test_that_every_control_of_a_sweep_has_a_name_is_reached_and_is_large_enough(window):
    assert nameless(window) == []
    assert unreached(window) == []
    assert small(window) == []

"""The Train page: it starts what the form says, shows what runs have said, and never makes the window wait."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer

from core import configs
from core.run_folder import RunFolder
from core.runs import Done, Failed, Metric, Note, Progress, Stopped, TrainForecaster
from studio import forecasters, theme
from studio.commands import BY_NAME, PAGE_OF
from studio.data_sets import DataSets
from studio.document import Document
from studio.jobs import Jobs
from studio.pages.training import TrainingPage
from studio.pages.training_chosen import as_command
from tests.core.project_on_disk import project_on_disk


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects") / "made up"
    project_on_disk(folder, clips=4)
    return folder


@pytest.fixture
def studio(qtbot, qapp, folder, tmp_path):
    """A page before a project whose runs lie in a folder of the test's own."""
    theme.apply(qapp, theme.DARK)
    document, jobs = Document("test"), Jobs()
    page = TrainingPage(document, jobs, DataSets(document, jobs))
    qtbot.addWidget(page)
    page.resize(1330, 900)
    document.open(folder)
    jobs.watch(tmp_path)
    page.show()
    yield page, document, jobs
    page.close()
    jobs.watch(None)
    document.close_project()


def a_run(path: Path, *events, preset="forecaster/smoke", **knobs) -> RunFolder:
    folder = RunFolder(path)
    config = configs.with_overrides(configs.preset(preset), [f"{name}={value}" for name, value in knobs.items()])
    folder.write_spec(TrainForecaster(project=str(path), out=str(path), config=config, preset=preset))
    for event in events:
        folder.append(event)
    return folder


def measured(loss: float, *validations: tuple[int, float, float, float]):
    yield from (Metric(step, "loss", loss / step) for step in range(1, 151))
    for step, score, top1, error in validations:
        yield Metric(step, "validation/score", score)
        yield Metric(step, "validation/top1", top1)
        yield Metric(step, "validation/mpjpe_px", error)
    yield Progress(150, 150)


def settle(qtbot, page, jobs):
    qtbot.waitUntil(lambda: jobs.is_settled() and page.is_settled())


def test_that_starting_asks_for_the_run_the_form_says_in_a_folder_of_the_project(studio, qtbot, monkeypatch, tmp_path):
    page, document, _ = studio
    started = []
    monkeypatch.setattr(RunFolder, "start", lambda self: started.append(self) or 1)
    page.new_run.choose_preset("forecaster/smoke")
    page.new_run.form.fields["losses.pose2d"].editor.setText("0.5")
    page.commands()["start-training"]()
    (run,) = started
    assert run.path == tmp_path / "forecaster-01"
    spec = run.spec()
    assert spec.config == configs.with_overrides(configs.smoke(), ["losses.pose2d=0.5"])
    assert spec.preset == "forecaster/smoke"
    assert Path(spec.project) == document.folder
    assert page.table.chosen_id() == "forecaster-01"


def test_that_a_wrong_value_keeps_it_from_starting_and_names_itself(studio, qtbot, monkeypatch):
    page, _, _ = studio
    monkeypatch.setattr(RunFolder, "start", lambda self: pytest.fail("started"))
    form = page.new_run.form
    form.fields["optimiser.learning_rate"].editor.setText("0.0001x")
    assert not page.new_run.start.isEnabled()
    assert page.new_run._wrong.text() == "One value needs a look: Learning rate"
    page.commands()["start-training"]()
    page.new_run._wrong.click()
    qtbot.waitUntil(lambda: form.fields["optimiser.learning_rate"].editor.hasFocus() or not page.isActiveWindow())
    page.new_run._reset.click()
    assert page.new_run.start.isEnabled()
    assert page.new_run._wrong.isHidden()


def test_that_a_project_with_nothing_marked_says_what_to_do_first(studio, qtbot, tmp_path):
    page, document, _ = studio
    document.create(tmp_path / "empty", "Empty")
    assert not page.new_run.start.isEnabled()
    assert "Annotate" in page.new_run._why_not.text()


def test_that_an_edit_counts_at_once_in_what_there_is_to_learn_from(studio, qtbot):
    page, document, _ = studio
    before = page.new_run._facts.values["Steps to learn from"].text()
    clip = next(iter(document.project.clips.values()))
    document.edit(document.project.with_clip(clip.without_segment(clip.segments[0].id)), "Delete")
    assert int(page.new_run._facts.values["Steps to learn from"].text()) == int(before) - 1
    document.undo()
    assert page.new_run._facts.values["Steps to learn from"].text() == before


def test_that_a_run_shows_the_figures_of_the_checkpoint_it_keeps_not_the_last_ones(studio, qtbot, tmp_path):
    page, _, jobs = studio
    a_run(
        tmp_path / "forecaster-01",
        *measured(3.0, (50, 0.1, 0.4, 30.0), (100, 0.5, 0.6, 20.0), (150, 0.2, 0.7, 25.0)),
        Done("done"),
    )
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    (job,) = forecasters.training_runs(jobs)
    assert forecasters.kept_figures(job) == (100, {"score": 0.5, "top1": 0.6, "mpjpe_px": 20.0})
    assert [page.table.model().index(0, at).data() for at in (0, 1, 5, 6)] == ["forecaster-01", "done", "0.600", "20.0"]


def test_that_ticked_runs_are_in_the_curves_each_in_its_own_lasting_colour(studio, qtbot, tmp_path):
    page, _, jobs = studio
    for number in (1, 2, 3, 4):
        a_run(tmp_path / f"forecaster-0{number}", *measured(number), Done("done"))
        time.sleep(0.002)
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    loss = page.charts["loss"]
    shown = {each.name: each.colour for each in loss.series()}
    assert set(shown) == {"04", "03", "02"}
    assert len(set(shown.values())) == 3
    page._compare("forecaster-02")
    assert {each.name for each in loss.series()} == {"04", "03"}
    page.table.choose("forecaster-01")
    page._choose("forecaster-01")
    assert [each.name for each in loss.series() if each.is_live] == ["01"]
    page._compare("forecaster-02")
    assert {each.name: each.colour for each in loss.series()}["02"] == shown["02"]
    assert len(loss.series()[0].values) == 150


@pytest.mark.parametrize(
    ("ending", "words", "can_go_on"),
    [
        (Done("Validation: top-1 60 %"), "top-1 60 %", False),
        (Stopped(), "It can go on from its last checkpoint.", True),
        (Failed("At step 12, loss is no longer a number.", "Lower the learning rate."), "Lower the learning", True),
    ],
)
def test_that_an_ending_is_said_in_words_with_what_can_be_done(studio, qtbot, tmp_path, ending, words, can_go_on):
    page, _, jobs = studio
    a_run(tmp_path / "forecaster-01", Note("hello"), Progress(12, 150), ending)
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    assert words in page.chosen_run._words.text()
    assert page.chosen_run.resume.isVisible() == can_go_on
    assert not page.chosen_run.stop.isVisible()
    assert "hello" in page._log._text.toPlainText()


def test_that_resuming_goes_on_in_the_same_folder_with_the_same_settings(studio, qtbot, tmp_path, monkeypatch):
    page, _, jobs = studio
    spec = a_run(tmp_path / "forecaster-01", Progress(12, 150), Stopped(), seed=5).spec()
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    started = []
    monkeypatch.setattr(RunFolder, "start", lambda self: started.append(self.spec()) or 1)
    page.chosen_run.resume.click()
    assert started == [spec]


def test_that_forking_takes_over_the_settings_of_the_chosen_run(studio, qtbot, tmp_path):
    page, _, jobs = studio
    a_run(tmp_path / "forecaster-01", Done(), seed=7)
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    page.commands()["fork-run"]()
    assert page.new_run.form.config() == configs.with_overrides(configs.smoke(), ["seed=7"])
    assert [field.name for field in page.new_run.form.changes()] == ["seed"]


def test_that_a_run_can_be_copied_as_the_command_that_starts_it():
    config = configs.with_overrides(configs.smoke(), ["losses.pose2d=0.5", "seed=3"])
    spec = TrainForecaster(project="/a project", out="/runs/x", config=config, preset="forecaster/smoke")
    assert as_command(spec) == (
        'posecast train forecaster/smoke losses.pose2d=0.5 seed=3 --project "/a project" --out /runs/x'
    )


def test_that_every_command_the_page_offers_stands_in_the_table(studio):
    page, _, _ = studio
    for name in page.commands():
        where = BY_NAME[name].where
        assert where == "everywhere" or "train" in PAGE_OF[where]


def test_that_the_window_never_waits_while_a_run_reports_thousands_of_figures(studio, qtbot, tmp_path):
    page, _, jobs = studio
    folder = a_run(tmp_path / "forecaster-01")
    body = f"""
        import time
        from pathlib import Path
        from core.run_folder import RunFolder
        from core.runs import *
        folder = RunFolder(Path({str(folder.path)!r}))
        folder.claim()
        with (folder.path / "events.jsonl").open("ab") as file:
            pass
        for step in range(1, 4001):
            folder.append(Metric(step, "loss", 1 / step))
            if step % 10 == 0:
                folder.append(Metric(step, "validation/top1", step / 8000))
                folder.append(Progress(step, 4000))
            if step % 100 == 0:
                time.sleep(0.01)
        folder.append(Done("done"))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(body)], cwd=Path.cwd())
    jobs.watch(tmp_path)
    ticks = []
    beat = QTimer(interval=5)
    beat.timeout.connect(lambda: ticks.append(None))
    beat.start()
    qtbot.waitUntil(lambda: len(jobs.jobs()) > 0 and jobs.jobs()[0].state == "done", timeout=30_000)
    beat.stop()
    process.wait(10)
    settle(qtbot, page, jobs)
    assert len(page.charts["loss"].series()[0].values) == 4000
    assert len(ticks) > 50, "the window stood still while the run reported"

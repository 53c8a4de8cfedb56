"""The Train page: it starts what the form says, shows what runs have said, and never makes the window wait."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QPushButton

from core import configs
from core.recordings import Stretch
from core.run_folder import RunFolder
from core.runs import Done, Failed, Metric, Note, Progress, Stopped, TrainForecaster, TrainPoseGpt
from studio import forecasters, theme
from studio.commands import BY_NAME, PAGE_OF
from studio.data_sets import DataSets
from studio.document import Document
from studio.jobs import Jobs
from studio.pages.training import TrainingPage
from studio.pages.training_chosen import as_command
from studio.widgets.run_columns import KEYS
from tests.core.datasets.made_motion import motion_set, project_in, recorded
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
    of = TrainPoseGpt if isinstance(config, configs.PoseGpt) else TrainForecaster
    folder.write_spec(of(project=str(path), out=str(path), config=config, preset=preset))
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


@pytest.fixture
def asked(monkeypatch) -> list[RunFolder]:
    """The runs that were asked for, instead of being put in line."""
    found = []

    def ask(folder, spec, **_):
        folder.write_spec(spec)
        found.append(folder)

    monkeypatch.setattr("core.line.ask", ask)
    return found


def cell(page, row: int, key: str) -> object:
    return page.table.model().index(row, KEYS.index(key)).data()


def settle(qtbot, page, jobs):
    qtbot.waitUntil(lambda: jobs.is_settled() and page.is_settled())


def test_that_starting_asks_for_the_run_the_form_says_in_a_folder_of_the_project(studio, asked, tmp_path):
    page, document, _ = studio
    page.new_run.choose_preset("forecaster/smoke")
    page.new_run.form.fields["losses.pose2d"].editor.setText("0.5")
    page.commands()["start-training"]()
    (run,) = asked
    assert run.path == tmp_path / "forecaster-01"
    spec = run.spec()
    assert spec.config == configs.with_overrides(configs.smoke(), ["losses.pose2d=0.5"])
    assert spec.preset == "forecaster/smoke"
    assert Path(spec.project) == document.folder
    assert page.table.chosen_id() == "forecaster-01"


def test_that_a_wrong_value_keeps_it_from_starting_and_names_itself(studio, qtbot, asked):
    page, _, _ = studio
    form = page.new_run.form
    form.fields["optimiser.learning_rate"].editor.setText("0.0001x")
    assert not page.new_run.start.isEnabled()
    assert page.new_run._wrong.text() == "One value needs a look: Learning rate"
    page.commands()["start-training"]()
    assert asked == []
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
    found = [cell(page, 0, key) for key in ("run", "state", "right", "off")]
    assert found == ["forecaster-01", "done", "0.600", "20.0"]


def test_that_ticked_runs_are_in_the_curves_each_in_its_own_lasting_colour(studio, qtbot, tmp_path):
    page, _, jobs = studio
    for number in (1, 2, 3, 4):
        a_run(tmp_path / f"forecaster-0{number}", *measured(number), Done("done"))
        time.sleep(0.002)
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    loss = page.curves.charts["loss"]
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
    told = [each.text() for each in page.chosen_run.findChildren(QLabel) if each.isVisible()]
    assert any(words in each for each in told)
    buttons = [each.text() for each in page.chosen_run.findChildren(QPushButton) if each.isVisible()]
    assert ("Resume" in buttons) == can_go_on
    assert not page.chosen_run.stop.isVisible()
    assert "hello" in page._log._text.toPlainText()


def test_that_resuming_is_wanted_of_the_run_that_is_chosen(studio, qtbot, tmp_path):
    page, _, jobs = studio
    a_run(tmp_path / "forecaster-01", Progress(12, 150), Stopped(), seed=5)
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    wanted = []
    page.deed_wanted.connect(lambda job, deed: wanted.append((job.name, deed)))
    page.chosen_run.resume.click()
    page.commands()["resume-training"]()
    assert wanted == [("forecaster-01", "resume")] * 2


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
    assert len(page.curves.charts["loss"].series()[0].values) == 4000
    assert len(ticks) > 50, "the window stood still while the run reported"


# ---- motion models --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """A project of labelled motion and nothing else."""
    folder = project_in(tmp_path_factory.mktemp("projects") / "moving")
    walk, sit = Stretch(0, 1.5, ("walk",)), Stretch(1.5, 3, ("sit",))
    motion_set(folder, "moves", [recorded(f"m{at}", at, walk, sit) for at in range(6)])
    return folder


@pytest.fixture
def motion_studio(studio, qtbot, moving, tmp_path):
    page, document, jobs = studio
    document.open(moving)
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    return page, document, jobs


def of_motion(path: Path, *validations: tuple[int, str, float], ending=None, preset="posegpt/smoke"):
    events = [Metric(step, "loss", 3 / step) for step in range(1, 121)]
    events += [Metric(step, "train/bits", 4.0) for step in range(61, 121)]
    events += [Metric(step, f"validation/{name}", value) for step, name, value in validations]
    return a_run(path, *events, ending or Done("done"), preset=preset)


def test_that_a_project_of_motion_alone_opens_with_the_model_that_learns_from_it(motion_studio):
    page, _, _ = motion_studio
    assert page.new_run.model == "posegpt"
    assert page.new_run.start.isEnabled()
    values = {name: label.text() for name, label in page.new_run.motion_facts.values.items()}
    assert values["Labelled stretches"] == "12"
    assert values["Actions"] == "2"
    assert values["Model, numbers"].endswith("M")
    assert set(page.curves.charts) == {"loss", "validation/pve_mm", "validation/bits", "validation/accuracy"}


def test_that_every_knob_of_the_motion_model_has_a_field_and_every_preset_is_offered(motion_studio):
    page, _, _ = motion_studio
    form = page.new_run.form
    assert sorted(form.fields) == sorted(configs.knobs(configs.preset("posegpt/small")))
    offered = {page.new_run.preset.itemData(at) for at in range(page.new_run.preset.count())} - {None}
    assert offered == {name for name in configs.PRESETS if not name.startswith("forecaster/")}
    for name in offered:
        page.new_run.choose_preset(name)
        assert form.config() == configs.preset(name)
    page.new_run.kinds.choices.button(0).click()
    assert page.new_run.form.config() == configs.recommended()


def test_that_a_smoke_run_of_the_motion_model_starts_from_the_page(motion_studio, asked, tmp_path):
    page, document, _ = motion_studio
    page.runs.smoke.click()
    (run,) = asked
    assert run.path == tmp_path / "posegpt-01"
    spec = run.spec()
    assert spec == TrainPoseGpt(
        project=str(document.folder), out=str(run.path), config=configs.preset("posegpt/smoke"), preset="posegpt/smoke"
    )


def test_that_both_stages_have_curves_and_the_kept_checkpoint_is_the_best_of_each(motion_studio, qtbot, tmp_path):
    page, _, jobs = motion_studio
    figures = ((30, "pve_mm", 80.0), (60, "pve_mm", 90.0), (90, "bits", 3.5), (120, "bits", 3.9),
               (90, "accuracy", 0.4), (120, "accuracy", 0.5))  # fmt: skip
    of_motion(tmp_path / "posegpt-01", *figures)
    a_run(tmp_path / "forecaster-01", *measured(3.0, (50, 0.1, 0.4, 30.0)), Done("done"))
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    page._choose("posegpt-01")
    job = next(job for job in forecasters.training_runs(jobs) if job.name == "posegpt-01")
    assert forecasters.kept_figures(job) == (90, {"pve_mm": 80.0, "bits": 3.5, "accuracy": 0.4})
    assert [len(page.curves.charts[name].series()[0].values) for name in ("loss", "validation/pve_mm")] == [120, 2]
    assert {each.name for each in page.curves.charts["loss"].series()} == {"01"}
    rows = {cell(page, at, "run"): [cell(page, at, key) for key in ("right", "off")] for at in range(2)}
    assert rows == {"posegpt-01": ["3.50", "80.0"], "forecaster-01": ["0.400", "30.0"]}
    shown = {name: value.text() for name, (_, value) in page.chosen_run._values.items() if value.isVisible()}
    assert shown == {"pve_mm": "80.0", "bits": "3.50", "accuracy": "0.400"}
    page._choose("forecaster-01")
    assert "critic" in page.curves.charts
    assert page.curves.charts["critic"].isVisible()
    assert not page.curves.charts_of["posegpt"]["loss"].isVisible()


def test_that_motion_is_made_with_the_chosen_run_once_its_gpt_has_learned(motion_studio, qtbot, tmp_path):
    page, _, jobs = motion_studio
    folder = of_motion(tmp_path / "posegpt-01").path
    (folder / "best.safetensors").write_bytes(b"weights")
    a_run(tmp_path / "posegpt-02", Metric(1, "loss", 1.0), Done(), preset="posegpt-autoencoder/smoke")
    (tmp_path / "posegpt-02" / "best.safetensors").write_bytes(b"weights")
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    asked, wanted = [], []
    page.asks.connect(asked.append)
    page.generate_wanted.connect(wanted.append)
    page._choose("posegpt-02")
    assert not page.chosen_run.generate.isVisible()
    assert not page.chosen_run.forecast.isVisible()
    page._choose("posegpt-01")
    page.chosen_run.generate.click()
    assert wanted == [str(folder)]
    assert asked == ["page-generate"]
    assert page.chosen_run.forecast.isHidden()


def test_that_settings_that_do_not_go_together_keep_a_motion_model_from_starting(motion_studio):
    page, _, _ = motion_studio
    form = page.new_run.form
    form.fields["autoencoder.layers"].editor.setText("two")
    assert page.new_run._wrong.text() == "One value needs a look: Layers"
    page.new_run.choose_preset("posegpt/small")
    form.fields["data.least_frames"].editor.setText("400")
    assert "longer than the longest" in page.new_run._why_not.text()
    page.new_run.choose_preset("posegpt-gpt/small")
    assert "Auto-encoder of" in page.new_run._why_not.text()
    assert not page.new_run.start.isEnabled()
    form.fields["autoencoder_run"].editor.setText("/runs/one")
    assert page.new_run.start.isEnabled()
    form.fields["data.sets"].editor.setText("nothing")
    assert "No data set of that name" in page.new_run._why_not.text()
    form.fields["data.sets"].editor.setText("MOVES")
    assert page.new_run.start.isEnabled()


def test_that_an_auto_encoder_may_be_named_by_its_run(motion_studio, qtbot, asked, tmp_path):
    page, _, jobs = motion_studio
    auto = of_motion(tmp_path / "posegpt-01", preset="posegpt-autoencoder/smoke").path
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    page.new_run.choose_preset("posegpt-gpt/smoke")
    page.new_run.form.fields["autoencoder_run"].editor.setText("posegpt-01")
    page.commands()["start-training"]()
    assert [each.spec().config.autoencoder_run for each in asked] == [str(auto)]


def test_that_a_run_of_motion_is_copied_and_forked_as_it_is(motion_studio, qtbot, tmp_path):
    page, _, jobs = motion_studio
    of_motion(tmp_path / "posegpt-01")
    jobs.watch(tmp_path)
    settle(qtbot, page, jobs)
    page.new_run.choose_model("forecaster")
    page.commands()["fork-run"]()
    assert page.new_run.model == "posegpt"
    assert page.new_run.form.config() == configs.preset("posegpt/smoke")
    config = configs.with_overrides(configs.preset("posegpt/smoke"), ["data.mirror=0.1"])
    spec = TrainPoseGpt(project="/p", out="/runs/x", config=config, preset="posegpt/smoke")
    assert as_command(spec) == "posecast train posegpt/smoke data.mirror=0.1 --project /p --out /runs/x"

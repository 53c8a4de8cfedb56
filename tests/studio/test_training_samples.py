"""Samples while training, in the window: truth first, then steps; they follow the run, and nothing waits for them."""

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from core import configs, run_samples
from core.rendering.probe import gl_problem
from core.run_folder import RunFolder
from core.runs import MakeDemo, Progress, TrainForecaster, TrainPoseGpt
from studio import theme
from studio.job import Job
from studio.pages.training_samples import SamplesPanel
from studio.widgets.sample_strip import MOMENTS
from tests.core.test_run_samples import forecasts, motions

RUN = "#47C7D3"
needs_gl = pytest.mark.skipif(gl_problem() is not None, reason="no 3D on this machine")


@pytest.fixture
def panel(qtbot, qapp):
    theme.apply(qapp, theme.DARK)
    holder = QWidget()
    holder.resize(330, 400)
    made = SamplesPanel()
    made.setParent(holder)
    made.resize(320, 200)
    qtbot.addWidget(holder)
    holder.show()
    yield made
    made.shut()


def a_job(path, preset="forecaster/smoke", state="running", done=0) -> Job:
    folder = RunFolder(path)
    config = configs.preset(preset)
    kind = TrainPoseGpt if isinstance(config, configs.PoseGpt) else TrainForecaster
    folder.write_spec(kind(project=str(path), out=str(path), config=config, preset=preset))
    job = Job(folder)
    job.state, job.progress = state, Progress(done, 1000)
    return job


def show(qtbot, panel, job):
    panel.show_job(job, RUN)
    qtbot.waitUntil(panel.is_settled)


def words(widget) -> str:
    return " ".join(each.text() for each in widget.findChildren(QLabel) if each.isVisibleTo(widget))


def captions(panel):
    return [each.caption.replace("\u2009", " ") for each in panel.strip.tiles()]


# ---- before there are any --------------------------------------------------------------------------------------------


def test_that_a_run_says_when_its_first_samples_come(panel, qtbot, tmp_path):
    show(qtbot, panel, a_job(tmp_path))
    first = configs.preset("forecaster/smoke").validate_every
    assert panel.isVisible()
    assert f"The first samples come at step {first}." in words(panel)
    assert not panel.strip.isVisible()


@pytest.mark.parametrize("state", ["done", "failed", "stopped", "killed"])
def test_that_a_run_that_ended_without_samples_takes_no_room(panel, qtbot, tmp_path, state):
    show(qtbot, panel, a_job(tmp_path, state=state))
    assert panel.isHidden()


def test_that_there_is_nothing_for_no_run_and_for_other_jobs(panel, qtbot, tmp_path):
    panel.show_job(None, "text3")
    assert panel.isHidden()
    folder = RunFolder(tmp_path)
    folder.write_spec(MakeDemo(folder="x", out=str(tmp_path)))
    show(qtbot, panel, Job(folder))
    assert panel.isHidden()
    panel.open()  # nothing to open
    panel.next_example(1)
    assert panel.window_open() is None


# ---- forecasts -------------------------------------------------------------------------------------------------------


@pytest.fixture
def forecaster(tmp_path):
    for step in (50, 100, 150, 200, 1200):
        samples = forecasts(step)
        samples.true_actions[0] = [1, 0, run_samples.NOT_KNOWN]
        run_samples.write(tmp_path, samples)
    return a_job(tmp_path, done=1200)


def test_that_truth_stands_before_the_first_a_middle_and_the_newest_step(panel, qtbot, forecaster):
    show(qtbot, panel, forecaster)
    assert captions(panel) == ["truth", "step 50", "step 150", "step 1 200"]
    truth, *steps = panel.strip.tiles()
    assert truth.words == ("cut",)
    assert truth.colour == ""
    for tile in steps:
        assert tile.words == ("cut", "75 %")
        assert tile.is_right is True
        assert tile.colour == RUN
        assert [pose.dashed for pose in tile.poses] == [False, True]
        assert tile.poses[1].colour == RUN
        assert tile.reach == truth.reach  # one scale, so that they can be compared
    assert "clip 0" in words(panel)
    assert "1 of 2" in words(panel)
    assert "step 1" in panel.strip.accessibleDescription()


def test_that_the_pointer_goes_through_the_steps_ahead_in_all_of_them(panel, qtbot, forecaster):
    show(qtbot, panel, forecaster)
    area = panel.strip.area_of(1)
    seen = []
    for share in (0.05, 0.5, 0.95):
        qtbot.mouseMove(panel.strip, QPoint(round(area.left() + share * area.width()), 20))
        tiles = panel.strip.tiles()
        seen.append((tiles[0].words, tiles[1].is_right, len(tiles[1].poses)))
    assert seen == [(("cut",), True, 2), (("take",), False, 2), (("not known",), None, 1)]
    assert "3 of 3 steps ahead" in words(panel)
    panel.strip.scrubbed.emit(-1)
    assert panel.strip.tiles()[0].words == ("cut",)


def test_that_arrow_keys_do_what_the_pointer_does_and_enter_opens(panel, qtbot, forecaster):
    show(qtbot, panel, forecaster)
    for _ in range(MOMENTS + 2):
        qtbot.keyClick(panel.strip, Qt.Key.Key_Right)
    assert panel.strip.tiles()[0].words == ("not known",)
    for _ in range(MOMENTS + 2):
        qtbot.keyClick(panel.strip, Qt.Key.Key_Left)
    assert panel.strip.tiles()[0].words == ("cut",)
    qtbot.keyClick(panel.strip, Qt.Key.Key_Return)
    assert panel.window_open() is not None


def test_that_examples_go_round_in_both_directions(panel, qtbot, forecaster):
    show(qtbot, panel, forecaster)
    panel.commands()["previous-example"]()
    assert "clip 1" in words(panel)
    panel.commands()["next-example"]()
    assert "clip 0" in words(panel)


def test_that_the_panel_follows_a_run_that_goes_on(panel, qtbot, forecaster):
    show(qtbot, panel, forecaster)
    run_samples.write(forecaster.folder.path, forecasts(1400))
    forecaster.progress = Progress(1400, 2000)
    panel.show_job(forecaster, RUN)
    qtbot.waitUntil(lambda: captions(panel)[-1] == "step 1 400")
    assert captions(panel)[1] == "step 50"


def test_that_another_run_shows_its_own_and_an_answer_of_the_one_before_comes_too_late(
    panel, qtbot, forecaster, tmp_path
):
    other = tmp_path / "other"
    other.mkdir()
    run_samples.write(other, forecasts(7, examples=1))
    job = a_job(other, state="done")
    panel.show_job(forecaster, RUN)
    panel.show_job(job, RUN)
    qtbot.waitUntil(panel.is_settled)
    assert captions(panel) == ["truth", "step 7"]
    assert " of 1" not in words(panel)


def test_that_a_damaged_snapshot_is_said_and_the_others_are_shown(panel, qtbot, forecaster):
    (forecaster.folder.path / run_samples.FOLDER / "step-000150.safetensors").write_bytes(b"torn")
    show(qtbot, panel, forecaster)
    assert captions(panel) == ["truth", "step 50", "step 1 200"]
    assert "damaged" in words(panel)


def test_that_snapshots_of_other_examples_are_not_put_beside_each_other(panel, qtbot, tmp_path):
    run_samples.write(tmp_path, forecasts(10, examples=3))
    run_samples.write(tmp_path, forecasts(20, examples=2))
    show(qtbot, panel, a_job(tmp_path))
    assert captions(panel) == ["truth", "step 20"]


# ---- motions ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def posegpt(tmp_path):
    for step in (30, 60):
        run_samples.write(tmp_path, motions(step, kind="reconstructed"))
    for step in (90, 120):
        samples = motions(step)
        samples.past[1] = 4
        run_samples.write(tmp_path, samples)
    return a_job(tmp_path, "posegpt/smoke", done=120)


@needs_gl
@pytest.mark.slow
def test_that_bodies_of_the_last_stage_are_drawn_at_one_moment_that_the_pointer_chooses(panel, qtbot, posegpt):
    panel.show_job(posegpt, RUN)
    qtbot.waitUntil(panel.is_settled, timeout=30_000)
    assert captions(panel) == ["truth", "step 90", "step 120"]
    assert "walk, made from the word alone" in words(panel)
    pictures = [each.picture.toImage() for each in panel.strip.tiles()]
    assert pictures[0] != pictures[1]
    panel.strip.scrubbed.emit(0)
    assert "at 0.0 s" in words(panel)
    qtbot.waitUntil(panel.is_settled, timeout=30_000)
    first = panel.strip.tiles()[1].picture.toImage()
    panel.strip.scrubbed.emit(MOMENTS - 1)
    qtbot.waitUntil(panel.is_settled, timeout=30_000)
    assert panel.strip.tiles()[1].picture.toImage() != first
    panel.next_example(1)
    assert "walk, going on from 0.1 s of m1" in words(panel)


def test_that_the_first_stage_shows_what_comes_back_of_windows(panel, qtbot, posegpt):
    for step in (90, 120):
        (posegpt.folder.path / run_samples.FOLDER / f"step-{step:06d}.safetensors").unlink()
    panel.show_job(posegpt, RUN)
    qtbot.waitUntil(lambda: len(panel.strip.tiles()) == 3)
    assert captions(panel) == ["truth", "step 30", "step 60"]
    assert "walk through codes and back" in words(panel)


# ---- large -----------------------------------------------------------------------------------------------------------


def test_that_a_click_opens_them_large_and_the_slider_goes_through_every_step(panel, qtbot, forecaster):
    before = threading.active_count()
    show(qtbot, panel, forecaster)
    qtbot.mouseClick(panel.strip, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    window = panel.window_open()
    qtbot.waitUntil(lambda: window.samples() is not None)
    assert window.samples().step == 1200
    window.steps.setValue(0)
    qtbot.waitUntil(lambda: window.samples().step == 50)
    assert "came: cut" in words(window)
    window.time.setValue(1)
    assert "✗ came: take" in words(window)
    window.next.click()
    assert "2 of 2" in words(window)
    run_samples.write(forecaster.folder.path, forecasts(1600))
    forecaster.progress = Progress(1600, 2000)
    panel.show_job(forecaster, RUN)
    qtbot.waitUntil(lambda: window.steps.maximum() == 5)
    assert window.samples().step == 50  # who looks at an older step goes on doing so
    window.steps.setValue(5)
    qtbot.waitUntil(lambda: window.samples().step == 1600)
    window.reject()
    assert panel.window_open() is None
    qtbot.waitUntil(lambda: threading.active_count() <= before)


@needs_gl
@pytest.mark.slow
def test_that_motions_stand_side_by_side_and_play_on_one_clock(panel, qtbot, posegpt):
    panel.show_job(posegpt, RUN)
    qtbot.waitUntil(lambda: len(panel.strip.tiles()) == 3)
    panel.commands()["open-samples"]()
    window = panel.window_open()
    qtbot.waitUntil(lambda: window.samples() is not None)
    truth, made = window.space.standing()
    assert made.bodies[0].colour == RUN
    samples = window.samples()
    window.time.setValue(3)
    truth, made = window.space.standing()
    assert np.allclose(truth.bodies[0].pose.translation_m, samples.true_path_m[0, 3])
    assert np.allclose(made.bodies[0].pose.translation_m, samples.made_path_m[0, 3])
    window.play.click()
    qtbot.waitUntil(lambda: window.time.value() != 3)
    window.play.click()


def test_that_a_step_that_is_gone_or_damaged_is_said_in_the_window(panel, qtbot, forecaster):
    show(qtbot, panel, forecaster)
    panel.open()
    window = panel.window_open()
    qtbot.waitUntil(lambda: window.samples() is not None)
    path = forecaster.folder.path / run_samples.FOLDER
    (path / "step-000100.safetensors").unlink()
    (path / "step-000050.safetensors").write_bytes(b"torn")
    window.steps.setValue(1)
    qtbot.waitUntil(lambda: "not there any more" in words(window))
    window.steps.setValue(0)
    qtbot.waitUntil(lambda: "damaged" in words(window))
    window.steps.setValue(4)
    qtbot.waitUntil(lambda: "damaged" not in words(window))

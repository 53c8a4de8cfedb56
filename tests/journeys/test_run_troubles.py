"""A run that meets a number that is none, and one whose disk is full: told in words, nothing lost, gone on with."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from core import configs
from core.models import checkpoints
from core.run_facts import BAD_BATCH
from core.run_folder import RunFolder
from core.runs import Failed, TrainForecaster
from studio.pages.training import TrainingPage
from studio.widgets.job_troubles import trouble_of
from tests.core.project_on_disk import project_on_disk
from tests.journeys.window import launch, leave

pytestmark = [pytest.mark.gui, pytest.mark.slow]

JOB_MS = 120_000
QUICK = ("device=cpu", "report_every=2", "validate_every=4", "samples=0", "critic.psi_width=16")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "Courtyard pilot"
    project_on_disk(folder, clips=4)
    return folder


@pytest.fixture
def opened(qtbot, qapp, project, tmp_path):
    windows = []

    def opens():
        studio = launch(qtbot, qapp, tmp_path / "settings")
        windows.append(studio)
        assert studio.projects.open(project)
        page = studio.window.show_page("train")
        assert isinstance(page, TrainingPage)
        qtbot.waitUntil(lambda: studio.jobs.is_settled() and page.is_settled(), timeout=JOB_MS)
        return studio, page

    yield opens
    for studio in windows:
        for job in studio.jobs.live():
            job.stop()
        qtbot.waitUntil(lambda studio=studio: not studio.jobs.live(), timeout=JOB_MS)
        leave(studio)


def spec_of(project: Path, name: str, *words: str) -> TrainForecaster:
    config = configs.with_overrides(configs.preset("forecaster/smoke"), [*QUICK, *words])
    assert isinstance(config, configs.Forecaster)
    out = str(project / "runs" / name)
    return TrainForecaster(project=str(project), out=out, config=config, preset="forecaster/smoke")


def test_that_a_loss_that_is_no_number_keeps_the_last_good_checkpoint_and_the_batch(project, opened, qtbot):
    studio, page = opened()
    # The critic joins half-way, and weighs more than a number can hold.
    spec = spec_of(project, "forecaster-01", "steps=20", "critic.joins_at=0.5", "losses.adversarial=1e38")
    job = studio.jobs.start(spec, "forecaster-01")
    qtbot.waitUntil(lambda: job.state == "failed", timeout=JOB_MS)
    qtbot.waitUntil(lambda: studio.jobs.is_settled(), timeout=JOB_MS)
    assert isinstance(job.ending, Failed)
    assert job.ending.reason == "not-a-number"
    kept = checkpoints.load(job.folder.path / "last.safetensors")
    assert kept.header.step in (8, 12)
    assert (job.folder.path / BAD_BATCH).is_file()
    trouble = trouble_of(job)
    assert trouble is not None
    assert "forecaster-01 stopped" in trouble.title
    assert "is not a number" in trouble.title
    assert f"The last good checkpoint ({kept.header.step}) and the batch are kept." in trouble.words
    assert trouble.deeds[0] == "smaller-step"
    page.show_run(job.name)
    page.chosen_run.deed_wanted.emit(job, "smaller-step")
    qtbot.waitUntil(lambda: studio.jobs.job("forecaster-02") is not None, timeout=JOB_MS)
    smaller = studio.jobs.job("forecaster-02")
    assert isinstance(smaller.spec, TrainForecaster)
    assert smaller.spec.config.optimiser.learning_rate == pytest.approx(spec.config.optimiser.learning_rate / 2)
    # It begins where that one was, and meets the same weight of a loss: only its own settings could mend that.
    qtbot.waitUntil(lambda: smaller.state == "failed", timeout=JOB_MS)
    said = [getattr(each.event, "text", "") for each in smaller.folder.events()[0]]
    assert any(each.startswith(f"Going on after step {kept.header.step} of 20") for each in said)


def test_that_a_run_the_system_ended_is_told_with_its_log_and_goes_on_without_a_lost_step(project, opened, qtbot):
    studio, page = opened()
    steps = 4000  # it is killed long before them
    job = studio.jobs.start(spec_of(project, "forecaster-01", f"steps={steps}"), "forecaster-01")
    page.show_run(job.name)
    qtbot.waitUntil(lambda: "validation/top1" in job.metrics, timeout=JOB_MS)
    process = job.folder.process()
    assert process is not None
    with (job.folder.path / "stdout.log").open("a") as log:
        log.write("the last line that it printed\n")
    os.kill(process.pid, signal.SIGKILL)
    card, resume = page.chosen_run.trouble, page.chosen_run.trouble.button("resume")
    qtbot.waitUntil(lambda: job.state == "killed" and card.isVisible(), timeout=JOB_MS)
    assert card.accessibleName() == "The system ended forecaster-01"
    assert "It goes on from its last checkpoint, step " in card.accessibleDescription()
    assert "the last line that it printed" in [each.text() for each in card.findChildren(QLabel)]
    reached = job.metrics["loss"][-1][0]
    resume.click()
    qtbot.waitUntil(lambda: job.state == "running" and job.metrics["loss"][-1][0] > reached, timeout=JOB_MS)
    assert not card.isVisible()
    job.stop()
    qtbot.waitUntil(lambda: job.state == "stopped" and studio.jobs.is_settled(), timeout=JOB_MS)
    seen = [step for step, _ in job.metrics["loss"]]
    assert seen == list(range(2, seen[-1] + 1, 2))
    assert not list(job.folder.path.glob("killed.json"))


def on_a_disk_of(size_kb: int, run: Path) -> None:
    """Carry a run out on a disk of its own, as small as that, and bring its folder back."""
    if shutil.which("unshare") is None:
        pytest.skip("no disk can be made here: there is no unshare")
    kept = run.with_name(f".{run.name}")
    shutil.copytree(run, kept)
    work = (
        f'mount -t tmpfs -o size={size_kb}k none "{run}" || exit 77; cp -r "{kept}"/. "{run}"/; '
        f'"{sys.executable}" -m core.runner "{run}"; status=$?; rm -rf "{kept}"; cp -r "{run}" "{kept}"; exit $status'
    )
    done = subprocess.run(["unshare", "-Urm", "sh", "-c", work], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        shutil.rmtree(kept, ignore_errors=True)
        pytest.skip(f"no disk can be made here: {done.stderr.strip()[:200]}")
    assert done.returncode == 1, done.stderr
    shutil.rmtree(run)
    kept.rename(run)


def test_that_a_run_whose_disk_is_full_says_so_and_goes_on_when_there_is_room(project, opened, qtbot):
    spec = spec_of(project, "forecaster-01", "steps=12", "network.latent=64", "keep_made=400000")
    run = RunFolder(Path(spec.out))
    run.write_spec(spec)
    on_a_disk_of(16_000, run.path)
    assert run.state() == "failed"
    ending = run.ending()
    assert isinstance(ending, Failed)
    assert ending.reason == "disk-full", ending
    assert not list(run.path.glob("*.new"))
    kept = checkpoints.load(run.path / "last.safetensors").header.step
    assert 0 < kept < 12
    studio, page = opened()
    job = studio.jobs.job("forecaster-01")
    trouble = trouble_of(job)
    assert trouble is not None
    assert trouble.title == "forecaster-01 stopped: the disk is full"
    page.show_run(job.name)
    page.chosen_run.deed_wanted.emit(job, "resume")
    qtbot.waitUntil(lambda: job.state == "done", timeout=JOB_MS)
    qtbot.waitUntil(lambda: studio.jobs.is_settled(), timeout=JOB_MS)
    steps = [step for step, _ in job.metrics["loss"]]
    assert steps == [2, 4, 6, 8, 10, 12]
    rows = (run.path / "metrics.csv").read_text().splitlines()
    assert len(rows) == len({row.rsplit(",", 1)[0] for row in rows})

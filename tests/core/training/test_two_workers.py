"""Two processes, started as `torchrun` does, give what one gives, stop together, and survive that one is killed."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest
import torch

from core import configs
from core.models import checkpoints
from core.posegpt_configs import PoseGpt
from core.recordings import Stretch
from core.run_folder import RunFolder
from core.runs import Done, Progress, Stopped, TrainPoseGpt
from core.training.posegpt import train_posegpt
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.training import two_workers

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
POSEGPT = (
    "autoencoder_training.steps=20", "gpt_training.steps=20", "autoencoder_training.batch=8", "gpt_training.batch=8",
    "autoencoder.dropout=0.1", "gpt.dropout=0.1", "validate_every=8", "report_every=1", "data.most_frames=32",
    "device=cpu", "samples=0",
)  # fmt: skip


@pytest.fixture(scope="module")
def launched():
    """Lets two workers do what the words say; how they ended."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "tests.core.training.two_workers"]
    with subprocess.Popen(
        words, env=environment, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True
    ) as launcher:
        assert launcher.stdin is not None
        assert launcher.stdout is not None
        asks, answers = launcher.stdin, launcher.stdout

        def launch(*arguments: object, restarts: int = 0) -> int:
            asks.write(json.dumps({"restarts": restarts, "words": [*map(str, arguments)]}) + "\n")
            asks.flush()
            return next(int(line.split()[1]) for line in answers if line.startswith("ended "))

        yield launch
        asks.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("posegpt") / "project")
    walk, sit = Stretch(0, 1.5, ("walk",)), Stretch(1.5, 3, ("sit",))
    motion_set(folder, "moves", [recorded(f"m{at}", at, walk, sit) for at in range(8)])
    return folder


def _spec(project, folder):
    config = configs.with_overrides(configs.preset("posegpt/smoke"), POSEGPT)
    assert isinstance(config, PoseGpt)
    return TrainPoseGpt(project=str(project), out=str(folder), config=config, preset="posegpt/smoke")


@pytest.fixture(scope="module")
def undisturbed(launched, project, tmp_path_factory):
    """The folder of a run of two workers whom nobody disturbs."""
    run = RunFolder(tmp_path_factory.mktemp("undisturbed"))
    run.write_spec(_spec(project, run.path))
    assert launched("run", run.path) == 0
    assert isinstance(run.ending(), Done)
    return run.path


def _curves(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        return {(int(row["step"]), row["name"]): float(row["value"]) for row in csv.DictReader(file)}


def _assert_alike(one, other):
    """Losses to 1e-5, of themselves or of the whole loss of their step."""
    losses = {at: value for at, value in one.items() if at[1] == "loss" or at[1].startswith(("loss/", "critic"))}
    assert len({step for step, _ in losses}) >= 20
    for (step, name), value in losses.items():
        near = 1e-5 * max(abs(one[step, "loss"]), 1.0)
        assert other[step, name] == pytest.approx(value, rel=1e-5, abs=near), (step, name)


def test_that_two_workers_give_a_forecasters_losses_of_one_with_the_whole_batch(launched, tmp_path):
    one = two_workers.forecaster(tmp_path / "one")
    assert launched("forecaster", tmp_path / "two") == 0
    two = _curves(tmp_path / "two")
    assert one.keys() == two.keys()  # validated, and each of it written once
    _assert_alike(one, two)


def test_that_two_workers_give_both_stages_of_posegpt_the_losses_of_one(project, undisturbed, tmp_path):
    list(train_posegpt(_spec(project, tmp_path), "made up", tmp_path))
    one, two = _curves(tmp_path), _curves(undisturbed)
    assert one.keys() == two.keys()
    _assert_alike(one, two)
    assert {step for step, name in two if name == "validation/bits"} == {28, 36, 40}


def test_that_a_stop_reaches_both_in_the_same_step_and_a_killed_one_costs_less_than_an_interval(
    launched, project, undisturbed, tmp_path
):
    run = RunFolder(tmp_path)
    run.write_spec(_spec(project, tmp_path))
    assert launched("run", tmp_path, "stop", 5) == 0  # not begun again by the launcher
    assert isinstance(run.ending(), Stopped)
    assert checkpoints.read_header(tmp_path / "last.safetensors").step == 5

    run.write_spec(_spec(project, tmp_path))
    # Step 13 of the run, the eighth from here: what is kept last is that of step 8.
    assert launched("run", tmp_path, "kill", 8, restarts=3) == 0
    assert isinstance(run.ending(), Done)
    reported = [each.event.done for each in run.events()[0] if isinstance(each.event, Progress)]
    assert reported == [*range(1, 6), *range(6, 13), *range(9, 41)]
    ends = [checkpoints.load_motion_model(each / "last.safetensors") for each in (tmp_path, undisturbed)]
    assert ends[0].tensors.keys() == ends[1].tensors.keys()
    for name, tensor in ends[0].tensors.items():
        assert torch.equal(tensor, ends[1].tensors[name]), name
    assert {at: each for at, each in _curves(tmp_path).items() if at[1] != "waited"} == {
        at: each for at, each in _curves(undisturbed).items() if at[1] != "waited"
    }
    assert not list(tmp_path.glob("*.new"))

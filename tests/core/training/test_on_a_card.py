"""A training asked for in a spec, carried out by `core.runner` on a device, and what comes back from there.

On a machine with a graphics card the same is done on it; without one only the processor's turn is taken, so that the
way itself is always tested. The outputs of a checkpoint on the processor are those of where it was trained, to 1e-4.
"""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core import configs
from core.datasets.action_sequences import examples_of
from core.datasets.motion_examples import motion_examples
from core.datasets.motion_features import FeatureWindows
from core.evaluation.batches import WindowTensors
from core.models import checkpoints
from core.models.forecaster import Forecaster
from core.models.motion_vqvae import MotionTensors
from core.models.posegpt import PoseGpt
from core.project.store import ProjectStore
from core.recordings import Stretch
from core.run_facts import environment_of
from core.run_folder import RunFolder
from core.runs import Done, Metric, Spec, TrainForecaster, TrainPoseGpt
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.project_on_disk import project_on_disk

CARD = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no graphics card that torch can use")
DEVICES = ["cpu", pytest.param("cuda", marks=[CARD, pytest.mark.gpu])]
CLOSE = 1e-4


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kitchen")
    project_on_disk(folder, clips=8, steps=8)
    return folder


@pytest.fixture(scope="module")
def moves(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("moves") / "project")
    walk, sit = Stretch(0, 1.5, ("walk",)), Stretch(1.5, 3, ("sit",))
    motion_set(folder, "moves", [recorded(f"m{at}", at, walk, sit) for at in range(8)])
    return folder


def carried_out(spec: Spec) -> RunFolder:
    """In a process of its own, from the spec alone, as a studio's job or another machine does it."""
    folder = RunFolder(Path(spec.out))
    folder.write_spec(spec)
    subprocess.run([sys.executable, "-m", "core.runner", str(folder.path)], check=True, capture_output=True)
    assert isinstance(folder.ending(), Done)
    return folder


def assert_whole(folder: RunFolder, device: str, steps: int) -> None:
    """Curve, report, device and peak memory are what a window shows of a run brought back."""
    losses = [each.event for each in folder.events()[0] if isinstance(each.event, Metric) and each.event.name == "loss"]
    assert losses[-1].step == steps
    with (folder.path / "metrics.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["name"] == "loss"]
    assert [(int(row["step"]), float(row["value"])) for row in rows] == [(each.step, each.value) for each in losses]
    environment = environment_of(folder.path)
    assert environment is not None
    assert environment.device == device
    assert environment.memory_peak_bytes > 10e6
    assert (environment.device_memory_peak_bytes > 0) == (device == "cuda")
    assert (folder.path / "report.json").is_file()


def assert_close(one: torch.Tensor, other: torch.Tensor) -> None:
    torch.testing.assert_close(one.cpu(), other.cpu(), atol=CLOSE, rtol=CLOSE)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("preset", ["forecaster/smoke", "forecaster/recommended"])
def test_that_a_forecaster_says_the_same_where_it_was_trained_and_on_the_processor(kitchen, tmp_path, device, preset):
    words = ("steps=6", "validate_every=3", "report_every=2", "optimiser.batch=16", f"device={device}")
    config = configs.with_overrides(configs.preset(preset), words)
    assert isinstance(config, configs.Forecaster)
    folder = carried_out(TrainForecaster(project=str(kitchen), out=str(tmp_path / "run"), config=config, preset=preset))
    assert_whole(folder, device, 6)
    kept = checkpoints.load(folder.path / "best.safetensors")
    with ProjectStore.open(kitchen, "", mode="read") as store:
        examples = examples_of(store.project, lambda clip: store.tracks(clip.tracks), config.data, config.seed)
    windows = examples.windows["train"].complete()
    said = []
    for place in (torch.device(device), torch.device("cpu")):
        model = Forecaster.of(config, actions=len(kept.header.actions), objects=len(kept.header.objects)).to(place)
        model.load_state_dict(kept.part("model"))
        whole = WindowTensors.of(windows, len(kept.header.actions), place).whole
        with torch.no_grad():
            said.append(model.eval().roll_out(whole.past, whole.views, config.data.future_steps))
    for (one, one_seen), (other, other_seen) in zip(*said, strict=True):
        assert_close(one.logits, other.logits)
        assert_close(one.joints_m, other.joints_m)
        assert_close(one_seen, other_seen)


@pytest.mark.parametrize("device", DEVICES)
def test_that_both_stages_of_posegpt_say_the_same_where_they_were_trained_and_on_the_processor(moves, tmp_path, device):
    words = (
        "autoencoder_training.steps=6", "gpt_training.steps=6", "autoencoder_training.batch=4", "gpt_training.batch=4",
        "validate_every=3", "report_every=2", "data.most_frames=32", f"device={device}",
    )  # fmt: skip
    config = configs.with_overrides(configs.preset("posegpt/smoke"), words)
    assert isinstance(config, configs.PoseGpt)
    spec = TrainPoseGpt(project=str(moves), out=str(tmp_path / "run"), config=config, preset="posegpt/smoke")
    folder = carried_out(spec)
    assert_whole(folder, device, 12)
    kept = checkpoints.load_motion_model(folder.path / "best.safetensors")
    examples = motion_examples(moves, config.data, config.seed)
    labelled, learned_as = examples.labelled["train"], examples.learned_as
    windows = FeatureWindows(
        labelled, learned_as, config.data, config.autoencoder.downsampling, bank_file=tmp_path / "windows.npy"
    )
    (batch, *_) = windows.batches_in_order(4)
    said = []
    for place in (torch.device(device), torch.device("cpu")):
        model = PoseGpt.build(config, len(kept.header.actions)).to(place)
        model.take(kept.tensors)
        model.eval()
        arrays = (batch.rotations_6d, batch.path_m, batch.real, batch.labels, batch.frames)
        rotations_6d, path_m, real, labels, frames = (torch.as_tensor(each, device=place) for each in arrays)
        with torch.no_grad():
            codes = model.autoencoder.encode(MotionTensors(rotations_6d, path_m), real)
            if said:  # a code between two equally near ones may fall to either: both devices decode the same
                codes = said[0][0].to(place)
            motion = model.autoencoder.decode(codes)
            said.append((codes, motion, model.gpt(codes, labels, frames)))
    (_, one, one_logits), (_, other, other_logits) = said
    assert_close(one.rotations_6d, other.rotations_6d)
    assert_close(one.path_m, other.path_m)
    assert_close(one_logits, other_logits)

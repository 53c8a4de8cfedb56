"""What a training shows on its way: few, the same throughout, bit for bit, and without a trace in what is learned."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core import configs, run_samples
from core.bodies.skeletons import SMPL_24
from core.datasets.pose_bank import PoseBank
from core.geometry.rotations import matrices
from core.models import checkpoints
from core.models.motion_vqvae import MotionTensors
from core.models.posegpt import PoseGpt
from core.recordings import Stretch
from core.runs import Made, Metric, Progress, TrainForecaster, TrainPoseGpt
from core.training.forecaster import train_forecaster
from core.training.posegpt import train_posegpt
from core.training.samples import MOST, Snapshots
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.made_up_project import ACTIONS, bank_poses, made_up

BANK = PoseBank(bank_poses(200), "made up")
QUICK = (
    "steps=8", "validate_every=2", "report_every=3", "optimiser.batch=16", "data.past_steps=4", "data.future_steps=3",
    "critic.psi_width=16", "critic.joint_width=16", "network.pose_width=24", "network.latent=24", "device=cpu",
)  # fmt: skip
QUICK_MOTION = (
    "autoencoder_training.steps=4", "gpt_training.steps=4", "autoencoder_training.batch=4", "gpt_training.batch=4",
    "gpt_training.learning_rate=0.1", "validate_every=2", "report_every=1", "data.most_frames=32", "device=cpu",
    "autoencoder.dropout=0.2", "gpt.dropout=0.2",
)  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return made_up(8, 8)


@pytest.fixture(scope="module")
def motion(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("samples") / "project")
    walk, sit = Stretch(0, 1.5, ("walk",)), Stretch(1.5, 3, ("sit",))
    motion_set(folder, "moves", [recorded(f"m{at}", at, walk, sit) for at in range(16)])
    return folder


def forecaster(made, folder, *overrides):
    config = configs.with_overrides(configs.preset("forecaster/smoke"), [*QUICK, *overrides])
    spec = TrainForecaster(project="", out=str(folder), config=config, preset="")
    return train_forecaster(spec, made.project, made.read_tracks, folder, BANK)


def posegpt(project, folder, *overrides):
    config = configs.with_overrides(configs.preset("posegpt/smoke"), [*QUICK_MOTION, *overrides])
    return train_posegpt(TrainPoseGpt(project=str(project), out=str(folder), config=config), "made up", folder)


def contents(folder):
    return {each.step: each.path.read_bytes() for each in run_samples.listed(folder)}


def shown(folder):
    return [run_samples.read(each.path) for each in run_samples.listed(folder)]


# ---- which steps ----------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(every=st.integers(1, 700), count=st.integers(1, 400), stop=st.integers(0, 400))
def test_that_which_snapshots_are_kept_follows_from_the_step_alone_and_stays_few(every, count, stop):
    def kept_after(folder, validations):
        for number in validations:
            step = number * every
            if folder.is_due(step, is_last=False):
                there.append(step)
            there[:] = [each for each in there if each == step or folder._is_kept(each, step)]
        return list(there)

    snapshots = Snapshots(Path("no file is touched here"), every)
    there = []
    whole = kept_after(snapshots, range(1, count + 1))
    there = []
    kept_after(snapshots, range(1, min(stop, count) + 1))
    assert kept_after(snapshots, range(min(stop, count) + 1, count + 1)) == whole
    assert 1 <= len(whole) <= MOST
    assert whole[0] == every
    gaps = set(np.diff(whole[1:]))
    assert len(gaps) <= 1  # evenly, but for the first one


def test_that_snapshots_of_a_long_run_are_thinned_on_the_disk_too(made, tmp_path):
    list(forecaster(made, tmp_path, "steps=25", "validate_every=1", "report_every=30", "samples=1"))
    steps = [each.step for each in run_samples.listed(tmp_path)]
    assert steps == [1, *range(2, 25, 2), 25]


# ---- forecasts ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def forecasts(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("forecasts") / "run"
    return folder, list(forecaster(made, folder))


def test_that_a_forecaster_shows_the_same_held_out_moments_at_every_validation(made, forecasts):
    folder, _ = forecasts
    snapshots = shown(folder)
    assert [each.step for each in snapshots] == [2, 4, 6, 8]
    validation = {made.project.clips[each].name for each in made.project.splits["split"].parts["validation"]}
    for each in snapshots:
        assert isinstance(each, run_samples.ForecastSamples)
        assert each.part == "validation"
        assert set(each.names) <= validation
        assert len(each) == 4
        assert set(each.actions) == set(ACTIONS)
        for name in ("frames", "seen_actions", "seen", "true_actions", "true", "true_visible", "scale_px"):
            assert np.array_equal(getattr(each, name), getattr(snapshots[0], name)), name
    assert not np.array_equal(snapshots[0].joints_m, snapshots[-1].joints_m)


def test_that_what_is_shown_is_what_the_checkpoint_of_that_step_forecasts(made, forecasts):
    from core.datasets.action_sequences import examples_of
    from core.models.forecaster import Forecaster
    from core.training.samples import ForecastShown

    folder, _ = forecasts
    kept = checkpoints.load(folder / "last.safetensors")
    words = kept.header
    model = Forecaster.of(kept.header.config, actions=len(words.actions), objects=len(words.objects))
    model.load_state_dict(kept.part("model"))
    examples = examples_of(made.project, made.read_tracks, kept.header.config.data, kept.header.config.seed)
    again = ForecastShown(examples, 4, kept.header.config.seed, torch.device("cpu")).of(model, 8)
    last = shown(folder)[-1]
    assert isinstance(last, run_samples.ForecastSamples)
    assert np.array_equal(again.joints_m, last.joints_m)
    assert np.array_equal(again.best, last.best)
    assert (np.diff(last.chance, axis=-1) <= 0).all()
    assert (last.joints_m[..., 1, :] == 0).all()  # the neck
    right = [last.is_right(0, at) for at in range(last.ahead)]
    assert right == [int(last.best[0, at, 0]) == int(last.true_actions[0, at]) for at in range(last.ahead)]
    error = last.error_px(0, 0)
    assert error is not None
    assert error >= 0


def test_that_samples_are_announced_after_a_steps_figures_and_before_the_end(forecasts):
    folder, events = forecasts
    made_at = [at for at, each in enumerate(events) if isinstance(each, Made) and each.what == "samples"]
    assert [events[at].path for at in made_at] == [str(each.path) for each in run_samples.listed(folder)]
    for at in made_at:
        assert not isinstance(events[at + 1], Metric) or isinstance(events[at - 1], Progress | Made)


@pytest.mark.parametrize("count", [0, 2, 16])
def test_that_a_training_learns_the_same_whatever_it_shows(made, tmp_path, forecasts, count):
    whole, events = forecasts
    other = list(forecaster(made, tmp_path, f"samples={count}"))
    assert [each for each in other if isinstance(each, Metric)] == [each for each in events if isinstance(each, Metric)]
    assert_same_weights(whole, tmp_path)
    assert len(run_samples.listed(tmp_path)) == (4 if count else 0)
    assert all(len(each) <= count for each in shown(tmp_path))


def assert_same_weights(one, other):
    ours, theirs = (checkpoints.load(each / "last.safetensors").tensors for each in (one, other))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


@pytest.mark.parametrize("stop", [3, 6])
def test_that_a_forecaster_that_was_stopped_shows_the_same_bit_for_bit(made, tmp_path, forecasts, stop):
    whole, _ = forecasts
    with closing(forecaster(made, tmp_path)) as events:
        next(each for each in events if isinstance(each, Progress) and each.done >= stop)
    later = tmp_path / run_samples.FOLDER / "step-000999.safetensors"
    later.write_bytes(b"of an attempt that went further, and was lost")
    list(forecaster(made, tmp_path))
    assert contents(tmp_path) == contents(whole)


def test_that_without_a_validation_part_the_training_part_is_shown_and_said(tmp_path):
    made = made_up(2, 8)
    parts = {"train": tuple(made.project.clips), "validation": (), "test": ()}
    project = with_parts(made.project, parts)
    config = configs.with_overrides(configs.preset("forecaster/smoke"), [*QUICK, "steps=2"])
    spec = TrainForecaster(project="", out=str(tmp_path), config=config)
    list(train_forecaster(spec, project, made.read_tracks, tmp_path, BANK))
    assert [each.part for each in shown(tmp_path)] == ["train"]


def with_parts(project, parts):
    (name, split), *_ = project.splits.items()
    return replace(project, splits={name: replace(split, parts=parts)})


# ---- motions --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def motions(motion, tmp_path_factory):
    folder = tmp_path_factory.mktemp("motions") / "run"
    return folder, list(posegpt(motion, folder))


def test_that_posegpt_shows_windows_through_its_codes_and_then_motion_it_makes(motions):
    folder, _ = motions
    snapshots = shown(folder)
    assert [each.step for each in snapshots] == [2, 4, 6, 8]
    assert [each.kind for each in snapshots] == ["reconstructed"] * 2 + ["generated"] * 2
    for each in snapshots:
        assert isinstance(each, run_samples.MotionSamples)
        assert each.part == "validation"
        assert each.skeleton == SMPL_24.name
        assert set(each.actions) <= {"walk", "sit"}
        assert len(set(each.actions[:2])) == 2  # different ones first
        assert np.array_equal(each.true, snapshots[0].true)
        assert each.true.shape == each.made.shape
        assert each.frames <= 32
        assert each.truth_of(0).frames == each.made_of(0).frames == each.frames
        turns = matrices(each.made.reshape(-1, 3).astype(float))
        assert np.allclose(turns @ turns.swapaxes(1, 2), np.eye(3), atol=1e-5)
    assert not np.array_equal(snapshots[2].made, snapshots[3].made)


def test_that_every_other_motion_goes_on_from_what_was_given(motion, tmp_path):
    list(posegpt(motion, tmp_path, "autoencoder.causality=online"))
    last = shown(tmp_path)[-1]
    assert isinstance(last, run_samples.MotionSamples)
    assert list(last.past > 0) == [False, True, False, True]
    given = int(last.past[1])
    assert 0 < given < last.frames
    # Decoded on-line, no frame of the past knows what follows: it is what the auto-encoder makes of the true past.
    auto = PoseGpt.of_checkpoint(checkpoints.load_motion_model(tmp_path / "last.safetensors")).autoencoder
    assert given % auto.factor == 0
    turns = matrices(last.true.astype(np.float64))
    numbers = torch.from_numpy(np.concatenate([turns[..., 0], turns[..., 1]], axis=-1).astype(np.float32))
    with torch.no_grad():
        said = auto(MotionTensors(numbers, torch.from_numpy(last.true_path_m))).motion.path_m.numpy()
    off = np.abs(said - last.made_path_m).max(axis=-1)
    assert (off[1::2, :given] < 1e-4).all()
    assert (off[1::2, given:].max(axis=-1) > 1e-3).all()
    assert (off[::2].max(axis=-1) > 1e-3).all()


def test_that_posegpt_learns_the_same_whatever_it_shows_with_dropout_too(motion, motions, tmp_path):
    whole, events = motions
    other = list(posegpt(motion, tmp_path, "samples=0"))
    told = [[each for each in those if isinstance(each, Metric) and each.name != "waited"] for those in (events, other)]
    assert told[0] == told[1]
    ours, theirs = (checkpoints.load_motion_model(each / "last.safetensors").tensors for each in (whole, tmp_path))
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    assert not contents(tmp_path)


@pytest.mark.parametrize("stop", [3, 6])
def test_that_posegpt_that_was_stopped_shows_the_same_bit_for_bit(motion, motions, tmp_path, stop):
    whole, _ = motions
    with closing(posegpt(motion, tmp_path)) as events:
        next(each for each in events if isinstance(each, Progress) and each.done >= stop)
    list(posegpt(motion, tmp_path))
    assert contents(tmp_path) == contents(whole)


def test_that_a_model_that_sees_whole_motions_goes_on_from_no_past(motion, tmp_path):
    list(posegpt(motion, tmp_path, "autoencoder.causality=offline"))
    last = shown(tmp_path)[-1]
    assert isinstance(last, run_samples.MotionSamples)
    assert last.kind == "generated"
    assert not last.past.any()


def test_that_the_first_step_with_samples_is_known_before_it_comes():
    for preset, overrides, first in (
        ("forecaster/smoke", ("steps=40", "validate_every=50"), 40),
        ("forecaster/smoke", ("samples=0",), 0),
        ("posegpt/smoke", ("validate_every=20",), 20),
        ("posegpt-gpt/smoke", ("gpt_training.steps=10",), 10),
    ):
        config = configs.with_overrides(configs.preset(preset), list(overrides))
        kind = TrainForecaster if preset.startswith("forecaster") else TrainPoseGpt
        assert run_samples.first_step(kind(project="p", out="o", config=config)) == first


def test_that_samples_of_one_stage_are_not_mixed_with_those_of_the_other(motions):
    folder, _ = motions
    files = run_samples.listed(folder)
    config = configs.with_overrides(configs.preset("posegpt/smoke"), [*QUICK_MOTION])
    spec = TrainPoseGpt(project="p", out=str(folder), config=config)
    assert [each.step for each in run_samples.of_last_stage(files, spec)] == [6, 8]
    assert [each.step for each in run_samples.of_last_stage(files[:2], spec)] == [2, 4]
    assert run_samples.of_last_stage((), spec) == ()

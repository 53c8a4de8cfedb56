"""Training the auto-encoder: it learns a swing, goes on bit for bit, and says how well codes are used."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core import configs
from core.geometry.differentiable import orthonormal_6d
from core.geometry.rotations import matrices
from core.models.motion_vqvae import MotionTensors, MotionVqvae
from core.training.motion_losses import pve_mm
from core.training.motion_vqvae import AutoencoderTraining

JOINTS = 24
TINY = (
    "autoencoder.layers=1,1", "autoencoder.width=24", "autoencoder.feed_forward=32", "quantizer.width=16",
    "quantizer.codes=16", "autoencoder_training.batch=4", "losses.velocity=1",
)  # fmt: skip


def _config(*overrides):
    return configs.with_overrides(configs.preset("posegpt/smoke"), [*TINY, *overrides])


def _swings(count, frames, rng, *, padded=False):
    """People whose arms swing at one of three rates, from any phase."""
    at, rate, phase = np.arange(frames) / 30, rng.choice([0.5, 1.0, 2.0], count)[:, None], rng.uniform(0, 6, (count, 1))
    vectors = np.zeros((count, frames, JOINTS, 3))
    vectors[:, :, [16, 17], 2] = 0.8 * np.sin(2 * np.pi * rate * at + phase)[..., None]
    turns = matrices(vectors)
    path = np.zeros((count, frames, 3))
    path[..., 1] = 0.9
    real = np.ones((count, frames), bool)
    if padded:
        real[0, frames // 2 :] = False
    return SimpleNamespace(
        rotations_6d=np.concatenate([turns[..., 0], turns[..., 1]], -1).astype(np.float32),
        path_m=path.astype(np.float32), real=real,
    )  # fmt: skip


class _Run:
    def __init__(self, config, *, frames=16, padded=False):
        torch.manual_seed(config.seed)
        self.model = MotionVqvae(config.autoencoder, config.quantizer, JOINTS)
        self.rng, self.kept, self.saved = np.random.default_rng(1), [], []
        batch = config.autoencoder_training.batch
        validation = [_swings(8, frames, np.random.default_rng(2), padded=padded)]
        self.training = AutoencoderTraining(
            config, self.model, lambda: _swings(batch, frames, self.rng, padded=padded), validation,
            torch.Generator().manual_seed(config.seed), torch.device("cpu"),
            lambda *said: self.kept.append(said), self.saved.append,
        )  # fmt: skip

    def steps(self, count):
        return [self.training.take_step(look=True)["loss"].item() for _ in range(count)]


@pytest.mark.parametrize("padded", [False, True])
def test_that_a_step_and_a_validation_say_what_the_curves_show(padded):
    run = _Run(_config(), padded=padded)
    assert set(run.training.take_step(look=False)) == {"loss"}
    measured = run.training.take_step(look=True)
    assert set(measured) == {
        "loss", "loss/rotations", "loss/root", "loss/path", "loss/vertices", "loss/velocity", "loss/quantizer",
        "train/usage", "train/perplexity",
    }  # fmt: skip
    figures = run.training.validate(2)
    assert set(figures) == {
        "validation/pve_mm", "validation/loss", "validation/usage", "validation/perplexity",
        "validation/perplexity/book 1", "validation/perplexity/book 2",
    }  # fmt: skip
    assert run.kept == [(2, -figures["validation/pve_mm"], figures)]
    assert 1 <= figures["validation/perplexity"] <= 16
    run.training.save(2)
    assert run.saved == [2]


def test_that_without_validation_windows_nothing_is_scored():
    run = _Run(_config())
    run.training._validation = []
    assert run.training.validate(1) == {}
    assert run.kept == [(1, None, {})]


def test_that_validating_changes_neither_the_model_nor_what_comes_next():
    plain, watched = _Run(_config("autoencoder.dropout=0.1")), _Run(_config("autoencoder.dropout=0.1"))
    losses = plain.steps(4)
    seen = watched.steps(2)
    assert watched.training.validate(2) == watched.training.validate(2)
    assert seen + watched.steps(2) == losses


@pytest.mark.parametrize("update", ["gradient", "running means"])
def test_that_going_on_gives_the_same_bits_as_one_go(update):
    config = _config(f"quantizer.update={update}", "autoencoder.dropout=0.1")
    whole = _Run(config).steps(6)
    first = _Run(config)
    begun = first.steps(3)
    kept, weights = first.training.state(), {name: each.clone() for name, each in first.model.state_dict().items()}
    second = _Run(config)
    second.rng = first.rng
    second.model.load_state_dict(weights)
    second.training.take_up(3, kept)
    assert begun + second.steps(3) == whole


def test_that_training_leaves_torchs_own_stream_as_it_was():
    run = _Run(_config("autoencoder.dropout=0.1"))
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    run.steps(2)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.slow
@pytest.mark.parametrize("update", ["gradient", "running means"])
def test_that_a_tiny_model_learns_to_swing_through_its_codes(update):
    config = _config(
        f"quantizer.update={update}", "autoencoder_training.steps=40", "autoencoder_training.batch=16",
        "autoencoder_training.schedule=constant", "losses.velocity=0",
    )  # fmt: skip
    run = _Run(config)
    motion, real = run.training._put(_swings(64, 16, np.random.default_rng(3)))
    run.model.standardise(motion, real)
    run.steps(40)
    figures = run.training.validate(40)
    # Only the arms move. A model that holds them as they are on average is as far off as this:
    assert figures["validation/pve_mm"] < 0.4 * _still_mm(run)
    assert figures["validation/perplexity"] > 2


def _still_mm(run):
    """What holding the average pose would be off by."""
    motion, _ = run.training._validation[0]
    mean = motion.rotations_6d.mean((0, 1), keepdim=True).expand_as(motion.rotations_6d)
    still = MotionTensors(orthonormal_6d(mean), motion.path_m)
    return pve_mm(run.training._measure, still, motion).mean().item()

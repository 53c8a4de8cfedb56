"""No step of a training waits for its device, and the loop does only where it reports."""

import numpy as np
import pytest
import torch

from core.training import loop
from core.training.loop import fetched
from core.training.motion_gpt import GptTraining
from tests.core.training.test_loop import Counting
from tests.core.training.test_motion_gpt_training import _batch as gpt_batch
from tests.core.training.test_motion_gpt_training import _config as gpt_config
from tests.core.training.test_motion_gpt_training import _model as gpt_model
from tests.core.training.test_motion_vqvae import _config as autoencoder_config
from tests.core.training.test_motion_vqvae import _Run as AutoencoderRun
from tests.core.training.unlooked import Unlooked, unlooked


def test_that_the_watch_over_steps_sees_what_waits(monkeypatch):
    for wait in (lambda x: x.sum().item(), lambda x: x[x > 0], lambda x: bool(x[0] > 0), lambda x: x.nonzero()):
        with pytest.raises(AssertionError), Unlooked():
            wait(torch.arange(3.0))
    for name in ("tolist", "numpy", "cpu"):
        with pytest.raises(AssertionError, match="looked at a value"), unlooked(monkeypatch):
            getattr(torch.arange(3.0), name)()


def _gpt(parts):
    config = gpt_config("gpt.dropout=0.2", "gpt_training.clip_gradient=1")
    random = torch.Generator().manual_seed(3)
    batches = iter([gpt_batch(random) for _ in range(3)])
    training = GptTraining(
        config, gpt_model(config), batches.__next__, (), random, torch.device("cpu"), lambda *_: None, lambda _: None
    )
    training.division.parts = parts
    return training


def _autoencoder(padded):
    words = ("autoencoder.dropout=0.1", "autoencoder_training.clip_gradient=1")
    return AutoencoderRun(autoencoder_config(*words), padded=padded).training


@pytest.mark.parametrize("make", [
    pytest.param(lambda: _autoencoder(False), id="auto-encoder"),
    pytest.param(lambda: _autoencoder(True), id="auto-encoder, padded"),
    pytest.param(lambda: _gpt(1), id="GPT"),
    pytest.param(lambda: _gpt(3), id="GPT, in parts"),
])  # fmt: skip
def test_that_no_step_of_a_motion_model_waits_for_a_value_of_the_device(make, monkeypatch):
    recipe = make()
    recipe.take_step(look=True)  # what is done once may wait
    with unlooked(monkeypatch):
        recipe.take_step(look=False)
        measured = recipe.take_step(look=True)
    assert np.isfinite(list(fetched(measured).values())).all()


def test_that_the_loop_fetches_values_once_a_report_and_never_between(monkeypatch):
    fetched_at = []
    recipe = Counting()
    real = torch.Tensor.tolist

    def tolist(values):
        fetched_at.append(recipe.count)
        return real(values)

    monkeypatch.setattr(torch.Tensor, "tolist", tolist)
    with Unlooked():
        list(loop.train(recipe, done=0, steps=24, report_every=6, validate_every=8))
    assert fetched_at == [6, 8, 12, 16, 18, 24]

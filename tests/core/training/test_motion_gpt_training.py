"""The GPT's recipe: what a step does, what validation says, and going on with the same bits."""

import math
from itertools import pairwise

import pytest
import torch

from core.knobs import with_overrides
from core.models.motion_gpt import MotionGpt
from core.posegpt_configs import StageTraining, smoke
from core.training.descent import Descent, rate
from core.training.motion_gpt import CodeBatch, GptTraining

BOOKS, CODES, TOKENS = 2, 8, 12


def _config(*words):
    return with_overrides(smoke(), ["gpt.dropout=0.1", "gpt_training.steps=200", *words])


def _model(config):
    torch.manual_seed(1)
    return MotionGpt(config.gpt, books=BOOKS, codes=CODES, actions=2, most_tokens=TOKENS, most_frames=4 * TOKENS)


def _batch(random, rows=16, padded=True):
    """Action 0 counts up in both books, action 1 down; where they begin is chance."""
    action = torch.randint(0, 2, (rows,), generator=random)
    begin = torch.randint(0, CODES, (rows, 1, BOOKS), generator=random)
    codes = (begin + (1 - 2 * action[:, None, None]) * torch.arange(TOKENS)[:, None]) % CODES
    length = torch.randint(3, TOKENS + 1, (rows,), generator=random) if padded else torch.full((rows,), TOKENS)
    real = torch.arange(TOKENS) < length[:, None]
    return CodeBatch(codes, real, torch.nn.functional.one_hot(action, 2).float(), 4 * length)


def _training(config, model, seed=0, kept=None, validation=()):
    random = torch.Generator().manual_seed(seed)
    kept = [] if kept is None else kept
    return GptTraining(
        config, model, lambda: _batch(random), validation, random, torch.device("cpu"),
        lambda *said: kept.append(said), lambda step: None,
    )  # fmt: skip


def _weights(model):
    return torch.cat([each.flatten() for each in model.state_dict().values()])


@pytest.mark.slow
def test_that_a_rule_of_the_codes_is_learned_until_only_chance_costs_bits():
    config = _config("gpt_training.learning_rate=0.005", "gpt.dropout=0.0")
    model = _model(config)
    random = torch.Generator().manual_seed(5)
    training = _training(config, model, validation=[_batch(random, padded=False)])
    for _ in range(200):
        training.take_step(look=False)
    figures = training.validate(200)
    # Only the first token is chance: three bits a code there, none later.
    assert figures["validation/bits"] == pytest.approx(3.0 / TOKENS, abs=0.06)
    assert figures["validation/accuracy"] > 1 - 1 / TOKENS


def test_that_what_stands_in_the_padding_changes_no_step():
    config = _config("gpt.dropout=0.0")
    batch = _batch(torch.Generator().manual_seed(0))
    other = CodeBatch(torch.where(batch.real[..., None], batch.codes, 7), batch.real, batch.labels, batch.frames)
    assert not torch.equal(batch.codes, other.codes)
    ends = []
    for each in (batch, other):
        model = _model(config)
        random = torch.Generator().manual_seed(0)
        training = GptTraining(
            config, model, lambda each=each: each, [each], random, torch.device("cpu"), lambda *_: None, lambda _: None
        )
        training.take_step(look=False)
        ends.append((_weights(model), training.validate(1)["validation/bits"]))
    assert torch.equal(ends[0][0], ends[1][0])
    assert ends[0][1] == ends[1][1]


def test_that_validation_bits_are_the_mean_over_codes_however_windows_are_batched():
    config = _config()
    model = _model(config)
    whole = _batch(torch.Generator().manual_seed(2), rows=9)
    parts = [
        CodeBatch(whole.codes[rows], whole.real[rows], whole.labels[rows], whole.frames[rows])
        for rows in (slice(0, 2), slice(2, 9))
    ]
    together = _training(config, model, validation=[whole]).validate(1)
    apart = _training(config, model, validation=parts).validate(1)
    assert together == pytest.approx(apart, rel=1e-6)
    model.eval()
    exact = model.log_probabilities(whole.codes, whole.labels, whole.frames)[whole.real].mean().item()
    assert together["validation/bits"] == pytest.approx(-exact / math.log(2), rel=1e-5)
    assert together["validation/bits_a_second"] == pytest.approx(together["validation/bits"] * BOOKS * 30 / 4)


def test_that_the_score_kept_is_greater_where_fewer_bits_are_needed():
    kept = []
    config = _config()
    training = _training(config, _model(config), kept=kept, validation=[_batch(torch.Generator().manual_seed(3))])
    figures = training.validate(7)
    assert kept == [(7, -figures["validation/bits"], figures)]


def test_that_without_validation_windows_there_is_no_score():
    kept = []
    config = _config()
    assert _training(config, _model(config), kept=kept).validate(7) == {}
    assert kept == [(7, None, {})]


def test_that_a_run_that_goes_on_takes_the_very_same_steps():
    config = _config()
    whole = _model(config)
    training = _training(config, whole)
    for _ in range(6):
        training.take_step(look=False)

    first = _model(config)
    training = _training(config, first)
    for _ in range(3):
        training.take_step(look=True)
    weights, state = first.state_dict(), training.state()
    second = _model(config)
    second.load_state_dict(weights)
    training = _training(config, second, seed=99)
    training.take_up(3, state)
    for _ in range(3):
        training.take_step(look=False)
    assert torch.equal(_weights(whole), _weights(second))


def test_that_torchs_own_stream_of_chance_is_left_as_it_was():
    config = _config()
    model = _model(config)
    before = torch.random.get_rng_state()
    _training(config, model).take_step(look=True)
    assert torch.equal(before, torch.random.get_rng_state())


def test_that_the_rate_climbs_then_falls_to_a_hundredth():
    config = StageTraining(steps=1000, learning_rate=2.0, schedule="cosine")
    rates = [rate(config, step) for step in range(1, 1001)]
    assert rates[0] == pytest.approx(2.0 / 50)
    assert max(rates) == rates[49] == 2.0
    assert all(a > b for a, b in pairwise(rates[49:]))
    assert rates[-1] == pytest.approx(0.02)
    assert rate(StageTraining(schedule="constant", learning_rate=0.5), 3) == 0.5


def test_that_no_step_is_longer_than_the_largest_gradient_allows():
    layer = torch.nn.Linear(3, 2)
    descent = Descent(layer, StageTraining(clip_gradient=0.5), "float32", torch.device("cpu"), torch.Generator())
    descent.step(1000 * layer(torch.ones(1, 3)).square().sum())
    norm = torch.stack([each.grad.norm() for each in layer.parameters() if each.grad is not None]).norm()
    assert norm.item() == pytest.approx(0.5, rel=1e-3)


def test_that_vectors_do_not_decay_and_matrices_do():
    layer = torch.nn.Linear(3, 2)
    torch.nn.init.ones_(layer.bias)
    weight = layer.weight.detach().clone()
    config = StageTraining(weight_decay=0.5, learning_rate=0.1, schedule="constant")
    Descent(layer, config, "float32", torch.device("cpu"), torch.Generator()).step(0 * layer(torch.ones(1, 3)).sum())
    assert torch.equal(layer.bias, torch.ones(2))
    assert torch.allclose(layer.weight, weight * 0.95)

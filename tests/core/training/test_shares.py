"""A batch that is cut into pieces gives the losses and the gradients of the whole one."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import configs
from core.datasets.action_sequences import examples_of
from core.datasets.pose_bank import PoseBank
from core.models import checkpoints, rows
from core.models.rows import Piece
from core.runs import Divided, Metric, TrainForecaster
from core.training import shares
from core.training.distributed import Workers
from core.training.forecaster import ForecasterRecipe, train_forecaster
from core.training.shares import Division, OutOfMemoryError
from tests.core.made_up_project import bank_poses, made_up
from tests.core.training.test_motion_gpt_training import _batch as gpt_batch
from tests.core.training.test_motion_gpt_training import _config as gpt_config
from tests.core.training.test_motion_gpt_training import _model as gpt_model
from tests.core.training.test_motion_gpt_training import _training as gpt_training
from tests.core.training.test_motion_vqvae import _config as autoencoder_config
from tests.core.training.test_motion_vqvae import _Run as AutoencoderRun

BANK = PoseBank(bank_poses(300), "made up")
SMALL = (
    "optimiser.batch=7", "data.past_steps=4", "data.future_steps=3", "critic.psi_width=16", "critic.joint_width=16",
    "network.pose_width=24", "network.latent=24", "network.dropout=0.2", "device=cpu", "samples=0", "unroll=3",
)  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return made_up(8, 8)


def _forecaster(made, folder, *overrides, preset="forecaster/smoke"):
    config = configs.with_overrides(configs.preset(preset), [*SMALL, *overrides])
    assert isinstance(config, configs.Forecaster)
    examples = examples_of(made.project, made.read_tracks, config.data)
    spec = TrainForecaster(project="", out=str(folder), config=config)
    return ForecasterRecipe(spec, "made up", examples, BANK, folder)


def _measured(recipe, steps):
    return [{name: each.item() for name, each in recipe.take_step(look=True).items()} for _ in range(steps)]


def _assert_alike(one, other, but=()):
    """Every loss to 1e-5 of itself, or of the whole loss that it is a term of."""
    for step, (whole, parts) in enumerate(zip(one, other, strict=True), 1):
        assert whole.keys() == parts.keys()
        near = 1e-5 * max(abs(whole["loss"]), 1.0)
        for name, value in whole.items():
            if name in but:
                continue
            if not name.startswith("gradient/"):
                assert parts[name] == pytest.approx(value, rel=1e-5, abs=near), (step, name)
            else:  # beside a loss, what is told of how hard it pulls
                assert parts[name] == pytest.approx(value, rel=1e-3, abs=1e-4), (step, name)


FORECASTERS = {
    "flat": ("forecaster/smoke", ()),
    "told": ("forecaster/smoke", ("network.counting=true", "network.pose_from_action=true")),
    "clipped": ("forecaster/smoke", ("critic.kind=clip", "critic.steps=2", "optimiser.clip_gradient=1")),
    "recurrent": ("forecaster/recommended", ("critic.joins_at=0", "optimiser.schedule=constant")),
    "futures": ("forecaster/futures", ("critic.joins_at=0", "optimiser.schedule=constant")),
}


@pytest.mark.slow
def test_that_parts_of_a_forecasters_batch_give_the_losses_of_the_whole_one(made, tmp_path):
    whole = _measured(_forecaster(made, tmp_path / "whole"), 20)
    parts = _measured(_forecaster(made, tmp_path / "parts", "optimiser.parts=3"), 20)
    assert "critic" in whole[-1]
    _assert_alike(whole, parts)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORECASTERS)
def test_that_every_step_in_parts_has_the_losses_and_gradients_of_the_whole_one(made, tmp_path, kind):
    # Each from the same state: rounding grows from step to step where a critic is clipped or the nearest draw taught.
    preset, overrides = FORECASTERS[kind]
    whole = _forecaster(made, tmp_path / "whole", "optimiser.batch=8", *overrides, preset=preset)
    parts = _forecaster(made, tmp_path / "parts", "optimiser.batch=8", "optimiser.parts=3", *overrides, preset=preset)
    for step in range(1, 9):
        whole.save(step - 1)
        parts._take(checkpoints.load(tmp_path / "whole" / "last.safetensors"))
        # A critic's scores have no zero: where a unit of it is open for every pose, its bias moves them all, the bias's
        # gradient is nothing but rounding, and Adam takes whole steps by it. What the critic teaches is the same.
        _assert_alike(_measured(whole, 1), _measured(parts, 1), but=("loss", "loss/adversarial"))
        for one, other in zip(whole._model.parameters(), parts._model.parameters(), strict=True):
            assert (one.grad is None) == (other.grad is None)
            if one.grad is not None:
                torch.testing.assert_close(other.grad, one.grad, rtol=1e-3, atol=1e-5 * float(one.grad.abs().max()))


def _autoencoder(parts, *overrides, padded=True):
    run = AutoencoderRun(autoencoder_config("autoencoder_training.batch=7", *overrides), padded=padded)
    run.training.division.parts = parts
    return run


@pytest.mark.slow
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("overrides", [
    ("autoencoder.dropout=0.1",),
    ("autoencoder.causality=offline", "losses.parameter_kind=l2", "losses.vertices_about=world"),
])  # fmt: skip
def test_that_parts_of_an_auto_encoders_batch_give_the_losses_of_the_whole_one(overrides, padded):
    # A seed with which no latent comes to lie between two codes, where rounding would decide.
    whole, parts = (_measured(_autoencoder(each, *overrides, "seed=1", padded=padded).training, 20) for each in (1, 3))
    _assert_alike(whole, parts)


@pytest.mark.slow
@pytest.mark.parametrize("padded", [False, True])
def test_that_codes_that_learn_by_gradients_do_so_in_parts(padded):
    whole, parts = (_autoencoder(each, "quantizer.update=gradient", padded=padded) for each in (1, 3))
    for _ in range(6):  # each step from the same state: rounding may decide between two codes that are equally near
        parts.model.load_state_dict(whole.model.state_dict())
        _assert_alike(_measured(whole.training, 1), _measured(parts.training, 1))


@pytest.mark.slow
def test_that_codes_that_die_are_moved_in_parts_to_where_the_whole_batch_moves_them():
    ends = []
    for parts in (1, 2, 7):
        run = _autoencoder(parts)
        quantizer = run.model.quantizer
        _measured(run.training, 2)
        quantizer.idle.fill_(1e6)  # every one of them is to be moved at the next step
        before = quantizer.codebooks.clone()
        _measured(run.training, 1)
        assert not torch.isclose(quantizer.codebooks, before).all(-1).any()
        ends.append(quantizer.codebooks.clone())
    torch.testing.assert_close(ends[1], ends[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ends[2], ends[0], rtol=1e-4, atol=1e-5)


def _gpt(parts, *overrides):
    config = gpt_config("gpt.dropout=0.2", *overrides)
    training = gpt_training(config, gpt_model(config))
    training.division.parts = parts
    return training


@pytest.mark.slow
def test_that_parts_of_a_gpts_batch_give_the_losses_of_the_whole_one():
    whole, parts = (_measured(_gpt(each), 20) for each in (1, 5))
    _assert_alike(whole, parts)


def test_that_a_step_in_parts_still_knows_its_whole_batch():
    ends = []
    for parts in (1, 3):
        training = _gpt(parts)
        training.take_step(look=True)
        assert training.drawn is not None
        ends.append(training.drawn)
    for one, other in zip(*(vars(each).values() for each in ends), strict=True):
        assert torch.equal(one, other)


# ---- how a batch is cut ---------------------------------------------------------------------------------------------


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 9))
@settings(deadline=None)
def test_that_pieces_of_all_workers_are_the_batch_and_none_is_empty(spare, workers, parts):
    count = workers + spare - 1
    pieces = [
        piece or Piece(0, count, count)
        for rank in range(workers)
        for piece in Division(Workers(rank, workers), parts).pieces(count)
    ]
    assert [row for piece in pieces for row in range(piece.first, piece.end)] == list(range(count))
    assert all(piece.own for piece in pieces)


@given(st.integers(1, 9), st.integers(1, 3), st.integers(1, 3), st.data())
@settings(deadline=None)
def test_that_what_pieces_draw_is_what_the_whole_batch_draws(count, of_each, groups, data):
    def draw(shape_rows):
        random = torch.Generator().manual_seed(3)
        return rows.drawn(torch.rand, groups * shape_rows * of_each, 2, generator=random, groups=groups)

    cut = data.draw(st.integers(0, count))
    whole = draw(count).unflatten(0, (groups, -1))
    parts = []
    for piece in (Piece(0, cut, count), Piece(cut, count, count)):
        if piece.own:
            with rows.only(piece):
                parts.append(draw(piece.own).unflatten(0, (groups, -1)))
    assert torch.equal(torch.cat(parts, dim=1), whole)


@given(st.integers(2, 9), st.sampled_from([0.1, 0.5]), st.data())
@settings(deadline=None)
def test_that_dropout_hides_of_a_piece_what_it_hides_of_the_batch(count, share, data):
    cut = data.draw(st.integers(1, count - 1))
    features = torch.rand(count, 3, 4)
    torch.manual_seed(1)
    whole = torch.nn.functional.dropout(features, share)
    layer = rows.Dropout(share)
    for piece in (Piece(0, cut, count), Piece(cut, count, count)):
        torch.manual_seed(1)
        with rows.only(piece):
            torch.testing.assert_close(layer(features[piece.slice]), whole[piece.slice])


def test_that_a_batch_smaller_than_its_workers_is_refused_in_words():
    with pytest.raises(shares.RunError, match="A batch of 2 cannot be shared by 3 workers"):
        Division(Workers(0, 3)).pieces(2)


# ---- memory that runs out -------------------------------------------------------------------------------------------


def _raises_above(monkeypatch, owner, name, most):
    """Let a model's method run out of memory above so many rows, as a card does: late, when much is computed."""
    real = getattr(owner, name)

    def limited(self, first, *others, **named):
        said = real(self, first, *others, **named)
        if len(getattr(first, "path_m", first)) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return said

    monkeypatch.setattr(owner, name, limited)


def test_that_a_step_that_does_not_fit_is_taken_in_parts_to_the_same_losses(made, tmp_path, monkeypatch):
    from core.models.forecaster import Forecaster

    plain = _measured(_forecaster(made, tmp_path / "whole"), 6)
    recipe = _forecaster(made, tmp_path / "short")
    begun = _measured(recipe, 2)
    _raises_above(monkeypatch, Forecaster, "encode", 2)
    _assert_alike(plain, begun + _measured(recipe, 4))
    assert recipe.division.news == [Divided(4, 2), Divided(2, 4)]
    assert recipe.division.parts == 4


def test_that_a_run_says_that_it_was_divided_and_where_nothing_fits_what_to_do(made, tmp_path, monkeypatch):
    from core.models.forecaster import Forecaster

    config = configs.with_overrides(configs.smoke(), [*SMALL, "steps=4", "validate_every=2", "report_every=1"])
    spec = TrainForecaster(project="", out=str(tmp_path), config=config)
    _raises_above(monkeypatch, Forecaster, "encode", 4)
    events = list(train_forecaster(spec, made.project, made.read_tracks, tmp_path, BANK))
    said = [each for each in events if isinstance(each, Divided)]
    assert said == [Divided(4, 2)]
    assert events.index(said[0]) < next(at for at, each in enumerate(events) if isinstance(each, Metric))
    _raises_above(monkeypatch, Forecaster, "encode", 0)
    with pytest.raises(OutOfMemoryError, match="Not even one row") as refused:
        list(train_forecaster(spec, made.project, made.read_tracks, tmp_path / "none", BANK))
    assert refused.value.reason == "out-of-memory"
    assert not (tmp_path / "none" / "last.safetensors").exists()


def test_that_nothing_of_an_auto_encoders_step_that_did_not_fit_is_kept(monkeypatch):
    from core.models.motion_vqvae import MotionVqvae

    plain = _measured(_autoencoder(1).training, 6)
    run = _autoencoder(1)
    begun = _measured(run.training, 2)
    _raises_above(monkeypatch, MotionVqvae, "forward", 3)  # after the running means took the batch in
    _assert_alike(plain, begun + _measured(run.training, 4))
    assert run.training.division.parts == 4


def test_that_what_is_no_lack_of_memory_is_raised_as_it_is():
    def fail(_):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        Division().take(4, fail, lambda: lambda: None)
    for lack in ("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes", "CUDA out of memory."):
        assert shares.is_out_of_memory(RuntimeError(lack))
    assert shares.is_out_of_memory(MemoryError())


def test_that_validation_windows_that_do_not_fit_are_measured_in_halves(monkeypatch):
    from core.models.motion_gpt import MotionGpt
    from core.models.motion_vqvae import MotionVqvae

    run = _autoencoder(1)
    whole = run.training.validate(1)
    _raises_above(monkeypatch, MotionVqvae, "forward", 3)
    smaller = run.training.validate(1)
    assert len(run.training._validation) == 4
    assert smaller["validation/pve_mm"] == pytest.approx(whole["validation/pve_mm"], rel=1e-5)

    training = gpt_training(
        config := gpt_config(), gpt_model(config), validation=[gpt_batch(torch.Generator().manual_seed(2))]
    )
    whole = training.validate(1)
    _raises_above(monkeypatch, MotionGpt, "forward", 5)
    assert training.validate(1) == pytest.approx(whole, rel=1e-5)
    _raises_above(monkeypatch, MotionGpt, "forward", 0)
    with pytest.raises(OutOfMemoryError, match="validated on"):
        training.validate(1)

"""The auto-encoder: strict causality for every factor, lengths that change nothing, and where its motion stands."""

import numpy as np
import pytest
import torch

from core.datasets.motion_windows import at_origin
from core.errors import RunError
from core.geometry.differentiable import matrices_of_6d, of_matrices_6d, orthonormal_6d
from core.geometry.rotations import matrices
from core.models.motion_vqvae import MotionTensors, MotionVqvae
from core.posegpt_configs import MotionVqvae as Knobs
from core.posegpt_configs import ProductQuantizer

JOINTS = 5
LAYERS = {1: "2", 2: "1,1", 4: "1,1", 8: "1,1,1"}


def _model(factor=4, *, causality="past", root_input="deltas", positions="once", update="gradient", seed=0, **knobs):
    torch.manual_seed(seed)
    config = Knobs(
        layers=knobs.pop("layers", LAYERS[factor]), width=16, heads=2, feed_forward=24, downsampling=factor,
        causality=causality, root_input=root_input, positions=positions, **knobs,
    )  # fmt: skip
    return MotionVqvae(config, ProductQuantizer(books=2, codes=32, width=8, update=update), JOINTS).eval()


def _motion(batch=2, frames=24, seed=1):
    rng = np.random.default_rng(seed)
    turns = matrices(rng.normal(0, 0.5, (batch, frames, JOINTS, 3)))
    path = rng.normal(0, 0.05, (batch, frames, 3)).cumsum(1) + np.array([0.0, 0.9, 0.0])
    return MotionTensors(of_matrices_6d(torch.tensor(turns)).float(), torch.tensor(path).float())


def _changed(motion, frame):
    rotations, path = motion.rotations_6d.clone(), motion.path_m.clone()
    rotations[:, frame] = orthonormal_6d(torch.randn(rotations[:, frame].shape))
    path[:, frame] += torch.randn(path[:, frame].shape)
    return MotionTensors(rotations, path)


def _apart(one, other):
    """By how much each token or frame of two tensors differs."""
    return (one - other).abs().flatten(2).amax((0, 2))


FACTORS = pytest.mark.parametrize("factor", [1, 2, 4, 8])
CAUSAL = pytest.mark.parametrize("causality", ["past", "online"])
ROOTS = pytest.mark.parametrize("root_input", ["absolute", "deltas"])


@FACTORS
@CAUSAL
@ROOTS
@pytest.mark.parametrize("positions", ["once", "every layer"])
def test_that_a_frame_changes_no_earlier_token(factor, causality, root_input, positions):
    model, motion = _model(factor, causality=causality, root_input=root_input, positions=positions), _motion()
    latents, codes = model.latents(motion, None), model.encode(motion)
    for frame in (0, 1, 6, 7, 8, 9, 15, 23):  # both sides of every factor's edges
        changed = _changed(motion, frame)
        apart = _apart(model.latents(changed, None), latents)
        assert torch.all(apart[: frame // factor] == 0)
        assert apart[frame // factor] > 1e-4  # and it does change its own
        assert torch.equal(model.encode(changed)[:, : frame // factor], codes[:, : frame // factor])


@FACTORS
@ROOTS
def test_that_on_line_a_token_changes_no_earlier_frame(factor, root_input):
    model = _model(factor, causality="online", root_input=root_input)
    codes = model.encode(_motion())
    whole = model.decode(codes)
    for token in range(codes.shape[1]):
        changed = codes.clone()
        changed[:, token] = (changed[:, token] + 1) % model.codes
        other = model.decode(changed)
        for one, two in ((whole.rotations_6d, other.rotations_6d), (whole.path_m, other.path_m)):
            apart = _apart(one, two)
            assert torch.all(apart[: token * factor] == 0)
            assert apart[token * factor] > 1e-6


@FACTORS
@pytest.mark.parametrize(("causality", "strict"), [("past", True), ("online", True), ("offline", False)])
def test_that_no_gradient_flows_from_a_token_to_a_later_frame(factor, causality, strict):
    model, motion = _model(factor, causality=causality), _motion(batch=1)
    turns = motion.rotations_6d.requires_grad_()
    for token in range(0, 24 // factor - 1, 2):
        latents = model.latents(MotionTensors(turns, motion.path_m), None)
        (pull,) = torch.autograd.grad(latents[0, token].abs().sum(), turns)
        assert pull[0, token * factor].abs().sum() > 0
        assert bool((pull[0, (token + 1) * factor :] == 0).all()) is strict


@FACTORS
@pytest.mark.parametrize(("causality", "strict"), [("past", False), ("online", True), ("offline", False)])
def test_that_only_on_line_frames_do_not_feel_later_tokens(factor, causality, strict):
    model = _model(factor, causality=causality)
    latents = torch.randn(1, 24 // factor, 8, requires_grad=True)
    (pull,) = torch.autograd.grad(model.motion_of(latents, None).rotations_6d[0, factor].sum(), latents)
    assert pull[0, 1].abs().sum() > 0
    assert bool((pull[0, 2:] == 0).all()) is strict


def test_that_what_sees_everything_is_not_causal():
    """The perturbations above do find a leak where there is one."""
    model, motion = _model(4, causality="offline"), _motion()
    assert _apart(model.latents(_changed(motion, 23), None), model.latents(motion, None))[0] > 1e-4
    past = _model(4, causality="past")
    codes = past.encode(motion)
    changed = codes.clone()
    changed[:, -1] = (changed[:, -1] + 1) % past.codes
    assert _apart(past.decode(codes).rotations_6d, past.decode(changed).rotations_6d)[0] > 1e-6


@FACTORS
@pytest.mark.parametrize("causality", ["offline", "past", "online"])
@pytest.mark.parametrize("length", [1, 7, 16, 19])
def test_that_frames_after_the_end_change_nothing(factor, causality, length):
    model, motion = _model(factor, causality=causality), _motion(frames=21)
    real = torch.arange(21) < torch.tensor([[21], [length]])
    rotations, path = motion.rotations_6d.clone(), motion.path_m.clone()
    rotations[1, length:], path[1, length:] = torch.nan, torch.nan
    alone = MotionTensors(motion.rotations_6d[1:, :length], motion.path_m[1:, :length])
    padded, bare = model(MotionTensors(rotations, path), real), model(alone)
    tokens = model.tokens(length)
    assert torch.equal(padded.codes[1, :tokens], bare.codes[0])
    assert padded.real_tokens[1].tolist() == [True] * tokens + [False] * (model.tokens(21) - tokens)
    back = padded.motion[:length]
    torch.testing.assert_close(back.rotations_6d[1:], bare.motion.rotations_6d, atol=1e-5, rtol=0)
    torch.testing.assert_close(back.path_m[1:], bare.motion.path_m, atol=1e-5, rtol=0)
    first = model(MotionTensors(motion.rotations_6d[:1], motion.path_m[:1]))
    mean = (padded.real_tokens.sum(1) * torch.stack([first.quantizer_loss, bare.quantizer_loss])).sum()
    torch.testing.assert_close(padded.quantizer_loss, mean / padded.real_tokens.sum(), atol=1e-5, rtol=0)
    mask = padded.real_tokens
    torch.testing.assert_close(
        model.decode(padded.codes, mask).rotations_6d[1, :length], bare.motion.rotations_6d[0], atol=1e-5, rtol=0
    )


def test_that_running_means_do_not_hear_of_padding():
    states = []
    for wild in (False, True):
        model, motion = _model(4, update="running means").train(), _motion()
        real = torch.arange(24) < torch.tensor([[24], [10]])
        if wild:
            motion.rotations_6d[1, 10:] = 1e3
        model(motion, real, torch.Generator().manual_seed(0))
        states.append(dict(model.quantizer.state_dict()))
    torch.testing.assert_close(states[0], states[1], atol=1e-7, rtol=0)


@FACTORS
def test_that_a_length_that_is_no_multiple_repeats_its_last_frame(factor):
    model, motion = _model(factor), _motion(frames=13)
    whole = model.tokens(13) * factor
    at = torch.arange(whole).clamp_max(12)
    held = MotionTensors(motion.rotations_6d[:, at], motion.path_m[:, at])
    assert torch.equal(model.encode(motion), model.encode(held))
    assert model.decode(model.encode(motion)).path_m.shape[1] == whole
    assert model(motion).motion.path_m.shape[1] == 13


def test_that_with_deltas_the_place_in_the_room_changes_no_code_and_the_height_does():
    model, motion = _model(4), _motion()
    aside = MotionTensors(motion.rotations_6d, motion.path_m + torch.tensor([3.0, 0.0, -2.0]))
    torch.testing.assert_close(model.latents(aside, None), model.latents(motion, None), atol=1e-4, rtol=0)
    higher = MotionTensors(motion.rotations_6d, motion.path_m + torch.tensor([0.0, 0.5, 0.0]))
    assert _apart(model.latents(higher, None), model.latents(motion, None)).min() > 1e-3
    absolute = _model(4, root_input="absolute")
    assert _apart(absolute.latents(aside, None), absolute.latents(motion, None)).min() > 1e-3


def test_that_with_deltas_motion_begins_with_the_root_over_the_origin():
    model = _model(4)
    path_m = model.decode(model.encode(_motion())).path_m.detach().numpy()
    turns = np.tile(np.eye(3, dtype=np.float32), (2, 24, JOINTS, 1, 1))
    put = at_origin(turns[0], np.array([[1.0, 0.9, 2.0]] * 24, np.float32))[1]
    np.testing.assert_allclose(path_m[:, 0, [0, 2]], [put[0, [0, 2]]] * 2, atol=1e-6)


@ROOTS
def test_that_the_path_is_its_steps_summed_up(root_input):
    model = _model(2, root_input=root_input)
    model.short_out = None
    with torch.no_grad():
        for each in (model.to_root.out, model.to_root.straight):
            each.weight.zero_()
            each.bias.zero_()
        outputs = [0.3, 0.6, -0.9] if root_input == "absolute" else [0.3, 0.6, -0.9, 1.1]
        model.to_root.out.bias.copy_(torch.tensor(outputs))
    path_m = model.decode(model.encode(_motion())).path_m[0]
    step = torch.tensor([0.3, 0.6, -0.9]) / 30  # m/s at 30 frames a second
    first = torch.tensor([0.3, 0.6, -0.9]) if root_input == "absolute" else model.origin_m + torch.tensor([0, 1.1, 0])
    torch.testing.assert_close(path_m, first + torch.arange(24)[:, None] * step, atol=1e-5, rtol=0)


def test_that_standardised_features_have_no_mean_and_spread_one():
    model, motion = _model(2), _motion(batch=4)
    model.standardise(motion)
    features = (model._features(motion) - model.feature_mean) / model.feature_spread
    torch.testing.assert_close(features.mean((0, 1)), torch.zeros(features.shape[2]), atol=1e-4, rtol=0)
    torch.testing.assert_close(features.flatten(0, 1).std(0), torch.ones(features.shape[2]), atol=1e-4, rtol=0)


def test_that_padding_does_not_count_for_the_spread_of_features():
    one, other, motion = _model(2), _model(2), _motion(batch=2)
    real = torch.arange(24) < torch.tensor([[24], [10]])
    one.standardise(motion, real)
    alone = torch.cat([other._features(motion[:24])[0], other._features(motion[:10])[1]])
    torch.testing.assert_close(one.feature_mean, alone.mean(0), atol=1e-5, rtol=0)


def test_that_half_of_a_frame_gets_through_before_anything_is_learned():
    # What makes training start at once: changing one frame changes what comes back about as much as its neighbours' do.
    model, motion = _model(1, causality="offline", layers="2"), _motion()
    latents = model.latents(motion, None)
    moved = model.latents(_changed(motion, 11), None)
    there = (moved - latents).norm(dim=-1)[:, 11] / latents.norm(dim=-1)[:, 11]
    assert (there > 0.3).all()


def test_that_smoothing_takes_away_what_jumps_and_keeps_what_stays():
    rough, smooth = (_model(4, smoothing=width) for width in (0.0, 1.5))
    codes = rough.encode(_motion(frames=64))
    still = codes[:, :1].expand(-1, 16, -1)

    def jumps(model):
        return model.decode(codes).rotations_6d.diff(n=2, dim=1).abs().mean()

    assert jumps(smooth) < 0.5 * jumps(rough)
    held = [model.decode(still).path_m for model in (rough, smooth)]
    torch.testing.assert_close(held[0][:, 0], held[1][:, 0])  # where the first frame stands is not averaged
    online = _model(4, causality="online", smoothing=1.5)
    assert online.bell.tolist() == [1.0]


def test_that_what_comes_out_are_rotations():
    model = _model(4)
    turns = matrices_of_6d(model.decode(model.encode(_motion())).rotations_6d)
    torch.testing.assert_close(turns @ turns.mT, torch.eye(3).expand_as(turns), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(turns), torch.ones(turns.shape[:3]), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("layers", "factor", "tokens"), [("0,6", 2, 12), ("4,4,4", 2, 12), ("1,2,4", 4, 6), ("1,1,1,1", 8, 3), ("2", 1, 24)]
)
def test_that_time_is_halved_after_the_first_blocks_and_no_further(layers, factor, tokens):
    model = _model(factor, layers=layers)
    assert model.encode(_motion()).shape == (2, tokens, 2)
    counts = [int(each) for each in layers.split(",")]
    assert [len(stack.blocks) for stack in model.encoder] == counts
    assert [len(stack.blocks) for stack in model.decoder] == counts


def test_that_too_few_blocks_for_the_halvings_are_refused_in_words():
    with pytest.raises(RunError, match="has 1 of the 2 blocks"):
        _model(4, layers="3")


@pytest.mark.parametrize("joints", [24, 55])
def test_that_both_families_of_bodies_come_back_in_their_shape(joints):
    model = MotionVqvae(Knobs(width=16, heads=2, feed_forward=24), ProductQuantizer(width=16), joints).eval()
    motion = MotionTensors(torch.randn(1, 8, joints, 6), torch.randn(1, 8, 3))
    assert model(motion).motion.rotations_6d.shape == (1, 8, joints, 6)

"""bfloat16 products: near the float32 ones, with float32 weights and gradients, and nowhere but on a graphics card."""

import pytest
import torch

from core import configs
from core.models.forecaster import Forecaster, Past
from core.models.pose_critic import Critic
from core.training import precision


def _model():
    torch.manual_seed(0)
    network = configs.ForecasterNetwork(action_width=128, pose_width=128, latent=128)
    return Forecaster(network, past_steps=4, actions=5, objects=3)


def _past(batch=32):
    random = torch.Generator().manual_seed(1)
    return Past.of(
        torch.randint(0, 5, (batch, 4), generator=random),
        torch.randn(batch, 4, 9, 2, generator=random) * 0.2,
        torch.ones(batch, 4, 9, dtype=torch.bool),
        torch.ones(batch, 3, dtype=torch.bool),
        5,
    )


def test_that_halved_products_stay_near_and_gradients_reach_float32_weights():
    plain, halved = _model(), _model()
    assert precision.in_bfloat16(halved) > 5
    one, other = plain(_past()), halved(_past())
    assert other.joints_m.dtype == other.logits.dtype == torch.float32
    assert not torch.equal(one.logits, other.logits)
    torch.testing.assert_close(other.logits, one.logits, atol=0.02, rtol=0.05)
    torch.testing.assert_close(other.joints_m, one.joints_m, atol=0.02, rtol=0.05)
    for model, step in ((plain, one), (halved, other)):
        (step.logits.square().sum() + step.joints_m.square().sum()).backward()
        assert all(each.dtype == torch.float32 for each in model.parameters())
    gradients = [model.join[1].weight.grad.flatten() for model in (plain, halved)]
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.99


def test_that_what_reads_raw_numbers_or_says_final_ones_is_not_halved():
    model = _model()
    precision.in_bfloat16(model)
    for narrow in (model.encode_poses[0], model.decode_pose[-1], model.decode_action[-1]):
        assert "forward" not in vars(narrow)


def test_that_a_critic_with_halved_products_can_be_held_lipschitz():
    from core.training.forecaster_losses import gradient_penalty

    torch.manual_seed(0)
    critic = Critic(configs.ForecasterCritic(joint_width=128, head_width=128, psi_width=256))
    assert precision.in_bfloat16(critic) > 0
    random = torch.Generator().manual_seed(0)
    gradient_penalty(critic, torch.randn(8, 9, 3), torch.randn(8, 9, 3), random).backward()
    assert critic.read_joints[0].weight.grad.isfinite().all()


@pytest.mark.parametrize(("knob", "compile_it"), [("bfloat16", False), ("float32", True), ("bfloat16", True)])
def test_that_on_a_processor_nothing_changes(knob, compile_it):
    plain, prepared = _model(), _model()
    precision.prepare(prepared, torch.device("cpu"), knob, compile_it)
    assert torch.equal(plain(_past()).logits, prepared(_past()).logits)
    assert not any("forward" in vars(each) for each in prepared.modules())
    assert not any(each._compiled_call_impl for each in prepared.modules())


def test_that_on_a_card_both_knobs_reach_the_layers(monkeypatch):
    model, stacks = _model(), []
    monkeypatch.setattr(torch.nn.Sequential, "compile", lambda stack: stacks.append(stack))
    precision.prepare(model, torch.device("cuda"), "bfloat16", True)
    assert sum("forward" in vars(each) for each in model.modules()) > 5
    assert {id(model.encode_poses), id(model.join), id(model.decode_pose)} <= {id(each) for each in stacks}

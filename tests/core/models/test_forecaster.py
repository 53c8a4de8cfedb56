"""The forecaster's generator and critic."""

import pytest
import torch

from core import configs
from core.bodies.skeletons import UPPER_BODY_9
from core.geometry.differentiable import Views, see
from core.models.forecaster import Critic, Forecaster, Past

ACTIONS, OBJECTS, PAST = 5, 3, 4


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Forecaster(configs.smoke().network, past_steps=PAST, actions=ACTIONS, objects=OBJECTS)


def _past(batch=6, seed=0):
    random = torch.Generator().manual_seed(seed)
    return Past.of(
        torch.randint(0, ACTIONS, (batch, PAST), generator=random),
        torch.randn(batch, PAST, 9, 2, generator=random) * 0.2,
        torch.rand(batch, PAST, 9, generator=random) > 0.1,
        torch.rand(batch, OBJECTS, generator=random) > 0.5,
        ACTIONS,
    )


def _views(batch=6):
    return Views(
        torch.diag(torch.tensor([1.0, -1.0, -1.0])).expand(batch, 3, 3),
        torch.zeros(batch, 2),
        torch.full((batch,), 2.5),
    )


def test_that_the_neck_of_every_forecast_is_exactly_the_origin(model):
    joints_m = model(_past()).joints_m
    assert (joints_m[:, UPPER_BODY_9["neck"]] == 0).all()
    assert joints_m.abs().max() > 0


def test_that_padding_and_unknown_actions_are_all_zero():
    past = Past.of(
        torch.full((1, PAST), -1), torch.ones(1, PAST, 9, 2), torch.zeros(1, PAST, 9, dtype=torch.bool),
        torch.zeros(1, OBJECTS, dtype=torch.bool), ACTIONS,
    )  # fmt: skip
    assert not past.actions.any()
    assert not past.poses.any()


def test_that_a_place_that_was_not_seen_changes_no_forecast(model):
    visible = torch.ones(1, PAST, 9, dtype=torch.bool)
    visible[0, 1, 4] = False
    poses = torch.rand(1, PAST, 9, 2)
    elsewhere = poses.clone()
    elsewhere[0, 1, 4] += 3
    actions, objects = torch.zeros(1, PAST, dtype=torch.long), torch.ones(1, OBJECTS, dtype=torch.bool)
    one, other = (model(Past.of(actions, each, visible, objects, ACTIONS)) for each in (poses, elsewhere))
    assert torch.equal(one.logits, other.logits)
    assert torch.equal(one.joints_m, other.joints_m)


def test_that_a_roll_out_feeds_back_its_likeliest_action_and_its_projected_pose(model):
    past, views = _past(), _views()
    first, second = model.roll_out(past, views, 2)
    best = first[0].logits.argmax(-1)
    fed = past.followed_by(best, see(first[0].joints_m, views))
    assert torch.equal(fed.actions[:, -1].argmax(-1), best)
    assert torch.equal(fed.poses[:, -1, :, :2], first[1])
    assert (fed.poses[:, -1, :, 2] == 1).all()
    assert torch.equal(fed.poses[:, :-1], past.poses[:, 1:])
    assert torch.equal(fed.objects, past.objects)
    assert torch.equal(model(fed).logits, second[0].logits)


def test_that_a_longer_roll_out_begins_like_a_shorter_one(model):
    long, short = model.roll_out(_past(), _views(), 4), model.roll_out(_past(), _views(), 2)
    for (one, _), (other, _) in zip(long, short, strict=False):
        assert torch.equal(one.joints_m, other.joints_m)


def test_that_a_model_that_starts_at_a_pose_says_it_whatever_it_sees(model):
    pose_m = torch.randn(9, 3)
    pose_m -= pose_m[1].clone()
    model.start_at(pose_m)
    for seed in range(2):
        torch.testing.assert_close(model(_past(seed=seed)).joints_m, pose_m.expand(6, 9, 3))
    model(_past()).joints_m.square().sum().backward()
    assert model.decode_pose[-1].weight.grad.abs().max() > 0


def test_that_every_part_of_the_past_reaches_the_forecast(model):
    past = _past()
    for name in ("actions", "poses", "objects"):
        parts = {"actions": past.actions, "poses": past.poses, "objects": past.objects}
        parts[name] = parts[name].clone().requires_grad_()
        step = model(Past(**parts))
        (step.logits.square().sum() + step.joints_m.square().sum()).backward()
        gradient = parts[name].grad
        assert gradient is not None
        # Every slot and every object has a say.
        assert (gradient.abs().sum(0).flatten(1).sum(-1) if name != "objects" else gradient.abs().sum(0)).all()


def test_that_a_project_without_objects_is_forecast_all_the_same():
    model = Forecaster(configs.smoke().network, past_steps=PAST, actions=ACTIONS, objects=0)
    past = _past()
    assert model(Past(past.actions, past.poses, torch.zeros(6, 0))).logits.shape == (6, ACTIONS)


def test_that_dropout_hides_features_in_training_only():
    network = configs.ForecasterNetwork(dropout=0.5, pose_width=32, latent=32)
    model = Forecaster(network, past_steps=PAST, actions=ACTIONS, objects=OBJECTS)
    past, random = _past(), torch.Generator().manual_seed(1)
    assert torch.equal(model(past).logits, model(past).logits)
    assert not torch.equal(model(past, random).logits, model(past, random).logits)
    again = [model(past, torch.Generator().manual_seed(3)).logits for _ in range(2)]
    assert torch.equal(*again)


def test_that_the_critic_sees_bone_lengths_apart_from_places():
    critic = Critic(configs.ForecasterCritic(psi_width=32))
    joints = torch.randn(2, 9, 3)
    with torch.no_grad():
        for layer in critic.read_joints.parameters():
            layer.zero_()
    # Only Ψ is left, and Ψ does not change when a whole pose is turned upside down.
    torch.testing.assert_close(critic(joints), critic(-joints))
    assert not torch.allclose(critic(joints), critic(2 * joints))


@pytest.mark.parametrize(("name", "most"), [("forecaster/recommended", 1_250_000), ("forecaster/smoke", 200_000)])
def test_that_a_checkpoint_stays_small(name, most):
    network = configs.preset(name).network
    model = Forecaster(network, past_steps=5, actions=20, objects=40)
    assert sum(each.numel() for each in model.parameters()) < most

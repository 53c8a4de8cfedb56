"""The forecaster's generator and critic."""

import numpy as np
import pytest
import torch

from core import configs
from core.bodies.skeletons import UPPER_BODY_9
from core.geometry.differentiable import Views, see
from core.models.baselines.counting import CountingTable
from core.models.baselines.ngram import count
from core.models.forecaster import Forecaster
from core.models.pose_critic import Critic
from core.models.seen_past import Past
from core.models.step_times import added_up

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


# ---- beyond the paper -----------------------------------------------------------------------------------------------

SEQUENCES = [(0, 1, 2, 3, 4, 0), (1, 2, 3, 4), (0, 1, 4, 0, 1)]


def _with(*overrides, seen_times=False, times=False):
    torch.manual_seed(0)
    config = configs.with_overrides(configs.smoke(), [f"network.{each}" for each in overrides])
    return Forecaster(
        config.network, past_steps=PAST, actions=ACTIONS, objects=OBJECTS, seen_times=seen_times, times=times
    )


def test_that_before_its_first_step_a_counting_forecaster_is_the_n_gram():
    model = _with("counting=true")
    model.counting = CountingTable.counted(SEQUENCES, 3, 2.0, ACTIONS)
    past, ngram = _past(20), count(SEQUENCES, 3, 2.0, ACTIONS)
    ahead = model.roll_out(past, _views(20), 3)
    said = torch.stack([step.logits for step, _ in ahead], dim=1).softmax(-1)
    expected = [ngram.roll_out(tuple(each), 3) for each in past.numbers.tolist()]
    torch.testing.assert_close(said, torch.from_numpy(np.stack(expected)).float(), atol=1e-5, rtol=1e-4)


def test_that_a_counting_forecaster_leaves_out_the_fold_it_is_told():
    model = _with("counting=true")
    model.counting = CountingTable.counted(SEQUENCES, 2, 1.0, ACTIONS, folds=3)
    past = _past(8)
    told = Past(past.actions, past.poses, past.objects, fold=torch.arange(8) % 3)
    assert not torch.allclose(model(told).logits, model(past).logits)
    ahead = model.roll_out(told, _views(8), 2)
    without = model.counting.log_probabilities(told.followed_by(ahead[0][0].action, ahead[0][1]).numbers, told.fold)
    torch.testing.assert_close(ahead[1][0].logits, without)


def test_that_numbers_of_actions_come_back_from_their_one_hots():
    numbers = torch.tensor([[0, -1, 4], [-1, -1, 2]])
    past = Past.of(
        numbers, torch.zeros(2, 3, 9, 2), torch.zeros(2, 3, 9, dtype=torch.bool),
        torch.zeros(2, 1, dtype=torch.bool), ACTIONS,
    )  # fmt: skip
    assert torch.equal(past.numbers, numbers)


def test_that_a_pose_told_its_action_follows_the_one_that_is_chosen():
    model, past, views = _with("pose_from_action=true"), _past(), _views()
    likeliest = model(past)
    assert torch.equal(likeliest.action, likeliest.logits.argmax(-1))
    other = (likeliest.action + 1) % ACTIONS
    told = model(past, action=other)
    assert torch.equal(told.logits, likeliest.logits)
    assert (told.joints_m - likeliest.joints_m).abs().amax((1, 2)).min() > 0
    unknown = model(past, action=torch.full((6,), -1))
    assert torch.equal(unknown.joints_m, likeliest.joints_m)
    chosen = torch.stack((other, torch.full((6,), -1)), dim=1)
    first, second = model.roll_out(past, views, 2, chosen=chosen)
    assert torch.equal(first[0].joints_m, told.joints_m)
    fed = past.followed_by(other, see(told.joints_m, views))
    assert torch.equal(second[0].logits, model(fed).logits)


def test_that_in_the_papers_model_a_chosen_action_changes_no_pose_of_its_own_step(model):
    past = _past()
    other = (model(past).action + 1) % ACTIONS
    assert torch.equal(model(past, action=other).joints_m, model(past).joints_m)


def test_that_times_that_were_seen_reach_the_forecast_and_unknown_ones_are_no_numbers_nowhere():
    model, past = _with(seen_times=True), _past()
    times = torch.rand(6, PAST, 3) * 10
    times[:, -1, 2] = torch.nan
    known = Past(past.actions, past.poses, past.objects, times)
    nothing = Past(past.actions, past.poses, past.objects, torch.full_like(times, torch.nan))
    assert model(known).logits.isfinite().all()
    assert not torch.equal(model(known).logits, model(nothing).logits)
    assert torch.equal(model(past).logits, model(nothing).logits)
    moved = times.clone()
    moved[:, 0, 1] += 3
    assert not torch.equal(model(Past(past.actions, past.poses, past.objects, moved)).logits, model(known).logits)


def test_that_a_forecast_step_is_fed_back_with_the_times_it_was_given():
    model, past, views = _with(seen_times=True, times=True), _past(), _views()
    past = Past(past.actions, past.poses, past.objects, torch.rand(6, PAST, 3))
    (first, seen), (second, _) = model.roll_out(past, views, 2)
    fed = past.followed_by(first.action, seen, first.times.median_s)
    assert torch.equal(fed.times[:, -1, :2], first.times.median_s[:, :2])
    assert fed.times[:, -1, 2].isnan().all()  # when it will end has not been seen
    assert torch.equal(model(fed).logits, second.logits)


def test_that_times_come_with_every_step_and_widen_with_the_horizon():
    ahead = _with(times=True).roll_out(_past(), _views(), 4)
    when = added_up([step.times for step, _ in ahead])
    assert when.median_s.shape == (6, 4)
    assert ((when.high_s - when.low_s).diff(dim=1) > 0).all()
    assert _with()(_past()).times is None


def test_that_no_noise_is_the_likeliest_future_and_noise_moves_the_pose_only():
    model, past = _with("noise=8"), _past()
    still, moved = model(past), model(past, noise=torch.ones(6, 8))
    assert torch.equal(still.joints_m, model(past, noise=torch.zeros(6, 8)).joints_m)
    assert torch.equal(still.logits, moved.logits)
    assert not torch.allclose(still.joints_m, moved.joints_m)
    draws = torch.randn(6, 5, 8)
    many = model(past, noise=draws).joints_m
    assert many.shape == (6, 5, 9, 3)
    torch.testing.assert_close(many[:, 2], model(past, noise=draws[:, 2]).joints_m, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("knobs", [("noise=8", "pose_from_action=true"), ("pose_from_action=true",), ()])
def test_that_a_future_is_the_same_alone_as_among_eight_and_begins_as_a_longer_one(knobs):
    model, past, views = _with(*knobs, times=True), _past(), _views()

    def drawn(count, steps):
        return model.sample(past, views, steps, count, torch.Generator().manual_seed(5))

    eight, one, long = drawn(8, 3), drawn(1, 3), drawn(8, 5)
    assert eight.actions.shape == (6, 8, 3)
    assert eight.seen.shape == (6, 8, 3, 9, 2)
    assert eight.times.median_s.shape == (6, 8, 3, 3)
    assert torch.equal(eight.actions[:, :1], one.actions)
    torch.testing.assert_close(eight.joints_m[:, :1], one.joints_m, atol=1e-6, rtol=1e-5)
    assert torch.equal(long.actions[:, :, :3], eight.actions)
    torch.testing.assert_close(long.joints_m[:, :, :3], eight.joints_m, atol=1e-6, rtol=1e-5)
    assert len({tuple(each) for each in eight.actions[0].tolist()}) > 1


def test_that_futures_are_drawn_as_often_as_the_model_says_and_colder_ones_are_the_likeliest():
    model, past, views = _with(), _past(1), _views(1)
    said = model(past).logits.softmax(-1)[0]
    drawn = model.sample(past, views, 1, 600, torch.Generator().manual_seed(0)).actions.flatten()
    share = torch.bincount(drawn, minlength=ACTIONS) / 600
    assert (share - said).abs().max() < 0.08
    cold = model.sample(past, views, 2, 9, torch.Generator().manual_seed(0), temperatures=(1e-4,)).actions
    assert cold.unique(dim=1).shape[1] == 1


def test_that_without_psi_the_critic_sees_places_alone():
    critic = Critic(configs.ForecasterCritic(psi=False))
    joints = torch.randn(2, 9, 3)
    with torch.no_grad():
        for layer in critic.read_joints.parameters():
            layer.zero_()
    assert torch.equal(critic(joints), critic(2 * joints))
    assert not any("psi" in name for name in critic.state_dict())

"""Baselines that learn from action labels alone."""

from dataclasses import replace as with_arrays

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from core.configs import ForecasterData
from core.datasets.action_sequences import examples_of
from core.errors import RunError
from core.models.baselines.label_networks import KINDS, LabelNetwork
from core.runs import Metric
from core.training.label_networks import Schedule, train_label_network
from tests.core.made_up_project import made_up

SHORT = Schedule(steps=160, width=16, validate_every=20, patience=3)


@pytest.fixture(scope="module")
def examples():
    made = made_up(24, 10)
    return examples_of(made.project, made.read_tracks, ForecasterData())


def trained(kind, examples, **knobs):
    events = train_label_network(kind, examples, **{"schedule": SHORT, **knobs})
    said = []
    while True:
        try:
            said.append(next(events))
        except StopIteration as end:
            return end.value, said


@pytest.mark.parametrize("kind", KINDS)
def test_that_a_ring_is_learned_from_labels_in_a_few_steps(examples, kind):
    # The next action is the one after in a ring, whose direction two seen steps tell.
    network, said = trained(kind, examples)
    windows = examples.windows["test"].complete()
    foreseen = network.roll_out(windows.seen_actions, 5).argmax(-1)
    told = windows.seen_count >= 2
    assert (foreseen[told, 0] == windows.next_actions[told, 0]).mean() > 0.75
    assert network.validation_top1 == max(each.value for each in said if isinstance(each, Metric))


@pytest.mark.parametrize("kind", KINDS)
def test_that_the_same_seed_gives_the_same_network_and_leaves_chance_alone(examples, kind):
    before = torch.get_rng_state()
    seen = examples.windows["test"].seen_actions
    one, again, other = (
        trained(kind, examples, seed=seed, schedule=replace(SHORT, steps=20))[0].roll_out(seen, 3) for seed in (1, 1, 2)
    )
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_that_a_roll_out_takes_its_likeliest_action_for_the_newest_step(kind):
    torch.manual_seed(0)
    network = LabelNetwork(kind, past_steps=3, actions=4, width=16).eval()
    seen = torch.tensor([[-1, -1, 2], [0, 1, 3]])
    said = network.roll_out(seen, 3)
    torch.testing.assert_close(said.sum(-1), torch.ones(2, 3))
    shifted = torch.cat((seen[:, 1:], said[:, 0].argmax(-1, keepdim=True)), dim=1)
    torch.testing.assert_close(network.roll_out(shifted, 2), said[:, 1:])


@pytest.mark.parametrize("kind", KINDS)
def test_that_every_seen_step_is_read_and_their_order_matters(kind):
    torch.manual_seed(0)
    network = LabelNetwork(kind, past_steps=3, actions=4, width=16).eval()
    with torch.no_grad():
        network.place.normal_()
    base = network.roll_out(torch.tensor([[0, 1, 2]]), 1)
    for other in ([3, 1, 2], [0, 3, 2], [0, 1, 3], [1, 0, 2]):
        assert not torch.allclose(base, network.roll_out(torch.tensor([other]), 1), atol=1e-6)


def test_that_nothing_of_the_test_part_is_looked_at(examples):
    blind = with_arrays(examples, windows={**examples.windows, "test": examples.windows["test"][:0]})
    seen = examples.windows["validation"].seen_actions
    whole, without = (trained("gru", each, schedule=replace(SHORT, steps=20))[0] for each in (examples, blind))
    np.testing.assert_array_equal(whole.roll_out(seen, 2), without.roll_out(seen, 2))


def test_that_without_validation_it_takes_a_fixed_number_of_steps(examples):
    alone = with_arrays(examples, windows={**examples.windows, "validation": examples.windows["validation"][:0]})
    network, _ = trained("gru", alone, schedule=replace(SHORT, unvalidated=7))
    assert (network.steps, network.validation_top1) == (7, None)


def test_that_with_nothing_to_learn_from_it_says_so(examples):
    nothing = with_arrays(examples, windows={**examples.windows, "train": examples.windows["train"][:0]})
    with pytest.raises(RunError, match="two steps"):
        trained("gru", nothing)

"""A run's random numbers: put back where they were, and begun anew where a run moves to another device."""

import torch

from core.training import chance

CPU = torch.device("cpu")


def test_that_all_streams_are_put_back_to_where_they_were():
    random = torch.Generator().manual_seed(1)
    put_back = chance.all_remembered(random, CPU)
    before = torch.rand(3, generator=random), torch.rand(3)
    put_back()
    assert torch.equal(torch.rand(3, generator=random), before[0])
    assert torch.equal(torch.rand(3), before[1])


def test_that_a_state_of_another_device_begins_a_stream_of_seed_and_step():
    state_of_a_card = torch.zeros(16, dtype=torch.uint8)  # a seed and an offset

    def first(seed, step):
        random = torch.Generator().manual_seed(9)
        chance.take_up(random, state_of_a_card, seed=seed, step=step)
        return torch.rand((), generator=random).item()

    assert first(0, 40) == first(0, 40)
    assert len({first(0, 40), first(0, 41), first(1, 40)}) == 3


def test_that_a_state_of_the_same_device_goes_on_where_it_was():
    random, other = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    torch.rand(5, generator=random)
    chance.take_up(other, random.get_state(), seed=0, step=5)
    assert torch.equal(torch.rand(4, generator=random), torch.rand(4, generator=other))

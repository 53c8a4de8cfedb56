"""A run's random numbers: its own stream, torch's stream where dropout draws from it, and both put back.

A run's chance lies in one generator on its device, whose state its checkpoints keep. A state of one device means
nothing to another: a run that moves begins a new stream there, from its seed and step, so that it goes on alike
wherever it moves to.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

Rewind = Callable[[], None]
"""Puts streams of random numbers back to where they were."""


def take_up(random: torch.Generator, state: Tensor, *, seed: int, step: int) -> None:
    """Go on where a checkpoint's state was, or, on another device than its own, with a stream of this step's."""
    if state.numel() == random.get_state().numel():
        random.set_state(state.cpu())
    else:
        random.manual_seed((seed + 1) * 1_000_003 + step)


def seed_of(run: int, step: int) -> int:
    """A seed of each step's own. A number drawn on a graphics card would have to be waited for; this is not."""
    return int(np.random.SeedSequence((run, step)).generate_state(1, np.uint64)[0] >> 1)


def remembered(random: torch.Generator) -> Rewind:
    """The way back to where the run's own stream is now."""
    state = random.get_state()

    def put_back() -> None:
        random.set_state(state)

    return put_back


def all_remembered(random: torch.Generator, device: torch.device) -> Rewind:
    """The way back to where the run's and torch's streams are now."""
    own, theirs, of_device = remembered(random), torch.get_rng_state(), _state_of(device)

    def put_back() -> None:
        own()
        torch.set_rng_state(theirs)
        _put_state(device, of_device)

    return put_back


@contextmanager
def stream(seed: int, device: torch.device) -> Generator[None]:
    """Within it, torch's own stream begins with `seed`; afterwards it is what it was before."""
    theirs, of_device = torch.get_rng_state(), _state_of(device)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_rng_state(theirs)
        _put_state(device, of_device)


def _state_of(device: torch.device) -> Tensor | None:
    match device.type:
        case "cuda":
            return torch.cuda.get_rng_state(device)
        case "mps":
            return torch.mps.get_rng_state()
        case _:
            return None


def _put_state(device: torch.device, state: Tensor | None) -> None:
    if state is not None and device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    elif state is not None:
        torch.mps.set_rng_state(state)

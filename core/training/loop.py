"""The one training loop: step, report, validate, save; stopped by closing it, and gone on with where it was.

A recipe holds the models and takes the steps; everything a step changes lies in it. All work of a step is done before
its events are yielded, so whoever stops here stops between two steps, and the saved state is that of a whole step.
"""

import math
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from core.errors import RunError
from core.runs import Event, Events, Metric, Progress


@runtime_checkable
class Recipe(Protocol):
    """What the loop drives."""

    def take_step(self, *, look: bool) -> dict[str, Tensor]:
        """Change the models by one step; with `look` also say what was measured."""
        ...

    def validate(self, step: int) -> dict[str, float]:
        """Measure the models on what they did not learn from, and keep them where they are the best so far."""
        ...

    def save(self, step: int) -> None:
        """Keep everything that is needed to go on after `step`."""
        ...


def train(recipe: Recipe, *, done: int, steps: int, report_every: int, validate_every: int) -> Events:
    """Steps `done` + 1 … `steps` with their metrics and progress; saves at every validation and however it ends."""
    step = saved = done
    whole = True
    try:
        for step in range(done + 1, steps + 1):
            look = step % report_every == 0 or step == steps
            whole = False
            measured = recipe.take_step(look=look)
            whole = True
            events: list[Event] = []
            if look:
                events += _finite(step, fetched(measured))
            if step % validate_every == 0 or step == steps:
                events += (Metric(step, name, value) for name, value in recipe.validate(step).items())
                recipe.save(step)
                saved = step
            if look:
                events.append(Progress(step, steps))
            yield from events
    finally:
        # A step that an interrupt or a fault tore is not kept: the last validation's state is.
        if whole and saved != step:
            recipe.save(step)


def fetched(measured: dict[str, Tensor]) -> dict[str, float]:
    """The values, fetched at once: every fetch waits for the device."""
    if not measured:
        return {}
    values = torch.stack([each.detach().double() for each in measured.values()]).tolist()
    return dict(zip(measured, values, strict=True))


def _finite(step: int, measured: dict[str, float]) -> list[Event]:
    wrong = [name for name, value in measured.items() if not math.isfinite(value)]
    if wrong:
        raise RunError(
            f"At step {step}, {wrong[0]} is no longer a number.",
            hint="Lower the learning rate or the weights of the losses.",
        )
    return [Metric(step, name, value) for name, value in measured.items()]

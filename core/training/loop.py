"""The one training loop: step, report, validate, save; stopped by closing it, and gone on with where it was.

A recipe holds the models and takes the steps; everything a step changes lies in it. All work of a step is done before
its events are yielded: first what was measured, then the save, then the progress. Whoever stops at a progress finds the
state of that step saved; who stops between two measurements finds that of the validation before, and no point of a
curve is lost or there twice.

A number that is none ends it (`NoNumberError`) before anything of it is saved: every step's loss is added up on the
device, where nobody waits for it, and looked at together with the weights at every report and before every save.
"""

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from core.errors import NotANumberError
from core.runs import Event, Events, Metric, Progress

WEIGHTS = "a weight"
"""What is named where every loss is a number, and a weight or the optimiser's mean of it is none any more."""
_SEEN = "loss"


@runtime_checkable
class Recipe(Protocol):
    """What the loop drives."""

    @property
    def drawn(self) -> object:
        """The whole batch of the last step that was looked at: tensors in dataclasses, tuples or mappings."""
        ...

    def take_step(self, *, look: bool) -> dict[str, Tensor]:
        """Change the models by one step and say its `loss`; with `look` also whatever else was measured."""
        ...

    def weights(self) -> Iterable[Tensor]:
        """What a step changes, the optimiser's means too, as far as it has to stay numbers."""
        ...

    def validate(self, step: int) -> dict[str, float]:
        """Measure the models on what they did not learn from, and keep them where they are the best so far."""
        ...

    def save(self, step: int) -> None:
        """Keep everything that is needed to go on after `step`."""
        ...


@runtime_checkable
class Drive(Protocol):
    """`train`, or what takes a recipe's steps in its place."""

    def __call__(self, recipe: Recipe, *, done: int, steps: int, report_every: int, validate_every: int) -> Events: ...


class NoNumberError(NotANumberError):
    """A loss or a weight is no number; it was the last time after step `good`. Names and steps are the recipe's."""

    def __init__(self, good: int, step: int, name: str) -> None:
        super().__init__(f"{name} is not a number at step {step:,}.")
        self.good, self.step, self.name = good, step, name


@dataclass(frozen=True)
class Bad:
    """The first step at which something was no number: what was measured then, and its batch."""

    step: int
    measured: dict[str, float]
    drawn: object

    @property
    def name(self) -> str:
        """The term to name."""
        return _worst(self.measured) or WEIGHTS


def train(recipe: Recipe, *, done: int, steps: int, report_every: int, validate_every: int) -> Events:
    """Steps `done` + 1 … `steps` with their metrics and progress; saves at every validation and however it ends."""
    step = saved = done
    watch = _Watch(recipe, done)
    whole = True
    try:
        for step in range(done + 1, steps + 1):
            look = step % report_every == 0 or step == steps
            is_kept = step % validate_every == 0 or step == steps
            whole = False
            measured = recipe.take_step(look=look)
            watch.see(measured)
            events: list[Event] = []
            if look or is_kept:
                values = watch.require_numbers(step, measured if look else {})
                events += (Metric(step, name, value) for name, value in values.items())
            if is_kept:
                events += (Metric(step, name, value) for name, value in recipe.validate(step).items())
            yield from events
            whole = True
            if is_kept:
                saved = step  # also where it is refused: it is not tried again
                recipe.save(step)
            if look:
                yield Progress(step, steps)
    finally:
        # What an interrupt or a fault tore is not kept, nor what is no number: the last validation's state is.
        if whole and saved != step and watch.is_well():
            recipe.save(step)


def first_bad_step(
    recipe: Recipe, found: NoNumberError, *, done: int, steps: int
) -> Generator[Event, None, Bad | None]:
    """Take the steps after `done` again, saving nothing, up to the first that `found` is about; None where none is."""
    for step in range(done + 1, min(found.step, steps) + 1):
        is_close = step > found.good
        measured = recipe.take_step(look=is_close)
        if is_close:
            values = _numbers(measured, recipe)
            if not all(map(math.isfinite, values.values())):
                return Bad(step, values, recipe.drawn)
            yield Progress(step, steps, "looking for the batch")
    return None


def fetched(measured: dict[str, Tensor]) -> dict[str, float]:
    """The values, fetched at once: every fetch waits for the device."""
    if not measured:
        return {}
    device = max((each.device for each in measured.values()), key=lambda each: each.type != "cpu")
    wide = torch.float32 if device.type == "mps" else torch.float64  # Apple's cards know no double
    values = torch.stack([each.detach().to(device, wide) for each in measured.values()]).tolist()
    return dict(zip(measured, values, strict=True))


class _Watch:
    """Whether every loss since the last look was a number, and all weights are."""

    def __init__(self, recipe: Recipe, done: int) -> None:
        self._recipe, self._good = recipe, done
        self._sum: Tensor | None = None

    def see(self, measured: dict[str, Tensor]) -> None:
        """Add up, on the device: a sum stays a number as long as all of it was."""
        loss = measured[_SEEN].detach()
        self._sum = loss if self._sum is None else self._sum + loss

    def require_numbers(self, step: int, measured: dict[str, Tensor]) -> dict[str, float]:
        """What was measured; NoNumberError where that, a step since the last look, or a weight is none."""
        unseen = {} if self._sum is None else {".sum": self._sum}
        values = _numbers({**measured, **unseen}, self._recipe)
        name = _worst(values)
        if name:
            self._sum = torch.tensor(math.nan)
            raise NoNumberError(self._good, step, _SEEN if name == ".sum" else name)
        self._good, self._sum = step, None
        return {name: values[name] for name in measured}

    def is_well(self) -> bool:
        """Whether all of it is numbers by now."""
        unseen = {} if self._sum is None else {_SEEN: self._sum}
        return _worst(_numbers(unseen, self._recipe)) == ""


def _numbers(measured: dict[str, Tensor], recipe: Recipe) -> dict[str, float]:
    """What was measured and, as one number, how large the weights are."""
    changed = [each.detach() for each in recipe.weights() if each.is_floating_point()]
    size = torch.nn.utils.get_total_norm(changed, math.inf)  # of the largest alone: sums of squares overflow
    return fetched({**measured, WEIGHTS: size})


def _worst(values: dict[str, float]) -> str:
    """Of what is no number the one to name: a single term sooner than their sum; empty where all are numbers."""
    wrong = [name for name, value in values.items() if not math.isfinite(value)]
    return next((name for name in wrong if name.startswith("loss/")), wrong[0] if wrong else "")

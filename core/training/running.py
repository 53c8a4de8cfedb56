"""What every training run does alike: its threads and device, its curves on disk, and going on only as it was begun."""

import csv
import math
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import torch

from core import configs
from core.errors import RunError
from core.runs import Event, Events, Metric


def device_of(name: str) -> torch.device:
    """Where a config's `device` is; RunError where it names a graphics card and there is none."""
    if name == "cuda" and not torch.cuda.is_available():
        raise RunError("There is no graphics card that torch can use.", hint="Choose device=cpu, or auto.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


@contextmanager
def threads(count: int) -> Generator[None]:
    """Sums depend on how many threads share them, so their number is part of the run."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def written_down(events: Iterable[Event], path: Path, done: int) -> Events:
    """The same events, their metrics written down as `step, name, value`; rows after step `done` are taken back."""
    rows: list[list[str]] = []
    if done and path.is_file():
        with path.open(newline="") as file:
            rows = [row for row in csv.reader(file) if row and row[0].isdigit() and int(row[0]) <= done]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["step", "name", "value"], *rows])
        for event in events:
            if isinstance(event, Metric):
                writer.writerow([event.step, event.name, repr(event.value)])
            else:
                file.flush()
            yield event


def put_down(folder: Path, config: msgspec.Struct, parts: Mapping[str, Collection[str]]) -> None:
    """What a new run is, for people and other programs: config.json and split.json."""
    (folder / "config.json").write_bytes(msgspec.json.format(msgspec.json.encode(config), indent=2))
    (folder / "split.json").write_bytes(msgspec.json.format(msgspec.json.encode(parts), indent=2))


def require_the_same(
    folder: Path, was: configs.Config, now: configs.Config, may_differ: Collection[str], *, same_data: bool
) -> None:
    """RunError, by name, where a run would go on with other settings or data than it was begun with."""
    before, after = configs.knobs(was), configs.knobs(now)
    changed = [knob for knob in after if before.get(knob) != after[knob] and knob not in may_differ]
    if changed:
        raise RunError(
            f"The run in {folder.name} was begun with {changed[0]} = {before.get(changed[0])}.",
            hint="Go on with its own settings, or choose another folder.",
        )
    if not same_data:
        raise RunError(
            f"The project has changed since the run in {folder.name} was begun.",
            hint="Begin a new run in another folder.",
        )


WARM_UP, LEAST_RATE = 0.1, 0.01
"""Of a cosine schedule: the share of steps in which the rate climbs, and the share of it that is left at the end."""


def rate(config: configs.ForecasterOptimiser, step: int, steps: int) -> float:
    """The generator's learning rate at step 1 … `steps`."""
    if config.schedule == "constant":
        return config.learning_rate
    climb = max(int(WARM_UP * steps), 1)
    if step <= climb:
        return config.learning_rate * step / climb
    gone = min((step - climb) / max(steps - climb, 1), 1.0)
    return config.learning_rate * (LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * gone)))

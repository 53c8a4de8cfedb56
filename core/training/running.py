"""What every training run does alike: its threads and device, its curves on disk, and going on only as it was begun."""

import csv
import math
import os
import re
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from core import configs, disk
from core.errors import RunError
from core.runs import Events, Metric, Note, Progress
from core.training.environment import Account
from core.training.tensorboard import MISSING, Curves
from core.whole_files import whole_file


def device_of(name: str) -> torch.device:
    """Where a config's `device` is; RunError where it names a graphics card and there is none."""
    there = [each for each, is_there in (("cuda", torch.cuda.is_available()), ("mps", _has_mps())) if is_there]
    if name in ("cuda", "mps") and name not in there:
        which = "no graphics card" if name == "cuda" else "no graphics card of Apple's"
        raise RunError(f"There is {which} that torch can use.", hint="Choose device=cpu, or auto.")
    return torch.device((there or ["cpu"])[0] if name == "auto" else name)


def _has_mps() -> bool:
    return torch.backends.mps.is_available()


@contextmanager
def threads(count: int) -> Generator[None]:
    """Sums depend on how many threads share them, so their number is part of the run."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def settled(config: configs.Config) -> Generator[None]:
    """A config's threads and, where it asks for them, only operations that give the same bits every time.

    RunError names an operation for which there is none such on the device.
    """
    with threads(config.threads), _deterministic(config.deterministic):
        try:
            yield
        except RuntimeError as error:
            named = _NO_SUCH.search(str(error))
            if named is None:
                raise
            raise RunError(
                f"{named[1]} has no deterministic form on this device.",
                hint="Train on the processor (device=cpu), or without deterministic=true.",
            ) from error


_NO_SUCH = re.compile(r"^(\S+) does not have a deterministic implementation")


@contextmanager
def _deterministic(wanted: bool) -> Generator[None]:
    if not wanted:
        yield
        return
    # Read when CUDA's products start in this process; there is no word for it later.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled()
    benchmark, cudnn = torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
    torch.use_deterministic_algorithms(mode=True)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = benchmark, cudnn


@dataclass
class Written:
    """Where a run stands: its step, and the newest value of every curve."""

    step: int
    last: dict[str, float] = field(default_factory=dict)


def written_down(
    events: Events, path: Path, done: int, account: Account | None = None, where: Written | None = None
) -> Events:
    """The same events, their metrics written down as rows `step,name,value` and for TensorBoard; rows after step
    `done` are taken back. The account is told of every validation, and `where` is kept up to date.

    A row is in the file when its event is passed on, so before the checkpoint of its step is.
    """
    where = where or Written(done)
    kept = _rows_until(path, done)
    where.last |= {name: float(value) for _, name, value in kept}
    with whole_file(path) as beside, beside.open("w", newline="") as file:
        csv.writer(file).writerows([("step", "name", "value"), *kept])
    validated = False
    # The steps are closed first: a state that is saved then is one whose points are written.
    with path.open("a", newline="", buffering=1) as file, Curves(path.parent, done) as curves, closing(events):
        writer = csv.writer(file)
        if curves.is_missing:
            yield Note(MISSING)
        for event in events:
            match event:
                case Metric(step, name, value):
                    writer.writerow([step, name, repr(value)])
                    curves.add(event)
                    where.last[name] = value
                    where.step = max(step, where.step)
                    validated = validated or name.startswith("validation/")
                case Progress(step, _):
                    where.step = max(step, where.step)
                    curves.flush()
                    if validated and account is not None:
                        account.tell(step)
                    validated = False
            yield event


def _rows_until(path: Path, done: int) -> list[list[str]]:
    """Whole rows up to a step; what a full disk or an end in the middle tore is none."""
    if not done or not path.is_file():
        return []
    with path.open(newline="") as file:
        return [row for row in csv.reader(file) if len(row) == 3 and row[0].isdigit() and int(row[0]) <= done]


def require_room(folder: Path, best: Iterable[Tensor], last: Iterable[Tensor]) -> None:
    """DiskFullError where what a run keeps does not fit on its disk: both checkpoints, and a third while it is written.

    What lies in the folder already is replaced, so it counts as room.
    """
    best_bytes, last_bytes = (sum(each.numel() * each.element_size() for each in some) for some in (best, last))
    files = [folder / f"{name}.safetensors" for name in ("best", "last")]
    there = sum(each.stat().st_size for each in files if each.is_file())
    needed = best_bytes + last_bytes + max(best_bytes, last_bytes) + disk.SLACK_BYTES - there
    disk.require_room(folder, needed, "This training")


def put_down(folder: Path, config: msgspec.Struct, parts: Mapping[str, Collection[str]]) -> None:
    """What a new run is, for people and other programs: config.json and split.json."""
    for name, value in (("config.json", config), ("split.json", parts)):
        with whole_file(folder / name) as beside:
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2))


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


def moved(was: configs.Config, now: configs.Forecaster) -> str:
    """What another number of steps moves in a run that is gone on with, in a sentence; empty where it moves nothing."""
    if not isinstance(was, configs.Forecaster) or was.steps == now.steps:
        return ""
    moves = ["the rate falls"] if now.optimiser.schedule == "cosine" else []
    moves += ["the critic joins"] if now.critic.joins_at > 0 and now.losses.adversarial > 0 else []
    if not moves:
        return ""
    return (
        f"Of {now.steps:,} steps instead of {was.steps:,}: where {' and '.join(moves)} is a share of them, so from "
        "here on this is not the run that it would have been"
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

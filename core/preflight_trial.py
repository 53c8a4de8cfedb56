"""A few steps of a training, to see what the whole of it would take: the process that `core.preflight` starts.

`python -m core.preflight_trial FOLDER` reads asked.json there and leaves answer.json. The very functions that train are
used, with another `core.training.loop.Drive`: each recipe is measured here, step by step, with a validation and a save
at the end. Nothing is left of what it makes.

Where a batch is large a step takes seconds, so a forecaster is tried with two smaller ones. Its time is a straight line
through both. Its memory is not, since a step is highest at another moment where activations outgrow the weights: every
piece of memory that torch takes and gives back in a step is written down for both, each is a straight line of its own,
and what they come to at the whole batch is added up. A motion model is tried with one batch, as large as the time for
its steps allows, and what it held beside data and weights goes with the windows.

Heights of memory are those of the process, counted anew for each part (Linux; elsewhere looked at every few
milliseconds), of a card those of torch. Seconds are the process's own where the machine is busy with something else.
"""

import ctypes
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import psutil
from msgspec.structs import replace

from core import configs, processes
from core.errors import CoreError
from core.posegpt_sizes import cost_of
from core.preflight import Asked, Pace, Refused, Trial, batch_of
from core.run_folder import write_whole
from core.runs import Events, TrainForecaster, TrainPoseGpt

if TYPE_CHECKING:  # with torch, whose loading is a part of what is measured
    from core.training.loop import Recipe

FIRST_BATCH = 64
"""Of a forecaster; a smaller one than that is tried whole."""
STEP_S = 0.7
"""How long a step of the second batch may take."""
PACE_S = 1.5
"""And the steps of one kind, together."""
MOST_BYTES = 1e9
"""What they may take of memory beside the data."""
LOST = 1.05
"""Of what torch takes, what the system holds: pieces do not lie without gaps."""
STAGES_S = 4.0
"""How long the steps of both stages of a motion model may take, together."""
SLOWER = 4.0
"""Than their arithmetic alone would have it, on a machine that does other things too."""
_POOL = 16
"""A motion model's batches are drawn so many at a time, from short windows to long."""


@dataclass
class Height:
    """The most memory that this process held since `begin`."""

    _most: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> float:
        """Count from now on; what is held now. What was freed is given back first, or it would hide what comes."""
        _trim()
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        self._most = self.now()
        return float(self._most)

    def so_far(self) -> float:
        """The height since then."""
        with suppress(OSError):
            lines = Path("/proc/self/status").read_text().splitlines()
            told = next(each.split()[1] for each in lines if each.startswith("VmHWM"))
            return 1024.0 * int(told)
        return float(max(self._most, self.now()))

    def now(self) -> int:
        return psutil.Process().memory_info().rss

    def watch(self) -> None:
        """Where the system does not keep it: look all the time."""
        if Path("/proc/self/clear_refs").exists():
            return

        def look() -> None:
            while not self._stopped.wait(0.004):
                self._most = max(self._most, self.now())

        threading.Thread(target=look, daemon=True).start()


def _trim() -> None:
    with suppress(OSError, AttributeError, TypeError):  # glibc's alone
        ctypes.CDLL(None).malloc_trim(0)


class Card:
    """The same of a graphics card, as torch counts it; nothing on a processor."""

    def __init__(self, device: str) -> None:
        import torch

        self._cuda = torch.cuda if device.startswith("cuda") and torch.cuda.is_available() else None
        self.context = 0.0
        if self._cuda is not None:
            free, total = self._cuda.mem_get_info()  # makes the context
            from core.devices import Watch

            with Watch() as watch:
                held = [
                    use.memory for each in watch.look({os.getpid(): "us"}) for use in each.used if each.kind != "cpu"
                ]
            self.context = float(sum(held)) or min(600e6, float(total - free))

    def begin(self) -> None:
        if self._cuda is not None:
            self._cuda.synchronize()
            self._cuda.reset_peak_memory_stats()

    def so_far(self) -> float:
        """With what its allocator keeps for later."""
        if self._cuda is None:
            return 0.0
        self._cuda.synchronize()
        return float(self._cuda.max_memory_reserved())


@dataclass
class Seen:
    """One kind of steps, as they were."""

    name: str
    batch: int
    step_s: float = 0.0
    look_s: float = 0.0
    before: float = 0.0  # held before a step
    memory: float = 0.0
    card_before: float = 0.0
    card: float = 0.0
    validate_s: float = 0.0
    validate_memory: float = 0.0
    validate_card: float = 0.0
    save_s: float = 0.0
    pieces: tuple[int, ...] = ()  # what one step took (and gave back) of memory, in order, bytes


class Trying:
    """Drives recipes in the loop's place and measures them."""

    def __init__(self, device: str) -> None:
        self.card, self.height = Card(device), Height()
        self.on_card = device != "cpu"
        self.begin_s = self.begin_memory = 0.0
        self.seen: list[Seen] = []
        self.stages: tuple[str, ...] = ("",)
        self.batch, self.validates, self.writes_pieces = 0, True, False
        self.joins_after: int | None = None

    def drive(self, recipe: "Recipe", *, done: int, steps: int, **_: object) -> Events:
        """A `loop.Drive`: as many steps as tell enough."""
        if not self.begin_s:
            self.begin_s = self._begun()
            self.begin_memory = self.height.so_far()
        stage = self.stages[min(len({each.name for each in self.seen} - {"before the critic"}), len(self.stages) - 1)]
        taken = done
        if self.joins_after is not None:
            taken += self._steps(recipe, "before the critic", self.joins_after)
        self._steps(recipe, stage, steps - taken)
        if not self.validates:
            return
        seen = self.seen[-1]
        before = self._begin()
        seen.validate_s = self._timed(lambda: recipe.validate(steps))
        seen.validate_card = self.card.so_far()
        seen.save_s = self._timed(lambda: recipe.save(steps))
        seen.validate_memory = self.height.so_far() - before
        return
        yield  # what the loop would yield

    def _steps(self, recipe: "Recipe", name: str, count: int) -> int:
        seen = Seen(name, self.batch)
        first = self._timed(lambda: recipe.take_step(look=True))  # makes what only a first step makes
        self.begin_memory = max(self.begin_memory, float(self.height.now()))
        seen.before, taken = self._begin(), 1
        spent: list[float] = []
        while taken < count - 2 and (not spent or sum(spent) < PACE_S or name in ("autoencoder", "gpt")):
            spent.append(self._timed(lambda: recipe.take_step(look=False)))
            taken += 1
        looked = self._timed(lambda: recipe.take_step(look=True))
        taken += 1
        if self.writes_pieces and taken < count:
            seen.pieces = _pieces(lambda: recipe.take_step(look=True))
            taken += 1
        seen.step_s = sum(spent) / len(spent) if spent else min(first, looked)
        seen.look_s = max(looked - seen.step_s, 0.0) if name in ("", "before the critic") else 0.0
        seen.memory, seen.card = self.height.so_far(), self.card.so_far()
        while taken < count and name == "before the critic":  # up to where it joins
            recipe.take_step(look=False)
            taken += 1
        self.seen.append(seen)
        return taken

    def _begin(self) -> float:
        self.card.begin()
        return self.height.begin()

    def _timed(self, work: Callable[[], object]) -> float:
        """Seconds it takes where nothing else runs: a busy machine lengthens the clock's, not the processor's."""
        self.card.so_far()
        clock, own = time.perf_counter(), time.process_time()
        work()
        self.card.so_far()
        clock, own = time.perf_counter() - clock, time.process_time() - own
        return clock if self.on_card else min(clock, own)

    def _begun(self) -> float:
        since = time.time() - psutil.Process().create_time()
        return min(since, time.process_time())


# ---- what is tried --------------------------------------------------------------------------------------------------


def tried(asked: Asked, folder: Path) -> Trial:
    """Measure what is asked for; CoreError where the training itself would be refused."""
    import torch

    trying = Trying(asked.device)
    trying.height.watch()
    device = asked.device.partition(":")[0]
    config = configs.with_overrides(asked.config, [f"device={device}"])
    torch.set_num_threads(config.threads)
    if isinstance(config, configs.Forecaster):
        _try_forecaster(trying, config, asked.project, folder)
    else:
        _try_posegpt(trying, config, asked.project, folder)
    paces = _paces(trying, batch_of(config) if isinstance(config, configs.Forecaster) else 0)
    files = [each for each in (folder / "run").rglob("*") if each.is_file()]
    last = sum(each.stat().st_size for each in files if each.name == "last.safetensors")
    disk = float(sum(each.stat().st_size for each in files) + last)  # a new one is whole before the old one goes
    numbers = sum(each.stat().st_size for each in files if each.name == "best.safetensors") // 4
    return Trial(
        begin_s=trying.begin_s, begin_memory=trying.begin_memory, paces=tuple(paces), numbers=numbers, disk=disk,
        context=trying.card.context,
    )  # fmt: skip


def _try_forecaster(trying: Trying, config: configs.Forecaster, project: str, folder: Path) -> None:
    from core.datasets.action_sequences import examples_of
    from core.project.store import ProjectStore
    from core.training.forecaster import train_forecaster

    joins = config.critic.joins_at if config.losses.adversarial > 0 else 0.0
    steps = 24
    with ProjectStore.open(Path(project), "Posecast", mode="read") as store:
        known = store.project

        def read(clip: Any) -> Any:
            return store.tracks(clip.tracks)

        examples = examples_of(known, read, config.data, config.seed)
        sizes = [min(config.optimiser.batch, FIRST_BATCH)]
        trying.writes_pieces = sizes[0] < config.optimiser.batch and not trying.on_card
        while sizes:
            batch = trying.batch = sizes.pop()
            trying.validates = batch == config.optimiser.batch or len({each.batch for each in trying.seen}) == 1
            trying.joins_after = steps // 2 if 0 < joins < 1 else None
            critic = replace(config.critic, joins_at=0.5) if 0 < joins < 1 else config.critic
            part = replace(
                config, critic=critic, steps=steps, optimiser=replace(config.optimiser, batch=batch), keep_made=0
            )
            spec = TrainForecaster(project=project, out=str(folder / "run"), config=part)
            _drain(train_forecaster(spec, known, read, folder / "run", examples=examples, drive=trying.drive))
            if batch < config.optimiser.batch and len({each.batch for each in trying.seen}) == 1:
                sizes.append(_second(trying.seen[-1], config.optimiser.batch))
                shutil.rmtree(folder / "run", ignore_errors=True)


def _second(seen: Seen, wanted: int) -> int:
    """A batch that says how a step grows: as large as its time and its memory allow, at least twice the first."""
    by_time = seen.batch * STEP_S / max(seen.step_s, 1e-4)
    by_memory = seen.batch * MOST_BYTES / max(seen.memory - seen.before, 1e6)
    times = max(2, int(min(by_time, by_memory) / seen.batch))  # whole times: sums are cut the same way then
    return min(wanted, times * seen.batch)


def _try_posegpt(trying: Trying, config: configs.PoseGpt, project: str, folder: Path) -> None:
    from core.training.posegpt import train_posegpt

    trying.stages = {"both": ("autoencoder", "gpt"), "gpt": ("gpt",), "autoencoder": ("autoencoder",)}[config.stages]
    cost = cost_of(config, actions=20, mean_frames=(config.data.least_frames + config.data.most_frames) / 2)
    whole = sum(each.steps for each in (config.autoencoder_training, config.gpt_training))
    share = 1.0 if trying.on_card else min(1.0, STAGES_S / (2 * _POOL * SLOWER * cost.seconds / whole))
    share = min(share, 2 * MOST_BYTES / cost.bytes)
    stages = {}
    for name in ("autoencoder_training", "gpt_training"):
        stage = getattr(config, name)
        stages[name] = replace(stage, steps=_POOL, batch=max(min(stage.batch, 4), round(stage.batch * share)))
    part = replace(config, **stages)
    trying.batch = part.autoencoder_training.batch
    spec = TrainPoseGpt(project=project, out=str(folder / "run"), config=part)
    _drain(train_posegpt(spec, "", folder / "run", drive=trying.drive))
    for seen in trying.seen:
        seen.batch = getattr(part, f"{seen.name}_training").batch


def _drain(events: Events) -> None:
    with closing(events):
        for _ in events:
            _require_somebody()


_parent = os.getppid()


def _require_somebody() -> None:
    """Nobody waits for the answer where whoever asked is gone."""
    if os.getppid() != _parent:
        raise SystemExit(1)


# ---- from what was seen ---------------------------------------------------------------------------------------------


def _paces(trying: Trying, batch: int) -> Generator[Pace]:
    """Each kind of steps as a straight line over the windows of a batch."""
    for name in dict.fromkeys(each.name for each in trying.seen):
        all_of = sorted((each for each in trying.seen if each.name == name), key=lambda each: each.batch)
        first, last = all_of[0], all_of[-1]
        if last.batch > first.batch:
            step_s, window_s = _line(first.batch, first.step_s, last.batch, last.step_s)
            memory, window_memory = _line(first.batch, first.memory, last.batch, last.memory)
            card, window_card = _line(first.batch, first.card, last.batch, last.card)
        else:  # what it held beside the data and the model goes with the windows
            step_s, window_s = 0.0, last.step_s / last.batch
            memory, window_memory = last.before, (last.memory - last.before) / last.batch
            card, window_card = 0.0, last.card / last.batch
        added = _added_up(first, last, batch)
        if added:
            memory, window_memory = last.before, max(added / batch, 0.0)
        validated = max(all_of, key=lambda each: each.validate_memory)
        look_s = last.look_s * max(batch, last.batch) / last.batch if batch else last.look_s
        yield Pace(
            name=name, step_s=step_s, window_s=window_s, look_s=look_s, memory=memory, window_memory=window_memory,
            card=card, window_card=window_card, validate_s=last.validate_s, save_s=last.save_s,
            validate_memory=validated.validate_memory, validate_card=last.validate_card,
        )  # fmt: skip


def _added_up(one: Seen, two: Seen, batch: int) -> float:
    """How much a step of `batch` windows takes at its height; 0 where the two did not go the same way."""
    if not one.pieces or not two.pieces or not one.batch < two.batch < batch:
        return 0.0
    first, last = (np.array(each, float) for each in _side_by_side(one.pieces, two.pieces, two.batch / one.batch))
    pieces = first + (last - first) / (two.batch - one.batch) * (batch - one.batch)
    return LOST * float(np.cumsum(pieces).max())


def _side_by_side(one: tuple[int, ...], two: tuple[int, ...], times: float) -> tuple[list[int], list[int]]:
    """Pieces that are the same in both; now and then a sum takes one more for itself, which is left out."""
    if len(one) == len(two):
        return [*one], [*two]
    first: list[int] = []
    last: list[int] = []
    left, right = list(one), list(two)
    at = beside = 0
    while at < len(left) and beside < len(right):
        skips = ((0, 0), (0, 1), (1, 0), (0, 2), (2, 0))
        found = next((each for each in skips if _alike(left, at + each[0], right, beside + each[1], times)), (1, 1))
        at, beside = at + found[0], beside + found[1]
        if found == (1, 1):
            continue
        first.append(left[at])
        last.append(right[beside])
        at, beside = at + 1, beside + 1
    return first, last


def _alike(left: list[int], at: int, right: list[int], beside: int, times: float) -> bool:
    """Whether both may be the same piece: none shrinks with more windows, nor grows faster than they."""
    if at >= len(left) or beside >= len(right) or left[at] == 0:
        return False
    return 0.99 <= right[beside] / left[at] <= 1.3 * times


def _pieces(work: Callable[[], object]) -> tuple[int, ...]:
    """Everything that torch takes (and gives back) of the processor's memory meanwhile, in order."""
    from torch.autograd.profiler import profile

    with profile(profile_memory=True) as told:
        work()
    try:
        events = [each for each in told.kineto_results.events() if each.name() == "[memory]"]  # pyright: ignore[reportOptionalMemberAccess]
        pieces: list[Any] = sorted(events, key=lambda each: each.start_ns())
        return tuple(each.nbytes() for each in pieces)
    except AttributeError:  # another torch's
        return ()


def _line(one: int, at_one: float, two: int, at_two: float) -> tuple[float, float]:
    """Where it begins, and how steep it is: neither below nothing."""
    steep = max((at_two - at_one) / (two - one), 0.0)
    return max(at_two - steep * two, 0.0), steep


# ---- the process ----------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Try what the folder asks for."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m core.preflight_trial FOLDER\n")
        return 2
    folder = Path(arguments[0])
    processes.step_back()
    try:
        asked = msgspec.json.decode((folder / "asked.json").read_bytes(), type=Asked)
        try:
            found: Trial | Refused = tried(asked, folder)
        except CoreError as error:
            found = Refused(str(error), error.hint)
        write_whole(folder / "answer.json", msgspec.json.encode(found))
    finally:
        if os.getppid() != _parent:  # nobody else tidies up
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What forecasting and training cost: a forecast of a clip, a training step, and how much of it is matrix products.

`run()` gives milliseconds (medians) on one thread, and the ratio to multiplying two 512 × 512 matrices in the same run,
so that figures of different machines can be compared. For preset paper at its batch of 4096, with the critic's steps,
every matrix product of a training step is then taken again by itself, plain `a @ b` of matrices of the same sizes that
lie ready, by turns with the step: the share is the time of the bare products over that of the step. Seconds are of the
processor, a thread, which other programs on the machine do not lengthen as they do the clock's; the clock's share
stands beside. Where there is a graphics card, steps a second are measured there as well.
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from core import configs
from core.datasets.action_sequences import examples_of
from core.datasets.pose_bank import PoseBank
from core.evaluation.forecasting import load_run
from core.runs import TrainForecaster
from core.training.forecaster import ForecasterRecipe, train_forecaster
from tests.core.made_up_project import bank_poses, made_up

ROUNDS = 20
TURNS = 3
"""Steps, and bare products, of which the quickest counts."""


def run(rounds: int = ROUNDS, turns: int = TURNS) -> dict[str, float | str]:
    """Name → figure."""
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        figures = {**_forecasts(rounds), **_steps(rounds)}
        square = torch.randn(512, 512)
        bare = figures["bare matmul ms"] = _median_ms(lambda: square @ square, rounds)
        shares: dict[str, float | str] = {}
        for count in (1, 2):
            torch.set_num_threads(count)
            said = "one thread" if count == 1 else f"{count} threads"
            shares |= {f"preset paper, {said}: {name}": each for name, each in beside_products(turns).items()}
    finally:
        torch.set_num_threads(threads)
    return {
        **{name: round(value, 3) for name, value in figures.items()},
        **{
            name.replace(" ms", ", times a bare matmul"): round(value / bare, 1)
            for name, value in figures.items()
            if name != "bare matmul ms"
        },
        **shares,
        **_on_a_card(),
    }


def _forecasts(rounds: int) -> dict[str, float]:
    made, bank = made_up(8, 40), PoseBank(bank_poses(200), "made up")
    config = configs.with_overrides(configs.recommended(), ["steps=1", "device=cpu"])
    with TemporaryDirectory() as place:
        spec = TrainForecaster(project="", out=place, config=config)
        for _ in train_forecaster(spec, made.project, made.read_tracks, Path(place), bank):
            pass
        loading = _median_ms(lambda: load_run(Path(place)), max(rounds // 4, 1))
        predictor, clip = load_run(Path(place)), made.project.clips["clip-07"]
        frame = clip.poses[20].frame
        asked = _median_ms(lambda: predictor.forecast(made.project, made.read_tracks, clip.id, frame), rounds)
    return {"load a run ms": loading, "forecast five steps ms": asked}


def _steps(rounds: int) -> dict[str, float]:
    figures = {}
    for name in ("forecaster/recommended", "forecaster/smoke"):
        with TemporaryDirectory() as place:
            recipe = _recipe(name, place, "device=cpu")
            figures[f"a step of {name} ms"] = _median_ms(lambda recipe=recipe: recipe.take_step(look=False), rounds)
    return figures


def _recipe(preset: str, place: str, *overrides: str) -> ForecasterRecipe:
    made, bank = made_up(24, 20), PoseBank(bank_poses(2000), "made up")
    config = configs.with_overrides(configs.preset(preset), overrides)
    assert isinstance(config, configs.Forecaster)
    examples = examples_of(made.project, made.read_tracks, config.data)
    spec = TrainForecaster(project="", out=place, config=config, preset=preset)
    return ForecasterRecipe(spec, "made up", examples, bank, Path(place))


def _median_ms(action: Callable[[], object], rounds: int) -> float:
    action()  # what is done once only is not counted
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return 1000 * median(taken)


# ---- beside bare products -------------------------------------------------------------------------------------------


class Products(TorchDispatchMode):
    """Counts matrix products by their sizes: rows, what is summed over, columns."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes = Counter[tuple[int, int, int]]()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = str(func).split(".")[1]
        if name in ("mm", "addmm"):
            one, other = args[-2:]
            self.sizes[one.shape[0], one.shape[1], other.shape[1]] += 1
        return func(*args, **(kwargs or {}))


def beside_products(turns: int, *overrides: str) -> dict[str, float | str]:
    """How much of a training step of preset paper its matrix products would take by themselves."""
    with TemporaryDirectory() as place:
        recipe = _recipe("forecaster/paper", place, "device=cpu", *overrides)
        with FlopCounterMode(display=False) as counted:
            recipe.take_step(look=False)
        with Products() as products:
            recipe.take_step(look=False)
        ready = {size: (torch.randn(size[0], size[1]), torch.randn(size[1], size[2])) for size in products.sizes}

        def multiply() -> None:
            for size, times in products.sizes.items():
                one, other = ready[size]
                for _ in range(times):
                    one @ other  # what it gives is not wanted

        taken = [(_seconds(lambda: recipe.take_step(look=False)), _seconds(multiply)) for _ in range(turns)]
    of_products = sum(2 * rows * inner * columns * times for (rows, inner, columns), times in products.sizes.items())
    own, bare = (min(each[side][0] for each in taken) for side in (0, 1))
    clock, bare_clock = (min(each[side][1] for each in taken) for side in (0, 1))
    return {
        "GFLOP a step": round(counted.get_total_flops() / 1e9, 1),
        "GFLOP of the products taken by themselves": round(of_products / 1e9, 1),
        "processor s a step": round(own, 3),
        "clock s a step": round(clock, 3),
        "GFLOP/s of the step": round(of_products / own / 1e9, 1),
        "GFLOP/s of bare products of the same sizes": round(of_products / bare / 1e9, 1),
        "share of bare products %": round(100 * bare / own, 1),
        "share by the clock %": round(100 * bare_clock / clock, 1),
    }


def _seconds(action: Callable[[], object]) -> tuple[float, float]:
    """Of the processor a thread, and of the clock."""
    clock, own = time.perf_counter(), time.process_time()
    action()
    return (time.process_time() - own) / torch.get_num_threads(), time.perf_counter() - clock


# ---- on a graphics card ---------------------------------------------------------------------------------------------


def _on_a_card(steps: int = 100) -> dict[str, float | str]:
    if not torch.cuda.is_available():
        return {"graphics card": "none here"}
    figures: dict[str, float | str] = {"graphics card": torch.cuda.get_device_name()}
    for name, overrides in (
        ("float32", ()),
        ("bfloat16", ("precision=bfloat16",)),
        ("bfloat16, compiled", ("precision=bfloat16", "compiled=true")),
    ):
        for critic in (1, 5):
            with TemporaryDirectory() as place:
                recipe = _recipe("forecaster/paper", place, "device=cuda", f"critic.steps={critic}", *overrides)
                for _ in range(20):
                    recipe.take_step(look=False)
                torch.cuda.synchronize()
                began = time.perf_counter()
                for _ in range(steps):
                    recipe.take_step(look=False)
                torch.cuda.synchronize()
                rate = steps / (time.perf_counter() - began)
            figures[f"preset paper, {name}, {critic} critic steps: steps a second"] = round(rate, 1)
    return figures


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))

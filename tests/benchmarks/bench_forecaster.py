"""What forecasting and training cost: a forecast of a clip, a training step of each preset, beside a bare matmul.

`run()` gives milliseconds (medians) on one thread, and the ratio to multiplying two 512 × 512 matrices in the same run,
so that figures of different machines can be compared.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from core import configs
from core.datasets.action_sequences import examples_of
from core.datasets.pose_bank import PoseBank
from core.evaluation.forecasting import load_run
from core.runs import TrainForecaster
from core.training.forecaster import ForecasterRecipe, train_forecaster
from tests.core.made_up_project import bank_poses, made_up

ROUNDS = 20


def run(rounds: int = ROUNDS) -> dict[str, float]:
    """Name → figure."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        figures = {**_forecasts(rounds), **_steps(rounds)}
        square = torch.randn(512, 512)
        bare = figures["bare matmul ms"] = _median_ms(lambda: square @ square, rounds)
    finally:
        torch.set_num_threads(threads)
    return {
        **{name: round(value, 3) for name, value in figures.items()},
        **{
            name.replace(" ms", ", times a bare matmul"): round(value / bare, 1)
            for name, value in figures.items()
            if name != "bare matmul ms"
        },
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
    made, bank = made_up(24, 20), PoseBank(bank_poses(2000), "made up")
    figures = {}
    for name in ("forecaster/recommended", "forecaster/smoke"):
        config = configs.with_overrides(configs.preset(name), ["device=cpu"])
        examples = examples_of(made.project, made.read_tracks, config.data)
        with TemporaryDirectory() as place:
            spec = TrainForecaster(project="", out=place, config=config, preset=name)
            recipe = ForecasterRecipe(spec, "made up", examples, bank, Path(place))
            figures[f"a step of {name} ms"] = _median_ms(lambda recipe=recipe: recipe.take_step(look=False), rounds)
    return figures


def _median_ms(action: Callable[[], object], rounds: int) -> float:
    action()  # what is done once only is not counted
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return 1000 * median(taken)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))

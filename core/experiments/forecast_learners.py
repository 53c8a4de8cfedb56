"""What is compared on action sequences: counting, repeating, networks over labels, and the forecaster's action head.

A method learns from the train and validation parts of `Examples` and then rolls out any windows: (W M A) scores, more
where an action is likelier. Letters: W windows, N past steps, M steps ahead, A actions.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import msgspec
import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from core import configs
from core.datasets.action_sequences import Examples, Windows
from core.errors import RunError
from core.evaluation.baselines import actions_of, plain_of
from core.evaluation.batches import WindowTensors
from core.evaluation.forecasting import load_run
from core.experiments.forecast_events import without_metrics
from core.knobs import with_overrides
from core.models.baselines.label_networks import Kind
from core.models.baselines.ngram import ORDERS, Actions, Ngram, count
from core.runs import CompareSequences, Event, Progress, TrainForecaster
from core.training import loop, running
from core.training.forecaster import ForecasterRecipe
from core.training.label_networks import Schedule, train_label_network

SMOOTHING = 2.0
"""Of the n-grams whose order is given; the chosen one has both chosen on validation."""
CHOSEN = "n-gram chosen on validation"

Roll = Callable[[Windows, Sequence[Actions]], Float[ndarray, "W M A"]]
"""From windows and everything their sequences did up to them."""


@dataclass(frozen=True)
class Learned:
    """A method that can be asked, and what it chose."""

    roll: Roll
    note: str = ""


Learning = Generator[Event, None, Learned]


@dataclass(frozen=True)
class Method:
    """A row of the study. `settings` are all that its figures depend on beside the data."""

    name: str
    kind: Literal["run", "plain"]
    settings: tuple[str, ...]
    learn: Callable[[Examples, int], Learning]


# Rates and steps were chosen on sequences set apart within training parts, never on a test part.
HEAD = (
    "data.poses=middle", "data.objects=false", "losses.pose2d=0", "losses.adversarial=0", "network.dropout=0",
    "network.start_at_mean_pose=false", "network.action_width=256", "network.object_width=8", "network.pose_width=8",
    "network.latent=256", "optimiser.batch=256", "optimiser.learning_rate=5e-4", "steps=800", "unroll=1",
    "validate_every=40", "report_every=40", "device=cpu",
)  # fmt: skip
"""The paper's head for actions alone at a size that one core trains in seconds: no poses, no objects, no critic."""
COUNTING = (
    "data.poses=middle", "data.objects=false", "losses.pose2d=0", "losses.adversarial=0", "losses.times=0",
    "losses.objects=0", "network.counting=true", "network.start_at_mean_pose=false", "network.object_width=8",
    "network.pose_width=8", "optimiser.learning_rate=1e-4", "steps=400", "validate_every=20", "report_every=20",
    "device=cpu",
)  # fmt: skip
"""Over a preset: its head for actions alone, which begins at the n-gram and learns where to leave it."""
RECURRENT = (*COUNTING, "network.latent=96", "optimiser.learning_rate=1e-3", "steps=300")
"""The same with a recurrent memory, which is slower."""


def methods(spec: CompareSequences) -> tuple[Method, ...]:
    """Those that the spec asks for; the chosen n-gram first, which all others stand beside."""
    wide = (f"data.past_steps={spec.observe}", f"data.future_steps={spec.predict}")
    everything = (
        Method(CHOSEN, "plain", (), _chosen_ngram),
        *(
            Method(f"n-gram of order {order}", "plain", (f"smoothing={SMOOTHING:g}",), _ngram(order))
            for order in ORDERS
        ),
        Method("the last action again", "plain", (), _last_action),
        _label_network("GRU over labels", "gru"),
        _label_network("transformer over labels", "transformer"),
        _forecaster("the paper's head", "forecaster/paper-furniture", (*HEAD, *wide, *spec.knobs)),
        _forecaster("small, counting as an input", "forecaster/small", (*COUNTING, *wide, *spec.knobs)),
        _forecaster("recommended, counting as an input", "forecaster/recommended", (*RECURRENT, *wide, *spec.knobs)),
    )
    asked = [
        each
        for each in everything
        if each.name == CHOSEN or not spec.methods or any(part in each.name for part in spec.methods)
    ]
    if spec.methods and len(asked) == 1 and not any(part in CHOSEN for part in spec.methods):
        raise RunError("No method has that in its name.", hint="There are: " + "; ".join(e.name for e in everything))
    return tuple(asked)


# ---- by counting ----------------------------------------------------------------------------------------------------


def _train_actions(examples: Examples) -> list[Actions]:
    return [actions_of(each, examples.vocabulary) for each in examples.sequences["train"] if each.steps]


def _counted(ngram: Ngram, note: str = "") -> Learned:
    def roll(windows: Windows, histories: Sequence[Actions]) -> Float[ndarray, "W M A"]:
        return np.stack([ngram.roll_out(each, windows.next_actions.shape[1]) for each in histories])

    return Learned(roll, note)


def _chosen_ngram(examples: Examples, _seed: int) -> Learning:
    ngram = plain_of(examples, examples.windows["train"].next_actions.shape[1]).ngram
    return _counted(ngram, f"order {ngram.order}, smoothing {ngram.smoothing:g}")
    yield  # it says nothing on its way


def _ngram(order: int) -> Callable[[Examples, int], Learning]:
    def learn(examples: Examples, _seed: int) -> Learning:
        return _counted(count(_train_actions(examples), order, SMOOTHING, len(examples.vocabulary.actions)))
        yield

    return learn


def _last_action(examples: Examples, _seed: int) -> Learning:
    """The newest action again and again; behind it, the most frequent ones."""
    often = count(_train_actions(examples), 0, SMOOTHING, len(examples.vocabulary.actions)).probabilities(())

    def roll(windows: Windows, _histories: Sequence[Actions]) -> Float[ndarray, "W M A"]:
        scores = np.tile(often, (len(windows), windows.next_actions.shape[1], 1))
        newest = windows.seen_actions[:, -1]
        known = np.flatnonzero(newest >= 0)
        scores[known, :, newest[known]] += 1.0
        return scores

    return Learned(roll)
    yield


# ---- by learning ----------------------------------------------------------------------------------------------------


def _label_network(name: str, kind: Kind) -> Method:
    plan = Schedule()
    settings = tuple(f"{key}={value}" for key, value in msgspec.structs.asdict(plan).items())

    def learn(examples: Examples, seed: int) -> Learning:
        network = yield from without_metrics(train_label_network(kind, examples, seed=seed, schedule=plan))

        def roll(windows: Windows, _histories: Sequence[Actions]) -> Float[ndarray, "W M A"]:
            return network.roll_out(windows.seen_actions, windows.next_actions.shape[1])

        return Learned(roll, f"{network.steps} steps")

    return Method(name, "run", settings, learn)


def _forecaster(name: str, preset: str, overrides: tuple[str, ...]) -> Method:
    config = with_overrides(configs.preset(preset), list(overrides))
    assert isinstance(config, configs.Forecaster)
    settings = tuple(f"{knob}={value}" for knob, value in sorted(configs.knobs(config).items()) if knob != "seed")

    def learn(examples: Examples, seed: int) -> Learning:
        with TemporaryDirectory(prefix="posecast-") as place:
            spec = TrainForecaster(
                project="", out=place, preset=preset, config=with_overrides(config, [f"seed={seed}"])
            )
            with running.threads(config.threads):
                recipe = ForecasterRecipe(spec, "", examples, None, Path(place))
                steps = loop.train(
                    recipe, done=0, steps=config.steps, report_every=config.report_every,
                    validate_every=config.validate_every,
                )  # fmt: skip
                for event in steps:
                    if isinstance(event, Progress):
                        yield Progress(event.done, event.total, name)
            run = load_run(Path(place))

        def roll(windows: Windows, _histories: Sequence[Actions]) -> Float[ndarray, "W M A"]:
            batch = WindowTensors.of(windows, len(examples.vocabulary.actions), torch.device("cpu")).whole
            with torch.no_grad():
                ahead = run.model.roll_out(batch.past, batch.views, windows.next_actions.shape[1])
            return torch.stack([step.logits for step, _ in ahead], dim=1).numpy()

        return Learned(roll, f"step {run.header.step} of {config.steps}")

    return Method(name, "run", settings, learn)

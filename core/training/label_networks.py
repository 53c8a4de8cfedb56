"""Trains a small network on action labels alone, as a baseline: next step on the true past, by cross entropy.

The same windows as the forecaster's, so both see equally much. After every few steps it is rolled out on the
validation part as in the protocol; the state that is right most often is kept (of equals the surer one), and when that
rises no longer, training ends. With nothing to validate on it takes a fixed number of steps.
Letters: W windows, N past steps, M steps ahead, A actions.
"""

from collections.abc import Generator
from copy import deepcopy
from dataclasses import dataclass

import msgspec
import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import nn
from torch.nn import functional

from core.datasets.action_sequences import Examples, Windows
from core.errors import RunError
from core.evaluation.metrics import accuracy
from core.models.baselines.label_networks import Kind
from core.models.baselines.label_networks import LabelNetwork as Network
from core.runs import Event, Metric, Progress


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how fast is learned, and how large the network is; the same for every split."""

    steps: int = 1200  # at most
    batch: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    width: int = 64
    layers: int = 1
    dropout: float = 0.3
    validate_every: int = 40
    patience: int = 8  # validations without a better one until it ends
    unvalidated: int = 400  # steps where there is nothing to validate on


@dataclass(frozen=True)
class LabelNetwork:
    """A trained one, and how right it was on the validation part (None without one)."""

    kind: Kind
    network: Network
    validation_top1: float | None
    steps: int

    def roll_out(self, seen_actions: Int[ndarray, "W N"], steps: int) -> Float[ndarray, "W M A"]:
        """Probabilities of the next `steps`; `seen_actions` as in `Windows`."""
        return self.network.roll_out(torch.from_numpy(np.asarray(seen_actions, np.int64)), steps).numpy()


def train_label_network(
    kind: Kind, examples: Examples, *, seed: int = 0, schedule: Schedule | None = None
) -> Generator[Event, None, LabelNetwork]:
    """Progress and metrics; the generator returns the network. RunError where there is nothing to learn from."""
    plan = schedule or Schedule()
    windows, held = examples.windows["train"], examples.windows["validation"].complete()
    known = np.flatnonzero(windows.next_actions[:, 0] >= 0)
    if not len(known):
        raise RunError(
            "No clip to learn from has two steps.", hint="Mark two steps in a clip, or choose another split."
        )
    seen = torch.from_numpy(windows.seen_actions[known])
    came = torch.from_numpy(windows.next_actions[known, 0])
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):  # weights and dropout draw from torch's own stream; leave that as it was
        torch.manual_seed(seed)
        network = Network(
            kind, past_steps=seen.shape[1], actions=len(examples.vocabulary.actions), width=plan.width,
            layers=plan.layers, dropout=plan.dropout,
        )  # fmt: skip
        optimiser = torch.optim.AdamW(network.parameters(), plan.learning_rate, weight_decay=plan.weight_decay)
        total = plan.steps if len(held) else plan.unvalidated
        best, kept, since, step = (-1.0, 0.0), deepcopy(network.state_dict()), 0, 0
        for step in range(1, total + 1):
            network.train()
            at = torch.randint(len(came), (plan.batch,), generator=random)
            loss = functional.cross_entropy(network(seen[at]), came[at])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            if not len(held) or step % plan.validate_every:
                continue
            score = _validated(network, held)
            yield Metric(step, "validation/top1", score[0])
            yield Progress(step, total, f"Training a {kind} over labels")
            best, kept, since = (score, deepcopy(network.state_dict()), 0) if score > best else (best, kept, since + 1)
            if since >= plan.patience:
                break
    if len(held):
        network.load_state_dict(kept)
    return LabelNetwork(kind, network.eval(), best[0] if len(held) else None, step)


def _validated(network: Network, held: Windows) -> tuple[float, float]:
    """Top-1 of the roll-out, and how surely it says the first step."""
    network.eval()
    said = network.roll_out(torch.from_numpy(held.seen_actions), held.next_actions.shape[1]).numpy()
    right = accuracy(said, held.next_actions, held.sequence)
    first = held.next_actions[:, 0]
    known = first >= 0
    sure = np.log(said[known, 0, first[known]] + 1e-9).mean() if known.any() else 0.0
    return round(float(right.top1.mean()), 9), float(sure)

"""How a stage of PoseGPT goes downhill: Adam, its rate over the steps, largest gradients, and the precision of sums.

Both stages take their steps by this. On a graphics card products are in bfloat16 and the weights stay float32.
"""

import math
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from core.models import checkpoints
from core.posegpt_configs import StageTraining
from core.training import chance
from core.training.chance import Rewind

WARM_UP = 0.05
"""Share of the steps in which the rate climbs, at most 1,000 of them."""
LEAST_RATE = 0.01
"""Share of the rate that a cosine falls to."""


def rate(config: StageTraining, step: int) -> float:
    """The learning rate of step 1 … `steps`."""
    if config.schedule == "constant":
        return config.learning_rate
    climb = max(min(int(WARM_UP * config.steps), 1000), 1)
    if step <= climb:
        return config.learning_rate * step / climb
    gone = min((step - climb) / max(config.steps - climb, 1), 1.0)
    return config.learning_rate * (LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * gone)))


class Descent:
    """The optimiser of one model, how many steps it has taken, and the run's chance."""

    def __init__(
        self, model: nn.Module, config: StageTraining, precision: str, device: torch.device, random: torch.Generator
    ) -> None:
        self._config, self._device, self._random = config, device, random
        self._half = precision == "bfloat16" or (precision == "auto" and device.type == "cuda")
        # Matrices alone decay: a norm or a bias has nothing to gain from being small.
        weights = [each for each in model.parameters() if each.requires_grad]
        groups = [
            {"params": [each for each in weights if each.dim() > 1], "weight_decay": config.weight_decay},
            {"params": [each for each in weights if each.dim() <= 1], "weight_decay": 0.0},
        ]
        self.weights = weights
        self._optimiser = torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)
        self._taken = 0

    def products(self) -> AbstractContextManager[object]:
        """Within it, the model is asked: what may be computed in bfloat16 is."""
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._half)

    def chance(self) -> AbstractContextManager[None]:
        """Within it, dropout draws from torch's own stream, which begins with a seed of this run's and of the step."""
        return chance.stream(chance.seed_of(self._random.initial_seed(), self._taken), self._device)

    def remembered(self) -> Rewind:
        """The way back to where all streams of chance are now."""
        return chance.all_remembered(self._random, self._device)

    def begin(self) -> None:
        """Forget gradients."""
        self._optimiser.zero_grad(set_to_none=True)

    def step(self, loss: Tensor) -> None:
        """One step down the loss."""
        self.begin()
        loss.backward()
        self.down()

    def down(self) -> None:
        """One step down the gradients that there are."""
        self._taken += 1
        for group in self._optimiser.param_groups:
            group["lr"] = rate(self._config, self._taken)
        if self._config.clip_gradient > 0:
            nn.utils.clip_grad_norm_(self.weights, self._config.clip_gradient)
        self._optimiser.step()

    def changed(self, model: nn.Module) -> list[Tensor]:
        """All that a step changes and that has to stay numbers."""
        # How long a code has been idle is endless for one that was never taken.
        weights = [each for name, each in model.state_dict().items() if not name.endswith("idle")]
        return [*weights, *checkpoints.optimiser_tensors(self._optimiser, "").values()]

    def state(self) -> dict[str, Tensor]:
        """What going on bit for bit needs beside the weights: running means, by the number of their weight; chance."""
        return {**checkpoints.optimiser_tensors(self._optimiser, "optimiser"), "random": self._random.get_state()}

    def take_up(self, step: int, tensors: dict[str, Tensor]) -> None:
        """Go on after `step` with what `state` said."""
        kept = {
            name.removeprefix("optimiser."): each for name, each in tensors.items() if name.startswith("optimiser.")
        }
        checkpoints.restore_optimiser(self._optimiser, kept)
        chance.take_up(self._random, tensors["random"], seed=self._random.initial_seed(), step=step)
        self._taken = step

"""A past read step by step: what is kept of all that was seen, instead of the last N steps side by side.

Beyond the paper, which flattens the last N steps into each encoder. Here its three encoders read one step at a time
(action; that step's own objects and all involved so far; pose by one linear layer and three residual blocks), and gated
recurrent units carry what matters from step to step; the state after a step is its latent z. Since every position of a
window has a latent, training asks at each what came next. Steps stand at the left here (`lengths` of each are real), so
padding changes nothing. Letters: B batch, N steps, A actions, O objects, Z latent, L layers.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn

from core.models.rows import drawn
from core.models.step_times import QUANTITIES, logarithm

SPREAD_M = 0.15
"""By how much joints usually lie off their average: poses are divided by it."""

State = tuple[Tensor, ...]
"""One (B Z) a layer."""


class Steps(NamedTuple):
    """Steps as a network reads them; what is unknown is zero."""

    actions: Float[Tensor, "B N A"]
    objects: Float[Tensor, "B N O"]  # of the step itself; probabilities where it is foreseen
    involved: Float[Tensor, "B N O"]  # of it and of all before it
    poses: Float[Tensor, "B N 9 3"]  # x, y, 1 where visible
    times: Float[Tensor, "B N 3"] | None  # seconds, NaN where unknown

    def newest(self) -> "Steps":
        """The last one alone."""
        actions, objects, involved, poses, times = self
        last = (each[:, -1:] for each in (actions, objects, involved, poses))
        return Steps(*last, times=None if times is None else times[:, -1:])

    def at_the_left(self, lengths: Int[Tensor, " B"]) -> "Steps":
        """Padded on the right instead of on the left."""
        actions, objects, involved, poses, times = self
        moved = (to_the_left(each, lengths) for each in (actions, objects, involved, poses))
        return Steps(*moved, times=None if times is None else to_the_left(times, lengths))


class StepMemory(nn.Module):
    """Encoders of one step, and the units that remember."""

    usual: Float[Tensor, "9 2"]

    def __init__(
        self,
        sizes: tuple[int, int, int],
        widths: tuple[int, int, int],
        latent: int,
        layers: int,
        slope: float,
        *,
        seen_times: bool,
        blocks: nn.Sequential,
    ) -> None:
        """`sizes` are actions, objects, joints; `widths` of their encoders; `blocks` follow the poses' linear layer."""
        super().__init__()
        actions, objects, joints = sizes
        for_actions, for_objects, for_poses = widths
        bend = nn.LeakyReLU(slope)
        self.read_actions = nn.Sequential(nn.Linear(actions, for_actions), bend)
        self.read_objects = nn.Sequential(nn.Linear(2 * objects, for_objects), bend) if objects else None
        self.read_poses = nn.Sequential(nn.Linear(joints * 3, for_poses), blocks, bend)
        self.read_times = nn.Sequential(nn.Linear(2 * QUANTITIES, for_objects), bend) if seen_times else None
        joined = for_actions + for_poses + for_objects * ((self.read_objects is not None) + seen_times)
        self.join = nn.Sequential(nn.Linear(joined, latent), bend)
        self.layers = nn.ModuleList(nn.GRU(latent, latent, batch_first=True) for _ in range(layers))
        self.register_buffer("usual", torch.zeros(joints, 2))

    def forward(
        self, steps: Steps, state: State | None, drop: "Drop"
    ) -> tuple[Float[Tensor, "B N Z"], tuple[Float[Tensor, "B N Z"], ...]]:
        """The latent after every step, and after every step the states of all layers (the last one's are the latents).

        `state` is what was remembered before the first of them.
        """
        features = drop(self.join(self._read(steps)))
        kept = []
        for at, layer in enumerate(self.layers):
            begin = None if state is None else state[at][None].contiguous()
            features, _ = layer(drop(features) if at else features, begin)
            kept.append(features)
        return features, tuple(kept)

    def _read(self, steps: Steps) -> Tensor:
        visible = steps.poses[..., 2:]
        poses = torch.cat(((steps.poses[..., :2] - self.usual) / SPREAD_M * visible, visible), dim=-1)
        read = [self.read_actions(steps.actions), self.read_poses(poses.flatten(2))]
        if self.read_objects is not None:
            read.append(self.read_objects(torch.cat((steps.objects, steps.involved), dim=-1)))
        if self.read_times is not None:
            times = (
                steps.times if steps.times is not None else steps.actions.new_full((*visible.shape[:2], 3), torch.nan)
            )
            known = times.isfinite()
            logs = torch.where(known, logarithm(times.nan_to_num(0.0)), 0.0)
            read.append(self.read_times(torch.cat((logs, known.to(logs.dtype)), dim=-1)))
        return torch.cat(read, dim=-1)


class Drop(NamedTuple):
    """Hides a share of features with a run's own chance; nothing without a generator."""

    share: float
    generator: torch.Generator | None

    def __call__(self, features: Tensor) -> Tensor:
        if self.generator is None or self.share == 0:
            return features
        kept = drawn(torch.rand, *features.shape, generator=self.generator, device=features.device) >= self.share
        return features * kept / (1 - self.share)


def to_the_left(values: Shaped[Tensor, "B N *rest"], lengths: Int[Tensor, " B"]) -> Shaped[Tensor, "B N *rest"]:
    """Rows padded on the left, padded on the right instead (with copies of the last step, which nobody reads)."""
    count = values.shape[1]
    place = torch.arange(count, device=values.device) + (count - lengths)[:, None]
    place = place.clamp_max(count - 1)
    return values[torch.arange(len(values), device=values.device)[:, None], place]


def after(states: Float[Tensor, "B N Z"], lengths: Int[Tensor, " B"]) -> Float[Tensor, "B Z"]:
    """What stands at the last real step."""
    return states[torch.arange(len(states), device=states.device), (lengths - 1).clamp_min(0)]


def real(lengths: Int[Tensor, " B"], count: int) -> Bool[Tensor, "B N"]:
    """Which of `count` positions hold a step."""
    return torch.arange(count, device=lengths.device) < lengths[:, None]

"""Windows as tensors that lie in memory whole, and the batches drawn from them, for training and for measuring.

Letters as in `datasets.action_sequences`: W windows, N past steps, M future steps, A actions, O objects.
"""

from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from core.datasets.action_sequences import Windows
from core.geometry.differentiable import Views
from core.models.seen_past import Past, StepObjects


@dataclass(frozen=True)
class Batch:
    """Some windows: what was seen, how, and what came."""

    past: Past
    views: Views
    next_actions: Int[Tensor, "B M"]
    next_poses: Float[Tensor, "B M 9 2"]
    next_visible: Bool[Tensor, "B M 9"]
    scale_px: Float[Tensor, "B 2"]
    next_times: Float[Tensor, "B M 3"]  # seconds, NaN where not known
    next_objects: Bool[Tensor, "B M O"]
    seen_rays: Float[Tensor, "B N 2"]

    @property
    def steps(self) -> int:
        return self.next_actions.shape[1]

    def __len__(self) -> int:
        return len(self.scale_px)

    def __getitem__(self, chosen: Tensor | slice) -> "Batch":
        return Batch(
            self.past[chosen],
            self.views[chosen],
            self.next_actions[chosen],
            self.next_poses[chosen],
            self.next_visible[chosen],
            self.scale_px[chosen],
            self.next_times[chosen],
            self.next_objects[chosen],
            self.seen_rays[chosen],
        )


@dataclass(frozen=True)
class WindowTensors:
    """All windows of a part."""

    whole: Batch

    @classmethod
    def of(cls, windows: Windows, action_count: int, device: torch.device, *, folds: int = 0) -> Self:
        """With `folds` each window says which fold of the counted sequences is its own (see `CountingTable`)."""

        def put(array: ndarray) -> Tensor:
            return torch.from_numpy(array).to(device)

        past = Past.of(
            put(windows.seen_actions),
            put(windows.seen_poses),
            put(windows.seen_visible),
            put(windows.objects),
            action_count,
            put(windows.seen_times),
            put(windows.sequence % folds) if folds else None,
            StepObjects(put(windows.seen_objects), put(windows.earlier_objects)),
            put(windows.seen_real).sum(-1),
        )
        views = Views(put(windows.tilt), put(windows.ray), put(windows.depth_m))
        return cls(
            Batch(
                past,
                views,
                put(windows.next_actions),
                put(windows.next_poses),
                put(windows.next_visible),
                put(windows.scale_px),
                put(windows.next_times),
                put(windows.next_objects),
                put(windows.seen_rays),
            )
        )

    def __len__(self) -> int:
        return len(self.whole.scale_px)

    def draw(self, count: int, random: torch.Generator) -> Batch:
        """`count` windows at random, each as likely at every draw."""
        return self.whole[torch.randint(len(self), (count,), generator=random, device=self.whole.scale_px.device)]

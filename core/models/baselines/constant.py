"""What a pose forecaster must beat: the last pose again, and the average one.

Seen poses, metres at the neck's depth (see `geometry.differentiable`). Letters: N past steps, M future steps.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def zero_velocity(
    poses: Float[Tensor, "batch N 9 2"], visible: Bool[Tensor, "batch N 9"], average: Float[Tensor, "9 2"], steps: int
) -> Float[Tensor, "batch M 9 2"]:
    """Each joint stays where it was last seen; one never seen lies where it does on average."""
    last = average.expand(len(poses), -1, -1).clone()
    for at in range(poses.shape[1]):  # oldest first, so the newest sight of a joint remains
        last = torch.where(visible[:, at, :, None], poses[:, at], last)
    return last[:, None].expand(-1, steps, -1, -1)


def train_average(poses: Float[Tensor, "batch 9 2"], visible: Bool[Tensor, "batch 9"]) -> Float[Tensor, "9 2"]:
    """The mean place of each joint over the poses it is visible in."""
    seen = visible[..., None].to(poses.dtype)
    return (poses * seen).sum(0) / seen.sum(0).clamp_min(1)

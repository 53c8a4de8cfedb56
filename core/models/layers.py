"""Layers that the forecaster and its critic share."""

from jaxtyping import Float
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two linear layers beside a straight path."""

    def __init__(self, width: int, slope: float) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.LeakyReLU(slope), nn.Linear(width, width), nn.LeakyReLU(slope), nn.Linear(width, width)
        )

    def forward(self, features: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        return features + self.inner(features)


def mlp(read: int, width: int, written: int, slope: float) -> nn.Sequential:
    """Two linear layers with a leaky ReLU between."""
    return nn.Sequential(nn.Linear(read, width), nn.LeakyReLU(slope), nn.Linear(width, written))

"""Names the action of a motion, and gives the features that samples are compared with real motion in.

Two networks: a transformer over body parameters (joint rotations, steps and height of the root) with a token that
gathers the window, and a recurrent one over the joints in space, as HumanAct12's motion is judged by. Both hear how
long each window is and see nothing beyond. Actions may come together: logits are of each action alone, or of one among
all. Letters: B windows, F frames, J joints, A actions, W width of the features.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from core.models.transformer import Stack, sine_positions

Kind = Literal["transformer", "gru"]
TOGETHER = 4
"""Frames that the transformer reads as one token."""


@dataclass(frozen=True)
class Judged:
    """What a classifier says of windows."""

    logits: Float[Tensor, "B A"]
    features: Float[Tensor, "B W"]


class TransformerClassifier(nn.Module):
    """Frames in groups, a gathering token in front, attention over all that is real."""

    def __init__(
        self, inputs: int, actions: int, *, width: int = 96, layers: int = 2, heads: int = 4, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(inputs))
        self.spread = nn.Buffer(torch.ones(inputs))
        self.read = nn.Linear(TOGETHER * inputs, width)
        self.gather = nn.Parameter(torch.zeros(width))
        self.drop = nn.Dropout(dropout)
        self.stack = Stack(layers, width, heads, 0, 2 * width, dropout, causal=False)
        self.name = nn.Linear(width, actions)

    def forward(self, x: Float[Tensor, "B F inputs"], frames: Int[Tensor, " B"]) -> Judged:
        """The frames from `frames` on are not looked at, whatever they hold."""
        groups = (x.shape[1] + TOGETHER - 1) // TOGETHER
        real = _real(x, frames)
        scaled = ((x - self.mean) / self.spread).clamp(-8.0, 8.0) * real[..., None]
        # What a last group lacks is filled with zeros, the mean.
        filled = nn.functional.pad(scaled, (0, 0, 0, groups * TOGETHER - x.shape[1]))
        tokens = self.drop(self.read(filled.reshape(len(x), groups, -1)))
        tokens = tokens + sine_positions(groups, tokens.shape[-1]).to(tokens)
        there = torch.arange(groups, device=x.device) * TOGETHER < frames[:, None]
        gather = self.gather.expand(len(x), 1, -1)
        seen = self.stack(torch.cat([gather, tokens], dim=1), torch.cat([torch.ones_like(there[:, :1]), there], dim=1))
        return Judged(self.name(seen[:, 0]), seen[:, 0])


class GruClassifier(nn.Module):
    """Two recurrent layers over the joints of each frame, then 30 features of the last real one."""

    def __init__(self, inputs: int, actions: int, *, width: int = 128, features: int = 30) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(inputs))
        self.spread = nn.Buffer(torch.ones(inputs))
        self.recurrent = nn.GRU(inputs, width, 2, batch_first=True)
        self.narrow = nn.Linear(width, features)
        self.name = nn.Linear(features, actions)

    def forward(self, x: Float[Tensor, "B F inputs"], frames: Int[Tensor, " B"]) -> Judged:
        """What lies behind a window's last frame is read after it, and changes nothing."""
        after, _ = self.recurrent((x - self.mean) / self.spread)
        last = after[torch.arange(len(x), device=x.device), frames - 1]
        features = torch.tanh(self.narrow(last))
        return Judged(self.name(features), features)


Classifier = TransformerClassifier | GruClassifier


def build(kind: Kind, inputs: int, actions: int) -> Classifier:
    """An untrained one; its weights are of torch's own stream of random numbers."""
    return TransformerClassifier(inputs, actions) if kind == "transformer" else GruClassifier(inputs, actions)


def parameter_inputs(
    rotations_6d: Float[Tensor, "B F J 6"], path_m: Float[Tensor, "B F 3"]
) -> Float[Tensor, "B F inputs"]:
    """Rotations, the root's height, and its steps, all as seen from where the body heads: J × 6 numbers, then 4.

    The root's rotation has no heading left, so how one walks around does not hide what one does; steps, ahead and to
    the left, are in cm, turns in tenths of a radian: that tells a walk from a dash and from a walk backwards.
    """
    first, second = rotations_6d[:, :, 0, :3], rotations_6d[:, :, 0, 3:]
    third = torch.linalg.cross(first, second)
    heading = torch.atan2(third[..., 0] - first[..., 2], first[..., 0] + third[..., 2])
    cos, sin = torch.cos(heading), torch.sin(heading)

    def level(vectors: Float[Tensor, "B F 3"]) -> Float[Tensor, "B F 3"]:
        x, y, z = vectors.unbind(-1)
        return torch.stack([cos * x - sin * z, y, sin * x + cos * z], dim=-1)

    root = torch.cat([level(first), level(second)], dim=-1)
    steps = level(torch.diff(path_m, dim=1, prepend=path_m[:, :1]))[..., [0, 2]]
    turned = torch.diff(heading, dim=1, prepend=heading[:, :1])
    turned = torch.atan2(torch.sin(turned), torch.cos(turned))[..., None]
    others = rotations_6d[:, :, 1:].flatten(2)
    return torch.cat([root, others, path_m[..., 1:2], 100.0 * steps, 10.0 * turned], dim=-1)


def joint_inputs(joints_m: Float[Tensor, "B F J 3"]) -> Float[Tensor, "B F inputs"]:
    """Joints, metres, from where the root was at the first frame."""
    return (joints_m - joints_m[:, :1, :1]).flatten(2)


def _real(x: Float[Tensor, "B F inputs"], frames: Int[Tensor, " B"]) -> Bool[Tensor, "B F"]:
    return torch.arange(x.shape[1], device=x.device) < frames[:, None]

"""The next action from the last few labels alone, by a small network: what poses and objects must add something to.

Two kinds: a recurrent one (GRU) and a transformer whose newest step gathers the others. Both see the same N past steps
as the forecaster, oldest first; a step that is padding or unknown is a word of its own. Rolled out, the likeliest
action becomes the newest step. Letters: B batch, N past steps, M steps ahead, A actions, W width.
"""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

Kind = Literal["gru", "transformer"]
KINDS: tuple[Kind, ...] = ("gru", "transformer")


class LabelNetwork(nn.Module):
    """Logits of the next action; trained by `core.training.label_networks`."""

    def __init__(
        self, kind: Kind, *, past_steps: int, actions: int, width: int = 64, layers: int = 1, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.kind: Kind = kind
        self.past_steps, self.action_count = past_steps, actions
        self.word = nn.Embedding(actions + 1, width)  # the last one is no action that it knows
        self.place = nn.Parameter(torch.zeros(past_steps, width))
        self.drop = nn.Dropout(dropout)
        self.read: nn.Module
        if kind == "gru":
            self.read = nn.GRU(width, width, layers, batch_first=True)
        else:
            layer = nn.TransformerEncoderLayer(
                width, 4, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
            )
            self.read = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.say = nn.Sequential(nn.LayerNorm(width), nn.Dropout(dropout), nn.Linear(width, actions))

    def forward(self, seen: Int[Tensor, "B N"]) -> Float[Tensor, "B A"]:
        """`seen` holds −1 where there is no step, or none it has a word for."""
        words = self.drop(self.word(torch.where(seen < 0, self.action_count, seen)) + self.place)
        read = self.read(words)
        return self.say((read[0] if self.kind == "gru" else read)[:, -1])

    @torch.no_grad()
    def roll_out(self, seen: Int[Tensor, "B N"], steps: int) -> Float[Tensor, "B M A"]:
        """Probabilities of each action at each of the next `steps`."""
        ahead = []
        for _ in range(steps):
            logits = self(seen)
            ahead.append(logits.softmax(-1))
            seen = torch.cat((seen[:, 1:], logits.argmax(-1, keepdim=True)), dim=1)
        return torch.stack(ahead, dim=1)

"""Transformer blocks: attention with masks, sine positions, and a key/value cache to go on from.

A query sees the keys that a mask allows: all real ones, or, where it is causal, those no later than itself. Masks are
additive: −∞ on what is not seen. Blocks normalise first (pre-LN); a stack ends with a normalisation. Letters: B batch,
N tokens, D width.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional


@dataclass
class Cache:
    """Keys and values of the tokens so far, with room for the rest. `length` tokens of it are filled.

    Calling a stack with it appends; `length` moves on by the tokens given. Rows are the samples of the batch.
    """

    keys: Float[Tensor, "layers B heads room width"]
    values: Float[Tensor, "layers B heads room width"]
    length: int = 0


class Attention(nn.Module):
    """Many heads of scaled dot products; heads may be wider or narrower than the model's width has room for."""

    def __init__(self, width: int, heads: int, head_width: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.head_width, self.dropout = heads, head_width, dropout
        self.into = nn.Linear(width, 3 * heads * head_width)
        self.out = nn.Linear(heads * head_width, width)

    def forward(
        self, x: Float[Tensor, "B N D"], mask: Tensor | None, *, causal: bool, cache: Cache | None, layer: int
    ) -> Float[Tensor, "B N D"]:
        batch, tokens, _ = x.shape
        parts = self.into(x).view(batch, tokens, 3, self.heads, self.head_width).permute(2, 0, 3, 1, 4)
        queries, keys, values = parts[0], parts[1], parts[2]
        if cache is not None:
            end = cache.length + tokens
            cache.keys[layer, :, :, cache.length : end] = keys
            cache.values[layer, :, :, cache.length : end] = values
            keys, values = cache.keys[layer, :, :, :end], cache.values[layer, :, :, :end]
        seen = functional.scaled_dot_product_attention(
            queries,
            keys,
            values,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=causal and mask is None and tokens > 1,
        )
        return self.out(seen.transpose(1, 2).reshape(batch, tokens, self.heads * self.head_width))


class Block(nn.Module):
    """Attention, then a two-layer perceptron, each added to what it reads."""

    def __init__(self, width: int, heads: int, head_width: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(width)
        self.attention = Attention(width, heads, head_width or width // heads, dropout)
        self.before_perceptron = nn.LayerNorm(width)
        self.widen = nn.Linear(width, feed_forward)
        self.narrow = nn.Linear(feed_forward, width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "B N D"], mask: Tensor | None, *, causal: bool, cache: Cache | None, layer: int
    ) -> Float[Tensor, "B N D"]:
        x = x + self.dropout(self.attention(self.before_attention(x), mask, causal=causal, cache=cache, layer=layer))
        inner = functional.gelu(self.widen(self.before_perceptron(x)))
        return x + self.dropout(self.narrow(inner))


class Stack(nn.Module):
    """Blocks on top of each other, and a normalisation. With `again`, sine positions are added before every block."""

    def __init__(
        self,
        layers: int,
        width: int,
        heads: int,
        head_width: int,
        feed_forward: int,
        dropout: float,
        *,
        causal: bool,
        again: bool = False,
    ) -> None:
        super().__init__()
        self.causal, self.again, self.width, self.heads = causal, again, width, heads
        self.head_width = head_width or width // heads
        self.blocks = nn.ModuleList(Block(width, heads, head_width, feed_forward, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(
        self, x: Float[Tensor, "B N D"], real: Bool[Tensor, "B N"] | None = None, cache: Cache | None = None
    ) -> Float[Tensor, "B N D"]:
        """`real` tells tokens from padding, which always stands at the end; no real token sees any of it."""
        before = 0 if cache is None else cache.length
        mask = additive_mask(x, real, causal=self.causal, before=before)
        for layer, block in enumerate(self.blocks):
            if self.again:
                x = x + sine_positions(x.shape[1], self.width, start=before).to(x)
            x = block(x, mask, causal=self.causal, cache=cache, layer=layer)
        if cache is not None:
            cache.length += x.shape[1]
        return self.norm(x)

    def damp(self, share: float) -> None:
        """Let blocks add only so much of what they would at first."""
        with torch.no_grad():
            for block in self.blocks:
                assert isinstance(block, Block)
                for each in (block.attention.out, block.narrow):
                    each.weight.mul_(share)
                    each.bias.zero_()

    def cache(self, batch: int, room: int) -> Cache:
        """An empty one for so many samples of at most `room` tokens."""
        weight = self.norm.weight
        shape = (len(self.blocks), batch, self.heads, room, self.head_width)
        return Cache(weight.new_zeros(shape), weight.new_zeros(shape))


def additive_mask(
    x: Float[Tensor, "B N D"], real: Bool[Tensor, "B N"] | None, *, causal: bool, before: int = 0
) -> Tensor | None:
    """What is added to scores: 0 where a query may look, −∞ elsewhere; None where plain attention says the same.

    `before` tokens lie in a cache and may all be seen. Padding stands at the end, so causal attention never meets it.
    """
    tokens = x.shape[1]
    if causal:
        if before == 0 or tokens == 1:
            return None
        own = torch.arange(tokens, device=x.device)
        allowed = torch.arange(before + tokens, device=x.device)[None] <= (before + own)[:, None]
    elif real is None:
        return None
    else:
        # A row of padding alone would give no number; it may look at itself and is read by nobody.
        allowed = real[:, None, None, :] | torch.eye(tokens, dtype=torch.bool, device=x.device)
    return torch.zeros(allowed.shape, dtype=x.dtype, device=x.device).masked_fill(~allowed, -math.inf)


def sine_positions(tokens: int, width: int, start: int = 0) -> Float[Tensor, "N D"]:
    """Sines and cosines of the place in time, from once a token to once in 10,000 (Vaswani et al.)."""
    place = torch.arange(start, start + tokens, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10_000.0) / width))
    waves = torch.zeros(tokens, width)
    waves[:, 0::2] = torch.sin(place * rate)
    waves[:, 1::2] = torch.cos(place * rate)[:, : width // 2]
    return waves

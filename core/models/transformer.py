"""Transformer blocks: attention with masks, sine positions, and a stack that remembers what it has read.

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

from core.errors import RunError
from core.models import rows


class Attention(nn.Module):
    """Many heads of scaled dot products; heads may be wider or narrower than the model's width has room for."""

    def __init__(self, width: int, heads: int, head_width: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.head_width, self.dropout = heads, head_width, dropout
        self.into = nn.Linear(width, 3 * heads * head_width)
        self.out = nn.Linear(heads * head_width, width)

    def forward(self, x: Float[Tensor, "B N D"], mask: Tensor | None, *, causal: bool) -> Float[Tensor, "B N D"]:
        batch, tokens, _ = x.shape
        parts = self.into(x).view(batch, tokens, 3, self.heads, self.head_width).permute(2, 0, 3, 1, 4)
        queries, keys, values = parts[0], parts[1], parts[2]
        if self.training and self.dropout > 0 and rows.here() is not None:
            seen = _seen(queries, keys, values, mask, self.dropout, causal=causal)
        else:
            seen = functional.scaled_dot_product_attention(
                queries,
                keys,
                values,
                attn_mask=mask,
                dropout_p=self.dropout if self.training else 0.0,
                is_causal=causal and tokens > 1,
            )
        return self.out(seen.transpose(1, 2).reshape(batch, tokens, self.heads * self.head_width))


def _seen(
    queries: Float[Tensor, "B H N d"],
    keys: Float[Tensor, "B H N d"],
    values: Float[Tensor, "B H N d"],
    mask: Tensor | None,
    dropout: float,
    *,
    causal: bool,
) -> Float[Tensor, "B H N d"]:
    """Attention in plain operations: torch's own draws what it hides where no piece of a batch can be cut from it."""
    scores = queries @ keys.transpose(-2, -1) * queries.shape[-1] ** -0.5
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(later, -math.inf)
    if mask is not None:
        scores = scores + mask
    return rows.dropped(scores.softmax(-1), dropout).to(values.dtype) @ values


class Block(nn.Module):
    """Attention, then a two-layer perceptron, each added to what it reads."""

    def __init__(self, width: int, heads: int, head_width: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(width)
        self.attention = Attention(width, heads, head_width or _shared(width, heads), dropout)
        self.before_perceptron = nn.LayerNorm(width)
        self.widen = nn.Linear(width, feed_forward)
        self.narrow = nn.Linear(feed_forward, width)
        self.dropout = rows.Dropout(dropout)

    def forward(self, x: Float[Tensor, "B N D"], mask: Tensor | None, *, causal: bool) -> Float[Tensor, "B N D"]:
        x = x + self.dropout(self.attention(self.before_attention(x), mask, causal=causal))
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
        self.head_width = head_width or _shared(width, heads)
        self.blocks = nn.ModuleList(Block(width, heads, head_width, feed_forward, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Float[Tensor, "B N D"], real: Bool[Tensor, "B N"] | None = None) -> Float[Tensor, "B N D"]:
        """`real` tells tokens from padding, which always stands at the end; no real token sees any of it."""
        mask = additive_mask(x, real, causal=self.causal)
        for block in self.blocks:
            if self.again:
                x = x + sine_positions(x.shape[1], self.width).to(x)
            x = block(x, mask, causal=self.causal)
        return self.norm(x)

    def damp(self, share: float) -> None:
        """Let blocks add only so much of what they would at first."""
        with torch.no_grad():
            for block in self.blocks:
                assert isinstance(block, Block)
                for each in (block.attention.out, block.narrow):
                    each.weight.mul_(share)
                    each.bias.zero_()


def _shared(width: int, heads: int) -> int:
    """Of the width, what each head gets; RunError where that is nothing."""
    if width < heads:
        raise RunError(
            f"A width of {width} cannot be shared among {heads} heads.",
            hint="Choose fewer heads, or say head_width.",
        )
    return width // heads


def additive_mask(x: Float[Tensor, "B N D"], real: Bool[Tensor, "B N"] | None, *, causal: bool) -> Tensor | None:
    """What is added to scores: 0 where a query may look, −∞ elsewhere; None where plain attention says the same.

    Padding stands at the end, so causal attention never meets it.
    """
    if causal or real is None:
        return None
    # A row of padding alone would give no number; it may look at itself and is read by nobody.
    allowed = real[:, None, None, :] | torch.eye(x.shape[1], dtype=torch.bool, device=x.device)
    return torch.zeros(allowed.shape, dtype=x.dtype, device=x.device).masked_fill(~allowed, -math.inf)


def sine_positions(tokens: int, width: int) -> Float[Tensor, "N D"]:
    """Sines and cosines of the place in time, from once a token to once in 10,000 (Vaswani et al.)."""
    place = torch.arange(tokens, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10_000.0) / width))
    waves = torch.zeros(tokens, width)
    waves[:, 0::2] = torch.sin(place * rate)
    waves[:, 1::2] = torch.cos(place * rate)[:, : width // 2]
    return waves


# ---- token by token -------------------------------------------------------------------------------------------------


class Remembering:
    """A causal stack that keeps the keys and values of all it has read, and is asked for its last token alone.

    It is the arithmetic of `Stack` with fewer and plainer operations: for one token, beginning an operation
    costs as much as carrying it out. Attention is two batched products, whose sums do not depend on the batch.
    """

    def __init__(self, stack: Stack, batch: int, room: int) -> None:
        """With room for so many tokens of so many samples."""
        assert stack.causal
        assert not stack.again
        weight = stack.norm.weight
        self._blocks = [_weights(block) for block in stack.blocks]
        self._norm = _pair(stack.norm)
        self._heads, self._head_width = stack.heads, stack.head_width
        shape = (len(self._blocks), batch * stack.heads, room, stack.head_width)
        self._keys = torch.zeros(shape, device=weight.device, dtype=weight.dtype)
        self._values = torch.zeros_like(self._keys)
        self._length = 0

    def after(self, read: Float[Tensor, "B new D"]) -> Float[Tensor, "B D"]:
        """What it says at the last of these, which follow all that it has read."""
        batch, new, width = read.shape
        start, end = self._length, self._length + new
        mask = self._keys.new_zeros(1) if new == 1 else _not_later(start, new, self._keys)
        scale = self._head_width**-0.5
        x = read.reshape(batch * new, width)
        for layer, block in enumerate(self._blocks):
            normed = functional.layer_norm(x, (width,), *block.before_attention)
            parts = torch.addmm(block.into[1], normed, block.into[0]).view(batch, new, 3, self._heads, -1)
            queries, keys, values = (
                parts.permute(2, 0, 3, 1, 4).reshape(3, batch * self._heads, new, self._head_width).unbind(0)
            )
            seen, told = self._keys[layer, :, :end], self._values[layer, :, :end]
            seen[:, start:] = keys
            told[:, start:] = values
            scores = torch.baddbmm(mask, queries, seen.transpose(1, 2), beta=int(new > 1), alpha=scale)
            mixed = torch.bmm(scores.softmax(-1), told).view(batch, self._heads, new, self._head_width)
            x = torch.addmm(x, mixed.transpose(1, 2).reshape(batch * new, -1), block.out[0]).add_(block.out[1])
            inner = functional.layer_norm(x, (width,), *block.before_perceptron)
            inner = functional.gelu(torch.addmm(block.widen[1], inner, block.widen[0]))
            x = torch.addmm(x, inner, block.narrow[0]).add_(block.narrow[1])
        self._length = end
        return functional.layer_norm(x.view(batch, new, width)[:, -1], (width,), *self._norm)


@dataclass(frozen=True)
class _Weights:
    """A block's weights, each with its bias; matrices as a product on their left needs them."""

    before_attention: tuple[Tensor, Tensor]
    into: tuple[Tensor, Tensor]
    out: tuple[Tensor, Tensor]
    before_perceptron: tuple[Tensor, Tensor]
    widen: tuple[Tensor, Tensor]
    narrow: tuple[Tensor, Tensor]


def _weights(block: nn.Module) -> _Weights:
    assert isinstance(block, Block)
    return _Weights(
        _pair(block.before_attention),
        _pair(block.attention.into),
        _pair(block.attention.out),
        _pair(block.before_perceptron),
        _pair(block.widen),
        _pair(block.narrow),
    )


def _pair(layer: nn.Linear | nn.LayerNorm) -> tuple[Tensor, Tensor]:
    return (layer.weight.T if isinstance(layer, nn.Linear) else layer.weight), layer.bias


def _not_later(start: int, new: int, like: Tensor) -> Float[Tensor, "1 new upto"]:
    """−∞ where a key stands later than the query: `new` queries after `start` keys that all may be seen."""
    upto = torch.full((new, start + new), -torch.inf, device=like.device, dtype=like.dtype)
    return upto.triu(start + 1)[None]

"""Motion drawn from a `MotionGpt`: token by token, book by book, with what was computed kept.

Chance is handed in: `uniforms` in [0, 1), each of which picks one code by the inverse of its cumulated distribution. A
sample is therefore made from its own numbers alone, however many are drawn beside it. Letters as in `motion_gpt`; N
counts new tokens, P those of a past.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.models.motion_gpt import MotionGpt

FIRST, MOST = 4, 32
"""Tokens of the first piece that `sample` yields, and of the longest; each is twice the one before."""


@dataclass(frozen=True)
class Draw:
    """How codes are picked. Temperature 0 takes the likeliest; `top_k` 0 and `top_p` 1 leave all codes in."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0


def uniforms(seed: int, samples: int, tokens: int, books: int) -> Float[Tensor, "samples tokens books"]:
    """Numbers in [0, 1), of float64. Row k is of `seed` and k alone, and a longer one begins as a shorter one."""
    rows = [np.random.Philox(key=[seed, sample]).random_raw(tokens * books) for sample in range(samples)]
    bits = np.stack(rows) if rows else np.zeros((0, tokens * books), np.uint64)
    return torch.from_numpy((bits >> np.uint64(11)) * 2.0**-53).view(samples, tokens, books)


def shares(logits: Float[Tensor, "B C"], draw: Draw) -> Float[Tensor, "B C"]:
    """The distribution that is drawn from, in float64: cooled, then cut to the likeliest codes."""
    logits = logits.double()
    if draw.temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).double()
    shares = (logits / draw.temperature).softmax(-1)
    codes = shares.shape[-1]
    if not 0 < draw.top_k < codes and draw.top_p >= 1:
        return shares
    order = shares.argsort(dim=-1, descending=True, stable=True)
    likeliest = shares.gather(-1, order)
    kept = torch.ones_like(likeliest, dtype=torch.bool)
    if 0 < draw.top_k < codes:
        kept[..., draw.top_k :] = False
        likeliest = likeliest * kept / (likeliest * kept).sum(-1, keepdim=True)
    if draw.top_p < 1:  # a code stays while those before it do not yet make up `top_p`
        kept &= likeliest.cumsum(-1) - likeliest < draw.top_p
        kept[..., 0] = True
    cut = torch.zeros_like(shares).scatter(-1, order, likeliest * kept)
    return cut / cut.sum(-1, keepdim=True)


def picked(shares: Float[Tensor, "B C"], uniform: Float[Tensor, " B"]) -> Int[Tensor, " B"]:
    """The code in whose stretch of the cumulated shares each number falls."""
    upto = shares.cumsum(-1)
    # Scaled by the whole, which rounding leaves a little off one: a code without a share is never picked.
    return torch.searchsorted(upto, uniform[:, None] * upto[:, -1:], right=True)[:, 0]


@torch.inference_mode()
def _next(gpt: MotionGpt, codes: Tensor, labels: Tensor, frames: Tensor, uniform: Tensor, draw: Draw) -> Tensor:
    chosen = torch.zeros(len(codes), gpt.books, dtype=torch.long, device=codes.device)
    for book in range(gpt.books):
        logits = gpt(torch.cat([codes, chosen[:, None]], dim=1), labels, frames)[:, -1, book]
        chosen[:, book] = picked(shares(logits, draw), uniform[:, book])
    return chosen


def sample(
    gpt: MotionGpt,
    labels: Float[Tensor, "B A"],
    frames: Int[Tensor, " B"],
    tokens: int,
    uniforms: Float[Tensor, "B tokens K"],
    draw: Draw,
    *,
    past: Int[Tensor, "B P K"] | None = None,
    fixed: tuple[Int[Tensor, "B tokens K"], Bool[Tensor, "B tokens"]] | None = None,
) -> Iterator[Int[Tensor, "B n K"]]:
    """The new codes so far, in growing pieces; the last has all. Closing it stops. `frames` counts the past's too.

    Where `fixed` says so, its codes stand instead of drawn ones, and what follows is drawn after them.
    """
    codes = past.long() if past is not None else torch.zeros(len(labels), 0, gpt.books, dtype=torch.long)
    before = codes.shape[1]
    due, piece = FIRST, FIRST
    for token in range(tokens):
        chosen = _next(gpt, codes, labels, frames, uniforms[:, token], draw)
        if fixed is not None:
            chosen = torch.where(fixed[1][:, token, None], fixed[0][:, token].long(), chosen)
        codes = torch.cat([codes, chosen[:, None]], dim=1)
        if token + 1 == min(due, tokens):
            yield codes[:, before:]
            piece = min(2 * piece, MOST)
            due += piece

"""Motion drawn from a `MotionGpt`: token by token, book by book, with what was computed kept.

Chance is handed in: `uniforms` in [0, 1), each of which picks one code by the inverse of its cumulated distribution. A
sample is therefore made from its own numbers alone, however many are drawn beside it, and to the last bit: few rows are
filled up to LEAST_ROWS, from which on a matrix product gives a row the same sums in any company. Letters as in
`motion_gpt`; N counts new tokens, P those of a past.
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from core.models.motion_gpt import MotionGpt
from core.models.transformer import Remembering

FIRST, MOST = 4, 32
"""Tokens of the first piece that `sample` yields, and of the longest; each is twice the one before."""
LEAST_ROWS = 4
"""Products of fewer rows take other paths through the library, and round otherwise."""


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
    cached: bool = True,
) -> Generator[Int[Tensor, "B n K"], None, None]:
    """The new codes so far, in growing pieces; the last has all. Closing it stops. `frames` counts the past's too.

    Where `fixed` says so, its codes stand instead of drawn ones, and what follows is drawn after them. `gpt` is in its
    evaluation mode. Without `cached` everything is computed anew for each token: the same codes, slowly.
    """
    batch = len(labels)
    filled_up = max(batch, LEAST_ROWS) if cached else batch
    rows = torch.arange(filled_up, device=labels.device).clamp(max=batch - 1)
    if past is None:
        past = torch.zeros(batch, 0, gpt.books, dtype=torch.long, device=labels.device)
    drawing = _Drawing(
        gpt,
        labels[rows],
        frames[rows],
        past[rows].long(),
        uniforms[rows],
        draw,
        None if fixed is None else (fixed[0][rows].long(), fixed[1][rows]),
        cached=cached,
    )
    end, piece = 0, FIRST
    while end < tokens:
        start, end = end, min(end + piece, tokens)
        for token in range(start, end):
            drawing.draw(token)
        yield drawing.codes[:batch, :end].clone()
        piece = min(2 * piece, MOST)


class _Drawing:
    """Codes on their way: what is drawn, and what of it the trunk has read."""

    @torch.inference_mode()
    def __init__(
        self,
        gpt: MotionGpt,
        labels: Float[Tensor, "B A"],
        frames: Int[Tensor, " B"],
        past: Int[Tensor, "B P K"],
        uniforms: Float[Tensor, "B N K"],
        draw: Draw,
        fixed: tuple[Int[Tensor, "B N K"], Bool[Tensor, "B N"]] | None,
        *,
        cached: bool,
    ) -> None:
        self._gpt, self._uniforms, self._draw, self._fixed = gpt, uniforms, draw, fixed
        batch, self._past, books = past.shape
        tokens = uniforms.shape[1]
        self.codes = past.new_zeros(batch, tokens, books)
        self._firsts = gpt.first_of_book.tolist()
        self._around = gpt.around(labels, frames, self._past + tokens).expand(batch, -1, -1)
        self._read = gpt.read(gpt.embedded(past), labels, frames)
        self._trunk = Remembering(gpt.trunk, batch, self._read.shape[1] + tokens - 1) if cached else None
        self._embedded = self._read.new_zeros(batch, self._read.shape[2])

    @torch.inference_mode()
    def draw(self, token: int) -> None:
        """The codes of a token, after those of all before it."""
        gpt, read, embedded = self._gpt, self._read, self._embedded
        said = gpt.trunk(read)[:, -1] if self._trunk is None else self._trunk.after(read)
        inner, part = gpt.head.inner_sums(said), embedded.shape[1] // gpt.books
        for book, first in enumerate(self._firsts):
            code = picked(gpt.head.of_book(book, inner), self._uniforms[:, token, book], self._draw)
            if self._fixed is not None:
                code = torch.where(self._fixed[1][:, token], self._fixed[0][:, token, book], code)
            self.codes[:, token, book] = code
            of_code = functional.embedding(code + first, gpt.code_parts.weight)
            embedded[:, book * part : (book + 1) * part] = of_code
            gpt.head.take_in(book, of_code, inner)
        if token + 1 < self.codes.shape[1]:
            more = (gpt.own(embedded) + self._around[:, self._past + token + 1])[:, None]
            self._read = more if self._trunk is not None else torch.cat([read, more], dim=1)


# ---- picking --------------------------------------------------------------------------------------------------------


def picked(logits: Float[Tensor, "B C"], uniform: Float[Tensor, " B"], draw: Draw) -> Int[Tensor, " B"]:
    """The code in whose stretch of the cumulated shares each number falls."""
    if draw.temperature == 0:
        return logits.argmax(-1)
    upto = shares(logits, draw).cumsum(-1)
    # Scaled by the whole, which rounding leaves a little off one; a code without a share is then never picked.
    return torch.searchsorted(upto, uniform[:, None] * upto[:, -1:], right=True)[:, 0]


def shares(logits: Float[Tensor, "B C"], draw: Draw) -> Float[Tensor, "B C"]:
    """The distribution that is drawn from, in float64: cooled, then cut to the likeliest codes."""
    if draw.temperature == 0:
        return functional.one_hot(logits.argmax(-1), logits.shape[-1]).double()
    if draw.temperature != 1:
        # From the likeliest downwards, and in float64: however cold it is, what is left is a number.
        logits = (logits - logits.amax(-1, keepdim=True)).double() / draw.temperature
    shares = logits.softmax(-1, dtype=torch.float64)
    codes = shares.shape[-1]
    if not 0 < draw.top_k < codes and draw.top_p >= 1:
        return shares
    order = shares.argsort(dim=-1, descending=True, stable=True)
    likeliest = shares.gather(-1, order)
    if 0 < draw.top_k < codes:
        likeliest[..., draw.top_k :] = 0
        likeliest = likeliest / likeliest.sum(-1, keepdim=True)
    if draw.top_p < 1:  # a code stays while those before it do not yet make up `top_p`
        enough = likeliest.cumsum(-1) - likeliest >= draw.top_p
        enough[..., 0] = False
        likeliest = likeliest.masked_fill(enough, 0)
    return torch.zeros_like(shares).scatter(-1, order, likeliest / likeliest.sum(-1, keepdim=True))

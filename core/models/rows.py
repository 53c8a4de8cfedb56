"""Batches that are taken in pieces: random numbers that belong to rows, and means over rows, are the whole batch's.

    with only(piece):                      # of a batch of piece.rows rows, those from piece.first to piece.end
        kept = drawn(torch.rand, 8, 4, …)  # what the whole batch would have drawn, of which these rows are left
        loss = mean(each)                  # adds up, over the pieces, to the mean over the whole batch

Every piece draws what the whole batch draws, from the same state of the same stream, and keeps its own rows: a batch
that is cut, by several processes or one after the other, sees the chance it would have seen in one. Outside `only`
everything is what torch does by itself.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional


class Piece(NamedTuple):
    """Rows `first` … `end` of a batch of `rows`."""

    first: int
    end: int
    rows: int
    lengths: Tensor | None = None  # of all the batch's rows, where they end at different places

    @property
    def own(self) -> int:
        """How many rows it has."""
        return self.end - self.first

    @property
    def slice(self) -> slice:
        """Which rows these are."""
        return slice(self.first, self.end)

    def cut(self, values: Shaped[Tensor, "*whole"], groups: int = 1) -> Shaped[Tensor, "*own"]:
        """Its rows of what the whole batch has: as many of each row, in `groups` one after the other."""
        if groups > 1:
            return torch.cat([self.cut(each) for each in values.chunk(groups)])
        of_each = len(values) // self.rows
        return values[self.first * of_each : self.end * of_each]


_here: ContextVar[Piece | None] = ContextVar("piece", default=None)


@contextmanager
def only(piece: Piece | None) -> Generator[None]:
    """Within it, what is computed is of these rows; None: of the whole batch."""
    before = _here.set(piece)
    try:
        yield
    finally:
        _here.reset(before)


def here() -> Piece | None:
    """The rows that are computed now; None where it is the whole batch."""
    return _here.get()


def drawn(draw: Callable[..., Tensor], *shape: int, groups: int = 1, **where: Any) -> Tensor:
    """`draw(*shape)` for these rows. The first axis counts rows, several for each window or `groups` of all windows."""
    piece = here()
    if piece is None:
        return draw(*shape, **where)
    whole = shape[0] // piece.own * piece.rows
    return piece.cut(draw(whole, *shape[1:], **where), groups)


def mean(values: Float[Tensor, "*own"]) -> Float[Tensor, ""]:
    """The mean; of a piece, its part of the whole batch's."""
    piece = here()
    return values.mean() if piece is None else values.sum() / (values.numel() / piece.own * piece.rows)


def dropped(features: Float[Tensor, "*own"], share: float) -> Float[Tensor, "*own"]:
    """Dropout in training, from torch's own stream."""
    piece = here()
    if piece is None or share == 0:
        return functional.dropout(features, share)
    whole = features.new_ones(len(features) // piece.own * piece.rows, *features.shape[1:])
    return features * piece.cut(functional.dropout(whole, share))


class Dropout(nn.Dropout):
    """`nn.Dropout`, whose rows of a piece are hidden as they are in the whole batch."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's name)
        return dropped(input, self.p) if self.training and here() is not None else super().forward(input)

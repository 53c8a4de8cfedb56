"""The next code from the codes so far, the action and the length (PoseGPT, section 3.2 and its appendix).

A motion is N tokens of K codes each, one of C from each book. Token n is foretold from tokens before n alone, from the
actions (k-hot, several may hold; none known is all zeros) and from T, the frames of the whole window, past included:

    p(codes | actions, T) = ∏ₙ ∏ₖ p(codes[n, k] | codes[< n], codes[n, < k], actions, T)

The factor within a token holds for the auto-regressive head; the two others foretell the K codes of a token apart.
Letters: B batch, N tokens, K books, C codes of a book, A actions, D width, F frames.
"""

import math
from typing import Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from core import posegpt_configs
from core.errors import RunError
from core.models.rows import Dropout
from core.models.transformer import Stack


class MotionGpt(nn.Module):
    """A causal transformer over tokens; each token it reads is the one before the token it foretells."""

    def __init__(
        self,
        config: posegpt_configs.MotionGpt,
        *,
        books: int,
        codes: int,
        actions: int,
        most_tokens: int,
        most_frames: int,
    ) -> None:
        super().__init__()
        if config.width % books:
            raise RunError(
                f"A width of {config.width} cannot be shared among {books} books.",
                hint=f"Choose gpt.width as a multiple of {books}.",
            )
        self.books, self.codes, self.actions = books, codes, actions
        self.most_tokens, self.most_frames = most_tokens, most_frames
        width = config.width
        self.code_parts = nn.Embedding(books * codes, width // books)  # the books' tables, one below the other
        self.start = nn.Parameter(torch.empty(width))
        self.places = nn.Embedding(most_tokens, width)
        self.action_parts = nn.Embedding(actions, width)
        self.lengths = nn.Embedding(most_frames + 1, width) if config.length else None
        self.conditioning = config.conditioning
        parts = 4 if config.length else 3
        self.mix = nn.Linear(parts * width, width) if config.conditioning == "concatenate" else None
        self.dropout = Dropout(config.dropout)
        self.trunk = Stack(
            config.layers, width, config.heads, config.head_width, config.feed_forward, config.dropout, causal=True
        )
        self.head: Head = _HEADS[config.head](width, books, codes)
        self.first_of_book: Tensor
        self.register_buffer("first_of_book", torch.arange(books) * codes, persistent=False)
        self._begin()

    # ---- likelihoods ----

    def forward(
        self, codes: Int[Tensor, "B N K"], labels: Float[Tensor, "B A"], frames: Int[Tensor, " B"]
    ) -> Float[Tensor, "B N K C"]:
        """Logits: those at n are of `codes[:, n]`, and read nothing later. Padding at the end changes nothing."""
        embedded = self.embedded(codes)
        read = self.read(embedded[:, :-1], labels, frames)
        return self.head(self.trunk(self.dropout(read))[:, -codes.shape[1] :], embedded)

    def log_probabilities(
        self, codes: Int[Tensor, "B N K"], labels: Float[Tensor, "B A"], frames: Int[Tensor, " B"]
    ) -> Float[Tensor, "B N K"]:
        """Natural logarithms of what the model gives each code, after those before it."""
        logits = self(codes, labels, frames).float()
        return logits.log_softmax(-1).gather(-1, codes.long()[..., None])[..., 0]

    # ---- what the trunk reads ----

    def embedded(self, codes: Int[Tensor, "B N K"]) -> Float[Tensor, "B N D"]:
        """Each code by its book's table; the books side by side."""
        return self.code_parts(codes + self.first_of_book).flatten(-2)

    def read(
        self, embedded: Float[Tensor, "B before D"], labels: Float[Tensor, "B A"], frames: Int[Tensor, " B"]
    ) -> Float[Tensor, "B read D"]:
        """What goes into the trunk to foretell the token after these: the start and the tokens, told action and length.

        Told by an extra token, that one stands in front.
        """
        tokens = torch.cat([self.start.expand(len(embedded), 1, -1), embedded], dim=1)
        read = self.own(tokens) + self.around(labels, frames, tokens.shape[1])
        front = self.in_front(labels, frames)
        return read if front is None else torch.cat([front, read], dim=1)

    def own(self, tokens: Float[Tensor, "*N D"]) -> Float[Tensor, "*N D"]:
        """What the tokens themselves put into the trunk.

        A layer on a concatenation is a sum of layers: `around` has the rest of it, which no token changes.
        """
        return tokens if self.mix is None else functional.linear(tokens, self.mix.weight[:, : tokens.shape[-1]])

    def around(
        self, labels: Float[Tensor, "B A"], frames: Int[Tensor, " B"], tokens: int
    ) -> Float[Tensor, "*B tokens D"]:
        """What stands beside every one of so many tokens: its place, and the action and length unless in front."""
        places = self.places.weight[:tokens]
        if self.conditioning == "token":
            return places
        told = self._told(labels, frames)
        if self.mix is None:
            return places + torch.stack(told).sum(0)[:, None]
        of_place, *of_told = self.mix.weight.split(places.shape[-1], dim=1)[1:]
        constant = sum((each @ part.T for each, part in zip(told, of_told, strict=True)), self.mix.bias)
        return places @ of_place.T + constant[:, None]

    def in_front(self, labels: Float[Tensor, "B A"], frames: Int[Tensor, " B"]) -> Float[Tensor, "B 1 D"] | None:
        """The extra token that tells action and length, where they are told so."""
        return torch.stack(self._told(labels, frames)).sum(0)[:, None] if self.conditioning == "token" else None

    def _told(self, labels: Float[Tensor, "B A"], frames: Int[Tensor, " B"]) -> list[Float[Tensor, "B D"]]:
        told = [labels @ self.action_parts.weight]
        return told if self.lengths is None else [*told, self.lengths(frames)]

    def _begin(self) -> None:
        """Small weights, smaller where a layer adds to what it read, so that a deep trunk begins as a shallow one."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=1 / math.sqrt(3 * module.in_features))
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=_EMBEDDED)
        nn.init.normal_(self.start, std=_EMBEDDED)
        for name, weight in self.trunk.named_parameters():
            if name.endswith(("attention.out.weight", "narrow.weight")):
                weight.data /= math.sqrt(2 * len(self.trunk.blocks))


_EMBEDDED = 1.0
"""Spread of embeddings at first. With the usual 0.02 a trunk is slow to hear what it reads: on made-up codes with a
rule, 5.6 bits a code are left after 100 steps and 4.9 after 200; with 1 it is 4.4 and 2.9."""

# ---- heads ----------------------------------------------------------------------------------------------------------


class Head(Protocol):
    """From the trunk to the logits of the K codes of a token: of all at once, or book after book."""

    def __call__(self, trunk: Float[Tensor, "B N D"], embedded: Float[Tensor, "B N D"]) -> Float[Tensor, "B N K C"]: ...

    def inner_sums(self, trunk: Float[Tensor, "B D"]) -> Float[Tensor, "B inner"]:
        """What a token's codes are said from, before any of them is known."""
        ...

    def of_book(self, book: int, inner: Float[Tensor, "B inner"]) -> Float[Tensor, "B C"]:
        """The logits of one book, once the codes before it are taken in."""
        ...

    def take_in(self, book: int, embedded: Float[Tensor, "B part"], inner: Float[Tensor, "B inner"]) -> None:
        """Add to `inner` what the books after `book` read of its code."""
        ...


class LinearHead(nn.Module):
    """One layer a book."""

    def __init__(self, width: int, books: int, codes: int) -> None:
        super().__init__()
        self.books, self.codes = books, codes
        self.out = nn.Linear(width, books * codes)

    def forward(
        self,
        trunk: Float[Tensor, "B N D"],
        embedded: Float[Tensor, "B N D"],  # noqa: ARG002 - one head reads it
    ) -> Float[Tensor, "B N K C"]:
        return self.out(trunk).unflatten(-1, (self.books, -1))

    def inner_sums(self, trunk: Float[Tensor, "B D"]) -> Float[Tensor, "B inner"]:
        return self.out(trunk)

    def of_book(self, book: int, inner: Float[Tensor, "B inner"]) -> Float[Tensor, "B C"]:
        return inner[:, book * self.codes : (book + 1) * self.codes]

    def take_in(self, book: int, embedded: Float[Tensor, "B part"], inner: Float[Tensor, "B inner"]) -> None:
        """Nothing: the books are foretold apart."""


class PerceptronHead(nn.Module):
    """Two layers a book."""

    def __init__(self, width: int, books: int, codes: int) -> None:
        super().__init__()
        self.books, self.width = books, width
        self.inner = nn.Linear(width, books * width)
        self.out = nn.Parameter(torch.randn(books, width, codes) / math.sqrt(3 * width))
        self.bias = nn.Parameter(torch.zeros(books, codes))

    def forward(
        self,
        trunk: Float[Tensor, "B N D"],
        embedded: Float[Tensor, "B N D"],  # noqa: ARG002 - one head reads it
    ) -> Float[Tensor, "B N K C"]:
        return self.said(self.inner(trunk))

    def said(self, inner: Float[Tensor, "B N KD"]) -> Float[Tensor, "B N K C"]:
        """The logits of the first layer's sums."""
        parts = functional.gelu(inner).view(-1, self.books, self.width).transpose(0, 1)
        logits = torch.baddbmm(self.bias[:, None], parts, self.out)
        return logits.transpose(0, 1).reshape(*inner.shape[:-1], self.books, -1)

    def inner_sums(self, trunk: Float[Tensor, "B D"]) -> Float[Tensor, "B inner"]:
        return self.inner(trunk)

    def of_book(self, book: int, inner: Float[Tensor, "B inner"]) -> Float[Tensor, "B C"]:
        part = functional.gelu(inner[:, book * self.width : (book + 1) * self.width])
        return torch.addmm(self.bias[book], part, self.out[book])

    def take_in(self, book: int, embedded: Float[Tensor, "B part"], inner: Float[Tensor, "B inner"]) -> None:
        """Nothing: the books are foretold apart."""


class AutoregressiveHead(PerceptronHead):
    """Two layers a book, and the first also reads the codes that the books before it have at this token.

    The paper concatenates the trunk with the embedded codes; a layer on a concatenation is the sum of two layers, and
    here the second is one product for all books, in which what a book must not read is masked out.
    """

    def __init__(self, width: int, books: int, codes: int) -> None:
        super().__init__(width, books, codes)
        self.reads = nn.Parameter(torch.randn(books * width, width) / math.sqrt(3 * width))
        read = torch.arange(width) // (width // books)
        earlier = read[None] < torch.arange(books).repeat_interleave(width)[:, None]
        self.earlier: Tensor
        self.register_buffer("earlier", earlier, persistent=False)

    def forward(self, trunk: Float[Tensor, "B N D"], embedded: Float[Tensor, "B N D"]) -> Float[Tensor, "B N K C"]:
        return self.said(self.inner(trunk) + functional.linear(embedded, self.reads * self.earlier))

    def take_in(self, book: int, embedded: Float[Tensor, "B part"], inner: Float[Tensor, "B inner"]) -> None:
        later, part = (book + 1) * self.width, embedded.shape[-1]
        inner[:, later:].addmm_(embedded, self.reads[later:, book * part : (book + 1) * part].T)


_HEADS = {"linear": LinearHead, "mlp": PerceptronHead, "autoregressive": AutoregressiveHead}

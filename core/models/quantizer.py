"""Product quantisation: a latent is cut into K parts, and each part is replaced by the nearest of its book's C codes.

    found = quantizer(latents, real)        # training: straight through, with the loss; running means move on
    codes = quantizer.nearest(latents)      # (B, N, K)
    quantizer.look_up(codes)                # (B, N, D)

The decoder's gradient passes straight through to the latents (equation 3). Codes learn by the loss of equation 4, or as
running means of the latents that they stand for (van den Oord et al., appendix A.1). Means forget a hundredth a batch,
and more in the first thousand, when latents still move fast. A code that none fell to for long is moved to a latent of
the batch; in the first batch that is every code. Letters: B batch, N tokens, D width of all parts together, K books, C
codes a book, P width of a part.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from core.errors import RunError
from core.models import rows
from core.posegpt_configs import ProductQuantizer as Knobs

DECAY = 0.99
SMOOTHING = 1e-5
"""Of Laplace: what every code counts for at least, so that no mean divides by nothing."""
IDLE_BATCHES, IDLE_SHARES = 10, 30
"""A code is moved after so many batches without a latent, and after so many times its even share of latents went by."""


@dataclass(frozen=True)
class Quantized:
    """`latents` are the codes' values with the gradient of what was given."""

    latents: Float[Tensor, "B N D"]
    codes: Int[Tensor, "B N K"]
    loss: Float[Tensor, ""]


class ProductQuantizer(nn.Module):
    """K books of C codes."""

    codebooks: Float[Tensor, "K C P"]
    counts: Float[Tensor, "K C"]
    sums: Float[Tensor, "K C P"]
    idle: Float[Tensor, "K C"]
    batches: Float[Tensor, ""]

    def __init__(self, config: Knobs) -> None:
        super().__init__()
        self.books = config.books
        self.codes = config.codes_a_book
        if config.width % self.books:
            raise RunError(
                f"A latent of {config.width} numbers cannot be cut into {self.books} equal parts.",
                hint="Choose quantizer.width as a multiple of quantizer.books.",
            )
        if self.codes < 2:
            raise RunError(
                f"{config.codes} codes in {self.books} books leave {self.codes} to each, and two are the least.",
                hint="Raise quantizer.codes, or set quantizer.codes_per_part.",
            )
        self._config = config
        self._gathered: list[Tensor] = []
        shape = (self.books, self.codes, config.width // self.books)
        start = torch.empty(shape).uniform_(-1 / self.codes, 1 / self.codes)
        if config.update == "gradient":
            self.codebooks = nn.Parameter(start)
        else:
            self.register_buffer("codebooks", start)
            self.register_buffer("counts", torch.zeros(shape[:2]))
            self.register_buffer("sums", torch.zeros(shape))
            # Batches since a code stood for any latent: no code ever has, so the first batch places them all.
            self.register_buffer("idle", torch.full(shape[:2], torch.inf))
            self.register_buffer("batches", torch.zeros(()))

    def forward(
        self,
        latents: Float[Tensor, "B N D"],
        real: Bool[Tensor, "B N"] | None = None,
        random: torch.Generator | None = None,
    ) -> Quantized:
        """The nearest codes, and the loss over real tokens. In training, running means take this batch in.

        Of a piece of a batch they only gather what they are to take in (`learn_gathered`), and dead codes are moved by
        whoever knows the latents of all pieces (`has_dead`, `candidates`, `revive`).
        """
        # Under autocast too: half the digits of a distance are not enough to tell codes apart.
        with torch.autocast(latents.device.type, enabled=False):
            wide = latents.float()
            learns, piece = self.training and self.has_means, rows.here()
            if learns and piece is None:
                self._move_dead(wide.detach(), real, random)
            elif learns:
                self._keys(wide, random)  # so that what is drawn after them is what the whole batch draws
            codes = self.nearest(wide)
            found = self.look_up(codes)
            loss = self._loss(wide, found, real)
            if learns:
                seen = self._counted(wide.detach(), codes, real)
                if piece is None:
                    self._learn(*seen)
                else:
                    self._gathered = [each + one for each, one in zip(self._gathered or (0, 0), seen, strict=True)]
            through = wide + (found - wide).detach()
        return Quantized(through.to(latents.dtype), codes, loss)

    @torch.no_grad()
    def nearest(self, latents: Float[Tensor, "B N D"]) -> Int[Tensor, "B N K"]:
        """Of every part, the number of the code that is least far. One product of matrices a book."""
        batch, tokens, _ = latents.shape
        with torch.autocast(latents.device.type, enabled=False):
            parts = self._parts(latents.float())
            # The latent's own length is the same for all codes, so |z − c|² is least where z·c − |c|²/2 is most.
            half = -0.5 * self.codebooks.square().sum(-1)[:, None, :]
            closeness = torch.baddbmm(half, parts, self.codebooks.transpose(1, 2))
        return closeness.argmax(-1).T.reshape(batch, tokens, self.books)

    def look_up(self, codes: Int[Tensor, "B N K"]) -> Float[Tensor, "B N D"]:
        """What codes stand for."""
        batch, tokens, books = codes.shape
        first = torch.arange(books, device=codes.device) * self.codes
        return functional.embedding(codes + first, self.codebooks.flatten(0, 1)).reshape(batch, tokens, -1)

    # ---- learning ----

    def _loss(
        self, latents: Float[Tensor, "B N D"], found: Float[Tensor, "B N D"], real: Bool[Tensor, "B N"] | None
    ) -> Float[Tensor, ""]:
        """Squares, averaged over real tokens and all their numbers."""
        config = self._config
        loss = config.commitment * _mean_square(latents - found.detach(), real)
        if config.update == "gradient":
            loss = loss + config.codebook * _mean_square(latents.detach() - found, real)
        return config.weight * loss

    @property
    def has_means(self) -> bool:
        """Whether codes learn as running means."""
        return self._config.update == "running means"

    @torch.no_grad()
    def has_dead(self, count: Tensor) -> bool:
        """Whether any code is to be moved in a batch of so many real tokens."""
        return bool(self._dead(count).any())

    @torch.no_grad()
    def candidates(
        self, latents: Float[Tensor, "B N D"], real: Bool[Tensor, "W N"] | None, random: torch.Generator | None
    ) -> Float[Tensor, "K C P"]:
        """Latents of real tokens where dead codes could go, no two the same if possible.

        `real` is of the whole batch. Of a piece of it, those that lie in it; the others are 0, so that pieces add up.
        """
        parts, keys = self._parts(latents), self._keys(latents, random)
        there = torch.ones(keys.shape[1], dtype=torch.bool, device=parts.device) if real is None else real.flatten()
        shuffled = keys.masked_fill(~there, 2.0).argsort(1)  # real ones come first
        count = there.sum().clamp_min(1)
        drawn = shuffled.gather(1, (torch.arange(self.codes, device=parts.device) % count).expand(self.books, -1))
        piece = rows.here()
        if piece is None:
            return parts.gather(1, drawn[..., None].expand(-1, -1, parts.shape[2]))
        own = drawn - piece.first * latents.shape[1]
        is_here = (own >= 0) & (own < parts.shape[1])
        found = parts.gather(1, own.clamp(0, parts.shape[1] - 1)[..., None].expand(-1, -1, parts.shape[2]))
        return torch.where(is_here[..., None], found, 0.0)

    @torch.no_grad()
    def revive(self, candidates: Float[Tensor, "K C P"], count: Tensor) -> None:
        """Put codes that are idle for long there, in a batch of so many real tokens."""
        dead, share = self._dead(count), count / self.codes
        # A moved code begins with an even share, so it stays near where it was put until it has latents of its own.
        self.codebooks.copy_(torch.where(dead[..., None], candidates, self.codebooks))
        self.sums.copy_(torch.where(dead[..., None], candidates * share, self.sums))
        self.counts.copy_(torch.where(dead, share, self.counts))
        self.idle.masked_fill_(dead, 0.0)

    @torch.no_grad()
    def means(self) -> dict[str, Tensor]:
        """The running means as they are now."""
        return {name: each.clone() for name, each in self.named_buffers()}

    @torch.no_grad()
    def put_back(self, means: dict[str, Tensor]) -> None:
        """A batch begins, or begins again: nothing of it is taken in."""
        self._gathered = []
        for name, each in self.named_buffers():
            each.copy_(means[name])

    def gathered(self) -> list[Tensor]:
        """What its pieces have gathered: how often each code was used, and the sums of what it stood for."""
        return self._gathered

    def learn_gathered(self) -> None:
        """Move the running means on by it."""
        counts, sums = self._gathered
        self._learn(counts, sums)
        self._gathered = []

    def _dead(self, count: Tensor) -> Bool[Tensor, "K C"]:
        return self.idle >= (IDLE_SHARES / (count / self.codes)).clamp_min(IDLE_BATCHES)

    def _keys(self, latents: Float[Tensor, "B N D"], random: torch.Generator | None) -> Float[Tensor, "K M"]:
        """The order in which tokens of the whole batch are tried."""
        piece = rows.here()
        count = len(latents) if piece is None else piece.rows
        return torch.rand(self.books, count * latents.shape[1], generator=random, device=latents.device)

    @torch.no_grad()
    def _move_dead(
        self, latents: Float[Tensor, "B N D"], real: Bool[Tensor, "B N"] | None, random: torch.Generator | None
    ) -> None:
        """Put codes that are idle for long where real latents of this batch are."""
        tokens = latents.shape[0] * latents.shape[1]
        count = torch.tensor(tokens, device=latents.device) if real is None else real.sum()
        self.revive(self.candidates(latents, real, random), count.clamp_min(1))

    @torch.no_grad()
    def _counted(
        self, latents: Float[Tensor, "B N D"], codes: Int[Tensor, "B N K"], real: Bool[Tensor, "B N"] | None
    ) -> tuple[Float[Tensor, "K C"], Float[Tensor, "K C P"]]:
        """How many real tokens each code stood for, and their sums."""
        parts = self._parts(latents)
        weights = parts.new_ones(parts.shape[:2]) if real is None else real.flatten().to(parts).expand(self.books, -1)
        first = torch.arange(self.books, device=codes.device) * self.codes
        of = (codes.flatten(0, 1) + first).T.flatten()
        counts = torch.zeros_like(self.counts).flatten().index_add_(0, of, weights.flatten())
        weighted = (parts * weights[..., None]).flatten(0, 1)
        sums = torch.zeros_like(self.sums).flatten(0, 1).index_add_(0, of, weighted)
        return counts.view_as(self.counts), sums.view_as(self.sums)

    @torch.no_grad()
    def _learn(self, batch_counts: Float[Tensor, "K C"], batch_sums: Float[Tensor, "K C P"]) -> None:
        """Move the running means on by this batch."""
        taken = 1 - ((1 + self.batches) / (10 + self.batches)).clamp_max(DECAY)
        self.batches.add_(1)
        self.counts.lerp_(batch_counts, taken)
        self.sums.lerp_(batch_sums, taken)
        self.idle.add_(1).masked_fill_(batch_counts > 0, 0.0)
        whole = self.counts.sum(1, keepdim=True)
        smooth = (self.counts + SMOOTHING) / (whole + self.codes * SMOOTHING) * whole
        self.codebooks.copy_(self.sums / smooth[..., None])

    def _parts(self, latents: Float[Tensor, "B N D"]) -> Float[Tensor, "K M P"]:
        return latents.reshape(-1, self.books, latents.shape[-1] // self.books).transpose(0, 1)


def use_of(
    codes: Int[Tensor, "B N K"], real: Bool[Tensor, "B N"] | None, size: int
) -> tuple[Float[Tensor, " K"], Float[Tensor, " K"]]:
    """Of each book of `size` codes: the share that is used at all, and the perplexity: how many are used, evenly."""
    return use_of_counts(code_counts(codes, real, size))


def code_counts(codes: Int[Tensor, "B N K"], real: Bool[Tensor, "B N"] | None, size: int) -> Float[Tensor, "K C"]:
    """How many real tokens each code of each book stands for."""
    flat = codes.flatten(0, 1)
    weights = torch.ones_like(flat, dtype=torch.float32) if real is None else real.flatten()[:, None].expand_as(flat)
    return torch.zeros(flat.shape[1], size, device=codes.device).scatter_add_(1, flat.T, weights.T.float())


def use_of_counts(counts: Float[Tensor, "K C"]) -> tuple[Float[Tensor, " K"], Float[Tensor, " K"]]:
    """`use_of`, from the counts."""
    shares = counts / counts.sum(1, keepdim=True).clamp_min(1)
    perplexity = torch.exp(-torch.xlogy(shares, shares).sum(1))
    return (counts > 0).float().mean(1), perplexity


def _mean_square(apart: Float[Tensor, "B N D"], real: Bool[Tensor, "B N"] | None) -> Float[Tensor, ""]:
    piece = rows.here()
    if real is None:
        return rows.mean(apart.square())
    each = torch.where(real, apart.square().mean(-1), 0.0).sum()
    return each / (real.sum() if piece is None or piece.lengths is None else piece.lengths.sum()).clamp_min(1)

"""The GPT's recipe: cross entropy of the true next codes, over windows that the frozen auto-encoder made into codes.

L = −mean log p(codes[n, k] | codes before, actions, T) over real tokens (the paper's equation 5, as a mean). Bits are
of one code. What was learned by heart shows as validation bits that rise again: the best by them is kept.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from core.datasets.motion_features import FeatureBatch
from core.models.motion_gpt import MotionGpt
from core.models.rows import Piece
from core.posegpt_configs import PoseGpt
from core.recordings import KEPT_HZ
from core.training import shares
from core.training.descent import Descent
from core.training.shares import Division

_PADDING = -100
"""What cross entropy counts nowhere."""


@dataclass(frozen=True)
class CodeBatch:
    """Windows as codes, on the device that trains. Padding stands at the end; `frames` counts real frames."""

    codes: Int[Tensor, "B N K"]
    real: Bool[Tensor, "B N"]
    labels: Float[Tensor, "B A"]
    frames: Int[Tensor, " B"]

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def counted(self) -> Int[Tensor, ""]:
        """Codes of real tokens."""
        return self.real.sum() * self.codes.shape[2]

    def cut(self, piece: Piece | None) -> "CodeBatch":
        """Some of the windows; None: all."""
        if piece is None:
            return self
        each = piece.slice
        return CodeBatch(self.codes[each], self.real[each], self.labels[each], self.frames[each])

    @staticmethod
    def joined(batches: Sequence["CodeBatch"]) -> "CodeBatch":
        """All of their windows, in order."""
        columns = ((each.codes, each.real, each.labels, each.frames) for each in batches)
        return CodeBatch(*(torch.cat(column) for column in zip(*columns, strict=True)))


@runtime_checkable
class Cuttable(Protocol):
    """Windows that may not be codes yet: each worker makes codes of its own alone."""

    @property
    def counted(self) -> Tensor: ...
    def __len__(self) -> int: ...
    def cut(self, piece: Piece | None) -> CodeBatch: ...


class Uncoded:
    """Windows that `as_codes` makes codes of where they are taken: each worker of its own alone."""

    def __init__(
        self, batch: FeatureBatch, as_codes: Callable[[FeatureBatch, slice], CodeBatch], factor: int, books: int
    ) -> None:
        self._batch, self._as_codes = batch, as_codes
        self._factor, self._books = factor, books

    @property
    def counted(self) -> Tensor:
        """Codes of real tokens."""
        return torch.tensor(self._batch.real[:, :: self._factor].sum() * self._books)

    def __len__(self) -> int:
        return len(self._batch.frames)

    def cut(self, piece: Piece | None) -> CodeBatch:
        return self._as_codes(self._batch, slice(None) if piece is None else piece.slice)


class GptTraining:
    """The model, its optimiser, and where batches come from; a `loop.Recipe`.

    `keep` is told the figures and score of every validation (greater is better), `save` the step to save.
    """

    def __init__(
        self,
        config: PoseGpt,
        model: MotionGpt,
        next_batch: Callable[[], Cuttable],
        validation: Sequence[CodeBatch],
        random: torch.Generator,
        device: torch.device,
        keep: Callable[[int, float | None, dict[str, float]], None],
        save: Callable[[int], None],
        division: Division | None = None,
    ) -> None:
        self._model, self._next_batch, self._validation = model, next_batch, list(validation)
        self._keep, self._save = keep, save
        self._taken: list[CodeBatch] = []  # the pieces of the last step's batch
        self._descent = Descent(model, config.gpt_training, config.precision, device, random)
        self.division = division or Division(parts=config.gpt_training.parts)
        self._codes_a_second = model.books * KEPT_HZ / config.autoencoder.downsampling

    # ---- what the loop asks ----

    def take_step(self, *, look: bool) -> dict[str, Tensor]:
        """One step on fresh windows."""
        division = self.division
        division.workers.go_on()
        batch = self._next_batch()
        self._model.train()

        def begin() -> None:
            self._taken = []
            self._descent.begin()

        def one(piece: Piece | None) -> dict[str, Tensor]:
            windows = batch.cut(piece)
            self._taken.append(windows)
            return self._taught(windows, None if piece is None else batch.counted, look=look)

        with division.workers.together(), self._descent.chance():
            said = division.take(len(batch), one, self._descent.remembered, begin)
            division.add_gradients(self._descent.weights)
            self._descent.down()
            measured = division.told(said, of_all=look)
        if not look:
            return measured
        right, count = measured.pop("right"), measured.pop("count")
        bits = measured["loss"] / math.log(2)
        return {
            **measured,
            "train/bits": bits,
            "train/bits_a_second": bits * self._codes_a_second,
            "train/accuracy": right / count,
        }

    def _taught(self, batch: CodeBatch, count: Tensor | None, *, look: bool) -> dict[str, Tensor]:
        """Gradients of windows, and what was measured; `count` codes are in the whole batch they are a piece of."""
        logits, wanted = self._said(batch)
        if count is None:
            loss = functional.cross_entropy(logits, wanted)
        else:
            loss = functional.cross_entropy(logits, wanted, reduction="sum") / count
        loss.backward()
        measured = {"loss": loss.detach()}
        if look:
            measured |= {"right": _right(logits, wanted).sum(), "count": (wanted >= 0).sum()}
        return measured

    @property
    def drawn(self) -> CodeBatch | None:
        """The batch of the last step; of several workers, this one's share of it."""
        return CodeBatch.joined(self._taken) if self._taken else None

    def weights(self) -> Iterable[Tensor]:
        """What a step changes."""
        return self._descent.changed(self._model)

    def validate(self, step: int) -> dict[str, float]:
        """Loss, bits and accuracy on windows that were not learned from; `keep` hears of it."""
        if not self.division.workers.leads:
            return {}
        figures = shares.measured(self._figures, self._validation, _halves)
        self._keep(step, -figures["validation/bits"] if figures else None, figures)
        return figures

    def save(self, step: int) -> None:
        """As the one who drives this keeps it."""
        if self.division.workers.leads:
            self._save(step)

    # ---- going on ----

    def state(self) -> dict[str, Tensor]:
        """Everything beside the weights that going on bit for bit needs."""
        return self._descent.state()

    def take_up(self, step: int, tensors: dict[str, Tensor]) -> None:
        """Go on after `step` with what `state` said."""
        self._descent.take_up(step, tensors)

    # ---- measuring ----

    def _said(self, batch: CodeBatch) -> tuple[Float[Tensor, "codes C"], Int[Tensor, " codes"]]:
        """Logits of every code, and the true ones; _PADDING where there is none."""
        with self._descent.products():
            logits = self._model(batch.codes, batch.labels, batch.frames)
        wanted = batch.codes.long().masked_fill(~batch.real[..., None], _PADDING)
        return logits.float().flatten(0, 2), wanted.flatten()

    @torch.no_grad()
    def _figures(self) -> dict[str, float]:
        if not self._validation:
            return {}
        self._model.eval()
        nats, right, count = 0.0, 0, 0
        for batch in self._validation:
            logits, wanted = self._said(batch)
            nats += functional.cross_entropy(logits, wanted, reduction="sum").item()
            right += int(_right(logits, wanted).sum())
            count += int((wanted >= 0).sum())
        bits = nats / count / math.log(2)
        return {
            "validation/loss": nats / count,
            "validation/bits": bits,
            "validation/bits_a_second": bits * self._codes_a_second,
            "validation/accuracy": right / count,
        }


def _halves(batch: CodeBatch) -> list[CodeBatch]:
    return [batch.cut(each) for each in shares.halved(len(batch))]


def _right(logits: Float[Tensor, "codes C"], wanted: Int[Tensor, " codes"]) -> Bool[Tensor, " codes"]:
    """Where the likeliest code is the true one; never at padding."""
    return logits.detach().argmax(-1) == wanted

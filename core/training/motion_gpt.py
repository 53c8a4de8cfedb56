"""The GPT's recipe: cross entropy of the true next codes, over windows that the frozen auto-encoder made into codes.

L = −mean log p(codes[n, k] | codes before, actions, T) over real tokens (the paper's equation 5, as a mean). Bits are
of one code. What was learned by heart shows as validation bits that rise again: the best by them is kept.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from core.models.motion_gpt import MotionGpt
from core.posegpt_configs import PoseGpt
from core.recordings import KEPT_HZ
from core.training.descent import Descent

_PADDING = -100
"""What cross entropy counts nowhere."""


@dataclass(frozen=True)
class CodeBatch:
    """Windows as codes, on the device that trains. Padding stands at the end; `frames` counts real frames."""

    codes: Int[Tensor, "B N K"]
    real: Bool[Tensor, "B N"]
    labels: Float[Tensor, "B A"]
    frames: Int[Tensor, " B"]


class GptTraining:
    """The model, its optimiser, and where batches come from; a `loop.Recipe`.

    `keep` is told the figures and score of every validation (greater is better), `save` the step to save.
    """

    def __init__(
        self,
        config: PoseGpt,
        model: MotionGpt,
        next_batch: Callable[[], CodeBatch],
        validation: Sequence[CodeBatch],
        random: torch.Generator,
        device: torch.device,
        keep: Callable[[int, float | None, dict[str, float]], None],
        save: Callable[[int], None],
    ) -> None:
        self._model, self._next_batch, self._validation = model, next_batch, validation
        self._keep, self._save = keep, save
        self._descent = Descent(model, config.gpt_training, config.precision, device, random)
        self._codes_a_second = model.books * KEPT_HZ / config.autoencoder.downsampling

    # ---- what the loop asks ----

    def take_step(self, *, look: bool) -> dict[str, Tensor]:
        """One step on fresh windows."""
        batch = self._next_batch()
        self._model.train()
        with self._descent.chance():
            logits, wanted = self._said(batch)
            loss = functional.cross_entropy(logits, wanted)
            self._descent.step(loss)
        if not look:
            return {}
        bits = loss.detach() / math.log(2)
        return {
            "loss": loss.detach(),
            "train/bits": bits,
            "train/bits_a_second": bits * self._codes_a_second,
            "train/accuracy": _right(logits, wanted).sum() / (wanted >= 0).sum(),
        }

    def validate(self, step: int) -> dict[str, float]:
        """Loss, bits and accuracy on windows that were not learned from; `keep` hears of it."""
        figures = self._figures()
        self._keep(step, -figures["validation/bits"] if figures else None, figures)
        return figures

    def save(self, step: int) -> None:
        """As the one who drives this keeps it."""
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


def _right(logits: Float[Tensor, "codes C"], wanted: Int[Tensor, " codes"]) -> Bool[Tensor, " codes"]:
    """Where the likeliest code is the true one; never at padding."""
    return logits.detach().argmax(-1) == wanted

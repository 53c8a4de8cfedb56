"""The auto-encoder's recipe: motion through codes and back, by the losses of its config and the quantiser's.

Validation sees windows that were not learned from. `validation/pve_mm` is the mean distance of vertices over all real
frames of all windows, of every tenth vertex and without correctives, which is the whole surface's within a hundredth;
the best by it is kept. A book's usage is the share of its codes that the validation windows use.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, runtime_checkable

import torch
from numpy import ndarray
from torch import Tensor

from core.bodies.surface import Surface
from core.models.motion_vqvae import MotionTensors, MotionVqvae
from core.models.quantizer import code_counts, use_of, use_of_counts
from core.models.rows import Piece, only
from core.posegpt_configs import PoseGpt
from core.training.descent import Descent
from core.training.motion_losses import MotionLosses, pve_mm
from core.training.shares import Division, halved, measured

MEASURED_SHARE = 0.1


@runtime_checkable
class Windows(Protocol):
    """Padded windows of motion, as `datasets.motion_features` gives them."""

    @property
    def rotations_6d(self) -> ndarray: ...
    @property
    def path_m(self) -> ndarray: ...
    @property
    def real(self) -> ndarray: ...


class AutoencoderTraining:
    """The model, its optimiser, and where batches come from; a `loop.Recipe`.

    `keep` is told the score (greater is better) and figures of every validation, `save` the step to save.
    """

    def __init__(
        self,
        config: PoseGpt,
        model: MotionVqvae,
        next_batch: Callable[[], Windows],
        validation: Sequence[Windows],
        random: torch.Generator,
        device: torch.device,
        keep: Callable[[int, float | None, dict[str, float]], None],
        save: Callable[[int], None],
        division: Division | None = None,
    ) -> None:
        self._model, self._next_batch, self._random, self._device = model, next_batch, random, device
        self._keep, self._save = keep, save
        self.drawn: tuple[MotionTensors, Tensor | None] | None = None
        self._losses = MotionLosses(config.losses, config.data.body).to(device)
        self._measure = Surface(config.data.body, vertex_share=MEASURED_SHARE).to(device)
        self._descent = Descent(model, config.autoencoder_training, config.precision, device, random)
        self._validation = [self._put(batch) for batch in validation]
        self.division = division or Division(parts=config.autoencoder_training.parts)

    # ---- what the loop asks ----

    def take_step(self, *, look: bool) -> dict[str, Tensor]:
        """One step on fresh windows."""
        division, model = self.division, self._model
        division.workers.go_on()
        motion, real = self.drawn = self._put(self._next_batch())
        lengths, count = None if real is None else real.sum(1), len(motion.path_m)
        model.train()
        before = model.quantizer.means()

        def begin() -> None:
            self._descent.begin()
            model.quantizer.put_back(before)
            if not division.is_whole:
                self._revive(motion, real, lengths)

        def one(piece: Piece | None) -> dict[str, Tensor]:
            if piece is None:
                return self._taught(motion, real, look=look)
            with only(piece._replace(lengths=lengths)):
                of_it = MotionTensors(motion.rotations_6d[piece.slice], motion.path_m[piece.slice])
                return self._taught(of_it, None if real is None else real[piece.slice], look=look)

        with division.workers.together(), self._descent.chance():
            said = division.take(count, one, self._descent.remembered, begin)
            if model.quantizer.gathered():
                division.workers.add(model.quantizer.gathered())
                model.quantizer.learn_gathered()
            division.add_gradients(self._descent.weights)
            self._descent.down()
            told = division.told(said, of_all=look)
        if not look:
            return told
        usage, perplexity = use_of_counts(told.pop("codes"))
        return {**told, "train/usage": usage.mean(), "train/perplexity": perplexity.mean()}

    def _taught(self, motion: MotionTensors, real: Tensor | None, *, look: bool) -> dict[str, Tensor]:
        """Gradients of windows, and what was measured."""
        with self._descent.products():
            back = self._model(motion, real, self._random)
        terms = self._losses(back.motion, motion, real, self._random)
        loss = self._losses.total(terms) + back.quantizer_loss
        loss.backward()
        said = {"loss": loss.detach()}
        if look:
            said |= {f"loss/{name}": term.detach() for name, term in terms.items()}
            said |= {
                "loss/quantizer": back.quantizer_loss.detach(),
                "codes": code_counts(back.codes, back.real_tokens, self._model.codes),
            }
        return said

    def _revive(self, motion: MotionTensors, real: Tensor | None, lengths: Tensor | None) -> None:
        """Move codes that are idle for long, in a batch that is cut: where they may go, all pieces have to say."""
        auto, division = self._model, self.division
        count = len(motion.path_m)
        tokens = (
            torch.tensor(count * auto.tokens(motion.path_m.shape[1])) if lengths is None else auto.real_tokens(lengths)
        )
        if not auto.quantizer.has_means or not auto.quantizer.has_dead(tokens.to(self._device)):
            return

        def one(piece: Piece | None) -> Tensor:
            assert piece is not None
            with only(piece._replace(lengths=lengths)), self._descent.products():
                of_it = MotionTensors(motion.rotations_6d[piece.slice], motion.path_m[piece.slice])
                return auto.candidates(of_it, None if real is None else real[piece.slice], self._random)

        put_back = self._descent.remembered()
        found = torch.stack(division.take(count, one, self._descent.remembered)).sum(0)
        put_back()
        division.workers.add([found])
        auto.quantizer.revive(found, tokens.to(self._device))

    def weights(self) -> Iterable[Tensor]:
        """What a step changes."""
        return self._descent.changed(self._model)

    def validate(self, step: int) -> dict[str, float]:
        """How well windows that were not learned from come back; `keep` hears of it."""
        if not self.division.workers.leads:
            return {}
        figures = measured(self._figures, self._validation, _halves)
        self._keep(step, -figures["validation/pve_mm"] if figures else None, figures)
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

    def _put(self, batch: Windows) -> tuple[MotionTensors, Tensor | None]:
        """On the device. Without padding there is no mask, and attention is plain."""
        there = [torch.from_numpy(each).to(self._device) for each in (batch.rotations_6d, batch.path_m)]
        real = None if batch.real.all() else torch.from_numpy(batch.real).to(self._device)
        return MotionTensors(there[0], there[1]), real

    @torch.no_grad()
    def _figures(self) -> dict[str, float]:
        if not self._validation:
            return {}
        self._model.eval()
        apart, frames, losses, books = [], [], [], []
        for motion, real in self._validation:
            with self._descent.products():
                back = self._model(motion, real)
            apart.append(pve_mm(self._measure, back.motion, motion, real))
            frames.append(torch.full_like(apart[-1], motion.path_m.shape[1]) if real is None else real.sum(1))
            # The same frames at every validation, so that the curve is of the model alone.
            chosen = torch.Generator(self._device).manual_seed(0)
            terms = self._losses(back.motion, motion, real, chosen)
            losses.append(self._losses.total(terms) + back.quantizer_loss)
            codes = back.codes.flatten(0, 1)
            books.append(codes if back.real_tokens is None else codes[back.real_tokens.flatten()])
        weights = torch.cat(frames).cpu().double()
        usage, perplexity = use_of(torch.cat(books)[None], None, self._model.codes)
        of_books = {f"perplexity/book {number}": each.item() for number, each in enumerate(perplexity, 1)}
        return {
            "validation/pve_mm": ((torch.cat(apart).cpu() * weights).sum() / weights.sum()).item(),
            "validation/loss": torch.stack(losses).mean().item(),
            "validation/usage": usage.mean().item(),
            "validation/perplexity": perplexity.mean().item(),
            **{f"validation/{name}": value for name, value in of_books.items()},
        }


def _halves(batch: tuple[MotionTensors, Tensor | None]) -> list[tuple[MotionTensors, Tensor | None]]:
    motion, real = batch
    return [
        (
            MotionTensors(motion.rotations_6d[each.slice], motion.path_m[each.slice]),
            None if real is None else real[each.slice],
        )
        for each in halved(len(motion.path_m))
    ]

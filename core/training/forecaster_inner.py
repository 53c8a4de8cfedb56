"""What a recurrent memory is taught inside a window: at each seen step, what the next seen step was.

The losses are those of `forecaster_losses`, asked at all N - 1 places where the answer is part of the past; the
roll-out from the newest step is asked apart. Letters: B batch, N past steps.
"""

import torch
from jaxtyping import Int
from torch import Tensor

from core import configs
from core.evaluation.batches import Batch
from core.geometry.differentiable import Views, see
from core.models.forecaster import Forecaster, Read
from core.models.step_memory import real, to_the_left
from core.training.forecaster_losses import action_loss, objects_loss, pose2d_loss, times_loss


def within_windows(
    model: Forecaster, batch: Batch, every: Read, lengths: Int[Tensor, " B"], losses: configs.ForecasterLosses
) -> dict[str, Tensor]:
    """The terms that weigh anything, but for the adversarial one; every step a row of its own.

    `every` and `lengths` are what `Forecaster.read_every` says of the batch's past.
    """
    past = batch.past
    places = past.actions.shape[1] - 1
    known = real(lengths - 1, places).flatten()

    def came(values: Tensor) -> Tensor:
        """Of each place's next step, rows of one step ahead."""
        return to_the_left(values, lengths)[:, 1:].flatten(0, 1)[:, None]

    def repeated(values: Tensor) -> Tensor:
        return values.repeat_interleave(places, 0)

    latent = every.latent[:, :-1].flatten(0, 1)
    counted = None if every.counted is None else every.counted[:, :-1].flatten(0, 1)
    logits = model.logits(latent, counted)
    truth = torch.where(known[:, None], came(past.numbers), -1)
    of = torch.where(truth[:, 0] >= 0, truth[:, 0], logits.argmax(-1))
    terms: dict[str, Tensor] = {}
    if losses.action > 0:
        terms["action"] = action_loss(logits[:, None], truth, losses.label_smoothing)
    if losses.pose2d > 0:
        rays = to_the_left(batch.seen_rays, lengths)[:, :-1].flatten(0, 1)
        views = Views(repeated(batch.views.tilt), rays, repeated(batch.views.depth_m))
        seen = see(model.pose(latent, of), views)[:, None]
        poses = came(past.poses)
        visible = (poses[..., 2] > 0) & known[:, None, None]
        terms["pose2d"] = pose2d_loss(seen, poses[..., :2], visible, repeated(batch.scale_px), losses)
    if losses.times > 0 and past.times is not None:
        said = model.times(latent, of)
        assert said is not None
        times = torch.where(known[:, None, None], came(past.times), torch.nan)
        terms["times"] = times_loss(said.with_steps(), times)
    if losses.objects > 0 and past.by_step is not None:
        objects = model.objects(latent)
        assert objects is not None
        terms["objects"] = objects_loss(objects[:, None], came(past.by_step.seen).bool(), known[:, None])
    return terms

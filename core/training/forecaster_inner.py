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
from core.training.forecaster_losses import Counts, Wanted, action_loss, objects_loss, pose2d_loss, times_loss


def inside(batch: Batch, lengths: Int[Tensor, " B"]) -> Wanted:
    """What came after each seen step that another one follows; every step a row of its own, of one step ahead."""
    past = batch.past
    places = past.actions.shape[1] - 1
    known = real(lengths - 1, places).flatten()

    def came(values: Tensor) -> Tensor:
        return to_the_left(values, lengths)[:, 1:].flatten(0, 1)[:, None]

    poses = came(past.poses)
    return Wanted(
        torch.where(known[:, None], came(past.numbers), -1),
        poses[..., :2],
        (poses[..., 2] > 0) & known[:, None, None],
        batch.scale_px.repeat_interleave(places, 0),
        None if past.times is None else torch.where(known[:, None, None], came(past.times), torch.nan),
        None if past.by_step is None else came(past.by_step.seen).bool(),
        known[:, None],
    )


def within_windows(
    model: Forecaster,
    batch: Batch,
    every: Read,
    lengths: Int[Tensor, " B"],
    losses: configs.ForecasterLosses,
    counts: Counts | None = None,
) -> dict[str, Tensor]:
    """The terms that weigh anything, but for the adversarial one.

    `every` and `lengths` are what `Forecaster.read_every` says of the batch's past; `counts` as the losses take them.
    """
    places = batch.past.actions.shape[1] - 1
    wanted, of_whole = inside(batch, lengths), counts or {}

    def repeated(values: Tensor) -> Tensor:
        return values.repeat_interleave(places, 0)

    latent = every.latent[:, :-1].flatten(0, 1)
    counted = None if every.counted is None else every.counted[:, :-1].flatten(0, 1)
    logits = model.logits(latent, counted)
    truth = wanted.actions[:, 0]
    of = torch.where(truth >= 0, truth, logits.argmax(-1))
    terms: dict[str, Tensor] = {}
    if losses.action > 0:
        terms["action"] = action_loss(logits[:, None], wanted.actions, losses.label_smoothing, of_whole.get("action"))
    if losses.pose2d > 0:
        rays = to_the_left(batch.seen_rays, lengths)[:, :-1].flatten(0, 1)
        views = Views(repeated(batch.views.tilt), rays, repeated(batch.views.depth_m))
        seen = see(model.pose(latent, of), views)[:, None]
        poses = (wanted.poses, wanted.visible, wanted.scale_px)
        terms["pose2d"] = pose2d_loss(seen, *poses, losses, of_whole.get("pose2d"))
    if losses.times > 0 and wanted.times is not None:
        said = model.times(latent, of)
        assert said is not None
        terms["times"] = times_loss(said.with_steps(), wanted.times, of_whole.get("times"))
    if losses.objects > 0 and wanted.objects is not None:
        objects = model.objects(latent)
        assert objects is not None
        terms["objects"] = objects_loss(objects[:, None], wanted.objects, wanted.known, of_whole.get("objects"))
    return terms

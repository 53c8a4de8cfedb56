"""What one step of the forecaster's training computes: of generator and critic, over a batch or a piece of one.

`generator_terms` and `critic_loss` draw what they need from the run's stream of random numbers, and leave gradients to
whoever asked. Of a piece (`core.models.rows`) they say its part of the whole batch's terms, whose `counts` come along.
Letters: B batch, A actions.
"""

from collections.abc import Generator

import torch
from torch import Tensor

from core import configs
from core.evaluation.batches import Batch
from core.geometry.differentiable import see, turn
from core.models.forecaster import Forecaster, Next, Read, newest, see_each
from core.models.pose_critic import Critic
from core.models.rows import drawn, mean
from core.models.step_times import Times
from core.training.forecaster_inner import inside, within_windows
from core.training.forecaster_losses import (
    Counts,
    Wanted,
    action_loss,
    critic_loss,
    gradient_penalty,
    nearest,
    objects_loss,
    pose2d_loss,
    times_loss,
)

PLACES = 8
"""Poses for the critic from one window where a memory reads it whole."""


class ForecasterSteps:
    """Generator and critic of a run, the bank the critic learns from, and the run's chance."""

    def __init__(
        self,
        config: configs.Forecaster,
        model: Forecaster,
        critic: Critic,
        bank: Tensor | None,
        random: torch.Generator,
        device: torch.device,
    ) -> None:
        self._config, self._model, self._critic = config, model, critic
        self._bank, self._random, self._device = bank, random, device

    def counts(self, batch: Batch) -> tuple[Counts, Counts]:
        """How many steps of a whole batch have a say in each term: of those ahead, and of those inside its windows."""
        ahead = _ahead(batch, min(self._config.unroll, batch.steps)).counts()
        return ahead, inside(batch, _lengths(batch)).counts() if self._model.memory is not None else {}

    # ---- the generator ----

    def generator_terms(
        self, batch: Batch, *, judged: bool, counts: tuple[Counts, Counts] = ({}, {})
    ) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Raw losses of those that weigh anything, the first latent, and the share of right next actions."""
        losses = self._config.losses
        whole = None if self._model.memory is None else self._model.read_every(batch.past, self._random)
        steps = list(self._unrolled(batch, None if whole is None else newest(*whole)))
        ahead = len(steps)
        logits = torch.stack([step.logits for step, _ in steps], dim=1)
        wanted, of = _ahead(batch, ahead), counts[0]
        terms: dict[str, Tensor] = {}
        if losses.action > 0:
            terms["action"] = action_loss(logits, wanted.actions, losses.label_smoothing, of.get("action"))
        if losses.pose2d > 0:
            seen = torch.stack([seen for _, seen in steps], dim=1)
            poses = (wanted.poses, wanted.visible, wanted.scale_px)
            terms["pose2d"] = pose2d_loss(seen, *poses, losses, of.get("pose2d"))
        if judged:
            joints_m = self._asked_of_critic([step for step, _ in steps])
            scores = self._critic(self.as_critic_sees(joints_m, groups=len(joints_m) // len(batch)))
            terms["adversarial"] = -mean(scores)
        if losses.times > 0:
            said = [step.times for step, _ in steps if step.times is not None]
            times = Times(*(torch.stack([getattr(each, name) for each in said], 1) for name in ("middle", "log_scale")))
            assert wanted.times is not None
            terms["times"] = times_loss(times, wanted.times, of.get("times"))
        if losses.objects > 0:
            objects = torch.stack([step.objects for step, _ in steps if step.objects is not None], dim=1)
            assert wanted.objects is not None
            terms["objects"] = objects_loss(objects, wanted.objects, wanted.known, of.get("objects"))
        if whole is not None:
            inner = within_windows(self._model, batch, *whole, losses, counts[1])
            if judged:
                every, lengths = whole
                every = every._replace(latent=self._reaching(every.latent))
                joints_m = self._poses_inside(every, lengths, self._random, self.noise(len(lengths) * PLACES))
                inner["adversarial"] = -mean(self._critic(self.as_critic_sees(joints_m)))
            for name, term in inner.items():
                terms[name] = terms[name] + term
        right = mean((logits[:, 0].argmax(-1) == wanted.actions[:, 0]).float())
        return terms, steps[0][0].latent, right

    def _asked_of_critic(self, steps: list[Next]) -> Tensor:
        """Of the steps ahead, the poses that the critic is asked about.

        It learned from next steps, so it is asked about those; of several draws, about any one. A memory goes farther
        astray with every step it only foresaw: there it is asked about all of them.
        """
        asked = steps[:1] if self._model.memory is None else steps
        if self._config.critic.reach < 1:
            poses_m = [
                self._model.pose(self._reaching(step.latent), step.action, self.noise(len(step.latent)))
                for step in asked
            ]
        else:
            poses_m = [step.joints_m if step.joints_m.dim() == 3 else step.joints_m[:, 0] for step in asked]
        return torch.cat(poses_m)

    def _reaching(self, latent: Tensor) -> Tensor:
        """The same latents; what the critic teaches goes through to them by its `reach`."""
        reach = self._config.critic.reach
        return latent if reach == 1 else reach * latent + (1 - reach) * latent.detach()

    def _unrolled(self, batch: Batch, read: Read | None = None) -> Generator[tuple[Next, Tensor]]:
        """The steps ahead and, of each, the pose as it is seen that the 2D loss teaches.

        `read` is what was made of the past already, where it was. Decoders are told the action that came; what is fed
        back is the likeliest one, as in use. Of several draws the one nearest to what came is taught, and the first,
        which is any, is fed back.
        """
        draws = self._config.losses.best_of if self._model.noise else 1
        past = batch.past
        for at in range(min(self._config.unroll, batch.steps)):
            noise = self.noise(len(past), *((draws,) if draws > 1 else ()))
            read = read or self._model.encode(past, self._random)
            step = self._model.decode(read, action=batch.next_actions[:, at], noise=noise)
            read = None
            if draws > 1:
                seen = see_each(step.joints_m, batch.views)
                best = nearest(seen, batch.next_poses[:, at], batch.next_visible[:, at])
                yield step, torch.take_along_dim(seen, best[:, None, None, None], dim=1)[:, 0]
                seen = seen[:, 0]
            else:
                seen = see(step.joints_m, batch.views)
                yield step, seen
            past = step.pushed_into(past, step.logits.argmax(-1), seen)

    # ---- the critic ----

    def critic_loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """What the critic learns of real and forecast poses, and how far apart it holds them."""
        assert self._bank is not None
        config, count = self._config.critic, len(batch)
        if self._model.memory is not None:
            count *= PLACES
        with torch.no_grad():
            fake = self.made_poses(batch, self._random, self.noise(count))
        chosen = drawn(
            lambda rows, **of: torch.randint(len(of.pop("bank")), (rows,), **of), count, bank=self._bank,
            generator=self._random, device=self._device,
        )  # fmt: skip
        real, fake = self._turned_about(self._bank[chosen]) * self._critic.per_metre, self.as_critic_sees(fake)
        loss, apart = critic_loss(*self._critic(torch.cat((real, fake))).split(count))
        if config.kind == "gradient_penalty":
            loss = loss + config.penalty * gradient_penalty(self._critic, real, fake, self._random)
        return loss, apart

    def made_poses(self, batch: Batch, random: torch.Generator | None, noise: Tensor | None) -> Tensor:
        """Next poses alone; what the action decoder says is asked only where poses follow it and nobody knows."""
        if self._model.memory is not None:
            return self._poses_inside(*self._model.read_every(batch.past, random), random, noise)
        if self._model.told:
            return self._model(batch.past, random, action=batch.next_actions[:, 0], noise=noise).joints_m
        return self._model.pose(self._model.encode(batch.past, random).latent, batch.next_actions[:, 0], noise)

    def _poses_inside(
        self, every: Read, lengths: Tensor, random: torch.Generator | None, noise: Tensor | None
    ) -> Tensor:
        """Next poses at `PLACES` of each window's seen steps, drawn at random: a memory reads them all anyhow."""
        count = len(lengths)
        share = drawn(torch.rand, count, PLACES, generator=random or self._random, device=self._device)
        place, rows = (share * lengths[:, None]).long(), torch.arange(count, device=self._device)[:, None]
        counted = None if every.counted is None else every.counted[rows, place].flatten(0, 1)
        latent = every.latent[rows, place].flatten(0, 1)
        return self._model.pose(latent, self._model.logits(latent, counted).argmax(-1), noise)

    def as_critic_sees(self, forecast_m: Tensor, *, groups: int = 1) -> Tensor:
        """In the critic's unit, at any heading; `groups`: steps ahead, each of all windows."""
        if self._config.critic.turn_forecasts:
            forecast_m = self._turned_about(forecast_m, groups)
        return forecast_m * self._critic.per_metre

    def _turned_about(self, joints_m: Tensor, groups: int = 1) -> Tensor:
        # A bank knows no heading: each pose is turned about the vertical by an angle of its own.
        angle = drawn(torch.rand, len(joints_m), generator=self._random, device=self._device, groups=groups)
        return turn(joints_m, 2 * torch.pi * angle)

    def noise(self, *shape: int) -> Tensor | None:
        """What the pose decoder draws from, where it does."""
        if not self._model.noise:
            return None
        return drawn(torch.randn, *shape, self._model.noise, generator=self._random, device=self._device)


def _ahead(batch: Batch, steps: int) -> Wanted:
    """What came in the next steps."""
    truth = batch.next_actions[:, :steps]
    return Wanted(
        truth,
        batch.next_poses[:, :steps],
        batch.next_visible[:, :steps],
        batch.scale_px,
        batch.next_times[:, :steps],
        batch.next_objects[:, :steps],
        truth >= 0,
    )


def _lengths(batch: Batch) -> Tensor:
    """How many steps of each past are real, as `Forecaster.read_every` says."""
    past = batch.past
    if past.lengths is not None:
        return past.lengths
    return torch.full((len(past),), past.actions.shape[1], device=past.actions.device)

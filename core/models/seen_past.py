"""What a forecaster is told: seen steps as tensors, and how a forecast step joins them in a roll-out.

Letters: N past steps, A actions, O objects. Steps are oldest first and padded on the left with zeros.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from core.models.step_memory import State


@dataclass(frozen=True)
class Past:
    """What was seen of a batch: one-hot actions, seen poses with their visible flag, objects. Padding is all zero.

    `times` (see `step_times`) are asked for by models that were taught with them; NaN, and no times at all, are times
    not known. `fold`: whose counts are left out where the model counts, in training.
    """

    actions: Float[Tensor, "batch N A"]
    poses: Float[Tensor, "batch N 9 3"]  # x, y, 1 where visible
    objects: Float[Tensor, "batch O"]
    times: Float[Tensor, "batch N 3"] | None = None  # seconds
    fold: Int[Tensor, " batch"] | None = None
    by_step: "StepObjects | None" = None
    lengths: Int[Tensor, " batch"] | None = None  # how many of the N are real; without it, all
    state: State | None = None  # what a recurrent memory has kept of all but the newest step

    @classmethod
    def of(
        cls,
        actions: Int[Tensor, "batch N"],
        poses: Float[Tensor, "batch N 9 2"],
        visible: Bool[Tensor, "batch N 9"],
        objects: Bool[Tensor, "batch O"],
        action_count: int,
        times: Float[Tensor, "batch N 3"] | None = None,
        fold: Int[Tensor, " batch"] | None = None,
        by_step: "StepObjects | None" = None,
        lengths: Int[Tensor, " batch"] | None = None,
    ) -> "Past":
        """From numbers; an action of -1 (unknown, or padding) is all zero."""
        seen = torch.cat((poses, torch.ones_like(poses[..., :1])), dim=-1) * visible[..., None]
        return cls(one_hot(actions, action_count), seen, objects.float(), times, fold, by_step, lengths)

    def __len__(self) -> int:
        return len(self.actions)

    def __getitem__(self, chosen: Tensor | slice) -> "Past":
        times = None if self.times is None else self.times[chosen]
        fold = None if self.fold is None else self.fold[chosen]
        by_step = None if self.by_step is None else StepObjects(*(each[chosen] for each in self.by_step))
        lengths = None if self.lengths is None else self.lengths[chosen]
        state = None if self.state is None else tuple(each[chosen] for each in self.state)
        return Past(
            self.actions[chosen], self.poses[chosen], self.objects[chosen], times, fold, by_step, lengths, state
        )

    @property
    def numbers(self) -> Int[Tensor, "batch N"]:
        """The actions as numbers again; -1 where unknown."""
        return torch.where(self.actions.any(-1), self.actions.argmax(-1), -1)

    def followed_by(
        self,
        action: Int[Tensor, " batch"],
        pose: Float[Tensor, "batch 9 2"],
        times: Float[Tensor, "batch 3"] | None = None,
        objects: Float[Tensor, "batch O"] | None = None,
        state: State | None = None,
    ) -> "Past":
        """This past with a forecast step pushed in and the oldest pushed out; objects are carried along.

        Where the step's own objects are foreseen they join them. `state` is a memory's after the newest step so far.

        The end of a step that has only been forecast is as unknown as that of the last one seen.
        """
        newest_action = one_hot(action, self.actions.shape[-1])
        seen = torch.cat((pose, torch.ones_like(pose[..., :1])), dim=-1)
        known = self.times
        if known is not None:
            unknown = torch.full_like(known[:, 0], torch.nan)
            newest = unknown if times is None else torch.cat((times[:, :-1], unknown[:, -1:]), dim=-1)
            known = torch.cat((known[:, 1:], newest[:, None]), dim=1)
        return Past(
            torch.cat((self.actions[:, 1:], newest_action[:, None]), dim=1),
            torch.cat((self.poses[:, 1:], seen[:, None]), dim=1),
            self.objects if objects is None else torch.maximum(self.objects, objects),
            known,
            self.fold,
            None if self.by_step is None else self.by_step.followed_by(objects),
            None if self.lengths is None else (self.lengths + 1).clamp_max(self.actions.shape[1]),
            state,
        )


class StepObjects(NamedTuple):
    """Which objects each seen step involved, and which the steps before those: what a recurrent memory reads."""

    seen: Bool[Tensor, "batch N O"] | Float[Tensor, "batch N O"]  # shares of one where foreseen
    earlier: Bool[Tensor, "batch O"] | Float[Tensor, "batch O"]

    def followed_by(self, objects: Float[Tensor, "batch O"] | None) -> "StepObjects":
        """With a step pushed in, of unknown objects where there are none."""
        seen = self.seen.float()
        newest = torch.zeros_like(seen[:, 0]) if objects is None else objects
        return StepObjects(
            torch.cat((seen[:, 1:], newest[:, None]), dim=1), torch.maximum(self.earlier.float(), seen[:, 0])
        )


def one_hot(numbers: Int[Tensor, "*any"], count: int) -> Float[Tensor, "*any count"]:
    # functional.one_hot looks at the values first, for which a graphics card has to be waited for.
    return (numbers[..., None] == torch.arange(count, device=numbers.device)).float()

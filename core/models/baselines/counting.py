"""The n-gram of `baselines.ngram` as tensors: probabilities of a whole batch at once, on whatever device.

Contexts of each length are numbers, sorted, so that a binary search finds them; beside each lie the actions that
followed it and how often. Training sequences are dealt into *folds*: asked about a window of fold k, the table leaves
fold k's sequences out, since a network that is shown counts of its own sequence learns to trust what it will not have
for a stranger. Letters: B batch, N past steps, A actions, K contexts, W actions that followed one.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.models.baselines.ngram import Actions

FOLDS = 10
NOTHING = -1
"""The number of a context that no history has."""


_Tally = dict[int, dict[int, int]]  # context → action → how often


class _Counts(nn.Module):
    """What followed each context of one length."""

    keys: Int[Tensor, " K"]  # ascending
    nexts: Int[Tensor, "K W"]
    counts: Float[Tensor, "K W"]  # 0 where fewer than W different actions followed

    def __init__(self, keys: Tensor, nexts: Tensor, counts: Tensor, *, kept: bool) -> None:
        super().__init__()
        for name, each in (("keys", keys), ("nexts", nexts), ("counts", counts)):
            self.register_buffer(name, each, persistent=kept)
        self.register_load_state_dict_pre_hook(self._make_room)

    @classmethod
    def of(cls, tally: _Tally, *, kept: bool = True) -> "_Counts":
        tally = tally or {NOTHING: {}}  # a search needs something to search
        keys = sorted(tally)
        width = max(1, max(len(tally[key]) for key in keys))
        rows = [sorted(tally[key].items()) + [(0, 0)] * (width - len(tally[key])) for key in keys]
        table = torch.tensor(rows)
        return cls(torch.tensor(keys), table[..., 0].to(torch.int32), table[..., 1].float(), kept=kept)

    def after(self, key: Int[Tensor, " B"], actions: int) -> Float[Tensor, "B A"]:
        """How often each action followed; nothing for a context that never was."""
        at = torch.searchsorted(self.keys, key).clamp_max(len(self.keys) - 1)
        known = (self.keys[at] == key) & (key >= 0)
        none = torch.zeros(len(key), actions, device=key.device)
        return none.scatter_add(1, self.nexts[at].long(), self.counts[at] * known[:, None])

    def _make_room(self, _: nn.Module, state: dict[str, Any], prefix: str, *_rest: object) -> None:
        for name, held in list(self.named_buffers()):
            kept = state.get(f"{prefix}{name}")
            if kept is not None and kept.shape != held.shape:
                setattr(self, name, torch.empty_like(kept, device=held.device))


class CountingTable(nn.Module):
    """Counts of orders 0 … `order` mixed from the lowest up, as `Ngram.probabilities` does.

    The counts are buffers and travel in a checkpoint; those of single folds are needed in training only and do not.
    """

    def __init__(self, actions: int) -> None:
        super().__init__()
        self.actions, self.folds = actions, 0
        self.smoothing: Tensor
        self.register_buffer("smoothing", torch.ones(()))
        self.whole = nn.ModuleList()
        self.held = nn.ModuleList()
        self.register_load_state_dict_pre_hook(self._make_room)

    @classmethod
    def counted(
        cls, sequences: Sequence[Actions], order: int, smoothing: float, actions: int, folds: int = FOLDS
    ) -> "CountingTable":
        """Of these sequences; the i-th belongs to fold i mod `folds`."""
        table = cls(actions)
        table.folds = folds
        table.smoothing.fill_(smoothing)
        whole: list[_Tally] = [{} for _ in range(order + 1)]
        held: list[_Tally] = [{} for _ in range(order + 1)]
        for number, sequence in enumerate(sequences):
            for at, action in enumerate(sequence):
                for length in range(min(order, at) + 1):
                    context = sequence[at - length : at]
                    if action < 0 or min(context, default=0) < 0:
                        continue
                    key = _number(context, actions)
                    for tally, here in ((whole, key), (held, key * folds + number % folds)):
                        row = tally[length].setdefault(here, {})
                        row[action] = row.get(action, 0) + 1
        table.whole = nn.ModuleList(_Counts.of(each) for each in whole)
        table.held = nn.ModuleList(_Counts.of(each, kept=False) for each in held)
        return table

    def log_probabilities(
        self, actions: Int[Tensor, "B N"], fold: Int[Tensor, " B"] | None = None
    ) -> Float[Tensor, "B A"]:
        """Of each action to come next after `actions`, oldest first, −1 where unknown or nothing."""
        mixed = torch.full((len(actions), self.actions), 1 / self.actions, device=actions.device)
        key = torch.zeros_like(actions[:, 0])
        for length in range(min(len(self.whole) - 1, actions.shape[1]) + 1):
            if length:
                key = _longer(key, actions[:, -length], length, self.actions)
            here = _counts(self.whole, length).after(key, self.actions)
            if fold is not None and len(self.held):
                of_fold = torch.where(key >= 0, key * self.folds + fold, key)
                here = here - _counts(self.held, length).after(of_fold, self.actions)
            mixed = (here + self.smoothing * mixed) / (here.sum(-1, keepdim=True) + self.smoothing)
        return mixed.log()

    def at_every_step(
        self, actions: Int[Tensor, "B N"], fold: Int[Tensor, " B"] | None = None
    ) -> Float[Tensor, "B N A"]:
        """The same after each of the steps."""
        longest = max(len(self.whole) - 1, 1)
        before = torch.full((len(actions), longest - 1), -1, dtype=actions.dtype, device=actions.device)
        histories = torch.cat((before, actions), dim=1).unfold(1, longest, 1)
        count = actions.shape[1]
        folds = None if fold is None else fold.repeat_interleave(count)
        return self.log_probabilities(histories.flatten(0, 1), folds).unflatten(0, (-1, count))

    def _make_room(self, _: nn.Module, state: dict[str, Any], prefix: str, *_rest: object) -> None:
        # How long the contexts are, and how many of them there are, only the file knows.
        orders = {name.removeprefix(f"{prefix}whole.").split(".")[0] for name in state if f"{prefix}whole." in name}
        if len(orders) != len(self.whole):
            self.whole = nn.ModuleList(_Counts.of({}).to(self.smoothing.device) for _ in orders)


def _counts(orders: nn.ModuleList, length: int) -> _Counts:
    of_length = orders[length]
    assert isinstance(of_length, _Counts)
    return of_length


def _number(context: Actions, actions: int) -> int:
    """The number of a context; its newest action counts least."""
    return sum(action * actions**back for back, action in enumerate(reversed(context)))


def _longer(key: Int[Tensor, " B"], action: Int[Tensor, " B"], length: int, actions: int) -> Int[Tensor, " B"]:
    """Numbers of contexts grown to `length` by an older action; NOTHING once an action is unknown."""
    return torch.where((key >= 0) & (action >= 0), key + action * actions ** (length - 1), NOTHING)

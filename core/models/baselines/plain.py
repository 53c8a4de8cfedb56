"""The plain forecaster that every figure stands beside: actions by counting, poses by repeating or averaging.

It travels inside a checkpoint (`baseline.…`), so that wherever a forecast is shown the plain one can be shown too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from core.models.baselines.ngram import Actions, Ngram, count

END = -2
"""Fills the table of sequences after the end of each."""


@dataclass(frozen=True)
class Plain:
    """An n-gram with the sequences it counted, and the average training pose (metres at the neck's depth).

    `times` are the usual times of each action, in the last row of all (`core.evaluation.usual_times`), in seconds;
    older checkpoints carry none.
    """

    ngram: Ngram
    sequences: tuple[Actions, ...]
    average: Float[Tensor, "9 2"]
    times: Float[Tensor, "rows 3 3"] | None = None

    def probabilities(self, histories: Sequence[Actions], steps: int) -> Float[Tensor, "batch steps actions"]:
        """Of every action at each of the next `steps`, after each history."""
        return torch.from_numpy(self.ngram.roll_outs(histories, steps)).float()

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint keeps of it, besides `facts`."""
        longest = max((len(each) for each in self.sequences), default=0)
        table: Int[Tensor, "sequences longest"] = torch.full((len(self.sequences), longest), END, dtype=torch.int16)
        for row, sequence in zip(table, self.sequences, strict=True):
            row[: len(sequence)] = torch.tensor(sequence, dtype=torch.int16)
        times = {} if self.times is None else {"baseline.times": self.times.clone()}
        return {"baseline.sequences": table, "baseline.average": self.average.clone(), **times}

    def facts(self) -> dict[str, float]:
        return {"ngram_order": float(self.ngram.order), "ngram_smoothing": self.ngram.smoothing}

    @classmethod
    def kept(cls, tensors: dict[str, Tensor], facts: dict[str, float], actions: int) -> "Plain":
        """The one that `tensors` (without their prefix) and `facts` tell of."""
        table = tensors["sequences"].tolist()
        sequences = tuple(tuple(action for action in row if action != END) for row in table)
        ngram = count(sequences, int(facts["ngram_order"]), facts["ngram_smoothing"], actions)
        times = tensors.get("times")
        if times is not None and times.shape != (actions + 1, 3, 3):
            raise ValueError(f"usual times of {len(times) - 1} actions instead of {actions}")
        return cls(ngram, sequences, tensors["average"], times)

"""One spec carried out by many tasks at once, as an array of a cluster's scheduler: which part is whose. No torch.

    runs/poses/              the work they do together, and what was asked for as a whole
    runs/poses-03-of-12/     the run folder of task 3, counted from 0

A task's part follows from its number, their count and the work alone, so nobody deals anything out: tasks may start in
any order, on any machine, be ended and begin again. Where their count changes between two attempts the parts change
too, and what is finished stays finished.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from core.errors import RunError
from core.runs import ExtractPoses, ReproduceForecasts, Share, Spec

MOST_TASKS = 10_000
Shareable = ExtractPoses | ReproduceForecasts
_Part = TypeVar("_Part")


def share_of(word: str, environment: Mapping[str, str]) -> tuple[int, int]:
    """Which task of how many: `3/12`, or `slurm` for what Slurm says of the array's task in its environment."""
    if word == "slurm":
        return _of_slurm(environment)
    found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", word)
    number, of = (int(each) for each in found.groups()) if found else (0, 0)
    if not 0 <= number < of <= MOST_TASKS:
        raise RunError(
            f"--share {word} is no share.",
            hint=f"Write 0/12 for the first of 12 tasks and 11/12 for the last, of up to {MOST_TASKS}; or slurm.",
        )
    return number, of


def shared(spec: Spec, number: int, of: int) -> Spec:
    """The spec of one task, with a run folder of its own; RunError where the work cannot be divided."""
    if not isinstance(spec, Shareable):
        raise RunError(
            "This work cannot be shared among tasks.",
            hint="Extractions of 2D poses and the trainings of reproduced tables can. One training is shared by "
            "torchrun instead.",
        )
    together = Path(spec.out)
    width = len(str(of - 1))
    own = together.with_name(f"{together.name}-{number:0{width}d}-of-{of}")
    return replace(spec, out=str(own), share=Share(number=number, of=of, together=str(together)))


def part_of(work: Sequence[tuple[str, float]], share: Share) -> list[str]:
    """The names that are this task's, out of names with their sizes: parts of about the same size, none in two."""
    loads = [0.0] * share.of
    mine: list[str] = []
    for name, size in sorted(work, key=lambda each: (-each[1], each[0])):
        least = min(range(share.of), key=lambda at: (loads[at], at))
        loads[least] += max(size, 1.0)
        if least == share.number:
            mine.append(name)
    return mine


def _of_slurm(environment: Mapping[str, str]) -> tuple[int, int]:
    try:
        task, first, last, count = (
            int(environment[f"SLURM_ARRAY_TASK_{each}"]) for each in ("ID", "MIN", "MAX", "COUNT")
        )
        step = int(environment.get("SLURM_ARRAY_TASK_STEP", "1"))
    except (KeyError, ValueError):
        raise RunError(
            "This is no task of a Slurm array.", hint="Submit it with sbatch --array=0-11, or write --share 0/12."
        ) from None
    if step < 1 or (count > 1 and last - first != step * (count - 1)) or (task - first) % step:
        raise RunError(
            f"The array has {count} tasks from {first} to {last}, with gaps: who does what is not said by that.",
            hint="Write the share out, of all tasks there are: --share $SLURM_ARRAY_TASK_ID/12.",
        )
    return (task - first) // step, count

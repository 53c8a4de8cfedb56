"""How this process was started: alone, or by `torchrun` as one of several that take a training together. No torch.

    leads()     whether this process writes: checkpoints, curves, events; the others only count

`torchrun` (torch's elastic launcher) tells each process its place in environment variables; a process that was started
alone leads and is the only one.
"""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Launched:
    """A process's place among those that work together. `rank` counts over all machines, `local_rank` on this one."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1
    restarts: int = 0  # how often the launcher has begun again after losing a process


def launched() -> Launched:
    """This process's place."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return Launched()

    def number(name: str, otherwise: int) -> int:
        return int(os.environ.get(name, otherwise))

    return Launched(
        number("RANK", 0),
        number("WORLD_SIZE", 1),
        number("LOCAL_RANK", 0),
        number("LOCAL_WORLD_SIZE", 1),
        number("TORCHELASTIC_RESTART_COUNT", 0),
    )


def leads() -> bool:
    """Whether this process is the one that writes what the run leaves."""
    return launched().rank == 0

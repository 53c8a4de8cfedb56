"""Where a training ran and what it took: `environment.json` in the run's folder. No torch.

    from core.run_facts import environment_of
    environment_of(folder)           # None where there is none, or none that can be read

A run that was stopped and gone on with has several attempts, each with its machine, its steps and its peak of memory.
Seconds are those at work: a machine asleep and a paused run count for nothing. Bytes are bytes.
"""

from pathlib import Path

import msgspec

from core.run_folder import Moment, decoded

ENVIRONMENT, REPORT = "environment.json", "report.json"
BAD_BATCH = "bad-batch.safetensors"
"""Beside a run that stopped at a number that is none: the batch of that step."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """From one start to its end. `ended` is None while it runs, and where it was killed."""

    started: Moment
    ended: Moment | None = None
    seconds: float = 0.0
    first_step: int = 0  # steps behind it when it started
    last_step: int = 0
    device: str = "cpu"  # cpu, cuda or mps
    device_name: str = ""
    threads: int = 1
    workers: int = 1  # processes that took a step together
    niceness: int = 0
    host: str = ""
    pid: int = 0
    command: str = ""
    memory_peak_bytes: int = 0
    device_memory_peak_bytes: int = 0  # of a graphics card


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Program, machine, data and attempts of a run; the machine is that of the newest attempt."""

    made_by: str  # "Posecast 0.8.0"
    commit: str = ""  # of the source, where it is a checkout
    python: str = ""
    system: str = ""
    processor: str = ""
    cores: int = 0
    memory_bytes: int = 0
    cards: tuple[str, ...] = ()
    cuda: str = ""
    cudnn: str = ""
    packages: dict[str, str] = {}
    data_fingerprint: str = ""
    parts: dict[str, int] = {}  # clips or recordings of each part of the split
    windows: int = 0  # to learn from
    attempts: tuple[Attempt, ...] = ()

    @property
    def device(self) -> str:
        """Of the newest attempt: cpu, cuda or mps."""
        return self.attempts[-1].device if self.attempts else ""

    @property
    def device_name(self) -> str:
        """What its maker calls it."""
        return self.attempts[-1].device_name if self.attempts else ""

    @property
    def seconds(self) -> float:
        """At work, over all attempts."""
        return sum(each.seconds for each in self.attempts)

    @property
    def memory_peak_bytes(self) -> int:
        """The most that its process ever held."""
        return max((each.memory_peak_bytes for each in self.attempts), default=0)

    @property
    def device_memory_peak_bytes(self) -> int:
        """The most that it ever held on a graphics card; 0 without one."""
        return max((each.device_memory_peak_bytes for each in self.attempts), default=0)


def environment_of(folder: Path) -> Environment | None:
    """What a run's folder says of it."""
    try:
        return decoded((folder / ENVIRONMENT).read_bytes(), Environment)
    except (OSError, msgspec.DecodeError):
        return None

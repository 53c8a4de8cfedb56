"""A training that several processes take together, started by `torchrun`; on one machine or on several.

    torchrun --nproc-per-node 2 -m core.runner FOLDER

Every worker reads the same spec, draws the same batches, and takes its rows of each (`core.training.shares`). Gradients
are added up in one all-reduce of all of them: torch's own wrapper would average them, wants one forward of one module,
and here two models take turns, in parts, with gradients of gradients. The first worker alone validates and writes; the
others follow its word before every step, so a stop reaches all in the same one. Where a worker is lost, the others end
too; the launcher begins them all again (`--max-restarts`) and they go on from the last checkpoint.
"""

from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from core.errors import RunError
from core.launched import launched

_PATIENCE = timedelta(days=7)
"""How long a worker waits for another: a person may pause a run for a night. A lost one is noticed at once."""
_TO_MEET = timedelta(seconds=60)
"""How long workers look for each other; then the launcher begins them again."""
_LAST_WORD = timedelta(seconds=5)


class Ended(Exception):  # noqa: N818 (no error: somebody asked for it)
    """The first worker has ended the training; the others do too."""


class WorkerLostError(RunError):
    """A worker no longer answers."""

    reason = "worker-lost"


@dataclass
class Workers:
    """Who takes a training; by itself, one process alone."""

    rank: int = 0
    count: int = 1
    _is_in_step: bool = field(default=False, repr=False)

    @property
    def leads(self) -> bool:
        """Whether this is the one that validates and writes."""
        return self.rank == 0

    def go_on(self) -> None:
        """Before anything that all do together: heard from the first one; Ended where it has had enough."""
        if self.count == 1:
            return
        word = torch.ones(1)
        with _said_if_lost():
            torch.distributed.broadcast(word, 0)
        if not word.item():
            raise Ended

    def end(self) -> None:
        """Tell the others, at their next `go_on`, that it is over. Those who are gone need not hear it."""
        if self.count == 1 or not self.leads or self._is_in_step:
            return
        with suppress(RuntimeError):
            said = torch.distributed.broadcast(torch.zeros(1), 0, async_op=True)
            if said is not None:
                said.wait(_LAST_WORD)

    @contextmanager
    def together(self) -> Generator[None]:
        """A step: whoever leaves it before its end leaves the others in the middle of it."""
        self._is_in_step = True
        yield
        self._is_in_step = False

    @torch.no_grad()
    def add(self, values: Sequence[Tensor]) -> None:
        """Add up over all workers, in place."""
        if self.count == 1 or not values:
            return
        flat = torch.cat([each.flatten() for each in values])
        with _said_if_lost():
            torch.distributed.all_reduce(flat)
        for each, part in zip(values, flat.split([each.numel() for each in values]), strict=True):
            each.copy_(part.view_as(each))

    @torch.no_grad()
    def add_gradients(self, weights: Iterable[Tensor]) -> None:
        """Of these weights; one that no worker has a gradient of keeps none."""
        if self.count == 1:
            return
        weights = list(weights)
        there = torch.tensor([each.grad is not None for each in weights], dtype=torch.float32)
        for each in weights:
            if each.grad is None:
                each.grad = torch.zeros_like(each)
        there = there.to(weights[0].device)
        self.add([*(each.grad for each in weights if each.grad is not None), there])
        for each, count in zip(weights, there.tolist(), strict=True):
            if not count:
                each.grad = None

    @torch.no_grad()
    def share(self, values: Iterable[Tensor]) -> None:
        """Let all have what the first one has, in place."""
        if self.count > 1:
            with _said_if_lost():
                for each in values:
                    torch.distributed.broadcast(each, 0)


@contextmanager
def joined(device: torch.device, folder: Path) -> Generator[tuple[Workers, Path]]:
    """The workers of this run, together until the end of it, and where this one writes; alone where it is by itself.

    Only the first one writes into the run's folder. The others begin with what lies there, and what they leave is
    thrown away.
    """
    place = launched()
    if place.count == 1:
        yield Workers(), folder
        return
    _join(device)
    workers = Workers(place.rank, place.count)
    with ExitStack() as kept:
        if not workers.leads:
            own = Path(kept.enter_context(TemporaryDirectory(prefix="posecast-worker-")))
            for name in ("last.safetensors", "best.safetensors"):
                if (folder / name).is_file():
                    copyfile(folder / name, own / name)
            folder = own
        try:
            yield workers, folder
            workers.go_on()  # the last one: whoever left in between is told at any of them
        except BaseException:
            workers.end()
            raise
        finally:
            torch.distributed.destroy_process_group()


def own_card() -> None:
    """Let "cuda" be this worker's own card."""
    place = launched()
    if place.count > 1 and torch.cuda.is_available():
        torch.cuda.set_device(place.local_rank % torch.cuda.device_count())


def _join(device: torch.device) -> None:
    # NCCL wants a card for each worker; words are said over the processor in any case.
    shared = device.type != "cuda" or launched().local_count > torch.cuda.device_count()
    backend = "gloo" if shared else "cpu:gloo,cuda:nccl"
    if not torch.distributed.is_initialized():
        with _said_if_lost():  # whom the launcher begins again may look for one who is just ending
            torch.distributed.init_process_group(backend, timeout=_TO_MEET)
        torch.distributed.distributed_c10d._set_pg_timeout(_PATIENCE)  # noqa: SLF001 (there is no other way)


@contextmanager
def _said_if_lost() -> Generator[None]:
    try:
        yield
    except RuntimeError as error:
        raise WorkerLostError(
            f"A worker of this run was lost ({_first_line(error)}).",
            hint="Resume it: nothing after the last checkpoint is kept.",
        ) from error


def _first_line(error: Any) -> str:
    said = str(error).strip().splitlines()
    return said[0][:120] if said else type(error).__name__

"""One way to divide a batch: among workers, and into parts that one worker takes one after the other.

A step's whole batch is drawn alike everywhere, from the run's own random numbers, and cut into `workers × parts`
pieces.
Every piece draws what the whole batch draws and keeps its own rows (`core.models.rows`); what is a mean over the batch
is divided by the whole batch's count, which everybody knows since everybody drew its rows. So gradients, losses and
running means of the pieces add up to those of the undivided batch, to rounding.

    division = Division(workers, parts=1)
    said = division.take(rows, do, begin, rewind)      # do(piece) for each of this worker's pieces
    division.add_gradients(weights)                    # over all workers
    measured = division.told(said)

Where a piece does not fit into memory, nothing of the step is kept, parts are doubled, and the step is taken again: a
batch is divided until single rows do not fit. `news` says what became of it.
"""

import gc
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor

from core.errors import RunError
from core.models.rows import Piece, only
from core.runs import Divided, Events
from core.training.chance import Rewind
from core.training.distributed import Workers

_T = TypeVar("_T")
_B = TypeVar("_B")


class OutOfMemoryError(RunError):
    """Not even one row fits into memory."""

    reason = "out-of-memory"


class Division:
    """How the batches of a run are cut."""

    def __init__(self, workers: Workers | None = None, parts: int = 1) -> None:
        self.workers = workers or Workers()
        self.parts = parts
        self.news: list[Divided] = []

    @property
    def is_whole(self) -> bool:
        """Whether a batch is taken in one piece by one worker."""
        return self.parts == 1 and self.workers.count == 1

    def pieces(self, rows: int) -> list[Piece | None]:
        """This worker's pieces of so many rows; None is all of them."""
        count = self.workers.count
        if rows < count:
            raise RunError(
                f"A batch of {rows} cannot be shared by {count} workers.",
                hint=f"Choose a batch of {count} at least, or start fewer workers.",
            )
        if self.is_whole:
            return [None]
        first, end = (rows * (self.workers.rank + each) // count for each in (0, 1))
        parts = min(self.parts, end - first)
        bounds = [first + (end - first) * each // parts for each in range(parts + 1)]
        return [Piece(start, stop, rows) for start, stop in pairwise(bounds)]

    def take(
        self,
        rows: int,
        do: Callable[[Piece | None], _T],
        rewind: Callable[[], Rewind],
        begin: Callable[[], None] = lambda: None,
    ) -> list[_T]:
        """What `do` says of each of this worker's pieces, all from the same chance; `begin` comes before the first.

        Where memory runs out all of them are done again, smaller; OutOfMemoryError where single rows do not fit.
        """
        put_back = rewind()
        while True:
            begin()
            try:
                return self._taken(rows, do, put_back)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                said = str(error)
            # Here, where the failed step's frames hold its tensors no longer.
            self._divide(rows, said)
            put_back()

    def add_gradients(self, weights: Iterable[Tensor]) -> None:
        """Over all workers; a weight that none of them has a gradient of keeps none."""
        self.workers.add_gradients(weights)

    def told(self, said: Sequence[dict[str, Tensor]], *, of_all: bool = True) -> dict[str, Tensor]:
        """What pieces measured, as the whole batch would have: sums, and lengths of what was cut (`gradient/…`).

        Without `of_all` only this worker's own part of it, for which nobody is waited for.
        """
        if self.is_whole:
            return said[0]
        with torch.no_grad():
            added = {name: torch.stack([_to_add(name, each[name]) for each in said]).sum(0) for name in said[0]}
            if of_all:
                self.workers.add(list(added.values()))
            return {name: each.sqrt() if _is_length(name) else each for name, each in added.items()}

    def announced(self, events: Events) -> Events:
        """The same events, and before each what became of the division since."""
        with closing(events):
            for event in events:
                while self.news:
                    yield self.news.pop(0)
                yield event

    def _taken(self, rows: int, do: Callable[[Piece | None], _T], put_back: Rewind) -> list[_T]:
        said = []
        for at, piece in enumerate(self.pieces(rows)):
            if at:
                put_back()
            with only(piece):
                said.append(do(piece))
        return said

    def _divide(self, rows: int, error: str) -> None:
        own = -(-rows // self.workers.count)
        if self.parts >= own:
            where = "the graphics card's memory" if "CUDA" in error else "memory"
            raise OutOfMemoryError(
                f"Not even one row of a batch fits into {where}.",
                hint="Choose a smaller model or shorter windows, or end what else holds that memory.",
            )
        self.parts = min(2 * self.parts, own)
        self.news.append(Divided(-(-own // self.parts), self.parts))
        free_memory()


def measured(measure: Callable[[], _T], batches: list[_B], halves: Callable[[_B], list[_B]]) -> _T:
    """What `measure` says of these batches; where memory runs out they are halved, in place, for good."""
    while True:
        try:
            return measure()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        smaller = [half for each in batches for half in halves(each)]
        if len(smaller) == len(batches):
            raise OutOfMemoryError(
                "Not even one row that is validated on fits into memory.",
                hint="Choose a smaller model or shorter windows, or end what else holds that memory.",
            )
        batches[:] = smaller
        free_memory()


def halved(rows: int) -> list[Piece]:
    """So many rows in two pieces, a single one in one."""
    middle = rows // 2
    return [Piece(0, middle, rows), Piece(middle, rows, rows)] if middle else [Piece(0, rows, rows)]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, had no more memory to give."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    said = str(error)
    return any(each in said for each in ("can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED"))


def free_memory() -> None:
    """Let go of what nobody uses any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _is_length(name: str) -> bool:
    return name.startswith("gradient/")


def _to_add(name: str, value: Tensor) -> Tensor:
    return value.detach().square() if _is_length(name) else value.detach()

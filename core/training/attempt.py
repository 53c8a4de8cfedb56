"""A training from one start to its end: its curves, its account and its report are kept, however it ends."""

from collections.abc import Collection, Generator, Mapping
from contextlib import suppress
from pathlib import Path

from core.errors import CoreError
from core.models import checkpoints
from core.runs import Event, Events, TrainForecaster, TrainPoseGpt
from core.training import report
from core.training.environment import Account
from core.training.loop import NoNumberError
from core.training.running import Written, written_down


class Attempt:
    """Of a run that has `done` steps behind it and ends after `steps`, in its folder."""

    def __init__(
        self,
        spec: TrainForecaster | TrainPoseGpt,
        folder: Path,
        account: Account,
        *,
        done: int,
        steps: int,
        split: Mapping[str, Collection[str]],
    ) -> None:
        self._spec, self._account, self._done, self._steps = spec, account, done, steps
        self._folder, self._split = folder, split
        self._where = Written(done)

    def through(self, events: Events) -> Generator[Event, None, NoNumberError | None]:
        """The same events, written down. Returns the number that is none where one ended them, to be looked into."""
        try:
            yield from written_down(events, self._folder / "metrics.csv", self._done, self._account, self._where)
        except NoNumberError as lost:
            self._close_quietly()
            return lost.with_traceback(None)  # which would hold the models
        except BaseException:
            self._close_quietly()
            raise
        self._close()
        return None

    def _close_quietly(self) -> None:
        """Where something else is being said already."""
        with suppress(CoreError, OSError):
            self._close()

    def _close(self) -> None:
        self._account.tell(self._where.step, is_over=True)
        best = self._folder / "best.safetensors"
        header = checkpoints.read_header(best) if best.is_file() else None
        report.write(
            self._folder,
            self._spec,
            self._account.said,
            step=self._where.step,
            steps=self._steps,
            best_step=None if header is None else header.step,
            figures={} if header is None else header.figures,
            last=self._where.last,
            split={part: tuple(names) for part, names in self._split.items()},
        )

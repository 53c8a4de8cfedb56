"""How the command line speaks: tables and sentences for people, JSON for machines, progress as the place allows.

Results go to standard output, progress and complaints to standard error. Exit codes: 0 done, 1 refused with a
reason, 2 wrong usage, 130 interrupted.
"""

import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from core.errors import CoreError, RunError
from core.project.annotations import person as person
from core.run_folder import RunFolder
from core.runs import Done, Event, Events, Failed, Made, Metric, Note, Paused, Progress, Spec, Stopped
from core.wording import shown as as_shown

T = TypeVar("T")
REFUSED = 1
INTERRUPTED = 130

Json = Annotated[bool, typer.Option("--json", help="Print the result for a machine to read.")]
ProjectFolder = Annotated[Path, typer.Argument(help="A project's folder.", show_default=False)]
Videos = Annotated[Path | None, typer.Option(help="Its videos, where they lie outside its folder.", show_default=False)]
Poses = Annotated[Path | None, typer.Option(help="2D poses of its videos, where there are some.", show_default=False)]
CharacteristicPoses = Annotated[Path | None, typer.Option(help="A table of characteristic poses.", show_default=False)]
DraftPoses = Annotated[
    bool, typer.Option("--draft-poses", help="The middle of a segment stands in where it has no pose.")
]
FormatOptions = Annotated[
    list[str] | None, typer.Option(help="Of its format: name=value, such as camera=dev1. Repeatable.")
]
"""How a raw folder of videos is prepared, for every command that begins with one."""


@contextmanager
def refusals(interrupted: str = "What was made is kept; the same command goes on.") -> Generator[None]:
    """Turn what a person can act on into a sentence and exit code 1; a bug keeps its traceback."""
    try:
        yield
    except CoreError as error:
        complain(str(error), error.hint)
        raise typer.Exit(REFUSED) from None
    except OSError as error:  # a full disk, a place that may not be read or written
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}", "Check that the place is there, may be used, and has room.")
        raise typer.Exit(REFUSED) from None
    except KeyboardInterrupt:
        complain(f"Interrupted. {interrupted}")
        raise typer.Exit(INTERRUPTED) from None


def complain(message: str, hint: str = "") -> None:
    """Say on standard error what is wrong and what to do."""
    typer.echo(as_shown(message if not hint else f"{message}\n{hint}"), err=True)


def answer(value: Any, text: str, *, as_json: bool) -> None:
    """The result of a command, in the form that was asked for."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() if as_json else as_shown(text))


def run_to_the_end(spec: Spec, *, as_json: bool) -> Done:
    """Carry a spec out here, its folder keeping what is said, and return how it ended.

    The same run folder as the studio's: stopping with Ctrl+C keeps what was made, and the same command goes on.
    """
    from core.runner import record

    folder = RunFolder(Path(spec.out))
    if folder.is_alive():
        raise RunError(f"{folder.path} holds a run that is still going.", hint="Stop it, or choose another folder.")
    folder.write_spec(spec)
    last: Event | None = None
    with closing(record(folder)) as events:
        for event in shown(events, quiet=as_json):
            last = event
    match last:
        case Done():
            return last
        case Failed(message, hint, _):
            raise RunError(message, hint=hint)
        case Stopped():
            raise KeyboardInterrupt
        case _:
            raise RunError("The run ended without a word.", hint=f"Its log is in {folder.path}.")


def put_in_line(spec: Spec, *, as_json: bool) -> None:
    """Let a spec wait for its turn as a job of its own, and say after whom."""
    from core import line

    folder = RunFolder(Path(spec.out))
    line.ask(folder, spec)
    ahead = next((each.ahead for each in line.waiting() if each.folder == folder.path.resolve()), ())
    after = f", after {', '.join(each.name for each in ahead)}" if ahead else ""
    answer(
        {"run": str(folder.path), "after": [str(each) for each in ahead]},
        f"{folder.path.name} waits for its turn{after}. posecast jobs shows it; it needs no terminal.",
        as_json=as_json,
    )


def to_the_end(work: Generator[Event, None, T], *, quiet: bool) -> T:
    """What the work returns, its events shown on the way as the place allows."""
    returned: list[T] = []

    def events() -> Events:
        returned.append((yield from work))

    with closing(shown(events(), quiet=quiet)) as told:
        for _ in told:
            pass
    return returned[0]


def shown(events: Events, *, quiet: bool) -> Events:
    """The same events, their progress shown as the place allows."""
    if quiet:
        yield from events
    elif sys.stderr.isatty():
        yield from _bar(events)
    else:
        yield from _lines(events)


def _bar(events: Events) -> Events:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, TextColumn("{task.fields[figures]}"), console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("Starting", total=None, figures="")
        figures: dict[str, float] = {}
        for event in events:
            match event:
                case Progress(done, total, doing):
                    bars.update(task, completed=done, total=total, description=as_shown(doing) or "Working")
                case Metric(_, name, value) if name in _SHOWN_FIGURES:
                    figures[name] = value
                    bars.update(task, figures="  ".join(f"{key} {value:.4g}" for key, value in figures.items()))
                case Note(text):
                    bars.console.print(as_shown(text), highlight=False, markup=False)
                case Paused():
                    bars.console.print(_PAUSED, highlight=False, markup=False)
                case Made(what, _) if what != "samples":
                    bars.console.print(as_shown(what), highlight=False, markup=False)
            yield event


_PAUSED = "Paused. It goes on with posecast jobs go-on RUN; Ctrl+C stops it."
_SHOWN_FIGURES = ("loss", "validation/top1", "validation/mpjpe_px")


def _lines(events: Events, every_s: float = 5.0) -> Events:
    said_at = 0.0
    for event in events:
        match event:
            case Progress(done, total, doing):
                if time.monotonic() - said_at > every_s or done == total:
                    said_at = time.monotonic()
                    complain(f"{doing or 'working'}: {done} of {total}")
            case Note(text):
                complain(text)
            case Paused():
                complain(_PAUSED)
            case Made(what, _) if what != "samples":
                complain(what)
        yield event

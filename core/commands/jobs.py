"""The command `posecast jobs`: what this machine works on, over all projects, and words to it.

Without a project it shows the line (core.line): what works, pauses and waits. With one, every run it has.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from core import line
from core.commands.answers import Json, answer, refusals
from core.errors import CoreError, RunError
from core.line import Place
from core.run_folder import LIVE, RunFolder, RunState, Stamped
from core.runs import Done, Failed, Made, Note, Paused, Progress, Slept, Spec, Stopped, WentOn
from core.wording import counted, nearest, spelled_length, table

_PRIORITIES = {"low": line.LOW, "usual": line.USUAL, "high": line.HIGH}
_TAIL_BYTES = 256 * 1024


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run as a row. Times are seconds; without a value where it has not said, or it is not stable yet."""

    name: str
    folder: str
    does: str
    state: RunState
    lane: str = ""
    place: int = 0  # in the line, 1 comes next
    after: list[str] = []
    done: int | None = None
    total: int | None = None
    seconds_left: float | None = None


def _stop(run: RunFolder) -> str:
    if run.state() not in LIVE:
        raise RunError(f"{run.path.name} does not run.", hint="posecast jobs shows what does.")
    line.stop(run)
    return "is asked to stop" if run.is_alive() else "is stopped; it can go on from where it was"


def _pause(run: RunFolder) -> str:
    if run.state() not in ("running", "waiting"):
        raise RunError(f"{run.path.name} does not run.", hint="posecast jobs shows what does.")
    line.pause(run)
    return "pauses" if run.is_alive() else "is paused"


def _go_on(run: RunFolder) -> str:
    match run.state():
        case "paused" | "pausing":
            line.go_on(run)
        case "stopped" | "killed" | "failed":
            line.ask(run, run.spec())
        case "running" | "waiting":
            return "works or waits already"
        case "stopping":
            raise RunError(f"{run.path.name} is stopping.", hint="Ask again in a moment.")
        case _:
            raise RunError(f"{run.path.name} has come to its end.", hint="Begin a new run in another folder.")
    return "goes on" if run.is_alive() else "goes on when its turn comes"


def _moved(move: Callable[[RunFolder], None]) -> Callable[[RunFolder], str]:
    def moved(run: RunFolder) -> str:
        if run.state() != "waiting":
            raise RunError(f"{run.path.name} does not wait.", hint="posecast jobs shows who does.")
        move(run)
        number = next((each.number for each in line.waiting() if each.folder == run.path.resolve()), 0)
        return f"comes as number {number}" if number else "waits no longer"

    return moved


_VERBS: dict[str, Callable[[RunFolder], str]] = {
    "stop": _stop,
    "pause": _pause,
    "go-on": _go_on,
    "earlier": _moved(line.earlier),
    "later": _moved(line.later),
    "take-out": _moved(line.take_out),
}


def jobs(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROJECT | stop|pause|go-on|earlier|later|take-out|priority|log|kill RUN]",
            help="A project's folder, or a verb and a run, by its name or folder.",
            show_default=False,
        ),
    ] = None,
    *,
    to: Annotated[str, typer.Option(help="With priority: low, usual or high.")] = "usual",
    lines: Annotated[int, typer.Option(min=1, help="With log: how many.")] = 20,
    as_json: Json = False,
) -> None:
    """Show what works, pauses and waits on this machine; stop it, pause it, move it in the line.

    A run goes on from where it was stopped: go-on puts it into the line again. kill ends a run that does not listen.
    """
    with refusals():
        line.ensure_keeper()
        match words or []:
            case []:
                _list([_row(each) for each in line.view()], "Nothing works or waits on this machine.", as_json=as_json)
            case ["log", run]:
                folder = _found(run)
                said = _log(folder, lines)
                answer({"run": str(folder.path), "lines": said}, "\n".join(said), as_json=as_json)
            case [verb, run] if verb in (*_VERBS, "priority", "kill"):
                folder = _found(run)
                how = _do(verb, folder, to)
                row = {"run": str(folder.path), "state": folder.state()}
                answer(row, f"{folder.path.name} {how}.", as_json=as_json)
            case [verb] if verb in (*_VERBS, "priority", "kill", "log"):
                raise RunError(f"Which run is meant is missing after {verb}.", hint=f"posecast jobs {verb} RUN")
            case [project]:
                _list(_rows_of(Path(project)), "This project has no runs yet.", as_json=as_json)
            case [verb, *_]:
                close = nearest(verb, (*_VERBS, "priority", "kill", "log"))
                raise RunError(f"There is no verb {verb!r}.", hint=f"Nearest: {', '.join(close)}." if close else "")


def _do(verb: str, run: RunFolder, to: str) -> str:
    if verb == "kill":
        if not run.is_alive():
            raise RunError(f"{run.path.name} does not run.", hint="posecast jobs shows what does.")
        run.end(force=True)
        return "is killed"
    if verb == "priority":
        if to not in _PRIORITIES:
            raise RunError(f"There is no priority {to!r}.", hint="low, usual or high.")
        line.set_priority(run, _PRIORITIES[to])
        return f"has priority {to}"
    return _VERBS[verb](run)


def _list(rows: list[JobRow], nothing: str, *, as_json: bool) -> None:
    header = ("run", "does", "state", "lane", "done", "left", "after")
    text = table(header, [_cells(each) for each in rows]) if rows else nothing
    answer(rows, text, as_json=as_json)


def _cells(row: JobRow) -> tuple[str, ...]:
    done = f"{row.done} of {row.total}" if row.total else ""
    left = spelled_length(row.seconds_left) if row.seconds_left is not None else ""
    more = f" and {counted(len(row.after) - 1, 'more', 'more')}" if len(row.after) > 1 else ""
    return (row.name, row.does, row.state, row.lane, done, left, row.after[0] + more if row.after else "")


def _rows_of(project: Path) -> list[JobRow]:
    runs = project / "runs"
    if not (project / "project.sqlite").is_file():
        raise RunError(f"{project} is no project.", hint="posecast jobs alone shows all that works and waits.")
    waiting = {each.folder: each for each in line.view()}
    found = sorted((each.parent for each in runs.glob("*/spec.json")), key=lambda each: each.name)
    rows = []
    for each in found:
        place = waiting.get(each.resolve())
        rows.append(_row(place) if place is not None else _told(RunFolder(each)))
    return rows


def _row(place: Place) -> JobRow:
    lane = place.lane.kind if place.lane.kind != "training" else place.lane.where.partition("-")[0]
    return msgspec.structs.replace(
        _told(RunFolder(place.folder)),
        state=place.state, lane=lane, place=place.number, after=[each.name for each in place.ahead],
    )  # fmt: skip


def _told(run: RunFolder) -> JobRow:
    """What the run itself says: what it does, how far it is, and how long it takes yet."""
    state = run.state()
    try:
        does = _does(run.spec())
    except CoreError:
        does = "made with another version"
    stamped, _ = run.events(max(0, run.events_size() - _TAIL_BYTES))
    last = next((each.event for each in reversed(stamped) if isinstance(each.event, Progress)), None)
    left = _seconds_left(stamped) if state == "running" else None
    return JobRow(
        name=run.path.name, folder=str(run.path), does=does, state=state, seconds_left=left,
        done=last.done if last else None, total=last.total if last else None,
    )  # fmt: skip


def _does(spec: Spec) -> str:
    tag = str(spec.__struct_config__.tag).replace("-", " ")
    preset = getattr(spec, "preset", "")
    return f"{tag}, {preset}" if preset else tag


def _seconds_left(stamped: list[Stamped]) -> float | None:
    """By the pace of the latest stretch of work without a pause; seconds asleep are none of work."""
    steps: list[tuple[float, Progress]] = []
    asleep = 0.0
    for each in stamped:
        match each.event:
            case Progress():
                if steps and (each.event.total != steps[-1][1].total or each.event.done < steps[-1][1].done):
                    steps.clear()
                steps.append((each.at - asleep, each.event))
            case Slept(seconds):
                asleep += seconds
            case Paused() | WentOn() | Stopped() | Failed() | Done():
                steps.clear()
    if len(steps) < 2 or steps[-1][0] - steps[0][0] < 1.0 or steps[-1][1].done <= steps[0][1].done:
        return None
    (began, first), (now, last) = steps[0], steps[-1]
    return (last.total - last.done) * (now - began) / (last.done - first.done)


def _log(run: RunFolder, lines: int) -> list[str]:
    stamped, _ = run.events(max(0, run.events_size() - _TAIL_BYTES))
    said = [each for each in (_sentence(each) for each in stamped) if each]
    printed = run.log_tail(lines).splitlines()
    return [*said[-lines:], *(["", "What it printed:", *printed] if printed else [])]


def _sentence(stamped: Stamped) -> str:
    match stamped.event:
        case Note(text):
            words = text
        case Made(what, path):
            words = f"made {what}: {Path(path).name}"
        case Done(summary):
            words = summary or "done"
        case Failed(message, hint):
            words = " ".join(filter(None, (message, hint)))
        case Slept(seconds):
            words = f"the machine was asleep for {spelled_length(seconds)}"
        case Stopped():
            words = "stopped"
        case Paused():
            words = "paused"
        case WentOn():
            words = "went on"
        case _:
            return ""
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(stamped.at))}  {words}"


def _found(named: str) -> RunFolder:
    """The run of that folder or name; RunError names those there are."""
    if (Path(named) / "spec.json").is_file():
        return RunFolder(Path(named).resolve())
    known = list(_known())
    found = [each for each in known if each.name == named]
    if len(found) == 1:
        return RunFolder(found[0])
    if found:
        raise RunError(f"{len(found)} runs are called {named}: {', '.join(map(str, found))}.", hint="Name its folder.")
    names = sorted({each.name for each in known})
    hint = f"Under way: {', '.join(names)}." if names else "Nothing works or waits; name a run's folder."
    raise RunError(f"There is no run {named!r}.", hint=hint)


def _known() -> Iterator[Path]:
    """Runs that a name alone can mean: those of the line, and those of the project one stands in."""
    under_way = {each.folder for each in line.view()}
    yield from under_way
    for each in Path("runs").glob("*/spec.json"):
        if each.parent.resolve() not in under_way:
            yield each.parent.resolve()


COMMANDS = (jobs,)

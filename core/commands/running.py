"""Commands that carry out any spec, wherever they are: under a scheduler, in a container, in a terminal.

`posecast run` ends with 0 (done), 1 (refused, with a reason), 3 (a person stopped it) or 130 (it was told to end, as a
scheduler does before a time limit; the same command goes on). Under `torchrun` several processes take one training.
"""

import contextlib
import os
import signal
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from core import configs, given_specs
from core.commands.answers import INTERRUPTED, Json, answer, complain, refusals, shown
from core.errors import RunError
from core.launched import launched
from core.run_folder import BEAT_GONE_S, RunFolder
from core.runs import Done, Event, Failed, Spec, Stopped
from core.shares import share_of, shared

STOPPED_BY_A_PERSON = 3
_SAME_SIGNAL_S = 2.0
"""A launcher and a scheduler may both pass a signal on: what comes again so soon is the same one."""
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2") if hasattr(signal, name))

Given = Annotated[
    Path, typer.Argument(metavar="SPEC", help="A run's folder, a spec.json, or a YAML file.", show_default=False)
]


def run(
    spec: Given,
    *,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="knob=value of a training, name=value of other work. Repeatable.")
    ] = None,
    project: Annotated[Path | None, typer.Option(help="Another project than it says.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="Another run folder than it says.", show_default=False)] = None,
    share: Annotated[
        str, typer.Option(help="This task's part of the work: 0/12 to 11/12, or slurm within an array of Slurm.")
    ] = "",
    status: Annotated[
        bool, typer.Option("--status", help="Only say how it stands, as words and by the same exit codes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Carry any spec out, here and now; run again, it goes on. SIGTERM and SIGUSR1 stop it in good order.

    Ends with 0: done, 1: refused or failed, 3: a person stopped it, 130: told to end, to be run again.
    """
    with refusals():
        asked = _asked(spec, settings or [], project, out, share)
        if status:
            code = _say_status(RunFolder(Path(asked.out)), as_json=as_json)
        else:
            code = _take_part(asked, as_json=as_json)
    if code:
        raise typer.Exit(code)


def spec(
    preset: Annotated[str, typer.Argument(help=f"One of {', '.join(configs.PRESETS)}.", show_default=False)],
    settings: Annotated[list[str] | None, typer.Argument(help="Settings, such as losses.pose2d=0.5")] = None,
    *,
    project: Annotated[Path, typer.Option(help="The project to learn from.")],
    out: Annotated[Path, typer.Option(help="The run's folder.")],
) -> None:
    """Print the spec of a training, as the studio would write it: posecast spec … > FILE, then posecast run FILE."""
    with refusals():
        typer.echo(given_specs.as_text(given_specs.training_spec(preset, settings or [], project, out)))


# ---- how ----


def _asked(given: Path, settings: list[str], project: Path | None, out: Path | None, share: str) -> Spec:
    spec = given_specs.with_settings(given_specs.read(given), settings)
    if project is not None:
        if not hasattr(spec, "project"):
            raise RunError("This work is about no project.", hint="Leave --project out.")
        spec = replace(spec, project=str(project.resolve()))
    if out is not None:
        spec = replace(spec, out=str(out.resolve()))
    if not spec.out:
        raise RunError(f"{given.name} names no run folder.", hint="Name one: --out FOLDER")
    return shared(spec, *share_of(share, os.environ)) if share else spec


def _take_part(spec: Spec, *, as_json: bool) -> int:
    """Alone, or as one of those that `torchrun` started: to it, anything but 0 is a worker to be begun again."""
    from core.runner import had_ended

    place = launched()
    if place.restarts and (ended := had_ended(RunFolder(Path(spec.out)))) is not None:
        return ended
    if place.rank:
        return _follow(spec)
    code = _carry_out(spec, as_json=as_json)
    return 0 if place.count > 1 and code in (INTERRUPTED, STOPPED_BY_A_PERSON) else code


def _carry_out(spec: Spec, *, as_json: bool) -> int:
    from core.runner import record

    folder = RunFolder(Path(spec.out))
    _wait_for_another_machine(folder)
    if folder.state() == "waiting":
        raise RunError(
            f"{folder.path.name} waits for its turn on this machine.", hint="Take it out of the line, then run it."
        )
    if folder.is_alive():
        raise RunError(f"{folder.path} holds a run that is still going.", hint="Stop it, or choose another folder.")
    folder.write_spec(spec)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    last: Event | None = None
    with _stopping(folder) as told, contextlib.suppress(KeyboardInterrupt), closing(record(folder)) as events:
        for event in shown(events, quiet=as_json):
            last = event
    match last:
        case Done(summary, outputs):
            answer({"run": spec.out, "state": "done", "summary": summary, "outputs": outputs}, summary, as_json=as_json)
            return 0
        case Failed(message, hint):
            raise RunError(message, hint=hint)
        case Stopped() if not told or told[0] == "pause":
            folder.say("stop")  # also where a scheduler's signal ended what a person had paused
            answer({"run": spec.out, "state": "stopped"}, "Stopped, as somebody asked.", as_json=as_json)
            return STOPPED_BY_A_PERSON
    folder.say("go on")  # nobody asked it to stay stopped
    answer({"run": spec.out, "state": "stopped"}, "Stopped in good order; the same command goes on.", as_json=as_json)
    return INTERRUPTED


def _follow(spec: Spec) -> int:
    """Another process of the same training, whose first one writes and heeds signals."""
    from core.runner import carry_out
    from core.training.distributed import Ended

    if not isinstance(spec, given_specs.Training):
        return 0  # work that cannot be shared is the first one's
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    with contextlib.suppress(Ended), closing(carry_out(spec)) as events:
        for _ in events:
            pass
    return 0


@contextmanager
def _stopping(folder: RunFolder) -> Generator[list[str]]:
    """While inside, a signal is a word to the run, heeded between two steps; one that comes again ends it at once.

    Yields what a person had told the run before the first signal came; nothing where none came.
    """
    told: list[str] = []
    first_at = 0.0

    def tell(*_: object) -> None:
        nonlocal first_at
        now = time.monotonic()
        if not told:
            told.append(folder.told())
            folder.say("stop")
            first_at = now
        elif now - first_at > _SAME_SIGNAL_S:
            raise KeyboardInterrupt

    before = {each: signal.signal(each, tell) for each in _SIGNALS}
    try:
        yield told
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _wait_for_another_machine(folder: RunFolder) -> None:
    """A run that lived on a machine that is gone shows so only after a while."""
    from core import processes

    process = folder.process()
    if process is None or processes.is_here(process) or not folder.is_alive():
        return
    complain(f"{folder.path.name} was last seen at work on {process.host}; waiting whether it still is.")
    until = time.monotonic() + 2 * BEAT_GONE_S
    while folder.is_alive() and time.monotonic() < until:
        time.sleep(1.0)


def _say_status(folder: RunFolder, *, as_json: bool) -> int:
    state = folder.state()
    answer({"run": str(folder.path), "state": state}, f"{folder.path.name}: {state}", as_json=as_json)
    match state:
        case "done" | "running" | "waiting" | "pausing" | "stopping":
            return 0
        case "failed":
            return 1
        case "stopped" | "paused" if folder.told() in ("stop", "pause"):
            return STOPPED_BY_A_PERSON
        case _:
            return INTERRUPTED


COMMANDS = (run, spec)

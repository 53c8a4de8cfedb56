"""Commands before a training starts: what this machine has, and what a run would take of it."""

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from core import configs, preflight
from core.commands.answers import REFUSED, Json, answer, complain, refusals
from core.devices import Device, Watch, chosen
from core.errors import RunError
from core.preflight import Asked, Attempt, Estimate, Holds, Refused, Trial
from core.project.annotations import Project
from core.recordings import KEPT_HZ
from core.wording import counted, spelled_length, table

_LOOK_S = 0.25


def devices(as_json: Json = False) -> None:
    """Say which processor and graphics cards there are, how busy they are, and what our jobs take of their memory."""
    with refusals(), Watch() as watch:
        watch.look()
        time.sleep(_LOOK_S)  # how busy a processor is takes two looks
        found = watch.look(preflight.at_work())
        rows = [(each.key, each.name, _memory(each), _busy(each), _used(each)) for each in found]
        lines = [table(("device", "name", "memory used", "busy", "by our jobs"), rows)]
        lines += [f"{each.name}: torch cannot use it. {each.hint}" for each in found if not each.usable]
        answer(found, "\n".join(lines), as_json=as_json)


def preflight_(
    preset: Annotated[str, typer.Argument(help="As of train: forecaster/small, posegpt/small …", show_default=False)],
    settings: Annotated[
        list[str] | None, typer.Argument(help="Changed settings: optimiser.batch=512 …", show_default=False)
    ] = None,
    *,
    project: Annotated[Path, typer.Option(help="What it learns from.", show_default=False)],
    guess: Annotated[bool, typer.Option("--guess", help="Try nothing: what sizes alone say.")] = False,
    as_json: Json = False,
) -> None:
    """Say what a training would take before it starts: memory, time, disk, and its place in the line.

    A few real steps are taken in a process of its own and forgotten again. The exit code is 1 where it does not fit.
    """
    from core.project.store import ProjectStore

    with refusals("Nothing was left of the trial."):
        config = configs.with_overrides(configs.preset(preset), settings or [])
        with ProjectStore.open(project, "", mode="read") as store:
            holds = _holds(store.project, project)
        with Watch() as watch:
            found = watch.look()
        device = chosen(config.device, found)
        said = preflight.guess(config, holds, device.key) if guess else _tried(config, project, device)
        before, troubles = preflight.before(config), preflight.troubles(config, said, device, found[0], project)
        told = {
            "memory_bytes": said.memory, "free_bytes": device.memory_free, "total_bytes": device.memory_total,
            "host_memory_bytes": said.host_memory, "seconds": said.seconds, "disk_bytes": said.disk,
            "numbers": said.numbers, "device": device.key, "device_name": device.name, "measured": said.measured,
            "within": said.doubt, "jobs_before": before, "troubles": troubles,
        }  # fmt: skip
        answer(told, "\n".join(_words(said, device, before, troubles)), as_json=as_json)
        if troubles:
            raise typer.Exit(REFUSED)


def _tried(config: configs.Config, project: Path, device: Device) -> Estimate:
    asked = Asked.of(config, project, device.key)
    found = preflight.kept(asked)
    if found is None:
        complain("Trying a few steps …")
        with closing(Attempt(asked)) as attempt:
            found = attempt.answer(wait=True)
    match found:
        case Trial():
            return preflight.estimate(config, found, device.key)
        case Refused(message, hint):
            raise RunError(message, hint=hint)
        case _:
            raise RunError("The trial took too long.", hint="Say --guess for what sizes alone tell.")


def _words(said: Estimate, device: Device, before: int, troubles: list[preflight.Trouble]) -> list[str]:
    about = f"within {100 * said.doubt:.0f} %" if said.measured else "a guess from sizes"
    free = f"{device.memory_free / 2**30:.1f} GB free"
    lines = [
        f"Needs   about {said.memory / 2**30:.1f} of {free} on {device.name} ({about})",
        f"Takes   about {spelled_length(said.seconds)}",
        f"Starts  after {counted(before, 'job')}" if before else "Starts  at once",
        f"Disk    about {said.disk / 1e6:.0f} MB; {said.numbers / 1e6:.2f} million numbers",
    ]
    return [*lines, *(f"{each.message} {each.hint} {each.setting}".strip() for each in troubles)]


def _holds(known: Project, folder: Path) -> Holds:
    """What sizes are guessed from."""
    from core.project.motion_sets import MotionSet

    clips = known.clips.values()
    rows = [row for each in sorted(folder.glob("datasets/*/set.json")) for row in MotionSet(each.parent).rows.values()]
    frames = [round(row.frames * min(KEPT_HZ / row.rate_hz, 1.0)) for row in rows if row.body]
    actions = {segment.action for clip in clips for segment in clip.segments}
    return Holds(
        steps=sum(len(each.poses) for each in clips), clips=len(clips), actions=max(len(actions), 1),
        motion_frames=sum(frames), mean_frames=sum(frames) / len(frames) if frames else 0.0,
    )  # fmt: skip


def _memory(device: Device) -> str:
    return f"{device.memory_used / 2**30:.1f} of {device.memory_total / 2**30:.1f} GB"


def _busy(device: Device) -> str:
    cores = f"{counted(device.cores, 'core')}, " if device.cores else ""
    return cores + ("–" if device.busy is None else f"{100 * device.busy:.0f} %")


def _used(device: Device) -> str:
    return ", ".join(f"{each.job} {each.memory / 2**30:.1f} GB" for each in device.used) or "–"


COMMANDS = (devices, preflight_)

"""Makes an output again from what it says of its origin, and says whether it came out the same.

    outcome = reproduce(Path("walk.npz"), into)        # a file that `posecast` or the studio made, or a run's folder
    outcome.same, outcome.said, outcome.changed

What is compared is what a file holds, not how it was packed: pixels, frames, arrays, numbers, text; a checkpoint is
its weights, a run its best weights and its curves. Nothing is overwritten: everything is made in `into`. An origin is
data from anywhere: of the commands only those are carried out that write what they are told to write and nothing else.
"""

import inspect
import json
import re
import types
import typing
from collections.abc import Callable, Generator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from core import origins, runs, stamping
from core.errors import CoreError, FormatError, RunError
from core.origins import Origin
from core.runs import Event, Events, Failed

COMMANDS = (*("generate", "render", "sheet", "compare", "statistics", "baselines", "export", "fit"),)
"""Commands that write what `out` names and change nothing else."""
WRITES_BESIDE = ("save_recipe", "in_line")
"""Parameters of theirs that write something else, a file or a job: left out."""
SPECS = (
    runs.TrainForecaster, runs.TrainPoseGpt, runs.EvaluateForecaster, runs.EvaluatePoseGpt, runs.ReproduceForecasts,
    runs.ReproduceTable, runs.CompareSequences, runs.ExportBodies, runs.ExportComparison,
    runs.GenerateMotion,
)  # fmt: skip
_HELD: dict[type, str] = {
    runs.ExportBodies: "shot", runs.ExportComparison: "forecasts", runs.GenerateMotion: "recipe"
}  # fmt: skip
"""Their fields that name a file in the run's folder, without which it cannot be made again."""
Command = Callable[..., Any]
_VOLATILE = {
    "seconds", "made_at", "device", "command", "run", "out", "peak_memory", "memory", "started", "ended", "wall_s",
    "environment", "machine", "took_s", "version", "memory_peak_bytes", "device_memory_peak_bytes", "device_name",
}  # fmt: skip
"""Of a report, what is no result: how long it took, where it lies."""
_VOLATILE_LINE = re.compile(r"[Mm]easured on|Made by `|made on|took |^# |[Ww]all time|[Mm]emory|[Aa]t work|posecast ")


@dataclass(frozen=True)
class Outcome:
    """How it came out. `said` is a sentence for every file; `changed` are inputs that are not what they were."""

    same: bool
    said: tuple[str, ...]
    changed: tuple[str, ...]
    files: tuple[Path, ...]
    """What was made."""


@dataclass(frozen=True)
class Asked:
    """What is to be made again: `original` beside what comes out as `name` in the folder."""

    original: Path
    origin: Origin
    number: int = 0
    """Of a command that writes a file for each sample, which it is, from 0."""


def find(path: Path) -> Asked:
    """What a file or folder says of its origin. RunError where it says nothing or cannot be made again."""
    if not path.exists():
        raise RunError(f"There is no {path}.", hint="Name a file that Posecast made, or a run's folder.")
    origin = stamping.read(path)
    if origin is None and path.is_file():  # a file in a run's folder, or in a folder below it
        for folder in (path.parent, path.parent.parent):
            if (folder / "origin.json").is_file():
                origin = stamping.read(folder)
                break
    if origin is None and path.suffix == ".npz":
        kept = _kept_motion(path)
        if kept is not None:
            return kept
    if origin is None:
        hint = "Files made by a command or a job since version 0.1 say it; copies through other programs may lose it."
        raise RunError(f"{path.name} does not say how it was made.", hint=hint)
    return Asked(path, origin, _number(path, origin))


def _number(path: Path, origin: Origin) -> int:
    """Of generated samples with a file each, which it is, from 0: it says so, or its name does, such as walk-2.bvh."""
    if origin.command != "generate" and origin.spec.get("type") != "generate-motion":
        return 0
    if path.suffix.lower() == ".npz":
        from core.formats import generated_motion

        return generated_motion.read(path)[1].number
    number = path.stem.rpartition("-")[2]
    return max(0, int(number) - 1) if number.isdecimal() else 0


def _kept_motion(path: Path) -> Asked | None:
    """A motion that Generate kept beside a project holds its recipe and what its weights were."""
    from core.formats import generated_motion
    from core.generation_words import in_text

    try:
        _, made = generated_motion.read(path)
    except CoreError:
        return None
    parameters = {"run": made.recipe.model, "recipe": in_text(made.recipe), "body": made.body}
    origin = Origin(version="", command="generate", parameters=parameters)
    return Asked(path, origin, made.number)


def changed_inputs(origin: Origin, now: Origin) -> tuple[str, ...]:
    """What was read again and is not what it was, each in a sentence."""
    known = {(each.what, each.name): each for each in origin.inputs}
    return tuple(
        f"The {each.what} {each.name} has changed since."
        for each in now.inputs
        if (each.what, each.name) in known and known[each.what, each.name].fingerprint != each.fingerprint
    )


def reproduce(
    asked: Asked, into: Path, commands: Mapping[str, Command], *, project: Path | None = None
) -> Generator[Event, None, Outcome]:
    """Make it again in the folder `into`, yielding the work's own events; `commands` are those of the command line."""
    origin = asked.origin
    if into.exists() and any(into.iterdir()):
        raise RunError(f"{into} is not empty.", hint="Name a new folder for what is made again.")
    into.mkdir(parents=True, exist_ok=True)
    if origin.spec:
        yield from _by_spec(asked, into, project)
    elif origin.command:
        _by_command(asked, into, commands, project)
    else:
        drawn = ", ".join(map(str, origin.parameters.get("drawn_from", ()))) or "nothing that it names"
        raise RunError(
            f"{asked.original.name} was drawn in the window, from {drawn}.", hint="Reproduce what it was drawn from."
        )
    pairs = list(_pairs(asked, into))
    found = [(original, *compared(original, again)) for original, again in pairs]
    said = tuple(f"{original.name}: {words}" for original, _, words in found)
    now = _said_now(asked, into)
    if origin.version != origins.version():
        said += (f"It was made with Posecast {origin.version or '(unknown)'}, this is {origins.version()}.",)
    was, ours = origin.environment, now.environment
    said += tuple(
        f"Then {name} {was[name]}, now {ours[name]}." for name in was if name in ours and was[name] != ours[name]
    )
    if not found:
        raise RunError("Nothing came out that could be compared.", hint=f"Look into {into}.")
    return Outcome(
        all(same for _, same, _ in found), said, changed_inputs(origin, now), tuple(again for _, again in pairs)
    )


def _said_now(asked: Asked, into: Path) -> Origin:
    """What was made says of itself: a job in its own folder, a command in its file or beside its folder."""
    for place in (into / "run", into / asked.original.name, into):
        told = stamping.read(place) if place.exists() else None
        if told is not None:
            return told
    raise RunError("What came out does not say how it was made.", hint=f"Look into {into}.")


# ---- making ---------------------------------------------------------------------------------------------------------


def _by_spec(asked: Asked, into: Path, project: Path | None) -> Events:
    from core.runner import carry_out
    from core.sealing import sealed

    given = _at_home(asked.origin.spec)
    try:
        spec = msgspec.convert(given, runs.Spec)
    except msgspec.ValidationError as error:
        raise FormatError(asked.original, f"what it was made from is not understood ({error})") from None
    if not isinstance(spec, SPECS):
        raise RunError(f"{asked.original.name} was made by a job that is not done again.", hint="Begin it anew.")
    changes: dict[str, Any] = {"out": str(into / "run")}
    if isinstance(spec, runs.ExportBodies | runs.ExportComparison | runs.GenerateMotion):
        changes["file"] = str(into / asked.original.name)
        held = _HELD[type(spec)]
        changes[held] = str(Path(spec.out) / getattr(spec, held))
        if not Path(changes[held]).is_file():
            raise RunError(
                f"What {asked.original.name} shows was kept in {spec.out}, which is not there any more.",
                hint="Bring that run back, or export anew.",
            )
    if project is not None and hasattr(spec, "project"):
        changes["project"] = str(project.resolve())
    spec = replace(spec, **changes)
    if not Path(getattr(spec, "project", ".")).is_dir():
        raise RunError(f"The project {spec.project} is not there any more.", hint="Name it: --project FOLDER")  # pyright: ignore
    for event in sealed(spec, carry_out(spec)):
        if isinstance(event, Failed):
            raise RunError(event.message, hint=event.hint)
        yield event


def _by_command(asked: Asked, into: Path, commands: Mapping[str, Command], project: Path | None) -> None:
    name, function = asked.origin.command, commands.get(asked.origin.command)
    if function is None or name not in COMMANDS:
        raise RunError(f"{asked.original.name} was made by posecast {name}, which is not done again.")
    parameters = {key: each for key, each in _at_home(asked.origin.parameters).items() if key not in WRITES_BESIDE}
    is_folder = asked.original.is_dir()
    parameters["out"] = str(into if is_folder else into / asked.original.name)
    if project is not None and "project" in parameters:
        parameters["project"] = str(project.resolve())
    call = _typed(function, parameters, asked.original)
    with redirect_stdout(StringIO()):
        try:
            function(**call)
        except CoreError:
            raise
        except Exception as error:
            if type(error).__name__ != "Exit":
                raise
            raise RunError(
                f"posecast {name} was refused when it was done again.", hint="What it said stands above."
            ) from None


def _typed(function: Command, parameters: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The parameters as the command's own types want them; FormatError where they do not fit."""
    hints = typing.get_type_hints(inspect.unwrap(function))
    wanted = inspect.signature(inspect.unwrap(function)).parameters
    foreign = [name for name in parameters if name not in wanted]
    if foreign:
        raise FormatError(path, f"it was made with {foreign[0]!r}, which this version does not know")
    call = {}
    for name, value in parameters.items():
        try:
            call[name] = _as(hints[name], value)
        except (TypeError, ValueError, msgspec.ValidationError):
            raise FormatError(path, f"{name} = {value!r} does not fit") from None
    return call


def _as(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kind = next(each for each in typing.get_args(kind) if each is not type(None))
    if kind is Path:
        return Path(str(value))
    if typing.get_origin(kind) is list:
        return [_as(typing.get_args(kind)[0], each) for each in value]
    return msgspec.convert(value, kind)


def _at_home(value: Any) -> Any:
    """Paths from `~` on, where this person's home is."""
    if isinstance(value, dict):
        return {name: _at_home(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_at_home(each) for each in value]
    return str(Path(value).expanduser()) if isinstance(value, str) and value.startswith(("~/", "~\\")) else value


# ---- comparing ------------------------------------------------------------------------------------------------------

_RESULTS = ("best.safetensors", "metrics.csv", "report.json", "table.json")


def _pairs(asked: Asked, into: Path) -> Generator[tuple[Path, Path]]:
    """What was there beside what was made."""
    original, run = asked.original, into / "run"
    if original.is_file():
        sample = into / original.with_stem(f"{original.stem}-{asked.number + 1}").name
        places = (
            *((sample,) if asked.number else ()),
            into / original.name,
            run / original.name,
            run / original.parent.name / original.name,
        )
        again = next((each for each in places if each.is_file()), None)
        if again is not None:
            yield original, again
        return
    if asked.origin.spec:
        names = [name for name in asked.origin.outputs if not name.startswith("last.")] or list(_RESULTS)
    else:
        names = [each.relative_to(original).as_posix() for each in sorted(original.rglob("*")) if each.is_file()]
    for name in names:
        for again in (run / name, into / name):
            if (original / name).is_file() and again.is_file():
                yield original / name, again
                break


def compared(was: Path, now: Path) -> tuple[bool, str]:
    """Whether two files hold the same, and that in words."""
    match was.suffix.lower():
        case ".safetensors":
            return _arrays(_safetensors(was), _safetensors(now))
        case ".npz":
            return _arrays(_npz(was), _npz(now))
        case ".png" | ".jpg" | ".jpeg":
            return _pictures(was, now)
        case ".mp4":
            return _films(was, now)
        case ".json":
            first, second = (_results(json.loads(each.read_bytes())) for each in (was, now))
            return (True, "the same figures") if first == second else (False, _first_difference(first, second))
        case ".md":
            first, second = (_lines(each) for each in (was, now))
            return (True, "the same figures") if first == second else (False, _first_line(first, second))
        case _:
            same = stamping.without(was) == stamping.without(now)
            return same, "the same, byte for byte" if same else "its bytes differ"


def _arrays(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[bool, str]:
    if was.keys() != now.keys():
        only = sorted(was.keys() ^ now.keys())
        return False, f"{only[0]} is in one of them alone"
    worst, where = 0.0, ""
    for name, each in was.items():
        other = now[name]
        if each.shape != other.shape or each.dtype != other.dtype:
            return False, f"{name} is {other.shape} now, and was {each.shape}"
        if each.tobytes() == other.tobytes():
            continue
        if not np.issubdtype(each.dtype, np.number):
            return False, f"{name} differs"
        apart = float(np.nanmax(np.abs(each.astype(np.float64) - other.astype(np.float64)), initial=0.0))
        if apart >= worst:
            worst, where = apart, name
    return (False, f"{where} differs by {worst:.3g} at most") if where else (True, "the same to the last bit")


def _safetensors(path: Path) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def _npz(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files if name != "made"}


def _pictures(was: Path, now: Path) -> tuple[bool, str]:
    from PIL import Image

    with Image.open(was) as first, Image.open(now) as second:
        one, other = np.asarray(first), np.asarray(second)
    if one.shape != other.shape:
        return False, f"its size is {other.shape[1]} × {other.shape[0]} now, and was {one.shape[1]} × {one.shape[0]}"
    apart = (one != other).any(-1) if one.ndim == 3 else one != other
    return (True, "the same pixels") if not apart.any() else (False, f"{100 * apart.mean():.2f} % of its pixels differ")


def _films(was: Path, now: Path) -> tuple[bool, str]:
    from core.video import open_video

    with open_video(was) as first, open_video(now) as second:
        if len(first) != len(second):
            return False, f"it has {len(second)} frames now, and had {len(first)}"
        apart = sum(not np.array_equal(first.frame(at), second.frame(at)) for at in range(len(first)))
    return (True, "the same frames") if not apart else (False, f"{apart} of its frames differ")


def _results(value: Any) -> Any:
    """What is a result in a report."""
    if isinstance(value, dict):
        return {name: _results(each) for name, each in value.items() if name not in _VOLATILE}
    return [_results(each) for each in value] if isinstance(value, list) else value


def _lines(path: Path) -> list[str]:
    text = stamping.without(path).decode("utf-8", "replace")
    return [line for line in text.splitlines() if line.strip() and not _VOLATILE_LINE.search(line)]


def _first_difference(was: Any, now: Any, where: str = "") -> str:
    if isinstance(was, dict) and isinstance(now, dict) and was.keys() == now.keys():
        name = next(each for each in was if was[each] != now[each])
        return _first_difference(was[name], now[name], f"{where}.{name}".lstrip("."))
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        at = next(at for at in range(len(was)) if was[at] != now[at])
        return _first_difference(was[at], now[at], f"{where}[{at}]")
    return f"{where or 'it'} is {_brief(now)} now, and was {_brief(was)}"


def _first_line(was: list[str], now: list[str]) -> str:
    for one, other in zip(was, now, strict=False):
        if one != other:
            return f"where it said {one!r}, it says {other!r} now"
    return f"it has {len(now)} lines now, and had {len(was)}"


def _brief(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "…"

"""Specs as they are handed over: a run folder, a spec.json, a YAML file, or a preset in words. No torch.

    type: train-forecaster            # any spec of core.runs
    preset: forecaster/small
    knobs: {optimiser.batch: 64}      # of a training; otherwise config: with all of them
    project: ../kitchen               # paths are beside this file
    out: runs/small-01

A spec is data: nothing in it is carried out as code, and what is wrong with it is said with its line.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from core import configs, plain_yaml
from core.demo import find_run
from core.errors import CoreError, FormatError, RunError
from core.run_folder import RunFolder
from core.runs import Spec, TrainForecaster, TrainPoseGpt
from core.sweeps import difference, exact
from core.wording import command_line, nearest

Training = TrainForecaster | TrainPoseGpt
_PATHS = (
    "project", "out", "run", "source", "motion", "videos", "poses", "characteristic_poses", "folder", "video", "file",
    "classifier_file", "begin_at", "recipe",
)  # fmt: skip
"""The fields that are files or folders, in whichever spec they are."""


def training_spec(preset: str, words: Sequence[str], project: Path, out: Path) -> Training:
    """The training that a preset and `knob=value` words ask for: what the form, a sweep and the command line make."""
    if preset not in configs.PRESETS:
        raise RunError(f"There is no preset {preset!r}.", hint=f"Presets: {', '.join(configs.PRESETS)}.")
    return spec_of(configs.with_overrides(configs.preset(preset), words), preset, project, out)


def spec_of(config: configs.Config, preset: str, project: Path, out: Path) -> Training:
    """The training of a config."""
    where = {"project": str(project.resolve()), "out": str(out.resolve()), "preset": preset}
    if not isinstance(config, configs.PoseGpt):
        return TrainForecaster(config=config, **where)
    if config.autoencoder_run:
        beside = project / "runs" / config.autoencoder_run
        named = beside if beside.is_dir() else find_run(config.autoencoder_run)
        config = replace(config, autoencoder_run=str(named.resolve()))
    return TrainPoseGpt(config=config, **where)


def read(given: Path) -> Spec:
    """The spec that a run folder or a file holds, its paths absolute."""
    if given.is_dir():
        return _of_folder(given.resolve())
    if given.name == "spec.json" and given.is_file():
        return _of_folder(given.resolve().parent)
    if not given.exists():
        raise RunError(f"There is no {given}.", hint="Name a run's folder, its spec.json, or a YAML file.")
    if given.suffix == ".json":
        try:
            msgspec.json.decode(given.read_bytes())
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FormatError(given, f"it is no whole JSON ({error})", hint="Write it again: posecast spec …") from None
    said, lines = plain_yaml.read(given)
    if not isinstance(said, dict):
        raise FormatError(
            given, "line 1: a spec is a table of names and values", hint=f"Begin with {_kinds_in_words()}."
        )
    return _decoded(_with_presets(said, lines, given), lines, given)


def with_settings(spec: Spec, words: Sequence[str]) -> Spec:
    """The spec with `name=value` words applied: of a training its knobs, otherwise what the spec has."""
    if isinstance(spec, Training):
        return replace(spec, config=configs.with_overrides(spec.config, words))
    for word in words:
        name, equals, value = word.partition("=")
        name = name.strip()
        if not equals or name not in spec.__struct_fields__ or name in ("out", "share"):
            usual = ", ".join(each for each in spec.__struct_fields__ if each not in ("out", "share"))
            raise RunError(f"{word!r} changes nothing here.", hint=f"Write name=value with one of: {usual}.")
        plain = msgspec.to_builtins(spec)
        plain[name] = [each for each in value.split(",") if each] if isinstance(plain[name], list | tuple) else value
        if name in _PATHS and value:
            plain[name] = str(Path(value).expanduser().resolve())
        try:
            spec = msgspec.convert(plain, type(spec), strict=False)
        except msgspec.ValidationError as error:
            raise RunError(f"{word} is refused: {str(error).partition(' - at ')[0].lower()}") from None
    return spec


def as_text(spec: Spec) -> str:
    """The spec as a spec.json has it."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=2).decode()


def command_of(spec: Training) -> str:
    """The command that makes the same run."""
    changed = [f"{knob}={exact(value)}" for knob, value in difference(spec.preset, spec.config).items()]
    return command_line(("posecast", "train", spec.preset, *changed, "--project", spec.project, "--out", spec.out))


# ---- how ----


def _of_folder(folder: Path) -> Spec:
    """A run folder may have been moved, with its project or alone, since it was asked for."""
    spec = RunFolder(folder).spec()
    before = Path(spec.out)
    spec = replace(spec, out=str(folder))
    project = getattr(spec, "project", "")
    if (
        project
        and not Path(project).exists()
        and before != folder
        and (folder.parent.parent / "project.sqlite").exists()
    ):
        spec = replace(spec, project=str(folder.parent.parent))
    return spec


def _with_presets(said: dict[str, Any], lines: plain_yaml.Lines, path: Path) -> dict[str, Any]:
    """A training's preset and knobs written out as its config."""
    kinds = _kinds()
    kind = said.get("type")
    if kind not in kinds:
        near = nearest(str(kind), tuple(kinds)) if kind is not None else ()
        meant = f"Did you mean {near[0]}? " if near else ""
        why = f"there is no work called {kind}" if kind is not None else "it does not say what is to be done"
        line = lines.get(("type",), 1)
        raise FormatError(path, f"line {line}: {why}", hint=f"{meant}Write {_kinds_in_words()}.")
    fields = ("type", *kinds[kind].__struct_fields__)
    is_training = kinds[kind] in get_args(Training)
    for name in said:
        if name not in fields and not (is_training and name == "knobs"):
            near = nearest(name, fields)
            meant = f"Did you mean {near[0]}? " if near else ""
            raise FormatError(
                path, f"line {lines[name,]}: {kind} has no {name}", hint=f"{meant}It has {', '.join(fields)}."
            )
    if not is_training or "config" in said:
        return said
    if "preset" not in said:
        raise FormatError(path, "line 1: a training needs a preset or a config", hint="Write preset: forecaster/small.")
    made = {name: value for name, value in said.items() if name != "knobs"}
    knobs = said.get("knobs", {})
    if not isinstance(knobs, dict):
        raise FormatError(path, f"line {lines['knobs',]}: knobs is a table", hint="Write each as knob: value.")
    try:
        config = configs.preset(str(said["preset"]))
    except RunError as error:
        raise FormatError(path, f"line {lines['preset',]}: {error}", hint=error.hint) from None
    for knob, value in knobs.items():
        plain = str(value).lower() if isinstance(value, bool) else str(value)
        try:
            config = configs.with_overrides(config, [f"{knob}={plain}"])
        except RunError as error:
            raise FormatError(path, f"line {lines['knobs', knob]}: {error}", hint=error.hint) from None
    return {**made, "config": msgspec.to_builtins(config)}


def _decoded(said: dict[str, Any], lines: plain_yaml.Lines, path: Path) -> Spec:
    said = {"out": "", **said}
    try:
        spec: Spec = msgspec.convert(said, Spec)  # pyright: ignore[reportArgumentType]
    except msgspec.ValidationError as error:
        why, _, at = str(error).partition(" - at ")
        place = _place(at)
        line = next((lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines), 1)
        where = f"{'.'.join(map(str, place))}: " if place else ""
        raise FormatError(path, f"line {line}: {where}{why[0].lower()}{why[1:]}", hint="Mend that line.") from None
    base = path.resolve().parent
    changes = {
        name: str((base / Path(value).expanduser()).resolve())
        for name in _PATHS
        if isinstance(value := getattr(spec, name, None), str) and value
    }
    if "run" in changes and not Path(changes["run"]).exists():
        try:
            changes["run"] = str(find_run(getattr(spec, "run", "")).resolve())  # what ships has a name
        except CoreError as error:
            raise FormatError(path, f"line {lines.get(('run',), 1)}: {error}", hint=error.hint) from None
    return replace(spec, **changes)


def _place(at: str) -> plain_yaml.Place:
    """`$.config.steps` and `$.rows[2]` as the keys that lead there."""
    return tuple(
        int(number) if number else name
        for name, number in re.findall(r"\.(\w+)|\[(\d+)\]", at.strip("` ").removeprefix("$"))
    )


def _kinds() -> dict[str, type[msgspec.Struct]]:
    return {each.__struct_config__.tag: each for each in get_args(Spec)}


def _kinds_in_words() -> str:
    return f"type: and one of {', '.join(_kinds())}"

"""A search over knobs as a value: what is fixed, what varies, how often, and which figure ranks. No torch.

    preset: forecaster/small          # what every run departs from
    project: ../kitchen               # beside this file
    knobs: {optimiser.batch: 64}      # changed in every run
    grid:                             # every combination; or random: with trials: and seed:
      network.latent: [64, 128]
      optimiser.learning_rate: [1e-4, 5e-4]
    seeds: 3                          # runs of every setting
    figure: validation/top1           # ranks; best: max or min
    steps: 600                        # no run takes more

With `random` a knob has a list to choose from or a range `{low: 1e-4, high: 1e-2, log: true}`. A setting is one choice
of all knobs that vary; a trial is a setting with a seed. Settings are ranked by validation figures alone: whoever
chooses by the test part has nothing left to test on.
"""

import itertools
import math
import random as chance
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from core import configs, plain_yaml
from core.errors import FormatError, RunError
from core.knobs import knobs as knobs_of
from core.whole_files import as_file_name
from core.wording import counted, nearest

Value = bool | int | float | str
MOST_TRIALS = 1000
MOST_SEEDS = 100
_TRIES = 200
"""Draws without anything new until a random search has seen all there is."""
Best = Literal["max", "min"]

FIGURES: dict[str, dict[str, Best]] = {
    "forecaster": {
        "validation/score": "max",
        "validation/top1": "max",
        "validation/top5": "max",
        "validation/mpjpe_px": "min",
    },
    "posegpt": {"validation/bits": "min", "validation/accuracy": "max", "validation/pve_mm": "min"},
    "posegpt-autoencoder": {"validation/pve_mm": "min"},
    "posegpt-gpt": {"validation/bits": "min", "validation/accuracy": "max"},
}
"""What runs of a preset's family can be ranked by, and which end is good; the first is taken where none is named."""


class Range(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything from `low` to `high`; with `log` every factor is as likely as every other."""

    low: float
    high: float
    log: bool = False


Choices = tuple[Value, ...]


class Sweep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One search. Made by `read` or by the form, and sound once `trials` has made its runs."""

    name: str
    preset: str
    project: str = ""
    knobs: dict[str, Value] = {}
    grid: dict[str, Choices] = {}
    random: dict[str, Range | Choices] = {}
    trials: int = 0  # settings that a random search draws
    seed: int = 0  # of the drawing
    seeds: int | tuple[int, ...] = 1  # runs of every setting: so many, or with these seeds
    figure: str = ""
    best: Literal["", "max", "min"] = ""
    steps: int = 0  # no run, and no stage of one, takes more; 0: as the preset says

    @property
    def family(self) -> str:
        """The part of the preset's name that says what is trained."""
        return self.preset.partition("/")[0]

    @property
    def ranks_by(self) -> str:
        """The figure that ranks."""
        return self.figure or next(iter(FIGURES.get(self.family, {"validation/score": "max"})))

    @property
    def ranks_to(self) -> Best:
        """Which end of it is good."""
        return self.best or FIGURES.get(self.family, {}).get(self.ranks_by, "max")

    @property
    def varied(self) -> tuple[str, ...]:
        """The knobs that vary, in the order they were written."""
        return tuple(self.grid or self.random)

    def run_seeds(self, first: int = 0) -> tuple[int, ...]:
        """The seeds of every setting's runs; where only their number is said, from `first` on."""
        return tuple(range(first, first + self.seeds)) if isinstance(self.seeds, int) else self.seeds


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a sweep: the knobs that vary as they stand in it, its seed, and the whole config."""

    number: int  # from 1, in the order of the sweep
    changed: dict[str, Value]
    seed: int
    config: configs.Config


# ---- from files and back ----


def read(path: Path) -> Sweep:
    """The sweep a YAML or JSON file describes. FormatError says which line and knob, and what it may be."""
    said, lines = plain_yaml.read(path)
    return _read(said, lines, path)


def as_yaml(sweep: Sweep) -> str:
    """The sweep as `read` takes it, without what is as it would be anyway."""
    import yaml

    plain = msgspec.to_builtins(sweep)
    usual = {field.name: field.default for field in msgspec.structs.fields(Sweep) if not field.required}
    kept = {name: value for name, value in plain.items() if value not in (usual.get(name), {}, ())}
    for table in ("grid", "random"):
        for knob, choices in kept.get(table, {}).items():
            kept[table][knob] = choices if isinstance(choices, dict) else list(choices)
    if isinstance(sweep.seeds, tuple):
        kept["seeds"] = list(sweep.seeds)
    return yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)


def _read(said: Any, lines: plain_yaml.Lines, path: Path) -> Sweep:
    def wrong(place: plain_yaml.Place, why: str, hint: str = "") -> FormatError:
        line = next((lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines), 1)
        return FormatError(path, f"line {line}: {why}", hint=hint)

    names = Sweep.__struct_fields__
    if not isinstance(said, dict):
        raise wrong((), "a sweep is a table of names and values", f"It has {', '.join(names)}.")
    for name in said:
        if name not in names:
            near = nearest(name, names)
            meant = f"Did you mean {near[0]}? " if near else ""
            raise wrong((name,), f"a sweep has no {name}", f"{meant}It has {', '.join(names)}.")
    if "preset" not in said:
        raise wrong((), "preset is missing", "Name one, such as preset: forecaster/small.")
    made: dict[str, Any] = {"name": as_file_name(path.stem, "sweep")}
    for name, value in said.items():
        place = (name,)
        if name in ("knobs", "grid", "random"):
            if not isinstance(value, dict):
                raise wrong(place, f"{name} is a table of knobs", "Write each on a line of its own, as knob: value.")
            read_one = {"knobs": _value, "grid": _choices, "random": _range}[name]
            made[name] = {}
            for knob, given in value.items():
                try:
                    made[name][knob] = read_one(given)
                except ValueError as error:
                    raise wrong((*place, knob), f"{knob}: {error}") from None
            continue
        try:
            kind = next(each.type for each in msgspec.structs.fields(Sweep) if each.name == name)
            made[name] = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            said_plainly = str(error).partition(" - at ")[0]
            raise wrong(place, f"{name}: {said_plainly[0].lower()}{said_plainly[1:]}") from None
    sweep = Sweep(**made)
    if sweep.project:
        project = Path(sweep.project).expanduser()
        sweep = replace(sweep, project=str((path.parent / project).resolve()))
    try:
        trials(sweep)
    except _MisplacedError as error:
        raise wrong(error.place, str(error), error.hint) from None
    return sweep


def _value(given: Any) -> Value:
    if not isinstance(given, Value):
        raise ValueError("one value is expected here; several belong under grid or random")
    return given


def _choices(given: Any) -> Choices:
    if not isinstance(given, list) or not given:
        raise ValueError("a list of values is expected, such as [64, 128]")
    if not all(isinstance(each, Value) for each in given):
        raise ValueError("a list of plain values is expected, such as [64, 128]")
    return tuple(given)


def _range(given: Any) -> Range | Choices:
    if not isinstance(given, dict):
        return _choices(given)
    numbers = {name: _number(value) if name != "log" else value for name, value in given.items()}
    try:
        return msgspec.convert(numbers, Range)
    except msgspec.ValidationError as error:
        raise ValueError(
            f"{str(error).partition(' - at ')[0]}; a range is {{low: 1e-4, high: 1e-2, log: true}}"
        ) from None


def _number(value: Any) -> Any:
    """YAML takes 1e-4 for a word, since it wants a point in it; people do not."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


# ---- its trials ----


class _MisplacedError(RunError):
    """What is wrong with a sweep, and where in it."""

    def __init__(self, place: plain_yaml.Place, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.place = place


def trials(sweep: Sweep) -> tuple[Trial, ...]:
    """Every run of the sweep, setting after setting; RunError says which knob is wrong and what it may be."""
    base = _base(sweep)
    _check(sweep, base)
    settings = list(_grid(sweep) if sweep.grid else _drawn(sweep, base))
    seeds = sweep.run_seeds(base.seed)
    if len(settings) * len(seeds) > MOST_TRIALS:
        raise _MisplacedError(
            ("grid",) if sweep.grid else ("trials",),
            f"these are {len(settings) * len(seeds)} runs, and a sweep has {MOST_TRIALS} at most",
            hint="Try fewer values, or fewer seeds.",
        )
    made: list[Trial] = []
    known: set[bytes] = set()
    for place, setting in settings:
        config = base
        for knob, value in setting.items():
            config = _changed(config, knob, value, _place_of(sweep, knob, place.get(knob)))
        config = _within(config, sweep.steps)
        stands = {knob: knobs_of(config)[knob] for knob in setting}
        key = msgspec.json.encode(config)
        if key in known:
            raise _MisplacedError(
                ("steps",) if sweep.steps else (("grid", *setting)[:2] if sweep.grid else ("random",)),
                f"two settings are the same: {', '.join(f'{knob}={text(value)}' for knob, value in stands.items())}",
                hint="Take one of them out.",
            )
        known.add(key)
        for seed in seeds:
            with_seed = replace(config, seed=seed) if "seed" not in setting else config
            made.append(Trial(number=len(made) + 1, changed=stands, seed=with_seed.seed, config=with_seed))
    return tuple(made)


def text(value: Value) -> str:
    """A knob's value as a command line and a table write it."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def difference(preset: str, config: configs.Config) -> dict[str, Value]:
    """The knobs that differ from the preset's."""
    usual = knobs_of(configs.preset(preset))
    return {knob: value for knob, value in knobs_of(config).items() if usual.get(knob) != value}


def _base(sweep: Sweep) -> configs.Config:
    if sweep.preset not in configs.PRESETS:
        near = nearest(sweep.preset, tuple(configs.PRESETS))
        meant = f"Did you mean {near[0]}? " if near else ""
        raise _MisplacedError(
            ("preset",), f"there is no preset {sweep.preset!r}", hint=f"{meant}There are: {', '.join(configs.PRESETS)}."
        )
    config = configs.preset(sweep.preset)
    for knob, value in sweep.knobs.items():
        config = _changed(config, knob, value, ("knobs", knob))
    return config


def _check(sweep: Sweep, base: configs.Config) -> None:
    if as_file_name(sweep.name) != sweep.name:
        raise _MisplacedError(
            ("name",), f"{sweep.name!r} cannot be part of a file's name", hint="Write letters and digits."
        )
    if bool(sweep.grid) == bool(sweep.random):
        raise _MisplacedError(
            ("random",) if sweep.random else (),
            "a sweep has either grid or random" if sweep.grid else "nothing varies",
            hint="grid tries every combination of values; random draws trials of them.",
        )
    if sweep.random and sweep.trials < 1:
        raise _MisplacedError(("random",), "a random search says how many settings it draws", hint="Write trials: 12.")
    if sweep.grid and sweep.trials:
        raise _MisplacedError(("trials",), "a grid tries every combination", hint="Leave trials out, or write random.")
    known = knobs_of(base)
    for knob in sweep.varied:
        if knob in sweep.knobs:
            raise _MisplacedError(
                ("knobs", knob), f"{knob} is both fixed and varied", hint="Take it out of one of them."
            )
        if knob == "seed" and sweep.seeds != 1:
            raise _MisplacedError(("seeds",), "seeds and the knob seed say two things", hint="Keep one of them.")
        if knob not in known:
            raise _unknown(sweep, knob, tuple(known))
    seeds = sweep.run_seeds()
    if not 1 <= len(seeds) <= MOST_SEEDS or len(set(seeds)) != len(seeds) or min(seeds) < 0:
        raise _MisplacedError(
            ("seeds",), f"seeds: 1 to {MOST_SEEDS} different seeds", hint="Write how many, or a list such as [0, 1, 2]."
        )
    if sweep.steps < 0:
        raise _MisplacedError(("steps",), "steps: a number of at least 1, or none", hint="Write steps: 600.")
    if not sweep.ranks_by.startswith("validation/"):
        raise _MisplacedError(
            ("figure",),
            f"{sweep.ranks_by} cannot rank: only figures of the validation part can",
            hint=f"One of: {', '.join(FIGURES.get(sweep.family, {}))}.",
        )
    if not sweep.best and sweep.ranks_by not in FIGURES.get(sweep.family, {}):
        raise _MisplacedError(
            ("figure",),
            f"{sweep.ranks_by} is no figure whose good end is known",
            hint=f"Write best: max or best: min beside it, or one of: {', '.join(FIGURES.get(sweep.family, {}))}.",
        )


def _unknown(sweep: Sweep, knob: str, known: tuple[str, ...]) -> "_MisplacedError":
    near = nearest(knob, known)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Its groups are those of {sweep.preset}."
    return _MisplacedError(_place_of(sweep, knob, None), f"there is no knob {knob!r}", hint=hint)


def _place_of(sweep: Sweep, knob: str, at: int | str | None) -> plain_yaml.Place:
    table = "grid" if sweep.grid else "random"
    return (table, knob) if at is None else (table, knob, at)


def _changed(config: configs.Config, knob: str, value: Value, place: plain_yaml.Place) -> configs.Config:
    try:
        return configs.with_overrides(config, [f"{knob}={exact(value)}"])
    except RunError as error:
        raise _MisplacedError(place, str(error), hint=error.hint) from None


def exact(value: Value) -> str:
    """As `text`, with every digit."""
    return repr(value) if isinstance(value, float) else text(value)


def _within(config: configs.Config, steps: int) -> configs.Config:
    """The same within the budget."""
    if not steps:
        return config
    if isinstance(config, configs.PoseGpt):
        stages = {
            name: replace(getattr(config, name), steps=min(steps, getattr(config, name).steps))
            for name in ("autoencoder_training", "gpt_training")
        }
        return replace(config, **stages)
    return replace(config, steps=min(steps, config.steps))


Settings = Iterator[tuple[Mapping[str, int], dict[str, Value]]]
"""Settings with the places of their values in the lists they came from."""


def _grid(sweep: Sweep) -> Settings:
    names, lists = tuple(sweep.grid), tuple(sweep.grid.values())
    if math.prod(len(each) for each in lists) > MOST_TRIALS:
        raise _MisplacedError(("grid",), f"the grid has more than {MOST_TRIALS} settings", hint="Try fewer values.")
    for places in itertools.product(*(range(len(each)) for each in lists)):
        yield (
            dict(zip(names, places, strict=True)),
            {name: values[at] for name, values, at in zip(names, lists, places, strict=True)},
        )


def _drawn(sweep: Sweep, base: configs.Config) -> Settings:
    """The first settings stay the same however many are asked for."""
    if sweep.trials > MOST_TRIALS:
        raise _MisplacedError(("trials",), f"a sweep has {MOST_TRIALS} runs at most", hint="Draw fewer.")
    whole = {knob: isinstance(value, int) for knob, value in knobs_of(base).items()}
    for knob, choices in sweep.random.items():
        if isinstance(choices, Range):
            _check_range(base, knob, choices, whole[knob])
    draw = chance.Random(sweep.seed)
    seen: set[tuple[Value, ...]] = set()
    for _ in range(sweep.trials):
        for _ in range(_TRIES):
            setting = {knob: _one(draw, choices, whole[knob]) for knob, choices in sweep.random.items()}
            if tuple(setting.values()) not in seen:
                break
        else:
            raise _MisplacedError(
                ("trials",),
                f"only {counted(len(seen), 'setting')} of {sweep.trials} were found that differ",
                hint="Draw fewer, or let more vary.",
            )
        seen.add(tuple(setting.values()))
        yield {}, setting


def _check_range(base: configs.Config, knob: str, choices: Range, whole: bool) -> None:
    if isinstance(knobs_of(base)[knob], bool | str):
        raise _MisplacedError(("random", knob), f"{knob} is no number", hint="Write a list of what it may be.")
    if not choices.low < choices.high or not math.isfinite(choices.high - choices.low):
        raise _MisplacedError(("random", knob), f"{knob}: low is less than high", hint="Write {low: 1e-4, high: 1e-2}.")
    if choices.log and choices.low <= 0:
        raise _MisplacedError(("random", knob, "low"), f"{knob}: with log, low is above 0", hint="Begin above 0.")
    for end in ("low", "high"):
        value = getattr(choices, end)
        if whole and not float(value).is_integer():
            raise _MisplacedError(("random", knob, end), f"{knob} is a whole number", hint="Write whole numbers.")
        _changed(base, knob, int(value) if whole else value, ("random", knob, end))


def _one(draw: chance.Random, choices: Range | Choices, whole: bool) -> Value:
    if not isinstance(choices, Range):
        return choices[int(draw.random() * len(choices))]
    low, high = choices.low, choices.high + (1 if whole else 0)
    if choices.log:
        value = math.exp(math.log(low) + draw.random() * (math.log(high) - math.log(low)))
    else:
        value = low + draw.random() * (high - low)
    if whole:
        return min(max(math.floor(value), int(low)), int(choices.high))
    return min(max(float(f"{value:.4g}"), low), choices.high)


def names_of(sweep: Sweep, taken: Sequence[str], count: int) -> list[str]:
    """`count` names for runs of this sweep that are not taken: `widths-01`, `widths-02` …"""
    found: list[str] = []
    number = 0
    held = set(taken)
    while len(found) < count:
        number += 1
        name = f"{sweep.name}-{number:02d}"
        if name not in held:
            found.append(name)
    return found

"""What a config is made of: groups of knobs, and changing a knob by its dotted name. No torch.

A knob's `Meta` gives its title, its help text and what it may be; the form, the command line and the check of a file
follow from the type. `core.configs` holds the configs themselves.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta
from msgspec.inspect import IntType, LiteralType, Metadata, StructType, type_info
from msgspec.structs import replace

from core.errors import RunError

Width = Annotated[int, Meta(ge=4, le=4096)]
Weight = Annotated[float, Meta(ge=0.0)]

# Knobs of every training.
Seed = Annotated[int, Meta(ge=0, lt=2**31, title="Seed", description="The same seed gives the same run.")]
ValidateEvery = Annotated[int, Meta(ge=1, title="Validate every", description="Steps between validations.")]
ReportEvery = Annotated[int, Meta(ge=1, title="Report every", description="Steps between points of a curve.")]
Threads = Annotated[
    int,
    Meta(ge=1, le=256, title="Threads", description="Threads of the processor. Part of the run: sums depend on it."),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda", "mps"],
    Meta(
        title="Device",
        description="auto: a graphics card where there is one. cuda: NVIDIA's. mps: Apple's. cpu: the processor.",
    ),
]
Deterministic = Annotated[
    bool,
    Meta(
        title="Deterministic",
        description="Only operations that give the same bits every time on a graphics card too; somewhat slower there, "
        "and refused by name where there is none. On a processor it is always so.",
    ),
]

Samples = Annotated[
    int,
    Meta(
        ge=0,
        le=16,
        title="Samples",
        description="So many held-out examples are shown beside what the model makes of them, at validations. 0: none. "
        "They change nothing that is learned.",
    ),
]

Parts = Annotated[
    int,
    Meta(
        ge=1,
        le=65536,
        title="Parts of a batch",
        description="Taken one after the other to the same gradients: a large batch then needs less memory.",
    ),
]


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Knobs that belong together: one section of the form."""


_Config = TypeVar("_Config", bound=msgspec.Struct)


def with_overrides(config: _Config, overrides: Sequence[str]) -> _Config:
    """The config with `group.knob=value` words applied; RunError names the word, the knob and what it may be."""
    for override in overrides:
        path, equals, text = override.partition("=")
        if not equals:
            raise RunError(f"{override!r} changes nothing", hint="Write it as losses.pose2d=0.5.")
        config = _with(config, path.strip().split("."), text.strip(), path.strip())
    return config


def knobs(config: msgspec.Struct, prefix: str = "") -> dict[str, Any]:
    """Every knob by its dotted name, in the order of the form."""
    flat: dict[str, Any] = {}
    for name in config.__struct_fields__:
        value = getattr(config, name)
        if isinstance(value, msgspec.Struct):
            flat.update(knobs(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _with(config: Any, path: list[str], text: str, whole: str) -> Any:
    name = path[0]
    if name not in config.__struct_fields__:
        raise RunError(
            f"there is no knob {whole!r}", hint=f"At that place there are: {', '.join(config.__struct_fields__)}."
        )
    value = getattr(config, name)
    is_group = isinstance(value, msgspec.Struct)
    if is_group != (len(path) > 1):
        hint = f"Name one of its knobs: {', '.join(knobs(value, f'{whole}.'))}." if is_group else "It has no parts."
        raise RunError(f"{whole!r} is {'a group of knobs' if is_group else 'no knob'}", hint=hint)
    if is_group:
        return replace(config, **{name: _with(value, path[1:], text, whole)})
    return replace(config, **{name: _from_text(type(config), name, text, whole)})


def _from_text(group: type, name: str, text: str, whole: str) -> Any:
    info = type_info(group)
    assert isinstance(info, StructType)
    knob = next(field for field in info.fields if field.name == name).type
    bare = knob.type if isinstance(knob, Metadata) else knob
    if isinstance(bare, IntType):
        text = _plain_integer(text)
    try:
        value = getattr(msgspec.convert({name: text}, group, strict=False), name)
    except msgspec.ValidationError as error:
        said = str(error).partition(" - at ")[0]
        hint = f"One of: {', '.join(map(str, bare.values))}." if isinstance(bare, LiteralType) else ""
        raise RunError(f"{whole}={text} is refused: {said[0].lower()}{said[1:]}", hint=hint) from None
    if isinstance(value, float) and not math.isfinite(value):
        raise RunError(f"{whole}={text} is refused: expected a finite number")
    return value


def _plain_integer(text: str) -> str:
    """20_000 and 2e4 as 20000, which is how people write a number of steps; anything else as it is."""
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text

"""A recipe as words of the command line, and back: "copy as command". No torch.

    command_of(recipe, project=folder)     # posecast generate motion-gpt-small walk:2 sit:3 --seed 7 --out motion.npz
    parts_of(["walk+wave:2", "sit:3"])     # the story those words tell

The command makes the same motion, to the last bit on the same machine. What words cannot say (poses to pass through,
locked codes, a past that lies in no file) goes along as `--recipe text:…`: the whole recipe, packed.
"""

import base64
import binascii
import math
import re
import shlex
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from core.errors import CoreError, FileError, FormatError, RunError
from core.generations import Part, Past, Recipe
from core.past_sources import past_from

TEXT = "text:"
MOST_TEXT = 100_000
"""Longer words are refused by the systems that would carry them."""
_MOST_UNPACKED = 64 * 2**20
_SAYABLE = re.compile(r"[^:+\s-][^:+]*(?<!\s)")


def command_of(recipe: Recipe, *, project: Path | None = None, out: str = "motion.npz", body: str = "") -> str:
    """The command that makes the recipe's motion; RunError where it is too long to be one."""
    words = ["posecast", "generate", recipe.model]
    if _is_sayable(recipe, project):
        words += [part_in_words(part) for part in recipe.story]
        if recipe.past is not None:
            words += ["--past", recipe.past.source]
            words += ["--project", str(project)] if project is not None and ":" in recipe.past.source else []
        for name, value in _changed(recipe).items():
            words += [name, value] if value else [name]
    else:
        words += ["--recipe", in_text(recipe)]
    words += ["--body", body] if body else []
    command = shlex.join([*words, "--out", out])
    if len(command) > MOST_TEXT:
        raise RunError(
            f"The command would be {len(command)} characters long.",
            hint="Keep the motion, then make it again from there: --recipe kept:NAME.",
        )
    return command


def part_in_words(part: Part) -> str:
    """`walk+wave:2.5`."""
    return f"{'+'.join(part.actions)}:{part.seconds!r}".removesuffix(".0")


def parts_of(words: Sequence[str]) -> tuple[Part, ...]:
    """The story that words such as `walk:2` tell; RunError where one tells nothing."""
    found = []
    for word in words:
        names, colon, seconds = word.rpartition(":")
        actions = tuple(each.strip() for each in names.split("+"))
        try:
            lasts_s = float(seconds)
        except ValueError:
            lasts_s = math.nan
        if not colon or not all(actions) or not math.isfinite(lasts_s):
            raise RunError(
                f"{word!r} is no part of a story.", hint="Write ACTION:SECONDS, such as walk:2, or walk+wave:2.5."
            )
        found.append(Part(actions=actions, seconds=lasts_s))
    return tuple(found)


def in_text(recipe: Recipe) -> str:
    """The whole recipe in letters, digits, - and _."""
    packed = zlib.compress(msgspec.json.encode(recipe), 9)
    return TEXT + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def recipe_of_text(text: str) -> Recipe:
    """What `in_text` packed; RunError where it is damaged."""
    body = text.removeprefix(TEXT)
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(raw, _MOST_UNPACKED)
        if not unpacker.eof:
            raise ValueError("its end is missing")
        return msgspec.json.decode(plain, type=Recipe)
    except (ValueError, binascii.Error, zlib.error, msgspec.MsgspecError) as error:
        raise RunError(f"This recipe is damaged ({error}).", hint="Copy the whole command again.") from None


def recipe_of_file(path: Path) -> Recipe:
    """A recipe that lies in a JSON file; the fields are those of `core.generations.Recipe`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Recipe)
    except OSError as error:
        raise FileError(path, f"could not be read ({error.strerror or error})", hint="Check the path.") from None
    except msgspec.MsgspecError as error:
        raise FormatError(path, f"is no recipe: {error}", hint="Write one with --save-recipe.") from None


def _is_sayable(recipe: Recipe, project: Path | None) -> bool:
    names = [action for part in recipe.story for action in part.actions]
    return (
        not recipe.anchors
        and recipe.locked is None
        and bool(recipe.story)
        and all(part.actions for part in recipe.story)
        and all(_SAYABLE.fullmatch(name) for name in names)
        and (recipe.past is None or _is_found(recipe.past, project))
    )


def _is_found(past: Past, project: Path | None) -> bool:
    """Whether its source's words lead to the very same motion."""
    if not past.source or past.source.startswith("clip:"):  # a fit in another process may differ in its last bits
        return False
    try:
        return past_from(past.source, project) == past
    except CoreError:
        return False


def _changed(recipe: Recipe) -> dict[str, str]:
    """The options that are not as they are without being said; one without a value is a switch."""
    plain = replace(recipe, samples=1, seed=0, temperature=1.0, top_k=0, top_p=1.0, keep_feet=True)
    names = {"samples": "--samples", "seed": "--seed", "temperature": "--temperature", "top_k": "--top-k",
             "top_p": "--top-p"}  # fmt: skip
    said = {
        option: repr(getattr(recipe, name))
        for name, option in names.items()
        if getattr(recipe, name) != getattr(plain, name)
    }
    return said if recipe.keep_feet else {**said, "--no-keep-feet": ""}

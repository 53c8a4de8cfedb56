"""Motion that a model made and somebody kept: a file beside the project, and a row that knows how to make it again.

    item = keep(folder, sample, recipe, number=2, name="walk, then sit", checkpoint=path, author="Ada")
    store.edit(store.project.with_item(item), "Keep walk, then sit")           # one step that can be undone
    kept = read(folder, item)                                                  # the motion, to the last bit
    recipe = remake(item, path)                                                # what it was made from

The file is `generated/<name>.npz` (core.formats.generated_motion) under a name made from its content; it is written
whole, once, and never changed or taken away, so that undo finds it. The row holds the recipe too: a file that is lost
can be made again, by the very same weights. Renaming and taking out are `core.project.items`. No torch.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.bodies import library
from core.errors import FileError, ProjectError
from core.formats import generated_motion
from core.generations import Recipe, Sample
from core.project.annotations import Item, Project, Provenance, new_id
from core.project.durable import put_down

FOLDER = "generated"
_NAME = re.compile(rf"{FOLDER}/[0-9a-f]{{32}}\.npz")
_HEAD = 1 << 20
"""Bytes of each end of a checkpoint that tell it from another; its header, which names the step, is at the front."""


@dataclass(frozen=True)
class Kept:
    """A kept motion as it was made."""

    item: Item
    sample: Sample
    recipe: Recipe
    number: int
    """Which of the recipe's samples it is, from 0."""
    body: str
    """Key of the body it was shown on."""


def keep(
    folder: Path,
    sample: Sample,
    recipe: Recipe,
    number: int,
    name: str,
    *,
    body: str = library.DEFAULT_KEY,
    checkpoint: Path | None = None,
    author: str = "",
) -> Item:
    """Put a sample beside the project in `folder`; the row to add to it. ProjectError where that cannot be.

    `checkpoint` is the file of weights that made it: with it, the motion can be made again.
    """
    told_by = fingerprint_of(checkpoint) if checkpoint is not None else ""
    what = msgspec.json.encode((sample, recipe, number, body, told_by))
    path = f"{FOLDER}/{hashlib.sha256(what).hexdigest()[:32]}.npz"
    place = folder / path
    try:
        place.parent.mkdir(exist_ok=True)
        if not place.exists():
            put_down(place, generated_motion.content(sample, recipe, number, body=body, checkpoint=told_by))
    except OSError as error:
        raise ProjectError(
            f"The motion was not kept: {error.strerror or error}.", hint="Free space on the disk, then try again."
        ) from error
    facts = {
        "recipe": msgspec.json.encode(recipe).decode(),
        "sample": str(number),
        "model": recipe.model,
        "checkpoint": told_by,
        "body": body,
        "seconds": f"{sample.motion.frames / sample.motion.rate_hz:.2f}",
        "version": str(generated_motion.VERSION),
    }
    made = Provenance.now(author, f"made by {Path(recipe.model).name}")
    return Item(
        id=new_id(), kind="generation", name=name.strip() or in_words(recipe), path=path, facts=facts, made=made
    )


def kept_items(project: Project) -> tuple[Item, ...]:
    """Those of a project, in the order they were kept."""
    found = [each for each in project.items.values() if each.kind == "generation"]
    return tuple(sorted(found, key=lambda each: (each.made.at, each.id)))


def read(folder: Path, item: Item) -> Kept:
    """The kept motion. ProjectError where its file is gone, FormatError where it is damaged."""
    place = _place(folder, item)
    if not place.is_file():
        raise ProjectError(
            f"The file of {item.name!r} is not beside the project any more.", hint="Make it again from its recipe."
        )
    sample, made = generated_motion.read(place)
    return Kept(item, sample, made.recipe, made.number, made.body)


def recipe_of(item: Item) -> Recipe:
    """What it was made from, whether its file and its model are there or not."""
    try:
        return msgspec.json.decode(item.facts["recipe"], type=Recipe)
    except (KeyError, msgspec.MsgspecError) as error:
        raise ProjectError(
            f"The recipe of {item.name!r} is damaged ({error}).", hint="Its motion can still be shown and exported."
        ) from None


def sample_number(item: Item) -> int:
    """Which of its recipe's samples it is, from 0."""
    number = item.facts.get("sample", "")
    return int(number) if number.isdecimal() else 0


def remake(item: Item, checkpoint: Path | None) -> Recipe:
    """The recipe, once it is sure that the weights in `checkpoint` are those that made it; ProjectError says why not.

    None, or a file that is not there, is a model that is missing.
    """
    recipe = recipe_of(item)
    known = item.facts.get("checkpoint", "")
    if checkpoint is None or not checkpoint.is_file():
        raise ProjectError(
            f"{item.name!r} was made by {recipe.model}, which is not there any more.",
            hint="Put the run back in its place, or ask another model for the same story.",
        )
    if known and fingerprint_of(checkpoint) != known:
        raise ProjectError(
            f"{item.name!r} was made by other weights of {recipe.model}: the model has been trained further since.",
            hint="Its motion is kept; the same recipe makes another motion now.",
        )
    return recipe


def fingerprint_of(checkpoint: Path) -> str:
    """Tells weights apart at once, however large: by their size, and by both ends of the file."""
    try:
        size = checkpoint.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        with checkpoint.open("rb") as file:
            digest.update(file.read(_HEAD))
            file.seek(max(0, size - _HEAD))
            digest.update(file.read(_HEAD))
    except OSError as error:
        raise FileError(checkpoint, f"could not be read ({error.strerror or error})") from error
    return digest.hexdigest()[:32]


def in_words(recipe: Recipe) -> str:
    """A name for what a recipe makes: `walk 2 s, sit 3 s`."""
    return ", ".join(f"{' + '.join(part.actions) or 'anything'} {round(part.seconds, 2):g} s" for part in recipe.story)


def _place(folder: Path, item: Item) -> Path:
    if not _NAME.fullmatch(item.path):
        raise ProjectError(f"{item.name!r} is no motion that a model made.", hint="Choose another.")
    return folder / item.path

"""Kept motions of the open project, for the Generate page: keep, show, rename, take out, make again.

Every change is one edit that can be undone. A motion's file is read when it is first asked for, and kept while its item
is there. What is refused comes by `refused`, in words.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from core import demo, kept_motions
from core.errors import CoreError
from core.generations import PackedMotion, Past, Recipe, Sample
from core.kept_motions import Kept
from core.project.annotations import Changes, Item
from core.project.items import remove_item, rename_item
from studio.document import Document
from studio.words import say

_SHOWN_WORDS = 3


@dataclass(frozen=True)
class KeptLine:
    """A kept motion in words, as lists show it."""

    item: Item
    words: str  # "seed 1207, sample 1"
    model: str


class Keeping(QObject):
    """The kept motions of whichever project is open."""

    changed = Signal()
    refused = Signal(object)
    """The CoreError that was met."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._read: dict[str, Kept] = {}
        self._broken: set[str] = set()
        self._told: dict[str, str] = {}
        self._prints: dict[tuple[str, int, int], str] = {}
        self._items: tuple[Item, ...] = ()
        document.opened.connect(self._forget)
        document.closed.connect(self._forget)
        document.changed.connect(self._follow)

    # ---- what there is ----

    def items(self) -> tuple[Item, ...]:
        """Newest first."""
        if not self._document.is_open:
            return ()
        return tuple(reversed(kept_motions.kept_items(self._document.project)))

    def lines(self) -> list[KeptLine]:
        """The same in words."""
        return [_line(each) for each in self.items()]

    def item(self, key: str) -> Item | None:
        """The item of this id, if it is still there."""
        found = self._document.project.items.get(key) if self._document.is_open else None
        return found if found is not None and found.kind == "generation" else None

    def read(self, key: str, *, quietly: bool = False) -> Kept | None:
        """The kept motion; None where it is gone or damaged, which is said unless `quietly`."""
        item = self.item(key)
        if item is None:
            return None
        found = self._read.get(item.path)
        if found is None and not (quietly and item.path in self._broken):
            try:
                found = self._read[item.path] = kept_motions.read(self._document.folder, item)
            except CoreError as error:
                self._broken.add(item.path)
                if not quietly:
                    self.refused.emit(error)
        return found

    def is_read(self, key: str) -> bool:
        """Whether its file was read already, or cannot be."""
        item = self.item(key)
        return item is None or item.path in self._read or item.path in self._broken

    def motion_of(self, key: str) -> PackedMotion | None:
        """Its motion, for pictures: nothing is said where there is none."""
        kept = self.read(key, quietly=True)
        return kept.sample.motion if kept is not None else None

    def past_of(self, key: str) -> Past | None:
        """The motion as what comes before another."""
        kept, item = self.read(key), self.item(key)
        return Past(motion=kept.sample.motion, source=f"kept:{item.name}") if kept is not None and item else None

    def find(self, recipe: Recipe, number: int) -> str:
        """The id of the item that was made so, or empty: a sample's card says that it is kept. No file is read."""
        wanted, weights = _told(recipe), ""
        for item in self.items():
            if self._told_of(item) == wanted and kept_motions.sample_number(item) == number:
                weights = weights or self._weights(recipe.model)
                if item.facts.get("checkpoint", "") == weights:
                    return item.id
        return ""

    def _told_of(self, item: Item) -> str:
        if item.path not in self._told:
            try:
                self._told[item.path] = _told(kept_motions.recipe_of(item))
            except CoreError:
                self._told[item.path] = ""
        return self._told[item.path]

    def _weights(self, model: str) -> str:
        """What tells the model's weights apart; empty where they are gone. Asked of the disk when the file changes."""
        file = checkpoint_of(model, self._document.folder)
        try:
            stat = file.stat() if file is not None else None
        except OSError:
            stat = None
        if file is None or stat is None:
            return ""
        key = (str(file), stat.st_mtime_ns, stat.st_size)
        if key not in self._prints:
            self._prints[key] = kept_motions.fingerprint_of(file)
        return self._prints[key]

    # ---- edits ----

    def keep(self, sample: Sample, recipe: Recipe, number: int, body: str, *, name: str = "") -> str:
        """Put a sample into the project, as one step; the id of its item, or empty where it was refused.

        `number` is its place among the recipe's samples, from 0. What is kept already is kept once.
        """
        document = self._document
        there = self.find(recipe, number)
        if there or not document.is_open or document.read_only_reason is not None:
            return there
        try:
            item = kept_motions.keep(
                document.folder, sample, recipe, number, name or name_of(recipe), body=body,
                checkpoint=checkpoint_of(recipe.model, document.folder), author=document.author,
            )  # fmt: skip
        except CoreError as error:
            self.refused.emit(error)
            return ""
        return item.id if document.edit(document.project.with_item(item), f"Keep {item.name}") else ""

    def rename(self, key: str, name: str) -> None:
        item = self.item(key)
        if item is not None:
            self._edit(lambda: rename_item(self._document.project, key, name), f"Rename {item.name}")

    def remove(self, key: str) -> None:
        """Take it out; undo brings it back, its file is never touched."""
        item = self.item(key)
        if item is not None:
            self._edit(lambda: remove_item(self._document.project, key), f"Remove {item.name}")

    def _edit(self, change, label: str) -> None:  # noqa: ANN001 (makes the changed project)
        document = self._document
        if document.read_only_reason is not None:
            return
        try:
            after = change()
        except CoreError as error:
            self.refused.emit(error)
            return
        if after is not document.project:
            document.edit(after, label)

    def remake(self, key: str) -> tuple[Recipe, int] | None:
        """The question it answered, and its place among the samples, once it is sure that the same model is there."""
        item = self.item(key)
        if item is None:
            return None
        project = self._document.folder
        try:
            recipe = kept_motions.remake(item, checkpoint_of(kept_motions.recipe_of(item).model, project))
        except CoreError as error:
            self.refused.emit(error)
            return None
        run = run_of(recipe.model, project)
        if run is not None and Path(recipe.model).is_absolute():
            recipe = replace(recipe, model=str(run))
        return recipe, kept_motions.sample_number(item)

    # ---- following ----

    def _follow(self, changes: Changes) -> None:  # noqa: ARG002 (few items: looking at them is as quick)
        items = self.items()
        if items != self._items:
            self._items = items
            self.changed.emit()

    def _forget(self) -> None:
        self._read.clear()
        self._broken.clear()
        self._told.clear()
        self._items = self.items()
        self.changed.emit()


def name_of(recipe: Recipe) -> str:
    """How a kept motion is called at first: "kick, 4.0 s", or its actions in order."""
    actions = [" and ".join(part.actions) or "any action" for part in recipe.story]
    if len(actions) == 1:
        return f"{actions[0]}, {recipe.seconds:.1f} s"
    shown = ", ".join(actions[:_SHOWN_WORDS])
    return shown if len(actions) <= _SHOWN_WORDS else f"{shown} and {len(actions) - _SHOWN_WORDS} more"


def run_of(model: str, project: Path | None) -> Path | None:
    """The folder of the model a recipe names; a run of a project that was moved is found by its name."""
    folder = Path(model)
    if folder.is_dir():
        return folder
    if project is not None and (project / "runs" / folder.name).is_dir():
        return project / "runs" / folder.name
    return demo.shipped_checkpoints("posegpt").get(model)


def checkpoint_of(model: str, project: Path | None = None) -> Path | None:
    """The file of weights a recipe names; None where there is none any more."""
    folder = run_of(model, project)
    file = folder / "best.safetensors" if folder is not None else None
    return file if file is not None and file.is_file() else None


def _told(recipe: Recipe) -> str:
    """A question as it is compared: runs by their names, since projects move."""
    return msgspec.json.encode(replace(recipe, model=Path(recipe.model).name)).decode()


def _line(item: Item) -> KeptLine:
    try:
        recipe = kept_motions.recipe_of(item)
    except CoreError:
        return KeptLine(item, say("its recipe is damaged"), Path(item.facts.get("model", "")).name)
    number = kept_motions.sample_number(item) + 1
    words = say("seed {seed}, sample {number}", seed=recipe.seed, number=number)
    if len(recipe.story) > 1:
        words = say("story of {count}, {words}", count=len(recipe.story), words=words)
    return KeptLine(item, words, Path(recipe.model).name)

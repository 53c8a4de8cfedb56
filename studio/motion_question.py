"""The question for motion as it stands: a `Recipe`, the part of its story that is edited, and words not understood."""

import math
import random

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from core.generations import Anchor, Locked, Part, Recipe
from core.wording import nearest
from studio.motion_models import MotionModels

MOST_SAMPLES = 8
FIRST_S = 4.0
MOST_SEED = 2**31 - 1
_SEEDS = 100_000
_FIRST = Recipe(model="", story=(), samples=4, seed=1207, temperature=1.0)
_KEEPS_LOCKS = {"seed", "temperature", "top_k", "top_p", "samples", "locked"}


class MotionQuestion(QObject):
    """Whatever changes it, changes it here."""

    changed = Signal()
    """The recipe is another one."""
    shown_otherwise = Signal()
    """Another part is edited, or what was typed is not understood."""

    def __init__(self, models: MotionModels, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.models = models
        self.recipe = _FIRST
        self.part = 0  # of the story, the one that is edited
        self.unknown_action = ""  # typed, and not one of the model's
        models.changed.connect(self._follow)

    @property
    def part_now(self) -> Part | None:
        """The part that is edited."""
        story = self.recipe.story
        return story[self.part] if 0 <= self.part < len(story) else None

    @property
    def can_be_asked(self) -> bool:
        return bool(self.recipe.model and self.recipe.story) and not self.unknown_action

    def nearest(self, words: str) -> tuple[str, ...]:
        """The model's actions that are written most like it."""
        names = [name for name, _ in self.models.actions]
        return nearest(words, names) or tuple(names[:3])

    def change(self, **words: object) -> None:
        """Change the recipe. Codes that were locked are of one motion: another question lets them go."""
        if not set(words) <= _KEEPS_LOCKS:
            words = {**words, "locked": None}
        changed = replace(self.recipe, **words)
        if changed == self.recipe:
            return
        self.recipe = changed
        self.part = max(0, min(self.part, len(changed.story) - 1))
        self.changed.emit()

    def set_recipe(self, recipe: Recipe) -> None:
        """Another question as a whole, such as a kept motion's."""
        self.part, self.unknown_action = 0, ""
        self.models.choose(recipe.model)
        if self.models.run == recipe.model and recipe != self.recipe:
            self.recipe = recipe  # its locks too: they are of this very question
            self.changed.emit()

    def change_story(self, story: tuple[Part, ...], anchors: tuple[Anchor, ...] | None = None) -> None:
        """Other parts, or other lengths of them; poses to pass through stay inside."""
        anchors = self.recipe.anchors if anchors is None else anchors
        end_s = sum(part.seconds for part in story)
        held = tuple(replace(each, at_s=min(each.at_s, end_s)) for each in anchors)
        self.change(story=story, anchors=held)

    def begin_story(self, story: tuple[Part, ...], anchors: tuple[Anchor, ...]) -> None:
        """Another story from nothing; how it is drawn stays as it is."""
        self.part, self.unknown_action = 0, ""
        self.change(story=story, anchors=anchors, past=None)

    def change_part(self, *, actions: tuple[str, ...] | None = None, seconds: float | None = None) -> None:
        """Change the part that is edited; the first one is made where there is none."""
        part = self.part_now or Part(actions=(), seconds=FIRST_S)
        changed = Part(actions=actions or part.actions, seconds=part.seconds if seconds is None else seconds)
        if changed.actions:
            story = self.recipe.story
            self.change_story((*story[: self.part], changed, *story[self.part + 1 :]))

    def edit_part(self, at: int) -> None:
        """The left side edits this part."""
        if 0 <= at < len(self.recipe.story) and at != self.part:
            self.part, self.unknown_action = at, ""
            self.shown_otherwise.emit()

    def name_action(self, words: str) -> bool:
        """What a person typed as the action: one, or several with + between; False where the model knows it not."""
        wanted = tuple(dict.fromkeys(filter(None, (each.strip() for each in words.split("+")))))
        known = {name.casefold(): name for name, _ in self.models.actions}
        strange = next((each for each in wanted if each.casefold() not in known), "")
        self.unknown_action = strange
        self.shown_otherwise.emit()
        if not wanted or strange:
            return False
        self.change_part(actions=tuple(known[each.casefold()] for each in wanted))
        return True

    def add_anchor(self, anchor: Anchor) -> None:
        """One more pose to pass through."""
        self.change(anchors=tuple(sorted((*self.recipe.anchors, anchor), key=lambda each: each.at_s)))

    def change_anchor(self, at: int, seconds: float | None) -> None:
        """Another time for a pose to pass through; None takes it away."""
        anchors = list(self.recipe.anchors)
        if seconds is None:
            del anchors[at]
        else:
            anchors[at] = replace(anchors[at], at_s=seconds)
        self.change(anchors=tuple(sorted(anchors, key=lambda each: each.at_s)))

    def another_seed(self) -> None:
        """Dice."""
        self.change(seed=random.SystemRandom().randrange(_SEEDS))

    def lock(self, locked: Locked) -> None:
        """The rest is drawn anew."""
        self.change(locked=locked, seed=random.SystemRandom().randrange(_SEEDS))

    def begin_anew(self) -> None:
        """Another project: only how the person likes to ask stays."""
        self.part, self.unknown_action = 0, ""
        kept = {name: getattr(self.recipe, name) for name in ("samples", "temperature", "top_k", "top_p", "seed")}
        self.recipe = replace(_FIRST, **kept)
        self._follow()
        self.changed.emit()

    def _follow(self) -> None:
        """Another model, or it has said what it knows: the first question is about walking, where it knows that.

        Everybody sees at once whether a walk is one; otherwise it is about what the model learned most of.
        """
        words: dict[str, object] = {"model": self.models.run}
        about = self.models.about
        if not self.recipe.story and about is not None and about.actions:
            first = max(about.actions, key=lambda each: (each[0].startswith("walk"), each[1]))[0]
            words["story"] = (Part(actions=(first,), seconds=min(FIRST_S, math.floor(10 * about.longest_s) / 10)),)
        if about is not None and not about.takes_a_past:
            words["past"] = None
        self.unknown_action = ""
        self.change(**words)

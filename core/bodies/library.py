"""The bodies there are: the built-in ones and those a person has added. One door for both; no torch.

    for choice in choices(): print(choice.key, choice.title)     # built-in/smpl/neutral  SMPL, neutral
    figure = body("yours/smpl/male").shaped(betas)

A person's file is read once, by `model_import` in a process of its own, and kept as plain arrays in this person's data
folder (`platformdirs`; `POSECAST_BODIES` names another). The file itself stays where it is and is not needed again.
Every choice says whose terms hold for what is made with it; `terms` puts them into a sentence.
"""

from dataclasses import dataclass
from functools import lru_cache

from core.bodies.model_files import Family, Gender
from core.bodies.skinning import Body
from core.errors import CoreError

DEFAULT_KEY = "built-in/smpl/neutral"
FAMILY_WORDS: dict[Family, str] = {"smpl": "SMPL", "smplh": "SMPL-H", "smplx": "SMPL-X"}


@dataclass(frozen=True)
class BodyChoice:
    """A body that can be chosen, without its arrays."""

    key: str
    family: Family
    gender: Gender
    vertices: int
    licence: str

    @property
    def is_built_in(self) -> bool:
        return self.key.startswith("built-in/")

    @property
    def title(self) -> str:
        """`SMPL, male`, for lists."""
        return f"{FAMILY_WORDS[self.family]}, {self.gender}"


def choices() -> tuple[BodyChoice, ...]:
    """All of them, the built-in ones first."""
    model = Body.load().model
    return (BodyChoice(DEFAULT_KEY, "smpl", "neutral", len(model.template_m), model.licence),)


def choice(key: str) -> BodyChoice:
    """What stands under the key. CoreError where nothing does."""
    for each in choices():
        if each.key == key:
            return each
    known = ", ".join(each.key for each in choices())
    raise CoreError(f"There is no body {key!r}.", hint=f"Choose one of {known}, or add a file.")


def body(key: str = DEFAULT_KEY) -> Body:
    """The body under the key, read once."""
    return _body(choice(key).key)


@lru_cache(maxsize=6)
def _body(key: str) -> Body:
    assert key == DEFAULT_KEY
    return Body.load()


def terms(licence: str) -> str:
    """Whose terms hold for what is made with such a body, as a sentence for exports."""
    if licence == "CC0":
        return "The body is Posecast's own, in the public domain (CC0 1.0): use it for anything."
    return f"The body comes from a person's own file: the {licence} holds for what is made with it."

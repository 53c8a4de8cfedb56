"""The people who cook: body, manner of moving, clothes and habits, each drawn from the cook's seed.

The same seed is the same person everywhere: the split of a demo keeps people apart by it. Habits say in which order
somebody works; they are drawn apart from the body, so neither says anything about the other.

`Figure` is the cook's resting body standing on the floor: SMPL's 24 joints, metres, y up, arms out to the sides.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy import ndarray

from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body

FIRST_NAMES = (
    "Ada", "Bela", "Carl", "Dina", "Emil", "Fay", "Gina", "Hugo", "Ines", "Jon", "Kaja", "Leo", "Mara", "Nils",
    "Olga", "Pia", "Quinn", "Rosa", "Sami", "Tessa", "Umar", "Vera", "Willem", "Xenia", "Yuri", "Zoe", "Anton",
    "Britta", "Cleo", "Dario", "Esme", "Farid", "Greta", "Hanna", "Ivo", "Jamila", "Kurt", "Lotte", "Milan", "Nora",
)  # fmt: skip
INGREDIENTS = (
    "onion", "carrot", "tomato", "potato", "rice", "egg", "milk", "cheese", "butter", "lettuce", "cucumber", "pasta",
    "dough", "bread", "flour", "apple",
)  # fmt: skip

_SKINS = ("#e9bd9c", "#c98f68", "#8d5a3b", "#f0cbb0", "#5f3b28", "#d9a57e")
_HAIRS = ("#2a1d15", "#5a3820", "#17120f", "#9c6b35", "#3b2a22", "#8c8a86")
_SHIRTS = ("#2f5d8a", "#8a2f3c", "#e7e3da", "#3f6b4a", "#5b4a7a", "#c78a2c")
_TROUSERS = ("#2b2f3a", "#3d3a36", "#25324a", "#4a4038", "#1f2226", "#39424e")
_APRONS = ("#e8e2d4", "#26384f", "#a3372f", "#2d4a3a", "#d9c9a8", "#3a3a3f")


@dataclass(frozen=True)
class Look:
    """How a cook is dressed; colours are #rrggbb, no apron is None."""

    skin: str
    hair_colour: str
    hair: Literal["short", "long", "cap"]
    shirt: str
    sleeves: Literal["short", "rolled", "long"]
    trousers: str
    apron: str | None


@dataclass(frozen=True)
class Cook:
    """One person. `speed` and `amplitude` are factors around 1; `reach` is the share of arm and hand that they reach
    comfortably; `patience` is how often they stop and look.
    """

    seed: int
    name: str
    betas: tuple[float, ...]
    left_handed: bool
    speed: float
    amplitude: float
    reach: float
    elbow_flare_deg: float
    head_tilt_rad: float
    stoop_m: float
    stance_m: float
    patience: float
    look: Look


@dataclass(frozen=True)
class Habits:
    """In which order a person works, each from 0 to 1 and mostly near an end: people are one or the other."""

    gather_first: float
    one_thing_to_the_end: float
    close_at_once: float
    two_at_a_time: float
    dry_hands: float
    wipe: float
    tidy: float
    heat_first: float
    season_late: float
    look_after_pan: float
    fuss: float
    order: dict[str, float]  # ingredient → how late it comes, 0 to 1
    temperature: float = 1.25  # how far choices follow all this


@dataclass(frozen=True)
class Figure:
    """The resting body of a cook on the floor. `floor_m` is how far the body file's origin was lifted for that."""

    joints_m: ndarray  # (24, 3)
    floor_m: float

    def joint(self, name: str) -> ndarray:
        return self.joints_m[SMPL_24[name]]

    def bone_m(self, start: str, end: str) -> float:
        return float(np.linalg.norm(self.joint(end) - self.joint(start)))

    @cached_property
    def upper_arm_m(self) -> float:
        return self.bone_m("left_shoulder", "left_elbow")

    @cached_property
    def forearm_m(self) -> float:
        return self.bone_m("left_elbow", "left_wrist")

    @cached_property
    def arm_m(self) -> float:
        """Shoulder to wrist."""
        return self.upper_arm_m + self.forearm_m

    @cached_property
    def grip_m(self) -> float:
        """Wrist to where a thing lies in the hand."""
        return 0.085 * self.arm_m / 0.49

    @cached_property
    def height_m(self) -> float:
        """Sole to crown, near enough for postures."""
        return float(self.joint("head")[1]) + 0.14


def cook(seed: int) -> Cook:
    """The person of a seed."""
    rng = np.random.default_rng([seed, 2])
    betas = np.zeros(10)
    betas[:6] = rng.normal(0, [0.75, 0.8, 0.7, 0.6, 0.5, 0.5])
    initial = chr(ord("A") + seed // len(FIRST_NAMES) % 26)
    return Cook(
        seed=seed,
        name=f"{FIRST_NAMES[seed % len(FIRST_NAMES)]} {initial}.",
        betas=tuple(float(each) for each in betas),
        left_handed=bool(rng.random() < 0.15),
        speed=float(np.exp(rng.normal(0, 0.16))),
        amplitude=float(np.exp(rng.normal(0, 0.12))),
        reach=float(np.clip(rng.normal(0.80, 0.035), 0.70, 0.87)),
        elbow_flare_deg=float(rng.normal(4, 7)),
        head_tilt_rad=float(rng.normal(0, 0.03)),
        stoop_m=float(abs(rng.normal(0, 0.008))),
        stance_m=float(np.clip(rng.normal(0.115, 0.02), 0.08, 0.17)),
        patience=float(np.clip(rng.beta(2, 5), 0.02, 0.8)),
        look=_look(np.random.default_rng([seed, 3])),
    )


def _look(rng: np.random.Generator) -> Look:
    skin = _pick(rng, _SKINS)
    dark = skin in ("#8d5a3b", "#5f3b28")
    shirt = _pick(rng, _SHIRTS)
    apron = max((_pick(rng, _APRONS) for _ in range(3)), key=lambda colour: _difference(colour, shirt))
    return Look(
        skin=skin,
        hair_colour="#15110f" if dark else _pick(rng, _HAIRS),
        hair=("short", "long", "cap")[int(rng.choice(3, p=(0.45, 0.35, 0.20)))],
        shirt=shirt,
        sleeves=("short", "rolled", "long")[int(rng.integers(3))],
        trousers=_pick(rng, _TROUSERS),
        apron=apron if rng.random() < 0.75 else None,
    )


def _pick(rng: np.random.Generator, among: tuple[str, ...]) -> str:
    return among[int(rng.integers(len(among)))]


def _difference(one: str, other: str) -> int:
    return sum(abs(int(one[at : at + 2], 16) - int(other[at : at + 2], 16)) for at in (1, 3, 5))


def habits(seed: int) -> Habits:
    """The habits of the person of a seed."""
    rng = np.random.default_rng([seed, 4])

    def extreme() -> float:
        return float(rng.beta(0.45, 0.45))

    ranks = rng.permutation(len(INGREDIENTS))
    return Habits(
        gather_first=extreme(),
        one_thing_to_the_end=extreme(),
        close_at_once=0.35 + 0.63 * extreme(),
        two_at_a_time=extreme(),
        dry_hands=0.85 * extreme(),
        wipe=0.5 * extreme(),
        tidy=extreme(),
        heat_first=extreme(),
        season_late=extreme(),
        look_after_pan=0.2 + extreme(),
        fuss=0.2 + extreme(),
        order={name: float(rank) / len(INGREDIENTS) for name, rank in zip(INGREDIENTS, ranks, strict=True)},
    )


def figure(person: Cook, body_file: Path | None = None) -> Figure:
    """The resting body of `person`: the built-in one in their shape, or another file of SMPL's form."""
    return _figure_of(person.betas, body_file)


@lru_cache(maxsize=256)
def _figure_of(betas: tuple[float, ...], body_file: Path | None) -> Figure:
    vertices, joints = Body.load(body_file).rest(np.array(betas))
    floor_m = -float(vertices[:, 1].min())
    return Figure(joints.astype(float) + np.array([0.0, floor_m, 0.0]), floor_m)

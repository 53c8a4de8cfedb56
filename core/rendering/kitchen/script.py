"""What is to be filmed: a kitchen, a camera, one cook moving in it, and the things and doors that move along.

Values only; whoever simulates fills them, `film` draws them. World: metres, right-handed, y up, the floor at y = 0,
x along the worktop, the camera on the +z side; a cook at yaw 0 looks along +z. Angles are radians, right-handed about
+y. `frames` is the length of every track.

The body is posed as SMPL does it: local rotations, the pelvis joint at its place in the rest body plus
`translation_m`. Simulations that stand the rest body on the floor add that height to their translation.

The room (drawn by `stage`): an island with sink, board and hob between cook and camera, its top at 0.90, z from −0.02
to 0.68; behind the cook a back run (top 0.91, front at z = −1.45) under wall cupboards (shelves 1.52 and 1.80); fridge
at +x, larder at −x, each 0.6 m wide, open towards the cook when their doors are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.geometry.cameras import Camera

DOORS = ("fridge", "larder", "cupboard_left", "cupboard_right", "drawer", "low_drawer")
"""What opens: two tall doors, two wall cupboards (left is at −x), the island's drawer, the back run's low drawer."""

THINGS = (
    "knife", "peeler", "spoon", "whisk", "pan", "pot", "bowl", "plate", "glass", "colander", "grater", "board",
    "milk", "egg", "butter", "cheese", "lettuce", "carrot", "cucumber", "tomato", "dough", "flour", "pasta", "rice",
    "onion", "potato", "bread", "apple", "oil", "salt", "pepper", "towel", "cloth",
)  # fmt: skip
"""What can be drawn. A thing's own frame: y up, its foot (centre of what it stands on) at the origin.

Long tools (knife, peeler, spoon, whisk) lie along +z, the middle of the handle 2 cm behind the origin, the tip ahead;
the pan's handle points along −z; carrot and cucumber lie along x; the towel hangs down from the origin.
"""


@dataclass(frozen=True)
class Layout:
    """What differs between kitchens: where sink and hob are cut into the island, and the colours of the fronts."""

    sink_x_m: float = -0.86
    hob_x_m: float = 0.80
    seed: int = 0


@dataclass(frozen=True)
class CookLook:
    """How the cook is dressed. Colours are `#rrggbb`; `apron` None is none."""

    skin: str = "#e9bd9c"
    hair_colour: str = "#5a3820"
    hair: Literal["short", "long", "cap"] = "short"
    shirt: str = "#2f5d8a"
    sleeves: Literal["short", "rolled", "long"] = "rolled"
    trousers: str = "#2b2f3a"
    apron: str | None = "#e8e2d4"


@dataclass(frozen=True)
class FilmThing:
    """One thing over time. Things whose place, turn and visibility never change are drawn with the room, once.

    Tracks may be broadcast views. `kind` is one of THINGS; `name` tells two of a kind apart.
    """

    name: str
    kind: str
    place_m: Float[ndarray, "frames 3"]
    rotation: Float[ndarray, "frames 3 3"]
    visible: Bool[ndarray, " frames"]

    def __post_init__(self) -> None:
        if self.kind not in THINGS:
            raise ValueError(f"no thing of this kind is known: {self.kind}")

    def moves(self) -> bool:
        """Whether anything about it changes within the film."""
        return any(bool(np.any(track != track[:1])) for track in (self.place_m, self.rotation, self.visible))


@dataclass(frozen=True)
class FilmDoor:
    """A door or drawer over time: turned by `yaw_rad` about the upright axis through `hinge_m` (x, z), then slid.

    The same angle and hinge that lead the hand draw the door, so the two cannot disagree. Both 0 is shut.
    """

    name: str
    hinge_m: tuple[float, float]
    yaw_rad: Float[ndarray, " frames"]
    slide_m: Float[ndarray, "frames 3"]

    def __post_init__(self) -> None:
        if self.name not in DOORS:
            raise ValueError(f"no door of this name is known: {self.name}")

    def moves(self) -> bool:
        """Whether it is opened or shut within the film."""
        return bool(np.any(self.yaw_rad != self.yaw_rad[:1]) or np.any(self.slide_m != self.slide_m[:1]))


@dataclass(frozen=True)
class FilmScript:
    """Everything that one film shows. `joints_m` are not here: the film poses the body itself."""

    layout: Layout
    camera: Camera
    rate_hz: float
    betas: Float[ndarray, " shapes"]
    rotations: Float[ndarray, "frames 24 3 3"]
    translation_m: Float[ndarray, "frames 3"]
    look: CookLook = field(default_factory=CookLook)
    things: tuple[FilmThing, ...] = ()
    doors: Mapping[str, FilmDoor] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.rotations.shape[0]

    def __post_init__(self) -> None:
        frames = len(self)
        tracks = {"translation": self.translation_m}
        tracks |= {
            f"{thing.name} {name}": track
            for thing in self.things
            for name, track in (("place", thing.place_m), ("turn", thing.rotation), ("visible", thing.visible))
        }
        tracks |= {
            f"{door.name} {name}": track
            for door in self.doors.values()
            for name, track in (("yaw", door.yaw_rad), ("slide", door.slide_m))
        }
        for name, track in tracks.items():
            if len(track) != frames:
                raise ValueError(f"the track of {name} has {len(track)} frames, the film {frames}")

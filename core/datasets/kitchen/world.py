"""One kitchen by seed: where things are kept, where a cook stands to get at them, how doors move, and its camera.

World: metres, right-handed, y up, the floor at y = 0; x along the worktop, the camera on the +z side. A cook at yaw 0
looks at the camera, their left hand at +x. An island (top at 0.90 m) stands between cook and camera with sink, middle
and hob along its cook's edge; behind the cook are wall cupboards and a low drawer; fridge and larder close the sides.

Every thing has a home that is drawn once per kitchen, so the height and side of a reach tell what it is for, as at
home. Nothing here knows of bodies.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray

from core.geometry.cameras import Camera
from core.geometry.rotations import about_y

Point = tuple[float, float, float]

WORKTOP_M = 0.90
ISLAND_STAND_Z_M = -0.215
"""Where a cook's pelvis stands before the island: 21 cm from its edge."""
CONTAINER_NAMES = {
    "fridge": "fridge",
    "larder": "cupboard",
    "cupboard_left": "cupboard",
    "cupboard_right": "cupboard",
    "drawer": "drawer",
    "low_drawer": "drawer",
}
"""What an annotator calls each container: as coarse as real label sets are."""


@dataclass(frozen=True)
class Stand:
    """Where the feet go and which way the cook looks. `slack_m`: how far to the side they reach without a step."""

    x_m: float
    z_m: float
    yaw_rad: float
    slack_m: float


@dataclass(frozen=True)
class Home:
    """Where a thing is kept: behind which door (None: it stands in the open), at which place, at which point."""

    container: str | None
    place: str
    point_m: Point


@dataclass(frozen=True)
class Door:
    """A door that turns about an upright hinge at (x, z), or a drawer that slides. Openings go from 0 to 1.

    The same angle leads the opener's hand and is drawn, so the two cannot disagree. The tall doors hang on the side
    away from the camera: on the near side they would hide the cook.
    """

    name: str
    handle_m: Point
    hinge_m: tuple[float, float] = (0.0, 0.0)
    turn_rad: float = 0.0
    slide_m: Point = (0.0, 0.0, 0.0)

    def handle_at(self, opening: float) -> ndarray:
        """Where the handle is."""
        pivot = np.array([self.hinge_m[0], 0.0, self.hinge_m[1]])
        turn = about_y(self.turn_rad * opening)
        return pivot + turn @ (np.array(self.handle_m) - pivot) + np.array(self.slide_m) * opening


@dataclass(frozen=True)
class Thing:
    """How a thing is taken: where above its foot, with which grip, and how it then lies in the hand."""

    grip_height_m: float
    grip: str  # top, side, handle, both
    size_m: float
    held: str  # tool, upright, level, pan, hanging


THINGS: dict[str, Thing] = {
    "knife": Thing(0.02, "top", 0.24, "tool"),
    "peeler": Thing(0.02, "top", 0.16, "tool"),
    "spoon": Thing(0.02, "top", 0.28, "tool"),
    "whisk": Thing(0.02, "top", 0.26, "tool"),
    "pan": Thing(0.05, "handle", 0.24, "pan"),
    "pot": Thing(0.12, "both", 0.22, "level"),
    "bowl": Thing(0.06, "both", 0.24, "level"),
    "plate": Thing(0.02, "both", 0.25, "level"),
    "glass": Thing(0.06, "side", 0.07, "upright"),
    "colander": Thing(0.08, "both", 0.24, "level"),
    "grater": Thing(0.14, "side", 0.10, "upright"),
    "board": Thing(0.02, "both", 0.34, "level"),
    "milk": Thing(0.13, "side", 0.09, "upright"),
    "egg": Thing(0.03, "top", 0.045, "level"),
    "butter": Thing(0.03, "top", 0.10, "level"),
    "cheese": Thing(0.04, "top", 0.12, "level"),
    "lettuce": Thing(0.07, "both", 0.17, "level"),
    "carrot": Thing(0.02, "top", 0.18, "level"),
    "cucumber": Thing(0.03, "top", 0.24, "level"),
    "tomato": Thing(0.035, "top", 0.075, "level"),
    "dough": Thing(0.05, "both", 0.19, "level"),
    "flour": Thing(0.10, "side", 0.12, "upright"),
    "pasta": Thing(0.10, "side", 0.10, "upright"),
    "rice": Thing(0.09, "side", 0.11, "upright"),
    "onion": Thing(0.035, "top", 0.08, "level"),
    "potato": Thing(0.03, "top", 0.085, "level"),
    "bread": Thing(0.06, "top", 0.24, "level"),
    "apple": Thing(0.035, "top", 0.08, "level"),
    "oil": Thing(0.14, "side", 0.075, "upright"),
    "salt": Thing(0.06, "side", 0.06, "upright"),
    "pepper": Thing(0.06, "side", 0.06, "upright"),
    "towel": Thing(0.0, "side", 0.35, "hanging"),
    "cloth": Thing(0.01, "top", 0.16, "level"),
}
TWO_HANDED = frozenset(name for name, thing in THINGS.items() if thing.grip == "both")
TOOLS = frozenset({"knife", "peeler", "spoon", "whisk", "grater"})
SPOTS = ("spot_3", "spot_1", "spot_2", "spot_4", "spot_6", "spot_5", "spot_7", "spot_8", "spot_9")
"""Free places on the worktop, the handiest first."""
BESIDE_BOARD = "beside_board"
"""Where pieces are pushed to while the rest is still being cut."""
VESSEL_PLACES = {"pan": "hob_left", "pot": "hob_right", "bowl": "spot_3", "plate": "spot_4", "tray": "middle"}

_INSIDE = {
    "fridge": ("milk", "egg", "butter", "cheese", "lettuce", "carrot", "cucumber", "tomato", "dough"),
    "larder": ("flour", "pasta", "onion", "potato", "bread", "apple", "rice"),
    "cupboard_left": ("plate", "bowl", "glass"),
    "cupboard_right": ("colander", "grater"),
    "drawer": ("knife", "peeler", "spoon", "whisk"),
    "low_drawer": ("pan", "pot"),
}
_FRIDGE_SHELVES_M = (0.52, 0.86, 1.16, 1.48)
_LARDER_SHELVES_M = (0.45, 0.90, 1.30, 1.66)
_WALL_SHELVES_M = (1.52, 1.80)


@dataclass(frozen=True)
class Kitchen:
    """Places (a support point, or a door's handle), homes, doors, and the fixed camera."""

    seed: int
    sink_x_m: float
    hob_x_m: float
    places: dict[str, Point]
    homes: dict[str, Home]
    doors: dict[str, Door]
    camera: Camera

    @cached_property
    def middle_m(self) -> ndarray:
        """Where the board lies."""
        return np.array(self.places["middle"])

    def stand_for(self, place: str, point_m: Point, verb: str, aside_m: float) -> Stand:
        """Where to stand for `verb` at a point of `place`; `aside_m` moves the cook so that the reaching shoulder, not
        the belly, is in front of it (positive: the target is to the cook's left).
        """
        x, y, z = point_m
        if place in ("fridge", "larder"):
            return self._stand_at_tall_door(place, verb, y, z, aside_m)
        if place in ("cupboard_left", "cupboard_right", "jars", "back_top", "low_drawer"):
            if place == "low_drawer":
                back = -0.78
            elif verb not in ("take", "put"):
                back = -0.96
            else:  # right up to the worktop for what is high and deep
                back = -1.20 if place.startswith("cupboard") else -1.04
            return Stand(x + aside_m, back, np.pi, 0.14)
        if place == "drawer":
            return Stand(0.30, -0.50, 0.0, 0.16)
        if place == "towel":
            return Stand(self.sink_x_m + 0.36, -0.32, 0.0, 0.15)
        light = verb in ("take", "put", "turn_on", "open", "close", "pour", "season", "add")
        return Stand(x - aside_m, ISLAND_STAND_Z_M, 0.0, 0.36 if light else 0.16)

    def _stand_at_tall_door(self, place: str, verb: str, y: float, z: float, aside_m: float) -> Stand:
        """Beside the swing to open, before the shelves to reach in, nearer the island to push the door shut."""
        side = 1.0 if place == "fridge" else -1.0
        if verb == "close":
            return Stand(side * 0.62, -0.36, side * np.radians(118), 0.10)
        if verb == "open":
            return Stand(side * 0.93, -0.29, side * np.radians(106), 0.10)
        nearer = 1.05 if y > 0.7 else 1.0
        return Stand(side * nearer, z + side * aside_m, side * np.pi / 2, 0.10)


def kitchen(seed: int, *, width: int = 640, height: int = 360) -> Kitchen:
    """The kitchen of a seed, filmed at `width` × `height`. Kitchens differ in where things are kept, in where sink and
    hob are (±5 cm) and in the camera (±6 cm, ±1.2°).
    """
    rng = np.random.default_rng([seed, 1])

    def about(most_m: float) -> float:
        return float(rng.uniform(-most_m, most_m))

    sink, hob = -0.86 + about(0.05), 0.80 + about(0.05)
    places: dict[str, Point] = {
        "middle": (0.02 + about(0.03), WORKTOP_M + 0.02, 0.19),
        "sink": (sink, WORKTOP_M - 0.06, 0.25),
        "hob_left": (hob - 0.16, WORKTOP_M + 0.03, 0.22),
        "hob_right": (hob + 0.22, WORKTOP_M + 0.03, 0.26),
    }
    spots = {
        1: (-0.36, 0.18), 2: (-0.28, 0.38), 3: (0.34, 0.19), 4: (0.30, 0.40), 5: (-0.05, 0.45), 6: (-0.48, 0.35),
        7: (0.14, 0.50), 8: (-0.20, 0.56), 9: (-0.42, 0.53),
    }  # fmt: skip
    for number, (x, z) in spots.items():
        places[f"spot_{number}"] = (x + about(0.03), WORKTOP_M, z + about(0.02))
    places |= {
        BESIDE_BOARD: places["spot_3"],
        "by_sink": (sink + 0.22, WORKTOP_M, 0.50),
        "oil_spot": (hob + 0.40, WORKTOP_M, 0.42),
        "knob": (hob + 0.02, WORKTOP_M, 0.075),
        "towel": (sink + 0.42, 0.74, -0.02),
        "jars": (0.80, 1.30, -1.70),
        "back_top": (0.02, 0.92, -1.62),
    }
    doors = _doors()
    places |= {name: door.handle_m for name, door in doors.items()}
    homes = _homes(rng, places)
    return Kitchen(seed, sink, hob, places, homes, doors, _camera(rng, width, height))


def _doors() -> dict[str, Door]:
    wall, tall = np.radians(95), np.radians(80)
    doors = (
        Door("fridge", (1.36, 1.12, -0.42), hinge_m=(1.40, -1.02), turn_rad=-tall),
        Door("larder", (-1.36, 1.20, -0.42), hinge_m=(-1.40, -1.02), turn_rad=tall),
        Door("cupboard_left", (-0.30, 1.52, -1.62), hinge_m=(-0.70, -1.66), turn_rad=-wall),
        Door("cupboard_right", (0.32, 1.52, -1.62), hinge_m=(0.68, -1.66), turn_rad=wall),
        Door("drawer", (0.36, 0.79, -0.03), slide_m=(0.0, 0.0, -0.30)),
        Door("low_drawer", (-0.62, 0.46, -1.40), slide_m=(0.0, 0.0, 0.30)),
    )
    return {door.name: door for door in doors}


def _homes(rng: np.random.Generator, places: dict[str, Point]) -> dict[str, Home]:
    """Which shelf each thing has, drawn for the kitchen."""

    def about(most_m: float) -> float:
        return float(rng.uniform(-most_m, most_m))

    homes: dict[str, Home] = {}
    for container, things in _INSIDE.items():
        x_m = places[container][0]
        for thing in things:
            if container == "fridge":
                point = (1.60, float(rng.choice(_FRIDGE_SHELVES_M)), -0.64 + about(0.14))
            elif container == "larder":
                point = (-1.58, float(rng.choice(_LARDER_SHELVES_M)), -0.64 + about(0.14))
            elif container == "drawer":
                point = (0.30 + about(0.10), 0.76, -0.20 + about(0.04))
            elif container == "low_drawer":
                point = (-0.62 + about(0.14), 0.34, -1.30)
            else:
                point = (x_m - 0.12 + about(0.16), float(rng.choice(_WALL_SHELVES_M)), -1.77)
            homes[thing] = Home(container, container, point)
    homes["board"] = Home(None, "back_top", (0.02, 0.93, -1.70))
    homes["oil"] = Home(None, "oil_spot", places["oil_spot"])
    homes["salt"] = Home(None, "jars", (0.72, 1.30, -1.70))
    homes["pepper"] = Home(None, "jars", (0.90, 1.30, -1.70))
    homes["towel"] = Home(None, "towel", places["towel"])
    homes["cloth"] = Home(None, "by_sink", places["by_sink"])
    return homes


def _camera(rng: np.random.Generator, width: int, height: int) -> Camera:
    """Over the island, looking at the cook: fixed for the kitchen."""
    eye = np.array([0.38, 1.98, 2.10]) + rng.uniform(-0.06, 0.06, 3)
    target = np.array([0.0, 1.04, -0.45]) + rng.uniform(-0.03, 0.03, 3)
    field = np.radians(42.0 + rng.uniform(-1.2, 1.2))
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    focal = height / 2 / np.tan(field / 2)
    return Camera(
        rotation=rotation,
        translation_m=-rotation @ eye,
        focal_px=np.array([focal, focal]),
        centre_px=np.array([(width - 1) / 2, (height - 1) / 2]),
        width=width,
        height=height,
        distortion=np.zeros(5),
    )

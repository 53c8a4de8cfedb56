"""What stands in a scene, and the colours it is drawn in: values only, cheap to import. World metres, y up.

    now = SceneBody(vertices_m, faces, "#4fc7cf", label="Ada")
    Contents(bodies=(*past((before, long_before)), now), skeletons=(future(ahead),), trails=(hand,), ground_m=0.0)

A ghost is the same value with a smaller opacity: `past` makes them of bodies or skeletons that were, `future` a dashed
one of a skeleton to come. Labels stand above heads; whoever shows a picture writes them where `labels` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.bodies.skeletons import Skeleton

PAST_OPACITIES = (0.22, 0.12)
"""Of the ghost before, and of the one before that."""
FUTURE_OPACITY = 0.6
TRAIL_S = 0.6
"""How much of the past a trail shows."""


@dataclass(frozen=True)
class SideColours:
    """The person's own left and right, and what is on neither side."""

    left: str
    right: str
    centre: str

    def of(self, side: str) -> str:
        return {"left": self.left, "right": self.right}.get(side, self.centre)


@dataclass(frozen=True)
class Colours:
    """What a scene is drawn in; the studio takes them from its theme."""

    background: str
    ground: str
    line: str
    sides: SideColours
    shadow: float = 0.55
    """How much of the ground's light a body standing on it takes away."""
    words: str = "#e9eaed"


DARK = Colours("#0a0b0d", "#181a1f", "#3c414d", SideColours("#4eb4e7", "#f0a132", "#c9ccd3"))
LIGHT = Colours(
    "#dddfe4", "#eceef2", "#c2c6cf", SideColours("#0b76b0", "#a85b00", "#5c616c"), shadow=0.32, words="#14161a"
)


@dataclass(frozen=True)
class SceneBody:
    """A body's mesh in one colour. `opacity` below 1 makes it a ghost."""

    vertices_m: Float[ndarray, "vertices 3"]
    faces: Int[ndarray, "faces 3"]
    colour: str
    opacity: float = 1.0
    label: str = ""


@dataclass(frozen=True)
class SceneSkeleton:
    """Joints and bones. Bones take `colour`, or their side's; predictions are dashed."""

    joints_m: Float[ndarray, "joints 3"]
    skeleton: Skeleton
    colour: str | None = None
    dashed: bool = False
    opacity: float = 1.0
    seen: Bool[ndarray, " joints"] | None = None
    thickness: float = 1.0
    label: str = ""

    def shown(self) -> Bool[ndarray, " joints"]:
        """Which joints are drawn."""
        there = np.asarray(np.isfinite(self.joints_m).all(-1))
        return there if self.seen is None else there & self.seen


@dataclass(frozen=True)
class SceneTrail:
    """Where a hand or a foot came from, oldest place first: a thread that grows towards where it is now."""

    points_m: Float[ndarray, "points 3"]
    colour: str
    opacity: float = 1.0


@dataclass(frozen=True)
class Contents:
    """All that one picture shows. `ground_m` None is no floor; `grid` its lines, `shadows` what touches it."""

    bodies: tuple[SceneBody, ...] = ()
    skeletons: tuple[SceneSkeleton, ...] = ()
    trails: tuple[SceneTrail, ...] = ()
    ground_m: float | None = 0.0
    grid: bool = True
    shadows: bool = True


Ghost = TypeVar("Ghost", SceneBody, SceneSkeleton)


def past(before: Sequence[Ghost]) -> tuple[Ghost, ...]:
    """Ghosts of what was, the latest first; those longer ago than there are opacities for are left out."""
    return tuple(
        replace(each, opacity=opacity, label="") for each, opacity in zip(before, PAST_OPACITIES, strict=False)
    )


def future(ahead: SceneSkeleton) -> SceneSkeleton:
    """The ghost of what is to come: dashed."""
    return replace(ahead, dashed=True, opacity=FUTURE_OPACITY, label="")


def floor_under(bodies: Sequence[SceneBody], floor_m: float | None) -> float | None:
    """The floor, or the height of the lowest foot where that is lower or the floor is not known. Ghosts hover."""
    heights = [float(each.vertices_m[:, 1].min()) for each in bodies if each.opacity > PAST_OPACITIES[0]]
    return min([*heights, *([] if floor_m is None else [floor_m])], default=None)


def points_of(bodies: Sequence[SceneBody], skeletons: Sequence[SceneSkeleton]) -> Float[ndarray, "points 3"]:
    """Everything that stands there, for framing; the room a person takes where nothing does."""
    clouds = [body.vertices_m for body in bodies]
    clouds += [each.joints_m[np.isfinite(each.joints_m.sum(-1))] for each in skeletons]
    clouds = [points for points in clouds if len(points)]
    return np.concatenate(clouds) if clouds else np.array([[-0.5, 0.0, -0.5], [0.5, 1.7, 0.5]])

"""Motions that were made, as they stand in the view, as one value: for pictures, films and bodies to be taken out.

All of them run over the same frames; a motion that is shorter keeps its last pose. World metres, y up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from core.generations import PackedMotion, unpacked
from core.rendering.moving import Footage, MovingBody, MovingScene, Shot
from core.rendering.views import View
from studio.widgets.scene_view import Looks, colours
from studio.widgets.shown import Shown, nothing
from studio.words import say

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Made:
    """One motion with the body it is shown on, its colour, the words over its head, and where it stands."""

    motion: PackedMotion
    body: str
    betas: tuple[float, ...] = ()
    colour: str = "#dadce1"
    name: str = ""
    moved_m: Place = (0.0, 0.0, 0.0)


def shot_of(
    motions: Sequence[Made],
    name: str,
    *,
    at: int,
    view: View,
    looks: Looks,
    footage: Footage | None = None,
    opacity: float = 1.0,
    beside: bool = False,
) -> Shown:
    """What stands there from the first new frame to the last, with frame `at` in front; `name` for its file."""
    frames = max((each.motion.frames for each in motions), default=0)
    if not frames:
        return nothing(say("No motion is shown. Generate one, or choose one that was kept."))
    bodies = tuple(_body(each, frames) for each in motions)
    scene = MovingScene(motions[0].motion.rate_hz, bodies, ground_m=0.0 if footage is None else None,
                        is_floor_under_feet=footage is not None)  # fmt: skip
    shot = Shot(
        scene,
        at=min(max(at, 0), frames - 1),
        view=view,
        colours=colours(),
        labels=len(motions) > 1,
        trails=looks.trails,
        grid=looks.grid,
        footage=footage,
        opacity=opacity,
        beside=beside,
    )
    return Shown(shot, name)


def _body(each: Made, frames: int) -> MovingBody:
    motion = unpacked(each.motion)
    return MovingBody(
        body=each.body,
        betas=np.array(each.betas),
        rotations=_held(motion.rotations, frames),
        translation_m=_held(motion.translation_m, frames) + np.array(each.moved_m, np.float32),
        colour=each.colour,
        name=each.name,
    )


def _held(values: ndarray, frames: int) -> ndarray:
    """As many frames as the others, the last one kept."""
    return values[np.minimum(np.arange(frames), len(values) - 1)]

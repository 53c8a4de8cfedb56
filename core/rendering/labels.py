"""Words above heads: where each stands in the picture, so that none covers another. Numbers only; who shows the
picture writes them (the studio with Qt, exported pictures with `overlay`). They never scale with the distance.

Places are pixels of the picture, from its top left corner; a label's place is the middle of its line.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.rendering.contents import Contents, SceneBody, SceneSkeleton
from core.rendering.views import View, to_pixels

OVER_HEAD_M = 0.09
"""From the highest point of a body to the foot of its label."""
APART_PX = 20.0
"""Lines of words that would touch are so far apart, from middle to middle."""
_OVER_PX = 9.0
_A_LETTER_PX, _PLATE_PX = 7.4, 26.0


@dataclass(frozen=True)
class PlacedLabel:
    """Words, the middle of their line in pixels, and the colour of whom they name."""

    text: str
    x: float
    y: float
    colour: str


def placed_labels(
    contents: Contents,
    view: View,
    width: int,
    height: int,
    *,
    width_of: Callable[[str], float] | None = None,
    colour: str = "#e9eaed",
    scale: float = 1.0,
) -> list[PlacedLabel]:
    """The labels of all that is in the picture, nearest first: the nearest stands where it wants, others move up.

    `width_of` measures words with their plate, pixels; `scale` is device pixels per pixel. `colour` is for skeletons in
    their sides' colours.
    """
    named = [each for each in (*contents.bodies, *contents.skeletons) if each.label]
    heads = [(each, _over_head(each)) for each in named]
    heads = [(each, place) for each, place in heads if place is not None]
    if not heads:
        return []
    places, depths_m = to_pixels(view, np.array([place for _, place in heads]), width, height)
    measure = width_of or (lambda words: scale * (_PLATE_PX + _A_LETTER_PX * len(words)))
    placed: list[tuple[PlacedLabel, float]] = []
    for at in np.argsort(depths_m, kind="stable"):
        each, (x, y) = heads[at][0], places[at]
        if depths_m[at] <= 0 or not 0 <= x < width or not -height < y < height:
            continue
        half = measure(each.label) / 2
        x = float(np.clip(x, min(half, width / 2), max(width - half, width / 2)))
        y = _free(x, half, max(float(y) - _OVER_PX * scale, APART_PX * scale / 2), placed, scale)
        placed.append((PlacedLabel(each.label, x, y, each.colour or colour), half))
    return [label for label, _ in placed]


def _over_head(each: SceneBody | SceneSkeleton) -> Float[ndarray, " 3"] | None:
    """Over the highest point, in the middle of the body."""
    points = each.vertices_m if isinstance(each, SceneBody) else each.joints_m[each.shown()]
    if not len(points):
        return None
    middle = points.mean(0)
    lift = OVER_HEAD_M * (1.0 if isinstance(each, SceneBody) else 2.0)
    return np.array([middle[0], points[:, 1].max() + lift, middle[2]])


def _free(x: float, half: float, y: float, placed: list[tuple[PlacedLabel, float]], scale: float) -> float:
    """The first height from `y` on that is `APART_PX` off every line beside it: upwards, else downwards."""
    apart = APART_PX * scale
    beside = [label.y for label, other in placed if abs(label.x - x) < half + other + 4 * scale]
    for way in (-1, 1):
        at = y
        for taken in sorted(beside, key=lambda line: way * line):
            if abs(at - taken) < apart:
                at = taken + way * apart
        if at >= apart / 2:
            return at
    return y

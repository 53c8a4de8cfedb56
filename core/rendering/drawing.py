"""The picture of one stage or of several in one window: smooth edges, ghosts, pieces of what no window could hold.

Pictures are (height, width, 4) uint8, top row first; colours are multiplied by alpha until `straight` is asked. Ghosts
are drawn opaque in a picture of their own and then mixed in, so that no inner face shows through. Smooth edges come
from drawing twice as large and averaging.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from core.opencv import cv2
from core.rendering.offscreen import Window
from core.rendering.stage import Stage
from core.rendering.views import Box, aim

PIECE_PX = 2048
"""Larger pictures are drawn in pieces: software OpenGL's memory and VTK's windows have bounds."""

Rgba = UInt8[ndarray, "height width 4"]


@dataclass(frozen=True)
class Framed:
    """A stage seen from its view in a picture of this size, or only a part of that picture."""

    stage: Stage
    width: int
    height: int
    box: Box | None = None


def draw_whole(window: Window, framed: Framed, *, smooth: bool, transparent: bool) -> Rgba:
    """One stage that fills the window, of any size."""
    whole = framed.box or Box(0, 0, framed.width, framed.height)
    picture = np.empty((whole.height, whole.width, 4), np.uint8)
    for top, left in product(range(0, whole.height, PIECE_PX), range(0, whole.width, PIECE_PX)):
        width, height = min(PIECE_PX, whole.width - left), min(PIECE_PX, whole.height - top)
        piece = replace(framed, box=Box(whole.left + left, whole.top + top, width, height))
        drawn = draw_all(window, width, height, [piece], smooth=smooth, transparent=transparent)
        if (width, height) == (whole.width, whole.height):
            return drawn
        picture[top : top + height, left : left + width] = drawn
    return picture


def draw_all(
    window: Window, width: int, height: int, framed: Sequence[Framed], *, smooth: bool, transparent: bool = False
) -> Rgba:
    """All stages in their panes of a window of this size, drawn and read together."""
    larger = 2 if smooth else 1
    window.resize(width * larger, height * larger)
    for each in framed:
        aim(each.stage.pane.renderer, each.stage.view, each.width, each.height, each.box)
    stages = [each.stage for each in framed]
    opacities = sorted(set().union(*(stage.layers() for stage in stages)))
    if opacities == [1.0] and not transparent:
        return _draw(window, smooth)
    try:
        for stage in stages:
            stage.prepare(None, over_nothing=transparent, alone=False)
        picture = _draw(window, smooth)
        for opacity in opacities:
            for stage in stages:
                stage.prepare(opacity, over_nothing=transparent, alone=True)
            _mix(picture, _draw(window, smooth), opacity)
    finally:
        for stage in stages:
            stage.restore()
    return picture


def _draw(window: Window, smooth: bool) -> Rgba:
    window.draw()
    pixels = window.pixels()
    return cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) if smooth else pixels


def _mix(under: Rgba, layer: Rgba, opacity: float) -> None:
    """The layer over the picture, in place; colours of both are multiplied by their alpha."""
    left, top, width, height = cv2.boundingRect(layer[..., 3])
    if width == 0:
        return
    part = layer[top : top + height, left : left + width]
    below = under[top : top + height, left : left + width]
    if opacity == 1 and part[..., 3].all():
        below[:] = part
        return
    over = part.astype(np.float32) * opacity
    below[:] = (over + below * (1 - over[..., 3:] / 255) + 0.5).clip(0, 255).astype(np.uint8)


def straight(picture: Rgba) -> Rgba:
    """Colours no longer multiplied by alpha, in place; only where they were by less than all of it."""
    partly = (picture[..., 3] > 0) & (picture[..., 3] < 255)
    pixels = picture[partly].astype(np.float32)
    pixels[:, :3] *= 255 / pixels[:, 3:]
    picture[partly] = np.clip(pixels + 0.5, 0, 255).astype(np.uint8)
    return picture

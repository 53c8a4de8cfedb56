"""The floor of a scene: lines every metre, fainter ones every half, and soft shadows that tell what touches it.

All of it is opaque and unlit, in colours that fade into the background, so no order of drawing matters.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from core.opencv import cv2
from core.rendering.contents import Colours
from core.rendering.offscreen import Finish, Mesh, Window, rgb

REACH_M = 5.0
"""Where it has faded away, from its middle."""
FADE_FROM_M = 1.2
_CELLS_A_METRE = 32
_LINE_STEP_M = 0.25
_OVER_M = 0.002
_SHADOWS = ((-0.2, 0.12, 0.035, 1.0), (0.12, 0.6, 0.16, 0.55), (0.6, 2.5, 0.30, 0.35))
"""(from height, to height, blur, strength), metres: the layers of a body that darken the floor."""
_SPREAD = np.ones((3, 3), np.uint8)
_UNLIT = Finish(flat=True)


class Ground:
    """Owns its two meshes in the window."""

    def __init__(self, window: Window, colours: Colours) -> None:
        self._window = window
        self._colours = colours
        self._height_m: float | None = 0.0
        self._grid = self._shadows = True
        self._points: list[Float[ndarray, "points 3"]] = []
        count = int(2 * REACH_M * _CELLS_A_METRE) + 1
        along = np.linspace(-REACH_M, REACH_M, count)
        # Pixels of the floor's texture: the first axis goes along −z (rows from the far edge down), the second along x.
        z, x = np.meshgrid(along, along, indexing="ij")
        self._xz = np.stack([x, z], -1)
        self._fades = _fade(self._xz)[..., None]
        self._middle = np.zeros(2)
        self._corner_xz = REACH_M * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1.0]])
        self._floor = window.add(
            Mesh(
                self._at(self._corner_xz, 0.0),
                np.arange(4)[None],
                uv=np.array([[0, 1], [0, 0], [1, 0], [1, 1.0]]),
                texture=np.zeros((count, count, 3), np.uint8),
                finish=_UNLIT,
            )
        )
        lines, faint = _grid_lines(0.0), _grid_lines(0.5)
        self._line_xz = np.concatenate([lines, faint])
        self._strength = np.repeat([1.0, 0.42], [len(lines), len(faint)])
        pairs = np.arange(len(self._line_xz)).reshape(-1, 2)
        self._lines = window.add(Mesh(self._at(self._line_xz, _OVER_M), None, lines=pairs, finish=_UNLIT))
        self._redraw()

    def set(self, height_m: float | None, *, grid: bool = True, shadows: bool = True) -> None:
        """Where it is, and whether its lines and its shadows are drawn."""
        if (height_m, grid, shadows) != (self._height_m, self._grid, self._shadows):
            self._height_m, self._grid, self._shadows = height_m, grid, shadows
            self._redraw()

    def set_colours(self, colours: Colours) -> None:
        self._colours = colours
        self._redraw()

    def shade(self, points_m: Sequence[Float[ndarray, "points 3"]]) -> None:
        """Shadows under these points; the floor's lit part follows them by whole metres, so its lines stay put."""
        self._points = [points[np.isfinite(points).all(-1)] for points in points_m]
        solid = [points for points in self._points if len(points)]
        if solid:
            self._middle = np.round(np.concatenate(solid)[:, [0, 2]].mean(0))
        self._redraw()

    def _redraw(self) -> None:
        self._floor.show(self._height_m is not None)
        self._lines.show(self._height_m is not None and self._grid)
        if self._height_m is None:
            return
        light = 1 - self._colours.shadow * self._shadow()
        background, ground, line = (
            np.array(rgb(colour), np.float32)
            for colour in (self._colours.background, self._colours.ground, self._colours.line)
        )
        self._floor.wrap(_colours(background + self._fades * (ground * light[..., None] - background)))
        self._floor.move(self._at(self._corner_xz, 0.0))
        # A line takes the shadow of the floor it lies on.
        column, row = np.clip(np.round((self._line_xz + REACH_M) * _CELLS_A_METRE).astype(int), 0, len(light) - 1).T
        shaded = light[row, column, None]
        fade = _fade(self._line_xz)[:, None]
        under = background + fade * (ground * shaded - background)
        over = line * (0.4 + 0.6 * shaded)
        self._lines.paint(_colours(under + self._strength[:, None] * fade * (over - under)))
        self._lines.move(self._at(self._line_xz, _OVER_M))

    def _at(self, xz: Float[ndarray, "points 2"], over_m: float) -> Float[ndarray, "points 3"]:
        height = (self._height_m or 0.0) + over_m
        return np.stack([xz[:, 0] + self._middle[0], np.full(len(xz), height), xz[:, 1] + self._middle[1]], -1)

    def _shadow(self) -> Float[ndarray, "rows columns"]:
        """0 lit … 1 dark: what stands on the floor darkens it most and sharply, what is over it less and softly."""
        count = len(self._xz)
        total = np.zeros((count, count), np.float32)
        for points in self._points if self._shadows else ():
            height = points[:, 1] - (self._height_m or 0.0)
            column, row = np.round((points[:, [0, 2]] - self._middle + REACH_M) * _CELLS_A_METRE).astype(int).T
            inside = (column >= 0) & (column < count) & (row >= 0) & (row < count)
            for low, high, blur, weight in _SHADOWS:
                part = inside & (height >= low) & (height < high)
                covered = np.zeros((count, count), np.float32)
                covered[row[part], column[part]] = weight
                soft = cv2.GaussianBlur(cv2.dilate(covered, _SPREAD), (0, 0), blur * _CELLS_A_METRE)
                total = total + soft - total * soft
        return np.clip(total, 0, 1)


def _grid_lines(offset_m: float) -> Float[ndarray, "ends 2"]:
    """Ends of short pieces of the lines at whole metres plus `offset_m`, both ways."""
    steps = np.arange(-REACH_M, REACH_M - 1e-9, _LINE_STEP_M)
    at = np.arange(-np.floor(REACH_M) + offset_m, REACH_M + 1e-9, 1.0)
    start, where = (axis.reshape(-1) for axis in np.meshgrid(steps, at))
    along_x = np.stack([np.stack([start, where], -1), np.stack([start + _LINE_STEP_M, where], -1)], 1)
    return np.concatenate([along_x, along_x[..., ::-1]]).reshape(-1, 2)


def _fade(xz: Float[ndarray, "points 2"]) -> Float[ndarray, " points"]:
    """1 in the middle, 0 at REACH_M, smoothly."""
    share = np.clip((np.linalg.norm(xz, axis=-1) - FADE_FROM_M) / (REACH_M - FADE_FROM_M), 0, 1)
    return (1 - share) ** 2 * (1 + 2 * share)


def _colours(values: Float[ndarray, "points 3"]) -> UInt8[ndarray, "points 3"]:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)

"""The floor of a scene: lines every metre, fainter ones every half, and soft shadows that tell what touches it.

Lines and fading are drawn by a shader, pixel by pixel, so nothing is made anew when a body moves but its shadow: a
small picture of how dark the floor is there, on a part of the floor of its own. World metres, y up.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.opencv import cv2
from core.rendering.contents import Colours
from core.rendering.offscreen import Finish, Mesh, Pane, rgb
from core.rendering.shaders import FLOOR, FLOOR_SHADED

REACH_M = 5.0
"""Where it has faded away, from its middle."""
FADE_FROM_M = 1.2
_CELLS_A_METRE = 32
_LARGEST_CELLS = 448
"""Of the shadows' picture; bodies further apart than that share coarser cells."""
_SHADOWS = ((-0.2, 0.12, 0.035, 1.0), (0.12, 0.6, 0.16, 0.55), (0.6, 2.5, 0.30, 0.35))
"""(from height, to height, blur, strength), metres: the layers of a body that darken the floor."""
_MARGIN_M = 0.9
"""So far round a body its shadow reaches: three times the widest blur."""
_ROUND_CELLS = 8
_SPREAD = np.ones((3, 3), np.uint8)

Way = Literal["floor", "marks", "cover"]
_WAYS: dict[Way, int] = {"floor": 0, "marks": 1, "cover": 2}


class Ground:
    """Owns its two meshes in a pane: the shaded part, and a frame round it out to where the floor has faded."""

    def __init__(self, pane: Pane, colours: Colours) -> None:
        self._height_m: float | None = 0.0
        self._points: list[Float[ndarray, "points 3"]] = []
        self._middle = np.zeros(2)
        self._shown = True
        corners = np.zeros((4, 3))
        self._shaded = pane.add(
            Mesh(
                corners,
                np.arange(4)[None],
                uv=np.array([[0, 1], [0, 0], [1, 0], [1, 1.0]]),
                texture=np.zeros((2, 2, 3), np.uint8),
                finish=Finish(program=FLOOR_SHADED),
            )
        )
        # Corners 0 … 3 are the frame's outer ones, 4 … 7 those of the shaded part.
        sides = np.array([[side, side + 4, (side + 1) % 4 + 4, (side + 1) % 4] for side in range(4)])
        self._frame = pane.add(Mesh(np.zeros((8, 3)), sides, finish=Finish(program=FLOOR)))
        self._grid = self._shadows = True
        self._colours = colours
        self.draw_as("floor")
        self.set_colours(colours)

    def set(self, height_m: float | None, *, grid: bool = True, shadows: bool = True) -> None:
        """Where it is, and whether its lines and its shadows are drawn."""
        if (height_m, grid, shadows) != (self._height_m, self._grid, self._shadows):
            self._height_m, self._grid, self._shadows = height_m, grid, shadows
            self._redraw()

    def set_colours(self, colours: Colours) -> None:
        self._colours = colours
        for mesh in (self._shaded, self._frame):
            for name, colour in (("back", colours.background), ("ground", colours.ground), ("line", colours.line)):
                mesh.tell(name, *(part / 255 for part in rgb(colour)))
        self._redraw()

    def draw_as(self, way: Way) -> None:
        """A floor, or only its lines and shadows (over nothing), or nothing that still hides what is under it."""
        for mesh in (self._shaded, self._frame):
            mesh.tell("way", _WAYS[way])

    def show(self, shown: bool = True) -> None:
        self._shown = shown
        for mesh in (self._shaded, self._frame):
            mesh.show(shown and self._height_m is not None)

    def shade(self, points_m: Sequence[Float[ndarray, "points 3"]]) -> None:
        """Shadows under these points; the floor's lit part follows them, its lines stay where they are."""
        self._points = [points[np.isfinite(points).all(-1)] for points in points_m]
        self._points = [points for points in self._points if len(points)]
        if self._points:
            self._middle = np.mean([(points.min(0) + points.max(0))[[0, 2]] / 2 for points in self._points], axis=0)
        self._redraw()

    def extent_m(self) -> Float[ndarray, "corners 3"]:
        """The corners of where its shadows fall."""
        low, high, _ = self._part()
        return self._at(np.array([low, [low[0], high[1]], high, [high[0], low[1]]]))

    def _redraw(self) -> None:
        self.show(self._shown)
        if self._height_m is None:
            return
        low, high, cells = self._part()
        inner = np.array([low, [low[0], high[1]], high, [high[0], low[1]]])
        outer = self._middle + REACH_M * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1.0]])
        outer = np.where(outer < self._middle, np.minimum(outer, low), np.maximum(outer, high))
        self._shaded.move(self._at(inner))
        self._frame.move(self._at(np.concatenate([outer, inner])))
        self._shaded.wrap(cv2.merge([self._shadow(low, cells, high)] * 3))
        for mesh in (self._shaded, self._frame):
            mesh.tell("middle", *self._middle)
            mesh.tell("reach", FADE_FROM_M, REACH_M, self._colours.shadow, float(self._grid))

    def _part(self) -> tuple[Float[ndarray, " 2"], Float[ndarray, " 2"], tuple[int, int]]:
        """The shaded part: its corners (x, z), and into how many cells it is cut (columns, rows)."""
        step = _ROUND_CELLS / _CELLS_A_METRE
        if self._points and self._shadows:
            low = np.min([points.min(0)[[0, 2]] for points in self._points], axis=0) - _MARGIN_M
            high = np.max([points.max(0)[[0, 2]] for points in self._points], axis=0) + _MARGIN_M
            low, high = np.floor(low / step) * step, np.ceil(high / step) * step
        else:
            low, high = self._middle - step, self._middle + step
        low = np.clip(low, self._middle - 2 * REACH_M, self._middle + 2 * REACH_M - step)
        high = np.clip(high, low + step, low + 4 * REACH_M)
        columns, rows = np.minimum(np.round((high - low) * _CELLS_A_METRE), _LARGEST_CELLS).astype(int)
        return low, high, (int(columns), int(rows))

    def _at(self, xz: Float[ndarray, "points 2"]) -> Float[ndarray, "points 3"]:
        return np.stack([xz[:, 0], np.full(len(xz), self._height_m or 0.0), xz[:, 1]], -1)

    def _shadow(self, low: ndarray, cells: tuple[int, int], high: ndarray) -> ndarray:
        """0 lit … 255 dark, rows along z.

        What stands on the floor darkens it most and sharply, what is over it less and softly.
        """
        columns, rows = cells
        total = np.zeros((rows, columns), np.float32)
        per_metre = np.array(cells) / (high - low)
        for points in self._points if self._shadows else ():
            over = points[:, 1] - (self._height_m or 0.0)
            column, row = ((points[:, [0, 2]] - low) * per_metre).astype(int).T
            inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
            for from_, to, blur, weight in _SHADOWS:
                part = inside & (over >= from_) & (over < to)
                if not part.any():
                    continue
                covered = np.zeros((rows, columns), np.float32)
                covered[row[part], column[part]] = weight
                soft = cv2.GaussianBlur(cv2.dilate(covered, _SPREAD), (0, 0), blur * float(per_metre.mean()))
                total += soft - total * soft
        return np.clip(255 * total + 0.5, 0, 255).astype(np.uint8)

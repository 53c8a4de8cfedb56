"""Bodies, skeletons and the ground as a picture: VTK off screen, no Qt, no torch.

    with Scene(640, 480, DARK) as scene:
        scene.show(Contents(bodies=(SceneBody(vertices_m, faces, "#dadce1"),)))
        scene.view = scene.view.preset("side")
        rgba = scene.picture()          # (480, 640, 4) uint8

World: metres, right-handed, y up. Smooth edges take four times as many pixels: `picture(smooth=False)` is for what
moves. One scene is used by one thread. Labels are not in the picture: `labels` says where they stand.
"""

from collections.abc import Callable

from core.rendering.contents import DARK, LIGHT, Colours, Contents, SceneBody, SceneSkeleton, SceneTrail, points_of
from core.rendering.drawing import Framed, Rgba, draw_whole, straight
from core.rendering.labels import PlacedLabel, placed_labels
from core.rendering.offscreen import Window
from core.rendering.stage import Stage
from core.rendering.views import Box, Orbit

__all__ = ["DARK", "LIGHT", "Colours", "Contents", "Scene", "SceneBody", "SceneSkeleton", "SceneTrail"]


class Scene(Stage):
    """A picture of what stands in it, from `view`. Close it when done."""

    def __init__(self, width: int, height: int, colours: Colours = DARK) -> None:
        self._size = (max(width, 1), max(height, 1))
        self._window = Window(*self._size, colours.background)
        super().__init__(self._window.pane, colours)

    def resize(self, width: int, height: int) -> None:
        self._size = (max(width, 1), max(height, 1))

    def frame_all(self) -> None:
        """Moves an orbiting view so that everything is in the picture."""
        if isinstance(self.view, Orbit):
            self.view = self.view.framing(points_of(self._bodies, self._skeletons), self._size[0] / self._size[1])

    def picture(self, *, smooth: bool = True, transparent: bool = False, box: Box | None = None) -> Rgba:
        """What the view shows now, or the part of it in `box`.

        A transparent one has nothing behind what stands there; of the floor it keeps the shadows, and the lines where
        `set_ground` asks for them.
        """
        drawn = self.weighted_picture(smooth=smooth, transparent=transparent, box=box)
        return straight(drawn) if transparent else drawn

    def weighted_picture(self, *, smooth: bool = True, transparent: bool = False, box: Box | None = None) -> Rgba:
        """The same with colours multiplied by their alpha, for those who go on to mix pixels."""
        framed = Framed(self, *self._size, box)
        return draw_whole(self._window, framed, smooth=smooth, transparent=transparent)

    def labels(self, width_of: Callable[[str], float] | None = None, scale: float = 1.0) -> list[PlacedLabel]:
        """The words above heads and where they stand in the picture, pixels."""
        return placed_labels(self.contents, self.view, *self._size, width_of=width_of, scale=scale)

    def close(self) -> None:
        """Gives everything back. May be called twice."""
        self.empty()
        self._window.close()

    def __enter__(self) -> "Scene":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

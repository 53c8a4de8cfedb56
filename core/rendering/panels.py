"""Several scenes side by side in one picture: panes of one off-screen window, drawn together and read back once.

    with Panels(960, 720, count=4, columns=2) as panels:
        for stage, contents in zip(panels.stages, runs):
            stage.show(contents)
        panels.look(view)                       # all from the same place: linked views
        rgba = panels.picture()
        panels.boxes()[2]                       # where the third one lies, for its caption

Each stage keeps its own contents and may be given a view of its own. Captions and labels are the caller's to write.
One `Panels` is used by one thread. World metres, y up.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from core.rendering.contents import DARK, Colours, points_of
from core.rendering.drawing import Framed, Rgba, draw_all
from core.rendering.labels import PlacedLabel, placed_labels
from core.rendering.offscreen import Window, rgb
from core.rendering.stage import Stage
from core.rendering.views import Box, Orbit, View

GAP_PX = 2


class Panels:
    """Scenes in rows of `columns`. Close it when done."""

    def __init__(self, width: int, height: int, *, count: int, columns: int, colours: Colours = DARK) -> None:
        self._size = (max(width, 1), max(height, 1))
        self._colours = colours
        self._window = Window(*self._size, colours.background)
        self.stages = [Stage(self._window.pane, colours)]
        self.arrange(count, columns)

    def arrange(self, count: int, columns: int) -> None:
        """So many panels; those that stay keep what stands in them."""
        if count < 1 or columns < 1:
            raise ValueError(f"there is no picture of {count} panels in {columns} columns")
        self._columns = min(columns, count)
        while len(self.stages) > count:
            stage = self.stages.pop()
            stage.empty()
            self._window.remove_pane(stage.pane)
        while len(self.stages) < count:
            self.stages.append(Stage(self._window.add_pane(self._colours.background), self._colours))

    def resize(self, width: int, height: int) -> None:
        self._size = (max(width, 1), max(height, 1))

    def set_colours(self, colours: Colours) -> None:
        """Another theme."""
        self._colours = colours
        for stage in self.stages:
            stage.set_colours(colours)

    def look(self, view: View) -> None:
        """The same view for all."""
        for stage in self.stages:
            stage.view = view

    def frame_all(self) -> None:
        """Linked orbits that have everything of every panel in the picture."""
        view = self.stages[0].view
        if not isinstance(view, Orbit):
            return
        contents = [stage.contents for stage in self.stages]
        clouds = [points_of(each.bodies, each.skeletons) for each in contents if each.bodies or each.skeletons]
        box = self.boxes()[0]
        points = np.concatenate(clouds) if clouds else points_of((), ())
        self.look(view.framing(points, box.width / box.height))

    def boxes(self) -> list[Box]:
        """Where each panel lies in the picture, pixels, row by row; gaps of `GAP_PX` between them."""
        rows = -(-len(self.stages) // self._columns)
        across = _split(self._size[0], self._columns)
        down = _split(self._size[1], rows)
        return [
            Box(across[at % self._columns][0], down[at // self._columns][0], across[at % self._columns][1],
                down[at // self._columns][1])
            for at in range(len(self.stages))
        ]  # fmt: skip

    def labels(self, width_of: Callable[[str], float] | None = None, scale: float = 1.0) -> list[list[PlacedLabel]]:
        """The words above heads in each panel, in pixels of the whole picture."""
        placed: list[list[PlacedLabel]] = []
        for stage, box in zip(self.stages, self.boxes(), strict=True):
            labels = placed_labels(stage.contents, stage.view, box.width, box.height, width_of=width_of, scale=scale)
            placed.append([replace(each, x=each.x + box.left, y=each.y + box.top) for each in labels])
        return placed

    def picture(self, *, smooth: bool = True) -> Rgba:
        """All panels as they are now."""
        width, height = self._size
        boxes = self.boxes()
        for stage, box in zip(self.stages, boxes, strict=True):
            stage.pane.set_part(box.left / width, box.top / height, box.width / width, box.height / height)
        framed = [Framed(stage, box.width, box.height) for stage, box in zip(self.stages, boxes, strict=True)]
        picture = draw_all(self._window, width, height, framed, smooth=smooth)
        self._fill_between(picture, boxes)
        return picture

    def _fill_between(self, picture: Rgba, boxes: Sequence[Box]) -> None:
        """VTK leaves what no pane covers as it was: gaps take the colour of lines, a place without a panel none."""
        line, nothing = ((*rgb(colour), 255) for colour in (self._colours.line, self._colours.background))
        last = boxes[-1]
        picture[last.top :, last.left + last.width :] = nothing
        for left in {box.left for box in boxes if box.left}:
            picture[:, left - GAP_PX : left] = line
        for top in {box.top for box in boxes if box.top}:
            picture[top - GAP_PX : top, :] = line

    def close(self) -> None:
        """Gives everything back. May be called twice."""
        for stage in self.stages:
            stage.empty()
        self._window.close()

    def __enter__(self) -> "Panels":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _split(pixels: int, parts: int) -> list[tuple[int, int]]:
    """Where each part begins and how long it is, gaps left out, as even as whole pixels can be."""
    edges = np.round(np.linspace(0, pixels + GAP_PX, parts + 1)).astype(int)
    return [(int(start), max(int(end - start) - GAP_PX, 1)) for start, end in pairwise(edges)]

"""Draws a 3D scene off the window's thread: the newest wish wins, rough at once and smooth when nothing newer comes.

Everything VTK does happens on this thread, its loading too, and bodies are posed here; the window's thread only hands
over values and gets images. `Pace` keeps moving pictures over 30 a second by leaving things out, in a fixed order.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from core.errors import CoreError
from core.rendering.contents import Colours, Contents
from core.rendering.probe import gl_problem
from core.rendering.views import View
from studio.widgets.departed import heard
from studio.widgets.posed import Poser, Standing

if TYPE_CHECKING:
    from core.rendering.panels import Panels

REST_S = 0.12
"""So long after the last change the smooth picture is drawn."""
LONG_REST_S = 0.8
"""The same where there was no time for it while things moved."""
FLOOR_HZ = 30.0
_SLOW_IN_A_ROW = 3


@dataclass(frozen=True)
class Column:
    """One view of the picture: what stands in it, and from where it is seen."""

    standing: Standing
    view: View


@dataclass(frozen=True)
class Wish:
    """One picture: its size in device pixels and all that is in it, column by column."""

    width: int
    height: int
    columns: tuple[Column, ...]
    colours: Colours
    ghosts: bool = True
    trails: bool = False
    grid: bool = True


@dataclass(frozen=True)
class Drawn:
    """A picture, the wish it answers, what stands in each column, and what was left out for speed."""

    image: QImage
    wish: Wish
    contents: tuple[Contents, ...]
    smooth: bool
    simplified: bool


class Pace:
    """How much there is time for while things move: ghosts go first, then shadows, then quick smoothing at rest."""

    def __init__(self, floor_hz: float = FLOOR_HZ) -> None:
        self._longest_s = 1 / floor_hz
        self._slow = 0
        self.level = 0

    @property
    def ghosts(self) -> bool:
        return self.level < 1

    @property
    def shadows(self) -> bool:
        return self.level < 2

    @property
    def smooths(self) -> bool:
        return self.level < 3

    def took(self, seconds: float) -> None:
        """A moving picture took so long. Three slow ones in a row leave the next thing out; one may be chance."""
        self._slow = self._slow + 1 if seconds > self._longest_s else 0
        if self._slow >= _SLOW_IN_A_ROW and self.level < 3:
            self.level += 1
            self._slow = 0

    def rested(self) -> None:
        """Nothing moves: what was left out last is tried again with the next movement."""
        self._slow = 0
        self.level = max(0, self.level - 1)


class SceneThread(QObject):
    """Owns the scene and its thread. Connect its signals, `start`, `ask` as often as you like; `shut` when done."""

    drawn = Signal(object)
    """`Drawn`."""
    failed = Signal(str)
    """Why there is no 3D here, in words."""

    def __init__(self) -> None:
        super().__init__()
        self._news = threading.Condition()
        self._wish: Wish | None = None
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="space view", daemon=True)

    def start(self) -> None:
        """Begins to draw. What the thread says before its signals are connected would be lost, so connect first."""
        self._thread.start()

    def ask(self, wish: Wish) -> None:
        """Draw this next, instead of what was asked for and not begun."""
        with self._news:
            self._wish = wish
            self._news.notify()

    def shut(self) -> None:
        """Ends the thread and gives VTK's memory back. May be called twice."""
        with self._news:
            self._stop = True
            self._news.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        problem = gl_problem()
        if problem is not None:
            self._say(self.failed, problem)
            return
        painter, pace, moves = _Painter(), Pace(), False
        try:
            while (wish := self._next()) is not None:
                began = time.perf_counter()
                self._say(self.drawn, painter.paint(wish, pace, smooth=False))
                if moves:
                    pace.took(time.perf_counter() - began)
                moves = not self._nothing_newer()
                if not moves:
                    smooths = pace.smooths
                    pace.rested()
                    self._say(self.drawn, painter.paint(wish, Pace(), smooth=smooths, is_last=smooths))
                    if not smooths and self._nothing_newer(LONG_REST_S):
                        self._say(self.drawn, painter.paint(wish, Pace(), smooth=True, is_last=True))
        except CoreError as error:
            self._say(self.failed, f"{error}. {error.hint}")
        finally:
            painter.close()

    def _say(self, signal, value: object) -> None:  # noqa: ANN001 (a bound signal)
        if not heard(signal.emit, value):
            self._stop = True

    def _next(self) -> Wish | None:
        with self._news:
            self._news.wait_for(lambda: self._stop or self._wish is not None)
            wish, self._wish = self._wish, None
            return None if self._stop else wish

    def _nothing_newer(self, for_s: float = REST_S) -> bool:
        with self._news:
            return not self._news.wait_for(lambda: self._stop or self._wish is not None, timeout=for_s)


class _Painter:
    """The panes, one a column, and who poses for them."""

    def __init__(self) -> None:
        self._panels: Panels | None = None
        self._poser = Poser()
        self._colours: Colours | None = None

    def paint(self, wish: Wish, pace: Pace, *, smooth: bool, is_last: bool = False) -> Drawn:
        contents = tuple(
            self._poser.contents(
                each.standing,
                ghosts=wish.ghosts and pace.ghosts,
                trails=wish.trails,
                grid=wish.grid,
                shadows=pace.shadows,
            )
            for each in wish.columns
        )
        panels = self._panels_for(wish)
        for stage, column, inside in zip(panels.stages, wish.columns, contents, strict=True):
            stage.show(inside)
            stage.view = column.view
        picture = np.ascontiguousarray(panels.picture(smooth=smooth))
        image = QImage(picture.data, wish.width, wish.height, 4 * wish.width, QImage.Format.Format_RGBX8888).copy()
        return Drawn(image, wish, contents, is_last, simplified=pace.level > 0)

    def _panels_for(self, wish: Wish) -> Panels:
        """One off-screen window for all columns, of this size and in these colours."""
        from core.rendering.panels import Panels

        count = len(wish.columns)
        if self._panels is None:
            self._panels = Panels(wish.width, wish.height, count=count, columns=count, colours=wish.colours)
        elif self._colours != wish.colours:
            self._panels.set_colours(wish.colours)
        self._colours = wish.colours
        self._panels.arrange(count, count)
        self._panels.resize(wish.width, wish.height)
        return self._panels

    def close(self) -> None:
        if self._panels is not None:
            self._panels.close()
            self._panels = None

"""Draws a 3D scene off the window's thread: the newest wish wins, rough at once and smooth when nothing newer comes.

Everything VTK does happens on this thread, its loading too; the window's thread only hands over values and gets images.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from core.errors import CoreError
from core.rendering.contents import Colours, SceneBody, SceneSkeleton
from core.rendering.probe import gl_problem
from core.rendering.views import View

if TYPE_CHECKING:
    from core.rendering.scene import Scene

REST_S = 0.12
"""So long after the last change the smooth picture is drawn."""


@dataclass(frozen=True)
class Wish:
    """One picture: its size in device pixels and all that is in it. A tuple that is the same object is not set anew."""

    width: int
    height: int
    view: View
    bodies: tuple[SceneBody, ...]
    skeletons: tuple[SceneSkeleton, ...]
    ground_m: float | None
    colours: Colours


class SceneThread(QObject):
    """Owns the scene and its thread. Connect its signals, `start`, `ask` as often as you like; `shut` when done."""

    drawn = Signal(QImage, object, bool)
    """The picture, the wish it answers, whether it is the smooth one."""
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
            self.failed.emit(problem)
            return
        painter = _Painter()
        try:
            while (wish := self._next()) is not None:
                self.drawn.emit(painter.paint(wish, smooth=False), wish, False)
                if self._nothing_newer():
                    self.drawn.emit(painter.paint(wish, smooth=True), wish, True)
        except CoreError as error:
            self.failed.emit(f"{error}. {error.hint}")
        finally:
            painter.close()

    def _next(self) -> Wish | None:
        with self._news:
            self._news.wait_for(lambda: self._stop or self._wish is not None)
            wish, self._wish = self._wish, None
            return None if self._stop else wish

    def _nothing_newer(self) -> bool:
        with self._news:
            return not self._news.wait_for(lambda: self._stop or self._wish is not None, timeout=REST_S)


class _Painter:
    """The scene, and what it was last told."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._told: Wish | None = None

    def paint(self, wish: Wish, *, smooth: bool) -> QImage:
        if self._scene is None:
            from core.rendering.scene import Scene

            self._scene = Scene(wish.width, wish.height, wish.colours)
        scene, told = self._scene, self._told
        if told is None or told.colours != wish.colours:
            scene.set_colours(wish.colours)
        if told is None or told.ground_m != wish.ground_m:
            scene.set_ground(wish.ground_m)
        if told is None or told.bodies is not wish.bodies:
            scene.set_bodies(wish.bodies)
        if told is None or told.skeletons is not wish.skeletons:
            scene.set_skeletons(wish.skeletons)
        self._told = wish
        scene.resize(wish.width, wish.height)
        scene.view = wish.view
        pixels = scene.picture(smooth=smooth)
        height, width, _ = pixels.shape
        return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBX8888).copy()

    def close(self) -> None:
        if self._scene is not None:
            self._scene.close()
            self._scene = None

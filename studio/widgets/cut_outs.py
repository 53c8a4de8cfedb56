"""Shaded bodies as a clip's camera sees them, cut out for laying over its frames: drawn beside the window and kept.

A page says which it wants, the most important first; they come one after the other, those still wanted first. A
cut-out covers just the body and knows where it lies in the original picture, so that it can be painted at any zoom:
while another size is on its way, the old one stands in its place.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QImage, QPainter

from core.errors import CoreError
from core.fits import FitView, camera_of_view
from core.geometry.cameras import Camera, resized
from core.rendering.probe import gl_problem
from studio.widgets.departed import Departed, heard
from studio.widgets.posed import PosedBody, Poser

if TYPE_CHECKING:
    from core.rendering import overlay_body

_KEPT = 160
LONGEST_PX = 3200
"""A frame is drawn no larger: beyond, what was cut out is enlarged."""


@dataclass(frozen=True)
class CutWish:
    """A body, the camera it is seen through, and the device pixels for one of the picture."""

    posed: PosedBody
    view: FitView
    scale: float = 1.0

    def at_scale(self, scale: float) -> CutWish:
        """For a picture shown at this scale, in steps, so that a little zoom needs no new drawing."""
        return replace(self, scale=float(2 ** (np.ceil(np.log2(max(scale, 1e-3)) * 2) / 2)))


@dataclass(frozen=True)
class CutOut:
    """A body with nothing round it. `area` is where it lies, in pixels of the original from its top left edge."""

    image: QImage
    area: QRectF

    def paint(self, painter: QPainter, left: float, top: float, scale: float, opacity: float) -> None:
        """Over a picture whose top left corner lies there, enlarged by `scale`."""
        place = QRectF(
            left + self.area.x() * scale,
            top + self.area.y() * scale,
            self.area.width() * scale,
            self.area.height() * scale,
        )
        before = painter.opacity()
        painter.setOpacity(before * opacity)
        painter.drawImage(place, self.image)
        painter.setOpacity(before)


class CutOuts(QObject):
    """`of` gives a cut-out, or None while it is on its way; `came` says that there is a new one."""

    came = Signal()
    failed = Signal(str)
    """There is no 3D on this machine: why."""

    _told = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[CutWish, CutOut | None] = OrderedDict()
        self._newest: dict[tuple[PosedBody, FitView], CutWish] = {}
        self._drawer: _Drawer | None = None
        self._departed = Departed()
        self._wanted: tuple[CutWish, ...] = ()
        self.problem = ""
        self._told.connect(self._take)

    def want(self, wishes: Iterable[CutWish]) -> None:
        """These, instead of the ones wanted before."""
        self._wanted = tuple(dict.fromkeys(wishes))
        missing = [each for each in self._wanted if each not in self._kept]
        if self._drawer is None:
            if not missing or self.problem:
                return
            self._drawer = _Drawer(self._told.emit)
            self._drawer.start()
        self._drawer.want(missing)

    def of(self, wish: CutWish) -> CutOut | None:
        """The cut-out, or the same body at another size until it is there."""
        found = self._kept.get(wish)
        if found is None:
            other = self._newest.get((wish.posed, wish.view))
            return self._kept.get(other) if other is not None else None
        self._kept.move_to_end(wish)
        return found

    @property
    def is_settled(self) -> bool:
        """Whether all that is wanted has arrived here, or never will."""
        return self._drawer is None or bool(self.problem) or all(each in self._kept for each in self._wanted)

    def close(self, *, wait: bool = False) -> None:
        """End the thread; with `wait`, return when it has ended."""
        drawer, self._drawer = self._drawer, None
        self._departed.let_go(drawer, wait=wait)

    def _take(self, drawer: object, wish: CutWish | None, answer: object) -> None:
        if drawer is not self._drawer:
            return
        if wish is None:
            self.problem = str(answer)
            self.failed.emit(self.problem)
            return
        self._kept[wish] = answer if isinstance(answer, CutOut) else None
        if isinstance(answer, CutOut):
            self._newest[wish.posed, wish.view] = wish
        while len(self._kept) > _KEPT:
            gone, _ = self._kept.popitem(last=False)
            if self._newest.get((gone.posed, gone.view)) == gone:
                del self._newest[gone.posed, gone.view]
        self.came.emit()


class _Drawer(threading.Thread):
    """Owns what draws."""

    def __init__(self, tell: Callable[[object, object, object], None]) -> None:
        super().__init__(name="bodies over the frame", daemon=True)
        self._tell = tell
        self._news = threading.Condition()
        self._wanted: list[CutWish] = []
        self._stopped = False

    def want(self, wishes: list[CutWish]) -> None:
        with self._news:
            self._wanted = wishes
            self._news.notify()

    def stop(self) -> None:
        with self._news:
            self._stopped = True
            self._news.notify()

    def run(self) -> None:
        problem = gl_problem()
        if problem is not None:
            self._say(None, problem)
            return
        from core.rendering import overlay_body

        poser = Poser()
        try:
            with overlay_body.CutOuts() as drawing:
                while (wish := self._next()) is not None:
                    try:
                        mesh = poser.mesh(replace(wish.posed, label="", opacity=1.0))
                    except CoreError:
                        self._say(wish, None)  # that body was taken out in the settings
                        continue
                    camera = _camera_at(wish.view, wish.scale)
                    cut = drawing.cut_out((mesh,), (), camera)
                    self._say(wish, _as_image(cut, camera.width / wish.view.width))
        except CoreError as error:
            self._say(None, f"{error}. {error.hint}")

    def _next(self) -> CutWish | None:
        with self._news:
            while not self._wanted and not self._stopped:
                self._news.wait()
            return None if self._stopped else self._wanted.pop(0)

    def _say(self, wish: CutWish | None, answer: object) -> None:
        if not self._stopped and not heard(self._tell, self, wish, answer):
            self._stopped = True


def _as_image(cut: overlay_body.CutOut, scale: float) -> CutOut | None:
    """As the window paints it; None where nothing of the body is in the picture."""
    rows, columns = cut.pixels.shape[:2]
    if not rows or not columns:
        return None
    pixels = np.ascontiguousarray(cut.pixels)
    image = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
    area = QRectF(cut.left / scale, cut.top / scale, columns / scale, rows / scale)
    return CutOut(image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied), area)


@lru_cache(maxsize=32)
def _camera_at(view: FitView, scale: float) -> Camera:
    """The camera of the frame shown at this scale; the same object, so that its lens is measured once."""
    scale = min(scale, LONGEST_PX / max(view.width, view.height))
    return resized(camera_of_view(view), max(1, round(view.width * scale)), max(1, round(view.height * scale)))

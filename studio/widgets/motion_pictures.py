"""Small pictures of motions, for cards and for the tray: each in the moment in which its pose is most of its own.

They are drawn one after the other on a thread of their own, those still wanted first, and kept. VTK stays on that
thread; the window's only turns images into pixmaps.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage, QPixmap

from core.bodies.skeletons import SKELETONS
from core.errors import CoreError
from core.fits import FittedPose
from core.generations import PackedMotion
from core.geometry.rotations import matrices, yaw_of
from core.rendering.contents import Colours
from core.rendering.probe import gl_problem
from core.rendering.views import Orbit
from studio import theme
from studio.widgets.departed import Departed, heard
from studio.widgets.posed import PosedBody, Poser
from studio.widgets.scene_view import colours

if TYPE_CHECKING:
    from core.rendering.scene import Scene

SIDE_PX = 112
"""Of a picture, in device pixels: sharp at twice the size it is shown at."""
_KEPT = 200
_SEEN_FROM_M = 4.2
"""A tall person with raised arms fits into the picture."""


@dataclass(frozen=True)
class _Wish:
    key: str
    motion: PackedMotion
    body: str
    betas: tuple[float, ...]
    colour: str
    colours: Colours
    frame: int | None = None


class MotionPictures(QObject):
    """`of` gives a motion's picture, or None while it is on its way; `came` says that there is a new one."""

    came = Signal(str)
    _told = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures: OrderedDict[_Wish, QPixmap] = OrderedDict()
        self._drawer: _Drawer | None = None
        self._owed: dict[str, _Wish] = {}
        self._is_closed = False
        self.problem = ""
        self._departed = Departed()
        self._told.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def is_settled(self) -> bool:
        """Whether every picture that is wanted came, or never will."""
        return not self._owed or bool(self.problem) or self._is_closed

    def of(
        self,
        key: str,
        motion: PackedMotion,
        body: str,
        betas: tuple[float, ...] = (),
        colour: str = "",
        *,
        frame: int | None = None,
    ) -> QPixmap | None:
        """The picture of this motion in the theme in use; it is asked for where it is not there yet.

        `key` names the place it is for: a newer wish of the same key takes the place of an older one not yet drawn.
        With a `frame`, that one, on its ground, and from where every other frame of every motion is seen.
        """
        wish = _Wish(key, motion, body, betas, colour or plain(), colours(), frame)
        found = self._pictures.get(wish)
        if found is None and not self._is_closed and not self.problem:
            if self._drawer is None:
                self._drawer = _Drawer(self._told.emit)
                self._drawer.start()
            self._owed[key] = wish
            self._drawer.want(wish)
        elif found is not None:
            self._pictures.move_to_end(wish)
        return found

    def close(self) -> None:
        """End what works in the background."""
        self._is_closed = True
        drawer, self._drawer = self._drawer, None
        self._departed.let_go(drawer, wait=True)

    def _take(self, wish: _Wish | None, said: object) -> None:
        if isinstance(said, str):
            self.problem = said
        elif wish is not None and isinstance(said, QImage):
            if self._owed.get(wish.key) == wish:
                del self._owed[wish.key]
            self._pictures[wish] = QPixmap.fromImage(said)
            while len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
            self.came.emit(wish.key)


def plain() -> str:
    """A body nobody's colour is on; darker on a light ground, but never so dark that its form is lost."""
    look = theme.now()
    return look.truth if look.name == "dark" else theme.mix(look.truth, look.canvas, 0.45)


def telling_frame(motion: PackedMotion) -> int:
    """The frame whose pose differs most from the motion's mean pose, wherever the body stands and faces."""
    joints = len(SKELETONS[motion.skeleton])
    vectors = np.frombuffer(motion.rotation_vectors, "<f4").reshape(motion.frames, joints, 3)
    limbs = vectors[:, 1:22]
    return int(np.abs(limbs - limbs.mean(0)).sum((1, 2)).argmax()) if motion.frames else 0


def pose_at(motion: PackedMotion, frame: int, betas: tuple[float, ...] = ()) -> FittedPose:
    """The body of a frame."""
    joints = len(SKELETONS[motion.skeleton])
    size = joints * 12
    vectors = np.frombuffer(motion.rotation_vectors[frame * size : (frame + 1) * size], "<f4").reshape(joints, 3)
    x, y, z = np.frombuffer(motion.translation_m[frame * 12 : (frame + 1) * 12], "<f4").tolist()
    turns = tuple((a, b, c) for a, b, c in vectors.tolist())
    return FittedPose(betas=betas, rotations=turns, translation_m=(x, y, z), error=0.0)


class _Drawer(threading.Thread):
    """Owns a scene and poses bodies into it."""

    def __init__(self, tell) -> None:  # noqa: ANN001 (a signal's emit)
        super().__init__(name="pictures of motions", daemon=True)
        self._tell = tell
        self._changed = threading.Condition()
        self._wanted: OrderedDict[str, _Wish] = OrderedDict()
        self._now: _Wish | None = None
        self._stopped = False

    def want(self, wish: _Wish) -> None:
        with self._changed:
            if wish != self._now:
                self._wanted[wish.key] = wish
                self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def run(self) -> None:
        problem = gl_problem()
        if problem is not None:
            self._say(None, problem)
            return
        poser, scene = Poser(), None
        try:
            while (wish := self._next()) is not None:
                scene = self._scene_for(scene, wish)
                try:
                    self._say(wish, _drawn(scene, poser, wish))
                except CoreError:
                    self._say(wish, QImage())  # its body was taken out in the settings: the place stays empty
        except CoreError as error:
            self._say(None, f"{error} {error.hint}".strip())
        finally:
            if scene is not None:
                scene.close()

    def _scene_for(self, scene: Scene | None, wish: _Wish) -> Scene:
        if scene is None:
            from core.rendering.scene import Scene

            return Scene(SIDE_PX, SIDE_PX, wish.colours)
        scene.set_colours(wish.colours)
        return scene

    def _next(self) -> _Wish | None:
        with self._changed:
            self._now = None
            self._changed.wait_for(lambda: self._stopped or bool(self._wanted))
            if self._stopped:
                return None
            _, self._now = self._wanted.popitem(last=False)
            return self._now

    def _say(self, wish: _Wish | None, said: object) -> None:
        if not self._stopped and not heard(self._tell, wish, said):
            self._stopped = True


def _drawn(scene: Scene, poser: Poser, wish: _Wish) -> QImage:
    frame = telling_frame(wish.motion) if wish.frame is None else wish.frame
    pose = pose_at(wish.motion, frame, wish.betas)
    mesh = poser.mesh(PosedBody(wish.body, pose, wish.colour))
    scene.set_bodies([mesh])
    if wish.frame is None:
        heading = float(yaw_of(matrices(np.array(pose.rotations[0]))))
        scene.set_ground(None)
        scene.view = Orbit(yaw=heading + 0.6, pitch=0.1)
        scene.frame_all()
    else:
        x, _, z = pose.translation_m
        scene.set_ground(0.0)
        scene.view = Orbit(focus_m=(x, 1.0, z), yaw=0.6, pitch=0.12, distance_m=_SEEN_FROM_M)
    picture = np.ascontiguousarray(scene.picture()[..., :3])
    return QImage(picture.data, SIDE_PX, SIDE_PX, 3 * SIDE_PX, QImage.Format.Format_RGB888).copy()

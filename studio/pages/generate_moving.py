"""Samples as bodies that stand somewhere in every frame: whose form they take, their poses, and their trails.

Poses are read from a sample's bytes frame by frame, which costs next to nothing; the form of a body of some height and
the ways of hands and feet are worked out beside the window, and `changed` says when they are there. World metres, y up.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from core.bodies import library
from core.bodies.kinematics import place_joints
from core.bodies.poses import BODY_JOINTS
from core.bodies.skeletons import SKELETONS, SMPL_24
from core.errors import CoreError
from core.fits import FittedPose
from core.generations import PackedMotion
from core.geometry.rotations import matrices, yaw_of

ENDS = tuple(SMPL_24[name] for name in ("left_wrist", "right_wrist", "left_ankle", "right_ankle"))
"""The same numbers in every family."""
SHORTEST_M, TALLEST_M = 1.40, 2.05
_KEPT = 40
_MOST_SHAPE = 4.0  # standard deviations


@dataclass(frozen=True)
class Form:
    """A body of some height. `lift_m` brings its soles to where those of the body motion was made for are."""

    body: str  # key of core.bodies.library
    betas: tuple[float, ...] = ()
    lift_m: float = 0.0
    height_m: float = 0.0


@lru_cache(64)
def form_of(body: str, height_m: float | None) -> Form:
    """The body's own form for None, else with the first of its shapes, which is stature, set to this height."""
    found = library.body(body)
    made_for, _ = library.body(library.DEFAULT_KEY).rest()
    low, high = -_MOST_SHAPE, _MOST_SHAPE
    stature = 0.0
    if height_m is not None:
        for _ in range(18):
            stature = (low + high) / 2
            tall = float(np.ptp(found.rest(np.array([stature]))[0][:, 1]))
            low, high = (stature, high) if tall < height_m else (low, stature)
    rest, _ = found.rest(np.array([stature]))
    lift_m = float(made_for[:, 1].min() - rest[:, 1].min())
    return Form(body, (stature,) if stature else (), lift_m, float(np.ptp(rest[:, 1])))


class Moving:
    """One motion, ready to be shown at any of its frames."""

    def __init__(self, motion: PackedMotion) -> None:
        joints = len(SKELETONS[motion.skeleton])
        self.frames = motion.frames
        self.rate_hz = motion.rate_hz
        self.vectors = np.frombuffer(motion.rotation_vectors, "<f4").reshape(motion.frames, joints, 3)
        self.places_m = np.frombuffer(motion.translation_m, "<f4").reshape(motion.frames, 3)

    def held(self, frame: int) -> int:
        """The frame, or the nearest there is."""
        return max(0, min(frame, self.frames - 1))

    def pose(self, frame: int, form: Form) -> FittedPose:
        """As the scene's thread poses it."""
        at = self.held(frame)
        x, y, z = (float(each) for each in self.places_m[at])
        turns = tuple((a, b, c) for a, b, c in self.vectors[at].tolist())
        return FittedPose(betas=form.betas, rotations=turns, translation_m=(x, y + form.lift_m, z), error=0.0)

    def heading(self, frame: int) -> float:
        """Which way the body faces, as an angle about the vertical from +z towards +x."""
        return float(yaw_of(matrices(self.vectors[self.held(frame), 0].astype(np.float64))))


def ends_of(motion: PackedMotion, form: Form) -> Float[ndarray, "frames 4 3"]:
    """Where hands and feet are in every frame."""
    moving = Moving(motion)
    _, joints_m = library.body(form.body).rest(np.array(form.betas))
    parents = library.body(form.body).parents[:BODY_JOINTS]
    turns = matrices(moving.vectors[:, :BODY_JOINTS].astype(np.float32))
    places_m = moving.places_m + np.array([0.0, form.lift_m, 0.0], np.float32)
    return place_joints(turns, places_m, joints_m[:BODY_JOINTS], parents).places_m[:, list(ENDS)]


class MovingSamples(QObject):
    """Keeps what was worked out."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._moving: OrderedDict[PackedMotion, Moving] = OrderedDict()
        self._ends: OrderedDict[tuple[PackedMotion, Form], ndarray] = OrderedDict()
        self._forms: dict[tuple[str, float | None], Form | str] = {}
        self._under_way: set[object] = set()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    @property
    def is_settled(self) -> bool:
        return not self._under_way

    def of(self, motion: PackedMotion) -> Moving:
        """The motion's frames."""
        if motion not in self._moving:
            _keep(self._moving, motion, Moving(motion))
        self._moving.move_to_end(motion)
        return self._moving[motion]

    def form(self, body: str, height_m: float | None) -> Form | None:
        """The body at this height; None while it is read, or where it cannot be (see `problem`)."""
        key = body, height_m
        found = self._forms.get(key)
        if found is None:
            self._work(key, partial(_form_or_why, body, height_m))
        return found if isinstance(found, Form) else None

    def problem(self, body: str, height_m: float | None) -> str:
        """Why there is no such body."""
        found = self._forms.get((body, height_m))
        return found if isinstance(found, str) else ""

    def ends(self, motion: PackedMotion, form: Form) -> Float[ndarray, "frames 4 3"] | None:
        """Where hands and feet are; None while that is worked out."""
        key = motion, form
        if key not in self._ends:
            self._work(key, partial(ends_of, motion, form))
            return None
        self._ends.move_to_end(key)
        return self._ends[key]

    def close(self) -> None:
        """End what works in the background."""
        self._pool.clear()
        self._pool.waitForDone()

    def _work(self, key: object, work: Callable[[], object]) -> None:
        if key in self._under_way:
            return
        self._under_way.add(key)
        task = _Task(key, work)
        task.told.done.connect(self._take)
        self._pool.start(task)

    def _take(self, key: tuple, made: object) -> None:
        self._under_way.discard(key)
        if isinstance(key[0], PackedMotion):
            if isinstance(made, ndarray):
                _keep(self._ends, key, made)
        elif isinstance(made, Form | str):
            self._forms[key] = made
        self.changed.emit()


def _form_or_why(body: str, height_m: float | None) -> Form | str:
    try:
        return form_of(body, height_m)
    except CoreError as error:
        return f"{error} {error.hint}".strip()


def _keep(kept: OrderedDict, key: object, value: object) -> None:
    kept[key] = value
    while len(kept) > _KEPT:
        kept.popitem(last=False)


class _Told(QObject):
    done = Signal(object, object)


class _Task(QRunnable):
    def __init__(self, key: object, work: Callable[[], object]) -> None:
        super().__init__()
        self._key, self._work = key, work
        self.told = _Told()

    def run(self) -> None:
        made: object = None
        try:
            made = self._work()
        finally:
            self.told.done.emit(self._key, made)

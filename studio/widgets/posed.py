"""Bodies by key and pose, as the window hands them on, and what turns them into meshes beside the window. No Qt.

A `PosedBody` costs nothing to make and to compare. A `Poser` belongs to one thread: it reads the body (once), takes its
shape, poses it, and keeps what was posed lately. World metres, y up, in the frame of the fit.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.library import body as body_of
from core.bodies.skinning import Body, Figure
from core.errors import CoreError
from core.fits import FittedPose
from core.geometry.rotations import matrices
from core.rendering.contents import Contents, SceneBody, SceneSkeleton, SceneTrail, floor_under

_KEPT_SHAPES, _KEPT_POSES = 48, 96
_Key = TypeVar("_Key")
_Kept = TypeVar("_Kept")


@dataclass(frozen=True)
class PosedBody:
    """Whose body, how it stands, and how it is drawn. `moved_m` sets it beside another without posing it anew."""

    body: str  # key of core.bodies.library
    pose: FittedPose
    colour: str
    label: str = ""
    opacity: float = 1.0
    moved_m: tuple[float, float, float] = (0.0, 0.0, 0.0)


Ghost = PosedBody | SceneBody | SceneSkeleton


@dataclass(frozen=True)
class Standing:
    """What stands in one view. Ghosts and trails are apart, since they are the first to go where time is short."""

    bodies: tuple[PosedBody | SceneBody, ...] = ()
    skeletons: tuple[SceneSkeleton, ...] = ()
    ghosts: tuple[Ghost, ...] = ()
    trails: tuple[SceneTrail, ...] = ()
    ground_m: float | None = None
    is_floor_under_feet: bool = False  # legs are guessed: the floor lies no higher than the lowest foot

    def is_empty(self) -> bool:
        return not (self.bodies or self.skeletons)


class Poser:
    """Makes meshes. Used by one thread."""

    def __init__(self, find: Callable[[str], Body] = body_of) -> None:
        self._find = find
        self._figures: OrderedDict[tuple[str, tuple[float, ...]], Figure] = OrderedDict()
        self._vertices: OrderedDict[tuple[str, FittedPose], ndarray] = OrderedDict()
        self._bodies: OrderedDict[PosedBody, SceneBody] = OrderedDict()

    def mesh(self, posed: PosedBody) -> SceneBody:
        """The same value gives the same mesh object, so that what did not change is not set anew."""
        if posed not in self._bodies:
            vertices_m = self._posed(posed.body, posed.pose)
            if any(posed.moved_m):
                vertices_m = vertices_m + np.array(posed.moved_m, np.float32)
            faces = self._figure(posed).faces
            made = SceneBody(vertices_m, faces, posed.colour, posed.opacity, posed.label)
            _keep(self._bodies, posed, made, _KEPT_POSES)
        self._bodies.move_to_end(posed)
        return self._bodies[posed]

    def contents(self, standing: Standing, *, ghosts: bool, trails: bool, grid: bool, shadows: bool) -> Contents:
        """All that is drawn of what stands there. A body that is not there any more is left out."""
        bodies = [self._as_mesh(each) for each in standing.bodies]
        skeletons = list(standing.skeletons)
        for each in standing.ghosts if ghosts else ():
            if isinstance(each, SceneSkeleton):
                skeletons.append(each)
            else:
                bodies.append(self._as_mesh(each))
        meshes = tuple(each for each in bodies if each is not None)
        return Contents(
            bodies=meshes,
            skeletons=tuple(skeletons),
            trails=standing.trails if trails else (),
            ground_m=floor_under(meshes, standing.ground_m) if standing.is_floor_under_feet else standing.ground_m,
            grid=grid,
            shadows=shadows,
        )

    def _as_mesh(self, each: PosedBody | SceneBody) -> SceneBody | None:
        if isinstance(each, SceneBody):
            return each
        try:
            return self.mesh(each)
        except CoreError:
            return None  # its file was taken out in the settings: the next fit is of another body

    def _figure(self, posed: PosedBody) -> Figure:
        key = posed.body, posed.pose.betas
        if key not in self._figures:
            shape = np.array(posed.pose.betas, np.float32)
            _keep(self._figures, key, self._find(posed.body).shaped(shape), _KEPT_SHAPES)
        self._figures.move_to_end(key)
        return self._figures[key]

    def _posed(self, key: str, pose: FittedPose) -> Float[ndarray, "vertices 3"]:
        if (key, pose) not in self._vertices:
            figure = self._figure(PosedBody(key, pose, ""))
            turns = matrices(np.array(pose.rotations, np.float64).reshape(-1, 3))
            made = figure.pose(turns.astype(np.float32), np.array(pose.translation_m, np.float32))
            _keep(self._vertices, (key, pose), made, _KEPT_POSES)
        self._vertices.move_to_end((key, pose))
        return self._vertices[key, pose]


def place_of(each: PosedBody | SceneBody | SceneSkeleton) -> Float[ndarray, " 3"]:
    """About where somebody is, without posing them: good enough to follow them."""
    if isinstance(each, PosedBody):
        return np.array(each.pose.translation_m) + np.array(each.moved_m)
    if isinstance(each, SceneBody):
        return each.vertices_m.mean(0)
    return each.joints_m[each.shown()].mean(0)


def pale(body: PosedBody, opacity: float) -> PosedBody:
    """The ghost of a body."""
    return replace(body, opacity=opacity, label="")


def _keep(kept: OrderedDict[_Key, _Kept], key: _Key, value: _Kept, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)

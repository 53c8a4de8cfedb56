"""Bodies, skeletons and the ground as a picture: VTK off screen, no Qt, no torch.

    scene = Scene(640, 480, Colours(...))
    scene.show(Contents(bodies=(SceneBody(vertices_m, faces, "#dadce1"),)))
    scene.view = scene.view.preset("side")
    rgba = scene.picture()          # (480, 640, 4) uint8
    scene.close()

World: metres, right-handed, y up. Ghosts are drawn opaque in a picture of their own and then blended, so that no inner
face shows through. Smooth edges come from drawing twice as large and averaging (`picture(smooth=False)` is four times
faster: for dragging). One scene is used by one thread.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, UInt8
from numpy import ndarray

from core.bodies.skinning import Normals
from core.opencv import cv2
from core.rendering.contents import DARK, LIGHT, Colours, Contents, SceneBody, SceneSkeleton, SceneTrail, points_of
from core.rendering.ground import Ground
from core.rendering.offscreen import Finish, Mesh, Window
from core.rendering.sticks import Solid, skeleton_solid, trail_solid
from core.rendering.views import Orbit, View, aim

__all__ = ["DARK", "LIGHT", "Colours", "Contents", "Scene", "SceneBody", "SceneSkeleton", "SceneTrail"]

BODY_FINISH = Finish(ambient=0.16, diffuse=0.86, specular=0.10, shine=18.0)
STICK_FINISH = Finish(ambient=0.34, diffuse=0.70, specular=0.12, shine=24.0)
LIGHTS = (
    # in camera axes: the key over the viewer's left shoulder, a cool fill, and a rim from behind
    ((-1.4, 1.9, 1.6), "#fff6ec", 0.78),
    ((2.2, 0.3, 1.2), "#dfe8ff", 0.30),
    ((1.2, 1.6, -2.2), "#ffffff", 0.42),
)


class Scene:
    """A picture of what stands in it, from `view`. Close it when done."""

    def __init__(self, width: int, height: int, colours: Colours = DARK) -> None:
        self.view: View = Orbit()
        self._size = (max(width, 1), max(height, 1))
        self._colours = colours
        self._window = Window(*self._size, colours.background)
        for place, colour, strength in LIGHTS:
            self._window.add_light(place, (0, 0, 0), colour, strength, with_camera=True)
        self._ground = Ground(self._window, colours)
        self._bodies: list[SceneBody] = []
        self._skeletons: list[SceneSkeleton] = []
        self._trails: list[SceneTrail] = []
        self._drawn: list[tuple[float, Mesh]] = []
        self._drawn_trails: list[tuple[float, Mesh]] = []
        self._body_meshes: list[tuple[Int[ndarray, "faces 3"], Normals, Mesh]] = []

    # ---- what stands there ------------------------------------------------------------------------------------------

    def show(self, contents: Contents) -> None:
        """These things instead of all that stood there. Values that are the same objects as before cost nothing."""
        self.set_ground(contents.ground_m, grid=contents.grid, shadows=contents.shadows)
        if not _same(contents.bodies, self._bodies):
            self.set_bodies(contents.bodies)
        if not _same(contents.skeletons, self._skeletons):
            self.set_skeletons(contents.skeletons)
        if not _same(contents.trails, self._trails):
            self.set_trails(contents.trails)

    def set_bodies(self, bodies: Sequence[SceneBody]) -> None:
        """These bodies instead of the former ones; a mesh with the same faces in the same place is moved, not made."""
        self._bodies = list(bodies)
        kept = self._body_meshes
        self._body_meshes = []
        for at, body in enumerate(bodies):
            if at < len(kept) and kept[at][0] is body.faces:
                faces, normals, mesh = kept[at]
            else:
                faces, normals = body.faces, Normals(body.faces, len(body.vertices_m))
                if at < len(kept):
                    self._window.remove(kept[at][2])
                mesh = self._window.add(Mesh(body.vertices_m, faces, finish=BODY_FINISH))
            mesh.move(body.vertices_m, normals(body.vertices_m))
            mesh.paint(body.colour)
            self._body_meshes.append((faces, normals, mesh))
        for _, _, mesh in kept[len(bodies) :]:
            self._window.remove(mesh)
        self._follow_with_ground()

    def set_skeletons(self, skeletons: Sequence[SceneSkeleton]) -> None:
        """These skeletons instead of the former ones."""
        self._skeletons = list(skeletons)
        for _, mesh in self._drawn:
            self._window.remove(mesh)
        self._drawn = []
        for each in skeletons:
            solid = skeleton_solid(
                each.joints_m,
                each.skeleton,
                self._colours.sides,
                bones=each.colour,
                dashed=each.dashed,
                seen=each.seen,
                thickness=each.thickness,
            )
            self._drawn.append((each.opacity, self._add(solid)))
        self._follow_with_ground()

    def set_trails(self, trails: Sequence[SceneTrail]) -> None:
        """These trails instead of the former ones."""
        self._trails = list(trails)
        for _, mesh in self._drawn_trails:
            self._window.remove(mesh)
        self._drawn_trails = [(each.opacity, self._add(trail_solid(each.points_m, each.colour))) for each in trails]

    def _add(self, solid: Solid) -> Mesh:
        return self._window.add(
            Mesh(solid.vertices_m, solid.faces, colours=solid.colours, normals=solid.normals, finish=STICK_FINISH)
        )

    def set_ground(self, height_m: float | None, *, grid: bool = True, shadows: bool = True) -> None:
        """The floor's height, or no floor; its lines and the shadows on it."""
        self._ground.set(height_m, grid=grid, shadows=shadows)
        if isinstance(self.view, Orbit):
            self.view = self.view.over(height_m)

    def set_colours(self, colours: Colours) -> None:
        """Another theme."""
        self._colours = colours
        self._window.set_background(colours.background)
        self._ground.set_colours(colours)
        self.set_skeletons(self._skeletons)

    def frame_all(self) -> None:
        """Moves an orbiting view so that everything is in the picture."""
        if isinstance(self.view, Orbit):
            self.view = self.view.framing(points_of(self._bodies, self._skeletons), self._size[0] / self._size[1])

    def _follow_with_ground(self) -> None:
        bodies = [body.vertices_m for body in self._bodies if body.opacity == 1]
        self._ground.shade(bodies + [each.joints_m for each in self._skeletons if each.opacity == 1])

    # ---- the picture ------------------------------------------------------------------------------------------------

    def resize(self, width: int, height: int) -> None:
        self._size = (max(width, 1), max(height, 1))

    def picture(self, *, smooth: bool = True) -> UInt8[ndarray, "height width 4"]:
        """What the view shows now."""
        width, height = self._size
        larger = 2 if smooth else 1
        self._window.resize(width * larger, height * larger)
        layers = self._layers()
        for meshes in layers.values():
            for mesh in meshes:
                mesh.show()
        aim(self._window.renderer, self.view, width * larger, height * larger)
        picture = self._blend(layers) if set(layers) - {1.0} else self._draw_once()
        if smooth:
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        return np.dstack([picture, np.full((height, width, 1), 255, np.uint8)])

    def _layers(self) -> dict[float, list[Mesh]]:
        """Meshes by opacity."""
        layers: dict[float, list[Mesh]] = {1.0: []}
        for body, (_, _, mesh) in zip(self._bodies, self._body_meshes, strict=True):
            layers.setdefault(body.opacity, []).append(mesh)
        for opacity, mesh in (*self._drawn, *self._drawn_trails):
            layers.setdefault(opacity, []).append(mesh)
        return layers

    def _draw_once(self) -> UInt8[ndarray, "height width 3"]:
        self._window.draw()
        return self._window.picture()

    def _blend(self, layers: dict[float, list[Mesh]]) -> UInt8[ndarray, "height width 3"]:
        """The ground, over it the ghosts from the palest on, over all the solid ones."""
        for meshes in layers.values():
            for mesh in meshes:
                mesh.show(False)
        blended = self._draw_once().astype(np.float32)
        bare = self._window.depth().copy()
        for opacity in sorted(layers):
            for mesh in layers[opacity]:
                mesh.show()
            layer = self._draw_once()
            covered = (self._window.depth() < bare - 1e-7)[..., None]
            blended += np.where(covered, opacity * (layer - blended), 0)
            for mesh in layers[opacity]:
                mesh.show(False)
        for meshes in layers.values():
            for mesh in meshes:
                mesh.show()
        return np.clip(blended + 0.5, 0, 255).astype(np.uint8)

    def close(self) -> None:
        """Gives everything back. May be called twice."""
        self._drawn, self._drawn_trails, self._body_meshes = [], [], []
        self._window.close()

    def __enter__(self) -> "Scene":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _same(new: Sequence[object], old: Sequence[object]) -> bool:
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))

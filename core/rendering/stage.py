"""What stands in one pane: bodies, skeletons, trails and the floor, kept from picture to picture. World metres, y up.

`scene` is a window with one stage, `panels` one with several; `drawing` makes the picture of either.
"""

from collections.abc import Sequence

from jaxtyping import Int
from numpy import ndarray

from core.bodies.skinning import Normals
from core.rendering.contents import Colours, Contents, SceneBody, SceneSkeleton, SceneTrail
from core.rendering.ground import Ground
from core.rendering.offscreen import Finish, Mesh, Pane
from core.rendering.shaders import COLOUR_A_CORNER, ONE_COLOUR
from core.rendering.sticks import Solid, skeleton_solid, trail_solid
from core.rendering.views import Orbit, View

BODY_FINISH = Finish(ambient=0.17, diffuse=0.92, specular=0.12, program=ONE_COLOUR, closed=True)
STICK_FINISH = Finish(ambient=0.30, diffuse=0.68, specular=0.12, program=COLOUR_A_CORNER, closed=True)
SHADED_FROM = 0.5
"""A body at least so opaque stands there and casts a shadow; a ghost does not."""

_BodyMesh = tuple[Int[ndarray, "faces 3"], Normals, Mesh]


class Stage:
    """Values in, meshes in a pane. A value that is the same object as before costs nothing."""

    def __init__(self, pane: Pane, colours: Colours) -> None:
        self.view: View = Orbit()
        self.pane = pane
        self.ground = Ground(pane, colours)
        self.colours = colours
        self._bodies: list[SceneBody] = []
        self._skeletons: list[SceneSkeleton] = []
        self._trails: list[SceneTrail] = []
        self._body_meshes: list[_BodyMesh] = []
        self._skeleton_meshes: list[Mesh] = []
        self._trail_meshes: list[Mesh] = []
        self._ground: tuple[float | None, bool, bool] = (0.0, True, True)

    @property
    def contents(self) -> Contents:
        """What stands there now."""
        height, grid, shadows = self._ground
        return Contents(
            tuple(self._bodies),
            tuple(self._skeletons),
            tuple(self._trails),
            ground_m=height,
            grid=grid,
            shadows=shadows,
        )

    def show(self, contents: Contents) -> None:
        """These things instead of all that stood there."""
        self.set_ground(contents.ground_m, grid=contents.grid, shadows=contents.shadows)
        if not _same(contents.bodies, self._bodies):
            self.set_bodies(contents.bodies)
        if not _same(contents.skeletons, self._skeletons):
            self.set_skeletons(contents.skeletons)
        if not _same(contents.trails, self._trails):
            self.set_trails(contents.trails)

    def set_bodies(self, bodies: Sequence[SceneBody]) -> None:
        """These bodies instead of the former ones; a mesh with the same faces in the same place is moved, not made."""
        before, kept = self._bodies, self._body_meshes
        self._bodies, self._body_meshes = list(bodies), []
        for at, body in enumerate(bodies):
            if at < len(kept) and kept[at][0] is body.faces:
                faces, normals, mesh = kept[at]
            else:
                faces, normals = body.faces, self._normals_of(body, kept)
                if at < len(kept):
                    self.pane.remove(kept[at][2])
                mesh = self.pane.add(Mesh(body.vertices_m, faces, finish=BODY_FINISH))
            if at >= len(kept) or before[at].vertices_m is not body.vertices_m or mesh is not kept[at][2]:
                mesh.move(body.vertices_m, normals(body.vertices_m))
            mesh.paint(body.colour)
            self._body_meshes.append((faces, normals, mesh))
        for _, _, mesh in kept[len(bodies) :]:
            self.pane.remove(mesh)
        self._follow_with_ground()

    def set_skeletons(self, skeletons: Sequence[SceneSkeleton]) -> None:
        """These skeletons instead of the former ones."""
        self._skeletons = list(skeletons)
        solids = [
            skeleton_solid(
                each.joints_m,
                each.skeleton,
                self.colours.sides,
                bones=each.colour,
                dashed=each.dashed,
                seen=each.seen,
                thickness=each.thickness,
            )
            for each in skeletons
        ]
        self._skeleton_meshes = self._instead(self._skeleton_meshes, solids)
        self._follow_with_ground()

    def set_trails(self, trails: Sequence[SceneTrail]) -> None:
        """These trails instead of the former ones."""
        self._trails = list(trails)
        solids = [trail_solid(each.points_m, each.colour) for each in trails]
        self._trail_meshes = self._instead(self._trail_meshes, solids)

    def set_ground(self, height_m: float | None, *, grid: bool = True, shadows: bool = True) -> None:
        """The floor's height, or no floor; its lines and the shadows on it."""
        self._ground = (height_m, grid, shadows)
        self.ground.set(height_m, grid=grid, shadows=shadows)
        if isinstance(self.view, Orbit):
            self.view = self.view.over(height_m)

    def set_colours(self, colours: Colours) -> None:
        """Another theme."""
        self.colours = colours
        self.pane.set_background(colours.background)
        self.ground.set_colours(colours)
        self.set_skeletons(self._skeletons)

    def layers(self) -> dict[float, list[Mesh]]:
        """Meshes by opacity; the solid ones, 1, are always among them."""
        layers: dict[float, list[Mesh]] = {1.0: []}
        for body, (_, _, mesh) in zip(self._bodies, self._body_meshes, strict=True):
            layers.setdefault(body.opacity, []).append(mesh)
        for each, mesh in zip(self._skeletons, self._skeleton_meshes, strict=True):
            layers.setdefault(each.opacity, []).append(mesh)
        for each, mesh in zip(self._trails, self._trail_meshes, strict=True):
            layers.setdefault(each.opacity, []).append(mesh)
        return layers

    def prepare(self, opacity: float | None, *, over_nothing: bool, alone: bool) -> None:
        """For one of the pictures that are mixed: only what has this opacity; `alone` without a floor and background.

        What lies under the floor stays hidden, but in a picture `over_nothing`, which has none.
        """
        for each, meshes in self.layers().items():
            for mesh in meshes:
                mesh.show(each == opacity)
        self.pane.set_background(None if alone or over_nothing else self.colours.background)
        self.ground.show(not (alone and over_nothing))
        self.ground.draw_as("cover" if alone else "marks" if over_nothing else "floor")

    def restore(self) -> None:
        """As it was before `prepare`."""
        for meshes in self.layers().values():
            for mesh in meshes:
                mesh.show()
        self.pane.set_background(self.colours.background)
        self.ground.show()
        self.ground.draw_as("floor")

    def empty(self) -> None:
        """Forgets its meshes; the pane gives them back."""
        self._bodies, self._skeletons, self._trails = [], [], []
        self._body_meshes, self._skeleton_meshes, self._trail_meshes = [], [], []

    def _normals_of(self, body: SceneBody, kept: Sequence[_BodyMesh]) -> Normals:
        """Bodies of one model share what their normals are made with."""
        shared = (normals for faces, normals, _ in (*self._body_meshes, *kept) if faces is body.faces)
        return next(shared, None) or Normals(body.faces, len(body.vertices_m))

    def _instead(self, former: list[Mesh], solids: Sequence[Solid]) -> list[Mesh]:
        """Meshes of these solids; one with the same faces as before is moved and painted, not made."""
        meshes: list[Mesh] = []
        for at, solid in enumerate(solids):
            if at < len(former) and former[at].moves_like(solid.faces):
                mesh = former[at]
                mesh.move(solid.vertices_m, solid.normals)
                mesh.paint(solid.colours)
            else:
                if at < len(former):
                    self.pane.remove(former[at])
                mesh = self.pane.add(
                    Mesh(
                        solid.vertices_m, solid.faces, colours=solid.colours, normals=solid.normals, finish=STICK_FINISH
                    )
                )
            meshes.append(mesh)
        for mesh in former[len(solids) :]:
            self.pane.remove(mesh)
        return meshes

    def _follow_with_ground(self) -> None:
        bodies = [body.vertices_m for body in self._bodies if body.opacity >= SHADED_FROM]
        self.ground.shade(bodies + [each.joints_m for each in self._skeletons if each.opacity == 1])


def _same(new: Sequence[object], old: Sequence[object]) -> bool:
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))

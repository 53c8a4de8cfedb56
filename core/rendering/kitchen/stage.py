"""The fixed camera's stage: the room is drawn once, each frame only what moves, and put in by depth.

`Stage.frame(k)` is frame k of the script as (height, width, 3) uint8. What the cook takes from the room's light
(contact and one soft shadow) is computed from balls along the limbs, on a coarse grid of the room's own points.
Drawn twice as large and averaged: crisp edges, and fewer bits in the video.
"""

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from core.bodies.skinning import Body, Normals
from core.opencv import cv2
from core.rendering.kitchen.dress import dressed
from core.rendering.kitchen.room import door_shapes, room_shapes
from core.rendering.kitchen.script import FilmScript
from core.rendering.kitchen.shade import RoomShade
from core.rendering.kitchen.shapes import Shape
from core.rendering.kitchen.things import thing_shapes
from core.rendering.offscreen import Finish, Mesh, Window
from core.rendering.views import aim

LARGER = 2
BACKGROUND = "#cfd6d8"
CLIPPING_M = (0.3, 9.0)
COOK_FINISH = Finish(ambient=0.26, diffuse=0.76, specular=0.05, shine=10)
LIGHTS = (  # place, towards, colour, strength; the first throws the shadow
    ((1.6, 3.4, 2.6), (0.0, 0.9, -0.3), "#fff2e0", 0.80),
    ((-2.2, 2.6, 1.6), (0.0, 1.0, -0.5), "#e4ecff", 0.50),
    ((0.0, 2.7, -0.6), (0.0, 0.0, -0.6), "#fff6ea", 0.30),
    ((0.2, 2.0, -3.0), (0.0, 1.0, 0.0), "#ffffff", 0.14),
)


class Stage:
    """A script's stage. Close it when done; one thread uses it."""

    def __init__(self, script: FilmScript, width: int, height: int) -> None:
        self._script = script
        self._size = (width, height)
        self._window = Window(width * LARGER, height * LARGER, BACKGROUND)
        for light in LIGHTS:
            self._window.pane.add_light(*light)
        self._aim()
        doors = door_shapes(script.layout)
        moving = {name for name, door in script.doors.items() if door.moves()}
        self._freeze({name: shapes for name, shapes in doors.items() if name not in moving})
        self._doors = {name: self._add(doors[name]) for name in sorted(moving)}
        self._things = [(thing, self._add(thing_shapes(thing.kind))) for thing in script.things if thing.moves()]
        costume = dressed(Body.load(), script.betas, script.look)
        self._figure = costume.figure
        self._normals = Normals(costume.figure.faces, len(costume.figure.vertices_m))
        self._cook = self._window.add(
            Mesh(costume.figure.vertices_m, costume.figure.faces, colours=costume.colours, finish=COOK_FINISH)
        )

    def _aim(self) -> None:
        width, height = self._size
        aim(self._window.renderer, self._script.camera, width * LARGER, height * LARGER)
        self._window.renderer.GetActiveCamera().SetClippingRange(*CLIPPING_M)

    def _add(self, shapes: list[Shape]) -> list[Mesh]:
        return [
            self._window.add(
                Mesh(
                    shape.vertices_m,
                    shape.faces,
                    colours="#ffffff" if shape.texture is not None else shape.colours,
                    normals=shape.normals,
                    uv=shape.uv,
                    texture=shape.texture,
                    finish=shape.finish,
                )
            )
            for shape in shapes
        ]

    @staticmethod
    def _carried(meshes: list[Mesh], turn: Float[ndarray, "3 3"], place_m: Float[ndarray, " 3"]) -> list[Mesh]:
        for mesh in meshes:
            mesh.carry(turn, place_m)
        return meshes

    def _freeze(self, still_doors: dict[str, list[Shape]]) -> None:
        """Draws the room and what never moves in this film, with ambient occlusion, and keeps picture and depth."""
        meshes = self._add(room_shapes(self._script.layout))
        for name, shapes in still_doors.items():
            meshes += self._carried(self._add(shapes), *_door_place(self._script, name, 0))
        for thing in self._script.things:
            if not thing.moves() and thing.visible[0]:
                meshes += self._carried(self._add(thing_shapes(thing.kind)), thing.rotation[0], thing.place_m[0])
        renderer = self._window.renderer
        renderer.SetUseSSAO(True)
        renderer.SetSSAORadius(0.30)
        renderer.SetSSAOBias(0.012)
        renderer.SetSSAOKernelSize(64)
        renderer.SetSSAOBlur(True)
        self._window.draw()
        room = cv2.resize(self._window.picture(), self._size, interpolation=cv2.INTER_AREA)
        self._room = room.astype(np.float32)
        renderer.SetUseSSAO(False)
        self._window.draw()
        self._room_depth = self._window.depth().copy()
        for mesh in meshes:
            self._window.remove(mesh)
        self._shade = RoomShade(self._script.camera, self._room_depth, CLIPPING_M, LIGHTS[0][0], LARGER)

    def frame(self, k: int) -> UInt8[ndarray, "height width 3"]:
        """Frame `k` of the film."""
        self._put(k)
        self._window.draw()
        picture, depth = self._window.picture(), self._window.depth()
        placed = self._figure.place(self._script.rotations[k], self._script.translation_m[k])
        light = cv2.resize(self._shade(placed.places_m), self._size, interpolation=cv2.INTER_LINEAR)[..., None]
        moving = (depth < self._room_depth - 1e-6).view(np.uint8)
        # Averaged apart, so that a pixel on an edge mixes the shaded room with the unshaded cook.
        front = cv2.resize(cv2.copyTo(picture, moving), self._size, interpolation=cv2.INTER_AREA)
        covered = cv2.resize(moving * np.uint8(255), self._size, interpolation=cv2.INTER_AREA)[..., None]
        lit = self._room * (light * (1 - covered / np.float32(255)))
        return np.clip(lit + front + 0.5, 0, 255).astype(np.uint8)

    def _put(self, k: int) -> None:
        script = self._script
        vertices_m = self._figure.pose(script.rotations[k], script.translation_m[k])
        self._cook.move(vertices_m, self._normals(vertices_m))
        for name, meshes in self._doors.items():
            self._carried(meshes, *_door_place(script, name, k))
        for thing, meshes in self._things:
            for mesh in self._carried(meshes, thing.rotation[k], thing.place_m[k]):
                mesh.show(bool(thing.visible[k]))

    def close(self) -> None:
        """Gives everything back. May be called twice."""
        self._window.close()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _door_place(script: FilmScript, name: str, k: int) -> tuple[Float[ndarray, "3 3"], Float[ndarray, " 3"]]:
    """The door's motion x → R·x + p; a door the script does not name stays shut."""
    door = script.doors.get(name)
    if door is None:
        return np.eye(3), np.zeros(3)
    cos, sin = np.cos(door.yaw_rad[k]), np.sin(door.yaw_rad[k])
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    hinge = np.array([door.hinge_m[0], 0.0, door.hinge_m[1]])
    return turn, hinge - turn @ hinge + door.slide_m[k]

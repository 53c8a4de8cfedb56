"""Pictures of the built-in bodies to look at: poses by shapes, genders, hands and faces.

    python tools/make_body_sheet.py [--out FOLDER]

Writes poses.png (ten poses of five people), poses_x.png (the same in SMPL-X's form), genders.png, details.png (where
bodies fold) and faces.png. Look at armpits, elbows, hips and hands before shipping new files.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import make_body_poses as poses
import numpy as np
from numpy import ndarray

from core.bodies import built_in
from core.bodies.model_files import Family, Gender
from core.bodies.poses import joint_names
from core.bodies.skinning import Body
from core.opencv import cv2
from core.rendering.contents import LIGHT, SceneBody
from core.rendering.scene import Scene
from core.rendering.views import Orbit

TEN = ("standing", "arms up", "elbows 120", "sitting", "squatting", "walking", "reaching", "looking back", "kicking",
       "arms crossed")  # fmt: skip
PEOPLE: tuple[tuple[Gender, tuple[float, ...]], ...] = (
    ("neutral", ()), ("female", (-1.5, 0.5)), ("female", (1.0, -1.5)), ("male", (0.5, 1.5)), ("male", (-1.0, -1.5)),
)  # fmt: skip
COLOUR = "#e7c3ac"


@dataclass(frozen=True)
class Shot:
    """One body in one pose, seen whole or, with `focus_m`, from near."""

    family: Family
    pose: str
    gender: Gender = "neutral"
    betas: tuple[float, ...] = ()
    expression: Mapping[int, float] = field(default_factory=dict)
    yaw: float = 0.6
    pitch: float = 0.1
    focus_m: tuple[float, float, float] | None = None
    distance_m: float = 1.0

    def vertices_m(self, body: Body) -> ndarray:
        strengths = np.zeros(10)
        for number, strength in self.expression.items():
            strengths[number] = strength
        figure = body.shaped(np.array(self.betas), strengths if self.expression else None)
        rotations = poses.pose(joint_names(len(body.parents)), poses.NAMED[self.pose])
        return figure.pose(rotations, np.zeros(3))


def sheet(rows: Sequence[Sequence[Shot]], path: Path, size: int) -> None:
    """The shots side by side in rows."""
    with Scene(size, size, LIGHT) as scene:
        pictures = []
        for row in rows:
            tiles = []
            for shot in row:
                body = Body(built_in.load(shot.family, shot.gender))
                vertices_m = shot.vertices_m(body)
                scene.set_bodies([SceneBody(vertices_m, body.faces, COLOUR)])
                scene.set_ground(float(vertices_m[:, 1].min()) if shot.focus_m is None else None)
                scene.view = Orbit(yaw=shot.yaw, pitch=shot.pitch, floor_m=None)
                if shot.focus_m is None:
                    scene.frame_all()
                else:
                    scene.view = Orbit(
                        yaw=shot.yaw, pitch=shot.pitch, focus_m=shot.focus_m, distance_m=shot.distance_m, floor_m=None
                    )
                tiles.append(scene.picture()[..., :3])
            pictures.append(np.hstack(tiles))
    cv2.imwrite(str(path), np.ascontiguousarray(np.vstack(pictures)[..., ::-1]))
    print(path)


def details() -> list[list[Shot]]:
    """Where bodies fold, from near."""
    chest, arm, hip = (0.1, 0.35, 0.0), (0.2, 0.25, 0.05), (0.1, -0.1, 0.1)

    def near(pose: str, focus_m: tuple[float, float, float], yaw: float, distance_m: float, pitch: float = 0.1) -> Shot:
        return Shot("smpl", pose, yaw=yaw, pitch=pitch, focus_m=focus_m, distance_m=distance_m)

    return [
        [
            near("arms up", chest, 0.4, 1.5),
            near("arms up", chest, 2.8, 1.5),
            near("T-pose", chest, 0.4, 1.5),
            near("standing", chest, 0.5, 1.5),
        ],
        [
            near("elbows 120", arm, 1.0, 0.9),
            near("elbows 120", arm, 2.6, 0.9),
            near("arms crossed", chest, 0.5, 1.5),
            near("squatting", (0.1, 0.25, 0.15), 0.9, 1.5, 0.2),
        ],
        [
            near("sitting", hip, 0.9, 1.3),
            near("sitting", hip, 2.5, 1.3),
            near("sitting", (0.0, -0.1, 0.1), 0.0, 1.3),
            near("knees 120", (0.1, -0.5, -0.1), 1.4, 1.0),
        ],
        [
            near("looking back", (0.0, 0.5, 0.0), 0.3, 0.9),
            near("looking back", (0.0, 0.5, 0.0), -1.6, 0.9),
            near("kicking", hip, 0.8, 1.5),
            near("forearms twisted", (0.6, 0.45, 0.0), 0.3, 0.8, 0.4),
        ],
    ]


def faces() -> list[list[Shot]]:
    """Faces of the three genders, an open mouth, all expressions, fists."""

    def face(pose: str = "T-pose", gender: Gender = "neutral", yaw: float = 0.3, **more: Mapping[int, float]) -> Shot:
        return Shot("smplx", pose, gender, yaw=yaw, pitch=0.05, focus_m=(0.0, 0.64, 0.08), distance_m=0.62, **more)

    def hand(pose: str, focus_m: tuple[float, float, float], yaw: float, pitch: float) -> Shot:
        return Shot("smplx", pose, yaw=yaw, pitch=pitch, focus_m=focus_m, distance_m=0.5)

    fist = (0.22, 0.24, 0.26)
    return [
        [face(), face(gender="female"), face(gender="male"), face("mouth open"), face("mouth open", yaw=0.9)],
        [face(expression={number: 2.0}) for number in range(5)],
        [face(expression={number: 2.0}) for number in range(5, 10)],
        [hand("fists and open mouth", fist, 0.2, 0.1), hand("fists and open mouth", fist, -1.2, 0.1),
         hand("fists and open mouth", fist, 1.5, 0.4), hand("T-pose", (0.8, 0.45, 0.0), 0.3, 1.0),
         hand("standing", (0.1, -0.87, 0.1), 0.9, 0.3)],
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path())
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for family, name in (("smpl", "poses.png"), ("smplx", "poses_x.png")):
        sheet([[Shot(family, pose, *person) for pose in TEN] for person in PEOPLE], out / name, 300)
    of_shape = [tuple(at * (number == shape) for number in range(3)) for shape in range(3) for at in (-2.0, 0.0, 2.0)]
    rows = [[Shot("smpl", "standing", gender, betas) for betas in of_shape] for gender in built_in.GENDERS]
    sheet(rows, out / "genders.png", 300)
    sheet(details(), out / "details.png", 460)
    sheet(faces(), out / "faces.png", 380)


if __name__ == "__main__":
    main()

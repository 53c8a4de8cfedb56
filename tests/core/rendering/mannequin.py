"""A figure of balls and tubes with fixed joints for golden pictures: they guard the renderer, not the body."""

import numpy as np

from core.bodies.skeletons import SMPL_24
from core.rendering.contents import DARK, SceneBody
from core.rendering.sticks import skeleton_solid

_CENTRE = {"pelvis": (0.93, 0.0), "spine1": (1.05, -0.02), "spine2": (1.18, -0.02), "spine3": (1.24, -0.02)}
_CENTRE |= {"neck": (1.44, -0.03), "head": (1.55, 0.02)}
_SIDE = {
    "hip": (0.07, 0.85, 0.0),
    "knee": (0.10, 0.47, 0.01),
    "ankle": (0.11, 0.08, -0.03),
    "foot": (0.13, 0.03, 0.10),
    "collar": (0.07, 1.37, -0.02),
    "shoulder": (0.18, 1.38, -0.03),
    "elbow": (0.33, 1.17, -0.05),
    "wrist": (0.46, 0.98, 0.02),
    "hand": (0.50, 0.92, 0.04),
}


def joints(x=0.0, raised=0.0):
    """SMPL's 24, metres; arms raised forward by so much of their length."""
    places = np.zeros((24, 3))
    for name, (y, z) in _CENTRE.items():
        places[SMPL_24[name]] = [0, y, z]
    for name, place in _SIDE.items():
        for side, sign in (("left", 1), ("right", -1)):
            places[SMPL_24[f"{side}_{name}"]] = np.array(place) * [sign, 1, 1]
            if name in ("elbow", "wrist", "hand"):
                down = 1.38 - place[1]
                places[SMPL_24[f"{side}_{name}"]] += [0, raised * down, raised * down]
    return places + np.array([x, 0, 0])


_FACES = skeleton_solid(joints(), SMPL_24, DARK.sides, thickness=3.6).faces


def mannequin(colour, x=0.0, raised=0.0, opacity=1.0):
    solid = skeleton_solid(joints(x, raised), SMPL_24, DARK.sides, thickness=3.6)
    return SceneBody(solid.vertices_m + np.float32([0, 0.06, 0]), _FACES, colour, opacity)

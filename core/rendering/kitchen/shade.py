"""What a cook takes from the room's light: closed-form occlusion and one soft shadow of balls along the limbs.

The room's points are found once from its depth picture, on a grid four times coarser than the film; a frame then costs
some milliseconds. World metres.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import SMPL_24
from core.geometry.cameras import Camera
from core.opencv import cv2

COARSER = 4
NEAR_M = 1.7
"""Room points farther from the cook's middle than this are not shaded."""
SHADOW, OCCLUSION = 0.38, 0.75

_LIMBS = (
    ("pelvis", "spine1", 0.13), ("spine1", "spine3", 0.13), ("spine3", "neck", 0.13), ("head", "head", 0.11),
    ("left_shoulder", "left_elbow", 0.06), ("left_elbow", "left_wrist", 0.048), ("left_wrist", "left_hand", 0.045),
    ("right_shoulder", "right_elbow", 0.06), ("right_elbow", "right_wrist", 0.048),
    ("right_wrist", "right_hand", 0.045), ("left_hip", "left_knee", 0.085), ("left_knee", "left_ankle", 0.065),
    ("right_hip", "right_knee", 0.085), ("right_knee", "right_ankle", 0.065),
)  # fmt: skip


class RoomShade:
    """Made from the room's depth; called with a cook's 24 joints it gives a factor a coarse room pixel, 0 … 1."""

    def __init__(
        self,
        camera: Camera,
        depth: Float[ndarray, "rows columns"],
        clipping_m: tuple[float, float],
        light_m: tuple[float, float, float],
        larger: int,
    ) -> None:
        step = COARSER * larger
        coarse = depth[step // 2 :: step, step // 2 :: step]
        rows, columns = np.mgrid[step // 2 : depth.shape[0] : step, step // 2 : depth.shape[1] : step]
        near, far = clipping_m
        along_m = near * far / (far - coarse * (far - near))  # OpenGL's depth back to metres along the axis
        pixels = np.stack([(columns + 0.5) / larger - 0.5, (rows + 0.5) / larger - 0.5], -1)
        rays = (pixels - camera.centre_px) / camera.focal_px
        seen = np.concatenate([rays, np.ones_like(rays[..., :1])], -1) * along_m[..., None]
        points = (seen - camera.translation_m) @ camera.rotation
        normals = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
        normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
        eye = -camera.rotation.T @ camera.translation_m
        normals *= np.sign(((eye - points) * normals).sum(-1, keepdims=True))
        self._points = points.astype(np.float32)
        self._normals = normals.astype(np.float32)
        self._light = np.array(light_m, np.float32)

    def __call__(self, joints_m: Float[ndarray, "joints 3"]) -> Float[ndarray, "rows columns"]:
        balls = _balls(joints_m)
        near = np.abs(self._points - balls[:, :3].mean(0)).max(-1) < NEAR_M
        points, normals = self._points[near], self._normals[near]
        to_light = self._light - points
        to_light /= np.linalg.norm(to_light, axis=1, keepdims=True)
        faces_light = np.einsum("pd,pd->p", normals, to_light) > 0.05
        open_sky = np.ones(len(points), np.float32)
        lit = np.ones(len(points), np.float32)
        for *centre, radius in balls:
            away = np.array(centre, np.float32) - points
            squared = np.einsum("pd,pd->p", away, away)
            cosine = np.maximum(np.einsum("pd,pd->p", normals, away), 0) / np.sqrt(squared)
            open_sky *= 1 - OCCLUSION * np.minimum(cosine * radius**2 / squared, 1)
            # How far the ray to the light passes from the ball; the shadow's edge is softer the farther it falls.
            along = np.einsum("pd,pd->p", away, to_light)
            miss = np.sqrt(np.maximum(squared - along * along, 0))
            soft = 0.03 + 0.10 * np.maximum(along, 0)
            lit = np.minimum(lit, np.where(along > 0, np.clip((miss - radius + soft / 2) / soft, 0, 1), 1))
        factor = np.ones(self._points.shape[:2], np.float32)
        factor[near] = open_sky * (1 - SHADOW * (1 - lit) * faces_light)
        return cv2.GaussianBlur(factor, (0, 0), 0.8)


def _balls(joints_m: Float[ndarray, "joints 3"]) -> Float[ndarray, "balls 4"]:
    """(x, y, z, radius) along the limbs."""
    balls = []
    for start, end, radius in _LIMBS:
        shares = (0.5,) if start == end else (0.25, 0.75)
        for share in shares:
            place = joints_m[SMPL_24[start]] * (1 - share) + joints_m[SMPL_24[end]] * share
            balls.append([*place, radius])
    return np.array(balls, np.float32)

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
        to_light = np.array(light_m) - points
        to_light /= np.linalg.norm(to_light, axis=-1, keepdims=True)
        self._points, self._normals, self._to_light = (each.astype(np.float32) for each in (points, normals, to_light))
        # What does not change with the cook: points, normals and rays against themselves.
        self._squared = (self._points**2).sum(-1)
        self._normal_offset = (self._normals * self._points).sum(-1)
        self._ray_offset = (self._to_light * self._points).sum(-1)
        self._faces_light = (self._normals * self._to_light).sum(-1) > 0.05

    def __call__(self, joints_m: Float[ndarray, "joints 3"]) -> Float[ndarray, "rows columns"]:
        balls = _balls(joints_m)
        centres, radii = balls[:, :3], balls[:, 3]
        near = np.abs(self._points - centres.mean(0)).max(-1) < NEAR_M
        # (points, balls): distance squared, and how far along the normal and along the ray to the light a ball lies.
        squared = self._squared[near, None] - 2 * self._points[near] @ centres.T + (centres**2).sum(1)
        squared = np.maximum(squared, 1e-4)
        along_normal = np.maximum(self._normals[near] @ centres.T - self._normal_offset[near, None], 0)
        along_ray = self._to_light[near] @ centres.T - self._ray_offset[near, None]
        hidden = along_normal / np.sqrt(squared) * (radii**2 / squared)
        open_sky = np.prod(1 - OCCLUSION * np.minimum(hidden, 1), axis=1)
        # How far the ray passes from the ball; the shadow's edge is softer the farther it falls.
        miss = np.sqrt(np.maximum(squared - along_ray**2, 0))
        soft = 0.03 + 0.10 * np.maximum(along_ray, 0)
        lit = np.where(along_ray > 0, np.clip((miss - radii) / soft + 0.5, 0, 1), 1).min(axis=1)
        factor = np.ones(self._squared.shape, np.float32)
        factor[near] = open_sky * (1 - SHADOW * (1 - lit) * self._faces_light[near])
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

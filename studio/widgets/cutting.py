"""Draws one body as a clip's camera sees it, on nothing: the mesh alone, with smooth edges and straight alpha.

The lens's distortion is in the vertices: each is moved, at its depth, to where the lens shows it. Triangles of a body
are a few pixels large, so that straight edges between bent corners are off by far less than one. One thread uses it.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from core.geometry.cameras import Camera, distort, pinhole, to_camera
from core.rendering.contents import DARK, Contents, SceneBody
from core.rendering.scene import Scene

NEAREST_M = 0.05
LONGEST_PX = 1600
"""No cut-out is larger: beyond, it is enlarged."""
_PAD_PX = 2.0


class Cutter:
    """A scene of its own; close it when done."""

    def __init__(self) -> None:
        self._scene = Scene(64, 64, DARK)

    def cut(self, body: SceneBody, camera: Camera, scale: float) -> tuple[QImage, QRectF] | None:
        """The picture and its place in the original; None where nothing of it can be seen."""
        seen_m = to_camera(np.asarray(body.vertices_m, np.float64), camera)
        if seen_m[:, 2].min() < NEAREST_M:
            return None  # somebody stands where the camera is
        pixels = distort(pinhole(seen_m, camera), camera)
        area = _area(pixels, camera)
        if area is None:
            return None
        left, top, right, bottom = area
        scale = min(scale, LONGEST_PX / max(right - left, bottom - top))
        width, height = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
        depth_m = seen_m[:, 2:]
        bent_m = np.concatenate([(pixels - camera.centre_px) / camera.focal_px * depth_m, depth_m], axis=1)
        self._scene.show(Contents(bodies=(replace(body, vertices_m=bent_m, opacity=1.0, label=""),), ground_m=None))
        self._scene.resize(width, height)
        self._scene.view = Camera(
            rotation=np.eye(3),
            translation_m=np.zeros(3),
            focal_px=camera.focal_px * scale,
            centre_px=(camera.centre_px + 0.5 - np.array([left, top])) * scale - 0.5,
            width=width,
            height=height,
            distortion=np.zeros(5),
        )
        rgba = np.ascontiguousarray(self._scene.picture(transparent=True))
        image = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
        premultiplied = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        return premultiplied, QRectF(left, top, width / scale, height / scale)

    def close(self) -> None:
        """Gives everything back. May be called twice."""
        self._scene.close()

    def __enter__(self) -> "Cutter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _area(pixels: Float[ndarray, "points 2"], camera: Camera) -> tuple[float, float, float, float] | None:
    """Left, top, right, bottom of what can be seen, from the picture's top left edge; legs may reach out of it."""
    reach = np.array([camera.width, camera.height], float)
    low = np.maximum(np.floor(pixels.min(0) + 0.5 - _PAD_PX), -reach / 2)
    high = np.minimum(np.ceil(pixels.max(0) + 0.5 + _PAD_PX), 1.5 * reach)
    if (high - low < 2).any():
        return None
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])

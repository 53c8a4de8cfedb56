"""Pinhole cameras in numpy: 3D points to pixels and back, and the levelled frame that forecasts live in.

World: right-handed, metres, y up. Camera: x right, y down, z forward, X_cam = R · X_world + t, so a point it can
see has z > 0. Pixels count from the centre of the top left one. Files whose world has z up are turned at the door with
`Z_UP_TO_Y_UP`. Letters: distortion holds 4, 5, 8 or 12 `coefficients`, in OpenCV's order.

Levelled frame of a clip (method.md): neck at the origin, +y against gravity, heading turned so that the camera looks
along −z; its x is the camera's right. `levelling` is the rotation R̃ from there to camera axes, tilt and roll only.
`geometry.differentiable` has the twins in torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

NEAREST_M = 1e-3
"""Depth is clamped to this, so a point behind the camera lands far outside instead of becoming infinite."""
ESTIMATED_TORSO_M = 0.50
"""Neck to mid-hip of a person of whom nothing else is known."""
ESTIMATED_FOCAL = 1.2
"""Focal length over the longer side of a picture whose camera is unknown."""
Z_UP_TO_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""World axes with z up to ours: (x, y, z) becomes (x, z, −y), without a mirror."""
SAME_SHAPE = 0.01
"""Width over height of two pictures of one lens may differ by this share: a cut-off row or column."""
DISTORTIONS = (4, 5, 8, 12)
"""How many coefficients a lens may have: k1 k2 p1 p2, k3, k4 k5 k6 (radial, rational), s1 s2 s3 s4 (thin prism)."""


@dataclass(frozen=True)
class Camera:
    """One camera. `distortion` is OpenCV's (see DISTORTIONS); `estimated` cameras hold pixels, not millimetres."""

    rotation: Float[ndarray, "3 3"]
    translation_m: Float[ndarray, " 3"]
    focal_px: Float[ndarray, " 2"]
    centre_px: Float[ndarray, " 2"]
    width: int
    height: int
    distortion: Float[ndarray, " coefficients"]
    estimated: bool = False

    def matrix(self) -> Float[ndarray, "3 3"]:
        """K."""
        (fx, fy), (cx, cy) = self.focal_px, self.centre_px
        return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])


@runtime_checkable
class CameraNumbers(Protocol):
    """A camera's fields as plain numbers, row by row: in a file, a question, a project."""

    @property
    def rotation(self) -> Sequence[Sequence[float]]: ...
    @property
    def translation_m(self) -> Sequence[float]: ...
    @property
    def focal_px(self) -> Sequence[float]: ...
    @property
    def centre_px(self) -> Sequence[float]: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def distortion(self) -> Sequence[float]: ...
    @property
    def estimated(self) -> bool: ...


def from_numbers(numbers: CameraNumbers) -> Camera:
    """The camera of plain numbers."""
    return Camera(
        rotation=np.array(numbers.rotation, float),
        translation_m=np.array(numbers.translation_m, float),
        focal_px=np.array(numbers.focal_px, float),
        centre_px=np.array(numbers.centre_px, float),
        width=numbers.width,
        height=numbers.height,
        distortion=np.array(numbers.distortion, float),
        estimated=numbers.estimated,
    )


def as_numbers(camera: Camera) -> dict[str, Any]:
    """The fields of `CameraNumbers` by name, arrays as tuples."""
    return {
        "rotation": tuple(tuple(row) for row in camera.rotation.tolist()),
        "translation_m": tuple(camera.translation_m.tolist()),
        "focal_px": tuple(camera.focal_px.tolist()),
        "centre_px": tuple(camera.centre_px.tolist()),
        "width": camera.width,
        "height": camera.height,
        "distortion": tuple(camera.distortion.tolist()),
        "estimated": camera.estimated,
    }


def estimated_camera(width: int, height: int) -> Camera:
    """A level camera at the origin with a usual lens, where no calibration is known."""
    focal = ESTIMATED_FOCAL * max(width, height)
    return Camera(
        rotation=np.diag([1.0, -1.0, -1.0]),
        translation_m=np.zeros(3),
        focal_px=np.array([focal, focal]),
        centre_px=np.array([(width - 1) / 2, (height - 1) / 2]),
        width=width,
        height=height,
        distortion=np.zeros(5),
        estimated=True,
    )


def resized(camera: Camera, width: int, height: int) -> Camera:
    """The same camera for pictures of another size, as a video that was scaled has them."""
    if (width, height) == (camera.width, camera.height):
        return camera
    scale = np.array([width / camera.width, height / camera.height])
    # Pixels count from the centre of the first one.
    centre_px = (camera.centre_px + 0.5) * scale - 0.5
    return replace(camera, focal_px=camera.focal_px * scale, centre_px=centre_px, width=width, height=height)


def is_same_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether pictures of these sizes, width and height, may show the same, larger or smaller."""
    wide, high = one[0] * other[1], one[1] * other[0]
    return abs(wide - high) <= SAME_SHAPE * max(wide, high)


def to_camera(points_m: Float[ndarray, "*batch 3"], camera: Camera) -> Float[ndarray, "*batch 3"]:
    """World points in camera axes."""
    return points_m @ camera.rotation.T + camera.translation_m


def pinhole(points_m: Float[ndarray, "*batch 3"], camera: Camera) -> Float[ndarray, "*batch 2"]:
    """Points in camera axes to undistorted pixels: the perspective divide and K."""
    depth_m = np.maximum(points_m[..., 2:], NEAREST_M)
    return camera.focal_px * points_m[..., :2] / depth_m + camera.centre_px


def project(points_m: Float[ndarray, "*batch 3"], camera: Camera) -> Float[ndarray, "*batch 2"]:
    """Where each world point appears in the picture, pixels, lens distortion included."""
    return distort(pinhole(to_camera(points_m, camera), camera), camera)


def distort(pixels: Float[ndarray, "*batch 2"], camera: Camera) -> Float[ndarray, "*batch 2"]:
    """Undistorted pixels to the picture's own."""
    if not np.any(camera.distortion):
        return pixels
    bent, _ = bend((pixels - camera.centre_px) / camera.focal_px, camera.distortion)
    return bent * camera.focal_px + camera.centre_px


def undistort(pixels: Float[ndarray, "*batch 2"], camera: Camera) -> Float[ndarray, "*batch 2"]:
    """The picture's pixels to those of a perfect pinhole, by Newton's steps.

    A strongly bent lens shows only part of the plane; a pixel it cannot show gets the nearest it can.
    """
    if not np.any(camera.distortion):
        return pixels
    wanted = (pixels - camera.centre_px) / camera.focal_px
    straight = wanted.astype(float)
    for _ in range(_NEWTON_STEPS):
        bent, slope = bend(straight, camera.distortion)
        missing = wanted - bent
        (a, b), (c, d) = (slope[..., 0, 0], slope[..., 0, 1]), (slope[..., 1, 0], slope[..., 1, 1])
        area = np.maximum(
            a * d - b * c, _LEAST_AREA
        )  # where the lens folds over, a short step is safer than a wild one
        step = np.stack([d * missing[..., 0] - b * missing[..., 1], a * missing[..., 1] - c * missing[..., 0]], -1)
        step = step / area[..., None]
        length = np.linalg.norm(step, axis=-1, keepdims=True)
        straight = straight + step * np.minimum(1.0, 0.5 / np.maximum(length, 1e-12))
        if not length.size or length.max() < 1e-13:
            break
    return straight * camera.focal_px + camera.centre_px


_NEWTON_STEPS = 12
_LEAST_AREA = 0.05


def bend(
    xy: Float[ndarray, "*batch 2"], distortion: Float[ndarray, " coefficients"]
) -> tuple[Float[ndarray, "*batch 2"], Float[ndarray, "*batch 2 2"]]:
    """Where the lens puts rays (x, y at depth 1), and how that changes with them."""
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = np.pad(distortion, (0, 12 - len(distortion)))
    x, y = xy[..., 0], xy[..., 1]
    r2 = x * x + y * y
    above, below = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)), 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
    radial = above / below
    growth = (k1 + r2 * (2 * k2 + r2 * 3 * k3)) / below - radial * (k4 + r2 * (2 * k5 + r2 * 3 * k6)) / below
    bent = np.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x) + r2 * (s1 + r2 * s2),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + r2 * (s3 + r2 * s4),
        ],
        axis=-1,
    )
    prism_x, prism_y = 2 * (s1 + 2 * s2 * r2), 2 * (s3 + 2 * s4 * r2)
    cross = 2 * x * y * growth + 2 * p1 * x + 2 * p2 * y
    slope = np.stack(
        [
            np.stack([radial + 2 * x * x * growth + 2 * p1 * y + 6 * p2 * x + prism_x * x, cross + prism_x * y], -1),
            np.stack([cross + prism_y * x, radial + 2 * y * y * growth + 6 * p1 * y + 2 * p2 * x + prism_y * y], -1),
        ],
        axis=-2,
    )
    return bent, slope


# ---- where a camera stands, and what a pixel looks at ----


def eye_m(camera: Camera) -> Float[ndarray, " 3"]:
    """Where the camera stands in the world; y is its height over the floor where the floor is at 0."""
    return -camera.rotation.T @ camera.translation_m


def tilt_deg(camera: Camera) -> float:
    """How far the camera looks down (negative: up), degrees."""
    return float(np.rad2deg(-np.arcsin(np.clip(camera.rotation[2, 1], -1, 1))))


def roll_deg(camera: Camera) -> float:
    """How far the picture leans: positive where the right side of what is level sinks in the picture, degrees."""
    leaning = levelling(camera)
    return float(np.rad2deg(np.arctan2(leaning[1, 0], leaning[0, 0])))


def rays(pixels: Float[ndarray, "*batch 2"], camera: Camera) -> Float[ndarray, "*batch 3"]:
    """The directions in the world, of length 1, in which these pixels of the picture look from `eye_m`."""
    straight = (undistort(pixels, camera) - camera.centre_px) / camera.focal_px
    seen = np.concatenate([straight, np.ones_like(straight[..., :1])], axis=-1) @ camera.rotation
    return seen / np.linalg.norm(seen, axis=-1, keepdims=True)


def on_floor_m(pixels: Float[ndarray, "*batch 2"], camera: Camera, height_m: float = 0.0) -> Float[ndarray, "*batch 3"]:
    """Where these pixels meet the level plane at `height_m`; NaN where they look past it, at the horizon or above."""
    directions, eye = rays(pixels, camera), eye_m(camera)
    with np.errstate(divide="ignore", invalid="ignore"):
        along = (height_m - eye[1]) / directions[..., 1:2]
        met = eye + along * directions
    return np.where((along > 0) & np.isfinite(along), met, np.nan)


def levelling(camera: Camera) -> Float[ndarray, "3 3"]:
    """R̃: levelled frame to camera axes. The camera's tilt and roll are in it, its heading is not."""
    # World axes of the levelled frame: y is up, z points back from where the camera looks.
    looks_along = camera.rotation[2]
    flat = np.array([looks_along[0], 0.0, looks_along[2]])
    if np.linalg.norm(flat) < 1e-6:  # it looks straight down or up: its top or bottom edge tells the heading
        flat = np.sign(looks_along[1]) * camera.rotation[1] * np.array([1.0, 0.0, 1.0])
    z = -flat / np.linalg.norm(flat)
    x = np.cross([0.0, 1.0, 0.0], z)
    levelled_to_world = np.stack([x, [0.0, 1.0, 0.0], z], axis=1)
    return camera.rotation @ levelled_to_world


def level_points(
    points_m: Float[ndarray, "*batch joints 3"], neck: int, camera: Camera
) -> Float[ndarray, "*batch joints 3"]:
    """World joints in the clip's levelled frame: neck at the origin, heading the camera's."""
    centred = points_m - points_m[..., neck : neck + 1, :]
    return centred @ (levelling(camera).T @ camera.rotation).T


def neck_place_m(neck_px: Float[ndarray, "*batch 2"], depth_m: float, camera: Camera) -> Float[ndarray, "*batch 3"]:
    """t̃ = z · K⁻¹ (u, v, 1): where a neck seen at undistorted `neck_px` stands in camera axes, metres."""
    ray = (neck_px - camera.centre_px) / camera.focal_px
    return depth_m * np.concatenate([ray, np.ones_like(ray[..., :1])], axis=-1)


def project_levelled(
    joints_m: Float[ndarray, "*batch joints 3"], place_m: Float[ndarray, "*batch 3"], camera: Camera
) -> Float[ndarray, "*batch joints 2"]:
    """Levelled, neck-centred joints to undistorted pixels, the neck standing at `place_m` in camera axes."""
    seen = joints_m @ levelling(camera).T + place_m[..., None, :]
    return pinhole(seen, camera)


def depth_from_torso_m(torso_px: float, camera: Camera, torso_m: float = ESTIMATED_TORSO_M) -> float:
    """How far away a torso of `torso_m` is that measures `torso_px` in the picture: an estimate."""
    return float(camera.focal_px.mean() * torso_m / max(torso_px, 1.0))

"""How a scene is looked at: a camera on a ball round what is looked at, or a clip's own camera. Numbers only.

World: metres, y up. `yaw` 0 looks from +z at a person's front, positive goes round to their left (+x);
`pitch` is the height over the horizon. The pole never flips and the floor is never crossed.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.geometry.cameras import Camera, pinhole, to_camera

HIGHEST = np.radians(89.0)
LOWEST_OVER_FLOOR_M = 0.05
NEAREST_M, FARTHEST_M = 0.3, 60.0
NEAREST_SEEN_M = 1e-3
LEAST_FRAMED_M = 1.2
_MARGIN = 1.16
FIELD = np.radians(30.0)
"""The height of what is seen, as an angle."""

PRESETS = {"front": (0.0, 0.08), "side": (np.pi / 2, 0.08), "top": (0.0, HIGHEST)}
"""Yaw and pitch of the named views; "side" shows the person's left."""


@dataclass(frozen=True)
class Orbit:
    """A camera that looks at `focus_m` from `distance_m` away. A wheel and a mouse change it by numbers."""

    focus_m: tuple[float, float, float] = (0.0, 0.9, 0.0)
    yaw: float = 0.6
    pitch: float = 0.18
    distance_m: float = 4.2
    floor_m: float | None = 0.0
    perspective: bool = True
    followed_m: tuple[float, float, float] | None = None
    """Where the person stood whom this view goes with, when it last went."""

    def orbited(self, yaw: float, pitch: float) -> "Orbit":
        """Turned round the focus by angles."""
        return replace(self, yaw=self.yaw + yaw, pitch=self.pitch + pitch).held()

    def panned(self, right: float, up: float) -> "Orbit":
        """Moved in the picture's plane, in shares of the picture's height."""
        per_height = 2 * self.distance_m * float(np.tan(FIELD / 2))
        _, x, y = self.axes()
        focus = np.array(self.focus_m) - per_height * (right * x + up * y)
        return replace(self, focus_m=tuple(float(part) for part in focus)).held()

    def zoomed(self, factor: float, at: tuple[float, float] = (0.0, 0.0)) -> "Orbit":
        """Nearer by `factor`; the point at `at` (shares of the height right of and above the middle) stays put."""
        distance = float(np.clip(self.distance_m / factor, NEAREST_M, FARTHEST_M))
        kept = 1 - distance / self.distance_m
        moved = self.panned(-at[0] * kept, -at[1] * kept)
        return replace(moved, distance_m=distance).held()

    def preset(self, name: str) -> "Orbit":
        """From the front, the side or the top, at the same distance."""
        yaw, pitch = PRESETS[name]
        return replace(self, yaw=yaw, pitch=pitch).held()

    def along(self, axis: str, negative: bool = False) -> "Orbit":
        """Looking down an axis of the world: `x`, `y` or `z` points at the viewer."""
        yaw, pitch = {"x": (np.pi / 2, 0.0), "y": (self.yaw, HIGHEST), "z": (0.0, 0.0)}[axis]
        return replace(self, yaw=yaw + np.pi * negative * (axis != "y"), pitch=pitch * (1 - 2 * negative)).held()

    def framing(self, points_m: Float[ndarray, "points 3"], aspect: float) -> "Orbit":
        """The same direction, as near as shows all these points, with a margin; `aspect` is width over height."""
        towards, right, up = self.axes()
        tall = float(np.tan(FIELD / 2)) / _MARGIN
        focus = points_m.mean(0)
        distance = self.distance_m
        # Where the middle of the picture must be depends on the distance, and the distance on it: a few rounds settle.
        for _ in range(4):
            offset = points_m - focus
            near, x, y = offset @ towards, offset @ right, offset @ up
            distance = float(np.max(near + np.maximum(np.abs(y) / tall, np.abs(x) / (tall * aspect))))
            away = np.maximum(distance - near, NEAREST_M)
            for across, axis in ((x, right), (y, up)):
                focus = focus + axis * distance * float((across / away).max() + (across / away).min()) / 2
        distance = float(np.clip(distance, LEAST_FRAMED_M, FARTHEST_M))
        return replace(self, focus_m=tuple(float(part) for part in focus), distance_m=distance).held()

    def following(self, point_m: Float[ndarray, " 3"]) -> "Orbit":
        """Goes with someone who is at `point_m` now: what was seen of them stays where it is in the picture.

        The first point is only taken note of. Heights are not followed, so that the floor holds still.
        """
        point = tuple(float(part) for part in point_m)
        if not np.isfinite(point).all():
            return self
        if self.followed_m is None:
            return replace(self, followed_m=point)
        x, y, z = self.focus_m
        moved = (x + point[0] - self.followed_m[0], y, z + point[2] - self.followed_m[2])
        return replace(self, focus_m=moved, followed_m=point)

    def staying(self) -> "Orbit":
        """Follows nobody any more."""
        return replace(self, followed_m=None)

    def over(self, floor_m: float | None) -> "Orbit":
        """Over another floor, or over none."""
        return replace(self, floor_m=floor_m).held()

    def held(self) -> "Orbit":
        """Within its bounds: over the floor, off the poles."""
        lowest = -HIGHEST
        if self.floor_m is not None:
            over = (self.floor_m + LOWEST_OVER_FLOOR_M - self.focus_m[1]) / self.distance_m
            lowest = float(np.arcsin(np.clip(over, -1, 1)))
        return replace(self, pitch=float(np.clip(self.pitch, max(lowest, -HIGHEST), HIGHEST)))

    def axes(self) -> tuple[ndarray, ndarray, ndarray]:
        """From the focus towards the camera, the picture's right, the picture's up."""
        towards = np.array(
            [
                np.cos(self.pitch) * np.sin(self.yaw),
                np.sin(self.pitch),
                np.cos(self.pitch) * np.cos(self.yaw),
            ]
        )
        right = np.array([np.cos(self.yaw), 0.0, -np.sin(self.yaw)])
        return towards, right, np.cross(towards, right)

    def place_m(self) -> Float[ndarray, " 3"]:
        """Where the camera stands."""
        return np.array(self.focus_m) + self.distance_m * self.axes()[0]


View = Orbit | Camera


def to_pixels(
    view: View, points_m: Float[ndarray, "points 3"], width: int, height: int
) -> tuple[Float[ndarray, "points 2"], Float[ndarray, " points"]]:
    """Where points are in a picture of this size (from the centre of its top left pixel), and how far off, metres.

    What lies behind the camera has a negative depth. A clip's camera is taken without its lens's distortion, as drawn.
    """
    middle = (np.array([width, height]) - 1) / 2
    if isinstance(view, Orbit):
        towards, right, up = view.axes()
        off = points_m - view.place_m()
        depth = -off @ towards
        tall = np.tan(FIELD / 2) * (np.maximum(depth, NEAREST_SEEN_M) if view.perspective else view.distance_m)
        across = np.stack([off @ right, -(off @ up)], -1)
        return middle + across / np.expand_dims(tall, -1) * height / 2, depth
    seen = to_camera(points_m, view)
    scale = min(width / view.width, height / view.height)
    of_clip = (np.array([view.width, view.height]) - 1) / 2
    return middle + (pinhole(seen, view) - of_clip) * scale, seen[..., 2]


@dataclass(frozen=True)
class Box:
    """A part of a picture, in its pixels."""

    left: int
    top: int
    width: int
    height: int


def aim(renderer: Any, view: View, width: int, height: int, box: Box | None = None) -> None:
    """Points VTK's camera; a clip's picture is fitted whole into the window.

    With a `box` only that part of the picture of this size is seen, filling the window.
    """
    camera = renderer.GetActiveCamera()
    camera.SetWindowCenter(0, 0)
    stretch, off = 1.0, np.zeros(2)
    if isinstance(view, Orbit):
        up = view.axes()[2]
        camera.SetFocalPoint(*view.focus_m)
        camera.SetPosition(*view.place_m())
        camera.SetViewUp(*up)
        camera.SetViewAngle(float(np.degrees(FIELD)))
        camera.SetParallelProjection(not view.perspective)
        camera.SetParallelScale(view.distance_m * float(np.tan(FIELD / 2)))
    else:
        place = -view.rotation.T @ view.translation_m
        _, down, forward = view.rotation
        camera.SetParallelProjection(False)
        camera.SetPosition(*place)
        camera.SetFocalPoint(*(place + forward))
        camera.SetViewUp(*-down)
        # One picture pixel is this many window pixels, the same both ways; VTK's camera has one focal length, so what
        # it sees is stretched sideways by the other's share.
        scale = min(width / view.width, height / view.height)
        across, focal = (float(each) * scale for each in view.focal_px)
        stretch = across / focal
        camera.SetViewAngle(float(np.degrees(2 * np.arctan(height / 2 / focal))))
        off = (view.centre_px - np.array([(view.width - 1) / 2, (view.height - 1) / 2])) * scale
    _cut(camera, stretch, off, width, height, box or Box(0, 0, width, height))
    renderer.ResetCameraClippingRange()


def _cut(camera: Any, stretch: float, off_px: ndarray, width: int, height: int, box: Box) -> None:
    """What follows the projection: stretched sideways, moved by pixels, the box blown up to all that is drawn."""
    from vtkmodules.vtkCommonTransforms import vtkTransform

    if stretch == 1 and not off_px.any() and box == Box(0, 0, width, height):
        camera.SetUserTransform(None)
        return
    transform = vtkTransform()
    transform.PostMultiply()
    # VTK fits the width to the window's shape, which is the box's and not the picture's.
    transform.Scale(stretch * (box.width / box.height) / (width / height), 1, 1)
    right = (box.left + box.width / 2 - off_px[0]) / width * 2 - 1
    up = 1 - (box.top + box.height / 2 - off_px[1]) / height * 2
    transform.Translate(-right, -up, 0)
    transform.Scale(width / box.width, height / box.height, 1)
    camera.SetUserTransform(transform)

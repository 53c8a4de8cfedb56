"""Cameras for drawing a forecast's poses where the clip's camera sees them. Numpy only, no torch.

A forecast's joints are in the clip's levelled frame with the neck at the origin; its `Lens` is a camera whose world is
that frame. A person who stands elsewhere in a later frame is the same pose seen from another place.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.forecasts import Lens
from core.geometry.cameras import Camera, neck_place_m, pinhole, undistort

_NECK = UPPER_BODY_9["neck"]
_STEPS = 4  # nearer parts look larger, so that one step is not quite enough
_NEAREST_M, _FARTHEST_M = 0.3, 50.0


def lens_camera(lens: Lens, like: Camera | None = None) -> Camera:
    """The camera whose world is the forecast's own frame; bent as the clip's own camera `like` is."""
    return Camera(
        rotation=np.asarray(lens.rotation),
        translation_m=np.asarray(lens.translation_m),
        focal_px=np.asarray(lens.focal_px),
        centre_px=np.asarray(lens.centre_px),
        width=lens.width,
        height=lens.height,
        distortion=np.zeros(5) if like is None else like.distortion,
        estimated=False if like is None else like.estimated,
    )


def standing_where_seen(
    camera: Camera, joints_m: Float[ndarray, "9 3"], seen_px: Float[ndarray, "9 2"], seen: Bool[ndarray, " 9"]
) -> Camera:
    """The same camera for a person who stands elsewhere: the neck where it is seen, as far away as the joints tell."""
    straight_px = undistort(seen_px, camera)
    offsets_px = (straight_px - straight_px[_NECK])[seen]
    depth_m = float(camera.translation_m[2])
    for _ in range(_STEPS):
        place_m = neck_place_m(straight_px[_NECK], depth_m, camera)
        drawn_px = pinhole(joints_m @ camera.rotation.T + place_m, camera)
        drawn_px = (drawn_px - drawn_px[_NECK])[seen]
        larger = float((offsets_px * drawn_px).sum() / max(float((drawn_px**2).sum()), 1e-6))
        depth_m = float(np.clip(depth_m / np.clip(larger, 0.2, 5.0), _NEAREST_M, _FARTHEST_M))
    return replace(camera, translation_m=neck_place_m(straight_px[_NECK], depth_m, camera))

"""Which camera filmed a clip: the calibrated one its project holds, or an estimated one. No torch."""

import numpy as np

from core.geometry.cameras import Camera, estimated_camera
from core.project.annotations import Clip, Project


def camera_of(project: Project, clip: Clip) -> Camera:
    """The clip's calibrated camera in the video's own size, or an estimated one."""
    row = project.cameras.get(clip.camera)
    if row is None:
        return estimated_camera(clip.video.width, clip.video.height)
    scale = np.array([clip.video.width / row.width, clip.video.height / row.height])
    return Camera(
        rotation=np.array(row.rotation),
        translation_m=np.array(row.translation_m),
        focal_px=np.array(row.focal_px) * scale,
        # Pixels count from the centre of the first one.
        centre_px=(np.array(row.centre_px) + 0.5) * scale - 0.5,
        width=clip.video.width,
        height=clip.video.height,
        distortion=np.array(row.distortion),
        estimated=row.estimated,
    )

"""A clip's people as bodies: the 2D tracks of one of them, seen by the clip's camera, fitted with a body.

    for each in fit_clip(store, clip, person=0, start=0, end=300, body="built-in/smpl/neutral"):
        ...                                        # Progress, and a FittedMotion at last
    shot = shot_of(motion, store, clip)            # for pictures, films and files (core.exporting.bodies)

The world is the camera's: metres, y up, the floor at 0 where it was calibrated. Closing the generator stops it. No
torch.
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.bodies import library
from core.bodies.fitting import Fit, fitting_pixels
from core.bodies.skeletons import SMPL_22
from core.bodies.skinning import Body
from core.errors import ProjectError
from core.geometry.cameras import Camera
from core.motion import SEEN
from core.project.annotations import Clip
from core.project.cameras import camera_of
from core.project.store import ProjectStore
from core.rendering.moving import Footage, MovingBody, MovingScene, Shot
from core.runs import Progress

_SOLE_M = 0.03  # below ankles and balls of the feet
_FEET = [SMPL_22[name] for name in ("left_ankle", "right_ankle", "left_foot", "right_foot")]


@dataclass(frozen=True)
class FittedMotion:
    """One person of a clip from `start_frame` on, as a body; where `fitted` is False too little was seen."""

    body: str
    person: int
    start_frame: int
    rate_hz: float
    betas: Float[ndarray, " shapes"]
    rotations: Float[ndarray, "frames joints 3 3"]
    translation_m: Float[ndarray, "frames 3"]
    fitted: Bool[ndarray, " frames"]
    error_px: Float[ndarray, " frames"]
    """Mean over the seen joints."""
    camera: Camera
    ground_m: float
    """The floor: of a calibrated camera's world, else where the feet are mostly."""

    def __len__(self) -> int:
        return len(self.translation_m)

    @property
    def mean_error_px(self) -> float:
        return float(self.error_px[self.fitted].mean())


def fit_clip(
    store: ProjectStore,
    clip: Clip,
    *,
    person: int = 0,
    start: int = 0,
    end: int | None = None,
    body: str = library.DEFAULT_KEY,
) -> Generator[Progress | FittedMotion, None, None]:
    """Fit frames `start` … `end` - 1; progress counts frames. ProjectError says why there can be no body."""
    if not clip.tracks:
        raise ProjectError(f"{clip.name} has no 2D poses.", hint="Extract them first: `posecast poses`.")
    tracks = store.tracks(clip.tracks)
    end = len(tracks) if end is None else min(end, len(tracks))
    if not 0 <= person < tracks.people:
        known = "one person, number 1" if tracks.people == 1 else f"people 1 to {tracks.people}"
        raise ProjectError(f"{clip.name} has no person {person + 1}.", hint=f"Its 2D poses show {known}.")
    if not 0 <= start < end:
        raise ProjectError(f"{clip.name} has no frames {start} to {end}.", hint=f"It has {len(tracks)}.")
    figure = library.body(body)
    camera = camera_of(store.project, clip)
    joints_px = np.asarray(tracks.joints_px[start:end, person], float)
    confidence = np.asarray(tracks.confidence[start:end, person], float)
    yield Progress(0, end - start, "bodies")
    fit: Fit | None = None
    for each in fitting_pixels(
        figure,
        joints_px,
        tracks.skeleton,
        camera,
        seen=np.where(confidence >= SEEN, confidence, 0.0),
        rate_hz=clip.video.rate_hz,
    ):
        if isinstance(each, int):
            yield Progress(each, end - start, "bodies")
        else:
            fit = each
    if fit is None:
        raise ProjectError(
            f"Too little is seen of person {person + 1} in {clip.name} there.",
            hint="Choose other frames or another person.",
        )
    yield FittedMotion(
        body=body,
        person=person,
        start_frame=start,
        rate_hz=clip.video.rate_hz,
        betas=fit.betas,
        rotations=fit.rotations,
        translation_m=fit.translation_m,
        fitted=fit.fitted,
        error_px=fit.error,
        camera=camera,
        ground_m=_ground_m(fit, figure) if camera.estimated else 0.0,
    )


def shot_of(motion: FittedMotion, store: ProjectStore, clip: Clip) -> Shot:
    """The motion as a scene seen by the clip's camera, its video behind it where it has one."""
    who = MovingBody(motion.body, motion.betas, motion.rotations, motion.translation_m, there=motion.fitted)
    scene = MovingScene(rate_hz=motion.rate_hz, bodies=(who,), ground_m=motion.ground_m)
    footage = None
    if clip.video.path and store.video_path(clip).is_file():
        frames = tuple(range(motion.start_frame, motion.start_frame + len(motion)))
        footage = Footage(store.video_path(clip), frames, motion.camera)
    first = int(np.flatnonzero(motion.fitted)[0])
    return Shot(scene, at=first, view=motion.camera, footage=footage)


def _ground_m(fit: Fit, body: Body) -> float:
    figure = body.shaped(fit.betas)
    lowest = [
        figure.place(fit.rotations[at], fit.translation_m[at]).places_m[_FEET, 1].min()
        for at in np.flatnonzero(fit.fitted)
    ]
    return float(np.median(lowest)) - _SOLE_M

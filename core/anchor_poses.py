"""Poses to pass through (`core.generations.Anchor`) from wherever there are poses. No torch.

    anchor_of_step(forecast.steps[0], at_s=1.5)                 # nine joints that a forecaster expects
    anchor_of_motion(recording, frame=12, at_s=0.8)             # a whole body, from recorded or made motion
    anchor_of_fit(fitted.poses[0], at_s=0.8)                    # a body the warm process fitted to a picture
    anchor_of_clip_pose(store, clip, pose, at_s=0.8)            # the same, fitted here: it takes a moment

A fitted body binds its upper body alone where the legs were not seen. Joints that somebody moved by hand are where they
were put, also in a clip without 2D tracks. Metres, y up.
"""

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from core.bodies import library
from core.bodies.fitting import fit_pixels
from core.bodies.fitting_landmarks import landmarks_of
from core.bodies.kinematics import place_joints
from core.bodies.poses import pose_for
from core.bodies.skeletons import SMPL_22, SMPL_24, UPPER_BODY_9, Skeleton
from core.errors import ProjectError
from core.fits import FittedPose
from core.forecasts import ForecastStep
from core.generations import Anchor, PackedMotion, rows, unpacked
from core.geometry.rotations import matrices, rotation_vectors, turned
from core.motion import SEEN, Motion, Poses2d
from core.project.annotations import CharacteristicPose, Clip
from core.project.cameras import camera_of
from core.project.joints import as_seen
from core.project.store import ProjectStore
from core.recordings import reference_joints_m

_LEG_JOINTS = ("knee", "ankle")


def anchor_of_step(step: ForecastStep, at_s: float, *, name: str = "") -> Anchor:
    """The nine joints that a forecaster expects."""
    return Anchor(at_s=at_s, joints_m=step.joints_m, name=name or f"forecast, {step.action}")


def anchor_of_motion(
    motion: Motion | PackedMotion, frame: int, at_s: float, *, name: str = "", joints: int = len(SMPL_24)
) -> Anchor:
    """The whole body in one frame, for a model of so many joints. ProjectError where there is no such frame."""
    whole = unpacked(motion) if isinstance(motion, PackedMotion) else motion
    if not 0 <= frame < len(whole):
        raise ProjectError(f"there is no frame {frame}", hint=f"The motion has {len(whole)}, counted from 0.")
    return _whole_body(np.asarray(whole.rotations[frame], float), at_s, name, joints)


def anchor_of_fit(
    pose: FittedPose, at_s: float, *, name: str = "", joints: int = len(SMPL_24), legs_seen: bool = True
) -> Anchor:
    """A body that was fitted to joints; its upper body alone where nothing was seen of the legs."""
    rotations = matrices(np.array(pose.rotations, float))
    return _whole_body(rotations, at_s, name, joints) if legs_seen else _upper_body(rotations, at_s, name)


def anchor_of_clip_pose(
    store: ProjectStore,
    clip: Clip,
    pose: CharacteristicPose,
    at_s: float,
    *,
    person: int = 0,
    joints: int = len(SMPL_24),
) -> Anchor:
    """A characteristic pose of a clip, as the body that its 2D joints show. ProjectError where too little is seen."""
    if not clip.tracks and not pose.joint_edits:
        raise ProjectError(f"{clip.name} has no 2D poses.", hint="Extract them first: `posecast poses`.")
    tracks = store.tracks(clip.tracks) if clip.tracks else None
    segment = clip.segment(pose.segment)
    label = store.project.labels.get(segment.action) if segment is not None else None
    name = ", ".join([clip.name, *([label.name] if label is not None else [])])
    if tracks is not None and not (0 <= pose.frame < len(tracks) and 0 <= person < tracks.people):
        raise ProjectError(f"{clip.name} has no 2D pose at frame {pose.frame}.", hint="Extract its poses again.")
    seen = seen_of_pose(tracks, pose, person)
    confidence = np.asarray(seen.confidence[:, 0], float)
    fit = fit_pixels(
        library.body(),
        np.asarray(seen.joints_px[:, 0], float),
        seen.skeleton,
        camera_of(store.project, clip),
        seen=np.where(confidence >= SEEN, confidence, 0.0),
    )
    if fit is None or not fit.fitted[0]:
        raise ProjectError(
            f"Too little is seen of the person at frame {pose.frame} of {clip.name}.", hint="Choose another pose."
        )
    if legs_are_seen(seen.skeleton, confidence[0] >= SEEN):
        return _whole_body(fit.rotations[0], at_s, name, joints)
    return _upper_body(fit.rotations[0], at_s, name)


def seen_of_pose(tracks: Poses2d | None, pose: CharacteristicPose, person: int) -> Poses2d:
    """That frame of one person with the joints that somebody moved by hand; see `core.project.joints.as_seen`."""
    return as_seen(tracks, pose.frame, person, pose.joint_edits)


def legs_are_seen(skeleton: Skeleton, seen: Bool[ndarray, " joints"]) -> bool:
    """Whether both knees and both ankles are seen."""
    legs = [f"{side}_{joint}" for side in ("left", "right") for joint in _LEG_JOINTS]
    return all(leg in skeleton.joints and bool(seen[skeleton[leg]]) for leg in legs)


def _whole_body(rotations: ndarray, at_s: float, name: str, joints: int) -> Anchor:
    return Anchor(at_s=at_s, rotation_vectors=rows(rotation_vectors(pose_for(rotations, joints))), name=name)


def _upper_body(rotations: ndarray, at_s: float, name: str) -> Anchor:
    body, marks = library.body(), landmarks_of(library.body(), UPPER_BODY_9)
    own = pose_for(rotations, len(body.parents))[: len(SMPL_22)]
    there = place_joints(own, np.zeros(3), reference_joints_m()[: len(SMPL_22)], SMPL_22.parents)
    points = there.places_m[marks.fixed_to] + turned(there.rotations[marks.fixed_to], marks.offsets_m)
    return Anchor(at_s=at_s, joints_m=rows(marks.mix @ points), name=name)

"""Answers a question for fitted bodies (`core.fits`): poses in, bodies out. Numpy only, so no model has to be loaded.

A sequence, and poses said to be of one person, share one shape; otherwise each pose is fitted on its own. A fitted body
stands where its joints are: in the frame of the joints, or in the camera's world.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies import library
from core.bodies.fitting import Fit, fit_joints, fit_pixels
from core.bodies.skeletons import SKELETONS, Skeleton
from core.errors import CoreError
from core.fits import AskFit, Fitted, FittedPose, FitView, Triple, camera_of_view
from core.geometry.cameras import DISTORTIONS, Camera
from core.geometry.rotations import rotation_vectors


def answer_fit(question: AskFit) -> Fitted:
    """A body for each pose, None where too little of it was seen. CoreError where the question makes no sense."""
    skeleton = SKELETONS.get(question.skeleton)
    if skeleton is None:
        raise CoreError(f"There is no skeleton {question.skeleton!r}.", hint=f"There are {', '.join(SKELETONS)}.")
    axes = 3 if question.view is None else 2
    if not question.poses:
        return Fitted(number=question.number, poses=())
    joints, seen = _joints(question, skeleton, axes)
    body = library.body(question.body)
    camera = None if question.view is None else _camera(question.view)
    rate_hz = question.rate_hz if question.is_sequence else None
    if rate_hz is not None and not (np.isfinite(rate_hz) and rate_hz > 0):
        raise CoreError(f"A sequence of {rate_hz:g} frames a second has no time.", hint="Give its rate.")
    together = question.is_sequence or question.is_one_person
    parts = [slice(None)] if together else [slice(at, at + 1) for at in range(len(joints))]
    poses: list[FittedPose | None] = []
    for part in parts:
        if camera is None:
            fit = fit_joints(body, joints[part], skeleton, seen=seen[part], rate_hz=rate_hz)
        else:
            fit = fit_pixels(body, joints[part], skeleton, camera, seen=seen[part], rate_hz=rate_hz)
        poses += [None] * len(joints[part]) if fit is None else _poses(fit)
    return Fitted(number=question.number, poses=tuple(poses))


def _camera(view: FitView) -> Camera:
    """The question's camera. CoreError where its numbers cannot be a camera's."""
    numbers = [*np.ravel(view.rotation), *view.translation_m, *view.focal_px, *view.centre_px, *view.distortion]
    rotation = np.array(view.rotation, float)
    if not np.isfinite(numbers).all() or min(view.focal_px) <= 0 or min(view.width, view.height) <= 0:
        raise CoreError("This camera has no usable lens.", hint="Calibrate the camera again.")
    if len(view.distortion) not in DISTORTIONS:
        raise CoreError(
            f"A lens of {len(view.distortion)} coefficients is not known.", hint="Calibrate the camera again."
        )
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3):
        raise CoreError("This camera's rotation is none.", hint="Calibrate the camera again.")
    return camera_of_view(view)


def _joints(
    question: AskFit, skeleton: Skeleton, axes: int
) -> tuple[Float[ndarray, "frames joints axes"], Float[ndarray, "frames joints"]]:
    for number, pose in enumerate(question.poses, start=1):
        counts = {len(pose.joints), len(pose.seen)}
        if counts != {len(skeleton)}:
            raise CoreError(
                f"Pose {number} has {len(pose.joints)} joints and {len(pose.seen)} marks, not {len(skeleton)}.",
                hint=f"Give the joints of {skeleton.name} in their order.",
            )
        if any(len(joint) != axes for joint in pose.joints):
            raise CoreError(
                f"Pose {number} has joints that are not {axes} numbers each.",
                hint="Give metres without a view, or pixels with one.",
            )
    joints = np.array([pose.joints for pose in question.poses], float)
    return joints, np.array([pose.seen for pose in question.poses], float)


def _poses(fit: Fit) -> list[FittedPose | None]:
    vectors = rotation_vectors(fit.rotations)
    betas = tuple(float(each) for each in fit.betas)
    return [
        FittedPose(
            betas=betas,
            rotations=tuple(_triple(vector) for vector in vectors[at]),
            translation_m=_triple(fit.translation_m[at]),
            error=float(fit.error[at]),
        )
        if fit.fitted[at]
        else None
        for at in range(len(fit))
    ]


def _triple(numbers: Float[ndarray, " 3"]) -> Triple:
    x, y, z = numbers
    return float(x), float(y), float(z)

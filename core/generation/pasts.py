"""A past as a model takes it, and what comes after it put back into the past's world. No torch.

A past may have any length, any rate, any of SMPL's skeletons, any place and heading. It is taken at 30 frames a
second, with the model's joints; before one that is shorter than a token, such as a single pose, its first pose is held.
A window of it stands at the origin without a heading (`at_origin`), as windows do in training. What a model then says
is turned about the vertical and moved so that the past's last frame, as it came back, stands on the true one. The
little that then differs there is carried over and let go in a third of a second. World metres, y up.
Letters: S motions, P past frames, F new frames, J joints.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.poses import pose_for
from core.bodies.skeletons import SKELETONS, SMPL_24, SMPLH_52, SMPLX_55
from core.errors import RunError
from core.generation.feet import fading, ground_of, soles_m
from core.generations import RATE_HZ, Past, unpacked
from core.geometry.rotations import about_y, inverse, matrices, nearest_heading, rotation_vectors
from core.motion import Motion
from core.recordings import Recording, reference_joints_m, resampled
from core.wording import counted

_BY_JOINTS = {len(each): each for each in (SMPL_24, SMPLH_52, SMPLX_55)}
_LEVEL_M = 0.25
"""A past whose feet are mostly farther than this from y = 0 is taken to stand on a ground of its own."""
_LETTING_GO = 10  # frames over which the difference at the seam is let go


def taken(past: Past, joints: int, frames_a_token: int) -> tuple[Motion, tuple[str, ...]]:
    """The past with the model's joints at 30 frames a second, and what was done with it in words."""
    if SKELETONS[past.motion.skeleton].name not in {each.name for each in _BY_JOINTS.values()}:
        raise RunError(
            f"The past is {past.motion.skeleton}, joints without a body.", hint="Fit a body to it first: posecast fit."
        )
    motion, notes = unpacked(past.motion), []
    if not (np.isfinite(motion.rotations).all() and np.isfinite(motion.translation_m).all()):
        raise RunError("The past has frames that are no numbers.", hint="Choose a stretch where the body is known.")
    if not 1 <= motion.rate_hz <= 1000:
        raise RunError(f"The past has {motion.rate_hz:g} frames a second.", hint="Choose one of 1 to 1000.")
    if abs(motion.rate_hz - RATE_HZ) > 1e-3:
        notes.append(f"The past is at {motion.rate_hz:g} frames a second: taken at {RATE_HZ:g}.")
        again = resampled(Recording("past", motion.rate_hz, body=motion), RATE_HZ).body
        assert again is not None
        motion = again
    if len(motion.skeleton) != joints:
        target = _BY_JOINTS[joints]
        notes.append(f"The past is of {motion.skeleton.name}: taken as {target.name}.")
        motion = Motion(target, RATE_HZ, pose_for(motion.rotations, joints), motion.translation_m)
    lacking = frames_a_token - len(motion)
    if lacking > 0:
        if not len(motion):
            raise RunError("The past has no frames.", hint="Choose a stretch of a motion.")
        notes.append(
            f"The past is {counted(len(motion), 'frame')} long: its first pose is held before it, so that it fills a "
            f"token of this model, {frames_a_token / RATE_HZ:.2g} s."
        )
        held = np.maximum(np.arange(-lacking, len(motion)), 0)
        motion = Motion(motion.skeleton, RATE_HZ, motion.rotations[held], motion.translation_m[held])
    return motion, tuple(notes)


def ground_below(past: Motion) -> float:
    """The height of the ground a past stands on: 0, or where its feet are, where that is somewhere else."""
    found = ground_of(soles_m(past.rotations, past.translation_m))
    return found if abs(found) > _LEVEL_M else 0.0


def put_back(
    before: tuple[Float[ndarray, "S J 3 3"], Float[ndarray, "S 3"]],
    rotations: Float[ndarray, "S P+F J 3 3"],
    path_m: Float[ndarray, "S P+F 3"],
    carried: int,
) -> tuple[Float[ndarray, "S F J 3 3"], Float[ndarray, "S F 3"]]:
    """The new frames of windows whose first `carried` are a past that truly ended with the pose and place `before`."""
    last, last_m = (np.asarray(each, float) for each in before)
    rotations, path_m = np.asarray(rotations, float), np.asarray(path_m, float)
    said, said_m = rotations[:, carried - 1], path_m[:, carried - 1]
    turn = about_y(nearest_heading(last[:, 0] @ inverse(said[:, 0])))
    rest_m = reference_joints_m()[0]
    # Horizontally the roots meet; what they differ in height fades.
    places_m = np.einsum("sij,sfj->sfi", turn, path_m + rest_m - (said_m + rest_m)[:, None] * [1, 0, 1])
    new_m = places_m[:, carried:] + ((last_m + rest_m) * [1, 0, 1])[:, None] - rest_m
    new = rotations[:, carried:].copy()
    new[:, :, 0] = turn[:, None] @ new[:, :, 0]
    said = said.copy()
    said[:, 0] = turn @ said[:, 0]
    faded = min(_LETTING_GO - 1, new.shape[1])
    left = fading(np.arange(1, new.shape[1] + 1), _LETTING_GO)
    new_m[..., 1] += (last_m - said_m)[:, None, 1] * left
    off = rotation_vectors(last @ inverse(said))
    new[:, :faded] = matrices(off[:, None] * left[None, :faded, None, None]) @ new[:, :faded]
    return new, new_m

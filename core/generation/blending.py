"""Poses met exactly: a motion is bent, smoothly and only around their frames, so that it passes through them. No torch.

    motion, off_mm = blended(motion, targets)          # targets: core.generation.anchors.bound

At a pose's frame every bound joint turns as the pose has it; before and after it the same turn fades away, by a bump
that is 1 at the frame and whose first three derivatives are 0 at its ends. A bump is the wider the farther the pose is
away, so that what it adds to the jerk stays in bounds, and it never reaches over the next pose: between two poses one
turn goes over into the other, and both are met. Heading and place are not bound. So the root's heading stays the
motion's own, feet that stand are kept from slipping by moving the root along the floor (what that adds up to stays),
and the lowest sole keeps its height.

Of nine joints only the trunk, the head and the arms are turned. The pelvis tilts with them, and the hips turn back by
as much, so that thighs, shins and feet keep their directions in the world.

World metres, y up; rotations local, in SMPL's sense. Letters: F frames, J joints, P points of the soles.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import SMPL_22
from core.generation.feet import STANDS_UNDER_M, ground_of, soles_m
from core.generation.upper_body import UPPER, heading_between, nine_of, places_m
from core.geometry.rotations import about_y, inverse, matrices, nearest_heading, rotation_vectors, turned
from core.motion import Motion

LEAST_S, MOST_S = 0.4, 1.2
"""The half width of a bump, seconds."""
_JERK_M_S3 = 60.0
"""What a bump may add to the jerk of a joint, where its width can be chosen."""
_STEEPEST = 52.5  # the largest third derivative of `rise`
_HIPS = (SMPL_22["left_hip"], SMPL_22["right_hip"])
_SOFT_M = 0.01  # two soles that are as low as each other share in being the lowest
_REACH = 2  # frames to either side over which the floor's corrections are smoothed


@dataclass(frozen=True)
class Target:
    """A pose to be met at a frame: a whole body's rotations, or nine joints and an upper body that has them.

    `rotations` bind all joints, or, with `nine_m`, only those of UPPER and the root's tilt; `nine_m` is where they have
    UPPER_BODY_9 on the built-in body, the neck at the origin.
    """

    frame: int
    rotations: Float[ndarray, "J 3 3"]
    nine_m: Float[ndarray, "9 3"] | None = None
    name: str = ""


def rise(share: "float | Float[ndarray, '*batch']") -> Float[ndarray, "*batch"]:
    """0 at 0, 1 at 1, and three derivatives that are 0 at both ends; what is missing to 1 is its mirror image."""
    x = np.clip(np.asarray(share, float), 0.0, 1.0)
    return x**4 * (35 + x * (-84 + x * (70 - 20 * x)))


def bumps(
    frames: int, at: Sequence[int], half: Sequence[float], *, has_past: bool = False
) -> Float[ndarray, "anchors F"]:
    """How much each pose counts in each frame: 1 in its own and 0 in those of the others.

    `half` are half widths in frames. After a past the bumps are 0 in the frame before the first, which is the past's.
    """
    frame = np.arange(frames)
    shares = np.zeros((len(at), frames))
    for k, (middle, width) in enumerate(zip(at, half, strict=True)):
        before, after = float(width), float(width)
        if k:
            before = min(before, middle - at[k - 1])
        elif has_past:
            before = min(before, middle + 1)
        if k + 1 < len(at):
            after = min(after, at[k + 1] - middle)
        reach = np.where(frame <= middle, before, after)
        shares[k] = rise(1 - np.abs(frame - middle) / reach)
    return shares


def blended(motion: Motion, targets: Sequence[Target], *, has_past: bool = False) -> tuple[Motion, tuple[float, ...]]:
    """The motion through all poses, and how far each was off before: mean over its joints, millimetres."""
    if not targets:
        return motion, ()
    at = [target.frame for target in targets]
    if at != sorted(set(at)) or at[0] < 0 or at[-1] >= len(motion):
        raise ValueError(f"poses at frames {at} of {len(motion)}")
    rotations = np.asarray(motion.rotations, float)
    wanted = [_met(rotations[target.frame], target) for target in targets]
    turns = np.stack(
        [rotation_vectors(inverse(rotations[frame]) @ pose) for frame, pose in zip(at, wanted, strict=True)]
    )
    half = [_half_width(rotations[frame], pose, motion.rate_hz) for frame, pose in zip(at, wanted, strict=True)]
    shares = bumps(len(motion), at, half, has_past=has_past)
    off_mm = tuple(1000 * float(distance_m(rotations[target.frame], target)) for target in targets)
    bent = _bent(rotations, targets, turns, shares)
    path_m = _feet_kept(rotations, bent, np.asarray(motion.translation_m, float), shares.max(0))
    kept = np.asarray(motion.rotations).dtype
    return Motion(motion.skeleton, motion.rate_hz, bent.astype(kept), path_m.astype(kept)), off_mm


def distance_m(rotations: Float[ndarray, "*batch J 3 3"], target: Target) -> Float[ndarray, "*batch"]:
    """Mean distance of the bound joints from where the pose has them, once heading and place are as near as can be."""
    if target.nine_m is None:
        return aligned_distance_m(places_m(rotations), places_m(target.rotations))
    return aligned_distance_m(nine_of(rotations), target.nine_m)


def aligned_distance_m(
    given_m: Float[ndarray, "*batch joints 3"], wanted_m: Float[ndarray, "joints 3"]
) -> Float[ndarray, "*batch"]:
    """Mean distance of the joints after the turn about the vertical and the move that bring them nearest."""
    given, wanted = (each - each.mean(-2, keepdims=True) for each in (given_m, wanted_m))
    return np.linalg.norm(turned(heading_between(given, wanted), given) - wanted, axis=-1).mean(-1)


def facing(root: Float[ndarray, "3 3"], as_root: Float[ndarray, "3 3"]) -> Float[ndarray, "3 3"]:
    """`root`, turned about the vertical so that it is as near as can be to `as_root`."""
    return about_y(nearest_heading(as_root @ root.T)) @ root


# ---- how ------------------------------------------------------------------------------------------------------------


def _met(own: Float[ndarray, "J 3 3"], target: Target) -> Float[ndarray, "J 3 3"]:
    """The motion's pose with what the target binds put in."""
    root = facing(np.asarray(target.rotations[0], float), own[0])
    if target.nine_m is None:
        pose = np.array(target.rotations, float)
        pose[0] = root
        return pose
    pose = own.copy()
    pose[UPPER] = target.rotations[UPPER]
    pose[0] = root
    pose[list(_HIPS)] = inverse(pose[0]) @ own[0] @ own[list(_HIPS)]
    return pose


def _half_width(own: Float[ndarray, "J 3 3"], pose: Float[ndarray, "J 3 3"], rate_hz: float) -> float:
    """In frames: so wide that the joint that has farthest to go adds no more jerk than it may."""
    farthest_m = float(np.linalg.norm(places_m(own) - places_m(pose), axis=-1).max())
    seconds = (_STEEPEST * farthest_m / _JERK_M_S3) ** (1 / 3)
    return float(np.clip(seconds, LEAST_S, MOST_S)) * rate_hz


def _bent(
    rotations: Float[ndarray, "F J 3 3"],
    targets: Sequence[Target],
    turns: Float[ndarray, "anchors J 3"],
    shares: Float[ndarray, "anchors F"],
) -> Float[ndarray, "F J 3 3"]:
    of_nine = np.array([target.nine_m is not None for target in targets])
    hips = list(_HIPS)
    exact = turns.copy()
    exact[:, hips] *= ~of_nine[:, None, None]  # they follow the pelvis, frame by frame
    bent = rotations @ matrices(np.einsum("kf,kjc->fjc", shares, exact))
    if of_nine.any():
        pelvis = np.einsum("kf,kc->fc", shares[~of_nine], turns[~of_nine, 0])
        without = rotations[:, 0] @ matrices(pelvis)
        bent[:, hips] = (inverse(bent[:, 0]) @ without)[:, None] @ bent[:, hips]
    return bent


def _feet_kept(
    before: Float[ndarray, "F J 3 3"],
    after: Float[ndarray, "F J 3 3"],
    path_m: Float[ndarray, "F 3"],
    touched: Float[ndarray, " F"],
) -> Float[ndarray, "F 3"]:
    """The root's path on which standing feet slip as little as they did, and the lowest sole is as high as it was."""
    was, now = soles_m(before, path_m), soles_m(after, path_m)
    lift_m = _lowest(was) - _lowest(now)
    ground_m = ground_of(was)
    slips_m = _slipping(was, ground_m) - _slipping(now + lift_m[:, None, None] * [0.0, 1.0, 0.0], ground_m)
    kept = path_m.copy()
    kept[1:, [0, 2]] += np.cumsum(_smoothed(slips_m * np.minimum(1.0, 8.0 * touched[1:, None])), axis=0)
    kept[:, 1] += _smoothed(lift_m[:, None])[:, 0] * np.minimum(1.0, 8.0 * touched)
    return kept


def _slipping(soles: Float[ndarray, "F P 3"], ground_m: float) -> Float[ndarray, "steps 2"]:
    """How far what stands moves along the floor from each frame to the next; less where little of a sole stands."""
    height_m = np.maximum(soles[1:, :, 1], soles[:-1, :, 1]) - ground_m
    weight = np.clip(2 - 2 ** (height_m / STANDS_UNDER_M), 0.0, 1.0)
    return (weight[..., None] * np.diff(soles[..., [0, 2]], axis=0)).sum(1) / np.maximum(weight.sum(1), 1.0)[:, None]


def _lowest(soles: Float[ndarray, "F P 3"]) -> Float[ndarray, " F"]:
    """The height of the lowest point, without a kink where another one becomes it."""
    least = soles[..., 1].min(-1)
    return least - _SOFT_M * np.log(np.exp((least[:, None] - soles[..., 1]) / _SOFT_M).sum(-1))


def _smoothed(values: Float[ndarray, "F n"]) -> Float[ndarray, "F n"]:
    bump = np.cos(np.linspace(-np.pi / 2, np.pi / 2, 2 * _REACH + 3))[1:-1] ** 2
    padded = np.pad(values, ((_REACH, _REACH), (0, 0)), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, len(bump), axis=0) @ (bump / bump.sum())

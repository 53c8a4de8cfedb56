"""Feet on the ground: where the soles are, how fast a foot that stands slips, and heights put right. No torch.

World metres, y up. Of each foot three points of the sole are followed: the heel, the ball and the tip of the toes, on
the built-in body of average shape, whose ankle is 7.6 cm above its sole and whose ball joint 2.6 cm. Bodies of another
shape stand on the same ground when they are shown. Letters: S motions, F frames, J joints, P points of the soles.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.kinematics import place_joints
from core.bodies.skeletons import SMPL_24
from core.geometry.rotations import turned
from core.motion import Motion
from core.recordings import reference_joints_m

REACH = 10
"""Frames to either side over which a correction of heights is smoothed."""
STANDS_UNDER_M = 0.05
"""Above the ground at this height a point of the sole bears no weight."""
SLIPS_M_S = 0.5
"""Mean speed of standing feet from which on a motion is said to slip: 19 in 20 recordings of real motion stay below."""
_SLOW_M_S = 0.5  # half of the weight of a foot that moves so fast is on it, for putting heights right
_NEAR_M, _FAR_M = 0.06, 0.15  # a foot so far above the ground is meant to stand on it; from there on it is not
_REST = 0.02  # what weighs for no correction, where no foot stands
_LEGS = (
    "pelvis",
    *(f"{side}_{joint}" for joint in ("hip", "knee", "ankle", "foot") for side in ("left", "right")),
)
# On which joint of the legs a point of the sole is fixed, and where, in the joint's own axes.
_SOLES = tuple(
    (_LEGS.index(f"{side}_{joint}"), place_m)
    for side in ("left", "right")
    for joint, place_m in (
        ("ankle", (0.0, -0.076, -0.05)),
        ("foot", (0.0, -0.026, 0.0)),
        ("foot", (0.0, -0.026, 0.055)),
    )
)


def soles_m(rotations: Float[ndarray, "*S F J 3 3"], path_m: Float[ndarray, "*S F 3"]) -> Float[ndarray, "*S F 6 3"]:
    """Heel, ball and tip of the left foot, then of the right."""
    kept = [SMPL_24[name] for name in _LEGS]
    parents = [kept.index(SMPL_24.parents[joint]) if joint else -1 for joint in kept]
    placed = place_joints(rotations[..., kept, :, :], path_m, reference_joints_m()[kept], parents)
    on = [joint for joint, _ in _SOLES]
    offsets_m = np.array([place_m for _, place_m in _SOLES])
    return placed.places_m[..., on, :] + turned(placed.rotations[..., on, :, :], offsets_m)


def ground_of(soles: Float[ndarray, "F P 3"]) -> float:
    """The height that the lower foot is mostly at when it is low: the tenth percentile over the frames."""
    return float(np.percentile(soles[..., 1].min(-1), 10.0))


def foot_skating_m_s(motion: Motion, ground_m: float | None = None) -> float:
    """Mean horizontal speed of what bears the body; 0 where nothing ever does.

    Between two frames that is the slowest of the soles' points that are under `STANDS_UNDER_M` in both: a foot that
    rolls turns about one of them, and one that swings low over the ground does not count while the other stands. The
    ground is where the lower foot mostly is, unless it is given.
    """
    if len(motion) < 2:
        return 0.0
    soles = soles_m(motion.rotations, np.asarray(motion.translation_m, float))
    ground_m = ground_of(soles) if ground_m is None else ground_m
    speed_m_s = np.linalg.norm(np.diff(soles[..., [0, 2]], axis=0), axis=-1) * motion.rate_hz
    low = np.maximum(soles[1:, :, 1], soles[:-1, :, 1]) - ground_m < STANDS_UNDER_M
    slowest_m_s = np.where(low, speed_m_s, np.inf).min(-1)
    bears = low.any(-1)
    return float(slowest_m_s[bears].mean()) if bears.any() else 0.0


def off_ground_m(
    rotations: Float[ndarray, "S F J 3 3"],
    path_m: Float[ndarray, "S F 3"],
    ground_m: float = 0.0,
    *,
    fixed: int = 0,
    rate_hz: float = 30.0,
) -> Float[ndarray, "S F"]:
    """What is to be taken from the root's height so that feet that stand are on the ground: smooth in time.

    A frame counts by how surely a foot stands in it: low and slow, or below the ground. Where none does, as in a leap,
    nothing is corrected. The first `fixed` frames stay as they are, and those after them follow without a jump. A
    frame's correction depends on no frame more than `REACH` + 1 later.
    """
    if path_m.shape[1] == 0:
        return np.zeros(path_m.shape[:2])
    soles = soles_m(np.asarray(rotations, float), np.asarray(path_m, float))
    lowest = soles[..., 1].argmin(-1)[..., None]
    off_m = np.take_along_axis(soles[..., 1], lowest, axis=-1)[..., 0] - ground_m
    moved = np.diff(soles, axis=1, append=soles[:, -1:])
    speed_m_s = np.linalg.norm(np.take_along_axis(moved, lowest[..., None], axis=2)[:, :, 0], axis=-1) * rate_hz
    stands = np.clip((_FAR_M - off_m) / (_FAR_M - _NEAR_M), 0.0, 1.0) / (1 + (speed_m_s / _SLOW_M_S) ** 4)
    weight = np.where(off_m < 0, 1.0, stands)
    bump = np.cos(np.linspace(-np.pi / 2, np.pi / 2, 2 * REACH + 3))[1:-1] ** 2
    smooth_off_m, smooth_weight = _smoothed(weight * off_m, bump), _smoothed(weight, bump)
    correction = smooth_off_m / (smooth_weight + _REST * bump.sum())
    if fixed:
        after = np.arange(path_m.shape[1]) - (fixed - 1)
        correction = correction - correction[:, fixed - 1 : fixed] * fading(after)
        correction[:, :fixed] = 0.0
    return correction


def fading(after: ndarray, over: int = 10) -> ndarray:
    """1 at frame 0 and before, 0 from frame `over` on, without a kink between: how a difference is let go."""
    return (1 + np.cos(np.pi * np.clip(after / over, 0.0, 1.0))) / 2


def _smoothed(values: Float[ndarray, "S F"], bump: Float[ndarray, " K"]) -> Float[ndarray, "S F"]:
    reach = len(bump) // 2
    padded = np.pad(values, ((0, 0), (reach, reach)))
    return np.lib.stride_tricks.sliding_window_view(padded, len(bump), axis=1) @ bump

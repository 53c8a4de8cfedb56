"""What a forecast is measured by: pure functions of arrays.

Letters: W windows, M steps ahead, A actions, J joints. Accuracy is the mean over sequences of the mean over each
sequence's windows, so a long clip counts no more than a short one. Pose errors are means over visible joints, steps
and windows; the neck is not counted, being 0 by definition.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9

NECK = UPPER_BODY_9["neck"]


@dataclass(frozen=True)
class Accuracy:
    """Shares of right actions, by step ahead."""

    top1: Float[ndarray, " M"]
    top5: Float[ndarray, " M"]


@dataclass(frozen=True)
class PoseError2d:
    """Mean distance of visible joints by step ahead, by joint and in all, in pixels; in all also over torso lengths."""

    px_by_step: Float[ndarray, " M"]
    px: float
    torso: float
    px_by_joint: Float[ndarray, " J-1"]  # all but the neck


def accuracy(scores: Float[ndarray, "W M A"], truth: Int[ndarray, "W M"], sequence: Int[ndarray, " W"]) -> Accuracy:
    """Top-1 and top-5; an action that is not in the vocabulary (−1) is never hit."""
    return Accuracy(
        top1=over_sequences(hits(scores, truth, 1), sequence), top5=over_sequences(hits(scores, truth, 5), sequence)
    )


def hits(scores: Float[ndarray, "W M A"], truth: Int[ndarray, "W M"], k: int) -> Bool[ndarray, "W M"]:
    """Whether the truth is among the k best; of equal scores the lower number is better."""
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    return (best == truth[..., None]).any(-1)


def over_sequences(values: ndarray, sequence: Int[ndarray, " W"]) -> Float[ndarray, " M"]:
    """Mean over sequences of the mean over windows, one value for each step."""
    means = [values[sequence == each].mean(0) for each in np.unique(sequence)]
    return np.mean(means, axis=0) if means else np.full(values.shape[1:], np.nan)


def error_2d(
    forecast: Float[ndarray, "W M J 2"],
    truth: Float[ndarray, "W M J 2"],
    visible: Bool[ndarray, "W M J"],
    scale_px: Float[ndarray, "W 2"],
    torso_px: Float[ndarray, " W"],
) -> PoseError2d:
    """Of neck-centred poses in metres at the neck's depth."""
    distance_px = np.linalg.norm((forecast - truth) * scale_px[:, None, None], axis=-1)
    counted = visible & (np.arange(visible.shape[-1]) != NECK)
    torso = distance_px / torso_px[:, None, None]
    by_step = [_mean(distance_px[:, step], counted[:, step]) for step in range(counted.shape[1])]
    others = [joint for joint in range(counted.shape[-1]) if joint != NECK]
    by_joint = [_mean(distance_px[..., joint], counted[..., joint]) for joint in others]
    return PoseError2d(np.array(by_step), _mean(distance_px, counted), _mean(torso, counted), np.array(by_joint))


def best_of_px(
    futures: Float[ndarray, "W F M J 2"],
    truth: Float[ndarray, "W M J 2"],
    visible: Bool[ndarray, "W M J"],
    scale_px: Float[ndarray, "W 2"],
) -> float:
    """The 2D error where of each window's futures the nearest to what came is taken, as a whole."""
    distance_px = np.linalg.norm((futures - truth[:, None]) * scale_px[:, None, None, None], axis=-1)
    counted = visible & (np.arange(visible.shape[-1]) != NECK)
    off_px = np.where(counted[:, None], distance_px, 0.0).sum((-1, -2))
    joints = counted.sum()
    return float(off_px.min(1).sum() / joints) if joints else float("nan")


def apart_mm(futures_m: Float[ndarray, "W F M J 3"]) -> float:
    """How far two futures of a window lie from each other: mean over pairs, steps and joints but the neck."""
    others = np.arange(futures_m.shape[-2]) != NECK
    first, second = np.triu_indices(futures_m.shape[1], 1)
    if not len(futures_m) or not len(first):
        return float("nan")
    far_m = [
        np.linalg.norm(futures_m[:, a] - futures_m[:, b], axis=-1)[..., others].mean()
        for a, b in zip(first, second, strict=True)
    ]
    return 1000 * float(np.mean(far_m))


@dataclass(frozen=True)
class TimeError:
    """How far off expected times are: the median distance, and the share of what came between low and high."""

    median_s: float
    within: float


def time_error(
    pose_s: Float[ndarray, "W M"],
    low_s: Float[ndarray, "W M"],
    high_s: Float[ndarray, "W M"],
    came_s: Float[ndarray, "W M"],
) -> TimeError:
    """Over windows and steps whose time is known; NaN of nothing."""
    known = np.isfinite(pose_s) & np.isfinite(came_s)
    if not known.any():
        return TimeError(float("nan"), float("nan"))
    inside = (low_s <= came_s) & (came_s <= high_s)
    return TimeError(float(np.median(np.abs(pose_s - came_s)[known])), float(inside[known].mean()))


def mpjpe_mm(forecast_m: Float[ndarray, "*batch J 3"], truth_m: Float[ndarray, "*batch J 3"]) -> float:
    """Mean distance of joints in millimetres, necks laid on each other and not counted."""
    others = np.arange(forecast_m.shape[-2]) != NECK
    distance_m = np.linalg.norm(forecast_m - truth_m, axis=-1)[..., others]
    return 1000 * float(distance_m.mean()) if distance_m.size else float("nan")


def pa_mpjpe_mm(forecast_m: Float[ndarray, "*batch J 3"], truth_m: Float[ndarray, "*batch J 3"]) -> float:
    """Mean distance of all joints after each pose was moved, turned and scaled onto its truth."""
    distance_m = np.linalg.norm(aligned(forecast_m, truth_m) - truth_m, axis=-1)
    return 1000 * float(distance_m.mean()) if distance_m.size else float("nan")


def aligned(points: Float[ndarray, "*batch J 3"], onto: Float[ndarray, "*batch J 3"]) -> Float[ndarray, "*batch J 3"]:
    """Points after the similarity (no mirroring) that brings them nearest to `onto` in the least squares sense."""
    middle, goal = points.mean(-2, keepdims=True), onto.mean(-2, keepdims=True)
    centred, target = points - middle, onto - goal
    u, strength, vt = np.linalg.svd(np.swapaxes(centred, -1, -2) @ target)
    handed = np.ones(strength.shape)
    handed[..., -1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * handed[..., None, :]) @ vt
    size = np.maximum((centred**2).sum((-1, -2)), np.finfo(points.dtype).tiny)
    scale = (strength * handed).sum(-1) / size
    return scale[..., None, None] * (centred @ rotation) + goal


def _mean(values: ndarray, counted: ndarray) -> float:
    return float(values[counted].mean()) if counted.any() else float("nan")

"""What a forecaster's training measures on its validation part, and what is kept of the best.

Letters: W windows, M steps ahead, A actions.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core import configs
from core.datasets.action_sequences import Windows
from core.evaluation.calibration import confidences, expected_calibration_error, temperatures
from core.evaluation.metrics import accuracy, error_2d
from core.models.baselines.plain import Plain
from core.models.step_times import Instants


@dataclass(frozen=True)
class Best:
    """What the validation that was best so far said."""

    score: float | None = None
    figures: dict[str, float] = field(default_factory=dict)
    temperatures: tuple[float, ...] = ()
    calibration_error: float | None = None


def figures_of(
    windows: Windows,
    losses: configs.ForecasterLosses,
    average_px: float,
    logits: Float[ndarray, "W M A"],
    seen: Float[ndarray, "W M 9 2"],
    instants: Instants | None,
) -> dict[str, float]:
    """What a roll-out over the validation windows measured, with the score that the best checkpoint is chosen by."""
    right = accuracy(logits, windows.next_actions, windows.sequence)
    error = error_2d(seen, windows.next_poses, windows.next_visible, windows.scale_px, windows.torso_px)
    top1 = float(right.top1.mean())
    # Actions and poses in one number: right actions, less the pose error against that of an average pose. What is
    # not taught has no say in what is best.
    score = top1 if losses.action > 0 else 0.0
    if math.isfinite(error.px) and losses.pose2d + losses.adversarial > 0:
        score -= error.px / average_px
    figures = {
        "validation/top1": top1,
        "validation/top5": float(right.top5.mean()),
        "validation/mpjpe_px": error.px,
        "validation/score": score,
    }
    if instants is not None:
        truth_s = windows.next_times[..., 0].cumsum(-1)
        known = np.isfinite(truth_s)
        median_s, low_s, high_s = (
            each.cpu().numpy()[known] for each in (instants.median_s, instants.low_s, instants.high_s)
        )
        if known.any():
            came_s = truth_s[known]
            figures["validation/time_s"] = float(np.abs(median_s - came_s).mean())
            figures["validation/time_within"] = float(((low_s <= came_s) & (came_s <= high_s)).mean())
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def calibrated(best: Best, windows: Windows, logits: Float[ndarray, "W M A"]) -> Best:
    """With the temperatures that fit, and how far confidence is off then."""
    truth = windows.next_actions
    fitted = temperatures(logits, truth, windows.sequence)
    error = expected_calibration_error(confidences(logits, fitted), truth)
    return replace(best, temperatures=tuple(float(each) for each in fitted), calibration_error=error)


def average_error_px(plain: Plain, windows: Windows) -> float:
    """Of the average pose; NaN without windows."""
    if not len(windows):
        return math.nan
    average = np.broadcast_to(plain.average.numpy(), windows.next_poses.shape)
    return error_2d(average, windows.next_poses, windows.next_visible, windows.scale_px, windows.torso_px).px

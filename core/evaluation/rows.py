"""One method's outputs on some windows → its row of figures. Whatever a method does not say stays empty.

    row_of("n-gram, order 3", windows, words, logits=np.log(probabilities))

Probabilities are given as their logarithms. Letters: W windows, M steps ahead, A actions, F futures; 2D poses in metres
at the neck's depth, 3D ones in metres in the levelled frame (see `datasets.steps`).
"""

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, Int
from msgspec.structs import replace
from numpy import ndarray

from core.datasets.action_sequences import Vocabulary, Windows
from core.datasets.pose_bank import PoseBank
from core.evaluation import metrics
from core.evaluation.body_limits import BodyLimits
from core.evaluation.calibration import confidences, expected_calibration_error
from core.reports import Confusion, Kind, Row

ANOTHER = "another action"
"""What came where it is none of the words a forecaster knows."""


class PoseJudge(Protocol):
    """A frozen classifier of poses, trained with several seeds."""

    def real_shares(self, joints_m: Float[ndarray, "*poses 9 3"]) -> tuple[float, ...]:
        """The share of poses that it takes for real, seed by seed."""
        ...


@dataclass(frozen=True)
class Times:
    """When each step was expected and when it came, seconds after the moment of the window; NaN where unknown.

    `low_s` and `high_s` are to hold 80 % of what may be.
    """

    pose_s: Float[ndarray, "W M"]
    low_s: Float[ndarray, "W M"]
    high_s: Float[ndarray, "W M"]
    came_s: Float[ndarray, "W M"]


@dataclass(frozen=True)
class Drawn:
    """Several futures of each window, drawn at random."""

    seen: Float[ndarray, "W F M 9 2"]
    joints_m: Float[ndarray, "W F M 9 3"]


def row_of(
    method: str,
    windows: Windows,
    words: Vocabulary,
    *,
    kind: Kind = "plain",
    logits: Float[ndarray, "W M A"] | None = None,
    temperatures: tuple[float, ...] = (),
    seen: Float[ndarray, "W M 9 2"] | None = None,
    joints_m: Float[ndarray, "W M 9 3"] | None = None,
    truth_m: Float[ndarray, "W M 9 3"] | None = None,
    times: Times | None = None,
    futures: Drawn | None = None,
    bank: PoseBank | BodyLimits | None = None,
    judge: PoseJudge | None = None,
    confused: bool | None = None,
) -> Row:
    """Every figure that these outputs allow.

    `bank` says what bodies look like (share of bones and of joints past their limits), `judge` which poses are real.
    `confused`: whether the confusion of actions is kept; without a word, of runs alone.
    """
    figures: dict[str, Any] = {}
    if logits is not None:
        figures |= _of_actions(logits, temperatures, windows)
        if confused if confused is not None else kind == "run":
            figures["confusion"] = confusion(logits.argmax(-1), windows.next_actions, words)
    if seen is not None:
        figures |= _of_pictures(seen, windows)
    if joints_m is not None:
        figures |= _of_bodies(joints_m, bank, judge)
        if truth_m is not None:
            known = np.isfinite(truth_m).all((-1, -2))
            figures["mpjpe_mm"] = metrics.mpjpe_mm(joints_m[known], truth_m[known])
            figures["pa_mpjpe_mm"] = metrics.pa_mpjpe_mm(joints_m[known], truth_m[known])
    if times is not None:
        found = metrics.time_error(times.pose_s, times.low_s, times.high_s, times.came_s)
        figures |= {"time_error_s": found.median_s, "time_within": found.within}
    if futures is not None:
        figures["best_of_px"] = metrics.best_of_px(
            futures.seen, windows.next_poses, windows.next_visible, windows.scale_px
        )
        figures["apart_mm"] = metrics.apart_mm(futures.joints_m)
    row = Row(method=method, kind=kind)
    return replace(row, **{name: each for name, each in figures.items() if _says_something(each)})


def confusion(foreseen: Int[ndarray, "W M"], came: Int[ndarray, "W M"], words: Vocabulary) -> Confusion:
    """counts[i][j]: how often action i came where j was foreseen; a last one for what is none of the words."""
    count = len(words.actions)
    came = np.where(came < 0, count, came)
    table = np.bincount((came * (count + 1) + foreseen).ravel(), minlength=(count + 1) ** 2)
    table = table.reshape(count + 1, count + 1)
    names = (*words.actions, ANOTHER)
    if not table[-1].any():
        table, names = table[:-1, :-1], words.actions
    return Confusion(actions=names, counts=tuple(tuple(row) for row in table.tolist()))


def _of_actions(logits: ndarray, temperatures: tuple[float, ...], windows: Windows) -> dict[str, Any]:
    right = metrics.accuracy(logits, windows.next_actions, windows.sequence)
    sure = confidences(logits, temperatures)
    return {
        "top1": float(right.top1.mean()),
        "top5": float(right.top5.mean()),
        "top1_by_step": tuple(right.top1.tolist()),
        "top5_by_step": tuple(right.top5.tolist()),
        "calibration_error": expected_calibration_error(sure, windows.next_actions),
    }


def _of_pictures(seen: ndarray, windows: Windows) -> dict[str, Any]:
    error = metrics.error_2d(seen, windows.next_poses, windows.next_visible, windows.scale_px, windows.torso_px)
    if not math.isfinite(error.px):
        return {}
    return {
        "mpjpe_px": error.px,
        "mpjpe_torso": error.torso,
        "mpjpe_px_by_step": tuple(error.px_by_step.tolist()) if np.isfinite(error.px_by_step).all() else (),
        "mpjpe_px_by_joint": tuple(each if math.isfinite(each) else None for each in error.px_by_joint.tolist()),
    }


def _of_bodies(joints_m: ndarray, bank: PoseBank | BodyLimits | None, judge: PoseJudge | None) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    if bank is not None:
        limits = bank if isinstance(bank, BodyLimits) else BodyLimits.of(bank.poses_m)
        figures |= {
            "bones_off": limits.bones_off(joints_m),
            "bones_uneven": limits.bones_uneven(joints_m),
            "limits_off": limits.limits_off(joints_m),
        }
    if judge is not None:
        shares = judge.real_shares(joints_m)
        figures |= {"quality": float(np.mean(shares)), "quality_by_seed": tuple(shares)}
    return figures


def _says_something(figure: Any) -> bool:
    return not (isinstance(figure, float) and math.isnan(figure))

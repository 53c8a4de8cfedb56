"""Several forecasts of one moment laid beside what came: by step, by time or by action. No torch.

    lined = lined_up([one, other], "time", rate_hz=clip.rate_hz)
    lined.cells[1][2]   # which step of `other` stands in the third row, or None

Rows are the steps that really came; where nothing is marked ahead, those of the first forecast. By `step`, row k holds
the k-th step of each. By `time`, it holds the step whose own instant is nearest to the row's. By `action`, the longest
run of actions that came in this order is matched, and of equally long ones the one nearest in time; what is not matched
is in no row (`left_over`). Seconds count from the moment of the forecast. Poses are UPPER_BODY_9, pixels, neck on neck.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float
from msgspec.structs import replace
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.forecasts import Forecast, ForecastStep

LineUp = Literal["time", "step", "action"]
LINE_UPS: tuple[LineUp, ...] = get_args(LineUp)
_NECK = UPPER_BODY_9["neck"]
_COUNTED = np.arange(len(UPPER_BODY_9)) != _NECK


@dataclass(frozen=True)
class Row:
    """A step that came (`truth`: any forecast's step that knows it), and when."""

    truth: ForecastStep | None
    seconds: float | None


@dataclass(frozen=True)
class Lined:
    """Which step of which forecast stands in which row: `cells[forecast][row]`."""

    by: LineUp
    rows: tuple[Row, ...]
    cells: tuple[tuple[int | None, ...], ...]
    left_over: tuple[tuple[int, ...], ...]
    """Of each forecast, the steps that stand in no row."""

    @property
    def knows_what_came(self) -> bool:
        """Whether anything is marked ahead; otherwise the rows are those of the first forecast."""
        return any(row.truth is not None for row in self.rows)


def lined_up(forecasts: Sequence[Forecast], by: LineUp, rate_hz: float) -> Lined:
    """All forecasts of one moment in rows; `rate_hz` are the clip's frames a second."""
    rows = _rows(forecasts, by, rate_hz)
    cells = tuple(_column(rows, forecast, at, by) for at, forecast in enumerate(forecasts))
    left_over = tuple(
        tuple(step for step in range(len(forecast.steps)) if step not in column)
        for forecast, column in zip(forecasts, cells, strict=True)
    )
    return Lined(by, rows, cells, left_over)


def what_came(forecasts: Sequence[Forecast]) -> tuple[ForecastStep, ...]:
    """The steps that came, one after the other, each as any forecast's step that knows it."""
    came = []
    for at in range(max((len(each.steps) for each in forecasts), default=0)):
        known = [
            each.steps[at] for each in forecasts if at < len(each.steps) and each.steps[at].truth_action is not None
        ]
        if not known:
            break
        came.append(known[0])
    return tuple(came)


def seconds_of(step: ForecastStep) -> float | None:
    """When the forecaster itself expects the step's characteristic pose."""
    return None if step.time is None else step.time.pose_s


def step_at(forecast: Forecast, seconds: float) -> int | None:
    """The step that the forecaster expects nearest to this time; None where it has no times."""
    return _nearest(forecast, seconds)


def compared_with(step: ForecastStep, truth: ForecastStep | None) -> ForecastStep:
    """The same prediction beside another truth, its errors measured anew; without one, beside none."""
    if truth is step:
        return step
    blank = {"truth_action": None, "truth_frame": None, "truth_px": None, "truth_seen": None, "truth_m": None}
    fields = blank if truth is None else {name: getattr(truth, name) for name in blank}
    moved = replace(step, **fields, error_px=None, error_mm=None)
    in_px, in_mm = joint_errors_px(moved), joint_errors_mm(moved)
    return replace(moved, error_px=_mean(in_px), error_mm=_mean(in_mm))


def joint_errors_px(step: ForecastStep) -> Float[ndarray, " 9"]:
    """How far off each joint is in the picture, neck on neck; NaN where it is not seen, and for the neck."""
    if step.truth_px is None:
        return np.full(len(UPPER_BODY_9), np.nan)
    seen = np.array(step.truth_seen or (True,) * len(step.truth_px)) & _COUNTED
    said_px, true_px = np.asarray(step.joints_px), np.asarray(step.truth_px)
    off_px = np.linalg.norm((said_px - said_px[_NECK]) - (true_px - true_px[_NECK]), axis=-1)
    return np.where(seen, off_px, np.nan)


def joint_errors_mm(step: ForecastStep) -> Float[ndarray, " 9"]:
    """How far off each joint is in space, neck on neck; NaN where that is not known, and for the neck."""
    if step.truth_m is None:
        return np.full(len(UPPER_BODY_9), np.nan)
    said_m, true_m = np.asarray(step.joints_m), np.asarray(step.truth_m)
    off_m = np.linalg.norm((said_m - said_m[_NECK]) - (true_m - true_m[_NECK]), axis=-1)
    return np.where(_COUNTED, 1000 * off_m, np.nan)


# ---- over time ------------------------------------------------------------------------------------------------------


def poses_over_time(
    forecast: Forecast, seconds: Float[ndarray, " T"], start_px: Float[ndarray, "9 2"] | None = None
) -> Float[ndarray, "T 9 2"]:
    """The forecast's pose at any time, neck at the origin: evenly from one expected instant to the next.

    Before the first it comes from `start_px`, the pose seen at the moment, or is the first; after the last it holds.
    NaN throughout where the forecast has no times.
    """
    if not forecast.steps or any(step.time is None for step in forecast.steps):
        return np.full((len(seconds), len(UPPER_BODY_9), 2), np.nan)
    poses = [np.asarray(step.joints_px) for step in forecast.steps]
    instants = [step.time.pose_s for step in forecast.steps if step.time is not None]
    if start_px is not None:
        poses, instants = [start_px, *poses], [0.0, *instants]
    key_px = np.stack([pose - pose[_NECK] for pose in poses]).reshape(len(poses), -1)
    when = np.maximum.accumulate(np.array(instants)) + 1e-6 * np.arange(len(instants))  # instants may fall together
    flat = np.stack([np.interp(seconds, when, key_px[:, at]) for at in range(key_px.shape[1])], axis=-1)
    return flat.reshape(len(seconds), len(UPPER_BODY_9), 2)


def errors_over_time(
    forecast: Forecast,
    seconds: Float[ndarray, " T"],
    true_px: Float[ndarray, "T 9 2"],
    seen: Bool[ndarray, "T 9"],
    start_px: Float[ndarray, "9 2"] | None = None,
) -> Float[ndarray, "T 9"]:
    """Pixels between the forecast's pose and the one that is seen at each time; NaN where it is not seen."""
    said_px = poses_over_time(forecast, seconds, start_px)
    off_px = np.linalg.norm(said_px - (true_px - true_px[:, _NECK : _NECK + 1]), axis=-1)
    return np.where(seen & seen[:, _NECK : _NECK + 1] & _COUNTED, off_px, np.nan)


# ---- rows and columns -----------------------------------------------------------------------------------------------


def _rows(forecasts: Sequence[Forecast], by: LineUp, rate_hz: float) -> tuple[Row, ...]:
    if not forecasts:
        return ()
    longest = max(len(each.steps) for each in forecasts)
    came = what_came(forecasts)
    begin = forecasts[0].at_frame
    rows = [
        Row(step, None if step.truth_frame is None else (step.truth_frame - begin) / rate_hz) for step in came
    ]  # fmt: skip
    if by == "step":
        return (*rows, *(Row(None, None) for _ in range(longest - len(rows))))
    return tuple(rows) or tuple(Row(None, seconds_of(step)) for step in forecasts[0].steps)


def _column(rows: Sequence[Row], forecast: Forecast, at: int, by: LineUp) -> tuple[int | None, ...]:
    by_number = tuple(row if row < len(forecast.steps) else None for row in range(len(rows)))
    knows = any(row.truth is not None for row in rows)
    if by == "step" or (not knows and at == 0):
        return by_number
    if by == "time":
        if all(step.time is None for step in forecast.steps):
            return by_number
        return tuple(
            number if row.seconds is None else _nearest(forecast, row.seconds)
            for number, row in zip(by_number, rows, strict=True)
        )
    return _matched(rows, forecast) if knows else by_number


def _nearest(forecast: Forecast, seconds: float) -> int | None:
    timed = [(abs(step.time.pose_s - seconds), at) for at, step in enumerate(forecast.steps) if step.time is not None]
    return min(timed)[1] if timed else None


def _matched(rows: Sequence[Row], forecast: Forecast) -> tuple[int | None, ...]:
    """The longest common run of actions in order, and of equally long ones the nearest."""
    steps = forecast.steps
    best = [[(0, 0.0)] * (len(steps) + 1) for _ in range(len(rows) + 1)]  # (matches, less the distance) of what follows
    for row in reversed(range(len(rows))):
        for at in reversed(range(len(steps))):
            found = max(best[row + 1][at], best[row][at + 1])
            if _is_same(rows[row], steps[at]):
                count, near = best[row + 1][at + 1]
                found = max(found, (count + 1, near - _apart(rows[row], row, steps[at], at)))
            best[row][at] = found
    column: list[int | None] = [None] * len(rows)
    row = at = 0
    while row < len(rows) and at < len(steps):
        count, near = best[row + 1][at + 1]
        taken = (count + 1, near - _apart(rows[row], row, steps[at], at))
        if _is_same(rows[row], steps[at]) and best[row][at] == taken:
            column[row] = at
            row, at = row + 1, at + 1
        elif best[row][at] == best[row + 1][at]:
            row += 1
        else:
            at += 1
    return tuple(column)


def _is_same(row: Row, step: ForecastStep) -> bool:
    return row.truth is not None and row.truth.truth_action == step.action


def _apart(row: Row, number: int, step: ForecastStep, at: int) -> float:
    """How far a match is off: seconds where both have a time, else places in the order."""
    seconds = seconds_of(step)
    return float(abs(number - at)) if row.seconds is None or seconds is None else abs(row.seconds - seconds)


def _mean(errors: Float[ndarray, " 9"]) -> float | None:
    known = errors[np.isfinite(errors)]
    return float(known.mean()) if len(known) else None

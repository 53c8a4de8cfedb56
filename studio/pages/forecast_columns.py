"""What the Compare tab shows of a moment, as values its widgets draw: columns of runs, errors by joint and over time.

Errors are measured neck on neck: in space (millimetres) where that is known, else in the picture (pixels of the
original). Over time they are shares of the person's torso, so that 0.4 of one is about 200 mm.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.forecast_alignment import errors_over_time, joint_errors_mm, joint_errors_px, what_came
from core.forecasts import Forecast, ForecastStep
from core.motion import Poses2d
from core.project.annotations import Clip
from studio import theme
from studio.forecasters import Known
from studio.pages.forecast_bodies import NECK, Room
from studio.pages.forecast_cells import CARD_MARGIN, Moment, expected_words, person_of
from studio.widgets.compare_grid import GridColumn
from studio.widgets.error_strips import Boundary, StripRun, Strips
from studio.widgets.joint_dumbbells import JointErrors
from studio.widgets.joint_words import joint_title
from studio.words import say

TRUTH_KEY = ""
LIGHTEST = 0.4
"""The share of the torso that is the lightest of the ramp: about 200 mm."""
_INSTANTS = 240
_HIP = UPPER_BODY_9["hip"]
_SHOWN = [at for at in range(len(UPPER_BODY_9)) if at != NECK]


def name_of(known: Known, forecast: Forecast | None) -> str:
    """What a column is called: a run by its name, counting with its order."""
    return known.name if forecast is None or not known.is_plain else forecast.model.partition(",")[0]


def columns_of(moment: Moment, room: Room, refusals: Sequence[tuple[Known, str]] = ()) -> list[GridColumn]:
    """What came first, then the runs in their order, those that refused last."""
    rows = range(moment.rows())
    truth = GridColumn(
        TRUTH_KEY,
        say("What came"),
        say("marked") if moment.lined.knows_what_came else say("not marked"),
        "",
        theme.now().truth,
        tuple(moment.came(row, CARD_MARGIN, room) for row in rows),
    )
    runs = [_run(moment, column, room) for column in range(len(moment.forecasts))]
    refused = [
        GridColumn(each.key, each.name, each.preset, "", each.colour, (), why, round=each.round)
        for each, why in refusals
    ]
    return [truth, *runs, *refused]


def _run(moment: Moment, column: int, room: Room) -> GridColumn:
    known, forecast = moment.forecasts[column]
    rows = range(moment.rows())
    now = moment.now[column] if column < len(moment.now) else None
    return GridColumn(
        known.key,
        name_of(known, forecast),
        known.preset,
        score_words([step for row in rows if (step := moment.said(column, row)) is not None], moment),
        known.colour,
        tuple(moment.predicted(column, row, CARD_MARGIN, room) for row in rows),
        round=known.round,
        lit=tuple(row for row in rows if now is not None and moment.step_in(column, row) == now),
        foot=_left_over(moment, column),
        tips=tuple(_tip(moment, column, row) for row in rows),
    )


def _left_over(moment: Moment, column: int) -> str:
    """The steps that stand in no row, in words."""
    steps = moment.forecasts[column][1].steps
    said = [f"{at + 1} {steps[at].action}" for at in moment.lined.left_over[column]]
    return say("in no row: {names}", names=", ".join(said)) if said else ""


def _tip(moment: Moment, column: int, row: int) -> str:
    at, step = moment.step_in(column, row), moment.said(column, row)
    if at is None or step is None:
        return ""
    known, forecast = moment.forecasts[column]
    lines = [say("{name}, step {at}", name=name_of(known, forecast), at=at + 1)]
    if step.best:
        lines.append(", ".join(f"{name} {100 * share:.0f} %" for name, share in step.best[:3]))
    if step.time is not None:
        span = say("{low_s:.1f} to {high_s:.1f} s", low_s=step.time.low_s, high_s=step.time.high_s)
        lines.append(say("expected {step}, four times in five within {span}", step=expected_words(step), span=span))
    if step.truth_action is not None:
        lines.append(
            say("it came")
            if step.truth_action == step.action
            else say("{truth_action} came", truth_action=step.truth_action)
        )
    return "\n".join(lines)


def score_words(steps: Sequence[ForecastStep], moment: Moment | None = None) -> str:
    """`61 mm   3 of 4`: the mean error, and how many of the actions that came were said in their rows."""
    came = len(steps) if moment is None else sum(row.truth is not None for row in moment.lined.rows)
    known = [step for step in steps if step.truth_action is not None]
    if not known:
        return ""
    right = say(
        "{right} of {count}",
        right=sum(step.truth_action == step.action for step in known),
        count=len(known) if moment is None else came,
    )
    in_mm = [step.error_mm for step in known if step.error_mm is not None]
    in_px = [step.error_px for step in known if step.error_px is not None]
    if in_mm:
        return f"{np.mean(in_mm):.0f} mm   {right}"
    return f"{np.mean(in_px):.1f} px   {right}" if in_px else right


# ---- by joint -------------------------------------------------------------------------------------------------------


def joint_errors(moment: Moment, row: int, columns: Sequence[int]) -> tuple[list[JointErrors], str]:
    """How far off each joint but the neck is in a row, column by column, and the unit: all in space, or all in px."""
    said = [(column, step) for column in columns if (step := moment.said(column, row)) is not None]
    in_space = bool(said) and all(step.truth_m is not None for _, step in said)
    found = []
    for column, step in said:
        errors = joint_errors_mm(step) if in_space else joint_errors_px(step)
        if np.isfinite(errors).any():
            known, forecast = moment.forecasts[column]
            shown = tuple(float(errors[at]) if np.isfinite(errors[at]) else None for at in _SHOWN)
            found.append(JointErrors(name_of(known, forecast), known.colour, shown, known.round))
    return found, "mm" if in_space else "px"


# ---- over time ------------------------------------------------------------------------------------------------------


def strips_of(moment: Moment, tracks: Poses2d | None) -> Strips:
    """Errors from the moment on, as long as what came is marked; without runs where nothing can be compared."""
    came = what_came([forecast for _, forecast in moment.forecasts])
    frames = [step.truth_frame for step in came if step.truth_frame is not None]
    if tracks is None or not frames:
        return Strips()
    start, end = moment.first.at_frame, min(_end_of(moment.clip, frames[-1]), len(tracks) - 1)
    if end <= start:
        return Strips()
    shown = np.unique(np.linspace(start, end, _INSTANTS).round().astype(int))
    true_px, seen = _seen_over(tracks, moment.clip, shown)
    torso_px = _torso_px(true_px, seen)
    if torso_px is None:
        return Strips()
    time = moment.time
    seconds = np.array([time.seconds(int(frame)) for frame in shown]) - time.seconds(start)
    seen_last = moment.seen_pose(moment.last_seen_frame)
    start_px = np.asarray(seen_last[0]) if seen_last is not None and all(seen_last[1]) else None
    runs = []
    for known, forecast in moment.forecasts:
        errors = errors_over_time(forecast, seconds, true_px, seen, start_px)[:, _SHOWN].T / torso_px
        if np.isfinite(errors).any():
            runs.append(StripRun(known.key, name_of(known, forecast), known.colour, errors, known.round))
    boundaries = tuple(
        Boundary(time.seconds(step.truth_frame) - time.seconds(start), step.truth_action or "")
        for step in came
        if step.truth_frame is not None
    )
    joints = tuple(joint_title(UPPER_BODY_9.joints[at]) for at in _SHOWN)
    return Strips(tuple(runs), boundaries, float(seconds[-1]), joints, LIGHTEST)


def _end_of(clip: Clip, last: int) -> int:
    """Where the segment of the last step that came ends."""
    return max(
        (each.end_frame - 1 for each in clip.segments if each.start_frame <= last < each.end_frame), default=last
    )


def _seen_over(tracks: Poses2d, clip: Clip, frames: ndarray) -> tuple[Float[ndarray, "T 9 2"], Bool[ndarray, "T 9"]]:
    track = person_of(clip)
    part = frames, slice(track, track + 1)
    one = Poses2d(tracks.skeleton, tracks.joints_px[part], tracks.confidence[part]).as_skeleton(UPPER_BODY_9)
    joints_px = np.asarray(one.joints_px[:, 0], float)
    return joints_px, one.seen()[:, 0] & np.isfinite(joints_px).all(-1)


def _torso_px(joints_px: Float[ndarray, "T 9 2"], seen: Bool[ndarray, "T 9"]) -> float | None:
    """The median length from neck to hip."""
    both = seen[:, NECK] & seen[:, _HIP]
    if not both.any():
        return None
    length_px = float(np.median(np.linalg.norm(joints_px[both, _HIP] - joints_px[both, NECK], axis=-1)))
    return length_px if length_px > 1 else None

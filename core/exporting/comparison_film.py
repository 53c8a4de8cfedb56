"""Forecasts beside what came as a film over the clock of the future: the clip plays, runs' poses go with their times.

On top what came and the runs side by side; below, on one time axis, who does what when (what came solid, forecasts
outlined, as they expect it) and each joint's error as strips: lightness alone says how far off. A run that says no
times has its steps at the times when they came, which is said. No torch.
"""

from collections.abc import Generator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from msgspec.structs import replace
from numpy import ndarray

from core.bodies.skeletons import UPPER_BODY_9
from core.comparisons import Comparison
from core.exporting.comparison_cells import Look, People, moving_poses
from core.exporting.comparison_figure import colour_of
from core.forecast_alignment import errors_over_time, what_came
from core.forecasts import Forecast, ForecastStep, StepTime
from core.formats.provenance import Provenance
from core.project.store import ProjectStore
from core.rendering.offscreen import rgb
from core.rendering.overlay import ink_on
from core.rendering.paper import Page
from core.runs import ExportComparison, Progress
from core.video import write_video
from core.wording import counted, spelled_time

PX_PER_PT = 2.5
_WIDTH, _PAD, _GAP, _HEAD, _LANE, _LANE_GAP, _SIDE = 512.0, 6.0, 4.0, 26.0, 13.0, 3.0, 74.0
_SHAPE, _LEAST_CELL = 0.8, 118.0
_JOINT_LINE = 2.4
_AFTER_S, _LEAST_S, _MOST_S = 0.8, 2.0, 60.0
_PLAYHEAD = "#ff5d52"
_RAMP = ("#16203a", "#46507a", "#8c7f6e", "#d9b45a", "#fff0b5")
_NECK = UPPER_BODY_9["neck"]
_CRF = 18


@dataclass(frozen=True)
class _Lane:
    """What one of them does when: seconds after the moment."""

    name: str
    colour: str
    bars: tuple[tuple[float, float, str], ...]
    is_truth: bool
    round: int = 0


@dataclass(frozen=True)
class _Story:
    """All that the film shows, by its frames."""

    seconds: Float[ndarray, " T"]
    poses_px: list[Float[ndarray, "T 9 2"]]
    errors_px: list[Float[ndarray, "T 9"]]
    lanes: list[_Lane]
    notes: tuple[str, ...]

    @property
    def end_s(self) -> float:
        return float(self.seconds[-1])


def film(
    path: Path, store: ProjectStore, comparison: Comparison, look: Look, asked: ExportComparison, said: Provenance
) -> Generator[Progress, None, str]:
    """Write the film; what it is, in words."""
    with People(store, comparison, look) as people:
        story = _story_of(store, people, comparison, asked)
        still, places, axis = _still(store, people, comparison, story)
        width, height = (size - size % 2 for size in (still.px(still.width), still.px(still.height)))
        with write_video(path, asked.rate_hz, width, height, crf=_CRF, comment=said.sentence()) as out:
            for at, seconds in enumerate(story.seconds):
                page = still.copy()
                _draw_moment(page, store, people, comparison, story, at, places)
                x = axis[0] + axis[1] * float(seconds) / story.end_s
                page.line([(x, axis[2]), (x, axis[3])], _PLAYHEAD, 0.9)
                out.add(np.ascontiguousarray(page.pixels()[:height, :width]))
                yield Progress(at + 1, len(story.seconds), "film")
    return f"a film of {story.end_s:.1f} s, {counted(len(story.seconds), 'frame')}"


# ---- what it shows --------------------------------------------------------------------------------------------------


def _story_of(store: ProjectStore, people: People, comparison: Comparison, asked: ExportComparison) -> _Story:
    clip, forecasts = people.clip, people.forecasts
    most = asked.steps if asked.steps > 0 else max(len(each.steps) for each in forecasts)
    came = what_came(forecasts)[:most]
    begin, rate = comparison.at_frame, clip.video.rate_hz
    timed = [_with_times(replace(each, steps=each.steps[:most]), came, rate) for each in forecasts]
    ends = [(step.truth_frame - begin) / rate for step in came if step.truth_frame is not None]
    ends = ends or [step.time.pose_s for each in timed for step in each.steps if step.time is not None]
    left_s = (clip.video.frame_count - 1 - begin) / rate
    end_s = float(np.clip(max(ends, default=_LEAST_S) + _AFTER_S, _LEAST_S, _MOST_S))
    end_s = min(end_s, max(left_s, 1 / asked.rate_hz))
    seconds = np.arange(0.0, end_s + 1e-6, 1 / asked.rate_hz)
    seconds = seconds if len(seconds) > 1 else np.array([0.0, end_s])
    frames = [_frame_at(people, begin, float(each)) for each in seconds]
    true_px, seen = _true_poses(people, frames)
    held = [replace(each, forecast=forecast) for each, forecast in zip(comparison.compared, timed, strict=True)]
    people.forecasts = [each.forecast for each in held]
    poses = [moving_poses(people, at, seconds) for at in range(len(held))]
    start = people.found_in(people.last_seen_frame)
    start_px = start[0] if start is not None and start[1].all() else None
    errors = [errors_over_time(each, seconds, true_px, seen, start_px) for each in timed]
    lanes = [_true_lane(store, people, begin, end_s)]
    for at, (each, forecast) in enumerate(zip(held, timed, strict=True)):
        bars = tuple(
            (step.time.start_s, step.time.end_s, step.action) for step in forecast.steps if step.time is not None
        )
        lanes.append(_Lane(each.name, people.colour_of(at, is_dark=True), bars, is_truth=False, round=each.round))
    without = [
        each.name for each in comparison.compared if any(step.time is None for step in each.forecast.steps)
    ]  # fmt: skip
    verb = "says" if len(without) == 1 else "say"
    notes = (f"{', '.join(without)} {verb} no times: the steps stand when they came.",) if without else ()
    return _Story(seconds, poses, errors, lanes, notes)


def _with_times(forecast: Forecast, came: tuple[ForecastStep, ...], rate_hz: float) -> Forecast:
    """The forecast as it is where it says times; else each step when the true one came, its ends between them."""
    if all(step.time is not None for step in forecast.steps) or not forecast.steps:
        return forecast
    true = [step.truth_frame for step in came]
    known = [None if frame is None else (frame - forecast.at_frame) / rate_hz for frame in true]
    known += [None] * (len(forecast.steps) - len(known))
    instants = [float(at + 1) if second is None else second for at, second in enumerate(known[: len(forecast.steps)])]
    ends = [(one + other) / 2 for one, other in pairwise(instants)]
    ends = [0.0, *ends, instants[-1] + 1.0]
    steps = [
        replace(step, time=StepTime(start_s=ends[at], pose_s=instants[at], end_s=ends[at + 1], low_s=instants[at],
                                    high_s=instants[at]))
        for at, step in enumerate(forecast.steps)
    ]  # fmt: skip
    return replace(forecast, steps=tuple(steps))


def _frame_at(people: People, begin: int, seconds: float) -> int:
    frame = begin + round(seconds * people.clip.video.rate_hz)
    return min(max(frame, 0), people.clip.video.frame_count - 1)


def _true_poses(people: People, frames: list[int]) -> tuple[Float[ndarray, "T 9 2"], Bool[ndarray, "T 9"]]:
    joints = len(UPPER_BODY_9)
    true_px, seen = np.full((len(frames), joints, 2), np.nan), np.zeros((len(frames), joints), bool)
    for at, frame in enumerate(frames):
        found = people.found_in(frame)
        if found is not None:
            true_px[at], seen[at] = found
    return true_px, seen & np.isfinite(true_px).all(-1)


def _true_lane(store: ProjectStore, people: People, begin: int, end_s: float) -> _Lane:
    rate, bars = people.clip.video.rate_hz, []
    for segment in people.clip.segments:
        start, end = (segment.start_frame - begin) / rate, (segment.end_frame - begin) / rate
        label = store.project.labels.get(segment.action)
        if label is not None and end > 0 and start < end_s and not segment.is_draft:
            bars.append((start, end, label.name))
    return _Lane("What came", "#dadce1" if people.look.ink.is_dark else "#8b909b", tuple(bars), is_truth=True)


# ---- how it is drawn ------------------------------------------------------------------------------------------------


def _still(
    store: ProjectStore, people: People, comparison: Comparison, story: _Story
) -> tuple[Page, list[tuple[float, float, float, float]], tuple[float, float, float, float]]:
    """What stays the same in every frame; where the cells go; and the time axis: left, width, top, foot."""
    columns, ink = len(comparison.compared) + 1, people.look.ink
    cell = max((_WIDTH - 2 * _PAD - _GAP * (columns - 1)) / columns, _LEAST_CELL)
    high = cell * _SHAPE
    width = 2 * _PAD + columns * cell + (columns - 1) * _GAP
    known = [bool(np.isfinite(each).any()) for each in story.errors_px]
    strip = (len(UPPER_BODY_9) - 1) * _JOINT_LINE + 4
    lanes_top = _PAD + _HEAD + high + 18
    lanes_foot = lanes_top + len(story.lanes) * (_LANE + _LANE_GAP)
    strips_top = lanes_foot + (14 if any(known) else 0)
    foot = strips_top + sum(known) * strip
    page = Page(width, foot + 10 * (1 + len(story.notes)) + _PAD, ink, PX_PER_PT)
    places = []
    for column in range(columns):
        left = _PAD + column * (cell + _GAP)
        places.append((left, _PAD + _HEAD, cell, high))
        name = story.lanes[column].name
        note = "playing" if column == 0 else comparison.compared[column - 1].note
        lane = story.lanes[column]
        page.plate(left, _PAD + 1, 2.4, _HEAD - 8, lane.colour, radius=1.2, hatch=lane.round)
        page.words(name, (left + 6, _PAD + 5.6), size=8, weight="SemiBold", most=cell - 8)
        page.words(note, (left + 6, _PAD + 15), size=6.6, colour=ink.faint, most=cell - 8)
    axis = (_PAD + _SIDE, width - 2 * _PAD - _SIDE, lanes_top - 2, foot)
    _draw_axis(page, axis, story.end_s)
    for at, lane in enumerate(story.lanes):
        _draw_lane(page, store, lane, lanes_top + at * (_LANE + _LANE_GAP), axis, story.end_s)
    if any(known):
        _draw_strips(page, people, story, known, strips_top, strip, axis)
    clip = people.clip
    words = [f"{clip.name} at {spelled_time(comparison.at_frame / clip.video.rate_hz)}. Joints of forecasts stand "
             "where the neck was seen last, in the last frame seen.", *story.notes]  # fmt: skip
    for at, line in enumerate(words):
        page.words(line, (_PAD, foot + 8 + 10 * at), size=6.2, colour=ink.faint, most=width - 2 * _PAD)
    return page, places, axis


def _draw_axis(page: Page, axis: tuple[float, float, float, float], end_s: float) -> None:
    left, width, top, foot = axis
    step = next(each for each in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0) if end_s / each <= 12)
    for at in np.arange(0.0, end_s + 1e-9, step):
        x = left + width * float(at) / end_s
        page.line([(x, top), (x, foot)], page.ink.line, 0.4)
        page.words(f"+{at:g} s", (x, top - 5), size=6, colour=page.ink.faint, held="middle")


def _draw_lane(
    page: Page, store: ProjectStore, lane: _Lane, top: float, axis: tuple[float, float, float, float], end_s: float
) -> None:
    left, width = axis[:2]
    page.plate(_PAD, top + 2, 2.2, _LANE - 4, lane.colour, radius=1.1, hatch=lane.round)
    page.words(lane.name, (_PAD + 6, top + _LANE / 2), size=6.6, weight="Medium", most=_SIDE - 10)
    for start, end, action in lane.bars:
        first, last = (left + width * min(max(each, 0.0), end_s) / end_s for each in (start, end))
        wide, colour = last - first - 0.7, colour_of(store.project, action)
        if wide <= 0.6:
            continue
        if lane.is_truth:
            page.plate(first, top, wide, _LANE, colour, radius=1.8)
        else:
            page.plate(first, top, wide, _LANE, colour, radius=1.8, opacity=0.45)
            for y in (top + 0.4, top + _LANE - 0.4):
                page.dashes((first + 1, y), (first + wide - 1, y), colour, 0.8)
        ink = ink_on(colour) if lane.is_truth or page.ink.is_dark is False else page.ink.words
        if not lane.is_truth and not page.ink.is_dark:
            ink = page.ink.words
        if wide > 14:
            page.words(action, (first + 3, top + _LANE / 2), size=6.2, weight="Medium", colour=ink, most=wide - 5)


def _draw_strips(
    page: Page, people: People, story: _Story, known: list[bool], top: float, strip: float,
    axis: tuple[float, float, float, float],
) -> None:  # fmt: skip
    left, width = axis[:2]
    every = np.concatenate([each[np.isfinite(each)] for each in story.errors_px])
    most = max(float(np.percentile(every, 97)), 1.0)
    light = "light" if people.look.ink.is_dark else "dark"
    near = "dark" if people.look.ink.is_dark else "light"
    page.words("Error by joint", (_PAD, top - 5), size=6.6, weight="SemiBold")
    page.words(
        f"{near} 0 px · {light} {most:.0f} px", (left + width, top - 5), size=6, colour=page.ink.faint, held="right"
    )
    y = top
    for at, errors in enumerate(story.errors_px):
        if not known[at]:
            continue
        lane = story.lanes[at + 1]
        page.plate(_PAD, y + 2, 2.2, strip - 8, lane.colour, radius=1.1, hatch=lane.round)
        page.words(lane.name, (_PAD + 6, y + (strip - 4) / 2), size=6.6, weight="Medium", most=_SIDE - 10)
        rows = np.delete(errors, _NECK, axis=1).T
        picture = _coloured(rows / most, is_dark=people.look.ink.is_dark, nothing=page.ink.plate)
        tall, wide = page.px(strip - 4), page.px(width)
        across = np.minimum((np.arange(wide) * picture.shape[1]) // wide, picture.shape[1] - 1)
        down = np.minimum((np.arange(tall) * picture.shape[0]) // tall, picture.shape[0] - 1)
        page.picture(picture[down][:, across], left, y, width, strip - 4, radius=1.2)
        y += strip


def _coloured(shares: Float[ndarray, "rows T"], *, is_dark: bool, nothing: str) -> ndarray:
    """Errors as colours of the ramp, whose lightness grows (on light ground: falls) with them."""
    stops = np.array([rgb(each) for each in (_RAMP if is_dark else _RAMP[::-1])], float)
    place = np.clip(np.nan_to_num(shares), 0.0, 1.0) * (len(stops) - 1)
    low = np.minimum(place.astype(int), len(stops) - 2)
    share = (place - low)[..., None]
    mixed = stops[low] * (1 - share) + stops[low + 1] * share
    mixed[~np.isfinite(shares)] = rgb(nothing)
    return (mixed + 0.5).astype(np.uint8)


def _draw_moment(
    page: Page, store: ProjectStore, people: People, comparison: Comparison, story: _Story, at: int,
    places: list[tuple[float, float, float, float]],
) -> None:  # fmt: skip
    seconds = float(story.seconds[at])
    now = _action_at(story.lanes[0], seconds)
    on_picture = people.has_video and people.look.over != "plain"
    ground, ink = ("#0a0b0d", "#f4f5f7") if on_picture else (page.ink.ground, page.ink.words)
    for column, (left, top, cell, high) in enumerate(places):
        size = page.px(cell), page.px(high)
        if column == 0:
            pixels = people.true_cell(_frame_at(people, comparison.at_frame, seconds), *size)
        else:
            pixels = people.posed(column - 1, story.poses_px[column - 1][at], people.last_seen_frame, *size)
        page.picture(pixels, left, top, cell, high, radius=2.6)
        action = _action_at(story.lanes[column], seconds)
        if action:
            colour = colour_of(store.project, action)
            wide, tall = page.chip(action, (left + 3, top + 3), colour, ink_on(colour), size=7.2, most=cell - 22)
            if column and now:
                page.plate(left + 5 + wide, top + 3, tall, tall, ground, radius=2.4, opacity=0.72)
                right, wrong = ("#7fe0ae", "#ff9a92") if on_picture else (page.ink.good, page.ink.bad)
                page.tick((left + 5 + wide + tall / 2, top + 3 + tall / 2), 5.8, right if action == now else wrong,
                          is_right=action == now)  # fmt: skip
        words = f"+{seconds:.1f} s" if column == 0 else _off(story.errors_px[column - 1][at])
        if words:
            page.chip(words, (left + cell - 3, top + high - 15), ground, ink, size=7, opacity=0.78, held="right")


def _action_at(lane: _Lane, seconds: float) -> str:
    """What is done then; between two bars nothing, after the last one that."""
    inside = next((action for start, end, action in lane.bars if start <= seconds < end), "")
    if inside or lane.is_truth or not lane.bars:
        return inside
    return lane.bars[-1][2] if seconds >= lane.bars[-1][1] else ""


def _off(errors: Float[ndarray, " 9"]) -> str:
    known = errors[np.isfinite(errors)]
    return f"{known.mean():.0f} px" if len(known) else ""

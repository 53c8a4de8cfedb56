"""Several forecasts of a moment beside what came as one figure, as the forecaster's paper shows them (its Figs. 4, 5).

    with People(store, comparison, look) as people:
        page = figure(store.project, people, FigureWish(steps=5))        # core.rendering.paper.Page

Columns are what came and the runs, rows are steps; what was seen stands grey on top. Each cell has its action as a
chip, ✓ or ✗ with how sure it was, and the error. The page is 7 inches wide, as the text of a paper is, or wider where
there are many runs; words are 6 to 8 points there. What is only estimated is said at the foot.
"""

from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from core.exporting.comparison_cells import People
from core.forecast_alignment import Lined, LineUp, compared_with, lined_up
from core.forecasts import Forecast, ForecastStep, doubts_of
from core.project.annotations import Project
from core.rendering.boards import wrapped
from core.rendering.overlay import ink_on
from core.rendering.paper import Page
from core.wording import counted, spelled_time

WIDTH = 504.0
_PAD, _GAP, _SIDE, _HEAD, _ROW_GAP = 4.0, 4.0, 34.0, 25.0, 4.0
_LEAST_CELL, _SHAPE, _SPLIT_SHAPE = 92.0, 0.64, 0.78
_PAST, _MOST_PAST = 34.0, 8
_NOTE, _NOTE_LINE = 6.0, 8.2
_UNKNOWN = "#6b707b"


@dataclass(frozen=True)
class FigureWish:
    """What the figure has: at most so many `steps` (0 all), lined up how, its past on top, its words at the foot."""

    steps: int = 5
    line_up: LineUp = "step"
    with_past: bool = True
    with_notes: bool = True
    px_per_pt: float = 4.0


@dataclass(frozen=True)
class _Grid:
    """Where things lie on the page, points."""

    columns: int
    cell: float
    height: float
    is_split: bool

    def left(self, column: int) -> float:
        return _PAD + _SIDE + column * (self.cell + _GAP)

    @property
    def right(self) -> float:
        return self.left(self.columns - 1) + self.cell


def rows_of(people: People, wish: FigureWish) -> Lined:
    """Which step of which forecast stands in which row."""
    return lined_up(people.forecasts, wish.line_up, people.clip.video.rate_hz)


def figure(project: Project, people: People, wish: FigureWish) -> Page:
    """The page."""
    compared, ink = people.comparison.compared, people.look.ink
    columns = len(compared) + 1
    cell = max((WIDTH - 2 * _PAD - _SIDE - _GAP * (columns - 1)) / columns, _LEAST_CELL)
    is_split = people.look.over == "both" and people.has_video
    grid = _Grid(columns, cell, cell * (_SPLIT_SHAPE if is_split else _SHAPE), is_split)
    lined = rows_of(people, wish)
    rows = len(lined.rows) if wish.steps <= 0 else min(wish.steps, len(lined.rows))
    width = grid.right + _PAD
    notes = _notes(people, lined, rows, wish, width - 2 * _PAD) if wish.with_notes else []
    past = _PAST + _ROW_GAP + 2 if wish.with_past and people.forecasts[0].seen_frames else 0.0
    foot = _NOTE_LINE * len(notes) + (4.0 if notes else 0.0)
    height = _PAD + past + _HEAD + rows * (grid.height + _ROW_GAP) - _ROW_GAP + foot + _PAD
    page = Page(width, height, ink, wish.px_per_pt)
    if past:
        _draw_past(page, people, grid)
    _draw_heads(page, people, grid, lined, rows, _PAD + past)
    for row in range(rows):
        top = _PAD + past + _HEAD + row * (grid.height + _ROW_GAP)
        _draw_row(page, project, people, grid, lined, row, top)
    top = height - _PAD - foot + 4
    for at, line in enumerate(notes):
        page.words(line, (_PAD, top + (at + 0.5) * _NOTE_LINE), size=_NOTE, colour=ink.faint)
    return page


def colour_of(project: Project, action: str) -> str:
    """A label's colour; grey for an action that this project does not have."""
    label = project.label_learned_as(action)
    return label.colour if label is not None else _UNKNOWN


def error_words(step: ForecastStep) -> str:
    """`42 mm` where space is known, else `12.3 px`."""
    if step.error_mm is not None:
        return f"{step.error_mm:.0f} mm"
    return "" if step.error_px is None else f"{step.error_px:.1f} px"


def score_words(forecast: Forecast, rows: int) -> tuple[str, str]:
    """The mean error of the steps shown, and how many of their actions came: `61 mm`, `3 of 4`."""
    known = [step for step in forecast.steps[:rows] if step.truth_action is not None]
    if not known:
        return "", ""
    right = f"{sum(step.truth_action == step.action for step in known)} of {len(known)}"
    in_mm = [step.error_mm for step in known if step.error_mm is not None]
    in_px = [step.error_px for step in known if step.error_px is not None]
    if in_mm:
        return f"{np.mean(in_mm):.0f} mm", right
    return (f"{np.mean(in_px):.1f} px" if in_px else ""), right


# ---- its parts ------------------------------------------------------------------------------------------------------


def _draw_past(page: Page, people: People, grid: _Grid) -> None:
    ink, forecast = page.ink, people.forecasts[0]
    room = grid.right - grid.left(0)
    shown = min(len(forecast.seen_frames), _MOST_PAST)
    wide = min((room - _GAP * (shown - 1)) / shown, _PAST * 2.1)
    page.words("Seen", (_PAD, _PAD + 6), size=7.5, weight="SemiBold")
    total = len(forecast.seen_frames)
    words = f"last {shown}" if total > shown else "1 step" if total == 1 else f"{total} steps"
    page.words(words, (_PAD, _PAD + 15), size=6.2, colour=ink.faint, most=_SIDE - 3)
    for at, (frame, action) in enumerate(
        zip(forecast.seen_frames[-shown:], forecast.seen_actions[-shown:], strict=True)
    ):
        left = grid.left(0) + at * (wide + _GAP)
        page.picture(people.seen(frame, page.px(wide), page.px(_PAST)), left, _PAD, wide, _PAST, radius=2.0)
        ground, words = ("#0a0b0d", "#e9eaed") if people.has_video or ink.is_dark else (ink.ground, ink.quiet)
        page.chip(action, (left + 2, _PAD + _PAST - 11), ground, words, size=5.6, most=wide - 4, opacity=0.72,
                  weight="Medium")  # fmt: skip


def _draw_heads(page: Page, people: People, grid: _Grid, lined: Lined, rows: int, top: float) -> None:
    names = [("What came", "marked", ("", ""), "#dadce1" if page.ink.is_dark else "#8b909b", 0)]
    for at, (each, forecast) in enumerate(zip(people.comparison.compared, people.forecasts, strict=True)):
        names.append((each.name, each.note, score_words(_lined_forecast(forecast, lined, at), rows),
                      people.colour_of(at, is_dark=True), each.round))  # fmt: skip
    for at, (name, note, (error, right), colour, round_) in enumerate(names):
        left = grid.left(at)
        page.plate(left, top + 1, 2.2, _HEAD - 7, colour, radius=1.1, hatch=round_)
        page.words(name, (left + 6, top + 5.6), size=7.8, weight="SemiBold", most=grid.cell - 8)
        score = " · ".join(each for each in (error, right) if each)
        used = page.words(score, (left + grid.cell - 1, top + 15), size=6.4, colour=page.ink.quiet, weight="Medium",
                          held="right", most=grid.cell - 8) if score else 0.0  # fmt: skip
        page.words(note, (left + 6, top + 15), size=6.4, colour=page.ink.faint, most=grid.cell - used - 12)


def _lined_forecast(forecast: Forecast, lined: Lined, at: int) -> Forecast:
    """The forecast as its column shows it: each step beside the truth of its row."""
    steps = [
        compared_with(forecast.steps[step], row.truth)
        for step, row in zip(lined.cells[at], lined.rows, strict=True)
        if step is not None
    ]
    return replace(forecast, steps=tuple(steps))


def _draw_row(page: Page, project: Project, people: People, grid: _Grid, lined: Lined, row: int, top: float) -> None:
    found = lined.rows[row]
    if found.seconds is not None:
        page.words(f"+{found.seconds:.1f} s", (_PAD, top + 5.5), size=7.5, weight="SemiBold")
        page.words(f"step {row + 1}", (_PAD, top + 14.5), size=6.2, colour=page.ink.faint)
    else:
        page.words(f"Step {row + 1}", (_PAD, top + 5.5), size=7.5, weight="SemiBold")
    width, height = page.px(grid.cell), page.px(grid.height)
    for column in range(grid.columns):
        left = grid.left(column)
        if column == 0:
            if found.truth is None or found.truth.truth_action is None:
                _draw_empty(page, grid, left, top, "not marked yet")
                continue
            page.picture(people.came(found.truth, width, height), left, top, grid.cell, grid.height, radius=2.4)
            _draw_words(page, project, people, grid, left, top, found.truth.truth_action, None, "", "")
            continue
        at = lined.cells[column - 1][row]
        if at is None:
            _draw_empty(page, grid, left, top, "no step here")
            continue
        step = compared_with(people.forecasts[column - 1].steps[at], found.truth)
        page.picture(people.foreseen(column - 1, step, width, height), left, top, grid.cell, grid.height, radius=2.4)
        is_right = None if step.truth_action is None else step.truth_action == step.action
        number = f"step {at + 1}" if at != row else ""
        _draw_words(page, project, people, grid, left, top, step.action, is_right, step.sure,
                    error_words(step), number)  # fmt: skip


def _draw_empty(page: Page, grid: _Grid, left: float, top: float, words: str) -> None:
    page.frame(left, top, grid.cell, grid.height, page.ink.line, line=0.6, radius=2.4)
    page.words(words, (left + grid.cell / 2, top + grid.height / 2), size=6.4, colour=page.ink.faint, held="middle")


def _draw_words(
    page: Page, project: Project, people: People, grid: _Grid, left: float, top: float, action: str,
    is_right: bool | None, sure: str, error: str, number: str = "",
) -> None:  # fmt: skip
    """The chip, the verdict beside it, the error at the foot; over a picture all stand on plates of their own."""
    ink, size = page.ink, 6.0 if grid.is_split else 6.6
    on_picture = people.has_video and people.look.over != "plain"
    beside = (page.width_of(sure, size, "Medium") + 4 if sure else 0.0) + (8.5 if is_right is not None else 0.0)
    colour, room = colour_of(project, action), grid.cell / 2 if grid.is_split else grid.cell - beside
    wide, high = page.chip(action, (left + 3, top + 3), colour, ink_on(colour), size=size, most=room - 8)
    x, middle = left + 3 + wide + 2, top + 3 + high / 2
    if grid.is_split:  # there the verdict stands on the plain half
        x = left + grid.cell / 2 + 1.5
    on_plain = grid.is_split or not on_picture
    good, bad, words = (ink.good, ink.bad, ink.words) if on_plain else ("#7fe0ae", "#ff9a92", "#f4f5f7")
    if beside and not on_plain:
        page.plate(x, top + 3, beside, high, "#0a0b0d", radius=2.2, opacity=0.72)
    if is_right is not None:
        page.tick((x + 5, middle), 5.2, good if is_right else bad, is_right=is_right)
        x += 8.5
    if sure:
        page.words(sure, (x + 2, middle), size=size, colour=words, weight="Medium")
    ground, over = ("#0a0b0d", "#f4f5f7") if on_picture else (ink.ground, ink.words)
    foot = top + grid.height - 3 - 1.62 * size
    if error:
        edge = left + (grid.cell / 2 if grid.is_split else grid.cell) - 3
        page.chip(error, (edge, foot), ground, over, size=size, opacity=0.78, held="right")
    if number:
        page.chip(number, (left + 3, foot), ground, over, size=5.8, opacity=0.78, weight="Medium")


def _notes(people: People, lined: Lined, rows: int, wish: FigureWish, room: float) -> list[str]:
    """What a reader must know to read the figure, in lines."""
    comparison, clip = people.comparison, people.clip
    at_s = comparison.at_frame / clip.video.rate_hz
    said = [f"{clip.name} at {spelled_time(at_s)}." + (f" {comparison.why}" if comparison.why else "")]
    what = "over the last frame seen" if people.has_video and people.look.over != "plain" else "without the frame"
    lines = "joints solid, forecasts dashed" if people.look.people != "body" else "neutral, forecasts in their colours"
    said.append(f"What came: {lines}, {what}, all at one scale.")
    if lined.knows_what_came:
        in_mm = any(step.error_mm is not None for each in people.forecasts for step in each.steps)
        unit = "in space" if in_mm else "in the picture"
        said.append(f"Errors: mean distance of the joints {unit}, neck on neck.")
    if wish.line_up != "step":
        said.append(f"Lined up by {wish.line_up}.")
    hidden = len(lined.rows) - rows
    if hidden > 0:
        said.append(f"{counted(hidden, 'more step')} {'is' if hidden == 1 else 'are'} not shown.")
    if people.shows_bodies:
        said.append("Bodies are fitted to the nine joints: size and legs are estimated.")
    names = [each.name for each in comparison.compared]
    said += doubts_of(list(zip(names, people.forecasts, strict=True)))
    scale = 10.0  # measured large, since fonts are made in whole sixty-fourths of a pixel
    return wrapped(" ".join(said), _NOTE * scale, "Regular", room * scale)

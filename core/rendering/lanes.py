"""What is done when, as bars on lanes with a legend; and counts as a row of columns. For sheets of annotations.

Bars of one label have one colour, those most often used the ones farthest apart. Times are seconds or frames: the
caller says which in the axis's words.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.project.edits import BACKGROUND, BACKGROUND_COLOUR, LABEL_COLOURS
from core.rendering.boards import LINE, PAD, PANEL, QUIET, Board, Rgb
from core.rendering.overlay import ink_on

LANE_PX, BAR_PX = 34, 22
_NAME_PX = 250
_LEGEND_COLUMNS = 5
_MOST_IN_LEGEND = 40


@dataclass(frozen=True)
class Bar:
    """One stretch; `marks` are moments in it, such as characteristic poses."""

    start: float
    end: float
    label: str
    marks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Lane:
    """What stands beside one name, in whatever order."""

    name: str
    bars: tuple[Bar, ...]


def colours_of(lanes: Sequence[Lane]) -> dict[str, str]:
    """A colour for each label, the most time first."""
    time: Counter[str] = Counter()
    for lane in lanes:
        for bar in lane.bars:
            time[bar.label] += max(bar.end - bar.start, 0)  # pyright: ignore[reportArgumentType]
    shown = [label for label, _ in time.most_common() if label.lower() not in BACKGROUND]
    colours = {label: LABEL_COLOURS[at % len(LABEL_COLOURS)] for at, label in enumerate(shown)}
    return colours | {label: BACKGROUND_COLOUR for label in time if label not in colours}


def lanes_picture(lanes: Sequence[Lane], width: int, unit: str) -> Rgb:
    """Lanes under each other over one axis, the legend below."""
    colours = colours_of(lanes)
    end = max((bar.end for lane in lanes for bar in lane.bars), default=1.0) or 1.0
    legend = list(colours)[:_MOST_IN_LEGEND]
    rows = -(-len(legend) // _LEGEND_COLUMNS)
    more = len(colours) - len(legend)
    board = Board(width, 34 + LANE_PX * len(lanes) + 24 + 24 * (rows + bool(more)) + PAD)
    left, room = PAD + _NAME_PX, width - 2 * PAD - _NAME_PX
    for at in _ticks(end):
        x = left + room * at / end
        board.line([(x, 26), (x, 30 + LANE_PX * len(lanes))], LINE)
        board.words(f"{at:g} {unit}", (x, 14), size=11, colour=QUIET, held="middle")
    for number, lane in enumerate(lanes):
        top = 30 + LANE_PX * number
        board.words(lane.name, (PAD, top + LANE_PX / 2), size=13, most=_NAME_PX - 12)
        draw_lane(board, lane, (left, top + (LANE_PX - BAR_PX) / 2, room), (0.0, end), colours)
    top = 30 + LANE_PX * len(lanes) + 30
    each_px = (width - 2 * PAD) / _LEGEND_COLUMNS
    for number, label in enumerate(legend):
        x, y = PAD + each_px * (number % _LEGEND_COLUMNS), top + 24 * (number // _LEGEND_COLUMNS)
        board.box(x, y - 6, x + 12, y + 6, colours[label], 3)
        board.words(label or "no label", (x + 18, y), size=12, most=each_px - 26)
    if more:
        board.words(f"and {more} more", (PAD, top + 24 * rows), size=12, colour=QUIET)
    return board.picture()


def draw_lane(
    board: Board,
    lane: Lane,
    place: tuple[float, float, float],
    span: tuple[float, float],
    colours: dict[str, str],
) -> None:
    """The bars of one lane at (left, top, width); bars at the same time share the height."""
    left, top, room = place
    scale = room / max(span[1] - span[0], 1e-9)
    bars = sorted(lane.bars, key=lambda each: (each.start, each.end))
    tracks = _tracks(bars)
    height = BAR_PX / max(max(tracks, default=0) + 1, 1)
    board.box(left, top, left + room, top + BAR_PX, PANEL, 4)
    for bar, track in zip(bars, tracks, strict=True):
        x0, x1 = left + (bar.start - span[0]) * scale, left + (bar.end - span[0]) * scale
        x0, x1 = float(np.clip(x0, left, left + room)), float(np.clip(x1, left, left + room))
        y0, colour = top + height * track, colours[bar.label]
        board.box(x0, y0, max(x1 - 1, x0), y0 + height - 1, colour, 3 if x1 - x0 > 8 else 0)
        if x1 - x0 > 46 and height > 13:
            ink = ink_on(colour)
            board.words(bar.label, (x0 + 6, y0 + height / 2), size=11, colour=ink, weight="Medium", most=x1 - x0 - 10)
        for mark in bar.marks:
            x = left + (mark - span[0]) * scale
            board.line([(x, top - 3), (x, top + BAR_PX + 3)], "#ffffff", 2)


def _tracks(bars: Sequence[Bar]) -> list[int]:
    """On which of several levels each bar lies so that none covers another."""
    ends: list[float] = []
    tracks = []
    for bar in bars:
        free = next((at for at, end in enumerate(ends) if end <= bar.start), len(ends))
        if free == len(ends):
            ends.append(bar.end)
        ends[free] = bar.end
        tracks.append(free)
    return tracks


def counts_picture(title: str, values: Sequence[float], width: int, unit: str, height: int = 220) -> Rgb:
    """How often each size occurs, in forty steps from the least to the most."""
    board = Board(width, height)
    board.words(title, (PAD, 18), size=14, weight="SemiBold")
    if not len(values):
        board.words("None", (PAD, 48), colour=QUIET)
        return board.picture()
    counts, edges = np.histogram(np.asarray(values, float), bins=40)
    top, bottom, room = 40, height - 34, width - 2 * PAD
    for at, count in enumerate(counts):
        x0, x1 = PAD + room * at / len(counts), PAD + room * (at + 1) / len(counts)
        board.box(x0, bottom - 1, x1 - 2, bottom, LINE)
        if count:
            board.box(x0, bottom - (bottom - top) * count / counts.max(), x1 - 2, bottom, LABEL_COLOURS[0], 2)
    for at in range(0, len(edges), 8):
        x = PAD + room * at / len(counts)
        held = "left" if at == 0 else "right" if at == len(edges) - 1 else "middle"
        board.words(f"{edges[at]:.3g} {unit}", (x, bottom + 14), size=11, colour=QUIET, held=held)
    board.words(f"at most {counts.max()}", (width - PAD, 18), size=12, colour=QUIET, held="right")
    return board.picture()


def _ticks(end: float) -> list[float]:
    """Round numbers from 0 to the end, about eight."""
    step = 10 ** np.floor(np.log10(end / 4))
    step = next(step * each for each in (1, 2, 5, 10) if end / (step * each) <= 10)
    return [float(at) for at in np.arange(0, end * 1.0001, step)]

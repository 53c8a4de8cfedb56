"""Curves on a dark page: a few lines over one axis, with a legend, for results that leave the program."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.rendering.boards import LINE, PAD, QUIET, Board, Rgb

COLOURS = ("#4fc7cf", "#e887b6", "#e3c552", "#9fd36e", "#b49bff", "#f08a5d", "#dadce1", "#4eb4e7")
_LEFT, _FOOT, _LINE_PX = 86, 64, 22
_DASH = 9.0


@dataclass(frozen=True)
class Curve:
    """Points from left to right. A dashed one is what the others are measured by."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    dashed: bool = False


def curves_picture(
    title: str, curves: Sequence[Curve], x_name: str, y_name: str, *, width: int = 900, height: int = 460
) -> Rgb:
    """The chart; its vertical axis begins at 0 unless something lies below."""
    head = 56 + _LINE_PX * len(curves)
    board = Board(width, head + height)
    board.words(title, (PAD, 28), size=18, weight="SemiBold", most=width - 2 * PAD)
    xs = np.concatenate([np.asarray(each.xs, float) for each in curves])
    ys = np.concatenate([np.asarray(each.ys, float) for each in curves])
    ys = ys[np.isfinite(ys)]
    low, high = min(float(ys.min()), 0.0), float(ys.max())
    high = high if high > low else low + 1.0
    start, end = float(xs.min()), float(xs.max())
    end = end if end > start else start + 1.0
    left, right, top, foot = _LEFT, width - PAD, head + 8, head + height - _FOOT

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (x - start) / (end - start) * (right - left), foot - (y - low) / (high - low) * (foot - top)

    for value in _ticks(low, high):
        line = at(start, value)[1]
        board.line([(left, line), (right, line)], LINE)
        board.words(f"{value:g}", (left - 8, line), size=11, colour=QUIET, held="right")
    for value in _ticks(start, end):
        board.words(f"{value:g}", (at(value, low)[0], foot + 16), size=11, colour=QUIET, held="middle")
    board.words(x_name, ((left + right) / 2, foot + 42), size=12, colour=QUIET, held="middle")
    board.words(y_name, (PAD, head - 4), size=12, colour=QUIET)
    for number, curve in enumerate(curves):
        colour = "#dadce1" if curve.dashed else COLOURS[number % len(COLOURS)]
        points = [at(x, y) for x, y in zip(curve.xs, curve.ys, strict=True) if np.isfinite(y)]
        for one, other in pairwise(points):
            _draw(board, one, other, colour, dashed=curve.dashed)
        if not curve.dashed:
            for point in points:
                board.dot(point, 3.0, colour)
        line = 52 + _LINE_PX * number
        _draw(board, (PAD, line), (PAD + 26, line), colour, dashed=curve.dashed)
        board.words(curve.name, (PAD + 36, line), size=12)
    return board.picture()


def _draw(board: Board, one: tuple[float, float], other: tuple[float, float], colour: str, *, dashed: bool) -> None:
    if not dashed:
        board.line([one, other], colour, 2)
        return
    start, end = np.array(one), np.array(other)
    pieces = max(int(np.linalg.norm(end - start) / _DASH), 1)
    for piece in range(0, pieces, 2):
        ends = [start + (end - start) * share / pieces for share in (piece, min(piece + 1, pieces))]
        board.line([(float(x), float(y)) for x, y in ends], colour, 2)


def _ticks(low: float, high: float) -> list[float]:
    """Four to nine round values between the two."""
    rough = (high - low) / 5
    power = 10 ** np.floor(np.log10(rough))
    step = next(float(each * power) for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.999)
    first = np.ceil(low / step - 1e-9) * step
    return [round(float(each), 10) + 0.0 for each in np.arange(first, high + step * 1e-6, step)]

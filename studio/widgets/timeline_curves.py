"""Paints the curves and the suggestions of a timeline. Functions of values; no state, no events."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from studio import theme
from studio.widgets import painting
from studio.widgets.timeline_axis import Axis, Row
from studio.widgets.timeline_contents import SuggestionMarks
from studio.widgets.timeline_signals import HandSpeed, MinMax


def _edges(axis: Axis, frames: int, step: float) -> Float[ndarray, " edges"]:
    """Frames at every `step` pixels of the view, as far as the curve goes."""
    edges = axis.first + np.arange(0, axis.width + step, step) / axis.px_per_frame
    inside = int(np.searchsorted(edges, min(frames, axis.frame_count)))
    return edges[: inside + 1]


def confidence(painter: QPainter, axis: Axis, row: Row, curve: MinMax) -> None:
    """The least confidence in every two pixels, in the colours of good, doubtful and bad."""
    look, step = theme.now(), 2.0
    edges = _edges(axis, len(curve), step)
    if len(edges) < 2 or not len(curve):
        return
    least = np.nan_to_num(curve.columns(edges)[0])
    high = np.clip(least, 0.06, 1.0) * row.height
    lefts = axis.left + np.arange(len(least)) * step
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(Qt.PenStyle.NoPen)
    kinds = np.where(least > 0.75, 0, np.where(least > 0.5, 1, 2))
    inks = (theme.alpha(look.ok, 0.30), theme.alpha(look.warn, 0.85), theme.alpha(look.danger, 0.85))
    for kind, ink in enumerate(inks):
        painter.setBrush(ink)
        at = np.nonzero(kinds == kind)[0]
        painter.drawRects(
            [
                QRectF(x, row.bottom - tall, step, tall)
                for x, tall in zip(lefts[at].tolist(), high[at].tolist(), strict=True)
            ]
        )
    painter.restore()


def speed(painter: QPainter, axis: Axis, row: Row, shown: HandSpeed) -> None:
    """Both hands, left blue and right orange, as lines where frames are wide and as bands where they are many."""
    look, step = theme.now(), 1.5
    edges = _edges(axis, len(shown.values), step)
    if len(edges) < 2 or shown.top <= 0:
        return
    painter.save()
    for curve, ink in zip(shown.hands, (look.left, look.right), strict=True):
        low, high = curve.columns(edges)
        known = np.isfinite(high)
        xs = axis.left + np.arange(len(low)) * step
        ups, downs = (row.bottom - 1 - np.clip(each / shown.top, 0, 1) * (row.height - 2) for each in (high, low))
        for first, last in _runs(known):
            part = slice(first, last)
            top = [QPointF(x, y) for x, y in zip(xs[part].tolist(), ups[part].tolist(), strict=True)]
            if float((downs[part] - ups[part]).max()) > 1.0:
                bottom = [QPointF(x, y) for x, y in zip(xs[part].tolist(), downs[part].tolist(), strict=True)]
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.alpha(ink, 0.30))
                painter.drawPolygon(QPolygonF([*top, *reversed(bottom)]))
            painter.setPen(QPen(theme.alpha(ink, 0.95), 1.2))
            painter.drawPolyline(QPolygonF(top))
    painter.restore()


def _runs(known: ndarray) -> list[tuple[int, int]]:
    """Stretches of True, from and up to."""
    padded = np.concatenate([[False], known, [False]]).astype(np.int8)
    change = np.diff(padded)
    starts, ends = np.nonzero(change == 1)[0], np.nonzero(change == -1)[0]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


DOT_PX = 8.0
"""From this far a click still reaches a dot."""


def suggestions(painter: QPainter, axis: Axis, row: Row, marks: SuggestionMarks) -> None:
    """A dot a suggested frame, stronger where its score is; the one the keys would accept says score and reason."""
    look = theme.now()
    low, high = _in_view(axis, marks)
    middle = row.top + row.height / 2
    most = min(5.5, row.height / 2 - 1.5)
    painter.save()
    for at in range(low, high):
        if at == marks.current:
            continue
        score = float(np.clip(marks.scores[at], 0, 1))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.alpha(look.accent, 0.25 + 0.7 * score))
        radius = 2.2 + (most - 2.2) * score
        painter.drawEllipse(QPointF(axis.x(int(marks.frames[at]) + 0.5), middle), radius, radius)
    if low <= marks.current < high:
        x = axis.x(int(marks.frames[marks.current]) + 0.5)
        painter.setPen(QPen(QColor("#FFFFFF" if look.name == "dark" else look.text), 2))
        painter.setBrush(QColor(look.accent))
        painter.drawEllipse(QPointF(x, middle), most, most)
        _said_beside(painter, axis, row, marks, x + most + 4)
    painter.restore()


def _said_beside(painter: QPainter, axis: Axis, row: Row, marks: SuggestionMarks, x: float) -> None:
    """Score and reasons of the current one, over weaker dots where there is no room beside them."""
    look = theme.now()
    words = said_of(marks, marks.current)
    wide = painting.words_width(words, 10.5) + 8
    right = axis.left + axis.width - 4
    left = x if x + wide <= right else x - 2 * (x - axis.x(int(marks.frames[marks.current]) + 0.5)) - wide
    height = min(row.height, theme.px(16))
    ground = QRectF(left, row.top + (row.height - height) / 2, min(wide, axis.width), height)
    painter.fillRect(ground, theme.alpha(look.panel, 0.88))
    baseline = ground.center().y() + theme.px(10.5) * 0.36
    painting.put(painter, ground.left() + 4, baseline, words, look.text2, 10.5, width=ground.width() - 6)


def said_of(marks: SuggestionMarks, at: int) -> str:
    """One suggestion: its score and its reasons."""
    why = marks.words[at] if at < len(marks.words) else ""
    return f"{float(marks.scores[at]):.0%}".replace("%", " %") + (f"  {why}" if why else "")


def nearest(axis: Axis, marks: SuggestionMarks, x: float) -> int | None:
    """The dot at `x`; of two as near, the stronger."""
    if not len(marks.frames):
        return None
    far = np.abs(axis.left + (marks.frames + 0.5 - axis.first) * axis.px_per_frame - x)
    if far.min() > DOT_PX:
        return None
    close: Int[ndarray, " close"] = np.nonzero(far <= far.min() + 1.0)[0]
    return int(close[np.argmax(marks.scores[close])])


def _in_view(axis: Axis, marks: SuggestionMarks) -> tuple[int, int]:
    slack = 10 / axis.px_per_frame
    low, high = np.searchsorted(marks.frames, (axis.first - slack, axis.last + slack)).tolist()
    return low, high

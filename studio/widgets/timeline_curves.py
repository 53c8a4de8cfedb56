"""Paints the curves and the suggestions of a timeline. Functions of values; no state, no events."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

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
    """Both hands, left blue and right orange: the greatest of each column as a line, down to the least as a veil.

    Columns are the screen's own pixels and are filled as arrays: wild curves cost no more than calm ones.
    """
    look, ratio = theme.now(), painter.device().devicePixelRatioF()
    edges = _edges(axis, len(shown.values), 1 / ratio)
    if len(edges) < 2 or shown.top <= 0:
        return
    rows = max(round(row.height * ratio), 1)
    for curve, ink in zip(shown.hands, (look.left, look.right), strict=True):
        low, high = _bands(curve, edges)
        ups, downs = ((1 - np.clip(each / shown.top, 0, 1)) * (rows - 2 * ratio) + ratio for each in (high, low))
        following = np.append(ups[1:], np.nan)
        line = _covered(np.fmin(ups, following), np.fmax(ups, following), 0.6 * ratio, rows)
        strength = np.maximum(0.95 * line, 0.30 * _covered(ups, downs, 0.0, rows))
        painter.drawImage(QRectF(axis.left, row.top, len(low) / ratio, row.height), _tinted(strength, ink))


def _bands(
    curve: MinMax, edges: Float[ndarray, " edges"]
) -> tuple[Float[ndarray, " columns"], Float[ndarray, " columns"]]:
    """Least and greatest of each column; where frames are wider than columns, on the way from one to the next."""
    if edges[1] - edges[0] >= 1:
        return curve.columns(edges)
    at = edges - 0.5  # a frame's value stands at its middle
    below = np.clip(np.floor(at).astype(np.int64), 0, len(curve) - 1)
    above, share = np.clip(below + 1, 0, len(curve) - 1), np.clip(at - below, 0, 1)
    values = curve.values[below] * (1 - share) + curve.values[above] * share
    return np.minimum(values[:-1], values[1:]), np.maximum(values[:-1], values[1:])


def _covered(
    ups: Float[ndarray, " columns"], downs: Float[ndarray, " columns"], more: float, rows: int
) -> Float[ndarray, "rows columns"]:
    """How much of each pixel lies between two heights, `more` further out; 0 where they are not known."""
    y = np.arange(rows, dtype=np.float32)[:, None]
    covered = np.minimum(y + 1, downs + more) - np.maximum(y, ups - more)
    return np.clip(np.nan_to_num(covered, nan=0.0), 0, 1)


def _tinted(strength: Float[ndarray, "rows columns"], ink: str) -> QImage:
    """An ink, as strong as that."""
    alpha = (strength * 255).astype(np.uint32)
    pixels = (alpha << 24) | (QColor(ink).rgb() & 0xFFFFFF)
    high, wide = pixels.shape
    return QImage(pixels.tobytes(), wide, high, wide * 4, QImage.Format.Format_ARGB32).copy()


DOT_PX = 8.0
"""From this far a click still reaches a dot."""


def suggestions(painter: QPainter, axis: Axis, row: Row, marks: SuggestionMarks) -> None:
    """A dot a suggested frame, stronger where its score is; the one the keys would accept says score and reason."""
    look = theme.now()
    low, high = _in_view(axis, marks)
    middle = row.top + row.height / 2
    most = min(5.5, row.height / 2 - 1.5)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    xs = (axis.left + (marks.frames[low:high] + 0.5 - axis.first) * axis.px_per_frame).tolist()
    scores = np.clip(marks.scores[low:high], 0, 1).tolist()
    for at, (x, score) in enumerate(zip(xs, scores, strict=True), low):
        if at == marks.current:
            continue
        painter.setBrush(theme.alpha(look.accent, 0.25 + 0.7 * score))
        radius = 2.2 + (most - 2.2) * score
        painter.drawEllipse(QPointF(x, middle), radius, radius)
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

"""Paints tokens over time: a tone for each code, numbers where they fit, locks, what still moves. No state, no events.

The tone says which code it is and no more: codes have no order. Each book has its own tint, so that rows are told
apart; words on a tone hold 4.5 : 1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio import icons, theme
from studio.widgets import painting
from studio.widgets.motion_time import RULER, MotionTime, head_px
from studio.words import say

if TYPE_CHECKING:
    from studio.widgets.token_choice import Range, Tokens

_NUMBERS = (10.0, 9.0)
"""Sizes of numbers, at 100 % text: the largest that fits its cell, or none."""


def row_height(books: int) -> int:
    """Of one book, at 100 % text: lower where there are many."""
    return 17 if books <= 4 else 15


@lru_cache(4096)
def tone(look: theme.Theme, book: int, books: int, share: float) -> str:
    """The colour of a code: `share` of the way from the first of its book to the last."""
    tint = theme.mix(look.accent, look.ok, book / max(books - 1, 1))
    tint = theme.mix(tint, look.text3, 0.35)
    low, high = ("#000000", "#FFFFFF") if look.name == "dark" else ("#FFFFFF", "#000000")
    dim = theme.mix(theme.mix(tint, look.panel, 0.55), low, 0.05)
    bright = theme.mix(tint, high, 0.28)
    return theme.mix(dim, bright, share)


@lru_cache(4096)
def ink_on(colour: str) -> str:
    """White or black, whichever is read better there."""
    return max(("#FFFFFF", "#000000"), key=lambda ink: theme.contrast(ink, colour))


def cell(tokens: Tokens, time: MotionTime, at: int, book: int) -> QRectF:
    """Where a code stands."""
    high = theme.px(row_height(tokens.books))
    left, right = time.x(at * tokens.token_s), time.x((at + 1) * tokens.token_s)
    gap = 1.0 if right - left > 4 else 0.0
    return QRectF(left, theme.px(RULER) + book * high, right - left - gap, high - 1.5)


def ground(
    painter: QPainter, tokens: Tokens | None, time: MotionTime, locks: tuple[Range, ...], chosen: Range | None
) -> None:
    """Everything but times and the playhead."""
    if tokens is None or not tokens.books:
        return
    look = theme.now()
    _names(painter, tokens, look)
    painter.save()
    painter.setClipRect(QRectF(time.left - 1, 0, time.width + 2, 4096))
    _past(painter, tokens, time, look)
    _codes(painter, tokens, time, look)
    _to_come(painter, tokens, time, look)
    _moving(painter, tokens, time, look)
    painter.restore()
    for stretch in locks:
        _frame(painter, tokens, time, stretch, look, locked=True)
    if chosen is not None:
        _frame(painter, tokens, time, chosen, look, locked=False)


def _names(painter: QPainter, tokens: Tokens, look: theme.Theme) -> None:
    high = theme.px(row_height(tokens.books))
    for book in range(tokens.books):
        baseline = theme.px(RULER) + book * high + high / 2 + theme.px(10.5) * 0.33
        painting.put(
            painter, head_px() - 8, baseline, say("book {book}", book=book + 1), look.text3, 10.5, align="right"
        )


def _codes(painter: QPainter, tokens: Tokens, time: MotionTime, look: theme.Theme) -> None:
    size = number_size(time, tokens.token_s, tokens.codes_a_book)
    wide = time.px_per_s * tokens.token_s
    rounded = 2.5 if wide > 8 else 0.0
    last = max(tokens.codes_a_book - 1, 1)
    for at, codes in enumerate(tokens.codes):
        for book, code in enumerate(codes):
            area = cell(tokens, time, at, book)
            colour = tone(look, book, tokens.books, round(min(code / last, 1.0), 3))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(area, rounded, rounded)
            if size is not None:
                baseline = area.center().y() + theme.px(size) * 0.36
                painting.put(painter, area.center().x(), baseline, str(code), ink_on(colour), size, 500, align="centre")


def number_size(time: MotionTime, token_s: float, codes_a_book: int) -> float | None:
    """The size that codes are written at, at 100 % text; None where they do not fit."""
    wide, longest = time.px_per_s * token_s, "8" * len(str(max(codes_a_book - 1, 0)))
    return next((each for each in _NUMBERS if painting.words_width(longest, each, 500) + 3 <= wide), None)


def _past(painter: QPainter, tokens: Tokens, time: MotionTime, look: theme.Theme) -> None:
    if not tokens.past:
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.mix(look.press, look.panel, 0.2)))
    for at in range(-tokens.past, 0):
        for book in range(tokens.books):
            area = cell(tokens, time, at, book)
            if area.right() > time.left:
                painter.drawRoundedRect(area, 2.5, 2.5)
    area = _area(tokens, time, (-tokens.past, 0)).intersected(QRectF(time.left, 0, time.width, 4096))
    past = say("past")
    if painting.words_width(past, 10.5) + 8 < area.width():
        painting.put(
            painter, area.center().x(), area.center().y() + theme.px(10.5) * 0.36, past, look.text2, 10.5,
            align="centre",
        )  # fmt: skip


def _to_come(painter: QPainter, tokens: Tokens, time: MotionTime, look: theme.Theme) -> None:
    """Places of tokens that are not drawn yet."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.mix(look.press, look.panel, 0.55)))
    for at in range(len(tokens.codes), tokens.total):
        for book in range(tokens.books):
            painter.drawRoundedRect(cell(tokens, time, at, book), 2.5, 2.5)


def _moving(painter: QPainter, tokens: Tokens, time: MotionTime, look: theme.Theme) -> None:
    """A hatch over what may still change."""
    first = int(tokens.settled_s / tokens.token_s + 1e-6)
    if first < len(tokens.codes):
        area = _area(tokens, time, (first, len(tokens.codes)))
        painter.fillRect(area, theme.alpha(look.panel, 0.5))
        painting.hatched(painter, area, theme.mix(look.panel, look.text3, 0.55), 1)


def _frame(
    painter: QPainter, tokens: Tokens, time: MotionTime, stretch: Range, look: theme.Theme, *, locked: bool
) -> None:
    area = _area(tokens, time, stretch)
    painter.setBrush(Qt.BrushStyle.NoBrush if locked else theme.alpha(look.text, 0.10))
    pen = QPen(QColor(look.accent if locked else look.text), 2)
    if not locked:
        pen.setDashPattern([3, 2])
    painter.setPen(pen)
    painter.drawRoundedRect(area.adjusted(-0.5, -0.5, -0.5, 0.5), 3, 3)
    if locked:
        area, words = chip(tokens, time, stretch)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.fill))
        painter.drawRoundedRect(area, 4, 4)
        painter.drawPixmap(QPointF(area.left() + 4, area.center().y() - 6), icons.pixmap("lock", "#FFFFFF", 12))
        baseline = area.center().y() + theme.px(10.5) * 0.36
        painting.put(painter, area.left() + 19, baseline, words, "#FFFFFF", 10.5, 600)


def chip(tokens: Tokens, time: MotionTime, stretch: Range) -> tuple[QRectF, str]:
    """The sign over a locked stretch and its word, which is left out over a short one."""
    left, right = time.x(stretch[0] * tokens.token_s), time.x(stretch[1] * tokens.token_s)
    wide = painting.words_width("locked", 10.5, 600) + 26
    words = "locked" if wide <= right - left + 3 else ""
    return QRectF(left - 1.5, 1, wide if words else 20.0, theme.px(RULER) - 4), words


def taken(
    tokens: Tokens | None, time: MotionTime, locks: tuple[Range, ...], playhead_s: float
) -> list[tuple[float, float]]:
    """Where no time can be written: under the signs of locks and the playhead's handle."""
    if tokens is None:
        return []
    signs = [chip(tokens, time, each)[0] for each in locks]
    x = time.x(playhead_s)
    return [(each.left(), each.right()) for each in signs] + [(x - 6, x + 6)]


def _area(tokens: Tokens, time: MotionTime, stretch: Range) -> QRectF:
    left, right = time.x(stretch[0] * tokens.token_s), time.x(stretch[1] * tokens.token_s)
    high = tokens.books * theme.px(row_height(tokens.books))
    return QRectF(left, theme.px(RULER), right - left, high - 1)

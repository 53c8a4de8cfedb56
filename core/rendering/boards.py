"""A dark page to put pictures, bars and words on: for sheets that leave the program. Pillow's pen, the shipped fonts.

Pixels count from the top left corner; words are placed by their left, middle or right end and the middle of their line.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageDraw

from core.rendering.overlay import PAPER, Weight, fitted, font_of

Rgb = UInt8[ndarray, "height width 3"]
CANVAS, PANEL, LINE, QUIET = "#0a0b0d", "#17181c", "#3c414d", "#adb1bb"
PAD = 20

_ANCHORS = {"left": "lm", "middle": "mm", "right": "rm"}


class Board:
    """A picture of its own size that is drawn on from top to bottom."""

    def __init__(self, width: int, height: int, ground: str = CANVAS) -> None:
        self._image = Image.new("RGB", (width, height), ground)
        self._pen = ImageDraw.Draw(self._image)

    @property
    def size(self) -> tuple[int, int]:
        return self._image.size

    def words(
        self,
        text: str,
        at: tuple[float, float],
        *,
        size: float = 13.0,
        colour: str = PAPER,
        weight: Weight = "Regular",
        most: float | None = None,
        held: Literal["left", "middle", "right"] = "left",
    ) -> float:
        """Write one line, cut with an ellipsis where it is wider than `most`; the width it took."""
        text = " ".join(text.split())
        if most is not None:
            text = fitted(text, size, weight, most)
        font = font_of(size, weight)
        self._pen.text(at, text, fill=colour, font=font, anchor=_ANCHORS[held])
        return float(font.getlength(text))

    def box(self, left: float, top: float, right: float, bottom: float, colour: str, radius: float = 0.0) -> None:
        """A filled rectangle, a pixel wide at least."""
        self._pen.rounded_rectangle((left, top, max(right, left + 1), max(bottom, top + 1)), radius, fill=colour)

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: int = 1) -> None:
        self._pen.line(list(points), fill=colour, width=width)

    def dot(self, at: tuple[float, float], radius: float, colour: str) -> None:
        self._pen.ellipse((at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius), fill=colour)

    def paste(self, picture: UInt8[ndarray, "height width channels"], left: int, top: int) -> None:
        self._image.paste(Image.fromarray(np.ascontiguousarray(picture[..., :3])), (left, top))

    def picture(self) -> Rgb:
        return np.asarray(self._image).copy()


def stacked(pictures: Sequence[Rgb]) -> Rgb:
    """Pictures below each other, as wide as the widest, a line between them."""
    width = max(each.shape[1] for each in pictures)
    board = Board(width, sum(each.shape[0] + 1 for each in pictures) - 1, LINE)
    top = 0
    for each in pictures:
        board.box(0, top, width, top + each.shape[0] - 1, CANVAS)
        board.paste(each, 0, top)
        top += each.shape[0] + 1
    return board.picture()


def wrapped(text: str, size: float, weight: Weight, width: float) -> list[str]:
    """The words in lines no wider than `width`."""
    font, lines, line = font_of(size, weight), [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line] if line else lines

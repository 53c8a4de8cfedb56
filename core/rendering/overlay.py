"""Skeletons, chips and captions drawn over a frame: for pictures and videos that leave the studio. No Qt, no torch.

Pictures are (height, width, 3) uint8 RGB and are drawn on in place; positions are pixels from the centre of the top
left one. Everything has a dark rim, since the ground is whatever the video shows. Truth is solid, predictions dashed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

import resources
from core.bodies.skeletons import Skeleton
from core.opencv import cv2
from core.rendering.contents import DARK, SideColours
from core.rendering.offscreen import rgb

if TYPE_CHECKING:
    from core.rendering.labels import PlacedLabel

Picture = UInt8[ndarray, "height width 3"]
RIM = (10, 11, 13)
INK, PAPER = "#0e0f12", "#e9eaed"
_SHIFT = 4  # OpenCV draws at sixteenths of a pixel
DASH_PX, GAP_PX = 7.0, 5.0

Weight = Literal["Regular", "Medium", "SemiBold", "Bold"]


def draw_skeleton(
    picture: Picture,
    skeleton: Skeleton,
    joints_px: Float[ndarray, "joints 2"],
    seen: Bool[ndarray, " joints"],
    *,
    bones: str | None = None,
    dashed: bool = False,
    sides: SideColours = DARK.sides,
    scale: float = 1.0,
    with_rim: bool = True,
) -> None:
    """Bones in one colour or in their side's, joints in their side's. What was not seen is left out.

    On plain ground nothing needs a rim.
    """
    shown = seen & np.isfinite(joints_px).all(-1)
    lines = [
        (piece, bones or sides.of(skeleton.sides[child]))
        for parent, child in skeleton.bones
        if shown[parent] and shown[child]
        for piece in _pieces(joints_px[parent], joints_px[child], scale, dashed=dashed)
    ]
    for (start, end), _ in lines if with_rim else ():
        _line(picture, start, end, RIM, 4.0 * scale)
    for (start, end), colour in lines:
        _line(picture, start, end, rgb(colour), 2.0 * scale)
    for joint in np.flatnonzero(shown):
        if with_rim:
            _dot(picture, joints_px[joint], 3.4 * scale, RIM)
        _dot(picture, joints_px[joint], 2.4 * scale, rgb(sides.of(skeleton.sides[joint])))


def _pieces(start: ndarray, end: ndarray, scale: float, *, dashed: bool) -> list[tuple[ndarray, ndarray]]:
    length = float(np.linalg.norm(end - start))
    if not dashed or length < 1:
        return [(start, end)]
    along = (end - start) / length
    starts = np.arange(0, length, (DASH_PX + GAP_PX) * scale)
    return [(start + along * at, start + along * min(at + DASH_PX * scale, length)) for at in starts]


def _line(picture: Picture, start: ndarray, end: ndarray, colour: tuple[int, int, int], width: float) -> None:
    ends = [tuple(int(v) for v in np.round(np.clip(point, -1e5, 1e5) * 2**_SHIFT)) for point in (start, end)]
    cv2.line(picture, ends[0], ends[1], colour, max(1, round(width)), cv2.LINE_AA, _SHIFT)


def _dot(picture: Picture, centre: ndarray, radius: float, colour: tuple[int, int, int]) -> None:
    x, y = (int(v) for v in np.round(np.clip(centre, -1e5, 1e5) * 2**_SHIFT))
    cv2.circle(picture, (x, y), round(radius * 2**_SHIFT), colour, -1, cv2.LINE_AA, _SHIFT)


@dataclass(frozen=True)
class Words:
    """Text with its colour, size in pixels and weight."""

    text: str
    colour: str = PAPER
    size: float = 13.0
    weight: Weight = "SemiBold"


@cache
def font_of(size: float, weight: Weight) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(resources.path("fonts", f"Inter-{weight}.otf")), size)


def draw_words(picture: Picture, words: Words, at: tuple[float, float]) -> int:
    """Write on the picture, `at` being the left end of the line's middle; the width it took."""
    font = font_of(words.size, words.weight)
    width = round(font.getlength(words.text))
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text(at, words.text, fill=words.colour, font=font, anchor="lm")
    picture[:] = np.asarray(image)
    return width


def draw_chip(
    picture: Picture, words: Words, at: tuple[float, float], ground: str, *, opacity: float = 1.0
) -> tuple[int, int]:
    """A rounded plate with words on it, its top left corner `at`; its width and height."""
    font = font_of(words.size, words.weight)
    pad_x, pad_y = round(words.size * 0.6), round(words.size * 0.42)
    width, height = round(font.getlength(words.text)) + 2 * pad_x, round(words.size) + 2 * pad_y
    left, top = round(at[0]), round(at[1])
    # Drawn four times as large and averaged: corners and edges stay smooth.
    plate = Image.new("L", (4 * width, 4 * height))
    ImageDraw.Draw(plate).rounded_rectangle((0, 0, 4 * width - 1, 4 * height - 1), radius=16, fill=round(255 * opacity))
    mask = plate.resize((width, height), Image.Resampling.LANCZOS)
    image = Image.fromarray(picture)
    image.paste(Image.new("RGB", (width, height), ground), (left, top), mask)
    ImageDraw.Draw(image).text((left + pad_x, top + height / 2), words.text, fill=words.colour, font=font, anchor="lm")
    picture[:] = np.asarray(image)
    return width, height


def write_labels(picture: ndarray, labels: Sequence["PlacedLabel"], ink: str, size: float = 13.0) -> None:
    """Words at their places on an RGB or RGBA picture, in place: a plate, a dot of the person's colour, the words."""
    if not labels:
        return
    font = font_of(size, "SemiBold")
    ground = ink_on(ink)
    for label in labels:
        words = round(font.getlength(label.text))
        dot, pad = round(size * 0.55), round(size * 0.45)
        width, height = words + dot + 3 * pad, round(size * 1.38)
        left, top = round(label.x - width / 2), round(label.y - height / 2)
        plate = Image.new("RGBA", (4 * width, 4 * height))
        pen = ImageDraw.Draw(plate)
        pen.rounded_rectangle((0, 0, 4 * width - 1, 4 * height - 1), radius=2 * height, fill=(*rgb(ground), 199))
        middle = 2 * height
        pen.ellipse((4 * pad, middle - 2 * dot, 4 * (pad + dot), middle + 2 * dot), fill=(*rgb(label.colour), 255))
        plate = plate.resize((width, height), Image.Resampling.LANCZOS)
        ImageDraw.Draw(plate).text((2 * pad + dot, height / 2), label.text, fill=ink, font=font, anchor="lm")
        _lay(picture, np.asarray(plate), left, top)


def _lay(picture: ndarray, plate: UInt8[ndarray, "rows columns 4"], left: int, top: int) -> None:
    """An RGBA plate over an RGB or RGBA picture; what reaches out of the picture is cut."""
    height, width = picture.shape[:2]
    rows = slice(max(top, 0), min(top + plate.shape[0], height))
    columns = slice(max(left, 0), min(left + plate.shape[1], width))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    part = plate[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left].astype(np.float32)
    share = part[..., 3:] / 255
    under = picture[rows, columns].astype(np.float32)
    if picture.shape[2] == 4:
        below = under[..., 3:] / 255
        alpha = share + below * (1 - share)
        mixed = part[..., :3] * share + under[..., :3] * below * (1 - share)
        under[..., :3] = mixed / np.maximum(alpha, 1e-6)
        under[..., 3:] = 255 * alpha
    else:
        under += share * (part[..., :3] - under)
    picture[rows, columns] = np.clip(under + 0.5, 0, 255).astype(np.uint8)


def ink_on(ground: str) -> str:
    """Dark or light words, whichever reads better on `ground`."""
    red, green, blue = (each / 255 for each in rgb(ground))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.45 else PAPER


def fitted(words: str, size: float, weight: Weight, width: float) -> str:
    """`words`, cut with an ellipsis where they would be wider than `width` pixels."""
    font = font_of(size, weight)
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "…") > width:
        words = words[:-1]
    return words.rstrip() + "…"

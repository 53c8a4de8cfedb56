"""Small pictures that walls, floors and worktops are covered with, made from numbers. (rows, columns, 3) uint8."""

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from core.rendering.offscreen import rgb

Picture = UInt8[ndarray, "rows columns 3"]


def wood(width: int, height: int, colour: str, planks: int, seed: int) -> Picture:
    """Planks along the width, their joints staggered, each with its own tone and grain."""
    rng = np.random.default_rng([seed, 1])
    y, x = np.mgrid[:height, :width].astype(float)
    plank = (y * planks / height).astype(int)
    pieces = 3
    shifted = (x / width + rng.uniform(0, 1, planks)[plank]) * pieces
    piece = shifted.astype(int) % (pieces + 1)
    tone = rng.uniform(0.90, 1.06, (planks, pieces + 1))[plank, piece]
    wander = rng.uniform(0, 6.28, (planks, pieces + 1))[plank, piece]
    across = (y * planks / height) % 1
    grain = 0.030 * np.sin(26 * across + 2.2 * np.sin(0.012 * x + wander) + wander)
    grain += 0.018 * np.sin(90 * across + 1.5 * np.sin(0.03 * x + 2 * wander)) + 0.012 * rng.normal(size=x.shape)
    seam = (across < 1.2 * planks / height) | (shifted % 1 < 1.5 * pieces / width)
    shade = (tone + grain) * np.where(seam, 0.84, 1.0)
    return _picture(np.array(rgb(colour)) * shade[..., None])


def tiles(columns: int, rows: int, colour: str, joint: str, pixels: int, seed: int, unlike: float = 0.04) -> Picture:
    """Square tiles, a little unlike each other, with a soft edge and grout between."""
    rng = np.random.default_rng([seed, 2])
    tone = 1 + unlike * rng.uniform(-1, 1, (rows, columns)).repeat(pixels, 0).repeat(pixels, 1)
    y, x = np.mgrid[: rows * pixels, : columns * pixels] % pixels
    edge = np.minimum.reduce([x, y, pixels - 1 - x, pixels - 1 - y])
    bevel = 1 - 0.05 * np.clip(1 - (edge - 1) / 3, 0, 1)
    picture = np.array(rgb(colour)) * (tone * bevel)[..., None]
    picture[edge < max(1, pixels // 32)] = rgb(joint)
    return _picture(picture)


def plaster(size: int, colour: str, seed: int) -> Picture:
    """A painted wall: nearly one colour, with a slow unevenness."""
    rng = np.random.default_rng([seed, 3])
    coarse = rng.normal(size=(8, 8))
    x = np.linspace(0, 7, size)
    low = np.clip(x.astype(int), 0, 6)
    share = x - low
    rows = coarse[low] * (1 - share)[:, None] + coarse[low + 1] * share[:, None]
    slow = rows[:, low] * (1 - share) + rows[:, low + 1] * share
    return _picture(np.array(rgb(colour)) * (1 + 0.012 * slow + 0.004 * rng.normal(size=(size, size)))[..., None])


def _picture(values: ndarray) -> Picture:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)

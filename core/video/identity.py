"""Knowing a frame again after its video was copied, swapped or encoded anew: a small picture of its brightness."""

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from core.opencv import cv2

LUMA_TOLERANCE = 4
"""Two pictures are the same frame if no cell of their fingerprints differs by more (8-bit steps)."""


def frame_luma(rgb: UInt8[ndarray, "height width 3"]) -> str:
    """A picture's fingerprint: its luma means on 32 × 18 cells, 8 bit each, row by row, in hexadecimal."""
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (32, 18), interpolation=cv2.INTER_AREA).tobytes().hex()


def same_frame(one: str, other: str) -> bool:
    """Whether two fingerprints of `frame_luma` show the same picture, decoders' small differences allowed."""
    try:
        a, b = (np.frombuffer(bytes.fromhex(each), np.uint8).astype(int) for each in (one, other))
    except ValueError:
        return False
    return len(a) == len(b) == 32 * 18 and int(np.abs(a - b).max()) <= LUMA_TOLERANCE

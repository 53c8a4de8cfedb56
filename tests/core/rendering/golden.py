"""Pictures kept to compare with: at least 99.5 % of pixels within two levels, where the same software OpenGL draws.

Graphics cards round differently, so there these tests are skipped; each picture also has claims that need no picture.
`POSECAST_UPDATE_GOLDEN=1 pytest tests/core/rendering` writes them anew; look at them before they are committed.
"""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from core.opencv import cv2
from core.rendering.offscreen import Window

FOLDER = Path(__file__).resolve().parents[2] / "golden"
LEVELS, SHARE = 2, 0.995


@cache
def _driver() -> str:
    window = Window(8, 8, "#000000")
    window.draw()
    driver = window.driver()
    window.close()
    return driver


def assert_looks_like(picture: np.ndarray, name: str) -> None:
    """`picture` is (height, width, 3) RGB."""
    if "llvmpipe" not in _driver():
        pytest.skip(f"golden pictures are Mesa's; here {_driver()} draws")
    path = FOLDER / f"{name}.png"
    if os.environ.get("POSECAST_UPDATE_GOLDEN"):
        cv2.imwrite(str(path), picture[..., ::-1])
    kept = cv2.imread(str(path))
    assert kept is not None, f"there is no golden picture {path.name}; see tests/core/rendering/golden.py"
    kept = kept[..., ::-1]
    assert kept.shape == picture.shape
    near = np.abs(kept.astype(int) - picture).max(-1) <= LEVELS
    assert near.mean() >= SHARE, f"{path.name}: {1 - near.mean():.1%} of the pixels differ"
